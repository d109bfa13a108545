#ifndef COAP_MSG_PRIV_H
#define COAP_MSG_PRIV_H

#include <stddef.h>

#include "base/rd.h"
#include "base/wr.h"
#include "coap/msg.h"

/* What a datagram and a frame of a stream have in common: options, marker and payload. */

/* All that is left. Fills options and payload; ERR_MALFORMED, ERR_TOOBIG as msg_decode(). */
void	 msg_read_body(struct rd *, struct msg *);
void	 msg_write_body(struct wr *, const struct msg *);
size_t	 msg_body_len(const struct msg *);	/* bytes that msg_write_body() writes */

#endif
