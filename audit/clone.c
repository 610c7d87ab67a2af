#include "audit/clone.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <git2.h>
#include <git2/sys/odb_backend.h>
#include <git2/sys/repository.h>

#include "audit/credential.h"
#include "audit/detour.h"
#include "audit/loose.h"
#include "audit/url.h"

#define COMMITS_MAX ((size_t)3 << 20)
#define LEAVES_MAX ((size_t)64 << 20)
#define CHECKPOINT_MAX ((size_t)65536)
#define COMMIT_MAX ((size_t)65536)
#define TREE_MAX ((size_t)65536) /* 256 entries take less than a quarter */
#define OBJECT_MAX (LEAVES_MAX + 65536)
#define OBJECTS_MAX (8 * COMMITS_MAX) /* leaves, checkpoint, commit and at most five folders each */
#define CACHE_MAX ((ssize_t)256 << 10)
#define WINDOW_SIZE ((size_t)256 << 10)
#define MAPPED_MAX ((size_t)1 << 20)
#ifdef CAIRN_TEST_BUILD /* small, so that short histories have several blocks */
#define BLOCK 3         /* commits */
#define AFRESH_BYTES ((size_t)4 << 10)
#else
#define BLOCK 1024
#define AFRESH_BYTES ((size_t)2 << 20) /* see open_afresh */
#endif

#define MAIN "refs/heads/main"
#define FETCHED "refs/cairn/fetched"
#define KEPT "refs/cairn/kept/"
#define MIRRORS "refs/cairn/mirrors/"

struct clone {
  git_repository *repository;
  const char *credentials;
};

static enum err git_failed(enum err e, const char *what, const char *url) {
  const git_error *g = git_error_last();
  struct buf shown = {0}, words = {0};
  url_show(&shown, url);
  url_hide(&words, g && g->message ? g->message : "git gives no reason", url);
  e = err_set(e, "%s \"%s\": %s", what, buf_cstr(&shown), buf_cstr(&words));
  buf_release(&words);
  buf_release(&shown);
  return e;
}

/* What a machine or a user has configured for git must not change what an auditor sees. */
static void start_git(void) {
  if (git_libgit2_init() != 1)
    return;
  for (int level = GIT_CONFIG_LEVEL_PROGRAMDATA; level <= GIT_CONFIG_LEVEL_GLOBAL; level++)
    git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, "");
  git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 1);
  git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, CACHE_MAX);
  git_libgit2_opts(GIT_OPT_SET_MWINDOW_SIZE, WINDOW_SIZE);
  git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, MAPPED_MAX);
  git_libgit2_opts(GIT_OPT_SET_PACK_MAX_OBJECTS, OBJECTS_MAX);
  git_libgit2_opts(GIT_OPT_SET_PACK_MAX_OBJECT_SIZE, OBJECT_MAX);
}

enum err clone_make(const char *path) {
  git_repository *repository = NULL;
  git_repository_init_options options;
  git_repository_init_options_init(&options, GIT_REPOSITORY_INIT_OPTIONS_VERSION);
  options.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_NO_REINIT | GIT_REPOSITORY_INIT_MKDIR;
  options.initial_head = "main";
  start_git();
  enum err e = git_repository_init_ext(&repository, path, &options) == 0
                   ? OK
                   : git_failed(ERR_IO, "cannot make the repository", path);
  git_repository_free(repository);
  git_libgit2_shutdown();
  return e;
}

/* The loose objects and packs of the repository's own folder: the library's own choice would follow alternates. */
static int use_own_objects(git_repository *repository) {
  struct buf folder = {0};
  git_odb *objects = NULL;
  git_odb_backend *loose = NULL, *packs = NULL;
  buf_addf(&folder, "%sobjects", git_repository_path(repository));
  int failed = git_odb_new(&objects);
  if (failed == 0)
    failed = git_odb_backend_loose(&loose, buf_cstr(&folder), -1, 0, 0, 0);
  if (failed == 0)
    failed = git_odb_add_backend(objects, loose, 2);
  if (failed == 0)
    failed = git_odb_backend_pack(&packs, buf_cstr(&folder));
  if (failed == 0)
    failed = git_odb_add_backend(objects, packs, 1);
  if (failed == 0)
    failed = git_repository_set_odb(repository, objects);
  git_odb_free(objects);
  buf_release(&folder);
  return failed;
}

