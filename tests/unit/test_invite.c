/* Invitations: who may write them, what the node enrols by them, and the rules, each kept and broken. */
#include "core/invitation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/lib/world.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define DAY_S ((int64_t)86400)

static struct world w;
static struct hash council, health, police;
static struct world_member *admin, *officer;

static int open_world(void **state) {
  (void)state;
  world_open(&w, 17);
  council = world_agency(&w, "Council", "other");
  health = world_agency(&w, "Health", "health");
  police = world_agency(&w, "Police", "police");
  admin = world_join(&w, &council, "Ada", "administrator");
  officer = world_join(&w, &health, "Aileen", "officer");
  world_sync(&w, admin);
  return 0;
}

static int close_world(void **state) {
  (void)state;
  world_close(&w);
  return 0;
}

/* ---- writing invitations ---- */

struct invite {
  struct hash agency;
  const char *roles[3], *trained;
  int64_t until_s;
  char secret; /* the hash is this digit 64 times */
};

/* Written by a member and sent; the rule that it broke, here or there, or "". */
static const char *send_invite(struct world_member *m, const struct invite *i, struct hash *id_out) {
  static char rule[32];
  struct hash_hex agency = hash_hex(&i->agency);
  struct text_time until = text_time_format(i->until_s);
  char secret[65];
  struct draft_value values[9] = {{"agency", agency.s}, {"secret", secret}, {"until", until.s}, {"name", "Rab"}};
  size_t count = 4;
  struct verdict v;
  memset(secret, i->secret, 64);
  secret[64] = '\0';
  for (size_t r = 0; r < 3 && i->roles[r]; r++)
    values[count++] = (struct draft_value){"role", i->roles[r]};
  if (i->trained)
    values[count++] = (struct draft_value){"trained", i->trained};
  struct draft d = world_draft("invite.person", values, count);
  world_must(world_write(&w, m, &d, 1, ACCEPT_WRITE, &v), "inviting");
  snprintf(rule, sizeof rule, "%s", v.code == VERDICT_ACCEPTED ? "" : v.rule);
  if (v.code != VERDICT_ACCEPTED)
    return rule;
  world_must(author_id_of(m->store, v.first, id_out), "inviting");
  struct exchange_report report = {0};
  world_must(world_exchange(&w, m, &report), "inviting");
  return report.refused ? "refused by the node" : rule;
}

static void who_invites_whom(void **state) {
  (void)state;
  int64_t now = w.now_s;
  const struct {
    const char *what;
    struct world_member *by;
    struct invite invite;
    const char *rule;
  } cases[] = {
      {"an administrator an officer", admin, {health, {"officer"}, NULL, now + DAY_S, '1'}, ""},
      {"an administrator all that they may give",
       admin,
       {health, {"officer", "keeper", "auditor"}, NULL, now + DAY_S, '2'},
       ""},
      {"an administrator a practitioner", admin, {health, {"practitioner"}, NULL, now + DAY_S, '3'}, "permission"},
      {"one role of two is not theirs",
       admin,
       {health, {"officer", "practitioner"}, NULL, now + DAY_S, '3'},
       "permission"},
      {"an officer a colleague", officer, {health, {"practitioner", "chair"}, NULL, now + DAY_S, '4'}, ""},
      {"an officer to another agency", officer, {police, {"practitioner"}, NULL, now + DAY_S, '5'}, "permission"},
      {"an officer a keeper", officer, {health, {"keeper"}, NULL, now + DAY_S, '5'}, "permission"},
      {"A-011 for 60 days", officer, {health, {"chair"}, NULL, now + 60 * DAY_S, '5'}, ""},
      {"A-011 for a second more", officer, {health, {"chair"}, NULL, now + 60 * DAY_S + 1, '6'}, "refused by the node"},
      {"A-011 until now", officer, {health, {"chair"}, NULL, now, '7'}, "refused by the node"},
      {"A-012 a secret of somebody else's", officer, {health, {"chair"}, NULL, now + DAY_S, '1'}, "A-012"},
      {"A-013 a minute-taker", officer, {health, {"minute-taker"}, "2026-01-01", now + DAY_S, '8'}, ""},
      {"A-013 a minute-taker without training", officer, {health, {"minute-taker"}, NULL, now + DAY_S, '9'}, "A-013"},
  };
  world_sync(&w, officer);
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct hash id;
    world_sync(&w, cases[i].by);
    const char *rule = send_invite(cases[i].by, &cases[i].invite, &id);
    if (strcmp(rule, cases[i].rule) != 0)
      fail_msg("%s: \"%s\"", cases[i].what, rule);
  }
}

