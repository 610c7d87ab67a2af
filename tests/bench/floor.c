#include "tests/bench/floor.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/bench.h"
#include "tests/bench/floor_parts.h"

void floor_exec(sqlite3 *db, const char *sql) {
  bench_must(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, sql);
}

sqlite3 *floor_open(const char *folder, const char *name) {
  char path[256];
  sqlite3 *db = NULL;
  snprintf(path, sizeof path, "%s/%s.db", folder, name);
  bench_must(sqlite3_open(path, &db) == SQLITE_OK, path);
  floor_exec(db, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                 "CREATE TABLE IF NOT EXISTS record(number INTEGER PRIMARY KEY, id BLOB UNIQUE, body BLOB)");
  return db;
}

sqlite3_stmt *floor_prepare(sqlite3 *db, const char *sql) {
  sqlite3_stmt *s = NULL;
  bench_must(sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK, sql);
  return s;
}

void floor_put(sqlite3_stmt *insert, const void *id, const void *body, size_t len) {
  sqlite3_bind_blob(insert, 1, id, 32, SQLITE_STATIC);
  sqlite3_bind_blob(insert, 2, body, (int)len, SQLITE_STATIC);
  bench_must(sqlite3_step(insert) == SQLITE_DONE, "inserting");
  sqlite3_reset(insert);
}

void floor_draw(unsigned number, unsigned char id[32], unsigned char body[FLOOR_BODY]) {
  SHA256((const unsigned char *)&number, sizeof number, id);
  for (size_t i = 0; i < FLOOR_BODY; i++)
    body[i] = (unsigned char)("etaoinshrdlucmfwypvbgkjqxz      "[(id[i % 32] + i * 7) % 32]);
}

double floor_sqlite_single(const char *folder, size_t count) {
  unsigned char id[32], body[FLOOR_BODY];
  bench_run("rm -f %s/single.db*", folder);
  sqlite3 *db = floor_open(folder, "single");
  sqlite3_stmt *insert = floor_prepare(db, FLOOR_INSERT);
  double start_s = bench_now_s();
  for (size_t i = 0; i < count; i++) {
    floor_draw((unsigned)i, id, body);
    floor_put(insert, id, body, sizeof body);
  }
  double took_s = bench_now_s() - start_s;
  sqlite3_finalize(insert);
  sqlite3_close(db);
  return (double)count / took_s;
}

double floor_p256_verify(size_t count) {
  unsigned char hash[32] = {7}, signature[80];
  size_t len = sizeof signature;
  EVP_PKEY *key = EVP_EC_gen("P-256");
  EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(key, NULL);
  bench_must(c && EVP_PKEY_sign_init(c) == 1 && EVP_PKEY_sign(c, signature, &len, hash, sizeof hash) == 1, "signing");
  EVP_PKEY_CTX_free(c);
  c = EVP_PKEY_CTX_new(key, NULL);
  bench_must(c && EVP_PKEY_verify_init(c) == 1, "verifying");
  double start_s = bench_cpu_s();
  for (size_t i = 0; i < count; i++)
    bench_must(EVP_PKEY_verify(c, signature, len, hash, sizeof hash) == 1, "verifying");
  double took_s = bench_cpu_s() - start_s;
  EVP_PKEY_CTX_free(c);
  EVP_PKEY_free(key);
  return (double)count / took_s;
}
