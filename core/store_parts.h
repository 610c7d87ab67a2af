/* What the files of the store share among themselves. Included by them only. */
#ifndef CAIRN_CORE_STORE_PARTS_H
#define CAIRN_CORE_STORE_PARTS_H

#include "core/cert_cache.h"
#include "core/db.h"
#include "core/directory.h"
#include "core/store.h"

#define CERTIFIED_MAX 64 /* a power of two */

#define HEADERS_KEPT 64 /* under each name; a power of two */

/* Headers that were read lately: what is in the log does not change. Forgotten with what is rolled back, and when an
 * act that was not accepted goes. */
struct kept_headers {
  struct header *by_number[HEADERS_KEPT], *by_id[HEADERS_KEPT]; /* NULL: the place is free */
};

#define CHAINS_KEPT 8 /* powers of two */
#define ENDS_KEPT 64
#define DELIVERED_KEPT 256
#define UNBARRED_KEPT 16

/* What was found or written with one act, and is asked for again with the next. Each place is found by the first byte
 * or the last bits of what it is about, and is free while it is zeros. Forgotten with what is rolled back. */
struct kept_answers {
  bool has_newest;
  int64_t newest_s; /* when the newest act that is accepted was admitted */
  struct {
    bool is_kept;
    struct hash replica, position;
    uint64_t number;
  } chains[CHAINS_KEPT];
  struct {
    bool is_kept;
    uint64_t agency, place;
    struct hash digest;
  } ends[ENDS_KEPT]; /* of feeds */
  struct {
    struct hash agency;
    uint64_t number;
  } feed; /* the number of an agency's entry */
  struct {
    uint64_t agency, number;
  } delivered[DELIVERED_KEPT]; /* an agency was told of the entry, at some time */
};

/* What the directory, and who is kept out of which case, say of all acts; forgotten when either moves
 * (store_forget_people). */
struct kept_settings {
  struct {
    bool is_kept, is_adopted;
    struct hash object;
    int64_t superseded_s;
  } profile;
  bool is_second_unset;                /* nothing needs a second person, and never did */
  struct hash unbarred[UNBARRED_KEPT]; /* people who were never kept out of anything */
};

/* Who somebody or a machine was found to be; they are forgotten when anything enters or leaves the views of the
 * directory (store_forget_people), and count for what comes behind all that is accepted. */
struct standing {
  bool is_author, is_machine;
  struct author author;
  int64_t day; /* on which the author has the roles */
  struct machine machine;
};

/* A certificate's key, kept so that it is read and decoded once. */
struct certified {
  struct hash key_id;
  struct key *key; /* NULL: the place is free */
  struct hash subject;
  enum cert_use use;
  int64_t from_s, until_s;
  struct standing standing;
};

struct store {
  struct db *db;
  struct scope_recipient reader;
  struct buf barred, keys; /* the reader's: hash after hash */
  struct buf new_leaves;   /* leaf hashes accepted since the last flush */
  uint64_t size;           /* store_size, if it is known; forgotten with what is rolled back */
  bool has_size;
  struct certified certified[CERTIFIED_MAX];
  struct cert_cache certs;
  struct kept_headers headers;
  struct kept_answers answers;
  struct kept_settings settings;
  struct view_tables *tables; /* NULL until they are needed */
  struct view_plans *plans;   /* the same */
  struct reach *reach;        /* core/reach.h; the same */
  struct gates *gates;        /* core/rule.c; the same, and never another */
};

/* An entry on its way into the views. */
struct projection {
  const struct kind *kind;
  const struct entry *entry;
  const struct json *content;
  struct hash object; /* that it belongs to */
  uint64_t number;
  struct bytes admitted; /* empty: NULL */
  bool is_new;           /* it was judged, so that nothing that names it, or comes behind it, can be here before it */
};

/* store.c: what accept puts in. Each is one row or one set of rows; errors of the database are passed on. */
struct act_row {
  uint64_t first;
  const struct act_text *text;
  const struct position *position; /* of the replica zeros, it is not known yet */
  struct bytes signature, head, admitted;
};
enum err store_put_act(struct store *s, const struct act_row *row);
/* The position and head of an act that came without its first entry. Nothing if they are known. */
enum err store_put_place(struct store *s, uint64_t act_first, const struct position *p, struct bytes head);
/* A group of an act's entries, and the proof for the others. */
enum err store_put_part(struct store *s, uint64_t act_first, const struct act_entry *entries, size_t count,
                        struct bytes siblings);
/* The header; content goes in with store_put_content. */
enum err store_put_entry(struct store *s, uint64_t number, uint64_t act_first, uint32_t index, const struct entry *e,
                         const struct hash *object);
