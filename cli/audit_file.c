#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/audit.h"

enum err audit_read_file(const char *path, size_t max, struct buf *out) {
  FILE *f = fopen(path, "rb");
  if (f == NULL)
    return err_set(errno == ENOENT ? ERR_USAGE : ERR_IO, "cannot read \"%s\": %s", path, strerror(errno));
  uint8_t *p = buf_extend(out, max + 1);
  out->len = p ? fread(p, 1, max + 1, f) : 0;
  enum err e = ferror(f) ? err_set(ERR_IO, "cannot read \"%s\"", path) : OK;
  fclose(f);
  return e;
}

char *audit_whole_url(const char *url) {
  char *path = realpath(url, NULL);
  return path ? path : mem_copy_string(url);
}

enum err audit_write_new(const char *path, struct bytes text) {
  const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0)
    return errno == EEXIST ? err_set(ERR_USAGE, "\"%s\" is there already: name another file", path)
                           : err_set(ERR_IO, "cannot write \"%s\": %s", path, strerror(errno));
  FILE *f = fdopen(fd, "wb");
  bool good = f != NULL && fwrite(text.at, 1, text.len, f) == text.len && fflush(f) == 0 && fsync(fd) == 0;
  good = (f ? fclose(f) : close(fd)) == 0 && good;
  if (good)
    return OK;
  unlink(path);
  return err_set(ERR_DISK, "cannot write \"%s\" whole", path);
}
