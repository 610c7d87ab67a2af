-- Views of core/domain/family_view.c.

-- What children, parents and carers said, before, during or after a meeting.
CREATE TABLE family_view(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, meeting BLOB NOT NULL, whose TEXT NOT NULL, family BLOB,
  phase TEXT NOT NULL, method TEXT NOT NULL, words TEXT NOT NULL, presented TEXT, considered TEXT, in_plan TEXT
) STRICT;
CREATE INDEX family_view_meeting ON family_view(meeting);
CREATE INDEX family_view_number ON family_view(number);
