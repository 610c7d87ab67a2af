-- Views of core/domain/report.c.

-- Reports that can be taken apart.
CREATE TABLE report(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, meeting BLOB, title TEXT NOT NULL
) STRICT;
CREATE INDEX report_number ON report(number);

-- Parts of them for professionals only.
CREATE TABLE report_part(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, report BLOB NOT NULL
) STRICT;
CREATE INDEX report_part_report ON report_part(report);
