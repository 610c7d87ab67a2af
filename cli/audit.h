/* What the files of cairn-audit share: the memory of earlier visits, and a look at a repository through the verifier.
 */
#ifndef CAIRN_CLI_AUDIT_H
#define CAIRN_CLI_AUDIT_H

#include <time.h>

#include "audit/verify.h"
#include "cli/cmd.h"
#include "core/bytes.h"
#include "core/text.h"

/* The program. A verdict is an answer and no error: the command prints it and leaves the exit status here. */
struct audit {
  int status;
};

/* ---- audit_memory.c: the file `seen` in the auditor's folder ---- */

/* Mirrors that went their own way, as many as are remembered. */
#define AUDIT_APART_MAX 64

/* What the auditor brought, and what the last good visit saw. Owned; NULL or empty where there is none. */
struct audit_memory {
  char *url;
  struct text_time fetched;     /* when it was last fetched, or empty */
  char *vkey, *fingerprint;     /* brought */
  char *apart[AUDIT_APART_MAX]; /* URLs of mirrors that were found to hold another history, and not good since */
  size_t apart_count;
  char *seen_vkey;
  struct buf seen_note;
  char *folder;
  /* Of the file `state`, which is the verifier's: a help, of which it judges whether it is of use. Size 0: none. */
  int state_fd;
  uint64_t state_size;
};

/* ERR_IO if there is no such folder or memory, or it is damaged. */
enum err audit_memory_load(const char *folder, struct audit_memory *out);
/* All or nothing, also when the machine stops in between. */
enum err audit_memory_save(const char *folder, const struct audit_memory *m);
void audit_memory_release(struct audit_memory *m);
/* Borrows all of it. */
struct verify_facts audit_memory_facts(const struct audit_memory *m);
/* Replaces one of the strings by a copy. */
void audit_memory_set(char **string, const char *value);
/* What the command line brings, --key and --fingerprint, takes the place of what was brought before. ERR_USAGE if it is
 * malformed, or they do not go together. */
enum err audit_memory_bring(struct audit_memory *m, const struct cmd_line *line);
/* What came of comparing with a mirror; true if that is new. ERR_LIMIT if there is no room. */
enum err audit_memory_mirror(struct audit_memory *m, const char *url, bool is_apart, bool *is_new_out);

/* Appends the path of something in the folder; a C string by buf_cstr. */
void audit_path(struct buf *b, const char *folder, const char *name);

/* Writes a file of the folder, in place of what had its name: all or nothing, also when the machine stops. */
enum err audit_save(const char *folder, const char *name, struct bytes content);
/* The same of what is written piece by piece. */
struct audit_content {
  const void *of;
  bool (*write)(const void *of, const struct verify_sink *sink);
};
enum err audit_save_pieces(const char *folder, const char *name, const struct audit_content *content);

/* ---- audit_evidence.c: proof of two histories, kept in the auditor's folder (sync/PROTOCOL.md section 9) ---- */

#define AUDIT_FILE_SIZE 64

struct audit_kept {
  const char *folder; /* borrowed */
  struct {
    enum verify_code code;
    char name[AUDIT_FILE_SIZE];
  } at[VERIFY_CONFLICTS_MAX];
  size_t count;
};
/* Writes each conflict that can be shown by what was published as a file. seen: the checkpoint of the last good visit.
 */
enum err audit_keep_evidence(const char *folder, const char *repository, const struct verify_result *r,
                             struct bytes seen, struct audit_kept *out);

/* ---- audit_head.c: heads that agencies handed over ---- */

struct audit_heads {
  struct buf *files; /* as they were read; borrowed by texts */
  struct verify_text *texts;
  size_t count;
};

/* The files that --head names. ERR_USAGE with the file's name. */
enum err audit_heads_read(const struct cmd_line *line, struct audit_heads *out);
/* One of them was written when the copy had been fetched already: it may tell of what was published since. Of a time to
 * come nothing is known. */
bool audit_heads_are_after(const struct audit_heads *h, const struct text_time *fetched, int64_t now_s);
void audit_heads_release(struct audit_heads *h);

/* ---- audit_look.c: the verifier led through a repository ---- */

/* Another repository that should hold the same ledger. */
struct audit_mirror {
  char *url;         /* a path on this machine whole, so that it means the same at the next visit */
  const char *state; /* "same", "behind", "ahead", "apart", "unreachable" */
  char words[512];   /* if it could not be reached */
};

