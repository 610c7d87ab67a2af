#include "core/merkle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "core/text.h"
#include "tests/lib/json_vectors.h"

#define LEAVES_MAX 70

/* --- The classic algorithms of RFC 9162, written from the RFC and not from core/merkle.c. */

static struct hash node_of(struct hash left, struct hash right) {
  uint8_t b[1 + 2 * HASH_SIZE] = {1};
  memcpy(b + 1, left.at, HASH_SIZE);
  memcpy(b + 1 + HASH_SIZE, right.at, HASH_SIZE);
  return hash_of(bytes_of(b, sizeof b));
}

static uint64_t split_point(uint64_t n) {
  uint64_t k = 1;
  while (2 * k < n)
    k *= 2;
  return k;
}

/* RFC 9162 2.1.1 */
static struct hash naive_root(const struct hash *leaves, uint64_t n) {
  if (n == 0)
    return hash_of(bytes_of("", 0));
  if (n == 1)
    return leaves[0];
  uint64_t k = split_point(n);
  return node_of(naive_root(leaves, k), naive_root(leaves + k, n - k));
}

struct path {
  struct hash at[128];
  size_t count;
};

/* RFC 9162 2.1.3.2 */
static bool inclusion_holds(uint64_t index, uint64_t size, struct hash leaf, const struct path *p, struct hash root) {
  if (index >= size)
    return false;
  uint64_t fn = index, sn = size - 1;
  struct hash r = leaf;
  for (size_t i = 0; i < p->count; i++, fn >>= 1, sn >>= 1) {
    if (sn == 0)
      return false;
    if ((fn & 1) || fn == sn) {
      r = node_of(p->at[i], r);
      for (; (fn & 1) == 0 && fn != 0; fn >>= 1)
        sn >>= 1;
    } else {
      r = node_of(r, p->at[i]);
    }
  }
  return sn == 0 && hash_equal(&r, &root);
}

/* RFC 9162 2.1.4.2, and the cases it leaves to the caller: equal sizes, and the empty tree, which proves nothing. */
static bool consistency_holds(uint64_t m, uint64_t n, struct hash old_root, const struct path *given,
                              struct hash root) {
  struct path p = *given;
  if (m == 0 || m > n)
    return false;
  if (m == n)
    return p.count == 0 && hash_equal(&old_root, &root);
  if (p.count == 0)
    return false;
  if ((m & (m - 1)) == 0) {
    memmove(p.at + 1, p.at, p.count++ * sizeof *p.at);
    p.at[0] = old_root;
  }
  uint64_t fn = m - 1, sn = n - 1;
  for (; fn & 1; fn >>= 1)
    sn >>= 1;
  struct hash fr = p.at[0], sr = p.at[0];
  for (size_t i = 1; i < p.count; i++, fn >>= 1, sn >>= 1) {
    if (sn == 0)
      return false;
    if ((fn & 1) || fn == sn) {
      fr = node_of(p.at[i], fr);
      sr = node_of(p.at[i], sr);
      for (; (fn & 1) == 0 && fn != 0; fn >>= 1)
        sn >>= 1;
    } else {
      sr = node_of(sr, p.at[i]);
    }
  }
  return sn == 0 && hash_equal(&fr, &old_root) && hash_equal(&sr, &root);
}

/* --- A small tree whose complete subtrees are served as the ledger's tiles are. */

struct tree {
  struct hash leaves[LEAVES_MAX];
  uint64_t size;
  size_t asked;
  struct {
    unsigned level;
    uint64_t index;
  } log[4 * LEAVES_MAX];
};

static enum err tree_hash(void *of, unsigned level, uint64_t index, struct hash *out) {
  struct tree *t = of;
  assert_true((index + 1) << level <= t->size);
  assert_true(t->asked < sizeof t->log / sizeof *t->log);
  t->log[t->asked].level = level;
  t->log[t->asked++].index = index;
  *out = merkle_root_of(t->leaves + (index << level), (size_t)1 << level);
  return OK;
}

static void tree_fill(struct tree *t, uint64_t size) {
  memset(t, 0, sizeof *t);
  t->size = size;
  for (uint64_t i = 0; i < size; i++) {
    char text[32];
    snprintf(text, sizeof text, "leaf %u", (unsigned)i);
    t->leaves[i] = merkle_leaf(bytes_str(text));
  }
}

