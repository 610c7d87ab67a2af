/* The store: the log stays as it is, the tree is the leaves' tree, ids are found by their first digits, kept views
 * equal rebuilt ones, and a disk that fails leaves all or nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/store_parts.h"
#include "tests/lib/faultvfs.h"
#include "tests/lib/world.h"

static struct world_member *social_worker(struct world *w) {
  struct hash agency = world_agency(w, "Social Work Services", "social-work");
  return world_join(w, &agency, "Morag Reid", "practitioner chair");
}

/* ---- statements, and what SQL itself refuses ---- */

static void all_statements_can_be_prepared(void **state) {
  struct world w;
  (void)state;
  world_open(&w, 1);
  assert_int_equal(store_try_statements(w.node.store), OK);
  assert_int_equal(db_try(w.node.store->db, "SELECT nothing FROM entry"), ERR_IO);
  assert_int_equal(db_try(w.node.store->db, "SELECT 1; SELECT 2"), ERR_IO);
  assert_int_equal(db_try(w.node.store->db, ""), ERR_IO);
  world_close(&w);
}

/* Whatever came of it, no transaction is left open, and an error keeps its words. */
static void transactions_end(void **state) {
  struct store *s = NULL;
  struct world w;
  (void)state;
  world_open(&w, 1);
  s = w.node.store;
  for (uint64_t i = 1; i <= 2; i++) {
    world_must(store_begin(s), "beginning");
    world_must(store_meta_set_number(s, "said", i), "a fact");
    enum err e = i == 1 ? OK : err_set_remedy(ERR_FORM, "mend it", "it is not of its form");
    assert_int_equal(store_end(s, e), e);
  }
  assert_string_equal(err_words(ERR_FORM), "it is not of its form");
  assert_string_equal(err_remedy(), "mend it");
  assert_int_equal(store_meta_number(s, "said"), 1);
  assert_false(db_in_transaction(s->db));
  world_close(&w);
}

static void log_is_append_only(void **state) {
  static const char *const refused[] = {
      "UPDATE act SET signature = x'00'",
      "UPDATE act SET admitted = '2020-01-01T00:00:00Z' WHERE first = 1",
      "UPDATE act SET first = 4611686018427387904, admitted = NULL WHERE first = 1",
      "DELETE FROM act",
      "DELETE FROM act WHERE first = 2",
      "UPDATE entry SET header = x'00' WHERE number = 1",
      "UPDATE entry SET number = number + 4611686018427387904",
      "DELETE FROM entry WHERE number = (SELECT max(number) FROM entry WHERE number < 4611686018427387904)",
      "UPDATE content SET bytes = x'00' WHERE number = 1",
      "DELETE FROM content WHERE number = 1",
      "UPDATE checkpoint SET root = zeroblob(32)",
      "DELETE FROM checkpoint",
      "INSERT OR REPLACE INTO checkpoint(size, root, note) SELECT size, zeroblob(32), note FROM checkpoint",
      "REPLACE INTO entry SELECT number, randomblob(32), act, idx, kind, object, header FROM entry WHERE number = 2",
      "REPLACE INTO content SELECT number, salt, x'7b7d' FROM content WHERE number = 2",
      "REPLACE INTO act SELECT * FROM act",
  };
  struct world w;
  (void)state;
  world_open(&w, 2);
  struct world_member *m = social_worker(&w);
  world_record(&w, m, WORLD_DRAFT("child.add", {"name", "Ava"}));
  struct store *const stores[] = {w.node.store, m->store};
  for (size_t k = 0; k < 2; k++) {
    struct hash before = world_digest(stores[k]);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
      enum err e = db_exec(stores[k]->db, refused[i]);
      if (e != ERR_IO || strstr(err_words(e), "append-only") == NULL)
        fail_msg("%s: %s (%s)", refused[i], err_text(e), err_words(e));
    }
    struct hash after = world_digest(stores[k]);
    assert_true(hash_equal(&before, &after));
  }
  /* What is not accepted is not part of the log. */
  assert_int_equal(store_begin(m->store), OK);
  assert_int_equal(store_drop_pending(m->store, STORE_PENDING), OK);
  assert_int_equal(store_commit(m->store), OK);
  assert_int_equal(world_count(m->store, "entry WHERE number >= 4611686018427387904"), 0);
  world_check_views(m->store, "dropped");
  world_close(&w);
}

/* ---- the tree ---- */

static void add_leaves(struct store *s, struct hash *leaves, size_t from, size_t to) {
  for (size_t i = from; i < to; i++) {
    leaves[i] = hash_of(bytes_of(&i, sizeof i));
    buf_add(&s->new_leaves, hash_bytes(&leaves[i]));
  }
  assert_int_equal(store_tree_flush(s), OK);
}

