/* RFC 6962 Merkle trees (core/FORMAT.md section 6): hashing, and the partial proof that serves as inclusion,
 * consistency and range proof at once. Pure: hashes come from the caller, through merkle_source where a proof is
 * made. */
#ifndef CAIRN_CORE_MERKLE_H
#define CAIRN_CORE_MERKLE_H

#include "core/hash.h"

#define MERKLE_LEVEL_MAX 53
#define MERKLE_PROOF_MAX 65536 /* hashes in one proof that a reader takes */

struct hash merkle_leaf(struct bytes leaf);
struct hash merkle_node(const struct hash *left, const struct hash *right);
/* The root of the empty tree. */
struct hash merkle_empty(void);

/* A tree that grows from the left and knows only its complete subtrees: one hash for each bit of its size. */
struct merkle {
  uint64_t size;
  struct hash stack[MERKLE_LEVEL_MAX + 1];
  uint8_t level[MERKLE_LEVEL_MAX + 1];
  size_t depth;
};
void merkle_init(struct merkle *m);
/* Appends the root of a complete subtree of 2^level leaves. ERR_PROOF if the size is not a multiple of 2^level or the
 * tree would become larger than 2^53. Level 0 appends a leaf hash. */
enum err merkle_push(struct merkle *m, const struct hash *h, unsigned level);
struct hash merkle_root(const struct merkle *m);

/* Where the hashes of complete subtrees come from: the hash of the leaves [index * 2^level, (index + 1) * 2^level). */
struct merkle_source {
  void *of;
  enum err (*hash)(void *of, unsigned level, uint64_t index, struct hash *out);
};

/* core/FORMAT.md 6.3: the proof for a reader who has the leaves with these indices (ascending, < size) and an older
 * tree of size old_size. Appends 32 bytes for each hash to proof_out. Errors of the source are passed on. */
enum err merkle_prove(const struct merkle_source *source, uint64_t old_size, uint64_t size, const uint64_t *indices,
                      size_t index_count, struct buf *proof_out);

/* No such proof has more hashes, whatever the older size, if the leaves stand in runs with so many edges: a run of one
 * leaf has one edge, a longer one two. */
uint64_t merkle_proof_most(uint64_t edges, uint64_t size);

/* Checks such a proof: ERR_PROOF if hashes are missing or left over, or indices are not ascending. Gives the older root
 * (of old_size leaves) and the newer one, which the caller compares with what it knows. A proof binds roots to sizes
 * only where size and root are known together, from one checkpoint: it does not prove a size. */
enum err merkle_check(uint64_t old_size, uint64_t size, const uint64_t *indices, const struct hash *leaf_hashes,
                      size_t index_count, struct bytes proof, struct hash *old_root_out, struct hash *root_out);

/* A tree of which a reader has some leaves, and the proof (m = 0) for the others. */
struct merkle_part {
  uint64_t size;
  const uint64_t *indices; /* ascending; count of them */
  const struct hash *leaf_hashes;
  size_t count;
  struct bytes proof;
};
/* The hash over the leaves [low, high), a subtree as RFC 9162 2.1.1 splits them. ERR_PROOF if the part does not have
 * what is needed: it has all that lies beside the way from one of its leaves to the root. */
enum err merkle_part_hash(const struct merkle_part *p, uint64_t low, uint64_t high, struct hash *out);

/* Of a part whose proof is for an older tree of old_size, too: the proof (m = 0) for one of its leaves alone, appended.
 * ERR_PROOF if that leaf is not among those of the part, or the proof does not fit. */
enum err merkle_narrow(const struct merkle_part *p, uint64_t old_size, uint64_t index, struct buf *proof_out);

/* The root of all leaves, given as hashes. */
struct hash merkle_root_of(const struct hash *leaf_hashes, size_t count);

#endif
