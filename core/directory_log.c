/* The ledger's name and the node's keys, as log.open, log.keys and log.anew tell. */
#include "core/directory.h"

#include <string.h>

#include "core/note.h"
#include "core/store_parts.h"

enum { LOG, ANEW, IS_FORMER, NODE_KEY, OPERATING, HANDED_OVER, AUTHORITIES, LEDGER_KEYS };

static const char *const sql[] = {
    [LOG] = "SELECT (SELECT object FROM log WHERE number = 1), origin, name FROM log WHERE number < max(?1, 2) "
            "ORDER BY number DESC LIMIT 1",
    [ANEW] = "SELECT max(number) FROM log WHERE number > 1 AND number < ?1",
    [IS_FORMER] = "SELECT 1 FROM log WHERE origin = ?1 AND number < (SELECT max(number) FROM log)",
    [NODE_KEY] = "SELECT key, id, since FROM node_key WHERE part = ?1 AND number < ?2 ORDER BY number DESC LIMIT 1",
    [OPERATING] = "SELECT 1 FROM node_key WHERE part = 'operating' AND id = ?1 AND number < ?2",
    [HANDED_OVER] = "SELECT (SELECT min(number) FROM node_key n WHERE n.part = 'ledger' AND n.number > k.number "
                    "AND n.number < ?2) FROM node_key k WHERE k.part = 'ledger' AND k.id = ?1 AND k.number < ?2",
    [AUTHORITIES] = "SELECT key, id, (SELECT since FROM node_key n WHERE n.part = 'authority' AND n.number > k.number "
                    "AND n.number < ?1 ORDER BY n.number LIMIT 1) FROM node_key k WHERE part = 'authority' "
                    "AND number < ?1 ORDER BY number DESC",
    [LEDGER_KEYS] = "SELECT key, since, (SELECT since FROM node_key n WHERE n.part = 'ledger' AND n.number > k.number "
                    "AND n.number < ?1 ORDER BY n.number LIMIT 1) FROM node_key k WHERE part = 'ledger' "
                    "AND number < ?1 ORDER BY number",
};

const char *const *directory_log_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

enum err directory_node_key(struct store *s, const char *part, uint64_t number, struct buf *key, struct hash *id_out,
                            struct text_time *since_out) {
  struct query q;
  query_start(&q, s->db, sql[NODE_KEY]);
  query_text(&q, 1, bytes_str(part));
  query_int(&q, 2, (int64_t)number);
  if (query_row(&q)) {
    struct bytes since = query_get(&q, 2);
    buf_add(key, query_get(&q, 0));
    *id_out = hash_from(query_get(&q, 1));
    if (since.len == TEXT_TIME_SIZE)
      memcpy(since_out->s, since.at, since.len);
  }
  return query_end(&q);
}

enum err directory_log_at(struct store *s, uint64_t number, struct directory_log *out) {
  struct query q;
  struct hash ignored;
  query_start(&q, s->db, sql[LOG]);
  query_int(&q, 1, (int64_t)number);
  bool found = query_row(&q);
  if (found) {
    out->ledger = hash_from(query_get(&q, 0));
    buf_add(&out->origin, query_get(&q, 1));
    buf_add(&out->authority_name, query_get(&q, 2));
  }
  enum err e = query_end(&q);
  if (e == OK && !found)
    return err_set(ERR_ABSENT, "the ledger's first entry is not here yet");
  if (e == OK)
    e = directory_node_key(s, "ledger", number, &out->ledger_key, &ignored, &out->ledger_since);
  if (e == OK)
    e = directory_node_key(s, "operating", number, &out->operating_key, &out->operating_id, &out->operating_since);
  return e == OK ? directory_node_key(s, "authority", number, &out->authority, &ignored, &out->authority_since) : e;
}

enum err directory_log(struct store *s, struct directory_log *out) {
  return directory_log_at(s, STORE_PENDING, out);
}

static enum err make_vkey(const char *origin, struct bytes spki, struct note_vkey *out) {
  struct buf text = {0};
  struct key *key = NULL;
  enum err e = key_from_spki(spki, &key);
  if (e == OK) {
    note_vkey_format(&text, origin, key);
    e = note_vkey_parse(buf_bytes(&text), out);
  }
  key_free(key);
  buf_release(&text);
  return e;
}

