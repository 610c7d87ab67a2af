/* What the store keeps in memory is what the store holds, whatever is rolled back, dropped or taken in between; and
 * what is asked for each act or request is found by an index, however large the register is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/draft.h"
#include "core/feed.h"
#include "core/profile.h"
#include "core/rule.h"
#include "core/second.h"
#include "core/staff.h"
#include "core/store_parts.h"
#include "tests/lib/world.h"

static struct world w;
static struct world_member *anna, *olive;
static struct hash social_work;

static int open_world(void **state) {
  (void)state;
  world_open(&w, 11);
  social_work = world_agency(&w, "Social Work", "social-work");
  anna = world_join(&w, &social_work, "Anna", "practitioner");
  olive = world_join(&w, &social_work, "Olive", "officer");
  return 0;
}

static int close_world(void **state) {
  (void)state;
  world_close(&w);
  return 0;
}

/* The number under which the store gives this header; 0: it has none. */
static uint64_t number_of(struct store *s, const struct hash *id) {
  struct header *h = NULL;
  uint64_t number = store_header_of(s, id, &h) == OK ? h->number : 0;
  header_free(h);
  return number;
}

static struct hash add_agency(const char *name) {
  struct hash id;
  struct verdict v;
  struct draft d = WORLD_DRAFT("agency.add", {"name", name}, {"type", "health"});
  world_must(exchange_node_write(&w.node, &d, 1, w.now_s, &v), "an agency");
  world_must(author_id_of(w.node.store, v.first, &id), "its id");
  return id;
}

/* ---- what is kept ---- */

static void what_is_rolled_back_was_never_there(void **state) {
  struct store *s = w.node.store;
  (void)state;
  const uint64_t size = store_size(s);
  world_must(store_begin(s), "a transaction");
  struct hash id = add_agency("Health");
  assert_int_equal(number_of(s, &id), size + 1);
  assert_int_equal(store_size(s), size + 1);
  store_rollback(s);
  assert_int_equal(number_of(s, &id), 0);
  assert_int_equal(store_size(s), size);
}

/* Words of a refusal depend on what stands in the file, which is read, the refused act's own entries among it. */
static void what_is_refused_was_never_there(void **state) {
  struct store *s = w.node.store;
  (void)state;
  const uint64_t size = store_size(s);
  world_must(store_begin(s), "a transaction");
  world_must(db_exec(s->db, "SAVEPOINT outer"), "a savepoint");
  struct hash id = add_agency("Police");
  assert_int_equal(number_of(s, &id), size + 1);
  struct draft d = WORLD_DRAFT("agency.add", {"name", "Police"}, {"type", "nothing of the kind"});
  struct verdict v;
  assert_int_not_equal(exchange_node_write(&w.node, &d, 1, w.now_s, &v), OK);
  assert_int_equal(number_of(s, &id), size + 1);
  assert_int_equal(store_size(s), size + 1);
  store_rollback(s);
  assert_int_equal(number_of(s, &id), 0);
  assert_int_equal(store_size(s), size);
}

/* What was recorded here has another number once it is accepted. */
static void what_is_accepted_has_its_new_number(void **state) {
  (void)state;
  struct hash child = world_record(&w, anna, WORLD_DRAFT("child.add", {"name", "Ava Lennox"}));
  assert_true(number_of(anna->store, &child) >= STORE_PENDING);
  world_sync(&w, anna);
  assert_int_equal(number_of(anna->store, &child), store_size(w.node.store));
}

static struct author author_now(const struct world_member *m) {
  struct store *s = w.node.store;
  struct author a;
  struct hash id = key_id(m->key);
  world_must(directory_author_of(s, &id, store_size(s) + 1, w.now_s, &a), "an author");
  return a;
}

static bool has_role(const struct world_member *m, enum role role) {
  return (author_now(m).roles & 1u << role) != 0;
}

static bool is_machine_revoked(const struct world_member *m) {
  struct machine machine;
  world_must(directory_machine(w.node.store, &m->replica, &machine), "a machine");
  return machine.is_revoked;
}

