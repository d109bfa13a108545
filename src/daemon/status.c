#include <jansson.h>
#include <unistd.h>

#include "daemon/daemon_priv.h"
#include "daemon/worker.h"
#include "exchange/exchange.h"
#include "oscore/oscore.h"
#include "strapd/version.h"

/* "status": figures that the workers count and this thread adds up. */

static void
add(json_t *o, const char *name, uint64_t n)
{
	json_int_t before = json_integer_value(json_object_get(o, name));

	json_object_set_new(o, name, json_integer(before + (json_int_t)n));
}

static void
add_transport(json_t *o, const struct transport_stats *s)
{
#define X(name) add(o, #name, counter_get(&s->name));
	TRANSPORT_COUNTERS(X)
#undef X
}

static void
add_exchange(json_t *o, const struct exchange_stats *s)
{
#define X(name) add(o, #name, counter_get(&s->name));
	EXCHANGE_COUNTERS(X)
#undef X
}

static void
add_oscore(json_t *o, const struct oscore_stats *s)
{
#define X(name) add(o, #name, counter_get(&s->name));
	OSCORE_COUNTERS(X)
#undef X
}

static void
add_service(json_t *o, const struct service_stats *s)
{
#define X(name) add(o, #name, counter_get(&s->name));
	SERVICE_COUNTERS(X)
#undef X
}

static json_t *
listeners(const struct daemon *d)
{
	json_t *list = json_array();
	char text[ADDR_TEXT_MAX];

	for (size_t i = 0; i < d->nlisteners; i++)
		json_array_append_new(list, json_pack("{s:s, s:s}",
		    "scheme", link_scheme_name(d->listeners[i].scheme),
		    "address", addr_format(&d->listeners[i].addr, text)));
	return list;
}

static json_t *
workers(const struct daemon *d)
{
	json_t *list = json_array();

	for (size_t i = 0; i < d->nworkers; i++) {
		const struct worker *w = d->workers[i];
		const struct transport_stats *t = worker_transport(w);
		const struct service_stats *s = worker_service(w);
		json_array_append_new(list, json_pack("{s:i, s:I, s:I, s:I, s:I, s:I}",
		    "worker", (int)worker_number(w),
		    "sessions", (json_int_t)counter_get(&s->sessions),
		    "started", (json_int_t)counter_get(&s->started),
		    "datagrams_in", (json_int_t)counter_get(&t->datagrams_in),
		    "datagrams_out", (json_int_t)counter_get(&t->datagrams_out),
		    "reports_waiting", (json_int_t)worker_backlog(w)));
	}
	return list;
}

struct json_t *
daemon_status(void *arg)
{
	const struct daemon *d = arg;
	json_t *transport = json_object(), *exchange = json_object(), *sessions = json_object();
	json_t *oscore = json_object();
	uint64_t lost = d->store_failures;

	for (size_t i = 0; i < d->nworkers; i++) {
		add_transport(transport, worker_transport(d->workers[i]));
		add_exchange(exchange, worker_exchange(d->workers[i]));
		add_oscore(oscore, worker_oscore(d->workers[i]));
		add_service(sessions, worker_service(d->workers[i]));
		lost += worker_history_lost(d->workers[i]);
	}
	add(sessions, "history_lost", lost);
	return json_pack("{s:s, s:I, s:i, s:s, s:o, s:o, s:{s:o, s:o, s:o, s:o}, s:{s:I, s:I, s:I, s:I}}",
	    "version", STRAPD_VERSION,
	    "uptime_s", (json_int_t)((loop_now_ms(d->loop) - d->started_at_ms) / 1000),
	    "pid", (int)getpid(),
	    "state", d->stopping ? "stopping" : "serving",
	    "listeners", listeners(d), "workers", workers(d),
	    "counters", "transport", transport, "exchange", exchange, "oscore", oscore,
	    "bootstrap", sessions,
	    "limits", "sessions", (json_int_t)d->settings.limit_sessions,
	    "links", (json_int_t)d->settings.limit_links,
	    "handshakes", (json_int_t)d->settings.limit_handshakes,
	    "per_prefix", (json_int_t)d->settings.limit_per_prefix);
}
