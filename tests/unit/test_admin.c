/* The admin socket's connections: lines, batches, roles, limits, back-pressure. */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <grp.h>
#include <sys/stat.h>

#include "test_admin_client.h"

static void
answers_carry_the_id_of_their_request(void **state)
{
	struct client c;
	json_t *a;

	client_open(*state, &c);
	client_line(&c, "{'jsonrpc':'2.0','id':'x','method':'status'}");
	client_line(&c, "{'jsonrpc':'2.0','id':7,'method':'methods'}\n\n  \r");
	a = client_next(&c);
	assert_string_equal(text_of(a, "id"), "x");
	assert_string_equal(text_of(json_object_get(a, "result"), "version"), "9.9");
	json_decref(a);
	a = client_next(&c);
	assert_int_equal(int_of(a, "id"), 7);
	assert_true(json_array_size(json_object_get(json_object_get(a, "result"), "methods")) >= 18);
	json_decref(a);
	client_close(&c);
}

static void
notifications_get_no_answer(void **state)
{
	struct client c;
	json_t *a;

	client_open(*state, &c);
	client_line(&c, "{'jsonrpc':'2.0','method':'status'}");
	client_line(&c, "{'jsonrpc':'2.0','method':'no-such-method'}");
	client_line(&c, "{'jsonrpc':'2.0','id':1,'method':'status'}");
	a = client_next(&c);
	assert_int_equal(int_of(a, "id"), 1);
	json_decref(a);
	client_close(&c);
}

static void
broken_line_is_answered_and_the_next_one_served(void **state)
{
	struct client c;
	json_t *a;

	client_open(*state, &c);
	client_line(&c, "{'jsonrpc':");
	client_line(&c, "{'jsonrpc':'2.0','id':1,'method':'status'}");
	a = client_next(&c);
	assert_true(json_is_null(json_object_get(a, "id")));
	assert_int_equal(int_of(json_object_get(a, "error"), "code"), RPC_PARSE_ERROR);
	json_decref(a);
	a = client_next(&c);
	assert_int_equal(int_of(a, "id"), 1);
	json_decref(a);
	client_close(&c);
}

static void
unknown_method_hints_at_the_nearest(void **state)
{
	struct client c;
	json_t *a, *data;

	client_open(*state, &c);
	a = client_call(&c, "endpoint.gets", "{}");
	data = json_object_get(json_object_get(a, "error"), "data");
	assert_string_equal(text_of(data, "hint"), "did you mean \"endpoint.get\"?");
	json_decref(a);
	client_refused(&c, "completely-different", "{}", RPC_METHOD_NOT_FOUND, "unknown-method", "/method");
	client_refused(&c, "trace", "{}", RPC_METHOD_NOT_FOUND, "not-offered", "/method");
	client_refused(&c, "status", "{'verbose':true}", RPC_INVALID_PARAMS, "unknown-key", "/verbose");
	client_close(&c);
}

static void
batch_is_answered_in_one_line_in_order(void **state)
{
	struct client c;
	json_t *a;

	client_open(*state, &c);
	/* the first waits for the disk, the others do not */
	client_line(&c, "[{'jsonrpc':'2.0','id':1,'method':'profile.set','params':{'profile':'p'}},"
	    "{'jsonrpc':'2.0','id':2,'method':'status'},"
	    "{'jsonrpc':'2.0','method':'status'},"
	    "5,"
	    "{'jsonrpc':'2.0','id':3,'method':'nothing'}]");
	a = client_next(&c);
	assert_int_equal(json_array_size(a), 4);
	assert_int_equal(int_of(json_array_get(a, 0), "id"), 1);
	assert_non_null(json_object_get(json_array_get(a, 0), "result"));
	assert_int_equal(int_of(json_array_get(a, 1), "id"), 2);
	assert_true(json_is_null(json_object_get(json_array_get(a, 2), "id")));
	assert_int_equal(int_of(json_array_get(a, 3), "id"), 3);
	json_decref(a);
	client_close(&c);
}

static void
batch_of_notifications_is_not_answered(void **state)
{
	struct client c;
	json_t *a;

	client_open(*state, &c);
	client_line(&c, "[{'jsonrpc':'2.0','method':'status'},{'jsonrpc':'2.0','method':'status'}]");
	client_line(&c, "{'jsonrpc':'2.0','id':9,'method':'status'}");
	a = client_next(&c);
	assert_int_equal(int_of(a, "id"), 9);
	json_decref(a);
	client_close(&c);
}

