#include "cli/home.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/agent.h"
#include "cli/clock.h"
#include "core/directory.h"

#define KEY_FILE_MAX 16384

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
  return clock_now_s();
}

static enum err load_key(struct home *h, const struct cmd_line *line, const char *folder, const char *file,
                         struct key **out) {
  struct buf path = {0};
  bool is_named = cmd_value(line, "passphrase-file") || cmd_value(line, "passphrase-fd");
  if (!is_named && !h->keeps_passphrase && agent_ask(folder, file, out) == OK)
    return OK;
  enum err e = folder_passphrase(line, "passphrase", false, &h->passphrase);
  if (e == OK)
    e = key_load(folder_path(&path, folder, file), buf_bytes(&h->passphrase), out);
  if (!h->keeps_passphrase)
    buf_release_secret(&h->passphrase);
  buf_release(&path);
  return e;
}

static enum err load_person_key(struct home *h, const struct cmd_line *line, const char *folder, const char *file) {
  snprintf(h->person_file, sizeof h->person_file, "%s", file);
  return load_key(h, line, folder, file, &h->person);
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
  home_read_for_all(h);
  enum err e = as ? home_resolve(h, as, "person.add", &h->reader) : store_meta_hash(h->store, "person", &h->reader);
  if (e == OK || (e == ERR_ABSENT && as == NULL))
    store_read_as(h->store, &(struct scope_recipient){.replica = h->replica_id, .person = h->reader});
  return e == ERR_ABSENT && as == NULL ? OK : e;
}

/* While it was waited for another store may have taken its place (sync --new-log): then that one. */
static enum err open_what_stands_there(const char *path, struct store **out) {
  struct stat before = {0}, after = {0};
  bool was_there = stat(path, &before) == 0;
  enum err e = store_open(path, HOME_WAIT_MS, out);
  if (e != OK || !was_there || (stat(path, &after) == 0 && after.st_ino == before.st_ino))
    return e;
  store_close(*out);
  *out = NULL;
  return store_open(path, HOME_WAIT_MS, out);
}

enum err home_hold(struct home *h, const struct cmd_line *line) {
  struct buf folder = {0}, path = {0};
  const char *name = home_folder(line, &folder);
  enum err e = home_check_folder(name);
  if (e == OK)
    e = or_no_replica(
        open_what_stands_there(folder_path(&path, name, h->store_name ? h->store_name : HOME_STORE), &h->store), name);
  if (e == OK)
    e = store_meta_hash(h->store, "replica-key", &h->replica_id);
  if (e == OK)
    e = find_reader(h, line);
  buf_release(&folder);
  buf_release(&path);
  return e;
}

void home_read_for_all(struct home *h) {
  store_read_as(h->store, &(struct scope_recipient){.replica = h->replica_id});
}

void home_let_go(struct home *h) {
  store_close(h->store);
  h->store = NULL;
}

struct finding_key {
  struct store *store;
  const char *folder;
  char name[HOME_FILE_SIZE];
  bool is_found, is_certified;
};

static bool is_certified(struct store *s, const struct hash *key_id) {
  struct buf cert = {0};
  bool is = directory_certificate(s, key_id, &cert) == OK;
  buf_release(&cert);
  return is;
}