static struct merkle_source source_of(struct tree *t) {
  t->asked = 0;
  return (struct merkle_source){t, tree_hash};
}

/* The range's hash, from the source alone. */
static struct hash range_root(struct tree *t, uint64_t from, uint64_t n) {
  struct hash h;
  unsigned level = 0;
  while ((uint64_t)1 << level < n)
    level++;
  if (n == (uint64_t)1 << level && from % n == 0) {
    struct merkle_source s = source_of(t);
    assert_int_equal(s.hash(s.of, level, from >> level, &h), OK);
    return h;
  }
  uint64_t k = split_point(n);
  return node_of(range_root(t, from, k), range_root(t, from + k, n - k));
}

/* RFC 9162 2.1.3.1 */
static void inclusion_path(struct tree *t, uint64_t index, uint64_t from, uint64_t n, struct path *p) {
  if (n == 1)
    return;
  uint64_t k = split_point(n);
  if (index < k) {
    inclusion_path(t, index, from, k, p);
    p->at[p->count++] = range_root(t, from + k, n - k);
  } else {
    inclusion_path(t, index - k, from + k, n - k, p);
    p->at[p->count++] = range_root(t, from, k);
  }
}

/* RFC 9162 2.1.4.1, SUBPROOF */
static void consistency_path(struct tree *t, uint64_t m, uint64_t from, uint64_t n, bool whole, struct path *p) {
  if (m == n) {
    if (!whole)
      p->at[p->count++] = range_root(t, from, n);
    return;
  }
  uint64_t k = split_point(n);
  if (m <= k) {
    consistency_path(t, m, from, k, whole, p);
    p->at[p->count++] = range_root(t, from + k, n - k);
  } else {
    consistency_path(t, m - k, from + k, n - k, false, p);
    p->at[p->count++] = range_root(t, from, k);
  }
}

/* --- Vectors of others. */

static struct tree reference;
static struct hash reference_roots[9];

static json_t *load_reference(void) {
  json_t *v = vectors_load("tests/vectors/notes/rfc6962_reference_tree.json");
  const json_t *inputs = json_object_get(v, "leaf_inputs_hex");
  memset(&reference, 0, sizeof reference);
  reference.size = json_array_size(inputs);
  assert_int_equal(reference.size, 8);
  for (size_t i = 0; i < reference.size; i++) {
    uint8_t leaf[16];
    struct bytes hex = bytes_str(json_string_value(json_array_get(inputs, i)));
    assert_int_equal(text_hex_decode(hex, leaf), OK);
    reference.leaves[i] = merkle_leaf(bytes_of(leaf, hex.len / 2));
  }
  return v;
}

static struct hash hex_hash(const json_t *string) {
  struct hash h;
  assert_int_equal(hash_parse(bytes_str(json_string_value(string)), &h), OK);
  return h;
}

static void assert_hash(const char *what, struct hash got, struct hash wanted) {
  if (!hash_equal(&got, &wanted))
    fail_msg("%s: %s instead of %s", what, hash_hex(&got).s, hash_hex(&wanted).s);
}

static void test_hashes_of_the_rfc(void **state) {
  (void)state;
  json_t *v = vectors_load("tests/vectors/notes/notes.json");
  const json_t *h = json_object_get(v, "rfc6962_hashes");
  struct merkle m;
  merkle_init(&m);
  /* Not hashes, but parts of the length that the vectors' author chose; merkle_node takes hashes only. */
  struct bytes parts[] = {bytes_str("\x01"), bytes_str("N123"), bytes_str("N456")};
  assert_hash("empty tree", merkle_empty(), hex_hash(json_object_get(h, "empty_root")));
  assert_hash("empty tree, grown", merkle_root(&m), merkle_empty());
  assert_hash("empty leaf", merkle_leaf(bytes_of(NULL, 0)), hex_hash(json_object_get(h, "empty_leaf")));
  assert_hash("leaf", merkle_leaf(bytes_str("L123456")), hex_hash(json_object_get(h, "leaf_L123456")));
  assert_hash("node", hash_of_parts(parts, 3), hex_hash(json_object_get(h, "node_N123_N456")));
  json_decref(v);
}

