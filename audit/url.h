/* The URL of a repository as it may be shown: a password may stand in it. */
#ifndef CAIRN_AUDIT_URL_H
#define CAIRN_AUDIT_URL_H

#include "core/bytes.h"

/* Appends it with *** in place of a user and a password. */
void url_show(struct buf *b, const char *url);
/* Appends somebody's words, with the URL in them as url_show has it: git repeats what it was given. */
void url_hide(struct buf *b, const char *words, const char *url);

#endif
