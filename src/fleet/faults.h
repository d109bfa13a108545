#ifndef FLEET_FAULTS_H
#define FLEET_FAULTS_H

#include <stdint.h>

#include "base/err.h"

struct faults;
struct loop;
struct options;
struct transport;
struct transport_filter;

/* A bad network between the devices and the server: loss, delay, duplicates, reordering, each way. */
enum err faults_new(struct loop *, const struct options *, struct faults **ret) MUST_CHECK;
void	 faults_free(struct faults *);		/* what is still under way is dropped */

/* For transport_opts; NULL when the network is to be perfect. */
const struct transport_filter *faults_filter(struct faults *);
/* Where delayed datagrams go on; before the first one. */
void	 faults_attach(struct faults *, struct transport *);

struct faults_stats {
	uint64_t	seen, lost, duplicated, reordered;
};
const struct faults_stats *faults_stats(const struct faults *);

#endif
