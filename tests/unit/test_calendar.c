/* Days as deadlines count them, in C and as SQL's functions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "core/calendar.h"
#include "core/store_parts.h"
#include "tests/lib/world.h"

static const char holidays[] = "[\"2026-12-25\",\"2026-12-28\",\"2027-01-01\",\"2027-01-04\"]";

/* back: the latest day to give notice; NULL: not tried. */
static const struct {
  const char *from, *unit;
  uint64_t count;
  const char *on, *back;
} periods[] = {
    {"2026-11-21", "calendar-days", 1, "2026-11-22", "2026-11-20"},
    {"2026-11-21T23:59:59Z", "calendar-days", 0, "2026-11-21", "2026-11-21"},
    {"2026-12-31", "calendar-days", 1, "2027-01-01", "2026-12-30"},
    {"2024-02-28", "calendar-days", 1, "2024-02-29", "2024-02-27"},
    {"2023-02-28", "calendar-days", 1, "2023-03-01", "2023-02-27"},
    {"2100-02-28", "calendar-days", 1, "2100-03-01", "2100-02-27"},
    {"2000-02-28", "calendar-days", 1, "2000-02-29", "2000-02-27"},
    {"1900-01-02", "calendar-days", 1, "1900-01-03", "1900-01-01"},
    {"2026-11-21", "weeks", 3, "2026-12-12", "2026-10-31"},
    /* Friday, Saturday, Sunday */
    {"2026-11-20", "working-days", 1, "2026-11-23", "2026-11-19"},
    {"2026-11-21", "working-days", 1, "2026-11-23", "2026-11-20"},
    {"2026-11-22", "working-days", 5, "2026-11-27", "2026-11-16"},
    {"2026-11-21", "working-days", 0, "2026-11-21", "2026-11-21"},
    /* Christmas on a Friday, the 28th a holiday: the next working day is Tuesday */
    {"2026-12-24", "working-days", 1, "2026-12-29", "2026-12-23"},
    {"2026-12-29", "working-days", 1, "2026-12-30", "2026-12-24"},
    {"2026-12-24", "working-days", 5, "2027-01-06", "2026-12-17"},
    {"1969-12-31", "working-days", 1, "1970-01-01", "1969-12-30"},
    {"1969-12-29", "working-days", 1, "1969-12-30", "1969-12-26"},
    {"2026-01-31", "months", 1, "2026-02-28", "2025-12-31"},
    {"2024-01-31", "months", 1, "2024-02-29", "2023-12-31"},
    {"2026-03-31", "months", 1, "2026-04-30", "2026-02-28"},
    {"2024-03-30", "months", 1, "2024-04-30", "2024-02-29"},
    {"2026-11-21", "months", 3, "2027-02-21", "2026-08-21"},
    {"2026-01-15", "months", 1, "2026-02-15", "2025-12-15"},
    {"2024-02-29", "months", 12, "2025-02-28", "2023-02-28"},
    {"2026-12-01", "months", 0, "2026-12-01", "2026-12-01"},
};

static void counts(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof periods / sizeof *periods; i++) {
    struct calendar_date d;
    enum calendar_unit unit;
    assert_int_equal(calendar_unit_parse(bytes_str(periods[i].unit), &unit), OK);
    assert_int_equal(calendar_add(bytes_str(periods[i].from), periods[i].count, unit, bytes_str(holidays), &d), OK);
    assert_string_equal(d.s, periods[i].on);
    assert_int_equal(calendar_subtract(bytes_str(periods[i].from), periods[i].count, unit, bytes_str(holidays), &d),
                     OK);
    assert_string_equal(d.s, periods[i].back);
  }
}

/* Working days against a count of days one by one. */
static void counts_working_days_one_by_one(void **state) {
  (void)state;
  for (uint64_t n = 1; n < 60; n++) {
    struct calendar_date d, before;
    size_t working = 0;
    assert_int_equal(calendar_add(bytes_str("2026-12-01"), n, CALENDAR_WORKING_DAYS, bytes_str(holidays), &d), OK);
    for (uint64_t day = 1;
         strcmp(calendar_add(bytes_str("2026-12-01"), day, CALENDAR_DAYS, bytes_of(NULL, 0), &before) == OK ? before.s
                                                                                                            : "",
                d.s) <= 0;
         day++) {
      uint64_t weekday = (day + 1) % 7; /* 2026-12-01 is a Tuesday; 0 is Monday */
      working += weekday < 5 && !calendar_is_holiday(bytes_str(before.s), bytes_str(holidays));
    }
    assert_int_equal(working, n);
  }
}

