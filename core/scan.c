#include "core/scan_parts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define RAW_HITS_MAX (4 * SCAN_HITS_MAX) /* of one text, before those that overlap are one */
#define BETWEEN_MAX 2                    /* words between a given name and a surname */
#define OUTWARD_GAP 2                    /* bytes between the halves of a postcode that stands in a free text */
#define NUMBER_GAP 3                     /* bytes between the groups of a number there */
#define NUMBER_DIGITS_MAX 15

const char *scan_kind_word(enum scan_kind k) {
  static const char *const words[] = {
#define X(code, word) word,
      SCAN_KIND_TABLE(X)
#undef X
  };
  return words[k];
}

const char *scan_how_words(enum scan_how h) {
  static const char *const how[] = {
#define X(code, words) words,
      SCAN_HOW_TABLE(X)
#undef X
  };
  return how[h];
}

bool scan_is_searched(struct bytes value) {
  struct fold f;
  bool is_searched = fold_text(value, &f) == OK && f.count >= SCAN_LETTERS_MIN;
  fold_release(&f);
  return is_searched;
}

/* ---- one text ---- */

/* A different word of the text, and the terms that it is like. */
struct seen_word {
  uint32_t said, len;    /* in the fold's `said` */
  uint32_t first, count; /* of the likes; len 0: free */
};
struct like {
  uint32_t term;
  enum likeness how;
};

struct search {
  const struct plan *plan;
  struct bytes text;
  size_t text_number;
  struct fold f;
  struct seen_word *seen; /* seen_count of them, a power of two */
  size_t seen_count;
  uint32_t *seen_at; /* of each word of the text, its place in seen */
  struct buf likes, hits;
  bool is_cut;
};

#define HIT(s, i) PLAN_ROW((s)->hits, struct scan_hit, i)
#define HIT_COUNT(s) PLAN_COUNT((s)->hits, struct scan_hit)

static struct bytes slice_of(struct bytes text, size_t start, size_t end) {
  return bytes_of(text.at + start, end - start);
}

/* Does the value have it, byte for byte, and not within a word? */
static bool is_exact(struct bytes value, struct bytes found) {
  const uint8_t *at = found.len ? memmem(value.at, value.len, found.at, found.len) : NULL;
  const uint8_t *end = value.at + value.len;
  return at && (at == value.at || !isalnum(at[-1])) && (at + found.len == end || !isalnum(at[found.len]));
}

static void add_hit(struct search *s, size_t value, size_t start, size_t end, enum scan_how how) {
  if (HIT_COUNT(s) >= RAW_HITS_MAX) {
    s->is_cut = true;
    return;
  }
  struct scan_hit *row = (void *)buf_extend(&s->hits, sizeof *row);
  if (row)
    *row = (struct scan_hit){.value = value, .text = s->text_number, .start = start, .end = end, .how = how};
}

/* ---- lines of letters ---- */

static bool is_alone(const struct fold *f, size_t at, size_t len) {
  bool before = at == 0 || f->end[at - 1] < f->start[at];
  bool after = at + len == f->count || f->end[at + len - 1] < f->start[at + len];
  for (size_t i = at; i + 1 < at + len; i++)
    if (f->end[i] != f->start[i + 1])
      return false;
  return before && after;
}

/* Half a postcode: alone, and not the first half of another one. */
static bool is_outward(const struct fold *f, size_t at, size_t len) {
  size_t all = len + CONTACT_INWARD;
  if (!is_alone(f, at, len))
    return false;
  return at + all > f->count || !f->is_edge[at + all] || !contact_is_postcode(bytes_of(f->letters + at, all));
}

/* Capitals beyond ASCII count as such whatever they are. */
static bool has_capital(const struct search *s, size_t at, size_t len) {
  for (size_t i = at; i < at + len; i++) {
    uint8_t c = s->text.at[s->f.start[i]];
    if (s->f.letters[i] < '0' || s->f.letters[i] > '9')
      return (c >= 'A' && c <= 'Z') || c >= 0x80;
  }
  return true;
}

static bool has_gaps(const struct search *s, const struct pattern *p, size_t at) {
  uint8_t gaps = 0;
  for (size_t i = 1; i < p->letters.len; i++)
    gaps |= (uint8_t)(s->f.is_edge[at + i] << (i - 1));
  return gaps == p->gaps;
}

