#include "core/note.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_HASH_SIZE 4
#define SIGNATURE_MAX 1024 /* generous: those of unknown keys are skipped, whatever their kind */
#define ED25519_KEY_SIZE 32

enum note_type { NOTE_ED25519 = 0x01, NOTE_ECDSA = 0x02 };

static const char dash[] = "\xe2\x80\x94 ";

/* Unicode's white space beyond ASCII, as UTF-8; U+2000 to U+200A are a range of their own. */
static bool is_unicode_space(const uint8_t *p, size_t left) {
  static const char *const spaces[] = {"\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\xa8",
                                       "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80"};
  for (size_t i = 0; i < sizeof spaces / sizeof *spaces; i++)
    if (bytes_starts(bytes_of(p, left), spaces[i]))
      return true;
  return left >= 3 && p[0] == 0xe2 && p[1] == 0x80 && p[2] >= 0x80 && p[2] <= 0x8a;
}

/* C2SP signed-note: not empty, UTF-8, neither spaces nor a plus. */
static bool is_key_name(struct bytes b) {
  if (b.len == 0 || b.len >= sizeof((struct note_vkey *)0)->name || !text_is_utf8(b))
    return false;
  for (size_t i = 0; i < b.len; i++)
    if (b.at[i] <= ' ' || b.at[i] == '+' || b.at[i] == 0x7f || is_unicode_space(b.at + i, b.len - i))
      return false;
  return true;
}

/* UTF-8 without control characters but LF, each line ended by LF. */
static bool is_note_text(struct bytes b) {
  for (size_t i = 0; i < b.len; i++)
    if (b.at[i] < ' ' && b.at[i] != '\n')
      return false;
  return b.len > 0 && b.at[b.len - 1] == '\n' && text_is_utf8(b);
}

/* The bytes of an ECDSA key's hash: its log id's first four (RFC 6962 3.2). An Ed25519 key's covers the name, too. */
static struct hash key_hash(const char *name, struct bytes typed_key) {
  struct bytes named[] = {bytes_str(name), bytes_of("\n", 1), typed_key};
  if (typed_key.at[0] == NOTE_ED25519)
    return hash_of_parts(named, 3);
  return hash_of(bytes_of(typed_key.at + 1, typed_key.len - 1));
}

static enum err check_public_key(uint8_t type, struct bytes public_key) {
  struct key *k = NULL;
  enum err e = OK;
  if (type == NOTE_ED25519 && public_key.len != ED25519_KEY_SIZE)
    e = err_set(ERR_FORM, "the verifier key's Ed25519 key is not %d bytes long", ED25519_KEY_SIZE);
  else if (type == NOTE_ECDSA && key_from_spki(public_key, &k) != OK)
    e = err_set(ERR_FORM, "the verifier key's ECDSA key is not a P-256 SubjectPublicKeyInfo");
  else if (type != NOTE_ED25519 && type != NOTE_ECDSA)
    e = err_set(ERR_FORM, "the verifier key is of the unknown type 0x%02x", type);
  key_free(k);
  return e;
}

/* key is base64-decoded: one byte of type and the public key. */
static enum err read_vkey(struct bytes name, struct bytes hex, struct bytes key, struct note_vkey *out) {
  struct note_vkey v = {{0}, {0}, 0, {0}, 0};
  if (!is_key_name(name))
    return err_set(ERR_FORM, "the verifier key's name is empty, too long, or has spaces in it");
  if (hex.len != 2 * KEY_HASH_SIZE || text_hex_decode(hex, v.hash) != OK)
    return err_set(ERR_FORM, "the verifier key's hash is not 8 lower-case hexadecimal digits");
  if (key.len < 2 || key.len - 1 > sizeof v.public_key)
    return err_set(ERR_FORM, "the verifier key's public key is missing or too long");
  memcpy(v.name, name.at, name.len);
  v.type = key.at[0];
  v.public_key_len = key.len - 1;
  memcpy(v.public_key, key.at + 1, v.public_key_len);
  enum err e = check_public_key(v.type, bytes_of(v.public_key, v.public_key_len));
  if (e != OK)
    return e;
  struct hash h = key_hash(v.name, key);
  if (memcmp(h.at, v.hash, KEY_HASH_SIZE) != 0)
    return err_set(ERR_FORM, "the verifier key's hash does not fit its key");
  *out = v;
  return OK;
}

