#include "core/recovery.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/directory.h"
#include "core/recovery_parts.h"

enum {
  SHOW,
  SHOW_PUBLISHED,
  FORGET_HEARD,
  FORGET_SETTINGS,
  HEAR,
  GOAL,
  COMMIT_ADD,
  ADMITTED,
};

static const char *const sql[] = {
    [SHOW] = "INSERT OR IGNORE INTO recover_checkpoint(size, root, note) VALUES(?1, ?2, ?3)",
    [SHOW_PUBLISHED] = "INSERT INTO recover_checkpoint(size, root, note) VALUES(?1, ?2, ?3) "
                       "ON CONFLICT(size) DO UPDATE SET note = ?3 WHERE root = ?2",
    [FORGET_HEARD] = "DELETE FROM recover_machine",
    [FORGET_SETTINGS] = "DELETE FROM meta WHERE name GLOB 'staged*' OR name GLOB 'without *' OR name = 'staging-room'",
    [HEAR] = "INSERT INTO recover_machine(source, size) VALUES(?1, ?2) ON CONFLICT DO UPDATE SET size = max(size, ?2)",
    [GOAL] = "SELECT size, root FROM recover_checkpoint ORDER BY size DESC LIMIT 1",
    [COMMIT_ADD] = "INSERT OR IGNORE INTO recover_commit(number, size, object) VALUES(?1, ?2, ?3)",
    [ADMITTED] = "SELECT a.admitted FROM entry e JOIN act a ON a.first = e.act WHERE e.number = ?1",
};

const char *const *recovery_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

static const char is_on[] = "recovering";

bool recovery_is_on(struct store *s) {
  return store_meta_number(s, is_on) != 0;
}

enum err recovery_check_off(struct store *s) {
  return recovery_is_on(s) ? err_set_remedy(ERR_BUSY, "nothing that was recorded is lost; sync again later",
                                            "the node was restored from an old copy and is being rebuilt")
                           : OK;
}

/* Who was heard, and who did not count, stays known until the next time. */
enum err recovery_begin(struct store *s) {
  struct query q;
  enum err e = OK;
  if (!recovery_is_on(s)) {
    query_start(&q, s->db, sql[FORGET_HEARD]);
    e = query_run(&q);
    query_start(&q, s->db, sql[FORGET_SETTINGS]);
    enum err forgotten = query_run(&q);
    e = e == OK ? forgotten : e;
  }
  return e == OK ? store_meta_set_number(s, is_on, 1) : e;
}

/* ---- checkpoints ---- */

static enum err show(struct store *s, int statement, const struct checkpoint *c, struct bytes note) {
  struct query q;
  struct hash root;
  bool is_larger = c->size > store_size(s);
  enum err e = is_larger ? OK : store_tree_root(s, c->size, &root);
  if (e == OK && !is_larger && !hash_equal(&root, &c->root))
    e = err_set_remedy(ERR_CHAIN, "compare with others: cairn checkpoint; and tell the node's administrator",
                       "this is another history of the ledger's first %" PRIu64 " entries", c->size);
  if (e == OK && is_larger)
    e = recovery_begin(s);
  if (e != OK || !recovery_is_on(s))
    return e;
  query_start(&q, s->db, sql[statement]);
  query_int(&q, 1, (int64_t)c->size);
  query_blob(&q, 2, hash_bytes(&c->root));
  query_blob(&q, 3, note);
  return query_run(&q);
}

enum err recovery_show(struct store *s, const struct checkpoint *c, struct bytes note) {
  return show(s, SHOW, c, note);
}

enum err recovery_show_published(struct store *s, const struct checkpoint *c, struct bytes note) {
  return show(s, SHOW_PUBLISHED, c, note);
}

enum err recovery_set_room(struct store *s, uint64_t bytes) {
  return recovery_is_on(s) ? store_meta_set_number(s, RECOVERY_ROOM, bytes)
                           : err_set(ERR_REFUSED, "the node is not being rebuilt");
}

enum err recovery_hear(struct store *s, const struct hash *source, uint64_t size) {
  struct query q;
  query_start(&q, s->db, sql[HEAR]);
  query_blob(&q, 1, hash_bytes(source));
  query_int(&q, 2, (int64_t)size);
  return query_run(&q);
}

enum err recovery_find_goal(struct store *s, uint64_t *size_out, struct hash *root_out) {
  struct query q;
  uint64_t size = store_size(s);
  query_start(&q, s->db, sql[GOAL]);
  *size_out = size;
  if (query_row(&q) && (uint64_t)query_get_int(&q, 0) > size) {
    *size_out = (uint64_t)query_get_int(&q, 0);
    *root_out = hash_from(query_get(&q, 1));
  }
  return query_end(&q);
}

enum err recovery_checkpoint(struct store *s, uint64_t size, const struct hash *root, struct buf *text) {
  struct checkpoint c = {.size = size, .root = *root};
  struct directory_log log = {0};
  struct query q;
  struct hash own;
  if (size == 0 || size > store_meta_number(s, "rebuilt"))
    return err_set(ERR_ABSENT, "the ledger was not rebuilt as far as this");
  enum err e = store_tree_root(s, size, &own);
  if (e == OK && !hash_equal(&own, root))
    e = err_set(ERR_ABSENT, "the ledger has another root there");
  if (e == OK)
    e = directory_log(s, &log);
  if (e != OK)
    return e;
  snprintf(c.origin, sizeof c.origin, "%s", buf_cstr(&log.origin));
  query_start(&q, s->db, sql[ADMITTED]);
  query_int(&q, 1, (int64_t)size);
  if (query_row(&q) && query_get(&q, 0).len == TEXT_TIME_SIZE)
    memcpy(c.time.s, query_get(&q, 0).at, TEXT_TIME_SIZE);
  e = query_end(&q);
  if (e == OK)
    checkpoint_format(text, &c);
  directory_log_release(&log);
  return e;
}

enum err recovery_commit(struct store *s, uint64_t number, uint64_t size, struct bytes commit) {
  struct query q;
  query_start(&q, s->db, sql[COMMIT_ADD]);
  query_int(&q, 1, (int64_t)number);
  query_int(&q, 2, (int64_t)size);
  query_blob(&q, 3, commit);
  return query_run(&q);
}
