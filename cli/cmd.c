#include "cli/cmd_parts.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/near.h"
#include "core/text.h"

/* What every command takes besides its own options and the program's. */
const struct cmd_opt cmd_always[] = {
    {"json", CMD_FLAG, NULL, "print JSON for machines"},
    {"help", CMD_FLAG, NULL, "explain, and do nothing"},
    {NULL, CMD_FLAG, NULL, NULL},
};

static const char *code_name(enum err e) {
  static const char *const names[] = {
#define X(code, words, status) #code,
      ERR_TABLE(X)
#undef X
  };
  return names[e];
}

/* Options. */

static const struct cmd_opt *find_in(const struct cmd_opt *opts, struct bytes name) {
  for (; opts && opts->name; opts++)
    if (bytes_equal_str(name, opts->name))
      return opts;
  return NULL;
}

static const struct cmd_opt *find_opt(const struct cmd_opt *own, const struct cmd_opt *common, struct bytes name) {
  const struct cmd_opt *found = find_in(own, name);
  if (found == NULL)
    found = find_in(common, name);
  return found ? found : find_in(cmd_always, name);
}

static bool is_option(const char *word) {
  return word[0] == '-' && word[1] != '\0';
}

static bool ends_options(const char *word) {
  return strcmp(word, "--") == 0;
}

/* The name and, if it is given in the same word, the value of an option; value_out is NULL if it is not. */
static struct bytes option_name(const char *word, const char **value_out) {
  size_t dashes = word[1] == '-' ? 2 : 1;
  const char *name = word + dashes, *equals = strchr(name, '=');
  *value_out = equals ? equals + 1 : NULL;
  /* `-json` is not `--json`: with its dash it is no option's name. */
  return dashes == 1 ? bytes_str(word) : bytes_of(name, equals ? (size_t)(equals - name) : strlen(name));
}

static enum err unknown_option(const struct cmd *cmd, const struct cmd_opt *common, struct bytes name) {
  const struct cmd_opt *lists[] = {cmd->opts, common, cmd_always};
  struct near near = near_start(name);
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
    for (const struct cmd_opt *o = lists[i]; o && o->name; o++)
      near_try(&near, bytes_str(o->name));
  const char *dashes = bytes_starts(name, "-") ? "" : "--";
  if (near.best.len == 0)
    return err_set(ERR_USAGE, "\"%s%.*s\" is not an option of \"%s\"", dashes, (int)name.len, (const char *)name.at,
                   cmd->words);
  return err_set(ERR_USAGE, "\"%s%.*s\" is not an option of \"%s\"; did you mean \"--%.*s\"?", dashes, (int)name.len,
                 (const char *)name.at, cmd->words, (int)near.best.len, (const char *)near.best.at);
}

static void add_value(struct cmd_line *line, const char *name, const char *value) {
  line->values[line->count++] = (struct cmd_value){name, value};
}

static bool has_value(const struct cmd_line *line, const char *name) {
  return cmd_nth(line, name, 0) != NULL;
}

/* Parses the option at words[0] and returns in *used how many words it took. */
static enum err parse_option(const struct cmd_opt *common, int count, char **words, struct cmd_line *line, int *used) {
  const char *value;
  struct bytes name = option_name(words[0], &value);
  const struct cmd_opt *opt = find_opt(line->cmd->opts, common, name);
  *used = 1;
  if (opt == NULL)
    return unknown_option(line->cmd, common, name);
  if (opt->type == CMD_FLAG) {
    if (value != NULL)
      return err_set(ERR_USAGE, "the option --%s takes no value", opt->name);
    add_value(line, opt->name, "");
    return OK;
  }
  if (value == NULL && count > 1 && strncmp(words[1], "--", 2) != 0) {
    value = words[1];
    *used = 2;
  }
  if (value == NULL)
    return err_set(ERR_USAGE, "the option --%s needs a value: --%s=%s", opt->name, opt->name,
                   opt->value ? opt->value : "VALUE");
  if (opt->type == CMD_VALUE && has_value(line, opt->name))
    return err_set(ERR_USAGE, "the option --%s is given twice", opt->name);
  add_value(line, opt->name, value);
  return OK;
}