static void check_root(struct store *s, const struct hash *leaves, size_t size) {
  struct hash root, wanted = merkle_root_of(leaves, size);
  assert_int_equal(store_tree_root(s, size, &root), OK);
  if (!hash_equal(&root, &wanted))
    fail_msg("the root of size %zu", size);
}

static void check_proof(struct store *s, const struct hash *leaves, size_t old_size, size_t size, uint64_t index) {
  struct merkle_source tree = store_tree(s);
  struct buf proof = {0};
  struct hash old_root, root, old_wanted = merkle_root_of(leaves, old_size), wanted = merkle_root_of(leaves, size);
  assert_int_equal(merkle_prove(&tree, old_size, size, &index, 1, &proof), OK);
  assert_int_equal(merkle_check(old_size, size, &index, &leaves[index], 1, buf_bytes(&proof), &old_root, &root), OK);
  assert_true(hash_equal(&old_root, &old_wanted));
  assert_true(hash_equal(&root, &wanted));
  buf_release(&proof);
}

static void tree_of_any_size(void **state) {
  enum { SMALL = 600, LARGE = 66000 };
  static const size_t sizes[] = {1023, 1024, 1025, 4096, 5000, 65535, 65536, 65537, LARGE};
  struct world w;
  struct store *s = NULL;
  struct hash *leaves = mem_alloc_array(LARGE, sizeof *leaves), root;
  struct buf path = {0};
  (void)state;
  world_open(&w, 3);
  buf_addf(&path, "%s/tree.db", w.folder);
  assert_int_equal(store_create(buf_cstr(&path), &s), OK);
  assert_int_equal(store_begin(s), OK);
  assert_int_equal(store_tree_root(s, 0, &root), OK);
  struct hash empty = merkle_empty();
  assert_true(hash_equal(&root, &empty));
  size_t count = 0;
  for (; count < SMALL; count++) { /* one at a time: every tile is seen partial */
    add_leaves(s, leaves, count, count + 1);
    check_root(s, leaves, count + 1);
  }
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    add_leaves(s, leaves, count, sizes[i]);
    count = sizes[i];
    check_root(s, leaves, count);
  }
  for (size_t size = 1; size <= SMALL; size++) /* older sizes, from tiles that have grown since */
    check_root(s, leaves, size);
  check_proof(s, leaves, 600, LARGE, 65536);
  check_proof(s, leaves, 255, 257, 256);
  check_proof(s, leaves, 65536, 65537, 0);
  assert_int_equal(store_tree_root(s, LARGE + 1, &root), ERR_IO);
  store_close(s);
  buf_release(&path);
  free(leaves);
  world_close(&w);
}

/* The tree of a node holds what store_leaf says, and a transaction that is rolled back leaves no leaves. */
static void tree_of_the_ledger(void **state) {
  struct world w;
  struct hash root, leaves[64];
  (void)state;
  world_open(&w, 4);
  struct world_member *m = social_worker(&w);
  struct draft draft = WORLD_DRAFT("agency.add", {"type", "health"}, {"name", "NHS"});
  struct verdict v;
  assert_int_equal(store_begin(w.node.store), OK);
  assert_int_equal(exchange_node_write(&w.node, &draft, 1, w.now_s, &v), OK);
  store_rollback(w.node.store);
  world_record(&w, m, WORLD_DRAFT("child.add", {"name", "Ava"}));
  world_sync(&w, m);
  uint64_t size = store_size(w.node.store);
  assert_in_range(size, 5, 64);
  for (uint64_t n = 1; n <= size; n++) {
    struct buf leaf = {0};
    assert_int_equal(store_leaf(w.node.store, n, &leaf), OK);
    leaves[n - 1] = merkle_leaf(buf_bytes(&leaf));
    buf_release(&leaf);
  }
  struct buf note = {0}, absent = {0};
  struct hash signed_root, wanted = merkle_root_of(leaves, size);
  uint64_t signed_size;
  assert_int_equal(store_tree_root(w.node.store, size, &root), OK);
  assert_true(hash_equal(&root, &wanted));
  assert_int_equal(store_checkpoint_newest(w.node.store, &signed_size, &signed_root, &note), OK);
  assert_int_equal(signed_size, size);
  assert_true(hash_equal(&signed_root, &root));
  assert_int_equal(store_leaf(w.node.store, size + 1, &absent), ERR_ABSENT);
  buf_release(&note);
  buf_release(&absent);
  world_close(&w);
}

/* ---- ids by their first digits ---- */

enum { MANY = 500 };

