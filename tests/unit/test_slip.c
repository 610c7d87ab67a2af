/* What is found in a family copy of the items that its approver can open, and what they say about it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/slip.h"

#define COPY                                                                                                           \
  "Mary Reid and the children.\n  They moved to 14 maryhill rd last week.\n  Isla Reid likes P\xc3\xa9t\xc3\xa9.\n"    \
  "  Ring 01414960123, not 0141 496 0124.\n"

static struct hash item_of(const char *name) {
  return hash_of(bytes_str(name));
}

static enum err add(struct slip *s, const char *name, const char *content) {
  struct json *j = NULL;
  struct hash id = item_of(name);
  assert_int_equal(json_parse_record(bytes_str(content), &j), OK);
  enum err e = slip_add_item(s, &id, j);
  json_free(j);
  return e;
}

static struct slip *found(void) {
  static const struct scan_text texts[] = {{"the minute", {(const uint8_t *)COPY, sizeof COPY - 1}}};
  struct slip *s = slip_new();
  assert_int_equal(
      add(s, "one",
          "{\"address\":[\"14 Maryhill Road, Glasgow\"],\"category\":\"at-risk\",\"name\":[\"James Reid\"],"
          "\"what\":\"He is to be rung on 0141 496 0123 only, G20 7TH\"}"),
      OK);
  assert_int_equal(slip_search(s, texts, 1), OK);
  return s;
}

static void hits_are_shown_with_what_stands_around_them(void **state) {
  static const struct {
    const char *before, *said, *after;
    enum scan_kind kind;
    enum scan_how how;
  } lines[] = {
      {"Mary ", "Reid", " and the children.", SCAN_NAME, SCAN_PART},
      {"  They moved to ", "14 maryhill rd", " last week.", SCAN_ADDRESS, SCAN_FORMAT},
      {"  Isla ", "Reid", " likes P\xc3\xa9t\xc3\xa9.", SCAN_NAME, SCAN_PART},
      {"  Ring ", "01414960123", ", not 0141 496 0124.", SCAN_TELEPHONE, SCAN_FORMAT},
  };
  struct slip *s = found();
  struct hash one = item_of("one");
  (void)state;
  assert_int_equal(s->hit_count, 4);
  for (size_t i = 0; i < 4; i++) {
    const struct slip_hit *hit = &s->hits[i];
    assert_string_equal(hit->where, "the minute");
    assert_int_equal(hit->line, i + 1);
    assert_true(bytes_equal_str(hit->before, lines[i].before) && bytes_equal_str(hit->said, lines[i].said) &&
                bytes_equal_str(hit->after, lines[i].after));
    assert_int_equal(hit->kind, lines[i].kind);
    assert_int_equal(hit->how, lines[i].how);
    assert_true(hash_equal(&hit->item, &one));
  }
  assert_int_equal(s->value_count, 4);
  slip_free(s);
}

static void each_hit_is_mended_or_explained(void **state) {
  struct slip *s = found();
  const struct scan_text mended = {"the minute", bytes_str("Isla Reid likes him.")};
  char reason[SLIP_REASON_MAX + 2];
  (void)state;
  assert_int_equal(slip_remaining(s), 4);
  assert_int_equal(slip_explain(s, bytes_str("Reid"), bytes_str("")), ERR_FORM);
  assert_int_equal(slip_explain(s, bytes_str("Reid"), bytes_str(" \n.")), ERR_FORM);
  assert_int_equal(slip_explain(s, bytes_str("Muir"), bytes_str("x")), ERR_ABSENT);
  assert_int_equal(slip_explain(s, bytes_str(""), bytes_str("x")), ERR_ABSENT);
  memset(reason, 'x', sizeof reason);
  assert_int_equal(slip_explain(s, bytes_str("Reid"), bytes_of(reason, SLIP_REASON_MAX + 1)), ERR_LIMIT);
  assert_int_equal(slip_remaining(s), 4);
  assert_int_equal(slip_explain(s, bytes_str("REID"), bytes_str("the children's own surname")), OK);
  assert_int_equal(slip_remaining(s), 2);
  assert_string_equal(s->hits[0].reason, "the children's own surname");
  assert_null(s->hits[1].reason);
  assert_int_equal(slip_explain(s, bytes_str("14 Maryhill  Road"), bytes_str("they know it")), OK);
  assert_false(slip_is_clear(s));
  assert_int_equal(slip_explain(s, bytes_str("01414960123"), bytes_str("their own")), OK);
  assert_true(slip_is_clear(s));
  /* The copy is composed anew: what was explained before does not stand for what is found now. */
  assert_int_equal(slip_search(s, &mended, 1), OK);
  assert_int_equal(slip_remaining(s), 1);
  assert_int_equal(slip_search(s, NULL, 0), OK);
  assert_true(slip_is_clear(s));
  slip_free(s);
}

static void what_cannot_be_searched_is_said(void **state) {
  struct slip *s = slip_new();
  struct buf content = {0}, text = {0};
  (void)state;
  assert_int_equal(add(s, "one", "{\"other\":[\"7\",\"?!\",\"Rowan\"],\"what\":\"x\"}"), OK);
  assert_int_equal(add(s, "two", "{\"other\":[\"Rowan\"],\"what\":\"x\"}"), OK);
  assert_int_equal(s->value_count, 1);
  assert_int_equal(s->unsearched_count, 2);
  /* Too many: nothing of the item is taken, and the caller is told. */
  buf_add_str(&content, "{\"name\":[\"aaa\"");
  for (size_t i = 0; i < SCAN_VALUES_MAX; i++)
    buf_addf(&content, ",\"name %zu\"", i);
  buf_add_str(&content, "]}");
  assert_int_equal(add(s, "three", buf_cstr(&content)), ERR_LIMIT);
  assert_int_equal(s->value_count, 1);
  /* More hits than are listed cannot be explained away. */
  for (size_t i = 0; i <= SCAN_HITS_MAX; i++)
    buf_add_str(&text, "Rowan\n");
  const struct scan_text many = {"x", buf_bytes(&text)};
  assert_int_equal(slip_search(s, &many, 1), OK);
  assert_int_equal(slip_explain(s, bytes_str("Rowan"), bytes_str("a tree")), OK);
  assert_int_equal(slip_remaining(s), 0);
  assert_false(slip_is_clear(s));
  buf_release(&content);
  buf_release(&text);
  slip_free(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(hits_are_shown_with_what_stands_around_them),
      cmocka_unit_test(each_hit_is_mended_or_explained),
      cmocka_unit_test(what_cannot_be_searched_is_said),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
