#include "sync/evidence.h"

#include <inttypes.h>

static void format_leaf(struct buf *b, const struct msg_delivery *d, const struct act_entry *e) {
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

static void add_hashes(struct buf *b, const struct msg_delivery *d) {
  for (uint32_t i = 0; i < d->count; i++) {
    struct buf text = {0};
    format_leaf(&text, d, &d->entries[i]);
    struct hash h = merkle_leaf(buf_bytes(&text));
    buf_addf(b, "leaf %" PRIu64 " %s\n", d->first + d->entries[i].index, hash_hex(&h).s);
    buf_release(&text);
  }
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
  for (uint32_t i = 0; i < a->delivery_count; i++)
    add_hashes(b, &a->deliveries[i]);
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

void evidence_notes_format(struct buf *b, const struct evidence_notes *e) {
  buf_addf(b, "cairn evidence 1\nwhat %s\n", e->words);
  add_part(b, "before", e->before);
  if (e->witness.len) {
    buf_add_str(b, "witness ");
    text_base64_encode(b, e->witness);
    buf_add_str(b, "\n");
  }
  add_part(b, "checkpoint", e->checkpoint);
}
