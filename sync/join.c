#include "sync/join.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cert.h"
#include "core/directory.h"
#include "core/note.h"
#include "core/recovery.h"
#include "sync/duty.h"

#define ROLES_MAX (ROLE_COUNT - 3) /* neither the node, nor the person themself, nor a second one is a role to give */

/* ---- the token ---- */

static enum err not_a_token(void) {
  return err_set_remedy(ERR_USAGE, "copy it again, whole, from \"cairn:\" to its last digit",
                        "this is not an invitation's token");
}

enum err join_token_parse(const char *text, struct join_token *out) {
  struct bytes rest = bytes_str(text), word, host, port;
  struct join_token t = {0};
  uint64_t number;
  if (!text_split(&rest, ':', &word) || !bytes_equal_str(word, "cairn") || !text_split(&rest, ':', &host) ||
      !text_split(&rest, ':', &port) || !text_split(&rest, ':', &word))
    return not_a_token();
  if (host.len == 0 || host.len >= sizeof t.host || !text_is_token(host) || text_number(port, &number) != OK ||
      number < 1 || number > UINT16_MAX || hash_parse(word, &t.authority) != OK || rest.len != 2 * MSG_SECRET_SIZE ||
      text_hex_decode(rest, t.secret) != OK)
    return not_a_token();
  memcpy(t.host, host.at, host.len);
  t.port = (uint16_t)number;
  *out = t;
  return OK;
}

void join_token_format(struct buf *b, const struct join_token *t) {
  buf_addf(b, "cairn:%s:%u:%s:", t->host, t->port, hash_hex(&t->authority).s);
  text_hex_encode(b, bytes_of(t->secret, sizeof t->secret));
}

void join_add_line(struct buf *out, struct bytes text) {
  for (size_t i = 0; i < text.len; i++)
    buf_u8(out, text.at[i] < ' ' ? ' ' : text.at[i]);
}

/* ---- the node's side ---- */

struct inviting {
  struct hash_hex agency, secret;
  struct text_time until;
  char roles[ROLES_MAX][32], trained[TEXT_DATE_SIZE + 1];
  struct draft_value values[6 + ROLES_MAX];
  size_t count;
};

static void add_value(struct inviting *x, const char *name, const char *value) {
  x->values[x->count++] = (struct draft_value){name, value};
}

/* "practitioner minute-taker:2025-03-01" */
static enum err add_roles(struct inviting *x, const char *roles) {
  struct bytes rest = bytes_str(roles), word;
  size_t count = 0;
  for (bool more = true; more; count++) {
    more = text_split(&rest, ' ', &word);
    struct bytes day = more ? word : rest, role = day;
    bool has_day = text_split(&day, ':', &role);
    if (count == ROLES_MAX)
      return err_set(ERR_LIMIT, "an invitation gives at most %d roles", ROLES_MAX);
    snprintf(x->roles[count], sizeof x->roles[count], "%.*s", (int)role.len, (const char *)role.at);
    add_value(x, "role", x->roles[count]);
    if (has_day && x->trained[0] == '\0') {
      snprintf(x->trained, sizeof x->trained, "%.*s", (int)day.len, (const char *)day.at);
      add_value(x, "trained", x->trained);
    }
  }
  return OK;
}

enum err join_draft(const struct join_invite *i, uint8_t secret_out[MSG_SECRET_SIZE], void *of,
                    enum err (*write)(void *of, const struct draft *draft)) {
  key_random(secret_out, MSG_SECRET_SIZE);
  struct hash secret = hash_of(bytes_of(secret_out, MSG_SECRET_SIZE));
  struct inviting x = {
      .agency = hash_hex(&i->agency), .secret = hash_hex(&secret), .until = text_time_format(i->until_s)};
  add_value(&x, "agency", x.agency.s);
  add_value(&x, "secret", x.secret.s);
  add_value(&x, "until", x.until.s);
  add_value(&x, "name", i->person);
  if (i->post)
    add_value(&x, "post", i->post);
  enum err e = add_roles(&x, i->roles);
  struct draft draft = {kind_find(bytes_str("invite.person")), x.values, x.count, NULL, 0};
  return e == OK ? write(of, &draft) : e;
}

struct node_writing {
  struct exchange_node *n;
  int64_t now_s;
};

static enum err write_by_node(void *of, const struct draft *draft) {
  const struct node_writing *w = of;
  struct verdict v;
  return exchange_node_write(w->n, draft, 1, w->now_s, &v);
}