/* What is to be held again after it was withdrawn or lost is not to be forgotten any more. */
enum err store_remember(struct store *s, uint64_t number);
/* Salt and content of an entry that has none here; of one that is erased, that it is. */
enum err store_put_content(struct store *s, uint64_t number, const struct entry *e, const struct act_entry *from);
/* Is the entry with this number here, and is its content (or was it erased)? */
enum store_presence { STORE_ABSENT, STORE_HEADER_ONLY, STORE_WHOLE };
enum err store_presence(struct store *s, uint64_t number, struct hash *id_out, enum store_presence *out);
enum err store_put_outbox(struct store *s, uint64_t act_first);
enum err store_put_chain(struct store *s, const struct position *p);
/* Takes an act that is not accepted out of the store, its rows in the views included. Its place in the machine's chain
 * stays taken. Whether it may go is for the caller to ask (core/discard.h). */
enum err store_drop_pending(struct store *s, uint64_t first);
/* The same for an act that is accepted now, and about to come in with numbers from this one on; but rows of the views
 * that can go by the new number stay. has_rows has a place for each of its entries: true where they do. */
enum err store_number_pending(struct store *s, uint64_t first, uint64_t number, bool *has_rows);
/* Of what stands in the table, or is about to. */
void store_keep_chain(struct store *s, const struct hash *replica, uint64_t number, const struct hash *position);
uint64_t store_next_pending(struct store *s);
void store_forget_keys(struct store *s);
void store_forget_people(struct store *s);

/* The object that an entry belongs to: what its kind's object field names, or itself. NULL for itself. */
const struct hash *store_object_of(const struct kind *k, const struct entry *e);

/* The same as it stands in the store: the object itself, also for an entry that voids another one, of any object. */
enum err store_find_object(struct store *s, const struct kind *k, const struct entry *e, struct hash *out);

/* store_header.c: an entry's header as it stands here, whoever reads. ERR_ABSENT. Each is freed once by whoever got it,
 * and is the same until then whatever becomes of the store. */
struct header {
  struct buf bytes;
  struct entry entry; /* borrows from them */
  uint64_t number;
  bool has_object; /* it belongs to the object of another entry, as the store has it */
  struct hash object;
  unsigned holders;
};
enum err store_header(struct store *s, uint64_t number, struct header **out);
enum err store_header_of(struct store *s, const struct hash *id, struct header **out);
void header_free(struct header *h);
/* Where that is all that is asked; NULL for a kind that is not known. ERR_ABSENT. */
enum err store_kind_of(struct store *s, const struct hash *id, uint64_t *number_out, const struct kind **out);
enum err store_has_entry(struct store *s, const struct hash *id, bool *out);
void store_header_forget(struct store *s);

/* directory_log.c: the node's key of this part ("ledger", "operating", "authority") that is in force for the entry with
 * this number; nothing, if there is none. What is written here and not accepted yet, by whomever, counts for nothing.
 */
enum err directory_node_key(struct store *s, const char *part, uint64_t number, struct buf *key, struct hash *id_out,
                            struct text_time *since_out);

/* store_view.c */
enum err view_enter(struct store *s, const struct projection *p);
/* Of one that cannot enter, because its content is gone: what voids or erases it, and came before it, is filed under
 * its object now. */
enum err view_pass_by(struct store *s, const struct projection *p);
/* Deletes the object's rows; makes them from its entries, where there are none; both. */
enum err view_take_out(struct store *s, const struct hash *object);
enum err view_put_back(struct store *s, const struct hash *object);
enum err view_replay(struct store *s, const struct hash *object);

/* Gives the rows that the object's first entry has made another number, where that is all that would be different if
 * they were made again: there is nothing else of the object, and the kind enters the views in one plain row. Else does
 * nothing. k may be NULL. */
enum err view_renumber(struct store *s, const struct kind *k, const struct hash *object, uint64_t number, bool *out);

/* view_row.c: an entry of the log on its way back into the views. */
struct view_row {
  uint64_t number, act;       /* its own, and that of its act's first entry */
  struct hash object, act_id; /* the object as the store has it */
  bool has_content;           /* or it is gone */
  struct bytes header, content, admitted;
  struct buf own; /* where they stand, if the row outlives its query's */
  bool is_read;   /* and this is what they say: */
  struct entry entry;
  const struct kind *kind; /* NULL: unknown */
  struct json *json;       /* NULL: the content is not of that kind, or cannot be read */
  bool is_whole;           /* it has its content, and both are as its kind demands */
};
#define VIEW_ROW                                                                                                       \
  "SELECT e.number, e.header, c.bytes, a.admitted, coalesce(e.object, e.id), a.first, a.id FROM entry e "              \
  "JOIN act a ON a.first = e.act "                                                                                     \
  "LEFT JOIN content c ON c.number = e.number "
/* Calls each for what a query that begins as above gives, and ends the query. A row is good for the call. The second
 * lets a thread of its own read ahead, where there are many and more than one processor. */
enum err view_rows_each(struct query *q, void *of, enum err (*each)(void *of, struct view_row *r));
enum err view_rows_each_of_many(struct query *q, void *of, enum err (*each)(void *of, struct view_row *r));

