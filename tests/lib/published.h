/* A ledger as it is published, leaf by leaf, for tests that change it: whatever was done to the leaves, they are
 * numbered anew, and the checkpoint fits them and is signed. */
#ifndef CAIRN_TESTS_LIB_PUBLISHED_H
#define CAIRN_TESTS_LIB_PUBLISHED_H

#include "audit/verify.h"
#include "tests/lib/world.h"

#define PUBLISHED_MAX 256

struct published {
  struct buf leaves[PUBLISHED_MAX];
  size_t count;
};

void published_read(struct published *p, struct store *node);
void published_release(struct published *p);

/* Indices of leaves; the test ends where there is none. The first leaf of the act at this position; the first of this
 * kind. */
size_t published_find(const struct published *p, const struct hash *replica, uint64_t number);
size_t published_find_kind(const struct published *p, const char *kind);
/* The position id of the act whose first leaf this is. */
struct hash published_position(const struct published *p, size_t leaf);

void published_drop(struct published *p, size_t leaf);
/* At the end, admitted with the last one; the second gives the copy's index. */
void published_move_to_end(struct published *p, size_t leaf);
size_t published_copy(struct published *p, size_t leaf);
/* Replaces the first occurrence. */
void published_edit(struct published *p, size_t leaf, const char *from, const char *to);
/* The act under another position, with the head of signer, or without. */
void published_place(struct published *p, size_t leaf, const struct hash *replica, uint64_t number,
                     const struct hash *previous, const struct key *signer);

/* All leaves in one text, and a checkpoint over them. */
void published_write(const struct published *p, const struct key *ledger, struct buf *leaves, struct buf *note);
/* Fed to a verifier that knows the ledger's key; the caller ends and frees it. */
struct verify *published_judge(const struct published *p, const struct key *ledger);
/* The same by somebody who brings more: facts, but for the key. */
struct verify *published_judge_with(const struct published *p, const struct key *ledger,
                                    const struct verify_facts *facts);

#endif
