#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/form.h"
#include "cli/home.h"
#include "core/version.h"

/* ---- template ---- */

static enum err run_template(void *program, const struct cmd_line *line, struct out *out) {
  const struct kind *k;
  struct buf form = {0};
  enum err e = home_find_kind(cmd_nth(line, "", 0), &k);
  (void)program;
  if (e != OK)
    return e;
  form_print(k, &form);
  if (out->form == OUT_JSON) {
    out_begin(out, NULL);
    out_field_bytes(out, "form", buf_bytes(&form));
    out_end(out);
  } else {
    out_say(out, "%.*s", (int)form.len - 1, buf_cstr(&form));
  }
  buf_release(&form);
  return OK;
}

/* ---- add ---- */

static enum err record_form(struct home *h, const struct kind *k, struct bytes text, const struct cmd_line *line,
                            struct out *out) {
  struct form form = {0};
  enum err e = form_read(k, text, &form);
  if (e == OK && form.line.count == 0)
    e = err_set(ERR_USAGE, "nothing is filled in");
  form.line.cmd = line->cmd;
  if (e == OK)
    e = home_open(h, line, HOME_PERSON);
  if (e == OK)
    e = home_write(h, k, &form.line, out);
  home_close(h);
  form_release(&form);
  return e;
}

static enum err run_add(void *program, const struct cmd_line *line, struct out *out) {
  const char *path = cmd_value(line, "file");
  const struct kind *k;
  struct buf text = {0};
  enum err e = home_find_kind(cmd_nth(line, "", 0), &k);
  if (e == OK && path == NULL)
    e = err_set_remedy(ERR_USAGE, "cairn template KIND prints a form to fill in", "--file is needed");
  if (e == OK)
    e = form_read_file(path, &text);
  if (e == OK)
    e = record_form(program, k, buf_bytes(&text), line, out);
  buf_release(&text);
  return e;
}

/* ---- edit ---- */

/* What holds now, as comments: a change says only what is to be different. */
static void print_now(struct home *h, const struct kind *k, const struct hash *object, struct buf *form) {
  struct history now;
  if (history_load(h->store, object, &now) == OK) {
    buf_add_str(form, "\n# What is recorded now; fill in only what changes:\n");
    for (const struct field *f = now.steps[0].kind->fields; f->name; f++) {
      struct buf value = {0};
      if (kind_field(k, bytes_str(f->name)) && f->place != IN_CHILD)
        home_add_now(h, &now, f->name, &value);
      for (uint8_t *c = value.at; c && c < value.at + value.len; c++)
        *c = *c == '\n' ? ' ' : *c;
      if (value.len)
        buf_addf(form, "#   %s: %s\n", f->name, buf_cstr(&value));
      buf_release(&value);
    }
  }
  history_release(&now);
}

/* The form to edit: of a kind, or of the change of a record that is there. */
static enum err make_form(struct home *h, const char *what, const struct kind **kind_out, struct buf *form) {
  struct record r = {0};
  struct hash id;
  *kind_out = kind_find(bytes_str(what));
  if (*kind_out) {
    form_print(*kind_out, form);
    return OK;
  }
  enum err e = home_resolve_any(h, what, &id);
  if (e == OK)
    e = store_find(h->store, &id, &r);
  const struct kind *begun = e == OK ? kind_find(r.entry.kind) : NULL;
  *kind_out = begun ? version_change_kind(begun) : NULL;
  if (e == OK && *kind_out == NULL)
    e = err_set_remedy(ERR_USAGE, "what is wrong is voided (cairn entry void) and recorded again",
                       "%.*s is not changed", (int)r.entry.kind.len, (const char *)r.entry.kind.at);
  if (e == OK) {
    form_print(*kind_out, form);
    print_now(h, *kind_out, &id, form);
    buf_addf(form, "\n# The record that changes:\n%s: %s\n", (*kind_out)->object, hash_hex(&id).s);
  }
  record_release(&r);
  return e;
}

static const char *editor_name(void) {
  const char *editor = getenv("VISUAL");
  if (editor == NULL || editor[0] == '\0')
    editor = getenv("EDITOR");
  return editor == NULL || editor[0] == '\0' ? "vi" : editor;
}

static bool run_editor(const char *path) {
  struct buf command = {0};
  int status = -1;
  buf_addf(&command, "%s \"$1\"", editor_name());
  pid_t pid = fork();
  if (pid == 0) {
    execl("/bin/sh", "sh", "-c", buf_cstr(&command), "sh", path, (char *)NULL);
    _exit(127);
  }
  if (pid > 0)
    waitpid(pid, &status, 0);
  buf_release(&command);
  return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* What was typed stays in the file when it is not recorded. */
static enum err keep(enum err e, const struct kind *k, const char *path) {
  char words[512], remedy[1024];
  snprintf(words, sizeof words, "%s", err_words(e));
  snprintf(remedy, sizeof remedy, "%s%swhat you typed is kept: mend it and run cairn add %s --file %s", err_remedy(),
           err_remedy()[0] ? "; " : "", k->name, path);
  return err_set_remedy(e, remedy, "%s", words);
}

static enum err edit_file(struct home *h, const struct kind *k, const char *path, struct bytes empty,
                          const struct cmd_line *line, struct out *out) {
  struct buf typed = {0};
  const bool is_edited = run_editor(path);
  enum err e = form_read_file(path, &typed);
  const bool is_empty = e == OK && bytes_equal(buf_bytes(&typed), empty);
  if (!is_edited)
    e = err_set_remedy(ERR_IO, "set EDITOR to a program that edits text", "the editor \"%s\" failed", editor_name());
  if (e == OK && !is_empty)
    e = record_form(h, k, buf_bytes(&typed), line, out);
  else if (e == OK)
    out_say(out, "Nothing was filled in, nothing is recorded.");
  if (e == OK || is_empty)
    unlink(path);
  else
    e = keep(e, k, path);
  buf_release(&typed);
  return e;
}

static enum err run_edit(void *program, const struct cmd_line *line, struct out *out) {
  struct home *h = program;
  struct buf form = {0}, folder = {0}, path = {0};
  const struct kind *k = NULL;
  char name[64];
  enum err e = h->rest_argc ? err_set(ERR_USAGE, "one record is edited at a time") : home_open(h, line, HOME_NO_KEY);
  if (e == OK)
    e = make_form(h, cmd_nth(line, "", 0), &k, &form);
  home_close(h); /* nobody waits for an editor */
  snprintf(name, sizeof name, "typed-%ld-%ld.txt", (long)home_now_s(), (long)getpid());
  if (e == OK)
    e = folder_write(home_folder(line, &folder), name, buf_bytes(&form));
  if (e == OK)
    e = edit_file(h, k, folder_path(&path, buf_cstr(&folder), name), buf_bytes(&form), line, out);
  buf_release(&form);
  buf_release(&folder);
  buf_release(&path);
  return e;
}

static const struct cmd_opt add_opts[] = {
    {"file", CMD_VALUE, "FILE", "the record: a filled-in form, or a JSON object; - is standard input", true},
    {0},
};

const struct cmd home_form_commands[] = {
    {"template", "KIND", 1, 1, NULL, "a form to fill in, for cairn add", NULL, run_template},
    {"add", "KIND", 1, 1, add_opts, "record what a file says",
     "The file is a form as cairn template prints it, or a JSON object whose keys are the fields.", run_add},
    {"edit", "KIND|RECORD", 1, 1, NULL, "fill in a form in your editor, or change a record",
     "The editor is $VISUAL, else $EDITOR, else vi. What was typed is kept when it is not recorded.", run_edit},
    {0},
};
