#include "core/key.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NUMBER_SIZE 32 /* of the curve's numbers, in bytes */
#define SPKI_SIZE 91
#define FILE_MAX 16384
#define OPENSSL_AT_LEAST 0x30000150UL /* 3.0.21 */

/* The stock `openssl` of OpenSSL 3 opens nothing that takes 32 MiB, hence N = 16,384 and the work doubled by p. */
enum { SCRYPT_N = 16384, SCRYPT_R = 8, SCRYPT_P = 2, SALT_SIZE = 16 };

struct key {
  EVP_PKEY *pkey;
  uint8_t spki[SPKI_SIZE];
  struct hash id;
};

/* All that stands before the point in the SubjectPublicKeyInfo of an uncompressed P-256 key (RFC 5480 section 2):
 * nothing in it varies, so that comparing it is the strictest reader there can be. */
static const uint8_t spki_start[SPKI_SIZE - KEY_POINT_SIZE] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                                               0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                                                               0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00};

/* The group's order n (SEC 2, secp256r1), and n / 2 rounded down. */
static const uint8_t order[NUMBER_SIZE] = {0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff,
                                           0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
                                           0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};
static const uint8_t half_order[NUMBER_SIZE] = {0x7f, 0xff, 0xff, 0xff, 0x80, 0x00, 0x00, 0x00, 0x7f, 0xff, 0xff,
                                                0xff, 0xff, 0xff, 0xff, 0xff, 0xde, 0x73, 0x7d, 0x56, 0xd3, 0x8b,
                                                0xcf, 0x42, 0x79, 0xdc, 0xe5, 0x61, 0x7e, 0x31, 0x92, 0xa8};

enum err key_openssl_failed(enum err e, const char *what) {
  const char *reason = ERR_reason_error_string(ERR_peek_last_error());
  err_set(e, "%s: %s", what, reason ? reason : "OpenSSL gives no reason");
  ERR_clear_error();
  return e;
}

/* For what fails only if the machine is out of memory or of randomness: nothing can go on without it. */
static void need(int ok) {
  if (ok)
    return;
  fputs("out of memory or of random numbers; what was promised is stored, run the command again\n", stderr);
  abort();
}

enum err key_library_check(void) {
  if (OpenSSL_version_num() >= OPENSSL_AT_LEAST)
    return OK;
  return err_set_remedy(ERR_IO, "apt-get install --only-upgrade libssl3", "%s is too old: at least 3.0.21 is needed",
                        OpenSSL_version(OPENSSL_VERSION));
}

void key_random(void *out, size_t n) {
  uint8_t *at = out;
  while (n > 0) {
    int part = n < 1 << 20 ? (int)n : 1 << 20;
    need(RAND_bytes(at, part) == 1);
    at += part;
    n -= (size_t)part;
  }
}

/* Takes over pkey, whose SubjectPublicKeyInfo is spki. */
static struct key *key_of(EVP_PKEY *pkey, const uint8_t *spki) {
  struct key *k = mem_alloc(sizeof *k);
  k->pkey = pkey;
  memcpy(k->spki, spki, SPKI_SIZE);
  k->id = hash_of(bytes_of(k->spki, SPKI_SIZE));
  return k;
}

void key_free(struct key *k) {
  if (k == NULL)
    return;
  EVP_PKEY_free(k->pkey);
  mem_free_secret(k, sizeof *k);
}

static bool is_p256(struct bytes spki) {
  return spki.len == SPKI_SIZE && memcmp(spki.at, spki_start, sizeof spki_start) == 0 &&
         spki.at[sizeof spki_start] == POINT_CONVERSION_UNCOMPRESSED;
}

static EVP_PKEY *bare_curve;

static void make_curve(void) {
  char name[] = "P-256";
  OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name, 0),
                         OSSL_PARAM_construct_end()};
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
  need(context != NULL && EVP_PKEY_fromdata_init(context) == 1 &&
       EVP_PKEY_fromdata(context, &bare_curve, EVP_PKEY_KEY_PARAMETERS, params) == 1);
  EVP_PKEY_CTX_free(context);
}

