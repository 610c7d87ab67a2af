/* Histories that were changed after somebody saw them: entries that are left out, put elsewhere or put in, tails that
 * were cut off, a log that was written anew by whoever has the ledger's key. What the auditor brings (the key, the
 * checkpoint of an earlier visit) and who vouched for what decides whether it is found. */
#include "audit/verify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/cosign.h"
#include "core/merkle.h"
#include "tests/lib/attack.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define SOUTH "cairn.test/south"

/* ---- what is done to a ledger that was published ---- */

static void drop_leaf(struct ledger *l, int entry) {
  buf_release(&l->leaves[entry]);
  for (int i = entry; i < LEDGER_ENTRIES; i++)
    l->leaves[i] = l->leaves[i + 1];
  l->leaves[LEDGER_ENTRIES] = (struct buf){0};
}

/* Their numbers are those of their places. */
static void number_again(struct ledger *l, int count) {
  for (int i = 1; i <= count; i++) {
    char to[32];
    uint8_t *at = memmem(l->leaves[i].at, l->leaves[i].len, "\nadmitted ", 10);
    struct buf out = {0};
    assert_non_null(at);
    snprintf(to, sizeof to, "cairn leaf 1\nnumber %d", i);
    buf_add_str(&out, to);
    buf_add(&out, bytes_of(at, l->leaves[i].len - (size_t)(at - l->leaves[i].at)));
    buf_release(&l->leaves[i]);
    l->leaves[i] = out;
  }
}

/* The file alone; the checkpoint stays. */
static void write_file(struct ledger *l, int count) {
  struct buf note = l->note;
  l->note = (struct buf){0};
  ledger_publish(l, count);
  buf_release(&l->note);
  l->note = note;
}

static void as_it_is(struct ledger *l) {
  (void)l;
}

static void leave_out(struct ledger *l) {
  drop_leaf(l, 12);
  write_file(l, 12);
}

static void leave_out_and_sign(struct ledger *l) {
  drop_leaf(l, 12);
  ledger_publish(l, 12);
}

/* With the ledger's key alone: acts stay as their authors signed them. Meeting 9 was never convened. */
static void write_anew(struct ledger *l) {
  drop_leaf(l, 9);
  number_again(l, 12);
  ledger_publish(l, 12);
}

static void swap_leaves(struct ledger *l) {
  struct buf kept = l->leaves[12];
  l->leaves[12] = l->leaves[13];
  l->leaves[13] = kept;
  write_file(l, 13);
}

static void repeat_leaf(struct ledger *l) {
  buf_add(&l->file, buf_bytes(&l->leaves[13]));
  buf_add_str(&l->file, "\n");
}

/* An act by somebody whom nobody certified, in the place of the last one, under a checkpoint that fits. */
static void put_in(struct ledger *l) {
  struct ledger_act *a = &l->acts[l->act_count - 1];
  ledger_replace(&l->headers[13], l->ids[WHO_OPERATING], l->ids[WHO_STRANGER]);
  ledger_replace(&l->headers[13], "cert.issue", "child.note");
  a->by = WHO_STRANGER;
  ledger_sign(l);
  ledger_publish(l, 13);
}

static void put_in_unsigned(struct ledger *l) {
  struct buf note = {0};
  ledger_publish(l, 12);
  buf_add(&note, buf_bytes(&l->note));
  put_in(l);
  buf_release(&l->note);
  l->note = note;
}

static void change_entry(struct ledger *l) {
  ledger_replace(&l->leaves[10], "fact plan yes", "fact plan no");
}

static void change_entry_and_checkpoint(struct ledger *l) {
  change_entry(l);
  ledger_publish(l, 13);
}

/* As before, by somebody who does not have the ledger's key. */
static void change_both_unsigned(struct ledger *l) {
  struct ledger_break other = {.note_signer = WHO_STRANGER};
  const struct ledger_break *kept = l->broken;
  l->broken = &other;
  change_entry_and_checkpoint(l);
  l->broken = kept;
}

static void cut_tail(struct ledger *l) {
  ledger_publish(l, 9);
}

