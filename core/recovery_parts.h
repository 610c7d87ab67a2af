/* What the files of the recovery share: recovery.c says whether it is on and how far it is to go, recovery_stage.c
 * keeps what is offered, recovery_status.c says what is missing, recovery_lost.c gives back what was lost,
 * recovery_finish.c ends it. Included by them only. */
#ifndef CAIRN_CORE_RECOVERY_PARTS_H
#define CAIRN_CORE_RECOVERY_PARTS_H

#include "core/recovery.h"
#include "core/store_parts.h"

/* In the store's meta. */
#define RECOVERY_STAGED "staged "       /* and the hex of a source: how many bytes of it are kept */
#define RECOVERY_ROOM "staging-room"    /* how many may be; absent: RECOVERY_ROOM_DEFAULT */
#define RECOVERY_UNKEPT "staged-unkept" /* how many contents had no room */
#define RECOVERY_WITHOUT "without "     /* and the hex of a source: it does not count; why */

/* Which leaves are believed, and what is to be reached with them. */
struct recovery_choice {
  struct store *s;
  struct recovery_status st;
  struct buf chosen; /* hash after hash: the leaves from st.size + 1 on; zeros: none */
  bool is_contested; /* there are different leaves for a number */
};
/* One act that is being put together; the leaves' bytes are its own. */
struct recovery_act {
  size_t count;
  struct buf bytes[ACT_ENTRIES_MAX], contents[ACT_ENTRIES_MAX];
  struct leaf_read leaves[ACT_ENTRIES_MAX];
  struct act_entry entries[ACT_ENTRIES_MAX];
};
/* The act that begins with this number, of the leaves that are chosen. ERR_FORM, ERR_PROOF if it is not whole. */
enum err recovery_gather(struct recovery_choice *f, uint64_t first, struct recovery_act *g);
void recovery_act_clear(struct recovery_act *g);
/* Takes what is staged up to a checkpoint. ERR_ABSENT if a leaf is missing, ERR_REFUSED if they do not give the root.
 */
enum err recovery_take_to(struct store *s, uint64_t size, const struct hash *root);
/* It is over: what is known of checkpoints and commits of the log stays, and what else was staged goes. */
enum err recovery_end(struct store *s);

/* The first entry behind this number whose content is lost; 0: none. */
enum err recovery_next_lost(struct store *s, uint64_t after, uint64_t *out);
/* Of a number that the log has, only what was lost is wanted, and only of the entry that has it. */
enum err recovery_wants_lost(struct store *s, uint64_t number, const struct entry *e, bool *out);
/* The act as it is here, with one content more. */
enum err recovery_take_again(struct store *s, uint64_t number, const struct act_entry *given);

/* All that this source has said goes, with what nobody else has said. */
enum err recovery_forget_offers(struct store *s, const struct hash *source);

#endif
