/* strapctl, command by command, against an admin socket in the same process. */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include "ctl/ctl.h"
#include "test_admin_client.h"

struct run {
	struct rig	*rig;
	const char	*argv[24];
	int		 argc;
	const char	*in;
	FILE		*fin, *fout, *ferr;
	char		*out, *err;
	size_t		 out_len, err_len;
	int		 code;
	atomic_bool	 done;
};

static struct run last;

static void *
run_ctl(void *arg)
{
	struct run *r = arg;
	const struct ctl_io io = { .in = r->fin, .out = r->fout, .err = r->ferr };

	r->code = ctl_main(r->argc, (char **)r->argv, &io);
	atomic_store(&r->done, true);
	loop_stop(r->rig->loop);
	return NULL;
}

static void
forget(void)
{
	free(last.out);
	free(last.err);
	last.out = last.err = NULL;
}

static void
start(struct rig *r, const char *in, const char *const *words)
{
	forget();
	last = (struct run){ .rig = r, .in = in != NULL ? in : "" };
	last.argv[last.argc++] = "strapctl";
	last.argv[last.argc++] = "-s";
	last.argv[last.argc++] = r->socket;
	while (*words != NULL)
		last.argv[last.argc++] = *words++;
	last.fin = fmemopen((void *)last.in, strlen(last.in) > 0 ? strlen(last.in) : 1, "r");
	if (last.in[0] == '\0')
		(void)fgetc(last.fin);
	last.fout = open_memstream(&last.out, &last.out_len);
	last.ferr = open_memstream(&last.err, &last.err_len);
}

static int
finish(pthread_t thread)
{
	while (!atomic_load(&last.done))
		rig_run(last.rig);
	assert_int_equal(pthread_join(thread, NULL), 0);
	fclose(last.fin);
	fclose(last.fout);
	fclose(last.ferr);
	return last.code;
}

/* Runs strapctl in a thread of its own while the daemon's loop turns here. */
static int
run_words(struct rig *r, const char *in, const char *const *words)
{
	pthread_t thread;

	start(r, in, words);
	assert_int_equal(pthread_create(&thread, NULL, run_ctl, &last), 0);
	return finish(thread);
}
#define RUN_IN(in, ...) run_words(*state, in, (const char *const[]){ __VA_ARGS__, NULL })
#define RUN(...) RUN_IN(NULL, __VA_ARGS__)
#define DOES(...) do {								\
	if (RUN(__VA_ARGS__) != CTL_DONE)						\
		fail_msg("exit %d: %s", last.code, last.err);				\
} while (0)

static void
says(const char *text)
{
	const char *out = last.out != NULL ? last.out : "";

	if (strstr(out, text) == NULL)
		fail_msg("expected \"%s\" in:\n%s", text, out);
}

static void
complains(const char *text)
{
	const char *err = last.err != NULL ? last.err : "";

	if (strstr(err, text) == NULL)
		fail_msg("expected \"%s\" in:\n%s", text, err);
}

static json_t *
printed_json(void)
{
	json_t *v = json_loads(last.out, 0, NULL);

	if (v == NULL)
		fail_msg("%s", "the output is not JSON");
	return v;
}

/* A file in the rig's folder; returns its name. */
static const char *
file(struct rig *r, const char *name, const char *text)
{
	static char path[160];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", r->dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	for (const char *c = text; *c != '\0'; c++)
		fputc(*c == '\'' ? '"' : *c, f);
	fclose(f);
	return path;
}

#define CONFIG "{'servers':[" RIG_PSK_SERVER "]}"
#define KEY "000102030405060708090a0b0c0d0e0f"

static int
teardown(void **state)
{
	forget();
	return rig_teardown(state);
}

