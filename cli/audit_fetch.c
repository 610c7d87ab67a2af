/* init and fetch: the auditor's folder, and the copy of the ledger in it. */
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "audit/clone.h"
#include "audit/url.h"
#include "cli/audit.h"
#include "cli/clock.h"

/* ---- init ---- */

static void print_url(struct out *out, const char *url) {
  struct buf shown = {0};
  url_show(&shown, url);
  out_field(out, "ledger", buf_cstr(&shown));
  buf_release(&shown);
}

static enum err fetch(const char *folder, struct audit_memory *m, const char *credentials,
                      enum clone_change *change_out) {
  const struct text_time began = text_time_format(clock_now_s());
  struct buf path = {0};
  struct clone *clone = NULL;
  audit_path(&path, folder, "ledger.git");
  enum err e = clone_open(buf_cstr(&path), &clone);
  if (e == OK) {
    clone_credentials(clone, credentials);
    e = clone_fetch(clone, m->url, change_out);
  }
  if (e == OK) {
    m->fetched = began;
    e = audit_memory_save(folder, m);
  }
  clone_close(clone);
  buf_release(&path);
  return e;
}

static enum err make_folder(const char *folder) {
  if (mkdir(folder, 0700) == 0)
    return OK;
  return errno == EEXIST ? err_set_remedy(ERR_USAGE,
                                          "name another folder; for a ledger that was fetched there before: "
                                          "cairn-audit fetch FOLDER",
                                          "\"%s\" is there already; nothing was changed", folder)
                         : err_set(ERR_IO, "cannot make the folder \"%s\": %s", folder, strerror(errno));
}

static enum err fill_folder(const char *folder, struct audit_memory *m, const char *credentials) {
  struct buf path = {0};
  enum clone_change change;
  audit_path(&path, folder, "ledger.git");
  enum err e = clone_make(buf_cstr(&path));
  if (e == OK)
    e = audit_memory_save(folder, m);
  if (e == OK)
    e = fetch(folder, m, credentials, &change);
  buf_release(&path);
  return e;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at) {
  (void)st, (void)type, (void)at;
  remove(path);
  return 0;
}

