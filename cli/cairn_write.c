#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/code.h"
#include "cli/home.h"
#include "cli/typed.h"
#include "core/document.h"
#include "core/seen.h"

#define FILE_ENDINGS ".pdf, .docx, .odt, .jpg, .png or .txt"
#define ENTRIES_MAX 64 /* of one act, on one command line */
#define FILLED_MAX 64  /* values of a child's record that a registration repeats */
#define TAKEN_MAX (ENTRY_CHILDREN_MAX + ENTRY_REFS_MAX + FILLED_MAX)

/* ---- commands from the domain's tables: the kind `meeting.convene` is the command `meeting convene` ---- */

static bool is_written_by_people(const struct kind *k) {
  for (size_t i = 0; i < k->writer_count; i++)
    if (k->writers[i].role != ROLE_NODE)
      return true;
  return false;
}

bool home_is_typed(const struct field *f) {
  return f->place != IN_KEY && f->place != IN_CERT;
}

/* Kinds with a command of their own, made by hand. */
static bool has_own_command(const struct kind *k) {
  return k->command && k->command[0] == '\0';
}

static bool has_only_typed(const struct kind *k) {
  for (const struct field *f = k->fields; f->name; f++)
    if (!home_is_typed(f))
      return false;
  return true;
}

/* The words of a kind's command; the caller frees them. */
static char *words_of(const struct kind *k) {
  if (k->command)
    return mem_copy_string(k->command);
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
  case FIELD_DATE: return "DATE";
  case FIELD_TIME: return "DATE HH:MM";
  case FIELD_ENTRY: return "NAME|ID";
  case FIELD_WHOLE: return "NUMBER";
  case FIELD_KEY:
  case FIELD_CERT: return "";
  }
  return "";
}

static bool is_operand(const struct kind *k, const struct field *f) {
  return k->operand && strcmp(k->operand, f->name) == 0;
}

static bool is_of_child(const struct kind *k, const char *field) {
  struct bytes rest = bytes_str(k->as_child), name;
  while (text_split(&rest, ' ', &name))
    if (bytes_equal_str(name, field))
      return true;
  return bytes_equal_str(rest, field);
}

/* The children, and what the child's record says, are filled in last, where something tells them. */
static bool is_asked_for(const struct kind *k, const struct field *f) {
  return f->count_min > 0 && f->place != IN_CHILD && !is_of_child(k, f->name);
}

static bool has_children(const struct kind *k) {
  for (const struct field *f = k ? k->fields : NULL; f && f->name; f++)
    if (f->place == IN_CHILD)
      return true;
  return false;
}

/* Is there an entry that must be named, and tells the children? */
static bool names_children(const struct kind *k) {
  for (const struct field *f = k->fields; f->name; f++) {
    struct bytes rest = bytes_str(f->of), first = rest;
    if (f->place == IN_REF && f->type == FIELD_ENTRY && f->count_min > 0 &&
        has_children(kind_find(text_split(&rest, '|', &first) ? first : rest)))
      return true;
  }
  return false;
}

static bool is_needed(const struct kind *k, const struct field *f) {
  return is_asked_for(k, f) || (f->place == IN_CHILD && f->count_min > 0 && !names_children(k));
}

static struct cmd_opt *options_of(const struct kind *k) {
  size_t count = 0, n = 0;
  for (const struct field *f = k->fields; f->name; f++)
    count++;
  struct cmd_opt *opts = mem_alloc_array(count + 3, sizeof *opts);
  for (const struct field *f = k->fields; f->name; f++)
    if (!is_operand(k, f))
      opts[n++] =
          (struct cmd_opt){f->name, f->count_max > 1 ? CMD_LIST : CMD_VALUE, value_of(f), f->help, is_needed(k, f)};
  if (k->file)
    opts[n++] =
        (struct cmd_opt){"file", CMD_VALUE, "FILE", "the document itself: " FILE_ENDINGS ", at most 8 MiB", true};
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
    if (is_written_by_people(k) && has_only_typed(k) && !has_own_command(k))
      commands[n++] = (struct cmd){.words = words_of(k),
                                   .operands = k->operand ? value_of(kind_field(k, bytes_str(k->operand))) : "",
                                   .operands_min = k->operand != NULL,
                                   .operands_max = k->operand != NULL,
                                   .opts = options_of(k),
                                   .help = k->help,
                                   .run = run_write};
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
  struct buf files[ENTRIES_MAX];
  struct buf echo; /* dates as they were understood */
};

