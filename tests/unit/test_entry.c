/* Headers: one way to write each. The ids and commitments are those that `openssl dgst -sha256` gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/entry.h"

#define H(digit) digit digit digit digit digit digit digit digit digit digit digit digit digit digit digit digit
#define HASH(digit) H(digit) H(digit) H(digit) H(digit)

#define TOP "cairn entry 1\nkind child.add\nby " HASH("1") "\nat 2026-11-21T10:03:00Z\n"
#define CONTENT "692f9ab94951768542015d9e67bca909a32a639d5b61df0433aecf3ff74beee9"
#define END "audience case\nmedia application/json\ncontent " CONTENT "\n"
#define SMALL TOP END

/* Every line, and those that may be repeated twice. */
#define PROFILE "profile " HASH("2") "\n"
#define KEYS "key ledger AAAA\nkey operating BBBBBA==\n"
#define CERT "cert MIIB\n"
#define CHILDREN "child " HASH("3") "\nchild " HASH("4") "\n"
#define REFS "ref agency " HASH("6") "\nref meeting " HASH("5") "\nref meeting " HASH("6") "\n"
#define BASES "base " HASH("7") "\nbase " HASH("8") "\n"
#define FACTS "fact from 2026-11-21\nfact type initial\nfact type review\n"
#define RESTRICTED                                                                                                     \
  "audience restricted\nto " HASH("9") "\nto " HASH("a") "\nmedia application/json\ncontent " CONTENT "\n"
#define SEALED "sealed " HASH("b") "\n"
#define FULL TOP PROFILE KEYS CERT CHILDREN REFS BASES FACTS RESTRICTED SEALED

/* From a heap copy of exactly the text's size. */
static enum err decode(const char *text, size_t len, struct entry *e, uint8_t **copy) {
  *copy = mem_alloc(len);
  memcpy(*copy, text, len);
  return entry_decode(bytes_of(*copy, len), e);
}

/* Refused, or it is written again as exactly these bytes and has an id of its own. */
static void check_one_way(const char *text, size_t len, const char *what, size_t place, const struct hash *not_this) {
  struct entry e;
  uint8_t *copy;
  if (decode(text, len, &e, &copy) == OK) {
    struct buf again = {0};
    struct hash id = hash_of(bytes_of(copy, len));
    enum err err = entry_encode(&e, &again);
    if (err != OK || !bytes_equal(buf_bytes(&again), bytes_of(text, len)) || !hash_equal(&id, &e.id))
      fail_msg("%s %zu: is read, and written otherwise", what, place);
    if (not_this && hash_equal(&e.id, not_this))
      fail_msg("%s %zu: the same entry from other bytes", what, place);
    buf_release(&again);
  }
  free(copy);
}

static void every_bit_and_every_cut(void **state) {
  static const char *const texts[] = {SMALL, FULL};
  (void)state;
  for (size_t t = 0; t < 2; t++) {
    size_t len = strlen(texts[t]);
    struct hash id = hash_of(bytes_of(texts[t], len));
    char *changed = mem_copy_string(texts[t]);
    for (size_t bit = 0; bit < 8 * len; bit++) {
      changed[bit / 8] = (char)(changed[bit / 8] ^ 1 << bit % 8);
      check_one_way(changed, len, "bit", bit, &id);
      changed[bit / 8] = texts[t][bit / 8];
    }
    for (size_t cut = 0; cut < len; cut++) {
      struct entry e;
      uint8_t *copy;
      if (decode(changed, cut, &e, &copy) == OK && cut + strlen(SEALED) != len)
        fail_msg("cut after %zu bytes: is read", cut);
      free(copy);
      check_one_way(changed, cut, "cut", cut, &id);
      check_one_way(changed + cut + 1, len - cut - 1, "without the first", cut, &id);
    }
    free(changed);
  }
}

