#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/agent.h"
#include "cli/bundle_file.h"
#include "cli/home.h"
#include "core/cert.h"
#include "core/directory.h"
#include "sync/bundle_carry.h"
#include "sync/client.h"
#include "sync/join.h"

/* A machine takes a new key: because its certificate ended, because it was restored or copied, or from time to time.
 * The key is made here and waits in a file of its own; an officer enrols it, here or on another machine; then the node
 * hands out its certificate, and what is unsent goes into the chain of the new key. Each step can be repeated after it
 * was cut off, and the old key is in use until the last one. */
#define FIRST_LINE "cairn machine 1"
#define MAKING_FILE "replica.key.making"

struct renewing {
  struct home *h;
  const char *folder;
  struct key *key; /* the new one */
  struct buf name; /* of the machine */
  struct hash old; /* its entry so far */
  bool is_officer, is_introduced;
  uint64_t moved;
};

/* ---- keys ---- */

/* A bundle goes by the key so far: it signs the one, and opens the other. */
static bool is_by_bundle(const struct cmd_line *line) {
  return cmd_value(line, "bundle") || cmd_value(line, "answer");
}

/* The passphrase is the one of the person's key, so that one passphrase opens all of the folder. */
static enum err load_keys(struct renewing *r, const struct cmd_line *line) {
  struct buf passphrase = {0}, path = {0}, making = {0};
  enum err e = folder_passphrase(line, "passphrase", false, &passphrase);
  if (e == OK)
    e = key_load(folder_path(&path, r->folder, HOME_PERSON_KEY), buf_bytes(&passphrase), &r->h->person);
  if (e == OK && is_by_bundle(line))
    e = key_load(folder_path(&path, r->folder, HOME_REPLICA_KEY), buf_bytes(&passphrase), &r->h->replica);
  if (e == OK)
    e = key_load(folder_path(&path, r->folder, HOME_NEW_KEY), buf_bytes(&passphrase), &r->key);
  if (e == ERR_ABSENT && cmd_value(line, "answer"))
    e = err_set_remedy(ERR_REFUSED, "ask for it first: cairn machine renew --bundle FILE",
                       "no new key waits here for the node's answer");
  if (e == ERR_ABSENT && r->h->person) {
    r->key = key_new();
    unlink(folder_path(&making, r->folder, MAKING_FILE));
    e = key_save(r->key, buf_cstr(&making), buf_bytes(&passphrase));
    if (e == OK)
      e = folder_finish(buf_cstr(&making), buf_cstr(&path));
  }
  buf_release_secret(&passphrase);
  buf_release(&path);
  buf_release(&making);
  return e;
}

/* ---- where we are ---- */

static enum err look_around(struct renewing *r) {
  struct author a;
  struct hash person = key_id(r->h->person), ignored;
  int64_t now_s = home_now_s();
  enum err e = store_meta_hash(r->h->store, "replica", &r->old);
  if (e != OK)
    return e;
  home_add_title(r->h, &r->old, &r->name);
  if (r->name.len == 0)
    buf_add_str(&r->name, "machine");
  if (directory_author(r->h->store, &person, now_s, &a) == OK)
    r->is_officer = a.roles >> ROLE_OFFICER & 1 && !a.is_revoked && a.from_s <= now_s && now_s <= a.until_s;
  e = directory_machine_of(r->h->store, key_spki(r->key), &ignored);
  r->is_introduced = e == OK;
  return e == ERR_ABSENT ? OK : e;
}

/* ---- recording it ---- */

static enum err record(struct home *h, const struct draft *drafts, size_t count) {
  struct author_by by = {.key = h->person, .replica = h->replica_id};
  struct verdict v = {0};
  enum err e = author_write(h->store, &by, drafts, count, ACCEPT_WRITE, home_now_s(), &v);
  if (e == OK && v.code != VERDICT_ACCEPTED)
    e = err_set_remedy(ERR_REFUSED, v.remedy, "not recorded (%s): %s", v.rule, v.words);
  return e;
}

