#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "store/config_priv.h"
#include "store/record.h"
#include "store/uri.h"

/* What the resources of one /0 instance must be together (spec/bootstrap.md 2.6 and 3.1). */

enum { MODE_PSK = 0, MODE_NOSEC = 3 };

static const char *const mode_names[] = { "psk", "rpk", "x509", "nosec", "est" };

static enum err
check_scheme(struct parse *p, const struct place *at, const struct uri_scheme *scheme, int64_t mode)
{
	if (mode == MODE_NOSEC ? scheme->plain : scheme->secure)
		return ERR_OK;
	if (mode == MODE_NOSEC)
		return doc_refuse(&p->doc, at, "conflict",
		    "the scheme %s does not fit mode nosec; expected coap or coap+tcp, or another mode",
		    scheme->name);
	return doc_refuse(&p->doc, at, "conflict",
	    "the scheme %s does not fit mode %s; expected coaps or coaps+tcp, or mode nosec", scheme->name,
	    mode_names[mode]);
}

static enum err
check_uri_text(struct parse *p, const struct place *at, const char *text, int64_t mode)
{
	struct uri uri;
	const char *what;
	enum err e;

	if (uri_parse(text, &uri, &what) != ERR_OK)
		return doc_refuse(&p->doc, at, "invalid", "the URI \"%.80s\" %s", text, what);
	e = check_scheme(p, at, uri.scheme, mode);
	if (e == ERR_OK && uri.scheme->host && uri.port == 0)
		e = config_warn(p, at, "the URI has no port; some devices take such an address for invalid");
	if (e == ERR_OK && uri.path)
		e = config_warn(p, at, "the URI has a path; some devices never register then");
	return e;
}

/* The scheme can mostly be told before the variables are known; the rest of the address cannot. */
static enum err
check_uri(struct parse *p, const struct place *at, const struct config_value *v, int64_t mode)
{
	const struct uri_scheme *scheme;
	const uint8_t *octets;
	size_t len;
	char *text;
	enum err e = value_known(p, at, v, &octets, &len);

	if (e != ERR_OK)
		return e;
	if (octets == NULL) {
		scheme = uri_scheme(v->template);
		return scheme != NULL ? check_scheme(p, at, scheme, mode) : ERR_OK;
	}
	text = arena_alloc(p->doc.arena, len + 1);
	if (text == NULL)
		return doc_nomem(&p->doc);
	memcpy(text, octets, len);
	return check_uri_text(p, at, text, mode);
}

static enum err
check_uris(struct parse *p, const struct place *at, const struct reslist *list, int64_t mode)
{
	enum err e = ERR_OK;

	for (size_t i = 0; e == ERR_OK && i < list->n; i++) {
		const struct config_resource *r = &list->v[i];
		if (r->rid == 0)
			e = check_uri(p, PLACE_KEY(at, "uri"), &r->value, mode);
		else if (r->rid == 25)
			e = check_uri(p, PLACE_INDEX(PLACE_KEY(at, "secondary_uris"), (size_t)r->riid),
			    &r->value, mode);
	}
	return e;
}

/* How many octets the value will have, 0 when a variable decides. */
static enum err
length(struct parse *p, const struct place *at, const struct config_value *v, bool *known, size_t *len)
{
	const uint8_t *octets = NULL;
	enum err e = ERR_OK;

	if (v->source == CONFIG_RANDOM)
		*len = v->random_len;
	else
		e = value_known(p, at, v, &octets, len);
	*known = octets != NULL || v->source == CONFIG_RANDOM;
	return e;
}

static enum err
check_psk(struct parse *p, const struct place *at, const struct reslist *list)
{
	const struct place *id_at = PLACE_KEY(at, "identity"), *key_at = PLACE_KEY(at, "secret_key");
	const struct value *id = reslist_literal(list, 3);
	bool known;
	size_t len = 0;
	enum err e = length(p, id_at, reslist_find(list, 3), &known, &len);

	if (e != ERR_OK)
		return e;
	if (known && (len == 0 || len > RECORD_PSK_IDENTITY_MAX))
		return doc_refuse(&p->doc, id_at, "range", "an identity has 1 to %d octets, found %zu",
		    RECORD_PSK_IDENTITY_MAX, len);
	if (id != NULL && !text_is_utf8(id->bytes.p, id->bytes.len))
		e = config_warn(p, id_at, "the identity is not UTF-8, which LwM2M asks for");
	if (e == ERR_OK)
		e = length(p, key_at, reslist_find(list, 5), &known, &len);
	if (e != ERR_OK || !known)
		return e;
	if (len == 0 || len > RECORD_PSK_MAX)
		return doc_refuse(&p->doc, key_at, "range", "a pre-shared key has 1 to %d octets, found %zu",
		    RECORD_PSK_MAX, len);
	return len < 16 ? config_warn(p, key_at, "a pre-shared key of less than 16 octets is weak") : ERR_OK;
}

