/* On a replica: what its feed takes back goes, here and from the file; and what is not to go does not. */
#include <inttypes.h>

#include "core/feed_parts.h"
#include "core/moment.h"
#include "core/parts.h"
#include "core/store_parts.h"

enum {
  RESTART,
  PASS,
  LOSE,
  NOTED,
  WITHHELD,
  GROUNDLESS,
  HAS_GROUND,
  IS_OF_AGENCY,
  OBJECT_OF,
  FORGET,
  DROP_CONTENT,
  DROP_WORDS,
};

static const char *const sql[] = {
    [RESTART] = "DELETE FROM feed WHERE agency = 0",
    [PASS] = "INSERT INTO forgotten(number, why) SELECT ?1, 'withdrawn' "
             "WHERE NOT EXISTS (SELECT 1 FROM content WHERE number = ?1) "
             "ON CONFLICT DO UPDATE SET why = 'withdrawn' WHERE why = 'lost'",
    /* Also of what was taken back before it was to be held again. */
    [LOSE] = "INSERT INTO forgotten(number, why) SELECT ?1, 'lost' "
             "WHERE NOT EXISTS (SELECT 1 FROM content WHERE number = ?1) "
             "ON CONFLICT DO UPDATE SET why = 'lost' WHERE why = 'withdrawn'",
    [NOTED] = "SELECT number FROM forgotten WHERE why = 'lost' ORDER BY number LIMIT ?1",
    [WITHHELD] = "SELECT g.number FROM forgotten g WHERE g.why = 'withdrawn' AND (SELECT f.op FROM feed f "
                 "WHERE f.agency = 0 AND f.number = g.number ORDER BY f.place DESC LIMIT 1) = 1 LIMIT 1",
    [GROUNDLESS] = "SELECT 1 FROM forgotten f JOIN entry t ON t.number = f.number WHERE f.why = 'erased' "
                   "AND NOT EXISTS (SELECT 1 FROM erasure e WHERE e.entry = t.id) "
                   "AND (SELECT o.op FROM feed o WHERE o.agency = 0 AND o.number = f.number "
                   "ORDER BY o.place DESC LIMIT 1) <> 2 LIMIT 1",
    [HAS_GROUND] = "SELECT 1 FROM erasure e JOIN entry t ON t.id = e.entry WHERE t.number = ?1 LIMIT 1",
    [IS_OF_AGENCY] = "SELECT 1 FROM person_key k JOIN person p ON p.object = k.person "
                     "WHERE k.sign_id = ?1 AND p.agency = ?2 LIMIT 1",
    [OBJECT_OF] = "SELECT coalesce(object, id) FROM entry WHERE number = ?1",
    [FORGET] = "INSERT INTO forgotten(number, why) VALUES(?1, ?2) ON CONFLICT DO UPDATE SET why = ?2 "
               "WHERE why <> 'erased'",
    [DROP_CONTENT] = "DELETE FROM content WHERE number = ?1",
    /* Why an act of this machine was refused may name what goes now; the rule says it without names. */
    [DROP_WORDS] = "UPDATE outbox SET words = 'what it named is not here any more; cairn rules says what ' "
                   "|| rule || ' asks for' WHERE rule LIKE '_-%' AND state IN ('refused', 'held')",
};

const char *const *feed_forget_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

static enum err run(struct store *s, int statement) {
  struct query q;
  query_start(&q, s->db, sql[statement]);
  return query_run(&q);
}

/* Lines of place and digest, the newest last. */
static const char before[] = "feeds-before";

static enum err keep_end(struct store *s) {
  struct buf lines = {0};
  struct feed_end end = {0};
  size_t count = 0;
  enum err e = feed_end(s, FEED_OWN, &end);
  if (e != OK || end.place == 0)
    return e;
  e = store_meta(s, before, &lines);
  buf_addf(&lines, "%" PRIu64 " %s\n", end.place, hash_hex(&end.digest).s);
  struct bytes rest = buf_bytes(&lines), line;
  while (text_split(&rest, '\n', &line))
    count++;
  for (rest = buf_bytes(&lines); count > FEEDS_BEFORE_MAX; count--)
    text_split(&rest, '\n', &line);
  if (e == OK || e == ERR_ABSENT)
    e = store_meta_set(s, before, rest);
  buf_release(&lines);
  return e;
}

enum err feed_each_before(struct store *s, void *of, enum err (*each)(void *of, const struct feed_end *end)) {
  struct buf lines = {0};
  struct bytes rest, line, place;
  enum err e = store_meta(s, before, &lines);
  e = e == ERR_ABSENT ? OK : e;
  for (rest = buf_bytes(&lines); e == OK && text_split(&rest, '\n', &line);) {
    struct feed_end end = {0};
    if (text_split(&line, ' ', &place) && text_number(place, &end.place) == OK && hash_parse(line, &end.digest) == OK)
      e = each(of, &end);
  }
  buf_release(&lines);
  return e;
}

enum err feed_restart(struct store *s) {
  enum err e = keep_end(s);
  if (e == OK)
    e = run(s, RESTART);
  store_forget_keys(s);
  return e == OK ? store_meta_set_number(s, FEED_GOES_ON, 1) : e;
}

static const char needs_scrub[] = "needs-scrub";

