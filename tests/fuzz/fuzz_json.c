/* Content: what is read is one record of UTF-8 without U+0000, and what is written of it is read as the same again. */
#include <assert.h>
#include <string.h>

#include "core/json.h"
#include "core/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);

static void check_value(const struct json *j) {
  void *cursor = NULL;
  const char *key;
  const struct json *value;
  struct bytes text = json_get_type(j) == JSON_TEXT ? json_get_text(j) : bytes_of(NULL, 0);
  assert(text_is_utf8(text) && (text.len == 0 || memchr(text.at, 0, text.len) == NULL));
  for (size_t i = 0; json_get_type(j) == JSON_LIST && i < json_count(j); i++)
    check_value(json_at(j, i));
  while (json_get_type(j) == JSON_RECORD && json_next(j, &cursor, &key, &value)) {
    assert(text_is_utf8(bytes_str(key)) && json_get(j, key) == value);
    check_value(value);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len) {
  struct json *j = NULL, *again = NULL;
  struct buf once = {0}, twice = {0};
  if (json_parse_record(bytes_of(in, len), &j) != OK)
    return 0;
  check_value(j);
  json_write(&once, j);
  enum err e = json_parse_record(buf_bytes(&once), &again);
  assert(e == OK && memchr(once.at, '\n', once.len) == NULL);
  json_write(&twice, again);
  assert(bytes_equal(buf_bytes(&once), buf_bytes(&twice)));
  json_free(j);
  json_free(again);
  buf_release(&once);
  buf_release(&twice);
  return 0;
}
