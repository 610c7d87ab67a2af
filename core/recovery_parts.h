/* What the files of the recovery share: recovery.c says whether it is on and how far it is to go, recovery_stage.c keeps
 * what is offered, recovery_status.c says what is missing, recovery_lost.c gives back what was lost, recovery_finish.c
 * ends it. Included by them only. */
#ifndef CAIRN_CORE_RECOVERY_PARTS_H
#define CAIRN_CORE_RECOVERY_PARTS_H

#include "core/recovery.h"
#include "core/store_parts.h"

/* In the store's meta. */
#define RECOVERY_STAGED "staged "       /* and the hex of a source: how many bytes of it are kept */
#define RECOVERY_ROOM "staging-room"    /* how many may be; absent: RECOVERY_ROOM_DEFAULT */
#define RECOVERY_UNKEPT "staged-unkept" /* how many contents had no room */
#define RECOVERY_WITHOUT "without "     /* and the hex of a source: it does not count; why */

/* The largest checkpoint that was shown; the log's own size, without a root, if none is larger. */
enum err recovery_find_goal(struct store *s, uint64_t *size_out, struct hash *root_out);

/* The first entry behind this number whose content is lost; 0: none. */
enum err recovery_next_lost(struct store *s, uint64_t after, uint64_t *out);
/* Of a number that the log has, only what was lost is wanted, and only of the entry that has it. */
enum err recovery_wants_lost(struct store *s, uint64_t number, const struct entry *e, bool *out);
/* The act as it is here, with one content more. */
enum err recovery_take_again(struct store *s, uint64_t number, const struct act_entry *given);

/* All that this source has said goes, with what nobody else has said. */
enum err recovery_forget_offers(struct store *s, const struct hash *source);

#endif
