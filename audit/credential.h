/* What a repository elsewhere is told about who asks: for ssh:// the keys of the user's ssh-agent, for https:// a user
 * and a password from a file of the user's own. They are never kept, and never stand in a URL. */
#ifndef CAIRN_AUDIT_CREDENTIAL_H
#define CAIRN_AUDIT_CREDENTIAL_H

#include <stdbool.h>

struct git_credential;

/* For one connection. The file may be NULL; it has USER:PASSWORD in its first line, and only its owner may read it. */
struct credential {
  const char *file;
  bool was_asked;
};

/* git_credential_acquire_cb, whose payload this is: a file is given to https:// alone, and nothing is given twice,
 * since whoever does not take it would ask again for ever. */
int credential_give(struct git_credential **out, const char *url, const char *user, unsigned allowed, void *payload);

#endif
