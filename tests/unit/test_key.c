#include "core/key.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "core/text.h"
#include "tests/lib/json_vectors.h"

#define ORDER "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551"

static char folder[64];

static int make_folder(void **state) {
  (void)state;
  strcpy(folder, "/tmp/cairn-test-key-XXXXXX");
  return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state) {
  (void)state;
  char command[128];
  snprintf(command, sizeof command, "rm -rf %s", folder);
  return system(command);
}

/* A path in the test's folder; one at a time. */
static const char *in_folder(const char *name) {
  static char path[128];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

static void write_file(const char *name, struct bytes b) {
  FILE *f = fopen(in_folder(name), "wb");
  assert_non_null(f);
  assert_int_equal(fwrite(b.at, 1, b.len, f), b.len);
  assert_int_equal(fclose(f), 0);
}

static void read_file(const char *name, struct buf *out) {
  uint8_t part[4096];
  FILE *f = fopen(in_folder(name), "rb");
  assert_non_null(f);
  for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0;)
    buf_add(out, bytes_of(part, n));
  fclose(f);
}

/* Runs a shell command in the test's folder. */
static int shell(const char *command) {
  struct buf b = {0};
  buf_addf(&b, "cd %s && (%s) >shell.out 2>&1 </dev/null", folder, command);
  int status = system(buf_cstr(&b));
  buf_release(&b);
  return status;
}

/* Signatures are checked as heap copies of exactly their size. */
static enum err verify(const struct key *k, struct bytes message, struct bytes signature) {
  uint8_t *copy = mem_alloc(signature.len);
  if (signature.len)
    memcpy(copy, signature.at, signature.len);
  enum err e = key_verify(k, message, bytes_of(copy, signature.len));
  free(copy);
  return e;
}

static void from_hex(struct buf *b, struct bytes hex) {
  uint8_t *at = buf_extend(b, hex.len / 2);
  assert_int_equal(text_hex_decode(hex, at), OK);
}

static BIGNUM *order(void) {
  BIGNUM *n = NULL;
  assert_true(BN_hex2bn(&n, ORDER) > 0);
  return n;
}

/* The signature with n - s for s, by OpenSSL's arithmetic; returns whether s was high. */
static bool other_s(struct bytes der, struct buf *out) {
  const uint8_t *at = der.at;
  uint8_t *again = NULL;
  BIGNUM *n = order(), *half = BN_dup(n), *flipped = BN_new();
  ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)der.len);
  assert_non_null(sig);
  BN_rshift1(half, n);
  bool high = BN_cmp(ECDSA_SIG_get0_s(sig), half) > 0;
  BN_sub(flipped, n, ECDSA_SIG_get0_s(sig));
  ECDSA_SIG_set0(sig, BN_dup(ECDSA_SIG_get0_r(sig)), flipped);
  int len = i2d_ECDSA_SIG(sig, &again);
  buf_add(out, bytes_of(again, (size_t)len));
  OPENSSL_free(again);
  ECDSA_SIG_free(sig);
  BN_free(half);
  BN_free(n);
  return high;
}

static struct key *public_half(const struct key *k) {
  struct key *half = NULL;
  assert_int_equal(key_from_spki(key_spki(k), &half), OK);
  return half;
}

static void test_library(void **state) {
  (void)state;
  assert_int_equal(key_library_check(), OK);
}

static void test_point(void **state) {
  (void)state;
  struct key *k = key_new(), *again = NULL;
  uint8_t point[KEY_POINT_SIZE + 1] = {0};
  memcpy(point, key_point(k).at, KEY_POINT_SIZE);
  assert_int_equal(key_from_point(bytes_of(point, KEY_POINT_SIZE), &again), OK);
  assert_true(bytes_equal(key_spki(again), key_spki(k)));
  key_free(again);
  again = NULL;
  assert_int_equal(key_from_point(bytes_of(point, KEY_POINT_SIZE - 1), &again), ERR_FORM);
  assert_int_equal(key_from_point(bytes_of(point, KEY_POINT_SIZE + 1), &again), ERR_FORM);
  for (size_t i = 0; i < KEY_POINT_SIZE; i++) {
    point[i] ^= 1;
    assert_int_equal(key_from_point(bytes_of(point, KEY_POINT_SIZE), &again), ERR_FORM);
    point[i] ^= 1;
  }
  assert_null(again);
  key_free(k);
}

