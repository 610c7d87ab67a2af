#include "sync/tls.h"

#include <assert.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

struct former {
  X509 *ca, *certificate; /* certificate: may be NULL */
};

struct tls {
  enum tls_side side;
  struct former *former;
  size_t former_count;
  X509 *ca; /* NULL: any authority with this print */
  struct hash ca_print;
  X509 *certificate;
  const struct key *key;
  SSL_CTX *context; /* TLS_NODE only: a replica's belongs to libcurl */
  int gone_index;   /* where an SSL keeps its struct gone */
  int verify_error; /* of the last certificate that was shown to us: X509_V_… */
  int alert;        /* the last fatal alert that the other side sent: SSL_AD_… , or -1 */
};

struct gone {
  void (*call)(void *of);
  void *of;
};

/* The one certificate of a chain that has the print; NULL if none has. */
static X509 *find_by_print(const STACK_OF(X509) * chain, const struct hash *print) {
  for (int i = 0; i < sk_X509_num(chain); i++) {
    struct hash h;
    X509 *x = sk_X509_value(chain, i);
    if (X509_digest(x, EVP_sha256(), h.at, NULL) == 1 && hash_equal(&h, print))
      return x;
  }
  return NULL;
}

/* OpenSSL takes a certificate without extendedKeyUsage for fit for anything; a person's certificate has none. */
static bool has_use(X509 *leaf, enum tls_side shown_to) {
  uint32_t use = shown_to == TLS_REPLICA ? XKU_SSL_SERVER : XKU_SSL_CLIENT;
  return (X509_get_extension_flags(leaf) & EXFLAG_XKUSAGE) != 0 && (X509_get_extended_key_usage(leaf) & use) != 0;
}

/* X509_V_OK, or what is wrong with the leaf when only ca is trusted. */
static int judge(const struct tls *t, X509 *ca, X509 *leaf, STACK_OF(X509) * chain) {
  int error = X509_V_ERR_OUT_OF_MEM;
  X509_STORE *store = X509_STORE_new();
  X509_STORE_CTX *c = X509_STORE_CTX_new();
  if (store == NULL || c == NULL || X509_STORE_add_cert(store, ca) != 1 ||
      X509_STORE_CTX_init(c, store, leaf, chain) != 1)
    goto out;
  X509_VERIFY_PARAM *p = X509_STORE_CTX_get0_param(c);
  X509_VERIFY_PARAM_set_depth(p, 0);
  /* A machine that was away for too long is told so, in words: that is for whoever knows the directory. */
  if (t->side == TLS_NODE)
    X509_VERIFY_PARAM_set_flags(p, X509_V_FLAG_NO_CHECK_TIME);
  X509_VERIFY_PARAM_set_purpose(p, t->side == TLS_REPLICA ? X509_PURPOSE_SSL_SERVER : X509_PURPOSE_SSL_CLIENT);
  error = X509_V_OK;
  if (X509_verify_cert(c) != 1)
    error = X509_STORE_CTX_get_error(c);
  else if (!has_use(leaf, t->side))
    error = X509_V_ERR_INVALID_PURPOSE;
out:
  X509_STORE_CTX_free(c);
  X509_STORE_free(store);
  return error;
}

/* Which of the authorities has issued it, as far as names and key identifiers tell. */
static X509 *find_issuer(const struct tls *t, X509 *leaf) {
  for (size_t i = 0; i < t->former_count; i++)
    if (X509_check_issued(t->former[i].ca, leaf) == X509_V_OK && X509_check_issued(t->ca, leaf) != X509_V_OK)
      return t->former[i].ca;
  return t->ca;
}

/* Takes the place of OpenSSL's own verification, so that what else is in the context's store (libcurl fills it as it
 * likes) has no say. */
