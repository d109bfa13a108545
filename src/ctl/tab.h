#ifndef CTL_TAB_H
#define CTL_TAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Text for people: aligned columns, colours, times and durations as one says them. What comes
 * from devices is made harmless: control characters and broken UTF-8 are shown as \xNN.
 */

enum colour { COLOUR_NONE, COLOUR_BOLD, COLOUR_DIM, COLOUR_GREEN, COLOUR_YELLOW, COLOUR_RED, COLOUR_BLUE };

/* Columns on a terminal that a text takes: combining marks none, East Asian wide characters two. */
size_t	 tab_width(const char *);

struct tab;

/* 'heads' ends with NULL and is borrowed; a head that starts with '>' is of a column set to the right. */
struct tab *tab_new(FILE *out, bool colour, const char *const *heads);
void	 tab_free(struct tab *);		/* prints what is not printed yet */

/* Cells go row by row, from left to right. Copies; NULL and "" are shown as "-". */
void	 tab_cell(struct tab *, const char *text);
void	 tab_cellf(struct tab *, enum colour, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void	 tab_count(struct tab *, uint64_t n);	/* "1 234 567" */
/* Prints the rows so far; the widths stay at least what they are, so that long lists come in pages. */
void	 tab_flush(struct tab *);
size_t	 tab_rows(const struct tab *);	/* in all */

/* Prints harmless text, in a colour when 'colour'. */
void	 tab_print(FILE *, bool colour, enum colour, const char *text);

#define TAB_TEXT_MAX 40
/* "350 ms", "2.5 s", "3 min 20 s", "4 h 10 min", "12 d 3 h". Return 'buf'. */
const char *tab_duration(uint64_t ms, char buf[TAB_TEXT_MAX]);
/* "just now", "3 min ago", "in 5 s"; 'text' is RFC 3339 in UTC. What is no time comes back as it is, cut. */
const char *tab_ago(const char *text, int64_t now_ms, char buf[TAB_TEXT_MAX]);
/* 1234567 -> "1 234 567"; with a noun "1 234 567 lines", "1 line". */
const char *tab_number(uint64_t n, char buf[TAB_TEXT_MAX]);
const char *tab_many(uint64_t n, const char *noun, char buf[TAB_TEXT_MAX]);

/* Milliseconds since 1970 of "2026-01-02T03:04:05.678Z"; false when it is not of that form. */
bool	 tab_parse_time(const char *text, int64_t *ret_ms);

#endif
