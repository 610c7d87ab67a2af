#include "tests/lib/published.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/merkle.h"
#include "core/note.h"

#define ORIGIN "nl.example/register"

static void must(bool is, const char *what) {
  world_must(is ? OK : ERR_ABSENT, what);
}

void published_read(struct published *p, struct store *node) {
  *p = (struct published){.count = store_size(node)};
  must(p->count <= PUBLISHED_MAX, "a small ledger");
  for (size_t i = 0; i < p->count; i++)
    world_must(store_leaf(node, i + 1, &p->leaves[i]), "a leaf");
}

void published_release(struct published *p) {
  for (size_t i = 0; i < p->count; i++)
    buf_release(&p->leaves[i]);
  p->count = 0;
}

static bool has(const struct published *p, size_t leaf, const char *text) {
  return memmem(p->leaves[leaf].at, p->leaves[leaf].len, text, strlen(text)) != NULL;
}

static size_t find(const struct published *p, const char *text) {
  for (size_t i = 0; i < p->count; i++)
    if (has(p, i, text))
      return i;
  must(false, text);
  return 0;
}

size_t published_find(const struct published *p, const struct hash *replica, uint64_t number) {
  char text[128];
  snprintf(text, sizeof text, "\nposition %s %" PRIu64 " ", hash_hex(replica).s, number);
  return find(p, text);
}

size_t published_find_kind(const struct published *p, const char *kind) {
  char text[128];
  snprintf(text, sizeof text, "\nkind %s\n", kind);
  return find(p, text);
}

/* What follows the word on its line. */
static struct bytes line_of(const struct published *p, size_t leaf, const char *word) {
  char text[64];
  snprintf(text, sizeof text, "\n%s ", word);
  uint8_t *at = memmem(p->leaves[leaf].at, p->leaves[leaf].len, text, strlen(text));
  must(at != NULL, word);
  at += strlen(text);
  return bytes_of(at, (size_t)((uint8_t *)strchr((char *)at, '\n') - at));
}

static struct position position_at(const struct published *p, size_t leaf) {
  struct position out;
  struct bytes rest = line_of(p, leaf, "position"), act = line_of(p, leaf, "act"), word;
  must(text_split(&rest, ' ', &word) && hash_parse(word, &out.replica) == OK, "a replica");
  must(text_split(&rest, ' ', &word) && text_number(word, &out.number) == OK, "a number");
  must(hash_parse(rest, &out.previous) == OK && hash_parse(bytes_of(act.at, 64), &out.act) == OK, "hashes");
  return out;
}

struct hash published_position(const struct published *p, size_t leaf) {
  struct position at = position_at(p, leaf);
  return position_id(&at);
}

void published_drop(struct published *p, size_t leaf) {
  buf_release(&p->leaves[leaf]);
  p->count--;
  memmove(&p->leaves[leaf], &p->leaves[leaf + 1], (p->count - leaf) * sizeof *p->leaves);
  p->leaves[p->count] = (struct buf){0};
}

/* Puts `to` in the place of what stands there. */
static void replace(struct buf *b, struct bytes what, struct bytes to) {
  struct buf out = {0};
  size_t before = (size_t)(what.at - b->at);
  buf_add(&out, bytes_of(b->at, before));
  buf_add(&out, to);
  buf_add(&out, bytes_of(what.at + what.len, b->len - before - what.len));
  buf_u8(&out, 0);
  out.len--; /* line_of looks for the end of a line */
  buf_release(b);
  *b = out;
}

size_t published_copy(struct published *p, size_t leaf) {
  must(p->count < PUBLISHED_MAX, "room for a leaf");
  struct buf *b = &p->leaves[p->count++];
  buf_add(b, buf_bytes(&p->leaves[leaf]));
  replace(b, line_of(p, p->count - 1, "admitted"), line_of(p, p->count - 2, "admitted"));
  return p->count - 1;
}

void published_move_to_end(struct published *p, size_t leaf) {
  published_copy(p, leaf);
  published_drop(p, leaf);
}

