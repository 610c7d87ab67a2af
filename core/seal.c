#include "core/seal.h"

#include <assert.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

/* OpenSSL's own CMS is not used: it takes recipients as certificates only, reads many more forms than the one that is
 * right here, and does not wipe what it held. The form is short; the tests open and make it with `openssl cms`. */

#define SECRET_SIZE 32 /* of the keys of AES-256 */
#define NONCE_SIZE 12
#define TAG_SIZE 16
#define WRAPPED_SIZE 40
#define STEP_MIN 1024

#define CLEAR_TAG "cairn sealed 1\n"
#define CLEAR_START (sizeof CLEAR_TAG - 1 + ENTRY_SALT_SIZE + 4) /* what stands before the content */

enum direction { OPENING = 0, SEALING = 1 }; /* as OpenSSL counts them */

/* DER: the tags (X.690 8.1.2), and what does not vary. The names are those of RFC 5652, 5083, 5084 and 5753. */
enum {
  INTEGER = 0x02,
  OCTET_STRING = 0x04,
  SEQUENCE = 0x30,
  SET = 0x31,
  IMPLICIT_0 = 0x80, /* [0] of a primitive type */
  CONTEXT_0 = 0xa0,
  CONTEXT_1 = 0xa1,
};

#define ALL(array) bytes_of(array, sizeof(array))

static const uint8_t is_auth_enveloped[] = {0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7,
                                            0x0d, 0x01, 0x09, 0x10, 0x01, 0x17};
static const uint8_t is_version_0[] = {INTEGER, 1, 0};
static const uint8_t is_version_3[] = {INTEGER, 1, 3};
/* OriginatorIdentifierOrKey { originatorKey { id-ecPublicKey, BIT STRING of a point } } */
static const uint8_t is_originator[] = {CONTEXT_0, 81,   CONTEXT_1, 79,   SEQUENCE, 9,    0x06, 0x07, 0x2a,
                                        0x86,      0x48, 0xce,      0x3d, 0x02,     0x01, 0x03, 66,   0x00};
static const uint8_t is_kdf[] = {0x06, 0x06, 0x2b, 0x81, 0x04, 0x01, 0x0b, 0x01};
static const uint8_t is_key_wrap[] = {SEQUENCE, 11, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2d};
static const uint8_t is_data[] = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01};
static const uint8_t is_cipher[] = {0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2e};
static const uint8_t is_tag_size[] = {INTEGER, 1, TAG_SIZE};

/* ECC-CMS-SharedInfo (RFC 5753 7.2): the key wrap, and the size of its key in bits. */
static const uint8_t shared_info[] = {SEQUENCE, 21,   SEQUENCE, 11,   0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03,
                                      0x04,     0x01, 0x2d,     0xa2, 6,    4,    4,    0,    0,    1,    0};

#define INFO_SIZE 194 /* of one recipient's RecipientInfo, which always has the same length */

struct recipient {
  struct bytes point; /* of the key made for this one recipient and envelope */
  struct bytes id;
  struct bytes wrapped;
};

/* What varies in an envelope; borrowed from it. */
struct envelope {
  struct bytes nonce, sealed, tag;
  size_t recipient_count;
  struct recipient recipients[ENTRY_RECIPIENTS_MAX];
};

/* The smallest step that holds the content. */
static size_t step_of(size_t content_size) {
  size_t step = STEP_MIN;
  while (step < content_size)
    step *= 2;
  return step;
}

/* A buffer that does not have to grow: with large contents that would take longer than all of the cryptography. */
static struct buf room_for(size_t size) {
  return (struct buf){.at = mem_alloc(size + 1), .cap = size + 1, .max = size};
}

/* Cryptography. Each function returns false if OpenSSL could not, or if what is opened is not whole. */

/* The key that wraps: ECDH of the two keys, and the KDF of X9.63 (SEC 1 3.6.1). The peer's point was checked to be on
 * the curve when it was read, and the curve has no other points than those of the group, so it is not multiplied by the
 * group's order again. */
