/* Dates and times as people type them. What cannot be read in one way only is refused: the day comes before the month
 * (as in the United Kingdom), and a year has four digits.
 *
 *   2026-11-21 · 21/11/2026 · 21.11.2026 · 21 Nov 2026 · 21st November 2026 · Nov 21, 2026 · today ·
 *   yesterday · tomorrow; a day of the week before it must be the date's
 *   a time: any of these with 10:03, 10.03, 10am or 2:30 pm, as in "21/11/2026 at 10:03", in local time; or
 *   2026-11-21T10:03:00Z
 */
#ifndef CAIRN_CLI_TYPED_H
#define CAIRN_CLI_TYPED_H

#include "core/text.h"

#define TYPED_SAID_MAX 64

struct typed_date {
  char value[TEXT_TIME_SIZE + 1]; /* as core/FORMAT.md writes it */
  char said[TYPED_SAID_MAX];      /* so that nobody can mistake it: "Saturday 21 November 2026, 10:03 (local time)" */
};

/* ERR_USAGE with words that give an example. now_s says which day is today, in local time. */
enum err typed_date(const char *typed, int64_t now_s, struct typed_date *out);
enum err typed_time(const char *typed, int64_t now_s, struct typed_date *out);

#endif
