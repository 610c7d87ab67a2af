#include <stdio.h>
#include <string.h>

#include "cli/audit.h"

/* Who wrote an entry, as the ledger stood then. */

struct finding_author {
  struct audit_look look;
  struct audit_wanted wanted;
  char act[65];   /* of the entry that is shown */
  uint64_t first; /* its act's first entry */
  bool is_found;
  struct verify_author author;
  char kind[65], key[65], admitted[21], at[21], found_act[65];
  uint64_t number, found_first, last;
};

static void look_for(void *of, const struct verify_entry *e) {
  struct finding_author *f = of;
  char act[65];
  audit_copy(act, sizeof act, e->act);
  if (strcmp(act, f->act) != 0) {
    memcpy(f->act, act, sizeof act);
    f->first = e->number;
  }
  if (f->is_found && strcmp(act, f->found_act) == 0)
    f->last = e->number;
  if (!audit_is_wanted(&f->wanted, e->id, e->number) || f->is_found)
    return;
  f->is_found = true;
  f->number = f->last = e->number;
  f->found_first = f->first;
  memcpy(f->found_act, act, sizeof act);
  audit_copy(f->kind, sizeof f->kind, e->kind);
  audit_copy(f->key, sizeof f->key, e->by);
  audit_copy(f->admitted, sizeof f->admitted, e->admitted);
  audit_copy(f->at, sizeof f->at, e->at);
  verify_author(f->look.verify, &f->author);
}

/* What was found about its act. */
static size_t print_findings(const struct finding_author *f, struct out *out) {
  const struct verify_result *r = f->look.result;
  size_t count = 0;
  out_table_begin(out, "findings", NULL);
  for (size_t i = 0; i < r->finding_count; i++) {
    const struct verify_finding *found = &r->findings[i];
    if (found->entry < f->found_first || found->entry > f->last)
      continue;
    out_begin(out, NULL);
    out_field(out, "code", verify_code_text(found->code));
    out_field_number(out, "number", found->entry);
    out_field(out, "finding", found->sentence);
    out_end(out);
    count++;
  }
  out_table_end(out);
  return count;
}

static void print_author(const struct verify_author *a, struct out *out) {
  out_field(out, "by", audit_by(a));
  out_field(out, "agency", a->agency);
  out_field(out, "roles", a->roles);
  out_field(out, "machine", a->machine);
  out_field(out, "certificate-from", a->from);
  out_field(out, "certificate-until", a->until);
  if (a->is_known) {
    out_field_bool(out, "certificate-valid-then", a->is_valid);
    out_field_bool(out, "revoked-before", a->is_revoked);
    out_field_bool(out, "held-and-let-through", a->is_released);
  }
  out_field(out, "confirmed-by", a->second);
}

static int print_who(const struct finding_author *f, struct out *out) {
  const struct verify_result *r = f->look.result;
  if (!audit_is_sound(r)) {
    audit_print_unsound(out, r, "who wrote what");
    return 3;
  }
  out_begin(out, NULL);
  out_field_number(out, "number", f->number);
  out_field(out, "entry", f->wanted.id);
  out_field(out, "kind", f->kind);
  out_field(out, "written", f->at);
  out_field(out, "admitted", f->admitted);
  out_field(out, "act", f->found_act);
  out_field(out, "key", f->key);
  print_author(&f->author, out);
  const size_t count = print_findings(f, out);
  audit_print_verdicts(out, r);
  out_end(out);
  if (count)
    out_say(out, "There is something wrong with this act: what is said here is not to be relied on.");
  else if (f->author.person[0])
    out_say(out, "Names are not in the ledger. The person's agency knows whose entry %.8s is: cairn people, there.",
            f->author.person);
  const bool is_doubtful = audit_say_doubts(out, &f->look);
  return count > 0 ? 1 : is_doubtful ? 3 : 0;
}

static enum err run_who(void *program, const struct cmd_line *line, struct out *out) {
  struct audit *audit = program;
  struct finding_author f = {0};
  enum err e = audit_want_entry(cmd_nth(line, "", 0), &f.wanted);
  if (e == OK)
    e = audit_look_in(cmd_nth(line, "", 1), &f, look_for, &f.look);
  if (e == OK && audit_is_sound(f.look.result))
    e = audit_wanted_end(&f.wanted);
  if (e == OK)
    audit->status = print_who(&f, out);
  audit_look_release(&f.look);
  return e;
}

const struct cmd audit_who_commands[] = {
    {"who", "ENTRY [FOLDER]", 1, 2, NULL, "who wrote an entry: key, person, agency, roles then, machine, certificate",
     "ENTRY is its number, or the first eight digits of its id, or more. Ends with 1 if something is wrong with the\n"
     "act.",
     run_who},
    {0}};
