/* The register as a store knows it: who is on it now and on a day, what became of it, and who is told of an enquiry. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/register.h"
#include "core/store_parts.h"
#include "tests/lib/story.h"

static struct story s;

/* Isla is registered on 1 December, continued, and removed on 10 March; Finn is here for a while from 5 January. */
static const char beginning[] =
    "c1 = anna: child.add name=\"Isla Reid\" born=2019-03-01\n"
    "c2 = anna: child.add name=\"Finn Muir\" born=2021-07-09\n"
    "m1 = anna: meeting.convene child=c1 type=initial on=2026-12-01T10:00:00Z chair=chair\n"
    "on 2026-12-01T12:00:00Z\n"
    "d1, r1, i1 = chair: decision.record child=c1 meeting=m1 risk=yes plan=yes reasons=x + "
    "registration.add child=c1 decision=@1 name=\"Isla Reid\" born=2019-03-01 impact=neglect + "
    "indicator.record child=c1 registration=@2 category=impact indicator=neglect evidence=x\n"
    "on 2027-01-05T09:00:00Z\n"
    "r2 = keeper: registration.temporary child=c2 name=\"Finn Muir\" born=2021-07-09 authority=\"Fife Council\"\n"
    "on 2027-02-01T09:00:00Z\n"
    "a1 = keeper: registration.amend child=c1 registration=r1 address=\"1 High St\"\n"
    "on 2027-03-10T12:00:00Z\n";

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

static void begin(const char *more) {
  char text[4096];
  snprintf(text, sizeof text, "%s%s", beginning, more);
  if (!story_begin(&s, text))
    fail_msg("%s", s.problem);
}

static enum err add_row(void *of, const struct register_row *row) {
  struct buf *out = of;
  buf_addf(out, "%s%.*s %s", out->len ? "; " : "", (int)row->name.len, (const char *)row->name.at, register_state(row));
  return OK;
}

static void expect_list(const char *day, const char *expected) {
  struct buf all = {0};
  assert_int_equal(register_each(s.world.node.store, bytes_str(day), &all, add_row), OK);
  if (strcmp(all.len ? buf_cstr(&all) : "", expected) != 0)
    fail_msg("on \"%s\": %s", day, all.len ? buf_cstr(&all) : "nobody");
  buf_release(&all);
}

static enum err add_event(void *of, const struct register_event *event) {
  struct buf *out = of;
  buf_addf(out, "%s%.*s", out->len ? " " : "", (int)event->what.len, (const char *)event->what.at);
  if (event->admitted.len == 0)
    buf_add_str(out, " (pending)");
  return OK;
}

static void expect_history(struct store *store, const char *child, const char *expected) {
  struct hash id = story_id(&s, child);
  struct buf all = {0};
  assert_int_equal(register_each_event(store, &id, &all, add_event), OK);
  if (strcmp(all.len ? buf_cstr(&all) : "", expected) != 0)
    fail_msg("%s: %s", child, all.len ? buf_cstr(&all) : "nothing");
  buf_release(&all);
}

static void lists(void **state) {
  (void)state;
  begin("");
  expect_list("", "Finn Muir temporarily here; Isla Reid on the register");
  expect_list("2026-11-30", "");
  expect_list("2026-12-01", "Isla Reid on the register");
  expect_list("2027-01-04", "Isla Reid on the register");
  expect_list("2027-01-05", "Finn Muir temporarily here; Isla Reid on the register");
  expect_list("2030-01-01", "Finn Muir temporarily here; Isla Reid on the register");
  expect_history(s.world.node.store, "c1", "add amend");
  expect_history(s.world.node.store, "c2", "temporary");
  story_end(&s);
}

static void lists_who_left(void **state) {
  (void)state;
  begin("keeper: registration.temporary-end child=c2 registration=r2 reason=\"moved on\"\n");
  expect_list("", "Isla Reid on the register");
  expect_list("2027-03-09", "Finn Muir removed; Isla Reid on the register");
  expect_list("2027-03-10", "Isla Reid on the register");
  expect_history(s.world.node.store, "c2", "temporary temporary-end");
  story_end(&s);
}

static void forgets_what_was_voided(void **state) {
  (void)state;
  begin("keeper: entry.void entry=r2 reason=x\nkeeper: entry.void entry=a1 reason=x\n");
  expect_list("", "Isla Reid on the register");
  expect_list("2027-01-05", "Isla Reid on the register");
  expect_history(s.world.node.store, "c1", "add");
  expect_history(s.world.node.store, "c2", "");
  story_end(&s);
}

/* A child who was recorded twice has one history, and one lead professional. */
static void one_child_has_one_history(void **state) {
  struct hash to[8], found, lead;
  size_t count;
  (void)state;
  begin("c3 = hugh: child.add name=\"Isla Reed\" born=2019-03-01\n"
        "anna: child.same child=c1 child=c3 reason=x\n"
        "l = anna: lead.name child=c3 person=senior\n");
  expect_history(s.world.node.store, "c1", "add amend");
  expect_history(s.world.node.store, "c3", "add amend");
  found = story_id(&s, "r1");
  assert_int_equal(register_told_of_enquiry(s.world.node.store, &found, 1, s.world.now_s, to, 8, &count), OK);
  assert_int_equal(count, 2);
  lead = key_id(s.world.members[1].key);
  assert_true(hash_equal(&to[0], &lead) || hash_equal(&to[1], &lead));
  story_end(&s);
}

