/* A ledger that was opened anew is followed into a store of its own; what was recorded here and is not in it is sent
 * again. The store of before is kept: it has what was verified. */
#include "cli/following.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/sync_parts.h"
#include "core/note.h"

static const char *const root_words[] = {[FOLLOWING_NONE] = "unchecked",
                                         [FOLLOWING_SAME] = "same",
                                         [FOLLOWING_OTHER] = "other",
                                         [FOLLOWING_ASKED] = "asked with the next bundle"};

void following_init(struct following *f, struct home *h, const struct cmd_line *line) {
  *f = (struct following){.h = h, .line = line};
  home_folder(line, &f->folder);
}

void following_release(struct following *f) {
  anew_proved_release(&f->proved);
  buf_release(&f->folder);
}

static const char *path_in(struct following *f, const char *name, struct buf *path) {
  return folder_path(path, buf_cstr(&f->folder), name);
}

/* Of an attempt that was cut off. */
static void remove_fresh(struct following *f) {
  static const char *const names[] = {HOME_FRESH, HOME_FRESH "-wal", HOME_FRESH "-shm", HOME_FRESH "-journal"};
  struct buf path = {0};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    unlink(path_in(f, names[i], &path));
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
  enum err e = anew_end(f->h->store, fresh, &f->report);
  return e == OK && f->root == FOLLOWING_ASKED ? anew_ask_later(fresh, &f->proved) : e;
}

static enum err catch_up(struct following *f, struct store *fresh) {
  return anew_catch_up(f->h->store, fresh);
}

/* The former store is held. */
static enum err make_fresh(struct following *f) {
  struct buf path = {0};
  struct store *fresh = NULL;
  remove_fresh(f);
  enum err e = store_create(path_in(f, HOME_FRESH, &path), &fresh);
  if (e == OK)
    e = in_transaction(f, fresh, begin);
  store_close(fresh);
  buf_release(&path);
  return e;
}

static enum err open_fresh(struct following *f, struct store **out) {
  struct buf path = {0};
  enum err e = store_open(path_in(f, HOME_FRESH, &path), HOME_WAIT_MS, out);
  buf_release(&path);
  return e;
}

/* ---- the root of what was kept ---- */

