#include "core/text.h"

#include <stdio.h>
#include <string.h>

void text_hex_encode(struct buf *b, struct bytes v) {
  static const char digits[] = "0123456789abcdef";
  uint8_t *p = buf_extend(b, 2 * v.len);
  if (p)
    for (size_t i = 0; i < v.len; i++) {
      p[2 * i] = (uint8_t)digits[v.at[i] >> 4];
      p[2 * i + 1] = (uint8_t)digits[v.at[i] & 15];
    }
}

/* One more than the digit's value, so that 0 is no digit: headers are mostly hashes, and each is read several times. */
static const uint8_t hex_values[256] = {
    ['0'] = 1, ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9, ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16};

enum err text_hex_decode(struct bytes hex, uint8_t *out) {
  if (hex.len % 2 != 0)
    return ERR_FORM;
  for (size_t i = 0; i < hex.len / 2; i++) {
    unsigned high = hex_values[hex.at[2 * i]], low = hex_values[hex.at[2 * i + 1]];
    if (high == 0 || low == 0)
      return ERR_FORM;
    out[i] = (uint8_t)((high - 1) << 4 | (low - 1));
  }
  return OK;
}

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void text_base64_encode(struct buf *b, struct bytes v) {
  for (size_t i = 0; i < v.len; i += 3) {
    size_t left = v.len - i;
    uint32_t w = (uint32_t)v.at[i] << 16 | (left > 1 ? (uint32_t)v.at[i + 1] << 8 : 0) | (left > 2 ? v.at[i + 2] : 0);
    uint8_t *p = buf_extend(b, 4);
    if (p == NULL)
      return;
    p[0] = (uint8_t)base64_digits[w >> 18 & 63];
    p[1] = (uint8_t)base64_digits[w >> 12 & 63];
    p[2] = (uint8_t)(left > 1 ? base64_digits[w >> 6 & 63] : '=');
    p[3] = (uint8_t)(left > 2 ? base64_digits[w & 63] : '=');
  }
}

