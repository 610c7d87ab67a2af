/* Who may see what. Every path on which an entry could reach someone (exchange, show, list, timeline, export, the
 * resolving of prefixes, errors) asks this one table; nothing else decides.
 *
 * In this version every enrolled replica sees every entry, and so do its people, but for those who are kept out of a
 * child's case (staff.bar). */
#ifndef CAIRN_CORE_SCOPE_H
#define CAIRN_CORE_SCOPE_H

#include "core/entry.h"

struct scope_recipient {
  struct hash replica; /* key id */
  struct hash person;  /* who looks; zeros: the replica itself, which keeps the record for all its people */
  /* The children out of whose cases that person is kept; borrowed. */
  const struct hash *barred;
  size_t barred_count;
};

bool scope_may_see(const struct scope_recipient *who, const struct entry *what);

/* May the content of this entry be sealed to the person? Never without one, and never to somebody who may not see it
 * on any replica. */
bool scope_may_seal_to(const struct scope_recipient *who, const struct entry *what);

#endif
