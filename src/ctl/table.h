#ifndef CTL_TABLE_H
#define CTL_TABLE_H

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
size_t	 table_width(const char *);

struct table;

/* 'heads' ends with NULL and is borrowed; a head that starts with '>' is of a column set to the right. */
struct table *table_new(FILE *out, bool colour, const char *const *heads);
void	 table_free(struct table *);		/* prints what is not printed yet */

/* Cells go row by row, from left to right. Copies; NULL and "" are shown as "-". */
void	 table_cell(struct table *, const char *text);
void	 table_cellf(struct table *, enum colour, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void	 table_count(struct table *, uint64_t n);	/* "1 234 567" */
/* Prints the rows so far; the widths stay at least what they are, so that long lists come in pages. */
void	 table_flush(struct table *);
size_t	 table_rows(const struct table *);	/* in all */

/* Prints harmless text, in a colour when 'colour'. */
void	 table_print(FILE *, bool colour, enum colour, const char *text);

#define TABLE_TEXT_MAX 40
/* "350 ms", "2.5 s", "3 min 20 s", "4 h 10 min", "12 d 3 h". Return 'buf'. */
const char *table_duration(uint64_t ms, char buf[TABLE_TEXT_MAX]);
/* "just now", "3 min ago", "in 5 s"; 'text' is RFC 3339 in UTC. What is no time comes back as it is, cut. */
const char *table_ago(const char *text, int64_t now_ms, char buf[TABLE_TEXT_MAX]);
/* 1234567 -> "1 234 567"; bytes -> "1.2 MiB". */
const char *table_number(uint64_t n, char buf[TABLE_TEXT_MAX]);
const char *table_bytes(uint64_t n, char buf[TABLE_TEXT_MAX]);

/* Milliseconds since 1970 of "2026-01-02T03:04:05.678Z"; false when it is not of that form. */
bool	 table_parse_time(const char *text, int64_t *ret_ms);

#endif
