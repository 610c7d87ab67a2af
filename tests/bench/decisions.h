/* The work that is measured: decisions of planning meetings, each with some 400 bytes of JSON, recorded by the chair,
 * for whom all rules about decisions are asked. Families of 8 children have a meeting after another; a meeting decides
 * once for each of the 8. The reasons are words of a list of 64, so that a page compresses about as such text does. */
#ifndef CAIRN_TESTS_BENCH_DECISIONS_H
#define CAIRN_TESTS_BENCH_DECISIONS_H

#include "core/author.h"

#define DECISIONS_OF_A_MEETING 8
#define DECISIONS_TEXT 386 /* with the braces and the name of the field 400 bytes */

struct decisions {
  struct store *store;
  struct author_by by;
  struct hash person; /* the chair */
  struct hash_hex *children, *meetings;
  size_t family_count, meeting_count;
  size_t next; /* of the decisions */
  /* Called while children and meetings are recorded, so that what waits to be sent does not become too much for one
   * request; may be NULL. The store may be another one after it. */
  void (*pause)(struct decisions *d, void *of);
  void *of;
  uint64_t chance; /* what the words are drawn by */
};

/* The children and meetings for so many decisions, in transactions of their own. */
void decisions_prepare(struct decisions *d, size_t count);
/* So many decisions, in acts of at most in_act. Acts of one have a durable transaction each; a backlog of larger ones,
 * several at once, is what others are measured with. */
void decisions_write(struct decisions *d, size_t count, size_t in_act);
void decisions_release(struct decisions *d);

#endif
