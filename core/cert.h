/* X.509 certificates of core/FORMAT.md section 9, and PKCS#10 requests. The owner of OpenSSL's X.509 types.
 * All certificates and requests are DER. */
#ifndef CAIRN_CORE_CERT_H
#define CAIRN_CORE_CERT_H

#include "core/hash.h"
#include "core/key.h"

#define CERT_MAX 4096

enum cert_use { CERT_PERSON, CERT_REPLICA, CERT_NODE_TLS };

struct cert_facts {
  struct hash subject; /* the entry id in the common name; zeros for the node's TLS certificate */
  struct hash key_id;
  uint8_t spki[KEY_SPKI_MAX];
  size_t spki_len;
  int64_t from_s, until_s; /* validity, unix seconds */
  enum cert_use use;
};

/* Makes the authority's own certificate. name is shown to people. */
enum err cert_make_authority(const struct key *authority, const char *name, int64_t from_s, int64_t until_s,
                             struct buf *out);
/* Issues a certificate for a public key; host is for CERT_NODE_TLS (an address or a name), subject for the others. */
enum err cert_issue(const struct key *authority, struct bytes authority_cert, const struct key *subject_key,
                    enum cert_use use, const struct hash *subject, const char *host, int64_t from_s, int64_t until_s,
                    struct buf *out);
/* Checks form, issuer signature, and use; not the time. ERR_FORM or ERR_SIGNATURE. A person's or replica's certificate
 * only. */
enum err cert_check(struct bytes authority_cert, struct bytes cert, enum cert_use use, struct cert_facts *out);
/* An authority's certificate: self-signed, CA, of the form. */
enum err cert_check_authority(struct bytes cert);
/* The id of the key of such a certificate. */
enum err cert_authority_key_id(struct bytes cert, struct hash *out);
/* The key itself, public; the caller frees it. */
enum err cert_authority_key(struct bytes cert, struct key **out);
/* What a person's or replica's certificate that was checked earlier says; the signature is not looked at. */
enum err cert_read(struct bytes cert, struct cert_facts *out);

enum err cert_make_request(const struct key *k, struct buf *out);
/* The public key of a request whose own signature verifies. */
enum err cert_check_request(struct bytes request, struct key **out);

#endif
