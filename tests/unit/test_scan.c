/* The search for restricted values in text that is about to go out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/scan.h"

#define ADDRESS "Flat 2/1, 14 Maryhill Road, Glasgow G20 7TH"
#define EDINBURGH "23 Gallowgate, Edinburgh"
#define ANY SCAN_PART + 1 /* how, whatever it is */

struct found {
  enum scan_kind kind;
  const char *value, *text, *hit; /* hit: what is found first, as it is written there; NULL: nothing at all */
  int how;
};

static const struct found written[] = {
    /* as it is, and other forms */
    {SCAN_OTHER, "the Rowan Group", "She goes to the Rowan Group now.", "the Rowan Group", SCAN_EXACT},
    {SCAN_OTHER, "the Rowan Group", "THE  ROWAN-GROUP", "THE  ROWAN-GROUP", SCAN_FORMAT},
    {SCAN_OTHER, "the Rowan Group", "the Rowan\nGroup", "the Rowan\nGroup", SCAN_FORMAT},
    {SCAN_OTHER, "the Rowan Group", "the Rowann Group", "the Rowann Group", SCAN_SPELLING},
    {SCAN_OTHER, "Café Zoë", "at cafe zoe", "cafe zoe", SCAN_FORMAT},
    {SCAN_OTHER, "Cafe Zoe", "at Cafe\xcc\x81 Zoe\xcc\x88.", "Cafe\xcc\x81 Zoe", SCAN_FORMAT},
    {SCAN_OTHER, "Rowan Group", "Rowan\xc2\xa0Group", "Rowan\xc2\xa0Group", SCAN_FORMAT},
    {SCAN_OTHER, "Rowan Group", "Ro\xc2\xadwan Group", "Ro\xc2\xadwan Group", SCAN_FORMAT},
    {SCAN_OTHER, "Rowan Group", "\xef\xbc\xb2owan Group", "\xef\xbc\xb2owan Group", SCAN_FORMAT},
    {SCAN_OTHER, "Rowan Group",
     "Row\xff\xfe"
     "an Group",
     "Row\xff\xfe"
     "an Group",
     SCAN_FORMAT},
    {SCAN_OTHER, "\xd8\xb3\xd8\xa7\xd8\xb1\xd8\xa9", "is \xd8\xb3\xd8\xa7\xd8\xb1\xd8\xa9.",
     "\xd8\xb3\xd8\xa7\xd8\xb1\xd8\xa9", SCAN_EXACT},
    /* addresses */
    {SCAN_ADDRESS, ADDRESS, "She lives at " ADDRESS " now", ADDRESS, SCAN_EXACT},
    {SCAN_ADDRESS, ADDRESS, "at 14 Maryhill Road with", "14 Maryhill Road", ANY},
    {SCAN_ADDRESS, ADDRESS, "at 14 Maryhill Rd.", "14 Maryhill Rd", SCAN_FORMAT},
    {SCAN_ADDRESS, ADDRESS, "at 14, maryhill\nrd", "14, maryhill\nrd", SCAN_FORMAT},
    {SCAN_ADDRESS, ADDRESS, "14 MARYHILL ROAD (flat 2/1)", "14 MARYHILL ROAD", SCAN_FORMAT},
    {SCAN_ADDRESS, ADDRESS, "14/2/1 Maryhill Road", "14/2/1 Maryhill Road", SCAN_FORMAT},
    {SCAN_ADDRESS, ADDRESS, "14 Mary-hill Road", "14 Mary-hill Road", SCAN_FORMAT},
    {SCAN_ADDRESS, ADDRESS, "14 Maryhil Road", "14 Maryhil Road", SCAN_SPELLING},
    {SCAN_ADDRESS, ADDRESS, "14 Maryhlil Rd", "14 Maryhlil Rd", SCAN_SPELLING},
    {SCAN_ADDRESS, ADDRESS, "moved to Maryhill Road", "Maryhill Road", SCAN_PART},
    {SCAN_ADDRESS, ADDRESS, "moved to Marihill Rd", "Marihill Rd", SCAN_PART},
    {SCAN_ADDRESS, ADDRESS, "14 Maryhill", "14 Maryhill", SCAN_PART},
    {SCAN_ADDRESS, ADDRESS, "in g207th", "g207th", SCAN_FORMAT},
    {SCAN_ADDRESS, "14 Maryhill Road Glasgow", "at 14 Maryhill Rd", "14 Maryhill Rd", SCAN_FORMAT},
    {SCAN_ADDRESS, "14 Maryhill Road\nGlasgow", "at 14 Maryhill Rd", "14 Maryhill Rd", SCAN_FORMAT},
    {SCAN_ADDRESS, "14A St Andrew's Street, Ayr", "at 14a Saint Andrews St", "14a Saint Andrews St", SCAN_FORMAT},
    {SCAN_ADDRESS, "14A St Andrew's Street, Ayr", "at 14 st. andrews street", "14 st. andrews street", SCAN_FORMAT},
    {SCAN_ADDRESS, "3 Rose Cres, Ayr", "3 Rose Crescent", "3 Rose Crescent", SCAN_FORMAT},
    {SCAN_ADDRESS, "3 Rose Place, Ayr", "3 Rose Pl", "3 Rose Pl", SCAN_FORMAT},
    {SCAN_ADDRESS, "3 Rose Terr, Ayr", "3 Rose Terrace", "3 Rose Terrace", SCAN_FORMAT},
    {SCAN_ADDRESS, "3 Rose Ct, Ayr", "3 Rose Court", "3 Rose Court", SCAN_FORMAT},
    {SCAN_ADDRESS, "3 Rose Gardens, Ayr", "3 Rose Gdns", "3 Rose Gdns", SCAN_FORMAT},
    {SCAN_ADDRESS, "3 Rose Avenue, Ayr", "3 Rose Ave", "3 Rose Ave", SCAN_FORMAT},
    {SCAN_ADDRESS, "3 North Rose Avenue, Ayr", "3 N. Rose Av", "3 N. Rose Av", SCAN_FORMAT},
    {SCAN_ADDRESS, "1st floor, 3 Rose Drive, Ayr", "3 Rose Dr", "3 Rose Dr", SCAN_FORMAT},
    {SCAN_ADDRESS, EDINBURGH, "outside 23 Gallowgate", "23 Gallowgate", ANY},
    {SCAN_ADDRESS, EDINBURGH, "outside 23 Galowgate", "23 Galowgate", SCAN_SPELLING},
    {SCAN_ADDRESS, "Rowan Cottage, Kirk Lane, Torrance", "in rowan cottage", "rowan cottage", SCAN_FORMAT},
    {SCAN_ADDRESS, "Rowan Cottage, Kirk Lane, Torrance", "in Rowen Cottage", "Rowen Cottage", SCAN_SPELLING},
    {SCAN_ADDRESS, "Rowan Cottage, Kirk Lane, Torrance", "up Kirk Ln", "Kirk Ln", SCAN_PART},
    {SCAN_ADDRESS, "Braeside, Torrance", "back in Braeside", "Braeside", SCAN_PART},
    {SCAN_ADDRESS, "Torrance", "in Torrance", "Torrance", SCAN_EXACT},
    /* postcodes */
    {SCAN_POSTCODE, "G20 7TH", "G20 7TH", "G20 7TH", SCAN_EXACT},
    {SCAN_POSTCODE, "G20 7TH", "g20 7th", "g20 7th", SCAN_FORMAT},
    {SCAN_POSTCODE, "G20 7TH", "(G207TH)", "G207TH", SCAN_FORMAT},
    {SCAN_POSTCODE, "G20 7TH", "G20\n7TH", "G20\n7TH", SCAN_FORMAT},
    {SCAN_POSTCODE, "g207th", "G2O 7TH", "G2O 7TH", SCAN_SPELLING},
    {SCAN_POSTCODE, "G11 1AA", "Gi1 lAA", "Gi1 lAA", SCAN_SPELLING},
    {SCAN_POSTCODE, "IV1 1AA", "1V1 1AA", "1V1 1AA", SCAN_SPELLING},
    {SCAN_POSTCODE, "EH10 4BF", "EHIO 4BF", "EHIO 4BF", SCAN_SPELLING},
    {SCAN_POSTCODE, "OX1 1AA", "0X1 1AA", "0X1 1AA", SCAN_SPELLING},
    {SCAN_POSTCODE, "G20 7TH", "in G20 since", "G20", SCAN_PART},
    {SCAN_POSTCODE, "G20 7TH", "in G20 now", "G20", SCAN_PART},
    /* schools */
    {SCAN_SCHOOL, "St Mary's Primary School", "at St Mary's Primary School", "St Mary's Primary School", SCAN_EXACT},
    {SCAN_SCHOOL, "St Mary's Primary School", "at St. Marys PS", "St. Marys PS", SCAN_FORMAT},
    {SCAN_SCHOOL, "St Mary's Primary School", "saint mary's p.s.", "saint mary's p.s", SCAN_FORMAT},
    {SCAN_SCHOOL, "St Mary's Primary School", "St Mary\xe2\x80\x99s RC Primary", "St Mary\xe2\x80\x99s RC Primary",
     SCAN_FORMAT},
    {SCAN_SCHOOL, "St Mary's Primary School", "St Mary's school", "St Mary's school", SCAN_FORMAT},
    {SCAN_SCHOOL, "St Mary's Primary School", "goes to St Mary's.", "St Mary's", SCAN_PART},
    {SCAN_SCHOOL, "St Michael's PS", "St Micheal's Primary", "St Micheal", SCAN_SPELLING},
    {SCAN_SCHOOL, "Lenzie Academy", "at lenzie academy", "lenzie academy", SCAN_FORMAT},
    {SCAN_SCHOOL, "Lenzie Academy", "at Lenzie High", "Lenzie High", SCAN_FORMAT},
    {SCAN_SCHOOL, "Lenzie Academy", "at Lenzy Academy", "Lenzy", SCAN_SPELLING},
    {SCAN_SCHOOL, "Rowan Park Nursery", "at Rowan Pk nursery class", "Rowan Pk nursery class", SCAN_FORMAT},
    {SCAN_SCHOOL, "Lenzie", "at Lenzie PS", "Lenzie PS", ANY},
    /* names */
    {SCAN_NAME, "James Reid", "with James Reid.", "James Reid", SCAN_EXACT},
    {SCAN_NAME, "James Reid", "with JAMES REID'S dog", "JAMES REID", SCAN_FORMAT},
    {SCAN_NAME, "James Reid", "Reid, James", "Reid, James", SCAN_FORMAT},
    {SCAN_NAME, "Reid, James", "James Reid", "James Reid", SCAN_FORMAT},
    {SCAN_NAME, "Mr James Reid", "james reid", "james reid", ANY},
    {SCAN_NAME, "James Reid", "James Alan Reid", "James Alan Reid", SCAN_FORMAT},
    {SCAN_NAME, "James Alan Reid", "James Reid", "James Reid", SCAN_FORMAT},
    {SCAN_NAME, "James Reid", "James and Isla Reid", "James and Isla Reid", SCAN_FORMAT},
    {SCAN_NAME, "James Reid", "J Reid", "J Reid", SCAN_FORMAT},
    {SCAN_NAME, "James Reid", "J. A. Reid", "J. A. Reid", SCAN_FORMAT},
    {SCAN_NAME, "James Reid", "JA Reid", "JA Reid", SCAN_FORMAT},
    {SCAN_NAME, "James Reid", "Reid J", "Reid J", SCAN_FORMAT},
    {SCAN_NAME, "Reid, James", "J Reid", "J Reid", SCAN_FORMAT},
    {SCAN_NAME, "James Reid", "Mr Reid", "Mr Reid", SCAN_FORMAT},
    {SCAN_NAME, "James Reid", "Mr Reid's dog", "Mr Reid", SCAN_FORMAT},
    {SCAN_NAME, "Stephen MacDonald", "Mr Mac Donald", "Mr Mac Donald", SCAN_FORMAT},
    {SCAN_NAME, "James Reid", "Mr. Reed", "Mr. Reed", SCAN_SPELLING},
    {SCAN_NAME, "James Reid", "Jimmy Reid", "Jimmy Reid", SCAN_SPELLING},
    {SCAN_NAME, "Jimmy Reid", "James Reed", "James Reed", SCAN_SPELLING},
    {SCAN_NAME, "Elizabeth Reid", "liz reid", "liz reid", SCAN_SPELLING},
    {SCAN_NAME, "James Reid", "James Reed", "James Reed", SCAN_SPELLING},
    {SCAN_NAME, "James Reid", "james reed", "james reed", SCAN_SPELLING},
    {SCAN_NAME, "Stephen MacLeod", "Steven McLeod", "Steven McLeod", SCAN_SPELLING},
    {SCAN_NAME, "Stephen MacDonald", "Stephen Mac Donald", "Stephen Mac Donald", SCAN_FORMAT},
    {SCAN_NAME, "Niamh O'Neil", "Neve ONeil", "Neve ONeil", SCAN_SPELLING},
    {SCAN_NAME, "Niamh O'Neil", "Niamh O Neil", "Niamh O Neil", SCAN_FORMAT},
    {SCAN_NAME, "Se\xc3\xa1n Smith-Jones", "Sean Smith Jones", "Sean Smith Jones", SCAN_FORMAT},
    {SCAN_NAME, "Se\xc3\xa1n Smith-Jones", "Sean Jones", "Sean Jones", SCAN_FORMAT},
    {SCAN_NAME, "Margaret Campbell", "Margaret Cambpell", "Margaret Cambpell", SCAN_SPELLING},
    {SCAN_NAME, "Margaret Campbell", "Margret Campbell", "Margret Campbell", SCAN_SPELLING},
    {SCAN_NAME, "James Reid", "the Reid family", "Reid", SCAN_PART},
    {SCAN_NAME, "James Reid", "James was there", "James", SCAN_PART},
    {SCAN_NAME, "James Reid", "Jimmy was there", "Jimmy", SCAN_PART},
    {SCAN_NAME, "Niamh", "with niamh", "niamh", ANY},
    {SCAN_NAME, "Niamh", "with Neve", "Neve", SCAN_SPELLING},
    {SCAN_NAME, "Ian", "with IAN", "IAN", SCAN_FORMAT},
    /* telephone numbers */
    {SCAN_TELEPHONE, "0141 496 0123", "0141 496 0123", "0141 496 0123", SCAN_EXACT},
    {SCAN_TELEPHONE, "0141 496 0123", "01414960123", "01414960123", SCAN_FORMAT},
    {SCAN_TELEPHONE, "0141 496 0123", "(0141) 4960-123", "0141) 4960-123", SCAN_FORMAT},
    {SCAN_TELEPHONE, "0141 496 0123", "+44 141 496 0123", "141 496 0123", SCAN_FORMAT},
    {SCAN_TELEPHONE, "0141 496 0123", "+44 (0)141 496 0123", "0)141 496 0123", SCAN_FORMAT},
    {SCAN_TELEPHONE, "+44 (0) 141 496 0123 ext. 45", "0141.496.0123", "141.496.0123", SCAN_FORMAT},
    {SCAN_TELEPHONE, "07700900123", "0044 7700 900 123", "7700 900 123", SCAN_FORMAT},
    {SCAN_TELEPHONE, "07700900123", "07700 900123 or 07700 900124", "07700 900123", SCAN_FORMAT},
    {SCAN_TELEPHONE, "0141 496 0123", "496 0123", "496 0123", SCAN_PART},
    {SCAN_TELEPHONE, "+353 1 496 0123", "353 14960123", "353 14960123", SCAN_FORMAT},
    {SCAN_OTHER, "refuge, ring 07700 900123", "07700900123", "07700900123", SCAN_FORMAT},
};

