#include "audit/clone_parts.h"

#include <stdio.h>
#include <string.h>

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
             ? walk_blob(w, git_tree_entry_id(entry), CLONE_LEAVES_MAX)
             : NULL;
}

static void tell_file(struct difference *d, const char *path, const git_tree_entry *before,
                      const git_tree_entry *after) {
  struct clone_changed c = {.commit = d->w->number};
  const bool is_leaves = path_number(path, &c.earlier) && d->w->reader->changed;
  git_odb_object *was = is_leaves ? file_of(d->w, before) : NULL, *is = was ? file_of(d->w, after) : NULL;
  if (was && (is || after == NULL)) {
    c.before = walk_bytes(was);
    c.after = is ? walk_bytes(is) : c.after;
    d->w->reader->changed(d->w->reader->of, &c);
  } else {
    walk_fault(d->w, CLONE_TREE, "commit %zu %s \"%s\"", d->w->number,
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
  if (walk_is_same(before, after) || d->w->looked_at >= LOOKED_AT_MAX)
    return;
  d->w->looked_at++;
  if (!is_folder(before) && !is_folder(after)) {
    if (before || !path_number(path, &number) || number != d->w->number)
      tell_file(d, path, before, after);
    return;
  }
  git_tree *was = is_folder(before) ? walk_tree(d->w, git_tree_entry_id(before)) : NULL;
  git_tree *is = is_folder(after) ? walk_tree(d->w, git_tree_entry_id(after)) : NULL;
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

void walk_tell_changed(struct walk *w, const git_tree *before, const git_tree *after) {
  struct difference d = {w, 0};
  const git_tree_entry *old = before ? git_tree_entry_byname(before, "leaves") : NULL;
  compare_entries(&d, "leaves", old, git_tree_entry_byname(after, "leaves"));
  if (d.told == 0)
    walk_fault(w, CLONE_TREE, "commit %zu changes more than its own file of leaves", w->number);
}
