#include "store/match.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

struct match
match_of(const char *glob, const char *profile, void *arg)
{
	struct match m = { .glob = glob, .profile = profile, .arg = arg };
	bool wild = false;

	m.prefix = strcspn(glob, "*?\\");
	for (const char *s = glob; *s != '\0'; s++) {
		wild = *s == '*' || *s == '?';
		if (*s == '\\' && s[1] != '\0')
			s++;
		m.literal += !wild;
	}
	return m;
}

static int
compare(const void *a, const void *b)
{
	const struct match *x = a, *y = b;
	size_t x_len = strlen(x->glob), y_len = strlen(y->glob);

	if (x->literal != y->literal)
		return x->literal > y->literal ? -1 : 1;
	if (x_len != y_len)
		return x_len > y_len ? -1 : 1;
	return strcmp(x->profile, y->profile);
}

void
match_sort(struct match *m, size_t n)
{
	if (n > 1)
		qsort(m, n, sizeof(*m), compare);
}

const struct match *
match_find(const struct match *m, size_t n, const char *endpoint)
{
	for (size_t i = 0; i < n; i++)
		if (strncmp(m[i].glob, endpoint, m[i].prefix) == 0 && text_glob(m[i].glob, endpoint))
			return &m[i];
	return NULL;
}
