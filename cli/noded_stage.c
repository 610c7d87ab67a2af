/* Where a node that is being rebuilt gets what it lacks from, other than machines that sync: a mirror of the published
 * ledger, and files that machines wrote. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/clone.h"
#include "audit/url.h"
#include "cli/bundle_file.h"
#include "cli/noded_recover.h"
#include "sync/recover.h"

/* The serving node has another working folder. */
static enum err check_whole(const char *path, bool may_be_url) {
  if (path[0] == '/' || (may_be_url && strchr(path, ':') && path[0] != '-'))
    return OK;
  return err_set_remedy(ERR_USAGE, "give the whole path, from / on", "\"%s\" is not a whole path", path);
}

/* Of an empty log: this is the ledger that is to be rebuilt. */
static enum err pin(struct store *s, const struct hash *ledger) {
  struct hash known;
  enum err e = store_meta_hash(s, "ledger", &known);
  return e == ERR_ABSENT && store_size(s) == 0 ? store_meta_set(s, "ledger", hash_bytes(ledger)) : OK;
}

/* ---- a mirror ---- */

static const struct hash the_mirror = {{0}};

struct mirroring {
  struct noded *n;
  struct buf newest;        /* the last note */
  struct checkpoint goal;   /* what it says, when the ledger's key has signed it */
  struct checkpoint commit; /* the last one on the second way through */
  uint64_t commits;
  enum err err;
  char words[512];
};

static void note_error(struct mirroring *m, enum err e) {
  if (e == OK || m->err != OK)
    return;
  m->err = e;
  snprintf(m->words, sizeof m->words, "%s", err_words(e));
}

static void on_fault(void *of, enum clone_fault fault, const char *sentence) {
  (void)fault;
  note_error(of, err_set(ERR_REFUSED, "the mirror is not as it should be: %s", sentence));
}

static void keep_newest(void *of, struct bytes note) {
  struct mirroring *m = of;
  buf_clear(&m->newest);
  buf_add(&m->newest, note);
}

static void pass_over(void *of, struct bytes file) {
  (void)of, (void)file;
}

static enum err stage_leaf(struct mirroring *m, struct bytes leaf) {
  const struct recovery_item item = {.leaf = leaf};
  struct leaf_read l = {0};
  struct hash wanted;
  uint64_t number;
  enum err e = leaf_parse(leaf, &l);
  if (e == OK && l.leaf.number == 1) {
    struct hash ledger = hash_of(l.leaf.header);
    e = pin(m->n->store, &ledger);
  }
  if (e == OK)
    e = recovery_offer(m->n->store, &the_mirror, &item, &number, &wanted);
  leaf_read_release(&l);
  return e;
}

/* An empty line ends each leaf. */
static void stage_leaves(void *of, struct bytes file) {
  struct mirroring *m = of;
  while (m->err == OK && file.len > 0) {
    const uint8_t *end = memmem(file.at, file.len, "\n\n", 2);
    size_t len = end ? (size_t)(end - file.at) + 1 : file.len;
    note_error(m, stage_leaf(m, bytes_of(file.at, len)));
    size_t step = len + (end ? 1 : 0);
    file = bytes_of(file.at + step, file.len - step);
  }
}

/* Older ones may be signed by an older key; what they are worth is seen when the ledger is whole. */
static void stage_checkpoint(void *of, struct bytes note) {
  struct mirroring *m = of;
  struct bytes text;
  enum err e = note_text(note, &text);
  if (e == OK)
    e = checkpoint_parse(text, &m->commit);
  if (e == OK && m->commit.size <= m->goal.size)
    e = recovery_show_published(m->n->store, &m->commit, note);
  note_error(m, e);
}

static void stage_commit(void *of, struct bytes object) {
  struct mirroring *m = of;
  note_error(m, recovery_commit(m->n->store, m->commits++, m->commit.size, object));
}

static enum err outcome(const struct mirroring *m, enum err e) {
  return m->err != OK ? err_set(m->err, "%s", m->words) : e;
}

static enum err stage_all(struct mirroring *m, struct clone *c) {
  const struct clone_reader look = {m, pass_over, keep_newest, on_fault, NULL},
                            take = {m, stage_leaves, stage_checkpoint, on_fault, stage_commit};
  enum err e = outcome(m, clone_read(c, &look));
  if (e == OK)
    e = store_begin(m->n->store);
  if (e != OK)
    return e;
  e = recover_hear(&m->n->exchange, &the_mirror, buf_bytes(&m->newest), &m->goal);
  if (e == OK)
    e = outcome(m, clone_read(c, &take));
  return store_end(m->n->store, e);
}