static bool agree(const struct key *own, const struct key *peer, uint8_t secret_out[SECRET_SIZE]) {
  char kdf[] = OSSL_KDF_NAME_X963KDF, digest[] = "SHA256";
  uint8_t info[sizeof shared_info];
  size_t size = SECRET_SIZE, len = SECRET_SIZE;
  memcpy(info, shared_info, sizeof info);
  OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_EXCHANGE_PARAM_KDF_TYPE, kdf, 0),
                         OSSL_PARAM_construct_utf8_string(OSSL_EXCHANGE_PARAM_KDF_DIGEST, digest, 0),
                         OSSL_PARAM_construct_size_t(OSSL_EXCHANGE_PARAM_KDF_OUTLEN, &size),
                         OSSL_PARAM_construct_octet_string(OSSL_EXCHANGE_PARAM_KDF_UKM, info, sizeof info),
                         OSSL_PARAM_construct_end()};
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key_native(own), NULL);
  bool ok = context != NULL && EVP_PKEY_derive_init_ex(context, params) == 1 &&
            EVP_PKEY_derive_set_peer_ex(context, key_native(peer), 0) == 1 &&
            EVP_PKEY_derive(context, secret_out, &len) == 1 && len == SECRET_SIZE;
  EVP_PKEY_CTX_free(context);
  return ok;
}

/* AES-256 key wrap (RFC 3394): in and out are of SECRET_SIZE and WRAPPED_SIZE, or the other way round. */
static bool wrap(enum direction direction, const uint8_t secret[SECRET_SIZE], const uint8_t *in, uint8_t *out) {
  int in_size = direction == SEALING ? SECRET_SIZE : WRAPPED_SIZE;
  int out_size = direction == SEALING ? WRAPPED_SIZE : SECRET_SIZE, len = 0;
  EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
  if (context)
    EVP_CIPHER_CTX_set_flags(context, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
  bool ok = context != NULL && EVP_CipherInit_ex(context, EVP_aes_256_wrap(), NULL, secret, NULL, direction) == 1 &&
            EVP_CipherUpdate(context, out, &len, in, in_size) == 1 && len == out_size;
  EVP_CIPHER_CTX_free(context);
  return ok;
}

/* AES-256-GCM in place; the tag is written when sealing and must fit when opening. */
static bool encrypt(enum direction direction, const uint8_t secret[SECRET_SIZE], const uint8_t nonce[NONCE_SIZE],
                    struct buf *text, uint8_t tag[TAG_SIZE]) {
  int len = 0, last = 0;
  EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
  bool ok = context != NULL && EVP_CipherInit_ex(context, EVP_aes_256_gcm(), NULL, secret, nonce, direction) == 1 &&
            EVP_CipherUpdate(context, text->at, &len, text->at, (int)text->len) == 1 && (size_t)len == text->len;
  if (ok && direction == OPENING)
    ok = EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE, tag) == 1;
  ok = ok && EVP_CipherFinal_ex(context, text->at + len, &last) == 1 && last == 0;
  if (ok && direction == SEALING)
    ok = EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE, tag) == 1;
  EVP_CIPHER_CTX_free(context);
  return ok;
}

/* Writing. Lengths are known before anything is written, so that the content is copied once. */

static size_t length_size(size_t len) {
  size_t n = 1;
  for (size_t rest = len; len > 0x7f && rest > 0; rest >>= 8)
    n++;
  return n;
}

/* Of an element with a value of so many bytes. */
static size_t element_size(size_t len) {
  return 1 + length_size(len) + len;
}

static void add_head(struct buf *out, uint8_t tag, size_t len) {
  size_t more = length_size(len) - 1;
  buf_u8(out, tag);
  if (more > 0)
    buf_u8(out, (uint8_t)(0x80 | more));
  for (size_t i = more > 0 ? more : 1; i-- > 0;)
    buf_u8(out, (uint8_t)(len >> (8 * i)));
}

/* An element whose value is small and whole already. */
static void add_element(struct buf *out, uint8_t tag, struct bytes value) {
  add_head(out, tag, value.len);
  buf_add(out, value);
}

/* A RecipientInfo: KeyAgreeRecipientInfo with one key, named by its id alone. */
static void write_info(const struct recipient *r, struct buf *out) {
  size_t name = element_size(r->id.len), key = element_size(name) + element_size(r->wrapped.len);
  size_t algorithm = sizeof is_kdf + sizeof is_key_wrap;
  add_head(out, CONTEXT_1,
           sizeof is_version_3 + sizeof is_originator + r->point.len + element_size(algorithm) +
               element_size(element_size(key)));
  buf_add(out, ALL(is_version_3));
  buf_add(out, ALL(is_originator));
  buf_add(out, r->point);
  add_head(out, SEQUENCE, algorithm);
  buf_add(out, ALL(is_kdf));
  buf_add(out, ALL(is_key_wrap));
  add_head(out, SEQUENCE, element_size(key));
  add_head(out, SEQUENCE, key);
  add_head(out, CONTEXT_0, name);
  add_element(out, OCTET_STRING, r->id);
  add_element(out, OCTET_STRING, r->wrapped);
}

