/* Changes and voidings on several replicas: nothing is overwritten silently, whatever arrives first; what a change does
 * not say stays as it was; what is voided counts no more, and only that; records of one child are found as one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/child.h"
#include "core/store_parts.h"
#include "core/version.h"
#include "tests/lib/world.h"

struct scene {
  struct world w;
  struct world_member *a, *b, *c; /* of three agencies of social work, which see the same */
  struct hash child;              /* known to all */
};

static void sync_all(struct scene *s) {
  for (int round = 0; round < 2; round++) {
    world_sync(&s->w, s->a);
    world_sync(&s->w, s->b);
    world_sync(&s->w, s->c);
  }
}

static void name_members(struct scene *s) {
  s->a = &s->w.members[0];
  s->b = &s->w.members[1];
  s->c = &s->w.members[2];
}

static void make_scene(struct scene *s, uint64_t seed) {
  static const char *const names[] = {"North", "South", "East"};
  world_open(&s->w, seed);
  for (size_t i = 0; i < 3; i++) {
    struct hash agency = world_agency(&s->w, names[i], "social-work");
    world_join(&s->w, &agency, names[i], "practitioner");
  }
  s->child = world_record(&s->w, &s->w.members[0],
                          WORLD_DRAFT("child.add", {"name", "Isla Reid"}, {"address", "1 High Street"}, {"gp", "Dr A"},
                                      {"alias", "Isla"}, {"alias", "Izzy"}));
  name_members(s);
  sync_all(s);
  world_keep(&s->w);
}

/* The first seed is that of all. */
static void scene_open(struct scene *s, uint64_t seed) {
  static struct hash child;
  if (!world_again(&s->w)) {
    make_scene(s, seed);
    child = s->child;
  }
  name_members(s);
  s->child = child;
}

/* Views as they should be; the same on all replicas if nothing is pending. */
static void scene_close(struct scene *s, bool is_settled) {
  struct hash digests[4];
  struct store *const stores[] = {s->w.node.store, s->a->store, s->b->store, s->c->store};
  for (size_t i = 0; i < 4; i++) {
    world_check_views(stores[i], "views");
    assert_int_equal(store_views_digest(stores[i], &digests[i]), OK);
    if (i > 0 && is_settled)
      assert_true(hash_equal(&digests[1], &digests[i])); /* the node's knows of machines what replicas do not */
  }
  world_close(&s->w);
}

/* The first column of the first row, with the object's id as ?1; "-" for NULL, "none" for no row. */
static const char *ask(struct store *s, const char *sql, const struct hash *object) {
  static char answer[256];
  struct query q;
  snprintf(answer, sizeof answer, "none");
  query_start_once(&q, s->db, sql);
  query_blob(&q, 1, hash_bytes(object));
  if (query_row(&q)) {
    struct bytes v = query_get(&q, 0);
    snprintf(answer, sizeof answer, "%.*s", query_is_null(&q, 0) ? 1 : (int)v.len,
             query_is_null(&q, 0) ? "-" : (const char *)v.at);
  }
  assert_int_equal(query_end(&q), OK);
  return answer;
}

static const char *address_of(struct store *s, const struct hash *child) {
  return ask(s, "SELECT address FROM child WHERE object = ?1", child);
}

static unsigned heads_of(struct store *s, const struct hash *object) {
  return (unsigned)(ask(s, "SELECT count(*) FROM version WHERE object = ?1 AND replaced = 0", object)[0] - '0');
}

static struct hash change(struct scene *s, struct world_member *m, const char *field, const char *value) {
  struct hash_hex child = hash_hex(&s->child);
  return world_record(&s->w, m, WORLD_DRAFT("child.change", {"child", child.s}, {field, value}));
}

static struct hash change_on(struct scene *s, struct world_member *m, const char *address, const struct hash *bases,
                             size_t count) {
  struct hash_hex child = hash_hex(&s->child);
  struct draft d = WORLD_DRAFT("child.change", {"child", child.s}, {"address", address});
  d.bases = bases;
  d.base_count = count;
  return world_record(&s->w, m, d);
}

static struct hash void_entry(struct scene *s, struct world_member *m, const struct hash *entry) {
  struct hash_hex hex = hash_hex(entry);
  return world_record(&s->w, m, WORLD_DRAFT("entry.void", {"entry", hex.s}, {"reason", "wrong file"}));
}