static void try_pattern(struct search *s, const struct pattern *p, size_t at) {
  const struct fold *f = &s->f;
  size_t len = p->letters.len;
  if (len > f->count - at || memcmp(f->letters + at, plan_letters(s->plan, p->letters), len) != 0)
    return;
  if (!f->is_edge[at + len] || (p->keeps_gaps && !has_gaps(s, p, at)))
    return;
  if ((p->needs_capital && !has_capital(s, at, len)) || (p->is_outward && !is_outward(f, at, len)))
    return;
  enum scan_how how = p->how;
  size_t start = f->start[at], end = f->end[at + len - 1];
  if (how == SCAN_FORMAT && is_exact(s->plan->values[p->value].value, slice_of(s->text, start, end)))
    how = SCAN_EXACT;
  add_hit(s, p->value, start, end, how);
}

static void find_patterns(struct search *s) {
  const struct fold *f = &s->f;
  for (size_t at = 0; at + SCAN_LETTERS_MIN <= f->count; at++) {
    uint32_t next = f->is_edge[at] ? s->plan->heads[plan_head(f->letters + at)] : 0;
    while (next) {
      const struct pattern *p = PLAN_ROW(s->plan->patterns, struct pattern, next - 1);
      try_pattern(s, p, at);
      next = p->next;
    }
  }
}

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static void find_numbers(struct search *s) {
  const struct fold *f = &s->f;
  size_t run = 0;
  for (size_t i = 0; i < f->count; i++) {
    run = is_digit(f->letters[i]) ? run + 1 : 0;
    uint32_t next = run >= CONTACT_NUMBER_MIN ? s->plan->number_heads[plan_head(f->letters + i - 2)] : 0;
    while (next) {
      const struct number *n = PLAN_ROW(s->plan->numbers, struct number, next - 1);
      next = n->next;
      size_t at = i + 1 - n->digits.len;
      if (n->digits.len <= run && memcmp(f->letters + at, plan_letters(s->plan, n->digits), n->digits.len) == 0)
        add_hit(s, n->value, f->start[at > 0 && f->letters[at - 1] == '0' ? at - 1 : at], f->end[i], SCAN_FORMAT);
    }
  }
}

static int postcode_order(const void *key, const void *row) {
  return strcmp(key, ((const struct postcode *)row)->code.s);
}

static void try_postcode(struct search *s, size_t at, size_t len) {
  const struct fold *f = &s->f;
  const struct buf *list = &s->plan->postcodes;
  struct contact_postcode code;
  struct bytes letters = bytes_of(f->letters + at, len);
  if (!contact_postcode(letters, &code))
    return;
  const struct postcode *end = PLAN_ROW(*list, struct postcode, PLAN_COUNT(*list, struct postcode));
  const struct postcode *row =
      bsearch(code.s, list->at, PLAN_COUNT(*list, struct postcode), sizeof *row, postcode_order);
  while (row && row > PLAN_ROW(*list, struct postcode, 0) && strcmp(row[-1].code.s, code.s) == 0)
    row--;
  for (; row && row < end && strcmp(row->code.s, code.s) == 0; row++)
    add_hit(s, row->value, f->start[at], f->end[at + len - 1],
            memcmp(code.s, letters.at, len) == 0 ? SCAN_FORMAT : SCAN_SPELLING);
}

static void find_postcodes(struct search *s) {
  const struct fold *f = &s->f;
  if (s->plan->postcodes.len == 0)
    return;
  for (size_t at = 0; at < f->count; at++)
    for (size_t len = CONTACT_POSTCODE_MIN; f->is_edge[at] && len <= CONTACT_POSTCODE_MAX; len++)
      if (at + len <= f->count && f->is_edge[at + len])
        try_postcode(s, at, len);
}

/* ---- words, however they are spelt ---- */

static struct bytes said_of(const struct fold *f, const struct fold_word *w) {
  return bytes_of(f->said + w->said, w->len);
}

struct liking {
  struct search *s;
  const char *word;
  size_t first; /* of the likes of this word */
};

