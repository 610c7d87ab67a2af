#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/noded.h"
#include "core/cert.h"
#include "core/directory.h"
#include "core/note.h"
#include "core/second.h"
#include "sync/join.h"

#define INVITATION_DAYS 7
#define DAY_S 86400

/* Every command here: by the serving node if there is one, else with the store opened for this command. */
static enum err with_node(struct noded *n, const struct cmd_line *line, struct out *out, enum noded_need need,
                          enum err (*run)(struct noded *n, const struct cmd_line *line, struct out *out)) {
  enum err e = OK;
  if (noded_relay(n, line, out, &e) || e != OK)
    return e;
  e = noded_open(n, line, need);
  if (e == OK)
    e = run(n, line, out);
  noded_close(n);
  return e;
}

/* ---- agency add, agency list ---- */

static enum err add_agency(struct noded *n, const struct cmd_line *line, struct out *out) {
  const struct draft_value values[] = {{"name", cmd_nth(line, "", 0)}, {"type", cmd_value(line, "type")}};
  const struct draft draft = {kind_find(bytes_str("agency.add")), values, 2, NULL, 0};
  struct hash id;
  struct verdict v;
  if (values[1].value == NULL)
    return err_set(ERR_USAGE, "--type is needed, one of: " AGENCY_TYPES);
  enum err e = store_begin(n->store);
  if (e == OK)
    e = exchange_node_write(&n->exchange, &draft, 1, noded_now_s(), &v);
  if (e == OK)
    e = author_id_of(n->store, v.first, &id);
  if (e == OK)
    e = exchange_node_checkpoint(&n->exchange);
  if (e == OK)
    e = store_commit(n->store);
  if (e != OK) {
    store_rollback(n->store);
    return e;
  }
  out_begin(out, NULL);
  out_field_id(out, "agency", hash_hex(&id).s);
  out_field(out, "name", values[0].value);
  out_field(out, "type", values[1].value);
  out_field_number(out, "number", v.first);
  out_end(out);
  return OK;
}

static enum err run_agency_add(void *program, const struct cmd_line *line, struct out *out) {
  return with_node(program, line, out, NODED_KEYS, add_agency);
}

static enum err print_agency(void *of, const struct record *r) {
  struct json *content = NULL;
  if (!r->has_content || json_parse_record(buf_bytes(&r->content), &content) != OK)
    return OK;
  out_begin(of, NULL);
  out_field_id(of, "agency", hash_hex(&r->entry.id).s);
  out_field_bytes(of, "type", entry_fact(&r->entry, "type"));
  if (json_get(content, "name"))
    out_field_bytes(of, "name", json_get_text(json_get(content, "name")));
  out_end(of);
  json_free(content);
  return OK;
}

static enum err list_agencies(struct noded *n, const struct cmd_line *line, struct out *out) {
  const struct store_filter filter = {.kind = "agency.add"};
  (void)line;
  out_table_begin(out, NULL, "No agency takes part yet.");
  enum err e = store_each(n->store, &filter, out, print_agency);
  out_table_end(out);
  return e;
}

static enum err run_agency_list(void *program, const struct cmd_line *line, struct out *out) {
  return with_node(program, line, out, NODED_STORE_ONLY, list_agencies);
}

/* ---- invite ---- */

static enum err join_roles(const struct cmd_line *line, struct buf *roles) {
  const struct field *f = kind_field(kind_find(bytes_str("role.give")), bytes_str("role"));
  const char *role, *trained = cmd_value(line, "trained");
  if (trained && !text_is_date(bytes_str(trained)))
    return err_set(ERR_USAGE, "--trained takes a date that exists, as 2026-03-01: \"%s\"", trained);
  for (size_t i = 0; (role = cmd_nth(line, "role", i)); i++) {
    bool is_minute_taker = strcmp(role, role_word(ROLE_MINUTE_TAKER)) == 0;
    if (is_minute_taker && trained == NULL)
      return err_set(ERR_USAGE, "--trained is needed for a minute-taker: the day of training (R-133)");
    if (!field_has_code(f, bytes_str(role)))
      return err_set(ERR_USAGE, "\"%s\" is not a role; they are: %s", role, f->of);
    buf_addf(roles, "%s%s%s%s", i ? " " : "", role, is_minute_taker ? ":" : "", is_minute_taker ? trained : "");
  }
  return roles->len ? OK : err_set(ERR_USAGE, "--role is needed at least once");
}

/* What the node would write when they join, and may not write alone. */
static enum err check_second(struct noded *n, const struct cmd_line *line) {
  static const char *const kinds[] = {"person.add", "replica.add"};
  const char *role;
  bool is_needed = false;
  enum err e = OK;
  for (size_t i = 0; e == OK && !is_needed && i < sizeof kinds / sizeof *kinds; i++)
    e = second_is_needed(n->store, bytes_str(kinds[i]), bytes_of(NULL, 0), &is_needed);
  for (size_t i = 0; e == OK && !is_needed && (role = cmd_nth(line, "role", i)); i++)
    e = second_is_needed(n->store, bytes_str("role.give"), bytes_str(role), &is_needed);
  return e == OK && is_needed
             ? err_set_remedy(ERR_REFUSED,
                              "invite without it; then it is recorded with cairn, and another person confirms it",
                              "what this invitation gives needs two persons, and the node is neither")
             : e;
}

