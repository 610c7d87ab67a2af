#include "core/seal.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>
#include <cmocka.h>

#include "core/text.h"
#include "tests/lib/cms.h"

#define PEOPLE 3
#define CLEAR_START 35 /* tag, salt and length, as core/FORMAT.md section 12 has them */
#define COUNT(list) (sizeof(list) / sizeof *(list))

static const uint8_t salt[ENTRY_SALT_SIZE] = "sixteen of salt";
static const char secret_text[] = "{\"address\":\"3 Harbour Lane, Oban PA34 4AB\"}";

static char folder[64];
static struct key *people[PEOPLE], *stranger;
static struct cms_carrier *carriers[PEOPLE];

static int start(void **state) {
  (void)state;
  setenv("CAIRN_SCRYPT_N", "2", 1);
  strcpy(folder, "/tmp/cairn-test-seal-XXXXXX");
  if (mkdtemp(folder) == NULL)
    return 1;
  stranger = key_new();
  for (size_t i = 0; i < PEOPLE; i++) {
    people[i] = key_new();
    carriers[i] = cms_carrier_new(people[i]);
  }
  return 0;
}

static int end(void **state) {
  (void)state;
  char command[128];
  for (size_t i = 0; i < PEOPLE; i++) {
    key_free(people[i]);
    cms_carrier_free(carriers[i]);
  }
  key_free(stranger);
  snprintf(command, sizeof command, "rm -rf %s", folder);
  return system(command);
}

static struct bytes content(void) {
  return bytes_str(secret_text);
}

/* The lines of a header that seal_check and seal_open look at. */
static struct entry *header_for(struct bytes envelope, struct bytes said, struct key *const *to, size_t count) {
  static struct entry header;
  entry_init(&header);
  header.content = entry_commitment(salt, said);
  header.sealed = hash_of(envelope);
  header.to_count = count;
  for (size_t i = 0; i < count; i++)
    header.to[i] = key_id(to[i]);
  return &header;
}

static void make(struct bytes said, size_t count, struct buf *out) {
  assert_int_equal(seal_make(salt, said, (const struct key *const *)people, count, out), OK);
}

/* Checks and opens a heap copy of exactly the envelope's size. What does not check does not open, for the same reason;
 * and what does not open writes nothing. */
static enum err open_as(struct bytes envelope, const struct entry *header, const struct key *own, struct buf *out) {
  uint8_t untouched[ENTRY_SALT_SIZE], salt_found[ENTRY_SALT_SIZE];
  char why[512];
  uint8_t *copy = mem_alloc(envelope.len);
  size_t before = out->len;
  memset(untouched, 0xa5, sizeof untouched);
  memset(salt_found, 0xa5, sizeof salt_found);
  if (envelope.len)
    memcpy(copy, envelope.at, envelope.len);
  enum err checks = seal_check(bytes_of(copy, envelope.len), header);
  snprintf(why, sizeof why, "%s", err_words(checks));
  enum err opens = seal_open(bytes_of(copy, envelope.len), header, own, salt_found, out);
  if (checks != OK) {
    assert_int_equal(opens, checks);
    assert_string_equal(err_words(opens), why);
  }
  assert_memory_equal(salt_found, opens == OK ? salt : untouched, sizeof salt);
  if (opens != OK)
    assert_int_equal(out->len, before);
  free(copy);
  return opens;
}

static void expect_opens(struct bytes envelope, const struct entry *header, const struct key *own, struct bytes said) {
  struct buf found = {0};
  assert_int_equal(open_as(envelope, header, own, &found), OK);
  assert_true(bytes_equal(buf_bytes(&found), said));
  buf_release_secret(&found);
}

static void expect_refused(const char *what, struct bytes envelope, const struct entry *header, enum err code,
                           const char *words) {
  struct buf found = {0};
  enum err e = open_as(envelope, header, people[0], &found);
  if (e != code || strstr(err_words(e), words) == NULL)
    fail_msg("%s: %d, %s", what, (int)e, err_words(e));
  buf_release_secret(&found);
}

static const char closed[] = "does not open to what its header commits to";

/* Whoever it is sealed to opens it; nobody else. */

static void test_seal_and_open(void **state) {
  (void)state;
  struct buf envelope = {0}, found = {0};
  make(content(), PEOPLE, &envelope);
  struct entry *header = header_for(buf_bytes(&envelope), content(), people, PEOPLE);
  for (size_t i = 0; i < PEOPLE; i++)
    expect_opens(buf_bytes(&envelope), header, people[i], content());
  assert_int_equal(open_as(buf_bytes(&envelope), header, stranger, &found), ERR_ABSENT);
  assert_null(memmem(envelope.at, envelope.len, secret_text, 16));
  assert_null(memmem(envelope.at, envelope.len, salt, sizeof salt));
  buf_release(&envelope);
}

/* The `to` lines may name a key that is not theirs: then a public key alone, or another one, opens nothing. */
static void test_public_key_opens_nothing(void **state) {
  (void)state;
  struct buf envelope = {0}, found = {0};
  struct key *half = NULL;
  make(content(), PEOPLE, &envelope);
  assert_int_equal(key_from_spki(key_spki(people[0]), &half), OK);
  struct entry *header = header_for(buf_bytes(&envelope), content(), people, PEOPLE);
  assert_int_equal(open_as(buf_bytes(&envelope), header, half, &found), ERR_PROOF);
  assert_non_null(strstr(err_words(ERR_PROOF), closed));
  key_free(half);
  buf_release(&envelope);
}

/* A second envelope of the same salt and content is another one, and provably of the same content. */
static void test_second_envelope(void **state) {
  (void)state;
  struct buf first = {0}, second = {0};
  make(content(), 1, &first);
  assert_int_equal(seal_make(salt, content(), (const struct key *const *)people + 1, 1, &second), OK);
  struct hash commitment = header_for(buf_bytes(&first), content(), people, 1)->content;
  struct entry *header = header_for(buf_bytes(&second), bytes_str(""), people + 1, 1);
  header->content = commitment;
  expect_opens(buf_bytes(&second), header, people[1], content());
  expect_refused("the first one with the second one's header", buf_bytes(&first), header, ERR_PROOF, "another one");
  buf_release(&first);
  buf_release(&second);
}

