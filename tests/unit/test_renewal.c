/* Certificates that end soon are issued anew at a sync; a machine that was away for too long is not let in, and loses
 * nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/store_parts.h"
#include "sync/duty.h"
#include "tests/lib/world.h"

#define DAY_S ((int64_t)86400)
#define LIFE_S (730 * DAY_S)
#define AHEAD_S (90 * DAY_S)

struct scene {
  struct world w;
  struct hash north, south;
  struct world_member *ann, *ben, *keeper; /* ann and ben in the north, the keeper in the south */
  int64_t until_s; /* of ann's certificates, which are older than the others' by no more than the clock */
};

static void scene_open(struct scene *c, uint64_t seed) {
  *c = (struct scene){0};
  world_open(&c->w, seed);
  c->north = world_agency(&c->w, "Social Work Services", "social-work");
  c->south = world_agency(&c->w, "Police Scotland", "police");
  c->ann = world_join(&c->w, &c->north, "Ann Kerr", "practitioner officer");
  c->ben = world_join(&c->w, &c->north, "Ben Muir", "practitioner");
  c->keeper = world_join(&c->w, &c->south, "Kirsty Gow", "keeper officer");
  c->until_s = c->w.now_s + LIFE_S;
  world_sync(&c->w, c->ann);
  world_sync(&c->w, c->ben);
}

static int64_t ends(struct store *s, const struct hash *key_id) {
  struct buf cert = {0};
  struct cert_facts facts;
  assert_int_equal(directory_certificate(s, key_id, &cert), OK);
  assert_int_equal(cert_read(buf_bytes(&cert), &facts), OK);
  buf_release(&cert);
  return facts.until_s;
}

static int64_t persons_end(struct store *s, const struct world_member *m) {
  struct hash id = key_id(m->key);
  return ends(s, &id);
}

static void is_renewed_in_the_same_answer(void **state) {
  struct scene c;
  (void)state;
  scene_open(&c, 1);
  assert_int_equal(persons_end(c.ann->store, c.ann), c.until_s);
  c.w.now_s = c.until_s - AHEAD_S - 1;
  uint64_t size = store_size(c.w.node.store);
  world_sync(&c.w, c.ann);
  assert_int_equal(store_size(c.w.node.store), size);
  c.w.now_s++;
  world_must(world_exchange(&c.w, c.ann, NULL), "one request, one answer");
  assert_int_equal(persons_end(c.ann->store, c.ann), c.w.now_s + LIFE_S);
  assert_int_equal(ends(c.ann->store, &c.ann->replica), c.w.now_s + LIFE_S);
  /* Those of the people of the agency, and of this machine: nobody else's. */
  assert_int_equal(store_size(c.w.node.store), size + 3);
  assert_int_equal(persons_end(c.w.node.store, c.ben), c.w.now_s + LIFE_S);
  assert_int_equal(ends(c.w.node.store, &c.ben->replica), c.until_s);
  assert_int_equal(persons_end(c.w.node.store, c.keeper), c.until_s);
  world_sync(&c.w, c.ann);
  assert_int_equal(store_size(c.w.node.store), size + 3);
  /* The other machine's comes at its own sync, and the people's do not come again. */
  world_sync(&c.w, c.ben);
  assert_int_equal(store_size(c.w.node.store), size + 4);
  assert_int_equal(ends(c.ben->store, &c.ben->replica), c.w.now_s + LIFE_S);
  /* Both go on after the first certificates have ended. */
  c.w.now_s = c.until_s + DAY_S;
  world_record(&c.w, c.ann, WORLD_DRAFT("child.add", {"name", "Ava Lennox"}));
  world_sync(&c.w, c.ann);
  assert_int_equal(store_outbox_count(c.ann->store, NULL), 0);
  assert_int_equal(store_try_statements(c.w.node.store), OK);
  world_close(&c.w);
}

static void views_can_be_rebuilt(void **state) {
  struct scene c;
  struct hash before, after;
  (void)state;
  scene_open(&c, 2);
  c.w.now_s = c.until_s - DAY_S;
  world_sync(&c.w, c.ann);
  struct store *const stores[] = {c.w.node.store, c.ann->store};
  for (size_t i = 0; i < 2; i++) {
    assert_int_equal(store_views_digest(stores[i], &before), OK);
    assert_int_equal(store_begin(stores[i]), OK);
    assert_int_equal(store_rebuild(stores[i]), OK);
    assert_int_equal(store_commit(stores[i]), OK);
    assert_int_equal(store_views_digest(stores[i], &after), OK);
    assert_true(hash_equal(&before, &after));
  }
  world_close(&c.w);
}

