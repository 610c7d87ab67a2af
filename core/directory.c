#include "core/directory.h"

#include <string.h>

#include "core/store_parts.h"

enum {
  CERTIFICATE,
  PERSON,
  ROLES_ON,
  NAME,
  REVOKED,
  MACHINE,
  KEYS_WITH_ROLE,
  PEOPLE,
  AGENCIES,
  HOLDS,
  KEYS_OF,
  IS_KEEPER,
  DUE,
  MACHINE_OF,
};

#define REVOKED_OTHERWISE(target_)                                                                                     \
  "FROM revocation v JOIN entry e ON e.number = v.number WHERE v.target = " target_                                    \
  " AND e.kind <> 'key.revoke' AND v.number < ?4"

static const char *const sql[] = {
    [CERTIFICATE] = "SELECT cert FROM certificate WHERE key = ?1 ORDER BY until_s DESC, number DESC LIMIT 1",
    [PERSON] = "SELECT p.object, p.agency, a.type FROM person_key k JOIN person p ON p.object = k.person "
               "JOIN agency a ON a.object = p.agency WHERE k.object = ?1",
    [ROLES_ON] =
        "SELECT role FROM role WHERE person = ?1 AND from_date <= ?2 AND (until_date IS NULL OR until_date >= ?2) "
        "AND number < ?3 AND (taken_by IS NULL OR (SELECT number FROM entry WHERE id = taken_by) >= ?3)",
    [NAME] = "SELECT p.name FROM certificate c JOIN person_key k ON k.object = c.subject "
             "JOIN person p ON p.object = k.person WHERE c.key = ?1",
    /* A key.revoke that names a person's first entry is about the keys in it, not about the person. */
    [REVOKED] = "SELECT 1 WHERE EXISTS (SELECT 1 FROM revocation WHERE target = ?1 AND number < ?4) "
                "OR EXISTS (SELECT 1 " REVOKED_OTHERWISE("?2") ") OR EXISTS (SELECT 1 " REVOKED_OTHERWISE("?3") ")",
    [KEYS_WITH_ROLE] = "SELECT DISTINCT c.key FROM role r JOIN person_key k ON k.person = r.person "
                       "JOIN certificate c ON c.subject = k.object JOIN person p ON p.object = r.person "
                       "WHERE r.role = ?1 AND r.from_date <= ?2 AND (r.until_date IS NULL OR r.until_date >= ?2) "
                       "AND r.taken_by IS NULL "
                       "AND NOT EXISTS (SELECT 1 FROM revocation v JOIN entry e ON e.number = v.number "
                       "WHERE v.target IN (k.object, p.object, p.agency) "
                       "AND (v.target = k.object OR e.kind <> 'key.revoke')) "
                       "ORDER BY k.number LIMIT ?3",
    [PEOPLE] = "SELECT p.object, p.name, p.post, a.name, (SELECT group_concat(r.role, ', ') FROM role r "
               "WHERE r.person = p.object AND r.from_date <= ?1 AND (r.until_date IS NULL OR r.until_date >= ?1) "
               "AND r.taken_by IS NULL), "
               "EXISTS (SELECT 1 FROM revocation v JOIN entry e ON e.number = v.number "
               "WHERE v.target IN (p.object, p.agency) AND e.kind <> 'key.revoke'), p.number >= ?2 "
               "FROM person p JOIN agency a ON a.object = p.agency ORDER BY p.number",
    [AGENCIES] =
        "SELECT object, name, type, EXISTS (SELECT 1 FROM revocation v WHERE v.target = a.object) FROM agency a "
        "ORDER BY number",
    [HOLDS] = "SELECT object, author, rule, words, state, act FROM hold ORDER BY entry",
    [IS_KEEPER] = "SELECT 1 FROM role WHERE person = ?1 AND role = 'keeper' AND taken_by IS NULL "
                  "AND NOT EXISTS (SELECT 1 FROM revocation v JOIN entry e ON e.number = v.number WHERE v.target = ?1 "
                  "AND e.kind = 'person.revoke') LIMIT 1",
    [KEYS_OF] = "SELECT sign_key FROM person_key WHERE person = ?1 ORDER BY number",
    [MACHINE] = "SELECT agency FROM replica WHERE object = ?1",
    [MACHINE_OF] = "SELECT object FROM replica WHERE replica_key = ?1",
    [DUE] = "SELECT c.cert FROM certificate c LEFT JOIN person_key k ON k.object = c.subject "
            "WHERE c.agency = ?1 AND c.until_s BETWEEN ?3 AND ?4 AND (c.use = 'person' OR c.key = ?2) "
            "AND NOT EXISTS (SELECT 1 FROM certificate n WHERE n.key = c.key AND n.until_s > c.until_s) "
            "AND NOT EXISTS (SELECT 1 FROM revocation v JOIN entry e ON e.number = v.number "
            "WHERE v.target IN (c.subject, k.person, ?1) AND (v.target = c.subject OR e.kind <> 'key.revoke')) "
            "ORDER BY c.until_s LIMIT ?5",
};

