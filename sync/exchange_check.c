/* The node's answer held against the ledger: its checkpoint, and the one proof of all that it delivers. Nothing is
 * stored. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/anew.h"
#include "core/proof.h"
#include "sync/cosigned.h"
#include "sync/evidence.h"
#include "sync/exchange_parts.h"

#define PROOFS_STEP 16

/* Two checkpoints that the ledger's key has signed, and that do not go together. */
static enum err keep_notes(struct taking *t, enum err e, struct bytes before, struct bytes witness) {
  struct evidence_notes notes = {err_words(e), before, t->m.checkpoint, witness};
  if (t->report->evidence && before.len)
    evidence_notes_format(t->report->evidence, &notes);
  return e;
}

static enum err compare_with_others(struct taking *t) {
  struct buf spki = {0}, known = {0};
  enum err e = cosigned_compare(t->store, t->m.checkpoint, &spki, &known);
  if (e == ERR_PROOF)
    e = keep_notes(t, e, buf_bytes(&known), buf_bytes(&spki));
  buf_release(&spki);
  buf_release(&known);
  return e;
}

/* The name that the checkpoint bears, in place of the one that is known; false if it is that. */
static bool has_other_name(const struct taking *t, struct note_vkey *vkey) {
  struct bytes text;
  struct checkpoint c;
  bool has =
      note_text(t->m.checkpoint, &text) == OK && checkpoint_parse(text, &c) == OK && strcmp(c.origin, vkey->name) != 0;
  if (has)
    snprintf(vkey->name, sizeof vkey->name, "%s", c.origin);
  return has;
}

/* A replica that follows a ledger which was opened anew does not know its name before it is told; that the ledger's key
 * has signed it, and where the feed ends an entry says so, is checked (core/anew.h). */
static void expect_name(struct taking *t, struct note_vkey *vkey) {
  t->is_renamed = store_meta_number(t->store, ANEW_FOLLOWS) != 0 && has_other_name(t, vkey);
}

/* Who has verified nothing yet hears of a ledger that was opened anew by its name alone. */
static enum err open_note(const struct taking *t, const struct note_vkey *vkey, struct bytes *body) {
  struct note_vkey other = *vkey;
  if (has_other_name(t, &other) && note_open(t->m.checkpoint, &other, body) == OK)
    return err_set_remedy(
        ERR_PROOF,
        "ask the node's administrator why, over the telephone; then: cairn sync --new-log, or without "
        "a network cairn bundle FILE --new-log",
        "the node's ledger has another name than this machine joined: \"%s\"", other.name);
  return note_open(t->m.checkpoint, vkey, body);
}

static enum err open_checkpoint(struct taking *t) {
  struct buf note = {0};
  struct note_vkey vkey;
  struct bytes body;
  struct hash root;
  uint64_t size = 0;
  enum err e = exchange_load_vkey(t->store, &vkey);
  if (e == OK)
    expect_name(t, &vkey);
  if (e == OK)
    e = open_note(t, &vkey, &body);
  if (e == OK)
    e = checkpoint_parse(body, &t->checkpoint);
  if (e == OK && strcmp(t->checkpoint.origin, vkey.name) != 0)
    e = err_set(ERR_PROOF, "the checkpoint is of another ledger");
  bool is_known = e == OK && store_checkpoint_newest(t->store, &size, &root, &note) == OK;
  if (is_known && t->checkpoint.size < size)
    e = keep_notes(t,
                   err_set(ERR_PROOF,
                           "the node's ledger has become smaller: %" PRIu64 " entries, and there were %" PRIu64,
                           t->checkpoint.size, size),
                   buf_bytes(&note), bytes_of(NULL, 0));
  if (is_known && t->checkpoint.size == size && !hash_equal(&t->checkpoint.root, &root))
    e = keep_notes(t, err_set(ERR_PROOF, "the node has signed two different histories of %" PRIu64 " entries", size),
                   buf_bytes(&note), bytes_of(NULL, 0));
  buf_release(&note);
  return e == OK ? compare_with_others(t) : e;
}

static struct bytes next_own(struct bytes *rest, size_t len) {
  struct bytes one = bytes_of(rest->at, len);
  rest->at += len;
  rest->len -= len;
  return one;
}