/* Each is asked before as well, so that it would be remembered. */
static void who_somebody_is_moves_with_the_directory(void **state) {
  struct hash_hex person = hash_hex(&anna->person), machine = hash_hex(&anna->machine);
  (void)state;
  world_sync(&w, olive);
  assert_false(has_role(anna, ROLE_CHAIR));
  struct hash given = world_record(
      &w, olive, WORLD_DRAFT("role.give", {"person", person.s}, {"role", "chair"}, {"from", "2026-11-01"}));
  world_sync(&w, olive);
  assert_true(has_role(anna, ROLE_CHAIR));
  struct hash_hex role = hash_hex(&given);
  world_record(&w, olive, WORLD_DRAFT("role.take", {"role", role.s}));
  world_sync(&w, olive);
  assert_false(has_role(anna, ROLE_CHAIR));

  assert_false(is_machine_revoked(anna));
  world_record(&w, olive, WORLD_DRAFT("replica.revoke", {"replica", machine.s}, {"why", "lost"}));
  world_sync(&w, olive);
  assert_true(is_machine_revoked(anna));
  assert_false(author_now(anna).is_revoked);
  world_record(&w, olive, WORLD_DRAFT("person.revoke", {"person", person.s}, {"why", "left"}));
  world_sync(&w, olive);
  assert_true(author_now(anna).is_revoked);
}

/* A role ends with its day, whatever was asked the day before; and of the past only what stood before it counts. */
static void who_somebody_is_moves_with_time(void **state) {
  struct store *s = w.node.store;
  struct hash_hex person = hash_hex(&olive->person);
  struct hash id = key_id(olive->key);
  struct author then;
  (void)state;
  const uint64_t before = store_size(s) + 1;
  world_record(&w, olive,
               WORLD_DRAFT("role.give", {"person", person.s}, {"role", "chair"}, {"from", "2026-11-01"},
                           {"until", "2026-11-21"}));
  world_sync(&w, olive);
  assert_true(has_role(olive, ROLE_CHAIR));
  world_must(directory_author_of(s, &id, before, w.now_s, &then), "who it was");
  assert_false(then.roles & 1u << ROLE_CHAIR);
  w.now_s += 86400;
  assert_false(has_role(olive, ROLE_CHAIR));
}

/* They are forgotten when an entry of the directory enters, so nothing else may write these tables. */
static void only_the_directory_says_who_somebody_is(void **state) {
  static const char *const tables[] = {"agency",  "person",     "person_key", "role",    "certificate",
                                       "replica", "revocation", "node_key",   "profile", "two_persons"};
  const struct kind *k;
  size_t found = 0;
  (void)state;
  for (size_t i = 0; (k = kind_at(i)); i++)
    for (size_t p = 0; p < KIND_PROJECTIONS_MAX && k->project[p]; p++)
      for (size_t t = 0; t < sizeof tables / sizeof *tables; t++) {
        char into[64], update[64], from[64];
        snprintf(into, sizeof into, "INTO %s(", tables[t]);
        snprintf(update, sizeof update, "UPDATE %s ", tables[t]);
        snprintf(from, sizeof from, "DELETE FROM %s ", tables[t]);
        if (!strstr(k->project[p], into) && !strstr(k->project[p], update) && !strstr(k->project[p], from))
          continue;
        found++;
        if (k->audience != AUDIENCE_DIRECTORY)
          fail_msg("%s writes %s", k->name, tables[t]);
      }
  assert_true(found >= 10);
}

/* ---- what one act found, and the next one asks for ---- */

/* All that is kept of it, asked as the door asks. */
struct answers {
  uint64_t chain, ends[3], feed;
  struct hash position, digests[3];
  bool is_current, is_adopted, needs_second, is_barred, is_other_barred, has_known, has_newest_known;
  int64_t newest_s;
};

static struct hash file; /* of a child */

static int64_t newest_of(struct store *s) {
  struct query q;
  int64_t newest_s = 0;
  query_start(&q, s->db, "SELECT admitted FROM act ORDER BY first DESC LIMIT 1");
  if (query_row(&q))
    world_must(text_time_parse(query_get(&q, 0), &newest_s), "a time");
  world_must(query_end(&q), "the newest act");
  return newest_s;
}