const char *const *directory_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

static struct certified *place_for(struct store *s, const struct hash *key_id) {
  return &s->certified[key_id->at[0] % CERTIFIED_MAX];
}

static enum err keep(struct store *s, const struct hash *key_id, struct bytes cert, struct certified **out) {
  struct cert_facts facts;
  struct key *key = NULL;
  enum err e = cert_cache_read(&s->certs, cert, &facts);
  if (e == OK)
    e = key_from_spki(bytes_of(facts.spki, facts.spki_len), &key);
  if (e != OK)
    return e;
  *out = place_for(s, key_id);
  key_free((*out)->key);
  **out = (struct certified){*key_id, key, facts.subject, facts.use, facts.from_s, facts.until_s};
  return OK;
}

static enum err find_certified(struct store *s, const struct hash *key_id, struct certified **out) {
  struct query q;
  struct certified *c = place_for(s, key_id);
  if (c->key && hash_equal(&c->key_id, key_id)) {
    *out = c;
    return OK;
  }
  enum err e = OK;
  query_start(&q, s->db, sql[CERTIFICATE]);
  query_blob(&q, 1, hash_bytes(key_id));
  bool found = query_row(&q);
  if (found)
    e = keep(s, key_id, query_get(&q, 0), out);
  enum err query_error = query_end(&q);
  if (e == OK)
    e = query_error;
  return e == OK && !found ? err_set(ERR_KEY, "no certificate was accepted for the key %.8s", hash_hex(key_id).s) : e;
}

enum err directory_certificate(struct store *s, const struct hash *key_id, struct buf *out) {
  struct query q;
  query_start(&q, s->db, sql[CERTIFICATE]);
  query_blob(&q, 1, hash_bytes(key_id));
  bool found = query_row(&q);
  if (found)
    buf_add(out, query_get(&q, 0));
  enum err e = query_end(&q);
  return e == OK && !found ? err_set(ERR_KEY, "no certificate was accepted for the key %.8s", hash_hex(key_id).s) : e;
}

static unsigned role_bit(struct bytes word) {
  for (enum role r = 0; r < ROLE_COUNT; r++)
    if (bytes_equal_str(word, role_word(r)))
      return 1u << r;
  return 0;
}

static enum err find_roles(struct store *s, int64_t at_s, uint64_t before, struct author *a) {
  struct query q;
  struct text_time day = text_time_format(at_s);
  query_start(&q, s->db, sql[ROLES_ON]);
  query_blob(&q, 1, hash_bytes(&a->person));
  query_text(&q, 2, bytes_of(day.s, TEXT_DATE_SIZE));
  query_int(&q, 3, (int64_t)before);
  while (query_row(&q))
    a->roles |= role_bit(query_get(&q, 0));
  return query_end(&q);
}

static enum err find_person(struct store *s, struct author *a) {
  struct query q;
  query_start(&q, s->db, sql[PERSON]);
  query_blob(&q, 1, hash_bytes(&a->keys));
  bool found = query_row(&q);
  if (found) {
    struct bytes type = query_get(&q, 2);
    a->person = hash_from(query_get(&q, 0));
    a->agency = hash_from(query_get(&q, 1));
    memcpy(a->agency_type, type.at, type.len < sizeof a->agency_type ? type.len : sizeof a->agency_type - 1);
  }
  enum err e = query_end(&q);
  return e == OK && !found
             ? err_set(ERR_KEY, "the certificate for the key %.8s is not a person's", hash_hex(&a->key_id).s)
             : e;
}

