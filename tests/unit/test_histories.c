/* Histories of all kinds: people on several replicas record whatever the tables allow, change it, void it, drop it and
 * exchange it, and the views that were kept are those that a rebuild makes. What is recorded is drawn from the tables,
 * so that a new kind is in it by itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/store_parts.h"
#include "tests/lib/world.h"

enum { HISTORIES = 3, STEPS = 300, MEMBERS = 3, VALUES_MAX = 64, KINDS_MAX = 256 };

struct history {
  struct world w;
  struct world_member *members[MEMBERS];
  uint64_t state;
  size_t recorded[KINDS_MAX], conflicts, voided, dropped, refused;
};

static size_t pick(struct history *h, size_t n) {
  h->state = h->state * 6364136223846793005u + 1442695040888963407u;
  return (size_t)(h->state >> 33) % n;
}

/* ---- a draft from the tables ---- */

struct made {
  struct draft draft;
  struct draft_value values[VALUES_MAX];
  char texts[VALUES_MAX][HASH_HEX_SIZE + 1];
  struct hash children[2], to, bases[8];
  size_t child_count;
};

/* Among the entries of these kinds in the store, about this child if one is given, any one. */
static bool pick_entry(struct history *h, struct store *s, const char *kinds, const struct hash *child,
                       struct hash *out) {
  static const char sql[] =
      "SELECT e.id FROM entry e WHERE (?1 = '' OR instr('|' || ?1 || '|', '|' || e.kind || '|')) AND (?2 IS NULL OR "
      "EXISTS (SELECT 1 FROM entry_child c WHERE c.child = ?2 AND c.number = e.number)) ORDER BY e.id";
  struct query q;
  size_t count = 0;
  query_start_once(&q, s->db, sql);
  query_text(&q, 1, bytes_str(kinds));
  if (child)
    query_blob(&q, 2, hash_bytes(child));
  while (query_row(&q))
    if (pick(h, ++count) == 0)
      *out = hash_from(query_get(&q, 0));
  assert_int_equal(query_end(&q), OK);
  return count > 0;
}

static bool add_value(struct made *m, const char *field, struct bytes text) {
  size_t i = m->draft.count;
  if (i == VALUES_MAX || text.len > HASH_HEX_SIZE)
    return false;
  memcpy(m->texts[i], text.at, text.len);
  m->texts[i][text.len] = '\0';
  m->values[i] = (struct draft_value){field, m->texts[i]};
  m->draft.count++;
  return true;
}

static bool add_entry(struct history *h, struct store *s, struct made *m, const struct field *f) {
  struct hash id;
  const struct hash *child = f->shares_child && m->child_count ? &m->children[pick(h, m->child_count)] : NULL;
  if (!pick_entry(h, s, f->of ? f->of : "", child, &id))
    return false;
  if (f->place == IN_CHILD)
    m->children[m->child_count++] = id;
  struct hash_hex hex = hash_hex(&id);
  return add_value(m, f->name, bytes_str(hex.s));
}

/* The n-th code of a field that has several values; else any of the first. */
static bool add_code(struct history *h, struct made *m, const struct field *f, size_t n) {
  struct bytes rest = bytes_str(f->of), one;
  for (size_t skip = f->count_max > 1 ? n : pick(h, 4); text_split(&rest, '|', &one); skip--)
    if (skip == 0)
      return add_value(m, f->name, one);
  return add_value(m, f->name, rest);
}

static bool add_one(struct history *h, struct store *s, struct made *m, const struct field *f, size_t n) {
  switch (f->type) {
  case FIELD_TEXT: return add_value(m, f->name, bytes_str(pick(h, 2) ? "x" : "y"));
  case FIELD_CODE: return add_code(h, m, f, n);
  case FIELD_TOKEN: return add_value(m, f->name, bytes_str("R-001"));
  case FIELD_DATE: return add_value(m, f->name, bytes_str("2026-12-01"));
  case FIELD_TIME: return add_value(m, f->name, bytes_str("2026-12-01T10:00:00Z"));
  case FIELD_ENTRY: return add_entry(h, s, m, f);
  case FIELD_WHOLE: return add_value(m, f->name, bytes_str("3"));
  case FIELD_KEY:
  case FIELD_CERT: return false;
  }
  return false;
}