static int verify(X509_STORE_CTX *shown, void *of) {
  struct tls *t = of;
  X509 *leaf = X509_STORE_CTX_get0_cert(shown);
  STACK_OF(X509) *chain = X509_STORE_CTX_get0_untrusted(shown);
  X509 *ca = t->ca ? find_issuer(t, leaf) : find_by_print(chain, &t->ca_print);
  t->verify_error = ca ? judge(t, ca, leaf, chain) : X509_V_ERR_APPLICATION_VERIFICATION;
  X509_STORE_CTX_set_error(shown, t->verify_error);
  return t->verify_error == X509_V_OK;
}

static void note_alert(const SSL *ssl, int where, int value) {
  struct tls *t = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
  if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT && value >> 8 == SSL3_AL_FATAL)
    t->alert = value & 0xff;
}

static enum err openssl_failed(enum err e, const char *what) {
  unsigned long code = ERR_get_error();
  const char *reason = ERR_reason_error_string(code);
  ERR_clear_error();
  return err_set(e, "%s: %s", what, reason ? reason : "no reason given");
}

enum err tls_equip(struct tls *t, void *ssl_ctx) {
  SSL_CTX *c = ssl_ctx;
  if (SSL_CTX_set_min_proto_version(c, TLS1_3_VERSION) != 1)
    return openssl_failed(ERR_IO, "TLS 1.3 cannot be set up");
  SSL_CTX_set_options(c, SSL_OP_NO_TICKET);
  SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_app_data(c, t);
  SSL_CTX_set_info_callback(c, note_alert);
  SSL_CTX_set_verify(c, SSL_VERIFY_PEER, NULL);
  SSL_CTX_set_cert_verify_callback(c, verify, t);
  /* Names the authority in the handshake (RFC 8446 4.2.4), so that the node knows which of its certificates to show. */
  if (t->side == TLS_REPLICA && t->ca && SSL_CTX_add1_to_CA_list(c, t->ca) != 1)
    return openssl_failed(ERR_IO, "TLS cannot be set up");
  if (t->certificate == NULL)
    return OK;
  if (SSL_CTX_use_certificate(c, t->certificate) != 1)
    return openssl_failed(ERR_FORM, "the TLS certificate cannot be used");
  if (SSL_CTX_use_PrivateKey(c, key_native(t->key)) != 1 || SSL_CTX_check_private_key(c) != 1)
    return openssl_failed(ERR_KEY, "the TLS certificate and its key do not belong together");
  return OK;
}

static void connection_gone(void *ssl, void *ptr, CRYPTO_EX_DATA *data, int index, long number, void *of) {
  (void)ssl, (void)data, (void)index, (void)number, (void)of;
  struct gone *gone = ptr;
  if (gone == NULL)
    return;
  gone->call(gone->of);
  free(gone);
}

static bool is_named(const STACK_OF(X509_NAME) * names, const X509 *ca) {
  for (int i = 0; i < sk_X509_NAME_num(names); i++)
    if (X509_NAME_cmp(sk_X509_NAME_value(names, i), X509_get_subject_name(ca)) == 0)
      return true;
  return false;
}

/* A replica that trusts an authority of before, because it has not heard of the one in force, is shown the certificate
 * from that one. Who names none, or one that is not known, is shown the context's own. */
static int pick_certificate(SSL *ssl, void *of) {
  const struct tls *t = of;
  const STACK_OF(X509_NAME) *names = SSL_get0_peer_CA_list(ssl);
  const struct former *f = NULL;
  if (names == NULL || is_named(names, t->ca))
    return 1;
  for (size_t i = 0; i < t->former_count && f == NULL; i++)
    if (t->former[i].certificate && is_named(names, t->former[i].ca))
      f = &t->former[i];
  if (f == NULL)
    return 1;
  bool done = SSL_use_certificate(ssl, f->certificate) == 1 && SSL_use_PrivateKey(ssl, key_native(t->key)) == 1 &&
              SSL_clear_chain_certs(ssl) == 1 && SSL_add1_chain_cert(ssl, f->ca) == 1;
  ERR_clear_error();
  return done;
}

