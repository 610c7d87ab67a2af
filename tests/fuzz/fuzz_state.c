/* Any bytes as what is changed in an auditor's state, whose hash fits again: it is refused, or it comes out as it went
 * in; and going on from it ends. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "audit/verify_parts.h"
#include "tests/lib/mutate.h"

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);

static struct ledger l;
static struct buf good, again;
static struct verify_place place;

static bool add_piece(void *of, const void *at, size_t len) {
  buf_add(of, bytes_of(at, len));
  return true;
}

static void save(struct verify *v, struct buf *out) {
  buf_clear(out);
  bool is_saved = verify_save(v, &place, &(struct verify_sink){out, add_piece});
  assert(is_saved);
  (void)is_saved;
}

static void read_ledger(struct verify *v) {
  v->is_trusting = true; /* signatures are no matter of this */
  verify_leaves(v, l.file.at, l.file.len);
  verify_checkpoint(v, l.note.at, l.note.len);
}

static struct verify *begin(void) {
  static const struct verify_facts none;
  const char *why;
  return verify_new(&none, &why);
}

static void end(void) {
  ledger_release(&l);
  buf_release(&good);
  buf_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len) {
  struct choices c = {.bytes = bytes_of(in, len)};
  struct verify *v = begin();
  if (good.len == 0) {
    ledger_init(&l, NULL);
    read_ledger(v);
    save(v, &good);
    verify_free(v);
    v = begin();
    atexit(end);
  }
  const size_t size = good.len - VHASH_SIZE - (choose(&c, 4) == 3 ? choose(&c, good.len - VHASH_SIZE) : 0);
  uint8_t *state = mem_alloc(size + VHASH_SIZE);
  memcpy(state, good.at, size);
  while (c.bytes.len > 0 && size > 0) {
    size_t at = choose(&c, size);
    state[at] = (uint8_t)choose(&c, 256);
  }
  vhash(state, size, state + size);
  if (vstate_read(v, &(struct verify_source){state, size + VHASH_SIZE, NULL}, &place) == NULL) {
    save(v, &again);
    assert(again.len == size + VHASH_SIZE && memcmp(again.at, state, again.len) == 0);
    read_ledger(v);
    verify_end(v);
  }
  verify_free(v);
  free(state);
  return 0;
}
