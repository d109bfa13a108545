#include "daemon/settings.h"

#include <assert.h>
#include <errno.h>
#include <ini.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/text.h"
#include "daemon/settings_table.h"

#define DEFAULT_FILE	"/etc/strapd/strapd.conf"

/* Where a value came from, for the message about it. */
struct source {
	FILE		*out;
	const char	*file;		/* NULL: a --set */
	int		 line;
	int		 errors;
	FILE		*in;
	bool		 cut;		/* the line just read was longer than inih takes */
	const struct setting *last;	/* a continued line belongs to it */
	int		 last_line;
};

static void
complain(struct source *s, const char *key, const char *what, const char *valid)
{
	if (s->file != NULL)
		fprintf(s->out, "%s:%d: ", s->file, s->line);
	else
		fputs("--set ", s->out);
	fprintf(s->out, "%s: %s%s%s\n", key, what, valid[0] != '\0' ? "; valid: " : "", valid);
	s->errors++;
}

/* The closest of the known words, for "did you mean". */
static const char *
closest(const char *word, bool sections, const char *section)
{
	const char *best = "";
	size_t least = 4;	/* farther off than that is no typo */

	for (const struct setting *t = settings_table; t->section != NULL; t++) {
		const char *name = sections ? t->section : t->key;
		if (!sections && strcmp(t->section, section) != 0)
			continue;
		size_t d = text_distance(word, name);
		if (d < least) {
			least = d;
			best = name;
		}
	}
	return best;
}

static const struct setting *
find(struct source *s, const char *section, const char *key)
{
	char full[128], valid[128];
	bool known = false;

	for (const struct setting *t = settings_table; t->section != NULL; t++) {
		if (strcmp(t->section, section) != 0)
			continue;
		if (strcmp(t->key, key) == 0)
			return t;
		known = true;
	}
	const char *guess = closest(known ? key : section, !known, section);
	snprintf(full, sizeof(full), "%s%s%s", known ? section : "[", known ? "." : section,
	    known ? key : "]");
	snprintf(valid, sizeof(valid), "%s%s%s", guess[0] != '\0' ? "did you mean \"" : "",
	    guess, guess[0] != '\0' ? "\"?" : "");
	complain(s, full, known ? "no such setting" : "no such section", valid);
	return NULL;
}

static bool
parse_number(const char *text, uint64_t *ret)
{
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	uint64_t v = strtoull(text, &end, 10);
	if (errno != 0 || *end != '\0')
		return false;
	*ret = v;
	return true;
}

static bool
parse_choice(const char *text, const char *const *choices, uint64_t *ret)
{
	for (uint64_t i = 0; choices[i] != NULL; i++) {
		if (strcmp(text, choices[i]) == 0) {
			*ret = i;
			return true;
		}
	}
	return false;
}

/* Space-separated addresses; the word "off", or nothing, is none. */
static bool
parse_listen(const char *text, struct settings_listen *ret)
{
	struct settings_listen l = { .n = 0 };
	const char *p = text;

	if (strcmp(text, "off") == 0)
		p = "";
	for (;;) {
		char word[ADDR_TEXT_MAX];
		p += strspn(p, " \t\n,");
		size_t n = strcspn(p, " \t\n,");
		if (n == 0)
			break;
		if (n >= sizeof(word) || l.n == SETTINGS_LISTEN_MAX)
			return false;
		memcpy(word, p, n);
		word[n] = '\0';
		if (addr_parse(word, &l.v[l.n]) != ERR_OK)
			return false;
		l.n++;
		p += n;
	}
	*ret = l;
	return true;
}

static bool
parse_real(const char *text, double *ret)
{
	char *end;

	errno = 0;
	double v = strtod(text, &end);
	if (errno != 0 || *end != '\0' || end == text)
		return false;
	*ret = v;
	return true;
}

static bool
assign(struct settings *st, const struct setting *t, const char *text)
{
	void *field = (char *)st + t->offset;
	uint64_t v = 0;
	double real = 0;

	switch (t->kind) {
	case SETTING_LISTEN:
		return parse_listen(text, field);
	case SETTING_TEXT:
		if (strlen(text) >= SETTINGS_TEXT_MAX)
			return false;
		memcpy(field, text, strlen(text) + 1);
		return true;
	case SETTING_REAL:
		if (!parse_real(text, &real) || real < (double)t->min || real > (double)t->max)
			return false;
		*(double *)field = real;
		return true;
	case SETTING_LATER:
		return text[0] == '\0' || strcmp(text, "off") == 0;
	case SETTING_DURATION:
		if (text_duration(text, &v) != ERR_OK)
			return false;
		break;
	case SETTING_NUMBER:
		if (!parse_number(text, &v))
			return false;
		break;
	case SETTING_POWER:
		if (!parse_number(text, &v) || (v & (v - 1)) != 0)
			return false;
		break;
	case SETTING_CHOICE:
		if (!parse_choice(text, t->choices, &v))
			return false;
		*(uint64_t *)field = v;
		return true;
	}
	if (v < t->min || v > t->max)
		return false;
	*(uint64_t *)field = v;
	return true;
}

static void
set(struct settings *st, struct source *s, const struct setting *t, const char *text)
{
	char full[128], what[SETTINGS_TEXT_MAX + 32];

	if (assign(st, t, text))
		return;
	snprintf(full, sizeof(full), "%s.%s", t->section, t->key);
	snprintf(what, sizeof(what), "\"%.*s\" cannot be used", SETTINGS_TEXT_MAX, text);
	complain(s, full, what, t->valid);
}

