#include "core/invitation.h"

#include "core/store_parts.h"

enum { BY_SECRET, ALL };

/* The machine that joined with somebody is the entry behind theirs, in the same act. */
#define INVITATION                                                                                                     \
  "SELECT i.object, i.agency, i.by, i.name, i.post, a.name, (SELECT group_concat(value, ', ') FROM "                   \
  "json_each(i.roles)), i.trained, i.until, i.number >= ?1, i.withdrawn_by IS NOT NULL, "                              \
  "EXISTS (SELECT 1 FROM invitation_revoked v WHERE v.object = i.object), i.until < ?2, p.object, k.sign_key, "        \
  "(SELECT m.replica_key FROM replica m JOIN entry em ON em.number = m.number JOIN entry ep ON ep.number = p.number "  \
  "WHERE m.number = p.number + 1 AND em.act = ep.act), k.seal_key "                                                    \
  "FROM invitation i JOIN agency a ON a.object = i.agency LEFT JOIN person p ON p.invitation = i.object "              \
  "LEFT JOIN person_key k ON k.object = p.object "

static const char *const sql[] = {
    [BY_SECRET] = INVITATION "WHERE i.secret = ?3 ORDER BY i.number, p.number LIMIT 1",
    [ALL] = INVITATION "ORDER BY i.number, p.number",
};

const char *const *invitation_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

void invitation_release(struct invitation *i) {
  buf_release(&i->name);
  buf_release(&i->post);
  buf_release(&i->agency_name);
  buf_release(&i->roles);
  buf_release(&i->trained);
  buf_release(&i->until);
}

const char *invitation_state_word(enum invitation_state s) {
  switch (s) {
  case INVITATION_OPEN: return "open";
  case INVITATION_USED: return "used";
  case INVITATION_WITHDRAWN: return "withdrawn";
  case INVITATION_REVOKED: return "revoked";
  case INVITATION_EXPIRED: return "expired";
  }
  return "";
}

static void start(struct query *q, struct store *s, const char *statement, const struct text_time *now) {
  query_start(q, s->db, statement);
  query_int(q, 1, (int64_t)STORE_PENDING);
  query_text(q, 2, bytes_of(now->s, TEXT_TIME_SIZE));
}

static struct hash hash_or_none(struct bytes b) {
  return b.len == HASH_SIZE ? hash_from(b) : (struct hash){{0}};
}

static enum invitation_state read_state(const struct query *q) {
  if (!query_is_null(q, 13))
    return INVITATION_USED;
  if (query_get_int(q, 10))
    return INVITATION_WITHDRAWN;
  if (query_get_int(q, 11))
    return INVITATION_REVOKED;
  return query_get_int(q, 12) ? INVITATION_EXPIRED : INVITATION_OPEN;
}

static void read_row(const struct query *q, struct invitation *i) {
  struct buf *const texts[] = {&i->name, &i->post, &i->agency_name, &i->roles, &i->trained, &i->until};
  i->id = hash_from(query_get(q, 0));
  i->agency = hash_from(query_get(q, 1));
  i->by = hash_from(query_get(q, 2));
  for (int t = 0; t < 6; t++) {
    buf_clear(texts[t]);
    buf_add(texts[t], query_get(q, 3 + t));
  }
  i->is_pending = query_get_int(q, 9) != 0;
  i->state = read_state(q);
  i->person = hash_or_none(query_get(q, 13));
  i->key = i->seal_key = i->machine = (struct hash){{0}};
  if (!query_is_null(q, 14))
    i->key = hash_of(query_get(q, 14));
  if (!query_is_null(q, 15))
    i->machine = hash_of(query_get(q, 15));
  if (!query_is_null(q, 16))
    i->seal_key = hash_of(query_get(q, 16));
}

enum err invitation_find(struct store *s, const struct hash *secret, int64_t now_s, struct invitation *out) {
  struct query q;
  struct text_time now = text_time_format(now_s);
  struct hash_hex hex = hash_hex(secret);
  struct invitation i = {0};
  start(&q, s, sql[BY_SECRET], &now);
  query_text(&q, 3, bytes_str(hex.s));
  bool found = query_row(&q);
  if (found)
    read_row(&q, &i);
  enum err e = query_end(&q);
  if (e == OK && !found)
    e = err_set(ERR_ABSENT, "there is no such invitation");
  if (e == OK)
    *out = i;
  else
    invitation_release(&i);
  return e;
}

/* The entry behind a row is looked up as any other: who reads gets only what may be seen. */
static bool may_be_seen(struct store *s, const struct hash *id) {
  struct record r = {0};
  bool may = store_find(s, id, &r) == OK;
  record_release(&r);
  return may;
}

enum err invitation_each(struct store *s, int64_t now_s, void *of,
                         enum err (*each)(void *of, const struct invitation *i)) {
  struct query q;
  struct text_time now = text_time_format(now_s);
  struct invitation i = {0};
  enum err e = OK;
  start(&q, s, sql[ALL], &now);
  while (e == OK && query_row(&q)) {
    read_row(&q, &i);
    e = may_be_seen(s, &i.id) ? each(of, &i) : OK;
  }
  enum err query_error = query_end(&q);
  invitation_release(&i);
  return e == OK ? query_error : e;
}
