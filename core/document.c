#include "core/document.h"

#include <string.h>

#include "core/store_parts.h"

enum { FILE_OF };

static const char *const sql[] = {
    [FILE_OF] = "SELECT file FROM document WHERE object = ?1",
};

const char *const *document_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

static const struct {
  const char *ending, *media;
} endings[] = {
    {".pdf", "application/pdf"},
    {".jpg", "image/jpeg"},
    {".jpeg", "image/jpeg"},
    {".png", "image/png"},
    {".txt", "text/plain"},
    {".odt", "application/vnd.oasis.opendocument.text"},
    {".docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
};

const char *document_media(const char *file_name) {
  const char *dot = strrchr(file_name, '.');
  for (size_t i = 0; dot && i < sizeof endings / sizeof *endings; i++)
    if (strcasecmp(dot, endings[i].ending) == 0)
      return endings[i].media;
  return NULL;
}

enum err document_find_file(struct store *s, const struct hash *document, struct hash *out) {
  struct query q;
  query_start(&q, s->db, sql[FILE_OF]);
  query_blob(&q, 1, hash_bytes(document));
  bool found = query_row(&q), has_file = found && !query_is_null(&q, 0);
  if (has_file)
    *out = hash_from(query_get(&q, 0));
  enum err e = query_end(&q);
  if (e == OK && !found)
    e = err_set(ERR_ABSENT, "there is no such document here");
  return e == OK && !has_file ? err_set(ERR_ABSENT, "the file of this document is not here any more") : e;
}
