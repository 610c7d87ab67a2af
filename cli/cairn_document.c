#include "cli/home.h"
#include "core/document.h"

static enum err save(struct home *h, const struct cmd_line *line, struct out *out) {
  struct hash document, file;
  struct record r = {0};
  const char *path = cmd_nth(line, "", 1);
  enum err e = home_resolve(h, cmd_nth(line, "", 0), "document.add", &document);
  if (e == OK)
    e = document_find_file(h->store, &document, &file);
  if (e == OK)
    e = store_find(h->store, &file, &r);
  if (e == OK && !r.has_content)
    e = err_set(ERR_ABSENT, "the file of this document is not here any more");
  if (e == OK)
    e = folder_save(path, buf_bytes(&r.content));
  if (e == OK) {
    out_begin(out, NULL);
    out_field(out, "file", path);
    out_field_bytes(out, "media", r.entry.media);
    out_field_number(out, "bytes", r.content.len);
    out_end(out);
    out_say(out, "The file is outside of the record now: delete it when it is not needed any more.");
  }
  record_release(&r);
  return e;
}

static enum err run_save(void *program, const struct cmd_line *line, struct out *out) {
  return home_look(program, line, out, save);
}

const struct cmd home_document_commands[] = {
    {"document save", "DOCUMENT FILE", 2, 2, NULL, "write a document's file, to be opened with another program",
     "A document is named by its title or by the first digits of its id (cairn list document.add). The new file is "
     "readable by you only.",
     run_save},
    {0},
};
