/* The rows that a rebuild reads ahead are those that the log has, in its order, each read as it would be alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/store_parts.h"
#include "tests/lib/world.h"

#define CHILDREN 150 /* some batches, and a part of one */

static struct world w;
static struct world_member *ann;

static int set_up(void **state) {
  static char names[CHILDREN][24];
  static struct draft drafts[CHILDREN];
  static struct draft_value values[CHILDREN];
  (void)state;
  world_open(&w, 27);
  struct hash agency = world_agency(&w, "Social Work", "social-work");
  ann = world_join(&w, &agency, "Ann Reid", "practitioner");
  for (size_t i = 0; i < CHILDREN; i++) {
    snprintf(names[i], sizeof names[i], "Child %zu Reid", i);
    values[i] = (struct draft_value){"name", names[i]};
    drafts[i] = (struct draft){.kind = kind_find(bytes_str("child.add")), .values = &values[i], .count = 1};
  }
  struct verdict v;
  assert_int_equal(world_write(&w, ann, drafts, CHILDREN, ACCEPT_WRITE, &v), OK);
  assert_int_equal(v.code, VERDICT_ACCEPTED);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  world_close(&w);
  return 0;
}

struct seen {
  struct hash all; /* of what every row said, in order */
  size_t count, whole;
  size_t stop_at; /* 0: never */
};

static enum err see(void *of, struct view_row *r) {
  struct seen *seen = of;
  struct buf name = {0};
  if (r->json)
    json_write(&name, r->json);
  const struct bytes parts[] = {hash_bytes(&seen->all),
                                bytes_of(&r->number, sizeof r->number),
                                hash_bytes(&r->entry.id),
                                r->entry.kind,
                                r->admitted,
                                hash_bytes(&r->object),
                                bytes_of(&r->act, sizeof r->act),
                                hash_bytes(&r->act_id),
                                buf_bytes(&name)};
  seen->all = hash_of_parts(parts, sizeof parts / sizeof *parts);
  seen->whole += r->is_whole;
  buf_release(&name);
  return ++seen->count == seen->stop_at ? ERR_LIMIT : OK;
}

static const struct {
  const char *what, *sql;
  enum err expected;
  size_t spoiled;
} cases[] = {
    {"the log as it is", VIEW_ROW "ORDER BY e.number", OK, 0},
    {"contents that are no JSON, of another form, gone",
     "SELECT e.number, e.header, CASE e.number % 5 WHEN 0 THEN x'7b' WHEN 1 THEN x'7b7d' WHEN 2 THEN NULL "
     "ELSE c.bytes END, a.admitted, coalesce(e.object, e.id), a.first, a.id FROM entry e JOIN act a ON a.first = e.act "
     "LEFT JOIN content c ON c.number = e.number WHERE e.kind = 'child.add' ORDER BY e.number",
     OK, CHILDREN / 5 * 3},
    {"a header that cannot be read",
     "SELECT e.number, CASE e.number % 1024 WHEN 100 THEN x'41' ELSE e.header END, c.bytes, a.admitted, e.id, a.first, "
     "a.id FROM entry e JOIN act a ON a.first = e.act LEFT JOIN content c ON c.number = e.number ORDER BY e.number",
     ERR_FORM, 0},
    {"nothing", VIEW_ROW "WHERE e.number < 0", OK, 0},
};

static enum err see_all(const char *sql, struct seen *seen,
                        enum err (*walk)(struct query *q, void *of, enum err (*each)(void *of, struct view_row *r))) {
  struct query q;
  query_start_once(&q, ann->store->db, sql);
  return walk(&q, seen, see);
}

static void read_ahead_as_alone(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct seen alone = {0}, many = {0};
    char words[256];
    print_message("%s\n", cases[i].what);
    assert_int_equal(see_all(cases[i].sql, &alone, view_rows_each), cases[i].expected);
    snprintf(words, sizeof words, "%s", cases[i].expected == OK ? "" : err_words(cases[i].expected));
    err_set(ERR_IO, "something else");
    assert_int_equal(see_all(cases[i].sql, &many, view_rows_each_of_many), cases[i].expected);
    if (cases[i].expected != OK)
      assert_string_equal(err_words(cases[i].expected), words);
    assert_int_equal(many.count, alone.count);
    assert_int_equal(many.whole, alone.whole);
    assert_memory_equal(&many.all, &alone.all, sizeof alone.all);
    if (cases[i].spoiled)
      assert_int_equal(many.whole, CHILDREN - cases[i].spoiled);
  }
}

static void an_error_ends_it(void **state) {
  (void)state;
  for (size_t at = 1; at < CHILDREN; at += 31) {
    struct seen seen = {.stop_at = at};
    assert_int_equal(see_all(cases[0].sql, &seen, view_rows_each_of_many), ERR_LIMIT);
    assert_int_equal(seen.count, at);
  }
}

/* What a rebuild makes of them is what was there. */
static void the_views_are_the_same(void **state) {
  (void)state;
  world_check_views(ann->store, "pending");
  world_sync(&w, ann);
  world_check_views(ann->store, "accepted");
}

/* A statement's parameters are those of the kind that it is for, whoever else has the same one. */
static void a_plan_is_of_one_kind(void **state) {
  static const char statement[] = "SELECT :id, :born_on, :born_on_id";
  static const struct field content[] = {{.name = "born-on", .place = IN_CONTENT}, {0}};
  static const struct field key[] = {
      {.name = "born-on-id", .place = IN_FACT}, {.name = "born-on", .place = IN_KEY}, {0}};
  static const struct field hashed[] = {{.name = "born-on", .place = IN_KEY}, {0}};
  static const struct kind kinds[] = {{.fields = content}, {.fields = key}, {.fields = hashed}};
  static const struct view_bound expected[][2] = {
      {{PARAM_FIELD, &content[0]}, {0}},
      {{PARAM_FIELD, &key[1]}, {PARAM_FIELD, &key[0]}},
      {{PARAM_FIELD, &hashed[0]}, {PARAM_FIELD_ID, &hashed[0]}},
  };
  (void)state;
  for (size_t i = 0; i < 6; i++) {
    const size_t k = i % 3;
    struct query q;
    query_start(&q, ann->store->db, k == 0 ? "SELECT :id, :born_on" : statement);
    const struct view_plan *p = view_plan_of(ann->store, &kinds[k], statement, &q);
    assert_int_equal(query_end(&q), OK);
    assert_int_equal(p->count, k == 0 ? 2 : 3);
    assert_int_equal(p->at[1].what, PARAM_ID);
    for (int n = 0; n + 1 < p->count; n++) {
      assert_int_equal(p->at[2 + n].what, expected[k][n].what);
      assert_ptr_equal(p->at[2 + n].field, expected[k][n].field);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(read_ahead_as_alone),
      cmocka_unit_test(an_error_ends_it),
      cmocka_unit_test(the_views_are_the_same),
      cmocka_unit_test(a_plan_is_of_one_kind),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
