#include "core/cosign.h"

#include <string.h>

#include "core/store_parts.h"

/* C2SP signed-note: 0xff, then a name of one's own. */
#define TYPE                                                                                                           \
  "\xff"                                                                                                               \
  "cairn.cosignature/1"
#define KEY_HASH_SIZE 4
#define FIXED_SIZE (KEY_HASH_SIZE + TEXT_TIME_SIZE + 8 + HASH_SIZE + TEXT_TIME_SIZE)

enum { KEEP, SIZE, CARRY };

static const char *const sql[] = {
    [KEEP] = "INSERT INTO cosignature(replica, size, line) VALUES(?1, ?2, ?3) "
             "ON CONFLICT DO UPDATE SET size = ?2, line = ?3 WHERE size < ?2",
    [SIZE] = "SELECT size FROM cosignature WHERE replica = ?1",
    /* Few rows: one of each machine. */
    [CARRY] = "SELECT line FROM (SELECT c.line, c.size, c.replica, "
              "row_number() OVER (PARTITION BY r.agency ORDER BY c.size DESC, c.replica) AS place "
              "FROM cosignature c JOIN (SELECT DISTINCT key, subject FROM certificate WHERE use = 'replica' "
              "AND from_s <= ?1 AND ?1 <= until_s) t ON t.key = c.replica JOIN replica r ON r.object = t.subject "
              "WHERE NOT EXISTS (SELECT 1 FROM revocation v WHERE v.target IN (r.object, r.agency))) "
              "ORDER BY place, size DESC, replica LIMIT ?2",
};

const char *const *cosign_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

/* ---- what is signed ---- */

static void signed_text(struct buf *b, const struct text_time *at, struct bytes text) {
  buf_addf(b, "cairn cosignature 1\ntime %s\n", at->s);
  buf_add(b, text);
}

enum err cosignature_sign(const struct key *k, const struct text_time *at, struct bytes text, struct buf *signature) {
  struct buf b = {0};
  signed_text(&b, at, text);
  enum err e = key_sign(k, buf_bytes(&b), signature);
  buf_release(&b);
  return e;
}

enum err cosignature_verify(const struct key *k, const struct text_time *at, struct bytes text,
                            struct bytes signature) {
  struct buf b = {0};
  signed_text(&b, at, text);
  enum err e = key_verify(k, buf_bytes(&b), signature);
  buf_release(&b);
  return e;
}

/* ---- the line ---- */

static void find_key_hash(const struct key *k, uint8_t out[KEY_HASH_SIZE]) {
  struct hash id = key_id(k);
  struct hash_hex name = hash_hex(&id);
  struct bytes parts[] = {bytes_str(name.s), bytes_of("\n", 1), bytes_str(TYPE), key_spki(k)};
  struct hash h = hash_of_parts(parts, sizeof parts / sizeof *parts);
  memcpy(out, h.at, KEY_HASH_SIZE);
}

void cosignature_format(struct buf *note, const struct key *k, const struct cosignature *c) {
  struct buf b = {0};
  struct hash id = key_id(k);
  uint8_t key_hash[KEY_HASH_SIZE];
  find_key_hash(k, key_hash);
  buf_add(&b, bytes_of(key_hash, KEY_HASH_SIZE));
  buf_add(&b, bytes_str(c->at.s));
  buf_u64(&b, c->checkpoint.size);
  buf_add(&b, hash_bytes(&c->checkpoint.root));
  buf_add(&b, bytes_str(c->checkpoint.time.s));
  buf_add(&b, c->signature);
  note_add_line(note, hash_hex(&id).s, buf_bytes(&b));
  buf_release(&b);
}

static bool read_time(struct reader *r, struct text_time *out) {
  struct bytes t = reader_take(r, TEXT_TIME_SIZE);
  if (r->err != OK || !text_is_time(t))
    return false;
  memcpy(out->s, t.at, TEXT_TIME_SIZE);
  return true;
}

