/* What a later commit did to leaves that were published: the finding names the entries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "audit/verify.h"
#include "core/bytes.h"

#define LEAF(number, words) "cairn leaf 1\nnumber " number "\n" words "\n\n"
#define BEFORE LEAF("7", "one") LEAF("8", "two") LEAF("9", "three") LEAF("10", "four")

static const struct {
  const char *what, *before, *after;
  uint64_t entry;
  const char *words;
} cases[] = {
    {"a byte", BEFORE, LEAF("7", "one") LEAF("8", "tvo") LEAF("9", "three") LEAF("10", "four"), 8, "changes entry 8,"},
    {"the first", BEFORE, LEAF("7", "One") LEAF("8", "two") LEAF("9", "three") LEAF("10", "four"), 7,
     "changes entry 7,"},
    {"the last", BEFORE, LEAF("7", "one") LEAF("8", "two") LEAF("9", "three") LEAF("10", "fouR"), 10,
     "changes entry 10,"},
    {"two of them", BEFORE, LEAF("7", "one") LEAF("8", "2") LEAF("9", "3") LEAF("10", "four"), 8,
     "changes entries 8 to 9,"},
    {"its number", BEFORE, LEAF("7", "one") LEAF("18", "two") LEAF("9", "three") LEAF("10", "four"), 8,
     "changes entry 8,"},
    {"one is gone from the end", BEFORE, LEAF("7", "one") LEAF("8", "two") LEAF("9", "three"), 10, "changes entry 10,"},
    {"one more", BEFORE, BEFORE LEAF("11", "five"), 10, "adds something behind entry 10,"},
    {"all are gone", BEFORE, "", 7, "removes entries 7 to 10,"},
    {"a line", LEAF("7", "one"), LEAF("7", "one\nmore"), 7, "changes entry 7,"},
    {"what was no leaf", "nonsense\n", "more nonsense\n", 0, "changes leaves that commit 1 had published"},
    {"nothing", "", "something", 0, "changes leaves"},
    {"line feeds", "\n\n\n", "\n\n", 0, "changes leaves"},
    {"a number that is none", "cairn leaf 1\nnumber x\n\n", "y", 0, "changes leaves"},
};

static void test_changes(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    static const struct verify_facts none = {0};
    const char *why;
    struct verify *v = verify_new(&none, &why);
    /* Of exactly the size, so that a byte too far is seen. */
    struct buf before = {0}, after = {0};
    buf_add_str(&before, cases[i].before);
    buf_add_str(&after, cases[i].after);
    char *was = memcpy(mem_alloc(before.len + !before.len), before.at ? (void *)before.at : "", before.len);
    char *is = memcpy(mem_alloc(after.len + !after.len), after.at ? (void *)after.at : "", after.len);
    verify_changed(v, &(struct verify_change){5, 1, was, before.len, is, after.len});
    const struct verify_finding *f = verify_end(v)->findings;
    if (f->code != VERIFY_P_TREE || f->entry != cases[i].entry || strstr(f->sentence, cases[i].words) == NULL)
      fail_msg("%s: entry %d, %s", cases[i].what, (int)f->entry, f->sentence);
    verify_free(v);
    free(was);
    free(is);
    buf_release(&before);
    buf_release(&after);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_changes)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
