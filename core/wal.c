#include "core/wal.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"

#define GATHERED_MAX ((size_t)0x1ffff) /* the most that SQLite's own VFS writes at once; a page has at most half */

/* Behind it in memory is the file of the VFS below. */
struct wal {
  sqlite3_file base;
  uint8_t *gathered; /* NULL until something is */
  size_t len;
  sqlite3_int64 offset; /* at which it is to stand */
};

static sqlite3_vfs *below, vfs;

static sqlite3_file *real_of(sqlite3_file *f) {
  return (sqlite3_file *)(void *)((struct wal *)(void *)f + 1);
}

/* What failed is not tried again: SQLite gives up what it was about, and writes there anew. */
static int put_down(sqlite3_file *f) {
  struct wal *w = (struct wal *)(void *)f;
  size_t len = w->len;
  w->len = 0;
  return len ? real_of(f)->pMethods->xWrite(real_of(f), w->gathered, (int)len, w->offset) : SQLITE_OK;
}

static int write_at(sqlite3_file *f, const void *at, int n, sqlite3_int64 offset) {
  struct wal *w = (struct wal *)(void *)f;
  bool joins = offset == w->offset + (sqlite3_int64)w->len && (size_t)n <= GATHERED_MAX - w->len;
  int rc = joins ? SQLITE_OK : put_down(f);
  if (rc != SQLITE_OK)
    return rc;
  assert((size_t)n <= GATHERED_MAX);
  if (w->gathered == NULL)
    w->gathered = mem_alloc(GATHERED_MAX);
  if (w->len == 0)
    w->offset = offset;
  memcpy(w->gathered + w->len, at, (size_t)n);
  w->len += (size_t)n;
  return SQLITE_OK;
}

static int read_at(sqlite3_file *f, void *at, int n, sqlite3_int64 offset) {
  int rc = put_down(f);
  return rc == SQLITE_OK ? real_of(f)->pMethods->xRead(real_of(f), at, n, offset) : rc;
}

static int truncate_to(sqlite3_file *f, sqlite3_int64 size) {
  int rc = put_down(f);
  return rc == SQLITE_OK ? real_of(f)->pMethods->xTruncate(real_of(f), size) : rc;
}

static int sync_file(sqlite3_file *f, int flags) {
  int rc = put_down(f);
  return rc == SQLITE_OK ? real_of(f)->pMethods->xSync(real_of(f), flags) : rc;
}

static int measure(sqlite3_file *f, sqlite3_int64 *size) {
  int rc = put_down(f);
  return rc == SQLITE_OK ? real_of(f)->pMethods->xFileSize(real_of(f), size) : rc;
}

static int close_file(sqlite3_file *f) {
  int rc = put_down(f), closed = real_of(f)->pMethods->xClose(real_of(f));
  free(((struct wal *)(void *)f)->gathered);
  return rc == SQLITE_OK ? closed : rc;
}

static int control(sqlite3_file *f, int what, void *of) {
  return real_of(f)->pMethods->xFileControl(real_of(f), what, of);
}

static int sector_size(sqlite3_file *f) {
  return real_of(f)->pMethods->xSectorSize(real_of(f));
}

static int characteristics(sqlite3_file *f) {
  return real_of(f)->pMethods->xDeviceCharacteristics(real_of(f));
}

/* A log is neither locked nor mapped: its database is. */
static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = close_file,
    .xRead = read_at,
    .xWrite = write_at,
    .xTruncate = truncate_to,
    .xSync = sync_file,
    .xFileSize = measure,
    .xFileControl = control,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = characteristics,
};

static int open_file(sqlite3_vfs *ignored, const char *name, sqlite3_file *f, int flags, int *flags_out) {
  (void)ignored;
  if (!(flags & SQLITE_OPEN_WAL))
    return below->xOpen(below, name, f, flags, flags_out);
  *(struct wal *)(void *)f = (struct wal){0};
  real_of(f)->pMethods = NULL;
  int rc = below->xOpen(below, name, real_of(f), flags, flags_out);
  /* Without methods SQLite does not close it. */
  if (rc == SQLITE_OK)
    f->pMethods = &methods;
  else if (real_of(f)->pMethods)
    real_of(f)->pMethods->xClose(real_of(f));
  return rc;
}

const char *wal_vfs(void) {
  if (below)
    return vfs.zName;
  below = sqlite3_vfs_find(NULL);
  vfs = *below;
  vfs.pNext = NULL;
  vfs.zName = "gathered";
  vfs.szOsFile = below->szOsFile + (int)sizeof(struct wal);
  vfs.xOpen = open_file;
  sqlite3_vfs_register(&vfs, 0);
  return vfs.zName;
}