static const struct kind *kind_of_command(const char *words) {
  const struct kind *k;
  for (size_t i = 0; (k = kind_at(i)); i++) {
    char *own = words_of(k);
    bool is = strcmp(own, words) == 0;
    free(own);
    if (is)
      return k;
  }
  return NULL;
}

static enum err need(const struct field *f) {
  return err_set(ERR_USAGE, "--%s is needed: %s", f->name, f->help);
}

/* The children of what a draft names go without saying: all of them where the kind takes several, else if it is one. */
static enum err add_children(struct writing *w, size_t n, const struct field *f, size_t *used) {
  enum err e = OK;
  for (size_t i = 0; e == OK && i < *used; i++) {
    const struct field *named = kind_field(w->drafts[n].kind, bytes_str(w->values[n][i].name));
    struct record r = {0};
    struct hash id;
    if (named->type != FIELD_ENTRY || named->place != IN_REF || hash_parse(bytes_str(w->values[n][i].value), &id) != OK)
      continue;
    e = store_find(w->h->store, &id, &r);
    bool fits = e == OK && r.entry.child_count > 0 && r.entry.child_count <= f->count_max;
    for (size_t c = 0; fits && c < r.entry.child_count; c++, ++*used) {
      w->texts[n][*used] = mem_copy_string(hash_hex(&r.entry.children[c]).s);
      w->values[n][*used] = (struct draft_value){f->name, w->texts[n][*used]};
    }
    record_release(&r);
    if (fits)
      return OK;
  }
  return e == OK ? need(f) : e;
}

static enum err check_given(const struct kind *k, const struct field *f, const char *option,
                            const struct cmd_line *line) {
  return is_asked_for(k, f) && cmd_nth(line, option, 0) == NULL ? need(f) : OK;
}

/* A date is echoed as it was understood, where that is not what was typed. */
static enum err read_date(struct writing *w, const struct field *f, const char *typed, char **out) {
  struct typed_date date;
  enum err e = f->type == FIELD_DATE ? typed_date(typed, home_now_s(), &date) : typed_time(typed, home_now_s(), &date);
  if (e != OK)
    return err_set(ERR_USAGE, "--%s: %s", f->name, err_words(e));
  if (strcmp(date.value, typed) != 0)
    buf_addf(&w->echo, "%s: %s\n", f->name, date.said);
  *out = mem_copy_string(date.value);
  return OK;
}

static enum err resolve(struct writing *w, const struct field *f, const char *typed, char **out) {
  struct hash id;
  if (typed[0] == '@') {
    *out = mem_copy_string(typed);
    return OK;
  }
  enum err e = home_resolve(w->h, typed, f->of, &id);
  if (e == ERR_ABSENT && !is_operand(w->drafts[w->count - 1].kind, f))
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

static size_t take(struct writing *w, const struct field *f, size_t used, const char *value) {
  size_t n = w->count - 1;
  w->texts[n][used] = mem_copy_string(value);
  w->values[n][used] = (struct draft_value){f->name, w->texts[n][used]};
  return 1;
}

/* What the same field says in the entry before; nothing if that is too much for this one. */
static size_t take_the_same(struct writing *w, const struct field *f, size_t used) {
  const struct draft *before = &w->drafts[w->count - 2];
  size_t count = 0, taken = 0;
  for (size_t i = 0; i < before->count; i++)
    count += strcmp(before->values[i].name, f->name) == 0;
  for (size_t i = 0; count <= f->count_max && i < before->count; i++)
    if (strcmp(before->values[i].name, f->name) == 0)
      taken += take(w, f, used + taken, before->values[i].value);
  return taken;
}

/* An entry that is needed may be left out behind a +: then it is the newest one of the act that is of the right kind,
 * or the one that the entry before names, such as its child. Gives how many values that is. */
static size_t take_over(struct writing *w, const struct field *f, size_t used) {
  char nth[24];
  if (f->type != FIELD_ENTRY || f->count_min == 0 || w->count < 2)
    return 0;
  for (size_t i = w->count - 1; f->place == IN_REF && f->of && i-- > 0;)
    if (field_has_code(f, bytes_str(w->drafts[i].kind->name))) {
      snprintf(nth, sizeof nth, "@%zu", i + 1);
      return take(w, f, used, nth);
    }
  return take_the_same(w, f, used);
}

static bool has_value(const struct draft_value *values, size_t count, const char *name) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(values[i].name, name) == 0)
      return true;
  return false;
}

