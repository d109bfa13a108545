#ifndef STORE_MERGE_H
#define STORE_MERGE_H

struct json_t;

/*
 * JSON Merge Patch (RFC 7396): what 'patch' makes of 'target'. Neither is changed, but the
 * result shares members with both, so it is for reading only. Returns owned (json_decref), NULL when
 * out of memory. 'target' may be NULL: there is none.
 */
struct json_t *merge_patch(struct json_t *target, struct json_t *patch);

#endif
