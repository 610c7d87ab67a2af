/* SHA-256 (FIPS 180-4), the one hash of the record, and its text form. */
#ifndef CAIRN_CORE_HASH_H
#define CAIRN_CORE_HASH_H

#include "core/bytes.h"

#define HASH_SIZE 32
#define HASH_HEX_SIZE 64

struct hash {
  uint8_t at[HASH_SIZE];
};

struct hash hash_of(struct bytes b);
/* The hash of the parts, one after the other. */
struct hash hash_of_parts(const struct bytes *parts, size_t count);
/* The last that a thread does here before it ends, unless the program ends with it: frees what hashing keeps for it. */
void hash_leave_thread(void);
bool hash_equal(const struct hash *a, const struct hash *b);
bool hash_is_zero(const struct hash *h);
static inline struct bytes hash_bytes(const struct hash *h) {
  return bytes_of(h->at, HASH_SIZE);
}
/* From exactly 32 bytes; other lengths give zeros. */
struct hash hash_from(struct bytes b);
/* From exactly 64 lower-case digits; ERR_FORM otherwise. */
enum err hash_parse(struct bytes hex, struct hash *out);
/* Appends 64 digits. */
void hash_format(struct buf *b, const struct hash *h);

/* The digits as a C string by value, for messages. */
struct hash_hex {
  char s[HASH_HEX_SIZE + 1];
};
struct hash_hex hash_hex(const struct hash *h);

#endif
