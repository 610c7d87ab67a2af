#include "tests/lib/ledger.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/x509v3.h>

#include "core/cert.h"
#include "core/entry.h"
#include "core/merkle.h"
#include "core/text.h"

#define FROM_S 1793491200  /* 2026-11-01 */
#define UNTIL_S 1951257600 /* 2031-11-01 */

static const char *const contents[LEDGER_ENTRIES + 1] = {
    [1] = "{\"authority-name\":\"North\"}",
    [2] = "{\"name\":\"Social Work\"}",
    [3] = "{\"name\":\"Ann Reid\"}",
    [4] = "{\"name\":\"Ann Reid\"}",
    [5] = "{\"name\":\"desk\"}",
    [6] = "{}",
    [7] = "{}",
    [12] = "{\"words\":\"it was refused\"}",
    [13] = "{}",
};

static void must(bool is_so, const char *what) {
  if (is_so)
    return;
  fprintf(stderr, "ledger: %s\n", what);
  abort();
}

void ledger_replace(struct buf *b, const char *from, const char *to) {
  uint8_t *at = memmem(b->at, b->len, from, strlen(from));
  struct buf out = {0};
  must(at != NULL, from);
  buf_add(&out, bytes_of(b->at, (size_t)(at - b->at)));
  if (to) {
    buf_add_str(&out, to);
    at += strlen(from);
    buf_add(&out, bytes_of(at, b->len - (size_t)(at - b->at)));
  }
  buf_release(b);
  *b = out;
}

static void break_here(const struct ledger *l, enum ledger_where where, int entry, struct buf *b) {
  if (l->broken->where == where && l->broken->entry == entry && l->broken->from)
    ledger_replace(b, l->broken->from, l->broken->to);
}

static enum ledger_who or_wrong(enum ledger_who wrong, enum ledger_who right) {
  return wrong == WHO_AUTHORITY ? right : wrong;
}

static void hex_of(char out[65], struct bytes b) {
  struct hash h = hash_of(b);
  memcpy(out, hash_hex(&h).s, 65);
}

struct ledger_id ledger_id(const struct ledger *l, int entry) {
  struct ledger_id id;
  hex_of(id.s, buf_bytes(&l->headers[entry]));
  return id;
}

static const char *origin_of(const struct ledger *l) {
  return l->broken->origin ? l->broken->origin : LEDGER_ORIGIN;
}

const char *ledger_content(int entry) {
  return contents[entry];
}

void ledger_salt(int entry, uint8_t salt[16]) {
  memset(salt, entry, 16);
}

/* A certificate as it would be if its issuer had made it otherwise. */
static void forge(struct buf *der, const struct key *signer, void (*change)(X509 *x)) {
  const uint8_t *at = der->at;
  uint8_t *out = NULL;
  X509 *x = d2i_X509(NULL, &at, (long)der->len);
  must(x != NULL, "a certificate cannot be read");
  change(x);
  must(X509_sign(x, key_native(signer), EVP_sha256()) > 0, "a certificate cannot be signed");
  int len = i2d_X509(x, &out);
  must(len > 0, "a certificate cannot be written");
  buf_clear(der);
  buf_add(der, bytes_of(out, (size_t)len));
  OPENSSL_free(out);
  X509_free(x);
}

static void sign(struct ledger *l, enum ledger_who who, struct bytes text, struct buf *der) {
  struct buf both = {0};
  buf_add_str(&both, l->ids[who]);
  buf_add(&both, text);
  struct hash of = hash_of(buf_bytes(&both));
  buf_release(&both);
  for (size_t i = 0; i < l->signature_count; i++)
    if (hash_equal(&l->signatures[i].of, &of)) {
      buf_add(der, bytes_of(l->signatures[i].der, l->signatures[i].len));
      return;
    }
  must(key_sign(l->keys[who], text, der) == OK, "a text cannot be signed");
  if (l->signature_count == LEDGER_SIGNATURES_MAX)
    return;
  struct ledger_signature *s = &l->signatures[l->signature_count++];
  s->of = of;
  s->len = der->len;
  memcpy(s->der, der->at, der->len);
}

