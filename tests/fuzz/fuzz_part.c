/* A request or an answer about parts that is read is written again as the same bytes. */
#include <assert.h>

#include "sync/carry.h"

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len) {
  struct carry_request request;
  struct carry_answer answer;
  struct buf again = {0};
  if (carry_request_decode(bytes_of(in, len), &request) == OK)
    carry_request_encode(&again, &request);
  else if (carry_answer_decode(bytes_of(in, len), &answer) == OK)
    carry_answer_encode(&again, &answer);
  assert(again.len == 0 || bytes_equal(buf_bytes(&again), bytes_of(in, len)));
  buf_release(&again);
  return 0;
}
