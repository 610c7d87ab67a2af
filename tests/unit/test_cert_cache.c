/* core/cert_cache.c: what is kept of a certificate is what reading it says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/cert_cache.h"
#include "tests/lib/world.h"

#define CERT_COUNT 40 /* some of them share a place */
#define FROM_S 1795251600

static struct key *authority;
static struct buf authority_cert, certs[CERT_COUNT];

static int make_certs(void **state) {
  (void)state;
  world_seed(5);
  authority = key_new();
  assert_int_equal(cert_make_authority(authority, "An Authority", FROM_S, FROM_S + 86400, &authority_cert), OK);
  for (int i = 0; i < CERT_COUNT; i++) {
    struct key *k = key_new();
    struct hash subject = key_id(k);
    assert_int_equal(cert_issue(authority, buf_bytes(&authority_cert), k, i % 2 ? CERT_PERSON : CERT_REPLICA, &subject,
                                NULL, FROM_S + i, FROM_S + 3600 + i, &certs[i]),
                     OK);
    key_free(k);
  }
  return 0;
}

static int release_certs(void **state) {
  (void)state;
  for (int i = 0; i < CERT_COUNT; i++)
    buf_release(&certs[i]);
  buf_release(&authority_cert);
  key_free(authority);
  return 0;
}

static void check_same(struct cert_cache *c, struct bytes cert) {
  struct cert_facts read = {0}, kept = {0};
  enum err e = cert_read(cert, &read);
  assert_int_equal(cert_cache_read(c, cert, &kept), e);
  assert_true(hash_equal(&read.subject, &kept.subject) && hash_equal(&read.key_id, &kept.key_id));
  assert_true(read.from_s == kept.from_s && read.until_s == kept.until_s && read.use == kept.use);
  assert_true(bytes_equal(bytes_of(read.spki, read.spki_len), bytes_of(kept.spki, kept.spki_len)));
}

static void says_what_reading_says(void **state) {
  struct cert_cache c = {0};
  (void)state;
  for (int round = 0; round < 3; round++)
    for (int i = 0; i < CERT_COUNT; i++)
      check_same(&c, buf_bytes(&certs[i]));
  cert_cache_release(&c);
}

static void a_kept_one_does_not_hide_a_changed_one(void **state) {
  struct cert_cache c = {0};
  (void)state;
  for (int i = 0; i < CERT_COUNT; i++)
    check_same(&c, buf_bytes(&certs[i]));
  for (size_t at = 0; at < certs[0].len; at++) {
    certs[0].at[at] ^= 1;
    check_same(&c, buf_bytes(&certs[0]));
    check_same(&c, buf_bytes(&certs[0]));
    certs[0].at[at] ^= 1;
  }
  check_same(&c, buf_bytes(&certs[0]));
  check_same(&c, bytes_of(NULL, 0));
  cert_cache_release(&c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(says_what_reading_says),
      cmocka_unit_test(a_kept_one_does_not_hide_a_changed_one),
  };
  return cmocka_run_group_tests(tests, make_certs, release_certs);
}
