/* Pushing to mirrors while the node serves: each in a program of its own, which has none of the node's keys in its
 * memory and is ended when it takes too long, so that nobody waits for somebody else's network. */
#ifndef CAIRN_CLI_NODED_MIRROR_H
#define CAIRN_CLI_NODED_MIRROR_H

#include <sys/types.h>

#include "cli/noded.h"
#include "core/publication.h"

struct noded_push {
  pid_t pid; /* 0: none */
  int words; /* what it says, to be read */
  uint64_t size;
  struct mirror mirror;
};

struct noded_mirrors {
  struct noded_push pushes[MIRRORS_MAX];
  bool has_begun; /* at first all mirrors are tried */
};

/* About once a second: takes up what has ended, and pushes to the mirrors that lack the checkpoint of this size, that
 * are to be tried again, or that nobody looked at for an hour. */
void noded_mirrors_tick(struct noded_mirrors *m, struct noded *n, const char *folder, uint64_t published);
/* Ends what is going on; the next start goes on with it. */
void noded_mirrors_stop(struct noded_mirrors *m);

/* A table of them. */
enum err noded_mirrors_print(struct noded *n, const char *key, struct out *out);

#endif
