/* What was refused is discarded by a person: only that, once the ledger says so, and nothing that something else in the
 * outbox refers to; its place in the chain stays, and the machine, the node and the ledger go on as if nothing were. */
#include "core/discard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/feed.h"
#include "core/store_parts.h"
#include "core/version.h"
#include "sync/msg.h"
#include "tests/lib/files.h"
#include "tests/lib/lost_node.h"

static struct world w;
static struct world_member *ann, *ben; /* social work; health, involved with the child */
static struct hash child;

static int open_world(void **state) {
  (void)state;
  lost_node_open(&w, 31, &child);
  ann = &w.members[LOST_NODE_ANN];
  ben = &w.members[LOST_NODE_BEN];
  lost_node_sync_all(&w);
  return 0;
}

static int close_world(void **state) {
  (void)state;
  world_close(&w);
  return 0;
}

/* Of Ben's the node takes no act that has this in it. */
#define NOT_FOR_BEN WORLD_DRAFT("agency.add", {"name", "Of his own"}, {"type", "other"})

/* The act's number. */
static uint64_t write_act(struct world_member *m, const struct draft *drafts, size_t count) {
  struct verdict v;
  world_must(world_write(&w, m, drafts, count, ACCEPT_WRITE_ANYWAY, &v), "an act");
  assert_int_equal(v.code, VERDICT_ACCEPTED);
  return v.first;
}

static uint64_t write_refused(void) {
  const struct draft d = NOT_FOR_BEN;
  return write_act(ben, &d, 1);
}

static enum err discard(struct world_member *m, uint64_t first, uint64_t *named_by) {
  world_must(store_begin(m->store), "a transaction");
  return store_end(m->store, discard_act(m->store, first, named_by));
}

static void expect_refused(struct world_member *m, uint64_t first, uint64_t named_by, const char *words) {
  uint64_t number = 0;
  const struct hash before = world_digest(m->store);
  assert_int_equal(discard(m, first, &number), ERR_REFUSED);
  if (strstr(err_words(ERR_REFUSED), words) == NULL)
    fail_msg("\"%s\" does not say \"%s\"", err_words(ERR_REFUSED), words);
  assert_string_not_equal(err_remedy(), "");
  assert_int_equal(number, named_by);
  const struct hash after = world_digest(m->store);
  assert_true(hash_equal(&before, &after));
}

static void expect_discarded(struct world_member *m, uint64_t first) {
  uint64_t named_by = 0;
  world_must(discard(m, first, &named_by), "discarding");
  assert_int_equal(named_by, 0);
  world_check_views(m->store, "after it was discarded");
}

/* All is in order, and what is recorded next is accepted. */
static void expect_goes_on(struct world_member *m) {
  assert_int_equal(world_findings(m->store), 0);
  const struct hash next = lost_node_note(&w, m, &child, "An Aunt");
  struct record r = {0};
  world_sync(&w, m);
  world_must(store_find(m->store, &next, &r), "what was recorded next");
  assert_string_equal(r.state, "accepted");
  record_release(&r);
  assert_int_equal(world_findings(m->store), 0);
  assert_int_equal(world_findings(w.node.store), 0);
  world_check_views(m->store, "what comes after");
}

static void mark(uint64_t first, const char *state) {
  struct act_record a = {0};
  world_must(store_find_act_alone(ben->store, first, &a), "the act");
  world_must(store_begin(ben->store), "a transaction");
  world_must(store_outbox_mark(ben->store, &a.position.act, state, "R-001", "why", "what to do"), "its state");
  world_must(store_commit(ben->store), "its state");
  act_record_release(&a);
}

static void only_what_was_refused(void **state) {
  static const char *const states[] = {"unsent", "sent", "held", "later"};
  const uint64_t first = write_refused();
  uint64_t named_by;
  (void)state;
  for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
    mark(first, states[i]);
    expect_refused(ben, first, 0, states[i]);
  }
  /* Neither what is not here, nor what was accepted. */
  assert_int_equal(discard(ben, first + ACT_ENTRIES_MAX, &named_by), ERR_ABSENT);
  assert_int_equal(discard(ben, 1, &named_by), ERR_ABSENT);
}

/* An answer alone proves nothing: until the ledger's entry is here, the act's place in the chain would be empty. */
static void once_the_ledger_says_so(void **state) {
  const uint64_t first = write_refused();
  (void)state;
  mark(first, "refused");
  expect_refused(ben, first, 0, "has not come yet");
  mark(first, "unsent");
  world_sync(&w, ben);
  expect_discarded(ben, first);
  assert_int_equal(store_outbox_count(ben->store, NULL), 0);
  expect_goes_on(ben);
}