/* Certificates, public and private keys are made elsewhere; only a PSK can be made by this server. */
static enum err
check_made(struct parse *p, const struct place *at, const struct reslist *list, int64_t mode)
{
	static const char *const names[] = {
		[3] = "identity", [4] = "server_certificate", [5] = "secret_key"
	};

	for (size_t i = 0; i < list->n; i++) {
		const struct config_resource *r = &list->v[i];
		bool made = r->value.source == CONFIG_RANDOM || r->value.source == CONFIG_DERIVE;
		if (made && r->rid <= 5 && !(r->rid == 5 && mode == MODE_PSK))
			return doc_refuse(&p->doc, mode == MODE_PSK ? PLACE_KEY(at, names[r->rid]) : at,
			    "invalid",
			    "of an account only the secret_key of mode psk can be made by the server");
	}
	return ERR_OK;
}

static enum err
check_sms(struct parse *p, const struct place *at, const struct reslist *list)
{
	const struct value *params = reslist_literal(list, 7), *key = reslist_literal(list, 8);

	if (params != NULL && params->bytes.len != 6)
		return doc_refuse(&p->doc, PLACE_KEY(at, "sms_binding_key_parameters"), "range",
		    "expected exactly 6 octets (KIc, KID, SPI, TAR), found %zu", params->bytes.len);
	if (key != NULL && key->bytes.len != 16 && key->bytes.len != 32 && key->bytes.len != 48)
		return doc_refuse(&p->doc, PLACE_KEY(at, "sms_binding_secret_key"), "range",
		    "expected 16, 32 or 48 octets, found %zu", key->bytes.len);
	return ERR_OK;
}

static enum err
check_links(struct parse *p, const struct place *at, const struct reslist *list)
{
	const struct value *mqtt = reslist_literal(list, 26);
	const struct config_value *uri = reslist_find(list, 0);
	const uint8_t *text = uri->template != NULL ? (const uint8_t *)uri->template : uri->literal.bytes.p;

	if (mqtt != NULL && mqtt->link.oid != 24)
		return doc_refuse(&p->doc, PLACE_KEY(at, "mqtt_server"), "invalid",
		    "expected a link to the MQTT Server object such as \"24:0\"");
	if (mqtt != NULL && uri->template == NULL && strncmp((const char *)text, "mqtt", 4) != 0)
		return doc_refuse(&p->doc, PLACE_KEY(at, "mqtt_server"), "conflict",
		    "it goes with a URI of scheme mqtt or mqtts only");
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i].rid == 27 && list->v[i].value.literal.link.oid != 23)
			return doc_refuse(&p->doc, PLACE_KEY(at, "cose"), "invalid",
			    "expected links to the COSE object such as \"23:0\"");
	return ERR_OK;
}

static enum err
check_oddities(
    struct parse *p, const struct place *at, const struct reslist *list, int64_t mode, bool bootstrap)
{
	enum err e = ERR_OK;

	if (!bootstrap && reslist_find(list, 11) != NULL)
		e = config_warn(p, PLACE_KEY(at, "client_hold_off_time"),
		    "only a bootstrap account has a hold-off time; devices ignore it here");
	if (e == ERR_OK && (mode == MODE_PSK || mode == MODE_NOSEC) && reslist_find(list, 13) != NULL)
		e = config_warn(p, PLACE_KEY(at, "matching_type"), "it means nothing in mode %s",
		    mode_names[mode]);
	if (e == ERR_OK && (mode == MODE_PSK || mode == MODE_NOSEC) && reslist_find(list, 15) != NULL)
		e = config_warn(p, PLACE_KEY(at, "certificate_usage"), "it means nothing in mode %s",
		    mode_names[mode]);
	return e;
}

enum err
security_check(struct parse *p, const struct place *at, const struct reslist *list, bool bootstrap)
{
	int64_t mode = reslist_literal(list, 2)->i;
	enum err e = check_uris(p, at, list, mode);

	if (e == ERR_OK)
		e = check_made(p, at, list, mode);
	if (e == ERR_OK && mode == MODE_PSK)
		e = check_psk(p, at, list);
	if (e == ERR_OK)
		e = check_sms(p, at, list);
	if (e == ERR_OK)
		e = check_links(p, at, list);
	if (e == ERR_OK)
		e = security_check_keys(p, at, list);
	return e == ERR_OK ? check_oddities(p, at, list, mode, bootstrap) : e;
}
