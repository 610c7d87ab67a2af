/* Acts whose authors were revoked before they arrived: held, and then let through or not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "tests/lib/world.h"

struct scene {
  struct world w;
  struct world_member *keeper, *leaver;
  struct hash child, hold;
  struct exchange_report report;
};

static enum err note_hold(void *of, const struct hold_row *row) {
  *(struct hash *)of = row->id;
  return OK;
}

/* The leaver records a child, is revoked, and then syncs. */
static void scene_open(struct scene *c, uint64_t seed, struct draft (*record)(void)) {
  memset(c, 0, sizeof *c);
  world_open(&c->w, seed);
  struct hash agency = world_agency(&c->w, "Social Work Services", "social-work");
  c->keeper = world_join(&c->w, &agency, "Kirsty Gow", "keeper officer");
  c->leaver = world_join(&c->w, &agency, "Isla Ross", "practitioner");
  world_sync(&c->w, c->keeper);
  struct draft draft = record();
  struct verdict v;
  assert_int_equal(world_write(&c->w, c->leaver, &draft, 1, ACCEPT_WRITE_ANYWAY, &v), OK);
  assert_int_equal(author_id_of(c->leaver->store, v.first, &c->child), OK);
  struct hash_hex who = hash_hex(&c->leaver->person);
  world_record(&c->w, c->keeper, WORLD_DRAFT("person.revoke", {"person", who.s}, {"why", "left"}));
  world_sync(&c->w, c->keeper);
  world_must(world_exchange(&c->w, c->leaver, &c->report), "the leaver's sync");
  world_sync(&c->w, c->keeper);
  assert_int_equal(directory_each_hold(c->keeper->store, &c->hold, note_hold), OK);
}

static struct draft a_child(void) {
  static const struct draft_value values[] = {{"name", "Ava Lennox"}};
  return world_draft("child.add", values, 1);
}

/* What a practitioner may not write. */
static struct draft an_agency(void) {
  static const struct draft_value values[] = {{"name", "Of my own"}, {"type", "other"}};
  return world_draft("agency.add", values, 2);
}

static struct verdict decide(struct scene *c, const char *kind) {
  struct hash_hex hold = hash_hex(&c->hold);
  struct record r = {0};
  struct verdict v = {0};
  assert_int_equal(store_find(c->keeper->store, &c->hold, &r), OK);
  struct draft d = WORLD_DRAFT(kind, {"hold", hold.s}, {"reason", "because"});
  d.to = r.entry.to;
  d.to_count = r.entry.to_count;
  assert_int_equal(world_write(&c->w, c->keeper, &d, 1, ACCEPT_WRITE, &v), OK);
  record_release(&r);
  world_sync(&c->w, c->keeper);
  world_sync(&c->w, c->leaver);
  return v;
}

static void expect_state(struct scene *c, const char *state) {
  struct record r = {0};
  assert_int_equal(store_find(c->leaver->store, &c->child, &r), OK);
  assert_string_equal(r.state, state);
  record_release(&r);
}

static void held_once(void **state) {
  struct scene c;
  (void)state;
  scene_open(&c, 1, a_child);
  assert_int_equal(c.report.held, 1);
  assert_int_equal(c.report.accepted + c.report.refused, 0);
  expect_state(&c, "held");
  uint64_t size = store_size(c.w.node.store);
  world_sync(&c.w, c.leaver);
  assert_int_equal(store_size(c.w.node.store), size);
  expect_state(&c, "held");
  world_close(&c.w);
}

static void let_through(void **state) {
  struct scene c;
  struct record r = {0};
  (void)state;
  scene_open(&c, 2, a_child);
  assert_int_equal(decide(&c, "held.release").code, VERDICT_ACCEPTED);
  expect_state(&c, "accepted");
  assert_int_equal(store_outbox_count(c.leaver->store, NULL), 0);
  assert_int_equal(store_find(c.keeper->store, &c.child, &r), OK);
  record_release(&r);
  /* The chain goes on where it was: what is written next is held, too, and at the next position. */
  struct draft next = a_child();
  struct verdict v;
  assert_int_equal(world_write(&c.w, c.leaver, &next, 1, ACCEPT_WRITE_ANYWAY, &v), OK);
  memset(&c.report, 0, sizeof c.report);
  world_must(world_exchange(&c.w, c.leaver, &c.report), "the next sync");
  assert_int_equal(c.report.held, 1);
  world_close(&c.w);
}

