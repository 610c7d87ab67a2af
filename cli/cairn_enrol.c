#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/code.h"
#include "cli/home.h"
#include "core/cert.h"
#include "core/directory.h"
#include "sync/join.h"

/* An officer enrols colleagues: on this machine, with keys made here under the colleague's own passphrase; or on
 * another machine of the agency, by way of a request file that is carried over. */
#define ROLES_MAX 8
#define REQUEST_MAX 16384

struct enrolling {
  struct home *h;
  struct verdict verdict;
  struct draft drafts[2 + ROLES_MAX];
  struct draft_value values[2 + ROLES_MAX][8];
  size_t count;
  struct hash_hex agency, person; /* person: of an entry that is there already */
  bool is_known;                  /* further keys for somebody who is enrolled */
  struct buf sign, seal, replica; /* base64 */
  char today[TEXT_DATE_SIZE + 1];
};

static struct draft_value *begin_draft(struct enrolling *x, const char *kind) {
  struct draft_value *values = x->values[x->count];
  x->drafts[x->count] = (struct draft){kind_find(bytes_str(kind)), values, 0, NULL, 0};
  x->count++;
  return values;
}

static void add_value(struct enrolling *x, const char *name, const char *value) {
  struct draft *d = &x->drafts[x->count - 1];
  if (value)
    x->values[x->count - 1][d->count++] = (struct draft_value){name, value};
}

/* The officer's own agency: whom they enrol works for it. */
static enum err find_agency(struct enrolling *x) {
  struct hash key;
  struct author a;
  enum err e = store_meta_hash(x->h->store, "person-key", &key);
  if (e == OK)
    e = directory_author(x->h->store, &key, home_now_s(), &a);
  if (e == OK)
    x->agency = hash_hex(&a.agency);
  return e;
}

static void draft_person(struct enrolling *x, const char *name, const char *post) {
  begin_draft(x, x->is_known ? "person.key" : "person.add");
  if (x->is_known) {
    add_value(x, "person", x->person.s);
  } else {
    add_value(x, "agency", x->agency.s);
    add_value(x, "name", name);
    add_value(x, "post", post);
  }
  add_value(x, "sign", buf_cstr(&x->sign));
  add_value(x, "seal", buf_cstr(&x->seal));
}

static enum err draft_roles(struct enrolling *x, const struct cmd_line *line) {
  const char *role;
  enum err e;
  for (size_t i = 0; (role = cmd_nth(line, "role", i)); i++) {
    if (i == ROLES_MAX)
      return err_set(ERR_LIMIT, "at most %d roles can be given at once", ROLES_MAX);
    if ((e = code_check_in("role.give", "role", role)) != OK)
      return e;
    begin_draft(x, "role.give");
    add_value(x, "person", x->is_known ? x->person.s : "@1");
    add_value(x, "role", role);
    add_value(x, "from", x->today);
    add_value(x, "trained", cmd_value(line, "trained"));
  }
  return OK;
}

static enum err write_drafts(struct enrolling *x) {
  struct author_by by = {.key = x->h->person, .replica = x->h->replica_id};
  struct verdict *v = &x->verdict;
  enum err e = store_begin(x->h->store);
  if (e != OK)
    return e;
  e = author_write(x->h->store, &by, x->drafts, x->count, ACCEPT_WRITE, home_now_s(), v);
  if (e == OK && v->code != VERDICT_ACCEPTED)
    e = err_set_remedy(ERR_REFUSED, v->remedy, "not recorded (%s): %s", v->rule, v->words);
  return store_end(x->h->store, e);
}

static enum err find_known(struct enrolling *x, const char *typed) {
  struct hash id;
  enum err e = home_resolve(x->h, typed, "person.add", &id);
  if (e == OK) {
    x->is_known = true;
    x->person = hash_hex(&id);
  }
  return e;
}

static enum err begin(struct enrolling *x, struct home *h, const struct cmd_line *line) {
  struct text_time now = text_time_format(home_now_s());
  x->h = h;
  snprintf(x->today, sizeof x->today, "%.10s", now.s);
  enum err e = home_open(h, line, HOME_PERSON);
  return e == OK ? find_agency(x) : e;
}

static void end(struct enrolling *x) {
  buf_release(&x->sign);
  buf_release(&x->seal);
  buf_release(&x->replica);
  home_close(x->h);
  free(x);
}

/* ---- on this machine: person add, person key ---- */

