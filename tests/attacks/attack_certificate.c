/* Certificates that the ledger's authority would not issue, and authorities that are none. */
#include "audit/verify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/x509v3.h>

#include "tests/lib/attack.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* In place of the one of this sort; a value of NULL leaves it out. */
static void set_extension(X509 *x, int nid, const char *value) {
  int at = X509_get_ext_by_NID(x, nid, -1);
  if (at >= 0)
    X509_EXTENSION_free(X509_delete_ext(x, at));
  if (value == NULL)
    return;
  X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
  assert_non_null(e);
  assert_int_equal(X509_add_ext(x, e, -1), 1);
  X509_EXTENSION_free(e);
}

static void no_constraints(X509 *x) {
  set_extension(x, NID_basic_constraints, NULL);
}
static void not_an_authority(X509 *x) {
  set_extension(x, NID_basic_constraints, "critical,CA:FALSE");
}
static void any_path_length(X509 *x) {
  set_extension(x, NID_basic_constraints, "critical,CA:TRUE");
}
static void an_authority(X509 *x) {
  set_extension(x, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
}
static void no_usage(X509 *x) {
  set_extension(x, NID_key_usage, NULL);
}
static void to_sign(X509 *x) {
  set_extension(x, NID_key_usage, "critical,digitalSignature");
}
static void to_sign_and_certify(X509 *x) {
  set_extension(x, NID_key_usage, "critical,digitalSignature,keyCertSign");
}
static void to_encipher(X509 *x) {
  set_extension(x, NID_key_usage, "critical,keyEncipherment");
}
static void to_serve(X509 *x) {
  set_extension(x, NID_ext_key_usage, "serverAuth");
}
static void of_another_issuer(X509 *x) {
  X509_NAME *name = X509_NAME_new();
  assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const uint8_t *)"tess", -1, -1, 0), 1);
  assert_int_equal(X509_set_issuer_name(x, name), 1);
  X509_NAME_free(name);
}
static void issued_by_its_subject(X509 *x) {
  assert_int_equal(X509_set_issuer_name(x, X509_get_subject_name(x)), 1);
}
static void of_two_names(X509 *x) {
  X509_NAME *name = X509_get_subject_name(x);
  assert_int_equal(X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, (const uint8_t *)"test", -1, -1, 0), 1);
}