/* The signature in base64, after the word where there is one. */
static void add_signature(struct ledger *l, struct buf *out, const char *word, enum ledger_who who, struct bytes text,
                          void (*change)(struct buf *der)) {
  struct buf der = {0};
  sign(l, who, text, &der);
  if (change)
    change(&der);
  if (*word)
    buf_addf(out, "%s ", word);
  text_base64_encode(out, buf_bytes(&der));
  if (*word)
    buf_add_str(out, "\n");
  buf_release(&der);
}

static void header(struct ledger *l, int entry, const char *kind, enum ledger_who by, const char *audience,
                   const char *fmt, ...) __attribute__((format(printf, 6, 7)));

static void header(struct ledger *l, int entry, const char *kind, enum ledger_who by, const char *audience,
                   const char *fmt, ...) {
  struct buf *b = &l->headers[entry];
  char lines[4096];
  uint8_t salt[16];
  struct hash content = {{(uint8_t)entry}};
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(lines, sizeof lines, fmt, ap);
  va_end(ap);
  ledger_salt(entry, salt);
  if (contents[entry])
    content = entry_commitment(salt, bytes_str(contents[entry]));
  buf_addf(b, "cairn entry 1\nkind %s\nby %s\nat 2026-11-21T09:59:30Z\n%saudience %s\n", kind, l->ids[by], lines,
           audience);
  buf_addf(b, "media application/json\ncontent %s\n", hash_hex(&content).s);
  break_here(l, AT_HEADER, entry, b);
}

/* ---- acts ---- */

static void write_leaves(struct ledger *l, const struct ledger_act *a) {
  struct hash hashes[LEDGER_ENTRIES] = {{{0}}};
  size_t size = (size_t)(a->last - a->first + 1);
  struct ledger_chain *chain = &l->chains[a->replica == WHO_REPLICA];
  struct buf text = {0}, position = {0};
  char id[65];
  for (int i = a->first; i <= a->last; i++)
    hashes[i - a->first] = merkle_leaf(buf_bytes(&l->headers[i]));
  struct hash root = merkle_root_of(hashes, size);
  buf_addf(&text, "cairn act 1\nby %s\nsize %zu\nroot %s\n", l->ids[a->by], size, hash_hex(&root).s);
  hex_of(id, buf_bytes(&text));
  buf_addf(&position, "cairn position 1\nreplica %s\nnumber %llu\nprevious %s\nact %s\n", l->ids[a->replica],
           (unsigned long long)++chain->number, chain->previous, id);
  for (int i = a->first; i <= a->last; i++) {
    struct buf *b = &l->leaves[i];
    buf_addf(b, "cairn leaf 1\nnumber %d\nadmitted %s\nact %s %d %zu\n", i, a->admitted, id, i - a->first, size);
    if (i == a->first) {
      bool is_wrong = i == 8;
      add_signature(l, b, "signature", is_wrong ? or_wrong(l->broken->act_signer, a->by) : a->by, buf_bytes(&text),
                    is_wrong ? l->broken->resign : NULL);
      buf_addf(b, "position %s %llu %s\n", l->ids[a->replica], (unsigned long long)chain->number, chain->previous);
      if (a->is_headed)
        add_signature(l, b, "head", or_wrong(l->broken->head_signer, a->replica), buf_bytes(&position), NULL);
    }
    buf_add(b, buf_bytes(&l->headers[i]));
    break_here(l, AT_LEAF, i, b);
  }
  hex_of(chain->previous, buf_bytes(&position));
  buf_release(&position);
  buf_release(&text);
}

