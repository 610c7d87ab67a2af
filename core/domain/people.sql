-- Views of core/domain/people.c. Lists are JSON arrays.

-- Children.
CREATE TABLE child(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, name TEXT NOT NULL, aliases TEXT, born TEXT, due TEXT, gender TEXT,
  address TEXT, school TEXT, gp TEXT, language TEXT, ethnicity TEXT, religion TEXT, disability TEXT, communication TEXT,
  legal_status TEXT, service_connection TEXT
) STRICT;
CREATE INDEX child_name ON child(name COLLATE NOCASE);

-- Statements that two records are of one child, or of two (core/child.h); a is the smaller id. instead: the earlier
-- statements, in hexadecimal, that it takes back.
CREATE TABLE child_pair(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, a BLOB NOT NULL, b BLOB NOT NULL,
  is_same INTEGER NOT NULL CHECK(is_same IN (0, 1)), instead TEXT
) STRICT;
CREATE INDEX child_pair_a ON child_pair(a, b);
CREATE INDEX child_pair_b ON child_pair(b);
CREATE INDEX child_pair_number ON child_pair(number);

-- Those that no later one takes back.
CREATE VIEW child_standing(object, number, a, b, is_same) AS
  SELECT object, number, a, b, is_same FROM child_pair p WHERE NOT EXISTS (
    SELECT 1 FROM child_pair t, json_each(t.instead) i
    WHERE t.a = p.a AND t.b = p.b AND i.value = lower(hex(p.object)));

-- People in children's lives. Which children they are about is in entry_child.
CREATE TABLE family(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, name TEXT NOT NULL, aliases TEXT, relation TEXT NOT NULL,
  responsibilities TEXT NOT NULL, lives_with TEXT, born TEXT, address TEXT, phone TEXT, needs TEXT, supports TEXT
) STRICT;
CREATE INDEX family_number ON family(number);

-- Households. Which children live there is in entry_child.
CREATE TABLE household(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, address TEXT NOT NULL, members TEXT, since TEXT
) STRICT;
CREATE INDEX household_number ON household(number);

-- When children's whereabouts became unknown, or known again.
CREATE TABLE whereabouts(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, child BLOB NOT NULL, state TEXT NOT NULL, since TEXT NOT NULL,
  next TEXT
) STRICT;
CREATE INDEX whereabouts_child ON whereabouts(child, number);
