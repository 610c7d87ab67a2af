#include "core/child.h"

#include "core/store_parts.h"

enum { RECORDS, CONTRADICTED, TWICE, KNOWN_AS };

static const char *const sql[] = {
    [RECORDS] = "SELECT id FROM " SAME_CHILDREN("?1") " ORDER BY id <> ?1, id",
    [CONTRADICTED] = "SELECT 1 FROM child_standing d WHERE d.is_same = 0 AND d.a IN " SAME_CHILDREN(
        "?1") " AND d.b IN " SAME_CHILDREN("?1") " LIMIT 1",
    [TWICE] = "SELECT a.object, b.object FROM child a JOIN child b ON b.name = a.name COLLATE NOCASE "
              "AND b.number > a.number AND coalesce(b.born, b.due) = coalesce(a.born, a.due) "
              "WHERE b.object NOT IN " SAME_CHILDREN("a.object") " AND NOT EXISTS (SELECT 1 FROM child_standing d "
                                                                 "WHERE d.a = min(a.object, b.object) AND d.b = "
                                                                 "max(a.object, b.object)) ORDER BY a.number, b.number",
    [KNOWN_AS] = "SELECT name, coalesce(born, due, '') FROM child WHERE object = ?1",
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

static bool is_seen(struct store *s, const struct hash *id) {
  struct record r = {0};
  bool is = store_find(s, id, &r) == OK;
  record_release(&r);
  return is;
}

enum err child_each_twice(struct store *s, void *of,
                          enum err (*each)(void *of, const struct hash *first, const struct hash *second)) {
  struct query q;
  enum err e = OK;
  query_start(&q, s->db, sql[TWICE]);
  while (e == OK && query_row(&q)) {
    const struct hash first = hash_from(query_get(&q, 0)), second = hash_from(query_get(&q, 1));
    if (is_seen(s, &first) && is_seen(s, &second))
      e = each(of, &first, &second);
  }
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

enum err child_known_as(struct store *s, const struct hash *child, struct buf *name_out, struct buf *born_out) {
  struct query q;
  query_start(&q, s->db, sql[KNOWN_AS]);
  query_blob(&q, 1, hash_bytes(child));
  bool found = query_row(&q);
  if (found) {
    buf_add(name_out, query_get(&q, 0));
    buf_add(born_out, query_get(&q, 1));
  }
  enum err e = query_end(&q);
  return e == OK && !found ? err_set(ERR_ABSENT, "there is no child %.8s here", hash_hex(child).s) : e;
}
