#include "ctl/ctl_priv.h"

/* All commands; the help texts are made of this table. */

#define OPTS(...) ((const struct opt[]){ __VA_ARGS__, { NULL, 0, NULL, NULL } })
#define REVEAL	{ "reveal", 0, NULL, "show secrets; only for those who may change, and logged" }
#define CONFIG	{ "config", 0, "FILE|-", "a config object or a whole record, as JSON" }
#define VAR	{ "var", 0, "NAME=VALUE", "a variable for ${NAME}; may be repeated" }
#define NO_AUTH	{ "no-auth", 0, NULL, "plain CoAP without any proof: {\"none\":true}" }
#define LIMIT	{ "limit", 0, "N", "show at most so many" }
#define PSK_ID	{ "psk-identity", 0, "I", "PSK identity" }
#define PSK_KEY	{ "psk-key", 0, "HEX|-", "PSK; \"-\" reads it from standard input" }
#define PSK_FILE { "psk-key-file", 0, "FILE", "PSK, as hex in a file" }

const struct command ctl_commands[] = {
	{ "endpoint set", "EP", 1, 1, "store the record of a device",
	  OPTS({ "profile", 'p', "PROFILE", "the profile that it builds on" }, PSK_ID, PSK_KEY, PSK_FILE,
	      NO_AUTH, CONFIG, VAR, { "enable", 0, NULL, "it may bootstrap (the default)" },
	      { "disable", 0, NULL, "it is refused until it is enabled again" },
	      { "keep", 0, NULL, "start from the stored record, not from an empty one" }),
	  "The record is what the options say, in place of what was stored before. With --keep, or when\n"
	  "only --enable or --disable is given, the rest of the stored record stays.\n"
	  "A key on the command line can be seen by other users of the machine: prefer \"--psk-key -\"\n"
	  "or --psk-key-file.", cmd_endpoint_set },
	{ "endpoint get", "EP", 1, 1, "show the record of a device", OPTS(REVEAL), NULL, cmd_endpoint_get },
	{ "endpoint list", "[PREFIX]", 0, 1, "list devices with a record",
	  OPTS({ "profile", 'p', "PROFILE", "only of this profile" },
	      { "state", 0, "STATE", "only in this state: new, finished, failed, refused ..." }, LIMIT,
	      { "after", 0, "EP", "only names behind this one" }), NULL, cmd_endpoint_list },
	{ "endpoint remove", "EP ...", 1, ARGS_MAX, "remove the record of a device", NULL, NULL,
	  cmd_endpoint_remove },
	{ "profile set", "NAME", 1, 1, "store a profile",
	  OPTS(CONFIG, { "match", 'm', "GLOB", "endpoints without a record that it is for; may be repeated" },
	      VAR, NO_AUTH, PSK_ID, PSK_KEY, PSK_FILE,
	      { "keep", 0, NULL, "start from the stored profile, not from an empty one" }),
	  NULL, cmd_profile_set },
	{ "profile get", "NAME", 1, 1, "show a profile", OPTS(REVEAL), NULL, cmd_profile_get },
	{ "profile list", "[PREFIX]", 0, 1, "list profiles", OPTS(LIMIT), NULL, cmd_profile_list },
	{ "profile remove", "NAME ...", 1, ARGS_MAX, "remove a profile that no endpoint names", NULL, NULL,
	  cmd_profile_remove },
	{ "object import", "FILE|- ...", 1, ARGS_MAX, "store definitions of objects: OMA's XML, or JSON",
	  OPTS({ "secret", 0, "ID,ID", "resources that hold keys: nobody is shown them" },
	      { "force", 0, NULL, "also when a stored profile does not fit it" }),
	  "They count at once, also for devices that bootstrap now, and stay over restarts.",
	  cmd_object_import },
	{ "object list", "", 0, 0, "list objects that records can write to", NULL, NULL, cmd_object_list },
	{ "object get", "ID", 1, 1, "show the definition of an object, as JSON for import", NULL, NULL,
	  cmd_object_get },
	{ "object remove", "ID ...", 1, ARGS_MAX, "remove an imported definition",
	  OPTS({ "force", 0, NULL, "also when a record writes to it" }), NULL, cmd_object_remove },
	{ "import", "FILE|-", 1, 1, "store many records, one JSON object a line",
	  OPTS({ "from", 0, "FORMAT", "what the file is: strapd (the default)" }),
	  "Lines with \"endpoint\" are devices, those with \"profile\" alone are profiles. Every good\n"
	  "line is stored, every bad one told with its number; what is acknowledged is on disk.",
	  cmd_import },
	{ "export", "[FILE]", 0, 1, "write all profiles and records, secrets included, for import", NULL,
	  "FILE is created readable by its owner only; without it, or with \"-\", standard output is used.",
	  cmd_export },
	{ "plan", "EP", 0, 1, "show what a device would be sent, message by message",
	  OPTS({ "config", 0, "FILE|-", "of this record, stored or not" }, REVEAL,
	      { "lwm2m", 0, "1.0|1.1|1.2", "for a device of this version" },
	      { "pct", 0, "NUMBER", "for one that asked for this content format" },
	      { "discovery", 0, "LINKS", "for one that answers discovery with these links" }),
	  "--discovery takes link-format, such as '</0/0>,</1/0>;ssid=101'.", cmd_plan },
	{ "status", "", 0, 0, "how the daemon is",
	  OPTS({ "all", 0, NULL, "also counters that are 0" }), NULL, cmd_status },
	{ "sessions", "[EP]", 0, 1, "sessions going on now", OPTS(LIMIT), NULL, cmd_sessions },
	{ "session get", "SESSION", 1, 1, "how far one session is", NULL, NULL, cmd_session_get },
	{ "session cancel", "SESSION", 1, 1, "end a session", NULL, NULL, cmd_session_cancel },
	{ "history", "[EP]", 0, 1, "finished sessions, newest first",
	  OPTS({ "steps", 0, NULL, "with every step" }, { "limit", 'n', "N", "so many sessions (20)" },
	      { "after", 0, "NUMBER", "older than this one" }), NULL, cmd_history },
	{ "watch", "", 0, 0, "follow events as they happen",
	  OPTS({ "from", 0, "NUMBER", "also those after this one that are kept; 0: all" },
	      { "count", 'n', "N", "end after so many" }),
	  "Goes on when the daemon restarts, without missing an event.", cmd_watch },
	{ "call", "METHOD [PARAMS]", 1, 2, "call any method (docs/admin-api.md)", NULL,
	  "PARAMS is a JSON object, or \"-\" for standard input. \"strapctl call methods\" lists all.",
	  cmd_call },
	{ "trace", "EP", 0, 1, NULL, NULL, NULL, cmd_trace },
	{ NULL, NULL, 0, 0, NULL, NULL, NULL, NULL },
};
