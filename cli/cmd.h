/* The command line as a table: parsing, checking, help and completion of options walk it. A program is a list
 * of commands; a command is a noun and a verb (or one word), its options and its function.
 *
 * Programs end with 0 done, 1 the answer is no or refused, 2 wrong usage, 3 could not. */
#ifndef CAIRN_CLI_CMD_H
#define CAIRN_CLI_CMD_H

#include "cli/out.h"
#include "core/err.h"

#define CMD_VERSION "0.1"

/* As operands_max: from the first operand on, all words are operands, options too, for the function to parse with
 * cmd_parse against options that it knows only then. */
#define CMD_REST SIZE_MAX

enum cmd_opt_type { CMD_FLAG, CMD_VALUE, CMD_LIST };

struct cmd_opt {
  const char *name; /* without the dashes */
  enum cmd_opt_type type;
  const char *value; /* what the value is, for the help: "FILE" */
  const char *help;
  bool is_needed; /* the help names it; that it was given is for the command to ask */
};

struct cmd_value {
  const char *name; /* the option's name; "" for an operand */
  const char *value;
};

/* What was typed after the command's words. Borrowed from argv. */
struct cmd_line {
  const struct cmd *cmd;
  struct cmd_value *values;
  size_t count;
};

struct cmd {
  const char *words;    /* "meeting convene", "sync" */
  const char *operands; /* "CHILD", "[FILE]", "" */
  size_t operands_min, operands_max;
  const struct cmd_opt *opts; /* ends with a NULL name; may be NULL */
  const char *help;           /* one line */
  const char *more;           /* further lines for `--help`, or NULL */
  enum err (*run)(void *program, const struct cmd_line *line, struct out *out);
};

struct cmd_program {
  const char *name;
  const char *what;                /* one line: what the program is for */
  const struct cmd *const *tables; /* NULL-terminated list of tables, each ending with NULL words */
  const struct cmd_opt *opts;      /* options that every command takes; --help and --json are always there */
  const char *more;                /* lines at the end of the program's help, or NULL */
};

/* Finds the command, checks options and operands, answers --help at every level (ERR_USAGE never comes with it) and
 * --version, calls the command's function. A function may leave part of the line to be parsed by itself: CMD_REST.
 * Options of every command may stand before and between the command's words. Returns the exit status. Output is written
 * when the command is done, in one go; what a command that fails had printed is kept, but for what is unfinished.
 * Errors go to standard error in words, and with --json, if nothing else was printed, to standard output as
 * {"error", "remedy", "code"}. */
int cmd_main(const struct cmd_program *p, void *program, int argc, char **argv);

/* The same without printing: what would go to standard output and to standard error is appended. */
int cmd_run(const struct cmd_program *p, void *program, int argc, char **argv, struct buf *printed, struct buf *errors);

/* Parses words against the command's options, common (may be NULL), --help and --json: `--name value`, `--name=value`;
 * a value that itself begins with two dashes needs the second form; `--` ends the options. ERR_USAGE with words;
 * numbers of operands are not checked if --help is there. *line's values are allocated, cmd_line_release frees them. */
enum err cmd_parse(const struct cmd *cmd, const struct cmd_opt *common, int argc, char **argv, struct cmd_line *line);
void cmd_line_release(struct cmd_line *line);

/* The help of one command; in JSON as {"help"}. For functions that parse --help themselves. */
void cmd_help(const struct cmd_program *p, const struct cmd *cmd, struct out *out);

/* The last value of an option, or NULL. */
const char *cmd_value(const struct cmd_line *l, const char *name);
bool cmd_flag(const struct cmd_line *l, const char *name);
/* The i-th value of an option that may be repeated, or the i-th operand with name "". NULL past the end. */
const char *cmd_nth(const struct cmd_line *l, const char *name, size_t i);

#endif
