#include "tests/lib/json_vectors.h"

#include <fts.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "core/text.h"

json_t *vectors_load(const char *path) {
  json_error_t error;
  json_t *v = json_load_file(path, JSON_DECODE_INT_AS_REAL, &error);
  if (v == NULL)
    fail_msg("%s: %s", path, error.text);
  return v;
}

size_t vectors_walk(const char *folder, void (*each)(const char *path, json_t *vector)) {
  char *root[] = {mem_copy_string(folder), NULL};
  FTS *walk = fts_open(root, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
  size_t count = 0;
  assert_non_null(walk);
  for (FTSENT *f; (f = fts_read(walk)) != NULL;) {
    if (f->fts_info != FTS_F || f->fts_namelen < 5 || strcmp(f->fts_name + f->fts_namelen - 5, ".json") != 0)
      continue;
    json_t *v = vectors_load(f->fts_path);
    each(f->fts_path, v);
    json_decref(v);
    count++;
  }
  fts_close(walk);
  free(root[0]);
  return count;
}

struct bytes vectors_string(const json_t *object, const char *name) {
  const json_t *s = json_object_get(object, name);
  if (!json_is_string(s))
    fail_msg("the vector has no string \"%s\"", name);
  return bytes_of(json_string_value(s), json_string_length(s));
}

bool vectors_hash(const json_t *string, struct hash *out) {
  struct buf b = {0};
  struct bytes text = bytes_of(json_string_value(string), json_string_length(string));
  assert_int_equal(text_base64_decode(text, &b), OK);
  bool is_hash = b.len == HASH_SIZE;
  *out = hash_from(buf_bytes(&b));
  buf_release(&b);
  return is_hash;
}

uint64_t vectors_number(const json_t *object, const char *name) {
  const json_t *n = json_object_get(object, name);
  if (!json_is_real(n))
    fail_msg("the vector has no number \"%s\"", name);
  return json_real_value(n) < 0x1p64 ? (uint64_t)json_real_value(n) : UINT64_MAX;
}
