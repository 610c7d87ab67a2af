#include "core/cert.h"

#include <openssl/asn1.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define FROM_S 1764547200  /* 2025-12-01T00:00:00Z */
#define UNTIL_S 2711318400 /* 2055-12-02: beyond 2049 the form of times is another one */
#define ID "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"

static char folder[64];
static struct key *authority, *stranger, *subject;
static struct buf authority_cert, stranger_cert;
static struct hash id;

static int start(void **state) {
  (void)state;
  strcpy(folder, "/tmp/cairn-test-cert-XXXXXX");
  if (mkdtemp(folder) == NULL || hash_parse(bytes_str(ID), &id) != OK)
    return 1;
  authority = key_new();
  stranger = key_new();
  subject = key_new();
  return cert_make_authority(authority, "Lanarkshire", FROM_S, UNTIL_S, &authority_cert) != OK ||
         cert_make_authority(stranger, "Lanarkshire", FROM_S, UNTIL_S, &stranger_cert) != OK;
}

static int end(void **state) {
  (void)state;
  char command[128];
  key_free(authority);
  key_free(stranger);
  key_free(subject);
  buf_release(&authority_cert);
  buf_release(&stranger_cert);
  snprintf(command, sizeof command, "rm -rf %s", folder);
  return system(command);
}

static void write_file(const char *name, struct bytes b) {
  char path[128];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  assert_int_equal(fwrite(b.at, 1, b.len, f), b.len);
  assert_int_equal(fclose(f), 0);
}

static void read_file(const char *name, struct buf *out) {
  uint8_t part[4096];
  char path[128];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *f = fopen(path, "rb");
  assert_non_null(f);
  for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0;)
    buf_add(out, bytes_of(part, n));
  fclose(f);
}

static int shell(const char *command) {
  char line[1024];
  snprintf(line, sizeof line, "cd %s && (%s) >shell.out 2>&1 </dev/null", folder, command);
  return system(line);
}

static enum err issue(enum cert_use use, const char *host, struct buf *out) {
  return cert_issue(authority, buf_bytes(&authority_cert), subject, use, &id, host, FROM_S, UNTIL_S, out);
}

/* Certificates are checked as heap copies of exactly their size; on failure nothing is written. */
static enum err check(struct bytes cert, enum cert_use use, struct cert_facts *facts) {
  struct cert_facts untouched;
  uint8_t *copy = mem_alloc(cert.len);
  memset(facts, 0xa5, sizeof *facts);
  memset(&untouched, 0xa5, sizeof untouched);
  if (cert.len)
    memcpy(copy, cert.at, cert.len);
  enum err e = cert_check(buf_bytes(&authority_cert), bytes_of(copy, cert.len), use, facts);
  if (e != OK)
    assert_memory_equal(facts, &untouched, sizeof untouched);
  free(copy);
  return e;
}

static void test_issue_and_check(void **state) {
  (void)state;
  for (enum cert_use use = CERT_PERSON; use <= CERT_REPLICA; use++) {
    struct buf cert = {0};
    struct cert_facts facts, again = {.use = CERT_NODE_TLS};
    struct hash subject_id = key_id(subject);
    assert_int_equal(issue(use, NULL, &cert), OK);
    assert_true(cert.len <= CERT_MAX);
    assert_int_equal(check(buf_bytes(&cert), use, &facts), OK);
    assert_true(hash_equal(&facts.subject, &id) && hash_equal(&facts.key_id, &subject_id));
    assert_true(bytes_equal(bytes_of(facts.spki, facts.spki_len), key_spki(subject)));
    assert_true(facts.from_s == FROM_S && facts.until_s == UNTIL_S);
    assert_int_equal(cert_read(buf_bytes(&cert), &again), OK);
    assert_int_equal(again.use, use);
    assert_int_equal(check(buf_bytes(&cert), use == CERT_PERSON ? CERT_REPLICA : CERT_PERSON, &facts), ERR_FORM);
    assert_int_equal(cert_check_authority(buf_bytes(&cert)), ERR_FORM);
    buf_release(&cert);
  }
}

