#include "core/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define T16 "abcdefghijklmnop"
#define T32 T16 T16
#define T64 T32 T32

/* A heap copy of exactly the input's size, so that the sanitizer sees one byte too far. */
static struct bytes copy_of(const char *s, size_t len) {
  uint8_t *copy = mem_alloc(len);
  memcpy(copy, s, len);
  return bytes_of(copy, len);
}

static void release(struct bytes b) {
  free((void *)(uintptr_t)b.at);
}

struct judged {
  const char *what, *text;
  size_t len; /* 0: that of the string */
  bool wanted;
};

static void judge(const struct judged *cases, size_t count, bool (*is)(struct bytes)) {
  for (size_t i = 0; i < count; i++) {
    struct bytes b = copy_of(cases[i].text, cases[i].len ? cases[i].len : strlen(cases[i].text));
    if (is(b) != cases[i].wanted)
      fail_msg("%s", cases[i].what);
    release(b);
  }
}

/* Which bytes may stand at the beginning and which later, found out by trying them all. */
static void expect_alphabet(bool (*is)(struct bytes), const char *first, const char *later) {
  for (int c = 0; c < 256; c++) {
    char text[2] = {(char)c, 'a'};
    if (is(bytes_of(text, 2)) != (c != 0 && strchr(first, c) != NULL))
      fail_msg("byte 0x%02x at the beginning", (unsigned)c);
    text[0] = 'a', text[1] = (char)c;
    if (is(bytes_of(text, 2)) != (c != 0 && strchr(later, c) != NULL))
      fail_msg("byte 0x%02x later", (unsigned)c);
  }
}

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static void test_tokens_names_origins(void **state) {
  (void)state;
  static const struct judged tokens[] = {{"empty", "", 0, false},
                                         {"one byte", "a", 0, true},
                                         {"128 bytes", T64 T64, 0, true},
                                         {"129 bytes", T64 T64 "a", 0, false},
                                         {"a time", "2026-11-21T10:03:00Z", 0, true},
                                         {"a NUL", "a\0b", 3, false}};
  static const struct judged names[] = {{"empty", "", 0, false},
                                        {"32 bytes", T32, 0, true},
                                        {"33 bytes", T32 "a", 0, false},
                                        {"with digits and hyphens", "a-1-", 0, true}};
  static const struct judged origins[] = {{"empty", "", 0, false},
                                          {"96 bytes", T64 T32, 0, true},
                                          {"97 bytes", T64 T32 "a", 0, false},
                                          {"a path", "3.example/log-1", 0, true}};
  judge(tokens, COUNT(tokens), text_is_token);
  judge(names, COUNT(names), text_is_name);
  judge(origins, COUNT(origins), text_is_origin);
  expect_alphabet(text_is_token, LOWER UPPER DIGITS, LOWER UPPER DIGITS "._:/+=-");
  expect_alphabet(text_is_name, LOWER, LOWER DIGITS "-");
  expect_alphabet(text_is_origin, LOWER DIGITS, LOWER DIGITS "./-");
}

static void test_kinds(void **state) {
  (void)state;
  static const struct judged cases[] = {
      {"two names", "meeting.convene", 0, true},
      {"three names", "a.b.c", 0, true},
      {"the second version", "meeting.convene/2", 0, true},
      {"the tenth version", "meeting.convene/10", 0, true},
      {"the first version", "meeting.convene/1", 0, false},
      {"version nought", "meeting.convene/0", 0, false},
      {"a leading zero", "meeting.convene/02", 0, false},
      {"no version", "meeting.convene/", 0, false},
      {"two versions", "meeting.convene/2/3", 0, false},
      {"a version that is no number", "meeting.convene/two", 0, false},
      {"one name", "meeting", 0, false},
      {"one name with a version", "meeting/2", 0, false},
      {"a point first", ".convene", 0, false},
      {"a point last", "meeting.", 0, false},
      {"a point last, before the version", "meeting./2", 0, false},
      {"two points", "meeting..convene", 0, false},
      {"upper case", "Meeting.convene", 0, false},
      {"a digit first", "meeting.2convene", 0, false},
      {"empty", "", 0, false},
      {"64 bytes", "abcdefghijklmnopabcdefghijklmno." T32, 0, true},
      {"65 bytes", "abcdefghijklmnopabcdefghijklmnop." T32, 0, false},
  };
  judge(cases, COUNT(cases), text_is_kind);
}

