/* Profiles of rules: which is in force, how long the one before still counts, and what is held after that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/draft.h"
#include "core/profile.h"
#include "tests/lib/world.h"

#define DAY_S 86400

struct scene {
  struct world w;
  struct world_member *keeper, *anna;
};

static void scene_open(struct scene *c) {
  memset(c, 0, sizeof *c);
  world_open(&c->w, 1);
  struct hash agency = world_agency(&c->w, "Social Work Services", "social-work");
  c->keeper = world_join(&c->w, &agency, "Kirsty Gow", "keeper administrator");
  c->anna = world_join(&c->w, &agency, "Anna Reid", "practitioner");
}

/* The i-th of those that come with the program; its id. */
static struct hash adopt(struct scene *c, size_t i) {
  struct draft_read file;
  struct verdict v;
  struct hash id;
  world_must(draft_read(kind_find(bytes_str("profile.adopt")), bytes_str(profile_files[i].text), &file), "a profile");
  world_must(world_node_write(&c->w, &file.draft, 1, &v), "adopting");
  world_must(author_id_of(c->w.node.store, v.first, &id), "its id");
  draft_read_release(&file);
  return id;
}

static bool is_in_force(struct store *s, const struct hash *profile) {
  struct hash now;
  assert_int_equal(profile_current(s, &now), OK);
  return hash_equal(&now, profile);
}

static void the_newest_is_in_force(void **state) {
  const struct hash none = {{0}};
  struct scene c;
  (void)state;
  scene_open(&c);
  assert_true(is_in_force(c.w.node.store, &none));
  struct hash first = adopt(&c, 0);
  assert_true(is_in_force(c.w.node.store, &first));
  assert_true(is_in_force(c.anna->store, &none));
  world_sync(&c.w, c.anna);
  assert_true(is_in_force(c.anna->store, &first));
  struct hash second = adopt(&c, 1);
  assert_true(is_in_force(c.w.node.store, &second));
  /* One that was adopted here and is not accepted yet is what is written under here. */
  struct hash pending = world_record(&c.w, c.anna, WORLD_DRAFT("child.add", {"name", "Isla Reid"}));
  struct record r = {0};
  assert_int_equal(store_find(c.anna->store, &pending, &r), OK);
  assert_memory_equal(r.entry.profile.at, first.at, HASH_SIZE);
  record_release(&r);
  world_close(&c.w);
}

static void counts_for_30_days_more(void **state) {
  static const struct {
    const char *what;
    int profile, next; /* superseded by the next; -1: none, and never */
    int64_t after_s;
    bool is_current;
  } cases[] = {
      {"no profile, and none was adopted", -1, -1, 0, true},
      {"no profile, on the day of the first", -1, 0, 0, true},
      {"no profile, 30 days after the first", -1, 0, 30 * DAY_S, true},
      {"no profile, a second later", -1, 0, 30 * DAY_S + 1, false},
      {"no profile, 31 days after", -1, 0, 31 * DAY_S, false},
      {"the first, while it is in force", 0, -1, 400 * DAY_S, true},
      {"the first, when it is superseded", 0, 1, 0, true},
      {"the first, 30 days after", 0, 1, 30 * DAY_S, true},
      {"the first, a second later", 0, 1, 30 * DAY_S + 1, false},
      {"the first, 31 days after", 0, 1, 31 * DAY_S, false},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct scene c;
    struct hash profile = {{0}};
    bool is_current;
    scene_open(&c);
    if (cases[i].profile >= 0)
      profile = adopt(&c, (size_t)cases[i].profile);
    c.w.now_s += 50 * DAY_S;
    if (cases[i].next >= 0)
      adopt(&c, (size_t)cases[i].next);
    assert_int_equal(profile_is_current(c.w.node.store, &profile, c.w.now_s + cases[i].after_s, &is_current), OK);
    if (is_current != cases[i].is_current)
      fail_msg("%s", cases[i].what);
    world_close(&c.w);
  }
}

static void one_that_nobody_adopted(void **state) {
  struct scene c;
  struct hash other = hash_of(bytes_str("x")), agency;
  bool is_current;
  (void)state;
  scene_open(&c);
  assert_int_equal(profile_is_current(c.w.node.store, &other, c.w.now_s, &is_current), ERR_ABSENT);
  agency = c.anna->agency;
  adopt(&c, 0);
  assert_int_equal(profile_is_current(c.w.node.store, &agency, c.w.now_s, &is_current), ERR_ABSENT);
  world_close(&c.w);
}

/* ---- held ---- */

