#include <assert.h>
#include <string.h>

#include "core/store_parts.h"

/* Tiles of audit/FORMAT.md section 2: a row holds up to 256 hashes of the level 8 * level. */
#define TILE_BITS 8
#define TILE_HASHES 256
#define TILE_LEVEL_MAX (MERKLE_LEVEL_MAX / TILE_BITS)

enum { TILE_GET, TILE_PUT, TREE_SIZE, LEAF };

static const char *const sql[] = {
    [TILE_GET] = "SELECT hashes FROM tile WHERE level = ?1 AND idx = ?2",
    [TILE_PUT] = "INSERT INTO tile(level, idx, hashes) VALUES(?1, ?2, ?3) ON CONFLICT DO UPDATE SET hashes = ?3",
    [TREE_SIZE] = "SELECT idx, length(hashes) / 32 FROM tile WHERE level = 0 ORDER BY idx DESC LIMIT 1",
    [LEAF] =
        ("SELECT e.header, e.idx, a.id, a.size, a.signature, a.admitted, a.replica, a.position, a.previous, a.head "
         "FROM entry e JOIN act a ON a.first = e.act WHERE e.number = ?1"),
};

const char *const *store_tree_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

struct tile {
  uint64_t level, index;
  size_t count;
  struct hash hashes[TILE_HASHES];
};

static enum err load_tile(struct store *s, uint64_t level, uint64_t index, struct tile *out) {
  struct query q;
  out->level = level;
  out->index = index;
  out->count = 0;
  query_start(&q, s->db, sql[TILE_GET]);
  query_int(&q, 1, (int64_t)level);
  query_int(&q, 2, (int64_t)index);
  if (query_row(&q)) {
    struct bytes b = query_get(&q, 0);
    out->count = b.len / HASH_SIZE < TILE_HASHES ? b.len / HASH_SIZE : TILE_HASHES;
    memcpy(out->hashes, b.at, out->count * HASH_SIZE);
  }
  return query_end(&q);
}

static enum err save_tile(struct store *s, const struct tile *t) {
  struct query q;
  query_start(&q, s->db, sql[TILE_PUT]);
  query_int(&q, 1, (int64_t)t->level);
  query_int(&q, 2, (int64_t)t->index);
  query_blob(&q, 3, bytes_of(t->hashes, t->count * HASH_SIZE));
  return query_run(&q);
}

static enum err tree_size(struct store *s, uint64_t *out) {
  struct query q;
  *out = 0;
  query_start(&q, s->db, sql[TREE_SIZE]);
  if (query_row(&q))
    *out = (uint64_t)query_get_int(&q, 0) * TILE_HASHES + (uint64_t)query_get_int(&q, 1);
  return query_end(&q);
}

/* The root of a full tile, or of part of one whose count is a power of two. */
static struct hash fold(const struct hash *hashes, size_t count) {
  struct hash level[TILE_HASHES];
  memcpy(level, hashes, count * HASH_SIZE);
  for (; count > 1; count /= 2)
    for (size_t i = 0; i < count / 2; i++)
      level[i] = merkle_node(&level[2 * i], &level[2 * i + 1]);
  return level[0];
}

/* Appends hashes to one level, and the roots of tiles that became full to the level above. `start` is how many the
 * level has. */
static enum err append_level(struct store *s, uint64_t level, uint64_t start, struct bytes hashes) {
  struct buf above = {0};
  struct tile t;
  enum err e = OK;
  uint64_t at = start;
  assert(level <= TILE_LEVEL_MAX);
  while (e == OK && hashes.len > 0) {
    e = load_tile(s, level, at / TILE_HASHES, &t);
    assert(e != OK || t.count == at % TILE_HASHES);
    for (; e == OK && hashes.len > 0 && t.count < TILE_HASHES; t.count++, at++) {
      t.hashes[t.count] = hash_from(bytes_of(hashes.at, HASH_SIZE));
      hashes = bytes_of(hashes.at + HASH_SIZE, hashes.len - HASH_SIZE);
    }
    if (e == OK)
      e = save_tile(s, &t);
    if (e == OK && t.count == TILE_HASHES) {
      struct hash root = fold(t.hashes, TILE_HASHES);
      buf_add(&above, hash_bytes(&root));
    }
  }
  if (e == OK && above.len)
    e = append_level(s, level + 1, start / TILE_HASHES, buf_bytes(&above));
  buf_release(&above);
  return e;
}

enum err store_tree_flush(struct store *s) {
  uint64_t size;
  if (s->new_leaves.len == 0)
    return OK;
  enum err e = tree_size(s, &size);
  if (e == OK)
    e = append_level(s, 0, size, buf_bytes(&s->new_leaves));
  if (e == OK)
    buf_clear(&s->new_leaves);
  return e;
}

static enum err hash_at(void *of, unsigned level, uint64_t index, struct hash *out) {
  unsigned inside = level % TILE_BITS;
  uint64_t first = index << inside; /* of the hashes of the tile's level that it covers */
  struct tile t;
  enum err e = load_tile(of, level / TILE_BITS, first / TILE_HASHES, &t);
  size_t at = first % TILE_HASHES, count = (size_t)1 << inside;
  if (e == OK && at + count > t.count)
    e = err_set(ERR_IO, "the tree has no subtree %u, %llu", level, (unsigned long long)index);
  if (e == OK)
    *out = fold(t.hashes + at, count);
  return e;
}

struct merkle_source store_tree(struct store *s) {
  return (struct merkle_source){s, hash_at};
}

enum err store_tree_at(struct store *s, uint64_t size, struct merkle *out) {
  struct hash h;
  enum err e = OK;
  merkle_init(out);
  for (unsigned level = MERKLE_LEVEL_MAX + 1; e == OK && level-- > 0;)
    if (size >> level & 1) {
      e = hash_at(s, level, out->size >> level, &h);
      if (e == OK)
        e = merkle_push(out, &h, level);
    }
  return e;
}

enum err store_tree_root(struct store *s, uint64_t size, struct hash *root_out) {
  struct merkle m;
  enum err e = store_tree_at(s, size, &m);
  if (e == OK)
    *root_out = merkle_root(&m);
  return e;
}

enum err store_leaf(struct store *s, uint64_t number, struct buf *out) {
  struct query q;
  query_start(&q, s->db, sql[LEAF]);
  query_int(&q, 1, (int64_t)number);
  bool found = query_row(&q);
  if (found) {
    struct position p = {.act = hash_from(query_get(&q, 2)),
                         .replica = hash_from(query_get(&q, 6)),
                         .number = (uint64_t)query_get_int(&q, 7),
                         .previous = hash_from(query_get(&q, 8))};
    struct leaf l = {.number = number,
                     .admitted = query_get(&q, 5),
                     .position = &p,
                     .index = (uint32_t)query_get_int(&q, 1),
                     .size = (uint32_t)query_get_int(&q, 3),
                     .signature = query_get(&q, 4),
                     .head = query_get(&q, 9),
                     .header = query_get(&q, 0)};
    leaf_format(out, &l);
  }
  enum err e = query_end(&q);
  return e == OK && !found ? err_set(ERR_ABSENT, "there is no entry %llu here", (unsigned long long)number) : e;
}
