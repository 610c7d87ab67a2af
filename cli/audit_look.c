#include <string.h>

#include "audit/clone.h"
#include "cli/audit.h"

static void take_leaves(void *of, struct bytes file) {
  struct audit_look *l = of;
  verify_leaves(l->verify, file.at, file.len);
}

static void take_checkpoint(void *of, struct bytes note) {
  struct audit_look *l = of;
  verify_checkpoint(l->verify, note.at, note.len);
  buf_clear(&l->note);
  buf_add(&l->note, note);
}

static void take_fault(void *of, enum clone_fault fault, const char *sentence) {
  static const enum verify_code codes[] = {
      [CLONE_OBJECT] = VERIFY_I_OBJECT, [CLONE_LAYOUT] = VERIFY_I_LAYOUT, [CLONE_LIMIT] = VERIFY_I_LIMIT};
  struct audit_look *l = of;
  verify_report(l->verify, codes[fault], 0, sentence);
}

enum err audit_look(const char *repository, const struct verify_facts *facts, void *of,
                    void (*entry)(void *of, const struct verify_entry *e), struct audit_look *out) {
  struct clone *clone = NULL;
  const char *why;
  struct clone_reader reader = {out, take_leaves, take_checkpoint, take_fault};
  enum err e = OK;
  *out = (struct audit_look){.verify = verify_new(facts, &why)};
  if (out->verify == NULL)
    return err_set(ERR_USAGE, "%s", why);
  if (entry)
    verify_each(out->verify, of, entry);
  e = clone_open(repository, &clone);
  if (e == OK)
    e = clone_read(clone, &reader);
  if (e == OK)
    out->result = verify_end(out->verify);
  else
    audit_look_release(out);
  clone_close(clone);
  return e;
}

enum err audit_look_in(const char *folder, void *of, void (*entry)(void *of, const struct verify_entry *e),
                       struct audit_look *out) {
  struct audit_memory m = {0};
  struct buf path = {0};
  audit_path(&path, folder ? folder : AUDIT_FOLDER, "ledger.git");
  enum err e = audit_memory_load(folder ? folder : AUDIT_FOLDER, &m);
  if (e == OK) {
    const struct verify_facts facts = audit_memory_facts(&m);
    e = audit_look(buf_cstr(&path), &facts, of, entry, out);
  }
  audit_memory_release(&m);
  buf_release(&path);
  return e;
}

void audit_look_release(struct audit_look *l) {
  verify_free(l->verify);
  buf_release(&l->note);
  *l = (struct audit_look){0};
}

bool audit_is_sound(const struct verify_result *r) {
  return r->verdicts[VERIFY_INTEGRITY] == VERIFY_HOLDS && r->verdicts[VERIFY_ANCHORING] != VERIFY_FAILS;
}

void audit_print_verdicts(struct out *out, const struct verify_result *r) {
  struct buf not_holding = {0};
  for (int s = 0; s < VERIFY_SUBJECTS; s++) {
    const char *subject = verify_subject_text((enum verify_subject)s), *verdict = verify_verdict_text(r->verdicts[s]);
    if (out->form == OUT_JSON)
      out_field(out, subject, verdict);
    else if (r->verdicts[s] != VERIFY_HOLDS)
      buf_addf(&not_holding, "%s%s %s", not_holding.len ? ", " : "", subject, verdict);
  }
  if (out->form == OUT_TEXT)
    out_field(out, "ledger", not_holding.len ? buf_cstr(&not_holding) : "holds");
  buf_release(&not_holding);
}

void audit_say_doubts(struct out *out, const struct verify_result *r) {
  bool is_any = false;
  for (int s = 0; s < VERIFY_SUBJECTS; s++)
    is_any |= r->verdicts[s] == VERIFY_FAILS;
  if (is_any)
    out_say(out, "Something in the ledger does NOT hold, and may be behind this answer: cairn-audit verify says what.");
}

void audit_print_unsound(struct out *out, const struct verify_result *r, const char *cannot) {
  out_begin(out, NULL);
  audit_print_verdicts(out, r);
  out_end(out);
  out_say(out, "The ledger does NOT hold, so that it cannot say %s. cairn-audit verify says why.", cannot);
}
