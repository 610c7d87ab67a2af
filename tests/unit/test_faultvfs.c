/* The disk of the tests: that it loses what was not synced, and nothing else. */
#include "tests/lib/faultvfs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "core/db.h"

#define SEEDS 40

static const char schema[] = "PRAGMA application_id = 1130459758; PRAGMA user_version = 1;"
                             "CREATE TABLE t(n INTEGER PRIMARY KEY, text TEXT);";
static char folder[] = "/tmp/cairn-faultvfs-XXXXXX";
static char path[64];

static void remove_files(void) {
  char wal[80];
  snprintf(wal, sizeof wal, "%s-wal", path);
  unlink(path);
  unlink(wal);
}

/* Transactions that come back from db_exec, the last one perhaps cut off in the middle; then the power fails. */
static size_t write_and_lose(uint64_t seed, const char *how, size_t *acknowledged) {
  struct db *db = NULL;
  faultvfs_watch(seed);
  assert_int_equal(db_create(path, schema, &db), OK);
  assert_int_equal(db_exec(db, how), OK);
  faultvfs_arm(FAULTVFS_DEAD, 3 + seed % 37);
  for (*acknowledged = 0; db_exec(db, "INSERT INTO t(text) VALUES(hex(zeroblob(3000)))") == OK;)
    ++*acknowledged;
  faultvfs_arm(FAULTVFS_DEAD, 1);
  db_close(db);
  assert_true(faultvfs_disarm());
  return faultvfs_lose_power(path, seed);
}

/* -1: it does not open, or cannot be read. */
static int64_t count_rows(void) {
  struct db *db = NULL;
  struct query q;
  int64_t count = -1;
  if (db_open(path, 0, &db) != OK)
    return -1;
  query_start_once(&q, db, "SELECT count(*), sum(length(text)) FROM t");
  if (query_row(&q))
    count = query_get_int(&q, 0);
  if (query_end(&q) != OK)
    count = -1;
  db_close(db);
  return count;
}

static void what_was_synced_is_there(void **state) {
  size_t lost = 0, in_the_middle = 0;
  (void)state;
  for (uint64_t seed = 1; seed <= SEEDS; seed++) {
    size_t acknowledged;
    lost += write_and_lose(seed, "PRAGMA synchronous=FULL", &acknowledged);
    const int64_t count = count_rows();
    if (count != (int64_t)acknowledged && count != (int64_t)acknowledged + 1)
      fail_msg("seed %llu: %lld rows of %zu", (unsigned long long)seed, (long long)count, acknowledged);
    in_the_middle += acknowledged > 0;
    faultvfs_watch_end();
    remove_files();
  }
  assert_true(lost > 0 && in_the_middle > 0);
}

/* Otherwise the test above would say nothing. */
static void what_was_not_is_lost(void **state) {
  size_t broken = 0;
  (void)state;
  for (uint64_t seed = 1; seed <= SEEDS; seed++) {
    size_t acknowledged;
    write_and_lose(seed, "PRAGMA synchronous=OFF", &acknowledged);
    broken += count_rows() < (int64_t)acknowledged;
    faultvfs_watch_end();
    remove_files();
  }
  assert_true(broken > SEEDS / 4);
}

/* One seed, one disk: SQLite's own randomness follows, too. */
static void it_is_repeatable(void **state) {
  uint8_t files[2][1 << 16];
  size_t len[2];
  (void)state;
  for (size_t i = 0; i < 2; i++) {
    size_t acknowledged;
    char wal[80];
    write_and_lose(11, "PRAGMA synchronous=FULL", &acknowledged);
    snprintf(wal, sizeof wal, "%s-wal", path);
    FILE *f = fopen(wal, "rb");
    assert_non_null(f);
    len[i] = fread(files[i], 1, sizeof files[i], f);
    fclose(f);
    faultvfs_watch_end();
    remove_files();
  }
  assert_true(len[0] > 0 && len[0] == len[1]);
  assert_memory_equal(files[0], files[1], len[0]);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(what_was_synced_is_there), cmocka_unit_test(what_was_not_is_lost),
                                     cmocka_unit_test(it_is_repeatable)};
  if (mkdtemp(folder) == NULL)
    return 1;
  snprintf(path, sizeof path, "%s/db", folder);
  faultvfs_install();
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  rmdir(folder);
  return failed;
}
