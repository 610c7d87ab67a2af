/* Does the disk under a folder look encrypted? A look, no proof: the block device, or one that it is made of, is a
 * dm-crypt mapping, or the file system keeps nothing on a disk. */
#ifndef CAIRN_CLI_DISK_H
#define CAIRN_CLI_DISK_H

#include <stdbool.h>

/* sys: "/sys" (tests have their own). True also if it cannot be found out. */
bool disk_looks_encrypted(const char *sys, unsigned major, unsigned minor);
/* The same for the disk under a folder. */
bool disk_of_folder_looks_encrypted(const char *folder);

#endif
