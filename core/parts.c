#include "core/parts.h"

#include <string.h>

#include "core/store_parts.h"

enum {
  FIND,
  BEGIN,
  TOUCH,
  DROP,
  DROP_ALL,
  OLDEST,
  OLDEST_OF_AGENCY,
  COUNT,
  PUT,
  THERE,
  BYTES,
  EMPTY,
  IS_OLD,
  EXPIRE,
  EACH,
  CUT,
  NEXT,
  OF_ACT,
  IS_ACCEPTED
};

#define AGENCY_OF(owner) "(SELECT c.agency FROM certificate c WHERE c.key = " owner " LIMIT 1)"

static const char *const sql[] = {
    [FIND] = "SELECT id, size FROM staged WHERE owner = ?1 AND content = ?2",
    [BEGIN] = "INSERT INTO staged(owner, content, size, at) VALUES(?1, ?2, ?3, ?4)",
    [TOUCH] = "UPDATE staged SET at = ?2 WHERE id = ?1",
    [DROP] = "DELETE FROM staged WHERE owner = ?1 AND content = ?2",
    [DROP_ALL] = "DELETE FROM staged WHERE owner = ?1",
    /* At most a handful of rows. */
    [OLDEST] = "SELECT owner, content, count(*) OVER () FROM staged WHERE owner = ?1 ORDER BY at, id LIMIT 1",
    [OLDEST_OF_AGENCY] = "SELECT s.owner, s.content, count(*) OVER () FROM staged s WHERE " AGENCY_OF(
        "s.owner") " = " AGENCY_OF("?1") " ORDER BY s.at, s.id LIMIT 1",
    [COUNT] = "SELECT count(*) FROM staged",
    [PUT] = "INSERT INTO staged_part(staged, number, bytes) VALUES(?1, ?2, ?3) ON CONFLICT DO NOTHING",
    [THERE] = "SELECT number FROM staged_part WHERE staged = ?1",
    [BYTES] = "SELECT bytes FROM staged_part WHERE staged = ?1 ORDER BY number",
    [EMPTY] = "DELETE FROM staged_part WHERE staged = ?1",
    [IS_OLD] = "SELECT 1 FROM staged WHERE at < ?1 LIMIT 1",
    [EXPIRE] = "DELETE FROM staged WHERE at < ?1",
    [EACH] = "SELECT content, size, id FROM staged WHERE owner = ?1 ORDER BY id",
    [CUT] = "SELECT salt, substr(bytes, ?2, ?3) FROM content WHERE number = ?1",
    [NEXT] = "SELECT number FROM large WHERE content = ?1 AND number > ?2 ORDER BY number LIMIT 1",
    [OF_ACT] = "SELECT l.number, l.content, length(c.bytes) FROM large l JOIN content c ON c.number = l.number "
               "WHERE l.number >= ?1 AND l.number < ?1 + (SELECT size FROM act WHERE first = ?1) ORDER BY l.number",
    /* Of what was erased only the headers are left to ask; there is little of it. */
    [IS_ACCEPTED] = "SELECT 1 FROM large l JOIN entry e ON e.number = l.number JOIN act a ON a.first = e.act "
                    "WHERE l.content = ?1 AND a.replica = ?2 AND a.admitted IS NOT NULL UNION ALL "
                    "SELECT 1 FROM forgotten f JOIN entry e ON e.number = f.number JOIN act a ON a.first = e.act "
                    "WHERE a.replica = ?2 AND f.why <> 'lost' AND instr(e.header, ?3) LIMIT 1",
};

const char *const *parts_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

uint32_t parts_count(uint32_t size) {
  return (uint32_t)((size + PARTS_PART_SIZE - 1) / PARTS_PART_SIZE);
}

uint32_t parts_length(uint32_t size, uint32_t number) {
  size_t from = number * PARTS_PART_SIZE;
  return (uint32_t)(size - from < PARTS_PART_SIZE ? size - from : PARTS_PART_SIZE);
}

uint32_t parts_all(uint32_t size) {
  return ((uint32_t)1 << parts_count(size)) - 1;
}

/* ---- what is being put together ---- */

/* The row of a content in the making; 0 if there is none. */
static enum err find(struct store *s, const struct parts_name *n, int64_t *id_out, uint32_t *size_out) {
  struct query q;
  *id_out = 0;
  *size_out = 0;
  query_start(&q, s->db, sql[FIND]);
  query_blob(&q, 1, hash_bytes(&n->owner));
  query_blob(&q, 2, hash_bytes(&n->content));
  if (query_row(&q)) {
    *id_out = query_get_int(&q, 0);
    *size_out = (uint32_t)query_get_int(&q, 1);
  }
  return query_end(&q);
}

