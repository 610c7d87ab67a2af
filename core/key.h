/* P-256 keys: making, signing, checking, and keeping them encrypted. The owner of OpenSSL's key types. Secrets
 * live in struct key only and are wiped on release; nothing here copies them out but key_save, encrypted, and
 * key_export_unlocked, for the agent. Signatures
 * are those of core/FORMAT.md section 1: strict DER, low s; anything else does not verify. */
#ifndef CAIRN_CORE_KEY_H
#define CAIRN_CORE_KEY_H

#include "core/hash.h"

#define KEY_SIGNATURE_MAX 72
#define KEY_SPKI_MAX 128
#define KEY_POINT_SIZE 65
#define KEY_PASSPHRASE_MAX 1024
#define KEY_SECRET_SIZE 32

struct key; /* a private key with its public half, or a public key alone */

/* The libraries are as they must be: ERR_IO if OpenSSL is older than 3.0.21. */
enum err key_library_check(void);

struct key *key_new(void);
void key_free(struct key *k);
/* A public key from its SubjectPublicKeyInfo; ERR_FORM unless it is an uncompressed P-256 key in DER. */
enum err key_from_spki(struct bytes spki, struct key **out);
/* The SubjectPublicKeyInfo; borrowed from the key. */
struct bytes key_spki(const struct key *k);
/* The same key as its uncompressed point (SEC 1 2.3.3), KEY_POINT_SIZE bytes; borrowed from the key. */
struct bytes key_point(const struct key *k);
/* ERR_FORM unless it is such a point of P-256. */
enum err key_from_point(struct bytes point, struct key **out);
/* Its hash: the key id. */
struct hash key_id(const struct key *k);

/* Appends the DER signature of the message to out. */
enum err key_sign(const struct key *k, struct bytes message, struct buf *out);
/* OK or ERR_SIGNATURE. */
enum err key_verify(const struct key *k, struct bytes message, struct bytes signature);

/* Writes the private key, encrypted (core/FORMAT.md section 10), into a new file of mode 0600 and syncs it and its
 * folder. ERR_IO if the file is there already. */
enum err key_save(const struct key *k, const char *path, struct bytes passphrase);
/* ERR_ABSENT, ERR_PASSPHRASE, ERR_FORM; ERR_IO if others may read the file, with the command that mends it as the
 * remedy. */
enum err key_load(const char *path, struct bytes passphrase, struct key **out);

/* The private number itself, KEY_SECRET_SIZE bytes, most significant first: for handing a key from one process of a
 * user to another and for nothing else. The caller wipes it. ERR_ABSENT if k is a public key alone. */
enum err key_export_unlocked(const struct key *k, uint8_t *secret_out);
/* The key again; ERR_FORM if there is no such key. */
enum err key_import_unlocked(const uint8_t *secret, struct key **out);

/* Random bytes from the operating system's source by way of OpenSSL. */
void key_random(void *out, size_t n);

/* Sets `what` and OpenSSL's own reason as the words of e, empties OpenSSL's queue of errors, and returns e. For the
 * owners of OpenSSL's other parts, too. */
enum err key_openssl_failed(enum err e, const char *what);

/* OpenSSL's EVP_PKEY *, for the owners of TLS, X.509 and sealing only; borrowed. */
void *key_native(const struct key *k);
/* Takes over an EVP_PKEY *, and frees it if it fails: ERR_FORM if it is not P-256. */
enum err key_from_native(void *pkey, struct key **out);

#endif
