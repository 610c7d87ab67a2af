/* The tables of which the views are made: each named once, however many kinds share it, with the statements that empty
 * it and read it. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/store_parts.h"

#define TABLES_MAX 128
#define TABLE_NAME_MAX 40

/* The names are constants of the domain's tables, so they may stand in SQL text. */
struct view_table {
  char name[TABLE_NAME_MAX];
  char empty[96], drop[96], read[96];
};

/* Of a kind whose rows need not be made again when it gets another number. */
struct numbered_kind {
  const struct kind *kind;
  char renumber[96];
};

struct view_tables {
  size_t count, numbered_count;
  struct view_table at[TABLES_MAX];
  struct numbered_kind numbered[TABLES_MAX];
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

/* Skips what is given at the beginning; false if something else stands there. */
static bool skip(struct bytes *text, const char *words) {
  size_t n = strlen(words);
  if (!bytes_starts(*text, words))
    return false;
  *text = bytes_of(text->at + n, text->len - n);
  return true;
}

/* The next of a list that ", " joins and ")" ends. */
static struct bytes next_of_list(struct bytes *list) {
  size_t n = 0;
  while (n < list->len && list->at[n] != ',' && list->at[n] != ')')
    n++;
  struct bytes one = bytes_of(list->at, n);
  *list = bytes_of(list->at + n, list->len - n);
  skip(list, ", ");
  return one;
}

/* "INSERT INTO table(object, …) VALUES(:id, …)" where each value is a parameter: the column of the number; no bytes if
 * it is another statement, or one that says when it was admitted. */
static struct bytes number_column(const char *statement, const char *table) {
  struct bytes columns = bytes_str(statement), values, number = {0};
  if (!skip(&columns, "INSERT INTO ") || !skip(&columns, table) || !skip(&columns, "(object, "))
    return number;
  const uint8_t *end = memchr(columns.at, ')', columns.len);
  values = end ? bytes_of(end, (size_t)(columns.at + columns.len - end)) : number;
  if (!skip(&values, ") VALUES(:id, "))
    return number;
  while (!bytes_equal_str(values, ")")) {
    struct bytes column = next_of_list(&columns), value = next_of_list(&values);
    if (column.len == 0 || !bytes_starts(value, ":") || bytes_equal_str(value, ":admitted") ||
        (number.len && bytes_equal_str(value, ":entry_number")))
      return bytes_of(NULL, 0);
    if (bytes_equal_str(value, ":entry_number"))
      number = column;
  }
  return number;
}

static void add_numbered(struct view_tables *t, const struct kind *k) {
  struct numbered_kind *n = &t->numbered[t->numbered_count];
  bool is_one = k->views && k->object == NULL && !k->is_change && k->project[0] && k->project[1] == NULL;
  struct bytes column = is_one ? number_column(k->project[0], k->views) : bytes_of(NULL, 0);
  if (column.len == 0)
    return;
  assert(t->numbered_count + 1 < TABLES_MAX);
  n->kind = k;
  snprintf(n->renumber, sizeof n->renumber, "UPDATE %s SET %.*s = ?2 WHERE object = ?1", k->views, (int)column.len,
           (const char *)column.at);
  t->numbered_count++;
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
  for (size_t i = 0; (k = kind_at(i)); i++)
    add_numbered(s->tables, k);
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
  for (size_t i = 0; e == OK && i < t->numbered_count; i++)
    e = db_try(s->db, t->numbered[i].renumber);
  return e;
}

const char *view_table_renumber(struct store *s, const struct kind *k) {
  const struct view_tables *t = tables_of(s);
  for (size_t i = 0; i < t->numbered_count; i++)
    if (t->numbered[i].kind == k)
      return t->numbered[i].renumber;
  return NULL;
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
