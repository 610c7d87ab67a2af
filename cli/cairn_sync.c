#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/home.h"
#include "core/child.h"
#include "core/directory.h"
#include "core/restricted.h"
#include "sync/carry.h"
#include "sync/client.h"
#include "sync/exchange.h"
#include "sync/recover.h"

#define WATCH_S 5
#define BACKOFF_MAX_S 300
#define SHOWN_SIZE 40

static volatile sig_atomic_t told_to_end;

static void on_signal(int signal_number) {
  (void)signal_number;
  told_to_end = 1;
}

/* What a request needs from the store, read once per half of an exchange, because nothing is held while waiting. */
struct way {
  struct buf host, authority, certificate;
  uint16_t port;
  uint64_t have, verified; /* the place in the feed and the checkpoint that the request goes on from */
};

static void read_place(struct home *h, uint64_t *have_out, uint64_t *verified_out) {
  struct buf note = {0};
  struct hash root;
  struct feed_end end = {0};
  feed_end(h->store, FEED_OWN, &end);
  *have_out = end.place;
  *verified_out = 0;
  store_checkpoint_newest(h->store, verified_out, &root, &note);
  buf_release(&note);
}

/* While this program waited for the node, another one of the same replica may have synced: our answer then goes on from
 * a place where the replica is no more. That is no alarm; the request is made anew. */
static bool is_overtaken(struct home *h, const struct way *w) {
  uint64_t have, verified;
  read_place(h, &have, &verified);
  return have != w->have || verified != w->verified;
}

static enum err read_way(struct home *h, struct way *w) {
  buf_clear(&w->host);
  buf_clear(&w->authority);
  buf_clear(&w->certificate);
  enum err e = store_meta(h->store, "host", &w->host);
  if (e == OK)
    e = store_meta(h->store, "authority", &w->authority);
  if (e == OK)
    e = home_machine_certificate(h, &w->certificate);
  w->port = (uint16_t)store_meta_number(h->store, "port");
  read_place(h, &w->have, &w->verified);
  return e;
}

/* Whoever calls it, the machine syncs for all its people. */
static enum err hold_for_all(struct home *h, const struct cmd_line *line) {
  enum err e = home_hold(h, line);
  if (e == OK)
    home_read_for_all(h);
  return e;
}

static enum err make_request(struct home *h, const struct cmd_line *line, struct way *w, struct buf *request) {
  size_t sent;
  enum err e = hold_for_all(h, line);
  struct exchange_replica r = {h->store, h->replica, home_now_s()};
  if (e == OK)
    e = read_way(h, w);
  if (e == OK)
    e = exchange_request(&r, request, &sent);
  home_let_go(h);
  return e;
}

enum err home_note_heard(struct home *h) {
  struct text_time now = text_time_format(home_now_s());
  enum err e = store_begin(h->store);
  if (e == OK)
    e = store_meta_set(h->store, "synced", bytes_str(now.s));
  return e == OK ? store_commit(h->store) : e;
}

enum err home_keep_refused(const struct cmd_line *line, enum err e, struct bytes evidence) {
  char words[512], remedy[512], name[HOME_FILE_SIZE];
  snprintf(words, sizeof words, "%s", err_words(e));
  snprintf(remedy, sizeof remedy, "%.300s%s", err_remedy(), err_remedy()[0] ? "; " : "");
  if (home_keep_evidence(line, evidence, name) == OK) {
    size_t len = strlen(remedy);
    snprintf(remedy + len, sizeof remedy - len, "the proof is in %s in the replica's folder: cairn evidence", name);
  }
  return err_set_remedy(e, remedy, "%s", words);
}

static enum err take_answer(struct home *h, const struct cmd_line *line, const struct way *w, struct bytes answer,
                            struct exchange_report *report) {
  enum err e = hold_for_all(h, line);
  struct exchange_replica r = {h->store, h->replica, home_now_s()};
  struct buf evidence = {0};
  report->evidence = &evidence;
  if (e == OK && is_overtaken(h, w))
    report->has_more = true;
  else if (e == OK)
    e = exchange_take(&r, answer, report);
  report->evidence = NULL;
  if (e == OK)
    e = home_note_heard(h);
  home_let_go(h);
  if (evidence.len)
    e = home_keep_refused(line, e, buf_bytes(&evidence));
  buf_release(&evidence);
  return e;
}

