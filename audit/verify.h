/* The independent verifier: judges a published ledger from its bytes alone (core/FORMAT.md, audit/FORMAT.md). Written
 * from those pages, and on purpose a second implementation: it includes nothing of ours and shares no cryptography with
 * what signed. It reads no clock and no network, and no file but its own; it never trusts a length. What grows with the
 * ledger (a root and an id for each act, the acts that were held, up to VERIFY_ROWS_MAX entries by which conformance is
 * judged) stands in files without a name in the folder that it is given, of which 1 MiB at a time is in memory; without
 * a folder, or room in it, in memory. There stays the directory: VERIFY_DIRECTORY_MAX agencies, people, machines, keys,
 * certificates and roles, of at most 512 bytes each. Besides: VERIFY_FINDINGS_MAX findings, and with several jobs a
 * ring of 256 signatures that wait, half a MiB with the threads' own.
 *
 * Feed it, in order, each file of leaves and the checkpoint that was published with it; then ask for the result. */
#ifndef CAIRN_AUDIT_VERIFY_H
#define CAIRN_AUDIT_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VERIFY_FINDINGS_MAX 1000 /* kept in full; those beyond are counted */
#define VERIFY_ROWS_MAX (1 << 20)
#define VERIFY_DIRECTORY_MAX (1 << 18)
#define VERIFY_SIGNERS_MAX 4096 /* keys that were the ledger's */
#define VERIFY_FILE_MAX ((size_t)64 << 20)
#define VERIFY_NOTE_MAX 65536
#define VERIFY_JOBS_MAX 64 /* threads; each takes about 100 KiB */
#define VERIFY_HEAD_MAX ((size_t)256 << 10)
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
  X(N_QUORUM, "N-QUORUM", VERIFY_ANCHORING, false)                                                                     \
  X(N_ANEW, "N-ANEW", VERIFY_ANCHORING, false)                                                                         \
  X(M_GAP, "M-GAP", VERIFY_COMPLETENESS, false)                                                                        \
  X(M_REPEATED, "M-REPEATED", VERIFY_COMPLETENESS, false)                                                              \
  X(M_PREVIOUS, "M-PREVIOUS", VERIFY_COMPLETENESS, false)                                                              \
  X(M_FORK, "M-FORK", VERIFY_COMPLETENESS, false)                                                                      \
  X(M_MACHINE, "M-MACHINE", VERIFY_COMPLETENESS, false)                                                                \
  X(M_POSITION, "M-POSITION", VERIFY_COMPLETENESS, false)                                                              \
  X(M_RELEASE, "M-RELEASE", VERIFY_COMPLETENESS, false)                                                                \
  X(M_HEAD, "M-HEAD", VERIFY_COMPLETENESS, false)                                                                      \
  X(M_TAIL, "M-TAIL", VERIFY_COMPLETENESS, false)                                                                      \
  X(M_RECEIPT, "M-RECEIPT", VERIFY_COMPLETENESS, false)                                                                \
  X(M_REFUSAL, "M-REFUSAL", VERIFY_COMPLETENESS, false)                                                                \
  /* conformance */                                                                                                    \
  X(D_REFERENCE, "D-REFERENCE", VERIFY_CONFORMANCE, false)                                                             \
  X(D_ROLE, "D-ROLE", VERIFY_CONFORMANCE, false)                                                                       \
  X(D_PROFILE, "D-PROFILE", VERIFY_CONFORMANCE, false)                                                                 \
  X(D_CHAIR, "D-CHAIR", VERIFY_CONFORMANCE, false)                                                                     \
  X(D_SAME, "D-SAME", VERIFY_CONFORMANCE, false)                                                                       \
  X(D_QUORUM, "D-QUORUM", VERIFY_CONFORMANCE, false)                                                                   \
  X(D_ANSWERS, "D-ANSWERS", VERIFY_CONFORMANCE, false)                                                                 \
  X(D_REGISTER, "D-REGISTER", VERIFY_CONFORMANCE, false)                                                               \
  X(D_DECISION, "D-DECISION", VERIFY_CONFORMANCE, false)                                                               \
  X(D_MEETING, "D-MEETING", VERIFY_CONFORMANCE, false)                                                                 \
  X(D_BEFORE, "D-BEFORE", VERIFY_CONFORMANCE, false)                                                                   \
  X(D_AUTHORISER, "D-AUTHORISER", VERIFY_CONFORMANCE, false)                                                           \
  X(D_OVERRIDE, "D-OVERRIDE", VERIFY_CONFORMANCE, false)                                                               \
  X(D_VOID, "D-VOID", VERIFY_CONFORMANCE, false)                                                                       \
  X(D_ERASURE, "D-ERASURE", VERIFY_CONFORMANCE, false)                                                                 \
  X(D_COPY, "D-COPY", VERIFY_CONFORMANCE, false)                                                                       \
  X(D_PERMIT, "D-PERMIT", VERIFY_CONFORMANCE, false)                                                                   \
  X(D_OPENING, "D-OPENING", VERIFY_CONFORMANCE, false)                                                                 \
  /* publication */                                                                                                    \
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