/* Many children and as many involvements in two acts; all ids. */
static void record_many(struct world *w, struct world_member *m, struct hash *ids) {
  struct draft *drafts = mem_alloc_array(MANY, sizeof *drafts);
  static const struct draft_value named[] = {{"name", "Someone"}};
  struct draft_value starts[MANY][2];
  struct hash_hex *hex = mem_alloc_array(MANY, sizeof *hex), agency = hash_hex(&m->agency);
  struct verdict v;
  for (size_t i = 0; i < MANY; i++)
    drafts[i] = world_draft("child.add", named, 1);
  world_must(world_write(w, m, drafts, MANY, ACCEPT_WRITE, &v), "many children");
  for (size_t i = 0; i < MANY; i++) {
    world_must(author_id_of(m->store, v.first + i, &ids[i]), "a child");
    hex[i] = hash_hex(&ids[i]);
    starts[i][0] = (struct draft_value){"child", hex[i].s};
    starts[i][1] = (struct draft_value){"agency", agency.s};
    drafts[i] = world_draft("involvement.start", starts[i], 2);
  }
  world_must(world_write(w, m, drafts, MANY, ACCEPT_WRITE, &v), "many involvements");
  for (size_t i = 0; i < MANY; i++)
    world_must(author_id_of(m->store, v.first + i, &ids[MANY + i]), "an involvement");
  free(hex);
  free(drafts);
}

static bool share_digits(const struct hash *a, const struct hash *b) {
  return memcmp(a->at, b->at, 2) == 0;
}

/* Two entries whose first four digits are the same: of the one list and of the other. */
static void find_pair(const struct hash *a, const struct hash *b, const struct hash **x, const struct hash **y) {
  *x = NULL;
  for (size_t i = 0; i < MANY && *x == NULL; i++)
    for (size_t j = a == b ? i + 1 : 0; j < MANY && *x == NULL; j++)
      if (share_digits(&a[i], &b[j])) {
        *x = &a[i];
        *y = &b[j];
      }
  assert_non_null(*x);
}

static void found_by_prefix(void **state) {
  struct world w;
  (void)state;
  world_open(&w, 5);
  struct world_member *m = social_worker(&w);
  struct hash *ids = mem_alloc_array(2 * MANY, sizeof *ids), found;
  const struct hash *x, *y, *ignored;
  record_many(&w, m, ids);
  find_pair(ids, ids, &x, &ignored);
  struct hash_hex hex = hash_hex(x);
  assert_int_equal(store_find_prefix(m->store, bytes_of(hex.s, 4), NULL, &found), ERR_AMBIGUOUS);
  assert_int_equal(store_find_prefix(m->store, bytes_of(hex.s, 4), "child.add", &found), ERR_AMBIGUOUS);
  assert_true(err_remedy()[0] != '\0');
  for (size_t n = 16; n <= HASH_HEX_SIZE; n++) {
    assert_int_equal(store_find_prefix(m->store, bytes_of(hex.s, n), NULL, &found), OK);
    assert_true(hash_equal(&found, x));
  }
  find_pair(ids, ids + MANY, &x, &y);
  hex = hash_hex(x);
  assert_int_equal(store_find_prefix(m->store, bytes_of(hex.s, 4), NULL, &found), ERR_AMBIGUOUS);
  assert_int_equal(store_find_prefix(m->store, bytes_of(hex.s, 64), "involvement.start", &found), ERR_ABSENT);
  assert_int_equal(store_find_prefix(m->store, bytes_of(hex.s, 64), "meeting.convene", &found), ERR_ABSENT);
  assert_int_equal(store_find_prefix(m->store, bytes_of(hex.s, 64), "child", &found), ERR_ABSENT);
  static const char *const usage[] = {
      "",     "abc",  "ABCD", "abcg",
      "ab d", "0x12", "@1",   "00000000000000000000000000000000000000000000000000000000000000000"};
  for (size_t i = 0; i < sizeof usage / sizeof *usage; i++)
    assert_int_equal(store_find_prefix(m->store, bytes_str(usage[i]), NULL, &found), ERR_USAGE);
  free(ids);
  world_close(&w);
}

/* Hidden and absent: the same code, the same words. */
/* What is no id is looked for as a name where a kind has names, and is said to be no id where it has none. */
static void found_by_any_word(void **state) {
  struct world w;
  struct hash found;
  const struct kind *k;
  size_t named = 0;
  (void)state;
  world_open(&w, 20);
  for (size_t i = 0; (k = kind_at(i)); i++) {
    enum err e = store_find_typed(w.node.store, bytes_str("nobody"), k->name, &found);
    if (e != ERR_ABSENT && e != ERR_USAGE)
      fail_msg("%s: %s (%s)", k->name, err_text(e), err_words(e));
    named += e == ERR_ABSENT;
  }
  assert_true(named > 5);
  world_close(&w);
}

