#include "core/minute.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/directory.h"
#include "core/history.h"
#include "core/store_parts.h"

enum { OF_CHILD };

static const char *const sql[] = {
    [OF_CHILD] = "SELECT c.number FROM entry_child c WHERE c.child = ?1 AND NOT EXISTS "
                 "(SELECT 1 FROM entry e JOIN voided v ON v.entry = e.id WHERE e.number = c.number)",
};

const char *const *minute_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

/* ---- the table: what enters a document ---- */

#define TO_ALL (1u << MINUTE_PARTICIPANTS | 1u << MINUTE_PROFESSIONALS | 1u << MINUTE_FAMILY)
#define TO_PROFESSIONALS (1u << MINUTE_PARTICIPANTS | 1u << MINUTE_PROFESSIONALS)
#define AUTHOR "" /* in place of a field: who wrote it */

struct row {
  const char *field, *label;
  unsigned renderings;
};

struct part {
  const char *kind; /* that begins an object; NULL ends a section */
  const struct row *rows;
};

struct section {
  const char *heading; /* NULL ends a document */
  const char *words;   /* said in every copy before what is recorded, in all three renderings; or NULL */
  const struct part *parts;
};

#define ROWS(...)                                                                                                      \
  (const struct row[]) {                                                                                               \
    __VA_ARGS__, {                                                                                                     \
      0                                                                                                                \
    }                                                                                                                  \
  }
#define PARTS(...)                                                                                                     \
  (const struct part[]) {                                                                                              \
    __VA_ARGS__, {                                                                                                     \
      0                                                                                                                \
    }                                                                                                                  \
  }

/* Addresses, telephone numbers and schools of the child's and the family's records are in no row: a copy goes to
 * several people, and one of them may be whom another one fled from. */
