#include "cli/out.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"

#define ID_DIGITS 8
#define NARROWEST 20               /* columns that are wider may be wrapped: times and ids are not broken */
#define GAP 2                      /* between columns */
#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

struct column {
  char *name;
  size_t width;
  bool number; /* holds numbers only, and is aligned to the right */
};

/* A text of the layout: its bytes in out_table.texts, and its width in code points. */
struct cell {
  size_t row, column, at, len, width;
};

/* Rows and columns whose widths are known only at the end. The fields of an object are laid out as a table without
 * headings: names in the first column, values in the second. JSON needs no layout, only that there is a table. */
struct out_table {
  bool is_table, in_row;
  char *key;
  char *none;
  struct column *columns;
  size_t column_count;
  struct cell *cells;
  size_t cell_count, cell_room;
  size_t row_count;
  struct buf texts;
};

void out_init(struct out *o, enum out_form form) {
  *o = (struct out){.form = form, .first = true};
}

static void table_free(struct out *o) {
  struct out_table *t = o->table;
  if (t == NULL)
    return;
  for (size_t i = 0; i < t->column_count; i++)
    free(t->columns[i].name);
  free(t->columns);
  free(t->cells);
  free(t->key);
  free(t->none);
  buf_release(&t->texts);
  free(t);
  o->table = NULL;
}

void out_release(struct out *o) {
  table_free(o);
  buf_release_secret(&o->text);
}

void out_take_back(struct out *o) {
  enum out_form form = o->form;
  size_t width = o->width;
  FILE *to = o->to;
  bool is_sent = o->is_sent;
  out_release(o);
  out_init(o, form);
  o->width = width;
  o->to = to;
  o->is_sent = is_sent;
}

enum err out_err(const struct out *o) {
  return buf_err(&o->text) == OK
             ? OK
             : err_set(ERR_IO, "could not print: there is more to print than fits into %zu MiB", BUF_MAX >> 20);
}

enum err out_send(struct out *o) {
  struct bytes b = buf_bytes(&o->text);
  if (out_err(o) != OK || o->to == NULL || b.len == 0)
    return out_err(o);
  if (fwrite(b.at, 1, b.len, o->to) != b.len || fflush(o->to) != 0)
    return err_set(ERR_IO, "could not write the output: %s", strerror(errno));
  buf_clear(&o->text);
  o->is_sent = true;
  return OK;
}

static bool in_table(const struct out *o) {
  return o->table != NULL && o->table->is_table;
}

static bool in_row(const struct out *o) {
  return in_table(o) && o->table->in_row;
}

/* Characters. */

/* The first character of s, which is not empty: its bytes, or none if they are not UTF-8. */
static struct bytes first_character(struct bytes s) {
  for (size_t n = 1; n <= 4 && n <= s.len; n++)
    if (text_is_utf8(bytes_of(s.at, n)))
      return bytes_of(s.at, n);
  return bytes_of(s.at, 0);
}

/* U+2028 to U+202E and U+2066 to U+2069: breaks of lines, and changes of direction. */
static bool is_layout(struct bytes c) {
  return c.len == 3 && c.at[0] == 0xe2 &&
         ((c.at[1] == 0x80 && c.at[2] >= 0xa8 && c.at[2] <= 0xae) ||
          (c.at[1] == 0x81 && c.at[2] >= 0xa6 && c.at[2] <= 0xa9));
}

/* Appends s as it may be shown, with `line_feed` for its line feeds, and returns how many characters that is. */
static size_t add_shown(struct buf *b, struct bytes s, const char *line_feed) {
  size_t width = 0;
  while (s.len > 0) {
    struct bytes c = first_character(s);
    if (bytes_equal_str(c, "\n"))
      buf_add_str(b, line_feed);
    else if (bytes_equal_str(c, "\t"))
      buf_add_str(b, " ");
    else if (c.len == 0 || !text_is_plain(c) || is_layout(c))
      buf_add_str(b, REPLACEMENT);
    else
      buf_add(b, c);
    width++;
    s = bytes_of(s.at + (c.len ? c.len : 1), s.len - (c.len ? c.len : 1));
  }
  return width;
}

