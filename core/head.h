/* A machine's head in a file of its own (core/FORMAT.md section 5.1): what it has sent, and what it was told of it,
 * signed by it, for somebody who looks at the ledger on the agency's behalf. */
#ifndef CAIRN_CORE_HEAD_H
#define CAIRN_CORE_HEAD_H

#include "core/store.h"

/* The newest acts that it tells of. */
#define HEAD_TOLD_MAX 1000

struct head {
  uint64_t number; /* the newest position of which the node has said something; 0: none */
  uint64_t size;   /* of the newest checkpoint that was verified; 0: none */
  uint64_t told;   /* how many acts it tells of */
};

/* Appends it, as the machine with this key, at this time. ERR_ABSENT if this replica does not know its ledger yet. */
enum err head_write(struct store *s, const struct key *replica, int64_t now_s, struct buf *text, struct head *out);

#endif
