-- Views of core/domain/profile.c.

-- Profiles of rules that were adopted; adopted is NULL while the entry is pending.
CREATE TABLE profile(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, name TEXT NOT NULL, authority TEXT NOT NULL, adopted TEXT
) STRICT;
CREATE INDEX profile_number ON profile(number);

-- Their settings; a list is a JSON array.
CREATE TABLE setting(
  object BLOB NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY(object, name)
) STRICT, WITHOUT ROWID;