static enum err is_revoked(struct store *s, const struct hash *a, const struct hash *b, const struct hash *c,
                           uint64_t before, bool *out) {
  struct query q;
  query_start(&q, s->db, sql[REVOKED]);
  query_blob(&q, 1, hash_bytes(a));
  query_blob(&q, 2, hash_bytes(b));
  query_blob(&q, 3, hash_bytes(c));
  query_int(&q, 4, (int64_t)before);
  *out = query_row(&q);
  return query_end(&q);
}

/* The operating key has no certificate: log.open or log.keys names it. Its key is kept like the others. */
static enum err find_node(struct store *s, const struct hash *key_id, uint64_t number, struct author *out) {
  struct buf spki = {0};
  struct hash in_force = {{0}};
  struct text_time since;
  struct certified *c = place_for(s, key_id);
  enum err e = directory_node_key(s, "operating", number, &spki, &in_force, &since);
  if (e == OK && !hash_equal(&in_force, key_id))
    e = ERR_ABSENT;
  if (e == OK && (c->key == NULL || !hash_equal(&c->key_id, key_id))) {
    struct key *key = NULL;
    e = key_from_spki(buf_bytes(&spki), &key);
    if (e == OK) {
      key_free(c->key);
      *c = (struct certified){.key_id = *key_id, .key = key, .use = CERT_NODE_TLS, .until_s = INT64_MAX};
    }
  }
  if (e == OK)
    *out = (struct author){
        .key_id = *key_id, .key = c->key, .is_node = true, .roles = 1u << ROLE_NODE, .until_s = INT64_MAX};
  buf_release(&spki);
  return e;
}

enum err directory_author(struct store *s, const struct hash *key_id, int64_t at_s, struct author *out) {
  return directory_author_of(s, key_id, STORE_PENDING, at_s, out);
}

#define DAY_S 86400

/* What was found of who has this key; NULL if that was nothing. */
static struct standing *find_standing(struct store *s, const struct hash *key_id) {
  struct certified *c = place_for(s, key_id);
  return c->key && hash_equal(&c->key_id, key_id) ? &c->standing : NULL;
}

static enum err find_author(struct store *s, const struct hash *key_id, uint64_t number, int64_t at_s,
                            struct author *out) {
  struct certified *c;
  struct author a = {.key_id = *key_id};
  /* Where something is being written, what is pending counts, too. */
  uint64_t before = number < STORE_PENDING ? number : INT64_MAX;
  if (find_node(s, key_id, number, out) == OK)
    return OK;
  enum err e = find_certified(s, key_id, &c);
  if (e != OK)
    return e;
  if (c->use != CERT_PERSON)
    return err_set(ERR_KEY, "the certificate for the key %.8s is not a person's", hash_hex(key_id).s);
  a.key = c->key;
  a.keys = c->subject;
  a.from_s = c->from_s;
  a.until_s = c->until_s;
  e = find_person(s, &a);
  if (e == OK)
    e = find_roles(s, at_s, before, &a);
  if (e == OK)
    e = is_revoked(s, &a.keys, &a.person, &a.agency, before, &a.is_revoked);
  if (e == OK)
    *out = a;
  return e;
}

/* Behind all that is accepted nothing of the past is left out, so what was found holds until the directory moves. */
enum err directory_author_of(struct store *s, const struct hash *key_id, uint64_t number, int64_t at_s,
                             struct author *out) {
  bool is_newest = number == store_size(s) + 1 && at_s >= 0;
  struct standing *standing = is_newest ? find_standing(s, key_id) : NULL;
  if (standing && standing->is_author && standing->day == at_s / DAY_S) {
    *out = standing->author;
    return OK;
  }
  enum err e = find_author(s, key_id, number, at_s, out);
  standing = e == OK && is_newest && !out->is_node ? find_standing(s, key_id) : NULL;
  if (standing) {
    standing->is_author = true;
    standing->author = *out;
    standing->day = at_s / DAY_S;
  }
  return e;
}

