/* The machines' chains as the auditor judges them (audit/FORMAT.md section 4.4): an honest ledger is published, each
 * case changes what stands in it, and the ledger's key signs that, too. */
#include "audit/verify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/note.h"
#include "tests/lib/published.h"

static struct world w;
static struct world_member *keeper, *ben, *leaver;

static void record(struct world_member *m, const char *name) {
  struct draft draft = WORLD_DRAFT("child.add", {"name", name});
  struct verdict v;
  assert_int_equal(world_write(&w, m, &draft, 1, ACCEPT_WRITE_ANYWAY, &v), OK);
}

static enum err note_hold(void *of, const struct hold_row *row) {
  *(struct hash *)of = row->id;
  return OK;
}

/* Ben's acts are 1, then 2 and 3 in one request, 4 is refused, 5; of the leaver's, who is revoked, 1 is held and let
 * through, 2 is held still. */
static int open_world(void **state) {
  (void)state;
  world_open(&w, 37);
  struct hash agency = world_agency(&w, "Social Work", "social-work"), hold;
  keeper = world_join(&w, &agency, "Kirsty Gow", "keeper officer");
  ben = world_join(&w, &agency, "Ben Muir", "practitioner");
  leaver = world_join(&w, &agency, "Isla Ross", "practitioner");
  world_sync(&w, keeper);
  record(ben, "One");
  world_sync(&w, ben);
  record(ben, "Two");
  record(ben, "Three");
  world_sync(&w, ben);
  struct draft agencies = WORLD_DRAFT("agency.add", {"name", "Of my own"}, {"type", "other"});
  struct verdict v;
  assert_int_equal(world_write(&w, ben, &agencies, 1, ACCEPT_WRITE_ANYWAY, &v), OK);
  world_sync(&w, ben);
  record(leaver, "Four");
  struct hash_hex who = hash_hex(&leaver->person);
  world_record(&w, keeper, WORLD_DRAFT("person.revoke", {"person", who.s}, {"why", "left"}));
  world_sync(&w, keeper);
  world_sync(&w, leaver);
  world_sync(&w, keeper);
  assert_int_equal(directory_each_hold(keeper->store, &hold, note_hold), OK);
  struct hash_hex id = hash_hex(&hold);
  struct record r = {0};
  assert_int_equal(store_find(keeper->store, &hold, &r), OK);
  struct draft release = WORLD_DRAFT("held.release", {"hold", id.s}, {"reason", "because"});
  release.to = r.entry.to;
  release.to_count = r.entry.to_count;
  assert_int_equal(world_write(&w, keeper, &release, 1, ACCEPT_WRITE, &v), OK);
  record_release(&r);
  world_sync(&w, keeper);
  record(leaver, "Five");
  world_sync(&w, leaver);
  record(ben, "Six");
  world_sync(&w, ben);
  return 0;
}

static int close_world(void **state) {
  (void)state;
  world_close(&w);
  return 0;
}

/* ---- what is done to the ledger ---- */

static struct published p;

static struct hash zeros;

/* Ben's last act, number 5, under another position. */
static void place(const struct hash *replica, uint64_t number, const struct hash *previous, const struct key *signer) {
  published_place(&p, published_find(&p, &ben->replica, 5), replica, number, previous, signer);
}

static struct hash position_of(uint64_t number) {
  return published_position(&p, published_find(&p, &ben->replica, number));
}