static enum err read_file(const char *path, struct buf *out, const char **media_out) {
  enum err e = folder_read(".", path, ENTRY_CONTENT_MAX, out);
  *media_out = document_media(path);
  if (e == ERR_ABSENT)
    return err_set(ERR_USAGE, "there is no file \"%s\"", path);
  if (e == ERR_LIMIT)
    return err_set_remedy(ERR_LIMIT, "save it with smaller pictures, or in two files",
                          "the file \"%s\" is larger than 8 MiB", path);
  if (e == OK && out->len == 0)
    return err_set(ERR_USAGE, "the file \"%s\" is empty", path);
  if (e == OK && *media_out == NULL)
    return err_set(ERR_USAGE, "what the file \"%s\" is cannot be told by its name: it must end with " FILE_ENDINGS,
                   path);
  return e;
}

/* The file of the draft before: an entry of its own about the same children, which names it. */
static enum err add_file(struct writing *w, const char *path) {
  const struct draft *of = &w->drafts[w->count - 1];
  const struct kind *k = kind_find(bytes_str(of->kind->file));
  size_t n = w->count, used = 0;
  char nth[24];
  if (path == NULL)
    return err_set(ERR_USAGE, "--file is needed: the document itself");
  if (n == ENTRIES_MAX)
    return err_set(ERR_LIMIT, "at most %d entries can be recorded in one go", ENTRIES_MAX);
  w->count++;
  w->drafts[n].kind = k;
  w->values[n] = mem_alloc_array(of->count + 1, sizeof *w->values[n]);
  w->texts[n] = mem_alloc_array(of->count + 1, sizeof *w->texts[n]);
  used += take_the_same(w, kind_field(k, bytes_str("child")), used);
  snprintf(nth, sizeof nth, "@%zu", n);
  used += take(w, kind_field(k, bytes_str(k->object)), used, nth);
  w->drafts[n] = (struct draft){.kind = k, .values = w->values[n], .count = used};
  enum err e = read_file(path, &w->files[n], &w->drafts[n].media);
  w->drafts[n].file = buf_bytes(&w->files[n]);
  return e;
}

/* What was typed for one field, or is taken over from the entry before. */
static enum err add_field(struct writing *w, const struct kind *k, const struct field *f, const struct cmd_line *line,
                          size_t *used) {
  const size_t n = w->count - 1;
  const char *typed, *option = is_operand(k, f) ? "" : f->name;
  const size_t taken = cmd_nth(line, option, 0) ? 0 : take_over(w, f, *used);
  *used += taken;
  enum err e = taken ? OK : check_given(k, f, option, line);
  for (size_t i = 0; e == OK && (typed = cmd_nth(line, option, i)); i++, ++*used) {
    if (f->type == FIELD_ENTRY)
      e = resolve(w, f, typed, &w->texts[n][*used]);
    else if (f->type == FIELD_DATE || f->type == FIELD_TIME)
      e = read_date(w, f, typed, &w->texts[n][*used]);
    else if (f->type == FIELD_CODE)
      e = code_check(f, typed);
    w->values[n][*used] = (struct draft_value){f->name, w->texts[n][*used] ? w->texts[n][*used] : typed};
  }
  return e;
}

struct filling {
  struct writing *w;
  const struct field *field;
  size_t *used, room;
};

static enum err fill(void *of, struct bytes value) {
  const struct filling *fl = of;
  char *text = bytes_copy_string(value);
  *fl->used += take(fl->w, fl->field, *fl->used, text);
  buf_addf(&fl->w->echo, "%s: %s (as the child's record says)\n", fl->field->name, text);
  free(text);
  return OK;
}

