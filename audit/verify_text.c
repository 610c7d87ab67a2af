#include "audit/verify_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *vtext_alloc(size_t n) {
  void *p = calloc(1, n ? n : 1);
  if (p == NULL) {
    fputs("out of memory\n", stderr);
    abort();
  }
  return p;
}

bool vtext_is(struct verify_text t, const char *s) {
  return t.len == strlen(s) && memcmp(t.at, s, t.len) == 0;
}

int vtext_compare(struct verify_text a, struct verify_text b) {
  size_t n = a.len < b.len ? a.len : b.len;
  int c = n ? memcmp(a.at, b.at, n) : 0;
  return c ? c : (a.len > b.len) - (a.len < b.len);
}

bool vtext_equal(struct verify_text a, struct verify_text b) {
  return vtext_compare(a, b) == 0;
}

void vtext_copy(char *out, size_t size, struct verify_text t) {
  size_t n = t.len < size - 1 ? t.len : size - 1;
  if (n)
    memcpy(out, t.at, n);
  out[n] = '\0';
}

enum { DIGIT = 1, LOWER = 2, UPPER = 4 };

static int class_of(char c) {
  if (c >= '0' && c <= '9')
    return DIGIT;
  if (c >= 'a' && c <= 'z')
    return LOWER;
  return c >= 'A' && c <= 'Z' ? UPPER : 0;
}

/* 1 to max characters of the classes or of `others`, the first one of the classes `first`. */
static bool is_run(struct verify_text t, size_t max, int first, int classes, const char *others) {
  if (t.len < 1 || t.len > max || !(class_of(t.at[0]) & first))
    return false;
  for (size_t i = 0; i < t.len; i++)
    if (!(class_of(t.at[i]) & classes) && (t.at[i] == '\0' || strchr(others, t.at[i]) == NULL))
      return false;
  return true;
}

bool vtext_is_token(struct verify_text t) {
  return is_run(t, 128, DIGIT | LOWER | UPPER, DIGIT | LOWER | UPPER, "._:/+=-");
}

bool vtext_is_name(struct verify_text t) {
  return is_run(t, 32, LOWER, LOWER | DIGIT, "-");
}

bool vtext_is_origin(struct verify_text t) {
  return is_run(t, 96, LOWER | DIGIT, LOWER | DIGIT, "./-");
}

bool vtext_cut(struct verify_text *rest, char separator, struct verify_text *before) {
  const char *p = rest->len ? memchr(rest->at, separator, rest->len) : NULL;
  if (p == NULL)
    return false;
  *before = vtext_of(rest->at, (size_t)(p - rest->at));
  *rest = vtext_of(p + 1, rest->len - before->len - 1);
  return true;
}

bool vtext_is_kind(struct verify_text t) {
  struct verify_text names = t, version = t, part;
  uint64_t number;
  if (t.len > 64)
    return false;
  if (vtext_cut(&version, '/', &names) && (!vtext_number(version, &number) || number < 2))
    return false;
  if (!vtext_cut(&names, '.', &part) || !vtext_is_name(part))
    return false;
  while (vtext_cut(&names, '.', &part))
    if (!vtext_is_name(part))
      return false;
  return vtext_is_name(names);
}

/* Any character of the run may come first, also one of the signs. */
static bool is_media_half(struct verify_text t) {
  for (size_t i = 0; i < t.len; i++)
    if (!(class_of(t.at[i]) & (LOWER | DIGIT)) && (t.at[i] == '\0' || strchr(".+-", t.at[i]) == NULL))
      return false;
  return t.len > 0;
}

bool vtext_is_media(struct verify_text t) {
  struct verify_text half;
  return t.len <= 96 && vtext_cut(&t, '/', &half) && is_media_half(half) && is_media_half(t);
}

bool vtext_number(struct verify_text t, uint64_t *out) {
  uint64_t n = 0;
  if (t.len < 1 || t.len > 16 || (t.at[0] == '0' && t.len > 1))
    return false;
  for (size_t i = 0; i < t.len; i++) {
    if (class_of(t.at[i]) != DIGIT)
      return false;
    n = 10 * n + (uint64_t)(t.at[i] - '0');
  }
  if (n >= (uint64_t)1 << 53)
    return false;
  *out = n;
  return true;
}

static int two_digits(const char *at) {
  return 10 * (at[0] - '0') + (at[1] - '0');
}

static bool has_form(struct verify_text t, const char *form) {
  if (t.len != strlen(form))
    return false;
  for (size_t i = 0; i < t.len; i++)
    if (form[i] == '9' ? class_of(t.at[i]) != DIGIT : t.at[i] != form[i])
      return false;
  return true;
}

bool vtext_is_date(struct verify_text t) {
  static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (!has_form(t, "9999-99-99"))
    return false;
  int year = 100 * two_digits(t.at) + two_digits(t.at + 2), month = two_digits(t.at + 5), day = two_digits(t.at + 8);
  if (year < 1900 || month < 1 || month > 12)
    return false;
  bool leap = month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return day >= 1 && day <= days[month - 1] + leap;
}

