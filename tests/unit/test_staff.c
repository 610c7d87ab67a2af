/* Members of staff who are kept out of a child's case: they record nothing about the child, and are shown nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/staff.h"
#include "tests/lib/world.h"

struct scene {
  struct world w;
  struct world_member *sally, *chair, *keeper, *officer, *other_officer, *nurse;
  struct hash ava, ben, meeting; /* the meeting is about both */
  struct hash bar;
};

static void sync_all(struct scene *c) {
  for (int round = 0; round < 2; round++)
    for (size_t i = 0; i < c->w.count; i++)
      world_sync(&c->w, &c->w.members[i]);
}

static void name_members(struct scene *c) {
  struct world_member **const members[] = {&c->sally, &c->chair, &c->keeper, &c->officer, &c->other_officer, &c->nurse};
  for (size_t i = 0; i < sizeof members / sizeof *members; i++)
    *members[i] = &c->w.members[i];
}

static void make_scene(struct scene *c, uint64_t seed) {
  world_open(&c->w, seed);
  struct hash sw = world_agency(&c->w, "Social Work Services", "social-work"),
              health = world_agency(&c->w, "NHS Lanarkshire", "health");
  world_join(&c->w, &sw, "Sally Ross", "practitioner chair officer");
  world_join(&c->w, &sw, "Morag Reid", "practitioner chair");
  world_join(&c->w, &sw, "Kirsty Gow", "keeper");
  world_join(&c->w, &sw, "Ian Weir", "officer");
  world_join(&c->w, &health, "Rab Hay", "officer chair");
  world_join(&c->w, &health, "Aileen Shah", "practitioner");
  sync_all(c);
  name_members(c);
  c->ava = world_record(&c->w, c->sally, WORLD_DRAFT("child.add", {"name", "Ava Lennox"}));
  c->ben = world_record(&c->w, c->sally, WORLD_DRAFT("child.add", {"name", "Ben Lennox"}));
  struct hash_hex ava = hash_hex(&c->ava), ben = hash_hex(&c->ben), chair = hash_hex(&c->chair->person);
  c->meeting = world_record(&c->w, c->sally,
                            WORLD_DRAFT("meeting.convene", {"type", "initial"}, {"on", "2026-12-01T10:00:00Z"},
                                        {"chair", chair.s}, {"child", ava.s}, {"child", ben.s}));
  sync_all(c);
  world_keep(&c->w);
}

/* The first seed is that of all. */
static void scene_open(struct scene *c, uint64_t seed) {
  static struct hash ava, ben, meeting;
  memset(c, 0, sizeof *c);
  if (!world_again(&c->w)) {
    make_scene(c, seed);
    ava = c->ava, ben = c->ben, meeting = c->meeting;
  }
  name_members(c);
  c->ava = ava, c->ben = ben, c->meeting = meeting;
}

static struct draft draft_bar(const struct hash *child, const struct hash *person) {
  static struct hash_hex c, p;
  static struct draft_value values[3];
  c = hash_hex(child);
  p = hash_hex(person);
  values[0] = (struct draft_value){"child", c.s};
  values[1] = (struct draft_value){"person", p.s};
  values[2] = (struct draft_value){"reason", "her niece"};
  return world_draft("staff.bar", values, 3);
}

static struct draft draft_unbar(const struct hash *child, const struct hash *bar) {
  static struct hash_hex c, b;
  static struct draft_value values[3];
  c = hash_hex(child);
  b = hash_hex(bar);
  values[0] = (struct draft_value){"child", c.s};
  values[1] = (struct draft_value){"bar", b.s};
  values[2] = (struct draft_value){"reason", "moved on"};
  return world_draft("staff.unbar", values, 3);
}

