#include "tests/lib/stories.h"

const char decision_beginning[] =
    "c1 = anna: child.add name=\"Isla Reid\" born=2019-03-01\n"
    "m1 = anna: meeting.convene child=c1 type=initial on=2026-12-01T10:00:00Z chair=chair\n";

const struct rule_story decision_stories[] = {
    {"R-007", "the answer is missing", "chair: decision.record child=c1 meeting=m1 reasons=x => R-007"},
    {"R-007", "the answer is there", "chair: decision.record child=c1 meeting=m1 plan=no reasons=x"},
    {"R-008", "a plan without registration", "chair: decision.record child=c1 meeting=m1 plan=yes reasons=x => R-008"},
    {"R-008", "a plan and the registration in one act",
     "chair: decision.record child=c1 meeting=m1 plan=yes reasons=x + registration.add child=c1 decision=@1 "
     "concern=neglect"},
    {0},
};
