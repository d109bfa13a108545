#include <string.h>

#include "base/text.h"
#include "ctl/args.h"

static const struct opt *
by_name(const struct opt *list, const char *name, size_t len)
{
	for (; list->name != NULL; list++)
		if (strlen(list->name) == len && memcmp(list->name, name, len) == 0)
			return list;
	return NULL;
}

static const struct opt *
by_letter(const struct opt *list, char letter)
{
	for (; list->name != NULL; list++)
		if (list->letter == letter)
			return list;
	return NULL;
}

static const char *
nearest(const struct opt *list, const char *name, size_t *distance, const char *best)
{
	for (; list->name != NULL; list++) {
		size_t d = text_distance(list->name, name);
		if (d < *distance) {
			*distance = d;
			best = list->name;
		}
	}
	return best;
}

static enum err
unknown(const char *arg, const struct opt *own, const struct opt *global, struct problem *why)
{
	const char *name = arg + strspn(arg, "-");
	size_t distance = strlen(name) <= 32 ? 4 : 0;
	const char *best = nearest(own, name, &distance, NULL);

	best = nearest(global, name, &distance, best);
	if (best != NULL)
		return problem_set(why, ERR_INVALID, "usage", "", 
		    "There is no option %.80s; did you mean --%s?", arg, best);
	return problem_set(why, ERR_INVALID, "usage", "", "There is no option %.80s here.", arg);
}

static enum err
add(struct args *a, const struct opt *o, const char *value, struct problem *why)
{
	if (a->nopts == ARGS_MAX)
		return problem_set(why, ERR_INVALID, "usage", "", "More than %d options.", ARGS_MAX);
	a->opts[a->nopts].name = o->name;
	a->opts[a->nopts++].value = value;
	return ERR_OK;
}

/* One option, "--name", "--name=value" or "-x"; *next is the argument behind it, or NULL. */
static enum err
read_option(const char *arg, const char *next, const struct opt *own, const struct opt *global,
    struct args *a, bool *took_next, struct problem *why)
{
	bool is_long = arg[1] == '-';
	const char *eq = is_long ? strchr(arg, '=') : NULL;
	size_t len = eq != NULL ? (size_t)(eq - arg) - 2 : strlen(arg) - 2;
	const struct opt *o = NULL;

	if (is_long && (o = by_name(own, arg + 2, len)) == NULL)
		o = by_name(global, arg + 2, len);
	if (!is_long && arg[2] == '\0' && (o = by_letter(own, arg[1])) == NULL)
		o = by_letter(global, arg[1]);
	if (o == NULL)
		return unknown(arg, own, global, why);
	if (o->arg == NULL && eq != NULL)
		return problem_set(why, ERR_INVALID, "usage", "", "--%s takes no argument.", o->name);
	if (o->arg == NULL || eq != NULL)
		return add(a, o, eq != NULL ? eq + 1 : NULL, why);
	if (next == NULL)
		return problem_set(why, ERR_INVALID, "usage", "", "--%s needs its argument: --%s %s.",
		    o->name, o->name, o->arg);
	*took_next = true;
	return add(a, o, next, why);
}

static enum err
add_word(struct args *a, const char *word, struct problem *why)
{
	if (a->nwords == ARGS_MAX)
		return problem_set(why, ERR_INVALID, "usage", "", "More than %d words.", ARGS_MAX);
	a->words[a->nwords++] = word;
	return ERR_OK;
}

enum err
args_read(struct argline *line, const struct opt *own, const struct opt *global, size_t words,
    struct args *a, struct problem *why)
{
	bool over = false;

	while (line->at < line->argc && (words == 0 || a->nwords < words)) {
		const char *arg = line->argv[line->at++];
		const char *next = line->at < line->argc ? line->argv[line->at] : NULL;
		bool took_next = false;
		enum err e = ERR_OK;
		if (!over && strcmp(arg, "--") == 0)
			over = true;
		else if (over || arg[0] != '-' || arg[1] == '\0')
			e = add_word(a, arg, why);
		else
			e = read_option(arg, next, own, global, a, &took_next, why);
		if (e != ERR_OK)
			return e;
		line->at += took_next;
	}
	return ERR_OK;
}

const char *
args_nth(const struct args *a, const char *name, size_t i)
{
	for (size_t k = 0; k < a->nopts; k++)
		if (strcmp(a->opts[k].name, name) == 0 && i-- == 0)
			return a->opts[k].value;
	return NULL;
}

const char *
args_value(const struct args *a, const char *name)
{
	const char *value = NULL;

	for (size_t k = 0; k < a->nopts; k++)
		if (strcmp(a->opts[k].name, name) == 0)
			value = a->opts[k].value;
	return value;
}

bool
args_has(const struct args *a, const char *name)
{
	for (size_t k = 0; k < a->nopts; k++)
		if (strcmp(a->opts[k].name, name) == 0)
			return true;
	return false;
}
