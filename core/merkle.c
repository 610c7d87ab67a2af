#include "core/merkle.h"

#include <stdlib.h>
#include <string.h>

#define TREE_SIZE_MAX ((uint64_t)1 << MERKLE_LEVEL_MAX)

struct hash merkle_leaf(struct bytes leaf) {
  struct bytes parts[] = {bytes_of("\x00", 1), leaf};
  return hash_of_parts(parts, 2);
}

struct hash merkle_node(const struct hash *left, const struct hash *right) {
  struct bytes parts[] = {bytes_of("\x01", 1), hash_bytes(left), hash_bytes(right)};
  return hash_of_parts(parts, 3);
}

struct hash merkle_empty(void) {
  return hash_of(bytes_of("", 0));
}

void merkle_init(struct merkle *m) {
  memset(m, 0, sizeof *m);
}

enum err merkle_push(struct merkle *m, const struct hash *h, unsigned level) {
  if (level > MERKLE_LEVEL_MAX || m->size > TREE_SIZE_MAX - ((uint64_t)1 << level) ||
      m->size % ((uint64_t)1 << level) != 0)
    return ERR_PROOF;
  m->size += (uint64_t)1 << level;
  struct hash top = *h;
  for (; m->depth > 0 && m->level[m->depth - 1] == level; level++)
    top = merkle_node(&m->stack[--m->depth], &top);
  m->stack[m->depth] = top;
  m->level[m->depth++] = (uint8_t)level;
  return OK;
}

struct hash merkle_root(const struct merkle *m) {
  if (m->depth == 0)
    return merkle_empty();
  struct hash folded = m->stack[m->depth - 1];
  for (size_t i = m->depth - 1; i > 0; i--)
    folded = merkle_node(&m->stack[i - 1], &folded);
  return folded;
}

struct hash merkle_root_of(const struct hash *leaf_hashes, size_t count) {
  struct merkle m;
  merkle_init(&m);
  for (size_t i = 0; i < count; i++)
    merkle_push(&m, &leaf_hashes[i], 0);
  return merkle_root(&m);
}

/* How core/FORMAT.md 6.3 cuts the leaves 0 … size-1: prover and reader walk the same cut, so that a proof needs no
 * framing. */
struct cut {
  uint64_t at, old_size, size;
  const uint64_t *indices;
  size_t index_count, next;
};

struct piece {
  bool is_held; /* a leaf that the reader has: indices[next - 1] */
  unsigned level;
  uint64_t from;
};

static enum err cut_start(struct cut *c, uint64_t old_size, uint64_t size, const uint64_t *indices,
                          size_t index_count) {
  if (old_size > size || size > TREE_SIZE_MAX)
    return err_set(ERR_PROOF, "a tree of %llu leaves cannot have grown from one of %llu", (unsigned long long)size,
                   (unsigned long long)old_size);
  for (size_t i = 0; i < index_count; i++)
    if (indices[i] >= size || (i > 0 && indices[i] <= indices[i - 1]))
      return err_set(ERR_PROOF, "the proof's leaves are not in ascending order within the tree");
  *c = (struct cut){.old_size = old_size, .size = size, .indices = indices, .index_count = index_count};
  return OK;
}

/* Where the run of missing leaves at c->at ends. */
static uint64_t run_end(const struct cut *c) {
  uint64_t end = c->next < c->index_count ? c->indices[c->next] : c->size;
  return c->at < c->old_size && end > c->old_size ? c->old_size : end;
}

/* False at the end of the tree. */
static bool cut_next(struct cut *c, struct piece *out) {
  if (c->at == c->size)
    return false;
  *out = (struct piece){.from = c->at};
  if (c->next < c->index_count && c->indices[c->next] == c->at) {
    out->is_held = true;
    c->next++;
    c->at++;
    return true;
  }
  uint64_t left = run_end(c) - c->at;
  while (c->at % ((uint64_t)2 << out->level) == 0 && (uint64_t)2 << out->level <= left)
    out->level++;
  c->at += (uint64_t)1 << out->level;
  return true;
}

enum err merkle_prove(const struct merkle_source *source, uint64_t old_size, uint64_t size, const uint64_t *indices,
                      size_t index_count, struct buf *proof_out) {
  struct cut c;
  struct piece p;
  struct hash h;
  size_t before = proof_out->len;
  enum err e = cut_start(&c, old_size, size, indices, index_count);
  while (e == OK && cut_next(&c, &p)) {
    if (p.is_held)
      continue;
    if ((proof_out->len - before) / HASH_SIZE == MERKLE_PROOF_MAX)
      e = err_set(ERR_LIMIT, "the proof would need more than %d hashes", MERKLE_PROOF_MAX);
    else if ((e = source->hash(source->of, p.level, p.from >> p.level, &h)) == OK)
      buf_add(proof_out, hash_bytes(&h));
  }
  if (e == OK)
    return buf_err(proof_out);
  proof_out->len = before;
  return e;
}

/* What hangs beside the ways from the root to the edges, and to where the older tree and this one end: on each level no
 * more nodes are on a way than there are ways, or nodes. */
uint64_t merkle_proof_most(uint64_t edges, uint64_t size) {
  const uint64_t ways = edges + 2;
  uint64_t most = 3;
  for (unsigned level = 0; size >> level; level++)
    most += (uint64_t)1 << level < ways ? (uint64_t)1 << level : ways;
  return most - edges;
}

