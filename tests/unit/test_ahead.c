/* What is verified ahead is what the door would find itself, whoever of the two comes first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "core/ahead.h"

#define ACTS 48
#define TURNS 20000

struct signed_act {
  struct key *author;
  struct buf header, signature;
  struct act_entry entry;
  struct act_text text;
};

static struct key *authors[2];
static struct signed_act made[ACTS];
static struct ahead_act given[ACTS];

static void make_header(struct buf *b, const struct key *author, int n) {
  char digit[8];
  struct hash by = key_id(author), content;
  snprintf(digit, sizeof digit, "%d", n);
  content = hash_of(bytes_str(digit));
  buf_addf(
      b, "cairn entry 1\nkind x.y\nby %s\nat 2026-11-21T09:59:30Z\naudience case\nmedia application/json\ncontent %s\n",
      hash_hex(&by).s, hash_hex(&content).s);
}

static int make_acts(void **state) {
  (void)state;
  for (int i = 0; i < 2; i++)
    authors[i] = key_new();
  for (int i = 0; i < ACTS; i++) {
    struct signed_act *a = &made[i];
    a->author = authors[i % 3 == 0];
    make_header(&a->header, a->author, i);
    a->entry.header = buf_bytes(&a->header);
    assert_int_equal(act_text_of(&a->entry, 1, &a->text), OK);
    assert_int_equal(act_sign(&a->text, a->author, &a->signature), OK);
    given[i] = (struct ahead_act){&a->entry, 1, buf_bytes(&a->signature)};
  }
  return 0;
}

static int drop_acts(void **state) {
  (void)state;
  for (int i = 0; i < ACTS; i++) {
    buf_release(&made[i].header);
    buf_release(&made[i].signature);
  }
  for (int i = 0; i < 2; i++)
    key_free(authors[i]);
  return 0;
}

/* So that the thread comes first, where there is a processor for it. */
static void let_it_run(void) {
  for (int i = 0; i < TURNS; i++)
    sched_yield();
}

static void good_and_bad_ones_are_told_apart(void **state) {
  (void)state;
  given[20].signature = buf_bytes(&made[21].signature);
  for (int is_backwards = 0; is_backwards < 2; is_backwards++) {
    struct ahead *a = ahead_begin(given, ACTS);
    for (int n = 0; n < ACTS; n++) {
      int i = is_backwards && n > 3 ? ACTS + 3 - n : n; /* backwards the thread comes to the bad one first */
      enum err e = ahead_verify(a, (size_t)i, &made[i].text, made[i].author, given[i].signature);
      assert_int_equal(e, i == 20 ? ERR_SIGNATURE : OK);
      if (n == 3)
        let_it_run();
    }
    ahead_end(a);
  }
  given[20].signature = buf_bytes(&made[20].signature);
}

/* What was verified counts for these bytes, this author and this signature, and for nothing else. */
static void another_text_key_or_signature_is_verified_anew(void **state) {
  (void)state;
  struct ahead *a = ahead_begin(given, ACTS);
  for (int i = 0; i < 4; i++)
    assert_int_equal(ahead_verify(a, (size_t)i, &made[i].text, made[i].author, given[i].signature), OK);
  let_it_run();
  for (size_t i = 4; i + 2 < ACTS; i += 3) {
    const struct signed_act *one = &made[i], *two = &made[i + 1], *three = &made[i + 2];
    assert_int_equal(ahead_verify(a, i, &two->text, one->author, given[i].signature), ERR_SIGNATURE);
    assert_int_equal(ahead_verify(a, i + 1, &two->text, authors[two->author == authors[0]], given[i + 1].signature),
                     ERR_SIGNATURE);
    assert_int_equal(ahead_verify(a, i + 2, &three->text, three->author, given[i].signature), ERR_SIGNATURE);
  }
  ahead_end(a);
}

static void ends_before_it_is_asked(void **state) {
  (void)state;
  for (int i = 0; i < 20; i++) {
    struct ahead *a = ahead_begin(given, ACTS);
    if (i % 2)
      assert_int_equal(ahead_verify(a, 0, &made[0].text, made[0].author, given[0].signature), OK);
    ahead_end(a);
  }
  assert_null(ahead_begin(given, 1));
  assert_int_equal(ahead_verify(NULL, 0, &made[0].text, made[0].author, given[0].signature), OK);
  ahead_end(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(good_and_bad_ones_are_told_apart),
      cmocka_unit_test(another_text_key_or_signature_is_verified_anew),
      cmocka_unit_test(ends_before_it_is_asked),
  };
  return cmocka_run_group_tests(tests, make_acts, drop_acts);
}