/* What is revoked in the request itself is not renewed in its answer. */
static void the_revoked_are_not_renewed(void **state) {
  struct scene c;
  struct buf spki = {0}, seal = {0};
  (void)state;
  scene_open(&c, 3);
  struct hash_hex ben = hash_hex(&c.ben->person), machine = hash_hex(&c.ben->machine);
  struct key *further = key_new(), *further_seal = key_new();
  struct hash further_id = key_id(further);
  text_base64_encode(&spki, key_spki(further));
  text_base64_encode(&seal, key_spki(further_seal));
  struct hash keys = world_record(
      &c.w, c.ben, WORLD_DRAFT("person.key", {"person", ben.s}, {"sign", buf_cstr(&spki)}, {"seal", buf_cstr(&seal)}));
  world_sync(&c.w, c.ben);
  world_sync(&c.w, c.ann);
  c.w.now_s = c.until_s - DAY_S;
  struct hash_hex key_entry = hash_hex(&keys);
  world_record(&c.w, c.ann, WORLD_DRAFT("key.revoke", {"key", key_entry.s}, {"why", "lost"}));
  world_sync(&c.w, c.ann);
  assert_int_equal(ends(c.w.node.store, &further_id), c.until_s);
  assert_int_equal(persons_end(c.w.node.store, c.ben), c.w.now_s + LIFE_S);
  world_record(&c.w, c.ann, WORLD_DRAFT("replica.revoke", {"replica", machine.s}, {"why", "lost"}));
  world_sync(&c.w, c.ann);
  assert_int_equal(world_exchange(&c.w, c.ben, NULL), ERR_KEY);
  assert_int_equal(ends(c.w.node.store, &c.ben->replica), c.until_s);
  c.w.now_s += LIFE_S - AHEAD_S;
  world_record(&c.w, c.ann, WORLD_DRAFT("person.revoke", {"person", ben.s}, {"why", "left"}));
  int64_t was = persons_end(c.w.node.store, c.ben);
  world_sync(&c.w, c.ann);
  assert_int_equal(persons_end(c.w.node.store, c.ben), was);
  assert_int_equal(persons_end(c.w.node.store, c.ann), c.w.now_s + LIFE_S);
  key_free(further);
  key_free(further_seal);
  buf_release(&spki);
  buf_release(&seal);
  world_close(&c.w);
}

/* In a large agency not all at once. */
static void many_are_renewed_bit_by_bit(void **state) {
  struct scene c;
  (void)state;
  scene_open(&c, 4);
  struct hash_hex agency = hash_hex(&c.north);
  for (int i = 0; i < 70; i++) {
    struct key *sign = key_new(), *seal = key_new();
    struct buf sign_text = {0}, seal_text = {0};
    char name[32];
    snprintf(name, sizeof name, "Person %d", i);
    text_base64_encode(&sign_text, key_spki(sign));
    text_base64_encode(&seal_text, key_spki(seal));
    world_record(&c.w, c.ann,
                 WORLD_DRAFT("person.add", {"agency", agency.s}, {"sign", buf_cstr(&sign_text)},
                             {"seal", buf_cstr(&seal_text)}, {"name", name}));
    buf_release(&sign_text);
    buf_release(&seal_text);
    key_free(sign);
    key_free(seal);
  }
  world_sync(&c.w, c.ann);
  c.w.now_s = c.until_s - DAY_S;
  uint64_t size = store_size(c.w.node.store);
  world_sync(&c.w, c.ann);
  assert_int_equal(store_size(c.w.node.store), size + 64);
  world_sync(&c.w, c.ann);
  assert_int_equal(store_size(c.w.node.store), size + 73);
  world_sync(&c.w, c.ann);
  assert_int_equal(store_size(c.w.node.store), size + 73);
  world_close(&c.w);
}

/* However large the register is, what is due is found by indices. */
static void nothing_is_scanned(void **state) {
  struct scene c;
  size_t count, found = 0;
  (void)state;
  scene_open(&c, 5);
  const char *const *list = directory_statements(&count);
  for (size_t i = 0; i < count; i++) {
    struct buf plan = {0};
    struct query q;
    if (!strstr(list[i], "until_s BETWEEN"))
      continue;
    found++;
    buf_addf(&plan, "EXPLAIN QUERY PLAN %s", list[i]);
    query_start_once(&q, c.w.node.store->db, buf_cstr(&plan));
    while (query_row(&q)) {
      char *row = bytes_copy_string(query_get(&q, 3));
      if (strncmp(row, "SCAN", 4) == 0 || strstr(row, "TEMP B-TREE"))
        fail_msg("%s", row);
      free(row);
    }
    assert_int_equal(query_end(&q), OK);
    buf_release(&plan);
  }
  assert_int_equal(found, 1);
  world_close(&c.w);
}

