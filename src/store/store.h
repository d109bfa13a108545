#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/problem.h"

struct arena;
struct history;
struct json_t;
struct loop;
struct store;

/*
 * Where records, history and events live. The writing side: one per process, used by one
 * thread (the main one). Workers read through struct reader (store/reader.h).
 *
 * Changes collect in one transaction and are on disk when store_commit() has returned ERR_OK:
 * group commits. A change that fails leaves the others of its group alone. After a failed
 * commit none of the group happened.
 */

struct store_opts {
	const char	*url;			/* "sqlite:/path", "sqlite::memory:" for tests */
	const char	*schema_dir;		/* NULL: the migrations built into the program */
	uint64_t	 history_max;		/* events kept; older ones go. 0: all */
	struct loop	*loop;			/* borrowed; commits by itself. NULL: only store_commit() */
	uint32_t	 commit_delay_ms;	/* how long history may wait for its group */
};

/* Opens, creates (mode 0600) and migrates. On failure *why says what, where, and what to do. */
enum err store_open(const struct store_opts *, struct store **ret, struct problem *why) MUST_CHECK;
void	 store_close(struct store *);		/* uncommitted changes are lost, waiters are not told */

/* Without changes: at once, ERR_OK. ERR_DB: see above; the store goes on. ERR_BUSY: a mark is set. */
enum err store_commit(struct store *) MUST_CHECK;
bool	 store_dirty(const struct store *);		/* something waits for a commit */

/*
 * With a loop, changes are committed by themselves after commit_delay_ms. A waiter makes it the
 * end of this wake-up, and is told once when everything changed so far is on disk (ERR_OK) or
 * is not (ERR_DB); it is called from the loop, or by the store_commit() that comes first.
 */
struct store_waiter {
	struct store_waiter *next;	/* private */
	void		(*fn)(void *arg, enum err);
	void		*arg;		/* borrowed */
};
void	 store_when_durable(struct store *, struct store_waiter *);

/* Called after each commit that brought events, with the newest number. One listener. */
void	 store_set_listener(struct store *, void (*fn)(void *arg, int64_t last_seq), void *arg);

/* --- records; 'doc' is the JSON as it was given, validated by the caller --- */

/* What is searched by, beside the document itself. */
struct endpoint_keys {
	const char	*endpoint;
	const char	*profile;		/* or NULL */
	bool		 enabled;
	const uint8_t	*psk_identity;		/* or NULL; unique over all endpoints */
	size_t		 psk_identity_len;
	const uint8_t	*psk_key;		/* with an identity */
	size_t		 psk_key_len;
	const uint8_t	*pinned;		/* or NULL; auth_pinned() says it, AUTH_PINNED_LEN bytes */
	const uint8_t	*oscore_id;		/* or NULL; auth_oscore.key, unique over all endpoints */
	size_t		 oscore_id_len;
};
/* ERR_EXISTS  another endpoint has this PSK identity or OSCORE context (its name: *other, if not NULL) */
enum err store_endpoint_put(struct store *, const struct endpoint_keys *, const struct json_t *doc,
    char other[256]) MUST_CHECK;
enum err store_endpoint_remove(struct store *, const char *endpoint) MUST_CHECK;	/* ERR_NOTFOUND */
enum err store_profile_put(struct store *, const char *profile, const struct json_t *doc) MUST_CHECK;
enum err store_profile_remove(struct store *, const char *profile) MUST_CHECK;		/* ERR_NOTFOUND */

/* Returns owned (json_decref). ERR_NOTFOUND. Sees uncommitted changes. */
enum err store_endpoint_get(struct store *, const char *endpoint, struct json_t **ret) MUST_CHECK;
enum err store_profile_get(struct store *, const char *profile, struct json_t **ret) MUST_CHECK;

/*
 * Object definitions that were imported: the JSON of an object file, validated by the caller. 'each'
 * borrows the document, ascending by id, uncommitted ones too, and returns false to stop.
 */
enum err store_object_put(struct store *, uint16_t oid, const struct json_t *doc) MUST_CHECK;
enum err store_object_remove(struct store *, uint16_t oid) MUST_CHECK;		/* ERR_NOTFOUND */
enum err store_object_list(struct store *, bool (*each)(void *arg, uint16_t oid, struct json_t *doc),
    void *arg) MUST_CHECK;
