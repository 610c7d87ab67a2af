#include "core/version.h"

#include "core/store_parts.h"

enum { HEADS, CONFLICTS, VOIDED };

static const char *const sql[] = {
    [HEADS] = "SELECT v.entry FROM version v JOIN entry e ON e.id = v.entry WHERE v.object = ?1 AND v.replaced = 0 "
              "ORDER BY e.number",
    [CONFLICTS] = "SELECT object FROM version WHERE replaced = 0 GROUP BY object HAVING count(*) > 1",
    [VOIDED] = "SELECT by FROM voided WHERE entry = ?1",
};

const char *const *version_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

enum err version_find(struct store *s, const struct hash *object, struct version_set *out) {
  struct query q;
  *out = (struct version_set){.object = *object};
  query_start(&q, s->db, sql[HEADS]);
  query_blob(&q, 1, hash_bytes(object));
  for (; out->count < ENTRY_BASES_MAX && query_row(&q); out->count++)
    out->entries[out->count] = hash_from(query_get(&q, 0));
  return query_end(&q);
}

static bool may_be_seen(struct store *s, const struct hash *id) {
  struct record r = {0};
  bool may = store_find(s, id, &r) == OK;
  record_release(&r);
  return may;
}

enum err version_each_conflict(struct store *s, void *of, enum err (*each)(void *of, const struct version_set *set)) {
  struct query q;
  enum err e = OK;
  query_start(&q, s->db, sql[CONFLICTS]);
  while (e == OK && query_row(&q)) {
    struct hash object = hash_from(query_get(&q, 0));
    struct version_set set;
    e = version_find(s, &object, &set);
    if (e == OK && may_be_seen(s, &object))
      e = each(of, &set);
  }
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

enum err version_find_void(struct store *s, const struct hash *entry, struct hash *void_out) {
  struct query q;
  query_start(&q, s->db, sql[VOIDED]);
  query_blob(&q, 1, hash_bytes(entry));
  const bool is_voided = query_row(&q);
  if (is_voided)
    *void_out = hash_from(query_get(&q, 0));
  enum err e = query_end(&q);
  return e == OK && !is_voided ? err_set(ERR_ABSENT, "nothing voids this entry") : e;
}

enum err version_is_voided(struct store *s, const struct hash *entry, bool *out) {
  struct query q;
  query_start(&q, s->db, sql[VOIDED]);
  query_blob(&q, 1, hash_bytes(entry));
  *out = query_row(&q);
  return query_end(&q);
}

const struct kind *version_change_kind(const struct kind *begun) {
  const struct kind *k;
  for (size_t i = 0; (k = kind_at(i)); i++) {
    const struct field *f = k->is_change ? kind_field(k, bytes_str(k->object)) : NULL;
    if (f && field_has_code(f, bytes_str(begun->name)))
      return k;
  }
  return NULL;
}
