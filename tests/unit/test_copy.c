/* Copies that prove themselves: what the node admitted and a replica kept, handed out as a file, judged by the
 * auditor's verifier with another cryptographic library; and every byte of it matters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/verify_copy.h"
#include "core/copy.h"
#include "core/note.h"
#include "tests/lib/world.h"

/* Each change costs verifications: of long lines in base64 every so many characters are changed. */
#define STRIDE 7

static struct {
  struct world world;
  struct world_member *anna;
  struct hash child, meeting, report;
  struct buf vkey, files[2], of_other_rendering;
} told;

static void approve(void) {
  struct copy_approval *a = mem_alloc(sizeof *a);
  struct copy_act *act = mem_alloc(sizeof *act);
  struct verdict v = {0};
  world_must(copy_prepare(told.anna->store, &told.report, a), "composing");
  world_must(copy_act_make(told.anna->store, a, act), "the act");
  world_must(world_write(&told.world, told.anna, act->drafts, COPY_ACT_ENTRIES, ACCEPT_WRITE, &v), "approving");
  assert_int_equal(v.code, VERDICT_ACCEPTED);
  copy_act_release(act);
  copy_approval_release(a);
  free(act);
  free(a);
}

static void write_file(enum minute_rendering r, enum copy_form form, struct buf *out) {
  struct copy c;
  world_must(copy_find(told.anna->store, &told.report, r, &c), "the copy");
  world_must(copy_write(told.anna->store, &c, form, out), "the file");
  copy_release(&c);
}

static void record_report(void) {
  const char *child = hash_hex(&told.child).s;
  char c[65], m[65], p[65];
  snprintf(c, sizeof c, "%s", child);
  snprintf(p, sizeof p, "%s", hash_hex(&told.anna->person).s);
  told.meeting = world_record(
      &told.world, told.anna,
      WORLD_DRAFT("meeting.convene", {"child", c}, {"type", "review"}, {"on", "2026-12-01T10:00:00Z"}, {"chair", p}));
  snprintf(m, sizeof m, "%s", hash_hex(&told.meeting).s);
  told.report =
      world_record(&told.world, told.anna,
                   WORLD_DRAFT("report.record", {"child", c}, {"meeting", m}, {"type", "report"}, {"title", "Health"},
                               {"text", "---------------- cairn proof 1\n-->\nall is well"}));
}

static int set_up(void **state) {
  (void)state;
  world_open(&told.world, 72);
  const struct hash agency = world_agency(&told.world, "Social Work", "social-work");
  told.anna = world_join(&told.world, &agency, "Anna", "practitioner chair");
  told.child = world_record(&told.world, told.anna, WORLD_DRAFT("child.add", {"name", "Ava"}, {"born", "2017-05-02"}));
  record_report();
  world_sync(&told.world, told.anna);
  approve();
  world_sync(&told.world, told.anna);
  struct directory_log log = {0};
  world_must(directory_log(told.anna->store, &log), "the ledger's name");
  note_vkey_format(&told.vkey, buf_cstr(&log.origin), told.world.ledger);
  directory_log_release(&log);
  write_file(MINUTE_FAMILY, COPY_HTML, &told.files[COPY_HTML]);
  write_file(MINUTE_FAMILY, COPY_TEXT, &told.files[COPY_TEXT]);
  write_file(MINUTE_PARTICIPANTS, COPY_HTML, &told.of_other_rendering);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  buf_release(&told.vkey);
  buf_release(&told.files[0]);
  buf_release(&told.files[1]);
  buf_release(&told.of_other_rendering);
  world_close(&told.world);
  return 0;
}

/* On a heap copy of exactly its size. */
static struct verify_copy judge(struct bytes file, const char *vkey) {
  struct verify_copy c;
  const char *why = NULL;
  uint8_t *copy = malloc(file.len ? file.len : 1);
  if (copy == NULL)
    abort();
  if (file.len)
    memcpy(copy, file.at, file.len);
  if (!verify_copy(copy, file.len, vkey, &c, &why))
    fail_msg("%s", why);
  free(copy);
  return c;
}

static void check_code(const char *what, struct bytes file, const char *vkey, const char *code) {
  const struct verify_copy c = judge(file, vkey);
  if (strcmp(verify_copy_code_text(c.code), code) != 0)
    fail_msg("%s: %s (%s)", what, verify_copy_code_text(c.code), c.sentence);
}

static void test_good(void **state) {
  (void)state;
  for (size_t f = 0; f < 2; f++) {
    const struct verify_copy c = judge(buf_bytes(&told.files[f]), buf_cstr(&told.vkey));
    const struct hash by = key_id(told.anna->key);
    if (c.code != VERIFY_COPY_GOOD)
      fail_msg("%s: %s", verify_copy_code_text(c.code), c.sentence);
    assert_string_equal(c.rendering, "family");
    assert_string_equal(c.form, f == COPY_HTML ? "html" : "text");
    assert_string_equal(c.meeting, hash_hex(&told.meeting).s);
    assert_string_equal(c.report, hash_hex(&told.report).s);
    assert_string_equal(c.key, hash_hex(&by).s);
    assert_string_equal(c.person, hash_hex(&told.anna->person).s);
    assert_true(c.number > 0 && c.size >= c.number);
  }
  check_code("no key", buf_bytes(&told.files[0]), NULL, "C-NONE");
  check_code("the other rendering", buf_bytes(&told.of_other_rendering), buf_cstr(&told.vkey), "");
}

/* Where the last line that opens the proof begins. */
static size_t proof_at(const struct buf *file) {
  for (size_t at = file->len; at-- > 1;)
    if (file->at[at - 1] == '\n' && (bytes_starts(bytes_of(file->at + at, file->len - at), "<!-- cairn proof 1\n") ||
                                     bytes_starts(bytes_of(file->at + at, file->len - at), "---------------- cairn")))
      return at;
  abort();
}

