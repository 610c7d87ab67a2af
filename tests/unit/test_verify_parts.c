#include "audit/verify_parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/lib/json_vectors.h"

#define LEDGER "tests/vectors/ledger/"

static struct verify_text text(const char *s) {
  return vtext_of(s, strlen(s));
}

static struct verify_text text_from(struct bytes b) {
  return vtext_of(b.at, b.len);
}

static void assert_hex(const uint8_t hash[VHASH_SIZE], struct bytes wanted) {
  char hex[65];
  vtext_to_hex(hash, VHASH_SIZE, hex);
  assert_true(bytes_equal_str(wanted, hex));
}

/* ---- notation ---- */

static void test_notation(void **state) {
  static const struct {
    const char *what;
    bool (*is)(struct verify_text t);
    const char *text;
    bool good;
  } table[] = {
      {"token", vtext_is_token, "2026-11-25T13:30:00Z", true},
      {"token", vtext_is_token, "", false},
      {"token", vtext_is_token, "-a", false},
      {"token", vtext_is_token, "a b", false},
      {"name", vtext_is_name, "a-1", true},
      {"name", vtext_is_name, "1a", false},
      {"name", vtext_is_name, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", true},
      {"name", vtext_is_name, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
      {"kind", vtext_is_kind, "a.b", true},
      {"kind", vtext_is_kind, "a.b.c/2", true},
      {"kind", vtext_is_kind, "a", false},
      {"kind", vtext_is_kind, "a.", false},
      {"kind", vtext_is_kind, ".a", false},
      {"kind", vtext_is_kind, "a.b/1", false},
      {"kind", vtext_is_kind, "a.b/02", false},
      {"kind", vtext_is_kind, "a.b/", false},
      {"kind", vtext_is_kind, "a/2.b", false},
      {"media", vtext_is_media, "application/vnd.a+b-c", true},
      {"media", vtext_is_media, "application/", false},
      {"media", vtext_is_media, "a/b/c", false},
      {"media", vtext_is_media, "Text/plain", false},
      {"origin", vtext_is_origin, "cairn.example/north-1", true},
      {"origin", vtext_is_origin, ".a", false},
      {"origin", vtext_is_origin, "a_b", false},
      {"date", vtext_is_date, "2024-02-29", true},
      {"date", vtext_is_date, "1900-01-01", true},
      {"date", vtext_is_date, "2026-02-29", false},
      {"date", vtext_is_date, "2026-11-31", false},
      {"date", vtext_is_date, "1899-12-31", false},
      {"date", vtext_is_date, "2026-1-1", false},
      {"date", vtext_is_date, "2026-11-21T", false},
      {"date", vtext_is_date, "2026/11/21", false},
      {"time", vtext_is_time, "2024-02-29T23:59:59Z", true},
      {"time", vtext_is_time, "2000-02-29T00:00:00Z", true},
      {"time", vtext_is_time, "1900-02-29T00:00:00Z", false},
      {"time", vtext_is_time, "2026-02-29T00:00:00Z", false},
      {"time", vtext_is_time, "2026-04-31T00:00:00Z", false},
      {"time", vtext_is_time, "2026-00-01T00:00:00Z", false},
      {"time", vtext_is_time, "2026-01-00T00:00:00Z", false},
      {"time", vtext_is_time, "2026-13-01T00:00:00Z", false},
      {"time", vtext_is_time, "2026-01-01T24:00:00Z", false},
      {"time", vtext_is_time, "2026-01-01T00:60:00Z", false},
      {"time", vtext_is_time, "2026-01-01T00:00:60Z", false},
      {"time", vtext_is_time, "1899-12-31T00:00:00Z", false},
      {"time", vtext_is_time, "2026-01-01 00:00:00Z", false},
      {"time", vtext_is_time, "2026-01-01T00:00:00z", false},
  };
  (void)state;
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    if (table[i].is(text(table[i].text)) != table[i].good)
      fail_msg("%s \"%s\"", table[i].what, table[i].text);
}

static void test_numbers_and_encodings(void **state) {
  static const char *const bad_numbers[] = {
      "", "01", "-1", "+1", "1a", " 1", "9007199254740992", "99999999999999999999"};
  static const char *const bad_base64[] = {
      "", "A", "AA", "AAA", "AA=", "A===", "====", "AB==", "AAB=", "AA==AAAA", "AA A", "AA\nA", "AA-_", "AAAAA"};
  uint64_t n;
  uint8_t bytes[8];
  size_t len;
  (void)state;
  assert_true(vtext_number(text("9007199254740991"), &n) && n == 9007199254740991u);
  assert_true(vtext_number(text("0"), &n) && n == 0);
  for (size_t i = 0; i < sizeof bad_numbers / sizeof *bad_numbers; i++)
    if (vtext_number(text(bad_numbers[i]), &n))
      fail_msg("number \"%s\"", bad_numbers[i]);
  for (size_t i = 0; i < sizeof bad_base64 / sizeof *bad_base64; i++)
    if (vtext_base64(text(bad_base64[i]), bytes, sizeof bytes, &len))
      fail_msg("base64 \"%s\"", bad_base64[i]);
  assert_true(vtext_base64(text("Zm9vYmE="), bytes, sizeof bytes, &len) && len == 5 && memcmp(bytes, "fooba", 5) == 0);
  assert_false(vtext_base64(text("Zm9vYmFyZm9v"), bytes, sizeof bytes, &len));
  assert_true(vtext_hex(text("00ff"), bytes, 2) && bytes[0] == 0 && bytes[1] == 255);
  assert_false(vtext_hex(text("00FF"), bytes, 2));
  assert_false(vtext_hex(text("00f"), bytes, 2));
}

/* ---- trees: RFC 6962, with the values of transparency-dev/merkle ---- */

static void test_tree_of_the_reference(void **state) {
  json_t *v = vectors_load("tests/vectors/notes/rfc6962_reference_tree.json");
  json_t *leaves = json_object_get(v, "leaf_inputs_hex"), *roots = json_object_get(v, "roots_by_size");
  struct vtree t = {0};
  uint8_t root[VHASH_SIZE], leaf[64];
  (void)state;
  assert_int_equal(json_array_size(roots), json_array_size(leaves) + 1);
  for (size_t i = 0; i < json_array_size(roots); i++) {
    vtree_root(&t, root);
    assert_hex(root, bytes_str(json_string_value(json_array_get(roots, i))));
    if (i == json_array_size(leaves))
      break;
    struct verify_text hex = text(json_string_value(json_array_get(leaves, i)));
    assert_true(vtext_hex(hex, leaf, hex.len / 2));
    vtree_push(&t, leaf, hex.len / 2);
  }
  json_decref(v);
}

/* The definition of RFC 6962 2.1, word for word. */
static void tree_hash(const uint8_t *leaves, size_t n, uint8_t out[VHASH_SIZE]) {
  uint8_t both[2 * VHASH_SIZE + 1] = {1};
  size_t k = 1;
  if (n == 1) {
    uint8_t leaf[2] = {0, leaves[0]};
    vhash(leaf, 2, out);
    return;
  }
  while (2 * k < n)
    k *= 2;
  tree_hash(leaves, k, both + 1);
  tree_hash(leaves + k, n - k, both + 1 + VHASH_SIZE);
  vhash(both, sizeof both, out);
}

static void test_tree_of_any_size(void **state) {
  uint8_t leaves[200], root[VHASH_SIZE], wanted[VHASH_SIZE];
  struct vtree t = {0};
  (void)state;
  for (size_t n = 1; n <= sizeof leaves; n++) {
    leaves[n - 1] = (uint8_t)n;
    vtree_push(&t, &leaves[n - 1], 1);
    vtree_root(&t, root);
    tree_hash(leaves, n, wanted);
    assert_memory_equal(root, wanted, VHASH_SIZE);
  }
}

/* ---- notes of others ---- */

static void test_notes_of_others(void **state) {
  json_t *v = vectors_load("tests/vectors/notes/notes.json"), *note;
  struct vcurve *curve = vcurve_new();
  size_t i, good = 0, refused = 0;
  (void)state;
  json_array_foreach(json_object_get(v, "notes"), i, note) {
    struct vnote_key k;
    struct verify_text signed_text;
    if (!vnote_key_parse(text_from(vectors_string(note, "vkey")), &k))
      continue; /* of another algorithm */
    bool valid = json_is_true(json_object_get(note, "valid"));
    enum vnote_outcome outcome = vnote_open(curve, text_from(vectors_string(note, "note")), &k, &signed_text);
    if (outcome != (valid ? VNOTE_GOOD : VNOTE_SIGNATURE))
      fail_msg("%s", json_string_value(json_object_get(note, "name")));
    good += valid;
    refused += !valid;
  }
  assert_int_equal(good, 2);
  assert_int_equal(refused, 1);
  json_array_foreach(json_object_get(v, "bad_vkeys"), i, note) {
    struct vnote_key k;
    if (vnote_key_parse(text_from(vectors_string(note, "vkey")), &k))
      fail_msg("%s", json_string_value(json_object_get(note, "why")));
  }
  vcurve_free(curve);
  json_decref(v);
}

/* ---- a ledger that was made with stock tools ---- */

static struct bytes read_file(const char *path) {
  static uint8_t room[65536];
  FILE *f = fopen(path, "rb");
  assert_non_null(f);
  size_t len = fread(room, 1, sizeof room, f);
  fclose(f);
  uint8_t *copy = mem_alloc(len + 1);
  memcpy(copy, room, len);
  return bytes_of(copy, len);
}

static void test_ledger_of_stock_tools(void **state) {
  struct bytes leaves = read_file(LEDGER "leaves"), note = read_file(LEDGER "checkpoint"),
               vkey = read_file(LEDGER "vkey");
  char *key = bytes_copy_string(bytes_of(vkey.at, vkey.len - 1));
  struct verify_facts facts = {.vkey = key};
  const char *why;
  (void)state;
  struct verify *v = verify_new(&facts, &why);
  assert_non_null(v);
  verify_leaves(v, leaves.at, leaves.len);
  verify_checkpoint(v, note.at, note.len);
  const struct verify_result *r = verify_end(v);
  assert_int_equal(r->finding_count, 0);
  assert_int_equal(r->entry_count, 13);
  for (int s = 0; s < VERIFY_SUBJECTS; s++)
    assert_int_equal(r->verdicts[s], s == VERIFY_PUBLICATION ? VERIFY_UNKNOWN : VERIFY_HOLDS);
  assert_string_equal(r->vkey, key);
  verify_free(v);
  free(key);
  free((void *)leaves.at);
  free((void *)note.at);
  free((void *)vkey.at);
}

/* ---- keys ---- */

static void test_points_off_the_curve_are_refused(void **state) {
  struct bytes vkey = read_file(LEDGER "vkey");
  struct vnote_key k;
  struct vkey out;
  (void)state;
  assert_true(vnote_key_parse(vtext_of(vkey.at, vkey.len - 1), &k));
  assert_true(vkey_read(k.key.spki, VKEY_SPKI_SIZE, &out));
  for (size_t i = 0; i < VKEY_SPKI_SIZE; i++) {
    k.key.spki[i] ^= 1;
    if (vkey_read(k.key.spki, VKEY_SPKI_SIZE, &out))
      fail_msg("a key with byte %zu changed", i);
    k.key.spki[i] ^= 1;
  }
  assert_false(vkey_read(k.key.spki, VKEY_SPKI_SIZE - 1, &out));
  free((void *)vkey.at);
}

/* Every way but one to write a signature that is right as a pair of numbers, which is what BER readers look at. */
static void test_signatures_have_one_form(void **state) {
  static const struct {
    const char *what;
    size_t at, removed; /* in the signature */
    const char *put;
    size_t put_len;
    int outer, inner; /* what is added to the lengths of the whole and of r */
  } table[] = {
      {"a byte after its end", 70, 0, "\0", 1, 0, 0},
      {"a byte after its end, counted", 70, 0, "\0", 1, 1, 0},
      {"a length in two bytes", 1, 0, "\x81", 1, 0, 0},
      {"a length that is too small", 0, 0, "", 0, -1, 0},
      {"a length that is too large", 0, 0, "", 0, 1, 0},
      {"a zero in front of r", 4, 0, "\0", 1, 1, 1},
      {"a set instead of a sequence", 0, 1, "\x31", 1, 0, 0},
      {"an octet string instead of r", 2, 1, "\x04", 1, 0, 0},
      {"an r that ends after the whole", 0, 0, "", 0, 0, 60},
      {"an r of no bytes", 0, 0, "", 0, 0, -32},
      {"one byte less", 69, 1, "", 0, -1, 0},
  };
  struct bytes vkey = read_file(LEDGER "vkey"), note = read_file(LEDGER "checkpoint");
  struct vnote_key k;
  struct verify_text signed_text;
  struct vcurve *curve = vcurve_new();
  uint8_t der[256], bad[256];
  size_t len;
  (void)state;
  assert_true(vnote_key_parse(vtext_of(vkey.at, vkey.len - 1), &k));
  assert_int_equal(vnote_open(curve, vtext_of(note.at, note.len), &k, &signed_text), VNOTE_GOOD);
  const uint8_t *last = memrchr(note.at, ' ', note.len);
  assert_true(vtext_base64(vtext_of(last + 1, (size_t)(note.at + note.len - 2 - last)), der, sizeof der, &len));
  memmove(der, der + 4, len -= 4);
  assert_true(vkey_verify(curve, &k.key, signed_text, der, len));
  assert_true(len == 70 && der[3] == 32); /* which the table counts on */
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    size_t at = table[i].at, rest = at + table[i].removed;
    memcpy(bad, der, at);
    memcpy(bad + at, table[i].put, table[i].put_len);
    memcpy(bad + at + table[i].put_len, der + rest, len - rest);
    bad[1] = (uint8_t)(bad[1] + table[i].outer);
    bad[3] = (uint8_t)(bad[3] + table[i].inner);
    if (vkey_verify(curve, &k.key, signed_text, bad, len - table[i].removed + table[i].put_len))
      fail_msg("%s", table[i].what);
  }
  vcurve_free(curve);
  free((void *)note.at);
  free((void *)vkey.at);
}

/* ---- tables ---- */

static bool is_valid(const struct vtable *t, const struct vcert *c, const char *time) {
  return vtable_owner(t, c->key.id, c->use, time).is_valid;
}

static void test_certificates_of_one_key_are_bounded(void **state) {
  struct vtable t = {0};
  struct vcert c = {.use = VCERT_PERSON, .from = "2026-01-01T00:00:00Z", .until = "2026-12-31T00:00:00Z"};
  (void)state;
  for (int i = 0; i < VTABLE_CERTS_MAX; i++) {
    c.from[3] = c.until[3] = (char)('0' + i % 10);
    assert_true(vtable_certify(&t, &c, NULL));
  }
  assert_false(vtable_certify(&t, &c, NULL));
  assert_true(is_valid(&t, &c, "2023-06-01T00:00:00Z"));
  assert_true(is_valid(&t, &c, "2023-01-01T00:00:00Z"));
  assert_true(is_valid(&t, &c, "2023-12-31T00:00:00Z"));
  assert_false(is_valid(&t, &c, "2023-12-31T00:00:01Z"));
  assert_false(is_valid(&t, &c, "2019-12-31T23:59:59Z"));
  assert_null(vtable_owner(&t, c.key.id, VCERT_REPLICA, "2023-06-01T00:00:00Z").key);
  vtable_release(&t);
}

static struct vrow *add(struct vtable *t, uint8_t first, enum vrow_kind kind, struct vrow *of) {
  uint8_t id[VHASH_SIZE] = {first};
  struct vrow *row;
  assert_true(vtable_add(t, id, kind, 0, &row));
  assert_non_null(row);
  row->of = of;
  return row;
}

/* Rows, keys and certificates share one maximum; what was there before is still found. */
static void test_rows_are_bounded(void **state) {
  struct vtable t = {0};
  struct vcert c = {.use = VCERT_PERSON, .key = {.id = {9}}}, other = {.use = VCERT_PERSON, .key = {.id = {8}}};
  uint8_t id[VHASH_SIZE] = {7};
  struct vrow *row;
  (void)state;
  t.count = VERIFY_DIRECTORY_MAX - 3;
  struct vrow *agency = add(&t, 1, VROW_AGENCY, NULL);
  assert_true(vtable_certify(&t, &c, agency));
  assert_false(vtable_add(&t, id, VROW_AGENCY, 0, &row));
  assert_false(vtable_certify(&t, &other, agency));
  assert_false(vtable_certify(&t, &c, agency));
  assert_true(vtable_add(&t, agency->id, VROW_PERSON, 0, &row));
  assert_null(row);
  assert_ptr_equal(vtable_find(&t, agency->id, VROW(AGENCY) | VROW(ROLE)), agency);
  assert_null(vtable_find(&t, agency->id, VROW(PERSON)));
  assert_null(vtable_find(&t, id, ~0u));
  vtable_release(&t);
}

static void test_revocation_reaches_what_belongs_to_it(void **state) {
  struct vtable t = {0};
  (void)state;
  struct vrow *agency = add(&t, 1, VROW_AGENCY, NULL), *other = add(&t, 2, VROW_AGENCY, NULL);
  struct vrow *person = add(&t, 3, VROW_PERSON, agency), *keys = add(&t, 4, VROW_KEYS, person);
  struct vrow *replica = add(&t, 5, VROW_REPLICA, agency), *stray = add(&t, 6, VROW_KEYS, NULL);
  const struct {
    const char *what;
    bool *over;
    bool person, keys, replica;
  } table[] = {
      {"the first keys", &person->are_keys_over, true, false, false},
      {"the further keys", &keys->are_keys_over, false, true, false},
      {"the person", &person->is_over, true, true, false},
      {"the machine", &replica->is_over, false, false, true},
      {"the agency", &agency->is_over, true, true, true},
      {"another agency", &other->is_over, false, false, false},
      {"keys of nobody", &stray->are_keys_over, false, false, false},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    *table[i].over = true;
    if (vrow_is_revoked(person) != table[i].person || vrow_is_revoked(keys) != table[i].keys ||
        vrow_is_revoked(replica) != table[i].replica)
      fail_msg("%s", table[i].what);
    *table[i].over = false;
  }
  assert_ptr_equal(vrow_agency(keys), agency);
  assert_ptr_equal(vrow_person(keys), person);
  assert_null(vrow_person(replica));
  assert_null(vrow_agency(stray));
  assert_null(vrow_person(NULL));
  vtable_release(&t);
}

/* A key that was enrolled anew counts again, and a certificate that was renewed counts as long as either. */
static void test_a_key_speaks_for_the_newest_that_counts(void **state) {
  struct vtable t = {0};
  struct vcert c = {.use = VCERT_PERSON, .from = "2026-01-01T00:00:00Z", .until = "2026-12-31T00:00:00Z"};
  struct vcert next = {.use = VCERT_PERSON, .from = "2026-06-01T00:00:00Z", .until = "2027-12-31T00:00:00Z"};
  (void)state;
  struct vrow *first = add(&t, 1, VROW_PERSON, NULL), *second = add(&t, 2, VROW_PERSON, NULL);
  assert_true(vtable_certify(&t, &c, first) && vtable_certify(&t, &next, second));
  assert_ptr_equal(vtable_owner(&t, c.key.id, VCERT_PERSON, "2026-07-01T00:00:00Z").row, second);
  assert_ptr_equal(vtable_owner(&t, c.key.id, VCERT_PERSON, "2026-03-01T00:00:00Z").row, first);
  second->is_over = true;
  struct vowner o = vtable_owner(&t, c.key.id, VCERT_PERSON, "2026-07-01T00:00:00Z");
  assert_true(o.row == first && o.is_valid && !o.is_revoked);
  first->is_over = true;
  o = vtable_owner(&t, c.key.id, VCERT_PERSON, "2026-07-01T00:00:00Z");
  assert_true(o.row == second && o.is_valid && o.is_revoked);
  vtable_release(&t);
}

/* A ledger that gives one person roles without end is not read slower and slower. */
static void test_roles_of_one_person_are_bounded(void **state) {
  static const struct verify_facts none;
  const char *why;
  struct verify *v = verify_new(&none, &why);
  struct vkey key = {0};
  struct vauthor node = {.is_node = true, .owner = {.key = &key, .is_valid = true}};
  struct vrow *person = add(&v->table, 1, VROW_PERSON, NULL);
  char hex[65];
  struct vleaf leaf = {.entry = {.kind = text("role.give"),
                                 .refs = {{text("person"), {hex, 64}}},
                                 .ref_count = 1,
                                 .facts = {{text("from"), text("2026-01-01")}, {text("role"), text("officer")}},
                                 .fact_count = 2}};
  (void)state;
  vtext_to_hex(person->id, VHASH_SIZE, hex);
  for (int i = 0; i <= VTABLE_ROLES_MAX; i++) {
    assert_int_equal(v->counts[VERIFY_I_LIMIT], 0);
    memcpy(leaf.id + 4, &i, sizeof i);
    vdirectory_read(v, &leaf, &node);
  }
  assert_int_equal(v->counts[VERIFY_I_LIMIT], 1);
  assert_int_equal(person->role_count, VTABLE_ROLES_MAX);
  verify_free(v);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_notation),
      cmocka_unit_test(test_numbers_and_encodings),
      cmocka_unit_test(test_tree_of_the_reference),
      cmocka_unit_test(test_tree_of_any_size),
      cmocka_unit_test(test_notes_of_others),
      cmocka_unit_test(test_ledger_of_stock_tools),
      cmocka_unit_test(test_points_off_the_curve_are_refused),
      cmocka_unit_test(test_signatures_have_one_form),
      cmocka_unit_test(test_certificates_of_one_key_are_bounded),
      cmocka_unit_test(test_rows_are_bounded),
      cmocka_unit_test(test_revocation_reaches_what_belongs_to_it),
      cmocka_unit_test(test_a_key_speaks_for_the_newest_that_counts),
      cmocka_unit_test(test_roles_of_one_person_are_bounded),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
