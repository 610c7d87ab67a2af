/* All that somebody can see from a machine of their own, as text: what travels to and from it, its files row by row.
 * Values of random look are named in the order of their first appearance, so that two worlds that differ in nothing but
 * what was drawn give the same text. For the test of what others learn of what is not for them. */
#ifndef CAIRN_TESTS_LIB_OBSERVE_H
#define CAIRN_TESTS_LIB_OBSERVE_H

#include "core/store.h"

struct observed {
  struct buf text;
  struct buf names; /* hash after hash, in the order of their first appearance */
};

void observed_release(struct observed *o);

/* A line. Hashes in digits, whole or their first eight, are named; signatures and certificates in base64 are left out.
 */
void observe_words(struct observed *o, const char *what, struct bytes words);
/* The same for a number and for a value of any form: text, hash, signature, or other bytes, of which the length is
 * seen. */
void observe_number(struct observed *o, const char *what, uint64_t n);
void observe_value(struct observed *o, const char *what, struct bytes value);

/* A message: all that it says, and its length, apart from that of signatures, which vary by a byte or two. */
void observe_request(struct observed *o, struct bytes request);
void observe_answer(struct observed *o, struct bytes answer);

/* Was this hash seen? In a message or in a table in the order of the ledger. */
bool observed_names(const struct observed *o, const struct hash *h);

/* Each row of each table. The digests of feeds, which are made of numbers alone, stand as they are. */
void observe_store(struct observed *o, struct store *s);

#endif
