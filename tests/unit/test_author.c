/* From fields as text to a signed act. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/world.h"

struct scene {
  struct world w;
  struct world_member *m;
  struct hash_hex ava, agency, person;
};

static void scene_open(struct scene *c, uint64_t seed) {
  world_open(&c->w, seed);
  struct hash agency = world_agency(&c->w, "Social Work Services", "social-work");
  c->m = world_join(&c->w, &agency, "Morag Reid", "practitioner chair");
  c->agency = hash_hex(&agency);
  c->person = hash_hex(&c->m->person);
  struct hash ava = world_record(&c->w, c->m, WORLD_DRAFT("child.add", {"name", "Ava"}));
  c->ava = hash_hex(&ava);
}

/* The error, and a word that its words hold; nothing is written. */
static void check_refused(struct scene *c, const struct draft *drafts, size_t count, enum err wanted,
                          const char *word) {
  struct verdict v = {0};
  struct hash before = world_digest(c->m->store);
  enum err e = world_write(&c->w, c->m, drafts, count, ACCEPT_WRITE_ANYWAY, &v);
  if (e != wanted || strstr(err_words(e), word) == NULL)
    fail_msg("%s: %s (%s), verdict %d", word, err_text(e), err_words(e), v.code);
  struct hash after = world_digest(c->m->store);
  assert_true(hash_equal(&before, &after));
}

#define REFUSED(c, wanted, word, ...)                                                                                  \
  do {                                                                                                                 \
    struct draft d = WORLD_DRAFT(__VA_ARGS__);                                                                         \
    check_refused(c, &d, 1, wanted, word);                                                                             \
  } while (0)

static void what_cannot_be_composed(void **state) {
  struct scene c;
  (void)state;
  scene_open(&c, 1);
  const char *ava = c.ava.s, *agency = c.agency.s;
  REFUSED(&c, ERR_USAGE, "colour", "child.add", {"name", "Ava"}, {"colour", "red"});
  REFUSED(&c, ERR_USAGE, "", "child.add", {"name", "Ava"}, {"", "red"});
  REFUSED(&c, ERR_FORM, "name", "child.add", {"name", ""});
  REFUSED(&c, ERR_FORM, "name", "child.add", {"name", "\xff"});
  REFUSED(&c, ERR_FORM, "born", "child.add", {"name", "Ava"}, {"born", "2026-02-30"});
  REFUSED(&c, ERR_LIMIT, "name", "child.add", {"name", "Ava"}, {"name", "Ben"});
  REFUSED(&c, ERR_LIMIT, "born", "child.add", {"name", "Ava"}, {"born", "2026-02-01"}, {"born", "2026-02-02"});
  REFUSED(&c, ERR_USAGE, "agency", "involvement.start", {"child", ava}, {"agency", "health"});
  REFUSED(&c, ERR_USAGE, "agency", "involvement.start", {"child", ava}, {"agency", ""});
  REFUSED(&c, ERR_USAGE, "agency", "involvement.start", {"child", ava}, {"agency", "0123abcd"});
  REFUSED(&c, ERR_USAGE, "child", "involvement.start", {"child", "@1"}, {"agency", agency});
  REFUSED(&c, ERR_USAGE, "child", "involvement.start", {"child", "@0"}, {"agency", agency});
  REFUSED(&c, ERR_USAGE, "child", "involvement.start", {"child", "@2"}, {"agency", agency});
  REFUSED(&c, ERR_USAGE, "child", "involvement.start", {"child", "@"}, {"agency", agency});
  REFUSED(&c, ERR_USAGE, "child", "involvement.start", {"child", "@01"}, {"agency", agency});
  REFUSED(&c, ERR_USAGE, "child", "involvement.start", {"child", "@-1"}, {"agency", agency});
  REFUSED(&c, ERR_LIMIT, "cert", "cert.issue", {"subject", c.person.s}, {"cert", "MIIB"}, {"cert", "MIIB"});
  REFUSED(&c, ERR_FORM, "type", "agency.add", {"type", "circus"}, {"name", "x"});
  world_close(&c.w);
}

