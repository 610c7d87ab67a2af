/* What one person may not do alone: held until a second person, who may do it as well, confirms it or not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/second.h"
#include "tests/lib/world.h"

struct scene {
  struct world w;
  struct hash agency;
  struct world_member *anna, *brian; /* administrators */
  struct world_member *keeper, *officer, *other_officer, *ian;
  struct exchange_report report;
};

static void sync_all(struct scene *c) {
  for (int round = 0; round < 2; round++)
    for (size_t i = 0; i < c->w.count; i++)
      world_sync(&c->w, &c->w.members[i]);
}

static void require(struct scene *c, struct world_member *by, size_t count, const char *const *kinds) {
  struct draft_value values[8] = {{"reason", "practice"}};
  for (size_t i = 0; i < count; i++)
    values[i + 1] = (struct draft_value){"kind", kinds[i]};
  world_record(&c->w, by, world_draft("two-persons.require", values, count + 1));
}

#define REQUIRE(c, by, ...)                                                                                            \
  require(c, by, sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *), (const char *const[]){__VA_ARGS__})

static void make_scene(struct scene *c, uint64_t seed) {
  world_open(&c->w, seed);
  struct hash social_work = world_agency(&c->w, "Social Work Services", "social-work");
  struct hash police = world_agency(&c->w, "Police Scotland", "police");
  world_join(&c->w, &social_work, "Anna Reid", "administrator");
  world_join(&c->w, &social_work, "Brian Hay", "administrator practitioner");
  world_join(&c->w, &social_work, "Kirsty Gow", "keeper");
  world_join(&c->w, &social_work, "Morag Reid", "officer");
  world_join(&c->w, &police, "Iain Kerr", "officer");
  world_join(&c->w, &social_work, "Ian Weir", "practitioner");
  sync_all(c);
  REQUIRE(c, &c->w.members[0], "agency.add", "role.give:keeper", "role.take:keeper", "two-persons.require");
  sync_all(c);
  world_keep(&c->w);
}

/* The first seed is that of all. */
static void scene_open(struct scene *c, uint64_t seed) {
  memset(c, 0, sizeof *c);
  if (!world_again(&c->w))
    make_scene(c, seed);
  struct world_member **const members[] = {&c->anna, &c->brian, &c->keeper, &c->officer, &c->other_officer, &c->ian};
  for (size_t i = 0; i < sizeof members / sizeof *members; i++)
    *members[i] = &c->w.members[i];
  c->agency = c->anna->agency;
}

static enum verdict_code outcome(const struct exchange_report *r) {
  return r->held ? VERDICT_HELD : r->refused ? VERDICT_REFUSED : VERDICT_ACCEPTED;
}

/* Writes and syncs; its id in *id. */
static enum verdict_code send(struct scene *c, struct world_member *by, struct draft d, enum accept_how how,
                              struct hash *id) {
  struct verdict v;
  assert_int_equal(world_write(&c->w, by, &d, 1, how, &v), OK);
  assert_int_equal(v.code, VERDICT_ACCEPTED);
  if (id)
    assert_int_equal(author_id_of(by->store, v.first, id), OK);
  memset(&c->report, 0, sizeof c->report);
  world_must(world_exchange(&c->w, by, &c->report), "a sync");
  sync_all(c);
  return outcome(&c->report);
}

static struct draft give(struct hash_hex *who, const struct world_member *m, const char *role) {
  static struct draft_value values[3];
  *who = hash_hex(&m->person);
  values[0] = (struct draft_value){"person", who->s};
  values[1] = (struct draft_value){"role", role};
  values[2] = (struct draft_value){"from", "2026-11-21"};
  return world_draft("role.give", values, 3);
}

static enum err last_hold(void *of, const struct hold_row *row) {
  if (bytes_equal_str(row->state, "held"))
    *(struct hash *)of = row->id;
  return OK;
}