struct audit_look {
  struct audit_mirror *mirrors; /* of the caller's, to be compared as well; or NULL */
  size_t mirror_count;
  const char *credentials; /* for mirrors that ask; or NULL */
  char *const *apart;      /* of the caller's: the URLs of mirrors that went their own way, as is remembered */
  size_t apart_count;
  struct verify *verify;
  const struct verify_result *result;
  struct buf note;           /* the newest checkpoint that could be read */
  struct verify_place place; /* the newest commit */
  bool is_same;              /* nothing has been published since the last good visit */
  uint64_t not_again;        /* so many entries were read at the last good visit, and not now */
  bool had_key, had_visit;   /* what it was compared with: a key that was brought, a good visit before */
  time_t told_at;            /* how far it is, on the terminal */
  bool has_told;
  const char *why_all_was_read; /* though there is a state; NULL where there is nothing to say */
};

/* Shows each entry to the function, which may be NULL: then only what is new since the state among the facts is read;
 * else all is, without checking again the signatures that were good then. 0 jobs are one for each processor. ERR_USAGE
 * if a fact is malformed; ERR_IO if there is no repository or nothing has been published. */
enum err audit_look(const char *repository, const struct verify_facts *facts, void *of,
                    void (*entry)(void *of, const struct verify_entry *e), struct audit_look *out);
void audit_look_release(struct audit_look *l);

#define AUDIT_FOLDER "ledger-audit"
/* The same in an auditor's folder (NULL: AUDIT_FOLDER), with all that is remembered there. */
enum err audit_look_in(const char *folder, void *of, void (*entry)(void *of, const struct verify_entry *e),
                       struct audit_look *out);
/* The folder that an operand of the command names, or AUDIT_FOLDER. */
const char *audit_folder(const struct cmd_line *line, size_t operand);
/* It is the entries that the ledger's key signed, and of no other ledger than the one known: what answers go by. */
bool audit_is_sound(const struct verify_result *r);
/* For people only those that do not hold. */
void audit_print_verdicts(struct out *out, const struct verify_result *r);
/* Says, where it is so, that something else does not hold, or that there was nothing to compare with; whether it is.
 * And that nobody has brought the ledger's key, which by itself is no doubt. */
bool audit_say_doubts(struct out *out, const struct audit_look *l);
/* Nobody has brought it: then all that is known is that it is the ledger of the first visit. */
void audit_say_no_key(struct out *out);
#define AUDIT_NOTHING_BROUGHT                                                                                          \
  "nothing was brought to compare with. Ask the node's administrator for the fingerprint over the telephone, then: "   \
  "cairn-audit verify --fingerprint HEX"
/* Who wrote it, under the heading BY of all lists: the person's entry, "node", or "unknown". */
const char *audit_by(const struct verify_author *a);
/* In place of an answer; cannot: what it would have said. */
void audit_print_unsound(struct out *out, const struct verify_result *r, const char *cannot);

/* ---- audit_file.c: files that somebody was handed, or is to be ---- */

/* At most max bytes, and one more where the file is larger, by which the reader notices. ERR_USAGE, ERR_IO. */
enum err audit_read_file(const char *path, size_t max, struct buf *out);
/* A path on this machine whole, so that it means the same wherever the next command is run; all else as it is. Owned.
 */
char *audit_whole_url(const char *url);
/* ERR_USAGE if the file is there already; what cannot be written whole is not left half. */
enum err audit_write_new(const char *path, struct bytes text);

/* ---- audit_wanted.c: what a question names ---- */

/* An entry, child or person, by the first digits of an id (eight at least) that fits one only; an entry also by its
 * number, which has seven digits at most. */
struct audit_wanted {
  const char *what, *typed;
  size_t len;
  uint64_t number; /* 0: by its id */
  char id[65];     /* "" until it was met */
  bool fits_more;
};
/* ERR_USAGE, with what to type. Borrows both. */
enum err audit_want(const char *what, const char *typed, struct audit_wanted *out);
enum err audit_want_entry(const char *typed, struct audit_wanted *out);
/* Is it this one? That it is there is noted. The number is that of an entry, or 0. */
bool audit_is_wanted(struct audit_wanted *w, const char *id, uint64_t number);
/* When all have been looked at: ERR_ABSENT, ERR_AMBIGUOUS. */
enum err audit_wanted_end(const struct audit_wanted *w);

/* A day (local time), or a moment: what of the ledger's time it is. */
struct audit_when {
  char from[21], to[21];
  char said[64];
};
/* ERR_USAGE. */
enum err audit_read_when(const char *typed, struct audit_when *out);

/* Do the digits of the text begin with those? */
static inline bool audit_is(struct verify_text t, const char *s) {
  return bytes_equal_str(bytes_of(t.at, t.len), s);
}
/* A hash that stands in a header, as a string; "" for what is none. */
void audit_copy(char *out, size_t size, struct verify_text t);
/* The first reference or fact of this name; false if there is none. */
bool audit_find_ref(const struct verify_entry *e, const char *name, char out[65]);
bool audit_find_fact(const struct verify_entry *e, const char *name, char *out, size_t size);

