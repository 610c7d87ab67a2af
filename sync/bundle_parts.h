/* What the files of bundles share: how an answer stands in one (sync/PROTOCOL.md section 12.3), and the pages about a
 * ledger that was opened anew (section 12.6). Included by them, and by what tries it out, only. */
#ifndef CAIRN_SYNC_BUNDLE_PARTS_H
#define CAIRN_SYNC_BUNDLE_PARTS_H

#include "sync/bundle_carry.h"
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

/* ---- bundle_anew.c ---- */

/* What the node says of the root of what was kept. */
struct bundle_former {
  uint64_t size;
  struct hash root;
  struct bytes answer; /* empty: it is another one */
};
bool bundle_is_former(struct bytes page);
enum err bundle_former_decode(struct bytes b, struct bundle_former *out);
void bundle_former_encode(struct buf *b, const struct bundle_former *f);

/* The request goes on from a ledger of before this entry, which opened it anew. */
bool bundle_is_opened(struct bytes page);
enum err bundle_opened_decode(struct bytes b, struct hash *entry_out);
void bundle_opened_encode(struct buf *b, const struct hash *entry);

/* The node: the page that answers, appended. Is the message such a question; and does this machine, which counts, go on
 * from a ledger of before? ERR_ABSENT: no, with the words of whatever failed before as they were. */
bool bundle_asks_former(struct bytes message);
enum err bundle_answer_former(const struct bundle_desk *d, const struct hash *machine, struct bytes question,
                              struct buf *page);
enum err bundle_answer_opened(const struct bundle_desk *d, const struct hash *machine, struct bytes request,
                              struct buf *page);

/* The machine: appends its question, if it has one; takes the pages. *was_taken_out: false where they say nothing new.
 */
enum err bundle_ask_former(struct exchange_replica *r, struct buf *question);
enum err bundle_take_former(struct exchange_replica *r, struct bytes page, struct bundle_taken *out,
                            bool *was_taken_out);
enum err bundle_take_opened(struct exchange_replica *r, struct bytes page);

#endif
