#include "core/history.h"

#include <stdlib.h>
#include <string.h>

#include "core/store_parts.h"

enum { STEPS, ANY };

static const char *const sql[] = {
    [STEPS] = "SELECT e.number, EXISTS (SELECT 1 FROM version v WHERE v.object = ?1 AND v.entry = e.id), "
              "EXISTS (SELECT 1 FROM version v WHERE v.object = ?1 AND v.entry = e.id AND v.replaced = 0) "
              "FROM entry e WHERE e.number IN (SELECT number FROM entry WHERE id = ?1 UNION ALL "
              "SELECT number FROM entry WHERE object = ?1) "
              "AND NOT EXISTS (SELECT 1 FROM voided d WHERE d.entry = e.id AND e.id <> ?1) ORDER BY e.number",
    [ANY] = "SELECT 1 FROM entry WHERE object = ?1 LIMIT 1",
};

const char *const *history_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

enum err history_is_there(struct store *s, const struct hash *object, bool *out) {
  struct query q;
  query_start(&q, s->db, sql[ANY]);
  query_blob(&q, 1, hash_bytes(object));
  *out = query_row(&q);
  return query_end(&q);
}

static struct history_step *add_step(struct history *h) {
  if (h->count == h->room) {
    const size_t room = h->room ? h->room * 2 : 8;
    struct history_step *more = mem_alloc_array(room, sizeof *more);
    if (h->count)
      memcpy(more, h->steps, h->count * sizeof *more);
    free(h->steps);
    h->steps = more;
    h->room = room;
  }
  return &h->steps[h->count++];
}

/* What a version is based on is mostly what came just before it. */
static void find_bases(struct history *h, struct history_step *step) {
  const struct entry *e = &step->record.entry;
  for (size_t i = 0; i < e->base_count; i++)
    for (size_t at = h->count - 1; at-- > 0;)
      if (hash_equal(&h->steps[at].record.entry.id, &e->bases[i])) {
        step->bases[step->base_count++] = at;
        break;
      }
}

static enum err load_step(struct store *s, struct history *h, uint64_t number, bool is_version, bool is_head) {
  struct record r = {0};
  enum err e = store_find_number(s, number, &r);
  const struct kind *k = e == OK ? kind_find(r.entry.kind) : NULL;
  if (k == NULL || k->is_about_entry || (k->is_change && !is_version)) {
    record_release(&r);
    return e == ERR_ABSENT ? OK : e;
  }
  struct history_step *step = add_step(h);
  *step = (struct history_step){.record = r, .kind = k, .is_version = k->is_change, .is_head = is_head};
  if (r.has_content)
    json_parse_record(buf_bytes(&r.content), &step->content);
  find_bases(h, step);
  return OK;
}

enum err history_load(struct store *s, const struct hash *object, struct history *out) {
  struct query q;
  enum err e = OK;
  *out = (struct history){.object = *object};
  query_start(&q, s->db, sql[STEPS]);
  query_blob(&q, 1, hash_bytes(object));
  while (e == OK && query_row(&q))
    e = load_step(s, out, (uint64_t)query_get_int(&q, 0), query_get_int(&q, 1) != 0, query_get_int(&q, 2) != 0);
  enum err query_error = query_end(&q);
  e = e == OK ? query_error : e;
  if (e == OK && (out->count == 0 || out->steps[0].kind->object))
    e = err_set(ERR_ABSENT, "no record begins with this entry");
  return e;
}

void history_release(struct history *h) {
  for (size_t i = 0; i < h->count; i++) {
    record_release(&h->steps[i].record);
    json_free(h->steps[i].content);
  }
  free(h->steps);
  *h = (struct history){0};
}

struct joining {
  struct buf *out;
  const char *separator;
  size_t count;
};

static enum err join(void *of, struct bytes value) {
  struct joining *j = of;
  buf_add_str(j->out, j->count++ ? j->separator : "");
  buf_add(j->out, value);
  return OK;
}