static void test_wrong_arguments(void **state) {
  (void)state;
  static uint8_t large[ENTRY_CONTENT_MAX + 1];
  const struct key *twice[] = {people[0], people[1], people[0]};
  const struct key *many[ENTRY_RECIPIENTS_MAX + 1];
  struct buf out = {0};
  for (size_t i = 0; i < COUNT(many); i++)
    many[i] = people[0];
  assert_int_equal(seal_make(salt, content(), twice, 0, &out), ERR_FORM);
  assert_int_equal(seal_make(salt, content(), twice, 3, &out), ERR_FORM);
  assert_int_equal(seal_make(salt, content(), many, COUNT(many), &out), ERR_LIMIT);
  assert_int_equal(seal_make(salt, bytes_of(large, sizeof large), twice, 2, &out), ERR_LIMIT);
  assert_int_equal(out.len, 0);
  buf_init(&out, 1000);
  assert_int_equal(seal_make(salt, content(), twice, 2, &out), ERR_LIMIT);
  buf_release(&out);
}

/* Sizes: core/FORMAT.md section 12. */

static size_t envelope_size(size_t content_size, size_t count) {
  static uint8_t zeros[ENTRY_CONTENT_MAX];
  struct buf envelope = {0};
  struct bytes said = bytes_of(zeros, content_size);
  make(said, count, &envelope);
  size_t size = envelope.len;
  expect_opens(buf_bytes(&envelope), header_for(buf_bytes(&envelope), said, people, count), people[0], said);
  buf_release(&envelope);
  return size;
}

static void test_padding(void **state) {
  (void)state;
  static const size_t steps[] = {1024, 2048, 4096, 65536, 1 << 20, ENTRY_CONTENT_MAX};
  assert_int_equal(envelope_size(0, 2), envelope_size(1024, 2));
  assert_int_equal(envelope_size(1, 2), envelope_size(1023, 2));
  /* As the page says. */
  assert_int_equal(envelope_size(1024, 1), 1059 + 100 + 194);
  assert_int_equal(envelope_size(1024, 2), 1059 + 101 + 2 * 194);
  for (size_t i = 0; i < COUNT(steps); i++) {
    size_t full = envelope_size(steps[i], 2);
    assert_int_equal(envelope_size(steps[i] / 2 + 1, 2), full);
    assert_true(full > steps[i] && full < steps[i] + 700);
    if (steps[i] < ENTRY_CONTENT_MAX)
      assert_true(envelope_size(steps[i] + 1, 2) > full + steps[i] - 16);
  }
}

static void test_most_recipients(void **state) {
  (void)state;
  static uint8_t zeros[ENTRY_CONTENT_MAX];
  struct key *all[ENTRY_RECIPIENTS_MAX];
  struct buf envelope = {0};
  struct bytes said = bytes_of(zeros, sizeof zeros);
  for (size_t i = 0; i < COUNT(all); i++)
    all[i] = key_new();
  assert_int_equal(seal_make(salt, said, (const struct key *const *)all, COUNT(all), &envelope), OK);
  assert_true(envelope.len <= SEAL_ENVELOPE_MAX);
  struct entry *header = header_for(buf_bytes(&envelope), said, all, COUNT(all));
  for (size_t i = 0; i < COUNT(all); i += 63)
    expect_opens(buf_bytes(&envelope), header, all[i], said);
  header->to_count--;
  expect_refused("one too many", buf_bytes(&envelope), header, ERR_PROOF, "a key that the header does not name");
  for (size_t i = 0; i < COUNT(all); i++)
    key_free(all[i]);
  buf_release(&envelope);
}

static void test_too_large(void **state) {
  (void)state;
  uint8_t *large = mem_alloc(SEAL_ENVELOPE_MAX + 1);
  struct bytes envelope = bytes_of(large, SEAL_ENVELOPE_MAX + 1);
  expect_refused("too large", envelope, header_for(envelope, content(), people, 1), ERR_LIMIT, "larger");
  free(large);
}

/* Whatever is changed in the envelope of one recipient, and were the header made anew for it: it does not open. */

static void test_every_byte(void **state) {
  (void)state;
  static const uint8_t changes[] = {0x01, 0x20, 0x80, 0xff};
  struct buf envelope = {0};
  make(content(), 1, &envelope);
  for (size_t i = 0; i < envelope.len; i++)
    for (size_t j = 0; j < COUNT(changes); j++) {
      struct buf found = {0};
      struct entry *header = header_for(buf_bytes(&envelope), content(), people, 1);
      envelope.at[i] ^= changes[j];
      expect_refused("a byte of another envelope", buf_bytes(&envelope), header, ERR_PROOF, "another one");
      header->sealed = hash_of(buf_bytes(&envelope));
      if (open_as(buf_bytes(&envelope), header, people[0], &found) == OK)
        fail_msg("byte %zu may be changed", i);
      envelope.at[i] ^= changes[j];
    }
  buf_release(&envelope);
}

static void test_every_cut(void **state) {
  (void)state;
  struct buf envelope = {0};
  make(content(), 1, &envelope);
  for (size_t n = 0; n < envelope.len; n++) {
    struct bytes cut = bytes_of(envelope.at, n);
    expect_refused("a cut envelope", cut, header_for(cut, content(), people, 1), ERR_FORM, "not of the form");
  }
  buf_release(&envelope);
}

/* An editor of DER: replaces, removes, adds to or spoils the element at a path ("1.0.3": of the second child the first
 * one's fourth child), and writes all lengths around it anew. */

enum edit { REPLACE, REMOVE, BEFORE, AFTER, CUT, INDEFINITE, LONG };

struct change {
  const char *path;
  enum edit edit;
  struct bytes with; /* whole elements; for CUT as many bytes as are kept */
};

static uint8_t split(struct bytes *rest, struct bytes *value, struct bytes *whole) {
  size_t head = 2, len = rest->at[1];
  if (len > 0x7f)
    for (len = 0; head < 2u + (rest->at[1] & 0x7f); head++)
      len = len << 8 | rest->at[head];
  *value = bytes_of(rest->at + head, len);
  *whole = bytes_of(rest->at, head + len);
  *rest = bytes_of(rest->at + head + len, rest->len - head - len);
  return whole->at[0];
}