/* Commits, or undoes all of it and keeps the words. */
static enum err end_transaction(struct home *h, enum err e) {
  char words[512], remedy[512];
  if (e == OK)
    return store_commit(h->store);
  snprintf(words, sizeof words, "%s", err_words(e));
  snprintf(remedy, sizeof remedy, "%s", err_remedy());
  store_rollback(h->store);
  return err_set_remedy(e, remedy, "%s", words);
}

/* The officer's entries: the new key, and that the old one counts no more if it is known which. */
static enum err enrol(struct home *h, const struct key *key, const char *name, const struct hash *old) {
  struct author a;
  struct buf spki = {0};
  struct hash person = key_id(h->person);
  enum err e = directory_author(h->store, &person, home_now_s(), &a);
  if (e != OK)
    return e;
  struct hash_hex agency = hash_hex(&a.agency), replaced = hash_hex(old);
  text_base64_encode(&spki, key_spki(key));
  struct draft_value add[] = {{"agency", agency.s}, {"replica", buf_cstr(&spki)}, {"name", name}},
                     revoke[] = {{"replica", replaced.s}, {"why", "replaced"}};
  struct draft drafts[] = {{kind_find(bytes_str("replica.add")), add, 3, NULL, 0},
                           {kind_find(bytes_str("replica.revoke")), revoke, 2, NULL, 0}};
  e = store_begin(h->store);
  if (e == OK)
    e = end_transaction(h, record(h, drafts, hash_is_zero(old) ? 1 : 2));
  buf_release(&spki);
  return e;
}

/* ---- the request file ---- */

static enum err write_request(struct renewing *r, const char *file) {
  struct buf text = {0}, request = {0};
  enum err e = cert_make_request(r->key, &request);
  if (e == OK) {
    buf_addf(&text, FIRST_LINE "\nmachine %s\nreplaces %s\nreplica ", buf_cstr(&r->name), hash_hex(&r->old).s);
    text_base64_encode(&text, buf_bytes(&request));
    buf_add_str(&text, "\n");
    e = folder_save(file, buf_bytes(&text));
  }
  buf_release(&text);
  buf_release(&request);
  return e;
}

bool home_is_machine_request(struct bytes text) {
  struct reader r = reader_of(text);
  return bytes_equal_str(text_line(&r), FIRST_LINE);
}

static enum err read_request(struct bytes text, struct bytes *name, struct hash *old, struct key **key) {
  struct reader r = reader_of(text);
  struct buf der = {0};
  text_line(&r);
  *name = text_field(&r, "machine");
  enum err e = hash_parse(text_field(&r, "replaces"), old);
  if (e == OK)
    e = text_base64_decode(text_field(&r, "replica"), &der);
  if (e == OK && reader_end(&r) == OK && text_is_plain(*name))
    e = cert_check_request(buf_bytes(&der), key);
  else
    e = ERR_FORM;
  buf_release(&der);
  return e == OK ? OK
                 : err_set_remedy(ERR_FORM, "make it again on the other machine: cairn machine renew FILE",
                                  "this is not a request for a machine's new key");
}

enum err home_enrol_machine(struct home *h, struct bytes text, struct out *out) {
  struct bytes name;
  struct hash old;
  struct key *key = NULL;
  char *machine = NULL;
  enum err e = read_request(text, &name, &old, &key);
  if (e == OK) {
    machine = bytes_copy_string(name);
    e = enrol(h, key, machine, &old);
  }
  if (e == OK) {
    struct hash id = key_id(key);
    out_begin(out, NULL);
    out_field(out, "machine", machine);
    out_field(out, "fingerprint-of-the-machine", hash_hex(&id).s);
    out_end(out);
    out_say(out, "Compare the fingerprint over the telephone, then: cairn sync here, and on the other machine: cairn "
                 "machine renew");
  }
  free(machine);
  key_free(key);
  return e;
}

/* ---- the last step: the node's certificate, and the switch ---- */

