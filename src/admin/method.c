#include <jansson.h>
#include <stdint.h>
#include <string.h>

#include "admin/admin_priv.h"
#include "admin/method.h"
#include "base/text.h"
#include "store/record.h"

/* The table of what the admin socket can do; docs/admin-api.md says the same in more words. */

#define LIST(...)	((const struct param[]){ __VA_ARGS__, { .name = NULL } })
#define NOTHING		((const struct param[]){ { .name = NULL } })
#define TEXT(n)		{ .name = (n), .type = PARAM_TEXT }
#define NEED_TEXT(n)	{ .name = (n), .type = PARAM_TEXT, .required = true }
#define FLAG(n)		{ .name = (n), .type = PARAM_BOOL }
#define OBJECT		{ .name = "object", .type = PARAM_NUMBER, .required = true, .max = 65534 }
#define LIMIT		{ .name = "limit", .type = PARAM_NUMBER, .min = 1, .max = RPC_PAGE_MAX }

static void methods_list(struct call *, json_t *);

static const struct method methods[] = {
	{ "endpoint.set", ROLE_CHANGE, "store the record of a device; the parameters are the record",
	  NULL, method_endpoint_set },
	{ "endpoint.get", ROLE_READ, "the record of a device, its secrets hidden unless \"reveal\"",
	  LIST(NEED_TEXT("endpoint"), FLAG("reveal")), method_endpoint_get },
	{ "endpoint.remove", ROLE_CHANGE, "remove the record of a device",
	  LIST(NEED_TEXT("endpoint")), method_endpoint_remove },
	{ "endpoint.list", ROLE_READ, "devices with a record, by name, page by page",
	  LIST(TEXT("prefix"), TEXT("profile"), TEXT("state"), LIMIT, TEXT("after")), method_endpoint_list },
	{ "endpoint.import", ROLE_CHANGE, "store many records, all or none",
	  LIST({ .name = "records", .type = PARAM_ARRAY, .required = true }), method_endpoint_import },
	{ "profile.set", ROLE_CHANGE, "store a profile; the parameters are the record",
	  NULL, method_profile_set },
	{ "profile.get", ROLE_READ, "a profile, its secrets hidden unless \"reveal\"",
	  LIST(NEED_TEXT("profile"), FLAG("reveal")), method_profile_get },
	{ "profile.remove", ROLE_CHANGE, "remove a profile that no endpoint names",
	  LIST(NEED_TEXT("profile")), method_profile_remove },
	{ "profile.list", ROLE_READ, "profiles, by name, page by page",
	  LIST(TEXT("prefix"), LIMIT, TEXT("after")), method_profile_list },
	{ "plan", ROLE_READ, "what a device would be sent, message by message; of a record not stored, too",
	  NULL, method_plan },
	{ "object.set", ROLE_CHANGE, "store definitions of objects: OMA's XML, or one as in an object file",
	  LIST(TEXT("xml"), TEXT("xml_base64"), { .name = "definition", .type = PARAM_OBJECT },
	      { .name = "secret", .type = PARAM_ARRAY }, FLAG("force")), method_object_set },
	{ "object.get", ROLE_READ, "the definition of an object, and where it is from",
	  LIST(OBJECT), method_object_get },
	{ "object.list", ROLE_READ, "known objects, by number, page by page",
	  LIST(LIMIT, { .name = "after", .type = PARAM_NUMBER, .max = 65535 }), method_object_list },
	{ "object.remove", ROLE_CHANGE, "remove an imported definition that no record needs",
	  LIST(OBJECT, FLAG("force")), method_object_remove },
	{ "session.list", ROLE_READ, "sessions going on now",
	  LIST(TEXT("endpoint"), LIMIT, { .name = "after", .type = PARAM_ID }), method_session_list },
	{ "session.get", ROLE_READ, "how far one session is",
	  LIST({ .name = "session", .type = PARAM_ID, .required = true }), method_session_get },
	{ "session.cancel", ROLE_CHANGE, "end a session; the device may come again",
	  LIST({ .name = "session", .type = PARAM_ID, .required = true }), method_session_cancel },
	{ "history", ROLE_READ, "finished sessions with every step, newest first; \"after\": older than that",
	  LIST(TEXT("endpoint"), LIMIT, { .name = "after", .type = PARAM_NUMBER, .min = 1 }),
	  method_history },
	{ "event.subscribe", ROLE_READ, "be told of every event after \"from\"; without it of new ones",
	  LIST({ .name = "from", .type = PARAM_NUMBER }), method_event_subscribe },
	{ "event.unsubscribe", ROLE_READ, "no more events",
	  LIST({ .name = "subscription", .type = PARAM_NUMBER, .min = 1 }), method_event_unsubscribe },
	{ "status", ROLE_READ, "version, uptime, listeners, workers, counters, store", NOTHING,
	  method_status },
	{ "methods", ROLE_READ, "this list", NOTHING, methods_list },
};
#define NMETHODS (sizeof(methods) / sizeof(methods[0]))

const struct method *
method_find(const char *name)
{
	for (size_t i = 0; i < NMETHODS; i++)
		if (strcmp(methods[i].name, name) == 0)
			return &methods[i];
	return NULL;
}

bool
method_is_later(const char *name)
{
	static const char *const later[] = { "master.set", "master.list", "master.remove", "trace" };

	for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++)
		if (strcmp(later[i], name) == 0)
			return true;
	return false;
}

const struct method *
method_nearest(const char *name)
{
	const struct method *best = NULL;
	size_t distance = 4;	/* more typos than three are another word */

	if (strlen(name) > 32)
		return NULL;
	for (size_t i = 0; i < NMETHODS; i++) {
		size_t d = text_distance(methods[i].name, name);
		if (d < distance) {
			distance = d;
			best = &methods[i];
		}
	}
	return best;
}

static json_t *
param_names(const struct method *m)
{
	json_t *list = json_array();

	for (const struct param *p = m->params; p != NULL && p->name != NULL; p++)
		json_array_append_new(list, json_pack("{s:s, s:b}", "name", p->name,
		    "required", p->required));
	return list;
}

static void
methods_list(struct call *call, json_t *params)
{
	json_t *list = json_array();

	(void)params;
	for (size_t i = 0; i < NMETHODS; i++)
		json_array_append_new(list, json_pack("{s:s, s:s, s:b, s:o}", "name", methods[i].name,
		    "summary", methods[i].summary, "changes", methods[i].role == ROLE_CHANGE,
		    "params", param_names(&methods[i])));
	call_result(call, json_pack("{s:o}", "methods", list));
}