static void add_der(struct buf *out, uint8_t tag, struct bytes value) {
  buf_u8(out, tag);
  if (value.len > 0xffff)
    buf_u8(out, 0x83);
  else if (value.len > 0xff)
    buf_u8(out, 0x82);
  else if (value.len > 0x7f)
    buf_u8(out, 0x81);
  for (int shift = value.len > 0xffff ? 16 : value.len > 0xff ? 8 : 0; shift >= 0; shift -= 8)
    buf_u8(out, (uint8_t)(value.len >> shift));
  buf_add(out, value);
}

static void edit_here(struct bytes whole, uint8_t tag, struct bytes value, const struct change *c, struct buf *out) {
  if (c->edit == BEFORE || c->edit == REPLACE)
    buf_add(out, c->with);
  if (c->edit == BEFORE || c->edit == AFTER)
    buf_add(out, whole);
  if (c->edit == AFTER)
    buf_add(out, c->with);
  if (c->edit == CUT)
    add_der(out, tag, bytes_of(value.at, c->with.len));
  if (c->edit == INDEFINITE || c->edit == LONG) {
    buf_u8(out, tag);
    buf_u8(out, c->edit == LONG ? 0x84 : 0x80);
    if (c->edit == LONG)
      buf_u32(out, (uint32_t)value.len);
    buf_add(out, value);
    if (c->edit == INDEFINITE)
      buf_add(out, bytes_of("\0", 2));
  }
}

static void edit_inside(struct bytes element, const char *path, const struct change *c, struct buf *out) {
  struct buf inner = {0};
  struct bytes rest = element, value, whole, child, child_value;
  uint8_t tag = split(&rest, &value, &whole);
  if (*path == '\0') {
    edit_here(whole, tag, value, c, out);
    return;
  }
  size_t at = (size_t)strtoul(path, (char **)&path, 10);
  rest = value;
  for (size_t i = 0; rest.len > 0; i++) {
    struct bytes here = rest;
    split(&rest, &child_value, &child);
    if (i == at)
      edit_inside(here, *path == '.' ? path + 1 : path, c, &inner);
    else
      buf_add(&inner, child);
  }
  add_der(out, tag, buf_bytes(&inner));
  buf_release(&inner);
}

static void edit(struct buf *envelope, struct change c) {
  struct buf out = {0};
  edit_inside(buf_bytes(envelope), c.path, &c, &out);
  buf_release(envelope);
  *envelope = out;
}

/* The element at a path. */
static struct bytes element_at(struct bytes element, const char *path) {
  struct bytes rest = element, value, whole;
  split(&rest, &value, &whole);
  while (*path != '\0') {
    size_t at = (size_t)strtoul(path, (char **)&path, 10);
    path += *path == '.';
    rest = value;
    for (size_t i = 0; i <= at; i++)
      split(&rest, &value, &whole);
  }
  return whole;
}

#define INFO "1.0.1.0"
#define CIPHER "1.0.2.1"
#define HEX(s) s, sizeof(s) - 1
#define OID_AES "\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01"
#define ATTRIBUTE                                                                                                      \
  "\x30\x18\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x03\x31\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"

/* Keys, nonces and what follows from them differ from one envelope to the next, and from recipient to recipient. */
static void test_nothing_is_drawn_twice(void **state) {
  (void)state;
  static const char *const drawn[] = {INFO ".1.0.1", INFO ".3.0.1", CIPHER ".1.0", "1.0.2.2", "1.0.3"};
  struct buf a = {0}, b = {0};
  make(content(), 2, &a);
  make(content(), 2, &b);
  for (size_t i = 0; i < COUNT(drawn); i++)
    assert_false(bytes_equal(element_at(buf_bytes(&a), drawn[i]), element_at(buf_bytes(&b), drawn[i])));
  for (size_t i = 0; i < 2; i++) {
    const char *second = i == 0 ? "1.0.1.1.1.0.1" : "1.0.1.1.3.0.1";
    assert_false(bytes_equal(element_at(buf_bytes(&a), drawn[i]), element_at(buf_bytes(&a), second)));
  }
  buf_release(&a);
  buf_release(&b);
}

