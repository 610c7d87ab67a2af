-- Views of core/domain/restricted.c. All of them are made from headers: what is sealed is read by nobody here.

-- Items of restricted information. by: the provider's key; commitment: the header's `content`.
CREATE TABLE restricted_item(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, category TEXT NOT NULL, meeting BLOB, document BLOB,
  by BLOB NOT NULL, commitment BLOB NOT NULL, lifted_by BLOB
) STRICT;
CREATE INDEX restricted_item_number ON restricted_item(number);
CREATE INDEX restricted_item_commitment ON restricted_item(commitment);

-- What let an item go further.
CREATE TABLE restricted_permit(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, item BLOB NOT NULL, by BLOB NOT NULL, commitment BLOB NOT NULL,
  ended_by BLOB
) STRICT;
CREATE INDEX restricted_permit_item ON restricted_permit(item);
CREATE INDEX restricted_permit_number ON restricted_permit(number);
CREATE INDEX restricted_permit_commitment ON restricted_permit(commitment);

-- To whom an item or a permit (its entry) is sealed: key ids in digits.
CREATE TABLE restricted_to(
  object BLOB NOT NULL, key TEXT NOT NULL, number INTEGER NOT NULL,
  PRIMARY KEY(object, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX restricted_to_number ON restricted_to(number);

-- Why a permit was given.
CREATE TABLE restricted_reason(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, permit BLOB NOT NULL, purpose TEXT NOT NULL, reason TEXT
) STRICT;
CREATE INDEX restricted_reason_permit ON restricted_reason(permit);

-- Who opened an item or a permit, and how.
CREATE TABLE restricted_opening(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, item BLOB NOT NULL, by BLOB NOT NULL, how TEXT NOT NULL,
  at TEXT NOT NULL, reason TEXT, ground TEXT, reviewed_by BLOB, reviewed_at TEXT, outcome TEXT
) STRICT;
CREATE INDEX restricted_opening_item ON restricted_opening(item);
CREATE INDEX restricted_opening_number ON restricted_opening(number);

-- What somebody could not open, though it is sealed to them.
CREATE TABLE restricted_fault(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, item BLOB NOT NULL, by BLOB NOT NULL, at TEXT NOT NULL
) STRICT;
CREATE INDEX restricted_fault_item ON restricted_fault(item);

-- What is sealed: each item, and each permit with the item that it lets go.
CREATE VIEW restricted_sealed AS
  SELECT object, number, object AS item FROM restricted_item
  UNION ALL
  SELECT object, number, item FROM restricted_permit;

-- Every key that is sealed to, whose it is, and whether it counts today: accepted and not revoked; of an agency's role
-- keys and the escrow keys the newest alone.
CREATE VIEW seal_key AS
  SELECT lower(hex(k.seal_id)) AS key, k.object AS entry, k.number AS number, k.person AS person, p.agency AS agency,
    'person' AS what, NOT EXISTS (SELECT 1 FROM revocation v JOIN entry w ON w.number = v.number
      WHERE v.target IN (k.object, p.object, p.agency) AND (v.target = k.object OR w.kind <> 'key.revoke')) AS counts
    FROM person_key k JOIN person p ON p.object = k.person
  UNION ALL
  SELECT lower(hex(k.seal_id)), k.object, k.number, NULL, k.agency, 'agency',
    NOT EXISTS (SELECT 1 FROM revocation v WHERE v.target IN (k.object, k.agency)) AND NOT EXISTS (SELECT 1
      FROM agency_key n WHERE n.agency = k.agency AND n.number > k.number AND NOT EXISTS (SELECT 1 FROM revocation v
      WHERE v.target = n.object))
    FROM agency_key k
  UNION ALL
  SELECT lower(hex(k.seal_id)), k.object, k.number, NULL, k.agency, 'escrow',
    NOT EXISTS (SELECT 1 FROM revocation v WHERE v.target = k.object) AND NOT EXISTS (SELECT 1 FROM escrow_key n
      WHERE n.number > k.number AND NOT EXISTS (SELECT 1 FROM revocation v WHERE v.target = n.object))
    FROM escrow_key k;

-- The person and agency behind each signing key.
CREATE VIEW signer AS
  SELECT c.key AS key, k.person AS person, p.agency AS agency FROM certificate c
    JOIN person_key k ON k.object = c.subject JOIN person p ON p.object = k.person;

-- Who attends a meeting, or is invited to it, as the family, to support them or to observe: restricted information is
-- not for them. is_reporter: it is the Reporter who observes.
CREATE VIEW attends_for_family AS
  SELECT meeting, person, role = 'reporter-observer' AS is_reporter FROM attendance
    WHERE role IN ('child', 'parent-carer', 'family-member', 'foster-carer', 'support', 'advocate', 'reporter-observer')
  UNION ALL
  SELECT m.meeting, m.person, m.basis = 'observer' AND g.type = 'reporter' FROM meeting_invitation m
    JOIN person p ON p.object = m.person JOIN agency g ON g.object = p.agency
    WHERE m.basis IN ('child', 'family', 'support', 'observer');
