/* The exchange of sync/PROTOCOL.md: bytes in, bytes out, over a store. Knows no socket and no clock. The node's side
 * turns a request into an answer; the replica's side makes a request and takes the answer. The store is held for one
 * half at a time, never while waiting. */
#ifndef CAIRN_SYNC_EXCHANGE_H
#define CAIRN_SYNC_EXCHANGE_H

#include "core/author.h"
#include "sync/msg.h"

/* ---- the node ---- */

struct exchange_node {
  struct store *store;
  const struct key *operating;     /* signs the node's own entries */
  const struct key *ledger;        /* signs checkpoints */
  const struct key *authority;     /* signs certificates */
  const struct key *former_ledger; /* signs checkpoints beside the ledger's key; NULL but for the one that hands over */
  struct buf *told;                /* gets lines for the administrator, without secrets and names; or NULL */
};

/* Answers a request of the replica with this key id. On OK the answer's bytes are appended; all that it promises is
 * committed. Otherwise nothing was stored, and exchange_status gives the HTTP status: ERR_KEY (not a replica that takes
 * part), ERR_FORM, ERR_LIMIT, ERR_SIGNATURE, ERR_CHAIN, ERR_DISK …. */
enum err exchange_answer(struct exchange_node *n, const struct hash *replica, struct bytes request, int64_t now_s,
                         struct buf *answer);
int exchange_status(enum err e);

/* Where a machine will stand when it has taken the answers so far. */
struct exchange_place {
  struct feed_end have;
  uint64_t size; /* of the checkpoint that it will have verified */
  struct hash root;
  struct hash key; /* the id of the ledger's key that it will go by */
};
struct exchange_course {
  bool is_begun; /* an answer was given: the next one goes on from its end, whatever the request says of its place */
  struct exchange_place from, upto; /* of the newest answer: what it goes on from, and where it leads */
  bool has_more;                    /* the feed goes on behind it */
  bool is_put_off;                  /* acts of the request, and all behind them, are to be sent again */
};
/* As exchange_answer, for a machine that waits for no answer before it makes its next request, and receives all answers
 * together. The course, zeroed at first, goes with all requests that were made at one time. */
enum err exchange_answer_on(struct exchange_node *n, const struct hash *replica, struct bytes request, int64_t now_s,
                            struct exchange_course *course, struct buf *answer);
/* The entry that opened the ledger anew, behind the place where this request goes on. ERR_ABSENT. */
enum err exchange_find_opening(struct store *s, struct bytes request, struct hash *entry_out);
/* Appends the request again, without its acts: for more of the feed. */
enum err exchange_ask_again(struct bytes request, struct buf *out);

/* Writes entries of the node's own: an act by the operating key, admitted at once. In a transaction of the caller's. A
 * refusal is ERR_REFUSED with the verdict's words. */
enum err exchange_node_write(struct exchange_node *n, const struct draft *drafts, size_t count, int64_t now_s,
                             struct verdict *out);
/* Signs a checkpoint over all entries if there are newer ones than the last. In a transaction of the caller's, before
 * its commit. */
enum err exchange_node_checkpoint(struct exchange_node *n);

/* What a handover names (core/FORMAT.md section 8, log.keys); NULL or empty: stays as it is. */
struct exchange_handover {
  const struct key *ledger, *operating;
  struct bytes authority;
  const char *reason;
};
/* Writes the handover with the keys in n, endorsed, and signs the checkpoint that covers it with both keys of the
 * ledger. In a transaction of the caller's, who uses the new keys once it is committed. */
enum err exchange_node_hand_over(const struct exchange_node *n, const struct exchange_handover *h, int64_t now_s,
                                 struct verdict *out);

/* ---- the replica ---- */

struct exchange_replica {
  struct store *store;
  const struct key *key; /* the replica's */
  int64_t now_s;         /* for the request: when it vouches for the checkpoint that it verified */
  uint64_t skip;         /* for the request: so many of the acts to be sent are in requests made before it */
};

/* A key or authority of the node that took the place of one that this replica trusted. */
struct exchange_change {
  uint64_t number; /* of the entry that named it; 0: no change */
  struct hash before, now;
};

struct exchange_report {
  uint64_t accepted, refused, held, later; /* acts of ours */
  uint64_t unconfirmed;                    /* the node says it accepted them, but delivered no proof: offered again */
  uint64_t received;                       /* entries of others */
  uint64_t withdrawn, erased;              /* entries that are not to be held any more, and that are gone everywhere */
  uint64_t size;                           /* of the ledger */
  uint64_t lost;                           /* entries whose content the node lost, and that are not here either */
  bool wants_lost;                         /* the node lacks contents: what is here is offered (sync/recover.h) */
  bool has_more;                           /* ask again: the feed goes on, or more of ours is to be sent */
  bool lacks_parts;     /* nothing was taken yet: large contents are to be fetched before (sync/carry.h) */
  struct buf *evidence; /* the caller's, or NULL: sync/evidence.h is appended when the checkpoint commits to an act that
                         * must not be there */
  struct exchange_change ledger_key, authority;
};

/* Appends the next request. sent_out: how many acts it carries. */
enum err exchange_request(struct exchange_replica *r, struct buf *request, size_t *sent_out);
/* Checks the answer and stores it, in one transaction. What does not check (ERR_FORM, ERR_PROOF, ERR_SIGNATURE,
 * ERR_KEY) leaves the store as it was; where the node names an act of ours that is not here, the next request asks for
 * it whole. */
enum err exchange_take(struct exchange_replica *r, struct bytes answer, struct exchange_report *report);

/* A machine that follows a ledger opened anew, and has come to its end, asks once that it goes on from what was
 * verified of the former one. The node turns the request down if that is not so. Nothing is stored: OK if the answer
 * proves it, else ERR_PROOF and others with words. */
struct anew_proved;
enum err exchange_former_request(struct exchange_replica *r, const struct anew_proved *former, struct buf *request);
enum err exchange_former_check(struct exchange_replica *r, const struct anew_proved *former, struct bytes answer);

#endif