enum err join_invite(struct exchange_node *n, const struct join_invite *i, int64_t now_s,
                     uint8_t secret_out[MSG_SECRET_SIZE]) {
  struct node_writing w = {n, now_s};
  return join_draft(i, secret_out, &w, write_by_node);
}

struct joining {
  struct exchange_node *n;
  struct msg_join m;
  struct invitation invitation;
  struct directory_log log;
  struct key *person_key, *seal_key, *replica_key;
  struct hash person, replica; /* entries */
  struct buf person_cert, replica_cert;
  int64_t now_s;
};

static enum err no_invitation(void) {
  return err_set_remedy(ERR_ABSENT, "ask for a new one",
                        "this invitation was withdrawn or used, has expired, or never was");
}

/* For the administrator. Only of invitations that there are: a stranger's guesses are no news. */
static void tell(const struct joining *j, const char *what) {
  if (j->n->told)
    buf_addf(j->n->told, "somebody tried to join with the invitation %.8s: %s\n", hash_hex(&j->invitation.id).s, what);
}

static enum err find_invitation(struct joining *j, struct bytes secret) {
  struct hash h = hash_of(secret);
  enum err e = invitation_find(j->n->store, &h, j->now_s, &j->invitation);
  return e == ERR_ABSENT ? no_invitation() : e;
}

/* Whom it is for, and of which agency, may be lost with a node that was restored. */
static enum err check_is_whole(const struct joining *j) {
  const struct hash *const ids[] = {&j->invitation.id, &j->invitation.agency};
  enum err e = OK;
  for (size_t i = 0; e == OK && i < sizeof ids / sizeof *ids; i++) {
    struct record r = {0};
    e = store_find(j->n->store, ids[i], &r);
    if (e == OK && !r.has_content)
      e = err_set_remedy(ERR_BUSY, "try again when a machine that has it has synced",
                         "the node was restored and lacks for whom this invitation is");
    record_release(&r);
  }
  return e;
}

static enum err check_open(const struct joining *j) {
  switch (j->invitation.state) {
  case INVITATION_OPEN: return check_is_whole(j);
  case INVITATION_USED: tell(j, "it was used before"); break;
  case INVITATION_WITHDRAWN: tell(j, "it had been withdrawn"); break;
  case INVITATION_REVOKED: tell(j, "its agency, or whoever wrote it, had been revoked"); break;
  case INVITATION_EXPIRED: tell(j, "it had expired"); break;
  }
  return no_invitation();
}

static bool is_expected(struct bytes expected, const struct buf *text) {
  struct buf line = {0};
  join_add_line(&line, buf_bytes(text));
  bool is = expected.len == 0 || bytes_equal(expected, buf_bytes(&line));
  buf_release(&line);
  return is;
}

static enum err check_who(const struct joining *j, struct bytes name, struct bytes agency) {
  bool is_name = is_expected(name, &j->invitation.name);
  if (is_name && is_expected(agency, &j->invitation.agency_name))
    return OK;
  tell(j, is_name ? "as somebody of another agency than it is for" : "as somebody else than it is for");
  struct bytes said = is_name ? agency : name;
  return err_set_remedy(ERR_REFUSED, "nothing was changed, the invitation still holds; ask whoever sent it",
                        "this invitation is not for %s\"%.*s\"", is_name ? "the agency " : "", (int)said.len,
                        (const char *)said.at);
}

static enum err write_act(struct joining *j, const struct draft *drafts, size_t count, struct verdict *v) {
  return exchange_node_write(j->n, drafts, count, j->now_s, v);
}