enum err clone_open(const char *path, struct clone **out) {
  git_repository *repository = NULL;
  start_git();
  if (git_repository_open_bare(&repository, path) != 0 || use_own_objects(repository) != 0) {
    enum err e = git_failed(ERR_IO, "there is no bare git repository in", path);
    git_repository_free(repository);
    git_libgit2_shutdown();
    return e;
  }
  *out = mem_alloc(sizeof **out);
  (*out)->repository = repository;
  return OK;
}

void clone_close(struct clone *c) {
  if (c == NULL)
    return;
  git_repository_free(c->repository);
  free(c);
  git_libgit2_shutdown();
}

/* ---- fetching ---- */

void clone_credentials(struct clone *c, const char *file) {
  c->credentials = file;
}

/* What the library would follow when it reads a repository on this machine. Where it is must be plain to see: the
 * library takes a host, and signs in the place of letters. */
static enum err check_source(const char *url) {
  if (strncmp(url, "file://", 7) == 0 && (url[7] != '/' || strchr(url, '%')))
    return err_set_remedy(ERR_USAGE, "give the path alone, from / on", "\"%s\" is no file:// and a plain path", url);
  enum err e = url_check_folder(url);
  if (e != OK)
    return e;
  if (!loose_all_are_safe(url))
    return err_set(ERR_FORM, "\"%s\" has a damaged object; nothing was fetched", url);
  for (enum detour d = 0; d < DETOUR_COUNT; d++)
    if (detour_is_there(url, d))
      return err_set(ERR_FORM, "\"%s\" has %s; nothing was fetched", url, detour_words(d));
  return OK;
}

static enum err nothing_yet(const char *url) {
  struct buf shown = {0};
  url_show(&shown, url);
  enum err e = err_set(ERR_NETWORK, "nothing has been published yet in \"%s\"", buf_cstr(&shown));
  buf_release(&shown);
  return e;
}

static enum err fetch_branch(const struct clone *c, const char *url, git_oid *id_out) {
  git_repository *repository = c->repository;
  struct credential credential = {c->credentials, false};
  git_remote *remote = NULL;
  char refspec[] = "+" MAIN ":" FETCHED;
  char *specs[] = {refspec};
  git_strarray list = {specs, 1};
  git_fetch_options options;
  git_fetch_options_init(&options, GIT_FETCH_OPTIONS_VERSION);
  options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;
  options.update_fetchhead = 0;
  options.proxy_opts.type = GIT_PROXY_AUTO;
  options.callbacks.credentials = credential_give;
  options.callbacks.payload = &credential;
  if (c->credentials)
    options.follow_redirects = GIT_REMOTE_REDIRECT_NONE;
  git_remote_create_options create;
  git_remote_create_options_init(&create, GIT_REMOTE_CREATE_OPTIONS_VERSION);
  create.repository = repository;
  create.flags = GIT_REMOTE_CREATE_SKIP_INSTEADOF; /* the URL means what it says */
  enum err e = check_source(url);
  if (e != OK)
    return e;
  git_reference_remove(repository, FETCHED); /* of a fetch that was interrupted */
  if (git_remote_create_with_opts(&remote, url, &create) != 0 || git_remote_fetch(remote, &list, &options, NULL) != 0)
    e = git_failed(ERR_NETWORK, "cannot fetch from", url);
  else if (git_reference_name_to_id(id_out, repository, FETCHED) != 0)
    e = nothing_yet(url);
  git_remote_free(remote);
  return e;
}

static int point(git_repository *repository, const char *name, const git_oid *id) {
  git_reference *r = NULL;
  int failed = git_reference_create(&r, repository, name, id, 1, NULL);
  git_reference_free(r);
  return failed;
}

/* Evidence first: the old history gets a name before the branch leaves it. */
static int keep(git_repository *repository, const char *under, const git_oid *id) {
  char name[64 + GIT_OID_HEXSZ], hex[GIT_OID_HEXSZ + 1];
  snprintf(name, sizeof name, "%s%s", under, git_oid_tostr(hex, sizeof hex, id));
  return point(repository, name, id);
}

static enum clone_change compare(git_repository *repository, const git_oid *before, const git_oid *after) {
  if (git_oid_equal(before, after))
    return CLONE_SAME;
  return git_graph_descendant_of(repository, after, before) == 1 ? CLONE_FORWARD : CLONE_REWRITTEN;
}

