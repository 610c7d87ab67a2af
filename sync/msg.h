/* The messages of sync/PROTOCOL.md, decoded and encoded. Pure. Decoded messages borrow from the bytes they were
 * read from; their lists are allocated and freed by the release function. */
#ifndef CAIRN_SYNC_MSG_H
#define CAIRN_SYNC_MSG_H

#include "core/accept.h"
#include "core/feed.h"

#define MSG_PAGE_MAX ((size_t)4 << 20)
/* A delivery of the largest act is still let through behind a page that is nearly full. */
#define MSG_ANSWER_MAX ((size_t)8 << 20)
#define MSG_TEXT_MAX 1024
#define MSG_ACTS_MAX 8192 /* in one request, and verdicts in one answer */
#define MSG_EVENTS_MAX 65536
#define MSG_SECRET_SIZE 16

enum { MSG_WANTS_OWN = 1, MSG_OF_FORMER = 2, MSG_NOTES_LOST = 4 };
#define MSG_NOTED_MAX 1024

struct msg_act {
  uint64_t position;
  struct hash previous;
  struct bytes signature;
  uint32_t count;
  struct act_entry *entries;
  struct buf headers; /* decoded: those that were completed */
};

struct msg_request {
  uint8_t flags;
  struct hash ledger;
  struct feed_end have; /* how far the feed was followed */
  struct bytes receipt; /* the replica's signature over that (core/feed.h); empty at place 0 */
  uint64_t size;        /* of the last checkpoint verified */
  struct hash root;
  struct bytes cosigned, cosignature; /* when, and the signature over it; empty with size 0 */
  struct hash key;                    /* id of the ledger's key that the checkpoints are verified with */
  struct bytes head;
  struct bytes noted; /* with MSG_NOTES_LOST: numbers of 8 bytes each, ascending; else empty */
  uint32_t act_count;
  struct msg_act *acts;
};

enum err msg_request_decode(struct bytes b, struct msg_request *out);
void msg_request_release(struct msg_request *m);
/* Without the acts: the caller appends msg_act_encode for each of act_count. */
void msg_request_encode(struct buf *b, const struct msg_request *m);
void msg_act_encode(struct buf *b, const struct msg_act *a);
/* One act alone, as it is kept: large contents may be in it. */
enum err msg_act_decode(struct bytes b, struct msg_act *out);
void msg_act_release(struct msg_act *a);

/* Events of the feed: entries of one act that are delivered, with all that is needed, or to the replica that sent it by
 * its id; one that was delivered and is not to be held any more, of which nothing is said here; what goes; and what the
 * node lost. */
enum msg_form { MSG_FULL = 0, MSG_YOURS = 1, MSG_PASSED = 2, MSG_WITHDRAWN = 3, MSG_ERASED = 4, MSG_LOST = 5 };

struct msg_event {
  enum msg_form form;
  uint64_t first; /* the number of the act's first entry; of the forms that name one entry, its number */
  struct bytes admitted;
  struct position position; /* its act is set in form MSG_YOURS only; zeros without the act's first entry */
  struct bytes head;
  struct bytes signature; /* from here on in form MSG_FULL only */
  uint32_t size;
  uint32_t count;
  struct act_entry *entries;
  struct bytes siblings;
  struct buf headers; /* as in msg_act */
};

struct msg_answer {
  uint32_t verdict_count;
  uint64_t *positions; /* of the verdicts */
  struct verdict *verdicts;
  struct feed_end upto; /* where the feed stands after the events */
  bool has_more;
  bool wants_lost;  /* the node lacks contents: the replica offers what it holds (sync/recover.h) */
  bool follow_anew; /* of what the replica noted as lost, something is here: it is to follow its feed once more */
  uint32_t event_count;
  struct msg_event *events;
  struct bytes checkpoint;
  struct bytes proof;
};

enum err msg_answer_decode(struct bytes b, struct msg_answer *out);
void msg_answer_release(struct msg_answer *m);
/* The answer in the order of its fields: begin, each event, end. */
void msg_answer_begin(struct buf *b, const struct msg_answer *m);
void msg_event_encode(struct buf *b, const struct msg_event *d);
void msg_answer_end(struct buf *b, const struct msg_answer *m);

/* Whom a token's invitation is for, and the answer. name and agency are what the joiner expects; empty: anything. */
struct msg_ask {
  struct bytes secret, name, agency;
};
enum err msg_ask_decode(struct bytes b, struct msg_ask *out);
void msg_ask_encode(struct buf *b, const struct msg_ask *m);
/* Does a request to join begin as this one? */
bool msg_is_ask(struct bytes b);

struct msg_invited {
  struct bytes name, post, agency, roles, until; /* roles joined by ", "; post may be empty */
};
enum err msg_invited_decode(struct bytes b, struct msg_invited *out);
void msg_invited_encode(struct buf *b, const struct msg_invited *m);

struct msg_join {
  struct bytes secret, person_request, seal_request, replica_request, machine;
  struct bytes name, agency; /* as in msg_ask */
};
enum err msg_join_decode(struct bytes b, struct msg_join *out);
void msg_join_encode(struct buf *b, const struct msg_join *m);

/* Does a message begin as a join request, and as its answer? */
bool msg_is_join(struct bytes message);
bool msg_is_joined(struct bytes message);
struct msg_joined {
  struct hash ledger;
  struct bytes authority, vkey;
  struct hash person;
  struct bytes person_cert;
  struct hash replica;
  struct bytes replica_cert;
};
enum err msg_joined_decode(struct bytes b, struct msg_joined *out);
void msg_joined_encode(struct buf *b, const struct msg_joined *m);

#endif
