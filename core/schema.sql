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
  replica   BLOB CHECK(length(replica) = 32), -- NULL, as all that follows, while the first entry is not here:
  position  INTEGER CHECK(position >= 1),     -- its leaf alone proves them
  previous  BLOB CHECK(length(previous) = 32),
  head      BLOB,
  CHECK((admitted IS NULL) = (first >= 4611686018427387904)),
  CHECK((replica IS NULL) = (position IS NULL) AND (replica IS NULL) = (previous IS NULL))
) STRICT;
CREATE INDEX act_replica ON act(replica, position);

-- Of an act whose entries did not all come at once: each group that came, and what proves it (core/FORMAT.md 6.3).
CREATE TABLE act_part(
  act      INTEGER NOT NULL,
  part     INTEGER NOT NULL,
  indices  BLOB NOT NULL CHECK(length(indices) % 4 = 0), -- of the group's entries, 4 bytes each, big-endian
  siblings BLOB NOT NULL CHECK(length(siblings) % 32 = 0),
  PRIMARY KEY(act, part)
) STRICT, WITHOUT ROWID;

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

-- Content and salt, apart from the header because they alone can be erased. The salt has 16 bytes, which whoever reads
-- it looks at: a CHECK that calls a function would cost each row a journal of its own, because of the trigger.
CREATE TABLE content(
  number INTEGER PRIMARY KEY REFERENCES entry(number) DEFERRABLE INITIALLY DEFERRED,
  salt   BLOB NOT NULL,
  bytes  BLOB NOT NULL
) STRICT;

-- Entries whose content is not here any more, or never came: withdrawn when the recipient ceased to be one, or erased
-- everywhere. Nothing else lets content go. 'lost': nobody had it when the node was rebuilt (core/recovery.h).
CREATE TABLE forgotten(
  number INTEGER PRIMARY KEY,
  why    TEXT NOT NULL CHECK(why IN ('withdrawn', 'erased', 'lost'))
) STRICT;

CREATE INDEX forgotten_lost ON forgotten(number) WHERE why = 'lost';

