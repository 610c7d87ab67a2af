/* A machine without a network follows a ledger that was opened anew (sync/PROTOCOL.md section 12.6): in one process,
 * with bundles that come twice, in another order, late, or to whom they are not for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/anew.h"
#include "core/act.h"
#include "sync/bundle_carry.h"
#include "sync/bundle_parts.h"
#include "tests/lib/blank.h"
#include "tests/lib/lost_node.h"

#define DOCUMENT_SIZE (((size_t)1 << 20) + 12345)

static struct world w;
static struct world_member *ann, *ben, *pam; /* social work; health, which has no network; police */
static struct hash child;
static struct store *former; /* ben's, while he follows */
static uint64_t size_max = BUNDLE_MAX;
static unsigned fresh_count;

/* What ben recorded and what became of it: accepted and lost; never sent; recorded while he follows. */
static struct hash lost, unsent, meanwhile;

/* ---- the loss ---- */

static struct hash note(struct world_member *m, const char *name) {
  return lost_node_note(&w, m, &child, name);
}

/* His machine has them in its outbox before; they are in what was backed up. */
static void record_documents(size_t count) {
  const struct hash_hex c = hash_hex(&child);
  const struct draft_value about[] = {{"child", c.s}, {"title", "Chronology"}, {"type", "chronology"}};
  const struct draft_value of[] = {{"child", c.s}, {"document", "@1"}};
  struct buf file = {.max = 2 * DOCUMENT_SIZE};
  struct verdict v;
  uint32_t drawn = 1;
  for (uint8_t *at = buf_extend(&file, DOCUMENT_SIZE), *end = at + DOCUMENT_SIZE; at < end; at++)
    *at = (uint8_t)((drawn = drawn * 1664525 + 1013904223) >> 24);
  for (size_t i = 0; i < count; i++) {
    struct draft drafts[] = {world_draft("document.add", about, 3), world_draft("document.file", of, 2)};
    drafts[1].file = buf_bytes(&file);
    drafts[1].media = "application/pdf";
    world_must(world_write(&w, ben, drafts, 2, ACCEPT_WRITE, &v), "a document");
  }
  buf_release(&file);
}

/* Two entries come after the backup; ben has one of them, and the machine that has the other is gone. */
static void lose_and_go_on(size_t documents) {
  struct recovery_anew a = {0};
  lost_node_sync_all(&w);
  record_documents(documents);
  lost_node_sync_all(&w);
  lost_node_back_up(&w);
  lost = note(ben, "An Uncle");
  world_sync(&w, ben);
  world_record(&w, ann, WORLD_DRAFT("child.add", {"name", "Known to social work alone"}));
  world_sync(&w, ann);
  world_sync(&w, pam);
  unsent = note(ben, "Never sent");
  lost_node_restore(&w);
  world_must(lost_node_recover(&w, pam, NULL), "offering");
  world_must(recover_go_on_anew(&w.node, RECOVERY_WITHOUT_THE_REST, "a machine is gone", w.now_s, &a), "going on");
  recovery_anew_release(&a);
}

static int open_world(void **state) {
  (void)state;
  lost_node_open(&w, 31, &child);
  ann = &w.members[LOST_NODE_ANN];
  ben = &w.members[LOST_NODE_BEN];
  pam = &w.members[LOST_NODE_PAM];
  former = NULL;
  size_max = BUNDLE_MAX;
  return 0;
}

static int open_lost(void **state) {
  open_world(state);
  lose_and_go_on(0);
  return 0;
}

static int close_world(void **state) {
  (void)state;
  store_close(former);
  world_close(&w);
  return 0;
}

/* ---- there and back ---- */

static FILE *new_file(void) {
  FILE *f = tmpfile();
  assert_non_null(f);
  return f;
}

static enum err authority_key(void *of, const struct hash *id, const struct key **out) {
  (void)of;
  (void)id;
  *out = w.authority;
  return OK;
}

static FILE *make(struct world_member *m) {
  struct exchange_replica r = {m->store, m->replica_key, w.now_s, 0};
  struct bundle_made made;
  FILE *f = new_file();
  world_must(bundle_request(&r, f, BUNDLE_MAX, &made), "a bundle");
  assert_true(made.is_whole);
  return f;
}

static enum err answer(FILE *request, FILE **out, struct bundle_judged *judged) {
  struct bundle_desk d = {&w.node, w.now_s, size_max, NULL, authority_key};
  *out = new_file();
  rewind(request);
  return bundle_answer(&d, request, *out, judged);
}

