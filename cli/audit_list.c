#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "audit/signers.h"
#include "cli/audit.h"
#include "cli/signers_out.h"
#include "core/text.h"

#define ROWS_MAX ((size_t)1 << 20)

static struct bytes bytes_from(struct verify_text t) {
  return bytes_of(t.at, t.len);
}

static bool is(struct verify_text t, const char *s) {
  return bytes_equal_str(bytes_from(t), s);
}

/* Looks at the ledger of the auditor's folder, with all that is remembered. */
static enum err look_at_folder(const struct cmd_line *line, void *of,
                               void (*entry)(void *of, const struct verify_entry *e), struct audit_look *out) {
  const char *folder = cmd_nth(line, "", 0);
  struct audit_memory m = {0};
  struct buf path = {0};
  folder = folder ? folder : "ledger-audit";
  audit_path(&path, folder, "ledger.git");
  enum err e = audit_memory_load(folder, &m);
  if (e == OK) {
    struct verify_facts facts = audit_memory_facts(&m);
    e = audit_look(buf_cstr(&path), &facts, of, entry, out);
  }
  audit_memory_release(&m);
  buf_release(&path);
  return e;
}

/* The list is of the entries that the ledger's key signed, and of no other ledger than the one known. */
static bool is_sound(const struct verify_result *r) {
  return r->verdicts[VERIFY_INTEGRITY] == VERIFY_HOLDS && r->verdicts[VERIFY_ANCHORING] != VERIFY_FAILS;
}

static void print_verdicts(struct out *out, const struct verify_result *r) {
  for (int s = 0; s < VERIFY_SUBJECTS; s++)
    out_field(out, verify_subject_text((enum verify_subject)s), verify_verdict_text(r->verdicts[s]));
}

/* ---- log ---- */

struct listing {
  struct out *out;
  const char *kind, *child;
  size_t count;
};

static bool concerns(const struct verify_entry *e, const char *child) {
  if (child == NULL)
    return true;
  if (is(e->kind, "child.add") && strncmp(e->id, child, strlen(child)) == 0)
    return true;
  for (size_t i = 0; i < e->child_count; i++)
    if (bytes_starts(bytes_from(e->children[i]), child))
      return true;
  return false;
}

static void print_children(struct out *out, const struct verify_entry *e) {
  struct buf b = {0};
  for (size_t i = 0; i < e->child_count; i++) {
    struct bytes id = bytes_from(e->children[i]);
    buf_add_str(&b, i ? " " : "");
    buf_add(&b, bytes_of(id.at, out->form == OUT_TEXT ? 8 : id.len));
  }
  out_field_bytes(out, "child", buf_bytes(&b));
  buf_release(&b);
}

static void list_entry(void *of, const struct verify_entry *e) {
  struct listing *l = of;
  if ((l->kind && !is(e->kind, l->kind)) || !concerns(e, l->child))
    return;
  char by[65];
  memcpy(by, e->by.at, 64);
  by[64] = '\0';
  out_begin(l->out, NULL);
  out_field_number(l->out, "number", e->number);
  out_field_bytes(l->out, "admitted", bytes_from(e->admitted));
  out_field_bytes(l->out, "kind", bytes_from(e->kind));
  out_field_id(l->out, "entry", e->id);
  out_field_id(l->out, "by", by);
  print_children(l->out, e);
  out_end(l->out);
  l->count++;
}

/* After a failure the list is left open, and so is not printed. */
static enum err run_log(void *program, const struct cmd_line *line, struct out *out) {
  struct audit *audit = program;
  struct audit_look look = {0};
  struct listing l = {out, cmd_value(line, "kind"), cmd_value(line, "child"), 0};
  out_begin(out, NULL);
  out_table_begin(out, "entries", "none");
  enum err e = look_at_folder(line, &l, list_entry, &look);
  if (e != OK)
    return e;
  out_table_end(out);
  print_verdicts(out, look.result);
  out_end(out);
  if (is_sound(look.result)) {
    out_say(out, "%zu of %llu entries.", l.count, (unsigned long long)look.result->entry_count);
  } else {
    out_say(out, "The ledger does NOT hold: this list is not to be relied on. cairn-audit verify says why.");
    audit->status = 1;
  }
  audit_look_release(&look);
  return OK;
}

/* ---- register ---- */

/* A decision and its meeting, a meeting alone, or the end of a registration. */
struct event {
  char id[65];
  char of[65];
  uint64_t number;
};

struct registration {
  char id[65];
  char child[65];
  char since[TEXT_TIME_SIZE + 1];
  char decision[65]; /* empty for a temporary one */
  uint64_t number;
  bool is_over;
};

