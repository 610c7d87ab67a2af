-- Views of core/domain/register.c.

-- The Child Protection Register: each registration as it stands. since is NULL while the registration is pending,
-- removed while it is on the register or its removal is pending; removed_number is the removal's number, pending or
-- not. Of a temporary registration decision is NULL, and authority is whose register the child is on. details is all that
-- is recorded of it, as JSON, from which the columns up to until_date are drawn; ending is what was recorded with its
-- end; alias, impact, vulnerability and area are lists.
CREATE TABLE registration(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, child BLOB NOT NULL, decision BLOB, authority TEXT,
  details TEXT NOT NULL, name TEXT NOT NULL, alias TEXT, born TEXT, due TEXT, mother TEXT, gender TEXT, address TEXT,
  impact TEXT, vulnerability TEXT, area TEXT, other TEXT, review TEXT, until_date TEXT,
  since TEXT, removed TEXT, removed_number INTEGER, ending TEXT, by BLOB NOT NULL
) STRICT;
CREATE INDEX registration_name ON registration(name);
CREATE INDEX registration_number ON registration(number);
CREATE INDEX registration_child ON registration(child);
CREATE INDEX registration_decision ON registration(decision);

-- What became of each registration: added, amended, corrected, continued, removed; and for a temporary one added and
-- ended. authoriser is who authorised what somebody else entered.
CREATE TABLE registration_event(
  object BLOB NOT NULL, entry BLOB NOT NULL, number INTEGER NOT NULL, what TEXT NOT NULL, decision BLOB,
  authoriser BLOB, admitted TEXT, by BLOB NOT NULL, PRIMARY KEY(object, entry)
) STRICT, WITHOUT ROWID;
CREATE INDEX registration_event_number ON registration_event(number);
CREATE INDEX registration_event_decision ON registration_event(decision);

-- Risk indicators and areas of concern, each with its evidence.
CREATE TABLE indicator(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, child BLOB NOT NULL, registration BLOB NOT NULL,
  category TEXT NOT NULL, indicator TEXT NOT NULL, evidence TEXT NOT NULL, by BLOB NOT NULL
) STRICT;
CREATE INDEX indicator_registration ON indicator(registration);
CREATE INDEX indicator_number ON indicator(number);

-- Who was told that a name was added or removed. ways is a list: verbally, in-writing.
CREATE TABLE registration_told(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, registration BLOB NOT NULL, about TEXT NOT NULL, ways TEXT NOT NULL,
  told_on TEXT NOT NULL, told TEXT NOT NULL
) STRICT;
CREATE INDEX registration_told_registration ON registration_told(registration);

-- Systems and organisations that were alerted.
CREATE TABLE register_alert(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, registration BLOB NOT NULL, about TEXT NOT NULL, agency BLOB,
  sent TEXT NOT NULL, system TEXT NOT NULL
) STRICT;
CREATE INDEX register_alert_registration ON register_alert(registration);

-- Changes that practitioners told the keeper about.
CREATE TABLE register_notice(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, child BLOB NOT NULL, registration BLOB NOT NULL,
  change TEXT NOT NULL, by BLOB NOT NULL
) STRICT;
CREATE INDEX register_notice_registration ON register_notice(registration);

-- Enquiries to the register. found is a list of registrations.
CREATE TABLE register_enquiry(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, name TEXT, born TEXT, due TEXT, mother TEXT, reason TEXT NOT NULL,
  asked_by TEXT, found TEXT, admitted TEXT, by BLOB NOT NULL
) STRICT;
CREATE INDEX register_enquiry_number ON register_enquiry(number);

-- Where the registers of other authorities are asked.
CREATE TABLE register_contact(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, authority TEXT NOT NULL, phone TEXT, email TEXT, hours TEXT
) STRICT;

-- Agencies of which the keeper said whether they consult the register; the newest row of an agency counts.
CREATE TABLE entitlement(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, agency BLOB NOT NULL, may TEXT NOT NULL
) STRICT;
CREATE INDEX entitlement_agency ON entitlement(agency, number);