/* Of a page's acts only what its proof is about: contents are loaded when their act is taken, one after the other. */
static void keep_own(struct msg_event *d, const struct act_record *a, const struct act_bytes *b, struct buf *own) {
  buf_add(own, buf_bytes(&a->signature));
  for (size_t k = 0; k < b->count; k++)
    buf_add(own, b->entries[k].header);
  struct bytes rest = buf_bytes(own);
  d->signature = next_own(&rest, a->signature.len);
  d->size = a->text.size;
  d->count = (uint32_t)b->count;
  d->entries = mem_alloc_array(b->count, sizeof *d->entries);
  for (size_t k = 0; k < b->count; k++)
    d->entries[k] =
        (struct act_entry){.index = b->entries[k].index, .header = next_own(&rest, b->entries[k].header.len)};
}

/* An act of ours came back by its id only: the rest is here. */
static enum err find_own(struct taking *t, uint32_t i) {
  struct msg_event *d = &t->m.events[i];
  struct act_record a = {0};
  struct act_bytes b = {0};
  uint64_t first;
  enum err e = store_find_act_id(t->store, &d->position.act, &first);
  if (e == OK)
    e = store_find_act_alone(t->store, first, &a);
  if (e == OK)
    e = store_act_bytes(t->store, first, &b);
  if (e == ERR_ABSENT || (e == OK && b.count < a.text.size)) {
    t->lacks_own = true;
    e = err_set_remedy(ERR_PROOF, "sync again: the whole act is asked for then",
                       "the node speaks of an act of this replica that is not here");
  }
  if (e == OK)
    keep_own(d, &a, &b, &t->own[i]);
  act_bytes_release(&b);
  act_record_release(&a);
  return e == OK ? buf_err(&t->own[i]) : e;
}

static int compare_hashes(const void *a, const void *b) {
  return memcmp(a, b, HASH_SIZE);
}

/* Before any is loaded: an id is short, and what is here under it may be long. */
static enum err check_own_once(const struct taking *t) {
  struct buf ids = {0};
  bool is_twice = false;
  for (uint32_t i = 0; i < t->m.event_count; i++)
    if (t->m.events[i].form == MSG_YOURS)
      buf_add(&ids, hash_bytes(&t->m.events[i].position.act));
  if (ids.len)
    qsort(ids.at, ids.len / HASH_SIZE, HASH_SIZE, compare_hashes);
  for (size_t at = HASH_SIZE; at < ids.len; at += HASH_SIZE)
    is_twice = is_twice || memcmp(ids.at + at - HASH_SIZE, ids.at + at, HASH_SIZE) == 0;
  buf_release(&ids);
  return is_twice ? err_set(ERR_PROOF, "the node's answer names an act of this replica twice") : OK;
}

/* The act id of a delivery in full follows from its headers and the siblings' proof. */
static enum err find_act_id(struct msg_event *d) {
  struct act_text text;
  enum err e = act_text_of_part(d->entries, d->count, d->size, d->siblings, &text);
  if (e == OK)
    d->position.act = act_id(&text);
  return e;
}

struct numbered {
  uint64_t index;
  struct hash hash;
};

static void add_leaves(const struct msg_event *d, struct buf *leaves) {
  for (uint32_t i = 0; i < d->count; i++) {
    struct buf text = {0};
    uint64_t index = d->first + d->entries[i].index - 1;
    struct leaf leaf = {.number = index + 1,
                        .admitted = d->admitted,
                        .position = &d->position,
                        .index = d->entries[i].index,
                        .size = d->size,
                        .signature = d->signature,
                        .head = d->head,
                        .header = d->entries[i].header};
    leaf_format(&text, &leaf);
    struct numbered n = {index, merkle_leaf(buf_bytes(&text))};
    buf_add(leaves, bytes_of(&n, sizeof n));
    buf_release(&text);
  }
}

static int compare_indices(const void *a, const void *b) {
  const struct numbered *x = a, *y = b;
  return (x->index > y->index) - (x->index < y->index);
}

/* A feed is not in the order of the ledger, and a proof is. */
static void sort_leaves(struct buf *leaves, struct buf *indices, struct buf *hashes) {
  struct numbered *n = (struct numbered *)(void *)leaves->at;
  size_t count = leaves->len / sizeof *n;
  if (count)
    qsort(n, count, sizeof *n, compare_indices);
  for (size_t i = 0; i < count; i++) {
    buf_add(indices, bytes_of(&n[i].index, sizeof n[i].index));
    buf_add(hashes, hash_bytes(&n[i].hash));
  }
}