static enum err find_proved(struct following *f) {
  struct store *fresh = NULL;
  enum err e = home_hold(f->h, f->line);
  if (e == OK)
    e = open_fresh(f, &fresh);
  if (e == OK)
    e = anew_find_proved(f->h->store, fresh, &f->proved);
  store_close(fresh);
  home_let_go(f->h);
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
  f->root = e == OK ? FOLLOWING_SAME : FOLLOWING_OTHER;
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
    f->root = FOLLOWING_OTHER;
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
static enum err put_in_place(struct following *f, const char *fresh, const char *store, const char *former) {
  struct stat is, other;
  if (stat(former, &other) == 0 && stat(store, &is) == 0 && is.st_ino == other.st_ino)
    unlink(former); /* of an attempt that was cut off */
  if (folder_link(buf_cstr(&f->folder), HOME_STORE, f->former) != OK)
    return err_set(ERR_IO, "the former store could not be kept as \"%s\": %s; nothing was changed", former,
                   strerror(errno));
  return folder_finish(fresh, store);
}

/* All is in the two files then: what stood in a write-ahead log would be taken for that of the file that has its name
 * then. */
static enum err end_both(struct following *f, struct store *fresh) {
  home_read_for_all(f->h);
  store_read_as(fresh, &(struct scope_recipient){.replica = f->h->replica_id});
  enum err e = in_transaction(f, fresh, end);
  if (e == OK)
    e = anew_settle(fresh);
  return e == OK ? anew_settle(f->h->store) : e;
}

/* The former store is held until the new one has its place, so that nothing is recorded in it that would stay behind:
 * whoever waits for it opens the new one (home_hold). */
static enum err replace(struct following *f) {
  struct buf path = {0}, former = {0}, store = {0};
  struct store *fresh = NULL;
  enum err e = home_hold(f->h, f->line);
  if (e == OK)
    e = open_fresh(f, &fresh);
  f->is_done = e == OK && (!f->is_by_bundles || anew_is_followed(fresh));
  if (f->is_done)
    e = end_both(f, fresh);
  store_close(fresh);
  snprintf(f->former, sizeof f->former, "%s.before-%" PRIu64, HOME_STORE, f->report.number);
  path_in(f, HOME_STORE, &store);
  path_in(f, f->former, &former);
  if (e == OK && f->is_done)
    e = put_in_place(f, path_in(f, HOME_FRESH, &path), buf_cstr(&store), buf_cstr(&former));
  home_let_go(f->h);
  buf_release(&path);
  buf_release(&former);
  buf_release(&store);
  return e;
}

void following_print_root(const struct following *f, struct out *out) {
  out_field_number(out, "root-of", f->proved.size);
  out_field(out, "root", root_words[f->root]);
}

void following_print(const struct following *f, struct out *out) {
  const struct anew_report *r = &f->report;
  out_field_number(out, "opened-by", r->number);
  out_field_number(out, "former-size", r->size);
  out_field_number(out, "kept", r->kept);
  out_field_number(out, "verified-before", r->verified);
  out_field_number(out, "contradicted", r->contradicted);
  following_print_root(f, out);
  out_field_number(out, "carried", r->carried);
  out_field_number(out, "not-carried", r->not_carried);
  out_field(out, "former-store", f->former);
}

void following_say_other_root(uint64_t size, struct out *out) {
  out_say(out,
          "The first %" PRIu64 " entries of the new ledger are not those that were verified here, though the node says "
          "that they were kept: give the auditor the former store's head (cairn head), and tell them.",
          size);
}

void following_say(const struct following *f, struct out *out) {
  const struct anew_report *r = &f->report;
  if (r->verified > r->size)
    out_say(out, "This machine had verified more than the node's administrator knew of: tell them.");
  if (r->contradicted)
    out_say(out,
            "The node says that the first %" PRIu64 " entries were kept. Of those, %" PRIu64
            " acts that were verified here are not there: give the auditor the former store's head (cairn head), and "
            "tell them.",
            r->kept, r->contradicted);
  if (f->root == FOLLOWING_OTHER)
    following_say_other_root(f->proved.size, out);
  if (r->not_carried)
    out_say(out, "What could not be carried over rests on what is lost, or was withdrawn here: it is in the former "
                 "store alone.");
  out_say(
      out,
      "Keep the former store: it is the evidence of what was verified. What is erased or taken back from now on stays "
      "in it, so delete it when nobody needs it any more. Entry %" PRIu64 " says why. Now: %s",
      r->number, f->is_by_bundles ? "cairn bundle FILE" : "cairn sync");
}

enum err home_follow_anew(struct home *h, const struct cmd_line *line, struct out *out) {
  struct exchange_report report = {0};
  struct following f;
  following_init(&f, h, line);
  enum err e = home_hold(h, line);
  if (e == OK)
    e = make_fresh(&f);
  home_let_go(h);
  h->store_name = HOME_FRESH;
  if (e == OK)
    e = home_sync_all(h, line, &report);
  h->store_name = NULL;
  if (e == OK)
    e = compare_root(&f);
  if (e == OK)
    e = replace(&f);
  if (e == OK) {
    out_begin(out, NULL);
    following_print(&f, out);
    out_end(out);
    following_say(&f, out);
  } else {
    remove_fresh(&f);
  }
  following_release(&f);
  return e;
}

/* ---- by bundles ---- */

/* One whose making was cut off follows nothing. */
static bool is_fresh_good(struct following *f) {
  struct store *fresh = NULL;
  struct buf follows = {0};
  bool is = open_fresh(f, &fresh) == OK && store_meta(fresh, ANEW_FOLLOWS, &follows) == OK;
  store_close(fresh);
  buf_release(&follows);
  return is;
}

static enum err begin_or_go_on(struct following *f, enum following_how how) {
  struct store *fresh = NULL;
  bool is_good = how != FOLLOWING_BEGINS_AGAIN && is_fresh_good(f);
  if (!is_good && how == FOLLOWING_GOES_ON)
    return err_set_remedy(ERR_REFUSED, "where nobody here has done so yet: cairn bundle FILE --new-log",
                          "this machine is not following a ledger that was opened anew: it has done so already, or has "
                          "not begun");
  enum err e = is_good ? OK : make_fresh(f);
  if (e == OK)
    e = open_fresh(f, &fresh);
  if (e == OK)
    e = in_transaction(f, fresh, catch_up);
  store_close(fresh);
  return e;
}

enum err following_enter(struct following *f, enum following_how how) {
  f->is_by_bundles = true;
  enum err e = begin_or_go_on(f, how);
  home_let_go(f->h);
  f->h->store_name = HOME_FRESH;
  return e == OK ? home_hold(f->h, f->line) : e;
}

void following_leave(struct following *f) {
  home_let_go(f->h);
  f->h->store_name = NULL;
}

enum err following_end(struct following *f) {
  enum err e = find_proved(f);
  f->root = f->proved.size ? FOLLOWING_ASKED : FOLLOWING_NONE;
  if (e == OK)
    e = replace(f);
  if (e == ERR_PROOF) /* it goes on from no ledger that this machine knew */
    remove_fresh(f);
  return e;
}

static enum err forget_question(struct following *f) {
  enum err e = home_hold(f->h, f->line);
  if (e == OK)
    e = anew_forget_question(f->h->store);
  home_let_go(f->h);
  return e;
}

enum err following_ask(struct following *f) {
  enum err e = home_hold(f->h, f->line);
  if (e == OK)
    e = anew_find_question(f->h->store, &f->proved);
  home_let_go(f->h);
  if (e == OK)
    e = ask_root(f);
  if (e == OK)
    e = forget_question(f);
  return e == ERR_ABSENT ? OK : e;
}

bool following_is_begun(const struct cmd_line *line) {
  struct following f;
  struct buf path = {0};
  following_init(&f, NULL, line);
  bool is = access(path_in(&f, HOME_FRESH, &path), F_OK) == 0;
  buf_release(&path);
  following_release(&f);
  return is;
}

static enum err has_name_of_former(struct following *f, struct store *fresh, bool *out) {
  struct buf was = {0}, is = {0};
  struct note_vkey former, now;
  enum err e = store_meta(f->h->store, "vkey", &was);
  if (e == OK)
    e = store_meta(fresh, "vkey", &is);
  if (e == OK)
    e = note_vkey_parse(buf_bytes(&was), &former);
  if (e == OK)
    e = note_vkey_parse(buf_bytes(&is), &now);
  *out = e == OK && strcmp(former.name, now.name) == 0;
  buf_release(&was);
  buf_release(&is);
  return e;
}

enum err following_drop(struct home *h, const struct cmd_line *line) {
  struct following f;
  struct store *fresh = NULL;
  bool is_former = false;
  if (!following_is_begun(line))
    return OK;
  following_init(&f, h, line);
  enum err e = home_hold(h, line);
  if (e == OK && open_fresh(&f, &fresh) == OK)
    e = has_name_of_former(&f, fresh, &is_former);
  store_close(fresh);
  home_let_go(h);
  if (is_former)
    remove_fresh(&f);
  following_release(&f);
  return e;
}
