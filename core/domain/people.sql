-- Views of core/domain/people.c.

-- Children.
CREATE TABLE child(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, name TEXT NOT NULL, born TEXT, due TEXT, address TEXT
) STRICT;

-- Agencies' work with children.
CREATE TABLE involvement(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, child BLOB NOT NULL, agency BLOB NOT NULL, reason TEXT,
  started TEXT, ended_by BLOB, ended TEXT
) STRICT;
CREATE INDEX involvement_child ON involvement(child);
