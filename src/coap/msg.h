#ifndef COAP_MSG_H
#define COAP_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* One CoAP message as plain data (RFC 7252, 3). Stateless: nothing is allocated or kept. */

/* RFC 7252, 3: the values on the wire. (MSG_RST is a name of <sys/socket.h>.) */
enum msg_type { MSG_CON, MSG_NON, MSG_ACK, MSG_RESET };

#define MSG_CODE(class, detail)	((uint8_t)((class) << 5 | (detail)))
enum {
	MSG_EMPTY			= MSG_CODE(0, 0),
	MSG_GET				= MSG_CODE(0, 1),
	MSG_POST			= MSG_CODE(0, 2),
	MSG_PUT				= MSG_CODE(0, 3),
	MSG_DELETE			= MSG_CODE(0, 4),
	MSG_CREATED			= MSG_CODE(2, 1),
	MSG_DELETED			= MSG_CODE(2, 2),
	MSG_CHANGED			= MSG_CODE(2, 4),
	MSG_CONTENT			= MSG_CODE(2, 5),
	MSG_CONTINUE			= MSG_CODE(2, 31),
	MSG_BAD_REQUEST			= MSG_CODE(4, 0),
	MSG_UNAUTHORIZED		= MSG_CODE(4, 1),
	MSG_BAD_OPTION			= MSG_CODE(4, 2),
	MSG_FORBIDDEN			= MSG_CODE(4, 3),
	MSG_NOT_FOUND			= MSG_CODE(4, 4),
	MSG_METHOD_NOT_ALLOWED		= MSG_CODE(4, 5),
	MSG_NOT_ACCEPTABLE		= MSG_CODE(4, 6),
	MSG_INCOMPLETE			= MSG_CODE(4, 8),
	MSG_TOO_LARGE			= MSG_CODE(4, 13),
	MSG_UNSUPPORTED_FORMAT		= MSG_CODE(4, 15),
	MSG_INTERNAL			= MSG_CODE(5, 0),
	MSG_NOT_IMPLEMENTED		= MSG_CODE(5, 1),
	MSG_UNAVAILABLE			= MSG_CODE(5, 3),
};
#define MSG_CLASS(code)		((code) >> 5)
static inline bool msg_is_request(uint8_t code)  { return code != MSG_EMPTY && MSG_CLASS(code) == 0; }
static inline bool msg_is_response(uint8_t code) { return MSG_CLASS(code) >= 2 && MSG_CLASS(code) <= 5; }

/* Option numbers used here (RFC 7252, 5.10; RFC 7959; RFC 8613; RFC 9175). */
enum {
	OPT_IF_MATCH = 1, OPT_URI_HOST = 3, OPT_ETAG = 4, OPT_IF_NONE_MATCH = 5, OPT_OBSERVE = 6,
	OPT_URI_PORT = 7, OPT_OSCORE = 9, OPT_URI_PATH = 11, OPT_CONTENT_FORMAT = 12,
	OPT_MAX_AGE = 14, OPT_URI_QUERY = 15, OPT_ACCEPT = 17, OPT_BLOCK2 = 23, OPT_BLOCK1 = 27,
	OPT_SIZE2 = 28, OPT_PROXY_URI = 35, OPT_PROXY_SCHEME = 39, OPT_SIZE1 = 60, OPT_ECHO = 252,
	OPT_NO_RESPONSE = 258, OPT_REQUEST_TAG = 292,
};

#define MSG_TOKEN_MAX	8
#define MSG_OPTS_MAX	32	/* more options than any request of ours or a device's has */

struct msg_opt {
	uint16_t	 number;
	uint16_t	 len;
	const uint8_t	*value;		/* the message's buffer */
};

struct msg {
	uint8_t		 type;		/* enum msg_type */
	uint8_t		 code;
	uint16_t	 mid;
	uint8_t		 token_len;
	uint8_t		 token[MSG_TOKEN_MAX];
	uint16_t	 nopts;
	struct msg_opt	 opts[MSG_OPTS_MAX];	/* ascending by number; equal ones in order */
	const uint8_t	*payload;	/* NULL when there is none */
	size_t		 payload_len;
};

/*
 * Reads a datagram; values and payload point into 'buf'. *ret is defined only on success,
 * but type, mid, code and token are set as soon as the header was sound, so that a reset or
 * 4.00 can be sent for the rest. Without a sound header, or in another version of CoAP, they
 * read as a Reset, which nobody answers (RFC 7252, 3: such a message is ignored).
 *
 * ERR_TRUNCATED  shorter than a header
 * ERR_MALFORMED  version, token length, options, empty payload after the marker, an empty
 *                message with more than a header (RFC 7252, 4.1)
 * ERR_TOOBIG     more than MSG_OPTS_MAX options
 */
enum err msg_decode(const uint8_t *buf, size_t len, struct msg *ret) MUST_CHECK;

/*
 * Writes 'm' as a datagram. Options need not be sorted: they are written in order of number,
 * equal ones as they stand. ERR_TOOBIG when 'cap' does not hold it.
 */
enum err msg_encode(const struct msg *m, uint8_t *buf, size_t cap, size_t *ret_len) MUST_CHECK;

/* Adds an option (borrows the value). ERR_TOOBIG when there are MSG_OPTS_MAX already. */
enum err msg_add(struct msg *m, uint16_t number, const void *value, size_t len) MUST_CHECK;

/* Adds a number in its shortest form (0 is empty); 'scratch' (4 bytes) must live as long as 'm'. */
enum err msg_add_uint(struct msg *m, uint16_t number, uint32_t v, uint8_t scratch[4]) MUST_CHECK;

/* The first option of that number, or NULL. */
const struct msg_opt *msg_find(const struct msg *m, uint16_t number);

/* The value as a number; -1 when absent or longer than 4 bytes. */
int64_t	 msg_uint(const struct msg *m, uint16_t number);

/* True when an option of 'number' is critical (RFC 7252, 5.4.1: odd). */
static inline bool msg_opt_critical(uint16_t number) { return number & 1; }

/* A block option's value (RFC 7959, 2.2). Size in bytes is 16 << szx, szx 0 … 6. */
struct msg_block {
	uint32_t	num;		/* 20 bits */
	bool		more;
	uint8_t		szx;
};
/* False when absent; and for a reserved szx or a long value, then with *e set to ERR_MALFORMED. */
bool	 msg_block(const struct msg *m, uint16_t number, struct msg_block *ret, enum err *e);
/* The same over TCP, where szx 7 counts 'num' in 1024 bytes, any number of them (RFC 8323, 6). */
#define MSG_SZX_BERT	7
bool	 msg_block_bert(const struct msg *m, uint16_t number, struct msg_block *ret, enum err *e);
enum err msg_add_block(struct msg *m, uint16_t number, const struct msg_block *b,
    uint8_t scratch[4]) MUST_CHECK;

/* "2.04", "0.01"; 'buf' holds 8 characters. And the name: "Changed", "Bad Request", or "". */
const char *msg_code_text(uint8_t code, char buf[8]);
const char *msg_code_name(uint8_t code);

#endif
