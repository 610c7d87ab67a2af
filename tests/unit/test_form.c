/* Forms that people fill in: what is read from them, what is refused with which line, and that a form can be read back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/form.h"
#include "cli/home.h"

/* Read from a copy of exactly its size; what was filled in, joined by "|"; NULL: refused. */
static char *fill_in(const char *kind, const char *text, enum err *e_out) {
  struct form form = {0};
  struct buf all = {0};
  size_t len = strlen(text);
  char *exact = mem_alloc(len + 1);
  memcpy(exact, text, len);
  *e_out = form_read(kind_find(bytes_str(kind)), bytes_of(exact, len), &form);
  for (size_t i = 0; i < form.line.count; i++)
    buf_addf(&all, "%s%s=%s", i ? "|" : "", form.line.values[i].name, form.line.values[i].value);
  char *copy = bytes_copy_string(buf_bytes(&all));
  buf_release(&all);
  form_release(&form);
  free(exact);
  return copy;
}

static void reads(void **state) {
  static const struct {
    const char *what, *text, *filled;
  } cases[] = {
      {"fields", "name: Isla Reid\nborn: 1 Mar 2019\n", "name=Isla Reid|born=1 Mar 2019"},
      {"no line end at the end", "name: Isla", "name=Isla"},
      {"lines as Windows ends them", "name: Isla\r\nborn: today\r\n", "name=Isla|born=today"},
      {"comments and empty fields", "# name: x\nname: Isla\nborn:\n\n  \n# end", "name=Isla"},
      {"a text of several lines", "name: one\n  two\n  three\nborn: today\n", "name=one\ntwo\nthree|born=today"},
      {"a text that begins on the next line", "name:\n  Isla\n", "name=Isla"},
      {"repeated", "alias: A\nalias: B\n", "alias=A|alias=B"},
      {"colons in the value", "name: a: b:c\n", "name=a: b:c"},
      {"spaces around", "  name :   Isla  \n", "name=Isla"},
      {"nothing", "", ""},
      {"JSON", "{\"name\":\"Isla\",\"alias\":[\"A\",\"B\"]}", "name=Isla|alias=A|alias=B"},
      {"JSON behind white space", "  {\"name\":\"x\"}", "name=x"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    enum err e;
    char *filled = fill_in("child.add", cases[i].text, &e);
    if (e != OK || strcmp(filled, cases[i].filled) != 0)
      fail_msg("%s: %s; \"%s\"", cases[i].what, err_text(e), filled);
    free(filled);
  }
}

static void refuses(void **state) {
  static const struct {
    const char *what, *text, *words;
    enum err e;
  } cases[] = {
      {"no colon", "name: x\nnonsense\n", "line 2", ERR_USAGE},
      {"a field of another kind", "risk: high\n", "\"risk\" is not a field of child.add", ERR_USAGE},
      {"a value before any field", "  x\n", "line 1", ERR_USAGE},
      {"bytes that are no text", "name: \xff\n", "UTF-8", ERR_USAGE},
      {"JSON in JSON", "{\"name\":{}}", "\"name\" must be", ERR_USAGE},
      {"JSON: truth", "{\"name\":true}", "\"name\" must be", ERR_USAGE},
      {"JSON: a list in a list", "{\"alias\":[[\"x\"]]}", "\"alias\" must be", ERR_USAGE},
      {"JSON: another kind's field", "{\"risk\":\"x\"}", "\"risk\" is not a field", ERR_USAGE},
      {"JSON: cut", "{\"name\":\"x\"", "", ERR_FORM},
      {"JSON: twice the same", "{\"name\":\"x\",\"name\":\"y\"}", "", ERR_FORM},
      {"JSON: more behind it", "{\"name\":\"x\"} {}", "", ERR_FORM},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    enum err e;
    char *filled = fill_in("child.add", cases[i].text, &e);
    if (e != cases[i].e || strstr(err_words(e), cases[i].words) == NULL)
      fail_msg("%s: %s: %s", cases[i].what, err_text(e), err_words(e));
    free(filled);
  }
}

static void has_a_limit(void **state) {
  struct buf text = {0};
  enum err e;
  (void)state;
  for (size_t i = 0; i < 1024; i++)
    buf_add_str(&text, "alias: x\n");
  free(fill_in("child.add", buf_cstr(&text), &e));
  assert_int_equal(e, OK);
  buf_add_str(&text, "alias: x\n");
  free(fill_in("child.add", buf_cstr(&text), &e));
  assert_int_equal(e, ERR_LIMIT);
  buf_release(&text);
}

/* A form of each kind is read back as nothing filled in; with something behind each field, as just that. */
static void prints_what_it_reads(void **state) {
  const struct kind *k;
  (void)state;
  for (size_t i = 0; (k = kind_at(i)); i++) {
    struct buf form = {0}, filled = {0}, expected = {0};
    struct bytes rest, line;
    enum err e;
    form_print(k, &form);
    char *values = fill_in(k->name, buf_cstr(&form), &e);
    if (e != OK || values[0])
      fail_msg("%s: an empty form is read as \"%s\" (%s)", k->name, values, err_words(e));
    free(values);
    rest = buf_bytes(&form);
    while (text_split(&rest, '\n', &line)) {
      buf_add(&filled, line);
      if (line.len && line.at[0] != '#') {
        buf_addf(&filled, " value\n  and more");
        buf_addf(&expected, "%s%.*s=value\nand more", expected.len ? "|" : "", (int)line.len - 1,
                 (const char *)line.at);
      }
      buf_add_str(&filled, "\n");
    }
    values = fill_in(k->name, buf_cstr(&filled), &e);
    if (e != OK || strcmp(values, expected.len ? buf_cstr(&expected) : "") != 0)
      fail_msg("%s: a form that was filled in is read as \"%s\"", k->name, values);
    free(values);
    buf_release(&form);
    buf_release(&filled);
    buf_release(&expected);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads),
      cmocka_unit_test(refuses),
      cmocka_unit_test(has_a_limit),
      cmocka_unit_test(prints_what_it_reads),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
