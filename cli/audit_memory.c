#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/audit.h"
#include "core/text.h"

#define MEMORY_MAX ((size_t)131072)

/* The file has one way to be written:
 *
 *   cairn seen 1
 *   url URL
 *   fetched TIME                0 or 1: when it was last fetched
 *   brought-key VKEY            0 or 1
 *   brought-fingerprint HEX     0 or 1
 *   apart URL                   any number: a mirror that holds another history
 *   key VKEY                    0 or 1, and then, after an empty line, the checkpoint that it signed
 */

void audit_path(struct buf *b, const char *folder, const char *name) {
  buf_addf(b, "%s/%s", folder, name);
}

void audit_memory_release(struct audit_memory *m) {
  free(m->url);
  free(m->vkey);
  free(m->fingerprint);
  for (size_t i = 0; i < m->apart_count; i++)
    free(m->apart[i]);
  free(m->seen_vkey);
  free(m->folder);
  buf_release(&m->seen_note);
  if (m->state_size)
    close(m->state_fd);
  *m = (struct audit_memory){0};
}

void audit_memory_set(char **string, const char *value) {
  char *copy = value ? mem_copy_string(value) : NULL;
  free(*string);
  *string = copy;
}

enum err audit_memory_mirror(struct audit_memory *m, const char *url, bool is_apart, bool *is_new_out) {
  size_t i = 0;
  while (i < m->apart_count && strcmp(m->apart[i], url) != 0)
    i++;
  const bool was_apart = i < m->apart_count;
  if (is_apart == was_apart)
    return OK;
  if (is_apart && m->apart_count == AUDIT_APART_MAX)
    return err_set(ERR_LIMIT, "more than %d mirrors went their own way", AUDIT_APART_MAX);
  if (is_apart) {
    m->apart[m->apart_count++] = mem_copy_string(url);
  } else {
    free(m->apart[i]);
    m->apart[i] = m->apart[--m->apart_count];
  }
  *is_new_out = true;
  return OK;
}

static bool read_state(const void *of, uint64_t from, void *at, size_t len) {
  const struct audit_memory *m = of;
  return pread(m->state_fd, at, len, (off_t)from) == (ssize_t)len;
}

enum err audit_memory_bring(struct audit_memory *m, const struct cmd_line *line) {
  const char *vkey = cmd_value(line, "key"), *fingerprint = cmd_value(line, "fingerprint"), *why;
  if (vkey)
    audit_memory_set(&m->vkey, vkey);
  if (fingerprint)
    audit_memory_set(&m->fingerprint, fingerprint);
  struct verify_facts facts = {m->vkey, m->fingerprint, NULL, NULL, 0};
  struct verify *v = verify_new(&facts, &why);
  if (v == NULL)
    return err_set(ERR_USAGE, "%s", why);
  verify_free(v);
  return OK;
}

struct verify_facts audit_memory_facts(const struct audit_memory *m) {
  return (struct verify_facts){.vkey = m->vkey,
                               .fingerprint = m->fingerprint,
                               .seen_vkey = m->seen_vkey,
                               .seen_note = m->seen_note.at,
                               .seen_note_len = m->seen_note.len,
                               .folder = m->folder,
                               .state = {m, m->state_size, read_state}};
}

static void encode_line(struct buf *b, const char *word, const char *value) {
  if (value)
    buf_addf(b, "%s %s\n", word, value);
}

static void encode(struct buf *b, const struct audit_memory *m) {
  buf_add_str(b, "cairn seen 1\n");
  encode_line(b, "url", m->url);
  encode_line(b, "fetched", m->fetched.s[0] ? m->fetched.s : NULL);
  encode_line(b, "brought-key", m->vkey);
  encode_line(b, "brought-fingerprint", m->fingerprint);
  for (size_t i = 0; i < m->apart_count; i++)
    encode_line(b, "apart", m->apart[i]);
  encode_line(b, "key", m->seen_vkey);
  if (m->seen_vkey) {
    buf_add_str(b, "\n");
    buf_add(b, buf_bytes(&m->seen_note));
  }
}

static char *decode_line(struct reader *r, const char *word) {
  return text_next_is(r, word) ? bytes_copy_string(text_field(r, word)) : NULL;
}

static enum err decode(struct bytes file, struct audit_memory *out) {
  struct reader r = reader_of(file);
  reader_expect(&r, "cairn seen 1\n");
  out->url = bytes_copy_string(text_field(&r, "url"));
  int64_t fetched_s = 0;
  const bool is_fetched = text_next_is(&r, "fetched");
  if (is_fetched && text_time_parse(text_field(&r, "fetched"), &fetched_s) != OK)
    reader_fail(&r);
  if (is_fetched)
    out->fetched = text_time_format(fetched_s);
  out->vkey = decode_line(&r, "brought-key");
  out->fingerprint = decode_line(&r, "brought-fingerprint");
  while (out->apart_count < AUDIT_APART_MAX && text_next_is(&r, "apart"))
    out->apart[out->apart_count++] = bytes_copy_string(text_field(&r, "apart"));
  out->seen_vkey = decode_line(&r, "key");
  if (out->seen_vkey) {
    reader_expect(&r, "\n");
    buf_add(&out->seen_note, reader_take(&r, r.rest.len));
  }
  return reader_end(&r);
}

