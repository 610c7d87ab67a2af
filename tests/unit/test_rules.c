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

static struct story s;

static int open_story(void **state) {
  (void)state;
  story_open(&s, 7);
  return 0;
}

static int close_story(void **state) {
  (void)state;
  story_close(&s);
  return 0;
}

static void stories_go_as_told(void **state) {
  (void)state;
  size_t failed = 0;
  for (const struct story_set *set = story_sets; set->area; set++)
    failed += story_test(&s, set);
  assert_int_equal(failed, 0);
}

static bool has_story(const struct rule *r, bool breaks) {
  for (const struct story_set *set = story_sets; set->area; set++)
    for (const struct rule_story *story = set->stories; story->rule; story++)
      if (strcmp(story->rule, r->number) == 0 && story_breaks(story) == breaks)
        return true;
  return false;
}

/* Each rule of the tables has a story that keeps it and one that breaks it; those about held acts and about keys are in
 * test_held.c, what a CHECKLIST asks for without a query is the same for all. */
static void every_rule_has_examples(void **state) {
  const struct rule *r;
  size_t lacking = 0;
  (void)state;
  for (size_t i = 0; (r = rule_at(i)); i++) {
    if (strncmp(r->number, "A-", 2) == 0 || r->query == NULL)
      continue;
    for (int breaks = 0; breaks < 2; breaks++)
      if (!has_story(r, breaks)) {
        print_error("%s has no story that %s it\n", r->number, breaks ? "breaks" : "keeps");
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
