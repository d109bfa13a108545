-- Object definitions that were imported, as the JSON of an object file; over those in files.
CREATE TABLE object (
	id		INTEGER PRIMARY KEY,	-- the object's
	json		TEXT NOT NULL
) STRICT;
