/* The auditor and new keys of the node (audit/FORMAT.md section 4): ledgers whose keys were rotated hold, for whoever
 * knew any of them; forged handovers change nothing and are found. */
#include "audit/verify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/cert.h"
#include "core/note.h"
#include "tests/lib/handover.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define VKEY_MAX 256
#define CODES_MAX 256

static struct world w;
static struct world_member *ann;

static int open_world(void **state) {
  (void)state;
  world_open(&w, 29);
  struct hash agency = world_agency(&w, "Social Work", "social-work");
  ann = world_join(&w, &agency, "Ann", "practitioner chair");
  return 0;
}

static int close_world(void **state) {
  (void)state;
  world_close(&w);
  return 0;
}

static void record_child(void) {
  world_record(&w, ann, WORLD_DRAFT("child.add", {"name", "Ava"}));
  world_sync(&w, ann);
}

static void format_vkey(const struct key *k, char out[VKEY_MAX]) {
  struct buf b = {0};
  note_vkey_format(&b, "nl.example/register", k);
  snprintf(out, VKEY_MAX, "%s", buf_cstr(&b));
  buf_release(&b);
}

/* ---- a copy of the ledger, and what the auditor says of it ---- */

static void add_leaves(uint64_t first, uint64_t last, struct buf *out) {
  for (uint64_t n = first; n <= last; n++) {
    world_must(store_leaf(w.node.store, n, out), "a leaf");
    buf_add_str(out, "\n");
  }
}

static void feed(struct verify *v, uint64_t first, uint64_t last) {
  struct buf leaves = {0}, note = {0};
  add_leaves(first, last, &leaves);
  world_must(store_checkpoint_at(w.node.store, last, &note), "a checkpoint");
  verify_leaves(v, leaves.at, leaves.len);
  verify_checkpoint(v, note.at, note.len);
  buf_release(&leaves);
  buf_release(&note);
}

static struct verify *begin(const struct verify_facts *facts) {
  const char *why = NULL;
  struct verify *v = verify_new(facts, &why);
  if (v == NULL)
    fail_msg("%s", why);
  return v;
}

/* The codes of all findings, and the three verdicts, as one text: "A-KEY 7, N-KEY 7: 0 1 0". */
static void conclude(struct verify *v, char out[CODES_MAX]) {
  const struct verify_result *r = verify_end(v);
  size_t len = 0;
  for (size_t i = 0; i < r->finding_count; i++)
    len += (size_t)snprintf(out + len, CODES_MAX - len, "%s%s %llu", i ? ", " : "",
                            verify_code_text(r->findings[i].code), (unsigned long long)r->findings[i].entry);
  snprintf(out + len, CODES_MAX - len, ": %d %d %d", r->verdicts[0], r->verdicts[1], r->verdicts[2]);
}

#define GOOD ": 0 0 0"

/* ---- rotated ledgers ---- */

static struct former before[4];

/* Ledger key A, then B, then C, with another operating key and another authority on the way. */
static void rotate_all(void) {
  record_child();
  handover_turn(&w, TURN_LEDGER, &before[0]);
  record_child();
  handover_turn(&w, TURN_OPERATING, &before[1]);
  record_child();
  handover_turn(&w, TURN_LEDGER | TURN_AUTHORITY, &before[2]);
  struct hash agency = world_agency(&w, "Health", "health");
  world_join(&w, &agency, "Ben", "practitioner");
  handover_turn(&w, TURN_LEDGER | TURN_OPERATING | TURN_AUTHORITY, &before[3]);
  record_child();
}

static void release_all(void) {
  for (size_t i = 0; i < COUNT(before); i++)
    former_release(&before[i]);
}

static void test_known_keys(void **state) {
  (void)state;
  char vkey[VKEY_MAX], said[CODES_MAX];
  struct key *stranger = key_new();
  rotate_all();
  const struct {
    const char *what;
    const struct key *known;
    const char *expected;
  } cases[] = {
      {"the first", before[0].ledger, GOOD},      {"the second", before[2].ledger, GOOD},
      {"the third", before[3].ledger, GOOD},      {"the one in force", w.ledger, GOOD},
      {"a stranger", stranger, "N-KEY 1: 0 0 1"}, {"the operating key", w.operating, "N-KEY 1: 0 0 1"},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    format_vkey(cases[i].known, vkey);
    struct verify *v = begin(&(struct verify_facts){.vkey = vkey});
    feed(v, 1, store_size(w.node.store));
    conclude(v, said);
    if (strcmp(said, cases[i].expected) != 0)
      fail_msg("%s, brought: %s", cases[i].what, said);
    verify_free(v);
    struct hash id = key_id(cases[i].known);
    struct hash_hex fingerprint = hash_hex(&id);
    v = begin(&(struct verify_facts){.fingerprint = fingerprint.s});
    feed(v, 1, store_size(w.node.store));
    conclude(v, said);
    if (strcmp(said, cases[i].expected) != 0)
      fail_msg("%s, its fingerprint brought: %s", cases[i].what, said);
    verify_free(v);
  }
  struct verify *v = begin(&(struct verify_facts){0});
  feed(v, 1, store_size(w.node.store));
  const struct verify_result *r = verify_end(v);
  format_vkey(w.ledger, vkey);
  assert_string_equal(r->vkey, vkey);
  assert_int_equal(r->verdicts[VERIFY_ANCHORING], VERIFY_UNKNOWN);
  verify_free(v);
  key_free(stranger);
  release_all();
}