/* The secret for one recipient, under a key that is made for it and forgotten. */
static enum err write_recipient(const uint8_t secret[SECRET_SIZE], const struct key *to, struct buf *out) {
  uint8_t wrapping[SECRET_SIZE], wrapped[WRAPPED_SIZE];
  struct key *once = key_new();
  struct hash id = key_id(to);
  struct recipient r = {key_point(once), hash_bytes(&id), ALL(wrapped)};
  bool ok = agree(once, to, wrapping) && wrap(SEALING, wrapping, secret, wrapped);
  if (ok)
    write_info(&r, out);
  OPENSSL_cleanse(wrapping, sizeof wrapping);
  key_free(once);
  return ok ? OK : key_openssl_failed(ERR_IO, "could not seal");
}

static int by_bytes(const void *a, const void *b) {
  return memcmp(a, b, INFO_SIZE);
}

/* All but the RecipientInfos is in e. */
static void write_envelope(const struct envelope *e, struct bytes infos, struct buf *out) {
  size_t cipher = element_size(NONCE_SIZE) + sizeof is_tag_size;
  size_t algorithm = sizeof is_cipher + element_size(cipher);
  size_t content = sizeof is_data + element_size(algorithm) + element_size(e->sealed.len);
  size_t enveloped = sizeof is_version_0 + element_size(infos.len) + element_size(content) + element_size(TAG_SIZE);
  add_head(out, SEQUENCE, sizeof is_auth_enveloped + element_size(element_size(enveloped)));
  buf_add(out, ALL(is_auth_enveloped));
  add_head(out, CONTEXT_0, element_size(enveloped));
  add_head(out, SEQUENCE, enveloped);
  buf_add(out, ALL(is_version_0));
  add_element(out, SET, infos);
  add_head(out, SEQUENCE, content);
  buf_add(out, ALL(is_data));
  add_head(out, SEQUENCE, algorithm);
  buf_add(out, ALL(is_cipher));
  add_head(out, SEQUENCE, cipher);
  add_element(out, OCTET_STRING, e->nonce);
  buf_add(out, ALL(is_tag_size));
  add_element(out, IMPLICIT_0, e->sealed);
  add_element(out, OCTET_STRING, e->tag);
}

static void write_clear(const uint8_t salt[ENTRY_SALT_SIZE], struct bytes content, struct buf *out) {
  buf_add_str(out, CLEAR_TAG);
  buf_add(out, bytes_of(salt, ENTRY_SALT_SIZE));
  buf_string(out, content);
  size_t padding = step_of(content.len) - content.len;
  uint8_t *at = buf_extend(out, padding);
  if (at && padding)
    memset(at, 0, padding);
}

static enum err check_recipients(const struct key *const *recipients, size_t count) {
  if (count > ENTRY_RECIPIENTS_MAX)
    return err_set(ERR_LIMIT, "nothing is sealed to more than %d keys", ENTRY_RECIPIENTS_MAX);
  if (count == 0)
    return err_set(ERR_FORM, "there is nobody to seal to");
  for (size_t i = 0; i < count; i++)
    for (size_t j = 0; j < i; j++)
      if (bytes_equal(key_spki(recipients[i]), key_spki(recipients[j])))
        return err_set(ERR_FORM, "a key that is sealed to is named twice");
  return OK;
}

