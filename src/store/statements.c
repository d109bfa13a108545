#include "store/store_priv.h"

/* What a device is known to take stays when a session learnt nothing new. */
#define LEARN "lwm2m = iif(?4 = 0, lwm2m, ?4), format = coalesce(?5, format)"

#define ITEM								\
	"SELECT e.name, e.profile, e.enabled, d.state, d.at_ms, d.lwm2m, d.format "	\
	"FROM endpoint e LEFT JOIN device d ON d.endpoint = e.name "

#define EVENT "SELECT seq, type, at_ms, endpoint, body FROM event "

const char *const store_sql[STORE_NSTMTS] = {
	[ST_BEGIN] = "BEGIN IMMEDIATE",
	[ST_COMMIT] = "COMMIT",
	[ST_ROLLBACK] = "ROLLBACK",
	[ST_SAVE] = "SAVEPOINT change",
	[ST_SAVE_RELEASE] = "RELEASE change",
	[ST_SAVE_UNDO] = "ROLLBACK TO change",
	[ST_MARK] = "SAVEPOINT mark",
	[ST_MARK_RELEASE] = "RELEASE mark",
	[ST_MARK_UNDO] = "ROLLBACK TO mark",
	[ST_TALLY_SET] = "UPDATE tally SET value = ?2 WHERE name = ?1",

	[ST_ENDPOINT_INSERT] = "INSERT INTO endpoint (name, profile, enabled, psk_identity, psk_key, json, "
	    "pinned, oscore_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
	[ST_ENDPOINT_UPDATE] = "UPDATE endpoint SET profile = ?2, enabled = ?3, psk_identity = ?4, "
	    "psk_key = ?5, json = ?6, pinned = ?7, oscore_id = ?8 WHERE name = ?1",
	[ST_ENDPOINT_REMOVE] = "DELETE FROM endpoint WHERE name = ?1",
	[ST_ENDPOINT_GET] = "SELECT json FROM endpoint WHERE name = ?1",
	[ST_ENDPOINT_BY_PSK] = "SELECT name FROM endpoint WHERE psk_identity = ?1",
	[ST_ENDPOINT_BY_OSCORE] = "SELECT name FROM endpoint WHERE oscore_id = ?1",

	[ST_LIST_ALL] = ITEM "WHERE e.name >= ?1 ORDER BY e.name",
	[ST_LIST_PROFILE] = ITEM "WHERE e.profile = ?2 AND e.name >= ?1 ORDER BY e.name",
	[ST_LIST_STATE] = "SELECT endpoint FROM device WHERE state = ?2 AND endpoint >= ?1 "
	    "ORDER BY endpoint LIMIT 1",

	[ST_PROFILE_INSERT] = "INSERT INTO profile (name, json) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
	[ST_PROFILE_UPDATE] = "UPDATE profile SET json = ?2 WHERE name = ?1",
	[ST_PROFILE_REMOVE] = "DELETE FROM profile WHERE name = ?1",
	[ST_PROFILE_GET] = "SELECT json FROM profile WHERE name = ?1",
	[ST_PROFILE_LIST] = "SELECT name, json FROM profile ORDER BY name",

	[ST_DEVICE_NEW] = "INSERT INTO device (endpoint, state, at_ms, lwm2m, format) "
	    "VALUES (?1, 0, 0, 0, NULL) ON CONFLICT DO NOTHING",
	[ST_DEVICE_REMOVE] = "DELETE FROM device WHERE endpoint = ?1",
	[ST_DEVICE_GET] = "SELECT state, at_ms, lwm2m, format FROM device WHERE endpoint = ?1",
	/* apart from ENDED, for it leaves the index on state alone: most sessions end like the last one */
	[ST_DEVICE_SAME] = "UPDATE device SET at_ms = ?3, " LEARN " WHERE endpoint = ?1 AND state = ?2",
	[ST_DEVICE_ENDED] = "INSERT INTO device (endpoint, state, at_ms, lwm2m, format) "
	    "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET state = ?2, at_ms = ?3, " LEARN,
	[ST_DEVICE_LEARN] = "UPDATE device SET " LEARN " WHERE endpoint = ?1",

	[ST_OBJECT_PUT] = "INSERT INTO object (id, json) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET json = ?2",
	[ST_OBJECT_REMOVE] = "DELETE FROM object WHERE id = ?1",
	[ST_OBJECT_LIST] = "SELECT id, json FROM object ORDER BY id",
	/* no index knows what a document writes to: a scan that ends after ?2 rows */
	[ST_OBJECT_PROFILE] = "SELECT name FROM (SELECT name, json FROM profile LIMIT ?2) "
	    "WHERE instr(json, ?1) + instr(json, ?3) > 0 LIMIT 1",
	[ST_OBJECT_ENDPOINT] = "SELECT name FROM (SELECT name, json FROM endpoint LIMIT ?2) "
	    "WHERE instr(json, ?1) + instr(json, ?3) > 0 LIMIT 1",

	[ST_EVENT_ADD] = "INSERT INTO event (seq, at_ms, history, type, endpoint, body) "
	    "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	[ST_EVENT_READ] = EVENT "WHERE seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT ?3",
	[ST_EVENT_TRIM] = "DELETE FROM event WHERE seq < ?1",
	[ST_HISTORY_READ] = EVENT "WHERE history = 1 AND seq < ?1 ORDER BY seq DESC LIMIT ?2",
	[ST_HISTORY_READ_ENDPOINT] = EVENT "WHERE history = 1 AND endpoint = ?3 AND seq < ?1 "
	    "ORDER BY seq DESC LIMIT ?2",
};
