/* What the two files of the replica's side of the exchange share: exchange_replica.c makes the request and stores what
 * the answer brings, exchange_check.c checks it before. Included by them only. */
#ifndef CAIRN_SYNC_EXCHANGE_PARTS_H
#define CAIRN_SYNC_EXCHANGE_PARTS_H

#include "core/note.h"
#include "core/parts.h"
#include "sync/exchange.h"

/* The proof of one approval alone, by its entry's number. */
struct kept_proof {
  uint64_t number;
  struct buf path;
};

/* One answer as it is taken. */
struct taking {
  struct store *store;
  struct msg_answer m;
  struct checkpoint checkpoint;
  uint64_t known_size; /* of the checkpoint that was verified before */
  struct hash known;
  struct buf *own; /* for each delivery in form MSG_YOURS, the bytes of the act from the outbox */
  struct exchange_report *report;
  struct parts_gathered parts;
  struct hash replica;       /* this machine's key */
  bool lacks_own;            /* the node names an act of ours that is not here */
  struct kept_proof *proofs; /* of approvals that are delivered (core/proof.h) */
  size_t proof_count;
  bool is_renamed; /* the checkpoint bears a name that was not known: a ledger that was opened anew is followed */
};

/* In the store's meta: 1 from when the node was being rebuilt until the next request is made. What it held for the
 * keeper is in the outboxes alone then, and is sent once more. */
#define RECOVER_HELD "node-was-rebuilt"

/* The verifier key that this replica goes by. */
enum err exchange_load_vkey(struct store *s, struct note_vkey *out);

/* exchange_check.c: opens the checkpoint, completes the events of which only the id came, and checks the proof: of
 * each delivery the act's id is known then. ERR_PROOF and others with words; t is released by its owner in any case. */
enum err exchange_check(struct taking *t);
bool exchange_is_delivery(const struct msg_event *d);

#endif
