/* The tables of which the views are made: each named once, however many kinds share it, with the statements that empty
 * it and read it. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/store_parts.h"

#define TABLES_MAX 128
#define TABLE_NAME_MAX 40

/* The names are constants of the domain's tables, so they may stand in SQL text. */
struct view_table {
  char name[TABLE_NAME_MAX];
  char empty[96], drop[96], read[96];
};

struct view_tables {
  size_t count;
  struct view_table at[TABLES_MAX];
};

/* Every object may have rows in these, whatever its kind. */
static const char common[] = "version voided erasure name_word";

static const struct view_table *find(const struct view_tables *t, struct bytes name) {
  for (size_t i = 0; i < t->count; i++)
    if (bytes_equal_str(name, t->at[i].name))
      return &t->at[i];
  return NULL;
}

/* The next of the names that spaces join; false after the last one. */
static bool next_name(struct bytes *rest, struct bytes *name) {
  if (rest->len == 0)
    return false;
  if (!text_split(rest, ' ', name)) {
    *name = *rest;
    *rest = bytes_of(NULL, 0);
  }
  return true;
}

static void add_names(struct view_tables *t, const char *names) {
  struct bytes rest = bytes_str(names), name;
  while (next_name(&rest, &name)) {
    struct view_table *v = &t->at[t->count];
    if (find(t, name))
      continue;
    assert(t->count + 1 < TABLES_MAX && name.len < TABLE_NAME_MAX);
    snprintf(v->name, sizeof v->name, "%.*s", (int)name.len, (const char *)name.at);
    snprintf(v->empty, sizeof v->empty, "DELETE FROM %.*s", (int)name.len, (const char *)name.at);
    snprintf(v->drop, sizeof v->drop, "DELETE FROM %.*s WHERE object = ?1", (int)name.len, (const char *)name.at);
    snprintf(v->read, sizeof v->read, "SELECT * FROM %.*s ORDER BY 1, 2, 3", (int)name.len, (const char *)name.at);
    t->count++;
  }
}

/* Made when first needed. The statements stay where they are while the store is open, so that they are kept prepared.
 */
static const struct view_tables *tables_of(struct store *s) {
  const struct kind *k;
  if (s->tables)
    return s->tables;
  s->tables = mem_alloc(sizeof *s->tables);
  add_names(s->tables, common);
  for (size_t i = 0; (k = kind_at(i)); i++)
    if (k->views)
      add_names(s->tables, k->views);
  return s->tables;
}

void view_tables_release(struct store *s) {
  free(s->tables);
  s->tables = NULL;
}

enum err view_tables_try(struct store *s) {
  const struct view_tables *t = tables_of(s);
  enum err e = OK;
  for (size_t i = 0; e == OK && i < t->count; i++) {
    const char *statements[] = {t->at[i].empty, t->at[i].drop, t->at[i].read};
    for (size_t k = 0; e == OK && k < sizeof statements / sizeof *statements; k++)
      e = db_try(s->db, statements[k]);
  }
  return e;
}

/* ---- taking rows out ---- */

enum err view_tables_empty(struct store *s) {
  const struct view_tables *t = tables_of(s);
  struct query q;
  enum err e = OK;
  for (size_t i = 0; e == OK && i < t->count; i++) {
    query_start(&q, s->db, t->at[i].empty);
    e = query_run(&q);
  }
  return e;
}

static enum err drop_rows(struct store *s, const struct view_table *t, const struct hash *object) {
  struct query q;
  query_start(&q, s->db, t->drop);
  query_blob(&q, 1, hash_bytes(object));
  return query_run(&q);
}

static enum err drop_from(struct store *s, const char *names, const struct hash *object) {
  const struct view_tables *t = tables_of(s);
  struct bytes rest = bytes_str(names), name;
  enum err e = OK;
  while (e == OK && next_name(&rest, &name))
    e = drop_rows(s, find(t, name), object);
  return e;
}

enum err view_tables_drop(struct store *s, const char *views, const struct hash *object) {
  enum err e = drop_from(s, common, object);
  return e == OK ? drop_from(s, views, object) : e;
}

enum err view_tables_drop_all(struct store *s, const struct hash *object) {
  const struct view_tables *t = tables_of(s);
  enum err e = OK;
  for (size_t i = 0; e == OK && i < t->count; i++)
    e = drop_rows(s, &t->at[i], object);
  return e;
}

/* ---- comparing ---- */

static enum err digest_table(struct store *s, const struct view_table *t, struct hash *h) {
  struct query q;
  struct buf row = {0};
  query_start(&q, s->db, t->read);
  while (query_row(&q)) {
    buf_clear(&row);
    buf_add_str(&row, t->name);
    buf_add(&row, hash_bytes(h));
    for (int i = 0; i < query_column_count(&q); i++) {
      buf_u8(&row, query_is_null(&q, i));
      buf_string(&row, query_get(&q, i));
    }
    *h = hash_of(buf_bytes(&row));
  }
  buf_release(&row);
  return query_end(&q);
}

enum err store_views_each(struct store *s, void *of,
                          enum err (*each)(void *of, struct bytes view, const struct hash *digest)) {
  const struct view_tables *t = tables_of(s);
  enum err e = OK;
  for (size_t i = 0; e == OK && i < t->count; i++) {
    struct hash h = {{0}};
    e = digest_table(s, &t->at[i], &h);
    if (e == OK)
      e = each(of, bytes_str(t->at[i].name), &h);
  }
  return e;
}

static enum err add_digest(void *of, struct bytes view, const struct hash *digest) {
  struct hash *h = of;
  struct bytes parts[] = {hash_bytes(h), view, hash_bytes(digest)};
  *h = hash_of_parts(parts, sizeof parts / sizeof *parts);
  return OK;
}

enum err store_views_digest(struct store *s, struct hash *out) {
  struct hash h = {{0}};
  enum err e = store_views_each(s, &h, add_digest);
  if (e == OK)
    *out = h;
  return e;
}
