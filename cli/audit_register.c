#include <stdio.h>
#include <string.h>

#include "cli/audit.h"

/* Who is, and who was, on the Child Protection Register, by the public headers alone. */

#define EVER "9999-12-31T23:59:59Z" /* all that the ledger says */

static void take_entry(void *of, const struct verify_entry *e) {
  audit_roll_read(of, e);
}

static int say_strange(uint64_t count, struct out *out) {
  if (count)
    out_say(out,
            "%llu entries about registrations are of kinds that this program does not know: the answer may be wrong.",
            (unsigned long long)count);
  return count ? 3 : 0;
}

/* ---- register ---- */

static void print_number(struct out *out, const char *name, uint64_t number) {
  if (number)
    out_field_number(out, name, number);
  else
    out_field(out, name, NULL);
}

static void print_registration(void *of, const struct audit_registration *row) {
  struct out *out = of;
  out_begin(out, NULL);
  out_field_id(out, "child", row->child);
  out_field(out, "since", row->since);
  out_field_number(out, "registration", row->number);
  print_number(out, "decision", row->decision);
  print_number(out, "meeting", row->meeting);
  out_field(out, "what", row->is_temporary ? "temporary" : "registration");
  out_end(out);
}

static int print_register(const struct audit_roll *roll, const struct audit_when *at, const struct audit_look *look,
                          struct out *out) {
  const struct verify_result *r = look->result;
  if (!audit_is_sound(r)) {
    audit_print_unsound(out, r, "who is on the register");
    return 3;
  }
  out_begin(out, NULL);
  out_field(out, "at", strcmp(at->to, EVER) == 0 ? r->time : at->to);
  audit_print_verdicts(out, r);
  out_table_begin(out, "register", "nobody");
  audit_roll_each(roll, at, at->to, out, print_registration);
  out_table_end(out);
  out_end(out);
  const bool is_doubtful = audit_say_doubts(out, look);
  const int strange = say_strange(audit_roll_strange(roll, at->to), out);
  return is_doubtful ? 3 : strange;
}

static enum err run_register(void *program, const struct cmd_line *line, struct out *out) {
  struct audit *audit = program;
  struct audit_look look = {0};
  struct audit_when at = {EVER, EVER, ""};
  const char *typed = cmd_value(line, "at");
  struct audit_roll *roll = audit_roll_new();
  enum err e = typed ? audit_read_when(typed, &at) : OK;
  memcpy(at.from, at.to, sizeof at.from); /* of a day, its end */
  if (e == OK)
    e = audit_look_in(cmd_nth(line, "", 0), roll, take_entry, &look);
  if (e == OK)
    e = audit_roll_end(roll);
  if (e == OK)
    audit->status = print_register(roll, &at, &look, out);
  audit_roll_free(roll);
  audit_look_release(&look);
  return e;
}

/* ---- was ---- */

struct asking {
  struct audit_wanted child;
  struct audit_when on;
  struct audit_roll *roll;
  struct audit_records *records; /* of the child, as known when it is being asked by */
  size_t count;
  struct out *out; /* NULL: they are counted only */
};

static void read_was(void *of, const struct verify_entry *e) {
  struct asking *a = of;
  char child[65];
  if (audit_is(e->kind, "child.add"))
    audit_is_wanted(&a->child, e->id, 0);
  for (size_t i = 0; i < e->child_count; i++) {
    audit_copy(child, sizeof child, e->children[i]);
    audit_is_wanted(&a->child, child, 0);
  }
  audit_roll_read(a->roll, e);
}

static void take_registration(void *of, const struct audit_registration *row) {
  struct asking *a = of;
  if (!audit_records_have(a->records, row->child))
    return;
  a->count++;
  if (a->out == NULL)
    return;
  out_begin(a->out, NULL);
  out_field_number(a->out, "registration", row->number);
  out_field_id(a->out, "child", row->child);
  out_field(a->out, "since", row->since);
  out_field(a->out, "until", row->until);
  print_number(a->out, "ended-by", row->ended_by);
  print_number(a->out, "decision", row->decision);
  out_field(a->out, "what", row->is_temporary ? "temporary" : "registration");
  out_end(a->out);
}

static size_t count_registrations(struct asking *a, const char *known, struct out *out) {
  a->records = audit_roll_records_of(a->roll, a->child.id, known);
  a->out = out;
  a->count = 0;
  audit_roll_each(a->roll, &a->on, known, a, take_registration);
  audit_records_free(a->records);
  a->records = NULL;
  return a->count;
}

static const char *yes_or_no(size_t count) {
  return count ? "yes" : "no";
}

/* What counted for a part of that day only, and neither before its end nor today. */
static void print_voided(void *of, const struct audit_voided *row) {
  struct out *out = of;
  out_begin(out, NULL);
  out_field_number(out, "number", row->number);
  out_field(out, "what", row->is_end ? "end" : "registration");
  out_field(out, "admitted", row->admitted);
  out_field_number(out, "voided-by", row->voided_by);
  out_field(out, "voided-at", row->voided_at);
  out_end(out);
}

