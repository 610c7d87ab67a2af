#include "core/draft.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static enum err add_text(struct draft_read *d, const char *name, const struct json *value) {
  char number[32] = "";
  struct bytes text = bytes_str(number);
  if (json_get_type(value) == JSON_TEXT)
    text = json_get_text(value);
  else if (json_get_type(value) == JSON_WHOLE)
    text.len = (size_t)snprintf(number, sizeof number, "%" PRId64, json_get_whole(value));
  else
    return err_set(ERR_FORM, "\"%s\" must be a text, a whole number, or a list of them", name);
  if (d->draft.count == DRAFT_VALUES_MAX)
    return err_set(ERR_LIMIT, "a record has at most %d values", DRAFT_VALUES_MAX);
  char *copy = bytes_copy_string(text);
  d->texts[d->draft.count] = copy;
  d->values[d->draft.count++] = (struct draft_value){name, copy};
  return OK;
}

static enum err add_field(struct draft_read *d, const char *key, const struct json *value) {
  const struct field *f = kind_field(d->draft.kind, bytes_str(key));
  enum err e = OK;
  if (f == NULL)
    return err_set(ERR_FORM, "\"%s\" is not a field of %s", key, d->draft.kind->name);
  if (json_get_type(value) != JSON_LIST)
    return add_text(d, f->name, value);
  for (size_t i = 0; e == OK && i < json_count(value); i++)
    e = add_text(d, f->name, json_at(value, i));
  return e;
}

enum err draft_read(const struct kind *k, struct bytes text, struct draft_read *out) {
  struct json *record = NULL;
  void *cursor = NULL;
  const char *key;
  const struct json *value;
  enum err e = json_parse_record(text, &record);
  if (e != OK)
    return e;
  *out = (struct draft_read){.draft = {.kind = k},
                             .values = mem_alloc_array(DRAFT_VALUES_MAX, sizeof *out->values),
                             .texts = mem_alloc_array(DRAFT_VALUES_MAX, sizeof *out->texts)};
  while (e == OK && json_next(record, &cursor, &key, &value))
    e = add_field(out, key, value);
  out->draft.values = out->values;
  json_free(record);
  if (e != OK)
    draft_read_release(out);
  return e;
}

void draft_read_release(struct draft_read *d) {
  for (size_t i = 0; i < d->draft.count; i++)
    free(d->texts[i]);
  free(d->texts);
  free(d->values);
  *d = (struct draft_read){0};
}
