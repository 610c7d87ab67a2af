/* Of all texts only the one of the corpus is what its machine signed; what is read keeps to its limits. */
#include <assert.h>
#include <string.h>

#include "audit/verify_parts.h"

/* The machine's key, and what the hash of the file `good` of the corpus is. */
#define SPKI                                                                                                           \
  "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEiXxO88ejFz5QUO6L9sU+4JCy2u"                                                     \
  "OUwYtEuwaEc2w2WipVKql6+TwhnHuRXz4+phG7htkGN5pwI9/dnCxpTf9XcQ=="
#define GOOD "5954a09e5b173a6b555cf5c2eac1a586410676954fb887ac7f94cfb517671f80"

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len) {
  static struct vcurve *curve;
  static struct vkey key;
  struct vhead h;
  uint8_t hash[VHASH_SIZE], spki[VKEY_SPKI_SIZE];
  char digits[65];
  size_t spki_len;
  if (curve == NULL) {
    bool is_key =
        vtext_base64(vtext_of(SPKI, strlen(SPKI)), spki, sizeof spki, &spki_len) && vkey_read(spki, spki_len, &key);
    assert(is_key);
    (void)is_key;
    curve = vcurve_new();
  }
  vhash(in, len, hash);
  vtext_to_hex(hash, VHASH_SIZE, digits);
  bool is_form = vhead_read(vtext_of(in, len), &h);
  assert((is_form && vhead_is_signed(curve, &h, &key)) == (strcmp(digits, GOOD) == 0));
  if (!is_form)
    return 0;
  assert(h.signed_len < len && h.told_count <= VHEAD_TOLD_MAX);
  for (size_t i = 0; i < h.told_count; i++)
    assert(h.told[i].number > (i ? h.told[i - 1].number : 0) && h.told[i].number <= h.position.number);
  vhead_release(&h);
  return 0;
}
