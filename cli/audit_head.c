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

static int64_t time_of(struct verify_text head) {
  static const char field[] = "\ntime ";
  const char *at = memmem(head.at, head.len, field, sizeof field - 1);
  const char *from = at ? at + sizeof field - 1 : NULL;
  const char *end = from ? memchr(from, '\n', (size_t)(head.at + head.len - from)) : NULL;
  int64_t s = 0;
  return end && text_time_parse(bytes_of(from, (size_t)(end - from)), &s) == OK ? s : 0;
}

bool audit_heads_are_after(const struct audit_heads *h, const struct text_time *fetched, int64_t now_s) {
  int64_t fetched_s = 0;
  bool is = false;
  if (text_time_parse(bytes_str(fetched->s), &fetched_s) != OK)
    return false;
  for (size_t i = 0; i < h->count; i++) {
    const int64_t at_s = time_of(h->texts[i]);
    is |= at_s > fetched_s && at_s <= now_s;
  }
  return is;
}

void audit_heads_release(struct audit_heads *h) {
  for (size_t i = 0; i < h->count; i++)
    buf_release(&h->files[i]);
  free(h->files);
  free(h->texts);
  *h = (struct audit_heads){0};
}