/* What a node adds to tls_equip: it shows the authority's certificate, too, so that a joining replica can compare its
 * print, and names the authorities whose certificates it asks for. */
static enum err open_context(struct tls *t) {
  if (t->gone_index < 0)
    t->gone_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, connection_gone);
  t->context = SSL_CTX_new(TLS_server_method());
  if (t->context == NULL || t->gone_index < 0)
    return openssl_failed(ERR_IO, "TLS cannot be set up");
  enum err e = tls_equip(t, t->context);
  if (e != OK)
    return e;
  if (SSL_CTX_add1_chain_cert(t->context, t->ca) != 1 || SSL_CTX_add_client_CA(t->context, t->ca) != 1 ||
      SSL_CTX_set_num_tickets(t->context, 0) != 1)
    return openssl_failed(ERR_IO, "TLS cannot be set up");
  for (size_t i = 0; i < t->former_count; i++)
    if (SSL_CTX_add_client_CA(t->context, t->former[i].ca) != 1)
      return openssl_failed(ERR_IO, "TLS cannot be set up");
  SSL_CTX_set_cert_cb(t->context, pick_certificate, t);
  return OK;
}

static enum err read_certificate(struct bytes der, const char *what, X509 **out) {
  const uint8_t *at = der.at;
  X509 *x = d2i_X509(NULL, &at, (long)der.len);
  if (x == NULL || at != der.at + der.len) {
    X509_free(x);
    ERR_clear_error();
    return err_set(ERR_FORM, "%s is not an X.509 certificate in DER", what);
  }
  *out = x;
  return OK;
}

static bool is_of_key(X509 *certificate, const struct key *k) {
  bool is = X509_check_private_key(certificate, key_native(k)) == 1;
  ERR_clear_error();
  return is;
}

static enum err read_former(struct tls *t, const struct tls_settings *s) {
  enum err e = OK;
  t->former = s->former_count ? mem_alloc_array(s->former_count, sizeof *t->former) : NULL;
  t->former_count = s->former_count;
  for (size_t i = 0; e == OK && i < s->former_count; i++) {
    e = read_certificate(s->former[i].ca, "the certificate of an authority of before", &t->former[i].ca);
    if (e == OK && s->former[i].certificate.len)
      e = read_certificate(s->former[i].certificate, "the TLS certificate", &t->former[i].certificate);
    if (e == OK && t->former[i].certificate && !is_of_key(t->former[i].certificate, s->key))
      e = err_set(ERR_KEY, "the TLS certificate and its key do not belong together");
  }
  return e;
}

static enum err read_settings(struct tls *t, const struct tls_settings *s) {
  enum err e = OK;
  t->key = s->key;
  if (s->ca.len)
    e = read_certificate(s->ca, "the authority's certificate", &t->ca);
  else
    t->ca_print = *s->ca_print;
  if (e == OK && s->certificate.len)
    e = read_certificate(s->certificate, "the TLS certificate", &t->certificate);
  if (e == OK)
    e = read_former(t, s);
  return e == OK && s->side == TLS_NODE ? open_context(t) : e;
}

static void release_settings(struct tls *t) {
  SSL_CTX_free(t->context);
  for (size_t i = 0; i < t->former_count; i++) {
    X509_free(t->former[i].ca);
    X509_free(t->former[i].certificate);
  }
  free(t->former);
  X509_free(t->certificate);
  X509_free(t->ca);
}

enum err tls_open(const struct tls_settings *s, struct tls **out) {
  assert(s->side == TLS_REPLICA ? s->ca.len || s->ca_print : s->ca.len && s->certificate.len);
  assert((s->certificate.len != 0) == (s->key != NULL));
  struct tls *t = mem_alloc(sizeof *t);
  *t = (struct tls){.side = s->side, .gone_index = -1, .alert = -1};
  enum err e = read_settings(t, s);
  if (e != OK)
    tls_close(t);
  else
    *out = t;
  return e;
}

