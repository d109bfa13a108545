#include "test_bootstrap_rig.h"

#include <unistd.h>

#include "bootstrap/authorise.h"
#include "daemon/numbers.h"
#include "oscore/oscore.h"

/* Records with {"oscore": …}: read, found, believed; and the sequence numbers in the store. */

#define SECRET	"'master_secret':{'hex':'000102030405060708090a0b0c0d0e0f'}"
#define OSCORE(sender, more) \
	"{'oscore':{" SECRET ",'sender_id':{'text':'" sender "'},'recipient_id':{'hex':'01'}" more "}}"

static struct rig rig;

static enum err
put(const char *quoted, char other[256])
{
	json_t *doc = rig_json(quoted);
	struct endpoint_record rec;
	struct problem why;
	struct arena a;
	enum err e;

	arena_init(&a, 4096, 0);
	assert_int_equal(record_endpoint(doc, &a, &rec, &why), ERR_OK);
	e = store_endpoint_put(rig.store, &(struct endpoint_keys){ .endpoint = rec.endpoint,
	    .enabled = rec.enabled, .oscore_id = rec.auth->oscore->key.p,
	    .oscore_id_len = rec.auth->oscore->key.len }, doc, other);
	if (e == ERR_OK)
		assert_int_equal(store_commit(rig.store), ERR_OK);
	arena_fini(&a);
	json_decref(doc);
	return e;
}

static int
open_rig(void **state)
{
	(void)state;
	rig_open(&rig);
	assert_int_equal(put("{'endpoint':'one','auth':" OSCORE("d1", "") ",'config':" RIG_CONFIG "}", NULL),
	    ERR_OK);
	assert_int_equal(put("{'endpoint':'two','auth':" OSCORE("d2", ",'id_context':{'text':'c1'}")
	    ",'config':" RIG_CONFIG "}", NULL), ERR_OK);
	rig_endpoint(&rig, "{'endpoint':'psk','auth':" RIG_PSK("id-1") ",'config':" RIG_CONFIG "}");
	rig_endpoint(&rig, "{'endpoint':'open','auth':{'none':true},'config':" RIG_CONFIG "}");
	return 0;
}

static int
close_rig(void **state)
{
	(void)state;
	rig_close(&rig);
	return 0;
}

/* --- found --- */

static const char *
found(const char *kid, const char *context)
{
	static char name[64];
	struct endpoint_row row;
	enum err e = reader_oscore(rig.reader, (const uint8_t *)kid, strlen(kid), (const uint8_t *)context,
	    strlen(context), &row);

	if (e == ERR_NOTFOUND)
		return "";
	assert_int_equal(e, ERR_OK);
	snprintf(name, sizeof(name), "%s", row.endpoint);
	return name;
}

static void
records_are_found_by_kid_and_context(void **state)
{
	(void)state;
	assert_string_equal(found("d1", ""), "one");
	assert_string_equal(found("d1", "c1"), "");
	assert_string_equal(found("d2", "c1"), "two");
	assert_string_equal(found("d2", ""), "two");	/* the only one of that kid */
	assert_string_equal(found("d", ""), "");
	assert_string_equal(found("", ""), "");
	assert_string_equal(found("d2c1", ""), "");
}

static void
several_of_one_kid_need_their_context(void **state)
{
	(void)state;
	assert_int_equal(put("{'endpoint':'three','auth':" OSCORE("d2", ",'id_context':{'text':'c2'}")
	    ",'config':" RIG_CONFIG "}", NULL), ERR_OK);
	assert_string_equal(found("d2", ""), "");
	assert_string_equal(found("d2", "c1"), "two");
	assert_string_equal(found("d2", "c2"), "three");
	assert_int_equal(put("{'endpoint':'four','auth':" OSCORE("d2", "") ",'config':" RIG_CONFIG "}", NULL),
	    ERR_OK);
	assert_string_equal(found("d2", ""), "four");
}

static void
longest_kid_is_no_end_of_the_index(void **state)
{
	static const uint8_t ff[7] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	struct endpoint_row row;

	(void)state;
	assert_int_equal(put("{'endpoint':'ff','auth':{'oscore':{" SECRET ",'sender_id':{'hex':"
	    "'ffffffffffffff'},'recipient_id':{'hex':''},'id_context':{'hex':'ff'}}},'config':" RIG_CONFIG
	    "}", NULL), ERR_OK);
	assert_int_equal(reader_oscore(rig.reader, ff, 7, NULL, 0, &row), ERR_OK);
	assert_string_equal(row.endpoint, "ff");
}

