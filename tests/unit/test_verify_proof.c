/* What shows one entry alone: written from what a node published, judged with nothing but one key; and everything in
 * it that is broken is found under its own code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/verify_proof.h"
#include "core/note.h"
#include "tests/lib/world.h"

/* Each change costs verifications: every so many characters are changed. */
#define STRIDE 37

/* Whose entry a proof is of. SECOND stands in an act of three, with FIRST before it; OLDER is FIRST at an older
 * checkpoint. */
enum whose { FIRST, SECOND, BEN, NODE, OPENING, OLDER, PROOFS };

static struct {
  struct world world;
  struct buf vkey;
  char fingerprint[65];
  struct buf proofs[PROOFS];
} told;

/* ---- the files ---- */

struct seeking {
  const char *id;
  uint64_t number;
  char by[65], admitted[21], found[65];
};

static void seek(void *of, const struct verify_entry *e) {
  struct seeking *s = of;
  if (strcmp(e->id, s->id) != 0 && e->number != s->number)
    return;
  s->number = e->number;
  snprintf(s->by, sizeof s->by, "%.64s", e->by.at);
  snprintf(s->admitted, sizeof s->admitted, "%.20s", e->admitted.at);
}

static void leaves(uint64_t size, struct buf *out) {
  for (uint64_t n = 1; n <= size; n++) {
    world_must(store_leaf(told.world.node.store, n, out), "a leaf");
    buf_add_str(out, "\n");
  }
}

static void prove(const char *id, uint64_t number, uint64_t size, struct buf *out) {
  const struct verify_facts facts = {0};
  struct seeking s = {.id = id, .number = number};
  struct buf file = {0}, note = {0};
  const char *why;
  size_t len = 0;
  struct verify *v = verify_new(&facts, &why);
  leaves(size, &file);
  world_must(store_checkpoint_at(told.world.node.store, size, &note), "the checkpoint");
  verify_each(v, &s, seek);
  verify_leaves(v, file.at, file.len);
  verify_free(v);
  struct verify_prover *p = verify_prover_new(s.number, s.by, s.admitted);
  verify_prover_leaves(p, file.at, file.len);
  char *text = verify_prover_text(p, buf_cstr(&told.vkey), note.at, note.len, &len);
  assert_non_null(text);
  buf_add(out, bytes_of(text, len));
  free(text);
  verify_prover_free(p);
  buf_release(&file);
  buf_release(&note);
}

static uint64_t newest_size(void) {
  uint64_t size = 0;
  struct hash root;
  struct buf note = {0};
  world_must(store_checkpoint_newest(told.world.node.store, &size, &root, &note), "the newest checkpoint");
  buf_release(&note);
  return size;
}

static void find_key(struct world_member *m) {
  struct directory_log log = {0};
  const struct hash id = key_id(told.world.ledger);
  world_must(directory_log(m->store, &log), "the ledger's name");
  note_vkey_format(&told.vkey, buf_cstr(&log.origin), told.world.ledger);
  snprintf(told.fingerprint, sizeof told.fingerprint, "%s", hash_hex(&id).s);
  directory_log_release(&log);
}

