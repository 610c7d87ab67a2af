/* The text forms of core/FORMAT.md section 1: lines, tokens, names, numbers, times, dates,
 * hexadecimal and base64. Each has one way to be written, and the readers refuse any
 * other. Pure: no clock, no locale. */
#ifndef CAIRN_CORE_TEXT_H
#define CAIRN_CORE_TEXT_H

#include "core/bytes.h"

#define TEXT_TIME_SIZE 20 /* YYYY-MM-DDTHH:MM:SSZ */
#define TEXT_DATE_SIZE 10

void text_hex_encode(struct buf *b, struct bytes v);
/* Lower-case digits only; out has room for hex.len / 2 bytes. */
enum err text_hex_decode(struct bytes hex, uint8_t *out);

void text_base64_encode(struct buf *b, struct bytes v);
/* RFC 4648 section 4 with padding, unused bits zero; appends to b. */
enum err text_base64_decode(struct bytes text, struct buf *b);

bool text_is_token(struct bytes b);
bool text_is_name(struct bytes b);
bool text_is_kind(struct bytes b);
bool text_is_media(struct bytes b);
bool text_is_origin(struct bytes b);
bool text_is_time(struct bytes b);
bool text_is_date(struct bytes b);
bool text_is_utf8(struct bytes b);
/* UTF-8 without control characters; the second allows LF and TAB. */
bool text_is_plain(struct bytes b);
bool text_is_plain_lines(struct bytes b);
/* A number of core/FORMAT.md section 1, at most 2^53 - 1. */
enum err text_number(struct bytes b, uint64_t *out);

/* Seconds since 1970 to a time and back; years 1900 to 9999. */
struct text_time {
  char s[TEXT_TIME_SIZE + 1];
};
struct text_time text_time_format(int64_t unix_s);
/* ERR_FORM if it is not a time. */
enum err text_time_parse(struct bytes b, int64_t *unix_s_out);

/* Splits off what stands before the first `sep`; false if sep does not occur. */
bool text_split(struct bytes *rest, char sep, struct bytes *before);
/* Is it one of the words of a list, which `sep` joins? */
bool text_list_has(const char *list, char sep, struct bytes word);

/* What is stored and typed, and what it says to people. TEXT_WORD makes a row of it from one of an X table of code,
 * word and words. */
struct text_word {
  const char *word, *words;
};
#define TEXT_WORD(code, word, words) {word, words},

/* The next line of a text whose every line ends with LF, without the LF. Fails the reader on a missing LF, an
 * empty line, or a byte under 0x20. */
struct bytes text_line(struct reader *r);
/* True if the next line begins with word and a space (or is word alone). */
bool text_next_is(const struct reader *r, const char *word);
/* The next line, which must begin with word and one space: what stands after it. Fails the reader otherwise. */
struct bytes text_field(struct reader *r, const char *word);

#endif
