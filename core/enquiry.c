#include "core/enquiry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/name.h"
#include "core/store_parts.h"

#define FOUND_MAX ((size_t)1 << 20)
#define BORN 255 /* in place of a word of the question: the date of birth */

enum { WORDS, SOUNDS, BEARERS };

/* Distinct words are stepped through in the index, one search each: many people bear the same names. */
static const char *const sql[] = {
    [WORDS] = "WITH RECURSIVE w(word) AS (SELECT min(word) FROM name_word WHERE word < '" NAME_DATE_MARK "' UNION ALL "
              "SELECT (SELECT min(n.word) FROM name_word n WHERE n.word > w.word AND n.word < '" NAME_DATE_MARK "') "
              "FROM w WHERE w.word IS NOT NULL) SELECT word FROM w WHERE word IS NOT NULL",
    [SOUNDS] = "SELECT object FROM name_word WHERE sound = ?1",
    [BEARERS] = "SELECT object, field FROM name_word WHERE word = ?1",
};

const char *const *enquiry_statements(size_t *count_out) {
  *count_out = sizeof sql / sizeof *sql;
  return sql;
}

static const char *const how_words[] = {
#define X(code, words) words,
    ENQUIRY_HOW_TABLE(X)
#undef X
};

const char *enquiry_how_words(enum enquiry_how how) {
  return how_words[how];
}

/* One word of an object's name that answers one word of the question. */
struct found {
  struct hash object;
  uint8_t word; /* of the question */
  uint8_t score;
  uint8_t how;
};

struct finding {
  struct found *at;
  size_t count, room;
};

static enum err add_found(struct finding *f, const struct found *one) {
  if (f->count == FOUND_MAX)
    return err_set(ERR_LIMIT, "too many people have a name like this: give more of it");
  if (f->count == f->room) {
    size_t room = f->room ? f->room * 2 : 256;
    struct found *more = mem_alloc_array(room, sizeof *more);
    if (f->count)
      memcpy(more, f->at, f->count * sizeof *more);
    free(f->at);
    f->at = more;
    f->room = room;
  }
  f->at[f->count++] = *one;
  return OK;
}

/* What a word that is written so has in common with the one asked for; score 0: nothing. */
static struct found compare(const char *asked, const char *word) {
  size_t len = strlen(asked);
  if (strcmp(asked, word) == 0)
    return (struct found){.score = 100, .how = ENQUIRY_EXACT};
  unsigned limit = len < 4 ? 1 : 2, d = len > 2 ? name_distance(asked, word, limit) : limit + 1;
  if (d <= limit)
    return (struct found){.score = d == 1 ? 80 : 60, .how = ENQUIRY_SPELLING};
  if (len >= 3 && strncmp(asked, word, len) == 0)
    return (struct found){.score = 70, .how = ENQUIRY_PART};
  return (struct found){0};
}

static void take_field(struct found *f, struct bytes field) {
  if (f->how != ENQUIRY_EXACT)
    return;
  if (bytes_equal_str(field, "alias"))
    f->how = ENQUIRY_ALIAS;
  else if (bytes_equal_str(field, "mother"))
    f->how = ENQUIRY_MOTHER;
}

