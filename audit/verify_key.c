#include "audit/verify_parts.h"

#include <stdlib.h>
#include <string.h>

#include <mbedtls/ecdsa.h>
#include <mbedtls/ecp.h>

/* SubjectPublicKeyInfo of an uncompressed P-256 key up to the point's first coordinate (RFC 5480). */
static const uint8_t spki_start[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
                                     0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04};
#define POINT_SIZE 65

/* Half of the group's order, rounded down (FIPS 186-4 D.1.2.3): the largest s that is low. */
static const uint8_t half_order[] = {0x7f, 0xff, 0xff, 0xff, 0x80, 0x00, 0x00, 0x00, 0x7f, 0xff, 0xff,
                                     0xff, 0xff, 0xff, 0xff, 0xff, 0xde, 0x73, 0x7d, 0x56, 0xd3, 0x8b,
                                     0xcf, 0x42, 0x79, 0xdc, 0xe5, 0x61, 0x7e, 0x31, 0x92, 0xa8};

struct vcurve {
  mbedtls_ecp_group group;
};

struct vcurve *vcurve_new(void) {
  struct vcurve *c = vtext_alloc(sizeof *c);
  mbedtls_ecp_group_init(&c->group);
  if (mbedtls_ecp_group_load(&c->group, MBEDTLS_ECP_DP_SECP256R1) != 0)
    abort(); /* out of memory: the curve is built in */
  return c;
}

void vcurve_free(struct vcurve *c) {
  if (c == NULL)
    return;
  mbedtls_ecp_group_free(&c->group);
  free(c);
}

static bool load_point(const struct vkey *k, mbedtls_ecp_group *group, mbedtls_ecp_point *point) {
  return mbedtls_ecp_point_read_binary(group, point, k->spki + VKEY_SPKI_SIZE - POINT_SIZE, POINT_SIZE) == 0 &&
         mbedtls_ecp_check_pubkey(group, point) == 0;
}

bool vkey_read(const uint8_t *spki, size_t len, struct vkey *out) {
  if (len != VKEY_SPKI_SIZE || memcmp(spki, spki_start, sizeof spki_start) != 0)
    return false;
  memcpy(out->spki, spki, len);
  vhash(spki, len, out->id);
  struct vcurve *c = vcurve_new();
  mbedtls_ecp_point point;
  mbedtls_ecp_point_init(&point);
  bool good = load_point(out, &c->group, &point);
  mbedtls_ecp_point_free(&point);
  vcurve_free(c);
  return good;
}

/* One positive INTEGER in its shortest form, right-aligned in 32 bytes. mbedTLS would take longer forms, too. */
static bool read_integer(const uint8_t **at, const uint8_t *end, uint8_t out[32]) {
  const uint8_t *p = *at;
  if (end - p < 3 || p[0] != 0x02 || p[1] < 1 || p[1] > 33 || p[1] > end - p - 2)
    return false;
  size_t len = p[1];
  p += 2;
  *at = p + len;
  if (p[0] & 0x80)
    return false;
  if (p[0] == 0) {
    if (len == 1 || !(p[1] & 0x80))
      return false;
    p++, len--;
  }
  if (len > 32)
    return false;
  memset(out, 0, 32);
  memcpy(out + 32 - len, p, len);
  return true;
}

static bool read_signature(const uint8_t *at, size_t len, uint8_t r[32], uint8_t s[32]) {
  const uint8_t *end = at + len;
  if (len < 8 || len > VKEY_SIGNATURE_MAX || at[0] != 0x30 || at[1] != len - 2)
    return false;
  at += 2;
  return read_integer(&at, end, r) && read_integer(&at, end, s) && at == end;
}

static bool verify_numbers(struct vcurve *c, const struct vkey *k, const uint8_t hash[VHASH_SIZE], const uint8_t r[32],
                           const uint8_t s[32]) {
  mbedtls_ecp_point point;
  mbedtls_mpi rr, ss;
  mbedtls_ecp_point_init(&point);
  mbedtls_mpi_init(&rr);
  mbedtls_mpi_init(&ss);
  bool good = load_point(k, &c->group, &point) && mbedtls_mpi_read_binary(&rr, r, 32) == 0 &&
              mbedtls_mpi_read_binary(&ss, s, 32) == 0 &&
              mbedtls_ecdsa_verify(&c->group, hash, VHASH_SIZE, &point, &rr, &ss) == 0;
  mbedtls_mpi_free(&ss);
  mbedtls_mpi_free(&rr);
  mbedtls_ecp_point_free(&point);
  return good;
}

bool vkey_verify_any_s(struct vcurve *c, const struct vkey *k, struct verify_text message, const uint8_t *signature,
                       size_t len) {
  uint8_t r[32], s[32], hash[VHASH_SIZE];
  if (!read_signature(signature, len, r, s))
    return false;
  vhash(message.at, message.len, hash);
  return verify_numbers(c, k, hash, r, s);
}

bool vkey_verify_hash(struct vcurve *c, const struct vkey *k, const uint8_t hash[VHASH_SIZE], const uint8_t *signature,
                      size_t len) {
  uint8_t r[32], s[32];
  return read_signature(signature, len, r, s) && memcmp(s, half_order, 32) <= 0 && verify_numbers(c, k, hash, r, s);
}

bool vkey_verify(struct vcurve *c, const struct vkey *k, struct verify_text message, const uint8_t *signature,
                 size_t len) {
  uint8_t hash[VHASH_SIZE];
  vhash(message.at, message.len, hash);
  return vkey_verify_hash(c, k, hash, signature, len);
}
