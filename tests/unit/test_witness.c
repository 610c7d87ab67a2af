/* A hostile node: it holds the operating key, the authority's and the ledger's, answers with proofs that check, and
 * lets in what must not be let in. What makes keys and powers is looked at by every replica (core/FORMAT.md
 * section 8.1): the whole answer is refused, nothing is stored, and the evidence is kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/keyring.h"
#include "core/note.h"
#include "core/store_parts.h"
#include "sync/evidence.h"
#include "tests/lib/world.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define DAY_S 86400
#define YEAR_S ((int64_t)365 * DAY_S)

/* ---- the scene ---- */

enum who { NODE, OFFICER, WORKER, ADMIN, KEEPER, STRANGER, READER, FORMER, COMING, TAKEN, REVOKED, WHO_COUNT };

static const struct {
  const char *name, *roles;
} people[WHO_COUNT] = {
    [OFFICER] = {"Morag Reid", "officer practitioner"},
    [WORKER] = {"Isla Ross", "practitioner"},
    [ADMIN] = {"Ann Weir", "administrator"},
    [KEEPER] = {"Kirsty Gow", "keeper"},
    [STRANGER] = {"Iain Kerr", "officer designated-lead"}, /* of another agency */
    [READER] = {"Rab Muir", "practitioner"},
    [FORMER] = {"Ewan Baird", "practitioner"}, /* officer until yesterday */
    [COMING] = {"Una Tait", "practitioner"},   /* officer from tomorrow on */
    [TAKEN] = {"Ina Begg", "officer"},         /* whose role was taken */
    [REVOKED] = {"Lena Orr", "officer"},       /* who was revoked */
};

struct scene {
  struct world w;
  struct hash agency, other, hold, role, invitation; /* role and invitation: the worker's */
  struct world_member *who[WHO_COUNT];
  struct key *sign, *seal; /* new ones, of the hostile node's making */
  int64_t admitted_s;
};

static void give(struct scene *c, enum who who, const char *role, int from_day, int until_day) {
  struct hash_hex person = hash_hex(&c->who[who]->person);
  struct text_time from = text_time_format(c->w.now_s + from_day * (int64_t)DAY_S),
                   until = text_time_format(c->w.now_s + until_day * (int64_t)DAY_S);
  from.s[TEXT_DATE_SIZE] = until.s[TEXT_DATE_SIZE] = '\0';
  struct draft d = WORLD_DRAFT("role.give", {"person", person.s}, {"role", role}, {"from", from.s}, {"until", until.s});
  world_sync(&c->w, c->who[OFFICER]);
  c->role = world_record(&c->w, c->who[OFFICER], d);
  world_sync(&c->w, c->who[OFFICER]);
}

static void sync_all(struct scene *c) {
  for (size_t i = 0; i < c->w.count; i++)
    world_sync(&c->w, &c->w.members[i]);
}

static enum err note_hold(void *of, const struct hold_row *row) {
  *(struct hash *)of = row->id;
  return OK;
}

/* The one who was revoked has something held, about which the keeper has not decided. */
static void revoke_one(struct scene *c) {
  struct hash_hex person = hash_hex(&c->who[REVOKED]->person), agency = hash_hex(&c->agency);
  struct buf key = {0};
  text_base64_encode(&key, key_spki(c->seal));
  world_record(&c->w, c->who[REVOKED], WORLD_DRAFT("agency.key", {"agency", agency.s}, {"seal", buf_cstr(&key)}));
  world_record(&c->w, c->who[OFFICER], WORLD_DRAFT("person.revoke", {"person", person.s}, {"why", "left"}));
  world_sync(&c->w, c->who[OFFICER]);
  world_sync(&c->w, c->who[REVOKED]);
  world_sync(&c->w, c->who[KEEPER]);
  assert_int_equal(directory_each_hold(c->who[KEEPER]->store, &c->hold, note_hold), OK);
  assert_false(hash_is_zero(&c->hold));
  buf_release(&key);
}

/* What the worker joined with. */
static void find_invitation(struct scene *c) {
  struct query q;
  query_start_once(&q, c->w.node.store->db, "SELECT invitation FROM person WHERE object = ?1");
  query_blob(&q, 1, hash_bytes(&c->who[WORKER]->person));
  assert_true(query_row(&q));
  c->invitation = hash_from(query_get(&q, 0));
  query_end(&q);
}

static void scene_open(struct scene *c, uint64_t seed) {
  memset(c, 0, sizeof *c);
  world_open(&c->w, seed);
  c->agency = world_agency(&c->w, "Social Work Services", "social-work");
  c->other = world_agency(&c->w, "Police Scotland", "police");
  for (int i = NODE + 1; i < WHO_COUNT; i++)
    c->who[i] = world_join(&c->w, i == STRANGER ? &c->other : &c->agency, people[i].name, people[i].roles);
  c->sign = key_new();
  c->seal = key_new();
  give(c, FORMER, "officer", -9, -1);
  give(c, COMING, "officer", 1, 9);
  sync_all(c);
  struct hash_hex taken = {{0}};
  struct query q;
  query_start_once(&q, c->w.node.store->db, "SELECT lower(hex(r.object)) FROM role r WHERE r.person = ?1");
  query_blob(&q, 1, hash_bytes(&c->who[TAKEN]->person));
  assert_true(query_row(&q));
  memcpy(taken.s, query_get(&q, 0).at, 2 * HASH_SIZE);
  query_end(&q);
  world_record(&c->w, c->who[OFFICER], WORLD_DRAFT("role.take", {"role", taken.s}));
  revoke_one(c);
  give(c, WORKER, "chair", -9, 9);
  find_invitation(c);
  for (int i = 0; i < 2; i++) /* the second one vouches for what the first one brought: the next has nothing to keep */
    sync_all(c);
  key_free(c->seal); /* this one is in the held act */
  c->seal = key_new();
  c->admitted_s = c->w.now_s;
}