static void
context_belongs_to_one_endpoint(void **state)
{
	char other[256];

	(void)state;
	assert_int_equal(put("{'endpoint':'five','auth':" OSCORE("d1", "") "}", other), ERR_EXISTS);
	assert_string_equal(other, "one");
	assert_int_equal(put("{'endpoint':'one','auth':" OSCORE("d9", "") "}", other), ERR_OK);
	assert_string_equal(found("d1", ""), "");
	assert_int_equal(put("{'endpoint':'five','auth':" OSCORE("d1", "") "}", other), ERR_OK);
	assert_string_equal(found("d1", ""), "five");
}

static void
context_is_the_mirror_of_the_record(void **state)
{
	static const uint8_t secret[16] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
	struct oscore_id kid = { 2, { 'd', '9' } };
	struct oscore_params p = { .aead = 0 };

	(void)state;
	assert_int_equal(numbers_context(rig.reader, &kid, NULL, 0, &p), ERR_NOTFOUND);
	assert_int_equal(put("{'endpoint':'nine','auth':" OSCORE("d9", ",'master_salt':{'hex':'0a0b'},"
	    "'id_context':{'text':'c9'},'aead_algorithm':'AES-CCM-16-128-128','hmac_algorithm':7") "}", NULL),
	    ERR_OK);
	assert_int_equal(numbers_context(rig.reader, &kid, (const uint8_t *)"c9", 2, &p), ERR_OK);
	assert_int_equal(p.aead, 30);
	assert_int_equal(p.hash, OSCORE_HKDF_SHA_512);
	assert_int_equal(p.recipient.len, 2);
	assert_memory_equal(p.recipient.bytes, "d9", 2);
	assert_int_equal(p.sender.len, 1);
	assert_int_equal(p.sender.bytes[0], 1);
	assert_false(p.without_echo);
	assert_int_equal(p.secret_len, 16);
	assert_memory_equal(p.secret, secret, 16);
	assert_int_equal(p.salt_len, 2);
	assert_int_equal(p.id_context_len, 2);
	assert_memory_equal(p.id_context, "c9", 2);

	assert_int_equal(put("{'endpoint':'nine','auth':" OSCORE("d9", ",'echo':false") "}", NULL), ERR_OK);
	memset(&p, 0, sizeof(p));
	assert_int_equal(numbers_context(rig.reader, &kid, NULL, 0, &p), ERR_OK);
	assert_true(p.without_echo);
	assert_int_equal(p.aead, 10);
	assert_int_equal(p.hash, OSCORE_HKDF_SHA_256);
}

/* --- believed --- */

static char reason[400];

static const char *
asked(const char *ep, enum link_scheme scheme, const char *key)
{
	static char name[64];
	static const struct identity nobody = { .kind = IDENTITY_NONE };
	static const struct identity psk = { .kind = IDENTITY_PSK, .p = (const uint8_t *)"id-1", .len = 4 };
	struct authorise_request req = { .ep = ep, .scheme = scheme,
		.identity = scheme == LINK_COAPS ? &psk : &nobody, .oscore = (const uint8_t *)key,
		.oscore_len = key != NULL ? strlen(key) : 0 };
	struct problem why = { .text = "" };
	struct resolved res;
	struct arena arena;
	const char *said = NULL;
	enum verdict v;

	arena_init(&arena, 1024, 0);
	v = authorise(&req, rig.reader, rig.resolver, &arena, &res, &said, &why);
	snprintf(name, sizeof(name), "%s", v == VERDICT_ALLOWED ? res.endpoint : verdict_reason(v));
	snprintf(reason, sizeof(reason), "%s", why.text);
	if (v == VERDICT_ALLOWED)
		resolved_release(&res);
	arena_fini(&arena);
	return name;
}

static void
context_of_the_record_is_believed_over_any_link(void **state)
{
	(void)state;
	assert_string_equal(asked("one", LINK_COAP, "\2d1"), "one");
	assert_string_equal(asked("one", LINK_COAPS, "\2d1"), "one");
	assert_string_equal(asked("one", LINK_COAP_TCP, "\2d1"), "one");
	assert_string_equal(asked("two", LINK_COAP, "\2d2c1"), "two");
}

static void
missing_name_is_that_of_the_context(void **state)
{
	(void)state;
	assert_string_equal(asked(NULL, LINK_COAP, "\2d1"), "one");
	assert_string_equal(asked(NULL, LINK_COAP, "\2d2c1"), "two");
	assert_string_equal(asked(NULL, LINK_COAP, "\2d7"), "not-authorised");
}

