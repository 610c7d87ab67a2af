#include "core/recheck.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/directory.h"
#include "core/feed.h"
#include "core/note.h"
#include "core/recheck_parts.h"

enum {
  INTEGRITY,
  FOREIGN_KEYS,
  COUNT_ENTRIES,
  FEED,
  HELD,
  NOT_FED,
  STRAY_ENTRIES,
  STRAY_CONTENTS,
  STRAY_CHILDREN,
  STRAY_LARGE,
  GROUNDLESS,
  LOST,
  CHECKPOINTS,
  NEWEST_ENTRY,
  NOT_IN_OUTBOX,
};

static const char *const sql[] = {
    [INTEGRITY] = "PRAGMA integrity_check(20)",
    [FOREIGN_KEYS] = "PRAGMA foreign_key_check",
    [COUNT_ENTRIES] = "SELECT count(*) FROM entry",
    [FEED] = "SELECT place, op, number, digest FROM feed WHERE agency = 0 ORDER BY place",
    [HELD] =
        "SELECT f.number, f.op, c.number IS NOT NULL, g.why, EXISTS (SELECT 1 FROM erasure r WHERE r.entry = e.id) "
        "FROM (SELECT number, op, max(place) FROM feed WHERE agency = 0 GROUP BY number) f "
        "LEFT JOIN entry e ON e.number = f.number LEFT JOIN content c ON c.number = f.number "
        "LEFT JOIN forgotten g ON g.number = f.number ORDER BY f.number",
    [NOT_FED] = "SELECT number FROM content c WHERE number < ?1 "
                "AND NOT EXISTS (SELECT 1 FROM feed f WHERE f.agency = 0 AND f.number = c.number)",
    [STRAY_ENTRIES] = "SELECT number FROM entry e WHERE NOT EXISTS (SELECT 1 FROM act a WHERE a.first = e.act) "
                      "OR number <> act + idx",
    [STRAY_CONTENTS] = "SELECT number FROM content WHERE number NOT IN (SELECT number FROM entry)",
    [STRAY_CHILDREN] = "SELECT DISTINCT number FROM entry_child WHERE number NOT IN (SELECT number FROM entry)",
    [STRAY_LARGE] =
        "SELECT c.number FROM content c JOIN entry e ON e.number = c.number "
        "LEFT JOIN large l ON l.number = c.number WHERE (length(c.bytes) > 1048576) <> (l.number IS NOT NULL) "
        "OR instr(e.header, lower(hex(l.content))) = 0",
    [GROUNDLESS] = "SELECT f.number FROM forgotten f JOIN entry e ON e.number = f.number WHERE f.why = 'withdrawn' "
                   "OR (f.why = 'erased' AND NOT EXISTS (SELECT 1 FROM erasure r WHERE r.entry = e.id))",
    [LOST] = "SELECT number FROM forgotten WHERE why = 'lost' ORDER BY number",
    [CHECKPOINTS] = "SELECT size, root, note FROM checkpoint ORDER BY size",
    [NEWEST_ENTRY] = "SELECT max(number) FROM entry WHERE number < ?1",
    [NOT_IN_OUTBOX] = "SELECT first FROM act WHERE first >= ?1 "
                      "AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.act = act.first)",
};

const char *const *recheck_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

const char *recheck_word(enum recheck_about about) {
  static const char *const words[] = {
#define X(code, word) word,
      RECHECK_TABLE(X)
#undef X
  };
  return words[about];
}

void recheck_found(struct checking *c, enum recheck_about about, uint64_t number, const char *fmt, ...) {
  struct recheck_finding f = {.about = about, .number = number};
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(f.words, sizeof f.words, fmt, ap);
  va_end(ap);
  c->result->findings++;
  c->r->found(c->r->of, &f);
}

/* A finding for each row, which gives a number. */
static enum err found_rows(struct checking *c, int statement, enum recheck_about about, const char *words) {
  struct query q;
  query_start(&q, c->s->db, sql[statement]);
  while (query_row(&q))
    recheck_found(c, about, (uint64_t)query_get_int(&q, 0), "%s", words);
  return query_end(&q);
}

/* ---- the file ---- */

