#include "core/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

static struct bytes lit(const char *s, size_t len) {
  return bytes_of(s, len);
}

static void test_comparisons(void **state) {
  (void)state;
  static const struct {
    const char *what, *a, *b;
    int sign;
    bool starts; /* a begins with b */
  } cases[] = {
      {"both empty", "", "", 0, true},           {"equal", "abc", "abc", 0, true},
      {"shorter first", "ab", "abc", -1, false}, {"longer", "abc", "ab", 1, true},
      {"first byte", "b", "abc", 1, false},      {"bytes are unsigned", "\xff", "a", 1, false},
      {"empty first", "", "a", -1, false},       {"anything begins with nothing", "a", "", 1, true},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct bytes a = bytes_str(cases[i].a), b = bytes_str(cases[i].b);
    int c = bytes_compare(a, b);
    if ((c > 0) - (c < 0) != cases[i].sign || bytes_equal(a, b) != (cases[i].sign == 0) ||
        bytes_equal_str(a, cases[i].b) != (cases[i].sign == 0) || bytes_starts(a, cases[i].b) != cases[i].starts)
      fail_msg("%s", cases[i].what);
  }
  assert_int_equal(bytes_str(NULL).len, 0);
  assert_true(bytes_starts(bytes_of(NULL, 0), ""));
  assert_true(bytes_equal(bytes_of(NULL, 0), bytes_str("")));
  assert_int_equal(bytes_compare(bytes_of(NULL, 0), bytes_str("")), 0);
}

static void test_strings(void **state) {
  (void)state;
  char *s = bytes_copy_string(lit("abcd", 3));
  assert_string_equal(s, "abc");
  free(s);
  s = bytes_copy_string(bytes_of(NULL, 0));
  assert_string_equal(s, "");
  free(s);
  mem_free_secret(NULL, 5);
  free(mem_alloc(0));
}

/* At every maximum, each addition of at most `max` bytes fits and one more does not, whichever way they come. */
static void test_maximum_and_sticky_error(void **state) {
  (void)state;
  static const char text[] = "0123456789";
  for (size_t max = 1; max <= 10; max++) {
    struct buf b;
    buf_init(&b, max);
    buf_add(&b, lit(text, max));
    assert_int_equal(buf_err(&b), OK);
    assert_memory_equal(buf_cstr(&b), text, max);
    assert_int_equal(buf_cstr(&b)[max], 0);
    buf_add(&b, bytes_of(NULL, 0));
    assert_int_equal(buf_err(&b), OK);
    buf_u8(&b, 1);
    assert_int_equal(buf_err(&b), ERR_LIMIT);
    assert_int_equal(b.len, max);
    buf_clear(&b);
    buf_add(&b, lit(text, max + 1));
    buf_add_str(&b, "x");
    assert_null(buf_extend(&b, 0));
    assert_int_equal(buf_err(&b), ERR_LIMIT);
    assert_int_equal(b.len, 0);
    buf_release(&b);
    assert_int_equal(b.max, max);
    assert_int_equal(buf_err(&b), OK);
    buf_release(&b);
  }
}

static void test_growing(void **state) {
  (void)state;
  struct buf b = {0};
  assert_string_equal(buf_cstr(&b), "");
  for (unsigned i = 0; i < 100000; i++)
    buf_u8(&b, (uint8_t)(i * 7));
  assert_int_equal(b.len, 100000);
  for (unsigned i = 0; i < 100000; i++)
    assert_int_equal(b.at[i], (uint8_t)(i * 7));
  assert_null(buf_extend(&b, SIZE_MAX));
  assert_null(buf_extend(&b, BUF_MAX));
  assert_int_equal(buf_err(&b), ERR_LIMIT);
  buf_release_secret(&b);
  assert_null(b.at);
}

/* At every length there is room for the NUL of buf_cstr. */
static void test_room_for_the_nul(void **state) {
  (void)state;
  struct buf b = {0};
  for (size_t len = 1; len <= 300; len++) {
    buf_u8(&b, 'x');
    assert_int_equal(strlen(buf_cstr(&b)), len);
  }
  buf_release(&b);
}

/* Around the size at which buf_addf leaves its own buffer on the stack. */
static void test_formatting(void **state) {
  (void)state;
  for (int width = 250; width <= 260; width++) {
    struct buf b = {0};
    buf_addf(&b, "%*d|", width, 7);
    assert_int_equal(b.len, width + 1);
    assert_memory_equal(b.at + b.len - 3, " 7|", 3);
    buf_release(&b);
  }
}

static void test_binary_forms(void **state) {
  (void)state;
  static const uint8_t wanted[] = {0xfe, 1, 2, 3, 4, 0x80, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 2, 'h', 'i', 0, 0, 0, 0};
  struct buf b = {0};
  buf_u8(&b, 0xfe);
  buf_u32(&b, 0x01020304);
  buf_u64(&b, 0x8000000000000005);
  buf_string(&b, bytes_str("hi"));
  buf_string(&b, bytes_of(NULL, 0));
  assert_int_equal(b.len, sizeof wanted);
  assert_memory_equal(b.at, wanted, sizeof wanted);
  struct reader r = reader_of(buf_bytes(&b));
  assert_int_equal(reader_u8(&r), 0xfe);
  assert_int_equal(reader_u32(&r), 0x01020304);
  assert_int_equal(reader_u64(&r), 0x8000000000000005);
  assert_true(bytes_equal_str(reader_string(&r, 2), "hi"));
  assert_int_equal(reader_string(&r, 0).len, 0);
  assert_int_equal(reader_end(&r), OK);
  buf_release(&b);
}

