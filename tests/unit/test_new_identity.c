/* A machine takes a new key: what the node has not decided about goes into the new key's chain, from 1 on, as it was
 * signed; all or nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/store_parts.h"
#include "tests/lib/handover.h"
#include "tests/lib/world.h"

struct scene {
  struct world w;
  struct hash agency;
  struct world_member *officer, *m, *keeper;
  struct key *key; /* m's new one */
  struct hash id;
};

static void scene_open_as(struct scene *c, uint64_t seed, const char *roles) {
  *c = (struct scene){0};
  world_open(&c->w, seed);
  c->agency = world_agency(&c->w, "Social Work Services", "social-work");
  c->officer = world_join(&c->w, &c->agency, "Morag Reid", "officer");
  c->keeper = world_join(&c->w, &c->agency, "Kirsty Gow", "keeper");
  c->m = world_join(&c->w, &c->agency, "Isla Ross", roles);
  c->key = key_new();
  c->id = key_id(c->key);
  world_sync(&c->w, c->officer);
}

static void scene_open(struct scene *c, uint64_t seed) {
  scene_open_as(c, seed, "practitioner");
}

static void scene_close(struct scene *c) {
  key_free(c->key);
  world_close(&c->w);
}

static struct hash a_child(struct scene *c, const char *name) {
  return world_record(&c->w, c->m, WORLD_DRAFT("child.add", {"name", name}));
}

/* The officer enrols the new key, and in the same act revokes the old one. */
static void enrol(struct scene *c) {
  struct buf spki = {0};
  struct hash_hex agency = hash_hex(&c->agency), old = hash_hex(&c->m->machine);
  struct verdict v;
  text_base64_encode(&spki, key_spki(c->key));
  struct draft drafts[] = {
      WORLD_DRAFT("replica.add", {"agency", agency.s}, {"replica", buf_cstr(&spki)}, {"name", "laptop"}),
      WORLD_DRAFT("replica.revoke", {"replica", old.s}, {"why", "replaced"})};
  assert_int_equal(world_write(&c->w, c->officer, drafts, 2, ACCEPT_WRITE, &v), OK);
  assert_int_equal(v.code, VERDICT_ACCEPTED);
  world_sync(&c->w, c->officer);
  buf_release(&spki);
}

static void ask(struct scene *c, struct world_member *who, struct buf *answer) {
  struct join_token t;
  struct buf request = {0};
  assert_int_equal(join_token_of(who->store, &t), OK);
  assert_true(join_token_is_enrolled(&t));
  const struct join_keys keys = {.person = who->key, .replica = c->key};
  assert_int_equal(join_request(&t, &(struct join_who){0}, &keys, "laptop", &request), OK);
  assert_int_equal(join_answer(&c->w.node, buf_bytes(&request), c->w.now_s, answer), OK);
  buf_release(&request);
}

static enum err take(struct scene *c, struct bytes answer, uint64_t *moved) {
  enum err e = store_begin(c->m->store);
  if (e == OK)
    e = join_take_renewed(c->m->store, c->m->key, c->key, answer, moved);
  if (e == OK)
    return store_commit(c->m->store);
  store_rollback(c->m->store);
  return e;
}

/* From here on the member is the machine with the new key. */
static void become_new(struct scene *c) {
  key_free(c->m->replica_key);
  c->m->replica_key = c->key;
  c->m->replica = c->id;
  c->key = NULL;
  store_read_as(c->m->store, &(struct scope_recipient){.replica = c->id});
}

static uint64_t renew(struct scene *c) {
  struct buf answer = {0};
  uint64_t moved = 0;
  ask(c, c->m, &answer);
  assert_int_equal(take(c, buf_bytes(&answer), &moved), OK);
  become_new(c);
  buf_release(&answer);
  return moved;
}

static struct act_record act_of(struct scene *c, const struct hash *entry) {
  struct record r = {0};
  struct act_record a = {0};
  assert_int_equal(store_find(c->m->store, entry, &r), OK);
  assert_int_equal(store_find_act(c->m->store, r.act_first, &a), OK);
  record_release(&r);
  return a;
}

static void expect_state(struct scene *c, const struct hash *entry, const char *state) {
  struct record r = {0};
  assert_int_equal(store_find(c->m->store, entry, &r), OK);
  assert_string_equal(r.state, state);
  record_release(&r);
}

