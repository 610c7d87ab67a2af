/* What the files of cairn sync share: cairn_sync.c exchanges, cairn_sync_offer.c offers what is here to a node that is
 * behind, cairn_sync_tell.c says what came. Included by them only. */
#ifndef CAIRN_CLI_SYNC_PARTS_H
#define CAIRN_CLI_SYNC_PARTS_H

#include "cli/home.h"
#include "sync/client.h"
#include "sync/exchange.h"

/* What a request needs from the store, read once per half of an exchange, because nothing is held while waiting. */
struct way {
  struct buf host, authority, certificate;
  uint16_t port;
  uint64_t have, verified; /* the place in the feed and the checkpoint that the request goes on from */
};

enum err way_read(struct home *h, struct way *w);
/* Valid as long as the way. */
struct client_settings way_settings(struct home *h, struct way *w);
void way_release(struct way *w);

/* Somebody has told the program to end. */
bool sync_is_to_end(void);

/* After a request that the node did not take, or that told that it lacks something. The node's own words stay, unless
 * it is being rebuilt. */
enum err sync_recover(struct home *h, const struct cmd_line *line, enum err before, struct exchange_report *report);
/* Kept for cairn outbox, where all that was accepted would seem to be safe. */
enum err sync_keep_apart(struct home *h, const struct cmd_line *line, uint64_t is_apart);

/* Keys and openings that came, and a report, in lines: for --watch. */
enum err sync_tell_news(struct home *h, const struct cmd_line *line);
void sync_say_watched(const struct exchange_report *r);

#endif
