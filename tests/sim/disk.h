/* The disk of the simulation: a shim over SQLite's own VFS, registered as the default one. It counts what reaches the
 * disk (writes, syncs, truncations), fails when it is told to, reaches no real disk, and knows what was not synced. */
#ifndef CAIRN_TESTS_SIM_DISK_H
#define CAIRN_TESTS_SIM_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum disk_fault {
  DISK_ONCE, /* the n-th fails, those after it work */
  DISK_DEAD, /* the n-th and all after it fail, and no file is deleted: as a process that ended before the n-th */
  DISK_FULL, /* from the n-th on every write finds the disk full; syncs and truncations work */
};

/* Once, before the first database is opened. */
void disk_install(void);
/* From now on the n-th (from 1) fails. */
void disk_arm(enum disk_fault fault, size_t n);
/* The disk works again; true if it has failed since it was armed. */
bool disk_disarm(void);

/* From here on a sync reaches no disk but is taken at its word: what is written while DISK_DEAD is armed, and not
 * synced, is kept apart. What SQLite draws at random follows from the seed. Forgets all files that were watched before.
 */
void disk_watch(uint64_t seed);
void disk_watch_end(void);
/* The power fails: of what was written to the files whose names begin with this and was not synced, each write is kept,
 * dropped or torn between two sectors, as the seed decides. No such file may be open. How many were not kept. */
size_t disk_lose_power(const char *path, uint64_t seed);
/* The files whose names begin with this are replaced by others: what was not synced is no matter any more. */
void disk_forget(const char *path);

#endif
