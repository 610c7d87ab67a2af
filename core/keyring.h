/* The keys of people and agencies as the directory introduced them: who has them, who introduced them at which entry,
 * whether they still count, and whether somebody on this machine has compared them with their owner. What decides to
 * whom something is sealed asks here. */
#ifndef CAIRN_CORE_KEYRING_H
#define CAIRN_CORE_KEYRING_H

#include "core/store.h"

enum keyring_of { KEYRING_PERSON, KEYRING_AGENCY, KEYRING_MACHINE };

/* The keys that one entry introduced; texts are borrowed until the call returns. */
struct keyring_row {
  enum keyring_of of;
  struct hash entry; /* person.add, person.key, agency.key or replica.add */
  struct hash owner; /* the person, the agency, or the machine's agency */
  struct bytes name; /* the owner's; of a machine its own */
  struct bytes agency;
  struct hash sign, seal; /* key ids; zeros: none. Of a machine `sign` is its only key */
  struct bytes seal_key;  /* SubjectPublicKeyInfo; empty: none */
  struct hash by;         /* the key id of who introduced them */
  uint64_t number;        /* from STORE_PENDING on: not accepted */
  struct bytes since;     /* admitted; empty while they are not accepted */
  bool is_first;          /* the keys that a person began with, an agency's first role key, a machine's */
  bool is_revoked;        /* the keys, the person, the machine or the agency */
  bool is_confirmed;      /* first, introduced from this machine, or compared here with their owner */
};

/* Calls each with the keys that were introduced after the entry with this number: of this owner, or of all (NULL), in
 * the order of their numbers. */
enum err keyring_each(struct store *s, const struct hash *owner, uint64_t after, void *of,
                      enum err (*each)(void *of, const struct keyring_row *row));

/* What is sealed to today: accepted and not revoked. Of a person all such keys, one for each device; of an agency the
 * newest role key alone. */
enum err keyring_each_seal(struct store *s, const struct hash *owner, void *of,
                           enum err (*each)(void *of, const struct keyring_row *row));

/* The public key with this id that somebody, an agency or the keeper is sealed to, whether it counts still or not. The
 * caller frees it. ERR_ABSENT. */
enum err keyring_find_seal(struct store *s, const struct hash *key_id, struct key **out);

/* Calls each with the ids of all keys that a person may read by: their own, and those of the offices that they hold:
 * their agency's role keys for its designated lead, the escrow keys for the keeper. */
enum err keyring_each_of_reader(struct store *s, const struct hash *person, void *of,
                                enum err (*each)(void *of, const struct hash *key_id));

/* Notes, on this machine alone, that the owner's accepted keys were compared with them. In a transaction of the
 * caller's. count_out: how many were not confirmed before. */
enum err keyring_confirm(struct store *s, const struct hash *owner, int64_t now_s, uint64_t *count_out);

#endif