static enum err add_person_and_machine(struct joining *j) {
  struct buf sign = {0}, seal = {0}, replica = {0};
  struct hash_hex agency = hash_hex(&j->invitation.agency), invitation = hash_hex(&j->invitation.id);
  char *machine = bytes_copy_string(j->m.machine);
  struct verdict v;
  text_base64_encode(&sign, key_spki(j->person_key));
  text_base64_encode(&seal, key_spki(j->seal_key));
  text_base64_encode(&replica, key_spki(j->replica_key));
  struct draft_value person_values[] = {{"agency", agency.s},
                                        {"invitation", invitation.s},
                                        {"sign", buf_cstr(&sign)},
                                        {"seal", buf_cstr(&seal)},
                                        {"name", buf_cstr(&j->invitation.name)},
                                        {"post", buf_cstr(&j->invitation.post)}};
  struct draft_value replica_values[] = {{"agency", agency.s}, {"replica", buf_cstr(&replica)}, {"name", machine}};
  struct draft drafts[] = {
      {kind_find(bytes_str("person.add")), person_values, j->invitation.post.len ? 6 : 5, NULL, 0},
      {kind_find(bytes_str("replica.add")), replica_values, 3, NULL, 0},
  };
  enum err e = write_act(j, drafts, 2, &v);
  if (e == OK)
    e = author_id_of(j->n->store, v.first, &j->person);
  if (e == OK)
    e = author_id_of(j->n->store, v.last, &j->replica);
  free(machine);
  buf_release(&sign);
  buf_release(&seal);
  buf_release(&replica);
  return e;
}

static enum err give_roles(struct joining *j) {
  struct hash_hex person = hash_hex(&j->person);
  struct text_time today = text_time_format(j->now_s);
  struct draft_value values[ROLES_MAX][4];
  char *roles[ROLES_MAX], day[TEXT_DATE_SIZE + 1];
  struct draft drafts[ROLES_MAX];
  struct bytes rest = buf_bytes(&j->invitation.roles), word;
  struct verdict v;
  size_t count = 0;
  snprintf(day, sizeof day, "%.10s", today.s);
  for (bool more = rest.len > 0; more && count < ROLES_MAX; count++) {
    more = text_split(&rest, ',', &word);
    struct bytes role = more ? word : rest;
    roles[count] = bytes_copy_string(role);
    bool is_minute_taker = bytes_equal_str(role, role_word(ROLE_MINUTE_TAKER));
    values[count][0] = (struct draft_value){"person", person.s};
    values[count][1] = (struct draft_value){"role", roles[count]};
    values[count][2] = (struct draft_value){"from", day};
    values[count][3] = (struct draft_value){"trained", buf_cstr(&j->invitation.trained)};
    drafts[count] = (struct draft){kind_find(bytes_str("role.give")), values[count], is_minute_taker ? 4 : 3, NULL, 0};
    if (more) /* ", " */
      rest = bytes_of(rest.at + 1, rest.len - 1);
  }
  enum err e = write_act(j, drafts, count, &v);
  for (size_t i = 0; i < count; i++)
    free(roles[i]);
  return e;
}

static enum err enrol(struct joining *j) {
  enum err e = add_person_and_machine(j);
  if (e == OK)
    e = duty_certify(j->n, j->person_key, CERT_PERSON, &j->person, j->now_s, &j->person_cert);
  if (e == OK)
    e = duty_certify(j->n, j->replica_key, CERT_REPLICA, &j->replica, j->now_s, &j->replica_cert);
  return e == OK ? give_roles(j) : e;
}

static void format_answer(const struct joining *j, const char *vkey, struct buf *answer) {
  struct msg_joined m = {.ledger = j->log.ledger,
                         .authority = buf_bytes(&j->log.authority),
                         .vkey = bytes_str(vkey),
                         .person = j->person,
                         .person_cert = buf_bytes(&j->person_cert),
                         .replica = j->replica,
                         .replica_cert = buf_bytes(&j->replica_cert)};
  msg_joined_encode(answer, &m);
}

static bool is_all_zeros(struct bytes secret) {
  uint8_t any = 0;
  for (size_t i = 0; i < secret.len; i++)
    any |= secret.at[i];
  return any == 0;
}

/* The keys whose owner made the requests. */
static enum err open_requests(struct joining *j) {
  enum err e = cert_check_request(j->m.person_request, &j->person_key);
  if (e == OK && (j->m.seal_request.len || !is_all_zeros(j->m.secret)))
    e = cert_check_request(j->m.seal_request, &j->seal_key);
  if (e == OK)
    e = cert_check_request(j->m.replica_request, &j->replica_key);
  return e == OK ? directory_log(j->n->store, &j->log) : e;
}

static enum err add_answer(struct joining *j, struct buf *answer) {
  struct buf vkey = {0};
  struct key *ledger = NULL;
  enum err e = key_from_spki(buf_bytes(&j->log.ledger_key), &ledger);
  if (e == OK) {
    note_vkey_format(&vkey, buf_cstr(&j->log.origin), ledger);
    format_answer(j, buf_cstr(&vkey), answer);
    e = buf_err(answer);
  }
  key_free(ledger);
  buf_release(&vkey);
  return e;
}

