/* Misspellings: which of the words that are known was meant. */
#ifndef CAIRN_CLI_NEAR_H
#define CAIRN_CLI_NEAR_H

#include "core/bytes.h"

/* The candidate nearest to what was typed, if it is near enough to be meant; borrowed. */
struct near {
  struct bytes typed, best; /* best: empty, none is near enough */
  size_t best_distance;
};

struct near near_start(struct bytes typed);
void near_try(struct near *n, struct bytes candidate);
/* The same with each of several joined by |. */
void near_try_each(struct near *n, const char *candidates);

/* "; did you mean "X"?", or nothing; appended. */
void near_add(const struct near *n, struct buf *out);

#endif
