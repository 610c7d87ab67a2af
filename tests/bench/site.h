/* A node and two machines of one agency, as a customer has them: cairnd as a process of its own over TLS, replicas that
 * have joined it with cairn. What the machines do then is done by the product's library, keys unlocked: a store is
 * held for one half of an exchange, as cairn holds it. */
#ifndef CAIRN_TESTS_BENCH_SITE_H
#define CAIRN_TESTS_BENCH_SITE_H

#include <sys/types.h>

#include "sync/exchange.h"
#include "tests/bench/bench.h"

struct site {
  char folder[64];
  uint16_t port;
  pid_t node; /* 0: it does not run */
  char vkey[512];
};

/* The node serves, and machines "a" and "b" have joined and synced. */
void site_open(struct site *s);
void site_close(struct site *s);
void site_start(struct site *s);
/* What the node used since it was started. */
struct bench_used site_stop(struct site *s);
/* All that there is, for another round from the same place. The node must not run. */
void site_keep(const struct site *s);
void site_restore(const struct site *s);
/* Until the node's ledger is published as it stands; of a node that runs. */
void site_wait_published(const struct site *s);

struct machine_home {
  const struct site *site;
  const char *name;
  uint16_t port; /* another one than the node's: somebody between them counts */
  struct key *person_key, *replica_key;
  struct hash person, replica;
  struct buf authority, certificate;
  struct store *store;
};

/* Loads the keys and holds the store. */
void machine_open(struct machine_home *m, const struct site *s, const char *name);
void machine_close(struct machine_home *m);
void machine_hold(struct machine_home *m);
void machine_let_go(struct machine_home *m);

/* The halves of an exchange; the store is held for them and no longer. */
void machine_request(struct machine_home *m, struct buf *request);
void machine_post(struct machine_home *m, struct bytes request, struct buf *answer);
void machine_take(struct machine_home *m, struct bytes answer, struct exchange_report *report);
void machine_exchange(struct machine_home *m, struct exchange_report *report);
/* Until there is nothing more; how many requests it took. */
size_t machine_sync(struct machine_home *m, struct exchange_report *report);

#endif
