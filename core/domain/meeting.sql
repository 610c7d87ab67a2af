-- Views of core/domain/meeting.c.

-- Planning meetings. Which children they are about is in entry_child. decided is when it was decided to convene it;
-- convener is the key that wrote it down.
CREATE TABLE meeting(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, type TEXT NOT NULL, held_on TEXT NOT NULL, chair BLOB NOT NULL,
  minute_taker BLOB, investigation BLOB, convener BLOB NOT NULL, decided TEXT NOT NULL, format TEXT, place TEXT,
  purpose TEXT, chair_consulted TEXT, short_notice TEXT, short_notice_reason TEXT, short_notice_by BLOB
) STRICT;
CREATE INDEX meeting_number ON meeting(number);

-- The children of each meeting.
CREATE VIEW meeting_child AS
  SELECT m.object AS meeting, e.child AS child, coalesce(c.name, 'a child') AS name, c.born AS born,
    c.born IS NULL AND c.due IS NOT NULL AS is_unborn
  FROM meeting m JOIN entry_child e ON e.number = m.number LEFT JOIN child c ON c.object = e.child;

-- Parts of meetings, open or closed to the family; who was out is a list. said: the newest entry that says so.
CREATE TABLE segment(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, meeting BLOB NOT NULL, family TEXT NOT NULL, from_time TEXT,
  until_time TEXT, out TEXT, reason TEXT, prepared TEXT, explained TEXT, said INTEGER NOT NULL
) STRICT;
CREATE INDEX segment_said ON segment(said);
CREATE INDEX segment_meeting ON segment(meeting);

-- What a meeting found about the risk to a child, and the outline of the plan.
CREATE TABLE assessment(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, child BLOB NOT NULL, meeting BLOB NOT NULL, risk TEXT NOT NULL,
  strengths TEXT, outline TEXT
) STRICT;
CREATE INDEX assessment_meeting ON assessment(meeting);

-- Meetings that were closed, with or without quorum. closed is NULL while the closing is pending.
CREATE TABLE meeting_close(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, meeting BLOB NOT NULL, quorate TEXT NOT NULL, reasons TEXT,
  safeguards TEXT, early_review TEXT, closed TEXT, by BLOB NOT NULL
) STRICT;
CREATE INDEX meeting_close_meeting ON meeting_close(meeting);
CREATE INDEX meeting_close_number ON meeting_close(number);

-- Participants' views.
CREATE TABLE participant_view(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, child BLOB NOT NULL, meeting BLOB NOT NULL, risk TEXT NOT NULL,
  plan TEXT NOT NULL, register TEXT NOT NULL, by BLOB NOT NULL
) STRICT;
CREATE INDEX participant_view_meeting ON participant_view(meeting);
