#include <stdarg.h>
#include <stdio.h>

#include "base/problem.h"
#include "base/text.h"

/* Like snprintf(), but what had to be cut does not end inside a UTF-8 character. */
static void
trim(char *s, size_t len)
{
	size_t i = 0, n;

	while (i < len && (n = text_utf8(s + i, len - i)) > 0)
		i += n;
	if (len - i < 4)	/* only a cut character is taken off; other bytes stay as given */
		s[i] = '\0';
}

enum err
problem_set(struct problem *p, enum err e, const char *reason, const char *where,
    const char *fmt, ...)
{
	va_list ap;
	int n;

	snprintf(p->reason, sizeof(p->reason), "%s", reason);
	n = snprintf(p->where, sizeof(p->where), "%s", where);
	if (n >= (int)sizeof(p->where))
		trim(p->where, sizeof(p->where) - 1);
	va_start(ap, fmt);
	n = vsnprintf(p->text, sizeof(p->text), fmt, ap);
	va_end(ap);
	if (n >= (int)sizeof(p->text))
		trim(p->text, sizeof(p->text) - 1);
	return e;
}
