#include "audit/verify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/lib/attack.h"

/* ---- judging ---- */

static bool has_code(const struct verify_result *r, enum verify_code code) {
  for (size_t i = 0; i < r->finding_count; i++)
    if (r->findings[i].code == code)
      return true;
  return false;
}

/* Who may write what is for test_verify_conform.c. */
static size_t count_others(const struct verify_result *r) {
  size_t count = 0;
  for (size_t i = 0; i < r->finding_count; i++)
    count += verify_code_subject(r->findings[i].code) != VERIFY_CONFORMANCE;
  return count;
}

static void assert_holds(const struct verify_result *r) {
  for (int s = 0; s < VERIFY_SUBJECTS; s++)
    if (s == VERIFY_PUBLICATION) /* there are no commits */
      assert_int_equal(r->verdicts[s], VERIFY_UNKNOWN);
    else if (s != VERIFY_CONFORMANCE)
      assert_int_equal(r->verdicts[s], VERIFY_HOLDS);
}

static void print_findings(const char *what, const struct verify_result *r) {
  print_message("%s: %s, %s, %s\n", what, verify_verdict_text(r->verdicts[0]), verify_verdict_text(r->verdicts[1]),
                verify_verdict_text(r->verdicts[2]));
  for (size_t i = 0; i < r->finding_count; i++)
    print_message("  %s %llu %s\n", verify_code_text(r->findings[i].code), (unsigned long long)r->findings[i].entry,
                  r->findings[i].sentence);
}

static void test_good_ledger_holds(void **state) {
  struct ledger w;
  (void)state;
  ledger_init(&w, NULL);
  char *vkey = ledger_vkey(&w, LEDGER_ORIGIN, WHO_LEDGER);
  struct verify_facts facts = {.vkey = vkey, .fingerprint = w.ids[WHO_LEDGER]};
  struct verify *v = attack_judge(&facts, buf_bytes(&w.file), buf_bytes(&w.note));
  const struct verify_result *r = verify_end(v);
  if (count_others(r))
    print_findings("a good ledger", r);
  assert_holds(r);
  assert_int_equal(count_others(r), 0);
  assert_string_equal(r->origin, LEDGER_ORIGIN);
  assert_string_equal(r->vkey, vkey);
  assert_string_equal(r->fingerprint, w.ids[WHO_LEDGER]);
  assert_int_equal(r->size, LEDGER_ENTRIES);
  assert_string_equal(r->time, LEDGER_TIME);
  verify_free(v);
  free(vkey);
  ledger_release(&w);
}

/* ---- limits ---- */

static const struct verify_result *judge_bytes(struct verify **v_out, struct bytes leaves, struct bytes note) {
  static const struct verify_facts none;
  *v_out = attack_judge(&none, leaves, note);
  return verify_end(*v_out);
}

static void test_limits(void **state) {
  struct ledger w;
  struct verify *v;
  struct buf b = {0};
  (void)state;
  ledger_init(&w, NULL);

  buf_add(&b, buf_bytes(&w.note));
  for (int i = 0; i < 64; i++)
    buf_add_str(&b, "\xe2\x80\x94 other AAAAAAAA\n");
  assert_true(has_code(judge_bytes(&v, buf_bytes(&w.file), buf_bytes(&b)), VERIFY_I_LIMIT));
  verify_free(v);

  buf_clear(&b);
  buf_add(&b, buf_bytes(&w.note));
  while (b.len <= VERIFY_NOTE_MAX)
    buf_addf(&b, "\xe2\x80\x94 other %04000d\n", 0);
  assert_true(has_code(judge_bytes(&v, buf_bytes(&w.file), buf_bytes(&b)), VERIFY_I_LIMIT));
  verify_free(v);

  size_t size = VERIFY_FILE_MAX + 1;
  uint8_t *large = calloc(1, size);
  assert_true(has_code(judge_bytes(&v, bytes_of(large, size), buf_bytes(&w.note)), VERIFY_I_LIMIT));
  verify_free(v);
  free(large);

  ledger_replace(&w.leaves[8], "audience", "xxxx");
  buf_clear(&b);
  buf_add(&b, buf_bytes(&w.leaves[1]));
  buf_add_str(&b, "\n");
  buf_add(&b, buf_bytes(&w.leaves[8]));
  b.len--;
  while (b.len < w.leaves[1].len + 20000)
    buf_add_str(&b, "x");
  buf_add_str(&b, "\n\n");
  assert_true(has_code(judge_bytes(&v, buf_bytes(&b), buf_bytes(&w.note)), VERIFY_I_LIMIT));
  verify_free(v);
  buf_release(&b);
  ledger_release(&w);
}

