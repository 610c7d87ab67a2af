#include "cli/disk.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#define DEPTH_MAX 8
#define TMPFS_KIND 0x01021994
#define ECRYPTFS_KIND 0xf15f

static bool read_line(const char *path, char *out, int size) {
  FILE *f = fopen(path, "re");
  bool has = f && fgets(out, size, f);
  if (f)
    fclose(f);
  return has;
}

static bool is_encrypted(const char *sys, unsigned major, unsigned minor, int depth) {
  char path[PATH_MAX], line[256];
  bool found = false;
  snprintf(path, sizeof path, "%s/dev/block/%u:%u/dm/uuid", sys, major, minor);
  if (read_line(path, line, sizeof line) && strncmp(line, "CRYPT-", 6) == 0)
    return true;
  snprintf(path, sizeof path, "%s/dev/block/%u:%u/slaves", sys, major, minor);
  DIR *slaves = depth > 0 ? opendir(path) : NULL;
  for (struct dirent *d; slaves && !found && (d = readdir(slaves));) {
    unsigned a, b;
    char dev[PATH_MAX + 300];
    snprintf(dev, sizeof dev, "%s/%s/dev", path, d->d_name);
    if (d->d_name[0] != '.' && read_line(dev, line, sizeof line) && sscanf(line, "%u:%u", &a, &b) == 2)
      found = is_encrypted(sys, a, b, depth - 1);
  }
  if (slaves)
    closedir(slaves);
  return found;
}

bool disk_looks_encrypted(const char *sys, unsigned major, unsigned minor) {
  char path[PATH_MAX];
  struct stat st;
  snprintf(path, sizeof path, "%s/dev/block/%u:%u", sys, major, minor);
  if (stat(path, &st) != 0)
    return true; /* no block device that can be looked at */
  return is_encrypted(sys, major, minor, DEPTH_MAX);
}

bool disk_of_folder_looks_encrypted(const char *folder) {
  struct stat st;
  struct statfs fs;
  if (stat(folder, &st) != 0 || statfs(folder, &fs) != 0 || fs.f_type == TMPFS_KIND || fs.f_type == ECRYPTFS_KIND)
    return true;
  return disk_looks_encrypted("/sys", major(st.st_dev), minor(st.st_dev));
}
