/* A disk that fails when it is told to: a shim over SQLite's own VFS, registered as the default one. It counts what
 * reaches the disk (writes, syncs, truncations of database and write-ahead log). Where it is told to watch, it also
 * knows what was not synced yet, and can lose it. */
#ifndef CAIRN_TESTS_LIB_FAULTVFS_H
#define CAIRN_TESTS_LIB_FAULTVFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum faultvfs_fault {
  FAULTVFS_ONCE, /* the n-th fails, those after it work */
  FAULTVFS_DEAD, /* the n-th and all after it fail, and no file is deleted: as a process that ended before the n-th */
  FAULTVFS_FULL, /* from the n-th on every write finds the disk full; syncs and truncations work */
  FAULTVFS_END,  /* the process ends with the status FAULTVFS_STATUS instead of doing the n-th */
};
#define FAULTVFS_STATUS 97

/* Once, before the first database is opened. */
void faultvfs_install(void);
/* From now on the n-th (from 1) fails. */
void faultvfs_arm(enum faultvfs_fault fault, size_t n);
/* The disk works again; true if it has failed since it was armed. */
bool faultvfs_disarm(void);

/* From here on a sync reaches no disk but is taken at its word: what is written while FAULTVFS_DEAD is armed, and not
 * synced, is kept apart. What SQLite draws at random follows from the seed. Forgets all files that were watched before.
 */
void faultvfs_watch(uint64_t seed);
void faultvfs_watch_end(void);
/* The power fails: of what was written to the files whose names begin with this and was not synced, each write is kept,
 * dropped or torn between two sectors, as the seed decides. No such file may be open. How many were not kept. */
size_t faultvfs_lose_power(const char *path, uint64_t seed);
/* The files whose names begin with this are replaced by others: what was not synced is no matter any more. */
void faultvfs_forget(const char *path);

#endif
