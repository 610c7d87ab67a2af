/* Threads that check signatures: what is found, in which order, does not depend on how many there are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "audit/verify_parts.h"
#include "tests/lib/world.h"

#define ITEMS 600 /* more than twice around the ring */

static struct vkey key;
static uint8_t signature[80];
static size_t signature_len;
static const char message[] = "a text";

static int set_up(void **state) {
  (void)state;
  struct key *k = key_new();
  struct buf der = {0};
  assert_int_equal(key_sign(k, bytes_str(message), &der), OK);
  assert_true(vkey_read(key_spki(k).at, key_spki(k).len, &key));
  memcpy(signature, der.at, der.len);
  signature_len = der.len;
  buf_release(&der);
  key_free(k);
  return 0;
}

/* At these another checkpoint does not go together with the ledger: by what is known at once, and by what a signature
 * tells when it has been checked. */
static const uint64_t known_at_once = 305, told_by_signature = 300;

static void put_conflict(struct verify *v, uint64_t i) {
  const struct verify_conflict conflict = {.code = VERIFY_N_FORK, .size = i};
  struct verify_finding f;
  struct vcheck c = vcheck_of(&key, vtext_of(message, strlen(message)), signature, signature_len);
  vfinding(&f, VERIFY_N_FORK, i, "another %d", (int)i);
  c.good = f;
  c.conflict = conflict;
  if (i == known_at_once)
    vjob_conflict(v, &conflict, &f);
  else
    vjob_check(v, &c);
}

/* Of each ten: five findings, a signature of another text, a good one, a good one that shows something else, and two
 * without a form. */
static void put(struct verify *v, uint64_t i) {
  bool is_bad = i % 10 == 1;
  struct vcheck c = vcheck_of(&key, vtext_of(is_bad ? "another" : message, is_bad ? 7 : strlen(message)), signature,
                              i % 5 == 4 ? 5 : signature_len);
  vfinding(&c.bad, VERIFY_A_SIGNATURE, i, "bad %d", (int)i);
  if (i % 10 == 3)
    vfinding(&c.good, VERIFY_N_WITNESS, i, "good %d", (int)i);
  if (i % 10 > 5 ? i % 5 != 4 : i % 5 == 0)
    vfind(v, VERIFY_I_ACT, i, "found %d", (int)i);
  else
    vjob_check(v, &c);
}

static struct verify *run(unsigned jobs) {
  struct verify_facts facts = {.jobs = jobs};
  const char *why;
  struct verify *v = verify_new(&facts, &why);
  assert_non_null(v);
  for (uint64_t i = 0; i < ITEMS; i++)
    if (i == known_at_once || i == told_by_signature)
      put_conflict(v, i);
    else
      put(v, i);
  verify_end(v);
  return v;
}

static void expect_same(const struct verify_result *a, const struct verify_result *b) {
  assert_int_equal(a->finding_count, b->finding_count);
  assert_int_equal(a->findings_beyond, b->findings_beyond);
  for (size_t i = 0; i < a->finding_count; i++) {
    assert_int_equal(a->findings[i].code, b->findings[i].code);
    assert_int_equal(a->findings[i].entry, b->findings[i].entry);
    assert_string_equal(a->findings[i].sentence, b->findings[i].sentence);
  }
  assert_memory_equal(a->verdicts, b->verdicts, sizeof a->verdicts);
  assert_int_equal(a->conflict_count, b->conflict_count);
  for (size_t i = 0; i < a->conflict_count; i++)
    assert_int_equal(a->conflicts[i].size, b->conflicts[i].size);
}

static void test_the_order_is_that_of_the_ledger(void **state) {
  (void)state;
  struct verify *one = run(1);
  const struct verify_result *r = &one->result;
  assert_int_equal(one->counts[VERIFY_A_SIGNATURE], 3 * ITEMS / 10);
  assert_int_equal(one->counts[VERIFY_N_WITNESS], ITEMS / 10);
  assert_int_equal(r->conflict_count, 2);
  assert_int_equal(r->conflicts[0].size, told_by_signature);
  for (size_t i = 1; i < ITEMS / 2; i++)
    assert_true(r->findings[i - 1].entry < r->findings[i].entry);
  for (unsigned jobs = 2; jobs <= 8; jobs *= 4) {
    struct verify *v = run(jobs);
    expect_same(r, &v->result);
    verify_free(v);
  }
  verify_free(one);
}

/* A visit that is given up leaves no thread behind; asking for too many is no fault. */
static void test_given_up(void **state) {
  struct verify_facts facts = {.jobs = 100000};
  const char *why;
  (void)state;
  struct verify *v = verify_new(&facts, &why);
  for (uint64_t i = 0; i < 300; i++)
    put(v, i);
  verify_free(v);
}

/* ---- a ledger, whole and damaged ---- */

static struct verify *judge(unsigned jobs, struct bytes leaves, struct bytes note) {
  struct verify_facts facts = {.jobs = jobs};
  const char *why;
  struct verify *v = verify_new(&facts, &why);
  verify_leaves(v, leaves.at, leaves.len);
  verify_checkpoint(v, note.at, note.len);
  verify_end(v);
  return v;
}

static void compare(struct bytes leaves, struct bytes note) {
  struct verify *one = judge(1, leaves, note), *three = judge(3, leaves, note);
  expect_same(&one->result, &three->result);
  verify_free(three);
  verify_free(one);
}

static void test_a_ledger_gives_the_same(void **state) {
  struct world w;
  struct buf leaves = {0}, note = {0};
  struct hash root;
  uint64_t size;
  (void)state;
  world_open(&w, 41);
  struct hash agency = world_agency(&w, "Police", "police");
  struct world_member *ann = world_join(&w, &agency, "Ann", "practitioner");
  for (int i = 0; i < 6; i++) {
    world_record(&w, ann, WORLD_DRAFT("child.add", {"name", "Ava"}));
    world_sync(&w, ann);
  }
  world_must(store_checkpoint_newest(w.node.store, &size, &root, &note), "a checkpoint");
  for (uint64_t n = 1; n <= size; n++) {
    world_must(store_leaf(w.node.store, n, &leaves), "a leaf");
    buf_add_str(&leaves, "\n");
  }
  compare(buf_bytes(&leaves), buf_bytes(&note));
  for (size_t i = 7; i < leaves.len; i += leaves.len / 6) {
    leaves.at[i] ^= 1;
    compare(buf_bytes(&leaves), buf_bytes(&note));
  }
  buf_release(&note);
  buf_release(&leaves);
  world_close(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_order_is_that_of_the_ledger),
      cmocka_unit_test(test_given_up),
      cmocka_unit_test(test_a_ledger_gives_the_same),
  };
  return cmocka_run_group_tests(tests, set_up, NULL);
}
