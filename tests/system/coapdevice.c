/*
 * A device that shares nothing with strapd: libcoap's client engine, built once over OpenSSL
 * and once over GnuTLS. It asks for a bootstrap, answers what comes on the same session, keeps
 * what it was given, and prints one line a request:
 *
 *	DELETE /0
 *	PUT /0/1 format=11542 bytes=34 c80016…
 *	POST /bs
 *
 * Ends with 0 after Bootstrap-Finish, 1 after a refusal or the time limit.
 */
#include <arpa/inet.h>
#include <coap3/coap.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct {
	const char	*server, *endpoint, *identity, *local, *pct, *links, *source;
	const char	*certificate, *private_key, *ca, *sni;
	uint8_t		 key[64];
	size_t		 key_len;
	int		 szx;			/* >= 0: blocks by hand, of this size at most */
	int		 refuse_format;		/* answered 4.15; -1: none */
	int		 discover_code;		/* 0: 2.05 with 'links' */
	int		 finish_code;
	unsigned	 limit_s;
	bool		 quiet_request;		/* no ep in the query */
} opt = { .szx = -1, .refuse_format = -1, .finish_code = COAP_RESPONSE_CODE_CHANGED, .limit_s = 30 };

static bool answered, refused, finished, lost;

static void
path_of(const coap_pdu_t *pdu, char *out, size_t size)
{
	coap_string_t *path = coap_get_uri_path(pdu);

	snprintf(out, size, "/%.*s", path != NULL ? (int)path->length : 0,
	    path != NULL ? (const char *)path->s : "");
	coap_delete_string(path);
}

static int
option_uint(const coap_pdu_t *pdu, coap_option_num_t number)
{
	coap_opt_iterator_t it;
	coap_opt_t *o = coap_check_option(pdu, number, &it);

	return o != NULL ? (int)coap_decode_var_bytes(coap_opt_value(o), coap_opt_length(o)) : -1;
}

/* The whole body so far when blocks are put together by hand. */
static uint8_t body[65536];
static size_t body_len;

/* True when the body is complete; otherwise the answer is set. */
static bool
take_block(const coap_pdu_t *request, coap_pdu_t *response)
{
	coap_block_b_t block;
	const uint8_t *data;
	size_t len, offset, total;
	uint8_t buf[4];

	if (!coap_get_data_large(request, &len, &data, &offset, &total)) {
		len = 0;
		data = body;
	}
	if (opt.szx < 0 || !coap_get_block_b(NULL, request, COAP_OPTION_BLOCK1, &block)) {
		if (len > sizeof(body))
			len = sizeof(body);
		memcpy(body, data, len);
		body_len = len;
		return true;
	}
	size_t at = (size_t)block.num << (block.szx + 4);
	if (block.num == 0)
		body_len = 0;
	if (at != body_len || at + len > sizeof(body)) {
		coap_pdu_set_code(response, COAP_RESPONSE_CODE_INCOMPLETE);
		return false;
	}
	/* Of a block that is larger than we want only our size is kept: the rest is asked again. */
	size_t want = (size_t)16 << opt.szx;
	if (block.szx > (unsigned)opt.szx && block.m) {
		memcpy(body + at, data, want);
		body_len = at + want;
		block.szx = (unsigned)opt.szx;
	} else {
		memcpy(body + at, data, len);
		body_len = at + len;
	}
	if (!block.m)
		return true;
	unsigned v = block.num << 4 | 8u | block.szx;
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTINUE);
	coap_add_option(response, COAP_OPTION_BLOCK1, coap_encode_var_safe(buf, sizeof(buf), v), buf);
	return false;
}

static void
discover(coap_resource_t *resource, coap_session_t *session, const coap_pdu_t *request,
    const coap_string_t *query, coap_pdu_t *response)
{
	if (opt.discover_code != 0) {
		coap_pdu_set_code(response, (coap_pdu_code_t)opt.discover_code);
		return;
	}
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTENT);
	coap_add_data_large_response(resource, session, request, response, query,
	    COAP_MEDIATYPE_APPLICATION_LINK_FORMAT, -1, 0, strlen(opt.links),
	    (const uint8_t *)opt.links, NULL, NULL);
}

