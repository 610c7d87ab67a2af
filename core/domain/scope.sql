-- Views of core/domain/scope.c.

-- What agencies were sent or had to give up of earlier entries, and why; entries is negative for what was taken back.
CREATE TABLE scope_change(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, agency BLOB NOT NULL, because BLOB NOT NULL,
  entries INTEGER NOT NULL, place INTEGER NOT NULL, at TEXT
) STRICT;
CREATE INDEX scope_change_because ON scope_change(because);

-- What machines have signed: how far they followed their agency's feed.
CREATE TABLE feed_receipt(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, replica BLOB NOT NULL, place INTEGER NOT NULL, at TEXT
) STRICT;
CREATE INDEX feed_receipt_replica ON feed_receipt(replica, place);