/* ---- versions ---- */

static void one_after_the_other(void **state) {
  struct scene s;
  (void)state;
  scene_open(&s, 1);
  assert_int_equal(heads_of(s.a->store, &s.child), 0);
  struct hash first = change(&s, s.a, "address", "2 Mill Lane");
  sync_all(&s);
  change(&s, s.b, "address", "3 Mill Lane");
  sync_all(&s);
  assert_int_equal(heads_of(s.c->store, &s.child), 1);
  assert_string_equal(address_of(s.c->store, &s.child), "3 Mill Lane");
  assert_string_equal(ask(s.c->store, "SELECT replaced FROM version WHERE entry = ?1", &first), "1");
  assert_string_equal(ask(s.c->store, "SELECT replaced FROM version WHERE entry = ?1", &s.child), "1");
  scene_close(&s, true);
}

/* Both versions are kept with all they say, and the conflict is there, on every store and whatever came first. */
static void check_conflict(uint64_t seed, bool b_first, const char *said_by_b) {
  struct scene s;
  scene_open(&s, seed);
  struct hash by_a = change(&s, s.a, "address", "2 Mill Lane");
  struct hash by_b = change(&s, s.b, "address", said_by_b);
  world_sync(&s.w, b_first ? s.b : s.a);
  world_sync(&s.w, b_first ? s.a : s.b);
  sync_all(&s);
  struct store *const stores[] = {s.w.node.store, s.a->store, s.b->store, s.c->store};
  for (size_t i = 0; i < 4; i++) {
    assert_int_equal(heads_of(stores[i], &s.child), 2);
    assert_string_equal(ask(stores[i], "SELECT replaced FROM version WHERE entry = ?1", &by_a), "0");
    assert_string_equal(ask(stores[i], "SELECT replaced FROM version WHERE entry = ?1", &by_b), "0");
    for (size_t k = 0; k < 2; k++) {
      struct record r = {0};
      assert_int_equal(store_find(stores[i], k ? &by_b : &by_a, &r), OK);
      assert_true(r.has_content);
      record_release(&r);
    }
  }
  struct hash_hex child = hash_hex(&s.child);
  struct draft d = WORLD_DRAFT("child.change", {"child", child.s}, {"address", "4 Mill Lane"});
  struct verdict v;
  assert_int_equal(world_write(&s.w, s.c, &d, 1, ACCEPT_WRITE, &v), ERR_CONFLICT);
  const struct hash both[] = {by_a, by_b};
  change_on(&s, s.c, "5 Mill Lane", both, 2);
  sync_all(&s);
  for (size_t i = 0; i < 4; i++) {
    assert_int_equal(heads_of(stores[i], &s.child), 1);
    assert_string_equal(address_of(stores[i], &s.child), "5 Mill Lane");
  }
  scene_close(&s, true);
}

/* F-1, F-2: the same field on two replicas, also with the same value. */
static void two_at_once(void **state) {
  (void)state;
  check_conflict(2, false, "3 Mill Lane");
  check_conflict(3, true, "3 Mill Lane");
  check_conflict(4, false, "2 Mill Lane");
}

static void three_at_once(void **state) {
  struct scene s;
  (void)state;
  scene_open(&s, 5);
  struct hash by_a = change(&s, s.a, "address", "2 Mill Lane"), by_b = change(&s, s.b, "address", "3 Mill Lane"),
              by_c = change(&s, s.c, "address", "4 Mill Lane");
  sync_all(&s);
  assert_int_equal(heads_of(s.w.node.store, &s.child), 3);
  const struct hash two[] = {by_a, by_b};
  struct hash half = change_on(&s, s.a, "5 Mill Lane", two, 2);
  sync_all(&s);
  assert_int_equal(heads_of(s.b->store, &s.child), 2);
  assert_string_equal(ask(s.b->store, "SELECT replaced FROM version WHERE entry = ?1", &by_c), "0");
  const struct hash rest[] = {half, by_c};
  change_on(&s, s.b, "6 Mill Lane", rest, 2);
  sync_all(&s);
  assert_int_equal(heads_of(s.c->store, &s.child), 1);
  assert_string_equal(address_of(s.c->store, &s.child), "6 Mill Lane");
  scene_close(&s, true);
}