static void test_sign_and_verify(void **state) {
  (void)state;
  struct key *k = key_new(), *half = public_half(k), *stranger = key_new();
  struct hash id = key_id(k), spki_hash = hash_of(key_spki(k));
  assert_true(hash_equal(&id, &spki_hash));
  assert_int_equal(key_spki(k).len, 91);
  for (int i = 0; i < 64; i++) {
    struct buf message = {0}, signature = {0}, flipped = {0};
    buf_addf(&message, "message %d", i);
    assert_int_equal(key_sign(k, buf_bytes(&message), &signature), OK);
    assert_true(signature.len <= KEY_SIGNATURE_MAX);
    assert_int_equal(verify(half, buf_bytes(&message), buf_bytes(&signature)), OK);
    assert_int_equal(verify(stranger, buf_bytes(&message), buf_bytes(&signature)), ERR_SIGNATURE);
    assert_int_equal(verify(half, bytes_str("another"), buf_bytes(&signature)), ERR_SIGNATURE);
    assert_false(other_s(buf_bytes(&signature), &flipped));
    assert_int_equal(verify(half, buf_bytes(&message), buf_bytes(&flipped)), ERR_SIGNATURE);
    buf_release(&message);
    buf_release(&signature);
    buf_release(&flipped);
  }
  key_free(k);
  key_free(half);
  key_free(stranger);
}

static void test_public_half_cannot_sign(void **state) {
  (void)state;
  struct buf signature = {0};
  struct key *k = key_new(), *half = public_half(k);
  assert_int_equal(key_sign(half, bytes_str("x"), &signature), ERR_IO);
  assert_int_equal(signature.len, 0);
  key_free(k);
  key_free(half);
}

static void test_signature_fits_or_nothing(void **state) {
  (void)state;
  struct buf small;
  struct key *k = key_new();
  buf_init(&small, 16);
  assert_int_equal(key_sign(k, bytes_str("x"), &small), ERR_LIMIT);
  buf_release(&small);
  key_free(k);
}

static void test_every_flip_and_cut(void **state) {
  (void)state;
  struct buf signature = {0};
  struct key *k = key_new();
  assert_int_equal(key_sign(k, bytes_str("flip"), &signature), OK);
  for (size_t bit = 0; bit < 8 * signature.len; bit++) {
    signature.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
    if (verify(k, bytes_str("flip"), buf_bytes(&signature)) != ERR_SIGNATURE)
      fail_msg("bit %zu", bit);
    signature.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
  }
  for (size_t n = 0; n < signature.len; n++)
    if (verify(k, bytes_str("flip"), bytes_of(signature.at, n)) != ERR_SIGNATURE)
      fail_msg("cut at %zu", n);
  assert_int_equal(verify(k, bytes_str("flip"), buf_bytes(&signature)), OK);
  buf_release(&signature);
  key_free(k);
}

/* R and S stand for the good numbers as 64 digits, N for the order; the test makes a signature whose r and s
 * both need no leading zero, so that the first row is the good one. */
