/* What the commands that back up, restore and rebuild a node share: a backup checked, and what mirrors and machines'
 * files offer staged (core/recovery.h). */
#ifndef CAIRN_CLI_NODED_RECOVER_H
#define CAIRN_CLI_NODED_RECOVER_H

#include "cli/noded.h"
#include "core/recheck.h"

/* noded_stage.c. Whole paths, or a URL of a mirror: ERR_USAGE. Into the store of a node that is being rebuilt. While
 * its log is empty, what comes first says which ledger it is; at the end it must be that of the node's keys. */
struct noded_mirror_at {
  const char *url, *credentials; /* the path of a file, or "" */
};
enum err noded_stage_mirror(struct noded *n, const char *folder, const struct noded_mirror_at *at);
enum err noded_stage_offer(struct noded *n, const char *path);

/* noded_left.c: what backups that were cut off have left in a folder. */
#define NODED_BACKUP_NAME "cairn-node-" /* of those whose name backup makes */
struct noded_left {
  int lock;
  uint64_t removed;  /* copies */
  struct buf others; /* what looks like one, and may be somebody else's: whole paths */
};
/* Keeps all other backups out of the folder of this file until the release, and removes what is nobody's. ERR_BUSY: one
 * is being written. */
enum err noded_find_left(const char *unfinished, struct noded_left *out);
void noded_left_release(struct noded_left *l);
/* The file, and what SQLite puts beside it. */
void noded_remove_unfinished(const char *path);

/* cairnd_backup.c. Checks a store that nobody else has open: whether the ledger's part of it is in order, what it has
 * else to say is counted. ERR_REFUSED with the first finding. */
enum err noded_check_store(struct store *s, struct recheck_result *out);
/* The same of a backup that a node is to be made of: whatever is found is in the way, but for content that was known to
 * be lost. */
enum err noded_check_backup(struct store *s, struct recheck_result *out);
void noded_print_store(struct store *s, const struct recheck_result *r, struct out *out);

/* Appends what stands between here and a node that serves: fields of the open object. */
enum err noded_print_recovery(struct noded *n, struct out *out);

#endif
