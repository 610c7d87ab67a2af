/* Who sees what, in this version: every enrolled replica everything, nobody else anything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/scope.h"

static void every_audience(void **state) {
  const struct scope_recipient nobody = {{{0}}}, replica = {{{1}}}, last = {{{[HASH_SIZE - 1] = 1}}};
  (void)state;
  for (enum audience a = AUDIENCE_DIRECTORY; a <= AUDIENCE_RESTRICTED; a++) {
    struct entry e;
    entry_init(&e);
    e.audience = a;
    assert_true(scope_may_see(&replica, &e));
    assert_true(scope_may_see(&last, &e));
    assert_false(scope_may_see(&nobody, &e));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_audience)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
