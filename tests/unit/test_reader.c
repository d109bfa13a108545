#include "test_store_util.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>

#include "store/history.h"

static void
found_row_has_every_column(void **state)
{
	struct place *p = *state;
	struct endpoint_row r;
	struct reader *rd = NULL;

	place_open(p, NULL);
	assert_int_equal(reader_new(p->st, &rd), ERR_OK);
	assert_int_equal(put_keys(p->st, &(struct endpoint_keys){ .endpoint = "dev", .profile = "eu",
	    .enabled = true, .psk_identity = (const uint8_t *)"i\0d", .psk_identity_len = 3,
	    .psk_key = (const uint8_t *)"\0\1\2", .psk_key_len = 3 }, NULL), ERR_OK);
	assert_int_equal(store_commit(p->st), ERR_OK);
	for (int i = 0; i < 2; i++) {
		memset(&r, 0xff, sizeof(r));
		if (i == 0)
			assert_int_equal(reader_endpoint(rd, "dev", &r), ERR_OK);
		else
			assert_int_equal(reader_psk(rd, (const uint8_t *)"i\0d", 3, &r), ERR_OK);
		assert_string_equal(r.endpoint, "dev");
		assert_string_equal(r.profile, "eu");
		assert_true(r.enabled);
		assert_int_equal(r.psk_identity_len, 3);
		assert_memory_equal(r.psk_identity, "i\0d", 3);
		assert_int_equal(r.psk_key_len, 3);
		assert_memory_equal(r.psk_key, "\0\1\2", 3);
		assert_string_equal(r.json, "{\"endpoint\":\"dev\"}");
		assert_int_equal(r.json_len, strlen(r.json));
		assert_int_equal(r.lwm2m, 0);
		assert_int_equal(r.format, -1);
	}
	reader_free(rd);
}

static void
absent_columns_are_null(void **state)
{
	struct place *p = *state;
	struct endpoint_row r;
	struct reader *rd = NULL;

	place_open(p, NULL);
	assert_int_equal(reader_new(p->st, &rd), ERR_OK);
	assert_int_equal(put_keys(p->st, &(struct endpoint_keys){ .endpoint = "dev" }, NULL), ERR_OK);
	assert_int_equal(store_commit(p->st), ERR_OK);
	assert_int_equal(reader_endpoint(rd, "dev", &r), ERR_OK);
	assert_null(r.profile);
	assert_false(r.enabled);
	assert_null(r.psk_identity);
	assert_null(r.psk_key);
	assert_int_equal(r.psk_key_len, 0);
	reader_free(rd);
}

static void
absent_names_are_not_found(void **state)
{
	struct place *p = *state;
	struct endpoint_row r = { .json = "untouched" };
	struct reader *rd = NULL;
	uint16_t lwm2m;
	int format;

	place_open(p, NULL);
	assert_int_equal(reader_new(p->st, &rd), ERR_OK);
	assert_int_equal(put(p->st, "dev", NULL), ERR_OK);
	assert_int_equal(store_commit(p->st), ERR_OK);
	assert_int_equal(reader_endpoint(rd, "de", &r), ERR_NOTFOUND);
	assert_int_equal(reader_endpoint(rd, "", &r), ERR_NOTFOUND);
	assert_int_equal(reader_endpoint(rd, "dev\xff", &r), ERR_NOTFOUND);
	assert_int_equal(reader_psk(rd, (const uint8_t *)"dev", 3, &r), ERR_NOTFOUND);
	assert_int_equal(reader_psk(rd, (const uint8_t *)"", 0, &r), ERR_NOTFOUND);
	assert_int_equal(reader_device(rd, "x", &lwm2m, &format), ERR_NOTFOUND);
	assert_string_equal(r.json, "untouched");
	reader_free(rd);
}

static void
each_look_up_sees_what_is_committed(void **state)
{
	struct place *p = *state;
	struct endpoint_row r;
	struct reader *a = NULL, *b = NULL;

	place_open(p, NULL);
	assert_int_equal(reader_new(p->st, &a), ERR_OK);
	assert_int_equal(reader_new(p->st, &b), ERR_OK);
	for (int i = 0; i < 50; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "dev-%d", i);
		assert_int_equal(put(p->st, name, NULL), ERR_OK);
		assert_int_equal(reader_endpoint(a, name, &r), ERR_NOTFOUND);
		assert_int_equal(store_commit(p->st), ERR_OK);
		assert_int_equal(reader_endpoint(a, name, &r), ERR_OK);
		assert_int_equal(reader_endpoint(b, name, &r), ERR_OK);
	}
	assert_int_equal(store_endpoint_remove(p->st, "dev-7"), ERR_OK);
	assert_int_equal(reader_endpoint(a, "dev-7", &r), ERR_OK);
	assert_int_equal(store_commit(p->st), ERR_OK);
	assert_int_equal(reader_endpoint(a, "dev-7", &r), ERR_NOTFOUND);
	reader_free(a);
	reader_free(b);
}

