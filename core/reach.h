/* How the agencies stand to an entry (core/scope.h), by what the node's store says now. On the node only: a replica
 * knows a part of the record and cannot answer.
 *
 * Involved with a child is an agency of social work, always; and any other from an involvement.start that names it to
 * the involvement.end of that, with any of the records that are joined as the same child. Who created a child is not
 * involved by that: nobody involves themselves.
 *
 * To a meeting belong the entries that name it (`ref meeting`), or name as their decision or consideration one that
 * does, with what changes them; the records of its children; and the people of the family who were invited to it or
 * attended. Invited are the agencies that an invitation.send names, itself or by one of its people, and those of its
 * chair and its minute-taker.
 *
 * The register may be consulted by the agencies whose type the table of reach.c has; a register.entitle by the keeper
 * says otherwise of one, and the newest counts. */
#ifndef CAIRN_CORE_REACH_H
#define CAIRN_CORE_REACH_H

#include "core/store.h"

struct reach;

/* Of the agencies that were not revoked by an entry with a smaller number. The store's, which keeps it, and what was
 * found with it, until reach_forget: to be called before and after what may change an answer (who is enrolled, who is
 * involved or invited). What is rolled back forgets by itself. */
enum err reach_open(struct store *s, uint64_t before, struct reach **out);
void reach_forget(struct store *s);
size_t reach_count(const struct reach *r);
/* The number of the i-th agency's entry. */
uint64_t reach_agency(const struct reach *r, size_t i);

/* Finds which agencies the entry with this number goes to: reach_count booleans, borrowed until the next call. */
enum err reach_goes_to(struct reach *r, uint64_t number, const bool **out);
/* The same of an entry that is at hand, which begins an object in most cases, and then is all that is looked at. */
enum err reach_goes_to_of(struct reach *r, const struct entry *e, uint64_t number, const bool **out);

/* The meeting to which an entry belongs, zeros for none: what reach_goes_to goes by. */
enum err reach_meeting(struct store *s, uint64_t number, struct hash *out);
/* The same of an entry that is at hand, too. */
enum err reach_meeting_of(struct store *s, const struct entry *e, uint64_t number, struct hash *out);

#endif