/* view_plan.c: what the parameters of a projection ask for. query is the statement's. */
#define VIEW_PARAMS_MAX 32
enum view_param {
  PARAM_ID,
  PARAM_OBJECT,
  PARAM_FIELDS,
  PARAM_COMMITMENT,
  PARAM_RECIPIENTS,
  PARAM_NUMBER,
  PARAM_BY,
  PARAM_AT,
  PARAM_ADMITTED,
  PARAM_CERT_KEY,
  PARAM_CERT_USE,
  PARAM_CERT_FROM,
  PARAM_CERT_UNTIL,
  PARAM_FIELD,    /* as it stands */
  PARAM_FIELD_ID, /* the hash of the key or certificate */
};
struct view_bound {
  enum view_param what;
  const struct field *field; /* of PARAM_FIELD and PARAM_FIELD_ID */
};
struct view_plan {
  const struct kind *kind;
  const char *statement;
  int count;
  struct view_bound at[VIEW_PARAMS_MAX]; /* from 1 on */
};
const struct view_plan *view_plan_of(struct store *s, const struct kind *k, const char *statement,
                                     const struct query *query);
void view_plans_release(struct store *s);

/* view_table.c: takes out of the views all rows; an object's from the tables named (spaces between) and from those that
 * every object may have rows in; an object's from all. */
enum err view_tables_empty(struct store *s);
enum err view_tables_drop(struct store *s, const char *views, const struct hash *object);
enum err view_tables_drop_all(struct store *s, const struct hash *object);
enum err view_tables_try(struct store *s);
/* A statement that sets the number (?2) of the row of an object (?1), if the kind's only row is made from its fields
 * and its number and nothing else; or NULL. */
const char *view_table_renumber(struct store *s, const struct kind *k);
/* Once the database is closed. */
void view_tables_release(struct store *s);

/* judge_taken.c: may this accepted entry enter the views? One of a kind that was not known when it came has not been
 * looked at; what a replica would refuse makes nothing. ERR_KEY or ERR_REFUSED if not. */
struct accepted {
  struct entry *entry;
  struct json *content;
  const struct kind *kind;
  uint64_t number, act; /* its own, and that of its act's first entry */
  struct hash act_id;
  struct bytes admitted;
};
enum err judge_accepted(struct store *s, const struct accepted *a);

/* rule.c: frees what rule_gated_by keeps. */
void rule_gates_release(struct store *s);

/* Each file's statements, for store_try_statements. */
#define STORE_STATEMENT_TABLE(X)                                                                                       \
  X(backup_statements)                                                                                                 \
  X(anew_statements)                                                                                                   \
  X(recovery_statements)                                                                                               \
  X(recovery_lost_statements)                                                                                          \
  X(recovery_stage_statements)                                                                                         \
  X(recovery_status_statements)                                                                                        \
  X(recovery_held_statements)                                                                                          \
  X(recovery_finish_statements)                                                                                        \
  X(recovery_anew_statements)                                                                                          \
  X(recovery_heard_statements)                                                                                         \
  X(store_statements)                                                                                                  \
  X(store_read_statements)                                                                                             \
  X(store_header_statements)                                                                                           \
  X(store_view_statements)                                                                                             \
  X(document_statements)                                                                                               \
  X(parts_statements)                                                                                                  \
  X(store_tree_statements)                                                                                             \
  X(directory_statements)                                                                                              \
  X(directory_log_statements)                                                                                          \
  X(accept_statements)                                                                                                 \
  X(judge_statements)                                                                                                  \
  X(judge_taken_statements)                                                                                            \
  X(profile_statements)                                                                                                \
  X(rule_statements)                                                                                                   \
  X(version_statements)                                                                                                \
  X(history_statements)                                                                                                \
  X(enquiry_statements)                                                                                                \
  X(keyring_statements)                                                                                                \
  X(child_statements)                                                                                                  \
  X(register_statements)                                                                                               \
  X(invitation_statements)                                                                                             \
  X(second_statements)                                                                                                 \
  X(staff_statements)                                                                                                  \
  X(reach_statements)                                                                                                  \
  X(feed_statements)                                                                                                   \
  X(feed_follow_statements)                                                                                            \
  X(feed_forget_statements)                                                                                            \
  X(erasure_statements)                                                                                                \
  X(cosign_statements)                                                                                                 \
  X(recheck_statements)                                                                                                \
  X(recheck_act_statements)                                                                                            \
  X(seen_statements)                                                                                                   \
  X(restricted_statements)                                                                                             \
  X(minute_statements)                                                                                                 \
  X(publication_statements)                                                                                            \
  X(copy_statements)                                                                                                   \
  X(proof_statements)                                                                                                  \
  X(discard_statements)                                                                                                \
  X(head_statements)

#define X(statements) const char *const *statements(size_t *count_out);
STORE_STATEMENT_TABLE(X)
#undef X

#endif
