#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/verify_parts.h"

/* Certificates as the stock openssl(1) makes them, good and bad; nothing here is made by our own code. */

#define SUBJECT "5c0ffee05c0ffee05c0ffee05c0ffee05c0ffee05c0ffee05c0ffee05c0ffee0"
#define SHORT "5c0ffee05c0ffee05c0ffee05c0ffee05c0ffee05c0ffee05c0ffee05c0ffe"
#define DER_MAX 8192

static char folder[] = "/tmp/cairn-cert-XXXXXX";

/* openssl's commands, in the folder. */
static void run(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void run(const char *fmt, ...) {
  char command[4096], line[4352];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(command, sizeof command, fmt, ap);
  va_end(ap);
  snprintf(line, sizeof line, "cd %s && { %s; } > said 2>&1", folder, command);
  if (system(line) != 0)
    fail_msg("this did not work: %s", command);
}

static size_t read_file(const char *name, uint8_t *out) {
  char path[256];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *f = fopen(path, "rb");
  assert_non_null(f);
  size_t n = fread(out, 1, DER_MAX, f);
  fclose(f);
  assert_true(n > 0 && n < DER_MAX);
  return n;
}

/* A heap copy of exactly the file's size, so that one byte too far is seen. */
static uint8_t *load(const char *name, size_t *len_out) {
  uint8_t all[DER_MAX];
  *len_out = read_file(name, all);
  uint8_t *copy = malloc(*len_out);
  assert_non_null(copy);
  memcpy(copy, all, *len_out);
  return copy;
}

#define KEY "ecparam -name prime256v1 -genkey -noout -out"
#define CA_EXTENSIONS                                                                                                  \
  "-addext basicConstraints=critical,CA:TRUE,pathlen:0 -addext keyUsage=critical,keyCertSign,cRLSign"

static int start(void **state) {
  (void)state;
  if (mkdtemp(folder) == NULL)
    return 1;
  run("openssl " KEY " ca.key && openssl " KEY " other.key && openssl " KEY " leaf.key");
  run("printf '[req]\\ndistinguished_name=dn\\n[dn]\\n' > conf");
  run("openssl req -config conf -new -x509 -key ca.key -subj '/CN=the authority' -days 30 " CA_EXTENSIONS
      " -outform DER -out ca.der && openssl x509 -inform DER -in ca.der -out ca.pem");
  run("openssl req -config conf -new -x509 -key other.key -subj '/CN=the authority' -days 30 " CA_EXTENSIONS
      " -out other.pem");
  run("openssl req -config conf -new -x509 -key other.key -subj '/CN=another authority' -days 30 " CA_EXTENSIONS
      " -out another.pem");
  return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at) {
  (void)st, (void)type, (void)at;
  return remove(path);
}

static int stop(void **state) {
  (void)state;
  return nftw(folder, remove_one, 4, FTW_DEPTH | FTW_PHYS);
}

/* ---- the authority's own ---- */

static const struct {
  const char *what, *key, *subject, *extensions, *says; /* says: NULL for a good one */
} authorities[] = {
    {"as it should be", "ca.key", "/CN=a", CA_EXTENSIONS, NULL},
    {"of more names than one", "ca.key", "/C=GB/O=North/CN=a", CA_EXTENSIONS, NULL},
    {"no CA", "ca.key", "/CN=a",
     "-addext basicConstraints=critical,CA:FALSE -addext keyUsage=critical,keyCertSign,cRLSign",
     "not that of an authority"},
    {"without constraints", "ca.key", "/CN=a", "-addext keyUsage=critical,keyCertSign,cRLSign",
     "not that of an authority"},
    {"of any path length", "ca.key", "/CN=a",
     "-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign",
     "not that of an authority"},
    {"of path length 1", "ca.key", "/CN=a",
     "-addext basicConstraints=critical,CA:TRUE,pathlen:1 -addext keyUsage=critical,keyCertSign,cRLSign",
     "not that of an authority"},
    {"without key usage", "ca.key", "/CN=a", "-addext basicConstraints=critical,CA:TRUE,pathlen:0",
     "another key usage"},
    {"to sign anything", "ca.key", "/CN=a",
     "-addext basicConstraints=critical,CA:TRUE,pathlen:0 -addext keyUsage=critical,keyCertSign,cRLSign,"
     "digitalSignature",
     "another key usage"},
    {"signed with SHA-384", "ca.key", "/CN=a", "-sha384 " CA_EXTENSIONS, "ecdsa-with-SHA256"},
};

static void test_authorities(void **state) {
  struct vcurve *curve = vcurve_new();
  (void)state;
  for (size_t i = 0; i < sizeof authorities / sizeof *authorities; i++) {
    struct vcert_authority a = {0};
    size_t len;
    run("openssl req -config conf -new -x509 -key %s -subj '%s' -days 30 %s -outform DER -out made.der",
        authorities[i].key, authorities[i].subject, authorities[i].extensions);
    uint8_t *der = load("made.der", &len);
    struct vwrong wrong = vcert_read_authority(curve, der, len, &a);
    if ((wrong.words == NULL) != (authorities[i].says == NULL) ||
        (wrong.words && (wrong.code != VERIFY_A_AUTHORITY || !strstr(wrong.words, authorities[i].says))))
      fail_msg("an authority %s: %s", authorities[i].what, wrong.words ? wrong.words : "nothing is wrong");
    vcert_release_authority(&a);
    free(der);
  }
  vcurve_free(curve);
}

/* ---- people's and machines' ---- */

#define CA "-CA ca.pem -CAkey ca.key"
#define NAME "/CN=" SUBJECT
#define PERSON "keyUsage=critical,digitalSignature"
#define CLIENT "\\nextendedKeyUsage=clientAuth"

static const struct {
  const char *what, *key, *subject, *extensions, *issuer, *says;
  enum verify_code code;
  enum vcert_use use;
} leaves[] = {
    {"a person's", "leaf.key", NAME, PERSON, CA, NULL, 0, VCERT_PERSON},
    {"a person's that says that it is no authority", "leaf.key", NAME, "basicConstraints=CA:FALSE\\n" PERSON, CA, NULL,
     0, VCERT_PERSON},
    {"a machine's", "leaf.key", NAME, PERSON CLIENT, CA, NULL, 0, VCERT_REPLICA},

    {"signed by itself", "leaf.key", NAME, PERSON, "-signkey leaf.key", "not issued by", VERIFY_A_ISSUER, 0},
    {"signed by itself, an authority", "leaf.key", NAME, "basicConstraints=CA:TRUE\\n" PERSON, "-signkey leaf.key",
     "not issued by", VERIFY_A_ISSUER, 0},
    {"of an authority of the same name", "leaf.key", NAME, PERSON, "-CA other.pem -CAkey other.key", "not issued by",
     VERIFY_A_ISSUER, 0},
    {"of another authority", "leaf.key", NAME, PERSON, "-CA another.pem -CAkey other.key", "not issued by",
     VERIFY_A_ISSUER, 0},
    {"issued by a person", "leaf.key", NAME, PERSON, "-CA person.pem -CAkey leaf.key", "not issued by", VERIFY_A_ISSUER,
     0},

    {"an authority's", "leaf.key", NAME, "basicConstraints=critical,CA:TRUE,pathlen:0\\n" PERSON, CA,
     "makes its owner an authority", VERIFY_A_USAGE, 0},
    {"for no use", "leaf.key", NAME, "basicConstraints=CA:FALSE", CA, "key usage", VERIFY_A_USAGE, 0},
    {"to encipher", "leaf.key", NAME, "keyUsage=keyEncipherment", CA, "key usage", VERIFY_A_USAGE, 0},
    {"to agree on keys", "leaf.key", NAME, "keyUsage=keyAgreement", CA, "key usage", VERIFY_A_USAGE, 0},
    {"to sign and not to repudiate", "leaf.key", NAME, "keyUsage=digitalSignature,nonRepudiation", CA, "key usage",
     VERIFY_A_USAGE, 0},
    {"to sign certificates", "leaf.key", NAME, "keyUsage=keyCertSign", CA, "key usage", VERIFY_A_USAGE, 0},
    {"to sign and, in the second byte, to decipher", "leaf.key", NAME, "keyUsage=digitalSignature,decipherOnly", CA,
     "key usage", VERIFY_A_USAGE, 0},
    {"a server's", "leaf.key", NAME, PERSON "\\nextendedKeyUsage=serverAuth", CA, "key usage", VERIFY_A_USAGE, 0},
    {"a client's and a server's", "leaf.key", NAME, PERSON "\\nextendedKeyUsage=clientAuth,serverAuth", CA, "key usage",
     VERIFY_A_USAGE, 0},
    {"to sign programs", "leaf.key", NAME, PERSON "\\nextendedKeyUsage=codeSigning", CA, "key usage", VERIFY_A_USAGE,
     0},
    {"for any extended use", "leaf.key", NAME, PERSON "\\nextendedKeyUsage=anyExtendedKeyUsage", CA, "key usage",
     VERIFY_A_USAGE, 0},
    {"a client's that may not sign", "leaf.key", NAME, "keyUsage=keyEncipherment" CLIENT, CA, "key usage",
     VERIFY_A_USAGE, 0},

    {"of nobody", "leaf.key", "/", PERSON, CA, "not one entry id", VERIFY_A_SUBJECT, 0},
    {"of a name", "leaf.key", "/CN=Morag Reid", PERSON, CA, "not one entry id", VERIFY_A_SUBJECT, 0},
    {"of an id and a name", "leaf.key", NAME "/CN=Morag Reid", PERSON, CA, "not one entry id", VERIFY_A_SUBJECT, 0},
    {"of two ids", "leaf.key", NAME NAME, PERSON, CA, "not one entry id", VERIFY_A_SUBJECT, 0},
    {"of an organisation", "leaf.key", "/O=" SUBJECT, PERSON, CA, "not one entry id", VERIFY_A_SUBJECT, 0},
    {"of an id in capitals", "leaf.key", "/CN=5C0FFEE05C0FFEE05C0FFEE05C0FFEE05C0FFEE05C0FFEE05C0FFEE05C0FFEE0", PERSON,
     CA, "not one entry id", VERIFY_A_SUBJECT, 0},
    {"of an id with two digits less", "leaf.key", "/CN=" SHORT, PERSON, CA, "not one entry id", VERIFY_A_SUBJECT, 0},

    {"signed with SHA-384", "leaf.key", NAME, PERSON, CA " -sha384", "ecdsa-with-SHA256", VERIFY_A_CERT, 0},
    {"of another curve", "p384.key", NAME, PERSON, CA, "P-256", VERIFY_A_CERT, 0},
    {"of another sort of key", "rsa.key", NAME, PERSON, CA, "P-256", VERIFY_A_CERT, 0},
};

static struct vcert_authority read_ca(struct vcurve *curve) {
  struct vcert_authority a = {0};
  size_t len;
  uint8_t *der = load("ca.der", &len);
  assert_null(vcert_read_authority(curve, der, len, &a).words);
  free(der);
  return a;
}

static void make(size_t i) {
  run("openssl req -config conf -new -key %s -subj '%s' -out made.csr", leaves[i].key, leaves[i].subject);
  run("printf '%s\\n' > made.ext", leaves[i].extensions);
  run("openssl x509 -req -in made.csr %s -days 7 -set_serial 4711 -extfile made.ext -outform DER -out made.der",
      leaves[i].issuer);
}

static void test_leaves(void **state) {
  struct vcurve *curve = vcurve_new();
  struct vcert_authority a = read_ca(curve);
  char subject[2 * VHASH_SIZE + 1];
  (void)state;
  run("openssl " KEY " p384.key -name secp384r1 && openssl genrsa -out rsa.key 2048");
  for (size_t i = 0; i < sizeof leaves / sizeof *leaves; i++) {
    struct vcert c;
    size_t len;
    make(i);
    if (i == 0)
      run("openssl x509 -inform DER -in made.der -out person.pem");
    uint8_t *der = load("made.der", &len);
    struct vwrong wrong = vcert_read(curve, &a, der, len, &c);
    free(der);
    if ((wrong.words == NULL) != (leaves[i].says == NULL) ||
        (wrong.words && (wrong.code != leaves[i].code || !strstr(wrong.words, leaves[i].says))))
      fail_msg("a certificate %s: %s %s", leaves[i].what, wrong.words ? verify_code_text(wrong.code) : "",
               wrong.words ? wrong.words : "nothing is wrong");
    if (wrong.words)
      continue;
    vtext_to_hex(c.subject, VHASH_SIZE, subject);
    assert_string_equal(subject, SUBJECT);
    assert_int_equal(c.use, leaves[i].use);
  }
  vcert_release_authority(&a);
  vcurve_free(curve);
}

/* The validity that is read is the one that openssl shows. */
static void test_validity(void **state) {
  struct vcurve *curve = vcurve_new();
  struct vcert_authority a = read_ca(curve);
  struct vcert c;
  char shown[DER_MAX + 1] = {0};
  size_t len;
  (void)state;
  make(0);
  uint8_t *der = load("made.der", &len);
  assert_null(vcert_read(curve, &a, der, len, &c).words);
  run("openssl x509 -inform DER -in made.der -noout -startdate -enddate -dateopt iso_8601 > dates");
  read_file("dates", (uint8_t *)shown);
  char expected[128];
  snprintf(expected, sizeof expected, "notBefore=%.10s %.9s\nnotAfter=%.10s %.9s\n", c.from, c.from + 11, c.until,
           c.until + 11);
  assert_string_equal(shown, expected);
  free(der);
  vcert_release_authority(&a);
  vcurve_free(curve);
}

/* Each byte of a good certificate counts, and so does its length. */
static void test_every_byte_counts(void **state) {
  struct vcurve *curve = vcurve_new();
  struct vcert_authority a = read_ca(curve);
  struct vcert c;
  size_t len;
  (void)state;
  make(2);
  uint8_t *der = load("made.der", &len);
  for (size_t i = 0; i < 8 * len; i += 3) {
    der[i / 8] ^= (uint8_t)(1 << i % 8);
    if (vcert_read(curve, &a, der, len, &c).words == NULL)
      fail_msg("bit %zu of byte %zu can be changed", i % 8, i / 8);
    der[i / 8] ^= (uint8_t)(1 << i % 8);
  }
  for (size_t i = 0; i < len; i++) {
    uint8_t *cut = malloc(i + 1);
    memcpy(cut, der, i);
    assert_non_null(vcert_read(curve, &a, cut, i, &c).words);
    free(cut);
  }
  uint8_t *longer = calloc(1, len + 1);
  memcpy(longer, der, len);
  assert_non_null(vcert_read(curve, &a, longer, len + 1, &c).words);
  free(longer);
  free(der);
  vcert_release_authority(&a);
  vcurve_free(curve);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_authorities),
      cmocka_unit_test(test_leaves),
      cmocka_unit_test(test_validity),
      cmocka_unit_test(test_every_byte_counts),
  };
  return cmocka_run_group_tests(tests, start, stop);
}
