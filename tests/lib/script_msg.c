#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "coap/frame.h"
#include "lib/script_msg.h"

static const char *const types[] = { "CON", "NON", "ACK", "RST" };
static const char *const signals[] = { "CSM", "PING", "PONG", "RELEASE", "ABORT" };	/* 7.01 … */
static const char *const methods[] = { "EMPTY", "GET", "POST", "PUT", "DELETE", "FETCH", "PATCH",
	"IPATCH" };

enum kind { NUMBER, BYTES, BLOCK };
static const struct {
	const char	*name;
	uint16_t	 number;
	enum kind	 kind;
} options[] = {
	{ "host",     OPT_URI_HOST,       BYTES },
	{ "port",     OPT_URI_PORT,       NUMBER },
	{ "etag",     OPT_ETAG,           BYTES },
	{ "observe",  OPT_OBSERVE,        NUMBER },
	{ "fmt",      OPT_CONTENT_FORMAT, NUMBER },
	{ "maxage",   OPT_MAX_AGE,        NUMBER },
	{ "query",    OPT_URI_QUERY,      BYTES },
	{ "accept",   OPT_ACCEPT,         NUMBER },
	{ "block1",   OPT_BLOCK1,         BLOCK },
	{ "block2",   OPT_BLOCK2,         BLOCK },
	{ "size1",    OPT_SIZE1,          NUMBER },
	{ "size2",    OPT_SIZE2,          NUMBER },
};
#define NOPTIONS	(sizeof(options) / sizeof(options[0]))

int
script_code(const char *word)
{
	char *end;
	unsigned long class, detail;

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (strcmp(word, methods[i]) == 0)
			return (int)i;
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (strcmp(word, signals[i]) == 0)
			return (int)MSG_CODE(7, i + 1);
	class = strtoul(word, &end, 10);
	if (end == word || *end != '.' || class > 7)
		return -1;
	word = end + 1;
	detail = strtoul(word, &end, 10);
	if (end != word + 2 || *end != '\0' || detail > 31)
		return -1;
	return (int)MSG_CODE(class, detail);
}

/* Byte 'i' of the body that "body:" cuts from: no two blocks of it are alike. */
static uint8_t
body_byte(size_t i)
{
	return (uint8_t)(i * 7 + (i >> 8) * 13 + 1);
}

size_t
script_bytes(struct script *s, const char *value, uint8_t out[SCRIPT_BYTES_MAX])
{
	size_t len = 0;
	unsigned long from, n;
	char *end;

	if (strncmp(value, "text:", 5) == 0) {
		len = strlen(value + 5);
		if (len > SCRIPT_BYTES_MAX) {
			script_fail(s, "text too long");
			return 0;
		}
		memcpy(out, value + 5, len);
		return len;
	}
	if (strncmp(value, "body:", 5) == 0) {
		from = strtoul(value + 5, &end, 10);
		n = *end == '+' ? strtoul(end + 1, &end, 10) : SCRIPT_BYTES_MAX + 1;
		if (*end != '\0' || n > SCRIPT_BYTES_MAX) {
			script_fail(s, "'%s' should be body:OFFSET+LENGTH", value);
			return 0;
		}
		for (size_t i = 0; i < n; i++)
			out[i] = body_byte(from + i);
		return n;
	}
	if (text_unhex(value, strlen(value), out, SCRIPT_BYTES_MAX, &len) != ERR_OK)
		script_fail(s, "'%s' is not hex, text:… or body:OFFSET+LENGTH", value);
	return len;
}

/* --- reading --- */

static void
add_bytes(struct script *s, struct script_msg *r, uint16_t number, const void *p, size_t len)
{
	uint8_t *copy = r->values[r->m.nopts < MSG_OPTS_MAX ? r->m.nopts : 0];

	if (len > sizeof(r->values[0]) || r->m.nopts == MSG_OPTS_MAX) {
		script_fail(s, "option %u is too long, or there are too many", number);
		return;
	}
	memcpy(copy, p, len);
	if (msg_add(&r->m, number, copy, len) != ERR_OK)
		script_fail(s, "too many options");
}

