/* Feeds, told by hand: who is sent what when an agency's involvement begins, ends and begins again; acts of which a
 * part comes earlier than the rest; what is erased; what machines sign. The model test is test_history.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/erasure.h"
#include "core/store_parts.h"
#include "tests/lib/faultvfs.h"
#include "tests/lib/files.h"
#include "tests/lib/world.h"

static struct world w;
static struct world_member *anna, *hana, *petra, *keeper;
static struct hash social_work, health, police;

static int open_world(void **state) {
  (void)state;
  world_open(&w, 7);
  social_work = world_agency(&w, "Social Work", "social-work");
  health = world_agency(&w, "Health", "health");
  police = world_agency(&w, "Police", "police");
  anna = world_join(&w, &social_work, "Anna", "practitioner");
  keeper = world_join(&w, &social_work, "Kirsty", "keeper practitioner");
  hana = world_join(&w, &health, "Hana", "practitioner");
  petra = world_join(&w, &police, "Petra", "practitioner");
  return 0;
}

static int close_world(void **state) {
  (void)state;
  world_close(&w);
  return 0;
}

static struct hash add_child(const char *name) {
  return world_record(&w, anna, WORLD_DRAFT("child.add", {"name", name}));
}

static struct hash involve(const struct hash *child, const struct hash *agency) {
  struct hash_hex c = hash_hex(child), a = hash_hex(agency);
  return world_record(&w, anna, WORLD_DRAFT("involvement.start", {"child", c.s}, {"agency", a.s}));
}

static void end_involvement(const struct hash *child, const struct hash *involvement) {
  struct hash_hex c = hash_hex(child), i = hash_hex(involvement);
  world_record(&w, anna, WORLD_DRAFT("involvement.end", {"child", c.s}, {"involvement", i.s}, {"reason", "over"}));
}

static struct hash add_family(struct world_member *m, const struct hash *a, const struct hash *b, const char *name) {
  struct hash_hex one = hash_hex(a), two = hash_hex(b);
  struct draft_value values[] = {
      {"child", one.s}, {"relation", "father"}, {"responsibilities", "yes"}, {"name", name}, {"child", two.s}};
  return world_record(&w, m, world_draft("family.add", values, hash_equal(a, b) ? 4 : 5));
}

static bool sees(struct world_member *m, const struct hash *id) {
  struct record r = {0};
  bool is = store_find(m->store, id, &r) == OK;
  record_release(&r);
  return is;
}

static void read_files(const char *path, struct buf *out) {
  static const char *const suffixes[] = {"", "-wal", "-shm"};
  buf_init(out, (size_t)64 << 20);
  for (size_t i = 0; i < 3; i++) {
    char name[128];
    uint8_t part[65536];
    size_t n;
    snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
    FILE *f = fopen(name, "rb");
    while (f && (n = fread(part, 1, sizeof part, f)) > 0)
      buf_add(out, bytes_of(part, n));
    if (f)
      fclose(f);
  }
}

static bool is_in_files(const char *path, const char *word) {
  struct buf files = {0};
  read_files(path, &files);
  bool is = memmem(files.at, files.len, word, strlen(word)) != NULL;
  buf_release(&files);
  return is;
}

static size_t count_facts(const char *kind) {
  struct query q;
  query_start_once(&q, w.node.store->db, "SELECT count(*) FROM entry WHERE kind = ?1");
  query_text(&q, 1, bytes_str(kind));
  assert_true(query_row(&q));
  size_t count = (size_t)query_get_int(&q, 0);
  assert_int_equal(query_end(&q), OK);
  return count;
}

/* An agency that begins to work with a child gets what was recorded before; when it ends, all of it goes but for what
 * it wrote itself; and comes again. */
