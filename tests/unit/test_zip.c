/* Compressed bodies: there and back; bombs, frames that say something else than they hold, cuts, flipped bits. */
#include "sync/zip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define MAX 65536

/* Text of the kind that is sent: words again and again. */
static struct buf text_of(size_t size) {
  struct buf b = {0};
  for (size_t i = 0; b.len < size; i++)
    buf_addf(&b, "fact %zu meeting case application/json\n", i * i % 997);
  b.len = size;
  return b;
}

static enum err unpack(struct bytes packed, size_t max, struct buf *out) {
  uint8_t *copy = malloc(packed.len ? packed.len : 1);
  memcpy(copy, packed.at ? packed.at : (const uint8_t *)"", packed.len);
  enum err e = zip_unpack(bytes_of(copy, packed.len), max, out);
  free(copy);
  return e;
}

static void there_and_back(void **state) {
  (void)state;
  static const size_t sizes[] = {256, 1000, 16383, 16384, 16385, 100000, (size_t)4 << 20, (size_t)8 << 20};
  for (size_t i = 0; i < COUNT(sizes); i++) {
    struct buf plain = text_of(sizes[i]), packed = {0}, again = {0};
    assert_true(zip_pack(buf_bytes(&plain), &packed));
    assert_true(packed.len < plain.len);
    assert_int_equal(unpack(buf_bytes(&packed), sizes[i], &again), OK);
    assert_true(bytes_equal(buf_bytes(&again), buf_bytes(&plain)));
    /* One byte more than may be: nothing of it comes out. */
    buf_clear(&again);
    assert_int_equal(unpack(buf_bytes(&packed), sizes[i] - 1, &again), ERR_LIMIT);
    assert_int_equal(again.len, 0);
    buf_release(&plain);
    buf_release(&packed);
    buf_release(&again);
  }
}

static void what_gains_nothing(void **state) {
  (void)state;
  uint8_t noise[4096];
  struct buf out = {0}, small = text_of(255);
  uint32_t x = 1;
  for (size_t i = 0; i < sizeof noise; i++)
    noise[i] = (uint8_t)((x = x * 1664525 + 1013904223) >> 24);
  buf_add_str(&out, "before");
  assert_false(zip_pack(bytes_of(noise, sizeof noise), &out));
  assert_false(zip_pack(buf_bytes(&small), &out));
  assert_false(zip_pack(bytes_of(NULL, 0), &out));
  assert_true(bytes_equal_str(buf_bytes(&out), "before"));
  buf_release(&out);
  buf_release(&small);
}

/* Frames made by hand (RFC 8878 section 3.1.1): what they say of window and size, and one block with or without
 * compression. */
#define MAGIC 0x28, 0xb5, 0x2f, 0xfd
#define SIZE_4 0x80 /* the size in four bytes, and a window */
#define LAST_RAW(n) 1 | ((n) << 3 & 0xff), (n) >> 5 & 0xff, (n) >> 13
#define LAST_RUN(n) 3 | ((n) << 3 & 0xff), (n) >> 5 & 0xff, (n) >> 13