enum err note_vkey_parse(struct bytes text, struct note_vkey *out) {
  struct bytes rest = text, name, hex;
  struct buf key;
  enum err e;
  buf_init(&key, 1 + sizeof out->public_key);
  if (!text_split(&rest, '+', &name) || !text_split(&rest, '+', &hex))
    e = err_set(ERR_FORM, "a verifier key has three parts: NAME+HASH+BASE64");
  else if (text_base64_decode(rest, &key) != OK)
    e = err_set(ERR_FORM, "the verifier key's last part is not base64, or too long");
  else
    e = read_vkey(name, hex, buf_bytes(&key), out);
  buf_release(&key);
  return e;
}

static void typed_key_of(const struct key *k, struct buf *out) {
  buf_u8(out, NOTE_ECDSA);
  buf_add(out, key_spki(k));
}

void note_vkey_format(struct buf *b, const char *name, const struct key *k) {
  struct buf typed = {0};
  typed_key_of(k, &typed);
  struct hash h = key_hash(name, buf_bytes(&typed));
  buf_add_str(b, name);
  buf_u8(b, '+');
  text_hex_encode(b, bytes_of(h.at, KEY_HASH_SIZE));
  buf_u8(b, '+');
  text_base64_encode(b, buf_bytes(&typed));
  buf_release(&typed);
}

void note_add_line(struct buf *note, const char *name, struct bytes bytes) {
  buf_addf(note, "%s%s ", dash, name);
  text_base64_encode(note, bytes);
  buf_u8(note, '\n');
}

enum err note_cosign(struct bytes text, const char *name, const struct key *k, struct buf *note) {
  struct buf signature = {0};
  struct hash id = key_id(k);
  if (!is_note_text(text) || !is_key_name(bytes_str(name)))
    return err_set(ERR_FORM, "the note's text or the name of its key is not of the form of a signed note");
  buf_add(&signature, bytes_of(id.at, KEY_HASH_SIZE));
  enum err e = key_sign(k, text, &signature);
  note_add_line(note, name, buf_bytes(&signature));
  buf_release(&signature);
  return e == OK ? buf_err(note) : e;
}

enum err note_sign(struct bytes text, const char *name, const struct key *k, struct buf *out) {
  size_t before = out->len;
  buf_add(out, text);
  buf_u8(out, '\n');
  enum err e = note_cosign(text, name, k, out);
  if (e == OK && out->len - before > NOTE_MAX)
    e = err_set(ERR_LIMIT, "the note would be larger than %d bytes", NOTE_MAX);
  if (e != OK)
    out->len = before;
  return e;
}

/* The text ends at the last empty line: only signature lines follow, and none of them is empty. */
static bool split_note(struct bytes note, struct bytes *text, struct bytes *lines) {
  for (size_t i = note.len; i >= 2; i--)
    if (note.at[i - 1] == '\n' && note.at[i - 2] == '\n') {
      *text = bytes_of(note.at, i - 1);
      *lines = bytes_of(note.at + i, note.len - i);
      return true;
    }
  return false;
}

/* One signature line: the key's name, and its hash and signature into signature_out, which is emptied first. */
static enum err next_signature(struct reader *lines, struct bytes *name_out, struct buf *signature_out) {
  struct bytes line = text_line(lines);
  if (lines->err != OK || !bytes_starts(line, dash))
    return ERR_FORM;
  struct bytes rest = bytes_of(line.at + strlen(dash), line.len - strlen(dash));
  buf_clear(signature_out);
  if (!text_split(&rest, ' ', name_out) || !is_key_name(*name_out) || text_base64_decode(rest, signature_out) != OK)
    return ERR_FORM;
  return signature_out->len > KEY_HASH_SIZE ? OK : ERR_FORM;
}