static void test_authority(void **state) {
  (void)state;
  struct cert_facts facts;
  assert_int_equal(cert_check_authority(buf_bytes(&authority_cert)), OK);
  assert_int_equal(check(buf_bytes(&authority_cert), CERT_PERSON, &facts), ERR_FORM);
  assert_int_equal(check(buf_bytes(&authority_cert), CERT_REPLICA, &facts), ERR_FORM);
  assert_int_equal(cert_read(buf_bytes(&authority_cert), &facts), ERR_FORM);
}

static void test_node_certificate_is_no_one_elses(void **state) {
  (void)state;
  struct buf cert = {0};
  struct cert_facts facts;
  assert_int_equal(issue(CERT_NODE_TLS, "node.example", &cert), OK);
  assert_int_equal(check(buf_bytes(&cert), CERT_PERSON, &facts), ERR_FORM);
  assert_int_equal(check(buf_bytes(&cert), CERT_REPLICA, &facts), ERR_FORM);
  assert_int_equal(cert_read(buf_bytes(&cert), &facts), ERR_FORM);
  buf_release(&cert);
}

static void test_serials_differ(void **state) {
  (void)state;
  struct buf a = {0}, b = {0};
  assert_int_equal(issue(CERT_PERSON, NULL, &a), OK);
  assert_int_equal(issue(CERT_PERSON, NULL, &b), OK);
  const uint8_t *at_a = a.at, *at_b = b.at;
  X509 *x = d2i_X509(NULL, &at_a, (long)a.len), *y = d2i_X509(NULL, &at_b, (long)b.len);
  const ASN1_INTEGER *serial = X509_get0_serialNumber(x);
  assert_int_equal(ASN1_STRING_length(serial), 16);
  assert_int_equal(ASN1_STRING_type(serial), V_ASN1_INTEGER);
  assert_int_not_equal(ASN1_INTEGER_cmp(serial, X509_get0_serialNumber(y)), 0);
  X509_free(x);
  X509_free(y);
  buf_release(&a);
  buf_release(&b);
}

/* OpenSSL's command line judges what we issue. */
static void test_openssl_accepts_ours(void **state) {
  (void)state;
  static const struct {
    const char *what;
    enum cert_use use;
    const char *host, *verify;
  } cases[] = {
      {"person", CERT_PERSON, NULL, ""},
      {"replica", CERT_REPLICA, NULL, "-purpose sslclient"},
      {"node by address", CERT_NODE_TLS, "127.0.0.1", "-purpose sslserver -verify_ip 127.0.0.1"},
      {"node by long address", CERT_NODE_TLS, "2001:db8::7", "-purpose sslserver -verify_ip 2001:db8::7"},
      {"node by name", CERT_NODE_TLS, "node.example", "-purpose sslserver -verify_hostname node.example"},
  };
  write_file("ca.der", buf_bytes(&authority_cert));
  assert_int_equal(shell("openssl x509 -inform DER -in ca.der -out ca.pem"), 0);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char command[512];
    struct buf cert = {0};
    assert_int_equal(issue(cases[i].use, cases[i].host, &cert), OK);
    write_file("c.der", buf_bytes(&cert));
    snprintf(command, sizeof command,
             "openssl x509 -inform DER -in c.der -out c.pem && "
             "openssl verify -x509_strict -attime 1764633600 -CAfile ca.pem %s c.pem",
             cases[i].verify);
    if (shell(command) != 0)
      fail_msg("%s", cases[i].what);
    buf_release(&cert);
  }
  assert_int_not_equal(shell("openssl verify -x509_strict -attime 1764633600 -CAfile ca.pem -purpose sslserver "
                             "-verify_hostname other.example c.pem"),
                       0);
  assert_int_equal(shell("openssl x509 -in c.pem -noout -ext keyUsage,basicConstraints > e && "
                         "test $(grep -c critical e) = 2"),
                   0);
  assert_int_equal(shell("openssl verify -x509_strict -attime 1764633600 -CAfile ca.pem ca.pem"), 0);
}

/* What a certificate may be made with that it should not have. NULL and 0 mean: as it should be for a person. */
struct forgery {
  const char *what;
  const char *subject; /* "CN=…/O=…" */
  const char *key_usage, *constraints, *extended, *other;
  const char *group; /* of the subject's key */
  const EVP_MD *(*digest)(void);
  const char *issuer;
  bool stranger_signs, old_version, pem_times, backwards, negative_serial, without_key_usage, without_constraints;
  int other_nid;
  enum cert_use use;
  enum err wanted;
};

