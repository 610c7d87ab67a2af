/* The sets of stories, one file for each area of rules. Included by these files only. */
#ifndef CAIRN_TESTS_LIB_STORIES_H
#define CAIRN_TESTS_LIB_STORIES_H

#include "tests/lib/story.h"

extern const char record_beginning[], people_beginning[], meeting_beginning[], decision_beginning[],
    register_beginning[], reporter_beginning[], restricted_beginning[];
extern const struct rule_story directory_stories[], record_stories[], people_stories[], meeting_stories[],
    attendance_stories[], decision_stories[], register_stories[], reporter_stories[], restricted_stories[];

extern const struct rule_story information_stories[];

/* What the rules about views ask for before a meeting is closed: the child was heard, and a parent. */
/* What attending would mean for the child was considered. */
#define CHILD_CONSIDERED(child, meeting)                                                                               \
  "anna: child-attendance.decide child=" child " meeting=" meeting " attend=none impact=x reasons=x told=yes\n"
#define HEARD(children, meeting)                                                                                       \
  "anna: family-view.record " children " meeting=" meeting " whose=child when=before method=conversation words=x "     \
  "presented=yes considered=yes in-plan=x + family-view.record " children " meeting=" meeting                          \
  " whose=parent when=before method=conversation words=x\n"
/* And why there was no investigation. */
#define NO_INVESTIGATION(children, meeting) "anna: check.explain " children " meeting=" meeting " rule=R-001 reason=x\n"

#endif
