#include "core/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/directory.h"
#include "core/keyring.h"
#include "core/moment.h"
#include "core/reach.h"
#include "core/staff.h"
#include "core/store_parts.h"

extern const char schema_sql[];

enum {
  META_GET,
  META_SET,
  PUT_ACT,
  PUT_PLACE,
  PUT_PART,
  PUT_ENTRY,
  PUT_CONTENT,
  PUT_ERASED,
  PUT_LOST,
  REMEMBER,
  PRESENCE,
  PUT_CHILD,
  PUT_LARGE,
  PUT_OUTBOX,
  PUT_CHAIN,
  NEXT_PENDING,
  PENDING_ENTRIES,
  DROP_CHILDREN,
  DROP_CONTENT,
  DROP_OUTBOX,
  DROP_ENTRIES,
  DROP_ACT,
  MARK_OUTBOX,
  REOFFER,
  REOFFER_HELD,
  UNDECIDED,
  HELD_ELSEWHERE,
  HELD_PUT,
  HELD_FIND,
  HELD_DROP,
  OBJECT_OF,
};

static const char *const sql[] = {
    [META_GET] = "SELECT value FROM meta WHERE name = ?1",
    [META_SET] = "INSERT INTO meta(name, value) VALUES(?1, ?2) ON CONFLICT DO UPDATE SET value = ?2",
    [PUT_ACT] = "INSERT INTO act(first, id, by, size, signature, admitted, replica, position, previous, head) "
                "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    [PUT_PLACE] = "UPDATE act SET replica = ?2, position = ?3, previous = ?4, head = ?5 "
                  "WHERE first = ?1 AND replica IS NULL",
    [PUT_PART] = "INSERT INTO act_part(act, part, indices, siblings) "
                 "SELECT ?1, coalesce(max(part) + 1, 0), ?2, ?3 FROM act_part WHERE act = ?1",
    [PUT_ENTRY] = "INSERT INTO entry(number, id, act, idx, kind, object, header) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    /* FAIL, for one row no other than ABORT: beside a trigger SQLite would keep a journal for the statement, and walk
     * through all that the act's savepoint keeps at its end. */
    [PUT_CONTENT] = "INSERT OR FAIL INTO content(number, salt, bytes) VALUES(?1, ?2, ?3)",
    [PUT_ERASED] = "INSERT INTO forgotten(number, why) VALUES(?1, 'erased') ON CONFLICT DO UPDATE SET why = 'erased'",
    [PUT_LOST] = "INSERT OR IGNORE INTO forgotten(number, why) VALUES(?1, 'lost')",
    [REMEMBER] = "DELETE FROM forgotten WHERE number = ?1 AND why <> 'erased'",
    [PRESENCE] = "SELECT e.id, c.number IS NOT NULL OR f.why = 'erased' FROM entry e LEFT JOIN content c "
                 "ON c.number = e.number LEFT JOIN forgotten f ON f.number = e.number WHERE e.number = ?1",
    [PUT_CHILD] = "INSERT INTO entry_child(child, number) VALUES(?1, ?2)",
    [PUT_LARGE] = "INSERT INTO large(number, content) VALUES(?1, ?2)",
    [PUT_OUTBOX] = "INSERT INTO outbox(act, state) VALUES(?1, 'unsent')",
    [PUT_CHAIN] = "INSERT INTO chain(replica, number, position) VALUES(?1, ?2, ?3) "
                  "ON CONFLICT DO UPDATE SET number = ?2, position = ?3",
    [NEXT_PENDING] = "SELECT max(first) FROM act WHERE first >= ?1",
    [PENDING_ENTRIES] = "SELECT coalesce(object, id), object IS NULL, idx, kind FROM entry "
                        "WHERE number >= ?1 AND number < ?1 + 1024 ORDER BY number",
    [DROP_CHILDREN] = "DELETE FROM entry_child WHERE number >= ?1 AND number < ?1 + 1024",
    [DROP_CONTENT] = "DELETE FROM content WHERE number >= ?1 AND number < ?1 + 1024",
    [DROP_OUTBOX] = "DELETE FROM outbox WHERE act = ?1",
    [DROP_ENTRIES] = "DELETE FROM entry WHERE number >= ?1 AND number < ?1 + 1024",
    [DROP_ACT] = "DELETE FROM act WHERE first = ?1",
    [MARK_OUTBOX] = "UPDATE outbox SET state = ?2, rule = ?3, words = ?4, remedy = ?5 "
                    "WHERE act = (SELECT first FROM act WHERE id = ?1)",
    [REOFFER] = "UPDATE outbox SET state = 'unsent' WHERE state = 'sent'",
    [REOFFER_HELD] = "UPDATE outbox SET state = 'unsent', rule = '', words = '', remedy = '' WHERE state = 'held'",
    [UNDECIDED] = "SELECT act FROM outbox WHERE state IN ('unsent', 'sent', 'later') ORDER BY act",
    [HELD_ELSEWHERE] = "SELECT o.act FROM outbox o JOIN act a ON a.first = o.act "
                       "WHERE o.state = 'held' AND a.replica <> ?1 ORDER BY o.act",
    [HELD_PUT] = "INSERT INTO held(hold, message) VALUES(?1, ?2)",
    [HELD_FIND] = "SELECT message FROM held WHERE hold = ?1",
    [HELD_DROP] = "DELETE FROM held WHERE hold = ?1",
    [OBJECT_OF] = "SELECT coalesce(object, id) FROM entry WHERE id = ?1",
};

