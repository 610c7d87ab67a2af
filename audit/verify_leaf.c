#include "audit/verify_parts.h"

#include <stdio.h>
#include <string.h>

#define FIRST_LINE "cairn entry 1" /* of a header */

/* Exactly `count` words, separated by single spaces. */
static bool split(struct verify_text t, struct verify_text *words, size_t count) {
  for (size_t i = 0; i + 1 < count; i++)
    if (!vtext_cut(&t, ' ', &words[i]))
      return false;
  words[count - 1] = t;
  for (size_t i = 0; i < count; i++)
    if (words[i].len == 0)
      return false;
  return memchr(t.at, ' ', t.len) == NULL;
}

static bool is_hash(struct verify_text t) {
  static const uint8_t zeros[VHASH_SIZE];
  uint8_t h[VHASH_SIZE];
  return vtext_hex(t, h, sizeof h) && memcmp(h, zeros, sizeof h) != 0;
}

static bool is_base64(struct verify_text t) {
  uint8_t bytes[VLEAF_HEADER_MAX];
  size_t len;
  return vtext_base64(t, bytes, sizeof bytes, &len);
}

/* ---- lines that may be repeated ---- */

/* The next line if it is of this word: in ascending order after the last one, and at most `max` of them. */
static bool next_of(struct vlines *l, const char *word, size_t max, size_t count, struct verify_text *last) {
  if (!vlines_at(l, word))
    return false;
  struct verify_text t = vlines_field(l, word);
  if (count == max || (count > 0 && vtext_compare(*last, t) >= 0))
    l->failed = true;
  *last = t;
  return !l->failed;
}

/* Hashes alone; out may be NULL. */
static size_t read_hashes(struct vlines *l, const char *word, size_t max, struct verify_text *out) {
  struct verify_text t = {0};
  size_t n = 0;
  for (; next_of(l, word, max, n, &t); n++) {
    if (!is_hash(t))
      l->failed = true;
    if (out)
      out[n] = t;
  }
  return n;
}

static size_t read_pairs(struct vlines *l, const char *word, size_t max, bool (*is_value)(struct verify_text),
                         struct verify_pair *out) {
  struct verify_text t = {0}, part[2];
  size_t n = 0;
  for (; next_of(l, word, max, n, &t); n++) {
    if (!split(t, part, 2) || !vtext_is_name(part[0]) || !is_value(part[1])) {
      l->failed = true;
      return n;
    }
    out[n] = (struct verify_pair){part[0], part[1]};
  }
  return n;
}

static void read_keys(struct vlines *l, struct vleaf *out) {
  struct verify_text t = {0}, part[2];
  uint8_t spki[VKEY_SPKI_SIZE];
  size_t n = 0, len;
  for (; next_of(l, "key", VLEAF_KEYS_MAX, n, &t); n++) {
    if (!split(t, part, 2) || !vtext_is_name(part[0]) || (n > 0 && vtext_equal(part[0], out->keys[n - 1].name)) ||
        !vtext_base64(part[1], spki, sizeof spki, &len) || !vkey_read(spki, len, &out->keys[n].key)) {
      l->failed = true;
      return;
    }
    out->keys[n].name = part[0];
  }
  out->key_count = n;
}

/* ---- header: core/FORMAT.md section 3 ---- */

static bool is_audience(struct verify_text t) {
  static const char *const all[] = {"directory", "register", "case", "professionals", "named", "restricted"};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if (vtext_is(t, all[i]))
      return true;
  return false;
}

static struct verify_text checked(struct vlines *l, const char *word, bool (*is)(struct verify_text)) {
  struct verify_text t = vlines_field(l, word);
  if (!l->failed && !is(t))
    l->failed = true;
  return t;
}

static void read_end_of_header(struct vlines *l, struct vleaf *out) {
  out->entry.audience = checked(l, "audience", is_audience);
  bool sealed = vtext_is(out->entry.audience, "restricted");
  bool named = sealed || vtext_is(out->entry.audience, "named");
  out->to_count = read_hashes(l, "to", VLEAF_TO_MAX, out->to);
  out->media = checked(l, "media", vtext_is_media);
  out->content = checked(l, "content", is_hash);
  if ((out->to_count > 0) != named || vlines_at(l, "sealed") != sealed)
    l->failed = true;
  if (sealed)
    checked(l, "sealed", is_hash);
}

static bool parse_header(struct verify_text header, struct vleaf *out) {
  struct vlines l = {header, false};
  struct verify_entry *e = &out->entry;
  vlines_next(&l); /* FIRST_LINE */
  e->kind = checked(&l, "kind", vtext_is_kind);
  e->by = vlines_field(&l, "by");
  if (!is_hash(e->by) || !vtext_hex(e->by, out->by, VHASH_SIZE))
    return false;
  e->at = checked(&l, "at", vtext_is_time);
  if (vlines_at(&l, "profile"))
    out->profile = checked(&l, "profile", is_hash);
  read_keys(&l, out);
  if (vlines_at(&l, "cert"))
    out->cert = checked(&l, "cert", is_base64);
  e->child_count = read_hashes(&l, "child", VERIFY_CHILDREN_MAX, e->children);
  e->ref_count = read_pairs(&l, "ref", VERIFY_REFS_MAX, is_hash, e->refs);
  read_hashes(&l, "base", 16, NULL);
  e->fact_count = read_pairs(&l, "fact", VERIFY_FACTS_MAX, vtext_is_token, e->facts);
  read_end_of_header(&l, out);
  return !l.failed && l.rest.len == 0;
}

