/* For programs that are linked with --wrap of this function (Makefile): what mbedTLS would work out about a signature,
 * OpenSSL does, ten times as fast. How keys and signatures must be written, and that s is low, the auditor's own code
 * still judges; that both libraries come to the same is tried in tests/unit/test_verify.c. */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <mbedtls/ecdsa.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#define POINT_SIZE 65
#define NUMBER_SIZE 32
#define KEYS 256

typedef int verifier(mbedtls_ecp_group *group, const unsigned char *hash, size_t len, const mbedtls_ecp_point *point,
                     const mbedtls_mpi *r, const mbedtls_mpi *s);
verifier __wrap_mbedtls_ecdsa_verify;

/* The few keys of the ledgers, each read once. */
static struct known {
  uint8_t der[26 + POINT_SIZE];
  EVP_PKEY *key;
} keys[KEYS];

static EVP_PKEY *find_key(mbedtls_ecp_group *group, const mbedtls_ecp_point *point) {
  struct known k = {.der = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
                            0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00}};
  const uint8_t *at = k.der;
  size_t len;
  if (mbedtls_ecp_point_write_binary(group, point, MBEDTLS_ECP_PF_UNCOMPRESSED, &len, k.der + 26, POINT_SIZE) != 0)
    return NULL;
  struct known *place = &keys[k.der[26 + POINT_SIZE - 1] % KEYS];
  if (place->key == NULL || memcmp(place->der, k.der, sizeof k.der) != 0) {
    EVP_PKEY_free(place->key);
    k.key = d2i_PUBKEY(NULL, &at, sizeof k.der);
    *place = k;
  }
  return place->key;
}

static BIGNUM *read_number(const mbedtls_mpi *n) {
  uint8_t bytes[NUMBER_SIZE];
  return mbedtls_mpi_write_binary(n, bytes, sizeof bytes) == 0 ? BN_bin2bn(bytes, sizeof bytes, NULL) : NULL;
}

int __wrap_mbedtls_ecdsa_verify(mbedtls_ecp_group *group, const unsigned char *hash, size_t len,
                                const mbedtls_ecp_point *point, const mbedtls_mpi *r, const mbedtls_mpi *s) {
  uint8_t *der = NULL;
  EVP_PKEY *key = find_key(group, point);
  EVP_PKEY_CTX *c = key ? EVP_PKEY_CTX_new(key, NULL) : NULL;
  ECDSA_SIG *signature = ECDSA_SIG_new();
  ECDSA_SIG_set0(signature, read_number(r), read_number(s));
  int der_len = i2d_ECDSA_SIG(signature, &der);
  bool is_good =
      c && der_len > 0 && EVP_PKEY_verify_init(c) == 1 && EVP_PKEY_verify(c, der, (size_t)der_len, hash, len) == 1;
  OPENSSL_free(der);
  ECDSA_SIG_free(signature);
  EVP_PKEY_CTX_free(c);
  return is_good ? 0 : MBEDTLS_ERR_ECP_VERIFY_FAILED;
}
