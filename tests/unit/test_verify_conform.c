/* What the auditor finds about conformance (audit/FORMAT.md section 4.5): one table in which each row breaks one thing.
 * What breaks the rules of the tables is in the stories (test_rules.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "audit/verify_conform.h"
#include "core/kind.h"
#include "core/profile.h"
#include "core/text.h"
#include "tests/lib/audited.h"

static struct story s;

/* Isla, whose name is on the register by the decision d as r; Finn, whose name is not; a review. */
static const char beginning[] =
    "c1 = anna: child.add name=\"Isla Reid\" born=2019-03-01\n"
    "c2 = anna: child.add name=\"Finn Reid\" born=2021-07-09\n"
    "m1 = anna: meeting.convene child=c1 child=c2 type=initial on=2026-11-20T10:00:00Z chair=chair\n"
    "m2 = anna: meeting.convene child=c1 type=review on=2026-11-21T08:00:00Z chair=chair\n"
    "d, r = chair: decision.record child=c1 meeting=m1 risk=yes plan=yes reasons=x + registration.add child=c1 "
    "decision=@1 name=\"Isla Reid\" impact=neglect + indicator.record child=c1 registration=@2 category=impact "
    "indicator=neglect evidence=x\n"
    "e = chair: decision.record child=c1 meeting=m2 risk=no plan=no reasons=x\n"
    "t = keeper: registration.temporary child=c2 name=\"Finn Reid\" authority=Fife\n";

static void begin_anew(void) {
  story_end(&s);
  if (!story_begin(&s, beginning))
    fail_msg("%s", s.problem);
}

/* ---- each breaks one thing ---- */

