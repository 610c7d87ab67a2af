/* Cosignatures (audit/FORMAT.md section 1.1): a replica vouches with its own key for a checkpoint that it verified, and
 * the node's later checkpoints carry that as signature lines of a type of their own, so that a node that shows two
 * replicas different histories has both of them say so in public. */
#ifndef CAIRN_CORE_COSIGN_H
#define CAIRN_CORE_COSIGN_H

#include "core/note.h"

struct store;

/* How many lines one checkpoint carries at most; a note has room for the ledger's own beside them. */
#define COSIGNATURES_MAX 60

/* One line. The checkpoint's origin is not in it: it is that of the note. */
struct cosignature {
  struct hash replica;          /* key id, the line's name */
  uint8_t key_hash[4];          /* of the name, the type and the key */
  struct text_time at;          /* by the replica's clock */
  struct checkpoint checkpoint; /* that was verified */
  struct bytes signature;       /* borrowed */
};

/* Signs; text is a checkpoint's. The DER signature is appended. */
enum err cosignature_sign(const struct key *k, const struct text_time *at, struct bytes text, struct buf *signature);
/* ERR_SIGNATURE unless the key made it. */
enum err cosignature_verify(const struct key *k, const struct text_time *at, struct bytes text, struct bytes signature);

/* Appends the line; the replica and the key hash are those of k. */
void cosignature_format(struct buf *note, const struct key *k, const struct cosignature *c);
/* A line as it stands in a note of this origin: does k, whose id is c->replica, vouch for c->checkpoint? */
enum err cosignature_check(const struct cosignature *c, const struct key *k);
/* Calls each for the cosignatures of a note whose form was checked; lines that are none are passed over. */
enum err cosignature_each(struct bytes note, void *of, enum err (*each)(void *of, const struct cosignature *c));
/* Appends the note without them. */
enum err cosignature_strip(struct bytes note, struct buf *out);

/* On the node: keeps the cosignature as the replica's newest, in a transaction of the caller's; nothing if there is one
 * of the same size or a larger one. */
enum err cosignature_keep(struct store *s, const struct key *k, const struct cosignature *c);
/* The size of the newest one that is kept; 0 if there is none. */
enum err cosignature_size(struct store *s, const struct hash *replica, uint64_t *size_out);
/* Appends to a note the newest line of each replica that counts at this time, COSIGNATURES_MAX at most: first one of
 * each agency. */
enum err cosignature_carry(struct store *s, int64_t at_s, struct buf *note);

#endif
