/* Headers: what is read is written again as the same bytes, in whatever order its lists are given, so no two texts say
 * the same. */
#include <assert.h>
#include <stdlib.h>

#include "core/entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);

#define REVERSE(list, count)                                                                                           \
  for (size_t i = 0; i < (count) / 2; i++) {                                                                           \
    __typeof__((list)[0]) kept = (list)[i];                                                                            \
    (list)[i] = (list)[(count)-1 - i];                                                                                 \
    (list)[(count)-1 - i] = kept;                                                                                      \
  }

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len) {
  struct entry e;
  struct buf again = {0};
  if (entry_decode(bytes_of(in, len), &e) != OK)
    return 0;
  struct hash id = e.id, wanted = hash_of(bytes_of(in, len));
  assert(hash_equal(&id, &wanted) && len <= ENTRY_HEADER_MAX);
  REVERSE(e.keys, e.key_count)
  REVERSE(e.children, e.child_count)
  REVERSE(e.refs, e.ref_count)
  REVERSE(e.bases, e.base_count)
  REVERSE(e.facts, e.fact_count)
  REVERSE(e.to, e.to_count)
  enum err err = entry_encode(&e, &again);
  assert(err == OK && bytes_equal(buf_bytes(&again), bytes_of(in, len)) && hash_equal(&e.id, &id));
  buf_release(&again);
  return 0;
}