static int
on_pair(void *arg, const char *section, const char *key, const char *value)
{
	struct { struct settings *st; struct source *s; } *both = arg;
	struct source *s = both->s;
	const struct setting *t = find(s, section, key);

	if (t != NULL && s->last == t && s->last_line != s->line)
		complain(s, t->key, "given twice, or continued on an indented line", "one line a setting");
	else if (t != NULL)
		set(both->st, s, t, value);
	s->last = t;
	s->last_line = s->line;
	return 1;
}

/* For inih: as fgets(), and counts, because inih does not tell its handler the line. */
static char *
next_line(char *buf, int size, void *stream)
{
	struct source *s = stream;
	char *line = fgets(buf, size, s->in);

	if (line == NULL)
		return NULL;
	if (!s->cut)
		s->line++;
	s->cut = strchr(line, '\n') == NULL && !feof(s->in);
	if (s->cut)
		complain(s, "line", "longer than can be read", "at most 198 characters");
	return line;
}

/* Whoever writes the settings names the store and the group that may change it. */
static bool
is_open_to_all(FILE *f)
{
	struct stat st;

	return fstat(fileno(f), &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & S_IWOTH) != 0;
}

static enum err
read_file(struct settings *st, struct source *s, const char *file)
{
	struct { struct settings *st; struct source *s; } both = { st, s };
	const char *name = file != NULL ? file : DEFAULT_FILE;

	s->in = fopen(name, "re");
	if (s->in == NULL && file == NULL && errno == ENOENT)
		return ERR_OK;
	if (s->in == NULL) {
		fprintf(s->out, "%s: cannot be read: %s\n", name, strerror(errno));
		return ERR_IO;
	}
	if (is_open_to_all(s->in)) {
		fprintf(s->out, "%s: every user may write it, so it is not to be trusted: chmod o-w it\n",
		    name);
		fclose(s->in);
		return ERR_DENIED;
	}
	s->file = name;
	int bad = ini_parse_stream(next_line, s, on_pair, &both);
	fclose(s->in);
	if (bad > 0 && s->errors == 0) {
		s->line = bad;
		complain(s, "line", "is neither a [section] nor key = value", "");
	}
	s->file = NULL;
	return ERR_OK;
}

/* "section.key=value"; the section may hold a '+', the value anything. */
static void
read_set(struct settings *st, struct source *s, const char *text)
{
	char section[64], key[64];
	const char *dot = strchr(text, '.'), *eq = strchr(text, '=');

	if (dot == NULL || eq == NULL || dot > eq || (size_t)(dot - text) >= sizeof(section) ||
	    (size_t)(eq - dot - 1) >= sizeof(key)) {
		complain(s, text, "is not SECTION.KEY=VALUE", "such as coap.listen=127.0.0.1:5783");
		return;
	}
	memcpy(section, text, (size_t)(dot - text));
	section[dot - text] = '\0';
	memcpy(key, dot + 1, (size_t)(eq - dot - 1));
	key[eq - dot - 1] = '\0';
	const struct setting *t = find(s, section, key);
	if (t != NULL)
		set(st, s, t, eq + 1);
}

enum err
settings_load(const char *file, const char *const *sets, size_t nsets, FILE *out,
    struct settings *ret)
{
	struct settings st = { 0 };
	struct source s = { .out = out };

	for (const struct setting *t = settings_table; t->section != NULL; t++) {
		bool ok = assign(&st, t, t->initial);
		assert(ok);	/* a default of ours */
		(void)ok;
	}
	enum err e = read_file(&st, &s, file);
	for (size_t i = 0; i < nsets; i++)
		read_set(&st, &s, sets[i]);
	if (s.errors == 0 && st.coap.n + st.coaps.n + st.coap_tcp.n + st.coaps_tcp.n == 0)
		complain(&s, "coap.listen, coaps.listen", "all are off: no device could ever call",
		    "an address for one of them");
	if (s.errors > 0)
		return ERR_INVALID;
	if (e == ERR_OK)
		*ret = st;
	return e;
}

static size_t
field_size(const struct setting *t)
{
	switch (t->kind) {
	case SETTING_LISTEN:
		return sizeof(struct settings_listen);
	case SETTING_TEXT:
		return SETTINGS_TEXT_MAX;
	case SETTING_LATER:
		return 0;
	case SETTING_REAL:
	case SETTING_DURATION:
	case SETTING_NUMBER:
	case SETTING_POWER:
	case SETTING_CHOICE:
		break;
	}
	return sizeof(uint64_t);
}

void
settings_take_over(struct settings *now, const struct settings *fresh,
    void (*told)(void *arg, const char *key, bool taken), void *arg)
{
	char full[128];

	for (const struct setting *t = settings_table; t->section != NULL; t++) {
		char *to = (char *)now + t->offset;
		const char *from = (const char *)fresh + t->offset;
		if (memcmp(to, from, field_size(t)) == 0)
			continue;
		if (t->reloadable)
			memcpy(to, from, field_size(t));
		snprintf(full, sizeof(full), "%s.%s", t->section, t->key);
		told(arg, full, t->reloadable);
	}
}

void
settings_print_example(FILE *out)
{
	const char *section = "";

	fputs("# strapd.conf(5). What is commented out shows the default.\n", out);
	for (const struct setting *t = settings_table; t->section != NULL; t++) {
		if (strcmp(section, t->section) != 0)
			fprintf(out, "\n[%s]\n", t->section);
		section = t->section;
		fprintf(out, "# %s\n# %s.\n#%s = %s\n", t->meaning, t->valid, t->key, t->initial);
	}
}
