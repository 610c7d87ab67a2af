/* A disk that fails when it is told to: a shim over SQLite's own VFS, registered as the default one. It counts what
 * reaches the disk (writes, syncs, truncations of database and write-ahead log). */
#ifndef CAIRN_TESTS_LIB_FAULTVFS_H
#define CAIRN_TESTS_LIB_FAULTVFS_H

#include <stdbool.h>
#include <stddef.h>

enum faultvfs_fault {
  FAULTVFS_ONCE, /* the n-th fails, those after it work */
  FAULTVFS_DEAD, /* the n-th and all after it fail */
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

#endif
