/* What the files of the auditor's copy share: clone.c makes, fetches and compares repositories, clone_read.c goes
 * through the commits of one, clone_changed.c finds what a commit did that it should not have. Included by them only.
 */
#ifndef CAIRN_AUDIT_CLONE_PARTS_H
#define CAIRN_AUDIT_CLONE_PARTS_H

#include <git2.h>

#include "audit/clone.h"

#define CLONE_COMMITS_MAX ((size_t)3 << 20)
#define CLONE_LEAVES_MAX ((size_t)64 << 20)

#define CLONE_MAIN "refs/heads/main"
#define CLONE_KEPT "refs/cairn/kept/"

struct clone {
  git_repository *repository;
  const char *credentials;
};

/* The library's words for what failed at a path or URL, without a password. */
enum err clone_failed(enum err e, const char *what, const char *url);
/* The loose objects and packs of the repository's own folder: the library's own choice would follow alternates. 0, or
 * not. */
int clone_use_own_objects(git_repository *repository);

/* One reading of a history. */
struct walk {
  git_repository *repository;
  git_odb *objects;
  const struct clone_reader *reader;
  size_t number;       /* of the commit, from 0 */
  size_t looked_at;    /* trees and files in search of what a commit changed */
  size_t bytes;        /* handed over since the objects were opened */
  bool is_tree_faulty; /* of this commit */
};

void walk_fault(struct walk *w, enum clone_fault f, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* NULL, and it was reported, if it is missing, damaged, of another type or too large. */
git_odb_object *walk_blob(struct walk *w, const git_oid *id, size_t max);
git_tree *walk_tree(struct walk *w, const git_oid *id);
struct bytes walk_bytes(git_odb_object *blob);
/* Both may be NULL, and are then not the same. */
bool walk_is_same(const git_tree_entry *a, const git_tree_entry *b);

/* Reports what a commit's tree has otherwise than the one before, which may be NULL, but for its own file of leaves. */
void walk_tell_changed(struct walk *w, const git_tree *before, const git_tree *after);

#endif
