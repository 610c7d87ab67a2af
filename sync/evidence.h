/* What is kept when a node's answer breaks what it must keep to (sync/PROTOCOL.md section 9): enough for a third person
 * to see that this node's key signed it, and nothing of any content. Text; the file is the caller's to write. */
#ifndef CAIRN_SYNC_EVIDENCE_H
#define CAIRN_SYNC_EVIDENCE_H

#include "sync/msg.h"

struct evidence {
  const char *words;   /* what is wrong */
  uint64_t known_size; /* the checkpoint that the proof goes on from */
  struct hash known_root;
  const struct msg_answer *answer;     /* with the acts of form MSG_YOURS filled in */
  const struct msg_delivery *delivery; /* the act that must not be there */
};
void evidence_format(struct buf *b, const struct evidence *e);

/* Two checkpoints that do not go together: the one that was verified before, and the one that came. */
struct evidence_notes {
  const char *words;
  struct bytes before, checkpoint; /* signed notes */
  struct bytes witness;            /* the key of the machine that vouches for another history than `before`, in the
                                    * checkpoint's note; or empty */
};
void evidence_notes_format(struct buf *b, const struct evidence_notes *e);

#endif
