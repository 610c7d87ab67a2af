/* For programs that are linked with --wrap of these functions (Makefile): a signature is verified once, and what came
 * of it is remembered, since thousands of ledgers share what stands before the entry in which they differ. */
#include <string.h>

#include "audit/verify_parts.h"

#define PLACES (1 << 14)

typedef bool verifier(struct vcurve *c, const struct vkey *k, struct verify_text message, const uint8_t *signature,
                      size_t len);
typedef bool hash_verifier(struct vcurve *c, const struct vkey *k, const uint8_t hash[VHASH_SIZE],
                           const uint8_t *signature, size_t len);
verifier __real_vkey_verify, __real_vkey_verify_any_s, __wrap_vkey_verify, __wrap_vkey_verify_any_s;
hash_verifier __real_vkey_verify_hash, __wrap_vkey_verify_hash;

static struct place {
  uint8_t of[VHASH_SIZE];
  bool is_known, is_good;
} places[PLACES];

static bool look_up(verifier *real, uint8_t which, struct vcurve *c, const struct vkey *k, struct verify_text message,
                    struct verify_text signature) {
  uint8_t all[1 + 3 * VHASH_SIZE] = {which}, of[VHASH_SIZE];
  memcpy(all + 1, k->id, VHASH_SIZE);
  vhash(message.at, message.len, all + 1 + VHASH_SIZE);
  vhash(signature.at, signature.len, all + 1 + 2 * VHASH_SIZE);
  vhash(all, sizeof all, of);
  struct place *p = &places[(of[0] | (size_t)of[1] << 8) % PLACES];
  if (!p->is_known || memcmp(p->of, of, VHASH_SIZE) != 0) {
    memcpy(p->of, of, VHASH_SIZE);
    p->is_known = true;
    p->is_good = real(c, k, message, (const uint8_t *)signature.at, signature.len);
  }
  return p->is_good;
}

static bool verify_hash(struct vcurve *c, const struct vkey *k, struct verify_text message, const uint8_t *signature,
                        size_t len) {
  return __real_vkey_verify_hash(c, k, (const uint8_t *)message.at, signature, len);
}

bool __wrap_vkey_verify_hash(struct vcurve *c, const struct vkey *k, const uint8_t hash[VHASH_SIZE],
                             const uint8_t *signature, size_t len) {
  return look_up(verify_hash, 2, c, k, vtext_of(hash, VHASH_SIZE), vtext_of(signature, len));
}

bool __wrap_vkey_verify(struct vcurve *c, const struct vkey *k, struct verify_text message, const uint8_t *signature,
                        size_t len) {
  return look_up(__real_vkey_verify, 0, c, k, message, vtext_of(signature, len));
}

bool __wrap_vkey_verify_any_s(struct vcurve *c, const struct vkey *k, struct verify_text message,
                              const uint8_t *signature, size_t len) {
  return look_up(__real_vkey_verify_any_s, 1, c, k, message, vtext_of(signature, len));
}
