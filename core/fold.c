#include "core/fold.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---- words that are commonly shortened ---- */

/* The first is the short form, no longer than any other of its row. */
static const struct {
  enum fold_class class;
  const char *words;
} shortened[] = {
    {FOLD_STREET, "st street str saint"},
    {FOLD_STREET, "rd road"},
    {FOLD_STREET, "av avenue ave aven"},
    {FOLD_STREET, "cr crescent cres cresc"},
    {FOLD_STREET, "pl place"},
    {FOLD_STREET, "ter terrace terr tce"},
    {FOLD_STREET, "ct court crt"},
    {FOLD_STREET, "gdn gardens gdns garden gards"},
    {FOLD_STREET, "dr drive drv"},
    {FOLD_STREET, "ln lane"},
    {FOLD_STREET, "sq square"},
    {FOLD_STREET, "gr grove gro grv"},
    {FOLD_STREET, "pk park"},
    {FOLD_STREET, "cl close"},
    {FOLD_STREET, "wy way"},
    {FOLD_STREET, "vw view"},
    {FOLD_STREET, "wk walk wlk"},
    {FOLD_STREET, "qd quadrant quad"},
    {FOLD_STREET, "wd wynd"},
    {FOLD_STREET, "brae"},
    {FOLD_STREET, "loan"},
    {FOLD_STREET, "row"},
    {FOLD_STREET, "path"},
    {FOLD_STREET, "quay"},
    {FOLD_STREET, "mews"},
    {FOLD_STREET, "rise"},
    {FOLD_STREET, "vennel"},
    {FOLD_STREET, "circus"},
    {FOLD_HOUSE, "hse house"},
    {FOLD_HOUSE, "cott cottage cottages"},
    {FOLD_HOUSE, "bldg building buildings bldgs"},
    {FOLD_HOUSE, "farm"},
    {FOLD_HOUSE, "lodge"},
    {FOLD_HOUSE, "croft"},
    {FOLD_HOUSE, "villa"},
    {FOLD_HOUSE, "steading"},
    {FOLD_FLAT, "fl flat flt"},
    {FOLD_FLAT, "apt apartment"},
    {FOLD_FLAT, "unit"},
    {FOLD_FLAT, "floor"},
    {FOLD_FLAT, "no number"},
    {FOLD_SCHOOL, "sch school schl"},
    {FOLD_SCHOOL, "prim primary"},
    {FOLD_SCHOOL, "ps"},
    {FOLD_SCHOOL, "high"},
    {FOLD_SCHOOL, "hs"},
    {FOLD_SCHOOL, "acad academy"},
    {FOLD_SCHOOL, "sec secondary"},
    {FOLD_SCHOOL, "grammar"},
    {FOLD_SCHOOL, "college"},
    {FOLD_SCHOOL, "nsy nursery nurs"},
    {FOLD_SCHOOL, "elc"},
    {FOLD_SCHOOL, "kindergarten"},
    {FOLD_SCHOOL, "rc"},
    {FOLD_SCHOOL, "infant"},
    {FOLD_SCHOOL, "junior"},
    {FOLD_NO_CLASS, "n north"},
    {FOLD_NO_CLASS, "s south"},
    {FOLD_NO_CLASS, "e east"},
    {FOLD_NO_CLASS, "w west"},
    {FOLD_NO_CLASS, "mt mount"},
};

#define SHORTENED_COUNT (sizeof shortened / sizeof *shortened)

static bool has_word(const char *words, struct bytes word) {
  for (const char *at = words; *at;) {
    size_t len = strcspn(at, " ");
    if (len == word.len && memcmp(at, word.at, len) == 0)
      return true;
    at += len + (at[len] == ' ');
  }
  return false;
}

/* The row's number, or SHORTENED_COUNT. */
static size_t row_of(struct bytes word) {
  size_t i = 0;
  if (word.len < 1 || word.len > 12)
    return SHORTENED_COUNT;
  while (i < SHORTENED_COUNT && !has_word(shortened[i].words, word))
    i++;
  return i;
}

enum fold_class fold_class(struct bytes word) {
  size_t row = row_of(word);
  return row < SHORTENED_COUNT ? shortened[row].class : FOLD_NO_CLASS;
}

/* ---- characters ---- */

enum sort { GAP, DROPPED, APOSTROPHE, LETTER, DIGIT, OTHER };

