#include <string.h>

#include "audit/signers.h"
#include "cli/audit.h"
#include "cli/signers_out.h"

static struct bytes bytes_from(struct verify_text t) {
  return bytes_of(t.at, t.len);
}

struct listing {
  struct out *out;
  struct audit_look look;
  const char *kind;
  bool has_kind; /* an entry of it stands in the ledger */
  struct audit_wanted child;
  size_t count;
};

static bool concerns(struct listing *l, const struct verify_entry *e) {
  if (l->child.typed == NULL)
    return true;
  bool is = audit_is(e->kind, "child.add") && audit_is_wanted(&l->child, e->id, 0);
  for (size_t i = 0; i < e->child_count; i++) {
    char child[65];
    audit_copy(child, sizeof child, e->children[i]);
    is |= audit_is_wanted(&l->child, child, 0);
  }
  return is;
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
  const bool is_of_kind = l->kind == NULL || audit_is(e->kind, l->kind), is_wanted = concerns(l, e);
  l->has_kind |= is_of_kind;
  if (!is_of_kind || !is_wanted)
    return;
  struct verify_author by;
  char key[65];
  verify_author(l->look.verify, &by);
  audit_copy(key, sizeof key, e->by);
  out_begin(l->out, NULL);
  out_field_number(l->out, "number", e->number);
  out_field_id(l->out, "entry", e->id);
  out_field_bytes(l->out, "admitted", bytes_from(e->admitted));
  out_field_bytes(l->out, "kind", bytes_from(e->kind));
  out_field_id(l->out, "by", audit_by(&by));
  out_field_id(l->out, "key", key);
  print_children(l->out, e);
  out_end(l->out);
  l->count++;
}

/* A newer ledger may have kinds that this program does not know. */
static enum err check_asked(const struct listing *l) {
  if (l->kind && !l->has_kind && !verify_knows_kind(l->kind))
    return err_set_remedy(ERR_USAGE, "cairn-audit log lists the entries with their kinds",
                          "there is no kind \"%s\": this program knows none, and no entry of the ledger is of it",
                          l->kind);
  return l->child.typed ? audit_wanted_end(&l->child) : OK;
}

/* After a failure the list is left open, and so is not printed. */
static enum err run_log(void *program, const struct cmd_line *line, struct out *out) {
  struct audit *audit = program;
  struct listing l = {.out = out, .kind = cmd_value(line, "kind")};
  const char *child = cmd_value(line, "child");
  enum err e = child ? audit_want("child", child, &l.child) : OK;
  if (e != OK)
    return e;
  out_begin(out, NULL);
  out_table_begin(out, "entries", "none");
  e = audit_look_in(cmd_nth(line, "", 0), &l, list_entry, &l.look);
  if (e == OK && audit_is_sound(l.look.result))
    e = check_asked(&l);
  if (e != OK)
    goto out;
  out_table_end(out);
  audit_print_verdicts(out, l.look.result);
  out_end(out);
  if (audit_is_sound(l.look.result)) {
    out_say(out, "%zu of %llu entries. BY is the person's entry, KEY the key that signed.", l.count,
            (unsigned long long)l.look.result->entry_count);
    audit->status = audit_say_doubts(out, &l.look) ? 3 : 0;
  } else {
    out_say(out, "The ledger does NOT hold: this list is not to be relied on. cairn-audit verify says why.");
    audit->status = 3;
  }
out:
  audit_look_release(&l.look);
  return e;
}

static const struct cmd_opt log_opts[] = {
    {"child", CMD_VALUE, "PREFIX", "only what concerns the child whose id begins with these digits, eight or more"},
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
