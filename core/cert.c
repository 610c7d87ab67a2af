#include "core/cert.h"

#include <arpa/inet.h>
#include <assert.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#define SERIAL_SIZE 16
#define SERIAL_MAX 20 /* RFC 5280 4.1.2.2 */
#define HOST_MAX 253
#define AUTHORITY_DIGITS 16 /* of the key id, in an authority's name */

/* The forms of core/FORMAT.md section 9 and what their extensions hold. Makers write these bytes and checkers compare
 * them, so that a certificate cannot say more than is meant. */
enum form { FORM_AUTHORITY, FORM_PERSON, FORM_REPLICA, FORM_NODE_TLS };

#define IN(form) (1u << (form))
#define IN_LEAVES (IN(FORM_PERSON) | IN(FORM_REPLICA) | IN(FORM_NODE_TLS))
#define IN_ALL (IN_LEAVES | IN(FORM_AUTHORITY))

static const struct extension {
  int nid;
  unsigned forms;
  bool critical; /* as we write it: these are the ones that RFC 5280 wants critical */
  bool required;
  const char *der; /* NULL: nothing is decided by it */
  size_t der_len;
} extensions[] = {
    /* CA true, path length 0; nothing */
    {NID_basic_constraints, IN(FORM_AUTHORITY), true, true, "\x30\x06\x01\x01\xff\x02\x01\x00", 8},
    {NID_basic_constraints, IN_LEAVES, true, false, "\x30\x00", 2},
    /* keyCertSign and cRLSign; digitalSignature */
    {NID_key_usage, IN(FORM_AUTHORITY), true, true, "\x03\x02\x01\x06", 4},
    {NID_key_usage, IN_LEAVES, true, true, "\x03\x02\x07\x80", 4},
    /* clientAuth; serverAuth */
    {NID_ext_key_usage, IN(FORM_REPLICA), false, true, "\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x02", 12},
    {NID_ext_key_usage, IN(FORM_NODE_TLS), false, true, "\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x01", 12},
    {NID_subject_key_identifier, IN_ALL, false, false, NULL, 0},
    {NID_authority_key_identifier, IN_ALL, false, false, NULL, 0},
};

#define EXTENSION_COUNT (sizeof extensions / sizeof *extensions)

static enum form form_of(enum cert_use use) {
  static const enum form forms[] = {
      [CERT_PERSON] = FORM_PERSON, [CERT_REPLICA] = FORM_REPLICA, [CERT_NODE_TLS] = FORM_NODE_TLS};
  return forms[use];
}

static struct bytes string_bytes(const ASN1_STRING *s) {
  return bytes_of(ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));
}

/* Making. Each step returns false if OpenSSL could not. */

/* Tag, length and value in DER, for values under 64 KiB. */
static void add_tagged(struct buf *b, uint8_t tag, struct bytes value) {
  buf_u8(b, tag);
  if (value.len > 0xff) {
    buf_u8(b, 0x82);
    buf_u8(b, (uint8_t)(value.len >> 8));
  } else if (value.len > 0x7f) {
    buf_u8(b, 0x81);
  }
  buf_u8(b, (uint8_t)value.len);
  buf_add(b, value);
}

