-- Views of core/domain/invitation.c.

-- Whom it was considered to invite.
CREATE TABLE consideration(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, meeting BLOB NOT NULL, category TEXT NOT NULL, agency BLOB,
  outcome TEXT NOT NULL, reason TEXT
) STRICT;
CREATE INDEX consideration_meeting ON consideration(meeting);

-- Invitations that were sent. (`invitation` is the store's own, for machines that join.)
CREATE TABLE meeting_invitation(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, meeting BLOB NOT NULL, person BLOB, family BLOB, child BLOB,
  agency BLOB, name TEXT, category TEXT, basis TEXT NOT NULL, channel TEXT NOT NULL, secure_address TEXT,
  sent TEXT NOT NULL, needs TEXT, reason TEXT, by BLOB NOT NULL
) STRICT;
CREATE INDEX meeting_invitation_meeting ON meeting_invitation(meeting);
CREATE INDEX meeting_invitation_number ON meeting_invitation(number);

-- Who was invited: by name, and in which category of those to be considered.
CREATE VIEW invitee AS
  SELECT i.object, i.number, i.meeting, i.person, i.family, i.child, coalesce(p.agency, i.agency) AS agency, i.basis,
    i.channel, i.sent, i.reason, coalesce(p.name, f.name, c.name, i.name, g.name, 'someone') AS name,
    coalesce(i.category, CASE WHEN i.child IS NOT NULL THEN 'child' WHEN f.relation = 'foster-carer' THEN 'foster-carer'
      WHEN f.relation IN ('support-person', 'advocate') THEN 'support' WHEN i.family IS NOT NULL THEN 'family'
      ELSE g.type END) AS category
  FROM meeting_invitation i LEFT JOIN person p ON p.object = i.person LEFT JOIN family f ON f.object = i.family
    LEFT JOIN child c ON c.object = i.child LEFT JOIN agency g ON g.object = coalesce(p.agency, i.agency);
