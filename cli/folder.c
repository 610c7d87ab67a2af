#include "cli/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "core/text.h"

#define PASSPHRASE_MIN 8

static enum err first_line(int fd, const char *what, struct buf *out) {
  struct buf all = {.max = KEY_PASSPHRASE_MAX + 2};
  char c;
  ssize_t n;
  while ((n = read(fd, &c, 1)) == 1 && c != '\n' && buf_err(&all) == OK)
    buf_add(&all, bytes_of(&c, 1));
  enum err e =
      n < 0 ? err_set(ERR_IO, "the passphrase could not be read from %s: %s", what, strerror(errno)) : buf_err(&all);
  if (e == OK && all.len == 0)
    e = err_set(ERR_USAGE, "%s has no passphrase in its first line", what);
  buf_add(out, buf_bytes(&all));
  buf_release_secret(&all);
  return e;
}

/* A pipe (`<(pass show node)`) has no readers but those who were given it. */
static enum err check_file(int fd, const char *path) {
  struct stat st;
  char remedy[512];
  if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || (st.st_mode & 077) == 0)
    return OK;
  snprintf(remedy, sizeof remedy, "chmod 600 %s", path);
  return err_set_remedy(ERR_IO, remedy, "others may read the passphrase in \"%s\"", path);
}

static enum err from_file(const char *path, struct buf *out) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return err_set(ERR_USAGE, "\"%s\": %s", path, strerror(errno));
  enum err e = check_file(fd, path);
  if (e == OK)
    e = first_line(fd, path, out);
  close(fd);
  return e;
}

static enum err from_descriptor(const char *text, struct buf *out) {
  uint64_t fd;
  if (text_number(bytes_str(text), &fd) != OK || fd > 1023)
    return err_set(ERR_USAGE, "not a file descriptor: \"%s\"", text);
  return first_line((int)fd, "the descriptor", out);
}

static enum err from_terminal(const char *prompt, struct buf *out) {
  struct termios shown, hidden;
  int tty = open("/dev/tty", O_RDWR | O_CLOEXEC);
  if (tty < 0 || tcgetattr(tty, &shown) != 0) {
    if (tty >= 0)
      close(tty);
    return err_set_remedy(ERR_USAGE, "name a file with --passphrase-file",
                          "there is no terminal to ask for the passphrase");
  }
  hidden = shown;
  hidden.c_lflag &= ~(tcflag_t)ECHO;
  dprintf(tty, "%s: ", prompt);
  tcsetattr(tty, TCSAFLUSH, &hidden);
  enum err e = first_line(tty, "the terminal", out);
  tcsetattr(tty, TCSAFLUSH, &shown);
  dprintf(tty, "\n");
  close(tty);
  return e;
}

static enum err ask(const char *prompt, bool is_new, struct buf *out) {
  struct buf again = {0};
  enum err e = from_terminal(prompt, out);
  if (e == OK && is_new)
    e = from_terminal("the same once more", &again);
  if (e == OK && is_new && !bytes_equal(buf_bytes(out), buf_bytes(&again)))
    e = err_set(ERR_USAGE, "the two passphrases differ");
  buf_release_secret(&again);
  return e;
}

enum err folder_passphrase(const struct cmd_line *line, const char *prompt, bool is_new, struct buf *out) {
  const char *file = cmd_value(line, "passphrase-file"), *fd = cmd_value(line, "passphrase-fd");
  enum err e = file ? from_file(file, out) : fd ? from_descriptor(fd, out) : ask(prompt, is_new, out);
  if (e == OK && is_new && out->len < PASSPHRASE_MIN)
    e = err_set(ERR_USAGE, "a passphrase has at least %d characters", PASSPHRASE_MIN);
  return e;
}

const char *folder_path(struct buf *b, const char *folder, const char *name) {
  buf_clear(b);
  buf_addf(b, "%s/%s", folder, name);
  return buf_cstr(b);
}

enum err folder_make(const char *folder) {
  if (mkdir(folder, 0700) == 0)
    return OK;
  if (errno == EEXIST)
    return err_set(ERR_USAGE, "\"%s\" is there already; nothing was changed", folder);
  return err_set(ERR_IO, "the folder \"%s\" could not be made: %s", folder, strerror(errno));
}

enum err folder_check(const char *folder) {
  struct stat st;
  char remedy[512];
  if (stat(folder, &st) != 0)
    return err_set(errno == ENOENT ? ERR_ABSENT : ERR_IO, "\"%s\": %s", folder, strerror(errno));
  if (!S_ISDIR(st.st_mode))
    return err_set(ERR_USAGE, "\"%s\" is not a folder", folder);
  if ((st.st_mode & 077) == 0)
    return OK;
  snprintf(remedy, sizeof remedy, "chmod 700 %s", folder);
  return err_set_remedy(ERR_IO, remedy, "others may look into \"%s\"", folder);
}

static enum err sync_path(const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  int rc = fd >= 0 ? fsync(fd) : -1;
  int saved = errno;
  if (fd >= 0)
    close(fd);
  return rc == 0 ? OK : err_set(ERR_DISK, "\"%s\" could not be synced: %s", path, strerror(saved));
}

