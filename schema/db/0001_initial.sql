-- Names compare octet by octet (BINARY). "json" is the record as it was given; the columns
-- beside it are what records are found by.

-- A rowid table with an index, since records are far longer than a twentieth of a page.
CREATE TABLE endpoint (
	id		INTEGER PRIMARY KEY,
	name		TEXT NOT NULL UNIQUE,
	profile		TEXT,			-- no reference: a profile may come later
	enabled		INTEGER NOT NULL,
	psk_identity	BLOB,
	psk_key		BLOB,
	json		TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX endpoint_psk ON endpoint (psk_identity) WHERE psk_identity IS NOT NULL;
CREATE INDEX endpoint_profile ON endpoint (profile, name) WHERE profile IS NOT NULL;

CREATE TABLE profile (
	name		TEXT PRIMARY KEY,
	json		TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What is known of a device besides its record: every endpoint has a row, and so has a device
-- that came in by a profile's match. Apart from its record, as it changes with every session.
-- state: 0 new, 1 finished, 2 refused, 3 failed, 4 superseded (not used), 5 cancelled
CREATE TABLE device (
	endpoint	TEXT PRIMARY KEY,
	state		INTEGER NOT NULL,
	at_ms		INTEGER NOT NULL,	-- end of the last session, since 1970 UTC; 0: none
	lwm2m		INTEGER NOT NULL,	-- major << 8 | minor; 0: unknown
	format		INTEGER			-- content format it takes; NULL: nothing learnt
) STRICT, WITHOUT ROWID;
CREATE INDEX device_state ON device (state, endpoint);

-- The durable log. seq never comes again, also after rows were removed: see tally.
CREATE TABLE event (
	seq		INTEGER PRIMARY KEY,
	at_ms		INTEGER NOT NULL,
	history		INTEGER NOT NULL,	-- 1: a session that ended
	type		TEXT NOT NULL,
	endpoint	TEXT,
	body		TEXT NOT NULL		-- a JSON object
) STRICT;
CREATE INDEX event_history ON event (endpoint) WHERE history = 1;

-- Figures that would cost a scan; written with each commit that changed them.
CREATE TABLE tally (
	name		TEXT PRIMARY KEY,
	value		INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO tally VALUES ('endpoints', 0), ('profiles', 0), ('last_seq', 0);
