#include "test_records.h"

#include <dirent.h>

#include "store/keys_priv.h"
#include "store/merge.h"
#include "store/record.h"

/*
 * The files of schema/json and the code say the same: their keys and words are equal, what stands in
 * examples/ is taken, and what stands in bad/ is refused where it says.
 */

static json_t *
load(const char *dir, const char *name)
{
	char path[512];
	json_error_t error;
	json_t *v;

	snprintf(path, sizeof(path), "schema/json/%s%s", dir, name);
	v = json_load_file(path, 0, &error);
	if (v == NULL)
		fail_msg("%s: %s", path, error.text);
	return v;
}

/* "#/$defs/account" … of the schema itself; NULL-terminated keys lead to the place. */
static json_t *
at(json_t *schema, const char *const *keys)
{
	for (; *keys != NULL; keys++)
		schema = json_object_get(schema, *keys);
	return schema;
}
#define AT(schema, ...)	at((schema), (const char *const[]){ __VA_ARGS__, NULL })

static bool
among(const char *word, const char *const *words)
{
	while (*words != NULL && strcmp(word, *words) != 0)
		words++;
	return *words != NULL;
}

static void
assert_same_keys(const char *what, json_t *object, const char *const *keys)
{
	const char *key;
	json_t *v;

	if (!json_is_object(object))
		fail_msg("%s: there is no such object", what);
	json_object_foreach(object, key, v)
		if (!among(key, keys))
			fail_msg("%s: \"%s\" stands in the schema only", what, key);
	for (; *keys != NULL; keys++)
		if (json_object_get(object, *keys) == NULL)
			fail_msg("%s: \"%s\" is missing in the schema", what, *keys);
}

static void
assert_same_words(const char *what, json_t *list, const char *const *words)
{
	size_t n = 0;

	while (words[n] != NULL)
		n++;
	if (json_array_size(list) != n)
		fail_msg("%s: %zu words in the schema, %zu in the code", what, json_array_size(list), n);
	for (size_t i = 0; i < n; i++)
		assert_true(among(json_string_value(json_array_get(list, i)), words));
}

static void
keys_of_records_are_those_of_the_schema(void **state)
{
	json_t *endpoint = load("", "endpoint.schema.json"), *profile = load("", "profile.schema.json");
	json_t *auth = load("", "auth.schema.json");

	(void)state;
	assert_same_keys("endpoint", AT(endpoint, "properties"), keys_endpoint);
	assert_same_keys("profile", AT(profile, "properties"), keys_profile);
	assert_same_words("quirks", AT(endpoint, "properties", "quirks", "items", "enum"), words_quirks);
	assert_same_words("quirks", AT(profile, "properties", "quirks", "items", "enum"), words_quirks);
	assert_same_keys("auth", AT(auth, "properties"), keys_auth);
	assert_same_keys("psk", AT(auth, "properties", "psk", "properties"), keys_auth_psk);
	assert_same_keys("certificate", AT(auth, "properties", "certificate", "properties"),
	    keys_auth_certificate);
	assert_same_keys("public_key", AT(auth, "properties", "public_key", "properties"),
	    keys_auth_public_key);
	assert_same_keys("oscore", AT(auth, "properties", "oscore", "properties"), keys_auth_oscore);
	json_decref(endpoint);
	json_decref(profile);
	json_decref(auth);
}

static void
keys_of_configs_are_those_of_the_schema(void **state)
{
	static const struct {
		const char *name;
		const char *const *keys;
	} parts[] = {
		{ "account", keys_server_account }, { "security", keys_security },
		{ "bootstrap_server", keys_bootstrap_server }, { "server", keys_server },
		{ "access_control", keys_access_control }, { "oscore", keys_oscore },
		{ "write", keys_write },
	};
	json_t *config = load("", "config.schema.json");

	(void)state;
	assert_same_keys("config", AT(config, "properties"), keys_config);
	assert_same_keys("on_error", AT(config, "properties", "on_error", "properties"), keys_on_error);
	assert_same_words("discover", AT(config, "properties", "discover", "enum"), words_discover);
	assert_same_words("format", AT(config, "properties", "format", "enum"), words_format);
	assert_same_words("on_error", AT(config, "properties", "on_error", "properties", "write", "enum"),
	    words_on_error);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		assert_same_keys(
		    parts[i].name, AT(config, "$defs", parts[i].name, "properties"), parts[i].keys);
	assert_int_equal(json_object_size(AT(config, "$defs")), sizeof(parts) / sizeof(parts[0]));
	json_decref(config);
}

static void
forms_of_binary_values_are_those_of_the_schema(void **state)
{
	json_t *binary = load("", "binary.schema.json"), *form;
	size_t i, n = 0;

	(void)state;
	while (keys_binary[n] != NULL)
		n++;
	assert_int_equal(json_array_size(AT(binary, "oneOf")), n);
	json_array_foreach(AT(binary, "oneOf"), i, form)
		assert_true(among(json_string_value(json_array_get(AT(form, "required"), 0)), keys_binary));
	json_decref(binary);
}

