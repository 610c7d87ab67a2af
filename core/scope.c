#include "core/scope.h"

/* By audience: the ties of which one suffices; whether somebody who is kept out of the case of a child that it is about
 * is shown it all the same; and whether only its author and those on its `to` lines are, and the keeper what is for the
 * keeper. */
static const struct {
  unsigned ties;
  bool barred, named_only;
} table[] = {
    [AUDIENCE_DIRECTORY] = {SCOPE_ENROLLED, true, false},
    [AUDIENCE_REGISTER] = {SCOPE_AUTHOR | SCOPE_ENTITLED | SCOPE_INVOLVED, false, false},
    [AUDIENCE_CASE] = {SCOPE_AUTHOR | SCOPE_INVOLVED | SCOPE_INVITED | SCOPE_BARRED | SCOPE_KEEPER, false, false},
    [AUDIENCE_PROFESSIONALS] = {SCOPE_AUTHOR | SCOPE_INVOLVED | SCOPE_INVITED, false, false},
    [AUDIENCE_NAMED] = {SCOPE_AUTHOR | SCOPE_NAMED | SCOPE_KEEPER | SCOPE_WITNESS, false, true},
    [AUDIENCE_RESTRICTED] = {SCOPE_AUTHOR | SCOPE_NAMED, false, true},
};

bool scope_goes_to(enum audience a, unsigned ties) {
  return (table[a].ties & ties) != 0;
}

bool scope_is_for_named(enum audience a) {
  return table[a].named_only;
}

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

static bool is_named(const struct scope_recipient *who, const struct entry *what) {
  for (size_t k = 0; k < who->key_count; k++) {
    if (hash_equal(&who->keys[k], &what->by))
      return true;
    for (size_t i = 0; i < what->to_count; i++)
      if (hash_equal(&who->keys[k], &what->to[i]))
        return true;
  }
  return false;
}

bool scope_may_see(const struct scope_recipient *who, const struct entry *what, bool is_for_keeper) {
  if (hash_is_zero(&who->replica))
    return false;
  if (hash_is_zero(&who->person))
    return true;
  return (table[what->audience].barred || !is_barred(who, what)) &&
         (!table[what->audience].named_only || is_named(who, what) || (is_for_keeper && who->is_keeper));
}

/* What goes to every agency, and what belongs to the case; the register is for those who may consult it. */
bool scope_may_stand_in_family_copy(enum audience a) {
  return a == AUDIENCE_DIRECTORY || a == AUDIENCE_CASE;
}
