#ifndef COAP_FRAME_H
#define COAP_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "coap/msg.h"

/*
 * CoAP over a stream (RFC 8323, 3.2 and 5): one message as a frame that tells its length.
 * Stateless. A struct msg of a frame has type MSG_CON and mid 0, which no stream carries.
 */

/* Codes and options of the signals; option numbers count per code (RFC 8323, 5.2). */
enum {
	FRAME_CSM		= MSG_CODE(7, 1),
	FRAME_PING		= MSG_CODE(7, 2),
	FRAME_PONG		= MSG_CODE(7, 3),
	FRAME_RELEASE		= MSG_CODE(7, 4),
	FRAME_ABORT		= MSG_CODE(7, 5),
};
enum {
	FRAME_CSM_MAX_MESSAGE = 2, FRAME_CSM_BLOCK_WISE = 4,
	FRAME_PING_CUSTODY = 2,		/* of Pong, too */
	FRAME_RELEASE_ADDRESS = 2, FRAME_RELEASE_HOLD_OFF = 4,
	FRAME_ABORT_BAD_CSM_OPTION = 2,
};
#define FRAME_MAX_MESSAGE	1152	/* bytes, until a CSM says otherwise (RFC 8323, 5.3.1) */

static inline bool frame_is_signal(uint8_t code) { return MSG_CLASS(code) == 7; }

/*
 * Bytes of the frame that begins at 'p', from its first to its last. It may claim more than
 * 4 GB. ERR_TRUNCATED: more bytes are needed to tell (up to 5); ERR_MALFORMED: token length.
 */
enum err frame_len(const uint8_t *p, size_t len, uint64_t *ret) MUST_CHECK;

/*
 * Reads one whole frame; values and payload point into 'buf'. *ret is defined on success;
 * code and token also with ERR_TOOBIG (more than MSG_OPTS_MAX options). Else ERR_TRUNCATED;
 * ERR_MALFORMED: token length, options, empty payload after the marker, bytes after the end.
 */
enum err frame_decode(const uint8_t *buf, size_t len, struct msg *ret) MUST_CHECK;

/* Writes 'm' as a frame; see msg_encode(). ERR_TOOBIG when 'cap' does not hold it. */
enum err frame_encode(const struct msg *m, uint8_t *buf, size_t cap, size_t *ret_len) MUST_CHECK;

#endif
