/* The auditor and the commits of the published repository (audit/FORMAT.md sections 3, 3.1 and 4.6): what the node
 * publishes holds, also over rotations of the ledger's key; each thing that could be otherwise has its own code. */
#include "audit/verify_parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <mbedtls/sha1.h>

#include "audit/sshsig.h"
#include "core/note.h"
#include "core/text.h"
#include "tests/lib/handover.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define ORIGIN "nl.example/register"
#define TREE "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n"
#define BEGIN "-----BEGIN SSH SIGNATURE-----"
#define END "-----END SSH SIGNATURE-----"

static struct world w;
static struct world_member *ann;
static struct former before;
static struct key *stranger;

/* The sizes of three checkpoints: the last but one is that of a handover of the ledger's key. */
enum { FIRST, TURNED, LAST, COMMITS };
static uint64_t sizes[COMMITS];

static void record_child(void) {
  world_record(&w, ann, WORLD_DRAFT("child.add", {"name", "Ava"}));
  world_sync(&w, ann);
}

static int open_world(void **state) {
  (void)state;
  world_open(&w, 31);
  struct hash agency = world_agency(&w, "Social Work", "social-work");
  ann = world_join(&w, &agency, "Ann", "practitioner");
  record_child();
  sizes[FIRST] = store_size(w.node.store);
  sizes[TURNED] = handover_turn(&w, TURN_LEDGER, &before);
  record_child();
  sizes[LAST] = store_size(w.node.store);
  stranger = key_new();
  return 0;
}

static int close_world(void **state) {
  (void)state;
  former_release(&before);
  key_free(stranger);
  world_close(&w);
  return 0;
}

/* ---- the three commits ---- */

static struct checkpoint checkpoint_of(uint64_t size) {
  struct buf note = {0};
  struct bytes text;
  struct checkpoint c;
  world_must(store_checkpoint_at(w.node.store, size, &note), "a checkpoint");
  world_must(note_text(buf_bytes(&note), &text), "a checkpoint");
  world_must(checkpoint_parse(text, &c), "a checkpoint");
  buf_release(&note);
  return c;
}

static void add_id(struct buf *b, struct bytes commit) {
  struct buf object = {0};
  uint8_t id[20];
  buf_addf(&object, "commit %zu", commit.len);
  buf_u8(&object, 0);
  buf_add(&object, commit);
  mbedtls_sha1_ret(object.at, object.len, id);
  text_hex_encode(b, bytes_of(id, sizeof id));
  buf_release(&object);
}

static void add_draft(struct buf *b, uint64_t size, struct bytes parent) {
  struct checkpoint c = checkpoint_of(size);
  int64_t at_s;
  world_must(text_time_parse(bytes_str(c.time.s), &at_s), "a time");
  buf_add_str(b, TREE);
  if (parent.len > 0) {
    buf_add_str(b, "parent ");
    add_id(b, parent);
    buf_add_str(b, "\n");
  }
  buf_addf(b, "author cairn <ledger@nl.example-register> %lld +0000\n", (long long)at_s);
  buf_addf(b, "committer cairn <ledger@nl.example-register> %lld +0000\n", (long long)at_s);
  buf_addf(b, "\n" ORIGIN " %llu\n", (unsigned long long)size);
}

static const struct key *signer_of(int commit) {
  return commit == FIRST ? before.ledger : w.ledger;
}

static void make_commit(int commit, struct bytes parent, struct buf *out) {
  struct buf draft = {0};
  add_draft(&draft, sizes[commit], parent);
  world_must(sshsig_sign_commit(signer_of(commit), buf_bytes(&draft), out), "a signature");
  buf_release(&draft);
}

/* ---- what the auditor says ---- */

