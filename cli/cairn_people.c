#include <stdlib.h>
#include <string.h>

#include "cli/home.h"
#include "core/directory.h"

/* Who takes part, with what roles; who may give which; what is held. */
struct listing {
  struct home *h;
  struct out *out;
};

static enum err look(struct home *h, const struct cmd_line *line, struct out *out,
                     enum err (*run)(struct home *h, struct out *out)) {
  enum err e = home_open(h, line, HOME_NO_KEY);
  if (e == OK)
    e = run(h, out);
  home_close(h);
  return e;
}

/* ---- whoami ---- */

static void print_roles(unsigned roles, struct out *out) {
  struct buf text = {0};
  for (enum role r = 0; r < ROLE_COUNT; r++)
    if (roles >> r & 1)
      buf_addf(&text, "%s%s", text.len ? ", " : "", role_word(r));
  out_field_bytes(out, "roles", buf_bytes(&text));
  buf_release(&text);
}

static enum err print_whoami(struct home *h, struct out *out) {
  struct hash key;
  struct author a;
  struct buf name = {0}, agency = {0}, machine = {0};
  struct hash machine_entry = {{0}};
  enum err e = store_meta_hash(h->store, "person-key", &key);
  if (e == OK)
    e = directory_author(h->store, &key, home_now_s(), &a);
  if (e == ERR_KEY)
    e = err_set_remedy(ERR_KEY, "cairn sync", "who you are is not known here yet");
  if (e != OK)
    return e;
  home_add_title(h, &a.person, &name);
  home_add_title(h, &a.agency, &agency);
  if (store_meta_hash(h->store, "replica", &machine_entry) == OK)
    home_add_title(h, &machine_entry, &machine);
  out_begin(out, NULL);
  out_field_bytes(out, "person", buf_bytes(&name));
  out_field_bytes(out, "agency", buf_bytes(&agency));
  print_roles(a.roles, out);
  out_field_bytes(out, "machine", buf_bytes(&machine));
  out_field(out, "fingerprint-of-your-key", hash_hex(&key).s);
  out_field(out, "fingerprint-of-this-machine", hash_hex(&h->replica_id).s);
  out_field(out, "certificate-until", text_time_format(a.until_s).s);
  out_field_bool(out, "revoked", a.is_revoked);
  out_end(out);
  buf_release(&name);
  buf_release(&agency);
  buf_release(&machine);
  return OK;
}

static enum err run_whoami(void *program, const struct cmd_line *line, struct out *out) {
  return look(program, line, out, print_whoami);
}

/* ---- people, agencies ---- */

static enum err print_person(void *of, const struct person_row *row) {
  struct listing *l = of;
  out_begin(l->out, NULL);
  out_field_id(l->out, "person", hash_hex(&row->id).s);
  out_field_bytes(l->out, "name", row->name);
  out_field_bytes(l->out, "post", row->post);
  out_field_bytes(l->out, "agency", row->agency);
  out_field_bytes(l->out, "roles", row->roles);
  out_field(l->out, "state", row->is_revoked ? "revoked" : row->is_pending ? "not accepted yet" : "takes part");
  out_end(l->out);
  return OK;
}

static enum err print_people(struct home *h, struct out *out) {
  struct listing l = {h, out};
  out_table_begin(out, NULL, "Nobody is known here yet: cairn sync");
  enum err e = directory_each_person(h->store, home_now_s(), &l, print_person);
  out_table_end(out);
  return e;
}

static enum err print_people_keys(struct home *h, struct out *out) {
  return home_print_keys(h, KEYRING_PERSON, out);
}

static enum err run_people(void *program, const struct cmd_line *line, struct out *out) {
  return look(program, line, out, cmd_flag(line, "keys") ? print_people_keys : print_people);
}