static void test_encodings(void **state) {
  (void)state;
  static const struct {
    const char *what, *pattern;
    enum err wanted;
  } cases[] = {
      {"as it should be", "3044 0220R 0220S", OK},
      {"nothing", "", ERR_SIGNATURE},
      {"trailing byte", "3044 0220R 0220S 00", ERR_SIGNATURE},
      {"trailing byte inside", "3045 0220R 0220S 00", ERR_SIGNATURE},
      {"third number", "3047 0220R 0220S 020101", ERR_SIGNATURE},
      {"one number", "3022 0220R", ERR_SIGNATURE},
      {"long form of the sequence's length", "308144 0220R 0220S", ERR_SIGNATURE},
      {"two bytes of length", "30820044 0220R 0220S", ERR_SIGNATURE},
      {"indefinite length", "3080 0220R 0220S 0000", ERR_SIGNATURE},
      {"long form of r's length", "3045 028120R 0220S", ERR_SIGNATURE},
      {"long form of s's length", "3045 0220R 028120S", ERR_SIGNATURE},
      {"leading zero of r", "3045 022100R 0220S", ERR_SIGNATURE},
      {"leading zero of s", "3045 0220R 022100S", ERR_SIGNATURE},
      {"set for sequence", "3144 0220R 0220S", ERR_SIGNATURE},
      {"not constructed", "1044 0220R 0220S", ERR_SIGNATURE},
      {"octet string for r", "3044 0420R 0220S", ERR_SIGNATURE},
      {"r is 0", "3025 020100 0220S", ERR_SIGNATURE},
      {"s is 0", "3025 0220R 020100", ERR_SIGNATURE},
      {"both are 0", "3006 020100 020100", ERR_SIGNATURE},
      {"both are 1", "3006 020101 020101", ERR_SIGNATURE},
      {"r is empty", "3024 0200 0220S", ERR_SIGNATURE},
      {"r is negative", "3025 0201ff 0220S", ERR_SIGNATURE},
      {"r is n", "3045 022100N 0220S", ERR_SIGNATURE},
      {"s is n", "3045 0220R 022100N", ERR_SIGNATURE},
      {"r of 33 bytes", "3045 022101R 0220S", ERR_SIGNATURE},
      {"s before r", "3044 0220S 0220R", ERR_SIGNATURE},
      {"sequence says one less", "3043 0220R 0220S", ERR_SIGNATURE},
      {"r says more than there is", "3044 027fR 0220S", ERR_SIGNATURE},
  };
  struct key *k = key_new();
  struct buf good = {0}, r = {0}, s = {0};
  do {
    buf_clear(&good);
    assert_int_equal(key_sign(k, bytes_str("form"), &good), OK);
  } while (good.len != 70 || good.at[3] != 0x20);
  text_hex_encode(&r, bytes_of(good.at + 4, 32));
  text_hex_encode(&s, bytes_of(good.at + 38, 32));
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct buf hex = {0}, der = {0};
    for (const char *p = cases[i].pattern; *p; p++)
      if (*p == 'R' || *p == 'S')
        buf_add(&hex, buf_bytes(*p == 'R' ? &r : &s));
      else if (*p == 'N')
        buf_add_str(&hex, "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
      else if (*p != ' ')
        buf_add(&hex, bytes_of(p, 1));
    from_hex(&der, buf_bytes(&hex));
    if (verify(k, bytes_str("form"), buf_bytes(&der)) != cases[i].wanted)
      fail_msg("%s", cases[i].what);
    buf_release(&hex);
    buf_release(&der);
  }
  buf_release(&good);
  buf_release(&r);
  buf_release(&s);
  key_free(k);
}

static void test_vectors_of_others(void **state) {
  (void)state;
  json_t *all = vectors_load("tests/vectors/ecdsa/p256_sha256.json"), *v;
  size_t i, high_count = 0;
  json_array_foreach(json_object_get(all, "vectors"), i, v) {
    struct buf spki = {0}, message = {0}, signature = {0}, flipped = {0};
    struct key *k = NULL;
    from_hex(&spki, vectors_string(v, "key"));
    from_hex(&message, vectors_string(v, "message"));
    from_hex(&signature, vectors_string(v, "signature"));
    assert_int_equal(key_from_spki(buf_bytes(&spki), &k), OK);
    bool valid = json_is_true(json_object_get(v, "valid"));
    bool high = valid && other_s(buf_bytes(&signature), &flipped);
    if (verify(k, buf_bytes(&message), buf_bytes(&signature)) != (valid && !high ? OK : ERR_SIGNATURE))
      fail_msg("%s", vectors_string(v, "name").at);
    if (valid && verify(k, buf_bytes(&message), buf_bytes(&flipped)) != (high ? OK : ERR_SIGNATURE))
      fail_msg("%s, with the other s", vectors_string(v, "name").at);
    high_count += high;
    key_free(k);
    buf_release(&spki);
    buf_release(&message);
    buf_release(&signature);
    buf_release(&flipped);
  }
  assert_int_equal(i, 20);
  assert_true(high_count >= 3);
  json_decref(all);
}