static struct draft draft_view(const struct scene *c, const struct hash *child) {
  static struct hash_hex who, meeting;
  static struct draft_value values[5];
  who = hash_hex(child);
  meeting = hash_hex(&c->meeting);
  values[0] = (struct draft_value){"child", who.s};
  values[1] = (struct draft_value){"meeting", meeting.s};
  values[2] = (struct draft_value){"risk", "high"};
  values[3] = (struct draft_value){"plan", "yes"};
  values[4] = (struct draft_value){"register", "yes"};
  return world_draft("view.record", values, 5);
}

/* Both at the replica, where it is tried and undone, and at the node; rule: the one that refuses it, or "". */
static struct hash expect(struct scene *c, struct world_member *by, struct draft d, const char *rule) {
  struct author_by author = {.key = by->key, .replica = by->replica};
  struct exchange_report report = {0};
  struct hash id = {{0}};
  struct verdict v;
  assert_int_equal(store_begin(by->store), OK);
  world_must(author_write(by->store, &author, &d, 1, ACCEPT_WRITE, c->w.now_s, &v), d.kind->name);
  store_rollback(by->store);
  if (strcmp(v.rule, rule) != 0)
    fail_msg("%s at the replica: \"%s\" instead of \"%s\": %s", d.kind->name, v.rule, rule, v.words);
  if (strcmp(rule, "reference") == 0) /* not even recorded anyway */
    return id;
  assert_int_equal(world_write(&c->w, by, &d, 1, ACCEPT_WRITE_ANYWAY, &v), OK);
  assert_int_equal(author_id_of(by->store, v.first, &id), OK);
  world_must(world_exchange(&c->w, by, &report), "a sync");
  assert_int_equal(report.refused, rule[0] != '\0');
  assert_int_equal(report.accepted, rule[0] == '\0');
  sync_all(c);
  return id;
}

static bool is_barred(struct store *s, const struct hash *person, const struct hash *child) {
  bool is = false;
  assert_int_equal(staff_is_barred(s, person, child, INT64_MAX, &is), OK);
  return is;
}

/* ---- who says so ---- */

static void involve_health(struct scene *c, const struct hash *child) {
  struct hash_hex id = hash_hex(child), agency = hash_hex(&c->nurse->agency);
  world_record(&c->w, c->chair, WORLD_DRAFT("involvement.start", {"child", id.s}, {"agency", agency.s}));
  sync_all(c);
}

static void who_may_say(void **state) {
  struct scene c;
  (void)state;
  scene_open(&c, 1);
  involve_health(&c, &c.ava);
  struct world_member *may[] = {c.keeper, c.officer, c.chair, c.sally};
  for (size_t i = 0; i < sizeof may / sizeof *may; i++)
    expect(&c, i == 3 ? c.sally : may[i], draft_bar(i == 3 ? &c.ben : &c.ava, &c.sally->person), "");
  expect(&c, c.nurse, draft_bar(&c.ava, &c.sally->person), "permission");
  expect(&c, c.other_officer, draft_bar(&c.ava, &c.sally->person),
         "permission"); /* and a chair, but not of social work */
  expect(&c, c.nurse, draft_bar(&c.ava, &c.nurse->person), "");
  world_close(&c.w);
}

static void who_may_end_it(void **state) {
  struct scene c;
  (void)state;
  scene_open(&c, 2);
  involve_health(&c, &c.ava);
  struct hash bar = expect(&c, c.sally, draft_bar(&c.ava, &c.sally->person), "");
  expect(&c, c.nurse, draft_unbar(&c.ava, &bar), "permission");
  expect(&c, c.other_officer, draft_unbar(&c.ava, &bar), "permission");
  expect(&c, c.sally, draft_unbar(&c.ava, &bar), "barred");
  assert_true(is_barred(c.w.node.store, &c.sally->person, &c.ava));
  expect(&c, c.officer, draft_unbar(&c.ava, &bar), "");
  assert_false(is_barred(c.w.node.store, &c.sally->person, &c.ava));
  expect(&c, c.keeper, draft_unbar(&c.ava, &bar), "A-022");
  /* Barred twice: each is ended by itself. */
  struct hash one = expect(&c, c.keeper, draft_bar(&c.ava, &c.sally->person), "");
  struct hash two = expect(&c, c.chair, draft_bar(&c.ava, &c.sally->person), "");
  expect(&c, c.keeper, draft_unbar(&c.ava, &one), "");
  assert_true(is_barred(c.w.node.store, &c.sally->person, &c.ava));
  expect(&c, c.keeper, draft_unbar(&c.ava, &two), "");
  assert_false(is_barred(c.w.node.store, &c.sally->person, &c.ava));
  /* A bar of another child's case cannot be ended as this one's. */
  struct hash bens = expect(&c, c.keeper, draft_bar(&c.ben, &c.sally->person), "");
  expect(&c, c.keeper, draft_unbar(&c.ava, &bens), "reference");
  world_close(&c.w);
}