static void
add_number(struct script *s, struct script_msg *r, uint16_t number, const char *value)
{
	char *end;
	unsigned long v = strtoul(value, &end, 10);

	if (*value == '\0' || *end != '\0' || v > UINT32_MAX)
		script_fail(s, "'%s' is not a number", value);
	else if (msg_add_uint(&r->m, number, (uint32_t)v, r->values[r->m.nopts]) != ERR_OK)
		script_fail(s, "too many options");
}

static const char *
size_word(uint8_t szx)
{
	static const char *const words[] = { "16", "32", "64", "128", "256", "512", "1024", "bert" };

	return words[szx];
}

/* "NUM/more/SIZE" or "NUM/last/SIZE"; "bert" as the size is MSG_SZX_BERT */
static void
add_block(struct script *s, struct script_msg *r, uint16_t number, const char *value)
{
	char more[8] = "", word[8] = "";
	unsigned num;
	int end = 0;
	struct msg_block b = { 0 };

	if (sscanf(value, "%u/%7[a-z]/%7[a-z0-9]%n", &num, more, word, &end) != 3 || value[end] != '\0' ||
	    (strcmp(more, "more") != 0 && strcmp(more, "last") != 0)) {
		script_fail(s, "'%s' should be NUM/more/SIZE or NUM/last/SIZE", value);
		return;
	}
	b.num = num;
	b.more = more[0] == 'm';
	while (b.szx < MSG_SZX_BERT && strcmp(size_word(b.szx), word) != 0)
		b.szx++;
	if (strcmp(size_word(b.szx), word) != 0 ||
	    msg_add_block(&r->m, number, &b, r->values[r->m.nopts]) != ERR_OK)
		script_fail(s, "'%s': no such block", value);
}

/* "NUMBER:HEX" */
static void
add_raw(struct script *s, struct script_msg *r, const char *value)
{
	uint8_t bytes[256];
	size_t len = 0;
	char *end;
	unsigned long number = strtoul(value, &end, 10);

	if (*end != ':' || number > UINT16_MAX ||
	    text_unhex(end + 1, strlen(end + 1), bytes, sizeof(bytes), &len) != ERR_OK)
		script_fail(s, "'%s' should be NUMBER:HEX", value);
	else
		add_bytes(s, r, (uint16_t)number, bytes, len);
}

static bool
add_named(struct script *s, struct script_msg *r, const char *word, const char *value)
{
	static uint8_t bytes[SCRIPT_BYTES_MAX];
	size_t name_len = (size_t)(value - word) - 1, i;

	for (i = 0; i < NOPTIONS; i++)
		if (strlen(options[i].name) == name_len &&
		    strncmp(word, options[i].name, name_len) == 0)
			break;
	if (i == NOPTIONS)
		return false;
	if (r->m.nopts >= MSG_OPTS_MAX) {
		script_fail(s, "too many options");
	} else if (strcmp(value, "any") == 0) {
		r->any[r->m.nopts] = true;
		add_bytes(s, r, options[i].number, "", 0);
	} else if (options[i].kind == NUMBER) {
		add_number(s, r, options[i].number, value);
	} else if (options[i].kind == BLOCK) {
		add_block(s, r, options[i].number, value);
	} else if (options[i].number == OPT_ETAG) {
		add_bytes(s, r, OPT_ETAG, bytes, script_bytes(s, value, bytes));
	} else {
		add_bytes(s, r, options[i].number, value, strlen(value));
	}
	return true;
}

/* Splits "/a/b?x=1&y=2" into options. */
static void
add_path(struct script *s, struct script_msg *r, char *word)
{
	char *query = strchr(word, '?'), *part, *at;

	if (query != NULL)
		*query++ = '\0';
	at = word + 1;
	while (*word == '/' && word[1] != '\0' && (part = strsep(&at, "/")) != NULL)
		add_bytes(s, r, OPT_URI_PATH, part, strlen(part));
	while (query != NULL && (part = strsep(&query, "&")) != NULL)
		add_bytes(s, r, OPT_URI_QUERY, part, strlen(part));
}

