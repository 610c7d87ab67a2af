#include <stdlib.h>

#include "core/store_parts.h"

enum { BY_NUMBER, BY_ID };

static const char *const sql[] = {
    [BY_NUMBER] = "SELECT header FROM entry WHERE number = ?1",
    [BY_ID] = "SELECT header FROM entry WHERE id = ?1",
};

const char *const *store_header_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

static enum err load(struct query *q, struct header **out) {
  struct header *h = mem_alloc(sizeof *h);
  bool found = query_row(q);
  if (found)
    buf_add(&h->bytes, query_get(q, 0));
  enum err e = query_end(q);
  if (e == OK)
    e = found ? entry_decode(buf_bytes(&h->bytes), &h->entry) : err_set(ERR_ABSENT, "there is no such entry here");
  if (e == OK)
    *out = h;
  else
    header_free(h);
  return e;
}

enum err store_header(struct store *s, uint64_t number, struct header **out) {
  struct query q;
  query_start(&q, s->db, sql[BY_NUMBER]);
  query_int(&q, 1, (int64_t)number);
  return load(&q, out);
}

enum err store_header_of(struct store *s, const struct hash *id, struct header **out) {
  struct query q;
  query_start(&q, s->db, sql[BY_ID]);
  query_blob(&q, 1, hash_bytes(id));
  return load(&q, out);
}

void header_free(struct header *h) {
  if (h)
    buf_release(&h->bytes);
  free(h);
}