static enum err check_operands(const struct cmd_line *line) {
  const struct cmd *cmd = line->cmd;
  size_t n = 0;
  while (cmd_nth(line, "", n) != NULL)
    n++;
  if (cmd_flag(line, "help"))
    return OK;
  if (n < cmd->operands_min)
    return err_set(ERR_USAGE, "\"%s\" needs %s", cmd->words, cmd->operands);
  if (n > cmd->operands_max)
    return err_set(ERR_USAGE, "\"%s\" is one word too many for \"%s\"", cmd_nth(line, "", cmd->operands_max),
                   cmd->words);
  return OK;
}

enum err cmd_parse(const struct cmd *cmd, const struct cmd_opt *common, int argc, char **argv, struct cmd_line *line) {
  struct cmd_line l = {.cmd = cmd, .values = mem_alloc_array((size_t)argc + 1, sizeof *l.values)};
  bool options = true;
  enum err e = OK;
  for (int i = 0, used = 1; e == OK && i < argc; i += used) {
    used = 1;
    if (options && ends_options(argv[i])) {
      options = false;
    } else if (options && is_option(argv[i])) {
      e = parse_option(common, argc - i, argv + i, &l, &used);
    } else {
      add_value(&l, "", argv[i]);
      options = options && cmd->operands_max != CMD_REST;
    }
  }
  if (e == OK)
    e = check_operands(&l);
  if (e == OK)
    *line = l;
  else
    cmd_line_release(&l);
  return e;
}

void cmd_line_release(struct cmd_line *line) {
  free(line->values);
  *line = (struct cmd_line){0};
}

const char *cmd_nth(const struct cmd_line *l, const char *name, size_t i) {
  for (size_t at = 0; at < l->count; at++)
    if (strcmp(l->values[at].name, name) == 0 && i-- == 0)
      return l->values[at].value;
  return NULL;
}

const char *cmd_value(const struct cmd_line *l, const char *name) {
  for (size_t at = l->count; at-- > 0;)
    if (strcmp(l->values[at].name, name) == 0)
      return l->values[at].value;
  return NULL;
}

bool cmd_flag(const struct cmd_line *l, const char *name) {
  return has_value(l, name);
}

/* Commands. */

const struct cmd *cmd_next(const struct cmd_program *p, struct walk *w) {
  while (p->tables[w->table]) {
    const struct cmd *cmd = &p->tables[w->table][w->row++];
    if (cmd->words)
      return cmd;
    *w = (struct walk){w->table + 1, 0};
  }
  return NULL;
}

/* Options of every command may stand among the words; any other option ends them. */
static void collect_words(const struct cmd_program *p, int argc, char **argv, struct typed *t) {
  for (int i = 0; i < argc && t->count < CMD_WORDS_MAX && !ends_options(argv[i]); i++) {
    if (!is_option(argv[i])) {
      t->at[t->count] = i;
      t->words[t->count++] = argv[i];
      continue;
    }
    const char *value;
    const struct cmd_opt *opt = find_opt(NULL, p->opts, option_name(argv[i], &value));
    if (opt == NULL) {
      t->stranger = argv[i];
      return;
    }
    if (opt->type != CMD_FLAG && value == NULL)
      i++;
  }
}

/* How many of the typed words are the command's, from the first one on; *all_out if these are all that it has. */
static size_t count_matching(const struct typed *t, const char *words, bool *all_out) {
  struct bytes rest = bytes_str(words), word;
  size_t n = 0;
  for (bool more = true; more; n++) {
    more = text_split(&rest, ' ', &word);
    if (n >= t->count || !bytes_equal_str(more ? word : rest, t->words[n])) {
      *all_out = false;
      return n;
    }
  }
  *all_out = true;
  return n;
}

/* The command with the most words wins: "meeting convene" is not "meeting" with an operand. */
static void find_command(const struct cmd_program *p, struct typed *t) {
  const struct cmd *cmd;
  for (struct walk w = {0}; (cmd = cmd_next(p, &w)) != NULL;) {
    bool all;
    size_t n = count_matching(t, cmd->words, &all);
    if (n > t->matched)
      t->matched = n;
    if (all && n > t->cmd_words) {
      t->cmd = cmd;
      t->cmd_words = n;
    }
  }
}

static bool has_word(int argc, char **argv, const char *word) {
  for (int i = 0; i < argc && !ends_options(argv[i]); i++)
    if (strcmp(argv[i], word) == 0)
      return true;
  return false;
}

