#include "tests/lib/stories.h"

/* Each area of rules once. */
const struct story_set story_sets[] = {
    {"directory", "", directory_stories},
    {"record", record_beginning, record_stories},
    {"people", people_beginning, people_stories},
    {"meeting", meeting_beginning, meeting_stories},
    {"attendance", meeting_beginning, attendance_stories},
    {"information", meeting_beginning, information_stories},
    {"decision", decision_beginning, decision_stories},
    {"reporter", reporter_beginning, reporter_stories},
    {"register", register_beginning, register_stories},
    {"restricted", restricted_beginning, restricted_stories},
    {0},
};
