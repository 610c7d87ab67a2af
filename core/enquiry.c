#include "core/enquiry.h"

#include <stdlib.h>
#include <string.h>

#include "core/name.h"
#include "core/store_parts.h"

#define FOUND_MAX ((size_t)1 << 20)
#define LENGTH_SLACK 2

enum { WORDS, SOUNDS };

static const char *const sql[] = {
    [WORDS] = "SELECT word, field, object FROM name_word WHERE length(word) BETWEEN ?1 AND ?2 ORDER BY word",
    [SOUNDS] = "SELECT word, field, object FROM name_word WHERE sound = ?1",
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
static struct found compare(const char *asked, const char *word, const char *asked_sound) {
  size_t len = strlen(asked);
  if (strcmp(asked, word) == 0)
    return (struct found){.score = 100, .how = ENQUIRY_EXACT};
  if (asked_sound[0] && strcmp(asked_sound, name_sounds(word).key) == 0)
    return (struct found){.score = 85, .how = ENQUIRY_SOUNDS};
  unsigned limit = len < 4 ? 1 : 2, d = name_distance(asked, word, limit);
  if (d <= limit && len > 2)
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

/* All words of a length that can be meant, in order, so that each is compared once. */
static enum err find_word(struct store *s, const char *asked, uint8_t number, struct finding *out) {
  struct query q;
  struct found same = {0};
  char last[NAME_WORD_MAX + 1] = "";
  struct name_sound sound = name_sounds(asked);
  int64_t len = (int64_t)strlen(asked);
  enum err e = OK;
  query_start(&q, s->db, sql[WORDS]);
  query_int(&q, 1, len - LENGTH_SLACK);
  query_int(&q, 2, len < 3 ? len + LENGTH_SLACK : NAME_WORD_MAX);
  while (e == OK && query_row(&q)) {
    struct bytes word = query_get(&q, 0);
    if (word.len > NAME_WORD_MAX)
      continue;
    if (!bytes_equal_str(word, last)) {
      memcpy(last, word.at, word.len);
      last[word.len] = '\0';
      same = compare(asked, last, sound.key);
    }
    if (same.score == 0)
      continue;
    struct found one = same;
    one.word = number;
    take_field(&one, query_get(&q, 1));
    one.object = hash_from(query_get(&q, 2));
    e = add_found(out, &one);
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
    const struct found one = {hash_from(query_get(&q, 2)), number, 85, ENQUIRY_SOUNDS};
    e = add_found(out, &one);
  }
  enum err query_error = query_end(&q);
  return e == OK ? query_error : e;
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
 * at least one well. */
static struct enquiry_hit weigh(const struct found *from, size_t count, size_t asked) {
  struct enquiry_hit hit = {.object = from[0].object};
  unsigned sum = 0, best = 0;
  size_t answered = 0;
  for (size_t i = 0; i < count; i++) {
    if (i > 0 && from[i].word == from[i - 1].word)
      continue;
    answered++;
    sum += from[i].score;
    best = from[i].score > best ? from[i].score : best;
    hit.how = from[i].how > hit.how ? from[i].how : hit.how;
  }
  if (answered < asked)
    hit.how = ENQUIRY_PART;
  hit.score = answered + 1 < asked || best < 60 ? 0 : sum / (unsigned)asked;
  return hit;
}

/* Does its first entry, or a later one that says so, give this date? */
static bool is_born(const struct record *r, struct bytes born) {
  struct json *content = NULL;
  bool is = false;
  if (born.len == 0 || !r->has_content || json_parse_record(buf_bytes(&r->content), &content) != OK)
    return false;
  static const char *const dates[] = {"born", "due"};
  for (size_t i = 0; i < 2; i++) {
    const struct json *date = json_get(content, dates[i]);
    is = is || (date && bytes_equal(json_get_text(date), born));
  }
  json_free(content);
  return is;
}

static bool is_of_kind(const struct record *r, const char *const *kinds) {
  for (; *kinds; kinds++)
    if (bytes_equal_str(r->entry.kind, *kinds))
      return true;
  return false;
}

/* Looks at the objects themselves: what may be seen, of the right kind, and the date. */
static enum err keep_seen(struct store *s, const struct enquiry *asked, struct enquiry_hit *hits, size_t count,
                          struct enquiry_hit out[ENQUIRY_HITS_MAX], size_t *count_out) {
  *count_out = 0;
  for (size_t i = 0; i < count && *count_out < ENQUIRY_HITS_MAX; i++) {
    struct record r = {0};
    enum err e = store_find(s, &hits[i].object, &r);
    if (e == OK && is_of_kind(&r, asked->kinds)) {
      hits[i].is_born_same = is_born(&r, asked->born);
      out[(*count_out)++] = hits[i];
    }
    record_release(&r);
    if (e != OK && e != ERR_ABSENT)
      return e;
  }
  for (size_t i = 0; i < *count_out; i++)
    if (asked->born.len)
      out[i].score = out[i].is_born_same ? (out[i].score + 100) / 2 : out[i].score * 9 / 10;
  qsort(out, *count_out, sizeof *out, by_score);
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
    hits[count] = weigh(f->at + i, next - i, words);
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
  for (size_t i = 0; e == OK && i < words.count; i++) {
    e = find_word(s, words.words[i], (uint8_t)i, &f);
    if (e == OK)
      e = find_sound(s, words.words[i], (uint8_t)i, &f);
  }
  if (e == OK)
    e = gather(s, asked, &f, words.count, out, count_out);
  free(f.at);
  return e;
}
