#include "core/name.h"

#include <stdlib.h>
#include <string.h>

/* ---- words ---- */

/* Latin letters with marks, as UTF-8 writes them (U+00C0 to U+017F), without their marks. */
static const char *const latin_1[64] = {
    "a", "a", "a", "a", "a", "a", "ae", "c", "e",  "e",  "e", "e", "i", "i", "i", "i", "d",  "n", "o",  "o", "o", "o",
    "o", "",  "o", "u", "u", "u", "u",  "y", "th", "ss", "a", "a", "a", "a", "a", "a", "ae", "c", "e",  "e", "e", "e",
    "i", "i", "i", "i", "d", "n", "o",  "o", "o",  "o",  "o", "",  "o", "u", "u", "u", "u",  "y", "th", "y"};
static const char latin_a[129] = "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkklllllll"
                                 "lllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

const char *name_letters(struct bytes b, size_t *at, char room[2]) {
  uint8_t c = b.at[(*at)++];
  room[1] = '\0';
  if (c < 0x80) {
    room[0] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : (char)c;
    if ((room[0] >= 'a' && room[0] <= 'z') || (c >= '0' && c <= '9'))
      return room;
    return c == '\'' || c == '.' || c == '`' ? "" : " ";
  }
  if ((c == 0xc3 || c == 0xc4 || c == 0xc5) && *at < b.len) {
    uint8_t next = b.at[(*at)++] & 0x3f;
    if (c == 0xc3)
      return latin_1[next];
    room[0] = latin_a[(c - 0xc4) * 64 + next];
    return room[0] ? room : "";
  }
  while (*at < b.len && (b.at[*at] & 0xc0) == 0x80)
    (*at)++;
  return ""; /* a quotation mark, or letters that this search does not know */
}

void name_split(struct bytes name, struct name_words *out) {
  char room[2];
  size_t used = 0;
  *out = (struct name_words){0};
  for (size_t at = 0; at < name.len && out->count < NAME_WORDS_MAX;) {
    const char *letters = name_letters(name, &at, room);
    if (letters[0] == ' ') {
      out->count += used > 0;
      used = 0;
      continue;
    }
    for (; *letters && used < NAME_WORD_MAX; letters++)
      out->words[out->count][used++] = *letters;
  }
  if (out->count < NAME_WORDS_MAX)
    out->count += used > 0;
}

/* ---- sounds ---- */

/* Names that are not written as they are said. */
static const struct {
  const char *word, *said;
} said_as[] = {
    {"aoife", "eefa"},      {"caoimhe", "keeva"},    {"ciara", "keera"},      {"ciaran", "keeran"},
    {"eilidh", "aylee"},    {"euan", "ewan"},        {"ewen", "ewan"},        {"evan", "ewan"},
    {"iain", "ian"},        {"eoin", "ewan"},        {"mairi", "mary"},       {"mhairi", "vary"},
    {"niamh", "neev"},      {"neve", "neev"},        {"oisin", "osheen"},     {"ruairi", "rory"},
    {"ruaridh", "rory"},    {"ruaraidh", "rory"},    {"saoirse", "sersha"},   {"sean", "shawn"},
    {"shaun", "shawn"},     {"seonaid", "shona"},    {"shonagh", "shona"},    {"sinead", "shinaid"},
    {"siobhan", "shivawn"}, {"siobhain", "shivawn"}, {"shevaun", "shivawn"},  {"seumas", "shaymas"},
    {"seamus", "shaymas"},  {"hamish", "haymish"},   {"menzies", "mingis"},   {"dalziel", "deeel"},
    {"dalyell", "deeel"},   {"colquhoun", "cahoon"}, {"milngavie", "mulgai"}, {"graeme", "graham"},
    {"grahame", "graham"},  {"geoffrey", "jeffrey"}, {"leigh", "lee"},        {"isla", "ayla"},
};

static const char *as_said(const char *word) {
  for (size_t i = 0; i < sizeof said_as / sizeof *said_as; i++)
    if (strcmp(said_as[i].word, word) == 0)
      return said_as[i].said;
  return word;
}

