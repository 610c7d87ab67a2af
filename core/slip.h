/* What may slip through free text: before a family copy is approved, the values of the restricted items that the
 * approver can open are searched for in everything that goes into it (core/scan.h). A hit must be mended in the record,
 * or the approver explains it. Pure: the caller opens the items and composes the documents.
 *
 * An explanation names words as they stand in the family copy, so that nothing else of an item need be written down
 * with it. What an item has in a file is not searched for; a value too short to be searched is counted. Values are
 * wiped on release; what a hit says is borrowed from the texts. */
#ifndef CAIRN_CORE_SLIP_H
#define CAIRN_CORE_SLIP_H

#include "core/hash.h"
#include "core/json.h"
#include "core/scan.h"

#define SLIP_REASON_MAX 2000 /* bytes */
#define SLIP_CONTEXT_MAX 60  /* bytes on either side of what was found */

struct slip_hit {
  struct hash item; /* the first one that has the value */
  enum scan_kind kind;
  enum scan_how how;
  const char *where;
  size_t line;                      /* of that text, from 1 */
  struct bytes before, said, after; /* the words found, and what stands around them, on their lines */
  const char *reason;               /* the approver's explanation, or NULL */
};

struct slip_value {
  struct hash item;
  enum scan_kind kind;
  size_t at, len; /* in the room */
};

/* Zeroed, it is an empty one. */
struct slip {
  struct slip_value values[SCAN_VALUES_MAX];
  size_t value_count;
  size_t unsearched_count; /* values of too few letters */
  struct buf room;
  struct slip_hit *hits;
  size_t hit_count;
  bool is_cut; /* there are more hits than are listed: no explanation is enough */
};

struct slip *slip_new(void);
void slip_free(struct slip *s);

/* Takes what the content of a restricted.add names as its addresses, postcodes, schools, names, telephone numbers and
 * other words, and the postcodes and telephone numbers in what it says. Names of the fields: scan_kind_word and `what`.
 * ERR_LIMIT for more values than a scan takes, or a longer one; then nothing of the item is taken. */
enum err slip_add_item(struct slip *s, const struct hash *item, const struct json *content);

/* Searches the texts, which outlive s. What was found and explained before is forgotten. */
enum err slip_search(struct slip *s, const struct scan_text *texts, size_t count);

/* Explains each hit that says these words, whatever their case and spaces. ERR_ABSENT if none does, ERR_FORM without a
 * reason, ERR_LIMIT for one that is too long. */
enum err slip_explain(struct slip *s, struct bytes said, struct bytes reason);

/* How many hits are neither mended nor explained. */
size_t slip_remaining(const struct slip *s);
/* May the copy be approved? No hit remains, and all are listed. */
bool slip_is_clear(const struct slip *s);

#endif