static const struct row {
  const char *code, *what, *story; /* its last line is refused by the node, for whatever reason */
} rows[] = {
    {"D-ROLE", "a practitioner decides", "anna: decision.record child=c2 meeting=m1 risk=no plan=no reasons=x"},
    {"D-ROLE", "a practitioner registers", "anna: registration.add child=c2 decision=d name=x impact=neglect"},
    {"D-ROLE", "health convenes", "hugh: meeting.convene child=c2 type=initial on=2026-12-01T10:00:00Z chair=chair"},
    {"D-ROLE", "a chair amends the register", "chair: registration.amend child=c1 registration=r gp=x"},
    {"D-ROLE", "a practitioner adopts a profile", "anna: profile.adopt name=x version=1"},
    {"D-REFERENCE", "a decision of no meeting", "chair: decision.record child=c2 meeting=c2 risk=no plan=no reasons=x"},
    {"D-REFERENCE", "a decision about a child whom the meeting is not about",
     "chair: decision.record child=c2 meeting=m2 risk=no plan=no reasons=x"},
    {"D-REFERENCE", "a registration that rests on a meeting",
     "chair: registration.add child=c2 decision=m1 name=x impact=neglect"},
    {"D-REFERENCE", "a registration without a decision", "chair: registration.add child=c2 name=x impact=neglect"},
    {"D-REFERENCE", "a registration about no child", "chair: registration.add decision=d name=x impact=neglect"},
    {"D-REFERENCE", "a removal of another child's registration",
     "chair: registration.remove child=c2 registration=r decision=e"},
    {"D-REFERENCE", "a removal of a temporary registration",
     "chair: registration.remove child=c2 registration=t decision=e"},
    {"D-REFERENCE", "an enquiry that found what is no registration",
     "anna: register.enquire found=m1 reason=x to=anna"},
    {"D-REFERENCE", "a meeting that nobody chairs",
     "anna: meeting.convene child=c2 type=initial on=2026-12-01T10:00:00Z"},
    {"D-REFERENCE", "a meeting that an agency chairs",
     "anna: meeting.convene child=c2 type=initial on=2026-12-01T10:00:00Z chair=health"},
    {"D-REFERENCE", "something about what is no child", "anna: child.change child=m1 gender=x"},
    {"D-CHAIR", "another chair decides", "other-chair: decision.record child=c2 meeting=m1 risk=no plan=no reasons=x"},
    {"D-CHAIR", "another chair closes", "other-chair: meeting.close child=c1 meeting=m2 quorate=yes"},
    {"D-CHAIR", "another chair excludes",
     "f = anna: family.add child=c1 name=x relation=mother responsibilities=yes\n"
     "other-chair: exclusion.record child=c1 meeting=m2 family=f form=excluded ground=other"},
    {"D-REGISTER", "a plan and no registration",
     "chair: decision.record child=c2 meeting=m1 risk=yes plan=yes reasons=x"},
    {"D-REGISTER", "a name that is on the register is added again",
     "chair: registration.add child=c1 decision=d name=x impact=neglect"},
    {"D-ANSWERS", "a decision with one answer", "chair: decision.record child=c2 meeting=m1 plan=no reasons=x"},
    {"D-ANSWERS", "a registration by a decision without a plan",
     "chair: decision.record child=c2 meeting=m1 risk=yes plan=no reasons=x + registration.add child=c2 decision=@1 "
     "name=x impact=neglect"},
    {"D-DECISION", "the decision about another child",
     "chair: registration.add child=c2 decision=d name=x impact=neglect"},
    {"D-QUORUM", "a removal by a meeting that was not closed",
     "chair: registration.remove child=c1 registration=r decision=e"},
    {"D-AUTHORISER", "business support amends without the keeper",
     "minute: registration.amend child=c1 registration=r gp=x"},
    {"D-AUTHORISER", "business support names themselves",
     "minute: registration.amend child=c1 registration=r gp=x authoriser=minute"},
    {"D-OVERRIDE", "another chair overrides",
     "other-chair: check.override child=c1 child=c2 meeting=m1 rule=R-134 reason=x"},
    {"D-VOID", "a chair voids a registration", "chair: entry.void entry=r reason=x"},
    {"D-VOID", "a decision on which the register rests", "chair: entry.void entry=d reason=x"},
    {"D-VOID", "an agency", "keeper: entry.void entry=health reason=x"},
    {"D-VOID", "another's child", "senior: entry.void entry=c1 reason=x"},
    {"D-ERASURE", "a chair erases", "chair: entry.erase entry=m1 ground=other reason=x"},
    {"D-ERASURE", "the registration of a name that is on the register",
     "keeper: entry.erase entry=r ground=other reason=x"},
    {"D-ERASURE", "the child whose name it is", "keeper: entry.erase entry=c2 ground=other reason=x"},
    {"D-ERASURE", "a person", "keeper: entry.erase entry=hugh ground=other reason=x"},
    {"D-COPY", "an approval without its documents",
     "chair: copy.approve child=c1 meeting=m2 participants=x professionals=x family=x"},
    {"D-OPENING", "a practitioner breaks the glass",
     "anna: restricted.break-glass item=c1 ground=risk-of-harm to=hugh"},
};

static char found[4096];

static bool find_refused(struct story *story, const struct draft *drafts, size_t count, const struct world_member *by,
                         const char *rule) {
  const struct audited_act act = {.drafts = drafts, .count = count, .by = by};
  (void)rule;
  audited_find(story, &act, found, sizeof found);
  return true;
}

/* Exactly one finding, with this code. */
static bool is_one(const char *code) {
  size_t len = strlen(code);
  const char *end = strchr(found, '\n');
  return strncmp(found, code, len) == 0 && found[len] == ' ' && end && end[1] == '\0';
}

/* Nothing is admitted here, so that no views need to be made again. */
static bool nothing_more(struct story *story) {
  (void)story;
  return false;
}

static void each_row_is_found_by_its_code(void **state) {
  size_t failed = 0;
  (void)state;
  s.refused = find_refused;
  s.told = nothing_more;
  for (const struct row *r = rows; r < rows + sizeof rows / sizeof *rows; r++) {
    char text[2048];
    snprintf(text, sizeof text, "%s => *", r->story);
    found[0] = '\0';
    story_tell(&s, text);
    if (s.problem[0] == '\0' && is_one(r->code))
      continue;
    print_error("%s, %s: %s%s\n", r->code, r->what, s.problem, found);
    failed++;
  }
  assert_int_equal(failed, 0);
}

/* ---- what no draft can say ---- */

static struct draft_value at(const char *name, const char *label, struct hash_hex *room) {
  struct hash id = story_id(&s, label);
  *room = hash_hex(&id);
  return (struct draft_value){name, room->s};
}

