#include "core/sheet.h"

#include <assert.h>
#include <string.h>

#define LINE_WIDTH 78
#define INDENT 4
#define REPLACEMENT "\xef\xbf\xbd"

static const char style[] =
    "body{font-family:Georgia,'Times New Roman',serif;font-size:12pt;line-height:1.45;color:#000;background:#fff;"
    "max-width:44em;margin:2em auto;padding:0 1em}\n"
    "h1,h2,h3,h4{font-family:Arial,Helvetica,sans-serif;line-height:1.2}\n"
    "h1{font-size:1.6em}h2{font-size:1.3em;border-bottom:1px solid #000;padding-bottom:.2em;margin-top:1.6em}"
    "h3{font-size:1.1em}h4{font-size:1em}\n"
    "dl{margin:.6em 0 1.2em}dt{font-weight:bold}dd{margin:0 0 .4em 1.5em;white-space:pre-wrap;overflow-wrap:anywhere}\n"
    "@page{margin:2cm}\n"
    "@media "
    "print{body{margin:0;max-width:none;font-size:11pt}h1,h2,h3,h4,dt{break-after:avoid}dd{orphans:3;widows:3}}\n";

/* ---- what is shown of a text ---- */

/* Marks that turn the direction of writing could make words read otherwise than they were written. */
static bool turns_direction(const uint8_t *at, size_t len) {
  return len >= 3 && at[0] == 0xe2 &&
         ((at[1] == 0x80 && at[2] >= 0xaa && at[2] <= 0xae) || (at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xa9));
}