/* One change each to the envelope of one recipient. */
static const struct {
  const char *what;
  const char *path;
  enum edit edit;
  const char *with;
  size_t with_len;
  const char *words;
} changes[] = {
    {"another type of CMS: enveloped data", "0", REPLACE, HEX("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03"),
     "not AuthEnvelopedData"},
    {"no CMS", "", REPLACE, HEX("\x04\x01\x00"), "not CMS"},
    {"AES-128-GCM", CIPHER ".0", REPLACE, HEX(OID_AES "\x06"), "not AES-256-GCM"},
    {"AES-192-GCM", CIPHER ".0", REPLACE, HEX(OID_AES "\x1a"), "not AES-256-GCM"},
    {"AES-256-CBC", CIPHER ".0", REPLACE, HEX(OID_AES "\x2a"), "not AES-256-GCM"},
    {"AES-256-CCM", CIPHER ".0", REPLACE, HEX(OID_AES "\x2f"), "not AES-256-GCM"},
    {"no parameters", CIPHER ".1", REMOVE, HEX(""), "no parameters"},
    {"a nonce of 8 bytes", CIPHER ".1.0", CUT, "", 8, "nonce is not of 12"},
    {"no nonce", CIPHER ".1.0", CUT, "", 0, "nonce is not of 12"},
    {"a nonce of 13 bytes", CIPHER ".1.0", REPLACE,
     HEX("\x04\x0d"
         "thirteenbytes"),
     "nonce is not of 12"},
    {"a tag said to be of 12 bytes, which is also the default", CIPHER ".1.1", REMOVE, HEX(""), "tag is not of 16"},
    {"a tag said to be of 12 bytes", CIPHER ".1.1", REPLACE, HEX("\x02\x01\x0c"), "tag is not of 16"},
    {"a tag said to be of 4 bytes", CIPHER ".1.1", REPLACE, HEX("\x02\x01\x04"), "tag is not of 16"},
    {"16 in two bytes", CIPHER ".1.1", REPLACE, HEX("\x02\x02\x00\x10"), "tag is not of 16"},
    {"a tag of 12 bytes", "1.0.3", CUT, "", 12, "tag is not of 16"},
    {"a tag of 8 bytes", "1.0.3", CUT, "", 8, "tag is not of 16"},
    {"a tag of 4 bytes", "1.0.3", CUT, "", 4, "tag is not of 16"},
    {"no tag", "1.0.3", REMOVE, HEX(""), "tag is not of 16"},
    {"a parameter more", CIPHER ".1.1", AFTER, HEX("\x05\x00"), "not in DER"},
    {"an algorithm with more", CIPHER ".1", AFTER, HEX("\x05\x00"), "not in DER"},
    {"certificates", "1.0.1", BEFORE, HEX("\xa0\x02\xa0\x00"), "certificates"},
    {"authenticated attributes", "1.0.2", AFTER, HEX("\xa1\x1a" ATTRIBUTE), "it has authenticated attributes"},
    {"unauthenticated attributes", "1.0.3", AFTER, HEX("\xa2\x1a" ATTRIBUTE), "unauthenticated attributes"},
    {"another version", "1.0.0", REPLACE, HEX("\x02\x01\x02"), "version 0"},
    {"content that is no data", "1.0.2.0", REPLACE, HEX("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"), "as data"},
    {"no content", "1.0.2.2", REMOVE, HEX(""), "one piece"},
    {"content of another size", "1.0.2.2", CUT, "", 1058, "one of the steps"},
    {"content shorter than its beginning", "1.0.2.2", CUT, "", 34, "one of the steps"},
    {"no padding", "1.0.2.2", CUT, "", CLEAR_START, "one of the steps"},
    {"content in pieces", "1.0.2.2", REPLACE, HEX("\xa0\x03\x04\x01\x00"), "one piece"},
    {"more content", "1.0.2.2", AFTER, HEX("\x80\x01\x00"), "not in DER"},
    {"a recipient by RSA", INFO, REPLACE, HEX("\x30\x03\x02\x01\x02"), "not agreed on"},
    {"a recipient by a shared key", INFO, REPLACE, HEX("\xa2\x03\x02\x01\x04"), "not agreed on"},
    {"a recipient by a password", INFO, REPLACE, HEX("\xa3\x03\x02\x01\x00"), "not agreed on"},
    {"a recipient of another version", INFO ".0", REPLACE, HEX("\x02\x01\x04"), "version 3"},
    {"the sender by a certificate's number", INFO ".1", REPLACE, HEX("\xa0\x07\x30\x05\x30\x00\x02\x01\x01"),
     "sender's key"},
    {"the sender by a key's name", INFO ".1", REPLACE, HEX("\xa0\x04\x80\x02\x01\x02"), "sender's key"},
    {"the sender's key with a parameter", INFO ".1.0.0.0", AFTER, HEX("\x05\x00"), "sender's key"},
    {"a compressed key", INFO ".1.0.1", CUT, "", 34, "sender's key"},
    {"user keying material", INFO ".1", AFTER, HEX("\xa1\x04\x04\x02\x01\x02"), "user keying material"},
    {"a KDF with SHA-1", INFO ".2.0", REPLACE, HEX("\x06\x09\x2b\x81\x05\x10\x86\x48\x3f\x00\x02"), "SHA-256"},
    {"a KDF with SHA-384", INFO ".2.0", REPLACE, HEX("\x06\x06\x2b\x81\x04\x01\x0b\x02"), "SHA-256"},
    {"cofactor Diffie-Hellman", INFO ".2.0", REPLACE, HEX("\x06\x06\x2b\x81\x04\x01\x0e\x01"), "SHA-256"},
    {"a key wrap of AES-128", INFO ".2.1.0", REPLACE, HEX(OID_AES "\x05"), "wrapped with AES-256"},
    {"a key wrap with padding", INFO ".2.1.0", REPLACE, HEX(OID_AES "\x30"), "wrapped with AES-256"},
    {"a key wrap with a parameter", INFO ".2.1.0", AFTER, HEX("\x05\x00"), "wrapped with AES-256"},
    {"an agreement with more", INFO ".2.1", AFTER, HEX("\x05\x00"), "not in DER"},
    {"a recipient by a certificate's number", INFO ".3.0.0", REPLACE, HEX("\x30\x05\x30\x00\x02\x01\x01"), "by the id"},
    {"a recipient by a short id", INFO ".3.0.0.0", CUT, "", 20, "by the id"},
    {"a recipient with a date", INFO ".3.0.0.0", AFTER,
     HEX("\x18\x0f"
         "20261121100300Z"),
     "by the id"},
    {"a key wrapped for AES-128", INFO ".3.0.1", CUT, "", 24, "not one of AES-256"},
    {"a recipient with more", INFO ".3", AFTER, HEX("\x05\x00"), "more than it should"},
    {"a wrapped key with more", INFO ".3.0.1", AFTER, HEX("\x05\x00"), "one key alone"},
    {"two keys in one", INFO ".3.0", AFTER, HEX("\x30\x00"), "one key alone"},
    {"something behind the data in it", "1.0", AFTER, HEX("\x05\x00"), "not in DER"},
    {"something behind the data", "1", AFTER, HEX("\x05\x00"), "not in DER"},
    {"something behind it", "", AFTER, HEX("\x00"), "something follows"},
    {"indefinite length", "", INDEFINITE, HEX(""), "not in DER"},
    {"indefinite length inside", "1.0", INDEFINITE, HEX(""), "not in DER"},
    {"indefinite length of the recipients", "1.0.1", INDEFINITE, HEX(""), "not in DER"},
    {"a length in more bytes than it needs", "", LONG, HEX(""), "not in DER"},
    {"a short one in more bytes than it needs", CIPHER ".1.0", LONG, HEX(""), "not in DER"},
};

