-- Views of core/domain/attendance.c.

-- Who attended, in which role, and who did not. One of person, family, child, or agency with a name, says who.
CREATE TABLE attendance(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, meeting BLOB NOT NULL, person BLOB, family BLOB, child BLOB,
  agency BLOB, name TEXT, discipline TEXT, role TEXT NOT NULL, attended TEXT NOT NULL, significant TEXT, basis TEXT,
  supports BLOB, reason TEXT, views_represented TEXT
) STRICT;
CREATE INDEX attendance_meeting ON attendance(meeting);
CREATE INDEX attendance_number ON attendance(number);

-- Attendance with names and agencies.
CREATE VIEW participant AS
  SELECT a.object, a.number, a.meeting, a.person, a.family, a.child, a.role, a.attended, a.significant, a.basis,
    a.reason, a.views_represented, coalesce(p.agency, a.agency) AS agency, g.type AS agency_type,
    coalesce(p.name, f.name, c.name, a.name, g.name, 'someone') AS name
  FROM attendance a LEFT JOIN person p ON p.object = a.person LEFT JOIN family f ON f.object = a.family
    LEFT JOIN child c ON c.object = a.child LEFT JOIN agency g ON g.object = coalesce(p.agency, a.agency);

-- Which agencies a meeting's practitioners represented. Whoever chairs, takes the minute, observes, supports or
-- interprets represents none, and neither do the child and the family.
CREATE VIEW represented AS
  SELECT DISTINCT meeting, agency, agency_type FROM participant
  WHERE attended IN ('all', 'part') AND agency_type <> 'reporter'
    AND role IN ('agency-participant', 'lead-professional', 'senior-social-worker', 'service-representative');

-- Parents and carers whom the chair excluded. said and by: the newest entry that says so, and its author.
CREATE TABLE exclusion(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, meeting BLOB NOT NULL, family BLOB NOT NULL, form TEXT NOT NULL,
  ground TEXT NOT NULL, reason TEXT, restricted_reason TEXT, informer TEXT, views_by TEXT, outcome_by TEXT, outcome_until TEXT,
  said INTEGER NOT NULL, by BLOB NOT NULL
) STRICT;
CREATE INDEX exclusion_meeting ON exclusion(meeting);
CREATE INDEX exclusion_said ON exclusion(said);

-- Whether a friend or relative may come to support somebody.
CREATE TABLE support_decision(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, meeting BLOB NOT NULL, family BLOB, name TEXT, supports BLOB,
  outcome TEXT NOT NULL, reason TEXT
) STRICT;
CREATE INDEX support_decision_meeting ON support_decision(meeting);

-- Whether a child attends the meeting and the core group.
CREATE TABLE child_attendance(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, child BLOB NOT NULL, meeting BLOB NOT NULL, attend TEXT NOT NULL,
  core_group TEXT, is_older TEXT, impact TEXT, reasons TEXT, factors TEXT, preparer TEXT, prepared TEXT, told TEXT,
  not_told TEXT
) STRICT;
CREATE INDEX child_attendance_meeting ON child_attendance(meeting);
