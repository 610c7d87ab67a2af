/* What a command prints: records of named fields, in columns for people or as JSON for machines. The
 * command says what there is; out decides how it looks. Own code on purpose: the auditor's program shares it and
 * links nothing but libc, mbedTLS and libgit2.
 *
 * A command opens at most one object or table at the top, so that what it prints is one JSON document; objects nest in
 * objects, tables stand in objects, and a table's rows hold fields only. In text, control characters and what turns the
 * direction of writing are shown as U+FFFD: what others wrote cannot steer the terminal. Tables that are wider than the
 * terminal have cells of several lines, as far as their words allow it; what goes elsewhere has a line for each row. */
#ifndef CAIRN_CLI_OUT_H
#define CAIRN_CLI_OUT_H

#include <stdio.h>

#include "core/bytes.h"
#include "core/err.h"

enum out_form { OUT_TEXT, OUT_JSON };

struct out {
  enum out_form form;
  size_t width;            /* of the terminal, in characters; 0: lines are as long as they are */
  struct buf text;         /* what has been printed so far; the program writes it to standard output at the end */
  FILE *to;                /* where it is written; NULL: whoever called takes the text */
  bool is_sent;            /* something was written already */
  struct out_table *table; /* what is being laid out: a table, or in text an object's fields; or NULL */
  int depth;               /* JSON nesting */
  bool first;              /* no item yet at this depth */
};

void out_init(struct out *o, enum out_form form);
void out_release(struct out *o);
/* What was told is not so in the end: nothing of it is said. In no table or list. */
void out_take_back(struct out *o);
/* ERR_IO if there was more to print than fits. */
enum err out_err(const struct out *o);
/* Writes what has been printed so far, for a command that goes on only if it was said; it cannot be taken back. ERR_IO.
 * In no object, table or list. */
enum err out_send(struct out *o);

/* A sentence for people; nothing in JSON. Ends with a line feed of its own. */
void out_say(struct out *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* One object: in text, `name: value` lines. In JSON an object. May stand in a table (a row), under a key, or alone.
 * Names are printed in text with spaces for `-` and `_`. */
void out_begin(struct out *o, const char *key);
void out_end(struct out *o);

/* A table: rows are objects with the same fields; in text, columns with headings. `none` is said in text if there
 * are no rows. In JSON an array. key may be NULL at the top. */
void out_table_begin(struct out *o, const char *key, const char *none);
void out_table_end(struct out *o);

/* Fields of the open object. A NULL or empty value is left out of JSON and of `name: value` lines and blank in a table.
 */
void out_field(struct out *o, const char *name, const char *value);
void out_field_bytes(struct out *o, const char *name, struct bytes value);
void out_field_number(struct out *o, const char *name, uint64_t value);
void out_field_bool(struct out *o, const char *name, bool value);
/* A hash or id: eight digits in text, all in JSON. hex may be NULL. */
void out_field_id(struct out *o, const char *name, const char *hex);

/* Appends s as a JSON string, quotes included; invalid UTF-8 becomes U+FFFD. */
void out_json_string(struct buf *b, struct bytes s);

#endif