static void positions_begin_anew(void **state) {
  struct scene c;
  struct hash sent[2], unsent[3], before = {{0}};
  (void)state;
  scene_open(&c, 1);
  for (int i = 0; i < 2; i++)
    sent[i] = a_child(&c, "Sent");
  world_sync(&c.w, c.m);
  struct act_record was[3];
  for (int i = 0; i < 3; i++) {
    unsent[i] = a_child(&c, "Unsent");
    was[i] = act_of(&c, &unsent[i]);
    assert_int_equal(was[i].position.number, 3 + i);
  }
  enrol(&c);
  assert_int_equal(renew(&c), 3);
  for (int i = 0; i < 3; i++) {
    struct act_record a = act_of(&c, &unsent[i]);
    assert_true(hash_equal(&a.position.replica, &c.id));
    assert_int_equal(a.position.number, 1 + i);
    assert_true(hash_equal(&a.position.previous, &before));
    before = position_id(&a.position);
    /* The act itself is the same, at the same place. */
    assert_true(hash_equal(&a.position.act, &was[i].position.act));
    assert_true(bytes_equal(buf_bytes(&a.signature), buf_bytes(&was[i].signature)));
    assert_int_equal(a.first, was[i].first);
    assert_int_equal(a.count, 1);
    expect_state(&c, &unsent[i], "unsent");
    act_record_release(&a);
    act_record_release(&was[i]);
  }
  struct act_record a = act_of(&c, &sent[1]);
  assert_int_equal(a.position.number, 2);
  assert_false(hash_equal(&a.position.replica, &c.id));
  act_record_release(&a);
  uint64_t number;
  struct hash newest;
  assert_int_equal(store_chain(c.m->store, &c.id, &number, &newest), OK);
  assert_true(number == 3 && hash_equal(&newest, &before));
  struct hash next = a_child(&c, "Next");
  world_sync(&c.w, c.m);
  assert_int_equal(store_outbox_count(c.m->store, NULL), 0);
  for (int i = 0; i < 3; i++)
    expect_state(&c, &unsent[i], "accepted");
  expect_state(&c, &next, "accepted");
  scene_close(&c);
}

/* The answer to the last sync under the old key was lost: the node had the acts already. */
static void what_was_had_is_not_had_twice(void **state) {
  struct scene c;
  struct buf request = {0}, answer = {0};
  struct exchange_replica r;
  size_t count;
  (void)state;
  scene_open(&c, 2);
  struct hash child = a_child(&c, "Sent, and no answer");
  r = (struct exchange_replica){c.m->store, c.m->replica_key};
  assert_int_equal(exchange_request(&r, &request, &count), OK);
  assert_int_equal(exchange_answer(&c.w.node, &c.m->replica, buf_bytes(&request), c.w.now_s, &answer), OK);
  enrol(&c);
  assert_int_equal(renew(&c), 1);
  world_sync(&c.w, c.m);
  expect_state(&c, &child, "accepted");
  assert_int_equal(store_outbox_count(c.m->store, NULL), 0);
  buf_release(&request);
  buf_release(&answer);
  scene_close(&c);
}

/* Refused acts are done with, and held ones wait for the keeper, under the position that they had. */
static void what_is_decided_about_stays(void **state) {
  struct scene c;
  struct verdict v;
  struct hash refused;
  (void)state;
  scene_open(&c, 3);
  struct draft d = WORLD_DRAFT("agency.add", {"name", "Of my own"}, {"type", "other"});
  assert_int_equal(world_write(&c.w, c.m, &d, 1, ACCEPT_WRITE_ANYWAY, &v), OK);
  assert_int_equal(author_id_of(c.m->store, v.first, &refused), OK);
  world_sync(&c.w, c.m);
  expect_state(&c, &refused, "refused");
  struct hash unsent = a_child(&c, "Unsent");
  enrol(&c);
  assert_int_equal(renew(&c), 1);
  expect_state(&c, &refused, "refused");
  struct act_record a = act_of(&c, &refused);
  assert_false(hash_equal(&a.position.replica, &c.id));
  act_record_release(&a);
  world_sync(&c.w, c.m);
  expect_state(&c, &unsent, "accepted");
  assert_int_equal(store_outbox_count(c.m->store, NULL), 1);
  scene_close(&c);
}

struct hold {
  struct hash id;
  char state[32];
};

static enum err note_hold(void *of, const struct hold_row *row) {
  struct hold *h = of;
  h->id = row->id;
  memset(h->state, 0, sizeof h->state);
  memcpy(h->state, row->state.at, row->state.len);
  return OK;
}

static void decide(struct scene *c, const char *kind, const struct hash *hold) {
  struct hash_hex id = hash_hex(hold);
  struct record r = {0};
  struct verdict v;
  assert_int_equal(store_find(c->keeper->store, hold, &r), OK);
  struct draft d = WORLD_DRAFT(kind, {"hold", id.s}, {"reason", "because"});
  d.to = r.entry.to;
  d.to_count = r.entry.to_count;
  assert_int_equal(world_write(&c->w, c->keeper, &d, 1, ACCEPT_WRITE, &v), OK);
  record_release(&r);
  world_sync(&c->w, c->keeper);
}

