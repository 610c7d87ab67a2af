/* A sync request that is read is written again as the same bytes. */
#include <assert.h>

#include "sync/msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len) {
  struct msg_request m = {0};
  struct buf again = {0};
  if (msg_request_decode(bytes_of(in, len), &m) != OK)
    return 0;
  msg_request_encode(&again, &m);
  for (uint32_t i = 0; i < m.act_count; i++)
    msg_act_encode(&again, &m.acts[i]);
  assert(bytes_equal(buf_bytes(&again), bytes_of(in, len)));
  buf_release(&again);
  msg_request_release(&m);
  return 0;
}
