/* Content is JSON in the strict reading of core/FORMAT.md section 2. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"

/* From a heap copy of exactly the text's size. */
static enum err parse(const char *text, size_t len, struct json **out) {
  uint8_t *copy = mem_alloc(len);
  memcpy(copy, text, len);
  enum err e = json_parse_record(bytes_of(copy, len), out);
  free(copy);
  return e;
}

#define CASE(what, text)                                                                                               \
  { what, text, sizeof text - 1 }

static const struct {
  const char *what, *text;
  size_t len;
} refused[] = {
    CASE("nothing", ""),
    CASE("white space", " \n"),
    CASE("a list", "[]"),
    CASE("a string", "\"x\""),
    CASE("a number", "1"),
    CASE("null", "null"),
    CASE("two records", "{}{}"),
    CASE("something behind", "{} x"),
    CASE("a NUL behind", "{}\0"),
    CASE("a mark of byte order", "\xef\xbb\xbf{}"),
    CASE("a key twice", "{\"a\":1,\"a\":1}"),
    CASE("a key twice, once escaped", "{\"a\":1,\"\\u0061\":2}"),
    CASE("a key twice, further in", "{\"x\":[{\"a\":1,\"a\":2}]}"),
    CASE("U+0000 in a text", "{\"a\":\"\\u0000\"}"),
    CASE("U+0000 in a key", "{\"a\\u0000b\":1}"),
    CASE("a raw NUL", "{\"a\":\"\0\"}"),
    CASE("a raw line feed in a text", "{\"a\":\"\n\"}"),
    CASE("half a surrogate pair", "{\"a\":\"\\ud800\"}"),
    CASE("the other half", "{\"a\":\"\\udc00\"}"),
    CASE("bad UTF-8", "{\"a\":\"\xff\"}"),
    CASE("overlong UTF-8", "{\"a\":\"\xc0\xaf\"}"),
    CASE("a surrogate in UTF-8", "{\"a\":\"\xed\xa0\x80\"}"),
    CASE("beyond U+10FFFF", "{\"a\":\"\xf4\x90\x80\x80\"}"),
    CASE("UTF-8 cut short", "{\"a\":\"\xc3\"}"),
    CASE("UTF-16", "{\0\"\0a\0\"\0:\0"
                   "1\0}\0"),
    CASE("a comma at the end", "{\"a\":1,}"),
    CASE("single quotes", "{'a':1}"),
    CASE("a bare key", "{a:1}"),
    CASE("a comment", "{} // x"),
    CASE("not a number", "{\"a\":NaN}"),
    CASE("infinity", "{\"a\":1e999}"),
    CASE("a leading zero", "{\"a\":01}"),
    CASE("a plus", "{\"a\":+1}"),
    CASE("a whole number beyond 64 bits", "{\"a\":9223372036854775808}"),
    CASE("an open record", "{\"a\":1"),
    CASE("an open text", "{\"a\":\"x"),
};

static void what_is_refused(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
    struct json *j = NULL;
    enum err e = parse(refused[i].text, refused[i].len, &j);
    if (e != ERR_FORM || j != NULL)
      fail_msg("%s: %s", refused[i].what, err_text(e));
    if (strstr(err_words(e), "content") == NULL)
      fail_msg("%s: no words: %s", refused[i].what, err_words(e));
  }
}

static void nested(struct buf *b, size_t levels, const char *open, const char *close) {
  buf_add_str(b, "{\"a\":");
  for (size_t i = 1; i < levels; i++)
    buf_add_str(b, open);
  buf_add_str(b, "1");
  for (size_t i = 1; i < levels; i++)
    buf_add_str(b, close);
  buf_add_str(b, "}");
}

static void levels(void **state) {
  (void)state;
  for (size_t n = 31; n <= 34; n++)
    for (int shape = 0; shape < 2; shape++) {
      struct buf b = {0};
      struct json *j = NULL;
      nested(&b, n, shape ? "[" : "{\"a\":", shape ? "]" : "}");
      assert_int_equal(parse((const char *)b.at, b.len, &j), n <= 32 ? OK : ERR_FORM);
      if (j)
        json_free(j);
      buf_release(&b);
    }
  struct buf deep = {0};
  struct json *j = NULL;
  nested(&deep, 200000, "[", "]");
  assert_int_equal(parse((const char *)deep.at, deep.len, &j), ERR_FORM);
  buf_release(&deep);
}

