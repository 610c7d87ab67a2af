#include "core/scope.h"

/* By audience: do those enrolled see it, and does somebody who is kept out of the case of a child that it is about? */
static const struct {
  bool everyone, barred;
} table[] = {
    [AUDIENCE_DIRECTORY] = {true, true}, [AUDIENCE_REGISTER] = {true, false},
    [AUDIENCE_CASE] = {true, false},     [AUDIENCE_PROFESSIONALS] = {true, false},
    [AUDIENCE_NAMED] = {true, false},    [AUDIENCE_RESTRICTED] = {true, false},
};

/* The entry that created the child is about the child, too. */
static bool is_barred(const struct scope_recipient *who, const struct entry *what) {
  for (size_t b = 0; b < who->barred_count; b++) {
    if (hash_equal(&who->barred[b], &what->id))
      return true;
    for (size_t i = 0; i < what->child_count; i++)
      if (hash_equal(&who->barred[b], &what->children[i]))
        return true;
  }
  return false;
}

static bool may_be_shown(const struct scope_recipient *who, const struct entry *what) {
  return table[what->audience].everyone && (table[what->audience].barred || !is_barred(who, what));
}

bool scope_may_see(const struct scope_recipient *who, const struct entry *what) {
  return !hash_is_zero(&who->replica) && may_be_shown(who, what);
}

bool scope_may_seal_to(const struct scope_recipient *who, const struct entry *what) {
  return !hash_is_zero(&who->person) && may_be_shown(who, what);
}
