-- Views of core/domain/decision.c.

-- Decisions, one for each child of a meeting.
CREATE TABLE decision(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, child BLOB NOT NULL, meeting BLOB NOT NULL, risk TEXT, plan TEXT,
  consensus TEXT, reasons TEXT NOT NULL, analysis TEXT, explained TEXT, changes TEXT, interpreter TEXT, strengths TEXT,
  tool TEXT, by BLOB NOT NULL
) STRICT;
CREATE INDEX decision_number ON decision(number);
CREATE INDEX decision_child ON decision(child);
CREATE INDEX decision_meeting ON decision(meeting);

-- Disagreement with decisions; about is a list.
CREATE TABLE dissent(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, child BLOB NOT NULL, decision BLOB NOT NULL, person BLOB,
  about TEXT NOT NULL, nature TEXT NOT NULL, by BLOB NOT NULL
) STRICT;
CREATE INDEX dissent_decision ON dissent(decision);
