/* The auditor and cosignatures (audit/FORMAT.md sections 1.1 and 4.3): who vouches for what, and machines that vouch
 * for another history than the published one. */
#include "audit/verify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/cosign.h"
#include "tests/lib/world.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define CODES_MAX 256

static struct world w;
static struct world_member *ann, *ben, *cat;

static int open_world(void **state) {
  (void)state;
  if (world_again(&w))
    return 0;
  world_open(&w, 31);
  struct hash social = world_agency(&w, "Social Work", "social-work"), health = world_agency(&w, "Health", "health");
  ann = world_join(&w, &social, "Ann", "practitioner");
  ben = world_join(&w, &health, "Ben", "practitioner");
  cat = world_join(&w, &social, "Cat", "practitioner");
  world_keep(&w);
  return 0;
}

static int close_world(void **state) {
  (void)state;
  world_close(&w);
  return 0;
}

/* ---- the ledger as it is published, and what the auditor says of it ---- */

struct ledger {
  uint64_t size;
  struct buf leaves, note;
};

static void read_ledger(struct ledger *l) {
  struct hash root;
  world_must(store_checkpoint_newest(w.node.store, &l->size, &root, &l->note), "a checkpoint");
  for (uint64_t n = 1; n <= l->size; n++) {
    world_must(store_leaf(w.node.store, n, &l->leaves), "a leaf");
    buf_add_str(&l->leaves, "\n");
  }
}

static void ledger_release(struct ledger *l) {
  buf_release(&l->leaves);
  buf_release(&l->note);
}

static struct verify *begin(void) {
  struct buf vkey = {0};
  const char *why = NULL;
  note_vkey_format(&vkey, "nl.example/register", w.ledger);
  struct verify_facts facts = {.vkey = buf_cstr(&vkey)};
  struct verify *v = verify_new(&facts, &why);
  buf_release(&vkey);
  if (v == NULL)
    fail_msg("%s", why);
  return v;
}

/* The codes of all findings, the three verdicts, and for each witness whose it is: "N-WITNESS 12: 0 0 1: A9 B7". */
static void conclude(struct verify *v, char out[CODES_MAX]) {
  const struct verify_result *r = verify_end(v);
  const struct world_member *const members[] = {ann, ben, cat};
  size_t len = 0;
  for (size_t i = 0; i < r->finding_count; i++)
    len += (size_t)snprintf(out + len, CODES_MAX - len, "%s%s", i ? ", " : "", verify_code_text(r->findings[i].code));
  len += (size_t)snprintf(out + len, CODES_MAX - len, ": %d %d %d:", r->verdicts[0], r->verdicts[1], r->verdicts[2]);
  for (size_t i = 0; i < r->witness_count; i++)
    for (size_t m = 0; m < COUNT(members); m++)
      if (strcmp(hash_hex(&members[m]->replica).s, r->witnesses[i].machine) == 0 &&
          strcmp(hash_hex(&members[m]->agency).s, r->witnesses[i].agency) == 0)
        len += (size_t)snprintf(out + len, CODES_MAX - len, " %c%llu", "ABC"[m],
                                (unsigned long long)r -> witnesses[i].size);
}

static void judge(const struct ledger *l, char out[CODES_MAX]) {
  struct verify *v = begin();
  verify_leaves(v, l->leaves.at, l->leaves.len);
  verify_checkpoint(v, l->note.at, l->note.len);
  conclude(v, out);
  verify_free(v);
}

