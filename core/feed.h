/* Feeds (sync/PROTOCOL.md section 3): for each agency an append-only list of events, by which its machines learn what
 * they are to hold. The node adds to them as the log grows; a replica keeps its agency's as far as it has followed it.
 * A running digest over the events lets both sides see that they speak of the same list, and the list says exactly
 * which entries' content a machine of the agency holds. */
#ifndef CAIRN_CORE_FEED_H
#define CAIRN_CORE_FEED_H

#include "core/key.h"
#include "core/store.h"

enum feed_op {
  FEED_DELIVER = 1,  /* the agency is to hold this entry */
  FEED_WITHDRAW = 2, /* not any more */
  FEED_ERASE = 3,    /* its content is gone everywhere */
};

struct feed_event {
  uint64_t place; /* 1, 2, 3 … */
  enum feed_op op;
  uint64_t number; /* of the entry */
};

/* How far a feed goes, or was followed. place 0: the digest is zeros. */
struct feed_end {
  uint64_t place;
  struct hash digest;
};

/* The digest after one more event. Pure. */
struct hash feed_digest(const struct hash *before, enum feed_op op, uint64_t number);

/* What a machine signs when it asks for more: that it has followed its agency's feed as far as this, and holds what it
 * says and not what it took back (sync/PROTOCOL.md section 3). Which agency is not said: the directory says whose the
 * key is, and a machine that has just joined, or has a new key, has not heard it yet. */
struct feed_receipt {
  struct hash ledger;
  struct feed_end end;
};
enum err feed_receipt_sign(const struct feed_receipt *r, const struct key *replica, struct buf *signature_out);
/* OK or ERR_SIGNATURE. */
enum err feed_receipt_verify(const struct feed_receipt *r, const struct key *replica, struct bytes signature);

/* ---- the node ---- */

struct feed_act {
  uint64_t first; /* its first entry's number */
  const struct entry *entries;
  size_t count;        /* all of them */
  bool is_new;         /* nobody can hold any of it yet */
  bool was_never_held; /* no act.hold is about it */
};
/* After an act entered the log: adds it to the feeds of those it goes to; and where it changes who may see what was
 * there before, delivers or withdraws that. In the transaction of the act. */
enum err feed_follow(struct store *s, const struct feed_act *a);

/* An entry's content is here again that was lost (core/recovery.h): those who are to hold it are told once more. */
enum err feed_deliver_again(struct store *s, uint64_t number);

/* Before that: the content of what an accepted entry.erase names goes from this store. */
enum err feed_erase(struct store *s, uint64_t erasure);

/* What feed_follow did to earlier entries because of one entry and was not told in the ledger yet; oldest first. */
struct feed_change {
  uint64_t agency, cause; /* the numbers of their entries */
  uint64_t delivered, withdrawn;
};
enum err feed_each_change(struct store *s, void *of, enum err (*each)(void *of, const struct feed_change *c));
enum err feed_forget_changes(struct store *s);

/* The feed of an agency (its entry). ERR_ABSENT if there is no such agency. */
enum err feed_of_agency(struct store *s, const struct hash *agency, uint64_t *number_out);
enum err feed_end(struct store *s, uint64_t agency, struct feed_end *out);
/* As it was at this place. ERR_ABSENT. */
enum err feed_at(struct store *s, uint64_t agency, uint64_t place, struct feed_end *out);
/* Events after a place, in order; at most max. Is it the only one about its entry, and the first number of the entry's
 * act. */
struct feed_told {
  struct feed_event event;
  bool is_only;
  uint64_t act;
};
enum err feed_after(struct store *s, uint64_t agency, uint64_t place, struct feed_told *out, size_t max,
                    size_t *count_out);
/* The place at which a machine that has followed the feed as far as a place is given the entry in its present state:
 * its first delivery after that and after all that withdrew it, so that what rests on the entry comes behind it. 0 if
 * it is not to be held, or was delivered before. */
enum err feed_present(struct store *s, uint64_t agency, uint64_t number, uint64_t after, uint64_t *place_out);

/* Does this machine's word that it followed the feed as far as a place say of something taken back, withdrawn or
 * erased, that none of its words in the ledger said yet? */
enum err feed_is_receipt_due(struct store *s, uint64_t agency, const struct hash *machine, uint64_t place, bool *out);

/* Is an agency (the number of its entry) to hold the entry with this number? */
enum err feed_holds(struct store *s, uint64_t agency, uint64_t number, bool *out);

/* Is this agency to hold the entry with this number now? */
enum err feed_is_held(struct store *s, const struct hash *agency, uint64_t number, bool *out);

/* Has this agency ever been sent the entry with this number? What was never sent does not exist for it. */
enum err feed_has_known(struct store *s, const struct hash *agency, uint64_t number, bool *out);

/* Was this agency sent all that there is about the children and meetings of an act that has just been appended, so that
 * what a rule says about it tells the agency nothing new? What is addressed to persons does not count. */
enum err feed_knows_all(struct store *s, const struct hash *agency, uint64_t first, uint64_t last, bool *out);

/* ---- a replica ---- */

/* Notes an event of the replica's own feed behind those it has. */
enum err feed_note(struct store *s, enum feed_op op, uint64_t number);
/* The agency of a replica's own feed is kept as 0. */
#define FEED_OWN 0
/* In the store's meta: 1 while the newest answer said that there is more to follow. */
#define FEED_GOES_ON "feed-goes-on"
/* Starts again from the beginning, for a feed in which something is missing. What is here stays, and so does what the
 * machine has signed: where the feed ended before, the last FEEDS_BEFORE_MAX times. */
enum err feed_restart(struct store *s);
#define FEEDS_BEFORE_MAX 16
enum err feed_each_before(struct store *s, void *of, enum err (*each)(void *of, const struct feed_end *end));
/* Before that: may the node tell this machine, whose agency this is, to forget the entry? Never what is for everybody
 * or was written by its own people, nor as erased what no entry.erase here names. ERR_PROOF. */
enum err feed_check_forget(struct store *s, uint64_t number, enum feed_op op, const struct hash *agency);
/* The content of an entry goes, and all that the views have of it; the header stays. Nothing if it is not here.
 * feed_scrub must follow once the transaction is committed. */
enum err feed_forget(struct store *s, uint64_t number, enum feed_op op);
/* So does what was fetched of large contents (core/parts.h) and was not taken: where an answer was taken without them,
 * they are not to be held. */
enum err feed_forget_fetched(struct store *s);
/* An entry's delivery is passed over: it is taken back or delivered again further on, or the content never came. */
enum err feed_pass(struct store *s, uint64_t number);
/* The numbers of what is noted as lost, ascending, at most max: appended, 8 bytes each. */
enum err feed_noted_lost(struct store *s, size_t max, struct buf *out);
/* The node lost what it delivers. It stays where it is here; where it is not, it is counted, until it is delivered
 * again. */
enum err feed_lose(struct store *s, uint64_t number, uint64_t *count);
/* Where the feed ends: ERR_PROOF if an entry whose content did not come is to be here, or is said to have been erased
 * without an entry.erase that names it. */
enum err feed_check_whole(struct store *s);
/* Is something forgotten of which traces may be left in the file? */
bool feed_needs_scrub(struct store *s);
/* Something else than the feed left such traces. In a transaction of the caller's. */
enum err feed_want_scrub(struct store *s);
/* Writes the file anew without what was forgotten, and empties the write-ahead log. Not in a transaction. */
enum err feed_scrub(struct store *s);

#endif