static enum err note_hold(void *of, const struct hold_row *row) {
  *(struct hash *)of = row->id;
  assert_true(bytes_equal_str(row->rule, "certificate"));
  return OK;
}

/* Ben's machine was away for two years; Ann's was not, so his own certificate was renewed meanwhile. */
static void a_machine_that_was_away_is_told_and_loses_nothing(void **state) {
  struct scene c;
  struct hash hold = {{0}};
  (void)state;
  scene_open(&c, 6);
  c.w.now_s = c.until_s - DAY_S;
  world_sync(&c.w, c.ann);
  world_sync(&c.w, c.keeper);
  struct hash child = world_record(&c.w, c.ben, WORLD_DRAFT("child.add", {"name", "Ava Lennox"}));
  c.w.now_s = c.until_s + 1;
  uint64_t size = store_size(c.w.node.store), known = store_size(c.ben->store);
  assert_int_equal(world_exchange(&c.w, c.ben, NULL), ERR_KEY);
  assert_non_null(strstr(err_words(ERR_KEY), "not valid any more"));
  assert_non_null(strstr(err_remedy(), "cairn machine renew"));
  assert_int_equal(store_size(c.w.node.store), size + 1);
  assert_int_equal(store_size(c.ben->store), known);
  assert_int_equal(store_outbox_count(c.ben->store, "unsent"), 1);
  assert_int_equal(world_exchange(&c.w, c.ben, NULL), ERR_KEY);
  assert_int_equal(store_size(c.w.node.store), size + 1);
  assert_int_equal(ends(c.w.node.store, &c.ben->replica), c.until_s);
  world_sync(&c.w, c.keeper);
  assert_int_equal(directory_each_hold(c.keeper->store, &hold, note_hold), OK);
  struct hash_hex id = hash_hex(&hold);
  struct record r = {0};
  assert_int_equal(store_find(c.keeper->store, &hold, &r), OK);
  struct draft d = WORLD_DRAFT("held.release", {"hold", id.s}, {"reason", "written in time"});
  struct verdict v;
  d.to = r.entry.to;
  d.to_count = r.entry.to_count;
  assert_int_equal(world_write(&c.w, c.keeper, &d, 1, ACCEPT_WRITE, &v), OK);
  record_release(&r);
  world_sync(&c.w, c.keeper);
  assert_int_equal(store_find(c.keeper->store, &child, &r), ERR_ABSENT); /* the keeper decides, and need not see it */
  world_sync(&c.w, c.ann);
  assert_int_equal(store_find(c.ann->store, &child, &r), OK);
  record_release(&r);
  /* On the last second it was still let in. */
  c.w.now_s = c.until_s + 1;
  assert_int_equal(world_exchange(&c.w, c.ben, NULL), ERR_KEY);
  world_close(&c.w);
}

static void on_its_last_second_it_counts(void **state) {
  struct scene c;
  (void)state;
  scene_open(&c, 7);
  world_record(&c.w, c.ben, WORLD_DRAFT("child.add", {"name", "Ava Lennox"}));
  c.w.now_s = c.until_s;
  world_sync(&c.w, c.ben);
  assert_int_equal(store_outbox_count(c.ben->store, NULL), 0);
  assert_int_equal(ends(c.ben->store, &c.ben->replica), c.w.now_s + LIFE_S);
  world_close(&c.w);
}

/* The machine is revoked by the first of two acts of one request. */
static void a_machine_revoked_on_the_way_is_held_from_there_on(void **state) {
  struct scene c;
  struct exchange_report report = {0};
  (void)state;
  scene_open(&c, 8);
  struct hash_hex machine = hash_hex(&c.ann->machine);
  world_record(&c.w, c.ann, WORLD_DRAFT("replica.revoke", {"replica", machine.s}, {"why", "replaced"}));
  world_record(&c.w, c.ann, WORLD_DRAFT("child.add", {"name", "Ava Lennox"}));
  world_must(world_exchange(&c.w, c.ann, &report), "the last sync");
  assert_int_equal(report.held, 1);
  assert_int_equal(report.accepted, 1);
  world_close(&c.w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(is_renewed_in_the_same_answer),
      cmocka_unit_test(views_can_be_rebuilt),
      cmocka_unit_test(the_revoked_are_not_renewed),
      cmocka_unit_test(many_are_renewed_bit_by_bit),
      cmocka_unit_test(nothing_is_scanned),
      cmocka_unit_test(a_machine_that_was_away_is_told_and_loses_nothing),
      cmocka_unit_test(on_its_last_second_it_counts),
      cmocka_unit_test(a_machine_revoked_on_the_way_is_held_from_there_on),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