static struct client_settings settings_of(struct home *h, struct way *w) {
  return (struct client_settings){.host = buf_cstr(&w->host),
                                  .port = w->port,
                                  .ca = buf_bytes(&w->authority),
                                  .certificate = buf_bytes(&w->certificate),
                                  .key = h->replica,
                                  .answer_max = MSG_ANSWER_MAX};
}

static void way_release(struct way *w) {
  buf_release(&w->host);
  buf_release(&w->authority);
  buf_release(&w->certificate);
}

/* ---- large contents, part by part, before the request of the exchange ---- */

struct carrying {
  struct home *h;
  const struct cmd_line *line;
  struct way way;
  struct carry_round round;
};

static enum err begin_carrying(struct carrying *c) {
  enum err e = home_hold(c->h, c->line);
  if (e == OK)
    e = carry_begin(&c->round, c->h->store, home_now_s());
  if (e == OK && !carry_is_done(&c->round))
    e = read_way(c->h, &c->way);
  home_let_go(c->h);
  return e;
}

static enum err make_part_request(struct carrying *c, struct buf *request) {
  enum err e = home_hold(c->h, c->line);
  if (e == OK)
    e = carry_next(&c->round, c->h->store, request);
  home_let_go(c->h);
  return e;
}

static enum err take_part_answer(struct carrying *c, struct bytes answer) {
  enum err e = home_hold(c->h, c->line);
  if (e == OK)
    e = carry_take(&c->round, c->h->store, answer, home_now_s());
  home_let_go(c->h);
  return e;
}

/* What keeps the node from taking a part is no reason to send and receive nothing else; that it is away is. */
static bool may_go_on(const struct carry_round *r, enum err e) {
  return e == ERR_REFUSED || (e == ERR_BUSY && !r->works[r->at].is_down);
}

static enum err carry_one(struct carrying *c) {
  struct buf request = {0}, answer = {0};
  struct client_settings settings = settings_of(c->h, &c->way);
  enum err e = make_part_request(c, &request);
  if (e != OK)
    goto out;
  e = client_post(&settings, "/v1/part", buf_bytes(&request), &answer, NULL);
  if (e == OK) {
    e = take_part_answer(c, buf_bytes(&answer));
  } else if (may_go_on(&c->round, e)) {
    carry_refused(&c->round);
    e = OK;
  }
out:
  buf_release(&request);
  buf_release(&answer);
  return e;
}

static void tell_parts(const struct carry_round *r) {
  if (isatty(STDERR_FILENO))
    fprintf(stderr, "\rdocuments sent and fetched: %zu of %zu …", r->at, r->count);
}

/* ERR_ABSENT: another program of the same replica was faster. The round begins anew with the next exchange. */
static enum err carry_all(struct home *h, const struct cmd_line *line, bool *lacks_out) {
  struct carrying c = {.h = h, .line = line};
  enum err e = begin_carrying(&c);
  bool is_any = e == OK && !carry_is_done(&c.round);
  while (e == OK && !carry_is_done(&c.round) && !told_to_end) {
    tell_parts(&c.round);
    e = carry_one(&c);
  }
  if (is_any && isatty(STDERR_FILENO))
    fputc('\n', stderr);
  way_release(&c.way);
  *lacks_out = c.round.lacks_down;
  return e == ERR_ABSENT ? OK : e;
}

/* ---- a node that is behind: what is here is offered to it ---- */

struct offering {
  struct home *h;
  const struct cmd_line *line;
  struct way way;
  struct recover_round round;
};

static enum err make_offer(struct offering *o, struct buf *request) {
  enum err e = home_hold(o->h, o->line);
  if (e == OK)
    e = read_way(o->h, &o->way);
  if (e == OK)
    e = recover_next(&o->round, o->h->store, request);
  home_let_go(o->h);
  return e;
}

static enum err take_offer_answer(struct offering *o, struct bytes answer) {
  enum err e = home_hold(o->h, o->line);
  if (e == OK)
    e = recover_take(&o->round, o->h->store, answer);
  home_let_go(o->h);
  return e;
}