static struct hash find_hold(struct scene *c) {
  struct hash hold = {{0}};
  assert_int_equal(directory_each_hold(c->w.node.store, &hold, last_hold), OK);
  assert_false(hash_is_zero(&hold));
  return hold;
}

/* Decides at the replica, or where that is refused by hand at the node; the rule that refuses it, or "". */
static void decide(struct scene *c, struct world_member *by, const char *kind, const char *rule) {
  struct hash hold = find_hold(c);
  struct hash_hex hex = hash_hex(&hold);
  struct record r = {0};
  struct verdict v;
  assert_int_equal(store_find(by->store, &hold, &r), OK);
  struct draft d = WORLD_DRAFT(kind, {"hold", hex.s}, {"reason", "because"});
  d.to = r.entry.to;
  d.to_count = r.entry.to_count;
  assert_int_equal(world_write(&c->w, by, &d, 1, ACCEPT_WRITE, &v), OK);
  assert_int_equal(v.code, rule[0] ? VERDICT_REFUSED : VERDICT_ACCEPTED);
  if (rule[0]) {
    assert_string_equal(v.rule, rule);
    assert_int_equal(send(c, by, d, ACCEPT_WRITE_ANYWAY, NULL), VERDICT_REFUSED);
  }
  record_release(&r);
  sync_all(c);
}

/* Who has no part in it is not told that anything waits, and cannot name what they were not told of. */
static void expect_hidden(struct scene *c, struct world_member *by) {
  struct hash hold = find_hold(c), to = key_id(by->key);
  struct hash_hex hex = hash_hex(&hold);
  struct record r = {0};
  struct verdict v;
  assert_int_equal(store_find(by->store, &hold, &r), ERR_ABSENT);
  struct draft d = WORLD_DRAFT("held.release", {"hold", hex.s}, {"reason", "because"});
  d.to = &to;
  d.to_count = 1;
  assert_int_equal(world_write(&c->w, by, &d, 1, ACCEPT_WRITE_ANYWAY, &v), OK);
  assert_int_equal(v.code, VERDICT_REFUSED);
  assert_string_equal(v.rule, "reference");
}

static void expect_state(struct world_member *m, const struct hash *id, const char *state) {
  struct record r = {0};
  assert_int_equal(store_find(m->store, id, &r), OK);
  assert_string_equal(r.state, state);
  record_release(&r);
}

static unsigned roles_of(struct scene *c, const struct world_member *m) {
  struct hash key = key_id(m->key);
  struct author a;
  assert_int_equal(directory_author(c->w.node.store, &key, c->w.now_s, &a), OK);
  return a.roles;
}

/* ---- what waits ---- */

static void what_waits(void **state) {
  struct scene c;
  struct hash_hex who;
  struct verdict v;
  (void)state;
  scene_open(&c, 1);
  struct draft keeper = give(&who, c.ian, "keeper");
  assert_int_equal(world_write(&c.w, c.anna, &keeper, 1, ACCEPT_WRITE, &v), OK);
  assert_true(v.waits);
  sync_all(&c);
  assert_int_equal(roles_of(&c, c.ian), 1u << ROLE_PRACTITIONER);
  struct draft auditor = give(&who, c.ian, "auditor");
  assert_int_equal(world_write(&c.w, c.anna, &auditor, 1, ACCEPT_WRITE, &v), OK);
  assert_false(v.waits);
  world_sync(&c.w, c.anna);
  assert_int_equal(roles_of(&c, c.ian), 1u << ROLE_PRACTITIONER | 1u << ROLE_AUDITOR);
  assert_int_equal(send(&c, c.anna, WORLD_DRAFT("agency.add", {"name", "NHS"}, {"type", "health"}), ACCEPT_WRITE, NULL),
                   VERDICT_HELD);
  /* What would be refused anyway is refused at once, and bothers nobody. */
  assert_int_equal(
      send(&c, c.ian, WORLD_DRAFT("agency.add", {"name", "My own"}, {"type", "other"}), ACCEPT_WRITE_ANYWAY, NULL),
      VERDICT_REFUSED);
  world_close(&c.w);
}