static void refuses(void **state) {
  static const struct {
    const char *from;
    uint64_t count;
    enum calendar_unit unit;
    enum err e;
  } cases[] = {
      {"2026-02-30", 1, CALENDAR_DAYS, ERR_FORM},     {"", 1, CALENDAR_DAYS, ERR_FORM},
      {"2026-11-2", 1, CALENDAR_DAYS, ERR_FORM},      {"soon", 1, CALENDAR_DAYS, ERR_FORM},
      {"2026-11-21", 3661, CALENDAR_DAYS, ERR_LIMIT}, {"2026-11-21", UINT64_MAX, CALENDAR_MONTHS, ERR_LIMIT},
      {"9999-12-31", 1, CALENDAR_MONTHS, ERR_LIMIT},  {"9999-12-31", 3660, CALENDAR_MONTHS, ERR_LIMIT},
      {"9999-12-31", 1, CALENDAR_DAYS, ERR_LIMIT},    {"9999-12-31", 1, CALENDAR_WORKING_DAYS, ERR_LIMIT},
      {"9999-12-31", 1, CALENDAR_WEEKS, ERR_LIMIT},
  };
  struct calendar_date d;
  enum calendar_unit unit;
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    if (calendar_add(bytes_str(cases[i].from), cases[i].count, cases[i].unit, bytes_str(""), &d) != cases[i].e)
      fail_msg("%s + %llu", cases[i].from, (unsigned long long)cases[i].count);
  assert_int_equal(calendar_subtract(bytes_str("1900-01-01"), 1, CALENDAR_DAYS, bytes_str(""), &d), ERR_LIMIT);
  assert_int_equal(calendar_subtract(bytes_str("1900-01-31"), 1, CALENDAR_MONTHS, bytes_str(""), &d), ERR_LIMIT);
  assert_int_equal(calendar_unit_parse(bytes_str("days"), &unit), ERR_FORM);
  assert_int_equal(calendar_unit_parse(bytes_str(""), &unit), ERR_FORM);
}

static void knows_holidays(void **state) {
  (void)state;
  assert_true(calendar_is_holiday(bytes_str("2026-12-25"), bytes_str(holidays)));
  assert_true(calendar_is_holiday(bytes_str("2026-12-25T10:00:00Z"), bytes_str(holidays)));
  assert_false(calendar_is_holiday(bytes_str("2026-12-26"), bytes_str(holidays)));
  assert_false(calendar_is_holiday(bytes_str("2026-12-2"), bytes_str(holidays)));
  assert_false(calendar_is_holiday(bytes_str("2026-12-25"), bytes_of(NULL, 0)));
}

static void check_sql(struct db *db, const char *expression, const char *expected) {
  struct query q;
  struct buf statement = {0};
  buf_addf(&statement, "SELECT %s", expression);
  query_start_once(&q, db, buf_cstr(&statement));
  assert_true(query_row(&q));
  if (query_is_null(&q, 0) != (expected == NULL) || (expected && !bytes_equal_str(query_get(&q, 0), expected)))
    fail_msg("%s is not %s", expression, expected ? expected : "NULL");
  assert_int_equal(query_end(&q), OK);
  buf_release(&statement);
}

static void sql_counts_too(void **state) {
  static const struct {
    const char *expression, *expected;
  } cases[] = {
      {"due('2026-11-20', 1, 'working-days', NULL)", "2026-11-23"},
      {"due('2026-12-24T10:00:00Z', 1, 'working-days', '[\"2026-12-25\",\"2026-12-28\"]')", "2026-12-29"},
      {"due('2026-01-31', '1', 'months', NULL)", "2026-02-28"},
      {"notice_by('2026-12-29', 1, 'working-days', '[\"2026-12-25\",\"2026-12-28\"]')", "2026-12-24"},
      {"notice_by('2026-11-21', 3, 'weeks', NULL)", "2026-10-31"},
      {"due(NULL, 1, 'weeks', NULL)", NULL},
      {"due('2026-11-21', NULL, 'weeks', NULL)", NULL},
      {"due('2026-11-21', 1, NULL, NULL)", NULL},
      {"due('2026-11-21', 1, 'fortnights', NULL)", NULL},
      {"due('2026-11-21', -1, 'weeks', NULL)", NULL},
      {"due('soon', 1, 'weeks', NULL)", NULL},
      {"due('9999-12-31', 1, 'weeks', NULL)", NULL},
      {"notice_by('1900-01-01', 1, 'calendar-days', NULL)", NULL},
  };
  struct world w;
  (void)state;
  world_open(&w, 1);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    check_sql(w.node.store->db, cases[i].expression, cases[i].expected);
  world_close(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(counts),         cmocka_unit_test(counts_working_days_one_by_one),
      cmocka_unit_test(refuses),        cmocka_unit_test(knows_holidays),
      cmocka_unit_test(sql_counts_too),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
