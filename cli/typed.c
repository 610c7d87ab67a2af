#include "cli/typed.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *const months[] = {"January", "February", "March",     "April",   "May",      "June",
                                     "July",    "August",   "September", "October", "November", "December"};
static const char *const days[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

struct day {
  int year, month, day;
};

static bool begins_alike(const char *whole, const char *typed) {
  for (; *typed; whole++, typed++)
    if (tolower((unsigned char)*whole) != tolower((unsigned char)*typed))
      return false;
  return true;
}

static enum err bad(const char *typed, const char *example) {
  return err_set(ERR_USAGE, "\"%s\" is not a date that can be read in one way only; type it as %s", typed, example);
}

static int month_of(const char *word) {
  for (int i = 0; i < 12; i++)
    if (strlen(word) >= 3 && begins_alike(months[i], word))
      return i + 1;
  return 0;
}

static bool read_relative(const char *typed, int64_t now_s, struct day *d) {
  static const struct {
    const char *word;
    int days;
  } words[] = {{"today", 0}, {"yesterday", -1}, {"tomorrow", 1}};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strlen(typed) == strlen(words[i].word) && begins_alike(words[i].word, typed)) {
      time_t now = (time_t)now_s;
      struct tm tm;
      localtime_r(&now, &tm);
      tm.tm_mday += words[i].days;
      tm.tm_hour = 12;
      tm.tm_isdst = -1;
      mktime(&tm);
      *d = (struct day){tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday};
      return true;
    }
  return false;
}

static bool read_day(const char *typed, int64_t now_s, struct day *d) {
  char word[16];
  int end = 0;
  if (read_relative(typed, now_s, d))
    return true;
  if (sscanf(typed, "%4d-%2d-%2d%n", &d->year, &d->month, &d->day, &end) == 3 && typed[end] == '\0')
    return true;
  if (sscanf(typed, "%2d/%2d/%4d%n", &d->day, &d->month, &d->year, &end) == 3 && typed[end] == '\0')
    return true;
  if (sscanf(typed, "%2d.%2d.%4d%n", &d->day, &d->month, &d->year, &end) == 3 && typed[end] == '\0')
    return true;
  if (sscanf(typed, "%2d %15[A-Za-z] %4d%n", &d->day, word, &d->year, &end) == 3 && typed[end] == '\0') {
    d->month = month_of(word);
    return true;
  }
  return false;
}

static bool is_good(const struct day *d, char out[TEXT_DATE_SIZE + 1]) {
  if (d->year < 1900 || d->year > 9999 || d->month < 1 || d->month > 12 || d->day < 1 || d->day > 31)
    return false;
  snprintf(out, TEXT_DATE_SIZE + 1, "%04u-%02u-%02u", (unsigned)d->year % 10000, (unsigned)d->month % 100,
           (unsigned)d->day % 100);
  return text_is_date(bytes_str(out));
}

static const char *weekday(const struct day *d) {
  struct tm tm = {.tm_year = d->year - 1900, .tm_mon = d->month - 1, .tm_mday = d->day, .tm_hour = 12};
  timegm(&tm);
  return days[tm.tm_wday];
}

enum err typed_date(const char *typed, int64_t now_s, struct typed_date *out) {
  struct day d = {0};
  char date[TEXT_DATE_SIZE + 1];
  if (!read_day(typed, now_s, &d) || !is_good(&d, date))
    return bad(typed, "2026-11-21 or 21 Nov 2026");
  snprintf(out->value, sizeof out->value, "%s", date);
  snprintf(out->said, sizeof out->said, "%s %d %s %d", weekday(&d), d.day, months[d.month - 1], d.year);
  return OK;
}

/* Does a clock on the wall there show this, in summer (1) or winter (0) time? */
static bool is_shown(const struct day *d, int hour, int minute, int summer, time_t *out) {
  struct tm tm = {.tm_year = d->year - 1900,
                  .tm_mon = d->month - 1,
                  .tm_mday = d->day,
                  .tm_hour = hour,
                  .tm_min = minute,
                  .tm_isdst = summer};
  time_t t = mktime(&tm);
  if (t == (time_t)-1 || tm.tm_hour != hour || tm.tm_min != minute || tm.tm_isdst != summer)
    return false;
  *out = t;
  return true;
}

/* An hour that the change of the clocks leaves out is none, and one that it repeats cannot be read in one way only. */
static bool to_utc(const struct day *d, int hour, int minute, char out[TEXT_TIME_SIZE + 1]) {
  time_t t = 0;
  bool in_winter = is_shown(d, hour, minute, 0, &t), in_summer = is_shown(d, hour, minute, 1, &t);
  if (in_winter == in_summer)
    return false;
  struct text_time text = text_time_format((int64_t)t);
  snprintf(out, TEXT_TIME_SIZE + 1, "%s", text.s);
  return true;
}

static bool read_exact(const char *typed, struct typed_date *out) {
  if (!text_is_time(bytes_str(typed)))
    return false;
  snprintf(out->value, sizeof out->value, "%s", typed);
  snprintf(out->said, sizeof out->said, "%s", typed);
  return true;
}

enum err typed_time(const char *typed, int64_t now_s, struct typed_date *out) {
  struct day d = {0};
  char day[48], date[TEXT_DATE_SIZE + 1];
  int hour, minute, end = 0;
  const char *space = strrchr(typed, ' '), *clock = space ? space + 1 : "";
  if (read_exact(typed, out))
    return OK;
  if (sscanf(clock, "%2d:%2d%n", &hour, &minute, &end) != 2 || clock[end] != '\0' || hour > 23 || minute > 59 ||
      hour < 0 || minute < 0 || (size_t)(space - typed) >= sizeof day)
    return bad(typed, "\"21 Nov 2026 10:03\" or 2026-11-21T10:03:00Z");
  snprintf(day, sizeof day, "%.*s", (int)(space - typed), typed);
  while (day[0] && isspace((unsigned char)day[strlen(day) - 1]))
    day[strlen(day) - 1] = '\0';
  if (!read_day(day, now_s, &d) || !is_good(&d, date) || !to_utc(&d, hour, minute, out->value))
    return bad(typed, "\"21 Nov 2026 10:03\" or 2026-11-21T10:03:00Z");
  snprintf(out->said, sizeof out->said, "%s %d %s %d, %02d:%02d (local time)", weekday(&d), d.day, months[d.month - 1],
           d.year, hour, minute);
  return OK;
}
