#include "cli/home.h"
#include "core/head.h"

/* A head that an agency hands to an auditor. */
static enum err run_head(void *program, const struct cmd_line *line, struct out *out) {
  struct home *h = program;
  struct head head = {0};
  struct buf text = {0};
  const char *to = cmd_nth(line, "", 0);
  enum err e = home_open(h, line, HOME_REPLICA);
  if (e == OK)
    e = head_write(h->store, h->replica, home_now_s(), &text, &head);
  if (e == OK)
    e = folder_save(to, buf_bytes(&text));
  if (e == OK) {
    out_begin(out, NULL);
    out_field_id(out, "machine", hash_hex(&h->replica_id).s);
    out_field_number(out, "newest-act", head.number);
    out_field_number(out, "acts-told-of", head.told);
    out_field_number(out, "verified-entries", head.size);
    out_field(out, "written-to", to);
    out_end(out);
    out_say(out, "Give it to the auditor: cairn-audit verify --head FILE. It has no content and no names.");
  }
  buf_release(&text);
  home_close(h);
  return e;
}

const struct cmd home_head_commands[] = {
    {"head", "FILE", 1, 1, NULL, "write what this machine has sent and was told of it, signed, for an auditor",
     "The auditor sees by it whether the published ledger lacks anything of this machine's: its newest acts, what it\n"
     "was told was accepted, and what was refused or held. Sync first: it tells of nothing that has not been sent.",
     run_head},
    {0},
};
