/* The published ledger: the node publishes now and then, as the program does, to a git repository in the world's
 * folder. That is the mirror when the node is lost, and what the auditor reads in the end. Only in runs in which the
 * node is lost: it takes time. */
#include "audit/clone.h"
#include "cli/audit.h"
#include "cli/noded_recover.h"
#include "core/recovery.h"
#include "tests/sim/sim.h"

#define AUDITED "audited.git"

static struct noded as_program(struct sim *s) {
  return (struct noded){.store = s->w.node.store, .ledger = s->w.ledger, .exchange = s->w.node, .folder = s->w.folder};
}

void sim_publish(struct sim *s) {
  struct noded n = as_program(s);
  if (!s->is_publishing || recovery_is_on(n.store) || s->sides[SIM_NODE].trouble != SIM_NO_TROUBLE)
    return;
  sim_must(s, noded_publish(&n, s->w.folder, &s->published), "the published ledger goes on");
}

static void remove_repository(struct sim *s, const char *name) {
  struct buf path = {0};
  folder_remove_all(folder_path(&path, s->w.folder, name));
  buf_release(&path);
}

void sim_lose_published(struct sim *s) {
  if (s->published)
    remove_repository(s, NODED_LEDGER);
  s->published = 0;
}

enum err sim_take_published(struct sim *s) {
  struct noded n = as_program(s);
  struct buf path = {0};
  const struct noded_mirror_at at = {folder_path(&path, s->w.folder, NODED_LEDGER), ""};
  enum err e = noded_stage_mirror(&n, s->w.folder, &at);
  buf_release(&path);
  return e;
}

static enum err copy_published(struct sim *s, const char *to) {
  struct buf path = {0};
  struct clone *c = NULL;
  enum clone_change change;
  enum err e = clone_make(to);
  if (e == OK)
    e = clone_open(to, &c);
  if (e == OK)
    e = clone_fetch(c, folder_path(&path, s->w.folder, NODED_LEDGER), &change);
  clone_close(c);
  buf_release(&path);
  return e;
}

void sim_audit_published(struct sim *s, void (*judge)(struct sim *s, const struct verify_result *r)) {
  struct verify_facts facts = {.folder = s->w.folder, .jobs = 1};
  struct audit_look look = {0};
  struct buf path = {0};
  folder_path(&path, s->w.folder, AUDITED);
  sim_must(s, copy_published(s, buf_cstr(&path)), "the auditor's copy");
  sim_must(s, audit_look(buf_cstr(&path), &facts, NULL, NULL, &look), "the auditor reads it");
  judge(s, look.result);
  audit_look_release(&look);
  remove_repository(s, AUDITED);
  buf_release(&path);
}