static void what_is_read(void **state) {
  static const char text[] =
      " {\"name\":\"Ava \\\"\\u00e9\\ud83d\\ude00\\n\", \"n\":-12, \"list\":[\"x\",2], \"r\":{}, \"o\":null,"
      "\"t\":true, \"f\":1.0, \"empty\":\"\"}\r\n\t";
  struct json *j = NULL;
  (void)state;
  assert_int_equal(parse(text, sizeof text - 1, &j), OK);
  assert_int_equal(json_get_type(j), JSON_RECORD);
  assert_true(bytes_equal_str(json_get_text(json_get(j, "name")), "Ava \"\xc3\xa9\xf0\x9f\x98\x80\n"));
  assert_int_equal(json_get_whole(json_get(j, "n")), -12);
  assert_int_equal(json_count(json_get(j, "list")), 2);
  assert_int_equal(json_get_type(json_at(json_get(j, "list"), 0)), JSON_TEXT);
  assert_int_equal(json_get_type(json_at(json_get(j, "list"), 1)), JSON_WHOLE);
  assert_int_equal(json_get_type(json_get(j, "r")), JSON_RECORD);
  assert_int_equal(json_get_type(json_get(j, "o")), JSON_OTHER);
  assert_int_equal(json_get_type(json_get(j, "t")), JSON_OTHER);
  assert_int_equal(json_get_type(json_get(j, "f")), JSON_OTHER); /* a whole number is written as one */
  assert_int_equal(json_get_text(json_get(j, "empty")).len, 0);
  assert_null(json_get(j, "none"));
  void *cursor = NULL;
  const char *key;
  const struct json *value;
  size_t count = 0;
  static const char *const order[] = {"name", "n", "list", "r", "o", "t", "f", "empty"};
  for (; json_next(j, &cursor, &key, &value); count++)
    assert_string_equal(key, order[count]);
  assert_int_equal(count, 8);
  json_free(j);
}

static void what_is_written(void **state) {
  struct json *j = json_new_record();
  struct buf b = {0};
  (void)state;
  assert_int_equal(json_set_text(j, "name", bytes_str("A\"\\\n\x01/\xc3\xa9")), OK);
  json_set_whole(j, "n", 9007199254740991);
  assert_int_equal(json_add_text(j, "a", bytes_str("2")), OK);
  assert_int_equal(json_add_text(j, "a", bytes_str("1")), OK);
  assert_int_equal(json_set_text(j, "e", bytes_of(NULL, 0)), OK);
  assert_int_equal(json_set_text(j, "bad", bytes_str("\xff")), ERR_FORM);
  assert_int_equal(json_add_text(j, "a", bytes_str("\xc0\x80")), ERR_FORM);
  json_write(&b, j);
  assert_string_equal(
      buf_cstr(&b),
      "{\"a\":[\"2\",\"1\"],\"e\":\"\",\"n\":9007199254740991,\"name\":\"A\\\"\\\\\\n\\u0001/\xc3\xa9\"}");
  buf_release(&b);
  json_free(j);
}

/* A space before the record, and it is not as it is written: Jansson reads it. */
static enum err parse_slowly(const char *text, size_t len, struct json **out) {
  struct buf spaced = {0};
  buf_u8(&spaced, ' ');
  buf_add(&spaced, bytes_of((const uint8_t *)text, len));
  enum err e = json_parse_record(buf_bytes(&spaced), out);
  buf_release(&spaced);
  return e;
}

static void check_order(const struct json *a, const struct json *b) {
  void *at_a = NULL, *at_b = NULL;
  const char *key_a, *key_b;
  const struct json *value;
  bool more;
  do {
    more = json_next(a, &at_a, &key_a, &value);
    assert_int_equal(json_next(b, &at_b, &key_b, &value), more);
    if (more)
      assert_string_equal(key_a, key_b);
  } while (more);
}

static void check_read_alike(const char *text, size_t len) {
  struct json *quick = NULL, *slow = NULL;
  struct buf a = {0}, b = {0};
  enum err e = parse(text, len, &quick);
  if (e != parse_slowly(text, len, &slow))
    fail_msg("%.*s: %s, and not with a space", (int)len, text, err_text(e));
  if (e == OK) {
    check_order(quick, slow);
    json_write(&a, quick);
    json_write(&b, slow);
    if (!bytes_equal(buf_bytes(&a), buf_bytes(&b)))
      fail_msg("%.*s is read as %s", (int)len, text, buf_cstr(&a));
  }
  buf_release(&a);
  buf_release(&b);
  json_free(quick);
  json_free(slow);
}

/* What is read without Jansson is what Jansson reads, and so is whatever is one bit, one byte or its end apart from it.
 */
static void plain_texts_are_read_alike(void **state) {
  static const char *const texts[] = {
      "{\"b\":\"x\",\"a\":\"the quick ~ fox\",\"\":\"\"}",
      "{\"a\":\"x\",\"b\":\"y\",\"a\":\"z\"}",
      "{\"a\":\"x\",\"n\":12,\"l\":[\"p\",\"q\"]}",
      "{\"a\":\"caf\xc3\xa9\",\"b\":\"\\u0041\\n\"}",
      "{}",
  };
  (void)state;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    char changed[80];
    const size_t len = strlen(texts[i]);
    for (size_t n = 0; n <= len; n++)
      check_read_alike(texts[i], n);
    for (size_t bit = 0; bit < 8 * len; bit++) {
      memcpy(changed, texts[i], len);
      changed[bit / 8] = (char)(changed[bit / 8] ^ 1 << bit % 8);
      check_read_alike(changed, len);
    }
    for (size_t n = 0; n <= len; n++)
      for (const char *c = "\"\\{}[]:, \n\x7f\x80x"; *c; c++) {
        memcpy(changed, texts[i], n);
        changed[n] = *c;
        memcpy(changed + n + 1, texts[i] + n, len - n);
        check_read_alike(changed, len + 1);
      }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(plain_texts_are_read_alike),
      cmocka_unit_test(what_is_refused),
      cmocka_unit_test(levels),
      cmocka_unit_test(what_is_read),
      cmocka_unit_test(what_is_written),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