static FILE *must_answer(FILE *request) {
  struct bundle_judged judged;
  FILE *out;
  world_must(answer(request, &out, &judged), "an answer");
  assert_int_equal(judged.stopped, OK);
  assert_false(judged.is_of_former);
  return out;
}

static enum err take(struct world_member *m, FILE *f, struct bundle_taken *taken) {
  struct exchange_replica r = {m->store, m->replica_key, w.now_s, 0};
  struct exchange_report report = {0};
  rewind(f);
  return bundle_take(&r, f, &report, taken);
}

static void must_take(struct world_member *m, FILE *f, uint64_t taken_wanted, uint64_t passed_wanted) {
  struct bundle_taken taken;
  world_must(take(m, f, &taken), "an answer");
  assert_int_equal(taken.taken, taken_wanted);
  assert_int_equal(taken.passed, passed_wanted);
}

/* The machine is as it was. */
static void assert_refused(struct world_member *m, FILE *f, enum err wanted, const char *remedy) {
  struct bundle_taken taken;
  const struct hash before = world_digest(m->store);
  assert_int_equal(take(m, f, &taken), wanted);
  if (strstr(err_remedy(), remedy) == NULL)
    fail_msg("\"%s\" does not say \"%s\"", err_remedy(), remedy);
  const struct hash after = world_digest(m->store);
  assert_true(hash_equal(&before, &after));
}

static void assert_passed(struct world_member *m, FILE *f, uint64_t passed_wanted) {
  const struct hash before = world_digest(m->store);
  must_take(m, f, 0, passed_wanted);
  const struct hash after = world_digest(m->store);
  assert_true(hash_equal(&before, &after));
}

/* ---- following ---- */

static void in_transaction(struct store *s, enum err e) {
  world_must(e, "a step");
  world_must(store_commit(s), "a step");
}

static void begin_following(void) {
  char path[80];
  struct store *fresh = NULL;
  snprintf(path, sizeof path, "%s/fresh-%u.db", w.folder, ++fresh_count);
  world_must(blank_store(path, &fresh), "a fresh store");
  store_read_as(fresh, &(struct scope_recipient){.replica = ben->replica});
  former = ben->store;
  world_must(store_begin(fresh), "beginning");
  in_transaction(fresh, anew_begin(former, fresh));
  ben->store = fresh;
}

static void end_following(struct anew_report *report) {
  struct anew_proved proved = {0};
  assert_true(anew_is_followed(ben->store));
  world_must(anew_find_proved(former, ben->store, &proved), "what was verified");
  assert_true(proved.size > 0);
  world_must(store_begin(ben->store), "ending");
  world_must(anew_end(former, ben->store, report), "the end");
  in_transaction(ben->store, anew_ask_later(ben->store, &proved));
  anew_proved_release(&proved);
}

static bool has(struct store *s, const struct hash *id) {
  struct record r = {0};
  bool is = store_find(s, id, &r) == OK && strcmp(r.state, "accepted") == 0;
  record_release(&r);
  return is;
}

static bool asks(struct store *s) {
  struct anew_proved p = {0};
  enum err e = anew_find_question(s, &p);
  anew_proved_release(&p);
  return e == OK;
}

/* Until the new store has its place. */
static void follow(void) {
  struct anew_report report;
  begin_following();
  FILE *there = make(ben), *back = must_answer(there);
  must_take(ben, back, 1, 0);
  end_following(&report);
  fclose(there);
  fclose(back);
}

static void all_comes_along(void **state) {
  (void)state;
  struct anew_report report;
  struct bundle_taken taken;
  begin_following();
  assert_false(anew_is_followed(ben->store));
  FILE *first = make(ben), *first_back = must_answer(first);
  struct store *fresh = ben->store;
  ben->store = former; /* which is in use until then */
  meanwhile = note(ben, "Recorded meanwhile");
  ben->store = fresh;
  must_take(ben, first_back, 1, 0);
  end_following(&report);
  assert_int_equal(report.contradicted, 0);
  assert_int_equal(report.carried, 3);
  assert_int_equal(report.not_carried, 0);
  FILE *second = make(ben), *second_back = must_answer(second);
  world_must(take(ben, second_back, &taken), "the second answer");
  assert_int_equal(taken.root, BUNDLE_ROOT_SAME);
  assert_true(taken.root_of > 0 && taken.root_of <= report.kept);
  assert_false(asks(ben->store));
  const struct hash *const all[] = {&lost, &unsent, &meanwhile};
  for (size_t i = 0; i < 3; i++) {
    assert_true(has(w.node.store, all[i]));
    assert_true(has(ben->store, all[i]));
  }
  assert_int_equal(store_outbox_count(ben->store, NULL), 0);
  assert_int_equal(world_findings(ben->store), 0);
  assert_int_equal(world_findings(w.node.store), 0);
  world_check_views(ben->store, "who followed by bundles");
  FILE *const files[] = {first, first_back, second, second_back};
  for (size_t i = 0; i < 4; i++)
    fclose(files[i]);
}

