#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/disk.h"

static char sys[] = "/tmp/cairn-sys-XXXXXX";

/* Makes a file or, if text is NULL, a folder below the false /sys, with all folders above it. */
static void make(const char *name, const char *text) {
  char path[512];
  int n = snprintf(path, sizeof path, "%s/%s", sys, name);
  for (char *slash = path + strlen(sys) + 1; (slash = strchr(slash, '/')); slash++) {
    *slash = '\0';
    mkdir(path, 0700);
    *slash = '/';
  }
  if (text == NULL) {
    mkdir(path, 0700);
    return;
  }
  FILE *f = fopen(path, "w");
  assert_non_null(f);
  assert_true(n > 0 && fputs(text, f) >= 0);
  fclose(f);
}

static void looks(void **state) {
  static const struct {
    const char *what;
    unsigned major, minor;
    bool is_encrypted;
  } cases[] = {
      {"a plain partition", 8, 1, false},
      {"dm-crypt", 253, 0, true},
      {"LVM on dm-crypt", 253, 1, true},
      {"LVM on a plain partition", 253, 2, false},
      {"a mapping that leads back to itself", 253, 3, false},
      {"no block device", 0, 44, true},
  };
  (void)state;
  make("dev/block/8:1", NULL);
  make("dev/block/253:0/dm/uuid", "CRYPT-LUKS2-4a5b-home\n");
  make("dev/block/253:1/dm/uuid", "LVM-abc\n");
  make("dev/block/253:1/slaves/dm-0/dev", "253:0\n");
  make("dev/block/253:2/dm/uuid", "LVM-CRYPT-abc\n");
  make("dev/block/253:2/slaves/sda1/dev", "8:1\n");
  make("dev/block/253:3/slaves/dm-3/dev", "253:3\n");
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    if (disk_looks_encrypted(sys, cases[i].major, cases[i].minor) != cases[i].is_encrypted)
      fail_msg("%s", cases[i].what);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(looks)};
  char command[64];
  if (mkdtemp(sys) == NULL)
    return 1;
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  snprintf(command, sizeof command, "rm -rf %s", sys);
  return system(command) == 0 ? failed : 1;
}
