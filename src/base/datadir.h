#ifndef BASE_DATADIR_H
#define BASE_DATADIR_H

#include <stddef.h>

/*
 * Where data that comes with the programs is, such as "objects": beside the running program,
 * so that it can be installed below any prefix (…/sbin and …/share/strapd/NAME) or run from
 * the tree it was built in (build and etc/NAME); else /usr/share/strapd/NAME. Fills 'buf' and
 * returns it.
 */
const char *datadir_find(const char *name, char *buf, size_t size);

#endif