/* What people write who give nothing away. */
static const struct found innocent[] = {
    {SCAN_ADDRESS, ADDRESS, "She lives in Glasgow.", NULL, 0},
    {SCAN_ADDRESS, ADDRESS, "In Maryhill there are 14 families.", NULL, 0},
    {SCAN_ADDRESS, ADDRESS, "114 Maryvale Road", NULL, 0},
    {SCAN_ADDRESS, ADDRESS, "Flat 2/1 was empty", NULL, 0},
    {SCAN_ADDRESS, ADDRESS, "on 14 March the road was closed", NULL, 0},
    {SCAN_ADDRESS, ADDRESS, "G20 6AB", NULL, 0},
    {SCAN_ADDRESS, "14 Main Street, Ayr", "on 14 main points and Ayr", NULL, 0},
    {SCAN_ADDRESS, EDINBURGH, "23 people in Edinburgh", NULL, 0},
    {SCAN_ADDRESS, "1st floor, 3 Rose Drive, Ayr", "on the 1st floor", NULL, 0},
    {SCAN_ADDRESS, "Braeside, Torrance", "on the brae side in Torrance", NULL, 0},
    {SCAN_POSTCODE, "G20 7TH", "G20 6TH, g20, G207, the 7th", NULL, 0},
    {SCAN_POSTCODE, "E1 1AA", "1 E 1", NULL, 0},
    {SCAN_SCHOOL, "Lenzie Academy", "She lives in Lenzie", NULL, 0},
    {SCAN_SCHOOL, "Lenzie Academy", "She lives in Lenzy", NULL, 0},
    {SCAN_SCHOOL, "Lenzie Academy", "Lenzie Primary School", NULL, 0},
    {SCAN_SCHOOL, "Lenzie Academy", "the academy, the school", NULL, 0},
    {SCAN_SCHOOL, "St Mary's Primary School", "Mary goes to primary school", NULL, 0},
    {SCAN_SCHOOL, "St Mary's Primary School", "St Martin's Primary School", NULL, 0},
    {SCAN_NAME, "James Reid", "She can read and is ready to ride on the road", NULL, 0},
    {SCAN_NAME, "Anna Reid", "a reid in the wind", NULL, 0},
    {SCAN_NAME, "James Reid", "james met the reid", NULL, 0},
    {SCAN_NAME, "James Reid", "the jams ready to eat", NULL, 0},
    {SCAN_NAME, "James Reid", "games in Reidvale; Jane Muir", NULL, 0},
    {SCAN_NAME, "Ian", "In the end I an only child, an only on", NULL, 0},
    {SCAN_NAME, "Ana", "as an A level", NULL, 0},
    {SCAN_NAME, "Mark Young", "a young child made a mark", NULL, 0},
    {SCAN_NAME, "Isla Reid", "I read that a red car", NULL, 0},
    {SCAN_NAME, "Eve", "every evening", NULL, 0},
    {SCAN_NAME, "Margaret Campbell", "the camp bell rang", NULL, 0},
    {SCAN_TELEPHONE, "0141 496 0123", "0141 496 0124, 01 41 49 60 12", NULL, 0},
    {SCAN_TELEPHONE, "0141 496 0123", "in 2026, on 01/02/2026 at 10:30", NULL, 0},
    {SCAN_TELEPHONE, "07700900123", "N77 009", NULL, 0},
    {SCAN_OTHER, "the Rowan Group", "a group, the rowan tree", NULL, 0},
    {SCAN_OTHER, "no", "no, no", NULL, 0},
    {SCAN_OTHER, "", "anything", NULL, 0},
    {SCAN_OTHER, "?!", "what?!", NULL, 0},
    {SCAN_OTHER, "the Rowan Group", "", NULL, 0},
};