enum err noded_stage_mirror(struct noded *n, const char *folder, const struct noded_mirror_at *at) {
  struct mirroring m = {.n = n};
  struct buf path = {0};
  struct clone *c = NULL;
  enum clone_change change;
  enum err e = check_whole(at->url, true);
  if (e != OK)
    return e;
  folder_path(&path, folder, "mirror.clone");
  folder_remove_all(buf_cstr(&path)); /* of an attempt that was cut off */
  e = clone_make(buf_cstr(&path));
  if (e == OK)
    e = clone_open(buf_cstr(&path), &c);
  if (e == OK && at->credentials[0])
    clone_credentials(c, at->credentials);
  if (e == OK)
    e = clone_fetch(c, at->url, &change);
  if (e == OK)
    e = stage_all(&m, c);
  clone_close(c);
  folder_remove_all(buf_cstr(&path));
  buf_release(&path);
  buf_release(&m.newest);
  return e;
}

/* ---- a file of a machine ---- */

/* One request; none at the end. */
static enum err read_request(FILE *f, struct buf *out, bool *is_end) {
  uint8_t head[4];
  buf_clear(out);
  size_t n = fread(head, 1, sizeof head, f);
  *is_end = n == 0 && feof(f);
  if (*is_end)
    return OK;
  struct reader r = reader_of(bytes_of(head, n));
  size_t len = reader_u32(&r);
  uint8_t *at = r.err == OK && len <= MSG_PAGE_MAX ? buf_extend(out, len) : NULL;
  if (at == NULL || fread(at, 1, len, f) != len)
    return err_set(ERR_FORM, "the file ends early, or is no file of cairn offer");
  return OK;
}

static enum err take_request(struct noded *n, const struct hash *source, struct bytes request) {
  struct recover_request m = {0};
  struct buf answer = {0};
  enum err e = recover_request_decode(request, &m);
  if (e == OK)
    e = pin(n->store, &m.ledger);
  if (e == OK)
    e = recover_serve_file(&n->exchange, source, request, noded_now_s(), &answer);
  recover_request_release(&m);
  buf_release(&answer);
  return e;
}

/* Which machine wrote it is said and not proved. The administrator who brings it vouches that this machine was heard;
 * the leaves are those of the file, and take nothing from what the machine itself offers. */
static enum err hear_machine(struct noded *n, const struct hash *machine) {
  enum err e = recovery_is_on(n->store) ? store_begin(n->store) : OK;
  if (e != OK || !recovery_is_on(n->store))
    return e;
  return store_end(n->store, recovery_hear(n->store, machine, 0));
}

/* A node that was put back to what it was, and does not know it, hears of it by what the file shows first. */
static enum err check_wanted(struct store *s) {
  return recovery_is_on(s) || recovery_has_lost(s)
             ? OK
             : err_set(ERR_REFUSED, "the node is not being rebuilt, and lacks nothing");
}

static enum err take_requests(struct noded *n, FILE *f) {
  char line[sizeof RECOVER_FILE_LINE] = "";
  struct buf request = {0};
  struct hash source = {{0}};
  uint8_t machine[HASH_SIZE];
  bool is_end = false;
  enum err e = OK;
  if (fread(line, 1, sizeof RECOVER_FILE_LINE - 1, f) != sizeof RECOVER_FILE_LINE - 1 ||
      strcmp(line, RECOVER_FILE_LINE) != 0 || fread(machine, 1, HASH_SIZE, f) != HASH_SIZE)
    return err_set(ERR_FORM, "this is no file of cairn offer");
  for (bool is_first = true; e == OK && !is_end; is_first = false) {
    e = read_request(f, &request, &is_end);
    if (e == OK && is_first)
      source = hash_of(buf_bytes(&request));
    if (e == OK && !is_end)
      e = take_request(n, &source, buf_bytes(&request));
    if (e == OK && is_first)
      e = check_wanted(n->store);
  }
  buf_release(&request);
  struct hash id = hash_from(bytes_of(machine, HASH_SIZE));
  return e == OK && !hash_is_zero(&id) ? hear_machine(n, &id) : e;
}

enum err noded_stage_offer(struct noded *n, const char *path) {
  enum err e = check_whole(path, false);
  FILE *f = NULL;
  if (e == OK)
    e = bundle_file_open(n->store, path, &f);
  if (e == OK)
    e = take_requests(n, f);
  if (f)
    fclose(f);
  return e;
}