static enum err find_parts(struct store *s, int64_t id, uint32_t *there_out) {
  struct query q;
  uint32_t there = 0;
  query_start(&q, s->db, sql[THERE]);
  query_int(&q, 1, id);
  while (query_row(&q))
    there |= (uint32_t)1 << query_get_int(&q, 0);
  *there_out = there;
  return query_end(&q);
}

static enum err run_on(struct store *s, int statement, int64_t id, int64_t value) {
  struct query q;
  query_start(&q, s->db, sql[statement]);
  query_int(&q, 1, id);
  if (statement == TOUCH)
    query_int(&q, 2, value);
  return query_run(&q);
}

enum err parts_drop(struct store *s, const struct parts_name *n) {
  struct query q;
  query_start(&q, s->db, sql[DROP]);
  query_blob(&q, 1, hash_bytes(&n->owner));
  query_blob(&q, 2, hash_bytes(&n->content));
  return query_run(&q);
}

enum err parts_drop_all(struct store *s, const struct hash *owner, bool *was_any_out) {
  struct query q;
  query_start(&q, s->db, sql[DROP_ALL]);
  query_blob(&q, 1, hash_bytes(owner));
  enum err e = query_run(&q);
  *was_any_out = e == OK && db_changes(s->db) > 0;
  return e;
}

/* Where the owner, or all machines of its agency, have so many, the oldest of those goes. */
static enum err drop_oldest(struct store *s, const struct hash *owner, int statement, int64_t max) {
  struct query q;
  struct parts_name oldest = {0};
  int64_t count = 0;
  query_start(&q, s->db, sql[statement]);
  query_blob(&q, 1, hash_bytes(owner));
  if (query_row(&q)) {
    oldest.owner = hash_from(query_get(&q, 0));
    oldest.content = hash_from(query_get(&q, 1));
    count = query_get_int(&q, 2);
  }
  enum err e = query_end(&q);
  return e == OK && count >= max ? parts_drop(s, &oldest) : e;
}

/* Who begins more than they may loses the oldest of their own; for all there is only so much room, and no agency alone
 * can take it up. */
static enum err make_room(struct store *s, const struct parts_name *n) {
  struct query q;
  int64_t all = 0;
  enum err e = drop_oldest(s, &n->owner, OLDEST, PARTS_OF_OWNER_MAX);
  if (e == OK)
    e = drop_oldest(s, &n->owner, OLDEST_OF_AGENCY, PARTS_OF_AGENCY_MAX);
  if (e != OK)
    return e;
  query_start(&q, s->db, sql[COUNT]);
  if (query_row(&q))
    all = query_get_int(&q, 0);
  e = query_end(&q);
  return e == OK && all >= PARTS_TOTAL_MAX ? err_set(ERR_BUSY, "too many large documents are being sent at once; "
                                                               "nothing is lost, try again later")
                                           : e;
}

static enum err begin(struct store *s, const struct parts_name *n, int64_t now_s) {
  struct query q;
  enum err e = make_room(s, n);
  if (e != OK)
    return e;
  query_start(&q, s->db, sql[BEGIN]);
  query_blob(&q, 1, hash_bytes(&n->owner));
  query_blob(&q, 2, hash_bytes(&n->content));
  query_int(&q, 3, n->size);
  query_int(&q, 4, now_s);
  return query_run(&q);
}

enum err parts_begin(struct store *s, const struct parts_name *n, int64_t now_s, uint32_t *there_out) {
  int64_t id;
  uint32_t size;
  if (n->size < PARTS_SIZE_MIN || n->size > PARTS_SIZE_MAX)
    return err_set(ERR_LIMIT, "a content that travels in parts has more than 1 MiB and at most 8 MiB");
  enum err e = find(s, n, &id, &size);
  if (e == OK && id && size == n->size)
    return find_parts(s, id, there_out);
  if (e == OK && id)
    e = parts_drop(s, n);
  if (e == OK)
    e = begin(s, n, now_s);
  if (e == OK)
    *there_out = 0;
  return e;
}

static enum err load(struct store *s, int64_t id, struct buf *out) {
  struct query q;
  query_start(&q, s->db, sql[BYTES]);
  query_int(&q, 1, id);
  while (query_row(&q))
    buf_add(out, query_get(&q, 0));
  enum err e = query_end(&q);
  return e == OK ? buf_err(out) : e;
}

/* All parts are there: are they what they were said to be? */
static enum err check_whole(struct store *s, const struct parts_name *n, int64_t id, uint32_t *there) {
  struct buf whole = {0};
  enum err e = load(s, id, &whole);
  if (e == OK) {
    struct hash commitment =
        entry_commitment(whole.at, bytes_of(whole.at + ENTRY_SALT_SIZE, whole.len - ENTRY_SALT_SIZE));
    if (!hash_equal(&commitment, &n->content)) {
      *there = 0;
      e = run_on(s, EMPTY, id, 0);
    }
  }
  buf_release(&whole);
  return e;
}

