/* Proofs for third persons, made from what a store holds: that an entry stands in its act, and that it stands in the
 * ledger. A replica checks one proof for all that it receives (sync/PROTOCOL.md section 3) and forgets it; of entries
 * that documents are proved by (copy.approve) it keeps what concerns them. */
#ifndef CAIRN_CORE_PROOF_H
#define CAIRN_CORE_PROOF_H

#include "core/store.h"

/* The partial proof (core/FORMAT.md 6.3, m = 0) for this entry alone in its act, appended; nothing for an act of one.
 */
enum err proof_in_act(struct store *s, const struct record *r, const struct act_record *act, struct buf *out);
/* The leaf of an entry, appended. */
void proof_leaf(const struct record *r, const struct act_record *act, struct buf *out);

/* The checkpoint that the proof is for, with the ledger's signature and no other; and the proof for this entry alone;
 * appended. ERR_ABSENT if none was kept. */
enum err proof_in_ledger(struct store *s, uint64_t number, struct buf *note_out, struct buf *path_out);

/* Is this an entry whose proof is kept? */
bool proof_is_kept(struct bytes header);
/* Keeps the proof for the entry with this number in the tree of the checkpoint of this size. */
enum err proof_keep(struct store *s, uint64_t number, uint64_t size, struct bytes path);

#endif
