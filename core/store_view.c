#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/name.h"
#include "core/store_parts.h"
#include "core/version.h"

enum {
  LATER_ENTRIES,
  OF_OBJECT,
  ALL_ENTRIES,
  FIRST_OF_OBJECT,
  VOIDS_OF_OBJECT,
  DROP_VOIDED,
  LOST,
  DROP_ERASED,
  ALL_VOIDS,
  PUT_VERSION,
  REPLACE,
  PUT_NAME
};

static const char *const sql[] = {
    [LATER_ENTRIES] = "SELECT 1 FROM entry WHERE object = ?1 AND number > ?2 LIMIT 1",
    [OF_OBJECT] = VIEW_ROW "WHERE e.number IN (SELECT number FROM entry WHERE id = ?1 UNION ALL "
                           "SELECT number FROM entry WHERE object = ?1 UNION ALL "
                           /* what is about an entry that came later than it */
                           "SELECT a.number FROM entry t JOIN entry a ON a.object = t.id WHERE t.object = ?1) "
                           "ORDER BY e.number",
    [ALL_ENTRIES] = VIEW_ROW "ORDER BY e.number",
    [FIRST_OF_OBJECT] = "SELECT kind FROM entry WHERE id = ?1",
    [VOIDS_OF_OBJECT] = VIEW_ROW "WHERE e.object IN (SELECT ?1 UNION ALL SELECT id FROM entry WHERE object = ?1) "
                                 "AND e.kind = 'entry.void' ORDER BY e.number",
    [DROP_VOIDED] = "DELETE FROM voided WHERE entry = ?1 AND object <> ?2",
    [LOST] = "SELECT 1 FROM forgotten WHERE number = ?1 AND why = 'lost'",
    [DROP_ERASED] = "DELETE FROM erasure WHERE entry = ?1 AND object <> ?2",
    [ALL_VOIDS] = VIEW_ROW "WHERE e.kind = 'entry.void' AND e.object IS NOT NULL ORDER BY e.number",
    [PUT_NAME] = "INSERT INTO name_word(object, word, field, sound) VALUES(?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
    [PUT_VERSION] = "INSERT INTO version(object, entry) VALUES(?1, ?2) ON CONFLICT DO NOTHING",
    [REPLACE] = "INSERT INTO version(object, entry, replaced) VALUES(?1, ?2, 1) ON CONFLICT DO UPDATE SET replaced = 1",
};

const char *const *store_view_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

/* What the parameters borrow from until the statement has run. */
struct binding {
  struct store *s;
  const struct projection *p;
  struct query q;
  struct buf scratch[VIEW_PARAMS_MAX];
  struct cert_facts cert;
  bool has_cert;
  enum err err;
};

static enum err append_value(void *of, struct bytes value) {
  return json_append_text(of, value);
}

static void bind_list(struct binding *b, int i, const struct field *f) {
  struct json *list = json_new_list();
  enum err e = kind_each_value(f, b->p->entry, b->p->content, list, append_value);
  if (e != OK)
    b->err = e;
  if (json_count(list) > 0) {
    json_write(&b->scratch[i], list);
    query_text(&b->q, i, buf_bytes(&b->scratch[i]));
  }
  json_free(list);
}

/* All fields of the entry in one JSON object; of what may occur more than once, a list. */
static void bind_fields(struct binding *b, int i) {
  struct json *all = json_new_record();
  for (const struct field *f = b->p->kind->fields; b->err == OK && f->name; f++) {
    struct json *list = json_new_list();
    b->err = kind_each_value(f, b->p->entry, b->p->content, list, append_value);
    if (json_count(list) > 0 && f->count_max == 1)
      b->err = json_set_text(all, f->name, json_get_text(json_at(list, 0)));
    for (size_t j = 0; b->err == OK && f->count_max > 1 && j < json_count(list); j++)
      b->err = json_add_text(all, f->name, json_get_text(json_at(list, j)));
    json_free(list);
  }
  json_write(&b->scratch[i], all);
  query_text(&b->q, i, buf_bytes(&b->scratch[i]));
  json_free(all);
}

