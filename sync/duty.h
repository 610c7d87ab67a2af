/* What the node writes of its own accord: what became of an act that was not accepted, certificates for keys that an
 * accepted act introduced, and what a decision about a held act leads to. Everything here is in the
 * transaction of the request. */
#ifndef CAIRN_SYNC_DUTY_H
#define CAIRN_SYNC_DUTY_H

#include "core/cert.h"
#include "sync/exchange.h"

/* A position that was given to an act that was not accepted, repeated in the node's own entry so that the chain has no
 * gap. */
struct duty_turned_away {
  const struct msg_act *act;
  struct position position;
  struct bytes head;
  const struct verdict *verdict; /* refused, held, or had at another position */
};
enum err duty_turn_away(struct exchange_node *n, const struct duty_turned_away *t, int64_t now_s);

/* A held act comes again: on a node that was rebuilt nothing is left of it but that it is held. */
enum err duty_hold_again(struct exchange_node *n, const struct msg_act *a, const struct hash *act);

/* Issues a certificate for the key of a subject (an entry that introduced it) and writes the cert.issue entry. The
 * certificate is appended to cert_out if that is not NULL. */
enum err duty_certify(struct exchange_node *n, const struct key *key, enum cert_use use, const struct hash *subject,
                      int64_t now_s, struct buf *cert_out);

/* Certificates last two years. At a sync of a machine, its own and those of its agency's people that end within 90 days
 * are issued anew for the same keys, a limited number at once; duty_is_renewal_due asks whether there are any, and
 * writes nothing. */
enum err duty_is_renewal_due(struct exchange_node *n, const struct hash *replica, int64_t now_s, bool *out);
enum err duty_renew(struct exchange_node *n, const struct hash *replica, int64_t now_s);

/* What the feeds did because who may see what has changed, as entries of the node's own: scope.grow, scope.shrink.
 * Before a checkpoint is signed. */
enum err duty_tell_changes(struct exchange_node *n);
/* A machine signed that it holds no longer what was taken back: its word goes into the ledger. */
enum err duty_put_receipt(struct exchange_node *n, const struct hash *machine, const struct feed_end *end,
                          struct bytes signature, int64_t now_s);

/* After an act was accepted: certifies the keys that it introduced, lets through or drops the held acts that it decides
 * about. */
enum err duty_follow(struct exchange_node *n, const struct msg_act *a, int64_t now_s);

#endif
