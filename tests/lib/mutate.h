/* Ledgers that went wrong: the hand-made one (tests/lib/ledger.h) with a few things done to one of its acts, drawn from
 * a seed or from the bytes of a fuzzer. Half of what is done comes before signing, so that the first checks pass. */
#ifndef CAIRN_TESTS_MUTATE_H
#define CAIRN_TESTS_MUTATE_H

#include "tests/lib/ledger.h"

/* Bytes as long as there are some; then drawn, if the seed is not 0, or 0. */
struct choices {
  struct bytes bytes;
  uint64_t seed;
};
/* Less than n, which is not 0. */
uint64_t choose(struct choices *c, uint64_t n);

/* A copy of the honest ledger, as it was made. */
void mutate_begin(struct ledger *l, const struct ledger *honest);
/* Does something to the act with this place, or, behind the last one, to the checkpoint; nothing before it changes. */
void mutate(struct ledger *l, size_t act, struct choices *c);
/* What mutate_begin copied. */
void mutate_end(struct ledger *l);

/* The content that a header commits to, if it is one of those that the mutations know. */
const char *mutate_content(const struct hash *commitment, uint8_t salt[16]);

#endif