static void
batch_that_takes_too_long_looks_no_further_but_changes(void **state)
{
	struct rig *r = *state;
	struct client c;
	json_t *a;

	client_open(r, &c);
	r->admin->batch_read_us = 1;
	client_line(&c, "[{'jsonrpc':'2.0','method':'history','params':{'limit':1000}},"
	    "{'jsonrpc':'2.0','id':1,'method':'status'},"
	    "{'jsonrpc':'2.0','id':2,'method':'endpoint.remove','params':{'endpoint':'none'}}]");
	a = client_next(&c);
	assert_int_equal(json_array_size(a), 2);
	assert_int_equal(int_of(json_object_get(json_array_get(a, 0), "error"), "code"), RPC_LIMIT);
	assert_int_equal(int_of(json_object_get(json_array_get(a, 1), "error"), "code"), RPC_NOT_FOUND);
	json_decref(a);
	client_close(&c);
}

static void
readers_leave_connections_for_those_who_change(void **state)
{
	struct rig *r = *state;
	struct client c[5];
	json_t *a;

	r->admin->opts.max_connections = 4;
	r->admin->rules = (struct peercred_rules){ .own = 1, .change = 2, .read = 3 };
	for (size_t i = 0; i < 4; i++)
		client_open_as(r, &c[i], 1000, 3);
	a = client_next(&c[3]);
	assert_int_equal(int_of(json_object_get(a, "error"), "code"), RPC_LIMIT);
	json_decref(a);
	assert_null(client_next(&c[3]));
	client_open_as(r, &c[4], 1000, 2);
	client_line(&c[4], "{'jsonrpc':'2.0','id':1,'method':'status'}");
	a = client_next(&c[4]);
	assert_int_equal(int_of(a, "id"), 1);
	json_decref(a);
	for (size_t i = 0; i < 5; i++)
		client_close(&c[i]);
}

static void
too_long_line_is_refused_and_ends_the_connection(void **state)
{
	struct rig *r = *state;
	size_t len = r->max_line + 100;
	char *text = malloc(len);
	struct client c;
	json_t *a;

	client_open(r, &c);
	memset(text, ' ', len);
	/* more than the socket takes at once: the loop has to read in between */
	for (size_t sent = 0; sent < len && !c.eof;) {
		ssize_t n = send(c.fd, text + sent, len - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n > 0)
			sent += (size_t)n;
		else if (errno == EAGAIN)
			assert_true(event_base_loop(loop_base(r->loop), EVLOOP_ONCE | EVLOOP_NONBLOCK) >= 0);
		else
			break;
	}
	a = client_next(&c);
	assert_int_equal(int_of(json_object_get(a, "error"), "code"), RPC_LIMIT);
	json_decref(a);
	assert_null(client_next(&c));
	client_close(&c);
	free(text);
}

static void
line_of_just_the_limit_is_served(void **state)
{
	struct rig *r = *state;
	static const char request[] = "{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"status\"}";
	struct client c;
	char *text;
	json_t *a;

	r->admin->opts.max_line = 4096;
	client_open(r, &c);
	text = malloc(4097);
	memset(text, ' ', 4096);
	memcpy(text, request, sizeof(request) - 1);
	text[4096] = '\n';
	client_send(&c, text, 4097);
	a = client_next(&c);
	assert_int_equal(int_of(a, "id"), 4);
	json_decref(a);
	client_close(&c);
	free(text);
}