const char *const *store_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

static struct store *store_of(struct db *db) {
  struct store *s = mem_alloc(sizeof *s);
  s->db = db;
  return s;
}

enum err store_create(const char *path, struct store **out) {
  struct db *db = NULL;
  enum err e = db_create(path, schema_sql, &db);
  if (e == OK)
    *out = store_of(db);
  return e;
}

enum err store_open(const char *path, int wait_ms, struct store **out) {
  struct db *db = NULL;
  enum err e = db_open(path, wait_ms, &db);
  if (e == OK)
    *out = store_of(db);
  return e;
}

void store_forget_keys(struct store *s) {
  for (size_t i = 0; i < CERTIFIED_MAX; i++) {
    key_free(s->certified[i].key);
    s->certified[i] = (struct certified){0};
  }
  s->has_size = false;
  s->answers = (struct kept_answers){0};
  s->settings = (struct kept_settings){0};
  reach_forget(s);
  store_header_forget(s);
}

void store_forget_people(struct store *s) {
  for (size_t i = 0; i < CERTIFIED_MAX; i++)
    s->certified[i].standing.is_author = s->certified[i].standing.is_machine = false;
  s->settings = (struct kept_settings){0};
}

void store_close(struct store *s) {
  if (s == NULL)
    return;
  store_forget_keys(s);
  cert_cache_release(&s->certs);
  buf_release(&s->new_leaves);
  buf_release(&s->barred);
  buf_release(&s->keys);
  db_close(s->db);
  view_tables_release(s);
  rule_gates_release(s);
  view_plans_release(s);
  free(s);
}

bool store_is_at(const struct store *s, const char *path) {
  return db_is_at(s->db, path);
}

static enum err add_key(void *of, const struct hash *key_id) {
  buf_add(of, hash_bytes(key_id));
  return OK;
}

/* A reader of whom nobody knows what is kept from them is nobody. */
void store_read_as(struct store *s, const struct scope_recipient *who) {
  buf_clear(&s->barred);
  buf_clear(&s->keys);
  s->reader = (struct scope_recipient){.replica = who->replica, .person = who->person};
  if (hash_is_zero(&who->person))
    return;
  if (staff_barred_from(s, &who->person, &s->barred) != OK ||
      keyring_each_of_reader(s, &who->person, &s->keys, add_key) != OK)
    s->reader = (struct scope_recipient){.person = who->person};
  s->reader.barred = (const struct hash *)(const void *)s->barred.at;
  s->reader.barred_count = s->barred.len / HASH_SIZE;
  s->reader.is_keeper = directory_is_keeper(s, &who->person);
  s->reader.keys = (const struct hash *)(const void *)s->keys.at;
  s->reader.key_count = s->keys.len / HASH_SIZE;
}

enum err store_begin(struct store *s) {
  buf_clear(&s->new_leaves);
  return db_do(s->db, "BEGIN IMMEDIATE");
}

enum err store_commit(struct store *s) {
  enum err e = store_tree_flush(s);
  moment_comes(MOMENT_BEFORE_COMMIT);
  if (e == OK)
    e = db_do(s->db, "COMMIT");
  moment_comes(MOMENT_AFTER_COMMIT);
  if (e != OK)
    store_rollback(s);
  return e;
}

