/* What minutes and reports say to whom. Every kind that there is is recorded about one meeting, each of its texts with
 * a word of its own; what is found of them in which rendering follows from the table, and from nothing else. A new kind
 * is covered as it comes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/copy.h"
#include "tests/lib/world.h"

#define KINDS_MAX 256
#define WORDS_MAX 1024
#define VALUES_MAX 128
#define EVERY_ROLE                                                                                                     \
  "practitioner chair minute-taker:2026-01-15 lead-professional officer designated-lead keeper business-support "      \
  "administrator"

/* A word that stands in one field of one entry only. */
struct canary {
  const struct kind *kind;
  const struct field *field;
  char word[16];
};

static struct {
  struct world world;
  struct world_member *all;
  struct hash agency, other_child, of_kind[KINDS_MAX]; /* the entry of each kind; zeros: none yet */
  struct canary canaries[WORDS_MAX];
  size_t canary_count;
} told;

static size_t kind_index(const struct kind *k) {
  size_t i = 0;
  while (kind_at(i) != k)
    i++;
  return i;
}

static struct hash id_of(const char *kind) {
  return told.of_kind[kind_index(kind_find(bytes_str(kind)))];
}

/* ---- one entry of a kind, with all its fields ---- */

struct making {
  struct draft_value values[VALUES_MAX];
  char texts[VALUES_MAX][80];
  size_t count;
};

static char *room(struct making *m, const struct field *f) {
  if (m->count == VALUES_MAX)
    abort();
  m->values[m->count] = (struct draft_value){f->name, m->texts[m->count]};
  return m->texts[m->count++];
}

static void say_canary(struct making *m, const struct kind *k, const struct field *f) {
  struct canary *c = &told.canaries[told.canary_count++];
  *c = (struct canary){.kind = k, .field = f};
  snprintf(c->word, sizeof c->word, "%s%04zu", f->size_max < 10 ? "q" : "zqx", told.canary_count);
  snprintf(room(m, f), sizeof m->texts[0], "%s", c->word);
}

/* The entry of the first of the field's kinds that was recorded; false if it is needed and there is none. */
static bool say_entry(struct making *m, const struct field *f) {
  for (size_t i = 0; i < KINDS_MAX && kind_at(i); i++)
    if (!hash_is_zero(&told.of_kind[i]) && (f->of == NULL || field_has_code(f, bytes_str(kind_at(i)->name)))) {
      snprintf(room(m, f), sizeof m->texts[0], "%s", hash_hex(&told.of_kind[i]).s);
      if (f->count_min > 1) /* statements about two children */
        snprintf(room(m, f), sizeof m->texts[0], "%s", hash_hex(&told.other_child).s);
      return true;
    }
  return f->count_min == 0;
}

static void say_codes(struct making *m, const struct field *f) {
  const char *code = f->of;
  for (size_t i = 0; i < f->count_min || i == 0; i++) {
    snprintf(room(m, f), sizeof m->texts[0], "%.*s", (int)strcspn(code, "|"), code);
    code += strcspn(code, "|") + 1;
  }
}

static bool say_field(struct making *m, const struct kind *k, const struct field *f) {
  switch (f->type) {
  case FIELD_TEXT: say_canary(m, k, f); break;
  case FIELD_ENTRY: return say_entry(m, f);
  case FIELD_CODE:
    if (strcmp(f->name, "clear") != 0)
      say_codes(m, f);
    break;
  case FIELD_TOKEN: snprintf(room(m, f), sizeof m->texts[0], "R-056"); break;
  case FIELD_DATE: snprintf(room(m, f), sizeof m->texts[0], "2026-11-20"); break;
  case FIELD_TIME: snprintf(room(m, f), sizeof m->texts[0], "2026-11-20T10:00:00Z"); break;
  case FIELD_WHOLE: snprintf(room(m, f), sizeof m->texts[0], "7"); break;
  case FIELD_KEY:
  case FIELD_CERT: return false;
  }
  return true;
}

/* The directory's entries are made by the world; copies are made of what is composed here. */
static bool is_recorded_here(const struct kind *k) {
  const struct field *child = kind_field(k, bytes_str("child"));
  return (k->audience != AUDIENCE_DIRECTORY && child && child->place == IN_CHILD && !k->is_about_entry &&
          strncmp(k->name, "copy.", 5) != 0 && strncmp(k->name, "staff.", 6) != 0 && k->writers[0].role != ROLE_NODE) ||
         strcmp(k->name, "child.add") == 0;
}

static enum err write_anyway(const struct draft *d, struct verdict *v) {
  return world_write(&told.world, told.all, d, 1, ACCEPT_WRITE_ANYWAY, v);
}

