#include "audit/loose.h"

#include <dirent.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

/* libgit2 inflates this much to read the first line, and copies what stands behind it into a buffer of the size that
 * the line says. */
#define HEAD_SIZE 64
#define ID_SIZE 40

/* Inflates the first bytes; how many, or -1 if they are damaged. */
static int inflate_head(FILE *f, unsigned char out[HEAD_SIZE]) {
  unsigned char in[4096];
  z_stream z = {0};
  z.avail_in = (uInt)fread(in, 1, sizeof in, f);
  z.next_in = in;
  z.next_out = out;
  z.avail_out = HEAD_SIZE;
  if (inflateInit(&z) != Z_OK)
    return -1;
  int rc = inflate(&z, Z_SYNC_FLUSH);
  inflateEnd(&z);
  return rc == Z_OK || rc == Z_STREAM_END || rc == Z_BUF_ERROR ? (int)(HEAD_SIZE - z.avail_out) : -1;
}

/* "blob 123", a zero byte, the content: it must not be longer than it says. */
static bool is_as_long_as_it_says(const unsigned char *head, int len) {
  const unsigned char *end = memchr(head, 0, (size_t)len), *space = memchr(head, ' ', (size_t)len);
  uint64_t size = 0;
  if (end == NULL || space == NULL || space > end || end == space + 1 || end - space > 19)
    return false;
  for (const unsigned char *p = space + 1; p < end; p++) {
    if (*p < '0' || *p > '9')
      return false;
    size = size * 10 + (uint64_t)(*p - '0');
  }
  return (uint64_t)(head + len - end - 1) <= size;
}

static bool is_safe_file(const char *path) {
  unsigned char head[HEAD_SIZE];
  FILE *f = fopen(path, "re");
  if (f == NULL)
    return true;
  int len = inflate_head(f, head);
  fclose(f);
  return len >= 0 && is_as_long_as_it_says(head, len);
}

bool loose_is_safe(const char *objects, const char *id) {
  char path[PATH_MAX];
  int n = snprintf(path, sizeof path, "%s/%.2s/%s", objects, id, id + 2);
  return n > 0 && (size_t)n < sizeof path && is_safe_file(path);
}

static bool are_safe(const char *objects, const char *shard) {
  char path[PATH_MAX], id[ID_SIZE + 1];
  bool safe = true;
  if (snprintf(path, sizeof path, "%s/%s", objects, shard) >= (int)sizeof path)
    return false;
  DIR *folder = opendir(path);
  for (struct dirent *d; folder && safe && (d = readdir(folder));)
    if (strlen(d->d_name) == ID_SIZE - 2) {
      snprintf(id, sizeof id, "%.2s%.38s", shard, d->d_name);
      safe = loose_is_safe(objects, id);
    }
  if (folder)
    closedir(folder);
  return safe;
}

bool loose_all_are_safe(const char *repository) {
  static const char *const inside[] = {"objects", ".git/objects"};
  const char *path = strncmp(repository, "file://", 7) == 0 ? repository + 7 : repository;
  bool safe = true;
  for (size_t i = 0; safe && i < sizeof inside / sizeof *inside; i++) {
    char objects[PATH_MAX];
    if (snprintf(objects, sizeof objects, "%s/%s", path, inside[i]) >= (int)sizeof objects)
      return false;
    DIR *folder = opendir(objects);
    for (struct dirent *d; folder && safe && (d = readdir(folder));)
      if (strlen(d->d_name) == 2 && d->d_name[0] != '.')
        safe = are_safe(objects, d->d_name);
    if (folder)
      closedir(folder);
  }
  return safe;
}
