#include "core/child.h"

#include "core/store_parts.h"

enum { RECORDS, CONTRADICTED };

static const char *const sql[] = {
    [RECORDS] = "SELECT id FROM " SAME_CHILDREN("?1") " ORDER BY id <> ?1, id",
    [CONTRADICTED] = "SELECT 1 FROM child_standing d WHERE d.is_same = 0 AND d.a IN " SAME_CHILDREN(
        "?1") " AND d.b IN " SAME_CHILDREN("?1") " LIMIT 1",
};

const char *const *child_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

enum err child_records(struct store *s, const struct hash *child, struct hash *out, size_t max, size_t *count_out) {
  struct query q;
  size_t count = 0;
  enum err e = OK;
  query_start(&q, s->db, sql[RECORDS]);
  query_blob(&q, 1, hash_bytes(child));
  while (e == OK && query_row(&q))
    if (count < max)
      out[count++] = hash_from(query_get(&q, 0));
    else
      e = err_set(ERR_LIMIT, "a child has more than %zu records", max);
  enum err query_error = query_end(&q);
  if (e == OK)
    e = query_error;
  if (e == OK)
    *count_out = count;
  return e;
}

enum err child_is_contradicted(struct store *s, const struct hash *child, bool *out) {
  struct query q;
  query_start(&q, s->db, sql[CONTRADICTED]);
  query_blob(&q, 1, hash_bytes(child));
  bool is = query_row(&q);
  enum err e = query_end(&q);
  if (e == OK)
    *out = is;
  return e;
}
