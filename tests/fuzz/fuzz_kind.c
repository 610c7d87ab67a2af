/* What kind_check lets through enters the views without an error of SQL. An input is the kind's name as a line, the
 * header's lines between `at` and `audience`, an empty line, the content. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/store_parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);

/* One store for all inputs, without a name from the start. */
static struct store *temporary_store(void) {
  static struct store *s;
  char folder[] = "/tmp/cairn-fuzz-XXXXXX", path[64];
  if (s)
    return s;
  enum err e = mkdtemp(folder) ? OK : ERR_IO;
  snprintf(path, sizeof path, "%s/x.db", folder);
  e = e == OK ? store_create(path, &s) : e;
  assert(e == OK);
  unlink(path);
  strcat(path, "-wal");
  unlink(path);
  rmdir(folder);
  return s;
}

static void enter(const struct kind *k, const struct entry *e, const struct json *content) {
  struct store *s = temporary_store();
  struct projection p = {k, e, content, e->id, 1, bytes_str("2026-11-21T10:00:00Z")};
  struct hash digest;
  enum err begun = store_begin(s), err = view_enter(s, &p), read = store_views_digest(s, &digest);
  /* A certificate is read by the door before; here it may be none. */
  assert(begun == OK && (err == OK || (err == ERR_FORM && e->cert.len)) && read == OK);
  store_rollback(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len) {
  struct bytes rest = bytes_of(in, len), name = {0};
  const uint8_t *gap = memmem(in, len, "\n\n", 2);
  const struct kind *k = gap && text_split(&rest, '\n', &name) ? kind_find(name) : NULL;
  struct buf header = {0};
  struct entry e;
  struct json *content = NULL;
  if (k == NULL)
    return 0;
  struct bytes lines = bytes_of(rest.at, rest.at <= gap ? (size_t)(gap + 1 - rest.at) : 0);
  struct hash some = hash_of(lines);
  buf_addf(&header, "cairn entry 1\nkind %s\nby %s\nat 2026-11-21T10:00:00Z\n", k->name, hash_hex(&some).s);
  buf_add(&header, lines);
  buf_addf(&header, "audience %s\n", audience_word(k->audience));
  if (k->audience == AUDIENCE_NAMED)
    buf_addf(&header, "to %s\n", hash_hex(&some).s);
  buf_addf(&header, "media application/json\ncontent %s\n", hash_hex(&some).s);
  if (entry_decode(buf_bytes(&header), &e) == OK &&
      json_parse_record(bytes_of(gap + 2, len - (size_t)(gap + 2 - in)), &content) == OK &&
      kind_check(k, &e, content) == OK)
    enter(k, &e, content);
  if (content)
    json_free(content);
  buf_release(&header);
  return 0;
}
