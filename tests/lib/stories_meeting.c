#include "tests/lib/stories.h"

const char meeting_beginning[] =
    "c1 = anna: child.add name=\"Isla Reid\" born=2019-03-01\n"
    "m1 = anna: meeting.convene child=c1 type=initial on=2026-12-01T10:00:00Z chair=chair\n";

const struct rule_story meeting_stories[] = {
    {0},
};
