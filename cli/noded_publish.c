/* The published ledger: each commit is finished once, kept in the store, and published from there. So the same commits
 * are published again after a crash, and also when the whole repository is gone. */
#include <string.h>

#include "audit/publish.h"
#include "audit/sshsig.h"
#include "cli/noded.h"
#include "core/directory.h"
#include "core/moment.h"
#include "core/publication.h"

#define AT_ONCE 64 /* commits in one go, so that nobody waits long where many are to be published again */

struct publishing {
  struct noded *n;
  struct checkpoint checkpoint; /* of the commit that is made now */
  struct buf note;
};

static enum err leaf(void *of, uint64_t number, struct buf *out) {
  struct publishing *p = of;
  return store_leaf(p->n->store, number, out);
}

/* The checkpoint of this size is that of the newest entries, so the key in force is the one that signs it. */
static enum err make_commit(struct publishing *p, uint64_t number, struct bytes draft, struct buf *out) {
  enum err e = sshsig_sign_commit(p->n->ledger, draft, out);
  if (e == OK)
    e = publication_keep(p->n->store, number, p->checkpoint.size, buf_bytes(out));
  moment_comes(MOMENT_COMMIT_KEPT);
  return e;
}

static enum err finish(void *of, uint64_t number, struct bytes draft, struct buf *out) {
  struct publishing *p = of;
  uint64_t size;
  enum err e = publication_find(p->n->store, number, &size, out);
  return e == ERR_ABSENT ? make_commit(p, number, draft, out) : e;
}

static bool had_name(void *of, const char *origin) {
  struct publishing *p = of;
  return directory_is_former_origin(p->n->store, bytes_str(origin));
}

/* The store's own note: its text ends where the empty line before the signatures begins. */
static enum err read_checkpoint(struct publishing *p) {
  const struct buf *note = &p->note;
  for (size_t i = 1; i < note->len; i++)
    if (note->at[i - 1] == '\n' && note->at[i] == '\n')
      return checkpoint_parse(bytes_of(note->at, i), &p->checkpoint);
  return err_set(ERR_FORM, "the store's checkpoint is not a note");
}

struct handovers {
  struct store *s;
  uint64_t newest; /* 0: none */
};

static enum err look_at_key(void *of, const struct ledger_key_row *row) {
  struct handovers *h = of;
  const struct hash id = hash_of(row->spki);
  return row->until.s[0] ? directory_handed_over(h->s, &id, &h->newest) : OK;
}

/* The newest, but a handover of the ledger's key before it: its checkpoint, which both keys have signed, leads on
 * whoever knows the key before, and a node that is rebuilt may find it nowhere else. A commit for an older handover
 * would need a key that is gone. */
static enum err load_next(struct publishing *p, uint64_t published) {
  struct handovers h = {.s = p->n->store};
  struct hash root;
  uint64_t size = 0;
  enum err e = store_checkpoint_newest(h.s, &size, &root, &p->note);
  if (e == OK)
    e = directory_each_ledger_key(h.s, &h, look_at_key);
  if (e != OK || h.newest <= published || h.newest >= size)
    return e;
  struct buf signed_by_both = {0};
  e = store_checkpoint_at(h.s, h.newest, &signed_by_both);
  if (e == OK) {
    buf_clear(&p->note);
    buf_add(&p->note, buf_bytes(&signed_by_both));
  }
  buf_release(&signed_by_both);
  return e == ERR_ABSENT ? OK : e; /* a node that was rebuilt may lack it */
}

/* That of the commit behind the tip if it was kept, else the one to be published next. */
static enum err load_checkpoint(struct publishing *p, const struct publish_tip *tip) {
  struct store *s = p->n->store;
  struct buf ignored = {0};
  uint64_t size;
  buf_clear(&p->note);
  enum err e = publication_find(s, tip->commit_count, &size, &ignored);
  buf_release(&ignored);
  if (e == OK)
    e = store_checkpoint_at(s, size, &p->note);
  else if (e == ERR_ABSENT)
    e = load_next(p, tip->size);
  return e == OK ? read_checkpoint(p) : e;
}

static enum err check_is_ours(const struct publishing *p, struct publish *repository, const struct publish_tip *tip) {
  struct buf kept = {0};
  uint64_t size;
  if (tip->commit_count == 0)
    return OK;
  enum err e = publication_find(p->n->store, tip->commit_count - 1, &size, &kept);
  bool is_ours = e == OK && publish_is_newest(repository, buf_bytes(&kept));
  buf_release(&kept);
  if (is_ours || (e != OK && e != ERR_ABSENT))
    return e;
  return err_set_remedy(ERR_REFUSED, "keep it as evidence, and move it away: then the same commits are published again",
                        "\"" NODED_LEDGER "\" does not end with the commit %.8s that this node has published", tip->id);
}

/* Writes whether there was something to publish. */
static enum err publish_next(struct publishing *p, struct publish *repository, struct publish_tip *tip,
                             bool *is_more_out) {
  const struct publish_source source = {p, leaf, finish, had_name};
  uint64_t before = tip->size;
  enum err e = load_checkpoint(p, tip);
  if (e == OK)
    e = publish_commit(repository, &p->checkpoint, buf_bytes(&p->note), &source);
  moment_comes(MOMENT_PUBLISHED);
  if (e == OK)
    e = publish_tip(repository, tip);
  *is_more_out = tip->size > before;
  return e;
}

enum err noded_publish(struct noded *n, const char *folder, uint64_t *size_out) {
  struct publishing p = {.n = n};
  struct publish *repository = NULL;
  struct publish_tip tip;
  struct buf path = {0};
  bool is_more = true;
  enum err e = publish_open(folder_path(&path, folder, NODED_LEDGER), &repository);
  if (e == OK)
    e = publish_tip(repository, &tip);
  if (e == OK)
    e = check_is_ours(&p, repository, &tip);
  for (int i = 0; e == OK && is_more && i < AT_ONCE; i++)
    e = publish_next(&p, repository, &tip, &is_more);
  if (e == OK)
    *size_out = tip.size;
  publish_close(repository);
  buf_release(&path);
  buf_release(&p.note);
  return e;
}