bool join_token_is_enrolled(const struct join_token *t) {
  return is_all_zeros(bytes_of(t->secret, sizeof t->secret));
}

/* The machine knows the authority in force only: where the certificate is from one of before, it gets another. */
static enum err issue_anew(struct joining *j, const struct key *key, enum cert_use use, struct buf *cert,
                           const struct hash *subject) {
  struct cert_facts facts;
  if (cert_check(buf_bytes(&j->log.authority), buf_bytes(cert), use, &facts) == OK)
    return OK;
  buf_clear(cert);
  return duty_certify(j->n, key, use, subject, j->now_s, cert);
}

static enum err find_issued(struct joining *j, const struct key *key, enum cert_use use, struct buf *cert,
                            struct hash *subject) {
  struct hash id = key_id(key);
  struct cert_facts facts;
  enum err e = directory_certificate(j->n->store, &id, cert);
  if (e == ERR_KEY)
    return err_set_remedy(ERR_ABSENT, "ask the agency's officer to enrol it, and to sync",
                          "this machine is not enrolled yet");
  if (e == OK)
    e = cert_read(buf_bytes(cert), &facts);
  if (e == OK && facts.use != use)
    e = err_set(ERR_KEY, "the keys of the request are not those of a person and a machine");
  if (e == OK)
    *subject = facts.subject;
  return e == OK ? issue_anew(j, key, use, cert, subject) : e;
}

/* The officer enrolled all that was in the request, the key to seal to included. A machine that is there and has a new
 * key asks without one. */
static enum err check_enrolled_seal(struct joining *j) {
  struct record r = {0};
  struct buf spki = {0};
  if (j->seal_key == NULL)
    return OK;
  enum err e = store_find(j->n->store, &j->person, &r);
  if (e == OK)
    e = text_base64_decode(entry_key(&r.entry, "seal"), &spki);
  if (e == OK && !bytes_equal(buf_bytes(&spki), key_spki(j->seal_key)))
    e = err_set_remedy(ERR_ABSENT, "ask the agency's officer to enrol it, and to sync",
                       "this machine is not enrolled yet");
  buf_release(&spki);
  record_release(&r);
  return e;
}

static enum err find_both_issued(struct joining *j) {
  enum err e = find_issued(j, j->person_key, CERT_PERSON, &j->person_cert, &j->person);
  return e == OK ? find_issued(j, j->replica_key, CERT_REPLICA, &j->replica_cert, &j->replica) : e;
}

/* Whoever shows requests for keys that an officer has enrolled gets their certificates, which are no secret. */
static enum err answer_enrolled(struct joining *j, struct buf *answer) {
  enum err e = open_requests(j);
  if (e == OK)
    e = find_both_issued(j);
  if (e == OK)
    e = check_enrolled_seal(j);
  if (e == OK)
    e = add_answer(j, answer);
  return e == OK ? exchange_node_checkpoint(j->n) : e;
}

/* The keys that joined with the invitation, all of them: their answer was lost on the way. */
static bool is_same_machine(const struct joining *j) {
  struct hash person = key_id(j->person_key), seal = key_id(j->seal_key), machine = key_id(j->replica_key);
  return hash_equal(&person, &j->invitation.key) && hash_equal(&seal, &j->invitation.seal_key) &&
         hash_equal(&machine, &j->invitation.machine);
}

static enum err enrol_invited(struct joining *j) {
  enum err e = check_open(j);
  if (e == OK)
    e = check_who(j, j->m.name, j->m.agency);
  return e == OK ? enrol(j) : e;
}

static enum err answer_invited(struct joining *j, struct buf *answer) {
  enum err e = find_invitation(j, j->m.secret);
  if (e == OK)
    e = open_requests(j);
  if (e == OK)
    e = j->invitation.state == INVITATION_USED && is_same_machine(j) ? find_both_issued(j) : enrol_invited(j);
  if (e == OK)
    e = add_answer(j, answer);
  return e == OK ? exchange_node_checkpoint(j->n) : e;
}

