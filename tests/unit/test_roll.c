/* Who was on the register when, and as known when: a story of headers alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "cli/audit.h"

#define NEVER "9999-12-31T23:59:59Z"

/* Ids are words here: what makes them ids is the verifier's business. One entry a day, the first on 1 March. */
static const struct told {
  const char *id, *kind, *child, *other, *ref, *target;
} story[] = {
    {"m1", "meeting.convene", "ava", NULL, NULL, NULL},
    {"d1", "decision.record", "ava", NULL, "meeting", "m1"},
    {"r1", "registration.add", "ava", NULL, "decision", "d1"},
    {"x1", "registration.remove", "ava", NULL, "registration", "r1"},
    {"v1", "entry.void", "ava", NULL, "entry", "x1"},
    {"r2", "registration.temporary", "bo", NULL, NULL, NULL},
    {"x2", "registration.temporary-end", "bo", NULL, "registration", "r2"},
    {"s1", "child.same", "ava", "avah", NULL, NULL},
    {"s2", "child.same", "avah", "ay", NULL, NULL},
    {"t1", "child.distinct", "avah", "ay", "instead", "s2"},
    {"v2", "entry.void", "ava", NULL, "entry", "r1"},
    {"n1", "registration.suspend", "ava", NULL, NULL, NULL},
};

static struct verify_text text(const char *s) {
  return (struct verify_text){s, s ? strlen(s) : 0};
}

static const char *day(unsigned n, char out[21]) {
  snprintf(out, 21, "2026-03-%02uT12:00:00Z", n % 100);
  return out;
}

static void read_told(struct audit_roll *roll, unsigned number, const struct told *t) {
  char at[21];
  struct verify_entry e = {.number = number, .kind = text(t->kind), .admitted = text(day(number, at))};
  snprintf(e.id, sizeof e.id, "%s", t->id);
  e.children[0] = text(t->child);
  e.children[1] = text(t->other);
  e.child_count = t->other ? 2 : 1;
  e.refs[0] = (struct verify_pair){text(t->ref), text(t->target)};
  e.ref_count = t->ref ? 1 : 0;
  audit_roll_read(roll, &e);
}

static struct audit_roll *tell(void) {
  struct audit_roll *roll = audit_roll_new();
  for (unsigned i = 0; i < sizeof story / sizeof *story; i++)
    read_told(roll, i + 1, &story[i]);
  return roll;
}

struct found {
  size_t count;
  struct audit_registration last;
};

static void find(void *of, const struct audit_registration *row) {
  struct found *f = of;
  f->count++;
  f->last = *row;
}

static struct found on(const struct audit_roll *roll, unsigned from, unsigned to, unsigned known) {
  struct audit_when when;
  struct found f = {0};
  char at[21];
  day(from, when.from);
  day(to, when.to);
  audit_roll_each(roll, &when, known ? day(known, at) : NEVER, &f, find);
  return f;
}

/* Days: 3 registered, 4 removed, 5 the removal voided, 6 temporary, 7 its end, 11 the registration voided. */
static void test_register(void **state) {
  static const struct {
    const char *what;
    unsigned from, to, known;
    size_t count;
    uint64_t number, ended_by;
  } table[] = {
      {"before", 2, 2, 2, 0, 0, 0},
      {"from the moment of its admission", 3, 3, 3, 1, 3, 0},
      {"removed", 4, 4, 4, 0, 0, 0},
      {"the day before, as known when it was removed", 3, 3, 4, 1, 3, 4},
      {"a span in which it was removed", 3, 4, 4, 1, 3, 4},
      {"the removal never was", 4, 4, 5, 1, 3, 0},
      {"two of them", 6, 6, 6, 2, 6, 0},
      {"the temporary one has ended", 7, 7, 7, 1, 3, 0},
      {"as known later, it never was", 3, 3, 11, 0, 0, 0},
      {"but the temporary one was", 6, 6, 0, 1, 6, 7},
  };
  struct audit_roll *roll = tell();
  (void)state;
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    const struct found f = on(roll, table[i].from, table[i].to, table[i].known);
    if (f.count != table[i].count || f.last.number != table[i].number || f.last.ended_by != table[i].ended_by)
      fail_msg("%s: %zu, entry %lu, ended by %lu", table[i].what, f.count, (unsigned long)f.last.number,
               (unsigned long)f.last.ended_by);
  }
  const struct found f = on(roll, 3, 3, 3);
  assert_int_equal(f.last.decision, 2);
  assert_int_equal(f.last.meeting, 1);
  assert_int_equal(audit_roll_end(roll), OK);
  audit_roll_free(roll);
}

static void test_voided_since(void **state) {
  struct audit_roll *roll = tell();
  char at[21];
  (void)state;
  assert_int_equal(audit_roll_voided_since(roll, "ava", day(4, at)), 11);
  assert_int_equal(audit_roll_voided_since(roll, "ava", day(11, at)), 0);
  assert_int_equal(audit_roll_voided_since(roll, "bo", day(4, at)), 0);
  audit_roll_free(roll);
}