static enum err ask_node(struct renewing *r, const struct cmd_line *line, struct buf *answer) {
  struct join_token t;
  struct buf request = {0}, authority = {0};
  enum err e = home_hold(r->h, line);
  if (e == OK)
    e = join_token_of(r->h->store, &t);
  if (e == OK)
    e = store_meta(r->h->store, "authority", &authority);
  home_let_go(r->h);
  const struct join_keys keys = {.person = r->h->person, .replica = r->key};
  if (e == OK)
    e = join_request(&t, &(struct join_who){0}, &keys, buf_cstr(&r->name), &request);
  struct client_settings settings = {
      .host = t.host, .port = t.port, .ca = buf_bytes(&authority), .answer_max = MSG_ANSWER_MAX};
  if (e == OK)
    e = client_post(&settings, "/v1/join", buf_bytes(&request), answer, NULL);
  buf_release(&request);
  buf_release(&authority);
  if (e != ERR_REFUSED)
    return e;
  char words[512];
  snprintf(words, sizeof words, "%s", err_words(e));
  return err_set_remedy(ERR_REFUSED,
                        r->is_introduced
                            ? "cairn sync first; if this machine is held, its keeper must let the new key in"
                            : "take a request to your agency's officer: cairn machine renew FILE",
                        "%s", words);
}

/* An officer says of their own machine that its old key counts no more; where they did already, nobody has to. */
static enum err revoke_old(struct renewing *r, const struct hash *old_key) {
  struct machine was = {0};
  struct hash_hex old = hash_hex(&r->old);
  struct draft_value values[] = {{"replica", old.s}, {"why", "replaced"}};
  struct draft draft = {kind_find(bytes_str("replica.revoke")), values, 2, NULL, 0};
  if (!r->is_officer || (directory_machine(r->h->store, old_key, &was) == OK && was.is_revoked))
    return OK;
  enum err e = record(r->h, &draft, 1);
  return e == ERR_REFUSED ? OK : e;
}

/* Which key is in use changes together with all that follows from it; the file follows (home_settle). */
static enum err switch_keys(struct renewing *r, const struct cmd_line *line, struct bytes answer) {
  struct buf file = {0};
  enum err e = folder_read(r->folder, HOME_NEW_KEY, 16384, &file);
  if (e == OK)
    e = home_hold(r->h, line);
  if (e == OK)
    e = store_begin(r->h->store);
  if (e == OK) {
    struct hash of_file = hash_of(buf_bytes(&file)), old_key = r->h->replica_id;
    e = join_take_renewed(r->h->store, r->h->person, r->key, answer, &r->moved);
    r->h->replica_id = key_id(r->key);
    if (e == OK)
      e = store_meta_set(r->h->store, "new-key-file", hash_bytes(&of_file));
    if (e == OK)
      e = revoke_old(r, &old_key);
    e = end_transaction(r->h, e);
  }
  home_let_go(r->h);
  buf_release(&file);
  return e;
}

/* ---- machine renew ---- */

static void print_state(const struct renewing *r, const char *state, const char *next, struct out *out) {
  struct hash id = key_id(r->key);
  out_begin(out, NULL);
  out_field(out, "state", state);
  out_field_bytes(out, "machine", buf_bytes(&r->name));
  out_field(out, "fingerprint-of-this-machine", hash_hex(&id).s);
  out_field_number(out, "acts-moved", r->moved);
  out_end(out);
  out_say(out, "%s", next);
}

static enum err finish(struct renewing *r, const struct cmd_line *line, struct out *out) {
  struct buf answer = {.max = MSG_ANSWER_MAX};
  bool did = false;
  enum err e = ask_node(r, line, &answer);
  if (e == OK)
    e = switch_keys(r, line, buf_bytes(&answer));
  if (e == OK)
    e = home_settle(r->h, line, &did);
  if (e == OK)
    print_state(r, "renewed", "This machine has its new key. Now: cairn sync", out);
  buf_release(&answer);
  return e;
}

/* ---- without a network ---- */

static enum err write_bundle(struct renewing *r, const struct join_token *t, const char *file,
                             struct bundle_made *made) {
  struct exchange_replica by = {r->h->store, r->h->replica, home_now_s(), 0};
  const struct join_keys keys = {.person = r->h->person, .replica = r->key};
  struct bundle_file to = {0};
  struct buf request = {0};
  enum err e = join_request(t, &(struct join_who){0}, &keys, buf_cstr(&r->name), &request);
  if (e == OK)
    e = bundle_file_make(file, &to);
  if (e == OK)
    e = bundle_file_finish(&to, bundle_renew_request(&by, buf_bytes(&request), to.file, made));
  buf_release(&request);
  return e;
}

