/* Cosignatures (audit/FORMAT.md section 1.1): their lines, who carries which, and a node that shows two replicas
 * different histories. */
#include "core/cosign.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "core/store_parts.h"
#include "sync/evidence.h"
#include "tests/lib/files.h"
#include "tests/lib/world.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define DAY_S 86400

static struct world w;
static struct hash social, health;
static struct world_member *ann, *ben;

static int open_world(void **state) {
  (void)state;
  if (world_again(&w))
    return 0;
  world_open(&w, 11);
  social = world_agency(&w, "Social Work", "social-work");
  health = world_agency(&w, "Health", "health");
  ann = world_join(&w, &social, "Ann", "practitioner");
  ben = world_join(&w, &health, "Ben", "practitioner");
  world_keep(&w);
  return 0;
}

static int close_world(void **state) {
  (void)state;
  world_close(&w);
  return 0;
}

static void record_child(struct world_member *m, const char *name) {
  world_record(&w, m, WORLD_DRAFT("child.add", {"name", name}));
}

/* ---- the short form ---- */

static struct checkpoint sample(void) {
  struct checkpoint c = {.origin = "nl.example/register", .size = 41, .time = {"2026-11-21T09:00:00Z"}};
  for (uint8_t i = 0; i < HASH_SIZE; i++)
    c.root.at[i] = i;
  return c;
}

#define SHORT "41: 83748 60743 28205 92961 57309 31428 74889 51620" /* from the page, in another language */

static void test_short_form(void **state) {
  (void)state;
  struct checkpoint c = sample();
  assert_string_equal(checkpoint_short(&c).s, SHORT);
  c.root.at[31] ^= 1;
  assert_string_not_equal(checkpoint_short(&c).s, SHORT);
  c = sample();
  c.size = UINT64_C(9007199254740991);
  assert_int_equal(strlen(checkpoint_short(&c).s), 16 + 1 + 48);
  static const struct {
    const char *typed;
    bool is_good;
  } cases[] = {
      {SHORT, true},
      {"41:83748607432820592961573093142874889"
       "51620",
       true},
      {"41 83748 60743 28205 92961 57309 31428 74889 51620", true},
      {"41: 83748.60743-28205 92961 57309 31428 74889 51620 ", true},
      {"41: 83748 60743 28205 92961 57309 31428 74889 5162", false},
      {"41: 83748 60743 28205 92961 57309 31428 74889 516200", false},
      {"041: 83748 60743 28205 92961 57309 31428 74889 51620", false},
      {"41: 83748 60743 28205 92961 57309 31428 74889 5162O", false},
      {": 83748 60743 28205 92961 57309 31428 74889 51620", false},
      {"8374860743282059296157309314287488951620", false},
      {"", false},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct checkpoint_short out;
    uint64_t size;
    enum err e = checkpoint_short_parse(bytes_str(cases[i].typed), &size, &out);
    if ((e == OK) != cases[i].is_good || (e == OK && (size != 41 || strcmp(out.s, SHORT) != 0)))
      fail_msg("\"%s\": %s", cases[i].typed, err_words(e));
  }
}

/* ---- lines ---- */

static void sample_note(const struct key *ledger, const struct key *replica, struct buf *note) {
  struct checkpoint c = sample(), old = sample();
  struct buf text = {0}, signature = {0};
  old.size = 7;
  checkpoint_format(&text, &c);
  assert_int_equal(note_sign(buf_bytes(&text), c.origin, ledger, note), OK);
  struct cosignature vouched = {.at = {"2026-11-22T10:00:00Z"}, .checkpoint = old};
  buf_clear(&text);
  checkpoint_format(&text, &old);
  assert_int_equal(cosignature_sign(replica, &vouched.at, buf_bytes(&text), &signature), OK);
  vouched.signature = buf_bytes(&signature);
  cosignature_format(note, replica, &vouched);
  buf_release(&text);
  buf_release(&signature);
}

struct counted {
  const struct key *key;
  size_t found, good;
  struct cosignature last;
};

static enum err count_line(void *of, const struct cosignature *c) {
  struct counted *n = of;
  struct hash id = key_id(n->key);
  n->found++;
  n->good += hash_equal(&c->replica, &id) && cosignature_check(c, n->key) == OK;
  n->last = *c;
  return OK;
}

static struct counted count_lines(struct bytes note, const struct key *key) {
  struct counted n = {.key = key};
  cosignature_each(note, &n, count_line);
  return n;
}

