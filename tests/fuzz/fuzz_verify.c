/* Arbitrary bytes as a file of leaves and its checkpoint: no crash, and never a ledger that holds. The corpus is a good
 * ledger under checkpoints whose signatures are of other texts, which no mutation can mend.
 *
 * The first three bytes are the length of the leaves; the checkpoint is the rest. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "audit/verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len);

static void look(void *of, const struct verify_entry *e) {
  uint64_t *count = of;
  assert(e->number > 0 && e->child_count <= VERIFY_CHILDREN_MAX && e->kind.len > 0);
  ++*count;
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len) {
  static const struct verify_facts facts = {.fingerprint =
                                                "0000000000000000000000000000000000000000000000000000000000000000"};
  const char *why;
  uint64_t count = 0;
  if (len < 3)
    return 0;
  size_t leaves = (size_t)at[0] << 16 | (size_t)at[1] << 8 | at[2];
  if (leaves > len - 3)
    leaves = len - 3;
  struct verify *v = verify_new(&facts, &why);
  verify_each(v, &count, look);
  verify_leaves(v, at + 3, leaves);
  verify_checkpoint(v, at + 3 + leaves, len - 3 - leaves);
  const struct verify_result *r = verify_end(v);
  assert(r->verdicts[VERIFY_INTEGRITY] == VERIFY_FAILS && r->verdicts[VERIFY_ANCHORING] != VERIFY_HOLDS);
  assert(r->finding_count > 0 && r->finding_count <= VERIFY_FINDINGS_MAX && count <= r->entry_count);
  verify_free(v);
  return 0;
}
