#include <stdio.h>
#include <string.h>

#include "cli/home.h"
#include "core/directory.h"
#include "core/discard.h"

/* ---- what is in it ---- */

struct looking {
  struct home *h;
  struct out *out;
};

/* An act is shown to whoever may see all of it. */
static bool may_be_seen(struct home *h, const struct act_record *a) {
  bool may = true;
  for (size_t i = 0; i < a->count; i++) {
    struct record r = {0};
    may = may && store_find(h->store, &a->entries[i].entry.id, &r) == OK;
    record_release(&r);
  }
  return may;
}

static enum err print_outbox_row(void *of, const struct outbox_row *row) {
  struct looking *l = of;
  struct act_record a = {0};
  struct buf what = {0};
  enum err e = store_find_act(l->h->store, row->act, &a);
  if (e == OK && may_be_seen(l->h, &a)) {
    for (size_t i = 0; i < a.count; i++) {
      if (i)
        buf_add_str(&what, ", ");
      buf_add(&what, a.entries[i].entry.kind);
    }
    out_begin(l->out, NULL);
    out_field_id(l->out, "entry", hash_hex(&a.entries[0].entry.id).s);
    out_field_id(l->out, "act", hash_hex(&a.position.act).s);
    out_field(l->out, "state", row->state);
    out_field_bytes(l->out, "written", a.entries[0].entry.at);
    out_field_bytes(l->out, "what", buf_bytes(&what));
    out_field_bytes(l->out, "rule", row->rule);
    out_field_bytes(l->out, "why", row->words);
    out_field_bytes(l->out, "remedy", row->remedy);
    out_end(l->out);
  }
  buf_release(&what);
  act_record_release(&a);
  return e;
}

static enum err outbox(struct home *h, const struct cmd_line *line, struct out *out) {
  struct looking l = {h, out};
  (void)line;
  out_table_begin(out, NULL, "Everything recorded here was accepted.");
  enum err e = store_outbox_each(h->store, &l, print_outbox_row);
  out_table_end(out);
  if (store_meta_number(h->store, HOME_APART))
    out_say(out,
            "But at the last sync the node's ledger was another one: what this machine holds is ahead of it, or other "
            "than it. Keep this machine as it is, and tell the node's administrator.");
  return e;
}

static enum err run_outbox(void *program, const struct cmd_line *line, struct out *out) {
  return home_look(program, line, out, outbox);
}

/* ---- outbox discard ---- */

/* What was typed: the first digits of an act's id, or of an entry's of it. */
struct finding {
  struct home *h;
  const char *typed;
  size_t count;
  uint64_t first; /* of the one that fits */
  struct buf rule, why, remedy;
};

static bool begins_with(const struct hash *id, const char *typed) {
  return strncmp(hash_hex(id).s, typed, strlen(typed)) == 0;
}

static enum err find_in_row(void *of, const struct outbox_row *row) {
  struct finding *f = of;
  struct act_record a = {0};
  enum err e = store_find_act(f->h->store, row->act, &a);
  bool fits = e == OK && begins_with(&a.position.act, f->typed);
  for (size_t i = 0; e == OK && i < a.count; i++)
    fits = fits || begins_with(&a.entries[i].entry.id, f->typed);
  if (fits && may_be_seen(f->h, &a)) {
    f->count++;
    f->first = row->act;
    buf_clear(&f->rule);
    buf_clear(&f->why);
    buf_clear(&f->remedy);
    buf_add(&f->rule, row->rule);
    buf_add(&f->why, row->words);
    buf_add(&f->remedy, row->remedy);
  }
  act_record_release(&a);
  return e;
}

static enum err find_act(struct finding *f) {
  if (strlen(f->typed) < 4)
    return err_set(ERR_USAGE, "\"%s\": type at least four digits of the act's id", f->typed);
  enum err e = store_outbox_each(f->h->store, f, find_in_row);
  if (e == OK && f->count == 0)
    e = err_set(ERR_ABSENT, "there is no such act \"%s\" in the outbox", f->typed);
  if (e == OK && f->count > 1)
    e = err_set_remedy(ERR_AMBIGUOUS, "type more digits of its id", "\"%s\" fits more than one", f->typed);
  return e;
}

/* Of a file, and of what is sealed, what can be said in a line. */
static void add_file(const struct record *r, struct buf *says) {
  const bool is_sealed = r->entry.audience == AUDIENCE_RESTRICTED;
  if (is_sealed || !bytes_equal_str(r->entry.media, "application/json"))
    buf_addf(says, "%s%s, %zu bytes", says->len ? "; " : "", is_sealed ? "sealed" : "a file", r->content.len);
}

