#include "store/merge.h"

#include <jansson.h>

json_t *
merge_patch(json_t *target, json_t *patch)
{
	json_t *merged, *v;
	const char *key;
	int rc = 0;

	if (!json_is_object(patch))
		return json_incref(patch);
	merged = json_is_object(target) ? json_copy(target) : json_object();
	if (merged == NULL)
		return NULL;
	json_object_foreach(patch, key, v) {
		if (json_is_null(v))
			(void)json_object_del(merged, key);	/* nothing there is fine */
		else
			rc |= json_object_set_new(merged, key, merge_patch(json_object_get(merged, key), v));
	}
	if (rc != 0) {
		json_decref(merged);
		return NULL;
	}
	return merged;
}