/* False for a line of another sort; which they are is for their own readers to say. */
static bool read_line(const struct note_line *line, struct cosignature *out) {
  struct cosignature c = {0};
  if (hash_parse(line->name, &c.replica) != OK || line->bytes.len <= FIXED_SIZE ||
      line->bytes.len > FIXED_SIZE + KEY_SIGNATURE_MAX)
    return false;
  struct reader r = reader_of(line->bytes);
  memcpy(c.key_hash, reader_take(&r, KEY_HASH_SIZE).at, KEY_HASH_SIZE);
  bool is_good = read_time(&r, &c.at);
  c.checkpoint.size = reader_u64(&r);
  c.checkpoint.root = hash_from(reader_take(&r, HASH_SIZE));
  is_good = read_time(&r, &c.checkpoint.time) && is_good;
  c.signature = reader_take(&r, r.rest.len);
  if (is_good)
    *out = c;
  return is_good && reader_end(&r) == OK;
}

struct walking {
  struct checkpoint of;
  void *user;
  enum err (*each)(void *of, const struct cosignature *c);
};

static enum err take_line(void *of, const struct note_line *line) {
  struct walking *w = of;
  struct cosignature c;
  if (!read_line(line, &c))
    return OK;
  memcpy(c.checkpoint.origin, w->of.origin, sizeof c.checkpoint.origin);
  return w->each(w->user, &c);
}

enum err cosignature_each(struct bytes note, void *of, enum err (*each)(void *of, const struct cosignature *c)) {
  struct walking w = {.user = of, .each = each};
  struct bytes text;
  enum err e = note_text(note, &text);
  if (e == OK)
    e = checkpoint_parse(text, &w.of);
  return e == OK ? note_each_line(note, &w, take_line) : e;
}

enum err cosignature_check(const struct cosignature *c, const struct key *k) {
  struct buf text = {0};
  uint8_t key_hash[KEY_HASH_SIZE];
  find_key_hash(k, key_hash);
  checkpoint_format(&text, &c->checkpoint);
  enum err e = cosignature_verify(k, &c->at, buf_bytes(&text), c->signature);
  if (e == OK && memcmp(key_hash, c->key_hash, KEY_HASH_SIZE) != 0)
    e = err_set(ERR_SIGNATURE, "the cosignature's key hash is not that of its key");
  buf_release(&text);
  return e;
}

static enum err keep_other(void *of, const struct note_line *line) {
  struct cosignature c;
  if (!read_line(line, &c))
    buf_add(of, line->whole);
  return OK;
}

enum err cosignature_strip(struct bytes note, struct buf *out) {
  struct bytes text;
  enum err e = note_text(note, &text);
  if (e != OK)
    return e;
  buf_add(out, text);
  buf_u8(out, '\n');
  return note_each_line(note, out, keep_other);
}

/* ---- the node's ---- */

enum err cosignature_keep(struct store *s, const struct key *k, const struct cosignature *c) {
  struct buf line = {0};
  struct query q;
  cosignature_format(&line, k, c);
  query_start(&q, s->db, sql[KEEP]);
  query_blob(&q, 1, hash_bytes(&c->replica));
  query_int(&q, 2, (int64_t)c->checkpoint.size);
  query_text(&q, 3, buf_bytes(&line));
  enum err e = query_run(&q);
  buf_release(&line);
  return e;
}

enum err cosignature_size(struct store *s, const struct hash *replica, uint64_t *size_out) {
  struct query q;
  *size_out = 0;
  query_start(&q, s->db, sql[SIZE]);
  query_blob(&q, 1, hash_bytes(replica));
  if (query_row(&q))
    *size_out = (uint64_t)query_get_int(&q, 0);
  return query_end(&q);
}

enum err cosignature_carry(struct store *s, int64_t at_s, struct buf *note) {
  struct query q;
  query_start(&q, s->db, sql[CARRY]);
  query_int(&q, 1, at_s);
  query_int(&q, 2, COSIGNATURES_MAX);
  while (query_row(&q))
    buf_add(note, query_get(&q, 0));
  return query_end(&q);
}
