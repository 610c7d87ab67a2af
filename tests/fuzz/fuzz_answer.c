/* A sync answer that is read is written again as the same bytes. */
#include <assert.h>

#include "sync/msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len) {
  struct msg_answer m = {0};
  struct buf again = {0};
  if (msg_answer_decode(bytes_of(in, len), &m) != OK)
    return 0;
  msg_answer_begin(&again, &m);
  for (uint32_t i = 0; i < m.event_count; i++)
    msg_event_encode(&again, &m.events[i]);
  msg_answer_end(&again, &m);
  assert(bytes_equal(buf_bytes(&again), bytes_of(in, len)));
  buf_release(&again);
  msg_answer_release(&m);
  return 0;
}
