-- Views of core/domain/reporter.c.

-- Whether a referral to the Principal Reporter was found necessary. considered is NULL while it is pending.
CREATE TABLE reporter_consideration(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, child BLOB NOT NULL, meeting BLOB NOT NULL, outcome TEXT NOT NULL,
  grounds TEXT, reason TEXT, considered TEXT, by BLOB NOT NULL
) STRICT;
CREATE INDEX reporter_consideration_meeting ON reporter_consideration(meeting);

-- Referrals that were sent.
CREATE TABLE referral(
  object BLOB PRIMARY KEY, number INTEGER NOT NULL, child BLOB NOT NULL, consideration BLOB NOT NULL,
  sent TEXT NOT NULL, reason TEXT NOT NULL, information TEXT, plan TEXT, assessment TEXT, why_not TEXT, by BLOB NOT NULL
) STRICT;
CREATE INDEX referral_consideration ON referral(consideration);
