/* The rules of the domain's tables, each with a story that keeps it and one that breaks it; and what the auditor finds
 * of both. With the name of an area, only its stories are told; all else is looked at as ever. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/draft.h"
#include "core/profile.h"
#include "core/rule.h"
#include "tests/lib/audited.h"

static struct story s;
static const char *only; /* this area; NULL: all */

static int open_story(void **state) {
  (void)state;
  audited_start();
  story_open(&s, 7);
  audited_open(&s);
  return 0;
}

static int close_story(void **state) {
  (void)state;
  audited_close(&s);
  story_close(&s);
  return 0;
}

static void stories_go_as_told(void **state) {
  (void)state;
  size_t failed = 0, told = 0;
  for (const struct story_set *set = story_sets; set->area; set++) {
    if (only && strcmp(only, set->area) != 0)
      continue;
    failed += story_test(&s, set);
    told++;
  }
  assert_int_equal(failed, 0);
  assert_true(told > 0);
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

static bool is_list(const char *setting) {
  return strcmp(setting, "hard") == 0 || strcmp(setting, "reason") == 0 || strcmp(setting, "remind") == 0 ||
         strcmp(setting, "off") == 0;
}

static size_t count_of(const struct draft_read *d, const char *number) {
  size_t count = 0;
  for (size_t i = 0; i < d->draft.count; i++)
    count += is_list(d->values[i].name) && strcmp(d->values[i].value, number) == 0;
  return count;
}

/* What a profile says about a rule, it says about one that there is, and once. */
static void profiles_name_rules(void **state) {
  size_t wrong = 0, named = 0;
  (void)state;
  for (const struct profile_file *p = profile_files; p->name; p++) {
    struct draft_read d = {0};
    assert_int_equal(draft_read(kind_find(bytes_str("profile.adopt")), bytes_str(p->text), &d), OK);
    for (size_t i = 0; i < d.draft.count; i++) {
      const char *number = d.values[i].value;
      if (!is_list(d.values[i].name))
        continue;
      named++;
      if (rule_find(bytes_str(number)) == NULL || count_of(&d, number) != 1) {
        print_error("%s: %s %s\n", p->name, d.values[i].name, number);
        wrong++;
      }
    }
    draft_read_release(&d);
  }
  assert_int_equal(wrong, 0);
  assert_true(named > 0);
}

int main(int argc, char **argv) {
  only = argc > 1 ? argv[1] : NULL;
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(profiles_name_rules),
      cmocka_unit_test(stories_go_as_told),
      cmocka_unit_test(every_rule_has_examples),
  };
  return cmocka_run_group_tests(tests, open_story, close_story);
}
