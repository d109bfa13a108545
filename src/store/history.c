#include "store/history.h"

#include "base/text.h"
#include "lwm2m/format.h"
#include "store/history_priv.h"
#include "store/jtext.h"

/* In the order of enum history_result. The numbers of the states stand in schema/db, too. */
static const char *const results[] = {
	[HISTORY_FINISHED] = "finished",
	[HISTORY_REFUSED] = "refused",
	[HISTORY_FAILED] = "failed",
	[HISTORY_SUPERSEDED] = "superseded",
	[HISTORY_CANCELLED] = "cancelled",
};

const char *
history_result_name(enum history_result r)
{
	return results[r];
}

/* "2.04"; null when no answer came. */
static void
put_code(struct jtext *j, uint8_t code)
{
	char text[] = { (char)('0' + (code >> 5)), '.', (char)('0' + (code & 31) / 10),
		(char)('0' + (code & 31) % 10), '\0' };

	jtext_put_string(j, "code", code != 0 ? text : NULL);
}

static void
put_format(struct jtext *j, int cf)
{
	const char *name = cf >= 0 ? format_name(cf) : NULL;

	if (cf >= 0 && name == NULL)
		jtext_put_int(j, "format", cf);
	else
		jtext_put_string(j, "format", name);
}

/* Milliseconds with three decimals. */
static void
put_rtt(struct jtext *j, uint32_t us)
{
	char decimals[] = { '.', (char)('0' + us / 100 % 10), (char)('0' + us / 10 % 10),
		(char)('0' + us % 10) };

	jtext_put_int(j, "rtt_ms", us / 1000);
	jtext_raw(j, decimals, sizeof(decimals));
}

static void
put_step(struct jtext *j, const struct history_step *s)
{
	jtext_item(j);
	jtext_lit(j, "{");
	jtext_put_string(j, "operation", s->operation);
	jtext_put_string(j, "path", s->path);
	if (s->content_format >= 0)
		put_format(j, s->content_format);
	put_code(j, s->code);
	jtext_put_string(j, "outcome", s->outcome);
	jtext_put_int(j, "bytes", s->bytes);
	put_rtt(j, s->rtt_us);
	jtext_put_int(j, "retransmissions", s->retransmissions);
	jtext_put_int(j, "blocks", s->blocks);
	jtext_lit(j, "}");
}

static void
put_session(struct jtext *j, uint64_t id)
{
	char hex[17];

	for (int i = 15; i >= 0; i--, id >>= 4)
		hex[i] = "0123456789abcdef"[id & 15];
	hex[16] = '\0';
	jtext_put_string(j, "session", hex);
}

static void
put_lwm2m(struct jtext *j, uint16_t version)
{
	jtext_key(j, "lwm2m");
	if (version == 0) {
		jtext_lit(j, "null");
		return;
	}
	jtext_lit(j, "\"");
	jtext_int(j, version >> 8);
	jtext_lit(j, ".");
	jtext_int(j, version & 0xff);
	jtext_lit(j, "\"");
}

void
history_body(const struct history *h, struct jtext *j)
{
	char started[TEXT_TIME_MAX];

	jtext_lit(j, "{");
	put_session(j, h->session);
	jtext_put_string(j, "peer", h->peer);
	jtext_put_string(j, "scheme", h->scheme);
	jtext_put_string(j, "identity", h->identity);
	jtext_put_string(j, "profile", h->profile);
	jtext_put_string(j, "started", text_time(h->started_ms, started));
	jtext_put_int(j, "duration_ms", h->duration_ms);
	jtext_put_string(j, "result", history_result_name(h->result));
	jtext_put_string(j, "reason", h->reason);
	jtext_put_string(j, "cause", h->cause);
	put_lwm2m(j, h->lwm2m);
	put_format(j, h->format);
	jtext_key(j, "steps");
	jtext_lit(j, "[");
	for (size_t i = 0; i < h->nsteps; i++)
		put_step(j, &h->steps[i]);
	jtext_lit(j, "]");
	jtext_key(j, "warnings");
	jtext_lit(j, "[");
	for (size_t i = 0; i < h->nwarnings; i++) {
		jtext_item(j);
		jtext_string(j, h->warnings[i]);
	}
	jtext_lit(j, "]}");
}
