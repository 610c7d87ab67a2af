#include "core/feed_parts.h"

#include <inttypes.h>

#include "core/store_parts.h"

enum {
  END,
  AT,
  AFTER,
  PRESENT,
  ADD,
  AGENCY,
  KNOWN,
  HOLDS,
  RECEIPT_DUE,
};

static const char *const sql[] = {
    [END] = "SELECT place, digest FROM feed WHERE agency = ?1 ORDER BY place DESC LIMIT 1",
    [AT] = "SELECT place, digest FROM feed WHERE agency = ?1 AND place = ?2",
    [AFTER] = "SELECT f.place, f.op, f.number, NOT EXISTS (SELECT 1 FROM feed n INDEXED BY feed_number "
              "WHERE n.agency = ?1 AND n.number = f.number AND n.place <> f.place), (SELECT act FROM entry WHERE "
              "number = f.number) "
              "FROM feed f WHERE f.agency = ?1 AND f.place > ?2 ORDER BY f.place LIMIT ?3",
    [PRESENT] = "SELECT coalesce(min(place), 0) FROM feed INDEXED BY feed_number WHERE agency = ?1 AND number = ?2 "
                "AND op = 1 AND place > max(?3, (SELECT coalesce(max(place), 0) FROM feed INDEXED BY feed_number "
                "WHERE agency = ?1 AND number = ?2 AND op = 2))",
    [ADD] = "INSERT INTO feed(agency, place, op, number, digest) VALUES(?1, ?2, ?3, ?4, ?5)",
    [AGENCY] = "SELECT number FROM agency WHERE object = ?1",
    [KNOWN] = "SELECT 1 FROM feed WHERE agency = ?1 AND number = ?2 LIMIT 1",
    [HOLDS] = "SELECT 1 FROM holding WHERE number = ?1 AND agency = ?2",
    [RECEIPT_DUE] = "SELECT 1 WHERE (SELECT max(place) FROM feed INDEXED BY feed_taken WHERE "
                    "agency = ?1 AND op IN (2, 3) AND place <= ?3) > "
                    "coalesce((SELECT max(place) FROM feed_receipt WHERE replica = ?2), 0)",
};

const char *const *feed_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

struct hash feed_digest(const struct hash *before, enum feed_op op, uint64_t number) {
  struct buf b = {0};
  buf_add_str(&b, "cairn feed 1\n");
  buf_add(&b, hash_bytes(before));
  buf_u8(&b, (uint8_t)op);
  buf_u64(&b, number);
  struct hash digest = hash_of(buf_bytes(&b));
  buf_release(&b);
  return digest;
}

static void format_receipt(struct buf *b, const struct feed_receipt *r) {
  struct hash_hex ledger = hash_hex(&r->ledger), digest = hash_hex(&r->end.digest);
  buf_addf(b, "cairn receipt 1\nledger %s\nplace %" PRIu64 "\ndigest %s\n", ledger.s, r->end.place, digest.s);
}

enum err feed_receipt_sign(const struct feed_receipt *r, const struct key *replica, struct buf *signature_out) {
  struct buf text = {0};
  format_receipt(&text, r);
  enum err e = key_sign(replica, buf_bytes(&text), signature_out);
  buf_release(&text);
  return e;
}

enum err feed_receipt_verify(const struct feed_receipt *r, const struct key *replica, struct bytes signature) {
  struct buf text = {0};
  format_receipt(&text, r);
  enum err e = key_verify(replica, buf_bytes(&text), signature);
  buf_release(&text);
  return e;
}

/* ---- the lists ---- */

static enum err read_end(struct query *q, struct feed_end *out) {
  bool found = query_row(q);
  if (found)
    *out = (struct feed_end){(uint64_t)query_get_int(q, 0), hash_from(query_get(q, 1))};
  enum err e = query_end(q);
  return e == OK && !found ? err_set(ERR_ABSENT, "the feed has no such place") : e;
}

static void keep_end(struct store *s, uint64_t agency, const struct feed_end *end) {
  size_t i = agency % ENDS_KEPT;
  s->answers.ends[i].is_kept = true;
  s->answers.ends[i].agency = agency;
  s->answers.ends[i].place = end->place;
  s->answers.ends[i].digest = end->digest;
}

static void keep_delivered(struct store *s, uint64_t agency, uint64_t number) {
  size_t i = number % DELIVERED_KEPT;
  s->answers.delivered[i].agency = agency;
  s->answers.delivered[i].number = number;
}

enum err feed_end(struct store *s, uint64_t agency, struct feed_end *out) {
  struct query q;
  size_t i = agency % ENDS_KEPT;
  *out = (struct feed_end){0};
  if (s->answers.ends[i].is_kept && s->answers.ends[i].agency == agency) {
    *out = (struct feed_end){s->answers.ends[i].place, s->answers.ends[i].digest};
    return OK;
  }
  query_start(&q, s->db, sql[END]);
  query_int(&q, 1, (int64_t)agency);
  enum err e = read_end(&q, out);
  if (e == OK || e == ERR_ABSENT)
    keep_end(s, agency, out);
  return e == ERR_ABSENT ? OK : e;
}

