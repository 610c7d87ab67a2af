/* A hostile node lets in erasures that nobody was allowed to write, with proofs that check. No machine lets go of
 * anything by them: each judges who erases (core/FORMAT.md section 8.1), refuses the whole answer, stays as it is and
 * keeps the evidence; and what was let through by those who may is taken by whoever receives it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/store_parts.h"
#include "tests/lib/world.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define DAY_S ((int64_t)86400)

enum who { ANNA, ROB, KIRSTY, KAY, EWAN, UNA, RENA, HANA, PETRA, WHO_COUNT };

static const struct {
  const char *name, *roles;
} people[WHO_COUNT] = {
    [ANNA] = {"Anna", "practitioner officer"},
    [ROB] = {"Rob", "administrator chair business-support"},
    [KIRSTY] = {"Kirsty", "keeper practitioner"},
    [KAY] = {"Kay", "keeper"},
    [EWAN] = {"Ewan", "practitioner"},   /* keeper until yesterday */
    [UNA] = {"Una", "practitioner"},     /* keeper from tomorrow */
    [RENA] = {"Rena", "keeper"},         /* was revoked */
    [HANA] = {"Hana", "practitioner"},   /* involved with the child */
    [PETRA] = {"Petra", "practitioner"}, /* not yet */
};

static struct world w;
static struct world_member *who[WHO_COUNT];
static struct hash child, note;

static void sync_all(void) {
  for (size_t i = 0; i < w.count; i++)
    world_sync(&w, &w.members[i]);
}

static void be_keeper(enum who person, int from_day, int until_day) {
  struct hash_hex id = hash_hex(&who[person]->person);
  struct text_time from = text_time_format(w.now_s + from_day * DAY_S),
                   until = text_time_format(w.now_s + until_day * DAY_S);
  from.s[TEXT_DATE_SIZE] = until.s[TEXT_DATE_SIZE] = '\0';
  world_record(&w, who[ROB],
               WORLD_DRAFT("role.give", {"person", id.s}, {"role", "keeper"}, {"from", from.s}, {"until", until.s}));
}

static void involve(enum who agency) {
  struct hash_hex c = hash_hex(&child), a = hash_hex(&who[agency]->agency);
  world_record(&w, who[ANNA], WORLD_DRAFT("involvement.start", {"child", c.s}, {"agency", a.s}));
}

static void revoke(enum who person) {
  struct hash_hex id = hash_hex(&who[person]->person);
  world_record(&w, who[ANNA], WORLD_DRAFT("person.revoke", {"person", id.s}, {"why", "compromised"}));
}

static void find_members(void) {
  for (size_t i = 0; i < WHO_COUNT; i++)
    who[i] = &w.members[i];
}

static void make_world(void) {
  struct hash agencies[3];
  world_open(&w, 31);
  agencies[0] = world_agency(&w, "Social Work", "social-work");
  agencies[1] = world_agency(&w, "Health", "health");
  agencies[2] = world_agency(&w, "Police", "police");
  for (size_t i = 0; i < WHO_COUNT; i++)
    world_join(&w, &agencies[i == HANA ? 1 : i == PETRA ? 2 : 0], people[i].name, people[i].roles);
  find_members();
  sync_all();
  be_keeper(EWAN, -9, -1);
  be_keeper(UNA, 1, 9);
  world_sync(&w, who[ROB]);
  sync_all();
  child = world_record(&w, who[ANNA], WORLD_DRAFT("child.add", {"name", "Ava"}));
  involve(HANA);
  world_sync(&w, who[ANNA]);
  world_sync(&w, who[HANA]);
  struct hash_hex c = hash_hex(&child);
  note = world_record(&w, who[HANA],
                      WORLD_DRAFT("family.add", {"child", c.s}, {"relation", "father"}, {"responsibilities", "yes"},
                                  {"name", "Zebediah"}));
  world_sync(&w, who[HANA]);
  for (int round = 0; round < 2; round++)
    sync_all();
  world_keep(&w);
}

