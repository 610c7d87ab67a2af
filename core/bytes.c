#include "core/bytes.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *mem_alloc(size_t n) {
  void *p = calloc(1, n ? n : 1);
  if (p == NULL) {
    fputs("out of memory; what was promised is stored, run the command again\n", stderr);
    abort();
  }
  return p;
}

void *mem_alloc_array(size_t count, size_t size) {
  assert(size == 0 || count <= SIZE_MAX / size);
  return mem_alloc(count * size);
}

char *mem_copy_string(const char *s) {
  return bytes_copy_string(bytes_str(s));
}

void mem_free_secret(void *at, size_t n) {
  if (at == NULL)
    return;
  explicit_bzero(at, n);
  free(at);
}

struct bytes bytes_str(const char *s) {
  return s ? bytes_of(s, strlen(s)) : bytes_of(NULL, 0);
}

bool bytes_equal(struct bytes a, struct bytes b) {
  return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

bool bytes_equal_str(struct bytes a, const char *s) {
  size_t i = 0;
  while (i < a.len && s[i] != '\0' && a.at[i] == (uint8_t)s[i])
    i++;
  return i == a.len && s[i] == '\0';
}

bool bytes_starts(struct bytes a, const char *prefix) {
  size_t n = strlen(prefix);
  return a.len >= n && (n == 0 || memcmp(a.at, prefix, n) == 0);
}

int bytes_compare(struct bytes a, struct bytes b) {
  size_t n = a.len < b.len ? a.len : b.len;
  int c = n ? memcmp(a.at, b.at, n) : 0;
  if (c != 0)
    return c;
  return a.len < b.len ? -1 : a.len > b.len;
}

char *bytes_copy_string(struct bytes b) {
  char *s = mem_alloc(b.len + 1);
  if (b.len)
    memcpy(s, b.at, b.len);
  return s;
}

void buf_init(struct buf *b, size_t max) {
  *b = (struct buf){.max = max};
}

void buf_release(struct buf *b) {
  free(b->at);
  *b = (struct buf){.max = b->max};
}

void buf_release_secret(struct buf *b) {
  mem_free_secret(b->at, b->cap);
  *b = (struct buf){.max = b->max};
}

void buf_clear(struct buf *b) {
  b->len = 0;
  b->err = OK;
}

enum err buf_err(const struct buf *b) {
  return b->err;
}

/* One byte more than asked for is kept, so that buf_cstr always has room for its NUL. A buffer that
 * grows moves by copying and wiping, so that a secret one leaves nothing behind. */
uint8_t *buf_extend(struct buf *b, size_t n) {
  size_t max = b->max ? b->max : BUF_MAX;
  if (b->err != OK)
    return NULL;
  if (n > max - b->len) {
    b->err = ERR_LIMIT;
    return NULL;
  }
  if (b->cap < b->len + n + 1) {
    size_t cap = b->cap ? b->cap : 64;
    while (cap < b->len + n + 1)
      cap *= 2;
    uint8_t *at = mem_alloc(cap);
    if (b->len)
      memcpy(at, b->at, b->len);
    mem_free_secret(b->at, b->len);
    b->at = at;
    b->cap = cap;
  }
  b->len += n;
  return b->at + b->len - n;
}

const char *buf_cstr(struct buf *b) {
  if (b->at == NULL)
    return "";
  b->at[b->len] = '\0';
  return (const char *)b->at;
}

void buf_add(struct buf *b, struct bytes v) {
  uint8_t *p = buf_extend(b, v.len);
  if (p && v.len)
    memcpy(p, v.at, v.len);
}

void buf_add_str(struct buf *b, const char *s) {
  buf_add(b, bytes_str(s));
}

void buf_addf(struct buf *b, const char *fmt, ...) {
  char small[256];
  va_list ap;
  va_start(ap, fmt);
  int n = vsnprintf(small, sizeof small, fmt, ap);
  va_end(ap);
  assert(n >= 0);
  if ((size_t)n < sizeof small) {
    buf_add(b, bytes_of(small, (size_t)n));
    return;
  }
  char *large = mem_alloc((size_t)n + 1);
  va_start(ap, fmt);
  vsnprintf(large, (size_t)n + 1, fmt, ap);
  va_end(ap);
  buf_add(b, bytes_of(large, (size_t)n));
  free(large);
}

static void add_big_endian(struct buf *b, uint64_t v, size_t n) {
  uint8_t *p = buf_extend(b, n);
  if (p)
    for (size_t i = 0; i < n; i++)
      p[i] = (uint8_t)(v >> (8 * (n - 1 - i)));
}

void buf_u8(struct buf *b, uint8_t v) {
  add_big_endian(b, v, 1);
}

void buf_u32(struct buf *b, uint32_t v) {
  add_big_endian(b, v, 4);
}

void buf_u64(struct buf *b, uint64_t v) {
  add_big_endian(b, v, 8);
}

void buf_string(struct buf *b, struct bytes v) {
  if (v.len > UINT32_MAX) {
    b->err = ERR_LIMIT;
    return;
  }
  buf_u32(b, (uint32_t)v.len);
  buf_add(b, v);
}

void reader_fail(struct reader *r) {
  r->err = ERR_FORM;
  r->rest = bytes_of(NULL, 0);
}

struct bytes reader_take(struct reader *r, size_t n) {
  if (r->err != OK || n > r->rest.len) {
    reader_fail(r);
    return bytes_of(NULL, 0);
  }
  struct bytes taken = bytes_of(r->rest.at, n);
  if (n > 0) /* nothing may be added to a NULL, not even 0 */
    r->rest = bytes_of(r->rest.at + n, r->rest.len - n);
  return taken;
}

static uint64_t take_big_endian(struct reader *r, size_t n) {
  struct bytes b = reader_take(r, n);
  uint64_t v = 0;
  for (size_t i = 0; i < b.len; i++)
    v = v << 8 | b.at[i];
  return v;
}

uint8_t reader_u8(struct reader *r) {
  return (uint8_t)take_big_endian(r, 1);
}

uint32_t reader_u32(struct reader *r) {
  return (uint32_t)take_big_endian(r, 4);
}

uint64_t reader_u64(struct reader *r) {
  return take_big_endian(r, 8);
}

struct bytes reader_string(struct reader *r, size_t max) {
  uint32_t n = reader_u32(r);
  if (n > max)
    reader_fail(r);
  return reader_take(r, r->err == OK ? n : 0);
}

uint32_t reader_count(struct reader *r, uint32_t max, size_t item_min) {
  uint32_t n = reader_u32(r);
  if (n > max || (item_min > 0 && n > r->rest.len / item_min)) {
    reader_fail(r);
    return 0;
  }
  return n;
}

void reader_expect(struct reader *r, const char *s) {
  struct bytes b = reader_take(r, strlen(s));
  if (!bytes_equal_str(b, s))
    reader_fail(r);
}

enum err reader_end(const struct reader *r) {
  return r->err != OK || r->rest.len != 0 ? ERR_FORM : OK;
}
