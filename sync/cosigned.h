/* What cosignatures (core/cosign.h) do in an exchange: the node takes those of its replicas, and no machine that has
 * seen another history gets an answer; a replica compares those of the others with what it was shown itself. */
#ifndef CAIRN_SYNC_COSIGNED_H
#define CAIRN_SYNC_COSIGNED_H

#include "sync/exchange.h"

/* On the node: does the request vouch for a checkpoint of this node's? ERR_CHAIN if the node never signed it, which its
 * administrator is told; ERR_SIGNATURE if it is not signed by this machine. */
enum err cosigned_check(struct exchange_node *n, const struct hash *replica, const struct msg_request *m);
/* Is it newer than the one that is kept? */
enum err cosigned_is_newer(struct exchange_node *n, const struct hash *replica, const struct msg_request *m, bool *out);
/* Keeps what cosigned_check found in order. In a transaction of the caller's. */
enum err cosigned_keep(struct exchange_node *n, const struct hash *replica, const struct msg_request *m);

/* On a replica: the first cosignature of the note, by a machine of the directory, that vouches for another root than
 * the checkpoint of that size which was verified here. ERR_PROOF with words, and the machine's key and the checkpoint
 * that was verified here, appended; OK if there is none. */
enum err cosigned_compare(struct store *s, struct bytes note, struct buf *spki_out, struct buf *known_out);

#endif
