/* One ledger, judged twice: by the independent verifier (audit/verify.h), and by the node's own code, as a replica
 * takes it that receives all of it (core/accept.h), checks the leaves and the checkpoint, and looks at everything again
 * (core/recheck.h). */
#ifndef CAIRN_TESTS_DIFFERENTIAL_H
#define CAIRN_TESTS_DIFFERENTIAL_H

#include "tests/lib/mutate.h"

#define DIFFERENTIAL_WORDS_MAX 512

struct differential;

/* The honest ledger, of keys that are the same for the same seed, and a store beside it. */
struct differential *differential_new(uint64_t seed);
void differential_free(struct differential *d);
const struct ledger *differential_ledger(const struct differential *d);

struct opinion {
  bool accepts;
  char words[DIFFERENTIAL_WORDS_MAX]; /* what is wrong */
};

struct opinions {
  struct opinion node, auditor;
  bool is_for_door;  /* all that the auditor finds is what only the node judges, when it admits an act */
  const char *apart; /* why the two need not agree about this one; NULL: they must */
};

/* Acts before this one are those of the honest ledger. Cheapest when the acts come in descending order. */
void differential_judge(struct differential *d, const struct ledger *l, size_t act, struct opinions *out);
/* Draws a mutation of the act, and judges it. */
void differential_try(struct differential *d, size_t act, struct choices *c, struct opinions *out);
/* They agree, or need not. */
bool differential_agrees(const struct opinions *o);

#endif
