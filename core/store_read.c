#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/child.h"
#include "core/store_parts.h"

#define RECORD                                                                                                         \
  "SELECT e.number, e.header, e.act, e.idx, c.salt, c.bytes, o.state, f.why FROM entry e "                             \
  "LEFT JOIN content c ON c.number = e.number LEFT JOIN outbox o ON o.act = e.act "                                    \
  "LEFT JOIN forgotten f ON f.number = e.number "

enum {
  BY_ID,
  BY_NUMBER,
  BY_PREFIX,
  OF_ACT,
  BYTES_OF_ACT,
  EACH,
  EACH_OF_CHILD,
  ACT,
  ACT_PART,
  ACT_PARTS,
  ACT_BY_ID,
  ACT_OF,
  SIZE,
  OUTBOX,
  OUTBOX_COUNT,
  CHAIN,
  CHECKPOINT_ADD,
  CHECKPOINT_NEWEST,
  CHECKPOINT_AT,
  HAS_NAMES,
};

static const char *const sql[] = {
    [BY_ID] = RECORD "WHERE e.id = ?1",
    [BY_NUMBER] = RECORD "WHERE e.number = ?1",
    [BY_PREFIX] = RECORD "WHERE e.id >= ?1 AND e.id <= ?2 AND (?3 IS NULL OR e.kind = ?3)",
    [OF_ACT] = RECORD "WHERE e.number >= ?1 AND e.number < ?1 + 1024 AND e.act = ?1 ORDER BY e.number",
    [BYTES_OF_ACT] = "SELECT e.idx, e.header, c.salt, c.bytes FROM entry e LEFT JOIN content c ON c.number = e.number "
                     "WHERE e.number >= ?1 AND e.number < ?1 + 1024 AND e.act = ?1 ORDER BY e.number",
    [EACH] =
        (RECORD "WHERE e.number > ?1 AND (?2 IS NULL OR e.kind = ?2 OR substr(e.kind, 1, length(?2) + 1) = ?2 || '.') "
                "ORDER BY e.number"),
    [EACH_OF_CHILD] = RECORD "WHERE e.number IN (SELECT number FROM entry_child WHERE child IN " SAME_CHILDREN(
        "?3") " UNION "
              "SELECT number FROM entry WHERE id IN " SAME_CHILDREN(
                  "?3") ") "
                        "AND e.number > ?1 AND (?2 IS NULL OR e.kind = ?2 OR substr(e.kind, 1, length(?2) + 1) = ?2 || "
                        "'.') "
                        "ORDER BY e.number",
    [ACT] = "SELECT by, size, id, signature, admitted, replica, position, previous, head FROM act WHERE "
            "first = ?1",
    [ACT_PART] = "SELECT indices, siblings FROM act_part WHERE act = ?1 ORDER BY part LIMIT 1",
    [ACT_PARTS] = "SELECT indices, siblings FROM act_part WHERE act = ?1 ORDER BY part",
    [ACT_BY_ID] = "SELECT first FROM act WHERE id = ?1",
    [ACT_OF] = "SELECT act FROM entry WHERE number = ?1",
    [SIZE] = "SELECT max(number) FROM entry WHERE number < ?1",
    [OUTBOX] = "SELECT act, state, rule, words, remedy FROM outbox ORDER BY act",
    [OUTBOX_COUNT] = "SELECT count(*) FROM outbox WHERE ?1 IS NULL OR state = ?1",
    [CHAIN] = "SELECT number, position FROM chain WHERE replica = ?1",
    [CHECKPOINT_ADD] = "INSERT OR IGNORE INTO checkpoint(size, root, note) VALUES(?1, ?2, ?3)",
    [CHECKPOINT_NEWEST] = "SELECT size, root, note FROM checkpoint ORDER BY size DESC LIMIT 1",
    [CHECKPOINT_AT] = "SELECT note FROM checkpoint WHERE size = ?1",
    [HAS_NAMES] = "SELECT count(*) = 2 FROM pragma_table_info(?1) WHERE name IN ('number', ?2)",
};

