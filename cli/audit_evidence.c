#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/clone.h"
#include "cli/audit.h"
#include "sync/evidence.h"

/* Two signed checkpoints that do not go together, for a third person: the one that is known, and of what was published
 * the one of the same size, or else the newest. The repository is read once more for them, which happens seldom. */

struct picking {
  uint64_t size;
  struct buf of_size, newest;
};

static void keep_note(struct buf *b, struct bytes note) {
  buf_clear(b);
  buf_add(b, note);
}

static void pick(void *of, struct bytes note) {
  struct picking *p = of;
  uint64_t size;
  if (!verify_note_size(note.at, note.len, &size))
    return;
  keep_note(&p->newest, note);
  if (size == p->size)
    keep_note(&p->of_size, note);
}

static void pass_leaves(void *of, struct bytes file) {
  (void)of;
  (void)file;
}

static void pass_fault(void *of, enum clone_fault fault, const char *sentence) {
  (void)of;
  (void)fault;
  (void)sentence;
}

/* Of this size if there is one; newest: else the newest. Appended. */
static enum err find_note(const char *repository, uint64_t size, bool is_newest_good, struct buf *out) {
  struct picking p = {.size = size};
  struct clone_reader reader = {&p, pass_leaves, pick, pass_fault};
  struct clone *clone = NULL;
  enum err e = clone_open(repository, &clone);
  if (e == OK)
    e = clone_read(clone, &reader);
  if (e == OK && p.of_size.len)
    buf_add(out, buf_bytes(&p.of_size));
  else if (e == OK && is_newest_good)
    buf_add(out, buf_bytes(&p.newest));
  clone_close(clone);
  buf_release(&p.of_size);
  buf_release(&p.newest);
  return e;
}

static const char *words_of(enum verify_code code) {
  return code == VERIFY_N_ROLLBACK  ? "the published ledger is smaller than one that was seen before"
         : code == VERIFY_N_WITNESS ? "a machine vouches for another history than the published one"
                                    : "the published ledger is another history than the one that was seen before";
}

/* Nothing is appended where a checkpoint is missing that would be needed. */
static enum err compose(const char *repository, const struct verify_conflict *c, struct bytes seen, struct buf *out) {
  struct buf before = {0}, came = {0};
  struct bytes witness = {0};
  enum err e;
  if (c->code == VERIFY_N_WITNESS) {
    witness = bytes_of(c->spki, sizeof c->spki);
    e = find_note(repository, c->size, false, &before);
    if (e == OK)
      e = find_note(repository, c->carrier, false, &came);
  } else {
    buf_add(&before, c->note ? bytes_of(c->note, c->note_len) : seen);
    e = find_note(repository, c->size, true, &came);
  }
  if (e == OK && before.len && came.len)
    evidence_notes_format(out,
                          &(struct evidence_notes){words_of(c->code), buf_bytes(&before), buf_bytes(&came), witness});
  buf_release(&before);
  buf_release(&came);
  return e;
}

/* The name is empty where nothing that was published can show it. */
static enum err keep(const char *folder, const char *repository, const struct verify_conflict *c, struct bytes seen,
                     char name_out[AUDIT_FILE_SIZE]) {
  struct buf text = {0};
  name_out[0] = '\0';
  enum err e = compose(repository, c, seen, &text);
  if (e == OK && text.len) {
    struct verify_short id = verify_short(text.at, text.len);
    snprintf(name_out, AUDIT_FILE_SIZE, "evidence-%s.txt", id.s);
    e = audit_save(folder, name_out, buf_bytes(&text));
  }
  buf_release(&text);
  return e;
}

enum err audit_keep_evidence(const char *folder, const char *repository, const struct verify_result *r,
                             struct bytes seen, struct audit_kept *out) {
  enum err e = OK;
  out->folder = folder;
  for (size_t i = 0; e == OK && i < r->conflict_count; i++) {
    out->at[out->count].code = r->conflicts[i].code;
    e = keep(folder, repository, &r->conflicts[i], seen, out->at[out->count].name);
    out->count += e == OK && out->at[out->count].name[0];
  }
  return e;
}