/* The first nine entries and more, the refusal and the renewed certificate left out. */
static void cut_and_go_on(struct ledger *l) {
  drop_leaf(l, 8);
  number_again(l, 12);
  ledger_publish(l, 12);
}

/* ---- who vouched for what ---- */

/* The machine's cosignature over the first `size` entries as they are now. */
static void vouch(struct ledger *l, int size, struct buf *line) {
  struct cosignature c = {.at = {"2026-11-25T15:30:00Z"},
                          .checkpoint = {.origin = LEDGER_ORIGIN, .size = (uint64_t)size}};
  struct hash hashes[LEDGER_ENTRIES];
  struct buf text = {0}, signature = {0};
  for (int i = 1; i <= size; i++)
    hashes[i - 1] = merkle_leaf(buf_bytes(&l->leaves[i]));
  c.checkpoint.root = merkle_root_of(hashes, (size_t)size);
  memcpy(c.checkpoint.time.s, LEDGER_TIME, sizeof LEDGER_TIME);
  checkpoint_format(&text, &c.checkpoint);
  assert_int_equal(cosignature_sign(l->keys[WHO_REPLICA], &c.at, buf_bytes(&text), &signature), OK);
  c.signature = buf_bytes(&signature);
  cosignature_format(line, l->keys[WHO_REPLICA], &c);
  buf_release(&signature);
  buf_release(&text);
}

/* ---- the attacks ---- */

enum memory { NO_MEMORY, OF_9, OF_13 };

static const struct history {
  const char *what, *codes;
  void (*attack)(struct ledger *l);
  enum memory memory; /* the checkpoint that the auditor remembers, of before the attack */
  int witnessed;      /* what the machine vouched for before it; 0: nothing */
} histories[] = {
    {"nothing is done", "", as_it_is, NO_MEMORY, 0},
    {"nothing is done, and a cosignature", "", as_it_is, OF_9, 9},
    {"nothing is done, and the newest checkpoint is remembered", "", as_it_is, OF_13, 13},

    {"an entry and the checkpoint together, with the ledger's key", "I-ACT", change_entry_and_checkpoint, NO_MEMORY, 0},
    {"an entry and the checkpoint together, without it", "I-ACT I-SIGNATURE", change_both_unsigned, NO_MEMORY, 0},
    {"deletion of an entry", "I-NUMBER I-SIZE", leave_out, NO_MEMORY, 0},
    {"deletion of an entry under a checkpoint that fits", "I-NUMBER", leave_out_and_sign, NO_MEMORY, 0},
    {"swap of two entries", "I-NUMBER I-TIME I-ROOT", swap_leaves, NO_MEMORY, 0},
    {"insertion of an entry a second time", "I-NUMBER I-SIZE", repeat_leaf, NO_MEMORY, 0},
    {"insertion of a stranger's entry under a checkpoint that fits", "A-KEY", put_in, NO_MEMORY, 0},
    {"insertion of a stranger's entry without one", "I-SIZE A-KEY", put_in_unsigned, NO_MEMORY, 0},

    {"the tail cut off under an older checkpoint, unseen", "", cut_tail, NO_MEMORY, 0},
    {"the tail cut off under an older checkpoint, with the memory of what was cut", "N-ROLLBACK", cut_tail, OF_13, 0},
    {"the tail cut off under an older checkpoint, with a cosignature over what was cut", "N-WITNESS", cut_tail,
     NO_MEMORY, 13},
    {"the log written anew with the ledger's key, unseen", "", write_anew, NO_MEMORY, 0},
    {"the log written anew with the ledger's key, with memory", "N-FORK", write_anew, OF_9, 0},
    {"the log written anew with the ledger's key, with a cosignature", "N-WITNESS", write_anew, NO_MEMORY, 9},
    {"the log written anew with the ledger's key, and shorter than remembered", "N-ROLLBACK", write_anew, OF_13, 0},
    {"a larger tree that does not continue the one that is remembered", "N-FORK", cut_and_go_on, OF_9, 0},
};

