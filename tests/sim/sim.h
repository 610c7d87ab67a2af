/* The simulation: agencies' machines and the node in one process, people who record, a network and disks that do what
 * networks and disks do, and what must be true of all of it afterwards. One seed decides everything, time included.
 *
 * A run is a list of events that is drawn beforehand (plan.c) and then carried out one by one (run.c). Each event has a
 * seed of its own, from which all that it does is drawn: without one of them the others still mean what they meant, and
 * a failure can be reduced to the events that it needs. */
#ifndef CAIRN_TESTS_SIM_H
#define CAIRN_TESTS_SIM_H

#include <stdio.h>

#include "audit/verify.h"
#include "core/draft.h"
#include "core/store_parts.h"
#include "tests/lib/world.h"

/* What can happen: verb, its word, how often (of 100 or so), whether all is over when faults are (heal does the rest).
 */
#define SIM_VERBS(X)                                                                                                   \
  X(SIM_WRITE, "writes", 37)                                                                                           \
  X(SIM_EXCHANGE, "syncs", 14)          /* at once, on a good line */                                                  \
  X(SIM_SEND, "sends", 9)               /* a request leaves; from here on the network has it */                        \
  X(SIM_DELIVER, "message arrives", 12) /* whichever: they overtake each other */                                      \
  X(SIM_LOSE, "message is lost", 2)                                                                                    \
  X(SIM_REPEAT, "message is repeated", 3)                                                                              \
  X(SIM_TRUNCATE, "message is cut", 2)                                                                                 \
  X(SIM_CORRUPT, "message is corrupted", 3)                                                                            \
  X(SIM_PART, "is cut off", 3)           /* for some events */                                                         \
  X(SIM_CRASH, "will crash", 5)          /* its process ends before the n-th write of the next thing it does */        \
  X(SIM_POWER, "will lose its power", 5) /* and what was not synced is gone, or torn */                                \
  X(SIM_NODE_CRASH, "the node will crash", 3)                                                                          \
  X(SIM_NODE_POWER, "the node will lose its power", 3)                                                                 \
  X(SIM_NODE_RESTORE, "the node is restored from an old copy", 1)                                                      \
  X(SIM_WRITE_FAILS, "has a write that fails", 3)                                                                      \
  X(SIM_DISK_FULL, "has a full disk", 3) /* the next thing it does finds it */                                         \
  X(SIM_NODE_FULL, "the node has a full disk", 2)                                                                      \
  X(SIM_CLOCK, "clock jumps", 3)                                                                                       \
  X(SIM_NODE_CLOCK, "the node's clock jumps", 1)                                                                       \
  X(SIM_BACKUP, "is backed up", 3)                                                                                     \
  X(SIM_RESTORE, "is restored from its backup", 3)                                                                     \
  X(SIM_CLONE, "is copied and both go on", 2)                                                                          \
  X(SIM_REVOKE, "is revoked", 4)                                                                                       \
  X(SIM_RENEW, "takes a new identity", 2) /* if it was told to, or so */                                               \
  X(SIM_KEYS, "has a person who changes keys", 2)                                                                      \
  X(SIM_NODE_KEYS, "the node's keys are changed", 1)                                                                   \
  X(SIM_BUNDLE_OUT, "writes a bundle", 4) /* which arrives as messages do */                                           \
  X(SIM_LOOK, "is looked at", 1)          /* the properties that hold of any store at any time */

enum sim_verb {
#define X(verb, word, often) verb,
  SIM_VERBS(X)
#undef X
      SIM_VERB_COUNT
};

const char *sim_verb_word(enum sim_verb v);

struct sim_event {
  enum sim_verb verb;
  uint32_t who; /* a machine, modulo how many there are */
  uint64_t seed;
};

#define SIM_STEPS 13
#define SIM_STEPS_MAX 4096
#define SIM_ACTS_MAX 4096
#define SIM_SEEN_MAX 8192
#define SIM_QUEUE_MAX 16
#define SIM_KEYS_MAX 64
#define SIM_KINDS_MAX 256
#define SIM_NODE WORLD_MEMBERS_MAX /* the side that is none of the members */
#define SIM_SIDES (WORLD_MEMBERS_MAX + 1)

/* Whoever erases; others may be keepers, too. */
#define SIM_KEEPER 0

/* Draws count events. */
void sim_plan(uint64_t seed, struct sim_event *out, size_t count);