static void add_json_character(struct buf *b, struct bytes c) {
  static const char escaped[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
  const char *e = c.len == 1 && c.at[0] ? strchr(escaped, c.at[0]) : NULL;
  if (c.len == 0)
    buf_add_str(b, REPLACEMENT);
  else if (e != NULL)
    buf_addf(b, "\\%c", letters[e - escaped]);
  else if (c.at[0] < 0x20 || c.at[0] == 0x7f)
    buf_addf(b, "\\u%04x", c.at[0]);
  else if (c.len == 2 && c.at[0] == 0xc2 && c.at[1] < 0xa0) /* U+0080 to U+009F, which some terminals obey */
    buf_addf(b, "\\u%04x", c.at[1]);
  else
    buf_add(b, c);
}

void out_json_string(struct buf *b, struct bytes s) {
  buf_add_str(b, "\"");
  while (s.len > 0) {
    struct bytes c = first_character(s);
    add_json_character(b, c);
    s = bytes_of(s.at + (c.len ? c.len : 1), s.len - (c.len ? c.len : 1));
  }
  buf_add_str(b, "\"");
}

static void add_spaces(struct buf *b, size_t n) {
  uint8_t *p = buf_extend(b, n);
  if (p && n)
    memset(p, ' ', n);
}

/* Filling a layout. */

static struct out_table *table_new(bool is_table, const char *key, const char *none) {
  struct out_table *t = mem_alloc(sizeof *t);
  t->is_table = is_table;
  t->key = key ? mem_copy_string(key) : NULL;
  t->none = none ? mem_copy_string(none) : NULL;
  return t;
}

static size_t table_column(struct out_table *t, const char *name) {
  for (size_t i = 0; i < t->column_count; i++)
    if (strcmp(t->columns[i].name, name) == 0)
      return i;
  struct column *more = mem_alloc_array(t->column_count + 1, sizeof *more);
  if (t->column_count)
    memcpy(more, t->columns, t->column_count * sizeof *more);
  free(t->columns);
  t->columns = more;
  t->columns[t->column_count] =
      (struct column){.name = mem_copy_string(name), .width = t->is_table ? strlen(name) : 0, .number = true};
  return t->column_count++;
}

static void table_add(struct out_table *t, size_t column, struct bytes text, bool number) {
  if (t->cell_count == t->cell_room) {
    t->cell_room = t->cell_room ? 2 * t->cell_room : 32;
    struct cell *more = mem_alloc_array(t->cell_room, sizeof *more);
    if (t->cell_count)
      memcpy(more, t->cells, t->cell_count * sizeof *more);
    free(t->cells);
    t->cells = more;
  }
  size_t at = t->texts.len;
  size_t width = add_shown(&t->texts, text, t->is_table ? " " : "\n");
  t->cells[t->cell_count++] = (struct cell){t->row_count, column, at, t->texts.len - at, width};
  if (width > t->columns[column].width)
    t->columns[column].width = width;
  if (!number)
    t->columns[column].number = false;
}

/* Names in text: `-` and `_` are spaces; headings are in capitals. */
static char *spoken(const char *name) {
  char *s = mem_copy_string(name);
  for (char *p = s; *p; p++)
    if (*p == '-' || *p == '_')
      *p = ' ';
  return s;
}

static char *heading(const char *name) {
  char *s = spoken(name);
  for (char *p = s; *p; p++)
    if (*p >= 'a' && *p <= 'z')
      *p = (char)(*p - 'a' + 'A');
  return s;
}

/* Printing a layout. */

/* Where the text of a depth starts: what stands at the top is not indented, nor is what an object at the top holds. */
static size_t indent_of(int depth) {
  return depth > 1 ? 2 * (size_t)(depth - 1) : 0;
}

/* Further lines of a text stand under its first. */
static void add_lines(struct buf *b, struct bytes text, size_t indent) {
  struct bytes line;
  while (text_split(&text, '\n', &line)) {
    buf_add(b, line);
    buf_add_str(b, "\n");
    if (text.len && text.at[0] != '\n')
      add_spaces(b, indent);
  }
  buf_add(b, text);
}

struct line {
  struct buf *to;
  const struct out_table *table;
  size_t indent; /* of the line */
  size_t at;     /* the column that comes next starts here */
  size_t used;   /* characters printed so far: spaces are only printed before something */
};

static void line_start(struct line *l) {
  l->at = l->indent;
  l->used = 0;
}

static void line_add(struct line *l, size_t column, struct bytes text, size_t width) {
  const struct column *c = &l->table->columns[column];
  size_t start = l->at + (c->number && l->table->is_table ? c->width - width : 0);
  if (text.len > 0) {
    add_spaces(l->to, start - l->used);
    add_lines(l->to, text, start);
    l->used = start + width;
  }
  l->at += c->width + (l->table->is_table ? GAP : 1);
}

static void print_headings(struct line *l) {
  line_start(l);
  for (size_t i = 0; i < l->table->column_count; i++) {
    char *s = heading(l->table->columns[i].name);
    line_add(l, i, bytes_str(s), strlen(s));
    free(s);
  }
  buf_add_str(l->to, "\n");
}

/* Takes the first line of a cell from the front of rest: as many words as fit, of a longer word what fits. */
static struct bytes take_line(struct bytes *rest, size_t width, size_t *width_out) {
  struct bytes all = *rest, left = *rest, line = {0};
  size_t chars = 0;
  *width_out = 0;
  while (left.len > 0 && chars < width) {
    struct bytes c = first_character(left);
    left = bytes_of(left.at + (c.len ? c.len : 1), left.len - (c.len ? c.len : 1));
    chars++;
    if (left.len == 0 || left.at[0] == ' ') {
      line = bytes_of(all.at, all.len - left.len);
      *width_out = chars;
    }
  }
  if (line.len == 0) {
    line = bytes_of(all.at, all.len - left.len);
    *width_out = chars;
  }
  size_t used = line.len < all.len && all.at[line.len] == ' ' ? line.len + 1 : line.len;
  *rest = bytes_of(all.at + used, all.len - used);
  return line;
}

/* A row of a table has as many lines as its longest cell; the fields of an object are not wrapped. */
static void print_row(struct line *l, struct bytes *row, const size_t *widths) {
  bool more;
  do {
    more = false;
    line_start(l);
    for (size_t i = 0; i < l->table->column_count; i++) {
      size_t width = widths[i];
      struct bytes text = row[i];
      if (l->table->is_table)
        text = take_line(&row[i], l->table->columns[i].width, &width);
      line_add(l, i, text, width);
      more |= l->table->is_table && row[i].len > 0;
    }
    buf_add_str(l->to, "\n");
  } while (more);
}

static size_t table_width(const struct out_table *t) {
  size_t width = 0;
  for (size_t i = 0; i < t->column_count; i++)
    width += t->columns[i].width + (i > 0 ? GAP : 0);
  return width;
}

static struct column *widest_column(const struct out_table *t) {
  struct column *widest = &t->columns[0];
  for (size_t i = 1; i < t->column_count; i++)
    if (t->columns[i].width > widest->width)
      widest = &t->columns[i];
  return widest;
}

/* Takes from the widest columns what the table is too wide. One of many columns stays wide: lines that the terminal
 * breaks are easier to read than columns of a word. */
static void fit_columns(struct out_table *t, size_t width) {
  size_t wrapped = 0;
  for (size_t i = 0; i < t->column_count; i++)
    wrapped += (t->columns[i].width < NARROWEST ? t->columns[i].width : NARROWEST) + (i > 0 ? GAP : 0);
  if (wrapped > width)
    return;
  while (table_width(t) > width)
    widest_column(t)->width--;
}

static void print_layout(struct out_table *t, struct buf *to, size_t indent, size_t width) {
  struct line line = {.to = to, .table = t, .indent = indent};
  struct bytes *row = mem_alloc_array(t->column_count, sizeof *row);
  size_t *widths = mem_alloc_array(t->column_count, sizeof *widths);
  if (t->is_table && width > indent)
    fit_columns(t, width - indent);
  if (t->is_table)
    print_headings(&line);
  for (size_t r = 0, i = 0; r < t->row_count; r++) {
    for (size_t c = 0; c < t->column_count; c++)
      row[c] = bytes_of(NULL, 0);
    for (; i < t->cell_count && t->cells[i].row == r; i++) {
      row[t->cells[i].column] = bytes_of(t->texts.at + t->cells[i].at, t->cells[i].len);
      widths[t->cells[i].column] = t->cells[i].width;
    }
    print_row(&line, row, widths);
  }
  free(row);
  free(widths);
  if (t->texts.err != OK)
    to->err = t->texts.err;
}

/* An empty line between the parts of an object. */
static void start_part(struct out *o) {
  if (!o->first)
    buf_add_str(&o->text, "\n");
  o->first = false;
}

static void print_key(struct out *o, const char *key) {
  char *s = spoken(key);
  add_spaces(&o->text, indent_of(o->depth));
  buf_addf(&o->text, "%s:\n", s);
  free(s);
}

/* Prints the fields of the open object that are not printed yet. */
static void flush_fields(struct out *o) {
  if (o->table == NULL || o->table->is_table)
    return;
  start_part(o);
  print_layout(o->table, &o->text, indent_of(o->depth), o->width);
  table_free(o);
}

/* JSON. Rows stand on one line each. */

static void json_item(struct out *o, const char *key) {
  if (!o->first)
    buf_add_str(&o->text, ",");
  if (in_row(o) && !o->first)
    buf_add_str(&o->text, " ");
  if (!in_row(o) && o->depth > 0) {
    buf_add_str(&o->text, "\n");
    add_spaces(&o->text, 2 * (size_t)o->depth);
  }
  if (key != NULL) {
    out_json_string(&o->text, bytes_str(key));
    buf_add_str(&o->text, ": ");
  }
  o->first = false;
}

static void json_open(struct out *o, const char *key, const char *bracket) {
  json_item(o, o->depth > 0 && !in_table(o) ? key : NULL);
  buf_add_str(&o->text, bracket);
  o->first = true;
}

static void json_close(struct out *o, const char *bracket) {
  if (!o->first && !in_row(o)) {
    buf_add_str(&o->text, "\n");
    add_spaces(&o->text, 2 * (size_t)o->depth);
  }
  buf_add_str(&o->text, bracket);
  if (o->depth == 0)
    buf_add_str(&o->text, "\n");
  o->first = false;
}

/* What commands call. */

void out_say(struct out *o, const char *fmt, ...) {
  if (o->form == OUT_JSON)
    return;
  struct buf sentence = {0};
  char *s;
  va_list ap;
  assert(!in_table(o));
  flush_fields(o);
  va_start(ap, fmt);
  int n = vasprintf(&s, fmt, ap);
  va_end(ap);
  assert(n >= 0);
  add_shown(&sentence, bytes_of(s, (size_t)n), "\n");
  add_spaces(&o->text, indent_of(o->depth));
  add_lines(&o->text, buf_bytes(&sentence), indent_of(o->depth));
  buf_add_str(&o->text, "\n");
  free(s);
  buf_release(&sentence);
}

void out_begin(struct out *o, const char *key) {
  assert(o->depth > 0 || o->first);
  assert(o->depth == 0 || in_table(o) || key != NULL);
  assert(!in_row(o));
  if (o->form == OUT_JSON) {
    json_open(o, key, "{");
  } else if (!in_table(o)) {
    flush_fields(o);
    if (o->depth > 0) {
      start_part(o);
      print_key(o, key);
    }
    o->first = true;
  }
  if (in_table(o))
    o->table->in_row = true;
  o->depth++;
}

void out_end(struct out *o) {
  assert(o->depth > 0 && (!in_table(o) || in_row(o)));
  if (o->form == OUT_TEXT)
    flush_fields(o);
  o->depth--;
  if (o->form == OUT_JSON)
    json_close(o, "}");
  if (in_table(o)) {
    o->table->in_row = false;
    o->table->row_count++;
  } else {
    o->first = false;
  }
}

void out_table_begin(struct out *o, const char *key, const char *none) {
  assert(o->depth > 0 || o->first);
  assert(o->depth == 0 || key != NULL);
  assert(!in_table(o));
  if (o->form == OUT_JSON)
    json_open(o, key, "[");
  else
    flush_fields(o);
  o->table = table_new(true, o->depth > 0 ? key : NULL, none);
  o->depth++;
}

static void print_table(struct out *o) {
  struct out_table *t = o->table;
  if (t->row_count == 0 && t->none == NULL)
    return;
  start_part(o);
  if (t->key)
    print_key(o, t->key);
  if (t->row_count > 0) {
    print_layout(t, &o->text, indent_of(o->depth + 1), o->width);
    return;
  }
  add_spaces(&o->text, indent_of(o->depth + 1));
  buf_addf(&o->text, "%s\n", t->none);
}

void out_table_end(struct out *o) {
  assert(in_table(o) && !in_row(o));
  o->depth--;
  if (o->form == OUT_JSON)
    json_close(o, "]");
  else
    print_table(o);
  if (o->depth == 0)
    o->first = false;
  table_free(o);
}

static void add_to_layout(struct out *o, const char *name, struct bytes text, bool number) {
  if (in_table(o)) {
    size_t column = table_column(o->table, name);
    if (text.len > 0)
      table_add(o->table, column, text, number);
    return;
  }
  if (text.len == 0)
    return;
  if (o->table == NULL) {
    o->table = table_new(false, NULL, NULL);
    table_column(o->table, "name");
    table_column(o->table, "value");
  }
  char *label = spoken(name);
  struct buf with_colon = {0};
  buf_addf(&with_colon, "%s:", label);
  table_add(o->table, 0, buf_bytes(&with_colon), false);
  table_add(o->table, 1, text, number);
  o->table->row_count++;
  buf_release(&with_colon);
  free(label);
}

void out_field_bytes(struct out *o, const char *name, struct bytes value) {
  assert(o->depth > 0 && (!in_table(o) || in_row(o)));
  if (o->form == OUT_TEXT) {
    add_to_layout(o, name, value, false);
  } else if (value.len > 0) {
    json_item(o, name);
    out_json_string(&o->text, value);
  }
}

void out_field(struct out *o, const char *name, const char *value) {
  out_field_bytes(o, name, bytes_str(value));
}

void out_field_number(struct out *o, const char *name, uint64_t value) {
  char digits[24];
  assert(o->depth > 0 && (!in_table(o) || in_row(o)));
  int n = snprintf(digits, sizeof digits, "%" PRIu64, value);
  if (o->form == OUT_TEXT) {
    add_to_layout(o, name, bytes_of(digits, (size_t)n), true);
    return;
  }
  json_item(o, name);
  buf_add_str(&o->text, digits);
}

void out_field_bool(struct out *o, const char *name, bool value) {
  if (o->form == OUT_TEXT) {
    out_field(o, name, value ? "yes" : "no");
    return;
  }
  assert(o->depth > 0 && (!in_table(o) || in_row(o)));
  json_item(o, name);
  buf_add_str(&o->text, value ? "true" : "false");
}

void out_field_id(struct out *o, const char *name, const char *hex) {
  struct bytes id = bytes_str(hex);
  if (o->form == OUT_TEXT && id.len > ID_DIGITS)
    id.len = ID_DIGITS;
  out_field_bytes(o, name, id);
}
