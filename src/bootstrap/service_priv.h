#ifndef BOOTSTRAP_SERVICE_PRIV_H
#define BOOTSTRAP_SERVICE_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "bootstrap/service.h"
#include "lwm2m/path.h"

struct session;

#define SESSION_STEP_MAX	(PATH_TEXT_MAX + 16)	/* "write /0/1" */

/* Live sessions by each of their keys: chains through the sessions themselves. */
enum session_key { KEY_NAME, KEY_ID, KEY_LINK, SESSION_KEYS };
struct session_table {
	struct session	**chains[SESSION_KEYS];
	size_t		  nchains;	/* a power of two, the same for all keys; 0 at first */
	size_t		  n;
};
bool	 sessions_add(struct session_table *, struct session *);	/* false: out of memory */
void	 sessions_remove(struct session_table *, struct session *);
struct session *sessions_by_name(const struct session_table *, const char *endpoint);
struct session *sessions_by_id(const struct session_table *, uint64_t id);
struct session *sessions_by_link(const struct session_table *, const struct link *);
struct session *sessions_any(const struct session_table *);	/* NULL: there is none */
void	 sessions_fini(struct session_table *);			/* empty by then */

struct service {
	struct service_opts	 opts;
	struct session_table	 sessions;
	struct service_stats	 stats;
	uint64_t		 last_id;
	bool			 draining;
	uint64_t		 refusals_at_ms;	/* token bucket for 'ended' of refusals */
	uint64_t		 refusals_left;		/* thousandths */
	/* for the strings of service_find() */
	char			 peer_text[ADDR_TEXT_MAX], step_text[SESSION_STEP_MAX];
};

uint64_t service_next_id(struct service *);

#endif