static void feed_content(struct verify *v, int commit) {
  struct buf leaves = {0}, note = {0};
  for (uint64_t n = commit == FIRST ? 1 : sizes[commit - 1] + 1; n <= sizes[commit]; n++) {
    world_must(store_leaf(w.node.store, n, &leaves), "a leaf");
    buf_add_str(&leaves, "\n");
  }
  world_must(store_checkpoint_at(w.node.store, sizes[commit], &note), "a checkpoint");
  verify_leaves(v, leaves.at, leaves.len);
  verify_checkpoint(v, note.at, note.len);
  buf_release(&leaves);
  buf_release(&note);
}

/* At exactly its size, so that a byte too far is seen. */
static void feed_commit(struct verify *v, struct bytes object) {
  uint8_t *copy = mem_alloc(object.len);
  memcpy(copy, object.at, object.len);
  verify_commit(v, copy, object.len);
  free(copy);
}

static void feed(struct verify *v, int commit, struct bytes object) {
  feed_content(v, commit);
  feed_commit(v, object);
}

#define CODES_MAX 256

/* The codes of all findings, with the entry: "P-KEY 7 P-DATE 7 "; and the verdict about publication. */
static enum verify_verdict judge(const struct buf commits[COMMITS], int count, char codes[CODES_MAX]) {
  const struct verify_facts none = {0};
  const char *why;
  struct verify *v = verify_new(&none, &why);
  for (int i = 0; i < count; i++)
    feed(v, i, buf_bytes(&commits[i]));
  const struct verify_result *r = verify_end(v);
  int len = 0;
  codes[0] = '\0';
  for (size_t i = 0; i < r->finding_count && len < CODES_MAX; i++)
    if (r->findings[i].code != VERIFY_N_NONE)
      len += snprintf(codes + len, (size_t)(CODES_MAX - len), "%s ", verify_code_text(r->findings[i].code));
  enum verify_verdict verdict = r->verdicts[VERIFY_PUBLICATION];
  verify_free(v);
  return verdict;
}

/* The same verifier looks at one commit after the other in the same place: the ledger is verified once only. */
static struct verify *begin_at(const struct buf commits[COMMITS], int place) {
  const struct verify_facts none = {0};
  const char *why;
  struct verify *v = verify_new(&none, &why);
  for (int i = 0; i < place; i++)
    feed(v, i, buf_bytes(&commits[i]));
  feed_content(v, place);
  assert_int_equal(v->finding_count, 0);
  return v;
}

static void say(struct verify *v, struct bytes object, char codes[CODES_MAX]) {
  struct vcommits at = v->commits;
  int len = 0;
  feed_commit(v, object);
  codes[0] = '\0';
  for (size_t i = 0; i < v->finding_count && len < CODES_MAX; i++)
    len += snprintf(codes + len, (size_t)(CODES_MAX - len), "%s ", verify_code_text(v->findings[i].code));
  v->commits = at;
  v->finding_count = 0;
}

static void release(struct buf commits[COMMITS]) {
  for (int i = 0; i < COMMITS; i++)
    buf_release(&commits[i]);
}

static void make_all(struct buf commits[COMMITS]) {
  memset(commits, 0, COMMITS * sizeof *commits);
  for (int i = 0; i < COMMITS; i++)
    make_commit(i, i == FIRST ? bytes_str("") : buf_bytes(&commits[i - 1]), &commits[i]);
}

static void test_what_is_published_holds(void **state) {
  struct buf commits[COMMITS];
  char codes[CODES_MAX];
  (void)state;
  make_all(commits);
  assert_int_equal(judge(commits, COMMITS, codes), VERIFY_HOLDS);
  assert_string_equal(codes, "");
  assert_int_equal(judge(commits, 0, codes), VERIFY_UNKNOWN);
  release(commits);
}

