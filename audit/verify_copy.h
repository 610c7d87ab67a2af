/* What a copy of a minute or a report proves (core/FORMAT.md section 13, audit/FORMAT.md section 5). Written from those
 * pages, with libc and mbedTLS alone; reads no file and no clock. It looks at one copy, and learns nothing of others.
 */
#ifndef CAIRN_AUDIT_VERIFY_COPY_H
#define CAIRN_AUDIT_VERIFY_COPY_H

#include "audit/verify.h"

#define VERIFY_COPY_MAX ((size_t)2 << 20)

/* The codes of audit/FORMAT.md section 5: enumerator, code as it is printed. */
#define VERIFY_COPY_CODES(X)                                                                                           \
  X(GOOD, "")                                                                                                          \
  X(FORM, "C-FORM")                                                                                                    \
  X(HEADER, "C-HEADER")                                                                                                \
  X(DOCUMENT, "C-DOCUMENT")                                                                                            \
  X(ACT, "C-ACT")                                                                                                      \
  X(CERT, "C-CERT")                                                                                                    \
  X(SIGNATURE, "C-SIGNATURE")                                                                                          \
  X(LEAF, "C-LEAF")                                                                                                    \
  X(PROOF, "C-PROOF")                                                                                                  \
  X(KEY, "C-KEY")                                                                                                      \
  X(LEDGER, "C-LEDGER")                                                                                                \
  X(NONE, "C-NONE")

enum verify_copy_code {
#define X(code, text) VERIFY_COPY_##code,
  VERIFY_COPY_CODES(X)
#undef X
};

const char *verify_copy_code_text(enum verify_copy_code code);

struct verify_copy {
  /* VERIFY_COPY_GOOD: all holds. VERIFY_COPY_NONE: nothing fails, but nothing shows either that the approval stands in
   * the ledger that was asked about. Else what does not hold, and what follows may be empty. */
  enum verify_copy_code code;
  char sentence[200];
  char rendering[16], form[8];
  char meeting[65], report[65]; /* report: "" for a minute */
  char approval[65];            /* the entry's id */
  char at[21];                  /* when the author says it was written */
  char key[65], person[65];     /* the author's key, and the entry that introduced it */
  char authority[65];           /* the key of the authority that certified it */
  uint64_t number;              /* in the ledger; 0: the copy does not say */
  char admitted[21];
  char ledger[97]; /* its name */
  uint64_t size;   /* of the checkpoint that proves it; 0 as above */
};

/* vkey: the ledger's verifier key as the reader knows it, or NULL. False if it is none, with the reason in *why_out. */
bool verify_copy(const void *file, size_t len, const char *vkey, struct verify_copy *out, const char **why_out);

#endif
