/* What SQLite writes in small pieces reaches the disk in a few large ones, and no later than it is promised. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/db.h"
#include "tests/lib/faultvfs.h"

#define NEVER 1000000
#define ROW 3000 /* bytes: most of a page */

static const char schema[] = "PRAGMA application_id = 0x4361726e; PRAGMA user_version = 1; CREATE TABLE t(v BLOB)";
static char folder[] = "/tmp/cairn-wal-XXXXXX", path[64];
static struct db *db;

static int set_up(void **state) {
  (void)state;
  snprintf(folder, sizeof folder, "/tmp/cairn-wal-XXXXXX");
  if (mkdtemp(folder) == NULL)
    return 1;
  snprintf(path, sizeof path, "%s/x.db", folder);
  faultvfs_arm(FAULTVFS_ONCE, NEVER); /* the disk works again */
  return db_create(path, schema, &db) == OK ? 0 : 1;
}

static int tear_down(void **state) {
  char log[80];
  (void)state;
  db_close(db);
  snprintf(log, sizeof log, "%s-wal", path);
  unlink(log);
  unlink(path);
  return rmdir(folder);
}

static void reopen(void) {
  db_close(db);
  db = NULL;
  assert_int_equal(db_open(path, 0, &db), OK);
}

static enum err put_rows(size_t count) {
  static const uint8_t row[ROW] = {1};
  enum err e = OK;
  for (size_t i = 0; e == OK && i < count; i++) {
    struct query q;
    query_start(&q, db, "INSERT INTO t(v) VALUES(?1)");
    query_blob(&q, 1, bytes_of(row, sizeof row));
    e = query_run(&q);
  }
  return e;
}

static int64_t rows(void) {
  struct query q;
  query_start(&q, db, "SELECT count(*) FROM t WHERE length(v) = 3000");
  int64_t n = query_row(&q) ? query_get_int(&q, 0) : -1;
  assert_int_equal(query_end(&q), OK);
  return n;
}

/* Twenty pages are forty writes of SQLite's. */
static void a_commit_is_one_write(void **state) {
  (void)state;
  assert_int_equal(db_exec(db, "BEGIN IMMEDIATE"), OK);
  assert_int_equal(put_rows(20), OK);
  faultvfs_arm(FAULTVFS_ONCE, NEVER);
  assert_int_equal(db_exec(db, "COMMIT"), OK);
  assert_int_equal(faultvfs_count(), 2); /* and the sync */
  faultvfs_disarm();
  reopen();
  assert_int_equal(rows(), 20);
}

/* After the commit nothing more reaches the disk, as if the process had ended. */
static void what_is_committed_is_written(void **state) {
  (void)state;
  assert_int_equal(db_exec(db, "BEGIN IMMEDIATE"), OK);
  assert_int_equal(put_rows(3), OK);
  assert_int_equal(db_exec(db, "COMMIT"), OK);
  faultvfs_arm(FAULTVFS_DEAD, 1);
  db_close(db);
  db = NULL;
  faultvfs_disarm();
  assert_int_equal(db_open(path, 0, &db), OK);
  assert_int_equal(rows(), 3);
}

/* What does not fit into the cache goes into the log before the commit, and is read from there. */
static void what_is_gathered_is_read(void **state) {
  (void)state;
  assert_int_equal(db_exec(db, "PRAGMA cache_size=10"), OK);
  assert_int_equal(db_exec(db, "BEGIN IMMEDIATE"), OK);
  assert_int_equal(put_rows(200), OK);
  assert_int_equal(rows(), 200);
  assert_int_equal(db_exec(db, "ROLLBACK"), OK);
  assert_int_equal(rows(), 0);
  assert_int_equal(db_exec(db, "BEGIN IMMEDIATE"), OK);
  assert_int_equal(put_rows(200), OK);
  /* Pages that are in the log already are written there again. */
  assert_int_equal(db_exec(db, "UPDATE t SET v = zeroblob(3000)"), OK);
  assert_int_equal(db_exec(db, "COMMIT"), OK);
  assert_int_equal(rows(), 200);
  reopen();
  assert_int_equal(rows(), 200);
}

/* Each write and sync of a commit fails in turn: it is told, nothing is there, and the next attempt works. */
static void a_failure_is_told(void **state) {
  static const enum faultvfs_fault faults[] = {FAULTVFS_ONCE, FAULTVFS_FULL};
  (void)state;
  for (size_t f = 0; f < sizeof faults / sizeof *faults; f++)
    for (size_t n = 1; n <= (f ? 1 : 2); n++) {
      assert_int_equal(db_exec(db, "BEGIN IMMEDIATE"), OK);
      assert_int_equal(put_rows(20), OK);
      faultvfs_arm(faults[f], n);
      assert_int_equal(db_exec(db, "COMMIT"), ERR_DISK);
      assert_true(faultvfs_disarm());
      if (db_in_transaction(db))
        assert_int_equal(db_exec(db, "ROLLBACK"), OK);
      assert_int_equal(rows(), 0);
    }
  assert_int_equal(put_rows(20), OK);
  reopen();
  assert_int_equal(rows(), 20);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(a_commit_is_one_write, set_up, tear_down),
      cmocka_unit_test_setup_teardown(what_is_committed_is_written, set_up, tear_down),
      cmocka_unit_test_setup_teardown(what_is_gathered_is_read, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_failure_is_told, set_up, tear_down),
  };
  faultvfs_install();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
