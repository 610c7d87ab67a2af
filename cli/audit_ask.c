#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/audit.h"

/* Questions that are answered with a list of entries. What is listed is kept until all leaves were verified: before
 * that nothing is believed. */

#define ROWS_MAX ((size_t)1 << 18)
#define LONG_FACT 48 /* signatures and digests say nothing to people */
#define LATE_DAYS 7
#define LATE_DAYS_MAX 36500
#define DAY_S 86400

struct row {
  uint64_t number;
  char id[65], kind[65], admitted[21], at[21];
  char by[65];    /* the person's entry; "node"; "unknown" */
  char about[65]; /* what the question's `about` names: another entry */
  char key[65];   /* of the author; of a refusal or hold, of the act's author, and then `by` is the act's author, too */
  char machine[65];
  uint64_t act; /* its number in the machine's chain */
  char rule[40];
  char *says, *children; /* owned */
  uint64_t days;         /* from writing to admission */
  char state[16];        /* what became of it */
  uint64_t state_by;     /* the entry that did */
};

/* Another entry says what became of this one. */
struct mark {
  char id[65];
  const char *state;
  uint64_t by;
};

struct gathering {
  const struct question *question;
  struct audit_look look;
  bool is_json;
  struct audit_wanted wanted;
  uint64_t days;
  struct row *rows;
  size_t count, max;
  struct mark *marks;
  size_t mark_count, mark_max;
};

struct column {
  const char *name;
  enum { TEXT, OWNED_TEXT, ID, NUMBER } type;
  size_t offset;
};
#define COLUMN(name, type, member)                                                                                     \
  { name, type, offsetof(struct row, member) }
#define COLUMNS_MAX 10
#define ACTS                                                                                                           \
  "BY is the person who wrote the act, KEY the key that signed it; MACHINE is the key of the machine that sent it, "   \
  "and "                                                                                                               \
  "ACT the act's number among those of this machine."

/* A kind of entry that says of another one what became of it. */
struct outcome {
  const char *kind, *ref, *state;
};

struct question {
  const char *kinds[3]; /* the entries of these kinds, or those that `wants` tells */
  bool (*wants)(struct gathering *g, const struct verify_entry *e, const struct verify_author *by);
  const char *about_ref; /* what `about` is, if it is anything */
  bool is_of_acts;       /* the entries tell of an act that is not in the ledger, and of its author */
  struct outcome outcomes[2];
  const char *open; /* what became of those that nothing became of */
  const char *none, *say;
  struct column columns[COLUMNS_MAX];
};

/* ---- gathering ---- */

static void *grow(void *at, size_t count, size_t *max, size_t size) {
  if (count < *max)
    return at;
  *max = *max ? 2 * *max : 64;
  void *grown = realloc(at, *max * size);
  if (grown == NULL)
    abort(); /* out of memory */
  return grown;
}

static void add_id(const struct gathering *g, struct buf *b, struct verify_text id) {
  buf_add(b, bytes_of(id.at, g->is_json || id.len < 8 ? id.len : 8));
}

static char *children_of(const struct gathering *g, const struct verify_entry *e) {
  struct buf b = {0};
  for (size_t i = 0; i < e->child_count; i++) {
    buf_add_str(&b, i ? " " : "");
    add_id(g, &b, e->children[i]);
  }
  char *text = mem_copy_string(buf_cstr(&b));
  buf_release(&b);
  return text;
}

/* The facts and references of its header, as "risk=yes meeting=88fe0a12". */
static char *says_of(const struct gathering *g, const struct verify_entry *e) {
  struct buf b = {0};
  for (size_t i = 0; i < e->fact_count + e->ref_count; i++) {
    const bool is_fact = i < e->fact_count;
    const struct verify_pair *p = is_fact ? &e->facts[i] : &e->refs[i - e->fact_count];
    if (is_fact && p->value.len > LONG_FACT)
      continue;
    buf_add_str(&b, b.len ? " " : "");
    buf_add(&b, bytes_of(p->name.at, p->name.len));
    buf_add_str(&b, "=");
    if (is_fact)
      buf_add(&b, bytes_of(p->value.at, p->value.len));
    else
      add_id(g, &b, p->value);
  }
  char *text = mem_copy_string(buf_cstr(&b));
  buf_release(&b);
  return text;
}