enum err seal_make(const uint8_t salt[ENTRY_SALT_SIZE], struct bytes content, const struct key *const *recipients,
                   size_t recipient_count, struct buf *out) {
  uint8_t secret[SECRET_SIZE], nonce[NONCE_SIZE], tag[TAG_SIZE];
  struct buf infos = {0}, text;
  enum err e = check_recipients(recipients, recipient_count);
  if (e == OK && content.len > ENTRY_CONTENT_MAX)
    e = err_set(ERR_LIMIT, "the content is larger than %zu bytes", ENTRY_CONTENT_MAX);
  if (e != OK)
    return e;
  text = room_for(CLEAR_START + step_of(content.len));
  key_random(secret, sizeof secret);
  key_random(nonce, sizeof nonce);
  for (size_t i = 0; i < recipient_count && e == OK; i++)
    e = write_recipient(secret, recipients[i], &infos);
  if (e != OK)
    goto out;
  assert(infos.at && infos.len == recipient_count * INFO_SIZE);
  qsort(infos.at, recipient_count, INFO_SIZE, by_bytes); /* DER's order of a SET OF (X.690 11.6) */
  write_clear(salt, content, &text);
  if (!encrypt(SEALING, secret, nonce, &text, tag)) {
    e = key_openssl_failed(ERR_IO, "could not seal");
    goto out;
  }
  struct envelope envelope = {.nonce = ALL(nonce), .sealed = buf_bytes(&text), .tag = ALL(tag)};
  write_envelope(&envelope, buf_bytes(&infos), out);
  e = buf_err(out);
out:
  buf_release_secret(&text);
  buf_release(&infos);
  OPENSSL_cleanse(secret, sizeof secret);
  return e;
}

/* Reading: a walk through the elements, which keeps the first fault that it meets and then finds nothing more. A walk
 * inside an element shares the fault. */

struct walk {
  struct bytes rest;
  const char **fault;
};

static const char not_der[] = "it is cut, or not in DER";

static void fail(struct walk *w, const char *why) {
  if (*w->fault == NULL)
    *w->fault = why;
}

/* Definite, and in the fewest bytes (X.690 10.1). Lengths over 4 GiB cannot be. */
static size_t read_length(struct reader *r) {
  uint8_t first = reader_u8(r);
  size_t more = first & 0x7f, len = 0;
  if (first <= 0x7f)
    return first;
  if (more == 0 || more > 4)
    reader_fail(r);
  for (size_t i = 0; i < more && r->err == OK; i++)
    len = len << 8 | reader_u8(r);
  if (length_size(len) != 1 + more)
    reader_fail(r);
  return len;
}

static bool is_next(const struct walk *w, uint8_t tag) {
  return w->rest.len > 0 && w->rest.at[0] == tag;
}

/* The value of the next element, which must have the tag. */
static struct bytes take(struct walk *w, uint8_t tag, const char *why) {
  struct reader r = reader_of(w->rest);
  if (!is_next(w, tag))
    fail(w, why);
  reader_u8(&r);
  size_t len = read_length(&r);
  struct bytes value = reader_take(&r, len);
  if (r.err != OK)
    fail(w, not_der);
  if (*w->fault != NULL)
    return bytes_of(NULL, 0);
  w->rest = r.rest;
  return value;
}

static struct walk enter(struct walk *w, uint8_t tag, const char *why) {
  return (struct walk){take(w, tag, why), w->fault};
}

static struct bytes take_sized(struct walk *w, uint8_t tag, size_t size, const char *why) {
  struct bytes value = take(w, tag, why);
  if (value.len != size)
    fail(w, why);
  return value;
}

/* The next bytes, whatever they are. */
static struct bytes take_raw(struct walk *w, size_t size) {
  struct reader r = reader_of(w->rest);
  struct bytes value = reader_take(&r, size);
  if (r.err != OK)
    fail(w, not_der);
  w->rest = r.rest;
  return value;
}

static void take_exactly(struct walk *w, struct bytes form, const char *why) {
  struct bytes found = take_raw(w, form.len < w->rest.len ? form.len : w->rest.len);
  if (!bytes_equal(found, form))
    fail(w, why);
}

static void leave(struct walk *w, const char *why) {
  if (w->rest.len > 0)
    fail(w, why);
}

static void read_info(struct walk *infos, struct recipient *out) {
  static const char one[] = "a recipient is not named by the id of one key alone";
  struct walk info = enter(infos, CONTEXT_1, "a recipient's key is not agreed on (KeyAgreeRecipientInfo)");
  take_exactly(&info, ALL(is_version_3), "a recipient's information is not of version 3");
  take_exactly(&info, ALL(is_originator), "the sender's key is not an uncompressed point alone");
  out->point = take_raw(&info, KEY_POINT_SIZE);
  if (is_next(&info, CONTEXT_1))
    fail(&info, "a recipient's information has user keying material");
  struct walk algorithm = enter(&info, SEQUENCE, not_der);
  take_exactly(&algorithm, ALL(is_kdf), "a key is not derived with SHA-256 (dhSinglePass-stdDH-sha256kdf)");
  take_exactly(&algorithm, ALL(is_key_wrap), "a key is not wrapped with AES-256");
  leave(&algorithm, not_der);
  struct walk keys = enter(&info, SEQUENCE, not_der), key = enter(&keys, SEQUENCE, one);
  struct walk name = enter(&key, CONTEXT_0, one);
  out->id = take_sized(&name, OCTET_STRING, HASH_SIZE, one);
  leave(&name, one);
  out->wrapped = take_sized(&key, OCTET_STRING, WRAPPED_SIZE, "a wrapped key is not one of AES-256");
  leave(&key, one);
  leave(&keys, one);
  leave(&info, "a recipient's information has more than it should");
}