static void test_openssl_verifies_ours(void **state) {
  (void)state;
  struct key *k = key_new();
  struct buf signature = {0};
  write_file("ours.spki", key_spki(k));
  write_file("message", bytes_str("what was said"));
  assert_int_equal(key_sign(k, bytes_str("what was said"), &signature), OK);
  write_file("ours.sig", buf_bytes(&signature));
  assert_int_equal(shell("openssl pkey -pubin -inform DER -in ours.spki -out ours.pub && "
                         "openssl dgst -sha256 -verify ours.pub -signature ours.sig message"),
                   0);
  assert_int_not_equal(shell("openssl dgst -sha256 -verify ours.pub -signature ours.sig ours.pub"), 0);
  buf_release(&signature);
  key_free(k);
}

/* OpenSSL signs with high and low s alike; both are met, or the odds are one in 2^63. */
static void test_we_verify_openssl(void **state) {
  (void)state;
  struct buf spki = {0};
  struct key *k = NULL;
  int count[2] = {0, 0};
  write_file("message", bytes_str("what was said"));
  assert_int_equal(shell("openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out theirs.pem && "
                         "openssl pkey -in theirs.pem -pubout -outform DER -out theirs.spki"),
                   0);
  read_file("theirs.spki", &spki);
  assert_int_equal(key_from_spki(buf_bytes(&spki), &k), OK);
  for (int i = 0; i < 64 && (count[0] == 0 || count[1] == 0); i++) {
    struct buf signature = {0}, flipped = {0};
    assert_int_equal(shell("openssl dgst -sha256 -sign theirs.pem -out theirs.sig message"), 0);
    read_file("theirs.sig", &signature);
    bool high = other_s(buf_bytes(&signature), &flipped);
    count[high]++;
    assert_int_equal(verify(k, bytes_str("what was said"), buf_bytes(&signature)), high ? ERR_SIGNATURE : OK);
    assert_int_equal(verify(k, bytes_str("what was said"), buf_bytes(&flipped)), high ? OK : ERR_SIGNATURE);
    buf_release(&signature);
    buf_release(&flipped);
  }
  assert_true(count[0] > 0 && count[1] > 0);
  buf_release(&spki);
  key_free(k);
}

static enum err spki_copy(struct bytes spki) {
  struct key *k = NULL;
  uint8_t *copy = mem_alloc(spki.len);
  if (spki.len)
    memcpy(copy, spki.at, spki.len);
  enum err e = key_from_spki(bytes_of(copy, spki.len), &k);
  if (e == OK)
    assert_true(bytes_equal(key_spki(k), spki));
  else
    assert_null(k);
  free(copy);
  key_free(k);
  return e;
}

static void test_public_keys(void **state) {
  (void)state;
  struct key *k = key_new();
  uint8_t at[92] = {0};
  memcpy(at, key_spki(k).at, 91);
  assert_int_equal(spki_copy(bytes_of(at, 91)), OK);
  assert_int_equal(spki_copy(bytes_of(at, 92)), ERR_FORM);
  for (size_t n = 0; n < 91; n++)
    assert_int_equal(spki_copy(bytes_of(at, n)), ERR_FORM);
  /* No flipped bit gives another key, but that a moved x may by chance fit the same y. */
  for (size_t bit = 0; bit < 8 * 91; bit++) {
    at[bit / 8] ^= (uint8_t)(1 << bit % 8);
    bool x_moved = bit / 8 >= 27 && bit / 8 < 59;
    if (!x_moved && spki_copy(bytes_of(at, 91)) != ERR_FORM)
      fail_msg("bit %zu", bit);
    at[bit / 8] ^= (uint8_t)(1 << bit % 8);
  }
  memset(at + 27, 0, 64);
  assert_int_equal(spki_copy(bytes_of(at, 91)), ERR_FORM);
  memset(at + 27, 0xff, 64);
  assert_int_equal(spki_copy(bytes_of(at, 91)), ERR_FORM);
  key_free(k);
}