/* All there is of it, as it was recorded. */
static void print_whole(const struct record *r, struct out *out) {
  const bool is_text = r->entry.audience != AUDIENCE_RESTRICTED && bytes_equal_str(r->entry.media, "application/json");
  struct buf base64 = {0};
  out_field_bytes(out, "header", r->entry.header);
  if (is_text)
    out_field_bytes(out, "content", buf_bytes(&r->content));
  else
    text_base64_encode(&base64, buf_bytes(&r->content));
  out_field_bytes(out, "content-base64", buf_bytes(&base64));
  buf_release(&base64);
}

static void print_said(struct home *h, const struct record *r, struct out *out) {
  struct buf about = {0}, says = {0};
  const struct kind *k = kind_find(r->entry.kind);
  home_add_children(h, &r->entry, &about);
  if (about.len == 0 && k && k->object)
    home_add_title(h, entry_ref(&r->entry, k->object), &about);
  home_add_saying(h, r, &says);
  add_file(r, &says);
  out_begin(out, NULL);
  out_field_id(out, "entry", hash_hex(&r->entry.id).s);
  out_field_bytes(out, "kind", r->entry.kind);
  out_field_bytes(out, "about", buf_bytes(&about));
  out_field_bytes(out, "says", buf_bytes(&says));
  if (out->form == OUT_JSON)
    print_whole(r, out);
  out_end(out);
  buf_release(&about);
  buf_release(&says);
}

static void print_act(struct home *h, const struct finding *f, const struct act_record *a, struct out *out) {
  struct buf by = {0};
  directory_name(h->store, &a->text.by, &by);
  out_begin(out, NULL);
  out_field_id(out, "act", hash_hex(&a->position.act).s);
  out_field_bytes(out, "by", buf_bytes(&by));
  out_field_bytes(out, "written", a->entries[0].entry.at);
  out_field_bytes(out, "rule", buf_bytes(&f->rule));
  out_field_bytes(out, "why", buf_bytes(&f->why));
  out_field_bytes(out, "remedy", buf_bytes(&f->remedy));
  out_table_begin(out, "entries", NULL);
  for (size_t i = 0; i < a->count; i++)
    print_said(h, &a->entries[i], out);
  out_table_end(out);
  out_end(out);
  buf_release(&by);
}

/* Which one refers to it, to whoever may see that one. */
static enum err name_the_other(struct home *h, uint64_t named_by) {
  struct act_record a = {0};
  char remedy[160];
  enum err e = store_find_act(h->store, named_by, &a);
  if (e == OK && may_be_seen(h, &a)) {
    struct hash_hex id = hash_hex(&a.position.act);
    snprintf(remedy, sizeof remedy, "cairn outbox discard %.8s; if that one was not refused yet: cairn sync", id.s);
    e = err_set_remedy(ERR_REFUSED, remedy, "act %.8s in the outbox refers to it, and goes first", id.s);
  } else if (e == OK)
    e = err_set_remedy(ERR_REFUSED, "whoever recorded that one discards it first, once it was refused",
                       "another act in the outbox refers to it");
  act_record_release(&a);
  return e;
}

/* Nothing goes before all of it was said. */
static enum err discard_found(struct finding *f, struct out *out) {
  struct act_record a = {0};
  uint64_t named_by = 0;
  enum err e = store_find_act(f->h->store, f->first, &a);
  if (e == OK)
    print_act(f->h, f, &a, out);
  if (e == OK)
    e = discard_act(f->h->store, f->first, &named_by);
  if (named_by)
    e = name_the_other(f->h, named_by);
  if (e == OK)
    e = out_send(out);
  act_record_release(&a);
  return e;
}

static enum err discard(struct home *h, const struct cmd_line *line, struct out *out) {
  struct finding f = {.h = h, .typed = cmd_nth(line, "", 0)};
  enum err e = store_begin(h->store);
  if (e == OK)
    e = find_act(&f);
  if (e == OK)
    e = discard_found(&f, out);
  e = store_end(h->store, e);
  if (e != OK)
    out_take_back(out);
  else
    out_say(out, "It was discarded, and is not on this machine any more. That it was refused stays in the ledger.");
  buf_release(&f.rule);
  buf_release(&f.why);
  buf_release(&f.remedy);
  return e;
}

static enum err run_discard(void *program, const struct cmd_line *line, struct out *out) {
  return home_look(program, line, out, discard);
}

const struct cmd home_outbox_commands[] = {
    {"outbox", "", 0, 0, NULL, "what was recorded here and is not accepted: unsent, refused, held, and why",
     "What was refused stays until it is discarded (cairn outbox discard).", run_outbox},
    {"outbox discard", "ACT", 1, 1, NULL, "say once more what a refused act holds, and take it off this machine",
     "ACT is the first digits of its id, or of an entry's of it. Only what was refused can be discarded, and what "
     "refers "
     "to it in the outbox goes\n"
     "first, for it is refused, too. With --json all of it is printed as it was recorded, files in base64; keep that "
     "if "
     "it is to be typed again.",
     run_discard},
    {0},
};
