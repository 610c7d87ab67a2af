/* How British postcodes and telephone numbers are written. Pure; over letters and digits without case and spaces, as
 * core/fold.h gives them. */
#ifndef CAIRN_CORE_CONTACT_H
#define CAIRN_CORE_CONTACT_H

#include "core/bytes.h"

#define CONTACT_POSTCODE_MIN 5
#define CONTACT_POSTCODE_MAX 7
#define CONTACT_INWARD 3 /* the letters of its second half */
#define CONTACT_NUMBER_MIN 9
#define CONTACT_NUMBER_MAX 10

struct contact_postcode {
  size_t len;
  char s[CONTACT_POSTCODE_MAX + 1];
};

/* Are the letters, all of them, a postcode, if O stands for 0 and I or L for 1 where only the other can stand? Gives it
 * as it should be written, without space. */
bool contact_postcode(struct bytes letters, struct contact_postcode *out);
/* Is it one as it stands, of an area that there is, with an inward half that there can be? */
bool contact_is_postcode(struct bytes letters);

/* A telephone number within the country, from its digits: without 0, 44, 0044 and 440. No bytes if it is none. */
struct bytes contact_number(struct bytes digits);

#endif