static uint64_t days_between(const struct verify_entry *e) {
  int64_t at_s = 0, admitted_s = 0;
  if (text_time_parse(bytes_of(e->at.at, e->at.len), &at_s) != OK ||
      text_time_parse(bytes_of(e->admitted.at, e->admitted.len), &admitted_s) != OK || admitted_s < at_s)
    return 0;
  return (uint64_t)(admitted_s - at_s) / DAY_S;
}

/* Of an act.refuse or act.hold: whose act it was. */
static void name_act(const struct gathering *g, struct row *row, const struct verify_entry *e) {
  char number[24];
  audit_find_fact(e, "author", row->key, sizeof row->key);
  audit_find_fact(e, "replica", row->machine, sizeof row->machine);
  if (audit_find_fact(e, "number", number, sizeof number))
    text_number(bytes_str(number), &row->act);
  verify_owner(g->look.verify, (struct verify_text){row->key, strlen(row->key)}, row->by);
  if (row->by[0] == '\0')
    snprintf(row->by, sizeof row->by, "unknown");
}

static void keep_row(struct gathering *g, const struct verify_entry *e, const struct verify_author *by) {
  const struct question *q = g->question;
  if (g->count >= ROWS_MAX) {
    g->count = ROWS_MAX + 1;
    return;
  }
  g->rows = grow(g->rows, g->count, &g->max, sizeof *g->rows);
  struct row *row = &g->rows[g->count++];
  *row = (struct row){.number = e->number, .days = days_between(e)};
  memcpy(row->id, e->id, sizeof row->id);
  audit_copy(row->kind, sizeof row->kind, e->kind);
  audit_copy(row->admitted, sizeof row->admitted, e->admitted);
  audit_copy(row->at, sizeof row->at, e->at);
  audit_find_fact(e, "rule", row->rule, sizeof row->rule);
  if (q->about_ref)
    audit_find_ref(e, q->about_ref, row->about);
  row->says = says_of(g, e);
  row->children = children_of(g, e);
  snprintf(row->by, sizeof row->by, "%s", audit_by(by));
  audit_copy(row->key, sizeof row->key, e->by);
  if (q->is_of_acts)
    name_act(g, row, e);
}

static void keep_mark(struct gathering *g, const struct verify_entry *e) {
  for (size_t i = 0; i < sizeof g->question->outcomes / sizeof *g->question->outcomes; i++) {
    const struct outcome *o = &g->question->outcomes[i];
    struct mark mark = {.state = o->state, .by = e->number};
    if (o->kind == NULL || !audit_is(e->kind, o->kind) || !audit_find_ref(e, o->ref, mark.id) ||
        g->mark_count >= ROWS_MAX)
      continue;
    g->marks = grow(g->marks, g->mark_count, &g->mark_max, sizeof *g->marks);
    g->marks[g->mark_count++] = mark;
  }
}

static bool is_asked_for(struct gathering *g, const struct verify_entry *e, const struct verify_author *by) {
  const struct question *q = g->question;
  if (q->wants)
    return q->wants(g, e, by);
  for (size_t i = 0; i < sizeof q->kinds / sizeof *q->kinds; i++)
    if (q->kinds[i] && audit_is(e->kind, q->kinds[i]))
      return true;
  return false;
}

static void gather(void *of, const struct verify_entry *e) {
  struct gathering *g = of;
  struct verify_author by;
  verify_author(g->look.verify, &by);
  if (is_asked_for(g, e, &by))
    keep_row(g, e, &by);
  keep_mark(g, e);
}

static int compare_marks(const void *a, const void *b) {
  const struct mark *p = a, *q = b;
  const int c = strcmp(p->id, q->id);
  return c ? c : (p->by > q->by) - (p->by < q->by);
}