static void count_voided(void *of, const struct audit_voided *row) {
  size_t *count = of;
  (void)row;
  ++*count;
}

static size_t print_voided_then(const struct asking *a, struct out *out) {
  struct audit_records *records = audit_roll_records_of(a->roll, a->child.id, EVER);
  size_t count = 0;
  audit_roll_each_voided(a->roll, records, &a->on, &count, count_voided);
  out_table_begin(out, "voided-then", NULL);
  audit_roll_each_voided(a->roll, records, &a->on, out, print_voided);
  out_table_end(out);
  audit_records_free(records);
  return count;
}

/* Without a registration all that there is was looked at: that is the proof that there is none. */
static void say_was(const struct asking *a, size_t now, size_t then, size_t voided, const struct verify_result *r,
                    struct out *out) {
  if (now)
    out_say(out, "Yes: the name was on the register on %s.", a->on.said);
  else
    out_say(out, "No: among all %llu entries of the ledger there is no registration of this child that counts on %s.",
            (unsigned long long)r->entry_count, a->on.said);
  if ((now == 0) != (then == 0))
    out_say(out,
            "That day it was known otherwise (%s): entry %llu voided it since. What was written still stands in the "
            "ledger.",
            yes_or_no(then), (unsigned long long)audit_roll_voided_since(a->roll, a->child.id, a->on.to));
  if (voided)
    out_say(out,
            "For a part of %s it was known otherwise: what is listed as voided then had counted until that moment.",
            a->on.said);
  if (strcmp(a->on.to, r->time) > 0)
    out_say(out, "This copy of the ledger ends at %s: what was admitted later is not in it (cairn-audit fetch).",
            r->time);
}

static int print_was(struct asking *a, const struct audit_look *look, struct out *out) {
  const struct verify_result *r = look->result;
  if (!audit_is_sound(r)) {
    audit_print_unsound(out, r, "who was on the register");
    return 3;
  }
  const size_t then = count_registrations(a, a->on.to, NULL);
  out_begin(out, NULL);
  out_field_id(out, "child", a->child.id);
  out_field(out, "from", a->on.from);
  out_field(out, "to", a->on.to);
  audit_print_verdicts(out, r);
  out_table_begin(out, "registrations", NULL);
  const size_t now = count_registrations(a, EVER, out);
  out_table_end(out);
  const size_t voided = print_voided_then(a, out);
  out_field(out, "registered", yes_or_no(now));
  out_field(out, "as-known-then", yes_or_no(then));
  out_end(out);
  say_was(a, now, then, voided, r, out);
  const bool is_doubtful = audit_say_doubts(out, look);
  const int strange = say_strange(audit_roll_strange(a->roll, EVER), out);
  return is_doubtful ? 3 : strange ? strange : now == 0;
}

static enum err run_was(void *program, const struct cmd_line *line, struct out *out) {
  struct audit *audit = program;
  struct audit_look look = {0};
  struct asking a = {.roll = audit_roll_new()};
  const char *on = cmd_value(line, "on");
  enum err e = audit_want("child", cmd_nth(line, "", 0), &a.child);
  if (e == OK)
    e = audit_read_when(on ? on : "today", &a.on);
  if (e == OK)
    e = audit_look_in(cmd_nth(line, "", 1), &a, read_was, &look);
  if (e == OK && audit_is_sound(look.result) && (e = audit_wanted_end(&a.child)) == OK)
    e = audit_roll_end(a.roll);
  if (e == OK)
    audit->status = print_was(&a, &look, out);
  audit_roll_free(a.roll);
  audit_look_release(&look);
  return e;
}

static const struct cmd_opt register_opts[] = {
    {"at", CMD_VALUE, "DATE", "who was on the register then, instead of now: the end of a day, or a time"}, {0}};
static const struct cmd_opt was_opts[] = {{"on", CMD_VALUE, "DATE", "the day, or a time (default: today)"}, {0}};

const struct cmd audit_register_commands[] = {
    {"register", "[FOLDER]", 0, 1, register_opts, "list who is on the register, from the public headers",
     "Children are shown by their ids: the ledger holds no names. DATE is as in 21 Nov 2026, 21/11/2026 or\n"
     "2026-11-21T10:03:00Z. What counts is what had been admitted by then. Ends with 3 if anything in the\n"
     "ledger does not hold, or it cannot tell.",
     run_register},
    {"was", "CHILD [FOLDER]", 1, 2, was_opts, "was the child on the register on that day, or provably not?",
     "CHILD is the first eight digits of the child's id, or more. Answers by all that is known today, and says where\n"
     "that day, or for a part of it, it was known otherwise, because a registration or its end was voided since or on\n"
     "that day. Other records of the same child count. Ends with 0 if the child was, 1 if not, 3 if the ledger does "
     "not hold or cannot tell.",
     run_was},
    {0}};