/* The flat list is the tree in order of levels: 8 leaves, 4 nodes, 2, 1. */
static void test_reference_tree(void **state) {
  (void)state;
  json_t *v = load_reference();
  const json_t *roots = json_object_get(v, "roots_by_size"), *nodes = json_object_get(v, "node_hashes_flat");
  for (size_t n = 0; n <= reference.size; n++) {
    reference_roots[n] = hex_hash(json_array_get(roots, n));
    assert_hash("root", merkle_root_of(reference.leaves, n), reference_roots[n]);
    assert_hash("naive root", naive_root(reference.leaves, n), reference_roots[n]);
  }
  size_t flat = 0;
  for (unsigned level = 0; level <= 3; level++)
    for (uint64_t i = 0; i < (uint64_t)8 >> level; i++, flat++) {
      struct hash h;
      struct merkle_source s = source_of(&reference);
      assert_int_equal(s.hash(s.of, level, i, &h), OK);
      assert_hash("node", h, hex_hash(json_array_get(nodes, flat)));
    }
  assert_int_equal(flat, json_array_size(nodes));
  assert_hash("merkle_node", merkle_node(&reference.leaves[0], &reference.leaves[1]), reference_roots[2]);
  json_decref(v);
}

/* False if a hash is not one. */
static bool read_path(const json_t *vector, struct path *p) {
  const json_t *proof = json_object_get(vector, "proof");
  bool all_hashes = true;
  memset(p, 0, sizeof *p);
  for (size_t i = 0; i < json_array_size(proof); i++)
    all_hashes &= vectors_hash(json_array_get(proof, i), &p->at[p->count++]);
  return all_hashes;
}

static void expect_verdict(const char *path, const json_t *vector, bool holds) {
  if (holds == json_is_true(json_object_get(vector, "wantErr")))
    fail_msg("%s: %s", path, holds ? "accepted" : "refused");
}

/* The vectors' trees are the reference tree: where they hold, our own proof gives the same root. */
static void check_inclusion_vector(const char *path, json_t *v) {
  struct path p;
  struct hash root, leaf, old_root, new_root;
  bool formed = read_path(v, &p);
  formed &= vectors_hash(json_object_get(v, "root"), &root);
  formed &= vectors_hash(json_object_get(v, "leafHash"), &leaf);
  uint64_t index = vectors_number(v, "leafIdx"), size = vectors_number(v, "treeSize");
  bool holds = formed && inclusion_holds(index, size, leaf, &p, root);
  expect_verdict(path, v, holds);
  if (!holds || size > reference.size)
    return;
  struct buf proof = {0};
  struct merkle_source s = source_of(&reference);
  assert_int_equal(merkle_prove(&s, 0, size, &index, 1, &proof), OK);
  assert_int_equal(merkle_check(0, size, &index, &leaf, 1, buf_bytes(&proof), &old_root, &new_root), OK);
  assert_hash(path, new_root, root);
  buf_release(&proof);
}

static void check_consistency_vector(const char *path, json_t *v) {
  struct path p;
  struct hash old_root, root;
  bool formed = read_path(v, &p);
  formed &= vectors_hash(json_object_get(v, "root1"), &old_root);
  formed &= vectors_hash(json_object_get(v, "root2"), &root);
  uint64_t m = vectors_number(v, "size1"), n = vectors_number(v, "size2");
  bool holds = formed && consistency_holds(m, n, old_root, &p, root);
  expect_verdict(path, v, holds);
  if (!holds || n > reference.size)
    return;
  struct buf proof = {0};
  struct hash our_old_root, our_root;
  struct merkle_source s = source_of(&reference);
  assert_int_equal(merkle_prove(&s, m, n, NULL, 0, &proof), OK);
  assert_int_equal(merkle_check(m, n, NULL, NULL, 0, buf_bytes(&proof), &our_old_root, &our_root), OK);
  assert_hash(path, our_old_root, old_root);
  assert_hash(path, our_root, root);
  buf_release(&proof);
}

static void test_vectors_of_others(void **state) {
  (void)state;
  json_decref(load_reference());
  assert_int_equal(vectors_walk("tests/vectors/merkle-proofs/inclusion", check_inclusion_vector) +
                       vectors_walk("tests/vectors/merkle-proofs/consistency", check_consistency_vector),
                   98);
}

/* --- Our trees under the classic algorithms. */

