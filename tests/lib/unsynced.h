/* What was written to a file and not synced since: on a disk that loses its power it is there or not, each write by
 * itself, in whole or in some of its sectors. Names of files are taken to be there at once: SQLite syncs their folder.
 *
 * The caller says what is about to happen to the file, and what stood there; the file itself is touched only when it
 * loses something. */
#ifndef CAIRN_TESTS_LIB_UNSYNCED_H
#define CAIRN_TESTS_LIB_UNSYNCED_H

#include "core/bytes.h"

struct unsynced;

/* The file with this path, which is remembered until unsynced_end; what was there before counts as synced. */
struct unsynced *unsynced_of(const char *path);
/* "before" is what stood from the offset (the new size) on, as far as the file went, which was size_before. */
void unsynced_write(struct unsynced *u, uint64_t offset, struct bytes now, struct bytes before, uint64_t size_before);
void unsynced_truncate(struct unsynced *u, uint64_t size, struct bytes before, uint64_t size_before);
/* It is on the disk, or the file is gone. */
void unsynced_forget(struct unsynced *u);
/* Puts this file, if its path begins with "database", and all others of that kind back to what was synced and, drawn
 * from the seed, nothing, all or some of the rest. How many writes and truncations were not kept whole. */
size_t unsynced_lose(const char *database, uint64_t seed);
/* The files whose paths begin with this are replaced by others: what was not synced is no matter any more. */
void unsynced_forget_all(const char *database);
/* As if none had ever been remembered; none may be open. */
void unsynced_end(void);

#endif