/* A heap copy of exactly its size, so that the sanitizer sees one byte too far. */
static struct bytes copy(const char *text) {
  size_t len = strlen(text);
  uint8_t *at = mem_alloc(len);
  memcpy(at, text, len);
  return bytes_of(at, len);
}

static bool goes_as_told(const struct found *c) {
  struct scan_value value = {c->kind, copy(c->value)};
  struct scan_text text = {"a place", copy(c->text)};
  struct scan_hits hits = {0};
  char hit[200] = "";
  assert_int_equal(scan_find(&value, 1, &text, 1, &hits), OK);
  if (hits.count)
    snprintf(hit, sizeof hit, "%.*s", (int)(hits.at[0].end - hits.at[0].start), c->text + hits.at[0].start);
  bool is_right = c->hit == NULL ? hits.count == 0
                                 : hits.count > 0 && strstr(hit, c->hit) != NULL &&
                                       (c->how == ANY || hits.at[0].how == (enum scan_how)c->how);
  if (!is_right)
    print_error("%s \"%s\" in \"%s\": %zu hits, \"%s\" %s\n", scan_kind_word(c->kind), c->value, c->text, hits.count,
                hit, hits.count ? scan_how_words(hits.at[0].how) : "");
  scan_hits_release(&hits);
  free((void *)value.value.at);
  free((void *)text.text.at);
  return is_right;
}

