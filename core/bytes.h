/* Byte strings: borrowed (struct bytes), owned and growing (struct buf), and a reader
 * over borrowed bytes (struct reader). The binary forms are those of
 * sync/PROTOCOL.md section 2.
 *
 * Errors are sticky: after the first failure every call does nothing, and the caller
 * asks once at the end (buf_err, reader_end). Every buffer has a maximum. Out of
 * memory ends the program in mem_alloc: the log is transactional. */
#ifndef CAIRN_CORE_BYTES_H
#define CAIRN_CORE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

/* Borrowed: valid as long as its owner is and is not changed. */
struct bytes {
  const uint8_t *at;
  size_t len;
};

/* Owned. A zeroed struct buf is an empty one with the maximum BUF_MAX. */
struct buf {
  uint8_t *at;
  size_t len;
  size_t cap;
  size_t max; /* 0 means BUF_MAX */
  enum err err;
};

#define BUF_MAX ((size_t)64 << 20)

/* Memory of n bytes, zeroed; never NULL: ends the program if there is none. n may be 0. */
void *mem_alloc(size_t n);
/* count * size bytes, zeroed, checked for overflow. */
void *mem_alloc_array(size_t count, size_t size);
/* A copy of a NUL-terminated string. */
char *mem_copy_string(const char *s);
/* Frees n bytes after overwriting them. */
void mem_free_secret(void *at, size_t n);

static inline struct bytes bytes_of(const void *at, size_t len) {
  return (struct bytes){(const uint8_t *)at, len};
}
/* The bytes of a NUL-terminated string, without the NUL; NULL gives no bytes. */
struct bytes bytes_str(const char *s);
bool bytes_equal(struct bytes a, struct bytes b);
bool bytes_equal_str(struct bytes a, const char *s);
bool bytes_starts(struct bytes a, const char *prefix);
/* Less than, equal or greater than 0, as memcmp, the shorter first. */
int bytes_compare(struct bytes a, struct bytes b);
/* A NUL-terminated copy; the caller frees it. */
char *bytes_copy_string(struct bytes b);

void buf_init(struct buf *b, size_t max);
/* Frees what the buffer holds; afterwards it is empty and may be used again. */
void buf_release(struct buf *b);
/* As buf_release, overwriting what it held. */
void buf_release_secret(struct buf *b);
/* Empties, keeps the memory and clears the error. */
void buf_clear(struct buf *b);
static inline struct bytes buf_bytes(const struct buf *b) {
  return bytes_of(b->at, b->len);
}
/* OK, or ERR_LIMIT if something did not fit. */
enum err buf_err(const struct buf *b);
/* The content as a C string; valid until the buffer changes. */
const char *buf_cstr(struct buf *b);
/* Room for n bytes at the end, which the caller fills; NULL after an error. */
uint8_t *buf_extend(struct buf *b, size_t n);

void buf_add(struct buf *b, struct bytes v);
void buf_add_str(struct buf *b, const char *s);
void buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_u8(struct buf *b, uint8_t v);
void buf_u32(struct buf *b, uint32_t v);
void buf_u64(struct buf *b, uint64_t v);
/* u32 length, then the bytes. */
void buf_string(struct buf *b, struct bytes v);

struct reader {
  struct bytes rest;
  enum err err;
};

static inline struct reader reader_of(struct bytes b) {
  return (struct reader){b, OK};
}
uint8_t reader_u8(struct reader *r);
uint32_t reader_u32(struct reader *r);
uint64_t reader_u64(struct reader *r);
/* The next n bytes, borrowed; no bytes after an error. */
struct bytes reader_take(struct reader *r, size_t n);
/* u32 length and bytes, at most max of them. */
struct bytes reader_string(struct reader *r, size_t max);
/* A list's count: refused if over max, or if so many items of at least item_min bytes cannot follow. */
uint32_t reader_count(struct reader *r, uint32_t max, size_t item_min);
/* Skips the bytes of s, which must come next. */
void reader_expect(struct reader *r, const char *s);
/* Marks the reader failed. */
void reader_fail(struct reader *r);
/* OK if nothing failed and nothing is left over, else ERR_FORM. */
enum err reader_end(const struct reader *r);

#endif
