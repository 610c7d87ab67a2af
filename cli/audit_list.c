#include <string.h>

#include "audit/signers.h"
#include "cli/audit.h"
#include "cli/signers_out.h"

static struct bytes bytes_from(struct verify_text t) {
  return bytes_of(t.at, t.len);
}

struct listing {
  struct out *out;
  const char *kind, *child;
  size_t count;
};

static bool concerns(const struct verify_entry *e, const char *child) {
  if (child == NULL)
    return true;
  if (audit_is(e->kind, "child.add") && strncmp(e->id, child, strlen(child)) == 0)
    return true;
  for (size_t i = 0; i < e->child_count; i++)
    if (bytes_starts(bytes_from(e->children[i]), child))
      return true;
  return false;
}

static void print_children(struct out *out, const struct verify_entry *e) {
  struct buf b = {0};
  for (size_t i = 0; i < e->child_count; i++) {
    struct bytes id = bytes_from(e->children[i]);
    buf_add_str(&b, i ? " " : "");
    buf_add(&b, bytes_of(id.at, out->form == OUT_TEXT ? 8 : id.len));
  }
  out_field_bytes(out, "child", buf_bytes(&b));
  buf_release(&b);
}

static void list_entry(void *of, const struct verify_entry *e) {
  struct listing *l = of;
  if ((l->kind && !audit_is(e->kind, l->kind)) || !concerns(e, l->child))
    return;
  char by[65];
  memcpy(by, e->by.at, 64);
  by[64] = '\0';
  out_begin(l->out, NULL);
  out_field_number(l->out, "number", e->number);
  out_field_bytes(l->out, "admitted", bytes_from(e->admitted));
  out_field_bytes(l->out, "kind", bytes_from(e->kind));
  out_field_id(l->out, "entry", e->id);
  out_field_id(l->out, "by", by);
  print_children(l->out, e);
  out_end(l->out);
  l->count++;
}

/* After a failure the list is left open, and so is not printed. */
static enum err run_log(void *program, const struct cmd_line *line, struct out *out) {
  struct audit *audit = program;
  struct audit_look look = {0};
  struct listing l = {out, cmd_value(line, "kind"), cmd_value(line, "child"), 0};
  out_begin(out, NULL);
  out_table_begin(out, "entries", "none");
  enum err e = audit_look_in(cmd_nth(line, "", 0), &l, list_entry, &look);
  if (e != OK)
    return e;
  out_table_end(out);
  audit_print_verdicts(out, look.result);
  out_end(out);
  if (audit_is_sound(look.result)) {
    out_say(out, "%zu of %llu entries.", l.count, (unsigned long long)look.result->entry_count);
  } else {
    out_say(out, "The ledger does NOT hold: this list is not to be relied on. cairn-audit verify says why.");
    audit->status = 1;
  }
  audit_look_release(&look);
  return OK;
}

static const struct cmd_opt log_opts[] = {
    {"child", CMD_VALUE, "PREFIX", "only what concerns the child whose id begins with these digits"},
    {"kind", CMD_VALUE, "KIND", "only entries of this kind"},
    {0}};

/* ---- allowed-signers ---- */

static void format_signers(struct buf *b, const struct verify_result *r) {
  for (size_t i = 0; i < r->signer_count; i++) {
    const struct verify_signer *one = &r->signers[i];
    struct signers_line line = {r->origin, bytes_of(one->point, sizeof one->point), one->from, one->until};
    signers_format(b, &line);
  }
}

/* What is printed is meant for a file: nothing, rather than keys of a ledger that is another. */
static enum err run_signers(void *program, const struct cmd_line *line, struct out *out) {
  struct audit_look look = {0};
  struct buf file = {0};
  (void)program;
  enum err e = audit_look_in(cmd_nth(line, "", 0), NULL, NULL, &look);
  if (e == OK && !audit_is_sound(look.result))
    e = err_set_remedy(ERR_REFUSED, "cairn-audit verify says why",
                       "the ledger does not hold, so that it cannot say who signs its commits");
  if (e == OK) {
    format_signers(&file, look.result);
    signers_out(out, buf_bytes(&file));
  }
  buf_release(&file);
  audit_look_release(&look);
  return e;
}

const struct cmd audit_list_commands[] = {
    {"log", "[FOLDER]", 0, 1, log_opts, "list the ledger's entries", NULL, run_log},
    {"allowed-signers", "[FOLDER]", 0, 1, NULL, "the keys that sign the ledger's commits, for stock git verify-commit",
     "Write it to a file, and: git -c gpg.ssh.allowedSignersFile=FILE verify-commit main", run_signers},
    {0}};
