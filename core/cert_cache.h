/* What certificates say, kept so that each is decoded once: admission, projection and every rebuild of the views ask
 * for the same facts, and decoding one costs OpenSSL more than all else that is done with its entry. The facts follow
 * from the bytes alone, and a place is known by the hash of all of them; what could not be read is never kept. */
#ifndef CAIRN_CORE_CERT_CACHE_H
#define CAIRN_CORE_CERT_CACHE_H

#include "core/cert.h"

/* All zeros at first. */
struct cert_cache {
  struct cert_place *places; /* NULL until one is read */
};

/* As cert_read. */
enum err cert_cache_read(struct cert_cache *c, struct bytes cert, struct cert_facts *out);
void cert_cache_release(struct cert_cache *c);

#endif
