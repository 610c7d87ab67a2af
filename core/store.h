/* The store of a replica or of the node: the log, the outbox, and the views derived from the log. One SQLite database
 * with one connection. What enters it as part of the log comes through accept_act (core/accept.h) and no other way.
 *
 * What the functions give out is borrowed until the record is released or, where said, until the next call. */
#ifndef CAIRN_CORE_STORE_H
#define CAIRN_CORE_STORE_H

#include "core/act.h"
#include "core/kind.h"
#include "core/merkle.h"
#include "core/scope.h"

struct store;

/* Numbers from here on are given to what was written here and is not accepted yet. */
#define STORE_PENDING ((uint64_t)1 << 62)

/* A new, empty store in a new file of mode 0600. */
enum err store_create(const char *path, struct store **out);
/* Errors as db_open's. */
enum err store_open(const char *path, int wait_ms, struct store **out);
void store_close(struct store *s);
/* As db_is_at. */
bool store_is_at(const struct store *s, const char *path);

/* Transactions. A store that is closed in the middle of one is as it was before. store_commit is the moment at which
 * something is promised. */
enum err store_begin(struct store *s);
enum err store_commit(struct store *s);
void store_rollback(struct store *s);
/* The one or the other: commits if e is OK; else rolls back, and gives e with its words. */
enum err store_end(struct store *s, enum err e);

/* Facts about this store; ERR_ABSENT. The value is appended. */
enum err store_meta(struct store *s, const char *name, struct buf *out);
enum err store_meta_set(struct store *s, const char *name, struct bytes value);
enum err store_meta_hash(struct store *s, const char *name, struct hash *out);
/* 0 if it is not there. */
uint64_t store_meta_number(struct store *s, const char *name);
enum err store_meta_set_number(struct store *s, const char *name, uint64_t v);

/* What is in the way of seeing: reading functions give only what this recipient may see. Set once after opening. Out of
 * whose cases the person is kept is read from the store; what who says about it is not looked at. */
void store_read_as(struct store *s, const struct scope_recipient *who);

/* One entry as it stands in the store. */
struct record {
  uint64_t number; /* from STORE_PENDING on: not accepted */
  struct entry entry;
  struct buf header;
  bool has_content, is_erased, is_lost; /* none: it was withdrawn from this replica; lost: its header counts (kind.h) */
  uint8_t salt[ENTRY_SALT_SIZE];
  struct buf content;
  uint32_t index;     /* in its act */
  uint64_t act_first; /* the number of its act's first entry */
  char state[16];     /* "accepted", "unsent", "refused", "held", "later" */
};
void record_release(struct record *r);
/* The entry as it travels; borrowed from the record. */
struct act_entry record_act_entry(const struct record *r);

/* One act, its entries those that are here. The position is zeros while the act's first entry is not. */
struct act_record {
  uint64_t first;
  struct act_text text;
  struct position position;
  struct buf signature, head;
  struct text_time admitted; /* empty while it is not accepted */
  size_t count;
  struct record *entries;
};
void act_record_release(struct act_record *a);

/* ERR_ABSENT, also for what may not be seen. */
enum err store_find(struct store *s, const struct hash *id, struct record *out);
enum err store_find_number(struct store *s, uint64_t number, struct record *out);
/* An id from a prefix of at least four digits; kind may be NULL. ERR_ABSENT, ERR_AMBIGUOUS, ERR_USAGE. */
enum err store_find_prefix(struct store *s, struct bytes prefix, const char *kind, struct hash *out);
/* An id from what a person types for an entry of this kind: a prefix as above, or, if it is not one, the whole of what
 * the kind's `line` field says (a name) where that fits one entry only. Several kinds are joined by |; NULL: only a
 * prefix. */
enum err store_find_typed(struct store *s, struct bytes typed, const char *kinds, struct hash *out);
/* The act with this number of its first entry. All its entries are given: whoever passes them on asks core/scope.h. */
enum err store_find_act(struct store *s, uint64_t first, struct act_record *out);
/* The same without its entries, and without the root, which follows from them. */
enum err store_find_act_alone(struct store *s, uint64_t first, struct act_record *out);
/* The entries of an act that are here, in order and not decoded, for whoever passes them on. ERR_ABSENT if there is
 * none.
 */
struct act_bytes {
  size_t count;
  struct act_entry *entries; /* borrow from bytes */
  struct buf bytes;
};
enum err store_act_bytes(struct store *s, uint64_t first, struct act_bytes *out);
void act_bytes_release(struct act_bytes *b);
/* Of an act of which not all entries are here: the indices (4 bytes each, big-endian) of those that came together with
 * the one of this index, and the partial proof for the others; appended. ERR_ABSENT. */
