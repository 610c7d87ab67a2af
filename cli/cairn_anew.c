/* sync --new-log: the node's ledger was opened anew. This machine follows it into a store of its own; what was recorded
 * here and is not in it is sent again. The store of before is kept: it has what was verified. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/home.h"
#include "cli/sync_parts.h"
#include "core/anew.h"

/* What came of asking for the root of what was kept. */
enum root { ROOT_NONE, ROOT_SAME, ROOT_OTHER };

static const char *const root_words[] = {[ROOT_NONE] = "unchecked", [ROOT_SAME] = "same", [ROOT_OTHER] = "other"};

struct following {
  struct home *h;
  const struct cmd_line *line;
  const char *folder;
  struct anew_proved proved;
  enum root root;
  struct anew_report report;
  char former[HOME_FILE_SIZE]; /* the name that the store of before has then */
};

/* Of an attempt that was cut off. */
static void remove_fresh(const struct following *f) {
  static const char *const names[] = {HOME_FRESH, HOME_FRESH "-wal", HOME_FRESH "-shm", HOME_FRESH "-journal"};
  struct buf path = {0};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    unlink(folder_path(&path, f->folder, names[i]));
  buf_release(&path);
}

static enum err in_transaction(struct following *f, struct store *fresh,
                               enum err (*run)(struct following *f, struct store *fresh)) {
  enum err e = store_begin(fresh);
  if (e == OK)
    e = run(f, fresh);
  return e == OK ? store_commit(fresh) : e; /* what fails here goes with the file */
}

static enum err begin(struct following *f, struct store *fresh) {
  return anew_begin(f->h->store, fresh);
}

static enum err end(struct following *f, struct store *fresh) {
  return anew_end(f->h->store, fresh, &f->report);
}

static enum err make_fresh(struct following *f) {
  struct buf path = {0};
  struct store *fresh = NULL;
  remove_fresh(f);
  enum err e = home_hold(f->h, f->line);
  if (e == OK)
    e = store_create(folder_path(&path, f->folder, HOME_FRESH), &fresh);
  if (e == OK)
    e = in_transaction(f, fresh, begin);
  store_close(fresh);
  home_let_go(f->h);
  buf_release(&path);
  return e;
}

/* ---- the root of what was kept ---- */

static enum err find_proved(struct following *f) {
  struct buf path = {0};
  struct store *fresh = NULL;
  enum err e = home_hold(f->h, f->line);
  if (e == OK)
    e = store_open(folder_path(&path, f->folder, HOME_FRESH), HOME_WAIT_MS, &fresh);
  if (e == OK)
    e = anew_find_proved(f->h->store, fresh, &f->proved);
  store_close(fresh);
  home_let_go(f->h);
  buf_release(&path);
  return e;
}

static enum err make_question(struct following *f, struct way *w, struct buf *request) {
  enum err e = home_hold(f->h, f->line);
  struct exchange_replica r = {f->h->store, f->h->replica, home_now_s(), 0};
  if (e == OK)
    e = way_read(f->h, w);
  if (e == OK)
    e = exchange_former_request(&r, &f->proved, request);
  home_let_go(f->h);
  return e;
}

static enum err check_root(struct following *f, struct bytes answer) {
  enum err e = home_hold(f->h, f->line);
  struct exchange_replica r = {f->h->store, f->h->replica, home_now_s(), 0};
  if (e == OK)
    e = exchange_former_check(&r, &f->proved, answer);
  home_let_go(f->h);
  f->root = e == OK ? ROOT_SAME : ROOT_OTHER;
  return e == ERR_PROOF ? OK : e;
}

/* Not only the entries that this machine holds: all that it had verified, and that is said to be kept, must be there.
 */
static enum err ask_root(struct following *f) {
  struct buf request = {0}, answer = {.max = MSG_ANSWER_MAX};
  struct way w = {0};
  int status = 0;
  enum err e = make_question(f, &w, &request);
  struct client_settings settings = way_settings(f->h, &w);
  if (e == OK)
    e = client_post(&settings, "/v1/sync", buf_bytes(&request), &answer, &status);
  if (e == OK)
    e = check_root(f, buf_bytes(&answer));
  if (status == 409) {
    f->root = ROOT_OTHER;
    e = OK;
  }
  buf_release(&request);
  buf_release(&answer);
  way_release(&w);
  return e;
}

static enum err compare_root(struct following *f) {
  enum err e = find_proved(f);
  if (e != OK || f->proved.size == 0)
    return e;
  f->h->store_name = HOME_FRESH;
  e = ask_root(f);
  f->h->store_name = NULL;
  return e;
}

