#include "core/restricted.h"

#include <string.h>

#include "core/calendar.h"
#include "core/directory.h"
#include "core/keyring.h"
#include "core/profile.h"
#include "core/seal.h"
#include "core/store_parts.h"

enum { ESCROW, PARTICIPANTS, FIND, FIND_PERMIT, HOLDERS, OPENINGS };

#define NAME_OF(key) "(SELECT p.name FROM signer s JOIN person p ON p.object = s.person WHERE s.key = " key ")"

static const char *const sql[] = {
    [ESCROW] =
        "SELECT k.seal_id FROM escrow_key k JOIN seal_key v ON v.entry = k.object WHERE v.counts AND k.number < ?1",
    [PARTICIPANTS] = "SELECT DISTINCT a.person FROM attendance a WHERE a.meeting = ?1 AND a.person IS NOT NULL AND "
                     "a.attended IN ('all', 'part') AND a.role IN ('chair', 'minute-taker', 'lead-professional', "
                     "'senior-social-worker', 'agency-participant', 'service-representative')",
    [FIND] =
        "SELECT i.object, NULL, s.person, s.agency, i.lifted_by IS NOT NULL, 0 FROM restricted_item i JOIN signer s "
        "ON s.key = i.by WHERE i.object = ?1 UNION ALL SELECT r.item, r.object, s.person, s.agency, i.lifted_by IS "
        "NOT NULL, r.ended_by IS NOT NULL FROM restricted_permit r LEFT JOIN restricted_item i ON i.object = r.item "
        "JOIN signer s ON s.key = coalesce(i.by, r.by) WHERE r.object = ?1",
    [FIND_PERMIT] =
        "SELECT r.object FROM restricted_permit r JOIN restricted_to t ON t.object = r.object JOIN seal_key k "
        "ON k.key = t.key WHERE r.item = ?1 AND k.person = ?2 AND r.ended_by IS NULL LIMIT 1",
    [HOLDERS] = "SELECT DISTINCT coalesce(p.name, g.name), k.what, g.name, x.permit, " NAME_OF(
        "x.by") ", n.purpose, "
                "a.admitted, x.ended, x.number FROM (SELECT object AS entry, number, NULL AS permit, NULL AS by, 0 AS "
                "ended "
                "FROM restricted_item WHERE object = ?1 UNION ALL SELECT object, number, object, by, ended_by IS NOT "
                "NULL "
                "FROM restricted_permit WHERE item = ?1) x JOIN restricted_to t ON t.object = x.entry JOIN seal_key k "
                "ON "
                "k.key = t.key JOIN agency g ON g.object = k.agency LEFT JOIN person p ON p.object = k.person LEFT "
                "JOIN "
                "restricted_reason n ON n.permit = x.permit JOIN entry e ON e.number = x.number JOIN act a ON a.first "
                "= "
                "e.act ORDER BY x.number, k.what, 1",
    [OPENINGS] =
        "SELECT o.object, o.item, " NAME_OF("o.by") ", o.how, o.at, o.reason, o.due, o.outcome, o.number, o.by FROM "
                                                    "(SELECT object, item, by, how, at, reason, how = 'break-glass' "
                                                    "AND reviewed_by IS NULL AS due, outcome, "
                                                    "number FROM restricted_opening UNION ALL SELECT object, item, by, "
                                                    "'does not open', at, NULL, 0, NULL, number "
                                                    "FROM restricted_fault) o LEFT JOIN restricted_permit r ON "
                                                    "r.object = o.item WHERE ?1 IS NULL OR o.item = ?1 "
                                                    "OR r.item = ?1 ORDER BY o.number",
};

const char *const *restricted_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

/* ---- to whom ---- */

enum err restricted_add_key(struct restricted_to *to, const struct hash *key) {
  for (size_t i = 0; i < to->count; i++)
    if (hash_equal(&to->keys[i], key))
      return OK;
  if (to->count == ENTRY_RECIPIENTS_MAX)
    return err_set(ERR_LIMIT, "it can be sealed to at most %d keys at once", ENTRY_RECIPIENTS_MAX);
  to->keys[to->count++] = *key;
  return OK;
}

struct adding {
  struct restricted_to *to;
  bool is_any;
};

static enum err add_row(void *of, const struct keyring_row *row) {
  struct adding *a = of;
  a->is_any = true;
  if (!row->is_confirmed)
    return err_set_remedy(ERR_REFUSED,
                          "compare the fingerprints with them by telephone, then: cairn people confirm NAME",
                          "the keys of \"%.*s\" have changed, and nobody on this machine has compared them",
                          (int)row->name.len, (const char *)row->name.at);
  return restricted_add_key(a->to, &row->seal);
}

enum err restricted_add_owner(struct store *s, const struct hash *owner, struct restricted_to *to) {
  struct adding a = {.to = to};
  enum err e = keyring_each_seal(s, owner, &a, add_row);
  return e == OK && !a.is_any ? err_set_remedy(ERR_ABSENT, "cairn sync", "there is no key to seal to") : e;
}

