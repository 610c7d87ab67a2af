#include "audit/verify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/x509v3.h>

#include "core/cert.h"
#include "core/key.h"
#include "core/merkle.h"
#include "core/text.h"

#define ORIGIN "cairn.test/north"
#define ENTRIES 12
#define FROM_S 1793491200  /* 2026-11-01 */
#define UNTIL_S 1951257600 /* 2031-11-01 */

/* ---- a ledger, written by OpenSSL and the texts of the format pages ----
 *
 * 1 log.open | 2 agency.add 3 invite.person 4 person.add 5 replica.add | 6 cert.issue (person) 7 cert.issue (replica) |
 * 8 child.add | 9 meeting.convene, head | 10 decision.record 11 registration.add, head | 12 act.refuse */

enum who { AUTHORITY, OPERATING, LEDGER, PERSON, REPLICA, STRANGER, WHO_COUNT };

/* Where a case breaks the ledger: a header before it is signed, a leaf after that, the checkpoint's text before it is
 * signed, the note after that, the file of leaves at the end. All that is signed or hashed afterwards fits what was
 * broken. */
enum where { NOWHERE, HEADER, LEAF, TEXT, NOTE, FILE_OF_LEAVES };

struct broken {
  const char *what;
  enum verify_code code;
  enum where where;
  int entry;
  const char *from, *to; /* the first occurrence is replaced; a `to` of NULL cuts the text off there */
  bool others;           /* it cannot be broken without other findings following */
  /* other things to do wrong */
  enum who act_signer, head_signer, note_signer, certifier, certified, author, writer; /* AUTHORITY: the right one */
  bool high_s, long_form, wrong_use, wrong_subject, wrong_ref, authority_is_none;
  int64_t from_s, until_s;
  int subject_entry;                                   /* whom the person's certificate names, also in its entry */
  void (*forge)(X509 *x), (*forge_authority)(X509 *x); /* done to a certificate before it is signed again */
  const char *says;                                    /* part of the sentence of a finding with the code */
};

struct chain {
  uint64_t number;
  char previous[65];
};

struct world {
  const struct broken *broken;
  struct key *keys[WHO_COUNT];
  char ids[WHO_COUNT][65];
  struct buf spki[WHO_COUNT]; /* base64 */
  struct buf authority_cert;
  struct chain chains[2]; /* of the operating key, of the replica */
  struct buf headers[ENTRIES + 1], leaves[ENTRIES + 1];
  int count;
  const char *admitted;
  struct buf file, note;
};

static void replace(struct buf *b, const char *from, const char *to) {
  uint8_t *at = memmem(b->at, b->len, from, strlen(from));
  struct buf out = {0};
  assert_non_null(at);
  buf_add(&out, bytes_of(b->at, (size_t)(at - b->at)));
  if (to) {
    buf_add_str(&out, to);
    at += strlen(from);
    buf_add(&out, bytes_of(at, b->len - (size_t)(at - b->at)));
  }
  buf_release(b);
  *b = out;
}

static void break_here(const struct world *w, enum where where, int entry, struct buf *b) {
  if (w->broken->where == where && w->broken->entry == entry && w->broken->from)
    replace(b, w->broken->from, w->broken->to);
}

static enum who or_wrong(enum who wrong, enum who right) {
  return wrong == AUTHORITY ? right : wrong;
}

static void hex_of(char out[65], struct bytes b) {
  struct hash h = hash_of(b);
  memcpy(out, hash_hex(&h).s, 65);
}

/* ---- certificates that the product would not make ---- */

static void forge(struct buf *der, const struct key *signer, void (*change)(X509 *x)) {
  const uint8_t *at = der->at;
  uint8_t *out = NULL;
  X509 *x = d2i_X509(NULL, &at, (long)der->len);
  assert_non_null(x);
  change(x);
  assert_true(X509_sign(x, key_native(signer), EVP_sha256()) > 0);
  int len = i2d_X509(x, &out);
  assert_true(len > 0);
  buf_clear(der);
  buf_add(der, bytes_of(out, (size_t)len));
  OPENSSL_free(out);
  X509_free(x);
}

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

static void world_init(struct world *w, const struct broken *broken) {
  *w = (struct world){.broken = broken};
  for (int i = 0; i < WHO_COUNT; i++) {
    w->keys[i] = key_new();
    hex_of(w->ids[i], key_spki(w->keys[i]));
    text_base64_encode(&w->spki[i], key_spki(w->keys[i]));
  }
  for (int i = 0; i < 2; i++)
    memset(w->chains[i].previous, '0', 64);
  assert_int_equal(cert_make_authority(w->keys[AUTHORITY], "test", FROM_S, UNTIL_S, &w->authority_cert), OK);
}

static void world_release(struct world *w) {
  for (int i = 0; i < WHO_COUNT; i++) {
    key_free(w->keys[i]);
    buf_release(&w->spki[i]);
  }
  for (int i = 0; i <= ENTRIES; i++) {
    buf_release(&w->headers[i]);
    buf_release(&w->leaves[i]);
  }
  buf_release(&w->authority_cert);
  buf_release(&w->file);
  buf_release(&w->note);
}

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

static void add_signature(const struct world *w, struct buf *out, const char *word, enum who who, struct bytes text) {
  struct buf der = {0};
  assert_int_equal(key_sign(w->keys[who], text, &der), OK);
  bool is_act = strcmp(word, "signature") == 0 && w->count == 8;
  if (is_act && w->broken->high_s)
    make_s_high(&der);
  if (is_act && w->broken->long_form)
    make_long_form(&der);
  if (*word)
    buf_addf(out, "%s ", word);
  text_base64_encode(out, buf_bytes(&der));
  if (*word)
    buf_add_str(out, "\n");
  buf_release(&der);
}

/* Entry ids, of headers as they are now. */
struct id {
  char s[65];
};
static struct id id_of(const struct world *w, int entry) {
  struct id id;
  hex_of(id.s, buf_bytes(&w->headers[entry]));
  return id;
}

static void header(struct world *w, int entry, const char *kind, enum who by, const char *audience, const char *fmt,
                   ...) __attribute__((format(printf, 6, 7)));

