/* What stands between a node that is being rebuilt and its goal. */
#include "core/recovery_parts.h"

enum {
  MACHINES,
  STAGED,
  LOST_COUNT,
  LOST_EACH,
};

static const char *const sql[] = {
    [MACHINES] = "SELECT count(*) FROM recover_machine",
    /* Is content there for each of the leaves that were offered for a number? */
    [STAGED] = "SELECT l.number, min(EXISTS(SELECT 1 FROM recover_content c WHERE "
               "c.entry = l.entry)) FROM recover_leaf l WHERE l.number > ?1 GROUP BY l.number ORDER BY l.number",
    [LOST_COUNT] = "SELECT count(*) FROM forgotten WHERE why = 'lost'",
    [LOST_EACH] = "SELECT number FROM forgotten WHERE why = 'lost' ORDER BY number",
};

const char *const *recovery_status_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

static enum err count(struct store *s, int statement, uint64_t *out) {
  struct query q;
  query_start(&q, s->db, sql[statement]);
  *out = query_row(&q) ? (uint64_t)query_get_int(&q, 0) : 0;
  return query_end(&q);
}

enum err recovery_next(struct store *s, uint64_t after, uint64_t *out) {
  struct query q;
  struct hash root;
  uint64_t goal = 0, size = store_size(s), at;
  enum err e = recovery_next_lost(s, after, out);
  if (e == OK)
    e = recovery_find_goal(s, &goal, &root);
  if (e != OK || *out || after >= goal)
    return e;
  at = (after > size ? after : size) + 1;
  query_start(&q, s->db, sql[STAGED]);
  query_int(&q, 1, (int64_t)at - 1);
  while (at <= goal && query_row(&q) && (uint64_t)query_get_int(&q, 0) == at && query_get_int(&q, 1))
    at++;
  *out = at <= goal ? at : 0;
  return query_end(&q);
}

enum err recovery_status(struct store *s, struct recovery_status *out) {
  struct recovery_status st = {
      .is_on = recovery_is_on(s), .size = store_size(s), .unkept = store_meta_number(s, RECOVERY_UNKEPT)};
  struct query q;
  enum err e = recovery_find_goal(s, &st.goal, &st.root);
  if (e == OK && st.goal == st.size && st.size > 0)
    e = store_tree_root(s, st.size, &st.root);
  if (e == OK)
    e = count(s, MACHINES, &st.machines);
  if (e == OK)
    e = count(s, LOST_COUNT, &st.lost);
  if (e != OK)
    return e;
  st.missing = st.goal - st.size;
  query_start(&q, s->db, sql[STAGED]);
  query_int(&q, 1, (int64_t)st.size);
  while (query_row(&q) && (uint64_t)query_get_int(&q, 0) <= st.goal) {
    st.missing--;
    st.without += query_get_int(&q, 1) == 0;
  }
  e = query_end(&q);
  if (e == OK)
    *out = st;
  return e;
}

struct runs {
  uint64_t first, last;
  void *of;
  enum err (*each)(void *of, uint64_t first, uint64_t last);
};

static enum err add_run(struct runs *r, uint64_t first, uint64_t last) {
  enum err e = OK;
  if (r->last && first == r->last + 1) {
    r->last = last;
    return OK;
  }
  if (r->last)
    e = r->each(r->of, r->first, r->last);
  r->first = first;
  r->last = last;
  return e;
}

enum err recovery_each_missing(struct store *s, void *of, enum err (*each)(void *of, uint64_t first, uint64_t last)) {
  struct query q;
  struct hash root;
  uint64_t at = store_size(s) + 1, goal = 0;
  enum err e = recovery_find_goal(s, &goal, &root);
  query_start(&q, s->db, sql[STAGED]);
  query_int(&q, 1, (int64_t)at - 1);
  while (e == OK && at <= goal) {
    uint64_t there = query_row(&q) ? (uint64_t)query_get_int(&q, 0) : goal + 1;
    if (there > goal)
      there = goal + 1;
    if (there > at)
      e = each(of, at, there - 1);
    at = there + 1;
  }
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

enum err recovery_each_lost(struct store *s, void *of, enum err (*each)(void *of, uint64_t first, uint64_t last)) {
  struct runs r = {.of = of, .each = each};
  struct query q;
  enum err e = OK;
  query_start(&q, s->db, sql[LOST_EACH]);
  while (e == OK && query_row(&q))
    e = add_run(&r, (uint64_t)query_get_int(&q, 0), (uint64_t)query_get_int(&q, 0));
  if (e == OK && r.last)
    e = each(of, r.first, r.last);
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}