static enum err read_file(const char *path, struct buf *out) {
  FILE *f = fopen(path, "rb");
  if (f == NULL)
    return err_set_remedy(ERR_IO,
                          "cairn-audit init URL [FOLDER] makes one; without FOLDER it is ./" AUDIT_FOLDER
                          ", here and in all commands",
                          "there is no memory of a ledger in \"%s\": %s", path, strerror(errno));
  uint8_t *p = buf_extend(out, MEMORY_MAX);
  out->len = p ? fread(p, 1, MEMORY_MAX, f) : 0;
  enum err e = ferror(f) ? err_set(ERR_IO, "cannot read \"%s\"", path) : OK;
  fclose(f);
  return e;
}

/* The file is written as it should be, and its note is signed by its key. */
static bool is_whole(struct bytes file, const struct audit_memory *m) {
  struct buf again = {0};
  const char *why;
  encode(&again, m);
  bool same = bytes_equal(file, buf_bytes(&again));
  buf_release(&again);
  struct verify_facts facts = audit_memory_facts(m);
  struct verify *v = verify_new(&facts, &why);
  verify_free(v);
  return same && v != NULL;
}

/* Without it all is read, which is slower and nothing else. */
static void open_state(const char *folder, struct audit_memory *out) {
  struct buf path = {0};
  struct stat s;
  audit_path(&path, folder, "state");
  int fd = open(buf_cstr(&path), O_RDONLY | O_CLOEXEC);
  if (fd >= 0 && fstat(fd, &s) == 0 && S_ISREG(s.st_mode) && s.st_size > 0) {
    out->state_fd = fd;
    out->state_size = (uint64_t)s.st_size;
  } else if (fd >= 0) {
    close(fd);
  }
  buf_release(&path);
}

enum err audit_memory_load(const char *folder, struct audit_memory *out) {
  struct buf path = {0}, file = {0};
  struct audit_memory m = {0};
  audit_path(&path, folder, "seen");
  enum err e = read_file(buf_cstr(&path), &file);
  if (e != OK)
    goto out;
  if (decode(buf_bytes(&file), &m) != OK || !is_whole(buf_bytes(&file), &m)) {
    e = err_set_remedy(ERR_IO, "start a new folder with cairn-audit init, with the ledger's fingerprint",
                       "the memory of earlier visits in \"%s\" is damaged", buf_cstr(&path));
    goto out;
  }
  m.folder = mem_copy_string(folder);
  open_state(folder, &m);
  *out = m;
  m = (struct audit_memory){0};
out:
  audit_memory_release(&m);
  buf_release(&file);
  buf_release(&path);
  return e;
}

static bool write_all(void *fd, const void *at, size_t len) {
  struct bytes b = bytes_of(at, len);
  while (b.len > 0) {
    ssize_t n = write(*(const int *)fd, b.at, b.len);
    if (n < 0 && errno != EINTR)
      return false;
    if (n > 0)
      b = bytes_of(b.at + n, b.len - (size_t)n);
  }
  return true;
}

static bool write_file(const char *path, const struct audit_content *content) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const struct verify_sink sink = {&fd, write_all};
  if (fd < 0)
    return false;
  bool good = content->write(content->of, &sink) && fsync(fd) == 0;
  return close(fd) == 0 && good;
}

static bool sync_folder(const char *folder) {
  int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  bool good = fd >= 0 && fsync(fd) == 0;
  if (fd >= 0)
    close(fd);
  return good;
}

enum err audit_save_pieces(const char *folder, const char *name, const struct audit_content *content) {
  struct buf path = {0}, written = {0};
  enum err e = OK;
  audit_path(&path, folder, name);
  audit_path(&written, folder, name);
  buf_add_str(&written, ".new");
  if (!write_file(buf_cstr(&written), content) || rename(buf_cstr(&written), buf_cstr(&path)) != 0 ||
      !sync_folder(folder))
    e = err_set(ERR_DISK, "cannot write \"%s\": %s", buf_cstr(&path), strerror(errno));
  buf_release(&written);
  buf_release(&path);
  return e;
}

static bool write_bytes(const void *of, const struct verify_sink *sink) {
  const struct bytes *b = of;
  return sink->write(sink->of, b->at, b->len);
}

enum err audit_save(const char *folder, const char *name, struct bytes content) {
  return audit_save_pieces(folder, name, &(struct audit_content){&content, write_bytes});
}

enum err audit_memory_save(const char *folder, const struct audit_memory *m) {
  struct buf file = {0};
  encode(&file, m);
  enum err e = file.len >= MEMORY_MAX || buf_err(&file) != OK ? err_set(ERR_LIMIT, "there is too much to remember")
                                                              : audit_save(folder, "seen", buf_bytes(&file));
  buf_release(&file);
  return e;
}
