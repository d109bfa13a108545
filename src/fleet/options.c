#include "fleet/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "strapd/version.h"

#define EXIT_USAGE	2

const struct behaviour_info behaviour_info[BEHAVIOURS] = {
#define X(name, text, meaning) [BEHAVIOUR_##name] = { text, meaning },
	BEHAVIOUR_LIST(X)
#undef X
};

enum {
	O_SERVER = 256, O_COUNT, O_ENDPOINT, O_IDENTITY, O_KEY, O_CONCURRENCY, O_RATE, O_RTT, O_LOSS,
	O_DUPLICATE, O_REORDER, O_BEHAVIOUR, O_LWM2M, O_PCT, O_EXPECT, O_DUMP, O_JSON, O_TRIES,
	O_RETRY, O_PATIENCE, O_ACK, O_BLOCK, O_MTU, O_FIRST, O_OBJECTS, O_QUIET, O_HELP, O_VERSION,
	O_LATER, O_CERTIFICATE, O_PRIVATE_KEY, O_CA,
};

static const struct option table[] = {
	{ "server", 1, NULL, O_SERVER }, { "count", 1, NULL, O_COUNT },
	{ "endpoint", 1, NULL, O_ENDPOINT }, { "psk-identity", 1, NULL, O_IDENTITY },
	{ "psk-key", 1, NULL, O_KEY }, { "concurrency", 1, NULL, O_CONCURRENCY },
	{ "rate", 1, NULL, O_RATE }, { "rtt", 1, NULL, O_RTT }, { "loss", 1, NULL, O_LOSS },
	{ "duplicate", 1, NULL, O_DUPLICATE }, { "reorder", 1, NULL, O_REORDER },
	{ "behaviour", 1, NULL, O_BEHAVIOUR }, { "lwm2m", 1, NULL, O_LWM2M },
	{ "pct", 1, NULL, O_PCT }, { "expect", 1, NULL, O_EXPECT }, { "dump", 1, NULL, O_DUMP },
	{ "json", 0, NULL, O_JSON }, { "tries", 1, NULL, O_TRIES }, { "retry", 1, NULL, O_RETRY },
	{ "patience", 1, NULL, O_PATIENCE }, { "ack-timeout", 1, NULL, O_ACK },
	{ "block-size", 1, NULL, O_BLOCK }, { "mtu", 1, NULL, O_MTU }, { "first", 1, NULL, O_FIRST },
	{ "objects", 1, NULL, O_OBJECTS }, { "quiet", 0, NULL, O_QUIET },
	{ "psk-derive", 1, NULL, O_LATER }, { "certificate", 1, NULL, O_CERTIFICATE },
	{ "private-key", 1, NULL, O_PRIVATE_KEY }, { "ca", 1, NULL, O_CA },
	{ "help", 0, NULL, O_HELP }, { "version", 0, NULL, O_VERSION }, { NULL, 0, NULL, 0 },
};

static void
print_usage(void)
{
	fputs("Usage: strapfleet --server URI --count N --endpoint PATTERN [options]\n"
	    "Simulated LwM2M devices that bootstrap for real. Patterns hold one %d form: 'dev-%06d'.\n"
	    "\n"
	    "  --server URI           coap://127.0.0.1:5783, coaps://…, coap+tcp://… or coaps+tcp://…\n"
	    "  --count N              devices (1)          --first N       number of the first (0)\n"
	    "  --endpoint PATTERN     endpoint names\n"
	    "  --psk-identity PATTERN --psk-key HEX        for coaps\n"
	    "  --certificate PATTERN --private-key PATTERN --ca FILE\n"
	    "                         or that: PEM files of the devices, and who signed the server's\n"
	    "  --concurrency N        at once (1000)       --rate N[/s]    begun per second\n"
	    "  --rtt TIME --loss P --duplicate P --reorder P   the network, P from 0 to 1 each way\n"
	    "  --behaviour NAME[:PERCENT][,...]            how devices misbehave, see below\n"
	    "  --lwm2m 1.0|1.1|1.2    (1.1)                --pct N|none    format asked for\n"
	    "  --tries N (5) --retry TIME (1s)             tries per device, pause before the next\n"
	    "  --patience TIME (93s) --ack-timeout TIME (2s)\n"
	    "  --block-size BYTES (1024)\n"
	    "  --expect FILE          'strapctl plan EP --json': what each must hold at the end\n"
	    "  --dump FILE            what each device holds, a JSON object a line\n"
	    "  --json                 the result as JSON   --quiet         no progress line\n"
	    "\n"
	    "Behaviours:\n", stdout);
	for (size_t i = 0; i < BEHAVIOURS; i++)
		printf("  %-18s %s\n", behaviour_info[i].name, behaviour_info[i].meaning);
	fputs("\nExit: 0 when every device ended as expected, 1 otherwise, 2 usage.\n", stdout);
}