static void every_line_is_read(void **state) {
  struct entry e;
  (void)state;
  assert_int_equal(entry_decode(bytes_str(FULL), &e), OK);
  assert_true(bytes_equal_str(e.kind, "child.add"));
  assert_true(bytes_equal_str(e.at, "2026-11-21T10:03:00Z"));
  const struct {
    const struct hash *is;
    uint8_t byte;
  } hashes[] = {{&e.by, 0x11},         {&e.profile, 0x22},    {&e.children[0], 0x33}, {&e.children[1], 0x44},
                {&e.refs[0].id, 0x66}, {&e.refs[1].id, 0x55}, {&e.refs[2].id, 0x66},  {&e.bases[0], 0x77},
                {&e.bases[1], 0x88},   {&e.to[0], 0x99},      {&e.to[1], 0xaa},       {&e.sealed, 0xbb}};
  for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++)
    for (size_t k = 0; k < HASH_SIZE; k++)
      assert_int_equal(hashes[i].is->at[k], hashes[i].byte);
  assert_int_equal(e.key_count, 2);
  assert_int_equal(e.child_count, 2);
  assert_int_equal(e.ref_count, 3);
  assert_int_equal(e.base_count, 2);
  assert_int_equal(e.fact_count, 3);
  assert_int_equal(e.to_count, 2);
  assert_true(bytes_equal_str(entry_key(&e, "operating"), "BBBBBA=="));
  assert_true(bytes_equal_str(entry_fact(&e, "type"), "initial"));
  assert_null(entry_fact(&e, "none").at);
  assert_null(entry_key(&e, "type").at);
  assert_null(entry_ref(&e, "none"));
  assert_ptr_equal(entry_ref(&e, "meeting"), &e.refs[1].id);
  assert_true(bytes_equal_str(e.cert, "MIIB"));
  assert_true(bytes_equal_str(e.media, "application/json"));
  assert_int_equal(e.audience, AUDIENCE_RESTRICTED);
}