/* A flood of one finding is bounded, and hides no other. */
static void test_findings_are_bounded(void **state) {
  struct buf b = {0};
  struct verify *v;
  (void)state;
  for (int i = 0; i < 5000; i++)
    buf_add_str(&b, "nothing\n\n");
  const struct verify_result *r = judge_bytes(&v, buf_bytes(&b), bytes_str("nothing"));
  assert_true(r->finding_count <= VERIFY_FINDINGS_MAX);
  assert_true(r->finding_count + r->findings_beyond >= 5000);
  assert_true(has_code(r, VERIFY_I_NOTE) && has_code(r, VERIFY_I_OPEN) && has_code(r, VERIFY_N_NONE));
  assert_int_equal(r->verdicts[VERIFY_INTEGRITY], VERIFY_FAILS);
  assert_int_equal(r->verdicts[VERIFY_AUTHORSHIP], VERIFY_UNKNOWN);
  assert_int_equal(r->verdicts[VERIFY_ANCHORING], VERIFY_UNKNOWN);
  verify_free(v);
  buf_release(&b);
}

static void test_nothing_at_all(void **state) {
  static const struct verify_facts none;
  const char *why;
  (void)state;
  struct verify *v = verify_new(&none, &why);
  const struct verify_result *r = verify_end(v);
  assert_int_equal(r->verdicts[VERIFY_INTEGRITY], VERIFY_FAILS);
  assert_true(has_code(r, VERIFY_I_NOTE) && has_code(r, VERIFY_I_OPEN));
  verify_free(v);
}

/* ---- what is known ---- */

static void test_bad_facts_are_refused(void **state) {
  struct ledger w;
  (void)state;
  ledger_init(&w, NULL);
  char *vkey = ledger_vkey(&w, LEDGER_ORIGIN, WHO_LEDGER), *other = ledger_vkey(&w, LEDGER_ORIGIN, WHO_STRANGER);
  const struct verify_facts table[] = {
      {.vkey = "cairn.test+00000000+AAAA"},
      {.vkey = ""},
      {.fingerprint = "abc"},
      {.fingerprint = "0000000000000000000000000000000000000000000000000000000000000000A"},
      {NULL, NULL, other, w.note.at, w.note.len},
      {NULL, NULL, vkey, w.note.at, w.note.len - 1}};
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    const char *why = NULL;
    assert_null(verify_new(&table[i], &why));
    assert_non_null(why);
  }
  free(vkey);
  free(other);
  ledger_release(&w);
}

/* ---- several files, and what is shown of the entries ---- */

struct shown {
  uint64_t count, registered;
  char child[65];
};

static void show(void *of, const struct verify_entry *e) {
  struct shown *s = of;
  assert_int_equal(e->number, ++s->count);
  assert_int_equal(strlen(e->id), 64);
  if (e->kind.len == 16 && memcmp(e->kind.at, "registration.add", 16) == 0) {
    s->registered = e->number;
    assert_int_equal(e->child_count, 1);
    memcpy(s->child, e->children[0].at, 64);
    assert_int_equal(e->ref_count, 1);
    assert_memory_equal(e->refs[0].name.at, "decision", 8);
    assert_memory_equal(e->admitted.at, "2026-11-25T15:00:00Z", 20);
  }
}

