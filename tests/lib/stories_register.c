#include "tests/lib/stories.h"

const char register_beginning[] =
    "c1 = anna: child.add name=\"Isla Reid\" born=2019-03-01\n"
    "m1 = anna: meeting.convene child=c1 type=initial on=2026-12-01T10:00:00Z chair=chair\n";

const struct rule_story register_stories[] = {
    {"R-009", "what was voided gives no ground for a registration",
     "d, r = chair: decision.record child=c1 meeting=m1 plan=yes reasons=x + registration.add child=c1 decision=@1 "
     "concern=neglect\n"
     "keeper: entry.void entry=r reason=\"wrong file\" + entry.void entry=d reason=\"wrong file\"\n"
     "chair: registration.add child=c1 decision=d concern=neglect => R-009"},
    {"R-009", "no plan gives no ground",
     "d = chair: decision.record child=c1 meeting=m1 plan=no reasons=x\n"
     "chair: registration.add child=c1 decision=d concern=neglect => R-009"},
    {"R-009", "a plan does",
     "chair: decision.record child=c1 meeting=m1 plan=yes reasons=x + registration.add child=c1 decision=@1 "
     "concern=neglect"},
    {0},
};
