-- Views of core/domain/check.c.

-- What people said to rules: confirmed, explained, overridden.
CREATE TABLE answer(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, meeting BLOB NOT NULL, rule TEXT NOT NULL,
  answer TEXT NOT NULL, words TEXT, by BLOB NOT NULL
) STRICT;
CREATE INDEX answer_meeting ON answer(meeting, rule, number);