static void find_child_change(const struct world_member *by, const struct hash *profile, size_t count) {
  struct hash_hex child;
  const struct draft_value values[] = {at("child", "c1", &child)};
  const struct draft changes[] = {
      {.kind = kind_find(bytes_str("child.change")), .values = values, .count = 1},
      {.kind = kind_find(bytes_str("child.change")), .values = values, .count = 1},
  };
  const struct audited_act act = {.drafts = changes, .count = count, .by = by, .profile = profile};
  audited_find(&s, &act, found, sizeof found);
}

static void the_node_writes_in_nobodys_place(void **state) {
  (void)state;
  find_child_change(&s.world.members[0], NULL, 1);
  assert_string_equal(found, "");
  find_child_change(NULL, NULL, 1);
  assert_true(is_one("D-ROLE"));
}

static void profiles_are_those_in_force(void **state) {
  const struct world_member *anna = &s.world.members[0];
  struct hash none = {{1}}, child = story_id(&s, "c1"), first, zeros = {{0}};
  (void)state;
  find_child_change(anna, &none, 1);
  assert_true(is_one("D-PROFILE"));
  find_child_change(anna, &child, 2);
  assert_true(is_one("D-PROFILE")); /* and it is said once */
  assert_true(story_go_on(&s, "profile national\n"));
  world_must(profile_current(s.world.node.store, &first), "the profile");
  find_child_change(anna, &zeros, 1);
  assert_string_equal(found, ""); /* there was none until now */
  assert_true(story_go_on(&s, "on 2026-12-21T09:00:00Z\nprofile argyll-and-bute\n"));
  find_child_change(anna, &zeros, 1);
  assert_string_equal(found, ""); /* the thirtieth day */
  assert_true(story_go_on(&s, "on 2027-01-20T09:00:00Z\n"));
  find_child_change(anna, &first, 1);
  assert_string_equal(found, "");
  find_child_change(anna, &zeros, 1);
  assert_true(is_one("D-PROFILE"));
  assert_true(story_go_on(&s, "on 2027-01-20T09:00:01Z\n"));
  find_child_change(anna, &first, 1);
  assert_true(is_one("D-PROFILE"));
  find_child_change(anna, NULL, 1);
  assert_string_equal(found, "");
  begin_anew();
}

/* ---- limits ---- */

/* What hangs on one thing is bounded: beyond, the auditor says so, and judges no more. */
static void one_thing_has_so_many_entries(void **state) {
  struct hash_hex ids[3];
  const struct draft_value values[] = {at("child", "c1", &ids[0]), at("registration", "r", &ids[1]),
                                       at("decision", "d", &ids[2])};
  struct draft drafts[VCONFORM_SHORT_LIST_MAX + 1];
  const size_t count = sizeof drafts / sizeof *drafts;
  (void)state;
  for (size_t i = 0; i < count; i++)
    drafts[i] = (struct draft){.kind = kind_find(bytes_str("registration.continue")), .values = values, .count = 3};
  struct audited_act act = {.drafts = drafts, .count = 1, .by = &s.world.members[2]};
  audited_find(&s, &act, found, sizeof found);
  assert_string_equal(found, "");
  act.count = count;
  audited_find(&s, &act, found, sizeof found);
  assert_true(is_one("I-LIMIT"));
}

/* ---- the table of kinds is that of the product ---- */

static const struct {
  unsigned bit;
  enum role role;
} roles[] = {
    {VROLE_PRACTITIONER, ROLE_PRACTITIONER},
    {VROLE_CHAIR, ROLE_CHAIR},
    {VROLE_MINUTE_TAKER, ROLE_MINUTE_TAKER},
    {VROLE_LEAD_PROFESSIONAL, ROLE_LEAD_PROFESSIONAL},
    {VROLE_DESIGNATED_LEAD, ROLE_DESIGNATED_LEAD},
    {VROLE_BUSINESS_SUPPORT, ROLE_BUSINESS_SUPPORT},
    {VROLE_OFFICER, ROLE_OFFICER},
    {VROLE_KEEPER, ROLE_KEEPER},
    {VROLE_ADMINISTRATOR, ROLE_ADMINISTRATOR},
};
static const struct {
  enum vagency_type type;
  const char *word;
} types[] = {{VAGENCY_SOCIAL_WORK, "social-work"},
             {VAGENCY_HEALTH, "health"},
             {VAGENCY_POLICE, "police"},
             {VAGENCY_EDUCATION, "education"},
             {VAGENCY_OTHER, "other"}};