static bool ed25519_verifies(struct bytes public_key, struct bytes text, struct bytes signature) {
  EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key.at, public_key.len);
  EVP_MD_CTX *ctx = EVP_MD_CTX_new();
  bool verifies = pkey != NULL && ctx != NULL && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, pkey) == 1 &&
                  EVP_DigestVerify(ctx, signature.at, signature.len, text.at, text.len) == 1;
  EVP_MD_CTX_free(ctx);
  EVP_PKEY_free(pkey);
  return verifies;
}

static bool ecdsa_verifies(struct bytes public_key, struct bytes text, struct bytes signature) {
  struct key *k = NULL;
  bool verifies = key_from_spki(public_key, &k) == OK && key_verify(k, text, signature) == OK;
  key_free(k);
  return verifies;
}

static bool verifies_under(const struct note_vkey *vkey, struct bytes text, struct bytes signature) {
  struct bytes public_key = bytes_of(vkey->public_key, vkey->public_key_len);
  return vkey->type == NOTE_ED25519 ? ed25519_verifies(public_key, text, signature)
                                    : ecdsa_verifies(public_key, text, signature);
}

/* Walks all lines, so that the form of every one is checked. With a vkey, *found_out counts the lines of that key, all
 * of which must verify. */
static enum err check_lines(struct reader *lines, const struct note_vkey *vkey, struct bytes text, size_t *found_out) {
  struct buf signature;
  struct bytes name;
  enum err e = OK;
  bool is_forged = false;
  buf_init(&signature, SIGNATURE_MAX);
  *found_out = 0;
  for (size_t count = 0; e == OK && lines->rest.len > 0; count++) {
    if (count == NOTE_SIGNATURES_MAX || next_signature(lines, &name, &signature) != OK) {
      e = err_set(ERR_FORM, "the note's signature lines are not of the form they should have");
    } else if (vkey && bytes_equal_str(name, vkey->name) && memcmp(signature.at, vkey->hash, KEY_HASH_SIZE) == 0) {
      ++*found_out;
      struct bytes sig = bytes_of(signature.at + KEY_HASH_SIZE, signature.len - KEY_HASH_SIZE);
      is_forged = !verifies_under(vkey, text, sig) || is_forged;
    }
  }
  if (e == OK && is_forged)
    e = err_set(ERR_SIGNATURE, "the note's signature by \"%s\" does not verify", vkey->name);
  buf_release(&signature);
  return e;
}

static enum err check_note(struct bytes note, const struct note_vkey *vkey, struct bytes *text_out, size_t *found_out) {
  struct bytes text, rest;
  if (note.len > NOTE_MAX)
    return err_set(ERR_FORM, "the note is larger than %d bytes", NOTE_MAX);
  if (!split_note(note, &text, &rest) || !is_note_text(text) || rest.len == 0)
    return err_set(ERR_FORM, "the note is not a text, an empty line and signature lines");
  struct reader lines = reader_of(rest);
  enum err e = check_lines(&lines, vkey, text, found_out);
  if (e == OK)
    *text_out = text;
  return e;
}

enum err note_text(struct bytes note, struct bytes *text_out) {
  size_t found;
  return check_note(note, NULL, text_out, &found);
}

enum err note_open(struct bytes note, const struct note_vkey *vkey, struct bytes *text_out) {
  struct bytes text;
  size_t found;
  enum err e = check_note(note, vkey, &text, &found);
  if (e == OK && found == 0)
    e = err_set(ERR_SIGNATURE, "the note is not signed by \"%s\"", vkey->name);
  if (e == OK)
    *text_out = text;
  return e;
}

enum err note_each_line(struct bytes note, void *of, enum err (*each)(void *of, const struct note_line *line)) {
  struct bytes text, rest;
  struct buf bytes;
  struct note_line line;
  enum err e = OK;
  if (!split_note(note, &text, &rest))
    return ERR_FORM;
  buf_init(&bytes, SIGNATURE_MAX);
  struct reader lines = reader_of(rest);
  while (e == OK && lines.rest.len > 0) {
    const uint8_t *start = lines.rest.at;
    e = next_signature(&lines, &line.name, &bytes);
    line.whole = bytes_of(start, (size_t)(lines.rest.at - start));
    line.bytes = buf_bytes(&bytes);
    if (e == OK)
      e = each(of, &line);
  }
  buf_release(&bytes);
  return e;
}

