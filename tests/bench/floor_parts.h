/* Between the files of the floors. Owners of SQLite's and OpenSSL's headers on their own account: a floor uses none of
 * our code. */
#ifndef CAIRN_TESTS_BENCH_FLOOR_PARTS_H
#define CAIRN_TESTS_BENCH_FLOOR_PARTS_H

#include <sqlite3.h>

#define FLOOR_BODY 400
#define FLOOR_INSERT "INSERT OR IGNORE INTO record(id, body) VALUES(?1, ?2)"

/* A store of records; WAL, synchronous=FULL. Whatever fails ends the program. */
sqlite3 *floor_open(const char *folder, const char *name);
void floor_exec(sqlite3 *db, const char *sql);
sqlite3_stmt *floor_prepare(sqlite3 *db, const char *sql);
void floor_put(sqlite3_stmt *insert, const void *id, const void *body, size_t len);
void floor_draw(unsigned number, unsigned char id[32], unsigned char body[FLOOR_BODY]);

#endif
