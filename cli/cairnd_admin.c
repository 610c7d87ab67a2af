#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/code.h"
#include "cli/invite.h"
#include "cli/noded.h"
#include "cli/recheck_out.h"
#include "cli/noded_mirror.h"
#include "core/cert.h"
#include "core/directory.h"
#include "core/note.h"
#include "core/recovery.h"

enum err with_node(struct noded *n, const struct cmd_line *line, struct out *out, enum noded_need need,
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
  enum err e = code_check_in("agency.add", "type", values[1].value);
  if (e == OK)
    e = store_begin(n->store);
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

static enum err write_invitation(struct noded *n, const struct join_invite *invite, struct join_token *token) {
  struct directory_log log = {0};
  enum err e = directory_log(n->store, &log);
  if (e == OK) {
    token->authority = hash_of(buf_bytes(&log.authority));
    token->port = n->port;
    snprintf(token->host, sizeof token->host, "%s", buf_cstr(&n->host));
    e = store_begin(n->store);
  }
  if (e == OK)
    e = join_invite(&n->exchange, invite, noded_now_s(), token->secret);
  if (e == OK)
    e = exchange_node_checkpoint(&n->exchange);
  directory_log_release(&log);
  return store_end(n->store, e);
}

static enum err invite(struct noded *n, const struct cmd_line *line, struct out *out) {
  struct buf roles = {0};
  struct join_token token = {0};
  struct join_invite i;
  enum err e = invite_read(line, noded_now_s(), &roles, &i);
  if (e == OK && n->port == 0)
    e = err_set_remedy(ERR_USAGE, "start the node first (cairnd serve)",
                       "the node has no fixed port, so it must be serving");
  if (e == OK)
    e = store_find_typed(n->store, bytes_str(cmd_nth(line, "", 0)), "agency.add", &i.agency);
  if (e == OK)
    e = write_invitation(n, &i, &token);
  if (e == OK)
    invite_print(&token, &i, "The ledger says that the node itself invited them.", out);
  buf_release(&roles);
  return e;
}

static enum err run_invite(void *program, const struct cmd_line *line, struct out *out) {
  return with_node(program, line, out, NODED_KEYS, invite);
}

static enum err list_invitations(struct noded *n, const struct cmd_line *line, struct out *out) {
  (void)line;
  return invite_list(n->store, noded_now_s(), out);
}

static enum err run_invite_list(void *program, const struct cmd_line *line, struct out *out) {
  return with_node(program, line, out, NODED_STORE_ONLY, list_invitations);
}

static enum err withdraw(struct noded *n, const struct cmd_line *line, struct out *out) {
  struct hash id = {{0}};
  struct verdict v;
  enum err e = store_find_typed(n->store, bytes_str(cmd_nth(line, "", 0)), "invite.person", &id);
  struct hash_hex hex = hash_hex(&id);
  const struct draft_value values[] = {{"invitation", hex.s}, {"reason", cmd_value(line, "reason")}};
  const struct draft draft = {kind_find(bytes_str("invite.withdraw")), values, values[1].value ? 2 : 1, NULL, 0};
  if (e == OK)
    e = store_begin(n->store);
  if (e != OK)
    return e;
  e = exchange_node_write(&n->exchange, &draft, 1, noded_now_s(), &v);
  if (e == OK)
    e = exchange_node_checkpoint(&n->exchange);
  e = store_end(n->store, e);
  if (e == OK) {
    out_begin(out, NULL);
    out_field_id(out, "invitation", hex.s);
    out_field_number(out, "number", v.first);
    out_end(out);
  }
  return e;
}

static enum err run_invite_withdraw(void *program, const struct cmd_line *line, struct out *out) {
  return with_node(program, line, out, NODED_KEYS, withdraw);
}

/* ---- status ---- */

static enum err print_tls(struct noded *n, struct out *out) {
  struct hash tls;
  struct buf since = {0};
  enum err e = store_meta_hash(n->store, "tls-key", &tls);
  if (e == OK)
    e = store_meta(n->store, "tls-since", &since);
  if (e == OK) {
    out_field(out, "fingerprint-of-the-tls-key", hash_hex(&tls).s);
    out_field_bytes(out, "tls-key-since", buf_bytes(&since));
  }
  buf_release(&since);
  return e;
}

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
    out_field(out, "ledger-key-since", log.ledger_since.s);
    out_field(out, "fingerprint-of-the-authority", hash_hex(&authority).s);
    out_field(out, "authority-since", log.authority_since.s);
    out_field(out, "fingerprint-of-the-operating-key", hash_hex(&log.operating_id).s);
    out_field(out, "operating-key-since", log.operating_since.s);
    e = print_tls(n, out);
  }
  key_free(ledger);
  buf_release(&vkey);
  directory_log_release(&log);
  return e;
}