static void
lessons_come_with_the_row_and_without(void **state)
{
	struct place *p = *state;
	struct history h = { .endpoint = "dev", .peer = "p", .scheme = "coap", .reason = "", .cause = "",
		.lwm2m = 0x0101, .format = 0, .format_learnt = true, .known = true };
	struct endpoint_row r;
	struct reader *rd = NULL;
	uint16_t lwm2m = 0;
	int format = -1;
	int64_t seq;

	place_open(p, NULL);
	assert_int_equal(reader_new(p->st, &rd), ERR_OK);
	assert_int_equal(put(p->st, "dev", NULL), ERR_OK);
	assert_int_equal(store_history_add(p->st, &h, &seq), ERR_OK);
	h.endpoint = "by-profile";
	assert_int_equal(store_history_add(p->st, &h, &seq), ERR_OK);
	assert_int_equal(store_commit(p->st), ERR_OK);
	assert_int_equal(reader_endpoint(rd, "dev", &r), ERR_OK);
	assert_int_equal(r.lwm2m, 0x0101);
	assert_int_equal(r.format, 0);
	assert_int_equal(reader_device(rd, "by-profile", &lwm2m, &format), ERR_OK);
	assert_int_equal(lwm2m, 0x0101);
	assert_int_equal(format, 0);
	reader_free(rd);
}

static bool
name_profile(void *arg, const char *profile, const char *json, size_t len)
{
	char *names = arg;
	json_t *doc = json_loadb(json, len, 0, NULL);

	assert_string_equal(json_string_value(json_object_get(doc, "profile")), profile);
	json_decref(doc);
	strncat(names, profile, 8);
	return strlen(names) < 3;
}

static void
generation_moves_when_profiles_are_committed(void **state)
{
	struct place *p = *state;
	struct reader *rd = NULL;
	uint64_t g;
	char names[32] = "";

	place_open(p, NULL);
	assert_int_equal(reader_new(p->st, &rd), ERR_OK);
	g = reader_profile_generation(rd);
	for (int i = 4; i >= 0; i--) {
		json_t *doc = json_pack("{s:s%}", "profile", &"abcde"[i], (size_t)1);
		char name[2] = { "abcde"[i], '\0' };

		assert_int_equal(store_profile_put(p->st, name, doc), ERR_OK);
		json_decref(doc);
	}
	assert_int_equal(reader_profile_generation(rd), g);
	assert_int_equal(reader_profiles(rd, name_profile, names), ERR_OK);
	assert_string_equal(names, "");
	assert_int_equal(store_commit(p->st), ERR_OK);
	assert_int_not_equal(reader_profile_generation(rd), g);
	assert_int_equal(reader_profiles(rd, name_profile, names), ERR_OK);
	assert_string_equal(names, "abc");

	g = reader_profile_generation(rd);
	assert_int_equal(put(p->st, "dev", NULL), ERR_OK);
	assert_int_equal(store_profile_remove(p->st, "none"), ERR_NOTFOUND);
	assert_int_equal(store_commit(p->st), ERR_OK);
	assert_int_equal(reader_profile_generation(rd), g);
	assert_int_equal(store_profile_remove(p->st, "a"), ERR_OK);
	assert_int_equal(store_commit(p->st), ERR_OK);
	assert_int_not_equal(reader_profile_generation(rd), g);
	reader_free(rd);
}

/* Looks up what it was told is committed, in a thread of its own, as a worker does. */
struct worker {
	struct reader	*rd;
	_Atomic int	 committed;	/* names dev-0 … dev-(n-1) are; -1: stop */
	int		 looked, missed, failed;
};

static void *
look_up(void *arg)
{
	struct worker *w = arg;
	int n;

	while ((n = atomic_load(&w->committed)) >= 0) {
		struct endpoint_row r;
		char name[16];
		enum err e;

		(void)snprintf(name, sizeof(name), "dev-%d", n - 1);
		e = n > 0 ? reader_endpoint(w->rd, name, &r) : ERR_OK;
		w->looked++;
		w->missed += e == ERR_NOTFOUND;
		w->failed += e != ERR_OK && e != ERR_NOTFOUND;
		if (e == ERR_OK && n > 0 && strcmp(r.endpoint, name) != 0)
			w->failed++;
	}
	return NULL;
}

