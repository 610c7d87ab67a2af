/* The independent verifier and the node's own code judge the same mutated ledgers, and come to the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/kind.h"
#include "tests/lib/differential.h"

#define SEED 7
#define LEDGERS_MIN 10000 /* that are compared; LEDGERS in the environment says how many to make */
#define LEDGERS 10260

struct tally {
  uint64_t made, differ, both_accept, both_refuse, apart;
};

static const char *word(const struct opinion *o) {
  return o->accepts ? "accepts it" : "refuses it";
}

static void count(struct tally *t, const struct opinions *o, uint64_t seed, size_t act) {
  t->made++;
  t->apart += o->apart != NULL;
  t->both_accept += o->node.accepts && o->auditor.accepts;
  t->both_refuse += !o->node.accepts && !o->auditor.accepts;
  if (differential_agrees(o))
    return;
  t->differ++;
  print_error("seed %llu, act %zu:\n  the node %s: %s\n  the auditor %s: %s\n", (unsigned long long)seed, act,
              word(&o->node), o->node.words, word(&o->auditor), o->auditor.words);
}

static void test_honest_ledger(void **state) {
  struct opinions o;
  (void)state;
  struct differential *d = differential_new(SEED);
  differential_judge(d, differential_ledger(d), 0, &o);
  if (!o.node.accepts || !o.auditor.accepts)
    fail_msg("the node: %s; the auditor: %s", o.node.words, o.auditor.words);
  differential_free(d);
}

/* Each act in turn, from the last one on, and the checkpoint. */
static void test_mutated_ledgers(void **state) {
  const char *wanted = getenv("LEDGERS");
  uint64_t ledgers = wanted ? strtoull(wanted, NULL, 10) : LEDGERS, seed = SEED;
  struct tally t = {0};
  struct opinions o;
  (void)state;
  struct differential *d = differential_new(SEED);
  size_t acts = differential_ledger(d)->act_count;
  for (size_t act = acts + 1; act-- > 0;)
    for (uint64_t n = 0; n < ledgers / (acts + 1); n++) {
      struct choices c = {.seed = ++seed};
      differential_try(d, act, &c, &o);
      count(&t, &o, seed, act);
    }
  print_message("%llu mutated ledgers: both accept %llu and refuse %llu, %llu need not be judged alike\n",
                (unsigned long long)t.made, (unsigned long long)t.both_accept, (unsigned long long)t.both_refuse,
                (unsigned long long)t.apart);
  differential_free(d);
  assert_int_equal(t.differ, 0);
  if (wanted == NULL)
    assert_true(t.made - t.apart >= LEDGERS_MIN && t.both_accept > 0 && t.both_refuse > 0);
}

static bool may_node_write(const struct kind *k) {
  bool may = false;
  for (size_t i = 0; i < k->writer_count; i++)
    may |= k->writers[i].role == ROLE_NODE;
  return may;
}

/* The auditor's list of what the node writes is that of the node's tables. */
static void test_what_the_node_writes(void **state) {
  const struct kind *k;
  int wrong = 0;
  (void)state;
  struct differential *d = differential_new(SEED);
  for (size_t i = 0; (k = kind_at(i)); i++) {
    struct ledger l;
    struct opinions o;
    mutate_begin(&l, differential_ledger(d));
    ledger_replace(&l.headers[LEDGER_ENTRIES], "cert.issue", k->name);
    ledger_sign(&l);
    ledger_publish(&l, LEDGER_ENTRIES);
    differential_judge(d, &l, l.act_count - 1, &o);
    bool is_peoples = strstr(o.auditor.words, "which people write") != NULL;
    if (may_node_write(k) ? is_peoples : o.auditor.accepts) {
      print_error("%s by the node: %s\n", k->name, o.auditor.words);
      wrong++;
    }
    mutate_end(&l);
  }
  differential_free(d);
  assert_int_equal(wrong, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_honest_ledger), cmocka_unit_test(test_what_the_node_writes),
                                     cmocka_unit_test(test_mutated_ledgers)};
  return cmocka_run_group_tests_name("differential", tests, NULL, NULL);
}