static bool is_same(const struct audit_roll *roll, const char *child, const char *other, const char *known) {
  struct audit_records *records = audit_roll_records_of(roll, child, known);
  const bool is = audit_records_have(records, other);
  audit_records_free(records);
  return is;
}

static void test_same_child(void **state) {
  struct audit_roll *roll = tell();
  char at[21];
  (void)state;
  assert_true(is_same(roll, "ava", "ava", day(1, at)));
  assert_false(is_same(roll, "ava", "avah", day(7, at)));
  assert_true(is_same(roll, "ava", "avah", day(8, at)));
  assert_true(is_same(roll, "ay", "ava", day(9, at)));
  assert_false(is_same(roll, "ay", "ava", day(10, at))); /* another statement took its place */
  assert_true(is_same(roll, "avah", "ava", NEVER));
  audit_roll_free(roll);
}

#define CHAIN 90u

static const char *link_of(const char *name, unsigned n, char out[16]) {
  snprintf(out, 16, "%s%u", name, n);
  return out;
}

/* That n and n + 1 of a name are one child: entry "NAMEsN". */
static void tell_same(struct audit_roll *roll, const char *name, unsigned n) {
  char id[24], child[16], other[16];
  snprintf(id, sizeof id, "%ss%u", name, n);
  read_told(roll, 1,
            &(struct told){id, "child.same", link_of(name, n, child), link_of(name, n + 1, other), NULL, NULL});
}

/* A chain, told in no order, and as many statements about others. */
static struct audit_roll *tell_chain(void) {
  struct audit_roll *roll = audit_roll_new();
  for (unsigned i = 0; i < CHAIN; i++) {
    tell_same(roll, "c", i * 37 % CHAIN);
    tell_same(roll, "u", 2 * i);
  }
  return roll;
}

/* How many of the names with the numbers 0 to 2 CHAIN are one child with that one. */
static unsigned count_same(const struct audit_roll *roll, const char *child, const char *name, unsigned known) {
  char other[16], at[21];
  struct audit_records *records = audit_roll_records_of(roll, child, day(known, at));
  unsigned count = 0;
  for (unsigned n = 0; n <= 2 * CHAIN; n++)
    count += audit_records_have(records, link_of(name, n, other));
  audit_records_free(records);
  return count;
}

static void test_chain_of_statements(void **state) {
  static const struct told later[] = {
      {"t", "child.distinct", "c40", "c41", "instead", "cs40"},
      {"v", "entry.void", "c40", NULL, "entry", "t"},
      {"o", "child.same", "c0", "c90", NULL, NULL}, /* which closes a ring */
      {"w", "entry.void", "c9", NULL, "entry", "cs9"},
      {"j", "child.same", "u7", "c50", NULL, NULL},
      {"g", "child.distinct", "p", "q", "instead", "h"}, /* before what it replaces, which is no other answer */
      {"h", "child.same", "p", "q", NULL, NULL},
  };
  static const struct {
    const char *what, *child, *name;
    unsigned known, count;
  } table[] = {
      {"from one end", "c0", "c", 1, CHAIN + 1},
      {"from the other", "c90", "c", 1, CHAIN + 1},
      {"from the middle", "c45", "c", 1, CHAIN + 1},
      {"the others are not", "c45", "u", 1, 0},
      {"the others are two by two", "u7", "u", 1, 2},
      {"nor is the chain theirs", "u7", "c", 1, 0},
      {"of which there is no statement", "x0", "x", 1, 1},
      {"and no other is", "x0", "c", 1, 0},
      {"cut, before it", "c40", "c", 2, 41},
      {"cut, after it", "c41", "c", 2, 50},
      {"the cut never was", "c40", "c", 3, CHAIN + 1},
      {"a ring", "c40", "c", 4, CHAIN + 1},
      {"a ring that is open elsewhere", "c9", "c", 5, CHAIN + 1},
      {"another pair is joined to it", "c9", "u", 6, 2},
      {"and it to the pair", "u6", "c", 6, CHAIN + 1},
  };
  struct audit_roll *roll = tell_chain();
  (void)state;
  for (unsigned i = 0; i < sizeof later / sizeof *later; i++)
    read_told(roll, i + 2, &later[i]);
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    const unsigned count = count_same(roll, table[i].child, table[i].name, table[i].known);
    if (count != table[i].count)
      fail_msg("%s: %u records and not %u", table[i].what, count, table[i].count);
  }
  assert_false(is_same(roll, "p", "q", NEVER));
  audit_roll_free(roll);
}

static void test_strange(void **state) {
  struct audit_roll *roll = tell();
  char at[21];
  (void)state;
  assert_int_equal(audit_roll_strange(roll, day(11, at)), 0);
  assert_int_equal(audit_roll_strange(roll, NEVER), 1);
  audit_roll_free(roll);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_register),   cmocka_unit_test(test_voided_since),
      cmocka_unit_test(test_same_child), cmocka_unit_test(test_chain_of_statements),
      cmocka_unit_test(test_strange),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
