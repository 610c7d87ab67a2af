#include "tests/lib/stories.h"

const char record_beginning[] =
    "c1 = anna: child.add name=\"Isla Reid\" born=2019-03-01\n"
    "m1 = anna: meeting.convene child=c1 type=initial on=2026-12-01T10:00:00Z chair=chair\n";

const struct rule_story record_stories[] = {
    {"K-001", "the meeting's chair overrides", "chair: check.override child=c1 meeting=m1 rule=R-011 reason=agreed"},
    {"K-001", "another chair does not",
     "other-chair: check.override child=c1 meeting=m1 rule=R-011 reason=agreed => K-001"},
    {"profile", "an entry is written under the profile in force",
     "profile national\n"
     "chair: decision.record child=c1 meeting=m1 risk=no plan=no reasons=x"},
    {0},
};
