#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/home.h"
#include "cli/typed.h"
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

/* The change that settles a conflict, composed from the versions that are kept and from what is said anew. It says
 * every field on which the versions differ, so that nothing of a version that is not kept stays in force unsaid. */
struct settling {
  struct draft draft;
  struct draft_value values[VALUES_MAX];
  char *texts[VALUES_MAX];
  const struct field *field; /* whose values are being added */
  const struct cmd_line *line;
  struct history history;
  struct version_set all, kept;
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

static enum err add_from(struct settling *s, const struct history_step *step, const char *field) {
  const struct field *f = kind_field(step->kind, bytes_str(field));
  return f ? kind_each_value(f, &step->record.entry, step->content, s, add_value) : OK;
}

/* What is no more must be among what its kind can clear. */
static enum err add_cleared(struct settling *s, const struct field *f) {
  const struct field *clear = kind_field(s->draft.kind, bytes_str("clear"));
  if (clear == NULL || !field_has_code(clear, bytes_str(f->name)))
    return err_set(ERR_USAGE, "--set %s=... is needed: the version that is kept does not say it", f->name);
  s->field = clear;
  return add_value(s, bytes_str(f->name));
}

static bool is_same_step(const size_t *a, size_t a_count, const size_t *b, size_t b_count) {
  return a_count == 1 && b_count == 1 && a[0] == b[0];
}

/* A field of the record: nothing where the versions do not differ. */
static enum err add_differing(struct settling *s, const struct field *f) {
  size_t all[ENTRY_BASES_MAX], kept[ENTRY_BASES_MAX];
  const size_t all_count = history_sayers(&s->history, &s->all, f->name, all);
  const size_t kept_count = history_sayers(&s->history, &s->kept, f->name, kept);
  const size_t before = s->draft.count;
  struct buf says = {0};
  if (is_same_step(all, all_count, kept, kept_count) && !s->history.steps[all[0]].is_head)
    return OK;
  if (!history_is_agreed(&s->history, kept, kept_count, f->name)) {
    for (size_t i = 0; i < kept_count; i++) {
      buf_add_str(&says, i ? " | " : "");
      history_value(&s->history.steps[kept[i]], f->name, &says);
    }
    enum err e = err_set(ERR_USAGE, "--set %s=... is needed: the versions that are kept differ on it: %s", f->name,
                         buf_cstr(&says));
    buf_release(&says);
    return e;
  }
  enum err e = add_from(s, &s->history.steps[kept[0]], f->name);
  return e == OK && s->draft.count == before ? add_cleared(s, f) : e;
}

/* What the change says beside the record's own fields (whom it concerns, its reason), as the first version kept has it.
 */
static enum err add_kept(struct settling *s, const struct record *kept) {
  const struct kind *begun = s->history.steps[0].kind;
  enum err e = OK;
  for (const struct field *f = s->draft.kind->fields; e == OK && f->name; f++) {
    s->field = f;
    if (is_set(s, f) || strcmp(f->name, "clear") == 0)
      continue;
    if (f->place != IN_CHILD && kind_field(begun, bytes_str(f->name)))
      e = add_differing(s, f);
    else
      for (size_t i = 0; e == OK && i < s->history.count; i++)
        if (hash_equal(&s->history.steps[i].record.entry.id, &kept->entry.id))
          e = add_from(s, &s->history.steps[i], f->name);
  }
  return e;
}

/* Dates in any form. */
static enum err add_typed(struct settling *s, struct bytes value) {
  struct typed_date date = {{0}, {0}};
  char *typed = bytes_copy_string(value);
  enum err e = OK;
  if (s->field->type == FIELD_DATE)
    e = typed_date(typed, home_now_s(), &date);
  else if (s->field->type == FIELD_TIME)
    e = typed_time(typed, home_now_s(), &date);
  if (e == OK)
    e = add_value(s, date.value[0] ? bytes_str(date.value) : value);
  free(typed);
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
      e = add_typed(s, value);
    }
  }
  return e;
}

static enum err find_kept(struct home *h, struct settling *s) {
  const char *typed;
  for (size_t n = 0; (typed = cmd_nth(s->line, "keep", n)); n++) {
    struct hash id;
    size_t i = 0;
    enum err e = home_resolve(h, typed, NULL, &id);
    while (i < s->all.count && !hash_equal(&id, &s->all.entries[i]))
      i++;
    if (e == OK && i == s->all.count)
      e = err_set_remedy(ERR_ABSENT, "cairn conflicts shows the versions",
                         "\"%s\" is not one of the versions that are in conflict", typed);
    if (e != OK)
      return e;
    if (s->kept.count < ENTRY_BASES_MAX)
      s->kept.entries[s->kept.count++] = id;
  }
  return s->kept.count
             ? OK
             : err_set_remedy(ERR_USAGE, "cairn conflicts shows the versions",
                              "--keep is needed: the version that holds, if need be with what --set says anew");
}

static enum err compose(struct home *h, struct settling *s, const struct record *kept) {
  s->draft = (struct draft){.kind = kind_find(kept->entry.kind),
                            .values = s->values,
                            .bases = s->all.entries,
                            .base_count = s->all.count,
                            .to = kept->entry.to,
                            .to_count = kept->entry.to_count};
  enum err e = history_load(h->store, &s->all.object, &s->history);
  if (e == OK)
    e = add_kept(s, kept);
  return e == OK ? add_set(s, h) : e;
}

static enum err resolve(struct home *h, const struct cmd_line *line, struct out *out) {
  struct settling *s = mem_alloc(sizeof *s);
  struct record kept = {0};
  struct hash object;
  enum err e = home_resolve_any(h, cmd_nth(line, "", 0), &object);
  s->line = line;
  if (e == OK)
    e = version_find(h->store, &object, &s->all);
  if (e == OK && s->all.count < 2)
    e = err_set_remedy(ERR_ABSENT, "cairn conflicts shows what is", "this record is not in conflict");
  if (e == OK)
    e = find_kept(h, s);
  if (e == OK)
    e = store_find(h->store, &s->kept.entries[0], &kept);
  if (e == OK)
    e = compose(h, s, &kept);
  if (e == OK)
    e = home_record(h, &s->draft, 1, ACCEPT_WRITE, out);
  for (size_t i = 0; i < VALUES_MAX; i++)
    free(s->texts[i]);
  history_release(&s->history);
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
    {"keep", CMD_LIST, "VERSION", "the version that holds; or each of several that do not contradict each other"},
    {"set", CMD_LIST, "FIELD=VALUE", "what holds instead of what that version says; may be given more than once"},
    {0},
};

const struct cmd home_version_commands[] = {
    {"conflicts", "", 0, 0, NULL, "records that were changed in two places, with what each says", NULL, run_conflicts},
    {"resolve", "RECORD", 1, 1, resolve_opts, "settle a conflict: a change that is based on all versions",
     "RECORD and VERSION are as cairn conflicts shows them; a child is also found by name. Every field on which the "
     "versions differ is said anew, as "
     "the\n"
     "version that is kept has it: what only another version changed is undone, unless that one is kept, too, or "
     "--set\n"
     "says it. What the other versions said stays in the history.",
     run_resolve},
    {0},
};
