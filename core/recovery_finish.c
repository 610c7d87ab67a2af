/* The end of a recovery: which of the leaves that were offered are the ledger's, and taking them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/accept.h"
#include "core/directory.h"
#include "core/feed.h"
#include "core/publication.h"
#include "core/recovery_parts.h"

enum {
  CHOICES,
  SOURCES,
  LEAF,
  CONTENT,
  CHECKPOINTS,
  COMMITS,
  DROP_DECIDED,
  EMPTY_CHECKPOINT,
  EMPTY_LEAF,
  EMPTY_SAID,
  EMPTY_CONTENT,
  EMPTY_COMMIT,
};

static const char *const sql[] = {
    /* Of each leaf: whether the mirror has it, whether this machine and whether others offered it, and how many. */
    [CHOICES] = "SELECT l.number, l.hash, sum(s.source = zeroblob(32)), sum(s.source = ?3), sum(s.source <> ?3), "
                "count(*) FROM recover_leaf l JOIN recover_said s ON s.number = l.number AND s.hash = l.hash "
                "WHERE l.number > ?1 AND l.number <= ?2 GROUP BY l.number, l.hash ORDER BY l.number, l.hash",
    /* Those who contradict others most come first: who does so everywhere is among those that are tried. */
    [SOURCES] = "SELECT s.source FROM recover_said s WHERE EXISTS (SELECT 1 FROM recover_said o "
                "WHERE o.number = s.number AND o.hash <> s.hash) GROUP BY s.source ORDER BY count(*) DESC, s.source "
                "LIMIT 64",
    [LEAF] = "SELECT leaf FROM recover_leaf WHERE number = ?1 AND hash = ?2",
    [CONTENT] = "SELECT salt, bytes FROM recover_content WHERE entry = ?1",
    [CHECKPOINTS] = "SELECT size, root, note FROM recover_checkpoint WHERE size <= ?1 ORDER BY size",
    [COMMITS] = "SELECT r.number, r.size, r.object FROM recover_commit r JOIN checkpoint c ON c.size = r.size "
                "ORDER BY r.number",
    [DROP_DECIDED] = "DELETE FROM held WHERE hold IN (SELECT object FROM hold WHERE state <> 'held')",
    [EMPTY_CHECKPOINT] = "DELETE FROM recover_checkpoint",
    [EMPTY_LEAF] = "DELETE FROM recover_leaf",
    [EMPTY_SAID] = "DELETE FROM recover_said",
    [EMPTY_CONTENT] = "DELETE FROM recover_content",
    [EMPTY_COMMIT] = "DELETE FROM recover_commit",
};

const char *const *recovery_finish_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

/* ---- which leaves ---- */

enum trust { MOST, BELIEVE, WITHOUT };

struct choice {
  struct hash hash;
  int64_t worth;
};

/* A mirror is worth more than all machines, unless it is what is done without; then what is tried; then how many
 * offered it. */
static int64_t worth_of(const struct query *q, enum trust trust, const struct hash *source) {
  const int64_t all = 1 << 20;
  int64_t tried = trust == BELIEVE ? query_get_int(q, 3) : trust == WITHOUT ? query_get_int(q, 4) > 0 : 0;
  int64_t mirror = trust == WITHOUT && hash_is_zero(source) ? 0 : query_get_int(q, 2);
  return mirror * all * all + tried * all + query_get_int(q, 5);
}

/* One leaf for each number, by this trust. ERR_ABSENT if a number has none. */
static enum err choose(struct recovery_choice *f, enum trust trust, const struct hash *source) {
  struct query q;
  struct choice best = {0};
  uint64_t at = f->st.size + 1, number = 0;
  bool is_gap = false;
  buf_clear(&f->chosen);
  query_start(&q, f->s->db, sql[CHOICES]);
  query_int(&q, 1, (int64_t)f->st.size);
  query_int(&q, 2, (int64_t)f->st.goal);
  query_blob(&q, 3, hash_bytes(source));
  for (bool more = query_row(&q); more && !is_gap;) {
    number = (uint64_t)query_get_int(&q, 0);
    best = (struct choice){{{0}}, -1};
    is_gap = number != at++;
    for (size_t n = 0; more && (uint64_t)query_get_int(&q, 0) == number; n++, more = query_row(&q)) {
      f->is_contested = f->is_contested || n > 0;
      if (worth_of(&q, trust, source) > best.worth)
        best = (struct choice){hash_from(query_get(&q, 1)), worth_of(&q, trust, source)};
    }
    buf_add(&f->chosen, hash_bytes(&best.hash));
  }
  enum err e = query_end(&q);
  if (e == OK)
    e = buf_err(&f->chosen);
  return e == OK && (is_gap || at != f->st.goal + 1) ? err_set(ERR_ABSENT, "a leaf is missing") : e;
}

