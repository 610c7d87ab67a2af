#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/clone.h"
#include "cli/audit.h"

static const char *folder_of(const struct cmd_line *line, size_t operand) {
  const char *folder = cmd_nth(line, "", operand);
  return folder ? folder : "ledger-audit";
}

/* What was brought on this command line takes the place of what was brought before. */
static enum err bring(const struct cmd_line *line, struct audit_memory *m) {
  const char *vkey = cmd_value(line, "key"), *fingerprint = cmd_value(line, "fingerprint"), *why;
  if (vkey)
    audit_memory_set(&m->vkey, vkey);
  if (fingerprint)
    audit_memory_set(&m->fingerprint, fingerprint);
  struct verify_facts facts = {m->vkey, m->fingerprint, NULL, NULL, 0};
  struct verify *v = verify_new(&facts, &why);
  if (v == NULL)
    return err_set(ERR_USAGE, "%s", why);
  verify_free(v);
  return OK;
}

/* ---- init ---- */

/* A path on this machine is kept whole, so that it means the same wherever the next command is run. */
static char *whole_url(const char *url) {
  char *path = realpath(url, NULL);
  return path ? path : mem_copy_string(url);
}

static enum err fetch(const char *folder, const struct audit_memory *m, enum clone_change *change_out) {
  struct buf path = {0};
  struct clone *clone = NULL;
  audit_path(&path, folder, "ledger.git");
  enum err e = clone_open(buf_cstr(&path), &clone);
  if (e == OK)
    e = clone_fetch(clone, m->url, change_out);
  clone_close(clone);
  buf_release(&path);
  return e;
}

static enum err make_folder(const char *folder, const struct audit_memory *m) {
  struct buf path = {0};
  audit_path(&path, folder, "ledger.git");
  enum err e = OK;
  if (mkdir(folder, 0700) != 0)
    e = err_set(ERR_IO, "cannot make the folder \"%s\": %s", folder, strerror(errno));
  if (e == OK)
    e = clone_make(buf_cstr(&path));
  if (e == OK)
    e = audit_memory_save(folder, m);
  buf_release(&path);
  return e;
}

static enum err run_init(void *program, const struct cmd_line *line, struct out *out) {
  const char *folder = folder_of(line, 1);
  struct audit_memory m = {.url = whole_url(cmd_nth(line, "", 0))};
  enum clone_change change;
  (void)program;
  enum err e = bring(line, &m);
  if (e == OK)
    e = make_folder(folder, &m);
  if (e == OK)
    e = fetch(folder, &m, &change);
  if (e == OK) {
    out_begin(out, NULL);
    out_field(out, "folder", folder);
    out_field(out, "ledger", m.url);
    out_end(out);
    out_say(out, "Now: cairn-audit verify %s", folder);
  }
  audit_memory_release(&m);
  return e;
}

/* ---- fetch ---- */

static enum err run_fetch(void *program, const struct cmd_line *line, struct out *out) {
  static const char *const words[] = {
      [CLONE_SAME] = "Nothing new has been published.",
      [CLONE_FORWARD] = "There are new entries.",
      [CLONE_REWRITTEN] =
          "The published history is NOT the one that was there before. Both are kept. cairn-audit verify judges."};
  static const char *const codes[] = {
      [CLONE_SAME] = "same", [CLONE_FORWARD] = "forward", [CLONE_REWRITTEN] = "rewritten"};
  struct audit *audit = program;
  struct audit_memory m = {0};
  enum clone_change change;
  enum err e = audit_memory_load(folder_of(line, 0), &m);
  if (e == OK)
    e = fetch(folder_of(line, 0), &m, &change);
  if (e == OK) {
    audit->status = change == CLONE_REWRITTEN;
    out_begin(out, NULL);
    out_field(out, "ledger", m.url);
    out_field(out, "change", codes[change]);
    out_end(out);
    out_say(out, "%s", words[change]);
  }
  audit_memory_release(&m);
  return e;
}

/* ---- verify ---- */

static void print_findings(struct out *out, const struct verify_result *r) {
  out_table_begin(out, "findings", NULL);
  for (size_t i = 0; i < r->finding_count; i++) {
    const struct verify_finding *f = &r->findings[i];
    out_begin(out, NULL);
    out_field(out, "code", verify_code_text(f->code));
    if (f->entry)
      out_field_number(out, "entry", f->entry);
    out_field(out, "finding", f->sentence);
    out_end(out);
  }
  out_table_end(out);
}

/* Is this the first of the agency's machines? */
static bool is_new_agency(const struct verify_result *r, size_t i) {
  for (size_t k = 0; k < i; k++)
    if (strcmp(r->witnesses[k].agency, r->witnesses[i].agency) == 0)
      return false;
  return true;
}

/* Whoever vouches for a size vouches for all smaller ones, so each row counts those above it, too. */
static void print_witnesses(struct out *out, const struct verify_result *r) {
  size_t agencies = 0;
  out_table_begin(out, "witnessed", "by no machine");
  for (size_t i = 0; i < r->witness_count; i++) {
    agencies += is_new_agency(r, i);
    if (i + 1 < r->witness_count && r->witnesses[i + 1].size == r->witnesses[i].size)
      continue;
    out_begin(out, NULL);
    out_field_number(out, "size", r->witnesses[i].size);
    out_field_number(out, "machines", i + 1);
    out_field_number(out, "agencies", agencies);
    out_end(out);
  }
  out_table_end(out);
}