static void scene_close(struct scene *c) {
  key_free(c->sign);
  key_free(c->seal);
  world_close(&c->w);
}

/* ---- letting in ---- */

static const struct key *key_of(const struct scene *c, enum who who) {
  return who == NODE ? c->w.operating : c->who[who]->key;
}

/* "^person" the key to sign with and "~person" the one to seal to ("new" are keys of the node's making), "$person" the
 * entry that made them, "%person" that of their machine, "&person" a certificate of the authority for the new key under
 * their name, "=person" one for their key to seal to. */
static enum who who_is(const char *name, size_t len) {
  static const char *const names[WHO_COUNT] = {"node",   "officer", "worker", "admin", "keeper", "stranger",
                                               "reader", "former",  "coming", "taken", "revoked"};
  for (int i = 0; i < WHO_COUNT; i++)
    if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0)
      return (enum who)i;
  fail_msg("nobody is called %.*s", (int)len, name);
  return NODE;
}

static void add_cert(struct scene *c, const struct key *key, enum who who, struct buf *out) {
  struct buf der = {0};
  world_must(cert_issue(c->w.authority, buf_bytes(&c->w.authority_cert), key, CERT_PERSON, &c->who[who]->person, NULL,
                        c->w.now_s - 3600, c->w.now_s + YEAR_S, &der),
             "a certificate");
  text_base64_encode(out, buf_bytes(&der));
  buf_release(&der);
}

static void add_named(struct scene *c, char sign, const char *name, size_t len, struct buf *out) {
  static const struct {
    const char *name;
    size_t at;
  } ids[] = {{"agency", offsetof(struct scene, agency)},
             {"other", offsetof(struct scene, other)},
             {"hold", offsetof(struct scene, hold)},
             {"role", offsetof(struct scene, role)},
             {"invitation", offsetof(struct scene, invitation)}};
  for (size_t i = 0; sign == '$' && i < COUNT(ids); i++)
    if (strlen(ids[i].name) == len && memcmp(ids[i].name, name, len) == 0) {
      hash_format(out, (const struct hash *)(const void *)((const char *)c + ids[i].at));
      return;
    }
  bool is_new = len == 3 && memcmp(name, "new", 3) == 0;
  enum who who = is_new ? NODE : who_is(name, len);
  switch (sign) {
  case '^': text_base64_encode(out, key_spki(is_new ? c->sign : key_of(c, who))); break;
  case '~': text_base64_encode(out, key_spki(is_new ? c->seal : c->who[who]->seal_key)); break;
  case '$': hash_format(out, &c->who[who]->person); break;
  case '%': hash_format(out, &c->who[who]->machine); break;
  case '&': add_cert(c, c->sign, who, out); break;
  case '=': add_cert(c, c->who[who]->seal_key, who, out); break;
  }
}

static void expand(struct scene *c, const char *lines, struct buf *out) {
  for (; *lines; lines++) {
    if (strchr("^~$%&=", *lines) == NULL || (*lines == '=' && lines[1] == '\n')) {
      buf_u8(out, (uint8_t)*lines);
      continue;
    }
    size_t n = strspn(lines + 1, "abcdefghijklmnopqrstuvwxyz");
    add_named(c, *lines, lines + 1, n, out);
    lines += n;
  }
}

struct attempt {
  const char *what;
  enum who by;
  const char *kind, *lines, *content;
  const char *words; /* what the refusal says of it */
  int earlier_s;     /* admitted before what stands before it */
};

/* What is for somebody by name is for the author, and the node's for the reader: so the reader is told of it. */
static void compose(struct scene *c, const struct attempt *a, const uint8_t *salt, struct buf *out) {
  const struct kind *k = kind_find(bytes_str(a->kind));
  struct hash by = key_id(key_of(c, a->by)), content = entry_commitment(salt, bytes_str(a->content));
  struct hash to = key_id(key_of(c, a->by == NODE ? READER : a->by));
  buf_addf(out, "cairn entry 1\nkind %s\nby %s\nat 2026-11-21T09:00:00Z\n", a->kind, hash_hex(&by).s);
  expand(c, a->lines, out);
  if (k->audience == AUDIENCE_NAMED)
    buf_addf(out, "audience named\nto %s\n", hash_hex(&to).s);
  else
    buf_add_str(out, "audience directory\n");
  buf_addf(out, "media application/json\ncontent %s\n", hash_hex(&content).s);
}

static void append_leaf(struct store *s, const struct act_row *row, const struct entry *e) {
  struct buf text = {0};
  struct leaf leaf = {.number = row->first,
                      .admitted = row->admitted,
                      .position = row->position,
                      .size = 1,
                      .signature = row->signature,
                      .header = e->header};
  leaf_format(&text, &leaf);
  struct hash h = merkle_leaf(buf_bytes(&text));
  buf_add(&s->new_leaves, hash_bytes(&h));
  buf_release(&text);
}

