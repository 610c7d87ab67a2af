#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/disk.h"
#include "cli/home.h"
#include "core/cert.h"
#include "core/moment.h"
#include "core/note.h"
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
  struct join_who who;            /* what --name and --agency say, or NULL */
  struct buf name, agency, roles; /* whom the invitation is for, as the node says; roles empty if it was not asked */
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
  struct join_who who = {buf_cstr(&j->name), buf_cstr(&j->agency)};
  enum err e = join_request(&j->token, &who, &keys, machine, &j->request);
  if (e == OK)
    e = folder_write(j->folder, REQUEST_FILE, buf_bytes(&j->request));
  return e == OK ? folder_write(j->folder, TOKEN_FILE, bytes_str(j->text)) : e;
}

/* ---- whom the invitation is for ---- */

static enum err post(struct joining *j, struct bytes request, struct buf *answer) {
  struct client_settings settings = {
      .host = j->token.host, .port = j->token.port, .ca_print = &j->token.authority, .answer_max = MSG_ANSWER_MAX};
  return client_post(&settings, "/v1/join", request, answer, NULL);
}

static enum err is_another(const char *what, const char *said) {
  return err_set_remedy(ERR_REFUSED, "nothing was changed, the invitation still holds; ask whoever sent it",
                        "this invitation is not for %s\"%s\"", what, said);
}

/* The node compares them, too. */
static enum err check_who(const struct joining *j) {
  if (j->who.name && !bytes_equal_str(buf_bytes(&j->name), j->who.name))
    return is_another("", j->who.name);
  if (j->who.agency && !bytes_equal_str(buf_bytes(&j->agency), j->who.agency))
    return is_another("the agency ", j->who.agency);
  return OK;
}

static void print_invited(const struct msg_invited *m, struct out *out) {
  out_begin(out, NULL);
  out_field_bytes(out, "person", m->name);
  out_field_bytes(out, "post", m->post);
  out_field_bytes(out, "agency", m->agency);
  out_field_bytes(out, "roles", m->roles);
  out_field_bytes(out, "until", m->until);
  out_end(out);
}

