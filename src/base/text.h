#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Lower-case hex with a terminating NUL; 'out' holds 2 * len + 1 characters. */
void	 text_hex(const void *p, size_t len, char *out);

/* *ret_len bytes into 'out' of 'cap'. ERR_MALFORMED on a bad digit or odd length, ERR_TOOBIG. */
enum err text_unhex(const char *s, size_t len, uint8_t *out, size_t cap, size_t *ret_len) MUST_CHECK;

/* RFC 4648, 4 (padded) and 5 (url alphabet, unpadded), NUL-terminated; 'out' holds TEXT_BASE64_MAX(len). */
#define TEXT_BASE64_MAX(len)	(((len) + 2) / 3 * 4 + 1)
void	 text_base64(const void *p, size_t len, char *out);
void	 text_base64url(const void *p, size_t len, char *out);

/* Either alphabet, padding optional, no white space. ERR_MALFORMED, ERR_TOOBIG. */
enum err text_unbase64(const char *s, size_t len, uint8_t *out, size_t cap, size_t *ret_len) MUST_CHECK;

/* "500ms", "2s", "5m", "1h", "7d" -> milliseconds; a number without unit is ERR_MALFORMED. */
enum err text_duration(const char *s, uint64_t *ret_ms) MUST_CHECK;

bool	 text_is_utf8(const void *p, size_t len);		/* well formed, no surrogates */
size_t	 text_utf8(const void *p, size_t len);			/* bytes of the character at 'p'; 0: broken */
bool	 text_glob(const char *pattern, const char *s);		/* '*', '?', '\' quotes; never exponential */
size_t	 text_distance(const char *a, const char *b);		/* edit distance, for hints on typos */

/* The RFC 3339 form in UTC with milliseconds, "2026-01-02T03:04:05.678Z". Returns 'buf'. */
#define TEXT_TIME_MAX	32
const char *text_time(int64_t wall_ms, char buf[TEXT_TIME_MAX]);

#endif
