/* Members of staff who are kept out of a child's case, as staff.bar and staff.unbar tell: whichever of the child's
 * records they name (core/child.h). What ends such a bar counts only when the node has accepted it; what begins one
 * counts at once where it is recorded. */
#ifndef CAIRN_CORE_STAFF_H
#define CAIRN_CORE_STAFF_H

#include "core/store.h"

/* Is this person kept out of this child's case, by what stands before the entry with this number? INT64_MAX: now, also
 * by what was written here and is not accepted yet. */
enum err staff_is_barred(struct store *s, const struct hash *person, const struct hash *child, uint64_t before,
                         bool *out);

/* The ids of the children out of whose cases the person is kept, one after the other, appended. */
enum err staff_barred_from(struct store *s, const struct hash *person, struct buf *children);

/* What is known of each bar that the reader of the store may see; texts are borrowed until the call returns. */
struct staff_row {
  struct hash bar, child, person, by; /* by: a key id */
  struct bytes reason, since;         /* since: no bytes while it is not accepted */
  bool is_over;
};
enum err staff_each(struct store *s, void *of, enum err (*each)(void *of, const struct staff_row *row));

#endif
