/* The exchange for a machine without a network: in files that somebody carries. */
#include <inttypes.h>
#include <stdio.h>

#include "cli/bundle_file.h"
#include "cli/following.h"
#include "sync/bundle_carry.h"

static enum err make(struct home *h, const char *path, struct bundle_made *made) {
  struct exchange_replica r = {h->store, h->replica, home_now_s(), 0};
  struct bundle_file to = {0};
  enum err e = bundle_file_make(path, &to);
  if (e == OK)
    e = bundle_request(&r, to.file, BUNDLE_MAX, made);
  return bundle_file_finish(&to, e);
}

static void say_made(const struct bundle_made *made, bool is_anew, struct out *out) {
  out_say(out,
          "Only the node can read it. Its administrator takes it with: cairnd take FILE --answer FILE. What is in "
          "it stays in the outbox until the answer was taken here: cairn take FILE%s.",
          is_anew ? " --new-log" : "");
  if (is_anew)
    out_say(out, "Ask the administrator why the ledger was opened anew, over the telephone, before it is carried. "
                 "Until then this machine goes on with what it has; what is recorded meanwhile comes along.");
  if (!made->is_whole)
    out_say(out, "Not everything fitted: take the answer, then write another one.");
}

static enum err check_options(const struct cmd_line *line) {
  return cmd_flag(line, "begin-again") && !cmd_flag(line, "new-log")
             ? err_set(ERR_USAGE, "--begin-again goes together with --new-log")
             : OK;
}

static enum err run_bundle(void *program, const struct cmd_line *line, struct out *out) {
  struct home *h = program;
  struct following f;
  struct bundle_made made = {0};
  const bool is_anew = cmd_flag(line, "new-log");
  const char *path = cmd_nth(line, "", 0);
  following_init(&f, h, line);
  enum err e = check_options(line);
  if (e == OK)
    e = home_open(h, line, HOME_REPLICA);
  if (e == OK && is_anew)
    e = following_enter(&f, cmd_flag(line, "begin-again") ? FOLLOWING_BEGINS_AGAIN : FOLLOWING_BEGINS);
  if (e == OK) {
    home_read_for_all(h);
    e = make(h, path, &made);
  }
  if (e == OK) {
    out_begin(out, NULL);
    out_field_number(out, "bundle", made.number);
    out_field_id(out, "machine", hash_hex(&h->replica_id).s);
    out_field_number(out, "acts", made.act_count);
    out_field_number(out, "pages", made.page_count);
    out_field_bool(out, "whole", made.is_whole);
    out_field(out, "written-to", path);
    out_end(out);
    say_made(&made, is_anew, out);
  }
  following_leave(&f);
  following_release(&f);
  home_close(h);
  return e;
}

/* What was changed or cut on its way is in the node still. */
static enum err ask_again(enum err e) {
  char words[512];
  snprintf(words, sizeof words, "%s", err_words(e));
  return e == ERR_FORM || e == ERR_SIGNATURE
             ? err_set_remedy(e,
                              "copy it again, or ask the node's administrator for the answer again: cairnd take FILE "
                              "--answer FILE, with the same bundle",
                              "%s", words)
             : e;
}

/* As a sync takes an answer, but for the network. */
static enum err take(struct home *h, const struct cmd_line *line, FILE *from, struct exchange_report *report,
                     struct bundle_taken *taken) {
  struct exchange_replica r = {h->store, h->replica, home_now_s(), 0};
  struct buf evidence = {0};
  report->evidence = &evidence;
  enum err e = ask_again(bundle_take(&r, from, report, taken));
  report->evidence = NULL;
  if (e == OK && taken->taken)
    e = home_note_heard(h, &taken->label.at);
  home_let_go(h);
  if (evidence.len)
    e = home_keep_refused(line, e, buf_bytes(&evidence));
  buf_release(&evidence);
  return e;
}

static void print_taken(const struct bundle_taken *taken, const struct exchange_report *report, struct out *out) {
  static const char *const roots[] = {[BUNDLE_ROOT_SAME] = "same", [BUNDLE_ROOT_OTHER] = "other"};
  out_field_number(out, "bundle", taken->label.number);
  out_field(out, "answered", taken->label.at.s);
  out_field_number(out, "pages-taken", taken->taken);
  out_field_number(out, "pages-passed-over", taken->passed);
  if (report->wants_lost)
    out_field_bool(out, "offer-wanted", true);
  if (taken->root != BUNDLE_ROOT_UNTOLD) {
    out_field_number(out, "root-of", taken->root_of);
    out_field(out, "root", roots[taken->root]);
  }
}