static bool is_found(const struct history *h) {
  struct ledger l;
  struct buf seen = {0}, line = {0};
  ledger_init(&l, NULL);
  char *vkey = ledger_vkey(&l, LEDGER_ORIGIN, WHO_LEDGER);
  struct verify_facts facts = {.vkey = vkey};
  if (h->witnessed)
    vouch(&l, h->witnessed, &line);
  if (h->memory != NO_MEMORY) {
    ledger_publish(&l, h->memory == OF_9 ? 9 : 13);
    buf_add(&seen, buf_bytes(&l.note));
    ledger_publish(&l, 13);
    facts = (struct verify_facts){.seen_vkey = vkey, .seen_note = seen.at, .seen_note_len = seen.len};
  }
  h->attack(&l);
  buf_add(&l.note, buf_bytes(&line));
  bool is = attack_expect(attack_judge(&facts, buf_bytes(&l.file), buf_bytes(&l.note)), "IAN", h->what, h->codes);
  free(vkey);
  buf_release(&line);
  buf_release(&seen);
  ledger_release(&l);
  return is;
}

static void test_histories(void **state) {
  int missed = 0;
  (void)state;
  for (size_t i = 0; i < COUNT(histories); i++)
    missed += !is_found(&histories[i]);
  assert_int_equal(missed, 0);
}

/* ---- other ledgers, other keys, other names ---- */

struct ledgers {
  struct ledger here, there; /* of different keys */
  struct buf newest, older, forked, elsewhere;
  char *vkey, *other_key, *other_name, *theirs;
};

static void begin(struct ledgers *t) {
  *t = (struct ledgers){0};
  ledger_init(&t->here, NULL);
  ledger_init(&t->there, NULL);
  struct ledger *l = &t->here, *o = &t->there;
  t->vkey = ledger_vkey(l, LEDGER_ORIGIN, WHO_LEDGER);
  t->other_key = ledger_vkey(l, LEDGER_ORIGIN, WHO_STRANGER);
  t->other_name = ledger_vkey(l, SOUTH, WHO_LEDGER);
  t->theirs = ledger_vkey(o, LEDGER_ORIGIN, WHO_LEDGER);
  buf_add(&t->newest, buf_bytes(&l->note));
  ledger_publish(l, 9);
  buf_add(&t->older, buf_bytes(&l->note));
  ledger_publish(l, 13);
  buf_add(&t->elsewhere, buf_bytes(&o->note));
  struct key *mine = o->keys[WHO_LEDGER];
  o->keys[WHO_LEDGER] = l->keys[WHO_LEDGER]; /* the ledger's own key signs another history */
  ledger_publish(o, 13);
  buf_add(&t->forked, buf_bytes(&o->note));
  o->keys[WHO_LEDGER] = mine;
}

static void end(struct ledgers *t) {
  char *texts[] = {t->vkey, t->other_key, t->other_name, t->theirs};
  struct buf *bufs[] = {&t->newest, &t->older, &t->forked, &t->elsewhere};
  for (size_t i = 0; i < COUNT(texts); i++)
    free(texts[i]);
  for (size_t i = 0; i < COUNT(bufs); i++)
    buf_release(bufs[i]);
  ledger_release(&t->here);
  ledger_release(&t->there);
}

