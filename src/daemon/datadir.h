#ifndef DAEMON_DATADIR_H
#define DAEMON_DATADIR_H

#include <stddef.h>

/*
 * Where the object definitions that come with strapd are: beside the program, so that it can
 * be installed below any prefix (…/sbin/strapd and …/share/strapd/objects) or run from the
 * tree it was built in (build/strapd and etc/objects); else /usr/share/strapd/objects.
 * Fills 'buf' and returns it.
 */
const char *datadir_objects(char *buf, size_t size);

#endif
