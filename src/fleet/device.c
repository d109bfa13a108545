#include "fleet/device.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/loop.h"
#include "base/problem.h"
#include "base/random.h"
#include "base/text.h"
#include "base/wr.h"
#include "coap/msg.h"
#include "exchange/exchange.h"
#include "fleet/expect.h"
#include "fleet/model.h"
#include "fleet/options.h"
#include "fleet/report.h"
#include "lwm2m/format.h"
#include "lwm2m/path.h"
#include "transport/credentials.h"
#include "transport/transport.h"

#define NAME_MAX_LEN	256
#define SLOW_MS		300
#define REBOOT_MS	20
#define LINGER		10	/* times ACK_TIMEOUT: third repetition (RFC 7252, 4.2) */

/*
 *   IDLE --connect--> CONNECTING --link--> ASKING --2.04--> SERVING --Finish--> LINGERING --> over
 *   ASKING --2.05, a Pack that is in order--> LINGERING
 *   any --no answer, refusal, lost link--> PAUSING --> IDLE; OVER when the tries are used up
 */
enum device_state { IDLE, CONNECTING, ASKING, SERVING, LINGERING, PAUSING, OVER };

struct device {
	const struct device_world *world;
	uint32_t		 number;
	uint32_t		 traits;	/* BIT(enum behaviour) */
	enum device_state	 state;
	struct addr		 local;
	struct link		*link;		/* NULL without one */
	struct model		 model;
	struct timer		 timer;		/* patience, pause, lingering: by state */
	uint64_t		 first_us;	/* its first call */
	uint32_t		 tries, operations;
	bool			 asked_pack, rebooted, finish_refused;
	bool			 whole;		/* accepted Finish, and holds what it should */
	char			 why[160];	/* the last failure */
	char			 query[2][NAME_MAX_LEN];
};

#define HAS(d, b)	((d)->traits >> BEHAVIOUR_##b & 1)

static void on_timer(void *arg);
static void ask(struct device *d);

static const char *
endpoint(const struct device *d, char buf[NAME_MAX_LEN])
{
	return options_name(d->world->opt->endpoint, d->number, buf, NAME_MAX_LEN);
}

enum err
device_new(const struct device_world *world, uint32_t number, const struct addr *local,
    struct device **ret)
{
	struct device *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return ERR_NOMEM;
	d->world = world;
	d->number = number;
	d->local = *local;
	timer_init(&d->timer, on_timer, d);
	for (unsigned i = 0; i < BEHAVIOURS; i++) {
		/* The same devices misbehave in every run. */
		if (number % 100 < world->opt->behaviour[i])
			d->traits |= 1u << i;
	}
	*ret = d;
	return ERR_OK;
}

static void
hang_up(struct device *d)
{
	struct link *l = d->link;

	if (l == NULL)
		return;
	d->link = NULL;
	exchange_close(d->world->exchange, l);
}

void
device_free(struct device *d)
{
	if (d == NULL)
		return;
	hang_up(d);
	timer_cancel(d->world->loop, &d->timer);
	model_fini(&d->model);
	free(d);
}

const struct addr *
device_local(const struct device *d)
{
	return &d->local;
}

struct link *
device_link(const struct device *d)
{
	return d->link;
}

static void
dump(const struct device *d)
{
	json_t *resources = json_object();
	char path[PATH_TEXT_MAX], name[NAME_MAX_LEN], text[PATH_TEXT_MAX];

	for (size_t i = 0; i < d->model.n; i++) {
		const struct value *v = &d->model.nodes[i].value;
		json_t *j = NULL;
		switch (v->type) {
		case VALUE_STRING:
		case VALUE_CORELNK:
			j = json_stringn((const char *)v->bytes.p, v->bytes.len);
			break;
		case VALUE_OPAQUE: {
			char *hex = malloc(2 * v->bytes.len + 1);
			if (hex != NULL) {
				text_hex(v->bytes.p, v->bytes.len, hex);
				j = json_pack("{s:s}", "hex", hex);
			}
			free(hex);
			break;
		}
		case VALUE_INTEGER:
		case VALUE_TIME:
			j = json_integer(v->i);
			break;
		case VALUE_UNSIGNED:
			j = json_integer((json_int_t)v->u);
			break;
		case VALUE_FLOAT:
			j = json_real(v->f);
			break;
		case VALUE_BOOLEAN:
			j = json_boolean(v->b);
			break;
		case VALUE_OBJLNK:
			snprintf(text, sizeof(text), "%u:%u", v->link.oid, v->link.iid);
			j = json_string(text);
			break;
		case VALUE_NONE:
			j = json_object();
			break;
		}
		json_object_set_new(resources, path_format(&d->model.nodes[i].path, path), j);
	}
	json_t *line = json_pack("{s:s, s:b, s:s, s:o}", "endpoint", endpoint(d, name),
	    "whole", d->whole, "why", d->whole ? "" : d->why, "resources", resources);
	json_dumpf(line, d->world->dump, JSON_COMPACT | JSON_SORT_KEYS);
	fputc('\n', d->world->dump);
	json_decref(line);
}

