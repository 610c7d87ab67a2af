#include "core/keyring.h"

#include <string.h>

#include "core/hash.h"
#include "core/store_parts.h"

enum { EACH, CONFIRM, FIND_SEAL, OF_READER };

/* A key.revoke that names a person's first entry is about the keys in it, not about the person. */
#define IS_REVOKED(owner, agency)                                                                                      \
  "EXISTS (SELECT 1 FROM revocation v JOIN entry w ON w.number = v.number "                                            \
  "WHERE v.target IN (k.object, " owner ", " agency ") AND (v.target = k.object OR w.kind <> 'key.revoke'))"
#define IS_KNOWN_HERE                                                                                                  \
  "(a.replica = (SELECT value FROM meta WHERE name = 'replica-key') "                                                  \
  "OR EXISTS (SELECT 1 FROM confirmed c WHERE c.entry = k.object))"
#define INTRODUCED                                                                                                     \
  "JOIN entry e ON e.number = k.number JOIN act a ON a.first = e.act "                                                 \
  "WHERE k.number > ?2 AND "

static const char *const sql[] = {
    [EACH] = "SELECT 0 AS of, k.object, k.person, p.name, g.name, k.sign_key, k.seal_key, a.by, k.number AS number, "
             "a.admitted, k.object = k.person, " IS_REVOKED(
                 "p.object",
                 "p.agency") ", " IS_KNOWN_HERE " FROM person_key k JOIN person p ON p.object = k.person JOIN agency g "
                             "ON g.object = p.agency " INTRODUCED "(?1 IS NULL OR k.person = ?1) "
                             "UNION ALL SELECT 1, k.object, k.agency, g.name, g.name, NULL, k.seal_key, a.by, "
                             "k.number, a.admitted, "
                             "NOT EXISTS (SELECT 1 FROM agency_key o WHERE o.agency = k.agency AND o.number < "
                             "k.number), " IS_REVOKED(
                                 "k.agency",
                                 "k.agency") ", " IS_KNOWN_HERE
                                             " FROM agency_key k JOIN agency g ON g.object = k.agency " INTRODUCED
                                             "(?1 IS NULL OR k.agency = ?1) "
                                             "UNION ALL SELECT 2, k.object, k.agency, k.name, g.name, k.replica_key, "
                                             "NULL, a.by, k.number, a.admitted, "
                                             "1, " IS_REVOKED("k.agency",
                                                              "k.agency") ", " IS_KNOWN_HERE
                                                                          " FROM replica k JOIN agency g ON g.object = "
                                                                          "k.agency " INTRODUCED "?1 IS NULL "
                                                                          "ORDER BY number",
    [FIND_SEAL] = "SELECT seal_key FROM person_key WHERE seal_id = ?1 UNION ALL SELECT seal_key FROM agency_key "
                  "WHERE seal_id = ?1 UNION ALL SELECT seal_key FROM escrow_key WHERE seal_id = ?1",
    [OF_READER] =
        "SELECT sign_id FROM person_key WHERE person = ?1 UNION ALL SELECT seal_id FROM person_key WHERE "
        "person = ?1 UNION ALL SELECT k.seal_id FROM agency_key k JOIN person p ON p.agency = k.agency JOIN "
        "role r ON r.person = p.object WHERE p.object = ?1 AND r.role = 'designated-lead' AND r.taken_by IS "
        "NULL UNION ALL SELECT k.seal_id FROM escrow_key k WHERE EXISTS (SELECT 1 FROM role r WHERE r.person = "
        "?1 AND r.role = 'keeper' AND r.taken_by IS NULL)",
    [CONFIRM] = "INSERT INTO confirmed(entry, at) VALUES(?1, ?2) ON CONFLICT DO NOTHING",
};

const char *const *keyring_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

static struct hash id_of(struct bytes spki) {
  return spki.len ? hash_of(spki) : (struct hash){{0}};
}

static struct keyring_row read_row(struct query *q) {
  struct keyring_row row = {.of = (enum keyring_of)query_get_int(q, 0),
                            .entry = hash_from(query_get(q, 1)),
                            .owner = hash_from(query_get(q, 2)),
                            .name = query_get(q, 3),
                            .agency = query_get(q, 4),
                            .sign = id_of(query_get(q, 5)),
                            .seal = id_of(query_get(q, 6)),
                            .seal_key = query_get(q, 6),
                            .by = hash_from(query_get(q, 7)),
                            .number = (uint64_t)query_get_int(q, 8),
                            .since = query_get(q, 9),
                            .is_first = query_get_int(q, 10) != 0,
                            .is_revoked = query_get_int(q, 11) != 0};
  row.is_confirmed = row.is_first || query_get_int(q, 12) != 0;
  return row;
}