/* What is no letter, beyond ASCII. */
static const struct {
  uint32_t first, last;
  enum sort sort;
} ranges[] = {
    {0x80, 0xa9, GAP},          {0xab, 0xac, GAP},         {0xad, 0xad, DROPPED},
    {0xae, 0xb3, GAP},          {0xb4, 0xb4, APOSTROPHE},  {0xb5, 0xb9, GAP},
    {0xbb, 0xbf, GAP},          {0xd7, 0xd7, GAP},         {0xf7, 0xf7, GAP},
    {0x2b9, 0x2bf, APOSTROPHE}, {0x300, 0x36f, DROPPED},   {0x2000, 0x200a, GAP},
    {0x200b, 0x200f, DROPPED},  {0x2010, 0x2017, GAP},     {0x2018, 0x201b, APOSTROPHE},
    {0x201c, 0x202f, GAP},      {0x2030, 0x2031, GAP},     {0x2032, 0x2037, APOSTROPHE},
    {0x2038, 0x205f, GAP},      {0x2060, 0x206f, DROPPED}, {0x20a0, 0x20cf, GAP},
    {0x2100, 0x2bff, GAP},      {0x2e00, 0x2e7f, GAP},     {0x3000, 0x303f, GAP},
    {0xfe00, 0xfe0f, DROPPED},  {0xfe10, 0xfe6f, GAP},     {0xfeff, 0xfeff, DROPPED},
    {0xfff0, 0xffff, GAP},      {0x1f000, 0x1faff, GAP},   {0xe0000, 0xe0fff, DROPPED},
};

struct character {
  enum sort sort;
  bool is_capital;
  size_t len; /* bytes in the text */
  char letters[5];
};

