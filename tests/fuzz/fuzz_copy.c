/* Of all files only the two that were handed out are what the chair approved. */
#include <assert.h>
#include <string.h>

#include "audit/verify_copy.h"
#include "audit/verify_parts.h"

/* The ledger's key, and what the hashes of the two files of the corpus are. */
#define VKEY                                                                                                           \
  "nl.example/register+ea4c6464+AjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABJpIXqgs02QuzkgxfYyU9LPhh"                         \
  "hcRCHtOiG8+tixwZExpDE8Ex+4d5LNR95ldNDYJ0C24qIO1J1TX24+kxxExn90="
static const char *const good[] = {
    "f0f5550e63bc3a34dcb5f673d0c10e603edcd376221120bfe6dac12287d338c1",
    "95a07d0ace9f9838d69275bc583d9b03afe86db25d1e3c66206e38e8d680ca70",
};

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len) {
  struct verify_copy c;
  const char *why;
  uint8_t hash[VHASH_SIZE];
  char digits[65];
  vhash(in, len, hash);
  vtext_to_hex(hash, VHASH_SIZE, digits);
  const bool is_known = strcmp(digits, good[0]) == 0 || strcmp(digits, good[1]) == 0;
  bool is_key = verify_copy(in, len, VKEY, &c, &why);
  assert(is_key);
  assert((c.code == VERIFY_COPY_GOOD) == is_known);
  is_key = verify_copy(in, len, NULL, &c, &why);
  assert(is_key && c.code != VERIFY_COPY_GOOD);
  (void)is_key;
  return 0;
}