static void
endpoint_goes_in_and_out(void **state)
{
	DOES("profile", "set", "eu", "--config", file(*state, "c.json", CONFIG), "--match", "urn:*",
	    "-m", "dev-*");
	says("profile eu created");
	DOES("endpoint", "set", "dev-1", "--profile", "eu", "--psk-identity", "id-1", "--psk-key", KEY,
	    "--var", "region=eu", "--var", "a=b=c");
	says("endpoint dev-1 created");
	DOES("endpoint", "get", "dev-1");
	says("\"redacted\": 16");
	says("\"a\": \"b=c\"");
	DOES("--json", "endpoint", "get", "dev-1", "--reveal");
	json_t *v = printed_json();
	assert_string_equal(text_of(v, "profile"), "eu");
	assert_string_equal(text_of(json_object_get(json_object_get(json_object_get(v, "auth"), "psk"),
	    "key"), "hex"), KEY);
	json_decref(v);
	DOES("endpoint", "list");
	says("ENDPOINT  PROFILE  ENABLED  STATE  LAST\ndev-1     eu       yes      new    -\n");
	DOES("profile", "list");
	says("urn:* dev-*");
	DOES("endpoint", "remove", "dev-1");
	DOES("endpoint", "list", "--json");
	assert_string_equal(last.out, "{\"endpoints\":[],\"next\":null}\n");
	DOES("endpoint", "list");
	says("There are no endpoints.");
}

static void
config_comes_from_a_file_or_standard_input(void **state)
{
	static const char config[] = "{\"servers\":[]}";

	assert_int_equal(RUN_IN(config, "endpoint", "set", "a", "--no-auth", "--config", "-"), CTL_DONE);
	/* a whole record, under the same option */
	DOES("endpoint", "set", "b", "--config", file(*state, "r.json",
	    "{'endpoint':'b','auth':{'none':true},'variables':{'x':'1'},'config':" CONFIG "}"));
	DOES("endpoint", "get", "b");
	says("\"x\": \"1\"");
	assert_int_equal(RUN("endpoint", "set", "c", "--config", file(*state, "r.json", "{'endpoint':'b'}")),
	    CTL_USAGE);
	complains("is of the endpoint \"b\", not of \"c\"");
	assert_int_equal(RUN("endpoint", "set", "c", "--config", file(*state, "r.json", "{'servers':\n[}")),
	    CTL_REFUSED);
	complains("r.json:2:");
	assert_int_equal(RUN("endpoint", "set", "c", "--config", "/none/such"), CTL_REFUSED);
	assert_int_equal(RUN("endpoint", "set", "c", "--config", file(*state, "r.json", "[1]")), CTL_REFUSED);
	complains("expected a JSON object");
}

static void
keys_come_from_files_and_standard_input(void **state)
{
	assert_int_equal(RUN_IN(KEY "\n", "endpoint", "set", "a", "--psk-identity", "i", "--psk-key", "-"),
	    CTL_DONE);
	DOES("endpoint", "set", "b", "--psk-identity", "j", "--psk-key-file",
	    file(*state, "k", "  " KEY " \n"));
	DOES("endpoint", "get", "b", "--reveal");
	says(KEY);
	assert_int_equal(RUN("endpoint", "set", "c", "--psk-identity", "j"), CTL_USAGE);
	assert_int_equal(RUN("endpoint", "set", "c", "--psk-key", KEY), CTL_USAGE);
	assert_int_equal(RUN("endpoint", "set", "c", "--psk-identity", "j", "--psk-key", KEY,
	    "--no-auth"), CTL_USAGE);
	assert_int_equal(RUN_IN("", "endpoint", "set", "c", "--psk-identity", "j", "--psk-key", "-"),
	    CTL_REFUSED);
	assert_int_equal(RUN("endpoint", "set", "c", "--psk-identity", "x", "--psk-key", "xyz"), CTL_REFUSED);
	complains("where: /auth/psk/key");
}

static void
switching_off_keeps_the_record(void **state)
{
	DOES("endpoint", "set", "a", "--no-auth", "--config", file(*state, "c.json", CONFIG));
	DOES("endpoint", "set", "a", "--disable");
	DOES("endpoint", "get", "a");
	says("\"enabled\": false");
	says("\"short_server_id\": 102");
	DOES("endpoint", "list");
	says("no");
	DOES("endpoint", "set", "a", "--keep", "--var", "x=1");
	DOES("endpoint", "get", "a");
	says("\"enabled\": false");
	says("\"x\": \"1\"");
	DOES("endpoint", "set", "a", "--no-auth");	/* in place of what was there */
	DOES("endpoint", "get", "a");
	assert_null(strstr(last.out, "short_server_id"));
	assert_int_equal(RUN("endpoint", "set", "none", "--enable"), CTL_REFUSED);
}