static void like_clue(void *of, uint64_t hash) {
  struct liking *l = of;
  const struct buf *clues = &l->s->plan->clues;
  size_t low = 0, count = PLAN_COUNT(*clues, struct clue), high = count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (PLAN_ROW(*clues, struct clue, middle)->hash < hash)
      low = middle + 1;
    else
      high = middle;
  }
  for (; low < count && PLAN_ROW(*clues, struct clue, low)->hash == hash; low++) {
    uint32_t term = PLAN_ROW(*clues, struct clue, low)->term;
    bool is_new = true;
    for (size_t i = l->first; i < PLAN_COUNT(l->s->likes, struct like); i++)
      is_new = is_new && PLAN_ROW(l->s->likes, struct like, i)->term != term;
    enum likeness how = is_new ? plan_likeness(PLAN_ROW(l->s->plan->terms, struct term, term)->word, l->word) : UNLIKE;
    struct like *row = how == UNLIKE ? NULL : (void *)buf_extend(&l->s->likes, sizeof *row);
    if (row)
      *row = (struct like){term, how};
  }
}

/* The terms that a word of the text is like, found once for each different word. */
static uint32_t see_word(struct search *s, const struct fold_word *w) {
  struct bytes said = said_of(&s->f, w);
  char word[NAME_WORD_MAX + 1] = "";
  uint64_t hash = 0xcbf29ce484222325ULL;
  for (size_t i = 0; i < said.len; i++)
    hash = (hash ^ said.at[i]) * 0x100000001b3ULL;
  size_t at = (size_t)(hash ^ hash >> 32) & (s->seen_count - 1);
  for (; s->seen[at].len; at = (at + 1) & (s->seen_count - 1))
    if (bytes_equal(bytes_of(s->f.said + s->seen[at].said, s->seen[at].len), said))
      return (uint32_t)at;
  memcpy(word, said.at, said.len < NAME_WORD_MAX ? said.len : NAME_WORD_MAX);
  struct liking l = {s, word, PLAN_COUNT(s->likes, struct like)};
  plan_each_clue(word, &l, like_clue);
  s->seen[at] =
      (struct seen_word){w->said, w->len, (uint32_t)l.first, (uint32_t)(PLAN_COUNT(s->likes, struct like) - l.first)};
  return (uint32_t)at;
}

static void see_words(struct search *s) {
  for (s->seen_count = 16; s->seen_count < 2 * s->f.word_count;)
    s->seen_count *= 2;
  s->seen = mem_alloc_array(s->seen_count, sizeof *s->seen);
  s->seen_at = mem_alloc_array(s->f.word_count, sizeof *s->seen_at);
  for (size_t i = 0; i < s->f.word_count; i++)
    s->seen_at[i] = see_word(s, &s->f.words[i]);
}

static enum likeness likeness_at(const struct search *s, size_t word, uint32_t term) {
  const struct seen_word *seen = &s->seen[s->seen_at[word]];
  for (uint32_t i = 0; i < seen->count; i++) {
    const struct like *like = PLAN_ROW(s->likes, struct like, seen->first + i);
    if (like->term == term)
      return like->how;
  }
  return UNLIKE;
}

/* ---- phrases ---- */

static bool is_word(const struct search *s, const struct fold_word *w, struct slice letters) {
  return w->signs == letters.len && memcmp(s->f.letters + w->sign, plan_letters(s->plan, letters), letters.len) == 0;
}

/* Do two words follow each other, but for the s of a possessive? */
static bool is_next(const struct fold_word *a, const struct fold_word *b) {
  return b->sign - (a->sign + a->signs) <= 1;
}

static bool has_school_after(const struct search *s, size_t word) {
  const struct fold *f = &s->f;
  if (word + 1 >= f->word_count || !is_next(&f->words[word], &f->words[word + 1]))
    return false;
  const struct fold_word *w = &f->words[word + 1];
  return fold_class(bytes_of(f->letters + w->sign, w->signs)) == FOLD_SCHOOL;
}

static bool has_number_before(const struct search *s, const struct phrase *p, size_t sign) {
  size_t len = p->number.len;
  return len > 0 && len <= sign && s->f.is_edge[sign - len] &&
         memcmp(s->f.letters + sign - len, plan_letters(s->plan, p->number), len) == 0;
}