static void
on_request(coap_resource_t *resource, coap_session_t *session, const coap_pdu_t *request,
    const coap_string_t *query, coap_pdu_t *response)
{
	static const char *const names[] = { "?", "GET", "POST", "PUT", "DELETE" };
	char path[256];
	int format = option_uint(request, COAP_OPTION_CONTENT_FORMAT);
	int method = coap_pdu_get_code(request);

	path_of(request, path, sizeof(path));
	if (!take_block(request, response))
		return;
	printf("%s %s", names[method < 5 ? method : 0], path);
	if (format >= 0)
		printf(" format=%d", format);
	if (body_len > 0) {
		printf(" bytes=%zu ", body_len);
		for (size_t i = 0; i < body_len; i++)
			printf("%02x", body[i]);
	}
	printf("%s\n", answered ? "" : " (before the 2.04)");
	fflush(stdout);
	switch (method) {
	case COAP_REQUEST_CODE_GET:
		discover(resource, session, request, query, response);
		break;
	case COAP_REQUEST_CODE_PUT:
		coap_pdu_set_code(response, format == opt.refuse_format ?
		    COAP_RESPONSE_CODE(415) : COAP_RESPONSE_CODE_CHANGED);
		break;
	case COAP_REQUEST_CODE_DELETE:
		coap_pdu_set_code(response, COAP_RESPONSE_CODE_DELETED);
		break;
	default:
		if (strcmp(path, "/bs") == 0) {
			coap_pdu_set_code(response, (coap_pdu_code_t)opt.finish_code);
			finished = true;
		} else
			coap_pdu_set_code(response, COAP_RESPONSE_CODE_NOT_FOUND);
		break;
	}
}

static coap_response_t
on_response(coap_session_t *session, const coap_pdu_t *sent, const coap_pdu_t *received,
    const coap_mid_t mid)
{
	int code = coap_pdu_get_code(received);

	(void)session;
	(void)sent;
	(void)mid;
	printf("answer %d.%02d\n", code >> 5, code & 31);
	fflush(stdout);
	answered = true;
	refused = code >> 5 != 2;
	return COAP_RESPONSE_OK;
}

static void
on_nack(coap_session_t *session, const coap_pdu_t *sent, const coap_nack_reason_t reason,
    const coap_mid_t mid)
{
	static const char *const why[] = { "no answer", "not deliverable", "reset", "dtls failed",
		"icmp", "bad response" };

	(void)session;
	(void)sent;
	(void)mid;
	printf("lost: %s\n", reason < 6 ? why[reason] : "?");
	lost = true;
}

static bool
unhex(const char *s, uint8_t *out, size_t cap, size_t *len)
{
	for (*len = 0; *s != '\0' && *len < cap; s += 2, (*len)++) {
		unsigned v;
		char two[3] = { s[0], s[1], '\0' }, *end;
		v = (unsigned)strtoul(two, &end, 16);
		if (end != two + 2)
			return false;
		out[*len] = (uint8_t)v;
	}
	return *s == '\0';
}

/* With a certificate of its own; the server's is held against the CA, if one is given. */
static coap_session_t *
open_pki(coap_context_t *ctx, const coap_address_t *local, const coap_address_t *server, coap_proto_t proto)
{
	static char sni[128];
	coap_dtls_pki_t pki;

	memset(&pki, 0, sizeof(pki));
	pki.version = COAP_DTLS_PKI_SETUP_VERSION;
	pki.verify_peer_cert = opt.ca != NULL;
	pki.check_common_ca = opt.ca != NULL;
	pki.cert_chain_validation = 1;
	pki.cert_chain_verify_depth = 3;
	pki.pki_key.key_type = COAP_PKI_KEY_PEM;
	pki.pki_key.key.pem.ca_file = opt.ca;
	pki.pki_key.key.pem.public_cert = opt.certificate;
	pki.pki_key.key.pem.private_key = opt.private_key;
	if (opt.sni != NULL) {
		snprintf(sni, sizeof(sni), "%s", opt.sni);
		pki.client_sni = sni;
	}
	return coap_new_client_session_pki(ctx, local, server, proto, &pki);
}