/* What could not be read may have been anything. */
static void test_what_cannot_be_read(void **state) {
  static const enum verify_code unread[] = {VERIFY_I_OBJECT, VERIFY_I_LAYOUT, VERIFY_I_LIMIT};
  struct buf commits[COMMITS];
  (void)state;
  make_all(commits);
  for (size_t i = 0; i < sizeof unread / sizeof *unread; i++) {
    struct verify *v = begin_at(commits, FIRST);
    feed_commit(v, buf_bytes(&commits[FIRST]));
    verify_report(v, unread[i], 0, "the object 12345678 is damaged");
    assert_int_equal(verify_end(v)->verdicts[VERIFY_PUBLICATION], VERIFY_UNKNOWN);
    verify_free(v);
  }
  release(commits);
}

static void test_signers(void **state) {
  struct buf commits[COMMITS];
  const struct verify_facts none = {0};
  const char *why;
  (void)state;
  make_all(commits);
  struct verify *v = verify_new(&none, &why);
  for (int i = 0; i < COMMITS; i++)
    feed(v, i, buf_bytes(&commits[i]));
  const struct verify_result *r = verify_end(v);
  struct text_time turned = checkpoint_of(sizes[TURNED]).time;
  assert_int_equal(r->signer_count, 2);
  assert_memory_equal(r->signers[0].point, key_point(before.ledger).at, VERIFY_POINT_SIZE);
  assert_memory_equal(r->signers[1].point, key_point(w.ledger).at, VERIFY_POINT_SIZE);
  assert_string_equal(r->signers[0].until, turned.s);
  assert_string_equal(r->signers[1].from, turned.s);
  assert_string_equal(r->signers[1].until, "");
  assert_true(strcmp(r->signers[0].from, turned.s) <= 0 && strlen(r->signers[0].from) == 20);
  verify_free(v);
  release(commits);
}

/* ---- another commit in the place of the last one ---- */

static bool replace(struct buf *b, const char *from, const char *to) {
  struct buf out = {0};
  const uint8_t *at = memmem(b->at, b->len, from, strlen(from));
  if (at == NULL)
    return false;
  buf_add(&out, bytes_of(b->at, (size_t)(at - b->at)));
  buf_add_str(&out, to);
  buf_add(&out, bytes_of(at + strlen(from), b->len - (size_t)(at - b->at) - strlen(from)));
  buf_release(b);
  *b = out;
  return true;
}

enum signer { BY_LEDGER, BY_FORMER, BY_STRANGER, BY_NOBODY };

