/* Any bytes as a request to a node with a real store: it answers in its form, or the store is as it was. The world is
 * the same in every run, so that the corpus holds requests that are accepted. */
#include <assert.h>
#include <stdlib.h>

#include "tests/lib/world.h"

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);

static struct world w;

static void close_world(void) {
  world_close(&w);
}

static void open_world(void) {
  world_open(&w, 3);
  struct hash agency = world_agency(&w, "Social Work", "social-work");
  world_join(&w, &agency, "Ann", "practitioner");
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len) {
  struct buf answer = {0};
  struct msg_answer m = {0};
  struct hash before, after;
  if (w.node.store == NULL) {
    open_world();
    atexit(close_world);
  }
  uint64_t size = store_size(w.node.store);
  assert(store_views_digest(w.node.store, &before) == OK);
  enum err e = exchange_answer(&w.node, &w.members[0].replica, bytes_of(in, len), w.now_s, &answer);
  assert(store_views_digest(w.node.store, &after) == OK);
  assert(e == OK || (size == store_size(w.node.store) && hash_equal(&before, &after) && answer.len == 0));
  assert(e != OK || msg_answer_decode(buf_bytes(&answer), &m) == OK);
  if (size != store_size(w.node.store)) {
    world_close(&w);
    open_world();
  }
  msg_answer_release(&m);
  buf_release(&answer);
  return 0;
}
