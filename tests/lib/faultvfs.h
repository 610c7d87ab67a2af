/* A disk that fails when it is told to: a shim over SQLite's own VFS, registered as the default one. It counts what
 * reaches the disk (writes, syncs, truncations of database and write-ahead log).
 *
 * Power fails for one machine at a time, which is one database with what SQLite keeps beside it: its files are put back
 * to what was synced and some of the rest (tests/lib/unsynced.h), and from then on nothing that is done with it does
 * anything, until it has power again (faultvfs_disarm). What is open of it is closed before that, as a process ends. */
#ifndef CAIRN_TESTS_LIB_FAULTVFS_H
#define CAIRN_TESTS_LIB_FAULTVFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum faultvfs_fault {
  FAULTVFS_ONCE,  /* the n-th fails, those after it work */
  FAULTVFS_DEAD,  /* the n-th and all after it fail, and no file is deleted: as a process that ended before the n-th */
  FAULTVFS_FULL,  /* from the n-th on every write finds the disk full; syncs and truncations work */
  FAULTVFS_END,   /* the process ends with the status FAULTVFS_STATUS instead of doing the n-th */
  FAULTVFS_POWER, /* at the n-th, the power of the machine that it is of fails */
};
#define FAULTVFS_STATUS 97

/* Once, before the first database is opened. */
void faultvfs_install(void);
/* From now on it is remembered what is written and not synced, so that power may fail; the seed decides what is lost,
 * and what SQLite draws at random. Before the first database of which it is to be remembered is opened; again for
 * another seed. The end: no such database may be open. */
void faultvfs_power(uint64_t seed);
void faultvfs_power_end(void);
/* From now on the n-th (from 1) fails. */
void faultvfs_arm(enum faultvfs_fault fault, size_t n);
/* How many there were since then, as long as none has failed. */
size_t faultvfs_count(void);
/* The disk works again; true if it has failed since it was armed. */
bool faultvfs_disarm(void);
/* The power of the machine with this database fails now, whatever is armed. How many writes and truncations were not
 * kept whole. */
size_t faultvfs_lose_power(const char *database, uint64_t seed);
/* The files of this machine are replaced by others, that were synced. None may be open. */
void faultvfs_replace(const char *database);

#endif
