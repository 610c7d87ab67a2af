#include "cli/home.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "cli/agent.h"
#include "core/directory.h"

const struct cmd_opt home_opts[] = {
    {"home", CMD_VALUE, "FOLDER", "the replica's folder (default: $CAIRN_HOME, else ~/.cairn)"},
    FOLDER_PASSPHRASE_OPTS,
    {"as", CMD_VALUE, "NAME|ID", "who records or looks, on a machine that several people share"},
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

/* On a machine that several people share each sees what they may: --as says who looks. */
static enum err find_reader(struct home *h, const struct cmd_line *line) {
  const char *as = cmd_value(line, "as");
  store_read_as(h->store, &(struct scope_recipient){.replica = h->replica_id});
  enum err e = as ? home_resolve(h, as, "person.add", &h->reader) : store_meta_hash(h->store, "person", &h->reader);
  if (e == OK || (e == ERR_ABSENT && as == NULL))
    store_read_as(h->store, &(struct scope_recipient){.replica = h->replica_id, .person = h->reader});
  return e == ERR_ABSENT && as == NULL ? OK : e;
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
    e = find_reader(h, line);
  buf_release(&folder);
  buf_release(&path);
  return e;
}

void home_let_go(struct home *h) {
  store_close(h->store);
  h->store = NULL;
}

struct finding_key {
  const char *folder;
  char name[64];
  bool is_found;
};

/* The newest key of the person that has a file here. */
static enum err try_key(void *of, const struct hash *key_id) {
  struct finding_key *f = of;
  struct buf path = {0};
  char name[64];
  home_key_name(key_id, name, sizeof name);
  if (access(folder_path(&path, f->folder, name), F_OK) == 0) {
    snprintf(f->name, sizeof f->name, "%s", name);
    f->is_found = true;
  }
  buf_release(&path);
  return OK;
}

/* Whose key it is stands in the store, which is let go of again before anybody is asked for a passphrase. */
static enum err load_person(struct home *h, const struct cmd_line *line, const char *folder) {
  const char *who = cmd_value(line, "as");
  struct finding_key f = {.folder = folder};
  struct hash person;
  if (who == NULL)
    return load_key(line, folder, HOME_PERSON_KEY, &h->person);
  enum err e = home_hold(h, line);
  if (e == OK)
    e = home_resolve(h, who, "person.add", &person);
  if (e == OK)
    e = directory_each_key(h->store, &person, &f, try_key);
  home_let_go(h);
  if (e == OK && !f.is_found)
    e = err_set_remedy(ERR_ABSENT, "the officer makes one with: cairn person key --person NAME",
                       "\"%s\" has no key on this machine", who);
  return e == OK ? load_key(line, folder, f.name, &h->person) : e;
}

enum err home_open(struct home *h, const struct cmd_line *line, enum home_key need) {
  struct buf folder = {0};
  const char *name = home_folder(line, &folder);
  enum err e = home_check_folder(name);
  if (e == OK && need == HOME_PERSON)
    e = load_person(h, line, name);
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

void home_key_name(const struct hash *key_id, char *out, size_t size) {
  snprintf(out, size, "person-%.16s.key", hash_hex(key_id).s);
}
