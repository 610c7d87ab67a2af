/* A backup of a node: one file, a copy of its store with the files of its keys in it (they stay encrypted). It is a
 * store like any other, so whatever checks a store checks a backup. */
#ifndef CAIRN_CORE_BACKUP_H
#define CAIRN_CORE_BACKUP_H

#include "core/store.h"

#define BACKUP_FILE_MAX ((size_t)65536)

/* Copies the store as it is now into a new file, in one go, without what was deleted. Not in a transaction. ERR_DISK.
 */
enum err backup_copy(struct store *s, const char *path);
/* A file that stood beside the store; ERR_LIMIT. In a transaction of the caller's. */
enum err backup_put(struct store *copy, const char *name, struct bytes content);
/* Calls each with the files that the backup has. */
enum err backup_each(struct store *copy, void *of, enum err (*each)(void *of, struct bytes name, struct bytes content));
/* They are out again. In a transaction of the caller's. */
enum err backup_clear(struct store *copy);
/* Puts down what the files are, when all are in: the file is a backup from then on. In a transaction of the caller's.
 */
enum err backup_seal(struct store *copy);
/* The files are those that were put down. ERR_ABSENT: it is no backup; ERR_FORM. */
enum err backup_check(struct store *copy);
/* How many there are. */
uint64_t backup_count(struct store *copy);

#endif