static int open_world(void **state) {
  (void)state;
  if (!world_again(&w))
    make_world();
  find_members();
  return 0;
}

static int close_world(void **state) {
  (void)state;
  world_close(&w);
  return 0;
}

struct erasing {
  struct hash_hex id;
  struct draft_value values[3];
};

static struct draft erase_with(struct erasing *e, const struct hash *what) {
  e->id = hash_hex(what);
  e->values[0] = (struct draft_value){"entry", e->id.s};
  e->values[1] = (struct draft_value){"ground", "unlawful"};
  e->values[2] = (struct draft_value){"reason", "none"};
  return world_draft("entry.erase", e->values, 3);
}

static struct draft erase(const struct hash *what) {
  static struct erasing e;
  return erase_with(&e, what);
}

static bool says(struct world_member *m, const struct hash *id) {
  struct record r = {0};
  bool is = store_find(m->store, id, &r) == OK && r.has_content;
  record_release(&r);
  return is;
}

/* ---- letting in ---- */

/* Past the judging: as a node takes what it says that it had admitted once. Its number. */
static uint64_t take_in(struct act_entry *entries, size_t count, struct bytes signature, const struct position *p) {
  struct store *s = w.node.store;
  struct text_time admitted = text_time_format(w.now_s);
  struct verdict v;
  struct accept_act in = {.how = ACCEPT_TAKE,
                          .is_rebuilt = true,
                          .entries = entries,
                          .count = count,
                          .size = (uint32_t)count,
                          .signature = signature,
                          .replica = p->replica,
                          .position = p->number,
                          .previous = p->previous,
                          .first = store_size(s) + 1,
                          .admitted = bytes_str(admitted.s)};
  world_must(accept_act(s, &in, &v), "taking it in");
  world_must(store_tree_flush(s), "its leaves");
  world_must(exchange_node_checkpoint(&w.node), "a checkpoint");
  return in.first;
}

/* Nothing of it stays on the machine of whoever signs. */
static uint64_t let_in(const struct world_member *m, struct draft d) {
  struct author_by by = {.key = m->key, .replica = m->replica};
  struct act_record a = {0};
  struct verdict v;
  world_must(store_begin(m->store), "writing");
  world_must(author_write(m->store, &by, &d, 1, ACCEPT_WRITE_ANYWAY, w.now_s, &v), "writing");
  world_must(store_find_act(m->store, v.first, &a), "the act");
  struct act_entry entry = record_act_entry(&a.entries[0]);
  uint64_t number = take_in(&entry, 1, buf_bytes(&a.signature), &a.position);
  store_rollback(m->store);
  act_record_release(&a);
  return number;
}

/* What no program of ours would write: these lines, and the rest as it must be. */
static void let_in_by_hand(const struct world_member *m, const struct hash *what, const char *lines) {
  static const char content[] = "{\"reason\":\"none\"}";
  struct act_entry entry = {.content = bytes_str(content)};
  struct hash by = key_id(m->key), commitment = entry_commitment(entry.salt, entry.content);
  struct buf header = {0}, signature = {0};
  struct position p = {.replica = m->replica};
  struct act_text text;
  buf_addf(&header, "cairn entry 1\nkind entry.erase\nby %s\nat 2026-11-21T09:00:00Z\n", hash_hex(&by).s);
  buf_addf(&header, "ref entry %s\nfact ground unlawful\n%s", hash_hex(what).s, lines);
  buf_addf(&header, "media application/json\ncontent %s\n", hash_hex(&commitment).s);
  entry.header = buf_bytes(&header);
  world_must(act_text_of(&entry, 1, &text), "an act");
  world_must(act_sign(&text, m->key, &signature), "a signature");
  world_must(store_chain(w.node.store, &p.replica, &p.number, &p.previous), "its place");
  p.number++;
  take_in(&entry, 1, buf_bytes(&signature), &p);
  buf_release(&header);
  buf_release(&signature);
}