/* Sent under the old key after it was revoked: held; then sent again under the new one. */
static void held_under_the_old_key(void **state) {
  static const char *const decisions[] = {NULL, "held.release", "held.reject"};
  static const char *const states[] = {"accepted", "accepted", "refused"};
  static const char *const holds[] = {"accepted since", "released", "rejected"};
  (void)state;
  for (size_t i = 0; i < 3; i++) {
    struct scene c;
    struct hold hold = {0};
    scene_open(&c, 4 + i);
    struct hash child = a_child(&c, "Sent too late");
    enrol(&c);
    assert_int_equal(world_exchange(&c.w, c.m, NULL), ERR_KEY);
    world_sync(&c.w, c.keeper);
    assert_int_equal(directory_each_hold(c.keeper->store, &hold, note_hold), OK);
    assert_string_equal(hold.state, "held");
    if (decisions[i])
      decide(&c, decisions[i], &hold.id);
    assert_int_equal(renew(&c), 1);
    world_sync(&c.w, c.m);
    expect_state(&c, &child, states[i]);
    world_sync(&c.w, c.keeper);
    assert_int_equal(directory_each_hold(c.keeper->store, &hold, note_hold), OK);
    assert_string_equal(hold.state, holds[i]);
    /* The keeper may still say something about what was accepted since; it changes nothing. */
    if (i == 0)
      decide(&c, "held.release", &hold.id);
    assert_int_equal(store_outbox_count(c.m->store, NULL), i == 2 ? 1 : 0);
    scene_close(&c);
  }
}

/* Of what everybody receives everybody sees that it was held, whichever way it came in then. */
static void who_receives_it_receives_the_hold(void **state) {
  struct scene c;
  struct hold hold = {0};
  struct record r = {0};
  (void)state;
  scene_open_as(&c, 13, "practitioner officer");
  struct hash health = world_agency(&c.w, "NHS", "health");
  struct world_member *nurse = world_join(&c.w, &health, "Ben Ford", "practitioner");
  world_sync(&c.w, c.m);
  struct hash_hex keeper = hash_hex(&c.keeper->person);
  struct hash given = world_record(
      &c.w, c.m, WORLD_DRAFT("role.give", {"person", keeper.s}, {"role", "chair"}, {"from", "2026-11-21"}));
  enrol(&c);
  assert_int_equal(world_exchange(&c.w, c.m, NULL), ERR_KEY);
  world_sync(&c.w, c.keeper);
  world_sync(&c.w, nurse);
  assert_int_equal(directory_each_hold(c.keeper->store, &hold, note_hold), OK);
  assert_int_equal(store_find(nurse->store, &hold.id, &r), ERR_ABSENT);
  assert_int_equal(renew(&c), 1);
  world_sync(&c.w, c.m);
  expect_state(&c, &given, "accepted");
  world_sync(&c.w, nurse);
  assert_int_equal(store_find(nurse->store, &given, &r), OK);
  record_release(&r);
  assert_int_equal(store_find(nurse->store, &hold.id, &r), OK);
  record_release(&r);
  scene_close(&c);
}

static void follow_ledger(struct scene *c, const struct hash *ledger) {
  assert_int_equal(store_begin(c->m->store), OK);
  assert_int_equal(store_meta_set(c->m->store, "ledger", hash_bytes(ledger)), OK);
  assert_int_equal(store_commit(c->m->store), OK);
}

/* The same authority may certify for another ledger. */
static void another_ledger(struct scene *c, struct bytes answer) {
  struct hash ledger, another = {{1}};
  uint64_t moved;
  assert_int_equal(store_meta_hash(c->m->store, "ledger", &ledger), OK);
  follow_ledger(c, &another);
  assert_int_equal(take(c, answer, &moved), ERR_KEY);
  follow_ledger(c, &ledger);
}

static void expect_authority(struct scene *c, struct bytes wanted) {
  struct buf authority = {0};
  assert_int_equal(store_meta(c->m->store, "authority", &authority), OK);
  assert_true(bytes_equal(buf_bytes(&authority), wanted));
  buf_release(&authority);
}