/* Past the door: signed, numbered, in the views and in the tree, under a checkpoint, and judged by nobody. The form of
 * the entry is that of its kind, so that it is its author alone that is wrong. */
static void let_in(struct scene *c, const struct attempt *a) {
  struct store *s = c->w.node.store;
  static const uint8_t salt[ENTRY_SALT_SIZE] = {7};
  struct buf header = {0}, signature = {0};
  struct json *content = NULL;
  struct entry e;
  struct act_text text;
  struct position p = {.replica = key_id(c->w.operating)};
  struct text_time admitted = text_time_format(c->admitted_s - a->earlier_s);
  compose(c, a, salt, &header);
  world_must(entry_decode(buf_bytes(&header), &e), a->what);
  world_must(json_parse_record(bytes_str(a->content), &content), a->what);
  const struct kind *k = kind_find(e.kind);
  world_must(kind_check(k, &e, content), a->what);
  struct act_entry entry = {.header = e.header, .content = bytes_str(a->content)};
  memcpy(entry.salt, salt, sizeof entry.salt);
  world_must(act_text_of(&entry, 1, &text), a->what);
  world_must(act_sign(&text, key_of(c, a->by), &signature), a->what);
  world_must(store_chain(s, &p.replica, &p.number, &p.previous), a->what);
  p.number++;
  p.act = act_id(&text);
  struct act_row row = {.first = store_size(s) + 1,
                        .text = &text,
                        .position = &p,
                        .signature = buf_bytes(&signature),
                        .admitted = bytes_str(admitted.s)};
  const struct hash *object = store_object_of(k, &e);
  struct projection projection = {.kind = k,
                                  .entry = &e,
                                  .content = content,
                                  .object = object ? *object : e.id,
                                  .number = row.first,
                                  .admitted = row.admitted};
  world_must(store_put_act(s, &row), a->what);
  world_must(store_put_entry(s, row.first, row.first, 0, &e, object), a->what);
  world_must(store_put_content(s, row.first, &e, &entry), a->what);
  world_must(view_enter(s, &projection), a->what);
  world_must(store_put_chain(s, &p), a->what);
  append_leaf(s, &row, &e);
  world_must(feed_follow(s, &(struct feed_act){.first = row.first, .entries = &e, .count = 1}), a->what);
  world_must(exchange_node_checkpoint(&c->w.node), a->what);
  json_free(content);
  buf_release(&header);
  buf_release(&signature);
}

/* One exchange with what evidence it left. */
static enum err ask(struct scene *c, struct world_member *m, struct exchange_report *report, struct buf *evidence) {
  struct exchange_replica r = {m->store, m->replica_key};
  struct buf request = {0}, answer = {0};
  size_t sent;
  report->evidence = evidence;
  buf_init(&answer, MSG_ANSWER_MAX);
  world_must(exchange_request(&r, &request, &sent), "a request");
  world_must(exchange_answer(&c->w.node, &m->replica, buf_bytes(&request), c->w.now_s, &answer), "an answer");
  enum err e = exchange_take(&r, buf_bytes(&answer), report);
  buf_release(&request);
  buf_release(&answer);
  return e;
}

/* ---- what no replica takes ---- */

#define PAIR(of) "key seal ~" of "\nkey sign ^" of "\n"
#define TURNED_AWAY                                                                                                    \
  "fact act $agency\nfact author $agency\nfact number 1\nfact previous $agency\nfact replica $agency\n"                \
  "fact rule revoked\n"
#define NOT_THERE "no such"

