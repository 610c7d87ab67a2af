/* Pages of a feed: what ends one besides its bytes. */
#include "sync/page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/store_parts.h"
#include "tests/lib/world.h"

#define CHILDREN 24 /* of each of two agencies that see nothing of each other's, in turn */

static struct world w;
static struct world_member *ben;

static int open_world(void **state) {
  (void)state;
  world_open(&w, 11);
  struct hash health = world_agency(&w, "Health", "health"), police = world_agency(&w, "Police", "police");
  ben = world_join(&w, &health, "Ben", "practitioner");
  struct world_member *pam = world_join(&w, &police, "Pam", "practitioner");
  for (int i = 0; i < CHILDREN; i++) {
    world_record(&w, ben, WORLD_DRAFT("child.add", {"name", "Known to health"}));
    world_sync(&w, ben);
    world_record(&w, pam, WORLD_DRAFT("child.add", {"name", "Known to the police"}));
    world_sync(&w, pam);
  }
  return 0;
}

static int close_world(void **state) {
  (void)state;
  world_close(&w);
  return 0;
}

/* Leaves far apart need many hashes: a page ends before its proof is longer than any that is taken, and all pages
 * together still tell the whole feed. */
static void test_a_proof_that_would_be_too_long(void **state) {
  (void)state;
  const uint64_t limits[] = {MERKLE_PROOF_MAX, PAGE_PROOF_ROOM + 24, PAGE_PROOF_ROOM};
  uint64_t pages[3] = {0}, feed;
  struct feed_end end;
  world_must(feed_of_agency(w.node.store, &ben->agency, &feed), "the feed");
  world_must(feed_end(w.node.store, feed, &end), "its end");
  for (size_t i = 0; i < 3; i++) {
    struct msg_request m = {0};
    struct feed_end at = {0};
    while (at.place < end.place) {
      struct page p = {.store = w.node.store,
                       .m = &m,
                       .agency = feed,
                       .upto = at,
                       .place_max = end.place,
                       .room = MSG_PAGE_MAX,
                       .proof_max = limits[i]};
      struct buf proof = {0};
      world_must(page_fill(&p), "a page");
      world_must(page_prove(&p, store_size(w.node.store), &proof), "its proof");
      assert_true(p.upto.place > at.place);
      assert_true(proof.len / HASH_SIZE <= limits[i]);
      at = p.upto;
      pages[i]++;
      page_release(&p);
      buf_release(&proof);
    }
    assert_memory_equal(&at, &end, sizeof at);
  }
  assert_int_equal(pages[0], 1);
  assert_in_range(pages[1], 3, 20);
  assert_true(pages[2] > CHILDREN);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_proof_that_would_be_too_long),
  };
  return cmocka_run_group_tests(tests, open_world, close_world);
}
