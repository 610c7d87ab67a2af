/* A small world in one process: an authority, a node with its ledger open, agencies, and people on replicas of their
 * own that have joined it; all made by the product's own functions. No socket, no clock: time is now_s, which only the
 * test moves, and a seed decides everything that is drawn at random.
 *
 * What must work for a test to make sense ends the program with words when it does not. */
#ifndef CAIRN_TESTS_LIB_WORLD_H
#define CAIRN_TESTS_LIB_WORLD_H

#include "core/author.h"
#include "core/directory.h"
#include "sync/carry.h"
#include "sync/exchange.h"
#include "sync/join.h"

#define WORLD_MEMBERS_MAX 20

/* One person on one replica. */
struct world_member {
  struct key *key, *seal_key, *replica_key;
  struct hash agency, person, machine; /* entries */
  struct hash replica;                 /* the replica key's id */
  struct store *store;
  char *path; /* of the store */
};

struct world {
  char folder[32];
  char *path; /* of the node's store */
  struct key *authority, *operating, *ledger;
  struct buf authority_cert;
  struct exchange_node node;
  struct world_member members[WORLD_MEMBERS_MAX];
  size_t count;
  int64_t now_s;
};

/* From here on all that OpenSSL draws follows from the seed. */
void world_seed(uint64_t seed);

/* Seeds, and makes the authority and a node whose ledger is open, at 2026-11-21T09:00:00Z. */
void world_open(struct world *w, uint64_t seed);
/* Many tests begin with the same world: the first one makes it and has it kept, in memory, as it is then; the others
 * begin with copies of their own, and nothing that happens to one comes back. False if none is kept; a program keeps
 * one at a time. */
void world_keep(struct world *w);
bool world_again(struct world *w);
/* Ends the program with words if a file of any machine has the mark of restricted values in clear. */
void world_search(const struct world *w);
/* Searches, closes all stores and removes the folder. */
void world_close(struct world *w);

/* The node adds an agency. */
struct hash world_agency(struct world *w, const char *name, const char *type);
/* Someone of this agency joins with a machine of their own and syncs once; roles are joined by spaces. */
struct world_member *world_join(struct world *w, const struct hash *agency, const char *person, const char *roles);
/* The same in halves: the node has let them in, and answers; nothing is stored here. Then the answer goes into a store
 * that is empty, as m->store, in one transaction. */
struct world_member *world_let_in(struct world *w, const struct hash *agency, const char *person, const char *roles,
                                  struct join_token *token_out, struct buf *answer);
enum err world_settle(struct world_member *m, const struct join_token *t, struct bytes answer);
/* Closes a store and opens it again. */
void world_reopen_node(struct world *w);
void world_reopen(struct world_member *m);

/* A draft of a kind. The values are borrowed; WORLD_DRAFT("child.add", {"name", "Ava"}, {"born", "2017-05-02"}). */
struct draft world_draft(const char *kind, const struct draft_value *values, size_t count);
#define WORLD_DRAFT(kind, ...)                                                                                         \
  world_draft(kind, (const struct draft_value[]){__VA_ARGS__},                                                         \
              sizeof((const struct draft_value[]){__VA_ARGS__}) / sizeof(struct draft_value))

/* A member writes an act into their own store, in a transaction that is committed on OK and rolled back otherwise. */
enum err world_write(struct world *w, struct world_member *m, const struct draft *drafts, size_t count,
                     enum accept_how how, struct verdict *out);
/* As world_write with ACCEPT_WRITE for one draft, which must be recorded; its id. */
struct hash world_record(struct world *w, struct world_member *m, struct draft draft);
/* The node writes entries of its own, in a transaction with a checkpoint. */
enum err world_node_write(struct world *w, const struct draft *drafts, size_t count, struct verdict *out);

/* Large contents, part by part, as before every request: what the next one needs and what the last answer named.
 * lacks_out: the node did not give something. */
enum err world_carry(struct world *w, struct world_member *m, bool *lacks_out);

/* One request, one answer, with what is carried before; the report may be NULL. The second asks until there is nothing
 * more, and must work. */
enum err world_exchange(struct world *w, struct world_member *m, struct exchange_report *report);
void world_sync(struct world *w, struct world_member *m);

/* Where a replica's feed stands after events of a forged answer, so that it is not the digest that gives it away. */
struct feed_end world_upto(struct world_member *m, const struct msg_event *events, uint32_t count);

/* The request, made by hand, vouches for the node's checkpoint of its size, if there is one. The signature stays the
 * caller's. */
void world_vouch(struct world *w, const struct world_member *m, struct msg_request *request, struct buf *signature);

/* A digest over all rows of all tables: equal only if nothing at all has changed. */
struct hash world_digest(struct store *s);
/* Ends the program with words unless the views are those that a rebuild would make; nothing is changed. */
void world_check_views(struct store *s, const char *what);
/* How much is wrong with a store by itself; each finding is told. */
uint64_t world_findings(struct store *s);
/* How many rows there are: "child", "entry WHERE number > 7". */
uint64_t world_count(struct store *s, const char *from);

const char *world_verdict_word(enum verdict_code c);

/* Ends the program with words unless e is OK. */
void world_must(enum err e, const char *what);

#endif
