#ifndef STORE_CONFIG_PRIV_H
#define STORE_CONFIG_PRIV_H

#include <jansson.h>

#include "lwm2m/objdef.h"
#include "store/config.h"
#include "store/doc_priv.h"

/* Objects whose resources have names of their own in a record. */
enum { OBJECT_SECURITY = 0, OBJECT_SERVER = 1, OBJECT_ACCESS_CONTROL = 2, OBJECT_OSCORE = 21 };

/* One run of config_parse(). */
struct parse {
	struct doc		 doc;
	const struct objdefs	*defs;
	const struct variables	*vars;		/* NULL: not known yet */
	const char		*endpoint;	/* stands for ${endpoint} when a value is looked at */
	struct config		*config;	/* what is being filled in */
	size_t			 warnings_cap;
};

/* Resources of one instance while they are collected. */
struct reslist {
	struct config_resource	*v;
	size_t			 n, cap;
};

/* config.c */
enum err config_warn(struct parse *, const struct place *, const char *fmt, ...) PRINTF_LIKE(3, 4) MUST_CHECK;
/* config_parse() of what was checked when it was stored: the same result, without the costly looks. */
enum err config_parse_stored(const json_t *config, const struct objdefs *, const struct variables *vars,
    const char *pointer, struct arena *, struct config **ret, struct problem *why) MUST_CHECK;

/* config_value.c */
/* One value of the resource's type. 'words' may stand for its numbers, or NULL. */
enum err value_read(struct parse *, const struct place *, const json_t *, const struct resdef *,
    const struct config_word *words, struct config_value *ret) MUST_CHECK;
/* The resource, with all its instances when it is multiple, added to the list. */
enum err value_read_resource(struct parse *, const struct place *, const json_t *, const struct resdef *,
    const struct config_word *words, struct reslist *) MUST_CHECK;
/* "/3/0", "/3/0/14" … of a depth between the two. */
enum err value_read_path(struct parse *, const struct place *, const json_t *, unsigned min, unsigned max,
    struct path *ret) MUST_CHECK;
/* Text or octets as far as they are known now: *p stays NULL for what a variable or the server will bring. */
enum err value_known(struct parse *, const struct place *, const struct config_value *, const uint8_t **p,
    size_t *len) MUST_CHECK;

/* config_reslist.c */
enum err reslist_add(struct parse *, struct reslist *, const struct resdef *, int32_t riid,
    const struct config_value *) MUST_CHECK;
/* A literal that the record does not spell out, such as /0/x/1. */
enum err reslist_set(
    struct parse *, struct reslist *, uint16_t oid, uint16_t rid, const struct value *) MUST_CHECK;
const struct config_value *reslist_find(const struct reslist *, uint16_t rid);	/* the first of it, or NULL */
const struct value *reslist_literal(const struct reslist *, uint16_t rid);	/* NULL unless it is one */
void	 reslist_give(const struct reslist *, struct config_instance *);		/* sorted */

/* config_security.c */
/* "security" of an account, or with 'bootstrap' "bootstrap_server". *oscore is an index or -1. */
enum err security_read(struct parse *, const struct place *, const json_t *, bool bootstrap, struct reslist *,
    int32_t *oscore) MUST_CHECK;

/* config_check.c: what the resources of one /0 instance must be together */
enum err security_check(
    struct parse *, const struct place *, const struct reslist *, bool bootstrap) MUST_CHECK;

/* config_credential.c: whether keys and certificates are what they are said to be, and fit each other */
enum err security_check_keys(struct parse *, const struct place *, const struct reslist *) MUST_CHECK;

/* config_server.c */
enum err servers_read(struct parse *, const struct place *, const json_t *) MUST_CHECK;
enum err bootstrap_server_read(struct parse *, const struct place *, const json_t *) MUST_CHECK;
enum err instance_read(struct parse *, const struct place *object, const json_t *, int32_t *ret) MUST_CHECK;
bool	 config_knows_server(const struct config *, int64_t short_server_id);

/* config_objects.c */
enum err access_control_read(struct parse *, const struct place *, const json_t *) MUST_CHECK;
enum err oscore_read(struct parse *, const struct place *, const json_t *) MUST_CHECK;

/* config_write.c */
enum err writes_read(struct parse *, const struct place *, const json_t *) MUST_CHECK;
enum err deletes_read(struct parse *, const struct place *, const json_t *) MUST_CHECK;

#endif