enum err feed_at(struct store *s, uint64_t agency, uint64_t place, struct feed_end *out) {
  struct query q;
  *out = (struct feed_end){0};
  if (place == 0)
    return OK;
  query_start(&q, s->db, sql[AT]);
  query_int(&q, 1, (int64_t)agency);
  query_int(&q, 2, (int64_t)place);
  return read_end(&q, out);
}

static struct feed_event event_of(const struct query *q) {
  return (struct feed_event){(uint64_t)query_get_int(q, 0), (enum feed_op)query_get_int(q, 1),
                             (uint64_t)query_get_int(q, 2)};
}

enum err feed_after(struct store *s, uint64_t agency, uint64_t place, struct feed_told *out, size_t max,
                    size_t *count_out) {
  struct query q;
  size_t count = 0;
  query_start(&q, s->db, sql[AFTER]);
  query_int(&q, 1, (int64_t)agency);
  query_int(&q, 2, (int64_t)place);
  query_int(&q, 3, (int64_t)max);
  while (count < max && query_row(&q))
    out[count++] = (struct feed_told){event_of(&q), query_get_int(&q, 3) != 0, (uint64_t)query_get_int(&q, 4)};
  *count_out = count;
  return query_end(&q);
}

enum err feed_present(struct store *s, uint64_t agency, uint64_t number, uint64_t after, uint64_t *place_out) {
  struct query q;
  *place_out = 0;
  query_start(&q, s->db, sql[PRESENT]);
  query_int(&q, 1, (int64_t)agency);
  query_int(&q, 2, (int64_t)number);
  query_int(&q, 3, (int64_t)after);
  if (query_row(&q))
    *place_out = (uint64_t)query_get_int(&q, 0);
  return query_end(&q);
}

enum err feed_of_agency(struct store *s, const struct hash *agency, uint64_t *number_out) {
  struct query q;
  if (s->answers.feed.number && hash_equal(&s->answers.feed.agency, agency)) {
    *number_out = s->answers.feed.number;
    return OK;
  }
  query_start(&q, s->db, sql[AGENCY]);
  query_blob(&q, 1, hash_bytes(agency));
  bool found = query_row(&q);
  if (found) {
    *number_out = (uint64_t)query_get_int(&q, 0);
    s->answers.feed.agency = *agency;
    s->answers.feed.number = *number_out;
  }
  enum err e = query_end(&q);
  return e == OK && !found ? err_set(ERR_ABSENT, "there is no such agency here") : e;
}

enum err feed_holds(struct store *s, uint64_t agency, uint64_t number, bool *out) {
  struct query q;
  query_start(&q, s->db, sql[HOLDS]);
  query_int(&q, 1, (int64_t)number);
  query_int(&q, 2, (int64_t)agency);
  *out = query_row(&q);
  return query_end(&q);
}

enum err feed_is_held(struct store *s, const struct hash *agency, uint64_t number, bool *out) {
  uint64_t feed;
  enum err e = feed_of_agency(s, agency, &feed);
  return e == OK ? feed_holds(s, feed, number, out) : e;
}

enum err feed_has_known(struct store *s, const struct hash *agency, uint64_t number, bool *out) {
  struct query q;
  uint64_t feed;
  const size_t i = number % DELIVERED_KEPT;
  *out = false;
  enum err e = feed_of_agency(s, agency, &feed);
  if (e != OK)
    return e == ERR_ABSENT ? OK : e;
  *out = s->answers.delivered[i].agency == feed && s->answers.delivered[i].number == number;
  if (*out)
    return OK;
  query_start(&q, s->db, sql[KNOWN]);
  query_int(&q, 1, (int64_t)feed);
  query_int(&q, 2, (int64_t)number);
  *out = query_row(&q);
  if (*out)
    keep_delivered(s, feed, number);
  return query_end(&q);
}

enum err feed_add(struct store *s, uint64_t agency, enum feed_op op, uint64_t number) {
  struct feed_end end;
  struct query q;
  enum err e = feed_end(s, agency, &end);
  if (e != OK)
    return e;
  end = (struct feed_end){end.place + 1, feed_digest(&end.digest, op, number)};
  keep_end(s, agency, &end);
  query_start(&q, s->db, sql[ADD]);
  query_int(&q, 1, (int64_t)agency);
  query_int(&q, 2, (int64_t)end.place);
  query_int(&q, 3, op);
  query_int(&q, 4, (int64_t)number);
  query_blob(&q, 5, hash_bytes(&end.digest));
  return query_run(&q);
}

enum err feed_note(struct store *s, enum feed_op op, uint64_t number) {
  return feed_add(s, FEED_OWN, op, number);
}

enum err feed_is_receipt_due(struct store *s, uint64_t agency, const struct hash *machine, uint64_t place, bool *out) {
  struct query q;
  query_start(&q, s->db, sql[RECEIPT_DUE]);
  query_int(&q, 1, (int64_t)agency);
  query_blob(&q, 2, hash_bytes(machine));
  query_int(&q, 3, (int64_t)place);
  *out = query_row(&q);
  return query_end(&q);
}