/* What was written before the conflict was resolved, and arrives afterwards, is not lost. */
static void late_after_the_resolution(void **state) {
  struct scene s;
  (void)state;
  scene_open(&s, 6);
  struct hash bases[] = {change(&s, s.a, "address", "2 Mill Lane"), change(&s, s.b, "address", "3 Mill Lane")};
  change(&s, s.c, "address", "4 Mill Lane");
  world_sync(&s.w, s.a);
  world_sync(&s.w, s.b);
  world_sync(&s.w, s.a);
  change_on(&s, s.a, "5 Mill Lane", bases, 2);
  world_sync(&s.w, s.a);
  assert_int_equal(heads_of(s.a->store, &s.child), 1);
  sync_all(&s);
  assert_int_equal(heads_of(s.a->store, &s.child), 2);
  scene_close(&s, true);
}

static void bases_are_versions_of_the_same(void **state) {
  struct scene s;
  struct verdict v;
  (void)state;
  scene_open(&s, 7);
  struct hash other = world_record(&s.w, s.a, WORLD_DRAFT("child.add", {"name", "Ben"}));
  struct hash_hex child = hash_hex(&s.child);
  struct draft d = WORLD_DRAFT("child.change", {"child", child.s}, {"address", "2 Mill Lane"});
  d.bases = &other;
  d.base_count = 1;
  assert_int_equal(world_write(&s.w, s.a, &d, 1, ACCEPT_WRITE, &v), OK);
  assert_string_equal(v.rule, "base");
  sync_all(&s);
  scene_close(&s, true);
}

/* ---- what a change does not say ---- */

/* F-13: what a change does not say stays, what it clears goes, and nothing that is only here is overwritten. */
static void absent_is_not_empty(void **state) {
  struct scene s;
  (void)state;
  scene_open(&s, 8);
  change(&s, s.a, "gp", "Dr B");
  sync_all(&s);
  assert_string_equal(address_of(s.b->store, &s.child), "1 High Street");
  assert_string_equal(ask(s.b->store, "SELECT gp FROM child WHERE object = ?1", &s.child), "Dr B");
  assert_string_equal(ask(s.b->store, "SELECT aliases FROM child WHERE object = ?1", &s.child), "[\"Isla\",\"Izzy\"]");
  change(&s, s.b, "clear", "address");
  sync_all(&s);
  assert_string_equal(address_of(s.a->store, &s.child), "-");
  assert_string_equal(ask(s.a->store, "SELECT gp FROM child WHERE object = ?1", &s.child), "Dr B");
  assert_string_equal(ask(s.a->store, "SELECT name FROM child WHERE object = ?1", &s.child), "Isla Reid");
  change(&s, s.a, "address", "9 Mill Lane");
  sync_all(&s);
  assert_string_equal(address_of(s.b->store, &s.child), "9 Mill Lane");
  scene_close(&s, true);
}

static void what_is_not_sent_stays(void **state) {
  struct scene s;
  (void)state;
  scene_open(&s, 9);
  change(&s, s.b, "address", "3 Mill Lane");
  world_sync(&s.w, s.b);
  change(&s, s.a, "gp", "Dr B");
  struct exchange_replica r = {s.a->store, s.a->replica_key};
  struct exchange_report report = {0};
  struct buf request = {0}, answer = {0}, lost = {0};
  size_t sent;
  world_sync(&s.w, s.c); /* another's download changes nothing here */
  assert_int_equal(exchange_request(&r, &request, &sent), OK);
  assert_int_equal(exchange_answer(&s.w.node, &s.a->replica, buf_bytes(&request), s.w.now_s, &lost), OK);
  assert_string_equal(ask(s.a->store, "SELECT gp FROM child WHERE object = ?1", &s.child), "Dr B");
  assert_int_equal(exchange_answer(&s.w.node, &s.a->replica, buf_bytes(&request), s.w.now_s, &answer), OK);
  assert_int_equal(exchange_take(&r, buf_bytes(&answer), &report), OK);
  assert_string_equal(ask(s.a->store, "SELECT gp FROM child WHERE object = ?1", &s.child), "Dr B");
  sync_all(&s);
  assert_string_equal(address_of(s.a->store, &s.child), "3 Mill Lane");
  assert_string_equal(ask(s.b->store, "SELECT gp FROM child WHERE object = ?1", &s.child), "Dr B");
  assert_int_equal(heads_of(s.b->store, &s.child), 2);
  buf_release(&request);
  buf_release(&answer);
  buf_release(&lost);
  scene_close(&s, true);
}

