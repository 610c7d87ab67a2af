/* A replica as its program sees it: a folder with the store and keys, the person's two and the machine's. Keys of
 * further people, and keys that were replaced, stand beside them under names of their own. */
#ifndef CAIRN_CLI_HOME_H
#define CAIRN_CLI_HOME_H

#include "cli/cmd.h"
#include "cli/folder.h"
#include "core/author.h"
#include "core/history.h"
#include "core/keyring.h"
#include "core/store.h"

#define HOME_STORE "cairn.db"
#define HOME_PERSON_KEY "person.key"
#define HOME_SEAL_KEY "seal.key"
#define HOME_REPLICA_KEY "replica.key"
#define HOME_NEW_KEY "replica.key.new" /* the machine's next key, until it is in use */
#define HOME_FRESH "cairn.db.fresh"    /* the store that follows a ledger which was opened anew, until it is whole */
#define HOME_WAIT_MS 5000
#define HOME_APART "apart" /* meta: at the last sync the node's ledger was another history */

#define HOME_FILE_SIZE 64

struct home {
  const struct cmd_program *program;
  int status; /* what the program ends with where a command is done and its answer is no, or that it cannot say */
  struct store *store;
  struct key *person, *replica;
  struct hash replica_id;
  char person_file[HOME_FILE_SIZE]; /* the file that the person's key was opened from */
  bool keeps_passphrase;            /* set before home_open: new keys are to be kept under the same passphrase, so */
  struct buf passphrase;            /* the agent is not asked, and the passphrase is here until home_close */
  const char *store_name;           /* NULL: HOME_STORE */
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
/* From here on the store is read as the machine reads it, for all its people: what it checks may be hidden from the one
 * who runs the program. Nothing that is read so is shown. */
void home_read_for_all(struct home *h);
void home_close(struct home *h);

/* The file of a key on this machine under its own name: "person-", "seal-" or "agency-" and the first digits of its id.
 */
void home_key_name(const char *what, const struct hash *key_id, char *out, size_t size);
/* Makes a key and keeps it under its own name. The caller frees it. */
enum err home_make_key(const char *folder, const char *what, struct bytes passphrase, struct key **key_out);
/* Takes the file of a key away again that nobody was told of. */
void home_unmake_key(const char *folder, const char *what, const struct key *key);

/* ---- cairn_keys.c: which keys there are ---- */

bool home_has_key(const char *folder, const char *what, const struct hash *key_id);
/* Nothing for an id of zeros. */
void home_print_fingerprint(struct out *out, const char *name, const struct hash *id);
/* One row, and all keys of people, of agencies or of machines. */
enum err home_print_key(struct home *h, const struct keyring_row *row, struct out *out);
enum err home_print_keys(struct home *h, enum keyring_of of, struct out *out);
/* Puts the machine's new key in its place where `machine renew` was cut off before it did; *did_out if so. */
enum err home_settle(struct home *h, const struct cmd_line *line, bool *did_out);

/* The newest certificate here of the machine, or of the person who joined with it, DER, appended: of the directory, or
 * before the first sync the one that came with joining. */
enum err home_machine_certificate(struct home *h, struct buf *out);
enum err home_person_certificate(struct home *h, struct buf *out);

int64_t home_now_s(void);

/* For commands that record nothing: opens the store without a key, runs, closes. */
enum err home_look(struct home *h, const struct cmd_line *line, struct out *out,
                   enum err (*run)(struct home *h, const struct cmd_line *line, struct out *out));

/* Writes an act as the person, in a transaction of its own; how is ACCEPT_WRITE or ACCEPT_WRITE_ANYWAY. ERR_REFUSED
 * with rule, words and remedy.
 */
enum err home_record(struct home *h, const struct draft *drafts, size_t count, enum accept_how how, struct out *out);

/* Records an entry of this kind, and those after each + of the command line, from values as people type them: names for
 * ids, dates in any form, a meeting's children left out. */
enum err home_write(struct home *h, const struct kind *k, const struct cmd_line *line, struct out *out);
/* Is this a field that people type? Keys and certificates are not. */
bool home_is_typed(const struct field *f);

/* ---- home_print.c: how entries are shown ---- */

/* The id of an entry from what was typed (store_find_typed); kind may be NULL. */
enum err home_resolve(struct home *h, const char *typed, const char *kind, struct hash *out);
/* A kind by its name; ERR_USAGE with what may have been meant. */
enum err home_find_kind(const char *name, const struct kind **out);
/* Of any kind: the first digits of an id, or else the name of a child, a person or an agency. */
enum err home_resolve_any(struct home *h, const char *typed, struct hash *out);
/* What a line in a list says of an entry (its kind's `line` field), appended; of a record that was changed, what holds
 * now. Nothing if the entry is not here. */
void home_add_title(struct home *h, const struct hash *id, struct buf *out);
/* The names of the children whom it concerns, in the order of the alphabet. */
void home_add_children(struct home *h, const struct entry *e, struct buf *out);
/* What a field of a record is now, appended; where versions contradict each other, what each says and whose it is. */
void home_add_now(struct home *h, const struct history *record, const char *field, struct buf *out);
/* What an entry says, but for the object and the children that it is about, appended. */
void home_add_saying(struct home *h, const struct record *r, struct buf *out);
/* Who wrote a version and what it says, appended. */
void home_add_version(struct home *h, const struct hash *entry, struct buf *out);
/* The versions of an object that are in conflict, with their authors; nothing if there are none. */
void home_add_conflict(struct home *h, const struct hash *object, struct buf *out);
/* A row of a list: number, state, when, by whom, kind, about which children, what; the versions
 * that are in conflict. */
enum err home_print_row(struct home *h, const struct record *r, struct out *out);
/* All that an entry says, as it was written, as fields of one object. */
enum err home_print_entry(struct home *h, const struct record *r, struct out *out);
/* The same as it stands now: a record that something was said of since it began with what holds and its history; which
 * versions are in conflict; which other records are of the same child. */
enum err home_print_record(struct home *h, const struct record *r, struct out *out);

/* ---- cairn_evidence.c: proof of what a node must not do, kept in the replica's folder ---- */

/* Writes it as a file, whose name is given, unless it is there already. */
enum err home_keep_evidence(const struct cmd_line *line, struct bytes evidence, char name_out[HOME_FILE_SIZE]);

/* ---- cairn_sync.c: what a sync does besides the exchange ---- */

struct exchange_report; /* sync/exchange.h */
/* Exchanges with the node until there is nothing more. The store is not open. */
enum err home_sync_all(struct home *h, const struct cmd_line *line, struct exchange_report *report);
/* cairn_anew.c: follows a ledger that was opened anew into a new store, which then takes the former one's place. */
enum err home_follow_anew(struct home *h, const struct cmd_line *line, struct out *out);
/* For `cairn status` and enquiries: up to when this replica has all that the node knew, which answered at this time, or
 * now (NULL). Stays as it was while there is more to come. The store is open. */
enum err home_note_heard(struct home *h, const struct text_time *answered);
/* An answer had what must not be there: what proves it is kept beside the store. Returns e with words that say so. */
enum err home_keep_refused(const struct cmd_line *line, enum err e, struct bytes evidence);
/* What came, as fields of the object that the caller has begun, which it ends; keys and openings that nobody here was
 * shown yet. The store is not open. */
enum err home_tell_sync(struct home *h, const struct cmd_line *line, const struct exchange_report *report,
                        struct out *out);

/* ---- cairn_key.c: keys of one's own and of one's agency ---- */

struct author; /* core/directory.h */
/* Opens with the person's key and the passphrase that it is under, and says who that is. */
enum err home_open_with_passphrase(struct home *h, const struct cmd_line *line, struct author *me);
/* The agency's role key with this id, kept on this machine under the person's passphrase. */
enum err home_load_role_key(struct home *h, const char *folder, const struct hash *id, struct key **out);
/* The passphrase of a key in a file of its own: --file-passphrase-file, or asked for. */
enum err home_ask_file_passphrase(const struct cmd_line *line, bool is_new, struct buf *out);

/* ---- cairn_restricted_look.c ---- */

/* For `cairn status`: how many openings for a risk of harm wait for a review. */
void home_print_reviews(struct home *h, struct out *out);

/* ---- cairn_open.c: what is sealed ---- */

enum home_sealed { HOME_OWN_KEY, HOME_ROLE_KEY, HOME_ANY_KEY };
/* A key that this entry is sealed to and that is kept on this machine under the person's passphrase: their own, their
 * agency's role key, or the first there is. ERR_ABSENT with what can be done. The caller frees it. */
enum err home_sealed_key(struct home *h, const struct cmd_line *line, const struct author *me, const struct hash *entry,
                         enum home_sealed which, struct key **out);

/* Calls each with what every item says that the person can open with their own key, that is still restricted, and that
 * concerns the meeting or one of its children. In memory alone, for looking whether something of it slips into what
 * others get: nobody is shown it, and it is not recorded as an opening. Not NULL: said, borrowed until the call
 * returns. */
enum err home_each_opened(struct home *h, const struct cmd_line *line, const struct author *me,
                          const struct hash *meeting, void *of,
                          enum err (*each)(void *of, const struct hash *item, const struct json *said));

/* ---- cairn_machine.c: a machine's new key, on its officer's side ---- */

bool home_is_machine_request(struct bytes text);
enum err home_enrol_machine(struct home *h, struct bytes text, struct out *out);

/* ---- cairn_child.c: children who are recorded twice ---- */

/* Says, where it is so, that a child who was just recorded may have a record here already. */
void home_say_like(struct home *h, const struct hash *child, struct out *out);

/* ---- cairn_held.c: what waits for a second person ---- */

/* What a held act would do, in words, appended: "give the role keeper to Ian Weir"; else its kinds. */
void home_add_held(struct home *h, const struct hash *hold, struct buf *out);
/* Says, where it is so, that what was recorded will wait for a second person. */
void home_say_waits(const struct verdict *v, struct out *out);
/* Fields for `cairn status`: how much waits for the reader's decision, and what needs two persons. */
void home_print_waiting(struct home *h, struct out *out);

/* ---- commands ---- */

extern const struct cmd_opt home_opts[];
extern const struct cmd home_join_commands[];       /* cairn_join.c */
extern const struct cmd home_unlock_commands[];     /* cairn_unlock.c */
extern const struct cmd home_sync_commands[];       /* cairn_sync.c */
extern const struct cmd home_look_commands[];       /* cairn_look.c */
extern const struct cmd home_outbox_commands[];     /* cairn_outbox.c */
extern const struct cmd home_enrol_commands[];      /* cairn_enrol.c */
extern const struct cmd home_people_commands[];     /* cairn_people.c */
extern const struct cmd home_export_commands[];     /* cairn_export.c */
extern const struct cmd home_rule_commands[];       /* cairn_rules.c */
extern const struct cmd home_version_commands[];    /* cairn_version.c */
extern const struct cmd home_register_commands[];   /* cairn_register.c */
extern const struct cmd home_profile_commands[];    /* cairn_profile.c */
extern const struct cmd home_child_commands[];      /* cairn_child.c */
extern const struct cmd home_form_commands[];       /* cairn_form.c */
extern const struct cmd home_keyring_commands[];    /* cairn_keys.c */
extern const struct cmd home_key_commands[];        /* cairn_key.c */
extern const struct cmd home_machine_commands[];    /* cairn_machine.c */
extern const struct cmd home_invite_commands[];     /* cairn_invite.c */
extern const struct cmd home_held_commands[];       /* cairn_held.c */
extern const struct cmd home_staff_commands[];      /* cairn_staff.c */
extern const struct cmd home_erasure_commands[];    /* cairn_erasures.c */
extern const struct cmd home_checkpoint_commands[]; /* cairn_checkpoint.c */
extern const struct cmd home_verify_commands[];     /* cairn_verify.c */
extern const struct cmd home_offer_commands[];      /* cairn_offer.c */
extern const struct cmd home_evidence_commands[];   /* cairn_evidence.c */
extern const struct cmd home_document_commands[];   /* cairn_document.c */
extern const struct cmd home_restricted_commands[]; /* cairn_restricted.c */
extern const struct cmd home_open_commands[];       /* cairn_open.c */
extern const struct cmd home_copy_commands[];       /* cairn_copy.c */
extern const struct cmd home_head_commands[];       /* cairn_head.c */
extern const struct cmd home_bundle_commands[];     /* cairn_bundle.c */
/* cairn_write.c: one command for each kind that people write; made from the domain's tables. The caller frees it with
 * home_write_free. */
struct cmd *home_write_commands(void);
void home_write_free(struct cmd *commands);

#endif