static bool is_long(const struct buf *file, size_t at) {
  size_t from = at, to = at;
  while (from > 0 && file->at[from - 1] != '\n')
    from--;
  while (to < file->len && file->at[to] != '\n')
    to++;
  return to - from > 200;
}

static void check_changed(struct buf *file, size_t at, uint8_t bit) {
  file->at[at] ^= bit;
  const struct verify_copy c = judge(buf_bytes(file), buf_cstr(&told.vkey));
  file->at[at] ^= bit;
  if (c.code == VERIFY_COPY_GOOD || c.code == VERIFY_COPY_NONE)
    fail_msg("byte %zu, changed, goes unnoticed: %.40s", at, (const char *)file->at + at);
}

static void test_every_byte_counts(void **state) {
  (void)state;
  for (size_t f = 0; f < 2; f++) {
    struct buf *file = &told.files[f];
    const size_t proof = proof_at(file);
    for (size_t at = 0; at < file->len; at++)
      if (at < proof || !is_long(file, at) || at % STRIDE == f)
        check_changed(file, at, 1);
  }
}

static void test_cut_at_every_length(void **state) {
  const struct buf *file = &told.files[COPY_TEXT];
  (void)state;
  for (size_t len = 0; len < file->len; len++)
    check_code("cut", bytes_of(file->at, len), buf_cstr(&told.vkey), "C-FORM");
}

static void replace(const struct buf *file, const char *what, const char *with, struct buf *out) {
  const char *at = NULL;
  buf_clear(out);
  for (size_t i = 0; i + strlen(what) <= file->len && at == NULL; i++)
    if (memcmp(file->at + i, what, strlen(what)) == 0)
      at = (const char *)file->at + i;
  assert_non_null(at);
  const size_t before = (size_t)(at - (const char *)file->at), after = before + strlen(what);
  buf_add(out, bytes_of(file->at, before));
  buf_add_str(out, with);
  buf_add(out, bytes_of(file->at + after, file->len - after));
}

/* The line that begins with this word, taken from one file into the other. */
static void graft(const char *word, const struct buf *from, const struct buf *into, struct buf *out) {
  struct buf own = {0}, other = {0};
  const struct buf *files[] = {from, into};
  struct buf *lines[] = {&other, &own};
  for (size_t k = 0; k < 2; k++)
    for (size_t i = proof_at(files[k]); i < files[k]->len; i++)
      if (files[k]->at[i - 1] == '\n' && bytes_starts(bytes_of(files[k]->at + i, files[k]->len - i), word))
        for (; files[k]->at[i] != '\n'; i++)
          buf_u8(lines[k], files[k]->at[i]);
  replace(into, buf_cstr(&own), buf_cstr(&other), out);
  buf_release(&own);
  buf_release(&other);
}

static void test_forged(void **state) {
  struct buf forged = {0};
  const char *vkey = buf_cstr(&told.vkey);
  const struct buf *family = &told.files[COPY_HTML];
  (void)state;
  replace(family, "all is well", "all is good", &forged);
  check_code("another word", buf_bytes(&forged), vkey, "C-DOCUMENT");
  replace(family, "rendering family", "rendering participants", &forged);
  check_code("passed off as another rendering", buf_bytes(&forged), vkey, "C-DOCUMENT");
  replace(family, "rendering family", "rendering everybody", &forged);
  check_code("a rendering that there is not", buf_bytes(&forged), vkey, "C-FORM");
  replace(family, "form html", "form text", &forged);
  check_code("another form", buf_bytes(&forged), vkey, "C-FORM");
  replace(family, "index 0", "index 1", &forged);
  check_code("another place in the act", buf_bytes(&forged), vkey, "C-ACT");
  graft("salt ", &told.of_other_rendering, family, &forged);
  check_code("another salt", buf_bytes(&forged), vkey, "C-DOCUMENT");
  graft("issuer ", family, family, &forged);
  check_code("nothing changed", buf_bytes(&forged), vkey, "");
  buf_release(&forged);
}

static void test_key(void **state) {
  struct buf vkey = {0};
  struct verify_copy c;
  const char *why = NULL;
  (void)state;
  note_vkey_format(&vkey, "nl.example/other", told.world.ledger);
  check_code("the same key under another name", buf_bytes(&told.files[0]), buf_cstr(&vkey), "C-KEY");
  buf_clear(&vkey);
  note_vkey_format(&vkey, "nl.example/register", told.world.operating);
  check_code("another key", buf_bytes(&told.files[0]), buf_cstr(&vkey), "C-KEY");
  buf_release(&vkey);
  assert_false(verify_copy("x", 1, "no key", &c, &why));
  assert_non_null(why);
}

/* ---- what the store gives ---- */

static void test_before_it_is_accepted(void **state) {
  struct copy c;
  struct buf out = {0};
  (void)state;
  approve();
  world_must(copy_find(told.anna->store, &told.report, MINUTE_FAMILY, &c), "the newest");
  assert_int_equal(copy_write(told.anna->store, &c, COPY_TEXT, &out), ERR_ABSENT);
  copy_release(&c);
  buf_release(&out);
}

static void test_none(void **state) {
  struct copy c;
  (void)state;
  assert_int_equal(copy_find(told.anna->store, &told.meeting, MINUTE_FAMILY, &c), ERR_ABSENT);
  copy_release(&c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_good),   cmocka_unit_test(test_every_byte_counts),
      cmocka_unit_test(test_forged), cmocka_unit_test(test_cut_at_every_length),
      cmocka_unit_test(test_key),    cmocka_unit_test(test_before_it_is_accepted),
      cmocka_unit_test(test_none),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