static void print_result(struct out *out, const struct audit_look *l) {
  const struct verify_result *r = l->result;
  out_begin(out, NULL);
  out_field(out, "ledger", r->origin);
  out_field(out, "fingerprint", r->fingerprint);
  out_field_number(out, "entries", r->entry_count);
  out_field(out, "newest", r->time);
  out_field(out, "root", r->root);
  out_field(out, "short-form", r->short_form);
  for (int s = 0; s < VERIFY_SUBJECTS; s++)
    out_field(out, verify_subject_text((enum verify_subject)s), verify_verdict_text(r->verdicts[s]));
  print_witnesses(out, r);
  audit_mirrors_print(out, l);
  print_findings(out, r);
  if (r->findings_beyond)
    out_field_number(out, "further-findings", r->findings_beyond);
  out_end(out);
}

static bool has_verdict(const struct verify_result *r, enum verify_verdict verdict) {
  for (int s = 0; s < VERIFY_SUBJECTS; s++)
    if (r->verdicts[s] == verdict)
      return true;
  return false;
}

static int conclude(struct out *out, const struct verify_result *r) {
  if (has_verdict(r, VERIFY_FAILS)) {
    out_say(out,
            "The ledger does NOT hold. Keep this copy as it is, and show the findings to whoever asked for the audit.");
    return 1;
  }
  if (has_verdict(r, VERIFY_UNKNOWN)) {
    out_say(
        out,
        "Nothing fails, but nothing was brought to compare with. Ask the node's administrator for the fingerprint over "
        "the telephone, then: cairn-audit verify --fingerprint HEX");
    return 3;
  }
  out_say(out,
          "The ledger holds: all %llu entries are there, signed by whom they say, and it is the ledger known before.",
          (unsigned long long)r->entry_count);
  return 0;
}

/* Only what is whole, and no other ledger than the one known, is remembered. */
static enum err remember(const char *folder, struct audit_memory *m, const struct audit_look *l) {
  const struct verify_result *r = l->result;
  if (r->verdicts[VERIFY_INTEGRITY] != VERIFY_HOLDS || r->verdicts[VERIFY_ANCHORING] == VERIFY_FAILS)
    return OK;
  audit_memory_set(&m->seen_vkey, r->vkey);
  buf_clear(&m->seen_note);
  buf_add(&m->seen_note, buf_bytes(&l->note));
  return audit_memory_save(folder, m);
}

/* A repository alone: nothing is remembered. */
static enum err verify_repository(const char *repository, const struct cmd_line *line, struct audit_look *out) {
  struct audit_memory m = {0};
  enum err e = bring(line, &m);
  if (e == OK) {
    struct verify_facts facts = audit_memory_facts(&m);
    e = audit_look(repository, &facts, NULL, NULL, out);
  }
  audit_memory_release(&m);
  return e;
}

static enum err verify_folder(const char *folder, const struct cmd_line *line, struct audit_look *out) {
  struct audit_memory m = {0};
  struct buf path = {0};
  audit_path(&path, folder, "ledger.git");
  enum err e = audit_memory_load(folder, &m);
  if (e == OK)
    e = bring(line, &m);
  if (e == OK) {
    struct verify_facts facts = audit_memory_facts(&m);
    e = audit_look(buf_cstr(&path), &facts, NULL, NULL, out);
  }
  if (e == OK)
    e = remember(folder, &m, out);
  audit_memory_release(&m);
  buf_release(&path);
  return e;
}

static enum err run_verify(void *program, const struct cmd_line *line, struct out *out) {
  struct audit *audit = program;
  struct audit_mirror mirrors[AUDIT_MIRRORS_MAX];
  struct audit_look look = {.mirrors = mirrors};
  const char *repository = cmd_value(line, "repository");
  enum err e = audit_mirrors_read(line, mirrors, &look.mirror_count);
  if (e != OK)
    return e;
  if (repository && cmd_nth(line, "", 0))
    return err_set(ERR_USAGE, "either a folder or --repository, not both");
  if (repository && look.mirror_count)
    return err_set(ERR_USAGE, "a mirror is compared with the copy in a folder, and not with --repository");
  e = repository ? verify_repository(repository, line, &look) : verify_folder(folder_of(line, 0), line, &look);
  if (look.result) {
    print_result(out, &look);
    audit->status = conclude(out, look.result);
    if (audit->status == 0)
      audit->status = audit_mirrors_conclude(out, &look);
  }
  audit_look_release(&look);
  return e;
}

static const struct cmd_opt brought[] = {
    {"key", CMD_VALUE, "VKEY", "the ledger's verifier key, NAME+HASH+BASE64, as you were told it"},
    {"fingerprint", CMD_VALUE, "HEX", "the fingerprint of the ledger's key, as you were told it"},
    {0}};
static const struct cmd_opt verify_opts[] = {
    {"key", CMD_VALUE, "VKEY", "the ledger's verifier key, NAME+HASH+BASE64, as you were told it"},
    {"fingerprint", CMD_VALUE, "HEX", "the fingerprint of the ledger's key, as you were told it"},
    {"mirror", CMD_LIST, "URL", "another repository that should hold the same ledger; may be repeated"},
    {"repository", CMD_VALUE, "PATH", "a bare repository on this machine instead of a folder; nothing is remembered"},
    {0}};

const struct cmd audit_visit_commands[] = {
    {"init", "URL [FOLDER]", 1, 2, brought, "make a folder for a ledger, and fetch the ledger into it",
     "Bring the key or its fingerprint from somewhere else than the ledger itself: without one, the first visit\n"
     "cannot tell this ledger from another.",
     run_init},
    {"fetch", "[FOLDER]", 0, 1, NULL, "fetch what has been published since", NULL, run_fetch},
    {"verify", "[FOLDER]", 0, 1, verify_opts, "judge integrity, authorship and anchoring",
     "Remembers the checkpoint of a good visit, and compares with it at the next.", run_verify},
    {0}};
