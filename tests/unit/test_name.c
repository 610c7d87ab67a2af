#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/name.h"

static void words(void **state) {
  static const struct {
    const char *name, *words;
  } cases[] = {
      {"Isla Reid", "isla reid"},
      {"  Isla   REID ", "isla reid"},
      {"O'Neil-MacDonald, Seán", "oneil macdonald sean"},
      {"Zoë Łukasiewicz", "zoe lukasiewicz"},
      {"Ægir Ðóra Þór Strauß", "aegir dora thor strauss"},
      {"D\xe2\x80\x99"
       "Arcy",
       "darcy"},
      {"St. John", "st john"},
      {"", ""},
      {" - ", ""},
      {"\xc3", ""},
      {"a b c d e f g h i j k l m n o p q r", "a b c d e f g h i j k l m n o p"},
      {"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeee", "aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct name_words w;
    char all[NAME_WORDS_MAX * (NAME_WORD_MAX + 1) + 1] = "";
    size_t len = strlen(cases[i].name);
    uint8_t *exact = mem_alloc(len + 1);
    memcpy(exact, cases[i].name, len);
    name_split(bytes_of(exact, len), &w);
    for (size_t k = 0; k < w.count; k++)
      snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", k ? " " : "", w.words[k]);
    if (strcmp(all, cases[i].words) != 0)
      fail_msg("\"%s\" gives \"%s\"", cases[i].name, all);
    free(exact);
  }
}

/* Alike: the same key. Unlike: another one. */
static void sounds(void **state) {
  static const char *const alike[][2] = {
      {"stephen", "steven"},   {"catherine", "kathryn"},   {"niamh", "neve"},
      {"macleod", "mcleod"},   {"sean", "shaun"},          {"sean", "shawn"},
      {"smith", "smyth"},      {"reid", "reed"},           {"reid", "read"},
      {"philip", "filip"},     {"wright", "right"},        {"knox", "nox"},
      {"iain", "ian"},         {"euan", "ewan"},           {"siobhan", "shevaun"},
      {"geoffrey", "jeffrey"}, {"christine", "christina"}, {"mohammed", "muhammad"},
      {"thomson", "tomson"},   {"clark", "klark"},         {"graeme", "graham"},
      {"ruaridh", "rory"},     {"lesley", "leslie"},       {"eilidh", "aylee"},
      {"sara", "sarah"},       {"aimee", "amy"},           {"jordan", "jordyn"},
      {"kaylee", "kayleigh"},
  };
  static const char *const unlike[][2] = {{"isla", "ava"},    {"reid", "muir"}, {"john", "jack"},
                                          {"smith", "jones"}, {"emma", "anna"}, {"lennox", "knox"}};
  (void)state;
  for (size_t i = 0; i < sizeof alike / sizeof *alike; i++)
    if (strcmp(name_sounds(alike[i][0]).key, name_sounds(alike[i][1]).key) != 0)
      fail_msg("%s (%s) and %s (%s) sound alike", alike[i][0], name_sounds(alike[i][0]).key, alike[i][1],
               name_sounds(alike[i][1]).key);
  for (size_t i = 0; i < sizeof unlike / sizeof *unlike; i++)
    if (strcmp(name_sounds(unlike[i][0]).key, name_sounds(unlike[i][1]).key) == 0)
      fail_msg("%s and %s do not sound alike", unlike[i][0], unlike[i][1]);
  assert_string_equal(name_sounds("").key, "");
}

static void distance(void **state) {
  static const struct {
    const char *a, *b;
    unsigned limit, distance;
  } cases[] = {
      {"reid", "reid", 2, 0},      {"reid", "ried", 2, 1}, {"reid", "red", 2, 1},  {"reid", "reids", 2, 1},
      {"reid", "raid", 2, 1},      {"reid", "rodi", 2, 2}, {"reid", "muir", 2, 3}, {"", "ab", 2, 2},
      {"", "abc", 2, 3},           {"", "", 0, 0},         {"a", "b", 0, 1},       {"lennox", "lenox", 1, 1},
      {"lennox", "lennoxx", 1, 1},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    unsigned d = name_distance(cases[i].a, cases[i].b, cases[i].limit);
    if (d != cases[i].distance || name_distance(cases[i].b, cases[i].a, cases[i].limit) != d)
      fail_msg("%s, %s: %u", cases[i].a, cases[i].b, d);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(words),
      cmocka_unit_test(sounds),
      cmocka_unit_test(distance),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
