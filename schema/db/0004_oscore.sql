-- Who is found by OSCORE's kid: length of the device's sender id, sender id, ID Context if there is one.
ALTER TABLE endpoint ADD COLUMN oscore_id BLOB;
CREATE UNIQUE INDEX endpoint_oscore ON endpoint (oscore_id) WHERE oscore_id IS NOT NULL;

-- Sequence numbers of messages protected by OSCORE: those below were handed out to a daemon, and are
-- never handed out again.
INSERT INTO tally VALUES ('oscore_numbers', 0);
