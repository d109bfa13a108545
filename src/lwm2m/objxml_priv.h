#ifndef LWM2M_OBJXML_PRIV_H
#define LWM2M_OBJXML_PRIV_H

#include <stdbool.h>

#include "lwm2m/value.h"

struct json_t;

/*
 * Reads a RangeEnumeration such as "1..65534", "0..255 bytes", "1,2,3" or "-5..5, 9" and sets
 * "range" or "values" of the resource. False when it says something else: nothing is set.
 */
bool	objxml_range(const char *text, enum value_type, struct json_t *resource);

#endif
