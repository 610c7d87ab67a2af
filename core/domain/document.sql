-- Views of core/domain/document.c.

-- Documents, and the entry that holds the file.
CREATE TABLE document(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, meeting BLOB, title TEXT NOT NULL, type TEXT NOT NULL, dated TEXT,
  file BLOB
) STRICT;
CREATE INDEX document_number ON document(number);