static void test_classic_proofs_from_our_hashes(void **state) {
  (void)state;
  static struct tree t;
  for (uint64_t n = 1; n <= LEAVES_MAX; n++) {
    tree_fill(&t, n);
    struct hash root = merkle_root_of(t.leaves, n);
    assert_hash("root", root, naive_root(t.leaves, n));
    for (uint64_t i = 0; i < n; i++) {
      struct path inclusion = {.count = 0}, consistency = {.count = 0};
      inclusion_path(&t, i, 0, n, &inclusion);
      assert_true(inclusion_holds(i, n, t.leaves[i], &inclusion, root));
      consistency_path(&t, i + 1, 0, n, true, &consistency);
      assert_true(consistency_holds(i + 1, n, merkle_root_of(t.leaves, i + 1), &consistency, root));
    }
  }
}

/* --- The partial proof. */

static uint64_t random_state = 88172645463325252u;

static uint64_t random_next(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return random_state;
}

/* The claim that a reader checks: what it holds, and the two roots it knows. */
struct claim {
  uint64_t old_size, size;
  uint64_t indices[LEAVES_MAX];
  struct hash leaves[LEAVES_MAX];
  size_t count;
  struct hash old_root, root;
};

static void claim_make(struct claim *c, struct tree *t, uint64_t old_size, unsigned held_percent, struct buf *proof) {
  memset(c, 0, sizeof *c);
  c->old_size = old_size;
  c->size = t->size;
  for (uint64_t i = 0; i < t->size; i++)
    if (random_next() % 100 < held_percent) {
      c->indices[c->count] = i;
      c->leaves[c->count++] = t->leaves[i];
    }
  c->old_root = naive_root(t->leaves, old_size);
  c->root = naive_root(t->leaves, t->size);
  buf_clear(proof);
  struct merkle_source s = source_of(t);
  assert_int_equal(merkle_prove(&s, old_size, t->size, c->indices, c->count, proof), OK);
}

/* The proof comes as a heap copy of exactly its size. */
static bool claim_holds(const struct claim *c, struct bytes proof) {
  struct hash old_root, root;
  uint8_t *copy = mem_alloc(proof.len);
  if (proof.len)
    memcpy(copy, proof.at, proof.len);
  enum err e =
      merkle_check(c->old_size, c->size, c->indices, c->leaves, c->count, bytes_of(copy, proof.len), &old_root, &root);
  free(copy);
  assert_true(e == OK || e == ERR_PROOF);
  return e == OK && hash_equal(&old_root, &c->old_root) && hash_equal(&root, &c->root);
}

static const unsigned held_percents[] = {0, 3, 10, 50, 90, 100};

static void test_partial_proofs_hold(void **state) {
  (void)state;
  static struct tree t;
  struct claim c;
  struct buf proof = {0};
  for (uint64_t n = 0; n <= LEAVES_MAX; n++) {
    tree_fill(&t, n);
    for (uint64_t m = 0; m <= n; m++)
      for (size_t i = 0; i < sizeof held_percents / sizeof *held_percents; i++) {
        claim_make(&c, &t, m, held_percents[i], &proof);
        if (!claim_holds(&c, buf_bytes(&proof)))
          fail_msg("size %u, older size %u, %zu leaves held", (unsigned)n, (unsigned)m, c.count);
      }
  }
  buf_release(&proof);
}

/* From each leaf that is held to the root, with what lies beside the way taken from the part. */
static void climb_from(const struct claim *c, const struct merkle_part *part, size_t held) {
  uint64_t low = 0, high = c->size;
  struct path way = {.count = 0};
  struct hash beside[64];
  size_t depth = 0;
  while (high - low > 1) {
    uint64_t k = split_point(high - low);
    bool is_left = c->indices[held] < low + k;
    assert_int_equal(merkle_part_hash(part, is_left ? low + k : low, is_left ? high : low + k, &beside[depth++]), OK);
    low = is_left ? low : low + k;
    high = is_left ? low + k : high;
  }
  while (depth > 0)
    way.at[way.count++] = beside[--depth];
  if (!inclusion_holds(c->indices[held], c->size, c->leaves[held], &way, c->root))
    fail_msg("size %u, leaf %u", (unsigned)c->size, (unsigned)c->indices[held]);
}

