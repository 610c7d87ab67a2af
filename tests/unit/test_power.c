/* The power fails at every write, sync and truncation of what a machine does with its store (tests/lib/faultvfs.h), and
 * right after it said that it was done. What was not synced is lost, there, or torn: all of the act or nothing of it is
 * there, what was promised is there, the views are those of the log, and the work goes on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/feed.h"
#include "core/store_parts.h"
#include "tests/lib/blank.h"
#include "tests/lib/faultvfs.h"
#include "tests/lib/files.h"
#include "tests/lib/world.h"

/* The moments that are tried: the first, the last, and so many between them; POWER_STRIDE=1 tries each. */
#define FIRST 3
#define LAST 6
#define STEPS 8
#define ERASED "Quartermain"

/* One operation on one store, from the same files each time. */
struct trial {
  struct world w;
  struct world_member *m;
  struct buf request, answer, joined;
  struct join_token token;
  struct hash before; /* digest */
};

/* ---- what is done ---- */

static struct exchange_replica replica_of(struct trial *t) {
  return (struct exchange_replica){t->m->store, t->m->replica_key, t->w.now_s};
}

static void prepare_nothing(struct trial *t) {
  (void)t;
}

static enum err write_two(struct trial *t) {
  struct verdict v;
  struct draft d[] = {WORLD_DRAFT("child.add", {"name", "Ava"}), WORLD_DRAFT("child.add", {"name", "Ben"})};
  return world_write(&t->w, t->m, d, 2, ACCEPT_WRITE, &v);
}

static bool are_two(struct trial *t) {
  return world_count(t->m->store, "child") == 2;
}

static void ask(struct trial *t) {
  struct exchange_replica r = replica_of(t);
  size_t sent;
  world_must(write_two(t), "two children");
  world_must(exchange_request(&r, &t->request, &sent), "a request");
}

static enum err admit(struct trial *t) {
  struct buf answer = {0};
  enum err e = exchange_answer(&t->w.node, &t->m->replica, buf_bytes(&t->request), t->w.now_s, &answer);
  buf_release(&answer);
  return e;
}

/* With their numbers and a checkpoint over them. */
static bool are_admitted(struct trial *t) {
  uint64_t size = 0;
  struct hash root, kept;
  struct buf note = {0};
  assert_int_equal(store_checkpoint_newest(t->w.node.store, &size, &root, &note), OK);
  buf_release(&note);
  assert_int_equal(store_tree_root(t->w.node.store, size, &kept), OK);
  assert_true(hash_equal(&root, &kept));
  assert_int_equal(size, store_size(t->w.node.store));
  return world_count(t->w.node.store, "child") == 2;
}

static void ask_and_answer(struct trial *t) {
  ask(t);
  world_must(exchange_answer(&t->w.node, &t->m->replica, buf_bytes(&t->request), t->w.now_s, &t->answer), "an answer");
}

static enum err take(struct trial *t) {
  struct exchange_replica r = replica_of(t);
  struct exchange_report report = {0};
  return exchange_take(&r, buf_bytes(&t->answer), &report);
}

static bool are_received(struct trial *t) {
  return store_outbox_count(t->m->store, NULL) == 0 &&
         world_count(t->m->store, "entry WHERE kind = 'child.add' AND number < 4611686018427387904") == 2;
}

/* ---- what is erased ---- */

static bool is_in_files(const char *path) {
  static const char *const endings[] = {"", "-wal"};
  struct buf all = {0};
  for (size_t i = 0; i < 2; i++) {
    char name[128];
    uint8_t part[65536];
    size_t n;
    snprintf(name, sizeof name, "%s%s", path, endings[i]);
    FILE *f = fopen(name, "rb");
    while (f && (n = fread(part, 1, sizeof part, f)) > 0)
      buf_add(&all, bytes_of(part, n));
    if (f)
      fclose(f);
  }
  bool is = memmem(all.at, all.len, ERASED, strlen(ERASED)) != NULL;
  buf_release(&all);
  return is;
}

/* Erasing is a fact of the ledger first; the file is written anew before anything else is done with it. */
static enum err scrub(struct store *s) {
  return feed_needs_scrub(s) ? feed_scrub(s) : OK;
}

