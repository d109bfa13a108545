#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ctl/tab.h"

#define GAP		2	/* columns between columns */
#define WIDEST		60	/* of a column when others are lined up behind it */

struct cell {
	char		*text;		/* owned, harmless */
	enum colour	 colour;
};

struct tab {
	FILE			*out;
	bool			 colour, headed;
	const char *const	*heads;
	size_t			 ncols, *widths;
	struct cell		*cells;		/* of rows not printed yet */
	size_t			 n, cap;
	size_t			 rows;
};

static const char *const codes[] = {
	[COLOUR_NONE] = "", [COLOUR_BOLD] = "\033[1m", [COLOUR_DIM] = "\033[2m",
	[COLOUR_GREEN] = "\033[32m", [COLOUR_YELLOW] = "\033[33m", [COLOUR_RED] = "\033[31m",
	[COLOUR_BLUE] = "\033[34m",
};

/* One character of UTF-8 and its length; broken bytes are 0xfffd and 1. */
static uint32_t
decode(const char *s, size_t *len)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const uint8_t *p = (const uint8_t *)s;
	size_t n = p[0] < 0x80 ? 1 : (p[0] & 0xe0) == 0xc0 ? 2 : (p[0] & 0xf0) == 0xe0 ? 3 :
	    (p[0] & 0xf8) == 0xf0 ? 4 : 0;
	uint32_t c = n == 1 ? p[0] : n > 1 ? p[0] & (0x7fU >> n) : 0;

	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80) {
			n = 0;
			break;
		}
		c = c << 6 | (p[i] & 0x3f);
	}
	if (n == 0 || c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) {
		*len = 1;
		return 0xfffd;
	}
	*len = n;
	return c;
}

static size_t
char_width(uint32_t c)
{
	if ((c >= 0x300 && c <= 0x36f) || (c >= 0x200b && c <= 0x200f) || (c >= 0xfe00 && c <= 0xfe0f))
		return 0;		/* combining marks, zero width, variation selectors */
	if ((c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf) || (c >= 0xac00 && c <= 0xd7a3) ||
	    (c >= 0xf900 && c <= 0xfaff) || (c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff60) ||
	    (c >= 0x1f300 && c <= 0x1faff) || (c >= 0x20000 && c <= 0x3fffd))
		return 2;		/* East Asian wide, and pictures */
	return 1;
}

size_t
tab_width(const char *s)
{
	size_t w = 0, n;

	for (; *s != '\0'; s += n)
		w += char_width(decode(s, &n));
	return w;
}

/* C0, DEL and C1 controls, and the marks that turn the direction of text. */
static bool
is_harmful(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x202a && c <= 0x202e) ||
	    (c >= 0x2066 && c <= 0x2069) || c == 0xfffd;
}

/* Returns owned; NULL: out of memory. */
static char *
harmless(const char *s)
{
	char *out = malloc(4 * strlen(s) + 1);
	size_t len = 0, n;

	if (out == NULL)
		return NULL;
	for (; *s != '\0'; s += n) {
		if (!is_harmful(decode(s, &n))) {
			memcpy(out + len, s, n);
			len += n;
			continue;
		}
		for (size_t i = 0; i < n; i++) {
			memcpy(out + len, "\\x", 2);
			text_hex(s + i, 1, out + len + 2);
			len += 4;
		}
	}
	out[len] = '\0';
	return out;
}

void
tab_print(FILE *out, bool colour, enum colour c, const char *text)
{
	char *safe = harmless(text);
	bool paint = colour && c != COLOUR_NONE;

	fprintf(out, "%s%s%s", paint ? codes[c] : "", safe != NULL ? safe : "?", paint ? "\033[0m" : "");
	free(safe);
}

struct tab *
tab_new(FILE *out, bool colour, const char *const *heads)
{
	struct tab *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	while (heads[t->ncols] != NULL)
		t->ncols++;
	t->widths = calloc(t->ncols, sizeof(*t->widths));
	if (t->widths == NULL) {
		free(t);
		return NULL;
	}
	t->out = out;
	t->colour = colour;
	t->heads = heads;
	return t;
}

static void
put(struct tab *t, enum colour colour, const char *text)
{
	if (t == NULL)
		return;
	if (t->n == t->cap) {
		size_t cap = t->cap > 0 ? 2 * t->cap : 64;
		struct cell *cells = realloc(t->cells, cap * sizeof(*cells));
		if (cells == NULL)
			return;
		t->cells = cells;
		t->cap = cap;
	}
	if (t->n % t->ncols == 0)
		t->rows++;
	t->cells[t->n].text = harmless(text);
	t->cells[t->n++].colour = colour;
}

void
tab_cell(struct tab *t, const char *text)
{
	put(t, COLOUR_NONE, text != NULL && text[0] != '\0' ? text : "-");
}

void
tab_cellf(struct tab *t, enum colour colour, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	put(t, colour, text[0] != '\0' ? text : "-");
}

void
tab_count(struct tab *t, uint64_t n)
{
	char text[TAB_TEXT_MAX];

	put(t, n > 0 ? COLOUR_NONE : COLOUR_DIM, tab_number(n, text));
}

size_t
tab_rows(const struct tab *t)
{
	return t->rows;
}

static void
pad(FILE *out, size_t n)
{
	while (n-- > 0)
		fputc(' ', out);
}

static void
print_cell(const struct tab *t, size_t col, const char *text, enum colour colour)
{
	size_t width = tab_width(text);
	size_t room = width < t->widths[col] ? t->widths[col] - width : 0;
	bool right = t->heads[col][0] == '>', last = col + 1 == t->ncols;
	bool paint = t->colour && colour != COLOUR_NONE;

	if (right)
		pad(t->out, room);
	fprintf(t->out, "%s%s%s", paint ? codes[colour] : "", text, paint ? "\033[0m" : "");
	if (last) {
		fputc('\n', t->out);
		return;
	}
	pad(t->out, (right ? 0 : room) + GAP);
}

static const char *
head(const struct tab *t, size_t col)
{
	return t->heads[col] + (t->heads[col][0] == '>');
}

static void
measure(struct tab *t)
{
	for (size_t i = 0; i < t->ncols; i++) {
		size_t w = tab_width(head(t, i));
		if (t->widths[i] < w)
			t->widths[i] = w;
	}
	for (size_t i = 0; i < t->n; i++) {
		size_t w = t->cells[i].text != NULL ? tab_width(t->cells[i].text) : 0;
		w = w < WIDEST ? w : WIDEST;
		if (t->widths[i % t->ncols] < w)
			t->widths[i % t->ncols] = w;
	}
}

void
tab_flush(struct tab *t)
{
	if (t == NULL)
		return;
	measure(t);
	for (size_t i = 0; !t->headed && t->rows > 0 && i < t->ncols; i++)
		print_cell(t, i, head(t, i), COLOUR_BOLD);
	t->headed = t->headed || t->rows > 0;
	for (size_t i = 0; i < t->n; i++) {
		const char *text = t->cells[i].text;
		print_cell(t, i % t->ncols, text != NULL ? text : "?", t->cells[i].colour);
		free(t->cells[i].text);
	}
	t->n = 0;
}

void
tab_free(struct tab *t)
{
	if (t == NULL)
		return;
	tab_flush(t);
	free(t->widths);
	free(t->cells);
	free(t);
}