static void
read_mid(struct script *s, struct script_msg *r, const char *value)
{
	char *end;
	unsigned long v = strtoul(value, &end, 0);

	r->has_mid = true;
	if (*value == '?')
		r->mid_var = value;
	else if (*value == '\0' || *end != '\0' || v > UINT16_MAX)
		script_fail(s, "'mid=%s' is neither a number nor a ?variable", value);
	else
		r->m.mid = (uint16_t)v;
}

static void
read_token(struct script *s, struct script_msg *r, const char *value)
{
	size_t len = 0;

	r->has_token = true;
	if (*value == '?')
		r->token_var = value;
	else if (text_unhex(value, strlen(value), r->m.token, MSG_TOKEN_MAX, &len) != ERR_OK)
		script_fail(s, "'tok=%s' is neither hex nor a ?variable", value);
	else
		r->m.token_len = (uint8_t)len;
}

static bool
starts(const char *word, const char *prefix)
{
	return strncmp(word, prefix, strlen(prefix)) == 0;
}

static void
read_word(struct script *s, char *word, struct script_msg *r)
{
	char *value = strchr(word, '=');

	if (strcmp(word, "same-as-before") == 0) {
		r->same_as = "";
		return;
	}
	if (*word == '/') {
		add_path(s, r, word);
		return;
	}
	if (value++ == NULL) {
		script_fail(s, "'%s' does not belong to a message", word);
		return;
	}
	if (starts(word, "mid=")) {
		read_mid(s, r, value);
	} else if (starts(word, "tok=")) {
		read_token(s, r, value);
	} else if (starts(word, "payload=")) {
		r->has_payload = true;
		r->m.payload_len = script_bytes(s, value, r->payload);
		r->m.payload = r->payload;
	} else if (starts(word, "as=")) {
		r->as = value;
	} else if (starts(word, "same-as=")) {
		r->same_as = value;
	} else if (starts(word, "hex=")) {
		r->hex = value;
	} else if (starts(word, "opt=")) {
		add_raw(s, r, value);
	} else if (!add_named(s, r, word, value)) {
		script_fail(s, "'%s' does not belong to a message", word);
	}
}

void
script_msg_read(struct script *s, char **words, struct script_msg *r)
{
	int code;

	memset(r, 0, sizeof(*r));
	if (words[0] == NULL) {
		script_fail(s, "no message");
		return;
	}
	if (strchr(words[0], '=') == NULL && strcmp(words[0], "same-as-before") != 0) {
		for (r->m.type = 0; r->m.type < 4 && strcmp(words[0], types[r->m.type]) != 0;)
			r->m.type++;
		if (r->m.type == 4)
			r->m.type = MSG_CON;	/* of TCP, where there are none */
		else
			words++;
		if (words[0] == NULL || (code = script_code(words[0])) < 0) {
			script_fail(s, "a message starts with CON, NON, ACK or RST, and a code");
			return;
		}
		r->m.code = (uint8_t)code;
		words++;
	} else {
		r->m.type = 4;		/* not told */
	}
	for (; *words != NULL && !script_failed(s); words++)
		read_word(s, *words, r);
}

/* --- showing --- */

struct text {
	char	*p;
	size_t	 len, cap;
};

static void __attribute__((format(printf, 2, 3)))
put(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->p + t->len, t->cap - t->len, fmt, ap);
	va_end(ap);
	if (n > 0)
		t->len = t->len + (size_t)n < t->cap ? t->len + (size_t)n : t->cap - 1;
}

static void
put_hex(struct text *t, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len && i < 32; i++)
		put(t, "%02x", p[i]);
	if (len > 32)
		put(t, "…");
}

static void
put_option(struct text *t, const struct msg_opt *o)
{
	struct msg one = { .nopts = 1, .opts = { *o } };
	struct msg_block b;
	enum err e = ERR_OK;
	size_t i = 0;

	while (i < NOPTIONS && options[i].number != o->number)
		i++;
	if (i < NOPTIONS && options[i].kind == BLOCK && msg_block_bert(&one, o->number, &b, &e)) {
		put(t, " %s=%u/%s/%s", options[i].name, (unsigned)b.num, b.more ? "more" : "last",
		    size_word(b.szx));
	} else if (i < NOPTIONS && options[i].kind == NUMBER && o->len <= 4) {
		put(t, " %s=%lld", options[i].name, (long long)msg_uint(&one, o->number));
	} else {
		put(t, " opt=%u:", o->number);
		put_hex(t, o->value, o->len);
	}
}

