/* Finding people by name: how each is found, what ranks, and what is not found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/enquiry.h"
#include "core/store_parts.h"
#include "tests/lib/story.h"

static struct story s;

/* Registrations are on other authorities' registers, so that no meeting is needed. */
#define TEMPORARY(label, child, rest)                                                                                  \
  label " = keeper: registration.temporary child=" child " authority=Fife " rest "\n"
static const char beginning[] =
    "c1 = anna: child.add name=\"Isla Reid\" born=2019-03-01\n"
    "c2 = anna: child.add name=\"Aoife MacDonald\" born=2015-05-05\n"
    "c3 = anna: child.add name=\"Baby Campbell\" due=2027-02-01\n"
    "c4 = anna: child.add name=\"Christopher Stephenson\" born=2014-01-01\n"
    "c5 = anna: child.add name=\"Isla Reid\" born=2020-04-02\n"
    "c6 = anna: child.add name=\"Jo Li\" born=2018-08-08\n" TEMPORARY("r1", "c1", "name=\"Isla Reid\" born=2019-03-01")
        TEMPORARY("r2", "c2", "name=\"Aoife MacDonald\" alias=\"Effie Drummond\" born=2015-05-05")
            TEMPORARY("r3", "c3", "name=\"Baby Campbell\" mother=\"Catriona Galbraith\" due=2027-02-01")
                TEMPORARY("r4", "c4", "name=\"Christopher Stephenson\" born=2014-01-01")
                    TEMPORARY("r5", "c5", "name=\"Isla Reid\" born=2020-04-02")
                        TEMPORARY("r6", "c6", "name=\"Jo Li\" born=2018-08-08");

static int open_story(void **state) {
  (void)state;
  story_open(&s, 1);
  return 0;
}

static int close_story(void **state) {
  (void)state;
  story_close(&s);
  return 0;
}

static void begin(const char *more) {
  char text[4096];
  snprintf(text, sizeof text, "%s%s", beginning, more);
  if (!story_begin(&s, text))
    fail_msg("%s", s.problem);
}

static size_t ask(const char *name, const char *born, struct enquiry_hit hits[ENQUIRY_HITS_MAX]) {
  static const char *const kinds[] = {"registration.add", "registration.temporary", NULL};
  const struct enquiry asked = {bytes_str(name), bytes_str(born), kinds};
  size_t count = 0;
  assert_int_equal(enquiry_find(s.world.node.store, &asked, hits, &count), OK);
  return count;
}

/* first: the label that comes first; NULL: nobody is found. */
struct question {
  const char *what, *name, *born, *first;
  enum enquiry_how how;
  bool is_born_same;
};

static void check(const struct question *q) {
  struct enquiry_hit hits[ENQUIRY_HITS_MAX];
  size_t count = ask(q->name, q->born, hits);
  if (q->first == NULL) {
    if (count)
      fail_msg("%s: somebody is found", q->what);
    return;
  }
  struct hash id = story_id(&s, q->first);
  if (count == 0 || !hash_equal(&hits[0].object, &id))
    fail_msg("%s: %s is not the first of %zu", q->what, q->first, count);
  if (hits[0].how != q->how || hits[0].is_born_same != q->is_born_same)
    fail_msg("%s: found by \"%s\", born the same: %d", q->what, enquiry_how_words(hits[0].how), hits[0].is_born_same);
}

static void finds(void **state) {
  static const struct question questions[] = {
      {"exact", "Isla Reid", "2019-03-01", "r1", ENQUIRY_EXACT, true},
      {"the date ranks", "Isla Reid", "2020-04-02", "r5", ENQUIRY_EXACT, true},
      {"another date excludes nobody", "Aoife MacDonald", "1999-09-09", "r2", ENQUIRY_EXACT, false},
      {"no date", "aoife macdonald", "", "r2", ENQUIRY_EXACT, false},
      {"words in another order", "MacDonald, Aoife", "", "r2", ENQUIRY_EXACT, false},
      {"one letter wrong", "Isla Reed", "2019-03-01", "r1", ENQUIRY_SOUNDS, true},
      {"one letter too few", "Christoper Stephenson", "", "r4", ENQUIRY_SPELLING, false},
      {"neighbours exchanged", "Christopehr Stephenson", "", "r4", ENQUIRY_SPELLING, false},
      {"said alike", "Eefa McDonald", "", "r2", ENQUIRY_SOUNDS, false},
      {"said alike, much shorter", "Kristofer Stevenson", "", "r4", ENQUIRY_SOUNDS, false},
      {"another name", "Effie Drummond", "", "r2", ENQUIRY_ALIAS, false},
      {"a misspelled other name", "Effie Drumond", "", "r2", ENQUIRY_SOUNDS, false},
      {"the mother's name", "Catriona Galbraith", "", "r3", ENQUIRY_MOTHER, false},
      {"the mother's name and the date due", "Catriona Galbraith", "2027-02-01", "r3", ENQUIRY_MOTHER, true},
      {"the beginning of a name", "Steph", "", "r4", ENQUIRY_PART, false},
      {"a short name", "Jo Li", "", "r6", ENQUIRY_EXACT, false},
      {"one name of two", "Galbraith", "", "r3", ENQUIRY_MOTHER, false},
      {"one name more than is known", "Isla Margaret Reid", "2019-03-01", "r1", ENQUIRY_PART, true},
      {"another family", "Ewan Muir", "", NULL, 0, false},
      {"born on the day, but called otherwise", "Ewan Muir", "2019-03-01", NULL, 0, false},
      {"letters that end the name", "phenson", "", NULL, 0, false},
      {"a date is no name", "2019-03-01", "", NULL, 0, false},
  };
  (void)state;
  begin("");
  for (size_t i = 0; i < sizeof questions / sizeof *questions; i++)
    check(&questions[i]);
  story_end(&s);
}