static void gained_lost_regained(void **state) {
  (void)state;
  struct hash child = add_child("Ava Wilkinson"), father = add_family(anna, &child, &child, "Fergus Wilkinson");
  world_sync(&w, anna);
  world_sync(&w, hana);
  assert_false(sees(hana, &child));
  assert_false(is_in_files(hana->path, "Wilkinson"));
  for (int round = 0; round < 3; round++) {
    struct hash involvement = involve(&child, &health);
    size_t grown = count_facts("scope.grow"), shrunk = count_facts("scope.shrink");
    world_sync(&w, anna);
    assert_int_equal(count_facts("scope.grow"), grown + 1);
    world_sync(&w, hana);
    assert_true(sees(hana, &child) && sees(hana, &father));
    world_check_views(hana->store, "views");
    struct hash own = add_family(hana, &child, &child, "Hana's note");
    world_sync(&w, hana);
    struct hash unsent = add_family(hana, &child, &child, "Hana's next");
    end_involvement(&child, &involvement);
    world_sync(&w, anna);
    assert_int_equal(count_facts("scope.shrink"), shrunk + 1);
    struct exchange_report report = {0};
    assert_int_equal(world_exchange(&w, hana, &report), OK);
    assert_true(report.withdrawn > 0);
    assert_false(sees(hana, &child) || sees(hana, &father));
    assert_true(sees(hana, &own) && sees(hana, &unsent));
    assert_false(is_in_files(hana->path, "Wilkinson"));
    world_check_views(hana->store, "views");
    world_sync(&w, hana); /* what was not sent is accepted all the same: it was known then */
    assert_int_equal(store_outbox_count(hana->store, NULL), 0);
    world_sync(&w, anna);
    assert_true(sees(anna, &unsent));
  }
}

/* Would the node's answer have these words in it? */
static bool is_sent(struct world_member *m, const char *words) {
  struct exchange_replica r = {m->store, m->replica_key, w.now_s};
  struct buf request = {0}, answer = {0};
  size_t sent;
  buf_init(&answer, MSG_ANSWER_MAX);
  assert_int_equal(exchange_request(&r, &request, &sent), OK);
  assert_int_equal(exchange_answer(&w.node, &m->replica, buf_bytes(&request), w.now_s, &answer), OK);
  bool is = memmem(answer.at, answer.len, words, strlen(words)) != NULL;
  buf_release(&request);
  buf_release(&answer);
  return is;
}

/* All of that while the machine was away: it is sent what holds in the end, and of the rest nothing but numbers. */
static void passed_over(void **state) {
  (void)state;
  struct hash child = add_child("Bo Passmore");
  struct hash involvement = involve(&child, &police);
  world_sync(&w, anna);
  end_involvement(&child, &involvement);
  world_sync(&w, anna);
  assert_false(is_sent(petra, "Passmore"));
  world_sync(&w, petra);
  assert_false(is_in_files(petra->path, "Passmore"));
  assert_false(sees(petra, &child));
  involve(&child, &police);
  world_sync(&w, anna);
  assert_true(is_sent(petra, "Passmore"));
  world_sync(&w, petra);
  assert_true(sees(petra, &child));
  world_check_views(petra->store, "views");
}

/* An act about two children: first the part about one of them, then the rest, without and with the act's first entry.
 */
static void act_in_parts(void **state) {
  (void)state;
  for (int order = 0; order < 2; order++) {
    struct draft two[] = {WORLD_DRAFT("child.add", {"name", "Cal"}), WORLD_DRAFT("child.add", {"name", "Dee"})};
    struct verdict v;
    struct hash children[2];
    struct act_record whole = {0}, here = {0};
    uint64_t first;
    assert_int_equal(world_write(&w, anna, two, 2, ACCEPT_WRITE, &v), OK);
    for (size_t i = 0; i < 2; i++)
      assert_int_equal(author_id_of(anna->store, v.first + i, &children[i]), OK);
    involve(&children[order], &health);
    world_sync(&w, anna);
    world_sync(&w, hana);
    assert_true(sees(hana, &children[order]));
    assert_false(sees(hana, &children[1 - order]));
    assert_int_equal(store_find_act_id(hana->store, &v.act, &first), OK);
    assert_int_equal(store_find_act(hana->store, first, &here), OK);
    assert_int_equal(here.count, 1);
    assert_int_equal(hash_is_zero(&here.position.replica), order == 1);
    act_record_release(&here);
    involve(&children[1 - order], &health);
    world_sync(&w, anna);
    world_sync(&w, hana);
    assert_true(sees(hana, &children[1 - order]));
    assert_int_equal(store_find_act(hana->store, first, &here), OK);
    assert_int_equal(store_find_act(w.node.store, first, &whole), OK);
    assert_int_equal(here.count, 2);
    assert_true(hash_equal(&here.position.replica, &whole.position.replica));
    assert_int_equal(here.position.number, whole.position.number);
    assert_int_equal(act_verify(&here.text, anna->key, buf_bytes(&here.signature)), OK);
    act_record_release(&here);
    act_record_release(&whole);
    world_check_views(hana->store, "views");
  }
}

