/* Pushing the published repository to a mirror (audit/FORMAT.md section 3.2): another repository, on this machine or
 * over what libgit2 speaks: https, and ssh with the keys of the user's ssh-agent. Never by force: a mirror that holds
 * something else is left as it is. */
#ifndef CAIRN_AUDIT_MIRROR_H
#define CAIRN_AUDIT_MIRROR_H

#include "core/bytes.h"

enum mirror_outcome {
  MIRROR_PUSHED,   /* it has what is published, also where it had it already */
  MIRROR_DIVERGED, /* its branch is not part of our history */
  MIRROR_FAILED    /* it could not be reached, or did not take it */
};

/* Pushes refs/heads/main; why not, if so, is appended to words. credentials: a file (audit/credential.h), or NULL. May
 * take as long as the network does: whoever calls it sets the limit. */
enum mirror_outcome mirror_push(const char *repository, const char *url, const char *credentials, struct buf *words);

#endif