/* False if something that it must name was not recorded yet. */
static bool record_kind(const struct kind *k) {
  struct making *m = calloc(1, sizeof *m);
  struct verdict v = {0};
  const size_t canaries = told.canary_count;
  const struct hash own_key = key_id(told.all->key), own_seal = key_id(told.all->seal_key);
  bool can = true;
  for (const struct field *f = k->fields; can && f->name; f++)
    can = say_field(m, k, f);
  struct draft d = {.kind = k, .values = m->values, .count = m->count};
  if (k->media) {
    d.media = "text/plain";
    d.file = bytes_str("zqfile");
  }
  if (k->audience == AUDIENCE_NAMED || k->audience == AUDIENCE_RESTRICTED) {
    d.to = k->audience == AUDIENCE_NAMED ? &own_key : &own_seal;
    d.to_count = 1;
  }
  if (can) {
    const enum err e = write_anyway(&d, &v);
    if (e != OK || v.code != VERDICT_ACCEPTED)
      fail_msg("%s could not be recorded: %s", k->name, e != OK ? err_words(e) : v.words);
    world_must(author_id_of(told.all->store, v.first, &told.of_kind[kind_index(k)]), "its id");
  } else {
    told.canary_count = canaries;
  }
  free(m);
  return can;
}

/* Rounds, until there is nothing more that could be recorded. */
static size_t record_kinds(bool (*is_wanted)(const struct kind *k)) {
  size_t lacking = 0;
  for (bool goes_on = true; goes_on;) {
    const struct kind *k;
    goes_on = false;
    lacking = 0;
    for (size_t i = 0; (k = kind_at(i)); i++) {
      if (!is_recorded_here(k) || !is_wanted(k) || !hash_is_zero(&told.of_kind[i]))
        continue;
      const bool did = record_kind(k);
      goes_on = goes_on || did;
      lacking += !did;
    }
  }
  return lacking;
}

static bool may_be_seen_by_family(const struct kind *k) {
  return scope_may_stand_in_family_copy(k->audience);
}

static bool may_not(const struct kind *k) {
  return !may_be_seen_by_family(k);
}

/* ---- the renderings ---- */

static void compose(const char *subject, enum minute_rendering r, struct sheet *out) {
  const struct hash id = id_of(subject);
  world_must(minute_compose(told.all->store, &id, r, MINUTE_TO_APPROVE, out), "composing");
}

static bool says(struct sheet *p, const char *word) {
  const bool in_html = strstr(buf_cstr(&p->html), word) != NULL, in_text = strstr(buf_cstr(&p->text), word) != NULL;
  if (in_html != in_text)
    fail_msg("the page and the text differ about %s", word);
  return in_html;
}

/* A change says fields of the kind that it changes, under the same names. */
static bool is_about(const struct kind *k, const char *kind) {
  const struct field *object = k->is_change ? kind_field(k, bytes_str(k->object)) : NULL;
  return strcmp(k->name, kind) == 0 || (object && object->of && field_has_code(object, bytes_str(kind)));
}

/* Does the table let this field into the rendering? */
static bool is_named(enum minute_rendering r, const struct kind *k, const struct field *f) {
  struct minute_row row;
  for (size_t i = 0; minute_row_at(i, &row); i++)
    if (row.is_in[r] && strcmp(row.field, f->name) == 0 && is_about(k, row.kind))
      return true;
  return false;
}

/* People, families, children and agencies are called by their names wherever they are named. */
static bool is_a_name(const struct canary *c) {
  return strcmp(c->field->name, "name") == 0 && may_be_seen_by_family(c->kind);
}

static void check_rendering(const char *subject, enum minute_rendering r) {
  struct sheet p;
  compose(subject, r, &p);
  for (size_t i = 0; i < told.canary_count; i++) {
    const struct canary *c = &told.canaries[i];
    if (says(&p, c->word) && !is_a_name(c) && !is_named(r, c->kind, c->field))
      fail_msg("%s of a %s, which the table does not name for it, is in the %s copy", c->field->name, c->kind->name,
               minute_rendering_word(r));
    if (r == MINUTE_FAMILY && may_not(c->kind) && says(&p, c->word))
      fail_msg("%s of a %s is in the family's copy", c->field->name, c->kind->name);
  }
  if (says(&p, "zqfile"))
    fail_msg("a document's file is in a copy");
  sheet_release(&p);
}

static const char *const subjects[] = {"meeting.convene", "report.record"};

static void test_each_rendering_has_what_the_table_names(void **state) {
  (void)state;
  for (size_t s = 0; s < 2; s++)
    for (enum minute_rendering r = 0; r < MINUTE_RENDERINGS; r++)
      check_rendering(subjects[s], r);
}

