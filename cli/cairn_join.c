#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/disk.h"
#include "cli/home.h"
#include "core/cert.h"
#include "sync/client.h"
#include "sync/join.h"

/* What was sent is kept until the answer is stored: if the answer is lost, the same request gets it once more. */
#define REQUEST_FILE "join.request"
#define TOKEN_FILE "join.token"
/* On a machine that an officer enrols: the keys are made first, by `cairn request`, and wait for the token. */
#define ENROLLED_FILE "join.enrolled"

static const char *const files[] = {
    HOME_PERSON_KEY, HOME_SEAL_KEY,      HOME_REPLICA_KEY, REQUEST_FILE,   TOKEN_FILE, ENROLLED_FILE,
    HOME_STORE,      "cairn.db-journal", "cairn.db-wal",   "cairn.db-shm", NULL};

struct joining {
  const char *folder; /* under its temporary name */
  const char *text;
  struct join_token token;
  struct key *person, *seal, *replica;
  struct buf request;
};

/* The three keys and their files. */
#define KEYS(j)                                                                                                        \
  {                                                                                                                    \
    {&(j)->person, HOME_PERSON_KEY}, {&(j)->seal, HOME_SEAL_KEY}, {                                                    \
      &(j)->replica, HOME_REPLICA_KEY                                                                                  \
    }                                                                                                                  \
  }
#define KEY_COUNT 3

struct key_file {
  struct key **key;
  const char *name;
};

static enum err make_keys(struct joining *j, struct bytes passphrase) {
  const struct key_file all[KEY_COUNT] = KEYS(j);
  struct buf path = {0};
  enum err e = OK;
  for (size_t i = 0; e == OK && i < KEY_COUNT; i++) {
    *all[i].key = key_new();
    e = key_save(*all[i].key, folder_path(&path, j->folder, all[i].name), passphrase);
  }
  buf_release(&path);
  return e;
}

static enum err load_keys(struct joining *j, struct bytes passphrase) {
  const struct key_file all[KEY_COUNT] = KEYS(j);
  struct buf path = {0};
  enum err e = OK;
  for (size_t i = 0; e == OK && i < KEY_COUNT; i++)
    e = key_load(folder_path(&path, j->folder, all[i].name), passphrase, all[i].key);
  buf_release(&path);
  return e;
}

static struct join_keys public_keys(const struct joining *j) {
  return (struct join_keys){j->person, j->seal, j->replica};
}

static void free_keys(struct joining *j) {
  const struct key_file all[KEY_COUNT] = KEYS(j);
  for (size_t i = 0; i < KEY_COUNT; i++)
    key_free(*all[i].key);
}

static bool has_file(const struct joining *j, const char *name) {
  struct buf path = {0};
  bool has = access(folder_path(&path, j->folder, name), F_OK) == 0;
  buf_release(&path);
  return has;
}

/* The request is kept with the token it was made for. */
static enum err make_request(struct joining *j, const char *machine) {
  struct join_keys keys = public_keys(j);
  enum err e = join_request(&j->token, &keys, machine, &j->request);
  if (e == OK)
    e = folder_write(j->folder, REQUEST_FILE, buf_bytes(&j->request));
  return e == OK ? folder_write(j->folder, TOKEN_FILE, bytes_str(j->text)) : e;
}

/* An earlier attempt with the same token is gone on with; anything else starts afresh. */
static enum err prepare_invited(struct joining *j, const struct cmd_line *line, const char *machine) {
  struct buf token = {0}, passphrase = {0};
  bool again = folder_read(j->folder, TOKEN_FILE, 1024, &token) == OK && bytes_equal_str(buf_bytes(&token), j->text);
  enum err e = folder_passphrase(line, "a passphrase for your keys", !again, &passphrase);
  if (e == OK && again) {
    e = load_keys(j, buf_bytes(&passphrase));
    if (e == OK)
      e = folder_read(j->folder, REQUEST_FILE, MSG_PAGE_MAX, &j->request);
  } else if (e == OK) {
    folder_remove(j->folder, files);
    e = folder_make(j->folder);
    if (e == OK)
      e = make_keys(j, buf_bytes(&passphrase));
    if (e == OK)
      e = make_request(j, machine);
  }
  buf_release(&token);
  buf_release_secret(&passphrase);
  return e;
}

/* The keys are there, from `cairn request`, and an officer has enrolled them. */
static enum err prepare_enrolled(struct joining *j, const struct cmd_line *line, const char *machine) {
  struct buf passphrase = {0};
  if (!has_file(j, ENROLLED_FILE))
    return err_set_remedy(ERR_USAGE, "make the request here first: cairn request FILE",
                          "this token is for a machine whose request was enrolled, and there is none here");
  enum err e = folder_passphrase(line, "the passphrase of your keys", false, &passphrase);
  if (e == OK)
    e = load_keys(j, buf_bytes(&passphrase));
  struct join_keys keys = public_keys(j);
  if (e == OK)
    e = join_request(&j->token, &keys, machine, &j->request);
  buf_release_secret(&passphrase);
  return e;
}

static enum err prepare(struct joining *j, const struct cmd_line *line, const char *machine) {
  struct buf path = {0};
  bool is_enrolled = join_token_is_enrolled(&j->token);
  enum err e = is_enrolled ? prepare_enrolled(j, line, machine) : prepare_invited(j, line, machine);
  unlink(folder_path(&path, j->folder, HOME_STORE));
  buf_release(&path);
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
  struct join_keys keys = public_keys(j);
  enum err e = store_create(folder_path(&path, j->folder, HOME_STORE), &s);
  if (e == OK)
    e = store_begin(s);
  if (e == OK)
    e = join_take(s, &j->token, &keys, answer);
  if (e == OK)
    e = store_commit(s);
  store_close(s);
  if (e != OK)
    unlink(buf_cstr(&path));
  buf_release(&path);
  return e;
}