void published_edit(struct published *p, size_t leaf, const char *from, const char *to) {
  uint8_t *at = memmem(p->leaves[leaf].at, p->leaves[leaf].len, from, strlen(from));
  must(at != NULL, from);
  replace(&p->leaves[leaf], bytes_of(at, strlen(from)), bytes_str(to));
}

void published_place(struct published *p, size_t leaf, const struct hash *replica, uint64_t number,
                     const struct hash *previous, const struct key *signer) {
  struct position at = {*replica, number, *previous, position_at(p, leaf).act};
  struct buf signature = {0}, text = {0};
  struct hash_hex who = hash_hex(replica), before = hash_hex(previous);
  buf_addf(&text, "%s %" PRIu64 " %s", who.s, number, before.s);
  if (signer) {
    world_must(position_sign(&at, signer, &signature), "a head");
    buf_add_str(&text, "\nhead ");
    text_base64_encode(&text, buf_bytes(&signature));
  }
  if (has(p, leaf, "\nhead ")) {
    struct bytes head = line_of(p, leaf, "head");
    replace(&p->leaves[leaf], bytes_of(head.at - 6, head.len + 6), bytes_str(""));
  }
  replace(&p->leaves[leaf], line_of(p, leaf, "position"), buf_bytes(&text));
  buf_release(&signature);
  buf_release(&text);
}

/* ---- the checkpoint ---- */

static void add_leaf(struct merkle *tree, struct buf *leaves, const struct buf *leaf, uint64_t number) {
  struct buf text = {0};
  char is[32];
  const uint8_t *was = memmem(leaf->at, leaf->len, "\nnumber ", 8);
  buf_add(&text, buf_bytes(leaf));
  if (was) {
    was += 8;
    size_t at = (size_t)(was - leaf->at), len = (size_t)((uint8_t *)memchr(was, '\n', leaf->len - at) - was);
    snprintf(is, sizeof is, "%" PRIu64, number);
    replace(&text, bytes_of(text.at + at, len), bytes_str(is));
  }
  struct hash h = merkle_leaf(buf_bytes(&text));
  world_must(merkle_push(tree, &h, 0), "a tree");
  buf_add(leaves, buf_bytes(&text));
  buf_add_str(leaves, "\n");
  buf_release(&text);
}

void published_write(const struct published *p, const struct key *ledger, struct buf *leaves, struct buf *note) {
  struct merkle tree = {0};
  struct checkpoint c = {.origin = ORIGIN, .size = p->count};
  struct buf text = {0};
  struct bytes time = line_of(p, p->count - 1, "admitted");
  for (size_t i = 0; i < p->count; i++)
    add_leaf(&tree, leaves, &p->leaves[i], i + 1);
  c.root = merkle_root(&tree);
  snprintf(c.time.s, sizeof c.time.s, "%.*s", (int)time.len, (const char *)time.at);
  checkpoint_format(&text, &c);
  world_must(note_sign(buf_bytes(&text), ORIGIN, ledger, note), "a checkpoint");
  buf_release(&text);
}

struct verify *published_judge(const struct published *p, const struct key *ledger) {
  return published_judge_with(p, ledger, &(struct verify_facts){0});
}

struct verify *published_judge_with(const struct published *p, const struct key *ledger,
                                    const struct verify_facts *brought) {
  struct buf vkey = {0}, leaves = {0}, note = {0};
  const char *why = NULL;
  note_vkey_format(&vkey, ORIGIN, ledger);
  struct verify_facts facts = *brought;
  facts.vkey = buf_cstr(&vkey);
  struct verify *v = verify_new(&facts, &why);
  must(v != NULL, "a verifier");
  published_write(p, ledger, &leaves, &note);
  verify_leaves(v, leaves.at, leaves.len);
  verify_checkpoint(v, note.at, note.len);
  buf_release(&vkey);
  buf_release(&leaves);
  buf_release(&note);
  return v;
}
