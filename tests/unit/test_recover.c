/* A node that is behind its replicas, in one process: restored from an old copy, or from nothing; what is offered, by
 * machines that are honest and by one that is not; what stays lost, and comes back; what was erased, and does not. */
#include "sync/recover.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/document.h"
#include "core/recheck.h"
#include "core/store_parts.h"
#include "tests/lib/blank.h"
#include "tests/lib/world.h"

static struct world w;
static struct world_member *ann, *ben, *pam; /* social work; health, involved with the child; police, which is not */
static struct hash child, doomed;            /* doomed: what is erased later */

static struct hash note(struct world_member *m, const char *name) {
  struct hash_hex c = hash_hex(&child);
  return world_record(&w, m,
                      WORLD_DRAFT("family.add", {"child", c.s}, {"relation", "family-member"},
                                  {"responsibilities", "no"}, {"name", name}));
}

static void involve(const struct hash *agency) {
  struct hash_hex c = hash_hex(&child), a = hash_hex(agency);
  world_record(&w, ann, WORLD_DRAFT("involvement.start", {"child", c.s}, {"agency", a.s}));
}

static void erase(const struct hash *id) {
  struct hash_hex e = hash_hex(id);
  world_record(&w, ann,
               WORLD_DRAFT("entry.erase", {"entry", e.s}, {"ground", "unlawful"}, {"reason", "about somebody else"}));
}

/* A document of three parts. */
static void document(struct world_member *m) {
  struct buf file = {0};
  struct hash_hex c = hash_hex(&child);
  uint8_t *at = buf_extend(&file, 2 * PARTS_PART_SIZE + 1000);
  for (size_t i = 0; i < file.len; i++)
    at[i] = (uint8_t)(i * 7 + (i >> 9));
  struct draft drafts[] = {WORLD_DRAFT("document.add", {"child", c.s}, {"title", "A plan"}, {"type", "chronology"}),
                           WORLD_DRAFT("document.file", {"child", c.s}, {"document", "@1"})};
  drafts[1].media = "application/pdf";
  drafts[1].file = buf_bytes(&file);
  struct verdict v;
  world_must(world_write(&w, m, drafts, 2, ACCEPT_WRITE, &v), "a document");
  assert_int_equal(v.code, VERDICT_ACCEPTED);
  buf_release(&file);
}

static void sync_everybody(void) {
  for (int i = 0; i < 3; i++) {
    world_sync(&w, ann);
    world_sync(&w, ben);
    world_sync(&w, pam);
  }
}

static int open_world(void **state) {
  (void)state;
  world_open(&w, 23);
  struct hash social_work = world_agency(&w, "Social Work", "social-work"),
              health = world_agency(&w, "Health", "health"), police = world_agency(&w, "Police", "police");
  ann = world_join(&w, &social_work, "Ann", "practitioner keeper officer");
  ben = world_join(&w, &health, "Ben", "practitioner");
  pam = world_join(&w, &police, "Pam", "practitioner");
  child = world_record(&w, ann, WORLD_DRAFT("child.add", {"name", "Isla Reid"}));
  involve(&health);
  doomed = note(ann, "Somebody Else");
  sync_everybody();
  return 0;
}

static int close_world(void **state) {
  (void)state;
  world_close(&w);
  return 0;
}

/* ---- the node as it was, and as it is ---- */

struct state {
  uint64_t size;
  struct hash root, views, feeds;
};

static struct hash digest_of(const char *statement) {
  struct query q;
  struct buf b = {0};
  query_start_once(&q, w.node.store->db, statement);
  while (query_row(&q))
    for (int i = 0; i < query_column_count(&q); i++)
      buf_string(&b, query_get(&q, i));
  world_must(query_end(&q), statement);
  struct hash h = hash_of(buf_bytes(&b));
  buf_release(&b);
  return h;
}

static struct state state_of_node(void) {
  struct state st = {.size = store_size(w.node.store)};
  world_must(store_tree_root(w.node.store, st.size, &st.root), "the root");
  world_must(store_views_digest(w.node.store, &st.views), "the views");
  st.feeds = digest_of("SELECT agency, place, op, number, digest FROM feed ORDER BY 1, 2");
  return st;
}

static void assert_same(const struct state *a, const struct state *b) {
  assert_int_equal(a->size, b->size);
  assert_true(hash_equal(&a->root, &b->root));
  assert_true(hash_equal(&a->views, &b->views));
  assert_true(hash_equal(&a->feeds, &b->feeds));
}

static void copy_file(const char *from, const char *to) {
  char part[65536];
  size_t n;
  FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
  assert_non_null(in);
  assert_non_null(out);
  while ((n = fread(part, 1, sizeof part, in)) > 0)
    assert_int_equal(fwrite(part, 1, n, out), n);
  fclose(in);
  fclose(out);
}

static const char *copy_path(void) {
  static char path[64];
  snprintf(path, sizeof path, "%s/copy.db", w.folder);
  return path;
}

