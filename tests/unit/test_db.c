/* What a database file can be, and what is said about each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/db.h"
#include "core/hash.h"

#define SCHEMA                                                                                                         \
  "PRAGMA application_id = 0x4361726e; PRAGMA user_version = 1; CREATE TABLE t(n INTEGER PRIMARY KEY, v TEXT) STRICT;"

static char folder[] = "/tmp/cairn-db-XXXXXX", path[64];

static int set_up(void **state) {
  (void)state;
  snprintf(folder, sizeof folder, "/tmp/cairn-db-XXXXXX");
  if (mkdtemp(folder) == NULL)
    return 1;
  snprintf(path, sizeof path, "%s/x.db", folder);
  return 0;
}

static int tear_down(void **state) {
  static const char *const endings[] = {"", "-wal", "-shm", "-journal"};
  (void)state;
  for (size_t i = 0; i < 4; i++) {
    char name[96];
    snprintf(name, sizeof name, "%s%s", path, endings[i]);
    unlink(name);
  }
  return rmdir(folder);
}

static void write_file(const void *at, size_t n, mode_t mode) {
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, mode);
  assert_true(fd >= 0);
  assert_int_equal(fchmod(fd, mode), 0);
  assert_int_equal(write(fd, at, n), (ssize_t)n);
  close(fd);
}

static struct hash file_hash(void) {
  struct buf b = {0};
  char part[4096];
  ssize_t n;
  int fd = open(path, O_RDONLY);
  assert_true(fd >= 0);
  while ((n = read(fd, part, sizeof part)) > 0)
    buf_add(&b, bytes_of(part, (size_t)n));
  close(fd);
  struct hash h = hash_of(buf_bytes(&b));
  buf_release(&b);
  return h;
}

static void make(const char *schema) {
  struct db *db = NULL;
  assert_int_equal(db_create(path, schema, &db), OK);
  db_close(db);
}

/* Refused with these words, and the file is as it was. */
static void check_refused(enum err wanted, const char *words) {
  struct db *db = NULL;
  struct hash before = file_hash();
  enum err e = db_open(path, 0, &db);
  if (e != wanted || strstr(err_words(e), words) == NULL)
    fail_msg("%s (%s)", err_text(e), err_words(e));
  assert_null(db);
  struct hash after = file_hash();
  assert_true(hash_equal(&before, &after));
}

static void made_and_opened(void **state) {
  struct db *db = NULL;
  struct stat st;
  (void)state;
  umask(0);
  make(SCHEMA);
  assert_int_equal(stat(path, &st), 0);
  assert_int_equal(st.st_mode & 0777, 0600);
  assert_int_equal(db_create(path, SCHEMA, &db), ERR_IO);
  assert_int_equal(db_open(path, 0, &db), OK);
  assert_int_equal(db_exec(db, "INSERT INTO t VALUES(1, 'x')"), OK);
  char wal[96];
  snprintf(wal, sizeof wal, "%s-wal", path);
  assert_int_equal(stat(wal, &st), 0);
  assert_int_equal(st.st_mode & 0777, 0600);
  db_close(db);
  umask(022);
}

static void the_settings_that_matter(void **state) {
  static const struct {
    const char *sql, *value;
  } settings[] = {{"PRAGMA journal_mode", "wal"},       {"PRAGMA synchronous", "2"},
                  {"PRAGMA locking_mode", "exclusive"}, {"PRAGMA foreign_keys", "1"},
                  {"PRAGMA trusted_schema", "0"},       {"PRAGMA secure_delete", "1"},
                  {"PRAGMA temp_store", "2"},           {"PRAGMA recursive_triggers", "1"}};
  (void)state;
  for (int round = 0; round < 2; round++) {
    struct db *db = NULL;
    assert_int_equal(round ? db_open(path, 0, &db) : db_create(path, SCHEMA, &db), OK);
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
      struct query q;
      query_start(&q, db, settings[i].sql);
      if (!query_row(&q) || !bytes_equal_str(query_get(&q, 0), settings[i].value))
        fail_msg("%s is not %s", settings[i].sql, settings[i].value);
      assert_int_equal(query_end(&q), OK);
    }
    db_close(db);
  }
}