/* A key with the curve and nothing else, to be copied: this is several times faster than OpenSSL's decoder. The first
 * who asks may be a second thread. */
static EVP_PKEY *curve(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  need(pthread_once(&once, make_curve) == 0);
  return bare_curve;
}

enum err key_from_spki(struct bytes spki, struct key **out) {
  if (!is_p256(spki))
    return err_set(ERR_FORM, "the public key is not an uncompressed P-256 key");
  EVP_PKEY *pkey = EVP_PKEY_dup(curve());
  need(pkey != NULL);
  /* This refuses coordinates over the field's prime and points that are not on the curve. */
  if (EVP_PKEY_set1_encoded_public_key(pkey, spki.at + sizeof spki_start, KEY_POINT_SIZE) != 1) {
    EVP_PKEY_free(pkey);
    return key_openssl_failed(ERR_FORM, "the public key is not on the curve P-256");
  }
  *out = key_of(pkey, spki.at);
  return OK;
}

enum err key_from_point(struct bytes point, struct key **out) {
  uint8_t spki[SPKI_SIZE];
  if (point.len != KEY_POINT_SIZE)
    return err_set(ERR_FORM, "the public key is not an uncompressed P-256 key");
  memcpy(spki, spki_start, sizeof spki_start);
  memcpy(spki + sizeof spki_start, point.at, KEY_POINT_SIZE);
  return key_from_spki(bytes_of(spki, SPKI_SIZE), out);
}

/* From the curve rather than from its name, and with the point alone read back: OpenSSL's encoder takes three times as
 * long as making the key does. */
struct key *key_new(void) {
  uint8_t spki[SPKI_SIZE];
  size_t len = 0;
  EVP_PKEY *pkey = NULL;
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, curve(), NULL);
  need(context != NULL && EVP_PKEY_keygen_init(context) == 1 && EVP_PKEY_keygen(context, &pkey) == 1);
  memcpy(spki, spki_start, sizeof spki_start);
  need(EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, spki + sizeof spki_start,
                                       KEY_POINT_SIZE, &len) == 1 &&
       len == KEY_POINT_SIZE && is_p256(bytes_of(spki, SPKI_SIZE)));
  EVP_PKEY_CTX_free(context);
  return key_of(pkey, spki);
}

enum err key_from_native(void *pkey, struct key **out) {
  uint8_t *spki = NULL;
  int len = pkey ? i2d_PUBKEY(pkey, &spki) : -1;
  enum err e = len > 0 && is_p256(bytes_of(spki, (size_t)len)) ? OK : ERR_FORM;
  if (e == OK)
    *out = key_of(pkey, spki);
  else
    EVP_PKEY_free(pkey);
  OPENSSL_free(spki);
  ERR_clear_error();
  return e == OK ? OK : err_set(e, "the key is not an uncompressed P-256 key");
}

void *key_native(const struct key *k) {
  return k->pkey;
}

struct bytes key_spki(const struct key *k) {
  return bytes_of(k->spki, SPKI_SIZE);
}

struct bytes key_point(const struct key *k) {
  return bytes_of(k->spki + sizeof spki_start, KEY_POINT_SIZE);
}

struct hash key_id(const struct key *k) {
  return k->id;
}

/* Signatures. The two numbers are 32 bytes, big-endian. */

struct signature {
  uint8_t r[NUMBER_SIZE], s[NUMBER_SIZE];
};

/* A positive INTEGER in its shortest form, of at most 32 bytes without the sign's (X.690 8.3). */
static void read_number(struct reader *r, uint8_t *out) {
  uint8_t tag = reader_u8(r), len = reader_u8(r);
  struct bytes b = reader_take(r, len);
  if (tag != V_ASN1_INTEGER || b.len == 0 || b.at[0] >= 0x80) {
    reader_fail(r);
    return;
  }
  if (b.at[0] == 0) {
    if (b.len == 1 || b.at[1] < 0x80)
      reader_fail(r);
    b = bytes_of(b.at + 1, b.len - 1);
  }
  if (b.len > NUMBER_SIZE) {
    reader_fail(r);
    return;
  }
  memset(out, 0, NUMBER_SIZE - b.len);
  memcpy(out + NUMBER_SIZE - b.len, b.at, b.len);
}

