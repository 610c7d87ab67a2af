/* Signatures of acts, of positions and of checkpoints that are somebody else's, are not in their one form, or stand
 * elsewhere. */
#include "audit/verify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/lib/attack.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* The group's order: order - s verifies, too, and is high. */
static const uint8_t order[32] = {0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff,
                                  0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
                                  0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};

static void make_s_high(struct buf *der) {
  size_t r_len = der->at[3], s_len = der->at[5 + r_len];
  uint8_t *s = der->at + 6 + r_len, out[80];
  int borrow = 0;
  size_t n = 4 + r_len;
  memcpy(out, der->at, n);
  out[n] = 2;
  out[n + 1] = 33;
  out[n + 2] = 0;
  for (int i = 31; i >= 0; i--) {
    int digit = i - 32 + (int)s_len < 0 ? 0 : s[i - 32 + (int)s_len];
    int d = order[i] - digit - borrow;
    borrow = d < 0;
    out[n + 3 + (size_t)i] = (uint8_t)(d + (borrow ? 256 : 0));
  }
  out[1] = (uint8_t)(n + 33);
  buf_clear(der);
  buf_add(der, bytes_of(out, n + 35));
}

/* The length in two bytes, which BER allows and DER does not. */
static void make_long_form(struct buf *der) {
  uint8_t start[] = {0x30, 0x81, der->at[1]};
  struct buf out = {0};
  buf_add(&out, bytes_of(start, sizeof start));
  buf_add(&out, bytes_of(der->at + 2, der->len - 2));
  buf_release(der);
  *der = out;
}

/* r with a zero in front, which its sign does not ask for. */
static void add_zero(struct buf *der) {
  uint8_t start[] = {0x30, (uint8_t)(der->at[1] + 1), 0x02, (uint8_t)(der->at[3] + 1), 0};
  struct buf out = {0};
  buf_add(&out, bytes_of(start, sizeof start));
  buf_add(&out, bytes_of(der->at + 4, der->len - 4));
  buf_release(der);
  *der = out;
}

static void add_byte(struct buf *der) {
  buf_u8(der, 0);
}

static void of_zeros(struct buf *der) {
  static const uint8_t zeros[] = {0x30, 6, 2, 1, 0, 2, 1, 0};
  buf_clear(der);
  buf_add(der, bytes_of(zeros, sizeof zeros));
}

static void cut_short(struct buf *der) {
  der->len -= 2;
}

static const struct attack attacks[] = {
    ATTACK("an author without a certificate", "A-KEY", AT_HEADER, 6, "cert.issue", "scope.grow"),
    ATTACK("an act by a machine's key", "A-KEY", AT_NOWHERE, 0, NULL, NULL, .how.writer = WHO_REPLICA),
    ATTACK("an act signed by someone else", "A-SIGNATURE", AT_NOWHERE, 0, NULL, NULL, .how.act_signer = WHO_STRANGER),
    ATTACK("an act signed with a high s", "A-SIGNATURE", AT_NOWHERE, 0, NULL, NULL, .how.resign = make_s_high),
    ATTACK("an act signed in BER", "A-SIGNATURE", AT_NOWHERE, 0, NULL, NULL, .how.resign = make_long_form),
    ATTACK("a person who holds an act", "A-NODE", AT_HEADER, 9, "meeting.convene", "act.hold"),
    ATTACK("a person who refuses an act", "A-NODE", AT_HEADER, 9, "meeting.convene", "act.refuse"),
    ATTACK("a person who issues a certificate", "A-NODE", AT_HEADER, 9, "meeting.convene", "cert.issue"),
    ATTACK("a head signed by someone else", "A-HEAD", AT_NOWHERE, 0, NULL, NULL, .how.head_signer = WHO_STRANGER),
    ATTACK("a refused position that was not signed", "A-HEAD", AT_HEADER, 12, "fact number 4", "fact number 5"),
    ATTACK("a refused position without a replica", "A-HEAD", AT_HEADER, 12, "fact replica", "fact repliqa"),
    ATTACK("a child that the node records", "A-NODE", AT_HEADER, 13, "cert.issue", "child.change",
           .says = "which people write"),
    ATTACK("an act signed with a zero in front of r", "A-SIGNATURE", AT_NOWHERE, 0, NULL, NULL, .how.resign = add_zero),
    ATTACK("an act signed with a byte more", "A-SIGNATURE", AT_NOWHERE, 0, NULL, NULL, .how.resign = add_byte),
    ATTACK("an act signed with a byte less", "A-SIGNATURE", AT_NOWHERE, 0, NULL, NULL, .how.resign = cut_short),
    ATTACK("an act signed with zeros", "A-SIGNATURE", AT_NOWHERE, 0, NULL, NULL, .how.resign = of_zeros),
    ATTACK("a checkpoint signed with a high s", "I-SIGNATURE", AT_NOWHERE, 0, NULL, NULL, .how.renote = make_s_high),
    ATTACK("a checkpoint signed in BER", "I-SIGNATURE", AT_NOWHERE, 0, NULL, NULL, .how.renote = make_long_form),
    ATTACK("a checkpoint signed with zeros", "I-SIGNATURE", AT_NOWHERE, 0, NULL, NULL, .how.renote = of_zeros),
};

static void test_signatures(void **state) {
  (void)state;
  assert_int_equal(attack_all(attacks, COUNT(attacks), "IAN"), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_signatures)};
  return cmocka_run_group_tests_name("attack_signature", tests, NULL, NULL);
}
