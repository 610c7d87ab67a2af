#include "tests/lib/faultvfs.h"

#include <assert.h>
#include <sqlite3.h>
#include <unistd.h>

#define TABLES_MAX 8

/* SQLite's unix VFS has a few tables of methods; each gets a copy with some methods replaced. */
static struct table {
  sqlite3_io_methods faulty; /* first: a file's methods point here */
  const sqlite3_io_methods *real;
} tables[TABLES_MAX];

static sqlite3_vfs *base, shim;
static enum faultvfs_fault armed;
static size_t left; /* until it fails; 0: not armed */
static bool has_failed;

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
  if (armed == FAULTVFS_END)
    _exit(FAULTVFS_STATUS);
  if (armed == FAULTVFS_FULL && !is_write)
    return false;
  if (armed == FAULTVFS_ONCE)
    left = 0;
  has_failed = true;
  return true;
}

static int write_at(sqlite3_file *f, const void *at, int n, sqlite3_int64 offset) {
  if (fails(true))
    return armed == FAULTVFS_FULL ? SQLITE_FULL : SQLITE_IOERR_WRITE;
  return real_of(f)->xWrite(f, at, n, offset);
}

static int sync_file(sqlite3_file *f, int flags) {
  return fails(false) ? SQLITE_IOERR_FSYNC : real_of(f)->xSync(f, flags);
}

static int truncate_file(sqlite3_file *f, sqlite3_int64 size) {
  return fails(false) ? SQLITE_IOERR_TRUNCATE : real_of(f)->xTruncate(f, size);
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
  return &tables[i];
}

static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *flags_out) {
  (void)vfs;
  int rc = base->xOpen(base, name, f, flags, flags_out);
  if (rc == SQLITE_OK)
    f->pMethods = &table_for(f->pMethods)->faulty;
  return rc;
}

void faultvfs_install(void) {
  base = sqlite3_vfs_find(NULL);
  assert(base != NULL && base != &shim);
  shim = *base;
  shim.pNext = NULL;
  shim.zName = "faulty";
  shim.xOpen = open_file;
  sqlite3_vfs_register(&shim, 1);
}

void faultvfs_arm(enum faultvfs_fault fault, size_t n) {
  armed = fault;
  left = n;
  has_failed = false;
}

bool faultvfs_disarm(void) {
  left = 0;
  return has_failed;
}