/* The phrase with the word at its place misspelt, and all others as they are. */
static void try_phrase(struct search *s, const struct phrase *p, size_t word, size_t place) {
  const struct fold *f = &s->f;
  if (word < place || word - place + p->count > f->word_count)
    return;
  const struct fold_word *w = f->words + (word - place);
  for (size_t i = 0; i < p->count; i++)
    if ((i != place && !is_word(s, &w[i], p->words[i])) || (i > 0 && !is_next(&w[i - 1], &w[i])))
      return;
  bool has_number = has_number_before(s, p, w->sign);
  bool has_school = p->needs_school && has_school_after(s, word - place + p->count - 1);
  if (p->count == 1 && !p->is_whole && !has_number && !has_school)
    return;
  add_hit(s, p->value, has_number ? f->start[w->sign - p->number.len] : w->start, w[p->count - 1].end,
          p->is_whole || has_number || has_school ? SCAN_SPELLING : SCAN_PART);
}

/* ---- names ---- */

static bool is_one_of(struct bytes said, const char *words) {
  for (const char *at = words; *at; at += strspn(at, " ")) {
    size_t n = strcspn(at, " ");
    if (n == said.len && memcmp(at, said.at, n) == 0)
      return true;
    at += n;
  }
  return false;
}

/* A letter, or two, that may be the initials of the given names. */
static bool is_initial(const struct search *s, size_t word, const struct person *p) {
  const struct fold_word *w = &s->f.words[word];
  struct bytes said = said_of(&s->f, w);
  char first = PLAN_ROW(s->plan->terms, struct term, p->terms[0])->word[0];
  if (said.len == 2 && (s->text.at[w->end - 1] < 'A' || s->text.at[w->end - 1] > 'Z'))
    return false;
  if (said.len > 2 || (!w->is_capital && (said.at[0] == 'a' || said.at[0] == 'i')))
    return false;
  return (char)said.at[0] == first;
}

/* So short, and without a capital, that it is likely to be another word. */
static bool is_slight(const struct fold_word *w) {
  return w->len < 4 && !w->is_capital;
}

/* A given name near the surname, before it or after it. */
static void try_given(struct search *s, const struct person *p, size_t place, size_t word, enum likeness how) {
  const struct fold_word *words = s->f.words;
  size_t from = word > BETWEEN_MAX ? word - BETWEEN_MAX - 1 : 0;
  size_t to = s->f.word_count - word > BETWEEN_MAX + 1 ? word + BETWEEN_MAX + 1 : s->f.word_count - 1;
  for (size_t i = from; i <= to; i++)
    for (size_t k = 0; i != word && k < place; k++) {
      bool is_near = i + 1 == word || word + 1 == i;
      bool is_bold = words[i].is_capital && words[word].is_capital;
      if (!is_bold && !is_near)
        continue;
      enum likeness given = likeness_at(s, i, p->terms[k]);
      if (given == UNLIKE || (!is_bold && how != LIKE_EQUAL && given != LIKE_EQUAL))
        continue;
      if ((given == LIKE_SPELT && is_slight(&words[i])) || (how == LIKE_SPELT && is_slight(&words[word])))
        continue;
      size_t first = i < word ? i : word, last = i < word ? word : i;
      add_hit(s, p->value, words[first].start, words[last].end,
              how == LIKE_EQUAL && given == LIKE_EQUAL ? SCAN_FORMAT : SCAN_SPELLING);
    }
}

/* Initials before the surname, or after it. */
static void try_initials(struct search *s, const struct person *p, size_t word, enum scan_how how) {
  const struct fold_word *words = s->f.words;
  for (size_t i = word; i > 0 && word - i <= BETWEEN_MAX && words[i - 1].len <= 2; i--)
    if (is_initial(s, i - 1, p))
      add_hit(s, p->value, words[i - 1].start, words[word].end, how);
  if (word + 1 < s->f.word_count && is_initial(s, word + 1, p)) {
    bool may_be_word = is_one_of(said_of(&s->f, &words[word + 1]), "a i");
    add_hit(s, p->value, words[word].start, words[word + 1].end, may_be_word ? SCAN_PART : how);
  }
}

static void try_surname(struct search *s, const struct person *p, size_t place, size_t word, enum likeness how) {
  static const char titles[] = "mr mrs ms miss mx dr prof professor rev reverend sir lady pc sgt dc ds constable "
                               "sergeant nurse doctor uncle aunt auntie aunty gran granny grandpa papa nana";
  const struct fold_word *w = &s->f.words[word];
  enum scan_how as = how == LIKE_EQUAL ? SCAN_FORMAT : SCAN_SPELLING;
  try_given(s, p, place, word, how);
  if (how == LIKE_SHORT || (how == LIKE_SPELT && !w->is_capital))
    return;
  try_initials(s, p, word, as);
  if (word > 0 && is_one_of(said_of(&s->f, w - 1), titles))
    add_hit(s, p->value, w[-1].start, w->end, as);
  if (how == LIKE_EQUAL && w->is_capital)
    add_hit(s, p->value, w->start, w->end, SCAN_PART);
}

