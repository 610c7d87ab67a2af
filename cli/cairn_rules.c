#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/home.h"
#include "core/draft.h"
#include "core/profile.h"
#include "core/rule.h"

/* ---- rules ---- */

static bool lists_rule(const struct draft_read *d, const char *setting, const char *number) {
  for (size_t i = 0; i < d->draft.count; i++)
    if (strcmp(d->values[i].name, setting) == 0 && strcmp(d->values[i].value, number) == 0)
      return true;
  return false;
}

/* How a rule is enforced, and where a profile that comes with the program says otherwise. */
static void add_enforcement(const struct rule *r, struct buf *out) {
  static const struct {
    const char *setting;
    enum rule_class class;
  } settings[] = {{"hard", RULE_HARD}, {"reason", RULE_REASON}, {"remind", RULE_CHECKLIST}, {"off", RULE_OFF}};
  buf_addf(out, "%s%s", rule_class_words(r->class), r->may_override ? ", unless the chair overrides it" : "");
  for (const struct profile_file *p = profile_files; p->name; p++) {
    struct draft_read d = {0};
    if (draft_read(kind_find(bytes_str("profile.adopt")), bytes_str(p->text), &d) != OK)
      continue;
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
      if (lists_rule(&d, settings[i].setting, r->number))
        buf_addf(out, "; %s: %s", p->name, rule_class_words(settings[i].class));
    draft_read_release(&d);
  }
}

static void print_rule(const struct rule *r, struct out *out) {
  struct buf enforcement = {0};
  add_enforcement(r, &enforcement);
  out_begin(out, NULL);
  out_field(out, "rule", r->number);
  out_field_bytes(out, "enforced", buf_bytes(&enforcement));
  out_field(out, "asked-with", r->gates);
  out_field(out, "words", r->words);
  out_field(out, "remedy", r->remedy);
  out_field(out, "source", r->source);
  out_end(out);
  buf_release(&enforcement);
}

static enum err run_rules(void *program, const struct cmd_line *line, struct out *out) {
  const char *number = cmd_nth(line, "", 0);
  const struct rule *r = number ? rule_find(bytes_str(number)) : NULL;
  (void)program;
  if (number && r == NULL)
    return err_set_remedy(ERR_ABSENT, "cairn rules lists them", "there is no rule \"%s\"", number);
  if (r) {
    print_rule(r, out);
    return OK;
  }
  out_table_begin(out, NULL, NULL);
  for (size_t i = 0; (r = rule_at(i)); i++) {
    out_begin(out, NULL);
    out_field(out, "rule", r->number);
    out_field(out, "enforced", rule_class_words(r->class));
    out_field(out, "words", r->words);
    out_end(out);
  }
  out_table_end(out);
  return OK;
}

/* ---- check ---- */

struct asking {
  struct home *h;
  struct hash meeting;
  struct rule_asked asked;
};

static enum err start_asking(struct home *h, const struct cmd_line *line, struct asking *a) {
  *a = (struct asking){.h = h};
  enum err e = home_resolve(h, cmd_nth(line, "", 0), "meeting.convene", &a->meeting);
  if (e == OK)
    e = profile_current(h->store, &a->asked.profile);
  a->asked.meeting = &a->meeting;
  a->asked.now_s = home_now_s();
  return e;
}

static bool is_settled(enum rule_state s) {
  return s != RULE_OPEN && s != RULE_BROKEN && s != RULE_UNKNOWN;
}

static void print_result(const struct rule *r, const struct rule_result *result, struct out *out) {
  struct buf words = {0};
  buf_addf(&words, "%s%s%s", r->words, result->detail[0] ? ": " : "", result->detail);
  out_begin(out, NULL);
  out_field(out, "rule", r->number);
  out_field(out, "state", rule_state_words(result->state));
  out_field(out, "enforced", rule_class_words(result->class));
  out_field_bytes(out, "words", buf_bytes(&words));
  out_field(out, "remedy", is_settled(result->state) ? NULL : r->remedy);
  out_field_id(out, "by-entry", hash_is_zero(&result->answer) ? NULL : hash_hex(&result->answer).s);
  out_end(out);
  buf_release(&words);
}

/* Every rule about meetings, or those that are still to be dealt with. */
static enum err print_rules(struct asking *a, bool open_only, struct out *out) {
  const struct rule *r;
  enum err e = OK;
  for (size_t i = 0; e == OK && (r = rule_at(i)); i++) {
    struct rule_result result;
    if (r->about != ABOUT_MEETING)
      continue;
    e = rule_ask(a->h->store, r, &a->asked, &result);
    if (e == OK && result.state != RULE_NOT_APPLICABLE && !(open_only && is_settled(result.state)))
      print_result(r, &result, out);
  }
  return e;
}

static enum err check(struct home *h, const struct cmd_line *line, struct out *out) {
  struct asking a;
  enum err e = start_asking(h, line, &a);
  if (e != OK)
    return e;
  out_table_begin(out, NULL, "Nothing is open.");
  e = print_rules(&a, cmd_flag(line, "open"), out);
  out_table_end(out);
  return e;
}

static enum err run_check(void *program, const struct cmd_line *line, struct out *out) {
  return home_look(program, line, out, check);
}

/* ---- meeting show ---- */

struct glance {
  struct home *h;
  struct out *out;
  const struct record *meeting;
  uint64_t *numbers; /* what is about it, of each child's file */
  size_t count, room;
};