/* However the publication cut the ledger into files, and wherever the last visit ended. */
static void test_remembered(void **state) {
  (void)state;
  char said[CODES_MAX];
  rotate_all();
  uint64_t size = store_size(w.node.store);
  unsigned visits = 0;
  for (uint64_t cut = 1; cut < size; cut++) {
    struct buf note = {0};
    if (store_checkpoint_at(w.node.store, cut, &note) != OK)
      continue;
    struct verify *first = begin(&(struct verify_facts){0});
    feed(first, 1, cut);
    const struct verify_result *r = verify_end(first);
    assert_int_equal(r->verdicts[VERIFY_INTEGRITY], VERIFY_HOLDS);
    struct verify *second =
        begin(&(struct verify_facts){.seen_vkey = r->vkey, .seen_note = note.at, .seen_note_len = note.len});
    feed(second, 1, cut);
    feed(second, cut + 1, size);
    conclude(second, said);
    if (strcmp(said, GOOD) != 0)
      fail_msg("seen up to %llu: %s", (unsigned long long)cut, said);
    verify_free(second);
    verify_free(first);
    buf_release(&note);
    visits++;
  }
  assert_true(visits > 10);
  release_all();
}

/* The whole is checked against a key of before that is not the ledger's any more: a fork under it is another ledger. */
static void test_fork_under_a_former_key(void **state) {
  (void)state;
  struct former turned;
  struct key *fresh = key_new();
  struct forged fork = {0};
  char said[CODES_MAX], vkey[VKEY_MAX];
  const struct forged_handover f = {.ledger = fresh, .endorser = w.ledger};
  handover_forge(&w, &f, w.ledger, fresh, &fork);
  handover_turn(&w, TURN_LEDGER, &turned);
  uint64_t number = store_size(w.node.store);
  assert_int_equal(number, fork.number);
  struct buf note = {0};
  assert_int_equal(store_checkpoint_at(w.node.store, number, &note), OK);
  format_vkey(w.ledger, vkey);
  struct verify *v = begin(&(struct verify_facts){.seen_vkey = vkey, .seen_note = note.at, .seen_note_len = note.len});
  verify_leaves(v, fork.leaves.at, fork.leaves.len);
  verify_checkpoint(v, fork.checkpoint.at, fork.checkpoint.len);
  conclude(v, said);
  char expected[CODES_MAX];
  snprintf(expected, sizeof expected, "N-FORK %llu, N-KEY 1: 0 0 1", (unsigned long long)number);
  assert_string_equal(said, expected);
  verify_free(v);
  forged_release(&fork);
  buf_release(&note);
  key_free(fresh);
  former_release(&turned);
}

/* ---- forged handovers ---- */