static void hidden_is_absent(void **state) {
  struct world w;
  struct hash found;
  struct record r = {0};
  char absent[512];
  (void)state;
  world_open(&w, 6);
  struct world_member *m = social_worker(&w);
  struct hash ava = world_record(&w, m, WORLD_DRAFT("child.add", {"name", "Ava"}));
  struct hash_hex hex = hash_hex(&ava);
  assert_int_equal(store_find(m->store, &m->replica, &r), ERR_ABSENT);
  snprintf(absent, sizeof absent, "%s", err_words(ERR_ABSENT));
  assert_int_equal(store_find(m->store, &ava, &r), OK);
  uint64_t number = r.number;
  record_release(&r);
  store_read_as(m->store, &(struct scope_recipient){0});
  assert_int_equal(store_find(m->store, &ava, &r), ERR_ABSENT);
  assert_string_equal(err_words(ERR_ABSENT), absent);
  assert_int_equal(store_find_number(m->store, number, &r), ERR_ABSENT);
  assert_string_equal(err_words(ERR_ABSENT), absent);
  assert_int_equal(store_find_prefix(m->store, bytes_of(hex.s, 8), NULL, &found), ERR_ABSENT);
  assert_int_equal(store_find_prefix(m->store, bytes_of(hex.s, 4), NULL, &found), ERR_ABSENT);
  world_close(&w);
}

/* ---- views after random histories ---- */

/* Few objects, so that several people change the same one at the same time. */
enum { CHILDREN_MAX = 64, STARTS_MAX = 3, STEPS = 60, HISTORIES = 8 };

struct history {
  struct world w;
  struct world_member *members[3];
  struct hash children[CHILDREN_MAX], starts[CHILDREN_MAX], meetings[CHILDREN_MAX];
  struct hash child_of[CHILDREN_MAX]; /* of the start */
  struct hash met[CHILDREN_MAX];      /* the child of the meeting */
  size_t child_count, start_count, meeting_count;
  uint64_t state;
  size_t refused, accepted;
};

static size_t pick(struct history *h, size_t n) {
  h->state = h->state * 6364136223846793005u + 1442695040888963407u;
  return (size_t)(h->state >> 33) % n;
}

/* Recorded even if it will be refused; false if this replica lacks what the draft names. */
static bool record(struct history *h, const struct draft *drafts, size_t count, struct world_member *m,
                   struct hash *id) {
  struct verdict v;
  enum err e = world_write(&h->w, m, drafts, count, ACCEPT_WRITE_ANYWAY, &v);
  if (e != OK)
    fail_msg("%s: %s", drafts[0].kind->name, err_words(e));
  if (v.code == VERDICT_ACCEPTED)
    assert_int_equal(author_id_of(m->store, v.first, id), OK);
  return v.code == VERDICT_ACCEPTED;
}

static void add_child(struct history *h, struct world_member *m) {
  struct draft d = WORLD_DRAFT("child.add", {"name", "Someone"});
  if (h->child_count < CHILDREN_MAX && record(h, &d, 1, m, &h->children[h->child_count]))
    h->child_count++;
}

static void start_involvement(struct history *h, struct world_member *m) {
  bool is_for_them = m == h->members[0] || pick(h, 8) == 0; /* others are refused, and so is what builds on it */
  if (h->child_count == 0 || h->start_count == STARTS_MAX || !is_for_them)
    return;
  h->child_of[h->start_count] = h->children[pick(h, h->child_count)];
  struct hash_hex child = hash_hex(&h->child_of[h->start_count]), agency = hash_hex(&m->agency);
  struct draft d = WORLD_DRAFT("involvement.start", {"child", child.s}, {"agency", agency.s});
  if (record(h, &d, 1, m, &h->starts[h->start_count]))
    h->start_count++;
}

/* Any number of ends of the same involvement, by anyone: the views keep the last one. */
static void end_involvement(struct history *h, struct world_member *m) {
  struct hash ignored;
  if (h->start_count == 0)
    return;
  size_t i = pick(h, h->start_count);
  struct hash_hex child = hash_hex(&h->child_of[i]), start = hash_hex(&h->starts[i]);
  struct draft d =
      WORLD_DRAFT("involvement.end", {"child", child.s}, {"involvement", start.s}, {"reason", "the family moved"});
  record(h, &d, 1, m, &ignored);
}

static void convene(struct history *h, struct world_member *m) {
  if (h->child_count == 0 || h->meeting_count == CHILDREN_MAX)
    return;
  h->met[h->meeting_count] = h->children[pick(h, h->child_count)];
  struct hash_hex child = hash_hex(&h->met[h->meeting_count]), chair = hash_hex(&h->members[0]->person);
  struct draft d = WORLD_DRAFT("meeting.convene", {"type", "initial"}, {"on", "2026-12-01T10:00:00Z"},
                               {"chair", chair.s}, {"child", child.s});
  if (record(h, &d, 1, m, &h->meetings[h->meeting_count]))
    h->meeting_count++;
}