static enum err ask(struct world_member *m, struct buf *evidence) {
  struct exchange_replica r = {m->store, m->replica_key, w.now_s};
  struct exchange_report report = {.evidence = evidence};
  struct buf request = {0}, answer = {0};
  size_t sent;
  buf_init(&answer, MSG_ANSWER_MAX);
  world_must(exchange_request(&r, &request, &sent), "a request");
  world_must(exchange_answer(&w.node, &m->replica, buf_bytes(&request), w.now_s, &answer), "an answer");
  enum err e = exchange_take(&r, buf_bytes(&answer), &report);
  buf_release(&request);
  buf_release(&answer);
  return e;
}

static void expect_refusal(struct world_member *m, const char *what, const char *words) {
  struct buf evidence = {0};
  struct hash before = world_digest(m->store);
  enum err e = ask(m, &evidence);
  if (e != ERR_KEY || strstr(err_words(e), words) == NULL || strstr(err_words(e), "entry.erase") == NULL)
    fail_msg("%s: %s: %s", what, err_text(e), err_words(e));
  struct hash after = world_digest(m->store);
  if (!hash_equal(&before, &after))
    fail_msg("%s: something was stored", what);
  if (evidence.len == 0 || !says(m, &note))
    fail_msg("%s: no evidence, or it is gone", what);
  buf_release(&evidence);
}

/* As on a node that lost what the erasure says: its header goes alone. */
static void lose(uint64_t number) {
  struct query q;
  for (int i = 0; i < 2; i++) {
    query_start_once(&q, w.node.store->db,
                     i ? "DELETE FROM content WHERE number = ?1"
                       : "INSERT INTO forgotten(number, why) VALUES(?1, 'lost')");
    query_int(&q, 1, (int64_t)number);
    world_must(query_run(&q), "losing it");
  }
}

static void nobody_lets_go(void **state) {
  static const struct {
    const char *what, *words;
    enum who by;
    bool is_alone;
  } cases[] = {
      {"a practitioner", "keeper", ANNA, false},
      {"a chair, with its header alone", "keeper", ROB, true},
      {"keeper until yesterday", "keeper", EWAN, false},
      {"keeper from tomorrow, with its header alone", "keeper", UNA, true},
      {"a keeper who was revoked", "had been revoked", RENA, false},
      {"the same, with its header alone", "had been revoked", RENA, true},
  };
  (void)state;
  revoke(RENA);
  for (int round = 0; round < 2; round++)
    sync_all();
  for (size_t i = 0; i < COUNT(cases); i++) {
    world_must(store_begin(w.node.store), "letting in");
    uint64_t number = let_in(who[cases[i].by], erase(&note));
    if (cases[i].is_alone)
      lose(number);
    expect_refusal(who[HANA], cases[i].what, cases[i].words); /* whose people wrote it */
    expect_refusal(who[KIRSTY], cases[i].what, cases[i].words);
    store_rollback(w.node.store);
  }
}

/* Not the keeper either: what is for everybody, and what is said before others than those who may see it. */
static void nor_by_the_keeper(void **state) {
  const struct {
    const char *what, *words, *lines;
    const struct hash *of;
  } cases[] = {
      {"an agency", "only what stands in a child's file", "audience directory\n", &who[PETRA]->agency},
      {"before everybody", "before those who may see it", "audience directory\n", &note},
      {"in no child's file", "in the file of each child", "audience case\n", &note},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(cases); i++) {
    world_must(store_begin(w.node.store), "letting in");
    let_in_by_hand(who[KAY], cases[i].of, cases[i].lines);
    expect_refusal(who[HANA], cases[i].what, cases[i].words);
    store_rollback(w.node.store);
  }
}

/* ---- what is taken ---- */

