#include "daemon/daemon.h"

#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "admin/admin.h"
#include "base/log.h"
#include "daemon/daemon_priv.h"
#include "daemon/letters.h"
#include "daemon/numbers.h"
#include "daemon/registry.h"
#include "daemon/worker.h"
#include "lwm2m/objdef.h"
#include "store/reader.h"
#include "store/resolve.h"
#include "store/store.h"

/* --- reports of the workers --- */

static void
keep_handshake(struct daemon *d, const struct report *r)
{
	json_t *body = json_pack("{s:s, s:s, s:s, s:s, s:s*, s:[]}", "result", "failed", "peer", r->peer,
	    "reason", r->reason, "cause", r->cause, "identity", r->identity, "steps");
	char identity[LOG_WORD_MAX];
	int64_t seq;

	log_info("peer=%s handshake=failed reason=%s%s%s cause=\"%s\"", r->peer, r->reason,
	    r->identity != NULL ? " identity=" : "",
	    r->identity != NULL ? log_word(r->identity, identity) : "", r->cause);
	if (body == NULL ||
	    store_event_add(d->store, "handshake.failed", NULL, r->at_ms, body, &seq) != ERR_OK)
		d->store_failures++;
	json_decref(body);
}

static void
keep_history(struct daemon *d, const struct report *r)
{
	int64_t seq;

	registry_ended(d->registry, r->session);
	if (r->history == NULL)
		return;
	if (store_history_add(d->store, r->history, &seq) != ERR_OK && d->store_failures++ == 0)
		log_error("store: a history entry could not be kept: %s", store_error(d->store));
}

struct find_request {
	void	(*reply)(void *arg, struct json_t *);
	void	*arg;
};

static void
answer_find(struct daemon *d, const struct report *r)
{
	struct find_request *f = r->request;
	json_t *o = r->live ? registry_get(d->registry, r->session, loop_wall_ms(d->loop)) : NULL;

	if (o != NULL) {
		json_object_set_new(o, "state", json_string(r->state));
		json_object_set_new(o, "step", json_string(r->step));
		json_object_set_new(o, "step_number", json_integer((json_int_t)r->step_number));
		json_object_set_new(o, "steps", json_integer((json_int_t)r->nsteps));
	}
	f->reply(f->arg, o);
	free(f);
}

static void
on_report(void *arg, struct letter *letter)
{
	struct daemon *d = arg;
	struct report *r = (struct report *)letter;

	worker_taken(r->worker);
	switch (r->kind) {
	case REPORT_STARTED:
		registry_started(d->registry, r->session, r->worker, r->endpoint, r->peer, r->scheme,
		    r->at_ms);
		break;
	case REPORT_ENDED:
		keep_history(d, r);
		break;
	case REPORT_HANDSHAKE:
		keep_handshake(d, r);
		break;
	case REPORT_STAYS:
		registry_stays(d->registry, r->session, r->newer);
		break;
	case REPORT_FOUND:
		answer_find(d, r);
		break;
	case REPORT_ALIVE:
		notify_alive(d);
		break;
	case REPORT_DRAINED:
		if (++d->drained == d->nworkers)
			loop_stop(d->loop);
		break;
	}
	letters_report_free(r);
}

/* --- what the admin socket asks --- */

static struct json_t *
backend_sessions(void *arg, const char *endpoint, uint64_t after, uint32_t limit)
{
	struct daemon *d = arg;

	return registry_list(d->registry, endpoint, after, limit, loop_wall_ms(d->loop));
}

static enum err
backend_session_get(void *arg, uint64_t id, void (*reply)(void *, struct json_t *), void *reply_arg)
{
	struct daemon *d = arg;
	struct worker *w = registry_worker(d->registry, id);

	if (w == NULL)
		return ERR_NOTFOUND;
	struct find_request *f = malloc(sizeof(*f));
	if (f == NULL)
		return ERR_NOMEM;
	*f = (struct find_request){ reply, reply_arg };
	worker_order(w, &(struct order){ .kind = ORDER_FIND, .session = id, .request = f });
	return ERR_OK;
}

static enum err
backend_session_cancel(void *arg, uint64_t id)
{
	struct daemon *d = arg;
	struct worker *w = registry_worker(d->registry, id);

	if (w == NULL)
		return ERR_NOTFOUND;
	worker_order(w, &(struct order){
		.kind = ORDER_CANCEL, .session = id, .why = ERR_CANCELLED });
	return ERR_OK;
}

/* --- start --- */