static void say_lost(const struct exchange_report *report, struct out *out) {
  if (report->wants_lost) /* a sync would offer them by itself */
    out_say(out, "The node has lost contents of entries, and this machine may have them. Write what it holds with: "
                 "cairn offer FILE. The node's administrator takes it with: cairnd rebuild --offer FILE.");
}

static void say_taken(const struct bundle_taken *taken, const struct exchange_report *report, bool is_following,
                      struct out *out) {
  if (taken->root == BUNDLE_ROOT_OTHER)
    following_say_other_root(taken->root_of, out);
  if (report->has_more)
    out_say(out, "There is more to send or to receive: write another bundle, or sync.");
  else if (taken->taken == 0)
    out_say(out, "Nothing was taken: it was taken before, or this machine has synced since.");
  if (taken->taken == 0 && is_following)
    out_say(out, "If it answers a bundle that was written with --new-log: cairn take FILE --new-log.");
  say_lost(report, out);
}

static enum err take_file(struct home *h, const struct cmd_line *line, struct exchange_report *report,
                          struct bundle_taken *taken) {
  FILE *from = NULL;
  enum err e = bundle_file_open(h->store, cmd_nth(line, "", 0), &from);
  if (e == OK) {
    home_read_for_all(h);
    e = take(h, line, from, report, taken);
  }
  if (from)
    fclose(from);
  return e;
}

/* The answer is for the store that follows a ledger which was opened anew. */
static enum err take_anew(struct home *h, const struct cmd_line *line, struct out *out) {
  struct exchange_report report = {0};
  struct bundle_taken taken = {0};
  struct following f;
  following_init(&f, h, line);
  enum err e = following_enter(&f, FOLLOWING_GOES_ON);
  if (e == OK)
    e = take_file(h, line, &report, &taken);
  following_leave(&f);
  if (e == OK)
    e = following_end(&f);
  if (e == OK) {
    out_begin(out, NULL);
    print_taken(&taken, &report, out);
    out_field_bool(out, "followed", f.is_done);
    if (f.is_done)
      following_print(&f, out);
    out_end(out);
    if (f.is_done)
      following_say(&f, out);
    else
      out_say(out, "There is more to receive before the new ledger takes the former one's place here. Now: cairn "
                   "bundle FILE --new-log");
    say_lost(&report, out);
  }
  following_release(&f);
  return e;
}

static enum err take_plain(struct home *h, const struct cmd_line *line, struct out *out) {
  struct exchange_report report = {0};
  struct bundle_taken taken = {0};
  enum err e = take_file(h, line, &report, &taken);
  if (e == OK && taken.taken)
    e = following_drop(h, line);
  if (e == OK) {
    out_begin(out, NULL);
    print_taken(&taken, &report, out);
    e = home_tell_sync(h, line, &report, out);
  }
  if (e == OK)
    say_taken(&taken, &report, following_is_begun(line), out);
  return e;
}

static enum err run_take(void *program, const struct cmd_line *line, struct out *out) {
  struct home *h = program;
  enum err e = home_open(h, line, HOME_REPLICA);
  if (e == OK)
    e = cmd_flag(line, "new-log") ? take_anew(h, line, out) : take_plain(h, line, out);
  home_close(h);
  return e;
}

static const struct cmd_opt bundle_opts[] = {
    {"new-log", CMD_FLAG, NULL, "follow a ledger that was opened anew; the store of before is kept beside"},
    {"begin-again", CMD_FLAG, NULL, "with --new-log: from the beginning once more"},
    {0},
};

static const struct cmd_opt take_opts[] = {
    {"new-log", CMD_FLAG, NULL, "it answers a bundle that was written with --new-log"},
    {0},
};

const struct cmd home_bundle_commands[] = {
    {"bundle", "FILE", 1, 1, bundle_opts, "write what a sync would send into a file, for a machine without a network",
     "Somebody carries the file to the node and brings its answer back. It is sealed to the node and signed by this\n"
     "machine: whoever finds it can neither read nor change it. A file that was lost is simply written again.",
     run_bundle},
    {"take", "FILE", 1, 1, take_opts, "take the node's answer to a bundle, as a sync takes it",
     "An answer that was taken before, or that a sync has overtaken, changes nothing. One for another machine, or "
     "that\n"
     "was changed or cut, is refused, and everything here stays as it was.",
     run_take},
    {0},
};