static const struct section meeting_sections[] = {
    {"The meeting", NULL,
     PARTS({"meeting.convene", ROWS({"type", "Meeting", TO_ALL}, {"on", "Held on", TO_ALL}, {"chair", "Chair", TO_ALL},
                                    {"minute-taker", "Minute taken by", TO_ALL}, {"purpose", "Why it was held", TO_ALL},
                                    {"format", "How people met", TO_ALL}, {"place", "Place", TO_PROFESSIONALS})},
           {"meeting.close",
            ROWS({"quorate", "Were all core agencies there?", TO_ALL}, {"reasons", "Why it went on without", TO_ALL},
                 {"safeguards", "What keeps the child safe until the review", TO_ALL},
                 {"early-review", "Early review", TO_ALL})})},
    {"Children", NULL,
     PARTS({"child.add", ROWS({"name", "Name", TO_ALL}, {"born", "Born", TO_ALL}, {"due", "Expected", TO_ALL})})},
    {"Who took part, and apologies", NULL,
     PARTS({"attendance.record",
            ROWS({"person", "Who", TO_ALL}, {"family", "Who", TO_ALL}, {"name", "Who", TO_ALL},
                 {"agency", "Who", TO_ALL}, {"child", "Who", TO_ALL}, {"agency", "Agency", TO_ALL},
                 {"discipline", "Profession", TO_ALL}, {"role", "Role", TO_ALL}, {"supports", "Supports", TO_ALL},
                 {"attended", "Attended", TO_ALL}, {"reason", "Apologies", TO_PROFESSIONALS})},
           {"support.decide",
            ROWS({"family", "Supporter", TO_PROFESSIONALS}, {"name", "Supporter", TO_PROFESSIONALS},
                 {"outcome", "The chair's decision", TO_PROFESSIONALS}, {"reason", "Reason", TO_PROFESSIONALS})},
           {"child-attendance.decide",
            ROWS({"child", "Child", TO_ALL}, {"attend", "Attends the meeting", TO_ALL},
                 {"core-group", "Attends the core group", TO_ALL}, {"reasons", "Reasons", TO_ALL},
                 {"factors", "What led to the decision", TO_ALL},
                 {"impact", "What attending would mean for the child", TO_PROFESSIONALS})})},
    {"Exclusions",
     "Where a parent or carer was not invited, or was not there for the meeting or a part of it because the chair "
     "decided so, the reasons are documented in the record of the meeting.",
     PARTS({"exclusion.record",
            ROWS({"family", "Who", TO_PROFESSIONALS}, {"form", "What was decided", TO_PROFESSIONALS},
                 {"ground", "Ground", TO_PROFESSIONALS}, {"reason", "Reasons", TO_PROFESSIONALS},
                 {"restricted-reason", "Reasons: documented, and restricted; the commitment to them", TO_PROFESSIONALS},
                 {"informed-by", "Told by", TO_PROFESSIONALS}, {"views-by", "Views sought by", TO_PROFESSIONALS},
                 {"outcome-by", "Told of the outcome by", TO_PROFESSIONALS},
                 {"outcome-until", "At the latest on", TO_PROFESSIONALS})},
           {"segment.record",
            ROWS({"family", "A part of the meeting", TO_PROFESSIONALS}, {"from", "From", TO_PROFESSIONALS},
                 {"until", "Until", TO_PROFESSIONALS}, {"out", "Without", TO_PROFESSIONALS},
                 {"reason", "Reasons", TO_PROFESSIONALS}, {"prepared", "Did the chair prepare them?", TO_PROFESSIONALS},
                 {"explained", "Did the chair explain the reasons?", TO_PROFESSIONALS})})},
    {"What was shared", NULL,
     PARTS({"information.record", ROWS({"agency", "By", TO_ALL}, {"summary", "In summary", TO_ALL})},
           {"information.closed", ROWS({"agency", "While the family was out, by", TO_PROFESSIONALS},
                                       {"summary", "In summary", TO_PROFESSIONALS})})},
    {"What the child and the family think", NULL,
     PARTS({"family-view.record", ROWS({"child", "Child", TO_ALL}, {"whose", "Whose view", TO_ALL},
                                       {"family", "Name", TO_ALL}, {"when", "When, seen from the meeting", TO_ALL},
                                       {"words", "View", TO_ALL}, {"presented", "Presented to the meeting", TO_ALL},
                                       {"considered", "Considered", TO_ALL}, {"in-plan", "In the plan", TO_ALL})})},
    {"Assessment", NULL,
     PARTS({"assessment.record",
            ROWS({"child", "Child", TO_ALL}, {"risk", "Risks", TO_ALL},
                 {"strengths", "What protects the child", TO_ALL}, {"outline", "Outline of the plan", TO_ALL})})},
    {"Views of those who took part", NULL,
     PARTS({"view.record", ROWS({AUTHOR, "Whose view", TO_ALL}, {"child", "Child", TO_ALL}, {"risk", "Risk", TO_ALL},
                                {"plan", "Is a Child Protection Plan needed?", TO_ALL},
                                {"register", "Should the name be on the register?", TO_ALL})})},
    {"Decisions", NULL,
     PARTS(
         {"decision.record",
          ROWS({"child", "Child", TO_ALL}, {"risk", "At risk of significant harm", TO_ALL},
               {"plan", "Child Protection Plan required", TO_ALL}, {"consensus", "Did all agree?", TO_ALL},
               {"reasons", "Reasons", TO_ALL}, {"analysis", "The chair's analysis", TO_ALL},
               {"strengths", "The parents' strengths", TO_ALL},
               {"changes", "Support, and what needs to change", TO_ALL}, {"explained", "How it was explained", TO_ALL},
               {"interpreter", "Advocate or interpreter", TO_ALL}, {"tool", "Assessment tools", TO_PROFESSIONALS})},
         {"dissent.record", ROWS({"person", "Does not agree", TO_ALL}, {AUTHOR, "Recorded by", TO_PROFESSIONALS},
                                 {"about", "About", TO_ALL}, {"nature", "With what, and why", TO_ALL})})},
    {"The Child Protection Register", NULL,
     PARTS({"registration.add",
            ROWS({"child", "Child", TO_PROFESSIONALS}, {"impact", "Impact on the child", TO_PROFESSIONALS},
                 {"vulnerability", "Vulnerability", TO_PROFESSIONALS}, {"area", "Areas of concern", TO_PROFESSIONALS},
                 {"review", "Next review", TO_PROFESSIONALS})},
           {"indicator.record",
            ROWS({"child", "Child", TO_ALL}, {"indicator", "Risk indicator or area of concern", TO_ALL},
                 {"evidence", "Evidence", TO_PROFESSIONALS})})},
    {0},
};