static void finds_other_spellings_and_forms(void **state) {
  size_t wrong = 0;
  (void)state;
  for (size_t i = 0; i < sizeof written / sizeof *written; i++)
    wrong += !goes_as_told(&written[i]);
  assert_int_equal(wrong, 0);
}

static void leaves_the_innocent_alone(void **state) {
  size_t wrong = 0;
  (void)state;
  for (size_t i = 0; i < sizeof innocent / sizeof *innocent; i++)
    wrong += !goes_as_told(&innocent[i]);
  assert_int_equal(wrong, 0);
}

/* Where there are several values and texts: which of them, in order, and none twice. */
static void says_which_and_where(void **state) {
  const struct scan_value values[] = {
      {SCAN_NAME, bytes_str("James Reid")},
      {SCAN_POSTCODE, bytes_str("G20 7TH")},
      {SCAN_NAME, bytes_str("James Reid")},
  };
  const struct scan_text texts[] = {
      {"the purpose", bytes_str("nothing")},
      {"the risk", bytes_str("G20 7TH, James Reid, G20 7th")},
  };
  static const struct scan_hit expected[] = {
      {1, 1, 0, 7, SCAN_EXACT}, {0, 1, 9, 19, SCAN_EXACT}, {2, 1, 9, 19, SCAN_EXACT}, {1, 1, 21, 28, SCAN_FORMAT}};
  struct scan_hits hits;
  (void)state;
  assert_int_equal(scan_find(values, 3, texts, 2, &hits), OK);
  assert_int_equal(hits.count, 4);
  for (size_t i = 0; i < hits.count; i++) {
    assert_int_equal(hits.at[i].value, expected[i].value);
    assert_int_equal(hits.at[i].text, expected[i].text);
    assert_int_equal(hits.at[i].start, expected[i].start);
    assert_int_equal(hits.at[i].end, expected[i].end);
    assert_int_equal(hits.at[i].how, expected[i].how);
  }
  assert_false(hits.is_cut);
  scan_hits_release(&hits);
}

