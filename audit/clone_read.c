#include "audit/clone.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <git2.h>
#include <git2/sys/repository.h>

#include "audit/clone_parts.h"
#include "audit/detour.h"
#include "audit/loose.h"

#define CHECKPOINT_MAX ((size_t)65536)
#define COMMIT_MAX ((size_t)65536)
#define TREE_MAX ((size_t)65536) /* 256 entries take less than a quarter */
#ifdef CAIRN_TEST_BUILD          /* small, so that short histories have several blocks */
#define BLOCK 3                  /* commits */
#define AFRESH_BYTES ((size_t)4 << 10)
#else
#define BLOCK 1024
#define AFRESH_BYTES ((size_t)2 << 20) /* see open_afresh */
#endif

/* ---- objects ---- */

void walk_fault(struct walk *w, enum clone_fault f, const char *fmt, ...) {
  char sentence[200];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(sentence, sizeof sentence, fmt, ap);
  va_end(ap);
  w->reader->fault(w->reader->of, f, sentence);
}

struct short_oid {
  char s[9];
};

static struct short_oid short_oid(const git_oid *id) {
  struct short_oid out;
  git_oid_tostr(out.s, sizeof out.s, id);
  return out;
}

static bool is_safe(const struct walk *w, const git_oid *id) {
  char hex[GIT_OID_HEXSZ + 1];
  struct buf objects = {0};
  buf_addf(&objects, "%sobjects", git_repository_path(w->repository));
  bool safe = loose_is_safe(buf_cstr(&objects), git_oid_tostr(hex, sizeof hex, id));
  buf_release(&objects);
  return safe;
}

/* Says what an object is before any of it is read into memory. */
static bool is_readable(struct walk *w, const git_oid *id, git_object_t type, size_t max) {
  size_t len;
  git_object_t found;
  if (!is_safe(w, id)) {
    walk_fault(w, CLONE_OBJECT, "the object %s is damaged", short_oid(id).s);
    return false;
  }
  if (git_odb_read_header(&len, &found, w->objects, id) != 0) {
    walk_fault(w, CLONE_OBJECT, "the object %s is missing or damaged", short_oid(id).s);
    return false;
  }
  if (found != type)
    walk_fault(w, CLONE_OBJECT, "the object %s is of another type than it should be", short_oid(id).s);
  else if (len > max)
    walk_fault(w, CLONE_LIMIT, "the object %s has %zu bytes, and may have %zu", short_oid(id).s, len, max);
  return found == type && len <= max;
}

git_odb_object *walk_blob(struct walk *w, const git_oid *id, size_t max) {
  git_odb_object *blob = NULL;
  if (is_readable(w, id, GIT_OBJECT_BLOB, max) && git_odb_read(&blob, w->objects, id) != 0)
    walk_fault(w, CLONE_OBJECT, "the object %s is damaged", short_oid(id).s);
  return blob;
}

git_tree *walk_tree(struct walk *w, const git_oid *id) {
  git_tree *tree = NULL;
  if (is_readable(w, id, GIT_OBJECT_TREE, TREE_MAX) && git_tree_lookup(&tree, w->repository, id) != 0)
    walk_fault(w, CLONE_OBJECT, "the folder %s is damaged", short_oid(id).s);
  return tree;
}

static git_commit *read_commit(struct walk *w, const git_oid *id) {
  git_commit *commit = NULL;
  if (is_readable(w, id, GIT_OBJECT_COMMIT, COMMIT_MAX) && git_commit_lookup(&commit, w->repository, id) != 0)
    walk_fault(w, CLONE_OBJECT, "the commit %s is damaged", short_oid(id).s);
  return commit;
}

struct bytes walk_bytes(git_odb_object *blob) {
  return bytes_of(git_odb_object_data(blob), git_odb_object_size(blob));
}

/* The history is read from its newest commit back, and handed over from the first one on: of that only the ids of one
 * block of commits are kept, and where each block begins. */
struct history {
  struct buf tops,
      ids; /* of each block the newest, the newest block first; of the block that was read last, the same */
  size_t count;
};

static void history_release(struct history *h) {
  buf_release(&h->tops);
  buf_release(&h->ids);
}

static git_oid oid_at(const struct buf *ids, size_t i) {
  git_oid id;
  git_oid_fromraw(&id, ids->at + i * GIT_OID_RAWSZ);
  return id;
}

/* Replaces the id by that of its parent; false if it could not be read. */
static bool go_back(struct walk *w, git_oid *id, bool *has_parent_out) {
  git_commit *commit = read_commit(w, id);
  if (commit == NULL)
    return false;
  *has_parent_out = git_commit_parentcount(commit) > 0;
  if (*has_parent_out)
    git_oid_cpy(id, git_commit_parent_id(commit, 0));
  git_commit_free(commit);
  return true;
}

