#ifndef FLEET_OPTIONS_H
#define FLEET_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "transport/link.h"

/* How a simulated device differs from a well-behaved one; strapfleet(1) lists them. */
#define BEHAVIOUR_LIST(X)										\
	X(SEPARATE_RESPONSE, "separate-response", "answers with an empty ACK and a CON later")		\
	X(NO_DISCOVER,  "no-discover",  "answers 4.05 to Bootstrap-Discover")				\
	X(RST,          "rst",          "answers Bootstrap-Discover with a Reset")			\
	X(SLOW,         "slow",         "takes 300 ms for each answer")					\
	X(RESTART,      "restart",      "reboots once in the middle, from the same port")		\
	X(BAD_FINISH,   "bad-finish",   "answers the first Finish with 4.06, and starts again")		\
	X(NO_TLV,       "no-tlv",       "answers 4.15 to TLV")						\
	X(NO_CBOR,      "no-cbor",      "answers 4.15 to SenML CBOR")					\
	X(REFUSE_DELETE, "refuse-delete", "answers 4.00 to every Delete")				\
	X(CREATED,      "created",      "answers 2.01 to a Write that makes an instance")		\
	X(SILENT,       "silent",       "asks and then never answers: a live session that hangs")	\
	X(ACCOUNT_AT_1, "account-at-1", "keeps its bootstrap account at /0/1")

enum behaviour {
#define X(name, text, meaning) BEHAVIOUR_##name,
	BEHAVIOUR_LIST(X)
#undef X
	BEHAVIOURS
};

struct behaviour_info {
	const char	*name, *meaning;
};
extern const struct behaviour_info behaviour_info[BEHAVIOURS];

struct options {
	struct addr	 server;
	enum link_scheme scheme;
	char		 server_text[128];
	const char	*endpoint;		/* pattern with one %d form */
	const char	*psk_identity;		/* pattern, or NULL */
	uint8_t		 psk_key[64];
	size_t		 psk_key_len;
	const char	*certificate, *private_key;	/* patterns of PEM files; the key may be NULL */
	const char	*ca;			/* PEM files: who has signed the server's certificate */
	uint32_t	 count, concurrency, first;
	double		 rate;			/* devices begun per second; 0: as fast as they go */
	uint32_t	 rtt_ms;
	double		 loss, duplicate, reorder;	/* 0 … 1, each way */
	uint8_t		 behaviour[BEHAVIOURS];	/* percent of devices */
	uint16_t	 lwm2m;			/* 0x0100, 0x0101, 0x0102 */
	int		 pct;			/* what to ask for; -1: nothing */
	uint32_t	 tries;			/* per device */
	uint32_t	 retry_ms;		/* pause before the next try */
	uint32_t	 patience_ms;		/* for one try */
	uint32_t	 ack_timeout_ms;
	uint32_t	 block_size;
	uint32_t	 mtu;
	const char	*expect, *dump, *objects;
	bool		 json, quiet;
};

/*
 * Reads the command line. -1: go on; else the exit code (0 after --help, 2 for a mistake, which
 * was told on standard error).
 */
int	options_read(int argc, char **argv, struct options *ret);

/* The pattern with the device's number; 'buf' is filled and returned. */
const char *options_name(const char *pattern, uint32_t number, char *buf, size_t size);

#endif
