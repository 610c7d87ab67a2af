#include "audit/verify_parts.h"

#include <stdio.h>
#include <string.h>

#define SIGNATURES_MAX 64
#define LINE_BYTES_MAX 8192 /* of one signature, decoded: room for algorithms that this reader does not know */
#define TYPE_ECDSA 0x02

static const char dash[] = "\xe2\x80\x94 "; /* em dash, space */

/* C2SP signed-note: a name is not empty and has neither white space nor plus. */
static bool is_note_name(struct verify_text t) {
  for (size_t i = 0; i < t.len; i++)
    if ((unsigned char)t.at[i] <= 0x20 || t.at[i] == 0x7f || t.at[i] == '+')
      return false;
  return t.len > 0 && t.len <= 128;
}

bool vnote_key_parse(struct verify_text t, struct vnote_key *out) {
  struct verify_text name, hash;
  struct vnote_key k = {0};
  uint8_t stated[4], raw[1 + VKEY_SPKI_SIZE];
  size_t len;
  if (!vtext_cut(&t, '+', &name) || !vtext_cut(&t, '+', &hash) || !is_note_name(name) ||
      !vtext_hex(hash, stated, sizeof stated) || !vtext_base64(t, raw, sizeof raw, &len) || len != sizeof raw ||
      raw[0] != TYPE_ECDSA || !vkey_read(raw + 1, VKEY_SPKI_SIZE, &k.key) || memcmp(stated, k.key.id, 4) != 0)
    return false;
  vtext_copy(k.name, sizeof k.name, name);
  *out = k;
  return true;
}

void vnote_key_format(const struct vnote_key *k, char *out, size_t size) {
  uint8_t raw[1 + VKEY_SPKI_SIZE] = {TYPE_ECDSA};
  char base64[(sizeof raw + 2) / 3 * 4 + 1], hash[9];
  memcpy(raw + 1, k->key.spki, VKEY_SPKI_SIZE);
  vtext_to_base64(raw, sizeof raw, base64);
  vtext_to_hex(k->key.id, 4, hash);
  snprintf(out, size, "%s+%s+%s", k->name, hash, base64);
}

/* The text ends before the last empty line: signature lines cannot contain one, but a text might. */
static bool find_end(struct verify_text note, size_t *at_out) {
  for (size_t i = note.len; i >= 2; i--)
    if (note.at[i - 1] == '\n' && note.at[i - 2] == '\n') {
      *at_out = i - 1;
      return true;
    }
  return false;
}

struct line {
  struct verify_text name;
  uint8_t bytes[LINE_BYTES_MAX]; /* key hash, then signature */
  size_t len;
};

static bool read_line(struct vlines *l, struct line *out) {
  struct verify_text t = vlines_next(l);
  size_t n = sizeof dash - 1;
  if (l->failed || t.len <= n || memcmp(t.at, dash, n) != 0)
    return false;
  t = vtext_of(t.at + n, t.len - n);
  return vtext_cut(&t, ' ', &out->name) && is_note_name(out->name) &&
         vtext_base64(t, out->bytes, sizeof out->bytes, &out->len) && out->len > 4;
}

/* The lines of one key. */
struct found {
  const struct vnote_key *key;
  struct vcurve *curve; /* to check them all with, or NULL */
  bool are_good;
  size_t count;
  uint8_t signature[VKEY_SIGNATURE_MAX]; /* of the last one */
  size_t len;
};

static void take_line(struct found *f, struct verify_text text, const struct line *line) {
  if (!vtext_is(line->name, f->key->name) || memcmp(line->bytes, f->key->key.id, 4) != 0)
    return;
  f->count++;
  /* One that is too long to be a signature is kept as one that cannot verify. */
  f->len = line->len - 4 <= VKEY_SIGNATURE_MAX ? line->len - 4 : 1;
  memcpy(f->signature, line->bytes + 4, f->len);
  f->are_good = f->are_good && f->curve && vkey_verify(f->curve, &f->key->key, text, line->bytes + 4, line->len - 4);
}

/* Goes through all lines. */
static enum vnote_outcome read_note(struct verify_text note, struct found *f, struct verify_text *text_out) {
  size_t end;
  if (note.len > VERIFY_NOTE_MAX)
    return VNOTE_LIMIT;
  if (!find_end(note, &end))
    return VNOTE_FORM;
  struct verify_text text = vtext_of(note.at, end);
  struct vlines l = {vtext_of(note.at + end + 1, note.len - end - 1), false};
  for (size_t count = 0; l.rest.len > 0 || count == 0; count++) {
    struct line line;
    if (count == SIGNATURES_MAX)
      return VNOTE_LIMIT;
    if (!read_line(&l, &line))
      return VNOTE_FORM;
    if (f)
      take_line(f, text, &line);
  }
  *text_out = text;
  return VNOTE_GOOD;
}

