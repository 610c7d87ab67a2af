/* Who may see what. Every path on which an entry could reach someone (exchange, show, list, timeline, export, the
 * resolving of prefixes, errors) asks this one function; nothing else decides.
 *
 * In this version every enrolled replica sees every entry. */
#ifndef CAIRN_CORE_SCOPE_H
#define CAIRN_CORE_SCOPE_H

#include "core/entry.h"

struct scope_recipient {
  struct hash replica; /* key id */
};

bool scope_may_see(const struct scope_recipient *who, const struct entry *what);

#endif
