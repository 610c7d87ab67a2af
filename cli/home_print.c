#include <stdlib.h>
#include <string.h>

#include "cli/home.h"
#include "core/child.h"
#include "core/directory.h"
#include "core/version.h"

enum err home_resolve(struct home *h, const char *typed, const char *kind, struct hash *out) {
  return store_find_typed(h->store, bytes_str(typed), kind, out);
}

static enum err add_part(void *of, struct bytes value) {
  struct buf *b = of;
  if (b->len)
    buf_add_str(b, ", ");
  buf_add(b, value);
  return OK;
}

/* The text of a field in an entry; several values joined by commas. */
static void add_field_text(const struct record *r, const struct field *f, const struct json *content, struct buf *out) {
  kind_each_value(f, &r->entry, content, out, add_part);
}

static struct json *read_content(const struct record *r) {
  struct json *content = NULL;
  return r->has_content && json_parse_record(buf_bytes(&r->content), &content) == OK ? content : NULL;
}

/* What one field says; if that is another entry, what its line says. Codes among other fields need their names. */
static void add_line_field(struct home *h, const struct record *r, const struct field *f, const struct json *content,
                           bool is_alone, struct buf *out) {
  struct buf text = {0};
  if (f->type == FIELD_ENTRY && f->place == IN_REF)
    home_add_title(h, entry_ref(&r->entry, f->name), &text);
  else if (content)
    add_field_text(r, f, content, &text);
  if (text.len && out->len)
    buf_add_str(out, ", ");
  if (text.len && !is_alone && (f->type == FIELD_CODE || f->type == FIELD_TOKEN))
    buf_addf(out, "%s ", f->name);
  buf_add(out, buf_bytes(&text));
  buf_release(&text);
}

/* Appends what the kind's `line` fields say. */
static void add_line(struct home *h, const struct record *r, struct buf *out) {
  const struct kind *k = kind_find(r->entry.kind);
  struct bytes rest = bytes_str(k && k->line ? k->line : ""), one;
  const bool is_alone = memchr(rest.at, ' ', rest.len) == NULL;
  struct json *content = read_content(r);
  struct buf line = {0};
  for (bool more = rest.len > 0; more;) {
    more = text_split(&rest, ' ', &one);
    add_line_field(h, r, kind_field(k, more ? one : rest), content, is_alone, &line);
  }
  buf_add(out, buf_bytes(&line));
  buf_release(&line);
  json_free(content);
}

void home_add_title(struct home *h, const struct hash *id, struct buf *out) {
  struct record r = {0};
  if (id && store_find(h->store, id, &r) == OK)
    add_line(h, &r, out);
  record_release(&r);
}