struct made {
  struct key *sign, *seal;
};

static enum err make_keys(struct enrolling *x, const struct cmd_line *line, struct made *made) {
  struct buf passphrase = {0}, folder = {0};
  const char *file = cmd_value(line, "new-passphrase-file"), *name = home_folder(line, &folder);
  struct cmd_value value = {"passphrase-file", file};
  struct cmd_line only = {line->cmd, &value, file ? 1 : 0};
  enum err e = folder_passphrase(&only, "a passphrase for the colleague's keys", true, &passphrase);
  if (e == OK)
    e = home_make_key(name, "person", buf_bytes(&passphrase), &made->sign);
  if (e == OK)
    e = home_make_key(name, "seal", buf_bytes(&passphrase), &made->seal);
  if (e == OK) {
    text_base64_encode(&x->sign, key_spki(made->sign));
    text_base64_encode(&x->seal, key_spki(made->seal));
  }
  buf_release_secret(&passphrase);
  buf_release(&folder);
  return e;
}

/* Nobody was told of them. */
static void unmake_keys(const struct cmd_line *line, const struct made *made) {
  struct buf folder = {0};
  const char *name = home_folder(line, &folder);
  home_unmake_key(name, "person", made->sign);
  home_unmake_key(name, "seal", made->seal);
  buf_release(&folder);
}

static void print_fingerprints(const struct key *sign, const struct key *seal, struct out *out) {
  struct hash person = key_id(sign), sealing = key_id(seal);
  out_field(out, "fingerprint-of-their-key", hash_hex(&person).s);
  out_field(out, "fingerprint-of-their-sealing-key", hash_hex(&sealing).s);
}

static void print_enrolled(const struct made *made, const char *name, struct out *out) {
  out_begin(out, NULL);
  out_field(out, "person", name);
  print_fingerprints(made->sign, made->seal, out);
  out_end(out);
  out_say(out, "After a sync they record here with --as and their own passphrase.");
}

static enum err enrol_here(struct home *h, const struct cmd_line *line, struct out *out, bool is_known) {
  struct enrolling *x = mem_alloc(sizeof *x);
  struct made made = {0};
  const char *name = cmd_value(line, is_known ? "person" : "name");
  enum err e = begin(x, h, line);
  if (e == OK && name == NULL)
    e = err_set(ERR_USAGE, "--%s is needed", is_known ? "person" : "name");
  if (e == OK && is_known)
    e = find_known(x, name);
  if (e == OK)
    e = make_keys(x, line, &made);
  if (e == OK) {
    draft_person(x, name, cmd_value(line, "post"));
    e = draft_roles(x, line);
  }
  if (e == OK)
    e = write_drafts(x);
  if (e == OK) {
    print_enrolled(&made, name, out);
    home_say_waits(&x->verdict, out);
  } else
    unmake_keys(line, &made);
  key_free(made.sign);
  key_free(made.seal);
  end(x);
  return e;
}

static enum err run_person_add(void *program, const struct cmd_line *line, struct out *out) {
  return enrol_here(program, line, out, false);
}

static enum err run_person_key(void *program, const struct cmd_line *line, struct out *out) {
  return enrol_here(program, line, out, true);
}

/* ---- on another machine: enrol FILE ---- */

/* The request file: text lines, as made by `cairn request`. */
struct request {
  struct bytes name, post, machine;
  struct key *person, *seal, *replica;
};

static enum err read_key(struct reader *r, const char *word, struct key **out) {
  struct buf der = {0};
  enum err e = text_base64_decode(text_field(r, word), &der);
  if (e == OK && r->err == OK)
    e = cert_check_request(buf_bytes(&der), out);
  buf_release(&der);
  return e;
}

static enum err read_request(struct bytes text, struct request *out) {
  struct reader r = reader_of(text);
  if (!bytes_equal_str(text_line(&r), "cairn request 1"))
    reader_fail(&r);
  out->name = text_field(&r, "name");
  if (text_next_is(&r, "post"))
    out->post = text_field(&r, "post");
  out->machine = text_field(&r, "machine");
  enum err e = read_key(&r, "person", &out->person);
  if (e == OK)
    e = read_key(&r, "seal", &out->seal);
  if (e == OK)
    e = read_key(&r, "replica", &out->replica);
  bool is_plain = text_is_plain(out->name) && text_is_plain(out->post) && text_is_plain(out->machine);
  if (e != OK || reader_end(&r) != OK || !is_plain)
    return err_set_remedy(ERR_FORM, "make it again on the other machine: cairn request FILE",
                          "this is not a request file");
  return OK;
}