/* OK if der is the strict DER of two numbers from 1 to n - 1. */
static enum err signature_decode(struct bytes der, struct signature *out) {
  struct reader r = reader_of(der);
  uint8_t tag = reader_u8(&r), len = reader_u8(&r);
  if (tag != (V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED) || len >= 0x80 || len != r.rest.len)
    return ERR_FORM;
  read_number(&r, out->r);
  read_number(&r, out->s);
  enum err e = reader_end(&r);
  if (e == OK && (memcmp(out->r, order, NUMBER_SIZE) >= 0 || memcmp(out->s, order, NUMBER_SIZE) >= 0))
    e = ERR_FORM;
  return e;
}

static void add_number(struct buf *b, const uint8_t *number) {
  size_t zeros = 0;
  while (zeros < NUMBER_SIZE - 1 && number[zeros] == 0)
    zeros++;
  bool sign = number[zeros] >= 0x80;
  buf_u8(b, V_ASN1_INTEGER);
  buf_u8(b, (uint8_t)(NUMBER_SIZE - zeros + sign));
  if (sign)
    buf_u8(b, 0);
  buf_add(b, bytes_of(number + zeros, NUMBER_SIZE - zeros));
}

static void signature_encode(struct buf *b, const struct signature *signature) {
  struct buf numbers;
  buf_init(&numbers, KEY_SIGNATURE_MAX);
  add_number(&numbers, signature->r);
  add_number(&numbers, signature->s);
  buf_u8(b, V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED);
  buf_u8(b, (uint8_t)numbers.len);
  buf_add(b, buf_bytes(&numbers));
  buf_release(&numbers);
}

static bool is_low(const struct signature *signature) {
  return memcmp(signature->s, half_order, NUMBER_SIZE) <= 0;
}

/* s and n - s verify equally; the record knows only the lower one, so that a signature cannot be rewritten. */
static void make_low(struct signature *signature) {
  int borrow = 0;
  if (is_low(signature))
    return;
  for (size_t i = NUMBER_SIZE; i-- > 0;) {
    int d = order[i] - signature->s[i] - borrow;
    borrow = d < 0;
    signature->s[i] = (uint8_t)d;
  }
}

/* A context for each call costs 2 of the 30 microseconds that signing takes, and of the 95 of verifying; in return keys
 * stay unchanged by their use. */
enum err key_sign(const struct key *k, struct bytes message, struct buf *out) {
  uint8_t der[KEY_SIGNATURE_MAX];
  size_t len = sizeof der;
  struct signature signature = {0};
  struct hash digest = hash_of(message);
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, k->pkey, NULL);
  bool ok = context != NULL && EVP_PKEY_sign_init(context) == 1 &&
            EVP_PKEY_sign(context, der, &len, digest.at, HASH_SIZE) == 1 &&
            signature_decode(bytes_of(der, len), &signature) == OK;
  EVP_PKEY_CTX_free(context);
  if (!ok)
    return key_openssl_failed(ERR_IO, "could not sign");
  make_low(&signature);
  signature_encode(out, &signature);
  return buf_err(out);
}

enum err key_verify(const struct key *k, struct bytes message, struct bytes signature) {
  struct signature numbers = {0};
  if (signature_decode(signature, &numbers) != OK || !is_low(&numbers))
    return ERR_SIGNATURE;
  struct hash digest = hash_of(message);
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, k->pkey, NULL);
  need(context != NULL && EVP_PKEY_verify_init(context) == 1);
  int verified = EVP_PKEY_verify(context, signature.at, signature.len, digest.at, HASH_SIZE);
  EVP_PKEY_CTX_free(context);
  ERR_clear_error();
  return verified == 1 ? OK : ERR_SIGNATURE;
}