static void follows_changes(void **state) {
  static const struct question questions[] = {
      {"the name now", "Freya Sinclair", "", "r1", ENQUIRY_EXACT, false},
      {"a date that was corrected", "Freya Sinclair", "2019-03-10", "r1", ENQUIRY_EXACT, true},
      {"the name before", "Isla Reid", "2019-03-01", "r1", ENQUIRY_EXACT, true},
      {"a registration that was voided", "Aoife MacDonald", "2015-05-05", NULL, 0, false},
      {"a change that was voided", "Malcolm Ogilvie", "", NULL, 0, false},
  };
  (void)state;
  begin("keeper: registration.correct child=c1 registration=r1 name=\"Freya Sinclair\" born=2019-03-10 reason=x\n"
        "x = keeper: registration.correct child=c4 registration=r4 name=\"Malcolm Ogilvie\" reason=x\n"
        "keeper: entry.void entry=x reason=x\n"
        "keeper: entry.void entry=r2 reason=x\n");
  for (size_t i = 0; i < sizeof questions / sizeof *questions; i++)
    check(&questions[i]);
  story_end(&s);
}

/* Among more namesakes than an answer holds, the one who was born on the day is in it. */
static void the_date_counts_before_the_cut(void **state) {
  struct enquiry_hit hits[ENQUIRY_HITS_MAX];
  struct hash wanted;
  (void)state;
  begin("");
  for (int i = 0; i < 60; i++) {
    char text[256];
    snprintf(text, sizeof text,
             "k = anna: child.add name=\"Jack Smith\" born=2016-01-01\n"
             "n%d = keeper: registration.temporary child=k authority=Fife name=\"Jack Smith\" born=2016-%02d-%02d\n",
             i, 1 + i / 28, 1 + i % 28);
    /* Told on, behind what began. */
    if (!story_go_on(&s, text))
      fail_msg("%s", s.problem);
  }
  for (int i = 0; i < 60; i += 7) {
    char label[16], born[32];
    snprintf(label, sizeof label, "n%d", i);
    snprintf(born, sizeof born, "2016-%02d-%02d", 1 + i / 28, 1 + i % 28);
    wanted = story_id(&s, label);
    assert_int_equal(ask("Jack Smith", born, hits), ENQUIRY_HITS_MAX);
    assert_memory_equal(hits[0].object.at, wanted.at, HASH_SIZE);
  }
  story_end(&s);
}

/* What may not be seen, and what is of another kind, is as if it were not there. */
static void finds_nothing_hidden(void **state) {
  static const char *const other[] = {"register.contact", NULL};
  const struct enquiry asked = {bytes_str("Isla Reid"), bytes_str(""), other};
  struct enquiry_hit hits[ENQUIRY_HITS_MAX];
  size_t count = 7;
  (void)state;
  begin("");
  assert_int_equal(enquiry_find(s.world.node.store, &asked, hits, &count), OK);
  assert_int_equal(count, 0);
  /* A word of an object that the reader is not given. */
  world_must(db_exec(s.world.node.store->db,
                     "INSERT INTO name_word(object, word, field, sound) VALUES(zeroblob(32), 'quhair', 'name', 'qr')"),
             "a word");
  assert_int_equal(ask("Quhair", "", hits), 0);
  story_end(&s);
}

static void needs_letters(void **state) {
  static const char *const names[] = {"", " - ", "\xc3", "!?", "\xe2\x80\x99"};
  static const char *const kinds[] = {"child.add", NULL};
  struct enquiry_hit hits[ENQUIRY_HITS_MAX];
  size_t count;
  (void)state;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const struct enquiry asked = {bytes_str(names[i]), bytes_str(""), kinds};
    assert_int_equal(enquiry_find(s.world.node.store, &asked, hits, &count), ERR_USAGE);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(finds),
      cmocka_unit_test(follows_changes),
      cmocka_unit_test(the_date_counts_before_the_cut),
      cmocka_unit_test(finds_nothing_hidden),
      cmocka_unit_test(needs_letters),
  };
  return cmocka_run_group_tests(tests, open_story, close_story);
}
