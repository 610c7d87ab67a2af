/* The sets of stories, one file for each area of rules. Included by these files only. */
#ifndef CAIRN_TESTS_LIB_STORIES_H
#define CAIRN_TESTS_LIB_STORIES_H

#include "tests/lib/story.h"

extern const char record_beginning[], people_beginning[], meeting_beginning[], decision_beginning[],
    register_beginning[], reporter_beginning[];
extern const struct rule_story directory_stories[], record_stories[], people_stories[], meeting_stories[],
    decision_stories[], register_stories[], reporter_stories[];

#endif