static void test_media(void **state) {
  (void)state;
  static const struct judged cases[] = {
      {"json", "application/json", 0, true},
      {"with all signs", "application/vnd.a-b+c.1", 0, true},
      {"one run", "application", 0, false},
      {"three runs", "a/b/c", 0, false},
      {"nothing before", "/json", 0, false},
      {"nothing after", "application/", 0, false},
      {"upper case", "application/JSON", 0, false},
      {"a parameter", "text/plain; charset=utf-8", 0, false},
      {"empty", "", 0, false},
      {"96 bytes", T64 "/abcdefghijklmno" T16, 0, true},
      {"97 bytes", T64 "/" T16 T16, 0, false},
  };
  judge(cases, COUNT(cases), text_is_media);
}

static void test_dates(void **state) {
  (void)state;
  static const struct judged cases[] = {
      {"an ordinary day", "2026-11-21", 0, true},
      {"the first day", "1900-01-01", 0, true},
      {"the last day", "9999-12-31", 0, true},
      {"before the first", "1899-12-31", 0, false},
      {"29 February in a leap year", "2024-02-29", 0, true},
      {"29 February in another", "2026-02-29", 0, false},
      {"29 February 1900", "1900-02-29", 0, false},
      {"29 February 2000", "2000-02-29", 0, true},
      {"29 February 2100", "2100-02-29", 0, false},
      {"30 February", "2024-02-30", 0, false},
      {"31 April", "2026-04-31", 0, false},
      {"30 April", "2026-04-30", 0, true},
      {"31 June", "2026-06-31", 0, false},
      {"31 September", "2026-09-31", 0, false},
      {"31 November", "2026-11-31", 0, false},
      {"32 December", "2026-12-32", 0, false},
      {"day nought", "2026-01-00", 0, false},
      {"month nought", "2026-00-01", 0, false},
      {"month 13", "2026-13-01", 0, false},
      {"a short day", "2026-11-2", 0, false},
      {"more", "2026-11-211", 0, false},
      {"a sign", "+026-11-21", 0, false},
      {"spaces for zeros", "2026- 1-21", 0, false},
      {"other separators", "2026/11/21", 0, false},
      {"empty", "", 0, false},
  };
  judge(cases, COUNT(cases), text_is_date);
}

static void test_times(void **state) {
  (void)state;
  static const struct judged cases[] = {
      {"an ordinary time", "2026-11-21T10:03:00Z", 0, true},
      {"the last second", "9999-12-31T23:59:59Z", 0, true},
      {"a leap second", "2016-12-31T23:59:60Z", 0, false},
      {"24 o'clock", "2026-11-21T24:00:00Z", 0, false},
      {"minute 60", "2026-11-21T10:60:00Z", 0, false},
      {"a day that is none", "2026-02-29T10:03:00Z", 0, false},
      {"a fraction", "2026-11-21T10:03:00.0Z", 0, false},
      {"no zone", "2026-11-21T10:03:00", 0, false},
      {"another zone", "2026-11-21T10:03:00+00:00", 0, false},
      {"a small t", "2026-11-21t10:03:00Z", 0, false},
      {"a small z", "2026-11-21T10:03:00z", 0, false},
      {"a space", "2026-11-21 10:03:00Z", 0, false},
      {"a date", "2026-11-21", 0, false},
      {"empty", "", 0, false},
  };
  judge(cases, COUNT(cases), text_is_time);
}

/* Against the C library's calendar, over all years; steps of a prime number of seconds meet every hour and day. */
static void test_time_against_gmtime(void **state) {
  (void)state;
  const int64_t first = -2208988800, last = 253402300799;
  for (int64_t s = first; s <= last; s += 86399 * 7 + 3607) {
    time_t t = (time_t)s;
    struct tm tm;
    char wanted[32];
    int64_t again;
    assert_non_null(gmtime_r(&t, &tm));
    strftime(wanted, sizeof wanted, "%Y-%m-%dT%H:%M:%SZ", &tm);
    struct text_time text = text_time_format(s);
    assert_string_equal(text.s, wanted);
    assert_int_equal(text_time_parse(bytes_str(text.s), &again), OK);
    assert_int_equal(again, s);
  }
  assert_string_equal(text_time_format(first).s, "1900-01-01T00:00:00Z");
  assert_string_equal(text_time_format(-1).s, "1969-12-31T23:59:59Z");
  assert_string_equal(text_time_format(0).s, "1970-01-01T00:00:00Z");
  assert_string_equal(text_time_format(last).s, "9999-12-31T23:59:59Z");
}

