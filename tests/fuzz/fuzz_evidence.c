/* Any bytes as evidence: whatever they say, they prove nothing by a key that has signed none of it. */
#include <assert.h>

#include "core/note.h"
#include "sync/evidence.h"

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len) {
  static struct note_vkey key;
  struct evidence_text e;
  struct buf words = {0};
  if (key.name[0] == '\0') {
    struct key *k = key_new();
    struct buf text = {0};
    note_vkey_format(&text, "cairn.test/other", k);
    assert(note_vkey_parse(buf_bytes(&text), &key) == OK);
    buf_release(&text);
    key_free(k);
  }
  if (evidence_read(bytes_of(in, len), &e) != OK)
    return 0;
  assert(evidence_check(&e, &key, 1, &words) == EVIDENCE_FAILS && words.len > 0);
  evidence_text_release(&e);
  buf_release(&words);
  return 0;
}
