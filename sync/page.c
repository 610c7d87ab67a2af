#include "sync/page.h"

#include <stdlib.h>
#include <string.h>

#include "core/parts.h"
#include "core/recovery.h"

#define EVENTS_AT_ONCE ACT_ENTRIES_MAX /* no fewer: an act's entries are told together */

/* Events that are told together: entries of one act, or one event of another form. */
struct group {
  const struct feed_told *events;
  size_t count;
  uint64_t first; /* of a delivery: the act */
  bool is_delivery, is_lost;
};

struct leaf_hashes {
  const struct hash *at;
};

static enum err hash_of_leaves(void *of, unsigned level, uint64_t index, struct hash *out) {
  const struct leaf_hashes *l = of;
  *out = merkle_root_of(l->at + (index << level), (size_t)1 << level);
  return OK;
}

/* The proof for the entries of an act that this recipient may not see. */
static enum err prove_siblings(const struct act_bytes *all, const struct act_entry *seen, uint32_t seen_count,
                               struct buf *out) {
  struct hash leaves[ACT_ENTRIES_MAX];
  uint64_t indices[ACT_ENTRIES_MAX];
  struct leaf_hashes hashes = {leaves};
  struct merkle_source source = {&hashes, hash_of_leaves};
  for (size_t i = 0; i < all->count; i++)
    leaves[i] = merkle_leaf(all->entries[i].header);
  for (uint32_t i = 0; i < seen_count; i++)
    indices[i] = seen[i].index;
  return merkle_prove(&source, 0, all->count, indices, seen_count, out);
}

/* Those of the act's entries that the events deliver; both are in the order of their numbers. */
static uint32_t pick_delivered(const struct group *g, const struct act_bytes *all, struct act_entry *out) {
  uint32_t count = 0;
  for (size_t i = 0, k = 0; i < all->count && k < g->count; i++)
    if (g->first + all->entries[i].index == g->events[k].event.number) {
      out[count++] = all->entries[i];
      k++;
    }
  return count;
}

/* What has contents in parts is alone on its page: what stands before it need not wait for them, and what comes behind
 * is not sent twice. */
static bool has_parts(const struct msg_event *event) {
  for (uint32_t i = 0; i < event->count; i++)
    if (event->entries[i].parts_size)
      return true;
  return false;
}

static void put_event(struct page *p, const struct msg_event *event) {
  struct buf encoded = {0};
  buf_init(&encoded, MSG_ANSWER_MAX);
  msg_event_encode(&encoded, event);
  p->is_alone = has_parts(event);
  p->is_full = p->count > 0 && (encoded.len > p->room || p->is_alone);
  if (!p->is_full) {
    buf_add(&p->bytes, buf_bytes(&encoded));
    p->room = encoded.len > p->room ? 0 : p->room - encoded.len;
    p->count++;
  }
  buf_release(&encoded);
}

static void add_leaves(struct page *p, const struct group *g) {
  for (size_t i = 0; !p->is_full && i < g->count; i++) {
    uint64_t index = g->events[i].event.number - 1;
    buf_add(&p->indices, bytes_of(&index, sizeof index));
    p->run = p->run && index == p->next ? p->run + 1 : 1;
    p->edges += p->run <= 2;
    p->next = index + 1;
  }
}

/* Leaves that are few and far apart need many hashes, and have little that fills a page otherwise. */
static bool has_long_proof(const struct page *p) {
  return merkle_proof_most(p->edges, store_size(p->store)) + PAGE_PROOF_ROOM > p->proof_max;
}

static enum err deliver_entries(struct page *p, const struct group *g, const struct act_record *a) {
  struct act_bytes all = {0};
  struct buf siblings = {0};
  enum err e = store_act_bytes(p->store, g->first, &all);
  struct act_entry *entries = mem_alloc_array(all.count, sizeof *entries);
  struct msg_event out = {.form = MSG_FULL,
                          .first = a->first,
                          .admitted = bytes_str(a->admitted.s),
                          .signature = buf_bytes(&a->signature),
                          .size = a->text.size,
                          .entries = entries};
  out.count = pick_delivered(g, &all, entries);
  parts_detach(entries, out.count);
  if (out.count > 0 && entries[0].index == 0) {
    out.position = a->position;
    out.head = buf_bytes(&a->head);
  }
  if (e == OK && out.count < out.size)
    e = prove_siblings(&all, entries, out.count, &siblings);
  out.siblings = buf_bytes(&siblings);
  if (e == OK)
    put_event(p, &out);
  buf_release(&siblings);
  act_bytes_release(&all);
  free(entries);
  return e;
}

/* The replica has all of its own act but the place in the ledger. */
static void deliver_own(struct page *p, const struct act_record *a) {
  put_event(p, &(struct msg_event){.form = MSG_YOURS,
                                   .first = a->first,
                                   .admitted = bytes_str(a->admitted.s),
                                   .position = a->position,
                                   .head = buf_bytes(&a->head)});
}

