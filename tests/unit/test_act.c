/* The texts of acts, positions and leaves, letter for letter; roots and ids as the openssl commands of core/FORMAT.md
 * section 4 give them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/act.h"

#define H(digit) digit digit digit digit digit digit digit digit digit digit digit digit digit digit digit digit
#define HASH(digit) H(digit) H(digit) H(digit) H(digit)
#define HEADER(minute)                                                                                                 \
  "cairn entry 1\nkind child.add\nby " HASH(                                                                           \
      "1") "\nat 2026-11-21T10:" minute ":00Z\naudience case\n"                                                        \
           "media application/json\ncontent 692f9ab94951768542015d9e67bca909a32a639d5b61df0433aecf3ff74beee9\n"
#define ROOT_1 "6732382b80ad7d54d0735daa696bd6ab4a6c47d0ab166e43247a877bdd92892a"
#define ROOT_3 "b1797e352917eb4e0f1db6c97e136ce5278deff80288c0612b23c703d9d64f08"
#define ACT_1 "f5cd9046eda8ad3774c72e3553687217f2db9ad873ef486910a1e378a08a145a"
#define ACT_3 "c1fe6ce23dc4fcf418e1b0b014a2e1bff5df5d830c8700b7428677751e61cad1"
#define POSITION_1 "dbe210763650a03994a2dba4d123be4445baf944be0c843c273cc5913ed78445"

static const struct act_entry entries[] = {
    {.index = 0, .header = {(const uint8_t *)HEADER("03"), sizeof HEADER("03") - 1}},
    {.index = 1, .header = {(const uint8_t *)HEADER("04"), sizeof HEADER("04") - 1}},
    {.index = 2, .header = {(const uint8_t *)HEADER("05"), sizeof HEADER("05") - 1}},
};

static struct hash hash_from_text(const char *hex) {
  struct hash h;
  assert_int_equal(hash_parse(bytes_str(hex), &h), OK);
  return h;
}

static void check_text(struct buf *b, const char *wanted) {
  assert_string_equal(buf_cstr(b), wanted);
  buf_release(b);
}

static void texts_of_acts(void **state) {
  struct act_text text;
  struct buf b = {0};
  (void)state;
  assert_int_equal(act_text_of(entries, 1, &text), OK);
  struct hash id = act_id(&text);
  act_text_format(&b, &text);
  check_text(&b, "cairn act 1\nby " HASH("1") "\nsize 1\nroot " ROOT_1 "\n");
  assert_string_equal(hash_hex(&id).s, ACT_1);
  assert_int_equal(act_text_of(entries, 3, &text), OK);
  id = act_id(&text);
  act_text_format(&b, &text);
  check_text(&b, "cairn act 1\nby " HASH("1") "\nsize 3\nroot " ROOT_3 "\n");
  assert_string_equal(hash_hex(&id).s, ACT_3);
}

static void what_is_no_act(void **state) {
  struct act_text text;
  const struct act_entry bad = {.header = bytes_str("cairn entry 1\n")};
  (void)state;
  assert_int_equal(act_text_of(entries, 0, &text), ERR_FORM);
  assert_int_equal(act_text_of(&bad, 1, &text), ERR_FORM);
  struct act_entry *many = mem_alloc_array(ACT_ENTRIES_MAX + 1, sizeof *many);
  for (size_t i = 0; i <= ACT_ENTRIES_MAX; i++)
    many[i] = (struct act_entry){.index = (uint32_t)i, .header = entries[0].header};
  assert_int_equal(act_text_of(many, ACT_ENTRIES_MAX, &text), OK);
  assert_int_equal(text.size, ACT_ENTRIES_MAX);
  assert_int_equal(act_text_of(many, ACT_ENTRIES_MAX + 1, &text), ERR_FORM);
  free(many);
}

static void texts_of_positions(void **state) {
  struct position p = {.replica = hash_from_text(HASH("2")), .number = 1, .act = hash_from_text(ACT_3)};
  struct buf b = {0};
  (void)state;
  position_format(&b, &p);
  check_text(&b, "cairn position 1\nreplica " HASH("2") "\nnumber 1\nprevious " HASH("0") "\nact " ACT_3 "\n");
  struct hash id = position_id(&p);
  assert_string_equal(hash_hex(&id).s, POSITION_1);
  p.previous = id;
  p.number = 9007199254740991u;
  position_format(&b, &p);
  check_text(&b, "cairn position 1\nreplica " HASH("2") "\nnumber 9007199254740991\nprevious " POSITION_1 "\nact " ACT_3
                                                        "\n");
}

static void texts_of_leaves(void **state) {
  const struct position p = {hash_from_text(HASH("2")), 7, hash_from_text(POSITION_1), hash_from_text(ACT_3)};
  struct leaf l = {.number = 41,
                   .admitted = bytes_str("2026-11-21T10:06:00Z"),
                   .position = &p,
                   .index = 0,
                   .size = 3,
                   .signature = bytes_str("sig"),
                   .head = bytes_str("head"),
                   .header = entries[0].header};
  struct buf b = {0};
  (void)state;
#define FIRST                                                                                                          \
  "cairn leaf 1\nnumber 41\nadmitted 2026-11-21T10:06:00Z\nact " ACT_3 " 0 3\nsignature c2ln\n"                        \
  "position " HASH("2") " 7 " POSITION_1 "\n"
  leaf_format(&b, &l);
  check_text(&b, FIRST "head aGVhZA==\n" HEADER("03"));
  l.head = bytes_of("", 0);
  leaf_format(&b, &l);
  check_text(&b, FIRST HEADER("03"));
  l.number = 43;
  l.index = 2;
  l.head = bytes_str("head"); /* not of a later leaf */
  l.header = entries[2].header;
  leaf_format(&b, &l);
  check_text(&b, "cairn leaf 1\nnumber 43\nadmitted 2026-11-21T10:06:00Z\nact " ACT_3 " 2 3\n" HEADER("05"));
}

