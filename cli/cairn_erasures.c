#include <inttypes.h>
#include <stdio.h>

#include "cli/home.h"
#include "core/directory.h"
#include "core/erasure.h"

/* What was erased, why, and which machines have signed that it is gone. */
struct listing {
  struct home *h;
  struct out *out;
};

static enum err print_erasure(void *of, const struct erasure_row *row) {
  struct listing *l = of;
  struct buf by = {0};
  char confirmed[64];
  directory_name(l->h->store, &row->author, &by);
  snprintf(confirmed, sizeof confirmed, "%" PRIu64 " of %" PRIu64, row->confirmed_count, row->machine_count);
  out_begin(l->out, NULL);
  out_field_id(l->out, "entry", hash_hex(&row->entry).s);
  out_field_bytes(l->out, "kind", row->kind);
  out_field_bytes(l->out, "ground", row->ground);
  out_field_bytes(l->out, "reason", row->reason);
  out_field_bytes(l->out, "by", buf_bytes(&by));
  if (row->at.len)
    out_field_bytes(l->out, "erased", row->at);
  else
    out_field(l->out, "erased", "pending");
  out_field(l->out, "machines", confirmed);
  out_field_bytes(l->out, "waiting", row->waiting);
  out_end(l->out);
  buf_release(&by);
  return OK;
}

static enum err run_erasures(void *program, const struct cmd_line *line, struct out *out) {
  struct listing l = {program, out};
  enum err e = home_open(l.h, line, HOME_NO_KEY);
  if (e == OK) {
    out_table_begin(out, NULL, "Nothing was erased, as far as this replica knows.");
    e = erasure_each(l.h->store, &l, print_erasure);
    out_table_end(out);
  }
  home_close(l.h);
  return e;
}

const struct cmd home_erasure_commands[] = {
    {"erasures", "", 0, 0, NULL, "what was erased, why, and which machines have signed that it is gone",
     "\"machines\" counts those of the agencies that held it: how many have signed, of how many; \"waiting\" names "
     "the\n"
     "others. The Keeper of the Register erases: cairn entry erase ENTRY --ground … --reason …",
     run_erasures},
    {0},
};