static enum err status(struct noded *n, const struct cmd_line *line, struct out *out) {
  struct buf note = {0};
  struct hash root = {{0}};
  uint64_t size = 0;
  struct recovery_status recovery = {0};
  (void)line;
  enum err e = recovery_status(n->store, &recovery);
  bool has_log = recovery.size > 0 || !recovery.is_on; /* else it was lost, and nothing has been taken yet */
  if (e == OK && has_log)
    e = store_checkpoint_newest(n->store, &size, &root, &note);
  buf_release(&note);
  if (e != OK)
    return e;
  out_begin(out, NULL);
  out_field_bool(out, "serving", n->server != NULL);
  out_field(out, "state", recovery.is_on ? "being rebuilt" : recovery.lost ? "contents lost" : NULL);
  if (recovery.is_on || recovery.lost) {
    out_field_number(out, "goal", recovery.goal);
    out_field_number(out, "missing", recovery.missing);
    out_field_number(out, "lost", recovery.lost);
  }
  out_field_bytes(out, "host", buf_bytes(&n->host));
  if (n->port)
    out_field_number(out, "port", n->port);
  if (has_log)
    e = print_keys(n, out);
  out_field_number(out, "entries", store_size(n->store));
  out_field_number(out, "checkpoint-size", size);
  out_field(out, "checkpoint-root", size ? hash_hex(&root).s : NULL);
  if (n->unpublished[0])
    out_field(out, "publishing-failed", n->unpublished);
  if (e == OK)
    e = noded_mirrors_print(n, "mirrors", out);
  out_end(out);
  if (n->unpublished[0])
    out_say(out, "The published ledger does NOT go on, and auditors do not see what is new: it is tried again each "
                 "second, and the reason stands above.");
  if (n->port == 0)
    out_say(out, "No port is fixed: cairnd serve takes any free one, and says which.");
  if (recovery.is_on || recovery.lost)
    out_say(out, "cairnd rebuild --status says which entries, by number.");
  return e;
}

static enum err run_status(void *program, const struct cmd_line *line, struct out *out) {
  return with_node(program, line, out, NODED_STORE_ONLY, status);
}

static const struct cmd_opt agency_opts[] = {
    {"type", CMD_VALUE, "TYPE", "one of: " AGENCY_TYPES, true},
    {0},
};

/* ---- verify ---- */

static enum err verify(struct noded *n, const struct cmd_line *line, struct out *out) {
  struct recheck_result result;
  struct recovery_status recovery = {0};
  (void)line;
  enum err e = recheck_print(n->store, out, &result);
  if (e == OK)
    e = recovery_status(n->store, &recovery);
  if (e != OK)
    return e;
  n->status = result.findings ? 1 : 0;
  if (result.findings && result.findings == recovery.lost)
    out_say(out, "All that is here is in order. What was lost comes back when machines that have it sync: the node can "
                 "serve.");
  else if (result.findings)
    out_say(out, "What the node keeps is NOT in order. Stop it, keep a copy of its folder as it is, and find out what "
                 "happened before it serves again.");
  else
    out_say(out, "Everything that the node keeps is in order.");
  return OK;
}

static enum err run_verify(void *program, const struct cmd_line *line, struct out *out) {
  return with_node(program, line, out, NODED_STORE_ONLY, verify);
}

static const struct cmd_opt invite_opts[] = {
    INVITE_OPTS,
    {0},
};

static const struct cmd_opt withdraw_opts[] = {
    {"reason", CMD_VALUE, "TEXT", "why"},
    {0},
};

const struct cmd noded_admin_commands[] = {
    {"status", "", 0, 0, NULL, "what the node is, how much it keeps, its fingerprints", NULL, run_status},
    {"agency add", "NAME", 1, 1, agency_opts, "an agency that takes part", NULL, run_agency_add},
    {"agency list", "", 0, 0, NULL, "the agencies that take part", NULL, run_agency_list},
    {"invite", "AGENCY", 1, 1, invite_opts, "a token with which someone joins from a machine of an agency",
     "AGENCY is its name, or the first digits of its id. The node's own invitations are for its administrators, who "
     "then\ninvite with cairn, in their own names.",
     run_invite},
    {"invite list", "", 0, 0, NULL, "who was invited, by whom, what became of it, and the fingerprints of who joined",
     NULL, run_invite_list},
    {"invite withdraw", "INVITATION", 1, 1, withdraw_opts, "an invitation that was not used no longer holds", NULL,
     run_invite_withdraw},
    {"verify", "", 0, 0, NULL, "check again all that the node keeps",
     "Headers, acts and signatures, contents and what was erased, the checkpoints, the views, and the database "
     "itself.\n"
     "Changes nothing. While it looks, a serving node answers nobody else. Ends with 0 in order, 1 not in order.",
     run_verify},
    {0},
};