/* Of whom it keeps out the agency is told, though it knows nothing of the child; and no other agency. */
static void the_agency_is_told(void **state) {
  struct scene c;
  struct record r = {0};
  (void)state;
  scene_open(&c, 9);
  struct hash bar = expect(&c, c.keeper, draft_bar(&c.ava, &c.nurse->person), "");
  struct hash other = expect(&c, c.keeper, draft_bar(&c.ava, &c.sally->person), "");
  struct store *s = c.nurse->store;
  assert_int_equal(store_find(s, &bar, &r), OK);
  record_release(&r);
  assert_int_equal(store_find(s, &other, &r), ERR_ABSENT);
  assert_int_equal(store_find(s, &c.ava, &r), ERR_ABSENT);
  assert_true(is_barred(s, &c.nurse->person, &c.ava));
  assert_false(is_barred(s, &c.sally->person, &c.ava));
  expect(&c, c.keeper, draft_unbar(&c.ava, &bar), "");
  assert_false(is_barred(s, &c.nurse->person, &c.ava));
  world_close(&c.w);
}

/* in one act the bar does not stand yet when its author is judged, and still nobody ends their own. */
static void not_by_oneself(void **state) {
  struct scene c;
  struct verdict v;
  (void)state;
  scene_open(&c, 3);
  struct hash_hex ava = hash_hex(&c.ava), sally = hash_hex(&c.sally->person);
  const struct draft both[] = {
      WORLD_DRAFT("staff.bar", {"child", ava.s}, {"person", sally.s}, {"reason", "x"}),
      WORLD_DRAFT("staff.unbar", {"child", ava.s}, {"bar", "@1"}, {"reason", "x"}),
  };
  assert_int_equal(world_write(&c.w, c.sally, both, 2, ACCEPT_WRITE_ANYWAY, &v), OK);
  struct exchange_report report = {0};
  world_must(world_exchange(&c.w, c.sally, &report), "a sync");
  assert_int_equal(report.refused, 1);
  struct author_by by = {.key = c.sally->key, .replica = c.sally->replica};
  assert_int_equal(store_begin(c.sally->store), OK);
  assert_int_equal(author_write(c.sally->store, &by, both, 2, ACCEPT_WRITE, c.w.now_s, &v), OK);
  store_rollback(c.sally->store);
  assert_int_equal(v.code, VERDICT_REFUSED);
  world_close(&c.w);
}

/* ---- writing ---- */

static void writing(void **state) {
  struct scene c;
  (void)state;
  scene_open(&c, 4);
  expect(&c, c.sally, draft_view(&c, &c.ava), "");
  struct hash bar = expect(&c, c.keeper, draft_bar(&c.ava, &c.sally->person), "");
  expect(&c, c.sally, draft_view(&c, &c.ava), "barred");
  expect(&c, c.sally, draft_view(&c, &c.ben), "");
  expect(&c, c.chair, draft_view(&c, &c.ava), "");
  expect(&c, c.sally, draft_bar(&c.ava, &c.nurse->person), "barred");
  struct hash_hex ava = hash_hex(&c.ava), ben = hash_hex(&c.ben), chair = hash_hex(&c.chair->person);
  expect(&c, c.sally,
         WORLD_DRAFT("meeting.convene", {"type", "review"}, {"on", "2026-12-01T10:00:00Z"}, {"chair", chair.s},
                     {"child", ava.s}, {"child", ben.s}),
         "barred");
  expect(&c, c.keeper, draft_unbar(&c.ava, &bar), "");
  expect(&c, c.sally, draft_view(&c, &c.ava), "");
  world_close(&c.w);
}

