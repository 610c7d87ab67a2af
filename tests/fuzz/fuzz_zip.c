/* What is unpacked is no longer than it may be, and packed again it is unpacked as the same; so is any input. */
#include <assert.h>

#include "sync/zip.h"

#define PLAIN_MAX ((size_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);

static void there_and_back(struct bytes plain) {
  struct buf packed = {0}, again = {0};
  if (zip_pack(plain, &packed)) {
    assert(packed.len < plain.len);
    assert(zip_unpack(buf_bytes(&packed), plain.len, &again) == OK);
    assert(bytes_equal(buf_bytes(&again), plain));
    assert(zip_unpack(buf_bytes(&packed), plain.len - 1, &again) == ERR_LIMIT);
  }
  buf_release(&packed);
  buf_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len) {
  struct buf plain = {0};
  enum err e = zip_unpack(bytes_of(in, len), PLAIN_MAX, &plain);
  assert(plain.len <= PLAIN_MAX);
  if (e == OK)
    there_and_back(buf_bytes(&plain));
  there_and_back(bytes_of(in, len));
  buf_release(&plain);
  return 0;
}