static void header(struct world *w, int entry, const char *kind, enum who by, const char *audience, const char *fmt,
                   ...) {
  struct buf *b = &w->headers[entry];
  char lines[4096], content[65];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(lines, sizeof lines, fmt, ap);
  va_end(ap);
  snprintf(content, sizeof content, "%064d", entry);
  buf_addf(b, "cairn entry 1\nkind %s\nby %s\nat 2026-11-21T09:59:30Z\n%saudience %s\n", kind, w->ids[by], lines,
           audience);
  buf_addf(b, "media application/json\ncontent %s\n", content);
  break_here(w, HEADER, entry, b);
}

/* The leaves of the headers first … last. */
static void act(struct world *w, enum who by, enum who replica, const char *admitted, int first, int last, bool head) {
  struct hash hashes[ENTRIES] = {{{0}}};
  size_t size = (size_t)(last - first + 1);
  struct chain *chain = &w->chains[replica == REPLICA];
  struct buf text = {0}, position = {0};
  char id[65];
  for (int i = first; i <= last; i++)
    hashes[i - first] = merkle_leaf(buf_bytes(&w->headers[i]));
  struct hash root = merkle_root_of(hashes, size);
  buf_addf(&text, "cairn act 1\nby %s\nsize %zu\nroot %s\n", w->ids[by], size, hash_hex(&root).s);
  hex_of(id, buf_bytes(&text));
  buf_addf(&position, "cairn position 1\nreplica %s\nnumber %llu\nprevious %s\nact %s\n", w->ids[replica],
           (unsigned long long)++chain->number, chain->previous, id);
  for (int i = first; i <= last; i++) {
    struct buf *b = &w->leaves[i];
    w->count = i;
    buf_addf(b, "cairn leaf 1\nnumber %d\nadmitted %s\nact %s %d %zu\n", i, admitted, id, i - first, size);
    if (i == first) {
      add_signature(w, b, "signature", i == 8 ? or_wrong(w->broken->act_signer, by) : by, buf_bytes(&text));
      buf_addf(b, "position %s %llu %s\n", w->ids[replica], (unsigned long long)chain->number, chain->previous);
      if (head)
        add_signature(w, b, "head", or_wrong(w->broken->head_signer, replica), buf_bytes(&position));
    }
    buf_add(b, buf_bytes(&w->headers[i]));
    break_here(w, LEAF, i, b);
  }
  hex_of(chain->previous, buf_bytes(&position));
  w->admitted = admitted;
  buf_release(&position);
  buf_release(&text);
}

static void certificate(struct world *w, int entry, enum who whose, int subject_entry) {
  static const struct broken none;
  const struct broken *broken = entry == 6 ? w->broken : &none;
  struct buf der = {0}, text = {0}, own = {0};
  struct id subject = id_of(w, broken->subject_entry ? broken->subject_entry : subject_entry);
  struct hash h;
  enum cert_use use = whose == REPLICA || broken->wrong_use ? CERT_REPLICA : CERT_PERSON;
  const struct key *certifier = w->keys[broken->certifier];
  assert_int_equal(hash_parse(bytes_str(subject.s), &h), OK);
  if (broken->wrong_subject)
    h.at[0] ^= 1;
  if (broken->certifier != AUTHORITY)
    assert_int_equal(cert_make_authority(certifier, "test", FROM_S, UNTIL_S, &own), OK);
  int64_t from_s = broken->from_s ? broken->from_s : FROM_S, until_s = broken->until_s ? broken->until_s : UNTIL_S;
  assert_int_equal(cert_issue(certifier, buf_bytes(own.len ? &own : &w->authority_cert), w->keys[whose], use, &h, NULL,
                              from_s, until_s, &der),
                   OK);
  if (broken->forge)
    forge(&der, certifier, broken->forge);
  text_base64_encode(&text, buf_bytes(&der));
  header(w, entry, "cert.issue", OPERATING, "directory", "cert %s\nref subject %s\n", buf_cstr(&text),
         broken->wrong_ref ? id_of(w, 2).s : subject.s);
  buf_release(&own);
  buf_release(&text);
  buf_release(&der);
}

static void write_entries(struct world *w) {
  struct buf authority = {0}, cert = {0}, head = {0}, position = {0};
  buf_add(&authority, w->broken->authority_is_none ? key_spki(w->keys[PERSON]) : buf_bytes(&w->authority_cert));
  if (w->broken->forge_authority)
    forge(&authority, w->keys[AUTHORITY], w->broken->forge_authority);
  text_base64_encode(&cert, buf_bytes(&authority));
  header(w, 1, "log.open", OPERATING, "directory", "key ledger %s\nkey operating %s\ncert %s\nfact origin " ORIGIN "\n",
         buf_cstr(&w->spki[LEDGER]), buf_cstr(&w->spki[OPERATING]), buf_cstr(&cert));
  act(w, OPERATING, OPERATING, "2026-11-21T10:00:00Z", 1, 1, false);
  header(w, 2, "agency.add", OPERATING, "directory", "fact type social-work\n");
  header(w, 3, "invite.person", OPERATING, "directory",
         "ref agency %s\nfact role practitioner\nfact secret %s\nfact until 2026-11-28T10:00:00Z\n", id_of(w, 2).s,
         w->ids[STRANGER]);
  header(w, 4, "person.add", OPERATING, "directory", "key sign %s\nref agency %s\nref invitation %s\n",
         buf_cstr(&w->spki[PERSON]), id_of(w, 2).s, id_of(w, 3).s);
  header(w, 5, "replica.add", OPERATING, "directory", "key replica %s\nref agency %s\n", buf_cstr(&w->spki[REPLICA]),
         id_of(w, 2).s);
  act(w, OPERATING, OPERATING, "2026-11-21T10:00:01Z", 2, 5, false);
  certificate(w, 6, or_wrong(w->broken->certified, PERSON), 4);
  certificate(w, 7, REPLICA, 5);
  act(w, OPERATING, OPERATING, "2026-11-21T10:00:02Z", 6, 7, false);
  header(w, 8, "child.add", or_wrong(w->broken->writer, PERSON), "case", "%s", "");
  act(w, or_wrong(w->broken->writer, PERSON), REPLICA, "2026-11-21T10:05:00Z", 8, 8, false);
  header(w, 9, "meeting.convene", PERSON, "case",
         "child %s\nref chair %s\nfact on 2026-11-25T13:30:00Z\nfact type initial\n", id_of(w, 8).s, id_of(w, 4).s);
  act(w, PERSON, REPLICA, "2026-11-21T10:05:00Z", 9, 9, true);
  header(w, 10, "decision.record", PERSON, "case", "child %s\nref meeting %s\nfact plan yes\nfact risk yes\n",
         id_of(w, 8).s, id_of(w, 9).s);
  header(w, 11, "registration.add", or_wrong(w->broken->author, PERSON), "register", "child %s\nref decision %s\n",
         id_of(w, 8).s, id_of(w, 10).s);
  act(w, PERSON, REPLICA, "2026-11-25T15:00:00Z", 10, 11, true);
  buf_addf(&position, "cairn position 1\nreplica %s\nnumber 4\nprevious %s\nact %s\n", w->ids[REPLICA],
           w->chains[1].previous, w->ids[STRANGER]);
  add_signature(w, &head, "", REPLICA, buf_bytes(&position));
  header(
      w, 12, "act.refuse", OPERATING, "directory",
      "fact act %s\nfact author %s\nfact head %s\nfact number 4\nfact previous %s\nfact replica %s\nfact rule R-008\n",
      w->ids[STRANGER], w->ids[PERSON], buf_cstr(&head), w->chains[1].previous, w->ids[REPLICA]);
  act(w, OPERATING, OPERATING, "2026-11-25T15:00:01Z", 12, 12, false);
  buf_release(&position);
  buf_release(&head);
  buf_release(&cert);
  buf_release(&authority);
}