static void one_registration(void **state) {
  struct hash r1, none = {{1}};
  struct buf all = {0};
  (void)state;
  begin("");
  r1 = story_id(&s, "r1");
  assert_int_equal(register_find(s.world.node.store, &r1, &all, add_row), OK);
  assert_string_equal(buf_cstr(&all), "Isla Reid on the register");
  buf_clear(&all);
  assert_int_equal(register_find(s.world.node.store, &none, &all, add_row), ERR_ABSENT);
  r1 = story_id(&s, "c1");
  assert_int_equal(register_find(s.world.node.store, &r1, &all, add_row), ERR_ABSENT);
  assert_int_equal(all.len, 0);
  buf_release(&all);
  story_end(&s);
}

/* The keeper is told always, the leads of those who were found; nobody twice. */
static void tells_of_an_enquiry(void **state) {
  static const struct {
    const char *what, *more;
    const char *found[3], *told[4];
  } cases[] = {
      {"nobody was found", "", {NULL}, {"keeper"}},
      {"no lead was named", "", {"r1"}, {"keeper"}},
      {"a lead", "anna: lead.name child=c1 person=anna\n", {"r1"}, {"keeper", "anna"}},
      {"the newest lead",
       "anna: lead.name child=c1 person=anna\nanna: lead.name child=c1 person=senior\n",
       {"r1"},
       {"keeper", "senior"}},
      {"the lead of another child", "anna: lead.name child=c1 person=anna\n", {"r2"}, {"keeper"}},
      {"one lead of two",
       "anna: lead.name child=c1 person=anna\nanna: lead.name child=c2 person=anna\n",
       {"r1", "r2"},
       {"keeper", "anna"}},
      {"two leads",
       "anna: lead.name child=c1 person=anna\nanna: lead.name child=c2 person=senior\n",
       {"r1", "r2"},
       {"keeper", "anna", "senior"}},
      {"the keeper leads", "anna: lead.name child=c1 person=keeper\n", {"r1"}, {"keeper"}},
      {"a naming that was voided",
       "l = anna: lead.name child=c1 person=anna\nanna: entry.void entry=l reason=x\n",
       {"r1"},
       {"keeper"}},
  };
  static const char *const people[] = {"anna", "senior", "chair", "other-chair", "minute", "keeper"};
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct hash found[3], to[8];
    size_t found_count = 0, told = 0, expected = 0;
    begin(cases[i].more);
    for (; cases[i].found[found_count]; found_count++)
      found[found_count] = story_id(&s, cases[i].found[found_count]);
    assert_int_equal(register_told_of_enquiry(s.world.node.store, found, found_count, s.world.now_s, to, 8, &told), OK);
    for (; expected < 4 && cases[i].told[expected]; expected++)
      for (size_t p = 0; p < sizeof people / sizeof *people; p++) {
        struct hash key = key_id(s.world.members[p].key);
        bool is_told = false;
        for (size_t t = 0; t < told; t++)
          is_told = is_told || hash_equal(&to[t], &key);
        if (strcmp(people[p], cases[i].told[expected]) == 0 && !is_told)
          fail_msg("%s: %s is not told", cases[i].what, people[p]);
      }
    if (told != expected)
      fail_msg("%s: %zu are told", cases[i].what, told);
    assert_int_equal(register_told_of_enquiry(s.world.node.store, found, found_count, s.world.now_s, to, 1, &told), OK);
    assert_int_equal(told, 1);
    story_end(&s);
  }
}

/* What is not accepted yet is shown as pending, and is on the register on no day. */
static void shows_what_is_pending(void **state) {
  struct world_member *keeper = &s.world.members[5];
  struct buf all = {0};
  (void)state;
  world_sync(&s.world, keeper);
  struct hash child = world_record(&s.world, keeper, WORLD_DRAFT("child.add", {"name", "Ewan Muir"}));
  struct hash_hex id = hash_hex(&child);
  world_record(&s.world, keeper,
               WORLD_DRAFT("registration.temporary", {"child", id.s}, {"name", "Ewan Muir"}, {"authority", "Fife"}));
  assert_int_equal(register_each(keeper->store, bytes_str(""), &all, add_row), OK);
  assert_string_equal(buf_cstr(&all), "Ewan Muir pending");
  buf_clear(&all);
  assert_int_equal(register_each(keeper->store, bytes_str("2030-01-01"), &all, add_row), OK);
  assert_int_equal(all.len, 0);
  assert_int_equal(register_each_event(keeper->store, &child, &all, add_event), OK);
  assert_string_equal(buf_cstr(&all), "temporary (pending)");
  buf_release(&all);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lists),
      cmocka_unit_test(lists_who_left),
      cmocka_unit_test(forgets_what_was_voided),
      cmocka_unit_test(one_child_has_one_history),
      cmocka_unit_test(one_registration),
      cmocka_unit_test(tells_of_an_enquiry),
      cmocka_unit_test(shows_what_is_pending),
  };
  return cmocka_run_group_tests(tests, open_story, close_story);
}