static void test_numbers(void **state) {
  (void)state;
  static const struct {
    const char *text;
    enum err wanted;
    uint64_t value;
  } cases[] = {
      {"0", OK, 0},
      {"1", OK, 1},
      {"10", OK, 10},
      {"9007199254740991", OK, 9007199254740991},
      {"9007199254740992", ERR_FORM, 0},
      {"9999999999999999", ERR_FORM, 0},
      {"10000000000000000", ERR_FORM, 0},
      {"18446744073709551617", ERR_FORM, 0},
      {"00", ERR_FORM, 0},
      {"01", ERR_FORM, 0},
      {"", ERR_FORM, 0},
      {"-1", ERR_FORM, 0},
      {"+1", ERR_FORM, 0},
      {" 1", ERR_FORM, 0},
      {"1 ", ERR_FORM, 0},
      {"1a", ERR_FORM, 0},
      {"1e3", ERR_FORM, 0},
      {"0x1", ERR_FORM, 0},
      {":", ERR_FORM, 0},
      {"/", ERR_FORM, 0},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    uint64_t v = 77;
    struct bytes b = copy_of(cases[i].text, strlen(cases[i].text));
    if (text_number(b, &v) != cases[i].wanted || v != (cases[i].wanted == OK ? cases[i].value : 77))
      fail_msg("\"%s\"", cases[i].text);
    release(b);
  }
}

/* RFC 4648 section 10, and what its sections 3.2 to 3.5 leave to a strict reader. */
static void test_base64(void **state) {
  (void)state;
  static const struct {
    const char *plain, *text;
  } good[] = {{"", ""},
              {"f", "Zg=="},
              {"fo", "Zm8="},
              {"foo", "Zm9v"},
              {"foob", "Zm9vYg=="},
              {"fooba", "Zm9vYmE="},
              {"foobar", "Zm9vYmFy"},
              {"\xfb\xff\xfe", "+//+"}};
  static const char *const bad[] = {
      "Zg=",  "Zg",   "Z",    "Z===",   "====",     "=",        "==",       "Zg==Zg==", "Zg==Zm9v",
      "Zh==", "Zm9=", "Zn==", "Zm8=\n", "\nZm8=",   "Zm\n8=",   "Zm8 ",     " Zm8",     "Zm 8",
      "Z=8=", "=m8=", "Zm=8", "-__-",   "Zm9v!m9v", "Zm9v=m9v", "Zm9vZ===", "Zm9v====", "\xc3\xa9Zm",
  };
  for (size_t i = 0; i < COUNT(good); i++) {
    struct buf b = {0};
    text_base64_encode(&b, bytes_str(good[i].plain));
    assert_string_equal(buf_cstr(&b), good[i].text);
    buf_clear(&b);
    struct bytes text = copy_of(good[i].text, strlen(good[i].text));
    assert_int_equal(text_base64_decode(text, &b), OK);
    assert_string_equal(buf_cstr(&b), good[i].plain);
    release(text);
    buf_release(&b);
  }
  for (size_t i = 0; i < COUNT(bad); i++) {
    struct buf b = {0};
    struct bytes text = copy_of(bad[i], strlen(bad[i]));
    buf_add_str(&b, "kept");
    if (text_base64_decode(text, &b) != ERR_FORM || strcmp(buf_cstr(&b), "kept") != 0)
      fail_msg("\"%s\"", bad[i]);
    release(text);
    buf_release(&b);
  }
}

/* Every last digit of a padded group: 4 and 16 of the 64 have no unused bits set. */
static void test_base64_has_one_form(void **state) {
  (void)state;
  static const char digits[] = UPPER LOWER DIGITS "+/";
  size_t one = 0, two = 0;
  for (size_t i = 0; i < 64; i++) {
    struct buf b = {0};
    char text[4] = {'A', digits[i], '=', '='};
    one += text_base64_decode(bytes_of(text, 4), &b) == OK;
    text[1] = 'A', text[2] = digits[i];
    two += text_base64_decode(bytes_of(text, 4), &b) == OK;
    buf_release(&b);
  }
  assert_int_equal(one, 4);
  assert_int_equal(two, 16);
  struct buf small;
  buf_init(&small, 2);
  assert_int_equal(text_base64_decode(bytes_str("Zm9v"), &small), ERR_LIMIT);
  buf_release(&small);
  buf_init(&small, 3);
  text_base64_encode(&small, bytes_str("foo"));
  assert_int_equal(buf_err(&small), ERR_LIMIT);
  buf_release(&small);
}

