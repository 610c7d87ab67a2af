#include "core/contact.h"

#include <string.h>

/* Outward and inward halves: a for a letter, 9 for a digit. */
static const char *const forms[] = {"a99aa", "a999aa", "aa99aa", "aa999aa", "a9a9aa", "aa9a9aa"};
static const char areas[] =
    " ab al b ba bb bd bh bl bn br bs bt ca cb cf ch cm co cr ct cv cw da dd de dg dh dl dn dt dy e ec eh en ex fk fy "
    "g "
    "gl gu gy ha hd hg hp hr hs hu hx ig im ip iv ka kt kw ky l la ld le ll ln ls lu m me mk ml n ne ng nn np nr nw ol "
    "ox pa pe ph pl po pr rg rh rm s sa se sg sk sl sm sn so sp sr ss st sw sy ta td tf tn tq tr ts tw ub w wa wc wd "
    "wf "
    "wn wr ws wv yo ze ";

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
static bool is_letter(char c) {
  return c >= 'a' && c <= 'z';
}

/* c where a letter or a digit must stand, or '\0'. */
static char at_place(char c, char place) {
  if (place == 'a')
    return is_letter(c) ? c : c == '0' ? 'o' : c == '1' ? 'i' : '\0';
  return is_digit(c) ? c : c == 'o' ? '0' : c == 'i' || c == 'l' ? '1' : '\0';
}

static bool fits(struct bytes letters, const char *form, struct contact_postcode *out) {
  if (strlen(form) != letters.len)
    return false;
  out->len = letters.len;
  out->s[letters.len] = '\0';
  for (size_t i = 0; i < letters.len; i++)
    if ((out->s[i] = at_place((char)letters.at[i], form[i])) == '\0')
      return false;
  return true;
}

static bool is_area(const char *s) {
  char word[5] = " ";
  size_t len = is_letter(s[1]) ? 2 : 1;
  memcpy(word + 1, s, len);
  word[len + 1] = ' ';
  return strstr(areas, word) != NULL;
}

/* Several forms may fit, once letters and digits may stand for each other; the one of an area that there is goes first.
 */
bool contact_postcode(struct bytes letters, struct contact_postcode *out) {
  struct contact_postcode found;
  bool is_found = false;
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
    if (!fits(letters, forms[i], &found) || (is_found && !is_area(found.s)))
      continue;
    *out = found;
    is_found = true;
    if (is_area(found.s))
      return true;
  }
  return is_found;
}

bool contact_is_postcode(struct bytes letters) {
  struct contact_postcode p;
  if (!contact_postcode(letters, &p) || memcmp(p.s, letters.at, letters.len) != 0)
    return false;
  return is_area(p.s) && strpbrk(p.s + p.len - CONTACT_INWARD, "cikmov") == NULL;
}

static struct bytes without(struct bytes digits, const char *prefix) {
  size_t n = strlen(prefix);
  return bytes_starts(digits, prefix) ? bytes_of(digits.at + n, digits.len - n) : digits;
}

struct bytes contact_number(struct bytes digits) {
  struct bytes rest = without(digits, "0044");
  if (rest.len == digits.len && rest.len > CONTACT_NUMBER_MAX)
    rest = without(rest, "44");
  rest = without(rest, "0");
  bool fits_in = rest.len >= CONTACT_NUMBER_MIN && rest.len <= CONTACT_NUMBER_MAX;
  return fits_in && rest.at[0] != '0' ? rest : (struct bytes){0};
}
