#include "sync/evidence.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/cosign.h"

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
  if (count > 0)
    qsort(n, count, sizeof *n, compare_numbers);
  for (size_t i = 0; i < count; i++)
    buf_addf(b, "leaf %" PRIu64 " %s\n", n[i].number, hash_hex(&n[i].hash).s);
  buf_release(&leaves);
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
    evidence_add_part(b, "act", buf_bytes(&text));
    buf_release(&text);
  }
  evidence_add_part(b, "checkpoint", a->checkpoint);
}

/* ---- reading ---- */

static uint64_t read_number(struct reader *r, struct bytes text) {
  uint64_t n = 0;
  if (r->err == OK && text_number(text, &n) != OK)
    reader_fail(r);
  return n;
}

static struct hash read_hex(struct reader *r, struct bytes text) {
  struct hash h = {{0}};
  if (r->err == OK && hash_parse(text, &h) != OK)
    reader_fail(r);
  return h;
}

/* "WORD NUMBER HASH" */
static uint64_t read_pair(struct reader *r, const char *word, struct hash *hash_out) {
  struct bytes rest = text_field(r, word), number = {0};
  if (!text_split(&rest, ' ', &number))
    reader_fail(r);
  *hash_out = read_hex(r, rest);
  return read_number(r, number);
}

static struct bytes read_part(struct reader *r, const char *word) {
  uint64_t len = read_number(r, text_field(r, word));
  if (len > r->rest.len)
    reader_fail(r);
  struct bytes part = r->err == OK ? reader_take(r, (size_t)len) : bytes_of(NULL, 0);
  reader_expect(r, "\n");
  return part;
}

static void read_act(struct reader *r, struct evidence_text *e) {
  struct hash h;
  e->entry = read_number(r, text_field(r, "entry"));
  e->known_size = read_pair(r, "known", &e->known_root);
  while (r->err == OK && text_next_is(r, "leaf")) {
    uint64_t index = read_pair(r, "leaf", &h) - 1;
    buf_add(&e->indices, bytes_of(&index, sizeof index));
    buf_add(&e->hashes, hash_bytes(&h));
  }
  while (r->err == OK && text_next_is(r, "proof")) {
    h = read_hex(r, text_field(r, "proof"));
    buf_add(&e->proof, hash_bytes(&h));
  }
  while (r->err == OK && text_next_is(r, "act")) {
    struct bytes leaf = read_part(r, "act");
    buf_add(&e->acts, bytes_of(&leaf, sizeof leaf));
  }
  if (e->acts.len == 0)
    reader_fail(r);
}

static void read_notes(struct reader *r, struct evidence_text *e) {
  e->before = read_part(r, "before");
  if (r->err == OK && text_next_is(r, "witness") && text_base64_decode(text_field(r, "witness"), &e->witness) != OK)
    reader_fail(r);
}

enum err evidence_read(struct bytes text, struct evidence_text *out) {
  struct reader r = reader_of(text);
  struct evidence_text e = {0};
  reader_expect(&r, "cairn evidence 1\n");
  e.what = text_field(&r, "what");
  e.is_of_notes = r.err == OK && text_next_is(&r, "before");
  if (e.is_of_notes)
    read_notes(&r, &e);
  else
    read_act(&r, &e);
  e.checkpoint = read_part(&r, "checkpoint");
  if (reader_end(&r) != OK) {
    evidence_text_release(&e);
    return err_set(ERR_FORM, "this is not evidence of the form of sync/PROTOCOL.md section 9");
  }
  *out = e;
  return OK;
}

void evidence_text_release(struct evidence_text *e) {
  buf_release(&e->indices);
  buf_release(&e->hashes);
  buf_release(&e->proof);
  buf_release(&e->acts);
  buf_release(&e->witness);
  *e = (struct evidence_text){0};
}

/* ---- judging ---- */

static bool open_signed(struct bytes note, const struct note_vkey *keys, size_t key_count, struct checkpoint *out) {
  struct bytes text;
  for (size_t i = 0; i < key_count; i++)
    if (note_open(note, &keys[i], &text) == OK)
      return checkpoint_parse(text, out) == OK && strcmp(out->origin, keys[i].name) == 0;
  return false;
}

/* Is the leaf among the hashes, under its number? */
static bool is_listed(const struct evidence_text *e, struct bytes leaf) {
  const uint64_t *indices = (const void *)e->indices.at;
  const struct hash *hashes = (const void *)e->hashes.at;
  struct reader r = reader_of(leaf);
  struct hash h = merkle_leaf(leaf);
  uint64_t number;
  reader_expect(&r, "cairn leaf 1\n");
  if (text_number(text_field(&r, "number"), &number) != OK || r.err != OK)
    return false;
  for (size_t i = 0; i < e->indices.len / sizeof *indices; i++)
    if (indices[i] + 1 == number)
      return hash_equal(&hashes[i], &h);
  return false;
}

static bool are_listed(const struct evidence_text *e) {
  bool are = true;
  for (size_t i = 0; are && i < e->acts.len / sizeof(struct bytes); i++) {
    struct bytes leaf;
    memcpy(&leaf, e->acts.at + i * sizeof leaf, sizeof leaf);
    are = is_listed(e, leaf);
  }
  return are;
}

