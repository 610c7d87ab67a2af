#include "tests/lib/faultvfs.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/unsynced.h"

#define TABLES_MAX 8
#define DATABASE_MAX 256

/* SQLite's unix VFS has a few tables of methods; each gets a copy with some methods replaced. */
static struct table {
  sqlite3_io_methods faulty; /* first: a file's methods point here */
  const sqlite3_io_methods *real;
} tables[TABLES_MAX];

static sqlite3_vfs *base, shim;
static enum faultvfs_fault armed;
static size_t left; /* until it fails; 0: not armed */
static size_t armed_with;
static bool has_failed;

static bool is_remembered;
static uint64_t power_seed, random_state;
static char without_power[DATABASE_MAX]; /* the database; empty: all have power */

/* Behind SQLite's own part of an open file; without a path it is a temporary one. */
struct extra {
  const char *path; /* as long as the file is open */
  struct unsynced *unsynced;
};

static const sqlite3_io_methods *real_of(sqlite3_file *f) {
  return ((const struct table *)(const void *)f->pMethods)->real;
}

static struct extra *extra_of(sqlite3_file *f) {
  return (struct extra *)(void *)((char *)f + base->szOsFile);
}

/* ---- power ---- */

static bool is_off(const char *path) {
  return path && without_power[0] && strncmp(path, without_power, strlen(without_power)) == 0;
}

size_t faultvfs_lose_power(const char *database, uint64_t seed) {
  const size_t len = strlen(database);
  assert(is_remembered && len < sizeof without_power);
  memcpy(without_power, database, len + 1);
  has_failed = true;
  left = 0;
  return unsynced_lose(without_power, seed);
}

/* The n-th is done as far as the power lasts: it is remembered, and then lost like what was before it. */
static void lose_power_of(const char *path) {
  static const char *const endings[] = {"-wal", "-journal"};
  char database[DATABASE_MAX];
  size_t len = strlen(path);
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
    const size_t n = strlen(endings[i]);
    if (len > n && strcmp(path + len - n, endings[i]) == 0)
      len -= n;
  }
  assert(len < sizeof database);
  memcpy(database, path, len);
  database[len] = '\0';
  faultvfs_lose_power(database, power_seed);
}

static bool power_fails(sqlite3_file *f) {
  if (armed == FAULTVFS_POWER && left == 1 && extra_of(f)->path)
    lose_power_of(extra_of(f)->path);
  else if (armed == FAULTVFS_POWER && left > 1)
    left--;
  return is_off(extra_of(f)->path);
}

static uint64_t size_of(sqlite3_file *f) {
  sqlite3_int64 size = 0;
  int rc = real_of(f)->xFileSize(f, &size);
  assert(rc == SQLITE_OK);
  (void)rc;
  return (uint64_t)size;
}

/* At most n bytes from the offset on, as they stand. */
static struct bytes standing(sqlite3_file *f, uint64_t offset, uint64_t n, uint64_t size, void **memory) {
  n = offset >= size ? 0 : n < size - offset ? n : size - offset;
  *memory = mem_alloc(n);
  int rc = n ? real_of(f)->xRead(f, *memory, (int)n, (sqlite3_int64)offset) : SQLITE_OK;
  assert(rc == SQLITE_OK);
  (void)rc;
  return bytes_of(*memory, n);
}

static void remember_write(sqlite3_file *f, struct bytes now, uint64_t offset) {
  if (extra_of(f)->unsynced == NULL)
    return;
  void *memory;
  const uint64_t size = size_of(f);
  unsynced_write(extra_of(f)->unsynced, offset, now, standing(f, offset, now.len, size, &memory), size);
  free(memory);
}

static void remember_truncation(sqlite3_file *f, uint64_t to) {
  if (extra_of(f)->unsynced == NULL)
    return;
  void *memory;
  const uint64_t size = size_of(f);
  unsynced_truncate(extra_of(f)->unsynced, to, standing(f, to, size, size, &memory), size);
  free(memory);
}

/* ---- what fails ---- */