/* What is of everybody's concern is there, or the test above would prove nothing. */
static void test_what_is_to_be_there_is(void **state) {
  static const struct {
    const char *subject, *kind, *field;
  } there[] = {
      {"meeting.convene", "assessment.record", "risk"},    {"meeting.convene", "decision.record", "reasons"},
      {"meeting.convene", "dissent.record", "nature"},     {"meeting.convene", "view.record", "risk"},
      {"meeting.convene", "family-view.change", "words"},  {"meeting.convene", "meeting.close", "safeguards"},
      {"meeting.convene", "child.change", "name"},         {"report.record", "report.record", "text"},
      {"meeting.convene", "exclusion.change", "reason"},   {"meeting.convene", "segment.change", "reason"},
      {"meeting.convene", "indicator.record", "evidence"}, {"report.record", "report.add", "text"},
  };
  (void)state;
  for (size_t t = 0; t < sizeof there / sizeof *there; t++)
    for (enum minute_rendering r = 0; r < MINUTE_RENDERINGS; r++) {
      const struct kind *k = kind_find(bytes_str(there[t].kind));
      const struct field *f = kind_field(k, bytes_str(there[t].field));
      struct sheet p;
      compose(there[t].subject, r, &p);
      for (size_t i = 0; i < told.canary_count; i++)
        if (told.canaries[i].kind == k && told.canaries[i].field == f &&
            says(&p, told.canaries[i].word) != is_named(r, k, f))
          fail_msg("%s of a %s in the %s copy", f->name, k->name, minute_rendering_word(r));
      sheet_release(&p);
    }
}

static void test_the_table_fits_the_kinds(void **state) {
  struct minute_row row;
  (void)state;
  for (size_t i = 0; minute_row_at(i, &row); i++) {
    const struct kind *k = kind_find(bytes_str(row.kind));
    if (k == NULL || k->object || (!row.is_of_author && kind_field(k, bytes_str(row.field)) == NULL))
      fail_msg("the table names %s of %s, which is no field of a kind that begins a record", row.field, row.kind);
    if (row.is_in[MINUTE_FAMILY] && !may_be_seen_by_family(k))
      fail_msg("the table gives %s to the family", row.kind);
  }
}

/* ---- the family's copy is the same whether or not there is more ---- */

static struct sheet before;

static int set_up(void **state) {
  (void)state;
  world_open(&told.world, 71);
  told.agency = world_agency(&told.world, "Social Work", "social-work");
  told.all = world_join(&told.world, &told.agency, "Anna", EVERY_ROLE);
  told.of_kind[kind_index(kind_find(bytes_str("agency.add")))] = told.agency;
  told.of_kind[kind_index(kind_find(bytes_str("person.add")))] = told.all->person;
  told.other_child =
      world_record(&told.world, told.all, WORLD_DRAFT("child.add", {"name", "Finn"}, {"born", "2020-01-01"}));
  record_kinds(may_be_seen_by_family);
  compose("meeting.convene", MINUTE_FAMILY, &before);
  const size_t lacking = record_kinds(may_not) + record_kinds(may_be_seen_by_family);
  if (lacking)
    fail_msg("%zu kinds could not be recorded", lacking);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  sheet_release(&before);
  world_close(&told.world);
  return 0;
}

static bool names_register(const struct kind *k) {
  for (const struct field *f = k->fields; f->name; f++)
    if (f->of && strstr(f->of, "registration."))
      return true;
  return false;
}

/* Indicators need a registration, and so came after it: they are taken away again to compare. */
static void test_family_learns_nothing_of_what_was_left_out(void **state) {
  struct sheet after;
  const struct kind *k;
  (void)state;
  for (size_t i = 0; (k = kind_at(i)); i++)
    if (names_register(k) && may_be_seen_by_family(k) && !hash_is_zero(&told.of_kind[i])) {
      const struct draft d = WORLD_DRAFT("entry.void", {"entry", hash_hex(&told.of_kind[i]).s}, {"reason", "test"});
      struct verdict v;
      world_must(write_anyway(&d, &v), "voiding");
    }
  compose("meeting.convene", MINUTE_FAMILY, &after);
  assert_string_equal(buf_cstr(&before.text), buf_cstr(&after.text));
  assert_string_equal(buf_cstr(&before.html), buf_cstr(&after.html));
  sheet_release(&after);
}

static void test_draft_says_so(void **state) {
  struct sheet p;
  const struct hash id = id_of("meeting.convene");
  (void)state;
  for (enum minute_rendering r = 0; r < MINUTE_RENDERINGS; r++) {
    assert_int_equal(minute_compose(told.all->store, &id, r, MINUTE_DRAFT, &p), OK);
    assert_true(says(&p, "DRAFT"));
    sheet_release(&p);
    compose("meeting.convene", r, &p);
    assert_false(says(&p, "DRAFT"));
    sheet_release(&p);
  }
}

static void test_neither_meeting_nor_report(void **state) {
  struct sheet p;
  const struct hash child = id_of("child.add"), nothing = {{1}};
  (void)state;
  assert_int_equal(minute_compose(told.all->store, &child, MINUTE_FAMILY, MINUTE_DRAFT, &p), ERR_USAGE);
  sheet_release(&p);
  assert_int_equal(minute_compose(told.all->store, &nothing, MINUTE_FAMILY, MINUTE_DRAFT, &p), ERR_ABSENT);
  sheet_release(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_table_fits_the_kinds),
      cmocka_unit_test(test_each_rendering_has_what_the_table_names),
      cmocka_unit_test(test_what_is_to_be_there_is),
      cmocka_unit_test(test_draft_says_so),
      cmocka_unit_test(test_neither_meeting_nor_report),
      cmocka_unit_test(test_family_learns_nothing_of_what_was_left_out),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