/* Half of these break a rule. */
static void decide(struct history *h, struct world_member *m) {
  struct hash ignored;
  if (h->meeting_count == 0)
    return;
  size_t i = pick(h, h->meeting_count);
  struct hash_hex child = hash_hex(&h->met[i]), meeting = hash_hex(&h->meetings[i]);
  struct draft d[] = {WORLD_DRAFT("decision.record", {"child", child.s}, {"meeting", meeting.s}, {"risk", "yes"},
                                  {"plan", "yes"}, {"reasons", "neglect"}),
                      WORLD_DRAFT("registration.add", {"child", child.s}, {"decision", "@1"}, {"name", "Ava"},
                                  {"impact", "neglect"}, {"impact", "emotional-abuse"}),
                      WORLD_DRAFT("indicator.record", {"child", child.s}, {"registration", "@2"},
                                  {"category", "impact"}, {"indicator", "neglect"}, {"evidence", "weight loss"}),
                      WORLD_DRAFT("indicator.record", {"child", child.s}, {"registration", "@2"},
                                  {"category", "impact"}, {"indicator", "emotional-abuse"}, {"evidence", "fear"})};
  record(h, d, pick(h, 2) ? 4 : 1, m, &ignored);
}

/* The answer may be lost: then the node has what the replica still offers. */
static void sync_or_lose(struct history *h, struct world_member *m) {
  struct exchange_replica r = {m->store, m->replica_key};
  struct exchange_report report = {0};
  struct buf request = {0}, answer = {0};
  size_t sent;
  assert_int_equal(exchange_request(&r, &request, &sent), OK);
  enum err e = exchange_answer(&h->w.node, &m->replica, buf_bytes(&request), h->w.now_s, &answer);
  if (e != OK)
    fail_msg("answering: %s", err_words(e));
  e = pick(h, 3) ? exchange_take(&r, buf_bytes(&answer), &report) : OK;
  if (e != OK)
    fail_msg("taking: %s", err_words(e));
  h->refused += report.refused;
  h->accepted += report.accepted;
  buf_release(&request);
  buf_release(&answer);
}

static void live_through(struct history *h, uint64_t seed) {
  static void (*const steps[])(struct history *, struct world_member *) = {
      add_child, start_involvement, end_involvement, end_involvement, convene, decide, sync_or_lose, sync_or_lose};
  static const char *const types[] = {"social-work", "health", "police"};
  *h = (struct history){.state = seed};
  world_open(&h->w, seed);
  for (size_t i = 0; i < 3; i++) {
    struct hash agency = world_agency(&h->w, types[i], types[i]);
    h->members[i] = world_join(&h->w, &agency, "Someone", "practitioner chair");
  }
  for (size_t i = 0; i < STEPS; i++) {
    struct world_member *m = h->members[pick(h, 3)];
    char what[64];
    h->w.now_s += (int64_t)pick(h, 100);
    steps[pick(h, sizeof steps / sizeof *steps)](h, m);
    snprintf(what, sizeof what, "history %" PRIu64 ", step %zu", seed, i);
    world_check_views(m->store, what);
    if (i % 5 == 0)
      world_check_views(h->w.node.store, what);
  }
}

static void views_after_random_histories(void **state) {
  size_t refused = 0, accepted = 0;
  (void)state;
  for (uint64_t seed = 1; seed <= HISTORIES; seed++) {
    struct history h;
    live_through(&h, seed);
    refused += h.refused;
    accepted += h.accepted;
    world_close(&h.w);
  }
  assert_true(refused > HISTORIES && accepted > HISTORIES); /* or the histories show nothing */
}

/* A change that was refused, or not yet sent, stays behind those accepted meanwhile, whatever comes in first. */
static void pending_stays_behind_accepted(void **state) {
  struct world w;
  struct verdict v;
  (void)state;
  world_open(&w, 12);
  struct world_member *sw = social_worker(&w);
  struct hash police = world_agency(&w, "Police Scotland", "police");
  struct world_member *other = world_join(&w, &police, "Sgt Iain Kerr", "practitioner");
  world_sync(&w, sw);
  struct hash ava = world_record(&w, sw, WORLD_DRAFT("child.add", {"name", "Ava"}));
  struct hash_hex child = hash_hex(&ava), agency = hash_hex(&police);
  struct hash start = world_record(&w, sw, WORLD_DRAFT("involvement.start", {"child", child.s}, {"agency", agency.s}));
  struct hash_hex involvement = hash_hex(&start);
  struct draft end =
      WORLD_DRAFT("involvement.end", {"child", child.s}, {"involvement", involvement.s}, {"reason", "moved"});
  world_sync(&w, sw);
  world_sync(&w, other);
  assert_int_equal(world_write(&w, other, &end, 1, ACCEPT_WRITE_ANYWAY, &v), OK);
  world_sync(&w, other);
  assert_int_equal(store_outbox_count(other->store, "refused"), 1);
  world_record(&w, sw, end);
  world_sync(&w, sw);
  world_sync(&w, other);
  world_check_views(other->store, "an accepted change before a refused one");
  world_close(&w);
}