/* ---- leaf: core/FORMAT.md section 7 ---- */

static bool read_signature(struct vlines *l, const char *word, uint8_t *out, size_t *len_out) {
  uint8_t bytes[VLEAF_HEADER_MAX];
  struct verify_text t = vlines_field(l, word);
  size_t len;
  if (!vtext_base64(t, bytes, sizeof bytes, &len))
    return false;
  /* One that is too long to be a signature is kept as one that cannot verify. */
  *len_out = len <= VKEY_SIGNATURE_MAX ? len : 1;
  memcpy(out, bytes, *len_out);
  return true;
}

/* Number 1, and only that, has no predecessor. */
static bool read_position(struct vlines *l, struct vleaf_position *out) {
  static const uint8_t none[VHASH_SIZE];
  struct verify_text word[3];
  return split(vlines_field(l, "position"), word, 3) && vtext_hex(word[0], out->replica, VHASH_SIZE) &&
         vtext_number(word[1], &out->number) && vtext_hex(word[2], out->previous, VHASH_SIZE) && out->number > 0 &&
         (out->number == 1) == (memcmp(out->previous, none, VHASH_SIZE) == 0);
}

static bool read_act(struct vlines *l, struct vleaf *out) {
  struct verify_text word[3];
  if (!split(vlines_field(l, "act"), word, 3) || !vtext_hex(word[0], out->act, VHASH_SIZE) ||
      !vtext_number(word[1], &out->index) || !vtext_number(word[2], &out->size) || out->index >= out->size)
    return false;
  out->entry.act = word[0];
  return true;
}

static bool read_admission(struct vlines *l, struct vleaf *out) {
  if (!vtext_is(vlines_next(l), "cairn leaf 1") || !vtext_number(vlines_field(l, "number"), &out->entry.number))
    return false;
  out->entry.admitted = checked(l, "admitted", vtext_is_time);
  if (l->failed || out->entry.number == 0 || !read_act(l, out))
    return false;
  if (out->index > 0)
    return true;
  return read_signature(l, "signature", out->signature, &out->signature_len) && read_position(l, &out->position) &&
         (!vlines_at(l, "head") || read_signature(l, "head", out->head, &out->head_len));
}

static bool begins(struct verify_text t, const char *s) {
  return t.len >= strlen(s) && memcmp(t.at, s, strlen(s)) == 0;
}

enum vleaf_outcome vleaf_parse(struct verify_text text, struct vleaf *out) {
  struct vlines l = {text, false};
  *out = (struct vleaf){0};
  if (text.len > VLEAF_MAX)
    return VLEAF_LIMIT;
  if (!read_admission(&l, out) || l.failed)
    return VLEAF_FORM;
  out->header = l.rest;
  if (!begins(out->header, FIRST_LINE "\n"))
    return VLEAF_FORM;
  if (l.rest.len > VLEAF_HEADER_MAX || out->size > VLEAF_ACT_MAX)
    return VLEAF_LIMIT;
  vhash(out->header.at, out->header.len, out->id);
  vtext_to_hex(out->id, VHASH_SIZE, out->entry.id);
  return parse_header(out->header, out) ? VLEAF_GOOD : VLEAF_HEADER_FORM;
}

bool vleaf_parse_header(struct verify_text header, struct vleaf *out) {
  *out = (struct vleaf){.header = header};
  if (header.len > VLEAF_HEADER_MAX || !begins(header, FIRST_LINE "\n"))
    return false;
  vhash(header.at, header.len, out->id);
  vtext_to_hex(out->id, VHASH_SIZE, out->entry.id);
  return parse_header(header, out);
}

bool vleaf_find(const struct verify_pair *pairs, size_t count, const char *name, struct verify_text *out) {
  size_t found = 0;
  for (size_t i = 0; i < count; i++)
    if (vtext_is(pairs[i].name, name)) {
      *out = pairs[i].value;
      found++;
    }
  return found == 1;
}

size_t vleaf_position_text(const struct vleaf_position *p, const uint8_t act[VHASH_SIZE],
                           char out[VLEAF_POSITION_MAX]) {
  char replica[65], previous[65], id[65];
  vtext_to_hex(p->replica, VHASH_SIZE, replica);
  vtext_to_hex(p->previous, VHASH_SIZE, previous);
  vtext_to_hex(act, VHASH_SIZE, id);
  return (size_t)snprintf(out, VLEAF_POSITION_MAX, "cairn position 1\nreplica %s\nnumber %llu\nprevious %s\nact %s\n",
                          replica, (unsigned long long)p->number, previous, id);
}
