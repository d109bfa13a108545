#include "lwm2m/textio.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/text.h"

#define DIGITS_MAX	17	/* enough for any double to come back the same */
#define PLAIN_MIN	-4	/* exponents of ten that JSON spells out */
#define PLAIN_MAX	15

void
textio_put_uint(struct wr *w, uint64_t u)
{
	char digits[20];
	size_t n = sizeof(digits);

	do {
		digits[--n] = (char)('0' + u % 10);
		u /= 10;
	} while (u > 0);
	wr_bytes(w, digits + n, sizeof(digits) - n);
}

void
textio_put_int(struct wr *w, int64_t i)
{
	if (i < 0)
		wr_u8(w, '-');
	textio_put_uint(w, i < 0 ? -(uint64_t)i : (uint64_t)i);
}

/* A finite number, not negative, taken apart. */
struct decimal {
	char	text[40];	/* "d.ddde±xx" */
	char	digits[DIGITS_MAX + 1];
	int	n;
	int	exponent;	/* of the first digit */
};

static void
take_apart(double f, struct decimal *d)
{
	*d = (struct decimal){ .n = 0 };
	for (int digits = 0; digits < DIGITS_MAX; digits++) {
		snprintf(d->text, sizeof(d->text), "%.*e", digits, f);
		if (strtod(d->text, NULL) == f)
			break;
	}
	char *e = strchr(d->text, 'e');
	d->exponent = (int)strtol(e + 1, NULL, 10);
	for (char *p = d->text; p < e; p++)
		if (isdigit((unsigned char)*p))
			d->digits[d->n++] = *p;
}

static void
put_plain(struct wr *w, const struct decimal *d)
{
	if (d->exponent < 0)
		wr_text(w, "0.");
	for (int i = d->exponent + 1; i < 0; i++)
		wr_u8(w, '0');
	for (int i = 0; i < d->n; i++) {
		if (i > 0 && i == d->exponent + 1)
			wr_u8(w, '.');
		wr_u8(w, (uint8_t)d->digits[i]);
	}
	for (int i = d->n; i <= d->exponent; i++)
		wr_u8(w, '0');
}

void
textio_put_decimal(struct wr *w, double f)
{
	struct decimal d;

	take_apart(fabs(f), &d);
	if (signbit(f))
		wr_u8(w, '-');
	put_plain(w, &d);
}

void
textio_put_json_number(struct wr *w, double f)
{
	struct decimal d;

	take_apart(fabs(f), &d);
	if (signbit(f))
		wr_u8(w, '-');
	if (d.exponent < PLAIN_MIN || d.exponent > PLAIN_MAX) {
		wr_text(w, d.text);
		return;
	}
	put_plain(w, &d);
	if (d.n <= d.exponent + 1)
		wr_text(w, ".0");
}

void
textio_put_base64(struct wr *w, const uint8_t *p, size_t len, bool url)
{
	char block[TEXT_BASE64_MAX(48)];

	for (size_t i = 0; i < len; i += 48) {
		size_t n = len - i < 48 ? len - i : 48;
		if (url)
			text_base64url(p + i, n, block);
		else
			text_base64(p + i, n, block);
		wr_text(w, block);
	}
	secret_wipe(block, sizeof(block));
}

static void
put_escape(struct wr *w, uint8_t c)
{
	static const char hex[] = "0123456789abcdef";
	static const char letters[] = "\"\"\\\\\bb\ff\nn\rr\tt";	/* what it is, how it is written */

	for (size_t i = 0; i < sizeof(letters) - 1; i += 2)
		if ((uint8_t)letters[i] == c) {
			wr_u8(w, '\\');
			wr_u8(w, (uint8_t)letters[i + 1]);
			return;
		}
	wr_text(w, "\\u00");
	wr_u8(w, (uint8_t)hex[c >> 4]);
	wr_u8(w, (uint8_t)hex[c & 15]);
}

void
textio_put_quoted(struct wr *w, const uint8_t *p, size_t len)
{
	size_t from = 0;

	wr_u8(w, '"');
	for (size_t i = 0; i < len; i++) {
		if (p[i] >= 0x20 && p[i] != '"' && p[i] != '\\')
			continue;
		wr_bytes(w, p + from, i - from);
		put_escape(w, p[i]);
		from = i + 1;
	}
	if (len > from)
		wr_bytes(w, p + from, len - from);
	wr_u8(w, '"');
}