/* F-12: people are objects of their own, so what is said of one never reaches another, whoever was added meanwhile. */
static void elements_keep_their_identity(void **state) {
  struct scene s;
  struct hash family[3];
  (void)state;
  scene_open(&s, 10);
  struct hash_hex child = hash_hex(&s.child);
  for (size_t i = 0; i < 2; i++)
    family[i] = world_record(&s.w, s.a,
                             WORLD_DRAFT("family.add", {"child", child.s}, {"name", "Someone"}, {"phone", "0141 1"},
                                         {"relation", "parent"}, {"responsibilities", "yes"}));
  sync_all(&s);
  family[2] = world_record(&s.w, s.b,
                           WORLD_DRAFT("family.add", {"child", child.s}, {"name", "Someone"}, {"phone", "0141 2"},
                                       {"relation", "carer"}, {"responsibilities", "no"}));
  void_entry(&s, s.a, &family[0]);
  struct hash_hex second = hash_hex(&family[1]);
  world_record(&s.w, s.c, WORLD_DRAFT("family.change", {"child", child.s}, {"family", second.s}, {"phone", "0141 3"}));
  world_sync(&s.w, s.b);
  sync_all(&s);
  static const char phone[] = "SELECT phone FROM family WHERE object = ?1";
  assert_string_equal(ask(s.c->store, phone, &family[0]), "none");
  assert_string_equal(ask(s.a->store, phone, &family[1]), "0141 3");
  assert_string_equal(ask(s.a->store, phone, &family[2]), "0141 2");
  scene_close(&s, true);
}

/* ---- voiding ---- */

static void a_voided_change(void **state) {
  struct scene s;
  (void)state;
  scene_open(&s, 11);
  struct hash by_a = change(&s, s.a, "address", "2 Mill Lane");
  change(&s, s.b, "address", "3 Mill Lane");
  sync_all(&s);
  assert_int_equal(heads_of(s.c->store, &s.child), 2);
  void_entry(&s, s.a, &by_a);
  sync_all(&s);
  assert_int_equal(heads_of(s.c->store, &s.child), 1);
  assert_string_equal(address_of(s.c->store, &s.child), "3 Mill Lane");
  bool is_voided = false;
  assert_int_equal(version_is_voided(s.c->store, &by_a, &is_voided), OK);
  assert_true(is_voided);
  change(&s, s.c, "gp", "Dr C"); /* no conflict any more */
  sync_all(&s);
  scene_close(&s, true);
}

/* The resolution goes, and what it had resolved is there again. */
static void a_voided_resolution(void **state) {
  struct scene s;
  (void)state;
  scene_open(&s, 12);
  struct hash bases[] = {change(&s, s.a, "address", "2 Mill Lane"), change(&s, s.b, "address", "3 Mill Lane")};
  sync_all(&s);
  struct hash resolved = change_on(&s, s.a, "5 Mill Lane", bases, 2);
  sync_all(&s);
  void_entry(&s, s.a, &resolved);
  sync_all(&s);
  assert_int_equal(heads_of(s.b->store, &s.child), 2);
  scene_close(&s, true);
}

/* With the child goes what was said of the child later, also what arrives after the voiding. */
static void a_voided_child(void **state) {
  struct scene s;
  (void)state;
  scene_open(&s, 13);
  change(&s, s.a, "address", "2 Mill Lane");
  change(&s, s.b, "address", "3 Mill Lane");
  void_entry(&s, s.a, &s.child);
  sync_all(&s);
  assert_string_equal(address_of(s.b->store, &s.child), "none");
  assert_int_equal(heads_of(s.b->store, &s.child), 0);
  assert_string_equal(ask(s.c->store,
                          "SELECT count(*) FROM entry_child c JOIN entry e ON e.number = c.number "
                          "WHERE c.child = ?1 AND e.kind = 'entry.void'",
                          &s.child),
                      "1");
  scene_close(&s, true);
}