static void test_line(void **state) {
  (void)state;
  struct key *ledger = key_new(), *replica = key_new(), *other = key_new();
  struct buf note = {0}, bare = {0}, alone = {0}, vkey = {0};
  struct note_vkey v;
  struct bytes text;
  struct checkpoint c = sample();
  sample_note(ledger, replica, &note);
  struct counted n = count_lines(buf_bytes(&note), replica);
  assert_int_equal(n.found, 1);
  assert_int_equal(n.good, 1);
  assert_int_equal(n.last.checkpoint.size, 7);
  assert_string_equal(n.last.at.s, "2026-11-22T10:00:00Z");
  assert_string_equal(n.last.checkpoint.origin, c.origin);
  assert_int_equal(count_lines(buf_bytes(&note), other).good, 0);
  /* Whoever looks for the ledger's signature passes over it. */
  note_vkey_format(&vkey, c.origin, ledger);
  assert_int_equal(note_vkey_parse(buf_bytes(&vkey), &v), OK);
  assert_int_equal(note_open(buf_bytes(&note), &v, &text), OK);
  /* Without it the note is the one that the ledger signed. */
  assert_int_equal(cosignature_strip(buf_bytes(&note), &bare), OK);
  assert_int_equal(note_open(buf_bytes(&bare), &v, &text), OK);
  assert_true(bytes_starts(buf_bytes(&note), buf_cstr(&bare)));
  assert_int_equal(count_lines(buf_bytes(&bare), replica).found, 0);
  /* Each bit of the line counts. */
  for (size_t bit = 8 * bare.len; bit < 8 * note.len; bit++) {
    note.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
    if (count_lines(buf_bytes(&note), replica).good)
      fail_msg("bit %zu", bit - 8 * bare.len);
    note.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
  }
  /* And so does the ledger's name. */
  buf_add(&alone, buf_bytes(&note));
  alone.at[0] = 'x';
  assert_int_equal(count_lines(buf_bytes(&alone), replica).found, 1);
  assert_int_equal(count_lines(buf_bytes(&alone), replica).good, 0);
  buf_release(&note);
  buf_release(&bare);
  buf_release(&alone);
  buf_release(&vkey);
  key_free(ledger);
  key_free(replica);
  key_free(other);
}

/* ---- who is carried ---- */

static struct counted newest_of(const struct world_member *m) {
  uint64_t size;
  struct hash root;
  struct buf note = {0};
  struct counted n = {.key = m->replica_key};
  assert_int_equal(store_checkpoint_newest(w.node.store, &size, &root, &note), OK);
  n = count_lines(buf_bytes(&note), m->replica_key);
  n.last.signature = bytes_of(NULL, 0);
  buf_release(&note);
  return n;
}

static void new_checkpoint(void) {
  world_agency(&w, "Another", "police");
}

static uint64_t size_of_newest(struct store *s) {
  uint64_t size = 0;
  struct hash root;
  struct buf note = {0};
  assert_int_equal(store_checkpoint_newest(s, &size, &root, &note), OK);
  buf_release(&note);
  return size;
}

static void test_next_checkpoint_carries(void **state) {
  (void)state;
  world_sync(&w, ann);
  uint64_t seen = size_of_newest(ann->store);
  world_sync(&w, ann); /* vouches for it */
  new_checkpoint();
  struct counted n = newest_of(ann);
  assert_int_equal(n.good, 1);
  assert_true(n.last.checkpoint.size == seen || n.found > 1);
  /* Only the newest of each, and once. */
  world_sync(&w, ann);
  world_sync(&w, ann);
  world_sync(&w, ben);
  world_sync(&w, ben);
  new_checkpoint();
  n = newest_of(ann);
  assert_int_equal(n.found, 2);
  assert_int_equal(n.good, 1);
  assert_int_equal(newest_of(ben).good, 1);
  /* What replicas keep is the ledger's own signature. */
  world_sync(&w, ben);
  struct buf note = {0};
  assert_int_equal(store_checkpoint_at(ben->store, size_of_newest(ben->store), &note), OK);
  assert_int_equal(count_lines(buf_bytes(&note), ann->replica_key).found, 0);
  buf_release(&note);
}