enum err directory_machine(struct store *s, const struct hash *key_id, struct machine *out) {
  struct certified *c;
  struct query q;
  enum err e = find_certified(s, key_id, &c);
  if (e != OK)
    return e;
  if (c->use != CERT_REPLICA)
    return err_set(ERR_KEY, "the key %.8s is not that of a machine that takes part", hash_hex(key_id).s);
  if (c->standing.is_machine) {
    *out = c->standing.machine;
    return OK;
  }
  struct machine m = {.entry = c->subject, .key = c->key, .from_s = c->from_s, .until_s = c->until_s};
  query_start(&q, s->db, sql[MACHINE]);
  query_blob(&q, 1, hash_bytes(&m.entry));
  if (query_row(&q))
    m.agency = hash_from(query_get(&q, 0));
  e = query_end(&q);
  if (e == OK)
    e = is_revoked(s, &m.entry, &m.entry, &m.agency, INT64_MAX, &m.is_revoked);
  if (e != OK)
    return e;
  c->standing.is_machine = true;
  c->standing.machine = m;
  *out = m;
  return OK;
}

enum err directory_machine_of(struct store *s, struct bytes spki, struct hash *entry_out) {
  struct query q;
  query_start(&q, s->db, sql[MACHINE_OF]);
  query_blob(&q, 1, spki);
  bool found = query_row(&q);
  if (found)
    *entry_out = hash_from(query_get(&q, 0));
  enum err e = query_end(&q);
  return e == OK && !found ? err_set(ERR_ABSENT, "no machine has this key") : e;
}

bool machine_is_valid(const struct machine *m, int64_t at_s) {
  return m->from_s <= at_s && at_s <= m->until_s;
}

enum err directory_due(struct store *s, const struct hash *replica, int64_t now_s, int64_t before_s,
                       struct cert_facts *out, size_t max, size_t *count_out) {
  struct machine m;
  struct query q;
  size_t count = 0;
  enum err e = directory_machine(s, replica, &m);
  if (e != OK)
    return e;
  query_start(&q, s->db, sql[DUE]);
  query_blob(&q, 1, hash_bytes(&m.agency));
  query_blob(&q, 2, hash_bytes(replica));
  query_int(&q, 3, now_s);
  query_int(&q, 4, before_s);
  query_int(&q, 5, (int64_t)max);
  while (e == OK && count < max && query_row(&q)) {
    e = cert_cache_read(&s->certs, query_get(&q, 0), &out[count]);
    count++;
  }
  enum err query_error = query_end(&q);
  *count_out = count;
  return e == OK ? query_error : e;
}

