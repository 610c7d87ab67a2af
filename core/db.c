#include "core/db.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/calendar.h"
#include "core/commit.h"

#define KEPT_MAX 4096 /* a power of two, several times the number of statements that there are */

struct kept {
  const char *sql;
  sqlite3_stmt *stmt;
};

struct db {
  sqlite3 *lite;
  struct kept kept[KEPT_MAX];
};

static enum err failed(sqlite3 *lite, int rc) {
  const char *words = sqlite3_errmsg(lite);
  switch (rc & 0xff) {
  case SQLITE_FULL:
    return err_set_remedy(ERR_DISK, "make room and run the command again; nothing was changed", "the disk is full");
  case SQLITE_IOERR:
    return err_set_remedy(ERR_DISK, "look at the disk; nothing was changed", "the disk failed: %s (%d)", words, rc);
  case SQLITE_BUSY:
  case SQLITE_LOCKED: return err_set(ERR_BUSY, "the database is held by another program");
  case SQLITE_NOTADB: return err_set(ERR_NOT_OURS, "the file is not a database of this program");
  case SQLITE_CORRUPT:
    return err_set_remedy(ERR_IO, "restore it from a backup, or join again and sync", "the database is damaged");
  }
  return err_set(ERR_IO, "the database: %s", words);
}

enum err db_exec(struct db *db, const char *sql) {
  int rc = sqlite3_exec(db->lite, sql, NULL, NULL, NULL);
  return rc == SQLITE_OK ? OK : failed(db->lite, rc);
}

enum err db_do(struct db *db, const char *sql) {
  struct query q;
  query_start(&q, db, sql);
  return query_run(&q);
}

enum err db_scrub(struct db *db) {
  return db_exec(db, "VACUUM; PRAGMA wal_checkpoint(TRUNCATE)");
}

enum err db_settle(struct db *db) {
  return db_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)");
}

bool db_in_transaction(const struct db *db) {
  return sqlite3_get_autocommit(db->lite) == 0;
}

int64_t db_changes(const struct db *db) {
  return sqlite3_changes64(db->lite);
}

enum err db_try(struct db *db, const char *sql) {
  sqlite3_stmt *stmt = NULL;
  const char *tail = NULL;
  int rc = sqlite3_prepare_v2(db->lite, sql, -1, &stmt, &tail);
  enum err e = rc == SQLITE_OK ? OK : failed(db->lite, rc);
  if (e == OK && (stmt == NULL || *tail != '\0'))
    e = err_set(ERR_IO, "not exactly one statement: %s", sql);
  sqlite3_finalize(stmt);
  return e;
}

/* The process that keeps others out, or 0. SQLite locks bytes from 0x40000000 on; asking for the lock tells who has it.
 * Closing the file gives up this process's own locks on it, so this is only called when there are none. */
static long find_holder(const char *path) {
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0x40000000, .l_len = 512};
  int fd = open(path, O_RDWR | O_CLOEXEC);
  long holder = fd >= 0 && fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK ? (long)lock.l_pid : 0;
  if (fd >= 0)
    close(fd);
  return holder;
}

static enum err check_mode(const char *path) {
  struct stat st;
  char remedy[512];
  if (stat(path, &st) != 0)
    return err_set(errno == ENOENT ? ERR_ABSENT : ERR_IO, "\"%s\": %s", path, strerror(errno));
  if ((st.st_mode & 077) == 0)
    return OK;
  snprintf(remedy, sizeof remedy, "chmod 600 %s", path);
  return err_set_remedy(ERR_IO, remedy, "others may read \"%s\"", path);
}

static struct bytes value_text(sqlite3_value *v) {
  const void *text = sqlite3_value_text(v);
  return bytes_of(text, text ? (size_t)sqlite3_value_bytes(v) : 0);
}

static void give_date(sqlite3_context *context, sqlite3_value **v,
                      enum err (*step)(struct bytes from, uint64_t count, enum calendar_unit unit,
                                       struct bytes holidays, struct calendar_date *out)) {
  struct calendar_date date;
  enum calendar_unit unit;
  uint64_t count;
  if (text_number(value_text(v[1]), &count) == OK && calendar_unit_parse(value_text(v[2]), &unit) == OK &&
      step(value_text(v[0]), count, unit, value_text(v[3]), &date) == OK)
    sqlite3_result_text(context, date.s, -1, SQLITE_TRANSIENT);
}

static void sql_due(sqlite3_context *context, int count, sqlite3_value **values) {
  (void)count;
  give_date(context, values, calendar_add);
}

static void sql_notice_by(sqlite3_context *context, int count, sqlite3_value **values) {
  (void)count;
  give_date(context, values, calendar_subtract);
}