/* ---- enrolling ---- */

/* The node enrols somebody by an invitation (NULL: by none); what it was refused for, or "". */
static const char *enrol(const struct hash *agency, const char *name, const char *post, const struct hash *invitation) {
  static char rule[32];
  struct key *key = key_new(), *seal_key = key_new();
  struct buf spki = {0}, seal = {0};
  struct hash_hex a = hash_hex(agency), i;
  struct verdict v;
  text_base64_encode(&spki, key_spki(key));
  text_base64_encode(&seal, key_spki(seal_key));
  struct draft_value values[6] = {
      {"agency", a.s}, {"sign", buf_cstr(&spki)}, {"seal", buf_cstr(&seal)}, {"name", name}};
  size_t count = 4;
  if (post)
    values[count++] = (struct draft_value){"post", post};
  if (invitation) {
    i = hash_hex(invitation);
    values[count++] = (struct draft_value){"invitation", i.s};
  }
  struct draft d = world_draft("person.add", values, count);
  enum err e = world_node_write(&w, &d, 1, &v);
  snprintf(rule, sizeof rule, "%.5s", e == OK ? "" : err_words(e));
  key_free(key);
  key_free(seal_key);
  buf_release(&spki);
  buf_release(&seal);
  return rule;
}

static struct hash invited(char secret) {
  struct hash id;
  world_sync(&w, admin);
  assert_string_equal(send_invite(admin, &(struct invite){health, {"officer"}, NULL, w.now_s + DAY_S, secret}, &id),
                      "");
  return id;
}

static void expect_state(const struct hash *id, enum invitation_state state);

static void withdraw(const struct hash *id, const char *rule) {
  struct hash_hex hex = hash_hex(id);
  struct draft d = WORLD_DRAFT("invite.withdraw", {"invitation", hex.s});
  struct verdict v;
  world_sync(&w, admin);
  assert_int_equal(world_write(&w, admin, &d, 1, ACCEPT_WRITE, &v), OK);
  assert_string_equal(v.code == VERDICT_ACCEPTED ? "" : v.rule, rule);
  world_sync(&w, admin);
}

static void the_node_enrols_who_was_invited(void **state) {
  (void)state;
  struct hash id = invited('1');
  assert_string_equal(enrol(&health, "Rab", NULL, NULL), "A-014");
  assert_string_equal(enrol(&health, "Rob", NULL, &id), "A-015");
  assert_string_equal(enrol(&police, "Rab", NULL, &id), "A-015");
  assert_string_equal(enrol(&health, "Rab", "nurse", &id), "A-015");
  expect_state(&id, INVITATION_OPEN);
  assert_string_equal(enrol(&health, "Rab", NULL, &id), "");
  expect_state(&id, INVITATION_USED);
  assert_string_equal(enrol(&health, "Rab", NULL, &id), "A-015");
  withdraw(&id, "A-016");
}

static void until_the_last_second(void **state) {
  (void)state;
  struct hash first = invited('1'), second = invited('2');
  w.now_s += DAY_S;
  assert_string_equal(enrol(&health, "Rab", NULL, &first), "");
  expect_state(&second, INVITATION_OPEN);
  w.now_s++;
  expect_state(&second, INVITATION_EXPIRED);
  assert_string_equal(enrol(&health, "Rab", NULL, &second), "A-015");
}

static void withdrawn(void **state) {
  (void)state;
  struct hash id = invited('1');
  withdraw(&id, "");
  expect_state(&id, INVITATION_WITHDRAWN);
  assert_string_equal(enrol(&health, "Rab", NULL, &id), "A-015");
  withdraw(&id, "A-016");
}

static void revoke(const char *kind, const char *field, const struct hash *what) {
  struct hash_hex hex = hash_hex(what);
  struct draft d = WORLD_DRAFT(kind, {field, hex.s}, {"why", "lost"});
  struct verdict v;
  world_must(world_node_write(&w, &d, 1, &v), kind);
}

static void whoever_invited_was_revoked(void **state) {
  static const char *const kinds[] = {"key.revoke", "person.revoke", "agency.revoke"};
  static const char *const fields[] = {"key", "person", "agency"};
  (void)state;
  for (size_t i = 0; i < COUNT(kinds); i++) {
    struct hash id = invited((char)('1' + i));
    expect_state(&id, INVITATION_OPEN);
    const struct hash *what[] = {&admin->person, &admin->person, &health};
    revoke(kinds[i], fields[i], what[i]);
    expect_state(&id, INVITATION_REVOKED);
    assert_string_equal(enrol(&health, "Rab", NULL, &id), "A-015");
    admin = world_join(&w, &council, "Ada", "administrator");
  }
}

