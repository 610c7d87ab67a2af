#include "cli/out.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#define HEX "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
#define BAD "\xef\xbf\xbd"

static void nothing(struct out *o) {
  (void)o;
}

static void sentence(struct out *o) {
  out_say(o, "%s has %d children", "Mary", 2);
  out_say(o, "two\nlines");
}

static void object(struct out *o) {
  out_begin(o, NULL);
  out_field_id(o, "id", HEX);
  out_field(o, "full-name", "Mary");
  out_field(o, "left_out", NULL);
  out_field(o, "empty", "");
  out_field_number(o, "age", 7);
  out_field_bool(o, "open", true);
  out_field_bool(o, "closed", false);
  out_field_bytes(o, "town", bytes_of("Airdrie and more", 7));
  out_field_id(o, "none", NULL);
  out_end(o);
}

static void lines_in_values(struct out *o) {
  out_begin(o, NULL);
  out_field(o, "view", "first\n\nthird");
  out_field(o, "longer name", "x");
  out_end(o);
}

static void row(struct out *o, const char *hex, const char *name, uint64_t count) {
  out_begin(o, NULL);
  out_field_id(o, "id", hex);
  out_field(o, "name", name);
  out_field_number(o, "acts", count);
  out_end(o);
}

static void table(struct out *o) {
  out_table_begin(o, NULL, "no agencies");
  row(o, HEX, "Häuser", 9);
  row(o, "00112233445566", "", 12345);
  row(o, NULL, "two\nlines\tand tab", UINT64_MAX);
  out_table_end(o);
}

static void empty_table(struct out *o) {
  out_table_begin(o, NULL, "no agencies");
  out_table_end(o);
}

static void table_of_late_columns(struct out *o) {
  out_table_begin(o, NULL, NULL);
  out_begin(o, NULL);
  out_field(o, "a", "1");
  out_end(o);
  out_begin(o, NULL);
  out_field(o, "b-c", "22");
  out_field(o, "a", "333");
  out_end(o);
  out_table_end(o);
}

static void nested(struct out *o) {
  out_begin(o, NULL);
  out_field(o, "child", "Ann");
  out_begin(o, "core-group");
  out_field(o, "lead", "Bo");
  out_table_begin(o, "members", "nobody");
  row(o, "01", "Cy", 1);
  out_table_end(o);
  out_end(o);
  out_table_begin(o, "meetings", "none yet");
  out_table_end(o);
  out_table_begin(o, "silent", NULL);
  out_table_end(o);
  out_field(o, "last", "z");
  out_end(o);
}

static void sentence_among_fields(struct out *o) {
  out_begin(o, NULL);
  out_field(o, "a", "1");
  out_say(o, "and so");
  out_begin(o, "deeper");
  out_say(o, "deep\ndown");
  out_end(o);
  out_end(o);
}

static void hostile(struct out *o) {
  out_begin(o, NULL);
  out_field(o, "esc", "a\x1b[2Jb\x7f\xc2\x9b");
  out_field(o, "bidi", "x\xe2\x80\xaey\xe2\x81\xa6z");
  out_field(o, "bad", "\xff\xc3\xed\xa0\x80.");
  out_field(o, "quotes", "\"\\\b\f\n\r\t/");
  out_field_bytes(o, "nul", bytes_of("a\0b", 3));
  out_end(o);
}

/* On a terminal a table is as wide as that, as far as words and times allow it. */
static void wide_table(struct out *o) {
  out_begin(o, NULL);
  out_table_begin(o, "rules", NULL);
  out_begin(o, NULL);
  out_field(o, "rule", "R-1");
  out_field(o, "words", "the family are told, in words that they know, who sees it");
  out_field_number(o, "count", 7);
  out_end(o);
  out_begin(o, NULL);
  out_field(o, "rule", "R-2");
  out_field(o, "words", "Häuser-Häuser-Häuser-Häuser");
  out_end(o);
  out_table_end(o);
  out_end(o);
}