static void bind_content(struct binding *b, int i, const struct field *f) {
  const struct json *j = b->p->content ? json_get(b->p->content, f->name) : NULL;
  if (j == NULL)
    return;
  if (json_get_type(j) == JSON_WHOLE)
    query_int(&b->q, i, json_get_whole(j));
  else
    query_text(&b->q, i, json_get_text(j));
}

static void bind_fact(struct binding *b, int i, const struct field *f) {
  struct bytes v = entry_fact(b->p->entry, f->name);
  uint64_t number;
  if (v.at == NULL)
    return;
  if (f->type == FIELD_WHOLE && text_number(v, &number) == OK)
    query_int(&b->q, i, (int64_t)number);
  else
    query_text(&b->q, i, v);
}

static void bind_hash(struct binding *b, int i, const struct hash *h) {
  if (h)
    query_blob(&b->q, i, hash_bytes(h));
}

static void bind_base64(struct binding *b, int i, struct bytes base64) {
  if (base64.len == 0)
    return;
  if (text_base64_decode(base64, &b->scratch[i]) != OK)
    b->err = ERR_FORM;
  query_blob(&b->q, i, buf_bytes(&b->scratch[i]));
}

static void bind_field(struct binding *b, int i, const struct field *f) {
  const struct entry *e = b->p->entry;
  if (f->count_max > 1) {
    bind_list(b, i, f);
    return;
  }
  switch (f->place) {
  case IN_CONTENT: bind_content(b, i, f); break;
  case IN_FACT: bind_fact(b, i, f); break;
  case IN_REF: bind_hash(b, i, entry_ref(e, f->name)); break;
  case IN_CHILD: bind_hash(b, i, e->child_count ? &e->children[0] : NULL); break;
  case IN_KEY: bind_base64(b, i, entry_key(e, f->name)); break;
  case IN_CERT: bind_base64(b, i, e->cert); break;
  }
}

/* What a certificate says; it was checked at the door. */
static const struct cert_facts *read_cert(struct binding *b) {
  struct buf der = {0};
  if (!b->has_cert) {
    b->has_cert = true;
    b->err = text_base64_decode(b->p->entry->cert, &der);
    if (b->err == OK)
      b->err = cert_cache_read(&b->s->certs, buf_bytes(&der), &b->cert);
    buf_release(&der);
  }
  return &b->cert;
}

static void bind_cert(struct binding *b, int i, enum view_param what) {
  const struct cert_facts *c = read_cert(b);
  if (b->err != OK)
    return;
  if (what == PARAM_CERT_KEY)
    query_blob(&b->q, i, hash_bytes(&c->key_id));
  else if (what == PARAM_CERT_USE)
    query_text(&b->q, i, bytes_str(c->use == CERT_PERSON ? "person" : "replica"));
  else
    query_int(&b->q, i, what == PARAM_CERT_FROM ? c->from_s : c->until_s);
}

/* The hash of a key or certificate. */
static void bind_id(struct binding *b, int i, const struct field *f) {
  struct bytes base64 = f->place == IN_KEY ? entry_key(b->p->entry, f->name) : b->p->entry->cert;
  struct buf der = {0};
  if (base64.len == 0)
    return;
  if (text_base64_decode(base64, &der) != OK)
    b->err = ERR_FORM;
  struct hash id = hash_of(buf_bytes(&der));
  buf_add(&b->scratch[i], hash_bytes(&id));
  query_blob(&b->q, i, buf_bytes(&b->scratch[i]));
  buf_release(&der);
}

/* The keys of the `to` lines, in digits. */
static void bind_recipients(struct binding *b, int i) {
  struct json *list = json_new_list();
  for (size_t t = 0; b->err == OK && t < b->p->entry->to_count; t++)
    b->err = json_append_text(list, bytes_str(hash_hex(&b->p->entry->to[t]).s));
  json_write(&b->scratch[i], list);
  query_text(&b->q, i, buf_bytes(&b->scratch[i]));
  json_free(list);
}