static void
end(struct device *d)
{
	if (d->world->dump != NULL)
		dump(d);
	d->world->ended(d->world->arg, d);
}

/*
 * This try came to nothing: another after a pause, or the end. The link goes then and not
 * here, since it may be the one whose call we are in.
 */
static void
fail(struct device *d, const char *why)
{
	uint32_t pause = d->world->opt->retry_ms / 2 + random_below(d->world->opt->retry_ms + 1);

	snprintf(d->why, sizeof(d->why), "%s", why);
	d->state = PAUSING;
	if (d->tries >= d->world->opt->tries) {
		report_failed(d->world->report, d->why);
		d->state = OVER;
		pause = 0;
	}
	timer_set(d->world->loop, &d->timer, pause);
}

/* Finish or a Pack was accepted: does it hold what it should? */
static void
complete(struct device *d)
{
	char name[NAME_MAX_LEN], buf[128];
	const char *why = model_inconsistent(&d->model);

	if (why == NULL && d->world->expect != NULL)
		why = expect_differs(d->world->expect, &d->model, endpoint(d, name), buf, sizeof(buf));
	if (why != NULL) {
		report_failed(d->world->report, why);
		snprintf(d->why, sizeof(d->why), "%s", why);
	} else {
		d->whole = true;
		report_done(d->world->report,
		    (uint32_t)(loop_now_us(d->world->loop) - d->first_us));
	}
	d->state = LINGERING;
	/* Its answer to Finish may get lost: it stays to repeat it for two or three repetitions. */
	const struct options *o = d->world->opt;
	bool perfect = !(o->loss > 0 || o->duplicate > 0 || o->reorder > 0);
	timer_set(d->world->loop, &d->timer, perfect ? o->rtt_ms : o->rtt_ms + LINGER * o->ack_timeout_ms);
}

/* Read anew for each try: a fleet's files are many, and a device's may be renewed meanwhile. */
static enum err
load_certificate(struct device *d, struct own_credential **ret)
{
	const struct options *o = d->world->opt;
	char cert[NAME_MAX_LEN], key[NAME_MAX_LEN];
	struct problem why = { .text = "" };
	enum err e;

	options_name(o->certificate, d->number, cert, sizeof(cert));
	if (o->private_key != NULL)
		options_name(o->private_key, d->number, key, sizeof(key));
	e = own_credential_load(cert, o->private_key != NULL ? key : NULL, ret, &why);
	if (e != ERR_OK)
		fail(d, why.text[0] != '\0' ? why.text : err_text(e));
	return e;
}

static void
start_try(struct device *d)
{
	const struct options *o = d->world->opt;
	char identity[NAME_MAX_LEN], uri[160];
	struct own_credential *own = NULL;
	struct link *l;

	hang_up(d);
	model_fini(&d->model);
	d->operations = 0;
	d->asked_pack = false;
	d->state = CONNECTING;
	snprintf(uri, sizeof(uri), "%s", o->server_text);
	if (model_init(&d->model, HAS(d, ACCOUNT_AT_1) ? 1 : 0, uri) != ERR_OK) {
		fail(d, "out of memory");
		return;
	}
	struct transport_connect c = {
		.scheme = o->scheme, .local = d->local, .remote = o->server,
	};
	if (o->psk_identity != NULL) {
		options_name(o->psk_identity, d->number, identity, sizeof(identity));
		c.psk_identity = (const uint8_t *)identity;
		c.psk_identity_len = strlen(identity);
		c.psk_key = o->psk_key;
		c.psk_key_len = o->psk_key_len;
	}
	d->tries++;
	report_try(d->world->report);
	if (o->certificate != NULL && load_certificate(d, &own) != ERR_OK)
		return;
	c.certificate = own;
	timer_set(d->world->loop, &d->timer, o->patience_ms);
	enum err e = transport_connect(d->world->transport, &c, &l);
	own_credential_free(own);
	if (e != ERR_OK)
		fail(d, e == ERR_EXISTS ? "its address is still in use" : err_text(e));
	else if (d->state == CONNECTING)
		d->link = l;	/* over DTLS it is not ready yet */
}

void
device_start(struct device *d)
{
	d->first_us = loop_now_us(d->world->loop);
	start_try(d);
}