/* At a terminal the person looks whether it is for them. Who named themselves has answered already. */
static enum err confirm(const struct joining *j, const struct msg_invited *m) {
  struct out shown;
  char answer[16] = "";
  if (j->who.name || !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
    return OK;
  out_init(&shown, OUT_TEXT);
  print_invited(m, &shown);
  fprintf(stderr, "This invitation is for:\n%sIs that you? [yes/no] ", buf_cstr(&shown.text));
  out_release(&shown);
  if (fgets(answer, sizeof answer, stdin) == NULL || (answer[0] | 0x20) != 'y')
    return err_set_remedy(ERR_REFUSED, "nothing was changed, the invitation still holds; tell whoever sent it",
                          "this invitation is for somebody else");
  return OK;
}

static enum err ask_whom(struct joining *j) {
  struct buf request = {0}, answer = {0};
  struct msg_invited m;
  join_ask(&j->token, &j->who, &request);
  enum err e = post(j, buf_bytes(&request), &answer);
  if (e == OK)
    e = msg_invited_decode(buf_bytes(&answer), &m);
  if (e == OK) {
    buf_add(&j->name, m.name);
    buf_add(&j->agency, m.agency);
    buf_add(&j->roles, m.roles);
    e = check_who(j);
  }
  if (e == OK)
    e = confirm(j, &m);
  buf_release(&request);
  buf_release(&answer);
  return e;
}

/* The request that an earlier attempt kept says whom it was for. */
static enum err read_request(struct joining *j) {
  struct msg_join m;
  enum err e = folder_read(j->folder, REQUEST_FILE, MSG_PAGE_MAX, &j->request);
  if (e == OK)
    e = msg_join_decode(buf_bytes(&j->request), &m);
  if (e == OK) {
    buf_add(&j->name, m.name);
    buf_add(&j->agency, m.agency);
    e = check_who(j);
  }
  return e;
}

/* ---- keys and request ---- */

/* An earlier attempt with the same token is gone on with; anything else starts afresh. */
static enum err prepare_invited(struct joining *j, const struct cmd_line *line, const char *machine) {
  struct buf token = {0}, passphrase = {0};
  bool again = folder_read(j->folder, TOKEN_FILE, 1024, &token) == OK && bytes_equal_str(buf_bytes(&token), j->text);
  enum err e = again ? read_request(j) : ask_whom(j);
  if (e == OK)
    e = folder_passphrase(line, "a passphrase for your keys", !again, &passphrase);
  if (e == OK && again) {
    e = load_keys(j, buf_bytes(&passphrase));
  } else if (e == OK) {
    folder_remove(j->folder, files);
    e = folder_make(j->folder);
    if (e == OK)
      e = make_keys(j, buf_bytes(&passphrase));
    moment_comes(MOMENT_KEYS_MADE);
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
    e = join_request(&j->token, &(struct join_who){0}, &keys, machine, &j->request);
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

/* The key with which the node signs its ledger, for the telephone. */
static enum err read_ledger_key(struct store *s, struct hash *out) {
  struct buf vkey = {0};
  struct note_vkey key;
  enum err e = store_meta(s, "vkey", &vkey);
  if (e == OK)
    e = note_vkey_parse(buf_bytes(&vkey), &key);
  if (e == OK)
    *out = hash_of(bytes_of(key.public_key, key.public_key_len));
  buf_release(&vkey);
  return e;
}

static enum err store_answer(struct joining *j, struct bytes answer, struct hash *ledger_key_out) {
  struct buf path = {0};
  struct store *s = NULL;
  struct join_keys keys = public_keys(j);
  struct join_who who = {buf_cstr(&j->name), buf_cstr(&j->agency)};
  enum err e = store_create(folder_path(&path, j->folder, HOME_STORE), &s);
  if (e == OK)
    e = store_begin(s);
  if (e == OK)
    e = join_take(s, &j->token, &keys, answer);
  if (e == OK)
    e = join_expect(s, &who);
  if (e == OK)
    e = read_ledger_key(s, ledger_key_out);
  if (e == OK)
    e = store_commit(s);
  store_close(s);
  if (e != OK)
    unlink(buf_cstr(&path));
  buf_release(&path);
  return e;
}

static void print_joined(const struct joining *j, const char *folder, const struct hash *ledger_key, struct out *out) {
  bool is_encrypted = disk_of_folder_looks_encrypted(folder);
  struct hash person = key_id(j->person), seal = key_id(j->seal), replica = key_id(j->replica);
  out_begin(out, NULL);
  out_field(out, "replica", folder);
  out_field(out, "node", j->token.host);
  out_field_bytes(out, "person", buf_bytes(&j->name));
  out_field_bytes(out, "agency", buf_bytes(&j->agency));
  out_field_bytes(out, "roles", buf_bytes(&j->roles));
  out_field(out, "fingerprint-of-your-key", hash_hex(&person).s);
  out_field(out, "fingerprint-of-your-sealing-key", hash_hex(&seal).s);
  out_field(out, "fingerprint-of-this-machine", hash_hex(&replica).s);
  out_field(out, "fingerprint-of-the-authority", hash_hex(&j->token.authority).s);
  out_field(out, "fingerprint-of-the-ledger-key", hash_hex(ledger_key).s);
  out_field_bool(out, "disk-looks-encrypted", is_encrypted);
  out_end(out);
  if (!is_encrypted)
    out_say(
        out,
        "The disk that keeps it does not look encrypted: whoever finds or steals this machine can read the record.");
  out_say(out, "Read the fingerprints of your key and of this machine to whoever invited you, over the telephone "
               "(cairn invite list shows theirs).");
  out_say(out, "Now: cairn sync");
}

static enum err join(struct joining *j, const struct cmd_line *line, const char *folder, const char *machine,
                     struct hash *ledger_key_out) {
  struct buf answer = {0}, path = {0};
  enum err e = prepare(j, line, machine);
  if (e == OK)
    e = post(j, buf_bytes(&j->request), &answer);
  if (e == OK)
    e = store_answer(j, buf_bytes(&answer), ledger_key_out);
  moment_comes(MOMENT_REPLICA_STORED);
  if (e == OK)
    e = folder_finish(j->folder, folder);
  moment_comes(MOMENT_REPLICA_IN_PLACE);
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
  struct joining j = {.text = cmd_nth(line, "", 0), .who = {cmd_value(line, "name"), cmd_value(line, "agency")}};
  struct hash ledger_key;
  const char *machine = cmd_value(line, "machine"), *name = home_folder(line, &folder);
  (void)program;
  if (machine == NULL) {
    gethostname(host, sizeof host - 1);
    machine = host;
  }
  folder_beside(&temporary, name, ".joining");
  j.folder = buf_cstr(&temporary);
  enum err e = join_token_parse(j.text, &j.token);
  if (e == OK && folder_check(name) != ERR_ABSENT)
    e = err_set_remedy(ERR_USAGE, "name another folder with --home", "there is a replica at \"%s\" already", name);
  if (e == OK)
    e = join(&j, line, name, machine, &ledger_key);
  if (e == OK)
    print_joined(&j, name, &ledger_key, out);
  free_keys(&j);
  buf_release(&j.request);
  buf_release(&j.name);
  buf_release(&j.agency);
  buf_release(&j.roles);
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
  folder_beside(&temporary, name, ".joining");
  j.folder = buf_cstr(&temporary);
  enum err e = folder_check(name) == ERR_ABSENT ? OK : err_set(ERR_USAGE, "there is a replica at \"%s\" already", name);
  if (e == OK && cmd_value(line, "name") == NULL)
    e = err_set(ERR_USAGE, "--name is needed: your name");
  if (e == OK)
    e = prepare_request(&j, line);
  if (e == OK)
    e = format_request(&j, line, machine ? machine : host, &text);
  if (e == OK)
    e = folder_save(file, buf_bytes(&text));
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
    {"name", CMD_VALUE, "TEXT", "your name", true},
    {"post", CMD_VALUE, "TEXT", "your post"},
    {"machine", CMD_VALUE, "NAME", "what this machine is called (default: its host name)"},
    {0},
};

static const struct cmd_opt join_opts[] = {
    {"name", CMD_VALUE, "TEXT", "your name: the invitation must be for it (else it is shown, and you are asked)"},
    {"agency", CMD_VALUE, "TEXT", "your agency: the invitation must be for it"},
    {"machine", CMD_VALUE, "NAME", "what this machine is called (default: its host name)"},
    {0},
};

const struct cmd home_join_commands[] = {
    {"join", "TOKEN", 1, 1, join_opts, "make a replica here with an invitation's token",
     "Shows whom the invitation is for; makes your keys on this machine, shows the node their public halves, and keeps "
     "the\ncertificates that come back. Until then nothing is changed, here or there; it can be repeated.",
     run_join},
    {"request", "FILE", 1, 1, request_opts, "make keys here, and a file with which your agency's officer enrols you",
     NULL, run_request},
    {0},
};