static void
other_proof_than_the_records_is_refused(void **state)
{
	(void)state;
	assert_string_equal(asked("one", LINK_COAP, NULL), "not-authorised");
	assert_string_equal(reason, "the record asks for OSCORE, but the request came without");
	assert_string_equal(asked("one", LINK_COAPS, NULL), "not-authorised");
	assert_string_equal(asked("one", LINK_COAP, "\2d2c1"), "not-authorised");
	assert_string_equal(reason, "the endpoint name belongs to another OSCORE context");
	assert_string_equal(asked("open", LINK_COAP, "\2d1"), "not-authorised");
	assert_string_equal(asked("psk", LINK_COAPS, NULL), "psk");
	assert_string_equal(asked("psk", LINK_COAPS, "\2d1"), "not-authorised");
	assert_string_equal(asked("nobody", LINK_COAP, "\2d1"), "unknown-endpoint");
}

/* --- numbers --- */

static void
numbers_are_reserved_on_disk_before_they_are_used(void **state)
{
	char path[] = "/tmp/strapd-numbers-XXXXXX", url[80], beside[96];
	static const char *const suffixes[] = { "", "-wal", "-shm", ".lock" };
	struct problem why;
	uint64_t last = 0;

	(void)state;
	assert_non_null(mkdtemp(path));
	snprintf(url, sizeof(url), "sqlite:%s/db", path);
	for (unsigned life = 0; life < 3; life++) {
		struct numbers *n;
		struct store *st;
		uint64_t v;

		assert_int_equal(store_open(&(struct store_opts){ .url = url, .loop = rig.loop }, &st, &why),
		    ERR_OK);
		assert_int_equal(numbers_new(rig.loop, st, &n, &why), ERR_OK);
		assert_int_equal(oscore_numbers_take(numbers_of(n), &v), ERR_OK);
		assert_true(life == 0 || v > last);
		assert_true(v < store_numbers_reserved(st));
		for (unsigned i = 0; i < 100; i++)
			assert_int_equal(oscore_numbers_take(numbers_of(n), &last), ERR_OK);
		/* a reservation that is not committed is none, also for the next life */
		assert_int_equal(store_numbers_reserve(st, 5000), ERR_OK);
		assert_int_equal(store_numbers_reserved(st), (life + 1) * OSCORE_RESERVE);
		numbers_free(n);
		store_close(st);
	}
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		snprintf(beside, sizeof(beside), "%s/db%s", path, suffixes[i]);
		unlink(beside);
	}
	rmdir(path);
}

struct patient {
	struct numbers	*n;
	struct timer	 timer;
	uint64_t	 got;
};

static void
try_again(void *arg)
{
	struct patient *p = arg;

	if (oscore_numbers_take(numbers_of(p->n), &p->got) == ERR_OK)
		loop_stop(rig.loop);
	else
		timer_set(rig.loop, &p->timer, 1);
}

static void
numbers_run_on_when_half_are_used(void **state)
{
	struct patient p = { .got = 0 };
	struct problem why;
	struct store *st;
	uint64_t v;

	(void)state;
	assert_int_equal(store_open(&(struct store_opts){ .url = "sqlite::memory:", .loop = rig.loop }, &st,
	    &why), ERR_OK);
	assert_int_equal(numbers_new(rig.loop, st, &p.n, &why), ERR_OK);
	for (uint64_t i = 0; i < OSCORE_RESERVE; i++) {
		assert_int_equal(oscore_numbers_take(numbers_of(p.n), &v), ERR_OK);
		assert_int_equal(v, i);
	}
	assert_int_equal(oscore_numbers_take(numbers_of(p.n), &v), ERR_BUSY);
	timer_init(&p.timer, try_again, &p);
	timer_set(rig.loop, &p.timer, 1);
	assert_int_equal(loop_run(rig.loop), ERR_OK);
	assert_int_equal(p.got, OSCORE_RESERVE);
	assert_int_equal(store_numbers_reserved(st), 2 * OSCORE_RESERVE);
	numbers_free(p.n);
	store_close(st);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_rig, close_rig)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(records_are_found_by_kid_and_context),
		TEST(several_of_one_kid_need_their_context),
		TEST(longest_kid_is_no_end_of_the_index),
		TEST(context_belongs_to_one_endpoint),
		TEST(context_is_the_mirror_of_the_record),
		TEST(context_of_the_record_is_believed_over_any_link),
		TEST(missing_name_is_that_of_the_context),
		TEST(other_proof_than_the_records_is_refused),
		TEST(numbers_are_reserved_on_disk_before_they_are_used),
		TEST(numbers_run_on_when_half_are_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
