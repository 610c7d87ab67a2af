#include "core/profile.h"

#include "core/store_parts.h"

#define DAY_S 86400

enum { CURRENT, NEXT, SETTING };

static const char *const sql[] = {
    [CURRENT] = "SELECT object FROM profile ORDER BY number DESC LIMIT 1",
    /* When the profile was superseded: by the next one adopted, or for none, by the first. */
    [NEXT] = "SELECT p.adopted, (SELECT 1 FROM profile WHERE object = ?1) FROM (SELECT 1) LEFT JOIN profile p "
             "ON p.number = (SELECT min(number) FROM profile WHERE number > coalesce((SELECT number FROM profile "
             "WHERE object = ?1), 0))",
    [SETTING] = "SELECT value FROM setting WHERE object = ?1 AND name = ?2",
};

const char *const *profile_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

enum err profile_current(struct store *s, struct hash *out) {
  struct query q;
  *out = (struct hash){{0}};
  query_start(&q, s->db, sql[CURRENT]);
  if (query_row(&q))
    *out = hash_from(query_get(&q, 0));
  return query_end(&q);
}

/* Most acts are written under the one that the act before was written under. */
static enum err find_next(struct store *s, const struct hash *profile) {
  struct query q;
  int64_t superseded_s = INT64_MAX;
  bool is_adopted = false;
  if (s->settings.profile.is_kept && hash_equal(&s->settings.profile.object, profile))
    return OK;
  query_start(&q, s->db, sql[NEXT]);
  query_blob(&q, 1, hash_bytes(profile));
  if (query_row(&q)) {
    if (!query_is_null(&q, 0))
      text_time_parse(query_get(&q, 0), &superseded_s);
    is_adopted = hash_is_zero(profile) || !query_is_null(&q, 1);
  }
  enum err e = query_end(&q);
  s->settings.profile.is_kept = e == OK;
  s->settings.profile.object = *profile;
  s->settings.profile.is_adopted = is_adopted;
  s->settings.profile.superseded_s = superseded_s;
  return e;
}

enum err profile_is_current(struct store *s, const struct hash *profile, int64_t now_s, bool *is_current_out) {
  enum err e = find_next(s, profile);
  const int64_t superseded_s = s->settings.profile.superseded_s;
  if (e == OK && !s->settings.profile.is_adopted)
    e = err_set(ERR_ABSENT, "the profile %.8s was not adopted", hash_hex(profile).s);
  if (e == OK)
    *is_current_out = superseded_s == INT64_MAX || now_s - superseded_s <= (int64_t)PROFILE_GRACE_DAYS * DAY_S;
  return e;
}

enum err profile_setting(struct store *s, const struct hash *profile, const char *name, struct buf *out) {
  struct query q;
  query_start(&q, s->db, sql[SETTING]);
  query_blob(&q, 1, hash_bytes(profile));
  query_text(&q, 2, bytes_str(name));
  bool found = query_row(&q);
  if (found)
    buf_add(out, query_get(&q, 0));
  enum err e = query_end(&q);
  return e == OK && !found ? err_set(ERR_ABSENT, "the profile does not set \"%s\"", name) : e;
}