/* Half-siblings: what names both goes only to those who work with both. */
static void siblings(void **state) {
  (void)state;
  struct hash eve = add_child("Eve"), finn = add_child("Finn"), father = add_family(anna, &eve, &finn, "Father of two");
  involve(&eve, &health);
  world_sync(&w, anna);
  world_sync(&w, hana);
  assert_true(sees(hana, &eve));
  assert_false(sees(hana, &finn) || sees(hana, &father));
  involve(&finn, &health);
  world_sync(&w, anna);
  world_sync(&w, hana);
  assert_true(sees(hana, &finn) && sees(hana, &father));
}

/* ---- erasure ---- */

struct looked {
  struct hash entry;
  uint64_t machines, confirmed;
};

static enum err look(void *of, const struct erasure_row *row) {
  struct looked *l = of;
  if (hash_equal(&row->entry, &l->entry)) {
    l->machines = row->machine_count;
    l->confirmed = row->confirmed_count;
  }
  return OK;
}

static struct looked look_at(struct world_member *m, const struct hash *entry) {
  struct looked l = {.entry = *entry};
  assert_int_equal(erasure_each(m->store, &l, look), OK);
  return l;
}

/* The content goes from every file, the node's and the author's included; each machine signs; the ledger still checks.
 */
static void erased_everywhere(void **state) {
  (void)state;
  struct hash child = add_child("Gil");
  involve(&child, &health);
  struct hash note = add_family(anna, &child, &child, "Zebediah Quartermain");
  world_sync(&w, anna);
  world_sync(&w, hana);
  world_sync(&w, keeper);
  assert_true(is_in_files(hana->path, "Quartermain") && is_in_files(w.path, "Quartermain"));
  struct hash_hex id = hash_hex(&note);
  struct draft erase =
      WORLD_DRAFT("entry.erase", {"entry", id.s}, {"ground", "unlawful"}, {"reason", "about somebody else"});
  struct verdict v;
  assert_int_equal(world_write(&w, anna, &erase, 1, ACCEPT_WRITE, &v), OK);
  assert_int_equal(v.code, VERDICT_REFUSED); /* by the keeper alone */
  world_record(&w, keeper, erase);
  assert_true(sees(keeper, &note));
  world_sync(&w, keeper);
  assert_true(feed_needs_scrub(w.node.store));
  assert_int_equal(feed_scrub(w.node.store), OK);
  assert_false(is_in_files(w.path, "Quartermain"));
  assert_int_equal(look_at(keeper, &note).confirmed, 0);
  struct world_member *const all[] = {anna, keeper, hana};
  for (size_t round = 0; round < 2; round++) /* once to hear of it, once to sign */
    for (size_t i = 0; i < 3; i++)
      world_sync(&w, all[i]);
  for (size_t i = 0; i < 3; i++) {
    struct record r = {0};
    assert_false(is_in_files(all[i]->path, "Quartermain"));
    assert_int_equal(store_find(all[i]->store, &note, &r), OK); /* its header is there, and says so */
    assert_true(r.is_erased && !r.has_content);
    record_release(&r);
    world_check_views(all[i]->store, "views");
  }
  world_sync(&w, keeper);
  struct looked l = look_at(keeper, &note);
  assert_int_equal(l.machines, 3);
  assert_int_equal(l.confirmed, 3);
  involve(&child, &police); /* who comes later gets the header */
  world_sync(&w, anna);
  world_sync(&w, petra);
  struct record r = {0};
  assert_int_equal(store_find(petra->store, &note, &r), OK);
  assert_true(r.is_erased);
  record_release(&r);
  world_check_views(petra->store, "views");
}