/* A checkpoint of the first `count` leaves, and the file of them; in count order, so that the last call is the newest.
 */
static void publish(struct world *w, int count, const char *admitted) {
  struct hash hashes[ENTRIES];
  struct buf text = {0};
  enum who signer = or_wrong(w->broken->note_signer, LEDGER);
  struct hash id = key_id(w->keys[signer]);
  buf_clear(&w->file);
  buf_clear(&w->note);
  for (int i = 1; i <= count; i++) {
    hashes[i - 1] = merkle_leaf(buf_bytes(&w->leaves[i]));
    buf_add(&w->file, buf_bytes(&w->leaves[i]));
    buf_add_str(&w->file, "\n");
  }
  struct hash root = merkle_root_of(hashes, (size_t)count);
  buf_addf(&text, ORIGIN "\n%d\n", count);
  text_base64_encode(&text, hash_bytes(&root));
  buf_addf(&text, "\ntime %s\n", admitted);
  break_here(w, TEXT, 0, &text);
  struct buf blob = {0};
  buf_add(&blob, bytes_of(id.at, 4));
  assert_int_equal(key_sign(w->keys[signer], buf_bytes(&text), &blob), OK);
  buf_addf(&w->note, "%s\n\xe2\x80\x94 " ORIGIN " ", buf_cstr(&text));
  text_base64_encode(&w->note, buf_bytes(&blob));
  buf_add_str(&w->note, "\n");
  break_here(w, NOTE, 0, &w->note);
  break_here(w, FILE_OF_LEAVES, 0, &w->file);
  buf_release(&blob);
  buf_release(&text);
}

static void make_world(struct world *w, const struct broken *broken) {
  world_init(w, broken);
  write_entries(w);
  publish(w, ENTRIES, w->admitted);
}

static char *vkey_of(const struct world *w, const char *name, enum who who) {
  struct buf raw = {0}, out = {0};
  struct hash id = key_id(w->keys[who]);
  buf_u8(&raw, 2);
  buf_add(&raw, key_spki(w->keys[who]));
  buf_addf(&out, "%s+", name);
  text_hex_encode(&out, bytes_of(id.at, 4));
  buf_add_str(&out, "+");
  text_base64_encode(&out, buf_bytes(&raw));
  char *s = mem_copy_string(buf_cstr(&out));
  buf_release(&out);
  buf_release(&raw);
  return s;
}

/* ---- judging ---- */

static void *copy_of(struct bytes b) {
  void *copy = mem_alloc(b.len);
  if (b.len)
    memcpy(copy, b.at, b.len);
  return copy;
}

/* Inputs come as heap copies of exactly their size, so that one byte too far is seen. */
static struct verify *judge(const struct verify_facts *facts, struct bytes leaves, struct bytes note) {
  const char *why = "";
  struct verify *v = verify_new(facts, &why);
  if (v == NULL)
    fail_msg("%s", why);
  void *l = copy_of(leaves), *n = copy_of(note);
  verify_leaves(v, l, leaves.len);
  verify_checkpoint(v, n, note.len);
  free(l);
  free(n);
  return v;
}

static struct verify *judge_world(const struct world *w, const struct verify_facts *facts) {
  return judge(facts, buf_bytes(&w->file), buf_bytes(&w->note));
}

static bool says(const struct verify_result *r, enum verify_code code, const char *part) {
  for (size_t i = 0; i < r->finding_count; i++)
    if (r->findings[i].code == code && strstr(r->findings[i].sentence, part))
      return true;
  return false;
}

static bool has_code(const struct verify_result *r, enum verify_code code) {
  return says(r, code, "");
}

/* The people of this ledger have no roles; conformance is for test_verify_conform.c. */
static bool is_of_conformance(const struct verify_finding *f) {
  return verify_code_subject(f->code) == VERIFY_CONFORMANCE;
}

static size_t count_others(const struct verify_result *r, enum verify_code code) {
  size_t count = 0;
  for (size_t i = 0; i < r->finding_count; i++)
    count += r->findings[i].code != code && !is_of_conformance(&r->findings[i]);
  return count;
}

static void assert_holds(const struct verify_result *r) {
  for (int s = 0; s < VERIFY_SUBJECTS; s++)
    if (s == VERIFY_PUBLICATION) /* there are no commits */
      assert_int_equal(r->verdicts[s], VERIFY_UNKNOWN);
    else if (s != VERIFY_CONFORMANCE)
      assert_int_equal(r->verdicts[s], VERIFY_HOLDS);
}

static void print_findings(const char *what, const struct verify_result *r) {
  print_message("%s: %s, %s, %s\n", what, verify_verdict_text(r->verdicts[0]), verify_verdict_text(r->verdicts[1]),
                verify_verdict_text(r->verdicts[2]));
  for (size_t i = 0; i < r->finding_count; i++)
    print_message("  %s %llu %s\n", verify_code_text(r->findings[i].code), (unsigned long long)r->findings[i].entry,
                  r->findings[i].sentence);
}

static const struct broken nothing = {.what = "nothing"};