static void test_another_form(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(changes); i++) {
    struct buf envelope = {0};
    make(content(), 1, &envelope);
    edit(&envelope, (struct change){changes[i].path, changes[i].edit, bytes_of(changes[i].with, changes[i].with_len)});
    expect_refused(changes[i].what, buf_bytes(&envelope), header_for(buf_bytes(&envelope), content(), people, 1),
                   ERR_FORM, changes[i].words);
    buf_release(&envelope);
  }
}

/* A tag that is shorter throughout is one for whoever takes what the envelope says (CVE-2026-34182). */
static void test_short_tags(void **state) {
  (void)state;
  for (uint8_t size = 0; size < 16; size++) {
    const uint8_t said[] = {0x02, 1, size};
    struct buf envelope = {0};
    make(content(), 1, &envelope);
    edit(&envelope, (struct change){"1.0.3", CUT, bytes_of("", size)});
    edit(&envelope, (struct change){CIPHER ".1.1", REPLACE, bytes_of(said, sizeof said)});
    expect_refused("a short tag", buf_bytes(&envelope), header_for(buf_bytes(&envelope), content(), people, 1),
                   ERR_FORM, "tag is not of 16");
    buf_release(&envelope);
  }
}

static void test_point_off_the_curve(void **state) {
  (void)state;
  uint8_t bits[68] = {0x03, 66, 0, 4, 1, 2, 3};
  struct buf envelope = {0};
  make(content(), 1, &envelope);
  edit(&envelope, (struct change){INFO ".1.0.1", REPLACE, bytes_of(bits, sizeof bits)});
  expect_refused("a point beside the curve", buf_bytes(&envelope),
                 header_for(buf_bytes(&envelope), content(), people, 1), ERR_FORM, "not on the curve");
  buf_release(&envelope);
}

/* Recipients. Their order in the envelope is that of the keys made for it, and says nothing. */

static void test_recipients_are_the_headers(void **state) {
  (void)state;
  struct buf two = {0};
  make(content(), 2, &two);
  struct bytes envelope = buf_bytes(&two);
  expect_opens(envelope, header_for(envelope, content(), people, 2), people[0], content());
  expect_refused("one too few in the header", envelope, header_for(envelope, content(), people, 1), ERR_PROOF,
                 "a key that the header does not name");
  expect_refused("one too many in the header", envelope, header_for(envelope, content(), people, 3), ERR_PROOF,
                 "not sealed to everybody");
  struct key *others[] = {people[0], people[2]};
  expect_refused("another one in the header", envelope, header_for(envelope, content(), others, 2), ERR_PROOF,
                 "a key that the header does not name");
  edit(&two, (struct change){INFO, REMOVE, bytes_of("", 0)});
  expect_refused("one taken out", buf_bytes(&two), header_for(buf_bytes(&two), content(), people, 2), ERR_PROOF,
                 "not sealed to everybody");
  edit(&two, (struct change){INFO, REMOVE, bytes_of("", 0)});
  expect_refused("none left", buf_bytes(&two), header_for(buf_bytes(&two), content(), people, 2), ERR_PROOF,
                 "not sealed to everybody");
  buf_release(&two);
}

/* Adds another envelope's recipient, in the order of DER or against it. */
static void add_info(struct buf *envelope, struct bytes other, bool in_order) {
  struct bytes info = element_at(other, INFO);
  bool before = bytes_compare(info, element_at(buf_bytes(envelope), INFO)) < 0;
  edit(envelope, (struct change){INFO, before == in_order ? BEFORE : AFTER, info});
}

static void test_recipients_of_another_envelope(void **state) {
  (void)state;
  struct buf own = {0}, other = {0}, twice = {0}, disorder = {0};
  make(content(), 1, &own);
  make(content(), 1, &other);
  make(content(), 1, &twice);
  make(content(), 1, &disorder);
  struct bytes info = element_at(buf_bytes(&other), INFO);
  edit(&own, (struct change){INFO, REPLACE, info});
  struct entry *header = header_for(buf_bytes(&own), content(), people, 1);
  assert_int_equal(seal_check(buf_bytes(&own), header), OK);
  expect_refused("addressed anew", buf_bytes(&own), header, ERR_PROOF, closed);
  add_info(&twice, buf_bytes(&other), true);
  expect_refused("one recipient twice", buf_bytes(&twice), header_for(buf_bytes(&twice), content(), people, 1),
                 ERR_PROOF, "twice");
  expect_refused("and not the other", buf_bytes(&twice), header_for(buf_bytes(&twice), content(), people, 2), ERR_PROOF,
                 "twice");
  add_info(&disorder, buf_bytes(&other), false);
  expect_refused("out of order", buf_bytes(&disorder), header_for(buf_bytes(&disorder), content(), people, 1), ERR_FORM,
                 "order of DER");
  edit(&disorder, (struct change){INFO, REPLACE, info});
  edit(&disorder, (struct change){"1.0.1.1", REPLACE, info});
  expect_refused("the same one twice", buf_bytes(&disorder), header_for(buf_bytes(&disorder), content(), people, 1),
                 ERR_FORM, "order of DER");
  buf_release(&own);
  buf_release(&other);
  buf_release(&twice);
  buf_release(&disorder);
}

static void test_too_many_recipients(void **state) {
  (void)state;
  struct buf envelope = {0}, infos = {0}, set = {0};
  make(content(), 1, &envelope);
  uint8_t info[194];
  memcpy(info, element_at(buf_bytes(&envelope), INFO).at, sizeof info);
  for (size_t i = 0; i <= ENTRY_RECIPIENTS_MAX; i++) {
    info[sizeof info - 1] = 0;
    info[30] = (uint8_t)i; /* the beginning of the point */
    buf_add(&infos, bytes_of(info, sizeof info));
  }
  add_der(&set, 0x31, buf_bytes(&infos));
  edit(&envelope, (struct change){"1.0.1", REPLACE, buf_bytes(&set)});
  expect_refused("129 recipients", buf_bytes(&envelope), header_for(buf_bytes(&envelope), content(), people, 1),
                 ERR_FORM, "too many recipients");
  buf_release(&envelope);
  buf_release(&infos);
  buf_release(&set);
}

/* What a recipient could be sent by somebody who seals as they like: everything is whole, and still it is not what the
 * header commits to, or not the one way to write it. All answers are the same. */

