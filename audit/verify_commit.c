#include "audit/verify_parts.h"

#include <mbedtls/sha1.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The commits of the published repository (audit/FORMAT.md sections 3 and 3.1). Stock git takes second signatures,
 * signatures in other forms, and any date: here each byte is one of the form, or a finding. */

#define ID_DIGITS 40
#define WORDS_MAX 512
#define ARMOR_BEGIN "-----BEGIN SSH SIGNATURE-----"
#define ARMOR_END "-----END SSH SIGNATURE-----"
#define LINE_DIGITS 70
#define BLOB_MAX 1024
#define ALGORITHM "ecdsa-sha2-nistp256"
#define HASH "sha256"

struct commit {
  struct verify_text whole;
  struct verify_text parent; /* the first */
  size_t parent_count;
  struct verify_text author, committer;
  bool has_others;              /* headers that do not belong there */
  struct verify_text signature; /* the lines of the first one, from its first word on */
  size_t signature_count;
  struct verify_text message;
};

/* ---- the object ---- */

/* The next line without its LF; false if there is none. */
static bool next_line(struct verify_text *rest, struct verify_text *line) {
  const char *end = rest->len ? memchr(rest->at, '\n', rest->len) : NULL;
  if (end == NULL)
    return false;
  *line = vtext_of(rest->at, (size_t)(end - rest->at));
  *rest = vtext_of(end + 1, rest->len - line->len - 1);
  return true;
}

static bool starts(struct verify_text t, const char *word) {
  size_t n = strlen(word);
  return t.len >= n && memcmp(t.at, word, n) == 0;
}

/* What stands on the next line behind the word. */
static bool next_field(struct verify_text *rest, const char *word, struct verify_text *out) {
  size_t n = strlen(word);
  if (!starts(*rest, word) || !next_line(rest, out))
    return false;
  *out = vtext_of(out->at + n, out->len - n);
  return true;
}

static bool is_id(struct verify_text t) {
  uint8_t id[ID_DIGITS / 2];
  return vtext_hex(t, id, sizeof id);
}

static bool read_parents(struct verify_text *rest, struct commit *out) {
  while (starts(*rest, "parent ")) {
    struct verify_text id;
    if (!next_field(rest, "parent ", &id) || !is_id(id))
      return false;
    if (out->parent_count++ == 0)
      out->parent = id;
  }
  return true;
}

/* A header's further lines begin with a space. */
static bool read_signature(struct verify_text *rest, struct commit *out) {
  struct verify_text line, begin = *rest;
  do {
    if (!next_line(rest, &line))
      return false;
  } while (starts(*rest, " "));
  if (out->signature_count++ == 0)
    out->signature = vtext_of(begin.at, begin.len - rest->len);
  return true;
}

static bool read_headers(struct verify_text *rest, struct commit *out) {
  while (!starts(*rest, "\n")) {
    struct verify_text line;
    if (starts(*rest, "gpgsig ") || starts(*rest, "gpgsig-sha256 ")) {
      if (!read_signature(rest, out))
        return false;
    } else if (next_line(rest, &line)) {
      out->has_others = true;
    } else {
      return false;
    }
  }
  return true;
}

static bool read_commit(struct verify_text whole, struct commit *out) {
  struct verify_text rest = whole, tree;
  *out = (struct commit){.whole = whole};
  if (!next_field(&rest, "tree ", &tree) || !is_id(tree) || !read_parents(&rest, out) ||
      !next_field(&rest, "author ", &out->author) || !next_field(&rest, "committer ", &out->committer) ||
      !read_headers(&rest, out))
    return false;
  out->message = vtext_of(rest.at + 1, rest.len - 1);
  return true;
}

/* ---- its words ---- */

