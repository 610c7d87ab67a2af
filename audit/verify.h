/* The independent verifier: judges a published ledger from its bytes alone (core/FORMAT.md, audit/FORMAT.md). Written
 * from those pages, and on purpose a second implementation: it includes nothing of ours and shares no cryptography with
 * what signed. It reads no file, no clock and no network; it never trusts a length, and what it keeps grows only with
 * the directory (agencies, people, machines, keys, roles) and the acts that were held, up to VERIFY_ROWS_MAX, and by
 * one root for each act.
 *
 * Feed it, in order, each file of leaves and the checkpoint that was published with it; then ask for the result. */
#ifndef CAIRN_AUDIT_VERIFY_H
#define CAIRN_AUDIT_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VERIFY_FINDINGS_MAX 1000 /* kept in full; those beyond are counted */
#define VERIFY_ROWS_MAX (1 << 20)
#define VERIFY_FILE_MAX ((size_t)64 << 20)
#define VERIFY_NOTE_MAX 65536
#define VERIFY_COMMIT_MAX 65536

enum verify_subject {
  VERIFY_INTEGRITY,
  VERIFY_AUTHORSHIP,
  VERIFY_ANCHORING,
  VERIFY_COMPLETENESS,
  VERIFY_CONFORMANCE,
  VERIFY_PUBLICATION
};
#define VERIFY_SUBJECTS 6
enum verify_verdict { VERIFY_HOLDS, VERIFY_FAILS, VERIFY_UNKNOWN };

/* The codes of audit/FORMAT.md section 4: enumerator, code as it is printed, what it speaks about, and whether it
 * leaves acts whose authorship could not be judged. */
