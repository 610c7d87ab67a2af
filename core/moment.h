/* Moments at which a test build of the programs ends itself, as if killed: CAIRN_END_AT=NAME:K, at the K-th time that
 * it comes to the moment of this name (K may be left out: the first). They are where something is done and something
 * else that belongs to it is not yet. In all other builds nothing of this is there. */
#ifndef CAIRN_CORE_MOMENT_H
#define CAIRN_CORE_MOMENT_H

#define MOMENTS(X)                                                                                                     \
  X(BEFORE_COMMIT, "before-commit")       /* all of a transaction is written */                                        \
  X(AFTER_COMMIT, "after-commit")         /* nobody has been told */                                                   \
  X(BEFORE_SCRUB, "before-scrub")         /* what is erased is still in the file */                                    \
  X(AFTER_SCRUB, "after-scrub")           /* it is out, and that is not noted */                                       \
  X(REQUEST_MADE, "request-made")         /* nothing of it is sent */                                                  \
  X(ANSWER_CAME, "answer-came")           /* nothing of it is taken */                                                 \
  X(BEFORE_ANSWER, "before-answer")       /* the node has decided, and said nothing */                                 \
  X(AFTER_ANSWER, "after-answer")         /* it is with the kernel */                                                  \
  X(BEFORE_PUBLISH, "before-publish")     /* the store is ahead of the published ledger */                             \
  X(COMMIT_KEPT, "commit-kept")           /* in the store, and not in the repository */                                \
  X(PUBLISHED, "published")               /* one commit of several */                                                  \
  X(KEYS_MADE, "keys-made")               /* of a machine that joins */                                                \
  X(REPLICA_STORED, "replica-stored")     /* under its name of before */                                               \
  X(REPLICA_IN_PLACE, "replica-in-place") /* with what it joined with still beside it */

#define MOMENT_NUMBER(name, text) MOMENT_##name,
enum moment { MOMENTS(MOMENT_NUMBER) };

#ifdef CAIRN_TEST_BUILD
void moment_comes(enum moment m);
#else
static inline void moment_comes(enum moment m) {
  (void)m;
}
#endif

#endif
