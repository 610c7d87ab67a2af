-- Views of core/domain/copy.c.

-- What chairs approved: the minute of a meeting or, with report, a report for it. The three commitments are in digits.
CREATE TABLE approval(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, meeting BLOB NOT NULL, report BLOB, participants TEXT NOT NULL,
  professionals TEXT NOT NULL, family TEXT NOT NULL, by BLOB NOT NULL
) STRICT;
CREATE INDEX approval_meeting ON approval(meeting);
CREATE INDEX approval_number ON approval(number);

-- The documents that they approved, as far as they are here; the documents themselves are in the log. commitment is
-- NULL where the salt is not of its form.
CREATE TABLE copy(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, meeting BLOB NOT NULL, approval BLOB NOT NULL,
  rendering TEXT NOT NULL, commitment TEXT
) STRICT;
CREATE INDEX copy_approval ON copy(approval);

-- That words of a family copy may stand there was explained, for which meeting.
CREATE TABLE copy_explanation(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, meeting BLOB NOT NULL
) STRICT;