/* Without slashes at its end, which all that is made of the name would stand behind. */
static size_t name_length(const char *folder) {
  size_t len = strlen(folder);
  while (len > 1 && folder[len - 1] == '/')
    len--;
  return len;
}

const char *folder_beside(struct buf *b, const char *folder, const char *suffix) {
  buf_addf(b, "%.*s%s", (int)name_length(folder), folder, suffix);
  return buf_cstr(b);
}

enum err folder_finish(const char *from, const char *to) {
  char *above = mem_copy_string(to);
  above[name_length(to)] = '\0';
  char *slash = strrchr(above, '/');
  enum err e = sync_path(from);
  if (e == OK && rename(from, to) != 0)
    e = err_set(ERR_IO, "\"%s\" could not be made: %s", to, strerror(errno));
  if (slash)
    slash[slash == above] = '\0';
  if (e == OK)
    e = sync_path(slash ? above : ".");
  free(above);
  return e;
}

static enum err name_file(const char *folder, const char *from, const char *to,
                          int (*name)(const char *from, const char *to)) {
  struct buf from_path = {0}, to_path = {0};
  enum err e = OK;
  if (name(folder_path(&from_path, folder, from), folder_path(&to_path, folder, to)) != 0)
    e = err_set(ERR_IO, "\"%s\" could not be made: %s", buf_cstr(&to_path), strerror(errno));
  if (e == OK)
    e = sync_path(folder);
  buf_release(&from_path);
  buf_release(&to_path);
  return e;
}

enum err folder_rename(const char *folder, const char *from, const char *to) {
  return name_file(folder, from, to, rename);
}

enum err folder_link(const char *folder, const char *from, const char *to) {
  return name_file(folder, from, to, link);
}

enum err folder_write(const char *folder, const char *name, struct bytes content) {
  struct buf path = {0};
  enum err e = OK;
  int fd = open(folder_path(&path, folder, name), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  for (size_t done = 0; fd >= 0 && e == OK && done < content.len;) {
    ssize_t n = write(fd, content.at + done, content.len - done);
    if (n <= 0)
      e = err_set(ERR_DISK, "\"%s\" could not be written: %s", buf_cstr(&path), strerror(errno));
    else
      done += (size_t)n;
  }
  if (fd < 0)
    e = err_set(ERR_IO, "\"%s\" could not be made: %s", buf_cstr(&path), strerror(errno));
  else if (e == OK && fsync(fd) != 0)
    e = err_set(ERR_DISK, "\"%s\" could not be synced: %s", buf_cstr(&path), strerror(errno));
  if (fd >= 0)
    close(fd);
  buf_release(&path);
  return e;
}

enum err folder_save(const char *path, struct bytes content) {
  char words[512];
  if (access(path, F_OK) == 0)
    return err_set(ERR_USAGE, "\"%s\" is there already: name another file", path);
  enum err e = folder_write(path[0] == '/' ? "" : ".", path, content);
  if (e != ERR_DISK)
    return e;
  snprintf(words, sizeof words, "%s", err_words(e));
  unlink(path);
  return err_set(e, "%s", words);
}

enum err folder_read(const char *folder, const char *name, size_t max, struct buf *out) {
  struct buf path = {0};
  uint8_t block[4096];
  ssize_t n = 0;
  enum err e = OK;
  int fd = open(name[0] == '/' ? name : folder_path(&path, folder, name), O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    e = err_set(errno == ENOENT ? ERR_ABSENT : ERR_IO, "\"%s\": %s", buf_cstr(&path), strerror(errno));
  while (e == OK && (n = read(fd, block, sizeof block)) > 0) {
    if ((size_t)n > max - out->len)
      e = err_set(ERR_LIMIT, "\"%s\" is too large", buf_cstr(&path));
    else
      buf_add(out, bytes_of(block, (size_t)n));
  }
  if (e == OK && n < 0)
    e = err_set(ERR_IO, "\"%s\": %s", buf_cstr(&path), strerror(errno));
  if (fd >= 0)
    close(fd);
  buf_release(&path);
  return e;
}

void folder_remove(const char *folder, const char *const *names) {
  struct buf path = {0};
  for (size_t i = 0; names[i]; i++)
    unlink(folder_path(&path, folder, names[i]));
  rmdir(folder);
  buf_release(&path);
}

void folder_remove_all(const char *folder) {
  DIR *d = opendir(folder);
  struct dirent *entry;
  struct stat st;
  while (d && (entry = readdir(d)) != NULL) {
    struct buf path = {0};
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
      continue;
    folder_path(&path, folder, entry->d_name);
    if (lstat(buf_cstr(&path), &st) == 0 && S_ISDIR(st.st_mode))
      folder_remove_all(buf_cstr(&path));
    else
      unlink(buf_cstr(&path));
    buf_release(&path);
  }
  if (d)
    closedir(d);
  rmdir(folder);
}