static enum err ask_by_bundle(struct renewing *r, const struct cmd_line *line, struct out *out) {
  struct join_token t;
  struct bundle_made made = {0};
  enum err e = home_hold(r->h, line);
  if (e == OK)
    e = look_around(r);
  if (e == OK)
    e = join_token_of(r->h->store, &t);
  if (e == OK)
    e = write_bundle(r, &t, cmd_value(line, "bundle"), &made);
  home_let_go(r->h);
  if (e == OK)
    print_state(
        r, "asked",
        "When the agency's officer has enrolled the new key, and their sync has told the node: its administrator "
        "takes the file (cairnd take FILE --answer FILE). Then here: cairn machine renew --answer FILE",
        out);
  return e;
}

static enum err take_by_bundle(struct renewing *r, const struct cmd_line *line, struct out *out) {
  struct buf answer = {.max = MSG_ANSWER_MAX};
  bool did = false;
  FILE *from = NULL;
  enum err e = home_hold(r->h, line);
  if (e == OK)
    e = look_around(r);
  if (e == OK)
    e = bundle_file_open(r->h->store, cmd_value(line, "answer"), &from);
  struct exchange_replica by = {r->h->store, r->h->replica, home_now_s(), 0};
  if (e == OK)
    e = bundle_renew_answer(&by, from, &answer);
  home_let_go(r->h);
  if (e == OK)
    e = switch_keys(r, line, buf_bytes(&answer));
  if (e == OK)
    e = home_settle(r->h, line, &did);
  if (e == OK)
    print_state(r, "renewed", "This machine has its new key. Now: cairn bundle FILE, or cairn sync", out);
  if (from)
    fclose(from);
  buf_release(&answer);
  return e;
}

static enum err step(struct renewing *r, const struct cmd_line *line, struct out *out) {
  static const struct hash none;
  const char *file = cmd_nth(line, "", 0);
  enum err e = home_hold(r->h, line);
  if (e == OK)
    e = look_around(r);
  bool is_to_be_recorded = e == OK && !file && r->is_officer && !r->is_introduced;
  if (is_to_be_recorded)
    e = enrol(r->h, r->key, buf_cstr(&r->name), &none);
  home_let_go(r->h);
  if (e != OK)
    return e;
  if (is_to_be_recorded) {
    print_state(r, "recorded", "Now: cairn sync, and then once more: cairn machine renew", out);
    return OK;
  }
  if (file == NULL)
    return finish(r, line, out);
  e = write_request(r, file);
  if (e == OK)
    print_state(r, "requested",
                "Take the file to your agency's officer (cairn enrol FILE), and read them the fingerprint over the "
                "telephone. After their sync: cairn machine renew",
                out);
  return e;
}

static enum err run_renew(void *program, const struct cmd_line *line, struct out *out) {
  struct buf folder = {0};
  bool was_cut_off = false;
  struct renewing r = {.h = program, .folder = home_folder(line, &folder)};
  const int ways =
      (cmd_nth(line, "", 0) != NULL) + (cmd_value(line, "bundle") != NULL) + (cmd_value(line, "answer") != NULL);
  enum err e = ways > 1 ? err_set(ERR_USAGE,
                                  "FILE is for the officer, --bundle for the node and --answer from it: one at a time")
                        : home_check_folder(r.folder);
  if (e == OK)
    e = home_settle(r.h, line, &was_cut_off);
  if (e == OK && was_cut_off) {
    out_begin(out, NULL);
    out_field(out, "state", "renewed");
    out_end(out);
    out_say(out, "This machine has its new key; the last time its file was not put in its place. Now: cairn sync");
  } else if (e == OK) {
    e = load_keys(&r, line);
    if (e == OK)
      e = cmd_value(line, "bundle")   ? ask_by_bundle(&r, line, out)
          : cmd_value(line, "answer") ? take_by_bundle(&r, line, out)
                                      : step(&r, line, out);
  }
  key_free(r.key);
  buf_release(&r.name);
  buf_release(&folder);
  home_close(r.h);
  return e;
}