static void test_good_ledger_holds(void **state) {
  struct world w;
  (void)state;
  make_world(&w, &nothing);
  char *vkey = vkey_of(&w, ORIGIN, LEDGER);
  struct verify_facts facts = {.vkey = vkey, .fingerprint = w.ids[LEDGER]};
  struct verify *v = judge_world(&w, &facts);
  const struct verify_result *r = verify_end(v);
  if (count_others(r, VERIFY_CODE_COUNT))
    print_findings("a good ledger", r);
  assert_holds(r);
  assert_int_equal(count_others(r, VERIFY_CODE_COUNT), 0);
  assert_string_equal(r->origin, ORIGIN);
  assert_string_equal(r->vkey, vkey);
  assert_string_equal(r->fingerprint, w.ids[LEDGER]);
  assert_int_equal(r->size, ENTRIES);
  assert_string_equal(r->time, "2026-11-25T15:00:01Z");
  verify_free(v);
  free(vkey);
  world_release(&w);
}

#define HASH_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HASH_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

/* What, code, where, entry, from, to, and anything else that is wrong. */
#define CASE(w, c, at, n, f, t, ...)                                                                                   \
  { .what = w, .code = c, .where = at, .entry = n, .from = f, .to = t, __VA_ARGS__ }

static const struct broken cases[] = {
    CASE("another first line of a leaf", VERIFY_I_LEAF, LEAF, 4, "cairn leaf 1", "cairn leaf 2", .others = true),
    CASE("a leaf's number with a zero in front", VERIFY_I_LEAF, LEAF, 4, "number 4", "number 04", .others = true),
    CASE("a leaf's number 0", VERIFY_I_LEAF, LEAF, 4, "number 4", "number 0", .others = true),
    CASE("a time that does not exist", VERIFY_I_LEAF, LEAF, 12, "admitted 2026-11-25", "admitted 2026-11-31",
         .others = true),
    CASE("an index that is not under the size", VERIFY_I_LEAF, LEAF, 5, " 3 4\n", " 4 4\n", .others = true),
    CASE("a position of number 0", VERIFY_I_LEAF, LEAF, 12, " 4 ", " 0 ", .others = true),
    CASE("a first position with a predecessor", VERIFY_I_LEAF, LEAF, 12, " 4 ", " 1 ", .others = true),
    CASE("a signature where none belongs", VERIFY_I_LEAF, LEAF, 4, "cairn entry 1", "signature AAAA\ncairn entry 1",
         .others = true),
    CASE("a signature that is missing", VERIFY_I_LEAF, LEAF, 8, "signature ", "", .others = true),
    CASE("a file that ends in the middle", VERIFY_I_LEAF, FILE_OF_LEAVES, 0, "kind act.refuse", NULL, .others = true),
    CASE("an empty file", VERIFY_I_LEAF, FILE_OF_LEAVES, 0, "cairn leaf", NULL, .others = true),
    CASE("an empty line more", VERIFY_I_LEAF, FILE_OF_LEAVES, 0, "\n\n", "\n\n\n", .others = true),

    CASE("a kind of one name", VERIFY_I_HEADER, HEADER, 8, "child.add", "child"),
    CASE("a kind's version 1", VERIFY_I_HEADER, HEADER, 8, "child.add", "child.add/1"),
    CASE("a kind in capitals", VERIFY_I_HEADER, HEADER, 8, "child.add", "Child.add"),
    CASE("an author of 65 digits", VERIFY_I_HEADER, HEADER, 8, "by ", "by A"),
    CASE("a time of day that does not exist", VERIFY_I_HEADER, HEADER, 8, "T09:59:30Z", "T24:00:00Z"),
    CASE("a leap day in 2100", VERIFY_I_HEADER, HEADER, 8, "2026-11-21T", "2100-02-29T"),
    CASE("a key that is none", VERIFY_I_HEADER, HEADER, 8, "audience", "key sign AAAA\naudience"),
    CASE("children out of order", VERIFY_I_HEADER, HEADER, 8, "audience",
         "child " HASH_B "\nchild " HASH_A "\naudience"),
    CASE("a child twice", VERIFY_I_HEADER, HEADER, 8, "audience", "child " HASH_A "\nchild " HASH_A "\naudience"),
    CASE("references out of order", VERIFY_I_HEADER, HEADER, 8, "audience",
         "ref b " HASH_A "\nref a " HASH_A "\naudience"),
    CASE("a reference that is no hash", VERIFY_I_HEADER, HEADER, 8, "audience", "ref a " HASH_A "a\naudience"),
    CASE("a fact with a space", VERIFY_I_HEADER, HEADER, 8, "audience", "fact a b c\naudience"),
    CASE("a fact with an umlaut", VERIFY_I_HEADER, HEADER, 8, "audience", "fact a \xc3\xa4\naudience"),
    CASE("a fact before a child", VERIFY_I_HEADER, HEADER, 8, "audience", "fact a b\nchild " HASH_A "\naudience"),
    CASE("an unknown audience", VERIFY_I_HEADER, HEADER, 8, "audience case", "audience public"),
    CASE("a recipient of what goes to all", VERIFY_I_HEADER, HEADER, 8, "media", "to " HASH_A "\nmedia"),
    CASE("named, and nobody named", VERIFY_I_HEADER, HEADER, 8, "audience case", "audience named"),
    CASE("restricted, and not sealed", VERIFY_I_HEADER, HEADER, 8, "audience case", "audience restricted\nto " HASH_A),
    CASE("sealed, and not restricted", VERIFY_I_HEADER, HEADER, 8, "content", "sealed " HASH_A "\ncontent"),
    CASE("a media type without a slash", VERIFY_I_HEADER, HEADER, 8, "application/json", "application"),
    CASE("a space at the end of a line", VERIFY_I_HEADER, HEADER, 8, "application/json", "application/json "),
    CASE("an unknown line", VERIFY_I_HEADER, HEADER, 8, "media", "note a\nmedia"),
    CASE("a carriage return", VERIFY_I_HEADER, HEADER, 8, "audience case", "audience case\r"),

    CASE("a number left out", VERIFY_I_NUMBER, LEAF, 12, "number 12", "number 13"),
    CASE("a number twice", VERIFY_I_NUMBER, LEAF, 12, "number 12", "number 11"),
    CASE("admitted before the one before", VERIFY_I_TIME, LEAF, 9, "admitted 2026-11-21T10:05",
         "admitted 2026-11-21T10:04"),
    CASE("admitted at another time than its act", VERIFY_I_TIME, LEAF, 11, "admitted 2026-11-25T15:00:00",
         "admitted 2026-11-25T15:00:01"),
    CASE("a checkpoint of another time", VERIFY_I_TIME, TEXT, 0, "15:00:01Z", "15:00:02Z"),
    CASE("an act's leaf out of order", VERIFY_I_ACT, LEAF, 4, " 2 4\n", " 3 4\n", .others = true),
    CASE("an act larger than its leaves", VERIFY_I_ACT, LEAF, 8, " 0 1\n", " 0 2\n"),
    CASE("an act smaller than its leaves", VERIFY_I_ACT, LEAF, 2, " 0 4\n", " 0 1\n"),
    CASE("a header that was changed after it was signed", VERIFY_I_ACT, LEAF, 8, "audience case", "audience register"),
    CASE("an act's leaf by someone else", VERIFY_I_ACT, NOWHERE, 0, NULL, NULL, .author = STRANGER),

    CASE("a checkpoint with a fifth line", VERIFY_I_NOTE, TEXT, 0, "time", "more\ntime"),
    CASE("a checkpoint without its time", VERIFY_I_NOTE, TEXT, 0, "time 2026-11-25T15:00:01Z\n", ""),
    CASE("a checkpoint with an origin in capitals", VERIFY_I_NOTE, TEXT, 0, "cairn.test", "Cairn.test"),
    CASE("a note without a signature line", VERIFY_I_NOTE, NOTE, 0, "\xe2\x80\x94", NULL),
    CASE("a note without its empty line", VERIFY_I_NOTE, NOTE, 0, "\n\n", "\n"),
    CASE("a note with another dash", VERIFY_I_NOTE, NOTE, 0, "\xe2\x80\x94", "\xe2\x80\x93"),
    CASE("a note that is signed by another key", VERIFY_I_SIGNATURE, NOWHERE, 0, NULL, NULL, .note_signer = STRANGER),
    CASE("a note under another name", VERIFY_I_SIGNATURE, NOTE, 0, "\xe2\x80\x94 cairn", "\xe2\x80\x94 Cairn"),
    CASE("a note that was changed after it was signed", VERIFY_I_SIGNATURE, NOTE, 0, ORIGIN "\n12", ORIGIN "\n13",
         .others = true),
    CASE("a checkpoint of another size", VERIFY_I_SIZE, TEXT, 0, "\n12\n", "\n11\n"),
    CASE("a checkpoint of size 0", VERIFY_I_SIZE, TEXT, 0, "\n12\n", "\n0\n"),
    CASE("a leaf that was changed", VERIFY_I_ROOT, FILE_OF_LEAVES, 0, "fact plan yes", "fact plan no", .others = true),
    CASE("a first entry of another kind", VERIFY_I_OPEN, HEADER, 1, "log.open", "log.opened"),
    CASE("a first entry that is by another key than it names", VERIFY_I_OPEN, HEADER, 1, "key operating",
         "key operator"),
    CASE("a first entry without the ledger's key", VERIFY_I_OPEN, HEADER, 1, "key ledger", "key ledges"),
    CASE("a first entry without an origin", VERIFY_I_OPEN, HEADER, 1, "fact origin", "fact source"),
    CASE("a first entry of another origin", VERIFY_I_OPEN, HEADER, 1, "cairn.test/north", "cairn.test/south",
         .others = true),
    CASE("a first entry whose origin is none", VERIFY_I_OPEN, HEADER, 1, "cairn.test/north", "Cairn.test/north"),
    CASE("a first position that is not 1", VERIFY_I_OPEN, LEAF, 1, " 1 0", " 2 a", .others = true),
    CASE("a second log.open", VERIFY_I_OPEN, HEADER, 2, "agency.add", "log.open", .others = true),
    CASE("an act of 1,025 entries", VERIFY_I_LIMIT, LEAF, 8, " 0 1\n", " 0 1025\n"),

    CASE("an author without a certificate", VERIFY_A_KEY, HEADER, 6, "cert.issue", "cert.issued", .others = true),
    CASE("an act by a machine's key", VERIFY_A_KEY, NOWHERE, 0, NULL, NULL, .writer = REPLICA),
    CASE("an act signed by someone else", VERIFY_A_SIGNATURE, NOWHERE, 0, NULL, NULL, .act_signer = STRANGER),
    CASE("an act signed with a high s", VERIFY_A_SIGNATURE, NOWHERE, 0, NULL, NULL, .high_s = true),
    CASE("an act signed in BER", VERIFY_A_SIGNATURE, NOWHERE, 0, NULL, NULL, .long_form = true),
    CASE("an authority's certificate that is none", VERIFY_A_AUTHORITY, NOWHERE, 0, NULL, NULL,
         .authority_is_none = true, .others = true, .says = "not DER"),
    CASE("an authority without the CA bit", VERIFY_A_AUTHORITY, NOWHERE, 0, NULL, NULL,
         .forge_authority = not_an_authority, .others = true, .says = "not that of an authority"),
    CASE("an authority without basic constraints", VERIFY_A_AUTHORITY, NOWHERE, 0, NULL, NULL,
         .forge_authority = no_constraints, .others = true, .says = "not that of an authority"),
    CASE("an authority of any path length", VERIFY_A_AUTHORITY, NOWHERE, 0, NULL, NULL,
         .forge_authority = any_path_length, .others = true, .says = "not that of an authority"),
    CASE("an authority that may not certify", VERIFY_A_AUTHORITY, NOWHERE, 0, NULL, NULL, .forge_authority = to_sign,
         .others = true, .says = "another key usage"),
    CASE("an authority that may do more than certify", VERIFY_A_AUTHORITY, NOWHERE, 0, NULL, NULL,
         .forge_authority = to_sign_and_certify, .others = true, .says = "another key usage"),
    CASE("an authority that somebody else issued", VERIFY_A_AUTHORITY, NOWHERE, 0, NULL, NULL,
         .forge_authority = of_another_issuer, .others = true, .says = "not signed by itself"),
    CASE("a certificate of another authority", VERIFY_A_ISSUER, NOWHERE, 0, NULL, NULL, .certifier = STRANGER,
         .others = true, .says = "not issued by the ledger's authority"),
    CASE("a certificate under another issuer's name", VERIFY_A_ISSUER, NOWHERE, 0, NULL, NULL,
         .forge = of_another_issuer, .others = true, .says = "not issued by the ledger's authority"),
    CASE("a self-signed certificate", VERIFY_A_ISSUER, NOWHERE, 0, NULL, NULL, .certifier = PERSON,
         .forge = issued_by_its_subject, .others = true, .says = "not issued by the ledger's authority"),
    CASE("a self-signed certificate under the authority's name", VERIFY_A_ISSUER, NOWHERE, 0, NULL, NULL,
         .certifier = PERSON, .others = true, .says = "not issued by the ledger's authority"),
    CASE("a certificate that a machine issued", VERIFY_A_ISSUER, NOWHERE, 0, NULL, NULL, .certifier = REPLICA,
         .others = true, .says = "not issued by the ledger's authority"),
    CASE("a certificate that makes a person an authority", VERIFY_A_USAGE, NOWHERE, 0, NULL, NULL,
         .forge = an_authority, .others = true, .says = "makes its owner an authority"),
    CASE("a certificate for another use", VERIFY_A_USAGE, NOWHERE, 0, NULL, NULL, .wrong_use = true, .others = true,
         .says = "use does not fit"),
    CASE("a certificate to encipher", VERIFY_A_USAGE, NOWHERE, 0, NULL, NULL, .forge = to_encipher, .others = true,
         .says = "key usage is not that of a person"),
    CASE("a certificate to sign and to certify", VERIFY_A_USAGE, NOWHERE, 0, NULL, NULL, .forge = to_sign_and_certify,
         .others = true, .says = "key usage is not that of a person"),
    CASE("a certificate for no use", VERIFY_A_USAGE, NOWHERE, 0, NULL, NULL, .forge = no_usage, .others = true,
         .says = "key usage is not that of a person"),
    CASE("a certificate to serve", VERIFY_A_USAGE, NOWHERE, 0, NULL, NULL, .forge = to_serve, .others = true,
         .says = "key usage is not that of a person"),
    CASE("a certificate of two names", VERIFY_A_SUBJECT, NOWHERE, 0, NULL, NULL, .forge = of_two_names, .others = true,
         .says = "subject is not one entry id"),
    CASE("a certificate for another subject", VERIFY_A_SUBJECT, NOWHERE, 0, NULL, NULL, .wrong_subject = true,
         .others = true, .says = "names another subject"),
    CASE("a certificate that is issued for another entry", VERIFY_A_SUBJECT, NOWHERE, 0, NULL, NULL, .wrong_ref = true,
         .others = true, .says = "names another subject"),
    CASE("a certificate that was swapped for somebody else's under the same key", VERIFY_A_SWAPPED, NOWHERE, 0, NULL,
         NULL, .subject_entry = 5, .others = true, .says = "gives a key to another"),
    CASE("a certificate for a key that the person did not introduce", VERIFY_A_SUBJECT, NOWHERE, 0, NULL, NULL,
         .certified = STRANGER, .others = true, .says = "did not introduce its key"),
    CASE("a certificate for what introduced the key as something else", VERIFY_A_SUBJECT, HEADER, 4, "person.add",
         "person.change", .others = true, .says = "did not introduce its key"),
    CASE("a certificate that is none", VERIFY_A_CERT, HEADER, 6, "cert M", "cert N", .others = true, .says = "not DER"),
    CASE("an issue without a certificate", VERIFY_A_CERT, HEADER, 12, "act.refuse", "cert.issue",
         .says = "there is no certificate"),
    CASE("a certificate that had ended", VERIFY_A_VALIDITY, NOWHERE, 0, NULL, NULL,
         .until_s = 1795255499), /* 2026-11-21T10:04:59Z */
    CASE("a certificate that had not begun", VERIFY_A_VALIDITY, NOWHERE, 0, NULL, NULL,
         .from_s = 1795255501), /* 2026-11-21T10:05:01Z */
    CASE("a person who holds an act", VERIFY_A_NODE, HEADER, 9, "meeting.convene", "act.hold"),
    CASE("a person who refuses an act", VERIFY_A_NODE, HEADER, 9, "meeting.convene", "act.refuse"),
    CASE("a person who issues a certificate", VERIFY_A_NODE, HEADER, 9, "meeting.convene", "cert.issue"),
    CASE("a head signed by someone else", VERIFY_A_HEAD, NOWHERE, 0, NULL, NULL, .head_signer = STRANGER),
    CASE("a refused position that was not signed", VERIFY_A_HEAD, HEADER, 12, "fact number 4", "fact number 5",
         .others = true),
    CASE("a refused position without a replica", VERIFY_A_HEAD, HEADER, 12, "fact replica", "fact repliqa"),
};

