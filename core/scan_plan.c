#include "core/scan_parts.h"

#include <stdlib.h>
#include <string.h>

#include "core/text.h"

#define EXTRACTED_MAX 8
#define PIECES_MAX 64
#define NUMBERS_MAX 4
#define NUMBER_LETTERS_MIN 6 /* digits of a number that is none of this country */
#define GAPS_LETTERS 6       /* shorter patterns keep the gaps of their value */
#define LOCAL_MIN 6          /* digits of a number without its area code */
#define LOCAL_MAX 8
#define STREET_MIN 6 /* letters of a street that is a part by itself */

/* ---- the plan's lists ---- */

static void *add_row(struct buf *list, size_t size) {
  return buf_extend(list, size);
}

static struct slice add_slice(struct plan *p, struct bytes letters) {
  struct slice s = {(uint32_t)p->arena.len, (uint32_t)letters.len};
  buf_add(&p->arena, letters);
  return s;
}

size_t plan_head(const char *letters) {
  const uint8_t *at = (const uint8_t *)letters;
  return (at[0] * 961U + at[1] * 31U + at[2]) & (SCAN_HEADS - 1);
}

/* NULL if it is too short to be looked for. */
static struct pattern *add_pattern(struct plan *p, size_t value, enum scan_how how, struct bytes letters) {
  if (letters.len < SCAN_LETTERS_MIN)
    return NULL;
  struct pattern *row = add_row(&p->patterns, sizeof *row);
  if (row == NULL)
    return NULL;
  size_t head = plan_head((const char *)letters.at);
  *row = (struct pattern){
      .value = value,
      .how = how,
      .letters = add_slice(p, letters),
      .next = p->heads[head],
  };
  p->heads[head] = (uint32_t)PLAN_COUNT(p->patterns, struct pattern);
  return row;
}

static void add_clue(void *of, uint64_t hash) {
  struct plan *p = of;
  struct clue *row = add_row(&p->clues, sizeof *row);
  if (row)
    *row = (struct clue){hash, (uint32_t)PLAN_COUNT(p->terms, struct term) - 1};
}

/* The term of a word. There are few enough of them to be looked through. */
static uint32_t add_term(struct plan *p, struct bytes said) {
  size_t count = PLAN_COUNT(p->terms, struct term);
  char word[NAME_WORD_MAX + 1] = "";
  memcpy(word, said.at, said.len < NAME_WORD_MAX ? said.len : NAME_WORD_MAX);
  for (size_t i = 0; i < count; i++)
    if (strcmp(PLAN_ROW(p->terms, struct term, i)->word, word) == 0)
      return (uint32_t)i;
  struct term *row = add_row(&p->terms, sizeof *row);
  if (row == NULL)
    return 0;
  *row = (struct term){.use = 0};
  memcpy(row->word, word, sizeof word);
  plan_each_clue(word, p, add_clue);
  return (uint32_t)count;
}

static void add_use(struct plan *p, uint32_t term, struct use use) {
  struct use *row = add_row(&p->uses, sizeof *row);
  if (row == NULL)
    return;
  struct term *t = PLAN_ROW(p->terms, struct term, term);
  use.next = t->use;
  *row = use;
  t->use = (uint32_t)PLAN_COUNT(p->uses, struct use);
}

/* ---- phrases ---- */

/* The words first to first + count - 1 of a value; those of five letters and more may be misspelt. */
static void add_phrase(struct plan *p, struct phrase phrase, const struct fold *f, size_t first, size_t count) {
  uint32_t terms[SCAN_PHRASE_WORDS_MAX];
  if (count < 1 || count > SCAN_PHRASE_WORDS_MAX)
    return;
  phrase.count = count;
  for (size_t i = 0; i < count; i++) {
    const struct fold_word *w = &f->words[first + i];
    phrase.words[i] = add_slice(p, bytes_of(f->letters + w->sign, w->signs));
    terms[i] = w->len >= 5 ? add_term(p, bytes_of(f->said + w->said, w->len)) + 1 : 0;
  }
  struct phrase *row = add_row(&p->phrases, sizeof *row);
  if (row == NULL)
    return;
  *row = phrase;
  for (size_t i = 0; i < count; i++)
    if (terms[i])
      add_use(p, terms[i] - 1,
              (struct use){.phrase = (uint32_t)PLAN_COUNT(p->phrases, struct phrase), .place = (uint32_t)i});
}

