/* Who sees what: every enrolled replica and its people everything, but for somebody who is kept out of a child's case;
 * nobody else anything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/scope.h"

static const struct hash ava = {{0xa}}, ben = {{0xb}};

static struct entry entry_of(enum audience a) {
  struct entry e;
  entry_init(&e);
  e.audience = a;
  e.id = (struct hash){{0xe}};
  return e;
}

static void every_audience(void **state) {
  const struct scope_recipient nobody = {.person = {{3}}}, replica = {.replica = {{1}}},
                               last = {.replica = {{[HASH_SIZE - 1] = 1}}},
                               someone = {.replica = {{1}}, .person = {{3}}};
  (void)state;
  for (enum audience a = AUDIENCE_DIRECTORY; a <= AUDIENCE_RESTRICTED; a++) {
    struct entry e = entry_of(a);
    assert_true(scope_may_see(&replica, &e));
    assert_true(scope_may_see(&last, &e));
    assert_true(scope_may_see(&someone, &e));
    assert_false(scope_may_see(&nobody, &e));
    assert_true(scope_may_seal_to(&someone, &e));
    assert_false(scope_may_seal_to(&replica, &e));
  }
}

/* Which children the entry is about; bit 1 Ava, bit 2 Ben; bit 4: it is the entry that created Ava. */
enum { AVA = 1, BEN = 2, IS_AVA = 4 };

static struct entry about(enum audience a, unsigned who) {
  struct entry e = entry_of(a);
  if (who & AVA)
    e.children[e.child_count++] = ava;
  if (who & BEN)
    e.children[e.child_count++] = ben;
  if (who & IS_AVA)
    e.id = ava;
  return e;
}

static void kept_out(void **state) {
  static const struct {
    unsigned barred, about;
    bool is_shown;
  } cases[] = {
      {0, 0, true},         {0, AVA, true},       {0, AVA | BEN, true},    {0, IS_AVA, true},
      {AVA, 0, true},       {AVA, AVA, false},    {AVA, BEN, true},        {AVA, AVA | BEN, false},
      {AVA, IS_AVA, false}, {BEN, AVA, true},     {BEN, BEN, false},       {BEN, AVA | BEN, false},
      {BEN, IS_AVA, true},  {AVA | BEN, 0, true}, {AVA | BEN, AVA, false}, {AVA | BEN, BEN, false},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    for (enum audience a = AUDIENCE_DIRECTORY; a <= AUDIENCE_RESTRICTED; a++) {
      struct hash barred[2];
      struct scope_recipient who = {.replica = {{1}}, .person = {{3}}, .barred = barred};
      struct entry e = about(a, cases[i].about);
      if (cases[i].barred & AVA)
        barred[who.barred_count++] = ava;
      if (cases[i].barred & BEN)
        barred[who.barred_count++] = ben;
      bool is_shown = cases[i].is_shown || a == AUDIENCE_DIRECTORY;
      if (scope_may_see(&who, &e) != is_shown || scope_may_seal_to(&who, &e) != is_shown)
        fail_msg("case %zu, audience %s", i, audience_word(a));
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_audience), cmocka_unit_test(kept_out)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
