/* Any bytes as choices of what goes wrong in a ledger, and in which act: the independent verifier and the node's own
 * code accept it both, or refuse it both. The ledger is the same in every run, so that what is found can be found
 * again. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/lib/differential.h"

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);

static struct differential *d;

static void end(void) {
  differential_free(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len) {
  struct choices c = {.bytes = bytes_of(in, len)};
  struct opinions o;
  if (d == NULL) {
    d = differential_new(3);
    atexit(end);
  }
  differential_try(d, (size_t)choose(&c, differential_ledger(d)->act_count + 1), &c, &o);
  if (!differential_agrees(&o))
    fprintf(stderr, "the node: %s; the auditor: %s\n", o.node.words, o.auditor.words);
  assert(differential_agrees(&o));
  return 0;
}
