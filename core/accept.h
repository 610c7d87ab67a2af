/* The one door into the log. Everything that is to become part of it, typed here or received from afar, goes through
 * accept_act: decode, signature and certificate, position, the kind's fields, permission, append, views, rules; in a
 * savepoint, so that an act that does not get through leaves no trace. A savepoint keeps a copy of each page that the
 * act changes, and nearly all acts get through: whoever would rather begin the whole transaction again does without. */
#ifndef CAIRN_CORE_ACCEPT_H
#define CAIRN_CORE_ACCEPT_H

#include "core/ahead.h"
#include "core/store.h"

enum accept_how {
  ACCEPT_WRITE,        /* typed here: goes to the outbox; rules and permission give an early answer */
  ACCEPT_WRITE_ANYWAY, /* as before, recorded even if rules or permission would refuse */
  ACCEPT_ADMIT,        /* the node judges and gives numbers: the answer that counts */
  ACCEPT_TAKE,         /* has numbers already: checked and projected, never judged */
};

enum verdict_code { VERDICT_ACCEPTED = 1, VERDICT_HAD = 2, VERDICT_REFUSED = 3, VERDICT_HELD = 4, VERDICT_LATER = 5 };

struct machine; /* core/directory.h */

struct accept_act {
  enum accept_how how;
  const struct act_entry *entries; /* those that are here, ascending by index */
  size_t count;
  uint32_t size;         /* entries of the act */
  struct bytes siblings; /* the act's partial proof; empty if all are here */
  struct bytes signature;
  struct hash replica;
  uint64_t position;
  struct hash previous;
  struct bytes head;
  const struct machine *machine; /* ADMIT: that sent it, or NULL; held if it was revoked or is not valid then */
  bool is_rebuilt;               /* TAKE: on the node that admitted it once; its tree, chains and feeds follow */
  bool is_unproved;              /* TAKE: no checkpoint commits to it, so who may write is judged of every entry */
  bool asks_rules;               /* TAKE: the rules of the domain are asked, too; on a node, which knows all that is */
  bool is_released;    /* ADMIT: it was held, and let through: its place in the chain and its author are judged */
  bool is_confirmed;   /* ADMIT: a second person confirmed it */
  bool is_bare;        /* without a savepoint: after an error, or a verdict with traces, the transaction is to go */
  int64_t now_s;       /* WRITE, ADMIT: the time it is judged at */
  struct ahead *ahead; /* ADMIT: where its signature may be verified already, as that of act ahead_index; or NULL */
  size_t ahead_index;
  uint64_t first;        /* TAKE */
  struct bytes admitted; /* TAKE */
};

struct verdict {
  enum verdict_code code;
  struct hash act;
  uint64_t first, last; /* numbers; of WRITE those from STORE_PENDING on */
  char rule[32]; /* "R-008", or the check: "kind", "fields", "double", "reference", "permission", "certificate" */
  char words[512];
  char remedy[512];
  bool waits;      /* of WRITE: the node will hold it until a second person confirms it */
  bool has_traces; /* of a bare act that did not get through, and had entered when that was seen */
};

/* In a transaction of the caller's. OK gives a verdict (WRITE: accepted means recorded). Otherwise nothing was changed:
 * ERR_FORM, ERR_LIMIT (not an act), ERR_SIGNATURE, ERR_KEY (not by whom it says), ERR_CHAIN (the position does not
 * continue the chain), ERR_DISK …. A position that was had already gives the verdict that it got then. */
enum err accept_act(struct store *s, const struct accept_act *in, struct verdict *out);

#endif