/* ---- chance ---- */

/* chance_draw, apart from what OpenSSL draws, so that one more signature does not change the story. */
uint64_t sim_draw(uint64_t *state);
size_t sim_below(uint64_t *state, size_t n);
bool sim_percent(uint64_t *state, unsigned percent);

/* The first of each agency's two enrols the other one anew, and its own machine never loses its identity. */
static inline bool sim_is_officer(size_t member) {
  return member == 0 || member == 2;
}

/* ---- what is going on ---- */

enum sim_trouble { SIM_NO_TROUBLE, SIM_ENDS, SIM_POWER_FAILS, SIM_FAILS_ONCE, SIM_IS_FULL };

/* What a machine, or the node, is up to. */
struct sim_side {
  int64_t clock_s;          /* by how much it is wrong */
  enum sim_trouble trouble; /* what the next thing that it does meets with, at its n-th write */
  size_t trouble_at;
  uint64_t trouble_seed;
  size_t parted_until; /* a step */
  uint64_t taken;      /* how often its store took something, or became another one */
  bool is_shut_out;    /* the node told it: 401 or 409 */
  bool is_revoked;
  bool is_second;                /* restored, or one of two copies, and still with the identity of the first */
  bool has_no_backup;            /* not even of how it was at the beginning: it is another machine now */
  bool has_offered;              /* all that it holds, to a node that is being rebuilt */
  const struct key *seal_before; /* of its person, who has another one now */
  uint8_t *backup;               /* the file as it was; NULL: as at the beginning */
  size_t backup_len, backup_acts;
};

enum sim_form { SIM_REQUEST, SIM_ANSWER, SIM_BUNDLE, SIM_BUNDLE_BACK };

struct sim_message {
  enum sim_form form;
  size_t member;
  struct hash replica; /* whose key the line was opened with */
  struct buf bytes;
  bool is_spoilt;
  bool is_packed;   /* Zstandard */
  struct hash sent; /* of the bytes as they were */
  uint64_t taken;   /* of the machine, when it asked */
};

/* An act that its writer was told is recorded. */
struct sim_act {
  struct hash id;
  size_t member;
  const struct kind *kind; /* of its first entry */
  bool went_with_disk;     /* recorded after the backup that took the disk's place */
  bool is_discarded;       /* by its writer, after it was refused */
  uint64_t number;         /* the writer's receipt: accepted under this one; 0: none yet */
};

/* A checkpoint that somebody verified, or signed. */
struct sim_seen {
  size_t side;
  uint64_t size;
  struct hash root;
};

/* What a node had that was restored from an old copy. */
struct sim_lost {
  struct buf *leaves;
  uint64_t size;
};

/* What the node had before its keys were changed; borrowed. */
struct sim_node_keys {
  struct key *authority, *operating, *ledger;
  struct buf authority_cert;
};

struct sim_count {
  size_t written, not_written, accepted, refused, held, waiting; /* by the kind of an act's first entry */
  size_t entries;                                                /* in the ledger, wherever in an act */
};

struct sim {
  struct world w; /* the keys are the template's, but for those in keys */
  uint64_t seed;
  size_t step;
  uint64_t chance; /* of the event that is carried out */
  int64_t now_s;   /* what the time really is; w.now_s is what the clock says of whoever does something */
  struct sim_side sides[SIM_SIDES];
  struct sim_message queue[SIM_QUEUE_MAX];
  size_t queued;
  struct sim_act acts[SIM_ACTS_MAX];
  size_t act_count;
  struct sim_seen seen[SIM_SEEN_MAX];
  size_t seen_count;
  struct sim_lost lost;
  bool is_publishing;  /* the node is going to be lost */
  uint64_t published;  /* how far; 0: nothing is, or it is gone */
  struct hash changed; /* what somebody changed last, and with which kind: others want to, too */
  const struct kind *changed_with;
  uint64_t begun;         /* how large the ledger was */
  size_t aims, aim_tries; /* how many were worked towards, and how often towards this one (work.c) */
  struct key *keys[SIM_KEYS_MAX];
  size_t key_count;
  struct buf certs[SIM_KEYS_MAX]; /* of authorities */
  size_t cert_count;
  struct sim_node_keys former[SIM_KEYS_MAX];
  size_t former_count;
  bool is_calm; /* nothing goes wrong on the line any more */
  bool is_told; /* what happens is printed */
  FILE *transcript;
};

