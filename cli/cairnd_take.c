/* Bundles of machines that have no network, at the node. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/bundle_file.h"
#include "cli/noded.h"
#include "sync/bundle_carry.h"

/* ---- files, as the node that serves finds them ---- */

/* The word with its value, a path, as seen from anywhere. NULL: the word is none of the two, or says so already. */
static char *make_absolute(const char *word, const struct cmd_line *line) {
  const char *const paths[] = {cmd_nth(line, "", 0), cmd_value(line, "answer")};
  char here[4096], *whole = NULL;
  for (size_t i = 0; whole == NULL && i < sizeof paths / sizeof *paths; i++) {
    const char *path = paths[i];
    struct buf b = {0};
    if (path == NULL || path < word || path > word + strlen(word) || path[0] == '/' || !getcwd(here, sizeof here))
      continue;
    buf_add(&b, bytes_of(word, (size_t)(path - word)));
    buf_addf(&b, "%s/%s", here, path);
    whole = mem_copy_string(buf_cstr(&b));
    buf_release(&b);
  }
  return whole;
}

/* A serving node works in another folder. */
static enum err with_paths(struct noded *n, const struct cmd_line *line, struct out *out,
                           enum err (*run)(struct noded *n, const struct cmd_line *line, struct out *out)) {
  char **typed = n->argv, **words = mem_alloc_array((size_t)n->argc + 1, sizeof *words);
  char **made = mem_alloc_array((size_t)n->argc + 1, sizeof *made);
  for (int i = 0; i < n->argc; i++) {
    made[i] = make_absolute(typed[i], line);
    words[i] = made[i] ? made[i] : typed[i];
  }
  n->argv = words;
  enum err e = with_node(n, line, out, NODED_KEYS, run);
  n->argv = typed;
  for (int i = 0; i < n->argc; i++)
    free(made[i]);
  free(made);
  free(words);
  return e;
}

/* ---- take ---- */

struct desk {
  struct noded *n;
  struct key *former;
};

static enum err find_authority_key(void *of, const struct hash *id, const struct key **out) {
  struct desk *d = of;
  struct hash in_force = key_id(d->n->authority);
  *out = d->n->authority;
  if (hash_equal(&in_force, id))
    return OK;
  enum err e = noded_former_key_of(d->n, d->n->folder, id, &d->former);
  *out = d->former;
  return e;
}

static void say_judged(const struct bundle_judged *j, struct out *out) {
  if (j->is_of_former)
    out_say(out, "That machine follows the ledger of before it was opened anew: nothing in the bundle could be judged, "
                 "and what was recorded there stays in its outbox. The answer tells its people. There: cairn bundle "
                 "FILE --new-log");
  else if (j->stopped != OK)
    out_say(out, "Not all of it could be looked at: %s. What was is answered; the machine sends the rest again.",
            j->words);
  out_say(out, "Only that machine can read the answer: %s, there. If it is lost, take the bundle again.",
          j->is_renewal ? "cairn machine renew --answer FILE" : "cairn take FILE");
}

static void print_judged(const struct bundle_judged *j, const char *answer, struct out *out) {
  out_begin(out, NULL);
  out_field_id(out, "machine", hash_hex(&j->label.machine).s);
  out_field_number(out, "bundle", j->label.number);
  out_field(out, "written", j->label.at.s);
  out_field_number(out, "accepted", j->accepted);
  out_field_number(out, "had-already", j->had);
  out_field_number(out, "refused", j->refused);
  out_field_number(out, "held", j->held);
  out_field_number(out, "later", j->later);
  out_field_number(out, "pages", j->page_count);
  out_field_bool(out, "whole", j->is_whole && j->stopped == OK && !j->is_of_former);
  if (j->is_of_former)
    out_field_bool(out, "of-former-ledger", true);
  out_field(out, "stopped", j->stopped == OK ? NULL : j->words);
  out_field(out, "answer", answer);
  out_end(out);
  say_judged(j, out);
}

static enum err take(struct noded *n, const struct cmd_line *line, struct out *out) {
  const char *path = cmd_value(line, "answer");
  struct desk desk = {.n = n};
  struct bundle_desk d = {&n->exchange, noded_now_s(), BUNDLE_MAX, &desk, find_authority_key};
  struct bundle_judged judged = {0};
  struct bundle_file to = {0};
  struct buf told = {0};
  FILE *from = NULL;
  enum err e = bundle_file_open(n->store, cmd_nth(line, "", 0), &from);
  if (e == OK)
    e = bundle_file_make(path, &to);
  n->exchange.told = &told;
  if (e == OK)
    e = bundle_answer(&d, from, to.file, &judged);
  n->exchange.told = NULL;
  e = bundle_file_finish(&to, e);
  if (e == OK) {
    print_judged(&judged, path, out);
    n->status = judged.stopped == OK && !judged.is_of_former ? 0 : 1;
  }
  if (told.len)
    fprintf(stderr, "cairnd: %s %s", text_time_format(noded_now_s()).s, buf_cstr(&told));
  if (from)
    fclose(from);
  buf_release(&told);
  key_free(desk.former);
  return e;
}

static enum err run_take(void *program, const struct cmd_line *line, struct out *out) {
  if (cmd_value(line, "answer") == NULL)
    return err_set(ERR_USAGE, "--answer is needed: the file that the machine takes back");
  return with_paths(program, line, out, take);
}

static const struct cmd_opt take_opts[] = {
    {"answer", CMD_VALUE, "FILE", "where the answer is written, for the machine to take back", true},
    {0},
};

const struct cmd noded_take_commands[] = {
    {"take", "FILE", 1, 1, take_opts, "take the bundle of a machine that has no network, and answer it",
     "What is in it is judged as if the machine had synced. Taken twice, or after a sync, it does no harm. While it "
     "is\n"
     "taken, a serving node answers nobody else; it must be able to read FILE and to write the answer.",
     run_take},
    {0},
};
