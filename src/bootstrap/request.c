#include "bootstrap/request_priv.h"

#include <string.h>

#include "base/text.h"
#include "coap/msg.h"

/*
 * Uri-Query options are raw: nothing is percent-decoded, each is split at its first '='
 * (spec/bootstrap.md 1.2). What is not defined for a Bootstrap-Request is ignored.
 */

struct query {
	const char	*value;		/* not terminated; NULL: the option has no '=' */
	size_t		 len;
};

static bool
is_query(const struct msg_opt *o, const char *name, struct query *ret)
{
	const char *text = (const char *)o->value;
	size_t name_len = strlen(name);
	const char *eq = o->len > 0 ? memchr(text, '=', o->len) : NULL;
	size_t len = eq != NULL ? (size_t)(eq - text) : o->len;

	if (o->number != OPT_URI_QUERY || len != name_len || memcmp(text, name, name_len) != 0)
		return false;
	*ret = (struct query){ .value = eq != NULL ? eq + 1 : NULL,
		.len = eq != NULL ? o->len - len - 1 : 0 };
	return true;
}

static const char *
read_ep(const struct query *q, struct bs_request *ret)
{
	if (q->len == 0)
		return NULL;		/* as if it were not there */
	if (q->len > RECORD_ENDPOINT_MAX)
		return "the endpoint name is longer than 252 octets";
	if (memchr(q->value, '\0', q->len) != NULL)
		return "the endpoint name has a NUL in it";
	if (!text_is_utf8(q->value, q->len))
		return "the endpoint name is not UTF-8";
	memcpy(ret->ep, q->value, q->len);
	ret->ep[q->len] = '\0';
	ret->has_ep = true;
	return NULL;
}

static const char *
read_pct(const struct query *q, struct bs_request *ret)
{
	int v = 0;

	if (q->len == 0)
		return "pct is not a number";
	for (size_t i = 0; i < q->len; i++) {
		if (q->value[i] < '0' || q->value[i] > '9')
			return "pct is not a number";
		v = v * 10 + (q->value[i] - '0');
		if (v > UINT16_MAX)
			v = UINT16_MAX + 1;
	}
	ret->pct = v;
	return NULL;
}

const char *
bs_request_read(const struct msg *m, struct bs_request *ret)
{
	bool ep = false, pct = false, acc = false;
	const char *bad = NULL;

	ret->has_ep = false;
	ret->pct = -1;
	ret->acc = NULL;
	for (size_t i = 0; i < m->nopts && bad == NULL; i++) {
		struct query q;

		if (is_query(&m->opts[i], "ep", &q)) {
			bad = ep ? "there are two endpoint names" : read_ep(&q, ret);
			ep = true;
		} else if (is_query(&m->opts[i], "pct", &q)) {
			bad = pct ? "there are two pct" : read_pct(&q, ret);
			pct = true;
		} else if (is_query(&m->opts[i], "acc", &q)) {
			bad = acc ? "there are two acc" : NULL;
			acc = true;
			ret->acc = q.len > 0 ? q.value : NULL;
			ret->acc_len = q.len;
		}
	}
	return bad;
}