/* What must be met with in enough runs, or chance leaves something out. */
#define SIM_MEETINGS(X)                                                                                                \
  X(MET_END, "a process ended in the middle of something")                                                             \
  X(MET_POWER, "the power failed in the middle of something")                                                          \
  X(MET_UNSYNCED, "a write that was not synced was dropped or torn")                                                   \
  X(MET_DISK, "a disk failed in the middle of something")                                                              \
  X(MET_LATE, "an answer came too late, or again")                                                                     \
  X(MET_AGAIN, "a request came again")                                                                                 \
  X(MET_SPOILT, "a spoilt message was refused")                                                                        \
  X(MET_BROKEN_OFF, "a document's way was cut")                                                                        \
  X(MET_PARTS, "a document was fetched in parts")                                                                      \
  X(MET_WITHDRAWN, "something was withdrawn")                                                                          \
  X(MET_ERASED, "something was erased")                                                                                \
  X(MET_CONFLICT, "an object was in conflict")                                                                         \
  X(MET_RESTORED, "a machine was restored from an old copy")                                                           \
  X(MET_COPIED, "a machine was copied")                                                                                \
  X(MET_TURNED_AWAY, "a machine was turned away")                                                                      \
  X(MET_RENEWED, "a machine took a new identity")                                                                      \
  X(MET_HELD, "the node held an act")                                                                                  \
  X(MET_REFUSED, "an act was refused")                                                                                 \
  X(MET_DISCARDED, "and discarded")                                                                                    \
  X(MET_RESTRICTED, "something restricted was recorded")                                                               \
  X(MET_PERMITTED, "and passed on")                                                                                    \
  X(MET_NODE_RESTORED, "the node was restored from an old copy")                                                       \
  X(MET_REBUILT, "the node was rebuilt")                                                                               \
  X(MET_MIRROR, "with what it had published")                                                                          \
  X(MET_LOST, "a content was lost with it")                                                                            \
  X(MET_PACKED, "a message was packed")                                                                                \
  X(MET_BUNDLE, "a bundle was taken")                                                                                  \
  X(MET_BUNDLE_AGAIN, "a bundle was read again, or too late")                                                          \
  X(MET_OUTSIDER, "a bundle was read by whom it was not for")                                                          \
  X(MET_KEYS, "somebody went on with new keys")                                                                        \
  X(MET_NODE_KEYS, "the node went on with new keys")
enum sim_meeting {
#define X(code, words) code,
  SIM_MEETINGS(X)
#undef X
      MET_COUNT
};
extern size_t sim_met[MET_COUNT]; /* over all runs */

