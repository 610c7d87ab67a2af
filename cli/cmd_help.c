#include <string.h>

#include "cli/cmd_parts.h"
#include "core/text.h"

#define LEFT_WIDTH_MAX 44 /* what is wider has a line of its own, and its help stands below */

static void add_padded(struct buf *b, struct bytes left, size_t width, const char *right) {
  buf_addf(b, "  %.*s", (int)left.len, (const char *)left.at);
  if (left.len > width)
    buf_addf(b, "\n  %*s", (int)width, "");
  buf_addf(b, "%*s%s\n", (int)(left.len > width ? 2 : width - left.len + 2), "", right);
}

static size_t wider_of(size_t width, size_t label) {
  return label > width && label <= LEFT_WIDTH_MAX ? label : width;
}

static void option_label(struct buf *b, const struct cmd_opt *o) {
  buf_clear(b);
  buf_addf(b, "--%s", o->name);
  if (o->type != CMD_FLAG)
    buf_addf(b, " %s", o->value ? o->value : "VALUE");
  if (o->type == CMD_LIST)
    buf_add_str(b, " ...");
}

static void add_options(struct buf *b, const char *title, const struct cmd_opt *const *lists, size_t count) {
  struct buf label = {0};
  size_t width = 0;
  for (size_t i = 0; i < count; i++)
    for (const struct cmd_opt *o = lists[i]; o && o->name; o++) {
      option_label(&label, o);
      width = wider_of(width, label.len);
    }
  if (label.len > 0)
    buf_addf(b, "\n%s\n", title);
  for (size_t i = 0; i < count; i++)
    for (const struct cmd_opt *o = lists[i]; o && o->name; o++) {
      option_label(&label, o);
      add_padded(b, buf_bytes(&label), width, o->help);
    }
  buf_release(&label);
}

static void add_common_options(const struct cmd_program *p, struct buf *b) {
  const struct cmd_opt *const lists[] = {p->opts, cmd_always};
  add_options(b, "options of every command:", lists, 2);
}

static void add_more(struct buf *b, const char *more) {
  if (more != NULL)
    buf_addf(b, "\n%s%s", more, more[0] && more[strlen(more) - 1] == '\n' ? "" : "\n");
}

static void add_needed(struct buf *b, const struct cmd_opt *opts) {
  bool is_any = false;
  for (const struct cmd_opt *o = opts; o && o->name; o++) {
    if (o->is_needed)
      buf_addf(b, "%s--%s", is_any ? ", " : "needed: ", o->name);
    is_any = is_any || o->is_needed;
  }
  if (is_any)
    buf_add_str(b, "\n");
}

static void add_command_help(const struct cmd_program *p, const struct cmd *cmd, struct buf *b) {
  bool operands = cmd->operands && cmd->operands[0];
  buf_addf(b, "%s %s: %s\n\nusage: %s %s%s%s [OPTIONS]\n", p->name, cmd->words, cmd->help, p->name, cmd->words,
           operands ? " " : "", operands ? cmd->operands : "");
  add_needed(b, cmd->opts);
  add_options(b, "options:", &cmd->opts, 1);
  add_common_options(p, b);
  add_more(b, cmd->more);
}

static void command_label(struct buf *b, const struct cmd *cmd) {
  buf_clear(b);
  buf_add_str(b, cmd->words);
  if (cmd->operands && cmd->operands[0])
    buf_addf(b, " %s", cmd->operands);
}

/* The commands that begin with what was typed, the program's tables apart. */
static void add_commands(const struct cmd_program *p, const struct typed *t, struct buf *b) {
  struct buf label = {0};
  const struct cmd *cmd;
  size_t width = 0, table = SIZE_MAX;
  for (struct walk w = {0}; (cmd = cmd_next(p, &w)) != NULL;) {
    command_label(&label, cmd);
    if (cmd_begins_with(t, t->matched, cmd))
      width = wider_of(width, label.len);
  }
  for (struct walk w = {0}; (cmd = cmd_next(p, &w)) != NULL;) {
    if (!cmd_begins_with(t, t->matched, cmd))
      continue;
    if (table != w.table)
      buf_add_str(b, "\n");
    table = w.table;
    command_label(&label, cmd);
    add_padded(b, buf_bytes(&label), width, cmd->help);
  }
  buf_release(&label);
}

/* Help on the program, or on all commands that begin with the words that were typed. */
static void add_list_help(const struct cmd_program *p, const struct typed *t, struct buf *b) {
  if (t->matched == 0) {
    buf_addf(b, "%s: %s\n\nusage: %s COMMAND [OPTIONS]\n", p->name, p->what, p->name);
  } else {
    buf_addf(b, "usage: %s ", p->name);
    cmd_add_typed(b, t, t->matched);
    buf_add_str(b, " ... [OPTIONS]\n");
  }
  add_commands(p, t, b);
  add_common_options(p, b);
  if (t->matched == 0)
    add_more(b, p->more);
}

static void print_help(struct out *out, const struct buf *text) {
  if (out->form == OUT_TEXT) {
    buf_add(&out->text, buf_bytes(text));
    return;
  }
  out_begin(out, NULL);
  out_field_bytes(out, "help", buf_bytes(text));
  out_end(out);
}

void cmd_help(const struct cmd_program *p, const struct cmd *cmd, struct out *out) {
  struct buf text = {0};
  add_command_help(p, cmd, &text);
  print_help(out, &text);
  buf_release(&text);
}

static bool begins_others(const struct cmd_program *p, const struct typed *t) {
  const struct cmd *cmd;
  for (struct walk w = {0}; (cmd = cmd_next(p, &w)) != NULL;)
    if (cmd != t->cmd && cmd_begins_with(t, t->matched, cmd))
      return true;
  return false;
}

/* A command whose words begin others' too is explained together with them. */
void cmd_help_typed(const struct cmd_program *p, const struct typed *t, struct out *out) {
  struct buf text = {0};
  bool one = t->cmd && t->cmd_words == t->matched;
  if (one)
    add_command_help(p, t->cmd, &text);
  if (one && begins_others(p, t))
    buf_add_str(&text, "\n");
  if (!one || begins_others(p, t))
    add_list_help(p, t, &text);
  print_help(out, &text);
  buf_release(&text);
}
