#include "core/seen.h"

#include "core/child.h"
#include "core/store_parts.h"

enum { SEEN, SEEN_SEALED };

#define AGENCY_OF                                                                                                      \
  "SELECT p.agency FROM certificate c JOIN person_key k ON k.object = c.subject JOIN person p ON p.object = k.person "

static const char *const sql[] = {
    [SEEN] =
        "WITH child(id) AS (SELECT child FROM entry_child WHERE number = ?4 UNION ALL SELECT ?5) "
        "SELECT g.name FROM agency g WHERE g.object IN (" AGENCY_OF "WHERE c.key = ?1) OR (?2 IS NOT NULL AND (?3 "
        "OR g.object IN (SELECT i.agency FROM involvement i WHERE (i.ended IS NULL OR i.ended >= ?2) AND i.child IN "
        "(SELECT id FROM child)) OR g.object IN (" AGENCY_OF "WHERE c.key IN (SELECT a.by FROM entry_child n "
        "JOIN entry e ON e.number = n.number JOIN act a ON a.first = e.act WHERE n.child IN (SELECT id FROM child))) "
        "OR g.object IN (SELECT n.agency FROM invitee n WHERE n.meeting = ?6))) ORDER BY g.name",
    /* what is sealed can have been read by those alone to whom it is sealed */
    [SEEN_SEALED] = "SELECT DISTINCT g.name FROM restricted_to t JOIN seal_key k ON k.key = t.key JOIN agency g "
                    "ON g.object = k.agency WHERE t.object = ?1 AND k.what = 'person' ORDER BY g.name",
};

const char *const *seen_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

static enum err each_sealed_to(struct store *s, const struct hash *entry, void *of,
                               enum err (*each)(void *of, struct bytes agency)) {
  struct query q;
  enum err e = OK;
  query_start(&q, s->db, sql[SEEN_SEALED]);
  query_blob(&q, 1, hash_bytes(entry));
  while (e == OK && query_row(&q))
    e = each(of, query_get(&q, 0));
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

enum err seen_each(struct store *s, const struct record *r, void *of, enum err (*each)(void *of, struct bytes agency)) {
  const struct hash *meeting = entry_ref(&r->entry, "meeting");
  struct act_record act = {0};
  struct query q;
  if (r->entry.audience == AUDIENCE_RESTRICTED)
    return each_sealed_to(s, &r->entry.id, of, each);
  enum err e = store_find_act(s, r->act_first, &act);
  if (e != OK)
    return e;
  query_start(&q, s->db, sql[SEEN]);
  query_blob(&q, 1, hash_bytes(&r->entry.by));
  if (act.admitted.s[0])
    query_text(&q, 2, bytes_str(act.admitted.s));
  query_int(&q, 3, r->entry.audience == AUDIENCE_REGISTER);
  query_int(&q, 4, (int64_t)r->number);
  query_blob(&q, 5, hash_bytes(&r->entry.id)); /* a child's own record; of anything else it is no child's id */
  query_blob(&q, 6, hash_bytes(meeting ? meeting : &r->entry.id));
  while (e == OK && query_row(&q))
    e = each(of, query_get(&q, 0));
  enum err query_error = query_end(&q);
  act_record_release(&act);
  return e == OK ? query_error : e;
}