static enum err gives_root(struct recovery_choice *f, bool *out) {
  struct merkle m;
  enum err e = store_tree_at(f->s, f->st.size, &m);
  for (size_t i = 0; e == OK && i < f->chosen.len; i += HASH_SIZE) {
    struct hash h = hash_from(bytes_of(f->chosen.at + i, HASH_SIZE));
    e = merkle_push(&m, &h, 0);
  }
  struct hash root = merkle_root(&m);
  *out = e == OK && hash_equal(&root, &f->st.root);
  return e;
}

static enum err try_choice(struct recovery_choice *f, enum trust trust, const struct hash *source, bool *is_right) {
  enum err e = choose(f, trust, source);
  return e == OK ? gives_root(f, is_right) : e;
}

static enum err find_sources(struct recovery_choice *f, struct buf *out) {
  struct query q;
  query_start(&q, f->s->db, sql[SOURCES]);
  while (query_row(&q))
    buf_add(out, query_get(&q, 0));
  return query_end(&q);
}

static enum err find_leaves(struct recovery_choice *f) {
  static const struct hash nobody = {{0}};
  struct buf sources = {0};
  bool is_right = false;
  enum err e = try_choice(f, MOST, &nobody, &is_right);
  if (e == OK && !is_right && f->is_contested)
    e = find_sources(f, &sources);
  for (enum trust trust = BELIEVE; trust <= WITHOUT; trust++)
    for (size_t i = 0; e == OK && !is_right && i < sources.len; i += HASH_SIZE) {
      struct hash source = hash_from(bytes_of(sources.at + i, HASH_SIZE));
      e = try_choice(f, trust, &source, &is_right);
    }
  buf_release(&sources);
  if (e == OK && !is_right)
    e = err_set_remedy(
        ERR_REFUSED,
        "a mirror, or machines that have not offered yet, may have the right ones; cairnd rebuild --status says who "
        "contradicts others, and --without MACHINE does without them; or this node has gone on since it was restored",
        "the leaves that were offered do not give the root of the checkpoint of %" PRIu64 " entries", f->st.goal);
  return e;
}

/* ---- taking them ---- */

void recovery_act_clear(struct recovery_act *g) {
  for (size_t i = 0; i < g->count; i++) {
    leaf_read_release(&g->leaves[i]);
    buf_release(&g->bytes[i]);
    buf_release(&g->contents[i]);
  }
  memset(g, 0, sizeof *g);
}

static enum err load_leaf(struct recovery_choice *f, uint64_t number, struct buf *bytes, struct leaf_read *out) {
  struct query q;
  query_start(&q, f->s->db, sql[LEAF]);
  query_int(&q, 1, (int64_t)number);
  query_blob(&q, 2, bytes_of(f->chosen.at + (number - f->st.size - 1) * HASH_SIZE, HASH_SIZE));
  if (query_row(&q))
    buf_add(bytes, query_get(&q, 0));
  enum err e = query_end(&q);
  return e == OK ? leaf_parse(buf_bytes(bytes), out) : e;
}

/* What an entry.erase further on names goes when that is taken, whoever offered it. */
static enum err load_content(struct recovery_choice *f, struct recovery_act *g, size_t i) {
  struct act_entry *out = &g->entries[i];
  struct hash id = hash_of(g->leaves[i].leaf.header);
  struct query q;
  *out = (struct act_entry){.index = (uint32_t)i, .header = g->leaves[i].leaf.header};
  query_start(&q, f->s->db, sql[CONTENT]);
  query_blob(&q, 1, hash_bytes(&id));
  out->is_lost = !query_row(&q);
  if (!out->is_lost) {
    memcpy(out->salt, query_get(&q, 0).at, ENTRY_SALT_SIZE);
    buf_add(&g->contents[i], query_get(&q, 1));
    out->content = buf_bytes(&g->contents[i]);
  }
  return query_end(&q);
}