static struct typed read_line(const struct cmd_program *p, int argc, char **argv) {
  struct typed t = {0};
  int help_end = argc;
  collect_words(p, argc, argv, &t);
  find_command(p, &t);
  /* What a command parses itself includes its --help. */
  if (t.cmd && t.cmd->operands_max == CMD_REST && t.count > t.cmd_words)
    help_end = t.at[t.cmd_words];
  t.json = has_word(argc, argv, "--json");
  t.help = has_word(help_end, argv, "--help");
  t.version = t.count == 0 && has_word(argc, argv, "--version");
  return t;
}

/* The n-th word of a command's words; none if it has fewer. */
static struct bytes nth_word(const char *words, size_t n) {
  struct bytes rest = bytes_str(words), word;
  while (text_split(&rest, ' ', &word))
    if (n-- == 0)
      return word;
  return n == 0 ? rest : bytes_of(NULL, 0);
}

bool cmd_begins_with(const struct typed *t, size_t n, const struct cmd *cmd) {
  bool all;
  return count_matching(t, cmd->words, &all) >= n;
}

void cmd_add_typed(struct buf *b, const struct typed *t, size_t n) {
  for (size_t i = 0; i < n; i++)
    buf_addf(b, "%s%s", i ? " " : "", t->words[i]);
}

/* The words that may come next, each once, as "convene, list or show". */
static void add_next_words(const struct cmd_program *p, const struct typed *t, struct buf *b) {
  const struct cmd *cmd;
  struct bytes last = {0};
  for (struct walk w = {0}; (cmd = cmd_next(p, &w)) != NULL;) {
    struct bytes word = cmd_begins_with(t, t->matched, cmd) ? nth_word(cmd->words, t->matched) : bytes_of(NULL, 0);
    if (word.len == 0 || bytes_equal(word, last))
      continue;
    buf_addf(b, "%s%.*s", last.len ? ", " : "", (int)word.len, (const char *)word.at);
    last = word;
  }
}

static enum err unfinished_command(const struct cmd_program *p, const struct typed *t) {
  struct buf words = {0}, next = {0};
  cmd_add_typed(&words, t, t->count);
  add_next_words(p, t, &next);
  enum err e = err_set(ERR_USAGE, "\"%s\" needs a further word: %s", buf_cstr(&words), buf_cstr(&next));
  buf_release(&words);
  buf_release(&next);
  return e;
}

static enum err misspelt_command(const struct cmd_program *p, const struct typed *t) {
  struct buf words = {0}, meant = {0};
  struct near near = near_start(bytes_str(t->words[t->matched]));
  const struct cmd *cmd;
  for (struct walk w = {0}; (cmd = cmd_next(p, &w)) != NULL;)
    if (cmd_begins_with(t, t->matched, cmd))
      near_try(&near, nth_word(cmd->words, t->matched));
  cmd_add_typed(&words, t, t->matched + 1);
  cmd_add_typed(&meant, t, t->matched);
  buf_addf(&meant, "%s%.*s", t->matched ? " " : "", (int)near.best.len, (const char *)near.best.at);
  enum err e = near.best.len ? err_set(ERR_USAGE, "\"%s\" is not a command; did you mean \"%s\"?", buf_cstr(&words),
                                       buf_cstr(&meant))
                             : err_set(ERR_USAGE, "\"%s\" is not a command", buf_cstr(&words));
  buf_release(&words);
  buf_release(&meant);
  return e;
}

static enum err no_command(const struct cmd_program *p, const struct typed *t) {
  if (t->count == 0 && t->stranger) {
    const struct cmd program = {.words = p->name};
    const char *value;
    return unknown_option(&program, p->opts, option_name(t->stranger, &value));
  }
  if (t->count == 0)
    return err_set(ERR_USAGE, "no command is given");
  return t->matched == t->count ? unfinished_command(p, t) : misspelt_command(p, t);
}

static void version(const struct cmd_program *p, struct out *out) {
  if (out->form == OUT_TEXT) {
    out_say(out, "%s %s", p->name, CMD_VERSION);
    return;
  }
  out_begin(out, NULL);
  out_field(out, "name", p->name);
  out_field(out, "version", CMD_VERSION);
  out_end(out);
}

/* Running. */

/* Runs the command on all words but its own. */
static enum err run(const struct cmd_program *p, void *program, const struct typed *t, int argc, char **argv,
                    struct out *out) {
  struct cmd_line line = {0};
  char **rest = mem_alloc_array((size_t)argc + 1, sizeof *rest);
  int count = 0;
  size_t own = 0;
  for (int i = 0; i < argc; i++) {
    if (own < t->cmd_words && t->at[own] == i)
      own++;
    else
      rest[count++] = argv[i];
  }
  enum err e = cmd_parse(t->cmd, p->opts, count, rest, &line);
  if (e == OK)
    e = t->cmd->run(program, &line, out);
  cmd_line_release(&line);
  free(rest);
  return e;
}