static void test_ways_in_parts(void **state) {
  (void)state;
  static struct tree t;
  struct claim c;
  struct buf proof = {0};
  for (uint64_t n = 1; n <= LEAVES_MAX; n++) {
    tree_fill(&t, n);
    for (size_t i = 0; i < sizeof held_percents / sizeof *held_percents; i++) {
      claim_make(&c, &t, 0, held_percents[i], &proof);
      struct merkle_part part = {c.size, c.indices, c.leaves, c.count, buf_bytes(&proof)};
      for (size_t held = 0; held < c.count; held++)
        climb_from(&c, &part, held);
    }
  }
  buf_release(&proof);
}

/* From a proof for many leaves, and an older tree, the one for a single leaf: the same that the tree itself gives. */
static void narrow_each(const struct claim *c, struct tree *t, struct bytes proof) {
  const struct merkle_part part = {c->size, c->indices, c->leaves, c->count, proof};
  const struct merkle_source s = source_of(t);
  struct buf narrowed = {0}, direct = {0};
  for (uint64_t i = 0; i < c->size; i++) {
    bool is_held = false;
    for (size_t k = 0; k < c->count; k++)
      is_held = is_held || c->indices[k] == i;
    buf_clear(&narrowed);
    buf_clear(&direct);
    assert_int_equal(merkle_narrow(&part, c->old_size, i, &narrowed), is_held ? OK : ERR_PROOF);
    assert_int_equal(merkle_prove(&s, 0, c->size, &i, 1, &direct), OK);
    if (is_held && !bytes_equal(buf_bytes(&narrowed), buf_bytes(&direct)))
      fail_msg("size %u, older size %u, leaf %u", (unsigned)c->size, (unsigned)c->old_size, (unsigned)i);
  }
  buf_release(&narrowed);
  buf_release(&direct);
}

static void test_proofs_made_narrower(void **state) {
  (void)state;
  static struct tree t;
  struct claim c;
  struct buf proof = {0}, out = {0};
  for (uint64_t n = 1; n <= 36; n++) {
    tree_fill(&t, n);
    for (uint64_t m = 0; m <= n; m++)
      for (size_t i = 0; i < sizeof held_percents / sizeof *held_percents; i++) {
        claim_make(&c, &t, m, held_percents[i], &proof);
        narrow_each(&c, &t, buf_bytes(&proof));
      }
  }
  claim_make(&c, &t, 0, 50, &proof);
  const struct merkle_part cut = {c.size, c.indices, c.leaves, c.count, bytes_of(proof.at, proof.len - HASH_SIZE)};
  assert_int_equal(merkle_narrow(&cut, 0, c.indices[0], &out), ERR_PROOF);
  buf_add(&proof, hash_bytes(&c.root));
  const struct merkle_part more = {c.size, c.indices, c.leaves, c.count, buf_bytes(&proof)};
  assert_int_equal(merkle_narrow(&more, 0, c.indices[0], &out), ERR_PROOF);
  buf_release(&proof);
  buf_release(&out);
}

static void expect_broken(const char *what, const struct claim *c, struct bytes proof) {
  if (claim_holds(c, proof))
    fail_msg("accepted with %s: size %u, older size %u, %zu leaves held", what, (unsigned)c->size,
             (unsigned)c->old_size, c->count);
}

static void break_proof(const struct claim *c, struct buf *proof) {
  for (size_t bit = 0; bit < 8 * proof->len; bit++) {
    proof->at[bit / 8] ^= (uint8_t)(1 << bit % 8);
    expect_broken("a bit flipped", c, buf_bytes(proof));
    proof->at[bit / 8] ^= (uint8_t)(1 << bit % 8);
  }
  for (size_t cut = 0; cut < proof->len; cut++)
    expect_broken("a cut", c, bytes_of(proof->at, cut));
  for (size_t extra = 1; extra <= HASH_SIZE; extra++) {
    buf_u8(proof, 0);
    expect_broken("bytes left over", c, buf_bytes(proof));
  }
  proof->len -= HASH_SIZE;
}

/* Another size comes with that size's root, as from a checkpoint. */
static void break_claim(const struct claim *was, const struct tree *larger, struct bytes proof) {
  struct claim c = *was;
  for (c.size = 1; c.size <= larger->size; c.size++) {
    c.root = naive_root(larger->leaves, c.size);
    if (c.size != was->size)
      expect_broken("another size", &c, proof);
  }
  c = *was;
  for (c.old_size = 0; c.old_size <= c.size + 1; c.old_size++)
    if (c.old_size != was->old_size)
      expect_broken("another older size", &c, proof);
  c = *was;
  for (size_t i = 0; i < c.count; i++) {
    for (c.indices[i] = 0; c.indices[i] <= c.size; c.indices[i]++)
      if (c.indices[i] != was->indices[i])
        expect_broken("another index", &c, proof);
    c.indices[i] = was->indices[i];
    c.leaves[i].at[i % HASH_SIZE] ^= 1;
    expect_broken("another leaf", &c, proof);
    c.leaves[i] = was->leaves[i];
  }
}

