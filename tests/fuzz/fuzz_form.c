/* What people fill in, as a form and as a record in JSON, for the kind of its first byte: what is read has only fields
 * of that kind, each with a value, and what is not is told in words. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "cli/form.h"
#include "core/draft.h"

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);

static size_t kind_count(void) {
  size_t n = 0;
  while (kind_at(n))
    n++;
  return n;
}

static bool has_field(const struct kind *k, const char *name) {
  for (size_t i = 0; k->fields[i].name; i++)
    if (strcmp(k->fields[i].name, name) == 0)
      return true;
  return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len) {
  if (len == 0)
    return 0;
  const struct kind *k = kind_at(in[0] % kind_count());
  struct bytes text = bytes_of(in + 1, len - 1);
  struct form form;
  struct draft_read d;
  enum err e = form_read(k, text, &form);
  assert(e == OK || err_words(e)[0] != '\0');
  if (e == OK)
    form_release(&form);
  e = draft_read(k, text, &d);
  assert(e == OK || err_words(e)[0] != '\0');
  for (size_t i = 0; e == OK && i < d.draft.count; i++)
    assert(d.values[i].value && has_field(k, d.values[i].name));
  if (e == OK)
    draft_read_release(&d);
  return 0;
}
