/* What goes onto one answer's page of an agency's feed (sync/PROTOCOL.md section 3): acts with as many of their entries
 * as the feed delivers, and what is withdrawn, erased or passed over, from where the replica stands on, as far as there
 * is room. The node only. */
#ifndef CAIRN_SYNC_PAGE_H
#define CAIRN_SYNC_PAGE_H

#include "core/feed.h"
#include "core/merkle.h"
#include "sync/msg.h"

struct page {
  struct store *store;
  const struct msg_request *m;
  struct hash replica;
  uint64_t agency;      /* whose feed it is */
  struct feed_end upto; /* the last event that is told */
  uint64_t place_max;   /* what comes after it is for the next answer */
  size_t room;          /* bytes left on the page */
  struct buf bytes;
  uint32_t count;
  struct buf indices; /* uint64_t each: the leaves that the reader will have */
  uint64_t proof_max; /* hashes: the page is full before the proof for its leaves could need more */
  uint64_t edges;     /* of the runs in which the leaves stand (core/merkle.h) */
  uint64_t run, next; /* how many leaves the newest run has, and which one would continue it */
  bool has_lost;      /* the node lacks contents: each entry is asked for */
  bool is_alone;      /* nothing else goes onto the page of the event that was told last */
  bool is_full;
};

/* What an act more can add to a proof. */
#define PAGE_PROOF_ROOM (ACT_ENTRIES_MAX + 2 * MERKLE_LEVEL_MAX)

/* From upto on: events are appended to bytes and counted, until the page is full or the feed ends. */
enum err page_fill(struct page *p);
/* That the leaves told, and those that the replica had, are under the tree of this size. */
enum err page_prove(struct page *p, uint64_t size, struct buf *proof);
void page_release(struct page *p);

#endif
