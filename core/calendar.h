/* Days, as deadlines count them. Pure: dates and holidays come in, dates go out.
 *
 * Working days are Monday to Friday but for the holidays given. A period of n working or calendar days that starts on
 * a day ends on the n-th such day after it; a period of n months ends on the same day of the month, or on that
 * month's last day where there is none. */
#ifndef CAIRN_CORE_CALENDAR_H
#define CAIRN_CORE_CALENDAR_H

#include "core/text.h"

/* word */
#define CALENDAR_UNIT_TABLE(X)                                                                                         \
  X(CALENDAR_DAYS, "calendar-days")                                                                                    \
  X(CALENDAR_WORKING_DAYS, "working-days")                                                                             \
  X(CALENDAR_WEEKS, "weeks")                                                                                           \
  X(CALENDAR_MONTHS, "months")

enum calendar_unit {
#define X(code, word) code,
  CALENDAR_UNIT_TABLE(X)
#undef X
};

#define CALENDAR_COUNT_MAX 3660 /* in any unit */

/* The codes of all units, joined by |: for a field of a kind. */
extern const char calendar_units[];

/* ERR_FORM. */
enum err calendar_unit_parse(struct bytes word, enum calendar_unit *out);

/* Is date (or the date of a time) one of those in holidays, a text of dates in any notation that separates them? */
bool calendar_is_holiday(struct bytes date, struct bytes holidays);

/* The last day of a period of count units that starts on from (a date, or a time, of which the date counts). ERR_FORM,
 * ERR_LIMIT. */
struct calendar_date {
  char s[TEXT_DATE_SIZE + 1];
};
enum err calendar_add(struct bytes from, uint64_t count, enum calendar_unit unit, struct bytes holidays,
                      struct calendar_date *out);

/* The latest day on which a notice of count units for the day of a meeting can be given. Errors as above. */
enum err calendar_subtract(struct bytes from, uint64_t count, enum calendar_unit unit, struct bytes holidays,
                           struct calendar_date *out);

#endif
