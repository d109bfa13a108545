#ifndef FLEET_REPORT_H
#define FLEET_REPORT_H

#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

struct faults_stats;
struct options;
struct report;

/* What became of the devices: counts, reasons, times; shown as it goes and at the end. */
enum err report_new(const struct options *, struct report **ret) MUST_CHECK;
void	 report_free(struct report *);

void	 report_try(struct report *);				/* a device called */
void	 report_done(struct report *, uint32_t us);		/* from its first call to Finish */
void	 report_failed(struct report *, const char *why);	/* given up; copies */
uint32_t report_ended(const struct report *);			/* done and failed */
uint32_t report_bad(const struct report *);			/* failed */

/* One line that overwrites itself, on a terminal. */
void	 report_progress(const struct report *, uint32_t live, uint64_t elapsed_us);
void	 report_progress_end(const struct report *);
/* The result, for people or as JSON. */
void	 report_print(struct report *, const struct faults_stats *, uint64_t elapsed_us, FILE *out);

#endif