static void add_names(X509_NAME *name, const char *text) {
  struct bytes rest = bytes_str(text);
  while (rest.len > 0) {
    const uint8_t *slash = memchr(rest.at, '/', rest.len);
    size_t n = slash ? (size_t)(slash - rest.at) : rest.len;
    char *one = bytes_copy_string(bytes_of(rest.at, n)), *equals = strchr(one, '=');
    *equals = '\0';
    assert_int_equal(X509_NAME_add_entry_by_txt(name, one, MBSTRING_UTF8, (uint8_t *)equals + 1, -1, -1, 0), 1);
    free(one);
    rest = bytes_of(rest.at + n + (slash != NULL), rest.len - n - (slash != NULL));
  }
}

static void add_text_extension(X509 *x, int nid, const char *value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, x, x, NULL, NULL, 0);
  X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &context, nid, value);
  if (e == NULL)
    fail_msg("OpenSSL does not know the extension %s", value);
  assert_int_equal(X509_add_ext(x, e, -1), 1);
  X509_EXTENSION_free(e);
}

static void forge_extensions(X509 *x, const struct forgery *f) {
  if (!f->without_constraints)
    add_text_extension(x, NID_basic_constraints, f->constraints ? f->constraints : "critical,CA:FALSE");
  if (!f->without_key_usage)
    add_text_extension(x, NID_key_usage, f->key_usage ? f->key_usage : "critical,digitalSignature");
  if (f->extended)
    add_text_extension(x, NID_ext_key_usage, f->extended);
  if (f->other)
    add_text_extension(x, f->other_nid, f->other);
}

static void forge_times(X509 *x, const struct forgery *f) {
  ASN1_TIME_set(X509_getm_notBefore(x), f->backwards ? UNTIL_S : FROM_S);
  ASN1_TIME_set(X509_getm_notAfter(x), f->backwards ? FROM_S : UNTIL_S);
  if (f->pem_times) /* the same time in the form that is for years from 2050 on */
    assert_int_equal(ASN1_TIME_set_string(X509_getm_notBefore(x), "20251201000000Z"), 1);
}

/* Made by OpenSSL alone, so that our own tables have no part in it. */
static void forge(const struct forgery *f, struct buf *out) {
  uint8_t *der = NULL;
  X509 *x = X509_new();
  EVP_PKEY *pkey = EVP_EC_gen(f->group ? f->group : "P-256");
  X509_NAME *issuer = X509_NAME_new();
  struct hash authority_id = key_id(authority);
  char digits[64];
  snprintf(digits, sizeof digits, "serialNumber=%.16s", hash_hex(&authority_id).s);
  X509_set_version(x, f->old_version ? X509_VERSION_1 : X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(x), f->negative_serial ? -5 : 5);
  add_names(X509_get_subject_name(x), f->subject ? f->subject : "CN=" ID);
  add_names(issuer, f->issuer ? f->issuer : "CN=Lanarkshire");
  add_names(issuer, digits);
  X509_set_issuer_name(x, issuer);
  X509_set_pubkey(x, pkey);
  forge_times(x, f);
  forge_extensions(x, f);
  const struct key *signer = f->stranger_signs ? stranger : authority;
  assert_true(X509_sign(x, key_native(signer), f->digest ? f->digest() : EVP_sha256()) > 0);
  int len = i2d_X509(x, &der);
  buf_add(out, bytes_of(der, (size_t)len));
  OPENSSL_free(der);
  X509_NAME_free(issuer);
  EVP_PKEY_free(pkey);
  X509_free(x);
}

