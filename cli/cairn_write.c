#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/home.h"

#define ENTRIES_MAX 64 /* of one act, on one command line */

/* ---- commands from the domain's tables: the kind `meeting.convene` is the command `meeting convene` ---- */

static bool is_written_by_people(const struct kind *k) {
  for (size_t i = 0; i < k->writer_count; i++)
    if (k->writers[i].role != ROLE_NODE)
      return true;
  return false;
}

static bool is_typed(const struct field *f) {
  return f->place != IN_KEY && f->place != IN_CERT;
}

static bool has_only_typed(const struct kind *k) {
  for (const struct field *f = k->fields; f->name; f++)
    if (!is_typed(f))
      return false;
  return true;
}

static char *words_of(const struct kind *k) {
  char *words = mem_copy_string(k->name);
  for (char *c = words; *c; c++)
    *c = *c == '.' ? ' ' : *c;
  return words;
}

static const char *value_of(const struct field *f) {
  switch (f->type) {
  case FIELD_TEXT: return "TEXT";
  case FIELD_CODE: return f->of;
  case FIELD_TOKEN: return "TOKEN";
  case FIELD_DATE: return "YYYY-MM-DD";
  case FIELD_TIME: return "YYYY-MM-DDTHH:MM:SSZ";
  case FIELD_ENTRY: return "NAME|ID";
  case FIELD_WHOLE: return "NUMBER";
  case FIELD_KEY:
  case FIELD_CERT: return "";
  }
  return "";
}

static struct cmd_opt *options_of(const struct kind *k) {
  size_t count = 0, n = 0;
  for (const struct field *f = k->fields; f->name; f++)
    count++;
  struct cmd_opt *opts = mem_alloc_array(count + 2, sizeof *opts);
  for (const struct field *f = k->fields; f->name; f++, n++)
    opts[n] = (struct cmd_opt){f->name, f->count_max > 1 ? CMD_LIST : CMD_VALUE, value_of(f), f->help};
  opts[n] = (struct cmd_opt){"anyway", CMD_FLAG, NULL, "record it even if it looks as if the node would refuse it"};
  return opts;
}

static enum err run_write(void *program, const struct cmd_line *line, struct out *out);

struct cmd *home_write_commands(void) {
  const struct kind *k;
  size_t count = 0, n = 0;
  while (kind_at(count))
    count++;
  struct cmd *commands = mem_alloc_array(count + 1, sizeof *commands);
  for (size_t i = 0; (k = kind_at(i)); i++)
    if (is_written_by_people(k) && has_only_typed(k))
      commands[n++] = (struct cmd){words_of(k), "", 0, 0, options_of(k), k->help, NULL, run_write};
  return commands;
}

void home_write_free(struct cmd *commands) {
  for (struct cmd *c = commands; c->words; c++) {
    free((char *)(uintptr_t)c->words);
    free((struct cmd_opt *)(uintptr_t)c->opts);
  }
  free(commands);
}

/* ---- one act from one command line ---- */

struct writing {
  struct home *h;
  size_t count;
  struct draft drafts[ENTRIES_MAX];
  struct draft_value *values[ENTRIES_MAX];
  char **texts[ENTRIES_MAX]; /* ids that were resolved */
  struct hash *to[ENTRIES_MAX];
};

static const struct kind *kind_of_command(const char *words) {
  char name[64];
  snprintf(name, sizeof name, "%s", words);
  for (char *c = name; *c; c++)
    *c = *c == ' ' ? '.' : *c;
  return kind_find(bytes_str(name));
}

static enum err check_given(const struct field *f, const struct cmd_line *line) {
  if (f->count_min > 0 && cmd_nth(line, f->name, 0) == NULL)
    return err_set(ERR_USAGE, "--%s is needed: %s", f->name, f->help);
  return OK;
}

static enum err resolve(struct writing *w, const struct field *f, const char *typed, char **out) {
  struct hash id;
  if (typed[0] == '@') {
    *out = mem_copy_string(typed);
    return OK;
  }
  enum err e = home_resolve(w->h, typed, f->of, &id);
  if (e == ERR_ABSENT)
    e = err_set(ERR_ABSENT, "--%s: %s", f->name, err_words(ERR_ABSENT));
  if (e == OK)
    *out = mem_copy_string(hash_hex(&id).s);
  return e;
}

/* A change goes to whom the object went that it changes. */
static enum err address_change(struct writing *w, size_t n) {
  struct draft *draft = &w->drafts[n];
  struct record r = {0};
  struct hash object;
  enum err e = OK;
  for (size_t i = 0; i < draft->count; i++)
    if (strcmp(draft->values[i].name, draft->kind->object) == 0 &&
        hash_parse(bytes_str(draft->values[i].value), &object) == OK)
      e = store_find(w->h->store, &object, &r);
  if (e == OK && r.entry.to_count) {
    w->to[n] = mem_alloc_array(r.entry.to_count, sizeof *w->to[n]);
    memcpy(w->to[n], r.entry.to, r.entry.to_count * sizeof *w->to[n]);
    draft->to = w->to[n];
    draft->to_count = r.entry.to_count;
  }
  record_release(&r);
  return e;
}