/* In DER's order, which also means: no two equal. */
static void read_infos(struct walk *infos, struct envelope *out) {
  struct bytes before = bytes_of(NULL, 0);
  while (infos->rest.len > 0 && *infos->fault == NULL) {
    struct bytes rest = infos->rest;
    if (out->recipient_count == ENTRY_RECIPIENTS_MAX) {
      fail(infos, "it has too many recipients");
      return;
    }
    read_info(infos, &out->recipients[out->recipient_count++]);
    struct bytes info = bytes_of(rest.at, rest.len - infos->rest.len);
    if (bytes_compare(before, info) >= 0)
      fail(infos, "its recipients are not in the order of DER");
    before = info;
  }
}

static void read_content(struct walk *content, struct envelope *out) {
  take_exactly(content, ALL(is_data), "what it holds is not marked as data");
  struct walk algorithm = enter(content, SEQUENCE, not_der);
  take_exactly(&algorithm, ALL(is_cipher), "the cipher is not AES-256-GCM");
  struct walk cipher = enter(&algorithm, SEQUENCE, "the cipher has no parameters");
  out->nonce = take_sized(&cipher, OCTET_STRING, NONCE_SIZE, "the nonce is not of 12 bytes");
  take_exactly(&cipher, ALL(is_tag_size), "the tag is not of 16 bytes");
  leave(&cipher, not_der);
  leave(&algorithm, not_der);
  out->sealed = take(content, IMPLICIT_0, "the sealed bytes are not there in one piece");
  leave(content, not_der);
  if (out->sealed.len < CLEAR_START || step_of(out->sealed.len - CLEAR_START) != out->sealed.len - CLEAR_START)
    fail(content, "its size is not one of the steps");
}

/* Why the bytes are no envelope, or NULL. */
static const char *read_envelope(struct bytes der, struct envelope *out) {
  const char *fault = NULL;
  struct walk all = {der, &fault};
  struct walk info = enter(&all, SEQUENCE, "it is not CMS");
  leave(&all, "something follows it");
  take_exactly(&info, ALL(is_auth_enveloped), "it is not AuthEnvelopedData (RFC 5083)");
  struct walk holder = enter(&info, CONTEXT_0, not_der), enveloped = enter(&holder, SEQUENCE, not_der);
  leave(&info, not_der);
  leave(&holder, not_der);
  take_exactly(&enveloped, ALL(is_version_0), "it is not of version 0");
  if (is_next(&enveloped, CONTEXT_0))
    fail(&enveloped, "it carries certificates or lists of revoked ones");
  struct walk infos = enter(&enveloped, SET, not_der);
  read_infos(&infos, out);
  struct walk content = enter(&enveloped, SEQUENCE, not_der);
  read_content(&content, out);
  if (is_next(&enveloped, CONTEXT_1))
    fail(&enveloped, "it has authenticated attributes");
  out->tag = take_sized(&enveloped, OCTET_STRING, TAG_SIZE, "the tag is not of 16 bytes");
  leave(&enveloped, "it has unauthenticated attributes");
  return fault;
}

static size_t find_id(const struct hash *ids, size_t count, struct bytes id) {
  size_t i = 0;
  while (i < count && !bytes_equal(hash_bytes(&ids[i]), id))
    i++;
  return i;
}

/* Every recipient is on a `to` line, on another one than the others, and none of these is left over. */
static enum err match_recipients(const struct envelope *e, const struct entry *header) {
  bool seen[ENTRY_RECIPIENTS_MAX] = {false};
  for (size_t i = 0; i < e->recipient_count; i++) {
    size_t at = find_id(header->to, header->to_count, e->recipients[i].id);
    if (at == header->to_count)
      return err_set(ERR_PROOF, "the envelope is sealed to a key that the header does not name");
    if (seen[at])
      return err_set(ERR_PROOF, "the envelope is sealed twice to one key");
    seen[at] = true;
  }
  if (e->recipient_count != header->to_count)
    return err_set(ERR_PROOF, "the envelope is not sealed to everybody whom the header names");
  return OK;
}