static const struct {
  const char *what;
  const char *from, *to;               /* before it is signed */
  const char *signed_from, *signed_to; /* afterwards */
  enum signer by;
  const char *codes;
} attacks[] = {
    {.what = "unsigned", .by = BY_NOBODY, .codes = "P-UNSIGNED "},
    {.what = "signed by a stranger", .by = BY_STRANGER, .codes = "P-KEY "},
    {.what = "signed by the key before", .by = BY_FORMER, .codes = "P-KEY "},
    {"changed afterwards", NULL, NULL, "tree 4b", "tree 5b", 0, "P-SIGNATURE "},
    {"another message", "register ", "register  ", NULL, NULL, 0, "P-COMMIT "},
    {"a message that goes on", "\n\n" ORIGIN " ", "\n\n\n" ORIGIN " ", NULL, NULL, 0, "P-COMMIT "},
    {"another author", "author cairn ", "author Cairn ", NULL, NULL, 0, "P-COMMIT "},
    {"another committer", "committer cairn <ledger@nl", "committer cairn <ledger@n1", NULL, NULL, 0, "P-COMMIT "},
    {"an author from another day", "register> 1", "register> 2", NULL, NULL, 0, "P-DATE "},
    {"in another zone", "+0000\ncommitter", "+0100\ncommitter", NULL, NULL, 0, "P-DATE "},
    {"a space too many", "+0000\ncommitter", "+0000 \ncommitter", NULL, NULL, 0, "P-DATE "},
    {"another header", "+0000\n\n", "+0000\nencoding x\n\n", NULL, NULL, 0, "P-COMMIT "},
    {"a header before", "tree ", "note x\ntree ", NULL, NULL, 0, "P-COMMIT "},
    {"a header after the signature", NULL, NULL, END "\n", END "\nnote x\n", 0, "P-COMMIT P-SIGNATURE "},
    {"another parent", "parent ", "parent 0000000000000000000000000000000000000000\nx ", NULL, NULL, 0, "P-COMMIT "},
    {"two parents", "author cairn", "parent 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nauthor cairn", NULL, NULL, 0,
     "P-PARENT "},
    {"a parent in capitals", "author cairn", "parent 4B825DC642CB6EB9A060E54BF8D69288FBEE4904\nauthor cairn", NULL,
     NULL, 0, "P-COMMIT "},
    {"two signatures", NULL, NULL, "gpgsig ", "gpgsig x\n y\ngpgsig ", 0, "P-SECOND "},
    {"a signature of the other hash, too", NULL, NULL, "gpgsig ", "gpgsig-sha256 x\ngpgsig ", 0, "P-SECOND "},
    {"another armour", NULL, NULL, "gpgsig -----BEGIN SSH", "gpgsig -----BEGIN PGP", 0, "P-SIGNATURE "},
    {"words before the armour", NULL, NULL, "gpgsig -", "gpgsig x\n -", 0, "P-SIGNATURE "},
    {"words behind it", NULL, NULL, END "\n", END "\n x\n", 0, "P-SIGNATURE "},
    {"a space behind it", NULL, NULL, END "\n", END " \n", 0, "P-SIGNATURE "},
    {"no end", NULL, NULL, " " END "\n", "", 0, "P-SIGNATURE "},
    {"an empty line in it", NULL, NULL, BEGIN "\n", BEGIN "\n \n", 0, "P-SIGNATURE "},
    {"a shorter line", NULL, NULL, BEGIN "\n U1NI", BEGIN "\n U1NI\n ", 0, "P-SIGNATURE "},
    {"one signature in the other", NULL, NULL, BEGIN "\n", BEGIN "\n " BEGIN "\n", 0, "P-SIGNATURE "},
};

static const struct key *key_of(enum signer by) {
  return by == BY_FORMER ? before.ledger : by == BY_STRANGER ? stranger : w.ledger;
}

static void test_attacks(void **state) {
  (void)state;
  struct buf commits[COMMITS];
  make_all(commits);
  struct verify *v = begin_at(commits, LAST);
  for (size_t i = 0; i < COUNT(attacks); i++) {
    struct buf draft = {0}, *last = &commits[LAST];
    char codes[CODES_MAX];
    add_draft(&draft, sizes[LAST], buf_bytes(&commits[TURNED]));
    buf_clear(last);
    bool done = attacks[i].from == NULL || replace(&draft, attacks[i].from, attacks[i].to);
    if (attacks[i].by == BY_NOBODY)
      buf_add(last, buf_bytes(&draft));
    else
      world_must(sshsig_sign_commit(key_of(attacks[i].by), buf_bytes(&draft), last), "a signature");
    done = done && (attacks[i].signed_from == NULL || replace(last, attacks[i].signed_from, attacks[i].signed_to));
    say(v, buf_bytes(last), codes);
    if (!done || strcmp(codes, attacks[i].codes) != 0)
      fail_msg("%s: %s", attacks[i].what, done ? codes : "not made");
    buf_release(&draft);
  }
  verify_free(v);
  release(commits);
}

static void test_parents(void **state) {
  struct buf commits[COMMITS], other = {0};
  char codes[CODES_MAX];
  (void)state;
  make_all(commits);
  const struct {
    int place;
    struct bytes parent;
  } cases[] = {{FIRST, bytes_str("something")}, {LAST, bytes_str("")}, {LAST, buf_bytes(&commits[FIRST])}};
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct verify *v = begin_at(commits, cases[i].place);
    buf_clear(&other);
    make_commit(cases[i].place, cases[i].parent, &other);
    say(v, buf_bytes(&other), codes);
    assert_string_equal(codes, "P-PARENT ");
    verify_free(v);
  }
  buf_release(&other);
  release(commits);
}

