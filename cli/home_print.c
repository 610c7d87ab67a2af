#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/home.h"
#include "cli/near.h"
#include "core/child.h"
#include "core/directory.h"
#include "core/enquiry.h"

struct naming {
  struct home *h;
  struct near near;
  struct buf best;
};

enum err home_find_kind(const char *name, const struct kind **out) {
  struct near near = near_start(bytes_str(name));
  struct buf meant = {0};
  const struct kind *k;
  *out = kind_find(bytes_str(name));
  if (*out)
    return OK;
  for (size_t i = 0; (k = kind_at(i)); i++)
    near_try(&near, bytes_str(k->name));
  near_add(&near, &meant);
  enum err e = err_set_remedy(ERR_USAGE, "cairn kinds lists them", "there is no kind \"%s\"%s", name,
                              meant.len ? buf_cstr(&meant) : "");
  buf_release(&meant);
  return e;
}

static enum err try_title(void *of, const struct record *r) {
  struct naming *n = of;
  struct buf title = {0};
  home_add_title(n->h, &r->entry.id, &title);
  const size_t before = n->near.best_distance;
  near_try(&n->near, buf_bytes(&title));
  if (n->near.best_distance < before) {
    buf_release(&n->best);
    n->best = title;
    n->near.best = buf_bytes(&n->best);
    title = (struct buf){0};
  }
  buf_release(&title);
  return OK;
}

/* The name of a child that sounds or is spelled like it. */
static void try_children(struct naming *n, const char *typed) {
  static const char *const kinds[] = {"child.add", NULL};
  const struct enquiry asked = {bytes_str(typed), bytes_str(""), kinds};
  struct enquiry_hit *hits = mem_alloc_array(ENQUIRY_HITS_MAX, sizeof *hits);
  size_t count = 0;
  if (enquiry_find(n->h->store, &asked, hits, &count) == OK && count && hits[0].how != ENQUIRY_PART) {
    home_add_title(n->h, &hits[0].object, &n->best);
    n->near.best = buf_bytes(&n->best);
  }
  free(hits);
}

/* The store's words, and what may have been meant: only names that the reader may see. */
static enum err not_found(struct home *h, const char *typed, const char *kinds) {
  struct naming n = {.h = h, .near = near_start(bytes_str(typed))};
  struct bytes rest = bytes_str(kinds), one;
  struct buf words = {0};
  buf_add_str(&words, err_words(ERR_ABSENT));
  for (bool more = kinds != NULL; more && n.near.best.len == 0;) {
    more = text_split(&rest, '|', &one);
    char *kind = bytes_copy_string(more ? one : rest);
    if (strcmp(kind, "child.add") == 0)
      try_children(&n, typed);
    else if (strcmp(kind, "person.add") == 0 || strcmp(kind, "agency.add") == 0)
      store_each(h->store, &(struct store_filter){.kind = kind}, &n, try_title);
    free(kind);
  }
  near_add(&n.near, &words);
  enum err e = err_set(ERR_ABSENT, "%s", buf_cstr(&words));
  buf_release(&words);
  buf_release(&n.best);
  return e;
}

/* Most kinds have no names: where their ids stand. */
static enum err no_id(const char *kind) {
  char words[512], remedy[64];
  snprintf(words, sizeof words, "%s", err_words(ERR_USAGE));
  snprintf(remedy, sizeof remedy, "cairn list %.*s shows them with their ids", (int)strcspn(kind, "."), kind);
  return err_set_remedy(ERR_USAGE, remedy, "%s", words);
}

enum err home_resolve(struct home *h, const char *typed, const char *kind, struct hash *out) {
  enum err e = store_find_typed(h->store, bytes_str(typed), kind, out);
  if (e == ERR_USAGE && kind != NULL)
    return no_id(kind);
  return e == ERR_ABSENT ? not_found(h, typed, kind) : e;
}