const char *const *store_read_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

void record_release(struct record *r) {
  buf_release(&r->header);
  buf_release(&r->content);
}

void act_record_release(struct act_record *a) {
  for (size_t i = 0; i < a->count; i++)
    record_release(&a->entries[i]);
  free(a->entries);
  buf_release(&a->signature);
  buf_release(&a->head);
  *a = (struct act_record){0};
}

/* Fills a record from the current row; keeps the record's memory. */
static enum err read_record(struct query *q, struct record *r) {
  struct bytes salt = query_get(q, 4), state = query_get(q, 6);
  buf_clear(&r->header);
  buf_clear(&r->content);
  r->number = (uint64_t)query_get_int(q, 0);
  buf_add(&r->header, query_get(q, 1));
  r->act_first = (uint64_t)query_get_int(q, 2);
  r->index = (uint32_t)query_get_int(q, 3);
  r->has_content = salt.len == ENTRY_SALT_SIZE;
  r->is_erased = bytes_equal_str(query_get(q, 7), "erased");
  if (r->has_content)
    memcpy(r->salt, salt.at, ENTRY_SALT_SIZE);
  buf_add(&r->content, query_get(q, 5));
  if (state.len == 0)
    state = bytes_str("accepted");
  memset(r->state, 0, sizeof r->state);
  memcpy(r->state, state.at, state.len < sizeof r->state ? state.len : sizeof r->state - 1);
  enum err e = entry_decode(buf_bytes(&r->header), &r->entry);
  r->is_lost = e == OK && bytes_equal_str(query_get(q, 7), "lost") && kind_stands_alone(kind_find(r->entry.kind));
  return e;
}

/* What was withdrawn from this machine is not there any more. */
static bool may_be_read(const struct store *s, const struct record *r) {
  const struct kind *k = kind_find(r->entry.kind);
  return (r->has_content || r->is_erased || r->is_lost) && scope_may_see(&s->reader, &r->entry, k && k->is_for_keeper);
}

/* The first row, if there is one and it may be seen. */
static enum err read_one(struct store *s, struct query *q, struct record *out) {
  struct record r = {0};
  enum err e = OK;
  bool found = query_row(q);
  if (found)
    e = read_record(q, &r);
  found = found && e == OK && may_be_read(s, &r);
  enum err query_error = query_end(q);
  if (e == OK)
    e = query_error;
  if (e == OK && !found)
    e = err_set(ERR_ABSENT, "there is no such entry here");
  if (e == OK)
    *out = r;
  else
    record_release(&r);
  return e;
}

enum err store_find(struct store *s, const struct hash *id, struct record *out) {
  struct query q;
  query_start(&q, s->db, sql[BY_ID]);
  query_blob(&q, 1, hash_bytes(id));
  return read_one(s, &q, out);
}

enum err store_find_number(struct store *s, uint64_t number, struct record *out) {
  struct query q;
  query_start(&q, s->db, sql[BY_NUMBER]);
  query_int(&q, 1, (int64_t)number);
  return read_one(s, &q, out);
}

/* The smallest and the largest id with this prefix. */
static enum err prefix_range(struct bytes prefix, struct hash *low, struct hash *high) {
  char digits[HASH_HEX_SIZE];
  if (prefix.len < 4 || prefix.len > HASH_HEX_SIZE)
    return err_set(ERR_USAGE, "an id has 4 to 64 digits: \"%.*s\"", (int)prefix.len, (const char *)prefix.at);
  memcpy(digits, prefix.at, prefix.len);
  memset(digits + prefix.len, '0', sizeof digits - prefix.len);
  if (hash_parse(bytes_of(digits, sizeof digits), low) != OK)
    return err_set(ERR_USAGE, "not an id (digits 0 to 9 and a to f): \"%.*s\"", (int)prefix.len,
                   (const char *)prefix.at);
  memset(digits + prefix.len, 'f', sizeof digits - prefix.len);
  return hash_parse(bytes_of(digits, sizeof digits), high);
}

