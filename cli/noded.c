#include "cli/noded.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/clock.h"
#include "core/directory.h"
#include "core/recovery.h"

#define WAIT_MS 5000

const struct cmd_opt noded_opts[] = {
    {"node", CMD_VALUE, "FOLDER", "the node's folder (default: ./cairn-node)"},
    FOLDER_PASSPHRASE_OPTS,
    {0},
};

const char *noded_folder(const struct cmd_line *line) {
  const char *folder = cmd_value(line, "node");
  return folder ? folder : "cairn-node";
}

int64_t noded_now_s(void) {
  return clock_now_s();
}

bool noded_relay(struct noded *n, const struct cmd_line *line, struct out *out, enum err *e_out) {
  struct buf path = {0}, printed = {0}, errors = {0};
  if (n->server)
    return false;
  enum err e = node_control(folder_path(&path, noded_folder(line), NODED_CONTROL), n->argc, n->argv, &printed, &errors,
                            &n->status);
  if (e == OK) {
    buf_add(&out->text, buf_bytes(&printed));
    fwrite(errors.at, 1, errors.len, stderr);
  }
  buf_release(&path);
  buf_release(&printed);
  buf_release(&errors);
  *e_out = e == ERR_ABSENT ? OK : e;
  return e != ERR_ABSENT;
}

enum err noded_load_keys(struct noded *n, const struct cmd_line *line, const char *folder) {
  struct buf path = {0};
  enum err e = folder_passphrase(line, "passphrase of the node's keys", false, &n->passphrase);
  for (enum noded_part part = 0; e == OK && part < NODED_PARTS; part++)
    e = key_load(folder_path(&path, folder, noded_key_file(part)), buf_bytes(&n->passphrase), noded_key(n, part));
  buf_release(&path);
  return e;
}

static enum err read_facts(struct noded *n) {
  struct directory_log log = {0};
  enum err e = store_size(n->store) > 0 ? directory_log(n->store, &log) : OK;
  /* A node that was lost, and that nothing has been taken into yet. */
  if (store_size(n->store) == 0 && n->operating)
    log.operating_id = key_id(n->operating);
  if (e == OK) {
    /* The node sees all that it keeps. */
    store_read_as(n->store, &(struct scope_recipient){.replica = log.operating_id});
    e = store_meta(n->store, "host", &n->host);
    n->port = (uint16_t)store_meta_number(n->store, "port");
  }
  directory_log_release(&log);
  return e;
}

enum err noded_open(struct noded *n, const struct cmd_line *line, enum noded_need need) {
  struct buf path = {0};
  const char *folder = noded_folder(line);
  if (n->server)
    return OK;
  n->folder = folder;
  enum err e = folder_check(folder);
  if (e == ERR_ABSENT)
    e = err_set_remedy(ERR_IO, "make one with cairnd init, or name its folder with --node",
                       "there is no node at \"%s\"", folder);
  if (e == OK && need == NODED_KEYS)
    e = noded_load_keys(n, line, folder);
  if (e == OK)
    e = store_open(folder_path(&path, folder, NODED_STORE), WAIT_MS, &n->store);
  if (e == OK)
    e = read_facts(n);
  if (e == OK && need == NODED_KEYS && !recovery_is_on(n->store))
    e = noded_settle(n, folder);
  n->exchange = (struct exchange_node){.store = n->store,
                                       .operating = n->operating,
                                       .ledger = n->ledger,
                                       .authority = n->authority,
                                       .told = n->exchange.told};
  if (e == OK && need == NODED_KEYS && recovery_is_on(n->store))
    e = noded_stand_in(n);
  buf_release(&path);
  return e;
}

void noded_close(struct noded *n) {
  if (n->server)
    return;
  store_close(n->store);
  for (enum noded_part part = 0; part < NODED_PARTS; part++) {
    key_free(*noded_key(n, part));
    *noded_key(n, part) = NULL;
  }
  buf_release_secret(&n->passphrase);
  buf_release(&n->host);
  n->store = NULL;
}
