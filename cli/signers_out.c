#include "cli/signers_out.h"

#include "core/text.h"

static void print_lines(struct out *o, struct bytes file) {
  struct bytes line;
  out_table_begin(o, NULL, NULL);
  while (text_split(&file, '\n', &line)) {
    out_begin(o, NULL);
    out_field_bytes(o, "signer", line);
    out_end(o);
  }
  out_table_end(o);
}

void signers_out(struct out *o, struct bytes file) {
  if (o->form == OUT_JSON)
    print_lines(o, file);
  else if (file.len > 0)
    out_say(o, "%.*s", (int)(file.len - 1), (const char *)file.at);
}