static void test_refusals(void **state) {
  (void)state;
  static const struct forgery cases[] = {
      {.what = "as it should be", .wanted = OK},
      {.what = "a replica's", .extended = "clientAuth", .use = CERT_REPLICA, .wanted = OK},
      {.what = "critical client use", .extended = "critical,clientAuth", .use = CERT_REPLICA, .wanted = OK},
      {.what = "no constraints", .without_constraints = true, .wanted = OK},
      {.what = "key identifier", .other_nid = NID_subject_key_identifier, .other = "hash", .wanted = OK},
      {.what = "another signer", .stranger_signs = true, .wanted = ERR_SIGNATURE},
      {.what = "another issuer", .issuer = "CN=Ayrshire", .wanted = ERR_SIGNATURE},
      {.what = "issuer in capitals", .issuer = "CN=LANARKSHIRE", .wanted = ERR_SIGNATURE},
      {.what = "issuer with more names", .issuer = "CN=Lanarkshire/O=x", .wanted = ERR_SIGNATURE},
      {.what = "SHA-384", .digest = EVP_sha384, .wanted = ERR_FORM},
      {.what = "SHA-1", .digest = EVP_sha1, .wanted = ERR_FORM},
      {.what = "CA", .constraints = "critical,CA:TRUE", .wanted = ERR_FORM},
      {.what = "CA, not critical", .constraints = "CA:TRUE", .wanted = ERR_FORM},
      {.what = "path length", .constraints = "critical,CA:TRUE,pathlen:0", .wanted = ERR_FORM},
      {.what = "no key usage", .without_key_usage = true, .wanted = ERR_FORM},
      {.what = "may sign certificates", .key_usage = "critical,digitalSignature,keyCertSign", .wanted = ERR_FORM},
      {.what = "signs certificates only", .key_usage = "critical,keyCertSign,cRLSign", .wanted = ERR_FORM},
      {.what = "agrees on keys", .key_usage = "critical,digitalSignature,keyAgreement", .wanted = ERR_FORM},
      {.what = "deciphers only", .key_usage = "critical,digitalSignature,decipherOnly", .wanted = ERR_FORM},
      {.what = "key agreement only", .key_usage = "critical,keyAgreement", .wanted = ERR_FORM},
      {.what = "person as client", .extended = "clientAuth", .wanted = ERR_FORM},
      {.what = "person for mail", .extended = "emailProtection", .wanted = ERR_FORM},
      {.what = "replica without use", .use = CERT_REPLICA, .wanted = ERR_FORM},
      {.what = "replica as server", .extended = "serverAuth", .use = CERT_REPLICA, .wanted = ERR_FORM},
      {.what = "replica as both", .extended = "clientAuth,serverAuth", .use = CERT_REPLICA, .wanted = ERR_FORM},
      {.what = "replica and any",
       .extended = "clientAuth,anyExtendedKeyUsage",
       .use = CERT_REPLICA,
       .wanted = ERR_FORM},
      {.what = "replica and its own use", .extended = "clientAuth,1.2.3.4", .use = CERT_REPLICA, .wanted = ERR_FORM},
      {.what = "another name", .other_nid = NID_subject_alt_name, .other = "DNS:x.example", .wanted = ERR_FORM},
      {.what = "a comment", .other_nid = NID_netscape_comment, .other = "x", .wanted = ERR_FORM},
      {.what = "key usage twice", .other_nid = NID_key_usage, .other = "critical,digitalSignature", .wanted = ERR_FORM},
      {.what = "constraints twice", .other_nid = NID_basic_constraints, .other = "CA:FALSE", .wanted = ERR_FORM},
      {.what = "CA in the second", .other_nid = NID_basic_constraints, .other = "CA:TRUE", .wanted = ERR_FORM},
      {.what = "P-384", .group = "P-384", .wanted = ERR_FORM},
      {.what = "secp256k1", .group = "secp256k1", .wanted = ERR_FORM},
      {.what = "no subject", .subject = "", .wanted = ERR_FORM},
      {.what = "a name", .subject = "CN=Mary", .wanted = ERR_FORM},
      {.what = "capital digits",
       .subject = "CN=2D711642B726B04401627CA9FBAC32F5C8530FB1903CC4DB02258717921A4881",
       .wanted = ERR_FORM},
      {.what = "63 digits",
       .subject = "CN=2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a488",
       .wanted = ERR_FORM},
      {.what = "two common names", .subject = "CN=" ID "/CN=" ID, .wanted = ERR_FORM},
      {.what = "a further name", .subject = "CN=" ID "/O=x", .wanted = ERR_FORM},
      {.what = "the id under another name", .subject = "O=" ID, .wanted = ERR_FORM},
      {.what = "version 1", .old_version = true, .wanted = ERR_FORM},
      {.what = "ends before it begins", .backwards = true, .wanted = ERR_FORM},
      {.what = "time in the other form", .pem_times = true, .wanted = ERR_FORM},
      {.what = "negative serial", .negative_serial = true, .wanted = ERR_FORM},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct buf cert = {0};
    struct cert_facts facts;
    forge(&cases[i], &cert);
    enum err e = check(buf_bytes(&cert), cases[i].use, &facts);
    if (e != cases[i].wanted)
      fail_msg("%s: %s", cases[i].what, err_words(e));
    buf_release(&cert);
  }
}

