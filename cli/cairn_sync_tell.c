#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/home.h"
#include "cli/sync_parts.h"
#include "core/child.h"
#include "core/directory.h"
#include "core/restricted.h"
#include "sync/exchange.h"

#define SHOWN_SIZE 40

/* ---- keys that came ---- */

/* A changed or further key is shown before anything is sealed to it. What a replica finds when it joins is taken as it
 * is: from then on everything is new. */
struct showing {
  struct home *h;
  struct out *out; /* NULL: in lines, for --watch */
  uint64_t count;
};

static void say_key(struct home *h, const struct keyring_row *row) {
  struct buf by = {0};
  struct hash id = hash_is_zero(&row->sign) ? row->seal : row->sign;
  directory_name(h->store, &row->by, &by);
  printf("new key of %.*s by %s: %s; compare it over the telephone\n", (int)row->name.len, (const char *)row->name.at,
         buf_cstr(&by), hash_hex(&id).s);
  fflush(stdout);
  buf_release(&by);
}

static enum err show_key(void *of, const struct keyring_row *row) {
  struct showing *s = of;
  if (row->number >= STORE_PENDING || (row->of == KEYRING_PERSON && row->is_first))
    return OK;
  s->count++;
  if (s->out)
    return home_print_key(s->h, row, s->out);
  say_key(s->h, row);
  return OK;
}

static enum err show_new_keys(struct home *h, const struct cmd_line *line, struct showing *s) {
  enum err e = home_hold(h, line);
  uint64_t shown = e == OK ? store_meta_number(h->store, "keys-shown") : 0;
  if (e == OK && shown > 0)
    e = keyring_each(h->store, NULL, shown, s, show_key);
  if (e == OK)
    e = store_begin(h->store);
  if (e == OK)
    e = store_meta_set_number(h->store, "keys-shown", store_size(h->store));
  if (e == OK)
    e = store_commit(h->store);
  home_let_go(h);
  return e;
}

static enum err print_new_keys(struct home *h, const struct cmd_line *line, struct out *out) {
  struct showing s = {h, out, 0};
  out_table_begin(out, "keys-that-came", NULL);
  enum err e = show_new_keys(h, line, &s);
  out_table_end(out);
  return e;
}

/* ---- openings that came ---- */

struct telling {
  struct home *h;
  struct out *out; /* NULL: in lines, for --watch */
  uint64_t shown;
};

/* What one opened oneself one knows. */
static bool is_own(const struct telling *t, const struct restricted_opening *row) {
  struct author by;
  return directory_author_of(t->h->store, &row->key, row->number, home_now_s(), &by) == OK &&
         hash_equal(&by.person, &t->h->reader);
}

static enum err tell_opening(void *of, const struct restricted_opening *row) {
  struct telling *t = of;
  if (row->number <= t->shown || row->number >= STORE_PENDING || is_own(t, row))
    return OK;
  if (t->out == NULL) {
    printf("restricted information: %.*s, %.*s; cairn restricted show %.8s\n", (int)row->by.len,
           (const char *)row->by.at, (int)row->how.len, (const char *)row->how.at, hash_hex(&row->item).s);
    fflush(stdout);
    return OK;
  }
  out_begin(t->out, NULL);
  out_field_id(t->out, "item", hash_hex(&row->item).s);
  out_field_bytes(t->out, "opened-by", row->by);
  out_field_bytes(t->out, "how", row->how);
  out_field_bytes(t->out, "when", row->at);
  out_field(t->out, "review", row->needs_review ? "due" : NULL);
  out_end(t->out);
  return OK;
}

/* On a machine that several people share, each is told what is for them. */
static void name_shown(const struct home *h, char out[SHOWN_SIZE]) {
  snprintf(out, SHOWN_SIZE, "openings-shown %.16s", hash_hex(&h->reader).s);
}

/* Who opened what one provided, or is to review: told once. What was there when the machine joined is not told. */
static enum err tell_openings(struct home *h, const struct cmd_line *line, struct out *out) {
  struct telling t = {.h = h, .out = out};
  char shown[SHOWN_SIZE];
  enum err e = home_hold(h, line);
  name_shown(h, shown);
  if (out)
    out_table_begin(out, "openings-that-came", NULL);
  t.shown = e == OK ? store_meta_number(h->store, shown) : 0;
  if (e == OK)
    e = restricted_each_opening(h->store, NULL, &t, tell_opening);
  if (e == OK)
    e = store_begin(h->store);
  if (e == OK)
    e = store_meta_set_number(h->store, shown, store_size(h->store));
  if (e == OK)
    e = store_commit(h->store);
  home_let_go(h);
  if (out)
    out_table_end(out);
  return e;
}