static enum err check_file(struct checking *c) {
  struct query q = {.db = c->s->db};
  query_start(&q, c->s->db, sql[INTEGRITY]);
  while (query_row(&q)) {
    struct bytes said = query_get(&q, 0);
    if (!bytes_equal_str(said, "ok"))
      recheck_found(c, RECHECK_FILE, 0, "SQLite: %.*s", (int)said.len, (const char *)said.at);
  }
  enum err e = query_end(&q);
  query_start(&q, c->s->db, sql[FOREIGN_KEYS]);
  while (query_row(&q)) {
    struct bytes from = query_get(&q, 0), to = query_get(&q, 2);
    recheck_found(c, RECHECK_FILE, 0, "a row of the table %.*s belongs to none of the table %.*s", (int)from.len,
                  (const char *)from.at, (int)to.len, (const char *)to.at);
  }
  enum err keys_error = query_end(&q);
  return e == OK ? keys_error : e;
}

/* ---- the views: what follows goes by those that were made again; that they are as they were is told last ---- */

struct view {
  struct bytes name; /* the store's */
  struct hash digest;
};

static enum err add_view(void *of, struct bytes name, const struct hash *digest) {
  struct view v = {name, *digest};
  buf_add(of, bytes_of(&v, sizeof v));
  return OK;
}

static enum err make_views(struct checking *c) {
  enum err e = db_exec(c->s->db, "SAVEPOINT views");
  if (e == OK)
    e = store_views_each(c->s, &c->kept, add_view);
  if (e == OK && (e = store_rebuild(c->s)) == OK)
    e = store_views_each(c->s, &c->made, add_view);
  if (e != OK) {
    buf_clear(&c->made);
    db_exec(c->s->db, "ROLLBACK TO views");
    store_forget_keys(c->s);
  }
  return e;
}

static enum err check_views(struct checking *c) {
  const struct view *kept = (const void *)c->kept.at, *made = (const void *)c->made.at;
  for (size_t i = 0; i < c->made.len / sizeof *made; i++)
    if (!hash_equal(&kept[i].digest, &made[i].digest))
      recheck_found(c, RECHECK_VIEW, 0, "the view \"%.*s\" is not the one that the log gives", (int)kept[i].name.len,
                    (const char *)kept[i].name.at);
  return OK;
}

/* Rows that belong to nothing. */
static enum err check_strays(struct checking *c) {
  enum err e = found_rows(c, STRAY_ENTRIES, RECHECK_ACT, "the entry's act is not here, or has another place for it");
  if (e == OK)
    e = found_rows(c, STRAY_CONTENTS, RECHECK_CONTENT, "a content is here without its entry");
  if (e == OK)
    e = found_rows(c, STRAY_CHILDREN, RECHECK_ENTRY, "it is filed under a child, and is not here");
  if (e == OK)
    e = found_rows(c, STRAY_LARGE, RECHECK_CONTENT, "it is not filed among the large contents as it should be");
  return e;
}

/* ---- this machine's own chain ---- */

static int by_number(const void *a, const void *b) {
  const struct position *p = a, *q = b;
  return p->number < q->number ? -1 : p->number > q->number;
}

/* While the feed has more to give, the node's word about an act may still be to come. */
static bool has_whole_feed(struct checking *c) {
  return store_meta_number(c->s, FEED_GOES_ON) == 0;
}

static enum err check_chain(struct checking *c) {
  struct position *p = (struct position *)(void *)c->positions.at;
  size_t count = c->positions.len / sizeof *p;
  struct position last = {0};
  struct hash last_id = {{0}}, kept_id;
  uint64_t kept;
  bool is_whole = has_whole_feed(c);
  if (count)
    qsort(p, count, sizeof *p, by_number);
  for (size_t i = 0; i < count; i++) {
    bool is_again = i > 0 && p[i].number == last.number;
    if (is_again && !hash_equal(&p[i].act, &last.act))
      recheck_found(c, RECHECK_CHAIN, 0, "two acts of this machine have the place %" PRIu64, last.number);
    if (is_again)
      continue;
    if (p[i].number != last.number + 1 && is_whole)
      recheck_found(c, RECHECK_CHAIN, 0, "the places %" PRIu64 " to %" PRIu64 " of this machine's acts are missing",
                    last.number + 1, p[i].number - 1);
    if (p[i].number == last.number + 1 && !hash_equal(&p[i].previous, &last_id))
      recheck_found(c, RECHECK_CHAIN, 0,
                    "this machine's act at the place %" PRIu64 " does not continue the one before it", p[i].number);
    last = p[i];
    last_id = position_id(&last);
  }
  enum err e = store_chain(c->s, &c->own, &kept, &kept_id);
  if (e == OK && is_whole && (kept != last.number || !hash_equal(&kept_id, &last_id)))
    recheck_found(c, RECHECK_CHAIN, 0, "the end of this machine's chain is kept as %" PRIu64 ", and is %" PRIu64, kept,
                  last.number);
  return e;
}

