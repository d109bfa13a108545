#include "store/variables.h"

#include <jansson.h>
#include <string.h>

#include "base/arena.h"
#include "store/doc_priv.h"

static bool
name_is_valid(const char *s, size_t len)
{
	if (len == 0 || len > VARIABLES_NAME_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		bool letter = (s[i] >= 'a' && s[i] <= 'z') || (s[i] >= 'A' && s[i] <= 'Z') || s[i] == '_';
		bool other = (s[i] >= '0' && s[i] <= '9') || s[i] == '.' || s[i] == '-';
		if (!letter && (i == 0 || !other))
			return false;
	}
	return true;
}

enum err
variables_read(const struct doc *d, const struct place *at, const json_t *object, struct variables *ret)
{
	char found[DOC_FOUND_MAX];
	struct variables vars = { 0 };
	const char *key;
	json_t *v;

	if (!json_is_object(object))
		return doc_refuse(d, at, "type", "expected an object of strings, found %s",
		    doc_found(object, found));
	vars.v = arena_array(d->arena, json_object_size(object), sizeof(*vars.v));
	if (vars.v == NULL)
		return doc_nomem(d);
	json_object_foreach((json_t *)(uintptr_t)object, key, v) {
		const struct place *here = PLACE_KEY(at, key);
		struct variable *var = &vars.v[vars.n];

		if (!name_is_valid(key, strlen(key)))
			return doc_refuse(d, here, "invalid",
			    "the name of a variable has 1 to %d letters, digits, '_', '.' or '-' "
			    "and begins with a letter or '_'", VARIABLES_NAME_MAX);
		if (strcmp(key, "endpoint") == 0)
			return doc_refuse(d, here, "invalid",
			    "${endpoint} is built in and cannot be set");
		if (json_is_string(v) && json_string_length(v) == 0) {
			var->value = "";
		} else {
			enum err e = doc_text(d, here, v, VARIABLES_VALUE_MAX, &var->value);
			if (e != ERR_OK)
				return e;
		}
		var->name = arena_text(d->arena, key);
		if (var->name == NULL)
			return doc_nomem(d);
		vars.n++;
	}
	*ret = vars;
	return ERR_OK;
}

enum err
variables_join(const struct variables *under, const struct variables *over, struct arena *arena,
    struct variables *ret)
{
	struct variable *both;

	if (under->n == 0 || over->n == 0) {
		*ret = over->n == 0 ? *under : *over;
		return ERR_OK;
	}
	both = arena_array(arena, under->n + over->n, sizeof(*both));
	if (both == NULL)
		return ERR_NOMEM;
	memcpy(both, under->v, under->n * sizeof(*both));
	memcpy(both + under->n, over->v, over->n * sizeof(*both));
	*ret = (struct variables){ .v = both, .n = under->n + over->n };
	return ERR_OK;
}

const char *
variables_find(const struct variables *vars, const char *name, size_t len)
{
	for (size_t i = vars != NULL ? vars->n : 0; i-- > 0;)
		if (strncmp(vars->v[i].name, name, len) == 0 && vars->v[i].name[len] == '\0')
			return vars->v[i].value;
	return NULL;
}

bool
variables_used(const char *text)
{
	return strstr(text, "${") != NULL;
}

/*
 * One pass over the text: counts, and with 'out' writes. On failure *bad is where the
 * offending "${" stands.
 */
static enum err
expand(const char *text, const char *endpoint, const struct variables *vars, char *out, size_t *len,
    const char **bad)
{
	size_t n = 0;

	for (const char *s = text; *s != '\0';) {
		const char *piece = s, *next = s + 1;
		size_t size = 1;

		if (strncmp(s, "$${", 3) == 0) {
			piece = "${";
			size = 2;
			next = s + 3;
		} else if (strncmp(s, "${", 2) == 0) {
			const char *end = strchr(s, '}');
			*bad = s;
			if (end == NULL || !name_is_valid(s + 2, (size_t)(end - s) - 2))
				return ERR_MALFORMED;
			piece = end - s == 10 && memcmp(s + 2, "endpoint", 8) == 0 && endpoint != NULL ?
			    endpoint : variables_find(vars, s + 2, (size_t)(end - s) - 2);
			if (piece == NULL)
				return ERR_NOTFOUND;
			size = strlen(piece);
			next = end + 1;
		}
		if (out != NULL)
			memcpy(out + n, piece, size);
		n += size;
		s = next;
	}
	*len = n;
	return ERR_OK;
}

enum err
config_expand_text(const char *text, const char *endpoint, const struct variables *vars,
    struct arena *arena, const char **ret, struct problem *why)
{
	const char *bad = NULL;
	size_t len = 0;
	char *out;
	enum err e = expand(text, endpoint, vars, NULL, &len, &bad);

	if (e == ERR_NOTFOUND)
		return problem_set(why, e, "unknown-variable", "",
		    "the variable \"%.*s\" is not known: neither the record nor its profile sets it",
		    (int)strcspn(bad + 2, "}"), bad + 2);
	if (e != ERR_OK)
		return problem_set(why, e, "invalid", "",
		    "a \"${\" begins no variable: expected ${name}, or $${ for a literal ${");
	out = arena_alloc(arena, len + 1);
	if (out == NULL)
		return problem_set(why, ERR_NOMEM, "memory", "", "%s", err_text(ERR_NOMEM));
	e = expand(text, endpoint, vars, out, &len, &bad);
	out[len] = '\0';
	*ret = out;
	return e;
}
