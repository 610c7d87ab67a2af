/* Errors: one enum from one table, and the words that go with the last one.
 *
 * A function that can fail returns enum err and writes its outputs only on OK. Where
 * more can be said than the code says, the function that found the fault calls err_set,
 * and whoever prints asks err_words. The words belong to the thread and to the last
 * failure only. */
#ifndef CAIRN_CORE_ERR_H
#define CAIRN_CORE_ERR_H

#include <stddef.h>

/* code, words, exit status of a program that ends with it (1 no or refused, 2 usage, 3 could not) */
#define ERR_TABLE(X)                                                                                                   \
  X(OK, "done", 0)                                                                                                     \
  X(ERR_USAGE, "wrong usage", 2)                                                                                       \
  X(ERR_FORM, "not of the form it should have", 1)                                                                     \
  X(ERR_LIMIT, "larger than it may be", 1)                                                                             \
  X(ERR_SIGNATURE, "the signature does not verify", 1)                                                                 \
  X(ERR_KEY, "no certificate for this key", 1)                                                                         \
  X(ERR_PASSPHRASE, "the passphrase does not open the key", 1)                                                         \
  X(ERR_REFUSED, "refused", 1)                                                                                         \
  X(ERR_UNKNOWN_KIND, "a kind that this program does not know", 1)                                                     \
  X(ERR_ABSENT, "not found", 1)                                                                                        \
  X(ERR_AMBIGUOUS, "fits more than one", 1)                                                                            \
  X(ERR_HAD, "had already", 1)                                                                                         \
  X(ERR_CONFLICT, "in conflict", 1)                                                                                    \
  X(ERR_CHAIN, "the chain of acts does not continue", 1)                                                               \
  X(ERR_PROOF, "the proof does not check", 1)                                                                          \
  X(ERR_BUSY, "held by another program", 3)                                                                            \
  X(ERR_NOT_OURS, "not a database of this program", 3)                                                                 \
  X(ERR_NEWER, "written by a newer version", 3)                                                                        \
  X(ERR_DISK, "the disk could not take it", 3)                                                                         \
  X(ERR_NETWORK, "the node could not be reached", 3)                                                                   \
  X(ERR_IO, "could not", 3)

enum err {
#define X(code, words, status) code,
  ERR_TABLE(X)
#undef X
};

/* The table's words for a code. */
const char *err_text(enum err e);

/* The exit status that the table gives a code. */
int err_exit_status(enum err e);

/* Sets the words of the failure and returns e, so that `return err_set(...)` reads well. At most 511 bytes are kept. */
enum err err_set(enum err e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* As err_set, and also what can be done about it. */
enum err err_set_remedy(enum err e, const char *remedy, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The words of the last failure if they belong to e, else the table's. Never NULL. */
const char *err_words(enum err e);

/* What to do about it, or "". */
const char *err_remedy(void);

/* Clang's analyzer looks at one file at a time, and is told here what they return. */
#ifdef __clang_analyzer__
#define err_set(e, ...) (err_set(e, __VA_ARGS__), (e))
#define err_set_remedy(e, ...) (err_set_remedy(e, __VA_ARGS__), (e))
#endif

#endif