void
device_connected(struct device *d, struct link *l, enum err why, const char *cause)
{
	char text[160];

	if (why != ERR_OK)
		d->link = NULL;		/* the transport frees it, whatever we are at */
	if (d->state != CONNECTING)
		return;
	if (why != ERR_OK) {
		snprintf(text, sizeof(text), "handshake: %s", cause != NULL ? cause : err_text(why));
		fail(d, text);
		return;
	}
	d->link = l;
	d->state = ASKING;
	ask(d);
}

/* True when the Pack left all in order; else the device is as it was, and asks for a session. */
static bool
take_pack(struct device *d, const struct exchange_result *r)
{
	const struct options *o = d->world->opt;

	if (o->lwm2m == 0x0102 && model_pack(&d->model, d->world->defs, r->content_format, r->payload,
	    r->payload_len) == ERR_OK && model_inconsistent(&d->model) == NULL)
		return true;
	model_fini(&d->model);
	if (model_init(&d->model, HAS(d, ACCOUNT_AT_1) ? 1 : 0, o->server_text) != ERR_OK)
		d->model = (struct model){ .nodes = NULL };	/* the next try begins with another */
	return false;
}

static void
on_answer(void *arg, const struct exchange_result *r)
{
	struct device *d = arg;
	char text[64], code[8];

	if (d->state != ASKING)
		return;
	if (r->why != ERR_OK) {
		snprintf(text, sizeof(text), "the request: %s", err_text(r->why));
		fail(d, text);
	} else if (r->code == MSG_CONTENT && !d->asked_pack && take_pack(d, r)) {
		complete(d);
	} else if (r->code == MSG_CHANGED) {
		d->state = SERVING;
	} else if (d->world->opt->lwm2m == 0x0102 && !d->asked_pack) {
		d->asked_pack = true;	/* no Pack here: go on with a Bootstrap-Request */
		ask(d);
	} else {
		snprintf(text, sizeof(text), "the request was refused with %s %s",
		    msg_code_text(r->code, code), msg_code_name(r->code));
		fail(d, text);
	}
}

/* GET /bspack first when it is a 1.2 device, else POST /bs. */
static void
ask(struct device *d)
{
	const struct options *o = d->world->opt;
	bool pack = o->lwm2m == 0x0102 && !d->asked_pack;
	char name[NAME_MAX_LEN - 4];
	const char *query[3] = { d->query[0], NULL, NULL };

	options_name(o->endpoint, d->number, name, sizeof(name));
	snprintf(d->query[0], NAME_MAX_LEN, "ep=%s", name);
	if (pack) {
		snprintf(d->query[1], NAME_MAX_LEN, "acc=</0/%u>", d->model.account);
		query[1] = d->query[1];
	}
	if (!pack && o->pct >= 0) {
		snprintf(d->query[1], NAME_MAX_LEN, "pct=%d", o->pct);
		query[1] = d->query[1];
	}
	const struct exchange_request r = {
		.code = pack ? MSG_GET : MSG_POST, .path = pack ? "/bspack" : "/bs", .query = query,
		.accept = pack ? FORMAT_SENML_CBOR : -1, .content_format = -1,
		.done = on_answer, .arg = d,
	};
	enum err e = exchange_request(d->world->exchange, d->link, &r);
	if (e != ERR_OK)
		fail(d, err_text(e));
}

static void
on_timer(void *arg)
{
	struct device *d = arg;

	switch (d->state) {
	case IDLE:
	case PAUSING:
		start_try(d);
		break;
	case CONNECTING:
		fail(d, "no association or connection in time");
		break;
	case ASKING:
		fail(d, "no answer to the request in time");
		break;
	case SERVING:
		fail(d, "no Finish in time");
		break;
	case LINGERING:
	case OVER:
		end(d);
		break;
	}
}

/* The server's path, "/0/1"; false when it is none of LwM2M's. */
static bool
target_of(const struct exchange_incoming *in, struct path *ret)
{
	char text[64];
	size_t len = 0;

	for (size_t i = 0; i < in->msg->nopts; i++) {
		const struct msg_opt *o = &in->msg->opts[i];
		if (o->number != OPT_URI_PATH)
			continue;
		if (len + o->len + 2 > sizeof(text))
			return false;
		text[len++] = '/';
		memcpy(text + len, o->value, o->len);
		len += o->len;
	}
	if (len == 0)
		text[len++] = '/';
	return path_parse(text, len, ret) == ERR_OK;
}

/* Power lost: it says nothing, and calls again from the same port. The link goes with the next try. */
static void
reboot(struct device *d)
{
	d->rebooted = true;
	d->tries--;		/* a reboot is no failed try */
	d->state = PAUSING;
	timer_set(d->world->loop, &d->timer, REBOOT_MS);
}

