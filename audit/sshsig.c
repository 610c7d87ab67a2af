#include "audit/sshsig.h"

#include <string.h>

#include "audit/signers.h"
#include "core/text.h"

#define MAGIC "SSHSIG"
#define VERSION 1
#define NAMESPACE "git"
#define HASH "sha256"
#define HEADER "gpgsig "
#define ARMOR_BEGIN "-----BEGIN SSH SIGNATURE-----"
#define ARMOR_END "-----END SSH SIGNATURE-----"
#define LINE_MAX 70 /* digits of base64, as ssh-keygen breaks them */

/* Behind the header lines; one LF of the empty line ends the last of them. */
static bool find_message(struct bytes commit, size_t *at_out) {
  const uint8_t *found = memmem(commit.at, commit.len, "\n\n", 2);
  if (found)
    *at_out = (size_t)(found - commit.at) + 1;
  return found != NULL;
}

static void add_signed_text(struct buf *b, struct bytes draft) {
  struct hash h = hash_of(draft);
  buf_add_str(b, MAGIC);
  buf_string(b, bytes_str(NAMESPACE));
  buf_string(b, bytes_str("")); /* reserved */
  buf_string(b, bytes_str(HASH));
  buf_string(b, hash_bytes(&h));
}

/* The numbers of a DER signature are written there as OpenSSH writes them: shortest form, a zero byte before a high
 * bit (RFC 4251 section 5, mpint). */
static void add_numbers(struct buf *b, struct bytes der) {
  struct reader r = reader_of(der);
  reader_take(&r, 2);
  for (int i = 0; i < 2; i++) {
    reader_u8(&r);
    buf_string(b, reader_take(&r, reader_u8(&r)));
  }
}

static void add_blob(struct buf *b, const struct key *k, struct bytes der) {
  struct buf key = {0}, signature = {0}, numbers = {0};
  signers_key(&key, key_point(k));
  add_numbers(&numbers, der);
  buf_string(&signature, bytes_str(SIGNERS_ALGORITHM));
  buf_string(&signature, buf_bytes(&numbers));
  buf_add_str(b, MAGIC);
  buf_u32(b, VERSION);
  buf_string(b, buf_bytes(&key));
  buf_string(b, bytes_str(NAMESPACE));
  buf_string(b, bytes_str(""));
  buf_string(b, bytes_str(HASH));
  buf_string(b, buf_bytes(&signature));
  buf_release(&key);
  buf_release(&signature);
  buf_release(&numbers);
}

/* A header of several lines: each but the first begins with a space. */
static void add_header(struct buf *b, struct bytes blob) {
  struct buf digits = {0};
  text_base64_encode(&digits, blob);
  buf_add_str(b, HEADER ARMOR_BEGIN "\n");
  for (size_t i = 0; i < digits.len; i += LINE_MAX) {
    size_t n = digits.len - i < LINE_MAX ? digits.len - i : LINE_MAX;
    buf_add_str(b, " ");
    buf_add(b, bytes_of(digits.at + i, n));
    buf_add_str(b, "\n");
  }
  buf_add_str(b, " " ARMOR_END "\n");
  buf_release(&digits);
}

enum err sshsig_sign_commit(const struct key *k, struct bytes draft, struct buf *commit) {
  struct buf text = {0}, der = {0}, blob = {0};
  size_t message;
  if (!find_message(draft, &message))
    return err_set(ERR_FORM, "what should be signed is not a commit");
  add_signed_text(&text, draft);
  enum err e = key_sign(k, buf_bytes(&text), &der);
  if (e == OK) {
    add_blob(&blob, k, buf_bytes(&der));
    buf_add(commit, bytes_of(draft.at, message));
    add_header(commit, buf_bytes(&blob));
    buf_add(commit, bytes_of(draft.at + message, draft.len - message));
    e = buf_err(commit);
  }
  buf_release(&text);
  buf_release(&der);
  buf_release(&blob);
  return e;
}

enum err sshsig_draft(struct bytes commit, struct buf *draft) {
  static const char begin[] = "\n" HEADER ARMOR_BEGIN "\n", end[] = "\n " ARMOR_END "\n";
  size_t message;
  if (!find_message(commit, &message))
    return err_set(ERR_FORM, "this is not a commit");
  const uint8_t *from = memmem(commit.at, message, begin, sizeof begin - 1);
  size_t before = from ? (size_t)(from + 1 - commit.at) : 0;
  const uint8_t *to = from ? memmem(from, message - before + 1, end, sizeof end - 1) : NULL;
  if (to == NULL)
    return err_set(ERR_FORM, "this commit is not signed");
  size_t after = (size_t)(to - commit.at) + sizeof end - 1;
  buf_add(draft, bytes_of(commit.at, before));
  buf_add(draft, bytes_of(commit.at + after, commit.len - after));
  return buf_err(draft);
}