/* One byte, or what stands in its place; gives how many bytes that took. */
static size_t add_plain(struct buf *b, struct bytes v, size_t at) {
  const uint8_t c = v.at[at];
  const bool turns = turns_direction(v.at + at, v.len - at);
  if (turns || (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f)
    buf_add_str(b, REPLACEMENT);
  else
    buf_u8(b, c);
  return turns ? 3 : 1;
}

static const char *entity_of(uint8_t c) {
  switch (c) {
  case '&': return "&amp;";
  case '<': return "&lt;";
  case '>': return "&gt;";
  case '"': return "&quot;";
  case '\'': return "&#39;";
  }
  return NULL;
}

static void add_escaped(struct buf *b, struct bytes v) {
  for (size_t i = 0; i < v.len;) {
    const char *entity = entity_of(v.at[i]);
    if (entity)
      buf_add_str(b, entity);
    i += entity ? 1 : add_plain(b, v, i);
  }
}

/* ---- text ---- */

static size_t columns(struct bytes v) {
  size_t n = 0;
  for (size_t i = 0; i < v.len; i++)
    n += (v.at[i] & 0xc0) != 0x80;
  return n;
}

static void add_shown(struct buf *b, struct bytes v) {
  for (size_t i = 0; i < v.len;)
    i += add_plain(b, v, i);
}

static void start_line(struct buf *b, size_t indent) {
  for (size_t i = 0; i < indent; i++)
    buf_u8(b, ' ');
}

/* One line of the original, broken between words where it is longer than a line. */
static void add_wrapped(struct buf *b, struct bytes v, size_t indent) {
  size_t at = 0, used = 0;
  start_line(b, v.len ? indent : 0);
  while (at < v.len) {
    const uint8_t *space = memchr(v.at + at, ' ', v.len - at);
    const size_t end = space ? (size_t)(space - v.at) : v.len;
    const struct bytes word = bytes_of(v.at + at, end - at);
    if (used > 0 && indent + used + 1 + columns(word) > LINE_WIDTH) {
      buf_u8(b, '\n');
      start_line(b, indent);
      used = 0;
    } else if (at > 0) {
      buf_u8(b, ' ');
      used++;
    }
    add_shown(b, word);
    used += columns(word);
    at = space ? end + 1 : v.len;
  }
  buf_u8(b, '\n');
}

static void add_lines(struct buf *b, struct bytes v, size_t indent) {
  for (size_t at = 0; at <= v.len;) {
    const uint8_t *lf = at < v.len ? memchr(v.at + at, '\n', v.len - at) : NULL;
    const size_t end = lf ? (size_t)(lf - v.at) : v.len;
    add_wrapped(b, bytes_of(v.at + at, end - at), indent);
    at = end + 1;
  }
}

static void underline(struct buf *b, struct bytes words, char with) {
  const size_t width = columns(words) < LINE_WIDTH ? columns(words) : LINE_WIDTH;
  for (size_t i = 0; i < width; i++)
    buf_u8(b, (uint8_t)with);
  buf_u8(b, '\n');
}

/* ---- both ---- */

void sheet_begin(struct sheet *p, struct bytes title) {
  *p = (struct sheet){.level = 1};
  buf_init(&p->html, SHEET_HTML_MAX);
  buf_init(&p->text, SHEET_TEXT_MAX);
  buf_add_str(&p->html, "<!DOCTYPE html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n"
                        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                        "style-src 'unsafe-inline'\">\n<title>");
  add_escaped(&p->html, title);
  buf_add_str(&p->html, "</title>\n<style>\n");
  buf_add_str(&p->html, style);
  buf_add_str(&p->html, "</style>\n</head>\n<body>\n<main>\n<h1>");
  add_escaped(&p->html, title);
  buf_add_str(&p->html, "</h1>\n");
  add_shown(&p->text, title);
  buf_u8(&p->text, '\n');
  underline(&p->text, title, '=');
}

void sheet_break(struct sheet *p) {
  if (!p->in_fields)
    return;
  p->in_fields = false;
  buf_add_str(&p->html, "</dl>\n");
}

void sheet_heading(struct sheet *p, unsigned level, struct bytes words) {
  assert(level >= 2 && level <= SHEET_LEVEL_MAX && level <= p->level + 1);
  sheet_break(p);
  p->level = level;
  buf_addf(&p->html, "<h%u>", level);
  add_escaped(&p->html, words);
  buf_addf(&p->html, "</h%u>\n", level);
  buf_u8(&p->text, '\n');
  add_shown(&p->text, words);
  buf_u8(&p->text, '\n');
  if (level < 4)
    underline(&p->text, words, level == 2 ? '-' : '.');
}

void sheet_paragraph(struct sheet *p, const char *words) {
  sheet_break(p);
  buf_add_str(&p->html, "<p>");
  add_escaped(&p->html, bytes_str(words));
  buf_add_str(&p->html, "</p>\n");
  buf_u8(&p->text, '\n');
  add_lines(&p->text, bytes_str(words), 0);
}

void sheet_field(struct sheet *p, const char *label, struct bytes value) {
  if (value.len == 0)
    return;
  if (!p->in_fields) {
    buf_add_str(&p->html, "<dl>\n");
    buf_u8(&p->text, '\n');
  }
  p->in_fields = true;
  buf_add_str(&p->html, "<dt>");
  add_escaped(&p->html, bytes_str(label));
  buf_add_str(&p->html, "</dt>\n<dd>");
  add_escaped(&p->html, value);
  buf_add_str(&p->html, "</dd>\n");
  buf_addf(&p->text, "%s:\n", label);
  add_lines(&p->text, value, INDENT);
}

enum err sheet_end(struct sheet *p) {
  sheet_break(p);
  buf_add_str(&p->html, "</main>\n</body>\n</html>\n");
  enum err e = buf_err(&p->html);
  if (e == OK)
    e = buf_err(&p->text);
  return e == OK ? OK
                 : err_set(ERR_LIMIT, "the document is too large: at most %zu kB as a page, %zu kB as text",
                           SHEET_HTML_MAX / 1000, SHEET_TEXT_MAX / 1000);
}

void sheet_release(struct sheet *p) {
  buf_release(&p->html);
  buf_release(&p->text);
}