/* More than one bundle holds: the store that follows goes on from where it stands. */
static void more_than_one_bundle(void **state) {
  struct anew_report report;
  unsigned bundles = 0;
  struct bundle_taken taken;
  open_world(state);
  lose_and_go_on(3);
  begin_following();
  size_max = (uint64_t)5 << 20;
  while (!anew_is_followed(ben->store)) {
    FILE *there = make(ben), *back = must_answer(there);
    world_must(take(ben, back, &taken), "as much as fits");
    assert_true(taken.taken > 0 && ++bundles < 10);
    fclose(there);
    fclose(back);
  }
  assert_true(bundles > 1);
  end_following(&report);
  assert_int_equal(world_count(ben->store, "content WHERE length(bytes) > 1048576"), 3);
  assert_int_equal(world_findings(ben->store), 0);
}

/* ---- twice, out of order, to others ---- */

static void harmless(void **state) {
  (void)state;
  struct anew_report report;
  FILE *of_former = make(ben);
  begin_following();
  FILE *first = make(ben), *first_back = must_answer(first);
  struct store *fresh = ben->store;
  ben->store = former;
  assert_passed(ben, first_back, 1); /* the store in use is further than its beginning */
  ben->store = fresh;
  assert_refused(pam, first_back, ERR_REFUSED, "the machine that it is for");
  must_take(ben, first_back, 1, 0);
  assert_passed(ben, first_back, 1);
  end_following(&report);
  assert_passed(ben, first_back, 1);
  FILE *second = make(ben), *second_back = must_answer(second);
  assert_refused(pam, second_back, ERR_REFUSED, "the machine that it is for");
  ben->store = former;
  assert_refused(ben, second_back, ERR_CHAIN, "write a new bundle");
  ben->store = fresh;
  must_take(ben, second_back, 2, 0);
  assert_passed(ben, second_back, 2);
  assert_passed(ben, first_back, 1);
  fclose(must_answer(second)); /* the node reads it again */
  fclose(must_answer(first));
  FILE *const files[] = {of_former, first, first_back, second, second_back};
  for (size_t i = 0; i < 5; i++)
    fclose(files[i]);
}

/* ---- a bundle of the former ledger ---- */

static void of_the_former_ledger(void **state) {
  (void)state;
  struct bundle_judged judged;
  FILE *there = make(ben), *back = NULL;
  const struct hash before = world_digest(w.node.store);
  world_must(answer(there, &back, &judged), "an answer");
  assert_true(judged.is_of_former);
  assert_int_equal(judged.accepted + judged.had + judged.refused + judged.held + judged.later, 0);
  assert_int_equal(judged.page_count, 1);
  const struct hash after = world_digest(w.node.store);
  assert_true(hash_equal(&before, &after));
  assert_refused(ben, back, ERR_REFUSED, "cairn bundle FILE --new-log");
  assert_int_equal(store_outbox_count(ben->store, "unsent"), 1);
  follow();
  assert_passed(ben, back, 1);
  fclose(there);
  fclose(back);
}

/* Who counts no more is told nothing. */
static void of_whom_nobody_answers(void **state) {
  (void)state;
  struct bundle_judged judged;
  FILE *there = make(ben), *back = NULL;
  w.now_s += (int64_t)3 * 365 * 86400;
  assert_int_equal(answer(there, &back, &judged), ERR_CHAIN);
  fclose(there);
  fclose(back);
}

