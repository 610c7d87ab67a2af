#include <stdio.h>
#include <string.h>

#include "cli/form.h"
#include "cli/home.h"
#include "core/draft.h"
#include "core/profile.h"

static const struct kind *adopt_kind(void) {
  return kind_find(bytes_str("profile.adopt"));
}

static const struct profile_file *find_file(const char *name) {
  for (const struct profile_file *p = profile_files; p->name; p++)
    if (strcmp(p->name, name) == 0)
      return p;
  return NULL;
}

/* ---- profile list ---- */

static enum err run_list(void *program, const struct cmd_line *line, struct out *out) {
  (void)program;
  (void)line;
  enum err e = OK;
  out_table_begin(out, NULL, NULL);
  for (const struct profile_file *p = profile_files; e == OK && p->name; p++) {
    struct draft_read d = {0};
    const char *version = "", *authority = "";
    e = draft_read(adopt_kind(), bytes_str(p->text), &d);
    for (size_t i = 0; i < d.draft.count; i++) {
      version = strcmp(d.values[i].name, "version") == 0 ? d.values[i].value : version;
      authority = strcmp(d.values[i].name, "authority") == 0 ? d.values[i].value : authority;
    }
    out_begin(out, NULL);
    out_field(out, "profile", p->name);
    out_field(out, "version", version);
    out_field(out, "authority", authority);
    out_end(out);
    draft_read_release(&d);
  }
  out_table_end(out);
  return e;
}

/* ---- profile show ---- */

static void print_file(const struct profile_file *p, struct out *out) {
  struct buf text = {0};
  buf_add_str(&text, p->text);
  if (out->form == OUT_TEXT) {
    out_say(out, "%.*s", (int)text.len - 1, buf_cstr(&text));
  } else {
    out_begin(out, NULL);
    out_field_bytes(out, "profile", buf_bytes(&text));
    out_end(out);
  }
  buf_release(&text);
}

static enum err print_current(struct home *h, const struct cmd_line *line, struct out *out) {
  struct hash id;
  struct record r = {0};
  (void)line;
  enum err e = profile_current(h->store, &id);
  if (e == OK && hash_is_zero(&id))
    e = err_set_remedy(ERR_ABSENT, "the keeper or an administrator adopts one: cairn profile adopt NAME",
                       "no profile of rules has been adopted yet");
  if (e == OK)
    e = store_find(h->store, &id, &r);
  if (e == OK)
    e = home_print_entry(h, &r, out);
  record_release(&r);
  return e;
}

static enum err no_profile(const char *name) {
  return err_set_remedy(ERR_ABSENT, "cairn profile list shows them", "no profile \"%s\" comes with this program", name);
}

static enum err run_show(void *program, const struct cmd_line *line, struct out *out) {
  const char *name = cmd_nth(line, "", 0);
  const struct profile_file *p = name ? find_file(name) : NULL;
  if (name == NULL)
    return home_look(program, line, out, print_current);
  if (p == NULL)
    return no_profile(name);
  print_file(p, out);
  return OK;
}

/* ---- profile adopt ---- */

static enum err adopt(struct home *h, struct bytes text, const struct cmd_line *line, struct out *out) {
  struct form form = {0};
  enum err e = form_read(adopt_kind(), text, &form);
  form.line.cmd = line->cmd;
  if (e == OK)
    e = home_open(h, line, HOME_PERSON);
  if (e == OK)
    e = home_write(h, adopt_kind(), &form.line, out);
  home_close(h);
  form_release(&form);
  return e;
}

static enum err run_adopt(void *program, const struct cmd_line *line, struct out *out) {
  const char *name = cmd_nth(line, "", 0), *path = cmd_value(line, "file");
  const struct profile_file *p = name ? find_file(name) : NULL;
  struct buf text = {0};
  if ((name != NULL) == (path != NULL))
    return err_set_remedy(ERR_USAGE, "cairn profile list shows those that come with this program",
                          "give the name of a profile, or --file with one of your own");
  if (name && p == NULL)
    return no_profile(name);
  if (p)
    buf_add_str(&text, p->text);
  enum err e = path ? form_read_file(path, &text) : OK;
  if (e == OK)
    e = adopt(program, buf_bytes(&text), line, out);
  buf_release(&text);
  return e;
}

static const struct cmd_opt adopt_opts[] = {
    {"file", CMD_VALUE, "FILE", "a profile of your own: a filled-in form (cairn template profile.adopt) or JSON"},
    {0},
};

const struct cmd home_profile_commands[] = {
    {"profile list", "", 0, 0, NULL, "the profiles of rules that come with this program", NULL, run_list},
    {"profile show", "[NAME]", 0, 1, NULL, "the profile that is in force here, or one that comes with this program",
     NULL, run_show},
    {"profile adopt", "[NAME]", 0, 1, adopt_opts, "put a profile of rules in force, from the moment it is accepted",
     NULL, run_adopt},
    {0},
};