static void join_values(const struct history_step *step, const char *field, const char *separator, struct buf *out) {
  const struct field *f = kind_field(step->kind, bytes_str(field));
  struct joining j = {out, separator, 0};
  if (f)
    kind_each_value(f, &step->record.entry, step->content, &j, join);
}

void history_value(const struct history_step *step, const char *field, struct buf *out) {
  join_values(step, field, ", ", out);
}

static bool is_cleared(const struct history_step *step, const char *field) {
  const struct json *cleared = json_get(step->content, "clear");
  for (size_t i = 0; cleared && i < json_count(cleared); i++)
    if (bytes_equal_str(json_get_text(json_at(cleared, i)), field))
      return true;
  return false;
}

static bool may_say(const struct history_step *step, const char *field) {
  const struct field *f = kind_field(step->kind, bytes_str(field));
  if (!step->is_version)
    return step->kind->says_anew && strcmp(step->kind->says_anew, field) == 0;
  return f && f->place != IN_CHILD;
}

/* The entry that began the record says all of it, and which children it is about for good; a change says what it names.
 * Of what else becomes of a record only what its kind's table says (`says_anew`). */
static bool says(const struct history *h, size_t place, const char *field) {
  const struct history_step *step = &h->steps[place];
  struct buf value = {0};
  if (place == 0)
    return true;
  if (!may_say(step, field))
    return false;
  history_value(step, field, &value);
  const bool has = value.len > 0;
  buf_release(&value);
  return has || (step->is_version && is_cleared(step, field));
}

/* Marks what the step rests on. What has no bases of its own was known to all that came later. */
static void mark_known(const struct history *h, size_t place, bool *known) {
  const struct history_step *step = &h->steps[place];
  for (size_t i = 0; i < step->base_count; i++)
    known[step->bases[i]] = true;
  for (size_t i = 0; i < place; i++)
    known[i] = known[i] || !step->is_version || !h->steps[i].is_version;
}

/* What these versions rest on, and they. */
static void mark_scope(const struct history *h, const struct version_set *of, bool *in_scope) {
  for (size_t at = h->count; at-- > 0;) {
    in_scope[at] = in_scope[at] || of == NULL || !h->steps[at].is_version;
    for (size_t i = 0; of && i < of->count; i++)
      in_scope[at] = in_scope[at] || hash_equal(&of->entries[i], &h->steps[at].record.entry.id);
    for (size_t i = 0; in_scope[at] && i < h->steps[at].base_count; i++)
      in_scope[h->steps[at].bases[i]] = true;
  }
}

size_t history_sayers(const struct history *h, const struct version_set *of, const char *field,
                      size_t places_out[ENTRY_BASES_MAX]) {
  bool *in_scope = mem_alloc_array(h->count, sizeof *in_scope);
  bool *known = mem_alloc_array(h->count, sizeof *known);
  size_t found[ENTRY_BASES_MAX], count = 0;
  mark_scope(h, of, in_scope);
  for (size_t at = h->count; at-- > 0;) {
    const bool is_sayer = in_scope[at] && !known[at] && says(h, at, field);
    if (is_sayer && count < ENTRY_BASES_MAX)
      found[count++] = at;
    if (is_sayer || known[at])
      mark_known(h, at, known);
  }
  for (size_t i = 0; i < count; i++)
    places_out[i] = found[count - 1 - i];
  free(in_scope);
  free(known);
  return count;
}

bool history_is_agreed(const struct history *h, const size_t *places, size_t count, const char *field) {
  struct buf first = {0}, other = {0};
  bool is_agreed = true;
  for (size_t i = 0; is_agreed && i < count; i++) {
    buf_clear(&other);
    join_values(&h->steps[places[i]], field, "\x1f", i == 0 ? &first : &other); /* which is in no value */
    is_agreed = i == 0 || bytes_equal(buf_bytes(&first), buf_bytes(&other));
  }
  buf_release(&first);
  buf_release(&other);
  return is_agreed;
}