enum err directory_vkey(struct store *s, uint64_t size, struct note_vkey *out) {
  struct directory_log log = {0};
  struct buf joined = {0};
  enum err e = directory_log_at(s, size + 1, &log);
  if (e == OK && log.ledger_key.len > 0)
    e = make_vkey(buf_cstr(&log.origin), buf_bytes(&log.ledger_key), out);
  else if ((e == OK || e == ERR_ABSENT) && (e = store_meta(s, "vkey", &joined)) == OK)
    e = note_vkey_parse(buf_bytes(&joined), out);
  directory_log_release(&log);
  buf_release(&joined);
  return e;
}

enum err directory_opened_anew(struct store *s, uint64_t *number_out) {
  struct query q;
  query_start(&q, s->db, sql[ANEW]);
  query_int(&q, 1, (int64_t)STORE_PENDING);
  *number_out = query_row(&q) && !query_is_null(&q, 0) ? (uint64_t)query_get_int(&q, 0) : 0;
  return query_end(&q);
}

bool directory_is_former_origin(struct store *s, struct bytes origin) {
  struct query q;
  query_start(&q, s->db, sql[IS_FORMER]);
  query_text(&q, 1, origin);
  bool is = query_row(&q);
  return query_end(&q) == OK && is;
}

enum err directory_handed_over(struct store *s, const struct hash *ledger_key_id, uint64_t *number_out) {
  struct query q;
  query_start(&q, s->db, sql[HANDED_OVER]);
  query_blob(&q, 1, hash_bytes(ledger_key_id));
  query_int(&q, 2, (int64_t)STORE_PENDING);
  bool found = query_row(&q);
  uint64_t number = found && !query_is_null(&q, 0) ? (uint64_t)query_get_int(&q, 0) : 0;
  enum err e = query_end(&q);
  if (e == OK && !found)
    return err_set(ERR_ABSENT, "the key %.8s was never the ledger's", hash_hex(ledger_key_id).s);
  if (e == OK)
    *number_out = number;
  return e;
}

enum err directory_each_authority(struct store *s, void *of,
                                  enum err (*each)(void *of, const struct authority_row *row)) {
  struct query q;
  enum err e = OK;
  query_start(&q, s->db, sql[AUTHORITIES]);
  query_int(&q, 1, (int64_t)STORE_PENDING);
  while (e == OK && query_row(&q)) {
    struct authority_row row = {query_get(&q, 0), hash_from(query_get(&q, 1)), query_get(&q, 2)};
    e = each(of, &row);
  }
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

static void copy_time(struct text_time *out, struct bytes time) {
  if (time.len == TEXT_TIME_SIZE)
    memcpy(out->s, time.at, time.len);
}

enum err directory_each_ledger_key(struct store *s, void *of,
                                   enum err (*each)(void *of, const struct ledger_key_row *row)) {
  struct query q;
  enum err e = OK;
  query_start(&q, s->db, sql[LEDGER_KEYS]);
  query_int(&q, 1, (int64_t)STORE_PENDING);
  while (e == OK && query_row(&q)) {
    struct ledger_key_row row = {.spki = query_get(&q, 0)};
    copy_time(&row.from, query_get(&q, 1));
    copy_time(&row.until, query_get(&q, 2));
    e = each(of, &row);
  }
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

struct issuing {
  struct bytes cert;
  struct cert_facts facts;
  struct buf *out;
  bool is_found;
};

static enum err try_issuer(void *of, const struct authority_row *row) {
  struct issuing *i = of;
  struct cert_facts ignored;
  if (i->is_found || cert_check(row->cert, i->cert, i->facts.use, &ignored) != OK)
    return OK;
  i->is_found = true;
  buf_add(i->out, row->cert);
  return OK;
}

enum err directory_issuer(struct store *s, struct bytes cert, struct buf *out) {
  struct issuing i = {.cert = cert, .out = out};
  enum err e = cert_cache_read(&s->certs, cert, &i.facts);
  if (e == OK)
    e = directory_each_authority(s, &i, try_issuer);
  return e == OK && !i.is_found ? err_set(ERR_KEY, "the certificate is from no authority of this ledger") : e;
}

void directory_log_release(struct directory_log *l) {
  buf_release(&l->origin);
  buf_release(&l->ledger_key);
  buf_release(&l->operating_key);
  buf_release(&l->authority);
  buf_release(&l->authority_name);
}

bool directory_is_operating(struct store *s, const struct hash *key_id) {
  struct query q;
  query_start(&q, s->db, sql[OPERATING]);
  query_blob(&q, 1, hash_bytes(key_id));
  query_int(&q, 2, (int64_t)STORE_PENDING);
  bool is = query_row(&q);
  query_end(&q);
  return is;
}
