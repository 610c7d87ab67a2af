/* What a chair's approval of a minute or report commits to, for each of its renderings (core/FORMAT.md section 13).
 * Pure. */
#ifndef CAIRN_CORE_COMMIT_H
#define CAIRN_CORE_COMMIT_H

#include "core/hash.h"

#define COPY_SALT_SIZE 16

/* One document in its two forms. */
struct copy_documents {
  struct bytes html, text;
};

struct hash copy_commitment(const uint8_t salt[COPY_SALT_SIZE], const struct copy_documents *d);
/* The same of a salt in digits. ERR_FORM. */
enum err copy_commitment_of(struct bytes salt_hex, const struct copy_documents *d, struct hash *out);

#endif