static bool add_extension(X509 *x, int nid, bool critical, struct bytes der) {
  X509_EXTENSION *extension = NULL;
  ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
  bool ok = value != NULL && ASN1_OCTET_STRING_set(value, der.at, (int)der.len) == 1 &&
            (extension = X509_EXTENSION_create_by_NID(NULL, nid, critical, value)) != NULL &&
            X509_add_ext(x, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  ASN1_OCTET_STRING_free(value);
  return ok;
}

/* SEQUENCE { [tag] value }: the shape of what names a host or a key. */
static bool add_wrapped_extension(X509 *x, int nid, uint8_t tag, struct bytes value) {
  struct buf inner = {0}, outer = {0};
  add_tagged(&inner, tag, value);
  add_tagged(&outer, V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED, buf_bytes(&inner));
  bool ok = add_extension(x, nid, false, buf_bytes(&outer));
  buf_release(&inner);
  buf_release(&outer);
  return ok;
}

/* The subject's key identifier is its key id (RFC 7093 section 2, method 4). The issuer's is repeated, whatever it is.
 */
static bool add_key_identifiers(X509 *x, const struct key *subject, const ASN1_OCTET_STRING *issuer) {
  struct hash id = key_id(subject);
  struct buf der = {0};
  add_tagged(&der, V_ASN1_OCTET_STRING, hash_bytes(&id));
  bool ok = add_extension(x, NID_subject_key_identifier, false, buf_bytes(&der));
  buf_release(&der);
  return ok && (issuer == NULL || add_wrapped_extension(x, NID_authority_key_identifier, 0x80, string_bytes(issuer)));
}

/* An address as its bytes, a name as its letters (RFC 5280 4.2.1.6). */
static bool add_host(X509 *x, const char *host) {
  uint8_t address[16];
  if (inet_pton(AF_INET, host, address) == 1)
    return add_wrapped_extension(x, NID_subject_alt_name, 0x80 | GEN_IPADD, bytes_of(address, 4));
  if (inet_pton(AF_INET6, host, address) == 1)
    return add_wrapped_extension(x, NID_subject_alt_name, 0x80 | GEN_IPADD, bytes_of(address, 16));
  return add_wrapped_extension(x, NID_subject_alt_name, 0x80 | GEN_DNS, bytes_str(host));
}

static bool is_host(const char *host) {
  static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
  uint8_t address[16];
  size_t n = strlen(host);
  return inet_pton(AF_INET6, host, address) == 1 || (n > 0 && n <= HOST_MAX && strspn(host, letters) == n);
}

static bool add_form(X509 *x, enum form form) {
  for (size_t i = 0; i < EXTENSION_COUNT; i++) {
    const struct extension *e = &extensions[i];
    if ((e->forms & IN(form)) && e->der && !add_extension(x, e->nid, e->critical, bytes_of(e->der, e->der_len)))
      return false;
  }
  return true;
}

static bool add_common_name(X509 *x, const char *name) {
  X509_NAME *subject = X509_get_subject_name(x);
  return X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8, (const uint8_t *)name, -1, -1, 0) == 1;
}

/* A random number of exactly 16 bytes that is positive. */
static bool set_serial(X509 *x) {
  uint8_t serial[SERIAL_SIZE];
  key_random(serial, sizeof serial);
  serial[0] = (serial[0] & 0x3f) | 0x40;
  return ASN1_STRING_set(X509_get_serialNumber(x), serial, sizeof serial) == 1;
}

static bool set_times(X509 *x, int64_t from_s, int64_t until_s) {
  return from_s <= until_s && ASN1_TIME_set(X509_getm_notBefore(x), (time_t)from_s) != NULL &&
         ASN1_TIME_set(X509_getm_notAfter(x), (time_t)until_s) != NULL;
}

/* A certificate that lacks only its issuer's name, the key identifiers and the signature. */
static X509 *draft(const struct key *subject_key, enum form form, const char *name, int64_t from_s, int64_t until_s) {
  X509 *x = X509_new();
  if (x && X509_set_version(x, X509_VERSION_3) == 1 && set_serial(x) && set_times(x, from_s, until_s) &&
      add_common_name(x, name) && X509_set_pubkey(x, key_native(subject_key)) == 1 && add_form(x, form))
    return x;
  X509_free(x);
  return NULL;
}

/* Signs and appends; what cannot be encoded or is too long for anyone to accept is a fault of the arguments. */
static enum err finish(X509 *x, const struct key *authority, struct buf *out) {
  uint8_t *der = NULL;
  if (X509_sign(x, key_native(authority), EVP_sha256()) <= 0)
    return key_openssl_failed(ERR_IO, "could not sign the certificate");
  int len = i2d_X509(x, &der);
  if (len <= 0)
    return key_openssl_failed(ERR_IO, "could not write the certificate");
  buf_add(out, bytes_of(der, (size_t)len));
  OPENSSL_free(der);
  return buf_err(out);
}

/* Two authorities of the same name are told apart by it. */
static bool add_key_digits(X509 *x, const struct key *k) {
  struct hash id = key_id(k);
  return X509_NAME_add_entry_by_NID(X509_get_subject_name(x), NID_serialNumber, MBSTRING_ASC,
                                    (const uint8_t *)hash_hex(&id).s, AUTHORITY_DIGITS, -1, 0) == 1;
}

enum err cert_make_authority(const struct key *authority, const char *name, int64_t from_s, int64_t until_s,
                             struct buf *out) {
  enum err e;
  X509 *x = draft(authority, FORM_AUTHORITY, name, from_s, until_s);
  if (x == NULL || !add_key_digits(x, authority) || X509_set_issuer_name(x, X509_get_subject_name(x)) != 1 ||
      !add_key_identifiers(x, authority, NULL))
    e = key_openssl_failed(ERR_FORM, "the authority's certificate cannot have this name or these times");
  else
    e = finish(x, authority, out);
  X509_free(x);
  return e;
}