/* False if the last commit, or for NULL the first, could not be reached. */
static bool list_commits(struct walk *w, const git_oid *newest, const git_oid *last, struct history *h) {
  git_oid id = *newest;
  for (bool has_parent = true; has_parent; h->count++) {
    if (last && git_oid_equal(&id, last))
      return true;
    if (h->count == CLONE_COMMITS_MAX) {
      walk_fault(w, CLONE_LIMIT, "there are more than %zu commits", CLONE_COMMITS_MAX);
      return false;
    }
    const git_oid this = id;
    if (!go_back(w, &id, &has_parent))
      return false;
    if (h->count % BLOCK == 0) {
      buf_clear(&h->ids);
      buf_add(&h->tops, bytes_of(this.id, GIT_OID_RAWSZ));
    }
    buf_add(&h->ids, bytes_of(this.id, GIT_OID_RAWSZ));
  }
  return last == NULL;
}

/* A whole block again. */
static bool list_block(struct walk *w, struct history *h, size_t block) {
  git_oid id = oid_at(&h->tops, block);
  bool is_read = true, has_parent;
  buf_clear(&h->ids);
  for (size_t i = 0; i < BLOCK && is_read; i++) {
    buf_add(&h->ids, bytes_of(id.id, GIT_OID_RAWSZ));
    is_read = go_back(w, &id, &has_parent);
  }
  return is_read;
}

/* ---- the layout of one commit ---- */

bool walk_is_same(const git_tree_entry *a, const git_tree_entry *b) {
  return a && b && git_oid_equal(git_tree_entry_id(a), git_tree_entry_id(b)) &&
         git_tree_entry_filemode_raw(a) == git_tree_entry_filemode_raw(b);
}

/* A folder differs from what it was, if it was there, by this one entry alone. */
static bool differs_by(const git_tree *before, const git_tree *after, const char *name) {
  size_t count = git_tree_entrycount(after);
  size_t count_before = before ? git_tree_entrycount(before) : 0;
  bool is_new = before == NULL || git_tree_entry_byname(before, name) == NULL;
  if (count != count_before + is_new)
    return false;
  for (size_t i = 0; i < count; i++) {
    const git_tree_entry *entry = git_tree_entry_byindex(after, i);
    const char *other = git_tree_entry_name(entry);
    if (strcmp(other, name) != 0 && (before == NULL || !walk_is_same(entry, git_tree_entry_byname(before, other))))
      return false;
  }
  return true;
}

/* The entry of this name, which must be a plain file or a folder. */
static const git_tree_entry *find_entry(struct walk *w, const git_tree *tree, const char *name, git_filemode_t mode) {
  const git_tree_entry *entry = git_tree_entry_byname(tree, name);
  if (entry == NULL)
    walk_fault(w, CLONE_LAYOUT, "commit %zu lacks \"%s\"", w->number, name);
  else if (git_tree_entry_filemode_raw(entry) != mode)
    walk_fault(w, CLONE_LAYOUT, "commit %zu: \"%s\" is not what it should be, a plain file or folder", w->number, name);
  else
    return entry;
  return NULL;
}

/* Replaces a tree by its folder of this name, or by NULL. */
static void enter(struct walk *w, git_tree **tree, const git_tree_entry *entry) {
  git_tree *below = entry ? walk_tree(w, git_tree_entry_id(entry)) : NULL;
  git_tree_free(*tree);
  *tree = below;
}

static const git_tree_entry *folder_before(const git_tree *before, const char *name) {
  const git_tree_entry *entry = before ? git_tree_entry_byname(before, name) : NULL;
  return entry && git_tree_entry_filemode_raw(entry) == GIT_FILEMODE_TREE ? entry : NULL;
}

/* Goes down leaves/AA/BB/CC/DD in the tree and in the one before, comparing at each step. Takes over both trees. */
static bool find_leaves(struct walk *w, git_tree *before, git_tree *after, git_oid *id_out) {
  static const int shift[] = {0, 24, 16, 8, 0};
  char name[8] = "leaves";
  bool found = false, is_known = w->number == 0 || before;
  for (int i = 0; i <= 4 && after; i++) {
    bool is_file = i == 4;
    if (i > 0)
      snprintf(name, sizeof name, "%02x", (unsigned)(w->number >> shift[i]) & 0xff);
    if (i > 0 && is_known &&
        (!differs_by(before, after, name) || (is_file && before && git_tree_entry_byname(before, name))))
      w->is_tree_faulty = true;
    const git_tree_entry *entry = find_entry(w, after, name, is_file ? GIT_FILEMODE_BLOB : GIT_FILEMODE_TREE);
    const git_tree_entry *old = is_file ? NULL : folder_before(before, name);
    found = is_file && entry;
    if (found)
      git_oid_cpy(id_out, git_tree_entry_id(entry));
    enter(w, &before, old);
    enter(w, &after, is_file ? NULL : entry);
    is_known = is_known && (old == NULL || before);
  }
  git_tree_free(before);
  git_tree_free(after);
  return found;
}