static void write_clear(struct buf *out, const char *tag, uint32_t size, size_t room) {
  buf_add_str(out, tag);
  buf_add(out, bytes_of(salt, sizeof salt));
  buf_u32(out, size);
  uint8_t *at = buf_extend(out, room);
  memset(at, 0, room);
  memcpy(at, secret_text, strlen(secret_text));
}

static void test_clear_of_another_form(void **state) {
  (void)state;
  const uint32_t len = (uint32_t)strlen(secret_text);
  static const struct {
    const char *what, *tag;
    int more; /* than the content's length */
    size_t room, spoiled;
    enum err code;
    const char *words;
  } cases[] = {
      {"as it should be", "cairn sealed 1\n", 0, 1024, 0, OK, ""},
      {"a larger step, as it should be but for the length", "cairn sealed 1\n", 0, 2048, 0, ERR_PROOF, closed},
      {"another tag", "cairn sealed 2\n", 0, 1024, 0, ERR_PROOF, closed},
      {"a byte less", "cairn sealed 1\n", -1, 1024, 0, ERR_PROOF, closed},
      {"a byte more", "cairn sealed 1\n", 1, 1024, 0, ERR_PROOF, closed},
      {"more than there is", "cairn sealed 1\n", 1024, 1024, 0, ERR_PROOF, closed},
      {"much more than there is", "cairn sealed 1\n", INT32_MAX, 1024, 0, ERR_PROOF, closed},
      {"something in the padding", "cairn sealed 1\n", 0, 1024, CLEAR_START + 100, ERR_PROOF, closed},
      {"something at its end", "cairn sealed 1\n", 0, 1024, CLEAR_START + 1023, ERR_PROOF, closed},
      {"another salt", "cairn sealed 1\n", 0, 1024, 20, ERR_PROOF, closed},
      {"another content", "cairn sealed 1\n", 0, 1024, CLEAR_START + 3, ERR_PROOF, closed},
      {"no step", "cairn sealed 1\n", 0, 1000, 0, ERR_FORM, "one of the steps"},
      {"an empty step", "cairn sealed 1\n", 0, 512, 0, ERR_FORM, "one of the steps"},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct buf clear = {0}, envelope = {0};
    write_clear(&clear, cases[i].tag, len + (uint32_t)cases[i].more, cases[i].room);
    if (cases[i].spoiled)
      clear.at[cases[i].spoiled] ^= 1;
    cms_seal(buf_bytes(&clear), carriers, 1, &envelope);
    struct entry *header = header_for(buf_bytes(&envelope), content(), people, 1);
    if (cases[i].code == OK)
      expect_opens(buf_bytes(&envelope), header, people[0], content());
    else
      expect_refused(cases[i].what, buf_bytes(&envelope), header, cases[i].code, cases[i].words);
    buf_release(&clear);
    buf_release(&envelope);
  }
}

static void test_commitment(void **state) {
  (void)state;
  struct buf envelope = {0};
  make(content(), 1, &envelope);
  struct entry *header = header_for(buf_bytes(&envelope), bytes_str("{}"), people, 1);
  assert_int_equal(seal_check(buf_bytes(&envelope), header), OK);
  expect_refused("another content than the header's", buf_bytes(&envelope), header, ERR_PROOF, closed);
  buf_release(&envelope);
}

/* What another hand opens and makes. */

static void write_file(const char *name, struct bytes b) {
  char path[128];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  assert_int_equal(fwrite(b.at, 1, b.len, f), b.len);
  assert_int_equal(fclose(f), 0);
}

static void read_file(const char *name, struct buf *out) {
  uint8_t part[4096];
  char path[128];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *f = fopen(path, "rb");
  assert_non_null(f);
  for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0;)
    buf_add(out, bytes_of(part, n));
  fclose(f);
}

static int shell(const char *format, ...) __attribute__((format(printf, 1, 2)));
static int shell(const char *format, ...) {
  char command[1024], line[1200];
  va_list ap;
  va_start(ap, format);
  vsnprintf(command, sizeof command, format, ap);
  va_end(ap);
  snprintf(line, sizeof line, "cd %s && { %s; } >shell.out 2>&1 </dev/null", folder, command);
  return system(line);
}

/* person-N.key, and person-N.pem: a certificate for `openssl cms`, which wants one to encrypt. */
static void write_people(void) {
  for (int i = 0; i < PEOPLE; i++) {
    char path[128];
    struct hash id = key_id(people[i]);
    snprintf(path, sizeof path, "%s/person-%d.key", folder, i);
    if (access(path, F_OK) == 0)
      continue;
    assert_int_equal(key_save(people[i], path, bytes_str("open")), OK);
    assert_int_equal(shell("openssl req -new -x509 -key person-%d.key -passin pass:open -subj /CN=recipient -days 1 "
                           "-addext subjectKeyIdentifier=%s -out person-%d.pem",
                           i, hash_hex(&id).s, i),
                     0);
  }
}

static void test_openssl_opens(void **state) {
  (void)state;
  struct buf envelope = {0}, expected = {0}, clear = {0};
  write_people();
  make(content(), PEOPLE, &envelope);
  write_clear(&expected, "cairn sealed 1\n", (uint32_t)strlen(secret_text), 1024);
  write_file("envelope", buf_bytes(&envelope));
  for (int i = 0; i < PEOPLE; i++) {
    assert_int_equal(shell("openssl cms -decrypt -binary -inform DER -in envelope -inkey person-%d.key "
                           "-passin pass:open -out clear-%d",
                           i, i),
                     0);
    char name[32];
    snprintf(name, sizeof name, "clear-%d", i);
    buf_clear(&clear);
    read_file(name, &clear);
    assert_true(bytes_equal(buf_bytes(&clear), buf_bytes(&expected)));
    buf_clear(&clear);
    assert_true(cms_open(buf_bytes(&envelope), people[i], carriers[i], &clear));
    assert_true(bytes_equal(buf_bytes(&clear), buf_bytes(&expected)));
  }
  assert_false(cms_open(buf_bytes(&envelope), stranger, NULL, &clear));
  buf_release(&envelope);
  buf_release(&expected);
  buf_release(&clear);
}

