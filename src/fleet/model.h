#ifndef FLEET_MODEL_H
#define FLEET_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/wr.h"
#include "lwm2m/value.h"

struct objdefs;

/*
 * What one simulated device holds: its resources, by path. Answers Bootstrap operations with
 * CoAP codes the way a careful client does (spec: LwM2M Core 1.2, bootstrap interface).
 */
struct model {
	struct node	*nodes;		/* in no order; values are in the arena */
	size_t		 n, cap;
	struct arena	 arena;
	uint16_t	 account;	/* instance of /0 that is the bootstrap account */
};

/* With the bootstrap account at /0/account and a /3/0. ERR_NOMEM. */
enum err model_init(struct model *, uint16_t account, const char *server_uri) MUST_CHECK;
void	 model_fini(struct model *);

/* CoAP codes: 2.04, 2.01 (a new instance, when 'created' is asked for), 4.00, 4.15, 5.00. */
uint8_t	 model_write(struct model *, const struct objdefs *, const struct path *target, int format,
    const uint8_t *payload, size_t len, bool created);
/*
 * A Bootstrap-Pack: of each object in it all instances go first, but for the bootstrap account and
 * /3/0 (LwM2M 1.2). ERR_MALFORMED, ERR_UNSUPPORTED …: nothing was changed. ERR_NOMEM.
 */
enum err model_pack(struct model *, const struct objdefs *, int format, const uint8_t *payload, size_t len)
    MUST_CHECK;
/* 2.02; 4.00 for the bootstrap account and /3/0. */
uint8_t	 model_delete(struct model *, const struct path *target);
/* Link-format into 'w'; 2.05 or 4.04. */
uint8_t	 model_discover(const struct model *, const struct path *target, uint16_t lwm2m, struct wr *w);
/* Objects 1 and 2; 2.05, 4.04, 4.05, 4.06. */
uint8_t	 model_read(const struct model *, const struct path *target, int format, struct wr *w);

/*
 * Whether Finish can be answered with 2.04: every account has its /0 and its /1, with the
 * resources that clients insist on, and the bootstrap account is what it was. NULL: yes; else
 * one sentence.
 */
const char *model_inconsistent(const struct model *);

const struct node *model_find(const struct model *, const struct path *);

#endif
