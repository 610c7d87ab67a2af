/* The partial proof. The input's first bytes choose a tree, an older size and the leaves that are held; the rest is
 * offered as the proof. The honest proof gives the roots, and nothing but the honest proof gives them. */
#include <assert.h>

#include "core/merkle.h"

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);

#define SIZE_MAX_HERE 64
static struct hash leaves[SIZE_MAX_HERE];

static enum err subtree(void *of, unsigned level, uint64_t index, struct hash *out) {
  (void)of;
  *out = merkle_root_of(leaves + (index << level), (size_t)1 << level);
  return OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len) {
  struct reader r = reader_of(bytes_of(in, len));
  uint64_t size = reader_u8(&r) % (SIZE_MAX_HERE + 1), old_size = reader_u8(&r) % (size + 1), held = reader_u64(&r);
  uint64_t indices[SIZE_MAX_HERE];
  struct hash held_leaves[SIZE_MAX_HERE], old_root, root;
  struct merkle_source source = {NULL, subtree};
  struct buf proof = {0};
  size_t count = 0;
  for (uint64_t i = 0; i < size; i++) {
    leaves[i] = merkle_leaf(bytes_of(&i, sizeof i));
    if (held >> i & 1)
      held_leaves[count] = leaves[i], indices[count++] = i;
  }
  struct hash true_root = merkle_root_of(leaves, size), true_old_root = merkle_root_of(leaves, old_size);
  assert(merkle_prove(&source, old_size, size, indices, count, &proof) == OK);
  assert(merkle_check(old_size, size, indices, held_leaves, count, buf_bytes(&proof), &old_root, &root) == OK);
  assert(hash_equal(&root, &true_root) && hash_equal(&old_root, &true_old_root));
  if (merkle_check(old_size, size, indices, held_leaves, count, r.rest, &old_root, &root) == OK)
    assert(!hash_equal(&root, &true_root) || bytes_equal(r.rest, buf_bytes(&proof)));
  buf_release(&proof);
  return 0;
}
