-- Views of core/domain/meeting.c.

-- Planning meetings. Which children they are about is in entry_child.
CREATE TABLE meeting(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, type TEXT NOT NULL, held_on TEXT NOT NULL, chair BLOB NOT NULL,
  place TEXT, purpose TEXT
) STRICT;

-- Participants' views.
CREATE TABLE participant_view(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, child BLOB NOT NULL, meeting BLOB NOT NULL, risk TEXT NOT NULL,
  plan TEXT NOT NULL, register TEXT NOT NULL, by BLOB NOT NULL
) STRICT;
CREATE INDEX participant_view_meeting ON participant_view(meeting);
