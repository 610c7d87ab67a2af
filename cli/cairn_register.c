#include <stdio.h>
#include <string.h>

#include "cli/home.h"
#include "cli/typed.h"
#include "core/directory.h"
#include "core/enquiry.h"
#include "core/register.h"

#define FOUND_MAX 32

struct printing {
  struct home *h;
  struct out *out;
  const struct enquiry_hit *hit; /* of an enquiry */
  bool is_of_a_day;              /* not what is so now */
};

/* A JSON array of codes as words for people. */
static void add_list(struct bytes list, struct buf *out) {
  for (size_t i = 0; i < list.len; i++)
    if (list.at[i] == ',')
      buf_add_str(out, ", ");
    else if (strchr("[]\"", list.at[i]) == NULL)
      buf_add(out, bytes_of(list.at + i, 1));
}

static enum err print_row(void *of, const struct register_row *row) {
  struct printing *p = of;
  struct buf concerns = {0}, conflict = {0};
  const struct bytes lists[] = {row->impact, row->vulnerability, row->area};
  for (size_t i = 0; i < 3; i++) {
    if (concerns.len && lists[i].len)
      buf_add_str(&concerns, ", ");
    add_list(lists[i], &concerns);
  }
  home_add_conflict(p->h, &row->registration, &conflict);
  out_begin(p->out, NULL);
  out_field_bytes(p->out, "name", row->name);
  out_field_bytes(p->out, "born", row->born);
  out_field_bytes(p->out, "due", row->due);
  out_field_bytes(p->out, "mother", row->mother);
  const bool is_removed_since = p->is_of_a_day && row->removed.len;
  out_field(p->out, "state", is_removed_since ? "on the register then" : register_state(row));
  out_field_bytes(p->out, "since", row->since);
  out_field_bytes(p->out, "review", row->review);
  out_field_bytes(p->out, "removed", row->removed);
  if (p->hit)
    out_field(p->out, "found-by", enquiry_how_words(p->hit->how));
  out_field_bytes(p->out, "concerns", buf_bytes(&concerns));
  out_field_bytes(p->out, "key-worker", row->keyworker);
  out_field_bytes(p->out, "authority", row->authority);
  out_field_id(p->out, "registration", hash_hex(&row->registration).s);
  out_field_id(p->out, "child", hash_hex(&row->child).s);
  out_field_bytes(p->out, "conflict", buf_bytes(&conflict));
  out_end(p->out);
  buf_release(&concerns);
  buf_release(&conflict);
  return OK;
}

/* ---- register list ---- */

static enum err list(struct home *h, const struct cmd_line *line, struct out *out) {
  struct printing p = {.h = h, .out = out, .is_of_a_day = cmd_value(line, "at") != NULL};
  struct typed_date day = {{0}, {0}};
  const char *at = cmd_value(line, "at");
  enum err e = at ? typed_date(at, home_now_s(), &day) : OK;
  if (e != OK)
    return e;
  if (at && strcmp(day.value, at) != 0)
    out_say(out, "On %s:", day.said);
  out_table_begin(out, NULL, at ? "Nobody was on the register on that day." : "Nobody is on the register.");
  e = register_each(h->store, bytes_str(day.value), &p, print_row);
  out_table_end(out);
  return e;
}

static enum err run_list(void *program, const struct cmd_line *line, struct out *out) {
  return home_look(program, line, out, list);
}

/* ---- register history ---- */

static enum err print_event(void *of, const struct register_event *event) {
  struct printing *p = of;
  struct hash key;
  struct buf by = {0};
  if (event->by.len == HASH_SIZE) {
    key = hash_from(event->by);
    directory_name(p->h->store, &key, &by);
  }
  out_begin(p->out, NULL);
  out_field_bytes(p->out, "what", event->what);
  if (event->admitted.len)
    out_field_bytes(p->out, "accepted", event->admitted);
  else
    out_field(p->out, "accepted", "pending");
  out_field_bytes(p->out, "by", buf_bytes(&by));
  out_field_id(p->out, "registration", hash_hex(&event->registration).s);
  out_field_id(p->out, "decision", hash_is_zero(&event->decision) ? NULL : hash_hex(&event->decision).s);
  out_field_id(p->out, "entry", hash_hex(&event->entry).s);
  out_end(p->out);
  buf_release(&by);
  return OK;
}

static enum err keep_child(void *of, const struct register_row *row) {
  *(struct hash *)of = row->child;
  return OK;
}

/* Whoever consults the register without being involved with the child knows the name only as the register has it. */
static enum err find_child(struct home *h, const char *typed, struct hash *out) {
  struct hash registration;
  enum err e = home_resolve(h, typed, "child.add", out);
  if (e != ERR_ABSENT)
    return e;
  e = home_resolve(h, typed, "registration.add|registration.temporary", &registration);
  if (e == OK)
    return register_find(h->store, &registration, out, keep_child);
  return e == ERR_ABSENT ? home_resolve(h, typed, "child.add", out) : e;
}

static enum err history(struct home *h, const struct cmd_line *line, struct out *out) {
  struct printing p = {.h = h, .out = out};
  struct hash child;
  enum err e = find_child(h, cmd_nth(line, "", 0), &child);
  if (e != OK)
    return e;
  out_table_begin(out, NULL, "This child has never been on the register.");
  e = register_each_event(h->store, &child, &p, print_event);
  out_table_end(out);
  return e;
}

static enum err run_history(void *program, const struct cmd_line *line, struct out *out) {
  return home_look(program, line, out, history);
}

/* ---- register enquire ---- */

