#ifndef FLEET_DEVICE_H
#define FLEET_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"

struct device;
struct exchange;
struct exchange_incoming;
struct exchange_reply;
struct expect;
struct link;
struct loop;
struct objdefs;
struct options;
struct report;
struct transport;

/* What all devices share. Borrowed by each. */
struct device_world {
	const struct options	*opt;
	const struct objdefs	*defs;
	const struct expect	*expect;	/* or NULL */
	struct loop		*loop;
	struct transport	*transport;
	struct exchange		*exchange;
	struct report		*report;
	/* The device has come to its end; it is freed by the callee with device_free(). */
	void			(*ended)(void *arg, struct device *);
	/* Before its end: what it holds, for --dump. May be NULL. */
	void			*arg;
	void			*dump;		/* FILE, or NULL */
};

/*
 * One simulated device: it calls from its own address, proves itself, serves what it is told,
 * and is done when it has accepted Finish and holds what it should. A try that fails is
 * repeated after a pause.
 */
enum err device_new(const struct device_world *, uint32_t number, const struct addr *local,
    struct device **ret) MUST_CHECK;
void	 device_free(struct device *);
void	 device_start(struct device *);		/* first try */

const struct addr *device_local(const struct device *);
struct link *device_link(const struct device *);	/* NULL: none now */

/* What transport and exchange bring for it. */
void	 device_connected(struct device *, struct link *, enum err why, const char *cause);
void	 device_request(struct device *, struct link *, const struct exchange_incoming *,
    struct exchange_reply *);
void	 device_link_gone(struct device *, enum err why);

#endif