struct roll {
  const char *at; /* up to this time, or NULL */
  void *events;   /* balanced trees by id */
  void *registrations;
  size_t row_count;
  uint64_t strange_count; /* entries about the register that this program does not understand */
  struct out *out;
};

/* Both rows begin with their key. */
static int compare_rows(const void *a, const void *b) {
  return strcmp(a, b);
}

static void *find(void *const *tree, const char *key) {
  void *node = tfind(key, tree, compare_rows);
  return node ? *(void **)node : NULL;
}

/* Keeps the first row of each key. */
static void keep(struct roll *r, void **tree, void *row) {
  void *node = tsearch(row, tree, compare_rows);
  if (node == NULL)
    abort(); /* out of memory */
  if (*(void **)node != row)
    free(row);
  else
    r->row_count++;
}

static void copy_hash(char out[65], struct verify_text t) {
  memcpy(out, t.at, t.len < 64 ? t.len : 64);
}

static void copy_ref(char out[65], const struct verify_entry *e, const char *name) {
  for (size_t i = 0; i < e->ref_count; i++)
    if (is(e->refs[i].name, name))
      copy_hash(out, e->refs[i].value);
}

static void keep_event(struct roll *r, const struct verify_entry *e, const char *of) {
  struct event *row = mem_alloc(sizeof *row);
  memcpy(row->id, e->id, sizeof row->id);
  copy_ref(row->of, e, of);
  row->number = e->number;
  keep(r, &r->events, row);
}

static void keep_registration(struct roll *r, const struct verify_entry *e) {
  for (size_t i = 0; i < e->child_count; i++) {
    struct registration *row = mem_alloc(sizeof *row);
    memcpy(row->id, e->id, sizeof row->id);
    copy_hash(row->child, e->children[i]);
    memcpy(row->since, e->admitted.at, TEXT_TIME_SIZE);
    copy_ref(row->decision, e, "decision");
    row->number = e->number;
    keep(r, &r->registrations, row);
  }
}

static void set_over(struct roll *r, const char *registration, bool is_over) {
  struct registration *row = find(&r->registrations, registration);
  if (row)
    row->is_over = is_over;
}

static void end_registration(struct roll *r, const struct verify_entry *e) {
  char id[65] = "";
  copy_ref(id, e, "registration");
  keep_event(r, e, "registration");
  set_over(r, id, true);
}

/* A registration that is voided never was, and one whose end is voided goes on. */
static void void_entry(struct roll *r, const struct verify_entry *e) {
  char id[65] = "";
  copy_ref(id, e, "entry");
  const struct event *end = find(&r->events, id);
  set_over(r, id, true);
  if (end)
    set_over(r, end->of, false);
}

/* What each kind means for the register; kinds that are not here are strange. */
static void follow_register(struct roll *r, const struct verify_entry *e) {
  static const char *const no_matter[] = {"registration.amend", "registration.correct", "registration.continue",
                                          "registration.tell"};
  if (is(e->kind, "registration.add") || is(e->kind, "registration.temporary")) {
    keep_registration(r, e);
  } else if (is(e->kind, "registration.remove") || is(e->kind, "registration.temporary-end")) {
    end_registration(r, e);
  } else {
    for (size_t i = 0; i < sizeof no_matter / sizeof *no_matter; i++)
      if (is(e->kind, no_matter[i]))
        return;
    r->strange_count++;
  }
}

static void read_entry(void *of, const struct verify_entry *e) {
  struct roll *r = of;
  if (r->row_count >= ROWS_MAX || (r->at && memcmp(e->admitted.at, r->at, TEXT_TIME_SIZE) > 0))
    return;
  if (is(e->kind, "meeting.convene") || is(e->kind, "decision.record"))
    keep_event(r, e, "meeting");
  else if (bytes_starts(bytes_from(e->kind), "registration."))
    follow_register(r, e);
  else if (is(e->kind, "entry.void"))
    void_entry(r, e);
}

static void print_number(struct out *out, const char *name, const struct event *event) {
  if (event)
    out_field_number(out, name, event->number);
  else
    out_field(out, name, NULL);
}

struct rows {
  const struct registration **at;
  size_t count;
};

static void collect_in_force(const void *node, VISIT when, void *of) {
  struct rows *rows = of;
  const struct registration *row = *(const struct registration *const *)node;
  if ((when == postorder || when == leaf) && !row->is_over)
    rows->at[rows->count++] = row;
}

static int compare_numbers(const void *a, const void *b) {
  const struct registration *x = *(const struct registration *const *)a;
  const struct registration *y = *(const struct registration *const *)b;
  return (x->number > y->number) - (x->number < y->number);
}