static void expect(const struct ledger *l, const char *what, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void expect(const struct ledger *l, const char *what, const char *fmt, ...) {
  char said[CODES_MAX], wanted[CODES_MAX];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(wanted, sizeof wanted, fmt, ap);
  va_end(ap);
  judge(l, said);
  if (strcmp(said, wanted) != 0)
    fail_msg("%s: \"%s\" instead of \"%s\"", what, said, wanted);
}

#define ULL(n) ((unsigned long long)(n))

static uint64_t newest(struct store *s) {
  uint64_t size = 0;
  struct hash root;
  struct buf note = {0};
  world_must(store_checkpoint_newest(s, &size, &root, &note), "a checkpoint");
  buf_release(&note);
  return size;
}

static void new_checkpoint(void) {
  world_agency(&w, "Another", "police");
}

/* A note with the ledger's line alone, and one cosignature of a machine over a checkpoint that may be anything. */
static void vouch(struct ledger *l, const struct key *k, const char *origin, uint64_t size, const struct hash *root) {
  struct cosignature c = {.at = {"2026-11-21T09:00:00Z"},
                          .checkpoint = {.size = size, .root = *root, .time = {"2026-11-21T09:00:00Z"}}};
  struct buf bare = {0}, text = {0}, signature = {0};
  snprintf(c.checkpoint.origin, sizeof c.checkpoint.origin, "%s", origin);
  checkpoint_format(&text, &c.checkpoint);
  assert_int_equal(cosignature_sign(k, &c.at, buf_bytes(&text), &signature), OK);
  c.signature = buf_bytes(&signature);
  assert_int_equal(cosignature_strip(buf_bytes(&l->note), &bare), OK);
  buf_release(&l->note);
  l->note = bare;
  cosignature_format(&l->note, k, &c);
  buf_release(&text);
  buf_release(&signature);
}

static struct hash root_at(uint64_t size) {
  struct hash root;
  world_must(store_tree_root(w.node.store, size, &root), "a root");
  return root;
}

/* ---- honest ledgers ---- */

static void test_witnessed(void **state) {
  (void)state;
  struct ledger l = {0};
  for (int i = 0; i < 2; i++)
    world_sync(&w, ann);
  uint64_t first = newest(ann->store);
  new_checkpoint();
  for (int i = 0; i < 2; i++) {
    world_sync(&w, ben);
    world_sync(&w, cat);
  }
  uint64_t second = newest(ben->store);
  new_checkpoint();
  read_ledger(&l);
  const char *order = strcmp(hash_hex(&ben->replica).s, hash_hex(&cat->replica).s) < 0 ? "BC" : "CB";
  expect(&l, "three machines of two agencies", ": 0 0 0: %c%llu %c%llu A%llu", order[0], ULL(second), order[1],
         ULL(second), ULL(first));
  ledger_release(&l);
}

/* What is published goes on from file to file: the newest of each machine counts, and what a checkpoint in between
 * carried is looked at, too. */
static void test_over_many_checkpoints(void **state) {
  (void)state;
  struct verify *v = begin();
  struct ledger l = {0};
  char said[CODES_MAX], wanted[CODES_MAX];
  uint64_t at = 0, last = 0;
  for (int round = 0; round < 4; round++) {
    struct ledger part = {0};
    world_sync(&w, ann);
    world_sync(&w, ann);
    last = newest(ann->store);
    new_checkpoint();
    read_ledger(&l);
    buf_clear(&part.leaves);
    for (uint64_t n = at + 1; n <= l.size; n++) {
      world_must(store_leaf(w.node.store, n, &part.leaves), "a leaf");
      buf_add_str(&part.leaves, "\n");
    }
    verify_leaves(v, part.leaves.at, part.leaves.len);
    verify_checkpoint(v, l.note.at, l.note.len);
    at = l.size;
    ledger_release(&l);
    ledger_release(&part);
  }
  conclude(v, said);
  snprintf(wanted, sizeof wanted, " A%llu", ULL(last));
  if (strncmp(said, ": 0 0 0:", 8) != 0 || strstr(said, wanted) == NULL)
    fail_msg("%s", said);
  verify_free(v);
}

static void test_revoked_is_no_witness(void **state) {
  (void)state;
  struct ledger l = {0}, after = {0};
  struct verdict verdict;
  struct hash_hex machine = hash_hex(&ann->machine);
  for (int i = 0; i < 2; i++)
    world_sync(&w, ann);
  new_checkpoint();
  read_ledger(&l);
  char said[CODES_MAX];
  judge(&l, said);
  assert_non_null(strstr(said, " A"));
  struct draft revoke = WORLD_DRAFT("replica.revoke", {"replica", machine.s}, {"why", "lost"});
  assert_int_equal(world_node_write(&w, &revoke, 1, &verdict), OK);
  /* The node goes on carrying it, as it must not: it is no finding, and counts for nothing. */
  read_ledger(&after);
  struct hash root = root_at(after.size - 1);
  vouch(&after, ann->replica_key, "nl.example/register", after.size - 1, &root);
  expect(&after, "a revoked machine", ": 0 0 0:");
  ledger_release(&l);
  ledger_release(&after);
}

static void test_short_form(void **state) {
  (void)state;
  struct ledger l = {0};
  struct bytes text;
  struct checkpoint c;
  read_ledger(&l);
  struct verify *v = begin();
  verify_leaves(v, l.leaves.at, l.leaves.len);
  verify_checkpoint(v, l.note.at, l.note.len);
  assert_int_equal(note_text(buf_bytes(&l.note), &text), OK);
  assert_int_equal(checkpoint_parse(text, &c), OK);
  assert_string_equal(verify_end(v)->short_form, checkpoint_short(&c).s);
  verify_free(v);
  ledger_release(&l);
}

/* ---- others ---- */

static void test_other_histories(void **state) {
  (void)state;
  struct ledger l = {0};
  struct key *stranger = key_new();
  const char *name = "nl.example/register";
  new_checkpoint();
  read_ledger(&l);
  uint64_t size = l.size;
  struct hash right = root_at(size), wrong = right;
  wrong.at[5] ^= 1;
  vouch(&l, ann->replica_key, name, size, &right);
  expect(&l, "the same", ": 0 0 0: A%llu", ULL(size));
  vouch(&l, ann->replica_key, name, size, &wrong);
  expect(&l, "another root", "N-WITNESS: 0 0 1:");
  vouch(&l, ann->replica_key, name, size + 1, &right);
  expect(&l, "more than there is", "N-WITNESS: 0 0 1:");
  vouch(&l, ann->replica_key, name, UINT64_MAX, &right);
  expect(&l, "far more", "N-WITNESS: 0 0 1:");
  vouch(&l, ann->replica_key, name, 0, &right);
  expect(&l, "nothing", "N-WITNESS: 0 0 1:");
  /* Entries 5 to 7 or so are one act: nobody has signed a checkpoint in its middle. */
  bool has_middle = false;
  for (uint64_t n = 1; n < size && !has_middle; n++) {
    struct buf leaf = {0};
    world_must(store_leaf(w.node.store, n + 1, &leaf), "a leaf");
    has_middle = memmem(leaf.at, leaf.len, "\nposition ", 10) == NULL;
    struct hash root = root_at(n);
    if (has_middle) {
      vouch(&l, ann->replica_key, name, n, &root);
      expect(&l, "the middle of an act", "N-WITNESS: 0 0 1:");
    }
    buf_release(&leaf);
  }
  assert_true(has_middle);
  vouch(&l, ann->replica_key, "other.example/register", size, &right);
  expect(&l, "another ledger", "N-COSIGNATURE: 0 0 1:");
  vouch(&l, stranger, name, size, &wrong);
  expect(&l, "somebody who is no machine", ": 0 0 0:");
  vouch(&l, ann->key, name, size, &wrong);
  expect(&l, "a person's key", ": 0 0 0:");
  key_free(stranger);
  ledger_release(&l);
}

/* Bits of the line: it is never taken for what it was, and what is not of the form is told. */
static void test_flips(void **state) {
  (void)state;
  struct ledger l = {0}, bare = {0};
  char good[CODES_MAX], said[CODES_MAX];
  new_checkpoint();
  read_ledger(&l);
  struct hash root = root_at(l.size);
  vouch(&l, ann->replica_key, "nl.example/register", l.size, &root);
  assert_int_equal(cosignature_strip(buf_bytes(&l.note), &bare.note), OK);
  judge(&l, good);
  for (size_t bit = 8 * bare.note.len; bit < 8 * l.note.len; bit += 97) {
    l.note.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
    judge(&l, said);
    if (strcmp(said, good) == 0)
      fail_msg("bit %zu", bit - 8 * bare.note.len);
    l.note.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
  }
  judge(&l, said);
  assert_string_equal(said, good);
  ledger_release(&l);
  ledger_release(&bare);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_witnessed, open_world, close_world),
      cmocka_unit_test_setup_teardown(test_over_many_checkpoints, open_world, close_world),
      cmocka_unit_test_setup_teardown(test_revoked_is_no_witness, open_world, close_world),
      cmocka_unit_test_setup_teardown(test_short_form, open_world, close_world),
      cmocka_unit_test_setup_teardown(test_other_histories, open_world, close_world),
      cmocka_unit_test_setup_teardown(test_flips, open_world, close_world),
  };
  return cmocka_run_group_tests_name("verify_witness", tests, NULL, NULL);
}
