#include "core/calendar.h"

#include <stdio.h>
#include <string.h>

#define DAY_S 86400

static const char *const words[] = {
#define X(code, word) word,
    CALENDAR_UNIT_TABLE(X)
#undef X
};

const char calendar_units[] = "calendar-days|working-days|weeks|months";

enum err calendar_unit_parse(struct bytes word, enum calendar_unit *out) {
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (bytes_equal_str(word, words[i])) {
      *out = (enum calendar_unit)i;
      return OK;
    }
  return err_set(ERR_FORM, "a period is counted in one of: %s", calendar_units);
}

static enum err read_day(struct bytes date, int64_t *day_s_out) {
  char midnight[TEXT_TIME_SIZE + 1];
  if (date.len < TEXT_DATE_SIZE || !text_is_date(bytes_of(date.at, TEXT_DATE_SIZE)))
    return err_set(ERR_FORM, "not a date: \"%.*s\"", (int)(date.len < 40 ? date.len : 40), (const char *)date.at);
  snprintf(midnight, sizeof midnight, "%.10sT00:00:00Z", (const char *)date.at);
  return text_time_parse(bytes_str(midnight), day_s_out);
}

static struct calendar_date write_day(int64_t day_s) {
  struct text_time t = text_time_format(day_s);
  struct calendar_date d;
  snprintf(d.s, sizeof d.s, "%.10s", t.s);
  return d;
}

bool calendar_is_holiday(struct bytes date, struct bytes holidays) {
  return date.len >= TEXT_DATE_SIZE && holidays.len && memmem(holidays.at, holidays.len, date.at, TEXT_DATE_SIZE);
}

static bool is_working(int64_t day_s, struct bytes holidays) {
  int64_t weekday = (day_s / DAY_S % 7 + 7 + 3) % 7; /* 1970-01-01 was a Thursday; 0 is Monday */
  struct calendar_date d = write_day(day_s);
  return weekday < 5 && !calendar_is_holiday(bytes_str(d.s), holidays);
}

static int64_t step_working(int64_t day_s, uint64_t count, int64_t step_s, struct bytes holidays) {
  while (count > 0) {
    day_s += step_s;
    count -= is_working(day_s, holidays);
  }
  return day_s;
}

static bool is_leap(int year) {
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in(int year, int month) {
  static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return days[month] + (month == 1 && is_leap(year));
}

static enum err leaves_the_years(void) {
  return err_set(ERR_LIMIT, "a period leaves the years 1900 to 9999");
}

/* months may be negative. */
static enum err step_months(int64_t day_s, int64_t months, int64_t *out) {
  struct text_time t = text_time_format(day_s);
  char text[TEXT_TIME_SIZE + 1];
  int year, month, day;
  if (sscanf(t.s, "%4d-%2d-%2d", &year, &month, &day) != 3)
    return ERR_FORM;
  int64_t all = (int64_t)year * 12 + month - 1 + months;
  year = (int)(all / 12);
  month = (int)(all % 12);
  if (year < 1900 || year > 9999)
    return leaves_the_years();
  if (day > days_in(year, month))
    day = days_in(year, month);
  snprintf(text, sizeof text, "%04u-%02u-%02uT00:00:00Z", (unsigned)year % 10000, (unsigned)(month + 1) % 100,
           (unsigned)day % 100);
  return text_time_parse(bytes_str(text), out);
}

static enum err step(struct bytes from, uint64_t count, int sign, enum calendar_unit unit, struct bytes holidays,
                     struct calendar_date *out) {
  int64_t day_s;
  enum err e = read_day(from, &day_s);
  if (e == OK && count > CALENDAR_COUNT_MAX)
    e = err_set(ERR_LIMIT, "a period has at most %d days, weeks or months", CALENDAR_COUNT_MAX);
  if (e != OK)
    return e;
  switch (unit) {
  case CALENDAR_DAYS: day_s += sign * (int64_t)count * DAY_S; break;
  case CALENDAR_WEEKS: day_s += sign * (int64_t)count * 7 * DAY_S; break;
  case CALENDAR_WORKING_DAYS: day_s = step_working(day_s, count, sign * DAY_S, holidays); break;
  case CALENDAR_MONTHS: e = step_months(day_s, sign * (int64_t)count, &day_s); break;
  }
  if (e != OK)
    return e;
  struct calendar_date day = write_day(day_s);
  if (!text_is_date(bytes_str(day.s)))
    return leaves_the_years();
  *out = day;
  return OK;
}

enum err calendar_add(struct bytes from, uint64_t count, enum calendar_unit unit, struct bytes holidays,
                      struct calendar_date *out) {
  return step(from, count, 1, unit, holidays, out);
}

enum err calendar_subtract(struct bytes from, uint64_t count, enum calendar_unit unit, struct bytes holidays,
                           struct calendar_date *out) {
  return step(from, count, -1, unit, holidays, out);
}