/* ---- one commit ---- */

static void hand_leaves(struct walk *w, const git_oid *id) {
  git_odb_object *blob = walk_blob(w, id, CLONE_LEAVES_MAX);
  if (blob) {
    w->reader->leaves(w->reader->of, walk_bytes(blob));
    w->bytes += git_odb_object_size(blob);
  }
  git_odb_object_free(blob);
}

static void hand_checkpoint(struct walk *w, const git_tree *tree) {
  const git_tree_entry *entry = find_entry(w, tree, "checkpoint", GIT_FILEMODE_BLOB);
  git_odb_object *blob = entry ? walk_blob(w, git_tree_entry_id(entry), CHECKPOINT_MAX) : NULL;
  if (blob)
    w->reader->checkpoint(w->reader->of, walk_bytes(blob));
  git_odb_object_free(blob);
}

/* The object as it is, and not as the library understood it. */
static void hand_object(struct walk *w, const git_oid *id) {
  git_odb_object *object = NULL;
  if (w->reader->commit && git_odb_read(&object, w->objects, id) == 0)
    w->reader->commit(w->reader->of, walk_bytes(object));
  git_odb_object_free(object);
}

static git_tree *tree_of(struct walk *w, const git_commit *commit) {
  return commit ? walk_tree(w, git_commit_tree_id(commit)) : NULL;
}

static void hand_commit(struct walk *w, const git_commit *before, const git_commit *commit) {
  git_tree *tree = tree_of(w, commit);
  git_oid leaves;
  if (tree == NULL)
    return;
  w->is_tree_faulty = false;
  if (git_tree_entrycount(tree) != 2)
    walk_fault(w, CLONE_TREE, "commit %zu holds something else than checkpoint and leaves", w->number);
  git_tree *own = NULL;
  if (git_tree_dup(&own, tree) == 0 && find_leaves(w, tree_of(w, before), own, &leaves))
    hand_leaves(w, &leaves);
  if (w->is_tree_faulty) {
    git_tree *was = tree_of(w, before);
    walk_tell_changed(w, was, tree);
    git_tree_free(was);
  }
  hand_checkpoint(w, tree);
  git_tree_free(tree);
}

/* The library keeps up to 16 MiB of what it unpacked of each pack, and all that it looked at of the pack's index, until
 * nobody has the pack open any more: by and by they are opened afresh. */
static void open_afresh(struct walk *w) {
  git_odb *none = NULL;
  if (git_odb_new(&none) != 0 || git_repository_set_odb(w->repository, none) != 0) {
    git_odb_free(none);
    return;
  }
  git_odb_free(w->objects);
  w->objects = none;
  if (clone_use_own_objects(w->repository) == 0 && git_repository_odb(&w->objects, w->repository) == 0)
    git_odb_free(none);
  w->bytes = 0;
}

/* One block, the oldest last among its ids. Takes over the commit before, and leaves the newest in its place. */
static void hand_block(struct walk *w, const struct buf *ids, git_commit **before) {
  for (size_t i = ids->len / GIT_OID_RAWSZ; i > 0; i--, w->number++) {
    git_oid id = oid_at(ids, i - 1);
    git_commit *commit = read_commit(w, &id);
    if (commit) {
      hand_commit(w, *before, commit);
      hand_object(w, &id);
    }
    git_commit_free(*before);
    *before = commit;
    if (w->bytes > AFRESH_BYTES)
      open_afresh(w);
  }
}

/* All that were listed, behind the last one that is known, if there is one. */
static void hand_commits(struct walk *w, struct history *h, const git_oid *last) {
  git_commit *before = last ? read_commit(w, last) : NULL;
  const size_t blocks = h->tops.len / GIT_OID_RAWSZ;
  for (size_t b = blocks; b > 0 && (b == blocks || list_block(w, h, b - 1)); b--) {
    hand_block(w, &h->ids, &before);
    open_afresh(w);
  }
  git_commit_free(before);
}

/* ---- the history as a whole ---- */