static int compare_mark_id(const void *id, const void *mark) {
  return strcmp(id, ((const struct mark *)mark)->id);
}

/* The first one is what counts, also where a ledger has more. */
static const struct mark *find_mark(const struct gathering *g, const char *id) {
  const struct mark *m = g->mark_count ? bsearch(id, g->marks, g->mark_count, sizeof *g->marks, compare_mark_id) : NULL;
  while (m && m > g->marks && strcmp(m[-1].id, id) == 0)
    m--;
  return m;
}

static void apply_marks(struct gathering *g) {
  if (g->mark_count)
    qsort(g->marks, g->mark_count, sizeof *g->marks, compare_marks);
  for (size_t i = 0; i < g->count; i++) {
    const struct mark *m = find_mark(g, g->rows[i].id);
    if (m == NULL && g->question->open)
      snprintf(g->rows[i].state, sizeof g->rows[i].state, "%s", g->question->open);
    if (m == NULL)
      continue;
    snprintf(g->rows[i].state, sizeof g->rows[i].state, "%s", m->state);
    g->rows[i].state_by = m->by;
  }
}

/* ---- what is asked ---- */

static bool is_about_child(struct gathering *g, const struct verify_entry *e, const struct verify_author *by) {
  bool is = audit_is(e->kind, "child.add") && audit_is_wanted(&g->wanted, e->id, 0);
  (void)by;
  for (size_t i = 0; i < e->child_count; i++) {
    char child[65];
    audit_copy(child, sizeof child, e->children[i]);
    is |= audit_is_wanted(&g->wanted, child, 0);
  }
  return is;
}

/* A person who wrote nothing is there all the same. */
static bool is_by_person(struct gathering *g, const struct verify_entry *e, const struct verify_author *by) {
  char key[65];
  audit_copy(key, sizeof key, e->by);
  if (audit_is(e->kind, "person.add"))
    audit_is_wanted(&g->wanted, e->id, 0);
  if (by->is_node)
    return audit_is_wanted(&g->wanted, "node", 0);
  return (by->person[0] && audit_is_wanted(&g->wanted, by->person, 0)) || audit_is_wanted(&g->wanted, key, 0);
}

static bool is_late(struct gathering *g, const struct verify_entry *e, const struct verify_author *by) {
  (void)by;
  return days_between(e) >= g->days;
}