/* Of the headers first … last. */
static void act(struct ledger *l, enum ledger_who by, enum ledger_who replica, const char *admitted, int first,
                int last, bool is_headed) {
  must(l->act_count < LEDGER_ACTS_MAX, "one act too many");
  l->acts[l->act_count] = (struct ledger_act){by, replica, admitted, first, last, is_headed};
  write_leaves(l, &l->acts[l->act_count++]);
}

static void begin_chains(struct ledger *l) {
  for (int i = 0; i < 2; i++) {
    l->chains[i].number = 0;
    memset(l->chains[i].previous, '0', 64);
  }
}

void ledger_sign(struct ledger *l) {
  begin_chains(l);
  for (int i = 1; i <= LEDGER_ENTRIES; i++)
    buf_clear(&l->leaves[i]);
  for (size_t i = 0; i < l->act_count; i++)
    write_leaves(l, &l->acts[i]);
}

/* ---- entries ---- */

static void certificate(struct ledger *l, int entry, enum ledger_who whose, int subject_entry) {
  static const struct ledger_break none;
  int wrong_one = l->broken->certificate ? l->broken->certificate : 13;
  const struct ledger_break *broken = entry == wrong_one ? l->broken : &none;
  struct buf der = {0}, text = {0}, own = {0};
  struct ledger_id subject = ledger_id(l, broken->subject_entry ? broken->subject_entry : subject_entry);
  struct hash h;
  enum cert_use use = whose == WHO_REPLICA || broken->wrong_use ? CERT_REPLICA : CERT_PERSON;
  const struct key *certifier = l->keys[broken->certifier];
  must(hash_parse(bytes_str(subject.s), &h) == OK, "an id is none");
  if (broken->wrong_subject)
    h.at[0] ^= 1;
  if (broken->certifier != WHO_AUTHORITY)
    must(cert_make_authority(certifier, "test", FROM_S, UNTIL_S, &own) == OK, "no authority");
  int64_t from_s = broken->from_s ? broken->from_s : FROM_S, until_s = broken->until_s ? broken->until_s : UNTIL_S;
  must(cert_issue(certifier, buf_bytes(own.len ? &own : &l->authority_cert),
                  l->keys[or_wrong(broken->certified, whose)], use, &h, NULL, from_s, until_s, &der) == OK,
       "no certificate");
  if (broken->forge)
    forge(&der, certifier, broken->forge);
  text_base64_encode(&text, buf_bytes(&der));
  header(l, entry, "cert.issue", WHO_OPERATING, "directory", "cert %s\nref subject %s\n", buf_cstr(&text),
         broken->wrong_ref ? ledger_id(l, 2).s : subject.s);
  buf_release(&own);
  buf_release(&text);
  buf_release(&der);
}

static void open_log(struct ledger *l) {
  struct buf authority = {0}, cert = {0};
  buf_add(&authority, l->broken->authority_is_none ? key_spki(l->keys[WHO_PERSON]) : buf_bytes(&l->authority_cert));
  if (l->broken->forge_authority)
    forge(&authority, l->keys[WHO_AUTHORITY], l->broken->forge_authority);
  text_base64_encode(&cert, buf_bytes(&authority));
  header(l, 1, "log.open", WHO_OPERATING, "directory", "key ledger %s\nkey operating %s\ncert %s\nfact origin %s\n",
         buf_cstr(&l->spki[WHO_LEDGER]), buf_cstr(&l->spki[WHO_OPERATING]), buf_cstr(&cert), origin_of(l));
  act(l, WHO_OPERATING, WHO_OPERATING, "2026-11-21T10:00:00Z", 1, 1, false);
  buf_release(&cert);
  buf_release(&authority);
}