static void test_entries_are_shown_over_several_files(void **state) {
  struct ledger w;
  struct shown shown = {0};
  const char *why;
  (void)state;
  ledger_init(&w, NULL);
  char *vkey = ledger_vkey(&w, LEDGER_ORIGIN, WHO_LEDGER);
  struct verify_facts facts = {.vkey = vkey};
  struct verify *v = verify_new(&facts, &why);
  verify_each(v, &shown, show);
  ledger_publish(&w, 9);
  size_t first = w.file.len;
  verify_leaves(v, w.file.at, w.file.len);
  verify_checkpoint(v, w.note.at, w.note.len);
  ledger_publish(&w, LEDGER_ENTRIES);
  verify_leaves(v, w.file.at + first, w.file.len - first);
  verify_checkpoint(v, w.note.at, w.note.len);
  const struct verify_result *r = verify_end(v);
  assert_holds(r);
  assert_int_equal(shown.count, LEDGER_ENTRIES);
  assert_int_equal(shown.registered, 11);
  assert_string_equal(shown.child, ledger_id(&w, 8).s);
  verify_free(v);
  free(vkey);
  ledger_release(&w);
}

/* The leaves of the last file without the checkpoint that covers them. */
static void test_uncovered_leaves_do_not_hold(void **state) {
  struct ledger w;
  static const struct verify_facts none;
  const char *why;
  (void)state;
  ledger_init(&w, NULL);
  struct verify *v = verify_new(&none, &why);
  ledger_publish(&w, 9);
  size_t first = w.file.len;
  verify_leaves(v, w.file.at, w.file.len);
  verify_checkpoint(v, w.note.at, w.note.len);
  ledger_publish(&w, LEDGER_ENTRIES);
  verify_leaves(v, w.file.at + first, w.file.len - first);
  assert_true(has_code(verify_end(v), VERIFY_I_SIZE));
  verify_free(v);
  ledger_release(&w);
}

/* ---- every byte counts ---- */

static bool holds(struct bytes leaves, struct bytes note) {
  struct verify *v;
  bool h = judge_bytes(&v, leaves, note)->verdicts[VERIFY_INTEGRITY] == VERIFY_HOLDS;
  verify_free(v);
  return h;
}

static void flip_and_cut(struct bytes leaves, struct bytes note, size_t step) {
  for (size_t i = 0; i < leaves.len; i += step) {
    uint8_t *at = (uint8_t *)leaves.at + i;
    *at ^= (uint8_t)(1 << i % 8);
    if (holds(leaves, note))
      fail_msg("holds with byte %zu of the leaves changed", i);
    *at ^= (uint8_t)(1 << i % 8);
    if (holds(bytes_of(leaves.at, i), note))
      fail_msg("holds with the leaves cut at %zu", i);
  }
}

static void test_every_byte_counts(void **state) {
  struct ledger w;
  (void)state;
  ledger_init(&w, NULL);
  flip_and_cut(buf_bytes(&w.file), buf_bytes(&w.note), 97);
  ledger_publish(&w, 1);
  assert_true(holds(buf_bytes(&w.file), buf_bytes(&w.note)));
  flip_and_cut(buf_bytes(&w.file), buf_bytes(&w.note), 1);
  for (size_t i = 0; i < w.note.len; i++) {
    w.note.at[i] ^= (uint8_t)(1 << i % 8);
    if (holds(buf_bytes(&w.file), buf_bytes(&w.note)))
      fail_msg("holds with byte %zu of the checkpoint changed", i);
    w.note.at[i] ^= (uint8_t)(1 << i % 8);
    if (holds(buf_bytes(&w.file), bytes_of(w.note.at, i)))
      fail_msg("holds with the checkpoint cut at %zu", i);
  }
  ledger_release(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_good_ledger_holds),
      cmocka_unit_test(test_limits),
      cmocka_unit_test(test_findings_are_bounded),
      cmocka_unit_test(test_nothing_at_all),
      cmocka_unit_test(test_bad_facts_are_refused),
      cmocka_unit_test(test_entries_are_shown_over_several_files),
      cmocka_unit_test(test_uncovered_leaves_do_not_hold),
      cmocka_unit_test(test_every_byte_counts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