static enum err
open_store(struct daemon *d)
{
	const struct settings *s = &d->settings;
	const struct store_opts opts = {
		.url = s->store_url, .history_max = s->limit_history, .loop = d->loop,
		.commit_delay_ms = (uint32_t)s->store_commit_delay,
	};
	struct problem why = { .text = "" };
	enum err e = store_open(&opts, &d->store, &why);

	if (e == ERR_OK)
		e = numbers_new(d->loop, d->store, &d->numbers, &why);
	if (e != ERR_OK)
		log_error("store.url: %s%s%s", why.where, why.where[0] != '\0' ? ": " : "", why.text);
	return e;
}

static enum err
load_objects(struct daemon *d)
{
	struct problem why = { .text = "" };
	enum err e = objects_load(d, &d->defs, &why);

	if (e != ERR_OK)
		log_error("object definitions: %s%s%s", why.where, why.where[0] != '\0' ? ": " : "",
		    why.text);
	return e;
}

static enum err
listen_all(struct daemon *d, enum link_scheme scheme, const struct settings_listen *list)
{
	char text[ADDR_TEXT_MAX];

	for (size_t i = 0; i < list->n; i++) {
		struct addr actual = list->v[i];
		for (size_t w = 0; w < d->nworkers; w++) {
			enum err e = worker_listen(d->workers[w], scheme, &actual, &actual);
			if (e == ERR_OK)
				continue;
			log_error("%s.listen: %s: %s", link_scheme_name(scheme),
			    addr_format(&list->v[i], text), e == ERR_IO ? strerror(errno) : err_text(e));
			return e;
		}
		d->listeners[d->nlisteners++] = (struct listener){ scheme, actual };
		log_info("listening scheme=%s address=%s", link_scheme_name(scheme),
		    addr_format(&actual, text));
	}
	return ERR_OK;
}

static enum err
make_workers(struct daemon *d)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	size_t count = d->settings.workers > 0 ? d->settings.workers : cores > 0 ? (size_t)cores : 1;

	if (count > WORKERS_MAX)
		count = WORKERS_MAX;
	for (size_t i = 0; i < count; i++) {
		const struct worker_opts opts = {
			.number = (uint16_t)i, .of = (uint16_t)count, .settings = &d->settings,
			.store = d->store, .defs = d->defs, .dtls = d->dtls, .reports = d->reports,
			.numbers = numbers_of(d->numbers),
		};
		enum err e = worker_new(&opts, &d->workers[i]);
		if (e != ERR_OK) {
			log_error("worker=%zu cannot be made: %s", i, err_text(e));
			return e;
		}
		d->nworkers++;
	}
	const struct settings *s = &d->settings;
	enum err e = listen_all(d, LINK_COAP, &s->coap);
	if (e == ERR_OK)
		e = listen_all(d, LINK_COAPS, &s->coaps);
	if (e == ERR_OK)
		e = listen_all(d, LINK_COAP_TCP, &s->coap_tcp);
	return e == ERR_OK ? listen_all(d, LINK_COAPS_TCP, &s->coaps_tcp) : e;
}

/* Each connection is a descriptor: as many as we are allowed, where shells start us with 1024. */
static void
raise_descriptors(const struct settings *s)
{
	struct rlimit r;

	if (s->coap_tcp.n + s->coaps_tcp.n == 0 || getrlimit(RLIMIT_NOFILE, &r) != 0)
		return;
	r.rlim_cur = r.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &r) != 0)
		log_warn("the limit of descriptors cannot be raised: %s", strerror(errno));
}

/* The default group is there on an installed system, and need not be on a desk. */
static const char *
admin_group(const struct settings *s)
{
	if (strcmp(s->admin_group, "strapd") == 0 && getgrnam("strapd") == NULL)
		return NULL;
	return s->admin_group;
}

static enum err
make_admin(struct daemon *d)
{
	const struct settings *s = &d->settings;
	const struct admin_opts opts = {
		.loop = d->loop, .store = d->store, .reader = d->reader, .resolver = d->resolver,
		.defs = d->defs, .socket = s->admin_socket, .group = admin_group(s),
		.readonly_group = s->admin_readonly_group,
		.max_line = (uint32_t)s->limit_admin_line,
		.max_connections = (uint32_t)s->limit_admin_connections,
		.backend = {
			.status = daemon_status, .sessions = backend_sessions,
			.session_get = backend_session_get, .session_cancel = backend_session_cancel,
			.objects_load = objects_load, .objects_take = objects_take,
			.arg = d,
		},
	};
	struct problem why = { .text = "" };
	enum err e = admin_new(&opts, &d->admin, &why);

	if (e != ERR_OK)
		log_error("%s: %s", why.where[0] != '\0' ? why.where : "admin.socket", why.text);
	return e;
}

static void
drain_over(void *arg)
{
	struct daemon *d = arg;

	log_warn("bootstrap.drain_timeout is over: sessions still open are cut short");
	loop_stop(d->loop);
}