/* ---- the signature's bytes ---- */

static const uint8_t order[32] = {0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff,
                                  0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
                                  0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};

static size_t begin_of(const struct buf *commit) {
  const uint8_t *at = memmem(commit->at, commit->len, BEGIN "\n", sizeof BEGIN);
  assert_non_null(at);
  return (size_t)(at - commit->at) + sizeof BEGIN;
}

static size_t end_of(const struct buf *commit) {
  const uint8_t *at = memmem(commit->at, commit->len, " " END, sizeof END);
  assert_non_null(at);
  return (size_t)(at - commit->at);
}

static void read_blob(const struct buf *commit, struct buf *blob) {
  struct buf digits = {0};
  for (size_t i = begin_of(commit); i < end_of(commit); i++)
    if (commit->at[i] != ' ' && commit->at[i] != '\n')
      buf_u8(&digits, commit->at[i]);
  world_must(text_base64_decode(buf_bytes(&digits), blob), "base64");
  buf_release(&digits);
}

static void put_blob(const struct buf *good, struct bytes blob, struct buf *out) {
  struct buf digits = {0};
  text_base64_encode(&digits, blob);
  buf_clear(out);
  buf_add(out, bytes_of(good->at, begin_of(good)));
  for (size_t i = 0; i < digits.len; i += 70) {
    buf_add_str(out, " ");
    buf_add(out, bytes_of(digits.at + i, digits.len - i < 70 ? digits.len - i : 70));
    buf_add_str(out, "\n");
  }
  buf_add(out, bytes_of(good->at + end_of(good), good->len - end_of(good)));
  buf_release(&digits);
}

static void expect_codes(const char *what, struct verify *v, const struct buf *good, struct bytes blob,
                         const char *wanted) {
  struct buf commit = {0};
  char codes[CODES_MAX];
  put_blob(good, blob, &commit);
  say(v, buf_bytes(&commit), codes);
  if (strstr(wanted, codes) == NULL || (codes[0] == '\0') != (wanted[0] == '\0'))
    fail_msg("%s: %s", what, codes);
  buf_release(&commit);
}

static void test_each_bit_and_length(void **state) {
  struct buf commits[COMMITS], blob = {0};
  char what[64];
  (void)state;
  make_all(commits);
  const struct buf *good = &commits[FIRST];
  struct verify *v = begin_at(commits, FIRST);
  read_blob(good, &blob);
  expect_codes("as it is", v, good, buf_bytes(&blob), "");
  for (size_t bit = 0; bit < blob.len * 8; bit += 5) { /* each byte, and each bit of some */
    blob.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
    snprintf(what, sizeof what, "bit %zu", bit);
    expect_codes(what, v, good, buf_bytes(&blob), "P-SIGNATURE P-KEY P-NAMESPACE ");
    blob.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
  }
  for (size_t len = 1; len < blob.len; len++) {
    snprintf(what, sizeof what, "%zu bytes", len);
    expect_codes(what, v, good, bytes_of(blob.at, len), "P-SIGNATURE ");
  }
  buf_u8(&blob, 0);
  expect_codes("a byte more", v, good, buf_bytes(&blob), "P-SIGNATURE ");
  verify_free(v);
  buf_release(&blob);
  release(commits);
}

static size_t find(const struct buf *blob, const char *words) {
  const uint8_t *at = memmem(blob->at, blob->len, words, strlen(words));
  assert_non_null(at);
  return (size_t)(at - blob->at);
}

