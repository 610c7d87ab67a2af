#include "cli/recheck_out.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

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

enum err recheck_print(struct store *s, struct out *out, struct recheck_result *result_out) {
  struct verifying v = {.out = out};
  struct recheck_result result = {0};
  struct recheck r = {.store = s, .of = &v, .found = print_finding, .progress = tell_progress};
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
  *result_out = result;
  return e;
}
