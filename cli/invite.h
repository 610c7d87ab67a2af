/* Invitations as both programs write and show them: cairn on a replica, cairnd at the node. */
#ifndef CAIRN_CLI_INVITE_H
#define CAIRN_CLI_INVITE_H

#include "cli/cmd.h"
#include "core/invitation.h"
#include "sync/join.h"

#define INVITE_OPTS                                                                                                    \
  {"person", CMD_VALUE, "NAME", "who is invited", true}, {"post", CMD_VALUE, "POST", "their post"},                    \
      {"role", CMD_LIST, "ROLE", "a role they will have; may be given more than once: " ROLES, true},                  \
      {"trained", CMD_VALUE, "YYYY-MM-DD", "for a minute-taker: the day of training"},                                 \
      {"days", CMD_VALUE, "N", "how many days the invitation holds (1 to 60, default 7)"}, {                           \
    "until", CMD_VALUE, "YYYY-MM-DDTHH:MM:SSZ", "in place of --days: the last moment at which they can join"           \
  }

/* Reads the options into *out; roles keeps what out->roles borrows. The agency is the caller's to find. ERR_USAGE with
 * words. */
enum err invite_read(const struct cmd_line *line, int64_t now_s, struct buf *roles, struct join_invite *out);

/* The token, and whom it is for; the sentence says from when on it works. */
void invite_print(const struct join_token *token, const struct join_invite *i, const char *sentence, struct out *out);

/* All invitations of a store, as a table. */
enum err invite_list(struct store *s, int64_t now_s, struct out *out);

#endif
