/* The exchange by bundles (sync/PROTOCOL.md section 12): a machine writes its requests, and the documents that go with
 * them, into one; the node answers it with another; the machine takes that. All of it goes through the exchange and the
 * carrying of documents as they are, so whatever a bundle says is judged as if it had come over the network, and a
 * bundle that is lost, late, or read again costs nothing but the way. */
#ifndef CAIRN_SYNC_BUNDLE_CARRY_H
#define CAIRN_SYNC_BUNDLE_CARRY_H

#include "sync/bundle.h"
#include "sync/exchange.h"

/* ---- the machine ---- */

struct bundle_made {
  uint64_t number;
  uint64_t act_count, page_count;
  bool is_whole; /* false: not everything that is to be sent fitted; another bundle after the answer takes it */
};
/* Writes all that is to be sent, or what goes into so many bytes, into an empty file. The outbox stays as it is.
 * ERR_REFUSED if the ledger, or the node's authority, is not known yet. */
enum err bundle_request(struct exchange_replica *r, FILE *file, uint64_t size_max, struct bundle_made *out);

/* Of a ledger that was opened anew: is what was verified before, and is said to be kept, there? */
enum bundle_root { BUNDLE_ROOT_UNTOLD, BUNDLE_ROOT_SAME, BUNDLE_ROOT_OTHER };

struct bundle_taken {
  struct bundle_label label;
  uint64_t taken, passed; /* steps; passed: what this machine had already */
  enum bundle_root root;
  uint64_t root_of; /* so many entries */
};
/* Takes an answer, page by page, as exchange_take does: what was taken before a page that is refused stays. A page that
 * this machine is further than is passed over. ERR_REFUSED with words if it is not for this machine, or if the
 * ledger was opened anew and nobody here has said that it is to be followed; ERR_CHAIN if something that comes before
 * it was not taken. */
enum err bundle_take(struct exchange_replica *r, FILE *file, struct exchange_report *report, struct bundle_taken *out);

/* A machine without a network takes a new key (sync/PROTOCOL.md section 12.5): its join request goes alone in a bundle,
 * and the join answer comes back in one. r->key is the key so far. */
enum err bundle_renew_request(struct exchange_replica *r, struct bytes join_request, FILE *file,
                              struct bundle_made *out);
/* Opens and checks such an answer, for join_take_renewed, and appends it. Errors as bundle_take's. */
enum err bundle_renew_answer(struct exchange_replica *r, FILE *file, struct buf *join_answer);

/* ---- the node ---- */

struct bundle_desk {
  struct exchange_node *exchange;
  int64_t now_s;
  uint64_t size_max; /* of an answer */
  void *of;
  /* The private key of an authority that this node has, or had; borrowed. ERR_ABSENT. */
  enum err (*authority_key)(void *of, const struct hash *id, const struct key **out);
};
struct bundle_judged {
  struct bundle_label label;
  uint64_t accepted, had, refused, held, later; /* acts */
  uint64_t page_count;                          /* of the answer */
  bool is_renewal;                              /* it asked for the certificate of a machine's new key */
  bool is_of_former; /* it goes on from the ledger before that was opened anew: the answer says that alone */
  bool is_whole; /* false: the feed goes on behind the answer, which is as long as it may be; the machine asks again */
  enum err stopped; /* why what follows in the request was not looked at, or OK; the words are these: */
  char words[512];
};
/* Checks a machine's bundle and puts it to the exchange, request by request; writes the answer into an empty file.
 * Where it fails, there is no answer, and nothing of the first request was taken, but that all acts of a machine that
 * does not count any more are held (ERR_KEY); what fails later is told in `stopped`, and the answer is good. */
enum err bundle_answer(const struct bundle_desk *d, FILE *request, FILE *answer, struct bundle_judged *out);

#endif