/* Those who may do it themselves hear of it, and what they see is the act that waits. */
static void who_hears(void **state) {
  struct scene c;
  struct hash_hex who;
  struct record r = {0};
  struct second_act a = {0};
  (void)state;
  scene_open(&c, 2);
  struct draft d = give(&who, c.ian, "keeper");
  send(&c, c.anna, d, ACCEPT_WRITE, NULL);
  struct hash hold = find_hold(&c), anna = key_id(c.anna->key), brian = key_id(c.brian->key);
  assert_int_equal(store_find(c.brian->store, &hold, &r), OK);
  assert_int_equal(r.entry.to_count, 2);
  for (size_t i = 0; i < 2; i++)
    assert_true(hash_equal(&r.entry.to[i], &anna) || hash_equal(&r.entry.to[i], &brian));
  assert_int_equal(second_act_load(c.brian->store, &hold, &a), OK);
  assert_int_equal(a.count, 1);
  assert_true(bytes_equal_str(entry_fact(&a.entries[0], "role"), "keeper"));
  assert_true(hash_equal(entry_ref(&a.entries[0], "person"), &c.ian->person));
  assert_non_null(a.said[0]);
  second_act_release(&a);
  record_release(&r);
  assert_int_equal(second_act_load(c.brian->store, &c.agency, &a), ERR_ABSENT);
  world_close(&c.w);
}

/* A node that shows one act and holds another convinces nobody; nor does one that shows nothing. */
static void what_is_shown_is_what_is_held(void **state) {
  struct scene c;
  struct hash_hex who;
  struct second_act shown = {0}, a = {0};
  struct verdict v;
  (void)state;
  scene_open(&c, 13);
  struct draft d = give(&who, c.ian, "keeper");
  send(&c, c.anna, d, ACCEPT_WRITE, NULL);
  struct hash hold = find_hold(&c), other = {{7}}, forged;
  assert_int_equal(second_act_load(c.w.node.store, &hold, &shown), OK);
  struct hash_hex right = hash_hex(&shown.act), wrong = hash_hex(&other), author = hash_hex(&shown.author),
                  stranger = hash_hex(&c.brian->replica), replica = hash_hex(&c.anna->replica);
  const struct {
    const char *act, *author;
    size_t values;
  } cases[] = {{right.s, author.s, 11}, {wrong.s, author.s, 11}, {right.s, stranger.s, 11}, {right.s, author.s, 10}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const struct draft_value values[] = {
        {"replica", replica.s},
        {"number", "1"},
        {"previous", wrong.s},
        {"act", cases[i].act},
        {"author", cases[i].author},
        {"rule", "two-persons"},
        {"words", "x"},
        {"written", "x"},
        {"what", "role.give"},
        {"said", "-"},
        {"header", buf_cstr(&shown.headers[0])},
    };
    struct draft forgery = world_draft("act.hold", values, cases[i].values);
    struct hash to = key_id(c.brian->key);
    forgery.to = &to;
    forgery.to_count = 1;
    assert_int_equal(world_node_write(&c.w, &forgery, 1, &v), OK);
    assert_int_equal(author_id_of(c.w.node.store, v.first, &forged), OK);
    assert_int_equal(second_act_load(c.w.node.store, &forged, &a), i == 0 ? OK : ERR_PROOF);
    second_act_release(&a);
  }
  sync_all(&c);
  decide(&c, c.brian, "held.release", "permission"); /* about the last one */
  second_act_release(&shown);
  world_close(&c.w);
}

/* ---- who decides ---- */

