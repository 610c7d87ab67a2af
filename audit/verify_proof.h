/* What shows one entry to somebody who has no copy of the ledger: a text with the entry's leaf, its way into a
 * checkpoint, and what says whose signature it has (audit/FORMAT.md section 6). Written and read from those pages, with
 * libc and mbedTLS alone; neither reads a file or a clock. */
#ifndef CAIRN_AUDIT_VERIFY_PROOF_H
#define CAIRN_AUDIT_VERIFY_PROOF_H

#include "audit/verify.h"

#define VERIFY_PROOF_MAX ((size_t)1 << 20)

/* The codes of audit/FORMAT.md section 6: enumerator, code as it is printed. */
#define VERIFY_PROOF_CODES(X)                                                                                          \
  X(GOOD, "")                                                                                                          \
  X(FORM, "E-FORM")                                                                                                    \
  X(LEAF, "E-LEAF")                                                                                                    \
  X(ACT, "E-ACT")                                                                                                      \
  X(SIGNER, "E-SIGNER")                                                                                                \
  X(SIGNATURE, "E-SIGNATURE")                                                                                          \
  X(KEY, "E-KEY")                                                                                                      \
  X(CHECKPOINT, "E-CHECKPOINT")                                                                                        \
  X(PATH, "E-PATH")                                                                                                    \
  X(LEDGER, "E-LEDGER")                                                                                                \
  X(NONE, "E-NONE")

enum verify_proof_code {
#define X(code, text) VERIFY_PROOF_##code,
  VERIFY_PROOF_CODES(X)
#undef X
};

const char *verify_proof_code_text(enum verify_proof_code code);

struct verify_proof {
  /* VERIFY_PROOF_GOOD: all holds. VERIFY_PROOF_NONE: nothing fails, and no key was brought. Else what does not hold
   * first, and what follows may be empty. */
  enum verify_proof_code code;
  char sentence[200];
  char entry[65], kind[65];
  uint64_t number;
  char at[21], admitted[21];
  char key[65];    /* the author's */
  char person[65]; /* the entry that introduced it; "": it is the node's operating key */
  char from[21], until[21];
  bool is_valid; /* the author's certificate, when the entry was admitted */
  char ledger[97];
  uint64_t size; /* of the checkpoint */
  char root[65];
  char time[21];
  char fingerprint[65]; /* of the key that signed it */
};

/* vkey: the ledger's verifier key as the reader knows it; fingerprint: that key's. Either or both may be NULL. False
 * if one is malformed, with the reason in *why_out. */
bool verify_proof(const void *file, size_t len, const char *vkey, const char *fingerprint, struct verify_proof *out,
                  const char **why_out);

/* ---- verify_prove.c: writing one ---- */

/* Goes once through the files of leaves of a ledger that was verified, and knows then what shows this entry. */
struct verify_prover;

/* by: the author's key id, 64 digits; admitted: of the entry. Both as the verifier showed them. */
struct verify_prover *verify_prover_new(uint64_t number, const char *by, const char *admitted);
void verify_prover_free(struct verify_prover *p);
void verify_prover_leaves(struct verify_prover *p, const void *at, size_t len);
/* The text, which the caller frees; NULL if the entry or what says whose key it has was not met. vkey and note: the key
 * in force, and the checkpoint over exactly these leaves. */
char *verify_prover_text(const struct verify_prover *p, const char *vkey, const void *note, size_t note_len,
                         size_t *len_out);

#endif
