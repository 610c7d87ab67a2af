#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/home.h"
#include "core/directory.h"

/* ---- which keys there are: people --keys, agencies --keys, and what a sync brought ---- */

bool home_has_key(const char *folder, const char *what, const struct hash *key_id) {
  struct buf path = {0};
  char name[HOME_FILE_SIZE];
  home_key_name(what, key_id, name, sizeof name);
  bool has = access(folder_path(&path, folder, name), F_OK) == 0;
  buf_release(&path);
  return has;
}

static const char *state_of(const struct keyring_row *row) {
  if (row->number >= STORE_PENDING)
    return "not accepted yet";
  return row->is_revoked ? "revoked" : "counts";
}

void home_print_fingerprint(struct out *out, const char *name, const struct hash *id) {
  out_field(out, name, hash_is_zero(id) ? NULL : hash_hex(id).s);
}

enum err home_print_key(struct home *h, const struct keyring_row *row, struct out *out) {
  static const char *const kinds[] = {
      [KEYRING_PERSON] = "person", [KEYRING_AGENCY] = "agency", [KEYRING_MACHINE] = "machine"};
  struct buf by = {0};
  directory_name(h->store, &row->by, &by);
  out_begin(out, NULL);
  out_field_id(out, "entry", hash_hex(&row->entry).s);
  out_field(out, "of", kinds[row->of]);
  out_field_bytes(out, "name", row->name);
  out_field_bytes(out, "agency", row->agency);
  out_field(out, "state", state_of(row));
  out_field(out, "known-here", row->is_first ? "first" : row->is_confirmed ? "confirmed" : "NOT CONFIRMED");
  out_field_bytes(out, "introduced-by", buf_bytes(&by));
  out_field_bytes(out, "since", row->since);
  home_print_fingerprint(out, "fingerprint", &row->sign);
  home_print_fingerprint(out, "sealing-fingerprint", &row->seal);
  out_end(out);
  buf_release(&by);
  return OK;
}

struct listing {
  struct home *h;
  struct out *out;
  enum keyring_of of;
  bool is_any_unconfirmed;
};

static enum err print_of(void *of, const struct keyring_row *row) {
  struct listing *l = of;
  if (row->of != l->of)
    return OK;
  l->is_any_unconfirmed |= !row->is_confirmed && !row->is_revoked;
  return home_print_key(l->h, row, l->out);
}

enum err home_print_keys(struct home *h, enum keyring_of of, struct out *out) {
  struct listing l = {h, out, of, false};
  out_table_begin(out, NULL, "No keys are known here yet: cairn sync");
  enum err e = keyring_each(h->store, NULL, 0, &l, print_of);
  out_table_end(out);
  if (e == OK && l.is_any_unconfirmed)
    out_say(out,
            "Read the fingerprints of keys that are not confirmed to their owner over the telephone, then: cairn %s "
            "confirm NAME",
            of == KEYRING_PERSON ? "people" : "agencies");
  return e;
}

/* ---- people confirm, agencies confirm ---- */

static enum err print_own(void *of, const struct keyring_row *row) {
  struct listing *l = of;
  return row->number < STORE_PENDING && !row->is_revoked ? home_print_key(l->h, row, l->out) : OK;
}

static enum err confirm(struct home *h, const struct hash *owner, struct out *out) {
  struct listing l = {.h = h, .out = out};
  uint64_t count = 0;
  enum err e = store_begin(h->store);
  if (e != OK)
    return e;
  e = store_end(h->store, keyring_confirm(h->store, owner, home_now_s(), &count));
  if (e != OK)
    return e;
  out_table_begin(out, NULL, "There are no keys that count.");
  e = keyring_each(h->store, owner, 0, &l, print_own);
  out_table_end(out);
  out_say(out, count ? "Confirmed, on this machine. It is a note for you and is not sent."
                     : "There was nothing to confirm: these keys are known here.");
  return e;
}

static enum err run_confirm(struct home *h, const struct cmd_line *line, const char *kind, struct out *out) {
  struct hash owner;
  enum err e = home_open(h, line, HOME_NO_KEY);
  if (e == OK)
    e = home_resolve(h, cmd_nth(line, "", 0), kind, &owner);
  if (e == OK)
    e = confirm(h, &owner, out);
  home_close(h);
  return e;
}

static enum err run_people_confirm(void *program, const struct cmd_line *line, struct out *out) {
  return run_confirm(program, line, "person.add", out);
}

static enum err run_agencies_confirm(void *program, const struct cmd_line *line, struct out *out) {
  return run_confirm(program, line, "agency.add", out);
}

const struct cmd home_keyring_commands[] = {
    {"people confirm", "NAME|ID", 1, 1, NULL, "note here that you compared a person's keys with them", NULL,
     run_people_confirm},
    {"agencies confirm", "NAME|ID", 1, 1, NULL, "note here that you compared an agency's role key with its lead", NULL,
     run_agencies_confirm},
    {0},
};