void store_rollback(struct store *s) {
  buf_clear(&s->new_leaves);
  store_forget_keys(s);
  if (db_in_transaction(s->db))
    db_do(s->db, "ROLLBACK");
}

enum err store_end(struct store *s, enum err e) {
  char words[512], remedy[512];
  if (e == OK)
    return store_commit(s);
  snprintf(words, sizeof words, "%s", err_words(e));
  snprintf(remedy, sizeof remedy, "%s", err_remedy());
  store_rollback(s);
  return err_set_remedy(e, remedy, "%s", words);
}

enum err store_meta(struct store *s, const char *name, struct buf *out) {
  struct query q;
  query_start(&q, s->db, sql[META_GET]);
  query_text(&q, 1, bytes_str(name));
  bool found = query_row(&q);
  if (found)
    buf_add(out, query_get(&q, 0));
  enum err e = query_end(&q);
  return e == OK && !found ? err_set(ERR_ABSENT, "this store does not know its \"%s\"", name) : e;
}

enum err store_meta_set(struct store *s, const char *name, struct bytes value) {
  struct query q;
  query_start(&q, s->db, sql[META_SET]);
  query_text(&q, 1, bytes_str(name));
  query_blob(&q, 2, value);
  return query_run(&q);
}

enum err store_meta_hash(struct store *s, const char *name, struct hash *out) {
  struct buf b = {0};
  enum err e = store_meta(s, name, &b);
  if (e == OK)
    *out = hash_from(buf_bytes(&b));
  buf_release(&b);
  return e;
}

uint64_t store_meta_number(struct store *s, const char *name) {
  struct buf b = {0};
  uint64_t v = 0;
  if (store_meta(s, name, &b) == OK)
    text_number(buf_bytes(&b), &v);
  buf_release(&b);
  return v;
}

enum err store_meta_set_number(struct store *s, const char *name, uint64_t v) {
  char text[32];
  snprintf(text, sizeof text, "%" PRIu64, v);
  return store_meta_set(s, name, bytes_str(text));
}

static void blob_or_null(struct query *q, int i, struct bytes v) {
  if (v.len)
    query_blob(q, i, v);
  else
    query_null(q, i);
}

static void text_or_null(struct query *q, int i, struct bytes v) {
  if (v.len)
    query_text(q, i, v);
  else
    query_null(q, i);
}

static enum err run_with(struct store *s, const char *statement, uint64_t number) {
  struct query q;
  query_start(&q, s->db, statement);
  query_int(&q, 1, (int64_t)number);
  return query_run(&q);
}

static void bind_place(struct query *q, int i, const struct position *p, struct bytes head) {
  query_blob(q, i, hash_bytes(&p->replica));
  query_int(q, i + 1, (int64_t)p->number);
  query_blob(q, i + 2, hash_bytes(&p->previous));
  blob_or_null(q, i + 3, head);
}

enum err store_put_act(struct store *s, const struct act_row *row) {
  struct query q;
  struct hash id = row->position->act;
  bool is_placed = !hash_is_zero(&row->position->replica);
  query_start(&q, s->db, sql[PUT_ACT]);
  query_int(&q, 1, (int64_t)row->first);
  query_blob(&q, 2, hash_bytes(&id));
  query_blob(&q, 3, hash_bytes(&row->text->by));
  query_int(&q, 4, row->text->size);
  query_blob(&q, 5, row->signature);
  text_or_null(&q, 6, row->admitted);
  if (is_placed)
    bind_place(&q, 7, row->position, row->head);
  s->answers.has_newest = false;
  return query_run(&q);
}

enum err store_put_place(struct store *s, uint64_t act_first, const struct position *p, struct bytes head) {
  struct query q;
  query_start(&q, s->db, sql[PUT_PLACE]);
  query_int(&q, 1, (int64_t)act_first);
  bind_place(&q, 2, p, head);
  return query_run(&q);
}

enum err store_put_part(struct store *s, uint64_t act_first, const struct act_entry *entries, size_t count,
                        struct bytes siblings) {
  struct query q;
  struct buf indices = {0};
  for (size_t i = 0; i < count; i++)
    buf_u32(&indices, entries[i].index);
  query_start(&q, s->db, sql[PUT_PART]);
  query_int(&q, 1, (int64_t)act_first);
  query_blob(&q, 2, buf_bytes(&indices));
  query_blob(&q, 3, siblings);
  enum err e = query_run(&q);
  buf_release(&indices);
  return e;
}

