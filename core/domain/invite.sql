-- Views of core/domain/invite.c.

-- Who may join: whom an agency expects, with which roles (a JSON array), until when. The secret is a hash in digits.
CREATE TABLE invitation(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, agency BLOB NOT NULL, name TEXT NOT NULL, post TEXT,
  roles TEXT NOT NULL, secret TEXT NOT NULL, trained TEXT, until TEXT NOT NULL, by BLOB NOT NULL, withdrawn_by BLOB
) STRICT;
CREATE INDEX invitation_secret ON invitation(secret);
CREATE INDEX invitation_number ON invitation(number);

-- Invitations that hold no more because their agency, or whoever wrote them, was revoked, and by which entry. A key.revoke that names a
-- person's first entry is about the keys in it.
CREATE VIEW invitation_revoked(object, number) AS
SELECT i.object, v.number FROM invitation i JOIN revocation v ON v.target = i.agency
UNION ALL
SELECT i.object, v.number FROM invitation i JOIN certificate c ON c.key = i.by JOIN person_key k ON k.object = c.subject
JOIN person p ON p.object = k.person JOIN revocation v ON v.target IN (k.object, p.object, p.agency)
JOIN entry e ON e.number = v.number WHERE v.target = k.object OR e.kind <> 'key.revoke';
