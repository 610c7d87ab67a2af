-- Views of core/domain/directory.c.

-- The ledger itself.
CREATE TABLE log(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, origin TEXT NOT NULL, name TEXT NOT NULL
) STRICT;

-- The node's keys and authorities, by the entry that named them; each counts for the entries after that one until the
-- next of its part does. key is a SubjectPublicKeyInfo or the authority's certificate, id its hash.
CREATE TABLE node_key(
  object BLOB NOT NULL, number INTEGER NOT NULL, part TEXT NOT NULL CHECK(part IN ('ledger', 'operating', 'authority')),
  key BLOB NOT NULL, id BLOB NOT NULL CHECK(length(id) = 32), since TEXT,
  PRIMARY KEY(part, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX node_key_object ON node_key(object);

-- Agencies that take part.
CREATE TABLE agency(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, type TEXT NOT NULL, name TEXT NOT NULL
) STRICT;

-- The people who work for them.
CREATE TABLE person(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, agency BLOB NOT NULL, name TEXT NOT NULL, post TEXT,
  invitation BLOB
) STRICT;
CREATE INDEX person_invitation ON person(invitation) WHERE invitation IS NOT NULL;

-- Their keys, by the entry that introduced them; the ids are the keys' hashes, as headers have them.
CREATE TABLE person_key(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, person BLOB NOT NULL, sign_key BLOB NOT NULL,
  seal_key BLOB NOT NULL, sign_id BLOB NOT NULL, seal_id BLOB NOT NULL
) STRICT;
CREATE INDEX person_key_sign_id ON person_key(sign_id);
CREATE INDEX person_key_seal_id ON person_key(seal_id);
CREATE INDEX person_key_person ON person_key(person);
CREATE INDEX person_key_number ON person_key(number);
CREATE INDEX person_key_key ON person_key(sign_key);
CREATE INDEX person_key_seal ON person_key(seal_key);

-- Agencies' role keys, which the designated lead keeps: the newest one counts.
CREATE TABLE agency_key(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, agency BLOB NOT NULL, seal_key BLOB NOT NULL,
  seal_id BLOB NOT NULL
) STRICT;
CREATE INDEX agency_key_seal_id ON agency_key(seal_id);
CREATE INDEX agency_key_agency ON agency_key(agency);
CREATE INDEX agency_key_number ON agency_key(number);
CREATE INDEX agency_key_seal ON agency_key(seal_key);

-- Keys that the keeper holds offline: the newest one that was not revoked counts.
CREATE TABLE escrow_key(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, agency BLOB NOT NULL, seal_key BLOB NOT NULL, seal_id BLOB NOT NULL
) STRICT;
CREATE INDEX escrow_key_number ON escrow_key(number);
CREATE INDEX escrow_key_seal ON escrow_key(seal_key);

-- Their machines.
CREATE TABLE replica(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, agency BLOB NOT NULL, name TEXT NOT NULL,
  replica_key BLOB NOT NULL
) STRICT;
CREATE INDEX replica_number ON replica(number);
CREATE INDEX replica_key ON replica(replica_key);

-- Certificates of people and machines; the agency is the subject's, so that those of one agency that end soon are found.
CREATE TABLE certificate(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, subject BLOB NOT NULL, agency BLOB, key BLOB NOT NULL,
  use TEXT NOT NULL, from_s INTEGER NOT NULL, until_s INTEGER NOT NULL, cert BLOB NOT NULL
) STRICT;
CREATE INDEX certificate_agency ON certificate(agency, until_s);
CREATE INDEX certificate_key ON certificate(key);
CREATE INDEX certificate_subject ON certificate(subject);

-- Roles that people have.
CREATE TABLE role(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, person BLOB NOT NULL, role TEXT NOT NULL,
  from_date TEXT NOT NULL, until_date TEXT, trained TEXT, taken_by BLOB
) STRICT;
CREATE INDEX role_person ON role(person);

-- Acts that the node refused.
CREATE TABLE refusal(
  object BLOB PRIMARY KEY, entry INTEGER NOT NULL, replica TEXT NOT NULL, position INTEGER NOT NULL,
  act TEXT NOT NULL, rule TEXT NOT NULL, words TEXT NOT NULL, remedy TEXT
) STRICT;
CREATE INDEX refusal_replica ON refusal(replica, position);