/* Where versions of the child's record contradict each other, nobody chooses for whoever records this. */
static enum err fill_from(const struct history *child, const struct filling *fl) {
  const char *name = fl->field->name;
  size_t places[ENTRY_BASES_MAX];
  const size_t count = history_sayers(child, NULL, name, places);
  if (!history_is_agreed(child, places, count, name))
    return err_set_remedy(ERR_USAGE, "cairn conflicts shows what each says",
                          "--%s is needed: the child's record is in conflict about it", name);
  const struct history_step *step = &child->steps[places[0]];
  const struct field *own = kind_field(step->kind, bytes_str(name));
  return own ? kind_each_value(own, &step->record.entry, step->content, (void *)(uintptr_t)fl, fill) : OK;
}

/* What is left out and is the same as in the child's record (its kind's `as_child`). A child of this very act is not
 * there yet. */
static enum err fill_in(struct writing *w, const struct kind *k, size_t *used) {
  const size_t n = w->count - 1, typed = *used;
  struct history child = {0};
  struct hash id;
  enum err e = OK;
  for (size_t i = 0; i < typed && child.count == 0; i++)
    if (strcmp(w->values[n][i].name, "child") == 0 && hash_parse(bytes_str(w->values[n][i].value), &id) == OK)
      e = history_load(w->h->store, &id, &child);
  for (const struct field *f = k->fields; e == OK && f->name; f++) {
    const struct filling fl = {w, f, used, f->count_max};
    if (!is_of_child(k, f->name) || has_value(w->values[n], typed, f->name))
      continue;
    e = child.count ? fill_from(&child, &fl) : OK;
    if (e == OK && f->count_min > 0 && !has_value(w->values[n], *used, f->name))
      e = need(f);
  }
  history_release(&child);
  return e;
}

static enum err fill_seen(void *of, struct bytes agency) {
  struct filling *fl = of;
  if (fl->room == 0)
    return OK;
  fl->room--;
  char *text = bytes_copy_string(agency);
  *fl->used += take(fl->w, fl->field, *fl->used, text);
  buf_addf(&fl->w->echo, "%s: %s (as far as is known here)\n", fl->field->name, text);
  free(text);
  return OK;
}

/* Who has seen what is voided goes without saying, as far as this machine knows it. */
static enum err fill_in_seen(struct writing *w, const struct kind *k, size_t *used) {
  const size_t n = w->count - 1;
  const struct field *seen_by = kind_field(k, bytes_str("seen-by"));
  struct filling fl = {w, seen_by, used, seen_by->count_max};
  struct record r = {0};
  struct hash id;
  enum err e = OK;
  if (has_value(w->values[n], *used, fl.field->name))
    return OK;
  for (size_t i = 0; i < *used; i++)
    if (strcmp(w->values[n][i].name, k->object) == 0 && hash_parse(bytes_str(w->values[n][i].value), &id) == OK)
      e = store_find(w->h->store, &id, &r);
  if (e == OK && r.number)
    e = seen_each(w->h->store, &r, &fl, fill_seen);
  record_release(&r);
  return e;
}

static enum err add_draft(struct writing *w, const struct kind *k, const struct cmd_line *line) {
  size_t n = w->count, used = 0;
  enum err e = OK;
  if (n == ENTRIES_MAX)
    return err_set(ERR_LIMIT, "at most %d entries can be recorded in one go", ENTRIES_MAX);
  w->count++;
  w->drafts[n].kind = k;
  w->values[n] = mem_alloc_array(line->count + TAKEN_MAX, sizeof *w->values[n]);
  w->texts[n] = mem_alloc_array(line->count + TAKEN_MAX, sizeof *w->texts[n]);
  for (const struct field *f = k->fields; e == OK && f->name; f++)
    e = add_field(w, k, f, line, &used);
  const struct field *child = kind_field(k, bytes_str("child"));
  if (e == OK && child && child->place == IN_CHILD && child->count_min > 0 && !has_value(w->values[n], used, "child"))
    e = add_children(w, n, child, &used);
  if (e == OK && k->as_child)
    e = fill_in(w, k, &used);
  if (e == OK && k->is_void)
    e = fill_in_seen(w, k, &used);
  w->drafts[n] = (struct draft){.kind = k, .values = w->values[n], .count = used};
  if (e == OK && k->object)
    e = address_change(w, n);
  return e == OK && k->file ? add_file(w, cmd_value(line, "file")) : e;
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
    bool is_file = k->file && strcmp(name, "file") == 0;
    if (name[0] != '\0' && !is_file && kind_field(k, bytes_str(name)) == NULL)
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
    return err_set(ERR_USAGE, "after + there must be something to record, as in: + registration add --impact neglect");
  enum err e = cmd_parse(cmd, home_opts, end - 3, argv + 3, &line);
  if (e == OK)
    e = check_only_fields(&line);
  if (e == OK)
    e = add_draft(w, kind_of_command(cmd->words), &line);
  cmd_line_release(&line);
  return e;
}