static const struct section report_sections[] = {
    {"The report", NULL,
     PARTS({"report.record", ROWS({AUTHOR, "By", TO_ALL}, {"type", "What it is", TO_ALL}, {"dated", "Dated", TO_ALL},
                                  {"text", "Report", TO_ALL})},
           {"report.add", ROWS({AUTHOR, "By", TO_PROFESSIONALS}, {"text", "Further", TO_PROFESSIONALS})})},
    {0},
};

static const struct {
  const char *kind, *title;
  const struct section *sections;
} documents[] = {
    {"meeting.convene", "Minute of a Child Protection Planning Meeting", meeting_sections},
    {"report.record", "Report", report_sections},
};
#define DOCUMENT_COUNT (sizeof documents / sizeof *documents)

static const struct text_word renderings[] = {MINUTE_RENDERING_TABLE(TEXT_WORD)};

const char *minute_rendering_word(enum minute_rendering r) {
  return renderings[r].word;
}

const char *minute_rendering_words(enum minute_rendering r) {
  return renderings[r].words;
}

enum err minute_rendering_parse(const char *word, enum minute_rendering *out) {
  for (size_t i = 0; i < MINUTE_RENDERINGS; i++)
    if (strcmp(renderings[i].word, word) == 0) {
      *out = (enum minute_rendering)i;
      return OK;
    }
  return err_set(ERR_USAGE, "\"%s\" is no rendering: it must be one of " MINUTE_RENDERING_WORDS, word);
}

bool minute_row_at(size_t i, struct minute_row *out) {
  for (size_t d = 0; d < DOCUMENT_COUNT; d++)
    for (const struct section *s = documents[d].sections; s->heading; s++)
      for (const struct part *p = s->parts; p->kind; p++)
        for (const struct row *r = p->rows; r->field; r++)
          if (i-- == 0) {
            *out = (struct minute_row){p->kind, r->field, r->field[0] == '\0', {false}};
            for (unsigned k = 0; k < MINUTE_RENDERINGS; k++)
              out->is_in[k] = (r->renderings & 1u << k) != 0;
            return true;
          }
  return false;
}

/* ---- which entries ---- */

struct composing {
  struct store *store;
  struct sheet *page;
  enum minute_rendering rendering;
  struct minute_entries entries;
};

static bool may_stand(const struct composing *c, enum audience a) {
  return c->rendering != MINUTE_FAMILY || scope_may_stand_in_family_copy(a);
}

struct collecting {
  struct store *store;
  const struct hash *subject;
  struct buf numbers; /* of entries that may be about the subject; u64 each */
};

static int by_number(const void *a, const void *b) {
  const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return x < y ? -1 : x > y;
}

static void add_number(struct collecting *c, uint64_t number) {
  buf_add(&c->numbers, bytes_of(&number, sizeof number));
}

