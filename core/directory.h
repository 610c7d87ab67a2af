/* Who signs: people, machines, their certificates and roles, as the directory's entries in the store tell. */
#ifndef CAIRN_CORE_DIRECTORY_H
#define CAIRN_CORE_DIRECTORY_H

#include "core/cert.h"
#include "core/store.h"

struct author {
  struct hash key_id;
  const struct key *key; /* borrowed until the next call of one of these functions */
  bool is_node;
  struct hash person, agency; /* entries; zeros for the node */
  char agency_type[32];
  unsigned roles;          /* bit 1 << enum role */
  int64_t from_s, until_s; /* the certificate's validity */
};

/* Who has this key, with the roles held on the day of at_s. ERR_KEY if no certificate was accepted for it as a
 * person's, and it is not the operating key. Validity is for the caller to judge. */
enum err directory_author(struct store *s, const struct hash *key_id, int64_t at_s, struct author *out);

/* The certified key of a replica; valid at at_s. ERR_KEY. Borrowed as above. */
enum err directory_replica_key(struct store *s, const struct hash *key_id, int64_t at_s, const struct key **out);

/* The certificate of a person's or replica's key, DER, appended. ERR_KEY. */
enum err directory_certificate(struct store *s, const struct hash *key_id, struct buf *out);

/* The name of the person with this key, appended; "the node" for the operating key, the first digits for one that is
 * not known. */
void directory_name(struct store *s, const struct hash *key_id, struct buf *out);

/* May this author write this kind? ERR_REFUSED with words that say who may. */
enum err directory_may_write(const struct author *a, const struct kind *k);

/* The node's keys and name as log.open tells. ERR_ABSENT before it. Buffers are appended to. */
struct directory_log {
  struct hash ledger; /* the id of log.open */
  struct hash operating_id;
  struct buf origin, ledger_key, operating_key, authority;
};
enum err directory_log(struct store *s, struct directory_log *out);
void directory_log_release(struct directory_log *l);

#endif