static enum err check_points(const struct envelope *e) {
  enum err result = OK;
  for (size_t i = 0; i < e->recipient_count && result == OK; i++) {
    struct key *k = NULL;
    if (key_from_point(e->recipients[i].point, &k) != OK)
      result = err_set(ERR_FORM, "the envelope is not of the form: the sender's key is not on the curve P-256");
    key_free(k);
  }
  return result;
}

/* Everything that seal_check promises. out borrows from the envelope. */
static enum err read_checked(struct bytes envelope, const struct entry *header, struct envelope *out) {
  if (envelope.len > SEAL_ENVELOPE_MAX)
    return err_set(ERR_LIMIT, "the envelope is larger than any can be");
  struct hash hash = hash_of(envelope);
  if (!hash_equal(&hash, &header->sealed))
    return err_set(ERR_PROOF, "the envelope is another one than the header names");
  const char *fault = read_envelope(envelope, out);
  if (fault)
    return err_set(ERR_FORM, "the envelope is not of the form: %s", fault);
  enum err e = match_recipients(out, header);
  return e == OK ? check_points(out) : e;
}

enum err seal_check(struct bytes envelope, const struct entry *header) {
  struct envelope e = {.recipient_count = 0};
  return read_checked(envelope, header, &e);
}

/* Opening. */

/* Puts what is sealed in clear into text. Every step is taken whatever became of those before, so that the time says
 * nothing either. */
static bool decrypt(const struct envelope *e, const struct recipient *r, const struct key *own, struct buf *text) {
  uint8_t wrapping[SECRET_SIZE] = {0}, secret[SECRET_SIZE] = {0}, tag[TAG_SIZE];
  struct key *once = NULL;
  bool ok = key_from_point(r->point, &once) == OK && agree(own, once, wrapping);
  ok &= wrap(OPENING, wrapping, r->wrapped.at, secret);
  buf_add(text, e->sealed);
  memcpy(tag, e->tag.at, TAG_SIZE);
  ok &= encrypt(OPENING, secret, e->nonce.at, text, tag);
  OPENSSL_cleanse(wrapping, sizeof wrapping);
  OPENSSL_cleanse(secret, sizeof secret);
  key_free(once);
  ERR_clear_error();
  return ok;
}

static bool is_zero(struct bytes b) {
  uint8_t any = 0;
  for (size_t i = 0; i < b.len; i++)
    any |= b.at[i];
  return any == 0;
}

/* Salt and content of what write_clear wrote, and of nothing else; borrowed. */
static bool read_clear(struct bytes clear, struct bytes *salt_out, struct bytes *content_out) {
  struct reader r = reader_of(clear);
  reader_expect(&r, CLEAR_TAG);
  *salt_out = reader_take(&r, ENTRY_SALT_SIZE);
  *content_out = reader_string(&r, ENTRY_CONTENT_MAX);
  return r.err == OK && step_of(content_out->len) == clear.len - CLEAR_START && is_zero(r.rest);
}

enum err seal_open(struct bytes envelope, const struct entry *header, const struct key *own,
                   uint8_t salt_out[ENTRY_SALT_SIZE], struct buf *content_out) {
  struct envelope parts = {.recipient_count = 0};
  struct bytes salt = {0}, content = {0};
  struct hash id = key_id(own);
  enum err e = read_checked(envelope, header, &parts);
  if (e != OK)
    return e;
  size_t i = 0;
  while (i < parts.recipient_count && !bytes_equal(parts.recipients[i].id, hash_bytes(&id)))
    i++;
  if (i == parts.recipient_count)
    return err_set(ERR_ABSENT, "the envelope is not sealed to this key");
  struct buf text = room_for(parts.sealed.len);
  bool opens = decrypt(&parts, &parts.recipients[i], own, &text) && read_clear(buf_bytes(&text), &salt, &content);
  struct hash commitment = opens ? entry_commitment(salt.at, content) : (struct hash){{0}};
  if (opens && hash_equal(&commitment, &header->content)) {
    buf_add(content_out, content);
    e = buf_err(content_out);
  } else {
    e = err_set(ERR_PROOF, "the envelope does not open to what its header commits to");
  }
  if (e == OK)
    memcpy(salt_out, salt.at, ENTRY_SALT_SIZE);
  buf_release_secret(&text);
  return e;
}