static uint64_t pending_rows(struct store *s) {
  return world_count(s, "act WHERE first >= 4611686018427387904") +
         world_count(s, "entry WHERE number >= 4611686018427387904") +
         world_count(s, "content WHERE number >= 4611686018427387904") +
         world_count(s, "entry_child WHERE number >= 4611686018427387904") +
         world_count(s, "large WHERE number >= 4611686018427387904") + world_count(s, "outbox");
}

static size_t heads_of_child(struct store *s) {
  struct version_set set;
  world_must(version_find(s, &child, &set), "versions");
  return set.count;
}

/* A child that nothing else introduced, a change that contradicts another one, a document that travels in parts. */
static void nothing_is_left_of_it(void **state) {
  const struct hash_hex c = hash_hex(&child);
  static uint8_t file[ENTRY_LARGE + 7];
  struct hash position;
  uint64_t number, after;
  (void)state;
  memset(file, 'x', sizeof file);
  world_record(&w, ann, WORLD_DRAFT("child.change", {"child", c.s}, {"address", "2 Mill Lane"}));
  const struct draft d[] = {
      NOT_FOR_BEN, WORLD_DRAFT("child.add", {"name", "Jo Penhaligon"}, {"born", "2019-02-03"}),
      WORLD_DRAFT("child.change", {"child", c.s}, {"address", "3 Mill Lane"}),
      WORLD_DRAFT("document.add", {"child", c.s}, {"title", "Chronology"}, {"type", "chronology"}),
      WORLD_DRAFT("document.file", {"child", c.s}, {"document", "@4"})};
  struct draft drafts[5];
  memcpy(drafts, d, sizeof d);
  drafts[4].file = bytes_of(file, sizeof file);
  drafts[4].media = "text/plain";
  const uint64_t first = write_act(ben, drafts, 5);
  lost_node_sync_all(&w);
  assert_int_equal(store_outbox_count(ben->store, "refused"), 1);
  assert_int_equal(heads_of_child(ben->store), 2);
  world_must(store_chain(ben->store, &ben->replica, &number, &position), "the chain");
  expect_discarded(ben, first);
  assert_int_equal(pending_rows(ben->store), 0);
  assert_int_equal(heads_of_child(ben->store), 1);
  assert_int_equal(world_count(ben->store, "name_word WHERE word LIKE 'penhal%'"), 0);
  assert_int_equal(world_count(ben->store, "child"), 1);
  world_must(store_chain(ben->store, &ben->replica, &after, &position), "the chain");
  assert_int_equal(after, number);
  expect_goes_on(ben);
}

static void what_refers_to_it_goes_first(void **state) {
  (void)state;
  const struct draft drafts[] = {WORLD_DRAFT("child.add", {"name", "Ben's own"}), NOT_FOR_BEN};
  const uint64_t first = write_act(ben, drafts, 2);
  struct hash own;
  world_must(author_id_of(ben->store, first, &own), "his child");
  world_sync(&w, ben);
  const struct hash_hex c = hash_hex(&own);
  const struct draft about = WORLD_DRAFT("child.change", {"child", c.s}, {"address", "1 Mill Lane"});
  const uint64_t second = write_act(ben, &about, 1);
  expect_refused(ben, first, second, "refers to");
  world_sync(&w, ben);
  expect_refused(ben, first, second, "refers to");
  expect_discarded(ben, second);
  expect_discarded(ben, first);
  expect_goes_on(ben);
}

/* Somebody decided against what was held. */
static void what_was_held(void **state) {
  const uint64_t first = write_refused();
  struct query q;
  struct hash hold = {{0}};
  (void)state;
  struct world_member *amy = world_join(&w, &ann->agency, "Amy", "administrator");
  lost_node_sync_all(&w);
  world_record(&w, ann, WORLD_DRAFT("two-persons.require", {"kind", "agency.add"}, {"reason", "practice"}));
  lost_node_sync_all(&w);
  const struct draft d = WORLD_DRAFT("agency.add", {"name", "Another"}, {"type", "other"});
  const uint64_t held = write_act(ann, &d, 1);
  lost_node_sync_all(&w);
  expect_discarded(ben, first);
  expect_refused(ann, held, 0, "held");
  query_start_once(&q, ann->store->db, "SELECT object FROM hold");
  assert_true(query_row(&q));
  hold = hash_from(query_get(&q, 0));
  world_must(query_end(&q), "what is held");
  const struct hash_hex h = hash_hex(&hold);
  struct draft against = WORLD_DRAFT("held.reject", {"hold", h.s}, {"reason", "not now"});
  const struct hash to = key_id(ann->key);
  against.to = &to;
  against.to_count = 1;
  world_record(&w, amy, against);
  lost_node_sync_all(&w);
  assert_int_equal(store_outbox_count(ann->store, "refused"), 1);
  expect_discarded(ann, held);
  expect_goes_on(ann);
}

