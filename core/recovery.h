/* A node that lost its store, or was restored from an old copy (sync/PROTOCOL.md section 13): what mirrors and machines
 * show and offer of the ledger behind the node's end is staged here, by number, until the leaves give the root of the
 * largest checkpoint that was shown; then all of it is taken by the door for what has a number. Nothing that was
 * offered is believed before that.
 *
 * An entry whose content nobody had is lost: it stands in the log with its header, is told by its number, and gets its
 * content back from whoever comes to offer it. */
#ifndef CAIRN_CORE_RECOVERY_H
#define CAIRN_CORE_RECOVERY_H

#include "core/act.h"
#include "core/note.h"
#include "core/store.h"

/* Who offers: a machine's key id. A mirror is zeros, and is believed before all machines. */

/* Is the node being rebuilt? Then it answers nobody, writes nothing and signs nothing. */
bool recovery_is_on(struct store *s);
/* OK, or ERR_BUSY in words for whoever wanted something else meanwhile. */
enum err recovery_check_off(struct store *s);
/* From now on it is. In a transaction of the caller's. */
enum err recovery_begin(struct store *s);

/* A checkpoint whose signature the caller has verified becomes one that the node is to reach. One that is not larger
 * than the log is nothing new: ERR_CHAIN if its root is another one than the log's. In a transaction of the caller's.
 */
enum err recovery_show(struct store *s, const struct checkpoint *c, struct bytes note);
/* Somebody has shown what they verified: the administrator is told how many have. */
enum err recovery_hear(struct store *s, const struct hash *source, uint64_t size);
/* The largest checkpoint that was shown; the log's own size, without a root, if none is larger. */
enum err recovery_find_goal(struct store *s, uint64_t *size_out, struct hash *root_out);
/* The note of a published checkpoint, which takes the place of a machine's: the signatures beside the node's may be
 * others, and the commits that were published have these. In a transaction of the caller's. */
enum err recovery_show_published(struct store *s, const struct checkpoint *c, struct bytes note);

/* One entry as it is offered; bytes borrowed. */
struct recovery_item {
  struct bytes leaf;
  bool has_content;
  uint8_t salt[ENTRY_SALT_SIZE];
  struct bytes content;
  uint32_t parts_size; /* of salt and content together, where the content is large and comes by itself; else 0 */
};
/* Stages it, or gives a lost entry its content back; what is not wanted is passed over. ERR_FORM if leaf or content
 * are not of their form. wanted_out: the entry if its large content is wanted, else zeros. In a transaction of the
 * caller's. */
enum err recovery_offer(struct store *s, const struct hash *source, const struct recovery_item *item,
                        uint64_t *number_out, struct hash *wanted_out);

struct recovery_part {
  struct hash entry, content; /* its id and its commitment */
  uint32_t size, number;      /* of salt and content together; of the part */
  struct bytes part;
};
/* A part of a large content; when it is whole, as recovery_offer. In a transaction of the caller's. */
enum err recovery_part(struct store *s, const struct hash *source, const struct recovery_part *part, int64_t now_s);

/* An act that the log has comes again, from an outbox: what was lost of it is not any more. In a transaction of the
 * caller's. */
enum err recovery_give_back(struct store *s, uint64_t first, const struct act_entry *entries, size_t count);

/* The act.hold by which this act is held, if nothing is kept any more of the act itself. ERR_ABSENT. */
enum err recovery_find_hold(struct store *s, const struct hash *act, struct hash *hold_out);

/* A commit of the published ledger as the mirror has it, and the note in it. In a transaction of the caller's. */
enum err recovery_commit(struct store *s, uint64_t number, uint64_t size, struct bytes commit);

/* The first number behind this one of which the leaf or the content is lacking; 0: none. */
enum err recovery_next(struct store *s, uint64_t after, uint64_t *out);
bool recovery_has_lost(struct store *s);
/* Is the entry's content lost? */
enum err recovery_is_lost(struct store *s, uint64_t number, bool *out);
/* And is nothing delivered of it until it is back? What stands alone is: without what erases others would take the
 * erased for withheld, without what says that an act was refused its machine could not go on, and without the directory
 * what rests on it would be taken for what must not be there. */