static void another_person_confirms(void **state) {
  struct scene c;
  struct hash_hex who;
  struct hash id;
  (void)state;
  scene_open(&c, 3);
  struct draft d = give(&who, c.ian, "keeper");
  assert_int_equal(send(&c, c.anna, d, ACCEPT_WRITE, &id), VERDICT_HELD);
  expect_state(c.anna, &id, "held");
  decide(&c, c.anna, "held.release", "permission");
  decide(&c, c.keeper, "held.release", "permission");
  decide(&c, c.keeper, "held.reject", "permission");
  decide(&c, c.officer, "held.release", "permission");
  decide(&c, c.ian, "held.release", "permission");
  expect_state(c.anna, &id, "held");
  decide(&c, c.brian, "held.release", "");
  expect_state(c.anna, &id, "accepted");
  assert_int_equal(store_outbox_count(c.anna->store, NULL), 1); /* her own decision, which was refused */
  assert_int_equal(roles_of(&c, c.ian), 1u << ROLE_PRACTITIONER | 1u << ROLE_KEEPER);
  world_close(&c.w);
}

static void another_person_rejects(void **state) {
  struct scene c;
  struct hash_hex who;
  struct hash id;
  (void)state;
  scene_open(&c, 4);
  struct draft d = give(&who, c.ian, "keeper");
  send(&c, c.anna, d, ACCEPT_WRITE, &id);
  decide(&c, c.brian, "held.reject", "");
  expect_state(c.anna, &id, "refused");
  assert_int_equal(roles_of(&c, c.ian), 1u << ROLE_PRACTITIONER);
  world_close(&c.w);
}

/* A further key of the author's is no second person. */
static void not_the_same_person_with_another_key(void **state) {
  struct scene c;
  struct hash_hex who, anna;
  struct buf spki = {0}, seal = {0};
  (void)state;
  scene_open(&c, 5);
  struct key *spare = key_new(), *spare_seal = key_new(), *first = c.anna->key;
  text_base64_encode(&spki, key_spki(spare));
  text_base64_encode(&seal, key_spki(spare_seal));
  anna = hash_hex(&c.anna->person);
  assert_int_equal(
      send(&c, c.anna,
           WORLD_DRAFT("person.key", {"person", anna.s}, {"sign", buf_cstr(&spki)}, {"seal", buf_cstr(&seal)}),
           ACCEPT_WRITE, NULL),
      VERDICT_ACCEPTED);
  struct draft d = give(&who, c.ian, "keeper");
  assert_int_equal(send(&c, c.anna, d, ACCEPT_WRITE, NULL), VERDICT_HELD);
  c.anna->key = spare;
  decide(&c, c.anna, "held.release", "permission");
  key_free(first);
  key_free(spare_seal);
  buf_release(&spki);
  buf_release(&seal);
  world_close(&c.w);
}

/* An officer's word counts in the officer's own agency: the second person's, too. */
static void an_officer_of_the_same_agency(void **state) {
  struct scene c;
  struct hash_hex who;
  (void)state;
  scene_open(&c, 6);
  struct draft officer = give(&who, c.brian, "officer");
  send(&c, c.anna, officer, ACCEPT_WRITE, NULL);
  assert_int_equal(send(&c, c.anna, WORLD_DRAFT("two-persons.require", {"kind", "role.give:chair"}, {"reason", "x"}),
                        ACCEPT_WRITE, NULL),
                   VERDICT_HELD);
  decide(&c, c.brian, "held.release", "");
  struct draft chair = give(&who, c.ian, "chair");
  assert_int_equal(send(&c, c.officer, chair, ACCEPT_WRITE, NULL), VERDICT_HELD);
  expect_hidden(&c, c.other_officer);
  decide(&c, c.brian, "held.release", "");
  assert_int_equal(roles_of(&c, c.ian), 1u << ROLE_PRACTITIONER | 1u << ROLE_CHAIR);
  /* There is nobody else in the other agency: refused at once, or it would wait for ever. */
  struct world_member *sergeant = c.other_officer;
  struct draft own = give(&who, sergeant, "chair");
  struct verdict v;
  assert_int_equal(world_write(&c.w, sergeant, &own, 1, ACCEPT_WRITE, &v), OK);
  assert_int_equal(v.code, VERDICT_REFUSED);
  assert_string_equal(v.rule, "two-persons");
  assert_int_equal(send(&c, sergeant, own, ACCEPT_WRITE_ANYWAY, NULL), VERDICT_REFUSED);
  world_close(&c.w);
}

