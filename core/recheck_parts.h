/* What the two files of the check of a store share: recheck_act.c reads acts and entries, recheck.c all else, step by
 * step. Included by them, and by what tries recheck_act.c alone, only. */
#ifndef CAIRN_CORE_RECHECK_PARTS_H
#define CAIRN_CORE_RECHECK_PARTS_H

#include "core/recheck.h"
#include "core/store_parts.h"

struct checking {
  const struct recheck *r;
  struct recheck_result *result;
  struct store *s;
  uint64_t total;
  /* the leaves, as far as all are here from the first one on */
  struct merkle tree;
  bool is_dense;
  char admitted[TEXT_TIME_SIZE + 1]; /* of the act before */
  struct hash own;                   /* this machine's key */
  struct buf positions;              /* struct position each: those of its chain */
  struct buf kept, made;             /* struct view each: as they were, and made again */
};

void recheck_found(struct checking *c, enum recheck_about about, uint64_t number, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Borrows both. */
void checking_init(struct checking *c, const struct recheck *r, struct recheck_result *result);
void checking_release(struct checking *c);

/* recheck_act.c: all acts in order. Fills the tree, and the positions of this machine's chain. */
enum err recheck_acts(struct checking *c);

#endif
