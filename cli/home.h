/* A replica as its program sees it: a folder with the store and two keys, the person's and the machine's. */
#ifndef CAIRN_CLI_HOME_H
#define CAIRN_CLI_HOME_H

#include "cli/cmd.h"
#include "cli/folder.h"
#include "core/author.h"
#include "core/store.h"

#define HOME_STORE "cairn.db"
#define HOME_PERSON_KEY "person.key"
#define HOME_REPLICA_KEY "replica.key"
#define HOME_WAIT_MS 5000

struct home {
  const struct cmd_program *program;
  struct store *store;
  struct key *person, *replica;
  struct hash replica_id;
  struct hash reader; /* the person as whom it is run: --as, else whoever joined; what is kept from them is not shown */
  /* What follows the first `+` on the command line: further entries of the same act. */
  int rest_argc;
  char **rest_argv;
};

/* The replica's folder: --home, else $CAIRN_HOME, else ~/.cairn; appended to b. */
const char *home_folder(const struct cmd_line *line, struct buf *b);

/* ERR_IO, with what can be done, if there is no replica in the folder or others may look into it. */
enum err home_check_folder(const char *folder);

enum home_key { HOME_NO_KEY, HOME_PERSON, HOME_REPLICA };
/* Opens the store, and the key that is needed: with a passphrase that an option names, else from the agent, else with a
 * passphrase that is asked for. home_close in any case. */
enum err home_open(struct home *h, const struct cmd_line *line, enum home_key need);
/* Opens and closes the store alone, again and again, for work that waits in between. */
enum err home_hold(struct home *h, const struct cmd_line *line);
void home_let_go(struct home *h);
void home_close(struct home *h);

/* The file of a further person's key on this machine. */
void home_key_name(const struct hash *key_id, char *out, size_t size);

int64_t home_now_s(void);

/* ---- home_print.c: how entries are shown ---- */

/* The id of an entry from what was typed (store_find_typed); kind may be NULL. */
enum err home_resolve(struct home *h, const char *typed, const char *kind, struct hash *out);
/* What a line in a list says of an entry (its kind's `line` field), appended; nothing if the entry is not here. */
void home_add_title(struct home *h, const struct hash *id, struct buf *out);
/* A row of a list: number, state, when, by whom, kind, about which children, what. */
enum err home_print_row(struct home *h, const struct record *r, struct out *out);
/* All that an entry says, as fields of one object. */
enum err home_print_entry(struct home *h, const struct record *r, struct out *out);

/* ---- cairn_held.c: what waits for a second person ---- */

/* What a held act would do, in words, appended: "give the role keeper to Ian Weir"; else its kinds. */
void home_add_held(struct home *h, const struct hash *hold, struct buf *out);
/* Says, where it is so, that what was recorded will wait for a second person. */
void home_say_waits(const struct verdict *v, struct out *out);
/* Fields for `cairn status`: how much waits for the reader's decision, and what needs two persons. */
void home_print_waiting(struct home *h, struct out *out);

/* ---- commands ---- */

extern const struct cmd_opt home_opts[];
extern const struct cmd home_join_commands[];   /* cairn_join.c */
extern const struct cmd home_unlock_commands[]; /* cairn_unlock.c */
extern const struct cmd home_sync_commands[];   /* cairn_sync.c */
extern const struct cmd home_look_commands[];   /* cairn_look.c */
extern const struct cmd home_enrol_commands[];  /* cairn_enrol.c */
extern const struct cmd home_people_commands[]; /* cairn_people.c */
extern const struct cmd home_export_commands[]; /* cairn_export.c */
extern const struct cmd home_held_commands[];   /* cairn_held.c */
extern const struct cmd home_staff_commands[];  /* cairn_staff.c */
/* cairn_write.c: one command for each kind that people write; made from the domain's tables. The caller frees it with
 * home_write_free. */
struct cmd *home_write_commands(void);
void home_write_free(struct cmd *commands);

#endif
