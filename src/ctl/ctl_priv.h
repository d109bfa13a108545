#ifndef CTL_CTL_PRIV_H
#define CTL_CTL_PRIV_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "ctl/args.h"
#include "ctl/ctl.h"
#include "ctl/tab.h"

struct ctl;
struct json_t;
struct loop;
struct rpcclient;

/* What the commands share. Functions that return int return an enum ctl_exit. */

struct command {
	const char	*name;		/* "endpoint set" */
	const char	*words;		/* for the synopsis: "EP" */
	size_t		 min, max;	/* words behind the name */
	const char	*summary;
	const struct opt *opts;
	const char	*more;		/* of its help, or NULL */
	int		(*run)(struct ctl *);
};

struct ctl {
	struct ctl_io		 io;
	const struct command	*command;
	struct args		 args;		/* words: those behind the command's name */
	const char		*socket;
	bool			 json;
	struct rpcclient	*client;	/* once ctl_connect() has returned CTL_DONE */
	struct loop		*loop;		/* for its clock */
};

int	 ctl_connect(struct ctl *);
int64_t	 ctl_now_ms(struct ctl *);	/* wall clock */

/*
 * Connects when needed, calls, and prints the error when there is one. Takes 'params' (may be
 * NULL). *result is owned by the caller.
 */
int	 ctl_call(struct ctl *, const char *method, struct json_t *params, struct json_t **result);
/* Prints the error object of an answer. Returns CTL_REFUSED. */
int	 ctl_refused(struct ctl *, const struct json_t *error);
int	 ctl_lost(struct ctl *, enum err);	/* says that the connection is gone; CTL_UNREACHABLE */

/* One line on standard error: "strapctl: ...". They return CTL_USAGE and CTL_REFUSED. */
int	 ctl_usage(struct ctl *, const char *fmt, ...) PRINTF_LIKE(2, 3);
int	 ctl_fail(struct ctl *, const char *fmt, ...) PRINTF_LIKE(2, 3);
void	 ctl_warn(struct ctl *, const char *text);
void	 ctl_warnings(struct ctl *, const struct json_t *list);

/* The result as JSON: indented on a terminal, else on one line. */
void	 ctl_print_json(struct ctl *, const struct json_t *);
struct tab *ctl_table(struct ctl *, const char *const *heads);
/* A line of text for people, not in --json. */
void	 ctl_say(struct ctl *, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* An object from a file, or standard input for "-". Prints what is wrong with it. */
int	 ctl_read_object(struct ctl *, const char *file, struct json_t **ret);
/* {"name": value} for those options that were given; the lists end with NULL or are NULL. */
int	 ctl_params(struct ctl *, const char *const *texts, const char *const *numbers, struct json_t **ret);
/* The colour of a state or result: "finished" is green. */
enum colour ctl_result_colour(const char *word);
const char *ctl_text(const struct json_t *object, const char *key);	/* "" when it is not there */
int64_t	 ctl_int(const struct json_t *object, const char *key);

extern const struct command ctl_commands[];	/* ends with a NULL name */

int cmd_endpoint_set(struct ctl *);
int cmd_endpoint_get(struct ctl *);
int cmd_endpoint_list(struct ctl *);
int cmd_endpoint_remove(struct ctl *);
int cmd_profile_set(struct ctl *);
int cmd_profile_get(struct ctl *);
int cmd_profile_list(struct ctl *);
int cmd_profile_remove(struct ctl *);
int cmd_object_import(struct ctl *);
int cmd_object_list(struct ctl *);
int cmd_object_get(struct ctl *);
int cmd_object_remove(struct ctl *);
int cmd_import(struct ctl *);
int cmd_export(struct ctl *);
int cmd_plan(struct ctl *);
int cmd_status(struct ctl *);
int cmd_sessions(struct ctl *);
int cmd_session_get(struct ctl *);
int cmd_session_cancel(struct ctl *);
int cmd_history(struct ctl *);
int cmd_watch(struct ctl *);
int cmd_call(struct ctl *);
int cmd_trace(struct ctl *);

/* record.c: shared by "set" of endpoints and profiles. */
int ctl_record(struct ctl *, const char *kind, const char *name, struct json_t **ret);

#endif
