/* How rules are asked: their class under a profile, what people answer to them, and what that changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/rule.h"
#include "tests/lib/stories.h"
#include "tests/lib/stories_meeting.h"

static struct story s;

#define BEGINNING                                                                                                      \
  "c1 = anna: child.add name=\"Isla Reid\" born=2019-03-01\n"                                                          \
  "m1 = anna: meeting.convene child=c1 type=initial on=2026-12-01T10:00:00Z chair=chair\n"
#define ABOUT "child=c1 meeting=m1 "
#define DISPUTED "chair: decision.record " ABOUT "risk=no plan=no consensus=no reasons=x "
#define EXPLAIN(rule) "+ check.explain " ABOUT "rule=" rule " reason=x "
#define OVERRIDE(rule) "+ check.override " ABOUT "rule=" rule " reason=x "
#define CONFIRM(rule, answer) "chair: check.confirm " ABOUT "rule=" rule " answer=" answer "\n"

/* settings: of the profile, or NULL for no profile. */
static const struct {
  const char *what, *settings, *story;
} cases[] = {
    /* R-107 is HARD, and the chair may override it. */
    {"HARD refuses", NULL, DISPUTED "=> R-107"},
    {"HARD refuses under a profile that says nothing of it", "", DISPUTED "=> R-107"},
    {"HARD is not explained away", NULL, DISPUTED EXPLAIN("R-107") "=> R-107"},
    {"the chair overrides it", NULL, DISPUTED OVERRIDE("R-107")},
    {"the override of another rule is none", NULL, DISPUTED OVERRIDE("R-108") "=> R-107"},
    {"another than the chair does not override", NULL,
     "other-chair: check.override " ABOUT "rule=R-107 reason=x => K-001"},
    {"a profile turns it off", "off=R-107", DISPUTED},
    {"a profile only reminds of it", "remind=R-107", DISPUTED},
    {"a profile asks for a reason", "reason=R-107", DISPUTED "=> R-107"},
    {"and with one it is admitted", "reason=R-107", DISPUTED EXPLAIN("R-107")},
    {"and the chair may override that, too", "reason=R-107", DISPUTED OVERRIDE("R-107")},
    /* R-008 is HARD, and nobody may override it. */
    {"some rules nobody overrides", NULL,
     "chair: decision.record " ABOUT "risk=no plan=yes reasons=x " OVERRIDE("R-008") "=> R-008"},
    {"nor does a profile loosen what the ledger must show", "reason=R-008",
     "chair: decision.record " ABOUT "risk=no plan=yes reasons=x " EXPLAIN("R-008") "=> R-008"},
    {"no profile loosens the record's own order", "off=K-001",
     "other-chair: check.override " ABOUT "rule=R-107 reason=x => K-001"},
    {"the profile in force counts", "off=R-107", "profile national\n" DISPUTED "=> R-107"},
    /* R-044 is a row of the checklist without a query. */
    {"open", NULL, "check m1 R-044 open"},
    {"confirmed", NULL, CONFIRM("R-044", "yes") "check m1 R-044 met"},
    {"not done, and why", NULL, CONFIRM("R-044", "no") "check m1 R-044 explained"},
    {"does not apply", NULL, CONFIRM("R-044", "not-applicable") "check m1 R-044 na"},
    {"explained", NULL, "chair: check.explain " ABOUT "rule=R-044 reason=x\ncheck m1 R-044 explained"},
    {"the newest answer counts", NULL, CONFIRM("R-044", "no") CONFIRM("R-044", "yes") "check m1 R-044 met"},
    {"an answer that was voided", NULL,
     "a = " CONFIRM("R-044", "yes") "chair: entry.void entry=a reason=x\ncheck m1 R-044 open"},
    {"an answer to another rule", NULL, CONFIRM("R-043", "yes") "check m1 R-044 open"},
    {"an answer about another meeting", NULL,
     "m2 = anna: meeting.convene child=c1 type=review on=2027-03-01T10:00:00Z chair=chair\n"
     "chair: check.confirm child=c1 meeting=m2 rule=R-044 answer=yes\ncheck m1 R-044 open\ncheck m2 R-044 met"},
    {"off", "off=R-044", "check m1 R-044 na"},
    {"a checklist's row that was overridden stays open", NULL,
     "chair: check.override " ABOUT "rule=R-044 reason=x\ncheck m1 R-044 open"},
    {"HARD is not met by saying so", "hard=R-044", CONFIRM("R-044", "yes") "check m1 R-044 open"},
};

static void answers(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char text[4096], profile[2048] = OWN_PROFILE;
    profile[strlen(profile) - 1] = '\0';
    snprintf(text, sizeof text, "%s%s%s\n" BEGINNING "on 2026-12-01T12:00:00Z\n", cases[i].settings ? profile : "",
             cases[i].settings ? " " : "", cases[i].settings ? cases[i].settings : "");
    if (!story_begin(&s, text) || !story_tell(&s, cases[i].story))
      fail_msg("%s: %s", cases[i].what, s.problem);
    story_end(&s);
  }
}

static void refuses_what(void **state) {
  static const struct {
    enum rule_class class;
    enum rule_state state;
    bool refuses;
  } table[] = {
      {RULE_HARD, RULE_BROKEN, true},          {RULE_REASON, RULE_BROKEN, true}, {RULE_CHECKLIST, RULE_BROKEN, false},
      {RULE_DEADLINE, RULE_BROKEN, false},     {RULE_OFF, RULE_BROKEN, false},   {RULE_HARD, RULE_OPEN, false},
      {RULE_HARD, RULE_OVERRIDDEN, false},     {RULE_HARD, RULE_UNKNOWN, false}, {RULE_REASON, RULE_EXPLAINED, false},
      {RULE_HARD, RULE_NOT_APPLICABLE, false}, {RULE_REASON, RULE_MET, false},
  };
  (void)state;
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    const struct rule_result r = {.class = table[i].class, .state = table[i].state};
    assert_int_equal(rule_refuses(&r), table[i].refuses);
  }
}

static void finds_by_number(void **state) {
  const struct rule *r;
  (void)state;
  for (size_t i = 0; (r = rule_at(i)); i++)
    assert_ptr_equal(rule_find(bytes_str(r->number)), r);
  assert_null(rule_find(bytes_str("R-999")));
  assert_null(rule_find(bytes_str("")));
}

static int open_story(void **state) {
  (void)state;
  story_open(&s, 1);
  return 0;
}

static int close_story(void **state) {
  (void)state;
  story_close(&s);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(answers), cmocka_unit_test(refuses_what),
                                     cmocka_unit_test(finds_by_number)};
  return cmocka_run_group_tests(tests, open_story, close_story);
}
