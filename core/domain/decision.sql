-- Views of core/domain/decision.c.

-- Decisions, one for each child of a meeting.
CREATE TABLE decision(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, child BLOB NOT NULL, meeting BLOB NOT NULL, risk TEXT, plan TEXT,
  reasons TEXT NOT NULL, by BLOB NOT NULL
) STRICT;
CREATE INDEX decision_number ON decision(number);
CREATE INDEX decision_child ON decision(child);