enum vnote_outcome vnote_open(struct vcurve *c, struct verify_text note, const struct vnote_key *k,
                              struct verify_text *text_out) {
  struct found f = {.key = k, .curve = c, .are_good = true};
  enum vnote_outcome outcome = read_note(note, &f, text_out);
  return outcome == VNOTE_GOOD && (!f.are_good || f.count == 0) ? VNOTE_SIGNATURE : outcome;
}

enum vnote_outcome vnote_split(struct verify_text note, struct verify_text *text_out) {
  return read_note(note, NULL, text_out);
}

enum vnote_outcome vnote_find(struct verify_text note, const struct vnote_key *k, struct verify_text *text_out,
                              uint8_t signature[VKEY_SIGNATURE_MAX], size_t *len_out) {
  struct found f = {.key = k};
  enum vnote_outcome outcome = read_note(note, &f, text_out);
  *len_out = f.count == 1 ? f.len : 0;
  memcpy(signature, f.signature, *len_out);
  return outcome;
}

bool vnote_checkpoint_parse(struct verify_text text, struct vnote_checkpoint *out) {
  struct vnote_checkpoint c = {0};
  struct vlines l = {text, false};
  size_t len;
  struct verify_text origin = vlines_next(&l), size = vlines_next(&l), root = vlines_next(&l);
  struct verify_text time = vlines_field(&l, "time");
  if (l.failed || l.rest.len > 0 || !vtext_is_origin(origin) || !vtext_number(size, &c.size) ||
      !vtext_base64(root, c.root, VHASH_SIZE, &len) || len != VHASH_SIZE || !vtext_is_time(time))
    return false;
  vtext_copy(c.origin, sizeof c.origin, origin);
  vtext_copy(c.time, sizeof c.time, time);
  *out = c;
  return true;
}

void vnote_each_line(struct verify_text note, void *of,
                     void (*line)(void *of, struct verify_text name, const uint8_t *bytes, size_t len)) {
  size_t end;
  if (note.len > VERIFY_NOTE_MAX || !find_end(note, &end))
    return;
  struct vlines l = {vtext_of(note.at + end + 1, note.len - end - 1), false};
  for (size_t count = 0; l.rest.len > 0 && count < SIGNATURES_MAX; count++) {
    struct line one;
    if (!read_line(&l, &one))
      return;
    line(of, one.name, one.bytes, one.len);
  }
}

bool verify_note_size(const void *note, size_t len, uint64_t *size_out) {
  struct verify_text text;
  struct vnote_checkpoint c;
  if (vnote_split(vtext_of(note, len), &text) != VNOTE_GOOD || !vnote_checkpoint_parse(text, &c))
    return false;
  *size_out = c.size;
  return true;
}

#define SHORT_GROUPS 8
#define SHORT_GROUP 100000

/* Groups of five digits from the last to the first: the hash is divided by 100,000 each time. */
void vnote_short(const struct vnote_checkpoint *c, char out[VERIFY_SHORT_SIZE]) {
  char root[(VHASH_SIZE + 2) / 3 * 4 + 1], text[256];
  uint8_t h[VHASH_SIZE];
  unsigned groups[SHORT_GROUPS];
  vtext_to_base64(c->root, VHASH_SIZE, root);
  int len = snprintf(text, sizeof text, "cairn checkpoint short form 1\n%s\n%llu\n%s\n", c->origin,
                     (unsigned long long)c->size, root);
  vhash(text, (size_t)len, h);
  for (int g = SHORT_GROUPS - 1; g >= 0; g--) {
    uint32_t rest = 0;
    for (size_t i = 0; i < VHASH_SIZE; i++) {
      uint32_t n = rest << 8 | h[i];
      h[i] = (uint8_t)(n / SHORT_GROUP);
      rest = n % SHORT_GROUP;
    }
    groups[g] = rest;
  }
  int at = snprintf(out, VERIFY_SHORT_SIZE, "%llu:", (unsigned long long)c->size);
  for (int g = 0; g < SHORT_GROUPS; g++)
    at += snprintf(out + at, VERIFY_SHORT_SIZE - (size_t)at, " %05u", groups[g]);
}