static enum err collect_of_child(struct collecting *c, const struct hash *child) {
  struct record r = {0};
  struct query q;
  enum err e = store_find(c->store, child, &r);
  if (e == OK)
    add_number(c, r.number);
  record_release(&r);
  query_start(&q, c->store->db, sql[OF_CHILD]);
  query_blob(&q, 1, hash_bytes(child));
  while (query_row(&q))
    add_number(c, (uint64_t)query_get_int(&q, 0));
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

#define STEPS_MAX 4 /* an indicator names its registration, that its decision, that its meeting */

/* Does the entry name the subject, or something that does? */
static bool leads_to(struct collecting *c, const struct entry *e, unsigned steps) {
  static const char *const ways[] = {"meeting", "report", "decision", "registration", "document", "exclusion"};
  bool leads = false;
  for (size_t i = 0; !leads && i < sizeof ways / sizeof *ways; i++) {
    const struct hash *named = entry_ref(e, ways[i]);
    struct record r = {0};
    if (named == NULL)
      continue;
    leads = hash_equal(named, c->subject);
    if (!leads && steps > 0 && store_find(c->store, named, &r) == OK)
      leads = leads_to(c, &r.entry, steps - 1);
    record_release(&r);
  }
  return leads;
}

/* Of the records of children only what begins them. */
static bool belongs(struct collecting *c, uint64_t number) {
  struct record r = {0};
  const bool is = store_find_number(c->store, number, &r) == OK &&
                  (hash_equal(&r.entry.id, c->subject) || bytes_equal_str(r.entry.kind, "child.add") ||
                   leads_to(c, &r.entry, STEPS_MAX));
  record_release(&r);
  return is;
}

static void keep_each_once(struct collecting *c, struct minute_entries *out) {
  const size_t count = c->numbers.len / sizeof *out->numbers;
  const uint64_t *n = (const uint64_t *)(const void *)c->numbers.at;
  if (count)
    qsort(c->numbers.at, count, sizeof *n, by_number);
  out->numbers = mem_alloc_array(count, sizeof *n);
  for (size_t i = 0; i < count; i++)
    if ((i == 0 || n[i] != n[i - 1]) && belongs(c, n[i]))
      out->numbers[out->count++] = n[i];
}

enum err minute_collect(struct store *s, const struct hash *subject, struct minute_entries *out) {
  struct collecting c = {.store = s, .subject = subject};
  struct record about = {0};
  *out = (struct minute_entries){0};
  enum err e = store_find(s, subject, &about);
  for (size_t i = 0; e == OK && i < about.entry.child_count; i++)
    e = collect_of_child(&c, &about.entry.children[i]);
  if (e == OK)
    e = buf_err(&c.numbers);
  if (e == OK)
    keep_each_once(&c, out);
  buf_release(&c.numbers);
  record_release(&about);
  return e;
}

void minute_entries_release(struct minute_entries *e) {
  free(e->numbers);
  *e = (struct minute_entries){0};
}

/* ---- what they say ---- */

static void add_date(struct buf *b, struct bytes date) {
  static const char *const months[] = {"January", "February", "March",     "April",   "May",      "June",
                                       "July",    "August",   "September", "October", "November", "December"};
  const unsigned day = (unsigned)(date.at[8] - '0') * 10 + (unsigned)(date.at[9] - '0');
  const unsigned month = (unsigned)(date.at[5] - '0') * 10 + (unsigned)(date.at[6] - '0');
  buf_addf(b, "%u %s %.4s", day, months[(month - 1) % 12], (const char *)date.at);
}

static void add_spaced(struct buf *b, struct bytes code) {
  for (size_t i = 0; i < code.len; i++)
    buf_u8(b, code.at[i] == '-' ? ' ' : code.at[i]);
}

static void add_values(struct composing *c, const struct history *h, const char *field, struct buf *out);

/* A child, a person or an agency by name. */
static void add_name(struct composing *c, struct bytes digits, struct buf *out) {
  struct history h = {0};
  struct hash id;
  if (hash_parse(digits, &id) == OK && history_load(c->store, &id, &h) == OK &&
      may_stand(c, h.steps[0].record.entry.audience)) {
    add_values(c, &h, "name", out);
    if (kind_field(h.steps[0].kind, bytes_str("agency")) &&
        bytes_equal_str(h.steps[0].record.entry.kind, "person.add")) {
      buf_add_str(out, ", ");
      add_values(c, &h, "agency", out);
    }
  }
  history_release(&h);
}

struct adding {
  struct composing *composing;
  const struct field *field;
  struct buf *out;
  size_t count;
};

static enum err add_value(void *of, struct bytes value) {
  struct adding *a = of;
  buf_add_str(a->out, a->count++ ? "; " : "");
  switch (a->field->type) {
  case FIELD_ENTRY: add_name(a->composing, value, a->out); break;
  case FIELD_CODE: add_spaced(a->out, value); break;
  case FIELD_DATE: add_date(a->out, value); break;
  case FIELD_TIME:
    add_date(a->out, value);
    buf_addf(a->out, ", %.5s UTC", (const char *)value.at + 11);
    break;
  case FIELD_TEXT:
  case FIELD_TOKEN:
  case FIELD_WHOLE: buf_add(a->out, value); break;
  case FIELD_KEY:
  case FIELD_CERT: break;
  }
  return OK;
}

/* What holds now; where versions contradict each other, what each of them says. */
static void add_values(struct composing *c, const struct history *h, const char *field, struct buf *out) {
  size_t places[ENTRY_BASES_MAX];
  size_t count = history_sayers(h, NULL, field, places);
  const bool is_agreed = history_is_agreed(h, places, count, field);
  for (size_t i = 0; i < (is_agreed && count ? 1 : count); i++) {
    const struct history_step *step = &h->steps[places[i]];
    struct adding a = {c, kind_field(step->kind, bytes_str(field)), out, 0};
    if (i > 0)
      buf_add_str(out, " / ");
    if (a.field)
      kind_each_value(a.field, &step->record.entry, step->content, &a, add_value);
  }
}

/* Of rows with the same label, which stand together, the first that has a value counts: who attended is a practitioner,
 * a member of the family, an agency or a child. */
static bool print_row(struct composing *c, const struct history *h, const struct row *row) {
  struct buf value = {0};
  if (!(row->renderings & 1u << c->rendering))
    return false;
  if (row->field[0] == '\0')
    directory_name(c->store, &h->steps[0].record.entry.by, &value);
  else
    add_values(c, h, row->field, &value);
  sheet_field(c->page, row->label, buf_bytes(&value));
  const bool is_said = value.len > 0;
  buf_release(&value);
  return is_said;
}

static void print_rows(struct composing *c, const struct history *h, const struct row *rows) {
  const char *said = "";
  for (const struct row *r = rows; r->field; r++)
    if (strcmp(r->label, said) != 0 && print_row(c, h, r))
      said = r->label;
  sheet_break(c->page);
}

static bool has_rows(const struct composing *c, const struct part *p) {
  for (const struct row *r = p->rows; r->field; r++)
    if (r->renderings & 1u << c->rendering)
      return true;
  return false;
}

static enum err print_entry(struct composing *c, uint64_t number, const struct part *p) {
  struct record r = {0};
  struct history h = {0};
  enum err e = store_find_number(c->store, number, &r);
  if (e == OK && bytes_equal_str(r.entry.kind, p->kind) && may_stand(c, r.entry.audience)) {
    e = history_load(c->store, &r.entry.id, &h);
    if (e == OK)
      print_rows(c, &h, p->rows);
  }
  history_release(&h);
  record_release(&r);
  return e == ERR_ABSENT ? OK : e; /* hidden from the reader */
}

static enum err print_section(struct composing *c, const struct section *s) {
  enum err e = OK;
  sheet_heading(c->page, 2, bytes_str(s->heading));
  const size_t headed = c->page->text.len;
  if (s->words)
    sheet_paragraph(c->page, s->words);
  for (const struct part *p = s->parts; e == OK && p->kind; p++)
    for (size_t i = 0; e == OK && has_rows(c, p) && i < c->entries.count; i++)
      e = print_entry(c, c->entries.numbers[i], p);
  if (e == OK && c->page->text.len == headed)
    sheet_paragraph(c->page, "Nothing is recorded.");
  return e;
}

static void print_front(struct composing *c, enum minute_state state) {
  char words[128];
  snprintf(words, sizeof words, "This copy is %s.", renderings[c->rendering].words);
  sheet_paragraph(c->page, words);
  if (state == MINUTE_DRAFT)
    sheet_paragraph(c->page, "DRAFT: the chair has not approved it.");
}

enum err minute_compose(struct store *s, const struct hash *subject, enum minute_rendering r, enum minute_state state,
                        struct sheet *out) {
  struct composing c = {.store = s, .page = out, .rendering = r};
  struct record about = {0};
  size_t d = 0;
  *out = (struct sheet){0};
  enum err e = store_find(s, subject, &about);
  while (e == OK && d < DOCUMENT_COUNT && !bytes_equal_str(about.entry.kind, documents[d].kind))
    d++;
  if (e == OK && d == DOCUMENT_COUNT)
    e = err_set(ERR_USAGE, "this is neither a meeting nor a report");
  if (e == OK)
    e = minute_collect(s, subject, &c.entries);
  if (e == OK) {
    sheet_begin(out, bytes_str(documents[d].title));
    print_front(&c, state);
  }
  for (const struct section *at = e == OK ? documents[d].sections : NULL; e == OK && at->heading; at++)
    e = print_section(&c, at);
  if (e == OK)
    e = sheet_end(out);
  minute_entries_release(&c.entries);
  record_release(&about);
  return e;
}