#define VERIFY_CODES(X)                                                                                                \
  X(I_OBJECT, "I-OBJECT", VERIFY_INTEGRITY, true)                                                                      \
  X(I_LAYOUT, "I-LAYOUT", VERIFY_INTEGRITY, false)                                                                     \
  X(I_LEAF, "I-LEAF", VERIFY_INTEGRITY, true)                                                                          \
  X(I_HEADER, "I-HEADER", VERIFY_INTEGRITY, true)                                                                      \
  X(I_NUMBER, "I-NUMBER", VERIFY_INTEGRITY, true)                                                                      \
  X(I_TIME, "I-TIME", VERIFY_INTEGRITY, false)                                                                         \
  X(I_ACT, "I-ACT", VERIFY_INTEGRITY, true)                                                                            \
  X(I_NOTE, "I-NOTE", VERIFY_INTEGRITY, false)                                                                         \
  X(I_SIGNATURE, "I-SIGNATURE", VERIFY_INTEGRITY, false)                                                               \
  X(I_SIZE, "I-SIZE", VERIFY_INTEGRITY, false)                                                                         \
  X(I_ROOT, "I-ROOT", VERIFY_INTEGRITY, false)                                                                         \
  X(I_OPEN, "I-OPEN", VERIFY_INTEGRITY, true)                                                                          \
  X(I_LIMIT, "I-LIMIT", VERIFY_INTEGRITY, true)                                                                        \
  X(A_KEY, "A-KEY", VERIFY_AUTHORSHIP, false)                                                                          \
  X(A_SIGNATURE, "A-SIGNATURE", VERIFY_AUTHORSHIP, false)                                                              \
  X(A_AUTHORITY, "A-AUTHORITY", VERIFY_AUTHORSHIP, false)                                                              \
  X(A_CERT, "A-CERT", VERIFY_AUTHORSHIP, false)                                                                        \
  X(A_ISSUER, "A-ISSUER", VERIFY_AUTHORSHIP, false)                                                                    \
  X(A_USAGE, "A-USAGE", VERIFY_AUTHORSHIP, false)                                                                      \
  X(A_SUBJECT, "A-SUBJECT", VERIFY_AUTHORSHIP, false)                                                                  \
  X(A_SWAPPED, "A-SWAPPED", VERIFY_AUTHORSHIP, false)                                                                  \
  X(A_VALIDITY, "A-VALIDITY", VERIFY_AUTHORSHIP, false)                                                                \
  X(A_NODE, "A-NODE", VERIFY_AUTHORSHIP, false)                                                                        \
  X(A_HEAD, "A-HEAD", VERIFY_AUTHORSHIP, false)                                                                        \
  X(A_REVOKED, "A-REVOKED", VERIFY_AUTHORSHIP, false)                                                                  \
  X(A_AGENCY, "A-AGENCY", VERIFY_AUTHORSHIP, false)                                                                    \
  X(A_ROLE, "A-ROLE", VERIFY_AUTHORSHIP, false)                                                                        \
  X(A_HANDOVER, "A-HANDOVER", VERIFY_AUTHORSHIP, false)                                                                \
  X(A_SECOND, "A-SECOND", VERIFY_AUTHORSHIP, false)                                                                    \
  X(A_BARRED, "A-BARRED", VERIFY_AUTHORSHIP, false)                                                                    \
  X(N_NONE, "N-NONE", VERIFY_ANCHORING, false)                                                                         \
  X(N_KEY, "N-KEY", VERIFY_ANCHORING, false)                                                                           \
  X(N_ROLLBACK, "N-ROLLBACK", VERIFY_ANCHORING, false)                                                                 \
  X(N_FORK, "N-FORK", VERIFY_ANCHORING, false)                                                                         \
  X(N_ORIGIN, "N-ORIGIN", VERIFY_ANCHORING, false)                                                                     \
  X(N_WITNESS, "N-WITNESS", VERIFY_ANCHORING, false)                                                                   \
  X(N_COSIGNATURE, "N-COSIGNATURE", VERIFY_ANCHORING, false)                                                           \
  X(P_COMMIT, "P-COMMIT", VERIFY_PUBLICATION, false)                                                                   \
  X(P_PARENT, "P-PARENT", VERIFY_PUBLICATION, false)                                                                   \
  X(P_TREE, "P-TREE", VERIFY_PUBLICATION, false)                                                                       \
  X(P_DATE, "P-DATE", VERIFY_PUBLICATION, false)                                                                       \
  X(P_UNSIGNED, "P-UNSIGNED", VERIFY_PUBLICATION, false)                                                               \
  X(P_SECOND, "P-SECOND", VERIFY_PUBLICATION, false)                                                                   \
  X(P_SIGNATURE, "P-SIGNATURE", VERIFY_PUBLICATION, false)                                                             \
  X(P_KEY, "P-KEY", VERIFY_PUBLICATION, false)                                                                         \
  X(P_NAMESPACE, "P-NAMESPACE", VERIFY_PUBLICATION, false)                                                             \
  X(P_REPLACE, "P-REPLACE", VERIFY_PUBLICATION, false)                                                                 \
  X(P_GRAFT, "P-GRAFT", VERIFY_PUBLICATION, false)                                                                     \
  X(P_SHALLOW, "P-SHALLOW", VERIFY_PUBLICATION, false)                                                                 \
  X(P_ALTERNATES, "P-ALTERNATES", VERIFY_PUBLICATION, false)                                                           \
  X(P_FORCED, "P-FORCED", VERIFY_PUBLICATION, false)                                                                   \
  X(P_MIRROR, "P-MIRROR", VERIFY_PUBLICATION, false)

enum verify_code {
#define X(code, text, subject, blinds) VERIFY_##code,
  VERIFY_CODES(X)
#undef X
      VERIFY_CODE_COUNT
};

struct verify_finding {
  enum verify_code code;
  uint64_t entry; /* 0: none in particular */
  char sentence[200];
};