static enum err add_escrow(struct store *s, struct restricted_to *to) {
  struct query q;
  enum err e = OK;
  query_start(&q, s->db, sql[ESCROW]);
  query_int(&q, 1, (int64_t)STORE_PENDING);
  while (e == OK && query_row(&q)) {
    struct hash key = hash_from(query_get(&q, 0));
    e = restricted_add_key(to, &key);
  }
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

enum err restricted_add_standing(struct store *s, const struct hash *provider, const struct hash *agency,
                                 struct restricted_to *to) {
  struct adding role = {.to = to};
  enum err e = restricted_add_owner(s, provider, to);
  if (e == OK)
    e = keyring_each_seal(s, agency, &role, add_row);
  return e == OK ? add_escrow(s, to) : e;
}

static enum err add_signing(void *of, const struct hash *key) {
  return restricted_add_key(of, key);
}

enum err restricted_add_signing(struct store *s, const struct hash *person, struct restricted_to *to) {
  return directory_each_key(s, person, to, add_signing);
}

enum err restricted_each_participant(struct store *s, const struct hash *meeting, void *of,
                                     enum err (*each)(void *of, const struct hash *person)) {
  struct query q;
  enum err e = OK;
  query_start(&q, s->db, sql[PARTICIPANTS]);
  query_blob(&q, 1, hash_bytes(meeting));
  while (e == OK && query_row(&q)) {
    struct hash person = hash_from(query_get(&q, 0));
    e = each(of, &person);
  }
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

/* ---- items ---- */

static enum err may_be_seen(struct store *s, const struct hash *id) {
  struct record r = {0};
  enum err e = store_find(s, id, &r);
  record_release(&r);
  return e;
}

enum err restricted_find(struct store *s, const struct hash *id, struct restricted_item *out) {
  struct query q;
  enum err e = may_be_seen(s, id);
  if (e != OK)
    return e;
  *out = (struct restricted_item){0};
  query_start(&q, s->db, sql[FIND]);
  query_blob(&q, 1, hash_bytes(id));
  bool found = query_row(&q);
  if (found) {
    out->item = hash_from(query_get(&q, 0));
    if (!query_is_null(&q, 1))
      out->permit = hash_from(query_get(&q, 1));
    out->provider = hash_from(query_get(&q, 2));
    out->provider_agency = hash_from(query_get(&q, 3));
    out->is_lifted = query_get_int(&q, 4) != 0;
    out->is_withdrawn = query_get_int(&q, 5) != 0;
  }
  e = query_end(&q);
  return e == OK && !found ? err_set(ERR_ABSENT, "this is no restricted information") : e;
}

enum err restricted_find_permit(struct store *s, const struct hash *item, const struct hash *person, struct hash *out) {
  struct query q;
  query_start(&q, s->db, sql[FIND_PERMIT]);
  query_blob(&q, 1, hash_bytes(item));
  query_blob(&q, 2, hash_bytes(person));
  bool found = query_row(&q);
  if (found)
    *out = hash_from(query_get(&q, 0));
  enum err e = query_end(&q);
  return e == OK && !found ? err_set(ERR_ABSENT, "there is no permit for them") : e;
}

enum err restricted_open(struct store *s, const struct hash *id, const struct key *own,
                         uint8_t salt_out[ENTRY_SALT_SIZE], struct buf *content_out) {
  struct record r = {0};
  enum err e = store_find(s, id, &r);
  if (e == OK && !r.has_content)
    e = err_set(ERR_ABSENT, "what was sealed is not here any more");
  if (e == OK)
    e = seal_open(buf_bytes(&r.content), &r.entry, own, salt_out, content_out);
  record_release(&r);
  return e;
}

enum err restricted_each_holder(struct store *s, const struct hash *item, void *of,
                                enum err (*each)(void *of, const struct restricted_holder *row)) {
  struct query q;
  enum err e = OK;
  query_start(&q, s->db, sql[HOLDERS]);
  query_blob(&q, 1, hash_bytes(item));
  while (e == OK && query_row(&q)) {
    struct restricted_holder row = {.who = query_get(&q, 0),
                                    .kind = query_get(&q, 1),
                                    .agency = query_get(&q, 2),
                                    .by = query_get(&q, 4),
                                    .purpose = query_get(&q, 5),
                                    .since = query_get(&q, 6),
                                    .is_over = query_get_int(&q, 7) != 0};
    if (!query_is_null(&q, 3))
      row.permit = hash_from(query_get(&q, 3));
    if (may_be_seen(s, query_is_null(&q, 3) ? item : &row.permit) == OK)
      e = each(of, &row);
  }
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

enum err restricted_each_opening(struct store *s, const struct hash *item, void *of,
                                 enum err (*each)(void *of, const struct restricted_opening *row)) {
  struct query q;
  enum err e = OK;
  query_start(&q, s->db, sql[OPENINGS]);
  if (item)
    query_blob(&q, 1, hash_bytes(item));
  while (e == OK && query_row(&q)) {
    struct restricted_opening row = {.opening = hash_from(query_get(&q, 0)),
                                     .item = hash_from(query_get(&q, 1)),
                                     .by = query_get(&q, 2),
                                     .how = query_get(&q, 3),
                                     .at = query_get(&q, 4),
                                     .reason = query_get(&q, 5),
                                     .needs_review = query_get_int(&q, 6) != 0,
                                     .outcome = query_get(&q, 7),
                                     .number = (uint64_t)query_get_int(&q, 8),
                                     .key = hash_from(query_get(&q, 9))};
    if (may_be_seen(s, &row.opening) == OK)
      e = each(of, &row);
  }
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

enum err restricted_review_day(struct store *s, struct bytes at, struct calendar_date *out) {
  struct hash profile;
  struct buf holidays = {0};
  enum err e = profile_current(s, &profile);
  if (e == OK && !hash_is_zero(&profile))
    e = profile_setting(s, &profile, "holiday", &holidays);
  if (e == OK || e == ERR_ABSENT)
    e = calendar_add(at, 1, CALENDAR_WORKING_DAYS, buf_bytes(&holidays), out);
  buf_release(&holidays);
  return e;
}