/* People are told of a child, not of a child.add. */
static int noun_size(const char *kind) {
  return kind ? (int)strcspn(kind, ".") : 16;
}

static enum err none_here(const char *kind, struct bytes typed) {
  const int len = (int)typed.len;
  const char *at = (const char *)typed.at;
  if (kind && strcmp(kind, "invite.person") == 0)
    return err_set_remedy(ERR_ABSENT, "invite list shows those that there are, with their digits",
                          "there is no invitation \"%.*s\" here", len, at);
  return err_set(ERR_ABSENT, "there is no %.*s \"%.*s\" here", noun_size(kind), kind ? kind : "entry", len, at);
}

enum err store_find_prefix(struct store *s, struct bytes prefix, const char *kind, struct hash *out) {
  struct hash low, high, found = {{0}};
  struct record r = {0};
  struct query q;
  size_t count = 0;
  enum err e = prefix_range(prefix, &low, &high);
  if (e != OK)
    return e;
  query_start(&q, s->db, sql[BY_PREFIX]);
  query_blob(&q, 1, hash_bytes(&low));
  query_blob(&q, 2, hash_bytes(&high));
  if (kind)
    query_text(&q, 3, bytes_str(kind));
  while (e == OK && count < 2 && query_row(&q)) {
    e = read_record(&q, &r);
    if (e != OK || !may_be_read(s, &r))
      continue;
    found = r.entry.id;
    count++;
  }
  enum err query_error = query_end(&q);
  record_release(&r);
  if (e == OK)
    e = query_error;
  if (e == OK && count == 0)
    e = none_here(kind, prefix);
  if (e == OK && count > 1)
    e = err_set_remedy(ERR_AMBIGUOUS, "type more of its digits", "\"%.*s\" fits more than one entry", (int)prefix.len,
                       (const char *)prefix.at);
  if (e == OK)
    *out = found;
  return e;
}

static bool is_prefix(struct bytes typed) {
  uint8_t ignored[HASH_SIZE];
  struct bytes even = bytes_of(typed.at, typed.len & ~(size_t)1);
  bool last_is_digit =
      typed.len > 0 && text_hex_decode(bytes_of((uint8_t[]){'0', typed.at[typed.len - 1]}, 2), ignored) == OK;
  return typed.len >= 4 && typed.len <= HASH_HEX_SIZE && last_is_digit && text_hex_decode(even, ignored) == OK;
}

/* Several records of one child are one child. */
static bool is_same(struct store *s, const struct kind *k, const struct hash *a, const struct hash *b) {
  struct hash records[CHILD_RECORDS_MAX];
  size_t count = 0;
  if (strcmp(k->name, "child.add") != 0 || child_records(s, a, records, CHILD_RECORDS_MAX, &count) != OK)
    return false;
  for (size_t i = 0; i < count; i++)
    if (hash_equal(&records[i], b))
      return true;
  return false;
}

/* The first of the kind's views. */
static struct bytes view_of(const struct kind *k) {
  return bytes_of((const uint8_t *)k->views, strcspn(k->views, " "));
}

/* Is what a list shows of such a record a text of its own, by which its view can be asked? */
static bool has_names(struct store *s, const struct kind *k) {
  const struct field *line = k && k->line && k->views ? kind_field(k, bytes_str(k->line)) : NULL;
  struct query q;
  if (line == NULL || line->place != IN_CONTENT || line->type != FIELD_TEXT || line->count_max != 1)
    return false;
  query_start(&q, s->db, sql[HAS_NAMES]);
  query_text(&q, 1, view_of(k));
  query_text(&q, 2, bytes_str(k->line));
  bool has = query_row(&q) && query_get_int(&q, 0) != 0;
  return query_end(&q) == OK && has;
}

