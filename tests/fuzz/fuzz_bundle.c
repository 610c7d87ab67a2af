/* Any bytes as a bundle: whatever they say, a key that has signed none of it did not sign it, and another key opens
 * none of its pages. A page of a form that is read is written again as the same bytes. */
#include <assert.h>
#include <stdlib.h>

#include "sync/bundle.h"
#include "sync/bundle_parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);

static void as_step(struct bytes in) {
  struct bundle_step step;
  struct buf again = {0};
  if (bundle_step_decode(in, &step) != OK)
    return;
  bundle_step_encode(&again, &step);
  assert(bytes_equal(buf_bytes(&again), in));
  buf_release(&again);
}

static void as_former(struct bytes in) {
  struct bundle_former former;
  struct buf again = {0};
  if (bundle_former_decode(in, &former) != OK)
    return;
  bundle_former_encode(&again, &former);
  assert(bytes_equal(buf_bytes(&again), in));
  buf_release(&again);
}

static void as_opened(struct bytes in) {
  struct hash entry;
  struct buf again = {0};
  if (bundle_opened_decode(in, &entry) != OK)
    return;
  bundle_opened_encode(&again, &entry);
  assert(bytes_equal(buf_bytes(&again), in));
  buf_release(&again);
}

static void as_file(FILE *file) {
  static struct key *stranger;
  struct bundle_reader r;
  struct buf message = {0};
  if (stranger == NULL)
    stranger = key_new();
  if (bundle_open(&r, file) == OK) {
    assert(bundle_verify(&r, stranger) == ERR_SIGNATURE);
    while (!bundle_is_done(&r))
      assert(bundle_next(&r, stranger, &message) != OK);
  }
  assert(message.len == 0);
  bundle_reader_release(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len) {
  FILE *file = len ? fmemopen((void *)(uintptr_t)in, len, "rb") : NULL;
  if (file) {
    as_file(file);
    fclose(file);
  }
  as_step(bytes_of(in, len));
  as_former(bytes_of(in, len));
  as_opened(bytes_of(in, len));
  return 0;
}