static void test_public_keys_of_openssl(void **state) {
  (void)state;
  static const struct {
    const char *what, *command;
    enum err wanted;
  } cases[] = {
      {"P-256",
       "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 | openssl pkey -pubout -outform DER -out k", OK},
      {"compressed",
       "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 |"
       "openssl ec -pubout -conv_form compressed -outform DER -out k",
       ERR_FORM},
      {"hybrid",
       "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 |"
       "openssl ec -pubout -conv_form hybrid -outform DER -out k",
       ERR_FORM},
      {"explicit curve",
       "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit |"
       "openssl pkey -pubout -outform DER -out k",
       ERR_FORM},
      {"secp256k1",
       "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1 | openssl pkey -pubout -outform DER -out k",
       ERR_FORM},
      {"P-384",
       "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 | openssl pkey -pubout -outform DER -out k",
       ERR_FORM},
      {"Ed25519", "openssl genpkey -algorithm ed25519 | openssl pkey -pubout -outform DER -out k", ERR_FORM},
      {"RSA", "openssl genpkey -algorithm RSA | openssl pkey -pubout -outform DER -out k", ERR_FORM},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct buf spki = {0};
    assert_int_equal(shell(cases[i].command), 0);
    read_file("k", &spki);
    if (spki_copy(buf_bytes(&spki)) != cases[i].wanted)
      fail_msg("%s", cases[i].what);
    buf_release(&spki);
  }
}

static void test_native_keys(void **state) {
  (void)state;
  struct key *k = NULL;
  assert_int_equal(key_from_native(EVP_EC_gen("P-384"), &k), ERR_FORM);
  assert_int_equal(key_from_native(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), &k), ERR_FORM);
  assert_int_equal(key_from_native(NULL, &k), ERR_FORM);
  assert_null(k);
  assert_int_equal(key_from_native(EVP_EC_gen("P-256"), &k), OK);
  assert_non_null(key_native(k));
  key_free(k);
  key_free(NULL);
}

static void test_save_and_load(void **state) {
  (void)state;
  struct key *k = key_new(), *again = NULL;
  struct buf file = {0}, signature = {0};
  struct stat st;
  assert_int_equal(key_save(k, in_folder("key"), bytes_str("pass phrase")), OK);
  assert_int_equal(stat(in_folder("key"), &st), 0);
  assert_int_equal(st.st_mode & 07777, 0600);
  assert_int_equal(key_load(in_folder("key"), bytes_str("pass phrase"), &again), OK);
  assert_true(bytes_equal(key_spki(again), key_spki(k)));
  assert_int_equal(key_sign(again, bytes_str("x"), &signature), OK);
  assert_int_equal(key_verify(k, bytes_str("x"), buf_bytes(&signature)), OK);
  assert_int_equal(shell("openssl pkey -in key -passin 'pass:pass phrase' -pubout -outform DER -out key.spki"), 0);
  read_file("key.spki", &file);
  assert_true(bytes_equal(buf_bytes(&file), key_spki(k)));
  assert_int_equal(shell("openssl asn1parse -in key > parsed && grep -q PBES2 parsed && grep -q :scrypt parsed && "
                         "grep -q :4000 parsed && grep -q :aes-256-cbc parsed"),
                   0);
  assert_int_not_equal(shell("openssl pkey -in key -passin pass:wrong"), 0);
  buf_release(&file);
  buf_release(&signature);
  key_free(k);
  key_free(again);
}

static void test_passphrases(void **state) {
  (void)state;
  static const char long_one[KEY_PASSPHRASE_MAX + 1];
  struct key *k = key_new(), *again = NULL;
  struct bytes odd = bytes_of("a\0b", 3);
  assert_int_equal(key_save(k, in_folder("odd"), odd), OK);
  assert_int_equal(key_load(in_folder("odd"), odd, &again), OK);
  key_free(again);
  again = NULL;
  assert_int_equal(key_load(in_folder("odd"), bytes_str("a"), &again), ERR_PASSPHRASE);
  assert_int_equal(key_load(in_folder("odd"), bytes_str(""), &again), ERR_PASSPHRASE);
  assert_int_equal(key_load(in_folder("odd"), bytes_of(long_one, sizeof long_one), &again), ERR_PASSPHRASE);
  assert_int_equal(key_save(k, in_folder("long"), bytes_of(long_one, sizeof long_one)), ERR_LIMIT);
  assert_int_not_equal(access(in_folder("long"), F_OK), 0);
  assert_null(again);
  key_free(k);
}