/* Reading and judging. */

/* Decodes what is DER and nothing else: encoding it anew must give the same bytes. */
static X509 *decode(struct bytes der) {
  const uint8_t *at = der.at;
  uint8_t *again = NULL;
  X509 *x = der.len > 0 && der.len <= CERT_MAX ? d2i_X509(NULL, &at, (long)der.len) : NULL;
  int len = x && i2d_re_X509_tbs(x, NULL) > 0 ? i2d_X509(x, &again) : -1;
  if (len <= 0 || !bytes_equal(bytes_of(again, (size_t)len), der)) {
    X509_free(x);
    x = NULL;
  }
  OPENSSL_free(again);
  ERR_clear_error();
  return x;
}

/* The row of the extension in the form, or EXTENSION_COUNT. */
static size_t find_extension(int nid, enum form form) {
  size_t i = 0;
  while (i < EXTENSION_COUNT && !(extensions[i].nid == nid && (extensions[i].forms & IN(form))))
    i++;
  return i;
}

/* Every extension is one of the form's, holds what it must, and occurs once; none that is required is missing. */
static bool has_extensions(const X509 *x, enum form form) {
  bool seen[EXTENSION_COUNT + 1] = {false};
  for (int i = 0; i < X509_get_ext_count(x); i++) {
    X509_EXTENSION *extension = X509_get_ext(x, i);
    size_t row = find_extension(OBJ_obj2nid(X509_EXTENSION_get_object(extension)), form);
    if (row == EXTENSION_COUNT || seen[row])
      return false;
    const struct extension *e = &extensions[row];
    if (e->der && !bytes_equal(string_bytes(X509_EXTENSION_get_data(extension)), bytes_of(e->der, e->der_len)))
      return false;
    seen[row] = true;
  }
  for (size_t row = 0; row < EXTENSION_COUNT; row++)
    if (extensions[row].required && (extensions[row].forms & IN(form)) && !seen[row])
      return false;
  return true;
}

/* ecdsa-with-SHA256 without parameters (RFC 5758 3.2). That the two places that name it agree is checked with the
 * signature. */
static bool has_our_algorithm(const X509 *x) {
  const ASN1_OBJECT *name;
  int parameter;
  X509_ALGOR_get0(&name, &parameter, NULL, X509_get0_tbs_sigalg(x));
  return OBJ_obj2nid(name) == NID_ecdsa_with_SHA256 && parameter == V_ASN1_UNDEF;
}

static bool has_our_serial(const X509 *x) {
  const ASN1_INTEGER *serial = X509_get0_serialNumber(x);
  struct bytes b = string_bytes(serial);
  return ASN1_STRING_type(serial) == V_ASN1_INTEGER && b.len > 0 && b.len <= SERIAL_MAX && b.at[0] != 0;
}

static bool has_unique_ids(const X509 *x) {
  const ASN1_BIT_STRING *issuer, *subject;
  X509_get0_uids(x, &issuer, &subject);
  return issuer != NULL || subject != NULL;
}

static bool has_form(const X509 *x, enum form form) {
  return X509_get_version(x) == X509_VERSION_3 && has_our_serial(x) && has_our_algorithm(x) && !has_unique_ids(x) &&
         has_extensions(x, form);
}

/* A time that exists, written as RFC 5280 4.1.2.5 says: writing it anew gives the same. */
static bool read_time(const ASN1_TIME *t, int64_t *out) {
  struct tm tm;
  if (ASN1_TIME_to_tm(t, &tm) != 1)
    return false;
  time_t s = timegm(&tm);
  ASN1_TIME *again = ASN1_TIME_set(NULL, s);
  bool same = again != NULL && ASN1_STRING_cmp(again, t) == 0;
  ASN1_TIME_free(again);
  *out = s;
  return same;
}

/* The one common name that the subject consists of, which must be an entry id. */
static bool read_subject(const X509 *x, struct hash *out) {
  const X509_NAME *subject = X509_get_subject_name(x);
  if (X509_NAME_entry_count(subject) != 1)
    return false;
  const X509_NAME_ENTRY *entry = X509_NAME_get_entry(subject, 0);
  return OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry)) == NID_commonName &&
         hash_parse(string_bytes(X509_NAME_ENTRY_get_data(entry)), out) == OK;
}