static const struct attack attacks[] = {
    ATTACK("an authority's certificate that is none", "A-AUTHORITY", AT_NOWHERE, 0, NULL, NULL, .how.published = 1,
           .how.authority_is_none = true, .says = "not DER"),
    ATTACK("an authority without the CA bit", "A-AUTHORITY", AT_NOWHERE, 0, NULL, NULL, .how.published = 1,
           .how.forge_authority = not_an_authority, .says = "not that of an authority"),
    ATTACK("an authority without basic constraints", "A-AUTHORITY", AT_NOWHERE, 0, NULL, NULL, .how.published = 1,
           .how.forge_authority = no_constraints, .says = "not that of an authority"),
    ATTACK("an authority of any path length", "A-AUTHORITY", AT_NOWHERE, 0, NULL, NULL, .how.published = 1,
           .how.forge_authority = any_path_length, .says = "not that of an authority"),
    ATTACK("an authority that may not certify", "A-AUTHORITY", AT_NOWHERE, 0, NULL, NULL, .how.published = 1,
           .how.forge_authority = to_sign, .says = "another key usage"),
    ATTACK("an authority that may do more than certify", "A-AUTHORITY", AT_NOWHERE, 0, NULL, NULL, .how.published = 1,
           .how.forge_authority = to_sign_and_certify, .says = "another key usage"),
    ATTACK("an authority that somebody else issued", "A-AUTHORITY", AT_NOWHERE, 0, NULL, NULL, .how.published = 1,
           .how.forge_authority = of_another_issuer, .says = "not signed by itself"),
    ATTACK("a certificate of another authority", "A-ISSUER", AT_NOWHERE, 0, NULL, NULL, .how.certifier = WHO_STRANGER,
           .says = "not issued by the ledger's authority"),
    ATTACK("a certificate under another issuer's name", "A-ISSUER", AT_NOWHERE, 0, NULL, NULL,
           .how.forge = of_another_issuer, .says = "not issued by the ledger's authority"),
    ATTACK("a self-signed certificate", "A-ISSUER", AT_NOWHERE, 0, NULL, NULL, .how.certifier = WHO_PERSON,
           .how.forge = issued_by_its_subject, .says = "not issued by the ledger's authority"),
    ATTACK("a self-signed certificate under the authority's name", "A-ISSUER", AT_NOWHERE, 0, NULL, NULL,
           .how.certifier = WHO_PERSON, .says = "not issued by the ledger's authority"),
    ATTACK("a certificate that a machine issued", "A-ISSUER", AT_NOWHERE, 0, NULL, NULL, .how.certifier = WHO_REPLICA,
           .says = "not issued by the ledger's authority"),
    ATTACK("a certificate that makes a person an authority", "A-USAGE", AT_NOWHERE, 0, NULL, NULL,
           .how.forge = an_authority, .says = "makes its owner an authority"),
    ATTACK("a certificate for another use", "A-USAGE", AT_NOWHERE, 0, NULL, NULL, .how.wrong_use = true,
           .says = "use does not fit"),
    ATTACK("a certificate to encipher", "A-USAGE", AT_NOWHERE, 0, NULL, NULL, .how.forge = to_encipher,
           .says = "key usage is not that of a person"),
    ATTACK("a certificate to sign and to certify", "A-USAGE", AT_NOWHERE, 0, NULL, NULL,
           .how.forge = to_sign_and_certify, .says = "key usage is not that of a person"),
    ATTACK("a certificate for no use", "A-USAGE", AT_NOWHERE, 0, NULL, NULL, .how.forge = no_usage,
           .says = "key usage is not that of a person"),
    ATTACK("a certificate to serve", "A-USAGE", AT_NOWHERE, 0, NULL, NULL, .how.forge = to_serve,
           .says = "key usage is not that of a person"),
    ATTACK("a certificate of two names", "A-SUBJECT", AT_NOWHERE, 0, NULL, NULL, .how.forge = of_two_names,
           .says = "subject is not one entry id"),
    ATTACK("a certificate for another subject", "A-SUBJECT", AT_NOWHERE, 0, NULL, NULL, .how.wrong_subject = true,
           .says = "names another subject"),
    ATTACK("a certificate that is issued for another entry", "A-SUBJECT", AT_NOWHERE, 0, NULL, NULL,
           .how.wrong_ref = true, .says = "names another subject"),
    ATTACK("a certificate that was swapped for somebody else's under the same key", "A-SWAPPED", AT_NOWHERE, 0, NULL,
           NULL, .how.subject_entry = 5, .says = "gives a key to another"),
    ATTACK("a certificate for a key that the person did not introduce", "A-SUBJECT", AT_NOWHERE, 0, NULL, NULL,
           .how.certified = WHO_STRANGER, .says = "did not introduce its key"),
    ATTACK("a certificate for what introduced the key as something else", "A-SUBJECT A-AGENCY", AT_HEADER, 4,
           "person.add", "scope.grow", .how.published = 7, .says = "did not introduce its key"),
    ATTACK("a certificate that is none", "A-CERT", AT_HEADER, 13, "cert M", "cert N", .says = "not DER"),
    ATTACK("an issue without a certificate", "A-CERT", AT_HEADER, 12, "act.refuse", "cert.issue",
           .says = "there is no certificate"),
    ATTACK("a certificate that had ended", "A-VALIDITY", AT_NOWHERE, 0, NULL, NULL, .how.certificate = 6,
           .how.until_s = 1795255499), /* 2026-11-21T10:04:59Z */
    ATTACK("a certificate that had not begun", "A-VALIDITY", AT_NOWHERE, 0, NULL, NULL, .how.certificate = 6,
           .how.from_s = 1795255501), /* 2026-11-21T10:05:01Z */
};

static void test_certificates(void **state) {
  (void)state;
  assert_int_equal(attack_all(attacks, COUNT(attacks), "IAN"), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_certificates)};
  return cmocka_run_group_tests_name("attack_certificate", tests, NULL, NULL);
}
