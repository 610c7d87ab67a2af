/* Loose objects of git that must not reach libgit2. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "audit/loose.h"

#define ID "0123456789abcdef0123456789abcdef01234567"

static char folder[] = "/tmp/cairn-loose-XXXXXX";

static void write_object(const void *bytes, size_t len) {
  char path[128];
  snprintf(path, sizeof path, "%s/objects", folder);
  mkdir(path, 0700);
  snprintf(path, sizeof path, "%s/objects/%.2s", folder, ID);
  mkdir(path, 0700);
  snprintf(path, sizeof path, "%s/objects/%.2s/%s", folder, ID, &ID[2]);
  FILE *f = fopen(path, "w");
  assert_non_null(f);
  assert_int_equal(fwrite(bytes, 1, len, f), len);
  fclose(f);
}

static bool both_say(void) {
  char objects[128];
  snprintf(objects, sizeof objects, "%s/objects", folder);
  bool one = loose_is_safe(objects, ID);
  assert_int_equal(loose_all_are_safe(folder), one);
  return one;
}

static size_t deflated(const char *text, size_t len, unsigned char *out, size_t size) {
  uLongf n = size;
  assert_int_equal(compress(out, &n, (const Bytef *)text, len), Z_OK);
  return n;
}

static void said_and_held(void **state) {
  static const struct {
    const char *what, *head;
    size_t content;
    bool is_safe;
  } cases[] = {
      {"as long as it says", "blob 30", 30, true},
      {"nothing", "blob 0", 0, true},
      {"longer than what is looked at", "blob 5000", 5000, true},
      {"one byte more than it says", "blob 29", 30, false},
      {"much more than it says", "tree 1", 3000, false},
      {"less than it says, which libgit2 sees itself", "blob 31", 30, true},
      {"no size", "blob ", 30, false},
      {"no space", "blob30", 30, false},
      {"not a number", "blob 3x", 30, false},
      {"a number that overflows", "blob 18446744073709551646", 30, false},
      {"a first line without end", "blob 1111111111111111111111111111111111111111111111111111111111111111", 0, false},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char text[6000];
    unsigned char out[8000];
    size_t head = strlen(cases[i].head) + 1;
    memcpy(text, cases[i].head, head);
    memset(text + head, 'x', cases[i].content);
    write_object(out, deflated(text, head + cases[i].content, out, sizeof out));
    if (both_say() != cases[i].is_safe)
      fail_msg("%s", cases[i].what);
  }
}

static void no_object(void **state) {
  (void)state;
  assert_true(loose_is_safe(folder, "ffffffffffffffffffffffffffffffffffffffff"));
  assert_true(loose_all_are_safe("https://ledger.example/register.git"));
}

static void not_even_deflated(void **state) {
  (void)state;
  write_object("blob 3\0abc", 10);
  assert_false(both_say());
  write_object("", 0);
  assert_false(both_say());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(said_and_held),
      cmocka_unit_test(no_object),
      cmocka_unit_test(not_even_deflated),
  };
  char command[64];
  if (mkdtemp(folder) == NULL)
    return 1;
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  snprintf(command, sizeof command, "rm -rf %s", folder);
  return system(command) == 0 ? failed : 1;
}