/* ---- reading ---- */

static enum err count_one(void *of, const struct record *r) {
  (void)r;
  ++*(size_t *)of;
  return OK;
}

static size_t seen_of(struct store *s, const struct hash *child) {
  const struct store_filter f = {.child = child};
  size_t count = 0;
  assert_int_equal(store_each(s, &f, &count, count_one), OK);
  return count;
}

static void look_as(struct world_member *m, const struct hash *person) {
  store_read_as(m->store, &(struct scope_recipient){.replica = m->replica, .person = *person});
}

static void expect_hidden(struct store *s, const struct hash *id, const char *name) {
  struct record r = {0};
  struct hash found, nothing = {{0xaa, 0xbb, 0xcc}};
  char hidden[256], absent[256];
  assert_int_equal(store_find(s, id, &r), ERR_ABSENT);
  snprintf(hidden, sizeof hidden, "%s", err_words(ERR_ABSENT));
  assert_int_equal(store_find(s, &nothing, &r), ERR_ABSENT);
  snprintf(absent, sizeof absent, "%s", err_words(ERR_ABSENT));
  assert_string_equal(hidden, absent);
  struct hash_hex hex = hash_hex(id);
  assert_int_equal(store_find_typed(s, bytes_of(hex.s, 12), "child.add", &found), ERR_ABSENT);
  assert_int_equal(store_find_typed(s, bytes_str(name), "child.add", &found), ERR_ABSENT);
}

static void reading(void **state) {
  struct scene c;
  struct record r = {0};
  (void)state;
  scene_open(&c, 5);
  struct store *s = c.sally->store;
  look_as(c.sally, &c.sally->person);
  assert_int_equal(seen_of(s, &c.ava), 2);
  struct hash bar = expect(&c, c.keeper, draft_bar(&c.ava, &c.sally->person), "");
  look_as(c.sally, &c.sally->person);
  assert_int_equal(seen_of(s, &c.ava), 0);
  expect_hidden(s, &c.ava, "Ava Lennox");
  assert_int_equal(store_find(s, &bar, &r), ERR_ABSENT);
  assert_int_equal(seen_of(s, &c.ben), 1); /* the meeting is about Ava, too */
  /* The replica's other people, and the replica itself, go on. */
  look_as(c.sally, &c.chair->person);
  assert_int_equal(seen_of(s, &c.ava), 3);
  store_read_as(s, &(struct scope_recipient){.replica = c.sally->replica});
  assert_int_equal(seen_of(s, &c.ava), 3);
  expect(&c, c.keeper, draft_unbar(&c.ava, &bar), "");
  look_as(c.sally, &c.sally->person);
  assert_int_equal(seen_of(s, &c.ava), 4);
  world_close(&c.w);
}

static size_t barred_from(struct store *s, const struct hash *person) {
  struct buf children = {0};
  assert_int_equal(staff_barred_from(s, person, &children), OK);
  size_t count = children.len / HASH_SIZE;
  buf_release(&children);
  return count;
}

/* What is recorded and not accepted keeps out, and lets nobody in. */
static void pending(void **state) {
  struct scene c;
  (void)state;
  scene_open(&c, 6);
  world_record(&c.w, c.keeper, draft_bar(&c.ava, &c.sally->person));
  assert_true(is_barred(c.keeper->store, &c.sally->person, &c.ava));
  assert_false(is_barred(c.w.node.store, &c.sally->person, &c.ava));
  sync_all(&c);
  assert_true(is_barred(c.w.node.store, &c.sally->person, &c.ava));
  struct hash bar = expect(&c, c.keeper, draft_bar(&c.ben, &c.sally->person), "");
  world_record(&c.w, c.keeper, draft_unbar(&c.ben, &bar));
  assert_true(is_barred(c.keeper->store, &c.sally->person, &c.ben));
  assert_int_equal(barred_from(c.keeper->store, &c.sally->person), 2);
  sync_all(&c);
  assert_false(is_barred(c.keeper->store, &c.sally->person, &c.ben));
  assert_int_equal(barred_from(c.keeper->store, &c.sally->person), 1);
  world_close(&c.w);
}