static uint8_t
on_finish(struct device *d)
{
	const char *why = model_inconsistent(&d->model);

	if (HAS(d, BAD_FINISH) && !d->finish_refused) {
		d->finish_refused = true;
		snprintf(d->why, sizeof(d->why), "refused Finish once, as asked to");
		d->state = PAUSING;
		timer_set(d->world->loop, &d->timer, d->world->opt->retry_ms);
		return MSG_NOT_ACCEPTABLE;
	}
	if (why != NULL) {
		snprintf(d->why, sizeof(d->why), "Finish refused: %s", why);
		d->state = PAUSING;
		if (d->tries >= d->world->opt->tries) {
			report_failed(d->world->report, d->why);
			d->state = OVER;
		}
		timer_set(d->world->loop, &d->timer, d->world->opt->retry_ms);
		return MSG_NOT_ACCEPTABLE;
	}
	complete(d);
	return MSG_CHANGED;
}

static uint8_t
on_get(struct device *d, const struct exchange_incoming *in, const struct path *target, struct wr *w)
{
	const struct options *o = d->world->opt;

	if (in->accept != FORMAT_LINK)
		return model_read(&d->model, target, in->accept >= 0 ? in->accept : FORMAT_TLV, w);
	if (HAS(d, NO_DISCOVER))
		return MSG_METHOD_NOT_ALLOWED;
	return model_discover(&d->model, target, o->lwm2m, w);
}

static uint8_t
on_put(struct device *d, const struct exchange_incoming *in, const struct path *target)
{
	if ((HAS(d, NO_TLV) && (in->content_format == FORMAT_TLV || in->content_format == FORMAT_TLV_OLD)) ||
	    (HAS(d, NO_CBOR) && in->content_format == FORMAT_SENML_CBOR))
		return MSG_UNSUPPORTED_FORMAT;
	return model_write(&d->model, d->world->defs, target, in->content_format, in->payload,
	    in->payload_len, HAS(d, CREATED));
}

static uint8_t
serve(struct device *d, const struct exchange_incoming *in, struct wr *w)
{
	struct path target;

	if (in->code == MSG_POST)
		return exchange_path_is(in, "/bs") ? on_finish(d) : MSG_NOT_FOUND;
	if (!target_of(in, &target))
		return MSG_BAD_REQUEST;
	switch (in->code) {
	case MSG_GET:
		return on_get(d, in, &target, w);
	case MSG_PUT:
		return on_put(d, in, &target);
	case MSG_DELETE:
		return HAS(d, REFUSE_DELETE) ? MSG_BAD_REQUEST : model_delete(&d->model, &target);
	default:
		return MSG_METHOD_NOT_ALLOWED;
	}
}

void
device_request(struct device *d, struct link *l, const struct exchange_incoming *in,
    struct exchange_reply *reply)
{
	static uint8_t payload[65536];	/* copied by exchange/ before the next request */
	struct wr w = wr_over(payload, sizeof(payload));

	if (HAS(d, SILENT) || (d->state != SERVING && d->state != ASKING)) {
		reply->silent = true;
		return;
	}
	/* An operation also tells that the 2.04 left: it may just be late, or lost. */
	if (d->state == ASKING) {
		exchange_cancel(d->world->exchange, l);
		d->state = SERVING;
	}
	d->operations++;
	if (HAS(d, RESTART) && !d->rebooted && d->operations == 3) {
		reply->silent = true;
		reboot(d);
		return;
	}
	if (HAS(d, RST) && in->accept == FORMAT_LINK) {
		const uint8_t rst[] = { 0x70, 0, (uint8_t)(in->msg->mid >> 8), (uint8_t)in->msg->mid };
		reply->silent = true;
		if (link_send(l, rst, sizeof(rst)) != ERR_OK)
			fail(d, "the link is gone");
		return;
	}
	reply->code = serve(d, in, &w);
	reply->content_format = in->accept >= 0 ? in->accept : FORMAT_TLV;
	reply->payload = payload;
	reply->payload_len = MSG_CLASS(reply->code) == 2 ? w.len : 0;
	reply->separate = HAS(d, SEPARATE_RESPONSE) || HAS(d, SLOW);
	reply->separate_after_ms = HAS(d, SLOW) ? SLOW_MS : 5;
}

void
device_link_gone(struct device *d, enum err why)
{
	char text[96];

	d->link = NULL;
	if (d->state == PAUSING || d->state == LINGERING || d->state == OVER)
		return;
	snprintf(text, sizeof(text), "the link: %s", err_text(why));
	fail(d, text);
}
