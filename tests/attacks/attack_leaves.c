/* What is written otherwise than the format says, or stands in another place, in a ledger that was signed and published
 * so. */
#include "audit/verify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/lib/attack.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define HASH_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HASH_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static const struct attack attacks[] = {
    ATTACK("another first line of a leaf", "I-LEAF", AT_LEAF, 11, "cairn leaf 1", "cairn leaf 2"),
    ATTACK("a leaf's number with a zero in front", "I-LEAF", AT_LEAF, 11, "number 11", "number 011"),
    ATTACK("a leaf's number 0", "I-LEAF", AT_LEAF, 11, "number 11", "number 0"),
    ATTACK("a time that does not exist", "I-LEAF", AT_LEAF, 12, "admitted 2026-11-25", "admitted 2026-11-31"),
    ATTACK("an index that is not under the size", "I-LEAF", AT_LEAF, 11, " 1 2\n", " 2 2\n"),
    ATTACK("a position of number 0", "I-LEAF", AT_LEAF, 12, " 4 ", " 0 "),
    ATTACK("a first position with a predecessor", "I-LEAF", AT_LEAF, 12, " 4 ", " 1 "),
    ATTACK("a signature where none belongs", "I-LEAF", AT_LEAF, 11, "cairn entry 1", "signature AAAA\ncairn entry 1"),
    ATTACK("a signature that is missing", "I-LEAF", AT_LEAF, 8, "signature ", ""),
    ATTACK("a file that ends in the middle", "I-LEAF I-SIZE", AT_FILE, 0, "kind act.refuse", NULL),
    ATTACK("an empty file", "I-LEAF I-SIZE I-OPEN", AT_FILE, 0, "cairn leaf", NULL),
    ATTACK("an empty line more", "I-LEAF I-ROOT", AT_FILE, 0, "\n\n", "\n\n\n"),
    ATTACK("a kind of one name", "I-HEADER", AT_HEADER, 8, "child.add", "child"),
    ATTACK("a kind's version 1", "I-HEADER", AT_HEADER, 8, "child.add", "child.add/1"),
    ATTACK("a kind in capitals", "I-HEADER", AT_HEADER, 8, "child.add", "Child.add"),
    ATTACK("an author of 65 digits", "I-HEADER", AT_HEADER, 8, "by ", "by A"),
    ATTACK("a time of day that does not exist", "I-HEADER", AT_HEADER, 8, "T09:59:30Z", "T24:00:00Z"),
    ATTACK("a leap day in 2100", "I-HEADER", AT_HEADER, 8, "2026-11-21T", "2100-02-29T"),
    ATTACK("a key that is none", "I-HEADER", AT_HEADER, 8, "audience", "key sign AAAA\naudience"),
    ATTACK("children out of order", "I-HEADER", AT_HEADER, 8, "audience",
           "child " HASH_B "\nchild " HASH_A "\naudience"),
    ATTACK("a child twice", "I-HEADER", AT_HEADER, 8, "audience", "child " HASH_A "\nchild " HASH_A "\naudience"),
    ATTACK("references out of order", "I-HEADER", AT_HEADER, 8, "audience",
           "ref b " HASH_A "\nref a " HASH_A "\naudience"),
    ATTACK("a reference that is no hash", "I-HEADER", AT_HEADER, 8, "audience", "ref a " HASH_A "a\naudience"),
    ATTACK("a fact with a space", "I-HEADER", AT_HEADER, 8, "audience", "fact a b c\naudience"),
    ATTACK("a fact with an umlaut", "I-HEADER", AT_HEADER, 8, "audience", "fact a \xc3\xa4\naudience"),
    ATTACK("a fact before a child", "I-HEADER", AT_HEADER, 8, "audience", "fact a b\nchild " HASH_A "\naudience"),
    ATTACK("an unknown audience", "I-HEADER", AT_HEADER, 8, "audience case", "audience public"),
    ATTACK("a recipient of what goes to all", "I-HEADER", AT_HEADER, 8, "media", "to " HASH_A "\nmedia"),
    ATTACK("named, and nobody named", "I-HEADER", AT_HEADER, 8, "audience case", "audience named"),
    ATTACK("restricted, and not sealed", "I-HEADER", AT_HEADER, 8, "audience case", "audience restricted\nto " HASH_A),
    ATTACK("sealed, and not restricted", "I-HEADER", AT_HEADER, 8, "content", "sealed " HASH_A "\ncontent"),
    ATTACK("a media type without a slash", "I-HEADER", AT_HEADER, 8, "application/json", "application"),
    ATTACK("a space at the end of a line", "I-HEADER", AT_HEADER, 8, "application/json", "application/json "),
    ATTACK("an unknown line", "I-HEADER", AT_HEADER, 8, "media", "note a\nmedia"),
    ATTACK("a carriage return", "I-HEADER", AT_HEADER, 8, "audience case", "audience case\r"),
    ATTACK("a number left out", "I-NUMBER", AT_LEAF, 12, "number 12", "number 13"),
    ATTACK("a number twice", "I-NUMBER", AT_LEAF, 12, "number 12", "number 11"),
    ATTACK("admitted before the one before", "I-TIME", AT_LEAF, 9, "admitted 2026-11-21T10:05",
           "admitted 2026-11-21T10:04"),
    ATTACK("admitted at another time than its act", "I-TIME", AT_LEAF, 11, "admitted 2026-11-25T15:00:00",
           "admitted 2026-11-25T15:00:01"),
    ATTACK("an act's leaf out of order", "I-ACT", AT_LEAF, 4, " 2 4\n", " 3 4\n"),
    ATTACK("an act larger than its leaves", "I-ACT", AT_LEAF, 8, " 0 1\n", " 0 2\n"),
    ATTACK("an act smaller than its leaves", "I-ACT", AT_LEAF, 2, " 0 4\n", " 0 1\n"),
    ATTACK("a header that was changed after it was signed", "I-ACT", AT_LEAF, 8, "audience case", "audience register"),
    ATTACK("an act's leaf by someone else", "I-ACT", AT_NOWHERE, 0, NULL, NULL, .how.author = WHO_STRANGER),
    ATTACK("a byte of an old entry", "I-ACT I-ROOT", AT_FILE, 0, "fact plan yes", "fact plan no"),
    ATTACK("an act of 1,025 entries", "I-LIMIT", AT_LEAF, 8, " 0 1\n", " 0 1025\n"),

    ATTACK("a byte of the time of an old entry", "I-ROOT", AT_FILE, 0, "admitted 2026-11-21T10:00:00Z",
           "admitted 2026-11-21T09:00:00Z"),
    ATTACK("a byte of the signature of an old act", "I-ROOT A-SIGNATURE", AT_FILE, 0, "signature ME", "signature MF"),
    ATTACK("header lines in another order", "I-HEADER", AT_HEADER, 8, "at 2026-11-21T09:59:30Z\naudience case\n",
           "audience case\nat 2026-11-21T09:59:30Z\n"),
    ATTACK("a header line twice", "I-HEADER", AT_HEADER, 8, "audience case\n", "audience case\naudience case\n"),
    ATTACK("a header line that is missing", "I-HEADER", AT_HEADER, 8, "media application/json\n", ""),
    ATTACK("two spaces in a header line", "I-HEADER", AT_HEADER, 8, "audience case", "audience  case"),
    ATTACK("a tab in a header line", "I-HEADER", AT_HEADER, 8, "audience case", "audience\tcase"),
    ATTACK("a space before a header line", "I-HEADER", AT_HEADER, 8, "audience case", " audience case"),
    ATTACK("leaf lines in another order", "I-LEAF", AT_LEAF, 11, "number 11\nadmitted 2026-11-25T15:00:00Z\n",
           "admitted 2026-11-25T15:00:00Z\nnumber 11\n"),
    ATTACK("a leaf line twice", "I-LEAF", AT_LEAF, 11, "number 11\n", "number 11\nnumber 11\n"),
    ATTACK("two spaces in a leaf line", "I-LEAF", AT_LEAF, 11, "number 11", "number  11"),
};

static void test_leaves(void **state) {
  (void)state;
  assert_int_equal(attack_all(attacks, COUNT(attacks), "IAN"), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_leaves)};
  return cmocka_run_group_tests_name("attack_leaves", tests, NULL, NULL);
}
