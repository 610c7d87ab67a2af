/* A replica of a ledger that was opened anew (core/FORMAT.md section 8, log.anew): it follows the new one into a store
 * of its own from the beginning, and what was recorded here and is not in it is sent again. The former store stays as
 * it is: what it has verified is evidence. */
#ifndef CAIRN_CORE_ANEW_H
#define CAIRN_CORE_ANEW_H

#include "core/store.h"

/* In the fresh store's meta, until it is whole: a checkpoint may bear a name that is not known yet. */
#define ANEW_FOLLOWS "follows-anew"

/* Makes an empty store one of the same machine: who it is, where its node is, which keys were compared. In a
 * transaction of the caller's, of the fresh one. */
enum err anew_begin(struct store *former, struct store *fresh);

/* Following may take days, where files are carried: what was changed in the former store meanwhile (keys, certificates,
 * which keys were compared) holds in the fresh one. In a transaction of the caller's, of the fresh one. */
enum err anew_catch_up(struct store *former, struct store *fresh);
/* Has the fresh store come to the end of its feed? */
bool anew_is_followed(struct store *fresh);

/* The largest checkpoint that was verified here of what the fresh store's ledger says was kept; size 0: there is none.
 * The fresh store has followed to the end. */
struct anew_proved {
  uint64_t size;
  struct hash root;
  struct buf note; /* owned */
};
enum err anew_find_proved(struct store *former, struct store *fresh, struct anew_proved *out);
void anew_proved_release(struct anew_proved *p);

/* Who cannot ask the node at once (sync/PROTOCOL.md section 12.6) keeps in the new store what is to be asked, until it
 * is answered. In a transaction of the caller's; a size of 0: nothing is to be asked. */
enum err anew_ask_later(struct store *s, const struct anew_proved *p);
/* It was answered. In a transaction of its own. */
enum err anew_forget_question(struct store *s);
/* ERR_ABSENT if nothing is. The caller releases it in any case. */
enum err anew_find_question(struct store *s, struct anew_proved *out);

struct anew_report {
  uint64_t number;     /* of the log.anew */
  uint64_t kept, size; /* as it says */
  uint64_t verified;   /* what the former store had verified; larger than size: the node did not hear of all that */
  /* Acts that were verified here, among the entries that are said to be kept, and are not there under their numbers. */
  uint64_t contradicted;
  uint64_t carried;     /* acts that were recorded here, and are sent again */
  uint64_t not_carried; /* those that rest on what is lost: they are in the former store alone */
};
/* When the feed has been followed to its end: checks that it is the ledger that followed this one, and puts into the
 * outbox what was recorded here, by whomever, and is not in it; catches up, too. Acts stay as they were signed.
 * ERR_PROOF if no log.anew says so. In a transaction of the caller's, of the fresh one. */
enum err anew_end(struct store *former, struct store *fresh, struct anew_report *out);

/* Before a store's file gets another name, or another one its name: all of the store is in that file, and nothing in
 * the log beside it, which bears the name and not the file's content. No transaction is open. ERR_DISK. */
enum err anew_settle(struct store *s);

#endif