/* The oldest one of this name. The views' and fields' names are constants of the domain's tables, so they may stand in
 * SQL text. */
static enum err find_named(struct store *s, const struct kind *k, struct bytes name, struct hash *out) {
  struct buf statement = {0};
  struct query q;
  struct record r = {0};
  size_t count = 0;
  enum err e = OK;
  buf_addf(&statement, "SELECT object FROM %.*s WHERE %s = ?1 ORDER BY number", (int)view_of(k).len, k->views, k->line);
  query_start_once(&q, s->db, buf_cstr(&statement));
  query_text(&q, 1, name);
  while (count < 2 && query_row(&q)) {
    struct hash id = hash_from(query_get(&q, 0));
    if (store_find(s, &id, &r) == OK && !(count && is_same(s, k, out, &id))) {
      *out = id;
      count++;
    }
    record_release(&r);
  }
  e = query_end(&q);
  buf_release(&statement);
  if (e == OK && count == 0)
    e = none_here(k->name, name);
  if (e == OK && count > 1)
    e = err_set_remedy(ERR_AMBIGUOUS, "use the first digits of the id", "\"%.*s\" fits more than one", (int)name.len,
                       (const char *)name.at);
  return e;
}

static enum err find_typed(struct store *s, struct bytes typed, const char *kind, struct hash *out) {
  const struct kind *k = kind ? kind_find(bytes_str(kind)) : NULL;
  return !is_prefix(typed) && has_names(s, k) ? find_named(s, k, typed, out) : store_find_prefix(s, typed, kind, out);
}

enum err store_find_typed(struct store *s, struct bytes typed, const char *kinds, struct hash *out) {
  struct bytes rest = bytes_str(kinds ? kinds : ""), one;
  struct hash found = {{0}}, other;
  size_t count = 0;
  if (kinds == NULL || strchr(kinds, '|') == NULL)
    return find_typed(s, typed, kinds, out);
  for (bool more = true; more;) {
    char kind[65];
    more = text_split(&rest, '|', &one);
    if (!more)
      one = rest;
    snprintf(kind, sizeof kind, "%.*s", (int)one.len, (const char *)one.at);
    enum err e = find_typed(s, typed, kind, &other);
    if (e != OK && e != ERR_ABSENT)
      return e;
    count += e == OK && !hash_equal(&found, &other); /* kinds may share a view */
    found = e == OK ? other : found;
  }
  if (count == 0)
    return err_set(ERR_ABSENT, "there is no such record \"%.*s\" here", (int)typed.len, (const char *)typed.at);
  if (count > 1)
    return err_set_remedy(ERR_AMBIGUOUS, "use the first digits of the id", "\"%.*s\" fits more than one",
                          (int)typed.len, (const char *)typed.at);
  *out = found;
  return OK;
}

enum err store_each(struct store *s, const struct store_filter *f, void *of,
                    enum err (*each)(void *of, const struct record *r)) {
  struct record r = {0};
  struct query q;
  enum err e = OK;
  query_start(&q, s->db, f->child ? sql[EACH_OF_CHILD] : sql[EACH]);
  query_int(&q, 1, f->is_outbox_only ? (int64_t)STORE_PENDING - 1 : 0);
  if (f->kind)
    query_text(&q, 2, bytes_str(f->kind));
  if (f->child)
    query_blob(&q, 3, hash_bytes(f->child));
  while (e == OK && query_row(&q)) {
    e = read_record(&q, &r);
    if (e == OK && may_be_read(s, &r))
      e = each(of, &r);
  }
  enum err query_error = query_end(&q);
  record_release(&r);
  return e == OK ? query_error : e;
}