/* Letters that are said together, longest first; only at the beginning of a word where first is set. */
static const struct {
  const char *letters, *sound;
  bool first;
} sounds[] = {
    {"mac", "mk", true}, {"mc", "mk", true},   {"kn", "n", true},   {"gn", "n", true},  {"pn", "n", true},
    {"wr", "r", true},   {"ps", "s", true},    {"wh", "w", true},   {"x", "s", true},   {"rh", "r", true},
    {"tch", "x", false}, {"chr", "kr", false}, {"sch", "x", false}, {"sh", "x", false}, {"ch", "x", false},
    {"ght", "t", false}, {"gh", "", false},    {"ph", "f", false},  {"bh", "f", false}, {"mh", "f", false},
    {"th", "t", false},  {"dh", "", false},    {"dg", "j", false},  {"ck", "k", false}, {"ce", "s", false},
    {"ci", "s", false},  {"cy", "s", false},   {"ge", "j", false},  {"gi", "j", false}, {"gy", "j", false},
    {"c", "k", false},   {"q", "k", false},    {"x", "ks", false},  {"z", "s", false},  {"v", "f", false},
    {"g", "g", false},
};

static bool is_vowel(char c) {
  return strchr("aeiouy", c) != NULL;
}

static void add_sound(struct name_sound *s, size_t *used, char c) {
  if (*used < NAME_SOUND_MAX && (*used == 0 || s->key[*used - 1] != c))
    s->key[(*used)++] = c;
}

/* The sound at the letters; gives how many it took. A vowel that softened a letter is left to be heard. */
static size_t take_sound(const char *letters, bool first, struct name_sound *s, size_t *used) {
  for (size_t i = 0; i < sizeof sounds / sizeof *sounds; i++) {
    size_t n = strlen(sounds[i].letters);
    if ((sounds[i].first && !first) || strncmp(letters, sounds[i].letters, n) != 0)
      continue;
    for (const char *c = sounds[i].sound; *c; c++)
      add_sound(s, used, *c);
    return n > 1 && is_vowel(sounds[i].letters[n - 1]) && !sounds[i].first ? n - 1 : n;
  }
  /* Vowels, h and w within a word carry little; at its beginning any vowel is one. */
  if (is_vowel(*letters)) {
    if (first)
      add_sound(s, used, 'a');
  } else if ((*letters != 'h' && *letters != 'w') || first) {
    add_sound(s, used, *letters);
  }
  return 1;
}

struct name_sound name_sounds(const char *word) {
  struct name_sound s = {{0}};
  size_t used = 0;
  const char *said = as_said(word);
  for (const char *at = said; *at;)
    at += take_sound(at, at == said, &s, &used);
  return s;
}

/* ---- distance ---- */

unsigned name_distance(const char *a, const char *b, unsigned limit) {
  unsigned rows[3][NAME_WORD_MAX + 2];
  size_t a_len = strlen(a), b_len = strlen(b);
  unsigned *before = rows[0], *last = rows[1], *now = rows[2];
  if ((a_len > b_len ? a_len - b_len : b_len - a_len) > limit)
    return limit + 1;
  for (size_t j = 0; j <= b_len; j++)
    last[j] = (unsigned)j;
  for (size_t i = 1; i <= a_len; i++) {
    unsigned best = now[0] = (unsigned)i;
    for (size_t j = 1; j <= b_len; j++) {
      unsigned d = last[j - 1] + (a[i - 1] != b[j - 1]);
      d = last[j] + 1 < d ? last[j] + 1 : d;
      d = now[j - 1] + 1 < d ? now[j - 1] + 1 : d;
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < d)
        d = before[j - 2] + 1;
      now[j] = d;
      best = d < best ? d : best;
    }
    if (best > limit)
      return limit + 1;
    unsigned *spare = before;
    before = last;
    last = now;
    now = spare;
  }
  return last[b_len] <= limit ? last[b_len] : limit + 1;
}
