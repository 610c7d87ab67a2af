/* For programs that are linked with --wrap of this function (Makefile): a signature that several machines of one
 * process are given is verified once, and what came of it is remembered. */
#include <string.h>

#include "core/key.h"

#define PLACES (1 << 13)

typedef enum err verifier(const struct key *k, struct bytes message, struct bytes signature);
verifier __real_key_verify, __wrap_key_verify;

static struct place {
  struct hash of;
  bool is_known;
  enum err said;
} places[PLACES];

enum err __wrap_key_verify(const struct key *k, struct bytes message, struct bytes signature) {
  const struct hash all[] = {key_id(k), hash_of(message), hash_of(signature)};
  const struct hash of = hash_of(bytes_of(all, sizeof all));
  struct place *p = &places[(of.at[0] | (size_t)of.at[1] << 8) % PLACES];
  if (!p->is_known || !hash_equal(&p->of, &of))
    *p = (struct place){.of = of, .is_known = true, .said = __real_key_verify(k, message, signature)};
  return p->said;
}
