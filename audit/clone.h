/* The auditor's copy of the published repository (audit/FORMAT.md section 3): fetched and read over git, and checked
 * for its layout. Judges no leaf and no checkpoint: it hands their bytes, in order, to whoever reads. What git cannot
 * give back (missing, damaged, another hash) is a fault that is reported, and no failure of the reader. The
 * repository's configuration, hooks and other branches are not looked at, and objects are taken from nowhere else:
 * alternates have no effect, and are a fault as all else is that would show another history (audit/detour.h). */
#ifndef CAIRN_AUDIT_CLONE_H
#define CAIRN_AUDIT_CLONE_H

#include "core/bytes.h"
#include "core/err.h"

struct clone;

/* Makes an empty bare repository in a new folder. ERR_IO if it cannot. */
enum err clone_make(const char *path);
/* ERR_IO if there is no bare repository. */
enum err clone_open(const char *path, struct clone **out);
void clone_close(struct clone *c);

enum clone_change {
  CLONE_SAME,
  CLONE_FORWARD,
  CLONE_REWRITTEN /* history was replaced; what was there before is kept under refs/cairn/kept/ */
};

/* From now on a server that asks is told what stands in this file (audit/credential.h), which is borrowed; NULL: only
 * keys of the ssh-agent are offered. */
void clone_credentials(struct clone *c, const char *file);

/* Fetches refs/heads/main from a path or URL. ERR_NETWORK if it cannot, also where nothing has been published yet;
 * ERR_FORM if a repository on this machine has an object that is not safe to read, or one of audit/detour.h. */
enum err clone_fetch(struct clone *c, const char *url, enum clone_change *change_out);

enum clone_mirror {
  CLONE_MIRROR_SAME,
  CLONE_MIRROR_BEHIND, /* it lacks the newest commits */
  CLONE_MIRROR_AHEAD,  /* it has commits that continue this history */
  CLONE_MIRROR_APART   /* neither is part of the other; what it has is kept under refs/cairn/mirrors/ */
};

/* Compares refs/heads/main of another repository with this one's, by fetching it. Errors as of clone_fetch. */
enum err clone_compare(struct clone *c, const char *url, enum clone_mirror *out);

enum clone_fault {
  CLONE_OBJECT,
  CLONE_LAYOUT,
  CLONE_LIMIT,
  CLONE_TREE, /* a commit does more than add its leaves and replace the checkpoint */
  CLONE_REPLACE,
  CLONE_GRAFT,
  CLONE_SHALLOW,
  CLONE_ALTERNATES,
  CLONE_FORCED /* a history that was fetched before is not part of this one */
};
#define CLONE_FAULTS (CLONE_FORCED + 1)

/* A file of leaves that a commit has otherwise than the one before it, which is not its own. Empty: it is gone. */
struct clone_changed {
  uint64_t commit, earlier; /* the one whose file it is; from 0 */
  struct bytes before, after;
};

/* The bytes are valid during the call. */
struct clone_reader {
  void *of;
  void (*leaves)(void *of, struct bytes file);
  void (*checkpoint)(void *of, struct bytes note);
  void (*fault)(void *of, enum clone_fault fault, const char *sentence);
  void (*commit)(void *of, struct bytes object); /* may be NULL */
  /* May be NULL: then it is a fault, CLONE_TREE, as are changes that are none of a file of leaves. */
  void (*changed)(void *of, const struct clone_changed *c);
};

/* A commit of the branch. */
struct clone_place {
  char commit[65];
  uint64_t number; /* from 0 */
};

/* Goes through the commits from the first to the newest: leaves, checkpoint, commit, leaves … ERR_IO, with nothing
 * handed over, if nothing has been published. */
enum err clone_read(struct clone *c, const struct clone_reader *reader);
/* Goes through those behind a place only, or all for NULL, and says which one was the last. ERR_ABSENT, with nothing
 * but faults handed over, if the branch does not lead back there. */
enum err clone_read_from(struct clone *c, const struct clone_place *from, const struct clone_reader *reader,
                         struct clone_place *newest_out);
/* ERR_ABSENT if the branch does not lead back there. */
enum err clone_find(struct clone *c, const struct clone_place *place);

#endif