/* Keys on their way from one process to another. OpenSSL takes and gives numbers in the machine's own order of bytes;
 * all copies made here are wiped here. */

enum err key_export_unlocked(const struct key *k, uint8_t *secret_out) {
  uint8_t native[NUMBER_SIZE];
  OSSL_PARAM params[] = {OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, native, sizeof native),
                         OSSL_PARAM_construct_end()};
  BIGNUM *number = NULL;
  enum err e = ERR_ABSENT;
  if (EVP_PKEY_get_params(k->pkey, params) != 1 || !OSSL_PARAM_modified(params))
    goto out;
  need(OSSL_PARAM_get_BN(params, &number) == 1 && BN_bn2binpad(number, secret_out, NUMBER_SIZE) == NUMBER_SIZE);
  e = OK;
out:
  BN_clear_free(number);
  OPENSSL_cleanse(native, sizeof native);
  ERR_clear_error();
  return e;
}

/* The point that belongs to a private number; false if there is none. */
static bool find_point(const BIGNUM *number, uint8_t *point) {
  EC_GROUP *p256 = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
  EC_POINT *q = p256 ? EC_POINT_new(p256) : NULL;
  need(q != NULL);
  bool found =
      EC_POINT_mul(p256, q, number, NULL, NULL, NULL) == 1 &&
      EC_POINT_point2oct(p256, q, POINT_CONVERSION_UNCOMPRESSED, point, KEY_POINT_SIZE, NULL) == KEY_POINT_SIZE;
  EC_POINT_free(q);
  EC_GROUP_free(p256);
  return found;
}

enum err key_import_unlocked(const uint8_t *secret, struct key **out) {
  uint8_t native[NUMBER_SIZE], point[KEY_POINT_SIZE];
  char group[] = "P-256";
  OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
                         OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
                         OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, native, sizeof native),
                         OSSL_PARAM_construct_end()};
  EVP_PKEY *pkey = NULL;
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
  BIGNUM *number = BN_bin2bn(secret, NUMBER_SIZE, NULL);
  need(context != NULL && number != NULL && BN_bn2nativepad(number, native, NUMBER_SIZE) == NUMBER_SIZE);
  BN_set_flags(number, BN_FLG_CONSTTIME);
  enum err e = memcmp(secret, order, NUMBER_SIZE) < 0 && find_point(number, point) ? OK : ERR_FORM;
  if (e == OK &&
      (EVP_PKEY_fromdata_init(context) != 1 || EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_KEYPAIR, params) != 1))
    e = ERR_FORM;
  if (e == OK)
    e = key_from_native(pkey, out);
  EVP_PKEY_CTX_free(context);
  BN_clear_free(number);
  OPENSSL_cleanse(native, sizeof native);
  ERR_clear_error();
  return e == OK ? OK : err_set(e, "this is not a private key");
}

/* Keys at rest, core/FORMAT.md section 10. Test builds may make the derivation cheap: a script of a hundred commands
 * would spend its time on it. */
#ifdef CAIRN_TEST_BUILD
static int scrypt_n(void) {
  const char *cheap = getenv("CAIRN_SCRYPT_N");
  return cheap ? (int)strtol(cheap, NULL, 10) : SCRYPT_N;
}
#else
static int scrypt_n(void) {
  return SCRYPT_N;
}
#endif

static X509_SIG *encrypt(const struct key *k, struct bytes passphrase) {
  uint8_t salt[SALT_SIZE];
  X509_SIG *sealed = NULL;
  PKCS8_PRIV_KEY_INFO *plain = EVP_PKEY2PKCS8(k->pkey);
  key_random(salt, sizeof salt);
  X509_ALGOR *algorithm =
      PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), salt, sizeof salt, NULL, scrypt_n(), SCRYPT_R, SCRYPT_P);
  const char *pass = passphrase.len ? (const char *)passphrase.at : "";
  if (plain && algorithm && (sealed = PKCS8_set0_pbe(pass, (int)passphrase.len, plain, algorithm)) != NULL)
    algorithm = NULL; /* sealed has it now */
  X509_ALGOR_free(algorithm);
  PKCS8_PRIV_KEY_INFO_free(plain);
  return sealed;
}