static void write_directory(struct ledger *l) {
  header(l, 2, "agency.add", WHO_OPERATING, "directory", "fact type social-work\n");
  header(l, 3, "invite.person", WHO_OPERATING, "directory",
         "ref agency %s\nfact role practitioner\nfact secret %s\nfact until 2026-11-28T10:00:00Z\n", ledger_id(l, 2).s,
         l->ids[WHO_STRANGER]);
  header(l, 4, "person.add", WHO_OPERATING, "directory", "key seal %s\nkey sign %s\nref agency %s\nref invitation %s\n",
         buf_cstr(&l->spki[WHO_SEAL]), buf_cstr(&l->spki[WHO_PERSON]), ledger_id(l, 2).s, ledger_id(l, 3).s);
  header(l, 5, "replica.add", WHO_OPERATING, "directory", "key replica %s\nref agency %s\n",
         buf_cstr(&l->spki[WHO_REPLICA]), ledger_id(l, 2).s);
  act(l, WHO_OPERATING, WHO_OPERATING, "2026-11-21T10:00:01Z", 2, 5, false);
  certificate(l, 6, WHO_PERSON, 4);
  certificate(l, 7, WHO_REPLICA, 5);
  act(l, WHO_OPERATING, WHO_OPERATING, "2026-11-21T10:00:02Z", 6, 7, false);
}

static void write_case(struct ledger *l) {
  enum ledger_who writer = or_wrong(l->broken->writer, WHO_PERSON);
  header(l, 8, "child.add", writer, "case", "%s", "");
  act(l, writer, WHO_REPLICA, "2026-11-21T10:05:00Z", 8, 8, false);
  header(l, 9, "meeting.convene", WHO_PERSON, "case",
         "child %s\nref chair %s\nfact on 2026-11-25T13:30:00Z\nfact type initial\n", ledger_id(l, 8).s,
         ledger_id(l, 4).s);
  act(l, WHO_PERSON, WHO_REPLICA, "2026-11-21T10:05:00Z", 9, 9, true);
  header(l, 10, "decision.record", WHO_PERSON, "case", "child %s\nref meeting %s\nfact plan yes\nfact risk yes\n",
         ledger_id(l, 8).s, ledger_id(l, 9).s);
  header(l, 11, "registration.add", or_wrong(l->broken->author, WHO_PERSON), "register", "child %s\nref decision %s\n",
         ledger_id(l, 8).s, ledger_id(l, 10).s);
  act(l, WHO_PERSON, WHO_REPLICA, "2026-11-25T15:00:00Z", 10, 11, true);
}

/* The node refuses the machine's fourth act, and renews the person's certificate. */
static void write_answers(struct ledger *l) {
  struct buf head = {0}, position = {0}, audience = {0};
  const struct ledger_chain *chain = &l->chains[1];
  buf_addf(&position, "cairn position 1\nreplica %s\nnumber 4\nprevious %s\nact %s\n", l->ids[WHO_REPLICA],
           chain->previous, l->ids[WHO_STRANGER]);
  add_signature(l, &head, "", WHO_REPLICA, buf_bytes(&position), NULL);
  buf_addf(&audience, "named\nto %s", ledger_id(l, 4).s);
  header(
      l, 12, "act.refuse", WHO_OPERATING, buf_cstr(&audience),
      "fact act %s\nfact author %s\nfact head %s\nfact number 4\nfact previous %s\nfact replica %s\nfact rule R-008\n",
      l->ids[WHO_STRANGER], l->ids[WHO_PERSON], buf_cstr(&head), chain->previous, l->ids[WHO_REPLICA]);
  act(l, WHO_OPERATING, WHO_OPERATING, "2026-11-25T15:00:01Z", 12, 12, false);
  certificate(l, 13, WHO_PERSON, 4);
  act(l, WHO_OPERATING, WHO_OPERATING, LEDGER_TIME, 13, 13, false);
  buf_release(&audience);
  buf_release(&position);
  buf_release(&head);
}

struct time {
  char s[21];
};