enum err directory_each_key(struct store *s, const struct hash *person, void *of,
                            enum err (*each)(void *of, const struct hash *key_id)) {
  struct query q;
  enum err e = OK;
  query_start(&q, s->db, sql[KEYS_OF]);
  query_blob(&q, 1, hash_bytes(person));
  while (e == OK && query_row(&q)) {
    struct hash id = hash_of(query_get(&q, 0));
    e = each(of, &id);
  }
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

bool directory_is_keeper(struct store *s, const struct hash *person) {
  struct query q;
  query_start(&q, s->db, sql[IS_KEEPER]);
  query_blob(&q, 1, hash_bytes(person));
  bool is = query_row(&q);
  return query_end(&q) == OK && is;
}

enum err directory_keys_with_role(struct store *s, enum role role, int64_t at_s, struct hash *out, size_t max,
                                  size_t *count_out) {
  struct query q;
  struct text_time day = text_time_format(at_s);
  size_t count = 0;
  query_start(&q, s->db, sql[KEYS_WITH_ROLE]);
  query_text(&q, 1, bytes_str(role_word(role)));
  query_text(&q, 2, bytes_of(day.s, TEXT_DATE_SIZE));
  query_int(&q, 3, (int64_t)max);
  while (count < max && query_row(&q))
    out[count++] = hash_from(query_get(&q, 0));
  *count_out = count;
  return query_end(&q);
}

/* Who reads gets only what may be seen: the entry behind a row is looked up as any other. */
static bool may_be_seen(struct store *s, const struct hash *id) {
  struct record r = {0};
  bool may = store_find(s, id, &r) == OK;
  record_release(&r);
  return may;
}

enum err directory_each_person(struct store *s, int64_t at_s, void *of,
                               enum err (*each)(void *of, const struct person_row *row)) {
  struct query q;
  struct text_time day = text_time_format(at_s);
  enum err e = OK;
  query_start(&q, s->db, sql[PEOPLE]);
  query_text(&q, 1, bytes_of(day.s, TEXT_DATE_SIZE));
  query_int(&q, 2, (int64_t)STORE_PENDING);
  while (e == OK && query_row(&q)) {
    struct person_row row = {.id = hash_from(query_get(&q, 0)),
                             .name = query_get(&q, 1),
                             .post = query_get(&q, 2),
                             .agency = query_get(&q, 3),
                             .roles = query_get(&q, 4),
                             .is_revoked = query_get_int(&q, 5) != 0,
                             .is_pending = query_get_int(&q, 6) != 0};
    e = may_be_seen(s, &row.id) ? each(of, &row) : OK;
  }
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

enum err directory_each_agency(struct store *s, void *of, enum err (*each)(void *of, const struct agency_row *row)) {
  struct query q;
  enum err e = OK;
  query_start(&q, s->db, sql[AGENCIES]);
  while (e == OK && query_row(&q)) {
    struct agency_row row = {.id = hash_from(query_get(&q, 0)),
                             .name = query_get(&q, 1),
                             .type = query_get(&q, 2),
                             .is_revoked = query_get_int(&q, 3) != 0};
    e = may_be_seen(s, &row.id) ? each(of, &row) : OK;
  }
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

/* A held act may have come once more in another way: from a machine that has a new identity. */
static bool was_accepted(struct store *s, struct bytes act) {
  struct hash id;
  uint64_t first;
  return hash_parse(act, &id) == OK && store_find_act_id(s, &id, &first) == OK && first < STORE_PENDING;
}

enum err directory_each_hold(struct store *s, void *of, enum err (*each)(void *of, const struct hold_row *row)) {
  struct query q;
  enum err e = OK;
  query_start(&q, s->db, sql[HOLDS]);
  while (e == OK && query_row(&q)) {
    struct hold_row row = {.id = hash_from(query_get(&q, 0)),
                           .author = query_get(&q, 1),
                           .rule = query_get(&q, 2),
                           .words = query_get(&q, 3),
                           .state = query_get(&q, 4)};
    if (bytes_equal_str(row.state, "held") && was_accepted(s, query_get(&q, 5)))
      row.state = bytes_str("accepted since");
    e = may_be_seen(s, &row.id) ? each(of, &row) : OK;
  }
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

void directory_name(struct store *s, const struct hash *key_id, struct buf *out) {
  struct query q;
  query_start(&q, s->db, sql[NAME]);
  query_blob(&q, 1, hash_bytes(key_id));
  if (query_row(&q))
    buf_add(out, query_get(&q, 0));
  else if (directory_is_operating(s, key_id))
    buf_add_str(out, "the node");
  else
    buf_addf(out, "%.8s", hash_hex(key_id).s);
  query_end(&q);
}

static bool is_writer(const struct author *a, const struct writer *w, const struct author_about *about) {
  unsigned roles = a->roles;
  if (!hash_is_zero(&about->person) && hash_equal(&about->person, &a->person))
    roles |= 1u << ROLE_SELF;
  if (about->takes_second)
    roles &= ~(1u << ROLE_KEEPER);
  if (about->is_second)
    roles |= 1u << ROLE_SECOND;
  bool is_own = !hash_is_zero(&about->agency) && hash_equal(&about->agency, &a->agency);
  return (roles >> w->role & 1) && (w->agency == NULL || strcmp(w->agency, a->agency_type) == 0) &&
         (is_own || !w->is_own_agency);
}

void directory_add_writer(const struct writer *w, struct buf *out) {
  buf_addf(out, "%s%s%s%s", role_word(w->role), w->agency ? " in " : "", w->agency ? w->agency : "",
           w->is_own_agency ? " of the agency" : "");
}

enum err directory_may_write(const struct author *a, const struct kind *k, const struct author_about *about) {
  struct buf who = {0};
  bool may = false;
  for (size_t i = 0; i < k->writer_count; i++) {
    may = may || is_writer(a, &k->writers[i], about);
    buf_add_str(&who, i ? ", " : "");
    directory_add_writer(&k->writers[i], &who);
  }
  enum err e = may ? OK : err_set(ERR_REFUSED, "%s may be written by: %s", k->name, buf_cstr(&who));
  buf_release(&who);
  return e;
}