/* Borrowed text, not terminated. */
struct verify_text {
  const char *at;
  size_t len;
};

/* Bytes that are read piece by piece, and written so. False ends it. */
struct verify_source {
  const void *of;
  uint64_t size;                                                     /* 0: there is nothing */
  bool (*read)(const void *of, uint64_t from, void *at, size_t len); /* NULL: `of` are the bytes */
};
struct verify_sink {
  void *of;
  bool (*write)(void *of, const void *at, size_t len);
};

/* What the auditor knows already; each may be NULL. All is read by verify_new only. With more jobs than one, other
 * threads check signatures, and nothing that is found or shown differs for it. */
struct verify_facts {
  const char *vkey;        /* brought: NAME+HASH+BASE64 */
  const char *fingerprint; /* brought: 64 hexadecimal digits */
  const char *seen_vkey;   /* of the last good visit, with its checkpoint */
  const void *seen_note;
  size_t seen_note_len;
  const struct verify_text *heads; /* of machines, as they were handed over: core/FORMAT.md section 5.1 */
  size_t head_count;
  uint64_t quorum;            /* as many agencies are to vouch for the ledger; 0: it is not asked */
  unsigned jobs;              /* 0 is 1 */
  const char *folder;         /* for files of its own; NULL: memory */
  struct verify_source state; /* for verify_resume alone */
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

#define VERIFY_ROLES_SIZE 160

/* Who wrote an entry, as the ledger stood before its act. Ids are "" where there is none. */
struct verify_author {
  bool is_known; /* false: its act is not in order, or no certificate of its author stands before it */
  bool is_node;
  char person[65], agency[65];   /* their entries */
  char machine[65];              /* the entry of the machine in whose chain the act stands */
  char roles[VERIFY_ROLES_SIZE]; /* joined by spaces */
  char from[21], until[21];      /* of the certificate */
  bool is_valid, is_revoked;     /* then; a revoked key, person, agency or machine */
  bool is_released;              /* it was held, and let through */
  char second[65];               /* the person who confirmed it */
};

/* A machine that vouches for the ledger's first entries, and has not been revoked. */
struct verify_witness {
  char machine[65], agency[65]; /* the id of its key; the entry of its agency */
  bool is_first;                /* of its agency's machines in the list */
  uint64_t size;
  char time[21]; /* by its own clock */
};

/* What became of how many entries, in words; and the first of them. */
struct verify_note {
  const char *sentence;
  uint64_t count, first;
  bool is_unknown; /* the headers do not tell whether it was as it should be; otherwise they tell that it was so */
};

/* A key that was the ledger's, and signed its commits, from and until these times, both included. */
#define VERIFY_POINT_SIZE 65
struct verify_signer {
  uint8_t point[VERIFY_POINT_SIZE]; /* the uncompressed one of P-256 */
  char from[21], until[21];         /* until: "" for the one in force */
};

#define VERIFY_SHORT_SIZE 72
#define VERIFY_SPKI_SIZE 91

/* A checkpoint that the ledger's key has signed, or a machine vouches for, and that does not go together with this
 * ledger: with N-ROLLBACK and N-FORK the one that was seen before (note: NULL) or that a machine's head has; with
 * N-WITNESS that of a cosignature. */
struct verify_conflict {
  enum verify_code code;
  uint64_t size;
  const void *note; /* borrowed until verify_free */
  size_t note_len;
  uint64_t carrier; /* N-WITNESS: the size of the checkpoint that carries it, and the machine's key */
  uint8_t spki[VERIFY_SPKI_SIZE];
};
#define VERIFY_CONFLICTS_MAX 8

struct verify_result {
  enum verify_verdict verdicts[VERIFY_SUBJECTS];
  const struct verify_finding *findings; /* in the order in which they were met */
  size_t finding_count;
  uint64_t findings_beyond; /* how many more there were */
  uint64_t entry_count;
  char origin[97];      /* of the first entry, or the newest log.anew; "" if it is not of the form */
  char vkey[256];       /* the ledger's key that is in force after the last entry; "" as above */
  char fingerprint[65]; /* and its SHA-256 */
  uint64_t size;        /* of the newest checkpoint, 0 if it could not be read */
  char root[65];
  char time[21];
  char short_form[VERIFY_SHORT_SIZE];     /* for comparing over the telephone: audit/FORMAT.md section 1.2 */
  const struct verify_witness *witnesses; /* the largest size first */
  size_t witness_count;
  uint64_t quorum_size; /* as many agencies as were asked for vouch for so many entries */
  const struct verify_conflict *conflicts;
  size_t conflict_count;
  uint64_t held_count;             /* acts that are held, and that nobody has decided about */
  const struct verify_note *notes; /* about conformance: what headers do not tell, and what was done and is allowed */
  size_t note_count;
  const struct verify_signer *signers; /* the first one first */
  size_t signer_count;
};

struct verify;

/* NULL if a fact is malformed, with the reason in *why_out. */
struct verify *verify_new(const struct verify_facts *facts, const char **why_out);
void verify_free(struct verify *v);

/* The commit of the ledger's repository that a verification stands at. */
struct verify_place {
  char commit[65];
  uint64_t number; /* from 0 */
};

/* After verify_end: is there something to go on from at the next visit? Unless no verdict fails and all leaves are in
 * order, there is not. */
bool verify_is_worth_keeping(const struct verify *v);
/* All that is needed for it; for this program on this machine only. False if it could not be written. */
bool verify_save(struct verify *v, const struct verify_place *place, const struct verify_sink *sink);
/* As verify_new, going on from what verify_save gave: what comes behind the place is fed next, and everything is found
 * as if all had been fed. NULL if the state is damaged, of another version, or not of the checkpoint seen. */
struct verify *verify_resume(const struct verify_facts *facts, struct verify_place *place_out, const char **why_out);
/* For programs that list: signatures up to the checkpoint seen were found good when it was (there is a state of it),
 * and are not checked again. If the leaves do not lead to its root, authorship is unknown. False if nothing was seen.
 */
bool verify_trust(struct verify *v);

/* From now on each leaf of the right form is shown to the function. */
void verify_each(struct verify *v, void *of, void (*entry)(void *of, const struct verify_entry *e));

/* Who wrote the entry that is shown: only while the function is called. */
void verify_author(const struct verify *v, struct verify_author *out);
/* Whose key it is (64 digits), then: the person's entry, or "" where the ledger does not say. As above. */
void verify_owner(const struct verify *v, struct verify_text key, char person_out[65]);

/* A kind of core/FORMAT.md section 8 that this program knows. */
bool verify_knows_kind(const char *name);

/* How many leaves there were up to now. */
uint64_t verify_count(const struct verify *v);

/* The next file of leaves; the bytes are not kept. */
void verify_leaves(struct verify *v, const void *at, size_t len);
/* The checkpoint that was published with it, which commits to all leaves so far. */
void verify_checkpoint(struct verify *v, const void *at, size_t len);
/* The commit, as git's object, with which both were published. Where none is fed, publication is unknown. */
void verify_commit(struct verify *v, const void *at, size_t len);
/* What the reader of the repository found (I-OBJECT, I-LAYOUT, I-LIMIT, and what P- says of its history). */
void verify_report(struct verify *v, enum verify_code code, uint64_t entry, const char *sentence);

/* A file of leaves that an earlier commit published, as it was, and as a later one has it (empty: it is gone). The
 * finding names the entries. */
struct verify_change {
  uint64_t commit, earlier; /* from 0 */
  const void *before;
  size_t before_len;
  const void *after;
  size_t after_len;
};
void verify_changed(struct verify *v, const struct verify_change *c);

/* Judges. Valid until verify_free; nothing may be fed afterwards. */
const struct verify_result *verify_end(struct verify *v);

/* The first sixteen digits of a text's SHA-256, for the name of a file. */
struct verify_short {
  char s[17];
};
struct verify_short verify_short(const void *at, size_t len);

/* After verify_end: did the ledger have this root at this size, and is the key of this fingerprint one of its own? Both
 * as 64 digits. Says nothing of whether the ledger holds. */
bool verify_had(const struct verify *v, uint64_t size, const char *root, const char *fingerprint);

/* The size of the checkpoint in a note of the right form, whoever signed it. */
bool verify_note_size(const void *note, size_t len, uint64_t *size_out);

const char *verify_code_text(enum verify_code code);
enum verify_subject verify_code_subject(enum verify_code code);
const char *verify_subject_text(enum verify_subject subject);
const char *verify_verdict_text(enum verify_verdict verdict);

#endif
