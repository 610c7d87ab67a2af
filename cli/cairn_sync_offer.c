#include <inttypes.h>
#include <stdio.h>

#include "cli/home.h"
#include "cli/sync_parts.h"
#include "sync/recover.h"

struct offering {
  struct home *h;
  const struct cmd_line *line;
  struct way way;
  struct recover_round round;
};

static enum err make_offer(struct offering *o, struct buf *request) {
  enum err e = home_hold(o->h, o->line);
  if (e == OK)
    e = way_read(o->h, &o->way);
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
  struct client_settings settings = way_settings(o->h, &o->way);
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
  while (e == OK && !recover_is_done(&o.round) && !sync_is_to_end())
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
      "the node was restored from an old copy and is being rebuilt; this machine has offered it what it "
      "lacked and is here (entries: %" PRIu64 ")",
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

enum err sync_keep_apart(struct home *h, const struct cmd_line *line, uint64_t is_apart) {
  enum err e = home_hold(h, line);
  if (e == OK && store_meta_number(h->store, HOME_APART) != is_apart) {
    e = store_begin(h->store);
    if (e == OK)
      e = store_end(h->store, store_meta_set_number(h->store, HOME_APART, is_apart));
  }
  home_let_go(h);
  return e;
}

enum err sync_recover(struct home *h, const struct cmd_line *line, enum err before, struct exchange_report *report) {
  struct recover_round r = {0};
  char words[512], remedy[512];
  snprintf(words, sizeof words, "%s", err_words(before));
  snprintf(remedy, sizeof remedy, "%s", err_remedy());
  int status = 0;
  enum err e = offer_all(h, line, &r, &status);
  if (e != OK && status == 409 && before != OK) {
    e = sync_keep_apart(h, line, 1);
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