/* A signature is for this text and no other. */
static void signatures(void **state) {
  struct key *key = key_new(), *other = key_new();
  struct act_text act;
  struct position p = {.replica = hash_from_text(HASH("2")), .number = 1, .act = hash_from_text(ACT_3)}, q;
  struct buf of_act = {0}, of_position = {0};
  (void)state;
  assert_int_equal(act_text_of(entries, 3, &act), OK);
  assert_int_equal(act_sign(&act, key, &of_act), OK);
  assert_int_equal(position_sign(&p, key, &of_position), OK);
  assert_int_equal(act_verify(&act, key, buf_bytes(&of_act)), OK);
  assert_int_equal(position_verify(&p, key, buf_bytes(&of_position)), OK);
  assert_int_equal(act_verify(&act, other, buf_bytes(&of_act)), ERR_SIGNATURE);
  assert_int_equal(act_verify(&act, key, buf_bytes(&of_position)), ERR_SIGNATURE);
  assert_int_equal(position_verify(&p, key, buf_bytes(&of_act)), ERR_SIGNATURE);
  for (size_t i = 0; i < 3; i++) {
    struct act_text changed = act;
    if (i == 0)
      changed.by.at[0] ^= 1;
    else if (i == 1)
      changed.size++;
    else
      changed.root.at[31] ^= 1;
    assert_int_equal(act_verify(&changed, key, buf_bytes(&of_act)), ERR_SIGNATURE);
  }
  for (size_t i = 0; i < 4; i++) {
    q = p;
    if (i == 0)
      q.replica.at[0] ^= 1;
    else if (i == 1)
      q.number++;
    else if (i == 2)
      q.previous.at[0] ^= 1;
    else
      q.act.at[0] ^= 1;
    assert_int_equal(position_verify(&q, key, buf_bytes(&of_position)), ERR_SIGNATURE);
  }
  buf_release(&of_act);
  buf_release(&of_position);
  key_free(key);
  key_free(other);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(texts_of_acts),   cmocka_unit_test(what_is_no_act), cmocka_unit_test(texts_of_positions),
      cmocka_unit_test(texts_of_leaves), cmocka_unit_test(signatures),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