/* A machine that was revoked, or whose certificate has ended, is no witness any more. */
static void test_those_that_count(void **state) {
  (void)state;
  struct verdict v;
  struct hash_hex machine = hash_hex(&ann->machine);
  for (int i = 0; i < 2; i++) {
    world_sync(&w, ann);
    world_sync(&w, ben);
  }
  struct draft revoke = WORLD_DRAFT("replica.revoke", {"replica", machine.s}, {"why", "lost"});
  assert_int_equal(world_node_write(&w, &revoke, 1, &v), OK);
  assert_int_equal(newest_of(ann).good, 0);
  assert_int_equal(newest_of(ben).good, 1);
  w.now_s += (int64_t)4 * 366 * DAY_S;
  new_checkpoint();
  assert_int_equal(newest_of(ben).found, 0);
}

static void put_line(const struct hash *replica, uint64_t size) {
  struct query q;
  struct buf line = {0};
  buf_addf(&line, "%llu\n", (unsigned long long)size);
  query_start_once(&q, w.node.store->db, "INSERT OR REPLACE INTO cosignature(replica, size, line) VALUES(?1, ?2, ?3)");
  query_blob(&q, 1, hash_bytes(replica));
  query_int(&q, 2, (int64_t)size);
  query_text(&q, 3, buf_bytes(&line));
  assert_int_equal(query_run(&q), OK);
  buf_release(&line);
}

/* As if the machine had been joined and certified: only the views count here. */
static void put_machine(uint8_t n, const struct hash *agency, uint64_t size) {
  struct hash id = {{0xff, n}};
  struct query q;
  query_start_once(&q, w.node.store->db,
                   "INSERT INTO replica(object, number, agency, name, replica_key) VALUES(?1, 1, ?2, 'x', ?1)");
  query_blob(&q, 1, hash_bytes(&id));
  query_blob(&q, 2, hash_bytes(agency));
  assert_int_equal(query_run(&q), OK);
  query_start_once(&q, w.node.store->db,
                   "INSERT INTO certificate(object, number, subject, agency, key, use, from_s, until_s, cert) "
                   "VALUES(?1, 1, ?1, ?2, ?1, 'replica', 0, 9000000000, x'')");
  query_blob(&q, 1, hash_bytes(&id));
  query_blob(&q, 2, hash_bytes(agency));
  assert_int_equal(query_run(&q), OK);
  put_line(&id, size);
}

static void test_more_than_fit(void **state) {
  (void)state;
  struct buf lines = {0};
  for (uint8_t i = 0; i < COSIGNATURES_MAX + 10; i++)
    put_machine(i, &social, 1000 + i);
  put_machine(200, &health, 3);
  assert_int_equal(cosignature_carry(w.node.store, w.now_s, &lines), OK);
  struct reader r = reader_of(buf_bytes(&lines));
  size_t count = 0;
  bool has_health = false;
  while (r.rest.len > 0) {
    has_health = bytes_equal_str(text_line(&r), "3") || has_health;
    count++;
  }
  assert_int_equal(count, COSIGNATURES_MAX);
  assert_true(has_health); /* small as it is: one of each agency comes first */
  buf_release(&lines);
}

/* ---- two histories ---- */

/* From now on the node works with the copy. */
static void go_to(const char *path) {
  free(w.path);
  w.path = mem_copy_string(path);
  world_reopen_node(&w);
}

struct histories {
  char first[64], second[64];
};

/* Ann and Ben go on from the same ledger, and are shown one history each. */
static void fork_ledger(struct histories *h) {
  for (int i = 0; i < 2; i++) {
    world_sync(&w, ann);
    world_sync(&w, ben);
  }
  snprintf(h->first, sizeof h->first, "%s", w.path);
  snprintf(h->second, sizeof h->second, "%s/second.db", w.folder);
  store_close(w.node.store);
  w.node.store = NULL;
  files_copy(h->first, h->second);
  world_reopen_node(&w);
  record_child(ann, "Ava");
  world_sync(&w, ann);
  world_sync(&w, ann);
  go_to(h->second);
  record_child(ben, "Bob");
  world_sync(&w, ben);
  world_sync(&w, ben);
  assert_int_equal(size_of_newest(ann->store), size_of_newest(ben->store));
}

static enum err ask(struct world_member *m, struct buf *evidence) {
  struct exchange_report report = {.evidence = evidence};
  return world_exchange(&w, m, &report);
}

/* ---- and the evidence of them, as a third person reads it ---- */

static struct note_vkey vkey_of(const struct key *key) {
  struct note_vkey v;
  struct buf text = {0};
  note_vkey_format(&text, "nl.example/register", key);
  assert_int_equal(note_vkey_parse(buf_bytes(&text), &v), OK);
  buf_release(&text);
  return v;
}