/* What the auditor knows already; each may be NULL. All is read by verify_new only. */
struct verify_facts {
  const char *vkey;        /* brought: NAME+HASH+BASE64 */
  const char *fingerprint; /* brought: 64 hexadecimal digits */
  const char *seen_vkey;   /* of the last good visit, with its checkpoint */
  const void *seen_note;
  size_t seen_note_len;
};

/* Borrowed text, not terminated. */
struct verify_text {
  const char *at;
  size_t len;
};

struct verify_pair {
  struct verify_text name, value;
};

#define VERIFY_CHILDREN_MAX 32
#define VERIFY_REFS_MAX 64
#define VERIFY_FACTS_MAX 32

/* A leaf that is of the right form, for the programs that list. Valid during the call. Its act's signature is judged
 * later. */
struct verify_entry {
  uint64_t number;
  char id[65];
  struct verify_text admitted, act, kind, by, at, audience;
  struct verify_text children[VERIFY_CHILDREN_MAX];
  size_t child_count;
  struct verify_pair refs[VERIFY_REFS_MAX];
  size_t ref_count;
  struct verify_pair facts[VERIFY_FACTS_MAX];
  size_t fact_count;
};

/* A machine that vouches for the ledger's first entries, and has not been revoked. */
struct verify_witness {
  char machine[65], agency[65]; /* the id of its key; the entry of its agency */
  uint64_t size;
  char time[21]; /* by its own clock */
};

/* A key that was the ledger's, and signed its commits, from and until these times, both included. */
#define VERIFY_POINT_SIZE 65
struct verify_signer {
  uint8_t point[VERIFY_POINT_SIZE]; /* the uncompressed one of P-256 */
  char from[21], until[21];         /* until: "" for the one in force */
};

#define VERIFY_SHORT_SIZE 72

struct verify_result {
  enum verify_verdict verdicts[VERIFY_SUBJECTS];
  const struct verify_finding *findings; /* in the order in which they were met */
  size_t finding_count;
  uint64_t findings_beyond; /* how many more there were */
  uint64_t entry_count;
  char origin[97];      /* of the first entry; "" if it is not of the form */
  char vkey[256];       /* the ledger's key that is in force after the last entry; "" as above */
  char fingerprint[65]; /* and its SHA-256 */
  uint64_t size;        /* of the newest checkpoint, 0 if it could not be read */
  char root[65];
  char time[21];
  char short_form[VERIFY_SHORT_SIZE];     /* for comparing over the telephone: audit/FORMAT.md section 1.2 */
  const struct verify_witness *witnesses; /* the largest size first */
  size_t witness_count;
  const struct verify_signer *signers; /* the first one first */
  size_t signer_count;
};

struct verify;

/* NULL if a fact is malformed, with the reason in *why_out. */
struct verify *verify_new(const struct verify_facts *facts, const char **why_out);
void verify_free(struct verify *v);

/* From now on each leaf of the right form is shown to the function. */
void verify_each(struct verify *v, void *of, void (*entry)(void *of, const struct verify_entry *e));

/* The next file of leaves; the bytes are not kept. */
void verify_leaves(struct verify *v, const void *at, size_t len);
/* The checkpoint that was published with it, which commits to all leaves so far. */
void verify_checkpoint(struct verify *v, const void *at, size_t len);
/* The commit, as git's object, with which both were published. Where none is fed, publication is unknown. */
void verify_commit(struct verify *v, const void *at, size_t len);
/* What the reader of the repository found (I-OBJECT, I-LAYOUT, I-LIMIT, and what P- says of its history). */
void verify_report(struct verify *v, enum verify_code code, uint64_t entry, const char *sentence);

/* Judges. Valid until verify_free; nothing may be fed afterwards. */
const struct verify_result *verify_end(struct verify *v);

const char *verify_code_text(enum verify_code code);
enum verify_subject verify_code_subject(enum verify_code code);
const char *verify_subject_text(enum verify_subject subject);
const char *verify_verdict_text(enum verify_verdict verdict);

#endif