static int set_up(void **state) {
  struct verdict v = {0};
  char first[65], second[65], bens[65];
  (void)state;
  world_open(&told.world, 81);
  const struct hash agency = world_agency(&told.world, "Social Work", "social-work");
  struct world_member *anna = world_join(&told.world, &agency, "Anna", "practitioner");
  struct world_member *ben = world_join(&told.world, &agency, "Ben", "practitioner");
  const struct draft drafts[] = {WORLD_DRAFT("child.add", {"name", "Ava"}), WORLD_DRAFT("child.add", {"name", "Bo"}),
                                 WORLD_DRAFT("child.add", {"name", "Cy"})};
  world_must(world_write(&told.world, anna, drafts, 3, ACCEPT_WRITE, &v), "three children");
  struct act_record act = {0};
  world_must(store_find_act(anna->store, STORE_PENDING, &act), "the act");
  snprintf(first, sizeof first, "%s", hash_hex(&act.entries[0].entry.id).s);
  snprintf(second, sizeof second, "%s", hash_hex(&act.entries[1].entry.id).s);
  act_record_release(&act);
  world_sync(&told.world, anna);
  find_key(anna);
  const uint64_t older = newest_size();
  const struct hash dee = world_record(&told.world, ben, WORLD_DRAFT("child.add", {"name", "Dee"}));
  snprintf(bens, sizeof bens, "%s", hash_hex(&dee).s);
  world_sync(&told.world, ben);
  const uint64_t size = newest_size();
  prove(first, 0, size, &told.proofs[FIRST]);
  prove(second, 0, size, &told.proofs[SECOND]);
  prove(bens, 0, size, &told.proofs[BEN]);
  prove("", 2, size, &told.proofs[NODE]);
  prove("", 1, size, &told.proofs[OPENING]);
  prove(first, 0, older, &told.proofs[OLDER]);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  for (size_t i = 0; i < PROOFS; i++)
    buf_release(&told.proofs[i]);
  buf_release(&told.vkey);
  world_close(&told.world);
  return 0;
}

/* ---- judging ---- */

/* On a heap copy of exactly its size. */
static struct verify_proof judge(struct bytes file, const char *vkey, const char *fingerprint) {
  struct verify_proof p;
  const char *why = NULL;
  uint8_t *copy = malloc(file.len ? file.len : 1);
  if (copy == NULL)
    abort();
  if (file.len)
    memcpy(copy, file.at, file.len);
  if (!verify_proof(copy, file.len, vkey, fingerprint, &p, &why))
    fail_msg("%s", why);
  free(copy);
  return p;
}

static void check_code(const char *what, struct bytes file, const char *vkey, const char *code) {
  const struct verify_proof p = judge(file, vkey, NULL);
  if (strcmp(verify_proof_code_text(p.code), code) != 0)
    fail_msg("%s: %s (%s) instead of %s", what, verify_proof_code_text(p.code), p.sentence, code);
}

static void test_good(void **state) {
  (void)state;
  for (size_t i = 0; i < PROOFS; i++) {
    const struct bytes file = buf_bytes(&told.proofs[i]);
    check_code("good", file, buf_cstr(&told.vkey), "");
    check_code("no key", file, NULL, "E-NONE");
    assert_int_equal(judge(file, NULL, told.fingerprint).code, VERIFY_PROOF_GOOD);
  }
  const struct verify_proof p = judge(buf_bytes(&told.proofs[SECOND]), buf_cstr(&told.vkey), told.fingerprint);
  assert_string_equal(p.kind, "child.add");
  assert_string_equal(p.person, hash_hex(&told.world.members[0].person).s);
  assert_true(p.is_valid);
  assert_true(p.number > 0 && p.size > p.number);
  assert_string_equal(p.fingerprint, told.fingerprint);
  assert_string_equal(judge(buf_bytes(&told.proofs[NODE]), buf_cstr(&told.vkey), NULL).person, "");
}

/* ---- breaking ---- */

/* Where the line of this word begins, and how long what follows the word is; false if there is none. */
static bool find_line(const struct buf *file, const char *word, size_t *at_out, size_t *len_out) {
  const size_t n = strlen(word);
  for (size_t at = 0; at + n < file->len; at++) {
    if ((at > 0 && file->at[at - 1] != '\n') || memcmp(file->at + at, word, n) != 0 || file->at[at + n] != ' ')
      continue;
    *at_out = at;
    *len_out = (size_t)((const uint8_t *)memchr(file->at + at, '\n', file->len - at) - file->at) - at - n - 1;
    return true;
  }
  return false;
}