static void nothing(void) {
}
static void an_act_is_gone(void) {
  published_drop(&p, published_find(&p, &ben->replica, 2));
}
static void a_refusal_is_gone(void) {
  published_drop(&p, published_find_kind(&p, "act.refuse"));
}
static void a_hold_is_gone(void) {
  published_drop(&p, published_find_kind(&p, "act.hold"));
}
static void another_previous(void) {
  struct hash previous = position_of(3);
  place(&ben->replica, 5, &previous, ben->replica_key);
}
static void the_number_of_another(void) {
  struct hash previous = position_of(2);
  place(&ben->replica, 3, &previous, NULL);
}
static void signed_twice(void) {
  struct hash previous = position_of(2);
  place(&ben->replica, 3, &previous, ben->replica_key);
}
static void the_first_number_again(void) {
  place(&ben->replica, 1, &zeros, ben->replica_key);
}
static void the_number_of_what_was_refused(void) {
  struct hash previous = position_of(3);
  place(&ben->replica, 4, &previous, NULL);
}
static void twice_as_it_is(void) {
  published_copy(&p, published_find(&p, &ben->replica, 5));
}
static void twice_at_another_place(void) {
  struct hash previous = position_of(5);
  size_t copy = published_copy(&p, published_find(&p, &ben->replica, 1));
  published_place(&p, copy, &ben->replica, 6, &previous, NULL);
}
static void out_of_order(void) {
  published_move_to_end(&p, published_find(&p, &ben->replica, 2));
}
static void in_the_nodes_chain(void) {
  struct hash node = key_id(w.operating);
  place(&node, 1000, &node, NULL);
}
static void in_the_chain_of_no_machine(void) {
  place(&ben->person, 1, &zeros, NULL);
}
static void let_through_for_nothing(void) {
  published_drop(&p, published_find(&p, &leaver->replica, 1));
}
static void a_leaf_that_cannot_be_read(void) {
  published_edit(&p, published_find(&p, &ben->replica, 2), "cairn leaf 1", "cairn leaf 2");
}

static const struct {
  const char *what;
  void (*change)(void);
  const char *expected; /* codes */
  const char *says;     /* part of the first sentence */
} cases[] = {
    {"nothing", nothing, "", ""},
    {"an act is gone", an_act_is_gone, "M-GAP", "the act with the number 2 of the machine"},
    {"a refusal is gone, and with it the node's own act", a_refusal_is_gone, "M-GAP M-GAP", "is missing"},
    {"a hold is gone: its release is of nothing", a_hold_is_gone, "A-REVOKED M-GAP", ""},
    {"another predecessor", another_previous, "M-PREVIOUS", "number 5 "},
    {"another act's number", the_number_of_another, "M-REPEATED", "has the number 3 already"},
    {"the machine signed two acts with one number", signed_twice, "M-FORK", "two different acts with the number 3"},
    {"the machine begins anew", the_first_number_again, "M-FORK", "two different acts with the number 1"},
    {"the number of what was refused", the_number_of_what_was_refused, "M-REPEATED", "has the number 4 already"},
    {"an act twice, as it is", twice_as_it_is, "M-REPEATED", "number 5 "},
    {"an act twice, at another place", twice_at_another_place, "M-REPEATED", "stands in the ledger twice"},
    {"acts out of order", out_of_order, "M-GAP", "number 2 "},
    {"an act in the node's chain", in_the_nodes_chain, "M-MACHINE M-GAP", "did not sign"},
    {"an act in the chain of no machine", in_the_chain_of_no_machine, "M-MACHINE", "is no machine's"},
    {"let through, and nothing came", let_through_for_nothing, "M-RELEASE", "was let through"},
    {"what cannot be read may have been the act", a_leaf_that_cannot_be_read, "I-LEAF", ""},
};

static bool is_found(size_t i) {
  char said[256] = "";
  size_t len = 0;
  published_read(&p, w.node.store);
  cases[i].change();
  struct verify *v = published_judge(&p, w.ledger);
  const struct verify_result *r = verify_end(v);
  const struct verify_finding *first = NULL;
  for (size_t f = 0; f < r->finding_count; f++) {
    const struct verify_finding *found = &r->findings[f];
    if (verify_code_subject(found->code) == VERIFY_CONFORMANCE) /* an entry that stands there twice is no new record */
      continue;
    len += (size_t)snprintf(said + len, sizeof said - len, "%s%s", first ? " " : "", verify_code_text(found->code));
    first = first ? first : found;
  }
  bool good = strcmp(said, cases[i].expected) == 0 && (first == NULL || strstr(first->sentence, cases[i].says)) &&
              r->held_count == 1;
  enum verify_verdict wanted = strstr(said, "M-") ? VERIFY_FAILS : said[0] == 'I' ? VERIFY_UNKNOWN : VERIFY_HOLDS;
  good = good && r->verdicts[VERIFY_COMPLETENESS] == wanted;
  if (!good)
    print_error("%s: \"%s\" %s, %llu held\n", cases[i].what, said, first ? first->sentence : "",
                (unsigned long long)r->held_count);
  verify_free(v);
  published_release(&p);
  return good;
}

static void test_chains(void **state) {
  int missed = 0;
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    missed += !is_found(i);
  assert_int_equal(missed, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_chains),
  };
  return cmocka_run_group_tests_name("verify_chain", tests, open_world, close_world);
}