static enum err has_row(struct query *q, bool *out) {
  *out = query_row(q);
  return query_end(q);
}

static enum err has_ground(struct store *s, uint64_t number, bool *out) {
  struct query q;
  query_start(&q, s->db, sql[HAS_GROUND]);
  query_int(&q, 1, (int64_t)number);
  return has_row(&q, out);
}

static enum err check_may_go(struct store *s, const struct entry *e, const struct hash *agency) {
  struct query q;
  bool is_own = false;
  query_start(&q, s->db, sql[IS_OF_AGENCY]);
  query_blob(&q, 1, hash_bytes(&e->by));
  query_blob(&q, 2, hash_bytes(agency));
  enum err err = has_row(&q, &is_own);
  return err == OK && (is_own || e->audience == AUDIENCE_DIRECTORY)
             ? err_set(ERR_PROOF,
                       "the node's feed takes back what is for everybody, or what people here wrote themselves")
             : err;
}

/* What says that it was erased may have been passed over, because it is taken back itself further on: then this goes as
 * what is taken back does, and where the feed ends it must have been (feed_check_whole). */
static enum err check_may_be_erased(struct store *s, uint64_t number, const struct entry *e,
                                    const struct hash *agency) {
  bool has = false;
  enum err err = has_ground(s, number, &has);
  if (err != OK || has)
    return err;
  err = check_may_go(s, e, agency);
  return err == ERR_PROOF
             ? err_set(err, "the node's feed says that an entry was erased, and no entry of the ledger does")
             : err;
}

enum err feed_check_forget(struct store *s, uint64_t number, enum feed_op op, const struct hash *agency) {
  struct header *h = NULL;
  enum err e = store_header(s, number, &h);
  if (e == OK)
    e = op == FEED_ERASE ? check_may_be_erased(s, number, &h->entry, agency) : check_may_go(s, &h->entry, agency);
  header_free(h);
  return e == ERR_ABSENT ? OK : e;
}

enum err feed_forget(struct store *s, uint64_t number, enum feed_op op) {
  struct query q;
  struct hash object;
  query_start(&q, s->db, sql[OBJECT_OF]);
  query_int(&q, 1, (int64_t)number);
  bool found = query_row(&q);
  if (found)
    object = hash_from(query_get(&q, 0));
  enum err e = query_end(&q);
  if (e != OK || !found)
    return e;
  query_start(&q, s->db, sql[FORGET]);
  query_int(&q, 1, (int64_t)number);
  query_text(&q, 2, bytes_str(op == FEED_ERASE ? "erased" : "withdrawn"));
  e = query_run(&q);
  query_start(&q, s->db, sql[DROP_CONTENT]);
  query_int(&q, 1, (int64_t)number);
  enum err dropped = query_run(&q);
  if (e == OK)
    e = dropped;
  if (e == OK)
    e = run(s, DROP_WORDS);
  if (e == OK)
    e = view_replay(s, &object);
  return e == OK ? store_meta_set_number(s, needs_scrub, 1) : e;
}

enum err feed_forget_fetched(struct store *s) {
  const struct hash from_node = {{0}};
  bool is_any = false;
  enum err e = parts_drop_all(s, &from_node, &is_any);
  return e == OK && is_any ? store_meta_set_number(s, needs_scrub, 1) : e;
}

enum err feed_pass(struct store *s, uint64_t number) {
  struct query q;
  query_start(&q, s->db, sql[PASS]);
  query_int(&q, 1, (int64_t)number);
  return query_run(&q);
}

enum err feed_lose(struct store *s, uint64_t number, uint64_t *count) {
  struct query q;
  query_start(&q, s->db, sql[LOSE]);
  query_int(&q, 1, (int64_t)number);
  enum err e = query_run(&q);
  *count += e == OK && db_changes(s->db) > 0;
  return e;
}

enum err feed_noted_lost(struct store *s, size_t max, struct buf *out) {
  struct query q;
  query_start(&q, s->db, sql[NOTED]);
  query_int(&q, 1, (int64_t)max);
  while (query_row(&q))
    buf_u64(out, (uint64_t)query_get_int(&q, 0));
  return query_end(&q);
}

static enum err check_none(struct store *s, int statement, const char *words) {
  struct query q;
  query_start(&q, s->db, sql[statement]);
  bool is = query_row(&q);
  enum err e = query_end(&q);
  return e == OK && is ? err_set(ERR_PROOF, "%s", words) : e;
}

enum err feed_check_whole(struct store *s) {
  enum err e = check_none(s, WITHHELD, "the node's feed passes over an entry and does not take it back");
  return e == OK ? check_none(s, GROUNDLESS,
                              "the node's feed says that an entry was erased, and no entry of the ledger does")
                 : e;
}

bool feed_needs_scrub(struct store *s) {
  return store_meta_number(s, needs_scrub) != 0;
}

enum err feed_want_scrub(struct store *s) {
  return store_meta_set_number(s, needs_scrub, 1);
}

enum err feed_scrub(struct store *s) {
  moment_comes(MOMENT_BEFORE_SCRUB);
  enum err e = db_scrub(s->db);
  moment_comes(MOMENT_AFTER_SCRUB);
  if (e == OK)
    e = store_begin(s);
  return e == OK ? store_end(s, store_meta_set_number(s, needs_scrub, 0)) : e;
}
