/* Of all files only the two of the corpus show an entry of this ledger. */
#include <assert.h>
#include <string.h>

#include "audit/verify_parts.h"
#include "audit/verify_proof.h"

/* The ledger's key, and what the hashes of the two files are. */
#define VKEY                                                                                                           \
  "nl.example/"                                                                                                        \
  "register+96faa1e9+AjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABPMOQJbNYMybSQ8aRxkFypm7JnwgHVKwqMYy23+m40enSu9p0+"           \
  "BdNowzpdRTCgBDae+o7JtR9rS7GvrSrNZVPu4="
static const char *const good[] = {
    "9cb99e107a637f45530180f94cbe6bc2b0500c285bd232833c3b96b5c88a416b",
    "2a7271f806042de5ca243c34f09f1de42a39e2fce42d1653534202e46678478a",
};

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len) {
  struct verify_proof p;
  const char *why;
  uint8_t hash[VHASH_SIZE];
  char digits[65];
  vhash(in, len, hash);
  vtext_to_hex(hash, VHASH_SIZE, digits);
  const bool is_known = strcmp(digits, good[0]) == 0 || strcmp(digits, good[1]) == 0;
  bool is_key = verify_proof(in, len, VKEY, NULL, &p, &why);
  assert(is_key);
  assert((p.code == VERIFY_PROOF_GOOD) == is_known);
  is_key = verify_proof(in, len, NULL, NULL, &p, &why);
  assert(is_key && p.code != VERIFY_PROOF_GOOD);
  (void)is_key;
  (void)is_known;
  return 0;
}