static void test_authority_of_the_same_name(void **state) {
  (void)state;
  struct buf cert = {0};
  struct cert_facts facts;
  assert_int_equal(cert_check_authority(buf_bytes(&stranger_cert)), OK);
  assert_int_equal(
      cert_issue(stranger, buf_bytes(&stranger_cert), subject, CERT_PERSON, &id, NULL, FROM_S, UNTIL_S, &cert), OK);
  assert_int_equal(check(buf_bytes(&cert), CERT_PERSON, &facts), ERR_SIGNATURE);
  buf_release(&cert);
}

static void test_every_flip_and_cut(void **state) {
  (void)state;
  struct buf cert = {0};
  struct cert_facts facts;
  assert_int_equal(issue(CERT_REPLICA, NULL, &cert), OK);
  for (size_t bit = 0; bit < 8 * cert.len; bit++) {
    cert.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
    if (check(buf_bytes(&cert), CERT_REPLICA, &facts) == OK)
      fail_msg("bit %zu", bit);
    cert.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
  }
  for (size_t n = 0; n < cert.len; n++)
    if (check(bytes_of(cert.at, n), CERT_REPLICA, &facts) != ERR_FORM)
      fail_msg("cut at %zu", n);
  buf_u8(&cert, 0);
  assert_int_equal(check(buf_bytes(&cert), CERT_REPLICA, &facts), ERR_FORM);
  cert.len--;
  assert_int_equal(check(buf_bytes(&cert), CERT_REPLICA, &facts), OK);
  buf_release(&cert);
}

static void test_authority_flips(void **state) {
  (void)state;
  struct buf cert = {0};
  buf_add(&cert, buf_bytes(&authority_cert));
  for (size_t bit = 0; bit < 8 * cert.len; bit++) {
    cert.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
    if (cert_check_authority(buf_bytes(&cert)) == OK)
      fail_msg("bit %zu", bit);
    cert.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
  }
  buf_u8(&cert, 0);
  assert_int_equal(cert_check_authority(buf_bytes(&cert)), ERR_FORM);
  buf_release(&cert);
}

/* BER that is not DER: the outer length in one byte more than it needs. */
static void test_not_der(void **state) {
  (void)state;
  struct buf cert = {0}, longer = {0};
  struct cert_facts facts;
  assert_int_equal(issue(CERT_PERSON, NULL, &cert), OK);
  assert_true(cert.at[0] == 0x30 && cert.at[1] == 0x82);
  buf_add(&longer, bytes_of("\x30\x83\x00", 3));
  buf_add(&longer, bytes_of(cert.at + 2, cert.len - 2));
  assert_int_equal(check(buf_bytes(&longer), CERT_PERSON, &facts), ERR_FORM);
  buf_clear(&longer);
  buf_add(&longer, bytes_of("\x30\x80", 2));
  buf_add(&longer, bytes_of(cert.at + 4, cert.len - 4));
  buf_add(&longer, bytes_of("\0\0", 2));
  assert_int_equal(check(buf_bytes(&longer), CERT_PERSON, &facts), ERR_FORM);
  buf_release(&cert);
  buf_release(&longer);
}

static void add_tagged(struct buf *b, uint8_t tag, struct bytes value) {
  buf_u8(b, tag);
  buf_u8(b, 0x82);
  buf_u8(b, (uint8_t)(value.len >> 8));
  buf_u8(b, (uint8_t)value.len);
  buf_add(b, value);
}

/* What is signed is itself not DER: it has a length in one byte more than it needs, and the authority's signature is
 * over that. */
