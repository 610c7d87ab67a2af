/* Who may see what: one table, by audience. Every path on which an entry could reach someone (exchange, show, list,
 * search, timeline, enquiry, export, the resolving of prefixes, errors) asks it; nothing else decides.
 *
 * It is asked in two steps. Which agencies an entry goes to is decided at the node, by how each agency stands to it
 * (core/reach.h finds that out, core/feed.h acts on it); an agency's machines hold what goes to the agency and nothing
 * else. Which of the agency's people a machine shows it to is decided there. */
#ifndef CAIRN_CORE_SCOPE_H
#define CAIRN_CORE_SCOPE_H

#include "core/entry.h"

/* How an agency stands to an entry. Who changes something is not who sees it: for all but SCOPE_AUTHOR and SCOPE_NAMED
 * the entry that began the object counts, so that all versions of an object have one audience. */
enum scope_tie {
  SCOPE_ENROLLED = 1 << 0, /* it takes part */
  SCOPE_AUTHOR = 1 << 1,   /* one of its people wrote it */
  SCOPE_INVOLVED = 1 << 2, /* it is involved with every child that it is about (core/reach.h) */
  SCOPE_INVITED = 1 << 3,  /* it was invited to a meeting to which this belongs */
  SCOPE_ENTITLED = 1 << 4, /* it may consult the Child Protection Register */
  SCOPE_NAMED = 1 << 5,    /* a `to` line has a key of one of its people */
  SCOPE_BARRED = 1 << 6,   /* this keeps one of its people out of a child's case */
  SCOPE_KEEPER = 1 << 7,   /* one of its people is Keeper of the Register, and it is for the keeper (core/kind.h) */
  SCOPE_WITNESS = 1 << 8,  /* without this it could not check who let an entry through */
};

/* Does an entry of this audience go to an agency with these ties? */
bool scope_goes_to(enum audience a, unsigned ties);

/* Is an entry of this audience for persons by name alone? */
bool scope_is_for_named(enum audience a);

struct scope_recipient {
  struct hash replica; /* key id */
  struct hash person;  /* who looks; zeros: the replica itself, which keeps the record for all its people */
  /* That person's keys, and the children out of whose cases they are kept; borrowed. */
  const struct hash *keys, *barred;
  size_t key_count, barred_count;
  bool is_keeper; /* of the Register */
};

/* May this person be shown what is on this machine? is_for_keeper: as its kind says. */
bool scope_may_see(const struct scope_recipient *who, const struct entry *what, bool is_for_keeper);

/* May an entry of this audience stand in a copy that the family is given? */
bool scope_may_stand_in_family_copy(enum audience a);

#endif