/* ---- checkpoints ---- */

static void check_checkpoint(struct checking *c, const struct query *q, char time[TEXT_TIME_SIZE + 1]) {
  uint64_t size = (uint64_t)query_get_int(q, 0);
  struct note_vkey vkey;
  struct checkpoint checkpoint;
  struct bytes text;
  c->result->checkpoints++;
  if (directory_vkey(c->s, size, &vkey) != OK)
    recheck_found(c, RECHECK_CHECKPOINT, size, "the ledger's key that signed it is not known here");
  else if (note_open(query_get(q, 2), &vkey, &text) != OK)
    recheck_found(c, RECHECK_CHECKPOINT, size, "it is not signed by the ledger's key");
  else if (checkpoint_parse(text, &checkpoint) != OK || strcmp(checkpoint.origin, vkey.name) != 0)
    recheck_found(c, RECHECK_CHECKPOINT, size, "it is not a checkpoint of this ledger");
  else if (checkpoint.size != size || !bytes_equal(query_get(q, 1), hash_bytes(&checkpoint.root)))
    recheck_found(c, RECHECK_CHECKPOINT, size, "it is kept with another size or root than was signed");
  else if (strcmp(checkpoint.time.s, time) < 0)
    recheck_found(c, RECHECK_CHECKPOINT, size, "its time is before that of the one before it");
  else
    memcpy(time, checkpoint.time.s, TEXT_TIME_SIZE + 1);
}

static enum err check_checkpoints(struct checking *c) {
  char time[TEXT_TIME_SIZE + 1] = "";
  uint64_t newest = 0, entry = 0;
  struct query q;
  query_start(&q, c->s->db, sql[CHECKPOINTS]);
  while (query_row(&q)) {
    check_checkpoint(c, &q, time);
    newest = (uint64_t)query_get_int(&q, 0);
  }
  enum err e = query_end(&q);
  query_start(&q, c->s->db, sql[NEWEST_ENTRY]);
  query_int(&q, 1, (int64_t)STORE_PENDING);
  if (query_row(&q))
    entry = (uint64_t)query_get_int(&q, 0);
  enum err newest_error = query_end(&q);
  if (entry > newest)
    recheck_found(c, RECHECK_CHECKPOINT, newest, "the newest checkpoint here does not cover all entries that are here");
  return e == OK ? newest_error : e;
}

/* ---- the feed: exactly what it says is here ---- */

static enum err check_digests(struct checking *c) {
  struct feed_end end = {0};
  struct query q;
  bool is_good = true;
  query_start(&q, c->s->db, sql[FEED]);
  while (is_good && query_row(&q)) {
    struct hash digest = feed_digest(&end.digest, (enum feed_op)query_get_int(&q, 1), (uint64_t)query_get_int(&q, 2));
    is_good = (uint64_t)query_get_int(&q, 0) == end.place + 1 && bytes_equal(query_get(&q, 3), hash_bytes(&digest));
    end = (struct feed_end){end.place + 1, digest};
  }
  if (!is_good)
    recheck_found(c, RECHECK_FEED, 0, "the feed is not the one that was followed, from its event %" PRIu64 " on",
                  end.place);
  return query_end(&q);
}

static void check_held(struct checking *c, const struct query *q) {
  uint64_t number = (uint64_t)query_get_int(q, 0);
  bool is_to_be_here = query_get_int(q, 1) == FEED_DELIVER, is_here = query_get_int(q, 2) != 0;
  bool is_erased = bytes_equal_str(query_get(q, 3), "erased"), has_ground = query_get_int(q, 4) != 0;
  if (is_to_be_here && !is_here && !is_erased && !bytes_equal_str(query_get(q, 3), "lost"))
    recheck_found(c, RECHECK_FEED, number, "its content is to be here, and is not");
  if (is_erased && !has_ground && query_get_int(q, 1) != FEED_WITHDRAW && has_whole_feed(c))
    recheck_found(c, RECHECK_FEED, number, "its content was erased, and no entry says so");
  if (!is_to_be_here && is_here)
    recheck_found(c, RECHECK_FEED, number, "its content is here, and was taken back");
}

