#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/home.h"
#include "core/directory.h"
#include "core/version.h"

/* ---- conflicts ---- */

struct listing {
  struct home *h;
  struct out *out;
};

static void print_version(struct listing *l, const struct version_set *set, const struct hash *entry) {
  struct record r = {0};
  struct buf title = {0}, by = {0}, says = {0};
  if (store_find(l->h->store, entry, &r) == OK) {
    home_add_title(l->h, &set->object, &title);
    directory_name(l->h->store, &r.entry.by, &by);
    home_add_version(l->h, entry, &says);
    out_begin(l->out, NULL);
    out_field_id(l->out, "record", hash_hex(&set->object).s);
    out_field_bytes(l->out, "of", buf_bytes(&title));
    out_field_id(l->out, "version", hash_hex(entry).s);
    out_field_bytes(l->out, "by", buf_bytes(&by));
    out_field_bytes(l->out, "written", r.entry.at);
    out_field(l->out, "state", r.state);
    out_field_bytes(l->out, "says", buf_bytes(&says));
    out_end(l->out);
  }
  record_release(&r);
  buf_release(&title);
  buf_release(&by);
  buf_release(&says);
}

static enum err print_conflict(void *of, const struct version_set *set) {
  for (size_t i = 0; i < set->count; i++)
    print_version(of, set, &set->entries[i]);
  return OK;
}

static enum err conflicts(struct home *h, const struct cmd_line *line, struct out *out) {
  struct listing l = {h, out};
  (void)line;
  out_table_begin(out, NULL, "Nothing is in conflict.");
  enum err e = version_each_conflict(h->store, &l, print_conflict);
  out_table_end(out);
  return e;
}

static enum err run_conflicts(void *program, const struct cmd_line *line, struct out *out) {
  return home_look(program, line, out, conflicts);
}

/* ---- resolve ---- */

#define VALUES_MAX 256

/* The change that settles a conflict, composed from the version that is kept and from what is said anew. */
struct settling {
  struct draft draft;
  struct draft_value values[VALUES_MAX];
  char *texts[VALUES_MAX];
  const struct field *field; /* whose values are being added */
  const struct cmd_line *line;
};

static enum err add_value(void *of, struct bytes value) {
  struct settling *s = of;
  if (s->draft.count == VALUES_MAX)
    return err_set(ERR_LIMIT, "a record has at most %d values", VALUES_MAX);
  s->texts[s->draft.count] = bytes_copy_string(value);
  s->values[s->draft.count] = (struct draft_value){s->field->name, s->texts[s->draft.count]};
  s->draft.count++;
  return OK;
}

/* "--set name=value" */
static bool read_set(const char *given, struct bytes *name, struct bytes *value) {
  *value = bytes_str(given);
  return text_split(value, '=', name);
}

static bool is_set(const struct settling *s, const struct field *f) {
  struct bytes name, value;
  const char *given;
  for (size_t i = 0; (given = cmd_nth(s->line, "set", i)); i++)
    if (read_set(given, &name, &value) && bytes_equal_str(name, f->name))
      return true;
  return false;
}

static enum err add_kept(struct settling *s, const struct record *kept) {
  struct json *content = NULL;
  enum err e = json_parse_record(buf_bytes(&kept->content), &content);
  for (const struct field *f = s->draft.kind->fields; e == OK && f->name; f++) {
    s->field = f;
    if (!is_set(s, f))
      e = kind_each_value(f, &kept->entry, content, s, add_value);
  }
  json_free(content);
  return e;
}

static enum err add_set(struct settling *s, struct home *h) {
  struct bytes name, value;
  const char *given;
  enum err e = OK;
  for (size_t i = 0; e == OK && (given = cmd_nth(s->line, "set", i)); i++) {
    struct hash id;
    if (!read_set(given, &name, &value) || (s->field = kind_field(s->draft.kind, name)) == NULL ||
        strcmp(s->field->name, s->draft.kind->object) == 0)
      return err_set(ERR_USAGE, "--set takes FIELD=VALUE with a field of %s: \"%s\"", s->draft.kind->name, given);
    if (s->field->type == FIELD_ENTRY) {
      char *typed = bytes_copy_string(value);
      struct hash_hex hex;
      e = home_resolve(h, typed, s->field->of, &id);
      free(typed);
      hex = hash_hex(&id);
      if (e == OK)
        e = add_value(s, bytes_str(hex.s));
    } else {
      e = add_value(s, value);
    }
  }
  return e;
}

static enum err find_kept(struct home *h, const struct cmd_line *line, const struct version_set *set,
                          struct record *kept) {
  const char *typed = cmd_value(line, "keep");
  struct hash id;
  if (typed == NULL)
    return err_set_remedy(ERR_USAGE, "cairn conflicts shows the versions",
                          "--keep is needed: the version that holds, if need be with what --set says anew");
  enum err e = home_resolve(h, typed, NULL, &id);
  for (size_t i = 0; e == OK && i < set->count; i++)
    if (hash_equal(&id, &set->entries[i]))
      return store_find(h->store, &id, kept);
  return e == OK ? err_set_remedy(ERR_ABSENT, "cairn conflicts shows the versions",
                                  "\"%s\" is not one of the versions that are in conflict", typed)
                 : e;
}

static enum err resolve(struct home *h, const struct cmd_line *line, struct out *out) {
  struct settling *s = mem_alloc(sizeof *s);
  struct version_set set = {.count = 0};
  struct record kept = {0};
  struct hash object;
  enum err e = home_resolve(h, cmd_nth(line, "", 0), NULL, &object);
  s->line = line;
  if (e == OK)
    e = version_find(h->store, &object, &set);
  if (e == OK && set.count < 2)
    e = err_set_remedy(ERR_ABSENT, "cairn conflicts shows what is", "this record is not in conflict");
  if (e == OK)
    e = find_kept(h, line, &set, &kept);
  if (e == OK) {
    s->draft = (struct draft){.kind = kind_find(kept.entry.kind),
                              .values = s->values,
                              .bases = set.entries,
                              .base_count = set.count,
                              .to = kept.entry.to,
                              .to_count = kept.entry.to_count};
    e = add_kept(s, &kept);
  }
  if (e == OK)
    e = add_set(s, h);
  if (e == OK)
    e = home_record(h, &s->draft, 1, ACCEPT_WRITE, out);
  for (size_t i = 0; i < VALUES_MAX; i++)
    free(s->texts[i]);
  record_release(&kept);
  free(s);
  return e;
}

static enum err run_resolve(void *program, const struct cmd_line *line, struct out *out) {
  struct home *h = program;
  enum err e =
      h->rest_argc ? err_set(ERR_USAGE, "a conflict is settled in an act of its own") : home_open(h, line, HOME_PERSON);
  if (e == OK)
    e = resolve(h, line, out);
  home_close(h);
  return e;
}

static const struct cmd_opt resolve_opts[] = {
    {"keep", CMD_VALUE, "VERSION", "the version that holds"},
    {"set", CMD_LIST, "FIELD=VALUE", "what holds instead of what that version says; may be given more than once"},
    {0},
};

const struct cmd home_version_commands[] = {
    {"conflicts", "", 0, 0, NULL, "records that were changed in two places, with what each says", NULL, run_conflicts},
    {"resolve", "RECORD", 1, 1, resolve_opts, "settle a conflict: a change that is based on all versions",
     "RECORD and VERSION are as cairn conflicts shows them. What the other versions said stays in the history.",
     run_resolve},
    {0},
};