static enum err read_act(struct query *q, struct act_record *out) {
  struct bytes admitted = query_get(q, 4);
  out->text.by = hash_from(query_get(q, 0));
  out->text.size = (uint32_t)query_get_int(q, 1);
  out->position.act = hash_from(query_get(q, 2));
  buf_add(&out->signature, query_get(q, 3));
  memcpy(out->admitted.s, admitted.at ? admitted.at : (const uint8_t *)"",
         admitted.len < sizeof out->admitted.s ? admitted.len : 0);
  if (!query_is_null(q, 5)) {
    out->position.replica = hash_from(query_get(q, 5));
    out->position.number = (uint64_t)query_get_int(q, 6);
    out->position.previous = hash_from(query_get(q, 7));
  }
  buf_add(&out->head, query_get(q, 8));
  return OK;
}

struct act_entry record_act_entry(const struct record *r) {
  struct act_entry e = {
      .index = r->index, .header = r->entry.header, .content = buf_bytes(&r->content), .is_erased = !r->has_content};
  memcpy(e.salt, r->salt, ENTRY_SALT_SIZE);
  return e;
}

static bool is_among(struct bytes indices, uint32_t index) {
  struct reader r = reader_of(indices);
  while (r.rest.len > 0)
    if (reader_u32(&r) == index)
      return true;
  return false;
}

/* The root is not kept: it follows from the headers, or from those that came together first and their proof. */
static enum err find_root(struct store *s, struct act_record *a) {
  struct act_entry *entries = mem_alloc_array(a->count, sizeof *entries);
  struct query q;
  size_t count = 0;
  query_start(&q, s->db, sql[ACT_PART]);
  query_int(&q, 1, (int64_t)a->first);
  bool is_part = a->count < a->text.size && query_row(&q);
  struct bytes indices = is_part ? query_get(&q, 0) : bytes_of(NULL, 0);
  for (size_t i = 0; i < a->count; i++)
    if (!is_part || is_among(indices, a->entries[i].index))
      entries[count++] = record_act_entry(&a->entries[i]);
  enum err e =
      act_root_of_part(entries, count, a->text.size, is_part ? query_get(&q, 1) : bytes_of(NULL, 0), &a->text.root);
  enum err query_error = query_end(&q);
  free(entries);
  return query_error == OK ? e : query_error;
}