/* Who reads gets only what may be seen: the entry behind a row is looked up as any other. */
static bool may_be_seen(struct store *s, const struct hash *id) {
  struct record r = {0};
  bool may = store_find(s, id, &r) == OK;
  record_release(&r);
  return may;
}

enum err keyring_each(struct store *s, const struct hash *owner, uint64_t after, void *of,
                      enum err (*each)(void *of, const struct keyring_row *row)) {
  struct query q;
  enum err e = OK;
  query_start(&q, s->db, sql[EACH]);
  if (owner)
    query_blob(&q, 1, hash_bytes(owner));
  query_int(&q, 2, (int64_t)after);
  while (e == OK && query_row(&q)) {
    struct keyring_row row = read_row(&q);
    e = may_be_seen(s, &row.entry) ? each(of, &row) : OK;
  }
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

/* ---- what is sealed to ---- */

struct counting {
  void *of;
  enum err (*each)(void *of, const struct keyring_row *row);
  uint64_t newest; /* of an agency's role keys */
  bool is_looking; /* for the newest one */
};

static enum err pick_seal(void *of, const struct keyring_row *row) {
  struct counting *c = of;
  if (row->is_revoked || row->number >= STORE_PENDING || row->seal_key.len == 0)
    return OK;
  if (c->is_looking && row->of == KEYRING_AGENCY)
    c->newest = row->number;
  if (c->is_looking || (row->of == KEYRING_AGENCY && row->number != c->newest))
    return OK;
  return c->each(c->of, row);
}

enum err keyring_each_seal(struct store *s, const struct hash *owner, void *of,
                           enum err (*each)(void *of, const struct keyring_row *row)) {
  struct counting c = {.of = of, .each = each, .is_looking = true};
  enum err e = keyring_each(s, owner, 0, &c, pick_seal);
  c.is_looking = false;
  return e == OK ? keyring_each(s, owner, 0, &c, pick_seal) : e;
}

enum err keyring_find_seal(struct store *s, const struct hash *key_id, struct key **out) {
  struct query q;
  struct buf spki = {0};
  query_start(&q, s->db, sql[FIND_SEAL]);
  query_blob(&q, 1, hash_bytes(key_id));
  if (query_row(&q))
    buf_add(&spki, query_get(&q, 0));
  enum err e = query_end(&q);
  if (e == OK)
    e = spki.len ? key_from_spki(buf_bytes(&spki), out)
                 : err_set(ERR_ABSENT, "nobody here has the key %.8s", hash_hex(key_id).s);
  buf_release(&spki);
  return e;
}

enum err keyring_each_of_reader(struct store *s, const struct hash *person, void *of,
                                enum err (*each)(void *of, const struct hash *key_id)) {
  struct query q;
  enum err e = OK;
  query_start(&q, s->db, sql[OF_READER]);
  query_blob(&q, 1, hash_bytes(person));
  while (e == OK && query_row(&q)) {
    struct hash id = hash_from(query_get(&q, 0));
    e = each(of, &id);
  }
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

/* ---- what was compared ---- */

static enum err note_unconfirmed(void *of, const struct keyring_row *row) {
  if (!row->is_confirmed && row->number < STORE_PENDING)
    buf_add(of, hash_bytes(&row->entry));
  return OK;
}

enum err keyring_confirm(struct store *s, const struct hash *owner, int64_t now_s, uint64_t *count_out) {
  struct buf entries = {0};
  struct text_time now = text_time_format(now_s);
  enum err e = keyring_each(s, owner, 0, &entries, note_unconfirmed);
  for (size_t i = 0; e == OK && i < entries.len; i += HASH_SIZE) {
    struct query q;
    query_start(&q, s->db, sql[CONFIRM]);
    query_blob(&q, 1, bytes_of(entries.at + i, HASH_SIZE));
    query_text(&q, 2, bytes_str(now.s));
    e = query_run(&q);
  }
  if (e == OK)
    *count_out = entries.len / HASH_SIZE;
  buf_release(&entries);
  return e;
}