/* The ledger is opened anew once more before the machine has come to its end: it begins again. */
static void opened_twice(void **state) {
  (void)state;
  struct bundle_judged judged;
  struct recovery_anew a = {0};
  begin_following();
  FILE *there = make(ben), *back = must_answer(there), *told = NULL;
  must_take(ben, back, 1, 0);
  fclose(there);
  fclose(back);
  lost_node_restore(&w);
  world_must(lost_node_recover(&w, pam, NULL), "offering");
  world_must(recover_go_on_anew(&w.node, RECOVERY_WITHOUT_THE_REST, "once more", w.now_s + 60, &a), "going on");
  recovery_anew_release(&a);
  there = make(ben);
  world_must(answer(there, &told, &judged), "an answer");
  assert_true(judged.is_of_former);
  assert_refused(ben, told, ERR_REFUSED, "--begin-again");
  fclose(there);
  fclose(told);
  store_close(ben->store);
  ben->store = former;
  follow();
}

/* ---- the root of what was kept ---- */

static enum err take_page(const struct bundle_former *f, struct bundle_taken *taken, bool *was_taken) {
  struct exchange_replica r = {ben->store, ben->replica_key, w.now_s, 0};
  struct buf page = {0};
  bundle_former_encode(&page, f);
  assert_true(bundle_is_former(buf_bytes(&page)));
  *taken = (struct bundle_taken){0};
  *was_taken = false;
  enum err e = bundle_take_former(&r, buf_bytes(&page), taken, was_taken);
  buf_release(&page);
  return e;
}

/* As if it had verified another root: the node says so, and a proof of another root is none. */
static void another_root(void **state) {
  (void)state;
  struct exchange_replica r = {NULL, ben->replica_key, w.now_s, 0};
  struct bundle_desk d = {&w.node, w.now_s, size_max, NULL, authority_key};
  struct anew_proved proved = {0};
  struct buf question = {0}, page = {0}, other = {0};
  struct bundle_former f = {0}, none;
  struct bundle_taken taken;
  struct msg_answer m = {0};
  bool was_taken;
  struct verdict v;
  const struct draft later = WORLD_DRAFT("agency.add", {"name", "Housing"}, {"type", "housing"}),
                     behind = WORLD_DRAFT("agency.add", {"name", "A Charity"}, {"type", "third-sector"});
  follow();
  r.store = ben->store;
  world_must(world_node_write(&w, &later, 1, &v), "what is to be delivered");
  world_must(anew_find_question(ben->store, &proved), "the question");
  world_must(bundle_ask_former(&r, &question), "the question");
  assert_true(bundle_asks_former(buf_bytes(&question)));
  world_must(bundle_answer_former(&d, &ben->replica, buf_bytes(&question), &page), "an answer");
  world_must(bundle_former_decode(buf_bytes(&page), &f), "an answer");
  world_must(msg_answer_decode(f.answer, &m), "an answer");
  assert_int_equal(m.event_count, 0); /* nothing is delivered with it */
  assert_false(m.has_more);
  msg_answer_release(&m);

  world_must(world_node_write(&w, &behind, 1, &v), "what the answer has not heard of"); /* it comes late */
  world_sync(&w, ben);
  world_must(take_page(&f, &taken, &was_taken), "an older answer");
  assert_true(!was_taken && asks(ben->store));
  buf_clear(&page);
  world_must(bundle_answer_former(&d, &ben->replica, buf_bytes(&question), &page), "an answer");
  world_must(bundle_former_decode(buf_bytes(&page), &f), "an answer");

  none = f; /* not what was asked: another question's, of a bundle of before */
  none.size--;
  world_must(take_page(&none, &taken, &was_taken), "another question's answer");
  assert_true(!was_taken && asks(ben->store));
  none = f; /* no proof of it */
  none.answer = bytes_of(NULL, 0);
  world_must(take_page(&none, &taken, &was_taken), "no proof");
  assert_true(was_taken && taken.root == BUNDLE_ROOT_OTHER && taken.root_of == proved.size && !asks(ben->store));
  world_must(take_page(&f, &taken, &was_taken), "read again");
  assert_false(was_taken);

  proved.root.at[0] ^= 1; /* the node says itself that it has another one */
  exchange_former_request(&r, &proved, &other);
  buf_clear(&page);
  world_must(bundle_answer_former(&d, &ben->replica, buf_bytes(&other), &page), "an answer");
  world_must(bundle_former_decode(buf_bytes(&page), &none), "an answer");
  assert_int_equal(none.answer.len, 0);
  anew_proved_release(&proved);
  buf_release(&question);
  buf_release(&page);
  buf_release(&other);
}

