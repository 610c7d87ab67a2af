#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/audit.h"

#define ROWS_MAX ((size_t)1 << 19)

/* What the replay keeps of an entry: a registration, what ends one, a decision, a meeting, and what says that two
 * records are of one child. Begins with the id that it is found by. */
enum what { MEETING, DECISION, REGISTRATION, END, SAME, STRANGE };
struct kept {
  char id[65], of[65]; /* of: a decision's meeting, a registration's decision, what an end or a statement takes away */
  char child[65], other[65];
  char at[21];
  uint64_t number;
  enum what what;
  bool is_temporary;
  bool joins; /* a statement that two records are of one child, and not that they are of two */
  uint64_t voided_by;
  char voided_at[21];
  struct kept *ends; /* of a registration, the newest first */
  struct kept *next; /* of its ends, or of all statements */
};

struct audit_roll {
  void *by_id; /* a balanced tree */
  struct kept **rows;
  size_t count, max;
  struct kept *statements; /* the newest first */
  size_t statement_count;
  bool is_full;
};

struct audit_roll *audit_roll_new(void) {
  return mem_alloc(sizeof(struct audit_roll));
}

static void keep_nothing(void *row) {
  (void)row;
}

void audit_roll_free(struct audit_roll *r) {
  if (r == NULL)
    return;
  tdestroy(r->by_id, keep_nothing);
  for (size_t i = 0; i < r->count; i++)
    free(r->rows[i]);
  free(r->rows);
  free(r);
}

static int compare_ids(const void *a, const void *b) {
  return strcmp(a, b);
}

static struct kept *find(const struct audit_roll *r, const char *id) {
  void *node = tfind(id, &r->by_id, compare_ids);
  return node ? *(struct kept **)node : NULL;
}

static void add(struct audit_roll *r, struct kept *row) {
  if (r->count == r->max) {
    r->max = r->max ? 2 * r->max : 64;
    r->rows = realloc(r->rows, r->max * sizeof(struct kept *));
  }
  if (r->rows == NULL || tsearch(row, &r->by_id, compare_ids) == NULL)
    abort(); /* out of memory */
  r->rows[r->count++] = row;
}

static struct kept *keep(struct audit_roll *r, const struct verify_entry *e, enum what what, const char *of) {
  if (r->count >= ROWS_MAX) {
    r->is_full = true;
    return NULL;
  }
  struct kept *row = mem_alloc(sizeof *row);
  memcpy(row->id, e->id, sizeof row->id);
  audit_find_ref(e, of, row->of);
  audit_copy(row->at, sizeof row->at, e->admitted);
  row->number = e->number;
  row->what = what;
  if (e->child_count > 0)
    audit_copy(row->child, sizeof row->child, e->children[0]);
  if (e->child_count > 1)
    audit_copy(row->other, sizeof row->other, e->children[1]);
  add(r, row);
  return row;
}

static void keep_registration(struct audit_roll *r, const struct verify_entry *e, bool is_temporary) {
  struct kept *row = keep(r, e, REGISTRATION, "decision");
  if (row)
    row->is_temporary = is_temporary;
}

static void keep_statement(struct audit_roll *r, const struct verify_entry *e, bool joins) {
  struct kept *row = keep(r, e, SAME, "instead");
  if (row == NULL)
    return;
  row->joins = joins;
  row->next = r->statements;
  r->statements = row;
  r->statement_count++;
}

static void keep_end(struct audit_roll *r, const struct verify_entry *e) {
  struct kept *row = keep(r, e, END, "registration"), *registration = row ? find(r, row->of) : NULL;
  if (registration == NULL)
    return;
  row->next = registration->ends;
  registration->ends = row;
}

static void keep_void(struct audit_roll *r, const struct verify_entry *e) {
  char id[65];
  audit_find_ref(e, "entry", id);
  struct kept *row = find(r, id);
  if (row == NULL || row->voided_by)
    return;
  row->voided_by = e->number;
  audit_copy(row->voided_at, sizeof row->voided_at, e->admitted);
}