static const struct {
  const char *what, *text;
} refused[] = {
    {"nothing", ""},
    {"no version", "kind child.add\n"},
    {"another version", "cairn entry 2\nkind child.add\nby " HASH("1") "\nat 2026-11-21T10:03:00Z\n" END},
    {"a line left over", SMALL "x y\n"},
    {"an empty line at the end", SMALL "\n"},
    {"an empty line at the start", "\n" SMALL},
    {"CRLF", "cairn entry 1\r\nkind child.add\r\nby " HASH("1") "\nat 2026-11-21T10:03:00Z\n" END},
    {"a CR at the end", TOP "audience case\nmedia application/json\ncontent " CONTENT "\r\n"},
    {"a trailing space", TOP "audience case \nmedia application/json\ncontent " CONTENT "\n"},
    {"a trailing space after a hash", TOP "audience case\nmedia application/json\ncontent " CONTENT " \n"},
    {"two spaces", TOP "audience  case\nmedia application/json\ncontent " CONTENT "\n"},
    {"a tab", TOP "audience\tcase\nmedia application/json\ncontent " CONTENT "\n"},
    {"a leading space", TOP " audience case\nmedia application/json\ncontent " CONTENT "\n"},
    {"a word in capitals", TOP "Audience case\nmedia application/json\ncontent " CONTENT "\n"},
    {"a hash in capitals", TOP "child " HASH("A") "\n" END},
    {"a short hash", TOP "child " H("3") H("3") H("3") "333333333333333\n" END},
    {"a long hash", TOP "child " HASH("3") "3\n" END},
    {"a hash of zeros", TOP "child " HASH("0") "\n" END},
    {"a profile of zeros", TOP "profile " HASH("0") "\n" END},
    {"an audience that is none", TOP "audience everybody\nmedia application/json\ncontent " CONTENT "\n"},
    {"an empty audience", TOP "audience \nmedia application/json\ncontent " CONTENT "\n"},
    {"a media type that is none", TOP "audience case\nmedia json\ncontent " CONTENT "\n"},
    {"a kind of one name", "cairn entry 1\nkind child\nby " HASH("1") "\nat 2026-11-21T10:03:00Z\n" END},
    {"a kind of version 1", "cairn entry 1\nkind child.add/1\nby " HASH("1") "\nat 2026-11-21T10:03:00Z\n" END},
    {"a day that does not exist", "cairn entry 1\nkind child.add\nby " HASH("1") "\nat 2026-02-29T10:03:00Z\n" END},
    {"an hour that does not exist", "cairn entry 1\nkind child.add\nby " HASH("1") "\nat 2026-02-28T24:00:00Z\n" END},
    {"another time zone", "cairn entry 1\nkind child.add\nby " HASH("1") "\nat 2026-02-28T10:03:00+\n" END},
    {"no kind", "cairn entry 1\nby " HASH("1") "\nat 2026-11-21T10:03:00Z\n" END},
    {"no author", "cairn entry 1\nkind child.add\nat 2026-11-21T10:03:00Z\n" END},
    {"no content", TOP "audience case\nmedia application/json\n"},
    {"two authors", "cairn entry 1\nkind child.add\nby " HASH("1") "\nby " HASH("2") "\nat 2026-11-21T10:03:00Z\n" END},
    {"two profiles", TOP PROFILE "profile " HASH("3") "\n" END},
    {"two certificates", TOP CERT "cert MIIC\n" END},
    {"two contents", SMALL "content " CONTENT "\n"},
    {"two audiences", TOP "audience case\naudience register\nmedia application/json\ncontent " CONTENT "\n"},
    {"a child twice", TOP "child " HASH("3") "\nchild " HASH("3") "\n" END},
    {"children not in order", TOP "child " HASH("4") "\nchild " HASH("3") "\n" END},
    {"refs not in order of names", TOP "ref b " HASH("3") "\nref a " HASH("4") "\n" END},
    {"refs not in order of ids", TOP "ref a " HASH("4") "\nref a " HASH("3") "\n" END},
    {"a ref twice", TOP "ref a " HASH("3") "\nref a " HASH("3") "\n" END},
    {"facts not in order of names", TOP "fact b x\nfact a x\n" END},
    {"facts not in order of tokens", TOP "fact a y\nfact a x\n" END},
    {"a fact twice", TOP "fact a x\nfact a x\n" END},
    {"bases not in order", TOP "base " HASH("4") "\nbase " HASH("3") "\n" END},
    {"keys not in order", TOP "key b AAAA\nkey a AAAA\n" END},
    {"a key's name twice", TOP "key a AAAA\nkey a BBBB\n" END},
    {"a key that is not base64", TOP "key a AAA\n" END},
    {"a key whose unused bits are not zero", TOP "key a AAB=\n" END},
    {"a key of nothing", TOP "key a \n" END},
    {"a key without a name", TOP "key AAAA\n" END},
    {"a certificate that is not base64", TOP "cert MII=B\n" END},
    {"a ref without a name", TOP "ref " HASH("3") "\n" END},
    {"a name in capitals", TOP "fact Type x\n" END},
    {"a name of 33 bytes", TOP "fact a23456789012345678901234567890123 x\n" END},
    {"a fact of two tokens", TOP "fact a x y\n" END},
    {"a fact of no token", TOP "fact a\n" END},
    {"a token with a comma", TOP "fact a x,y\n" END},
    {"a token that begins with a sign", TOP "fact a -1\n" END},
    {"a control character", TOP "fact a x\x01\n" END},
    {"a byte over 0x7f", TOP "fact a x\xc3\xa9\n" END},
    {"facts before refs", TOP FACTS REFS END},
    {"refs before children", TOP REFS CHILDREN END},
    {"bases before refs", TOP BASES REFS END},
    {"a certificate before the keys", TOP CERT KEYS END},
    {"keys before the profile", TOP KEYS PROFILE END},
    {"media before audience", TOP "media application/json\naudience case\ncontent " CONTENT "\n"},
    {"content before media", TOP "audience case\ncontent " CONTENT "\nmedia application/json\n"},
    {"a line of another place", TOP "to " HASH("3") "\n" END},
    /* audience, to, sealed */
    {"named, to nobody", TOP "audience named\nmedia application/json\ncontent " CONTENT "\n"},
    {"restricted, to nobody", TOP "audience restricted\nmedia application/json\ncontent " CONTENT "\n" SEALED},
    {"restricted, not sealed", TOP RESTRICTED},
    {"restricted, sealed with zeros", TOP RESTRICTED "sealed " HASH("0") "\n"},
    {"restricted, sealed twice", TOP RESTRICTED SEALED SEALED},
    {"named, sealed", TOP "audience named\nto " HASH("9") "\nmedia application/json\ncontent " CONTENT "\n" SEALED},
    {"case, to someone", TOP "audience case\nto " HASH("9") "\nmedia application/json\ncontent " CONTENT "\n"},
    {"directory, to someone",
     TOP "audience directory\nto " HASH("9") "\nmedia application/json\ncontent " CONTENT "\n"},
    {"case, sealed", SMALL SEALED},
    {"recipients not in order",
     TOP "audience named\nto " HASH("9") "\nto " HASH("8") "\nmedia a/b\ncontent " CONTENT "\n"},
    {"a recipient twice", TOP "audience named\nto " HASH("9") "\nto " HASH("9") "\nmedia a/b\ncontent " CONTENT "\n"},
};

static void what_is_refused(void **state) {
  struct entry e;
  uint8_t *copy;
  (void)state;
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
    if (decode(refused[i].text, strlen(refused[i].text), &e, &copy) != ERR_FORM)
      fail_msg("%s: is not refused", refused[i].what);
    free(copy);
  }
}