static enum err add_draft(struct writing *w, const struct cmd_line *line) {
  const struct kind *k = kind_of_command(line->cmd->words);
  size_t n = w->count, used = 0;
  enum err e = OK;
  if (n == ENTRIES_MAX)
    return err_set(ERR_LIMIT, "at most %d entries can be recorded in one go", ENTRIES_MAX);
  w->count++;
  w->values[n] = mem_alloc_array(line->count, sizeof *w->values[n]);
  w->texts[n] = mem_alloc_array(line->count + 1, sizeof *w->texts[n]);
  for (const struct field *f = k->fields; e == OK && f->name; f++) {
    const char *typed;
    e = check_given(f, line);
    for (size_t i = 0; e == OK && (typed = cmd_nth(line, f->name, i)); i++, used++) {
      if (f->type == FIELD_ENTRY)
        e = resolve(w, f, typed, &w->texts[n][used]);
      w->values[n][used] = (struct draft_value){f->name, f->type == FIELD_ENTRY ? w->texts[n][used] : typed};
    }
  }
  w->drafts[n] = (struct draft){k, w->values[n], used, NULL, 0};
  return e == OK && k->object ? address_change(w, n) : e;
}

static const struct cmd *find_command(const struct cmd *commands, int argc, char **argv) {
  char words[128];
  if (argc < 2)
    return NULL;
  snprintf(words, sizeof words, "%s %s", argv[0], argv[1]);
  for (const struct cmd *c = commands; c->words; c++)
    if (strcmp(c->words, words) == 0)
      return c;
  return NULL;
}

/* Behind a `+` there are only fields: an option of the whole act would be overlooked there. */
static enum err check_only_fields(const struct cmd_line *line) {
  const struct kind *k = kind_of_command(line->cmd->words);
  for (size_t i = 0; i < line->count; i++) {
    const char *name = line->values[i].name;
    if (name[0] != '\0' && kind_field(k, bytes_str(name)) == NULL)
      return err_set(ERR_USAGE, "--%s is for the act as a whole: it must stand before the first +", name);
  }
  return OK;
}

/* argv begins with `+`: the words of one more entry up to the next `+`. Gives how many words it took. */
static enum err add_next(struct writing *w, const struct cmd *commands, int argc, char **argv, int *took_out) {
  int end = 1;
  struct cmd_line line = {0};
  while (end < argc && strcmp(argv[end], "+") != 0)
    end++;
  *took_out = end;
  const struct cmd *cmd = find_command(commands, end - 1, argv + 1);
  if (cmd == NULL)
    return err_set(ERR_USAGE, "after + there must be something to record, as in: + registration add --decision @1");
  enum err e = cmd_parse(cmd, home_opts, end - 3, argv + 3, &line);
  if (e == OK)
    e = check_only_fields(&line);
  if (e == OK)
    e = add_draft(w, &line);
  cmd_line_release(&line);
  return e;
}

static enum err collect(struct writing *w, const struct cmd_line *line) {
  struct cmd *commands = home_write_commands();
  int took;
  enum err e = add_draft(w, line);
  for (int at = 0; e == OK && at < w->h->rest_argc; at += took)
    e = add_next(w, commands, w->h->rest_argc - at, w->h->rest_argv + at, &took);
  home_write_free(commands);
  return e;
}

static void print_written(struct writing *w, const struct verdict *v, struct out *out) {
  out_table_begin(out, NULL, NULL);
  for (uint64_t n = v->first; n <= v->last; n++) {
    struct record r = {0};
    if (store_find_number(w->h->store, n, &r) == OK)
      home_print_row(w->h, &r, out);
    record_release(&r);
  }
  out_table_end(out);
  out_say(out, "Recorded here, not sent yet.");
  home_say_waits(v, out);
}

static enum err write_act(struct writing *w, const struct cmd_line *line, struct out *out) {
  struct author_by by = {.key = w->h->person, .replica = w->h->replica_id};
  struct verdict v = {0};
  char words[512], remedy[512];
  enum err e = collect(w, line);
  if (e == OK)
    e = store_begin(w->h->store);
  if (e != OK)
    return e;
  e = author_write(w->h->store, &by, w->drafts, w->count, cmd_flag(line, "anyway") ? ACCEPT_WRITE_ANYWAY : ACCEPT_WRITE,
                   home_now_s(), &v);
  if (e == OK && v.code != VERDICT_ACCEPTED)
    e = err_set_remedy(ERR_REFUSED, v.remedy, "not recorded (%s): %s", v.rule, v.words);
  snprintf(words, sizeof words, "%s", err_words(e));
  snprintf(remedy, sizeof remedy, "%s", err_remedy());
  if (e != OK) {
    store_rollback(w->h->store);
    return err_set_remedy(e, remedy, "%s", words);
  }
  e = store_commit(w->h->store);
  if (e == OK)
    print_written(w, &v, out);
  return e;
}

static enum err run_write(void *program, const struct cmd_line *line, struct out *out) {
  struct writing *w = mem_alloc(sizeof *w);
  w->h = program;
  enum err e = home_open(w->h, line, HOME_PERSON);
  if (e == OK)
    e = write_act(w, line, out);
  home_close(w->h);
  for (size_t i = 0; i < w->count; i++) {
    for (size_t j = 0; j < w->drafts[i].count; j++)
      free(w->texts[i][j]);
    free(w->texts[i]);
    free(w->values[i]);
    free(w->to[i]);
  }
  free(w);
  return e;
}