/* EVIDENCE_FAILS for what cannot be read, too. */
static enum evidence_outcome judge(struct bytes text, const struct key *key, struct buf *words) {
  struct note_vkey v = vkey_of(key);
  struct evidence_text e;
  /* Of exactly the size, so that a byte too far is seen. */
  uint8_t *copy = mem_alloc(text.len);
  memcpy(copy, text.at, text.len);
  enum evidence_outcome outcome = EVIDENCE_FAILS;
  if (evidence_read(bytes_of(copy, text.len), &e) == OK) {
    outcome = evidence_check(&e, &v, 1, words);
    evidence_text_release(&e);
  }
  free(copy);
  return outcome;
}

static size_t find(const struct buf *b, const char *what) {
  const uint8_t *at = memmem(b->at, b->len, what, strlen(what));
  assert_non_null(at);
  return (size_t)(at - b->at);
}

/* It proves what it says by the ledger's key and no other; cut anywhere, or changed anywhere from `from` to where the
 * signature lines of `to` begin, it proves nothing. */
static void check_proof(struct buf *evidence, const char *says, const char *from, const char *to) {
  struct buf words = {0};
  assert_int_equal(judge(buf_bytes(evidence), w.ledger, &words), EVIDENCE_PROVES);
  if (strstr(buf_cstr(&words), says) == NULL)
    fail_msg("it says: %s", buf_cstr(&words));
  assert_int_equal(judge(buf_bytes(evidence), w.operating, &words), EVIDENCE_FAILS);
  for (size_t cut = 0; cut < evidence->len; cut += 7)
    assert_int_equal(judge(bytes_of(evidence->at, cut), w.ledger, &words), EVIDENCE_FAILS);
  size_t begin = find(evidence, from), end = find(evidence, to);
  for (size_t i = begin; i < end; i++) {
    evidence->at[i] ^= (uint8_t)(1 << i % 7);
    if (judge(buf_bytes(evidence), w.ledger, &words) != EVIDENCE_FAILS)
      fail_msg("byte %zu: \"%.20s\"", i, (const char *)evidence->at + i);
    evidence->at[i] ^= (uint8_t)(1 << i % 7);
  }
  buf_release(&words);
}

/* Whoever was shown the one is turned away with the other, and the administrator hears of it. */
static void test_fork_meets_the_node(void **state) {
  (void)state;
  struct histories h;
  struct buf told = {0}, evidence = {0};
  fork_ledger(&h);
  w.node.told = &told;
  struct hash before = world_digest(w.node.store);
  enum err e = ask(ann, &evidence);
  assert_int_equal(e, ERR_CHAIN);
  assert_int_equal(exchange_status(e), 409);
  assert_non_null(strstr(err_words(e), "another history"));
  assert_non_null(strstr(buf_cstr(&told), "other contents"));
  struct hash after = world_digest(w.node.store);
  assert_true(hash_equal(&before, &after));
  w.node.told = NULL;
  buf_release(&told);
  buf_release(&evidence);
}

/* A node that hands Ann's cosignature to Ben, with the history that it shows to him. */
static void test_fork_meets_a_replica(void **state) {
  (void)state;
  struct histories h;
  struct buf evidence = {0};
  struct query q;
  fork_ledger(&h);
  char attach[128];
  snprintf(attach, sizeof attach, "ATTACH '%s' AS first", h.first);
  assert_int_equal(db_exec(w.node.store->db, attach), OK);
  query_start_once(&q, w.node.store->db,
                   "INSERT OR REPLACE INTO main.cosignature SELECT * FROM first.cosignature WHERE replica = ?1");
  query_blob(&q, 1, hash_bytes(&ann->replica));
  assert_int_equal(query_run(&q), OK);
  assert_int_equal(db_exec(w.node.store->db, "DETACH first"), OK);
  new_checkpoint();
  struct hash before = world_digest(ben->store);
  enum err e = ask(ben, &evidence);
  assert_int_equal(e, ERR_PROOF);
  assert_non_null(strstr(err_words(e), "another history"));
  assert_non_null(strstr(buf_cstr(&evidence), "\nbefore "));
  assert_non_null(strstr(buf_cstr(&evidence), "\nwitness "));
  check_proof(&evidence, "vouches for another one", "\nbefore ", "\ncheckpoint ");
  struct hash after = world_digest(ben->store);
  assert_true(hash_equal(&before, &after));
  buf_release(&evidence);
}