/* By its number, and not by when it comes: whoever erased was keeper then, and is nothing any more. */
static void by_who_was_keeper_then(void **state) {
  (void)state;
  world_record(&w, who[RENA], erase(&note));
  world_sync(&w, who[RENA]);
  revoke(RENA);
  world_sync(&w, who[ANNA]);
  for (int round = 0; round < 2; round++)
    sync_all();
  assert_false(says(who[HANA], &note) || says(who[KIRSTY], &note));
  involve(PETRA);
  world_sync(&w, who[ANNA]);
  world_sync(&w, who[PETRA]);
  assert_false(says(who[PETRA], &note));
  assert_true(says(who[PETRA], &child));
  world_check_views(who[PETRA]->store, "views");
}

static enum err last_hold(void *of, const struct hold_row *row) {
  *(struct hash *)of = row->id;
  return OK;
}

static struct hash find_hold(void) {
  struct hash hold = {{0}};
  world_must(directory_each_hold(w.node.store, &hold, last_hold), "holds");
  assert_false(hash_is_zero(&hold));
  return hold;
}

static void release(enum who by, enum who author) {
  struct hash hold = find_hold(), to = key_id(who[author]->key);
  struct hash_hex hex = hash_hex(&hold);
  struct draft d = WORLD_DRAFT("held.release", {"hold", hex.s}, {"reason", "before she left"});
  d.to = &to;
  d.to_count = 1;
  world_sync(&w, who[by]);
  world_record(&w, who[by], d);
  world_sync(&w, who[by]);
}

/* The hold and the release go where the erasure goes: at once, and to whoever comes later; and nowhere else. */
static void expect_let_through(void) {
  struct hash hold = find_hold();
  for (int round = 0; round < 2; round++)
    sync_all();
  assert_false(says(who[HANA], &note));
  assert_int_equal(world_count(who[HANA]->store, "hold WHERE state = 'released'"), 1);
  assert_int_equal(world_count(who[PETRA]->store, "hold"), 0);
  involve(PETRA);
  world_sync(&w, who[ANNA]);
  world_sync(&w, who[PETRA]);
  assert_false(says(who[PETRA], &note));
  assert_true(says(who[PETRA], &child));
  assert_true(says(who[PETRA], &hold));
  assert_int_equal(world_count(who[PETRA]->store, "hold WHERE state = 'released'"), 1);
  world_check_views(who[PETRA]->store, "views");
}

static void what_the_keeper_let_through(void **state) {
  (void)state;
  revoke(RENA);
  world_sync(&w, who[ANNA]);
  world_record(&w, who[RENA], erase(&note));
  world_sync(&w, who[RENA]);
  release(KIRSTY, RENA);
  expect_let_through();
}

/* What is held for a second person shows its whole act to all who hear of the erasure. */
static void expect_one_by_one(struct world_member *m) {
  struct erasing e[2];
  const struct draft both[] = {erase_with(&e[0], &note), erase_with(&e[1], &child)};
  struct verdict v;
  world_must(world_write(&w, m, both, COUNT(both), ACCEPT_WRITE, &v), "two at once");
  assert_int_equal(v.code, VERDICT_REFUSED);
  assert_string_equal(v.rule, "two-persons");
}

/* Whoever erased was revoked before the second person confirmed it. */
static void what_a_second_one_confirmed(void **state) {
  (void)state;
  world_record(&w, who[ROB], WORLD_DRAFT("two-persons.require", {"reason", "practice"}, {"kind", "entry.erase"}));
  world_sync(&w, who[ROB]);
  sync_all();
  expect_one_by_one(who[RENA]);
  world_record(&w, who[RENA], erase(&note));
  world_sync(&w, who[RENA]);
  revoke(RENA);
  world_sync(&w, who[ANNA]);
  release(KAY, RENA);
  expect_let_through();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(nobody_lets_go, open_world, close_world),
      cmocka_unit_test_setup_teardown(nor_by_the_keeper, open_world, close_world),
      cmocka_unit_test_setup_teardown(by_who_was_keeper_then, open_world, close_world),
      cmocka_unit_test_setup_teardown(what_the_keeper_let_through, open_world, close_world),
      cmocka_unit_test_setup_teardown(what_a_second_one_confirmed, open_world, close_world),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