/* It stands behind a request, which says who asks and where they are. */
static void a_question_first(void **state) {
  (void)state;
  struct exchange_replica r = {NULL, ben->replica_key, w.now_s, 0};
  struct bundle_label label = {.kind = BUNDLE_REQUEST, .machine = ben->replica, .node = key_id(w.authority)};
  struct bundle_judged judged;
  struct bundle_writer to;
  struct buf question = {0}, request = {0};
  size_t sent;
  FILE *there = new_file(), *back = NULL;
  follow();
  r.store = ben->store;
  world_must(bundle_ask_former(&r, &question), "the question");
  world_must(exchange_request(&r, &request, &sent), "a request");
  world_must(store_meta_hash(ben->store, "ledger", &label.ledger), "the ledger");
  label.at = text_time_format(w.now_s);
  world_must(bundle_begin(&to, there, &label, w.authority, BUNDLE_MAX), "a bundle");
  world_must(bundle_add(&to, buf_bytes(&question)), "a bundle");
  world_must(bundle_add(&to, buf_bytes(&request)), "a bundle");
  world_must(bundle_end(&to, ben->replica_key), "a bundle");
  assert_int_equal(answer(there, &back, &judged), ERR_FORM);
  bundle_writer_release(&to);
  buf_release(&question);
  buf_release(&request);
  fclose(there);
  fclose(back);
}

/* ---- what was changed meanwhile ---- */

static void catches_up(void **state) {
  (void)state;
  const struct hash other = hash_of(bytes_str("another key"));
  struct hash now;
  struct anew_report report;
  begin_following();
  FILE *there = make(ben), *back = must_answer(there);
  must_take(ben, back, 1, 0);
  world_must(store_begin(former), "a new key");
  world_must(store_meta_set_number(former, "bundles", 7), "bundles of the former ledger");
  in_transaction(former, store_meta_set(former, "person-key", hash_bytes(&other)));
  end_following(&report);
  world_must(store_meta_hash(ben->store, "person-key", &now), "the key");
  assert_true(hash_equal(&now, &other));
  assert_int_equal(store_meta_number(ben->store, "bundles"), 7);
  fclose(there);
  fclose(back);
}

/* ---- the pages' form ---- */

static void every_cut(void **state) {
  (void)state;
  struct buf page = {0}, again = {0};
  const struct hash id = hash_of(bytes_str("an entry"));
  struct hash got;
  struct bundle_former f = {12, id, bytes_str("an answer")}, out;
  bundle_former_encode(&page, &f);
  assert_memory_equal(page.at, "cairn former 1\n\0\0\0\0\0\0\0\14", 23);
  for (size_t len = 0; len < page.len; len++)
    assert_int_equal(bundle_former_decode(bytes_of(page.at, len), &out), ERR_FORM);
  world_must(bundle_former_decode(buf_bytes(&page), &out), "a page");
  bundle_former_encode(&again, &out);
  assert_true(bytes_equal(buf_bytes(&page), buf_bytes(&again)));
  buf_u8(&page, 0);
  assert_int_equal(bundle_former_decode(buf_bytes(&page), &out), ERR_FORM);
  buf_clear(&page);
  bundle_opened_encode(&page, &id);
  assert_true(bundle_is_opened(buf_bytes(&page)));
  for (size_t len = 0; len < page.len; len++)
    assert_int_equal(bundle_opened_decode(bytes_of(page.at, len), &got), ERR_FORM);
  world_must(bundle_opened_decode(buf_bytes(&page), &got), "a page");
  assert_true(hash_equal(&got, &id));
  buf_u8(&page, 0);
  assert_int_equal(bundle_opened_decode(buf_bytes(&page), &got), ERR_FORM);
  buf_release(&page);
  buf_release(&again);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(all_comes_along, open_lost, close_world),
      cmocka_unit_test_teardown(more_than_one_bundle, close_world),
      cmocka_unit_test_setup_teardown(harmless, open_lost, close_world),
      cmocka_unit_test_setup_teardown(of_the_former_ledger, open_lost, close_world),
      cmocka_unit_test_setup_teardown(of_whom_nobody_answers, open_lost, close_world),
      cmocka_unit_test_setup_teardown(opened_twice, open_lost, close_world),
      cmocka_unit_test_setup_teardown(another_root, open_lost, close_world),
      cmocka_unit_test_setup_teardown(a_question_first, open_lost, close_world),
      cmocka_unit_test_setup_teardown(catches_up, open_lost, close_world),
      cmocka_unit_test(every_cut),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