static void what_is_read(void **state) {
  static const char *const good[] = {
      SMALL,
      FULL,
      TOP PROFILE END,
      TOP KEYS END,
      TOP "ref a " HASH("9") "\nref a-b " HASH("3") "\nref aa " HASH("3") "\n" END,
      TOP "fact a 9\nfact a-b 1\nfact a0 1\nfact aa 1\n" END,
      TOP "audience named\nto " HASH("9") "\nmedia application/json\ncontent " CONTENT "\n",
      TOP "audience directory\nmedia a/b\ncontent " CONTENT "\n",
      TOP "audience register\nmedia a/b\ncontent " CONTENT "\n",
      TOP "audience professionals\nmedia application/vnd.x+y-z.1\ncontent " CONTENT "\n",
      "cairn entry 1\nkind a.b.c/12\nby " HASH("f") "\nat 2024-02-29T23:59:59Z\n" END,
  };
  (void)state;
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    struct entry e;
    uint8_t *copy;
    if (decode(good[i], strlen(good[i]), &e, &copy) != OK)
      fail_msg("refused:\n%s", good[i]);
    free(copy);
    check_one_way(good[i], strlen(good[i]), "good", i, NULL);
  }
}

/* As many lines of a word as its list may have, and one more. */
static void limits_of_lists(void **state) {
  static const struct {
    const char *format, *before, *after;
    size_t max;
  } lists[] = {{"key k%03zu AAAA\n", TOP, END, ENTRY_KEYS_MAX},
               {"child %064zx\n", TOP, END, ENTRY_CHILDREN_MAX},
               {"ref r %064zx\n", TOP, END, ENTRY_REFS_MAX},
               {"base %064zx\n", TOP, END, ENTRY_BASES_MAX},
               {"fact f %03zu\n", TOP, END, ENTRY_FACTS_MAX},
               {"to %064zx\n", TOP "audience named\n", "media a/b\ncontent " CONTENT "\n", ENTRY_RECIPIENTS_MAX}};
  (void)state;
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
    for (size_t count = lists[i].max; count <= lists[i].max + 1; count++) {
      struct buf text = {0};
      struct entry e;
      uint8_t *copy;
      buf_add_str(&text, lists[i].before);
      for (size_t n = 1; n <= count; n++) {
        char line[96];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(line, sizeof line, lists[i].format, n);
#pragma GCC diagnostic pop
        buf_add_str(&text, line);
      }
      buf_add_str(&text, lists[i].after);
      enum err err = decode((const char *)text.at, text.len, &e, &copy);
      if (err != (count > lists[i].max ? ERR_FORM : OK))
        fail_msg("%zu times %s", count, lists[i].format);
      free(copy);
      buf_release(&text);
    }
}

/* A header of exactly this many bytes, by way of its certificate and the length of a token. */
static void header_of(struct buf *b, size_t size) {
  size_t rest = size - strlen(SMALL) - strlen("cert \n") - strlen("fact a \n");
  buf_add_str(b, TOP "cert ");
  for (size_t i = 0; i < (rest - 1) / 4 * 4; i++)
    buf_add_str(b, "A");
  buf_add_str(b, "\nfact a ");
  for (size_t i = (rest - 1) / 4 * 4; i < rest; i++)
    buf_add_str(b, "x");
  buf_add_str(b, "\n" END);
  assert_int_equal(b->len, size);
}

static void limit_of_the_header(void **state) {
  (void)state;
  for (size_t over = 0; over < 3; over++) {
    struct buf text = {0}, again = {0};
    struct entry e;
    header_of(&text, ENTRY_HEADER_MAX + over);
    assert_int_equal(entry_decode(buf_bytes(&text), &e), over ? ERR_LIMIT : OK);
    if (over == 0)
      assert_int_equal(entry_encode(&e, &again), OK);
    buf_release(&text);
    buf_release(&again);
  }
}

/* ---- writing ---- */