static const struct attempt refused[] = {
    {"the node substitutes a key", NODE, "person.key", PAIR("new") "ref person $worker\n", "{}", "officer", 0},
    {"another agency's officer does", STRANGER, "person.key", PAIR("new") "ref person $worker\n", "{}", "officer", 0},
    {"a colleague does", READER, "person.key", PAIR("new") "ref person $worker\n", "{}", "officer", 0},
    {"an administrator does", ADMIN, "person.key", PAIR("new") "ref person $worker\n", "{}", "officer", 0},
    {"a key for what is no person", OFFICER, "person.key", PAIR("new") "ref person $agency\n", "{}", NOT_THERE, 0},
    {"a certificate for another key than was introduced", NODE, "cert.issue", "cert &worker\nref subject $worker\n",
     "{}", "another key", 0},
    {"a certificate for a key to seal to", NODE, "cert.issue", "cert =worker\nref subject $worker\n", "{}",
     "another key", 0},
    {"somebody enrols without the role", WORKER, "person.add", PAIR("new") "ref agency $agency\n",
     "{\"name\":\"Nobody\"}", "officer", 0},
    {"an officer enrols in another agency", STRANGER, "person.add", PAIR("new") "ref agency $agency\n",
     "{\"name\":\"Nobody\"}", "officer", 0},
    {"who was officer until yesterday", FORMER, "person.add", PAIR("new") "ref agency $agency\n",
     "{\"name\":\"Nobody\"}", "officer", 0},
    {"who is officer from tomorrow", COMING, "person.add", PAIR("new") "ref agency $agency\n", "{\"name\":\"Nobody\"}",
     "officer", 0},
    {"whose role was taken", TAKEN, "person.add", PAIR("new") "ref agency $agency\n", "{\"name\":\"Nobody\"}",
     "officer", 0},
    {"who was revoked", REVOKED, "person.add", PAIR("new") "ref agency $agency\n", "{\"name\":\"Nobody\"}",
     "had been revoked", 0},
    {"an officer, but admitted before what stands before it", OFFICER, "person.add", PAIR("new") "ref agency $agency\n",
     "{\"name\":\"Nobody\"}", "earlier", 1},
    {"somebody else's key as one's own", OFFICER, "person.add",
     "key seal ~new\nkey sign ^stranger\nref agency $agency\n", "{\"name\":\"Nobody\"}", "introduced before", 0},
    {"the node gives somebody's key to another", NODE, "person.add",
     "key seal ~new\nkey sign ^stranger\nref agency $agency\n", "{\"name\":\"Nobody\"}", "introduced before", 0},
    {"the node enrols whom nobody invited", NODE, "person.add", PAIR("new") "ref agency $agency\n",
     "{\"name\":\"Nobody\"}", "whoever was invited", 0},
    {"the node enrols once more with an invitation", NODE, "person.add",
     PAIR("new") "ref agency $agency\nref invitation $invitation\n", "{\"name\":\"Morag\"}", "does not hold", 0},
    {"an officer enrols with an invitation", OFFICER, "person.add",
     PAIR("new") "ref agency $agency\nref invitation $invitation\n", "{\"name\":\"Morag\"}", "whoever was invited", 0},
    {"the node adds a machine (A-017)", NODE, "replica.add", "key replica ^new\nref agency $agency\n",
     "{\"name\":\"laptop\"}", "adds a machine with whom it enrols", 0},
    {"the node gives a role (A-018)", NODE, "role.give", "ref person $worker\nfact from 2026-01-01\nfact role keeper\n",
     "{}", "roles of their invitation", 0},
    {"the node gives a role of the invitation once more", NODE, "role.give",
     "ref person $worker\nfact from 2026-01-01\nfact role practitioner\n", "{}", "once", 0},
    {"somebody else's key to seal to", OFFICER, "person.add", "key seal ~stranger\nkey sign ^new\nref agency $agency\n",
     "{\"name\":\"Nobody\"}", "introduced before", 0},
    {"a key to seal to, to sign with", OFFICER, "person.key", "key seal ~new\nkey sign ~worker\nref person $worker\n",
     "{}", "introduced before", 0},
    {"one key for both", OFFICER, "person.key", "key seal ^new\nkey sign ^new\nref person $worker\n", "{}",
     "introduced before", 0},
    {"a machine by somebody without the role", WORKER, "replica.add", "key replica ^new\nref agency $agency\n",
     "{\"name\":\"laptop\"}", "officer", 0},
    {"a machine with a key that somebody has", OFFICER, "replica.add", "key replica ^worker\nref agency $agency\n",
     "{\"name\":\"laptop\"}", "introduced before", 0},
    {"an agency by an officer", OFFICER, "agency.add", "fact type health\n", "{\"name\":\"Of my own\"}",
     "administrator", 0},
    {"a practitioner makes themself keeper", WORKER, "role.give",
     "ref person $worker\nfact from 2026-01-01\nfact role keeper\n", "{}", "role.give", 0},
    {"an officer makes a keeper", OFFICER, "role.give", "ref person $worker\nfact from 2026-01-01\nfact role keeper\n",
     "{}", "not yours", 0},
    {"another agency's officer gives a role", STRANGER, "role.give",
     "ref person $worker\nfact from 2026-01-01\nfact role chair\n", "{}", "not yours", 0},
    {"another agency's officer takes a role", STRANGER, "role.take", "ref role $role\n", "{}", "not yours", 0},
    {"a stranger revokes keys", STRANGER, "key.revoke", "ref key $worker\nfact why lost\n", "{}", "officer", 0},
    {"a colleague revokes a person", READER, "person.revoke", "ref person $worker\nfact why left\n", "{}", "officer",
     0},
    {"a stranger revokes a machine", STRANGER, "replica.revoke", "ref replica %worker\nfact why lost\n", "{}",
     "officer", 0},
    {"an officer revokes their agency", STRANGER, "agency.revoke", "ref agency $other\nfact why other\n", "{}",
     "administrator", 0},
    {"the node makes an agency's role key", NODE, "agency.key", "key seal ~new\nref agency $agency\n", "{}",
     "designated-lead", 0},
    {"another agency's lead does", STRANGER, "agency.key", "key seal ~new\nref agency $agency\n", "{}",
     "designated-lead", 0},
    {"a practitioner does", WORKER, "agency.key", "key seal ~new\nref agency $agency\n", "{}", "designated-lead", 0},
    {"a role key that somebody has", OFFICER, "agency.key", "key seal ~worker\nref agency $agency\n", "{}",
     "introduced before", 0},
    {"the node makes an escrow key", NODE, "escrow.key", "key seal ~new\nref agency $agency\n", "{}", "keeper", 0},
    {"an officer does", OFFICER, "escrow.key", "key seal ~new\nref agency $agency\n", "{}", "keeper", 0},
    {"the keeper does for another agency", KEEPER, "escrow.key", "key seal ~new\nref agency $other\n", "{}", "keeper",
     0},
    {"an escrow key that somebody has", KEEPER, "escrow.key", "key seal ~worker\nref agency $agency\n", "{}",
     "introduced before", 0},
    {"the node says what a permit is for", NODE, "restricted.reason", "ref permit $worker\n", "{\"purpose\":\"x\"}",
     "practitioner", 0},
    {"a practitioner lets through", WORKER, "held.release", "ref hold $hold\n", "{\"reason\":\"because\"}", "keeper",
     0},
    {"the node lets through", NODE, "held.release", "ref hold $hold\n", "{\"reason\":\"because\"}", "keeper", 0},
    {"a practitioner decides against", WORKER, "held.reject", "ref hold $hold\n", "{\"reason\":\"because\"}", "keeper",
     0},
    {"a practitioner holds", WORKER, "act.hold", TURNED_AWAY,
     "{\"words\":\"w\",\"written\":\"2026-11-21T09:00:00Z\",\"what\":\"x\"}", "node", 0},
    {"a practitioner refuses", WORKER, "act.refuse", TURNED_AWAY, "{\"words\":\"w\"}", "node", 0},
};

