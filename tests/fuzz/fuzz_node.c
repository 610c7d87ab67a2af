/* Any bytes as what a node and its replicas do one after the other, requests lost, repeated, altered and under
 * another's name among it: it ends well (tests/lib/sequence.h). */
#include "tests/lib/sequence.h"

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len) {
  sequence_play(bytes_of(in, len));
  return 0;
}