/* ---- audit_roll.c: who is on the register, replayed from the headers ---- */

struct audit_roll;
struct audit_roll *audit_roll_new(void);
void audit_roll_free(struct audit_roll *r);
void audit_roll_read(struct audit_roll *r, const struct verify_entry *e);
/* ERR_LIMIT if there was more than it takes. */
enum err audit_roll_end(const struct audit_roll *r);
/* How many entries about the register, admitted up to then, it does not understand: the answer may be wrong. */
uint64_t audit_roll_strange(const struct audit_roll *r, const char *known);

struct audit_registration {
  const char *id, *child, *since;
  const char *until;                            /* "" while it goes on */
  uint64_t number, decision, meeting, ended_by; /* entries; 0: none */
  bool is_temporary;
};
/* Those in force at some moment from `from` to `to`, by what had been admitted up to `known`, in the ledger's order. */
void audit_roll_each(const struct audit_roll *r, const struct audit_when *when, const char *known, void *of,
                     void (*each)(void *of, const struct audit_registration *row));
/* The void that took a registration, or its end, out of the count after `known`; 0 if there is none. */
uint64_t audit_roll_voided_since(const struct audit_roll *r, const char *child, const char *known);
/* Registrations, and their ends, of one of these records, that were voided from `from` to `to`. */
struct audit_voided {
  uint64_t number, voided_by;
  const char *admitted, *voided_at;
  bool is_end;
};
struct audit_records;
void audit_roll_each_voided(const struct audit_roll *r, const struct audit_records *records,
                            const struct audit_when *when, void *of,
                            void (*each)(void *of, const struct audit_voided *row));
/* All records of one child, by the standing child.same of that time: made once for a question, then asked of each
 * registration. Borrows the roll and the child. */
struct audit_records *audit_roll_records_of(const struct audit_roll *r, const char *child, const char *known);
void audit_records_free(struct audit_records *records);
/* Is it one of them? The child itself always is. */
bool audit_records_have(const struct audit_records *records, const char *child);

/* ---- audit_mirror.c: verify --mirror ---- */

#define AUDIT_MIRRORS_MAX 8
/* Those that the command line names. ERR_USAGE if there are too many. */
enum err audit_mirrors_read(const struct cmd_line *line, struct audit_mirror out[AUDIT_MIRRORS_MAX], size_t *count_out);
void audit_mirrors_release(struct audit_mirror *all, size_t count);
/* Fills in the states; P-MIRROR is reported to the verifier, also of those that are remembered and were not found good
 * now. */
struct clone;
void audit_mirrors_compare(struct audit_look *l, struct clone *clone);
/* Writes into the memory in the folder, and into this one, what was found. */
enum err audit_mirrors_remember(const struct audit_look *l, const char *folder, struct audit_memory *m);
/* A table of them; nothing if there are none. */
void audit_mirrors_print(struct out *out, const struct audit_look *l);
/* The exit status where all else holds: 3, and a word, if one could not be reached. */
int audit_mirrors_conclude(struct out *out, const struct audit_look *l);

/* ---- audit_verdict.c: what a verification tells ---- */

/* The verdicts, and what goes with them. folder: NULL for a repository alone. */
void audit_verdict_print(struct out *out, const struct audit_look *l, const struct audit_kept *k, const char *folder);
/* What the numbers and the notes among them mean. */
void audit_verdict_explain(struct out *out, const struct verify_result *r, uint64_t quorum);
/* What to do; the exit status. */
int audit_verdict_conclude(struct out *out, const struct audit_look *l, const struct audit_kept *k);
/* Nothing was found but that a head knows more than this copy has, as it does where the copy is older. */
bool audit_is_behind_head(const struct verify_result *r);

/* ---- commands ---- */

/* Of commands that go over the network. */
#define AUDIT_CREDENTIALS                                                                                              \
  { "credentials", CMD_VALUE, "FILE", "USER:PASSWORD for https://, in a file that only you can read; it is not kept" }

extern const struct cmd audit_fetch_commands[];    /* audit_fetch.c: init, fetch */
extern const struct cmd audit_verify_commands[];   /* audit_verify.c: verify */
extern const struct cmd audit_list_commands[];     /* audit_list.c: log */
extern const struct cmd audit_register_commands[]; /* audit_register.c: register, was */
extern const struct cmd audit_ask_commands[];   /* audit_ask.c: history, by, who, and lists of what went another way */
extern const struct cmd audit_who_commands[];   /* audit_who.c: who */
extern const struct cmd audit_prove_commands[]; /* audit_prove.c: prove, check */
extern const struct cmd audit_open_commands[];  /* audit_open.c: open */
extern const struct cmd audit_copy_commands[];  /* audit_copy.c: copy */

#endif
