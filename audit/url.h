/* The URL of a repository, as it may be given and as it may be shown: somebody may have typed a password into it. */
#ifndef CAIRN_AUDIT_URL_H
#define CAIRN_AUDIT_URL_H

#include "core/bytes.h"
#include "core/err.h"

/* ERR_USAGE for what is none, and for one with a password, which would be kept in clear. */
enum err url_check(const char *url);
/* Anybody on the way can read and change what comes from there: http:// and git://. */
bool url_is_open(const char *url);
/* ERR_NETWORK if it is a path on this machine (or the file:// URL of one) where no folder is. */
enum err url_check_folder(const char *url);

/* Appends it with *** in place of what url_check refuses. */
void url_show(struct buf *b, const char *url);
/* Appends somebody's words, with the URL in them as url_show has it: git repeats what it was given. */
void url_hide(struct buf *b, const char *words, const char *url);

#endif
