#include "core/commit.h"

#include "core/text.h"

struct hash copy_commitment(const uint8_t salt[COPY_SALT_SIZE], const struct copy_documents *d) {
  struct buf b = {0};
  const struct hash html = hash_of(d->html), text = hash_of(d->text);
  buf_add_str(&b, "cairn copy 1\n");
  buf_add(&b, bytes_of(salt, COPY_SALT_SIZE));
  buf_add(&b, hash_bytes(&html));
  buf_add(&b, hash_bytes(&text));
  const struct hash h = hash_of(buf_bytes(&b));
  buf_release(&b);
  return h;
}

enum err copy_commitment_of(struct bytes salt_hex, const struct copy_documents *d, struct hash *out) {
  uint8_t salt[COPY_SALT_SIZE];
  if (salt_hex.len != 2 * COPY_SALT_SIZE || text_hex_decode(salt_hex, salt) != OK)
    return err_set(ERR_FORM, "a copy's salt is 32 digits");
  *out = copy_commitment(salt, d);
  return OK;
}