static void check_evidence(const struct attempt *a, const struct buf *evidence, uint64_t number) {
  char entry[64];
  struct buf text = {0};
  buf_add(&text, buf_bytes(evidence));
  snprintf(entry, sizeof entry, "\nentry %llu\n", (unsigned long long)number);
  const char *kept = buf_cstr(&text);
  if (strncmp(kept, "cairn evidence 1\nwhat ", 22) != 0 || strstr(kept, entry) == NULL ||
      strstr(kept, "\nact ") == NULL || strstr(kept, "\ncairn leaf 1\n") == NULL ||
      strstr(kept, "\ncheckpoint ") == NULL || strstr(kept, a->kind) == NULL || strstr(kept, "\nleaf ") == NULL)
    fail_msg("%s: the evidence is not whole: %s", a->what, kept);
  if (strlen(a->content) > 2 && strstr(kept, a->content))
    fail_msg("%s: the evidence has the content", a->what);
  buf_release(&text);
}

/* A third person with the ledger's key sees that the checkpoint commits to the act; with the smallest change, not. */
static void check_as_third(struct scene *c, const struct attempt *a, const struct buf *evidence) {
  struct note_vkey key;
  struct evidence_text e;
  struct buf vkey = {0}, words = {0}, text = {0};
  note_vkey_format(&vkey, "nl.example/register", c->w.ledger);
  assert_int_equal(note_vkey_parse(buf_bytes(&vkey), &key), OK);
  buf_add(&text, buf_bytes(evidence));
  const char *const parts[] = {"\nknown ", "\nleaf ", "\nproof ", "\nact ", "\ncheckpoint "};
  for (size_t i = 0; i <= COUNT(parts); i++) {
    uint8_t *at = i ? memmem(text.at, text.len, parts[i - 1], strlen(parts[i - 1])) : NULL;
    if (i && at == NULL && strcmp(parts[i - 1], "\nproof ") == 0)
      continue;
    assert_true(i == 0 || at != NULL);
    for (size_t k = i ? strlen(parts[i - 1]) : 0, end = i ? k + 90 : 1; k < end; k++) {
      enum evidence_outcome outcome = EVIDENCE_FAILS;
      if (at)
        at[k] ^= 1;
      if (evidence_read(buf_bytes(&text), &e) == OK) {
        outcome = evidence_check(&e, &key, 1, &words);
        evidence_text_release(&e);
      }
      if (at)
        at[k] ^= 1;
      if (outcome != (i ? EVIDENCE_FAILS : EVIDENCE_PROVES))
        fail_msg("%s: part %zu, byte %zu: %s", a->what, i, k, buf_cstr(&words));
      buf_clear(&words);
    }
  }
  buf_release(&vkey);
  buf_release(&words);
  buf_release(&text);
}

/* The reader is as before, says what was tried, and has kept the evidence. */
static void expect_refusal(struct scene *c, const struct attempt *a) {
  struct world_member *m = c->who[READER];
  struct exchange_report report = {0};
  struct buf evidence = {0};
  struct hash before = world_digest(m->store);
  char number[32];
  world_must(store_begin(c->w.node.store), a->what);
  let_in(c, a);
  uint64_t newest = store_size(c->w.node.store);
  enum err e = ask(c, m, &report, &evidence);
  store_rollback(c->w.node.store);
  snprintf(number, sizeof number, "%llu", (unsigned long long)newest);
  if (e != ERR_KEY)
    fail_msg("%s: %s: %s", a->what, err_text(e), err_words(e));
  if (strstr(err_words(e), a->words) == NULL)
    fail_msg("%s: the words are: %s", a->what, err_words(e));
  if (strstr(err_words(e), number) == NULL || strstr(err_words(e), a->kind) == NULL)
    fail_msg("%s: the words do not say which entry: %s", a->what, err_words(e));
  struct hash after = world_digest(m->store);
  if (!hash_equal(&before, &after))
    fail_msg("%s: something was stored", a->what);
  check_evidence(a, &evidence, newest);
  if (a == refused) /* once is enough */
    check_as_third(c, a, &evidence);
  buf_release(&evidence);
}

static void what_no_replica_takes(void **state) {
  static struct scene c;
  (void)state;
  scene_open(&c, 1);
  for (size_t i = 0; i < COUNT(refused); i++) {
    expect_refusal(&c, &refused[i]);
  }
  scene_close(&c);
}

/* ---- what every replica takes ---- */

