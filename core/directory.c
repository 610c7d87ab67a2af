#include "core/directory.h"

#include <string.h>

#include "core/store_parts.h"

enum { LOG, CERTIFICATE, PERSON, ROLES_ON, NAME, REVOKED, MACHINE, KEYS_WITH_ROLE, PEOPLE, AGENCIES, HOLDS, KEYS_OF };

static const char *const sql[] = {
    [LOG] = "SELECT object, origin, ledger_key, operating_key, operating_id, authority FROM log",
    [CERTIFICATE] = "SELECT cert FROM certificate WHERE key = ?1 ORDER BY until_s DESC LIMIT 1",
    [PERSON] = "SELECT p.object, p.agency, a.type FROM person_key k JOIN person p ON p.object = k.person "
               "JOIN agency a ON a.object = p.agency WHERE k.object = ?1",
    [ROLES_ON] =
        "SELECT role FROM role WHERE person = ?1 AND from_date <= ?2 AND (until_date IS NULL OR until_date >= ?2) "
        "AND taken_by IS NULL",
    [NAME] = "SELECT p.name FROM certificate c JOIN person_key k ON k.object = c.subject "
             "JOIN person p ON p.object = k.person WHERE c.key = ?1",
    /* A key.revoke that names a person's first entry is about the keys in it, not about the person. */
    [REVOKED] = "SELECT 1 FROM revocation v JOIN entry e ON e.number = v.number WHERE v.target IN (?1, ?2, ?3) "
                "AND (v.target = ?1 OR e.kind <> 'key.revoke') LIMIT 1",
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
    [HOLDS] = "SELECT object, author, rule, words, state FROM hold ORDER BY entry",
    [KEYS_OF] = "SELECT sign_key FROM person_key WHERE person = ?1 ORDER BY number",
    [MACHINE] = "SELECT agency FROM replica WHERE object = ?1",
};

const char *const *directory_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

enum err directory_log(struct store *s, struct directory_log *out) {
  struct query q;
  query_start(&q, s->db, sql[LOG]);
  bool found = query_row(&q);
  if (found) {
    out->ledger = hash_from(query_get(&q, 0));
    buf_add(&out->origin, query_get(&q, 1));
    buf_add(&out->ledger_key, query_get(&q, 2));
    buf_add(&out->operating_key, query_get(&q, 3));
    out->operating_id = hash_from(query_get(&q, 4));
    buf_add(&out->authority, query_get(&q, 5));
  }
  enum err e = query_end(&q);
  return e == OK && !found ? err_set(ERR_ABSENT, "the ledger's first entry is not here yet") : e;
}

void directory_log_release(struct directory_log *l) {
  buf_release(&l->origin);
  buf_release(&l->ledger_key);
  buf_release(&l->operating_key);
  buf_release(&l->authority);
}

static struct certified *place_for(struct store *s, const struct hash *key_id) {
  return &s->certified[key_id->at[0] % CERTIFIED_MAX];
}

static enum err keep(struct store *s, const struct hash *key_id, struct bytes cert, struct certified **out) {
  struct cert_facts facts;
  struct key *key = NULL;
  enum err e = cert_read(cert, &facts);
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

static enum err find_roles(struct store *s, int64_t at_s, struct author *a) {
  struct query q;
  struct text_time day = text_time_format(at_s);
  query_start(&q, s->db, sql[ROLES_ON]);
  query_blob(&q, 1, hash_bytes(&a->person));
  query_text(&q, 2, bytes_of(day.s, TEXT_DATE_SIZE));
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
                           bool *out) {
  struct query q;
  query_start(&q, s->db, sql[REVOKED]);
  query_blob(&q, 1, hash_bytes(a));
  query_blob(&q, 2, hash_bytes(b));
  query_blob(&q, 3, hash_bytes(c));
  *out = query_row(&q);
  return query_end(&q);
}

/* The operating key has no certificate: log.open names it. Its key is kept like the others. */
static enum err find_node(struct store *s, const struct hash *key_id, struct author *out) {
  struct directory_log log = {0};
  struct certified *c = place_for(s, key_id);
  enum err e = directory_log(s, &log);
  if (e == OK && !hash_equal(&log.operating_id, key_id))
    e = ERR_ABSENT;
  if (e == OK && (c->key == NULL || !hash_equal(&c->key_id, key_id))) {
    struct key *key = NULL;
    e = key_from_spki(buf_bytes(&log.operating_key), &key);
    if (e == OK) {
      key_free(c->key);
      *c = (struct certified){.key_id = *key_id, .key = key, .use = CERT_NODE_TLS, .until_s = INT64_MAX};
    }
  }
  if (e == OK)
    *out = (struct author){
        .key_id = *key_id, .key = c->key, .is_node = true, .roles = 1u << ROLE_NODE, .until_s = INT64_MAX};
  directory_log_release(&log);
  return e;
}

enum err directory_author(struct store *s, const struct hash *key_id, int64_t at_s, struct author *out) {
  struct certified *c;
  struct author a = {.key_id = *key_id};
  if (find_node(s, key_id, out) == OK)
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
    e = find_roles(s, at_s, &a);
  if (e == OK)
    e = is_revoked(s, &a.keys, &a.person, &a.agency, &a.is_revoked);
  if (e == OK)
    *out = a;
  return e;
}

enum err directory_replica_key(struct store *s, const struct hash *key_id, int64_t at_s, const struct key **out) {
  struct certified *c;
  enum err e = find_certified(s, key_id, &c);
  if (e != OK)
    return e;
  if (c->use != CERT_REPLICA || at_s < c->from_s || at_s > c->until_s)
    return err_set(ERR_KEY, "the key %.8s is not that of a machine that takes part", hash_hex(key_id).s);
  *out = c->key;
  return OK;
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
    e = may_be_seen(s, &row.id) ? each(of, &row) : OK;
  }
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

enum err directory_replica_is_revoked(struct store *s, const struct hash *key_id, bool *out) {
  struct certified *c;
  struct query q;
  struct hash agency = {{0}};
  enum err e = find_certified(s, key_id, &c);
  if (e != OK)
    return e;
  struct hash machine = c->subject;
  query_start(&q, s->db, sql[MACHINE]);
  query_blob(&q, 1, hash_bytes(&machine));
  if (query_row(&q))
    agency = hash_from(query_get(&q, 0));
  e = query_end(&q);
  return e == OK ? is_revoked(s, &machine, &machine, &agency, out) : e;
}

void directory_name(struct store *s, const struct hash *key_id, struct buf *out) {
  struct directory_log log = {0};
  struct query q;
  query_start(&q, s->db, sql[NAME]);
  query_blob(&q, 1, hash_bytes(key_id));
  if (query_row(&q))
    buf_add(out, query_get(&q, 0));
  else if (directory_log(s, &log) == OK && hash_equal(&log.operating_id, key_id))
    buf_add_str(out, "the node");
  else
    buf_addf(out, "%.8s", hash_hex(key_id).s);
  query_end(&q);
  directory_log_release(&log);
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