static void
refusals_say_what_where_and_how(void **state)
{
	json_t *v;

	assert_int_equal(RUN("endpoint", "set", "a", "--profile", "nowhere"), CTL_REFUSED);
	complains("strapctl: ");
	complains("  where: /profile\n");
	complains("  reason: unknown-profile\n");
	assert_string_equal(last.out, "");
	assert_int_equal(RUN("endpoint", "get", "a", "--json"), CTL_REFUSED);
	v = json_loads(last.err, 0, NULL);
	assert_int_equal(int_of(json_object_get(v, "error"), "code"), RPC_NOT_FOUND);
	json_decref(v);
	assert_int_equal(RUN("endpoint", "remove", "a", "b"), CTL_REFUSED);
	complains("\"b\"");
}

static void
usage_is_exit_2_with_a_hint(void **state)
{
	static const struct {
		const char	*words[6], *text;
	} cases[] = {
		{ { "wach" }, "did you mean \"watch\"?" },
		{ { "endpoint", "sett", "x" }, "did you mean \"endpoint set\"?" },
		{ { "endpoint" }, "needs one word more" },
		{ { "endpoint", "set" }, "Something is missing: strapctl endpoint set EP" },
		{ { "status", "now" }, "one word too many" },
		{ { "status", "--jso" }, "did you mean --json?" },
		{ { "endpoint", "list", "--limit", "many" }, "has to be a whole number" },
		{ { "endpoint", "list", "--limit", "0" }, "1 or more" },
		{ { "call", "status", "[1]" }, "has to be a JSON object" },
		{ { "call", "status", "{" }, "has to be a JSON object" },
		{ { "import", "--from", "leshan", "x" }, "not offered by this version" },
		{ { "plan" }, "Which one?" },
		{ { "endpoint", "set", "a", "--var", "=x" }, "NAME=VALUE" },
		{ { "endpoint", "get", "\xff" }, "is not UTF-8" },
		{ { "nonsense-and-more" }, "--help" },
		{ { NULL }, "strapctl [-s SOCKET]" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(run_words(*state, NULL, cases[i].words), CTL_USAGE);
		complains(cases[i].text);
	}
}

static void
help_is_for_every_command(void **state)
{
	DOES("--help");
	says("endpoint set EP");
	assert_null(strstr(last.out, "trace"));
	DOES("endpoint", "set", "--help");
	says("--psk-identity I");
	DOES("endpoint", "--help");
	DOES("-V");
	says("strapctl 0.");
	assert_int_equal(RUN("trace", "x"), CTL_REFUSED);
	complains("not offered by this version");
}

static void
daemon_that_is_not_there_is_exit_3(void **state)
{
	assert_int_equal(RUN("-s", "/none/such.sock", "status"), CTL_UNREACHABLE);
	complains("strapd is not running");
	assert_int_equal(RUN("-s", "/none/such.sock", "watch"), CTL_UNREACHABLE);
	assert_int_equal(RUN("-s", file(*state, "plain", ""), "status"), CTL_UNREACHABLE);
}

static void
plan_is_readable(void **state)
{
	json_t *v;

	DOES("endpoint", "set", "dev-1", "--no-auth", "--config", file(*state, "c.json", CONFIG));
	DOES("plan", "dev-1");
	says("PUT /0/1");
	says("LwM2M Server URI");
	says("coaps://lwm2m.example.com:5684");
	says("(16 bytes, secret)");
	assert_null(strstr(last.out, "00112233"));
	DOES("plan", "dev-1", "--json");
	v = printed_json();
	assert_true(json_array_size(json_object_get(v, "steps")) >= 4);
	json_decref(v);
	DOES("plan", "dev-1", "--reveal", "--pct", "112", "--lwm2m", "1.1", "--discovery", "</0/1>,</3/0>");
	says("00112233445566778899aabbccddeeff");
	says("senml-cbor");
	DOES("plan", "new", "--config", file(*state, "c.json", CONFIG), "--json");
	DOES("plan", "--config", file(*state, "r.json", "{'endpoint':'z','auth':{'none':true},"
	    "'config':" CONFIG "}"));
	says("z\n");
	assert_int_equal(RUN("plan", "--config", file(*state, "r.json", CONFIG)), CTL_USAGE);
	assert_int_equal(RUN("plan", "nobody"), CTL_REFUSED);
}

static void
status_shows_what_matters(void **state)
{
	json_t *v;

	DOES("status");
	says("strapd 9.9  serving  up 1 d 2 h  pid 17");
	says("coap://127.0.0.1:40123");
	says("1 234 567");
	says("requests");
	assert_null(strstr(last.out, "refused not authorised"));
	DOES("status", "--all");
	says("refused not authorised");
	DOES("--json", "status");
	v = printed_json();
	assert_string_equal(text_of(json_array_get(json_object_get(v, "listeners"), 0), "address"),
	    "127.0.0.1:40123");
	json_decref(v);
}

static void
sessions_are_shown_harmless(void **state)
{
	DOES("sessions");
	says("4f21");
	says("dev\\x1b[31m");
	assert_null(strchr(last.out, '\033'));
	DOES("sessions", "--limit", "1");
	says("... and more");
	DOES("session", "cancel", "4f21");
	assert_true(((struct rig *)*state)->cancelled == 0x4f21);
	assert_int_equal(RUN("session", "cancel", "99"), CTL_REFUSED);
	assert_int_equal(RUN("session", "get", "99"), CTL_REFUSED);
}

static void
history_shows_every_step(void **state)
{
	DOES("history");
	says("No session has ended yet.");
	DOES("endpoint", "set", "a", "--no-auth");
	rig_history(*state, "a", HISTORY_FAILED);
	DOES("history", "a");
	says("failed");
	says("The device refused to write /0/1.");
	says("write   /0/1  2.04");
	says("12 ms");
	says("2.50 ms");
	says("DELETE /0 was refused and passed over.");
	rig_history(*state, "b", HISTORY_FINISHED);
	DOES("history");
	says("NUMBER");
	assert_null(strstr(last.out, "2.04"));
	DOES("history", "--steps", "-n", "1");
	says("2.04");
	DOES("history", "--json");
}

static void
call_reaches_any_method(void **state)
{
	json_t *v;

	DOES("call", "methods");
	says("event.subscribe");
	DOES("call", "endpoint.list", "{\"limit\":5}", "--json");
	v = printed_json();
	assert_true(json_is_array(json_object_get(v, "endpoints")));
	json_decref(v);
	assert_int_equal(RUN_IN("{\"endpoint\":\"q\"}", "call", "endpoint.set", "-"), CTL_DONE);
	assert_int_equal(RUN("call", "endpoint.gett", "{}"), CTL_REFUSED);
	complains("did you mean");
}

/* --- many records --- */

static void
export_can_be_imported(void **state)
{
	struct rig *r = *state;
	char path[160], *lines;
	struct stat st;
	size_t len = 0;
	FILE *f = open_memstream(&lines, &len);

	fprintf(f, "{\"profile\":\"p\"}\n\n");
	for (int i = 0; i < 2500; i++)
		fprintf(f, "{\"endpoint\":\"dev-%04d\",\"profile\":\"p\",\"auth\":{\"psk\":{"
		    "\"identity\":\"id-%d\",\"key\":{\"hex\":\"%032x\"}}}}\n", i, i, i + 1);
	fclose(f);
	assert_int_equal(RUN_IN(lines, "import", "-"), CTL_DONE);
	says("2 500 endpoints created, 0 replaced");
	says("1 profile stored");
	snprintf(path, sizeof(path), "%s/out.jsonl", r->dir);
	DOES("export", path);
	says("1 profile and 2 500 endpoints");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	DOES("import", path, "--json");
	json_t *v = printed_json();
	assert_int_equal(int_of(v, "replaced"), 2500);
	assert_int_equal(int_of(v, "created"), 0);
	assert_true(json_is_true(json_object_get(v, "complete")));
	json_decref(v);
	DOES("export");
	assert_non_null(strstr(last.out, "{\"endpoint\":\"dev-2499\",\"profile\":\"p\",\"auth\":{\"psk\":"
	    "{\"identity\":\"id-2499\",\"key\":{\"hex\":\"000000000000000000000000000009c4\"}}}}\n"));
	free(lines);
}

static void
good_lines_are_stored_and_bad_ones_told_by_number(void **state)
{
	static const char lines[] = "{\"endpoint\":\"a\"}\n"
	    "not json\n"
	    "{\"endpoint\":\"b\",\"colour\":1}\n"
	    "[1]\n"
	    "{\"endpoint\":\"c\"}\n"
	    "{\"profile\":\"bad name!\",\"match\":7}\n"
	    "{\"endpoint\":\"a\"}\n";

	assert_int_equal(RUN_IN(lines, "import", "-"), CTL_REFUSED);
	complains("standard input:2: not JSON");
	complains("standard input:3: /colour: ");
	complains("standard input:4: expected a JSON object");
	complains("standard input:6: ");
	says("2 endpoints created");
	DOES("endpoint", "list", "--json");
	json_t *v = printed_json();
	assert_int_equal(json_array_size(json_object_get(v, "endpoints")), 2);
	json_decref(v);
	assert_int_equal(RUN_IN(lines, "import", "-", "--json"), CTL_REFUSED);
	v = printed_json();
	assert_int_equal(json_array_size(json_object_get(v, "errors")), 4);
	assert_int_equal(int_of(json_array_get(json_object_get(v, "errors"), 0), "line"), 2);
	json_decref(v);
}

/* --- watch --- */

static void
watch_goes_on_over_a_restart(void **state)
{
	static const char *const words[] = { "watch", "--json", "--from", "0", "--count", "4", NULL };
	struct rig *r = *state;
	struct client c;
	pthread_t thread;
	char *at;

	client_open(r, &c);
	client_does(&c, "profile.set", "{'profile':'p1'}");
	client_does(&c, "profile.set", "{'profile':'p2'}");
	start(r, NULL, words);
	assert_int_equal(pthread_create(&thread, NULL, run_ctl, &last), 0);
	for (json_int_t watching = 0; watching == 0;) {
		json_t *v = client_result(&c, "status", "{}");
		watching = json_integer_value(json_object_get(json_object_get(v, "admin"), "subscriptions"));
		json_decref(v);
	}
	client_close(&c);
	admin_free(r->admin);
	rig_start_admin(r);
	client_open(r, &c);
	client_does(&c, "profile.set", "{'profile':'p3'}");
	client_does(&c, "profile.set", "{'profile':'p4'}");
	assert_int_equal(finish(thread), CTL_DONE);
	at = last.out;
	for (int i = 1; i <= 4; i++) {		/* each once, in order */
		char expected[32];
		snprintf(expected, sizeof(expected), "{\"seq\":%d,", i);
		assert_int_equal(strncmp(at, expected, strlen(expected)), 0);
		at = strchr(at, '\n') + 1;
	}
	assert_string_equal(at, "");
	complains("the daemon is gone");
	client_close(&c);
}

static void
watch_shows_a_line_for_each_event(void **state)
{
	DOES("endpoint", "set", "dev-9", "--no-auth");
	rig_history(*state, "dev-9", HISTORY_FAILED);
	DOES("watch", "--from", "0", "-n", "2");
	says("endpoint.set");
	says("session.failed");
	says("2 steps, 1.2 s");
	says("The device refused to write /0/1.");
	assert_int_equal(RUN("watch", "--from", "77"), CTL_REFUSED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, rig_setup, teardown)
		T(endpoint_goes_in_and_out),
		T(config_comes_from_a_file_or_standard_input),
		T(keys_come_from_files_and_standard_input),
		T(switching_off_keeps_the_record),
		T(refusals_say_what_where_and_how),
		T(usage_is_exit_2_with_a_hint),
		T(help_is_for_every_command),
		T(daemon_that_is_not_there_is_exit_3),
		T(plan_is_readable),
		T(status_shows_what_matters),
		T(sessions_are_shown_harmless),
		T(history_shows_every_step),
		T(call_reaches_any_method),
		T(export_can_be_imported),
		T(good_lines_are_stored_and_bad_ones_told_by_number),
		T(watch_goes_on_over_a_restart),
		T(watch_shows_a_line_for_each_event),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
