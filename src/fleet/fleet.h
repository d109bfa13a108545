#ifndef FLEET_FLEET_H
#define FLEET_FLEET_H

#include "base/err.h"

struct fleet;
struct options;

/* All devices of a run: who calls when, from which address, until the last has come to its end. */
/* On failure it has said why on standard error. */
enum err fleet_new(const struct options *, struct fleet **ret) MUST_CHECK;
enum err fleet_run(struct fleet *, unsigned *failed) MUST_CHECK;	/* prints the result */
void	 fleet_free(struct fleet *);

#endif
