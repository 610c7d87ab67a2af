/* What a visit leaves behind, and the next one that goes on from it: finds the same as one that reads all; and damaged
 * state is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "audit/verify_parts.h"
#include "core/note.h"
#include "tests/lib/handover.h"
#include "tests/lib/visits.h"

static struct world w;
static struct former before[3];
static struct buf leaves, brought;
static struct verify_facts facts;
static uint64_t size;

/* Only of the sizes at which the node made one. */
static bool add_checkpoint(void *of, uint64_t at, struct buf *out) {
  (void)of;
  return store_checkpoint_at(w.node.store, at, out) == OK;
}

static struct visits visits = {.facts = &facts, .checkpoint = add_checkpoint};

static void record_child(struct world_member *m) {
  world_record(&w, m, WORLD_DRAFT("child.add", {"name", "Ava"}));
  world_sync(&w, m);
}

/* Two agencies whose machines vouch for checkpoints, and each of the node's keys handed over. */
static int set_up(void **state) {
  struct hash root;
  struct buf note = {0};
  (void)state;
  world_open(&w, 43);
  note_vkey_format(&brought, "nl.example/register", w.ledger);
  facts.vkey = buf_cstr(&brought);
  struct hash police = world_agency(&w, "Police", "police"), health = world_agency(&w, "Health", "health");
  struct world_member *ann = world_join(&w, &police, "Ann", "practitioner officer");
  record_child(ann);
  handover_turn(&w, TURN_LEDGER, &before[0]);
  struct world_member *ben = world_join(&w, &health, "Ben", "practitioner chair");
  record_child(ben);
  handover_turn(&w, TURN_OPERATING, &before[1]);
  record_child(ann);
  handover_turn(&w, TURN_LEDGER | TURN_AUTHORITY, &before[2]);
  record_child(ben);
  record_child(ben);
  record_child(ann);
  world_must(store_checkpoint_newest(w.node.store, &size, &root, &note), "a checkpoint");
  for (uint64_t n = 1; n <= size; n++) {
    world_must(store_leaf(w.node.store, n, &leaves), "a leaf");
    buf_add_str(&leaves, "\n");
  }
  visits.leaves = buf_bytes(&leaves);
  buf_release(&note);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof before / sizeof *before; i++)
    former_release(&before[i]);
  buf_release(&leaves);
  buf_release(&brought);
  world_close(&w);
  return 0;
}

static void test_going_on_finds_what_reading_all_finds(void **state) {
  (void)state;
  visits_compare_each(&visits);
}

/* ---- what a state is good for ---- */

static struct verify_source source_of(const void *at, size_t len) {
  return (struct verify_source){at, len, NULL};
}

static struct verify_facts facts_of(const struct visit *last) {
  struct verify_facts f = facts;
  f.seen_vkey = last->vkey;
  f.seen_note = last->note.at;
  f.seen_note_len = last->note.len;
  f.state = source_of(last->state.at, last->state.len);
  return f;
}

static const char *refusal(const struct verify_facts *f) {
  const char *why = NULL;
  struct verify_place place;
  struct verify *v = verify_resume(f, &place, &why);
  verify_free(v);
  return v ? NULL : why;
}

static void test_a_state_belongs_to_its_checkpoint(void **state) {
  struct visit early = {0}, late = {0};
  (void)state;
  visits_make(&visits, size - 3, &early);
  visits_make(&visits, size, &late);
  struct verify_facts f = facts_of(&late);
  assert_null(refusal(&f));
  f.state = source_of(early.state.at, early.state.len);
  assert_string_equal(refusal(&f), "the state of the last visit is not of the checkpoint that is remembered");
  f.seen_vkey = NULL;
  assert_string_equal(refusal(&f), "the state of the last visit is not of the checkpoint that is remembered");
  visit_release(&early);
  visit_release(&late);
}

/* A key that is brought later is compared with all that were in force, also before the state. */
static void test_a_key_brought_later(void **state) {
  struct visit last = {0};
  struct verify_place place;
  const char *why;
  struct key *stranger = key_new();
  (void)state;
  visits_make(&visits, size, &last);
  const struct {
    const struct key *key;
    enum verify_verdict expected;
  } cases[] = {{before[0].ledger, VERIFY_HOLDS},
               {before[2].ledger, VERIFY_HOLDS},
               {w.ledger, VERIFY_HOLDS},
               {stranger, VERIFY_FAILS}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct hash id = key_id(cases[i].key);
    struct hash_hex hex = hash_hex(&id);
    struct verify_facts f = facts_of(&last);
    f.vkey = NULL;
    f.fingerprint = hex.s;
    struct verify *v = verify_resume(&f, &place, &why);
    assert_non_null(v);
    assert_int_equal(verify_end(v)->verdicts[VERIFY_ANCHORING], cases[i].expected);
    verify_free(v);
  }
  key_free(stranger);
  visit_release(&last);
}