/* ---- what comes afterwards ---- */

static enum err ask(struct world_member *m, struct buf *answer) {
  struct buf request = {.max = MSG_ANSWER_MAX};
  struct exchange_replica r = {m->store, m->replica_key, w.now_s, 0};
  size_t sent;
  buf_init(answer, MSG_ANSWER_MAX);
  enum err e = exchange_request(&r, &request, &sent);
  if (e == OK)
    e = exchange_answer(&w.node, &m->replica, buf_bytes(&request), w.now_s, answer);
  buf_release(&request);
  return e;
}

/* The same verdict once more, when the act has gone. */
static void a_late_answer(void **state) {
  const uint64_t first = write_refused();
  struct exchange_replica r = {ben->store, ben->replica_key, w.now_s, 0};
  struct exchange_report report = {0};
  struct buf answer = {0};
  (void)state;
  world_must(ask(ben, &answer), "an answer");
  world_sync(&w, ben);
  expect_discarded(ben, first);
  exchange_take(&r, buf_bytes(&answer), &report);
  assert_int_equal(pending_rows(ben->store), 0);
  expect_goes_on(ben);
  buf_release(&answer);
}

/* The feed from its beginning, the refusal in it. */
static void the_feed_again(void **state) {
  const uint64_t first = write_refused();
  (void)state;
  world_sync(&w, ben);
  expect_discarded(ben, first);
  world_must(store_begin(ben->store), "the feed");
  world_must(feed_restart(ben->store), "the feed");
  world_must(store_commit(ben->store), "the feed");
  world_sync(&w, ben);
  assert_int_equal(pending_rows(ben->store), 0);
  expect_goes_on(ben);
}

/* From an old copy of the node, which had not seen the act. */
static void a_rebuilt_node(void **state) {
  (void)state;
  lost_node_back_up(&w);
  const uint64_t first = write_refused();
  lost_node_note(&w, ben, &child, "Jean Reid");
  lost_node_sync_all(&w);
  expect_discarded(ben, first);
  lost_node_restore(&w);
  for (size_t i = 0; i < w.count; i++)
    world_must(lost_node_recover(&w, &w.members[i], NULL), "offering");
  world_must(recover_finish(&w.node, RECOVERY_WAIT_FOR_THE_REST), "rebuilding");
  lost_node_sync_all(&w);
  assert_int_equal(pending_rows(ben->store), 0);
  expect_goes_on(ben);
}

/* The machine's file as it was when it had sent nothing: the act is there again, and is told what it was told. */
static void a_restored_machine(void **state) {
  const uint64_t first = write_refused();
  char copy[128];
  (void)state;
  snprintf(copy, sizeof copy, "%s-copy", ben->path);
  store_close(ben->store);
  ben->store = NULL;
  files_copy(ben->path, copy);
  world_reopen(ben);
  world_sync(&w, ben);
  expect_discarded(ben, first);
  store_close(ben->store);
  ben->store = NULL;
  files_copy(copy, ben->path);
  world_reopen(ben);
  world_sync(&w, ben);
  assert_int_equal(store_outbox_count(ben->store, "refused"), 1);
  expect_discarded(ben, first);
  expect_goes_on(ben);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(only_what_was_refused, open_world, close_world),
      cmocka_unit_test_setup_teardown(once_the_ledger_says_so, open_world, close_world),
      cmocka_unit_test_setup_teardown(nothing_is_left_of_it, open_world, close_world),
      cmocka_unit_test_setup_teardown(what_refers_to_it_goes_first, open_world, close_world),
      cmocka_unit_test_setup_teardown(what_was_held, open_world, close_world),
      cmocka_unit_test_setup_teardown(a_late_answer, open_world, close_world),
      cmocka_unit_test_setup_teardown(the_feed_again, open_world, close_world),
      cmocka_unit_test_setup_teardown(a_rebuilt_node, open_world, close_world),
      cmocka_unit_test_setup_teardown(a_restored_machine, open_world, close_world),
  };
  return cmocka_run_group_tests_name("discard", tests, NULL, NULL);
}
