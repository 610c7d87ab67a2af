/* Apart from the rest, because the auditor's program writes it, too, and shares no cryptography with what signed. */
#include "core/text.h"
#include "sync/evidence.h"

/* Headers are lines, and so are notes: each part can be told from the next by its first word. */
void evidence_add_part(struct buf *b, const char *word, struct bytes text) {
  buf_addf(b, "%s %zu\n", word, text.len);
  buf_add(b, text);
  buf_add_str(b, "\n");
}

void evidence_notes_format(struct buf *b, const struct evidence_notes *e) {
  buf_addf(b, "cairn evidence 1\nwhat %s\n", e->words);
  evidence_add_part(b, "before", e->before);
  if (e->witness.len) {
    buf_add_str(b, "witness ");
    text_base64_encode(b, e->witness);
    buf_add_str(b, "\n");
  }
  evidence_add_part(b, "checkpoint", e->checkpoint);
}
