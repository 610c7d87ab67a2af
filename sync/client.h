/* The replica's rim: one HTTPS request to the node over libcurl (sync/PROTOCOL.md section 1). Moves opaque bytes. */
#ifndef CAIRN_SYNC_CLIENT_H
#define CAIRN_SYNC_CLIENT_H

#include "core/bytes.h"
#include "core/hash.h"
#include "core/key.h"

struct client_settings {
  const char *host;
  uint16_t port;
  struct bytes ca; /* the authority's certificate, DER; or empty, and then: */
  const struct hash
      *ca_print; /* the SHA-256 that the authority's certificate must have (join); may be NULL if ca is given */
  struct bytes certificate; /* the replica's own, DER; empty for join */
  const struct key *key;    /* its key; NULL for join */
  long timeout_s;           /* for the whole request; 0 for 120 */
  bool is_packed; /* both bodies are compressed (PROTOCOL section 1.1); not where one holds secrets, or gains nothing */
  size_t answer_max; /* bytes, unpacked; PROTOCOL: 4 MiB plus what a page's last delivery may exceed it by: 8 MiB */
};

/* POSTs body to path and appends the answer to out. OK only for status 200 with the media type application/cairn;
 * redirects are not followed, no proxy is used. ERR_NETWORK: no connection, timeout, TLS failure (words say what was
 * met, as "the certificate is not from this authority"), an answer that is not ours (a captive portal's page).
 * ERR_REFUSED: a 4xx of section 1's table: the node's line of words. ERR_BUSY: 503. ERR_IO: 500. *status_out (may be
 * NULL) gets the HTTP status or 0. */
enum err client_post(const struct client_settings *settings, const char *path, struct bytes body, struct buf *out,
                     int *status_out);

#endif