static void test_what_is_known(void **state) {
  static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";
  struct ledgers t;
  int missed = 0;
  (void)state;
  begin(&t);
  const struct {
    const char *what, *codes;
    struct verify_facts facts;
    enum verify_verdict anchoring;
  } rows[] = {
      {"nothing is known", "N-NONE", {0}, VERIFY_UNKNOWN},
      {"the key is known", "", {.vkey = t.vkey}, VERIFY_HOLDS},
      {"the fingerprint is known", "", {.fingerprint = t.here.ids[WHO_LEDGER]}, VERIFY_HOLDS},
      {"another key", "N-KEY", {.vkey = t.other_key}, VERIFY_FAILS},
      {"another fingerprint", "N-KEY", {.fingerprint = zeros}, VERIFY_FAILS},
      {"the key under another name", "N-ORIGIN", {.vkey = t.other_name}, VERIFY_FAILS},
      {"the same checkpoint", "", {NULL, NULL, t.vkey, t.newest.at, t.newest.len}, VERIFY_HOLDS},
      {"an older checkpoint", "", {NULL, NULL, t.vkey, t.older.at, t.older.len}, VERIFY_HOLDS},
      {"two signed roots of one size", "N-FORK", {NULL, NULL, t.vkey, t.forked.at, t.forked.len}, VERIFY_FAILS},
      {"another ledger in the place of the one that is remembered",
       "N-KEY N-FORK",
       {NULL, NULL, t.theirs, t.elsewhere.at, t.elsewhere.len},
       VERIFY_FAILS},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct verify *v = attack_judge(&rows[i].facts, buf_bytes(&t.here.file), buf_bytes(&t.here.note));
    char found[ATTACK_CODES_MAX];
    const struct verify_result *r = verify_end(v);
    attack_codes(r, "IAN", found);
    missed += !attack_compare(rows[i].what, rows[i].codes, found);
    assert_int_equal(r->verdicts[VERIFY_INTEGRITY], VERIFY_HOLDS);
    assert_int_equal(r->verdicts[VERIFY_ANCHORING], rows[i].anchoring);
    verify_free(v);
  }
  end(&t);
  assert_int_equal(missed, 0);
}

/* The same keys, another name in the first entry and in the checkpoints, and all signed anew. */
static void test_new_origin(void **state) {
  struct ledger l, moved;
  (void)state;
  ledger_init(&l, NULL);
  char *vkey = ledger_vkey(&l, LEDGER_ORIGIN, WHO_LEDGER);
  struct buf seen = {0};
  buf_add(&seen, buf_bytes(&l.note));
  ledger_init(&moved, &(struct ledger_break){.origin = SOUTH});
  ledger_replace(&l.headers[1], LEDGER_ORIGIN, SOUTH);
  l.broken = moved.broken;
  ledger_sign(&l);
  ledger_publish(&l, 13);
  struct verify_facts brought = {.vkey = vkey}, remembered = {NULL, NULL, vkey, seen.at, seen.len};
  bool is = attack_expect(attack_judge(&brought, buf_bytes(&l.file), buf_bytes(&l.note)), "IAN",
                          "a log moved to a new origin", "N-ORIGIN");
  is &= attack_expect(attack_judge(&remembered, buf_bytes(&l.file), buf_bytes(&l.note)), "IAN",
                      "a log moved to a new origin, with memory", "N-FORK N-ORIGIN");
  buf_release(&seen);
  free(vkey);
  ledger_release(&moved);
  ledger_release(&l);
  assert_true(is);
}

/* ---- a cosigner counted twice ---- */

/* One machine vouches three times: it is one witness, and one agency of those that are asked for. */
static void test_cosigner_twice(void **state) {
  struct ledger l;
  char found[ATTACK_CODES_MAX];
  (void)state;
  ledger_init(&l, NULL);
  char *vkey = ledger_vkey(&l, LEDGER_ORIGIN, WHO_LEDGER);
  vouch(&l, 9, &l.note);
  vouch(&l, 13, &l.note);
  vouch(&l, 13, &l.note);
  struct verify *v =
      attack_judge(&(struct verify_facts){.vkey = vkey, .quorum = 2}, buf_bytes(&l.file), buf_bytes(&l.note));
  const struct verify_result *r = verify_end(v);
  attack_codes(r, "IAN", found);
  assert_true(attack_compare("a cosigner counted twice", "N-QUORUM", found));
  assert_int_equal(r->witness_count, 1);
  assert_int_equal(r->witnesses[0].size, 13);
  verify_free(v);
  v = attack_judge(&(struct verify_facts){.vkey = vkey, .quorum = 1}, buf_bytes(&l.file), buf_bytes(&l.note));
  assert_true(attack_expect(v, "IAN", "a cosigner counted once", ""));
  free(vkey);
  ledger_release(&l);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_histories),
      cmocka_unit_test(test_what_is_known),
      cmocka_unit_test(test_new_origin),
      cmocka_unit_test(test_cosigner_twice),
  };
  return cmocka_run_group_tests_name("attack_history", tests, NULL, NULL);
}