static void print_joined(const struct joining *j, const char *folder, struct out *out) {
  bool is_encrypted = disk_of_folder_looks_encrypted(folder);
  struct hash person = key_id(j->person), seal = key_id(j->seal), replica = key_id(j->replica);
  out_begin(out, NULL);
  out_field(out, "replica", folder);
  out_field(out, "node", j->token.host);
  out_field(out, "fingerprint-of-your-key", hash_hex(&person).s);
  out_field(out, "fingerprint-of-your-sealing-key", hash_hex(&seal).s);
  out_field(out, "fingerprint-of-this-machine", hash_hex(&replica).s);
  out_field_bool(out, "disk-looks-encrypted", is_encrypted);
  out_end(out);
  if (!is_encrypted)
    out_say(
        out,
        "The disk that keeps it does not look encrypted: whoever finds or steals this machine can read the record.");
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
    unlink(folder_path(&path, folder, ENROLLED_FILE));
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
  free_keys(&j);
  buf_release(&j.request);
  buf_release(&folder);
  buf_release(&temporary);
  return e;
}

/* ---- request ---- */

static enum err add_request_line(struct buf *text, const char *word, const struct key *k) {
  struct buf request = {0};
  enum err e = cert_make_request(k, &request);
  if (e == OK) {
    buf_addf(text, "%s ", word);
    text_base64_encode(text, buf_bytes(&request));
    buf_add_str(text, "\n");
  }
  buf_release(&request);
  return e;
}

static enum err format_request(const struct joining *j, const struct cmd_line *line, const char *machine,
                               struct buf *text) {
  const char *name = cmd_value(line, "name"), *post = cmd_value(line, "post");
  if (name == NULL)
    return err_set(ERR_USAGE, "--name is needed: your name");
  buf_addf(text, "cairn request 1\nname %s\n", name);
  if (post)
    buf_addf(text, "post %s\n", post);
  buf_addf(text, "machine %s\n", machine);
  enum err e = add_request_line(text, "person", j->person);
  if (e == OK)
    e = add_request_line(text, "seal", j->seal);
  return e == OK ? add_request_line(text, "replica", j->replica) : e;
}

/* Keys that wait for their token already are used again: the file may have been lost on the way. */
static enum err prepare_request(struct joining *j, const struct cmd_line *line) {
  struct buf passphrase = {0};
  bool again = has_file(j, ENROLLED_FILE);
  enum err e = folder_passphrase(line, "a passphrase for your keys", !again, &passphrase);
  if (e == OK && again) {
    e = load_keys(j, buf_bytes(&passphrase));
  } else if (e == OK) {
    folder_remove(j->folder, files);
    e = folder_make(j->folder);
    if (e == OK)
      e = make_keys(j, buf_bytes(&passphrase));
    if (e == OK)
      e = folder_write(j->folder, ENROLLED_FILE, bytes_of(NULL, 0));
  }
  buf_release_secret(&passphrase);
  return e;
}

static enum err run_request(void *program, const struct cmd_line *line, struct out *out) {
  struct buf folder = {0}, temporary = {0}, text = {0};
  char host[256] = "";
  struct joining j = {0};
  const char *machine = cmd_value(line, "machine"), *name = home_folder(line, &folder), *file = cmd_nth(line, "", 0);
  (void)program;
  gethostname(host, sizeof host - 1);
  buf_addf(&temporary, "%s.joining", name);
  j.folder = buf_cstr(&temporary);
  enum err e = folder_check(name) == ERR_ABSENT ? OK : err_set(ERR_USAGE, "there is a replica at \"%s\" already", name);
  if (e == OK && cmd_value(line, "name") == NULL)
    e = err_set(ERR_USAGE, "--name is needed: your name");
  if (e == OK)
    e = prepare_request(&j, line);
  if (e == OK)
    e = format_request(&j, line, machine ? machine : host, &text);
  if (e == OK)
    e = folder_write(file[0] == '/' ? "" : ".", file, buf_bytes(&text));
  if (e == OK) {
    struct hash person = key_id(j.person), seal = key_id(j.seal), replica = key_id(j.replica);
    out_begin(out, NULL);
    out_field(out, "file", file);
    out_field(out, "fingerprint-of-your-key", hash_hex(&person).s);
    out_field(out, "fingerprint-of-your-sealing-key", hash_hex(&seal).s);
    out_field(out, "fingerprint-of-this-machine", hash_hex(&replica).s);
    out_end(out);
    out_say(out, "Take the file to your agency's officer (cairn enrol FILE), and read them the fingerprints over the "
                 "telephone.");
  }
  free_keys(&j);
  buf_release(&folder);
  buf_release(&temporary);
  buf_release(&text);
  return e;
}

static const struct cmd_opt request_opts[] = {
    {"name", CMD_VALUE, "TEXT", "your name"},
    {"post", CMD_VALUE, "TEXT", "your post"},
    {"machine", CMD_VALUE, "NAME", "what this machine is called (default: its host name)"},
    {0},
};

static const struct cmd_opt join_opts[] = {
    {"machine", CMD_VALUE, "NAME", "what this machine is called (default: its host name)"},
    {0},
};

const struct cmd home_join_commands[] = {
    {"join", "TOKEN", 1, 1, join_opts, "make a replica here with an invitation's token",
     "Makes your keys on this machine, shows the node their public halves, and keeps the certificates that come back.",
     run_join},
    {"request", "FILE", 1, 1, request_opts, "make keys here, and a file with which your agency's officer enrols you",
     NULL, run_request},
    {0},
};