enum err parts_put(struct store *s, const struct parts_name *n, uint32_t number, struct bytes part, int64_t now_s,
                   uint32_t *there_out) {
  struct query q;
  int64_t id;
  uint32_t size, before, there;
  enum err e = find(s, n, &id, &size);
  if (e == OK && (id == 0 || size != n->size))
    return err_set(ERR_ABSENT, "nobody has said that parts of this content are to come");
  if (e == OK && (number >= parts_count(size) || part.len != parts_length(size, number)))
    return err_set(ERR_FORM, "this is not a part of a content of this size");
  if (e == OK)
    e = find_parts(s, id, &before);
  if (e != OK)
    return e;
  query_start(&q, s->db, sql[PUT]);
  query_int(&q, 1, id);
  query_int(&q, 2, number);
  query_blob(&q, 3, part);
  e = query_run(&q);
  if (e == OK)
    e = run_on(s, TOUCH, id, now_s);
  there = before | (uint32_t)1 << number;
  if (e == OK && there != before && there == parts_all(size))
    e = check_whole(s, n, id, &there);
  if (e == OK)
    *there_out = there;
  return e;
}

enum err parts_load(struct store *s, const struct parts_name *n, struct buf *out) {
  int64_t id;
  uint32_t size, there = 0;
  enum err e = find(s, n, &id, &size);
  if (e == OK && id)
    e = find_parts(s, id, &there);
  if (e == OK && (id == 0 || size != n->size || there != parts_all(size)))
    e = err_set(ERR_ABSENT, "parts of a content are missing");
  return e == OK ? load(s, id, out) : e;
}

enum err parts_expire(struct store *s, int64_t now_s) {
  struct query q;
  query_start(&q, s->db, sql[IS_OLD]);
  query_int(&q, 1, now_s - PARTS_KEEP_S);
  bool is_any = query_row(&q);
  enum err e = query_end(&q);
  if (e != OK || !is_any)
    return e;
  e = store_begin(s);
  if (e != OK)
    return e;
  return store_end(s, run_on(s, EXPIRE, now_s - PARTS_KEEP_S, 0));
}