static const struct attempt taken[] = {
    {"one's own further keys", WORKER, "person.key", PAIR("new") "ref person $worker\n", "{}", "", 0},
    {"a colleague's, by the officer", OFFICER, "person.key", PAIR("new") "ref person $worker\n", "{}", "", 0},
    {"an agency's role key, by the officer", OFFICER, "agency.key", "key seal ~new\nref agency $agency\n", "{}", "", 0},
    {"an agency's role key, by the lead", STRANGER, "agency.key", "key seal ~new\nref agency $other\n", "{}", "", 0},
    {"a colleague, by the officer", OFFICER, "person.add", PAIR("new") "ref agency $agency\n",
     "{\"name\":\"Somebody\"}", "", 0},
    {"a machine, by the officer", OFFICER, "replica.add", "key replica ^new\nref agency $agency\n",
     "{\"name\":\"laptop\"}", "", 0},
    {"an agency, by the node", NODE, "agency.add", "fact type health\n", "{\"name\":\"Health\"}", "", 0},
    {"a role, by the officer", OFFICER, "role.give", "ref person $worker\nfact from 2026-01-01\nfact role chair\n",
     "{}", "", 0},
    {"a role taken, by the officer", OFFICER, "role.take", "ref role $role\n", "{}", "", 0},
    {"a keeper, by an administrator", ADMIN, "role.give",
     "ref person $worker\nfact from 2026-01-01\nfact role keeper\n", "{}", "", 0},
    {"one's own keys revoked", WORKER, "key.revoke", "ref key $worker\nfact why lost\n", "{}", "", 0},
};

static void commit_in(struct scene *c, const struct attempt *a) {
  world_must(store_begin(c->w.node.store), a->what);
  let_in(c, a);
  world_must(store_commit(c->w.node.store), a->what);
}

static void new_keys(struct scene *c) {
  key_free(c->sign);
  key_free(c->seal);
  c->sign = key_new();
  c->seal = key_new();
}

static void expect_taken(struct scene *c, enum who who, const char *what) {
  struct exchange_report report = {0};
  struct buf evidence = {0};
  enum err e = ask(c, c->who[who], &report, &evidence);
  if (e != OK || evidence.len)
    fail_msg("%s: %s: %s", what, err_text(e), err_words(e));
  assert_int_equal(report.size, store_size(c->w.node.store));
}

static void what_every_replica_takes(void **state) {
  static struct scene c;
  (void)state;
  scene_open(&c, 2);
  for (size_t i = 0; i < COUNT(taken); i++, new_keys(&c)) {
    commit_in(&c, &taken[i]);
    expect_taken(&c, READER, taken[i].what);
  }
  world_check_views(c.who[READER]->store, "views");
  scene_close(&c);
}

/* What came when its kind was not known is looked at when it becomes known: as the node's own store, into which it was
 * let in past the door, when its views are made again. */
static void what_becomes_known(void **state) {
  static struct scene c;
  static const size_t forged[] = {0, 36}; /* of `refused`: the node substitutes a person's key, and an agency's */
  static const char *const rows[] = {"SELECT count(*) FROM person_key", "SELECT count(*) FROM agency_key"};
  (void)state;
  scene_open(&c, 8);
  struct store *s = c.w.node.store;
  int64_t counts[2][3];
  for (size_t step = 0; step < 3; step++) {
    for (size_t i = 0; step == 1 && i < COUNT(forged); i++, new_keys(&c)) {
      assert_int_equal(refused[forged[i]].by, NODE);
      commit_in(&c, &refused[forged[i]]);
    }
    if (step == 2) {
      world_must(store_begin(s), "rebuilding");
      world_must(store_rebuild(s), "rebuilding");
      world_must(store_commit(s), "rebuilding");
    }
    for (size_t i = 0; i < COUNT(rows); i++) {
      struct query q;
      query_start_once(&q, s->db, rows[i]);
      assert_true(query_row(&q));
      counts[i][step] = query_get_int(&q, 0);
      world_must(query_end(&q), rows[i]);
    }
  }
  for (size_t i = 0; i < COUNT(rows); i++) {
    assert_int_equal(counts[i][1], counts[i][0] + 1);
    assert_int_equal(counts[i][2], counts[i][0]);
  }
  scene_close(&c);
}

/* The keeper lets through what somebody who was revoked had written before. */
static void what_was_let_through(void **state) {
  static struct scene c;
  (void)state;
  scene_open(&c, 3);
  struct hash_hex hold = hash_hex(&c.hold);
  struct draft release = WORLD_DRAFT("held.release", {"hold", hold.s}, {"reason", "before she left"});
  struct hash to = key_id(c.who[REVOKED]->key);
  release.to = &to;
  release.to_count = 1;
  world_record(&c.w, c.who[KEEPER], release);
  world_sync(&c.w, c.who[KEEPER]);
  expect_taken(&c, READER, "what was let through");
  struct query q;
  query_start_once(&q, c.who[READER]->store->db, "SELECT count(*) FROM agency_key");
  assert_true(query_row(&q) && query_get_int(&q, 0) == 1);
  query_end(&q);
  world_check_views(c.who[READER]->store, "views");
  /* Another agency is told of the hold and the release, for without them it could not take the key. */
  expect_taken(&c, STRANGER, "what was let through, elsewhere");
  query_start_once(&q, c.who[STRANGER]->store->db,
                   "SELECT (SELECT count(*) FROM agency_key) + (SELECT count(*) FROM hold WHERE state = 'released')");
  assert_true(query_row(&q) && query_get_int(&q, 0) == 2);
  query_end(&q);
  world_check_views(c.who[STRANGER]->store, "views");
  scene_close(&c);
}

