/* Documents that are handed to people: the page and the text say the same, and nothing that somebody wrote gets out of
 * its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/sheet.h"

static void make(struct sheet *p, const char *value) {
  sheet_begin(p, bytes_str("Minute <of> a \"meeting\" & 'more'"));
  sheet_paragraph(p, "For everybody.");
  sheet_heading(p, 2, bytes_str("Children"));
  sheet_field(p, "Name", bytes_str(value));
  sheet_field(p, "Nothing", bytes_of(NULL, 0));
  sheet_break(p);
  sheet_field(p, "Name", bytes_str("Second"));
  sheet_heading(p, 3, bytes_str("Deeper"));
  sheet_heading(p, 2, bytes_str("Again"));
}

static size_t count_of(const char *text, const char *what) {
  size_t n = 0;
  for (const char *at = text; (at = strstr(at, what)); at++)
    n++;
  return n;
}

static void test_page(void **state) {
  struct sheet p;
  (void)state;
  make(&p, "Isla");
  assert_int_equal(sheet_end(&p), OK);
  const char *html = buf_cstr(&p.html);
  assert_int_equal(strncmp(html, "<!DOCTYPE html>\n<html lang=\"en-GB\">\n", 35), 0);
  assert_string_equal(html + strlen(html) - 8, "</html>\n");
  assert_int_equal(count_of(html, "<h1>"), 1);
  assert_int_equal(count_of(html, "<title>"), 1);
  assert_int_equal(count_of(html, "<dl>"), 2);
  assert_int_equal(count_of(html, "</dl>"), 2);
  assert_non_null(strstr(html, "@media print"));
  assert_null(strstr(html, "Nothing"));
  assert_null(strstr(html, "href"));
  assert_null(strstr(html, "src="));
  assert_null(strstr(html, "<script"));
  assert_null(strstr(html, "http:"));
  assert_string_equal(buf_cstr(&p.text), "Minute <of> a \"meeting\" & 'more'\n"
                                         "================================\n\nFor everybody.\n\nChildren\n--------\n\n"
                                         "Name:\n    Isla\n\nName:\n    Second\n\nDeeper\n......\n\nAgain\n-----\n");
  sheet_release(&p);
}

static const struct {
  const char *what, *value, *in_html, *in_text;
} cases[] = {
    {"markup", "<b>&\"'", "<dd>&lt;b&gt;&amp;&quot;&#39;</dd>", "\n    <b>&\"'\n"},
    {"the end of a comment", "--> </dd>", "--&gt; &lt;/dd&gt;", "\n    --> </dd>\n"},
    {"lines of its own", "one\nDecisions\n---------", "one\nDecisions\n", "\n    one\n    Decisions\n    ---------\n"},
    {"an empty line", "one\n\ntwo", "one\n\ntwo", "\n    one\n\n    two\n"},
    {"what turns the direction of writing",
     "a\xe2\x80\xae"
     "b\xe2\x81\xa6"
     "c",
     "<dd>a\xef\xbf\xbd"
     "b\xef\xbf\xbd"
     "c</dd>",
     "    a\xef\xbf\xbd"
     "b\xef\xbf\xbd"
     "c\n"},
    {"a control character", "a\rb\x1b[1m",
     "<dd>a\xef\xbf\xbd"
     "b\xef\xbf\xbd[1m</dd>",
     "    a\xef\xbf\xbd"
     "b\xef\xbf\xbd[1m\n"},
    {"letters of other languages", "Ùna \xe2\x80\x9cx\xe2\x80\x9d", "<dd>Ùna \xe2\x80\x9cx\xe2\x80\x9d</dd>",
     "    Ùna \xe2\x80\x9cx\xe2\x80\x9d\n"},
    {"a long line is broken between words",
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbbbbbbbbbbb cccccc", "",
     "a bbbbbbbbbbbbbbbbbbbbbbbbbbbbb\n    cccccc\n"},
};

static void test_what_people_write_stays_in_its_place(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct sheet p;
    make(&p, cases[i].value);
    assert_int_equal(sheet_end(&p), OK);
    if (strstr(buf_cstr(&p.html), cases[i].in_html) == NULL)
      fail_msg("%s: %s", cases[i].what, buf_cstr(&p.html));
    if (strstr(buf_cstr(&p.text), cases[i].in_text) == NULL)
      fail_msg("%s: %s", cases[i].what, buf_cstr(&p.text));
    sheet_release(&p);
  }
}

static void test_limit(void **state) {
  struct sheet p;
  char big[10001];
  (void)state;
  memset(big, 'x', 10000);
  big[10000] = '\0';
  sheet_begin(&p, bytes_str("t"));
  for (int i = 0; i < 21; i++)
    sheet_field(&p, "f", bytes_str(big));
  assert_int_equal(sheet_end(&p), ERR_LIMIT);
  sheet_release(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_page),
      cmocka_unit_test(test_what_people_write_stays_in_its_place),
      cmocka_unit_test(test_limit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