enum err parts_each(struct store *s, const struct hash *owner, void *of,
                    enum err (*each)(void *of, const struct parts_name *n, uint32_t there)) {
  struct query q;
  enum err e = OK;
  query_start(&q, s->db, sql[EACH]);
  query_blob(&q, 1, hash_bytes(owner));
  while (e == OK && query_row(&q)) {
    struct parts_name n = {*owner, hash_from(query_get(&q, 0)), (uint32_t)query_get_int(&q, 1)};
    uint32_t there = 0;
    e = find_parts(s, query_get_int(&q, 2), &there);
    if (e == OK)
      e = each(of, &n, there);
  }
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

/* ---- what is in the log ---- */

enum err parts_cut(struct store *s, uint64_t number, uint32_t k, struct buf *out) {
  struct query q;
  size_t before = out->len;
  bool is_first = k == 0;
  int64_t from = is_first ? 0 : (int64_t)(k * PARTS_PART_SIZE) - ENTRY_SALT_SIZE;
  if (k >= PARTS_COUNT_MAX)
    return err_set(ERR_ABSENT, "there is no such part here");
  query_start(&q, s->db, sql[CUT]);
  query_int(&q, 1, (int64_t)number);
  query_int(&q, 2, from + 1); /* SQL counts from 1 */
  query_int(&q, 3, (int64_t)PARTS_PART_SIZE - (is_first ? ENTRY_SALT_SIZE : 0));
  if (query_row(&q) && query_get(&q, 1).len > 0) {
    buf_add(out, is_first ? query_get(&q, 0) : bytes_of(NULL, 0));
    buf_add(out, query_get(&q, 1));
  }
  enum err e = query_end(&q);
  if (e == OK)
    e = buf_err(out);
  return e == OK && out->len == before ? err_set(ERR_ABSENT, "there is no such part here") : e;
}

enum err parts_next_entry(struct store *s, const struct hash *content, uint64_t after, uint64_t *number_out) {
  struct query q;
  query_start(&q, s->db, sql[NEXT]);
  query_blob(&q, 1, hash_bytes(content));
  query_int(&q, 2, (int64_t)after);
  bool found = query_row(&q);
  if (found)
    *number_out = (uint64_t)query_get_int(&q, 0);
  enum err e = query_end(&q);
  return e == OK && !found ? err_set(ERR_ABSENT, "there is no such part here") : e;
}

bool parts_is_accepted(struct store *s, const struct hash *replica, const struct hash *content) {
  struct hash_hex commitment = hash_hex(content);
  struct query q;
  query_start(&q, s->db, sql[IS_ACCEPTED]);
  query_blob(&q, 1, hash_bytes(content));
  query_blob(&q, 2, hash_bytes(replica));
  query_blob(&q, 3, bytes_str(commitment.s));
  bool found = query_row(&q);
  return query_end(&q) == OK && found;
}

/* ---- the entries of a message ---- */

/* The whole of what is in the log. On the node nobody is given what others have sent. */
static enum err load_from_log(struct store *s, const struct parts_name *n, struct buf *out) {
  uint64_t number;
  enum err e = parts_next_entry(s, &n->content, 0, &number);
  for (uint32_t k = 0; e == OK && k < parts_count(n->size); k++)
    e = parts_cut(s, number, k, out);
  return e == OK && out->len != n->size ? err_set(ERR_ABSENT, "parts of a content are missing") : e;
}

static enum err gather_one(struct store *s, const struct hash *owner, struct act_entry *from,
                           struct parts_gathered *g) {
  struct entry e;
  enum err err = entry_decode(from->header, &e);
  if (err != OK)
    return err;
  struct parts_name *n = &g->names[g->count];
  struct buf *b = &g->bufs[g->count];
  *n = (struct parts_name){*owner, e.content, from->parts_size};
  *b = (struct buf){0};
  err = parts_load(s, n, b);
  if (err == ERR_ABSENT && hash_is_zero(owner))
    err = load_from_log(s, n, b);
  if (err == OK) {
    memcpy(from->salt, b->at, ENTRY_SALT_SIZE);
    from->content = bytes_of(b->at + ENTRY_SALT_SIZE, b->len - ENTRY_SALT_SIZE);
    from->parts_size = 0;
  }
  g->entries[g->count++] = from;
  g->is_whole = g->is_whole && err == OK;
  return err == ERR_ABSENT ? OK : err;
}

enum err parts_gather(struct store *s, const struct hash *owner, struct act_entry *entries, size_t count,
                      struct parts_gathered *g) {
  enum err e = OK;
  g->is_whole = g->count == 0 || g->is_whole;
  for (size_t i = 0; e == OK && i < count; i++) {
    if (entries[i].parts_size == 0)
      continue;
    if (g->count == ACT_LARGE_MAX)
      return err_set(ERR_LIMIT, "more than %d contents of over 1 MiB come at once", ACT_LARGE_MAX);
    e = gather_one(s, owner, &entries[i], g);
  }
  return e;
}

enum err parts_settle(struct store *s, const struct parts_gathered *g) {
  enum err e = OK;
  for (size_t i = 0; e == OK && i < g->count; i++)
    e = parts_drop(s, &g->names[i]);
  return e;
}

/* The row says that it is to be fetched; it grows old from its first part on. */
enum err parts_want(struct store *s, const struct parts_gathered *g) {
  uint32_t ignored;
  enum err e = store_begin(s);
  if (e != OK)
    return e;
  for (size_t i = 0; e == OK && i < g->count; i++)
    e = parts_begin(s, &g->names[i], INT64_MAX, &ignored);
  return store_end(s, e);
}

void parts_release(struct parts_gathered *g) {
  for (size_t i = 0; i < g->count; i++) {
    g->entries[i]->parts_size = g->names[i].size;
    g->entries[i]->content = bytes_of(NULL, 0);
    buf_release(&g->bufs[i]);
  }
  *g = (struct parts_gathered){0};
}

void parts_detach(struct act_entry *entries, size_t count) {
  for (size_t i = 0; i < count; i++) {
    struct act_entry *e = &entries[i];
    if (e->content.len <= ENTRY_LARGE)
      continue;
    e->parts_size = (uint32_t)(ENTRY_SALT_SIZE + e->content.len);
    e->content = bytes_of(NULL, 0);
    memset(e->salt, 0, sizeof e->salt);
  }
}

enum err parts_each_of_act(struct store *s, uint64_t first, void *of,
                           enum err (*each)(void *of, uint64_t number, const struct parts_name *n)) {
  struct query q;
  enum err e = OK;
  query_start(&q, s->db, sql[OF_ACT]);
  query_int(&q, 1, (int64_t)first);
  while (e == OK && query_row(&q)) {
    const struct parts_name n = {
        {{0}}, hash_from(query_get(&q, 1)), (uint32_t)(ENTRY_SALT_SIZE + query_get_int(&q, 2))};
    e = each(of, (uint64_t)query_get_int(&q, 0), &n);
  }
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

uint32_t parts_count_large(const struct act_entry *entries, size_t count) {
  uint32_t large = 0;
  for (size_t i = 0; i < count; i++)
    large += entries[i].content.len > ENTRY_LARGE;
  return large;
}