/* Two void the same; one of them was not allowed to, and the other's counts. */
static void voided_twice(void **state) {
  struct scene s;
  struct verdict v;
  (void)state;
  scene_open(&s, 15);
  struct hash by_a = change(&s, s.a, "address", "2 Mill Lane");
  sync_all(&s);
  struct hash_hex hex = hash_hex(&by_a);
  struct draft d = WORLD_DRAFT("entry.void", {"entry", hex.s}, {"reason", "I do not agree"});
  assert_int_equal(world_write(&s.w, s.b, &d, 1, ACCEPT_WRITE, &v), OK);
  assert_string_equal(v.rule, "K-010");
  assert_int_equal(world_write(&s.w, s.b, &d, 1, ACCEPT_WRITE_ANYWAY, &v), OK);
  sync_all(&s);
  assert_int_equal(store_outbox_count(s.b->store, "refused"), 1);
  assert_string_equal(address_of(s.a->store, &s.child), "2 Mill Lane");
  void_entry(&s, s.a, &by_a);
  sync_all(&s);
  assert_string_equal(address_of(s.b->store, &s.child), "1 High Street");
  scene_close(&s, false);
}

/* ---- records of one child ---- */

static struct hash say(struct scene *s, const char *kind, const struct hash *a, const struct hash *b,
                       const struct hash *instead) {
  struct hash_hex a_hex = hash_hex(a), b_hex = hash_hex(b), i_hex = hash_hex(instead ? instead : a);
  struct draft d = WORLD_DRAFT(kind, {"child", a_hex.s}, {"child", b_hex.s}, {"reason", "x"}, {"instead", i_hex.s});
  d.count = instead ? 4 : 3;
  return world_record(&s->w, s->a, d);
}

static void check_records(struct store *s, const struct hash *child, size_t count, bool is_contradicted) {
  struct hash ids[8];
  size_t found = 0;
  bool contradicted = !is_contradicted;
  assert_int_equal(child_records(s, child, ids, 8, &found), OK);
  assert_int_equal(found, count);
  assert_true(hash_equal(&ids[0], child));
  for (size_t i = 2; i < found; i++)
    assert_true(memcmp(&ids[i - 1], &ids[i], HASH_SIZE) < 0);
  assert_int_equal(child_is_contradicted(s, child, &contradicted), OK);
  assert_int_equal(contradicted, is_contradicted);
}

static enum err count_row(void *of, const struct record *r) {
  (void)r;
  ++*(size_t *)of;
  return OK;
}

static enum err note_pair(void *of, const struct hash *first, const struct hash *second) {
  struct hash *pair = of;
  assert_true(hash_is_zero(&pair[0]));
  pair[0] = *first;
  pair[1] = *second;
  return OK;
}

static void check_twice(struct store *s, const struct hash *first, const struct hash *second) {
  static const struct hash none;
  struct hash pair[2] = {{{0}}, {{0}}};
  assert_int_equal(child_each_twice(s, pair, note_pair), OK);
  assert_true(hash_equal(&pair[0], first ? first : &none));
  assert_true(hash_equal(&pair[1], second ? second : &none));
}

/* Two machines that had not heard of each other recorded a child each: the same name and date of birth is shown until
 * somebody says whether it is one child; another date or name is not. */
static void a_child_recorded_twice_is_found(void **state) {
  struct scene s;
  (void)state;
  scene_open(&s, 17);
  struct hash one = world_record(&s.w, s.a, WORLD_DRAFT("child.add", {"name", "Finn Hill"}, {"born", "2019-03-01"}));
  struct hash two = world_record(&s.w, s.b, WORLD_DRAFT("child.add", {"name", "FINN Hill"}, {"born", "2019-03-01"}));
  world_record(&s.w, s.b, WORLD_DRAFT("child.add", {"name", "Finn Hill"}, {"born", "2019-03-02"}));
  world_record(&s.w, s.b, WORLD_DRAFT("child.add", {"name", "Finn Hall"}, {"born", "2019-03-01"}));
  world_record(&s.w, s.b, WORLD_DRAFT("child.add", {"name", "Finn Hill"}));
  check_twice(s.a->store, NULL, NULL);
  sync_all(&s);
  check_twice(s.a->store, &one, &two);
  struct hash same = say(&s, "child.same", &one, &two, NULL);
  check_twice(s.a->store, NULL, NULL);
  struct hash found;
  assert_int_equal(store_find_typed(s.a->store, bytes_str("FINN Hill"), "child.add", &found), OK);
  assert_int_equal(store_find_typed(s.a->store, bytes_str("Finn Hill"), "child.add", &found), ERR_AMBIGUOUS);
  void_entry(&s, s.a, &same);
  check_twice(s.a->store, &one, &two);
  say(&s, "child.distinct", &one, &two, NULL);
  check_twice(s.a->store, NULL, NULL);
  sync_all(&s);
  check_twice(s.c->store, NULL, NULL);
  scene_close(&s, true);
}

