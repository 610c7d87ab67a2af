/* Recovery of a node that is behind its replicas (sync/PROTOCOL.md section 13): bytes in, bytes out, like the exchange.
 * A replica shows the newest checkpoint that it verified and offers what it holds of the ledger behind the node's end;
 * the node stages it (core/recovery.h) until its administrator ends the recovery. */
#ifndef CAIRN_SYNC_RECOVER_H
#define CAIRN_SYNC_RECOVER_H

#include "core/feed.h"
#include "core/recovery.h"
#include "sync/exchange.h"

#define RECOVER_ITEMS_MAX 8192
/* A file with what a machine holds: this line, the key id of the machine, and one request after the other, each behind
 * its length. */
#define RECOVER_FILE_LINE "cairn offer 1\n"

/* ---- the messages ---- */

enum recover_what { RECOVER_SHOW = 1, RECOVER_OFFER = 2, RECOVER_PART = 3 };

struct recover_request {
  enum recover_what what;
  struct hash ledger;
  struct feed_end have; /* SHOW */
  struct bytes note;
  uint32_t count; /* OFFER */
  struct recovery_item *items;
  struct recovery_part part; /* PART */
};
enum err recover_request_decode(struct bytes b, struct recover_request *out);
void recover_request_encode(struct buf *b, const struct recover_request *m);
void recover_request_release(struct recover_request *m);

struct recover_answer {
  bool is_on;       /* the node is being rebuilt */
  bool follow_anew; /* the replica is to follow its feed from its beginning */
  bool opened_anew; /* what was shown is of the ledger before it was opened anew */
  uint64_t next;
  uint32_t wanted_count;
  struct bytes wanted; /* hash after hash */
};
enum err recover_answer_decode(struct bytes b, struct recover_answer *out);
void recover_answer_encode(struct buf *b, const struct recover_answer *m);

/* ---- the node ---- */

/* Answers a request of whoever has this key, which the authority has certified. On OK the answer's bytes are appended,
 * and what was taken is committed. Errors as exchange_answer's. n->ledger verifies what is shown. */
enum err recover_serve(struct exchange_node *n, const struct hash *replica, struct bytes request, int64_t now_s,
                       struct buf *answer);
/* The same of one that stands in a file, which the administrator brings: nobody is asked who they are. */
enum err recover_serve_file(struct exchange_node *n, const struct hash *source, struct bytes request, int64_t now_s,
                            struct buf *answer);
/* The newest note of a mirror, or of whoever else it is known from: what it says, if the ledger's key has signed it. In
 * a transaction of the caller's. */
enum err recover_hear(struct exchange_node *n, const struct hash *source, struct bytes note, struct checkpoint *out);
/* Ends the recovery, rest as for recovery_finish: takes all, checks that the ledger names the keys in n, and lets the
 * node serve again; in one transaction. Errors as recovery_finish's. */
enum err recover_finish(struct exchange_node *n, enum recovery_rest rest);

/* The last resort: as recovery_go_on_anew, and tells it: a log.anew with the reason, under a name of its own, and a
 * checkpoint. In one transaction. */
enum err recover_go_on_anew(struct exchange_node *n, enum recovery_rest rest, const char *reason, int64_t now_s,
                            struct recovery_anew *out);

/* ---- the replica ---- */

struct recover_round {
  bool has_shown, is_done;
  bool has_followed;        /* any of its feed, when it showed */
  bool is_on, follows_anew; /* as the node said */
  bool opened_anew;         /* the ledger is another one than this replica follows */
  uint64_t handover;        /* the last handover of the ledger's key whose checkpoint was shown */
  bool shows_handover;      /* the next request, or the one that is on its way, shows one */
  uint64_t next;            /* the number to offer from; 0: nothing is wanted */
  uint64_t last;            /* the last number of the page that is on its way */
  uint64_t offered;         /* entries */
  struct buf wanted;        /* entries whose large content is sent now, hash after hash */
  size_t wanted_at;
  uint32_t part;
};
/* The next request, appended, until recover_is_done. A replica that has verified no checkpoint has nothing to show. */
enum err recover_next(struct recover_round *r, struct store *s, struct buf *request);
/* Takes its answer. */
enum err recover_take(struct recover_round *r, struct store *s, struct bytes answer);
bool recover_is_done(const struct recover_round *r);
void recover_round_release(struct recover_round *r);

#endif