static void erase(struct trial *t) {
  struct exchange_replica r = replica_of(t);
  size_t sent;
  struct hash child = world_record(&t->w, t->m, WORLD_DRAFT("child.add", {"name", "Ava"}));
  struct hash_hex c = hash_hex(&child);
  struct hash note = world_record(&t->w, t->m,
                                  WORLD_DRAFT("family.add", {"child", c.s}, {"relation", "father"},
                                              {"responsibilities", "yes"}, {"name", "Zebediah " ERASED}));
  struct hash_hex id = hash_hex(&note);
  world_sync(&t->w, t->m);
  world_record(&t->w, t->m,
               WORLD_DRAFT("entry.erase", {"entry", id.s}, {"ground", "unlawful"}, {"reason", "somebody else"}));
  world_must(exchange_request(&r, &t->request, &sent), "a request");
}

static void erase_and_answer(struct trial *t) {
  erase(t);
  world_must(exchange_answer(&t->w.node, &t->m->replica, buf_bytes(&t->request), t->w.now_s, &t->answer), "an answer");
}

static enum err erase_at_node(struct trial *t) {
  enum err e = admit(t);
  return e == OK ? scrub(t->w.node.store) : e;
}

static bool is_erased(struct store *s, const char *path) {
  if (world_count(s, "family") == 1)
    return false;
  assert_int_equal(scrub(s), OK);
  assert_false(is_in_files(path));
  return true;
}

static bool is_erased_at_node(struct trial *t) {
  return is_erased(t->w.node.store, t->w.path);
}

static bool is_erased_here(struct trial *t) {
  return is_erased(t->m->store, t->m->path);
}

/* ---- the views ---- */

/* One row is missing, and made again. */
static void lose_a_row(struct trial *t) {
  world_must(write_two(t), "two children");
  world_must(db_exec(t->m->store->db, "DELETE FROM child WHERE rowid = (SELECT min(rowid) FROM child)"), "a row less");
}

static enum err rebuild(struct trial *t) {
  enum err e = store_begin(t->m->store);
  if (e == OK)
    e = store_rebuild(t->m->store);
  if (e == OK)
    return store_commit(t->m->store);
  store_rollback(t->m->store);
  return e;
}

/* ---- joining ---- */

static void let_in(struct trial *t) {
  t->m = world_let_in(&t->w, &t->m->agency, "Jo Bell", "practitioner", &t->token, &t->joined);
  world_must(blank_store(t->m->path, &t->m->store), "a replica's store");
}

static enum err settle(struct trial *t) {
  return world_settle(t->m, &t->token, buf_bytes(&t->joined));
}

static bool has_joined(struct trial *t) {
  struct hash person;
  if (store_meta_hash(t->m->store, "person", &person) != OK)
    return false;
  assert_true(hash_equal(&person, &t->m->person));
  return true;
}

static void let_in_and_answer(struct trial *t) {
  struct exchange_replica r;
  size_t sent;
  let_in(t);
  world_must(settle(t), "joining");
  r = replica_of(t);
  world_must(exchange_request(&r, &t->request, &sent), "a request");
  world_must(exchange_answer(&t->w.node, &t->m->replica, buf_bytes(&t->request), t->w.now_s, &t->answer), "an answer");
}

static bool has_the_directory(struct trial *t) {
  return world_count(t->m->store, "person") == 2;
}

static const struct operation {
  const char *what;
  void (*prepare)(struct trial *t);
  enum err (*run)(struct trial *t);
  bool (*is_done)(struct trial *t);
  bool is_on_node;
} operations[] = {
    {"writing an act", prepare_nothing, write_two, are_two, false},
    {"admitting a request", ask, admit, are_admitted, true},
    {"taking an answer", ask_and_answer, take, are_received, false},
    {"joining", let_in, settle, has_joined, false},
    {"taking the first answer", let_in_and_answer, take, has_the_directory, false},
    {"erasing at the node", erase, erase_at_node, is_erased_at_node, true},
    {"erasing at a replica", erase_and_answer, take, is_erased_here, false},
    {"making the views anew", lose_a_row, rebuild, are_two, false},
};

/* ---- the machine's files ---- */

enum direction { KEEP, BRING_BACK };

/* Of a store that is closed there is one file. */
static void move(const char *path, enum direction where) {
  char kept[128], wal[128];
  snprintf(kept, sizeof kept, "%s.kept", path);
  snprintf(wal, sizeof wal, "%s-wal", path);
  remove(wal);
  files_copy(where == KEEP ? path : kept, where == KEEP ? kept : path);
}