static enum err check_feed(struct checking *c) {
  struct query q;
  enum err e = OK;
  if (hash_is_zero(&c->own)) { /* the node follows no feed, and only an erasure takes content from it */
    e = found_rows(c, GROUNDLESS, RECHECK_CONTENT, "its content is not here, and no entry erased it");
    return e == OK
               ? found_rows(c, LOST, RECHECK_LOST, "its content was lost, and a machine that has it may give it back")
               : e;
  }
  e = check_digests(c);
  query_start(&q, c->s->db, sql[HELD]);
  while (query_row(&q))
    check_held(c, &q);
  enum err held_error = query_end(&q);
  query_start(&q, c->s->db, sql[NOT_FED]);
  query_int(&q, 1, (int64_t)STORE_PENDING);
  while (has_whole_feed(c) && query_row(&q))
    recheck_found(c, RECHECK_FEED, (uint64_t)query_get_int(&q, 0), "its content is here, and was never delivered");
  enum err fed_error = query_end(&q);
  if (e == OK)
    e = held_error;
  return e == OK ? fed_error : e;
}

/* ---- the outbox ---- */

static enum err check_outbox(struct checking *c) {
  struct query q;
  query_start(&q, c->s->db, sql[NOT_IN_OUTBOX]);
  query_int(&q, 1, (int64_t)STORE_PENDING);
  while (query_row(&q))
    recheck_found(c, RECHECK_OUTBOX, (uint64_t)query_get_int(&q, 0), "what was recorded here would never be sent");
  return query_end(&q);
}

/* ---- all of it ---- */

/* In this order: what comes later goes by the views that were made again. */
static const struct step {
  enum err (*check)(struct checking *c);
  enum recheck_about about;
  const char *what;
} steps[] = {
    {check_file, RECHECK_FILE, "the file could not be read"},
    {make_views, RECHECK_VIEW, "the views cannot be made again from the log"},
    {recheck_acts, RECHECK_ACT, "the acts could not be read to the end"},
    {check_strays, RECHECK_ENTRY, "the entries could not be read to the end"},
    {check_chain, RECHECK_CHAIN, "this machine's chain could not be read"},
    {check_checkpoints, RECHECK_CHECKPOINT, "the checkpoints could not be read to the end"},
    {check_feed, RECHECK_FEED, "the feed could not be read to the end"},
    {check_outbox, RECHECK_OUTBOX, "the outbox could not be read"},
    {check_views, RECHECK_VIEW, "the views could not be compared"},
};

/* What keeps a check from being made is no finding about the store. */
static bool is_hindered(enum err e) {
  return e == ERR_DISK || e == ERR_BUSY;
}

static enum err run_steps(struct checking *c) {
  enum err e = OK;
  for (size_t i = 0; !is_hindered(e) && i < sizeof steps / sizeof *steps; i++) {
    e = steps[i].check(c);
    if (e != OK && !is_hindered(e))
      recheck_found(c, steps[i].about, 0, "%s: %.150s", steps[i].what, err_words(e));
  }
  return is_hindered(e) ? e : OK;
}

void checking_init(struct checking *c, const struct recheck *r, struct recheck_result *result) {
  struct query q;
  *c = (struct checking){.r = r, .result = result, .s = r->store, .is_dense = true};
  merkle_init(&c->tree);
  store_forget_keys(c->s);
  store_meta_hash(c->s, "replica-key", &c->own);
  query_start(&q, c->s->db, sql[COUNT_ENTRIES]);
  if (query_row(&q))
    c->total = (uint64_t)query_get_int(&q, 0);
  query_end(&q);
}

void checking_release(struct checking *c) {
  buf_release(&c->positions);
  buf_release(&c->kept);
  buf_release(&c->made);
}

enum err recheck_all(const struct recheck *r, struct recheck_result *out) {
  struct recheck_result result = {0};
  struct checking c;
  enum err e = store_begin(r->store);
  if (e != OK)
    return e;
  checking_init(&c, r, &result);
  e = run_steps(&c);
  checking_release(&c);
  store_rollback(r->store);
  if (e == OK)
    *out = result;
  return e;
}
