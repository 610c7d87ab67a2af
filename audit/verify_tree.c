#include "audit/verify_parts.h"

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

static void join(const uint8_t *left, const uint8_t *right, uint8_t *out) {
  uint8_t tag = 1;
  hash_parts(&tag, left, VHASH_SIZE, right, VHASH_SIZE, out);
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
