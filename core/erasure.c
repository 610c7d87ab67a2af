#include "core/erasure.h"

#include "core/store_parts.h"

enum { EACH, MACHINES };

static const char *const sql[] = {
    [EACH] = "SELECT d.entry, d.by, t.kind, a.admitted, a.by FROM erasure d JOIN entry v ON v.id = d.by "
             "JOIN act a ON a.first = v.act LEFT JOIN entry t ON t.id = d.entry ORDER BY v.number",
    /* Of the machines that were there: how many, how many have signed a place behind it, and the names of the rest. */
    [MACHINES] = "SELECT count(*), coalesce(sum(has), 0), group_concat(CASE WHEN NOT has THEN name END, ', ') FROM ("
                 "SELECT r.name || ' (' || g.name || ')' AS name, EXISTS (SELECT 1 FROM feed_receipt f "
                 "WHERE f.replica = r.object AND f.place >= c.place) AS has FROM scope_change c "
                 "JOIN replica r ON r.agency = c.agency AND r.number < c.number JOIN agency g ON g.object = r.agency "
                 "WHERE c.because = ?1 AND c.entries < 0 "
                 "AND NOT EXISTS (SELECT 1 FROM revocation v WHERE v.target IN (r.object, g.object)) "
                 "ORDER BY r.number)",
};

const char *const *erasure_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

static struct bytes text_of(const struct json *content, const char *name) {
  const struct json *j = content ? json_get(content, name) : NULL;
  return j ? json_get_text(j) : bytes_of(NULL, 0);
}

static enum err give(struct store *s, struct erasure_row *row, const struct record *by, void *of,
                     enum err (*each)(void *of, const struct erasure_row *row)) {
  struct json *content = NULL;
  struct query q;
  enum err e = json_parse_record(buf_bytes(&by->content), &content);
  row->ground = entry_fact(&by->entry, "ground");
  row->reason = text_of(content, "reason");
  query_start(&q, s->db, sql[MACHINES]);
  query_blob(&q, 1, hash_bytes(&row->by));
  if (query_row(&q)) {
    row->machine_count = (uint64_t)query_get_int(&q, 0);
    row->confirmed_count = (uint64_t)query_get_int(&q, 1);
    row->waiting = query_get(&q, 2);
  }
  if (e == OK)
    e = each(of, row);
  enum err query_error = query_end(&q);
  json_free(content);
  return e == OK ? query_error : e;
}

enum err erasure_each(struct store *s, void *of, enum err (*each)(void *of, const struct erasure_row *row)) {
  struct query q;
  enum err e = OK;
  query_start(&q, s->db, sql[EACH]);
  while (e == OK && query_row(&q)) {
    struct record by = {0};
    struct erasure_row row = {.entry = hash_from(query_get(&q, 0)),
                              .by = hash_from(query_get(&q, 1)),
                              .kind = query_get(&q, 2),
                              .at = query_get(&q, 3),
                              .author = hash_from(query_get(&q, 4))};
    if (store_find(s, &row.by, &by) == OK)
      e = give(s, &row, &by, of, each);
    record_release(&by);
  }
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}