enum err tls_replace(struct tls *t, const struct tls_settings *s) {
  assert(t->side == TLS_NODE && s->side == TLS_NODE && s->ca.len && s->certificate.len && s->key);
  struct tls before = *t;
  *t = (struct tls){.side = before.side, .gone_index = before.gone_index, .alert = -1};
  enum err e = read_settings(t, s);
  release_settings(e == OK ? &before : t);
  if (e != OK)
    *t = before;
  return e;
}

void tls_close(struct tls *t) {
  if (t == NULL)
    return;
  release_settings(t);
  if (t->gone_index >= 0)
    CRYPTO_free_ex_index(CRYPTO_EX_INDEX_SSL, t->gone_index);
  free(t);
}

struct failure {
  int code;
  const char *words;
};

static const struct failure verify_failures[] = {
    {X509_V_ERR_APPLICATION_VERIFICATION, "it does not show the authority that the invitation names"},
    {X509_V_ERR_CERT_HAS_EXPIRED, "its certificate has expired, or the clock of this computer is wrong"},
    {X509_V_ERR_CERT_NOT_YET_VALID, "its certificate is not valid yet, or the clock of this computer is wrong"},
    {X509_V_ERR_INVALID_PURPOSE, "its certificate is not one for a node"},
    {X509_V_OK, NULL},
};

static const struct failure alert_failures[] = {
    {SSL_AD_PROTOCOL_VERSION, "it does not speak TLS 1.3"},
    {SSL_AD_BAD_CERTIFICATE, "it does not accept the certificate of this replica"},
    {SSL_AD_UNSUPPORTED_CERTIFICATE, "it does not accept the certificate of this replica"},
    {SSL_AD_CERTIFICATE_REVOKED, "the certificate of this replica is revoked"},
    {SSL_AD_CERTIFICATE_EXPIRED, "the certificate of this replica has expired, or a clock is wrong"},
    {SSL_AD_CERTIFICATE_UNKNOWN, "it does not accept the certificate of this replica"},
    {SSL_AD_UNKNOWN_CA, "the certificate of this replica is not from the node's authority"},
    {-1, NULL},
};

#define OF_A_STRANGER "its certificate is not from this authority"

/* The words for a code; the last row ends the table and is what is said when nothing is wrong. */
static const char *find_words(const struct failure *rows, int ok, int code, const char *other) {
  for (const struct failure *f = rows;; f++)
    if (f->code == code)
      return f->words;
    else if (f->code == ok)
      return other;
}

const char *tls_failure(const struct tls *t) {
  const char *words = find_words(verify_failures, X509_V_OK, t->verify_error, OF_A_STRANGER);
  return words ? words : find_words(alert_failures, -1, t->alert, "it broke off the TLS handshake");
}

bool tls_met_a_stranger(const struct tls *t) {
  const char *words = find_words(verify_failures, X509_V_OK, t->verify_error, OF_A_STRANGER);
  return words && strcmp(words, OF_A_STRANGER) == 0;
}

void *tls_accept(struct tls *t, void (*gone)(void *of), void *of) {
  struct gone *g = mem_alloc(sizeof *g);
  *g = (struct gone){gone, of};
  SSL *ssl = SSL_new(t->context);
  if (ssl == NULL || SSL_set_ex_data(ssl, t->gone_index, g) != 1) {
    SSL_free(ssl);
    free(g);
    return NULL;
  }
  return ssl;
}

void tls_say(void *ssl, struct bytes last) {
  if (SSL_is_init_finished(ssl))
    SSL_write(ssl, last.at, (int)last.len);
  ERR_clear_error();
}

bool tls_peer(void *ssl, struct hash *key_id_out) {
  X509 *x = SSL_get0_peer_certificate(ssl);
  uint8_t *spki = NULL;
  int n = x ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &spki) : 0;
  if (n > 0)
    *key_id_out = hash_of(bytes_of(spki, (size_t)n));
  OPENSSL_free(spki);
  return n > 0;
}