/* Whoever holds the token hears whom it is for. */
static enum err answer_asked(struct joining *j, struct bytes request, struct buf *answer) {
  const struct buf *const texts[] = {&j->invitation.name, &j->invitation.post, &j->invitation.agency_name,
                                     &j->invitation.roles, &j->invitation.until};
  struct buf lines[5] = {{0}};
  struct msg_ask ask;
  enum err e = msg_ask_decode(request, &ask);
  if (e == OK)
    e = find_invitation(j, ask.secret);
  if (e == OK)
    e = check_open(j);
  if (e == OK)
    e = check_who(j, ask.name, ask.agency);
  for (int i = 0; e == OK && i < 5; i++)
    join_add_line(&lines[i], buf_bytes(texts[i]));
  if (e == OK)
    msg_invited_encode(answer, &(struct msg_invited){buf_bytes(&lines[0]), buf_bytes(&lines[1]), buf_bytes(&lines[2]),
                                                     buf_bytes(&lines[3]), buf_bytes(&lines[4])});
  for (int i = 0; i < 5; i++)
    buf_release(&lines[i]);
  return e;
}

static enum err answer_joining(struct joining *j, struct bytes request, struct buf *answer) {
  enum err e = msg_join_decode(request, &j->m);
  if (e != OK)
    return e;
  return is_all_zeros(j->m.secret) ? answer_enrolled(j, answer) : answer_invited(j, answer);
}

enum err join_answer(struct exchange_node *n, struct bytes request, int64_t now_s, struct buf *answer) {
  struct joining j = {.n = n, .now_s = now_s};
  char words[512], remedy[512];
  enum err e = recovery_check_off(n->store);
  if (e == OK)
    e = store_begin(n->store);
  if (e != OK)
    return e;
  e = msg_is_ask(request) ? answer_asked(&j, request, answer) : answer_joining(&j, request, answer);
  snprintf(words, sizeof words, "%s", err_words(e));
  snprintf(remedy, sizeof remedy, "%s", err_remedy());
  if (e == OK)
    e = store_commit(n->store);
  else {
    store_rollback(n->store);
    err_set_remedy(e, remedy, "%s", words);
  }
  key_free(j.person_key);
  key_free(j.seal_key);
  key_free(j.replica_key);
  buf_release(&j.person_cert);
  buf_release(&j.replica_cert);
  invitation_release(&j.invitation);
  directory_log_release(&j.log);
  return e;
}

/* ---- the replica's side ---- */

enum err join_token_of(struct store *s, struct join_token *out) {
  struct buf host = {0}, authority = {0};
  struct join_token t = {.port = (uint16_t)store_meta_number(s, "port")};
  enum err e = store_meta(s, "host", &host);
  if (e == OK)
    e = store_meta(s, "authority", &authority);
  if (e == OK) {
    snprintf(t.host, sizeof t.host, "%s", buf_cstr(&host));
    t.authority = hash_of(buf_bytes(&authority));
    *out = t;
  }
  buf_release(&host);
  buf_release(&authority);
  return e;
}

static struct bytes said(const char *text) {
  return text ? bytes_str(text) : bytes_of(NULL, 0);
}

void join_ask(const struct join_token *t, const struct join_who *who, struct buf *out) {
  msg_ask_encode(out, &(struct msg_ask){bytes_of(t->secret, sizeof t->secret), said(who->name), said(who->agency)});
}

enum err join_request(const struct join_token *t, const struct join_who *who, const struct join_keys *keys,
                      const char *machine, struct buf *out) {
  struct buf person = {0}, seal = {0}, replica = {0};
  enum err e = cert_make_request(keys->person, &person);
  if (e == OK && keys->seal)
    e = cert_make_request(keys->seal, &seal);
  if (e == OK)
    e = cert_make_request(keys->replica, &replica);
  if (e == OK) {
    struct msg_join m = {.secret = bytes_of(t->secret, sizeof t->secret),
                         .person_request = buf_bytes(&person),
                         .seal_request = buf_bytes(&seal),
                         .replica_request = buf_bytes(&replica),
                         .machine = bytes_str(machine),
                         .name = said(who->name),
                         .agency = said(who->agency)};
    msg_join_encode(out, &m);
  }
  buf_release(&person);
  buf_release(&seal);
  buf_release(&replica);
  return e;
}

static enum err check_cert(const struct msg_joined *m, struct bytes cert, enum cert_use use, const struct hash *subject,
                           const struct key *key) {
  struct cert_facts facts;
  struct hash id = key_id(key);
  enum err e = cert_check(m->authority, cert, use, &facts);
  if (e == OK && (!hash_equal(&facts.subject, subject) || !hash_equal(&facts.key_id, &id)))
    e = err_set(ERR_KEY, "the node answered with a certificate for another key");
  return e;
}

