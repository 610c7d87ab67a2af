/* Checkpoints that are not of their form, are not signed, or do not fit the leaves; and first entries that do not say
 * whose the ledger is. */
#include "audit/verify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/text.h"
#include "tests/lib/attack.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

#define DASH "\xe2\x80\x94"
#define ORIGIN LEDGER_ORIGIN

static const struct attack attacks[] = {
    ATTACK("a checkpoint of another time", "I-TIME", AT_TEXT, 0, "15:00:02Z", "15:00:03Z"),
    ATTACK("a checkpoint with a fifth line", "I-NOTE", AT_TEXT, 0, "time", "more\ntime"),
    ATTACK("a checkpoint without its time", "I-NOTE", AT_TEXT, 0, "time 2026-11-25T15:00:02Z\n", ""),
    ATTACK("a checkpoint with an origin in capitals", "I-NOTE", AT_TEXT, 0, "cairn.test", "Cairn.test"),
    ATTACK("a note without a signature line", "I-NOTE", AT_NOTE, 0, "\xe2\x80\x94", NULL),
    ATTACK("a note without its empty line", "I-NOTE", AT_NOTE, 0, "\n\n", "\n"),
    ATTACK("a note with another dash", "I-NOTE", AT_NOTE, 0, "\xe2\x80\x94", "\xe2\x80\x93"),
    ATTACK("a note that is signed by another key", "I-SIGNATURE", AT_NOWHERE, 0, NULL, NULL,
           .how.note_signer = WHO_STRANGER),
    ATTACK("a note under another name", "I-SIGNATURE", AT_NOTE, 0, "\xe2\x80\x94 cairn", "\xe2\x80\x94 Cairn"),
    ATTACK("a note that was changed after it was signed", "I-SIGNATURE I-SIZE", AT_NOTE, 0, ORIGIN "\n13",
           ORIGIN "\n12"),
    ATTACK("a checkpoint of another size", "I-SIZE", AT_TEXT, 0, "\n13\n", "\n11\n"),
    ATTACK("a checkpoint of size 0", "I-SIZE", AT_TEXT, 0, "\n13\n", "\n0\n"),
    ATTACK("a size with a zero in front", "I-NOTE", AT_TEXT, 0, "\n13\n", "\n013\n"),
    ATTACK("a negative size", "I-NOTE", AT_TEXT, 0, "\n13\n", "\n-13\n"),
    ATTACK("a size that is no number", "I-NOTE", AT_TEXT, 0, "\n13\n", "\n13a\n"),
    ATTACK("a size of 2^64", "I-NOTE", AT_TEXT, 0, "\n13\n", "\n18446744073709551616\n"),
    ATTACK("a size of 2^53 - 1, the largest number", "I-SIZE", AT_TEXT, 0, "\n13\n", "\n9007199254740991\n"),
    ATTACK("a size of 2^53", "I-NOTE", AT_TEXT, 0, "\n13\n", "\n9007199254740992\n"),
    ATTACK("an empty line within the text", "I-NOTE", AT_TEXT, 0, "\n13\n", "\n13\n\n"),
    ATTACK("an empty line among the signatures", "I-NOTE", AT_NOTE, 0, "\n" DASH, "\n" DASH " other AAAAAAAA\n\n" DASH),
    ATTACK("a key's name of another ledger", "I-SIGNATURE", AT_NOTE, 0, DASH " " ORIGIN, DASH " cairn.test/south"),
    ATTACK("an origin of another ledger, signed by this one's key", "I-OPEN", AT_TEXT, 0, ORIGIN, "cairn.test/south"),
};

static const struct attack first_entries[] = {
    ATTACK("a first entry of another kind", "I-OPEN", AT_HEADER, 1, "log.open", "log.opened"),
    ATTACK("a first entry that is by another key than it names", "I-OPEN", AT_HEADER, 1, "key operating",
           "key operator"),
    ATTACK("a first entry without the ledger's key", "I-OPEN", AT_HEADER, 1, "key ledger", "key ledges"),
    ATTACK("a first entry without an origin", "I-OPEN", AT_HEADER, 1, "fact origin", "fact source"),
    ATTACK("a first entry of another origin", "I-SIGNATURE I-OPEN N-ORIGIN", AT_HEADER, 1, "cairn.test/north",
           "cairn.test/south"),
    ATTACK("a first entry whose origin is none", "I-OPEN", AT_HEADER, 1, "cairn.test/north", "Cairn.test/north"),
    ATTACK("a first position that is not 1", "I-OPEN", AT_LEAF, 1, " 1 0", " 2 a"),
    ATTACK("a second log.open", "I-OPEN", AT_HEADER, 13, "cert.issue", "log.open"),
};

/* ---- lines of signatures ---- */