static bool may_write(const struct kind *k, enum role role, const char *type) {
  for (size_t i = 0; i < k->writer_count; i++)
    if (k->writers[i].role == role && (k->writers[i].agency == NULL || strcmp(k->writers[i].agency, type) == 0))
      return true;
  return false;
}

static size_t compare_writers(const struct kind *k, const struct vkind *v) {
  size_t wrong = vkind_may_write(v, ~0u, VAGENCY_SOCIAL_WORK, true) != may_write(k, ROLE_NODE, "");
  for (size_t r = 0; r < sizeof roles / sizeof *roles; r++)
    for (size_t t = 0; t < sizeof types / sizeof *types; t++)
      wrong += vkind_may_write(v, roles[r].bit, types[t].type, false) != may_write(k, roles[r].role, types[t].word);
  return wrong;
}

/* Does the auditor follow what the field names? */
static bool is_followed(const struct field *f) {
  struct verify_text kind = {f->of, strcspn(f->of, "|")};
  const struct vkind *v = vkind_find(kind);
  return strcmp(f->of, "person.add") == 0 || strcmp(f->of, "agency.add") == 0 || (v && v->kind != VKIND_OTHER);
}

static const struct vref *find_ref(const struct vkind *v, const char *name) {
  for (const struct vref *r = v->refs; r < v->refs + VCONFORM_REFS_MAX && r->name; r++)
    if (strcmp(r->name, name) == 0)
      return r;
  return NULL;
}

static size_t compare_fields(const struct kind *k, const struct vkind *v) {
  size_t wrong = 0, refs = 0;
  for (const struct field *f = k->fields; f->name; f++) {
    if (f->type == FIELD_ENTRY && f->place == IN_CHILD)
      wrong += v->child_min != f->count_min || v->child_max != f->count_max;
    if (f->type != FIELD_ENTRY || f->place != IN_REF || f->of == NULL || !is_followed(f))
      continue;
    const struct vref *r = find_ref(v, f->name);
    refs++;
    wrong += r == NULL || r->is_needed != (f->count_min == 1) || r->shares_child != f->shares_child;
  }
  for (const struct vref *r = v->refs; r < v->refs + VCONFORM_REFS_MAX && r->name; r++)
    refs--;
  return wrong + (refs != 0);
}

static void kinds_are_those_of_the_product(void **state) {
  const struct kind *k;
  const struct vkind *v;
  size_t wrong = 0, known = 0;
  (void)state;
  for (size_t i = 0; (k = kind_at(i)); i++) {
    struct verify_text name = {k->name, strlen(k->name)};
    if ((v = vkind_find(name)) == NULL) {
      wrong += !vkind_is_known(name);
      continue;
    }
    known++;
    size_t here = compare_writers(k, v) + compare_fields(k, v);
    if (here)
      print_error("%s: %zu differences\n", k->name, here);
    wrong += here;
  }
  for (size_t i = 0; vkind_at(i); i++)
    known--;
  assert_int_equal(known, 0);
  assert_int_equal(wrong, 0);
}

/* ---- times ---- */

static void times_are_seconds(void **state) {
  static const char *const times[] = {"1970-01-01T00:00:00Z", "2000-02-29T23:59:59Z", "2026-11-21T09:00:00Z",
                                      "2100-03-01T00:00:00Z", "9999-12-31T23:59:59Z"};
  (void)state;
  for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
    int64_t seconds, other;
    assert_int_equal(text_time_parse(bytes_str(times[i]), &other), OK);
    seconds = vtime_seconds((struct verify_text){times[i], 20});
    assert_int_equal(seconds, other);
  }
  assert_int_equal(vtime_seconds((struct verify_text){"2026-02-30T00:00:00Z", 20}), -1);
}

/* ---- what headers do not tell ---- */