static enum err put_large(struct store *s, uint64_t number, const struct hash *commitment) {
  struct query q;
  query_start(&q, s->db, sql[PUT_LARGE]);
  query_int(&q, 1, (int64_t)number);
  query_blob(&q, 2, hash_bytes(commitment));
  return query_run(&q);
}

enum err store_remember(struct store *s, uint64_t number) {
  return run_with(s, sql[REMEMBER], number);
}

enum err store_put_content(struct store *s, uint64_t number, const struct entry *e, const struct act_entry *from) {
  struct query q;
  if (from->is_erased)
    return run_with(s, sql[PUT_ERASED], number);
  if (from->is_lost)
    return run_with(s, sql[PUT_LOST], number);
  query_start(&q, s->db, sql[PUT_CONTENT]);
  query_int(&q, 1, (int64_t)number);
  query_blob(&q, 2, bytes_of(from->salt, ENTRY_SALT_SIZE));
  query_blob(&q, 3, from->content);
  enum err err = query_run(&q);
  return err == OK && from->content.len > ENTRY_LARGE ? put_large(s, number, &e->content) : err;
}

enum err store_presence(struct store *s, uint64_t number, struct hash *id_out, enum store_presence *out) {
  struct query q;
  *out = STORE_ABSENT;
  query_start(&q, s->db, sql[PRESENCE]);
  query_int(&q, 1, (int64_t)number);
  if (query_row(&q)) {
    *id_out = hash_from(query_get(&q, 0));
    *out = query_get_int(&q, 1) ? STORE_WHOLE : STORE_HEADER_ONLY;
  }
  return query_end(&q);
}

static enum err put_children(struct store *s, uint64_t number, const struct entry *e) {
  enum err err = OK;
  for (size_t i = 0; err == OK && i < e->child_count; i++) {
    struct query q;
    query_start(&q, s->db, sql[PUT_CHILD]);
    query_blob(&q, 1, hash_bytes(&e->children[i]));
    query_int(&q, 2, (int64_t)number);
    err = query_run(&q);
  }
  return err;
}

enum err store_put_entry(struct store *s, uint64_t number, uint64_t act_first, uint32_t index, const struct entry *e,
                         const struct hash *object) {
  struct query q;
  query_start(&q, s->db, sql[PUT_ENTRY]);
  query_int(&q, 1, (int64_t)number);
  query_blob(&q, 2, hash_bytes(&e->id));
  query_int(&q, 3, (int64_t)act_first);
  query_int(&q, 4, index);
  query_text(&q, 5, e->kind);
  blob_or_null(&q, 6, object ? hash_bytes(object) : bytes_of(NULL, 0));
  query_blob(&q, 7, e->header);
  enum err err = query_run(&q);
  if (number < STORE_PENDING && number > s->size)
    s->size = number;
  return err == OK ? put_children(s, number, e) : err;
}

enum err store_put_outbox(struct store *s, uint64_t act_first) {
  struct query q;
  query_start(&q, s->db, sql[PUT_OUTBOX]);
  query_int(&q, 1, (int64_t)act_first);
  return query_run(&q);
}

enum err store_put_chain(struct store *s, const struct position *p) {
  struct query q;
  struct hash id = position_id(p);
  store_keep_chain(s, &p->replica, p->number, &id);
  query_start(&q, s->db, sql[PUT_CHAIN]);
  query_blob(&q, 1, hash_bytes(&p->replica));
  query_int(&q, 2, (int64_t)p->number);
  query_blob(&q, 3, hash_bytes(&id));
  return query_run(&q);
}

uint64_t store_next_pending(struct store *s) {
  struct query q;
  uint64_t newest = 0;
  query_start(&q, s->db, sql[NEXT_PENDING]);
  query_int(&q, 1, (int64_t)STORE_PENDING);
  if (query_row(&q))
    newest = (uint64_t)query_get_int(&q, 0);
  query_end(&q);
  return newest ? newest + ACT_ENTRIES_MAX : STORE_PENDING;
}