enum err clone_fetch(struct clone *c, const char *url, enum clone_change *change_out) {
  git_oid before, after;
  enum clone_change change = CLONE_FORWARD;
  enum err e = fetch_branch(c, url, &after);
  if (e != OK)
    return e;
  if (git_reference_name_to_id(&before, c->repository, MAIN) == 0)
    change = compare(c->repository, &before, &after);
  if ((change == CLONE_REWRITTEN && keep(c->repository, KEPT, &before) != 0) || point(c->repository, MAIN, &after) != 0)
    return git_failed(ERR_IO, "cannot take over what was fetched from", url);
  git_reference_remove(c->repository, FETCHED);
  *change_out = change;
  return OK;
}

/* ---- mirrors ---- */

static enum clone_mirror compare_histories(git_repository *repository, const git_oid *ours, const git_oid *theirs) {
  if (git_oid_equal(ours, theirs))
    return CLONE_MIRROR_SAME;
  if (git_graph_descendant_of(repository, ours, theirs) == 1)
    return CLONE_MIRROR_BEHIND;
  return git_graph_descendant_of(repository, theirs, ours) == 1 ? CLONE_MIRROR_AHEAD : CLONE_MIRROR_APART;
}

enum err clone_compare(struct clone *c, const char *url, enum clone_mirror *out) {
  git_oid ours, theirs;
  enum err e = fetch_branch(c, url, &theirs);
  if (e != OK)
    return e;
  if (git_reference_name_to_id(&ours, c->repository, MAIN) != 0)
    return git_failed(ERR_IO, "there is nothing to compare with", url);
  enum clone_mirror place = compare_histories(c->repository, &ours, &theirs);
  if (place == CLONE_MIRROR_APART && keep(c->repository, MIRRORS, &theirs) != 0)
    return git_failed(ERR_IO, "cannot keep what was fetched from", url);
  git_reference_remove(c->repository, FETCHED);
  *out = place;
  return OK;
}

/* ---- reading ---- */

struct walk {
  git_repository *repository;
  git_odb *objects;
  const struct clone_reader *reader;
  size_t number;       /* of the commit, from 0 */
  size_t looked_at;    /* trees and files in search of what a commit changed */
  size_t bytes;        /* handed over since the objects were opened */
  bool is_tree_faulty; /* of this commit */
};

static void fault(struct walk *w, enum clone_fault f, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static void fault(struct walk *w, enum clone_fault f, const char *fmt, ...) {
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
    fault(w, CLONE_OBJECT, "the object %s is damaged", short_oid(id).s);
    return false;
  }
  if (git_odb_read_header(&len, &found, w->objects, id) != 0) {
    fault(w, CLONE_OBJECT, "the object %s is missing or damaged", short_oid(id).s);
    return false;
  }
  if (found != type)
    fault(w, CLONE_OBJECT, "the object %s is of another type than it should be", short_oid(id).s);
  else if (len > max)
    fault(w, CLONE_LIMIT, "the object %s has %zu bytes, and may have %zu", short_oid(id).s, len, max);
  return found == type && len <= max;
}

static git_odb_object *read_blob(struct walk *w, const git_oid *id, size_t max) {
  git_odb_object *blob = NULL;
  if (is_readable(w, id, GIT_OBJECT_BLOB, max) && git_odb_read(&blob, w->objects, id) != 0)
    fault(w, CLONE_OBJECT, "the object %s is damaged", short_oid(id).s);
  return blob;
}

static git_tree *read_tree(struct walk *w, const git_oid *id) {
  git_tree *tree = NULL;
  if (is_readable(w, id, GIT_OBJECT_TREE, TREE_MAX) && git_tree_lookup(&tree, w->repository, id) != 0)
    fault(w, CLONE_OBJECT, "the folder %s is damaged", short_oid(id).s);
  return tree;
}

static git_commit *read_commit(struct walk *w, const git_oid *id) {
  git_commit *commit = NULL;
  if (is_readable(w, id, GIT_OBJECT_COMMIT, COMMIT_MAX) && git_commit_lookup(&commit, w->repository, id) != 0)
    fault(w, CLONE_OBJECT, "the commit %s is damaged", short_oid(id).s);
  return commit;
}

