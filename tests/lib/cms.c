#include "tests/lib/cms.h"

#include <openssl/cms.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

static void must(bool ok) {
  if (ok)
    return;
  ERR_print_errors_fp(stderr);
  abort();
}

static X509 *certificate(const struct cms_carrier *c) {
  return (X509 *)(uintptr_t)c;
}

struct cms_carrier *cms_carrier_new(const struct key *k) {
  struct hash id = key_id(k);
  struct key *nobody = key_new();
  ASN1_OCTET_STRING *name = ASN1_OCTET_STRING_new();
  X509 *x = X509_new();
  must(x && name && X509_set_version(x, X509_VERSION_3) == 1 && X509_set_pubkey(x, key_native(k)) == 1);
  must(X509_gmtime_adj(X509_getm_notBefore(x), 0) && X509_gmtime_adj(X509_getm_notAfter(x), 3600));
  must(ASN1_OCTET_STRING_set(name, id.at, HASH_SIZE) == 1);
  must(X509_add1_ext_i2d(x, NID_subject_key_identifier, name, 0, X509V3_ADD_APPEND) == 1);
  must(X509_sign(x, key_native(nobody), EVP_sha256()) > 0);
  ASN1_OCTET_STRING_free(name);
  key_free(nobody);
  return (struct cms_carrier *)x;
}

void cms_carrier_free(struct cms_carrier *c) {
  X509_free(certificate(c));
}

static void add_recipient(CMS_ContentInfo *cms, const struct cms_carrier *c, unsigned flags) {
  CMS_RecipientInfo *info = CMS_add1_recipient_cert(cms, certificate(c), flags | CMS_USE_KEYID | CMS_KEY_PARAM);
  must(info && EVP_PKEY_CTX_set_ecdh_kdf_md(CMS_RecipientInfo_get0_pkey_ctx(info), EVP_sha256()) == 1);
}

static void seal_with(const EVP_CIPHER *cipher, struct bytes clear, struct cms_carrier *const *recipients,
                      size_t recipient_count, struct buf *out) {
  unsigned flags = CMS_PARTIAL | CMS_BINARY;
  uint8_t *der = NULL;
  BIO *in = BIO_new_mem_buf(clear.at, (int)clear.len);
  CMS_ContentInfo *cms = CMS_encrypt(NULL, NULL, cipher, flags);
  must(in && cms);
  for (size_t i = 0; i < recipient_count; i++)
    add_recipient(cms, recipients[i], flags);
  must(CMS_final(cms, in, NULL, flags) == 1);
  int len = i2d_CMS_ContentInfo(cms, &der);
  must(len > 0);
  buf_add(out, bytes_of(der, (size_t)len));
  OPENSSL_free(der);
  CMS_ContentInfo_free(cms);
  BIO_free(in);
}

void cms_seal(struct bytes clear, struct cms_carrier *const *recipients, size_t recipient_count, struct buf *out) {
  seal_with(EVP_aes_256_gcm(), clear, recipients, recipient_count, out);
}

void cms_seal_weakly(struct bytes clear, struct cms_carrier *const *recipients, size_t recipient_count,
                     struct buf *out) {
  seal_with(EVP_aes_256_cbc(), clear, recipients, recipient_count, out);
}

bool cms_open(struct bytes envelope, const struct key *own, const struct cms_carrier *carrier, struct buf *clear_out) {
  const uint8_t *at = envelope.at;
  char *text;
  BIO *out = BIO_new(BIO_s_mem());
  CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, (long)envelope.len);
  bool ok = out && cms && CMS_decrypt(cms, key_native(own), certificate(carrier), NULL, out, CMS_BINARY) == 1;
  if (ok) {
    long len = BIO_get_mem_data(out, &text);
    buf_add(clear_out, bytes_of(text, (size_t)len));
  }
  CMS_ContentInfo_free(cms);
  BIO_free(out);
  ERR_clear_error();
  return ok;
}