/* Those of objects, hash after hash, are taken out of the views with the act, and what else there is of them is put
 * back. */
static enum err drop_act(struct store *s, uint64_t first, struct bytes objects) {
  static const int steps[] = {DROP_CHILDREN, DROP_CONTENT, DROP_OUTBOX, DROP_ENTRIES, DROP_ACT};
  store_header_forget(s);
  const struct hash *dropped = (const struct hash *)(const void *)objects.at;
  size_t count = objects.len / HASH_SIZE;
  enum err e = OK;
  for (size_t i = 0; e == OK && i < count; i++)
    e = view_take_out(s, &dropped[i]);
  for (size_t i = 0; e == OK && i < sizeof steps / sizeof *steps; i++)
    e = run_with(s, sql[steps[i]], first);
  for (size_t i = 0; e == OK && i < count; i++)
    e = view_put_back(s, &dropped[i]);
  return e;
}

static void add_once(struct buf *objects, const struct hash *object) {
  for (size_t i = 0; i < objects->len; i += HASH_SIZE)
    if (memcmp(objects->at + i, object->at, HASH_SIZE) == 0)
      return;
  buf_add(objects, hash_bytes(object));
}

/* With a number to be given, rows of the views that can go by it stay. */
static enum err leave_pending(struct store *s, uint64_t first, uint64_t number, bool *has_rows) {
  struct buf objects = {0};
  struct query q;
  enum err e = OK;
  query_start(&q, s->db, sql[PENDING_ENTRIES]);
  query_int(&q, 1, (int64_t)first);
  while (e == OK && query_row(&q)) {
    const struct hash object = hash_from(query_get(&q, 0));
    size_t i = (size_t)query_get_int(&q, 2);
    bool stays = false;
    if (number && query_get_int(&q, 1))
      e = view_renumber(s, kind_find(query_get(&q, 3)), &object, number + i, &stays);
    if (stays)
      has_rows[i] = true;
    else
      add_once(&objects, &object);
  }
  enum err query_error = query_end(&q);
  e = e == OK ? query_error : e;
  if (e == OK)
    e = drop_act(s, first, buf_bytes(&objects));
  buf_release(&objects);
  return e;
}

enum err store_drop_pending(struct store *s, uint64_t first) {
  return leave_pending(s, first, 0, NULL);
}

enum err store_number_pending(struct store *s, uint64_t first, uint64_t number, bool *has_rows) {
  return leave_pending(s, first, number, has_rows);
}

enum err store_outbox_mark(struct store *s, const struct hash *act, const char *state, const char *rule,
                           const char *words, const char *remedy) {
  struct query q;
  query_start(&q, s->db, sql[MARK_OUTBOX]);
  query_blob(&q, 1, hash_bytes(act));
  query_text(&q, 2, bytes_str(state));
  text_or_null(&q, 3, bytes_str(rule));
  text_or_null(&q, 4, bytes_str(words));
  text_or_null(&q, 5, bytes_str(remedy));
  return query_run(&q);
}

enum err store_outbox_reoffer(struct store *s, uint64_t *count_out) {
  struct query q;
  query_start(&q, s->db, sql[REOFFER]);
  enum err e = query_run(&q);
  *count_out = (uint64_t)db_changes(s->db);
  return e;
}

/* An act's row cannot be changed, only be made anew. */
static enum err move_act(struct store *s, uint64_t first, const struct hash *replica) {
  struct act_record a = {0};
  struct position p = {.replica = *replica};
  enum err e = store_find_act(s, first, &a);
  if (e == OK)
    e = store_chain(s, replica, &p.number, &p.previous);
  p.number++;
  p.act = a.position.act;
  struct act_row row = {.first = first, .text = &a.text, .position = &p, .signature = buf_bytes(&a.signature)};
  if (e == OK)
    e = run_with(s, sql[DROP_ACT], first);
  if (e == OK)
    e = store_put_act(s, &row);
  if (e == OK)
    e = store_put_chain(s, &p);
  if (e == OK)
    e = store_outbox_mark(s, &p.act, "unsent", "", "", "");
  act_record_release(&a);
  return e;
}