static void limits(void **state) {
  struct scene c;
  struct draft_value values[ENTRY_CHILDREN_MAX + 8] = {{"type", "initial"}, {"on", "2026-12-01T10:00:00Z"}};
  struct hash_hex ids[ENTRY_CHILDREN_MAX + 1];
  size_t n = 2;
  (void)state;
  scene_open(&c, 2);
  values[n++] = (struct draft_value){"chair", c.person.s};
  for (size_t i = 0; i <= ENTRY_CHILDREN_MAX; i++) {
    struct hash id = world_record(&c.w, c.m, WORLD_DRAFT("child.add", {"name", "Someone"}));
    ids[i] = hash_hex(&id);
    values[n++] = (struct draft_value){"child", ids[i].s};
  }
  struct draft d = world_draft("meeting.convene", values, n);
  check_refused(&c, &d, 1, ERR_LIMIT, "child");
  d.count--;
  world_record(&c.w, c.m, d);
  check_refused(&c, &d, 0, ERR_LIMIT, "1024");
  static const struct draft_value someone[] = {{"name", "Someone"}};
  struct draft *many = mem_alloc_array(ACT_ENTRIES_MAX + 1, sizeof *many);
  for (size_t i = 0; i <= ACT_ENTRIES_MAX; i++)
    many[i] = world_draft("child.add", someone, 1);
  check_refused(&c, many, ACT_ENTRIES_MAX + 1, ERR_LIMIT, "1024");
  struct verdict v;
  assert_int_equal(world_write(&c.w, c.m, many, ACT_ENTRIES_MAX, ACCEPT_WRITE, &v), OK);
  assert_int_equal(v.last - v.first + 1, ACT_ENTRIES_MAX);
  free(many);
  world_close(&c.w);
}

/* 129 recipients are one too many: none is left out silently. */
static void recipients(void **state) {
  struct scene c;
  struct hash to[ENTRY_RECIPIENTS_MAX + 1];
  struct verdict v;
  (void)state;
  scene_open(&c, 3);
  for (size_t i = 0; i <= ENTRY_RECIPIENTS_MAX; i++)
    to[i] = hash_of(bytes_of(&i, sizeof i));
  struct draft d = WORLD_DRAFT("act.refuse", {"replica", "a"}, {"number", "1"}, {"previous", "b"}, {"act", "c"},
                               {"author", "d"}, {"rule", "R-008"}, {"words", "x"});
  check_refused(&c, &d, 1, ERR_FORM, "header"); /* an audience of named persons, and nobody named */
  d.to = to;
  d.to_count = ENTRY_RECIPIENTS_MAX + 1;
  check_refused(&c, &d, 1, ERR_LIMIT, "to");
  world_close(&c.w);
  world_open(&c.w, 4); /* a world of the node alone: it may write this kind */
  d.to_count = ENTRY_RECIPIENTS_MAX;
  char a[HASH_HEX_SIZE + 1];
  snprintf(a, sizeof a, "%s", hash_hex(&to[0]).s);
  struct draft_value values[] = {{"replica", a}, {"number", "1"},   {"previous", a}, {"act", a},
                                 {"author", a},  {"rule", "R-008"}, {"words", "x"}};
  d.values = values;
  assert_int_equal(world_node_write(&c.w, &d, 1, &v), OK);
  struct record r = {0};
  assert_int_equal(store_find_number(c.w.node.store, v.first, &r), OK);
  assert_int_equal(r.entry.to_count, ENTRY_RECIPIENTS_MAX);
  record_release(&r);
  world_close(&c.w);
}

