#include "cli/home.h"
#include "core/directory.h"
#include "core/staff.h"

/* Who is kept out of which child's case. Whoever is kept out sees nothing of it here, as of all else about the child.
 */
struct listing {
  struct home *h;
  struct out *out;
  const struct hash *child; /* NULL: any */
};

static enum err print_bar(void *of, const struct staff_row *row) {
  struct listing *l = of;
  struct buf person = {0}, child = {0}, by = {0};
  if (l->child && !hash_equal(l->child, &row->child))
    return OK;
  home_add_title(l->h, &row->person, &person);
  home_add_title(l->h, &row->child, &child);
  directory_name(l->h->store, &row->by, &by);
  out_begin(l->out, NULL);
  out_field_id(l->out, "bar", hash_hex(&row->bar).s);
  out_field_bytes(l->out, "person", buf_bytes(&person));
  out_field_bytes(l->out, "child", buf_bytes(&child));
  out_field(l->out, "state", row->is_over ? "ended" : row->since.len ? "kept out" : "kept out here, not accepted yet");
  out_field_bytes(l->out, "since", row->since);
  out_field_bytes(l->out, "by", buf_bytes(&by));
  out_field_bytes(l->out, "reason", row->reason);
  out_end(l->out);
  buf_release(&person);
  buf_release(&child);
  buf_release(&by);
  return OK;
}

static enum err run_list(void *program, const struct cmd_line *line, struct out *out) {
  struct home *h = program;
  struct hash child;
  struct listing l = {h, out, NULL};
  const char *typed = cmd_value(line, "child");
  enum err e = home_open(h, line, HOME_NO_KEY);
  if (e == OK && typed) {
    e = home_resolve(h, typed, "child.add", &child);
    l.child = &child;
  }
  if (e == OK) {
    out_table_begin(out, NULL, "Nobody is kept out of a case.");
    e = staff_each(h->store, &l, print_bar);
    out_table_end(out);
  }
  home_close(h);
  return e;
}

static const struct cmd_opt list_opts[] = {
    {"child", CMD_VALUE, "NAME|ID", "only for this child"},
    {0},
};

const struct cmd home_staff_commands[] = {
    {"staff list", "", 0, 0, list_opts, "who is kept out of which child's case, and why", NULL, run_list},
    {0},
};