struct hold {
  struct hash id;
  char rule[32], state[16];
  size_t count;
};

static enum err note_hold(void *of, const struct hold_row *row) {
  struct hold *h = of;
  h->id = row->id;
  h->count++;
  snprintf(h->rule, sizeof h->rule, "%.*s", (int)row->rule.len, (const char *)row->rule.at);
  snprintf(h->state, sizeof h->state, "%.*s", (int)row->state.len, (const char *)row->state.at);
  return OK;
}

static void release(struct scene *c, const struct hash *hold) {
  struct hash_hex id = hash_hex(hold);
  struct record r = {0};
  struct verdict v;
  struct draft d = WORLD_DRAFT("held.release", {"hold", id.s}, {"reason", "looked at"});
  assert_int_equal(store_find(c->keeper->store, hold, &r), OK);
  d.to = r.entry.to;
  d.to_count = r.entry.to_count;
  assert_int_equal(world_write(&c->w, c->keeper, &d, 1, ACCEPT_WRITE, &v), OK);
  assert_int_equal(v.code, VERDICT_ACCEPTED);
  record_release(&r);
  world_sync(&c->w, c->keeper);
}

static void expect_state(struct scene *c, const struct hash *id, const char *state) {
  struct record r = {0};
  assert_int_equal(store_find(c->anna->store, id, &r), OK);
  assert_string_equal(r.state, state);
  record_release(&r);
}

/* Anna's machine is away while the next profile is adopted, and for so many days. */
static void after_days(int64_t days, bool is_held) {
  struct scene c;
  struct hold hold = {.count = 0};
  scene_open(&c);
  adopt(&c, 0);
  world_sync(&c.w, c.anna);
  struct hash child = world_record(&c.w, c.anna, WORLD_DRAFT("child.add", {"name", "Isla Reid"}));
  adopt(&c, 1);
  c.w.now_s += days * DAY_S;
  world_sync(&c.w, c.anna);
  world_sync(&c.w, c.keeper);
  assert_int_equal(directory_each_hold(c.keeper->store, &hold, note_hold), OK);
  assert_int_equal(hold.count, is_held);
  expect_state(&c, &child, is_held ? "held" : "accepted");
  if (is_held) {
    assert_string_equal(hold.rule, "profile");
    release(&c, &hold.id);
    world_sync(&c.w, c.anna);
    expect_state(&c, &child, "accepted");
  }
  world_close(&c.w);
}

static void is_held_after_30_days(void **state) {
  (void)state;
  after_days(30, false);
  after_days(31, true);
}

static void an_act_is_under_one(void **state) {
  struct scene c;
  struct verdict v;
  (void)state;
  scene_open(&c);
  adopt(&c, 0);
  world_sync(&c.w, c.keeper);
  struct draft drafts[] = {WORLD_DRAFT("agency.add", {"name", "NHS Lanarkshire"}, {"type", "health"}),
                           WORLD_DRAFT("register.contact", {"authority", "Fife Council"})};
  assert_int_equal(world_write(&c.w, c.keeper, drafts, 2, ACCEPT_WRITE_ANYWAY, &v), OK);
  assert_int_equal(v.code, VERDICT_REFUSED);
  assert_string_equal(v.rule, "profile");
  world_close(&c.w);
}

static void settings(void **state) {
  struct scene c;
  struct buf value = {0};
  (void)state;
  scene_open(&c);
  struct hash id = adopt(&c, 1);
  assert_int_equal(profile_setting(c.w.node.store, &id, "name", &value), OK);
  assert_string_equal(buf_cstr(&value), "national");
  buf_clear(&value);
  assert_int_equal(profile_setting(c.w.node.store, &id, "quorum", &value), OK);
  assert_string_equal(buf_cstr(&value), "[\"health\",\"police\",\"social-work\"]");
  buf_clear(&value);
  assert_int_equal(profile_setting(c.w.node.store, &id, "notice", &value), OK);
  assert_string_equal(buf_cstr(&value), "5");
  assert_int_equal(profile_setting(c.w.node.store, &id, "nonsense", &value), ERR_ABSENT);
  assert_int_equal(profile_setting(c.w.node.store, &c.anna->agency, "quorum", &value), ERR_ABSENT);
  buf_release(&value);
  world_close(&c.w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_newest_is_in_force),  cmocka_unit_test(counts_for_30_days_more),
      cmocka_unit_test(one_that_nobody_adopted), cmocka_unit_test(is_held_after_30_days),
      cmocka_unit_test(an_act_is_under_one),     cmocka_unit_test(settings),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
