-- Views of core/domain/involvement.c.

-- Agencies' work with children.
CREATE TABLE involvement(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, child BLOB NOT NULL, agency BLOB NOT NULL, reason TEXT,
  continuing TEXT, significant TEXT, started TEXT, ended_by BLOB, ended TEXT
) STRICT;
CREATE INDEX involvement_child ON involvement(child);

-- Lead professionals: the newest row of a child counts.
CREATE TABLE lead(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, child BLOB NOT NULL, person BLOB NOT NULL, contact TEXT
) STRICT;
CREATE INDEX lead_child ON lead(child, number);
