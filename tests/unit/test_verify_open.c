/* Disclosed content against the commitment of its header, on files made here from the format page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "audit/verify_open.h"
#include "core/entry.h"
#include "core/text.h"

#define KEY "3e0d000000000000000000000000000000000000000000000000000000000001"

static const uint8_t salt[ENTRY_SALT_SIZE] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

struct made {
  const char *what, *content, *audience; /* the audience's lines up to the next word */
  const char *from, *to;                 /* in the file; NULL: nothing is changed */
  const char *code;
};

static void add_header(const struct made *m, struct buf *out) {
  const struct hash commitment = entry_commitment(salt, bytes_str(m->content));
  buf_addf(out, "cairn entry 1\nkind child.add\nby " KEY "\nat 2026-11-21T10:03:00Z\n%smedia application/json\n",
           m->audience);
  buf_addf(out, "content %s\n", hash_hex(&commitment).s);
  if (strstr(m->audience, "restricted"))
    buf_addf(out, "sealed %s\n", hash_hex(&commitment).s);
}

static void write_file(const struct made *m, struct buf *out) {
  struct buf header = {0};
  add_header(m, &header);
  buf_add_str(out, "cairn disclosed 1\nheader ");
  text_base64_encode(out, buf_bytes(&header));
  buf_add_str(out, "\nsalt ");
  text_hex_encode(out, bytes_of(salt, sizeof salt));
  if (m->content[0]) {
    buf_add_str(out, "\ncontent ");
    text_base64_encode(out, bytes_str(m->content));
  }
  buf_add_str(out, "\n");
  buf_release(&header);
}

static void change(struct buf *file, const char *from, const char *to) {
  struct buf out = {0};
  const uint8_t *at = memmem(file->at, file->len, from, strlen(from));
  assert_non_null(at);
  const size_t before = (size_t)(at - file->at), after = before + strlen(from);
  buf_add(&out, bytes_of(file->at, before));
  buf_add_str(&out, to);
  buf_add(&out, bytes_of(file->at + after, file->len - after));
  buf_release(file);
  *file = out;
}

/* On a heap copy of exactly its size. */
static void judge(struct bytes file, struct verify_open *out) {
  uint8_t *copy = malloc(file.len ? file.len : 1);
  if (copy == NULL)
    abort();
  if (file.len)
    memcpy(copy, file.at, file.len);
  verify_open(copy, file.len, out);
  free(copy);
}

#define OPEN "audience case\n"
#define AVA "{\"name\":\"Ava\"}"

static void test_table(void **state) {
  static const struct made table[] = {
      {"as it was written", AVA, OPEN, .code = ""},
      {"an empty one", "", OPEN, .code = ""},
      {"to a person", AVA, "audience named\nto " KEY "\n", .code = ""},
      {"sealed", AVA, "audience restricted\nto " KEY "\n", .code = "O-SEALED"},
      {"a header that is none", AVA, "audience everybody\n", .code = "O-HEADER"},
      {"another content", AVA, OPEN, "eyJuYW1lIjoiQXZhIn0=", "eyJuYW1lIjoiQXZpIn0=", "O-CONTENT"},
      {"no content", AVA, OPEN, "content eyJuYW1lIjoiQXZhIn0=\n", "", "O-CONTENT"},
      {"another salt", AVA, OPEN, "salt 01", "salt 02", "O-CONTENT"},
      {"another's content", AVA, OPEN, "eyJuYW1lIjoiQXZhIn0=", "eyJuYW1lIjoiRXZlIn0=", "O-CONTENT"},
      {"another's salt", AVA, OPEN, "salt 0102030405060708090a0b0c0d0e0f10", "salt 100f0e0d0c0b0a090807060504030201",
       "O-CONTENT"},
      {"half a salt", AVA, OPEN, "salt 0102", "salt ", "O-FORM"},
      {"another first line", AVA, OPEN, "disclosed 1", "disclosed 2", "O-FORM"},
      {"another order", AVA, OPEN, "cairn disclosed 1\n", "cairn disclosed 1\nsalt 00\n", "O-FORM"},
      {"more behind it", AVA, OPEN, "In0=\n", "In0=\nmore x\n", "O-FORM"},
      {"base64 that could be written otherwise", AVA, OPEN, "In0=", "In1=", "O-FORM"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct buf file = {0};
    struct verify_open o;
    write_file(&table[i], &file);
    if (table[i].from)
      change(&file, table[i].from, table[i].to);
    judge(buf_bytes(&file), &o);
    if (strcmp(verify_open_code_text(o.code), table[i].code) != 0)
      fail_msg("%s: %s (%s)", table[i].what, verify_open_code_text(o.code), o.sentence);
    if (o.code == VERIFY_OPEN_GOOD)
      assert_true(bytes_equal_str(bytes_of(o.content, o.content_len), table[i].content));
    else
      assert_null(o.content);
    verify_open_release(&o);
    buf_release(&file);
  }
}

static void test_every_byte_counts(void **state) {
  const struct made good = {"good", AVA, OPEN, .code = ""};
  struct buf file = {0};
  struct verify_open o;
  struct verify_open is;
  (void)state;
  write_file(&good, &file);
  judge(buf_bytes(&file), &is);
  for (size_t at = 0; at < file.len; at++) {
    file.at[at] ^= 1;
    judge(buf_bytes(&file), &o);
    file.at[at] ^= 1;
    /* Another header is another entry. */
    if (o.code == VERIFY_OPEN_GOOD && strcmp(o.entry, is.entry) == 0)
      fail_msg("byte %zu, changed, goes unnoticed", at);
    verify_open_release(&o);
    judge(bytes_of(file.at, at), &o);
    assert_int_not_equal(o.code, VERIFY_OPEN_GOOD);
    verify_open_release(&o);
  }
  verify_open_release(&is);
  buf_release(&file);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_table),
      cmocka_unit_test(test_every_byte_counts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