static void report_detours(struct walk *w) {
  static const enum clone_fault faults[] = {[DETOUR_REPLACE] = CLONE_REPLACE,
                                            [DETOUR_GRAFT] = CLONE_GRAFT,
                                            [DETOUR_SHALLOW] = CLONE_SHALLOW,
                                            [DETOUR_ALTERNATES] = CLONE_ALTERNATES};
  for (enum detour d = 0; d < DETOUR_COUNT; d++)
    if (detour_is_there(git_repository_path(w->repository), d))
      walk_fault(w, faults[d], "the repository has %s", detour_words(d));
}

static bool is_in_history(struct walk *w, const git_oid *newest, const git_oid *wanted) {
  git_oid id = *newest;
  bool has_more = true;
  while (has_more && !git_oid_equal(&id, wanted)) {
    git_commit *commit = read_commit(w, &id);
    has_more = commit && git_commit_parentcount(commit) > 0;
    if (has_more)
      git_oid_cpy(&id, git_commit_parent_id(commit, 0));
    git_commit_free(commit);
  }
  return has_more || git_oid_equal(&id, wanted);
}

/* What was kept when the branch left it, and is part of its history again, is well. Nothing of the others is read. */
static void report_kept(struct walk *w, const git_oid *newest) {
  git_reference_iterator *all = NULL;
  const char *name;
  git_oid id;
  if (git_reference_iterator_glob_new(&all, w->repository, CLONE_KEPT "*") != 0)
    return;
  while (git_reference_next_name(&name, all) == 0)
    if (git_reference_name_to_id(&id, w->repository, name) == 0 && !is_in_history(w, newest, &id))
      walk_fault(w, CLONE_FORCED, "the history that ended with the commit %s was replaced by another; both are kept",
                 short_oid(&id).s);
  git_reference_iterator_free(all);
}

enum err clone_read(struct clone *c, const struct clone_reader *reader) {
  struct clone_place newest;
  return clone_read_from(c, NULL, reader, &newest);
}

static enum err parse_place(const struct clone_place *from, git_oid *id_out) {
  return strlen(from->commit) == GIT_OID_HEXSZ && git_oid_fromstr(id_out, from->commit) == 0
             ? OK
             : err_set(ERR_ABSENT, "no commit has the name \"%s\"", from->commit);
}

static enum err not_led_to(const struct clone_place *place) {
  return err_set(ERR_ABSENT, "the history does not lead back to %s", place->commit);
}

static struct clone_place place_of(const git_oid *id, size_t commit_count) {
  struct clone_place p = {.number = commit_count ? commit_count - 1 : 0};
  git_oid_tostr(p.commit, sizeof p.commit, id);
  return p;
}

enum err clone_read_from(struct clone *c, const struct clone_place *from, const struct clone_reader *reader,
                         struct clone_place *newest_out) {
  struct walk w = {.repository = c->repository, .reader = reader, .number = from ? from->number + 1 : 0};
  struct history h = {0};
  git_oid newest, last;
  enum err e = from ? parse_place(from, &last) : OK;
  if (e != OK)
    return e;
  if (git_reference_name_to_id(&newest, c->repository, CLONE_MAIN) != 0) {
    e = err_set(ERR_IO, "nothing has been published yet in \"%s\"", git_repository_path(c->repository));
    goto out;
  }
  if (git_repository_odb(&w.objects, c->repository) != 0) {
    e = clone_failed(ERR_IO, "cannot read the repository", git_repository_path(c->repository));
    goto out;
  }
  report_detours(&w);
  if (list_commits(&w, &newest, from ? &last : NULL, &h)) {
    hand_commits(&w, &h, from ? &last : NULL);
    report_kept(&w, &newest);
  } else if (from) {
    e = not_led_to(from);
  }
  *newest_out = place_of(&newest, w.number);
out:
  history_release(&h);
  git_odb_free(w.objects);
  return e;
}

static void pass_over(void *of, enum clone_fault fault, const char *sentence) {
  (void)of;
  (void)fault;
  (void)sentence;
}

enum err clone_find(struct clone *c, const struct clone_place *place) {
  static const struct clone_reader nobody = {.fault = pass_over};
  struct walk w = {.repository = c->repository, .reader = &nobody};
  struct history h = {0};
  git_oid newest, id;
  enum err e = parse_place(place, &id);
  if (e == OK && (git_reference_name_to_id(&newest, c->repository, CLONE_MAIN) != 0 ||
                  git_repository_odb(&w.objects, c->repository) != 0 || !list_commits(&w, &newest, &id, &h)))
    e = not_led_to(place);
  history_release(&h);
  git_odb_free(w.objects);
  return e;
}