static bool
number(const char *text, uint32_t min, uint32_t max, uint32_t *ret)
{
	char *end;

	errno = 0;
	unsigned long v = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || errno != 0 || *end != '\0' || v < min || v > max)
		return false;
	*ret = (uint32_t)v;
	return true;
}

static bool
share(const char *text, double *ret)
{
	char *end;
	double v = strtod(text, &end);

	if (end == text || *end != '\0' || !(v >= 0 && v <= 1))
		return false;
	*ret = v;
	return true;
}

static bool
rate(const char *text, double *ret)
{
	char *end;
	double v = strtod(text, &end);

	if (end == text || !(v > 0) || (*end != '\0' && strcmp(end, "/s") != 0))
		return false;
	*ret = v;
	return true;
}

static bool
duration(const char *text, uint32_t *ret)
{
	uint64_t ms;

	if (text_duration(text, &ms) != ERR_OK || ms > UINT32_MAX / 4)
		return false;
	*ret = (uint32_t)ms;
	return true;
}

static bool
server(const char *text, struct options *o)
{
	static const enum link_scheme schemes[] = { LINK_COAP, LINK_COAPS, LINK_COAP_TCP, LINK_COAPS_TCP };
	const char *rest = strstr(text, "://");
	size_t i = 0;

	if (rest == NULL || strlen(text) >= sizeof(o->server_text))
		return false;
	while (i < 4 && (strlen(link_scheme_name(schemes[i])) != (size_t)(rest - text) ||
	    memcmp(link_scheme_name(schemes[i]), text, (size_t)(rest - text)) != 0))
		i++;
	if (i == 4)
		return false;
	o->scheme = schemes[i];
	memcpy(o->server_text, text, strlen(text) + 1);
	return addr_parse(rest + 3, &o->server) == ERR_OK && o->server.port != 0;
}

/* A pattern may hold one conversion, of a number, with an optional width: %d, %6u, %06d. */
static bool
pattern(const char *text)
{
	int conversions = 0;

	for (const char *p = strchr(text, '%'); p != NULL; p = strchr(p, '%')) {
		p++;
		if (*p == '%') {
			p++;
			continue;
		}
		p += strspn(p, "0123456789");
		if ((*p != 'd' && *p != 'u') || ++conversions > 1)
			return false;
	}
	return strlen(text) < 200;
}

const char *
options_name(const char *text, uint32_t n, char *buf, size_t size)
{
	size_t len = 0;

	/* By hand: the pattern is the user's, and no format string for printf. */
	for (const char *p = text; *p != '\0' && len + 1 < size; p++) {
		if (*p != '%' || p[1] == '%') {
			p += *p == '%';
			buf[len++] = *p;
			continue;
		}
		bool zeros = p[1] == '0';
		char *end;
		int width = (int)strtol(p + 1, &end, 10);
		int wrote = snprintf(buf + len, size - len, zeros ? "%0*u" : "%*u",
		    width > 64 ? 64 : width, n);
		if (wrote < 0)
			break;
		len += (size_t)wrote;
		if (len >= size)
			len = size - 1;
		p = end;
	}
	buf[len] = '\0';
	return buf;
}