#define TO(n) "-recip person-" n ".pem -keyopt ecdh_kdf_md:sha256 "

/* The commands of core/FORMAT.md section 12.3 give the commitment. */
static void test_the_pages_commands(void **state) {
  (void)state;
  struct buf envelope = {0}, said = {0};
  char root[512];
  write_people();
  make(content(), PEOPLE, &envelope);
  write_file("envelope", buf_bytes(&envelope));
  assert_non_null(getcwd(root, sizeof root));
  assert_int_equal(
      shell("sed -n '/^Stock tools open it: with the envelope/,/^## /s/^    //p' %s/core/FORMAT.md > commands && "
            "openssl pkey -in person-1.key -passin pass:open -out seal.key && sh -e commands > said",
            root),
      0);
  read_file("said", &said);
  struct hash commitment = entry_commitment(salt, content());
  assert_non_null(strstr(buf_cstr(&said), hash_hex(&commitment).s));
  buf_clear(&said);
  read_file("content", &said);
  assert_true(bytes_equal(buf_bytes(&said), content()));
  buf_release(&envelope);
  buf_release(&said);
}

static const struct {
  const char *what, *options;
  size_t recipient_count;
  enum err code;
  const char *words;
} tools[] = {
    {"as it should be", "-aes-256-gcm -keyid " TO("0"), 1, OK, ""},
    {"three recipients", "-aes-256-gcm -keyid " TO("0") TO("1") TO("2"), 3, OK, ""},
    {"the tool's own KDF", "-aes-256-gcm -keyid -recip person-0.pem", 1, ERR_FORM, "SHA-256"},
    {"a KDF with SHA-512", "-aes-256-gcm -keyid -recip person-0.pem -keyopt ecdh_kdf_md:sha512", 1, ERR_FORM,
     "SHA-256"},
    {"cofactor mode", "-aes-256-gcm -keyid " TO("0") "-keyopt ecdh_cofactor_mode:1", 1, ERR_FORM, "SHA-256"},
    {"AES-128-GCM", "-aes-128-gcm -keyid " TO("0"), 1, ERR_FORM, "wrapped with AES-256"},
    {"AES-128-GCM in a large wrap", "-aes-128-gcm -aes256-wrap -keyid " TO("0"), 1, ERR_FORM, "not one of AES-256"},
    {"AES-256-GCM in a small wrap", "-aes-256-gcm -aes128-wrap -keyid " TO("0"), 1, ERR_FORM, "wrapped with AES-256"},
    {"AES-256-CBC", "-aes-256-cbc -keyid " TO("0"), 1, ERR_FORM, "not AuthEnvelopedData"},
    {"AES-128-CBC", "-aes-128-cbc -keyid " TO("0"), 1, ERR_FORM, "not AuthEnvelopedData"},
    {"a recipient by name", "-aes-256-gcm " TO("0"), 1, ERR_FORM, "by the id"},
    {"a stream", "-stream -aes-256-gcm -keyid " TO("0"), 1, ERR_FORM, "not in DER"},
};

static void test_openssl_makes(void **state) {
  (void)state;
  struct buf clear = {0};
  write_people();
  write_clear(&clear, "cairn sealed 1\n", (uint32_t)strlen(secret_text), 1024);
  write_file("clear", buf_bytes(&clear));
  for (size_t i = 0; i < COUNT(tools); i++) {
    struct buf envelope = {0};
    int status = shell("openssl cms -encrypt -binary -in clear -outform DER -out made %s", tools[i].options);
    if (status != 0)
      fail_msg("%s: openssl could not", tools[i].what);
    read_file("made", &envelope);
    struct entry *header = header_for(buf_bytes(&envelope), content(), people, tools[i].recipient_count);
    for (size_t p = 0; p < tools[i].recipient_count && tools[i].code == OK; p++)
      expect_opens(buf_bytes(&envelope), header, people[p], content());
    if (tools[i].code != OK)
      expect_refused(tools[i].what, buf_bytes(&envelope), header, tools[i].code, tools[i].words);
    buf_release(&envelope);
  }
  buf_release(&clear);
}

/* Wiping: the process's own memory, freed or not, is searched for the content. Everywhere the words that are looked for
 * are kept disguised, so that only a copy that was left is found. */

#define CANARY_SIZE 32
#define DISGUISE 0x5a
#define MAPPING_MAX ((uint64_t)1 << 30) /* larger ones are the sanitizer's own bookkeeping */

static uint8_t canary[CANARY_SIZE];

static void count_in(const uint8_t *at, size_t len, size_t *count) {
  const uint8_t *end = at + len;
  while ((at = memchr(at, canary[0] ^ DISGUISE, (size_t)(end - at))) != NULL) {
    size_t n = 0;
    while (n < CANARY_SIZE && at + n < end && (at[n] ^ DISGUISE) == canary[n])
      n++;
    *count += n == CANARY_SIZE;
    at++;
  }
}

static size_t copies_in_memory(void) {
  static uint8_t part[1 << 16];
  char line[512];
  size_t count = 0;
  uint64_t from, until;
  char mode[8];
  FILE *maps = fopen("/proc/self/maps", "r");
  int memory = open("/proc/self/mem", O_RDONLY);
  assert_true(maps != NULL && memory >= 0);
  while (fgets(line, sizeof line, maps)) {
    if (sscanf(line, "%lx-%lx %7s", &from, &until, mode) != 3 || strncmp(mode, "rw", 2) != 0 ||
        until - from > MAPPING_MAX)
      continue;
    for (uint64_t at = from; at < until; at += sizeof part - CANARY_SIZE + 1) {
      size_t want = until - at < sizeof part ? (size_t)(until - at) : sizeof part;
      ssize_t got = pread(memory, part, want, (off_t)at);
      if (got > 0)
        count_in(part, (size_t)got, &count);
      explicit_bzero(part, sizeof part);
    }
  }
  close(memory);
  fclose(maps);
  return count;
}

static void write_canary(uint8_t *at) {
  for (size_t i = 0; i < CANARY_SIZE; i++)
    at[i] = canary[i] ^ DISGUISE;
}

