/* Invitations, as the directory's entries in the store tell: whom they are for, and what became of them. Nobody finds a
 * token's secret here, only its hash. */
#ifndef CAIRN_CORE_INVITATION_H
#define CAIRN_CORE_INVITATION_H

#include "core/store.h"

enum invitation_state {
  INVITATION_OPEN,
  INVITATION_USED,
  INVITATION_WITHDRAWN,
  INVITATION_REVOKED, /* its agency, or whoever wrote it */
  INVITATION_EXPIRED,
};

struct invitation {
  struct hash id, agency;
  struct hash by;                                            /* the author's key id */
  struct buf name, post, agency_name, roles, trained, until; /* roles joined by ", " */
  enum invitation_state state;
  bool is_pending;                    /* written here, not accepted yet */
  struct hash person;                 /* who joined with it; from here on zeros if nobody did */
  struct hash key, seal_key, machine; /* the ids of their first keys, and of their machine's */
};
void invitation_release(struct invitation *i);

/* In words, as "withdrawn". */
const char *invitation_state_word(enum invitation_state s);

/* The invitation whose token has the secret with this hash. ERR_ABSENT. The caller releases *out. */
enum err invitation_find(struct store *s, const struct hash *secret, int64_t now_s, struct invitation *out);

/* Calls each with all that may be seen, oldest first. */
enum err invitation_each(struct store *s, int64_t now_s, void *of,
                         enum err (*each)(void *of, const struct invitation *i));

#endif