static int base64_digit(uint8_t c) {
  if (c >= 'A' && c <= 'Z')
    return c - 'A';
  if (c >= 'a' && c <= 'z')
    return c - 'a' + 26;
  if (c >= '0' && c <= '9')
    return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Four digits, of which `pad` are "=": out gets 3 - pad bytes. */
static enum err decode_quad(const uint8_t *quad, size_t pad, uint8_t out[3]) {
  uint32_t w = 0;
  for (size_t j = 0; j < 4; j++) {
    int d = j >= 4 - pad ? 0 : base64_digit(quad[j]);
    if (d < 0)
      return ERR_FORM;
    w = w << 6 | (uint32_t)d;
  }
  for (size_t j = 0; j < 3; j++)
    out[j] = (uint8_t)(w >> (16 - 8 * j));
  return (pad > 0 && out[2] != 0) || (pad > 1 && out[1] != 0) ? ERR_FORM : OK;
}

enum err text_base64_decode(struct bytes text, struct buf *b) {
  size_t before = b->len;
  if (text.len % 4 != 0)
    return ERR_FORM;
  for (size_t i = 0; i < text.len; i += 4) {
    size_t pad = 0;
    uint8_t out[3];
    if (i + 4 == text.len)
      pad = text.at[i + 3] != '=' ? 0 : text.at[i + 2] != '=' ? 1 : 2;
    if (decode_quad(text.at + i, pad, out) != OK) {
      b->len = before;
      return ERR_FORM;
    }
    buf_add(b, bytes_of(out, 3 - pad));
  }
  return buf_err(b);
}

static bool is_alnum(uint8_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_lower(uint8_t c) {
  return c >= 'a' && c <= 'z';
}

static bool is_digit(uint8_t c) {
  return c >= '0' && c <= '9';
}

bool text_is_token(struct bytes b) {
  if (b.len < 1 || b.len > 128 || !is_alnum(b.at[0]))
    return false;
  for (size_t i = 0; i < b.len; i++)
    if (!is_alnum(b.at[i]) && (b.at[i] == '\0' || strchr("._:/+=-", b.at[i]) == NULL))
      return false;
  return true;
}

bool text_is_name(struct bytes b) {
  if (b.len < 1 || b.len > 32 || !is_lower(b.at[0]))
    return false;
  for (size_t i = 0; i < b.len; i++)
    if (!is_lower(b.at[i]) && !is_digit(b.at[i]) && b.at[i] != '-')
      return false;
  return true;
}

bool text_is_kind(struct bytes b) {
  struct bytes rest = b, part;
  size_t parts = 0;
  if (b.len > 64)
    return false;
  if (text_split(&rest, '/', &part)) {
    uint64_t version;
    if (text_number(rest, &version) != OK || version < 2)
      return false;
  } else {
    part = b;
  }
  for (rest = part; text_split(&rest, '.', &part); parts++)
    if (!text_is_name(part))
      return false;
  return parts > 0 && text_is_name(rest);
}

static bool is_media_run(struct bytes b) {
  for (size_t i = 0; i < b.len; i++)
    if (!is_lower(b.at[i]) && !is_digit(b.at[i]) && b.at[i] != '.' && b.at[i] != '+' && b.at[i] != '-')
      return false;
  return b.len > 0;
}

bool text_is_media(struct bytes b) {
  struct bytes rest = b, part;
  return b.len <= 96 && text_split(&rest, '/', &part) && is_media_run(part) && is_media_run(rest);
}

bool text_is_origin(struct bytes b) {
  if (b.len < 1 || b.len > 96 || !(is_lower(b.at[0]) || is_digit(b.at[0])))
    return false;
  for (size_t i = 0; i < b.len; i++)
    if (!is_lower(b.at[i]) && !is_digit(b.at[i]) && (b.at[i] == '\0' || strchr("./-", b.at[i]) == NULL))
      return false;
  return true;
}

enum err text_number(struct bytes b, uint64_t *out) {
  uint64_t v = 0;
  if (b.len < 1 || b.len > 16 || (b.at[0] == '0' && b.len > 1))
    return ERR_FORM;
  for (size_t i = 0; i < b.len; i++) {
    if (!is_digit(b.at[i]))
      return ERR_FORM;
    v = v * 10 + (uint64_t)(b.at[i] - '0');
  }
  if (v > ((uint64_t)1 << 53) - 1)
    return ERR_FORM;
  *out = v;
  return OK;
}

/* Days since 1970-01-01 of a date of the Gregorian calendar, by the usual count of eras of 400 years
 * that begin in March. */
static int64_t days_from_civil(int64_t y, int64_t m, int64_t d) {
  y -= m <= 2;
  int64_t era = y / 400, yoe = y - era * 400;
  int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
  int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
  return era * 146097 + doe - 719468;
}

static void civil_from_days(int64_t days, int64_t *y, int64_t *m, int64_t *d) {
  days += 719468;
  int64_t era = days / 146097, doe = days - era * 146097;
  int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
  *d = doy - (153 * mp + 2) / 5 + 1;
  *m = mp < 10 ? mp + 3 : mp - 9;
  *y = yoe + era * 400 + (*m <= 2);
}

/* Digits where the pattern has 9, the pattern's own character elsewhere. */
static bool fits_pattern(struct bytes b, const char *pattern) {
  if (b.len != strlen(pattern))
    return false;
  for (size_t i = 0; i < b.len; i++)
    if (pattern[i] == '9' ? !is_digit(b.at[i]) : b.at[i] != (uint8_t)pattern[i])
      return false;
  return true;
}

static int64_t digits_at(struct bytes b, size_t at, size_t n) {
  int64_t v = 0;
  for (size_t i = at; i < at + n; i++)
    v = v * 10 + (b.at[i] - '0');
  return v;
}

bool text_is_date(struct bytes b) {
  static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (!fits_pattern(b, "9999-99-99"))
    return false;
  int64_t y = digits_at(b, 0, 4), m = digits_at(b, 5, 2), d = digits_at(b, 8, 2);
  if (y < 1900 || m < 1 || m > 12 || d < 1)
    return false;
  bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
  return d <= days[m - 1] + (m == 2 && leap);
}

enum err text_time_parse(struct bytes b, int64_t *unix_s_out) {
  if (!fits_pattern(b, "9999-99-99T99:99:99Z") || !text_is_date(bytes_of(b.at, TEXT_DATE_SIZE)))
    return ERR_FORM;
  int64_t h = digits_at(b, 11, 2), min = digits_at(b, 14, 2), s = digits_at(b, 17, 2);
  if (h > 23 || min > 59 || s > 59)
    return ERR_FORM;
  *unix_s_out =
      days_from_civil(digits_at(b, 0, 4), digits_at(b, 5, 2), digits_at(b, 8, 2)) * 86400 + h * 3600 + min * 60 + s;
  return OK;
}

bool text_is_time(struct bytes b) {
  int64_t ignored;
  return text_time_parse(b, &ignored) == OK;
}

/* Far faster than printf, and each rule that is asked is told the time. */
static void put_digits(char *out, size_t count, uint64_t v) {
  for (; count > 0; v /= 10)
    out[--count] = (char)('0' + v % 10);
}

struct text_time text_time_format(int64_t unix_s) {
  struct text_time t;
  int64_t days = unix_s >= 0 ? unix_s / 86400 : -((-unix_s + 86399) / 86400);
  int64_t s = unix_s - days * 86400, y, m, d;
  civil_from_days(days, &y, &m, &d);
  memcpy(t.s, "0000-00-00T00:00:00Z", TEXT_TIME_SIZE + 1);
  put_digits(t.s, 4, (uint64_t)y);
  put_digits(t.s + 5, 2, (uint64_t)m);
  put_digits(t.s + 8, 2, (uint64_t)d);
  put_digits(t.s + 11, 2, (uint64_t)(s / 3600));
  put_digits(t.s + 14, 2, (uint64_t)(s / 60 % 60));
  put_digits(t.s + 17, 2, (uint64_t)(s % 60));
  return t;
}

/* The length of the well-formed UTF-8 sequence at the start (Unicode 15 table 3-7), or 0. */
static size_t utf8_sequence(const uint8_t *p, size_t left) {
  static const struct {
    uint8_t first_min, first_max, second_min, second_max, len;
  } rows[] = {
      {0x00, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
      {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
      {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (p[0] < rows[i].first_min || p[0] > rows[i].first_max)
      continue;
    if (rows[i].len > left || (rows[i].len > 1 && (p[1] < rows[i].second_min || p[1] > rows[i].second_max)))
      return 0;
    for (size_t j = 2; j < rows[i].len; j++)
      if ((p[j] & 0xc0) != 0x80)
        return 0;
    return rows[i].len;
  }
  return 0;
}

/* allowed: the control characters that may occur. U+0080 to U+009F are control characters, too. */
static bool is_plain_but(struct bytes b, const char *allowed) {
  for (size_t i = 0; i < b.len;) {
    if (b.at[i] >= 0x20 && b.at[i] < 0x7f) { /* nearly all there is */
      i++;
      continue;
    }
    size_t n = utf8_sequence(b.at + i, b.len - i);
    bool control = b.at[i] < 0x20 || b.at[i] == 0x7f || (n == 2 && b.at[i] == 0xc2 && b.at[i + 1] < 0xa0);
    if (n == 0 || (control && (b.at[i] == '\0' || strchr(allowed, b.at[i]) == NULL)))
      return false;
    i += n;
  }
  return true;
}

bool text_is_utf8(struct bytes b) {
  for (size_t i = 0, n; i < b.len; i += n)
    if ((n = utf8_sequence(b.at + i, b.len - i)) == 0)
      return false;
  return true;
}

bool text_is_plain(struct bytes b) {
  return is_plain_but(b, "");
}

bool text_is_plain_lines(struct bytes b) {
  return is_plain_but(b, "\n\t");
}

bool text_split(struct bytes *rest, char sep, struct bytes *before) {
  const uint8_t *p = rest->len ? memchr(rest->at, sep, rest->len) : NULL;
  if (p == NULL)
    return false;
  size_t n = (size_t)(p - rest->at);
  *before = bytes_of(rest->at, n);
  *rest = bytes_of(p + 1, rest->len - n - 1);
  return true;
}

bool text_list_has(const char *list, char sep, struct bytes word) {
  struct bytes rest = bytes_str(list), one;
  while (text_split(&rest, sep, &one))
    if (bytes_equal(one, word))
      return true;
  return bytes_equal(rest, word);
}

struct bytes text_line(struct reader *r) {
  struct bytes line;
  if (r->err != OK || !text_split(&r->rest, '\n', &line) || line.len == 0) {
    reader_fail(r);
    return bytes_of(NULL, 0);
  }
  for (size_t i = 0; i < line.len; i++)
    if (line.at[i] < 0x20)
      reader_fail(r);
  return line;
}

bool text_next_is(const struct reader *r, const char *word) {
  size_t n = strlen(word);
  return bytes_starts(r->rest, word) && r->rest.len > n && (r->rest.at[n] == ' ' || r->rest.at[n] == '\n');
}

struct bytes text_field(struct reader *r, const char *word) {
  struct bytes line = text_line(r);
  size_t n = strlen(word);
  if (r->err != OK || line.len < n + 2 || !bytes_starts(line, word) || line.at[n] != ' ') {
    reader_fail(r);
    return bytes_of(NULL, 0);
  }
  return bytes_of(line.at + n + 1, line.len - n - 1);
}
