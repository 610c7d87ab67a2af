/* TLS 1.3 between replica and node (sync/PROTOCOL.md section 1). The owner of OpenSSL's TLS. Whom to trust is decided
 * here and nowhere else: the other side's certificate is issued by the authority (a replica trusts one, a node those
 * before it, too), directly, for this use, and the node's is valid now (whether it names the host that was asked for,
 * libcurl checks; whether a replica's counts still, the node's directory says). No certificate store of the machine is
 * consulted, sessions are not resumed. OpenSSL's own types cross this header as void *, for libcurl's and libevent's
 * sake. */
#ifndef CAIRN_SYNC_TLS_H
#define CAIRN_SYNC_TLS_H

#include "core/bytes.h"
#include "core/hash.h"
#include "core/key.h"

enum tls_side { TLS_NODE, TLS_REPLICA };

/* An authority that another one has taken the place of. */
struct tls_former {
  struct bytes ca;          /* DER; its replicas' certificates are still good */
  struct bytes certificate; /* of our key, from it, for those who still ask for it; empty: none */
};

struct tls_settings {
  enum tls_side side;              /* ours */
  struct bytes ca;                 /* the authority's certificate, DER; or empty, and then (TLS_REPLICA only): */
  const struct hash *ca_print;     /* the SHA-256 of the one that the node must show */
  struct bytes certificate;        /* our own, DER; empty for none (TLS_REPLICA only) */
  const struct key *key;           /* its key, borrowed until tls_close; NULL for none */
  const struct tls_former *former; /* TLS_NODE only: former_count of them, newest first */
  size_t former_count;
};

struct tls;

/* ERR_FORM if a certificate cannot be read, ERR_KEY if certificate and key do not belong together. */
enum err tls_open(const struct tls_settings *settings, struct tls **out);
void tls_close(struct tls *t);
/* TLS_NODE: other certificates and another key for the connections that are accepted from now on. What fails changes
 * nothing. */
enum err tls_replace(struct tls *t, const struct tls_settings *settings);

/* TLS_REPLICA: equips an SSL_CTX * (libcurl's own) with versions, certificate, key and trust. Both must live as long
 * as the connection. */
enum err tls_equip(struct tls *t, void *ssl_ctx);
/* TLS_REPLICA: what the handshake failed of, as plain words, or NULL if TLS has nothing to say. */
const char *tls_failure(const struct tls *t);
/* TLS_REPLICA: it failed because another authority than the one that is trusted has issued what the node shows. */
bool tls_met_a_stranger(const struct tls *t);

/* TLS_NODE: a new SSL * for one accepted connection, which the caller owns; when it is freed, gone(of) is called. NULL
 * if there is no memory. */
void *tls_accept(struct tls *t, void (*gone)(void *of), void *of);
/* TLS_NODE: sends a few last bytes, if the handshake is done and they can go at once. */
void tls_say(void *ssl, struct bytes last);
/* TLS_NODE: the key id of the certificate that the other side has shown, and which was found good; false if it has
 * shown none. */
bool tls_peer(void *ssl, struct hash *key_id_out);

#endif