static void absent(void **state) {
  struct db *db = NULL;
  (void)state;
  assert_int_equal(db_open(path, 0, &db), ERR_ABSENT);
  assert_int_equal(access(path, F_OK), -1);
}

static void another_programs(void **state) {
  (void)state;
  make("PRAGMA application_id = 42; PRAGMA user_version = 1; CREATE TABLE bookmarks(x);");
  check_refused(ERR_NOT_OURS, "not a database of this program");
}

static void of_no_program(void **state) {
  (void)state;
  make("CREATE TABLE x(y);");
  check_refused(ERR_NOT_OURS, "not a database of this program");
}

static void newer(void **state) {
  (void)state;
  make("PRAGMA application_id = 0x4361726e; PRAGMA user_version = 2; CREATE TABLE x(y);");
  check_refused(ERR_NEWER, "newer version");
  assert_true(err_remedy()[0] != '\0');
}

static void not_a_database(void **state) {
  static const char text[] =
      "Dear all, please find attached the minutes of our last meeting, and the list of actions.\n"
      "A database begins otherwise, and is at least a page long. This is neither of the two.\n";
  (void)state;
  write_file(text, sizeof text - 1, 0600);
  check_refused(ERR_NOT_OURS, "not a database of this program");
}

static void empty_file(void **state) {
  (void)state;
  write_file("", 0, 0600);
  check_refused(ERR_NOT_OURS, "not a database of this program");
}

static void a_folder(void **state) {
  struct db *db = NULL;
  (void)state;
  assert_int_equal(mkdir(path, 0700), 0);
  assert_int_equal(db_open(path, 0, &db), ERR_IO);
  assert_null(db);
  rmdir(path);
}

static void lax_mode(void **state) {
  static const mode_t modes[] = {0640, 0604, 0660, 0601, 0644, 0777};
  (void)state;
  make(SCHEMA);
  for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
    char remedy[96];
    assert_int_equal(chmod(path, modes[i]), 0);
    check_refused(ERR_IO, "others may read");
    snprintf(remedy, sizeof remedy, "chmod 600 %s", path);
    assert_string_equal(err_remedy(), remedy);
  }
  struct db *db = NULL;
  assert_int_equal(chmod(path, 0600), 0);
  assert_int_equal(db_open(path, 0, &db), OK);
  db_close(db);
}

/* Holds the database until the other end of the pipe is closed. */
static pid_t hold(int *release) {
  int ready[2], ended[2];
  char c = 'x';
  assert_int_equal(pipe(ready), 0);
  assert_int_equal(pipe(ended), 0);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    struct db *db = NULL;
    close(ended[1]);
    close(ready[0]);
    if (db_open(path, 0, &db) == OK && write(ready[1], &c, 1) == 1 && read(ended[0], &c, 1) == 0)
      db_close(db);
    _exit(0);
  }
  close(ready[1]);
  close(ended[0]);
  assert_int_equal(read(ready[0], &c, 1), 1);
  close(ready[0]);
  *release = ended[1];
  return child;
}

static void held_by_another(void **state) {
  struct db *db = NULL;
  char process[32];
  int release;
  (void)state;
  make(SCHEMA);
  pid_t child = hold(&release);
  snprintf(process, sizeof process, "(process %ld)", (long)child);
  check_refused(ERR_BUSY, process);
  assert_true(err_remedy()[0] != '\0');
  assert_int_equal(db_open(path, 30, &db), ERR_BUSY); /* waits, and says the same */
  assert_non_null(strstr(err_words(ERR_BUSY), process));
  close(release);
  assert_int_equal(waitpid(child, NULL, 0), child);
  assert_int_equal(db_open(path, 0, &db), OK);
  db_close(db);
}

/* A program that was killed holds nothing, and what it had committed is there. */
static void holder_was_killed(void **state) {
  struct db *db = NULL;
  int release;
  (void)state;
  make(SCHEMA);
  pid_t child = hold(&release);
  kill(child, SIGKILL);
  assert_int_equal(waitpid(child, NULL, 0), child);
  close(release);
  assert_int_equal(db_open(path, 0, &db), OK);
  db_close(db);
}

