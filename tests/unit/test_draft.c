/* Drafts read from a record in JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/draft.h"
#include "core/profile.h"

static char *read_back(const char *kind, const char *json, enum err *e_out) {
  struct draft_read d = {0};
  struct buf all = {0};
  size_t len = strlen(json);
  char *exact = mem_alloc(len + 1);
  memcpy(exact, json, len);
  *e_out = draft_read(kind_find(bytes_str(kind)), bytes_of(exact, len), &d);
  free(exact); /* what was read borrows nothing from it */
  for (size_t i = 0; *e_out == OK && i < d.draft.count; i++)
    buf_addf(&all, "%s%s=%s", i ? "|" : "", d.draft.values[i].name, d.draft.values[i].value);
  char *copy = bytes_copy_string(buf_bytes(&all));
  buf_release(&all);
  if (*e_out == OK)
    draft_read_release(&d);
  return copy;
}

static void reads(void **state) {
  static const struct {
    const char *what, *kind, *json, *values, *words;
    enum err e;
  } cases[] = {
      {"text", "child.add", "{\"name\":\"Isla\",\"born\":\"2019-03-01\"}", "name=Isla|born=2019-03-01", NULL, OK},
      {"a list", "child.add", "{\"name\":\"Isla\",\"alias\":[\"A\",\"B\"]}", "name=Isla|alias=A|alias=B", NULL, OK},
      {"a whole number", "profile.adopt", "{\"notice\":5}", "notice=5", NULL, OK},
      {"a large number", "profile.adopt", "{\"notice\":9007199254740993}", "notice=9007199254740993", NULL, OK},
      {"nothing", "child.add", "{}", "", NULL, OK},
      {"no field", "child.add", "{\"shoe-size\":\"3\"}", "", "\"shoe-size\" is not a field", ERR_FORM},
      {"null", "child.add", "{\"name\":null}", "", "\"name\" must be", ERR_FORM},
      {"truth", "child.add", "{\"name\":true}", "", "\"name\" must be", ERR_FORM},
      {"a record", "child.add", "{\"name\":{\"a\":\"b\"}}", "", "\"name\" must be", ERR_FORM},
      {"a list of lists", "child.add", "{\"alias\":[[\"A\"]]}", "", "\"alias\" must be", ERR_FORM},
      {"after some that are good", "child.add", "{\"alias\":[\"A\",\"B\",null]}", "", "\"alias\" must be", ERR_FORM},
      {"a fraction", "profile.adopt", "{\"notice\":1.5}", "", "\"notice\" must be", ERR_FORM},
      {"no record", "child.add", "[\"name\"]", "", NULL, ERR_FORM},
      {"not JSON", "child.add", "name: Isla", "", NULL, ERR_FORM},
      {"nothing at all", "child.add", "", "", NULL, ERR_FORM},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    enum err e;
    char *values = read_back(cases[i].kind, cases[i].json, &e);
    if (e != cases[i].e || strcmp(values, cases[i].values) != 0 ||
        (cases[i].words && strstr(err_words(e), cases[i].words) == NULL))
      fail_msg("%s: %s: %s; \"%s\"", cases[i].what, err_text(e), err_words(e), values);
    free(values);
  }
}

static void has_a_limit(void **state) {
  struct buf json = {0};
  enum err e;
  (void)state;
  buf_add_str(&json, "{\"alias\":[\"x\"");
  for (size_t i = 1; i < DRAFT_VALUES_MAX; i++)
    buf_add_str(&json, ",\"x\"");
  size_t most = json.len;
  buf_add_str(&json, "]}");
  free(read_back("child.add", buf_cstr(&json), &e));
  assert_int_equal(e, OK);
  json.len = most;
  buf_add_str(&json, ",\"x\"]}");
  free(read_back("child.add", buf_cstr(&json), &e));
  assert_int_equal(e, ERR_LIMIT);
  buf_release(&json);
}

static void reads_the_profiles(void **state) {
  size_t count = 0;
  (void)state;
  for (const struct profile_file *f = profile_files; f->name; f++, count++) {
    enum err e;
    free(read_back("profile.adopt", f->text, &e));
    if (e != OK)
      fail_msg("%s: %s", f->name, err_words(e));
  }
  assert_int_equal(count, 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(reads), cmocka_unit_test(has_a_limit),
                                     cmocka_unit_test(reads_the_profiles)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
