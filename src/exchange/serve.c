#include <string.h>

#include "exchange/exchange_priv.h"
#include "transport/link.h"

/* Requests from the peer: which options we must understand, and the handler's answer. */

#define PROXYING_NOT_SUPPORTED	MSG_CODE(5, 5)	/* RFC 7252, 5.10.2 */

/* The critical options that may stand in a request (RFC 7252, 5.4 and 5.10; RFC 7959, 2.1). */
static const struct {
	uint16_t	number;
	uint16_t	min, max;	/* length of the value */
	bool		repeats;
} known[] = {
	{ OPT_URI_HOST,  1, 255, false },	/* we have one name only, whatever it is: ignored */
	{ OPT_URI_PORT,  0, 2,   false },
	{ OPT_URI_PATH,  0, 255, true },
	{ OPT_URI_QUERY, 0, 255, true },
	{ OPT_ACCEPT,    0, 2,   false },
	{ OPT_BLOCK2,    0, 3,   false },
	{ OPT_BLOCK1,    0, 3,   false },
};
#define NKNOWN	(sizeof(known) / sizeof(known[0]))

/* Of a length that is not defined, or too often, counts as unknown (RFC 7252, 5.4.3 and 5.4.5). */
static bool
understood(const struct msg_opt *o, bool again)
{
	for (size_t i = 0; i < NKNOWN; i++)
		if (known[i].number == o->number)
			return o->len >= known[i].min && o->len <= known[i].max &&
			    (known[i].repeats || !again);
	return false;
}

/* The code that refuses it, or 0. */
static uint8_t
bad_options(const struct msg *m)
{
	uint8_t code = 0;

	for (size_t i = 0; i < m->nopts; i++) {
		const struct msg_opt *o = &m->opts[i];
		bool again = i > 0 && m->opts[i - 1].number == o->number;
		if (o->number == OPT_PROXY_URI || o->number == OPT_PROXY_SCHEME)
			return PROXYING_NOT_SUPPORTED;
		if (msg_opt_critical(o->number) && !understood(o, again))
			code = MSG_BAD_OPTION;
	}
	return code;
}

bool
serve_bad_response(const struct msg *m)
{
	for (size_t i = 0; i < m->nopts; i++) {
		uint16_t n = m->opts[i].number;
		if (msg_opt_critical(n) && n != OPT_BLOCK1 && n != OPT_BLOCK2 && n != OPT_OSCORE)
			return true;
	}
	return false;
}

bool
exchange_path_is(const struct exchange_incoming *in, const char *path)
{
	const struct msg *m = in->msg;
	bool root = path[0] == '/' && path[1] == '\0';

	for (size_t i = 0; i < m->nopts; i++) {
		const struct msg_opt *o = &m->opts[i];
		if (o->number != OPT_URI_PATH)
			continue;
		if (root && o->len == 0)	/* how some write the root */
			continue;
		if (root || *path != '/' || strncmp(path + 1, (const char *)o->value, o->len) != 0 ||
		    memchr(o->value, '\0', o->len) != NULL || memchr(o->value, '/', o->len) != NULL)
			return false;
		path += 1 + o->len;
	}
	return root || *path == '\0';
}

int32_t
serve_format(const struct msg *m, uint16_t option)
{
	const struct msg_opt *o = msg_find(m, option);

	return o != NULL && o->len <= 2 ? (int32_t)msg_uint(m, option) : -1;
}

static void
ask_handler(struct exchange *x, struct link *link, const struct exchange_incoming *in,
    struct answer *a)
{
	struct exchange_reply *r = &a->reply;
	enum err e = ERR_OK;

	x->serving = link;
	x->close_served = false;
	x->opts.handle(x->opts.arg, link, in, r);
	x->serving = NULL;
	a->closing = x->close_served;
	if (r->then != NULL && !r->silent && !a->closing && peer_of(link) != NULL)
		secure_adopt(peer_of(link), x->context);
	a->m.code = r->code;
	a->m.payload = r->payload_len > 0 ? r->payload : NULL;
	a->m.payload_len = r->payload_len;
	if (r->payload_len > 0 && r->content_format >= 0)
		e = msg_add_uint(&a->m, OPT_CONTENT_FORMAT, (uint32_t)r->content_format, a->scratch[0]);
	if (e != ERR_OK)	/* never: the answer has few options */
		a->m.code = MSG_INTERNAL;
}

void
serve_plain(struct exchange *x, struct link *link, const struct msg *m, struct answer *ret)
{
	struct exchange_incoming in = {
		.code = m->code,
		.confirmable = m->type == MSG_CON,
		.msg = m,
		.accept = serve_format(m, OPT_ACCEPT),
		.content_format = serve_format(m, OPT_CONTENT_FORMAT),
		.payload = m->payload,
		.payload_len = m->payload_len,
	};
	uint8_t refusal = bad_options(m);

	secure_identity(x, &in);
	*ret = (struct answer){ .m = { .token_len = m->token_len } };
	memcpy(ret->m.token, m->token, sizeof(ret->m.token));
	counter_add(&x->stats.requests_in, 1);
	if (refusal != 0) {
		ret->m.code = refusal;
		ret->reject = !in.confirmable && refusal == MSG_BAD_OPTION;
		return;
	}
	if (!blockserve_collect(x, link, m, &in, ret) || blockserve_kept(link, m, ret))
		return;
	ask_handler(x, link, &in, ret);
	blockserve_cut(x, link, m, ret);
}

void
serve_request(struct exchange *x, struct link *link, const struct msg *m, struct answer *ret)
{
	if (x->opts.oscore != NULL && msg_find(m, OPT_OSCORE) != NULL &&
	    msg_find(m, OPT_PROXY_URI) == NULL && msg_find(m, OPT_PROXY_SCHEME) == NULL) {
		secure_serve(x, link, m, ret);
		return;
	}
	if (!secure_turns_away(link)) {
		serve_plain(x, link, m, ret);
		return;
	}
	counter_add(&x->stats.requests_in, 1);
	*ret = (struct answer){ .m = { .code = MSG_UNAUTHORIZED, .token_len = m->token_len } };
	memcpy(ret->m.token, m->token, sizeof(ret->m.token));
}
