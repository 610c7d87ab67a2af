#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/home.h"
#include "sync/client.h"
#include "sync/join.h"

/* What was sent is kept until the answer is stored: if the answer is lost, the same request gets it once more. */
#define REQUEST_FILE "join.request"
#define TOKEN_FILE "join.token"

static const char *const files[] = {HOME_PERSON_KEY, HOME_REPLICA_KEY, REQUEST_FILE,   TOKEN_FILE,
                                    HOME_STORE,      "cairn.db-wal",   "cairn.db-shm", NULL};

struct joining {
  const char *folder; /* under its temporary name */
  const char *text;
  struct join_token token;
  struct key *person, *replica;
  struct buf request;
};

static enum err make_keys(struct joining *j, struct bytes passphrase, const char *machine) {
  struct buf path = {0};
  j->person = key_new();
  j->replica = key_new();
  enum err e = key_save(j->person, folder_path(&path, j->folder, HOME_PERSON_KEY), passphrase);
  if (e == OK)
    e = key_save(j->replica, folder_path(&path, j->folder, HOME_REPLICA_KEY), passphrase);
  if (e == OK)
    e = join_request(&j->token, j->person, j->replica, machine, &j->request);
  if (e == OK)
    e = folder_write(j->folder, REQUEST_FILE, buf_bytes(&j->request));
  if (e == OK)
    e = folder_write(j->folder, TOKEN_FILE, bytes_str(j->text));
  buf_release(&path);
  return e;
}

static enum err load_keys(struct joining *j, struct bytes passphrase) {
  struct buf path = {0};
  enum err e = key_load(folder_path(&path, j->folder, HOME_PERSON_KEY), passphrase, &j->person);
  if (e == OK)
    e = key_load(folder_path(&path, j->folder, HOME_REPLICA_KEY), passphrase, &j->replica);
  if (e == OK)
    e = folder_read(j->folder, REQUEST_FILE, MSG_PAGE_MAX, &j->request);
  buf_release(&path);
  return e;
}

/* An earlier attempt with the same token is gone on with; anything else starts afresh. */
static enum err prepare(struct joining *j, const struct cmd_line *line, const char *machine) {
  struct buf token = {0}, passphrase = {0}, path = {0};
  bool again = folder_read(j->folder, TOKEN_FILE, 1024, &token) == OK && bytes_equal_str(buf_bytes(&token), j->text);
  enum err e = folder_passphrase(line, "a passphrase for your keys", !again, &passphrase);
  if (e == OK && !again) {
    folder_remove(j->folder, files);
    e = folder_make(j->folder);
  }
  unlink(folder_path(&path, j->folder, HOME_STORE));
  if (e == OK)
    e = again ? load_keys(j, buf_bytes(&passphrase)) : make_keys(j, buf_bytes(&passphrase), machine);
  buf_release(&token);
  buf_release(&path);
  buf_release_secret(&passphrase);
  return e;
}

static enum err ask_node(struct joining *j, struct buf *answer) {
  struct client_settings settings = {
      .host = j->token.host, .port = j->token.port, .ca_print = &j->token.authority, .answer_max = MSG_ANSWER_MAX};
  return client_post(&settings, "/v1/join", buf_bytes(&j->request), answer, NULL);
}

static enum err store_answer(struct joining *j, struct bytes answer) {
  struct buf path = {0};
  struct store *s = NULL;
  enum err e = store_create(folder_path(&path, j->folder, HOME_STORE), &s);
  if (e == OK)
    e = store_begin(s);
  if (e == OK)
    e = join_take(s, &j->token, j->person, j->replica, answer);
  if (e == OK)
    e = store_commit(s);
  store_close(s);
  if (e != OK)
    unlink(buf_cstr(&path));
  buf_release(&path);
  return e;
}

static void print_joined(const struct joining *j, const char *folder, struct out *out) {
  struct hash person = key_id(j->person), replica = key_id(j->replica);
  out_begin(out, NULL);
  out_field(out, "replica", folder);
  out_field(out, "node", j->token.host);
  out_field(out, "fingerprint-of-your-key", hash_hex(&person).s);
  out_field(out, "fingerprint-of-this-machine", hash_hex(&replica).s);
  out_end(out);
  out_say(out, "Now: cairn sync");
}

static enum err join(struct joining *j, const struct cmd_line *line, const char *folder, const char *machine) {
  struct buf answer = {0}, path = {0};
  enum err e = prepare(j, line, machine);
  if (e == OK)
    e = ask_node(j, &answer);
  if (e == OK)
    e = store_answer(j, buf_bytes(&answer));
  if (e == OK)
    e = folder_finish(j->folder, folder);
  if (e == OK) { /* only now: without them a join that is cut off here could not be gone on with */
    unlink(folder_path(&path, folder, REQUEST_FILE));
    unlink(folder_path(&path, folder, TOKEN_FILE));
  }
  buf_release(&answer);
  buf_release(&path);
  return e;
}

static enum err run_join(void *program, const struct cmd_line *line, struct out *out) {
  struct buf folder = {0}, temporary = {0};
  char host[256] = "";
  struct joining j = {.text = cmd_nth(line, "", 0)};
  const char *machine = cmd_value(line, "machine"), *name = home_folder(line, &folder);
  (void)program;
  if (machine == NULL) {
    gethostname(host, sizeof host - 1);
    machine = host;
  }
  buf_addf(&temporary, "%s.joining", name);
  j.folder = buf_cstr(&temporary);
  enum err e = join_token_parse(j.text, &j.token);
  if (e == OK && folder_check(name) != ERR_ABSENT)
    e = err_set_remedy(ERR_USAGE, "name another folder with --home", "there is a replica at \"%s\" already", name);
  if (e == OK)
    e = join(&j, line, name, machine);
  if (e == OK)
    print_joined(&j, name, out);
  key_free(j.person);
  key_free(j.replica);
  buf_release(&j.request);
  buf_release(&folder);
  buf_release(&temporary);
  return e;
}

static const struct cmd_opt join_opts[] = {
    {"machine", CMD_VALUE, "NAME", "what this machine is called (default: its host name)"},
    {0},
};

const struct cmd home_join_commands[] = {
    {"join", "TOKEN", 1, 1, join_opts, "make a replica here with an invitation's token",
     "Makes your keys on this machine, shows the node their public halves, and keeps the certificates that come back.",
     run_join},
    {0},
};