/* Is it this one's turn to fail? */
static bool fails(bool is_write) {
  if (left == 0 || armed == FAULTVFS_POWER)
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
  if (is_off(extra_of(f)->path))
    return SQLITE_IOERR_WRITE;
  remember_write(f, bytes_of(at, (size_t)n), (uint64_t)offset);
  int rc = real_of(f)->xWrite(f, at, n, offset);
  return power_fails(f) ? SQLITE_IOERR_WRITE : rc;
}

static int sync_file(sqlite3_file *f, int flags) {
  if (fails(false) || power_fails(f))
    return SQLITE_IOERR_FSYNC;
  int rc = real_of(f)->xSync(f, flags);
  if (rc == SQLITE_OK && extra_of(f)->unsynced)
    unsynced_forget(extra_of(f)->unsynced);
  return rc;
}

static int truncate_file(sqlite3_file *f, sqlite3_int64 size) {
  if (fails(false) || is_off(extra_of(f)->path))
    return SQLITE_IOERR_TRUNCATE;
  remember_truncation(f, (uint64_t)size);
  int rc = real_of(f)->xTruncate(f, size);
  return power_fails(f) ? SQLITE_IOERR_TRUNCATE : rc;
}

static int read_at(sqlite3_file *f, void *at, int n, sqlite3_int64 offset) {
  return is_off(extra_of(f)->path) ? SQLITE_IOERR_READ : real_of(f)->xRead(f, at, n, offset);
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
  tables[i].faulty.xRead = read_at;
  tables[i].faulty.xSync = sync_file;
  tables[i].faulty.xTruncate = truncate_file;
  return &tables[i];
}

static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *flags_out) {
  (void)vfs;
  int rc = is_off(name) ? SQLITE_CANTOPEN : base->xOpen(base, name, f, flags, flags_out);
  if (rc != SQLITE_OK)
    return rc;
  f->pMethods = &table_for(f->pMethods)->faulty;
  *extra_of(f) = (struct extra){name, is_remembered && name ? unsynced_of(name) : NULL};
  /* Another file may have had the name before. */
  if (extra_of(f)->unsynced && size_of(f) == 0)
    unsynced_forget(extra_of(f)->unsynced);
  return SQLITE_OK;
}

static int delete_file(sqlite3_vfs *vfs, const char *name, int is_synced) {
  (void)vfs;
  if (is_off(name) || (armed == FAULTVFS_DEAD && has_failed))
    return SQLITE_IOERR_DELETE;
  if (is_remembered)
    unsynced_forget(unsynced_of(name));
  return base->xDelete(base, name, is_synced);
}

/* SplitMix64 (Vigna). */
static int give_randomness(sqlite3_vfs *vfs, int n, char *out) {
  (void)vfs;
  if (!is_remembered)
    return base->xRandomness(base, n, out);
  for (int i = 0; i < n; i++) {
    uint64_t z = random_state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    out[i] = (char)(z ^ z >> 27);
  }
  return n;
}

void faultvfs_install(void) {
  base = sqlite3_vfs_find(NULL);
  assert(base != NULL && base != &shim);
  shim = *base;
  shim.pNext = NULL;
  shim.zName = "faulty";
  shim.szOsFile = base->szOsFile + (int)sizeof(struct extra);
  shim.xOpen = open_file;
  shim.xDelete = delete_file;
  shim.xRandomness = give_randomness;
  sqlite3_vfs_register(&shim, 1);
}

void faultvfs_power(uint64_t seed) {
  is_remembered = true;
  power_seed = random_state = seed;
  sqlite3_randomness(0, NULL);
}

void faultvfs_power_end(void) {
  is_remembered = false;
  unsynced_end();
}

void faultvfs_replace(const char *database) {
  unsynced_forget_all(database);
}

void faultvfs_arm(enum faultvfs_fault fault, size_t n) {
  armed = fault;
  left = armed_with = n;
  has_failed = false;
}

size_t faultvfs_count(void) {
  return armed_with - left;
}

bool faultvfs_disarm(void) {
  left = 0;
  without_power[0] = '\0';
  return has_failed;
}
