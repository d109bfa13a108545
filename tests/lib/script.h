#ifndef TESTS_LIB_SCRIPT_H
#define TESTS_LIB_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fake_net;
struct fake_peer;
struct loop;
struct script;

/*
 * Scenario scripts: what peers send, what must be sent to them, and when. The language stands
 * in tests/scenario/README.md. A runner brings the layers under test and directives of its own.
 *
 * Per file: 'setup', then line by line ('ready' before the first line about traffic), 'finish',
 * then the network goes with all links (ERR_CANCELLED), then 'teardown', then the loop.
 */
struct script_runner {
	/* The test's own things for one file; script_loop() and script_net() are there already. */
	void	*(*setup)(struct script *);
	/* Settings have been read: build what is under test, and fake_net_events(). May be NULL. */
	void	 (*ready)(void *env, struct script *);
	/* A line whose first word is not the language's; words end with NULL. False: unknown. */
	bool	 (*directive)(void *env, struct script *, char **words);
	/* The last checks, by script_fail(); called after a failure as well. May be NULL. */
	void	 (*finish)(void *env, struct script *);
	void	 (*teardown)(void *env);
};

/* main() of a runner: "run_x DIRECTORY" or "run_x FILE …", prints TAP. Returns the exit code. */
int		 script_main(int argc, char **argv, const struct script_runner *);

struct loop	*script_loop(struct script *);
struct fake_net	*script_net(struct script *);

/* Calls 'ready' unless it was called; for directives of the runner that need the layers. */
void		 script_ready(struct script *);

/* Ends the file as failed, at the present line; only the first counts. */
void		 script_fail(struct script *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool		 script_failed(const struct script *);

/* The peer of that name ("default" or NULL: the one that is there from the start); fails if none. */
struct fake_peer *script_peer(struct script *, const char *name);
/* The peer that a line is about: the word "@name", taken out of 'words', or the default one. */
struct fake_peer *script_peer_of(struct script *, char **words);

/* The value of the word "name=value", or NULL. And whether the word 'name' stands there. */
const char	*script_value(char *const *words, const char *name);
bool		 script_has(char *const *words, const char *name);
/* A whole number; 'missing' when there is no such word; fails on anything else. */
int64_t		 script_number(struct script *, char *const *words, const char *name, int64_t missing);

/*
 * Bytes as a script writes them: hex, "text:…", or "body:OFFSET+LENGTH", a piece of an endless
 * body whose bytes are easily told apart. Fails when they cannot be read.
 */
#define SCRIPT_BYTES_MAX 70000
size_t		 script_bytes(struct script *, const char *value, uint8_t out[SCRIPT_BYTES_MAX]);
/* "PUT" or "2.04"; -1: neither. */
int		 script_code(const char *word);
/* "3s"; fails on anything else. */
uint64_t	 script_duration(struct script *, const char *word);
/* A datagram for people: "CON PUT /0/1 mid=7 tok=a1 fmt=11542 payload=(25) c800…". */
void		 script_describe(const uint8_t *p, size_t len, bool framed, char *out, size_t cap);

#endif