/* ---- machine leave ---- */

static enum err check_outbox(struct home *h, bool is_anyway) {
  uint64_t count = store_outbox_count(h->store, NULL);
  return count == 0 || is_anyway
             ? OK
             : err_set_remedy(ERR_REFUSED,
                              "cairn sync; what was refused: cairn outbox discard ACT; --anyway gives all of them up",
                              "%" PRIu64 " of the acts recorded here were not accepted and would be lost", count);
}

/* What this program puts into a replica's folder, keys first: after that nobody can go on with the rest. */
static bool is_ours(const char *name, bool keys) {
  static const char *const begin[] = {"person", "seal",       "agency-",   "replica.key",
                                      "join.",  "agent.sock", "evidence-", "typed-"};
  if (strncmp(name, HOME_STORE, strlen(HOME_STORE)) == 0)
    return !keys;
  for (size_t i = 0; keys && i < sizeof begin / sizeof *begin; i++)
    if (strncmp(name, begin[i], strlen(begin[i])) == 0)
      return true;
  return false;
}

static void remove_ours(const char *folder, bool keys) {
  struct buf path = {0};
  const struct dirent *d;
  DIR *all = opendir(folder);
  while (all && (d = readdir(all)))
    if (is_ours(d->d_name, keys))
      unlink(folder_path(&path, folder, d->d_name));
  if (all)
    closedir(all);
  buf_release(&path);
}

/* What is sealed to the agency is opened with its role key: it must not go with the machine. */
static enum err check_role_key(const char *folder, bool is_anyway) {
  const struct dirent *d;
  DIR *all = opendir(folder);
  bool has = false;
  while (all && (d = readdir(all)))
    has = has || strncmp(d->d_name, "agency-", 7) == 0;
  if (all)
    closedir(all);
  return !has || is_anyway
             ? OK
             : err_set_remedy(ERR_REFUSED, "hand it on with cairn agency key export; --anyway removes it all the same",
                              "the agency's role key is kept on this machine and would be lost");
}

static enum err run_leave(void *program, const struct cmd_line *line, struct out *out) {
  struct home *h = program;
  struct buf folder = {0};
  bool ignored;
  const char *name = home_folder(line, &folder);
  enum err e = home_hold(h, line);
  if (e == OK)
    e = check_outbox(h, cmd_flag(line, "anyway"));
  if (e == OK)
    e = check_role_key(name, cmd_flag(line, "anyway"));
  home_close(h);
  if (e == OK)
    e = agent_lock(name, &ignored);
  if (e == OK) {
    remove_ours(name, true);
    remove_ours(name, false);
    if (rmdir(name) != 0)
      e = err_set(ERR_IO, "the replica is removed, but not its folder \"%s\", which holds something else", name);
  }
  if (e == OK) {
    out_begin(out, NULL);
    out_field(out, "removed", name);
    out_end(out);
    out_say(out, "An officer of the agency says that the machine counts no more: cairn revoke machine");
  }
  buf_release(&folder);
  return e;
}

static const struct cmd_opt leave_opts[] = {
    {"anyway", CMD_FLAG, NULL, "give up what was recorded here and not accepted"},
    {0},
};

static const struct cmd_opt renew_opts[] = {
    {"bundle", CMD_VALUE, "FILE", "without a network: write what asks the node for the new key's certificate"},
    {"answer", CMD_VALUE, "FILE", "take the node's answer to that"},
    {0},
};

const struct cmd home_machine_commands[] = {
    {"machine renew", "[FILE]", 0, 1, renew_opts,
     "give this machine a new key; what is unsent stays and is sent under it",
     "An officer enrols it: on this machine, if it is an officer's, else by FILE (cairn enrol FILE). To be repeated\n"
     "until it says that the machine has its new key.",
     run_renew},
    {"machine leave", "", 0, 0, leave_opts, "remove this replica, for a machine that is given away",
     "Is refused as long as anything recorded here was not accepted; what the node refused is discarded first "
     "(cairn outbox discard).",
     run_leave},
    {0},
};