static void test_not_der_but_signed(void **state) {
  (void)state;
  static const char algorithm[] = "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02";
  for (int longer = 0; longer <= 1; longer++) {
    struct buf cert = {0}, tbs = {0}, signature = {0}, body = {0}, whole = {0};
    struct cert_facts facts;
    uint8_t *der = NULL;
    assert_int_equal(issue(CERT_PERSON, NULL, &cert), OK);
    const uint8_t *at = cert.at;
    X509 *x = d2i_X509(NULL, &at, (long)cert.len);
    size_t len = (size_t)i2d_re_X509_tbs(x, &der);
    buf_add(&tbs, longer ? bytes_of("\x30\x83\x00", 3) : bytes_of("\x30\x82", 2));
    buf_add(&tbs, bytes_of(der + 2, len - 2));
    assert_int_equal(key_sign(authority, buf_bytes(&tbs), &signature), OK);
    buf_add(&body, buf_bytes(&tbs));
    buf_add(&body, bytes_of(algorithm, sizeof algorithm - 1));
    buf_u8(&body, V_ASN1_BIT_STRING);
    buf_u8(&body, (uint8_t)(signature.len + 1));
    buf_u8(&body, 0);
    buf_add(&body, buf_bytes(&signature));
    add_tagged(&whole, 0x30, buf_bytes(&body));
    assert_int_equal(check(buf_bytes(&whole), CERT_PERSON, &facts), longer ? ERR_FORM : OK);
    OPENSSL_free(der);
    X509_free(x);
    buf_release(&cert);
    buf_release(&tbs);
    buf_release(&signature);
    buf_release(&body);
    buf_release(&whole);
  }
}

static void test_authorities_refused(void **state) {
  (void)state;
  static const struct {
    const char *what, *extensions;
    enum err wanted;
  } cases[] = {
      {"as it should be",
       "-addext basicConstraints=critical,CA:TRUE,pathlen:0 -addext keyUsage=critical,keyCertSign,cRLSign", OK},
      {"no path length", "-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign",
       ERR_FORM},
      {"longer path",
       "-addext basicConstraints=critical,CA:TRUE,pathlen:1 -addext keyUsage=critical,keyCertSign,cRLSign", ERR_FORM},
      {"no CA", "-addext basicConstraints=critical,CA:FALSE -addext keyUsage=critical,keyCertSign,cRLSign", ERR_FORM},
      {"no key usage", "-addext basicConstraints=critical,CA:TRUE,pathlen:0", ERR_FORM},
      {"signs, too",
       "-addext basicConstraints=critical,CA:TRUE,pathlen:0 -addext "
       "keyUsage=critical,keyCertSign,cRLSign,digitalSignature",
       ERR_FORM},
      {"names a host",
       "-addext basicConstraints=critical,CA:TRUE,pathlen:0 -addext keyUsage=critical,keyCertSign,cRLSign "
       "-addext subjectAltName=DNS:x",
       ERR_FORM},
  };
  write_file("req.cnf", bytes_str("[req]\ndistinguished_name=dn\n[dn]\n"));
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char command[512];
    struct buf cert = {0};
    snprintf(
        command, sizeof command,
        "openssl req -config req.cnf -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k -subj /CN=x "
        "-outform DER -out a.der %s",
        cases[i].extensions);
    assert_int_equal(shell(command), 0);
    read_file("a.der", &cert);
    if (cert_check_authority(buf_bytes(&cert)) != cases[i].wanted)
      fail_msg("%s", cases[i].what);
    buf_release(&cert);
  }
}

static void test_issue_refuses(void **state) {
  (void)state;
  static const char long_name[] = "a name of more than sixty-four characters is more than X.509 allows";
  static const char *const hosts[] = {"", "two words", "a/b", "a\nb", "*.example", "1:2"};
  struct buf out = {0};
  struct bytes ca = buf_bytes(&authority_cert);
  for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
    if (issue(CERT_NODE_TLS, hosts[i], &out) != ERR_FORM)
      fail_msg("%s", hosts[i]);
  assert_int_equal(cert_make_authority(authority, long_name, FROM_S, UNTIL_S, &out), ERR_FORM);
  assert_int_equal(cert_make_authority(authority, "x", UNTIL_S, FROM_S, &out), ERR_FORM);
  assert_int_equal(cert_issue(authority, ca, subject, CERT_PERSON, &id, NULL, UNTIL_S, FROM_S, &out), ERR_FORM);
  assert_int_equal(cert_issue(stranger, ca, subject, CERT_PERSON, &id, NULL, FROM_S, UNTIL_S, &out), ERR_FORM);
  assert_int_equal(out.len, 0);
}

