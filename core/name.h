/* People's names, as a search compares them. Pure.
 *
 * A name is cut into words at white space, hyphens and commas; letters lose their accents and their case, apostrophes
 * and points go. How a word sounds is a short key: words that are said alike in Scots and English have the same one
 * (Stephen and Steven, Catherine and Kathryn, Niamh and Neve, MacLeod and McCloud). */
#ifndef CAIRN_CORE_NAME_H
#define CAIRN_CORE_NAME_H

#include "core/bytes.h"

#define NAME_WORDS_MAX 16
#define NAME_WORD_MAX 40 /* bytes; what is longer is cut */
#define NAME_SOUND_MAX 12

/* Begins a date that stands among the words, as "~2017-05-02"; no word begins with it, and all sort before it. */
#define NAME_DATE_MARK "~"

struct name_words {
  size_t count;
  char words[NAME_WORDS_MAX][NAME_WORD_MAX + 1];
};

/* The letters of the next character, without mark and case; *at moves behind it. "" for what is left out, " " for what
 * separates words. room is where one letter is put; Latin letters up to U+017F are known. */
const char *name_letters(struct bytes b, size_t *at, char room[2]);

void name_split(struct bytes name, struct name_words *out);

struct name_sound {
  char key[NAME_SOUND_MAX + 1];
};
/* word is one of name_split's. Empty for a word without letters. */
struct name_sound name_sounds(const char *word);

/* How many letters must be inserted, removed, replaced or exchanged with their neighbour to make one word of the
 * other; limit + 1 if it is more than limit. Words as name_split gives them. */
unsigned name_distance(const char *a, const char *b, unsigned limit);

#endif
