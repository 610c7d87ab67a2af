#include "cli/home.h"
#include "cli/invite.h"

/* Whoever may give roles invites: an administrator to any agency, an officer to their own. */
struct writing {
  struct home *h;
  int64_t now_s;
  struct verdict *verdict;
};

static enum err write_invitation(void *of, const struct draft *draft) {
  const struct writing *w = of;
  struct author_by by = {.key = w->h->person, .replica = w->h->replica_id};
  struct verdict *v = w->verdict;
  enum err e = store_begin(w->h->store);
  if (e != OK)
    return e;
  e = author_write(w->h->store, &by, draft, 1, ACCEPT_WRITE, w->now_s, v);
  if (e == OK && v->code != VERDICT_ACCEPTED)
    e = err_set_remedy(ERR_REFUSED, v->remedy, "not recorded (%s): %s", v->rule, v->words);
  return store_end(w->h->store, e);
}

static enum err run_invite(void *program, const struct cmd_line *line, struct out *out) {
  struct verdict v = {0};
  struct writing w = {program, home_now_s(), &v};
  struct join_invite invite;
  struct join_token token;
  struct buf roles = {0};
  enum err e = invite_read(line, w.now_s, &roles, &invite);
  if (e == OK)
    e = home_open(w.h, line, HOME_PERSON);
  if (e == OK)
    e = home_resolve(w.h, cmd_nth(line, "", 0), "agency.add", &invite.agency);
  if (e == OK)
    e = join_token_of(w.h->store, &token);
  if (e == OK)
    e = join_draft(&invite, token.secret, &w, write_invitation);
  if (e == OK) {
    invite_print(&token, &invite, "Recorded here, not sent yet: the token works from your next cairn sync on.", out);
    home_say_waits(&v, out);
  }
  home_close(w.h);
  buf_release(&roles);
  return e;
}

static enum err run_list(void *program, const struct cmd_line *line, struct out *out) {
  struct home *h = program;
  enum err e = home_open(h, line, HOME_NO_KEY);
  if (e == OK)
    e = invite_list(h->store, home_now_s(), out);
  home_close(h);
  return e;
}

static const struct cmd_opt opts[] = {
    INVITE_OPTS,
    {0},
};

const struct cmd home_invite_commands[] = {
    {"invite", "AGENCY", 1, 1, opts, "a token with which someone joins from a machine of an agency",
     "AGENCY is its name, or the first digits of its id. An administrator invites an agency's officer, an officer "
     "their "
     "own\ncolleagues. The token works after the next sync.",
     run_invite},
    {"invite list", "", 0, 0, NULL, "who was invited, by whom, what became of it, and the fingerprints of who joined",
     NULL, run_list},
    {0},
};