/* Found, alone unless others must follow, and the verdict that it speaks about does not hold. */
static bool is_found(const struct broken *c) {
  struct world w;
  make_world(&w, c);
  char *vkey = vkey_of(&w, ORIGIN, LEDGER);
  struct verify_facts facts = {.vkey = vkey};
  struct verify *v = judge_world(&w, &facts);
  const struct verify_result *r = verify_end(v);
  bool others = count_others(r, c->code) > 0;
  bool found = says(r, c->code, c->says ? c->says : "") && r->verdicts[verify_code_subject(c->code)] == VERIFY_FAILS &&
               others <= c->others;
  if (!found) {
    print_findings(c->what, r);
    print_error("%s: expected %s %s\n", c->what, verify_code_text(c->code), c->says ? c->says : "");
  }
  verify_free(v);
  free(vkey);
  world_release(&w);
  return found;
}

static void test_what_is_broken_is_found(void **state) {
  int missed = 0;
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    missed += !is_found(&cases[i]);
  assert_int_equal(missed, 0);
}

/* ---- limits ---- */

static const struct verify_result *judge_bytes(struct verify **v_out, struct bytes leaves, struct bytes note) {
  static const struct verify_facts none;
  *v_out = judge(&none, leaves, note);
  return verify_end(*v_out);
}

