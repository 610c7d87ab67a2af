#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/home.h"
#include "core/recheck.h"

struct verifying {
  struct out *out;
  bool has_told; /* how far it is, on the terminal */
};

static void print_finding(void *of, const struct recheck_finding *f) {
  struct verifying *v = of;
  out_begin(v->out, NULL);
  out_field(v->out, "about", recheck_word(f->about));
  if (f->number >= STORE_PENDING)
    out_field(v->out, "entry", "pending");
  else if (f->number)
    out_field_number(v->out, "entry", f->number);
  else
    out_field(v->out, "entry", NULL);
  out_field(v->out, "finding", f->words);
  out_end(v->out);
}

/* On long work people are told how far it is. */
static void tell_progress(void *of, uint64_t done, uint64_t total) {
  struct verifying *v = of;
  if (!isatty(STDERR_FILENO))
    return;
  v->has_told = true;
  fprintf(stderr, "\rchecked %" PRIu64 " of %" PRIu64 " entries …", done, total);
}

static void say_result(const struct recheck_result *r, struct out *out) {
  if (r->findings) {
    out_say(out,
            "What is held here is NOT in order. Keep a copy of the replica's folder as it is, and show it to your "
            "administrator. If only views are named, cairn rebuild mends it; else a new replica must be made, with "
            "an invitation. What was not sent stands in cairn outbox.");
    return;
  }
  out_say(out, "Everything that is held here is in order.");
  if (r->rebuilt)
    out_say(out, "The ledger's first %" PRIu64 " entries are here as the checkpoint of that size commits to them.",
            r->rebuilt);
}

static enum err verify(struct home *h, const struct cmd_line *line, struct out *out) {
  struct verifying v = {.out = out};
  struct recheck_result result = {0};
  struct recheck r = {.store = h->store, .of = &v, .found = print_finding, .progress = tell_progress};
  (void)line;
  out_begin(out, NULL);
  out_table_begin(out, "findings", NULL);
  enum err e = recheck_all(&r, &result);
  out_table_end(out);
  out_field_number(out, "acts", result.acts);
  out_field_number(out, "entries", result.entries);
  out_field_number(out, "contents", result.contents);
  out_field_number(out, "checkpoints", result.checkpoints);
  out_field_number(out, "rebuilt", result.rebuilt);
  out_field(out, "verdict", result.findings ? "not in order" : "in order");
  out_end(out);
  if (v.has_told)
    fputc('\n', stderr);
  if (e != OK)
    return e;
  h->status = result.findings ? 1 : 0;
  say_result(&result, out);
  return OK;
}

static enum err run_verify(void *program, const struct cmd_line *line, struct out *out) {
  return home_look(program, line, out, verify);
}

const struct cmd home_verify_commands[] = {
    {"verify", "", 0, 0, NULL, "check again all that this replica holds",
     "Headers, acts and signatures, contents, this machine's own chain, the checkpoints, the views, and the database\n"
     "itself. Changes nothing. Ends with 0 in order, 1 not in order, 3 could not look.",
     run_verify},
    {0},
};