static const struct question history = {
    .wants = is_about_child,
    .outcomes = {{"entry.void", "entry", "voided"}, {"entry.erase", "entry", "erased"}},
    .none = "nothing",
    .say = "Names and words are not in the ledger: the agencies have them (cairn timeline, cairn show).",
    .columns = {COLUMN("number", NUMBER, number), COLUMN("entry", ID, id), COLUMN("admitted", TEXT, admitted),
                COLUMN("written", TEXT, at), COLUMN("kind", TEXT, kind), COLUMN("by", ID, by),
                COLUMN("says", OWNED_TEXT, says), COLUMN("since-then", TEXT, state)},
};
static const struct question by_person = {
    .wants = is_by_person,
    .none = "nothing",
    .say = "Who somebody is, their agency can say: cairn people.",
    .columns = {COLUMN("number", NUMBER, number), COLUMN("entry", ID, id), COLUMN("admitted", TEXT, admitted),
                COLUMN("written", TEXT, at), COLUMN("kind", TEXT, kind), COLUMN("child", OWNED_TEXT, children),
                COLUMN("says", OWNED_TEXT, says)},
};
static const struct question overrides = {
    .kinds = {"check.override", "check.explain"},
    .about_ref = "meeting",
    .none = "none",
    .say = "The reasons are content, and not in the ledger: ask for one with cairn disclose ENTRY, and look at it with "
           "cairn-audit open.",
    .columns = {COLUMN("number", NUMBER, number), COLUMN("entry", ID, id), COLUMN("admitted", TEXT, admitted),
                COLUMN("kind", TEXT, kind), COLUMN("rule", TEXT, rule), COLUMN("by", ID, by),
                COLUMN("meeting", ID, about), COLUMN("child", OWNED_TEXT, children)},
};
static const struct question erasures = {
    .kinds = {"entry.erase"},
    .about_ref = "entry",
    .none = "none",
    .say = "The header of what was erased stays: cairn-audit who shows it.",
    .columns = {COLUMN("number", NUMBER, number), COLUMN("entry", ID, id), COLUMN("admitted", TEXT, admitted),
                COLUMN("erased", ID, about), COLUMN("says", OWNED_TEXT, says), COLUMN("by", ID, by),
                COLUMN("child", OWNED_TEXT, children)},
};
static const struct question refusals = {
    .kinds = {"act.refuse"},
    .is_of_acts = true,
    .none = "none",
    .say = ACTS " What stood in it never came into the ledger.",
    .columns = {COLUMN("number", NUMBER, number), COLUMN("entry", ID, id), COLUMN("admitted", TEXT, admitted),
                COLUMN("rule", TEXT, rule), COLUMN("by", ID, by), COLUMN("key", ID, key),
                COLUMN("machine", ID, machine), COLUMN("act", NUMBER, act)},
};
static const struct question holds = {
    .kinds = {"act.hold"},
    .is_of_acts = true,
    .outcomes = {{"held.release", "hold", "released"}, {"held.reject", "hold", "rejected"}},
    .open = "undecided",
    .none = "none",
    .say = ACTS " BY ENTRY is the number of the entry that decided.",
    .columns = {COLUMN("number", NUMBER, number), COLUMN("entry", ID, id), COLUMN("admitted", TEXT, admitted),
                COLUMN("rule", TEXT, rule), COLUMN("by", ID, by), COLUMN("key", ID, key),
                COLUMN("machine", ID, machine), COLUMN("act", NUMBER, act), COLUMN("outcome", TEXT, state),
                COLUMN("by-entry", NUMBER, state_by)},
};
static const struct question late = {
    .wants = is_late,
    .none = "none",
    .say = "\"written\" is what the author's clock said. Work without a network comes late, and so does what was held.",
    .columns = {COLUMN("number", NUMBER, number), COLUMN("entry", ID, id), COLUMN("written", TEXT, at),
                COLUMN("admitted", TEXT, admitted), COLUMN("days", NUMBER, days), COLUMN("kind", TEXT, kind),
                COLUMN("by", ID, by), COLUMN("child", OWNED_TEXT, children)},
};

/* ---- answering ---- */

static void print_column(const struct column *c, const struct row *row, struct out *out) {
  const char *at = (const char *)row + c->offset;
  uint64_t number;
  char *owned;
  switch (c->type) {
  case TEXT: out_field(out, c->name, at); break;
  case ID: out_field_id(out, c->name, at); break;
  case OWNED_TEXT:
    memcpy(&owned, at, sizeof owned);
    out_field(out, c->name, owned);
    break;
  case NUMBER:
    memcpy(&number, at, sizeof number);
    if (number)
      out_field_number(out, c->name, number);
    else
      out_field(out, c->name, NULL);
    break;
  }
}

static int print_rows(const struct gathering *g, struct out *out) {
  const struct question *q = g->question;
  const struct verify_result *r = g->look.result;
  if (!audit_is_sound(r)) {
    audit_print_unsound(out, r, "what stands in it");
    return 3;
  }
  out_begin(out, NULL);
  audit_print_verdicts(out, r);
  out_table_begin(out, "entries", q->none);
  for (size_t i = 0; i < g->count; i++) {
    out_begin(out, NULL);
    for (const struct column *c = q->columns; c < q->columns + COLUMNS_MAX && c->name; c++)
      print_column(c, &g->rows[i], out);
    out_end(out);
  }
  out_table_end(out);
  out_end(out);
  if (q->say && g->count)
    out_say(out, "%s", q->say);
  return audit_say_doubts(out, &g->look) ? 3 : 0;
}