static enum err offer_one(struct offering *o, int *status) {
  struct buf request = {0}, answer = {0};
  enum err e = make_offer(o, &request);
  struct client_settings settings = settings_of(o->h, &o->way);
  if (e == OK && !recover_is_done(&o->round))
    e = client_post(&settings, "/v1/recover", buf_bytes(&request), &answer, status);
  if (e == OK && !recover_is_done(&o->round))
    e = take_offer_answer(o, buf_bytes(&answer));
  buf_release(&request);
  buf_release(&answer);
  return e;
}

static enum err offer_all(struct home *h, const struct cmd_line *line, struct recover_round *out, int *status) {
  struct offering o = {.h = h, .line = line};
  enum err e = OK;
  while (e == OK && !recover_is_done(&o.round) && !told_to_end)
    e = offer_one(&o, status);
  *out = o.round;
  buf_release(&o.round.wanted);
  out->wanted = (struct buf){0};
  way_release(&o.way);
  return e;
}

/* The node was restored from an old copy: people must hear it, and that nothing of theirs is lost by it. */
static enum err say_behind(const struct recover_round *r) {
  return err_set_remedy(
      ERR_BUSY, "what was recorded here stays in the outbox; sync again when the administrator has ended that",
      "the node was restored from an old copy and is being rebuilt; this machine has offered it the %" PRIu64
      " entries that it lacked and that are here",
      r->offered);
}

/* A person says that this machine is to follow: a node alone could make one forget what it has verified. */
static enum err say_anew(void) {
  return err_set_remedy(ERR_REFUSED,
                        "ask the node's administrator why, over the telephone; then: cairn sync --new-log; what was "
                        "recorded here stays in the outbox",
                        "the node's ledger was lost in part, and opened anew under another name");
}

/* What was shown continues no history of the node's: whatever it says itself, it is not for this machine to go on. */
static enum err say_apart(const char *words) {
  return err_set_remedy(ERR_REFUSED,
                        "keep this machine as it is, since it may be the only one that has what it holds; and tell the "
                        "node's administrator, who should not go on before it is known why",
                        "what this machine holds of the ledger is ahead of the node's ledger, or other than it: %s",
                        words);
}

/* Kept for cairn outbox, where all that was accepted would seem to be safe. */
static enum err keep_apart(struct home *h, const struct cmd_line *line, uint64_t is_apart) {
  enum err e = home_hold(h, line);
  if (e == OK && store_meta_number(h->store, HOME_APART) != is_apart) {
    e = store_begin(h->store);
    if (e == OK)
      e = store_meta_set_number(h->store, HOME_APART, is_apart);
    if (e == OK)
      e = store_commit(h->store);
  }
  home_let_go(h);
  return e;
}

/* After a request that the node did not take, or that told that it lacks something. The node's own words stay, unless
 * it is being rebuilt. */
static enum err recover(struct home *h, const struct cmd_line *line, enum err before, struct exchange_report *report) {
  struct recover_round r = {0};
  char words[512], remedy[512];
  snprintf(words, sizeof words, "%s", err_words(before));
  snprintf(remedy, sizeof remedy, "%s", err_remedy());
  int status = 0;
  enum err e = offer_all(h, line, &r, &status);
  if (e != OK && status == 409 && before != OK) {
    e = keep_apart(h, line, 1);
    return e == OK ? say_apart(words) : e;
  }
  if (e == OK && r.opened_anew)
    return say_anew();
  if (e == OK && r.is_on)
    return say_behind(&r);
  if (e == OK && r.follows_anew) {
    report->has_more = true;
    return OK;
  }
  return before == OK ? OK : err_set_remedy(before, remedy, "%s", words);
}

static enum err one_exchange(struct home *h, const struct cmd_line *line, struct exchange_report *report) {
  struct buf request = {0}, answer = {.max = MSG_ANSWER_MAX};
  struct way w = {0};
  bool lacks = false;
  int status = 0;
  enum err e = carry_all(h, line, &lacks);
  bool is_turned_away = e == ERR_BUSY;
  if (e == OK)
    e = make_request(h, line, &w, &request);
  struct client_settings settings = settings_of(h, &w);
  settings.is_packed = true;
  if (e == OK)
    e = client_post(&settings, "/v1/sync", buf_bytes(&request), &answer, &status);
  if (is_turned_away || status == 409 || status == 503)
    e = recover(h, line, e, report);
  else if (e == OK)
    e = take_answer(h, line, &w, buf_bytes(&answer), report);
  if (e == OK && status == 200)
    e = keep_apart(h, line, 0);
  if (e == OK && lacks && report->lacks_parts)
    e = err_set_remedy(ERR_REFUSED, "sync again; if it stays so, tell the administrator of the node",
                       "the node names a document and does not give it");
  if (e == OK && report->wants_lost && !report->has_more)
    e = recover(h, line, OK, report);
  buf_release(&request);
  buf_release(&answer);
  way_release(&w);
  return e;
}