/* Days of the Gregorian calendar from 1970 on; the year begins with March. */
static long long days_of(int year, int month, int day) {
  long long y = month > 2 ? year : year - 1;
  return y * 365 + y / 4 - y / 100 + y / 400 + (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1 - 719468;
}

static int number_at(const char *time, int at, int digits) {
  int n = 0;
  for (int i = 0; i < digits; i++)
    n = n * 10 + (time[at + i] - '0');
  return n;
}

/* Seconds since 1970 of a time that is one. */
static long long seconds_of(const char *time) {
  return days_of(number_at(time, 0, 4), number_at(time, 5, 2), number_at(time, 8, 2)) * 86400 +
         number_at(time, 11, 2) * 3600 + number_at(time, 14, 2) * 60 + number_at(time, 17, 2);
}

static void judge_person(struct verify *v, struct verify_text person, const char *role) {
  const struct vnote_checkpoint *c = &v->newest;
  char name[WORDS_MAX], date[64];
  int len = snprintf(name, sizeof name, "cairn <ledger@%s> ", c->origin);
  for (int i = 0; i < len; i++)
    if (name[i] == '/')
      name[i] = '-';
  snprintf(date, sizeof date, "%lld +0000", seconds_of(c->time));
  if (!starts(person, name))
    vfind(v, VERIFY_P_COMMIT, c->size, "the %s of the commit is not the ledger", role);
  else if (!vtext_is(vtext_of(person.at + len, person.len - (size_t)len), date))
    vfind(v, VERIFY_P_DATE, c->size, "the %s's date is not the checkpoint's time %s", role, c->time);
}

static void judge_words(struct verify *v, const struct commit *c) {
  char message[WORDS_MAX];
  if (c->has_others)
    vfind(v, VERIFY_P_COMMIT, v->covered, "the commit has headers that do not belong there");
  if (!v->has_newest) /* said already */
    return;
  judge_person(v, c->author, "author");
  judge_person(v, c->committer, "committer");
  snprintf(message, sizeof message, "%s %llu\n", v->newest.origin, (unsigned long long)v->newest.size);
  if (!vtext_is(c->message, message))
    vfind(v, VERIFY_P_COMMIT, v->newest.size, "the commit's message is not the ledger's name and the size");
}

static void judge_parent(struct verify *v, const struct commit *c) {
  const struct vcommits *k = &v->commits;
  char wanted[ID_DIGITS + 1];
  vtext_to_hex(k->newest, sizeof k->newest, wanted);
  if (c->parent_count > 1)
    vfind(v, VERIFY_P_PARENT, v->covered, "the commit has %zu parents", c->parent_count);
  else if (k->count == 0 && c->parent_count > 0)
    vfind(v, VERIFY_P_PARENT, v->covered, "the first commit has a parent");
  else if (k->count > 0 && (c->parent_count == 0 || !vtext_is(c->parent, wanted)))
    vfind(v, VERIFY_P_PARENT, v->covered, "the commit's parent is not the commit before");
}

/* ---- its signature ---- */

/* The base64 between the lines of armour, each of 70 digits but the last. */
static bool read_armour(struct verify_text signature, uint8_t *blob, size_t *len_out) {
  char digits[(BLOB_MAX + 2) / 3 * 4];
  struct verify_text line;
  size_t count = 0;
  if (!next_field(&signature, "gpgsig ", &line) || !vtext_is(line, ARMOR_BEGIN))
    return false;
  for (size_t before = LINE_DIGITS; next_field(&signature, " ", &line);) {
    if (vtext_is(line, ARMOR_END))
      return signature.len == 0 && vtext_base64(vtext_of(digits, count), blob, BLOB_MAX, len_out);
    if (before != LINE_DIGITS || line.len == 0 || line.len > LINE_DIGITS || line.len > sizeof digits - count)
      return false;
    memcpy(digits + count, line.at, line.len);
    count += before = line.len;
  }
  return false;
}

/* RFC 4251 section 5: four bytes of length, and so many bytes. */
static bool take_string(struct verify_text *rest, struct verify_text *out) {
  const uint8_t *at = (const uint8_t *)rest->at;
  if (rest->len < 4)
    return false;
  size_t n = (size_t)at[0] << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 | at[3];
  if (n > rest->len - 4)
    return false;
  *out = vtext_of(at + 4, n);
  *rest = vtext_of(at + 4 + n, rest->len - 4 - n);
  return true;
}

static size_t put_string(uint8_t *at, const void *bytes, size_t len) {
  at[0] = at[1] = at[2] = 0;
  at[3] = (uint8_t)len; /* all that is put is shorter than 256 bytes */
  if (len)
    memcpy(at + 4, bytes, len);
  return len + 4;
}

struct sshsig {
  struct verify_text key, space, reserved, hash, signature;
};

static bool read_blob(struct verify_text blob, struct sshsig *out) {
  static const char start[] = "SSHSIG\0\0\0\1";
  size_t n = sizeof start - 1;
  if (blob.len < n || memcmp(blob.at, start, n) != 0)
    return false;
  blob = vtext_of(blob.at + n, blob.len - n);
  return take_string(&blob, &out->key) && take_string(&blob, &out->space) && take_string(&blob, &out->reserved) &&
         take_string(&blob, &out->hash) && take_string(&blob, &out->signature) && blob.len == 0;
}

static bool is_key(struct verify_text key, const struct vkey *k) {
  uint8_t wanted[128];
  size_t len = put_string(wanted, ALGORITHM, sizeof ALGORITHM - 1);
  len += put_string(wanted + len, "nistp256", 8);
  len += put_string(wanted + len, k->spki + VKEY_SPKI_SIZE - VERIFY_POINT_SIZE, VERIFY_POINT_SIZE);
  return vtext_equal(key, vtext_of(wanted, len));
}

/* The numbers in DER, whose shortest form of a positive number is that of an mpint; 0 if they are no numbers. */
static size_t read_numbers(struct verify_text signature, uint8_t der[VKEY_SIGNATURE_MAX]) {
  struct verify_text algorithm, numbers, number;
  size_t len = 2;
  if (!take_string(&signature, &algorithm) || !vtext_is(algorithm, ALGORITHM) || !take_string(&signature, &numbers) ||
      signature.len > 0)
    return 0;
  for (int i = 0; i < 2; i++) {
    if (!take_string(&numbers, &number) || number.len == 0 || number.len + 2 > VKEY_SIGNATURE_MAX - len)
      return 0;
    der[len++] = 0x02;
    der[len++] = (uint8_t)number.len;
    memcpy(der + len, number.at, number.len);
    len += number.len;
  }
  der[0] = 0x30;
  der[1] = (uint8_t)(len - 2);
  return numbers.len == 0 ? len : 0;
}

/* The hash of the commit without its signature's header. */
static void hash_signed(const struct commit *c, uint8_t out[VHASH_SIZE]) {
  size_t before = (size_t)(c->signature.at - c->whole.at), after = before + c->signature.len;
  char *text = vtext_alloc(c->whole.len - c->signature.len);
  memcpy(text, c->whole.at, before);
  memcpy(text + before, c->whole.at + after, c->whole.len - after);
  vhash(text, c->whole.len - c->signature.len, out);
  free(text);
}

static void check_later(struct verify *v, const struct commit *c, const struct sshsig *s) {
  uint8_t text[128], hash[VHASH_SIZE], der[VKEY_SIGNATURE_MAX];
  size_t der_len = read_numbers(s->signature, der), len = 6;
  hash_signed(c, hash);
  memcpy(text, "SSHSIG", len);
  len += put_string(text + len, "git", 3);
  len += put_string(text + len, "", 0);
  len += put_string(text + len, HASH, sizeof HASH - 1);
  len += put_string(text + len, hash, sizeof hash);
  struct vcheck check = vcheck_of(&v->ledger.key, vtext_of(text, len), der, der_len);
  vfinding(&check.bad, VERIFY_P_SIGNATURE, v->covered, "the commit's signature does not verify");
  vjob_check(v, &check);
}

/* What is wrong at once; whether the signature verifies is said in its turn. */
static struct vwrong judge_signature(struct verify *v, const struct commit *c) {
  uint8_t blob[BLOB_MAX];
  size_t len;
  struct sshsig s;
  if (c->signature_count == 0)
    return (struct vwrong){VERIFY_P_UNSIGNED, "the commit is not signed"};
  if (c->signature_count > 1)
    return (struct vwrong){VERIFY_P_SECOND, "the commit has more than one signature"};
  if (!read_armour(c->signature, blob, &len) || !read_blob(vtext_of(blob, len), &s))
    return (struct vwrong){VERIFY_P_SIGNATURE, "the commit's signature is not of its one form"};
  if (!is_key(s.key, &v->ledger.key))
    return (struct vwrong){VERIFY_P_KEY, "the commit is signed by another key than the ledger's"};
  if (!vtext_is(s.space, "git"))
    return (struct vwrong){VERIFY_P_NAMESPACE, "the commit's signature was made for something else than git"};
  if (s.reserved.len > 0 || !vtext_is(s.hash, HASH))
    return (struct vwrong){VERIFY_P_SIGNATURE, "the commit's signature is not of its one form"};
  check_later(v, c, &s);
  return (struct vwrong){0};
}

/* ---- one commit ---- */

/* As git makes the ids of objects. */
static void find_id(struct verify_text whole, uint8_t out[VCOMMIT_ID_SIZE]) {
  unsigned char head[32];
  mbedtls_sha1_context context;
  int head_len = snprintf((char *)head, sizeof head, "commit %zu", whole.len) + 1; /* with its NUL */
  mbedtls_sha1_init(&context);
  mbedtls_sha1_starts_ret(&context);
  mbedtls_sha1_update_ret(&context, head, (size_t)head_len);
  mbedtls_sha1_update_ret(&context, (const unsigned char *)whole.at, whole.len);
  mbedtls_sha1_finish_ret(&context, out);
  mbedtls_sha1_free(&context);
}

void verify_commit(struct verify *v, const void *at, size_t len) {
  struct verify_text whole = vtext_of(at, len);
  struct commit c;
  if (len > VERIFY_COMMIT_MAX) {
    vfind(v, VERIFY_I_LIMIT, v->covered, "a commit is larger than 64 KiB");
  } else if (!read_commit(whole, &c)) {
    vfind(v, VERIFY_P_COMMIT, v->covered, "the commit is not of its form");
  } else {
    judge_words(v, &c);
    judge_parent(v, &c);
    struct vwrong wrong = v->is_open ? judge_signature(v, &c) : (struct vwrong){0};
    if (wrong.words)
      vfind(v, wrong.code, v->covered, "%s", wrong.words);
  }
  find_id(whole, v->commits.newest);
  v->commits.count++;
}

/* ---- who may sign ---- */

struct row {
  uint8_t id[VHASH_SIZE]; /* the number of the entry that names the key, and zeros */
  struct verify_signer signer;
};

void vcommit_init(struct vcommits *c) {
  vmap_init(&c->signers, sizeof(struct row), NULL);
  c->signers.count_max = VERIFY_SIGNERS_MAX;
}

void vcommit_io(struct vcommits *c, struct vio *io) {
  vio_raw(io, &c->count, sizeof c->count);
  vio_raw(io, c->newest, sizeof c->newest);
  vio_map(io, &c->signers);
  for (size_t i = 0; io->is_reading && i < c->signers.count; i++) {
    const struct verify_signer *s = &((const struct row *)vmap_at(&c->signers, i))->signer;
    io->failed |= s->from[sizeof s->from - 1] || s->until[sizeof s->until - 1];
  }
}

void vcommit_signer(struct verify *v) {
  struct vmap *m = &v->commits.signers;
  uint8_t id[VHASH_SIZE] = {0};
  uint64_t number = v->tree.size;
  memcpy(id, &number, sizeof number);
  if (m->count > 0) {
    struct row *before = vmap_at(m, m->count - 1);
    memcpy(before->signer.until, v->admitted, sizeof before->signer.until);
  }
  struct row *row = vmap_add(m, id);
  if (row == NULL) {
    vfind(v, VERIFY_I_LIMIT, number, "the ledger's key was changed too often");
    return;
  }
  memcpy(row->signer.point, v->ledger.key.spki + VKEY_SPKI_SIZE - VERIFY_POINT_SIZE, VERIFY_POINT_SIZE);
  memcpy(row->signer.from, v->admitted, sizeof row->signer.from);
}

size_t vcommit_signers(struct verify *v, const struct verify_signer **out) {
  const struct vmap *m = &v->commits.signers;
  v->commits.listed = vtext_alloc(m->count * sizeof *v->commits.listed);
  for (size_t i = 0; i < m->count; i++)
    v->commits.listed[i] = ((const struct row *)vmap_at(m, i))->signer;
  *out = v->commits.listed;
  return m->count;
}

void vcommit_release(struct vcommits *c) {
  vmap_release(&c->signers);
  free(c->listed);
}