/* And one that shows the second history to whom it has shown the first one, without a word about what was seen. */
static void test_fork_shown_to_one(void **state) {
  (void)state;
  struct histories h;
  struct buf request = {0}, answer = {0}, evidence = {0};
  struct exchange_replica r = {ben->store, ben->replica_key, w.now_s};
  struct exchange_report report = {.evidence = &evidence};
  size_t sent;
  fork_ledger(&h);
  assert_int_equal(exchange_request(&r, &request, &sent), OK);
  assert_int_equal(exchange_answer(&w.node, &ben->replica, buf_bytes(&request), w.now_s, &answer), OK);
  enum err e =
      exchange_take(&(struct exchange_replica){ann->store, ann->replica_key, w.now_s}, buf_bytes(&answer), &report);
  assert_int_equal(e, ERR_PROOF);
  assert_non_null(strstr(err_words(e), "two different histories"));
  assert_non_null(strstr(buf_cstr(&evidence), "\nbefore "));
  assert_null(strstr(buf_cstr(&evidence), "\nwitness "));
  check_proof(&evidence, "two different histories", "\nbefore ", "\ncheckpoint ");
  buf_release(&request);
  buf_release(&answer);
  buf_release(&evidence);
}

static void add_note(struct buf *b, const char *word, uint64_t size, uint8_t root, const char *time) {
  struct checkpoint c = sample();
  struct buf text = {0}, note = {0};
  c.size = size;
  c.root.at[0] = root;
  snprintf(c.time.s, sizeof c.time.s, "%s", time);
  checkpoint_format(&text, &c);
  assert_int_equal(note_sign(buf_bytes(&text), c.origin, w.ledger, &note), OK);
  buf_addf(b, "%s %zu\n%s\n", word, note.len, buf_cstr(&note));
  buf_release(&text);
  buf_release(&note);
}

#define EARLY "2026-11-21T10:00:00Z"
#define LATE "2026-11-21T10:00:01Z"

/* What two signed checkpoints prove by themselves, and what they only ask. */
static void test_two_notes(void **state) {
  (void)state;
  static const struct {
    uint64_t before, size;
    uint8_t root_before, root;
    const char *time_before, *time;
    enum evidence_outcome expected;
    const char *words;
  } cases[] = {{41, 41, 1, 2, EARLY, EARLY, EVIDENCE_PROVES, "two different histories"},
               {41, 41, 1, 1, EARLY, EARLY, EVIDENCE_FAILS, "the same history"},
               {41, 40, 1, 2, LATE, EARLY, EVIDENCE_ASKS, "nor that the smaller one was shown after the larger one"},
               {41, 40, 1, 2, EARLY, EARLY, EVIDENCE_ASKS, "fewer than 41 entries today withholds"},
               {41, 40, 1, 2, EARLY, LATE, EVIDENCE_PROVES, "the larger one ends before the smaller one"},
               {40, 41, 1, 2, EARLY, LATE, EVIDENCE_ASKS, "goes on from the smaller one"},
               {40, 41, 1, 2, LATE, EARLY, EVIDENCE_PROVES, "two histories"}};
  w.ledger = key_new();
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct buf b = {0}, words = {0};
    buf_add_str(&b, "cairn evidence 1\nwhat the words\n");
    add_note(&b, "before", cases[i].before, cases[i].root_before, cases[i].time_before);
    add_note(&b, "checkpoint", cases[i].size, cases[i].root, cases[i].time);
    if (judge(buf_bytes(&b), w.ledger, &words) != cases[i].expected || strstr(buf_cstr(&words), cases[i].words) == NULL)
      fail_msg("case %zu: %s", i, buf_cstr(&words));
    buf_release(&b);
    buf_release(&words);
  }
  key_free(w.ledger);
  w.ledger = NULL;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_short_form),
      cmocka_unit_test(test_line),
      cmocka_unit_test(test_two_notes),
      cmocka_unit_test_setup_teardown(test_next_checkpoint_carries, open_world, close_world),
      cmocka_unit_test_setup_teardown(test_those_that_count, open_world, close_world),
      cmocka_unit_test_setup_teardown(test_more_than_fit, open_world, close_world),
      cmocka_unit_test_setup_teardown(test_fork_meets_the_node, open_world, close_world),
      cmocka_unit_test_setup_teardown(test_fork_meets_a_replica, open_world, close_world),
      cmocka_unit_test_setup_teardown(test_fork_shown_to_one, open_world, close_world),
  };
  return cmocka_run_group_tests_name("cosign", tests, NULL, NULL);
}
