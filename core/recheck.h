/* Checks again all that a store holds: what came through the door once, and what is derived from it. Nothing is
 * changed. It finds what happened to the file since: a bad disk, a copy that went wrong, somebody with an editor.
 *
 * Whether exactly that is here which the feed says is checked by the feed as it was followed (core/feed.h). What each
 * entry says is bound by its commitment, its header by the act's signature, the act by its author's
 * certificate. Time and place in the ledger (number, admitted, position) are bound by the checkpoint's root alone: they
 * can be checked again as far as the store holds all entries from the first one on. */
#ifndef CAIRN_CORE_RECHECK_H
#define CAIRN_CORE_RECHECK_H

#include "core/store.h"

/* What a finding is about, as it is printed. */
#define RECHECK_TABLE(X)                                                                                               \
  X(RECHECK_FILE, "file")             /* the database itself */                                                        \
  X(RECHECK_ENTRY, "entry")           /* a header, its id, its place */                                                \
  X(RECHECK_CONTENT, "content")       /* content and salt against the commitment */                                    \
  X(RECHECK_LOST, "lost")             /* content that a rebuilding did not find again */                               \
  X(RECHECK_ACT, "act")               /* whole, and its id that of its headers */                                      \
  X(RECHECK_SIGNATURE, "signature")   /* of an act, or of a machine over its position */                               \
  X(RECHECK_CHAIN, "chain")           /* a machine's positions, one behind the other */                                \
  X(RECHECK_CHECKPOINT, "checkpoint") /* signed by the ledger's key */                                                 \
  X(RECHECK_LEDGER, "ledger")         /* the leaves against the checkpoints' roots */                                  \
  X(RECHECK_VIEW, "view")             /* kept views against those made again */                                        \
  X(RECHECK_FEED, "feed")             /* what was to be held, and what is */                                           \
  X(RECHECK_OUTBOX, "outbox")         /* what waits to be sent */

enum recheck_about {
#define X(code, word) code,
  RECHECK_TABLE(X)
#undef X
};
const char *recheck_word(enum recheck_about about);

struct recheck_finding {
  enum recheck_about about;
  uint64_t number; /* of the entry, or of the act's first one, or the size of the checkpoint; 0: none */
  char words[256];
};

struct recheck {
  struct store *store;
  void *of;
  void (*found)(void *of, const struct recheck_finding *f);
  void (*progress)(void *of, uint64_t done, uint64_t total); /* entries; may be NULL */
};

struct recheck_result {
  uint64_t entries, acts, contents, checkpoints, findings;
  uint64_t rebuilt; /* the largest checkpoint whose root came out of the leaves that are here; 0: none did */
};

/* OK if everything could be looked at, whatever was found. Opens a transaction of its own and rolls it back. */
enum err recheck_all(const struct recheck *r, struct recheck_result *out);

#endif
