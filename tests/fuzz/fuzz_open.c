/* Content that is what its header commits to is not that any more with one bit of it changed. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "audit/verify_open.h"

/* The first character of what follows the word on a line of its own; NULL if there is none. */
static char *find(char *file, size_t len, const char *word) {
  const size_t n = strlen(word);
  char *at = memmem(file, len, word, n);
  return at && at + n < file + len ? at + n : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len) {
  static const char *const words[] = {"\nsalt ", "\ncontent "};
  struct verify_open o;
  verify_open(in, len, &o);
  const bool is_good = o.code == VERIFY_OPEN_GOOD;
  verify_open_release(&o);
  for (size_t i = 0; is_good && i < sizeof words / sizeof *words; i++) {
    char *copy = malloc(len), *at;
    if (copy == NULL)
      abort();
    memcpy(copy, in, len);
    at = find(copy, len, words[i]);
    if (at)
      *at = *at == '1' ? '2' : '1';
    verify_open(copy, len, &o);
    assert(at == NULL || o.code != VERIFY_OPEN_GOOD);
    verify_open_release(&o);
    free(copy);
  }
  return 0;
}
