/* A machine that follows a ledger which was opened anew, into a store of its own that stands beside the former one
 * until it is whole: over the network at once (cairn sync --new-log), or by bundles, step by step. What cairn_anew.c
 * does, for the commands that do it. */
#ifndef CAIRN_CLI_FOLLOWING_H
#define CAIRN_CLI_FOLLOWING_H

#include "cli/home.h"
#include "core/anew.h"

/* What is known of the root of what was kept. */
enum following_root { FOLLOWING_NONE, FOLLOWING_SAME, FOLLOWING_OTHER, FOLLOWING_ASKED };

struct following {
  struct home *h;
  const struct cmd_line *line;
  struct buf folder;
  struct anew_proved proved;
  enum following_root root;
  bool is_by_bundles;
  bool is_done; /* the new store has its place */
  struct anew_report report;
  char former[HOME_FILE_SIZE]; /* the name that the store of before has then */
};
void following_init(struct following *f, struct home *h, const struct cmd_line *line);
void following_release(struct following *f);

/* ---- by bundles ---- */

enum following_how { FOLLOWING_GOES_ON, FOLLOWING_BEGINS, FOLLOWING_BEGINS_AGAIN };
/* From here on h is about the new store and holds it, in place of the former one that home_open has opened. It must be
 * there; or is begun where it is not; or is begun in any case. ERR_REFUSED with words. */
enum err following_enter(struct following *f, enum following_how how);
/* h is about the one that is in use again, and holds none. */
void following_leave(struct following *f);
/* Where the new store has come to the end of its feed it takes the former one's place, and asks for the root with the
 * next bundle; else is_done stays false. No store is held. */
enum err following_end(struct following *f);
/* What came of it: fields of an object that is open, and what people are told behind it. */
void following_print(const struct following *f, struct out *out);
void following_say(const struct following *f, struct out *out);
void following_print_root(const struct following *f, struct out *out);
/* Over the network now, what the next bundle would have asked, if there is anything: root and proved say what came of
 * it. No store is held. */
enum err following_ask(struct following *f);
/* Of the first so many entries, which are said to be kept: they are not those that were verified here. */
void following_say_other_root(uint64_t size, struct out *out);

/* Is there a store that follows? */
bool following_is_begun(const struct cmd_line *line);
/* The ledger that is in use goes on: the store that follows another one goes, unless it has heard of that one under its
 * new name; what goes on may be an answer of before. No store is held. */
enum err following_drop(struct home *h, const struct cmd_line *line);

#endif
