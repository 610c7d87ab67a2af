/* Disclosed content against the header that commits to it (audit/FORMAT.md section 7). Written from those pages, with
 * libc and mbedTLS alone; reads no file. Whether the header stands in a ledger, and what became of the entry there, is
 * for the caller to look up. */
#ifndef CAIRN_AUDIT_VERIFY_OPEN_H
#define CAIRN_AUDIT_VERIFY_OPEN_H

#include "audit/verify.h"

#define VERIFY_OPEN_CONTENT_MAX ((size_t)8 << 20)
#define VERIFY_OPEN_MAX ((size_t)12 << 20)

/* The codes of audit/FORMAT.md section 7: enumerator, code as it is printed. */
#define VERIFY_OPEN_CODES(X)                                                                                           \
  X(GOOD, "")                                                                                                          \
  X(FORM, "O-FORM")                                                                                                    \
  X(HEADER, "O-HEADER")                                                                                                \
  X(SEALED, "O-SEALED")                                                                                                \
  X(CONTENT, "O-CONTENT")                                                                                              \
  X(LEDGER, "O-LEDGER")                                                                                                \
  X(ERASED, "O-ERASED")                                                                                                \
  X(NONE, "O-NONE")

enum verify_open_code {
#define X(code, text) VERIFY_OPEN_##code,
  VERIFY_OPEN_CODES(X)
#undef X
};

const char *verify_open_code_text(enum verify_open_code code);

struct verify_open {
  /* VERIFY_OPEN_GOOD: it is what the header commits to. Else what does not hold first, and what follows may be empty.
   * LEDGER, ERASED and NONE are the caller's to say. */
  enum verify_open_code code;
  char sentence[200];
  char entry[65], kind[65], key[65], at[21];
  char media[97];
  uint8_t *content; /* owned */
  size_t content_len;
};

void verify_open(const void *file, size_t len, struct verify_open *out);
void verify_open_release(struct verify_open *o);

#endif
