/* What the files of the store share among themselves. Included by them only. */
#ifndef CAIRN_CORE_STORE_PARTS_H
#define CAIRN_CORE_STORE_PARTS_H

#include "core/cert.h"
#include "core/db.h"
#include "core/store.h"

#define CERTIFIED_MAX 64 /* a power of two */

/* A certificate's key, kept so that it is read and decoded once. */
struct certified {
  struct hash key_id;
  struct key *key; /* NULL: the place is free */
  struct hash subject;
  enum cert_use use;
  int64_t from_s, until_s;
};

struct store {
  struct db *db;
  struct scope_recipient reader;
  struct buf barred;     /* the reader's: hash after hash */
  struct buf new_leaves; /* leaf hashes accepted since the last flush */
  struct certified certified[CERTIFIED_MAX];
};

/* An entry on its way into the views. */
struct projection {
  const struct kind *kind;
  const struct entry *entry;
  const struct json *content;
  struct hash object; /* that it belongs to */
  uint64_t number;
  struct bytes admitted; /* empty: NULL */
};

/* store.c: what accept puts in. Each is one row or one set of rows; errors of the database are passed on. */
struct act_row {
  uint64_t first;
  const struct act_text *text;
  const struct position *position;
  struct bytes signature, head, siblings, admitted;
};
enum err store_put_act(struct store *s, const struct act_row *row);
enum err store_put_entry(struct store *s, uint64_t number, uint64_t act_first, uint32_t index, const struct entry *e,
                         const struct hash *object, const uint8_t *salt, struct bytes content);
enum err store_put_outbox(struct store *s, uint64_t act_first);
enum err store_put_chain(struct store *s, const struct position *p);
/* Takes an act that is not accepted out of the store, its view rows included. */
enum err store_drop_pending(struct store *s, uint64_t first);
uint64_t store_next_pending(struct store *s);
void store_forget_keys(struct store *s);

/* The object that an entry belongs to: what its kind's object field names, or itself. NULL for itself. */
const struct hash *store_object_of(const struct kind *k, const struct entry *e);

/* The same as it stands in the store: the object itself, also for an entry that voids another one, of any object. */
enum err store_find_object(struct store *s, const struct kind *k, const struct entry *e, struct hash *out);

/* store_view.c */
enum err view_enter(struct store *s, const struct projection *p);
/* Deletes the object's rows and makes them again from its entries. */
enum err view_replay(struct store *s, const struct hash *object);

/* judge.c: may this accepted entry enter the views? One of a kind that was not known when it came has not been looked
 * at; what a replica would refuse makes nothing. ERR_KEY or ERR_REFUSED if not. */
struct accepted {
  struct entry *entry;
  struct json *content;
  const struct kind *kind;
  uint64_t number, act; /* its own, and that of its act's first entry */
  struct hash act_id;
  struct bytes admitted;
};
enum err judge_accepted(struct store *s, const struct accepted *a);

/* Each file's statements, for store_try_statements. */
#define STORE_STATEMENT_TABLE(X)                                                                                       \
  X(store_statements)                                                                                                  \
  X(store_read_statements)                                                                                             \
  X(store_view_statements)                                                                                             \
  X(document_statements)                                                                                               \
  X(parts_statements)                                                                                                  \
  X(store_tree_statements)                                                                                             \
  X(directory_statements)                                                                                              \
  X(accept_statements)                                                                                                 \
  X(judge_statements)                                                                                                  \
  X(profile_statements)                                                                                                \
  X(rule_statements)                                                                                                   \
  X(version_statements)                                                                                                \
  X(enquiry_statements)                                                                                                \
  X(keyring_statements)                                                                                                \
  X(child_statements)                                                                                                  \
  X(register_statements)                                                                                               \
  X(invitation_statements)                                                                                             \
  X(second_statements)                                                                                                 \
  X(staff_statements)

#define X(statements) const char *const *statements(size_t *count_out);
STORE_STATEMENT_TABLE(X)
#undef X

#endif