static void test_save_refuses(void **state) {
  (void)state;
  struct key *k = key_new();
  struct buf before = {0}, after = {0};
  assert_int_equal(key_save(k, in_folder("once"), bytes_str("p")), OK);
  read_file("once", &before);
  assert_int_equal(key_save(k, in_folder("once"), bytes_str("p")), ERR_IO);
  read_file("once", &after);
  assert_true(bytes_equal(buf_bytes(&before), buf_bytes(&after)));
  assert_int_equal(symlink("nowhere", in_folder("link")), 0);
  assert_int_equal(key_save(k, in_folder("link"), bytes_str("p")), ERR_IO);
  assert_int_equal(key_save(k, in_folder("absent/key"), bytes_str("p")), ERR_IO);
  buf_release(&before);
  buf_release(&after);
  key_free(k);
}

static void test_lax_modes(void **state) {
  (void)state;
  static const mode_t modes[] = {0640, 0604, 0660, 0644, 0601, 0610, 0602};
  struct key *k = key_new(), *again = NULL;
  assert_int_equal(key_save(k, in_folder("lax"), bytes_str("p")), OK);
  for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
    char remedy[160];
    assert_int_equal(chmod(in_folder("lax"), modes[i]), 0);
    snprintf(remedy, sizeof remedy, "chmod 600 %s", in_folder("lax"));
    if (key_load(in_folder("lax"), bytes_str("p"), &again) != ERR_IO || strcmp(err_remedy(), remedy) != 0)
      fail_msg("%o: %s, %s", modes[i], err_words(ERR_IO), err_remedy());
  }
  assert_int_equal(chmod(in_folder("lax"), 0400), 0);
  assert_int_equal(key_load(in_folder("lax"), bytes_str("p"), &again), OK);
  key_free(again);
  key_free(k);
}

#define P256 "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 | "
#define SCRYPT "openssl pkcs8 -topk8 -scrypt -scrypt_N 16384 -scrypt_r 8 "

static void test_load_files_of_openssl(void **state) {
  (void)state;
  static const struct {
    const char *what, *command;
    enum err wanted;
  } cases[] = {
      {"as we write them", P256 SCRYPT "-scrypt_p 2 -v2 aes-256-cbc -passout pass:p -out f", OK},
      {"less work", P256 SCRYPT "-scrypt_p 1 -v2 aes-256-cbc -passout pass:p -out f", ERR_FORM},
      {"another cipher", P256 SCRYPT "-scrypt_p 2 -v2 aes-128-cbc -passout pass:p -out f", ERR_FORM},
      {"PBKDF2", P256 "openssl pkcs8 -topk8 -v2 aes-256-cbc -passout pass:p -out f", ERR_FORM},
      {"PBES1", P256 "openssl pkcs8 -topk8 -v1 PBE-SHA1-3DES -passout pass:p -out f", ERR_FORM},
      {"not encrypted", P256 "cat > f", ERR_FORM},
      {"traditional", P256 "openssl ec -aes256 -passout pass:p -out f", ERR_FORM},
      {"P-384",
       "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 | " SCRYPT
       "-scrypt_p 2 -v2 aes-256-cbc -passout pass:p -out f",
       ERR_FORM},
      {"Ed25519", "openssl genpkey -algorithm ed25519 | " SCRYPT "-scrypt_p 2 -v2 aes-256-cbc -passout pass:p -out f",
       ERR_FORM},
      {"empty", ": > f", ERR_FORM},
      {"noise", "head -c 500 /dev/zero > f", ERR_FORM},
      {"with room after it",
       P256 SCRYPT "-scrypt_p 2 -v2 aes-256-cbc -passout pass:p -out f && head -c 12000 /dev/zero >> f", OK},
      {"too large", P256 SCRYPT "-scrypt_p 2 -v2 aes-256-cbc -passout pass:p -out f && head -c 16384 /dev/zero >> f",
       ERR_FORM},
      {"a folder", "mkdir f", ERR_FORM},
      {"a pipe that nobody writes", "mkfifo f", ERR_FORM},
      {"absent", "rm -rf f", ERR_ABSENT},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct key *k = NULL;
    assert_int_equal(shell("rm -rf f"), 0);
    assert_int_equal(shell(cases[i].command), 0);
    chmod(in_folder("f"), 0600);
    enum err e = key_load(in_folder("f"), bytes_str("p"), &k);
    if (e != cases[i].wanted)
      fail_msg("%s: %s", cases[i].what, err_words(e));
    key_free(k);
  }
}