static void back_up(void) {
  store_close(w.node.store);
  copy_file(w.path, copy_path());
  world_must(store_open(w.path, 0, &w.node.store), "the node's store");
  world_reopen_node(&w);
}

static void restore(void) {
  store_close(w.node.store);
  w.node.store = NULL;
  copy_file(copy_path(), w.path);
  world_must(store_open(w.path, 0, &w.node.store), "the node's store");
  world_reopen_node(&w);
}

/* Only the keys are left. */
static void lose(void) {
  struct hash ledger, id = key_id(w.operating);
  world_must(store_meta_hash(ann->store, "ledger", &ledger), "the ledger");
  store_close(w.node.store);
  w.node.store = NULL;
  remove(w.path);
  world_must(blank_store(w.path, &w.node.store), "a blank store");
  store_read_as(w.node.store, &(struct scope_recipient){.replica = id});
  world_must(store_begin(w.node.store), "beginning");
  world_must(store_meta_set(w.node.store, "ledger", hash_bytes(&ledger)), "beginning");
  world_must(recovery_begin(w.node.store), "beginning");
  world_must(store_commit(w.node.store), "beginning");
}

static enum err recover(struct world_member *m, struct recover_round *out) {
  struct recover_round r = {0};
  enum err e = OK;
  while (e == OK && !recover_is_done(&r)) {
    struct buf request = {0}, answer = {0};
    e = recover_next(&r, m->store, &request);
    if (e == OK && !recover_is_done(&r)) {
      e = recover_serve(&w.node, &m->replica, buf_bytes(&request), w.now_s, &answer);
      if (e == OK)
        e = recover_take(&r, m->store, buf_bytes(&answer));
    }
    buf_release(&request);
    buf_release(&answer);
  }
  if (out)
    *out = r;
  recover_round_release(&r);
  return e;
}

static void offer(struct world_member *m) {
  world_must(recover(m, NULL), "offering");
}

static struct recovery_status status(void) {
  struct recovery_status st;
  world_must(recovery_status(w.node.store, &st), "the status");
  return st;
}

static void found(void *of, const struct recheck_finding *f) {
  fprintf(stderr, "entry %u: %s\n", (unsigned)f->number, f->words);
  ++*(unsigned *)of;
}

static unsigned findings(struct store *s) {
  unsigned n = 0;
  struct recheck_result result;
  world_must(recheck_all(&(struct recheck){s, &n, found, NULL}, &result), "checking again");
  return n;
}

/* ---- from an old copy ---- */

static void copy_catches_up(void **state) {
  (void)state;
  struct recover_round r;
  back_up();
  note(ann, "An Aunt");
  note(ben, "An Uncle");
  document(ann);
  erase(&doomed);
  sync_everybody();
  struct state before = state_of_node();
  restore();
  assert_true(store_size(w.node.store) < before.size);
  struct hash offline = note(ben, "Written meanwhile");
  assert_int_equal(world_exchange(&w, ben, NULL), ERR_CHAIN); /* 409: the node hears of nothing */
  assert_false(recovery_is_on(w.node.store));
  world_must(recover(ben, &r), "offering");
  assert_true(r.is_on);
  assert_true(r.offered > 0);
  assert_int_equal(world_exchange(&w, pam, NULL), ERR_BUSY);
  assert_int_equal(recover_finish(&w.node), ERR_REFUSED); /* the police's and the social work's own are missing */
  offer(ann);
  offer(pam);
  assert_int_equal(status().missing, 0);
  assert_int_equal(status().machines, 3);
  world_must(recover_finish(&w.node), "the end");
  struct state after = state_of_node();
  assert_same(&before, &after);
  assert_false(recovery_has_lost(w.node.store));
  assert_int_equal(findings(w.node.store), 0);
  sync_everybody();
  struct record rec = {0};
  world_must(store_find(w.node.store, &offline, &rec), "what was written meanwhile");
  record_release(&rec);
  world_must(store_find(w.node.store, &doomed, &rec), "what was erased");
  assert_true(rec.is_erased);
  assert_false(rec.has_content);
  record_release(&rec);
  assert_int_equal(findings(ann->store), 0);
}

/* ---- from nothing ---- */

static void nothing_but_replicas(void **state) {
  (void)state;
  note(ann, "An Aunt");
  document(ben);
  sync_everybody();
  erase(&doomed);
  sync_everybody();
  struct state before = state_of_node();
  lose();
  offer(pam);
  offer(ben);
  assert_true(status().missing > 0);
  offer(ann);
  struct recovery_status st = status();
  assert_int_equal(st.goal, before.size);
  if (st.missing == 0) {
    world_must(recover_finish(&w.node), "the end");
    struct state after = state_of_node();
    assert_int_equal(before.size, after.size);
    assert_true(hash_equal(&before.root, &after.root));
    assert_true(hash_equal(&before.feeds, &after.feeds));
    assert_true(hash_equal(&before.views, &after.views));
  } else {
    fail_msg("missing %u", (unsigned)st.missing);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(copy_catches_up, open_world, close_world),
      cmocka_unit_test_setup_teardown(nothing_but_replicas, open_world, close_world),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