/* Takes the piece's hash from where it is: the reader's own leaves, or the proof. */
static enum err take_piece(const struct cut *c, const struct piece *p, const struct hash *leaf_hashes,
                           struct reader *proof, struct merkle *m) {
  if (p->is_held)
    return merkle_push(m, &leaf_hashes[c->next - 1], 0);
  struct hash h = hash_from(reader_take(proof, HASH_SIZE));
  return proof->err == OK ? merkle_push(m, &h, p->level) : ERR_PROOF;
}

enum err merkle_check(uint64_t old_size, uint64_t size, const uint64_t *indices, const struct hash *leaf_hashes,
                      size_t index_count, struct bytes proof, struct hash *old_root_out, struct hash *root_out) {
  struct cut c;
  struct piece p;
  struct merkle m;
  struct hash old_root = merkle_empty();
  struct reader r = reader_of(proof);
  if (proof.len / HASH_SIZE > MERKLE_PROOF_MAX)
    return err_set(ERR_PROOF, "the proof has more than %d hashes", MERKLE_PROOF_MAX);
  enum err e = cut_start(&c, old_size, size, indices, index_count);
  if (e != OK)
    return e;
  merkle_init(&m);
  while (cut_next(&c, &p)) {
    if (take_piece(&c, &p, leaf_hashes, &r, &m) != OK)
      return err_set(ERR_PROOF, "the proof lacks hashes");
    if (m.size == old_size)
      old_root = merkle_root(&m);
  }
  if (reader_end(&r) != OK)
    return err_set(ERR_PROOF, "the proof has hashes left over");
  *old_root_out = old_root;
  *root_out = merkle_root(&m);
  return OK;
}

/* The piece of the part that is exactly [low, high), if there is one. */
static bool find_piece(const struct merkle_part *part, uint64_t low, uint64_t high, struct hash *out) {
  struct cut c;
  struct piece p;
  struct reader r = reader_of(part->proof);
  if (cut_start(&c, 0, part->size, part->indices, part->count) != OK)
    return false;
  while (cut_next(&c, &p) && p.from <= low) {
    struct hash h = p.is_held ? part->leaf_hashes[c.next - 1] : hash_from(reader_take(&r, HASH_SIZE));
    if (p.from == low && c.at == high && r.err == OK) {
      *out = h;
      return true;
    }
  }
  return false;
}

/* All pieces of a part, ascending by where they begin. */
struct pieces {
  struct {
    uint64_t from;
    unsigned level;
    struct hash hash;
  } * at;
  size_t count;
};

static enum err collect_pieces(const struct merkle_part *part, uint64_t old_size, struct pieces *out) {
  struct cut c;
  struct piece p;
  struct reader r = reader_of(part->proof);
  enum err e = cut_start(&c, old_size, part->size, part->indices, part->count);
  out->at = mem_alloc_array(part->count + part->proof.len / HASH_SIZE + 1, sizeof *out->at);
  while (e == OK && r.err == OK && cut_next(&c, &p)) {
    const struct hash h = p.is_held ? part->leaf_hashes[c.next - 1] : hash_from(reader_take(&r, HASH_SIZE));
    if (r.err != OK)
      break;
    out->at[out->count].from = p.from;
    out->at[out->count].level = p.level;
    out->at[out->count++].hash = h;
  }
  return e == OK && reader_end(&r) != OK ? err_set(ERR_PROOF, "the proof has too few hashes or too many") : e;
}

/* The complete subtree, from the piece that it is or from its two halves. */
static enum err hash_from_pieces(void *of, unsigned level, uint64_t index, struct hash *out) {
  const struct pieces *p = of;
  const uint64_t from = index << level;
  struct hash left, right;
  size_t low = 0, high = p->count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (p->at[middle].from < from)
      low = middle + 1;
    else
      high = middle;
  }
  if (low < p->count && p->at[low].from == from && p->at[low].level == level) {
    *out = p->at[low].hash;
    return OK;
  }
  if (level == 0)
    return err_set(ERR_PROOF, "a leaf is missing that would be needed");
  enum err e = hash_from_pieces(of, level - 1, 2 * index, &left);
  if (e == OK)
    e = hash_from_pieces(of, level - 1, 2 * index + 1, &right);
  if (e == OK)
    *out = merkle_node(&left, &right);
  return e;
}

static bool has_leaf(const struct merkle_part *p, uint64_t index) {
  for (size_t i = 0; i < p->count; i++)
    if (p->indices[i] == index)
      return true;
  return false;
}

enum err merkle_narrow(const struct merkle_part *p, uint64_t old_size, uint64_t index, struct buf *proof_out) {
  struct pieces pieces = {0};
  const struct merkle_source source = {&pieces, hash_from_pieces};
  if (!has_leaf(p, index))
    return err_set(ERR_PROOF, "the leaf to be proved is not among those that are here");
  enum err e = collect_pieces(p, old_size, &pieces);
  if (e == OK)
    e = merkle_prove(&source, 0, p->size, &index, 1, proof_out);
  free(pieces.at);
  return e;
}

enum err merkle_part_hash(const struct merkle_part *p, uint64_t low, uint64_t high, struct hash *out) {
  struct hash left, right;
  uint64_t k = 1;
  if (find_piece(p, low, high, out))
    return OK;
  if (high - low < 2)
    return err_set(ERR_PROOF, "a leaf is missing that would be needed");
  while (2 * k < high - low)
    k *= 2;
  enum err e = merkle_part_hash(p, low, low + k, &left);
  if (e == OK)
    e = merkle_part_hash(p, low + k, high, &right);
  if (e == OK)
    *out = merkle_node(&left, &right);
  return e;
}