/* The meeting that an entry names, or the one whose decision it names. */
static bool is_about(struct home *h, const struct record *r, const struct hash *meeting) {
  const struct hash *named = entry_ref(&r->entry, "meeting"), *decision = entry_ref(&r->entry, "decision");
  struct record d = {0};
  bool is = named && hash_equal(named, meeting);
  if (named == NULL && decision && store_find(h->store, decision, &d) == OK)
    is = is_about(h, &d, meeting);
  record_release(&d);
  return is;
}

static enum err collect_if_about(void *of, const struct record *r) {
  struct glance *g = of;
  if (!is_about(g->h, r, &g->meeting->entry.id))
    return OK;
  if (g->count == g->room) {
    g->room = g->room ? g->room * 2 : 64;
    uint64_t *more = mem_alloc_array(g->room, sizeof *more);
    if (g->count)
      memcpy(more, g->numbers, g->count * sizeof *more);
    free(g->numbers);
    g->numbers = more;
  }
  g->numbers[g->count++] = r->number;
  return OK;
}

static int by_number(const void *a, const void *b) {
  const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return x < y ? -1 : x > y;
}

/* What stands in the files of several children of the meeting is one row. */
static enum err print_collected(struct glance *g) {
  enum err e = OK;
  if (g->count)
    qsort(g->numbers, g->count, sizeof *g->numbers, by_number);
  for (size_t i = 0; e == OK && i < g->count; i++) {
    struct record r = {0};
    if (i > 0 && g->numbers[i] == g->numbers[i - 1])
      continue;
    e = store_find_number(g->h->store, g->numbers[i], &r);
    if (e == OK)
      e = home_print_row(g->h, &r, g->out);
    record_release(&r);
  }
  return e;
}

static enum err print_recorded(struct glance *g) {
  enum err e = OK;
  out_table_begin(g->out, "recorded", "Nothing is recorded about this meeting yet.");
  for (size_t i = 0; e == OK && i < g->meeting->entry.child_count; i++) {
    const struct store_filter f = {.child = &g->meeting->entry.children[i]};
    e = store_each(g->h->store, &f, g, collect_if_about);
  }
  if (e == OK)
    e = print_collected(g);
  out_table_end(g->out);
  free(g->numbers);
  return e;
}

static enum err count_rules(struct asking *a, struct out *out) {
  size_t counts[RULE_UNKNOWN + 1] = {0};
  const struct rule *r;
  enum err e = OK;
  for (size_t i = 0; e == OK && (r = rule_at(i)); i++) {
    struct rule_result result;
    if (r->about != ABOUT_MEETING)
      continue;
    e = rule_ask(a->h->store, r, &a->asked, &result);
    if (e == OK)
      counts[result.state]++;
  }
  for (enum rule_state s = RULE_MET; s <= RULE_UNKNOWN; s++) {
    char name[64];
    snprintf(name, sizeof name, "rules-%s", rule_state_words(s));
    for (char *c = name; *c; c++)
      *c = *c == ' ' ? '-' : *c;
    out_field_number(out, name, counts[s]);
  }
  return e;
}

/* As it is arranged now, whatever was said when it was convened. */
static void print_arranged(struct home *h, const struct history *now, struct out *out) {
  static const char *const fields[] = {"type", "on", "chair", "minute-taker", "place"};
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
    struct buf said = {0};
    home_add_now(h, now, fields[i], &said);
    out_field_bytes(out, fields[i], buf_bytes(&said));
    buf_release(&said);
  }
}

static enum err meeting_show(struct home *h, const struct cmd_line *line, struct out *out) {
  struct asking a;
  struct history now = {0};
  struct buf children = {0}, conflict = {0};
  enum err e = start_asking(h, line, &a);
  if (e == OK)
    e = history_load(h->store, &a.meeting, &now);
  if (e == OK) {
    const struct record *meeting = &now.steps[0].record;
    struct glance g = {.h = h, .out = out, .meeting = meeting};
    home_add_children(h, &meeting->entry, &children);
    home_add_conflict(h, &a.meeting, &conflict);
    out_begin(out, NULL);
    out_field_id(out, "meeting", hash_hex(&a.meeting).s);
    print_arranged(h, &now, out);
    out_field_bytes(out, "about", buf_bytes(&children));
    out_field(out, "state", meeting->state);
    out_field_bytes(out, "conflict", buf_bytes(&conflict));
    e = count_rules(&a, out);
    if (e == OK)
      e = print_recorded(&g);
    out_end(out);
  }
  buf_release(&children);
  buf_release(&conflict);
  history_release(&now);
  return e;
}

static enum err run_meeting_show(void *program, const struct cmd_line *line, struct out *out) {
  return home_look(program, line, out, meeting_show);
}

static const struct cmd_opt check_opts[] = {
    {"open", CMD_FLAG, NULL, "only what is still to be dealt with"},
    {0},
};

const struct cmd home_rule_commands[] = {
    {"rules", "[RULE]", 0, 1, NULL, "the rules of practice: what each says, where it is from, how it is enforced", NULL,
     run_rules},
    {"check", "MEETING", 1, 1, check_opts, "every rule that applies to a meeting: met, open, explained, overridden",
     "What was done is confirmed with: cairn check confirm --meeting MEETING --rule RULE --answer yes", run_check},
    {"meeting show", "MEETING", 1, 1, NULL, "a meeting at a glance: what is recorded, and what is still open", NULL,
     run_meeting_show},
    {0},
};
