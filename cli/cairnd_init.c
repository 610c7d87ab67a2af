#include <stdlib.h>
#include <string.h>

#include "cli/noded.h"
#include "core/cert.h"
#include "core/note.h"

#define YEAR_S ((int64_t)365 * 86400)
#define AUTHORITY_YEARS 20
#define TLS_YEARS 5

static const char *const files[] = {"authority.key",   "ledger.key",  "operating.key", "tls.key", NODED_STORE,
                                    "node.db-journal", "node.db-wal", "node.db-shm",   NULL};

struct making {
  struct noded *n;
  const char *folder; /* under its temporary name */
  const char *authority_name, *origin, *host;
  uint16_t port;
  int64_t now_s;
  struct buf authority_cert, tls_cert;
};

static enum err make_key(const struct making *m, const char *name, struct bytes passphrase, struct key **out) {
  struct buf path = {0};
  *out = key_new();
  enum err e = key_save(*out, folder_path(&path, m->folder, name), passphrase);
  buf_release(&path);
  return e;
}

static enum err make_keys(struct making *m, const struct cmd_line *line) {
  struct buf passphrase = {0};
  enum err e = folder_passphrase(line, "a passphrase for the node's keys", true, &passphrase);
  if (e == OK)
    e = make_key(m, "authority.key", buf_bytes(&passphrase), &m->n->authority);
  if (e == OK)
    e = make_key(m, "ledger.key", buf_bytes(&passphrase), &m->n->ledger);
  if (e == OK)
    e = make_key(m, "operating.key", buf_bytes(&passphrase), &m->n->operating);
  if (e == OK)
    e = make_key(m, "tls.key", buf_bytes(&passphrase), &m->n->tls);
  buf_release_secret(&passphrase);
  return e;
}

static enum err make_certificates(struct making *m) {
  static const struct hash none;
  int64_t from_s = m->now_s - 3600;
  enum err e = cert_make_authority(m->n->authority, m->authority_name, from_s, m->now_s + AUTHORITY_YEARS * YEAR_S,
                                   &m->authority_cert);
  return e == OK ? cert_issue(m->n->authority, buf_bytes(&m->authority_cert), m->n->tls, CERT_NODE_TLS, &none, m->host,
                              from_s, m->now_s + TLS_YEARS * YEAR_S, &m->tls_cert)
                 : e;
}

static enum err open_log(struct making *m) {
  struct buf ledger = {0}, operating = {0}, cert = {0};
  struct verdict v;
  text_base64_encode(&ledger, key_spki(m->n->ledger));
  text_base64_encode(&operating, key_spki(m->n->operating));
  text_base64_encode(&cert, buf_bytes(&m->authority_cert));
  const struct draft_value values[] = {{"origin", m->origin},
                                       {"ledger", buf_cstr(&ledger)},
                                       {"operating", buf_cstr(&operating)},
                                       {"authority", buf_cstr(&cert)},
                                       {"authority-name", m->authority_name}};
  struct draft draft = {kind_find(bytes_str("log.open")), values, 5, NULL, 0};
  enum err e = exchange_node_write(&m->n->exchange, &draft, 1, m->now_s, &v);
  buf_release(&ledger);
  buf_release(&operating);
  buf_release(&cert);
  return e;
}

static enum err fill_store(struct making *m) {
  struct store *s = m->n->store;
  struct hash tls = key_id(m->n->tls);
  m->n->exchange = (struct exchange_node){
      .store = s, .operating = m->n->operating, .ledger = m->n->ledger, .authority = m->n->authority};
  store_read_as(s, &(struct scope_recipient){.replica = key_id(m->n->operating)});
  enum err e = store_begin(s);
  if (e == OK)
    e = store_meta_set(s, "host", bytes_str(m->host));
  if (e == OK)
    e = store_meta_set_number(s, "port", m->port);
  if (e == OK)
    e = store_meta_set(s, "tls-cert", buf_bytes(&m->tls_cert));
  if (e == OK)
    e = store_meta_set(s, "tls-key", hash_bytes(&tls));
  if (e == OK)
    e = store_meta_set(s, "tls-since", bytes_str(text_time_format(m->now_s).s));
  if (e == OK)
    e = open_log(m);
  if (e == OK)
    e = exchange_node_checkpoint(&m->n->exchange);
  return e == OK ? store_commit(s) : e;
}

