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

static void take_commit(void *of, struct bytes object) {
  struct audit_look *l = of;
  verify_commit(l->verify, object.at, object.len);
}

static void take_fault(void *of, enum clone_fault fault, const char *sentence) {
  static const enum verify_code codes[CLONE_FAULTS] = {
      [CLONE_OBJECT] = VERIFY_I_OBJECT,   [CLONE_LAYOUT] = VERIFY_I_LAYOUT,         [CLONE_LIMIT] = VERIFY_I_LIMIT,
      [CLONE_TREE] = VERIFY_P_TREE,       [CLONE_REPLACE] = VERIFY_P_REPLACE,       [CLONE_GRAFT] = VERIFY_P_GRAFT,
      [CLONE_SHALLOW] = VERIFY_P_SHALLOW, [CLONE_ALTERNATES] = VERIFY_P_ALTERNATES, [CLONE_FORCED] = VERIFY_P_FORCED};
  struct audit_look *l = of;
  verify_report(l->verify, codes[fault], 0, sentence);
}

enum err audit_look(const char *repository, const struct verify_facts *facts, void *of,
                    void (*entry)(void *of, const struct verify_entry *e), struct audit_look *out) {
  struct audit_look l = {.mirrors = out->mirrors, .mirror_count = out->mirror_count};
  struct clone *clone = NULL;
  const char *why;
  struct clone_reader reader = {&l, take_leaves, take_checkpoint, take_fault, take_commit};
  enum err e = OK;
  l.verify = verify_new(facts, &why);
  if (l.verify == NULL) {
    e = err_set(ERR_USAGE, "%s", why);
    goto out;
  }
  if (entry)
    verify_each(l.verify, of, entry);
  if ((e = clone_open(repository, &clone)) != OK || (e = clone_read(clone, &reader)) != OK)
    goto out;
  audit_mirrors_compare(&l, clone);
  l.result = verify_end(l.verify);
  *out = l;
  l = (struct audit_look){0};
out:
  clone_close(clone);
  audit_look_release(&l);
  return e;
}

void audit_look_release(struct audit_look *l) {
  verify_free(l->verify);
  buf_release(&l->note);
  *l = (struct audit_look){0};
}