enum err recovery_is_told_lost(struct store *s, uint64_t number, bool *out);
/* Is the act (its first number) this replica's, and is anything told as lost of it? Then all of it waits: the replica
 * may have it in the outbox, from where it takes its place whole or not at all. */
enum err recovery_is_own_in_part(struct store *s, uint64_t act, const struct hash *replica, bool *out);

struct recovery_status {
  bool is_on;
  uint64_t size;     /* of the log */
  uint64_t goal;     /* the largest checkpoint that was shown; the size if none is larger */
  struct hash root;  /* of the goal */
  uint64_t machines; /* that have shown theirs, mirrors and files among them */
  uint64_t missing;  /* leaves that nobody has offered */
  uint64_t without;  /* leaves that are staged without content, erased ones among them */
  uint64_t lost;     /* entries of the log whose content was lost */
  uint64_t unkept;   /* contents that were offered, and that there was no room for */
};
enum err recovery_status(struct store *s, struct recovery_status *out);
/* Calls each for the runs of numbers whose leaves are missing, and for those of entries whose content was lost. */
enum err recovery_each_missing(struct store *s, void *of, enum err (*each)(void *of, uint64_t first, uint64_t last));
enum err recovery_each_lost(struct store *s, void *of, enum err (*each)(void *of, uint64_t first, uint64_t last));

/* The certificate of the authority with this key, appended: by a staged leaf that names it. ERR_ABSENT. */
enum err recovery_find_authority(struct store *s, const struct hash *key_id, struct buf *cert);
/* Calls each for the ledger's keys that staged leaves name: whoever offered them may have made them up. */
enum err recovery_each_ledger_key(struct store *s, void *of, enum err (*each)(void *of, struct bytes spki));

/* Who is asked before the end: all machines that take part by the directory as it then is, or those that were heard. */
enum recovery_rest { RECOVERY_WAIT_FOR_THE_REST, RECOVERY_WITHOUT_THE_REST };
/* Takes all that is staged. ERR_REFUSED with words: nobody has shown anything, leaves are missing, those that are
 * there do not give the root of the goal, or machines have not been heard that are waited for. In a transaction of the
 * caller's, who rolls back if it does not work. */
enum err recovery_finish(struct store *s, enum recovery_rest rest);
/* The last resort: goes on with what the log has. ERR_REFUSED if somebody has shown a larger ledger, of which this
 * would be another history. In a transaction of the caller's. */
enum err recovery_give_up(struct store *s);

/* ---- recovery_anew.c: where not every leaf can be had ---- */

#define RECOVERY_RUNS_MAX 24 /* what else is missing is in the last one, with what lies between */
struct recovery_run {
  uint64_t first, last;
};
/* What was taken over and a rule speaks against, by what is there now. */
struct recovery_against {
  uint64_t number; /* of its act's first entry, in the new log */
  char rule[32];
};
struct recovery_anew {
  uint64_t kept; /* so many entries are those of the former log */
  uint64_t size; /* of the largest checkpoint that was shown, and its root and note */
  struct hash root;
  struct buf note;                             /* owned; without cosignatures */
  uint64_t taken_over;                         /* so many behind them have new numbers */
  uint64_t erase_again;                        /* so many contents went whose erasure is among what is missing */
  uint64_t missing;                            /* so many entries are nowhere, */
  struct recovery_run runs[RECOVERY_RUNS_MAX]; /* by the numbers that they had */
  size_t run_count;
  uint64_t against_rules; /* so many acts, the first of them: */
  struct recovery_against against[RECOVERY_RUNS_MAX];
  size_t against_count;
};
/* Takes what leads to the largest checkpoint that can be reached, and then whole acts of what is staged behind it,
 * under new numbers: those whose author's signature verifies and who may write them, that continue the chain of a
 * machine of the author's agency and refer to nothing that is missing. The rules of the domain are asked and do not
 * refuse. Nothing else proves their numbers and times. The caller signs and tells
 * what came of it (log.anew), in the same transaction. ERR_REFUSED with words: nothing is missing, or not even the
 * beginning can be reached. */