/*
 * A record that writes to the object, looked for in the first 'most' profiles and as many endpoints;
 * also one that only deletes in it. ERR_NOTFOUND: none there.
 */
enum err store_object_user(struct store *, uint16_t oid, uint32_t most, bool *profile, char name[256])
    MUST_CHECK;

/*
 * Everything after this point was undone, and nothing before it: for "all or none" imports.
 * Both undo and release end the mark (a release without one is a no-op); until then nothing is
 * committed. ERR_DB from either: the whole group is lost, as after a failed commit.
 */
enum err store_mark(struct store *) MUST_CHECK;		/* not nested */
enum err store_undo_to_mark(struct store *) MUST_CHECK;
enum err store_release_mark(struct store *) MUST_CHECK;

/*
 * Sequence numbers of OSCORE, which must never be used twice: those below reserved() were handed out,
 * durably. reserve() raises that by 'n' with the next commit; whoever may use them knows then from
 * what reserved() was and is.
 */
enum err store_numbers_reserve(struct store *, uint64_t n) MUST_CHECK;
uint64_t store_numbers_reserved(const struct store *);

/* --- lists; the callback returns false to stop --- */

struct endpoint_filter {
	const char	*prefix;	/* of the name, or NULL */
	const char	*profile;	/* or NULL */
	const char	*state;		/* or NULL */
	const char	*after;		/* names greater than this, or NULL */
	uint32_t	 limit;		/* at most so many; 0: none */
};
/* What is known of a device besides its record. */
struct device_state {
	const char	*state;		/* "new", or its last session's result: "finished", "failed", … */
	int64_t		 at_ms;		/* when that session ended, wall clock; 0 */
	uint16_t	 lwm2m;		/* version, 0: unknown */
	int		 format;	/* content format it was found to take; -1: nothing learnt */
};
struct endpoint_item {
	const char		*endpoint, *profile;	/* profile may be NULL */
	bool			 enabled;
	struct device_state	 device;
};
enum err store_endpoint_list(struct store *, const struct endpoint_filter *,
    bool (*each)(void *arg, const struct endpoint_item *), void *arg) MUST_CHECK;
enum err store_profile_list(struct store *, bool (*each)(void *arg, const char *profile,
    const struct json_t *doc), void *arg) MUST_CHECK;
/* "new" when never seen. */
enum err store_device(struct store *, const char *endpoint, struct device_state *ret) MUST_CHECK;
enum err store_count(struct store *, uint64_t *endpoints, uint64_t *profiles) MUST_CHECK;

/* --- the durable log: history entries and events share one sequence --- */

/* Adds the entry as an event "session.<result>" and notes the device's state. *seq is its number. */
enum err store_history_add(struct store *, const struct history *, int64_t *seq) MUST_CHECK;

/*
 * Adds any other event; 'body' (an object) is borrowed. 'endpoint' may be NULL. The body's own
 * "seq", "type" and "time" give way, as does its "endpoint" to the one given.
 */
enum err store_event_add(struct store *, const char *type, const char *endpoint, int64_t at_ms,
    const struct json_t *body, int64_t *seq) MUST_CHECK;

/*
 * Events with seq > after, ascending, at most 'limit'; only committed ones. 'text' is the
 * event as JSON: {"seq","type","time","endpoint"?, …body}.
 */
enum err store_event_read(struct store *, int64_t after, uint32_t limit,
    bool (*each)(void *arg, int64_t seq, const char *text, size_t len), void *arg) MUST_CHECK;
int64_t	 store_event_last(struct store *);	/* newest committed seq, 0: none */
int64_t	 store_event_first(struct store *);	/* oldest kept; 0: none */

/*
 * Finished sessions, uncommitted ones too, newest first, seq < before (0: from the newest).
 * 'endpoint' may be NULL.
 */
enum err store_history_read(struct store *, const char *endpoint, int64_t before, uint32_t limit,
    bool (*each)(void *arg, int64_t seq, const char *text, size_t len), void *arg) MUST_CHECK;

/* Why the last call failed, in the database's words; "" when it did not. */
const char *store_error(const struct store *);
int	 store_schema_version(const struct store *);

#endif
