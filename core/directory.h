/* Who signs: people, machines, their certificates and roles, as the directory's entries in the store tell. */
#ifndef CAIRN_CORE_DIRECTORY_H
#define CAIRN_CORE_DIRECTORY_H

#include "core/cert.h"
#include "core/store.h"

struct author {
  struct hash key_id;
  const struct key *key; /* borrowed until the next call of one of these functions */
  bool is_node;
  struct hash keys, person,
      agency;      /* the entries that introduced the key, the person, the agency; zeros for the node */
  bool is_revoked; /* one of these was revoked */
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

/* Calls each with the ids of a person's signing keys, oldest first, certified or not. */
enum err directory_each_key(struct store *s, const struct hash *person, void *of,
                            enum err (*each)(void *of, const struct hash *key_id));

/* The certified keys of all who have this role on the day of at_s and are not revoked; at most max. */
enum err directory_keys_with_role(struct store *s, enum role role, int64_t at_s, struct hash *out, size_t max,
                                  size_t *count_out);

/* What the directory lists; texts are borrowed until the call returns. */
struct person_row {
  struct hash id;
  struct bytes name, post, agency, roles; /* roles held on the day, joined by ", " */
  bool is_revoked, is_pending;
};
struct agency_row {
  struct hash id;
  struct bytes name, type;
  bool is_revoked;
};
struct hold_row {
  struct hash id;                          /* the act.hold entry */
  struct bytes author, rule, words, state; /* author: the key id in digits */
};
enum err directory_each_person(struct store *s, int64_t at_s, void *of,
                               enum err (*each)(void *of, const struct person_row *row));
enum err directory_each_agency(struct store *s, void *of, enum err (*each)(void *of, const struct agency_row *row));
enum err directory_each_hold(struct store *s, void *of, enum err (*each)(void *of, const struct hold_row *row));

/* Was this machine, or its agency, revoked? */
enum err directory_replica_is_revoked(struct store *s, const struct hash *key_id, bool *out);

/* Whom and what an entry is about, as far as that decides who may write it. */
struct author_about {
  struct hash person, agency; /* zeros: none */
  bool takes_second;          /* it decides about an act that is held for a second person: keepers as such do not */
  bool is_second;             /* and the author is such a person */
};
/* May this author write an entry of this kind about them? ERR_REFUSED with words that say who may. */
enum err directory_may_write(const struct author *a, const struct kind *k, const struct author_about *about);

/* Who may write, in words, appended: "officer of the agency". */
void directory_add_writer(const struct writer *w, struct buf *out);

/* The node's keys and name as log.open tells. ERR_ABSENT before it. Buffers are appended to. */
struct directory_log {
  struct hash ledger; /* the id of log.open */
  struct hash operating_id;
  struct buf origin, ledger_key, operating_key, authority;
};
enum err directory_log(struct store *s, struct directory_log *out);
void directory_log_release(struct directory_log *l);

#endif