static enum err write_all(int fd, struct bytes b) {
  while (b.len > 0) {
    ssize_t n = write(fd, b.at, b.len);
    if (n < 0 && errno != EINTR)
      return ERR_DISK;
    if (n > 0)
      b = bytes_of(b.at + n, b.len - (size_t)n);
  }
  return OK;
}

static enum err sync_folder_of(const char *path) {
  char *copy = mem_copy_string(path);
  int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  enum err e = fd >= 0 && fsync(fd) == 0 ? OK : ERR_DISK;
  if (fd >= 0)
    close(fd);
  free(copy);
  return e;
}

/* Half a file is worse than none: what cannot be written and synced whole is removed. */
static enum err write_new_file(const char *path, struct bytes b) {
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0)
    return err_set(ERR_IO, "could not make the key file \"%s\": %s", path, strerror(errno));
  enum err e = fchmod(fd, 0600) == 0 ? write_all(fd, b) : ERR_DISK;
  if (e == OK && fsync(fd) != 0)
    e = ERR_DISK;
  if (close(fd) != 0)
    e = ERR_DISK;
  if (e == OK)
    e = sync_folder_of(path);
  if (e != OK) {
    err_set(e, "could not write the key file \"%s\": %s", path, strerror(errno));
    unlink(path);
  }
  return e;
}

enum err key_save(const struct key *k, const char *path, struct bytes passphrase) {
  char *text;
  enum err e;
  BIO *pem = BIO_new(BIO_s_mem());
  if (passphrase.len > KEY_PASSPHRASE_MAX) {
    BIO_free(pem);
    return err_set(ERR_LIMIT, "the passphrase is longer than %d bytes", KEY_PASSPHRASE_MAX);
  }
  X509_SIG *sealed = encrypt(k, passphrase);
  if (pem == NULL || sealed == NULL || PEM_write_bio_PKCS8(pem, sealed) != 1) {
    e = key_openssl_failed(ERR_IO, "could not encrypt the key");
    goto out;
  }
  long len = BIO_get_mem_data(pem, &text);
  e = write_new_file(path, bytes_of(text, (size_t)len));
out:
  X509_SIG_free(sealed);
  BIO_free(pem);
  return e;
}

static enum err check_key_file(const char *path, const struct stat *st) {
  if (!S_ISREG(st->st_mode) || st->st_size > FILE_MAX)
    return err_set(ERR_FORM, "\"%s\" is not a key file", path);
  if ((st->st_mode & 077) == 0)
    return OK;
  char remedy[512];
  snprintf(remedy, sizeof remedy, "chmod 600 %s", path);
  return err_set_remedy(ERR_IO, remedy, "others may read the key file \"%s\"", path);
}

/* The file's bytes; it is looked at only after it was opened, so that it cannot be exchanged in between, and opened
 * without waiting, so that a pipe does not hold the program up. */
static enum err read_key_file(const char *path, struct buf *out) {
  struct stat st;
  ssize_t n = 0;
  enum err e;
  int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (fd < 0)
    return err_set(errno == ENOENT ? ERR_ABSENT : ERR_IO, "could not open the key file \"%s\": %s", path,
                   strerror(errno));
  if (fstat(fd, &st) != 0) {
    e = err_set(ERR_IO, "could not look at the key file \"%s\": %s", path, strerror(errno));
    goto out;
  }
  if ((e = check_key_file(path, &st)) != OK)
    goto out;
  uint8_t *room = buf_extend(out, (size_t)st.st_size);
  for (size_t got = 0; room && got < (size_t)st.st_size; got += (size_t)n)
    if ((n = read(fd, room + got, (size_t)st.st_size - got)) <= 0) {
      e = err_set(ERR_IO, "could not read the key file \"%s\": %s", path, n < 0 ? strerror(errno) : "it changes");
      break;
    }
out:
  close(fd);
  return e;
}

