/* What was erased (entry.erase), and which machines have signed that it is gone, as the ledger's entries tell
 * (core/FORMAT.md section 8: entry.erase, scope.shrink, feed.receipt). */
#ifndef CAIRN_CORE_ERASURE_H
#define CAIRN_CORE_ERASURE_H

#include "core/store.h"

/* Texts are borrowed until the call returns. */
struct erasure_row {
  struct hash entry, by;       /* the erased entry, the entry.erase */
  struct hash author;          /* a key id */
  struct bytes kind;           /* of the erased entry; empty if its header is not here */
  struct bytes ground, reason; /* why */
  struct bytes at;             /* accepted; empty while it is pending */
  /* Machines of the agencies that held it and are not revoked; those of them that have signed; and the names of the
   * others, joined by ", ". */
  uint64_t machine_count, confirmed_count;
  struct bytes waiting;
};

/* Calls each for the erasures that the store's reader may see, oldest first. */
enum err erasure_each(struct store *s, void *of, enum err (*each)(void *of, const struct erasure_row *row));

#endif
