/* What the files of cairn-audit share: the memory of earlier visits, and a look at a repository through the verifier.
 */
#ifndef CAIRN_CLI_AUDIT_H
#define CAIRN_CLI_AUDIT_H

#include "audit/verify.h"
#include "cli/cmd.h"
#include "core/bytes.h"

/* The program. A verdict is an answer and no error: the command prints it and leaves the exit status here. */
struct audit {
  int status;
};

/* ---- audit_memory.c: the file `seen` in the auditor's folder ---- */

/* What the auditor brought, and what the last good visit saw. Owned; NULL or empty where there is none. */
struct audit_memory {
  char *url;
  char *vkey, *fingerprint; /* brought */
  char *seen_vkey;
  struct buf seen_note;
};

/* ERR_IO if there is no such folder or memory, or it is damaged. */
enum err audit_memory_load(const char *folder, struct audit_memory *out);
/* All or nothing, also when the machine stops in between. */
enum err audit_memory_save(const char *folder, const struct audit_memory *m);
void audit_memory_release(struct audit_memory *m);
struct verify_facts audit_memory_facts(const struct audit_memory *m);
/* Replaces one of the strings by a copy. */
void audit_memory_set(char **string, const char *value);

/* Appends the path of something in the folder; a C string by buf_cstr. */
void audit_path(struct buf *b, const char *folder, const char *name);

/* ---- audit_look.c: the verifier led through a repository ---- */

/* Another repository that should hold the same ledger. */
struct audit_mirror {
  const char *url;
  const char *state; /* "same", "behind", "ahead", "apart", "unreachable" */
  char words[512];   /* if it could not be reached */
};

struct audit_look {
  struct audit_mirror *mirrors; /* of the caller's, to be compared as well; or NULL */
  size_t mirror_count;
  struct verify *verify;
  const struct verify_result *result;
  struct buf note; /* the newest checkpoint that could be read */
};

/* Shows each entry to the function, which may be NULL. ERR_USAGE if a fact is malformed; ERR_IO if there is no
 * repository or nothing has been published. */
enum err audit_look(const char *repository, const struct verify_facts *facts, void *of,
                    void (*entry)(void *of, const struct verify_entry *e), struct audit_look *out);
void audit_look_release(struct audit_look *l);

/* ---- audit_mirror.c: verify --mirror ---- */

#define AUDIT_MIRRORS_MAX 8
/* Those that the command line names. ERR_USAGE if there are too many. */
enum err audit_mirrors_read(const struct cmd_line *line, struct audit_mirror out[AUDIT_MIRRORS_MAX], size_t *count_out);
/* Fills in the states; P-MIRROR is reported to the verifier. */
struct clone;
void audit_mirrors_compare(struct audit_look *l, struct clone *clone);
/* A table of them; nothing if there are none. */
void audit_mirrors_print(struct out *out, const struct audit_look *l);
/* The exit status where all else holds: 3, and a word, if one could not be reached. */
int audit_mirrors_conclude(struct out *out, const struct audit_look *l);

/* ---- commands ---- */

extern const struct cmd audit_visit_commands[]; /* audit_visit.c: init, fetch, verify */
extern const struct cmd audit_list_commands[];  /* audit_list.c: log, register */
extern const struct cmd audit_copy_commands[];  /* audit_copy.c: copy */

#endif