/* ---- the new store ---- */

/* The former store keeps its place until the new one takes it, in one step: it has both names in between. */
static enum err put_in_place(const struct following *f, const char *fresh, const char *store, const char *former) {
  struct stat is, other;
  if (stat(former, &other) == 0 && stat(store, &is) == 0 && is.st_ino == other.st_ino)
    unlink(former); /* of an attempt that was cut off */
  if (folder_link(f->folder, HOME_STORE, f->former) != OK)
    return err_set(ERR_IO, "the former store could not be kept as \"%s\": %s; nothing was changed", former,
                   strerror(errno));
  return folder_finish(fresh, store);
}

/* The former store is held until the new one has its place, so that nothing is recorded in it that would stay behind:
 * whoever waits for it opens the new one (home_hold). */
static enum err replace(struct following *f) {
  struct buf path = {0}, former = {0}, store = {0};
  struct store *fresh = NULL;
  enum err e = home_hold(f->h, f->line);
  if (e == OK) {
    home_read_for_all(f->h);
    e = store_open(folder_path(&path, f->folder, HOME_FRESH), HOME_WAIT_MS, &fresh);
  }
  if (e == OK) {
    store_read_as(fresh, &(struct scope_recipient){.replica = f->h->replica_id});
    e = in_transaction(f, fresh, end);
  }
  /* What stood in a write-ahead log would be taken for that of the file that has its name then. */
  if (e == OK)
    e = anew_settle(fresh);
  if (e == OK)
    e = anew_settle(f->h->store);
  store_close(fresh);
  snprintf(f->former, sizeof f->former, "%s.before-%" PRIu64, HOME_STORE, f->report.number);
  folder_path(&store, f->folder, HOME_STORE);
  folder_path(&former, f->folder, f->former);
  if (e == OK)
    e = put_in_place(f, buf_cstr(&path), buf_cstr(&store), buf_cstr(&former));
  home_let_go(f->h);
  buf_release(&path);
  buf_release(&former);
  buf_release(&store);
  return e;
}

static void print(const struct following *f, struct out *out) {
  const struct anew_report *r = &f->report;
  out_begin(out, NULL);
  out_field_number(out, "opened-by", r->number);
  out_field_number(out, "former-size", r->size);
  out_field_number(out, "kept", r->kept);
  out_field_number(out, "verified-before", r->verified);
  out_field_number(out, "contradicted", r->contradicted);
  out_field_number(out, "root-of", f->proved.size);
  out_field(out, "root", root_words[f->root]);
  out_field_number(out, "carried", r->carried);
  out_field_number(out, "not-carried", r->not_carried);
  out_field(out, "former-store", f->former);
  out_end(out);
  if (r->verified > r->size)
    out_say(out, "This machine had verified more than the node's administrator knew of: tell them.");
  if (r->contradicted)
    out_say(out,
            "The node says that the first %" PRIu64 " entries were kept. Of those, %" PRIu64
            " acts that were verified here are not there: give the auditor the former store's head (cairn head), and "
            "tell them.",
            r->kept, r->contradicted);
  if (f->root == ROOT_OTHER)
    out_say(out,
            "The first %" PRIu64
            " entries of the new ledger are not those that were verified here, though the node says "
            "that they were kept: give the auditor the former store's head (cairn head), and tell them.",
            f->proved.size);
  if (r->not_carried)
    out_say(out, "What could not be carried over rests on what is lost, or was withdrawn here: it is in the former "
                 "store alone.");
  out_say(
      out,
      "Keep the former store: it is the evidence of what was verified. What is erased or taken back from now on stays "
      "in it, so delete it when nobody needs it any more. Entry %" PRIu64 " says why. Now: cairn sync",
      r->number);
}

enum err home_follow_anew(struct home *h, const struct cmd_line *line, struct out *out) {
  struct buf folder = {0};
  struct exchange_report report = {0};
  struct following f = {.h = h, .line = line, .folder = home_folder(line, &folder)};
  enum err e = make_fresh(&f);
  h->store_name = HOME_FRESH;
  if (e == OK)
    e = home_sync_all(h, line, &report);
  h->store_name = NULL;
  if (e == OK)
    e = compare_root(&f);
  if (e == OK)
    e = replace(&f);
  if (e == OK)
    print(&f, out);
  else
    remove_fresh(&f);
  anew_proved_release(&f.proved);
  buf_release(&folder);
  return e;
}
