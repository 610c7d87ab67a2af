/* What the files of the scan share: core/scan_plan.c turns the values into what is looked for, core/scan.c looks for
 * it, core/scan_word.c says for both whether two words may be the same. Included by them only. */
#ifndef CAIRN_CORE_SCAN_PARTS_H
#define CAIRN_CORE_SCAN_PARTS_H

#include "core/contact.h"
#include "core/fold.h"
#include "core/scan.h"

#define SCAN_PHRASE_WORDS_MAX 8
#define SCAN_HEADS 4096 /* a power of two */

/* Letters of the plan's arena. */
struct slice {
  uint32_t at, len;
};

/* A line of letters as core/fold.h gives it, to be found from one edge to another. */
struct pattern {
  size_t value;
  enum scan_how how;
  bool needs_capital; /* its first letter is written as one */
  bool keeps_gaps;    /* it is so short that words must begin where they do in the value */
  bool is_outward;    /* half a postcode: it stands alone, and no other second half follows */
  uint8_t gaps;       /* keeps_gaps: bit n: a word begins at letter n + 1 */
  struct slice letters;
  uint32_t next; /* of those with the same beginning, plus 1 */
};

/* A telephone number: its digits, wherever they stand together. */
struct number {
  size_t value;
  struct slice digits;
  uint32_t next; /* of those with the same end, plus 1 */
};

struct postcode {
  size_t value;
  struct contact_postcode code;
};

/* Words of which one may be misspelt. */
struct phrase {
  size_t value;
  struct slice number; /* digits and perhaps a letter that stand before it, if len > 0; else it is a part only */
  bool needs_school;   /* a word for a school follows, or it is a part only */
  bool is_whole;       /* it is never a part only */
  size_t count;
  struct slice words[SCAN_PHRASE_WORDS_MAX];
};

/* A person's name: given names, then surnames. */
struct person {
  size_t value;
  size_t count;
  uint32_t terms[NAME_WORDS_MAX];
};

/* A word that names and phrases are recognised by, however it is spelt, and where they have it. */
struct term {
  char word[NAME_WORD_MAX + 1];
  uint32_t use; /* the first of its uses, plus 1 */
};
struct use {
  uint32_t phrase, person; /* plus 1; one of them */
  uint32_t place;          /* the which word of it */
  uint32_t next;           /* plus 1 */
};

/* Under which words a term is looked for. */
struct clue {
  uint64_t hash;
  uint32_t term;
};

struct plan {
  const struct scan_value *values;
  size_t value_count;
  struct buf arena, patterns, numbers, postcodes, phrases, persons, terms, uses, clues;
  uint32_t heads[SCAN_HEADS];        /* of patterns, by their beginning, plus 1 */
  uint32_t number_heads[SCAN_HEADS]; /* of numbers, by their end, plus 1 */
};

/* The rows of one of the plan's lists. */
#define PLAN_COUNT(list, type) ((list).len / sizeof(type))
#define PLAN_ROW(list, type, i) (&((type *)(void *)(list).at)[i])

static inline const char *plan_letters(const struct plan *p, struct slice s) {
  return (const char *)p->arena.at + s.at;
}

/* ERR_LIMIT for a value that is too long. The caller releases out, also after an error. */
enum err plan_make(const struct scan_value *values, size_t count, struct plan *out);
void plan_release(struct plan *p);

/* The list for three letters. */
size_t plan_head(const char *letters);

/* scan_word.c: how a word of a text is one of the terms. */
enum likeness { LIKE_EQUAL, LIKE_SHORT, LIKE_SPELT, UNLIKE };
enum likeness plan_likeness(const char *term, const char *word);

/* Calls each with every clue of a word: of a term when the plan is made, of a text's word when it is looked up. */
void plan_each_clue(const char *word, void *of, void (*each)(void *of, uint64_t hash));

/* As scan_extract, of a text that is folded. */
size_t plan_extract(struct bytes text, const struct fold *f, struct scan_found *out, size_t max);

#endif