static void print_registration(const struct roll *r, const struct registration *row) {
  const struct event *decision = find(&r->events, row->decision);
  out_begin(r->out, NULL);
  out_field_id(r->out, "child", row->child);
  out_field(r->out, "since", row->since);
  out_field_number(r->out, "registration", row->number);
  print_number(r->out, "decision", decision);
  print_number(r->out, "meeting", decision ? find(&r->events, decision->of) : NULL);
  out_end(r->out);
}

/* In the order of the ledger; the tree's is that of random ids. */
static void print_registrations(const struct roll *r) {
  struct rows rows = {mem_alloc((r->row_count + 1) * sizeof *rows.at), 0};
  twalk_r(r->registrations, collect_in_force, &rows);
  qsort(rows.at, rows.count, sizeof *rows.at, compare_numbers);
  for (size_t i = 0; i < rows.count; i++)
    print_registration(r, rows.at[i]);
  free(rows.at);
}

static int print_roll(struct roll *r, const struct verify_result *result, struct out *out) {
  if (!is_sound(result)) {
    out_begin(out, NULL);
    print_verdicts(out, result);
    out_end(out);
    out_say(out,
            "The ledger does NOT hold, so that it cannot say who is on the register. cairn-audit verify says why.");
    return 1;
  }
  out_begin(out, NULL);
  out_field(out, "at", r->at ? r->at : result->time);
  print_verdicts(out, result);
  out_table_begin(out, "register", "nobody");
  print_registrations(r);
  out_table_end(out);
  out_end(out);
  if (r->strange_count == 0)
    return 0;
  out_say(out, "%llu entries about registrations are of kinds that this program does not know: the list may be wrong.",
          (unsigned long long)r->strange_count);
  return 3;
}

static enum err run_register(void *program, const struct cmd_line *line, struct out *out) {
  struct audit *audit = program;
  struct audit_look look = {0};
  struct roll r = {.at = cmd_value(line, "at"), .out = out};
  if (r.at && !text_is_time(bytes_str(r.at)))
    return err_set(ERR_USAGE, "--at takes a time like 2026-01-31T09:00:00Z");
  enum err e = look_at_folder(line, &r, read_entry, &look);
  if (e == OK && r.row_count >= ROWS_MAX)
    e = err_set(ERR_LIMIT, "the register is larger than this program takes");
  if (e == OK)
    audit->status = print_roll(&r, look.result, out);
  tdestroy(r.events, free);
  tdestroy(r.registrations, free);
  audit_look_release(&look);
  return e;
}

static const struct cmd_opt log_opts[] = {
    {"child", CMD_VALUE, "PREFIX", "only what concerns the child whose id begins with these digits"},
    {"kind", CMD_VALUE, "KIND", "only entries of this kind"},
    {0}};
static const struct cmd_opt register_opts[] = {
    {"at", CMD_VALUE, "TIME", "who was on the register then, instead of now"}, {0}};

/* ---- allowed-signers ---- */

static void format_signers(struct buf *b, const struct verify_result *r) {
  for (size_t i = 0; i < r->signer_count; i++) {
    const struct verify_signer *one = &r->signers[i];
    struct signers_line line = {r->origin, bytes_of(one->point, sizeof one->point), one->from, one->until};
    signers_format(b, &line);
  }
}

/* What is printed is meant for a file: nothing, rather than keys of a ledger that is another. */
static enum err run_signers(void *program, const struct cmd_line *line, struct out *out) {
  struct audit_look look = {0};
  struct buf file = {0};
  (void)program;
  enum err e = look_at_folder(line, NULL, NULL, &look);
  if (e == OK && !is_sound(look.result))
    e = err_set_remedy(ERR_REFUSED, "cairn-audit verify says why",
                       "the ledger does not hold, so that it cannot say who signs its commits");
  if (e == OK) {
    format_signers(&file, look.result);
    signers_out(out, buf_bytes(&file));
  }
  buf_release(&file);
  audit_look_release(&look);
  return e;
}

const struct cmd audit_list_commands[] = {
    {"log", "[FOLDER]", 0, 1, log_opts, "list the ledger's entries", NULL, run_log},
    {"register", "[FOLDER]", 0, 1, register_opts, "list who is on the register, from the public headers",
     "Children are shown by their ids: the ledger holds no names.", run_register},
    {"allowed-signers", "[FOLDER]", 0, 1, NULL, "the keys that sign the ledger's commits, for stock git verify-commit",
     "Write it to a file, and: git -c gpg.ssh.allowedSignersFile=FILE verify-commit main", run_signers},
    {0}};
