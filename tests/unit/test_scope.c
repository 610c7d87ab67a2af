/* Who sees what: to which agencies an entry goes, by its audience and how the agency stands to it; and which of an
 * agency's people its machines show it to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

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

/* ---- agencies ---- */

/* For each tie the audiences that go to an agency with that tie alone, by their initials. */
static const struct {
  enum scope_tie tie;
  const char *audiences;
} ties[] = {
    {SCOPE_ENROLLED, "d"}, {SCOPE_AUTHOR, "rcpnR"}, {SCOPE_INVOLVED, "rcp"},
    {SCOPE_INVITED, "cp"}, {SCOPE_ENTITLED, "r"},   {SCOPE_NAMED, "nR"},
    {SCOPE_BARRED, "c"},   {SCOPE_WITNESS, "n"},    {SCOPE_KEEPER, "cn"},
};
#define TIE_COUNT (sizeof ties / sizeof *ties)

static const char initials[] = {
    [AUDIENCE_DIRECTORY] = 'd',     [AUDIENCE_REGISTER] = 'r', [AUDIENCE_CASE] = 'c',
    [AUDIENCE_PROFESSIONALS] = 'p', [AUDIENCE_NAMED] = 'n',    [AUDIENCE_RESTRICTED] = 'R',
};

/* By any one of its ties, and by nothing else: no tie takes away what another one gives. */
static void every_tie(void **state) {
  (void)state;
  for (unsigned set = 0; set < 1u << TIE_COUNT; set++)
    for (enum audience a = AUDIENCE_DIRECTORY; a <= AUDIENCE_RESTRICTED; a++) {
      bool goes = false;
      for (size_t i = 0; i < TIE_COUNT; i++)
        goes = goes || ((set & ties[i].tie) && strchr(ties[i].audiences, initials[a]));
      if (scope_goes_to(a, set) != goes)
        fail_msg("ties %x, audience %s", set, audience_word(a));
    }
}

/* ---- people ---- */

static bool is_for_the_named(enum audience a) {
  return a == AUDIENCE_NAMED || a == AUDIENCE_RESTRICTED;
}

static void every_audience(void **state) {
  const struct scope_recipient nobody = {.person = {{3}}}, replica = {.replica = {{1}}},
                               last = {.replica = {{[HASH_SIZE - 1] = 1}}},
                               someone = {.replica = {{1}}, .person = {{3}}};
  (void)state;
  for (enum audience a = AUDIENCE_DIRECTORY; a <= AUDIENCE_RESTRICTED; a++) {
    struct entry e = entry_of(a);
    assert_true(scope_may_see(&replica, &e, false));
    assert_true(scope_may_see(&last, &e, false));
    assert_int_equal(scope_may_see(&someone, &e, false), !is_for_the_named(a));
    assert_false(scope_may_see(&nobody, &e, false));
  }
}

/* What is for persons by name is shown to those with a key on its `to` lines, and to its author: any of their keys. */
static void by_name(void **state) {
  static const struct {
    unsigned keys; /* bit 1: the author's; bits 2 and 4: those on the `to` lines; bit 8: another one */
    bool is_shown;
  } cases[] = {{0, false}, {1, true}, {2, true}, {4, true}, {8, false}, {9, true}, {12, true}, {15, true}};
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    for (enum audience a = AUDIENCE_DIRECTORY; a <= AUDIENCE_RESTRICTED; a++) {
      struct hash keys[4];
      struct scope_recipient who = {.replica = {{1}}, .person = {{3}}, .keys = keys};
      struct entry e = entry_of(a);
      e.by = (struct hash){{1}};
      e.to[e.to_count++] = (struct hash){{2}};
      e.to[e.to_count++] = (struct hash){{4}};
      for (uint8_t bit = 8; bit > 0; bit >>= 1)
        if (cases[i].keys & bit)
          keys[who.key_count++] = (struct hash){{bit}};
      if (scope_may_see(&who, &e, false) != (cases[i].is_shown || !is_for_the_named(a)))
        fail_msg("keys %u, audience %s", cases[i].keys, audience_word(a));
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
      static const struct hash key = {{0xc}};
      struct hash barred[2];
      struct scope_recipient who = {.replica = {{1}}, .person = {{3}}, .keys = &key, .key_count = 1, .barred = barred};
      struct entry e = about(a, cases[i].about);
      e.to[e.to_count++] = key; /* being named does not let anybody in who is kept out */
      if (cases[i].barred & AVA)
        barred[who.barred_count++] = ava;
      if (cases[i].barred & BEN)
        barred[who.barred_count++] = ben;
      bool is_shown = cases[i].is_shown || a == AUDIENCE_DIRECTORY;
      if (scope_may_see(&who, &e, false) != is_shown)
        fail_msg("case %zu, audience %s", i, audience_word(a));
    }
}

/* The audiences are written down a second time, so that a change of the table is seen. */
static void test_family_copies(void **state) {
  static const enum audience never[] = {AUDIENCE_REGISTER, AUDIENCE_PROFESSIONALS, AUDIENCE_NAMED, AUDIENCE_RESTRICTED};
  (void)state;
  assert_true(scope_may_stand_in_family_copy(AUDIENCE_CASE));
  assert_true(scope_may_stand_in_family_copy(AUDIENCE_DIRECTORY));
  for (size_t i = 0; i < sizeof never / sizeof *never; i++)
    assert_false(scope_may_stand_in_family_copy(never[i]));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_family_copies), cmocka_unit_test(every_tie),
                                     cmocka_unit_test(every_audience), cmocka_unit_test(by_name),
                                     cmocka_unit_test(kept_out)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