/* The line once more, with the byte of its 4 + signature bytes turned that many from their end; 0: the key's hash. */
static void add_line(struct ledger *l, size_t from_end, bool in_front) {
  struct buf line = {0}, raw = {0}, note = {0};
  uint8_t *at = memmem(l->note.at, l->note.len, DASH, 3);
  assert_non_null(at);
  size_t start = (size_t)(at - l->note.at), name = strlen(DASH " " ORIGIN " ");
  assert_int_equal(text_base64_decode(bytes_of(at + name, l->note.len - start - name - 1), &raw), OK);
  raw.at[from_end ? raw.len - from_end : 0] ^= 1;
  buf_add_str(&line, DASH " " ORIGIN " ");
  text_base64_encode(&line, buf_bytes(&raw));
  buf_add_str(&line, "\n");
  buf_add(&note, bytes_of(l->note.at, start));
  if (in_front)
    buf_add(&note, buf_bytes(&line));
  buf_add(&note, bytes_of(at, l->note.len - start));
  if (!in_front)
    buf_add(&note, buf_bytes(&line));
  buf_release(&l->note);
  l->note = note;
  buf_release(&line);
  buf_release(&raw);
}

static void test_lines_of_signatures(void **state) {
  static const struct {
    const char *what, *codes;
    size_t from_end;
    bool in_front;
  } rows[] = {
      {"a bad signature of the ledger's key before the good one", "I-SIGNATURE", 1, true},
      {"a bad signature of the ledger's key behind the good one", "I-SIGNATURE", 1, false},
      {"a signature under the ledger's name by a key that nobody knows", "", 0, true},
  };
  int missed = 0;
  (void)state;
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct ledger l;
    ledger_init(&l, NULL);
    add_line(&l, rows[i].from_end, rows[i].in_front);
    char *vkey = ledger_vkey(&l, ORIGIN, WHO_LEDGER);
    struct verify *v = attack_judge(&(struct verify_facts){.vkey = vkey}, buf_bytes(&l.file), buf_bytes(&l.note));
    missed += !attack_expect(v, "IAN", rows[i].what, rows[i].codes);
    free(vkey);
    ledger_release(&l);
  }
  assert_int_equal(missed, 0);
}

/* ---- key ids and empty trees ---- */

/* The text is signed anew; the line's key hash is another one. */
static void test_key_id(void **state) {
  struct ledger l;
  (void)state;
  ledger_init(&l, NULL);
  char *vkey = ledger_vkey(&l, ORIGIN, WHO_LEDGER);
  struct buf raw = {0};
  uint8_t *at = memmem(l.note.at, l.note.len, DASH " " ORIGIN " ", strlen(DASH " " ORIGIN " "));
  assert_non_null(at);
  at += strlen(DASH " " ORIGIN " ");
  assert_int_equal(text_base64_decode(bytes_of(at, l.note.len - (size_t)(at - l.note.at) - 1), &raw), OK);
  struct hash id = key_id(l.keys[WHO_STRANGER]);
  memcpy(raw.at, id.at, 4);
  l.note.len = (size_t)(at - l.note.at);
  text_base64_encode(&l.note, buf_bytes(&raw));
  buf_add_str(&l.note, "\n");
  struct verify *v = attack_judge(&(struct verify_facts){.vkey = vkey}, buf_bytes(&l.file), buf_bytes(&l.note));
  bool is_so = attack_expect(v, "IAN", "the key id of another key", "I-SIGNATURE");
  buf_release(&raw);
  free(vkey);
  ledger_release(&l);
  assert_true(is_so);
}

static void test_empty_tree(void **state) {
  struct ledger l;
  (void)state;
  ledger_init(&l, &(struct ledger_break){.where = AT_TEXT, .from = "\n13\n", .to = "\n0\n"});
  const char *why;
  struct verify *v = verify_new(&(struct verify_facts){.fingerprint = l.ids[WHO_LEDGER]}, &why);
  verify_checkpoint(v, l.note.at, l.note.len);
  bool is_so = attack_expect(v, "IAN", "an empty tree with a root", "I-ROOT I-OPEN");
  ledger_release(&l);
  assert_true(is_so);
}

static void test_checkpoints(void **state) {
  (void)state;
  assert_int_equal(attack_all(attacks, COUNT(attacks), "IAN"), 0);
}

static void test_first_entries(void **state) {
  (void)state;
  assert_int_equal(attack_all(first_entries, COUNT(first_entries), "IAN"), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_checkpoints),         cmocka_unit_test(test_first_entries),
      cmocka_unit_test(test_lines_of_signatures), cmocka_unit_test(test_key_id),
      cmocka_unit_test(test_empty_tree),
  };
  return cmocka_run_group_tests_name("attack_checkpoint", tests, NULL, NULL);
}