static coap_session_t *
open_session(coap_context_t *ctx)
{
	coap_uri_t uri;
	coap_address_t server, local;
	char host[64];

	if (coap_split_uri((const uint8_t *)opt.server, strlen(opt.server), &uri) < 0)
		return NULL;
	coap_address_init(&server);
	coap_address_init(&local);
	snprintf(host, sizeof(host), "%.*s", (int)uri.host.length, (const char *)uri.host.s);
	if (strchr(host, ':') != NULL) {
		server.size = sizeof(server.addr.sin6);
		server.addr.sin6.sin6_family = AF_INET6;
		server.addr.sin6.sin6_port = htons(uri.port);
		if (inet_pton(AF_INET6, host, &server.addr.sin6.sin6_addr) != 1)
			return NULL;
	} else {
		server.size = sizeof(server.addr.sin);
		server.addr.sin.sin_family = AF_INET;
		server.addr.sin.sin_port = htons(uri.port);
		if (inet_pton(AF_INET, host, &server.addr.sin.sin_addr) != 1)
			return NULL;
	}
	if (opt.local != NULL) {
		local.size = sizeof(local.addr.sin);
		local.addr.sin.sin_family = AF_INET;
		if (inet_pton(AF_INET, opt.local, &local.addr.sin.sin_addr) != 1)
			return NULL;
	}
	bool tcp = uri.scheme == COAP_URI_SCHEME_COAP_TCP || uri.scheme == COAP_URI_SCHEME_COAPS_TCP;
	coap_proto_t proto = tcp ? COAP_PROTO_TLS : COAP_PROTO_DTLS;
	if (uri.scheme == COAP_URI_SCHEME_COAP || uri.scheme == COAP_URI_SCHEME_COAP_TCP)
		return coap_new_client_session(ctx, opt.local != NULL ? &local : NULL, &server,
		    tcp ? COAP_PROTO_TCP : COAP_PROTO_UDP);
	if (opt.certificate != NULL || opt.ca != NULL)
		return open_pki(ctx, opt.local != NULL ? &local : NULL, &server, proto);
	return coap_new_client_session_psk(ctx, opt.local != NULL ? &local : NULL, &server,
	    proto, opt.identity, opt.key, (unsigned)opt.key_len);
}

static bool
send_request(coap_session_t *session)
{
	char query[300];
	uint8_t token[8];
	size_t token_len;
	coap_pdu_t *pdu = coap_pdu_init(COAP_MESSAGE_CON, COAP_REQUEST_CODE_POST,
	    coap_new_message_id(session), coap_session_max_pdu_size(session));

	if (pdu == NULL)
		return false;
	coap_session_new_token(session, &token_len, token);
	coap_add_token(pdu, token_len, token);
	coap_add_option(pdu, COAP_OPTION_URI_PATH, 2, (const uint8_t *)"bs");
	if (!opt.quiet_request) {
		int n = snprintf(query, sizeof(query), "ep=%s", opt.endpoint);
		coap_add_option(pdu, COAP_OPTION_URI_QUERY, (size_t)n, (const uint8_t *)query);
	}
	if (opt.pct != NULL) {
		int n = snprintf(query, sizeof(query), "pct=%s", opt.pct);
		coap_add_option(pdu, COAP_OPTION_URI_QUERY, (size_t)n, (const uint8_t *)query);
	}
	return coap_send(session, pdu) != COAP_INVALID_MID;
}

static void
offer(coap_context_t *ctx, coap_resource_t *r)
{
	coap_register_request_handler(r, COAP_REQUEST_GET, on_request);
	coap_register_request_handler(r, COAP_REQUEST_POST, on_request);
	coap_register_request_handler(r, COAP_REQUEST_PUT, on_request);
	coap_register_request_handler(r, COAP_REQUEST_DELETE, on_request);
	coap_add_resource(ctx, r);
}

enum { O_IDENTITY = 256, O_KEY, O_PCT, O_LINKS, O_SZX, O_REFUSE, O_DISCOVER, O_FINISH, O_LIMIT, O_NO_EP,
	O_CERTIFICATE, O_PRIVATE_KEY, O_CA, O_SNI };

