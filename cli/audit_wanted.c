#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/audit.h"
#include "cli/clock.h"
#include "cli/typed.h"

#define ID_DIGITS_MIN 8
#define ID_DIGITS 64

enum err audit_want(const char *what, const char *typed, struct audit_wanted *out) {
  const size_t len = strlen(typed);
  if (len < ID_DIGITS_MIN || len > ID_DIGITS || strspn(typed, "0123456789abcdef") != len)
    return err_set_remedy(ERR_USAGE, "cairn-audit log --json lists the ids",
                          "\"%s\" does not name %s %s: type the first eight digits of its id, or more%s", typed,
                          strchr("aeiou", what[0]) ? "an" : "a", what,
                          strcmp(what, "entry") == 0 ? "; or its number" : "");
  *out = (struct audit_wanted){.what = what, .typed = typed, .len = len};
  return OK;
}

enum err audit_want_entry(const char *typed, struct audit_wanted *out) {
  uint64_t number = 0;
  if (strlen(typed) >= ID_DIGITS_MIN || text_number(bytes_str(typed), &number) != OK || number == 0)
    return audit_want("entry", typed, out);
  *out = (struct audit_wanted){.what = "entry", .typed = typed, .number = number};
  return OK;
}

bool audit_is_wanted(struct audit_wanted *w, const char *id, uint64_t number) {
  if (w->number ? w->number != number : strncmp(id, w->typed, w->len) != 0)
    return false;
  if (w->id[0] && strcmp(w->id, id) != 0)
    w->fits_more = true;
  snprintf(w->id, sizeof w->id, "%s", id);
  return true;
}

enum err audit_wanted_end(const struct audit_wanted *w) {
  if (w->fits_more)
    return err_set_remedy(ERR_AMBIGUOUS, "type more digits of the one that is meant",
                          "more than one %s has an id that begins with \"%s\"", w->what, w->typed);
  if (w->id[0] == '\0')
    return err_set_remedy(ERR_ABSENT, "cairn-audit log lists what is there; cairn-audit fetch gets what is newer",
                          "no %s \"%s\" stands in this copy of the ledger", w->what, w->typed);
  return OK;
}

/* ---- times ---- */

/* The first second of a day, or of the day after it, in local time; and so many seconds before that. */
static void midnight(const char *date, int days_after, int64_t before_s, char out[21]) {
  int year = 0, month = 0, day = 0;
  sscanf(date, "%4d-%2d-%2d", &year, &month, &day);
  struct tm tm = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day + days_after, .tm_isdst = -1};
  snprintf(out, 21, "%s", text_time_format((int64_t)mktime(&tm) - before_s).s);
}

enum err audit_read_when(const char *typed, struct audit_when *out) {
  struct typed_date d;
  const int64_t now_s = clock_now_s();
  enum err e = typed_time(typed, now_s, &d);
  if (e == OK) {
    memcpy(out->from, d.value, sizeof out->from);
    memcpy(out->to, d.value, sizeof out->to);
  } else if ((e = typed_date(typed, now_s, &d)) == OK) {
    midnight(d.value, 0, 0, out->from);
    midnight(d.value, 1, 1, out->to);
  }
  if (e != OK)
    return e;
  snprintf(out->said, sizeof out->said, "%s", d.said);
  if (strcmp(out->from, text_time_format(now_s).s) > 0)
    return err_set(ERR_USAGE, "%s has not come yet", out->said);
  return OK;
}

/* ---- what stands in a header ---- */

void audit_copy(char *out, size_t size, struct verify_text t) {
  const size_t n = t.len < size ? t.len : size - 1;
  memcpy(out, t.at, n);
  out[n] = '\0';
}

static bool find(const struct verify_pair *pairs, size_t count, const char *name, char *out, size_t size) {
  out[0] = '\0';
  for (size_t i = 0; i < count; i++)
    if (audit_is(pairs[i].name, name)) {
      audit_copy(out, size, pairs[i].value);
      return true;
    }
  return false;
}

bool audit_find_ref(const struct verify_entry *e, const char *name, char out[65]) {
  return find(e->refs, e->ref_count, name, out, 65);
}

bool audit_find_fact(const struct verify_entry *e, const char *name, char *out, size_t size) {
  return find(e->facts, e->fact_count, name, out, size);
}