/* What is only recorded here, and may be refused yet, decides nothing about what was accepted. */
static void what_is_pending_here(void **state) {
  static struct scene c;
  static const struct attempt enrolled = {
      "a colleague", OFFICER, "person.add", PAIR("new") "ref agency $agency\n", "{\"name\":\"Somebody\"}", "", 0};
  (void)state;
  scene_open(&c, 4);
  struct hash_hex officer = hash_hex(&c.who[OFFICER]->person), worker = hash_hex(&c.who[WORKER]->person);
  world_record(&c.w, c.who[ADMIN], WORLD_DRAFT("person.revoke", {"person", officer.s}, {"why", "left"}));
  struct verdict v;
  struct draft keeper = WORLD_DRAFT("role.give", {"person", worker.s}, {"role", "officer"}, {"from", "2026-01-01"});
  assert_int_equal(world_write(&c.w, c.who[READER], &keeper, 1, ACCEPT_WRITE_ANYWAY, &v), OK);
  commit_in(&c, &enrolled);
  struct exchange_replica r = {c.who[ADMIN]->store, c.who[ADMIN]->replica_key};
  struct exchange_report report = {0};
  struct buf request = {0}, answer = {0};
  size_t sent;
  /* The administrator's revocation has not been sent when the officer's act comes. */
  world_must(
      exchange_request(&(struct exchange_replica){c.who[KEEPER]->store, c.who[KEEPER]->replica_key}, &request, &sent),
      "a request");
  buf_init(&answer, MSG_ANSWER_MAX);
  world_must(exchange_answer(&c.w.node, &c.who[KEEPER]->replica, buf_bytes(&request), c.w.now_s, &answer), "an answer");
  enum err e = exchange_take(&r, buf_bytes(&answer), &report);
  if (e != OK)
    fail_msg("%s", err_words(e));
  buf_release(&request);
  buf_release(&answer);
  /* And a role that only this replica has been told of gives nobody a right. */
  static const struct attempt by_worker = {
      "without a role", WORKER, "replica.add", "key replica ^new\nref agency $agency\n", "{\"name\":\"x\"}", "", 0};
  struct world_member *m = c.who[READER];
  new_keys(&c);
  commit_in(&c, &by_worker);
  struct exchange_replica reader = {m->store, m->replica_key};
  buf_init(&answer, MSG_ANSWER_MAX);
  world_must(
      exchange_request(&(struct exchange_replica){c.who[KEEPER]->store, c.who[KEEPER]->replica_key}, &request, &sent),
      "a request");
  world_must(exchange_answer(&c.w.node, &c.who[KEEPER]->replica, buf_bytes(&request), c.w.now_s, &answer), "an answer");
  assert_int_equal(exchange_take(&reader, buf_bytes(&answer), &report), ERR_KEY);
  buf_release(&request);
  buf_release(&answer);
  scene_close(&c);
}

/* A key that is only recorded here is not in the way of the same key when it comes with a number. */
static void a_pending_key_is_not_in_the_way(void **state) {
  static struct scene c;
  struct buf key = {0};
  struct verdict v;
  (void)state;
  scene_open(&c, 7);
  struct hash_hex agency = hash_hex(&c.agency);
  text_base64_encode(&key, key_spki(c.seal));
  struct draft d = WORLD_DRAFT("agency.key", {"agency", agency.s}, {"seal", buf_cstr(&key)});
  assert_int_equal(world_write(&c.w, c.who[READER], &d, 1, ACCEPT_WRITE_ANYWAY, &v), OK);
  commit_in(&c, &taken[2]);
  struct exchange_report report = {0};
  struct exchange_replica r = {c.who[READER]->store, c.who[READER]->replica_key};
  struct exchange_replica keeper = {c.who[KEEPER]->store, c.who[KEEPER]->replica_key};
  struct buf request = {0}, answer = {0};
  size_t sent;
  buf_init(&answer, MSG_ANSWER_MAX);
  world_must(exchange_request(&keeper, &request, &sent), "a request");
  world_must(exchange_answer(&c.w.node, &c.who[KEEPER]->replica, buf_bytes(&request), c.w.now_s, &answer), "an answer");
  assert_int_equal(exchange_take(&r, buf_bytes(&answer), &report), OK);
  buf_release(&key);
  buf_release(&request);
  buf_release(&answer);
  scene_close(&c);
}

/* ---- in another order than that of the numbers ---- */

static enum err take_numbered(struct scene *c, enum who who, uint64_t first) {
  struct act_record a = {0};
  struct verdict v;
  world_must(store_find_act(c->w.node.store, first, &a), "an act");
  struct act_entry *entries = mem_alloc_array(a.count, sizeof *entries);
  for (size_t i = 0; i < a.count; i++)
    entries[i] = record_act_entry(&a.entries[i]);
  struct accept_act in = {.how = ACCEPT_TAKE,
                          .entries = entries,
                          .count = a.count,
                          .size = a.text.size,
                          .signature = buf_bytes(&a.signature),
                          .replica = a.position.replica,
                          .position = a.position.number,
                          .previous = a.position.previous,
                          .head = buf_bytes(&a.head),
                          .first = a.first,
                          .admitted = bytes_str(a.admitted.s)};
  struct store *s = c->who[who]->store;
  world_must(store_begin(s), "taking");
  enum err e = accept_act(s, &in, &v);
  if (e == OK)
    world_must(store_commit(s), "taking");
  else
    store_rollback(s);
  free(entries);
  act_record_release(&a);
  return e;
}

/* An act counts by its number: the role was taken, and the officer revoked, after it, however late it comes; and what
 * comes early has no right by a role that was given after it. */