static enum err deliver(struct page *p, const struct group *g) {
  struct act_record a = {0};
  enum err e = store_find_act_alone(p->store, g->first, &a);
  bool is_own = e == OK && g->count == a.text.size && hash_equal(&a.position.replica, &p->replica) &&
                !(p->m->flags & MSG_WANTS_OWN);
  if (is_own)
    deliver_own(p, &a);
  else if (e == OK)
    e = deliver_entries(p, g, &a);
  if (e == OK)
    add_leaves(p, g);
  act_record_release(&a);
  return e;
}

/* An entry comes in its present state, and once: what is delivered and later not to be held any more is passed over,
 * and so is what is delivered again. What is lost is told as that each time. */
static enum err look_at_delivery(const struct page *p, const struct feed_told *told, bool *is_present, bool *is_lost) {
  const struct feed_event *event = &told->event;
  uint64_t place = event->place;
  enum err e = told->is_only ? OK : feed_present(p->store, p->agency, event->number, p->m->have.place, &place);
  *is_lost = false;
  if (e == OK && p->has_lost && place > 0)
    e = recovery_is_told_lost(p->store, event->number, is_lost);
  if (e == OK && p->has_lost && place > 0 && !*is_lost && !(p->m->flags & MSG_WANTS_OWN))
    e = recovery_is_own_in_part(p->store, told->act, &p->replica, is_lost);
  *is_present = place == event->place && !*is_lost;
  return e;
}

/* The events from here on that are told together. */
static enum err find_group(const struct page *p, const struct feed_told *events, size_t count, struct group *out) {
  static const enum feed_op deliver = FEED_DELIVER;
  *out = (struct group){.events = events, .count = 1, .first = events[0].act};
  enum err e = events[0].event.op == deliver ? look_at_delivery(p, &events[0], &out->is_delivery, &out->is_lost) : OK;
  if (e != OK || !out->is_delivery)
    return e;
  while (e == OK && out->count < count && events[out->count].event.op == deliver) {
    const struct feed_told *next = &events[out->count];
    bool is_present, is_lost;
    e = look_at_delivery(p, next, &is_present, &is_lost);
    if (e != OK || !is_present || next->act != out->first || next->event.number <= next[-1].event.number)
      break;
    out->count++;
  }
  return e;
}

static enum err tell(struct page *p, const struct group *g) {
  static const enum msg_form forms[] = {
      [FEED_DELIVER] = MSG_PASSED, [FEED_WITHDRAW] = MSG_WITHDRAWN, [FEED_ERASE] = MSG_ERASED};
  enum err e = OK;
  if (g->is_delivery) {
    e = deliver(p, g);
  } else {
    const struct feed_event *event = &g->events[0].event;
    put_event(p, &(struct msg_event){.form = g->is_lost ? MSG_LOST : forms[event->op], .first = event->number});
  }
  for (size_t i = 0; e == OK && !p->is_full && i < g->count; i++) {
    const struct feed_event *event = &g->events[i].event;
    p->upto = (struct feed_end){event->place, feed_digest(&p->upto.digest, event->op, event->number)};
  }
  p->is_full = p->is_full || p->is_alone || has_long_proof(p);
  return e;
}

enum err page_fill(struct page *p) {
  struct feed_told events[EVENTS_AT_ONCE];
  size_t count = 1;
  enum err e = OK;
  p->has_lost = recovery_has_lost(p->store);
  while (e == OK && count > 0 && !p->is_full && p->upto.place < p->place_max) {
    e = feed_after(p->store, p->agency, p->upto.place, events, EVENTS_AT_ONCE, &count);
    while (count > 0 && events[count - 1].event.place > p->place_max)
      count--;
    for (size_t i = 0; e == OK && i < count && !p->is_full;) {
      struct group g;
      e = find_group(p, events + i, count - i, &g);
      if (count == EVENTS_AT_ONCE && i > 0 && i + g.count == count)
        break; /* it may go on behind what was read */
      if (e == OK)
        e = tell(p, &g);
      i += g.count;
      p->is_full = p->is_full || p->count == MSG_EVENTS_MAX;
    }
  }
  return e;
}

static int compare_indices(const void *a, const void *b) {
  uint64_t x, y;
  memcpy(&x, a, sizeof x);
  memcpy(&y, b, sizeof y);
  return (x > y) - (x < y);
}

/* A feed is not in the order of the ledger, and a proof is. */
enum err page_prove(struct page *p, uint64_t size, struct buf *proof) {
  struct merkle_source tree = store_tree(p->store);
  uint64_t *indices = (uint64_t *)(void *)p->indices.at;
  size_t count = p->indices.len / sizeof *indices;
  if (count)
    qsort(indices, count, sizeof *indices, compare_indices);
  return merkle_prove(&tree, p->m->size, size, indices, count, proof);
}

void page_release(struct page *p) {
  buf_release(&p->bytes);
  buf_release(&p->indices);
}