static void written_in_order(void **state) {
  struct entry e;
  struct buf out = {0};
  (void)state;
  buf_add_str(&out, "something before it");
  size_t start = out.len;
  entry_init(&e);
  e.kind = bytes_str("child.add");
  memset(&e.by, 0x11, sizeof e.by);
  memset(&e.profile, 0x22, sizeof e.profile);
  e.at = bytes_str("2026-11-21T10:03:00Z");
  e.keys[0] = (struct entry_pair){bytes_str("operating"), bytes_str("BBBBBA==")};
  e.keys[1] = (struct entry_pair){bytes_str("ledger"), bytes_str("AAAA")};
  e.key_count = 2;
  e.cert = bytes_str("MIIB");
  memset(&e.children[0], 0x44, sizeof(struct hash));
  memset(&e.children[1], 0x33, sizeof(struct hash));
  e.child_count = 2;
  for (size_t i = 0; i < 3; i++) {
    e.refs[i].name = bytes_str(i == 1 ? "agency" : "meeting");
    memset(&e.refs[i].id, i == 2 ? 0x55 : 0x66, sizeof(struct hash));
  }
  e.ref_count = 3;
  memset(&e.bases[0], 0x88, sizeof(struct hash));
  memset(&e.bases[1], 0x77, sizeof(struct hash));
  e.base_count = 2;
  e.facts[0] = (struct entry_pair){bytes_str("type"), bytes_str("review")};
  e.facts[1] = (struct entry_pair){bytes_str("type"), bytes_str("initial")};
  e.facts[2] = (struct entry_pair){bytes_str("from"), bytes_str("2026-11-21")};
  e.fact_count = 3;
  e.audience = AUDIENCE_RESTRICTED;
  memset(&e.to[0], 0xaa, sizeof(struct hash));
  memset(&e.to[1], 0x99, sizeof(struct hash));
  e.to_count = 2;
  e.media = bytes_str("application/json");
  assert_int_equal(hash_parse(bytes_str(CONTENT), &e.content), OK);
  memset(&e.sealed, 0xbb, sizeof e.sealed);
  assert_int_equal(entry_encode(&e, &out), OK);
  assert_string_equal(buf_cstr(&out) + start, FULL);
  assert_true(bytes_equal_str(e.header, FULL));
  buf_release(&out);
}

static void what_cannot_be_written(void **state) {
  struct entry good, e;
  (void)state;
  assert_int_equal(entry_decode(bytes_str(SMALL), &good), OK);
  for (int i = 0; i < 9; i++) {
    struct buf out = {0};
    e = good;
    switch (i) {
    case 0: e.kind = bytes_str("child.add\nby x"); break;
    case 1: e.at = bytes_str("2026-11-31T00:00:00Z"); break;
    case 2: e.media = bytes_str(""); break;
    case 3: e.audience = AUDIENCE_NAMED; break;
    case 4: e.to[e.to_count++] = e.by; break;
    case 5:
      e.children[0] = e.children[1] = e.by;
      e.child_count = 2;
      break;
    case 6: e.facts[e.fact_count++] = (struct entry_pair){bytes_str("x"), bytes_str("y\nsealed z")}; break;
    case 7: e.sealed = e.by; break;
    case 8: memset(&e.content, 0, sizeof e.content); break;
    }
    if (entry_encode(&e, &out) != ERR_FORM)
      fail_msg("case %d is written", i);
    buf_release(&out);
  }
}

/* printf of the header | openssl dgst -sha256; printf of tag, salt, content | openssl dgst -sha256 */
static void ids_and_commitments(void **state) {
  struct entry e;
  const uint8_t *salt = (const uint8_t *)"salt0123salt4567";
  struct hash with = entry_commitment(salt, bytes_str("{\"name\":\"Ava\"}")),
              without = entry_commitment(salt, bytes_of(NULL, 0));
  (void)state;
  assert_int_equal(entry_decode(bytes_str(SMALL), &e), OK);
  assert_string_equal(hash_hex(&e.id).s, "610fb19dc9b8ce86ad582534cc9e039563350c02a96ea33def5c587665705cc6");
  assert_string_equal(hash_hex(&with).s, CONTENT);
  assert_string_equal(hash_hex(&without).s, "785a1952fcfe6cac393a6201f6f1dbdda32b687bbc4559cb57ac85a6048ed69a");
}

static void words_of_audiences(void **state) {
  static const char *const words[] = {"directory", "register", "case", "professionals", "named", "restricted"};
  (void)state;
  for (size_t i = 0; i < 6; i++)
    assert_string_equal(audience_word((enum audience)i), words[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_bit_and_every_cut), cmocka_unit_test(every_line_is_read),
      cmocka_unit_test(what_is_refused),         cmocka_unit_test(what_is_read),
      cmocka_unit_test(limits_of_lists),         cmocka_unit_test(limit_of_the_header),
      cmocka_unit_test(written_in_order),        cmocka_unit_test(what_cannot_be_written),
      cmocka_unit_test(ids_and_commitments),     cmocka_unit_test(words_of_audiences),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