/* The words that lie within the letters from `from` up to `to`. */
static size_t words_within(const struct fold *f, size_t from, size_t to, size_t *first) {
  size_t count = 0;
  for (size_t i = 0; i < f->word_count; i++) {
    const struct fold_word *w = &f->words[i];
    if (w->sign < from || w->sign + w->signs > to)
      continue;
    if (count++ == 0)
      *first = i;
  }
  return count;
}

/* ---- pieces: what stands between two edges ---- */

struct piece {
  size_t at, len;
};

static size_t cut_pieces(const struct fold *f, struct piece out[PIECES_MAX]) {
  size_t count = 0;
  for (size_t i = 0; i < f->count && count < PIECES_MAX; i++)
    if (f->is_edge[i])
      out[count++] = (struct piece){i, 1};
    else if (count)
      out[count - 1].len++;
  return count;
}

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
static struct bytes letters_of(const struct fold *f, struct piece piece) {
  return bytes_of(f->letters + piece.at, piece.len);
}

/* ---- telephone numbers and postcodes ---- */

static void add_number(struct plan *p, size_t value, struct bytes digits) {
  struct bytes inland = contact_number(digits);
  struct number *row;
  if (inland.len == 0) {
    add_pattern(p, value, SCAN_FORMAT, digits);
    return;
  }
  row = add_row(&p->numbers, sizeof *row);
  if (row) {
    size_t head = plan_head((const char *)inland.at + inland.len - 3);
    *row = (struct number){value, add_slice(p, inland), p->number_heads[head]};
    p->number_heads[head] = (uint32_t)PLAN_COUNT(p->numbers, struct number);
  }
  if (inland.at[0] != '1' && inland.at[0] != '2')
    return;
  for (size_t n = LOCAL_MIN; n <= LOCAL_MAX; n++)
    add_pattern(p, value, SCAN_PART, bytes_of(inland.at + inland.len - n, n));
}

static void add_postcode(struct plan *p, size_t value, struct bytes letters) {
  struct contact_postcode code;
  if (!contact_postcode(letters, &code))
    return;
  struct postcode *row = add_row(&p->postcodes, sizeof *row);
  if (row)
    *row = (struct postcode){value, code};
  struct bytes outward = bytes_of(code.s, code.len - CONTACT_INWARD);
  struct pattern *part = NULL;
  if (outward.len >= SCAN_LETTERS_MIN)
    part = add_pattern(p, value, SCAN_PART, outward);
  if (part)
    part->needs_capital = part->is_outward = true;
}

/* Those that stand within a value of whatever kind; what was found is blanked in `rest`. */
static void add_contacts(struct plan *p, size_t value, const struct fold *f, uint8_t *rest) {
  struct scan_found found[EXTRACTED_MAX];
  size_t count = plan_extract(p->values[value].value, f, found, EXTRACTED_MAX);
  for (size_t i = 0; i < count && i < EXTRACTED_MAX; i++) {
    size_t from = 0, to;
    while (f->start[from] < found[i].start)
      from++;
    for (to = from; to < f->count && f->end[to] <= found[i].end; to++)
      continue;
    struct bytes letters = bytes_of(f->letters + from, to - from);
    if (found[i].kind == SCAN_POSTCODE)
      add_postcode(p, value, letters);
    else
      add_number(p, value, letters);
    memset(rest + found[i].start, ',', found[i].end - found[i].start);
  }
}

/* What is called a telephone number and has not the form of one: its digits up to an extension. */
static void add_digits(struct plan *p, size_t value, const struct fold *f) {
  char digits[32];
  size_t count = 0;
  for (size_t i = 0; i < f->count && count < sizeof digits; i++) {
    if (is_digit(f->letters[i]))
      digits[count++] = f->letters[i];
    else if (count >= NUMBER_LETTERS_MIN)
      break;
  }
  if (count >= NUMBER_LETTERS_MIN)
    add_number(p, value, bytes_of(digits, count));
}

/* ---- addresses ---- */

struct house {
  size_t count;
  struct {
    char s[8];
    size_t len, digits;
  } numbers[NUMBERS_MAX];
};

/* The pieces before the street that say which dwelling; gives how many they are. */
static size_t read_house(const struct fold *f, const struct piece *pieces, size_t count, struct house *h) {
  size_t i = 0;
  for (; i < count; i++) {
    struct bytes letters = letters_of(f, pieces[i]);
    if (is_digit((char)letters.at[0])) {
      if (h->count == NUMBERS_MAX || letters.len > 6)
        break;
      memcpy(h->numbers[h->count].s, letters.at, letters.len);
      h->numbers[h->count].len = h->numbers[h->count].digits = letters.len;
      h->count++;
    } else if (letters.len == 1 && i > 0 && is_digit((char)letters_of(f, pieces[i - 1]).at[0])) {
      h->numbers[h->count - 1].s[h->numbers[h->count - 1].len++] = (char)letters.at[0];
    } else if (fold_class(letters) != FOLD_FLAT &&
               !(i > 0 && i + 1 < count && fold_class(letters_of(f, pieces[i + 1])) == FOLD_FLAT)) {
      break; /* `1st floor` goes on */
    }
  }
  return i;
}

