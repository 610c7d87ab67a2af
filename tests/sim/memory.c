/* Memory for SQLite and OpenSSL without the sanitizer: neither is built with it, and what they ask for and give back is
 * half of what a run costs. What we do with memory of theirs the unit tests look at. */
#include <openssl/crypto.h>
#include <sqlite3.h>
#include <stdint.h>
#include <string.h>

#include "tests/sim/sim.h"

#define HEADER 16

/* glibc's own, which the sanitizer does not put itself in front of. */
extern void *__libc_malloc(size_t n);
extern void *__libc_realloc(void *at, size_t n);
extern void __libc_free(void *at);

static void *give(int n) {
  uint8_t *at = __libc_malloc((size_t)n + HEADER);
  if (at == NULL)
    return NULL;
  memcpy(at, &n, sizeof n);
  return at + HEADER;
}

static void give_back(void *at) {
  if (at)
    __libc_free((uint8_t *)at - HEADER);
}

static void *give_more(void *at, int n) {
  uint8_t *more = __libc_realloc((uint8_t *)at - HEADER, (size_t)n + HEADER);
  if (more == NULL)
    return NULL;
  memcpy(more, &n, sizeof n);
  return more + HEADER;
}

static int size_of(void *at) {
  int n = 0;
  if (at)
    memcpy(&n, (uint8_t *)at - HEADER, sizeof n);
  return n;
}

static int round_up(int n) {
  return (n + 7) & ~7;
}

static int begin(void *of) {
  (void)of;
  return SQLITE_OK;
}

static void end(void *of) {
  (void)of;
}

static void *ssl_give(size_t n, const char *file, int line) {
  (void)file, (void)line;
  return n ? __libc_malloc(n) : NULL;
}

static void *ssl_give_more(void *at, size_t n, const char *file, int line) {
  (void)file, (void)line;
  if (n)
    return __libc_realloc(at, n);
  __libc_free(at);
  return NULL;
}

static void ssl_give_back(void *at, const char *file, int line) {
  (void)file, (void)line;
  __libc_free(at);
}

void sim_memory(void) {
  static const sqlite3_mem_methods methods = {give, give_back, give_more, size_of, round_up, begin, end, NULL};
  sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
  CRYPTO_set_mem_functions(ssl_give, ssl_give_more, ssl_give_back);
}
