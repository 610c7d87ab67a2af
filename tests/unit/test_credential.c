/* What a server that asks is told, and which are not told anything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include <git2.h>

#include "audit/credential.h"

#define PASSWORD GIT_CREDENTIAL_USERPASS_PLAINTEXT

static char path[] = "/tmp/test_credential.XXXXXX";

static void write_file(const char *content, mode_t mode) {
  FILE *f = fopen(path, "w");
  assert_non_null(f);
  fputs(content, f);
  fclose(f);
  assert_int_equal(chmod(path, mode), 0);
}

static const struct {
  const char *what, *content;
  mode_t mode;
  bool is_named; /* the file */
  const char *url;
  unsigned allowed;
  const char *words; /* NULL: it is given */
} cases[] = {
    {"as it should be", "me:s3:cret\nmore\n", 0600, true, "https://host/a", PASSWORD, NULL},
    {"a file that others may read", "me:secret\n", 0640, true, "https://host/a", PASSWORD, "others may read"},
    {"no password", "me\n", 0600, true, "https://host/a", PASSWORD, "USER:PASSWORD"},
    {"an empty file", "", 0600, true, "https://host/a", PASSWORD, "USER:PASSWORD"},
    {"in clear", "me:secret\n", 0600, true, "http://host/a", PASSWORD, "asks for a user"},
    {"no file", "", 0600, false, "https://host/a", PASSWORD, "--credentials"},
    {"a user who is not named", "me:secret\n", 0600, true, "ssh://host/a", GIT_CREDENTIAL_USERNAME,
     "a user is missing"},
    {"a password over ssh", "me:secret\n", 0600, true, "ssh://me@host/a", PASSWORD, "asks for a user"},
};

static void test_who_is_told(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct credential c = {cases[i].is_named ? path : NULL, false};
    git_credential *given = NULL;
    write_file(cases[i].content, cases[i].mode);
    int failed = credential_give(&given, cases[i].url, NULL, cases[i].allowed, &c);
    const char *words = failed ? git_error_last()->message : "";
    if ((failed == 0) != (cases[i].words == NULL) || (failed && strstr(words, cases[i].words) == NULL))
      fail_msg("%s: %d, %s", cases[i].what, failed, words);
    if (given) {
      const git_credential_userpass_plaintext *told = (void *)given;
      assert_string_equal(told->username, "me");
      assert_string_equal(told->password, "s3:cret");
      git_credential_free(given);
      assert_int_not_equal(credential_give(&given, cases[i].url, NULL, cases[i].allowed, &c), 0);
    }
  }
}

static int set_up(void **state) {
  (void)state;
  git_libgit2_init();
  const int fd = mkstemp(path);
  return fd < 0 ? -1 : close(fd);
}

static int tear_down(void **state) {
  (void)state;
  git_libgit2_shutdown();
  return unlink(path);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_who_is_told)};
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