/* What each kind means for the register. Of a kind that is not here it is not known what it does there. */
void audit_roll_read(struct audit_roll *r, const struct verify_entry *e) {
  static const char *const no_matter[] = {"registration.amend", "registration.correct", "registration.continue",
                                          "registration.tell"};
  if (audit_is(e->kind, "meeting.convene"))
    keep(r, e, MEETING, "");
  else if (audit_is(e->kind, "decision.record"))
    keep(r, e, DECISION, "meeting");
  else if (audit_is(e->kind, "registration.add") || audit_is(e->kind, "registration.temporary"))
    keep_registration(r, e, audit_is(e->kind, "registration.temporary"));
  else if (audit_is(e->kind, "registration.remove") || audit_is(e->kind, "registration.temporary-end"))
    keep_end(r, e);
  else if (audit_is(e->kind, "child.same") || audit_is(e->kind, "child.distinct"))
    keep_statement(r, e, audit_is(e->kind, "child.same"));
  else if (audit_is(e->kind, "entry.void"))
    keep_void(r, e);
  else if (bytes_starts(bytes_of(e->kind.at, e->kind.len), "registration.")) {
    for (size_t i = 0; i < sizeof no_matter / sizeof *no_matter; i++)
      if (audit_is(e->kind, no_matter[i]))
        return;
    keep(r, e, STRANGE, "");
  }
}

enum err audit_roll_end(const struct audit_roll *r) {
  return r->is_full ? err_set(ERR_LIMIT, "the register is larger than this program takes") : OK;
}

uint64_t audit_roll_strange(const struct audit_roll *r, const char *known) {
  uint64_t n = 0;
  for (size_t i = 0; i < r->count; i++)
    n += r->rows[i]->what == STRANGE && strcmp(r->rows[i]->at, known) <= 0;
  return n;
}

/* ---- what counted when ---- */

/* It was admitted by then, and not voided by then. */
static bool counts(const struct kept *row, const char *known) {
  return strcmp(row->at, known) <= 0 && (row->voided_by == 0 || strcmp(row->voided_at, known) > 0);
}

/* The first end that counts; NULL: it goes on. */
static const struct kept *end_of(const struct kept *registration, const char *known) {
  const struct kept *first = NULL;
  for (const struct kept *end = registration->ends; end; end = end->next)
    if (counts(end, known))
      first = end;
  return first;
}

static uint64_t number_of(const struct kept *row) {
  return row ? row->number : 0;
}

void audit_roll_each(const struct audit_roll *r, const struct audit_when *when, const char *known, void *of,
                     void (*each)(void *of, const struct audit_registration *row)) {
  for (size_t i = 0; i < r->count; i++) {
    const struct kept *row = r->rows[i];
    if (row->what != REGISTRATION || !counts(row, known) || strcmp(row->at, when->to) > 0)
      continue;
    const struct kept *end = end_of(row, known), *decision = find(r, row->of);
    if (end && strcmp(end->at, when->from) <= 0)
      continue;
    const struct audit_registration found = {.id = row->id,
                                             .child = row->child,
                                             .since = row->at,
                                             .until = end ? end->at : "",
                                             .number = row->number,
                                             .decision = number_of(decision),
                                             .meeting = number_of(decision ? find(r, decision->of) : NULL),
                                             .ended_by = number_of(end),
                                             .is_temporary = row->is_temporary};
    each(of, &found);
  }
}

static bool is_about(const struct audit_roll *r, const struct kept *row, const struct audit_records *records) {
  const struct kept *registration = row->what == END ? find(r, row->of) : row;
  return registration && registration->what == REGISTRATION && audit_records_have(records, registration->child);
}

uint64_t audit_roll_voided_since(const struct audit_roll *r, const char *child, const char *known) {
  struct audit_records *records = audit_roll_records_of(r, child, known);
  uint64_t voided_by = 0;
  for (size_t i = 0; i < r->count && voided_by == 0; i++) {
    const struct kept *row = r->rows[i];
    if (row->voided_by && strcmp(row->at, known) <= 0 && strcmp(row->voided_at, known) > 0 && is_about(r, row, records))
      voided_by = row->voided_by;
  }
  audit_records_free(records);
  return voided_by;
}