static void add_with_number(struct plan *p, size_t value, enum scan_how how, bool needs_capital,
                            const struct bytes *parts, size_t count) {
  struct buf all = {.max = SCAN_VALUE_MAX};
  for (size_t i = 0; i < count; i++)
    buf_add(&all, parts[i]);
  struct pattern *row = add_pattern(p, value, how, buf_bytes(&all));
  if (row)
    row->needs_capital = needs_capital;
  buf_release(&all);
}

/* Each number with the street, the house's also without its letter; and the house's number before the flat's. */
static void add_numbered(struct plan *p, size_t value, const struct house *h, enum scan_how how, struct bytes street) {
  bool is_part = how == SCAN_PART;
  for (size_t i = 0; i < h->count; i++) {
    struct bytes number = bytes_of(h->numbers[i].s, h->numbers[i].len);
    struct bytes digits = bytes_of(h->numbers[i].s, h->numbers[i].digits);
    add_with_number(p, value, how, is_part, (struct bytes[]){number, street}, 2);
    if (digits.len < number.len)
      add_with_number(p, value, how, is_part, (struct bytes[]){digits, street}, 2);
  }
  if (h->count < 2 || is_part)
    return;
  struct bytes parts[NUMBERS_MAX + 1];
  parts[0] = bytes_of(h->numbers[h->count - 1].s, h->numbers[h->count - 1].len);
  for (size_t i = 0; i + 1 < h->count; i++)
    parts[i + 1] = bytes_of(h->numbers[i].s, h->numbers[i].len);
  parts[h->count] = street;
  add_with_number(p, value, how, false, parts, h->count + 1);
}

static void add_street(struct plan *p, size_t value, const struct fold *f, const struct piece *street, size_t count,
                       const struct house *h) {
  size_t last = 0; /* the piece that says that it is a street */
  for (size_t i = 1; i < count && (last == 0 || last == i - 1); i++)
    if (fold_class(letters_of(f, street[i])) == FOLD_STREET)
      last = i;
  size_t used = last ? last + 1 : count, first = 0;
  struct bytes whole = bytes_of(f->letters + street[0].at, street[used - 1].at + street[used - 1].len - street[0].at);
  add_numbered(p, value, h, SCAN_FORMAT, whole);
  if (whole.len >= STREET_MIN)
    add_pattern(p, value, SCAN_PART, whole);
  size_t less = last ? last : 1; /* without the word for a street; or its first word, where nothing says how many */
  struct bytes core = bytes_of(whole.at, street[less - 1].at + street[less - 1].len - street[0].at);
  if (less < used && core.len >= 4)
    add_numbered(p, value, h, SCAN_PART, core);
  size_t words = words_within(f, street[0].at, street[0].at + whole.len, &first);
  struct phrase phrase = {.value = value};
  if (h->count)
    phrase.number = add_slice(p, bytes_of(h->numbers[h->count - 1].s, h->numbers[h->count - 1].len));
  add_phrase(p, phrase, f, first, words);
}

/* A house that has a name: `Rowan Cottage`, `Braeside`. */
static void add_house_name(struct plan *p, size_t value, const struct fold *f, size_t count) {
  struct bytes whole = bytes_of(f->letters, f->count);
  struct pattern *row = add_pattern(p, value, count > 1 ? SCAN_FORMAT : SCAN_PART, whole);
  if (row)
    row->needs_capital = count == 1;
  if (count > 1)
    add_phrase(p, (struct phrase){.value = value, .is_whole = true}, f, 0, f->word_count);
}

static bool has_street(const struct fold *f, const struct piece *pieces, size_t count) {
  for (size_t i = 1; i < count; i++)
    if (fold_class(letters_of(f, pieces[i])) == FOLD_STREET)
      return true;
  return false;
}