static bool
read_options(int argc, char **argv)
{
	static const struct option options[] = {
		{ "server", 1, NULL, 's' }, { "endpoint", 1, NULL, 'e' }, { "local", 1, NULL, 'l' },
		{ "psk-identity", 1, NULL, O_IDENTITY }, { "psk-key", 1, NULL, O_KEY },
		{ "pct", 1, NULL, O_PCT }, { "links", 1, NULL, O_LINKS }, { "szx", 1, NULL, O_SZX },
		{ "refuse-format", 1, NULL, O_REFUSE }, { "discover-code", 1, NULL, O_DISCOVER },
		{ "finish-code", 1, NULL, O_FINISH }, { "limit", 1, NULL, O_LIMIT },
		{ "certificate", 1, NULL, O_CERTIFICATE }, { "private-key", 1, NULL, O_PRIVATE_KEY },
		{ "ca", 1, NULL, O_CA }, { "sni", 1, NULL, O_SNI }, { "no-ep", 0, NULL, O_NO_EP },
		{ NULL, 0, NULL, 0 },
	};

	opt.links = "</>;lwm2m=1.1,</0/0>,</1>,</3/0>";
	for (int c; (c = getopt_long(argc, argv, "s:e:l:", options, NULL)) != -1;) {
		switch (c) {
		case 's': opt.server = optarg; break;
		case 'e': opt.endpoint = optarg; break;
		case 'l': opt.local = optarg; break;
		case O_IDENTITY: opt.identity = optarg; break;
		case O_KEY:
			if (!unhex(optarg, opt.key, sizeof(opt.key), &opt.key_len))
				return false;
			break;
		case O_PCT: opt.pct = optarg; break;
		case O_LINKS: opt.links = optarg; break;
		case O_SZX: opt.szx = (int)strtol(optarg, NULL, 10); break;
		case O_REFUSE: opt.refuse_format = (int)strtol(optarg, NULL, 10); break;
		case O_DISCOVER: opt.discover_code = COAP_RESPONSE_CODE(strtol(optarg, NULL, 10)); break;
		case O_FINISH: opt.finish_code = COAP_RESPONSE_CODE(strtol(optarg, NULL, 10)); break;
		case O_LIMIT: opt.limit_s = (unsigned)strtoul(optarg, NULL, 10); break;
		case O_CERTIFICATE: opt.certificate = optarg; break;
		case O_PRIVATE_KEY: opt.private_key = optarg; break;
		case O_CA: opt.ca = optarg; break;
		case O_SNI: opt.sni = optarg; break;
		case O_NO_EP: opt.quiet_request = true; break;
		default: return false;
		}
	}
	return opt.server != NULL && (opt.endpoint != NULL || opt.quiet_request);
}

int
main(int argc, char **argv)
{
	if (!read_options(argc, argv)) {
		fputs("usage: coapdevice --server URI --endpoint EP [--psk-identity I --psk-key HEX] …\n",
		    stderr);
		return 2;
	}
	coap_startup();
	coap_set_log_level(LOG_CRIT);
	coap_dtls_set_log_level(LOG_CRIT);
	coap_context_t *ctx = coap_new_context(NULL);
	if (ctx == NULL)
		return 2;
	if (opt.szx < 0)
		coap_context_set_block_mode(ctx, COAP_BLOCK_USE_LIBCOAP | COAP_BLOCK_SINGLE_BODY);
	coap_register_response_handler(ctx, on_response);
	coap_register_nack_handler(ctx, on_nack);
	coap_resource_t *root = coap_resource_init(coap_make_str_const(""), 0);
	coap_resource_t *rest = coap_resource_unknown_init(on_request);
	offer(ctx, root);
	offer(ctx, rest);

	coap_session_t *session = open_session(ctx);
	if (session == NULL || !send_request(session)) {
		fputs("coapdevice: cannot send the request\n", stderr);
		return 2;
	}
	time_t end = time(NULL) + opt.limit_s;
	while (!finished && !refused && !lost && time(NULL) < end)
		coap_io_process(ctx, 200);
	for (int i = 0; i < 3; i++)	/* let the last answer leave, and answer its repetitions */
		coap_io_process(ctx, 50);
	coap_session_release(session);
	coap_free_context(ctx);
	coap_cleanup();
	return finished ? 0 : 1;
}