/* Fields that may be left out are left out half of the time. */
static bool make(struct history *h, struct world_member *by, const struct kind *k, struct made *m) {
  *m = (struct made){.draft = {.kind = k}};
  for (const struct field *f = k->fields; f->name; f++) {
    size_t count = f->count_min ? f->count_min : k->is_void && f->place == IN_CHILD ? 0 : pick(h, 2);
    for (size_t n = 0; n < count; n++)
      if (!add_one(h, by->store, m, f, n) && n < f->count_min)
        return false;
  }
  m->draft.values = m->values;
  if (k->audience == AUDIENCE_NAMED || k->audience == AUDIENCE_RESTRICTED) {
    m->to = key_id(h->members[0]->key);
    m->draft.to = &m->to;
    m->draft.to_count = 1;
  }
  return true;
}

/* ---- what people do ---- */

/* Whoever finds a conflict leaves it, or says what holds instead of one version or of two. */
static void choose_bases(struct history *h, struct store *s, struct made *m) {
  struct query q;
  const char *object = NULL;
  struct hash id;
  for (size_t i = 0; i < m->draft.count; i++)
    if (strcmp(m->values[i].name, m->draft.kind->object) == 0)
      object = m->values[i].value;
  assert_int_equal(hash_parse(bytes_str(object), &id), OK);
  query_start_once(&q, s->db, "SELECT entry FROM version WHERE object = ?1 AND replaced = 0 ORDER BY entry");
  query_blob(&q, 1, hash_bytes(&id));
  size_t most = 1 + pick(h, 3);
  for (; query_row(&q) && m->draft.base_count < most; m->draft.base_count++)
    m->bases[m->draft.base_count] = hash_from(query_get(&q, 0));
  assert_int_equal(query_end(&q), OK);
  m->draft.bases = m->bases;
}

static void record(struct history *h, struct world_member *by, const struct kind *k, size_t nth) {
  struct made m;
  struct verdict v;
  bool is_made = false;
  for (size_t tries = 0; tries < 16 && !is_made; tries++) /* a child may lack what another one has */
    is_made = make(h, by, k, &m);
  if (!is_made)
    return;
  enum err e = world_write(&h->w, by, &m.draft, 1, ACCEPT_WRITE_ANYWAY, &v);
  if (e == ERR_CONFLICT) {
    h->conflicts++;
    choose_bases(h, by->store, &m);
    e = world_write(&h->w, by, &m.draft, 1, ACCEPT_WRITE_ANYWAY, &v);
  }
  if (e != OK && e != ERR_FORM) /* two values that came out the same */
    fail_msg("%s: %s", k->name, err_words(e));
  if (e != OK || v.code != VERDICT_ACCEPTED)
    return;
  h->recorded[nth]++;
  h->voided += k->is_void;
}

static bool is_of_cases(const struct kind *k) {
  return k->audience != AUDIENCE_DIRECTORY && k->writers[0].role != ROLE_NODE && strncmp(k->name, "held.", 5) != 0;
}

/* Of a few kinds the one that was recorded least. */
static void record_any(struct history *h, struct world_member *by) {
  size_t kinds[KINDS_MAX], count = 0;
  for (size_t i = 0; kind_at(i); i++)
    if (is_of_cases(kind_at(i)))
      kinds[count++] = i;
  size_t nth = kinds[pick(h, count)];
  for (size_t tries = 0; tries < 8; tries++) {
    size_t other = kinds[pick(h, count)];
    nth = h->recorded[other] < h->recorded[nth] ? other : nth;
  }
  record(h, by, kind_at(nth), nth);
}

static void record_named(struct history *h, struct world_member *by, struct bytes name) {
  for (size_t i = 0; kind_at(i); i++)
    if (bytes_equal_str(name, kind_at(i)->name) && is_of_cases(kind_at(i)))
      record(h, by, kind_at(i), i);
}

/* What changes children and their people, so that there are conflicts, and what many others name. */
static void record_often(struct history *h, struct world_member *by) {
  static const char *const often[] = {"child.change", "family.add",         "family.change",
                                      "entry.void",   "meeting.convene",    "decision.record",
                                      "child.same",   "safety-plan.record", "investigation.record"};
  record_named(h, by, bytes_str(often[pick(h, sizeof often / sizeof *often)]));
}