static void test_hex(void **state) {
  (void)state;
  uint8_t out[4];
  struct buf b = {0};
  text_hex_encode(&b, bytes_of("\x00\x9a\xff", 3));
  assert_string_equal(buf_cstr(&b), "009aff");
  assert_int_equal(text_hex_decode(buf_bytes(&b), out), OK);
  assert_memory_equal(out, "\x00\x9a\xff", 3);
  static const char *const bad[] = {"0", "000", "0A", "g0", "0g", "0x", " 0", "0 ", "/0", ":0", "`0"};
  for (size_t i = 0; i < COUNT(bad); i++)
    if (text_hex_decode(bytes_str(bad[i]), out) != ERR_FORM)
      fail_msg("\"%s\"", bad[i]);
  assert_int_equal(text_hex_decode(bytes_of(NULL, 0), out), OK);
  buf_release(&b);
}

/* The rows of Unicode's table 3-7 (well-formed UTF-8), each at its edges and one step beyond. */
static void test_utf8(void **state) {
  (void)state;
  static const struct judged cases[] = {
      {"empty", "", 0, true},
      {"ASCII", "abc", 0, true},
      {"U+0000", "\0", 1, true},
      {"U+007F", "\x7f", 0, true},
      {"U+0080", "\xc2\x80", 0, true},
      {"U+07FF", "\xdf\xbf", 0, true},
      {"U+0800", "\xe0\xa0\x80", 0, true},
      {"U+CFFF", "\xec\xbf\xbf", 0, true},
      {"U+D7FF", "\xed\x9f\xbf", 0, true},
      {"U+E000", "\xee\x80\x80", 0, true},
      {"U+FFFF", "\xef\xbf\xbf", 0, true},
      {"U+10000", "\xf0\x90\x80\x80", 0, true},
      {"U+40000", "\xf1\x80\x80\x80", 0, true},
      {"U+10FFFF", "\xf4\x8f\xbf\xbf", 0, true},
      {"a continuation alone", "\x80", 0, false},
      {"overlong U+0000", "\xc0\x80", 0, false},
      {"overlong U+007F", "\xc1\xbf", 0, false},
      {"overlong U+07FF", "\xe0\x9f\xbf", 0, false},
      {"overlong U+FFFF", "\xf0\x8f\xbf\xbf", 0, false},
      {"the first surrogate", "\xed\xa0\x80", 0, false},
      {"the last surrogate", "\xed\xbf\xbf", 0, false},
      {"U+110000", "\xf4\x90\x80\x80", 0, false},
      {"a first byte of 0xF5", "\xf5\x80\x80\x80", 0, false},
      {"0xFE", "\xfe", 0, false},
      {"0xFF", "\xff", 0, false},
      {"two bytes, cut", "a\xc2", 0, false},
      {"three bytes, cut after one", "\xe1", 0, false},
      {"three bytes, cut after two", "\xe1\x80", 0, false},
      {"four bytes, cut after three", "\xf1\x80\x80", 0, false},
      {"two bytes, no continuation", "\xc2\x41", 0, false},
      {"three bytes, the last no continuation", "\xe1\x80\x41", 0, false},
      {"three bytes, the last 0xC0", "\xe1\x80\xc0", 0, false},
      {"four bytes, the last no continuation", "\xf1\x80\x80\x41", 0, false},
      {"four bytes, the third no continuation", "\xf1\x80\x41\x80", 0, false},
  };
  judge(cases, COUNT(cases), text_is_utf8);
}

static void test_plain(void **state) {
  (void)state;
  static const struct {
    const char *what, *text;
    size_t len;
    bool plain, lines;
  } cases[] = {
      {"letters", "Se\xc3\xa1n", 5, true, true},
      {"empty", "", 0, true, true},
      {"LF", "a\nb", 3, false, true},
      {"TAB", "a\tb", 3, false, true},
      {"CR", "a\rb", 3, false, false},
      {"NUL", "a\0b", 3, false, false},
      {"ESC", "\x1b", 1, false, false},
      {"U+001F", "\x1f", 1, false, false},
      {"space", " ", 1, true, true},
      {"DEL", "\x7f", 1, false, false},
      {"U+0080", "\xc2\x80", 2, false, false},
      {"U+0085", "\xc2\x85", 2, false, false},
      {"U+009F", "\xc2\x9f", 2, false, false},
      {"U+00A0", "\xc2\xa0", 2, true, true},
      {"not UTF-8", "\xc2", 1, false, false},
      {"U+1F5A3", "\xf0\x9f\x96\xa3", 4, true, true},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct bytes b = copy_of(cases[i].text, cases[i].len);
    if (text_is_plain(b) != cases[i].plain || text_is_plain_lines(b) != cases[i].lines)
      fail_msg("%s", cases[i].what);
    release(b);
  }
}

