#include "core/scope.h"

/* By audience: who of those enrolled sees it. */
static const bool everyone[] = {
    [AUDIENCE_DIRECTORY] = true,     [AUDIENCE_REGISTER] = true, [AUDIENCE_CASE] = true,
    [AUDIENCE_PROFESSIONALS] = true, [AUDIENCE_NAMED] = true,    [AUDIENCE_RESTRICTED] = true,
};

bool scope_may_see(const struct scope_recipient *who, const struct entry *what) {
  return !hash_is_zero(&who->replica) && everyone[what->audience];
}
