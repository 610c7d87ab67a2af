/* What the two files of the command line's engine share: cmd.c finds and runs a command, cmd_help.c explains. */
#ifndef CAIRN_CLI_CMD_PARTS_H
#define CAIRN_CLI_CMD_PARTS_H

#include "cli/cmd.h"

#define CMD_WORDS_MAX 8

/* What every command takes besides its own options and the program's. */
extern const struct cmd_opt cmd_always[];

/* Walks all commands: start with {0}. */
struct walk {
  size_t table, row;
};

const struct cmd *cmd_next(const struct cmd_program *p, struct walk *w);

/* What was typed, before it is known what the command's own options are. */
struct typed {
  char *words[CMD_WORDS_MAX]; /* leading words that may be the command's */
  int at[CMD_WORDS_MAX];      /* where they stand */
  size_t count;
  size_t matched;        /* how many of them begin some command */
  const struct cmd *cmd; /* whose words are the first ones; or NULL */
  size_t cmd_words;
  const char *stranger; /* the option that ended the words; or NULL */
  bool json, help, version;
};

/* True if the command's words begin with the first n that were typed. */
bool cmd_begins_with(const struct typed *t, size_t n, const struct cmd *cmd);
void cmd_add_typed(struct buf *b, const struct typed *t, size_t n);

/* The help of what was typed: the program's, a noun's, or a command's. */
void cmd_help_typed(const struct cmd_program *p, const struct typed *t, struct out *out);

#endif
