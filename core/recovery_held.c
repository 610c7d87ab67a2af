/* What a replica holds, and offers. */
#include <string.h>

#include "core/recovery_parts.h"

enum {
  HELD_FROM,
  HELD_ID,
};

static const char *const sql[] = {
    [HELD_FROM] = "SELECT e.number, c.salt, c.bytes FROM entry e LEFT JOIN content c ON c.number = e.number "
                  "WHERE e.number >= ?1 AND e.number < ?2 ORDER BY e.number",
    [HELD_ID] = "SELECT e.number, e.header, c.salt, c.bytes FROM entry e JOIN content c ON c.number = e.number "
                "WHERE e.id = ?1 AND e.number < ?2",
};

const char *const *recovery_held_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

enum err recovery_each_held(struct store *s, uint64_t from, void *of,
                            enum err (*each)(void *of, uint64_t number, const struct recovery_content *content)) {
  struct query q;
  enum err e = OK;
  query_start(&q, s->db, sql[HELD_FROM]);
  query_int(&q, 1, (int64_t)from);
  query_int(&q, 2, (int64_t)STORE_PENDING);
  while (e == OK && query_row(&q)) {
    struct recovery_content content = {.bytes = query_get(&q, 2)};
    content.is_here = query_get(&q, 1).len == ENTRY_SALT_SIZE;
    if (content.is_here)
      memcpy(content.salt, query_get(&q, 1).at, ENTRY_SALT_SIZE);
    e = each(of, (uint64_t)query_get_int(&q, 0), &content);
  }
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

enum err recovery_find_held(struct store *s, const struct hash *id, struct record *out) {
  struct record r = {.has_content = true};
  struct query q;
  query_start(&q, s->db, sql[HELD_ID]);
  query_blob(&q, 1, hash_bytes(id));
  query_int(&q, 2, (int64_t)STORE_PENDING);
  bool found = query_row(&q);
  if (found) {
    r.number = (uint64_t)query_get_int(&q, 0);
    buf_add(&r.header, query_get(&q, 1));
    memcpy(r.salt, query_get(&q, 2).at, ENTRY_SALT_SIZE);
    buf_add(&r.content, query_get(&q, 3));
  }
  enum err e = query_end(&q);
  if (e == OK)
    e = found ? entry_decode(buf_bytes(&r.header), &r.entry) : err_set(ERR_ABSENT, "there is no such entry here");
  if (e == OK)
    *out = r;
  else
    record_release(&r);
  return e;
}
