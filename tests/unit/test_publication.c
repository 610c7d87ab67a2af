/* What the node keeps about its published ledger: finished commits, which nothing changes, and its mirrors. */
#include "core/publication.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "audit/url.h"
#include "cli/noded.h"
#include "core/store_parts.h"
#include "tests/lib/handover.h"

static struct world w;

static int open_world(void **state) {
  (void)state;
  world_open(&w, 5);
  return 0;
}

static int close_world(void **state) {
  (void)state;
  world_close(&w);
  return 0;
}

static int close_published(void **state) {
  struct buf path = {0};
  folder_remove_all(folder_path(&path, w.folder, NODED_LEDGER));
  buf_release(&path);
  return close_world(state);
}

static void test_commits_are_kept_once(void **state) {
  struct store *s = w.node.store;
  uint64_t size = store_size(s), found;
  struct buf out = {0};
  (void)state;
  assert_int_equal(publication_find(s, 0, &found, &out), ERR_ABSENT);
  assert_int_equal(publication_keep(s, 0, size, bytes_str("tree a")), OK);
  assert_int_equal(publication_keep(s, 0, size, bytes_str("tree b")), ERR_HAD);
  assert_int_equal(publication_find(s, 0, &found, &out), OK);
  assert_int_equal(found, size);
  assert_string_equal(buf_cstr(&out), "tree a");
  assert_int_not_equal(publication_keep(s, 1, size + 100, bytes_str("tree c")), OK); /* no such checkpoint */
  buf_release(&out);
}

static void test_mirrors(void **state) {
  struct store *s = w.node.store;
  struct mirror all[MIRRORS_MAX], none = {.url = "/nothing", .state = MIRROR_APART};
  size_t count = 9;
  char url[MIRROR_URL_MAX + 2];
  (void)state;
  assert_int_equal(mirror_list(s, all, &count), OK);
  assert_int_equal(count, 0);
  assert_int_equal(mirror_add(s, "/b", ""), OK);
  assert_int_equal(mirror_add(s, "/b", ""), ERR_HAD);
  assert_int_equal(mirror_add(s, "/a", "/file"), OK);
  assert_int_equal(mirror_list(s, all, &count), OK);
  assert_int_equal(count, 2);
  assert_string_equal(all[0].url, "/a");
  assert_int_equal(all[0].state, MIRROR_NEW);
  assert_string_equal(all[0].credentials, "/file");
  all[0].state = MIRROR_APART;
  all[0].at_s = 17;
  all[0].size = 4;
  snprintf(all[0].words, sizeof all[0].words, "why");
  assert_int_equal(mirror_mark(s, &all[0]), OK);
  assert_int_equal(mirror_mark(s, &none), OK); /* removed meanwhile */
  assert_int_equal(mirror_list(s, all, &count), OK);
  assert_int_equal(count, 2);
  assert_true(all[0].state == MIRROR_APART && all[0].at_s == 17 && all[0].size == 4);
  assert_string_equal(all[0].words, "why");
  assert_int_equal(mirror_remove(s, "/a"), OK);
  assert_int_equal(mirror_remove(s, "/a"), ERR_ABSENT);
  memset(url, 'x', sizeof url - 1);
  url[sizeof url - 1] = '\0';
  assert_int_equal(mirror_add(s, url, ""), ERR_LIMIT);
  for (int i = 1; i < MIRRORS_MAX; i++) {
    snprintf(url, sizeof url, "/%d", i);
    assert_int_equal(mirror_add(s, url, ""), OK);
  }
  assert_int_equal(mirror_add(s, "/one-too-many", ""), ERR_LIMIT);
}

