#include "tests/sim/disk.h"

#include <assert.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/bytes.h"

#define TABLES_MAX 8
#define FILES_MAX 64
#define NAME_SIZE 192
#define SECTOR 512

/* SQLite's unix VFS has a few tables of methods; each gets a copy with some methods replaced. */
static struct table {
  sqlite3_io_methods faulty; /* first: a file's methods point here */
  const sqlite3_io_methods *real;
} tables[TABLES_MAX];

static sqlite3_vfs *base, shim;
static enum disk_fault armed;
static size_t left; /* until it fails; 0: not armed */
static bool has_failed;

/* ---- what was not synced ---- */

/* One write, or one truncation, with what it took the place of. */
struct change {
  sqlite3_int64 offset, size_before; /* of a truncation: the new size */
  bool is_truncation;
  struct buf before, after;
};

static struct watched {
  char name[NAME_SIZE]; /* empty: the place is free */
  sqlite3_file *open;   /* NULL: it is closed */
  struct change *changes;
  size_t count, max;
} files[FILES_MAX];
static bool is_watching;
static uint64_t random_state;

static void forget_changes(struct watched *w) {
  for (size_t i = 0; i < w->count; i++) {
    buf_release(&w->changes[i].before);
    buf_release(&w->changes[i].after);
  }
  free(w->changes);
  w->changes = NULL;
  w->count = w->max = 0;
}

static struct watched *find_named(const char *name) {
  for (size_t i = 0; i < FILES_MAX; i++)
    if (files[i].name[0] && strcmp(files[i].name, name) == 0)
      return &files[i];
  return NULL;
}

static struct watched *find_open(const sqlite3_file *f) {
  for (size_t i = 0; is_watching && i < FILES_MAX; i++)
    if (files[i].open == f)
      return &files[i];
  return NULL;
}

static void watch_file(const char *name, sqlite3_file *f) {
  struct watched *w = find_named(name);
  for (size_t i = 0; w == NULL && i < FILES_MAX; i++)
    if (files[i].name[0] == '\0')
      w = &files[i];
  assert(w != NULL && strlen(name) < NAME_SIZE);
  memcpy(w->name, name, strlen(name) + 1);
  w->open = f;
}

static struct change *add_change(struct watched *w) {
  if (w->count == w->max) {
    struct change *more = mem_alloc_array(w->max ? 2 * w->max : 64, sizeof *more);
    if (w->count)
      memcpy(more, w->changes, w->count * sizeof *more);
    free(w->changes);
    w->changes = more;
    w->max = w->max ? 2 * w->max : 64;
  }
  w->changes[w->count] = (struct change){0};
  return &w->changes[w->count++];
}

static void load(sqlite3_file *f, sqlite3_int64 offset, sqlite3_int64 size, struct buf *out) {
  uint8_t *at = size > 0 ? buf_extend(out, (size_t)size) : NULL;
  if (at)
    f->pMethods->xRead(f, at, (int)size, offset);
}

/* Only where the end is near, for it costs as much as writing. */
static struct watched *find_noted(const sqlite3_file *f) {
  return left > 0 && armed == DISK_DEAD ? find_open(f) : NULL;
}

static void note_write(sqlite3_file *f, const void *at, int n, sqlite3_int64 offset) {
  struct watched *w = find_noted(f);
  if (w == NULL)
    return;
  struct change *c = add_change(w);
  f->pMethods->xFileSize(f, &c->size_before);
  c->offset = offset;
  load(f, offset, c->size_before - offset < n ? c->size_before - offset : n, &c->before);
  buf_add(&c->after, bytes_of(at, (size_t)n));
}

static void note_truncation(sqlite3_file *f, sqlite3_int64 size) {
  struct watched *w = find_noted(f);
  if (w == NULL)
    return;
  struct change *c = add_change(w);
  f->pMethods->xFileSize(f, &c->size_before);
  c->offset = size;
  c->is_truncation = true;
  load(f, size, c->size_before - size, &c->before);
}

