#include "audit/verify_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mbedtls/asn1.h>
#include <mbedtls/md.h>
#include <mbedtls/oid.h>
#include <mbedtls/x509_crt.h>

static bool same(const mbedtls_x509_buf *a, const void *at, size_t len) {
  return a->len == len && memcmp(a->p, at, len) == 0;
}

static bool has(const mbedtls_x509_crt *c, int extension, unsigned usage) {
  return (c->ext_types & extension) && c->key_usage == usage;
}

/* What all certificates of the ledger have in common: nothing after the DER, version 3, the one algorithm, a P-256 key.
 */
static const char *parse(const uint8_t *der, size_t len, mbedtls_x509_crt *c, struct vkey *key) {
  if (mbedtls_x509_crt_parse_der(c, der, len) != 0 || c->raw.len != len)
    return "the certificate is not DER of X.509";
  if (c->version != 3)
    return "the certificate is not of version 3";
  if (c->sig_md != MBEDTLS_MD_SHA256 || c->sig_pk != MBEDTLS_PK_ECDSA)
    return "the certificate is not signed with ecdsa-with-SHA256";
  if (!vkey_read(c->pk_raw.p, c->pk_raw.len, key))
    return "the certificate's key is not a P-256 key in its one form";
  return NULL;
}

static bool is_signed_by(struct vcurve *curve, const mbedtls_x509_crt *c, const struct vkey *issuer) {
  return vkey_verify_any_s(curve, issuer, vtext_of(c->tbs.p, c->tbs.len), c->sig.p, c->sig.len);
}

/* mbedTLS cannot be given a time to judge by, so validity is kept as text of the ledger's form. */
static bool format_time(const mbedtls_x509_time *t, char out[21]) {
  char text[80];
  snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02dZ", t->year, t->mon, t->day, t->hour, t->min, t->sec);
  vtext_copy(out, 21, vtext_of(text, strlen(text)));
  return vtext_is_time(vtext_of(text, strlen(text)));
}

static const char *judge_authority(struct vcurve *curve, const mbedtls_x509_crt *c, const struct vkey *key) {
  if (!same(&c->issuer_raw, c->subject_raw.p, c->subject_raw.len) || !is_signed_by(curve, c, key))
    return "the authority's certificate is not signed by itself";
  /* mbedTLS counts the path length from one, zero being none at all. */
  if (!c->ca_istrue || c->max_pathlen != 1)
    return "the authority's certificate is not that of an authority with path length 0";
  if (!has(c, MBEDTLS_X509_EXT_KEY_USAGE, MBEDTLS_X509_KU_KEY_CERT_SIGN | MBEDTLS_X509_KU_CRL_SIGN))
    return "the authority's certificate has another key usage than to sign certificates";
  return NULL;
}

struct vwrong vcert_read_authority(struct vcurve *curve, const uint8_t *der, size_t len, struct vcert_authority *out) {
  mbedtls_x509_crt c;
  struct vkey key;
  mbedtls_x509_crt_init(&c);
  const char *wrong = parse(der, len, &c, &key);
  if (wrong == NULL)
    wrong = judge_authority(curve, &c, &key);
  if (wrong == NULL) {
    out->key = key;
    out->name_len = c.subject_raw.len;
    out->name = vtext_alloc(out->name_len);
    memcpy(out->name, c.subject_raw.p, out->name_len);
  }
  mbedtls_x509_crt_free(&c);
  return (struct vwrong){VERIFY_A_AUTHORITY, wrong};
}

void vcert_release_authority(struct vcert_authority *a) {
  free(a->name);
  *a = (struct vcert_authority){0};
}

static bool find_use(const mbedtls_x509_crt *c, enum vcert_use *out) {
  if (!has(c, MBEDTLS_X509_EXT_KEY_USAGE, MBEDTLS_X509_KU_DIGITAL_SIGNATURE))
    return false;
  if (!(c->ext_types & MBEDTLS_X509_EXT_EXTENDED_KEY_USAGE)) {
    *out = VCERT_PERSON;
    return true;
  }
  *out = VCERT_REPLICA;
  return c->ext_key_usage.next == NULL && MBEDTLS_OID_CMP(MBEDTLS_OID_CLIENT_AUTH, &c->ext_key_usage.buf) == 0;
}

static bool find_subject(const mbedtls_x509_crt *c, uint8_t out[VHASH_SIZE]) {
  const mbedtls_x509_name *n = &c->subject;
  return n->next == NULL && MBEDTLS_OID_CMP(MBEDTLS_OID_AT_CN, &n->oid) == 0 &&
         vtext_hex(vtext_of(n->val.p, n->val.len), out, VHASH_SIZE);
}

static struct vwrong judge(struct vcurve *curve, const struct vcert_authority *a, const mbedtls_x509_crt *c,
                           struct vcert *out) {
  if (!same(&c->issuer_raw, a->name, a->name_len) || !is_signed_by(curve, c, &a->key))
    return (struct vwrong){VERIFY_A_ISSUER, "the certificate is not issued by the ledger's authority"};
  if (c->ca_istrue)
    return (struct vwrong){VERIFY_A_USAGE, "the certificate makes its owner an authority"};
  if (!find_use(c, &out->use))
    return (struct vwrong){VERIFY_A_USAGE, "the certificate's key usage is not that of a person or a replica"};
  if (!find_subject(c, out->subject))
    return (struct vwrong){VERIFY_A_SUBJECT, "the certificate's subject is not one entry id"};
  if (!format_time(&c->valid_from, out->from) || !format_time(&c->valid_to, out->until))
    return (struct vwrong){VERIFY_A_CERT, "the certificate's validity is not two times"};
  return (struct vwrong){0};
}

struct vwrong vcert_read(struct vcurve *curve, const struct vcert_authority *a, const uint8_t *der, size_t len,
                         struct vcert *out) {
  mbedtls_x509_crt c;
  struct vcert cert = {0};
  mbedtls_x509_crt_init(&c);
  struct vwrong wrong = {VERIFY_A_CERT, parse(der, len, &c, &cert.key)};
  if (wrong.words == NULL)
    wrong = judge(curve, a, &c, &cert);
  if (wrong.words == NULL)
    *out = cert;
  mbedtls_x509_crt_free(&c);
  return wrong;
}