static enum err answer(struct gathering *g, const char *folder, struct out *out, int *status) {
  g->is_json = out->form == OUT_JSON;
  enum err e = audit_look_in(folder, g, gather, &g->look);
  if (e == OK && g->wanted.typed && audit_is_sound(g->look.result))
    e = audit_wanted_end(&g->wanted);
  if (e == OK && g->count > ROWS_MAX)
    e = err_set(ERR_LIMIT, "there are more entries than this program lists");
  if (e == OK) {
    apply_marks(g);
    *status = print_rows(g, out);
  }
  for (size_t i = 0; i < g->count && i < ROWS_MAX; i++) {
    free(g->rows[i].says);
    free(g->rows[i].children);
  }
  free(g->rows);
  free(g->marks);
  audit_look_release(&g->look);
  return e;
}

static enum err list(const struct question *q, void *program, const struct cmd_line *line, struct out *out) {
  struct gathering g = {.question = q};
  return answer(&g, cmd_nth(line, "", 0), out, &((struct audit *)program)->status);
}

static enum err run_overrides(void *program, const struct cmd_line *line, struct out *out) {
  return list(&overrides, program, line, out);
}
static enum err run_erasures(void *program, const struct cmd_line *line, struct out *out) {
  return list(&erasures, program, line, out);
}
static enum err run_refusals(void *program, const struct cmd_line *line, struct out *out) {
  return list(&refusals, program, line, out);
}
static enum err run_holds(void *program, const struct cmd_line *line, struct out *out) {
  return list(&holds, program, line, out);
}

static enum err run_late(void *program, const struct cmd_line *line, struct out *out) {
  struct gathering g = {.question = &late, .days = LATE_DAYS};
  const char *days = cmd_value(line, "days");
  if (days && (text_number(bytes_str(days), &g.days) != OK || g.days == 0 || g.days > LATE_DAYS_MAX))
    return err_set(ERR_USAGE, "--days takes a number of days, from 1 to %d", LATE_DAYS_MAX);
  return answer(&g, cmd_nth(line, "", 0), out, &((struct audit *)program)->status);
}

static enum err run_history(void *program, const struct cmd_line *line, struct out *out) {
  struct gathering g = {.question = &history};
  enum err e = audit_want("child", cmd_nth(line, "", 0), &g.wanted);
  return e == OK ? answer(&g, cmd_nth(line, "", 1), out, &((struct audit *)program)->status) : e;
}

static enum err run_by(void *program, const struct cmd_line *line, struct out *out) {
  struct gathering g = {.question = &by_person, .wanted = {.what = "person", .typed = "node", .len = 4}};
  const char *typed = cmd_nth(line, "", 0);
  enum err e = strcmp(typed, "node") == 0 ? OK : audit_want("person", typed, &g.wanted);
  return e == OK ? answer(&g, cmd_nth(line, "", 1), out, &((struct audit *)program)->status) : e;
}

static const struct cmd_opt late_opts[] = {
    {"days", CMD_VALUE, "N", "at least so many days after it was written (default: 7, a week)"}, {0}};

const struct cmd audit_ask_commands[] = {
    {"history", "CHILD [FOLDER]", 1, 2, NULL, "all that the headers say about a child: who, what, when",
     "CHILD is the first eight digits of the child's id, or more. What was voided or erased since is marked.",
     run_history},
    {"by", "PERSON [FOLDER]", 1, 2, NULL, "all entries of a person",
     "PERSON is the first eight digits, or more, of the id of their person.add or of one of their keys; or the word\n"
     "node, for what the node wrote itself.",
     run_by},
    {"overrides", "[FOLDER]", 0, 1, NULL, "where a rule was overridden, or a reason was given for not keeping it", NULL,
     run_overrides},
    {"erasures", "[FOLDER]", 0, 1, NULL, "what was erased, by whom, and on what ground", NULL, run_erasures},
    {"refusals", "[FOLDER]", 0, 1, NULL, "acts that the node refused, and by which rule", NULL, run_refusals},
    {"holds", "[FOLDER]", 0, 1, NULL, "acts that were held, and what was decided about them", NULL, run_holds},
    {"late", "[FOLDER]", 0, 1, late_opts, "entries that were written long before they were admitted", NULL, run_late},
    {0}};