static void bind_one(struct binding *b, int i, const struct view_bound *to) {
  const struct projection *p = b->p;
  switch (to->what) {
  case PARAM_ID: bind_hash(b, i, &p->entry->id); break;
  case PARAM_OBJECT: bind_hash(b, i, &p->object); break;
  case PARAM_FIELDS: bind_fields(b, i); break;
  case PARAM_COMMITMENT: bind_hash(b, i, &p->entry->content); break;
  case PARAM_RECIPIENTS: bind_recipients(b, i); break;
  case PARAM_NUMBER: query_int(&b->q, i, (int64_t)p->number); break;
  case PARAM_BY: bind_hash(b, i, &p->entry->by); break;
  case PARAM_AT: query_text(&b->q, i, p->entry->at); break;
  case PARAM_ADMITTED:
    if (p->admitted.len)
      query_text(&b->q, i, p->admitted);
    break;
  case PARAM_CERT_KEY:
  case PARAM_CERT_USE:
  case PARAM_CERT_FROM:
  case PARAM_CERT_UNTIL: bind_cert(b, i, to->what); break;
  case PARAM_FIELD: bind_field(b, i, to->field); break;
  case PARAM_FIELD_ID: bind_id(b, i, to->field); break;
  }
}

static enum err project_with(struct store *s, const struct projection *p, const char *statement) {
  struct binding b = {.s = s, .p = p};
  query_start(&b.q, s->db, statement);
  if (b.q.err != OK)
    return query_end(&b.q);
  const struct view_plan *plan = view_plan_of(s, p->kind, statement, &b.q);
  for (int i = 1; i <= plan->count; i++)
    bind_one(&b, i, &plan->at[i]);
  if (b.err != OK)
    query_end(&b.q);
  else
    b.err = query_run(&b.q);
  for (int i = 1; i <= plan->count; i++)
    buf_release(&b.scratch[i]);
  return b.err;
}

static enum err put_version(struct store *s, int statement, const struct hash *object, const struct hash *entry) {
  struct query q;
  query_start(&q, s->db, sql[statement]);
  query_blob(&q, 1, hash_bytes(object));
  query_blob(&q, 2, hash_bytes(entry));
  return query_run(&q);
}

static enum err follow_versions(struct store *s, const struct projection *p) {
  const struct hash *object = store_object_of(p->kind, p->entry);
  enum err e = put_version(s, PUT_VERSION, object, &p->entry->id);
  for (size_t i = 0; e == OK && i < p->entry->base_count; i++)
    e = put_version(s, REPLACE, object, &p->entry->bases[i]);
  return e;
}

struct naming {
  struct store *s;
  struct hash object;
  const char *field;
};

static enum err put_word(const struct naming *n, const char *word, const char *sound) {
  struct query q;
  query_start(&q, n->s->db, sql[PUT_NAME]);
  query_blob(&q, 1, hash_bytes(&n->object));
  query_text(&q, 2, bytes_str(word));
  query_text(&q, 3, bytes_str(n->field));
  query_text(&q, 4, bytes_str(sound));
  return query_run(&q);
}

static enum err put_name(void *of, struct bytes name) {
  const struct naming *n = of;
  struct name_words words;
  enum err e = OK;
  name_split(name, &words);
  for (size_t i = 0; e == OK && i < words.count; i++) {
    struct name_sound sound = name_sounds(words.words[i]);
    e = put_word(n, words.words[i], sound.key);
  }
  return e;
}

static enum err put_date(void *of, struct bytes date) {
  char word[NAME_WORD_MAX + 1];
  snprintf(word, sizeof word, NAME_DATE_MARK "%.*s", (int)date.len, (const char *)date.at);
  return put_word(of, word, "");
}

static enum err put_names(struct store *s, const struct projection *p) {
  struct bytes rest = bytes_str(p->kind->searched), name;
  struct naming n = {.s = s, .object = p->object};
  enum err e = OK;
  for (bool more = true; e == OK && more;) {
    more = text_split(&rest, ' ', &name);
    const struct field *f = kind_field(p->kind, more ? name : rest);
    n.field = f->name;
    e = kind_each_value(f, p->entry, p->content, &n, f->type == FIELD_DATE ? put_date : put_name);
  }
  return e;
}