/* Each row reads one thing from a heap copy of exactly its input. */
enum what { U8, U32, U64, TAKE3, STRING4, COUNT3OF2, EXPECT_AB };

static uint64_t read_one(struct reader *r, enum what what) {
  switch (what) {
  case U8: return reader_u8(r);
  case U32: return reader_u32(r);
  case U64: return reader_u64(r);
  case TAKE3: return reader_take(r, 3).len;
  case STRING4: return reader_string(r, 4).len;
  case COUNT3OF2: return reader_count(r, 3, 2);
  case EXPECT_AB: reader_expect(r, "ab"); return 0;
  }
  return 0;
}

static void test_reader(void **state) {
  (void)state;
  static const struct {
    const char *what;
    enum what read;
    const char *in;
    size_t len;
    enum err wanted;
    uint64_t value;
    size_t left;
  } cases[] = {
      {"u8", U8, "\x80", 1, OK, 0x80, 0},
      {"u8 of nothing", U8, "", 0, ERR_FORM, 0, 0},
      {"u32", U32, "\xff\xff\xff\xff", 4, OK, 0xffffffff, 0},
      {"u32 cut", U32, "\xff\xff\xff", 3, ERR_FORM, 0, 0},
      {"u64", U64, "\0\0\0\0\0\0\1\0z", 9, OK, 256, 1},
      {"u64 cut", U64, "\0\0\0\0\0\0\1", 7, ERR_FORM, 0, 0},
      {"take all", TAKE3, "abc", 3, OK, 3, 0},
      {"take too much", TAKE3, "ab", 2, ERR_FORM, 0, 0},
      {"string", STRING4, "\0\0\0\4abcd", 8, OK, 4, 0},
      {"string of nothing", STRING4, "\0\0\0\0", 4, OK, 0, 0},
      {"string above its limit", STRING4, "\0\0\0\5abcde", 9, ERR_FORM, 0, 0},
      {"string longer than the input", STRING4, "\0\0\0\4abc", 7, ERR_FORM, 0, 0},
      {"string of 4 GiB", STRING4, "\xff\xff\xff\xff", 4, ERR_FORM, 0, 0},
      {"string without a length", STRING4, "\0\0\0", 3, ERR_FORM, 0, 0},
      {"count", COUNT3OF2, "\0\0\0\3aabbcc", 10, OK, 3, 6},
      {"count above its limit", COUNT3OF2, "\0\0\0\4aabbccdd", 12, ERR_FORM, 0, 0},
      {"count that cannot follow", COUNT3OF2, "\0\0\0\3aabbc", 9, ERR_FORM, 0, 0},
      {"count of nothing", COUNT3OF2, "\0\0\0\0", 4, OK, 0, 0},
      {"count cut", COUNT3OF2, "\0\0\0", 3, ERR_FORM, 0, 0},
      {"expected", EXPECT_AB, "abc", 3, OK, 0, 1},
      {"something else", EXPECT_AB, "aac", 3, ERR_FORM, 0, 0},
      {"expected, cut", EXPECT_AB, "a", 1, ERR_FORM, 0, 0},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    uint8_t *copy = mem_alloc(cases[i].len);
    memcpy(copy, cases[i].in, cases[i].len);
    struct reader r = reader_of(bytes_of(copy, cases[i].len));
    uint64_t value = read_one(&r, cases[i].read);
    if (r.err != cases[i].wanted || value != cases[i].value || r.rest.len != cases[i].left)
      fail_msg("%s", cases[i].what);
    assert_int_equal(reader_end(&r), r.err == OK && r.rest.len == 0 ? OK : ERR_FORM);
    free(copy);
  }
}

static void test_reader_error_is_sticky(void **state) {
  (void)state;
  struct reader r = reader_of(bytes_str("abcdefghijkl"));
  reader_fail(&r);
  assert_int_equal(reader_u8(&r), 0);
  assert_int_equal(reader_take(&r, 0).len, 0);
  assert_int_equal(reader_string(&r, 10).len, 0);
  assert_int_equal(reader_count(&r, 10, 0), 0);
  reader_expect(&r, "");
  assert_int_equal(reader_end(&r), ERR_FORM);
  r = reader_of(bytes_of(NULL, 0));
  assert_int_equal(reader_take(&r, 0).len, 0);
  assert_int_equal(reader_end(&r), OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_comparisons),
      cmocka_unit_test(test_strings),
      cmocka_unit_test(test_maximum_and_sticky_error),
      cmocka_unit_test(test_growing),
      cmocka_unit_test(test_room_for_the_nul),
      cmocka_unit_test(test_formatting),
      cmocka_unit_test(test_binary_forms),
      cmocka_unit_test(test_reader),
      cmocka_unit_test(test_reader_error_is_sticky),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