static void node_from_files(struct trial *t, enum direction where) {
  store_close(t->w.node.store);
  t->w.node.store = NULL;
  move(t->w.path, where);
  world_reopen_node(&t->w);
}

static void replica_from_files(struct trial *t, enum direction where) {
  store_close(t->m->store);
  t->m->store = NULL;
  move(t->m->path, where);
  world_reopen(t->m);
}

static void both_from_files(struct trial *t, enum direction where) {
  node_from_files(t, where);
  replica_from_files(t, where);
}

/* ---- one trial ---- */

static struct store *store_of(struct trial *t, const struct operation *op) {
  return op->is_on_node ? t->w.node.store : t->m->store;
}

static void check_views(struct store *s, const char *what, size_t n) {
  char words[128];
  snprintf(words, sizeof words, "%s, at %zu", what, n);
  world_check_views(s, words);
}

static void restart(struct trial *t, const struct operation *op) {
  if (op->is_on_node) {
    store_close(t->w.node.store);
    t->w.node.store = NULL;
    faultvfs_disarm();
    world_reopen_node(&t->w);
  } else {
    store_close(t->m->store);
    t->m->store = NULL;
    faultvfs_disarm();
    world_reopen(t->m);
  }
}

/* What is there after the power failed at the n-th: nothing, or all; true if all. */
static bool fail_at(struct trial *t, const struct operation *op, size_t n) {
  const char *path = op->is_on_node ? t->w.path : t->m->path;
  (op->is_on_node ? node_from_files : replica_from_files)(t, BRING_BACK);
  faultvfs_power(n);
  faultvfs_arm(FAULTVFS_POWER, n);
  const bool is_promised = op->run(t) == OK;
  faultvfs_lose_power(path, n);
  restart(t, op);
  const bool is_there = op->is_done(t);
  if (is_promised && !is_there)
    fail_msg("%s, at %zu: promised, and not there", op->what, n);
  struct hash now = world_digest(store_of(t, op));
  if (!is_there && !hash_equal(&now, &t->before))
    fail_msg("%s, at %zu: a part of it is there", op->what, n);
  if (is_there && n % 4 == 0)
    check_views(store_of(t, op), op->what, n);
  return is_there;
}

/* Whatever is there, the work goes on. */
static void go_on(struct trial *t, const struct operation *op, bool is_there) {
  if (!is_there)
    world_must(op->run(t), op->what);
  world_sync(&t->w, t->m);
  assert_int_equal(store_outbox_count(t->m->store, NULL), 0);
  check_views(t->m->store, op->what, 0);
}

static size_t count_writes(struct trial *t, const struct operation *op) {
  faultvfs_arm(FAULTVFS_POWER, SIZE_MAX);
  world_must(op->run(t), op->what);
  const size_t count = faultvfs_count();
  faultvfs_disarm();
  return count;
}

static size_t next_of(size_t n, size_t all) {
  const size_t stride = getenv("POWER_STRIDE") ? strtoul(getenv("POWER_STRIDE"), NULL, 10) : all / STEPS + 1;
  const size_t last = all > LAST ? all - LAST : 0;
  return n < FIRST || n >= last ? n + 1 : n + stride > last ? last : n + stride;
}

static void lose_power_in(const struct operation *op) {
  struct trial t = {0};
  size_t there = 0, nothing = 0;
  world_open(&t.w, 7);
  struct hash social_work = world_agency(&t.w, "Social Work Services", "social-work");
  t.m = world_join(&t.w, &social_work, "Kirsty Hay", "practitioner keeper");
  op->prepare(&t);
  both_from_files(&t, KEEP);
  t.before = world_digest(store_of(&t, op));
  const size_t all = count_writes(&t, op);
  for (size_t n = 1; n <= all + 1; n = next_of(n, all))
    *(fail_at(&t, op, n) ? &there : &nothing) += 1;
  if (there == 0 || nothing == 0)
    fail_msg("%s: of %zu, %zu times nothing and %zu times all", op->what, all, nothing, there);
  go_on(&t, op, true);
  both_from_files(&t, BRING_BACK);
  go_on(&t, op, fail_at(&t, op, 2));
  buf_release(&t.request);
  buf_release(&t.answer);
  buf_release(&t.joined);
  world_close(&t.w);
}

static void all_or_nothing(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
    lose_power_in(&operations[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(all_or_nothing),
  };
  faultvfs_install();
  faultvfs_power(0);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
