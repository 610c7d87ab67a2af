/* What opens checks, what does not check does not open, for the same reason; and what opens is what the header commits
 * to. An input is what a header says (u8 count of recipients, their ids, the commitment) and an envelope; the key that
 * opens is the same for every input. */
#include <stdlib.h>

#include "core/seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool holds) {
  if (!holds)
    abort();
}

static struct key *own_key(void) {
  static struct key *own;
  static const uint8_t secret[KEY_SECRET_SIZE] = {7, [31] = 7};
  if (own == NULL)
    expect(key_import_unlocked(secret, &own) == OK);
  return own;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct reader r = reader_of(bytes_of(data, size));
  static struct entry header;
  struct buf content = {0};
  uint8_t salt[ENTRY_SALT_SIZE];
  header.to_count = reader_u8(&r) % (ENTRY_RECIPIENTS_MAX + 1);
  for (size_t i = 0; i < header.to_count; i++)
    header.to[i] = hash_from(reader_take(&r, HASH_SIZE));
  header.content = hash_from(reader_take(&r, HASH_SIZE));
  header.sealed = hash_of(r.rest);
  enum err checks = seal_check(r.rest, &header), opens = seal_open(r.rest, &header, own_key(), salt, &content);
  expect(checks == OK ? opens == OK || opens == ERR_PROOF || opens == ERR_ABSENT : opens == checks);
  expect(opens == OK || content.len == 0);
  if (opens == OK) {
    struct hash commitment = entry_commitment(salt, buf_bytes(&content));
    expect(hash_equal(&commitment, &header.content));
  }
  buf_release_secret(&content);
  return 0;
}