/* ---- disks that fail ---- */

/* One operation on one store, in a world of its own. */
struct trial {
  struct world w;
  struct world_member *m;
  struct buf request, answer;
};

static void two_pending(struct trial *t) {
  struct hash ignored = world_record(&t->w, t->m, WORLD_DRAFT("child.add", {"name", "Ava"}));
  struct hash_hex ava = hash_hex(&ignored), agency = hash_hex(&t->m->agency);
  world_record(&t->w, t->m, WORLD_DRAFT("involvement.start", {"child", ava.s}, {"agency", agency.s}));
  struct draft bad = WORLD_DRAFT("agency.add", {"type", "health"}, {"name", "Not for us to add"});
  struct verdict v;
  world_must(world_write(&t->w, t->m, &bad, 1, ACCEPT_WRITE_ANYWAY, &v), "an act that will be refused");
}

static void ask(struct trial *t) {
  struct exchange_replica r = {t->m->store, t->m->replica_key};
  size_t sent;
  two_pending(t);
  world_must(exchange_request(&r, &t->request, &sent), "a request");
}

static void ask_and_answer(struct trial *t) {
  ask(t);
  world_must(exchange_answer(&t->w.node, &t->m->replica, buf_bytes(&t->request), t->w.now_s, &t->answer), "an answer");
}

static void prepare_nothing(struct trial *t) {
  (void)t;
}

static enum err write_one(struct trial *t) {
  struct verdict v;
  struct draft d[] = {WORLD_DRAFT("child.add", {"name", "Ava"}), WORLD_DRAFT("child.add", {"name", "Ben"})};
  return world_write(&t->w, t->m, d, 2, ACCEPT_WRITE, &v);
}

static enum err admit(struct trial *t) {
  struct buf answer = {0};
  enum err e = exchange_answer(&t->w.node, &t->m->replica, buf_bytes(&t->request), t->w.now_s, &answer);
  buf_release(&answer);
  return e;
}

static enum err take(struct trial *t) {
  struct exchange_replica r = {t->m->store, t->m->replica_key};
  struct exchange_report report = {0};
  return exchange_take(&r, buf_bytes(&t->answer), &report);
}

static const struct {
  const char *what;
  void (*prepare)(struct trial *t);
  enum err (*run)(struct trial *t);
  bool is_on_node;
} operations[] = {
    {"writing an act", prepare_nothing, write_one, false},
    {"admitting a request", ask, admit, true},
    {"taking an answer", ask_and_answer, take, false},
};

static const struct {
  const char *what;
  enum faultvfs_fault fault;
} faults[] = {{"one failure", FAULTVFS_ONCE},
              {"a dead disk", FAULTVFS_DEAD},
              {"a full disk", FAULTVFS_FULL},
              {"an end", FAULTVFS_END}};

static struct store *store_of(struct trial *t, size_t op) {
  return operations[op].is_on_node ? t->w.node.store : t->m->store;
}

static void reopen(struct trial *t, size_t op) {
  if (operations[op].is_on_node)
    world_reopen_node(&t->w);
  else
    world_reopen(t->m);
}

static void close_one(struct trial *t, size_t op) {
  struct store **s = operations[op].is_on_node ? &t->w.node.store : &t->m->store;
  store_close(*s);
  *s = NULL;
}

/* In a process of its own, which ends at the n-th write; true if it did not come to that. */
static bool run_to_its_end(struct trial *t, size_t op, size_t n) {
  int status;
  close_one(t, op);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    reopen(t, op);
    faultvfs_arm(FAULTVFS_END, n);
    _exit(operations[op].run(t) == OK ? 0 : 1);
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == FAULTVFS_STATUS));
  return WEXITSTATUS(status) == 0;
}

static bool run_on_a_bad_disk(struct trial *t, size_t op, size_t f, size_t n) {
  faultvfs_arm(faults[f].fault, n);
  enum err e = operations[op].run(t);
  bool has_failed = faultvfs_disarm();
  if (e == OK)
    return !has_failed || faults[f].fault != FAULTVFS_DEAD;
  if (!has_failed || (e != ERR_DISK && e != ERR_IO) || strstr(err_words(e), "disk") == NULL)
    fail_msg("%s, %s at write %zu: %s (%s)", operations[op].what, faults[f].what, n, err_text(e), err_words(e));
  if (err_remedy()[0] == '\0')
    fail_msg("%s, %s at write %zu: no remedy", operations[op].what, faults[f].what, n);
  return false;
}

/* A process that ends at a write leaves what a disk leaves that is dead from there on, which is tried at each of them:
 * ends are tried at the first and the last EACH ones, and at one in three between. */
#define EACH 6
static bool is_tried(size_t f, size_t n, size_t last) {
  return faults[f].fault != FAULTVFS_END || n <= EACH || n + EACH > last || n % 3 == 0;
}