/* ---- judged when it is confirmed ---- */

static void judged_when_it_is_confirmed(void **state) {
  struct scene c;
  struct hash_hex who, role;
  struct hash id, given;
  (void)state;
  scene_open(&c, 7);
  struct draft d = give(&who, c.anna, "auditor");
  assert_int_equal(send(&c, c.brian, d, ACCEPT_WRITE, NULL), VERDICT_ACCEPTED);
  struct draft keeper = give(&who, c.ian, "keeper");
  assert_int_equal(send(&c, c.anna, keeper, ACCEPT_WRITE, &id), VERDICT_HELD);
  /* Anna is no administrator any more. */
  struct draft another = give(&who, c.ian, "administrator");
  assert_int_equal(send(&c, c.brian, another, ACCEPT_WRITE, &given), VERDICT_ACCEPTED);
  struct hash anna_role = {{0}};
  struct store *s = c.w.node.store;
  for (uint64_t n = 1; n <= store_size(s); n++) {
    struct record r = {0};
    assert_int_equal(store_find_number(s, n, &r), OK);
    if (bytes_equal_str(r.entry.kind, "role.give") && hash_equal(entry_ref(&r.entry, "person"), &c.anna->person) &&
        bytes_equal_str(entry_fact(&r.entry, "role"), "administrator"))
      anna_role = r.entry.id;
    record_release(&r);
  }
  role = hash_hex(&anna_role);
  assert_int_equal(send(&c, c.brian, WORLD_DRAFT("role.take", {"role", role.s}), ACCEPT_WRITE, NULL), VERDICT_ACCEPTED);
  struct hash hold = find_hold(&c);
  struct hash_hex hex = hash_hex(&hold);
  struct draft release = WORLD_DRAFT("held.release", {"hold", hex.s}, {"reason", "x"});
  struct record r = {0};
  assert_int_equal(store_find(c.brian->store, &hold, &r), OK);
  release.to = r.entry.to;
  release.to_count = r.entry.to_count;
  assert_int_equal(send(&c, c.brian, release, ACCEPT_WRITE, NULL), VERDICT_ACCEPTED);
  record_release(&r);
  expect_state(c.anna, &id, "refused");
  assert_false(roles_of(&c, c.ian) & 1u << ROLE_KEEPER);
  world_close(&c.w);
}

/* Revoked before it arrives: first the keeper decides about the author, then a second person about the act. */
static void held_twice(void **state) {
  struct scene c;
  struct hash_hex who, anna;
  struct hash id;
  struct verdict v;
  (void)state;
  scene_open(&c, 8);
  struct draft d = give(&who, c.ian, "keeper");
  assert_int_equal(world_write(&c.w, c.anna, &d, 1, ACCEPT_WRITE, &v), OK);
  assert_int_equal(author_id_of(c.anna->store, v.first, &id), OK);
  anna = hash_hex(&c.anna->person);
  assert_int_equal(
      send(&c, c.brian, WORLD_DRAFT("person.revoke", {"person", anna.s}, {"why", "left"}), ACCEPT_WRITE, NULL),
      VERDICT_ACCEPTED);
  sync_all(&c);
  expect_state(c.anna, &id, "held");
  decide(&c, c.brian, "held.release", "permission");
  decide(&c, c.keeper, "held.release", "");
  expect_state(c.anna, &id, "held");
  assert_false(roles_of(&c, c.ian) & 1u << ROLE_KEEPER);
  decide(&c, c.keeper, "held.release", "permission");
  decide(&c, c.brian, "held.release", "");
  expect_state(c.anna, &id, "accepted");
  assert_true(roles_of(&c, c.ian) & 1u << ROLE_KEEPER);
  world_close(&c.w);
}