static struct verify *verify_all(void) {
  static const struct verify_facts none;
  const char *why;
  struct buf leaves = {0};
  struct verify *v = verify_new(&none, &why);
  audited_leaves(&s, &leaves);
  verify_leaves(v, leaves.at, leaves.len);
  buf_release(&leaves);
  return v;
}

static bool has_note(const struct verify_result *r, const char *words, uint64_t count) {
  for (size_t i = 0; i < r->note_count; i++)
    if (strstr(r->notes[i].sentence, words))
      return r->notes[i].count == count;
  return count == 0;
}

static void what_went_another_way_is_told(void **state) {
  (void)state;
  assert_true(story_go_on(&s, "keeper: registration.temporary-end child=c2 registration=t reason=x\n"));
  assert_true(story_go_on(&s, "keeper: entry.void entry=r reason=x + entry.void entry=d reason=x\n"
                              "chair: check.override child=c1 meeting=m1 rule=R-107 reason=x\n"));
  struct verify *v = verify_all();
  const struct verify_result *r = verify_end(v);
  assert_true(has_note(r, "overridden", 1));
  assert_true(has_note(r, "put on the register or taken off", 1));
  assert_true(has_note(r, "kinds that this program does not know", 0));
  verify_free(v);
  begin_anew();
}

/* A reader of today does not say that the register holds where something happened that it cannot understand. */
static void what_is_not_known_is_said(void **state) {
  static const char from[] = "\nkind registration.temporary\n", to[] = "\nkind registration.temporary/2\n";
  static const struct verify_facts none;
  const char *why;
  struct buf leaves = {0}, changed = {0};
  (void)state;
  audited_leaves(&s, &leaves);
  const uint8_t *at_kind = memmem(leaves.at, leaves.len, from, strlen(from));
  assert_non_null(at_kind);
  size_t before = (size_t)(at_kind - leaves.at);
  buf_add(&changed, bytes_of(leaves.at, before));
  buf_add_str(&changed, to);
  buf_add(&changed, bytes_of(at_kind + strlen(from), leaves.len - before - strlen(from)));
  struct verify *v = verify_new(&none, &why);
  verify_leaves(v, changed.at, changed.len);
  const struct verify_result *r = verify_end(v);
  assert_true(has_note(r, "kinds that this program does not know", 1));
  assert_int_equal(r->verdicts[VERIFY_CONFORMANCE], VERIFY_UNKNOWN);
  verify_free(v);
  v = verify_all();
  assert_int_equal(verify_end(v)->verdicts[VERIFY_CONFORMANCE], VERIFY_HOLDS);
  verify_free(v);
  buf_release(&changed);
  buf_release(&leaves);
}

/* It is allowed, and the reader is told. */
static void a_decision_before_its_meeting_is_told(void **state) {
  (void)state;
  assert_true(story_go_on(&s, "m3 = anna: meeting.convene child=c2 type=initial on=2026-12-20T10:00:00Z chair=chair\n"
                              "chair: decision.record child=c2 meeting=m3 risk=no plan=no reasons=x\n"));
  struct verify *v = verify_all();
  assert_true(has_note(verify_end(v), "before the time for which their meeting was arranged", 1));
  verify_free(v);
  begin_anew();
}

static int open_story(void **state) {
  (void)state;
  audited_start();
  story_open(&s, 11);
  audited_open(&s);
  if (!story_begin(&s, beginning))
    fail_msg("%s", s.problem);
  return 0;
}

static int close_story(void **state) {
  (void)state;
  story_end(&s);
  audited_close(&s);
  story_close(&s);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_row_is_found_by_its_code),
      cmocka_unit_test(the_node_writes_in_nobodys_place),
      cmocka_unit_test(profiles_are_those_in_force),
      cmocka_unit_test(kinds_are_those_of_the_product),
      cmocka_unit_test(times_are_seconds),
      cmocka_unit_test(one_thing_has_so_many_entries),
      cmocka_unit_test(what_went_another_way_is_told),
      cmocka_unit_test(what_is_not_known_is_said),
      cmocka_unit_test(a_decision_before_its_meeting_is_told),
  };
  return cmocka_run_group_tests(tests, open_story, close_story);
}
