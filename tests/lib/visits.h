/* An auditor who comes after every act of a ledger and goes on from what the visit before left behind: must find what
 * one finds who reads all of it at once. Fails the test otherwise. */
#ifndef CAIRN_TESTS_LIB_VISITS_H
#define CAIRN_TESTS_LIB_VISITS_H

#include "audit/verify.h"
#include "core/bytes.h"

struct visits {
  const struct verify_facts *facts; /* what was brought */
  struct bytes leaves;              /* as in one file, in order, of the right form */
  uint64_t first;                   /* how many leaves there are at the first visit, at the least */
  bool is_once;                     /* that is the only visit before the last one */
  void *of;
  /* Of the first so many leaves; false if there is none. */
  bool (*checkpoint)(void *of, uint64_t size, struct buf *out);
};

/* Compares at the end with what is given. */
void visits_compare(const struct visits *vs, const struct verify_result *whole);
/* Compares after each act with one who reads all, and knows as much. */
void visits_compare_each(const struct visits *vs);

void visits_expect_same(const struct verify_result *a, const struct verify_result *b);

/* A visit to at least the first `count` leaves; what it leaves behind. */
struct visit {
  char *vkey;
  struct buf note, state;
};
void visits_make(const struct visits *vs, uint64_t count, struct visit *out);
void visit_release(struct visit *v);

#endif
