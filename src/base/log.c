#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"

#define TEXT_MAX	2048	/* bytes of one message; more is cut and marked with "..." */
#define ESCAPED_MAX	5	/* characters that a byte can become: "\\x00" in JSON */
#define LIMIT_MS	60000	/* of log_limited() */

static const struct {
	const char	*name;
	int		 priority;	/* syslog's, for journald */
} levels[] = {
	[LOG_LEVEL_ERROR] = { "error", 3 },
	[LOG_LEVEL_WARN] = { "warn", 4 },
	[LOG_LEVEL_INFO] = { "info", 6 },
	[LOG_LEVEL_DEBUG] = { "debug", 7 },
};

static _Atomic int	max_level = LOG_LEVEL_INFO;
static _Atomic int	format = LOG_FORMAT_PLAIN;

struct line {
	size_t	len;
	char	buf[TEXT_MAX * ESCAPED_MAX + 128];
};

void
log_setup(enum log_level level, enum log_format f)
{
	if (f == LOG_FORMAT_AUTO)
		f = getenv("JOURNAL_STREAM") != NULL ? LOG_FORMAT_JOURNAL : LOG_FORMAT_PLAIN;
	atomic_store_explicit(&max_level, (int)level, memory_order_relaxed);
	atomic_store_explicit(&format, (int)f, memory_order_relaxed);
}

bool
log_enabled(enum log_level level)
{
	return (int)level <= atomic_load_explicit(&max_level, memory_order_relaxed);
}

static void
add(struct line *l, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void
add(struct line *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	l->len += (size_t)vsnprintf(l->buf + l->len, sizeof(l->buf) - l->len, fmt, ap);
	va_end(ap);
}

/*
 * What could steer the terminal that shows the log: C0, DEL and, as UTF-8, C1; line and paragraph
 * separators and what turns the direction of text (U+2028 to U+202E, U+2066 to U+2069).
 */
static bool
is_control(const uint8_t *p, size_t n)
{
	if (n == 3 && p[0] == 0xe2)
		return (p[1] == 0x80 && p[2] >= 0xa8 && p[2] <= 0xae) ||
		    (p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9);
	return p[0] < 0x20 || p[0] == 0x7f || (n == 2 && p[0] == 0xc2 && p[1] < 0xa0);
}

static void
add_escaped(struct line *l, const char *text, size_t len, bool json)
{
	const uint8_t *p = (const uint8_t *)text, *end = p + len;

	while (p < end) {
		size_t n = text_utf8(p, (size_t)(end - p));

		if (n == 0 || is_control(p, n)) {
			n = n == 0 ? 1 : n;
			for (size_t i = 0; i < n; i++)
				add(l, json ? "\\\\x%02x" : "\\x%02x", p[i]);
		} else {
			if (json && (*p == '"' || *p == '\\'))
				l->buf[l->len++] = '\\';
			memcpy(l->buf + l->len, p, n);
			l->len += n;
		}
		p += n;
	}
}

static int64_t
wall_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void
put(const struct line *l)
{
	size_t done = 0;

	while (done < l->len) {
		ssize_t n = write(STDERR_FILENO, l->buf + done, l->len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;		/* nowhere to complain */
		done += (size_t)n;
	}
}

static void
emit(enum log_level level, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);

static void
emit(enum log_level level, const char *fmt, va_list ap)
{
	int f = atomic_load_explicit(&format, memory_order_relaxed), saved = errno;
	char text[TEXT_MAX + 1], when[TEXT_TIME_MAX];
	struct line l;
	int n = vsnprintf(text, sizeof(text), fmt, ap);
	size_t len = n < 0 ? 0 : n > TEXT_MAX ? TEXT_MAX : (size_t)n;

	l.len = 0;
	if (f == LOG_FORMAT_JOURNAL)
		add(&l, "<%d>", levels[level].priority);
	else if (f == LOG_FORMAT_JSON)
		add(&l, "{\"time\":\"%s\",\"level\":\"%s\",\"message\":\"", text_time(wall_ms(), when),
		    levels[level].name);
	else
		add(&l, "%s %s ", text_time(wall_ms(), when), levels[level].name);
	add_escaped(&l, text, len, f == LOG_FORMAT_JSON);
	add(&l, "%s%s\n", n > TEXT_MAX ? "..." : "", f == LOG_FORMAT_JSON ? "\"}" : "");
	put(&l);
	errno = saved;
}

#define DEFINE(name, level)				\
	void						\
	name(const char *fmt, ...)			\
	{						\
		va_list ap;				\
							\
		if (!log_enabled(level))		\
			return;				\
		va_start(ap, fmt);			\
		emit(level, fmt, ap);			\
		va_end(ap);				\
	}

DEFINE(log_error, LOG_LEVEL_ERROR)
DEFINE(log_warn, LOG_LEVEL_WARN)
DEFINE(log_info, LOG_LEVEL_INFO)
DEFINE(log_debug, LOG_LEVEL_DEBUG)

const char *
log_word(const char *s, char buf[LOG_WORD_MAX])
{
	size_t n = 0;

	if (s[0] != '\0' && strpbrk(s, " \"\\=\t\n\v\f\r") == NULL)
		return s;
	buf[n++] = '"';
	for (; *s != '\0' && n < LOG_WORD_MAX - 3; s++) {
		if (*s == '"' || *s == '\\')
			buf[n++] = '\\';
		buf[n++] = *s;
	}
	buf[n++] = '"';
	buf[n] = '\0';
	return buf;
}

void
log_limited(struct log_limit *limit, uint64_t now_ms, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list ap;

	if (now_ms < limit->next_at_ms) {
		limit->left_out++;
		return;
	}
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (limit->left_out > 0)
		log_warn("%s (and %" PRIu64 " more like it)", text, limit->left_out);
	else
		log_warn("%s", text);
	limit->next_at_ms = now_ms + LIMIT_MS;
	limit->left_out = 0;
}
