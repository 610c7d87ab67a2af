#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/verify_copy.h"
#include "cli/audit.h"

/* cairn-audit copy: what somebody who was handed a minute or a report can show with it. */

/* ---- in an auditor's copy of the ledger ---- */

struct seeking {
  const struct verify_copy *copy;
  uint64_t number; /* 0: not found */
  char admitted[21];
};

static void seek(void *of, const struct verify_entry *e) {
  struct seeking *s = of;
  if (strcmp(e->id, s->copy->approval) != 0)
    return;
  s->number = e->number;
  snprintf(s->admitted, sizeof s->admitted, "%.*s", (int)e->admitted.len, e->admitted.at);
}

static bool is_any(const struct verify_result *r, enum verify_verdict verdict) {
  for (size_t i = 0; i < VERIFY_SUBJECTS; i++)
    if (r->verdicts[i] == verdict)
      return true;
  return false;
}

static void conclude(struct verify_copy *c, enum verify_copy_code code, const char *sentence) {
  c->code = code;
  snprintf(c->sentence, sizeof c->sentence, "%s", sentence);
}

static void compare(struct verify_copy *c, const struct seeking *s, const struct verify_result *r) {
  if (is_any(r, VERIFY_FAILS))
    conclude(c, VERIFY_COPY_LEDGER, "the ledger does not hold: cairn-audit verify says why");
  else if (s->number == 0 || (c->number && c->number != s->number))
    conclude(c, VERIFY_COPY_LEDGER, "the approval does not stand in this ledger; fetch what was published since");
  else if (is_any(r, VERIFY_UNKNOWN))
    conclude(c, VERIFY_COPY_NONE, "nothing was brought to compare the ledger itself with");
  else
    conclude(c, VERIFY_COPY_GOOD, "");
  c->number = s->number;
  memcpy(c->admitted, s->admitted, sizeof c->admitted);
  snprintf(c->ledger, sizeof c->ledger, "%s", r->origin);
}

static enum err compare_with_ledger(const char *folder, struct verify_copy *c) {
  struct audit_look look = {0};
  struct seeking s = {.copy = c};
  enum err e = audit_look_in(folder, &s, seek, &look);
  if (e == OK)
    compare(c, &s, look.result);
  audit_look_release(&look);
  return e;
}

/* ---- what is said ---- */

static int status_of(enum verify_copy_code code) {
  return code == VERIFY_COPY_GOOD ? 0 : code == VERIFY_COPY_NONE ? 3 : 1;
}

static void print(const struct verify_copy *c, struct out *out) {
  static const char *const words[] = {"holds", "does not hold", "", "unknown"};
  const bool is_whole = status_of(c->code) != 1;
  out_begin(out, NULL);
  out_field(out, "copy", words[status_of(c->code)]);
  out_field(out, "code", verify_copy_code_text(c->code));
  out_field(out, "finding", c->sentence);
  if (is_whole) {
    out_field(out, "rendering", c->rendering);
    out_field(out, "of", c->report[0] ? "report" : "minute");
    out_field(out, "meeting", c->meeting);
    out_field(out, "report", c->report);
    out_field(out, "approval", c->approval);
    out_field(out, "approved-by-key", c->key);
    out_field(out, "approved-by", c->person);
    out_field(out, "authority", c->authority);
    out_field(out, "written", c->at);
    if (c->number)
      out_field_number(out, "number", c->number);
    out_field(out, "accepted", c->admitted);
    out_field(out, "ledger", c->ledger);
  }
  out_end(out);
  if (c->code == VERIFY_COPY_GOOD)
    out_say(out,
            "This is exactly what the chair of the meeting approved, and the ledger has the approval. Who that is, the "
            "certificate in the file says: compare its authority with the ledger's.");
}

static enum err run_copy(void *program, const struct cmd_line *line, struct out *out) {
  struct audit *audit = program;
  struct verify_copy c;
  struct buf file = {0};
  const char *why = "", *folder = cmd_nth(line, "", 1), *key = cmd_value(line, "key");
  if (folder && key)
    return err_set(ERR_USAGE, "either a folder or --key, not both");
  enum err e = audit_read_file(cmd_nth(line, "", 0), VERIFY_COPY_MAX, &file);
  if (e == OK && !verify_copy(file.at, file.len, key, &c, &why))
    e = err_set(ERR_USAGE, "%s", why);
  if (e == OK && folder && status_of(c.code) != 1)
    e = compare_with_ledger(folder, &c);
  if (e == OK) {
    print(&c, out);
    audit->status = status_of(c.code);
  }
  buf_release(&file);
  return e;
}

static const struct cmd_opt copy_opts[] = {
    {"key", CMD_VALUE, "VKEY", "the ledger's verifier key, NAME+HASH+BASE64, as you were told it"}, {0}};

const struct cmd audit_copy_commands[] = {
    {"copy", "FILE [FOLDER]", 1, 2, copy_opts, "say what a copy of a minute or a report proves",
     "FILE is what was handed out: a page or a text that ends with its proof. Bring the ledger's key, or name a FOLDER "
     "of cairn-audit init: without either it cannot be known that it is of that ledger.",
     run_copy},
    {0}};