static void not_let_through(void **state) {
  struct scene c;
  struct verdict v;
  (void)state;
  scene_open(&c, 3, a_child);
  assert_int_equal(decide(&c, "held.reject").code, VERDICT_ACCEPTED);
  expect_state(&c, "refused");
  v = decide(&c, "held.release");
  assert_int_equal(v.code, VERDICT_REFUSED);
  assert_string_equal(v.rule, "A-001");
  v = decide(&c, "held.reject");
  assert_int_equal(v.code, VERDICT_REFUSED);
  assert_string_equal(v.rule, "A-002");
  world_close(&c.w);
}

/* Let through is judged: what the author might not have written in time is refused now. It is not held at all. */
static void refused_before_it_is_held(void **state) {
  struct scene c;
  (void)state;
  scene_open(&c, 4, an_agency);
  assert_int_equal(c.report.refused, 1);
  expect_state(&c, "refused");
  world_close(&c.w);
}

static void views_can_be_rebuilt(void **state) {
  struct scene c;
  (void)state;
  scene_open(&c, 5, a_child);
  decide(&c, "held.release");
  struct store *stores[] = {c.keeper->store, c.leaver->store, c.w.node.store};
  for (size_t i = 0; i < 3; i++)
    world_check_views(stores[i], "views");
  world_close(&c.w);
}

/* ---- keys ---- */

/* An officer enrols somebody with this key; the rule that refuses it, or "". */
static struct verdict enrol(struct world *w, struct world_member *officer, const char *kind, const struct key *key) {
  struct buf spki = {0}, seal = {0};
  struct key *sealing = key_new();
  struct hash_hex agency = hash_hex(&officer->agency), person = hash_hex(&officer->person);
  struct verdict v = {0};
  struct draft_value values[4];
  size_t n = 0;
  text_base64_encode(&spki, key_spki(key));
  text_base64_encode(&seal, key_spki(sealing));
  if (strcmp(kind, "person.key") == 0)
    values[n++] = (struct draft_value){"person", person.s};
  else {
    values[n++] = (struct draft_value){"agency", agency.s};
    values[n++] = (struct draft_value){"name", "Somebody"};
  }
  values[n++] = (struct draft_value){strcmp(kind, "replica.add") == 0 ? "replica" : "sign", buf_cstr(&spki)};
  if (strcmp(kind, "replica.add") != 0)
    values[n++] = (struct draft_value){"seal", buf_cstr(&seal)};
  struct draft d = world_draft(kind, values, n);
  assert_int_equal(world_write(w, officer, &d, 1, ACCEPT_WRITE_ANYWAY, &v), OK);
  struct exchange_report report = {0};
  world_must(world_exchange(w, officer, &report), "the officer's sync");
  v.code = report.refused ? VERDICT_REFUSED : VERDICT_ACCEPTED;
  buf_release(&spki);
  buf_release(&seal);
  key_free(sealing);
  return v;
}

/* Somebody else's key, introduced as one's own, would make its owner's acts one's own. */
static void a_key_belongs_to_one(void **state) {
  static const char *const kinds[] = {"person.add", "person.key", "replica.add"};
  struct world w;
  (void)state;
  world_open(&w, 6);
  struct hash police = world_agency(&w, "Police Scotland", "police"), health = world_agency(&w, "NHS", "health");
  struct world_member *officer = world_join(&w, &police, "Sgt Iain Kerr", "officer");
  struct world_member *victim = world_join(&w, &health, "Dr Aileen Shah", "practitioner");
  struct hash id = key_id(victim->key);
  struct author before, after;
  world_sync(&w, officer);
  assert_int_equal(directory_author(w.node.store, &id, w.now_s, &before), OK);
  const struct key *taken[] = {victim->key, victim->replica_key, officer->key, w.operating, w.ledger};
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
      if (enrol(&w, officer, kinds[k], taken[i]).code != VERDICT_REFUSED)
        fail_msg("%s with a key that is taken (%zu)", kinds[k], i);
    struct key *fresh = key_new();
    if (enrol(&w, officer, kinds[k], fresh).code != VERDICT_ACCEPTED)
      fail_msg("%s with a new key", kinds[k]);
    key_free(fresh);
  }
  assert_int_equal(directory_author(w.node.store, &id, w.now_s, &after), OK);
  assert_true(hash_equal(&before.person, &after.person));
  world_close(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(held_once),
      cmocka_unit_test(let_through),
      cmocka_unit_test(not_let_through),
      cmocka_unit_test(refused_before_it_is_held),
      cmocka_unit_test(views_can_be_rebuilt),
      cmocka_unit_test(a_key_belongs_to_one),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