static enum err read_entries(struct store *s, struct act_record *a) {
  struct query q;
  enum err e = OK;
  a->entries = mem_alloc_array(a->text.size, sizeof *a->entries);
  query_start(&q, s->db, sql[OF_ACT]);
  query_int(&q, 1, (int64_t)a->first);
  while (e == OK && a->count < a->text.size && query_row(&q)) {
    e = read_record(&q, &a->entries[a->count]);
    a->count++;
  }
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

enum err store_find_act_alone(struct store *s, uint64_t first, struct act_record *out) {
  struct act_record a = {.first = first};
  struct query q;
  enum err e = OK;
  query_start(&q, s->db, sql[ACT]);
  query_int(&q, 1, (int64_t)first);
  bool found = query_row(&q);
  if (found)
    e = read_act(&q, &a);
  enum err query_error = query_end(&q);
  if (e == OK)
    e = query_error;
  if (e == OK && !found)
    e = err_set(ERR_ABSENT, "there is no such act here");
  if (e == OK)
    *out = a;
  else
    act_record_release(&a);
  return e;
}

enum err store_find_act(struct store *s, uint64_t first, struct act_record *out) {
  struct act_record a = {0};
  enum err e = store_find_act_alone(s, first, &a);
  if (e == OK)
    e = read_entries(s, &a);
  if (e == OK)
    e = find_root(s, &a);
  if (e == OK)
    *out = a;
  else
    act_record_release(&a);
  return e;
}

/* Where the count is a power of two, or nothing, the room is used up: most acts are small. */
static void make_room(struct act_bytes *b) {
  if (b->count & (b->count - 1))
    return;
  struct act_entry *more = mem_alloc_array(b->count ? 2 * b->count : 1, sizeof *more);
  if (b->count)
    memcpy(more, b->entries, b->count * sizeof *more);
  free(b->entries);
  b->entries = more;
}

/* Of its lengths only, until all bytes are there and move no more. */
static void add_entry(const struct query *q, struct act_bytes *b) {
  make_room(b);
  struct act_entry *e = &b->entries[b->count++];
  struct bytes salt = query_get(q, 2);
  *e = (struct act_entry){.index = (uint32_t)query_get_int(q, 0), .is_erased = salt.len != ENTRY_SALT_SIZE};
  if (!e->is_erased)
    memcpy(e->salt, salt.at, ENTRY_SALT_SIZE);
  e->header.len = query_get(q, 1).len;
  e->content.len = query_get(q, 3).len;
  buf_add(&b->bytes, query_get(q, 1));
  buf_add(&b->bytes, query_get(q, 3));
}

static void point_to_bytes(struct act_bytes *b) {
  const uint8_t *at = b->bytes.at;
  for (size_t i = 0; i < b->count; i++) {
    struct act_entry *e = &b->entries[i];
    e->header = bytes_of(at, e->header.len);
    at += e->header.len;
    e->content = bytes_of(at, e->content.len);
    at += e->content.len;
  }
}

enum err store_act_bytes(struct store *s, uint64_t first, struct act_bytes *out) {
  struct act_bytes b = {0};
  struct query q;
  query_start(&q, s->db, sql[BYTES_OF_ACT]);
  query_int(&q, 1, (int64_t)first);
  while (b.count < ACT_ENTRIES_MAX && query_row(&q))
    add_entry(&q, &b);
  enum err e = query_end(&q);
  if (e == OK && b.count == 0)
    e = err_set(ERR_ABSENT, "there is no such act here");
  if (e == OK)
    e = buf_err(&b.bytes);
  if (e == OK) {
    point_to_bytes(&b);
    *out = b;
  } else
    act_bytes_release(&b);
  return e;
}

void act_bytes_release(struct act_bytes *b) {
  free(b->entries);
  buf_release(&b->bytes);
}

enum err store_find_act_part(struct store *s, uint64_t first, uint32_t index, struct buf *indices,
                             struct buf *siblings) {
  struct query q;
  bool found = false;
  query_start(&q, s->db, sql[ACT_PARTS]);
  query_int(&q, 1, (int64_t)first);
  while (!found && query_row(&q)) {
    found = is_among(query_get(&q, 0), index);
    if (found) {
      buf_add(indices, query_get(&q, 0));
      buf_add(siblings, query_get(&q, 1));
    }
  }
  enum err e = query_end(&q);
  return e == OK && !found ? err_set(ERR_ABSENT, "there is no such part of an act here") : e;
}

enum err store_find_act_id(struct store *s, const struct hash *id, uint64_t *first_out) {
  struct query q;
  query_start(&q, s->db, sql[ACT_BY_ID]);
  query_blob(&q, 1, hash_bytes(id));
  bool found = query_row(&q);
  if (found)
    *first_out = (uint64_t)query_get_int(&q, 0);
  enum err e = query_end(&q);
  return e == OK && !found ? err_set(ERR_ABSENT, "there is no such act here") : e;
}

enum err store_act_of(struct store *s, uint64_t number, uint64_t *first_out) {
  struct query q;
  query_start(&q, s->db, sql[ACT_OF]);
  query_int(&q, 1, (int64_t)number);
  bool found = query_row(&q);
  if (found)
    *first_out = (uint64_t)query_get_int(&q, 0);
  enum err e = query_end(&q);
  return e == OK && !found ? err_set(ERR_ABSENT, "there is no such entry here") : e;
}

uint64_t store_size(struct store *s) {
  struct query q;
  if (s->has_size)
    return s->size;
  query_start(&q, s->db, sql[SIZE]);
  query_int(&q, 1, (int64_t)STORE_PENDING);
  s->has_size = query_row(&q);
  s->size = s->has_size ? (uint64_t)query_get_int(&q, 0) : 0;
  query_end(&q);
  return s->size;
}

enum err store_outbox_each(struct store *s, void *of, enum err (*each)(void *of, const struct outbox_row *row)) {
  struct query q;
  enum err e = OK;
  query_start(&q, s->db, sql[OUTBOX]);
  while (e == OK && query_row(&q)) {
    struct bytes state = query_get(&q, 1);
    struct outbox_row row = {.act = (uint64_t)query_get_int(&q, 0),
                             .rule = query_get(&q, 2),
                             .words = query_get(&q, 3),
                             .remedy = query_get(&q, 4)};
    memcpy(row.state, state.at, state.len < sizeof row.state ? state.len : sizeof row.state - 1);
    e = each(of, &row);
  }
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

uint64_t store_outbox_count(struct store *s, const char *state) {
  struct query q;
  uint64_t count = 0;
  query_start(&q, s->db, sql[OUTBOX_COUNT]);
  if (state)
    query_text(&q, 1, bytes_str(state));
  if (query_row(&q))
    count = (uint64_t)query_get_int(&q, 0);
  query_end(&q);
  return count;
}

enum err store_chain(struct store *s, const struct hash *replica, uint64_t *number_out, struct hash *position_out) {
  struct query q;
  size_t i = replica->at[0] % CHAINS_KEPT;
  if (s->answers.chains[i].is_kept && hash_equal(&s->answers.chains[i].replica, replica)) {
    *number_out = s->answers.chains[i].number;
    *position_out = s->answers.chains[i].position;
    return OK;
  }
  *number_out = 0;
  *position_out = (struct hash){{0}};
  query_start(&q, s->db, sql[CHAIN]);
  query_blob(&q, 1, hash_bytes(replica));
  if (query_row(&q)) {
    *number_out = (uint64_t)query_get_int(&q, 0);
    *position_out = hash_from(query_get(&q, 1));
  }
  enum err e = query_end(&q);
  if (e == OK)
    store_keep_chain(s, replica, *number_out, position_out);
  return e;
}

void store_keep_chain(struct store *s, const struct hash *replica, uint64_t number, const struct hash *position) {
  size_t i = replica->at[0] % CHAINS_KEPT;
  s->answers.chains[i].is_kept = true;
  s->answers.chains[i].replica = *replica;
  s->answers.chains[i].number = number;
  s->answers.chains[i].position = *position;
}

enum err store_checkpoint_add(struct store *s, uint64_t size, const struct hash *root, struct bytes note) {
  struct query q;
  query_start(&q, s->db, sql[CHECKPOINT_ADD]);
  query_int(&q, 1, (int64_t)size);
  query_blob(&q, 2, hash_bytes(root));
  query_blob(&q, 3, note);
  return query_run(&q);
}

enum err store_checkpoint_newest(struct store *s, uint64_t *size_out, struct hash *root_out, struct buf *note_out) {
  struct query q;
  query_start(&q, s->db, sql[CHECKPOINT_NEWEST]);
  bool found = query_row(&q);
  if (found) {
    *size_out = (uint64_t)query_get_int(&q, 0);
    *root_out = hash_from(query_get(&q, 1));
    buf_add(note_out, query_get(&q, 2));
  }
  enum err e = query_end(&q);
  return e == OK && !found ? err_set(ERR_ABSENT, "there is no checkpoint here yet") : e;
}

enum err store_checkpoint_at(struct store *s, uint64_t size, struct buf *note_out) {
  struct query q;
  query_start(&q, s->db, sql[CHECKPOINT_AT]);
  query_int(&q, 1, (int64_t)size);
  bool found = query_row(&q);
  if (found)
    buf_add(note_out, query_get(&q, 0));
  enum err e = query_end(&q);
  return e == OK && !found ? err_set(ERR_ABSENT, "there is no checkpoint of size %" PRIu64 " here", size) : e;
}
