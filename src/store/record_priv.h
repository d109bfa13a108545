#ifndef STORE_RECORD_PRIV_H
#define STORE_RECORD_PRIV_H

#include <jansson.h>

#include "base/err.h"
#include "store/doc_priv.h"
#include "store/record.h"

/* record_endpoint(), and record_profile() without a look into its config; also for what is stored. */
enum err record_read_endpoint(const struct doc *, json_t *, struct endpoint_record *ret) MUST_CHECK;
enum err record_read_profile(const struct doc *, json_t *, struct profile_record *ret) MUST_CHECK;

#endif