/* What is deleted and not yet out of the file when the machine goes down is out of it before anything is signed. */
static void goes_down_before_the_file_is_clean(void **state) {
  (void)state;
  struct hash child = add_child("Hal Underhill"), involvement = involve(&child, &health);
  world_sync(&w, anna);
  world_sync(&w, hana);
  end_involvement(&child, &involvement);
  world_sync(&w, anna);
  struct exchange_replica r = {hana->store, hana->replica_key};
  struct buf request = {0};
  size_t sent;
  uint64_t number = 0;
  struct query q;
  query_start_once(&q, hana->store->db, "SELECT number FROM entry WHERE id = ?1");
  query_blob(&q, 1, hash_bytes(&child));
  if (query_row(&q))
    number = (uint64_t)query_get_int(&q, 0);
  assert_int_equal(query_end(&q), OK);
  assert_int_equal(store_begin(hana->store), OK);
  assert_int_equal(feed_forget(hana->store, number, FEED_WITHDRAW), OK);
  assert_int_equal(store_commit(hana->store), OK);
  world_reopen(hana);
  r.store = hana->store;
  assert_true(feed_needs_scrub(hana->store));
  assert_int_equal(exchange_request(&r, &request, &sent), OK);
  assert_false(feed_needs_scrub(hana->store));
  assert_false(is_in_files(hana->path, "Underhill"));
  buf_release(&request);
  world_sync(&w, hana);
}

/* Why an act of one's own was refused may have named what is taken back. */
static void words_of_a_refusal(void **state) {
  (void)state;
  struct hash child = add_child("Jo Penhaligon"), involvement = involve(&child, &health);
  struct hash_hex c = hash_hex(&child);
  struct draft note = WORLD_DRAFT("whereabouts.record", {"child", c.s}, {"state", "known"}, {"on", "2026-11-21"});
  struct verdict v;
  world_sync(&w, anna);
  world_sync(&w, hana);
  assert_int_equal(world_write(&w, hana, &note, 1, ACCEPT_WRITE_ANYWAY, &v), OK);
  assert_int_equal(store_begin(hana->store), OK);
  assert_int_equal(store_outbox_mark(hana->store, &v.act, "refused", "R-001", "broken: Jo Penhaligon", "mend it"), OK);
  assert_int_equal(store_commit(hana->store), OK);
  end_involvement(&child, &involvement);
  world_sync(&w, anna);
  world_sync(&w, hana);
  assert_false(is_in_files(hana->path, "Penhaligon"));
  assert_int_equal(store_outbox_count(hana->store, "refused"), 1);
}

/* A machine that was away for all of it receives an entry once, as it is now: two leaves of a number prove nothing. */
static void given_twice_and_erased(void **state) {
  (void)state;
  struct hash child = add_child("Ivy"), note = add_family(anna, &child, &child, "Ximena Thornbury");
  for (int i = 0; i < 2; i++) {
    struct hash involvement = involve(&child, &police);
    world_sync(&w, anna);
    if (i == 0)
      end_involvement(&child, &involvement);
    world_sync(&w, anna);
  }
  struct hash_hex id = hash_hex(&note);
  world_sync(&w, keeper);
  world_record(&w, keeper,
               WORLD_DRAFT("entry.erase", {"entry", id.s}, {"ground", "unlawful"}, {"reason", "about somebody else"}));
  world_sync(&w, keeper);
  world_sync(&w, petra);
  struct record r = {0};
  assert_int_equal(store_find(petra->store, &note, &r), OK);
  assert_true(r.is_erased);
  assert_true(sees(petra, &child));
  record_release(&r);
  world_check_views(petra->store, "views");
}