static enum evidence_outcome check_act(const struct evidence_text *e, const struct checkpoint *c, struct buf *words) {
  struct hash before, after;
  enum err err = merkle_check(e->known_size, c->size, (const uint64_t *)(const void *)e->indices.at,
                              (const struct hash *)(const void *)e->hashes.at, e->indices.len / sizeof(uint64_t),
                              buf_bytes(&e->proof), &before, &after);
  if (err != OK || !hash_equal(&after, &c->root) || !hash_equal(&before, &e->known_root) || !are_listed(e)) {
    buf_add_str(words, "the checkpoint does not commit to the act that the evidence shows");
    return EVIDENCE_FAILS;
  }
  buf_addf(words,
           "the ledger's key has signed a checkpoint of %" PRIu64 " entries that commits to the act from entry %" PRIu64
           " on, as the evidence shows it; what is wrong with that act is for everybody to see: %.*s",
           c->size, e->entry, (int)e->what.len, (const char *)e->what.at);
  return EVIDENCE_PROVES;
}

struct seeking {
  const struct checkpoint *before;
  const struct key *witness;
  struct hash id;
  bool is_found;
};

static enum err seek(void *of, const struct cosignature *c) {
  struct seeking *s = of;
  s->is_found =
      s->is_found || (hash_equal(&c->replica, &s->id) && c->checkpoint.size == s->before->size &&
                      !hash_equal(&c->checkpoint.root, &s->before->root) && cosignature_check(c, s->witness) == OK);
  return OK;
}

static enum evidence_outcome check_witness(const struct evidence_text *e, const struct checkpoint *before,
                                           struct buf *words) {
  struct key *key = NULL;
  struct seeking s = {.before = before};
  if (key_from_spki(buf_bytes(&e->witness), &key) == OK) {
    s.witness = key;
    s.id = key_id(key);
    cosignature_each(e->checkpoint, &s, seek);
  }
  if (s.is_found)
    buf_addf(words,
             "the ledger's key has signed one history of the first %" PRIu64
             " entries, and the machine with the key %s vouches for another one, which it can show; that the key is a "
             "machine's stands in the ledger",
             before->size, hash_hex(&s.id).s);
  else
    buf_add_str(words, "no cosignature in the checkpoint is by this machine and over another history");
  key_free(key);
  return s.is_found ? EVIDENCE_PROVES : EVIDENCE_FAILS;
}

/* A checkpoint's time is that of its newest entry, and no entry comes before one that is older: so the larger ledger
 * cannot be the older one. Else the two are a question: a signature does not say when it was shown, and each ledger was
 * once as small as any. */
static enum evidence_outcome check_sizes(const struct checkpoint *before, const struct checkpoint *c,
                                         struct buf *words) {
  const struct checkpoint *larger = before->size > c->size ? before : c, *smaller = before->size > c->size ? c : before;
  if (strcmp(larger->time.s, smaller->time.s) < 0) {
    buf_addf(words,
             "the ledger's key has signed a ledger of %" PRIu64 " entries, the newest of %s, and one of %" PRIu64
             ", the newest of %s: the larger one ends before the smaller one does, so that neither goes on from the "
             "other, and these are two histories",
             larger->size, larger->time.s, smaller->size, smaller->time.s);
    return EVIDENCE_PROVES;
  }
  buf_addf(words,
           "shown is that the ledger's key has signed a ledger of %" PRIu64
           " entries, the newest of %s, and one of %" PRIu64
           ", the newest of %s. Not shown is whether the larger one goes on from the smaller one, for which all its "
           "leaves are needed",
           larger->size, larger->time.s, smaller->size, smaller->time.s);
  if (larger == before)
    buf_addf(words,
             "; nor that the smaller one was shown after the larger one, which is what whoever kept this says: each "
             "ledger was once that small, and a signature does not tell when it was shown. But whoever shows a ledger "
             "of fewer than %" PRIu64 " entries today withholds what this key has signed for: fetch it, and look",
             larger->size);
  else
    buf_add_str(words, ". cairn-audit verify tells it from the node's ledger; the node can show it, too");
  return EVIDENCE_ASKS;
}

static enum evidence_outcome check_notes(const struct evidence_text *e, const struct checkpoint *before,
                                         const struct checkpoint *c, struct buf *words) {
  if (strcmp(before->origin, c->origin) != 0) {
    buf_add_str(words, "the two checkpoints are of different ledgers");
    return EVIDENCE_FAILS;
  }
  if (e->witness.len)
    return check_witness(e, before, words);
  if (before->size != c->size)
    return check_sizes(before, c, words);
  if (hash_equal(&before->root, &c->root)) {
    buf_add_str(words, "the two checkpoints are of the same history");
    return EVIDENCE_FAILS;
  }
  buf_addf(words, "the ledger's key has signed two different histories of the first %" PRIu64 " entries", c->size);
  return EVIDENCE_PROVES;
}

enum evidence_outcome evidence_check(const struct evidence_text *e, const struct note_vkey *keys, size_t key_count,
                                     struct buf *words) {
  struct checkpoint c, before;
  if (!open_signed(e->checkpoint, keys, key_count, &c) ||
      (e->is_of_notes && !open_signed(e->before, keys, key_count, &before))) {
    buf_add_str(words, "it is not signed by the ledger's key");
    return EVIDENCE_FAILS;
  }
  return e->is_of_notes ? check_notes(e, &before, &c, words) : check_act(e, &c, words);
}