void checkpoint_format(struct buf *b, const struct checkpoint *c) {
  buf_addf(b, "%s\n%llu\n", c->origin, (unsigned long long)c->size);
  text_base64_encode(b, hash_bytes(&c->root));
  buf_addf(b, "\ntime %s\n", c->time.s);
}

static enum err read_root(struct bytes text, struct hash *out) {
  struct buf root;
  buf_init(&root, HASH_SIZE);
  enum err e = text_base64_decode(text, &root);
  if (e == OK && root.len != HASH_SIZE)
    e = ERR_FORM;
  *out = hash_from(buf_bytes(&root));
  buf_release(&root);
  return e == OK ? OK : ERR_FORM;
}

enum err checkpoint_parse(struct bytes text, struct checkpoint *out) {
  struct checkpoint c = {{0}, 0, {{0}}, {{0}}};
  struct reader r = reader_of(text);
  struct bytes origin = text_line(&r), size = text_line(&r), root = text_line(&r), time = text_field(&r, "time");
  if (reader_end(&r) != OK || !text_is_origin(origin) || text_number(size, &c.size) != OK ||
      read_root(root, &c.root) != OK || !text_is_time(time))
    return err_set(ERR_FORM, "the checkpoint is not an origin, a size, a root and a time");
  memcpy(c.origin, origin.at, origin.len);
  memcpy(c.time.s, time.at, time.len);
  *out = c;
  return OK;
}

/* ---- the short form ---- */

#define SHORT_DIGITS 40
#define SHORT_GROUP 5

/* The last 40 decimal digits of the hash as a number. */
static void decimal(struct hash h, char out[SHORT_DIGITS]) {
  for (size_t i = SHORT_DIGITS; i-- > 0;) {
    unsigned rest = 0;
    for (size_t k = 0; k < HASH_SIZE; k++) {
      unsigned v = rest << 8 | h.at[k];
      h.at[k] = (uint8_t)(v / 10);
      rest = v % 10;
    }
    out[i] = (char)('0' + rest);
  }
}

static struct checkpoint_short short_of(uint64_t size, const char digits[SHORT_DIGITS]) {
  struct checkpoint_short out;
  int at = snprintf(out.s, sizeof out.s, "%" PRIu64 ":", size);
  for (int i = 0; i < SHORT_DIGITS; i += SHORT_GROUP)
    at += snprintf(out.s + at, sizeof out.s - (size_t)at, " %.*s", SHORT_GROUP, digits + i);
  return out;
}

struct checkpoint_short checkpoint_short(const struct checkpoint *c) {
  struct buf text = {0};
  char digits[SHORT_DIGITS];
  buf_addf(&text, "cairn checkpoint short form 1\n%s\n%" PRIu64 "\n", c->origin, c->size);
  text_base64_encode(&text, hash_bytes(&c->root));
  buf_u8(&text, '\n');
  decimal(hash_of(buf_bytes(&text)), digits);
  buf_release(&text);
  return short_of(c->size, digits);
}

enum err checkpoint_short_parse(struct bytes typed, uint64_t *size_out, struct checkpoint_short *out) {
  struct bytes rest = typed, size;
  char digits[SHORT_DIGITS];
  size_t count = 0;
  bool is_good = text_split(&rest, ':', &size) || text_split(&rest, ' ', &size);
  for (size_t i = 0; is_good && i < rest.len; i++) {
    bool is_digit = rest.at[i] >= '0' && rest.at[i] <= '9';
    if (is_digit && count < SHORT_DIGITS)
      digits[count++] = (char)rest.at[i];
    else
      is_good = !is_digit && strchr(" .-", rest.at[i]) != NULL && rest.at[i] != '\0';
  }
  if (!is_good || count != SHORT_DIGITS || text_number(size, size_out) != OK)
    return err_set_remedy(ERR_FORM, "as cairn checkpoint prints it: \"41: 12345 67890 …\", 40 digits behind the size",
                          "this is not the short form of a checkpoint");
  *out = short_of(*size_out, digits);
  return OK;
}