/* What chance left out, each after what it must name. */
static void record_the_rest(struct history *h, struct world_member *by) {
  for (size_t round = 0; round < 20; round++)
    for (size_t i = 0; kind_at(i); i++) {
      const struct kind *k = kind_at(i);
      for (const struct field *f = k->fields; f->name && is_of_cases(k) && h->recorded[i] == 0; f++)
        if (f->type == FIELD_ENTRY && f->place == IN_REF && f->of)
          record_named(h, by, bytes_of(f->of, strcspn(f->of, "|")));
      if (is_of_cases(k) && h->recorded[i] == 0)
        record(h, by, k, i);
    }
}

static void drop_refused(struct history *h, struct world_member *by) {
  struct query q;
  uint64_t firsts[64];
  size_t count = 0;
  query_start_once(&q, by->store->db, "SELECT act FROM outbox WHERE state = 'refused' ORDER BY act");
  for (; query_row(&q) && count < 64; count++)
    firsts[count] = (uint64_t)query_get_int(&q, 0);
  assert_int_equal(query_end(&q), OK);
  if (count == 0)
    return;
  assert_int_equal(store_begin(by->store), OK);
  assert_int_equal(store_drop_pending(by->store, firsts[pick(h, count)]), OK);
  assert_int_equal(store_commit(by->store), OK);
  h->dropped++;
}

static void exchange(struct history *h, struct world_member *by) {
  struct exchange_report report = {0};
  assert_int_equal(world_exchange(&h->w, by, &report), OK);
  h->refused += report.refused;
}

static void check_views(struct store *s, uint64_t seed, size_t step) {
  struct hash kept, rebuilt;
  assert_int_equal(store_begin(s), OK);
  assert_int_equal(store_views_digest(s, &kept), OK);
  assert_int_equal(store_rebuild(s), OK);
  assert_int_equal(store_views_digest(s, &rebuilt), OK);
  store_rollback(s);
  if (!hash_equal(&kept, &rebuilt))
    fail_msg("history %" PRIu64 ", step %zu: the views differ from rebuilt ones", seed, step);
}

static void live_through(struct history *h, uint64_t seed) {
  static void (*const steps[])(struct history *, struct world_member *) = {
      record_any, record_any, record_any, record_often, record_often, drop_refused, exchange};
  static const char *const types[MEMBERS] = {"social-work", "health", "police"};
  h->state = seed;
  world_open(&h->w, seed);
  for (size_t i = 0; i < MEMBERS; i++) {
    struct hash agency = world_agency(&h->w, types[i], types[i]);
    h->members[i] = world_join(&h->w, &agency, types[i], "practitioner chair keeper business-support");
    for (size_t k = 0; k < 2; k++)
      world_record(&h->w, h->members[i], WORLD_DRAFT("child.add", {"name", "Someone"}));
  }
  for (size_t i = 0; i < STEPS; i++) {
    struct world_member *m = h->members[pick(h, MEMBERS)];
    steps[pick(h, sizeof steps / sizeof *steps)](h, m);
    if (i % 20 == 19)
      check_views(m->store, seed, i);
  }
  record_the_rest(h, h->members[0]);
  exchange(h, h->members[0]);
  check_views(h->members[0]->store, seed, STEPS);
  check_views(h->w.node.store, seed, STEPS);
  world_close(&h->w);
}

static void views_after_histories_of_all_kinds(void **state) {
  static struct history h;
  size_t lacking = 0;
  (void)state;
  for (uint64_t seed = 1; seed <= HISTORIES; seed++)
    live_through(&h, seed);
  for (size_t i = 0; kind_at(i); i++)
    if (is_of_cases(kind_at(i)) && h.recorded[i] == 0) {
      print_error("%s was never recorded\n", kind_at(i)->name);
      lacking++;
    }
  assert_int_equal(lacking, 0);
  assert_true(h.conflicts > 0 && h.voided > 0 && h.dropped > 0 && h.refused > 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(views_after_histories_of_all_kinds),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