static void test_long_host(void **state) {
  (void)state;
  char host[254];
  struct buf cert = {0};
  for (size_t i = 0; i < 253; i++)
    host[i] = i % 50 == 49 ? '.' : 'a';
  host[253] = '\0';
  assert_int_equal(issue(CERT_NODE_TLS, host, &cert), OK);
  const uint8_t *at = cert.at;
  X509 *x = d2i_X509(NULL, &at, (long)cert.len);
  assert_int_equal(X509_check_host(x, host, 0, 0, NULL), 1);
  X509_free(x);
  buf_release(&cert);
}

static enum err check_request(struct bytes request, struct key **out) {
  uint8_t *copy = mem_alloc(request.len);
  if (request.len)
    memcpy(copy, request.at, request.len);
  enum err e = cert_check_request(bytes_of(copy, request.len), out);
  free(copy);
  return e;
}

static void test_requests(void **state) {
  (void)state;
  struct buf request = {0};
  struct key *k = NULL;
  assert_int_equal(cert_make_request(subject, &request), OK);
  assert_int_equal(check_request(buf_bytes(&request), &k), OK);
  assert_true(bytes_equal(key_spki(k), key_spki(subject)));
  key_free(k);
  k = NULL;
  write_file("r.der", buf_bytes(&request));
  assert_int_equal(shell("openssl req -inform DER -in r.der -verify -noout"), 0);
  for (size_t bit = 0; bit < 8 * request.len; bit++) {
    request.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
    if (check_request(buf_bytes(&request), &k) == OK)
      fail_msg("bit %zu", bit);
    request.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
  }
  for (size_t n = 0; n < request.len; n++)
    assert_int_equal(check_request(bytes_of(request.at, n), &k), ERR_FORM);
  buf_u8(&request, 0);
  assert_int_equal(check_request(buf_bytes(&request), &k), ERR_FORM);
  assert_null(k);
  buf_release(&request);
}

static void test_requests_of_openssl(void **state) {
  (void)state;
  static const struct {
    const char *what, *key;
    enum err wanted;
  } cases[] = {
      {"P-256", "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -sha256", OK},
      {"SHA-512", "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -sha512", ERR_FORM},
      {"P-384", "-newkey ec -pkeyopt ec_paramgen_curve:P-384 -sha256", ERR_FORM},
      {"Ed25519", "-newkey ed25519", ERR_FORM},
      {"RSA", "-newkey rsa:2048", ERR_FORM},
  };
  write_file("req.cnf", bytes_str("[req]\ndistinguished_name=dn\n[dn]\n"));
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char command[512];
    struct buf request = {0};
    struct key *k = NULL;
    snprintf(command, sizeof command,
             "openssl req -config req.cnf -new -nodes -keyout k -subj /CN=anyone -outform DER -out r.der %s",
             cases[i].key);
    assert_int_equal(shell(command), 0);
    read_file("r.der", &request);
    enum err e = check_request(buf_bytes(&request), &k);
    if (e != cases[i].wanted)
      fail_msg("%s: %s", cases[i].what, err_words(e));
    key_free(k);
    buf_release(&request);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_issue_and_check),
      cmocka_unit_test(test_authority),
      cmocka_unit_test(test_node_certificate_is_no_one_elses),
      cmocka_unit_test(test_serials_differ),
      cmocka_unit_test(test_openssl_accepts_ours),
      cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_authority_of_the_same_name),
      cmocka_unit_test(test_every_flip_and_cut),
      cmocka_unit_test(test_authority_flips),
      cmocka_unit_test(test_not_der),
      cmocka_unit_test(test_not_der_but_signed),
      cmocka_unit_test(test_authorities_refused),
      cmocka_unit_test(test_issue_refuses),
      cmocka_unit_test(test_long_host),
      cmocka_unit_test(test_requests),
      cmocka_unit_test(test_requests_of_openssl),
  };
  return cmocka_run_group_tests(tests, start, end);
}
