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
/* The same for the author of the entry with this number, by what stands before it: the operating key is the one in
 * force there, and later roles and revocations do not count. From STORE_PENDING on, what is pending counts, too. */
enum err directory_author_of(struct store *s, const struct hash *key_id, uint64_t number, int64_t at_s,
                             struct author *out);

/* Whose replica has this key. ERR_KEY if no certificate was accepted for it as a machine's. Validity and revocation are
 * for the caller to judge. */
struct machine {
  struct hash entry, agency; /* the entries that introduced it, and its agency */
  const struct key *key;     /* borrowed as above */
  bool is_revoked;           /* it, or its agency */
  int64_t from_s, until_s;   /* the newest certificate's validity */
};
enum err directory_machine(struct store *s, const struct hash *key_id, struct machine *out);
/* Was a machine introduced with this key, accepted or not? Its entry. ERR_ABSENT. */
enum err directory_machine_of(struct store *s, struct bytes spki, struct hash *entry_out);
bool machine_is_valid(const struct machine *m, int64_t at_s);

/* Certificates to renew at a sync of the machine with this key: its own and those of its agency's people that end
 * between now_s and before_s, as far as none is newer for the same key and nobody revoked key, owner or agency. Those
 * that end first come first; at most max. */
enum err directory_due(struct store *s, const struct hash *replica, int64_t now_s, int64_t before_s,
                       struct cert_facts *out, size_t max, size_t *count_out);

/* The newest certificate of a person's or replica's key, DER, appended. ERR_KEY. */
enum err directory_certificate(struct store *s, const struct hash *key_id, struct buf *out);

/* The name of the person with this key, appended; "the node" for an operating key, also one of before, the first digits
 * for one that is not known. */
void directory_name(struct store *s, const struct hash *key_id, struct buf *out);

/* Calls each with the ids of a person's signing keys, oldest first, certified or not. */
enum err directory_each_key(struct store *s, const struct hash *person, void *of,
                            enum err (*each)(void *of, const struct hash *key_id));

/* Is this person a Keeper of the Register, by a role that nobody took away? Not asked of a day: what is for the keeper
 * is seen by whoever is to be, too. */
bool directory_is_keeper(struct store *s, const struct hash *person);

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

/* The node's keys and name as log.open and log.keys tell, those of the newest entry. ERR_ABSENT before log.open.
 * Buffers are appended to. */
struct directory_log {
  struct hash ledger; /* the id of log.open */
  struct hash operating_id;
  struct buf origin, ledger_key, operating_key, authority;
  struct buf authority_name; /* of the local authority whose register this is */
  struct text_time ledger_since, operating_since, authority_since;
};
enum err directory_log(struct store *s, struct directory_log *out);
/* The same as it is in force for the entry with this number. */
enum err directory_log_at(struct store *s, uint64_t number, struct directory_log *out);
void directory_log_release(struct directory_log *l);

/* The verifier key of the ledger's key that signs the checkpoint of this size; before log.open is here the one that the
 * replica joined with. */
struct note_vkey;
enum err directory_vkey(struct store *s, uint64_t size, struct note_vkey *out);

/* The newest log.anew, by which the ledger has its name; 0: it has the first one. */
enum err directory_opened_anew(struct store *s, uint64_t *number_out);
/* Did the ledger have this name before it was opened anew? */
bool directory_is_former_origin(struct store *s, struct bytes origin);
/* Is this one of the node's operating keys, of now or before? */
bool directory_is_operating(struct store *s, const struct hash *key_id);

/* Calls each with the keys that were the ledger's, the first one first. */
struct ledger_key_row {
  struct bytes spki;
  struct text_time from, until; /* until: "" for the one in force */
};
enum err directory_each_ledger_key(struct store *s, void *of,
                                   enum err (*each)(void *of, const struct ledger_key_row *row));

/* The number of the entry that put another key in the place of this one of the ledger; 0 while it is in force.
 * ERR_ABSENT if it never was. */
enum err directory_handed_over(struct store *s, const struct hash *ledger_key_id, uint64_t *number_out);

/* The authority that issued a person's or replica's certificate, DER, appended. ERR_KEY if none of the ledger's did. */
enum err directory_issuer(struct store *s, struct bytes cert, struct buf *out);

/* The authorities, newest first: the certificate, its hash, and the time at which the next one took its place (empty
 * for the one in force). Texts are borrowed until the call returns. */
struct authority_row {
  struct bytes cert;
  struct hash id;
  struct bytes until;
};
enum err directory_each_authority(struct store *s, void *of,
                                  enum err (*each)(void *of, const struct authority_row *row));

#endif