/* One line or part of an address: which dwelling, or street, or house; a town says nothing by itself. */
static void add_address_part(struct plan *p, size_t value, struct bytes part, bool is_first, struct house *h) {
  struct fold f;
  struct piece pieces[PIECES_MAX];
  if (fold_text(part, &f) != OK)
    return;
  size_t count = cut_pieces(&f, pieces);
  size_t used = read_house(&f, pieces, count, h);
  if (used < count && (h->count > 0 || has_street(&f, pieces + used, count - used))) {
    add_street(p, value, &f, pieces + used, count - used, h);
    *h = (struct house){0};
  } else if (used == 0 && count > 0 && is_first) {
    add_house_name(p, value, &f, count);
  }
  fold_release(&f);
}

static void add_address(struct plan *p, size_t value, struct bytes rest) {
  struct house h = {0};
  bool is_first = true, has_more = false;
  for (size_t i = 0; i < rest.len; i++)
    has_more |= strchr(",;\r\n", rest.at[i]) != NULL;
  for (size_t at = 0; at < rest.len;) {
    size_t len = 0;
    while (at + len < rest.len && !strchr(",;\r\n", rest.at[at + len]))
      len++;
    if (len)
      add_address_part(p, value, bytes_of(rest.at + at, len), is_first && has_more, &h);
    is_first = is_first && len == 0;
    at += len + 1;
  }
}

/* ---- schools ---- */

/* What schools of one sort are called, in short forms. The last row goes with all of them. */
static const char *const sorts[] = {
    "primsch prim ps rcprim rcprimsch rcps infantsch juniorsch",
    "highsch high hs acad secsch sec grammar grammarsch college rchigh rchighsch rcsec",
    "nsysch nsy elc kindergarten nsyclass earlyyears earlylearning earlylearningcentre",
    "sch rcsch romancatholic",
};
#define SORT_COUNT (sizeof sorts / sizeof *sorts)

static void add_school_sorts(struct plan *p, size_t value, struct bytes core, const char *words) {
  for (const char *at = words; *at; at += strspn(at, " ")) {
    size_t n = strcspn(at, " ");
    add_with_number(p, value, SCAN_FORMAT, false, (struct bytes[]){core, bytes_of(at, n)}, 2);
    at += n;
  }
}

/* Is the piece among those of a sort? */
static bool is_of_sort(const struct fold *f, const struct piece *pieces, size_t count, const char *words) {
  for (size_t i = 0; i < count; i++) {
    char word[16] = "";
    if (pieces[i].len < sizeof word)
      memcpy(word, f->letters + pieces[i].at, pieces[i].len);
    if (word[0] && strcmp(word, "sch") != 0 && strcmp(word, "rc") != 0 && text_list_has(words, ' ', bytes_str(word)))
      return true;
  }
  return false;
}

static void add_school(struct plan *p, size_t value, const struct fold *f) {
  struct piece pieces[PIECES_MAX];
  size_t count = cut_pieces(f, pieces), first = 0, core_count = 1;
  while (core_count < count && fold_class(letters_of(f, pieces[core_count])) != FOLD_SCHOOL)
    core_count++;
  if (count == 0 || fold_class(letters_of(f, pieces[0])) == FOLD_SCHOOL)
    return;
  struct bytes core = bytes_of(f->letters, pieces[core_count - 1].at + pieces[core_count - 1].len);
  bool is_any = true;
  for (size_t i = 0; i + 1 < SORT_COUNT; i++)
    is_any = is_any && !is_of_sort(f, pieces + core_count, count - core_count, sorts[i]);
  for (size_t i = 0; i < SORT_COUNT; i++)
    if (is_any || i + 1 == SORT_COUNT || is_of_sort(f, pieces + core_count, count - core_count, sorts[i]))
      add_school_sorts(p, value, core, sorts[i]);
  if (core_count > 1 && core.len >= STREET_MIN)
    add_pattern(p, value, SCAN_PART, core);
  size_t words = words_within(f, 0, core.len, &first);
  add_phrase(p, (struct phrase){.value = value, .needs_school = true}, f, first, words);
}

/* ---- names ---- */

static bool is_title(const struct fold *f, const struct fold_word *w) {
  static const char titles[] = "mr mrs ms miss mx dr prof rev sir lady";
  char word[8] = "";
  if (w->len < sizeof word)
    memcpy(word, f->said + w->said, w->len);
  return word[0] && text_list_has(titles, ' ', bytes_str(word));
}

/* `Reid, Isla` is Isla Reid: gives how many words stand before the comma, or 0. */
static size_t words_before_comma(struct bytes value, const struct fold *f) {
  const uint8_t *comma = memchr(value.at, ',', value.len);
  size_t count = 0;
  while (comma && count < f->word_count && f->words[count].end <= (size_t)(comma - value.at))
    count++;
  return count < f->word_count ? count : 0;
}

