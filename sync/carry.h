/* Carries large contents between replica and node in parts of 1 MiB (sync/PROTOCOL.md section 11): bytes in, bytes out,
 * like the exchange, which carries all else. Each part that has arrived is committed, so whatever cuts the way off, the
 * next round goes on where the last one stopped. */
#ifndef CAIRN_SYNC_CARRY_H
#define CAIRN_SYNC_CARRY_H

#include "core/parts.h"
#include "sync/exchange.h"

/* ---- the messages ---- */

enum carry_verb { CARRY_OFFER = 1, CARRY_PUT = 2, CARRY_GET = 3 };

struct carry_request {
  enum carry_verb verb;
  struct hash content;
  uint32_t size;   /* of salt and content together */
  uint32_t number; /* of the part; 0 in an offer */
  struct bytes part;
};
enum err carry_request_decode(struct bytes b, struct carry_request *out);
void carry_request_encode(struct buf *b, const struct carry_request *m);

struct carry_answer {
  uint32_t there;    /* which parts the node has; 0 for CARRY_GET */
  struct bytes part; /* for CARRY_GET */
};
enum err carry_answer_decode(struct bytes b, struct carry_answer *out);
void carry_answer_encode(struct buf *b, const struct carry_answer *m);

/* ---- the node ---- */

/* Answers a request of the replica with this key id. On OK the answer's bytes are appended, and what it says is
 * committed. Errors as exchange_answer's; ERR_ABSENT is the same for a content that is not there and for one that this
 * replica's agency is not to hold. */
enum err carry_serve(struct exchange_node *n, const struct hash *replica, struct bytes request, int64_t now_s,
                     struct buf *answer);

/* ---- the replica ---- */

struct carry_work {
  struct parts_name name;
  uint64_t number; /* up: the entry */
  uint32_t there;  /* up: at the node; down: here */
  bool is_down, is_offered;
};

/* What is to be carried before the next request of the exchange: down what the last answer named, up the large contents
 * of the acts that the request will have. */
struct carry_round {
  struct carry_work works[2 * ACT_LARGE_MAX];
  size_t count, at;
  bool lacks_down; /* the node did not give something */
};
enum err carry_begin(struct carry_round *r, struct store *s, int64_t now_s);
bool carry_is_done(const struct carry_round *r);
/* Appends the next request. Only while it is not done. */
enum err carry_next(const struct carry_round *r, struct store *s, struct buf *request);
/* Takes its answer. ERR_PROOF: what came is not what its commitment says, on the one side or the other; it was thrown
 * away. */
enum err carry_take(struct carry_round *r, struct store *s, struct bytes answer, int64_t now_s);
/* The node refused the request: goes on with the next one. Up: the act's verdict will tell. Down: what is not to be had
 * any more is not in the next answer; if it is, the report says lacks_parts. */
void carry_refused(struct carry_round *r);

#endif
