/* Publication of the ledger to a bare git repository (audit/FORMAT.md section 3). Writes only; the auditor's side is
 * audit/clone.h and audit/verify.h. Knows nothing of the store: leaves and checkpoint come from the caller. */
#ifndef CAIRN_AUDIT_PUBLISH_H
#define CAIRN_AUDIT_PUBLISH_H

#include "core/bytes.h"
#include "core/note.h"

#define PUBLISH_ID_SIZE 40

struct publish;

/* Opens the repository at path, or makes a bare one with HEAD on refs/heads/main, and the folders above it.
 * ERR_NOT_OURS if something else is there, ERR_BUSY if another struct publish has it open. */
enum err publish_open(const char *path, struct publish **out);
void publish_close(struct publish *p);

/* What the branch says now; of an empty repository all is 0. */
struct publish_tip {
  uint64_t commit_count;
  uint64_t size;                /* of the checkpoint last published */
  char id[PUBLISH_ID_SIZE + 1]; /* of the newest commit, "" if there is none */
};
/* ERR_FORM if the repository holds something else. */
enum err publish_tip(struct publish *p, struct publish_tip *out);

/* Is the newest commit this object, and no other? */
bool publish_is_newest(struct publish *p, struct bytes commit);

/* Where a commit's content and signature come from. */
struct publish_source {
  void *of;
  /* Leaf N's bytes, appended to out. */
  enum err (*leaf)(void *of, uint64_t number, struct buf *out);
  /* The finished commit (audit/sshsig.h) with this number, to its draft, appended to out. One that was finished before
   * is given again: a second signature would make another commit. So it is kept before this returns. */
  enum err (*finish)(void *of, uint64_t commit_number, struct bytes draft, struct buf *out);
  /* Was the ledger called so before, so that this checkpoint goes on from one of that name? NULL: never. */
  bool (*had_name)(void *of, const char *origin);
};

/* One commit: a new file with the leaves from the tip's size + 1 to checkpoint->size, and the checkpoint note. Does
 * nothing if nothing is new. The draft is deterministic: the same leaves and notes give the same one. On failure the
 * repository's branch is as it was: ERR_FORM if the note is not the checkpoint's, a leaf is not text without empty
 * lines, or the finished commit is another than the draft; ERR_REFUSED if the repository is ahead or holds another
 * ledger; ERR_LIMIT if the new leaves are larger than 64 MiB. */
enum err publish_commit(struct publish *p, const struct checkpoint *checkpoint, struct bytes note,
                        const struct publish_source *source);

#endif
