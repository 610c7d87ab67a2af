/* Finding restricted values in text that is about to go to people who must not have them. Pure: values and texts in,
 * hits out; nothing is kept, nothing is decided.
 *
 * What it finds of a value:
 * - any: as it is written; with other case, accents, punctuation, spaces, hyphens and line breaks
 * - address: house number and street without the rest, streets shortened or in full (St, Street), flat and house number
 *   in either order; one word of the street misspelt; the street alone as a part
 * - postcode: with and without space, in either case, O for 0 and I or L for 1; the outward half alone as a part, where
 *   no other inward half follows it
 * - school: with and without what sort of school it is, shortened (PS, Academy, High, Nursery); one word of the name
 *   misspelt
 * - name: given name and surname in either order, up to two words between them; initial with surname; Mr, Mrs, Dr and
 *   the like with surname; short forms of given names (Liz, Jimmy); words that sound alike (core/name.h) or differ in
 *   one letter, from five letters on; one of the names alone, with a capital, as a part
 * - telephone: in any grouping, with 0, +44, 0044 or none, with or without an extension; without its area code as a
 *   part
 * - any: postcodes and telephone numbers within an address, a school or another value, as such
 *
 * What it does not find: what is said in other words ("the flat above the bakery"), initials alone, numbers in words,
 * two misspelt words at once, names that are translated or nicknames that its table lacks, letters beyond U+017F in
 * another form than that of the value, letters that only look alike, text in pictures. A town alone is no hit, unless
 * it is all that the value says. Values of fewer than SCAN_LETTERS_MIN letters and digits are not searched. It helps a
 * person who reads the document; it does not take their place. */
#ifndef CAIRN_CORE_SCAN_H
#define CAIRN_CORE_SCAN_H

#include "core/bytes.h"

#define SCAN_VALUES_MAX 1024
#define SCAN_VALUE_MAX 1000 /* bytes */
#define SCAN_LETTERS_MIN 3
#define SCAN_TEXTS_MAX 65536
#define SCAN_TEXT_MAX ((size_t)4 << 20) /* bytes of one text */
#define SCAN_HITS_MAX 4096

/* kind, its word */
#define SCAN_KIND_TABLE(X)                                                                                             \
  X(SCAN_ADDRESS, "address")                                                                                           \
  X(SCAN_POSTCODE, "postcode")                                                                                         \
  X(SCAN_SCHOOL, "school")                                                                                             \
  X(SCAN_NAME, "name")                                                                                                 \
  X(SCAN_TELEPHONE, "telephone")                                                                                       \
  X(SCAN_OTHER, "other")

enum scan_kind {
#define X(code, word) code,
  SCAN_KIND_TABLE(X)
#undef X
};

/* how sure, in plain words; the surest first */
#define SCAN_HOW_TABLE(X)                                                                                              \
  X(SCAN_EXACT, "as it is written")                                                                                    \
  X(SCAN_FORMAT, "written in another way")                                                                             \
  X(SCAN_SPELLING, "spelt in another way")                                                                             \
  X(SCAN_PART, "a part of it")

enum scan_how {
#define X(code, words) code,
  SCAN_HOW_TABLE(X)
#undef X
};

const char *scan_kind_word(enum scan_kind k);
const char *scan_how_words(enum scan_how h);

struct scan_value {
  enum scan_kind kind;
  struct bytes value; /* UTF-8 */
};

struct scan_text {
  const char *where; /* in words; the scan does not read it */
  struct bytes text; /* UTF-8 */
};

struct scan_hit {
  size_t value, text; /* which of them */
  size_t start, end;  /* bytes of the text; start < end, and whole characters */
  enum scan_how how;
};

struct scan_hits {
  size_t count;
  struct scan_hit *at; /* by text, then by place, then by value; those of one value do not overlap */
  bool is_cut;         /* there are more than SCAN_HITS_MAX, which are not listed */
};

/* Time grows with the texts' length, and with how many values share the words that occur in them. ERR_LIMIT for what is
 * over a limit above. The caller releases out. */
enum err scan_find(const struct scan_value *values, size_t value_count, const struct scan_text *texts,
                   size_t text_count, struct scan_hits *out);
void scan_hits_release(struct scan_hits *h);

/* Has the value enough letters and digits to be searched? */
bool scan_is_searched(struct bytes value);

/* Postcodes and telephone numbers that stand in a free text. Writes at most max of them and returns how many there are;
 * 0 for a text over SCAN_TEXT_MAX. */
struct scan_found {
  enum scan_kind kind;
  size_t start, end;
};
size_t scan_extract(struct bytes text, struct scan_found *out, size_t max);

#endif
