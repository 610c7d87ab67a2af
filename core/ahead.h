/* The signatures of a request's acts, verified by a second thread while the door is busy with the acts before them. The
 * same checks of the same bytes: an act whose signature was not verified ahead, or did not verify, is verified by the
 * door itself. The thread knows no store; it verifies with the keys that the door has used in this request, so the
 * first act of each author is the door's. */
#ifndef CAIRN_CORE_AHEAD_H
#define CAIRN_CORE_AHEAD_H

#include "core/act.h"

struct ahead_act {
  const struct act_entry *entries; /* whose headers stay as they are until ahead_end */
  size_t count;
  struct bytes signature;
};

struct ahead;

/* NULL where it is not worth while: few acts, or one processor. The acts are borrowed until ahead_end. */
struct ahead *ahead_begin(const struct ahead_act *acts, size_t count);
/* What act_verify says of act i. a may be NULL. */
enum err ahead_verify(struct ahead *a, size_t i, const struct act_text *text, const struct key *author,
                      struct bytes signature);
void ahead_end(struct ahead *a);

#endif