static void test_limits(void **state) {
  struct world w;
  struct verify *v;
  struct buf b = {0};
  (void)state;
  make_world(&w, &nothing);

  buf_add(&b, buf_bytes(&w.note));
  for (int i = 0; i < 64; i++)
    buf_add_str(&b, "\xe2\x80\x94 other AAAAAAAA\n");
  assert_true(has_code(judge_bytes(&v, buf_bytes(&w.file), buf_bytes(&b)), VERIFY_I_LIMIT));
  verify_free(v);

  buf_clear(&b);
  buf_add(&b, buf_bytes(&w.note));
  while (b.len <= VERIFY_NOTE_MAX)
    buf_addf(&b, "\xe2\x80\x94 other %04000d\n", 0);
  assert_true(has_code(judge_bytes(&v, buf_bytes(&w.file), buf_bytes(&b)), VERIFY_I_LIMIT));
  verify_free(v);

  size_t size = VERIFY_FILE_MAX + 1;
  uint8_t *large = calloc(1, size);
  assert_true(has_code(judge_bytes(&v, bytes_of(large, size), buf_bytes(&w.note)), VERIFY_I_LIMIT));
  verify_free(v);
  free(large);

  replace(&w.leaves[8], "audience", "xxxx");
  buf_clear(&b);
  buf_add(&b, buf_bytes(&w.leaves[1]));
  buf_add_str(&b, "\n");
  buf_add(&b, buf_bytes(&w.leaves[8]));
  b.len--;
  while (b.len < w.leaves[1].len + 20000)
    buf_add_str(&b, "x");
  buf_add_str(&b, "\n\n");
  assert_true(has_code(judge_bytes(&v, buf_bytes(&b), buf_bytes(&w.note)), VERIFY_I_LIMIT));
  verify_free(v);
  buf_release(&b);
  world_release(&w);
}