bool exchange_is_delivery(const struct msg_event *d) {
  return d->form == MSG_FULL || d->form == MSG_YOURS;
}

static enum err narrow_proof(struct taking *t, const struct merkle_part *part, uint64_t number) {
  if (t->proof_count % PROOFS_STEP == 0) {
    struct kept_proof *more = mem_alloc_array(t->proof_count + PROOFS_STEP, sizeof *more);
    if (t->proof_count)
      memcpy(more, t->proofs, t->proof_count * sizeof *more);
    free(t->proofs);
    t->proofs = more;
  }
  struct kept_proof *one = &t->proofs[t->proof_count++];
  *one = (struct kept_proof){.number = number};
  return merkle_narrow(part, t->known_size, number - 1, &one->path);
}

/* Once the whole is forgotten, nobody could show any more that an approval stands in the ledger. */
static enum err narrow_proofs(struct taking *t, const struct merkle_part *part) {
  enum err e = OK;
  for (uint32_t i = 0; e == OK && i < t->m.event_count; i++) {
    const struct msg_event *d = &t->m.events[i];
    for (uint32_t k = 0; e == OK && exchange_is_delivery(d) && k < d->count; k++)
      if (proof_is_kept(d->entries[k].header))
        e = narrow_proof(t, part, d->first + d->entries[k].index);
  }
  return e;
}

/* What was verified of a ledger that was opened anew, and not what was verified of the new one. */
static void go_on_from_former(struct taking *t, struct buf *note) {
  t->known_size = t->former->size;
  t->known = t->former->root;
  buf_clear(note);
  buf_add(note, buf_bytes(&t->former->note));
}

/* One proof covers the checkpoint that was verified before and every entry that is delivered. */
static enum err check_proof(struct taking *t) {
  struct buf leaves = {0}, indices = {0}, hashes = {0}, note = {0};
  struct hash old_root, root;
  t->known = merkle_empty();
  enum err e = store_checkpoint_newest(t->store, &t->known_size, &t->known, &note);
  if (e == ERR_ABSENT)
    e = OK;
  if (e == OK)
    e = check_own_once(t);
  for (uint32_t i = 0; e == OK && i < t->m.event_count; i++) {
    struct msg_event *d = &t->m.events[i];
    if (!exchange_is_delivery(d))
      continue;
    e = d->form == MSG_YOURS ? find_own(t, i) : find_act_id(d);
    if (e == OK)
      add_leaves(d, &leaves);
  }
  sort_leaves(&leaves, &indices, &hashes);
  if (t->former)
    go_on_from_former(t, &note);
  if (e == OK)
    e = merkle_check(t->known_size, t->checkpoint.size, (const uint64_t *)(const void *)indices.at,
                     (const struct hash *)(const void *)hashes.at, indices.len / sizeof(uint64_t), t->m.proof,
                     &old_root, &root);
  if (e == OK && !hash_equal(&old_root, &t->known))
    e = keep_notes(t, err_set(ERR_PROOF, "the node's ledger does not continue the one that was verified before"),
                   buf_bytes(&note), bytes_of(NULL, 0));
  if (e == OK && !hash_equal(&root, &t->checkpoint.root))
    e = err_set(ERR_PROOF, "what the node delivered is not what its checkpoint commits to");
  const struct merkle_part part = {t->checkpoint.size, (const uint64_t *)(const void *)indices.at,
                                   (const struct hash *)(const void *)hashes.at, indices.len / sizeof(uint64_t),
                                   t->m.proof};
  if (e == OK)
    e = narrow_proofs(t, &part);
  buf_release(&leaves);
  buf_release(&indices);
  buf_release(&hashes);
  buf_release(&note);
  return e;
}

/* An answer after which there is more must have brought something. */
static enum err check_place(const struct taking *t) {
  return t->m.has_more && t->m.event_count == 0 ? err_set(ERR_PROOF, "the node's answer does not lead on") : OK;
}

enum err exchange_check(struct taking *t) {
  enum err e = open_checkpoint(t);
  if (e == OK)
    e = check_proof(t);
  return e == OK ? check_place(t) : e;
}
