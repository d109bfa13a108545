#include "fleet/report.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fleet/faults.h"
#include "fleet/options.h"

#define REASONS_MAX	24
#define REASON_LEN	160
#define BUCKETS		24		/* powers of two of a millisecond */
#define BAR		40

struct report {
	const struct options	*opt;
	uint32_t		 tries, done, failed;
	uint32_t		*times_us;	/* of those done */
	struct {
		char		 text[REASON_LEN];
		uint32_t	 count;
	} reasons[REASONS_MAX];
	size_t			 nreasons;
};

enum err
report_new(const struct options *opt, struct report **ret)
{
	struct report *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return ERR_NOMEM;
	r->opt = opt;
	r->times_us = calloc(opt->count, sizeof(*r->times_us));
	if (r->times_us == NULL) {
		free(r);
		return ERR_NOMEM;
	}
	*ret = r;
	return ERR_OK;
}

void
report_free(struct report *r)
{
	if (r == NULL)
		return;
	free(r->times_us);
	free(r);
}

void
report_try(struct report *r)
{
	r->tries++;
}

void
report_done(struct report *r, uint32_t us)
{
	if (r->done < r->opt->count)
		r->times_us[r->done] = us;
	r->done++;
}

void
report_failed(struct report *r, const char *why)
{
	size_t i = 0;

	r->failed++;
	while (i < r->nreasons && strncmp(r->reasons[i].text, why, REASON_LEN - 1) != 0)
		i++;
	if (i == REASONS_MAX) {
		/* The last place counts all the rest. */
		i = REASONS_MAX - 1;
		snprintf(r->reasons[i].text, REASON_LEN, "other reasons");
	} else if (i == r->nreasons) {
		snprintf(r->reasons[i].text, REASON_LEN, "%s", why);
		r->nreasons++;
	}
	r->reasons[i].count++;
}

uint32_t
report_ended(const struct report *r)
{
	return r->done + r->failed;
}

uint32_t
report_bad(const struct report *r)
{
	return r->failed;
}

static bool
on_terminal(const struct report *r)
{
	return !r->opt->quiet && !r->opt->json && isatty(STDERR_FILENO);
}

static double
rate(uint32_t n, uint64_t us)
{
	return us > 0 ? (double)n * 1e6 / (double)us : 0;
}

void
report_progress(const struct report *r, uint32_t live, uint64_t us)
{
	if (on_terminal(r))
		fprintf(stderr, "\r%u of %u done, %u failed, %u live, %.0f/s   ", r->done,
		    r->opt->count, r->failed, live, rate(r->done, us));
}

void
report_progress_end(const struct report *r)
{
	if (on_terminal(r))
		fputs("\r\033[K", stderr);
}

static int
by_time(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* Sorted times; p from 0 to 1. */
static double
percentile_ms(const struct report *r, double p)
{
	if (r->done == 0)
		return 0;
	return r->times_us[(size_t)(p * (double)(r->done - 1))] / 1000.0;
}

static size_t
bucket(uint32_t us)
{
	size_t b = 0;

	for (uint32_t ms = us / 1000; ms > 0 && b < BUCKETS - 1; ms >>= 1)
		b++;
	return b;
}

static void
print_histogram(const struct report *r, FILE *out)
{
	uint32_t counts[BUCKETS] = { 0 }, most = 1;
	size_t first = BUCKETS, last = 0;

	for (uint32_t i = 0; i < r->done; i++) {
		size_t b = bucket(r->times_us[i]);
		if (++counts[b] > most)
			most = counts[b];
		first = b < first ? b : first;
		last = b > last ? b : last;
	}
	for (size_t b = first; b <= last && r->done > 0; b++) {
		int width = (int)((uint64_t)counts[b] * BAR / most);
		fprintf(out, "  < %7u ms %8u ", 1u << b, counts[b]);
		for (int i = 0; i < width || (i == 0 && counts[b] > 0); i++)
			fputs("▆", out);
		fputc('\n', out);
	}
}

static void
print_people(struct report *r, const struct faults_stats *f, uint64_t us, FILE *out)
{
	fprintf(out, "done     %u of %u in %.2f s (%.0f/s), %u tries\n", r->done, r->opt->count,
	    (double)us / 1e6, rate(r->done, us), r->tries);
	for (size_t i = 0; i < r->nreasons; i++)
		fprintf(out, "failed   %u: %s\n", r->reasons[i].count, r->reasons[i].text);
	if (f->seen > 0)
		fprintf(out, "network  %" PRIu64 " datagrams, %" PRIu64 " lost, %" PRIu64
		    " duplicated, %" PRIu64 " reordered\n", f->seen, f->lost, f->duplicated, f->reordered);
	if (r->done > 0)
		fprintf(out, "time     p50 %.1f ms, p90 %.1f ms, p99 %.1f ms, longest %.1f ms\n",
		    percentile_ms(r, .5), percentile_ms(r, .9), percentile_ms(r, .99), percentile_ms(r, 1));
	print_histogram(r, out);
}

static void
print_json(struct report *r, const struct faults_stats *f, uint64_t us, FILE *out)
{
	json_t *reasons = json_array(), *histogram = json_array();
	uint32_t counts[BUCKETS] = { 0 };

	for (size_t i = 0; i < r->nreasons; i++)
		json_array_append_new(reasons, json_pack("{s:s, s:i}", "reason", r->reasons[i].text,
		    "count", (int)r->reasons[i].count));
	for (uint32_t i = 0; i < r->done; i++)
		counts[bucket(r->times_us[i])]++;
	for (size_t b = 0; b < BUCKETS; b++) {
		if (counts[b] > 0)
			json_array_append_new(histogram, json_pack("{s:i, s:i}", "below_ms", 1 << b,
			    "count", (int)counts[b]));
	}
	json_t *o = json_pack("{s:i, s:i, s:i, s:i, s:f, s:f, s:o, s:{s:f, s:f, s:f, s:f}, s:o,"
	    " s:{s:I, s:I, s:I, s:I}}",
	    "count", (int)r->opt->count, "done", (int)r->done, "failed", (int)r->failed,
	    "tries", (int)r->tries, "seconds", (double)us / 1e6, "rate", rate(r->done, us),
	    "reasons", reasons, "latency_ms", "p50", percentile_ms(r, .5), "p90", percentile_ms(r, .9),
	    "p99", percentile_ms(r, .99), "max", percentile_ms(r, 1), "histogram", histogram,
	    "network", "seen", (json_int_t)f->seen, "lost", (json_int_t)f->lost,
	    "duplicated", (json_int_t)f->duplicated, "reordered", (json_int_t)f->reordered);
	json_dumpf(o, out, JSON_COMPACT);
	fputc('\n', out);
	json_decref(o);
}

void
report_print(struct report *r, const struct faults_stats *f, uint64_t us, FILE *out)
{
	if (r->done > 1)
		qsort(r->times_us, r->done, sizeof(*r->times_us), by_time);
	if (r->opt->json)
		print_json(r, f, us, out);
	else
		print_people(r, f, us, out);
}