/* With the entry that began an object goes all that was said of the object later. */
static enum err counts(struct store *s, const struct projection *p, bool *out) {
  bool entry_is_voided = false, object_is_voided = false;
  enum err e = p->is_new ? OK : version_is_voided(s, &p->entry->id, &entry_is_voided);
  if (e == OK && !p->kind->is_about_entry && !hash_equal(&p->object, &p->entry->id))
    e = version_is_voided(s, &p->object, &object_is_voided);
  *out = !entry_is_voided && !object_is_voided;
  return e;
}

static enum err project(struct store *s, const struct projection *p) {
  bool does_count;
  enum err e = counts(s, p, &does_count);
  if (e != OK || !does_count)
    return e;
  if (p->kind->audience == AUDIENCE_DIRECTORY || p->kind->keeps_out)
    store_forget_people(s);
  if (p->kind->is_change)
    e = follow_versions(s, p);
  if (e == OK && p->kind->searched)
    e = put_names(s, p);
  for (size_t i = 0; e == OK && i < KIND_PROJECTIONS_MAX && p->kind->project[i]; i++)
    e = project_with(s, p, p->kind->project[i]);
  return e;
}

/* What a kind calls its object is asked anew: the kind may not have been known when the entry came, nor what it voids
 * have been here. What is voided may be gone again: whose object it was stands in the row. */
static enum err object_of_row(struct store *s, const struct view_row *r, struct hash *out) {
  const struct hash *named = store_object_of(r->kind, &r->entry);
  *out = r->object;
  if (named == NULL)
    return OK;
  if (!r->kind->is_about_entry) {
    *out = *named;
    return OK;
  }
  struct hash found;
  enum err err = store_find_object(s, r->kind, &r->entry, &found);
  if (err == OK && !hash_equal(&found, named))
    *out = found;
  return err;
}

/* What is not accepted is this machine's own and enters as it was recorded. */
static enum err project_judged(struct store *s, const struct projection *p, const struct accepted *a) {
  enum err e = p->number < STORE_PENDING ? judge_accepted(s, a) : OK;
  if (e == ERR_KEY || e == ERR_REFUSED)
    return OK;
  return e == OK ? project(s, p) : e;
}

static enum err is_lost(struct store *s, uint64_t number, bool *out) {
  struct query q;
  query_start(&q, s->db, sql[LOST]);
  query_int(&q, 1, (int64_t)number);
  *out = query_row(&q);
  return query_end(&q);
}

/* A kind that this program does not know, an entry whose content is gone, or one that its author may not write, does
 * not enter the views. */
enum pass { VOIDS_ONLY, NO_VOIDS };

struct passing {
  struct store *s;
  enum pass pass;
};

static enum err project_row(void *of, struct view_row *r) {
  const struct passing *how = of;
  struct store *s = how->s;
  struct projection p = {
      .kind = r->kind, .entry = &r->entry, .content = r->json, .number = r->number, .admitted = r->admitted};
  bool is_alone = false;
  enum err e = !r->has_content && kind_stands_alone(p.kind) ? is_lost(s, p.number, &is_alone) : OK;
  if (e != OK || p.kind == NULL || p.kind->is_void != (how->pass == VOIDS_ONLY) ||
      !(is_alone ? kind_check_header(p.kind, &r->entry) == OK : r->is_whole))
    return e;
  struct accepted a = {.entry = &r->entry,
                       .content = r->json,
                       .kind = p.kind,
                       .number = p.number,
                       .act = r->act,
                       .act_id = r->act_id,
                       .admitted = p.admitted};
  e = object_of_row(s, r, &p.object);
  return e == OK ? project_judged(s, &p, &a) : e;
}

/* The views of the kind that began the object; NULL if the object is not here or has none. */
static enum err find_views(struct store *s, const struct hash *object, const char **views_out) {
  struct query q;
  *views_out = NULL;
  query_start(&q, s->db, sql[FIRST_OF_OBJECT]);
  query_blob(&q, 1, hash_bytes(object));
  if (query_row(&q)) {
    const struct kind *k = kind_find(query_get(&q, 0));
    *views_out = k ? k->views : NULL;
  }
  return query_end(&q);
}

static enum err project_all(struct store *s, const char *statement, const struct hash *object, enum pass pass) {
  struct passing how = {s, pass};
  struct query q;
  query_start(&q, s->db, statement);
  if (object)
    query_blob(&q, 1, hash_bytes(object));
  return object ? view_rows_each(&q, &how, project_row) : view_rows_each_of_many(&q, &how, project_row);
}

