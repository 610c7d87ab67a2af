#include "tests/lib/unsynced.h"
#include "tests/lib/chance.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECTOR 512 /* what a disk writes in whole or not at all */

struct change {
  bool is_truncation;
  uint64_t offset, size_before;
  struct buf now, before;
};

struct unsynced {
  struct unsynced *next;
  char *path;
  struct change *changes;
  size_t count, cap;
};

static struct unsynced *files;

struct unsynced *unsynced_of(const char *path) {
  struct unsynced *u = files;
  while (u && strcmp(u->path, path) != 0)
    u = u->next;
  if (u == NULL) {
    u = mem_alloc(sizeof *u);
    *u = (struct unsynced){.next = files, .path = mem_copy_string(path)};
    files = u;
  }
  return u;
}

static struct change *add(struct unsynced *u, struct bytes before, uint64_t size_before) {
  if (u->count == u->cap) {
    u->cap = u->cap ? 2 * u->cap : 64;
    u->changes = realloc(u->changes, u->cap * sizeof *u->changes);
    assert(u->changes != NULL);
  }
  struct change *c = &u->changes[u->count++];
  *c = (struct change){.size_before = size_before};
  buf_add(&c->before, before);
  return c;
}

void unsynced_write(struct unsynced *u, uint64_t offset, struct bytes now, struct bytes before, uint64_t size_before) {
  struct change *c = add(u, before, size_before);
  c->offset = offset;
  buf_add(&c->now, now);
}

void unsynced_truncate(struct unsynced *u, uint64_t size, struct bytes before, uint64_t size_before) {
  struct change *c = add(u, before, size_before);
  c->offset = size;
  c->is_truncation = true;
}

void unsynced_forget(struct unsynced *u) {
  for (size_t i = 0; i < u->count; i++) {
    buf_release(&u->changes[i].now);
    buf_release(&u->changes[i].before);
  }
  free(u->changes);
  u->changes = NULL;
  u->count = u->cap = 0;
}

/* ---- when the power fails ---- */

static void must(bool is_good, const char *path) {
  if (is_good)
    return;
  perror(path);
  abort();
}

static void put(int fd, const char *path, struct bytes b, uint64_t offset) {
  must(b.len == 0 || pwrite(fd, b.at, b.len, (off_t)offset) == (ssize_t)b.len, path);
}

static void take_back(int fd, const char *path, const struct change *c) {
  put(fd, path, buf_bytes(&c->before), c->offset);
  must(ftruncate(fd, (off_t)c->size_before) == 0, path);
}

static void tear(int fd, const char *path, const struct change *c, uint64_t *drawn) {
  for (size_t from = 0, n; from < c->now.len; from += n) {
    n = SECTOR - (c->offset + from) % SECTOR;
    n = n < c->now.len - from ? n : c->now.len - from;
    if (chance_draw(drawn) % 2)
      put(fd, path, bytes_of(c->now.at + from, n), c->offset + from);
  }
}

static void do_again(int fd, const char *path, const struct change *c) {
  if (c->is_truncation)
    must(ftruncate(fd, (off_t)c->offset) == 0, path);
  else
    put(fd, path, buf_bytes(&c->now), c->offset);
}

static size_t lose_of(struct unsynced *u, uint64_t *drawn) {
  const uint64_t all = chance_draw(drawn) % 4; /* 0: nothing of it reached the disk, 1: all of it */
  size_t lost = 0;
  int fd = u->count ? open(u->path, O_RDWR | O_CLOEXEC) : -1;
  if (fd < 0) {
    unsynced_forget(u);
    return 0;
  }
  for (size_t i = u->count; i > 0; i--)
    take_back(fd, u->path, &u->changes[i - 1]);
  for (size_t i = 0; i < u->count; i++) {
    const uint64_t this_one = all < 2 ? all : chance_draw(drawn) % 3;
    lost += this_one != 1;
    if (this_one == 1)
      do_again(fd, u->path, &u->changes[i]);
    else if (this_one == 2 && !u->changes[i].is_truncation)
      tear(fd, u->path, &u->changes[i], drawn);
  }
  close(fd);
  unsynced_forget(u);
  return lost;
}

static bool is_of(const struct unsynced *u, const char *database) {
  return strncmp(u->path, database, strlen(database)) == 0;
}

size_t unsynced_lose(const char *database, uint64_t seed) {
  size_t lost = 0;
  for (struct unsynced *u = files; u; u = u->next)
    lost += is_of(u, database) ? lose_of(u, &seed) : 0;
  return lost;
}

void unsynced_forget_all(const char *database) {
  for (struct unsynced *u = files; u; u = u->next)
    if (is_of(u, database))
      unsynced_forget(u);
}

void unsynced_end(void) {
  while (files) {
    struct unsynced *u = files;
    files = u->next;
    unsynced_forget(u);
    free(u->path);
    free(u);
  }
}