static struct bytes blob_bytes(git_odb_object *blob) {
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
    if (h->count == COMMITS_MAX) {
      fault(w, CLONE_LIMIT, "there are more than %zu commits", COMMITS_MAX);
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

static bool is_same_entry(const git_tree_entry *a, const git_tree_entry *b) {
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
    if (strcmp(other, name) != 0 && (before == NULL || !is_same_entry(entry, git_tree_entry_byname(before, other))))
      return false;
  }
  return true;
}

/* The entry of this name, which must be a plain file or a folder. */
static const git_tree_entry *find_entry(struct walk *w, const git_tree *tree, const char *name, git_filemode_t mode) {
  const git_tree_entry *entry = git_tree_entry_byname(tree, name);
  if (entry == NULL)
    fault(w, CLONE_LAYOUT, "commit %zu lacks \"%s\"", w->number, name);
  else if (git_tree_entry_filemode_raw(entry) != mode)
    fault(w, CLONE_LAYOUT, "commit %zu: \"%s\" is not what it should be, a plain file or folder", w->number, name);
  else
    return entry;
  return NULL;
}

/* Replaces a tree by its folder of this name, or by NULL. */
static void enter(struct walk *w, git_tree **tree, const git_tree_entry *entry) {
  git_tree *below = entry ? read_tree(w, git_tree_entry_id(entry)) : NULL;
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

/* ---- what a commit changed that was not its own ---- */

/* leaves/AA/BB/CC/DD */
#define PATH_MAX_LEN 64
#define LOOKED_AT_MAX 1024 /* in the whole history: what is changed everywhere is told of a part */

struct difference {
  struct walk *w;
  size_t told;
};

static bool path_number(const char *path, uint64_t *out) {
  unsigned a, b, c, d;
  char again[PATH_MAX_LEN];
  if (sscanf(path, "leaves/%2x/%2x/%2x/%2x", &a, &b, &c, &d) != 4)
    return false;
  snprintf(again, sizeof again, "leaves/%02x/%02x/%02x/%02x", a, b, c, d);
  *out = (uint64_t)a << 24 | b << 16 | c << 8 | d;
  return strcmp(again, path) == 0;
}

static git_odb_object *file_of(struct walk *w, const git_tree_entry *entry) {
  return entry && git_tree_entry_filemode_raw(entry) == GIT_FILEMODE_BLOB
             ? read_blob(w, git_tree_entry_id(entry), LEAVES_MAX)
             : NULL;
}

static void tell_file(struct difference *d, const char *path, const git_tree_entry *before,
                      const git_tree_entry *after) {
  struct clone_changed c = {.commit = d->w->number};
  const bool is_leaves = path_number(path, &c.earlier) && d->w->reader->changed;
  git_odb_object *was = is_leaves ? file_of(d->w, before) : NULL, *is = was ? file_of(d->w, after) : NULL;
  if (was && (is || after == NULL)) {
    c.before = blob_bytes(was);
    c.after = is ? blob_bytes(is) : c.after;
    d->w->reader->changed(d->w->reader->of, &c);
  } else {
    fault(d->w, CLONE_TREE, "commit %zu %s \"%s\"", d->w->number,
          before == NULL  ? "adds"
          : after == NULL ? "removes"
                          : "changes",
          path);
  }
  d->told++;
  git_odb_object_free(was);
  git_odb_object_free(is);
}

static bool is_folder(const git_tree_entry *entry) {
  return entry && git_tree_entry_filemode_raw(entry) == GIT_FILEMODE_TREE;
}

static void compare_trees(struct difference *d, const char *path, const git_tree *before, const git_tree *after);

static void compare_entries(struct difference *d, const char *path, const git_tree_entry *before,
                            const git_tree_entry *after) {
  uint64_t number;
  if (is_same_entry(before, after) || d->w->looked_at >= LOOKED_AT_MAX)
    return;
  d->w->looked_at++;
  if (!is_folder(before) && !is_folder(after)) {
    if (before || !path_number(path, &number) || number != d->w->number)
      tell_file(d, path, before, after);
    return;
  }
  git_tree *was = is_folder(before) ? read_tree(d->w, git_tree_entry_id(before)) : NULL;
  git_tree *is = is_folder(after) ? read_tree(d->w, git_tree_entry_id(after)) : NULL;
  compare_trees(d, path, was, is);
  git_tree_free(was);
  git_tree_free(is);
}

/* Deeper than leaves lie, or with longer names, nothing is looked for. */
static void compare_names(struct difference *d, const char *path, const git_tree *of, const git_tree *before,
                          const git_tree *after) {
  for (size_t i = 0; of && i < git_tree_entrycount(of); i++) {
    const char *name = git_tree_entry_name(git_tree_entry_byindex(of, i));
    const git_tree_entry *old = before ? git_tree_entry_byname(before, name) : NULL;
    char below[PATH_MAX_LEN];
    if ((of == before || old == NULL) && (size_t)snprintf(below, sizeof below, "%s/%s", path, name) < sizeof below)
      compare_entries(d, below, old, after ? git_tree_entry_byname(after, name) : NULL);
  }
}

static void compare_trees(struct difference *d, const char *path, const git_tree *before, const git_tree *after) {
  compare_names(d, path, before, before, after);
  compare_names(d, path, after, before, after);
}

static void tell_what_changed(struct walk *w, const git_tree *before, const git_tree *after) {
  struct difference d = {w, 0};
  const git_tree_entry *old = before ? git_tree_entry_byname(before, "leaves") : NULL;
  compare_entries(&d, "leaves", old, git_tree_entry_byname(after, "leaves"));
  if (d.told == 0)
    fault(w, CLONE_TREE, "commit %zu changes more than its own file of leaves", w->number);
}

/* ---- one commit ---- */

static void hand_leaves(struct walk *w, const git_oid *id) {
  git_odb_object *blob = read_blob(w, id, LEAVES_MAX);
  if (blob) {
    w->reader->leaves(w->reader->of, blob_bytes(blob));
    w->bytes += git_odb_object_size(blob);
  }
  git_odb_object_free(blob);
}

static void hand_checkpoint(struct walk *w, const git_tree *tree) {
  const git_tree_entry *entry = find_entry(w, tree, "checkpoint", GIT_FILEMODE_BLOB);
  git_odb_object *blob = entry ? read_blob(w, git_tree_entry_id(entry), CHECKPOINT_MAX) : NULL;
  if (blob)
    w->reader->checkpoint(w->reader->of, blob_bytes(blob));
  git_odb_object_free(blob);
}

/* The object as it is, and not as the library understood it. */
static void hand_object(struct walk *w, const git_oid *id) {
  git_odb_object *object = NULL;
  if (w->reader->commit && git_odb_read(&object, w->objects, id) == 0)
    w->reader->commit(w->reader->of, blob_bytes(object));
  git_odb_object_free(object);
}

static git_tree *tree_of(struct walk *w, const git_commit *commit) {
  return commit ? read_tree(w, git_commit_tree_id(commit)) : NULL;
}

static void hand_commit(struct walk *w, const git_commit *before, const git_commit *commit) {
  git_tree *tree = tree_of(w, commit);
  git_oid leaves;
  if (tree == NULL)
    return;
  w->is_tree_faulty = false;
  if (git_tree_entrycount(tree) != 2)
    fault(w, CLONE_TREE, "commit %zu holds something else than checkpoint and leaves", w->number);
  git_tree *own = NULL;
  if (git_tree_dup(&own, tree) == 0 && find_leaves(w, tree_of(w, before), own, &leaves))
    hand_leaves(w, &leaves);
  if (w->is_tree_faulty) {
    git_tree *was = tree_of(w, before);
    tell_what_changed(w, was, tree);
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
  if (use_own_objects(w->repository) == 0 && git_repository_odb(&w->objects, w->repository) == 0)
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
      fault(w, faults[d], "the repository has %s", detour_words(d));
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
  if (git_reference_iterator_glob_new(&all, w->repository, KEPT "*") != 0)
    return;
  while (git_reference_next_name(&name, all) == 0)
    if (git_reference_name_to_id(&id, w->repository, name) == 0 && !is_in_history(w, newest, &id))
      fault(w, CLONE_FORCED, "the history that ended with the commit %s was replaced by another; both are kept",
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
  if (git_reference_name_to_id(&newest, c->repository, MAIN) != 0) {
    e = err_set(ERR_IO, "nothing has been published yet in \"%s\"", git_repository_path(c->repository));
    goto out;
  }
  if (git_repository_odb(&w.objects, c->repository) != 0) {
    e = git_failed(ERR_IO, "cannot read the repository", git_repository_path(c->repository));
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
  if (e == OK && (git_reference_name_to_id(&newest, c->repository, MAIN) != 0 ||
                  git_repository_odb(&w.objects, c->repository) != 0 || !list_commits(&w, &newest, &id, &h)))
    e = not_led_to(place);
  history_release(&h);
  git_odb_free(w.objects);
  return e;
}
