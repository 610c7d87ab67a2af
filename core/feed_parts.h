/* What the files of the feed share among themselves: the lists (feed.c), what an act moves in them on the node
 * (feed_follow.c), and what a replica gives up by its own (feed_forget.c). Included by them only. */
#ifndef CAIRN_CORE_FEED_PARTS_H
#define CAIRN_CORE_FEED_PARTS_H

#include "core/feed.h"

/* Adds an event behind the last one of this agency's list. */
enum err feed_add(struct store *s, uint64_t agency, enum feed_op op, uint64_t number);

#endif