/* Enough pages for several checkpoints, so that the log begins anew under the readers. */
static void
workers_see_commits_at_once_and_are_never_stopped(void **state)
{
	struct place *p = *state;
	struct worker w[2] = { 0 };
	char *big = calloc(1, 40001), name[16];
	pthread_t thread[2];
	json_t *doc;

	assert_non_null(big);
	memset(big, 'x', 40000);
	doc = json_pack("{s:s}", "k", big);
	place_open(p, NULL);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(reader_new(p->st, &w[i].rd), ERR_OK);
		assert_int_equal(pthread_create(&thread[i], NULL, look_up, &w[i]), 0);
	}
	for (int i = 0; i < 1200; i++) {
		(void)snprintf(name, sizeof(name), "dev-%d", i);
		assert_int_equal(store_endpoint_put(p->st, &(struct endpoint_keys){ .endpoint = name }, doc,
		    NULL), ERR_OK);
		if (i % 4 != 3)
			continue;
		assert_int_equal(store_commit(p->st), ERR_OK);
		atomic_store(&w[0].committed, i + 1);
		atomic_store(&w[1].committed, i + 1);
	}
	for (int i = 0; i < 2; i++) {
		atomic_store(&w[i].committed, -1);
		assert_int_equal(pthread_join(thread[i], NULL), 0);
		assert_true(w[i].looked > 0);
		assert_int_equal(w[i].missed, 0);
		assert_int_equal(w[i].failed, 0);
		reader_free(w[i].rd);
	}
	json_decref(doc);
	free(big);
}

/* Bytes of address space in use: next to nothing, or terabytes under a sanitizer. */
static rlim_t
address_space(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	char line[64] = "";

	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	(void)fclose(f);
	return strtoull(line, NULL, 10) * (rlim_t)sysconf(_SC_PAGESIZE);
}

/* An address space too small for the mapping: SQLite reads by itself, and nobody is the wiser. */
static void
store_is_read_without_a_mapping_too(void **state)
{
	struct place *p = *state;
	struct endpoint_row r;
	struct reader *rd = NULL;
	struct rlimit old, small;

	assert_int_equal(getrlimit(RLIMIT_AS, &old), 0);
	small = old;
	small.rlim_cur = address_space() + ((rlim_t)8 << 30);
	assert_int_equal(setrlimit(RLIMIT_AS, &small), 0);
	place_open(p, NULL);
	assert_int_equal(reader_new(p->st, &rd), ERR_OK);
	assert_int_equal(setrlimit(RLIMIT_AS, &old), 0);
	assert_int_equal(put(p->st, "dev", NULL), ERR_OK);
	assert_int_equal(store_commit(p->st), ERR_OK);
	assert_int_equal(reader_endpoint(rd, "dev", &r), ERR_OK);
	reader_free(rd);
}

static void
store_in_memory_has_readers_too(void **state)
{
	struct place *p = *state;
	struct endpoint_row r;
	struct reader *rd = NULL;

	place_open(p, &(struct store_opts){ .url = "sqlite::memory:" });
	assert_int_equal(reader_new(p->st, &rd), ERR_OK);
	assert_int_equal(put_psk(p->st, "dev", "id", NULL), ERR_OK);
	assert_int_equal(store_commit(p->st), ERR_OK);
	assert_int_equal(reader_endpoint(rd, "dev", &r), ERR_OK);
	assert_int_equal(reader_psk(rd, (const uint8_t *)"id", 2, &r), ERR_OK);
	assert_string_equal(r.endpoint, "dev");
	assert_int_equal(store_endpoint_remove(p->st, "dev"), ERR_OK);
	assert_int_equal(store_commit(p->st), ERR_OK);
	assert_int_equal(reader_endpoint(rd, "dev", &r), ERR_NOTFOUND);
	reader_free(rd);
	place_close(p);
	assert_int_not_equal(access(p->file, F_OK), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		test_place(found_row_has_every_column),
		test_place(absent_columns_are_null),
		test_place(absent_names_are_not_found),
		test_place(each_look_up_sees_what_is_committed),
		test_place(lessons_come_with_the_row_and_without),
		test_place(generation_moves_when_profiles_are_committed),
		test_place(workers_see_commits_at_once_and_are_never_stopped),
		test_place(store_is_read_without_a_mapping_too),
		test_place(store_in_memory_has_readers_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