enum err recovery_go_on_anew(struct store *s, enum recovery_rest rest, int64_t now_s, struct recovery_anew *out);
void recovery_anew_release(struct recovery_anew *a);

/* How many bytes of what one machine offers are kept, leaves and contents. A content that has no room comes back
 * afterwards, as what is lost does; a leaf that has none is refused: ERR_BUSY. The setting is in a transaction of the
 * caller's, and for the recovery that is on: ERR_REFUSED. */
#define RECOVERY_ROOM_DEFAULT ((uint64_t)4 << 30)
uint64_t recovery_room(struct store *s);
enum err recovery_set_room(struct store *s, uint64_t bytes);

/* ---- recovery_heard.c: who was heard ---- */

/* A machine that takes part: certified and not revoked, by the directory as far as it is here. Texts are borrowed. */
struct recovery_machine {
  struct hash entry;
  struct bytes name, agency;
  bool is_heard;   /* in the recovery that is on, or in the last one */
  bool is_without; /* it does not count: neither is it waited for, nor is what it offers looked at */
};
enum err recovery_each_machine(struct store *s, void *of, enum err (*each)(void *of, const struct recovery_machine *m));
struct recovery_heard {
  uint64_t machines, heard;
};
enum err recovery_count_heard(struct store *s, struct recovery_heard *out);
/* ERR_REFUSED with the names of those that were not. */
enum err recovery_check_heard(struct store *s);
/* ERR_REFUSED if one of them has shown more than the log has: by a key of before the one that the node had then, or it
 * would be the goal. */
enum err recovery_check_reached(struct store *s);

/* Whoever has offered something: how much, and how much of it others contradict. */
struct recovery_source {
  struct hash id;    /* a machine's key, or a file's hash; zeros: a mirror */
  struct bytes name; /* of the machine, as far as the directory is here; borrowed */
  uint64_t leaves, contradicted;
};
enum err recovery_each_source(struct store *s, void *of, enum err (*each)(void *of, const struct recovery_source *x));
/* Who is meant by what the administrator typed: a machine's name, or at least eight digits of a key or of a file.
 * ERR_ABSENT, ERR_AMBIGUOUS. */
enum err recovery_find_source(struct store *s, struct bytes typed, struct hash *out);
/* What this source has offered goes, and it does not count any more in this recovery; why is kept, and told. In a
 * transaction of the caller's. */
enum err recovery_do_without(struct store *s, const struct hash *source, struct bytes reason);
bool recovery_is_without(struct store *s, const struct hash *source);
enum err recovery_each_without(struct store *s, void *of,
                               enum err (*each)(void *of, struct bytes source, struct bytes reason));
/* Was a copy of the published ledger seen? */
bool recovery_has_mirror(struct store *s);

/* ---- a replica ---- */

struct recovery_content {
  bool is_here;
  uint8_t salt[ENTRY_SALT_SIZE];
  struct bytes bytes;
};
/* Calls each for the accepted entries that are here, whoever may read them, from this number on. */
enum err recovery_each_held(struct store *s, uint64_t from, void *of,
                            enum err (*each)(void *of, uint64_t number, const struct recovery_content *content));
/* An accepted entry with its content, whoever may read it. ERR_ABSENT. */
enum err recovery_find_held(struct store *s, const struct hash *id, struct record *out);

/* ---- the node, afterwards ---- */

/* Of a ledger that was rebuilt: the checkpoint of this size as the node had signed it, but for its signature, if its
 * root is this one. Appends its text. ERR_ABSENT. */
enum err recovery_checkpoint(struct store *s, uint64_t size, const struct hash *root, struct buf *text);

#endif