static void sql_copy_commitment(sqlite3_context *context, int count, sqlite3_value **values) {
  const struct copy_documents d = {value_text(values[1]), value_text(values[2])};
  struct hash h;
  (void)count;
  if (copy_commitment_of(value_text(values[0]), &d, &h) == OK)
    sqlite3_result_text(context, hash_hex(&h).s, -1, SQLITE_TRANSIENT);
}

static enum err add_functions(struct db *db) {
  const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
  int rc = sqlite3_create_function_v2(db->lite, "due", 4, flags, NULL, sql_due, NULL, NULL, NULL);
  if (rc == SQLITE_OK)
    rc = sqlite3_create_function_v2(db->lite, "notice_by", 4, flags, NULL, sql_notice_by, NULL, NULL, NULL);
  if (rc == SQLITE_OK)
    rc = sqlite3_create_function_v2(db->lite, "copy_commitment", 3, flags, NULL, sql_copy_commitment, NULL, NULL, NULL);
  return rc == SQLITE_OK ? OK : failed(db->lite, rc);
}

/* SQLite's count of its memory takes a lock for each allocation, and nobody reads it. Refused, and then in force
 * already, but for a program's first database. */
static void count_no_memory(void) {
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/* recursive_triggers: without it, REPLACE deletes rows and asks no trigger. */
static enum err connect_to(const char *path, struct db **out) {
  struct db *db = mem_alloc(sizeof *db);
  count_no_memory();
  int rc = sqlite3_open_v2(path, &db->lite, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
  enum err e = rc == SQLITE_OK ? OK : failed(db->lite, rc);
  if (e == OK)
    e = db_exec(db, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;"
                    "PRAGMA foreign_keys=ON; PRAGMA recursive_triggers=ON; PRAGMA secure_delete=ON;"
                    "PRAGMA temp_store=MEMORY; PRAGMA cache_size=-16384; PRAGMA wal_autocheckpoint=4096");
  if (e == OK)
    e = add_functions(db);
  if (e != OK) {
    db_close(db);
    return e;
  }
  *out = db;
  return OK;
}

static enum err pragma(struct db *db, const char *sql, int64_t *out) {
  struct query q = {0};
  query_start(&q, db, sql);
  if (query_row(&q))
    *out = query_get_int(&q, 0);
  return query_end(&q);
}

static enum err check_ours(struct db *db, const char *path) {
  int64_t application = 0, version = 0;
  enum err e = pragma(db, "PRAGMA application_id", &application);
  if (e == OK)
    e = pragma(db, "PRAGMA user_version", &version);
  if (e == OK && application != DB_APPLICATION_ID)
    e = err_set(ERR_NOT_OURS, "\"%s\" is not a database of this program; it was left as it is", path);
  if (e == OK && version > DB_VERSION)
    e = err_set_remedy(ERR_NEWER, "upgrade this program", "\"%s\" was written by a newer version; it was left as it is",
                       path);
  return e;
}

static enum err take_hold(struct db *db) {
  enum err e = db_exec(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL");
  /* A first write lock is the one that counts: it is kept until the connection closes. */
  return e == OK ? db_exec(db, "BEGIN EXCLUSIVE; COMMIT") : e;
}

static enum err try_open(const char *path, struct db **out) {
  struct db *db = NULL;
  enum err e = connect_to(path, &db);
  if (e == OK)
    e = check_ours(db, path);
  if (e == OK)
    e = take_hold(db);
  if (e != OK)
    db_close(db);
  else
    *out = db;
  return e;
}

enum err db_open(const char *path, int wait_ms, struct db **out) {
  enum { STEP_MS = 20 };
  enum err e = check_mode(path);
  if (e != OK)
    return e;
  for (int waited_ms = 0;; waited_ms += STEP_MS) {
    e = try_open(path, out);
    if (e != ERR_BUSY || waited_ms >= wait_ms)
      break;
    nanosleep(&(struct timespec){.tv_nsec = STEP_MS * 1000000L}, NULL);
  }
  if (e == ERR_BUSY)
    return err_set_remedy(ERR_BUSY, "wait until it has ended, or end it",
                          "\"%s\" is held by another program (process %ld)", path, find_holder(path));
  return e;
}

/* What could not be made is not left lying about, or it would be in the way of the next attempt. */
static void remove_made(const char *path) {
  static const char *const endings[] = {"", "-wal", "-journal"};
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
    struct buf name = {0};
    buf_addf(&name, "%s%s", path, endings[i]);
    unlink(buf_cstr(&name));
    buf_release(&name);
  }
}

enum err db_create(const char *path, const char *schema, struct db **out) {
  struct db *db = NULL;
  int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0)
    return err_set(ERR_IO, "\"%s\" could not be made: %s", path, strerror(errno));
  close(fd);
  enum err e = connect_to(path, &db);
  if (e == OK)
    e = db_exec(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; BEGIN EXCLUSIVE");
  if (e == OK)
    e = db_exec(db, schema);
  if (e == OK)
    e = db_exec(db, "COMMIT");
  if (e != OK) {
    db_close(db);
    remove_made(path);
  } else {
    *out = db;
  }
  return e;
}

void db_close(struct db *db) {
  if (db == NULL)
    return;
  for (size_t i = 0; i < KEPT_MAX; i++)
    sqlite3_finalize(db->kept[i].stmt);
  int rc = sqlite3_close(db->lite);
  assert(rc == SQLITE_OK);
  (void)rc;
  free(db);
}

bool db_is_at(const struct db *db, const char *path) {
  struct stat own, other;
  return stat(sqlite3_db_filename(db->lite, "main"), &own) == 0 && stat(path, &other) == 0 &&
         own.st_dev == other.st_dev && own.st_ino == other.st_ino;
}

static struct kept *find_kept(struct db *db, const char *sql) {
  size_t i = ((uintptr_t)sql >> 3) * 2654435761u % KEPT_MAX;
  for (size_t tries = 0; db->kept[i].sql != NULL && db->kept[i].sql != sql; tries++) {
    assert(tries < KEPT_MAX);
    i = (i + 1) % KEPT_MAX;
  }
  return &db->kept[i];
}

static void prepare(struct query *q, const char *sql, sqlite3_stmt **out, unsigned flags) {
  int rc = sqlite3_prepare_v3(q->db->lite, sql, -1, flags, out, NULL);
  if (rc != SQLITE_OK)
    q->err = failed(q->db->lite, rc);
}

void query_start(struct query *q, struct db *db, const char *sql) {
  struct kept *kept = find_kept(db, sql);
  *q = (struct query){.db = db};
  if (kept->stmt == NULL) {
    prepare(q, sql, &kept->stmt, SQLITE_PREPARE_PERSISTENT);
    if (q->err == OK)
      kept->sql = sql;
  }
  q->stmt = kept->stmt;
  if (q->err == OK && sqlite3_stmt_busy(kept->stmt)) {
    sqlite3_stmt *own = NULL;
    q->is_own = true;
    prepare(q, sql, &own, 0);
    q->stmt = own;
  }
}

void query_start_once(struct query *q, struct db *db, const char *sql) {
  sqlite3_stmt *own = NULL;
  *q = (struct query){.db = db, .is_own = true};
  prepare(q, sql, &own, 0);
  q->stmt = own;
}

static void bound(struct query *q, int rc) {
  if (rc != SQLITE_OK && q->err == OK)
    q->err = failed(q->db->lite, rc);
}

void query_int(struct query *q, int i, int64_t v) {
  if (q->err == OK)
    bound(q, sqlite3_bind_int64(q->stmt, i, v));
}

void query_blob(struct query *q, int i, struct bytes v) {
  if (q->err == OK)
    bound(q, sqlite3_bind_blob64(q->stmt, i, v.at ? v.at : (const uint8_t *)"", v.len, SQLITE_STATIC));
}

void query_text(struct query *q, int i, struct bytes v) {
  const char *at = v.at ? (const char *)v.at : "";
  if (q->err == OK)
    bound(q, sqlite3_bind_text64(q->stmt, i, at, v.len, SQLITE_STATIC, SQLITE_UTF8));
}

void query_null(struct query *q, int i) {
  if (q->err == OK)
    bound(q, sqlite3_bind_null(q->stmt, i));
}

int query_param_count(const struct query *q) {
  return q->err == OK ? sqlite3_bind_parameter_count(q->stmt) : 0;
}

const char *query_param_name(const struct query *q, int i) {
  const char *name = sqlite3_bind_parameter_name(q->stmt, i);
  return name ? name + 1 : "";
}

bool query_row(struct query *q) {
  if (q->err != OK)
    return false;
  int rc = sqlite3_step(q->stmt);
  if (rc != SQLITE_ROW && rc != SQLITE_DONE)
    q->err = failed(q->db->lite, rc);
  return rc == SQLITE_ROW;
}

int query_column_count(const struct query *q) {
  return sqlite3_column_count(q->stmt);
}

int64_t query_get_int(const struct query *q, int column) {
  return sqlite3_column_int64(q->stmt, column);
}

struct bytes query_get(const struct query *q, int column) {
  const void *at = sqlite3_column_blob(q->stmt, column);
  return bytes_of(at, (size_t)sqlite3_column_bytes(q->stmt, column));
}

bool query_is_null(const struct query *q, int column) {
  return sqlite3_column_type(q->stmt, column) == SQLITE_NULL;
}

enum err query_end(struct query *q) {
  if (q->is_own) {
    sqlite3_finalize(q->stmt);
  } else if (q->stmt) {
    sqlite3_reset(q->stmt);
    sqlite3_clear_bindings(q->stmt);
  }
  q->stmt = NULL;
  return q->err;
}

enum err query_run(struct query *q) {
  query_row(q);
  return query_end(q);
}
