-- Views of core/domain/staff.c.

-- Members of staff who are kept out of a child's case. lifted is the number of the entry that ended it.
CREATE TABLE staff_bar(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, child BLOB NOT NULL, person BLOB NOT NULL, by BLOB NOT NULL,
  reason TEXT NOT NULL, since TEXT, lifted INTEGER, lifted_by BLOB
) STRICT;
CREATE INDEX staff_bar_person ON staff_bar(person, child);
