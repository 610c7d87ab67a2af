/* A request or an answer about what a node lacks that is read is written again as the same bytes. */
#include <assert.h>

#include "sync/recover.h"

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len) {
  struct recover_request request = {0};
  struct recover_answer answer;
  struct leaf_read leaf = {0};
  struct buf again = {0};
  if (recover_request_decode(bytes_of(in, len), &request) == OK)
    recover_request_encode(&again, &request);
  else if (recover_answer_decode(bytes_of(in, len), &answer) == OK)
    recover_answer_encode(&again, &answer);
  else if (leaf_parse(bytes_of(in, len), &leaf) == OK)
    leaf_format(&again, &leaf.leaf);
  assert(again.len == 0 || bytes_equal(buf_bytes(&again), bytes_of(in, len)));
  leaf_read_release(&leaf);
  recover_request_release(&request);
  buf_release(&again);
  return 0;
}