/* A flood of one finding is bounded, and hides no other. */
static void test_findings_are_bounded(void **state) {
  struct buf b = {0};
  struct verify *v;
  (void)state;
  for (int i = 0; i < 5000; i++)
    buf_add_str(&b, "nothing\n\n");
  const struct verify_result *r = judge_bytes(&v, buf_bytes(&b), bytes_str("nothing"));
  assert_true(r->finding_count <= VERIFY_FINDINGS_MAX);
  assert_true(r->finding_count + r->findings_beyond >= 5000);
  assert_true(has_code(r, VERIFY_I_NOTE) && has_code(r, VERIFY_I_OPEN) && has_code(r, VERIFY_N_NONE));
  assert_int_equal(r->verdicts[VERIFY_INTEGRITY], VERIFY_FAILS);
  assert_int_equal(r->verdicts[VERIFY_AUTHORSHIP], VERIFY_UNKNOWN);
  assert_int_equal(r->verdicts[VERIFY_ANCHORING], VERIFY_UNKNOWN);
  verify_free(v);
  buf_release(&b);
}

static void test_nothing_at_all(void **state) {
  static const struct verify_facts none;
  const char *why;
  (void)state;
  struct verify *v = verify_new(&none, &why);
  const struct verify_result *r = verify_end(v);
  assert_int_equal(r->verdicts[VERIFY_INTEGRITY], VERIFY_FAILS);
  assert_true(has_code(r, VERIFY_I_NOTE) && has_code(r, VERIFY_I_OPEN));
  verify_free(v);
}

/* ---- anchoring ---- */

static void expect_anchoring(const char *what, const struct world *w, const struct verify_facts *facts,
                             enum verify_verdict verdict, enum verify_code code) {
  struct verify *v = judge_world(w, facts);
  const struct verify_result *r = verify_end(v);
  if (r->verdicts[VERIFY_ANCHORING] != verdict || (verdict != VERIFY_HOLDS && !has_code(r, code))) {
    print_findings(what, r);
    fail_msg("%s", what);
  }
  assert_int_equal(r->verdicts[VERIFY_INTEGRITY], VERIFY_HOLDS);
  verify_free(v);
}

static void test_anchoring(void **state) {
  struct world w, other;
  (void)state;
  make_world(&w, &nothing);
  make_world(&other, &nothing);
  char *vkey = vkey_of(&w, ORIGIN, LEDGER), *other_key = vkey_of(&w, ORIGIN, STRANGER);
  char *other_name = vkey_of(&w, "cairn.test/south", LEDGER);
  struct buf newest = {0}, older = {0}, forked = {0};
  buf_add(&newest, buf_bytes(&w.note));
  publish(&w, 9, "2026-11-21T10:05:00Z");
  buf_add(&older, buf_bytes(&w.note));
  publish(&other, 9, "2026-11-21T10:05:00Z");
  struct key *mine = other.keys[LEDGER];
  other.keys[LEDGER] = w.keys[LEDGER]; /* the ledger's own key signs another history */
  publish(&other, 9, "2026-11-21T10:05:00Z");
  buf_add(&forked, buf_bytes(&other.note));
  other.keys[LEDGER] = mine;
  publish(&w, ENTRIES, w.admitted);

  const struct {
    const char *what;
    struct verify_facts facts;
    enum verify_verdict verdict;
    enum verify_code code;
  } table[] = {
      {"nothing", {0}, VERIFY_UNKNOWN, VERIFY_N_NONE},
      {"the key", {.vkey = vkey}, VERIFY_HOLDS, 0},
      {"the fingerprint", {.fingerprint = w.ids[LEDGER]}, VERIFY_HOLDS, 0},
      {"another key", {.vkey = other_key}, VERIFY_FAILS, VERIFY_N_KEY},
      {"another fingerprint", {.fingerprint = HASH_A}, VERIFY_FAILS, VERIFY_N_KEY},
      {"the key under another name", {.vkey = other_name}, VERIFY_FAILS, VERIFY_N_ORIGIN},
      {"the same checkpoint", {NULL, NULL, vkey, newest.at, newest.len}, VERIFY_HOLDS, 0},
      {"an older checkpoint", {NULL, NULL, vkey, older.at, older.len}, VERIFY_HOLDS, 0},
      {"a checkpoint of another history", {NULL, NULL, vkey, forked.at, forked.len}, VERIFY_FAILS, VERIFY_N_FORK},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    expect_anchoring(table[i].what, &w, &table[i].facts, table[i].verdict, table[i].code);

  publish(&w, 9, "2026-11-21T10:05:00Z");
  struct verify_facts seen = {NULL, NULL, vkey, newest.at, newest.len};
  expect_anchoring("a newer checkpoint", &w, &seen, VERIFY_FAILS, VERIFY_N_ROLLBACK);
  char *others_vkey = vkey_of(&other, ORIGIN, LEDGER);
  struct verify_facts others = {NULL, NULL, others_vkey, other.note.at, 0};
  publish(&other, 9, "2026-11-21T10:05:00Z");
  others.seen_note = other.note.at;
  others.seen_note_len = other.note.len;
  expect_anchoring("a checkpoint of another ledger", &w, &others, VERIFY_FAILS, VERIFY_N_KEY);
  free(others_vkey);
  buf_release(&newest);
  buf_release(&older);
  buf_release(&forked);
  free(vkey);
  free(other_key);
  free(other_name);
  world_release(&other);
  world_release(&w);
}

static void test_bad_facts_are_refused(void **state) {
  struct world w;
  (void)state;
  make_world(&w, &nothing);
  char *vkey = vkey_of(&w, ORIGIN, LEDGER), *other = vkey_of(&w, ORIGIN, STRANGER);
  const struct verify_facts table[] = {{.vkey = "cairn.test+00000000+AAAA"},
                                       {.vkey = ""},
                                       {.fingerprint = "abc"},
                                       {.fingerprint = HASH_A "A"},
                                       {NULL, NULL, other, w.note.at, w.note.len},
                                       {NULL, NULL, vkey, w.note.at, w.note.len - 1}};
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    const char *why = NULL;
    assert_null(verify_new(&table[i], &why));
    assert_non_null(why);
  }
  free(vkey);
  free(other);
  world_release(&w);
}

