#include "core/hash.h"

#include <assert.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <string.h>

#include "core/text.h"

/* The digest is fetched once: an implicit fetch for each hash costs more than the hash. The context is
 * one per thread and lives until the thread leaves. */
static _Thread_local EVP_MD_CTX *context;

static EVP_MD *sha256;

static void fetch_sha256(void) {
  sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
}

struct hash hash_of_parts(const struct bytes *parts, size_t count) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  struct hash h;
  pthread_once(&once, fetch_sha256);
  if (context == NULL)
    context = EVP_MD_CTX_new();
  int ok = sha256 != NULL && context != NULL && EVP_DigestInit_ex2(context, sha256, NULL) == 1;
  for (size_t i = 0; i < count; i++)
    ok = ok && EVP_DigestUpdate(context, parts[i].at, parts[i].len) == 1;
  ok = ok && EVP_DigestFinal_ex(context, h.at, NULL) == 1;
  assert(ok);
  return h;
}

void hash_leave_thread(void) {
  EVP_MD_CTX_free(context);
  context = NULL;
}

struct hash hash_of(struct bytes b) {
  return hash_of_parts(&b, 1);
}

bool hash_equal(const struct hash *a, const struct hash *b) {
  return memcmp(a->at, b->at, HASH_SIZE) == 0;
}

bool hash_is_zero(const struct hash *h) {
  static const struct hash zero;
  return hash_equal(h, &zero);
}

struct hash hash_from(struct bytes b) {
  struct hash h = {{0}};
  if (b.len == HASH_SIZE)
    memcpy(h.at, b.at, HASH_SIZE);
  return h;
}

enum err hash_parse(struct bytes hex, struct hash *out) {
  struct hash h;
  if (hex.len != HASH_HEX_SIZE || text_hex_decode(hex, h.at) != OK)
    return ERR_FORM;
  *out = h;
  return OK;
}

void hash_format(struct buf *b, const struct hash *h) {
  text_hex_encode(b, hash_bytes(h));
}

struct hash_hex hash_hex(const struct hash *h) {
  struct hash_hex x;
  static const char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < HASH_SIZE; i++) {
    x.s[2 * i] = digits[h->at[i] >> 4];
    x.s[2 * i + 1] = digits[h->at[i] & 15];
  }
  x.s[HASH_HEX_SIZE] = '\0';
  return x;
}