/* ---- the other record of the same child ---- */

/* A child who was recorded twice is one child: whoever is kept out of the case is, whichever record it is said of, and
 * from when it is known that there are two. */
static void both_records(void **state) {
  struct scene c;
  (void)state;
  scene_open(&c, 7);
  struct hash again = expect(&c, c.chair, WORLD_DRAFT("child.add", {"name", "Eva Lennox"}), "");
  struct hash third = expect(&c, c.chair, WORLD_DRAFT("child.add", {"name", "Ewa Lennox"}), "");
  struct hash_hex ava = hash_hex(&c.ava), eva = hash_hex(&again), ewa = hash_hex(&third);
  expect(&c, c.keeper, draft_bar(&c.ava, &c.sally->person), "");
  expect(&c, c.sally, draft_bar(&again, &c.nurse->person), "");
  expect(&c, c.chair, WORLD_DRAFT("child.same", {"child", eva.s}, {"child", ewa.s}, {"reason", "seen"}), "");
  expect(&c, c.chair, WORLD_DRAFT("child.same", {"child", ava.s}, {"child", eva.s}, {"reason", "seen"}), "");
  expect(&c, c.sally, draft_bar(&again, &c.nurse->person), "barred");
  expect(&c, c.sally, draft_bar(&third, &c.nurse->person), "barred");
  expect(&c, c.sally, draft_bar(&c.ben, &c.nurse->person), "");
  look_as(c.sally, &c.sally->person);
  expect_hidden(c.sally->store, &again, "Eva Lennox");
  expect_hidden(c.sally->store, &third, "Ewa Lennox");
  assert_int_equal(barred_from(c.sally->store, &c.sally->person), 3);
  look_as(c.sally, &c.chair->person);
  assert_true(seen_of(c.sally->store, &again) > 0);
  world_close(&c.w);
}

/* ---- the list, the views ---- */

static enum err note_row(void *of, const struct staff_row *row) {
  char *said = of;
  strcat(said, row->is_over ? "-" : "+");
  assert_true(bytes_equal_str(row->reason, "her niece"));
  return OK;
}

static void listing(void **state) {
  struct scene c;
  char said[16] = "";
  (void)state;
  scene_open(&c, 8);
  struct hash bar = expect(&c, c.keeper, draft_bar(&c.ava, &c.sally->person), "");
  expect(&c, c.keeper, draft_bar(&c.ben, &c.sally->person), "");
  expect(&c, c.keeper, draft_unbar(&c.ava, &bar), "");
  world_record(&c.w, c.chair, draft_bar(&c.ava, &c.sally->person));
  assert_int_equal(staff_each(c.chair->store, said, note_row), OK);
  assert_string_equal(said, "-++");
  look_as(c.sally, &c.sally->person);
  said[0] = '\0';
  assert_int_equal(staff_each(c.sally->store, said, note_row), OK);
  assert_string_equal(said, "-"); /* Ben's is hidden */
  struct store *stores[] = {c.chair->store, c.sally->store, c.w.node.store};
  for (size_t i = 0; i < 3; i++)
    world_check_views(stores[i], "views");
  world_close(&c.w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(who_may_say),    cmocka_unit_test(who_may_end_it), cmocka_unit_test(the_agency_is_told),
      cmocka_unit_test(not_by_oneself), cmocka_unit_test(writing),        cmocka_unit_test(reading),
      cmocka_unit_test(pending),        cmocka_unit_test(both_records),   cmocka_unit_test(listing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