static void extracts(void **state) {
  static const struct {
    const char *text, *found; /* joined by | */
  } cases[] = {
      {"She is at 14 Main St, AB10 1XG, tel 01224 555010", "postcode AB10 1XG|telephone 01224 555010"},
      {"g20 7th", "postcode g20 7th"},
      {"0141 496 0123 07700900123", "telephone 0141 496 0123|telephone 07700900123"},
      {"+44 (0)141 496 0123", "telephone 44 (0)141 496 0123"},
      {"0044 7700 900123.", "telephone 0044 7700 900123"},
      {"on 01/02/2026 10:30, case 20261234567, so 14 7th graders, G20, QQ1 1AA, G20 7CI", ""},
      {"", ""},
  };
  size_t wrong = 0;
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct scan_found found[8];
    struct bytes text = copy(cases[i].text);
    char all[400] = "";
    size_t count = scan_extract(text, found, 8);
    for (size_t k = 0; k < count; k++)
      snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s %.*s", k ? "|" : "", scan_kind_word(found[k].kind),
               (int)(found[k].end - found[k].start), cases[i].text + found[k].start);
    if (strcmp(all, cases[i].found) != 0) {
      print_error("\"%s\" gives \"%s\"\n", cases[i].text, all);
      wrong++;
    }
    assert_int_equal(scan_extract(text, found, 0), count);
    free((void *)text.at);
  }
  assert_int_equal(wrong, 0);
}

