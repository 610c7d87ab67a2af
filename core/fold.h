/* A text as a search for hidden words reads it. Pure.
 *
 * What is left is one line of letters and digits without case, accents, spaces and punctuation, and where each of them
 * stood. Words that are commonly shortened in addresses and in the names of schools stand in their short form, however
 * they were written (Street and St, Saint and St, Primary and Prim). Latin letters up to U+017F and full-width ones are
 * known; other letters stay the bytes that they are, each a word of its own. Whatever is not UTF-8 separates words. */
#ifndef CAIRN_CORE_FOLD_H
#define CAIRN_CORE_FOLD_H

#include "core/name.h"

#define FOLD_TEXT_MAX ((size_t)4 << 20) /* bytes; about 20 bytes of memory for each */

/* A word of known letters. An apostrophe within it joins (O'Neil), a final 's is not of it; Mac and Mc join what comes
 * next. */
struct fold_word {
  uint32_t start, end;  /* in the text */
  uint32_t sign, signs; /* its letters in the line, in their short form */
  uint32_t said, len;   /* its letters in full, in `said` */
  bool is_capital;      /* its first letter was one */
};

struct fold {
  size_t count;
  char *letters;         /* count of them: a-z, 0-9, and bytes over 0x7f; not terminated */
  uint32_t *start, *end; /* count of each: the bytes of the text that each letter stands for */
  bool *is_edge;         /* count + 1: may a word begin here, or end before it? */
  size_t word_count;
  struct fold_word *words;
  char *said;
  size_t said_count;
};

/* ERR_LIMIT for more than FOLD_TEXT_MAX; the caller releases out. */
enum err fold_text(struct bytes text, struct fold *out);
void fold_release(struct fold *f);

/* Is it, in its short form, a word for a street (road, terrace), a house (cottage, farm), a dwelling within one (flat),
 * or a school (primary, academy)? */
enum fold_class { FOLD_NO_CLASS, FOLD_STREET, FOLD_HOUSE, FOLD_FLAT, FOLD_SCHOOL };
enum fold_class fold_class(struct bytes word);

#endif
