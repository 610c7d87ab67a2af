/* Requests to join and about an invitation, their answers, and a token that are read are written again as the same
 * bytes. */
#include <assert.h>
#include <stdlib.h>

#include "sync/join.h"

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len) {
  struct bytes input = bytes_of(in, len);
  struct msg_join join;
  struct msg_joined joined;
  struct msg_ask ask;
  struct msg_invited invited;
  struct join_token token;
  struct buf again = {0};
  char *text = bytes_copy_string(input);
  if (msg_join_decode(input, &join) == OK) {
    msg_join_encode(&again, &join);
    assert(bytes_equal(buf_bytes(&again), input));
  }
  buf_clear(&again);
  if (msg_joined_decode(input, &joined) == OK) {
    msg_joined_encode(&again, &joined);
    assert(bytes_equal(buf_bytes(&again), input));
  }
  buf_clear(&again);
  if (msg_ask_decode(input, &ask) == OK) {
    msg_ask_encode(&again, &ask);
    assert(bytes_equal(buf_bytes(&again), input));
  }
  buf_clear(&again);
  if (msg_invited_decode(input, &invited) == OK) {
    msg_invited_encode(&again, &invited);
    assert(bytes_equal(buf_bytes(&again), input));
  }
  buf_clear(&again);
  if (join_token_parse(text, &token) == OK) {
    join_token_format(&again, &token);
    assert(bytes_equal_str(buf_bytes(&again), text));
  }
  buf_release(&again);
  free(text);
  return 0;
}
