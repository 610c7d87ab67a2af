#include <stdlib.h>

#include "core/store_parts.h"

enum { BY_NUMBER, BY_ID, KIND_OF, HAS };

static const char *const sql[] = {
    [BY_NUMBER] = "SELECT number, header, object FROM entry WHERE number = ?1",
    [BY_ID] = "SELECT number, header, object FROM entry WHERE id = ?1",
    [KIND_OF] = "SELECT number, kind FROM entry WHERE id = ?1",
    [HAS] = "SELECT 1 FROM entry WHERE id = ?1",
};

const char *const *store_header_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

static enum err load(struct query *q, struct header **out) {
  struct header *h = mem_alloc(sizeof *h);
  h->holders = 1;
  bool found = query_row(q);
  if (found) {
    h->number = (uint64_t)query_get_int(q, 0);
    buf_add(&h->bytes, query_get(q, 1));
    h->has_object = !query_is_null(q, 2);
    if (h->has_object)
      h->object = hash_from(query_get(q, 2));
  }
  enum err e = query_end(q);
  if (e == OK)
    e = found ? entry_decode(buf_bytes(&h->bytes), &h->entry) : err_set(ERR_ABSENT, "there is no such entry here");
  if (e == OK)
    *out = h;
  else
    header_free(h);
  return e;
}

static void put(struct header **place, struct header *h) {
  h->holders++;
  header_free(*place);
  *place = h;
}

/* Under both of its names. */
static void keep(struct store *s, struct header *h) {
  put(&s->headers.by_number[h->number % HEADERS_KEPT], h);
  put(&s->headers.by_id[h->entry.id.at[0] % HEADERS_KEPT], h);
}

static struct header *again(struct header *h) {
  h->holders++;
  return h;
}

enum err store_header(struct store *s, uint64_t number, struct header **out) {
  struct query q;
  struct header *kept = s->headers.by_number[number % HEADERS_KEPT];
  if (kept && kept->number == number) {
    *out = again(kept);
    return OK;
  }
  query_start(&q, s->db, sql[BY_NUMBER]);
  query_int(&q, 1, (int64_t)number);
  enum err e = load(&q, out);
  if (e == OK)
    keep(s, *out);
  return e;
}

enum err store_header_of(struct store *s, const struct hash *id, struct header **out) {
  struct query q;
  struct header *kept = s->headers.by_id[id->at[0] % HEADERS_KEPT];
  if (kept && hash_equal(&kept->entry.id, id)) {
    *out = again(kept);
    return OK;
  }
  query_start(&q, s->db, sql[BY_ID]);
  query_blob(&q, 1, hash_bytes(id));
  enum err e = load(&q, out);
  if (e == OK)
    keep(s, *out);
  return e;
}

enum err store_kind_of(struct store *s, const struct hash *id, uint64_t *number_out, const struct kind **out) {
  struct query q;
  query_start(&q, s->db, sql[KIND_OF]);
  query_blob(&q, 1, hash_bytes(id));
  bool found = query_row(&q);
  if (found) {
    *number_out = (uint64_t)query_get_int(&q, 0);
    *out = kind_find(query_get(&q, 1));
  }
  enum err e = query_end(&q);
  return e == OK && !found ? err_set(ERR_ABSENT, "there is no such entry here") : e;
}

enum err store_has_entry(struct store *s, const struct hash *id, bool *out) {
  struct query q;
  query_start(&q, s->db, sql[HAS]);
  query_blob(&q, 1, hash_bytes(id));
  *out = query_row(&q);
  return query_end(&q);
}

void header_free(struct header *h) {
  if (h == NULL || --h->holders > 0)
    return;
  buf_release(&h->bytes);
  free(h);
}

void store_header_forget(struct store *s) {
  for (size_t i = 0; i < HEADERS_KEPT; i++) {
    header_free(s->headers.by_number[i]);
    header_free(s->headers.by_id[i]);
    s->headers.by_number[i] = s->headers.by_id[i] = NULL;
  }
}
