#ifndef LWM2M_TEXTIO_H
#define LWM2M_TEXTIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/wr.h"

/* Values as text, for plain text and the JSON formats. */
void	 textio_put_int(struct wr *, int64_t);
void	 textio_put_uint(struct wr *, uint64_t);

/*
 * The fewest digits that read back as the same finite number. Plain text is written without an
 * exponent. JSON has one below 1e-4 and from 1e16 on, and else a fraction: 1.0, 1e+16.
 */
void	 textio_put_decimal(struct wr *, double);
void	 textio_put_json_number(struct wr *, double);

/* RFC 4648, 4 (padded) or, with 'url', 5 (unpadded). */
void	 textio_put_base64(struct wr *, const uint8_t *p, size_t len, bool url);

/* A JSON string with its quotes; escapes '"', '\' and control characters only. 'p' is UTF-8. */
void	 textio_put_quoted(struct wr *, const uint8_t *p, size_t len);

#endif