/* All who bear the word. */
static enum err find_bearers(struct store *s, struct bytes word, const struct found *like, struct finding *out) {
  struct query q;
  enum err e = OK;
  query_start(&q, s->db, sql[BEARERS]);
  query_text(&q, 1, word);
  while (e == OK && query_row(&q)) {
    struct found one = *like;
    one.object = hash_from(query_get(&q, 0));
    take_field(&one, query_get(&q, 1));
    e = add_found(out, &one);
  }
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

static enum err find_words(struct store *s, const struct name_words *asked, struct finding *out) {
  struct query q;
  enum err e = OK;
  query_start(&q, s->db, sql[WORDS]);
  while (e == OK && query_row(&q)) {
    struct bytes at = query_get(&q, 0);
    char word[NAME_WORD_MAX + 1];
    snprintf(word, sizeof word, "%.*s", (int)at.len, (const char *)at.at);
    for (size_t i = 0; e == OK && i < asked->count; i++) {
      struct found like = compare(asked->words[i], word);
      like.word = (uint8_t)i;
      e = like.score ? find_bearers(s, bytes_str(word), &like, out) : OK;
    }
  }
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

/* What sounds alike may be much shorter or longer than what was asked. */
static enum err find_sound(struct store *s, const char *asked, uint8_t number, struct finding *out) {
  struct query q;
  struct name_sound sound = name_sounds(asked);
  enum err e = OK;
  if (sound.key[0] == '\0')
    return OK;
  query_start(&q, s->db, sql[SOUNDS]);
  query_text(&q, 1, bytes_str(sound.key));
  while (e == OK && query_row(&q)) {
    const struct found one = {hash_from(query_get(&q, 0)), number, 85, ENQUIRY_SOUNDS};
    e = add_found(out, &one);
  }
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
}

/* Those born, or due, on the day. */
static enum err find_born(struct store *s, struct bytes born, struct finding *out) {
  char word[NAME_WORD_MAX + 1];
  const struct found like = {.word = BORN};
  if (born.len != TEXT_DATE_SIZE)
    return OK;
  snprintf(word, sizeof word, NAME_DATE_MARK "%.*s", (int)born.len, (const char *)born.at);
  return find_bearers(s, bytes_str(word), &like, out);
}

static int by_object(const void *a, const void *b) {
  const struct found *x = a, *y = b;
  int order = memcmp(x->object.at, y->object.at, HASH_SIZE);
  if (order == 0)
    order = x->word - y->word;
  if (order == 0)
    order = y->score - x->score;
  return order ? order : x->how - y->how;
}

static int by_score(const void *a, const void *b) {
  const struct enquiry_hit *x = a, *y = b;
  if (x->score != y->score)
    return x->score < y->score ? 1 : -1;
  return memcmp(x->object.at, y->object.at, HASH_SIZE);
}

/* One object's words: each word of the question counts once, with its best answer. All but one must be answered, and
 * at least one well. A date of birth that is asked for ranks. */
static struct enquiry_hit weigh(const struct found *from, size_t count, size_t asked, bool asks_born) {
  struct enquiry_hit hit = {.object = from[0].object};
  unsigned sum = 0, best = 0;
  size_t answered = 0;
  for (size_t i = 0; i < count; i++) {
    if (i > 0 && from[i].word == from[i - 1].word)
      continue;
    if (from[i].word == BORN) {
      hit.is_born_same = true;
      continue;
    }
    answered++;
    sum += from[i].score;
    best = from[i].score > best ? from[i].score : best;
    hit.how = from[i].how > hit.how ? from[i].how : hit.how;
  }
  if (answered < asked)
    hit.how = ENQUIRY_PART;
  hit.score = answered + 1 < asked || best < 60 ? 0 : sum / (unsigned)asked;
  if (asks_born && hit.score)
    hit.score = hit.is_born_same ? (hit.score + 100) / 2 : hit.score * 9 / 10;
  return hit;
}

static bool is_of_kind(const struct record *r, const char *const *kinds) {
  for (; *kinds; kinds++)
    if (bytes_equal_str(r->entry.kind, *kinds))
      return true;
  return false;
}

/* Looks at the objects themselves: what may be seen, and of the right kind. */
static enum err keep_seen(struct store *s, const struct enquiry *asked, const struct enquiry_hit *hits, size_t count,
                          struct enquiry_hit out[ENQUIRY_HITS_MAX], size_t *count_out) {
  *count_out = 0;
  for (size_t i = 0; i < count && *count_out < ENQUIRY_HITS_MAX; i++) {
    struct record r = {0};
    enum err e = store_find(s, &hits[i].object, &r);
    if (e == OK && is_of_kind(&r, asked->kinds))
      out[(*count_out)++] = hits[i];
    record_release(&r);
    if (e != OK && e != ERR_ABSENT)
      return e;
  }
  return OK;
}

static enum err gather(struct store *s, const struct enquiry *asked, struct finding *f, size_t words,
                       struct enquiry_hit out[ENQUIRY_HITS_MAX], size_t *count_out) {
  struct enquiry_hit *hits = mem_alloc_array(f->count + 1, sizeof *hits);
  size_t count = 0;
  if (f->count)
    qsort(f->at, f->count, sizeof *f->at, by_object);
  for (size_t i = 0, next; i < f->count; i = next) {
    for (next = i + 1; next < f->count && hash_equal(&f->at[next].object, &f->at[i].object);)
      next++;
    hits[count] = weigh(f->at + i, next - i, words, asked->born.len > 0);
    count += hits[count].score > 0;
  }
  qsort(hits, count, sizeof *hits, by_score);
  enum err e = keep_seen(s, asked, hits, count, out, count_out);
  free(hits);
  return e;
}

enum err enquiry_find(struct store *s, const struct enquiry *asked, struct enquiry_hit out[ENQUIRY_HITS_MAX],
                      size_t *count_out) {
  struct name_words words;
  struct finding f = {0};
  enum err e = OK;
  name_split(asked->name, &words);
  if (words.count == 0)
    return err_set(ERR_USAGE, "the name has no letters");
  e = find_words(s, &words, &f);
  for (size_t i = 0; e == OK && i < words.count; i++)
    e = find_sound(s, words.words[i], (uint8_t)i, &f);
  if (e == OK)
    e = find_born(s, asked->born, &f);
  if (e == OK)
    e = gather(s, asked, &f, words.count, out, count_out);
  free(f.at);
  return e;
}