static void test_partial_proofs_broken(void **state) {
  (void)state;
  static struct tree t, larger;
  struct claim c;
  struct buf proof = {0};
  tree_fill(&larger, 24);
  for (uint64_t n = 1; n <= 20; n++) {
    tree_fill(&t, n);
    for (uint64_t m = random_next() % 3; m <= n; m += 1 + random_next() % 5)
      for (size_t i = 0; i < sizeof held_percents / sizeof *held_percents; i++) {
        claim_make(&c, &t, m, held_percents[i], &proof);
        break_proof(&c, &proof);
        break_claim(&c, &larger, buf_bytes(&proof));
      }
  }
  buf_release(&proof);
}

/* Cut by hand from core/FORMAT.md 6.3: level and index of each piece. */
static void test_cuts(void **state) {
  (void)state;
  static const struct {
    const char *what;
    uint64_t old_size, size;
    size_t held_count;
    uint64_t held[4];
    size_t piece_count;
    struct {
      unsigned level;
      uint64_t index;
    } pieces[8];
  } cases[] = {
      {"nothing at all", 0, 0, 0, {0}, 0, {{0, 0}}},
      {"one leaf held", 0, 1, 1, {0}, 0, {{0, 0}}},
      {"one leaf missing", 0, 1, 0, {0}, 1, {{0, 0}}},
      {"whole tree of a power of two", 0, 8, 0, {0}, 1, {{3, 0}}},
      {"whole tree of another size", 0, 7, 0, {0}, 3, {{2, 0}, {1, 2}, {0, 6}}},
      {"same size", 7, 7, 0, {0}, 3, {{2, 0}, {1, 2}, {0, 6}}},
      {"consistency", 3, 8, 0, {0}, 4, {{1, 0}, {0, 2}, {0, 3}, {2, 1}}},
      {"consistency from 6 to 8", 6, 8, 0, {0}, 3, {{2, 0}, {1, 2}, {1, 3}}},
      {"inclusion", 0, 8, 1, {5}, 3, {{2, 0}, {0, 4}, {1, 3}}},
      {"inclusion and consistency", 3, 8, 1, {5}, 5, {{1, 0}, {0, 2}, {0, 3}, {0, 4}, {1, 3}}},
      {"held at both ends", 0, 6, 2, {0, 5}, 3, {{0, 1}, {1, 1}, {0, 4}}},
      {"held on the border", 4, 6, 1, {4}, 2, {{2, 0}, {0, 5}}},
  };
  static struct tree t;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct buf proof = {0};
    tree_fill(&t, cases[i].size);
    struct merkle_source s = source_of(&t);
    assert_int_equal(merkle_prove(&s, cases[i].old_size, cases[i].size, cases[i].held, cases[i].held_count, &proof),
                     OK);
    if (t.asked != cases[i].piece_count || proof.len != HASH_SIZE * t.asked)
      fail_msg("%s: %zu pieces", cases[i].what, t.asked);
    for (size_t j = 0; j < t.asked; j++)
      if (t.log[j].level != cases[i].pieces[j].level || t.log[j].index != cases[i].pieces[j].index)
        fail_msg("%s: piece %zu", cases[i].what, j);
    buf_release(&proof);
  }
}