void audit_roll_each_voided(const struct audit_roll *r, const struct audit_records *records,
                            const struct audit_when *when, void *of,
                            void (*each)(void *of, const struct audit_voided *row)) {
  for (size_t i = 0; i < r->count; i++) {
    const struct kept *row = r->rows[i];
    if (row->voided_by == 0 || strcmp(row->voided_at, when->from) < 0 || strcmp(row->voided_at, when->to) > 0 ||
        !is_about(r, row, records))
      continue;
    each(of, &(struct audit_voided){.number = row->number,
                                    .admitted = row->at,
                                    .is_end = row->what == END,
                                    .voided_by = row->voided_by,
                                    .voided_at = row->voided_at});
  }
}

/* ---- one child, several records (core/FORMAT.md section 8) ---- */

/* A statement that stands, seen from one of its two records. All of one record are reached together, so that a record
 * is looked up by any of them. */
struct link {
  const char *record, *other;
  bool is_reached;
};

struct audit_records {
  const char *child;
  struct link *links; /* by record */
  size_t count;
};

static int compare_strings(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int compare_links(const void *a, const void *b) {
  return strcmp(((const struct link *)a)->record, ((const struct link *)b)->record);
}

/* The ids whose place a statement that counts takes, in order. The caller's to free. */
static const char **list_replaced(const struct audit_roll *r, const char *known, size_t *count_out) {
  const char **ids = mem_alloc_array(r->statement_count + 1, sizeof(char *));
  size_t count = 0;
  for (const struct kept *s = r->statements; s; s = s->next)
    if (counts(s, known))
      ids[count++] = s->of;
  qsort(ids, count, sizeof(char *), compare_strings);
  *count_out = count;
  return ids;
}

/* A statement stands that counts, and whose place no other that counts has taken. */
static void link_standing(struct audit_records *records, const struct audit_roll *r, const char *known) {
  size_t replaced_count;
  const char **replaced = list_replaced(r, known, &replaced_count);
  records->links = mem_alloc_array(2 * r->statement_count + 1, sizeof *records->links);
  for (const struct kept *s = r->statements; s; s = s->next) {
    const char *id = s->id;
    if (!s->joins || !counts(s, known) || bsearch(&id, replaced, replaced_count, sizeof(char *), compare_strings))
      continue;
    records->links[records->count++] = (struct link){s->child, s->other, false};
    records->links[records->count++] = (struct link){s->other, s->child, false};
  }
  free(replaced);
  qsort(records->links, records->count, sizeof *records->links, compare_links);
}

static struct link *find_link(const struct audit_records *records, const char *record) {
  const struct link wanted = {.record = record};
  return bsearch(&wanted, records->links, records->count, sizeof wanted, compare_links);
}

/* Marks the links of a record, unless they are, and appends what they lead to. */
static void reach(struct audit_records *records, const char *record, const char **queue, size_t *count) {
  struct link *link = find_link(records, record), *end = records->links + records->count;
  if (link == NULL || link->is_reached)
    return;
  while (link > records->links && strcmp(link[-1].record, record) == 0)
    link--;
  for (; link < end && strcmp(link->record, record) == 0; link++) {
    link->is_reached = true;
    queue[(*count)++] = link->other;
  }
}

/* A chain of statements joins. Each link is followed once. */
struct audit_records *audit_roll_records_of(const struct audit_roll *r, const char *child, const char *known) {
  struct audit_records *records = mem_alloc(sizeof *records);
  records->child = child;
  link_standing(records, r, known);
  const char **queue = mem_alloc_array(records->count + 1, sizeof(char *));
  size_t count = 0;
  reach(records, child, queue, &count);
  for (size_t i = 0; i < count; i++)
    reach(records, queue[i], queue, &count);
  free(queue);
  return records;
}

bool audit_records_have(const struct audit_records *records, const char *child) {
  const struct link *link = find_link(records, child);
  return strcmp(records->child, child) == 0 || (link && link->is_reached);
}

void audit_records_free(struct audit_records *records) {
  if (records == NULL)
    return;
  free(records->links);
  free(records);
}
