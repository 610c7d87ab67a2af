#include "core/backup.h"

#include "core/store_parts.h"

enum { COPY, PUT, EACH, CLEAR, COUNT };

static const char *const sql[] = {
    [COPY] = "VACUUM INTO ?1",
    [PUT] = "INSERT INTO backup_file(name, bytes) VALUES(?1, ?2)",
    [EACH] = "SELECT name, bytes FROM backup_file ORDER BY name",
    [CLEAR] = "DELETE FROM backup_file",
    [COUNT] = "SELECT count(*) FROM backup_file",
};

const char *const *backup_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

enum err backup_copy(struct store *s, const char *path) {
  struct query q;
  query_start(&q, s->db, sql[COPY]);
  query_text(&q, 1, bytes_str(path));
  return query_run(&q);
}

enum err backup_put(struct store *copy, const char *name, struct bytes content) {
  struct query q;
  if (content.len > BACKUP_FILE_MAX)
    return err_set(ERR_LIMIT, "\"%s\" is larger than a key's file", name);
  query_start(&q, copy->db, sql[PUT]);
  query_text(&q, 1, bytes_str(name));
  query_blob(&q, 2, content);
  return query_run(&q);
}

enum err backup_each(struct store *copy, void *of,
                     enum err (*each)(void *of, struct bytes name, struct bytes content)) {
  struct query q;
  enum err e = OK;
  query_start(&q, copy->db, sql[EACH]);
  while (e == OK && query_row(&q))
    e = each(of, query_get(&q, 0), query_get(&q, 1));
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

#define SEAL "backup-files"

/* Each name, and the hash of the content. */
static enum err add_file(void *of, struct bytes name, struct bytes content) {
  struct hash h = hash_of(content);
  buf_addf(of, "%.*s ", (int)name.len, (const char *)name.at);
  buf_add(of, hash_bytes(&h));
  return OK;
}

static enum err digest_files(struct store *copy, struct hash *out) {
  struct buf all = {0};
  enum err e = backup_each(copy, &all, add_file);
  if (e == OK)
    *out = hash_of(buf_bytes(&all));
  buf_release(&all);
  return e;
}

enum err backup_seal(struct store *copy) {
  struct hash digest;
  enum err e = digest_files(copy, &digest);
  return e == OK ? store_meta_set(copy, SEAL, hash_bytes(&digest)) : e;
}

enum err backup_check(struct store *copy) {
  struct hash was, is;
  enum err e = store_meta_hash(copy, SEAL, &was);
  if (e == OK)
    e = digest_files(copy, &is);
  if (e == OK && !hash_equal(&was, &is))
    e = err_set(ERR_FORM, "the keys' files in it are not as they were written");
  return e;
}

enum err backup_clear(struct store *copy) {
  struct query q;
  query_start(&q, copy->db, sql[CLEAR]);
  return query_run(&q);
}

uint64_t backup_count(struct store *copy) {
  struct query q;
  uint64_t count = 0;
  query_start(&q, copy->db, sql[COUNT]);
  if (query_row(&q))
    count = (uint64_t)query_get_int(&q, 0);
  query_end(&q);
  return count;
}
