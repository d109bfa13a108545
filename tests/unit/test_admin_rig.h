#ifndef TEST_ADMIN_RIG_H
#define TEST_ADMIN_RIG_H

/* An admin socket over a real loop and store, and clients of it. */

#include "test_admin_backend.h"

static inline void
rig_out_of_patience(void *arg)
{
	struct rig *r = arg;

	r->late = true;
	loop_stop(r->loop);
}

static inline void
rig_start_admin(struct rig *r)
{
	const struct admin_opts opts = {
		.loop = r->loop, .store = r->store, .reader = r->reader, .resolver = r->resolver,
		.defs = rig_defs(), .socket = r->socket, .max_line = r->max_line,
		.max_connections = r->max_connections,
		.backend = {
			.status = rig_status, .sessions = rig_sessions, .session_get = rig_session_get,
			.session_cancel = rig_session_cancel, .objects_load = rig_objects_load,
			.objects_take = rig_objects_take, .arg = r,
		},
	};
	struct problem why = { 0 };

	if (admin_new(&opts, &r->admin, &why) != ERR_OK)
		fail_msg("%s: %s", why.where, why.text);
}

static inline void
rig_open_store(struct rig *r, uint64_t history_max)
{
	const struct store_opts opts = {
		.url = r->url, .loop = r->loop, .commit_delay_ms = 20, .history_max = history_max,
	};
	struct problem why = { 0 };

	if (store_open(&opts, &r->store, &why) != ERR_OK)
		fail_msg("%s", why.text);
	assert_int_equal(reader_new(r->store, &r->reader), ERR_OK);
	assert_int_equal(resolver_new(r->reader, rig_defs(), &r->resolver), ERR_OK);
}

static inline struct rig *
rig_new(const char *url)
{
	struct rig *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	snprintf(r->dir, sizeof(r->dir), "/tmp/strapd-admin-XXXXXX");
	assert_non_null(mkdtemp(r->dir));
	snprintf(r->socket, sizeof(r->socket), "%s/a.sock", r->dir);
	if (url != NULL)
		snprintf(r->url, sizeof(r->url), "%s", url);
	else
		snprintf(r->url, sizeof(r->url), "sqlite:%s/s.db", r->dir);
	r->max_line = 1 << 20;
	r->max_connections = 8;
	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_PLAIN);
	assert_int_equal(loop_new(&r->loop), ERR_OK);
	timer_init(&r->patience, rig_out_of_patience, r);
	return r;
}

static inline int
rig_setup(void **state)
{
	struct rig *r = rig_new(NULL);

	rig_open_store(r, 0);
	rig_start_admin(r);
	*state = r;
	return 0;
}

static inline int
rig_teardown(void **state)
{
	struct rig *r = *state;
	char command[128];

	timer_cancel(r->loop, &r->patience);
	admin_free(r->admin);
	resolver_free(r->resolver);
	reader_free(r->reader);
	store_close(r->store);
	objdefs_free(r->defs);
	loop_free(r->loop);
	snprintf(command, sizeof(command), "rm -rf %s", r->dir);
	assert_int_equal(system(command), 0);
	free(r);
	return 0;
}

/* Runs the loop until somebody stops it. */
static inline void
rig_run(struct rig *r)
{
	timer_set(r->loop, &r->patience, RIG_PATIENCE_MS);
	assert_int_equal(loop_run(r->loop), ERR_OK);
	timer_cancel(r->loop, &r->patience);
	if (r->late)
		fail_msg("nothing came for %d s", RIG_PATIENCE_MS / 1000);
}

#define RIG_SERVER "{'short_server_id':101,'security':{'uri':'coap://192.0.2.1:5683','mode':'nosec'}," \
	"'server':{'lifetime':300}}"
#define RIG_PSK_SERVER "{'short_server_id':102,'security':{'uri':'coaps://lwm2m.example.com:5684'," \
	"'mode':'psk','identity':{'text':'${endpoint}'}," \
	"'secret_key':{'hex':'00112233445566778899aabbccddeeff'}}," \
	"'server':{'lifetime':86400}}"
#define RIG_NOSEC(ep) "{'endpoint':'" ep "','auth':{'none':true}," \
	"'config':{'servers':[" RIG_SERVER "]}}"
#define RIG_PSK "{'psk':{'identity':'id-1','key':{'hex':'000102030405060708090a0b0c0d0e0f'}}}"

#endif
