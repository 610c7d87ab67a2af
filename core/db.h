/* SQLite. The only file that opens a database; the owner of sqlite3.h. One connection to a database at a time, held
 * exclusively (WAL, locking_mode=EXCLUSIVE, synchronous=FULL): SQLite before 3.51.3 can corrupt a WAL database that two
 * connections write.
 *
 * Statements are named by their SQL text's address, prepared on first use and kept, so SQL must be a constant. Errors
 * in a query are sticky and come out of query_end. */
#ifndef CAIRN_CORE_DB_H
#define CAIRN_CORE_DB_H

#include "core/bytes.h"

#define DB_APPLICATION_ID 0x4361726e
#define DB_VERSION 1

struct db;

/* Beside SQLite's own functions, SQL has (core/calendar.h):
 *   due(from, count, unit, holidays)     the last day of a period that starts on the date or time from
 *   notice_by(on, count, unit, holidays) the latest day to give notice of what is on that day
 * both NULL if an argument but the last is NULL or bad; and (core/commit.h)
 *   copy_commitment(salt, html, text)    in digits; NULL if the salt is not 32 digits */

/* A new database with the schema, in a new file of mode 0600. ERR_IO if the file is there. */
enum err db_create(const char *path, const char *schema, struct db **out);
/* Waits up to wait_ms for another program that holds it, then ERR_BUSY with its process number. ERR_ABSENT,
 * ERR_NOT_OURS, ERR_NEWER; ERR_IO if others may read the file, with the command that mends it. */
enum err db_open(const char *path, int wait_ms, struct db **out);
void db_close(struct db *db);
/* Is what this path leads to the database's own file? Whoever opens and closes that once more gives up the lock that
 * keeps other programs out: such a lock is the process's and the file's, however often it was opened. */
bool db_is_at(const struct db *db, const char *path);

enum err db_exec(struct db *db, const char *sql);
/* One statement that gives no rows, whose text is a constant: it is prepared once, as those of queries are. */
enum err db_do(struct db *db, const char *sql);
/* Writes the file anew, so that nothing of what was deleted is left in it, and empties the write-ahead log. */
enum err db_scrub(struct db *db);
/* Moves all that is in the write-ahead log into the file, and empties the log. */
enum err db_settle(struct db *db);
bool db_in_transaction(const struct db *db);
/* Rows changed by the last statement. */
int64_t db_changes(const struct db *db);
/* OK if the SQL can be prepared; for the test that tries them all. */
enum err db_try(struct db *db, const char *sql);

struct query {
  struct db *db;
  void *stmt;
  bool is_own; /* not from the kept ones, because that one is in use */
  enum err err;
};

/* Makes q ready for the statement; ends an earlier use of q if there was one not ended. */
void query_start(struct query *q, struct db *db, const char *sql);
/* As query_start for SQL that is not a constant: prepared for this use only. */
void query_start_once(struct query *q, struct db *db, const char *sql);
void query_int(struct query *q, int i, int64_t v);
/* The bytes must stay until query_end. NULL bytes bind an empty value; see query_null. */
void query_blob(struct query *q, int i, struct bytes v);
void query_text(struct query *q, int i, struct bytes v);
void query_null(struct query *q, int i);
/* How many parameters there are, and the name of one without the colon. */
int query_param_count(const struct query *q);
const char *query_param_name(const struct query *q, int i);
/* True if there is a row (or another one). */
bool query_row(struct query *q);
int query_column_count(const struct query *q);
int64_t query_get_int(const struct query *q, int column);
/* Borrowed until the next query_row or query_end; no bytes for NULL. */
struct bytes query_get(const struct query *q, int column);
bool query_is_null(const struct query *q, int column);
/* Gives the statement back. The first error, or OK. */
enum err query_end(struct query *q);
/* Runs a statement that gives no rows: query_row and query_end. */
enum err query_run(struct query *q);

#endif