/* An object whose first entry is gone may have rows in any view. */
enum err view_take_out(struct store *s, const struct hash *object) {
  const char *views;
  store_forget_people(s);
  enum err e = find_views(s, object, &views);
  if (e != OK)
    return e;
  return views ? view_tables_drop(s, views, object) : view_tables_drop_all(s, object);
}

static enum err has_later(struct store *s, const struct hash *object, uint64_t number, bool *out) {
  struct query q;
  query_start(&q, s->db, sql[LATER_ENTRIES]);
  query_blob(&q, 1, hash_bytes(object));
  query_int(&q, 2, (int64_t)number);
  *out = query_row(&q);
  return query_end(&q);
}

static enum err is_here(struct store *s, const struct hash *object, bool *out) {
  struct query q;
  query_start(&q, s->db, sql[FIRST_OF_OBJECT]);
  query_blob(&q, 1, hash_bytes(object));
  *out = query_row(&q);
  return query_end(&q);
}

/* What voids goes first, so that what it voids never enters. Mostly there is nothing, and that is soon seen. */
enum err view_put_back(struct store *s, const struct hash *object) {
  bool is_any = false;
  enum err e = has_later(s, object, 0, &is_any);
  if (e == OK && !is_any)
    e = is_here(s, object, &is_any);
  if (e != OK || !is_any)
    return e;
  e = project_all(s, sql[VOIDS_OF_OBJECT], object, VOIDS_ONLY);
  return e == OK ? project_all(s, sql[OF_OBJECT], object, NO_VOIDS) : e;
}

enum err view_renumber(struct store *s, const struct kind *k, const struct hash *object, uint64_t number, bool *out) {
  const char *statement = k ? view_table_renumber(s, k) : NULL;
  bool has_more = true;
  struct query q;
  *out = false;
  enum err e = statement ? has_later(s, object, 0, &has_more) : OK;
  if (e != OK || has_more)
    return e;
  query_start(&q, s->db, statement);
  query_blob(&q, 1, hash_bytes(object));
  query_int(&q, 2, (int64_t)number);
  e = query_run(&q);
  *out = e == OK && db_changes(s->db) == 1;
  return e;
}

enum err view_replay(struct store *s, const struct hash *object) {
  enum err e = view_take_out(s, object);
  return e == OK ? view_put_back(s, object) : e;
}

/* It was voided, or erased, before it came: then it was not known of which object it is. */
static enum err meet_earlier(struct store *s, const struct projection *p, bool *out) {
  static const int statements[] = {DROP_VOIDED, DROP_ERASED};
  enum err e = OK;
  for (size_t i = 0; e == OK && i < sizeof statements / sizeof *statements; i++) {
    struct query q;
    query_start(&q, s->db, sql[statements[i]]);
    query_blob(&q, 1, hash_bytes(&p->entry->id));
    query_blob(&q, 2, hash_bytes(&p->object));
    e = query_run(&q);
    *out = *out || (e == OK && db_changes(s->db) > 0);
  }
  return e;
}

enum err view_enter(struct store *s, const struct projection *p) {
  bool later = p->kind->is_void;
  if (p->is_new && !later)
    return project(s, p);
  enum err e = later ? OK : has_later(s, &p->object, p->number, &later);
  if (e == OK)
    e = meet_earlier(s, p, &later);
  if (e != OK)
    return e;
  return later ? view_replay(s, &p->object) : project(s, p);
}

enum err view_pass_by(struct store *s, const struct projection *p) {
  bool was_filed = false;
  enum err e = meet_earlier(s, p, &was_filed);
  return e == OK && was_filed ? view_replay(s, &p->object) : e;
}

enum err store_rebuild(struct store *s) {
  enum err e = view_tables_empty(s);
  if (e == OK)
    e = project_all(s, sql[ALL_VOIDS], NULL, VOIDS_ONLY);
  if (e == OK)
    e = project_all(s, sql[ALL_ENTRIES], NULL, NO_VOIDS);
  store_forget_keys(s);
  return e;
}