static void what_is_composed(void **state) {
  struct scene c;
  struct verdict v;
  struct record child = {0}, start = {0};
  (void)state;
  scene_open(&c, 5);
  struct draft d[] = {
      WORLD_DRAFT("child.add", {"name", "Ben \"B\" \xc3\xa9"}, {"address", "3 Mill Lane\nAirdrie"}),
      WORLD_DRAFT("child.add", {"name", "Ben \"B\" \xc3\xa9"}, {"address", "3 Mill Lane\nAirdrie"}),
      WORLD_DRAFT("involvement.start", {"agency", c.agency.s}, {"child", "@2"}),
  };
  assert_int_equal(world_write(&c.w, c.m, d, 3, ACCEPT_WRITE, &v), OK);
  assert_int_equal(v.code, VERDICT_ACCEPTED);
  assert_int_equal(store_find_number(c.m->store, v.first + 1, &child), OK);
  assert_int_equal(store_find_number(c.m->store, v.first + 2, &start), OK);
  assert_true(hash_equal(&start.entry.children[0], &child.entry.id));
  assert_string_equal(buf_cstr(&start.content), "{}");
  assert_string_equal(buf_cstr(&child.content),
                      "{\"address\":\"3 Mill Lane\\nAirdrie\",\"name\":\"Ben \\\"B\\\" \xc3\xa9\"}");
  assert_int_equal(child.entry.audience, AUDIENCE_CASE);
  assert_true(bytes_equal_str(child.entry.at, "2026-11-21T09:00:00Z"));
  assert_true(bytes_equal_str(child.entry.media, "application/json"));
  struct hash by = key_id(c.m->key), commitment = entry_commitment(child.salt, buf_bytes(&child.content)), first;
  assert_true(hash_equal(&child.entry.by, &by));
  assert_true(hash_equal(&child.entry.content, &commitment));
  /* The same said twice: another salt, another id. */
  assert_int_equal(author_id_of(c.m->store, v.first, &first), OK);
  assert_false(hash_equal(&first, &child.entry.id));
  assert_int_equal(author_id_of(c.m->store, v.last + 1, &first), ERR_ABSENT);
  record_release(&child);
  record_release(&start);
  world_close(&c.w);
}

/* The act is signed by the author; its position follows the one before; the node's has a head, a person's has none. */
static void signed_and_placed(void **state) {
  struct scene c;
  struct act_record a = {0};
  struct hash previous = {{0}};
  (void)state;
  scene_open(&c, 6);
  world_record(&c.w, c.m, WORLD_DRAFT("child.add", {"name", "Ben"}));
  for (uint64_t n = 0; n < 2; n++) {
    assert_int_equal(store_find_act(c.m->store, STORE_PENDING + n * ACT_ENTRIES_MAX, &a), OK);
    assert_int_equal(act_verify(&a.text, c.m->key, buf_bytes(&a.signature)), OK);
    assert_int_equal(a.position.number, n + 1);
    assert_true(hash_equal(&a.position.previous, &previous));
    assert_true(hash_equal(&a.position.replica, &c.m->replica));
    assert_int_equal(a.head.len, 0);
    previous = position_id(&a.position);
    act_record_release(&a);
  }
  assert_int_equal(store_find_act(c.w.node.store, 2, &a), OK);
  assert_int_equal(a.position.number, 2);
  assert_int_equal(position_verify(&a.position, c.w.operating, buf_bytes(&a.head)), OK);
  act_record_release(&a);
  world_close(&c.w);
}

static void without_certificate(void **state) {
  struct scene c;
  struct verdict v;
  (void)state;
  scene_open(&c, 7);
  struct key *stranger = key_new();
  struct author_by by = {.key = stranger, .replica = c.m->replica};
  struct draft d = WORLD_DRAFT("child.add", {"name", "Ben"});
  assert_int_equal(store_begin(c.m->store), OK);
  assert_int_equal(author_write(c.m->store, &by, &d, 1, ACCEPT_WRITE_ANYWAY, c.w.now_s, &v), ERR_KEY);
  store_rollback(c.m->store);
  key_free(stranger);
  world_close(&c.w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_cannot_be_composed),
      cmocka_unit_test(limits),
      cmocka_unit_test(recipients),
      cmocka_unit_test(what_is_composed),
      cmocka_unit_test(signed_and_placed),
      cmocka_unit_test(without_certificate),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
