/* What a git repository may hold besides its objects so that git shows another history than theirs, or takes objects
 * from elsewhere (audit/FORMAT.md section 3). A published ledger has none of it. Looks at names of files only, and
 * before any library opens the repository. */
#ifndef CAIRN_AUDIT_DETOUR_H
#define CAIRN_AUDIT_DETOUR_H

#include <stdbool.h>

/* name, what is said of a repository that has it */
#define DETOURS(X)                                                                                                     \
  X(DETOUR_REPLACE, "replace refs, which show one object in the place of another")                                     \
  X(DETOUR_GRAFT, "grafts, which give commits other parents than they name")                                           \
  X(DETOUR_SHALLOW, "a shallow file, which hides where the history begins")                                            \
  X(DETOUR_ALTERNATES, "alternates: it takes objects from another folder")

enum detour {
#define X(name, words) name,
  DETOURS(X)
#undef X
      DETOUR_COUNT
};

const char *detour_words(enum detour d);

/* Does the repository on this machine (its folder, the folder above its .git, or the file: URL of one) have it? False
 * for what is no folder here: a URL. */
bool detour_is_there(const char *repository, enum detour d);

#endif