/* The remedy of the last failure if its words are e's, else what helps with all mistakes of its sort. */
static void add_remedy(struct buf *b, const struct cmd_program *p, const struct typed *t, enum err e) {
  const char *own = err_words(e) == err_text(e) ? "" : err_remedy();
  buf_add_str(b, own);
  if (own[0] != '\0' || e != ERR_USAGE)
    return;
  buf_addf(b, "%s ", p->name);
  cmd_add_typed(b, t, t->matched);
  buf_addf(b, "%s--help explains how it is used", t->matched ? " " : "");
}

static void print_error_json(enum err e, const char *remedy, struct out *out) {
  out_begin(out, NULL);
  out_field(out, "error", err_words(e));
  out_field(out, "remedy", remedy);
  out_field(out, "code", code_name(e));
  out_end(out);
}

/* In JSON what is unfinished would be no document, and nothing at all is none either. What was sent is one. */
static void finish_json(enum err e, const char *remedy, struct out *out) {
  bool finished = out->is_sent || (out->depth == 0 && out->text.len > 0 && buf_err(&out->text) == OK);
  if (finished)
    return;
  out_take_back(out);
  if (e != OK) {
    print_error_json(e, remedy, out);
  } else {
    out_begin(out, NULL);
    out_end(out);
  }
}

static bool write_all(struct bytes b, FILE *f) {
  return b.len == 0 || (fwrite(b.at, 1, b.len, f) == b.len && fflush(f) == 0);
}

/* By way of out, because the words may quote what others wrote. */
static void add_error(const struct cmd_program *p, enum err e, const char *remedy, struct buf *b) {
  struct out words;
  out_init(&words, OUT_TEXT);
  out_say(&words, "%s: %s", p->name, err_words(e));
  if (remedy[0] != '\0')
    out_say(&words, "%s", remedy);
  buf_add(b, buf_bytes(&words.text));
  out_release(&words);
}

static enum err answer(const struct cmd_program *p, void *program, const struct typed *t, int argc, char **argv,
                       struct out *out) {
  if (t->help)
    cmd_help_typed(p, t, out);
  else if (t->version)
    version(p, out);
  else if (t->cmd == NULL)
    return no_command(p, t);
  else
    return run(p, program, t, argc, argv, out);
  return OK;
}

static int run_line(const struct cmd_program *p, void *program, int argc, char **argv, struct out *out,
                    struct buf *errors) {
  struct buf remedy = {0};
  struct typed t = read_line(p, argc - 1, argv + 1);
  out->form = t.json ? OUT_JSON : OUT_TEXT;
  enum err e = answer(p, program, &t, argc - 1, argv + 1, out);
  assert(e != OK || out->depth == 0);
  if (e == OK)
    e = out_err(out);
  if (e != OK)
    add_remedy(&remedy, p, &t, e);
  if (t.json)
    finish_json(e, buf_cstr(&remedy), out);
  if (e != OK)
    add_error(p, e, buf_cstr(&remedy), errors);
  buf_release(&remedy);
  return err_exit_status(e);
}

int cmd_run(const struct cmd_program *p, void *program, int argc, char **argv, struct buf *printed,
            struct buf *errors) {
  struct out out;
  out_init(&out, OUT_TEXT);
  int status = run_line(p, program, argc, argv, &out, errors);
  buf_add(printed, buf_bytes(&out.text));
  out_release(&out);
  return status;
}

/* 0: what reads the output is no terminal. */
static size_t terminal_width(void) {
  struct winsize size;
  return isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

int cmd_main(const struct cmd_program *p, void *program, int argc, char **argv) {
  struct out out;
  struct buf errors = {0};
  out_init(&out, OUT_TEXT);
  out.width = terminal_width();
  out.to = stdout;
  int status = run_line(p, program, argc, argv, &out, &errors);
  enum err e = out_send(&out);
  if (e != OK && status == 0) {
    add_error(p, e, "", &errors);
    status = err_exit_status(e);
  }
  write_all(buf_bytes(&errors), stderr);
  out_release(&out);
  buf_release(&errors);
  return status;
}