enum err store_find_act_part(struct store *s, uint64_t first, uint32_t index, struct buf *indices,
                             struct buf *siblings);
/* The first number of the act to which the entry with this number belongs; ERR_ABSENT. */
enum err store_act_of(struct store *s, uint64_t number, uint64_t *first_out);
/* The first number of the act with this id; ERR_ABSENT. */
enum err store_find_act_id(struct store *s, const struct hash *id, uint64_t *first_out);

struct store_filter {
  const char *kind;         /* NULL: any; "child" stands for all kinds that begin with "child." */
  const struct hash *child; /* NULL: any; with all records of the same child (core/child.h) */
  bool is_outbox_only;
};
/* Calls each for the entries that the filter lets through, in the order of their numbers. */
enum err store_each(struct store *s, const struct store_filter *f, void *of,
                    enum err (*each)(void *of, const struct record *r));

struct outbox_row {
  uint64_t act; /* the number of its first entry */
  char state[16];
  struct bytes rule, words, remedy;
};
enum err store_outbox_each(struct store *s, void *of, enum err (*each)(void *of, const struct outbox_row *row));
enum err store_outbox_mark(struct store *s, const struct hash *act, const char *state, const char *rule,
                           const char *words, const char *remedy);
/* What waits for its receipt goes back to unsent; count_out: how many. */
enum err store_outbox_reoffer(struct store *s, uint64_t *count_out);
/* What the node held goes back to unsent; what was sent under another key than this, the machine's own, moves as below.
 * In a transaction of the caller's. */
enum err store_outbox_reoffer_held(struct store *s, const struct hash *replica);
/* The machine has a new key: what the node has not decided about (unsent, later, and sent without a receipt) goes, in
 * the same order, behind the newest position of the new key's chain, and is unsent; the acts stay as they were signed.
 * What was refused or is held keeps the position that it was sent under. In a transaction of the caller's. count_out:
 * how many acts were moved. */
enum err store_outbox_reposition(struct store *s, const struct hash *replica, uint64_t *count_out);
/* How many acts are in the outbox in this state; NULL: in any. */
uint64_t store_outbox_count(struct store *s, const char *state);

/* How many entries the ledger has (node), or the number of the newest one here (replica). */
uint64_t store_size(struct store *s);

/* The newest position of a replica's chain; number 0 and zeros if there is none. */
enum err store_chain(struct store *s, const struct hash *replica, uint64_t *number_out, struct hash *position_out);

/* On the node: the tree. Leaves accepted in the transaction are in it after store_tree_flush. */
enum err store_tree_flush(struct store *s);
struct merkle_source store_tree(struct store *s);
enum err store_tree_root(struct store *s, uint64_t size, struct hash *root_out);
/* The tree of this size as it grows on from there. */
enum err store_tree_at(struct store *s, uint64_t size, struct merkle *out);
/* Entry N's leaf, appended. */
enum err store_leaf(struct store *s, uint64_t number, struct buf *out);

/* Signed checkpoints, newest last. ERR_ABSENT. */
enum err store_checkpoint_add(struct store *s, uint64_t size, const struct hash *root, struct bytes note);
enum err store_checkpoint_newest(struct store *s, uint64_t *size_out, struct hash *root_out, struct buf *note_out);
/* The one of exactly this size. ERR_ABSENT. */
enum err store_checkpoint_at(struct store *s, uint64_t size, struct buf *note_out);

/* Empties the views and makes them again from the log and the outbox. In a transaction of the caller's. */
enum err store_rebuild(struct store *s);
/* A digest over all rows of all views, for comparing kept views with rebuilt ones. */
enum err store_views_digest(struct store *s, struct hash *out);
/* The same for each view, by its name; that is good while the store is open. */
enum err store_views_each(struct store *s, void *of,
                          enum err (*each)(void *of, struct bytes view, const struct hash *digest));

/* The node's held acts, by the act.hold entry. ERR_ABSENT. */
enum err store_held_put(struct store *s, const struct hash *hold, struct bytes message);
enum err store_held_find(struct store *s, const struct hash *hold, struct buf *message_out);
enum err store_held_drop(struct store *s, const struct hash *hold);

/* OK if every statement of the store and every projection and rule can be prepared. */
enum err store_try_statements(struct store *s);

#endif