/* ---- several files, and what is shown of the entries ---- */

struct shown {
  uint64_t count, registered;
  char child[65];
};

static void show(void *of, const struct verify_entry *e) {
  struct shown *s = of;
  assert_int_equal(e->number, ++s->count);
  assert_int_equal(strlen(e->id), 64);
  if (e->kind.len == 16 && memcmp(e->kind.at, "registration.add", 16) == 0) {
    s->registered = e->number;
    assert_int_equal(e->child_count, 1);
    memcpy(s->child, e->children[0].at, 64);
    assert_int_equal(e->ref_count, 1);
    assert_memory_equal(e->refs[0].name.at, "decision", 8);
    assert_memory_equal(e->admitted.at, "2026-11-25T15:00:00Z", 20);
  }
}

static void test_entries_are_shown_over_several_files(void **state) {
  struct world w;
  struct shown shown = {0};
  const char *why;
  (void)state;
  make_world(&w, &nothing);
  char *vkey = vkey_of(&w, ORIGIN, LEDGER);
  struct verify_facts facts = {.vkey = vkey};
  struct verify *v = verify_new(&facts, &why);
  verify_each(v, &shown, show);
  publish(&w, 9, "2026-11-21T10:05:00Z");
  size_t first = w.file.len;
  verify_leaves(v, w.file.at, w.file.len);
  verify_checkpoint(v, w.note.at, w.note.len);
  publish(&w, ENTRIES, w.admitted);
  verify_leaves(v, w.file.at + first, w.file.len - first);
  verify_checkpoint(v, w.note.at, w.note.len);
  const struct verify_result *r = verify_end(v);
  assert_holds(r);
  assert_int_equal(shown.count, ENTRIES);
  assert_int_equal(shown.registered, 11);
  assert_string_equal(shown.child, id_of(&w, 8).s);
  verify_free(v);
  free(vkey);
  world_release(&w);
}

/* The leaves of the last file without the checkpoint that covers them. */
static void test_uncovered_leaves_do_not_hold(void **state) {
  struct world w;
  static const struct verify_facts none;
  const char *why;
  (void)state;
  make_world(&w, &nothing);
  struct verify *v = verify_new(&none, &why);
  publish(&w, 9, "2026-11-21T10:05:00Z");
  size_t first = w.file.len;
  verify_leaves(v, w.file.at, w.file.len);
  verify_checkpoint(v, w.note.at, w.note.len);
  publish(&w, ENTRIES, w.admitted);
  verify_leaves(v, w.file.at + first, w.file.len - first);
  assert_true(has_code(verify_end(v), VERIFY_I_SIZE));
  verify_free(v);
  world_release(&w);
}

/* ---- every byte counts ---- */

static bool holds(struct bytes leaves, struct bytes note) {
  struct verify *v;
  bool h = judge_bytes(&v, leaves, note)->verdicts[VERIFY_INTEGRITY] == VERIFY_HOLDS;
  verify_free(v);
  return h;
}

static void flip_and_cut(struct bytes leaves, struct bytes note, size_t step) {
  for (size_t i = 0; i < leaves.len; i += step) {
    uint8_t *at = (uint8_t *)leaves.at + i;
    *at ^= (uint8_t)(1 << i % 8);
    if (holds(leaves, note))
      fail_msg("holds with byte %zu of the leaves changed", i);
    *at ^= (uint8_t)(1 << i % 8);
    if (holds(bytes_of(leaves.at, i), note))
      fail_msg("holds with the leaves cut at %zu", i);
  }
}

static void test_every_byte_counts(void **state) {
  struct world w;
  (void)state;
  make_world(&w, &nothing);
  flip_and_cut(buf_bytes(&w.file), buf_bytes(&w.note), 97);
  publish(&w, 1, "2026-11-21T10:00:00Z");
  assert_true(holds(buf_bytes(&w.file), buf_bytes(&w.note)));
  flip_and_cut(buf_bytes(&w.file), buf_bytes(&w.note), 1);
  for (size_t i = 0; i < w.note.len; i++) {
    w.note.at[i] ^= (uint8_t)(1 << i % 8);
    if (holds(buf_bytes(&w.file), buf_bytes(&w.note)))
      fail_msg("holds with byte %zu of the checkpoint changed", i);
    w.note.at[i] ^= (uint8_t)(1 << i % 8);
    if (holds(buf_bytes(&w.file), bytes_of(w.note.at, i)))
      fail_msg("holds with the checkpoint cut at %zu", i);
  }
  world_release(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_good_ledger_holds),
      cmocka_unit_test(test_what_is_broken_is_found),
      cmocka_unit_test(test_limits),
      cmocka_unit_test(test_findings_are_bounded),
      cmocka_unit_test(test_nothing_at_all),
      cmocka_unit_test(test_anchoring),
      cmocka_unit_test(test_bad_facts_are_refused),
      cmocka_unit_test(test_entries_are_shown_over_several_files),
      cmocka_unit_test(test_uncovered_leaves_do_not_hold),
      cmocka_unit_test(test_every_byte_counts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
