#ifndef STORE_READER_H
#define STORE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/store.h"

struct reader;

/*
 * One worker's window on the store: committed records, read through prepared statements of
 * its own, each look-up as of now. Belongs to one thread. Rows point into the reader and are
 * valid until its next call. Of a store in memory there is one window, the writer's: its
 * readers belong to the writer's thread and see uncommitted records.
 */
enum err reader_new(struct store *, struct reader **ret) MUST_CHECK;	/* borrows the store */
void	 reader_free(struct reader *);

struct endpoint_row {
	const char	*endpoint;
	const char	*profile;	/* or NULL */
	bool		 enabled;
	const uint8_t	*psk_identity;	/* or NULL */
	size_t		 psk_identity_len;
	const uint8_t	*psk_key;
	size_t		 psk_key_len;
	const char	*json;		/* the record as it was given */
	size_t		 json_len;
	uint16_t	 lwm2m;		/* as in struct device_state */
	int		 format;
};
/* ERR_NOTFOUND, ERR_DB. Names are compared octet by octet. */
enum err reader_endpoint(struct reader *, const char *endpoint, struct endpoint_row *ret) MUST_CHECK;
enum err reader_psk(struct reader *, const uint8_t *identity, size_t len,
    struct endpoint_row *ret) MUST_CHECK;
/* By what it pins (auth_pinned()). ERR_EXISTS: several do, and *ret is one of them. */
enum err reader_pinned(struct reader *, const uint8_t sha256[32], struct endpoint_row *ret) MUST_CHECK;

/*
 * By OSCORE's kid, with the ID Context or (len 0) without: then it is the one record of that kid, or
 * among several the one without ID Context. ERR_NOTFOUND, ERR_DB.
 */
enum err reader_oscore(struct reader *, const uint8_t *kid, size_t kid_len, const uint8_t *id_context,
    size_t len, struct endpoint_row *ret) MUST_CHECK;

/*
 * What was learnt of a device, also of one that has no record of its own (a profile matches it);
 * the rows above have it already. 'format' -1: nothing. ERR_NOTFOUND when never seen, ERR_DB.
 */
enum err reader_device(struct reader *, const char *endpoint, uint16_t *lwm2m, int *format) MUST_CHECK;

/* All profiles, in order of name. */
enum err reader_profiles(struct reader *, bool (*each)(void *arg, const char *profile,
    const char *json, size_t len), void *arg) MUST_CHECK;

/* Changes whenever a profile was changed and committed: time to read them again. Costs a load. */
uint64_t reader_profile_generation(const struct reader *);

#endif