/* The acts that the query gives, behind the newest of this key's chain, which it may ask for. */
static enum err move_acts(struct store *s, const char *statement, const struct hash *replica, uint64_t *count_out) {
  struct buf acts = {0};
  struct query q;
  query_start(&q, s->db, statement);
  if (query_param_count(&q))
    query_blob(&q, 1, hash_bytes(replica));
  while (query_row(&q)) {
    uint64_t first = (uint64_t)query_get_int(&q, 0);
    buf_add(&acts, bytes_of(&first, sizeof first));
  }
  enum err e = query_end(&q);
  size_t count = acts.len / sizeof(uint64_t);
  for (size_t i = 0; e == OK && i < count; i++) {
    uint64_t first;
    memcpy(&first, acts.at + i * sizeof first, sizeof first);
    e = move_act(s, first, replica);
  }
  if (e == OK)
    *count_out = count;
  buf_release(&acts);
  return e;
}

enum err store_outbox_reposition(struct store *s, const struct hash *replica, uint64_t *count_out) {
  return move_acts(s, sql[UNDECIDED], replica, count_out);
}

enum err store_outbox_reoffer_held(struct store *s, const struct hash *replica) {
  struct query q;
  uint64_t moved;
  enum err e = move_acts(s, sql[HELD_ELSEWHERE], replica, &moved);
  if (e != OK)
    return e;
  query_start(&q, s->db, sql[REOFFER_HELD]);
  return query_run(&q);
}

const struct hash *store_object_of(const struct kind *k, const struct entry *e) {
  const struct field *f = k && k->object ? kind_field(k, bytes_str(k->object)) : NULL;
  if (f == NULL)
    return NULL;
  if (f->place == IN_CHILD)
    return e->child_count ? &e->children[0] : NULL;
  return entry_ref(e, k->object);
}

enum err store_find_object(struct store *s, const struct kind *k, const struct entry *e, struct hash *out) {
  const struct hash *named = store_object_of(k, e);
  struct query q;
  *out = named ? *named : e->id;
  if (named == NULL || !k->is_about_entry)
    return OK;
  query_start(&q, s->db, sql[OBJECT_OF]);
  query_blob(&q, 1, hash_bytes(named));
  if (query_row(&q))
    *out = hash_from(query_get(&q, 0));
  return query_end(&q);
}

enum err store_held_put(struct store *s, const struct hash *hold, struct bytes message) {
  struct query q;
  query_start(&q, s->db, sql[HELD_PUT]);
  query_blob(&q, 1, hash_bytes(hold));
  query_blob(&q, 2, message);
  return query_run(&q);
}

enum err store_held_find(struct store *s, const struct hash *hold, struct buf *message_out) {
  struct query q;
  query_start(&q, s->db, sql[HELD_FIND]);
  query_blob(&q, 1, hash_bytes(hold));
  bool found = query_row(&q);
  if (found)
    buf_add(message_out, query_get(&q, 0));
  enum err e = query_end(&q);
  return e == OK && !found ? err_set(ERR_ABSENT, "this act is not held any more") : e;
}

enum err store_held_drop(struct store *s, const struct hash *hold) {
  struct query q;
  query_start(&q, s->db, sql[HELD_DROP]);
  query_blob(&q, 1, hash_bytes(hold));
  return query_run(&q);
}

static enum err try_all(struct store *s, const char *const *list, size_t count) {
  enum err e = OK;
  for (size_t i = 0; e == OK && i < count; i++)
    e = db_try(s->db, list[i]);
  return e;
}

static enum err try_domain(struct store *s) {
  enum err e = OK;
  const struct kind *k;
  const struct rule *r;
  for (size_t i = 0; e == OK && (k = kind_at(i)); i++)
    for (size_t j = 0; e == OK && j < KIND_PROJECTIONS_MAX && k->project[j]; j++)
      e = db_try(s->db, k->project[j]);
  for (size_t i = 0; e == OK && (r = rule_at(i)); i++)
    if (r->query)
      e = db_try(s->db, r->query);
  return e;
}

enum err store_try_statements(struct store *s) {
  static const char *const *(*const files[])(size_t *) = {
#define X(statements) statements,
      STORE_STATEMENT_TABLE(X)
#undef X
  };
  enum err e = OK;
  for (size_t i = 0; e == OK && i < sizeof files / sizeof *files; i++) {
    size_t count;
    const char *const *list = files[i](&count);
    e = try_all(s, list, count);
  }
  if (e == OK)
    e = view_tables_try(s);
  return e == OK ? try_domain(s) : e;
}