/* Names are compared as bytes: OpenSSL's own comparison overlooks capitals and spaces. */
static bool same_name(const X509_NAME *a, const X509_NAME *b) {
  const uint8_t *at_a, *at_b;
  size_t len_a, len_b;
  return X509_NAME_get0_der(a, &at_a, &len_a) == 1 && X509_NAME_get0_der(b, &at_b, &len_b) == 1 &&
         bytes_equal(bytes_of(at_a, len_a), bytes_of(at_b, len_b));
}

static enum err key_of_field(const X509_PUBKEY *field, struct key **out) {
  uint8_t *spki = NULL;
  int len = field ? i2d_X509_PUBKEY(field, &spki) : -1;
  enum err e = key_from_spki(bytes_of(spki, len > 0 ? (size_t)len : 0), out);
  OPENSSL_free(spki);
  return e;
}

static enum err check_signature(X509 *x, const struct key *issuer) {
  int verified = X509_verify(x, key_native(issuer));
  ERR_clear_error();
  return verified == 1 ? OK : err_set(ERR_SIGNATURE, "the certificate is not signed by the authority");
}

/* The authority's certificate and its key, checked. */
static enum err read_authority(struct bytes cert, X509 **x_out, struct key **key_out) {
  int64_t from_s, until_s;
  struct key *key = NULL;
  enum err e = ERR_FORM;
  X509 *x = decode(cert);
  if (x && has_form(x, FORM_AUTHORITY) && X509_NAME_entry_count(X509_get_subject_name(x)) > 0 &&
      same_name(X509_get_subject_name(x), X509_get_issuer_name(x)) && read_time(X509_get0_notBefore(x), &from_s) &&
      read_time(X509_get0_notAfter(x), &until_s) && from_s <= until_s)
    e = key_of_field(X509_get_X509_PUBKEY(x), &key);
  if (e == OK)
    e = check_signature(x, key);
  if (e == ERR_FORM)
    err_set(e, "the authority's certificate is not of the form that it must have");
  if (e == OK) {
    *x_out = x;
    *key_out = key;
    return OK;
  }
  key_free(key);
  X509_free(x);
  return e;
}

enum err cert_authority_key_id(struct bytes cert, struct hash *out) {
  X509 *x = NULL;
  struct key *key = NULL;
  enum err e = read_authority(cert, &x, &key);
  if (e == OK)
    *out = key_id(key);
  key_free(key);
  X509_free(x);
  return e;
}

enum err cert_authority_key(struct bytes cert, struct key **out) {
  X509 *x = NULL;
  enum err e = read_authority(cert, &x, out);
  X509_free(x);
  return e;
}

enum err cert_check_authority(struct bytes cert) {
  struct hash ignored;
  return cert_authority_key_id(cert, &ignored);
}

/* All but the signature. */
static enum err read_leaf(X509 *x, enum form form, struct cert_facts *out) {
  struct key *key = NULL;
  if (!has_form(x, form))
    return err_set(ERR_FORM, "the certificate does not have the uses that it must have, and no others");
  if (!read_subject(x, &out->subject))
    return err_set(ERR_FORM, "the certificate's subject is not one entry id");
  if (!read_time(X509_get0_notBefore(x), &out->from_s) || !read_time(X509_get0_notAfter(x), &out->until_s) ||
      out->from_s > out->until_s)
    return err_set(ERR_FORM, "the certificate's times are not of the form that they must have");
  enum err e = key_of_field(X509_get_X509_PUBKEY(x), &key);
  if (e != OK)
    return e;
  struct bytes spki = key_spki(key);
  out->key_id = key_id(key);
  out->spki_len = spki.len;
  memcpy(out->spki, spki.at, spki.len);
  key_free(key);
  return OK;
}

enum err cert_check(struct bytes authority_cert, struct bytes cert, enum cert_use use, struct cert_facts *out) {
  struct cert_facts facts = {.use = use};
  struct key *authority_key = NULL;
  X509 *authority = NULL, *x = NULL;
  assert(use != CERT_NODE_TLS);
  enum err e = read_authority(authority_cert, &authority, &authority_key);
  if (e != OK)
    goto out;
  if ((x = decode(cert)) == NULL) {
    e = err_set(ERR_FORM, "the certificate is not X.509 in DER");
    goto out;
  }
  if ((e = read_leaf(x, form_of(use), &facts)) != OK)
    goto out;
  if (!same_name(X509_get_issuer_name(x), X509_get_subject_name(authority))) {
    e = err_set(ERR_SIGNATURE, "the certificate is from another issuer");
    goto out;
  }
  if ((e = check_signature(x, authority_key)) == OK)
    *out = facts;
out:
  X509_free(x);
  X509_free(authority);
  key_free(authority_key);
  return e;
}