static enum err print_request(struct enrolling *x, const struct request *r, struct out *out) {
  struct buf token = {0};
  struct join_token t;
  struct hash replica = key_id(r->replica);
  enum err e = join_token_of(x->h->store, &t);
  if (e == OK) {
    join_token_format(&token, &t);
    out_begin(out, NULL);
    out_field_bytes(out, "person", r->name);
    out_field_bytes(out, "machine", r->machine);
    print_fingerprints(r->person, r->seal, out);
    out_field(out, "fingerprint-of-the-machine", hash_hex(&replica).s);
    out_field(out, "token", buf_cstr(&token));
    out_end(out);
    out_say(out, "Compare the fingerprints over the telephone, then: cairn sync here, and on the other machine: cairn "
                 "join TOKEN");
  }
  buf_release(&token);
  return e;
}

static enum err run_enrol(void *program, const struct cmd_line *line, struct out *out) {
  struct enrolling *x = mem_alloc(sizeof *x);
  struct request r = {0};
  struct buf text = {0};
  const char *person = cmd_value(line, "person");
  enum err e = begin(x, program, line);
  if (e == OK)
    e = folder_read(".", cmd_nth(line, "", 0), REQUEST_MAX, &text);
  if (e == OK && home_is_machine_request(buf_bytes(&text))) {
    e = home_enrol_machine(x->h, buf_bytes(&text), out);
    buf_release(&text);
    end(x);
    return e;
  }
  if (e == OK)
    e = read_request(buf_bytes(&text), &r);
  if (e == OK && person)
    e = find_known(x, person);
  char *name = bytes_copy_string(r.name), *post = r.post.len ? bytes_copy_string(r.post) : NULL,
       *machine = bytes_copy_string(r.machine);
  if (e == OK) {
    text_base64_encode(&x->sign, key_spki(r.person));
    text_base64_encode(&x->seal, key_spki(r.seal));
    text_base64_encode(&x->replica, key_spki(r.replica));
    draft_person(x, name, post);
    begin_draft(x, "replica.add");
    add_value(x, "agency", x->agency.s);
    add_value(x, "replica", buf_cstr(&x->replica));
    add_value(x, "name", machine);
    e = draft_roles(x, line);
  }
  if (e == OK)
    e = write_drafts(x);
  if (e == OK)
    e = print_request(x, &r, out);
  if (e == OK)
    home_say_waits(&x->verdict, out);
  free(name);
  free(post);
  free(machine);
  key_free(r.person);
  key_free(r.seal);
  key_free(r.replica);
  buf_release(&text);
  end(x);
  return e;
}

#define ROLE_OPTS                                                                                                      \
  {"role", CMD_LIST, "ROLE", "a role they have from today on; may be given more than once: " ROLES}, {                 \
    "trained", CMD_VALUE, "YYYY-MM-DD", "for a minute-taker: the day of training"                                      \
  }
#define NEW_PASSPHRASE                                                                                                 \
  { "new-passphrase-file", CMD_VALUE, "FILE", "the colleague's passphrase (else it is asked for)" }

static const struct cmd_opt person_opts[] = {
    {"name", CMD_VALUE, "TEXT", "their name", true},
    {"post", CMD_VALUE, "TEXT", "their post"},
    ROLE_OPTS,
    NEW_PASSPHRASE,
    {0},
};

static const struct cmd_opt key_opts[] = {
    {"person", CMD_VALUE, "NAME|ID", "whose keys they are", true},
    NEW_PASSPHRASE,
    {0},
};

static const struct cmd_opt enrol_opts[] = {
    {"person", CMD_VALUE, "NAME|ID", "somebody who is enrolled already: these are further keys of theirs"},
    ROLE_OPTS,
    {0},
};

const struct cmd home_enrol_commands[] = {
    {"person add", "", 0, 0, person_opts, "a colleague who will record on this machine, with keys made here", NULL,
     run_person_add},
    {"person key", "", 0, 0, key_opts, "further keys of a person, made here: a forgotten passphrase, a new device",
     NULL, run_person_key},
    {"enrol", "FILE", 1, 1, enrol_opts, "a colleague on another machine of the agency, by its request file",
     "FILE was made there with cairn request, or with cairn machine renew for a machine's new key.", run_enrol},
    {0},
};
