-- The store of a replica and of the node: first the log, which is append-only, then the views, which are derived from
-- the log and can be thrown away and made again at any time (store_rebuild).
--
-- An entry's number is the one the ledger gave it. What was written here and is not accepted yet has a number of
-- its own from 2^62 (4611686018427387904) on, so that it sorts behind everything accepted; it is not part of
-- the log and may be deleted.
PRAGMA application_id = 0x4361726e;
PRAGMA user_version = 1;

-- Facts about this store itself: what it is, whom it belongs to, where its node is.
CREATE TABLE meta(
  name  TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- The log ------------------------------------------------------------------------------------------------------

-- One row for each act, under the number of its first entry.
CREATE TABLE act(
  first     INTEGER PRIMARY KEY,
  id        BLOB NOT NULL UNIQUE CHECK(length(id) = 32),
  by        BLOB NOT NULL CHECK(length(by) = 32),
  size      INTEGER NOT NULL CHECK(size BETWEEN 1 AND 1024),
  signature BLOB NOT NULL,
  admitted  TEXT,                    -- NULL while it is not accepted
  replica   BLOB NOT NULL CHECK(length(replica) = 32),
  position  INTEGER NOT NULL CHECK(position >= 1),
  previous  BLOB NOT NULL CHECK(length(previous) = 32),
  head      BLOB,
  siblings  BLOB,                    -- the partial proof for entries of the act that are not here
  CHECK((admitted IS NULL) = (first >= 4611686018427387904))
) STRICT;
CREATE INDEX act_replica ON act(replica, position);

CREATE TABLE entry(
  number INTEGER PRIMARY KEY,
  id     BLOB NOT NULL UNIQUE CHECK(length(id) = 32),
  act    INTEGER NOT NULL,           -- act.first; no foreign key, which would want an index of its own
  idx    INTEGER NOT NULL CHECK(idx BETWEEN 0 AND 1023),
  kind   TEXT NOT NULL,
  object BLOB,                       -- the object that the entry changes; NULL if it begins one of its own
  header BLOB NOT NULL CHECK(length(header) <= 16384)
) STRICT;
CREATE INDEX entry_object ON entry(object, number) WHERE object IS NOT NULL;

-- Content and salt, apart from the header because they alone can be erased.
CREATE TABLE content(
  number INTEGER PRIMARY KEY REFERENCES entry(number) DEFERRABLE INITIALLY DEFERRED,
  salt   BLOB NOT NULL CHECK(length(salt) = 16),
  bytes  BLOB NOT NULL
) STRICT;

-- Signed checkpoints: on the node those it signed, on a replica those it verified.
CREATE TABLE checkpoint(
  size INTEGER PRIMARY KEY,
  root BLOB NOT NULL CHECK(length(root) = 32),
  note BLOB NOT NULL
) STRICT;

CREATE TRIGGER act_fixed BEFORE UPDATE ON act BEGIN SELECT raise(ABORT, 'the log is append-only'); END;
CREATE TRIGGER act_kept BEFORE DELETE ON act WHEN old.first < 4611686018427387904
  BEGIN SELECT raise(ABORT, 'the log is append-only'); END;
CREATE TRIGGER entry_fixed BEFORE UPDATE ON entry BEGIN SELECT raise(ABORT, 'the log is append-only'); END;
CREATE TRIGGER entry_kept BEFORE DELETE ON entry WHEN old.number < 4611686018427387904
  BEGIN SELECT raise(ABORT, 'the log is append-only'); END;
CREATE TRIGGER content_fixed BEFORE UPDATE ON content BEGIN SELECT raise(ABORT, 'the log is append-only'); END;
CREATE TRIGGER content_kept BEFORE DELETE ON content WHEN old.number < 4611686018427387904
  BEGIN SELECT raise(ABORT, 'the log is append-only'); END;
CREATE TRIGGER checkpoint_fixed BEFORE UPDATE ON checkpoint BEGIN SELECT raise(ABORT, 'the log is append-only'); END;
CREATE TRIGGER checkpoint_kept BEFORE DELETE ON checkpoint BEGIN SELECT raise(ABORT, 'the log is append-only'); END;

-- Beside the log -----------------------------------------------------------------------------------------------

-- Acts written here that no verified receipt has come for, and what the node last said of them. 'sent': it said that it
-- accepted the act, and the delivery with the proof is still to come.
CREATE TABLE outbox(
  act     INTEGER PRIMARY KEY REFERENCES act(first) DEFERRABLE INITIALLY DEFERRED,
  state   TEXT NOT NULL CHECK(state IN ('unsent', 'sent', 'refused', 'held', 'later')),
  rule    TEXT,
  words   TEXT,
  remedy  TEXT
) STRICT;

-- On the node: acts that are held, as they came, until somebody has decided.
CREATE TABLE held(
  hold    BLOB PRIMARY KEY CHECK(length(hold) = 32), -- the act.hold entry
  message BLOB NOT NULL                              -- the act as in sync/PROTOCOL.md section 3
) STRICT, WITHOUT ROWID;

-- On the node: invitations that an agency's machine can join with. Only the hash of the secret is kept.
CREATE TABLE invitation(
  secret   BLOB PRIMARY KEY CHECK(length(secret) = 32),
  agency   BLOB NOT NULL,
  person   TEXT NOT NULL,
  post     TEXT,
  roles    TEXT NOT NULL,            -- joined by spaces
  until_s  INTEGER NOT NULL,
  request  BLOB,                     -- the hash of the request that used it
  answer   BLOB                      -- what was answered
) STRICT, WITHOUT ROWID;

-- Derived from the log, kept because they are asked for at every request ----------------------------------------

-- Which entries are about a child.
CREATE TABLE entry_child(
  child  BLOB NOT NULL,
  number INTEGER NOT NULL,
  PRIMARY KEY(child, number)
) STRICT, WITHOUT ROWID;

-- For each replica the newest position known. On a replica only its own.
CREATE TABLE chain(
  replica  BLOB PRIMARY KEY CHECK(length(replica) = 32),
  number   INTEGER NOT NULL,
  position BLOB NOT NULL CHECK(length(position) = 32)
) STRICT, WITHOUT ROWID;

-- On the node: the tree's hashes, 256 to a tile (audit/FORMAT.md section 2).
CREATE TABLE tile(
  level  INTEGER NOT NULL,
  idx    INTEGER NOT NULL,
  hashes BLOB NOT NULL CHECK(length(hashes) % 32 = 0 AND length(hashes) <= 8192),
  PRIMARY KEY(level, idx)
) STRICT, WITHOUT ROWID;

-- The views: each row belongs to one object (the id of the entry that began it) ----------------------------------

-- The ledger itself.
CREATE TABLE log(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, origin TEXT NOT NULL, ledger_key BLOB NOT NULL,
  operating_key BLOB NOT NULL, operating_id BLOB NOT NULL, authority BLOB NOT NULL, name TEXT NOT NULL
) STRICT;

-- Agencies that take part.
CREATE TABLE agency(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, type TEXT NOT NULL, name TEXT NOT NULL
) STRICT;

-- The people who work for them.
CREATE TABLE person(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, agency BLOB NOT NULL, name TEXT NOT NULL, post TEXT
) STRICT;

-- Their keys, by the entry that introduced them.
CREATE TABLE person_key(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, person BLOB NOT NULL, sign_key BLOB NOT NULL, seal_key BLOB
) STRICT;
CREATE INDEX person_key_person ON person_key(person);
CREATE INDEX person_key_number ON person_key(number);
CREATE INDEX person_key_key ON person_key(sign_key);

-- What no longer counts: keys, people, machines, agencies.
CREATE TABLE revocation(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, target BLOB NOT NULL, why TEXT NOT NULL
) STRICT;
CREATE INDEX revocation_target ON revocation(target);

-- Acts that the node holds for the keeper or for a second person.
CREATE TABLE hold(
  object BLOB PRIMARY KEY, entry INTEGER NOT NULL, replica TEXT NOT NULL, position INTEGER NOT NULL, act TEXT NOT NULL,
  author TEXT NOT NULL, rule TEXT NOT NULL, words TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'held' CHECK(state IN ('held', 'released', 'rejected')), decided_by BLOB
) STRICT;
CREATE INDEX hold_replica ON hold(replica, position);
CREATE INDEX hold_act ON hold(act);

-- What one person may not record alone: the newest row counts. kinds is a JSON list; NULL: nothing.
CREATE TABLE two_persons(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, kinds TEXT
) STRICT;
CREATE INDEX two_persons_number ON two_persons(number);

-- Members of staff who are kept out of a child's case. lifted is the number of the entry that ended it.
CREATE TABLE staff_bar(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, child BLOB NOT NULL, person BLOB NOT NULL, by BLOB NOT NULL,
  reason TEXT NOT NULL, since TEXT, lifted INTEGER, lifted_by BLOB
) STRICT;
CREATE INDEX staff_bar_person ON staff_bar(person, child);

-- Their machines.
CREATE TABLE replica(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, agency BLOB NOT NULL, name TEXT NOT NULL,
  replica_key BLOB NOT NULL
) STRICT;
CREATE INDEX replica_number ON replica(number);
CREATE INDEX replica_key ON replica(replica_key);

-- Certificates of people and machines.
CREATE TABLE certificate(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, subject BLOB NOT NULL, key BLOB NOT NULL, use TEXT NOT NULL,
  from_s INTEGER NOT NULL, until_s INTEGER NOT NULL, cert BLOB NOT NULL
) STRICT;
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

-- Children.
CREATE TABLE child(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, name TEXT NOT NULL, born TEXT, due TEXT, address TEXT
) STRICT;

-- Agencies' work with children.
CREATE TABLE involvement(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, child BLOB NOT NULL, agency BLOB NOT NULL, reason TEXT,
  started TEXT, ended_by BLOB, ended TEXT
) STRICT;
CREATE INDEX involvement_child ON involvement(child);

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

-- Decisions, one for each child of a meeting.
CREATE TABLE decision(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, child BLOB NOT NULL, meeting BLOB NOT NULL, risk TEXT, plan TEXT,
  reasons TEXT NOT NULL, by BLOB NOT NULL
) STRICT;
CREATE INDEX decision_number ON decision(number);
CREATE INDEX decision_child ON decision(child);

-- The Child Protection Register. since is NULL while the registration is pending.
CREATE TABLE registration(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, child BLOB NOT NULL, decision BLOB NOT NULL, concerns TEXT NOT NULL,
  since TEXT, review TEXT
) STRICT;
CREATE INDEX registration_number ON registration(number);
CREATE INDEX registration_child ON registration(child);
