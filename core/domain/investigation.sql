-- Views of core/domain/investigation.c. Which children they are about is in entry_child.

-- What investigations came to.
CREATE TABLE investigation(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, outcome TEXT NOT NULL, held_on TEXT NOT NULL,
  lead_professional BLOB, reasons TEXT NOT NULL
) STRICT;
CREATE INDEX investigation_number ON investigation(number);

-- Interim safety plans. Lists are JSON arrays.
CREATE TABLE safety_plan(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, agreed_on TEXT NOT NULL, until_date TEXT, actions TEXT NOT NULL,
  needs TEXT, seen TEXT, monitoring TEXT, signal TEXT, contacts TEXT, agreed TEXT, shared TEXT
) STRICT;
CREATE INDEX safety_plan_number ON safety_plan(number);

-- Meetings that a senior manager allowed to be later.
CREATE TABLE meeting_delay(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, investigation BLOB NOT NULL, safety_plan BLOB NOT NULL,
  until_date TEXT NOT NULL
) STRICT;
CREATE INDEX meeting_delay_number ON meeting_delay(number);
CREATE INDEX meeting_delay_investigation ON meeting_delay(investigation);
