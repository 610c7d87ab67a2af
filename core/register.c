#include "core/register.h"

#include <stdlib.h>

#include "core/child.h"
#include "core/directory.h"
#include "core/store_parts.h"

enum { ON_DAY, NOW, ONE, EVENTS, LEADS };

#define ROW                                                                                                            \
  "SELECT r.object, r.child, r.name, r.born, r.due, r.mother, r.impact, r.vulnerability, r.area, r.authority, "        \
  "json_extract(r.details, '$.keyworker'), substr(r.since, 1, 10), r.review, r.until_date, "                           \
  "substr(r.removed, 1, 10), r.decision IS NULL, r.removed IS NULL AND r.removed_number IS NOT NULL "                  \
  "FROM registration r "

static const char *const sql[] = {
    [ON_DAY] = ROW "WHERE substr(r.since, 1, 10) <= ?1 AND (r.removed IS NULL OR substr(r.removed, 1, 10) > ?1) "
                   "ORDER BY r.name, r.number",
    /* What the node has not admitted has not taken effect: until then a name stays. */
    [NOW] = ROW "WHERE r.removed IS NULL ORDER BY r.name, r.number",
    [ONE] = ROW "WHERE r.object = ?1",
    [EVENTS] = "SELECT v.object, v.entry, v.decision, v.what, v.admitted, v.by FROM registration r "
               "JOIN registration_event v ON v.object = r.object "
               "WHERE r.child IN " SAME_CHILDREN("?1") " ORDER BY v.number",
    [LEADS] = "SELECT l.person FROM registration r JOIN lead l ON l.child IN " SAME_CHILDREN(
        "r.child") " WHERE r.object = ?1 "
                   "ORDER BY l.number DESC LIMIT 1",
};

const char *const *register_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

const char *register_state(const struct register_row *row) {
  if (row->removed.len)
    return "removed";
  if (row->since.len == 0)
    return "pending";
  if (row->is_ending)
    return "on the register, removal pending";
  return row->is_temporary ? "temporarily here" : "on the register";
}

static bool may_be_seen(struct store *s, const struct hash *id) {
  struct record r = {0};
  bool may = store_find(s, id, &r) == OK;
  record_release(&r);
  return may;
}

static enum err each_row(struct store *s, struct query *q, void *of,
                         enum err (*each)(void *of, const struct register_row *row), bool *found_out) {
  enum err e = OK;
  while (e == OK && query_row(q)) {
    struct register_row row = {.registration = hash_from(query_get(q, 0)), .child = hash_from(query_get(q, 1))};
    struct bytes *const texts[] = {&row.name,          &row.born,  &row.due,       &row.mother,    &row.impact,
                                   &row.vulnerability, &row.area,  &row.authority, &row.keyworker, &row.since,
                                   &row.review,        &row.until, &row.removed};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
      *texts[i] = query_get(q, (int)i + 2);
    row.is_temporary = query_get_int(q, 15) != 0;
    row.is_ending = query_get_int(q, 16) != 0;
    if (!may_be_seen(s, &row.registration))
      continue;
    *found_out = true;
    e = each(of, &row);
  }
  enum err query_error = query_end(q);
  return e == OK ? query_error : e;
}

enum err register_each(struct store *s, struct bytes day, void *of,
                       enum err (*each)(void *of, const struct register_row *row)) {
  struct query q;
  bool found = false;
  query_start(&q, s->db, sql[day.len ? ON_DAY : NOW]);
  if (day.len)
    query_text(&q, 1, day);
  return each_row(s, &q, of, each, &found);
}

enum err register_find(struct store *s, const struct hash *registration, void *of,
                       enum err (*each)(void *of, const struct register_row *row)) {
  struct query q;
  bool found = false;
  query_start(&q, s->db, sql[ONE]);
  query_blob(&q, 1, hash_bytes(registration));
  enum err e = each_row(s, &q, of, each, &found);
  return e == OK && !found ? err_set(ERR_ABSENT, "there is no such registration here") : e;
}

enum err register_each_event(struct store *s, const struct hash *child, void *of,
                             enum err (*each)(void *of, const struct register_event *event)) {
  struct query q;
  enum err e = OK;
  query_start(&q, s->db, sql[EVENTS]);
  query_blob(&q, 1, hash_bytes(child));
  while (e == OK && query_row(&q)) {
    struct register_event event = {.registration = hash_from(query_get(&q, 0)),
                                   .entry = hash_from(query_get(&q, 1)),
                                   .what = query_get(&q, 3),
                                   .admitted = query_get(&q, 4),
                                   .by = query_get(&q, 5)};
    if (!query_is_null(&q, 2))
      event.decision = hash_from(query_get(&q, 2));
    e = may_be_seen(s, &event.entry) ? each(of, &event) : OK;
  }
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

struct recipients {
  struct hash *to;
  size_t max, count;
};

static enum err add_recipient(void *of, const struct hash *key_id) {
  struct recipients *r = of;
  for (size_t i = 0; i < r->count; i++)
    if (hash_equal(&r->to[i], key_id))
      return OK;
  if (r->count < r->max)
    r->to[r->count++] = *key_id;
  return OK;
}

static enum err add_lead(struct store *s, const struct hash *registration, struct recipients *r) {
  struct query q;
  struct hash person;
  query_start(&q, s->db, sql[LEADS]);
  query_blob(&q, 1, hash_bytes(registration));
  bool found = query_row(&q);
  if (found)
    person = hash_from(query_get(&q, 0));
  enum err e = query_end(&q);
  return e == OK && found ? directory_each_key(s, &person, r, add_recipient) : e;
}

enum err register_told_of_enquiry(struct store *s, const struct hash *found, size_t found_count, int64_t now_s,
                                  struct hash *to, size_t max, size_t *count_out) {
  struct recipients r = {.to = to, .max = max};
  enum err e = directory_keys_with_role(s, ROLE_KEEPER, now_s, to, max, &r.count);
  for (size_t i = 0; e == OK && i < found_count; i++)
    e = add_lead(s, &found[i], &r);
  *count_out = r.count;
  return e;
}