static void try_person(struct search *s, const struct person *p, size_t place, size_t word, enum likeness how) {
  const struct fold_word *w = &s->f.words[word];
  if (place > 0)
    try_surname(s, p, place, word, how);
  else if (p->count == 1 && how != LIKE_EQUAL && w->is_capital)
    add_hit(s, p->value, w->start, w->end, SCAN_SPELLING);
  else if (p->count > 1 && how <= LIKE_SHORT && w->is_capital && w->len >= SCAN_LETTERS_MIN)
    add_hit(s, p->value, w->start, w->end, SCAN_PART);
}

static void find_words(struct search *s) {
  const struct plan *plan = s->plan;
  if (plan->terms.len == 0)
    return;
  see_words(s);
  for (size_t word = 0; word < s->f.word_count && !s->is_cut; word++) {
    const struct seen_word *seen = &s->seen[s->seen_at[word]];
    for (uint32_t i = 0; i < seen->count; i++) {
      const struct like *like = PLAN_ROW(s->likes, struct like, seen->first + i);
      uint32_t next = PLAN_ROW(plan->terms, struct term, like->term)->use;
      while (next) {
        const struct use *use = PLAN_ROW(plan->uses, struct use, next - 1);
        if (use->person)
          try_person(s, PLAN_ROW(plan->persons, struct person, use->person - 1), use->place, word, like->how);
        else if (like->how == LIKE_SPELT)
          try_phrase(s, PLAN_ROW(plan->phrases, struct phrase, use->phrase - 1), word, use->place);
        next = use->next;
      }
    }
  }
}

/* ---- what was found ---- */

static int by_value(const void *a, const void *b) {
  const struct scan_hit *x = a, *y = b;
  if (x->value != y->value)
    return x->value < y->value ? -1 : 1;
  if (x->start != y->start)
    return x->start < y->start ? -1 : 1;
  return (x->end < y->end) - (x->end > y->end);
}

static int by_place(const void *a, const void *b) {
  const struct scan_hit *x = a, *y = b;
  if (x->text != y->text)
    return x->text < y->text ? -1 : 1;
  if (x->start != y->start)
    return x->start < y->start ? -1 : 1;
  return (x->value > y->value) - (x->value < y->value);
}

/* Hits of one value that overlap are one, as sure as the surest of them. */
static void merge_hits(struct search *s) {
  size_t count = HIT_COUNT(s), kept = 0;
  if (count == 0)
    return;
  qsort(s->hits.at, count, sizeof(struct scan_hit), by_value);
  for (size_t i = 1; i < count; i++) {
    struct scan_hit *last = HIT(s, kept), *hit = HIT(s, i);
    if (hit->value != last->value || hit->start >= last->end) {
      *HIT(s, ++kept) = *hit;
      continue;
    }
    last->end = hit->end > last->end ? hit->end : last->end;
    last->how = hit->how < last->how ? hit->how : last->how;
  }
  s->hits.len = (kept + 1) * sizeof(struct scan_hit);
  qsort(s->hits.at, kept + 1, sizeof(struct scan_hit), by_place);
}

static enum err search_text(const struct plan *plan, const struct scan_text *text, size_t number,
                            struct scan_hits *out) {
  struct search s = {.plan = plan, .text = text->text, .text_number = number};
  enum err e = fold_text(text->text, &s.f);
  if (e != OK)
    goto out;
  find_patterns(&s);
  find_numbers(&s);
  find_postcodes(&s);
  find_words(&s);
  merge_hits(&s);
  e = buf_err(&s.hits);
  if (e == OK)
    e = buf_err(&s.likes);
  if (e != OK)
    goto out;
  size_t count = HIT_COUNT(&s), room = SCAN_HITS_MAX - out->count;
  out->is_cut = out->is_cut || s.is_cut || count > room;
  count = count < room ? count : room;
  if (count)
    memcpy(out->at + out->count, s.hits.at, count * sizeof *out->at);
  out->count += count;
out:
  fold_release(&s.f);
  free(s.seen);
  free(s.seen_at);
  buf_release(&s.likes);
  buf_release(&s.hits);
  return e;
}

