/* Every number of the catalogue of practice that Cairn claims is covered: by a rule, by a field, or by a kind whose
 * help names it. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/kind.h"
#include "core/rule.h"

static const struct {
  const char *letter;
  int from, to;
} claimed[] = {
    {"R", 1, 73},  {"R", 91, 132}, {"R", 133, 134}, {"R", 139, 139}, {"N", 1, 17},
    {"N", 22, 23}, {"N", 27, 38},  {"N", 46, 46},   {"C", 1, 14},
};

/* Does the text name the number, alone or in a range as "R-102 to R-104"? */
static bool names(const char *text, const char *letter, int number) {
  char begin[8];
  int last = -1;
  snprintf(begin, sizeof begin, "%s-", letter);
  for (const char *at = text ? strstr(text, begin) : NULL; at; at = strstr(at + 2, begin)) {
    int n = 0, used = 0;
    if (sscanf(at + 2, "%3d%n", &n, &used) != 1)
      continue;
    bool is_range = last >= 0 && at - text >= 4 && strncmp(at - 4, " to ", 4) == 0;
    if (n == number || (is_range && number > last && number < n))
      return true;
    last = n;
  }
  return false;
}

static bool is_covered(const char *letter, int number) {
  char whole[16];
  const struct kind *k;
  const struct rule *r;
  snprintf(whole, sizeof whole, "%s-%03d", letter, number);
  if (letter[0] != 'R')
    snprintf(whole, sizeof whole, letter[0] == 'C' ? "%s-%d" : "%s-%02d", letter, number);
  for (size_t i = 0; (r = rule_at(i)); i++)
    if (strcmp(r->number, whole) == 0 || names(r->words, letter, number) || names(r->source, letter, number))
      return true;
  for (size_t i = 0; (k = kind_at(i)); i++) {
    if (names(k->help, letter, number))
      return true;
    for (const struct field *f = k->fields; f->name; f++)
      if (names(f->help, letter, number))
        return true;
  }
  return false;
}

static void every_number_is_covered(void **state) {
  size_t missing = 0;
  (void)state;
  for (size_t i = 0; i < sizeof claimed / sizeof *claimed; i++)
    for (int n = claimed[i].from; n <= claimed[i].to; n++)
      if (!is_covered(claimed[i].letter, n)) {
        print_error("%s-%d is covered by no rule, field or kind\n", claimed[i].letter, n);
        missing++;
      }
  assert_int_equal(missing, 0);
}

static void numbers_in_words(void **state) {
  (void)state;
  assert_true(names("a view (R-102 to R-104)", "R", 103));
  assert_true(names("a view (R-102 to R-104)", "R", 104));
  assert_false(names("a view (R-102, R-104)", "R", 103));
  assert_false(names("a view (R-102 to R-104)", "R", 105));
  assert_false(names(NULL, "R", 1));
  assert_true(names("N-05", "N", 5));
  assert_false(is_covered("R", 999));
}

/* What names a part of a meeting may have been said behind closed doors. Only these kinds do and may go to the family;
 * K-081 keeps them from naming a closed part. */
static void the_family_hears_nothing_of_a_closed_part(void **state) {
  static const char *const guarded[] = {"information.record", "information.change"};
  const struct rule *guard = rule_find(bytes_str("K-081"));
  const struct kind *k;
  size_t open = 0;
  (void)state;
  assert_non_null(guard);
  for (size_t i = 0; (k = kind_at(i)); i++)
    for (const struct field *f = k->fields; f->name; f++) {
      if (f->type != FIELD_ENTRY || f->of == NULL || !field_has_code(f, bytes_str("segment.record")))
        continue;
      if (k->audience == AUDIENCE_PROFESSIONALS)
        continue;
      open++;
      if (strcmp(k->name, guarded[0]) != 0 && strcmp(k->name, guarded[1]) != 0)
        fail_msg("%s can name a closed part of a meeting, and is not for professionals alone", k->name);
      assert_non_null(strstr(guard->gates, k->name));
    }
  assert_int_equal(open, 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(numbers_in_words),
      cmocka_unit_test(every_number_is_covered),
      cmocka_unit_test(the_family_hears_nothing_of_a_closed_part),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
