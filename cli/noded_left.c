/* What a backup that was killed has left: a copy of the record, in clear. Who holds the folder's lock is the only one
 * who writes backups into it, so whatever unfinished one lies there is nobody's. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/noded_recover.h"

#define UNFINISHED ".unfinished"

static bool ends_with(const char *name, const char *end) {
  const size_t len = strlen(name), n = strlen(end);
  return len > n && strcmp(name + len - n, end) == 0;
}

/* Those whose name backup itself makes are its own for certain. */
static bool is_named_by_time(const char *name) {
  return strncmp(name, NODED_BACKUP_NAME, strlen(NODED_BACKUP_NAME)) == 0 && ends_with(name, ".backup" UNFINISHED);
}

static bool is_own_file(int folder, const char *name) {
  struct stat st;
  return fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid();
}

void noded_remove_unfinished(const char *path) {
  static const char *const beside[] = {"", "-wal", "-shm", "-journal"};
  struct buf name = {0};
  for (size_t i = 0; i < sizeof beside / sizeof *beside; i++) {
    buf_clear(&name);
    buf_addf(&name, "%s%s", path, beside[i]);
    unlink(buf_cstr(&name));
  }
  buf_release(&name);
}

static void look_at(const char *folder, const char *name, struct noded_left *left) {
  struct buf path = {0};
  folder_path(&path, folder, name);
  if (is_named_by_time(name)) {
    noded_remove_unfinished(buf_cstr(&path));
    left->removed++;
  } else {
    buf_addf(&left->others, "%s%s", left->others.len ? ", " : "", buf_cstr(&path));
  }
  buf_release(&path);
}

static void look_around(const char *folder, int lock, const char *own, struct noded_left *left) {
  DIR *d = opendir(folder);
  const struct dirent *entry;
  while (d && (entry = readdir(d)) != NULL)
    if (ends_with(entry->d_name, UNFINISHED) && strcmp(entry->d_name, own) != 0 && is_own_file(lock, entry->d_name))
      look_at(folder, entry->d_name, left);
  if (d)
    closedir(d);
}

enum err noded_find_left(const char *unfinished, struct noded_left *out) {
  char *folder = mem_copy_string(unfinished), *slash = strrchr(folder, '/');
  slash[slash == folder] = '\0';
  enum err e = OK;
  *out = (struct noded_left){.lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  /* A file system without locks keeps what was left, as there is no telling whose it is. */
  const bool is_locked = out->lock >= 0 && flock(out->lock, LOCK_EX | LOCK_NB) == 0;
  if (!is_locked && out->lock >= 0 && errno == EWOULDBLOCK)
    e = err_set_remedy(ERR_BUSY, "wait until it is there, or name another folder",
                       "another backup is being written into \"%s\"", folder);
  if (is_locked) {
    noded_remove_unfinished(unfinished);
    look_around(folder, out->lock, strrchr(unfinished, '/') + 1, out);
  }
  free(folder);
  return e;
}

void noded_left_release(struct noded_left *l) {
  if (l->lock >= 0)
    close(l->lock);
  buf_release(&l->others);
}