/* The list of words somewhere below, such as in {"oneOf":[{"enum":[…]}, …]}. */
static json_t *
words_below(json_t *v)
{
	json_t *member, *found = json_object_get(v, "enum");
	const char *key;
	size_t i;

	json_object_foreach(v, key, member)
		found = found != NULL ? found : words_below(member);
	json_array_foreach(v, i, member)
		found = found != NULL ? found : words_below(member);
	return found;
}

static void
check_table(const struct config_key *table, size_t n, const char *const *keys, json_t *properties)
{
	for (size_t i = 0; i < n; i++) {
		json_t *property = json_object_get(properties, table[i].name);
		const char *description = json_string_value(json_object_get(property, "description"));
		const char *words[32] = { NULL };

		if (!among(table[i].name, keys))
			fail_msg("\"%s\" is in the table only", table[i].name);
		if (description == NULL || atoi(description) != table[i].rid)
			fail_msg("the description of \"%s\" begins with its resource", table[i].name);
		for (size_t k = 0; table[i].words != NULL && table[i].words[k].name != NULL; k++)
			words[k] = table[i].words[k].name;
		if (table[i].words != NULL)
			assert_same_words(table[i].name, words_below(property), words);
		else
			assert_null(words_below(property));
	}
	for (size_t i = 0; keys[i] != NULL; i++) {
		size_t k = 0;
		while (k < n && strcmp(table[k].name, keys[i]) != 0)
			k++;
		if (k == n)
			fail_msg("\"%s\" is missing in the table", keys[i]);
	}
}

static void
tables_of_resources_fit_keys_and_schema(void **state)
{
	json_t *config = load("", "config.schema.json");
	const struct config_key *table;
	size_t n;

	(void)state;
	table = config_security_keys(&n);
	check_table(table, n, keys_security, AT(config, "$defs", "security", "properties"));
	table = config_server_keys(&n);
	check_table(table, n, keys_server, AT(config, "$defs", "server", "properties"));
	for (size_t i = 0; i < n; i++)
		assert_non_null(objdefs_resource(the_objects(), 1, table[i].rid));
	json_decref(config);
}

/* As when it is stored, but without a profile. */
static enum err
take(json_t *record, struct arena *arena, struct problem *why)
{
	struct endpoint_record endpoint;
	struct profile_record profile;
	struct config *config;
	json_t *merged;
	enum err e;

	if (json_object_get(record, "profile") != NULL && json_object_get(record, "endpoint") == NULL)
		return record_profile(record, the_objects(), arena, &profile, why);
	e = record_endpoint(record, arena, &endpoint, why);
	if (e != ERR_OK || endpoint.config == NULL)
		return e;
	merged = merge_patch(NULL, endpoint.config);
	e = config_parse(merged, the_objects(), &endpoint.variables, "/config", arena, &config, why);
	json_decref(merged);
	return e;
}

static void
check_example(const char *name, json_t *doc)
{
	struct problem why = { 0 };
	struct arena arena;

	arena_init(&arena, 4096, 0);
	if (take(doc, &arena, &why) != ERR_OK)
		fail_msg("%s: refused at %s: %s", name, why.where, why.text);
	arena_fini(&arena);
}

static void
check_bad(const char *name, json_t *doc)
{
	const char *where = json_string_value(AT(doc, "expect", "pointer"));
	const char *reason = json_string_value(AT(doc, "expect", "reason"));
	struct problem why = { 0 };
	struct arena arena;

	arena_init(&arena, 4096, 0);
	if (where == NULL || reason == NULL)
		fail_msg("%s: expects nothing", name);
	if (take(AT(doc, "record"), &arena, &why) != ERR_INVALID)
		fail_msg("%s: was taken", name);
	if (strcmp(why.where, where) != 0 || strcmp(why.reason, reason) != 0)
		fail_msg("%s: refused at %s (%s): %s", name, why.where, why.reason, why.text);
	arena_fini(&arena);
}

static size_t
each_file(const char *dir, void (*check)(const char *name, json_t *doc))
{
	char path[64];
	struct dirent *entry;
	size_t n = 0;
	DIR *d;

	snprintf(path, sizeof(path), "schema/json/%s", dir);
	d = opendir(path);
	assert_non_null(d);
	while ((entry = readdir(d)) != NULL) {
		size_t len = strlen(entry->d_name);
		json_t *doc;
		if (len < 5 || strcmp(entry->d_name + len - 5, ".json") != 0)
			continue;
		doc = load(dir, entry->d_name);
		check(entry->d_name, doc);
		json_decref(doc);
		n++;
	}
	closedir(d);
	return n;
}

static void
every_example_is_taken(void **state)
{
	(void)state;
	assert_true(each_file("examples/", check_example) >= 16);
}

static void
every_bad_record_is_refused_where_it_says(void **state)
{
	(void)state;
	assert_true(each_file("bad/", check_bad) >= 31);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_of_records_are_those_of_the_schema),
		cmocka_unit_test(keys_of_configs_are_those_of_the_schema),
		cmocka_unit_test(forms_of_binary_values_are_those_of_the_schema),
		cmocka_unit_test(tables_of_resources_fit_keys_and_schema),
		cmocka_unit_test(every_example_is_taken),
		cmocka_unit_test(every_bad_record_is_refused_where_it_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
