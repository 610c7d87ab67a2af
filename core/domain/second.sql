-- Views of core/domain/second.c.

-- What one person may not record alone: the newest row counts. kinds is a JSON list; NULL: nothing.
CREATE TABLE two_persons(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, kinds TEXT
) STRICT;
CREATE INDEX two_persons_number ON two_persons(number);
