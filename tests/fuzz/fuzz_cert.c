/* Whatever bytes pass as a certificate have the use that cert_read gives, no other one, and a key that reads back.
 * An input is an authority's certificate (u32 length, bytes), then a certificate or a request. */
#include <stdlib.h>

#include "core/cert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool holds) {
  if (!holds)
    abort();
}

static void check_facts(struct bytes cert, enum cert_use use, const struct cert_facts *facts) {
  struct cert_facts again;
  struct key *k = NULL;
  expect(cert_read(cert, &again) == OK && again.use == use);
  expect(key_from_spki(bytes_of(facts->spki, facts->spki_len), &k) == OK);
  struct hash id = key_id(k);
  expect(hash_equal(&id, &facts->key_id) && facts->from_s <= facts->until_s);
  key_free(k);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct reader r = reader_of(bytes_of(data, size));
  struct bytes authority = reader_string(&r, CERT_MAX), cert = r.rest;
  struct cert_facts facts;
  struct key *k = NULL;
  enum err as_person = cert_check(authority, cert, CERT_PERSON, &facts);
  if (as_person == OK)
    check_facts(cert, CERT_PERSON, &facts);
  enum err as_replica = cert_check(authority, cert, CERT_REPLICA, &facts);
  if (as_replica == OK)
    check_facts(cert, CERT_REPLICA, &facts);
  expect(as_person != OK || as_replica != OK);
  if (cert_check_request(cert, &k) == OK)
    expect(key_spki(k).len <= KEY_SPKI_MAX);
  key_free(k);
  return 0;
}
