/* Large contents on their way, put together from parts of 1 MiB (sync/PROTOCOL.md section 11). What travels is the salt
 * and the content behind it, so that its name, the commitment in the entry's header, shows whether what came is right,
 * and tells nobody anything who could guess the content.
 *
 * What comes is kept for its owner only: on the node for the replica that sends it, on a replica for the node (zeros).
 * Nobody learns what others have sent, or can spoil it. Nothing here is part of the log. */
#ifndef CAIRN_CORE_PARTS_H
#define CAIRN_CORE_PARTS_H

#include "core/store.h"

#define PARTS_PART_SIZE ((size_t)1 << 20)
#define PARTS_SIZE_MIN (ENTRY_SALT_SIZE + ENTRY_LARGE + 1)
#define PARTS_SIZE_MAX (ENTRY_SALT_SIZE + ENTRY_CONTENT_MAX)
#define PARTS_COUNT_MAX 9
#define PARTS_OF_OWNER_MAX ACT_LARGE_MAX /* who begins one more loses the one to which nothing has come for longest */
#define PARTS_OF_AGENCY_MAX 32 /* the same for an agency's machines together, of which it can have any number */
#define PARTS_TOTAL_MAX 128    /* contents in the making, of all owners: at most 1 GiB */
#define PARTS_KEEP_S ((int64_t)7 * 86400)

struct parts_name {
  struct hash owner;
  struct hash content; /* the commitment */
  uint32_t size;       /* of salt and content together */
};

/* How many parts that is, and how long one of them is; the last one is shorter. */
uint32_t parts_count(uint32_t size);
uint32_t parts_length(uint32_t size, uint32_t number);
/* The set of all parts, and whether a set (bit k: part k) holds them all. */
uint32_t parts_all(uint32_t size);

/* Makes room for a content and says which of its parts are here. Another size than before begins anew. ERR_LIMIT: not
 * the size of a large content. ERR_BUSY: too many are in the making. In a transaction of the caller's. */
enum err parts_begin(struct store *s, const struct parts_name *n, int64_t now_s, uint32_t *there_out);
/* Keeps one part and says which ones are here; a part that is here already stays. When the last one comes and together
 * they are not what the commitment says, all are thrown away, and none are here. ERR_ABSENT: nothing was begun, or with
 * another size. ERR_FORM: not a part of it. In a transaction of the caller's. */
enum err parts_put(struct store *s, const struct parts_name *n, uint32_t number, struct bytes part, int64_t now_s,
                   uint32_t *there_out);
/* Salt and content, appended, if all parts are here; else ERR_ABSENT. */
enum err parts_load(struct store *s, const struct parts_name *n, struct buf *out);
enum err parts_drop(struct store *s, const struct parts_name *n);
/* All that an owner has in the making; says whether there was any. */
enum err parts_drop_all(struct store *s, const struct hash *owner, bool *was_any_out);
/* Throws away what nothing has come to for a week. In a transaction of its own, if there is anything. */
enum err parts_expire(struct store *s, int64_t now_s);

/* Calls each for the contents of an owner that are being put together, with the parts that are here. */
enum err parts_each(struct store *s, const struct hash *owner, void *of,
                    enum err (*each)(void *of, const struct parts_name *n, uint32_t there));

/* Part k of the salt and content of an entry in the store, appended. ERR_ABSENT if it has none. */
enum err parts_cut(struct store *s, uint64_t number, uint32_t k, struct buf *out);
/* The next entry after this number that commits to this large content; ERR_ABSENT. Asks nothing about who may see it.
 */
enum err parts_next_entry(struct store *s, const struct hash *content, uint64_t after, uint64_t *number_out);
/* Has an act of this replica with this content been accepted? Also if the content was erased since, not while it is
 * lost. */
bool parts_is_accepted(struct store *s, const struct hash *replica, const struct hash *content);

/* The entries of one message whose content came in parts. The buffers hold what the entries borrow. */
struct parts_gathered {
  size_t count;
  struct act_entry *entries[ACT_LARGE_MAX];
  struct parts_name names[ACT_LARGE_MAX];
  struct buf bufs[ACT_LARGE_MAX];
  bool is_whole; /* after parts_gather: nothing is missing */
};
/* Gives those of the entries that lack their content the one that was put together here, where it is; on a replica
 * also one that is in the log, of a delivery that comes again. Can be called again for more entries. ERR_LIMIT: more of
 * them than an act may have. */
enum err parts_gather(struct store *s, const struct hash *owner, struct act_entry *entries, size_t count,
                      struct parts_gathered *g);
/* What was gathered is in the log now, or will never be. In a transaction of the caller's. */
enum err parts_settle(struct store *s, const struct parts_gathered *g);
/* On a replica: what could not be gathered is to be fetched from the node (sync/carry.h). In a transaction of its own.
 */
enum err parts_want(struct store *s, const struct parts_gathered *g);
/* The entries lack their content again. */
void parts_release(struct parts_gathered *g);

/* Before an entry is sent: a large content is left out and its size said in its place. */
void parts_detach(struct act_entry *entries, size_t count);
/* The large contents of an act that is here whole, as the node's (their owner is zeros), with their entries' numbers.
 */
enum err parts_each_of_act(struct store *s, uint64_t first, void *of,
                           enum err (*each)(void *of, uint64_t number, const struct parts_name *n));
/* How many large contents an act has. */
uint32_t parts_count_large(const struct act_entry *entries, size_t count);

#endif