/* A private key with the public half of another one: it must not load, or it would sign what does not verify. */
static void test_halves_that_do_not_fit(void **state) {
  (void)state;
  struct key *again = NULL;
  EVP_PKEY *a = EVP_EC_gen("P-256"), *b = EVP_EC_gen("P-256");
  uint8_t *der_a = NULL, *der_b = NULL;
  int len = i2d_PrivateKey(a, &der_a), len_b = i2d_PrivateKey(b, &der_b);
  assert_int_equal(len, len_b);
  /* ECPrivateKey ends with the public half's 65 bytes (RFC 5915). */
  memcpy(der_a + len - 65, der_b + len - 65, 65);
  write_file("mixed.der", bytes_of(der_a, (size_t)len));
  OPENSSL_free(der_a);
  OPENSSL_free(der_b);
  EVP_PKEY_free(a);
  EVP_PKEY_free(b);
  assert_int_equal(shell(SCRYPT "-scrypt_p 2 -v2 aes-256-cbc -inform DER -in mixed.der -passout pass:p -out mixed && "
                                "chmod 600 mixed"),
                   0);
  assert_int_equal(key_load(in_folder("mixed"), bytes_str("p"), &again), ERR_FORM);
  assert_null(again);
}

static void test_random(void **state) {
  (void)state;
  uint8_t a[64] = {0}, b[64] = {0};
  key_random(a, sizeof a);
  key_random(b, sizeof b);
  assert_memory_not_equal(a, b, sizeof a);
  key_random(NULL, 0);
  size_t large = (3 << 20) + 7;
  uint8_t *c = mem_alloc(large);
  key_random(c, large);
  struct hash tail = hash_from(bytes_of(c + large - 32, 32));
  assert_false(hash_is_zero(&tail));
  free(c);
}

/* ---- two threads ---- */

static pthread_barrier_t both;

static void *read_key(void *of) {
  struct key *k = NULL;
  pthread_barrier_wait(&both);
  for (int i = 0; i < 20; i++) {
    if (key_from_spki(buf_bytes(of), &k) != OK)
      return of;
    key_free(k);
  }
  return NULL;
}

static void *read_key_elsewhere(void *of) {
  void *failed = read_key(of);
  hash_leave_thread();
  return failed;
}

/* In a process of its own, which has made no key yet: it ends with 0 if both read the key. */
static void read_twice_at_once(struct buf *spki) {
  pthread_t other;
  void *failed = NULL;
  if (pthread_barrier_init(&both, NULL, 2) != 0 || pthread_create(&other, NULL, read_key_elsewhere, spki) != 0)
    _exit(2);
  void *own = read_key(spki);
  pthread_join(other, &failed);
  _exit(own || failed);
}

/* Whoever reads the first key makes the curve that the others are copied from. The first test: no key was made. */
static void test_first_at_once(void **state) {
  (void)state;
  struct buf spki = {0};
  from_hex(&spki, bytes_str("3059301306072a8648ce3d020106082a8648ce3d03010703420004"
                            "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
                            "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")); /* the base point */
  for (int i = 0; i < 40; i++) {
    int status = 0;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
      read_twice_at_once(&spki);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
  }
  buf_release(&spki);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_first_at_once),
      cmocka_unit_test(test_library),
      cmocka_unit_test(test_point),
      cmocka_unit_test(test_sign_and_verify),
      cmocka_unit_test(test_public_half_cannot_sign),
      cmocka_unit_test(test_signature_fits_or_nothing),
      cmocka_unit_test(test_every_flip_and_cut),
      cmocka_unit_test(test_encodings),
      cmocka_unit_test(test_vectors_of_others),
      cmocka_unit_test(test_openssl_verifies_ours),
      cmocka_unit_test(test_we_verify_openssl),
      cmocka_unit_test(test_public_keys),
      cmocka_unit_test(test_public_keys_of_openssl),
      cmocka_unit_test(test_native_keys),
      cmocka_unit_test(test_save_and_load),
      cmocka_unit_test(test_passphrases),
      cmocka_unit_test(test_save_refuses),
      cmocka_unit_test(test_lax_modes),
      cmocka_unit_test(test_load_files_of_openssl),
      cmocka_unit_test(test_halves_that_do_not_fit),
      cmocka_unit_test(test_random),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
