#include "audit/verify_parts.h"

#include <stdlib.h>
#include <string.h>

#include <mbedtls/sha256.h>

/* A byte of domain separation (RFC 6962 2.1), or none, and two parts. */
static void hash_parts(const uint8_t *tag, const void *a, size_t a_len, const void *b, size_t b_len, uint8_t *out) {
  mbedtls_sha256_context c;
  mbedtls_sha256_init(&c);
  mbedtls_sha256_starts_ret(&c, 0);
  if (tag)
    mbedtls_sha256_update_ret(&c, tag, 1);
  if (a_len)
    mbedtls_sha256_update_ret(&c, a, a_len);
  if (b_len)
    mbedtls_sha256_update_ret(&c, b, b_len);
  mbedtls_sha256_finish_ret(&c, out);
  mbedtls_sha256_free(&c);
}

void vhash(const void *at, size_t len, uint8_t out[VHASH_SIZE]) {
  hash_parts(NULL, at, len, NULL, 0, out);
}

struct vhasher {
  mbedtls_sha256_context c;
};

struct vhasher *vhasher_new(void) {
  struct vhasher *h = vtext_alloc(sizeof *h);
  mbedtls_sha256_init(&h->c);
  mbedtls_sha256_starts_ret(&h->c, 0);
  return h;
}

void vhasher_add(struct vhasher *h, const void *at, size_t len) {
  if (len)
    mbedtls_sha256_update_ret(&h->c, at, len);
}

void vhasher_end(struct vhasher *h, uint8_t out[VHASH_SIZE]) {
  mbedtls_sha256_finish_ret(&h->c, out);
  mbedtls_sha256_free(&h->c);
  free(h);
}

static void join(const uint8_t *left, const uint8_t *right, uint8_t *out) {
  uint8_t tag = 1;
  hash_parts(&tag, left, VHASH_SIZE, right, VHASH_SIZE, out);
}

void vtree_leaf(const void *leaf, size_t len, uint8_t out[VHASH_SIZE]) {
  uint8_t tag = 0;
  hash_parts(&tag, leaf, len, NULL, 0, out);
}

/* The bits of the size say which complete subtrees stand on the stack; each trailing one joins with the new leaf. */
void vtree_push(struct vtree *t, const void *leaf, size_t len) {
  uint8_t tag = 0, h[VHASH_SIZE];
  size_t depth = (size_t)__builtin_popcountll(t->size);
  hash_parts(&tag, leaf, len, NULL, 0, h);
  for (uint64_t bits = t->size; bits & 1; bits >>= 1)
    join(t->stack[--depth], h, h);
  memcpy(t->stack[depth], h, VHASH_SIZE);
  t->size++;
}

void vtree_root(const struct vtree *t, uint8_t out[VHASH_SIZE]) {
  size_t depth = (size_t)__builtin_popcountll(t->size);
  if (depth == 0) {
    vhash("", 0, out);
    return;
  }
  memcpy(out, t->stack[--depth], VHASH_SIZE);
  while (depth > 0)
    join(t->stack[--depth], out, out);
}

/* Complete subtrees side by side, with their levels; two of one level become one of the next. */
struct pile {
  uint8_t hash[65][VHASH_SIZE];
  unsigned level[65];
  size_t depth;
};

static void put(struct pile *p, const uint8_t *hash, unsigned level) {
  memcpy(p->hash[p->depth], hash, VHASH_SIZE);
  p->level[p->depth++] = level;
  while (p->depth > 1 && p->level[p->depth - 1] == p->level[p->depth - 2]) {
    join(p->hash[p->depth - 2], p->hash[p->depth - 1], p->hash[p->depth - 2]);
    p->level[p->depth-- - 2]++;
  }
}

bool vtree_prove(struct verify_text leaf, uint64_t index, uint64_t size, const uint8_t *proof, size_t len,
                 uint8_t root[VHASH_SIZE]) {
  struct pile p = {.depth = 0};
  uint8_t tag = 0, own[VHASH_SIZE];
  if (index >= size || size > (uint64_t)1 << 53)
    return false;
  hash_parts(&tag, leaf.at, leaf.len, NULL, 0, own);
  for (uint64_t at = 0, end; at < size; at = end) {
    unsigned level = 0;
    const uint64_t left = (at < index ? index : size) - at;
    while (at != index && at % ((uint64_t)2 << level) == 0 && (uint64_t)2 << level <= left)
      level++;
    end = at + ((uint64_t)1 << level);
    if (at != index && len < VHASH_SIZE)
      return false;
    put(&p, at == index ? own : proof, level);
    if (at == index)
      continue;
    proof += VHASH_SIZE;
    len -= VHASH_SIZE;
  }
  memcpy(root, p.hash[--p.depth], VHASH_SIZE);
  while (p.depth > 0)
    join(p.hash[--p.depth], root, root);
  return len == 0;
}

/* What stands before the leaf is what the tree has on its stack then; what stands behind it grows into pieces that are
 * as large as their place allows. */
void vpath_push(struct vpath *p, const struct vtree *before, const uint8_t leaf[VHASH_SIZE]) {
  const uint64_t at = before->size;
  if (at == p->index) {
    p->before = p->count = (size_t)__builtin_popcountll(at);
    for (size_t i = 0; i < p->count; i++)
      memcpy(p->pieces[i].hash, before->stack[i], VHASH_SIZE);
  }
  if (at <= p->index)
    return;
  memcpy(p->pieces[p->count].hash, leaf, VHASH_SIZE);
  p->pieces[p->count].start = at;
  p->pieces[p->count++].level = 0;
  for (; p->count - p->before >= 2; p->count--) {
    const size_t last = p->count - 1;
    const unsigned level = p->pieces[last].level;
    if (p->pieces[last - 1].level != level || p->pieces[last - 1].start % ((uint64_t)2 << level) != 0)
      return;
    join(p->pieces[last - 1].hash, p->pieces[last].hash, p->pieces[last - 1].hash);
    p->pieces[last - 1].level++;
  }
}
