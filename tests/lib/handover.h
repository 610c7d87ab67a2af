/* New keys of the node in a world (core/FORMAT.md section 8, log.keys): as the node writes them, and forged ones. */
#ifndef CAIRN_TESTS_LIB_HANDOVER_H
#define CAIRN_TESTS_LIB_HANDOVER_H

#include "tests/lib/world.h"

enum { TURN_LEDGER = 1, TURN_OPERATING = 2, TURN_AUTHORITY = 4 };

/* What the world's node had before; those that stayed are NULL or empty. */
struct former {
  struct key *ledger, *operating, *authority;
  struct buf authority_cert;
};

/* One handover of these parts in a transaction of its own; the world goes on with the new ones. Gives its number. */
uint64_t handover_turn(struct world *w, unsigned parts, struct former *before);
void former_release(struct former *f);

/* A log.keys as anybody might write it. NULL: absent. */
struct forged_handover {
  const struct key *by, *signer; /* whose name it bears, and who signs the act; NULL: the operating key in force */
  const struct key *ledger, *operating;
  struct bytes authority;
  const struct key *endorser;  /* NULL: no endorsement */
  const struct hash *endorsed; /* the key id that is endorsed; NULL: that of the new ledger key */
  const char *content;         /* NULL: {} */
  bool has_companion;          /* it is not alone in its act */
};

/* It as the next entry behind what the node has; the node itself gets nothing. Leaves and checkpoint as they would be
 * published (appended), the checkpoint signed by both keys if cosigner is not NULL; and the answer that brings it to a
 * replica that has all before it. */
struct forged {
  struct buf leaves, checkpoint, answer;
  uint64_t number;
};
void handover_forge(struct world *w, const struct forged_handover *f, const struct key *signer,
                    const struct key *cosigner, struct forged *out);
void forged_release(struct forged *f);

#endif