/* When the leaf says that it was admitted; of one that does not say, the last time. */
static struct time time_of(const struct buf *leaf) {
  static const char word[] = "\nadmitted ";
  struct time t = {LEDGER_TIME};
  const uint8_t *at = leaf->len ? memmem(leaf->at, leaf->len, word, strlen(word)) : NULL;
  if (at != NULL && leaf->len - (size_t)(at - leaf->at) > strlen(word) + 20)
    memcpy(t.s, at + strlen(word), 20);
  return t;
}

void ledger_publish(struct ledger *l, int count) {
  struct hash hashes[LEDGER_ENTRIES];
  struct buf text = {0}, blob = {0}, der = {0};
  enum ledger_who signer = or_wrong(l->broken->note_signer, WHO_LEDGER);
  struct hash id = key_id(l->keys[signer]);
  buf_clear(&l->file);
  buf_clear(&l->note);
  for (int i = 1; i <= count; i++) {
    hashes[i - 1] = merkle_leaf(buf_bytes(&l->leaves[i]));
    buf_add(&l->file, buf_bytes(&l->leaves[i]));
    buf_add_str(&l->file, "\n");
  }
  struct hash root = merkle_root_of(hashes, (size_t)count);
  buf_addf(&text, "%s\n%d\n", origin_of(l), count);
  text_base64_encode(&text, hash_bytes(&root));
  buf_addf(&text, "\ntime %s\n", time_of(&l->leaves[count]).s);
  break_here(l, AT_TEXT, 0, &text);
  must(key_sign(l->keys[signer], buf_bytes(&text), &der) == OK, "a checkpoint cannot be signed");
  if (l->broken->renote)
    l->broken->renote(&der);
  buf_add(&blob, bytes_of(id.at, 4));
  buf_add(&blob, buf_bytes(&der));
  buf_addf(&l->note, "%s\n\xe2\x80\x94 %s ", buf_cstr(&text), origin_of(l));
  text_base64_encode(&l->note, buf_bytes(&blob));
  buf_add_str(&l->note, "\n");
  break_here(l, AT_NOTE, 0, &l->note);
  break_here(l, AT_FILE, 0, &l->file);
  buf_release(&der);
  buf_release(&blob);
  buf_release(&text);
}

void ledger_init(struct ledger *l, const struct ledger_break *broken) {
  static const struct ledger_break none;
  *l = (struct ledger){.broken = broken ? broken : &none};
  for (int i = 0; i < WHO_COUNT; i++) {
    l->keys[i] = key_new();
    hex_of(l->ids[i], key_spki(l->keys[i]));
    text_base64_encode(&l->spki[i], key_spki(l->keys[i]));
  }
  begin_chains(l);
  must(cert_make_authority(l->keys[WHO_AUTHORITY], "test", FROM_S, UNTIL_S, &l->authority_cert) == OK, "no authority");
  open_log(l);
  write_directory(l);
  write_case(l);
  write_answers(l);
  ledger_publish(l, l->broken->published ? l->broken->published : LEDGER_ENTRIES);
}

void ledger_release(struct ledger *l) {
  for (int i = 0; i < WHO_COUNT; i++) {
    key_free(l->keys[i]);
    buf_release(&l->spki[i]);
  }
  for (int i = 0; i <= LEDGER_ENTRIES; i++) {
    buf_release(&l->headers[i]);
    buf_release(&l->leaves[i]);
  }
  buf_release(&l->authority_cert);
  buf_release(&l->file);
  buf_release(&l->note);
}

char *ledger_vkey(const struct ledger *l, const char *name, enum ledger_who who) {
  struct buf raw = {0}, out = {0};
  struct hash id = key_id(l->keys[who]);
  buf_u8(&raw, 2);
  buf_add(&raw, key_spki(l->keys[who]));
  buf_addf(&out, "%s+", name);
  text_hex_encode(&out, bytes_of(id.at, 4));
  buf_add_str(&out, "+");
  text_base64_encode(&out, buf_bytes(&raw));
  char *s = mem_copy_string(buf_cstr(&out));
  buf_release(&out);
  buf_release(&raw);
  return s;
}