static bool is_number(const ASN1_INTEGER *a, int64_t n) {
  int64_t v;
  return a != NULL && ASN1_INTEGER_get_int64(&v, a) == 1 && v == n;
}

static bool is_our_scrypt(const X509_ALGOR *algorithm) {
  SCRYPT_PARAMS *p = NULL;
  if (OBJ_obj2nid(algorithm->algorithm) == NID_id_scrypt && algorithm->parameter)
    p = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(SCRYPT_PARAMS), algorithm->parameter);
  bool ours = p != NULL && is_number(p->costParameter, scrypt_n()) && is_number(p->blockSize, SCRYPT_R) &&
              is_number(p->parallelizationParameter, SCRYPT_P);
  SCRYPT_PARAMS_free(p);
  return ours;
}

/* Exactly the algorithms of core/FORMAT.md section 10: a file does not choose how much memory and time it takes to open
 * it, nor that little is enough. */
static bool is_our_encryption(const X509_SIG *sealed) {
  const X509_ALGOR *algorithm;
  PBE2PARAM *p = NULL;
  X509_SIG_get0(sealed, &algorithm, NULL);
  if (OBJ_obj2nid(algorithm->algorithm) == NID_pbes2 && algorithm->parameter)
    p = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBE2PARAM), algorithm->parameter);
  bool ours = p != NULL && OBJ_obj2nid(p->encryption->algorithm) == NID_aes_256_cbc && is_our_scrypt(p->keyfunc);
  PBE2PARAM_free(p);
  return ours;
}

/* The public half in the file may be another key's. */
static bool halves_fit(EVP_PKEY *pkey) {
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
  bool fit = context != NULL && EVP_PKEY_pairwise_check(context) == 1;
  EVP_PKEY_CTX_free(context);
  return fit;
}

static enum err decrypt(const char *path, const X509_SIG *sealed, struct bytes passphrase, struct key **out) {
  const char *pass = passphrase.len ? (const char *)passphrase.at : "";
  struct key *k = NULL;
  PKCS8_PRIV_KEY_INFO *plain = PKCS8_decrypt(sealed, pass, (int)passphrase.len);
  if (plain == NULL)
    return err_set(ERR_PASSPHRASE, "the passphrase does not open the key in \"%s\"", path);
  enum err e = key_from_native(EVP_PKCS82PKEY(plain), &k);
  PKCS8_PRIV_KEY_INFO_free(plain);
  if (e == OK && !halves_fit(k->pkey)) {
    key_free(k);
    e = ERR_FORM;
  }
  if (e != OK)
    return err_set(e, "the key in \"%s\" is not a P-256 key", path);
  *out = k;
  return OK;
}

enum err key_load(const char *path, struct bytes passphrase, struct key **out) {
  struct buf file;
  X509_SIG *sealed = NULL;
  buf_init(&file, FILE_MAX);
  enum err e = read_key_file(path, &file);
  if (e != OK)
    goto out;
  if (passphrase.len > KEY_PASSPHRASE_MAX) {
    e = err_set(ERR_PASSPHRASE, "the passphrase is longer than %d bytes", KEY_PASSPHRASE_MAX);
    goto out;
  }
  BIO *pem = BIO_new_mem_buf(file.at, (int)file.len);
  sealed = pem ? PEM_read_bio_PKCS8(pem, NULL, NULL, NULL) : NULL;
  BIO_free(pem);
  if (sealed == NULL || !is_our_encryption(sealed))
    e = err_set(ERR_FORM, "\"%s\" is not a private key encrypted as this program encrypts them", path);
  else
    e = decrypt(path, sealed, passphrase, out);
out:
  ERR_clear_error();
  X509_SIG_free(sealed);
  buf_release_secret(&file);
  return e;
}