static void test_forged(void **state) {
  (void)state;
  struct former turned;
  struct key *fresh = key_new(), *other = key_new();
  struct hash other_id = key_id(other), ann_key = key_id(ann->key);
  struct buf person_cert = {0}, another = {0};
  char vkey[VKEY_MAX];
  format_vkey(w.ledger, vkey);
  handover_turn(&w, TURN_LEDGER | TURN_OPERATING | TURN_AUTHORITY, &turned);
  assert_int_equal(directory_certificate(w.node.store, &ann_key, &person_cert), OK);
  assert_int_equal(cert_make_authority(other, "Another", w.now_s, w.now_s + 86400, &another), OK);
  /* # stands for the number of the forged entry. */
  const struct {
    const char *what;
    struct forged_handover f;
    const struct key *signer, *cosigner; /* of the checkpoint */
    const char *expected;
  } cases[] = {
      {"as it should be", {.ledger = fresh, .endorser = w.ledger}, fresh, w.ledger, GOOD},
      {"all of it",
       {.ledger = fresh, .endorser = w.ledger, .operating = other, .authority = buf_bytes(&another)},
       fresh,
       w.ledger,
       GOOD},
      {"without the line of the key before",
       {.ledger = fresh, .endorser = w.ledger},
       fresh,
       NULL,
       "I-SIGNATURE #: 1 0 2"},
      {"without the line of the new key",
       {.ledger = fresh, .endorser = w.ledger},
       w.ledger,
       NULL,
       "I-SIGNATURE #: 1 0 2"},
      {"not endorsed", {.ledger = fresh}, fresh, NULL, "A-HANDOVER #, I-SIGNATURE #, N-KEY #: 1 1 1"},
      {"not endorsed, under a good checkpoint", {.ledger = fresh}, w.ledger, NULL, "A-HANDOVER #, N-KEY #: 0 1 1"},
      {"endorsed by the new key itself",
       {.ledger = fresh, .endorser = fresh},
       fresh,
       NULL,
       "A-HANDOVER #, I-SIGNATURE #, N-KEY #: 1 1 1"},
      {"endorsed by the key of before",
       {.ledger = fresh, .endorser = turned.ledger},
       fresh,
       turned.ledger,
       "A-HANDOVER #, I-SIGNATURE #, N-KEY #: 1 1 1"},
      {"endorsed by the operating key",
       {.ledger = fresh, .endorser = w.operating},
       w.ledger,
       NULL,
       "A-HANDOVER #, N-KEY #: 0 1 1"},
      {"another key is endorsed",
       {.ledger = fresh, .endorser = w.ledger, .endorsed = &other_id},
       w.ledger,
       NULL,
       "A-HANDOVER #, N-KEY #: 0 1 1"},
      {"by the operating key of before",
       {.by = turned.operating, .signer = turned.operating, .operating = fresh},
       w.ledger,
       NULL,
       "A-NODE #, A-HANDOVER #, M-MACHINE #, A-KEY #: 0 1 0"},
      {"by a person",
       {.by = ann->key, .signer = ann->key, .ledger = fresh, .endorser = w.ledger},
       w.ledger,
       NULL,
       "A-NODE #, A-HANDOVER #, M-MACHINE #, N-KEY #: 0 1 1"},
      {"signed by another",
       {.signer = other, .ledger = fresh, .endorser = w.ledger},
       w.ledger,
       NULL,
       "A-SIGNATURE #, A-HEAD #, N-KEY #: 0 1 1"},
      {"it names nothing", {.content = "{}"}, w.ledger, NULL, "A-HANDOVER #: 0 1 0"},
      {"a person's certificate as authority's",
       {.authority = buf_bytes(&person_cert)},
       w.ledger,
       NULL,
       "A-HANDOVER #: 0 1 0"},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct forged forged = {0};
    char said[CODES_MAX], expected[CODES_MAX];
    size_t len = 0;
    handover_forge(&w, &cases[i].f, cases[i].signer, cases[i].cosigner, &forged);
    for (const char *c = cases[i].expected; *c; c++)
      if (*c == '#')
        len += (size_t)snprintf(expected + len, sizeof expected - len, "%llu", (unsigned long long)forged.number);
      else
        len += (size_t)snprintf(expected + len, sizeof expected - len, "%c", *c);
    struct verify *v = begin(&(struct verify_facts){.vkey = vkey});
    verify_leaves(v, forged.leaves.at, forged.leaves.len);
    verify_checkpoint(v, forged.checkpoint.at, forged.checkpoint.len);
    conclude(v, said);
    if (strcmp(said, expected) != 0)
      fail_msg("%s: %s instead of %s", cases[i].what, said, expected);
    verify_free(v);
    forged_release(&forged);
  }
  key_free(fresh);
  key_free(other);
  buf_release(&person_cert);
  buf_release(&another);
  former_release(&turned);
}

/* Two entries in one act: the first one does not count, nor does the second. */
static void test_not_alone(void **state) {
  (void)state;
  struct key *fresh = key_new();
  struct forged forged = {0};
  char said[CODES_MAX], expected[CODES_MAX], vkey[VKEY_MAX];
  const struct forged_handover f = {.ledger = fresh, .endorser = w.ledger, .has_companion = true};
  handover_forge(&w, &f, w.ledger, NULL, &forged);
  format_vkey(w.ledger, vkey);
  struct verify *v = begin(&(struct verify_facts){.vkey = vkey});
  verify_leaves(v, forged.leaves.at, forged.leaves.len);
  verify_checkpoint(v, forged.checkpoint.at, forged.checkpoint.len);
  conclude(v, said);
  unsigned long long n = forged.number;
  snprintf(expected, sizeof expected, "A-HANDOVER %llu, A-HANDOVER %llu, N-KEY %llu: 0 1 1", n, n + 1, n);
  assert_string_equal(said, expected);
  verify_free(v);
  forged_release(&forged);
  key_free(fresh);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_world, close_world)
  const struct CMUnitTest tests[] = {
      TEST(test_known_keys), TEST(test_remembered), TEST(test_fork_under_a_former_key),
      TEST(test_forged),     TEST(test_not_alone),
  };
  return cmocka_run_group_tests_name("verify_handover", tests, NULL, NULL);
}