static void test_another_namespace(void **state) {
  struct buf commits[COMMITS], blob = {0};
  (void)state;
  make_all(commits);
  read_blob(&commits[FIRST], &blob);
  blob.at[find(&blob, "git")] = 'f';
  struct verify *v = begin_at(commits, FIRST);
  expect_codes("another namespace", v, &commits[FIRST], buf_bytes(&blob), "P-NAMESPACE ");
  verify_free(v);
  buf_release(&blob);
  release(commits);
}

/* Stock OpenSSH takes n - s for s. Both numbers stand at the end, each with its length. */
static void test_high_s(void **state) {
  struct buf commits[COMMITS], blob = {0}, other = {0};
  uint8_t s[33] = {0};
  (void)state;
  make_all(commits);
  read_blob(&commits[FIRST], &blob);
  size_t numbers = find(&blob, "sha256") + 6 + 4 + 4 + 19; /* the string with both */
  size_t r_len = 4 + blob.at[numbers + 7], s_at = numbers + 4 + r_len + 4, s_len = blob.len - s_at;
  memcpy(s + 33 - s_len, blob.at + s_at, s_len);
  int borrow = 0;
  for (int i = 32; i >= 1; i--) {
    int d = order[i - 1] - s[i] - borrow;
    borrow = d < 0;
    s[i] = (uint8_t)d;
  }
  size_t skip = s[1] & 0x80 ? 0 : 1;
  buf_add(&other, bytes_of(blob.at, numbers - 4 - 19 - 4));
  buf_u32(&other, (uint32_t)(4 + 19 + 4 + r_len + 4 + 33 - skip));
  buf_add(&other, bytes_of(blob.at + numbers - 4 - 19, 4 + 19));
  buf_u32(&other, (uint32_t)(r_len + 4 + 33 - skip));
  buf_add(&other, bytes_of(blob.at + numbers + 4, r_len));
  buf_string(&other, bytes_of(s + skip, 33 - skip));
  struct verify *v = begin_at(commits, FIRST);
  expect_codes("a high s", v, &commits[FIRST], buf_bytes(&other), "P-SIGNATURE ");
  verify_free(v);
  buf_release(&other);
  buf_release(&blob);
  release(commits);
}

static void test_too_large(void **state) {
  struct buf commits[COMMITS];
  char codes[CODES_MAX];
  (void)state;
  make_all(commits);
  while (commits[FIRST].len <= VERIFY_COMMIT_MAX)
    buf_add_str(&commits[FIRST], "more\n");
  judge(commits, 1, codes);
  assert_string_equal(codes, "I-LIMIT ");
  release(commits);
}

static void test_drafts(void **state) {
  struct buf commits[COMMITS], draft = {0}, wanted = {0};
  (void)state;
  make_all(commits);
  add_draft(&wanted, sizes[FIRST], bytes_str(""));
  assert_int_equal(sshsig_draft(buf_bytes(&commits[FIRST]), &draft), OK);
  assert_true(bytes_equal(buf_bytes(&draft), buf_bytes(&wanted)));
  assert_int_equal(sshsig_draft(buf_bytes(&wanted), &draft), ERR_FORM);
  for (size_t n = 0; n < commits[FIRST].len; n++) { /* wherever it is cut, nothing is read beyond */
    uint8_t *copy = mem_alloc(n);
    memcpy(copy, commits[FIRST].at, n);
    buf_clear(&draft);
    sshsig_draft(bytes_of(copy, n), &draft);
    free(copy);
  }
  buf_release(&draft);
  buf_release(&wanted);
  release(commits);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_what_is_published_holds),
      cmocka_unit_test(test_what_cannot_be_read),
      cmocka_unit_test(test_signers),
      cmocka_unit_test(test_attacks),
      cmocka_unit_test(test_parents),
      cmocka_unit_test(test_each_bit_and_length),
      cmocka_unit_test(test_another_namespace),
      cmocka_unit_test(test_high_s),
      cmocka_unit_test(test_too_large),
      cmocka_unit_test(test_drafts),
  };
  return cmocka_run_group_tests(tests, open_world, close_world);
}
