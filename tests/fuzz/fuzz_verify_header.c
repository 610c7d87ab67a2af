/* The verifier's reader of headers and the record's own (core/entry.h), written apart from the same page, take and
 * refuse the same bytes. Public keys are left out: the record's reader takes any base64, and the verifier only points
 * of the curve. */
#include <assert.h>
#include <string.h>

#include "audit/verify_parts.h"
#include "core/entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len);

static const char before[] = "cairn leaf 1\nnumber 2\nadmitted 2026-11-21T10:00:00Z\nact "
                             "0000000000000000000000000000000000000000000000000000000000000000 1 2\n";

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len) {
  struct entry e;
  struct vleaf leaf;
  struct buf b = {0};
  if (memmem(at, len, "\nkey ", 5) || memmem(at, len, "\n\n", 2))
    return 0;
  buf_add_str(&b, before);
  buf_add(&b, bytes_of(at, len));
  enum vleaf_outcome outcome = vleaf_parse(vtext_of(b.at, b.len), &leaf);
  assert((entry_decode(bytes_of(at, len), &e) == OK) == (outcome == VLEAF_GOOD));
  if (outcome == VLEAF_GOOD) {
    assert(memcmp(e.id.at, leaf.id, VHASH_SIZE) == 0 && memcmp(e.by.at, leaf.by, VHASH_SIZE) == 0);
    assert(e.child_count == leaf.entry.child_count && e.ref_count == leaf.entry.ref_count);
    assert(e.fact_count == leaf.entry.fact_count);
  }
  buf_release(&b);
  return 0;
}
