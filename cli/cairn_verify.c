#include <inttypes.h>

#include "cli/home.h"
#include "cli/recheck_out.h"

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
  struct recheck_result result;
  (void)line;
  enum err e = recheck_print(h->store, out, &result);
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
