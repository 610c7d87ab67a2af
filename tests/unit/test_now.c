/* What holds of a record now, field by field, by what was based on what; the order in which things came decides
 * nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/history.h"
#include "tests/lib/world.h"

struct scene {
  struct world w;
  struct world_member *a;
  struct hash child;
};

static void scene_open(struct scene *s) {
  world_open(&s->w, 1);
  struct hash agency = world_agency(&s->w, "Social Work", "social-work");
  s->a = world_join(&s->w, &agency, "anna", "practitioner");
  s->child =
      world_record(&s->w, s->a, WORLD_DRAFT("child.add", {"name", "Isla Reid"}, {"alias", "Isla"}, {"gp", "Dr A"}));
}

static struct hash change_on(struct scene *s, const struct hash *bases, size_t count, const char *field,
                             const char *value) {
  struct hash_hex child = hash_hex(&s->child);
  struct draft d = WORLD_DRAFT("child.change", {"child", child.s}, {field, value});
  d.bases = bases;
  d.base_count = count;
  return world_record(&s->w, s->a, d);
}

/* What the field is now, or by the version `of` and what it rests on: "X", or "X | Y" where they contradict each other.
 */
static const char *said(struct scene *s, const struct hash *of, const char *field) {
  static char answer[256];
  struct history h;
  struct version_set set = {.count = 1};
  size_t places[ENTRY_BASES_MAX];
  struct buf b = {0};
  if (of)
    set.entries[0] = *of;
  assert_int_equal(history_load(s->a->store, &s->child, &h), OK);
  size_t count = history_sayers(&h, of ? &set : NULL, field, places);
  assert_in_range(count, 1, ENTRY_BASES_MAX);
  count = history_is_agreed(&h, places, count, field) ? 1 : count;
  for (size_t i = 0; i < count; i++) {
    buf_add_str(&b, i ? " | " : "");
    history_value(&h.steps[places[i]], field, &b);
  }
  snprintf(answer, sizeof answer, "%s", b.len ? buf_cstr(&b) : "");
  buf_release(&b);
  history_release(&h);
  return answer;
}

static void the_last_word_counts(void **state) {
  struct scene s;
  bool is_there = true;
  (void)state;
  scene_open(&s);
  assert_int_equal(history_is_there(s.a->store, &s.child, &is_there), OK);
  assert_false(is_there);
  assert_string_equal(said(&s, NULL, "gp"), "Dr A");
  struct hash first = change_on(&s, &s.child, 1, "gp", "Dr B");
  struct hash second = change_on(&s, &first, 1, "school", "Kilmory");
  assert_int_equal(history_is_there(s.a->store, &s.child, &is_there), OK);
  assert_true(is_there);
  assert_string_equal(said(&s, NULL, "gp"), "Dr B");
  assert_string_equal(said(&s, NULL, "school"), "Kilmory");
  assert_string_equal(said(&s, NULL, "alias"), "Isla");
  change_on(&s, &second, 1, "clear", "gp");
  assert_string_equal(said(&s, NULL, "gp"), "");
  assert_string_equal(said(&s, &second, "gp"), "Dr B");
  world_close(&s.w);
}

static void two_that_did_not_know_each_other(void **state) {
  struct scene s;
  (void)state;
  scene_open(&s);
  struct hash one = change_on(&s, &s.child, 1, "gp", "Dr B");
  struct hash two = change_on(&s, &s.child, 1, "gp", "Dr C");
  assert_string_equal(said(&s, NULL, "gp"), "Dr B | Dr C");
  assert_string_equal(said(&s, NULL, "name"), "Isla Reid");
  two = change_on(&s, &two, 1, "school", "Kilmory"); /* on one side only: the other has not been answered */
  assert_string_equal(said(&s, NULL, "gp"), "Dr B | Dr C");
  assert_string_equal(said(&s, NULL, "school"), "Kilmory");
  assert_string_equal(said(&s, &one, "school"), "");
  assert_string_equal(said(&s, &two, "gp"), "Dr C");
  const struct hash both[] = {one, two};
  change_on(&s, both, 2, "gp", "Dr D");
  assert_string_equal(said(&s, NULL, "gp"), "Dr D");
  assert_string_equal(said(&s, NULL, "school"), "Kilmory");
  world_close(&s.w);
}

static void the_same_said_twice(void **state) {
  struct scene s;
  (void)state;
  scene_open(&s);
  change_on(&s, &s.child, 1, "gp", "Dr B");
  change_on(&s, &s.child, 1, "gp", "Dr B");
  assert_string_equal(said(&s, NULL, "gp"), "Dr B");
  change_on(&s, &s.child, 1, "alias", "A, B"); /* one name is not two */
  struct hash_hex child = hash_hex(&s.child);
  struct draft d = WORLD_DRAFT("child.change", {"child", child.s}, {"alias", "A"}, {"alias", "B"});
  d.bases = &s.child;
  d.base_count = 1;
  world_record(&s.w, s.a, d);
  assert_string_equal(said(&s, NULL, "alias"), "A, B | A, B");
  world_close(&s.w);
}

static void what_is_voided_says_nothing(void **state) {
  struct scene s;
  (void)state;
  scene_open(&s);
  change_on(&s, &s.child, 1, "gp", "Dr B");
  struct hash wrong = change_on(&s, &s.child, 1, "gp", "Dr C");
  struct hash_hex hex = hash_hex(&wrong);
  world_record(&s.w, s.a, WORLD_DRAFT("entry.void", {"entry", hex.s}, {"reason", "another child's"}));
  assert_string_equal(said(&s, NULL, "gp"), "Dr B");
  world_close(&s.w);
}

static void a_change_began_no_record(void **state) {
  struct scene s;
  struct history h;
  static const struct hash nothing;
  (void)state;
  scene_open(&s);
  struct hash one = change_on(&s, &s.child, 1, "gp", "Dr B");
  assert_int_equal(history_load(s.a->store, &one, &h), ERR_ABSENT);
  history_release(&h);
  assert_int_equal(history_load(s.a->store, &nothing, &h), ERR_ABSENT);
  history_release(&h);
  world_close(&s.w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_last_word_counts),     cmocka_unit_test(two_that_did_not_know_each_other),
      cmocka_unit_test(the_same_said_twice),      cmocka_unit_test(what_is_voided_says_nothing),
      cmocka_unit_test(a_change_began_no_record),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
