#include "core/publication.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/store_parts.h"

enum { KEEP, FIND, ADD, COUNT, REMOVE, MARK, LIST };

static const char *const sql[] = {
    [KEEP] = "INSERT OR IGNORE INTO publication(number, size, object) VALUES(?1, ?2, ?3)",
    [FIND] = "SELECT size, object FROM publication WHERE number = ?1",
    [ADD] = "INSERT OR IGNORE INTO mirror(url, credentials) VALUES(?1, ?2)",
    [COUNT] = "SELECT count(*) FROM mirror",
    [REMOVE] = "DELETE FROM mirror WHERE url = ?1",
    [MARK] = "UPDATE mirror SET state = ?2, size = ?3, at = ?4, words = ?5 WHERE url = ?1",
    [LIST] = "SELECT url, state, size, at, words, credentials FROM mirror ORDER BY url",
};

const char *const *publication_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

enum err publication_keep(struct store *s, uint64_t number, uint64_t size, struct bytes commit) {
  struct query q;
  query_start(&q, s->db, sql[KEEP]);
  query_int(&q, 1, (int64_t)number);
  query_int(&q, 2, (int64_t)size);
  query_blob(&q, 3, commit);
  enum err e = query_run(&q);
  return e == OK && db_changes(s->db) == 0 ? err_set(ERR_HAD, "commit %" PRIu64 " was kept already", number) : e;
}

enum err publication_find(struct store *s, uint64_t number, uint64_t *size_out, struct buf *commit_out) {
  struct query q;
  query_start(&q, s->db, sql[FIND]);
  query_int(&q, 1, (int64_t)number);
  bool found = query_row(&q);
  if (found) {
    *size_out = (uint64_t)query_get_int(&q, 0);
    buf_add(commit_out, query_get(&q, 1));
  }
  enum err e = query_end(&q);
  return e == OK && !found ? err_set(ERR_ABSENT, "no commit %" PRIu64 " was kept", number) : e;
}

/* ---- mirrors ---- */

static const struct {
  const char *word, *says;
} states[] = {
#define X(state, word, says) {word, says},
    MIRROR_STATES(X)
#undef X
};
#define STATE_COUNT (sizeof states / sizeof *states)

const char *mirror_state_word(enum mirror_state state) {
  return states[state].word;
}

const char *mirror_state_says(enum mirror_state state) {
  return states[state].says;
}

static enum err count_mirrors(struct store *s, size_t *out) {
  struct query q;
  query_start(&q, s->db, sql[COUNT]);
  *out = query_row(&q) ? (size_t)query_get_int(&q, 0) : 0;
  return query_end(&q);
}

enum err mirror_add(struct store *s, const char *url, const char *credentials) {
  struct query q;
  size_t count;
  enum err e = count_mirrors(s, &count);
  if (e == OK && (strlen(url) > MIRROR_URL_MAX || strlen(credentials) > MIRROR_URL_MAX))
    e = err_set(ERR_LIMIT, "a URL has at most %d bytes, and so has a path", MIRROR_URL_MAX);
  if (e == OK && count >= MIRRORS_MAX)
    e = err_set_remedy(ERR_LIMIT, "remove one first: cairnd mirror remove", "there are %d mirrors already",
                       MIRRORS_MAX);
  if (e != OK)
    return e;
  query_start(&q, s->db, sql[ADD]);
  query_text(&q, 1, bytes_str(url));
  query_text(&q, 2, bytes_str(credentials));
  e = query_run(&q);
  return e == OK && db_changes(s->db) == 0 ? err_set(ERR_HAD, "the node pushes to this mirror already") : e;
}

enum err mirror_remove(struct store *s, const char *url) {
  struct query q;
  query_start(&q, s->db, sql[REMOVE]);
  query_text(&q, 1, bytes_str(url));
  enum err e = query_run(&q);
  return e == OK && db_changes(s->db) == 0
             ? err_set_remedy(ERR_ABSENT, "cairnd mirror list shows them", "\"%s\" is no mirror", url)
             : e;
}

enum err mirror_mark(struct store *s, const struct mirror *m) {
  struct query q;
  query_start(&q, s->db, sql[MARK]);
  query_text(&q, 1, bytes_str(m->url));
  query_text(&q, 2, bytes_str(states[m->state].word));
  query_int(&q, 3, (int64_t)m->size);
  query_int(&q, 4, m->at_s);
  query_text(&q, 5, bytes_str(m->words));
  return query_run(&q);
}

static void copy_text(char *out, size_t size, struct bytes text) {
  snprintf(out, size, "%.*s", (int)text.len, text.len ? (const char *)text.at : "");
}

static void read_mirror(struct query *q, struct mirror *out) {
  struct bytes state = query_get(q, 1);
  *out = (struct mirror){.size = (uint64_t)query_get_int(q, 2), .at_s = query_get_int(q, 3)};
  copy_text(out->url, sizeof out->url, query_get(q, 0));
  copy_text(out->words, sizeof out->words, query_get(q, 4));
  copy_text(out->credentials, sizeof out->credentials, query_get(q, 5));
  for (size_t i = 0; i < STATE_COUNT; i++)
    if (bytes_equal_str(state, states[i].word))
      out->state = (enum mirror_state)i;
}

enum err mirror_list(struct store *s, struct mirror out[MIRRORS_MAX], size_t *count_out) {
  struct query q;
  size_t count = 0;
  query_start(&q, s->db, sql[LIST]);
  while (count < MIRRORS_MAX && query_row(&q))
    read_mirror(&q, &out[count++]);
  *count_out = count;
  return query_end(&q);
}