/* Where only some writes fail the store goes on as it is, and only now and then is it closed and read again. */
static bool is_reopened(size_t f, size_t n) {
  return faults[f].fault == FAULTVFS_END || faults[f].fault == FAULTVFS_DEAD || n % 4 == 0;
}

/* The number of the first write that is not needed; it is known from another fault, or 0. */
static size_t check_all_or_nothing(size_t op, size_t f, size_t known) {
  struct trial t = {0};
  bool is_done = false;
  size_t n = 0;
  world_open(&t.w, 7);
  t.m = social_worker(&t.w);
  operations[op].prepare(&t);
  world_check_views(store_of(&t, op), operations[op].what);
  struct hash before = world_digest(store_of(&t, op));
  while (!is_done) {
    do
      n++;
    while (!is_tried(f, n, known));
    is_done = faults[f].fault == FAULTVFS_END ? run_to_its_end(&t, op, n) : run_on_a_bad_disk(&t, op, f, n);
    if (is_done || is_reopened(f, n))
      reopen(&t, op);
    struct hash after = world_digest(store_of(&t, op));
    bool is_nothing = hash_equal(&before, &after); /* then the views are as before, too */
    if (!is_nothing)
      world_check_views(store_of(&t, op), operations[op].what);
    /* A commit that reached the file but could not be synced is found whole. */
    if (!is_nothing && !is_done && faults[f].fault != FAULTVFS_END && faults[f].fault != FAULTVFS_DEAD)
      fail_msg("%s, %s at write %zu: it failed and is there", operations[op].what, faults[f].what, n);
    is_done = is_done || !is_nothing;
    if (is_done && is_nothing)
      fail_msg("%s, %s at write %zu: it succeeded and is not there", operations[op].what, faults[f].what, n);
  }
  if (n < 2)
    fail_msg("%s, %s: no write ever failed", operations[op].what, faults[f].what);
  /* What is there is all of it, and the work goes on. */
  world_sync(&t.w, t.m);
  assert_int_equal(store_outbox_count(t.m->store, "unsent"), 0);
  assert_int_equal(store_outbox_count(t.m->store, NULL), op == 0 ? 0 : 1);
  world_check_views(t.m->store, operations[op].what);
  assert_int_equal(world_count(t.m->store, "child"), op == 0 ? 2 : 1);
  buf_release(&t.request);
  buf_release(&t.answer);
  world_close(&t.w);
  return n;
}

static void all_or_nothing(void **state) {
  (void)state;
  for (size_t op = 0; op < sizeof operations / sizeof *operations; op++) {
    size_t known = 0;
    for (size_t f = 0; f < sizeof faults / sizeof *faults; f++)
      known = check_all_or_nothing(op, f, known);
  }
}

/* What is made by one transaction, and written by its commit alone: of the store's own schema, which has hundreds of
 * pages, the writes in the middle are tried one in STRIDE; of a small one each is. */
#define STRIDE 16
static const char small_schema[] = "PRAGMA application_id = 0x4361726e; PRAGMA user_version = 1; CREATE TABLE a(x);"
                                   "CREATE TABLE b(x); CREATE INDEX c ON b(x); INSERT INTO a VALUES('one')";

static enum err make_small(const char *path) {
  struct db *db = NULL;
  enum err e = db_create(path, small_schema, &db);
  db_close(db);
  return e;
}

static enum err make_store(const char *path) {
  struct store *s = NULL;
  enum err e = store_create(path, &s);
  store_close(s);
  return e;
}

static enum err make_on_a_bad_disk(enum err (*make)(const char *path), const char *path, size_t f, size_t n) {
  faultvfs_arm(faults[f].fault, n);
  enum err e = make(path);
  bool has_failed = faultvfs_disarm();
  if (e != OK && (!has_failed || strstr(err_words(e), "disk") == NULL))
    fail_msg("%s at write %zu: %s", faults[f].what, n, err_words(e));
  if (e != OK && access(path, F_OK) == 0)
    fail_msg("%s at write %zu: a file is left over", faults[f].what, n);
  return e;
}

/* A store that could not be made is not there, and can be made when the disk works again. */
static void created_whole_or_not_at_all(void **state) {
  struct world w;
  struct buf path = {0};
  (void)state;
  world_open(&w, 8);
  for (size_t f = 0; faults[f].fault != FAULTVFS_END; f++) {
    struct store *s = NULL;
    struct db *db = NULL;
    size_t n = 1;
    buf_clear(&path);
    buf_addf(&path, "%s/small-%zu.db", w.folder, f);
    while (make_on_a_bad_disk(make_small, buf_cstr(&path), f, n) != OK)
      n++;
    assert_true(n > 5);
    assert_int_equal(db_open(buf_cstr(&path), 0, &db), OK);
    db_close(db);
    buf_clear(&path);
    buf_addf(&path, "%s/made-%zu.db", w.folder, f);
    for (n = 1; make_on_a_bad_disk(make_store, buf_cstr(&path), f, n) != OK;)
      n += n < STRIDE ? 1 : STRIDE;
    assert_true(n > 10 * STRIDE);
    assert_int_equal(store_open(buf_cstr(&path), 0, &s), OK);
    assert_int_equal(store_try_statements(s), OK);
    store_close(s);
  }
  buf_release(&path);
  world_close(&w);
}

