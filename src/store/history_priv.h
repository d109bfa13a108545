#ifndef STORE_HISTORY_PRIV_H
#define STORE_HISTORY_PRIV_H

#include "store/history.h"

struct jtext;

/* Appends the entry as a JSON object; its endpoint is left out, since the event's own column has it. */
void	history_body(const struct history *, struct jtext *);

#endif
