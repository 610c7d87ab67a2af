/* What the two sides of bundles share: how an answer stands in one (sync/PROTOCOL.md section 12.3). Pure. Included by
 * them, and by what tries it out, only. */
#ifndef CAIRN_SYNC_BUNDLE_PARTS_H
#define CAIRN_SYNC_BUNDLE_PARTS_H

#include "sync/msg.h"

#define BUNDLE_STEP_MAX (MSG_ANSWER_MAX + 256)

struct bundle_step {
  struct feed_end have; /* where the machine stands, whom it answers */
  uint64_t size;
  struct hash root;
  uint32_t parts; /* so many parts of documents that the answer names stand behind it */
  struct bytes answer;
};
enum err bundle_step_decode(struct bytes b, struct bundle_step *out);
void bundle_step_encode(struct buf *b, const struct bundle_step *s);

#endif