static void ask_all(struct answers *out) {
  static const struct hash none;
  struct store *s = w.node.store;
  const struct hash node = key_id(w.node.operating);
  const struct hash *profile = &none;
  memset(out, 0, sizeof *out);
  world_must(store_chain(s, &node, &out->chain, &out->position), "a chain");
  world_must(feed_of_agency(s, &social_work, &out->feed), "an agency");
  for (uint64_t i = 0; i < 3; i++) {
    struct feed_end end;
    world_must(feed_end(s, i == 0 ? out->feed : store_size(s) - i, &end), "a feed's end");
    out->ends[i] = end.place;
    out->digests[i] = end.digest;
  }
  out->is_adopted = profile_is_current(s, profile, w.now_s + 40 * 86400, &out->is_current) == OK;
  world_must(second_is_needed(s, bytes_str("agency.add"), bytes_of(NULL, 0), STORE_PENDING, &out->needs_second),
             "a need");
  world_must(staff_is_barred(s, &anna->person, &file, INT64_MAX, &out->is_barred), "a bar");
  world_must(staff_is_barred(s, &olive->person, &file, INT64_MAX, &out->is_other_barred), "another");
  world_must(feed_has_known(s, &social_work, store_size(s), &out->has_known), "what was delivered");
  out->newest_s = s->answers.has_newest ? s->answers.newest_s : newest_of(s);
}

/* What is remembered is what would be found by whoever remembers nothing. */
static void remembers_rightly(const char *what) {
  struct answers kept, found;
  ask_all(&kept);
  store_forget_keys(w.node.store);
  ask_all(&found);
  if (memcmp(&kept, &found, sizeof kept) != 0)
    fail_msg("what is kept in memory is another %s", what);
  if (found.newest_s != newest_of(w.node.store))
    fail_msg("the newest act is another %s", what);
}

static void node_writes(struct draft d) {
  struct verdict v;
  world_must(exchange_node_write(&w.node, &d, 1, w.now_s, &v), "an entry of the node's");
}

/* An entry enters, is rolled back, and enters again; each time all is asked before and after. */
static void enters_and_goes(struct draft d, const char *what) {
  struct store *s = w.node.store;
  struct answers before, after;
  char words[128];
  snprintf(words, sizeof words, "when it is rolled back: %s", what);
  ask_all(&before);
  world_must(store_begin(s), "a transaction");
  w.now_s += 60;
  node_writes(d);
  remembers_rightly(what);
  store_rollback(s);
  w.now_s -= 60;
  ask_all(&after);
  if (memcmp(&before, &after, sizeof before) != 0)
    fail_msg("what is kept is not what it was %s", words);
  world_must(store_begin(s), "a transaction");
  node_writes(d);
  remembers_rightly(what);
  world_must(store_commit(s), "a commit");
  remembers_rightly(what);
}

static void what_acts_ask_for_again(void **state) {
  struct hash_hex who = hash_hex(&anna->person);
  struct draft_read profile;
  struct answers all;
  (void)state;
  world_must(draft_read(kind_find(bytes_str("profile.adopt")), bytes_str(profile_files[0].text), &profile),
             "a profile");
  file = world_record(&w, anna, WORLD_DRAFT("child.add", {"name", "Isla Reid"}));
  world_sync(&w, anna);
  world_join(&w, &social_work, "Ada", "administrator");
  world_join(&w, &social_work, "Ben", "administrator");
  world_sync(&w, olive);
  ask_all(&all);
  assert_true(all.is_current && all.is_adopted && !all.needs_second && !all.is_barred && all.has_known);
  enters_and_goes(WORLD_DRAFT("agency.add", {"name", "Housing"}, {"type", "housing"}), "after an agency");
  enters_and_goes(profile.draft, "after a profile");
  draft_read_release(&profile);
  enters_and_goes(WORLD_DRAFT("two-persons.require", {"kind", "agency.add"}, {"reason", "practice"}),
                  "after two persons");
  ask_all(&all);
  assert_true(!all.is_current && all.needs_second);
  struct hash_hex child = hash_hex(&file);
  world_record(&w, anna, WORLD_DRAFT("staff.bar", {"child", child.s}, {"person", who.s}, {"reason", "a relative's"}));
  world_sync(&w, anna);
  remembers_rightly("after a bar");
  ask_all(&all);
  assert_true(all.is_barred && !all.is_other_barred);
}

/* Nothing else may write what is kept of who is kept out. */
static void only_a_bar_keeps_out(void **state) {
  const struct kind *k;
  size_t found = 0;
  (void)state;
  for (size_t i = 0; (k = kind_at(i)); i++)
    for (size_t p = 0; p < KIND_PROJECTIONS_MAX && k->project[p]; p++) {
      bool is_bar = strstr(k->project[p], "INTO staff_bar(") != NULL;
      found += is_bar;
      assert_true(!is_bar || k->keeps_out);
    }
  assert_int_equal(found, 1);
}

