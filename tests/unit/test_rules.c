/* The rules of the domain's tables, each with a story that keeps it and one that breaks it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/rule.h"
#include "tests/lib/story.h"

struct rule_story {
  const char *rule; /* the number that it is about */
  const char *what;
  const char *story;
};

static struct story s;

static int open_story(void **state) {
  (void)state;
  story_open(&s, 7);
  if (!story_begin(&s, "c1 = anna: child.add name=\"Isla Reid\" born=2019-03-01\n"
                       "m1 = anna: meeting.convene child=c1 type=initial on=2026-12-01T10:00:00Z chair=chair\n"))
    fail_msg("%s", s.problem);
  return 0;
}

static int close_story(void **state) {
  (void)state;
  story_close(&s);
  return 0;
}

static const struct rule_story stories[] = {
    {"K-001", "the meeting's chair overrides", "chair: check.override child=c1 meeting=m1 rule=R-011 reason=agreed"},
    {"K-001", "another chair does not",
     "other-chair: check.override child=c1 meeting=m1 rule=R-011 reason=agreed => K-001"},
    {"R-009", "what was voided gives no ground for a registration",
     "d = chair: decision.record child=c1 meeting=m1 plan=yes reasons=x + registration.add child=c1 decision=@1 "
     "concern=neglect\n"
     "chair: entry.void child=c1 entry=d reason=\"wrong file\"\n"
     "chair: registration.add child=c1 decision=d concern=neglect => R-009"},
    {"R-007", "the answer is missing", "chair: decision.record child=c1 meeting=m1 reasons=x => R-007"},
    {"R-007", "the answer is there", "chair: decision.record child=c1 meeting=m1 plan=no reasons=x"},
    {"R-008", "a plan without registration", "chair: decision.record child=c1 meeting=m1 plan=yes reasons=x => R-008"},
    {"R-008", "a plan and the registration in one act",
     "chair: decision.record child=c1 meeting=m1 plan=yes reasons=x + registration.add child=c1 decision=@1 "
     "concern=neglect"},
    {"R-009", "no plan gives no ground",
     "d = chair: decision.record child=c1 meeting=m1 plan=no reasons=x\n"
     "chair: registration.add child=c1 decision=d concern=neglect => R-009"},
    {"R-009", "a plan does",
     "chair: decision.record child=c1 meeting=m1 plan=yes reasons=x + registration.add child=c1 decision=@1 "
     "concern=neglect"},
    {"R-133", "a minute-taker without training",
     "keeper: role.give person=minute role=minute-taker from=2026-11-01 => R-133"},
    {"R-133", "a minute-taker with the day of training",
     "keeper: role.give person=minute role=minute-taker from=2026-11-01 trained=2026-01-15"},
    {"profile", "an entry is written under the profile in force",
     "profile national\n"
     "chair: decision.record child=c1 meeting=m1 plan=no reasons=x"},
};

static void stories_go_as_told(void **state) {
  (void)state;
  size_t failed = 0;
  for (size_t i = 0; i < sizeof stories / sizeof *stories; i++)
    if (!story_tell(&s, stories[i].story)) {
      print_error("%s, %s: %s\n", stories[i].rule, stories[i].what, s.problem);
      failed++;
    }
  assert_int_equal(failed, 0);
}

/* Each rule of the tables has a story that keeps it and one that breaks it; those about held acts and about keys are in
 * test_held.c, what a CHECKLIST asks for without a query is the same for all. */
static void every_rule_has_examples(void **state) {
  const struct rule *r;
  size_t lacking = 0;
  (void)state;
  for (size_t i = 0; (r = rule_at(i)); i++) {
    bool is_broken = strncmp(r->number, "A-", 2) == 0 || r->query == NULL, is_kept = is_broken;
    for (size_t k = 0; k < sizeof stories / sizeof *stories; k++) {
      char refused[48], shown[48], ending[24];
      if (strcmp(stories[k].rule, r->number) != 0)
        continue;
      snprintf(refused, sizeof refused, "=> %s", r->number);
      snprintf(shown, sizeof shown, "%s broken", r->number);
      snprintf(ending, sizeof ending, "%s open", r->number);
      bool breaks =
          strstr(stories[k].story, refused) || strstr(stories[k].story, shown) || strstr(stories[k].story, ending);
      is_broken = is_broken || breaks;
      is_kept = is_kept || !breaks;
    }
    if (!is_broken || !is_kept) {
      print_error("%s has no story that %s it\n", r->number, is_broken ? "keeps" : "breaks");
      lacking++;
    }
  }
  assert_int_equal(lacking, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(stories_go_as_told),
      cmocka_unit_test(every_rule_has_examples),
  };
  return cmocka_run_group_tests(tests, open_story, close_story);
}
