#include "audit/verify_open.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/verify_parts.h"

#define FIRST_LINE "cairn disclosed 1"
#define TAG "cairn content 1\n"
#define TAG_SIZE (sizeof TAG - 1)
#define SALT_SIZE 16

static const char *const codes[] = {
#define X(code, text) text,
    VERIFY_OPEN_CODES(X)
#undef X
};

const char *verify_open_code_text(enum verify_open_code code) {
  return codes[code];
}

struct opening {
  struct vblob header, content;
  uint8_t salt[SALT_SIZE];
  struct vleaf entry;
  struct verify_open *out;
};

static bool wrong(struct opening *o, enum verify_open_code code, const char *sentence) {
  o->out->code = code;
  snprintf(o->out->sentence, sizeof o->out->sentence, "%s", sentence);
  return false;
}

static bool read_file(struct opening *o, struct verify_text file) {
  struct vlines l = {file, false};
  const bool is_first = file.len <= VERIFY_OPEN_MAX && vtext_is(vlines_next(&l), FIRST_LINE);
  vlines_base64(&l, "header", VLEAF_HEADER_MAX, &o->header);
  const struct verify_text salt = vlines_field(&l, "salt");
  vlines_base64_maybe(&l, "content", VERIFY_OPEN_CONTENT_MAX, &o->content);
  return (is_first && !l.failed && l.rest.len == 0 && vtext_hex(salt, o->salt, SALT_SIZE)) ||
         wrong(o, VERIFY_OPEN_FORM,
               "this is no content as cairn disclose writes it, or it was cut off or changed on its way");
}

static bool judge_header(struct opening *o) {
  const struct verify_entry *e = &o->entry.entry;
  struct verify_open *out = o->out;
  if (!vleaf_parse_header(vblob_text(&o->header), &o->entry))
    return wrong(o, VERIFY_OPEN_HEADER, "the header is not of its form");
  memcpy(out->entry, e->id, sizeof out->entry);
  vtext_copy(out->kind, sizeof out->kind, e->kind);
  vtext_copy(out->key, sizeof out->key, e->by);
  vtext_copy(out->at, sizeof out->at, e->at);
  vtext_copy(out->media, sizeof out->media, o->entry.media);
  return !vtext_is(e->audience, "restricted") ||
         wrong(o, VERIFY_OPEN_SEALED, "what is sealed is not disclosed so: only its provider lets it go further");
}

static bool judge_content(struct opening *o) {
  uint8_t *text = vtext_alloc(TAG_SIZE + SALT_SIZE + o->content.len), is[VHASH_SIZE], said[VHASH_SIZE];
  memcpy(text, TAG, TAG_SIZE);
  memcpy(text + TAG_SIZE, o->salt, SALT_SIZE);
  if (o->content.len)
    memcpy(text + TAG_SIZE + SALT_SIZE, o->content.at, o->content.len);
  vhash(text, TAG_SIZE + SALT_SIZE + o->content.len, is);
  free(text);
  return (vtext_hex(o->entry.content, said, VHASH_SIZE) && vsame(is, said)) ||
         wrong(o, VERIFY_OPEN_CONTENT, "the content, or its salt, is not the one that the header commits to");
}

void verify_open(const void *file, size_t len, struct verify_open *out) {
  struct opening *o = vtext_alloc(sizeof *o);
  *out = (struct verify_open){.code = VERIFY_OPEN_GOOD};
  o->out = out;
  if (read_file(o, vtext_of(file, len)) && judge_header(o) && judge_content(o)) {
    out->content = o->content.at;
    out->content_len = o->content.len;
    o->content = (struct vblob){0};
  }
  vblob_release(&o->header);
  vblob_release(&o->content);
  free(o);
}

void verify_open_release(struct verify_open *o) {
  free(o->content);
  *o = (struct verify_open){0};
}