static void obeys_its_limits(void **state) {
  struct scan_value *values = mem_alloc_array(SCAN_VALUES_MAX + 1, sizeof *values);
  struct scan_text text = {"x", bytes_str("x")};
  struct scan_hits hits = {0};
  struct buf large = {0};
  (void)state;
  for (size_t i = 0; i <= SCAN_VALUES_MAX; i++)
    values[i] = (struct scan_value){SCAN_OTHER, bytes_str("Reid")};
  assert_int_equal(scan_find(values, SCAN_VALUES_MAX + 1, &text, 1, &hits), ERR_LIMIT);
  assert_int_equal(scan_find(values, SCAN_VALUES_MAX, &text, SCAN_TEXTS_MAX + 1, &hits), ERR_LIMIT);
  memset(buf_extend(&large, SCAN_TEXT_MAX + 1), 'x', SCAN_TEXT_MAX + 1);
  text.text = buf_bytes(&large);
  assert_int_equal(scan_find(values, 1, &text, 1, &hits), ERR_LIMIT);
  assert_int_equal(scan_extract(text.text, NULL, 0), 0);
  values[0].value = bytes_of(large.at, SCAN_VALUE_MAX + 1);
  text.text = bytes_of(large.at, SCAN_VALUE_MAX);
  assert_int_equal(scan_find(values, 1, &text, 1, &hits), ERR_LIMIT);
  values[0].value.len = SCAN_VALUE_MAX;
  assert_int_equal(scan_find(values, 1, &text, 1, &hits), OK);
  assert_int_equal(hits.count, 1);
  scan_hits_release(&hits);
  /* More hits than are listed are not passed over in silence. */
  values[0].value = bytes_str("Reid");
  buf_clear(&large);
  for (size_t i = 0; i <= SCAN_HITS_MAX; i++)
    buf_add_str(&large, "Reid. ");
  text.text = buf_bytes(&large);
  assert_int_equal(scan_find(values, 1, &text, 1, &hits), OK);
  assert_int_equal(hits.count, SCAN_HITS_MAX);
  assert_true(hits.is_cut);
  scan_hits_release(&hits);
  assert_true(scan_is_searched(bytes_str("a b c")));
  assert_false(scan_is_searched(bytes_str("a, b")));
  buf_release(&large);
  free(values);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(finds_other_spellings_and_forms),
      cmocka_unit_test(leaves_the_innocent_alone),
      cmocka_unit_test(says_which_and_where),
      cmocka_unit_test(extracts),
      cmocka_unit_test(obeys_its_limits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