/* A name that joined records share is the name of one child. */
static void a_joined_child_has_one_name(void **state) {
  struct scene s;
  struct hash found;
  (void)state;
  scene_open(&s, 18);
  struct hash again = world_record(&s.w, s.a, WORLD_DRAFT("child.add", {"name", "Isla Reid"}));
  assert_int_equal(store_find_typed(s.a->store, bytes_str("Isla Reid"), "child.add", &found), ERR_AMBIGUOUS);
  say(&s, "child.same", &s.child, &again, NULL);
  assert_int_equal(store_find_typed(s.a->store, bytes_str("Isla Reid"), "child.add", &found), OK);
  assert_true(hash_equal(&found, &s.child));
  sync_all(&s);
  scene_close(&s, true);
}

static void records_of_one_child(void **state) {
  struct scene s;
  struct hash c[4];
  (void)state;
  scene_open(&s, 16);
  for (size_t i = 0; i < 4; i++)
    c[i] = world_record(&s.w, s.a, WORLD_DRAFT("child.add", {"name", "Isla Reid"}));
  struct store *st = s.a->store;
  check_records(st, &c[0], 1, false);
  struct hash first = say(&s, "child.same", &c[0], &c[1], NULL);
  say(&s, "child.same", &c[2], &c[1], NULL);
  struct hash circle = say(&s, "child.same", &c[0], &c[2], NULL);
  say(&s, "child.distinct", &c[0], &c[3], NULL);
  for (size_t i = 0; i < 3; i++)
    check_records(st, &c[i], 3, false);
  check_records(st, &c[3], 1, false);
  struct store_filter filter = {.child = &c[1]};
  size_t rows = 0;
  assert_int_equal(store_each(st, &filter, &rows, count_row), OK);
  assert_int_equal(rows, 3 + 3 + 1);
  void_entry(&s, s.a, &circle);
  check_records(st, &c[0], 3, false);
  struct hash apart = say(&s, "child.distinct", &c[0], &c[1], &first);
  check_records(st, &c[0], 1, false);
  check_records(st, &c[1], 2, false);
  struct hash again = say(&s, "child.same", &c[0], &c[1], &apart);
  check_records(st, &c[0], 3, false);
  say(&s, "child.distinct", &c[0], &c[1], &again);
  check_records(st, &c[0], 1, false);
  void_entry(&s, s.a, &apart); /* what it had taken back stands again, and contradicts the last one */
  check_records(st, &c[0], 3, true);
  sync_all(&s);
  check_records(s.b->store, &c[0], 3, true);
  struct hash ids[2];
  size_t count;
  assert_int_equal(child_records(st, &c[0], ids, 2, &count), ERR_LIMIT);
  scene_close(&s, true);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_after_the_other),
      cmocka_unit_test(two_at_once),
      cmocka_unit_test(three_at_once),
      cmocka_unit_test(late_after_the_resolution),
      cmocka_unit_test(bases_are_versions_of_the_same),
      cmocka_unit_test(absent_is_not_empty),
      cmocka_unit_test(what_is_not_sent_stays),
      cmocka_unit_test(elements_keep_their_identity),
      cmocka_unit_test(a_voided_change),
      cmocka_unit_test(a_voided_resolution),
      cmocka_unit_test(a_voided_child),
      cmocka_unit_test(voided_twice),
      cmocka_unit_test(records_of_one_child),
      cmocka_unit_test(a_child_recorded_twice_is_found),
      cmocka_unit_test(a_joined_child_has_one_name),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