static enum err print_agency(void *of, const struct agency_row *row) {
  struct listing *l = of;
  out_begin(l->out, NULL);
  out_field_id(l->out, "agency", hash_hex(&row->id).s);
  out_field_bytes(l->out, "name", row->name);
  out_field_bytes(l->out, "type", row->type);
  out_field(l->out, "state", row->is_revoked ? "revoked" : "takes part");
  out_end(l->out);
  return OK;
}

static enum err print_agencies(struct home *h, struct out *out) {
  struct listing l = {h, out};
  out_table_begin(out, NULL, "No agency is known here yet: cairn sync");
  enum err e = directory_each_agency(h->store, &l, print_agency);
  out_table_end(out);
  return e;
}

static enum err print_agencies_keys(struct home *h, struct out *out) {
  return home_print_keys(h, KEYRING_AGENCY, out);
}

static enum err run_agencies(void *program, const struct cmd_line *line, struct out *out) {
  return look(program, line, out, cmd_flag(line, "keys") ? print_agencies_keys : print_agencies);
}

/* ---- roles ---- */

static enum err run_roles(void *program, const struct cmd_line *line, struct out *out) {
  (void)program;
  (void)line;
  out_table_begin(out, NULL, NULL);
  for (const struct role_grant *g = role_grants; g->giver != ROLE_NODE; g++) {
    out_begin(out, NULL);
    out_field(out, "role", role_word(g->role));
    out_field(out, "who", role_words(g->role));
    out_field(out, "given-by", role_word(g->giver));
    out_field(out, "to", g->is_own_agency ? "people of their own agency" : "anyone");
    out_end(out);
  }
  out_table_end(out);
  return OK;
}

/* ---- held list ---- */

static enum err print_hold(void *of, const struct hold_row *row) {
  struct listing *l = of;
  struct record r = {0};
  struct buf author = {0}, title = {0};
  struct hash key;
  if (hash_parse(row->author, &key) == OK)
    directory_name(l->h->store, &key, &author);
  home_add_held(l->h, &row->id, &title);
  enum err e = store_find(l->h->store, &row->id, &r);
  out_begin(l->out, NULL);
  out_field_id(l->out, "hold", hash_hex(&row->id).s);
  out_field_bytes(l->out, "state", row->state);
  out_field_bytes(l->out, "by", buf_bytes(&author));
  out_field_bytes(l->out, "arrived", r.entry.at);
  out_field_bytes(l->out, "what", buf_bytes(&title));
  out_field_bytes(l->out, "why", row->words);
  out_end(l->out);
  record_release(&r);
  buf_release(&author);
  buf_release(&title);
  return e;
}

static enum err print_holds(struct home *h, struct out *out) {
  struct listing l = {h, out};
  out_table_begin(out, NULL, "Nothing is held.");
  enum err e = directory_each_hold(h->store, &l, print_hold);
  out_table_end(out);
  return e;
}

static enum err run_held(void *program, const struct cmd_line *line, struct out *out) {
  return look(program, line, out, print_holds);
}

static const struct cmd_opt people_opts[] = {
    {"keys", CMD_FLAG, NULL,
     "their keys: fingerprints, who introduced them, since when, whether they are confirmed here"},
    {0},
};

static const struct cmd_opt agencies_opts[] = {
    {"keys", CMD_FLAG, NULL, "their role keys, in the same way"},
    {0},
};

const struct cmd home_people_commands[] = {
    {"whoami", "", 0, 0, NULL, "who you are, your roles, this machine, your certificate", NULL, run_whoami},
    {"people", "", 0, 0, people_opts, "who takes part, and their roles", NULL, run_people},
    {"agencies", "", 0, 0, agencies_opts, "the agencies that take part", NULL, run_agencies},
    {"roles", "", 0, 0, NULL, "the roles, and who may give which", NULL, run_roles},
    {"held list", "", 0, 0, NULL,
     "acts that the node holds for the Keeper of the Register, or for a second person, to decide about", NULL,
     run_held},
    {0},
};
