/* Dates and times as people type them: what can be read in one way only, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/typed.h"

#define NOW_S ((int64_t)1795302000) /* 2026-11-21T23:00:00Z */

/* value: NULL where it is refused. */
struct typing {
  const char *typed, *value, *said;
};

static void check(const struct typing *t, enum err (*read)(const char *, int64_t, struct typed_date *)) {
  struct typed_date out = {"", ""};
  enum err e = read(t->typed, NOW_S, &out);
  if (t->value == NULL) {
    if (e != ERR_USAGE)
      fail_msg("\"%s\" is read as %s", t->typed, out.value);
    return;
  }
  if (e != OK || strcmp(out.value, t->value) != 0 || (t->said && strcmp(out.said, t->said) != 0))
    fail_msg("\"%s\" is read as \"%s\", \"%s\"", t->typed, out.value, out.said);
}

static void dates(void **state) {
  static const struct typing cases[] = {
      {"2026-11-21", "2026-11-21", "Saturday 21 November 2026"},
      {"2026-1-2", "2026-01-02", "Friday 2 January 2026"},
      {"21/11/2026", "2026-11-21", NULL},
      {"1/2/2026", "2026-02-01", "Sunday 1 February 2026"},
      {"21.11.2026", "2026-11-21", NULL},
      {"21 Nov 2026", "2026-11-21", NULL},
      {"21 november 2026", "2026-11-21", NULL},
      {"1 SEPT 2026", "2026-09-01", NULL},
      {"29 Feb 2024", "2024-02-29", "Thursday 29 February 2024"},
      {"today", "2026-11-21", NULL},
      {"Yesterday", "2026-11-20", NULL},
      {"tomorrow", "2026-11-22", NULL},
      {"21-11-2026", NULL, NULL},
      {"21st November 2026", "2026-11-21", NULL},
      {"2ND Jan 2026", "2026-01-02", NULL},
      {"Nov 21, 2026", "2026-11-21", NULL},
      {"Saturday 21 November 2026", "2026-11-21", "Saturday 21 November 2026"},
      {"sat, 21/11/2026", "2026-11-21", NULL},
      {"Friday 21 November 2026", NULL, NULL},
      {"Saturday", NULL, NULL},
      {"Saturday 29 Feb 2023", NULL, NULL},
      {"21sst November 2026", NULL, NULL},
      {"21 Nov, 26", NULL, NULL},
      {"29 Feb 2023", NULL, NULL},
      {"31/4/2026", NULL, NULL},
      {"11/21/2026", NULL, NULL},
      {"21/11/26", NULL, NULL},
      {"21 Nov 26", NULL, NULL},
      {"21 No 2026", NULL, NULL},
      {"21 Novembers 2026", NULL, NULL},
      {"21 Novembre 2026", NULL, NULL},
      {"2026-11-21x", NULL, NULL},
      {"2026-11-21 ", NULL, NULL},
      {"2026/11/21", NULL, NULL},
      {"20261121", NULL, NULL},
      {"21/11-2026", NULL, NULL},
      {"-1/2/2026", NULL, NULL},
      {"1899-12-31", NULL, NULL},
      {"12026-01-01", NULL, NULL},
      {"Saturday", NULL, NULL},
      {"to", NULL, NULL},
      {"", NULL, NULL},
      {"999999999999999999999999", NULL, NULL},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    check(&cases[i], typed_date);
}

static void times(void **state) {
  static const struct typing cases[] = {
      {"2026-11-21T10:03:00Z", "2026-11-21T10:03:00Z", "2026-11-21T10:03:00Z"},
      {"21/11/2026 10:03", "2026-11-21T10:03:00Z", "Saturday 21 November 2026, 10:03 (local time)"},
      {"21 Nov 2026 9:05", "2026-11-21T09:05:00Z", "Saturday 21 November 2026, 09:05 (local time)"},
      {"1 Jun 2027 10:00", "2027-06-01T09:00:00Z", NULL},
      {"2026-11-21  10:03", "2026-11-21T10:03:00Z", NULL},
      {"today 10:03", "2026-11-21T10:03:00Z", NULL},
      /* The clocks go forward and back in the night. */
      {"28 Mar 2027 00:59", "2027-03-28T00:59:00Z", NULL},
      {"28 Mar 2027 01:30", NULL, NULL},
      {"28 Mar 2027 02:00", "2027-03-28T01:00:00Z", NULL},
      {"25 Oct 2026 00:59", "2026-10-24T23:59:00Z", NULL},
      {"25 Oct 2026 01:30", NULL, NULL},
      {"25 Oct 2026 02:00", "2026-10-25T02:00:00Z", NULL},
      {"21 Nov 2026", NULL, NULL},
      {"21 Nov 2026 24:00", NULL, NULL},
      {"21 Nov 2026 10:60", NULL, NULL},
      {"21 Nov 2026 10", NULL, NULL},
      {"Saturday 21 November 2026, 10:03", "2026-11-21T10:03:00Z", "Saturday 21 November 2026, 10:03 (local time)"},
      {"21 Nov 2026 at 10.03", "2026-11-21T10:03:00Z", NULL},
      {"21 Nov 2026 10:03pm", "2026-11-21T22:03:00Z", NULL},
      {"21 Nov 2026 2 pm", "2026-11-21T14:00:00Z", NULL},
      {"today at 9am", "2026-11-21T09:00:00Z", NULL},
      {"21 Nov 2026 12am", NULL, NULL},
      {"21 Nov 2026 12:30 pm", NULL, NULL},
      {"21 Nov 2026 14:00 pm", NULL, NULL},
      {"21 Nov 2026 10xm", NULL, NULL},
      {"Sunday 21 November 2026, 10:03", NULL, NULL},
      {"pm", NULL, NULL},
      {" pm", NULL, NULL},
      {"at 10:03", NULL, NULL},
      {"21 Nov 2026 -1:03", NULL, NULL},
      {"10:03", NULL, NULL},
      {" 10:03", NULL, NULL},
      {"21/11/26 10:03", NULL, NULL},
      {"2026-11-21                                              of some year 10:03", NULL, NULL},
      {"2026-11-21T10:03Z", NULL, NULL},
      {"2026-11-21T25:03:00Z", NULL, NULL},
      {"", NULL, NULL},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    check(&cases[i], typed_time);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(dates), cmocka_unit_test(times)};
  setenv("TZ", "Europe/London", 1);
  tzset();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
