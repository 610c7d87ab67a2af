#include "core/directory.h"

#include <string.h>

#include "core/store_parts.h"

enum { LOG, CERTIFICATE, PERSON, ROLES_ON, NAME };

static const char *const sql[] = {
    [LOG] = "SELECT object, origin, ledger_key, operating_key, operating_id, authority FROM log",
    [CERTIFICATE] = "SELECT cert FROM certificate WHERE key = ?1 ORDER BY until_s DESC LIMIT 1",
    [PERSON] = "SELECT p.agency, a.type FROM person p JOIN agency a ON a.object = p.agency WHERE p.object = ?1",
    [ROLES_ON] =
        "SELECT role FROM role WHERE person = ?1 AND from_date <= ?2 AND (until_date IS NULL OR until_date >= ?2)",
    [NAME] = "SELECT p.name FROM certificate c JOIN person p ON p.object = c.subject WHERE c.key = ?1",
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

static enum err find_agency(struct store *s, struct author *a) {
  struct query q;
  query_start(&q, s->db, sql[PERSON]);
  query_blob(&q, 1, hash_bytes(&a->person));
  bool found = query_row(&q);
  if (found) {
    struct bytes type = query_get(&q, 1);
    a->agency = hash_from(query_get(&q, 0));
    memcpy(a->agency_type, type.at, type.len < sizeof a->agency_type ? type.len : sizeof a->agency_type - 1);
  }
  enum err e = query_end(&q);
  return e == OK && !found
             ? err_set(ERR_KEY, "the certificate for the key %.8s is not a person's", hash_hex(&a->key_id).s)
             : e;
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
  a.person = c->subject;
  a.from_s = c->from_s;
  a.until_s = c->until_s;
  e = find_agency(s, &a);
  if (e == OK)
    e = find_roles(s, at_s, &a);
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

enum err directory_may_write(const struct author *a, const struct kind *k) {
  struct buf who = {0};
  bool may = false;
  for (size_t i = 0; i < k->writer_count; i++) {
    const struct writer *w = &k->writers[i];
    if ((a->roles >> w->role & 1) && (w->agency == NULL || strcmp(w->agency, a->agency_type) == 0))
      may = true;
    buf_addf(&who, "%s%s%s%s", i ? ", " : "", role_word(w->role), w->agency ? " in " : "", w->agency ? w->agency : "");
  }
  enum err e = may ? OK : err_set(ERR_REFUSED, "%s may be written by: %s", k->name, buf_cstr(&who));
  buf_release(&who);
  return e;
}
