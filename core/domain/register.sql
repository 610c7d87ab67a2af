-- Views of core/domain/register.c.

-- The Child Protection Register. since is NULL while the registration is pending.
CREATE TABLE registration(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, child BLOB NOT NULL, decision BLOB NOT NULL, concerns TEXT NOT NULL,
  since TEXT, review TEXT
) STRICT;
CREATE INDEX registration_number ON registration(number);
CREATE INDEX registration_child ON registration(child);
CREATE INDEX registration_decision ON registration(decision);
