#include "core/json.h"

#include <assert.h>
#include <jansson.h>
#include <stdlib.h>

#define DEPTH_MAX 32

static json_t *native(const struct json *j) {
  return (json_t *)(uintptr_t)j;
}

static struct json *ours(const json_t *j) {
  return (struct json *)(uintptr_t)j;
}

static bool is_deeper_than(json_t *j, int levels) {
  const char *key;
  json_t *value;
  size_t i;
  if (!json_is_object(j) && !json_is_array(j))
    return false;
  if (levels == 0)
    return true;
  json_array_foreach(j, i, value) if (is_deeper_than(value, levels - 1)) return true;
  json_object_foreach(j, key, value) if (is_deeper_than(value, levels - 1)) return true;
  return false;
}

static json_t *made(json_t *j) {
  assert(j != NULL);
  return j;
}

static bool skip(struct bytes *rest, uint8_t c) {
  if (rest->len == 0 || rest->at[0] != c)
    return false;
  *rest = bytes_of(rest->at + 1, rest->len - 1);
  return true;
}

/* Between quotes, printable ASCII without an escape. */
static bool skip_plain(struct bytes *rest, struct bytes *out) {
  size_t n = 0;
  if (!skip(rest, '"'))
    return false;
  while (n < rest->len && rest->at[n] >= 0x20 && rest->at[n] < 0x7f && rest->at[n] != '"' && rest->at[n] != '\\')
    n++;
  *out = bytes_of(rest->at, n);
  *rest = bytes_of(rest->at + n, rest->len - n);
  return skip(rest, '"');
}

static bool add_plain(json_t *record, struct bytes *rest) {
  struct bytes key, value;
  return skip_plain(rest, &key) && skip(rest, ':') && skip_plain(rest, &value) &&
         json_object_getn(record, (const char *)key.at, key.len) == NULL &&
         json_object_setn_new_nocheck(record, (const char *)key.at, key.len,
                                      json_stringn_nocheck((const char *)value.at, value.len)) == 0;
}

/* Nearly all content is a record of plain texts as json_write writes it, and Jansson takes 140 instructions for each
 * byte. This refuses nothing: NULL where the text is not of exactly that form, whatever else it is. */
static json_t *read_plain(struct bytes text) {
  json_t *j = made(json_object());
  bool is_plain = skip(&text, '{');
  do
    is_plain = is_plain && add_plain(j, &text);
  while (is_plain && skip(&text, ','));
  if (is_plain && skip(&text, '}') && text.len == 0)
    return j;
  json_decref(j);
  return NULL;
}

enum err json_parse_record(struct bytes text, struct json **out) {
  json_error_t error;
  json_t *j = read_plain(text);
  if (j == NULL)
    j = json_loadb((const char *)text.at, text.len, JSON_REJECT_DUPLICATES, &error);
  if (j == NULL)
    return err_set(ERR_FORM, "the content is not JSON: line %d: %s", error.line, error.text);
  if (!json_is_object(j) || is_deeper_than(j, DEPTH_MAX)) {
    json_decref(j);
    return err_set(ERR_FORM, "the content is not one JSON object of at most %d levels", DEPTH_MAX);
  }
  *out = ours(j);
  return OK;
}

struct json *json_new_record(void) {
  return ours(made(json_object()));
}

struct json *json_new_list(void) {
  return ours(made(json_array()));
}

void json_free(struct json *j) {
  json_decref(native(j));
}

enum json_type json_get_type(const struct json *j) {
  switch (json_typeof(native(j))) {
  case JSON_STRING: return JSON_TEXT;
  case JSON_INTEGER: return JSON_WHOLE;
  case JSON_ARRAY: return JSON_LIST;
  case JSON_OBJECT: return JSON_RECORD;
  case JSON_REAL:
  case JSON_TRUE:
  case JSON_FALSE:
  case JSON_NULL: return JSON_OTHER;
  }
  return JSON_OTHER;
}

struct bytes json_get_text(const struct json *j) {
  return bytes_of(json_string_value(native(j)), json_string_length(native(j)));
}

int64_t json_get_whole(const struct json *j) {
  return json_integer_value(native(j));
}

const struct json *json_get(const struct json *record, const char *key) {
  return ours(json_object_get(native(record), key));
}

bool json_next(const struct json *record, void **cursor, const char **key, const struct json **value) {
  json_t *j = native(record);
  *cursor = *cursor ? json_object_iter_next(j, *cursor) : json_object_iter(j);
  if (*cursor == NULL)
    return false;
  *key = json_object_iter_key(*cursor);
  *value = ours(json_object_iter_value(*cursor));
  return true;
}

size_t json_count(const struct json *list) {
  return json_array_size(native(list));
}

const struct json *json_at(const struct json *list, size_t i) {
  return ours(json_array_get(native(list), i));
}

static enum err new_text(struct bytes text, json_t **out) {
  *out = json_stringn((const char *)(text.at ? text.at : (const uint8_t *)""), text.len);
  return *out ? OK : err_set(ERR_FORM, "a text is not UTF-8");
}

enum err json_set_text(struct json *record, const char *key, struct bytes text) {
  json_t *v;
  enum err e = new_text(text, &v);
  if (e == OK)
    json_object_set_new(native(record), key, v);
  return e;
}

void json_set_whole(struct json *record, const char *key, int64_t v) {
  json_object_set_new(native(record), key, made(json_integer(v)));
}

enum err json_append_text(struct json *list, struct bytes text) {
  json_t *v;
  enum err e = new_text(text, &v);
  if (e == OK)
    json_array_append_new(native(list), v);
  return e;
}

enum err json_add_text(struct json *record, const char *key, struct bytes text) {
  if (json_object_get(native(record), key) == NULL)
    json_object_set_new(native(record), key, made(json_array()));
  return json_append_text(ours(json_object_get(native(record), key)), text);
}

void json_write(struct buf *b, const struct json *j) {
  char *text = json_dumps(native(j), JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
  assert(text != NULL);
  buf_add_str(b, text);
  free(text);
}
