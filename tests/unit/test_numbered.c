/* An act that was written here gets its number: its rows in the views go by the new one where nothing else about them
 * can have changed, and are made again where it can; and either way they are those that a rebuild makes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/store_parts.h"
#include "tests/lib/world.h"

static struct world w;
static struct world_member *ann;

static int set_up(void **state) {
  (void)state;
  world_open(&w, 21);
  struct hash agency = world_agency(&w, "Social Work", "social-work");
  ann = world_join(&w, &agency, "Ann Reid", "chair practitioner");
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  world_close(&w);
  return 0;
}

static void check_views(const char *what) {
  struct hash kept, rebuilt;
  assert_int_equal(store_views_digest(ann->store, &kept), OK);
  assert_int_equal(store_begin(ann->store), OK);
  assert_int_equal(store_rebuild(ann->store), OK);
  assert_int_equal(store_views_digest(ann->store, &rebuilt), OK);
  store_rollback(ann->store);
  if (!hash_equal(&kept, &rebuilt))
    fail_msg("%s: the views are not those that a rebuild makes", what);
}

/* What a statement with an object says; -1 if nothing. */
static int64_t ask(const char *sql, const struct hash *object) {
  struct query q;
  query_start(&q, ann->store->db, sql);
  query_blob(&q, 1, hash_bytes(object));
  int64_t n = query_row(&q) ? query_get_int(&q, 0) : -1;
  assert_int_equal(query_end(&q), OK);
  return n;
}

static int64_t number_of(const struct hash *object) {
  return ask("SELECT number FROM child WHERE object = ?1", object);
}

/* A row that is made again is the table's newest. */
static int64_t row_of(const struct hash *object) {
  return ask("SELECT rowid FROM child WHERE object = ?1", object);
}

static struct hash add_child(const char *name) {
  return world_record(&w, ann, WORLD_DRAFT("child.add", {"name", name}));
}

static void rows_stay(void **state) {
  (void)state;
  struct hash ava = add_child("Ava Reid"), ben = add_child("Ben Reid");
  int64_t row = row_of(&ava);
  assert_true(number_of(&ava) >= (int64_t)STORE_PENDING);
  world_sync(&w, ann);
  assert_int_equal(number_of(&ava), (int64_t)store_size(w.node.store) - 1);
  assert_int_equal(number_of(&ben), (int64_t)store_size(w.node.store));
  assert_int_equal(row_of(&ava), row);
  assert_true(row_of(&ava) < row_of(&ben));
  check_views("two children");
}

/* What was said of the child since, and is not sent yet, still comes last. */
static void what_came_later_is_kept(void **state) {
  (void)state;
  struct exchange_report report = {0};
  struct buf request = {0}, answer = {0};
  struct exchange_replica r = {ann->store, ann->replica_key, w.now_s};
  size_t sent;
  struct hash ava = add_child("Ava Reid"), ben = add_child("Ben Reid");
  struct hash_hex id = hash_hex(&ava);
  world_must(exchange_request(&r, &request, &sent), "a request");
  world_must(exchange_answer(&w.node, &ann->replica, buf_bytes(&request), w.now_s, &answer), "an answer");
  world_record(&w, ann, WORLD_DRAFT("child.change", {"child", id.s}, {"address", "1 Mill Lane"}));
  world_must(exchange_take(&r, buf_bytes(&answer), &report), "taking it");
  assert_int_equal(report.accepted, 2);
  assert_true(number_of(&ava) < (int64_t)STORE_PENDING && number_of(&ben) < (int64_t)STORE_PENDING);
  assert_int_equal(ask("SELECT address = '1 Mill Lane' FROM child WHERE object = ?1", &ava), 1);
  check_views("a change that waits");
  world_sync(&w, ann);
  check_views("a change that was sent");
  buf_release(&request);
  buf_release(&answer);
}

/* The act comes back without its content, which was erased everywhere before the receipt was here. */
static void what_was_erased_goes(void **state) {
  (void)state;
  struct hash ava = add_child("Ava Reid");
  struct act_record a = {0};
  struct verdict v;
  struct text_time now = text_time_format(w.now_s);
  assert_int_equal(store_find_act(ann->store, STORE_PENDING, &a), OK);
  struct act_entry erased = record_act_entry(&a.entries[0]);
  erased.is_erased = true;
  erased.content = bytes_of(NULL, 0);
  const struct accept_act in = {.how = ACCEPT_TAKE,
                                .entries = &erased,
                                .count = 1,
                                .size = 1,
                                .signature = buf_bytes(&a.signature),
                                .replica = a.position.replica,
                                .position = a.position.number,
                                .previous = a.position.previous,
                                .first = store_size(w.node.store) + 1,
                                .admitted = bytes_of(now.s, TEXT_TIME_SIZE)};
  assert_int_equal(store_begin(ann->store), OK);
  assert_int_equal(accept_act(ann->store, &in, &v), OK);
  assert_int_equal(store_commit(ann->store), OK);
  assert_int_equal(number_of(&ava), -1);
  check_views("erased");
  act_record_release(&a);
}

/* Kinds whose rows depend on more than their own fields and number have none that could stay. */
static void of_plain_kinds_only(void **state) {
  static const char *const plain[] = {"child.add", "decision.record"};
  const struct kind *k;
  size_t count = 0;
  (void)state;
  for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
    if (view_table_renumber(ann->store, kind_find(bytes_str(plain[i]))) == NULL)
      fail_msg("%s", plain[i]);
  for (size_t i = 0; (k = kind_at(i)); i++) {
    if (view_table_renumber(ann->store, k) == NULL)
      continue;
    count++;
    if (k->object || k->project[1] || strstr(k->project[0], "SELECT") || strstr(k->project[0], ":admitted") ||
        strstr(k->project[0], "CONFLICT") || strstr(k->project[0], "||"))
      fail_msg("%s: %s", k->name, k->project[0]);
  }
  assert_true(count >= 10);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(rows_stay, set_up, tear_down),
      cmocka_unit_test_setup_teardown(what_came_later_is_kept, set_up, tear_down),
      cmocka_unit_test_setup_teardown(what_was_erased_goes, set_up, tear_down),
      cmocka_unit_test_setup_teardown(of_plain_kinds_only, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
