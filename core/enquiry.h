/* Finding people by name, as an enquiry to the register and the search for children recorded twice need it: names that
 * are written exactly so, misspelled, that sound alike, other names, an unborn baby by the mother's name.
 *
 * What is searched is what this store holds of kinds whose `searched` fields say so; what the store's reader may not
 * see is not found. */
#ifndef CAIRN_CORE_ENQUIRY_H
#define CAIRN_CORE_ENQUIRY_H

#include "core/store.h"

#define ENQUIRY_HITS_MAX 50

/* how, in plain words */
#define ENQUIRY_HOW_TABLE(X)                                                                                           \
  X(ENQUIRY_EXACT, "the same name")                                                                                    \
  X(ENQUIRY_ALIAS, "another name")                                                                                     \
  X(ENQUIRY_MOTHER, "the mother's name")                                                                               \
  X(ENQUIRY_SOUNDS, "sounds alike")                                                                                    \
  X(ENQUIRY_SPELLING, "similar spelling")                                                                              \
  X(ENQUIRY_PART, "part of the name")

enum enquiry_how {
#define X(code, words) code,
  ENQUIRY_HOW_TABLE(X)
#undef X
};

const char *enquiry_how_words(enum enquiry_how how);

struct enquiry {
  struct bytes name;        /* of the child; or of the mother */
  struct bytes born;        /* a date; empty: not known. It ranks, it does not exclude */
  const char *const *kinds; /* objects that began with one of these; ends with NULL */
};

struct enquiry_hit {
  struct hash object;
  enum enquiry_how how; /* the weakest of its words */
  unsigned score;       /* 0 to 100 */
  bool is_born_same;    /* a date of birth (or a date due) that was recorded is the one asked for */
};

/* The best hits, best first. ERR_USAGE if the name has no letters. */
enum err enquiry_find(struct store *s, const struct enquiry *asked, struct enquiry_hit out[ENQUIRY_HITS_MAX],
                      size_t *count_out);

#endif
