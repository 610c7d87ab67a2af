/* A look at git's loose objects before libgit2 reads them: version 1.5 writes past its buffer when an object holds more
 * bytes than its own first line says. The owner of zlib. */
#ifndef CAIRN_AUDIT_LOOSE_H
#define CAIRN_AUDIT_LOOSE_H

#include <stdbool.h>

/* Is the loose object with this id (40 digits) in the folder `objects` safe to read? Also true if there is none: it is
 * in a pack, or missing. */
bool loose_is_safe(const char *objects, const char *id);

/* Are all loose objects of a repository on this machine (its folder, or the folder above its .git)? Also true if there
 * is no such folder: a URL. */
bool loose_all_are_safe(const char *repository);

#endif