static bool
behaviour_word(const char *word, size_t len, struct options *o)
{
	const char *colon = memchr(word, ':', len);
	size_t name_len = colon != NULL ? (size_t)(colon - word) : len;
	uint32_t percent = 100;
	char digits[4] = "";

	if (colon != NULL) {
		size_t n = len - name_len - 1;
		if (n >= sizeof(digits))
			return false;
		memcpy(digits, colon + 1, n);
		if (!number(digits, 0, 100, &percent))
			return false;
	}
	for (size_t i = 0; i < BEHAVIOURS; i++) {
		if (strlen(behaviour_info[i].name) == name_len &&
		    memcmp(behaviour_info[i].name, word, name_len) == 0) {
			o->behaviour[i] = (uint8_t)percent;
			return true;
		}
	}
	return false;
}

static bool
behaviours(const char *text, struct options *o)
{
	for (const char *p = text;;) {
		size_t len = strcspn(p, ",");
		if (!behaviour_word(p, len, o))
			return false;
		if (p[len] == '\0')
			return true;
		p += len + 1;
	}
}

static bool
version(const char *text, struct options *o)
{
	static const char *const known[] = { "1.0", "1.1", "1.2" };

	for (uint16_t i = 0; i < 3; i++) {
		if (strcmp(text, known[i]) == 0) {
			o->lwm2m = (uint16_t)(0x0100 | i);
			return true;
		}
	}
	return false;
}

static bool
content_format(const char *text, struct options *o)
{
	uint32_t n;

	if (strcmp(text, "none") == 0) {
		o->pct = -1;
		return true;
	}
	if (!number(text, 0, 65535, &n))
		return false;
	o->pct = (int)n;
	return true;
}

static bool
take(int c, const char *text, struct options *o)
{
	switch (c) {
	case O_SERVER: return server(text, o);
	case O_COUNT: return number(text, 1, 16000000, &o->count);
	case O_FIRST: return number(text, 0, 1000000000, &o->first);
	case O_ENDPOINT: o->endpoint = text; return pattern(text);
	case O_IDENTITY: o->psk_identity = text; return pattern(text);
	case O_KEY: return text_unhex(text, strlen(text), o->psk_key, sizeof(o->psk_key),
	    &o->psk_key_len) == ERR_OK && o->psk_key_len > 0;
	case O_CERTIFICATE: o->certificate = text; return pattern(text);
	case O_PRIVATE_KEY: o->private_key = text; return pattern(text);
	case O_CA: o->ca = text; return true;
	case O_CONCURRENCY: return number(text, 1, 1000000, &o->concurrency);
	case O_RATE: return rate(text, &o->rate);
	case O_RTT: return duration(text, &o->rtt_ms);
	case O_LOSS: return share(text, &o->loss);
	case O_DUPLICATE: return share(text, &o->duplicate);
	case O_REORDER: return share(text, &o->reorder);
	case O_BEHAVIOUR: return behaviours(text, o);
	case O_LWM2M: return version(text, o);
	case O_PCT: return content_format(text, o);
	case O_EXPECT: o->expect = text; return true;
	case O_DUMP: o->dump = text; return true;
	case O_OBJECTS: o->objects = text; return true;
	case O_JSON: o->json = true; return true;
	case O_QUIET: o->quiet = true; return true;
	case O_TRIES: return number(text, 1, 1000, &o->tries);
	case O_RETRY: return duration(text, &o->retry_ms);
	case O_PATIENCE: return duration(text, &o->patience_ms) && o->patience_ms > 0;
	case O_ACK: return duration(text, &o->ack_timeout_ms) && o->ack_timeout_ms > 0;
	case O_BLOCK: return number(text, 16, 1024, &o->block_size) &&
	    (o->block_size & (o->block_size - 1)) == 0;
	case O_MTU: return number(text, 256, 65535, &o->mtu);
	default: return false;
	}
}