/* Whoever trusts the node's keys should hear that they changed, and be able to compare. */
static void print_change(const struct exchange_change *c, const char *name, const char *before, struct out *out) {
  if (c->number == 0)
    return;
  out_field(out, name, hash_hex(&c->now).s);
  out_field(out, before, hash_hex(&c->before).s);
}

static void say_changes(const struct exchange_report *r, struct out *out) {
  if (r->ledger_key.number)
    out_say(out,
            "The ledger's key has changed with entry %" PRIu64 ". The key that was known here before has endorsed it. "
            "Its fingerprint is now %s.",
            r->ledger_key.number, hash_hex(&r->ledger_key.now).s);
  if (r->authority.number)
    out_say(out,
            "The certification authority has changed with entry %" PRIu64 ", which the node has signed with its "
            "operating key. Its fingerprint is now %s.",
            r->authority.number, hash_hex(&r->authority.now).s);
}

static void print_report(const struct exchange_report *r, struct out *out) {
  out_field_number(out, "accepted", r->accepted);
  out_field_number(out, "refused", r->refused);
  out_field_number(out, "held", r->held);
  out_field_number(out, "later", r->later);
  out_field_number(out, "unconfirmed", r->unconfirmed);
  out_field_number(out, "received", r->received);
  out_field_number(out, "withdrawn", r->withdrawn);
  out_field_number(out, "erased", r->erased);
  if (r->lost)
    out_field_number(out, "lost", r->lost);
  if (r->size) /* an answer of before has none */
    out_field_number(out, "ledger-size", r->size);
  print_change(&r->ledger_key, "ledger-key", "ledger-key-endorsed-by", out);
  print_change(&r->authority, "authority", "authority-before", out);
}

/* People look for what they saw yesterday. */
static void say_gone(const struct exchange_report *r, struct out *out) {
  if (r->withdrawn)
    out_say(out,
            "Entries that your agency is not to have any more: %" PRIu64 ". Their content is gone from this machine; "
            "what was recorded by your agency stays.",
            r->withdrawn);
  if (r->lost)
    out_say(out,
            "Entries whose content the node has lost, and that are not here either: %" PRIu64
            ". They come when a machine that holds them has synced.",
            r->lost);
  if (r->erased)
    out_say(out, "Entries whose content was erased everywhere: %" PRIu64 ".", r->erased);
}

static void say_report(const struct exchange_report *r, struct out *out) {
  say_changes(r, out);
  say_gone(r, out);
  if (r->refused || r->held || r->later)
    out_say(out, "Not everything was accepted: cairn outbox says what and why.");
}

static enum err count_pair(void *of, const struct hash *first, const struct hash *second) {
  (void)first;
  (void)second;
  ++*(size_t *)of;
  return OK;
}

/* What came may be about a child whom somebody here had recorded, too. */
static enum err say_twice(struct home *h, const struct cmd_line *line, struct out *out) {
  size_t count = 0;
  enum err e = home_hold(h, line);
  if (e == OK)
    e = child_each_twice(h->store, &count, count_pair);
  home_let_go(h);
  if (e == OK && count)
    out_say(out, "Children may be recorded twice here: cairn child similar shows them.");
  return e;
}

enum err home_tell_sync(struct home *h, const struct cmd_line *line, const struct exchange_report *report,
                        struct out *out) {
  print_report(report, out);
  enum err e = print_new_keys(h, line, out);
  if (e == OK)
    e = tell_openings(h, line, out);
  out_end(out);
  say_report(report, out);
  return e == OK ? say_twice(h, line, out) : e;
}

/* ---- --watch ---- */

enum err sync_tell_news(struct home *h, const struct cmd_line *line) {
  enum err e = show_new_keys(h, line, &(struct showing){h, NULL, 0});
  return e == OK ? tell_openings(h, line, NULL) : e;
}

void sync_say_watched(const struct exchange_report *r) {
  struct text_time now = text_time_format(home_now_s());
  printf("%s accepted %" PRIu64 ", refused %" PRIu64 ", received %" PRIu64 ", withdrawn %" PRIu64 ", erased %" PRIu64
         "\n",
         now.s, r->accepted, r->refused, r->received, r->withdrawn, r->erased);
  if (r->ledger_key.number)
    printf("%s the ledger's key is now %s\n", now.s, hash_hex(&r->ledger_key.now).s);
  if (r->authority.number)
    printf("%s the certification authority is now %s\n", now.s, hash_hex(&r->authority.now).s);
  fflush(stdout);
}
