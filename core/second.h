/* What one person may not record alone (core/FORMAT.md section 8, two-persons.require): whether an entry needs a second
 * person, who that may be, and what an act.hold shows them of the act that waits. The act itself is with the node; the
 * hold repeats its headers, so that whoever decides can check that they are those of the act. */
#ifndef CAIRN_CORE_SECOND_H
#define CAIRN_CORE_SECOND_H

#include "core/directory.h"

#define SECOND_RULE "two-persons" /* of the act.hold */

/* Does an entry of this kind need a second person, as the accepted entries before this number say (STORE_PENDING: all)?
 * role: the one that it gives or takes, or no bytes. */
enum err second_is_needed(struct store *s, struct bytes kind, struct bytes role, uint64_t before, bool *out);

/* Calls each with what needs a second person now: kinds, or KIND:ROLE. Borrowed until each returns. */
enum err second_each_kind(struct store *s, void *of, enum err (*each)(void *of, struct bytes what));

/* An act that waits, as its act.hold shows it. */
struct second_act {
  struct record hold;
  struct hash act, author; /* author: the key id */
  size_t count;
  struct buf *headers;   /* owned */
  struct entry *entries; /* borrow from the headers */
  struct json **said;    /* NULL where the content is not shown */
};
/* ERR_ABSENT if there is no such hold here or it is not for a second person; ERR_PROOF if what it shows is not the act
 * that is held. */
enum err second_act_load(struct store *s, const struct hash *hold, struct second_act *out);
void second_act_release(struct second_act *a);

/* The certified keys of those who may record all of these entries, are not revoked and are not the author; at most
 * max. */
enum err second_deciders(struct store *s, struct entry *entries, size_t count, const struct hash *author_key,
                         int64_t at_s, struct hash *out, size_t max, size_t *count_out);

/* For held.release and held.reject: is what it decides about held for a second person, and may this author be it? Other
 * entries leave *about as it is. number: that of the entry, for what stands before it. */
enum err second_find_decider(struct store *s, const struct entry *e, const struct author *a, uint64_t number,
                             struct author_about *about);

#endif