static const char *
check_certificate(const struct options *o, bool secure)
{
	if (!secure)
		return "--certificate, --private-key and --ca go with a coaps server";
	if (o->psk_identity != NULL || o->psk_key_len > 0)
		return "a device has a pre-shared key or a certificate, not both";
	if (o->certificate == NULL || o->ca == NULL)
		return "--certificate and --ca go together: the server is to show whom it belongs to";
	return NULL;
}

/* What only the whole command line can tell. NULL: in order. */
static const char *
check(struct options *o)
{
	if (o->server_text[0] == '\0')
		return "--server is missing, such as coap://127.0.0.1:5783";
	if (o->endpoint == NULL)
		return "--endpoint is missing, such as 'dev-%06d'";
	if (o->count > 1 && strchr(o->endpoint, '%') == NULL)
		return "--endpoint names only one device: put a %d into it";
	const char *wrong = NULL;
	bool secure = o->scheme == LINK_COAPS || o->scheme == LINK_COAPS_TCP;
	bool tcp = o->scheme == LINK_COAP_TCP || o->scheme == LINK_COAPS_TCP;
	if (o->certificate != NULL || o->private_key != NULL || o->ca != NULL)
		wrong = check_certificate(o, secure);
	else if (secure && (o->psk_identity == NULL || o->psk_key_len == 0))
		wrong = "coaps needs --psk-identity and --psk-key, or --certificate and --ca";
	else if (!secure && (o->psk_identity != NULL || o->psk_key_len > 0))
		wrong = "--psk-identity and --psk-key go with a coaps server";
	if (wrong != NULL)
		return wrong;
	if (tcp && (o->rtt_ms > 0 || o->loss > 0 || o->duplicate > 0 || o->reorder > 0))
		return "--rtt, --loss, --duplicate and --reorder are about datagrams, and TCP has none";
	if (tcp && (o->behaviour[BEHAVIOUR_RST] > 0 || o->behaviour[BEHAVIOUR_SEPARATE_RESPONSE] > 0))
		return "the behaviours rst and separate-response are of UDP: TCP has no such messages";
	return NULL;
}

int
options_read(int argc, char **argv, struct options *ret)
{
	struct options o = {
		.count = 1, .concurrency = 1000, .lwm2m = 0x0101, .pct = -2, .tries = 5,
		.retry_ms = 1000, .patience_ms = 93000, .ack_timeout_ms = 2000, .block_size = 1024,
		.mtu = 1280,
	};

	for (int c; (c = getopt_long(argc, argv, "", table, NULL)) != -1;) {
		if (c == O_HELP) {
			print_usage();
			return EXIT_SUCCESS;
		}
		if (c == O_VERSION) {
			puts("strapfleet " STRAPD_VERSION);
			return EXIT_SUCCESS;
		}
		if (c == O_LATER) {
			fprintf(stderr, "strapfleet: %s is not offered by this version\n",
			    argv[optind - 2]);
			return EXIT_USAGE;
		}
		if (c == '?' || !take(c, optarg, &o)) {
			if (c != '?')
				fprintf(stderr, "strapfleet: %s: \"%s\" cannot be used\n",
				    argv[optind - 2], optarg);
			fputs("strapfleet --help tells what is understood\n", stderr);
			return EXIT_USAGE;
		}
	}
	const char *wrong = optind < argc ? "there is a word too many" : check(&o);
	if (wrong != NULL) {
		fprintf(stderr, "strapfleet: %s\n", wrong);
		return EXIT_USAGE;
	}
	if (o.pct == -2)	/* what devices of that version do: 1.0 knows no pct */
		o.pct = o.lwm2m == 0x0100 ? -1 : 112;
	*ret = o;
	return -1;
}