static int by_text(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

void home_add_children(struct home *h, const struct entry *e, struct buf *out) {
  char *names[ENTRY_CHILDREN_MAX];
  for (size_t i = 0; i < e->child_count; i++) {
    struct buf name = {0};
    home_add_title(h, &e->children[i], &name);
    names[i] = bytes_copy_string(buf_bytes(&name));
    buf_release(&name);
  }
  if (e->child_count)
    qsort(names, e->child_count, sizeof *names, by_text);
  for (size_t i = 0; i < e->child_count; i++) {
    buf_addf(out, "%s%s", i ? ", " : "", names[i]);
    free(names[i]);
  }
}

/* What a version says, but for the object that it is about: "address: 4 Elm Row; born: 2019-03-01". */
static void add_saying(struct home *h, const struct record *r, struct buf *out) {
  const struct kind *k = kind_find(r->entry.kind);
  struct json *content = read_content(r);
  size_t said = 0;
  for (const struct field *f = k ? k->fields : NULL; f && f->name; f++) {
    struct buf text = {0};
    if (k->object == NULL || strcmp(f->name, k->object) != 0)
      add_field_text(r, f, content, &text);
    if (text.len && f->type == FIELD_ENTRY && f->place == IN_REF) {
      buf_clear(&text);
      home_add_title(h, entry_ref(&r->entry, f->name), &text);
    }
    if (text.len)
      buf_addf(out, "%s%s: %s", said++ ? "; " : "", f->name, buf_cstr(&text));
    buf_release(&text);
  }
  json_free(content);
}

void home_add_values(const struct record *r, const struct field *f, struct buf *out) {
  struct json *content = read_content(r);
  add_field_text(r, f, content, out);
  json_free(content);
}

void home_add_version(struct home *h, const struct hash *entry, struct buf *out) {
  struct record r = {0};
  if (store_find(h->store, entry, &r) == OK) {
    directory_name(h->store, &r.entry.by, out);
    buf_add_str(out, " says ");
    add_saying(h, &r, out);
  }
  record_release(&r);
}

/* Every version that nobody replaced, if there are several. */
static void add_conflict(struct home *h, const struct record *r, struct buf *out) {
  const struct kind *k = kind_find(r->entry.kind);
  const struct hash *object = k && k->object ? entry_ref(&r->entry, k->object) : &r->entry.id;
  struct version_set set;
  if (object == NULL && r->entry.child_count)
    object = &r->entry.children[0];
  if (object == NULL || version_find(h->store, object, &set) != OK || set.count < 2)
    return;
  for (size_t i = 0; i < set.count; i++) {
    buf_add_str(out, i ? " | " : "");
    home_add_version(h, &set.entries[i], out);
  }
}

static const char *shown_state(struct home *h, const struct record *r) {
  bool is_voided = false;
  version_is_voided(h->store, &r->entry.id, &is_voided);
  return is_voided ? "voided" : r->state;
}

enum err home_print_row(struct home *h, const struct record *r, struct out *out) {
  struct buf children = {0}, line = {0}, by = {0}, conflict = {0};
  add_conflict(h, r, &conflict);
  home_add_children(h, &r->entry, &children);
  add_line(h, r, &line);
  directory_name(h->store, &r->entry.by, &by);
  out_begin(out, NULL);
  if (r->number < STORE_PENDING)
    out_field_number(out, "number", r->number);
  else
    out_field(out, "number", NULL);
  out_field_id(out, "entry", hash_hex(&r->entry.id).s);
  out_field(out, "state", shown_state(h, r));
  out_field_bytes(out, "written", r->entry.at);
  out_field_bytes(out, "by", buf_bytes(&by));
  out_field_bytes(out, "kind", r->entry.kind);
  out_field_bytes(out, "about", buf_bytes(&children));
  out_field_bytes(out, "what", buf_bytes(&line));
  out_field_bytes(out, "conflict", buf_bytes(&conflict));
  out_end(out);
  buf_release(&conflict);
  buf_release(&children);
  buf_release(&line);
  buf_release(&by);
  return OK;
}

static void print_value(struct home *h, const struct record *r, const struct field *f, const struct json *content,
                        struct out *out) {
  struct buf text = {0};
  if (f->type == FIELD_ENTRY && f->count_max == 1) {
    const struct hash *id =
        f->place == IN_CHILD ? (r->entry.child_count ? r->entry.children : NULL) : entry_ref(&r->entry, f->name);
    if (id) {
      home_add_title(h, id, &text);
      if (out->form == OUT_JSON || text.len == 0)
        out_field_id(out, f->name, hash_hex(id).s);
      else
        out_field(out, f->name, (buf_addf(&text, " (%.8s)", hash_hex(id).s), buf_cstr(&text)));
    }
  } else if (f->place == IN_CHILD && out->form == OUT_TEXT) {
    home_add_children(h, &r->entry, &text);
    out_field_bytes(out, f->name, buf_bytes(&text));
  } else {
    add_field_text(r, f, content, &text);
    out_field_bytes(out, f->name, buf_bytes(&text));
  }
  buf_release(&text);
}

/* A document's own bytes are for another program to show. */
static void print_file(const struct record *r, struct out *out) {
  if (bytes_equal_str(r->entry.media, "application/json"))
    return;
  out_field_bytes(out, "media", r->entry.media);
  out_field_number(out, "bytes", r->content.len);
}

static void print_fields(struct home *h, const struct record *r, struct out *out) {
  const struct kind *k = kind_find(r->entry.kind);
  struct json *content = read_content(r);
  for (const struct field *f = k ? k->fields : NULL; f && f->name; f++)
    print_value(h, r, f, content, out);
  print_file(r, out);
  if (k == NULL)
    out_field(out, "note", "this program does not know this kind; it is kept as it is");
  json_free(content);
}

/* Which other records are of the same child, and whether somebody says that they are not. */
static enum err print_other_records(struct home *h, const struct record *r, struct out *out) {
  struct hash ids[CHILD_RECORDS_MAX];
  size_t count = 0;
  bool is_contradicted = false;
  struct buf others = {0};
  enum err e = child_records(h->store, &r->entry.id, ids, CHILD_RECORDS_MAX, &count);
  if (e == OK)
    e = child_is_contradicted(h->store, &r->entry.id, &is_contradicted);
  for (size_t i = 1; i < count; i++)
    buf_addf(&others, out->form == OUT_JSON ? "%s%s" : "%s%.8s", i > 1 ? ", " : "", hash_hex(&ids[i]).s);
  if (e == OK && count > 1) {
    out_field_bytes(out, "other-records", buf_bytes(&others));
    out_field_bool(out, "told-apart-by-some", is_contradicted);
  }
  buf_release(&others);
  return e;
}

enum err home_print_entry(struct home *h, const struct record *r, struct out *out) {
  struct buf by = {0}, conflict = {0};
  struct act_record act = {0};
  directory_name(h->store, &r->entry.by, &by);
  enum err e = store_find_act(h->store, r->act_first, &act);
  out_begin(out, NULL);
  out_field(out, "entry", hash_hex(&r->entry.id).s);
  out_field_bytes(out, "kind", r->entry.kind);
  out_field(out, "state", shown_state(h, r));
  if (r->number < STORE_PENDING)
    out_field_number(out, "number", r->number);
  out_field_bytes(out, "by", buf_bytes(&by));
  out_field_bytes(out, "written", r->entry.at);
  out_field(out, "accepted", act.admitted.s);
  out_field(out, "audience", audience_word(r->entry.audience));
  if (e == OK)
    out_field_id(out, "act", hash_hex(&act.position.act).s);
  print_fields(h, r, out);
  add_conflict(h, r, &conflict);
  out_field_bytes(out, "conflict", buf_bytes(&conflict));
  if (e == OK && bytes_equal_str(r->entry.kind, "child.add"))
    e = print_other_records(h, r, out);
  out_end(out);
  buf_release(&conflict);
  act_record_release(&act);
  buf_release(&by);
  return e;
}