static void test_questions_that_are_refused(void **state) {
  (void)state;
  static const uint64_t large = (uint64_t)1 << 53;
  static const struct {
    const char *what;
    uint64_t old_size, size;
    size_t held_count;
    uint64_t held[3];
  } cases[] = {
      {"an older size above the size", 6, 5, 0, {0}},
      {"an index at the end", 0, 5, 1, {5}},
      {"an index twice", 0, 5, 2, {3, 3}},
      {"indices that descend", 0, 5, 2, {3, 2}},
      {"an index beyond all", 0, 5, 2, {1, UINT64_MAX}},
      {"a size above 2^53", 0, large + 1, 0, {0}},
      {"the largest size", UINT64_MAX, UINT64_MAX, 0, {0}},
  };
  static struct tree t;
  static const struct hash leaves[3];
  tree_fill(&t, 5);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct buf proof = {0};
    struct hash old_root, root;
    struct merkle_source s = source_of(&t);
    enum err e = merkle_prove(&s, cases[i].old_size, cases[i].size, cases[i].held, cases[i].held_count, &proof);
    if (e != ERR_PROOF || proof.len != 0)
      fail_msg("proved: %s", cases[i].what);
    e = merkle_check(cases[i].old_size, cases[i].size, cases[i].held, leaves, cases[i].held_count, bytes_of(NULL, 0),
                     &old_root, &root);
    if (e != ERR_PROOF)
      fail_msg("checked: %s", cases[i].what);
    buf_release(&proof);
  }
}

static enum err fail_at_the_third(void *of, unsigned level, uint64_t index, struct hash *out) {
  (void)level, (void)index;
  memset(out, 0, sizeof *out);
  return ++*(int *)of == 3 ? ERR_DISK : OK;
}

static void test_source_that_fails(void **state) {
  (void)state;
  int asked = 0;
  struct merkle_source s = {&asked, fail_at_the_third};
  struct buf proof = {0};
  buf_add_str(&proof, "kept");
  assert_int_equal(merkle_prove(&s, 0, 15, NULL, 0, &proof), ERR_DISK);
  assert_string_equal(buf_cstr(&proof), "kept");
  buf_release(&proof);
}

/* A tree of equal leaves has one hash for each level, whatever its size. */
static struct hash level_hashes[MERKLE_LEVEL_MAX + 1];

static enum err equal_leaves(void *of, unsigned level, uint64_t index, struct hash *out) {
  (void)of, (void)index;
  *out = level_hashes[level];
  return OK;
}

static struct hash equal_leaves_root(uint64_t n) {
  unsigned level = 0;
  while (level < MERKLE_LEVEL_MAX && (uint64_t)2 << level <= n)
    level++;
  uint64_t rest = n - ((uint64_t)1 << level);
  return rest ? node_of(level_hashes[level], equal_leaves_root(rest)) : level_hashes[level];
}

static void test_large_trees(void **state) {
  (void)state;
  static const uint64_t top = (uint64_t)1 << MERKLE_LEVEL_MAX;
  static const struct {
    uint64_t old_size, size, index;
  } cases[] = {{1, top, top - 1},         {top - 1, top, 0},           {top - 1, top - 1, top / 2},
               {top / 2 + 1, top, 12345}, {top / 3, top - 2, top / 3}, {top, top, top / 2 - 1}};
  struct merkle_source s = {NULL, equal_leaves};
  level_hashes[0] = merkle_leaf(bytes_str("the same"));
  for (unsigned level = 1; level <= MERKLE_LEVEL_MAX; level++)
    level_hashes[level] = node_of(level_hashes[level - 1], level_hashes[level - 1]);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct buf proof = {0};
    struct hash old_root, root;
    assert_int_equal(merkle_prove(&s, cases[i].old_size, cases[i].size, &cases[i].index, 1, &proof), OK);
    assert_int_equal(merkle_check(cases[i].old_size, cases[i].size, &cases[i].index, level_hashes, 1, buf_bytes(&proof),
                                  &old_root, &root),
                     OK);
    assert_hash("older root", old_root, equal_leaves_root(cases[i].old_size));
    assert_hash("root", root, equal_leaves_root(cases[i].size));
    buf_release(&proof);
  }
}

static void test_push(void **state) {
  (void)state;
  struct merkle m;
  struct hash h = merkle_empty();
  merkle_init(&m);
  assert_int_equal(merkle_push(&m, &h, 2), OK);
  assert_int_equal(merkle_push(&m, &h, 1), OK);
  assert_int_equal(merkle_push(&m, &h, 2), ERR_PROOF);
  assert_int_equal(m.size, 6);
  assert_int_equal(merkle_push(&m, &h, 1), OK);
  assert_int_equal(m.depth, 1);
  merkle_init(&m);
  assert_int_equal(merkle_push(&m, &h, MERKLE_LEVEL_MAX + 1), ERR_PROOF);
  assert_int_equal(merkle_push(&m, &h, 64), ERR_PROOF);
  assert_int_equal(merkle_push(&m, &h, MERKLE_LEVEL_MAX), OK);
  assert_int_equal(merkle_push(&m, &h, 0), ERR_PROOF);
  assert_int_equal(merkle_push(&m, &h, MERKLE_LEVEL_MAX), ERR_PROOF);
}