/* A node that lost what it took back, and that is to be held again, says so, and does not withhold it. */
static void taken_back_and_lost(void **state) {
  (void)state;
  struct hash child = add_child("Kit");
  struct hash involvement = involve(&child, &police);
  struct record r = {0};
  uint64_t lost = 0;
  world_sync(&w, anna);
  world_sync(&w, petra);
  end_involvement(&child, &involvement);
  world_sync(&w, anna);
  world_sync(&w, petra);
  assert_false(sees(petra, &child));
  assert_int_equal(store_find(w.node.store, &child, &r), OK);
  assert_int_equal(store_begin(petra->store), OK);
  assert_int_equal(feed_note(petra->store, FEED_DELIVER, r.number), OK);
  assert_int_equal(feed_check_whole(petra->store), ERR_PROOF);
  assert_int_equal(feed_lose(petra->store, r.number, &lost), OK);
  assert_int_equal(lost, 1);
  assert_int_equal(feed_check_whole(petra->store), OK);
  store_rollback(petra->store);
  record_release(&r);
}

/* ---- interrupted ---- */

static void keep_or_bring_back(struct world_member *m, bool keep) {
  static const char *const suffixes[] = {"", "-wal"};
  store_close(m->store);
  m->store = NULL;
  for (size_t i = 0; i < 2; i++) {
    char there[128], kept[128];
    snprintf(there, sizeof there, "%s%s", m->path, suffixes[i]);
    snprintf(kept, sizeof kept, "%s.kept%s", m->path, suffixes[i]);
    files_copy(keep ? there : kept, keep ? kept : there);
  }
  assert_int_equal(store_open(m->path, 0, &m->store), OK);
  store_read_as(m->store, &(struct scope_recipient){.replica = m->replica});
}

/* The disk fails while something is taken back, at every write: it is either still there, as before, or gone, and then
 * out of the file before the machine signs anything. */
static void interrupted(void **state) {
  (void)state;
  struct hash child = add_child("Iain Thornbury"), involvement = involve(&child, &health);
  struct buf request = {0}, answer = {0};
  size_t sent, gone = 0, there = 0;
  bool has_failed = true;
  world_sync(&w, anna);
  world_sync(&w, hana);
  end_involvement(&child, &involvement);
  world_sync(&w, anna);
  struct exchange_replica r = {hana->store, hana->replica_key, w.now_s};
  buf_init(&answer, MSG_ANSWER_MAX);
  assert_int_equal(exchange_request(&r, &request, &sent), OK);
  assert_int_equal(exchange_answer(&w.node, &hana->replica, buf_bytes(&request), w.now_s, &answer), OK);
  keep_or_bring_back(hana, true);
  for (size_t n = 1; has_failed; n += n < 40 ? 1 : n / 8) {
    struct exchange_report report = {0};
    struct buf next = {0};
    keep_or_bring_back(hana, false);
    r.store = hana->store;
    faultvfs_arm(FAULTVFS_DEAD, n);
    exchange_take(&r, buf_bytes(&answer), &report);
    store_close(hana->store);
    has_failed = faultvfs_disarm();
    assert_int_equal(store_open(hana->path, 0, &hana->store), OK);
    store_read_as(hana->store, &(struct scope_recipient){.replica = hana->replica});
    r.store = hana->store;
    world_check_views(hana->store, "views");
    assert_int_equal(exchange_request(&r, &next, &sent), OK);
    if (is_in_files(hana->path, "Thornbury") != sees(hana, &child))
      fail_msg("write %zu: what is seen is not what is in the file", n);
    there += sees(hana, &child);
    gone += !sees(hana, &child);
    buf_release(&next);
  }
  assert_true(there > 0 && gone > 1);
  world_sync(&w, hana);
  assert_false(sees(hana, &child));
  buf_release(&request);
  buf_release(&answer);
}

int main(void) {
  faultvfs_install();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(gained_lost_regained),
      cmocka_unit_test(passed_over),
      cmocka_unit_test(act_in_parts),
      cmocka_unit_test(siblings),
      cmocka_unit_test(erased_everywhere),
      cmocka_unit_test(goes_down_before_the_file_is_clean),
      cmocka_unit_test(interrupted),
      cmocka_unit_test(words_of_a_refusal),
      cmocka_unit_test(given_twice_and_erased),
      cmocka_unit_test(taken_back_and_lost),
  };
  return cmocka_run_group_tests(tests, open_world, close_world);
}
