/* What the files of cairn-audit share: the memory of earlier visits, and a look at a repository through the verifier.
 */
#ifndef CAIRN_CLI_AUDIT_H
#define CAIRN_CLI_AUDIT_H

#include <time.h>

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
  struct buf state; /* the verifier's, of the file `state`: a help, of which the verifier judges whether it is of use */
};

/* ERR_IO if there is no such folder or memory, or it is damaged. */
enum err audit_memory_load(const char *folder, struct audit_memory *out);
/* All or nothing, also when the machine stops in between. */
enum err audit_memory_save(const char *folder, const struct audit_memory *m);
/* The file `state` alone; the same. */
enum err audit_memory_save_state(const char *folder, struct bytes state);
void audit_memory_release(struct audit_memory *m);
struct verify_facts audit_memory_facts(const struct audit_memory *m);
/* Replaces one of the strings by a copy. */
void audit_memory_set(char **string, const char *value);

/* Appends the path of something in the folder; a C string by buf_cstr. */
void audit_path(struct buf *b, const char *folder, const char *name);

/* ---- audit_look.c: the verifier led through a repository ---- */

struct audit_look {
  struct verify *verify;
  const struct verify_result *result;
  struct buf note;           /* the newest checkpoint that could be read */
  struct verify_place place; /* the newest commit */
  bool is_same;              /* nothing has been published since the last good visit */
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

/* ---- commands ---- */

extern const struct cmd audit_visit_commands[]; /* audit_visit.c: init, fetch, verify */
extern const struct cmd audit_list_commands[];  /* audit_list.c: log, register */
extern const struct cmd audit_copy_commands[];  /* audit_copy.c: copy */

#endif
