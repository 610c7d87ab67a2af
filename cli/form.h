/* Forms: a record as a text that people fill in, and files of records.
 *
 * A form has one field a line, `name: value`. A field that may occur more than once is repeated. A text goes on in
 * lines that begin with two spaces. Lines that begin with # and fields without a value are left out. A file that begins
 * with { is one JSON object instead, whose keys are the fields. */
#ifndef CAIRN_CLI_FORM_H
#define CAIRN_CLI_FORM_H

#include "cli/cmd.h"
#include "core/kind.h"

#define FORM_SIZE_MAX ((size_t)1 << 20)

struct form {
  struct cmd_line line; /* what was filled in, as if it had been typed behind a command */
  char **texts;
  size_t text_count;
};

/* Appends a form to be filled in: each field with its help. */
void form_print(const struct kind *k, struct buf *out);

/* Appends a file's content, of standard input for "-". ERR_ABSENT, ERR_LIMIT, ERR_IO. */
enum err form_read_file(const char *path, struct buf *out);

/* ERR_USAGE with words that name the line or the key. */
enum err form_read(const struct kind *k, struct bytes text, struct form *out);
void form_release(struct form *f);

#endif