static void add_name(struct plan *p, size_t value, const struct fold *f) {
  struct person person = {.value = value};
  size_t shift = words_before_comma(p->values[value].value, f);
  for (size_t i = 0; i < f->word_count && person.count < NAME_WORDS_MAX; i++) {
    const struct fold_word *w = &f->words[(i + shift) % f->word_count];
    if (w->len >= 2 && !(f->word_count > 1 && is_title(f, w)))
      person.terms[person.count++] = add_term(p, bytes_of(f->said + w->said, w->len));
  }
  struct person *row = person.count ? add_row(&p->persons, sizeof *row) : NULL;
  if (row == NULL)
    return;
  *row = person;
  for (size_t i = 0; i < person.count; i++)
    add_use(p, person.terms[i],
            (struct use){.person = (uint32_t)PLAN_COUNT(p->persons, struct person), .place = (uint32_t)i});
}

/* ---- values ---- */

/* The value as it stands, whatever its kind. */
static void add_whole(struct plan *p, size_t value, const struct fold *f) {
  struct pattern *row = add_pattern(p, value, SCAN_FORMAT, bytes_of(f->letters, f->count));
  if (row == NULL || f->count >= GAPS_LETTERS)
    return;
  row->keeps_gaps = true;
  for (size_t i = 1; i < f->count; i++)
    row->gaps |= (uint8_t)(f->is_edge[i] << (i - 1));
}

static void add_value(struct plan *p, size_t i, const struct fold *f) {
  struct bytes value = p->values[i].value;
  uint8_t rest[SCAN_VALUE_MAX];
  size_t numbers = p->numbers.len;
  memcpy(rest, value.at, value.len);
  add_whole(p, i, f);
  add_contacts(p, i, f, rest);
  switch (p->values[i].kind) {
  case SCAN_ADDRESS: add_address(p, i, bytes_of(rest, value.len)); break;
  case SCAN_POSTCODE: add_postcode(p, i, bytes_of(f->letters, f->count)); break;
  case SCAN_SCHOOL: add_school(p, i, f); break;
  case SCAN_NAME: add_name(p, i, f); break;
  case SCAN_TELEPHONE:
    if (p->numbers.len == numbers)
      add_digits(p, i, f);
    break;
  case SCAN_OTHER: add_phrase(p, (struct phrase){.value = i, .is_whole = true}, f, 0, f->word_count); break;
  }
}

static int compare_clues(const void *a, const void *b) {
  const struct clue *x = a, *y = b;
  return x->hash != y->hash ? (x->hash < y->hash ? -1 : 1) : (x->term > y->term) - (x->term < y->term);
}

static int compare_postcodes(const void *a, const void *b) {
  return strcmp(((const struct postcode *)a)->code.s, ((const struct postcode *)b)->code.s);
}

enum err plan_make(const struct scan_value *values, size_t count, struct plan *out) {
  enum err e = OK;
  *out = (struct plan){.values = values, .value_count = count};
  for (size_t i = 0; i < count && e == OK; i++) {
    struct fold f = {0};
    if (values[i].value.len > SCAN_VALUE_MAX)
      e = err_set(ERR_LIMIT, "a value of %zu bytes; the most that is searched for is %d", values[i].value.len,
                  SCAN_VALUE_MAX);
    if (e == OK)
      e = fold_text(values[i].value, &f);
    if (e == OK && f.count >= SCAN_LETTERS_MIN)
      add_value(out, i, &f);
    fold_release(&f);
  }
  const struct buf *lists[] = {&out->arena,   &out->patterns, &out->numbers, &out->postcodes, &out->phrases,
                               &out->persons, &out->terms,    &out->uses,    &out->clues};
  for (size_t i = 0; i < sizeof lists / sizeof *lists && e == OK; i++)
    e = buf_err(lists[i]);
  if (e == OK && out->clues.len)
    qsort(out->clues.at, PLAN_COUNT(out->clues, struct clue), sizeof(struct clue), compare_clues);
  if (e == OK && out->postcodes.len)
    qsort(out->postcodes.at, PLAN_COUNT(out->postcodes, struct postcode), sizeof(struct postcode), compare_postcodes);
  return e;
}

void plan_release(struct plan *p) {
  struct buf *lists[] = {&p->arena,   &p->patterns, &p->numbers, &p->postcodes, &p->phrases,
                         &p->persons, &p->terms,    &p->uses,    &p->clues};
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
    buf_release_secret(lists[i]);
}
