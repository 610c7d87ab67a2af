#include "tests/bench/decisions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/bench/bench.h"
#include "tests/lib/chance.h"

#define IN_ACT_MAX 256
#define ACTS_BETWEEN 8 /* pauses */
#define ACTS_AT_ONCE 8 /* in a transaction, where it is a backlog that is written */
#define MEETINGS_OF_A_FAMILY 8

static const char *const words[] = {
    "the",      "child",    "school",      "mother",  "father",  "at",     "home",     "was",     "seen",    "by",
    "health",   "visitor",  "social",      "worker",  "police",  "with",   "concern",  "neglect", "risk",    "of",
    "harm",     "alcohol",  "support",     "plan",    "review",  "weeks",  "agreed",   "that",    "and",     "not",
    "attended", "meeting",  "reported",    "injury",  "sleep",   "food",   "clothing", "housing", "sibling", "brother",
    "sister",   "carer",    "grandmother", "nursery", "teacher", "bruise", "anxious",  "quiet",   "contact", "safe",
    "unsafe",   "improved", "worse",       "again",   "family",  "visits", "weekly",   "nurse",   "doctor",  "hospital",
    "evidence", "analysis", "decision",    "because"};

static size_t below(struct decisions *d, size_t n) {
  return (size_t)(chance_draw(&d->chance) % n);
}

static void draw_reasons(struct decisions *d, char out[DECISIONS_TEXT + 1]) {
  size_t len = 0;
  while (len < DECISIONS_TEXT)
    len += (size_t)snprintf(out + len, DECISIONS_TEXT + 1 - len, "%s%s", len ? " " : "",
                            words[below(d, sizeof words / sizeof *words)]);
  if (out[DECISIONS_TEXT - 1] == ' ')
    out[DECISIONS_TEXT - 1] = '.';
}

/* The number of the first entry. */
static uint64_t write_act(struct decisions *d, const struct draft *drafts, size_t count) {
  struct verdict v;
  bench_ok(author_write(d->store, &d->by, drafts, count, ACCEPT_WRITE, time(NULL), &v), "recording");
  if (v.code != VERDICT_ACCEPTED)
    bench_ok(err_set(ERR_REFUSED, "%s: %s", v.rule, v.words), "recording");
  return v.first;
}

static void write_and_name(struct decisions *d, const struct draft *drafts, size_t count, struct hash_hex *ids) {
  bench_ok(store_begin(d->store), "recording");
  uint64_t first = write_act(d, drafts, count);
  bench_ok(store_commit(d->store), "recording");
  for (size_t i = 0; i < count; i++) {
    struct hash id;
    bench_ok(author_id_of(d->store, first + i, &id), "finding what was recorded");
    ids[i] = hash_hex(&id);
  }
}

static size_t at_most(size_t a, size_t b) {
  return a < b ? a : b;
}

static void write_children(struct decisions *d, size_t count) {
  static struct draft drafts[IN_ACT_MAX];
  static struct draft_value values[IN_ACT_MAX][2];
  static char names[IN_ACT_MAX][32];
  const struct kind *kind = kind_find(bytes_str("child.add"));
  for (size_t from = 0; from < count; from += IN_ACT_MAX) {
    const size_t n = at_most(count - from, IN_ACT_MAX);
    for (size_t i = 0; i < n; i++) {
      snprintf(names[i], sizeof names[i], "Child %zu Reid", from + i);
      values[i][0] = (struct draft_value){"name", names[i]};
      values[i][1] = (struct draft_value){"born", "2019-03-01"};
      drafts[i] = (struct draft){.kind = kind, .values = values[i], .count = 2};
    }
    write_and_name(d, drafts, n, d->children + from);
  }
}

static const struct hash_hex *child_of(const struct decisions *d, size_t meeting, size_t i) {
  return &d->children[meeting % d->family_count * DECISIONS_OF_A_MEETING + i];
}

static void write_meetings(struct decisions *d, size_t count) {
  enum { VALUES = DECISIONS_OF_A_MEETING + 3, IN_ACT = 64 };
  static struct draft drafts[IN_ACT];
  static struct draft_value values[IN_ACT][VALUES];
  const struct kind *kind = kind_find(bytes_str("meeting.convene"));
  struct hash_hex chair = hash_hex(&d->person);
  struct text_time on = text_time_format(time(NULL) + 3600);
  for (size_t from = 0; from < count; from += IN_ACT) {
    const size_t n = at_most(count - from, IN_ACT);
    for (size_t m = 0; m < n; m++) {
      for (size_t i = 0; i < DECISIONS_OF_A_MEETING; i++)
        values[m][i] = (struct draft_value){"child", child_of(d, from + m, i)->s};
      values[m][DECISIONS_OF_A_MEETING] = (struct draft_value){"type", "review"};
      values[m][DECISIONS_OF_A_MEETING + 1] = (struct draft_value){"on", on.s};
      values[m][DECISIONS_OF_A_MEETING + 2] = (struct draft_value){"chair", chair.s};
      drafts[m] = (struct draft){.kind = kind, .values = values[m], .count = VALUES};
    }
    write_and_name(d, drafts, n, d->meetings + from);
    if (d->pause && (from / IN_ACT) % ACTS_BETWEEN == 0)
      d->pause(d, d->of);
  }
}

void decisions_prepare(struct decisions *d, size_t count) {
  d->next = 0;
  d->meeting_count = (count + DECISIONS_OF_A_MEETING - 1) / DECISIONS_OF_A_MEETING;
  d->family_count = (d->meeting_count + MEETINGS_OF_A_FAMILY - 1) / MEETINGS_OF_A_FAMILY;
  const size_t children = d->family_count * DECISIONS_OF_A_MEETING;
  d->children = mem_alloc_array(children, sizeof *d->children);
  d->meetings = mem_alloc_array(d->meeting_count, sizeof *d->meetings);
  write_children(d, children);
  write_meetings(d, d->meeting_count);
}

void decisions_write(struct decisions *d, size_t count, size_t in_act) {
  enum { VALUES = 6 };
  static struct draft drafts[IN_ACT_MAX];
  static struct draft_value values[IN_ACT_MAX][VALUES];
  static char reasons[IN_ACT_MAX][DECISIONS_TEXT + 1];
  const struct kind *kind = kind_find(bytes_str("decision.record"));
  const size_t at_once = in_act > 1 ? ACTS_AT_ONCE : 1;
  size_t act = 0;
  for (size_t done = 0; done < count; act++) {
    const size_t n = at_most(count - done, in_act);
    for (size_t i = 0; i < n; i++, d->next++) {
      const size_t meeting = d->next / DECISIONS_OF_A_MEETING % d->meeting_count;
      draw_reasons(d, reasons[i]);
      const struct draft_value all[VALUES] = {
          {"child", child_of(d, meeting, d->next % DECISIONS_OF_A_MEETING)->s},
          {"meeting", d->meetings[meeting].s},
          {"risk", "yes"},
          {"plan", "no"},
          {"consensus", "yes"},
          {"reasons", reasons[i]},
      };
      memcpy(values[i], all, sizeof all);
      drafts[i] = (struct draft){.kind = kind, .values = values[i], .count = VALUES};
    }
    if (act % at_once == 0)
      bench_ok(store_begin(d->store), "recording");
    write_act(d, drafts, n);
    done += n;
    if (act % at_once == at_once - 1 || done == count)
      bench_ok(store_commit(d->store), "recording");
  }
}

void decisions_release(struct decisions *d) {
  free(d->children);
  free(d->meetings);
  *d = (struct decisions){0};
}