/* x may be NULL: what could not be decoded. */
static enum err find_use(const X509 *x, enum cert_use *out) {
  static const enum cert_use uses[] = {CERT_PERSON, CERT_REPLICA};
  for (size_t i = 0; x && i < sizeof uses / sizeof *uses; i++)
    if (has_form(x, form_of(uses[i]))) {
      *out = uses[i];
      return OK;
    }
  return err_set(ERR_FORM, "the certificate is neither a person's nor a replica's");
}

enum err cert_read(struct bytes cert, struct cert_facts *out) {
  struct cert_facts facts = {0};
  X509 *x = decode(cert);
  enum err e = find_use(x, &facts.use);
  if (e == OK)
    e = read_leaf(x, form_of(facts.use), &facts);
  X509_free(x);
  if (e == OK)
    *out = facts;
  return e;
}

/* A certificate's common name: the node's is fixed, because a host's name may be longer than a common name. */
static struct hash_hex common_name_of(const struct hash *subject, enum cert_use use) {
  return use == CERT_NODE_TLS ? (struct hash_hex){"cairn node"} : hash_hex(subject);
}

enum err cert_issue(const struct key *authority, struct bytes authority_cert, const struct key *subject_key,
                    enum cert_use use, const struct hash *subject, const char *host, int64_t from_s, int64_t until_s,
                    struct buf *out) {
  X509 *issuer = NULL, *x = NULL;
  struct key *issuer_key = NULL;
  struct hash_hex name = common_name_of(subject, use);
  enum err e = read_authority(authority_cert, &issuer, &issuer_key);
  if (e != OK)
    goto out;
  if (!bytes_equal(key_spki(issuer_key), key_spki(authority))) {
    e = err_set(ERR_FORM, "the authority's certificate is for another key than the one to sign with");
    goto out;
  }
  if (use == CERT_NODE_TLS && !is_host(host)) {
    e = err_set(ERR_FORM, "\"%s\" is neither an address nor the name of a host", host);
    goto out;
  }
  x = draft(subject_key, form_of(use), name.s, from_s, until_s);
  if (x == NULL || X509_set_issuer_name(x, X509_get_subject_name(issuer)) != 1 ||
      !add_key_identifiers(x, subject_key, X509_get0_subject_key_id(issuer)) ||
      (use == CERT_NODE_TLS && !add_host(x, host)))
    e = key_openssl_failed(ERR_FORM, "the certificate cannot have these times");
  else
    e = finish(x, authority, out);
out:
  X509_free(x);
  X509_free(issuer);
  key_free(issuer_key);
  return e;
}

/* Requests (PKCS#10, RFC 2986). The subject stays empty: the authority gives the name. */

enum err cert_make_request(const struct key *k, struct buf *out) {
  uint8_t *der = NULL;
  int len = -1;
  X509_REQ *request = X509_REQ_new();
  if (request && X509_REQ_set_version(request, X509_REQ_VERSION_1) == 1 &&
      X509_REQ_set_pubkey(request, key_native(k)) == 1 && X509_REQ_sign(request, key_native(k), EVP_sha256()) > 0)
    len = i2d_X509_REQ(request, &der);
  if (len > 0)
    buf_add(out, bytes_of(der, (size_t)len));
  OPENSSL_free(der);
  X509_REQ_free(request);
  return len > 0 ? buf_err(out) : key_openssl_failed(ERR_IO, "could not make the request");
}

enum err cert_check_request(struct bytes request, struct key **out) {
  struct key *k = NULL;
  enum err e = ERR_FORM;
  const uint8_t *at = request.at;
  X509_REQ *r = request.len > 0 && request.len <= CERT_MAX ? d2i_X509_REQ(NULL, &at, (long)request.len) : NULL;
  if (r == NULL || at != request.at + request.len || X509_REQ_get_signature_nid(r) != NID_ecdsa_with_SHA256) {
    err_set(e, "the request is not PKCS#10 in DER, signed with ECDSA and SHA-256");
    goto out;
  }
  if ((e = key_of_field(X509_REQ_get_X509_PUBKEY(r), &k)) != OK)
    goto out;
  if (X509_REQ_verify(r, key_native(k)) == 1)
    *out = k;
  else
    e = err_set(ERR_SIGNATURE, "the request is not signed with the key that it asks for");
out:
  if (e != OK)
    key_free(k);
  X509_REQ_free(r);
  ERR_clear_error();
  return e;
}