static void frames_made_by_hand(void **state) {
  (void)state;
  static const struct {
    const char *what;
    uint8_t frame[40];
    size_t len;
    enum err expected;
  } cases[] = {
      {"nothing", {0}, 0, ERR_FORM},
      {"no frame", {'c', 'a', 'i', 'r', 'n', ' ', 's', 'y', 'n', 'c', ' ', '1', '\n'}, 13, ERR_FORM},
      {"three bytes", {MAGIC, SIZE_4, 0x00, 3, 0, 0, 0, LAST_RAW(3), 'a', 'b', 'c'}, 16, OK},
      {"a run of 60,000", {MAGIC, SIZE_4, 0x30, 0x60, 0xea, 0, 0, LAST_RUN(60000), 'a'}, 14, OK},
      {"a run that is longer than it says",
       {MAGIC, SIZE_4, 0x30, 0x60, 0xe0, 0, 0, LAST_RUN(60000), 'a'},
       14,
       ERR_FORM},
      {"less than it says", {MAGIC, SIZE_4, 0x00, 4, 0, 0, 0, LAST_RAW(3), 'a', 'b', 'c'}, 16, ERR_FORM},
      {"more than it says", {MAGIC, SIZE_4, 0x00, 2, 0, 0, 0, LAST_RAW(3), 'a', 'b', 'c'}, 16, ERR_FORM},
      {"4 GiB", {MAGIC, SIZE_4, 0x00, 0xff, 0xff, 0xff, 0xff, LAST_RAW(3), 'a', 'b', 'c'}, 16, ERR_LIMIT},
      {"16 EiB",
       {MAGIC, 0xc0, 0x00, 0xf0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, LAST_RAW(3), 'a', 'b', 'c'},
       20,
       ERR_LIMIT},
      {"no size", {MAGIC, 0x00, 0x00, LAST_RAW(3), 'a', 'b', 'c'}, 12, ERR_FORM},
      {"size 0", {MAGIC, SIZE_4, 0x00, 0, 0, 0, 0, LAST_RAW(0)}, 13, ERR_FORM},
      {"a window of 8 MiB", {MAGIC, SIZE_4, 13 << 3, 3, 0, 0, 0, LAST_RAW(3), 'a', 'b', 'c'}, 16, OK},
      {"a window of 9 MiB", {MAGIC, SIZE_4, 13 << 3 | 1, 3, 0, 0, 0, LAST_RAW(3), 'a', 'b', 'c'}, 16, ERR_LIMIT},
      {"a window of 16 MiB", {MAGIC, SIZE_4, 14 << 3, 3, 0, 0, 0, LAST_RAW(3), 'a', 'b', 'c'}, 16, ERR_LIMIT},
      {"a window of 2 TiB", {MAGIC, SIZE_4, 31 << 3, 3, 0, 0, 0, LAST_RAW(3), 'a', 'b', 'c'}, 16, ERR_FORM},
      {"something behind it", {MAGIC, SIZE_4, 0x00, 3, 0, 0, 0, LAST_RAW(3), 'a', 'b', 'c', 0}, 17, ERR_FORM},
      {"two frames",
       {MAGIC, SIZE_4, 0x00, 3, 0, 0, 0, LAST_RAW(3), 'a', 'b', 'c',
        MAGIC, SIZE_4, 0x00, 3, 0, 0, 0, LAST_RAW(3), 'a', 'b', 'c'},
       32,
       ERR_FORM},
      {"a frame to be skipped", {0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 'a', 'b', 'c'}, 11, ERR_FORM},
      {"one of the reserved bits", {MAGIC, SIZE_4 | 8, 0x00, 3, 0, 0, 0, LAST_RAW(3), 'a', 'b', 'c'}, 16, ERR_FORM},
      {"a dictionary", {MAGIC, SIZE_4 | 1, 0x00, 7, 3, 0, 0, 0, LAST_RAW(3), 'a', 'b', 'c'}, 17, ERR_FORM},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct buf out = {0};
    enum err e = unpack(bytes_of(cases[i].frame, cases[i].len), MAX, &out);
    if (e != cases[i].expected || out.len > MAX)
      fail_msg("%s: %s: %s", cases[i].what, err_text(e), err_words(e));
    buf_release(&out);
  }
}

/* The checksum finds what the format lets pass. */
static void cut_and_flipped(void **state) {
  (void)state;
  struct buf plain = text_of(3000), packed = {0}, out = {0};
  assert_true(zip_pack(buf_bytes(&plain), &packed));
  for (size_t n = 0; n < packed.len; n++) {
    buf_clear(&out);
    assert_int_equal(unpack(bytes_of(packed.at, n), MAX, &out), ERR_FORM);
  }
  for (size_t bit = 0; bit < 8 * packed.len; bit++) {
    buf_clear(&out);
    packed.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
    enum err e = unpack(buf_bytes(&packed), MAX, &out);
    assert_true(e != OK || bytes_equal(buf_bytes(&out), buf_bytes(&plain)));
    assert_true(out.len <= MAX);
    packed.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
  }
  buf_release(&plain);
  buf_release(&packed);
  buf_release(&out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(there_and_back),
      cmocka_unit_test(what_gains_nothing),
      cmocka_unit_test(frames_made_by_hand),
      cmocka_unit_test(cut_and_flipped),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