/* Only a good visit leaves one behind. */
static void test_findings_leave_no_state(void **state) {
  const char *why;
  (void)state;
  struct verify *v = verify_new(&facts, &why);
  verify_leaves(v, leaves.at, leaves.len);
  verify_end(v); /* no checkpoint covers them */
  assert_false(verify_is_worth_keeping(v));
  verify_free(v);
}

/* ---- damaged state ---- */

static void mend_hash(uint8_t *copy, size_t len) {
  if (len >= VHASH_SIZE)
    vhash(copy, len - VHASH_SIZE, copy + len - VHASH_SIZE);
}

/* Goes on from it where it is taken: nothing in it may make that crash. */
static void use(const struct verify_facts *f) {
  const char *why;
  struct verify_place place;
  struct buf note = {0};
  struct verify *v = verify_resume(f, &place, &why);
  if (v) {
    add_checkpoint(NULL, size, &note);
    v->is_trusting = true;
    verify_leaves(v, leaves.at, leaves.len);
    verify_checkpoint(v, note.at, note.len);
    verify_end(v);
  }
  buf_release(&note);
  verify_free(v);
}

static void test_damaged_state_is_refused(void **state) {
  struct visit last = {0};
  (void)state;
  visits_make(&visits, size, &last);
  size_t len = last.state.len, step = len / 50;
  struct verify_facts f = facts_of(&last);
  for (size_t i = 0; i < len; i += i < 2 * VHASH_SIZE ? 16 : step) {
    /* Exactly as long as it is, so that one byte too far is seen. */
    uint8_t *copy = mem_alloc(len), *cut = mem_alloc(i ? i : 1);
    memcpy(copy, last.state.at, len);
    memcpy(cut, last.state.at, i);
    copy[i] ^= (uint8_t)(1 << i % 8);
    f.state = source_of(copy, len);
    assert_string_equal(refusal(&f), "the state of the last visit is damaged");
    mend_hash(copy, len);
    use(&f);
    copy[i] = 0xff;
    mend_hash(copy, len);
    use(&f);
    mend_hash(cut, i);
    f.state = source_of(cut, i);
    assert_non_null(refusal(&f));
    free(cut);
    free(copy);
  }
  visit_release(&last);
}

static void test_state_of_another_version_is_refused(void **state) {
  struct visit last = {0};
  (void)state;
  visits_make(&visits, size, &last);
  last.state.at[8] ^= 1;
  mend_hash(last.state.at, last.state.len);
  struct verify_facts f = facts_of(&last);
  assert_string_equal(refusal(&f), "the state of the last visit was written by another version of this program");
  visit_release(&last);
}

/* ---- lists ---- */

static const struct verify_result *list(struct verify **out, const struct verify_facts *f, struct bytes from) {
  const char *why;
  struct buf note = {0};
  add_checkpoint(NULL, size, &note);
  struct verify *v = verify_new(f, &why);
  assert_true(verify_trust(v));
  verify_leaves(v, from.at, from.len);
  verify_checkpoint(v, note.at, note.len);
  buf_release(&note);
  *out = v;
  return verify_end(v);
}

/* Signatures are not checked again up to the checkpoint seen, and are behind it; other leaves are found by the root. */
static void test_lists_trust_what_was_seen(void **state) {
  struct visit last = {0};
  struct verify *v;
  (void)state;
  visits_make(&visits, size - 2, &last);
  struct verify_facts f = facts_of(&last);
  struct buf changed = {0};
  buf_add(&changed, visits.leaves);
  const struct verify_result *r = list(&v, &f, visits.leaves);
  assert_int_equal(r->finding_count, 0);
  verify_free(v);
  uint8_t *newest = memrchr(changed.at, '\n', changed.len);
  while (memcmp(newest, "\nsignature ", 11) != 0)
    newest--;
  newest[30] = newest[30] == 'A' ? 'B' : 'A';
  r = list(&v, &f, buf_bytes(&changed));
  assert_int_equal(r->verdicts[VERIFY_AUTHORSHIP], VERIFY_FAILS);
  verify_free(v);
  memcpy(newest, visits.leaves.at + (newest - changed.at), 60);
  uint8_t *first = memmem(changed.at, changed.len, "\nsignature ", 11);
  first[30] = first[30] == 'A' ? 'B' : 'A';
  r = list(&v, &f, buf_bytes(&changed));
  assert_int_equal(r->verdicts[VERIFY_AUTHORSHIP], VERIFY_UNKNOWN);
  assert_int_equal(r->verdicts[VERIFY_ANCHORING], VERIFY_FAILS);
  verify_free(v);
  buf_release(&changed);
  visit_release(&last);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_going_on_finds_what_reading_all_finds),
      cmocka_unit_test(test_a_state_belongs_to_its_checkpoint),
      cmocka_unit_test(test_a_key_brought_later),
      cmocka_unit_test(test_findings_leave_no_state),
      cmocka_unit_test(test_damaged_state_is_refused),
      cmocka_unit_test(test_state_of_another_version_is_refused),
      cmocka_unit_test(test_lists_trust_what_was_seen),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