static void get(const struct buf *file, const char *word, struct buf *out) {
  size_t at, len;
  assert_true(find_line(file, word, &at, &len));
  world_must(text_base64_decode(bytes_of(file->at + at + strlen(word) + 1, len), out), "base64");
}

/* The file with another line of this word, or without it. */
static void put(const struct buf *file, const char *word, const struct buf *decoded, struct buf *out) {
  size_t at, len;
  assert_true(find_line(file, word, &at, &len));
  buf_clear(out);
  buf_add(out, bytes_of(file->at, at));
  if (decoded) {
    buf_addf(out, "%s ", word);
    text_base64_encode(out, buf_bytes(decoded));
    buf_add_str(out, "\n");
  }
  at += strlen(word) + 1 + len + 1;
  buf_add(out, bytes_of(file->at + at, file->len - at));
}

static void replace(struct buf *b, const char *from, const char *to) {
  uint8_t *at = memmem(b->at, b->len, from, strlen(from));
  assert_non_null(at);
  assert_int_equal(strlen(from), strlen(to));
  memcpy(at, to, strlen(to));
}

/* In the proof of `of`, the line `line` is left out, is that of another proof (`by`, its line `theirs`), or has `from`
 * replaced. */
struct broken {
  const char *what;
  enum whose of;
  const char *line;
  enum { WITHOUT, THEIRS, CHANGED } how;
  enum whose by;
  const char *theirs, *from, *to;
  const char *code;
};

static const struct broken table[] = {
    {"no act", FIRST, "act", WITHOUT, .code = "E-FORM"},
    {"no path", FIRST, "path", WITHOUT, .code = "E-PATH"},
    {"no way into the act", SECOND, "act-path", WITHOUT, .code = "E-ACT"},
    {"no authority", FIRST, "authority", WITHOUT, .code = "E-FORM"},
    {"a leaf that is none", FIRST, "leaf", THEIRS, BEN, "act", .code = "E-LEAF"},
    {"another word in the leaf", FIRST, "leaf", CHANGED, .from = "admitted", .to = "admjtted", .code = "E-LEAF"},
    {"another entry", FIRST, "leaf", THEIRS, BEN, "leaf", .code = "E-ACT"},
    {"another entry of the act", FIRST, "leaf", THEIRS, SECOND, "leaf", .code = "E-ACT"},
    {"another kind", SECOND, "leaf", CHANGED, .from = "kind child.add", .to = "kind child.adt", .code = "E-ACT"},
    {"another act", FIRST, "act", THEIRS, BEN, "act", .code = "E-ACT"},
    {"an act that is none", FIRST, "act", CHANGED, .from = "cairn act 1", .to = "cairn act 2", .code = "E-ACT"},
    {"another's way into the act", SECOND, "act-path", THEIRS, FIRST, "act-path", .code = "E-ACT"},
    {"another signature than the leaf's", FIRST, "signature", THEIRS, BEN, "signature", .code = "E-ACT"},
    {"another signature", SECOND, "signature", THEIRS, BEN, "signature", .code = "E-SIGNATURE"},
    {"certified another", FIRST, "signer", THEIRS, BEN, "signer", .code = "E-SIGNER"},
    {"certified by no certificate", FIRST, "signer", THEIRS, BEN, "leaf", .code = "E-SIGNER"},
    {"the node's key for a person", FIRST, "signer", THEIRS, NODE, "signer", .code = "E-SIGNER"},
    {"no authority's entry", FIRST, "authority", THEIRS, BEN, "signer", .code = "E-SIGNER"},
    {"a person's certificate for the node", NODE, "signer", THEIRS, BEN, "signer", .code = "E-SIGNER"},
    {"another number", FIRST, "leaf", CHANGED, .from = "number 1", .to = "number 2", .code = "E-PATH"},
    {"another time of admission", FIRST, "leaf", CHANGED, .from = "admitted 2026", .to = "admitted 2027",
     .code = "E-PATH"},
    {"the certificate is said to stand elsewhere", FIRST, "signer", CHANGED, .from = "admitted 2026",
     .to = "admitted 2025", .code = "E-PATH"},
    {"another path", FIRST, "path", THEIRS, BEN, "path", .code = "E-PATH"},
    {"another path of the certificate", FIRST, "signer-path", THEIRS, BEN, "path", .code = "E-PATH"},
    {"another path of the authority", FIRST, "authority-path", THEIRS, BEN, "path", .code = "E-PATH"},
    {"another checkpoint", FIRST, "note", THEIRS, OLDER, "note", .code = "E-PATH"},
    {"a checkpoint that was changed", FIRST, "note", CHANGED, .from = "time 2026", .to = "time 2027",
     .code = "E-CHECKPOINT"},
    {"no checkpoint", FIRST, "note", THEIRS, FIRST, "leaf", .code = "E-CHECKPOINT"},
};

