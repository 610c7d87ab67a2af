/* A plain and slow answer to the question which agency is to hold which entry: from the node's log
 * alone, by the words of core/FORMAT.md section 11, without the views and without core/reach.c. For the model test. */
#ifndef CAIRN_TESTS_LIB_ORACLE_H
#define CAIRN_TESTS_LIB_ORACLE_H

#include "core/kind.h"
#include "core/store.h"

struct oracle_fact {
  uint64_t number;
  struct record record;
  const struct kind *kind;
  struct hash act;
  bool counts;                     /* it and its object were not voided, nor it erased */
  const struct oracle_fact *first; /* that began the object */
};

struct oracle {
  struct oracle_fact *facts; /* in the order of the ledger; count of them */
  size_t count;
};

void oracle_open(struct oracle *o, struct store *node);
void oracle_close(struct oracle *o);

/* Is the agency to hold the i-th fact? */
bool oracle_goes_to(const struct oracle *o, const struct hash *agency, size_t i);
/* What a revoked agency holds is not asked for any more. */
bool oracle_is_revoked(const struct oracle *o, const struct hash *agency);

#endif