/* A folder that this program has just made: after a failure it can be made again. */
static void remove_folder(const char *folder) {
  nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

static void say_open(const char *url, struct out *out) {
  if (url_is_open(url))
    out_say(out, "Nothing says who answers at this URL: somebody on the way can hold back what is new, which only a "
                 "head or a mirror shows. Use https:// or ssh:// where you can.");
}

static enum err run_init(void *program, const struct cmd_line *line, struct out *out) {
  const char *folder = audit_folder(line, 1);
  struct audit_memory m = {.url = audit_whole_url(cmd_nth(line, "", 0))};
  (void)program;
  enum err e = url_check(m.url);
  if (e == OK)
    e = url_check_folder(m.url);
  if (e == OK)
    e = audit_memory_bring(&m, line);
  if (e == OK)
    e = make_folder(folder);
  if (e == OK && (e = fill_folder(folder, &m, cmd_value(line, "credentials"))) != OK)
    remove_folder(folder);
  if (e == OK) {
    out_begin(out, NULL);
    out_field(out, "folder", folder);
    print_url(out, m.url);
    out_end(out);
    say_open(m.url, out);
    out_say(out, "Now: cairn-audit verify%s%s", cmd_nth(line, "", 1) ? " " : "", cmd_nth(line, "", 1) ? folder : "");
  }
  audit_memory_release(&m);
  return e;
}

/* ---- fetch ---- */

/* The ledger's new place must have all that was fetched at the one before: another history is a matter for verify. */
static enum err compare_places(const char *folder, const char *url, const char *credentials) {
  struct buf path = {0}, shown = {0};
  struct clone *clone = NULL;
  enum clone_mirror outcome = CLONE_MIRROR_SAME;
  audit_path(&path, folder, "ledger.git");
  url_show(&shown, url);
  enum err e = clone_open(buf_cstr(&path), &clone);
  if (e == OK) {
    clone_credentials(clone, credentials);
    e = clone_compare(clone, url, &outcome);
  }
  if (e == OK && (outcome == CLONE_MIRROR_BEHIND || outcome == CLONE_MIRROR_APART))
    e = err_set_remedy(
        ERR_REFUSED,
        "the place stays as it was; cairn-audit verify --mirror URL judges what is there, and cairn-audit "
        "init begins anew, with the key that was brought",
        "at \"%s\" is %s", buf_cstr(&shown),
        outcome == CLONE_MIRROR_BEHIND ? "less than was fetched before"
                                       : "another history than the one that was fetched before");
  clone_close(clone);
  buf_release(&path);
  buf_release(&shown);
  return e;
}

static enum err move_to(const char *folder, const struct cmd_line *line, struct audit_memory *m) {
  char *url = audit_whole_url(cmd_value(line, "url"));
  enum err e = url_check(url);
  if (e == OK)
    e = url_check_folder(url);
  if (e == OK)
    e = compare_places(folder, url, cmd_value(line, "credentials"));
  if (e == OK)
    audit_memory_set(&m->url, url);
  free(url);
  return e;
}

static enum err run_fetch(void *program, const struct cmd_line *line, struct out *out) {
  static const char *const words[] = {
      [CLONE_SAME] = "Nothing new has been published.",
      [CLONE_FORWARD] = "There are new entries.",
      [CLONE_REWRITTEN] =
          "The published history is NOT the one that was there before. Both are kept. cairn-audit verify judges."};
  static const char *const codes[] = {
      [CLONE_SAME] = "same", [CLONE_FORWARD] = "forward", [CLONE_REWRITTEN] = "rewritten"};
  struct audit *audit = program;
  struct audit_memory m = {0};
  enum clone_change change;
  enum err e = audit_memory_load(audit_folder(line, 0), &m);
  if (e == OK && cmd_value(line, "url"))
    e = move_to(audit_folder(line, 0), line, &m);
  if (e == OK)
    e = fetch(audit_folder(line, 0), &m, cmd_value(line, "credentials"), &change);
  if (e == OK) {
    audit->status = change == CLONE_REWRITTEN;
    out_begin(out, NULL);
    out_field(out, "folder", audit_folder(line, 0));
    print_url(out, m.url);
    out_field(out, "change", codes[change]);
    out_end(out);
    out_say(out, "%s", words[change]);
    if (cmd_value(line, "url")) {
      say_open(m.url, out);
      out_say(out, "From now on the ledger is fetched from there.");
    }
  }
  audit_memory_release(&m);
  return e;
}

static const struct cmd_opt fetch_opts[] = {
    {"url", CMD_VALUE, "URL", "the ledger's new place, from now on: as for init"}, AUDIT_CREDENTIALS, {0}};
static const struct cmd_opt init_opts[] = {
    {"key", CMD_VALUE, "VKEY", "the ledger's verifier key, NAME+HASH+BASE64, as you were told it"},
    {"fingerprint", CMD_VALUE, "HEX", "the fingerprint of the ledger's key, as you were told it"},
    AUDIT_CREDENTIALS,
    {0}};
const struct cmd audit_fetch_commands[] = {
    {"init", "URL [FOLDER]", 1, 2, init_opts, "make a folder for a ledger, and fetch the ledger into it",
     "Bring the key or its fingerprint from somewhere else than the ledger itself: without one, the first visit\n"
     "cannot tell this ledger from another. URL is a path on this machine, https://HOST/PATH, or\n"
     "ssh://USER@HOST/PATH with the keys of your ssh-agent; no password stands in it.",
     run_init},
    {"fetch", "[FOLDER]", 0, 1, fetch_opts, "fetch what has been published since",
     "Where the ledger has moved, --url says where it is now. All that was fetched before must be there.", run_fetch},
    {0}};
