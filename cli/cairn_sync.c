#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/following.h"
#include "cli/sync_parts.h"
#include "sync/carry.h"
#include "sync/client.h"
#include "sync/exchange.h"

#define WATCH_S 5
#define BACKOFF_MAX_S 300

static volatile sig_atomic_t told_to_end;

static void on_signal(int signal_number) {
  (void)signal_number;
  told_to_end = 1;
}

bool sync_is_to_end(void) {
  return told_to_end;
}

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

enum err way_read(struct home *h, struct way *w) {
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
    e = way_read(h, w);
  if (e == OK)
    e = exchange_request(&r, request, &sent);
  home_let_go(h);
  return e;
}

enum err home_note_heard(struct home *h, const struct text_time *answered) {
  struct text_time at = text_time_format(home_now_s());
  struct buf before = {0};
  bool is_known = store_meta(h->store, "synced", &before) == OK;
  if (answered && strcmp(answered->s, at.s) < 0)
    at = *answered;
  /* An answer that was carried may be older than what came over the network since. */
  bool is_older = answered && is_known && strcmp(buf_cstr(&before), at.s) > 0;
  buf_release(&before);
  if (is_older || store_meta_number(h->store, FEED_GOES_ON))
    return OK;
  enum err e = store_begin(h->store);
  return e == OK ? store_end(h->store, store_meta_set(h->store, "synced", bytes_str(at.s))) : e;
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
  if (e == OK && !report->lacks_parts)
    e = home_note_heard(h, NULL);
  home_let_go(h);
  if (evidence.len)
    e = home_keep_refused(line, e, buf_bytes(&evidence));
  buf_release(&evidence);
  return e;
}

struct client_settings way_settings(struct home *h, struct way *w) {
  return (struct client_settings){.host = buf_cstr(&w->host),
                                  .port = w->port,
                                  .ca = buf_bytes(&w->authority),
                                  .certificate = buf_bytes(&w->certificate),
                                  .key = h->replica,
                                  .answer_max = MSG_ANSWER_MAX};
}

void way_release(struct way *w) {
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
    e = way_read(c->h, &c->way);
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
  struct client_settings settings = way_settings(c->h, &c->way);
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

static enum err one_exchange(struct home *h, const struct cmd_line *line, struct exchange_report *report) {
  struct buf request = {0}, answer = {.max = MSG_ANSWER_MAX};
  struct way w = {0};
  bool lacks = false;
  int status = 0;
  enum err e = carry_all(h, line, &lacks);
  bool is_turned_away = e == ERR_BUSY;
  if (e == OK)
    e = make_request(h, line, &w, &request);
  struct client_settings settings = way_settings(h, &w);
  settings.is_packed = true;
  if (e == OK)
    e = client_post(&settings, "/v1/sync", buf_bytes(&request), &answer, &status);
  if (is_turned_away || status == 409 || status == 503)
    e = sync_recover(h, line, e, report);
  else if (e == OK)
    e = take_answer(h, line, &w, buf_bytes(&answer), report);
  if (e == OK && status == 200)
    e = sync_keep_apart(h, line, 0);
  if (e == OK && lacks && report->lacks_parts)
    e = err_set_remedy(ERR_REFUSED, "sync again; if it stays so, tell the administrator of the node",
                       "the node names a document and does not give it");
  if (e == OK && report->wants_lost && !report->has_more)
    e = sync_recover(h, line, OK, report);
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
  if (e == OK && h->store_name == NULL)
    e = following_drop(h, line);
  return e;
}

static bool is_passing(enum err e) {
  return e == ERR_NETWORK || e == ERR_BUSY || e == ERR_IO || e == ERR_DISK;
}

/* Syncs every few seconds; waits twice as long each time the node is away, up to five minutes. */
static enum err watch(struct home *h, const struct cmd_line *line, unsigned every_s) {
  unsigned wait_s = every_s;
  while (!told_to_end) {
    struct exchange_report report = {0};
    enum err e = home_sync_all(h, line, &report);
    if (e == OK && (report.accepted || report.refused || report.received || report.withdrawn || report.erased))
      sync_say_watched(&report);
    if (e == OK)
      e = sync_tell_news(h, line);
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

static enum err sync_once(struct home *h, const struct cmd_line *line, struct out *out) {
  struct exchange_report report = {0};
  struct following f;
  following_init(&f, h, line);
  enum err e = home_sync_all(h, line, &report);
  if (e == OK)
    e = following_ask(&f);
  if (e == OK) {
    out_begin(out, NULL);
    if (f.root != FOLLOWING_NONE)
      following_print_root(&f, out);
    e = home_tell_sync(h, line, &report, out);
    if (f.root == FOLLOWING_OTHER)
      following_say_other_root(f.proved.size, out);
  }
  following_release(&f);
  return e;
}

static enum err run_sync(void *program, const struct cmd_line *line, struct out *out) {
  struct home *h = program;
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
    e = sync_once(h, line, out);
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