/* Prints what is wrong, the seed, the step, and the command that repeats it, and ends the program. */
_Noreturn void sim_fail(struct sim *s, const char *property, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The same unless e is OK. */
void sim_must(struct sim *s, enum err e, const char *what);
/* A line for whoever asked to be told. */
void sim_tell(struct sim *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ---- world.c: the world that every run begins with, made once ---- */

void sim_template_open(void);
void sim_template_close(void);
void sim_open(struct sim *s, uint64_t seed);
void sim_close(struct sim *s);

/* The key of the authority that all runs begin with. */
const struct key *sim_first_authority(void);

struct store *sim_store(struct sim *s, size_t side);
const char *sim_path(struct sim *s, size_t side);
/* How a side is called in what is printed. */
const char *sim_name(struct sim *s, size_t side);

/* A profile under which no rule of the catalogue applies, but those that no profile switches off. */
void sim_lenient_profile(struct draft_read *out);

/* Whatever a side does stands between these two: its clock, and its trouble. After the second the process may be
 * another one; is_broken: the disk failed in it. */
void sim_begin(struct sim *s, size_t side);
bool sim_end(struct sim *s, size_t side);
/* A file of the side as it is, once it is closed in good order; and another one in its place. */
void sim_save(struct sim *s, size_t side, uint8_t **out, size_t *len_out);
void sim_replace(struct sim *s, size_t side, const uint8_t *file, size_t len);
/* The same with its file as it was at the beginning of the run. */
void sim_replace_with_first(struct sim *s, size_t side);

/* ---- memory.c: before anything else ---- */

void sim_memory(void);

/* ---- people.c ---- */

/* Somebody records something: acts of one or more entries, drawn from the tables and from what the machine shows. */
void sim_write(struct sim *s, size_t member);
/* Somebody discards an act that was refused: of this machine, or of the next one that has any. */
void sim_discard(struct sim *s, size_t member);
extern struct sim_count sim_counts[SIM_KINDS_MAX]; /* by kind_at, over all runs */
size_t sim_kind_index(const struct kind *k);

/* ---- net.c ---- */

void sim_send(struct sim *s, size_t member);
void sim_deliver(struct sim *s, size_t which);
/* A message for, or of, this machine, which takes over the bytes. */
void sim_enqueue(struct sim *s, enum sim_form form, size_t member, struct buf *bytes, uint64_t taken);
void sim_queue_drop(struct sim *s, size_t which);
void sim_queue_repeat(struct sim *s, size_t which);
void sim_spoil(struct sim *s, size_t which, bool is_cut);
/* Requests and answers on a good line until there is nothing more; false if it ended before, for whatever reason. */
bool sim_exchange(struct sim *s, size_t member);
/* The machine gets a new key from an officer, if there is one who can be reached, and goes on with it. */
bool sim_renew(struct sim *s, size_t member);
/* It does not count any more: its agency's officer says so. */
void sim_revoke(struct sim *s, size_t member);

/* After a side has taken something: the checkpoint that it has now, and of a machine the receipts. */
void sim_note_checkpoint(struct sim *s, size_t side);
void sim_note_taken(struct sim *s, size_t member);
/* The node's answer to this key: a machine that was turned away needs another identity. */
void sim_note_refusal(struct sim *s, size_t member, const struct hash *replica, enum err e);

/* A failure of the disk that nobody caused is one of the product's. */
void sim_judge_disk(struct sim *s, size_t side, enum err e, bool is_broken);

/* ---- bundle.c ---- */

void sim_bundle(struct sim *s, size_t member);
void sim_deliver_bundle(struct sim *s, const struct sim_message *m);

/* ---- keys.c ---- */

/* The person of this machine introduces new keys, and goes on with them once the node has certified them. */
void sim_change_keys(struct sim *s, size_t member);
void sim_change_node_keys(struct sim *s);
/* Nobody has heard of the last change; false: there was none. */
bool sim_take_node_keys_back(struct sim *s);

/* ---- rebuild.c ---- */

/* The node is as it was when it was last saved, and is being rebuilt. */
void sim_restore_node(struct sim *s);
/* A machine that was turned away shows and offers what it holds. */
enum sim_behind { SIM_NOT_BEHIND, SIM_BEHIND, SIM_FOLLOWS_ANEW, SIM_CUT_OFF };
enum sim_behind sim_offer(struct sim *s, size_t member);
/* The administrator ends the rebuilding, if all that it takes is there: all machines have offered, or a mirror has the
 * whole ledger. */
void sim_administer(struct sim *s);
void sim_forget_lost(struct sim *s);

/* ---- publish.c ---- */

/* What is new, if the node can. */
void sim_publish(struct sim *s);
/* There is no mirror. */
void sim_lose_published(struct sim *s);
/* The node takes up what the mirror has. */
enum err sim_take_published(struct sim *s);
/* The auditor's verdict on the repository. */
void sim_audit_published(struct sim *s, void (*judge)(struct sim *s, const struct verify_result *r));

/* ---- run.c ---- */

/* A machine is as it was when it was last saved, if it ever was. */
void sim_restore(struct sim *s, size_t member);
void sim_run(struct sim *s, const struct sim_event *events, const bool *is_left_out, size_t count);

/* ---- check.c: what must hold ---- */

/* Of one store at any time. */
void sim_check_store(struct sim *s, size_t side);
/* Of a node that answers: no receipt is broken. */
void sim_check_receipts(struct sim *s);
/* Of a node that was rebuilt just now: what it lacks it tells. */
void sim_check_lost(struct sim *s);
/* Of all of them, once all is quiet. */
void sim_check_all(struct sim *s);

/* ---- talk.c: messages in words ---- */

void sim_say_request(FILE *out, const char *who, struct bytes request);
void sim_say_answer(FILE *out, const char *who, struct bytes answer);
void sim_say_part(FILE *out, const char *who, struct bytes asked, enum err e, struct bytes told);

/* ---- golden.c ---- */

/* Compares the transcripts, from the root of the tree, or writes them; how many differ. */
size_t sim_golden(struct sim *s, bool is_update);

#endif