static void
put_uri(struct text *t, const struct msg *m)
{
	char sep = '?';

	put(t, msg_find(m, OPT_URI_PATH) == NULL ? " /" : " ");
	for (size_t i = 0; i < m->nopts; i++) {
		const struct msg_opt *o = &m->opts[i];
		if (o->number == OPT_URI_PATH)
			put(t, "/%.*s", (int)o->len, (const char *)o->value);
		if (o->number != OPT_URI_QUERY)
			continue;
		put(t, "%c%.*s", sep, (int)o->len, (const char *)o->value);
		sep = '&';
	}
}

static void
put_msg(struct text *t, const struct msg *m)
{
	char code[8];

	put(t, "%s ", types[m->type]);
	put(t, "%s", m->code < sizeof(methods) / sizeof(methods[0]) ? methods[m->code] :
	    msg_code_text(m->code, code));
	if (msg_is_request(m->code))
		put_uri(t, m);
	put(t, " mid=%u", m->mid);
	if (m->token_len > 0) {
		put(t, " tok=");
		put_hex(t, m->token, m->token_len);
	}
	for (size_t i = 0; i < m->nopts; i++)
		if (m->opts[i].number != OPT_URI_PATH && m->opts[i].number != OPT_URI_QUERY)
			put_option(t, &m->opts[i]);
	if (m->payload_len > 0) {
		put(t, " payload=(%zu) ", m->payload_len);
		put_hex(t, m->payload, m->payload_len);
	}
}

void
script_describe(const uint8_t *p, size_t len, bool framed, char *out, size_t cap)
{
	struct text t = { out, 0, cap };
	struct msg m;

	if ((framed ? frame_decode(p, len, &m) : msg_decode(p, len, &m)) == ERR_OK) {
		put_msg(&t, &m);
		return;
	}
	put(&t, "what is no CoAP message: ");
	put_hex(&t, p, len);
}

/* --- comparing --- */

/* The options of a message by number, equal ones as they stand; positions into m->opts. */
static void
sorted(const struct msg *m, size_t order[MSG_OPTS_MAX])
{
	for (size_t i = 0; i < m->nopts; i++) {
		size_t at = i;
		for (; at > 0 && m->opts[order[at - 1]].number > m->opts[i].number; at--)
			order[at] = order[at - 1];
		order[at] = i;
	}
}

static bool
options_differ(const struct script_msg *want, const struct msg *got, struct text *why)
{
	size_t order[MSG_OPTS_MAX];
	size_t i = 0;

	sorted(&want->m, order);
	for (; i < want->m.nopts && i < got->nopts; i++) {
		const struct msg_opt *a = &want->m.opts[order[i]], *b = &got->opts[i];
		if (a->number != b->number)
			break;
		if (!want->any[order[i]] &&
		    (a->len != b->len || memcmp(a->value, b->value, a->len) != 0))
			break;
	}
	if (i == want->m.nopts && i == got->nopts)
		return false;
	put(why, "other options: expected");
	for (i = 0; i < want->m.nopts; i++)
		put_option(why, &want->m.opts[order[i]]);
	return true;
}

bool
script_msg_differs(const struct script_msg *want, const struct msg *got, char *why, size_t cap)
{
	struct text t = { why, 0, cap };
	char code[8];

	if (want->m.type < 4 && want->m.type != got->type) {
		put(&t, "other type: expected %s", types[want->m.type]);
		return true;
	}
	if (want->m.type < 4 && want->m.code != got->code) {
		put(&t, "other code: expected %s", msg_code_text(want->m.code, code));
		return true;
	}
	if (want->same_as != NULL)
		return false;
	if (options_differ(want, got, &t))
		return true;
	if (!want->has_payload || (want->m.payload_len == got->payload_len &&
	    (got->payload_len == 0 || memcmp(want->payload, got->payload, got->payload_len) == 0)))
		return false;
	put(&t, "other payload: expected (%zu) ", want->m.payload_len);
	put_hex(&t, want->payload, want->m.payload_len);
	return true;
}