static void break_one(const struct broken *b) {
  struct buf line = {0}, file = {0};
  const struct buf *whole = &told.proofs[b->of];
  if (b->how != WITHOUT)
    get(b->how == THEIRS ? &told.proofs[b->by] : whole, b->how == THEIRS ? b->theirs : b->line, &line);
  if (b->how == CHANGED)
    replace(&line, b->from, b->to);
  put(whole, b->line, b->how == WITHOUT ? NULL : &line, &file);
  check_code(b->what, buf_bytes(&file), buf_cstr(&told.vkey), b->code);
  check_code(b->what, buf_bytes(&file), NULL, b->code);
  buf_release(&line);
  buf_release(&file);
}

static void test_broken(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    break_one(&table[i]);
}

static void test_key(void **state) {
  struct buf vkey = {0};
  struct verify_proof p;
  const char *why = NULL;
  const struct bytes file = buf_bytes(&told.proofs[FIRST]);
  (void)state;
  note_vkey_format(&vkey, "nl.example/other", told.world.ledger);
  check_code("the same key under another name", file, buf_cstr(&vkey), "E-KEY");
  buf_clear(&vkey);
  note_vkey_format(&vkey, "nl.example/register", told.world.operating);
  check_code("another key", file, buf_cstr(&vkey), "E-KEY");
  told.fingerprint[0] ^= 1;
  assert_int_equal(judge(file, NULL, told.fingerprint).code, VERIFY_PROOF_KEY);
  told.fingerprint[0] ^= 1;
  assert_false(verify_proof(file.at, file.len, "no key", NULL, &p, &why));
  assert_false(verify_proof(file.at, file.len, NULL, "no fingerprint", &p, &why));
  assert_non_null(why);
  buf_release(&vkey);
}

static void test_every_byte_counts(void **state) {
  struct buf *file = &told.proofs[SECOND];
  (void)state;
  for (size_t at = 0; at < file->len; at += at < 60 ? 1 : STRIDE) {
    file->at[at] ^= 1;
    const struct verify_proof p = judge(buf_bytes(file), buf_cstr(&told.vkey), NULL);
    file->at[at] ^= 1;
    if (p.code == VERIFY_PROOF_GOOD || p.code == VERIFY_PROOF_NONE)
      fail_msg("byte %zu, changed, goes unnoticed", at);
  }
}

static void test_cut(void **state) {
  const struct buf *file = &told.proofs[FIRST];
  (void)state;
  for (size_t len = 0; len < file->len; len += len < 60 ? 1 : 7) {
    const struct verify_proof p = judge(bytes_of(file->at, len), buf_cstr(&told.vkey), NULL);
    assert_true(p.code == VERIFY_PROOF_FORM || (p.code == VERIFY_PROOF_SIGNER || p.code == VERIFY_PROOF_PATH));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_good), cmocka_unit_test(test_broken),
      cmocka_unit_test(test_key),  cmocka_unit_test(test_every_byte_counts),
      cmocka_unit_test(test_cut),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