/* ---- the setting itself ---- */

static void the_setting_protects_itself(void **state) {
  struct scene c;
  bool is_needed = false;
  (void)state;
  scene_open(&c, 9);
  assert_int_equal(send(&c, c.brian, WORLD_DRAFT("two-persons.require", {"reason", "none"}), ACCEPT_WRITE, NULL),
                   VERDICT_HELD);
  assert_int_equal(
      second_is_needed(c.w.node.store, bytes_str("agency.add"), bytes_of(NULL, 0), STORE_PENDING, &is_needed), OK);
  assert_true(is_needed);
  decide(&c, c.anna, "held.release", "");
  assert_int_equal(
      second_is_needed(c.w.node.store, bytes_str("agency.add"), bytes_of(NULL, 0), STORE_PENDING, &is_needed), OK);
  assert_false(is_needed);
  assert_int_equal(send(&c, c.anna, WORLD_DRAFT("agency.add", {"name", "NHS"}, {"type", "health"}), ACCEPT_WRITE, NULL),
                   VERDICT_ACCEPTED);
  world_close(&c.w);
}

static void what_may_be_set(void **state) {
  static const struct {
    const char *kind, *rule;
  } cases[] = {
      {"agency.revoke", ""},
      {"role.take", ""},
      {"role.give:officer", ""},
      {"staff.unbar", ""},
      {"nothing.at-all", "fields"},
      {"act.hold", "fields"},
      {"cert.issue", "fields"},
      {"held.release", "fields"},
      {"held.reject", "fields"},
      {"role.give:king", "fields"},
      {"agency.add:keeper", "fields"},
      {"role.give:", "fields"},
      {"decision.record", "two-persons"},
      {"registration.add", "two-persons"},
      {"child.add", ""},
  };
  struct scene c;
  (void)state;
  scene_open(&c, 10);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct verdict v;
    struct draft d = WORLD_DRAFT("two-persons.require", {"kind", cases[i].kind}, {"reason", "x"});
    assert_int_equal(store_begin(c.anna->store), OK);
    struct author_by by = {.key = c.anna->key, .replica = c.anna->replica};
    assert_int_equal(author_write(c.anna->store, &by, &d, 1, ACCEPT_WRITE, c.w.now_s, &v), OK);
    store_rollback(c.anna->store);
    if (v.code != (cases[i].rule[0] ? VERDICT_REFUSED : VERDICT_ACCEPTED) || strcmp(v.rule, cases[i].rule) != 0)
      fail_msg("%s: %s (%s) %s", cases[i].kind, world_verdict_word(v.code), v.rule, v.words);
  }
  world_close(&c.w);
}

static void the_node_is_no_person(void **state) {
  struct scene c;
  struct hash_hex who;
  struct verdict v;
  (void)state;
  scene_open(&c, 11);
  struct draft agency = WORLD_DRAFT("agency.add", {"name", "NHS"}, {"type", "health"});
  assert_int_equal(world_node_write(&c.w, &agency, 1, &v), ERR_REFUSED);
  struct draft keeper = give(&who, c.ian, "keeper");
  assert_int_equal(world_node_write(&c.w, &keeper, 1, &v), ERR_REFUSED);
  /* Its duties go on: somebody joins and is certified. */
  world_join(&c.w, &c.agency, "Rab Weir", "practitioner");
  world_close(&c.w);
}

/* ---- invitations ---- */

#define OTHER_SECRET "ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define SECRET "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