static enum err make_all(struct making *m, const struct cmd_line *line) {
  struct buf path = {0};
  enum err e = make_keys(m, line);
  if (e == OK)
    e = make_certificates(m);
  if (e == OK)
    e = store_create(folder_path(&path, m->folder, NODED_STORE), &m->n->store);
  if (e == OK)
    e = fill_store(m);
  buf_release(&path);
  return e;
}

static void say_how_to_go_on(const struct making *m, const char *folder, struct out *out) {
  struct buf vkey = {0};
  struct hash ledger = key_id(m->n->ledger), authority = hash_of(buf_bytes(&m->authority_cert));
  note_vkey_format(&vkey, m->origin, m->n->ledger);
  out_begin(out, NULL);
  out_field(out, "node", folder);
  out_field(out, "ledger", m->origin);
  out_field(out, "verifier-key", buf_cstr(&vkey));
  out_field(out, "fingerprint-of-the-ledger-key", hash_hex(&ledger).s);
  out_field(out, "fingerprint-of-the-authority", hash_hex(&authority).s);
  out_end(out);
  out_say(out, "Give the verifier key to the auditor, by a way that does not go through this node.");
  out_say(out,
          "Now, for yourself: cairnd --node %s agency add NAME --type other, then cairnd --node %s invite NAME "
          "--person YOU --role administrator",
          folder, folder);
  buf_release(&vkey);
}

static enum err read_options(struct making *m, const struct cmd_line *line) {
  const char *port = cmd_value(line, "port");
  uint64_t number = 8443;
  m->authority_name = cmd_value(line, "authority");
  m->origin = cmd_value(line, "ledger");
  m->host = cmd_value(line, "host");
  if (m->authority_name == NULL || m->origin == NULL || m->host == NULL)
    return err_set(ERR_USAGE, "--authority, --ledger and --host are needed");
  if (m->authority_name[0] == '\0' || m->host[0] == '\0')
    return err_set(ERR_USAGE, "--%s is empty", m->host[0] ? "authority" : "host");
  if (!text_is_origin(bytes_str(m->origin)))
    return err_set(ERR_USAGE, "the ledger's name has 1 to 96 of a-z 0-9 . - and /: \"%s\"", m->origin);
  if (port && (text_number(bytes_str(port), &number) != OK || number > UINT16_MAX))
    return err_set(ERR_USAGE, "not a port: \"%s\"", port);
  m->port = (uint16_t)number;
  return OK;
}

static enum err run_init(void *program, const struct cmd_line *line, struct out *out) {
  const char *folder = noded_folder(line);
  struct buf temporary = {0};
  struct making m = {.n = program, .now_s = noded_now_s()};
  enum err e = read_options(&m, line);
  if (e == OK && folder_check(folder) != ERR_ABSENT)
    e = err_set(ERR_USAGE, "\"%s\" is there already; nothing was changed", folder);
  m.folder = folder_beside(&temporary, folder, ".unfinished");
  if (e == OK) {
    folder_remove(m.folder, files); /* of an attempt that was cut off */
    e = folder_make(m.folder);
  }
  if (e == OK) {
    e = make_all(&m, line);
    store_close(m.n->store);
    m.n->store = NULL;
    if (e == OK)
      e = folder_finish(m.folder, folder);
    if (e != OK)
      folder_remove(m.folder, files);
  }
  if (e == OK)
    say_how_to_go_on(&m, folder, out);
  noded_close(m.n);
  buf_release(&m.authority_cert);
  buf_release(&m.tls_cert);
  buf_release(&temporary);
  return e;
}

static const struct cmd_opt init_opts[] = {
    {"authority", CMD_VALUE, "NAME", "the local authority whose register this is", true},
    {"ledger", CMD_VALUE, "NAME", "the ledger's name, as nl.example/register", true},
    {"host", CMD_VALUE, "HOST", "the name or address under which replicas reach the node", true},
    {"port", CMD_VALUE, "PORT", "its port (default 8443; 0: any free one)"},
    {0},
};

const struct cmd noded_init_commands[] = {
    {"init", "", 0, 0, init_opts, "make a new node: its keys, its certification authority, its empty ledger", NULL,
     run_init},
    {0},
};