static void test_passwords_are_not_shown(void **state) {
  static const struct {
    const char *url, *shown;
  } cases[] = {
      {"/srv/mirror.git", "/srv/mirror.git"},
      {"https://host/a.git", "https://host/a.git"},
      {"https://token@host/a.git", "https://***@host/a.git"},
      {"https://me:secret@host/a.git", "https://***@host/a.git"},
      {"https://me:sec@ret@host/a.git", "https://***@host/a.git"},
      {"https://host/a@b.git", "https://host/a@b.git"},
      {"git@host:a.git", "git@host:a.git"},
      {"ssh://git@host/a.git", "ssh://git@host/a.git"},
      {"ssh://git:x@host/a.git", "ssh://***@host/a.git"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct buf b = {0};
    url_show(&b, cases[i].url);
    assert_string_equal(buf_cstr(&b), cases[i].shown);
    buf_add_str(&b, " ");
    url_hide(&b, cases[i].url, cases[i].url);
    assert_string_equal(buf_cstr(&b) + strlen(cases[i].shown) + 1, cases[i].shown);
    buf_release(&b);
  }
}

static void test_no_password_is_taken(void **state) {
  static const struct {
    const char *url;
    bool is_good, is_open;
  } cases[] = {
      {"/srv/mirror.git", true, false},
      {"https://host/a.git", true, false},
      {"ssh://git@host/a.git", true, false},
      {"https://host/a@b:c.git", true, false},
      {"http://host/a.git", true, true},
      {"git://host/a.git", true, true},
      {"git@host:a.git", true, false},
      {"https://token@host/a.git", false, false},
      {"ssh://me:secret@host/a", false, false},
      {"https://me:sec@ret@host/a.git", false, false},
      {"http://me:x@host", false, true},
      {"", false, false},
      {"-x", false, false},
      {"/a\nb", false, false},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    if ((url_check(cases[i].url) == OK) != cases[i].is_good || url_is_open(cases[i].url) != cases[i].is_open)
      fail_msg("%s", cases[i].url);
}

static void test_where_no_folder_is(void **state) {
  static const struct {
    const char *url, *words; /* NULL: it is there, or on no path of this machine */
  } cases[] = {
      {"/", NULL},
      {"file:///", NULL},
      {".", NULL},
      {"https://nowhere.example/a.git", NULL},
      {"git@nowhere.example:a.git", NULL},
      {"/nowhere/a.git", "there is no folder \"/nowhere/a.git\""},
      {"file:///nowhere/a.git", "there is no folder \"/nowhere/a.git\""},
      {"/nowhere/a:b.git", "there is no folder \"/nowhere/a:b.git\""},
      {"./nowhere:a", "there is no folder \"./nowhere:a\""},
      {"nowhere.example/a.git", "there is no folder \"nowhere.example/a.git\""},
      {"/dev/null", "\"/dev/null\" is not a folder"},
      {"/dev/null/a.git", "there is no folder \"/dev/null/a.git\""},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    enum err e = url_check_folder(cases[i].url);
    if (e != (cases[i].words ? ERR_NETWORK : OK))
      fail_msg("%s", cases[i].url);
    if (cases[i].words)
      assert_string_equal(err_words(e), cases[i].words);
  }
}

static uint64_t kept_size(uint64_t number) {
  struct buf ignored = {0};
  uint64_t size = 0;
  publication_find(w.node.store, number, &size, &ignored);
  buf_release(&ignored);
  return size;
}

/* As the serving node does after all that has happened in a second. */
static uint64_t publish(void) {
  struct noded n = {.store = w.node.store, .ledger = w.ledger, .exchange = w.node};
  uint64_t size = 0;
  world_must(noded_publish(&n, w.folder, &size), "publishing");
  assert_int_equal(size, store_size(w.node.store));
  return size;
}

/* Nobody knows yet whether a machine will hear of it. */
static void test_handover_is_published(void **state) {
  struct former first, second;
  (void)state;
  const uint64_t begun = publish();
  const uint64_t handed_over = handover_turn(&w, TURN_LEDGER, &first);
  world_agency(&w, "Health Board", "health");
  const uint64_t size = publish();
  assert_int_equal(kept_size(0), begun);
  assert_int_equal(kept_size(1), handed_over);
  assert_int_equal(kept_size(2), size);
  /* Once; and where its checkpoint is nowhere, the ledger is published without it. */
  const uint64_t again = handover_turn(&w, TURN_LEDGER, &second);
  world_agency(&w, "Police", "police");
  world_must(db_exec(w.node.store->db, "DROP TRIGGER checkpoint_kept; "
                                       "DELETE FROM checkpoint WHERE size = (SELECT max(number) FROM node_key)"),
             "a checkpoint that is gone");
  assert_int_equal(publish(), again + 1);
  assert_int_equal(kept_size(3), again + 1);
  former_release(&first);
  former_release(&second);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_commits_are_kept_once, open_world, close_world),
      cmocka_unit_test_setup_teardown(test_mirrors, open_world, close_world),
      cmocka_unit_test(test_passwords_are_not_shown),
      cmocka_unit_test(test_no_password_is_taken),
      cmocka_unit_test(test_where_no_folder_is),
      cmocka_unit_test_setup_teardown(test_handover_is_published, open_world, close_published),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
