/* Giving up what was refused (sync/PROTOCOL.md section 4): an act that was recorded here, and that the node may not
 * take, stays in the outbox until a person discards it. It keeps its place in the machine's chain: the ledger's entry
 * that says what became of it repeats that place, and proves that it was refused. So nothing else is ever discarded. */
#ifndef CAIRN_CORE_DISCARD_H
#define CAIRN_CORE_DISCARD_H

#include "core/store.h"

/* Takes the act with this number of its first entry out of the outbox, the store and the views. In a transaction of the
 * caller's. ERR_ABSENT if it is not in the outbox. ERR_REFUSED, with words, unless it was refused and the ledger's
 * entry that says so is here; and while another act of the outbox refers to it: then *named_by_out is that one's
 * number, of several the newest; else 0. */
enum err discard_act(struct store *s, uint64_t first, uint64_t *named_by_out);

#endif
