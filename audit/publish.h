/* Publication of the ledger to a bare git repository (audit/FORMAT.md section 3). Writes only; the auditor's side is
 * audit/clone.h and audit/verify.h. Knows nothing of the store: leaves and checkpoint come from the caller. */
#ifndef CAIRN_AUDIT_PUBLISH_H
#define CAIRN_AUDIT_PUBLISH_H

#include "core/bytes.h"
#include "core/note.h"

struct publish;

/* Opens the repository at path, or makes a bare one with HEAD on refs/heads/main, and the folders above it.
 * ERR_NOT_OURS if something else is there, ERR_BUSY if another struct publish has it open. */
enum err publish_open(const char *path, struct publish **out);
void publish_close(struct publish *p);

/* The size of the checkpoint last published, 0 for an empty repository. ERR_FORM if the repository holds something
 * else. */
enum err publish_size(struct publish *p, uint64_t *size_out);

/* One commit: a new file with the leaves from publish_size() + 1 to checkpoint->size, and the checkpoint note. `leaf`
 * gives leaf N's bytes, appended to out. Does nothing if nothing is new. Deterministic: the same leaves and note give
 * the same commit. On failure the repository's branch is as it was: ERR_FORM if the note is not the checkpoint's or a
 * leaf is not text without empty lines, ERR_REFUSED if the repository is ahead or holds another ledger, ERR_LIMIT if
 * the new leaves are larger than 64 MiB. */
enum err publish_commit(struct publish *p, const struct checkpoint *checkpoint, struct bytes note, void *of,
                        enum err (*leaf)(void *of, uint64_t number, struct buf *out));

#endif