static enum err check_authority(const struct msg_joined *m, const struct join_token *t) {
  struct hash print = hash_of(m->authority);
  return hash_equal(&print, &t->authority)
             ? OK
             : err_set_remedy(ERR_KEY, "ask whoever sent the invitation for a new one",
                              "the node answered with another certification authority than the invitation names");
}

/* That the certificates are those of the keys, and from the authority that the answer names. */
static enum err check_joined(const struct msg_joined *m, const struct join_keys *keys) {
  struct note_vkey vkey;
  if (hash_is_zero(&m->ledger))
    return err_set(ERR_FORM, "the node's answer names no ledger");
  enum err e = cert_check_authority(m->authority);
  if (e == OK)
    e = note_vkey_parse(m->vkey, &vkey);
  if (e == OK)
    e = check_cert(m, m->person_cert, CERT_PERSON, &m->person, keys->person);
  return e == OK ? check_cert(m, m->replica_cert, CERT_REPLICA, &m->replica, keys->replica) : e;
}

enum err join_take(struct store *s, const struct join_token *t, const struct join_keys *keys, struct bytes answer) {
  struct msg_joined m = {0};
  struct hash replica_id = key_id(keys->replica), person_id = key_id(keys->person), seal_id = key_id(keys->seal);
  struct hash invitation = hash_of(bytes_of(t->secret, sizeof t->secret));
  enum err e = msg_joined_decode(answer, &m);
  if (e == OK)
    e = check_authority(&m, t);
  if (e == OK)
    e = check_joined(&m, keys);
  const struct {
    const char *name;
    struct bytes value;
  } facts[] = {
      {"ledger", hash_bytes(&m.ledger)},
      {"vkey", m.vkey},
      {"authority", m.authority},
      {"person", hash_bytes(&m.person)},
      {"person-cert", m.person_cert},
      {"replica", hash_bytes(&m.replica)},
      {"replica-cert", m.replica_cert},
      {"replica-key", hash_bytes(&replica_id)},
      {"person-key", hash_bytes(&person_id)},
      {"seal-key", hash_bytes(&seal_id)},
      {"host", bytes_str(t->host)},
      {"joined-with", join_token_is_enrolled(t) ? bytes_of(NULL, 0) : hash_bytes(&invitation)},
  };
  for (size_t i = 0; e == OK && i < sizeof facts / sizeof *facts; i++)
    e = store_meta_set(s, facts[i].name, facts[i].value);
  if (e == OK)
    e = store_meta_set_number(s, "port", t->port);
  return e == OK ? store_meta_set_number(s, "unchecked", 1) : e;
}

enum err join_expect(struct store *s, const struct join_who *who) {
  enum err e = store_meta_set(s, "joined-as", said(who->name));
  return e == OK ? store_meta_set(s, "joined-agency", said(who->agency)) : e;
}

/* ---- a machine's new key ---- */

/* Its first entry says which one it is. The ledger may have another key by now, and the certificates may be from
 * another authority: both are followed at the next sync, from those that are known here, and until then nothing is
 * trusted that was not before. */
static enum err check_same_ledger(struct store *s, const struct msg_joined *m) {
  struct hash ledger = {{0}};
  enum err e = store_meta_hash(s, "ledger", &ledger);
  if (e == OK && !hash_equal(&ledger, &m->ledger))
    e = err_set(ERR_KEY, "the node answered for another ledger than this replica follows");
  return e;
}

enum err join_take_renewed(struct store *s, const struct key *person, const struct key *replica, struct bytes answer,
                           uint64_t *moved_out) {
  struct msg_joined m = {0};
  struct hash replica_id = key_id(replica);
  const struct join_keys keys = {.person = person, .replica = replica};
  enum err e = msg_joined_decode(answer, &m);
  if (e == OK)
    e = check_joined(&m, &keys);
  if (e == OK)
    e = check_same_ledger(s, &m);
  if (e == OK)
    e = store_meta_set(s, "replica", hash_bytes(&m.replica));
  if (e == OK)
    e = store_meta_set(s, "replica-cert", m.replica_cert);
  if (e == OK)
    e = store_meta_set(s, "replica-key", hash_bytes(&replica_id));
  return e == OK ? store_outbox_reposition(s, &replica_id, moved_out) : e;
}
