#include "sync/evidence.h"

#include <inttypes.h>
#include <stdlib.h>

static void format_leaf(struct buf *b, const struct msg_event *d, const struct act_entry *e) {
  struct leaf leaf = {.number = d->first + e->index,
                      .admitted = d->admitted,
                      .position = &d->position,
                      .index = e->index,
                      .size = d->size,
                      .signature = d->signature,
                      .head = d->head,
                      .header = e->header};
  leaf_format(b, &leaf);
}

struct numbered {
  uint64_t number;
  struct hash hash;
};

static void add_leaves(struct buf *leaves, const struct msg_event *d) {
  for (uint32_t i = 0; i < d->count; i++) {
    struct buf text = {0};
    format_leaf(&text, d, &d->entries[i]);
    struct numbered n = {d->first + d->entries[i].index, merkle_leaf(buf_bytes(&text))};
    buf_add(leaves, bytes_of(&n, sizeof n));
    buf_release(&text);
  }
}

static int compare_numbers(const void *a, const void *b) {
  const struct numbered *x = a, *y = b;
  return (x->number > y->number) - (x->number < y->number);
}

/* A feed is not in the order of the ledger, and a proof is. */
static void format_leaves(struct buf *b, const struct msg_answer *a) {
  struct buf leaves = {0};
  for (uint32_t i = 0; i < a->event_count; i++)
    add_leaves(&leaves, &a->events[i]);
  struct numbered *n = (struct numbered *)(void *)leaves.at;
  size_t count = leaves.len / sizeof *n;
  qsort(n, count, sizeof *n, compare_numbers);
  for (size_t i = 0; i < count; i++)
    buf_addf(b, "leaf %" PRIu64 " %s\n", n[i].number, hash_hex(&n[i].hash).s);
  buf_release(&leaves);
}

/* Headers are lines, and so are notes: each part can be told from the next by its first word. */
static void add_part(struct buf *b, const char *word, struct bytes text) {
  buf_addf(b, "%s %zu\n", word, text.len);
  buf_add(b, text);
  buf_add_str(b, "\n");
}

void evidence_format(struct buf *b, const struct evidence *e) {
  const struct msg_answer *a = e->answer;
  buf_addf(b, "cairn evidence 1\nwhat %s\nentry %" PRIu64 "\nknown %" PRIu64 " %s\n", e->words, e->delivery->first,
           e->known_size, hash_hex(&e->known_root).s);
  format_leaves(b, a);
  for (size_t i = 0; i + HASH_SIZE <= a->proof.len; i += HASH_SIZE) {
    struct hash h = hash_from(bytes_of(a->proof.at + i, HASH_SIZE));
    buf_addf(b, "proof %s\n", hash_hex(&h).s);
  }
  for (uint32_t i = 0; i < e->delivery->count; i++) {
    struct buf text = {0};
    format_leaf(&text, e->delivery, &e->delivery->entries[i]);
    add_part(b, "act", buf_bytes(&text));
    buf_release(&text);
  }
  add_part(b, "checkpoint", a->checkpoint);
}
