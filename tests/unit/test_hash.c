#include "core/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* NIST's examples for FIPS 180-4 (SHA-256): one block, two blocks, nothing, and a million times "a". */
static const struct {
  const char *what, *message;
  size_t repeat;
  const char *digest;
} examples[] = {
    {"nothing", "", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"one block", "abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"two blocks", "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {"two blocks and more",
     "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
     1, "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
    {"a million", "a", 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
};

static void test_examples(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
    struct buf b = {0};
    for (size_t j = 0; j < examples[i].repeat; j++)
      buf_add_str(&b, examples[i].message);
    struct hash h = hash_of(buf_bytes(&b));
    if (strcmp(hash_hex(&h).s, examples[i].digest) != 0)
      fail_msg("%s: %s", examples[i].what, hash_hex(&h).s);
    buf_release(&b);
  }
}

/* Wherever a message is cut into parts, its hash is the same. */
static void test_parts(void **state) {
  (void)state;
  struct bytes whole = bytes_str(examples[3].message);
  struct hash wanted = hash_of(whole);
  for (size_t cut = 0; cut <= whole.len; cut++) {
    struct bytes parts[] = {bytes_of(whole.at, cut), bytes_of(NULL, 0), bytes_of(whole.at + cut, whole.len - cut)};
    struct hash h = hash_of_parts(parts, 3);
    assert_true(hash_equal(&h, &wanted));
  }
  struct hash none = hash_of_parts(NULL, 0), empty = hash_of(bytes_of(NULL, 0));
  assert_true(hash_equal(&none, &empty));
}

static void test_text_form(void **state) {
  (void)state;
  static const char digits[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  static const struct {
    const char *what, *text;
    enum err wanted;
  } cases[] = {
      {"64 digits", digits, OK},
      {"63 digits", digits + 1, ERR_FORM},
      {"62 digits", digits + 2, ERR_FORM},
      {"66 digits", "00ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", ERR_FORM},
      {"nothing", "", ERR_FORM},
      {"upper case", "BA7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", ERR_FORM},
      {"a letter too far", "ga7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", ERR_FORM},
      {"a space", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a ", ERR_FORM},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct hash h = hash_of(bytes_str("untouched")), untouched = h;
    struct buf b = {0};
    size_t len = strlen(cases[i].text);
    char *copy = mem_alloc(len);
    memcpy(copy, cases[i].text, len);
    if (hash_parse(bytes_of(copy, len), &h) != cases[i].wanted)
      fail_msg("%s", cases[i].what);
    assert_int_equal(hash_equal(&h, &untouched), cases[i].wanted != OK);
    hash_format(&b, &h);
    assert_string_equal(buf_cstr(&b), hash_hex(&h).s);
    assert_int_equal(strcmp(buf_cstr(&b), cases[i].text) == 0, cases[i].wanted == OK);
    buf_release(&b);
    free(copy);
  }
}

static void test_from_bytes(void **state) {
  (void)state;
  struct hash h = hash_of(bytes_str("abc"));
  uint8_t longer[HASH_SIZE + 1] = {1};
  for (size_t len = 0; len <= HASH_SIZE + 1; len++) {
    struct hash from = hash_from(bytes_of(longer, len));
    assert_int_equal(hash_is_zero(&from), len != HASH_SIZE);
  }
  struct hash again = hash_from(hash_bytes(&h));
  assert_true(hash_equal(&h, &again));
  for (size_t bit = 0; bit < 8 * HASH_SIZE; bit++) {
    again.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
    assert_false(hash_equal(&h, &again));
    again.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_examples),
      cmocka_unit_test(test_parts),
      cmocka_unit_test(test_text_form),
      cmocka_unit_test(test_from_bytes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
