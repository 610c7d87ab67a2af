#include "core/staff.h"

#include "core/child.h"
#include "core/store_parts.h"

#define IN_FORCE "(lifted IS NULL OR lifted >= 4611686018427387904)"

enum { HAS_ANY, IS_BARRED, BARRED_FROM, EACH };

static const char *const sql[] = {
    [HAS_ANY] = "SELECT 1 FROM staff_bar WHERE person = ?1 LIMIT 1",
    /* +: nearly nobody is kept out of anything, and whoever is not is found first. */
    [IS_BARRED] = "SELECT 1 FROM staff_bar WHERE person = ?1 AND +child IN " SAME_CHILDREN(
        "?2") " AND number < ?3 AND (lifted IS NULL OR lifted >= min(?3, 4611686018427387904)) LIMIT 1",
    [BARRED_FROM] = "WITH RECURSIVE same(id) AS (SELECT child FROM staff_bar WHERE person = ?1 AND " IN_FORCE
                    " UNION SELECT c.b FROM same s JOIN child_standing c ON c.a = s.id WHERE c.is_same = 1 "
                    "UNION SELECT c.a FROM same s JOIN child_standing c ON c.b = s.id WHERE c.is_same = 1) "
                    "SELECT id FROM same",
    [EACH] = "SELECT object, child, person, by, reason, since, " IN_FORCE " FROM staff_bar ORDER BY number",
};

const char *const *staff_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

/* Few people ever are. */
static enum err find_unbarred(struct store *s, const struct hash *person) {
  struct query q;
  query_start(&q, s->db, sql[HAS_ANY]);
  query_blob(&q, 1, hash_bytes(person));
  bool has_any = query_row(&q);
  enum err e = query_end(&q);
  if (e == OK && !has_any)
    s->settings.unbarred[person->at[0] % UNBARRED_KEPT] = *person;
  return e;
}

enum err staff_is_barred(struct store *s, const struct hash *person, const struct hash *child, uint64_t before,
                         bool *out) {
  struct query q;
  const struct hash *unbarred = &s->settings.unbarred[person->at[0] % UNBARRED_KEPT];
  enum err e = hash_equal(unbarred, person) ? OK : find_unbarred(s, person);
  *out = false;
  if (e != OK || hash_equal(unbarred, person))
    return e;
  query_start(&q, s->db, sql[IS_BARRED]);
  query_blob(&q, 1, hash_bytes(person));
  query_blob(&q, 2, hash_bytes(child));
  query_int(&q, 3, (int64_t)before);
  *out = query_row(&q);
  return query_end(&q);
}

enum err staff_barred_from(struct store *s, const struct hash *person, struct buf *children) {
  struct query q;
  query_start(&q, s->db, sql[BARRED_FROM]);
  query_blob(&q, 1, hash_bytes(person));
  while (query_row(&q))
    buf_add(children, query_get(&q, 0));
  return query_end(&q);
}

enum err staff_each(struct store *s, void *of, enum err (*each)(void *of, const struct staff_row *row)) {
  struct query q;
  enum err e = OK;
  query_start(&q, s->db, sql[EACH]);
  while (e == OK && query_row(&q)) {
    struct record r = {0};
    struct staff_row row = {.bar = hash_from(query_get(&q, 0)),
                            .child = hash_from(query_get(&q, 1)),
                            .person = hash_from(query_get(&q, 2)),
                            .by = hash_from(query_get(&q, 3)),
                            .reason = query_get(&q, 4),
                            .since = query_get(&q, 5),
                            .is_over = query_get_int(&q, 6) == 0};
    if (store_find(s, &row.bar, &r) == OK)
      e = each(of, &row);
    record_release(&r);
  }
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}