struct asking {
  const char *name, *mother, *reason;
  struct typed_date born;
  struct enquiry_hit hits[ENQUIRY_HITS_MAX];
  size_t count;
};

static enum err read_question(const struct cmd_line *line, struct asking *a) {
  const char *born = cmd_value(line, "born");
  a->name = cmd_value(line, "name");
  a->mother = cmd_value(line, "mother");
  a->reason = cmd_value(line, "reason");
  if (a->name == NULL && a->mother == NULL)
    return err_set(ERR_USAGE, "--name is needed, or --mother for an unborn baby");
  if (a->reason == NULL || a->reason[0] == '\0')
    return err_set(ERR_USAGE, "--reason is needed: each enquiry is recorded with why it was made");
  return born ? typed_date(born, home_now_s(), &a->born) : OK;
}

static enum err find(struct home *h, struct asking *a) {
  static const char *const kinds[] = {"registration.add", "registration.temporary", NULL};
  const struct enquiry asked = {bytes_str(a->name ? a->name : a->mother), bytes_str(a->born.value), kinds};
  enum err e = enquiry_find(h->store, &asked, a->hits, &a->count);
  a->count = a->count < FOUND_MAX ? a->count : FOUND_MAX;
  return e;
}

/* The enquiry is recorded before its answer is given. */
static enum err record_enquiry(struct home *h, const struct asking *a, const struct cmd_line *line, struct out *out) {
  struct hash to[ENTRY_RECIPIENTS_MAX], found[FOUND_MAX];
  struct hash_hex ids[FOUND_MAX];
  struct draft_value values[FOUND_MAX + 5];
  struct draft d = {.kind = kind_find(bytes_str("register.enquire")), .values = values, .to = to};
  const struct {
    const char *field, *value;
  } said[] = {{"name", a->name},
              {"mother", a->mother},
              {"born", a->born.value[0] ? a->born.value : NULL},
              {"reason", a->reason},
              {"asked-by", cmd_value(line, "for")}};
  struct out hidden;
  for (size_t i = 0; i < a->count; i++) {
    found[i] = a->hits[i].object;
    ids[i] = hash_hex(&found[i]);
    values[d.count++] = (struct draft_value){"found", ids[i].s};
  }
  for (size_t i = 0; i < sizeof said / sizeof *said; i++)
    if (said[i].value)
      values[d.count++] = (struct draft_value){said[i].field, said[i].value};
  enum err e = register_told_of_enquiry(h->store, found, a->count, home_now_s(), to, ENTRY_RECIPIENTS_MAX, &d.to_count);
  if (e == OK && d.to_count == 0)
    e = err_set_remedy(ERR_REFUSED, "the administrator gives somebody the role keeper",
                       "nobody is Keeper of the Register, so nobody could be told of the enquiry");
  out_init(&hidden, out->form);
  if (e == OK)
    e = home_record(h, &d, 1, ACCEPT_WRITE, &hidden);
  out_release(&hidden);
  return e;
}

static enum err print_answer(struct home *h, const struct asking *a, struct out *out) {
  struct printing p = {.h = h, .out = out};
  struct buf synced = {0};
  enum err e = OK;
  store_meta(h->store, "synced", &synced);
  out_table_begin(out, NULL, "Nobody like this is on the register, as this replica knows it.");
  for (size_t i = 0; e == OK && i < a->count; i++) {
    p.hit = &a->hits[i];
    e = register_find(h->store, &a->hits[i].object, &p, print_row);
  }
  out_table_end(out);
  out_say(out, "This replica last synced: %s. The enquiry is recorded.", synced.len ? buf_cstr(&synced) : "never");
  buf_release(&synced);
  return e;
}

static enum err run_enquire(void *program, const struct cmd_line *line, struct out *out) {
  struct home *h = program;
  struct asking a = {0};
  enum err e = h->rest_argc ? err_set(ERR_USAGE, "an enquiry is made on its own") : read_question(line, &a);
  if (e == OK)
    e = home_open(h, line, HOME_PERSON);
  if (e == OK)
    e = find(h, &a);
  if (e == OK)
    e = record_enquiry(h, &a, line, out);
  if (e == OK)
    e = print_answer(h, &a, out);
  home_close(h);
  return e;
}

static const struct cmd_opt list_opts[] = {
    {"at", CMD_VALUE, "DATE", "who was on the register on this day"},
    {0},
};

static const struct cmd_opt enquire_opts[] = {
    {"name", CMD_VALUE, "NAME", "the child's name; it need not be spelled right"},
    {"born", CMD_VALUE, "DATE", "date of birth, or the date a baby is due"},
    {"mother", CMD_VALUE, "NAME", "of an unborn baby: the mother's name"},
    {"reason", CMD_VALUE, "TEXT", "why the enquiry is made", true},
    {"for", CMD_VALUE, "TEXT", "on whose behalf, where it is somebody else"},
    {0},
};

const struct cmd home_register_commands[] = {
    {"register enquire", "", 0, 0, enquire_opts,
     "is a child on the register? Answered from this machine, also without a network",
     "Names that are misspelled or sound alike are found, former and other names, and unborn babies by the mother's\n"
     "name. Each enquiry is recorded; the keeper and the lead professional are told of it.",
     run_enquire},
    {"register list", "", 0, 0, list_opts, "who is on the Child Protection Register",
     "The register alerts those who ask; it has no legal status (N-02).", run_list},
    {"register history", "CHILD", 1, 1, NULL, "what became of a child's registrations; the child, or a registration",
     NULL, run_history},
    {0},
};