static void an_officer_needs_none(void **state) {
  (void)state;
  struct hash id = invited('1');
  struct key *key = key_new(), *seal_key = key_new();
  struct buf spki = {0}, seal = {0};
  struct hash_hex agency = hash_hex(&health), invitation = hash_hex(&id);
  struct verdict v;
  world_sync(&w, officer);
  text_base64_encode(&spki, key_spki(key));
  text_base64_encode(&seal, key_spki(seal_key));
  struct draft with = WORLD_DRAFT("person.add", {"agency", agency.s}, {"sign", buf_cstr(&spki)},
                                  {"seal", buf_cstr(&seal)}, {"name", "Rab"}, {"invitation", invitation.s}),
               without = WORLD_DRAFT("person.add", {"agency", agency.s}, {"sign", buf_cstr(&spki)},
                                     {"seal", buf_cstr(&seal)}, {"name", "Rab"});
  assert_int_equal(world_write(&w, officer, &with, 1, ACCEPT_WRITE, &v), OK);
  assert_string_equal(v.rule, "A-014");
  assert_int_equal(world_write(&w, officer, &without, 1, ACCEPT_WRITE, &v), OK);
  assert_int_equal(v.code, VERDICT_ACCEPTED);
  key_free(key);
  key_free(seal_key);
  buf_release(&spki);
  buf_release(&seal);
}

/* ---- what is shown ---- */

struct looking {
  const struct hash *id;
  enum invitation_state state;
  size_t count, found;
  bool is_pending;
};

static enum err look(void *of, const struct invitation *i) {
  struct looking *l = of;
  l->count++;
  if (hash_equal(&i->id, l->id)) {
    l->found++;
    l->state = i->state;
    l->is_pending = i->is_pending;
    assert_int_equal(i->state == INVITATION_USED, !hash_is_zero(&i->key));
  }
  return OK;
}

static void expect_state(const struct hash *id, enum invitation_state state) {
  struct looking l = {.id = id};
  assert_int_equal(invitation_each(w.node.store, w.now_s, &l, look), OK);
  assert_int_equal(l.found, 1);
  assert_string_equal(invitation_state_word(l.state), invitation_state_word(state));
}

static void what_is_shown(void **state) {
  (void)state;
  struct hash id = invited('1'), secret = {{0}}, none = {{1}};
  struct invitation i = {0};
  struct looking l = {.id = &id};
  memset(secret.at, 0x11, sizeof secret.at);
  assert_int_equal(invitation_each(admin->store, w.now_s, &l, look), OK);
  assert_int_equal(l.count, 3); /* those of the two who are here, by the node */
  assert_false(l.is_pending);
  assert_int_equal(invitation_find(admin->store, &none, w.now_s, &i), ERR_ABSENT);
  assert_int_equal(invitation_find(admin->store, &secret, w.now_s, &i), OK);
  assert_true(hash_equal(&i.id, &id));
  assert_string_equal(buf_cstr(&i.name), "Rab");
  assert_string_equal(buf_cstr(&i.agency_name), "Health");
  assert_string_equal(buf_cstr(&i.roles), "officer");
  struct hash by = key_id(admin->key);
  assert_true(hash_equal(&i.by, &by));
  invitation_release(&i);
  world_check_views(admin->store, "views");
}

static enum err find_officers(void *of, const struct invitation *i) {
  struct hash person = key_id(officer->key);
  if (hash_equal(&i->key, &person)) {
    assert_true(hash_equal(&i->machine, &officer->replica));
    assert_true(hash_equal(&i->person, &officer->person));
    ++*(int *)of;
  }
  return OK;
}

static void whose_fingerprints(void **state) {
  int found = 0;
  (void)state;
  world_sync(&w, admin);
  assert_int_equal(invitation_each(admin->store, w.now_s, &found, find_officers), OK);
  assert_int_equal(found, 1);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_world, close_world)
  const struct CMUnitTest tests[] = {
      TEST(who_invites_whom),
      TEST(the_node_enrols_who_was_invited),
      TEST(until_the_last_second),
      TEST(withdrawn),
      TEST(whoever_invited_was_revoked),
      TEST(an_officer_needs_none),
      TEST(what_is_shown),
      TEST(whose_fingerprints),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