-- What agencies were told to hold, and to hold no more (core/feed.h). On the node each agency's under the number of its
-- entry; on a replica the one of its own agency, as far as it was followed, under 0.
CREATE TABLE feed(
  agency INTEGER NOT NULL,
  place  INTEGER NOT NULL,
  op     INTEGER NOT NULL CHECK(op BETWEEN 1 AND 3), -- a list of three would be made into a table for each row
  number INTEGER NOT NULL,
  digest BLOB NOT NULL CHECK(length(digest) = 32),
  PRIMARY KEY(agency, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX feed_number ON feed(agency, number, place);
CREATE INDEX feed_taken ON feed(agency, place) WHERE op IN (2, 3);

-- Signed checkpoints: on the node those it signed, on a replica those it verified.
CREATE TABLE checkpoint(
  size INTEGER PRIMARY KEY,
  root BLOB NOT NULL CHECK(length(root) = 32),
  note BLOB NOT NULL
) STRICT;

-- On a replica: of approvals of minutes and reports, the proof that they stand in the ledger (core/proof.h), for
-- whoever is handed a copy. The checkpoint is the one of this size.
CREATE TABLE proof(
  number INTEGER PRIMARY KEY,
  size   INTEGER NOT NULL,
  path   BLOB NOT NULL CHECK(length(path) % 32 = 0)
) STRICT;

-- On the node: the commits of the published ledger (audit/FORMAT.md section 3), as they were finished, with the size of
-- their checkpoint; kept before they are published.
CREATE TABLE publication(
  number INTEGER PRIMARY KEY,
  size   INTEGER NOT NULL UNIQUE REFERENCES checkpoint(size) DEFERRABLE INITIALLY DEFERRED,
  object BLOB NOT NULL CHECK(length(object) <= 65536)
) STRICT;

CREATE TRIGGER act_fixed BEFORE UPDATE OF first, id, by, size, signature, admitted ON act
  BEGIN SELECT raise(ABORT, 'the log is append-only'); END;
CREATE TRIGGER act_placed BEFORE UPDATE OF replica, position, previous, head ON act WHEN old.replica IS NOT NULL
  BEGIN SELECT raise(ABORT, 'the log is append-only'); END;
CREATE TRIGGER part_fixed BEFORE UPDATE ON act_part BEGIN SELECT raise(ABORT, 'the log is append-only'); END;
CREATE TRIGGER part_kept BEFORE DELETE ON act_part BEGIN SELECT raise(ABORT, 'the log is append-only'); END;
CREATE TRIGGER act_kept BEFORE DELETE ON act WHEN old.first < 4611686018427387904
  BEGIN SELECT raise(ABORT, 'the log is append-only'); END;
CREATE TRIGGER entry_fixed BEFORE UPDATE ON entry BEGIN SELECT raise(ABORT, 'the log is append-only'); END;
CREATE TRIGGER entry_kept BEFORE DELETE ON entry WHEN old.number < 4611686018427387904
  BEGIN SELECT raise(ABORT, 'the log is append-only'); END;
CREATE TRIGGER content_fixed BEFORE UPDATE ON content BEGIN SELECT raise(ABORT, 'the log is append-only'); END;
CREATE TRIGGER content_kept BEFORE DELETE ON content WHEN old.number < 4611686018427387904
  AND NOT EXISTS(SELECT 1 FROM forgotten WHERE number = old.number)
  BEGIN SELECT raise(ABORT, 'the log is append-only'); END;
CREATE TRIGGER feed_fixed BEFORE UPDATE ON feed BEGIN SELECT raise(ABORT, 'the log is append-only'); END;
CREATE TRIGGER feed_kept BEFORE DELETE ON feed WHEN old.agency <> 0
  BEGIN SELECT raise(ABORT, 'the log is append-only'); END;
CREATE TRIGGER content_erased BEFORE INSERT ON content
  WHEN EXISTS(SELECT 1 FROM forgotten WHERE number = new.number)
  BEGIN SELECT raise(FAIL, 'this content is to be forgotten'); END;
CREATE TRIGGER erasure_stays BEFORE DELETE ON forgotten WHEN old.why = 'erased'
  BEGIN SELECT raise(ABORT, 'what was erased stays erased'); END;
CREATE TRIGGER erasure_fixed BEFORE UPDATE ON forgotten WHEN old.why = 'erased' AND new.why <> 'erased'
  BEGIN SELECT raise(ABORT, 'what was erased stays erased'); END;
CREATE TRIGGER checkpoint_fixed BEFORE UPDATE ON checkpoint BEGIN SELECT raise(ABORT, 'the log is append-only'); END;
CREATE TRIGGER checkpoint_kept BEFORE DELETE ON checkpoint BEGIN SELECT raise(ABORT, 'the log is append-only'); END;

CREATE TRIGGER publication_fixed BEFORE UPDATE ON publication BEGIN SELECT raise(ABORT, 'the log is append-only'); END;
CREATE TRIGGER publication_kept BEFORE DELETE ON publication BEGIN SELECT raise(ABORT, 'the log is append-only'); END;

-- Beside the log -----------------------------------------------------------------------------------------------

-- Acts written here that no verified receipt has come for, and what the node last said of them. 'sent': it said that it
-- accepted the act, and the delivery with the proof is still to come.
CREATE TABLE outbox(
  act     INTEGER PRIMARY KEY REFERENCES act(first) DEFERRABLE INITIALLY DEFERRED,
  state   TEXT NOT NULL             -- not IN (...): a list of three would be made into a table for each row
          CHECK(state = 'unsent' OR state = 'sent' OR state = 'refused' OR state = 'held' OR state = 'later'),
  rule    TEXT,
  words   TEXT,
  remedy  TEXT
) STRICT;

-- On the node: acts that are held, as they came, until somebody has decided.
CREATE TABLE held(
  hold    BLOB PRIMARY KEY CHECK(length(hold) = 32), -- the act.hold entry
  message BLOB NOT NULL                              -- the act as in sync/PROTOCOL.md section 3
) STRICT, WITHOUT ROWID;

-- On the node: the newest cosignature of each replica (audit/FORMAT.md section 1.1), as the signature line that
-- checkpoints carry.
CREATE TABLE cosignature(
  replica BLOB PRIMARY KEY CHECK(length(replica) = 32),
  size    INTEGER NOT NULL,
  line    TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- On the node: where the published ledger is pushed to, and what came of it last (core/publication.h).
CREATE TABLE mirror(
  url   TEXT PRIMARY KEY CHECK(length(url) <= 1024),
  state TEXT NOT NULL DEFAULT 'new' CHECK(state IN ('new', 'same', 'apart', 'unreachable')),
  size  INTEGER NOT NULL DEFAULT 0,
  at    INTEGER NOT NULL DEFAULT 0,                  -- seconds since 1970
  words TEXT NOT NULL DEFAULT '',
  credentials TEXT NOT NULL DEFAULT ''               -- the path of a file, and nothing secret
) STRICT, WITHOUT ROWID;

-- Keys that somebody on this machine has compared with their owner, by the entry that introduced them. Known here only.
CREATE TABLE confirmed(
  entry BLOB PRIMARY KEY CHECK(length(entry) = 32),
  at    TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Large contents on their way, in parts (sync/PROTOCOL.md section 11): on the node from a replica, whose key id is the
-- owner; on a replica from the node, and the owner is zeros. What was put together is the salt and the content.
CREATE TABLE staged(
  id      INTEGER PRIMARY KEY,
  owner   BLOB NOT NULL CHECK(length(owner) = 32),
  content BLOB NOT NULL CHECK(length(content) = 32), -- the commitment
  size    INTEGER NOT NULL CHECK(size BETWEEN 1 AND 8388624),
  at      INTEGER NOT NULL,                          -- seconds since 1970: when something last came
  UNIQUE(owner, content)
) STRICT;
CREATE INDEX staged_at ON staged(at);
CREATE TABLE staged_part(
  staged INTEGER NOT NULL REFERENCES staged(id) ON DELETE CASCADE,
  number INTEGER NOT NULL CHECK(number BETWEEN 0 AND 8),
  bytes  BLOB NOT NULL,
  UNIQUE(staged, number)
) STRICT;

-- On the node, while it is being rebuilt (core/recovery.h): what mirrors and machines have shown and offered. Nothing
-- of it is part of the log before all of it is there.
CREATE TABLE recover_checkpoint(
  size INTEGER PRIMARY KEY,
  root BLOB NOT NULL CHECK(length(root) = 32),
  note BLOB NOT NULL
) STRICT;
-- Who has shown the checkpoint that they verified last, and its size: in the recovery that is on, or in the last one.
-- 0: what the machine holds was brought in a file.
CREATE TABLE recover_machine(
  source BLOB PRIMARY KEY CHECK(length(source) = 32),
  size   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- Different leaves for one number, if machines have offered different ones; and who offered which. A mirror is zeros.
CREATE TABLE recover_leaf(
  number INTEGER NOT NULL,
  hash   BLOB NOT NULL CHECK(length(hash) = 32),
  entry  BLOB NOT NULL CHECK(length(entry) = 32),
  leaf   BLOB NOT NULL,
  UNIQUE(number, hash)
) STRICT;
CREATE TABLE recover_said(
  number INTEGER NOT NULL,
  source BLOB NOT NULL CHECK(length(source) = 32),
  hash   BLOB NOT NULL CHECK(length(hash) = 32),
  PRIMARY KEY(number, source)
) STRICT, WITHOUT ROWID;
-- Each is what the header of its entry commits to, whatever number that is offered for.
CREATE TABLE recover_content(
  entry BLOB NOT NULL UNIQUE CHECK(length(entry) = 32),
  salt  BLOB NOT NULL CHECK(length(salt) = 16),
  bytes BLOB NOT NULL
) STRICT;
-- Commits of the published ledger that a mirror had, as in the table publication.
CREATE TABLE recover_commit(
  number INTEGER PRIMARY KEY,
  size   INTEGER NOT NULL,
  object BLOB NOT NULL
) STRICT;

-- In a backup of the node: the files that stood beside the store.
CREATE TABLE backup_file(
  name  TEXT PRIMARY KEY,
  bytes BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Derived from the log, kept because they are asked for at every request ----------------------------------------

-- Which entries are about a child.
CREATE TABLE entry_child(
  child  BLOB NOT NULL,
  number INTEGER NOT NULL,
  PRIMARY KEY(child, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX entry_child_number ON entry_child(number);

-- Which contents here are large, by the commitment to them. A row goes with its content.
CREATE TABLE large(
  number  INTEGER PRIMARY KEY REFERENCES content(number) ON DELETE CASCADE,
  content BLOB NOT NULL CHECK(length(content) = 32)
) STRICT;
CREATE INDEX large_content ON large(content, number);

-- On the node: which entries belong to a meeting (core/reach.h).
CREATE TABLE entry_meeting(
  meeting BLOB NOT NULL,
  number  INTEGER NOT NULL,
  PRIMARY KEY(meeting, number)
) STRICT, WITHOUT ROWID;

-- On the node: what each agency (by the number of its entry) is to hold, as its feed says.
CREATE TABLE holding(
  number INTEGER NOT NULL,
  agency INTEGER NOT NULL,
  PRIMARY KEY(number, agency)
) STRICT, WITHOUT ROWID;

-- On the node: what an entry changed about who holds earlier ones, until the ledger tells of it.
CREATE TABLE feed_change(
  cause     INTEGER NOT NULL,
  agency    INTEGER NOT NULL,
  delivered INTEGER NOT NULL,
  withdrawn INTEGER NOT NULL,
  PRIMARY KEY(cause, agency)
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

-- The views: each row belongs to one object (the id of the entry that began it). Those of the domain stand beside its
-- tables, in core/domain/*.sql; these belong to all of them ------------------------------------------------------------

-- Versions of objects that were changed: which entries say what the object is, and whether a later one that its author
-- based on them has replaced them. An object with more than one that was not replaced is in conflict.
CREATE TABLE version(
  object   BLOB NOT NULL,
  entry    BLOB NOT NULL,
  replaced INTEGER NOT NULL DEFAULT 0 CHECK(replaced IN (0, 1)),
  PRIMARY KEY(object, entry)
) STRICT, WITHOUT ROWID;

-- Entries that were recorded in the wrong place and count no more (entry.void).
CREATE TABLE voided(
  object BLOB NOT NULL,      -- the object to which the voided entry belongs
  entry  BLOB NOT NULL,      -- the voided entry
  by     BLOB NOT NULL,      -- the entry.void
  PRIMARY KEY(object, entry, by)
) STRICT, WITHOUT ROWID;
CREATE INDEX voided_entry ON voided(entry);

-- Entries whose content was erased (entry.erase): that there was a ground for it is seen wherever it is gone.
CREATE TABLE erasure(
  object BLOB NOT NULL,      -- the object to which the erased entry belongs
  entry  BLOB NOT NULL,      -- the erased entry
  by     BLOB NOT NULL,      -- the entry.erase
  PRIMARY KEY(object, entry, by)
) STRICT, WITHOUT ROWID;
CREATE INDEX erasure_entry ON erasure(entry);

-- Words of the names by which objects are found (core/enquiry.h), and how they sound; and dates of birth, which begin
-- with a tilde and have no sound.
CREATE TABLE name_word(
  object BLOB NOT NULL,
  word   TEXT NOT NULL,
  field  TEXT NOT NULL,
  sound  TEXT NOT NULL,
  PRIMARY KEY(object, word, field)
) STRICT, WITHOUT ROWID;
CREATE INDEX name_word_word ON name_word(word, field);
CREATE INDEX name_word_sound ON name_word(sound);
