/* Notes, checkpoints, verifier keys. A note that opens has the one text that its key has signed; a checkpoint that
 * parses is written again as the same bytes; a verifier key that parses has the hash and the name of its text. */
#include <assert.h>

#include "core/note.h"

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);

static const char vkey_text[] = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";

static void check_note(struct bytes note) {
  struct note_vkey vkey;
  struct bytes text, form_text;
  assert(note_vkey_parse(bytes_str(vkey_text), &vkey) == OK);
  if (note_open(note, &vkey, &text) == OK) {
    assert(note_text(note, &form_text) == OK && bytes_equal(text, form_text));
    assert(bytes_equal_str(text, "This is an example message.\n"));
  }
  if (note_text(note, &text) == OK)
    assert(text.at == note.at && text.len < note.len && text.at[text.len - 1] == '\n' && text.at[text.len] == '\n');
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len) {
  struct checkpoint c;
  struct note_vkey vkey;
  struct bytes input = bytes_of(in, len), text = input;
  check_note(input);
  note_text(input, &text);
  if (checkpoint_parse(text, &c) == OK) {
    struct buf again = {0};
    checkpoint_format(&again, &c);
    assert(bytes_equal(buf_bytes(&again), text));
    buf_release(&again);
  }
  if (note_vkey_parse(input, &vkey) == OK)
    assert(bytes_starts(input, vkey.name) && vkey.public_key_len > 0);
  return 0;
}