/* ---- what is found by an index ---- */

static void read_plan(const char *statement, struct buf *out) {
  struct buf plan = {0};
  struct query q;
  buf_addf(&plan, "EXPLAIN QUERY PLAN %s", statement);
  query_start_once(&q, w.node.store->db, buf_cstr(&plan));
  while (query_row(&q)) {
    buf_add(out, query_get(&q, 3));
    buf_add_str(out, "\n");
  }
  assert_int_equal(query_end(&q), OK);
  buf_release(&plan);
}

static void each_statement(size_t *found, void (*check)(const char *statement, size_t *found)) {
  static const char *const *(*const files[])(size_t *) = {
#define X(statements) statements,
      STORE_STATEMENT_TABLE(X)
#undef X
  };
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    size_t count;
    const char *const *list = files[i](&count);
    for (size_t k = 0; k < count; k++)
      check(list[k], found);
  }
  for (const struct rule *r = rule_after(NULL); r; r = rule_after(r))
    if (r->query)
      check(r->query, found);
}

static void is_joined_by_index(const char *statement, size_t *found) {
  struct buf plan = {0};
  if (!strstr(statement, "RECURSIVE same"))
    return;
  (*found)++;
  read_plan(statement, &plan);
  if (!strstr(buf_cstr(&plan), "child_pair_a (a=?)") || !strstr(buf_cstr(&plan), "child_pair_b (b=?)"))
    fail_msg("%s\n%s", statement, buf_cstr(&plan));
  buf_release(&plan);
}

static void records_of_one_child(void **state) {
  size_t found = 0;
  (void)state;
  each_statement(&found, is_joined_by_index);
  assert_true(found > 10);
}

static void is_among_withdrawals(const char *statement, size_t *found) {
  struct buf plan = {0};
  if (!strstr(statement, "op IN (2, 3)"))
    return;
  (*found)++;
  read_plan(statement, &plan);
  if (!strstr(buf_cstr(&plan), "feed_taken"))
    fail_msg("%s\n%s", statement, buf_cstr(&plan));
  buf_release(&plan);
}

/* Asked at each request: of the other events there is one for each entry that was ever delivered. */
static void whether_a_receipt_is_due(void **state) {
  size_t found = 0;
  (void)state;
  each_statement(&found, is_among_withdrawals);
  assert_int_equal(found, 1);
}

/* All of them, in the order of their numbers in the table. */
static void rules_one_after_the_other(void **state) {
  const struct rule *r = NULL;
  size_t i = 0;
  (void)state;
  do {
    r = rule_after(r);
    assert_ptr_equal(r, rule_at(i++));
  } while (r);
}

/* For each kind what a walk through all rules finds, also when it is asked again. */
static void rules_by_their_gates(void **state) {
  const struct kind *k;
  size_t found = 0;
  (void)state;
  for (size_t i = 0; (k = kind_at(i)); i++)
    rule_gated_by(w.node.store, k);
  for (size_t i = 0; (k = kind_at(i)); i++) {
    const struct rule *const *gated = rule_gated_by(w.node.store, k);
    for (const struct rule *r = rule_after(NULL); r; r = rule_after(r))
      if (r->gates && text_list_has(r->gates, ' ', bytes_str(k->name))) {
        assert_ptr_equal(*gated++, r);
        found++;
      }
    assert_null(*gated);
  }
  assert_true(found > 100);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_rolled_back_was_never_there),
      cmocka_unit_test(what_is_refused_was_never_there),
      cmocka_unit_test(what_is_accepted_has_its_new_number),
      cmocka_unit_test(who_somebody_is_moves_with_time),
      cmocka_unit_test(only_the_directory_says_who_somebody_is),
      cmocka_unit_test(records_of_one_child),
      cmocka_unit_test(whether_a_receipt_is_due),
      cmocka_unit_test(rules_one_after_the_other),
      cmocka_unit_test(rules_by_their_gates),
      cmocka_unit_test(what_acts_ask_for_again),
      cmocka_unit_test(only_a_bar_keeps_out),
      cmocka_unit_test(who_somebody_is_moves_with_the_directory),
  };
  return cmocka_run_group_tests(tests, open_world, close_world);
}
