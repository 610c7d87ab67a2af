/* One child, several records: a child who was recorded twice, on two replicas that had not heard of each other, has two
 * ids from then on. child.same says that they are one child, child.distinct that they are two; either may take back
 * earlier statements about the same two (`instead`), and a voided one says nothing. What stands is joined transitively.
 *
 * The door refuses a statement that contradicts what stands (rule K-020), so nothing is overwritten silently and no
 * clock decides. Where statements contradict each other all the same (one that took another back was voided, or they
 * are not accepted yet), the records count as one child until somebody says which holds: what is known of a child is
 * rather found under a wrong name than not at all. */
#ifndef CAIRN_CORE_CHILD_H
#define CAIRN_CORE_CHILD_H

#include "core/store.h"

#define CHILD_RECORDS_MAX 64

/* In SQL, a list for IN: the child and all other records of the same child. From one to the next by an index: a view of
 * both directions would be made as a whole for each child that is asked about. */
#define SAME_CHILDREN(child)                                                                                           \
  "(WITH RECURSIVE same(id) AS (SELECT " child " UNION SELECT c.b FROM same s JOIN child_standing c "                  \
  "ON c.a = s.id WHERE c.is_same = 1 UNION SELECT c.a FROM same s JOIN child_standing c "                              \
  "ON c.b = s.id WHERE c.is_same = 1) SELECT id FROM same)"

/* The ids of all records of the child, this one first, the others in the order of their ids. ERR_LIMIT if there are
 * more than max. */
enum err child_records(struct store *s, const struct hash *child, struct hash *out, size_t max, size_t *count_out);

/* Are there two among them that somebody told apart? */
enum err child_is_contradicted(struct store *s, const struct hash *child, bool *out);

/* Calls each with two records that may be of one child, the older one first: the name and the date of birth (or the
 * date due) are the same, and nobody has said yet whether they are of one child or of two. What the store's reader may
 * not see is not given. */
enum err child_each_twice(struct store *s, void *of,
                          enum err (*each)(void *of, const struct hash *first, const struct hash *second));

/* A child as it is known now; the name and the date of birth (or the date due; it may be empty) are appended.
 * ERR_ABSENT. */
enum err child_known_as(struct store *s, const struct hash *child, struct buf *name_out, struct buf *born_out);

#endif
