/* The Child Protection Register as this store knows it: who is on it, who was on a day, and what became of each
 * registration. A view of the log; what the store's reader may not see is not given. */
#ifndef CAIRN_CORE_REGISTER_H
#define CAIRN_CORE_REGISTER_H

#include "core/store.h"

struct register_row {
  struct hash registration, child;
  /* Borrowed until the call returns. Lists are JSON arrays; empty: not recorded. */
  struct bytes name, born, due, mother, impact, vulnerability, area, authority, keyworker;
  struct bytes since, review, until, removed; /* since is empty while the registration is pending */
  bool is_temporary;                          /* on another authority's register */
  bool is_ending;                             /* somebody recorded here that it ends, and it is not accepted yet */
};

/* In words: "on the register", "pending", "temporarily here", "on the register, removal pending",
 * "removed". */
const char *register_state(const struct register_row *row);

/* Calls each for those who are on the register on this day, a date, in the order of their names; with an empty date for
 * all who are on it now, pending ones included. */
enum err register_each(struct store *s, struct bytes day, void *of,
                       enum err (*each)(void *of, const struct register_row *row));

/* One registration. ERR_ABSENT. */
enum err register_find(struct store *s, const struct hash *registration, void *of,
                       enum err (*each)(void *of, const struct register_row *row));

/* What became of the registrations of a child, under whichever record of the child (core/child.h), in order. */
struct register_event {
  struct hash registration, entry, decision; /* decision: zeros, none */
  struct bytes what, admitted, by;           /* by: the author's key id */
};
enum err register_each_event(struct store *s, const struct hash *child, void *of,
                             enum err (*each)(void *of, const struct register_event *event));

/* Who is told of an enquiry: the keys of the keepers and of the lead professionals of the children who were found; at
 * most max. */
enum err register_told_of_enquiry(struct store *s, const struct hash *found, size_t found_count, int64_t now_s,
                                  struct hash *to, size_t max, size_t *count_out);

#endif