/* SplitMix64 (Vigna). */
static uint64_t draw(uint64_t *state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

static void put(int fd, const struct buf *bytes, size_t len, sqlite3_int64 offset) {
  ssize_t n = len ? pwrite(fd, bytes->at, len, offset) : 0;
  assert(n == (ssize_t)len);
  (void)n;
}

static void undo(int fd, const struct change *c) {
  int e = ftruncate(fd, c->size_before);
  assert(e == 0);
  (void)e;
  put(fd, &c->before, c->before.len, c->offset);
}

/* All of it, nothing, or as many of its sectors as the disk had written. True: all. */
static bool redo(int fd, const struct change *c, uint64_t *state) {
  uint64_t fate = draw(state) % 4;
  size_t sectors = c->after.len / SECTOR, len = c->after.len;
  if (fate < 2)
    return false;
  if (c->is_truncation) {
    int e = ftruncate(fd, c->offset);
    assert(e == 0);
    (void)e;
    return true;
  }
  if (fate == 2 && sectors > 0)
    len = draw(state) % sectors * SECTOR;
  put(fd, &c->after, len, c->offset);
  return len == c->after.len;
}

static size_t lose(struct watched *w, uint64_t *state) {
  size_t lost = 0;
  int fd = open(w->name, O_RDWR | O_CLOEXEC);
  assert(w->open == NULL);
  for (size_t i = w->count; fd >= 0 && i-- > 0;)
    undo(fd, &w->changes[i]);
  for (size_t i = 0; fd >= 0 && i < w->count; i++)
    lost += !redo(fd, &w->changes[i], state);
  if (fd >= 0)
    close(fd);
  forget_changes(w);
  return lost;
}

static bool begins_with(const struct watched *w, const char *path) {
  return w->name[0] && strncmp(w->name, path, strlen(path)) == 0;
}

size_t disk_lose_power(const char *path, uint64_t seed) {
  uint64_t state = seed;
  size_t lost = 0;
  for (size_t i = 0; i < FILES_MAX; i++)
    if (begins_with(&files[i], path))
      lost += lose(&files[i], &state);
  return lost;
}

static void forget_file(struct watched *w) {
  forget_changes(w);
  if (w->open == NULL)
    w->name[0] = '\0';
}

void disk_forget(const char *path) {
  for (size_t i = 0; i < FILES_MAX; i++)
    if (begins_with(&files[i], path))
      forget_file(&files[i]);
}

void disk_watch_end(void) {
  disk_forget("");
  is_watching = false;
}

void disk_watch(uint64_t seed) {
  disk_forget("");
  is_watching = true;
  random_state = seed;
  sqlite3_randomness(0, NULL);
}

/* ---- the shim ---- */

static const sqlite3_io_methods *real_of(sqlite3_file *f) {
  return ((const struct table *)(const void *)f->pMethods)->real;
}

/* Is it this one's turn to fail? */
static bool fails(bool is_write) {
  if (left == 0)
    return false;
  if (left > 1) {
    left--;
    return false;
  }
  if (armed == DISK_FULL && !is_write)
    return false;
  if (armed == DISK_ONCE)
    left = 0;
  has_failed = true;
  return true;
}

static int write_at(sqlite3_file *f, const void *at, int n, sqlite3_int64 offset) {
  if (fails(true))
    return armed == DISK_FULL ? SQLITE_FULL : SQLITE_IOERR_WRITE;
  note_write(f, at, n, offset);
  return real_of(f)->xWrite(f, at, n, offset);
}

static int sync_file(sqlite3_file *f, int flags) {
  struct watched *w = find_open(f);
  if (fails(false))
    return SQLITE_IOERR_FSYNC;
  if (w == NULL)
    return real_of(f)->xSync(f, flags);
  forget_changes(w);
  return SQLITE_OK;
}

static int truncate_file(sqlite3_file *f, sqlite3_int64 size) {
  if (fails(false))
    return SQLITE_IOERR_TRUNCATE;
  note_truncation(f, size);
  return real_of(f)->xTruncate(f, size);
}

static int close_file(sqlite3_file *f) {
  struct watched *w = find_open(f);
  if (w)
    w->open = NULL;
  return real_of(f)->xClose(f);
}

static struct table *table_for(const sqlite3_io_methods *real) {
  size_t i = 0;
  while (tables[i].real != NULL && tables[i].real != real) {
    i++;
    assert(i < TABLES_MAX);
  }
  tables[i].real = real;
  tables[i].faulty = *real;
  tables[i].faulty.xWrite = write_at;
  tables[i].faulty.xSync = sync_file;
  tables[i].faulty.xTruncate = truncate_file;
  tables[i].faulty.xClose = close_file;
  return &tables[i];
}

static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *flags_out) {
  (void)vfs;
  int rc = base->xOpen(base, name, f, flags, flags_out);
  if (rc == SQLITE_OK)
    f->pMethods = &table_for(f->pMethods)->faulty;
  if (rc == SQLITE_OK && is_watching && name)
    watch_file(name, f);
  return rc;
}

/* Who is dead deletes nothing. */
static int delete_file(sqlite3_vfs *vfs, const char *name, int is_synced) {
  struct watched *w = find_named(name);
  (void)vfs;
  if (left == 1 && armed == DISK_DEAD)
    return SQLITE_IOERR_DELETE;
  if (w)
    forget_file(w);
  return base->xDelete(base, name, is_watching ? 0 : is_synced);
}

static int give_randomness(sqlite3_vfs *vfs, int n, char *out) {
  (void)vfs;
  if (!is_watching)
    return base->xRandomness(base, n, out);
  for (int i = 0; i < n; i++)
    out[i] = (char)draw(&random_state);
  return n;
}

void disk_install(void) {
  base = sqlite3_vfs_find(NULL);
  assert(base != NULL && base != &shim);
  shim = *base;
  shim.pNext = NULL;
  shim.zName = "faulty";
  shim.xOpen = open_file;
  shim.xDelete = delete_file;
  shim.xRandomness = give_randomness;
  sqlite3_vfs_register(&shim, 1);
}

void disk_arm(enum disk_fault fault, size_t n) {
  armed = fault;
  left = n;
  has_failed = false;
}

bool disk_disarm(void) {
  left = 0;
  return has_failed;
}