static void test_width(void **state) {
  static const char whole[] = "rules:\n"
                              "  RULE  WORDS                                                      COUNT\n"
                              "  R-1   the family are told, in words that they know, who sees it      7\n"
                              "  R-2   Häuser-Häuser-Häuser-Häuser\n";
  static const struct {
    size_t width;
    const char *text;
  } cases[] = {
      {0, whole},
      {72, whole},
      {40, "rules:\n"
           "  RULE  WORDS                      COUNT\n"
           "  R-1   the family are told, in        7\n"
           "        words that they know, who\n"
           "        sees it\n"
           "  R-2   Häuser-Häuser-Häuser-Häus\n"
           "        er\n"},
      {20, whole}, /* no use */
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct out o;
    out_init(&o, OUT_TEXT);
    o.width = cases[i].width;
    wide_table(&o);
    if (!bytes_equal_str(buf_bytes(&o.text), cases[i].text))
      fail_msg("%zu wide:\n%s\ninstead of\n%s", cases[i].width, buf_cstr(&o.text), cases[i].text);
    out_release(&o);
  }
}

static void test_forms(void **state) {
  (void)state;
  static const struct {
    const char *what;
    void (*print)(struct out *o);
    const char *text, *json;
  } cases[] = {
      {"nothing", nothing, "", ""},
      {"sentences", sentence, "Mary has 2 children\ntwo\nlines\n", ""},
      {"object", object,
       "id:        2d711642\n"
       "full name: Mary\n"
       "age:       7\n"
       "open:      yes\n"
       "closed:    no\n"
       "town:      Airdrie\n",
       "{\n  \"id\": \"" HEX "\",\n  \"full-name\": \"Mary\",\n  \"age\": 7,\n  \"open\": true,\n  \"closed\": false,\n"
       "  \"town\": \"Airdrie\"\n}\n"},
      {"lines in values", lines_in_values, "view:        first\n\n             third\nlonger name: x\n",
       "{\n  \"view\": \"first\\n\\nthird\",\n  \"longer name\": \"x\"\n}\n"},
      {"table", table,
       "ID        NAME                               ACTS\n"
       "2d711642  Häuser                                9\n"
       "00112233                                    12345\n"
       "          two lines and tab  18446744073709551615\n",
       "[\n  {\"id\": \"" HEX "\", \"name\": \"Häuser\", \"acts\": 9},\n"
       "  {\"id\": \"00112233445566\", \"acts\": 12345},\n"
       "  {\"name\": \"two\\nlines\\tand tab\", \"acts\": 18446744073709551615}\n]\n"},
      {"empty table", empty_table, "no agencies\n", "[]\n"},
      {"columns that come later", table_of_late_columns, "A    B C\n1\n333  22\n",
       "[\n  {\"a\": \"1\"},\n  {\"b-c\": \"22\", \"a\": \"333\"}\n]\n"},
      {"nested", nested,
       "child: Ann\n\n"
       "core group:\n  lead: Bo\n\n  members:\n    ID  NAME  ACTS\n    01  Cy       1\n\n"
       "meetings:\n  none yet\n\n"
       "last: z\n",
       "{\n  \"child\": \"Ann\",\n  \"core-group\": {\n    \"lead\": \"Bo\",\n    \"members\": [\n"
       "      {\"id\": \"01\", \"name\": \"Cy\", \"acts\": 1}\n    ]\n  },\n"
       "  \"meetings\": [],\n  \"silent\": [],\n  \"last\": \"z\"\n}\n"},
      {"sentence among fields", sentence_among_fields, "a: 1\nand so\n\ndeeper:\n  deep\n  down\n",
       "{\n  \"a\": \"1\",\n  \"deeper\": {}\n}\n"},
      {"hostile", hostile,
       "esc:    a" BAD "[2Jb" BAD BAD "\n"
       "bidi:   x" BAD "y" BAD "z\n"
       "bad:    " BAD BAD BAD BAD BAD ".\n"
       "quotes: \"\\" BAD BAD "\n        " BAD " /\n"
       "nul:    a" BAD "b\n",
       "{\n  \"esc\": \"a\\u001b[2Jb\\u007f\\u009b\",\n  \"bidi\": \"x\xe2\x80\xaey\xe2\x81\xa6z\",\n"
       "  \"bad\": \"" BAD BAD BAD BAD BAD ".\",\n"
       "  \"quotes\": \"\\\"\\\\\\b\\f\\n\\r\\t/\",\n"
       "  \"nul\": \"a\\u0000b\"\n}\n"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    for (enum out_form form = OUT_TEXT; form <= OUT_JSON; form++) {
      struct out o;
      const char *wanted = form == OUT_TEXT ? cases[i].text : cases[i].json;
      out_init(&o, form);
      cases[i].print(&o);
      if (!bytes_equal_str(buf_bytes(&o.text), wanted) || o.depth != 0)
        fail_msg("%s:\n%s\ninstead of\n%s", cases[i].what, buf_cstr(&o.text), wanted);
      out_release(&o);
    }
}

/* What another parser reads is what was put in. */
static void test_json_read_back(void **state) {
  (void)state;
  struct out o;
  json_error_t error;
  out_init(&o, OUT_JSON);
  nested(&o);
  json_t *v = json_loads(buf_cstr(&o.text), JSON_REJECT_DUPLICATES, &error), *group;
  if (v == NULL)
    fail_msg("%s", error.text);
  group = json_object_get(v, "core-group");
  assert_string_equal(json_string_value(json_object_get(v, "last")), "z");
  assert_string_equal(json_string_value(json_object_get(group, "lead")), "Bo");
  assert_int_equal(json_array_size(json_object_get(group, "members")), 1);
  assert_int_equal(json_array_size(json_object_get(v, "meetings")), 0);
  json_decref(v);
  out_release(&o);
}

/* Any bytes at all give a JSON string that Jansson reads; if they are UTF-8 it reads the same bytes. */
static void test_json_strings(void **state) {
  (void)state;
  uint32_t seed = 20261121;
  for (int i = 0; i < 20000; i++) {
    static const uint8_t interesting[] = {0,    1,    9,    10,   0x1f, '"',  '\\', 'a',
                                          0x7f, 0x80, 0xbf, 0xc2, 0xe2, 0xed, 0xf0, 0xff};
    uint8_t at[6];
    struct buf b = {0};
    size_t n = (size_t)(i % 7);
    for (size_t j = 0; j < n; j++) {
      seed = seed * 1664525 + 1013904223;
      at[j] = interesting[seed >> 28];
    }
    out_json_string(&b, bytes_of(at, n));
    json_t *v = json_loadb((const char *)b.at, b.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    assert_non_null(v);
    struct bytes read = bytes_of(json_string_value(v), json_string_length(v));
    json_t *same = json_stringn((const char *)at, n); /* NULL if it is not UTF-8 */
    if (same != NULL)
      assert_true(bytes_equal(read, bytes_of(at, n)));
    else
      assert_non_null(memmem(read.at, read.len, BAD, 3));
    json_decref(same);
    json_decref(v);
    buf_release(&b);
  }
}

/* A failed command leaves what it was at; releasing it leaks nothing. */
static void test_release_in_the_middle(void **state) {
  (void)state;
  for (enum out_form form = OUT_TEXT; form <= OUT_JSON; form++) {
    struct out o;
    out_init(&o, form);
    out_begin(&o, NULL);
    out_field(&o, "a", "b");
    out_table_begin(&o, "t", "none");
    out_begin(&o, NULL);
    out_field(&o, "c", "d");
    out_release(&o);
    assert_null(o.text.at);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_forms),
      cmocka_unit_test(test_width),
      cmocka_unit_test(test_json_read_back),
      cmocka_unit_test(test_json_strings),
      cmocka_unit_test(test_release_in_the_middle),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
