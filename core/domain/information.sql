-- Views of core/domain/information.c.

-- What was shared at meetings, for everybody and (is_closed) while the family was out. said: the newest entry that says
-- so.
CREATE TABLE information(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, meeting BLOB NOT NULL, segment BLOB, agency BLOB,
  summary TEXT NOT NULL, is_closed INTEGER NOT NULL CHECK(is_closed IN (0, 1)), said INTEGER NOT NULL
) STRICT;
CREATE INDEX information_meeting ON information(meeting);
CREATE INDEX information_segment ON information(segment);
CREATE INDEX information_said ON information(said);
