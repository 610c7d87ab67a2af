#include "cli/form.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/home.h"
#include "cli/near.h"

#define VALUES_MAX 1024

static void print_field(const struct field *f, struct buf *out) {
  const char *dates = f->type == FIELD_DATE ? "A date. " : f->type == FIELD_TIME ? "A date and a time. " : "";
  const char *entry = f->type == FIELD_ENTRY ? "A name, or the first digits of an id. " : "";
  buf_addf(out, "\n# %s%s%s. %s%s", f->help, f->count_min ? "" : " (may be left out)",
           f->count_max > 1 ? " (may be repeated)" : "", dates, entry);
  if (f->type == FIELD_CODE)
    buf_addf(out, "One of: %s", f->of);
  while (out->len && out->at[out->len - 1] == ' ')
    out->len--;
  buf_addf(out, "\n%s:\n", f->name);
}

void form_print(const struct kind *k, struct buf *out) {
  buf_addf(out,
           "# %s: %s.\n"
           "# One field a line. A text goes on in lines that begin with two spaces.\n"
           "# Lines that begin with # and fields without a value are left out.\n",
           k->name, k->help);
  for (const struct field *f = k->fields; f->name; f++)
    if (home_is_typed(f))
      print_field(f, out);
}

static enum err add(struct form *form, const struct field *f, struct bytes value) {
  if (form->line.count == VALUES_MAX)
    return err_set(ERR_LIMIT, "a record has at most %d values", VALUES_MAX);
  char *text = bytes_copy_string(value);
  form->texts[form->text_count++] = text;
  form->line.values[form->line.count++] = (struct cmd_value){f->name, text};
  return OK;
}

static enum err find_field(const struct kind *k, struct bytes name, const struct field **out) {
  const struct field *f = kind_field(k, name);
  struct near near = near_start(name);
  struct buf meant = {0};
  if (f && home_is_typed(f)) {
    *out = f;
    return OK;
  }
  for (f = k->fields; f->name; f++)
    if (home_is_typed(f))
      near_try(&near, bytes_str(f->name));
  near_add(&near, &meant);
  enum err e = err_set(ERR_USAGE, "\"%.*s\" is not a field of %s%s", (int)(name.len < 60 ? name.len : 60),
                       (const char *)name.at, k->name, meant.len ? buf_cstr(&meant) : "");
  buf_release(&meant);
  return e;
}

/* ---- JSON ---- */

static enum err add_json(struct form *form, const struct field *f, const struct json *value) {
  char number[32] = "";
  struct bytes text = bytes_str(number);
  if (json_get_type(value) == JSON_TEXT)
    text = json_get_text(value);
  else if (json_get_type(value) == JSON_WHOLE)
    text.len = (size_t)snprintf(number, sizeof number, "%" PRId64, json_get_whole(value));
  else
    return err_set(ERR_USAGE, "\"%s\" must be a text, a whole number, or a list of them", f->name);
  return add(form, f, text);
}

static enum err read_json(const struct kind *k, struct bytes text, struct form *form) {
  struct json *record = NULL;
  void *cursor = NULL;
  const char *key;
  const struct json *value;
  enum err e = json_parse_record(text, &record);
  while (e == OK && json_next(record, &cursor, &key, &value)) {
    const struct field *f;
    e = find_field(k, bytes_str(key), &f);
    if (e == OK && json_get_type(value) != JSON_LIST)
      e = add_json(form, f, value);
    for (size_t i = 0; e == OK && json_get_type(value) == JSON_LIST && i < json_count(value); i++)
      e = add_json(form, f, json_at(value, i));
  }
  json_free(record);
  return e;
}

/* ---- lines ---- */

static struct bytes trim(struct bytes b) {
  while (b.len && (b.at[b.len - 1] == ' ' || b.at[b.len - 1] == '\t' || b.at[b.len - 1] == '\r'))
    b.len--;
  while (b.len && (b.at[0] == ' ' || b.at[0] == '\t')) {
    b.at++;
    b.len--;
  }
  return b;
}

struct reading {
  const struct kind *kind;
  struct form *form;
  const struct field *field; /* whose value goes on, or NULL */
  struct buf value;
};

static enum err finish_field(struct reading *r) {
  struct bytes value = trim(buf_bytes(&r->value));
  enum err e = r->field && value.len ? add(r->form, r->field, value) : OK;
  buf_clear(&r->value);
  r->field = NULL;
  return e;
}

static enum err read_line(struct reading *r, struct bytes line, size_t number) {
  struct bytes name;
  if (line.len && line.at[0] == '#')
    return OK;
  if (r->field && line.len >= 2 && memcmp(line.at, "  ", 2) == 0) {
    if (r->value.len)
      buf_add_str(&r->value, "\n");
    buf_add(&r->value, trim(line));
    return OK;
  }
  if (trim(line).len == 0)
    return OK;
  enum err e = finish_field(r);
  if (e == OK && !text_split(&line, ':', &name))
    e = err_set(ERR_USAGE, "line %zu is not of the form \"field: value\"", number);
  if (e == OK)
    e = find_field(r->kind, trim(name), &r->field);
  if (e == OK)
    buf_add(&r->value, trim(line));
  return e;
}

static enum err read_lines(const struct kind *k, struct bytes text, struct form *form) {
  struct reading r = {.kind = k, .form = form};
  struct bytes line;
  enum err e = OK;
  size_t number = 1;
  for (bool more = true; e == OK && more; number++) {
    more = text_split(&text, '\n', &line);
    e = read_line(&r, more ? line : text, number);
  }
  if (e == OK)
    e = finish_field(&r);
  buf_release(&r.value);
  return e;
}

enum err form_read_file(const char *path, struct buf *out) {
  FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
  uint8_t room[4096];
  size_t n;
  if (f == NULL)
    return err_set(ERR_ABSENT, "\"%s\" could not be read: %s", path, strerror(errno));
  while (out->len <= FORM_SIZE_MAX && (n = fread(room, 1, sizeof room, f)) > 0)
    buf_add(out, bytes_of(room, n));
  bool failed = ferror(f) != 0;
  if (f != stdin)
    fclose(f);
  if (failed)
    return err_set(ERR_IO, "\"%s\" could not be read", path);
  return out->len > FORM_SIZE_MAX ? err_set(ERR_LIMIT, "\"%s\" is larger than 1 MiB", path) : buf_err(out);
}

enum err form_read(const struct kind *k, struct bytes text, struct form *out) {
  struct bytes start = trim(text);
  *out = (struct form){.texts = mem_alloc_array(VALUES_MAX, sizeof *out->texts)};
  out->line.values = mem_alloc_array(VALUES_MAX, sizeof *out->line.values);
  enum err e = OK;
  if (!text_is_utf8(text))
    e = err_set(ERR_USAGE, "the file is not text in UTF-8");
  else
    e = start.len && start.at[0] == '{' ? read_json(k, text, out) : read_lines(k, text, out);
  if (e != OK)
    form_release(out);
  return e;
}

void form_release(struct form *f) {
  for (size_t i = 0; i < f->text_count; i++)
    free(f->texts[i]);
  free(f->texts);
  free(f->line.values);
  *f = (struct form){0};
}
