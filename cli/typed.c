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

/* The day of the week, if one is typed before the date, as in what is echoed; -1 if none is. */
static int read_weekday(const char **typed) {
  size_t n = strspn(*typed, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
  char word[16];
  if (n < 3 || n >= sizeof word || strspn(*typed + n, ", ") == 0)
    return -1;
  snprintf(word, sizeof word, "%.*s", (int)n, *typed);
  for (int i = 0; i < 7; i++)
    if (begins_alike(days[i], word)) {
      *typed += n + strspn(*typed + n, ", ");
      return i;
    }
  return -1;
}

/* Without what only decorates it: the comma of "Dec 15, 2026", the letters of "1st". */
static void tidy(const char *typed, char *out, size_t size) {
  size_t n = 0;
  for (const char *c = typed; *c && n + 1 < size; c++) {
    const bool is_ordinal =
        c > typed && isdigit((unsigned char)c[-1]) && c[1] && (c[2] == ' ' || c[2] == ',') &&
        (begins_alike(c, "st") || begins_alike(c, "nd") || begins_alike(c, "rd") || begins_alike(c, "th"));
    if (is_ordinal)
      c++;
    else if (*c != ',' || c[1] != ' ')
      out[n++] = *c;
  }
  out[n] = '\0';
}

static bool read_numbers(const char *typed, struct day *d) {
  int end = 0;
  if (sscanf(typed, "%4d-%2d-%2d%n", &d->year, &d->month, &d->day, &end) == 3 && typed[end] == '\0')
    return true;
  if (sscanf(typed, "%2d/%2d/%4d%n", &d->day, &d->month, &d->year, &end) == 3 && typed[end] == '\0')
    return true;
  return sscanf(typed, "%2d.%2d.%4d%n", &d->day, &d->month, &d->year, &end) == 3 && typed[end] == '\0';
}

static bool read_words(const char *typed, struct day *d) {
  char word[16];
  int end = 0;
  if ((sscanf(typed, "%2d %15[A-Za-z] %4d%n", &d->day, word, &d->year, &end) == 3 ||
       sscanf(typed, "%15[A-Za-z] %2d %4d%n", word, &d->day, &d->year, &end) == 3) &&
      typed[end] == '\0') {
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

/* A day of the week that is not the date's says that one of the two is mistyped. */
static bool read_day(const char *typed, int64_t now_s, struct day *d) {
  char tidied[48], date[TEXT_DATE_SIZE + 1];
  if (read_relative(typed, now_s, d))
    return true;
  const int day_of_week = read_weekday(&typed);
  if (strlen(typed) >= sizeof tidied)
    return false;
  tidy(typed, tidied, sizeof tidied);
  if (!read_numbers(tidied, d) && !read_words(tidied, d))
    return false;
  return day_of_week < 0 || (is_good(d, date) && weekday(d) == days[day_of_week]);
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

/* 10:03, 10.03, 10am, 10:03 pm. What is meant by 12 am and 12 pm, not all agree on. */
static bool read_clock(const char *typed, int *hour, int *minute) {
  int end = 0;
  *minute = 0;
  if (sscanf(typed, "%2d:%2d%n", hour, minute, &end) != 2 && sscanf(typed, "%2d.%2d%n", hour, minute, &end) != 2) {
    if (sscanf(typed, "%2d%n", hour, &end) != 1 || typed[end] == '\0')
      return false;
  }
  const char *rest = typed + end + strspn(typed + end, " ");
  const bool is_pm = begins_alike("pm", rest), is_am = begins_alike("am", rest);
  if (*rest && (strlen(rest) != 2 || (!is_pm && !is_am) || *hour < 1 || *hour > 11))
    return false;
  *hour += *rest && is_pm ? 12 : 0;
  return isdigit((unsigned char)typed[0]) && *hour >= 0 && *hour <= 23 && *minute >= 0 && *minute <= 59;
}

/* Where the time of day begins, or NULL. */
static const char *find_clock(const char *typed) {
  const char *space = strrchr(typed, ' ');
  if (space && strlen(space + 1) == 2 && (begins_alike("am", space + 1) || begins_alike("pm", space + 1)))
    while (space > typed && !(space[-1] == ' '))
      space--;
  return space == NULL ? NULL : *space == ' ' ? space + 1 : space;
}

enum err typed_time(const char *typed, int64_t now_s, struct typed_date *out) {
  static const char example[] = "\"21 Nov 2026 10:03\" or 2026-11-21T10:03:00Z";
  struct day d = {0};
  char day[48], date[TEXT_DATE_SIZE + 1];
  int hour, minute;
  const char *clock = find_clock(typed);
  if (read_exact(typed, out))
    return OK;
  if (clock == NULL || !read_clock(clock, &hour, &minute) || (size_t)(clock - typed) >= sizeof day)
    return bad(typed, example);
  snprintf(day, sizeof day, "%.*s", (int)(clock - typed), typed);
  size_t n = strlen(day);
  while (n && (isspace((unsigned char)day[n - 1]) || day[n - 1] == ','))
    day[--n] = '\0';
  if (n > 3 && strcmp(day + n - 3, " at") == 0)
    day[n - 3] = '\0';
  if (!read_day(day, now_s, &d) || !is_good(&d, date) || !to_utc(&d, hour, minute, out->value))
    return bad(typed, example);
  snprintf(out->said, sizeof out->said, "%s %d %s %d, %02d:%02d (local time)", weekday(&d), d.day, months[d.month - 1],
           d.year, hour, minute);
  return OK;
}
