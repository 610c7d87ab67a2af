-- Views of core/domain/access.c.

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
