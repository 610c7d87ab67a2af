#include "tests/lib/blank.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static uint8_t *image;
static size_t image_size;

__attribute__((destructor)) static void release(void) {
  free(image);
  image = NULL;
}

/* Once closed, all of a store is in the one file. */
static enum err read_image(const char *path) {
  struct stat st;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  bool ok = fd >= 0 && fstat(fd, &st) == 0;
  if (ok) {
    image_size = (size_t)st.st_size;
    image = mem_alloc(image_size);
    ok = read(fd, image, image_size) == st.st_size;
  }
  if (fd >= 0)
    close(fd);
  return ok ? OK : err_set(ERR_IO, "the first store cannot be read again");
}

static enum err write_image(const char *path) {
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  bool ok = fd >= 0 && write(fd, image, image_size) == (ssize_t)image_size;
  if (fd >= 0)
    close(fd);
  return ok ? OK : err_set(ERR_IO, "\"%s\" could not be made", path);
}

static enum err make_first(const char *path) {
  struct store *s = NULL;
  enum err e = store_create(path, &s);
  store_close(s);
  return e == OK ? read_image(path) : e;
}

enum err blank_store(const char *path, struct store **out) {
  enum err e = image ? write_image(path) : make_first(path);
  return e == OK ? store_open(path, 0, out) : e;
}