enum err recovery_gather(struct recovery_choice *f, uint64_t first, struct recovery_act *g) {
  enum err e = OK;
  uint32_t size = 1;
  for (uint32_t i = 0; e == OK && i < size; i++) {
    uint64_t number = first + i;
    if (number > f->st.goal)
      return err_set(ERR_PROOF, "the act of entry %" PRIu64 " goes on behind the checkpoint", first);
    g->count = i + 1;
    e = load_leaf(f, number, &g->bytes[i], &g->leaves[i]);
    const struct leaf *l = &g->leaves[i].leaf;
    if (e == OK && i == 0)
      size = l->size;
    if (e == OK && (l->number != number || l->index != i || l->size != size ||
                    !hash_equal(&g->leaves[i].position.act, &g->leaves[0].position.act)))
      e = err_set(ERR_PROOF, "the leaf %" PRIu64 " does not belong where it stands", number);
    if (e == OK)
      e = load_content(f, g, i);
  }
  return e;
}

static enum err take_act(struct recovery_choice *f, uint64_t first, struct recovery_act *g) {
  const struct leaf_read *l = &g->leaves[0];
  const struct accept_act in = {.how = ACCEPT_TAKE,
                                .is_rebuilt = true,
                                .entries = g->entries,
                                .count = g->count,
                                .size = (uint32_t)g->count,
                                .signature = l->leaf.signature,
                                .replica = l->position.replica,
                                .position = l->position.number,
                                .previous = l->position.previous,
                                .head = l->leaf.head,
                                .first = first,
                                .admitted = l->leaf.admitted};
  struct verdict v;
  enum err e = accept_act(f->s, &in, &v);
  if (e == OK && (v.code != VERDICT_ACCEPTED || !hash_equal(&v.act, &l->position.act)))
    e = err_set(ERR_PROOF, "it is not the act that its leaf names");
  if (e != OK) {
    char words[400];
    snprintf(words, sizeof words, "%s", err_words(e));
    e = err_set_remedy(e, "let a machine sync first: each holds the directory, by which acts are checked",
                       "the act of entry %" PRIu64 ": %s", first, words);
  }
  return e;
}

static enum err take_all(struct recovery_choice *f) {
  struct recovery_act *g = mem_alloc(sizeof *g);
  enum err e = OK;
  memset(g, 0, sizeof *g);
  for (uint64_t n = f->st.size + 1; e == OK && n <= f->st.goal;) {
    e = recovery_gather(f, n, g);
    if (e == OK)
      e = take_act(f, n, g);
    if (e == OK)
      e = store_tree_flush(f->s);
    n += g->count;
    recovery_act_clear(g);
  }
  free(g);
  return e;
}

