/* Versions of what is recorded, and conflicts between them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/version.h"
#include "tests/lib/world.h"

struct scene {
  struct world w;
  struct world_member *anna, *hugh;
  struct hash child;
  struct hash_hex child_hex;
};

/* Two replicas know a child. */
static void scene_open(struct scene *c) {
  memset(c, 0, sizeof *c);
  world_open(&c->w, 1);
  struct hash agency = world_agency(&c->w, "Social Work Services", "social-work");
  c->anna = world_join(&c->w, &agency, "Anna Reid", "practitioner keeper");
  c->hugh = world_join(&c->w, &agency, "Hugh Bell", "practitioner");
  world_sync(&c->w, c->anna);
  c->child = world_record(&c->w, c->anna, WORLD_DRAFT("child.add", {"name", "Isla Reid"}));
  c->child_hex = hash_hex(&c->child);
  world_sync(&c->w, c->anna);
  world_sync(&c->w, c->hugh);
}

static struct hash change(struct scene *c, struct world_member *m, const char *school, const struct hash *bases,
                          size_t count) {
  struct draft d = WORLD_DRAFT("child.change", {"child", c->child_hex.s}, {"school", school});
  d.bases = bases;
  d.base_count = count;
  return world_record(&c->w, m, d);
}

static void sync_both(struct scene *c) {
  world_sync(&c->w, c->anna);
  world_sync(&c->w, c->hugh);
  world_sync(&c->w, c->anna);
}

static enum err count_one(void *of, const struct version_set *set) {
  (void)set;
  ++*(size_t *)of;
  return OK;
}

static void expect(struct store *s, const struct hash *object, const struct hash *held, size_t count) {
  struct version_set set;
  size_t conflicts = 0;
  assert_int_equal(version_find(s, object, &set), OK);
  assert_int_equal(set.count, count);
  for (size_t i = 0; i < count; i++)
    assert_memory_equal(set.entries[i].at, held[i].at, HASH_SIZE);
  assert_int_equal(version_each_conflict(s, &conflicts, count_one), OK);
  assert_int_equal(conflicts, count > 1);
}

static void one_after_the_other(void **state) {
  struct scene c;
  (void)state;
  scene_open(&c);
  expect(c.anna->store, &c.child, NULL, 0);
  struct hash first = change(&c, c.anna, "St Mary's", NULL, 0);
  expect(c.anna->store, &c.child, &first, 1);
  struct hash second = change(&c, c.anna, "Kilmory", NULL, 0);
  expect(c.anna->store, &c.child, &second, 1);
  sync_both(&c);
  expect(c.anna->store, &c.child, &second, 1);
  expect(c.hugh->store, &c.child, &second, 1);
  expect(c.w.node.store, &c.child, &second, 1);
  world_close(&c.w);
}

static void two_at_once(void **state) {
  struct scene c;
  struct verdict v;
  (void)state;
  scene_open(&c);
  struct hash held[] = {change(&c, c.anna, "St Mary's", NULL, 0), change(&c, c.hugh, "Kilmory", NULL, 0)};
  sync_both(&c);
  struct store *stores[] = {c.anna->store, c.hugh->store, c.w.node.store};
  for (size_t i = 0; i < 3; i++)
    expect(stores[i], &c.child, held, 2);
  /* Nobody changes it by the way. */
  struct draft blind = WORLD_DRAFT("child.change", {"child", c.child_hex.s}, {"school", "other"});
  assert_int_equal(world_write(&c.w, c.anna, &blind, 1, ACCEPT_WRITE_ANYWAY, &v), ERR_CONFLICT);
  /* Who settles one of the two has not settled it. */
  held[0] = change(&c, c.anna, "St Mary's, Lanark", &held[0], 1);
  struct hash sorted[] = {held[1], held[0]};
  expect(c.anna->store, &c.child, sorted, 2);
  struct hash settled = change(&c, c.anna, "Kilmory, Lanark", sorted, 2);
  expect(c.anna->store, &c.child, &settled, 1);
  sync_both(&c);
  for (size_t i = 0; i < 3; i++)
    expect(stores[i], &c.child, &settled, 1);
  world_close(&c.w);
}

static void three_ways(void **state) {
  struct scene c;
  (void)state;
  scene_open(&c);
  struct hash held[] = {change(&c, c.anna, "A", &c.child, 1), change(&c, c.anna, "B", &c.child, 1),
                        change(&c, c.hugh, "C", &c.child, 1)};
  sync_both(&c);
  expect(c.anna->store, &c.child, held, 3);
  struct hash settled = change(&c, c.hugh, "D", held, 3);
  sync_both(&c);
  expect(c.anna->store, &c.child, &settled, 1);
  world_close(&c.w);
}

/* A change that was voided replaces nothing. */
static void voided(void **state) {
  struct scene c;
  bool is;
  (void)state;
  scene_open(&c);
  struct hash first = change(&c, c.anna, "A", NULL, 0), second = change(&c, c.anna, "B", NULL, 0);
  struct hash_hex id = hash_hex(&second);
  world_record(&c.w, c.anna, WORLD_DRAFT("entry.void", {"entry", id.s}, {"reason", "x"}));
  expect(c.anna->store, &c.child, &first, 1);
  assert_int_equal(version_is_voided(c.anna->store, &second, &is), OK);
  assert_true(is);
  assert_int_equal(version_is_voided(c.anna->store, &first, &is), OK);
  assert_false(is);
  sync_both(&c);
  expect(c.hugh->store, &c.child, &first, 1);
  world_close(&c.w);
}

static void a_base_of_something_else(void **state) {
  struct scene c;
  struct verdict v;
  (void)state;
  scene_open(&c);
  struct hash other = world_record(&c.w, c.anna, WORLD_DRAFT("child.add", {"name", "Finn Reid"}));
  struct draft d = WORLD_DRAFT("child.change", {"child", c.child_hex.s}, {"school", "x"});
  d.bases = &other;
  d.base_count = 1;
  assert_int_equal(world_write(&c.w, c.anna, &d, 1, ACCEPT_WRITE_ANYWAY, &v), OK);
  assert_int_equal(v.code, VERDICT_REFUSED);
  assert_string_equal(v.rule, "base");
  world_close(&c.w);
}

static void which_kind_changes_which(void **state) {
  static const struct {
    const char *begun, *change;
  } cases[] = {{"child.add", "child.change"},
               {"meeting.convene", "meeting.change"},
               {"attendance.record", "attendance.change"},
               {"entry.void", NULL},
               {"agency.add", NULL}};
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const struct kind *k = version_change_kind(kind_find(bytes_str(cases[i].begun)));
    assert_string_equal(k ? k->name : "", cases[i].change ? cases[i].change : "");
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_after_the_other),
      cmocka_unit_test(two_at_once),
      cmocka_unit_test(three_ways),
      cmocka_unit_test(voided),
      cmocka_unit_test(a_base_of_something_else),
      cmocka_unit_test(which_kind_changes_which),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