static void test_split(void **state) {
  (void)state;
  struct bytes rest = bytes_str("a..b"), before;
  assert_true(text_split(&rest, '.', &before) && bytes_equal_str(before, "a"));
  assert_true(text_split(&rest, '.', &before) && bytes_equal_str(before, ""));
  assert_false(text_split(&rest, '.', &before));
  assert_true(bytes_equal_str(rest, "b"));
  rest = bytes_of(NULL, 0);
  assert_false(text_split(&rest, '.', &before));
}

static void test_list_has(void **state) {
  (void)state;
  static const struct {
    const char *what, *list;
    char sep;
    const char *word;
    bool has;
  } cases[] = {
      {"the first", "one two three", ' ', "one", true},    {"in the middle", "one two three", ' ', "two", true},
      {"the last", "one two three", ' ', "three", true},   {"the only one", "one", '|', "one", true},
      {"a beginning of one", "one|two", '|', "tw", false}, {"more than one of them", "one|two", '|', "one|two", false},
      {"another", "one|two", '|', "three", false},
  };
  for (size_t i = 0; i < COUNT(cases); i++)
    if (text_list_has(cases[i].list, cases[i].sep, bytes_str(cases[i].word)) != cases[i].has)
      fail_msg("%s", cases[i].what);
}

/* Each row reads one line: as it is, and as the field "at". */
static void test_lines(void **state) {
  (void)state;
  static const struct {
    const char *what, *text;
    size_t len;
    const char *line, *field; /* NULL: refused */
    bool next_is_at;
  } cases[] = {
      {"a field", "at now\nmore\n", 12, "at now", "now", true},
      {"a field with two words", "at a b\n", 7, "at a b", "a b", true},
      {"another word", "att now\n", 8, "att now", NULL, false},
      {"the word alone", "at\n", 3, "at", NULL, true},
      {"the word and a space", "at \n", 4, "at ", NULL, true},
      {"no LF", "at now", 6, NULL, NULL, true},
      {"the word at the end", "at", 2, NULL, NULL, false},
      {"an empty line", "\nat now\n", 8, NULL, NULL, false},
      {"nothing", "", 0, NULL, NULL, false},
      {"a CR", "at now\r\n", 8, NULL, NULL, true},
      {"a TAB", "at\tnow\n", 7, NULL, NULL, false},
      {"a NUL", "at n\0w\n", 7, NULL, NULL, true},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct bytes b = copy_of(cases[i].text, cases[i].len);
    struct reader line_reader = reader_of(b), field_reader = reader_of(b);
    bool next_is_at = text_next_is(&line_reader, "at");
    struct bytes line = text_line(&line_reader), field = text_field(&field_reader, "at");
    if (next_is_at != cases[i].next_is_at || (line_reader.err == OK) != (cases[i].line != NULL) ||
        (field_reader.err == OK) != (cases[i].field != NULL))
      fail_msg("%s", cases[i].what);
    if (cases[i].line)
      assert_true(bytes_equal_str(line, cases[i].line));
    if (cases[i].field)
      assert_true(bytes_equal_str(field, cases[i].field));
    release(b);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_tokens_names_origins),
      cmocka_unit_test(test_kinds),
      cmocka_unit_test(test_media),
      cmocka_unit_test(test_dates),
      cmocka_unit_test(test_times),
      cmocka_unit_test(test_time_against_gmtime),
      cmocka_unit_test(test_numbers),
      cmocka_unit_test(test_base64),
      cmocka_unit_test(test_base64_has_one_form),
      cmocka_unit_test(test_hex),
      cmocka_unit_test(test_utf8),
      cmocka_unit_test(test_plain),
      cmocka_unit_test(test_split),
      cmocka_unit_test(test_list_has),
      cmocka_unit_test(test_lines),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