/* ---- queries ---- */

static void errors_are_sticky(void **state) {
  struct db *db = NULL;
  struct query q;
  (void)state;
  assert_int_equal(db_create(path, SCHEMA, &db), OK);
  query_start(&q, db, "SELECT nonsense FROM nowhere");
  query_int(&q, 1, 1);
  query_text(&q, 2, bytes_str("x"));
  assert_false(query_row(&q));
  assert_false(query_row(&q));
  assert_int_equal(query_param_count(&q), 0);
  assert_int_equal(query_end(&q), ERR_IO);
  query_start(&q, db, "SELECT ?1");
  query_int(&q, 2, 1); /* there is no second one */
  query_int(&q, 1, 1);
  assert_false(query_row(&q));
  assert_int_equal(query_end(&q), ERR_IO);
  query_start(&q, db, "INSERT INTO t VALUES(?1, ?2)");
  query_int(&q, 1, 1);
  query_text(&q, 2, bytes_str("x"));
  assert_int_equal(query_run(&q), OK);
  query_start(&q, db, "INSERT INTO t VALUES(?1, ?2)");
  query_int(&q, 1, 1);
  assert_int_equal(query_run(&q), ERR_IO); /* the row is there already */
  query_start(&q, db, "INSERT INTO t VALUES(?1, ?2)");
  query_int(&q, 1, 2);
  query_blob(&q, 2, bytes_str("x"));
  assert_int_equal(query_run(&q), ERR_IO); /* STRICT: a blob is no text */
  query_start(&q, db, "INSERT INTO t VALUES(?1, ?2)");
  query_int(&q, 1, 2);
  assert_int_equal(query_run(&q), OK); /* what was bound before is gone */
  query_start(&q, db, "SELECT v FROM t WHERE n = 2");
  assert_true(query_row(&q));
  assert_true(query_is_null(&q, 0));
  assert_int_equal(query_get(&q, 0).len, 0);
  assert_int_equal(query_end(&q), OK);
  db_close(db);
}

/* A statement that is in use is not disturbed by a second use of it. */
static void one_statement_used_twice(void **state) {
  static const char sql[] = "SELECT n FROM t WHERE n >= ?1 ORDER BY n";
  struct db *db = NULL;
  struct query outer, inner;
  int64_t rows = 0;
  (void)state;
  assert_int_equal(db_create(path, SCHEMA, &db), OK);
  assert_int_equal(db_exec(db, "INSERT INTO t(n) VALUES(1), (2), (3)"), OK);
  query_start(&outer, db, sql);
  query_int(&outer, 1, 1);
  while (query_row(&outer)) {
    int64_t n = query_get_int(&outer, 0);
    query_start(&inner, db, sql);
    query_int(&inner, 1, n);
    for (; query_row(&inner); rows++)
      assert_in_range(query_get_int(&inner, 0), n, 3);
    assert_int_equal(query_end(&inner), OK);
  }
  assert_int_equal(query_end(&outer), OK);
  assert_int_equal(rows, 6);
  db_close(db);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(made_and_opened, set_up, tear_down),
      cmocka_unit_test_setup_teardown(the_settings_that_matter, set_up, tear_down),
      cmocka_unit_test_setup_teardown(absent, set_up, tear_down),
      cmocka_unit_test_setup_teardown(another_programs, set_up, tear_down),
      cmocka_unit_test_setup_teardown(of_no_program, set_up, tear_down),
      cmocka_unit_test_setup_teardown(newer, set_up, tear_down),
      cmocka_unit_test_setup_teardown(not_a_database, set_up, tear_down),
      cmocka_unit_test_setup_teardown(empty_file, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_folder, set_up, tear_down),
      cmocka_unit_test_setup_teardown(lax_mode, set_up, tear_down),
      cmocka_unit_test_setup_teardown(held_by_another, set_up, tear_down),
      cmocka_unit_test_setup_teardown(holder_was_killed, set_up, tear_down),
      cmocka_unit_test_setup_teardown(errors_are_sticky, set_up, tear_down),
      cmocka_unit_test_setup_teardown(one_statement_used_twice, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