/* Those of the log as it is now; others that were shown are of what was not taken. */
static enum err keep_checkpoints(struct store *s) {
  struct query q;
  enum err e = OK;
  query_start(&q, s->db, sql[CHECKPOINTS]);
  query_int(&q, 1, (int64_t)store_size(s));
  while (e == OK && query_row(&q)) {
    uint64_t size = (uint64_t)query_get_int(&q, 0);
    struct hash root, shown = hash_from(query_get(&q, 1));
    struct note_vkey vkey;
    struct bytes text;
    e = store_tree_root(s, size, &root);
    bool is_ours = e == OK && hash_equal(&root, &shown) && directory_vkey(s, size, &vkey) == OK &&
                   note_open(query_get(&q, 2), &vkey, &text) == OK;
    if (is_ours)
      e = store_checkpoint_add(s, size, &root, query_get(&q, 2));
  }
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

/* ERR_HAD: this node has published another one. */
static enum err keep_commit(struct store *s, uint64_t number, uint64_t size, struct bytes commit) {
  struct buf kept = {0};
  uint64_t kept_size = 0;
  enum err e = publication_find(s, number, &kept_size, &kept);
  bool is_same = e == OK && kept_size == size && bytes_equal(buf_bytes(&kept), commit);
  buf_release(&kept);
  if (e == ERR_ABSENT)
    return publication_keep(s, number, size, commit);
  return e == OK && !is_same ? err_set(ERR_HAD, "another commit was kept") : e;
}

/* Each continues the one before: those behind a gap, or behind one that is another here, could never be published. */
static enum err keep_commits(struct store *s) {
  struct query q;
  enum err e = OK;
  uint64_t next = 0;
  query_start(&q, s->db, sql[COMMITS]);
  while (e == OK && query_row(&q) && (uint64_t)query_get_int(&q, 0) == next)
    e = keep_commit(s, next++, (uint64_t)query_get_int(&q, 1), query_get(&q, 2));
  e = e == ERR_HAD ? OK : e;
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

/* Commits also where the log lacked no entry: of its newest ones they may have been made after the copy. What was
 * offered and not taken, erased contents among it, is in the file until it is written anew. */
enum err recovery_end(struct store *s) {
  static const int steps[] = {DROP_DECIDED, EMPTY_CHECKPOINT, EMPTY_LEAF, EMPTY_SAID, EMPTY_CONTENT, EMPTY_COMMIT};
  enum err e = keep_checkpoints(s);
  if (e == OK)
    e = keep_commits(s);
  for (size_t i = 0; e == OK && i < sizeof steps / sizeof *steps; i++) {
    struct query q;
    query_start(&q, s->db, sql[steps[i]]);
    e = query_run(&q);
  }
  if (e == OK)
    e = store_meta_set_number(s, "recovering", 0);
  return e == OK ? feed_want_scrub(s) : e;
}

static enum err take(struct recovery_choice *f) {
  struct hash root;
  enum err e = find_leaves(f);
  if (e == OK)
    e = take_all(f);
  if (e == OK)
    e = store_tree_root(f->s, f->st.goal, &root);
  if (e == OK && !hash_equal(&root, &f->st.root))
    e = err_set(ERR_PROOF, "what was taken does not give the root of the checkpoint");
  if (e == OK)
    e = store_meta_set_number(f->s, "rebuilt", f->st.goal);
  /* The ledger has told of it already. */
  return e == OK ? feed_forget_changes(f->s) : e;
}

enum err recovery_take_to(struct store *s, uint64_t size, const struct hash *root) {
  struct recovery_choice f = {.s = s};
  enum err e = recovery_status(s, &f.st);
  f.st.goal = size;
  f.st.root = *root;
  if (e == OK)
    e = take(&f);
  buf_release(&f.chosen);
  return e;
}

enum err recovery_finish(struct store *s, enum recovery_rest rest) {
  struct recovery_choice f = {.s = s};
  enum err e = recovery_status(s, &f.st);
  if (e == OK && !f.st.is_on)
    e = err_set(ERR_REFUSED, "the node is not being rebuilt");
  if (e == OK && f.st.machines == 0)
    e = err_set_remedy(ERR_REFUSED, "serve, and let machines sync; or name a mirror with --mirror",
                       "nobody has shown how far the ledger goes");
  if (e == OK && f.st.missing)
    e = err_set_remedy(ERR_REFUSED, "a mirror, or machines that have not offered yet, may have them",
                       "nobody has offered the leaf of some entries of the ledger (entries: %" PRIu64 ")",
                       f.st.missing);
  if (e == OK && f.st.goal > f.st.size)
    e = take(&f);
  if (e == OK && rest == RECOVERY_WAIT_FOR_THE_REST)
    e = recovery_check_heard(s);
  if (e == OK)
    e = recovery_end(s);
  buf_release(&f.chosen);
  return e;
}

enum err recovery_give_up(struct store *s) {
  struct recovery_status st;
  enum err e = recovery_status(s, &st);
  if (e == OK && !st.is_on)
    e = err_set(ERR_REFUSED, "the node is not being rebuilt");
  if (e == OK && st.goal > st.size)
    e = err_set_remedy(ERR_REFUSED, "cairnd rebuild --status says what is missing",
                       "a ledger of %" PRIu64 " entries was shown, and what this node would go on with is another one",
                       st.goal);
  if (e == OK)
    e = recovery_check_reached(s);
  return e == OK ? recovery_end(s) : e;
}