enum err scan_find(const struct scan_value *values, size_t value_count, const struct scan_text *texts,
                   size_t text_count, struct scan_hits *out) {
  struct scan_hits found = {0};
  struct plan plan = {0};
  enum err e = OK;
  if (value_count > SCAN_VALUES_MAX)
    e = err_set(ERR_LIMIT, "%zu values; the most that are searched for at once is %d", value_count, SCAN_VALUES_MAX);
  else if (text_count > SCAN_TEXTS_MAX)
    e = err_set(ERR_LIMIT, "%zu texts; the most that are searched at once is %d", text_count, SCAN_TEXTS_MAX);
  if (e != OK)
    return e;
  found.at = mem_alloc_array(SCAN_HITS_MAX, sizeof *found.at);
  e = plan_make(values, value_count, &plan);
  for (size_t i = 0; i < text_count && e == OK; i++)
    e = search_text(&plan, &texts[i], i, &found);
  plan_release(&plan);
  if (e == OK)
    *out = found;
  else
    scan_hits_release(&found);
  return e;
}

void scan_hits_release(struct scan_hits *h) {
  free(h->at);
  *h = (struct scan_hits){0};
}

/* ---- postcodes and numbers of a free text ---- */

static bool is_near(struct bytes text, const struct fold *f, size_t sign, size_t gap_max, const char *gaps) {
  size_t gap = f->start[sign] - f->end[sign - 1];
  for (size_t i = f->end[sign - 1]; i < f->start[sign]; i++)
    if (text.at[i] < 0x80 && (text.at[i] == '\0' || !strchr(gaps, text.at[i])))
      return false;
  return gap <= gap_max;
}

/* How many letters the postcode at a sign has, or 0. */
static size_t postcode_at(struct bytes text, const struct fold *f, size_t at) {
  for (size_t len = CONTACT_POSTCODE_MAX; len >= CONTACT_POSTCODE_MIN; len--) {
    size_t half = at + len - CONTACT_INWARD;
    if (at + len > f->count || !f->is_edge[at + len] || !contact_is_postcode(bytes_of(f->letters + at, len)))
      continue;
    bool is_whole = is_near(text, f, half, OUTWARD_GAP, " \t\r\n-");
    for (size_t i = at + 1; i < at + len && is_whole; i++)
      is_whole = i == half || f->end[i - 1] == f->start[i];
    if (is_whole)
      return len;
  }
  return 0;
}

/* How many digits the telephone number at a sign has, or 0. */
static size_t number_at(struct bytes text, const struct fold *f, size_t at) {
  size_t run = 0, found = 0;
  while (at + run < f->count && run < NUMBER_DIGITS_MAX && is_digit(f->letters[at + run]) &&
         (run == 0 || is_near(text, f, at + run, NUMBER_GAP, " \t\r\n-.()")))
    run++;
  struct bytes digits = bytes_of(f->letters + at, run);
  if (!bytes_starts(digits, "0") && !bytes_starts(digits, "44"))
    return 0;
  for (size_t len = CONTACT_NUMBER_MAX; len <= run; len++)
    if (f->is_edge[at + len] && contact_number(bytes_of(digits.at, len)).len == CONTACT_NUMBER_MAX)
      found = len;
  return found;
}

size_t plan_extract(struct bytes text, const struct fold *f, struct scan_found *out, size_t max) {
  size_t count = 0, len;
  for (size_t at = 0; at < f->count; at += len ? len : 1) {
    enum scan_kind kind = SCAN_POSTCODE;
    len = 0;
    if (!f->is_edge[at])
      continue;
    if ((len = postcode_at(text, f, at)) == 0) {
      kind = SCAN_TELEPHONE;
      len = number_at(text, f, at);
    }
    if (len && count++ < max)
      out[count - 1] = (struct scan_found){kind, f->start[at], f->end[at + len - 1]};
  }
  return count;
}

size_t scan_extract(struct bytes text, struct scan_found *out, size_t max) {
  struct fold f;
  size_t count = fold_text(text, &f) == OK ? plan_extract(text, &f, out, max) : 0;
  fold_release(&f);
  return count;
}