/* On long work people are told how far it is. */
static void tell_progress(const struct exchange_report *r) {
  if (isatty(STDERR_FILENO))
    fprintf(stderr, "\rsent %" PRIu64 " acts, received %" PRIu64 " entries of a ledger of %" PRIu64 " …", r->accepted,
            r->received, r->size);
}

enum err home_sync_all(struct home *h, const struct cmd_line *line, struct exchange_report *report) {
  enum err e = OK;
  bool is_long = false;
  do {
    e = one_exchange(h, line, report);
    if (e == OK && report->has_more) {
      is_long = true;
      tell_progress(report);
    }
  } while (e == OK && report->has_more && !told_to_end);
  if (is_long && isatty(STDERR_FILENO))
    fputc('\n', stderr);
  return e;
}

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

static bool is_passing(enum err e) {
  return e == ERR_NETWORK || e == ERR_BUSY || e == ERR_IO || e == ERR_DISK;
}

static void say_watched(const struct exchange_report *r) {
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

/* Syncs every few seconds; waits twice as long each time the node is away, up to five minutes. */
static enum err watch(struct home *h, const struct cmd_line *line, unsigned every_s) {
  unsigned wait_s = every_s;
  while (!told_to_end) {
    struct exchange_report report = {0};
    enum err e = home_sync_all(h, line, &report);
    if (e == OK && (report.accepted || report.refused || report.received || report.withdrawn || report.erased))
      say_watched(&report);
    if (e == OK)
      e = show_new_keys(h, line, &(struct showing){h, NULL, 0});
    if (e == OK)
      e = tell_openings(h, line, NULL);
    if (e != OK && !is_passing(e))
      return e;
    if (e != OK) {
      wait_s = wait_s * 2 < BACKOFF_MAX_S ? wait_s * 2 : BACKOFF_MAX_S;
      fprintf(stderr, "cairn: %s; trying again in %u s\n", err_words(e), wait_s);
    } else {
      wait_s = every_s;
    }
    for (unsigned s = 0; s < wait_s && !told_to_end; s++)
      sleep(1);
  }
  return OK;
}

static enum err run_sync(void *program, const struct cmd_line *line, struct out *out) {
  struct home *h = program;
  struct exchange_report report = {0};
  const char *every = cmd_value(line, "every");
  uint64_t every_s = WATCH_S;
  struct sigaction action = {.sa_handler = on_signal};
  if (every && (text_number(bytes_str(every), &every_s) != OK || every_s < 1 || every_s > 3600))
    return err_set(ERR_USAGE, "--every takes 1 to 3600 seconds: \"%s\"", every);
  enum err e = home_open(h, line, HOME_REPLICA);
  home_let_go(h);
  if (e == OK && cmd_flag(line, "watch")) {
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    e = watch(h, line, (unsigned)every_s);
  } else if (e == OK && cmd_flag(line, "new-log")) {
    e = home_follow_anew(h, line, out);
  } else if (e == OK) {
    e = home_sync_all(h, line, &report);
    if (e == OK) {
      out_begin(out, NULL);
      e = home_tell_sync(h, line, &report, out);
    }
  }
  home_close(h);
  return e;
}

static const struct cmd_opt sync_opts[] = {
    {"watch", CMD_FLAG, NULL, "go on until told to end, syncing every few seconds"},
    {"new-log", CMD_FLAG, NULL, "follow a ledger that was opened anew; the store of before is kept beside"},
    {"every", CMD_VALUE, "SECONDS", "with --watch: how often (default 5)"},
    {0},
};

const struct cmd home_sync_commands[] = {
    {"sync", "", 0, 0, sync_opts, "send what was recorded here, receive what others recorded",
     "What the node does not confirm with a proof stays in the outbox. If the node is away, nothing is lost.",
     run_sync},
    {0},
};