/* The newest key of the person that has a file here; one that is not certified yet only if there is no other. */
static enum err try_key(void *of, const struct hash *key_id) {
  struct finding_key *f = of;
  struct buf path = {0};
  char name[HOME_FILE_SIZE];
  bool may_sign = is_certified(f->store, key_id);
  home_key_name("person", key_id, name, sizeof name);
  if ((may_sign || !f->is_certified) && access(folder_path(&path, f->folder, name), F_OK) == 0) {
    snprintf(f->name, sizeof f->name, "%s", name);
    f->is_found = true;
    f->is_certified = may_sign;
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
    return load_person_key(h, line, folder, HOME_PERSON_KEY);
  enum err e = home_hold(h, line);
  f.store = h->store;
  if (e == OK)
    e = home_resolve(h, who, "person.add", &person);
  if (e == OK)
    e = directory_each_key(h->store, &person, &f, try_key);
  home_let_go(h);
  if (e == OK && !f.is_found)
    e = err_set_remedy(ERR_ABSENT, "the officer makes one with: cairn person key --person NAME",
                       "\"%s\" has no key on this machine", who);
  return e == OK ? load_person_key(h, line, folder, f.name) : e;
}

/* Which key is the one in use says the store, of the whole file, so that no passphrase is needed. */
enum err home_settle(struct home *h, const struct cmd_line *line, bool *did_out) {
  struct buf folder = {0}, from = {0}, to = {0}, file = {0};
  struct hash in_use;
  const char *name = home_folder(line, &folder);
  *did_out = false;
  folder_path(&to, name, HOME_REPLICA_KEY);
  enum err e = OK;
  if (access(folder_path(&from, name, HOME_NEW_KEY), F_OK) == 0) {
    e = folder_read(name, HOME_NEW_KEY, KEY_FILE_MAX, &file);
    if (e == OK)
      e = home_hold(h, line);
    struct hash here = hash_of(buf_bytes(&file));
    *did_out = e == OK && store_meta_hash(h->store, "new-key-file", &in_use) == OK && hash_equal(&here, &in_use);
    home_let_go(h);
    if (*did_out)
      e = folder_finish(buf_cstr(&from), buf_cstr(&to));
  }
  buf_release(&folder);
  buf_release(&from);
  buf_release(&to);
  buf_release(&file);
  return e;
}

enum err home_open(struct home *h, const struct cmd_line *line, enum home_key need) {
  struct buf folder = {0};
  bool ignored;
  const char *name = home_folder(line, &folder);
  enum err e = home_check_folder(name);
  if (e == OK && need == HOME_PERSON)
    e = load_person(h, line, name);
  if (e == OK && need == HOME_REPLICA)
    e = home_settle(h, line, &ignored);
  if (e == OK && need == HOME_REPLICA)
    e = load_key(h, line, name, HOME_REPLICA_KEY, &h->replica);
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
  buf_release_secret(&h->passphrase);
}

enum err home_look(struct home *h, const struct cmd_line *line, struct out *out,
                   enum err (*run)(struct home *h, const struct cmd_line *line, struct out *out)) {
  if (h->rest_argc)
    return err_set(ERR_USAGE, "+ joins entries that are recorded together; this command records nothing");
  enum err e = home_open(h, line, HOME_NO_KEY);
  if (e == OK)
    e = run(h, line, out);
  home_close(h);
  return e;
}

void home_key_name(const char *what, const struct hash *key_id, char *out, size_t size) {
  snprintf(out, size, "%s-%.16s.key", what, hash_hex(key_id).s);
}

enum err home_make_key(const char *folder, const char *what, struct bytes passphrase, struct key **key_out) {
  struct buf path = {0};
  struct key *key = key_new();
  struct hash id = key_id(key);
  char name[HOME_FILE_SIZE];
  home_key_name(what, &id, name, sizeof name);
  enum err e = key_save(key, folder_path(&path, folder, name), passphrase);
  if (e == OK)
    *key_out = key;
  else
    key_free(key);
  buf_release(&path);
  return e;
}

void home_unmake_key(const char *folder, const char *what, const struct key *key) {
  struct buf path = {0};
  char name[HOME_FILE_SIZE];
  if (key == NULL)
    return;
  struct hash id = key_id(key);
  home_key_name(what, &id, name, sizeof name);
  unlink(folder_path(&path, folder, name));
  buf_release(&path);
}

static enum err newest_certificate(struct home *h, const char *key, const char *joined, struct buf *out) {
  struct hash id;
  enum err e = store_meta_hash(h->store, key, &id);
  if (e == OK)
    e = directory_certificate(h->store, &id, out);
  return e == ERR_KEY ? store_meta(h->store, joined, out) : e;
}

enum err home_machine_certificate(struct home *h, struct buf *out) {
  return newest_certificate(h, "replica-key", "replica-cert", out);
}

enum err home_person_certificate(struct home *h, struct buf *out) {
  return newest_certificate(h, "person-key", "person-cert", out);
}