static enum err store_invitation_for(struct noded *n, const struct join_invite *invite, struct join_token *token) {
  struct directory_log log = {0};
  enum err e = directory_log(n->store, &log);
  if (e == OK) {
    token->authority = hash_of(buf_bytes(&log.authority));
    token->port = n->port;
    snprintf(token->host, sizeof token->host, "%s", buf_cstr(&n->host));
    e = store_begin(n->store);
  }
  if (e == OK)
    e = join_invite(n->store, invite, token->secret);
  if (e == OK)
    e = store_commit(n->store);
  directory_log_release(&log);
  return e;
}

static enum err invite(struct noded *n, const struct cmd_line *line, struct out *out) {
  struct buf roles = {0}, text = {0};
  struct join_token token = {0};
  const char *days = cmd_value(line, "days");
  uint64_t day_count = INVITATION_DAYS;
  struct join_invite i = {.person = cmd_value(line, "person"), .post = cmd_value(line, "post")};
  enum err e = i.person ? join_roles(line, &roles) : err_set(ERR_USAGE, "--person is needed");
  if (e == OK && days && (text_number(bytes_str(days), &day_count) != OK || day_count < 1 || day_count > 60))
    e = err_set(ERR_USAGE, "--days takes 1 to 60: \"%s\"", days);
  if (e == OK && n->port == 0)
    e = err_set_remedy(ERR_USAGE, "start the node first (cairnd serve)",
                       "the node has no fixed port, so it must be serving");
  if (e == OK)
    e = store_find_typed(n->store, bytes_str(cmd_nth(line, "", 0)), "agency.add", &i.agency);
  if (e == OK)
    e = check_second(n, line);
  i.roles = buf_cstr(&roles);
  i.until_s = noded_now_s() + (int64_t)day_count * DAY_S;
  if (e == OK)
    e = store_invitation_for(n, &i, &token);
  if (e == OK) {
    join_token_format(&text, &token);
    out_begin(out, NULL);
    out_field(out, "token", buf_cstr(&text));
    out_field(out, "person", i.person);
    out_field(out, "until", text_time_format(i.until_s).s);
    out_end(out);
    out_say(out, "It works once. On their machine: cairn join TOKEN");
  }
  buf_release(&roles);
  buf_release(&text);
  return e;
}

static enum err run_invite(void *program, const struct cmd_line *line, struct out *out) {
  return with_node(program, line, out, NODED_STORE_ONLY, invite);
}

/* ---- status ---- */

static enum err print_keys(struct noded *n, struct out *out) {
  struct directory_log log = {0};
  struct key *ledger = NULL;
  struct buf vkey = {0};
  enum err e = directory_log(n->store, &log);
  if (e == OK)
    e = key_from_spki(buf_bytes(&log.ledger_key), &ledger);
  if (e == OK) {
    struct hash authority = hash_of(buf_bytes(&log.authority)), ledger_id = key_id(ledger);
    note_vkey_format(&vkey, buf_cstr(&log.origin), ledger);
    out_field_bytes(out, "ledger", buf_bytes(&log.origin));
    out_field(out, "verifier-key", buf_cstr(&vkey));
    out_field(out, "fingerprint-of-the-ledger-key", hash_hex(&ledger_id).s);
    out_field(out, "fingerprint-of-the-authority", hash_hex(&authority).s);
  }
  key_free(ledger);
  buf_release(&vkey);
  directory_log_release(&log);
  return e;
}

static enum err status(struct noded *n, const struct cmd_line *line, struct out *out) {
  struct buf note = {0};
  struct hash root;
  uint64_t size = 0;
  (void)line;
  enum err e = store_checkpoint_newest(n->store, &size, &root, &note);
  buf_release(&note);
  if (e != OK)
    return e;
  out_begin(out, NULL);
  out_field_bool(out, "serving", n->server != NULL);
  out_field_bytes(out, "host", buf_bytes(&n->host));
  out_field_number(out, "port", n->port);
  e = print_keys(n, out);
  out_field_number(out, "entries", store_size(n->store));
  out_field_number(out, "checkpoint-size", size);
  out_field(out, "checkpoint-root", hash_hex(&root).s);
  out_end(out);
  return e;
}

static enum err run_status(void *program, const struct cmd_line *line, struct out *out) {
  return with_node(program, line, out, NODED_STORE_ONLY, status);
}

static const struct cmd_opt agency_opts[] = {
    {"type", CMD_VALUE, "TYPE", "one of: " AGENCY_TYPES},
    {0},
};

static const struct cmd_opt invite_opts[] = {
    {"person", CMD_VALUE, "NAME", "who is invited"},
    {"post", CMD_VALUE, "POST", "their post"},
    {"role", CMD_LIST, "ROLE", "a role they will have; may be given more than once: " ROLES},
    {"trained", CMD_VALUE, "YYYY-MM-DD", "for a minute-taker: the day of training"},
    {"days", CMD_VALUE, "N", "how many days the invitation holds (default 7)"},
    {0},
};

const struct cmd noded_admin_commands[] = {
    {"status", "", 0, 0, NULL, "what the node is, how much it keeps, its fingerprints", NULL, run_status},
    {"agency add", "NAME", 1, 1, agency_opts, "an agency that takes part", NULL, run_agency_add},
    {"agency list", "", 0, 0, NULL, "the agencies that take part", NULL, run_agency_list},
    {"invite", "AGENCY", 1, 1, invite_opts, "a token with which someone joins from a machine of an agency",
     "AGENCY is its name, or the first digits of its id.", run_invite},
    {0},
};