static enum err
start(struct daemon *d)
{
	enum err e = loop_new(&d->loop);

	if (e == ERR_OK)
		e = signals_open(d);
	if (e == ERR_OK)
		e = registry_new(&d->registry);
	if (e == ERR_OK)
		e = open_store(d);
	if (e == ERR_OK)
		e = load_objects(d);
	if (e == ERR_OK)
		e = reader_new(d->store, &d->reader);
	if (e == ERR_OK)
		e = resolver_new(d->reader, d->defs, &d->resolver);
	if (e == ERR_OK)
		e = mailbox_new(d->loop, on_report, d, &d->reports);
	if (e == ERR_OK)
		e = d->settings.coaps.n + d->settings.coaps_tcp.n > 0 ? certificates_load(d) : ERR_OK;
	raise_descriptors(&d->settings);
	if (e == ERR_OK)
		e = make_workers(d);
	if (e == ERR_OK)
		e = make_admin(d);
	for (size_t i = 0; e == ERR_OK && i < d->nworkers; i++)
		e = worker_start(d->workers[i]);
	return e;
}

enum err
daemon_new(const struct daemon_opts *opts, struct daemon **ret)
{
	struct daemon *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return ERR_NOMEM;
	d->opts = *opts;
	d->settings = *opts->settings;
	d->opts.settings = &d->settings;
	d->signal_fd = -1;
	timer_init(&d->drain_timer, drain_over, d);
	enum err e = start(d);
	if (e != ERR_OK) {
		daemon_free(d);
		return e;
	}
	d->started_ms = loop_wall_ms(d->loop);
	d->started_at_ms = loop_now_ms(d->loop);
	*ret = d;
	return ERR_OK;
}

enum err
daemon_run(struct daemon *d)
{
	log_info("ready workers=%zu store=%s admin=%s", d->nworkers, d->settings.store_url,
	    d->settings.admin_socket);
	notify_ready(d);
	return loop_run(d->loop);
}

/* --- stop and reload --- */

void
daemon_drain(struct daemon *d)
{
	log_info("stopping: no new sessions, open ones have %" PRIu64 " ms",
	    d->settings.drain_timeout);
	notify_stopping(d);
	d->stopping = true;
	timer_set(d->loop, &d->drain_timer, d->settings.drain_timeout);
	for (size_t i = 0; i < d->nworkers; i++)
		worker_order(d->workers[i], &(struct order){ .kind = ORDER_DRAIN });
}

static void
told(void *arg, const char *key, bool taken)
{
	(void)arg;
	if (taken)
		log_info("reload: %s is changed", key);
	else
		log_warn("reload: %s differs and needs a restart", key);
}

void
daemon_reload(struct daemon *d)
{
	struct settings fresh;

	notify_reloading(d);
	if (d->opts.reread(d->opts.arg, &fresh) != ERR_OK) {
		log_error("reload: the settings have mistakes, those in force stay");
		notify_ready(d);
		return;
	}
	settings_take_over(&d->settings, &fresh, told, d);
	log_setup((enum log_level)d->settings.log_level, (enum log_format)d->settings.log_format);
	objects_reload(d);
	certificates_reload(d);
	for (size_t i = 0; i < d->nworkers; i++)
		worker_order(d->workers[i], &(struct order){ .kind = ORDER_POLICY,
			.session_timeout_ms = d->settings.session_timeout,
			.unknown_endpoint = (int)d->settings.unknown_endpoint,
			.pack = d->settings.pack != 0 });
	log_info("reload: done");
	notify_ready(d);
}

void
daemon_free(struct daemon *d)
{
	if (d == NULL)
		return;
	/* Workers end their sessions and report them; the mailbox then hands those reports over. */
	admin_free(d->admin);
	for (size_t i = 0; i < d->nworkers; i++)
		worker_stop(d->workers[i]);
	if (d->reports != NULL)
		mailbox_free(d->reports);
	for (size_t i = 0; i < d->nworkers; i++)
		worker_free(d->workers[i]);
	if (d->store != NULL && store_commit(d->store) != ERR_OK)
		log_error("store: the last changes could not be written: %s", store_error(d->store));
	numbers_free(d->numbers);	/* the commit may have told it something */
	resolver_free(d->resolver);
	reader_free(d->reader);
	store_close(d->store);
	objdefs_free(d->defs);
	dtls_shared_free(d->dtls);
	registry_free(d->registry);
	if (d->loop != NULL) {
		timer_cancel(d->loop, &d->drain_timer);
		if (d->watchdog_ms > 0)
			timer_cancel(d->loop, &d->watchdog);
		signals_close(d);
	}
	loop_free(d->loop);
	free(d);
}