/* It was away, and asks by the authority that it knows; that another came after it, only a sync tells. */
static void an_authority_that_it_has_not_heard_of(void **state) {
  struct scene c;
  struct former first, second;
  (void)state;
  scene_open(&c, 12);
  struct hash unsent = a_child(&c, "Unsent");
  handover_turn(&c.w, TURN_AUTHORITY, &first);
  handover_turn(&c.w, TURN_LEDGER | TURN_OPERATING | TURN_AUTHORITY, &second);
  world_sync(&c.w, c.officer);
  enrol(&c);
  assert_int_equal(world_exchange(&c.w, c.m, NULL), ERR_KEY);
  assert_int_equal(renew(&c), 1);
  expect_authority(&c, buf_bytes(&first.authority_cert));
  world_sync(&c.w, c.m);
  expect_authority(&c, buf_bytes(&c.w.authority_cert));
  expect_state(&c, &unsent, "accepted");
  former_release(&first);
  former_release(&second);
  scene_close(&c);
}

/* What does not fit leaves the store as it was. */
static void answers_that_do_not_fit(void **state) {
  struct scene c, other;
  struct buf answer = {0}, of_other = {0}, of_officer = {0};
  uint64_t moved = 77;
  (void)state;
  scene_open(&c, 9);
  a_child(&c, "Unsent");
  enrol(&c);
  ask(&c, c.m, &answer);
  ask(&c, c.officer, &of_officer);
  scene_open(&other, 10);
  enrol(&other);
  ask(&other, other.m, &of_other);
  struct hash before = world_digest(c.m->store);
  struct key *mine = c.key;
  assert_int_equal(take(&c, buf_bytes(&of_officer), &moved), ERR_KEY);
  assert_int_equal(take(&c, buf_bytes(&of_other), &moved), ERR_KEY);
  another_ledger(&c, buf_bytes(&answer));
  c.key = c.officer->replica_key;
  assert_int_equal(take(&c, buf_bytes(&answer), &moved), ERR_KEY);
  c.key = mine;
  for (size_t i = 0; i < answer.len; i++) {
    uint8_t *cut = malloc(i + 1);
    memcpy(cut, answer.at, i);
    assert_int_not_equal(take(&c, bytes_of(cut, i), &moved), OK);
    free(cut);
  }
  struct hash after = world_digest(c.m->store);
  assert_true(hash_equal(&before, &after) && moved == 77);
  assert_int_equal(take(&c, buf_bytes(&answer), &moved), OK);
  assert_int_equal(moved, 1);
  buf_release(&answer);
  buf_release(&of_other);
  buf_release(&of_officer);
  scene_close(&other);
  scene_close(&c);
}

/* Where nothing waits nothing is moved, and what is written next is the first of the new chain. */
static void an_empty_outbox(void **state) {
  struct scene c;
  struct buf answer = {0};
  uint64_t moved = 0, number;
  struct hash newest, before;
  (void)state;
  scene_open(&c, 11);
  enrol(&c);
  ask(&c, c.m, &answer);
  assert_int_equal(take(&c, buf_bytes(&answer), &moved), OK);
  assert_int_equal(moved, 0);
  assert_int_equal(store_chain(c.m->store, &c.id, &number, &newest), OK);
  assert_true(number == 0 && hash_is_zero(&newest));
  assert_int_equal(store_views_digest(c.m->store, &before), OK);
  become_new(&c);
  struct hash child = a_child(&c, "Under the new key");
  struct act_record a = act_of(&c, &child);
  assert_int_equal(a.position.number, 1);
  act_record_release(&a);
  struct hash kept, rebuilt;
  assert_int_equal(store_views_digest(c.m->store, &kept), OK);
  assert_int_equal(store_begin(c.m->store), OK);
  assert_int_equal(store_outbox_reposition(c.m->store, &c.id, &moved), OK);
  assert_int_equal(moved, 1);
  store_rollback(c.m->store);
  assert_int_equal(store_begin(c.m->store), OK);
  assert_int_equal(store_rebuild(c.m->store), OK);
  assert_int_equal(store_commit(c.m->store), OK);
  assert_int_equal(store_views_digest(c.m->store, &rebuilt), OK);
  assert_true(hash_equal(&kept, &rebuilt));
  world_sync(&c.w, c.m);
  expect_state(&c, &child, "accepted");
  buf_release(&answer);
  scene_close(&c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(positions_begin_anew),
      cmocka_unit_test(what_was_had_is_not_had_twice),
      cmocka_unit_test(what_is_decided_about_stays),
      cmocka_unit_test(held_under_the_old_key),
      cmocka_unit_test(who_receives_it_receives_the_hold),
      cmocka_unit_test(answers_that_do_not_fit),
      cmocka_unit_test(an_empty_outbox),
      cmocka_unit_test(an_authority_that_it_has_not_heard_of),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
