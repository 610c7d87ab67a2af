/* A draft read from a record in JSON: one object whose keys are the fields of a kind, wherever in the entry they stand;
 * a list for a field that may occur more than once. For profiles that come with the program, for files that people
 * fill in, and for import. */
#ifndef CAIRN_CORE_DRAFT_H
#define CAIRN_CORE_DRAFT_H

#include "core/author.h"

#define DRAFT_VALUES_MAX 2048

struct draft_read {
  struct draft draft; /* borrows from what follows */
  struct draft_value *values;
  char **texts;
};

/* ERR_FORM with words that name the key: not JSON, a key that is no field, a value that is neither text nor a whole
 * number nor a list of them. Whether the values are good is for author_write to say. */
enum err draft_read(const struct kind *k, struct bytes json, struct draft_read *out);
void draft_read_release(struct draft_read *d);

#endif