/* The code point at the beginning; *len is how many bytes it takes. What is not UTF-8 is one byte and U+FFFD. */
static uint32_t code_point(struct bytes b, size_t *len) {
  static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
  uint8_t c = b.at[0];
  size_t n = c < 0x80 ? 1 : (c & 0xe0) == 0xc0 ? 2 : (c & 0xf0) == 0xe0 ? 3 : (c & 0xf8) == 0xf0 ? 4 : 0;
  uint32_t v = n == 1 ? c : n ? c & (0x7fU >> n) : 0;
  *len = 1;
  if (n == 0 || n > b.len)
    return 0xfffd;
  for (size_t i = 1; i < n; i++) {
    if ((b.at[i] & 0xc0) != 0x80)
      return 0xfffd;
    v = v << 6 | (b.at[i] & 0x3f);
  }
  if (v < least[n] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
    return 0xfffd;
  *len = n;
  return v;
}

static struct character ascii(uint8_t c) {
  struct character out = {.sort = GAP, .len = 1};
  if (c == '\'' || c == '`')
    out.sort = APOSTROPHE;
  else if (c >= '0' && c <= '9')
    out.sort = DIGIT;
  else if ((c | 32) >= 'a' && (c | 32) <= 'z')
    out.sort = LETTER;
  if (out.sort == LETTER || out.sort == DIGIT)
    out.letters[0] = out.sort == LETTER ? (char)(c | 32) : (char)c;
  out.is_capital = c >= 'A' && c <= 'Z';
  return out;
}

static struct character next_character(struct bytes b) {
  struct character out = {.sort = OTHER};
  char room[2];
  size_t at = 0;
  uint32_t code = code_point(b, &out.len);
  if (code < 0x80)
    return ascii((uint8_t)code);
  if (code >= 0xff01 && code <= 0xff5e) {
    struct character narrow = ascii((uint8_t)(code - 0xfee0));
    narrow.len = out.len;
    return narrow;
  }
  for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
    if (code >= ranges[i].first && code <= ranges[i].last) {
      out.sort = ranges[i].sort;
      return out;
    }
  const char *letters = code >= 0xc0 && code <= 0x17f ? name_letters(bytes_of(b.at, out.len), &at, room) : "";
  if (letters[0]) {
    out.sort = LETTER;
    out.is_capital = code < 0xdf || code > 0xff;
    memcpy(out.letters, letters, strlen(letters));
  } else {
    memcpy(out.letters, b.at, out.len);
  }
  return out;
}

/* ---- the line ---- */

struct folding {
  struct fold *out;
  struct bytes text;
  enum sort last; /* of what the line ends with; GAP where something stands between */
  bool in_word;   /* is the last of the words still open? */
};

static void add_letters(struct folding *f, const struct character *c, size_t at) {
  for (const char *letter = c->letters; *letter; letter++) {
    size_t i = f->out->count++;
    f->out->letters[i] = *letter;
    f->out->start[i] = (uint32_t)at;
    f->out->end[i] = (uint32_t)(at + c->len);
    f->out->is_edge[i] = letter == c->letters && (f->last != c->sort || c->sort == OTHER);
  }
  f->last = c->sort;
}

static struct bytes said_of(const struct fold *out, const struct fold_word *w) {
  return bytes_of(out->said + w->said, w->len);
}

/* Puts the short form of the last word in its place in the line. */
static void shorten(struct fold *out, const struct fold_word *w) {
  size_t row = row_of(bytes_of(out->letters + w->sign, w->signs));
  if (row == SHORTENED_COUNT)
    return;
  size_t len = strcspn(shortened[row].words, " ");
  assert(len <= w->signs);
  memcpy(out->letters + w->sign, shortened[row].words, len);
  for (size_t i = w->sign; i < w->sign + len; i++) {
    out->start[i] = w->start;
    out->end[i] = w->end;
    out->is_edge[i] = i == w->sign;
  }
  out->count = w->sign + len;
}

static bool joins_the_next(struct bytes said) {
  return bytes_equal_str(said, "mac") || bytes_equal_str(said, "mc");
}

static void end_word(struct folding *f) {
  struct fold *out = f->out;
  if (!f->in_word)
    return;
  f->in_word = false;
  struct fold_word *w = &out->words[out->word_count - 1];
  w->signs = (uint32_t)(out->count - w->sign);
  w->len = (uint32_t)(out->said_count - w->said);
  shorten(out, w);
  w->signs = (uint32_t)(out->count - w->sign);
  if (out->word_count < 2)
    return;
  struct fold_word *before = w - 1;
  if (joins_the_next(said_of(out, before)) && w->start - before->end == 1) {
    *before = (struct fold_word){
        before->start,     w->end, before->sign, w->sign + w->signs - before->sign, before->said, before->len + w->len,
        before->is_capital};
    out->word_count--;
  }
}

static void add_to_word(struct folding *f, const struct character *c, size_t at, size_t letters_before) {
  struct fold *out = f->out;
  if (!f->in_word)
    out->words[out->word_count++] = (struct fold_word){
        .start = (uint32_t)at,
        .sign = (uint32_t)letters_before,
        .said = (uint32_t)out->said_count,
        .is_capital = c->is_capital,
    };
  f->in_word = true;
  out->words[out->word_count - 1].end = (uint32_t)(at + c->len);
  for (const char *letter = c->letters; *letter; letter++)
    out->said[out->said_count++] = *letter;
}

/* Is what follows the apostrophe an s, and then the word's end? */
static bool is_possessive(struct bytes rest) {
  struct character s = rest.len ? next_character(rest) : (struct character){0};
  if (s.sort != LETTER || strcmp(s.letters, "s") != 0)
    return false;
  struct bytes after = bytes_of(rest.at + s.len, rest.len - s.len);
  return after.len == 0 || next_character(after).sort == GAP;
}

enum err fold_text(struct bytes text, struct fold *out) {
  struct folding f = {.out = out, .text = text};
  bool is_owned = false; /* the s of a possessive is a letter of the line and of no word */
  *out = (struct fold){0};
  if (text.len > FOLD_TEXT_MAX)
    return err_set(ERR_LIMIT, "a text of %zu bytes; the most that is searched is %zu", text.len, FOLD_TEXT_MAX);
  out->letters = mem_alloc(text.len);
  out->said = mem_alloc(text.len);
  out->start = mem_alloc_array(text.len, sizeof *out->start);
  out->end = mem_alloc_array(text.len, sizeof *out->end);
  out->is_edge = mem_alloc_array(text.len + 1, sizeof *out->is_edge);
  out->words = mem_alloc_array(text.len / 2 + 1, sizeof *out->words);
  for (size_t at = 0; at < text.len;) {
    struct character c = next_character(bytes_of(text.at + at, text.len - at));
    size_t before = out->count;
    if (c.sort == APOSTROPHE) {
      struct bytes rest = bytes_of(text.at + at + c.len, text.len - at - c.len);
      f.last = GAP;
      if (is_possessive(rest)) {
        end_word(&f);
        is_owned = true;
      }
    } else if (c.sort != DROPPED) {
      if (c.sort != LETTER) {
        end_word(&f);
        is_owned = false;
      }
      if (c.sort == GAP)
        f.last = GAP;
      add_letters(&f, &c, at);
      if (c.sort == LETTER && !is_owned)
        add_to_word(&f, &c, at, before);
    }
    at += c.len;
  }
  end_word(&f);
  out->is_edge[out->count] = true;
  return OK;
}

void fold_release(struct fold *f) {
  free(f->letters);
  free(f->said);
  free(f->start);
  free(f->end);
  free(f->is_edge);
  free(f->words);
  *f = (struct fold){0};
}