/* ---- the rest ---- */

static void closed_in_the_middle(void **state) {
  struct world w;
  struct verdict v;
  (void)state;
  world_open(&w, 9);
  struct world_member *m = social_worker(&w);
  struct hash before = world_digest(m->store);
  struct author_by by = {.key = m->key, .replica = m->replica};
  struct draft d = WORLD_DRAFT("child.add", {"name", "Ava"});
  assert_int_equal(store_begin(m->store), OK);
  assert_int_equal(author_write(m->store, &by, &d, 1, ACCEPT_WRITE, w.now_s, &v), OK);
  assert_int_equal(v.code, VERDICT_ACCEPTED);
  world_reopen(m);
  struct hash after = world_digest(m->store);
  assert_true(hash_equal(&before, &after));
  world_close(&w);
}

static enum err collect(void *of, const struct record *r) {
  struct buf *b = of;
  buf_add(b, r->entry.kind);
  buf_add_str(b, " ");
  return OK;
}

static void listed_by_kind_and_child(void **state) {
  struct world w;
  (void)state;
  world_open(&w, 10);
  struct world_member *m = social_worker(&w);
  struct hash ava = world_record(&w, m, WORLD_DRAFT("child.add", {"name", "Ava"})), none = m->replica;
  struct hash_hex hex = hash_hex(&ava), agency = hash_hex(&m->agency);
  world_sync(&w, m);
  world_record(&w, m, WORLD_DRAFT("involvement.start", {"child", hex.s}, {"agency", agency.s}));
  world_record(&w, m, WORLD_DRAFT("child.add", {"name", "Ben"}));
  const struct {
    struct store_filter filter;
    const char *kinds;
  } lists[] = {
      {{.kind = "child"}, "child.add child.add "},
      {{.kind = "child.add"}, "child.add child.add "},
      {{.kind = "chil"}, ""},
      {{.kind = "child.ad"}, ""},
      {{.kind = "involvement"}, "involvement.start "},
      {{.child = &ava}, "child.add involvement.start "},
      {{.child = &ava, .kind = "involvement.end"}, ""},
      {{.child = &ava, .is_outbox_only = true}, "involvement.start "},
      {{.child = &none}, ""},
      {{.is_outbox_only = true}, "involvement.start child.add "},
      {{.kind = "log"}, "log.open "},
  };
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
    struct buf b = {0};
    assert_int_equal(store_each(m->store, &lists[i].filter, &b, collect), OK);
    assert_string_equal(buf_cstr(&b), lists[i].kinds);
    buf_release(&b);
  }
  world_close(&w);
}

static void facts_about_itself(void **state) {
  struct world w;
  struct buf b = {0};
  struct hash h;
  (void)state;
  world_open(&w, 11);
  struct store *s = w.node.store;
  assert_int_equal(store_meta(s, "nothing", &b), ERR_ABSENT);
  assert_int_equal(store_meta_hash(s, "nothing", &h), ERR_ABSENT);
  assert_int_equal(store_meta_number(s, "nothing"), 0);
  assert_int_equal(store_meta_set_number(s, "n", 12), OK);
  assert_int_equal(store_meta_set_number(s, "n", 9007199254740991u), OK);
  assert_int_equal(store_meta_number(s, "n"), 9007199254740991u);
  assert_int_equal(store_meta_set(s, "empty", bytes_of(NULL, 0)), OK);
  assert_int_equal(store_meta(s, "empty", &b), OK);
  assert_int_equal(b.len, 0);
  buf_release(&b);
  world_close(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(all_statements_can_be_prepared),
      cmocka_unit_test(transactions_end),
      cmocka_unit_test(log_is_append_only),
      cmocka_unit_test(tree_of_any_size),
      cmocka_unit_test(tree_of_the_ledger),
      cmocka_unit_test(found_by_prefix),
      cmocka_unit_test(found_by_any_word),
      cmocka_unit_test(hidden_is_absent),
      cmocka_unit_test(views_after_random_histories),
      cmocka_unit_test(pending_stays_behind_accepted),
      cmocka_unit_test(all_or_nothing),
      cmocka_unit_test(created_whole_or_not_at_all),
      cmocka_unit_test(closed_in_the_middle),
      cmocka_unit_test(listed_by_kind_and_child),
      cmocka_unit_test(facts_about_itself),
  };
  faultvfs_install();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