static void what_comes_late(void **state) {
  static struct scene c;
  static const struct attempt acts[] = {
      {"enrols", OFFICER, "replica.add", "key replica ^new\nref agency $agency\n", "{\"name\":\"x\"}", "", 0},
      {"a keeper", ADMIN, "person.revoke", "ref person $officer\nfact why left\n", "{}", "", 0},
      {"too early", WORKER, "replica.add", "key replica ~new\nref agency $agency\n", "{\"name\":\"y\"}", "", 0},
      {"an officer", ADMIN, "role.give", "ref person $worker\nfact from 2026-01-01\nfact role officer\n", "{}", "", 0},
  };
  static const struct {
    size_t act;
    enum err e;
  } order[] = {{1, OK}, {3, OK}, {0, OK}, {2, ERR_KEY}};
  (void)state;
  scene_open(&c, 5);
  uint64_t first = store_size(c.w.node.store) + 1;
  for (size_t i = 0; i < COUNT(acts); i++)
    commit_in(&c, &acts[i]);
  for (size_t i = 0; i < COUNT(order); i++) {
    enum err e = take_numbered(&c, READER, first + order[i].act);
    if (e != order[i].e)
      fail_msg("%s: %s: %s", acts[order[i].act].what, err_text(e), err_words(e));
  }
  scene_close(&c);
}

/* ---- the keys of a person and of an agency ---- */

static enum err count_key(void *of, const struct keyring_row *row) {
  size_t *counts = of;
  counts[0]++;
  counts[1] += row->is_confirmed;
  counts[2] += row->is_revoked;
  counts[3] += row->is_first;
  return OK;
}

#define EXPECT_KEYS(of, owner, all, confirmed, revoked, first)                                                         \
  do {                                                                                                                 \
    size_t counts[4] = {0};                                                                                            \
    assert_int_equal(keyring_each(of, owner, 0, counts, count_key), OK);                                               \
    assert_int_equal(counts[0], all);                                                                                  \
    assert_int_equal(counts[1], confirmed);                                                                            \
    assert_int_equal(counts[2], revoked);                                                                              \
    assert_int_equal(counts[3], first);                                                                                \
  } while (0)

static enum err note_seal(void *of, const struct keyring_row *row) {
  struct buf *b = of;
  struct hash id = hash_of(row->seal_key);
  assert_true(hash_equal(&id, &row->seal));
  buf_add(b, hash_bytes(&id));
  return OK;
}

static void expect_seals(struct store *s, const struct hash *owner, const struct key *const *keys, size_t count) {
  struct buf ids = {0};
  assert_int_equal(keyring_each_seal(s, owner, &ids, note_seal), OK);
  assert_int_equal(ids.len, count * HASH_SIZE);
  for (size_t i = 0; i < count; i++) {
    struct hash id = key_id(keys[i]);
    assert_memory_equal(ids.at + i * HASH_SIZE, id.at, HASH_SIZE);
  }
  buf_release(&ids);
}

static void whom_is_sealed_to(void **state) {
  static struct scene c;
  (void)state;
  scene_open(&c, 6);
  struct store *s = c.who[READER]->store;
  struct hash worker = c.who[WORKER]->person;
  const struct key *first = c.who[WORKER]->seal_key, *second = c.seal;
  EXPECT_KEYS(s, &worker, 1, 1, 0, 1);
  expect_seals(s, &worker, &first, 1);
  commit_in(&c, &taken[0]);
  expect_taken(&c, READER, "further keys");
  EXPECT_KEYS(s, &worker, 2, 1, 0, 1);
  expect_seals(s, &worker, (const struct key *const[]){first, second}, 2);
  uint64_t confirmed;
  world_must(store_begin(s), "confirming");
  assert_int_equal(keyring_confirm(s, &worker, c.w.now_s, &confirmed), OK);
  assert_int_equal(confirmed, 1);
  assert_int_equal(keyring_confirm(s, &worker, c.w.now_s, &confirmed), OK);
  assert_int_equal(confirmed, 0);
  world_must(store_rebuild(s), "rebuilding");
  world_must(store_commit(s), "confirming");
  EXPECT_KEYS(s, &worker, 2, 2, 0, 1);
  commit_in(&c, &taken[COUNT(taken) - 1]); /* the first ones are revoked, the person is not */
  expect_taken(&c, READER, "a revocation");
  EXPECT_KEYS(s, &worker, 2, 2, 1, 1);
  expect_seals(s, &worker, &second, 1);
  /* An agency's newest role key that was not revoked is the one. */
  c.sign = (key_free(c.sign), key_new());
  struct key *keys[2] = {c.seal = key_new(), NULL};
  commit_in(&c, &taken[2]);
  keys[1] = c.seal = key_new();
  commit_in(&c, &taken[2]);
  expect_taken(&c, READER, "role keys");
  EXPECT_KEYS(s, &c.agency, 2, 1, 0, 1);
  expect_seals(s, &c.agency, (const struct key *const[]){keys[1]}, 1);
  key_free(keys[0]);
  key_free((struct key *)second);
  scene_close(&c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_no_replica_takes), cmocka_unit_test(what_every_replica_takes),
      cmocka_unit_test(what_was_let_through),  cmocka_unit_test(what_becomes_known),
      cmocka_unit_test(what_is_pending_here),  cmocka_unit_test(what_comes_late),
      cmocka_unit_test(whom_is_sealed_to),     cmocka_unit_test(a_pending_key_is_not_in_the_way),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
