#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/*
 * One event, one line on standard error, subject first: "ses=4f21 ep=urn:… step=3/7 …".
 * Never a secret, key or payload. Folders below bootstrap/ log at debug only.
 */
enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum log_format {
	LOG_FORMAT_AUTO,	/* journal under systemd, else plain */
	LOG_FORMAT_PLAIN,	/* "2026-01-02T03:04:05.678Z info text" */
	LOG_FORMAT_JOURNAL,	/* "<6>text" */
	LOG_FORMAT_JSON,	/* {"time":…,"level":…,"message":…} */
};

/* May be called at any time, from one thread. Before it: info, plain. */
void	log_setup(enum log_level, enum log_format);
bool	log_enabled(enum log_level);

/* Whole lines, from any thread; control characters and broken UTF-8 of peers are escaped. */
void	log_error(const char *fmt, ...) PRINTF_LIKE(1, 2);
void	log_warn(const char *fmt, ...) PRINTF_LIKE(1, 2);
void	log_info(const char *fmt, ...) PRINTF_LIKE(1, 2);
void	log_debug(const char *fmt, ...) PRINTF_LIKE(1, 2);

/*
 * A name of a peer's choice as one value of a line: as it is, or in quotes, with \" and \\, when it
 * is empty or has anything in it that could pass for the next field. Returns 's' or 'buf'; what is
 * too long is cut.
 */
#define LOG_WORD_MAX	1056
const char *log_word(const char *s, char buf[LOG_WORD_MAX]);

/*
 * For noise that peers cause: at most one line a minute; the next one says how many were
 * left out. One struct per place, used by one thread; zeroed at first.
 */
struct log_limit {
	uint64_t	next_at_ms;
	uint64_t	left_out;
};
void	log_limited(struct log_limit *, uint64_t now_ms, const char *fmt, ...) PRINTF_LIKE(3, 4);

#endif
