#include "cli/bundle_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/folder.h"

enum err bundle_file_open(const struct store *s, const char *path, FILE **out) {
  struct stat st;
  if (store_is_at(s, path))
    return err_set(ERR_USAGE, "\"%s\" is the store, which is in use", path);
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0)
    return err_set(errno == ENOENT ? ERR_USAGE : ERR_IO, "\"%s\": %s", path, strerror(errno));
  if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
    close(fd);
    return err_set(ERR_USAGE, "\"%s\" is not a file", path);
  }
  *out = fdopen(fd, "rb");
  if (*out)
    return OK;
  close(fd);
  return err_set(ERR_IO, "\"%s\": %s", path, strerror(errno));
}

/* A medium that is carried may know neither hard links nor a second name for a file: the name is looked for, and then
 * taken. */
static enum err check_free(const char *path) {
  struct stat st;
  return lstat(path, &st) == 0 ? err_set(ERR_USAGE, "\"%s\" is there already: name another file", path) : OK;
}

enum err bundle_file_make(const char *path, struct bundle_file *out) {
  struct buf name = {0};
  *out = (struct bundle_file){.path = path};
  enum err e = check_free(path);
  buf_addf(&name, "%s.unfinished", path);
  if (e == OK)
    unlink(buf_cstr(&name)); /* of an attempt that was cut off; or a pipe, which would be waited for */
  int fd = e == OK ? open(buf_cstr(&name), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
  if (e == OK && fd < 0)
    e = err_set(ERR_IO, "\"%s\" could not be made: %s", path, strerror(errno));
  out->file = fd >= 0 ? fdopen(fd, "wb") : NULL;
  if (e == OK && out->file == NULL)
    e = err_set(ERR_IO, "\"%s\" could not be made: %s", path, strerror(errno));
  if (out->file)
    out->unfinished = mem_copy_string(buf_cstr(&name));
  else if (fd >= 0)
    close(fd);
  buf_release(&name);
  return e;
}

enum err bundle_file_finish(struct bundle_file *f, enum err e) {
  char words[512], remedy[512];
  if (f->file == NULL)
    return e;
  snprintf(words, sizeof words, "%s", err_words(e));
  snprintf(remedy, sizeof remedy, "%s", e == OK ? "" : err_remedy());
  if (fclose(f->file) != 0 && e == OK) {
    snprintf(words, sizeof words, "\"%s\" could not be written: %s", f->path, strerror(errno));
    e = ERR_DISK;
  }
  if (e == OK) {
    e = check_free(f->path);
    if (e == OK)
      e = folder_finish(f->unfinished, f->path);
    snprintf(words, sizeof words, "%s", err_words(e));
  }
  if (e != OK)
    unlink(f->unfinished);
  free(f->unfinished);
  *f = (struct bundle_file){0};
  return e == OK ? OK : err_set_remedy(e, remedy, "%s", words);
}
