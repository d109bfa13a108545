#ifndef STORE_CONFIG_H
#define STORE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/problem.h"
#include "lwm2m/path.h"
#include "lwm2m/value.h"

struct arena;
struct json_t;
struct objdefs;

/*
 * What a device is to hold at the end: a record's "config" as plain data. Read from JSON,
 * checked rule by rule (docs/configuration.md), immutable afterwards; lives in an arena.
 */

enum config_source {
	CONFIG_LITERAL,		/* the value as it stands */
	CONFIG_TEMPLATE,	/* text with ${…}: a string, or the octets of an opaque */
	CONFIG_RANDOM,		/* {"random":N}: minted per device */
	CONFIG_DERIVE,		/* {"derive":"NAME"}: computed from a named master secret */
};

/* How the text of a template becomes the octets of an opaque. */
enum config_encoding { CONFIG_TEXT, CONFIG_HEX, CONFIG_BASE64 };

struct config_value {
	enum config_source	 source;
	enum config_encoding	 encoding;	/* TEMPLATE of an opaque */
	struct value		 literal;	/* LITERAL; else .type says what it becomes */
	const char		*template;	/* TEMPLATE */
	uint16_t		 random_len;	/* RANDOM, bytes */
	bool			 rotate;	/* RANDOM: mint again at each bootstrap */
	const char		*derive;	/* DERIVE: master's name */
};

/* One resource, or one instance of a multiple resource. */
struct config_resource {
	uint16_t		rid;
	int32_t			riid;		/* -1: the resource is single */
	uint16_t		since;		/* object version that brought it, major << 8 | minor */
	struct config_value	value;
};

/* One object instance that is to be written whole. */
struct config_instance {
	int32_t			 iid;		/* -1: the plan chooses */
	struct config_resource	*resources;	/* ascending by (rid, riid) */
	size_t			 nresources;
};

/* An account: the LwM2M server that a device is given, /0 and /1 together. */
struct config_server {
	uint16_t		 short_server_id;	/* 1 … 65534, unique */
	struct config_instance	 security;	/* resources 0, 1, 2, 10 filled in; iid = "instance" */
	struct config_instance	 server;	/* 0, 1, 6, 7 filled in; same iid */
	int32_t			 oscore;	/* index into config.oscore, or -1 */
};

/* Anything else, by path: a resource, an instance and its resources, or an object and its instances. */
struct config_write {
	struct path		 path;		/* depth 1, 2 or 3 */
	struct config_resource	*resources;	/* depth 2 and 3 */
	size_t			 nresources;
	struct config_instance	*instances;	/* depth 1: ascending by iid */
	size_t			 ninstances;
};

enum config_when { CONFIG_NEVER, CONFIG_AUTO, CONFIG_ALWAYS };
enum config_on_error { CONFIG_STOP, CONFIG_CONTINUE };

struct config {
	struct config_server	*servers;
	size_t			 nservers;
	struct config_instance	*bootstrap_server;	/* NULL: leave the device's alone */
	struct config_instance	*access_control;	/* /2 */
	size_t			 naccess_control;
	struct config_instance	*oscore;		/* /21 */
	size_t			 noscore;
	struct config_write	*writes;
	size_t			 nwrites;
	bool			 delete_given;		/* false: what is about to be written */
	struct path		*deletes;
	size_t			 ndeletes;
	enum config_when	 discover;		/* default AUTO */
	bool			 verify;
	int			 format;		/* content format number; -1: auto */
	enum config_on_error	 on_delete_error;	/* default CONTINUE */
	enum config_on_error	 on_write_error;	/* default STOP */
	enum config_on_error	 on_verify_error;	/* drift; default: as for writes */
	char			**warnings;		/* plain sentences: what is legal but odd */
	size_t			 nwarnings;
};

/* Names and values for ${…}; later entries win over earlier ones of the same name. */
struct variable {
	const char	*name, *value;
};
struct variables {
	struct variable	*v;
	size_t		 n;
};

/*
 * Reads and checks a config object. With 'vars' every ${…} must be known among them (besides
 * ${endpoint}); with NULL variables are not looked at (a profile that leaves some to its
 * endpoints). 'pointer' is the JSON pointer of the object itself ("/config"). ERR_INVALID
 * with *why, ERR_NOMEM.
 */
enum err config_parse(const struct json_t *config, const struct objdefs *, const struct variables *vars,
    const char *pointer, struct arena *, struct config **ret, struct problem *why) MUST_CHECK;

/*
 * The value for one device. LITERAL and TEMPLATE need nothing else; RANDOM and DERIVE are
 * asked from 'mint' (may be NULL: ERR_UNSUPPORTED), which gives octets in the arena.
 * ERR_NOTFOUND  a variable is unknown (its name in *why).
 */
struct config_mint {
	enum err	(*octets)(void *arg, const struct config_value *, struct arena *,
			    const uint8_t **p, size_t *len);
	void		*arg;
};
enum err config_expand(const struct config_value *, const char *endpoint, const struct variables *,
    const struct config_mint *mint, struct arena *, struct value *ret, struct problem *why) MUST_CHECK;

/* Whether any value has to be made by the server: RANDOM or DERIVE. */
bool	config_mints(const struct config *);

/* Expands ${…} in text. ERR_NOTFOUND with *why, ERR_MALFORMED for "${" without end, ERR_NOMEM. */
enum err config_expand_text(const char *text, const char *endpoint, const struct variables *,
    struct arena *, const char **ret, struct problem *why) MUST_CHECK;

/* The keys of "security" and "server" (interface.md, 3): for docs, schema and tests. */
struct config_word {
	const char	*name;		/* "psk" … */
	int64_t		 value;
};
struct config_key {
	const char	*name;		/* "uri", "lifetime" … */
	uint16_t	 rid;
	const struct config_word *words; /* what may stand for a number, or NULL; ends with a NULL name */
};
const struct config_key *config_security_keys(size_t *n);	/* without account_timeout */
const struct config_key *config_server_keys(size_t *n);

#endif
