#include <stdlib.h>
#include <string.h>

#include "cli/audit.h"

/* Each by itself, so that the one that is none is named. */
static enum err check(const char *path, const struct verify_text *head) {
  const char *why = "";
  struct verify_facts facts = {.heads = head, .head_count = 1};
  struct verify *v = verify_new(&facts, &why);
  if (v == NULL)
    return err_set_remedy(ERR_USAGE, "a machine writes one with: cairn head FILE", "\"%s\": %s", path, why);
  verify_free(v);
  return OK;
}

enum err audit_heads_read(const struct cmd_line *line, struct audit_heads *out) {
  size_t count = 0;
  enum err e = OK;
  while (cmd_nth(line, "head", count))
    count++;
  struct audit_heads h = {.files = mem_alloc_array(count + 1, sizeof *h.files),
                          .texts = mem_alloc_array(count + 1, sizeof *h.texts)};
  for (; e == OK && h.count < count; h.count++) {
    struct buf *file = &h.files[h.count];
    const char *path = cmd_nth(line, "head", h.count);
    e = audit_read_file(path, VERIFY_HEAD_MAX, file);
    h.texts[h.count] = (struct verify_text){(const char *)file->at, file->len};
    if (e == OK)
      e = check(path, &h.texts[h.count]);
  }
  if (e == OK)
    *out = h;
  else
    audit_heads_release(&h);
  return e;
}

void audit_heads_release(struct audit_heads *h) {
  for (size_t i = 0; i < h->count; i++)
    buf_release(&h->files[i]);
  free(h->files);
  free(h->texts);
  *h = (struct audit_heads){0};
}