static enum err collect(struct writing *w, const struct kind *k, const struct cmd_line *line) {
  struct cmd *commands = home_write_commands();
  int took;
  enum err e = add_draft(w, k, line);
  for (int at = 0; e == OK && at < w->h->rest_argc; at += took)
    e = add_next(w, commands, w->h->rest_argc - at, w->h->rest_argv + at, &took);
  home_write_free(commands);
  return e;
}

static void say_like(struct home *h, const struct verdict *v, struct out *out) {
  for (uint64_t n = v->first; n <= v->last; n++) {
    struct record r = {0};
    if (store_find_number(h->store, n, &r) == OK && bytes_equal_str(r.entry.kind, "child.add"))
      home_say_like(h, &r.entry.id, out);
    record_release(&r);
  }
}

static void print_written(struct home *h, const struct verdict *v, struct out *out) {
  out_table_begin(out, NULL, NULL);
  for (uint64_t n = v->first; n <= v->last; n++) {
    struct record r = {0};
    if (store_find_number(h->store, n, &r) == OK)
      home_print_row(h, &r, out);
    record_release(&r);
  }
  out_table_end(out);
  out_say(out, "Recorded here, not sent yet.");
  say_like(h, v, out);
  home_say_waits(v, out);
}

enum err home_record(struct home *h, const struct draft *drafts, size_t count, enum accept_how how, struct out *out) {
  struct author_by by = {.key = h->person, .replica = h->replica_id};
  struct verdict v = {0};
  enum err e = store_begin(h->store);
  if (e != OK)
    return e;
  e = author_write(h->store, &by, drafts, count, how, home_now_s(), &v);
  if (e == OK && v.code != VERDICT_ACCEPTED)
    e = err_set_remedy(ERR_REFUSED, v.remedy, "not recorded (%s): %s", v.rule, v.words);
  e = store_end(h->store, e);
  if (e == OK)
    print_written(h, &v, out);
  return e;
}

static enum err write_act(struct writing *w, const struct kind *k, const struct cmd_line *line, struct out *out) {
  enum err e = collect(w, k, line);
  if (w->echo.len)
    out_say(out, "%.*s", (int)w->echo.len - 1, buf_cstr(&w->echo));
  return e == OK ? home_record(w->h, w->drafts, w->count, cmd_flag(line, "anyway") ? ACCEPT_WRITE_ANYWAY : ACCEPT_WRITE,
                               out)
                 : e;
}

static void writing_free(struct writing *w) {
  buf_release(&w->echo);
  for (size_t i = 0; i < w->count; i++) {
    for (size_t j = 0; j < w->drafts[i].count; j++)
      free(w->texts[i][j]);
    free(w->texts[i]);
    free(w->values[i]);
    free(w->to[i]);
    buf_release(&w->files[i]);
  }
  free(w);
}

enum err home_write(struct home *h, const struct kind *k, const struct cmd_line *line, struct out *out) {
  struct writing *w = mem_alloc(sizeof *w);
  w->h = h;
  enum err e = write_act(w, k, line, out);
  writing_free(w);
  return e;
}

static enum err run_write(void *program, const struct cmd_line *line, struct out *out) {
  struct home *h = program;
  enum err e = home_open(h, line, HOME_PERSON);
  if (e == OK)
    e = home_write(h, kind_of_command(line->cmd->words), line, out);
  home_close(h);
  return e;
}