/* The node enrols somebody by the invitation, and gives them a role. */
static enum err join(struct scene *c, const struct hash *invitation, const char *role) {
  struct key *sign_key = key_new(), *seal_key = key_new();
  struct buf sign = {0}, seal = {0};
  struct hash_hex agency = hash_hex(&c->agency), with = hash_hex(invitation), who;
  struct world_member joined = {0};
  struct verdict v;
  text_base64_encode(&sign, key_spki(sign_key));
  text_base64_encode(&seal, key_spki(seal_key));
  struct draft person = WORLD_DRAFT("person.add", {"agency", agency.s}, {"invitation", with.s},
                                    {"sign", buf_cstr(&sign)}, {"seal", buf_cstr(&seal)}, {"name", "Rab Gow"});
  world_must(world_node_write(&c->w, &person, 1, &v), "joining");
  world_must(author_id_of(c->w.node.store, v.first, &joined.person), "who joined");
  struct draft given = give(&who, &joined, role);
  enum err e = world_node_write(&c->w, &given, 1, &v);
  key_free(sign_key);
  key_free(seal_key);
  buf_release(&sign);
  buf_release(&seal);
  return e;
}

/* An invitation waits as what it gives would; what the node writes by it does not. */
static void an_invitation_gives_nothing_alone(void **state) {
  struct scene c;
  struct hash keeper, officer;
  struct verdict v;
  (void)state;
  scene_open(&c, 14);
  struct hash_hex agency = hash_hex(&c.agency);
  struct draft draft = WORLD_DRAFT("invite.person", {"agency", agency.s}, {"role", "auditor"}, {"role", "keeper"},
                                   {"secret", SECRET}, {"until", "2026-11-28T00:00:00Z"}, {"name", "Rab Gow"});
  assert_int_equal(world_node_write(&c.w, &draft, 1, &v), ERR_REFUSED);
  assert_int_equal(send(&c, c.anna, draft, ACCEPT_WRITE, &keeper), VERDICT_HELD);
  decide(&c, c.anna, "held.release", "permission");
  decide(&c, c.brian, "held.release", "");
  expect_state(c.anna, &keeper, "accepted");
  assert_int_equal(join(&c, &keeper, "keeper"), OK);
  sync_all(&c);
  struct draft other = WORLD_DRAFT("invite.person", {"agency", agency.s}, {"role", "officer"}, {"secret", OTHER_SECRET},
                                   {"until", "2026-11-28T00:00:00Z"}, {"name", "Rab Gow"});
  assert_int_equal(send(&c, c.anna, other, ACCEPT_WRITE, &officer), VERDICT_ACCEPTED);
  assert_int_equal(join(&c, &officer, "keeper"), ERR_REFUSED);
  world_close(&c.w);
}

static void views_can_be_rebuilt(void **state) {
  struct scene c;
  struct hash_hex who;
  (void)state;
  scene_open(&c, 12);
  struct draft d = give(&who, c.ian, "keeper");
  send(&c, c.anna, d, ACCEPT_WRITE, NULL);
  decide(&c, c.brian, "held.release", "");
  struct store *stores[] = {c.anna->store, c.brian->store, c.w.node.store};
  for (size_t i = 0; i < 3; i++)
    world_check_views(stores[i], "views");
  world_close(&c.w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_waits),
      cmocka_unit_test(who_hears),
      cmocka_unit_test(what_is_shown_is_what_is_held),
      cmocka_unit_test(another_person_confirms),
      cmocka_unit_test(another_person_rejects),
      cmocka_unit_test(not_the_same_person_with_another_key),
      cmocka_unit_test(an_officer_of_the_same_agency),
      cmocka_unit_test(judged_when_it_is_confirmed),
      cmocka_unit_test(held_twice),
      cmocka_unit_test(the_setting_protects_itself),
      cmocka_unit_test(what_may_be_set),
      cmocka_unit_test(the_node_is_no_person),
      cmocka_unit_test(an_invitation_gives_nothing_alone),
      cmocka_unit_test(views_can_be_rebuilt),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