static void test_wiping(void **state) {
  (void)state;
  struct buf envelope = {0}, found = {0};
  uint8_t salt_found[ENTRY_SALT_SIZE];
  uint8_t *text = mem_alloc(2000);
  key_random(canary, sizeof canary);
  write_canary(text + 100);
  assert_int_equal(copies_in_memory(), 1); /* it is found where it is */
  make(bytes_of(text, 2000), PEOPLE, &envelope);
  struct entry *header = header_for(buf_bytes(&envelope), bytes_of(text, 2000), people, PEOPLE);
  mem_free_secret(text, 2000);
  assert_int_equal(copies_in_memory(), 0);
  assert_int_equal(seal_open(buf_bytes(&envelope), header, people[0], salt_found, &found), OK);
  assert_int_equal(copies_in_memory(), 1);
  buf_release_secret(&found);
  assert_int_equal(copies_in_memory(), 0);
  header->content.at[0] ^= 1;
  assert_int_equal(seal_open(buf_bytes(&envelope), header, people[0], salt_found, &found), ERR_PROOF);
  assert_int_equal(copies_in_memory(), 0);
  buf_release(&envelope);
}

/* The content's key as a recipient finds it, disguised, by OpenSSL's primitives alone; all copies made here are wiped.
 */
static void recover_secret(struct bytes envelope, const struct key *own) {
  static const uint8_t info[] = {0x30, 21,   0x30, 11,   0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03,
                                 0x04, 0x01, 0x2d, 0xa2, 6,    4,    4,    0,    0,    1,    0};
  uint8_t shared[32], wrapping[32], secret[CANARY_SIZE];
  size_t shared_len = sizeof shared;
  int len = 0;
  struct key *once = NULL;
  struct bytes point = element_at(envelope, INFO ".1.0.1"), wrapped = element_at(envelope, INFO ".3.0.1");
  assert_int_equal(key_from_point(bytes_of(point.at + 3, point.len - 3), &once), OK);
  EVP_PKEY_CTX *agreement = EVP_PKEY_CTX_new_from_pkey(NULL, key_native(own), NULL);
  assert_true(EVP_PKEY_derive_init(agreement) == 1 && EVP_PKEY_derive_set_peer(agreement, key_native(once)) == 1 &&
              EVP_PKEY_derive(agreement, shared, &shared_len) == 1);
  struct hash kdf = hash_of_parts(
      (struct bytes[]){bytes_of(shared, sizeof shared), bytes_of("\0\0\0\1", 4), bytes_of(info, sizeof info)}, 3);
  memcpy(wrapping, kdf.at, sizeof wrapping);
  EVP_CIPHER_CTX *wrap = EVP_CIPHER_CTX_new();
  EVP_CIPHER_CTX_set_flags(wrap, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
  assert_true(EVP_DecryptInit_ex(wrap, EVP_aes_256_wrap(), NULL, wrapping, NULL) == 1 &&
              EVP_DecryptUpdate(wrap, secret, &len, wrapped.at + 2, 40) == 1 && len == CANARY_SIZE);
  for (size_t i = 0; i < CANARY_SIZE; i++)
    canary[i] = secret[i] ^ DISGUISE;
  explicit_bzero(secret, sizeof secret);
  EVP_CIPHER_CTX_free(wrap);
  EVP_PKEY_CTX_free(agreement);
  key_free(once);
}

/* Sealing and opening on a stack of their own, which nothing writes on afterwards. */

static struct buf sealed, opened;
static struct entry *sealed_header;

static void seal_there(void) {
  make(content(), 1, &sealed);
}

static void open_there(void) {
  uint8_t salt_found[ENTRY_SALT_SIZE];
  assert_int_equal(seal_open(buf_bytes(&sealed), sealed_header, people[0], salt_found, &opened), OK);
}

static void on_own_stack(void (*run)(void)) {
  static _Alignas(4096) uint8_t stack[1 << 20];
  static ucontext_t here, there;
  assert_int_equal(getcontext(&there), 0);
  there.uc_stack = (stack_t){.ss_sp = stack, .ss_size = sizeof stack};
  there.uc_link = &here;
  makecontext(&there, run, 0);
  assert_int_equal(swapcontext(&here, &there), 0);
}

static void test_wiping_of_the_key(void **state) {
  (void)state;
  uint8_t copy[CANARY_SIZE];
  on_own_stack(seal_there);
  sealed_header = header_for(buf_bytes(&sealed), content(), people, 1);
  recover_secret(buf_bytes(&sealed), people[0]);
  assert_int_equal(copies_in_memory(), 0);
  on_own_stack(open_there);
  assert_int_equal(copies_in_memory(), 0);
  write_canary(copy);
  assert_int_equal(copies_in_memory(), 1); /* it would have been found */
  explicit_bzero(copy, sizeof copy);
  buf_release_secret(&opened);
  buf_release(&sealed);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      /* First, while there is little memory to search: the sanitizer keeps what was freed. */
      cmocka_unit_test(test_wiping),
      cmocka_unit_test(test_wiping_of_the_key),
      cmocka_unit_test(test_seal_and_open),
      cmocka_unit_test(test_public_key_opens_nothing),
      cmocka_unit_test(test_second_envelope),
      cmocka_unit_test(test_nothing_is_drawn_twice),
      cmocka_unit_test(test_wrong_arguments),
      cmocka_unit_test(test_padding),
      cmocka_unit_test(test_most_recipients),
      cmocka_unit_test(test_too_large),
      cmocka_unit_test(test_every_byte),
      cmocka_unit_test(test_every_cut),
      cmocka_unit_test(test_another_form),
      cmocka_unit_test(test_short_tags),
      cmocka_unit_test(test_point_off_the_curve),
      cmocka_unit_test(test_recipients_are_the_headers),
      cmocka_unit_test(test_recipients_of_another_envelope),
      cmocka_unit_test(test_too_many_recipients),
      cmocka_unit_test(test_clear_of_another_form),
      cmocka_unit_test(test_commitment),
      cmocka_unit_test(test_openssl_opens),
      cmocka_unit_test(test_the_pages_commands),
      cmocka_unit_test(test_openssl_makes),
  };
  return cmocka_run_group_tests(tests, start, end);
}