static enum err no_hash(void *of, unsigned level, uint64_t index, struct hash *out) {
  (void)of, (void)level, (void)index;
  memset(out, 0, sizeof *out);
  return OK;
}

/* Every second leaf of a tree is held, so that each other one needs a hash. */
static void test_proof_limit(void **state) {
  (void)state;
  static uint64_t indices[MERKLE_PROOF_MAX + 1];
  struct merkle_source s = {NULL, no_hash};
  struct buf proof = {0};
  for (size_t i = 0; i < sizeof indices / sizeof *indices; i++)
    indices[i] = 2 * i + 1;
  assert_int_equal(merkle_prove(&s, 0, 2 * MERKLE_PROOF_MAX, indices, MERKLE_PROOF_MAX, &proof), OK);
  assert_int_equal(proof.len, HASH_SIZE * (size_t)MERKLE_PROOF_MAX);
  buf_clear(&proof);
  assert_int_equal(merkle_prove(&s, 0, 2 * MERKLE_PROOF_MAX + 2, indices, MERKLE_PROOF_MAX + 1, &proof), ERR_LIMIT);
  assert_int_equal(proof.len, 0);
  buf_release(&proof);
}

static enum err any_hash(void *of, unsigned level, uint64_t index, struct hash *out) {
  (void)of, (void)level, (void)index;
  *out = (struct hash){{1}};
  return OK;
}

/* Leaves in runs, here and there: never more hashes than what is said before, and not far from it where they are far
 * apart. */
static void test_most_of_a_proof(void **state) {
  (void)state;
  static uint64_t indices[1 << 14];
  struct merkle_source s = {NULL, any_hash};
  uint64_t x = 1;
  for (unsigned round = 0; round < 400; round++) {
    struct buf proof = {0};
    uint64_t size = 1, edges = 0, at = 0, run = 1 + round % 5;
    size_t count = 0;
    for (unsigned bits = round % 20; bits > 0; bits--)
      size = 2 * size + (x >> bits & 1);
    for (uint64_t step = 1 + size / (1 + round * 3); at < size && count + run < 1 << 14; at += 1 + x % step + x % 3) {
      x = x * 6364136223846793005u + 1442695040888963407u;
      uint64_t from = at;
      for (uint64_t i = 0; i < run && at < size; i++)
        indices[count++] = at++;
      edges += at - from > 1 ? 2 : 1;
    }
    assert_int_equal(merkle_prove(&s, x % (size + 1), size, indices, count, &proof), OK);
    if (proof.len / HASH_SIZE > merkle_proof_most(edges, size))
      fail_msg("round %u: %zu hashes, and at most %u", round, proof.len / HASH_SIZE,
               (unsigned)merkle_proof_most(edges, size));
    buf_release(&proof);
  }
  struct buf proof = {0};
  for (size_t i = 0; i < 1 << 14; i++)
    indices[i] = i << 6 | 31;
  assert_int_equal(merkle_prove(&s, 0, 1 << 20, indices, 8192, &proof), OK);
  assert_in_range(merkle_proof_most(8192, 1 << 20), proof.len / HASH_SIZE, proof.len / HASH_SIZE * 3 / 2);
  buf_release(&proof);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_hashes_of_the_rfc),
      cmocka_unit_test(test_reference_tree),
      cmocka_unit_test(test_vectors_of_others),
      cmocka_unit_test(test_classic_proofs_from_our_hashes),
      cmocka_unit_test(test_cuts),
      cmocka_unit_test(test_partial_proofs_hold),
      cmocka_unit_test(test_ways_in_parts),
      cmocka_unit_test(test_proofs_made_narrower),
      cmocka_unit_test(test_partial_proofs_broken),
      cmocka_unit_test(test_questions_that_are_refused),
      cmocka_unit_test(test_source_that_fails),
      cmocka_unit_test(test_large_trees),
      cmocka_unit_test(test_push),
      cmocka_unit_test(test_proof_limit),
      cmocka_unit_test(test_most_of_a_proof),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
