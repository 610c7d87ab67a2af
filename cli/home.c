#include "cli/home.h"

#include <stdlib.h>
#include <time.h>

#include "cli/agent.h"

const struct cmd_opt home_opts[] = {
    {"home", CMD_VALUE, "FOLDER", "the replica's folder (default: $CAIRN_HOME, else ~/.cairn)"},
    FOLDER_PASSPHRASE_OPTS,
    {0},
};

const char *home_folder(const struct cmd_line *line, struct buf *b) {
  const char *folder = cmd_value(line, "home"), *user = getenv("HOME");
  if (folder == NULL)
    folder = getenv("CAIRN_HOME");
  if (folder && folder[0] != '\0')
    buf_add_str(b, folder);
  else
    buf_addf(b, "%s/.cairn", user ? user : ".");
  return buf_cstr(b);
}

int64_t home_now_s(void) {
  return (int64_t)time(NULL);
}

static enum err load_key(const struct cmd_line *line, const char *folder, const char *file, struct key **out) {
  struct buf passphrase = {0}, path = {0};
  bool is_named = cmd_value(line, "passphrase-file") || cmd_value(line, "passphrase-fd");
  if (!is_named && agent_ask(folder, file, out) == OK)
    return OK;
  enum err e = folder_passphrase(line, "passphrase", false, &passphrase);
  if (e == OK)
    e = key_load(folder_path(&path, folder, file), buf_bytes(&passphrase), out);
  buf_release_secret(&passphrase);
  buf_release(&path);
  return e;
}

/* No folder, or one without a store. */
static enum err or_no_replica(enum err e, const char *folder) {
  return e == ERR_ABSENT ? err_set_remedy(ERR_IO, "join with a token from the node's administrator: cairn join TOKEN",
                                          "there is no replica at \"%s\"", folder)
                         : e;
}

enum err home_check_folder(const char *folder) {
  return or_no_replica(folder_check(folder), folder);
}

enum err home_hold(struct home *h, const struct cmd_line *line) {
  struct buf folder = {0}, path = {0};
  const char *name = home_folder(line, &folder);
  enum err e = home_check_folder(name);
  if (e == OK)
    e = or_no_replica(store_open(folder_path(&path, name, HOME_STORE), HOME_WAIT_MS, &h->store), name);
  if (e == OK)
    e = store_meta_hash(h->store, "replica-key", &h->replica_id);
  if (e == OK)
    store_read_as(h->store, &(struct scope_recipient){.replica = h->replica_id});
  buf_release(&folder);
  buf_release(&path);
  return e;
}

void home_let_go(struct home *h) {
  store_close(h->store);
  h->store = NULL;
}

enum err home_open(struct home *h, const struct cmd_line *line, enum home_key need) {
  struct buf folder = {0};
  const char *name = home_folder(line, &folder);
  enum err e = home_check_folder(name);
  if (e == OK && need == HOME_PERSON)
    e = load_key(line, name, HOME_PERSON_KEY, &h->person);
  if (e == OK && need == HOME_REPLICA)
    e = load_key(line, name, HOME_REPLICA_KEY, &h->replica);
  if (e == OK)
    e = home_hold(h, line);
  buf_release(&folder);
  return e;
}

void home_close(struct home *h) {
  home_let_go(h);
  key_free(h->person);
  key_free(h->replica);
  h->person = h->replica = NULL;
}