enum err home_resolve_any(struct home *h, const char *typed, struct hash *out) {
  char words[512];
  enum err e = home_resolve(h, typed, NULL, out);
  if (e != ERR_USAGE)
    return e;
  e = home_resolve(h, typed, "child.add|family.add|person.add|agency.add", out);
  snprintf(words, sizeof words, "%s", err_words(e));
  return e == ERR_ABSENT
             ? err_set_remedy(ERR_USAGE, "type a name in full, or at least four digits of an id", "%s", words)
             : e;
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

static bool is_code(const struct field *f) {
  return f->type == FIELD_CODE || f->type == FIELD_TOKEN;
}

struct titling {
  struct home *h;
  char *titles[ENTRY_REFS_MAX + ENTRY_CHILDREN_MAX];
  size_t count;
};

static enum err add_title_of(void *of, struct bytes value) {
  struct titling *t = of;
  struct buf title = {0};
  struct hash id;
  if (hash_parse(value, &id) == OK)
    home_add_title(t->h, &id, &title);
  if (t->count < sizeof t->titles / sizeof *t->titles)
    t->titles[t->count++] = bytes_copy_string(title.len ? buf_bytes(&title) : value);
  buf_release(&title);
  return OK;
}

static int by_text(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* In the order of the alphabet: ids stand in an order that means nothing. */
static void add_titles(struct home *h, const struct record *r, const struct field *f, struct buf *out) {
  struct titling *t = mem_alloc(sizeof *t);
  t->h = h;
  kind_each_value(f, &r->entry, NULL, t, add_title_of);
  if (t->count)
    qsort(t->titles, t->count, sizeof *t->titles, by_text);
  for (size_t i = 0; i < t->count; i++) {
    buf_addf(out, "%s%s", i ? ", " : "", t->titles[i]);
    free(t->titles[i]);
  }
  free(t);
}

/* What one field says; of other entries, what their lines say. */
static void add_said(struct home *h, const struct record *r, const struct field *f, const struct json *content,
                     struct buf *out) {
  if (f->type == FIELD_ENTRY)
    add_titles(h, r, f, out);
  else if (content)
    add_field_text(r, f, content, out);
}

static void add_said_in(struct home *h, const struct history_step *step, const char *field, struct buf *out) {
  const struct field *f = kind_field(step->kind, bytes_str(field));
  if (f)
    add_said(h, &step->record, f, step->content, out);
}

void home_add_now(struct home *h, const struct history *record, const char *field, struct buf *out) {
  size_t places[ENTRY_BASES_MAX];
  const size_t count = history_sayers(record, NULL, field, places);
  if (history_is_agreed(record, places, count, field)) {
    add_said_in(h, &record->steps[places[0]], field, out);
    return;
  }
  for (size_t i = 0; i < count; i++) {
    const struct history_step *step = &record->steps[places[i]];
    struct buf said = {0};
    add_said_in(h, step, field, &said);
    buf_addf(out, "%s%s (", i ? " | " : "", said.len ? buf_cstr(&said) : "nothing");
    directory_name(h->store, &step->record.entry.by, out);
    buf_add_str(out, ")");
    buf_release(&said);
  }
}

/* Appends what the kind's `line` fields say, as written or, if `now` is given, as it is now. Codes among other fields
 * need their names. */
static void add_line(struct home *h, const struct record *r, const struct history *now, struct buf *out) {
  const struct kind *k = kind_find(r->entry.kind);
  struct bytes rest = bytes_str(k && k->line ? k->line : ""), one;
  const bool is_alone = memchr(rest.at, ' ', rest.len) == NULL;
  struct json *content = read_content(r);
  size_t said = 0;
  for (bool more = rest.len > 0; more;) {
    more = text_split(&rest, ' ', &one);
    const struct field *f = kind_field(k, more ? one : rest);
    struct buf text = {0};
    if (now)
      home_add_now(h, now, f->name, &text);
    else
      add_said(h, r, f, content, &text);
    if (text.len)
      buf_addf(out, "%s%s%s%s", said++ ? ", " : "", !is_alone && is_code(f) ? f->name : "",
               !is_alone && is_code(f) ? " " : "", buf_cstr(&text));
    buf_release(&text);
  }
  json_free(content);
}

/* The record as it is now, if anything was said of it since it began. */
static bool find_later(struct home *h, const struct record *r, struct history *out) {
  const struct kind *k = kind_find(r->entry.kind);
  bool is_there = false;
  *out = (struct history){0};
  return k && k->object == NULL && history_is_there(h->store, &r->entry.id, &is_there) == OK && is_there &&
         history_load(h->store, &r->entry.id, out) == OK;
}

void home_add_title(struct home *h, const struct hash *id, struct buf *out) {
  struct record r = {0};
  struct history now;
  if (id && store_find(h->store, id, &r) == OK) {
    const bool has_later = find_later(h, &r, &now);
    add_line(h, &r, has_later ? &now : NULL, out);
    history_release(&now);
  }
  record_release(&r);
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

/* "address: 4 Elm Row; born: 2019-03-01" */
void home_add_saying(struct home *h, const struct record *r, struct buf *out) {
  const struct kind *k = kind_find(r->entry.kind);
  struct json *content = read_content(r);
  size_t said = 0;
  for (const struct field *f = k ? k->fields : NULL; f && f->name; f++) {
    struct buf text = {0};
    if (f->place != IN_CHILD && (k->object == NULL || strcmp(f->name, k->object) != 0))
      add_said(h, r, f, content, &text);
    if (text.len)
      buf_addf(out, "%s%s: %s", said++ ? "; " : "", f->name, buf_cstr(&text));
    buf_release(&text);
  }
  json_free(content);
}

void home_add_version(struct home *h, const struct hash *entry, struct buf *out) {
  struct record r = {0};
  if (store_find(h->store, entry, &r) == OK) {
    directory_name(h->store, &r.entry.by, out);
    buf_add_str(out, " says ");
    home_add_saying(h, &r, out);
  }
  record_release(&r);
}

void home_add_conflict(struct home *h, const struct hash *object, struct buf *out) {
  struct version_set set;
  if (version_find(h->store, object, &set) != OK || set.count < 2)
    return;
  for (size_t i = 0; i < set.count; i++) {
    buf_add_str(out, i ? " | " : "");
    home_add_version(h, &set.entries[i], out);
  }
}

/* Of the object that the entry began or is about. */
static void add_conflict(struct home *h, const struct record *r, struct buf *out) {
  const struct kind *k = kind_find(r->entry.kind);
  const struct hash *object = k && k->object ? entry_ref(&r->entry, k->object) : &r->entry.id;
  if (object == NULL && r->entry.child_count)
    object = &r->entry.children[0];
  if (object)
    home_add_conflict(h, object, out);
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
  add_line(h, r, NULL, &line);
  if (line.len == 0)
    home_add_saying(h, r, &line);
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
  } else if (f->type == FIELD_ENTRY && out->form == OUT_TEXT) {
    add_said(h, r, f, content, &text);
    out_field_bytes(out, f->name, buf_bytes(&text));
  } else {
    add_field_text(r, f, content, &text);
    out_field_bytes(out, f->name, buf_bytes(&text));
  }
  buf_release(&text);
}

/* A document's own bytes are for another program to show; of what is sealed, to how many keys is all there is to see.
 */
static void print_file(const struct record *r, struct out *out) {
  if (r->has_content && r->entry.audience == AUDIENCE_RESTRICTED) {
    out_field_number(out, "sealed-to", r->entry.to_count);
    return;
  }
  if (!r->has_content || bytes_equal_str(r->entry.media, "application/json"))
    return;
  out_field_bytes(out, "media", r->entry.media);
  out_field_number(out, "bytes", r->content.len);
}

/* As it is now: what nobody contradicts as the entry says it that said it last, the rest with who says so. */
static void print_now(struct home *h, const struct history *now, const struct field *f, struct out *out) {
  size_t places[ENTRY_BASES_MAX];
  const size_t count = history_sayers(now, NULL, f->name, places);
  const struct history_step *last = &now->steps[places[0]];
  const struct field *own = kind_field(last->kind, bytes_str(f->name));
  struct buf text = {0};
  if (own && history_is_agreed(now, places, count, f->name)) {
    print_value(h, &last->record, own, last->content, out);
    return;
  }
  home_add_now(h, now, f->name, &text);
  out_field_bytes(out, f->name, buf_bytes(&text));
  buf_release(&text);
}

static void print_fields(struct home *h, const struct record *r, const struct history *now, struct out *out) {
  const struct kind *k = kind_find(r->entry.kind);
  struct json *content = read_content(r);
  for (const struct field *f = k ? k->fields : NULL; f && f->name; f++)
    if (now)
      print_now(h, now, f, out);
    else
      print_value(h, r, f, content, out);
  print_file(r, out);
  if (k == NULL)
    out_field(out, "note", "this program does not know this kind; it is kept as it is");
  json_free(content);
}

/* What was said of a record, from its beginning on. */
static void print_history(struct home *h, const struct history *now, struct out *out) {
  size_t heads = 0;
  for (size_t i = 0; i < now->count; i++)
    heads += now->steps[i].is_head;
  out_table_begin(out, "history", "");
  for (size_t i = 0; i < now->count; i++) {
    const struct history_step *step = &now->steps[i];
    struct buf by = {0}, says = {0};
    directory_name(h->store, &step->record.entry.by, &by);
    home_add_saying(h, &step->record, &says);
    out_begin(out, NULL);
    out_field_id(out, "entry", hash_hex(&step->record.entry.id).s);
    out_field(out, "state", step->record.state);
    out_field_bytes(out, "written", step->record.entry.at);
    out_field_bytes(out, "by", buf_bytes(&by));
    out_field_bytes(out, "kind", step->record.entry.kind);
    out_field(out, "standing", step->is_head && heads > 1 ? "in conflict" : NULL);
    out_field_bytes(out, "says", buf_bytes(&says));
    out_end(out);
    buf_release(&by);
    buf_release(&says);
  }
  out_table_end(out);
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

/* Why it counts no more, who says so, and who has seen it. */
static void print_void(struct home *h, const struct hash *entry, struct out *out) {
  struct hash id;
  struct record r = {0};
  struct buf by = {0}, seen = {0}, reason = {0};
  if (version_find_void(h->store, entry, &id) == OK && store_find(h->store, &id, &r) == OK) {
    const struct kind *k = kind_find(r.entry.kind);
    struct json *content = read_content(&r);
    directory_name(h->store, &r.entry.by, &by);
    add_field_text(&r, kind_field(k, bytes_str("reason")), content, &reason);
    add_field_text(&r, kind_field(k, bytes_str("seen-by")), content, &seen);
    out_field_bytes(out, "voided-by", buf_bytes(&by));
    out_field_bytes(out, "voided-because", buf_bytes(&reason));
    out_field_bytes(out, "seen-by", buf_bytes(&seen));
    json_free(content);
  }
  buf_release(&by);
  buf_release(&seen);
  buf_release(&reason);
  record_release(&r);
}

enum showing { AS_WRITTEN, AS_IT_IS };

static enum err print_entry(struct home *h, const struct record *r, enum showing how, const struct history *now,
                            struct out *out) {
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
  print_void(h, &r->entry.id, out);
  print_fields(h, r, now, out);
  if (how == AS_IT_IS)
    add_conflict(h, r, &conflict);
  out_field_bytes(out, "conflict", buf_bytes(&conflict));
  if (e == OK && how == AS_IT_IS && bytes_equal_str(r->entry.kind, "child.add"))
    e = print_other_records(h, r, out);
  if (now)
    print_history(h, now, out);
  out_end(out);
  buf_release(&conflict);
  act_record_release(&act);
  buf_release(&by);
  return e;
}

enum err home_print_entry(struct home *h, const struct record *r, struct out *out) {
  return print_entry(h, r, AS_WRITTEN, NULL, out);
}

enum err home_print_record(struct home *h, const struct record *r, struct out *out) {
  struct history now;
  enum err e = print_entry(h, r, AS_IT_IS, find_later(h, r, &now) ? &now : NULL, out);
  history_release(&now);
  return e;
}