bool vtext_is_time(struct verify_text t) {
  return has_form(t, "9999-99-99T99:99:99Z") && vtext_is_date(vtext_of(t.at, VDATE_SIZE)) &&
         two_digits(t.at + 11) <= 23 && two_digits(t.at + 14) <= 59 && two_digits(t.at + 17) <= 59;
}

/* A digit's value and one, or 0: of a leaf, most is such digits. */
static const uint8_t hex_digit[256] = {
    ['0'] = 1, ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9, ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16};

bool vtext_hex(struct verify_text t, uint8_t *out, size_t size) {
  if (t.len != 2 * size)
    return false;
  for (size_t i = 0; i < size; i++) {
    unsigned high = hex_digit[(uint8_t)t.at[2 * i]], low = hex_digit[(uint8_t)t.at[2 * i + 1]];
    if (high == 0 || low == 0)
      return false;
    out[i] = (uint8_t)((high - 1) << 4 | (low - 1));
  }
  return true;
}

void vtext_to_hex(const uint8_t *at, size_t size, char *out) {
  for (size_t i = 0; i < size; i++) {
    out[2 * i] = "0123456789abcdef"[at[i] >> 4];
    out[2 * i + 1] = "0123456789abcdef"[at[i] & 15];
  }
  out[2 * size] = '\0';
}

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int digit64(char c) {
  switch (class_of(c)) {
  case UPPER: return c - 'A';
  case LOWER: return c - 'a' + 26;
  case DIGIT: return c - '0' + 52;
  }
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool vtext_base64(struct verify_text t, uint8_t *out, size_t max, size_t *len_out) {
  if (t.len == 0 || t.len % 4 != 0)
    return false;
  size_t pad = (size_t)(t.at[t.len - 1] == '=') + (size_t)(t.at[t.len - 1] == '=' && t.at[t.len - 2] == '=');
  size_t len = t.len / 4 * 3 - pad, bits = 0, n = 0;
  uint32_t w = 0;
  if (len > max)
    return false;
  for (size_t i = 0; i < t.len - pad; i++) {
    int d = digit64(t.at[i]);
    if (d < 0)
      return false;
    w = w << 6 | (uint32_t)d;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out[n++] = (uint8_t)(w >> bits);
      w &= ((uint32_t)1 << bits) - 1;
    }
  }
  *len_out = n;
  return w == 0; /* the bits that no byte uses */
}

void vtext_to_base64(const uint8_t *at, size_t len, char *out) {
  uint32_t w = 0;
  size_t bits = 0, n = 0;
  for (size_t i = 0; i < len; i++) {
    w = w << 8 | at[i];
    for (bits += 8; bits >= 6;) {
      bits -= 6;
      out[n++] = alphabet[w >> bits & 63];
    }
  }
  if (bits)
    out[n++] = alphabet[w << (6 - bits) & 63];
  while (n % 4)
    out[n++] = '=';
  out[n] = '\0';
}

struct verify_text vlines_next(struct vlines *l) {
  struct verify_text line = {"", 0};
  if (l->failed || !vtext_cut(&l->rest, '\n', &line) || line.len == 0 || line.at[line.len - 1] == ' ')
    l->failed = true;
  for (size_t i = 0; i < line.len && !l->failed; i++)
    if ((unsigned char)line.at[i] < 0x20 || line.at[i] == 0x7f)
      l->failed = true;
  return l->failed ? vtext_of("", 0) : line;
}

bool vlines_at(const struct vlines *l, const char *word) {
  size_t n = strlen(word);
  return !l->failed && l->rest.len > n && memcmp(l->rest.at, word, n) == 0 && l->rest.at[n] == ' ';
}

struct verify_text vlines_field(struct vlines *l, const char *word) {
  if (!vlines_at(l, word))
    l->failed = true;
  struct verify_text line = vlines_next(l);
  size_t n = strlen(word) + 1;
  if (line.len <= n)
    l->failed = true;
  return l->failed ? vtext_of("", 0) : vtext_of(line.at + n, line.len - n);
}

void vblob_release(struct vblob *b) {
  free(b->at);
  *b = (struct vblob){0};
}

bool vblob_is(const struct vblob *b, struct verify_text t) {
  return t.len == b->len && memcmp(t.at, b->at, b->len) == 0;
}

void vlines_base64(struct vlines *l, const char *word, size_t max, struct vblob *out) {
  const struct verify_text t = vlines_field(l, word);
  if (l->failed || t.len / 4 * 3 > max + 2) {
    l->failed = true;
    return;
  }
  out->at = vtext_alloc(t.len);
  l->failed = !vtext_base64(t, out->at, max, &out->len) || out->len == 0;
}

void vlines_base64_maybe(struct vlines *l, const char *word, size_t max, struct vblob *out) {
  if (vlines_at(l, word))
    vlines_base64(l, word, max, out);
}