static void
half_closed_client_still_gets_its_answers(void **state)
{
	static const char request[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"profile.set\","
	    "\"params\":{\"profile\":\"p\"}}\n{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"status\"}";
	struct client c;
	json_t *a;
	int seen = 0;

	client_open(*state, &c);
	client_send(&c, request, sizeof(request) - 1);	/* the last line has no end */
	shutdown(c.fd, SHUT_WR);
	while ((a = client_next(&c)) != NULL) {
		assert_non_null(json_object_get(a, "result"));
		seen += 1 << int_of(a, "id");
		json_decref(a);
	}
	assert_int_equal(seen, 1 << 1 | 1 << 2);
	client_close(&c);
}

static void
strangers_are_told_nothing(void **state)
{
	struct client c;
	json_t *a;

	client_open_as(*state, &c, 12345, 12345);
	client_line(&c, "{'jsonrpc':'2.0','id':1,'method':'status'}");
	a = client_next(&c);
	assert_int_equal(int_of(json_object_get(a, "error"), "code"), RPC_DENIED);
	assert_true(json_is_null(json_object_get(a, "id")));
	json_decref(a);
	assert_null(client_next(&c));
	client_close(&c);
}

static void
readers_may_read_and_not_change(void **state)
{
	struct rig *r = *state;
	struct client c, root;

	r->admin->rules.change = 500;
	r->admin->rules.read = 600;
	client_open_as(r, &root, 0, 0);
	client_does(&root, "endpoint.set", "{'endpoint':'a','auth':" RIG_PSK "}");
	client_open_as(r, &c, 12345, 600);
	client_does(&c, "endpoint.get", "{'endpoint':'a'}");
	client_does(&c, "endpoint.list", "{}");
	client_refused(&c, "endpoint.get", "{'endpoint':'a','reveal':true}", RPC_DENIED, "not-authorised",
	    "/reveal");
	client_refused(&c, "endpoint.set", "{'endpoint':'b'}", RPC_DENIED, "not-authorised", "");
	client_refused(&c, "session.cancel", "{'session':'4f21'}", RPC_DENIED, "not-authorised", "");
	client_close(&c);

	client_open_as(r, &c, 12345, 500);
	client_does(&c, "endpoint.remove", "{'endpoint':'a'}");
	client_close(&c);
	client_close(&root);
}

static void
supplementary_groups_count(void **state)
{
	gid_t groups[] = { 7, 600, 9 };
	struct peercred p = { .uid = 1000, .gid = 1000, .groups = groups, .ngroups = 3 };
	struct peercred_rules rules = { .own = 99, .change = 500, .read = 600 };

	(void)state;
	assert_int_equal(peercred_role(&p, &rules), ROLE_READ);
	groups[2] = 500;
	assert_int_equal(peercred_role(&p, &rules), ROLE_CHANGE);
	p.ngroups = 1;
	assert_int_equal(peercred_role(&p, &rules), ROLE_NONE);
	rules.change = rules.read = PEERCRED_NO_GROUP;
	p.gid = PEERCRED_NO_GROUP;
	assert_int_equal(peercred_role(&p, &rules), ROLE_NONE);
	p.uid = 99;
	assert_int_equal(peercred_role(&p, &rules), ROLE_CHANGE);
	p.uid = 0;
	assert_int_equal(peercred_role(&p, &rules), ROLE_CHANGE);
}

static void
kernel_tells_who_connected(void **state)
{
	struct peercred p;
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(peercred_of(pair[0], &p), ERR_OK);
	assert_int_equal(p.uid, geteuid());
	assert_int_equal(p.gid, getegid());
	assert_int_equal(p.pid, getpid());
	peercred_fini(&p);
	close(pair[0]);
	close(pair[1]);
}

static void
connections_beyond_the_limit_are_told_so(void **state)
{
	struct rig *r = *state;
	struct client c[2], one_more;
	json_t *a;

	r->admin->opts.max_connections = 2;
	for (int i = 0; i < 2; i++) {
		client_open(r, &c[i]);
		client_does(&c[i], "status", "{}");
	}
	client_open(r, &one_more);
	a = client_next(&one_more);
	assert_string_equal(reason_of(a), "connections");
	json_decref(a);
	assert_null(client_next(&one_more));
	client_close(&one_more);
	client_close(&c[0]);
	client_does(&c[1], "status", "{}");

	client_open(r, &c[0]);		/* there is room again */
	client_does(&c[0], "status", "{}");
	client_close(&c[0]);
	client_close(&c[1]);
}

/* --- back-pressure --- */

static struct conn *
only_conn(struct rig *r)
{
	assert_non_null(r->admin->conns);
	assert_null(r->admin->conns->next);
	return r->admin->conns;
}

static void
slow_reader_is_not_served_further(void **state)
{
	static const char request[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"methods\"}\n";
	struct rig *r = *state;
	size_t asked = 0, got = 0;
	struct client c;
	json_t *a;

	client_open(r, &c);
	client_does(&c, "status", "{}");
	watch_want(c.watch, LOOP_NONE);		/* asks and asks, and does not read */
	for (int idle = 0; idle < 5;) {
		ssize_t n = send(c.fd, request, sizeof(request) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
		idle = n > 0 ? 0 : idle + 1;
		asked += n == (ssize_t)sizeof(request) - 1;
		assert_true(n < 0 || n == (ssize_t)sizeof(request) - 1);
		event_base_loop(loop_base(r->loop), EVLOOP_NONBLOCK);
	}
	/* it stopped; memory is bounded by the mark and one answer above it */
	assert_true(evbuffer_get_length(bufferevent_get_output(only_conn(r)->bev)) < OUTPUT_HIGH + 16384);
	assert_false(conn_has_room(only_conn(r)));
	assert_true(asked > 100);

	watch_want(c.watch, LOOP_READ);
	while (got < asked && (a = client_next(&c)) != NULL) {
		assert_non_null(json_object_get(a, "result"));
		json_decref(a);
		got++;
	}
	assert_int_equal(got, asked);
	client_close(&c);
}

static void
client_that_leaves_early_harms_nobody(void **state)
{
	struct rig *r = *state;
	struct client gone, c;

	client_open(r, &gone);
	for (int i = 0; i < 50; i++)
		client_line(&gone, "{'jsonrpc':'2.0','id':1,'method':'profile.set',"
		    "'params':{'profile':'p'}}");
	client_line(&gone, "{'jsonrpc':'2.0','id':1,'method':'session.get','params':{'session':'4f21'}}");
	client_close(&gone);
	client_open(r, &c);
	client_does(&c, "status", "{}");
	client_does(&c, "profile.get", "{'profile':'p'}");
	r->reply(r->reply_arg, NULL);		/* to nobody */
	client_does(&c, "status", "{}");
	client_close(&c);
}

/* --- the socket's file --- */

static void
socket_is_for_owner_and_group(void **state)
{
	struct rig *r = *state;
	struct stat st;

	assert_int_equal(stat(r->socket, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0660);
}

static void
socket_belongs_to_the_group_that_may_change(void **state)
{
	struct rig *r = *state;
	const struct group *g = getgrnam("daemon");
	struct admin_opts opts = r->admin->opts;
	struct problem why = { 0 };
	static char path[128];	/* outlives the daemon */
	struct stat st;

	if (geteuid() != 0 || g == NULL)
		skip();		/* only root may give files away */
	snprintf(path, sizeof(path), "%s/g.sock", r->dir);
	opts.socket = path;
	opts.group = "daemon";
	admin_free(r->admin);
	assert_int_equal(admin_new(&opts, &r->admin, &why), ERR_OK);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_gid, g->gr_gid);
	assert_int_equal(st.st_mode & 0777, 0660);
	admin_free(r->admin);
	opts.readonly_group = "daemon";		/* its members are in no group of the file */
	assert_int_equal(admin_new(&opts, &r->admin, &why), ERR_OK);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0666);
}

static struct problem
start_another(struct rig *r, const char *socket, const char *group, enum err expected)
{
	struct admin_opts opts = r->admin->opts;
	struct admin *other = NULL;
	struct problem why = { 0 };

	opts.socket = socket;
	opts.group = group;
	assert_int_equal(admin_new(&opts, &other, &why), expected);
	if (expected == ERR_OK)
		admin_free(other);
	return why;
}

static void
served_socket_is_not_taken_over(void **state)
{
	struct rig *r = *state;
	struct client c;

	assert_string_equal(start_another(r, r->socket, NULL, ERR_BUSY).reason, "in-use");
	client_open(r, &c);
	client_does(&c, "status", "{}");
	client_close(&c);
}

static void
socket_of_a_dead_daemon_is_replaced(void **state)
{
	struct rig *r = *state;
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/dead.sock", r->dir);
	assert_int_equal(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	close(fd);		/* the file stays, as after a crash */
	start_another(r, sun.sun_path, NULL, ERR_OK);
	assert_int_equal(access(sun.sun_path, F_OK), -1);	/* it cleared up behind itself */
}

static void
file_in_the_way_is_left_alone(void **state)
{
	struct rig *r = *state;
	char path[128];
	struct problem why;
	FILE *f;

	snprintf(path, sizeof(path), "%s/precious", r->dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fclose(f);
	why = start_another(r, path, NULL, ERR_EXISTS);
	assert_string_equal(why.where, "admin.socket");
	assert_int_equal(access(path, F_OK), 0);
}

static void
bad_settings_are_named(void **state)
{
	struct rig *r = *state;
	char path[256], missing[256];

	memset(path, 'x', sizeof(path));
	path[200] = '\0';
	assert_string_equal(start_another(r, path, NULL, ERR_INVALID).where, "admin.socket");
	snprintf(missing, sizeof(missing), "%s/none/a.sock", r->dir);
	assert_string_equal(start_another(r, missing, NULL, ERR_IO).where, "admin.socket");
	snprintf(missing, sizeof(missing), "%s/b.sock", r->dir);
	assert_string_equal(start_another(r, missing, "no-such-group-here", ERR_NOTFOUND).where,
	    "admin.group");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)
		T(answers_carry_the_id_of_their_request),
		T(notifications_get_no_answer),
		T(broken_line_is_answered_and_the_next_one_served),
		T(unknown_method_hints_at_the_nearest),
		T(batch_is_answered_in_one_line_in_order),
		T(batch_of_notifications_is_not_answered),
		T(batch_that_takes_too_long_looks_no_further_but_changes),
		T(readers_leave_connections_for_those_who_change),
		T(too_long_line_is_refused_and_ends_the_connection),
		T(line_of_just_the_limit_is_served),
		T(half_closed_client_still_gets_its_answers),
		T(strangers_are_told_nothing),
		T(readers_may_read_and_not_change),
		cmocka_unit_test(supplementary_groups_count),
		cmocka_unit_test(kernel_tells_who_connected),
		T(connections_beyond_the_limit_are_told_so),
		T(slow_reader_is_not_served_further),
		T(client_that_leaves_early_harms_nobody),
		T(socket_is_for_owner_and_group),
		T(socket_belongs_to_the_group_that_may_change),
		T(served_socket_is_not_taken_over),
		T(socket_of_a_dead_daemon_is_replaced),
		T(file_in_the_way_is_left_alone),
		T(bad_settings_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
