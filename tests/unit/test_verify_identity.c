#include "audit/verify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/act.h"
#include "core/cert.h"
#include "core/merkle.h"
#include "core/note.h"

/* Who may still sign, and who may write what: small ledgers, each told as a story of steps after the same beginning,
 * and exactly the findings that the auditor must come to. */

#define ORIGIN "cairn.test/north"
#define FROM_S 1793491200         /* 2026-11-01 */
#define UNTIL_S 1951257600        /* 2031-11-01 */
#define WORKER_UNTIL_S 1798675199 /* 2026-12-30T23:59:59Z */
#define STEPS_MAX 10
#define LABELS_MAX 64
#define ACTS_MAX 48
#define ENTRIES_MAX 24 /* of an act */
#define FIRST_ID "0000000000000000000000000000000000000000000000000000000000000001"
#define LAST_ID "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"

/* ---- the people, and what they write ---- */

enum who {
  NOBODY,
  NODE,
  AUTHORITY,
  LEDGER,
  ADMIN,
  OFFICER,  /* of the north */
  SOUTHERN, /* officer of the south */
  KEEPER,
  WORKER,
  SPARE, /* a further key of the worker's */
  NEWCOMER,
  MACHINE,
  SOUTHERN_MACHINE,
  SHORT_MACHINE, /* its certificate ends as the worker's does */
  WHO_COUNT
};

static const char *const names[WHO_COUNT] = {"",         "node",     "authority",        "ledger",       "admin",
                                             "officer",  "southern", "keeper",           "worker",       "spare",
                                             "newcomer", "machine",  "southern-machine", "short-machine"};
static struct key *keys[WHO_COUNT];
static struct buf authority_cert;

/* What is done with the entry of a step. */
enum how {
  ALONE,    /* an act of its own */
  MORE,     /* the next step belongs to the same act */
  CERTIFY,  /* label names the subject */
  RENEW,    /* the same, until later */
  WITHHELD, /* an act that is written, and does not reach the ledger */
  HOLD,     /* lines names a withheld act, whose position is repeated */
  LATE,     /* the act that label names comes into the ledger, perhaps once more */
};

struct step {
  enum who by;
  const char *label; /* of the entry */
  const char *kind;
  const char *lines; /* $label: an entry's id; ^name: a key; !: the authority's certificate */
  enum how how;
  enum who machine; /* that sends it; NOBODY: the author's usual one */
  const char *admitted;
  bool is_damaged;  /* the signature over the position is of another text */
  const char *rule; /* of HOLD; NULL: revoked */
  enum who claimed; /* of HOLD: who the node says wrote the act; NOBODY: who did */
};

#define NORTH "ref agency $north\n"
#define SOUTH "ref agency $south\n"
#define ENTRY(b, l, k, t, ...)                                                                                         \
  { .by = b, .label = l, .kind = k, .lines = t, __VA_ARGS__ }
#define WRITE(by, label, ...) ENTRY(by, label, "child.add", "", __VA_ARGS__)
#define INVITE_FOR(by, label, where, roles, until, ...)                                                                \
  ENTRY(by, label, "invite.person", where roles "fact secret " LAST_ID "\nfact until " until "\n", __VA_ARGS__)
#define INVITE(by, label, where, role, ...)                                                                            \
  INVITE_FOR(by, label, where, "fact role " role "\n", "2026-11-22T12:00:00Z", __VA_ARGS__)
#define WITHDRAW(by, label, invitation) ENTRY(by, label, "invite.withdraw", "ref invitation $" invitation "\n")
#define WITH(invitation) "ref invitation $" invitation "\n"
#define PERSON(by, label, where, ...) ENTRY(by, label, "person.add", "key sign ^" label "\n" where, __VA_ARGS__)
#define SPARE_KEY(by) ENTRY(by, "spare", "person.key", "key sign ^spare\nref person $worker\n")
#define SEALED_KEY(by) ENTRY(by, "sealed", "person.key", "key seal ^newcomer\nkey sign ^spare\nref person $worker\n")
#define ROLE_KEY(by) ENTRY(by, "role-key", "agency.key", "key seal ^spare\n" NORTH)
#define ESCROW_KEY(by, where) ENTRY(by, "escrow-key", "escrow.key", "key seal ^spare\n" where)
#define ANOTHER_MACHINE(by, ...) ENTRY(by, "m", "replica.add", "key replica ^newcomer\n" NORTH, __VA_ARGS__)
#define ANOTHER_AGENCY(by) ENTRY(by, "w", "agency.add", "fact type health\n")
#define CERT(who, subject) ENTRY(who, subject, "cert.issue", NULL, .how = CERTIFY)
#define GIVE(by, label, person, role, ...)                                                                             \
  ENTRY(by, label, "role.give", "ref person $" person "\nfact from 2026-11-21\nfact role " role "\n", __VA_ARGS__)
#define GIVE_FOR(by, label, person, role, from, until)                                                                 \
  ENTRY(by, label, "role.give",                                                                                        \
        "ref person $" person "\nfact from " from "\nfact role " role "\nfact until " until "\n")
#define TAKE(by, label, role) ENTRY(by, label, "role.take", "ref role $" role "\n")
#define REVOKE(by, label, what, whom, ...)                                                                             \
  ENTRY(by, label, what ".revoke", "ref " what " $" whom "\nfact why lost\n", __VA_ARGS__)
#define KEEP_BACK(by, label) WRITE(by, label, .how = WITHHELD)
#define HELD(label, act, ...) ENTRY(NODE, label, "act.hold", act, .how = HOLD, __VA_ARGS__)
#define RELEASE(by, label, hold, ...) ENTRY(by, label, "held.release", "ref hold $" hold "\n", __VA_ARGS__)
#define REJECT(by, label, hold) ENTRY(by, label, "held.reject", "ref hold $" hold "\n")
#define COMES(l)                                                                                                       \
  { .label = l, .how = LATE }

static const struct step beginning[] = {
    ENTRY(NODE, "open", "log.open", "key ledger ^ledger\nkey operating ^node\ncert !\nfact origin " ORIGIN "\n"),
    ENTRY(NODE, "north", "agency.add", "fact type social-work\n", .how = MORE),
    ENTRY(NODE, "south", "agency.add", "fact type police\n", .how = MORE),
    INVITE(NODE, "i-admin", NORTH, "administrator", .how = MORE),
    INVITE(NODE, "i-officer", NORTH, "officer", .how = MORE),
    INVITE(NODE, "i-southern", SOUTH, "officer", .how = MORE),
    INVITE(NODE, "i-keeper", NORTH, "keeper", .how = MORE),
    INVITE(NODE, "i-worker", NORTH, "practitioner", .how = MORE),
    PERSON(NODE, "admin", NORTH WITH("i-admin"), .how = MORE),
    PERSON(NODE, "officer", NORTH WITH("i-officer"), .how = MORE),
    PERSON(NODE, "southern", SOUTH WITH("i-southern"), .how = MORE),
    ENTRY(NODE, "southern-machine", "replica.add", "key replica ^southern-machine\n" SOUTH, .how = MORE),
    PERSON(NODE, "keeper", NORTH WITH("i-keeper"), .how = MORE),
    PERSON(NODE, "worker", NORTH WITH("i-worker"), .how = MORE),
    ENTRY(NODE, "machine", "replica.add", "key replica ^machine\n" NORTH),
    CERT(ADMIN, "admin"),
    CERT(OFFICER, "officer"),
    CERT(SOUTHERN, "southern"),
    CERT(KEEPER, "keeper"),
    CERT(WORKER, "worker"),
    CERT(MACHINE, "machine"),
    CERT(SOUTHERN_MACHINE, "southern-machine"),
    GIVE(NODE, "admin-role", "admin", "administrator", .how = MORE),
    GIVE(NODE, "officer-role", "officer", "officer", .how = MORE),
    GIVE(NODE, "southern-role", "southern", "officer", .how = MORE),
    GIVE(NODE, "keeper-role", "keeper", "keeper", .how = MORE),
    GIVE(NODE, "worker-role", "worker", "practitioner"),
};

/* ---- writing a ledger ---- */

struct act {
  const char *label; /* of its first entry */
  struct hash by;
  struct buf headers[ENTRIES_MAX];
  size_t count;
  struct position position;
  struct buf signature, head;
};

struct chain {
  uint64_t number;
  struct hash newest;
};

struct ledger {
  struct {
    const char *label;
    struct hash id;
    uint64_t number; /* 0: not in the ledger */
  } labels[LABELS_MAX];
  size_t label_count;
  struct act acts[ACTS_MAX];
  size_t act_count;
  struct chain chains[WHO_COUNT];
  struct merkle tree;
  struct buf leaves;
  const char *admitted;
};

static void add_key_id(struct buf *b, enum who who) {
  struct hash id = key_id(keys[who]);
  hash_format(b, &id);
}

static enum who who_is(const char *name, size_t len) {
  for (int i = 1; i < WHO_COUNT; i++)
    if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0)
      return (enum who)i;
  fail_msg("nobody is called %s", name);
  return NOBODY;
}

static size_t find_label(const struct ledger *l, const char *label, size_t len) {
  for (size_t i = l->label_count; i-- > 0;)
    if (strlen(l->labels[i].label) == len && memcmp(l->labels[i].label, label, len) == 0)
      return i;
  fail_msg("nothing is called %s", label);
  return 0;
}

static struct act *find_act(struct ledger *l, const char *label) {
  for (size_t i = 0; i < l->act_count; i++)
    if (strcmp(l->acts[i].label, label) == 0)
      return &l->acts[i];
  fail_msg("no act is called %s", label);
  return NULL;
}

static void expand(const struct ledger *l, const char *lines, struct buf *out) {
  while (*lines) {
    char c = *lines++;
    size_t n = strspn(lines, "abcdefghijklmnopqrstuvwxyz0123456789-");
    switch (c) {
    case '$': hash_format(out, &l->labels[find_label(l, lines, n)].id); break;
    case '^': text_base64_encode(out, key_spki(keys[who_is(lines, n)])); break;
    case '!': text_base64_encode(out, buf_bytes(&authority_cert)); continue;
    default: buf_u8(out, (uint8_t)c); continue;
    }
    lines += n;
  }
}

static bool is_by_node(const struct step *s) {
  return s->how == CERTIFY || s->how == RENEW;
}

static void add_certificate(const struct ledger *l, const struct step *s, struct buf *out) {
  struct buf der = {0};
  bool is_machine = s->by == MACHINE || s->by == SOUTHERN_MACHINE || s->by == SHORT_MACHINE;
  bool is_short = (s->by == WORKER || s->by == SHORT_MACHINE) && s->how == CERTIFY;
  const struct hash *subject = &l->labels[find_label(l, s->label, strlen(s->label))].id;
  assert_int_equal(cert_issue(keys[AUTHORITY], buf_bytes(&authority_cert), keys[s->by],
                              is_machine ? CERT_REPLICA : CERT_PERSON, subject, NULL, FROM_S,
                              is_short ? WORKER_UNTIL_S : UNTIL_S, &der),
                   OK);
  buf_add_str(out, "cert ");
  text_base64_encode(out, buf_bytes(&der));
  buf_addf(out, "\nref subject %s\n", hash_hex(subject).s);
  buf_release(&der);
}

/* The facts of act.hold and act.refuse. */
static void add_turned_away(struct ledger *l, const struct step *s, struct buf *out) {
  const struct act *a = find_act(l, s->lines);
  struct hash author = s->claimed ? key_id(keys[s->claimed]) : a->by;
  buf_addf(out, "fact act %s\n", hash_hex(&a->position.act).s);
  buf_addf(out, "fact author %s\n", hash_hex(&author).s);
  buf_add_str(out, "fact head ");
  text_base64_encode(out, buf_bytes(&a->head));
  buf_addf(out, "\nfact number %llu\n", (unsigned long long)a->position.number);
  buf_addf(out, "fact previous %s\n", hash_hex(&a->position.previous).s);
  buf_addf(out, "fact replica %s\nfact rule %s\n", hash_hex(&a->position.replica).s, s->rule ? s->rule : "revoked");
}

static void compose(struct ledger *l, const struct step *s, struct buf *out) {
  static unsigned content;
  buf_addf(out, "cairn entry 1\nkind %s\nby ", s->kind);
  add_key_id(out, is_by_node(s) ? NODE : s->by);
  buf_add_str(out, "\nat 2026-11-21T09:59:30Z\n");
  if (is_by_node(s))
    add_certificate(l, s, out);
  else if (s->how == HOLD)
    add_turned_away(l, s, out);
  else
    expand(l, s->lines, out);
  buf_addf(out, "audience directory\nmedia application/json\ncontent %064u\n", ++content);
}

static void remember(struct ledger *l, const char *label, const struct buf *header) {
  assert_true(l->label_count < LABELS_MAX);
  l->labels[l->label_count].label = label;
  l->labels[l->label_count++].id = hash_of(buf_bytes(header));
}

static enum who machine_of(const struct step *s, enum who by) {
  return s->machine ? s->machine : by == NODE ? NODE : MACHINE;
}

static void sign(struct ledger *l, struct act *a, const struct step *s) {
  struct act_entry entries[ENTRIES_MAX];
  struct act_text text;
  enum who by = is_by_node(s) ? NODE : s->by, machine = machine_of(s, by);
  struct chain *chain = &l->chains[machine];
  for (size_t i = 0; i < a->count; i++)
    entries[i] = (struct act_entry){.index = (uint32_t)i, .header = buf_bytes(&a->headers[i])};
  assert_int_equal(act_text_of(entries, a->count, &text), OK);
  assert_int_equal(act_sign(&text, keys[by], &a->signature), OK);
  a->by = text.by;
  a->position = (struct position){key_id(keys[machine]), ++chain->number, chain->newest, act_id(&text)};
  chain->newest = position_id(&a->position);
  struct position signed_one = a->position;
  signed_one.number += s->is_damaged;
  assert_int_equal(position_sign(&signed_one, keys[machine], &a->head), OK);
}

static uint64_t *number_of(struct ledger *l, const struct buf *header) {
  struct hash id = hash_of(buf_bytes(header));
  for (size_t i = 0; i < l->label_count; i++)
    if (hash_equal(&l->labels[i].id, &id))
      return &l->labels[i].number;
  return NULL;
}

static void admit(struct ledger *l, const struct act *a, bool is_late) {
  for (size_t i = 0; i < a->count; i++) {
    struct buf text = {0};
    struct leaf leaf = {.number = l->tree.size + 1,
                        .admitted = bytes_str(l->admitted),
                        .position = &a->position,
                        .index = (uint32_t)i,
                        .size = (uint32_t)a->count,
                        .signature = buf_bytes(&a->signature),
                        .header = buf_bytes(&a->headers[i])};
    if (!is_late)
      leaf.head = buf_bytes(&a->head);
    leaf_format(&text, &leaf);
    struct hash h = merkle_leaf(buf_bytes(&text));
    assert_int_equal(merkle_push(&l->tree, &h, 0), OK);
    *number_of(l, &a->headers[i]) = l->tree.size;
    buf_add(&l->leaves, buf_bytes(&text));
    buf_add_str(&l->leaves, "\n");
    buf_release(&text);
  }
}

/* The act that the next entry goes into: the last one, as long as it is not signed. */
static struct act *open_act(struct ledger *l, const struct step *s) {
  struct act *last = l->act_count ? &l->acts[l->act_count - 1] : NULL;
  if (last && last->signature.len == 0)
    return last;
  assert_true(l->act_count < ACTS_MAX);
  l->acts[l->act_count].label = is_by_node(s) ? "" : s->label;
  return &l->acts[l->act_count++];
}

static void take_step(struct ledger *l, const struct step *s) {
  if (s->admitted)
    l->admitted = s->admitted;
  if (s->how == LATE) {
    admit(l, find_act(l, s->label), true);
    return;
  }
  struct act *a = open_act(l, s);
  struct buf *header = &a->headers[a->count++];
  assert_true(a->count <= ENTRIES_MAX);
  compose(l, s, header);
  remember(l, is_by_node(s) ? "" : s->label, header);
  if (s->how == MORE)
    return;
  sign(l, a, s);
  if (s->how != WITHHELD)
    admit(l, a, false);
}

static void ledger_init(struct ledger *l) {
  *l = (struct ledger){.admitted = "2026-11-21T12:00:00Z"};
  merkle_init(&l->tree);
  for (size_t i = 0; i < sizeof beginning / sizeof *beginning; i++)
    take_step(l, &beginning[i]);
}

static void ledger_release(struct ledger *l) {
  for (size_t i = 0; i < l->act_count; i++) {
    for (size_t j = 0; j < l->acts[i].count; j++)
      buf_release(&l->acts[i].headers[j]);
    buf_release(&l->acts[i].signature);
    buf_release(&l->acts[i].head);
  }
  buf_release(&l->leaves);
}

static struct verify *judge(const struct ledger *l) {
  struct checkpoint c = {.origin = ORIGIN, .size = l->tree.size, .root = merkle_root(&l->tree)};
  struct buf text = {0}, note = {0}, vkey = {0};
  const char *why = "";
  memcpy(c.time.s, l->admitted, TEXT_TIME_SIZE);
  checkpoint_format(&text, &c);
  assert_int_equal(note_sign(buf_bytes(&text), ORIGIN, keys[LEDGER], &note), OK);
  note_vkey_format(&vkey, ORIGIN, keys[LEDGER]);
  struct verify_facts facts = {.vkey = buf_cstr(&vkey)};
  struct verify *v = verify_new(&facts, &why);
  assert_non_null(v);
  verify_leaves(v, l->leaves.at, l->leaves.len);
  verify_checkpoint(v, note.at, note.len);
  buf_release(&vkey);
  buf_release(&note);
  buf_release(&text);
  return v;
}

/* ---- the stories ---- */

struct expected {
  const char *at; /* the label of the entry */
  enum verify_code code;
};

struct story {
  const char *what;
  struct expected expected[4]; /* in order; none: all holds */
  struct step steps[STEPS_MAX];
};

static const struct story permitted[] = {
    {"the beginning alone", {{0}}, {{0}}},
    {"an officer enrols a colleague, who writes",
     {{0}},
     {PERSON(OFFICER, "newcomer", NORTH), CERT(NEWCOMER, "newcomer"), WRITE(NEWCOMER, "a")}},
    {"an officer enrols a colleague and gives a role in one act",
     {{0}},
     {PERSON(OFFICER, "newcomer", NORTH, .how = MORE), GIVE(OFFICER, "r", "newcomer", "chair")}},
    {"a person adds a key and writes with it",
     {{0}},
     {SPARE_KEY(WORKER), CERT(SPARE, "spare"), WRITE(SPARE, "a"), WRITE(WORKER, "b")}},
    {"an officer adds a colleague's key", {{0}}, {SPARE_KEY(OFFICER), CERT(SPARE, "spare"), WRITE(SPARE, "a")}},
    {"a key to seal to stands beside the one to sign",
     {{0}},
     {SEALED_KEY(WORKER), CERT(SPARE, "sealed"), WRITE(SPARE, "a"), REVOKE(WORKER, "b", "key", "sealed")}},
    {"an officer makes the agency's role key, which is revoked",
     {{0}},
     {ROLE_KEY(OFFICER), REVOKE(OFFICER, "a", "key", "role-key")}},
    {"the keeper makes an escrow key, and an administrator revokes it",
     {{0}},
     {ESCROW_KEY(KEEPER, NORTH), REVOKE(ADMIN, "a", "key", "escrow-key")}},
    {"the designated lead makes the agency's role key",
     {{0}},
     {GIVE(OFFICER, "lead-role", "worker", "designated-lead"), ROLE_KEY(WORKER)}},
    {"an officer adds a machine", {{0}}, {ANOTHER_MACHINE(OFFICER)}},
    {"an administrator adds an agency", {{0}}, {ANOTHER_AGENCY(ADMIN)}},
    {"an administrator revokes in another agency",
     {{0}},
     {REVOKE(ADMIN, "a", "key", "southern"), REVOKE(ADMIN, "b", "person", "southern"),
      REVOKE(ADMIN, "c", "replica", "southern-machine"), REVOKE(ADMIN, "d", "agency", "south")}},
    {"an officer revokes in their own agency",
     {{0}},
     {REVOKE(OFFICER, "a", "key", "worker"), REVOKE(OFFICER, "b", "person", "worker"),
      REVOKE(OFFICER, "c", "replica", "machine")}},
    {"the node revokes",
     {{0}},
     {REVOKE(NODE, "a", "key", "worker"), REVOKE(NODE, "b", "person", "worker"),
      REVOKE(NODE, "c", "replica", "machine"), REVOKE(NODE, "d", "agency", "south")}},
    {"a person revokes their own key", {{0}}, {REVOKE(WORKER, "a", "key", "worker")}},
    {"a person revokes a further key of theirs", {{0}}, {SPARE_KEY(WORKER), REVOKE(WORKER, "a", "key", "spare")}},
    {"a person leaves", {{0}}, {REVOKE(WORKER, "a", "person", "worker")}},
    {"an officer gives what officers give",
     {{0}},
     {GIVE(OFFICER, "a", "worker", "practitioner"), GIVE(OFFICER, "b", "worker", "chair"),
      GIVE(OFFICER, "c", "worker", "minute-taker"), GIVE(OFFICER, "d", "worker", "lead-professional"),
      GIVE(OFFICER, "e", "worker", "designated-lead"), GIVE(OFFICER, "f", "worker", "business-support"),
      GIVE(OFFICER, "g", "worker", "officer"), PERSON(WORKER, "newcomer", NORTH)}},
    {"an administrator gives what administrators give, to anyone",
     {{0}},
     {GIVE(ADMIN, "a", "southern", "officer"), GIVE(ADMIN, "b", "southern", "keeper"),
      GIVE(ADMIN, "c", "southern", "administrator"), GIVE(ADMIN, "d", "southern", "auditor"),
      ANOTHER_AGENCY(SOUTHERN)}},
    {"roles are taken by those who may give them",
     {{0}},
     {TAKE(OFFICER, "a", "worker-role"), TAKE(OFFICER, "b", "officer-role"), TAKE(ADMIN, "c", "southern-role"),
      TAKE(ADMIN, "d", "keeper-role"), TAKE(NODE, "e", "admin-role")}},
    {"a keeper decides",
     {{0}},
     {KEEP_BACK(WORKER, "a"), HELD("h", "a"), REJECT(KEEPER, "no", "h"), KEEP_BACK(WORKER, "b"), HELD("i", "b"),
      RELEASE(KEEPER, "yes", "i"), COMES("b")}},
    {"an officer on the role's first and last day",
     {{0}},
     {GIVE_FOR(OFFICER, "r", "worker", "officer", "2026-11-21", "2026-11-21"),
      ANOTHER_MACHINE(WORKER, .admitted = "2026-11-21T23:59:59Z")}},
};

static const struct story foreign[] = {
    {"an officer enrols somebody in another agency",
     {{"newcomer", VERIFY_A_AGENCY}},
     {PERSON(SOUTHERN, "newcomer", NORTH)}},
    {"an officer enrols somebody in another agency, who writes",
     {{"newcomer", VERIFY_A_AGENCY}},
     {PERSON(SOUTHERN, "newcomer", NORTH), CERT(NEWCOMER, "newcomer"), WRITE(NEWCOMER, "a")}},
    {"a practitioner enrols somebody", {{"newcomer", VERIFY_A_AGENCY}}, {PERSON(WORKER, "newcomer", NORTH)}},
    {"an administrator enrols somebody", {{"newcomer", VERIFY_A_AGENCY}}, {PERSON(ADMIN, "newcomer", NORTH)}},
    {"somebody is enrolled in no agency",
     {{"newcomer", VERIFY_A_AGENCY}},
     {PERSON(OFFICER, "newcomer", "ref agency $worker\n")}},
    {"somebody is enrolled in two agencies",
     {{"newcomer", VERIFY_A_AGENCY}},
     {PERSON(OFFICER, "newcomer", "ref agency $north\nref agency " LAST_ID "\n")}},
    {"another agency's officer adds a key", {{"spare", VERIFY_A_AGENCY}}, {SPARE_KEY(SOUTHERN)}},
    {"the node adds a key", {{"spare", VERIFY_A_AGENCY}}, {SPARE_KEY(NODE), CERT(SPARE, "spare"), WRITE(SPARE, "a")}},
    {"a key to seal to is certified", {{"", VERIFY_A_SUBJECT}}, {SEALED_KEY(WORKER), CERT(NEWCOMER, "sealed")}},
    {"a practitioner makes the agency's role key", {{"role-key", VERIFY_A_AGENCY}}, {ROLE_KEY(WORKER)}},
    {"another agency's officer makes the role key", {{"role-key", VERIFY_A_AGENCY}}, {ROLE_KEY(SOUTHERN)}},
    {"another agency's lead makes the role key",
     {{"role-key", VERIFY_A_AGENCY}},
     {GIVE(SOUTHERN, "lead-role", "southern", "designated-lead"), ROLE_KEY(SOUTHERN)}},
    {"the node makes the agency's role key", {{"role-key", VERIFY_A_AGENCY}}, {ROLE_KEY(NODE)}},
    {"an administrator makes the agency's role key", {{"role-key", VERIFY_A_AGENCY}}, {ROLE_KEY(ADMIN)}},
    {"an officer makes an escrow key", {{"escrow-key", VERIFY_A_AGENCY}}, {ESCROW_KEY(OFFICER, NORTH)}},
    {"the node makes an escrow key", {{"escrow-key", VERIFY_A_AGENCY}}, {ESCROW_KEY(NODE, NORTH)}},
    {"the keeper makes an escrow key for another agency",
     {{"escrow-key", VERIFY_A_AGENCY}},
     {ESCROW_KEY(KEEPER, SOUTH)}},
    {"a practitioner revokes an escrow key",
     {{"a", VERIFY_A_AGENCY}},
     {ESCROW_KEY(KEEPER, NORTH), REVOKE(WORKER, "a", "key", "escrow-key")}},
    {"a colleague adds a key", {{"spare", VERIFY_A_AGENCY}}, {SPARE_KEY(KEEPER)}},
    {"an administrator adds a key", {{"spare", VERIFY_A_AGENCY}}, {SPARE_KEY(ADMIN)}},
    {"another agency's officer adds a machine", {{"m", VERIFY_A_AGENCY}}, {ANOTHER_MACHINE(SOUTHERN)}},
    {"a practitioner adds a machine", {{"m", VERIFY_A_AGENCY}}, {ANOTHER_MACHINE(WORKER)}},
    {"a keeper adds an agency", {{"w", VERIFY_A_AGENCY}}, {ANOTHER_AGENCY(KEEPER)}},
    {"an officer adds an agency", {{"w", VERIFY_A_AGENCY}}, {ANOTHER_AGENCY(OFFICER)}},
    {"a colleague revokes a key, which still counts",
     {{"a", VERIFY_A_AGENCY}},
     {REVOKE(KEEPER, "a", "key", "worker"), WRITE(WORKER, "b")}},
    {"another agency's officer revokes a key", {{"a", VERIFY_A_AGENCY}}, {REVOKE(SOUTHERN, "a", "key", "worker")}},
    {"another agency's officer revokes a further key",
     {{"a", VERIFY_A_AGENCY}},
     {SPARE_KEY(WORKER), REVOKE(SOUTHERN, "a", "key", "spare")}},
    {"another agency's officer revokes a person, who still counts",
     {{"a", VERIFY_A_AGENCY}},
     {REVOKE(SOUTHERN, "a", "person", "worker"), WRITE(WORKER, "b")}},
    {"a practitioner revokes their officer", {{"a", VERIFY_A_AGENCY}}, {REVOKE(WORKER, "a", "person", "officer")}},
    {"a practitioner revokes a machine, which still counts",
     {{"a", VERIFY_A_AGENCY}},
     {REVOKE(WORKER, "a", "replica", "machine"), WRITE(WORKER, "b")}},
    {"another agency's officer revokes a machine",
     {{"a", VERIFY_A_AGENCY}},
     {REVOKE(SOUTHERN, "a", "replica", "machine")}},
    {"an officer revokes their agency, which still counts",
     {{"a", VERIFY_A_AGENCY}},
     {REVOKE(OFFICER, "a", "agency", "north"), WRITE(WORKER, "b")}},
    {"an officer revokes what is not there",
     {{"a", VERIFY_A_AGENCY}},
     {REVOKE(OFFICER, "a", "person", "officer-role")}},
    {"an officer before the role's first day",
     {{"newcomer", VERIFY_A_AGENCY}},
     {GIVE_FOR(OFFICER, "r", "worker", "officer", "2026-11-22", "2026-12-31"), PERSON(WORKER, "newcomer", NORTH)}},
    {"an officer after the role's last day",
     {{"m", VERIFY_A_AGENCY}},
     {GIVE_FOR(OFFICER, "r", "worker", "officer", "2026-11-21", "2026-11-21"),
      ANOTHER_MACHINE(WORKER, .admitted = "2026-11-22T00:00:00Z")}},
    {"an officer by a role without a first day",
     {{"newcomer", VERIFY_A_AGENCY}},
     {ENTRY(OFFICER, "r", "role.give", "ref person $worker\nfact role officer\n"), PERSON(WORKER, "newcomer", NORTH)}},
    {"an officer by a role whose first day is no date",
     {{"newcomer", VERIFY_A_AGENCY}},
     {ENTRY(OFFICER, "r", "role.give", "ref person $worker\nfact from 0\nfact role officer\n"),
      PERSON(WORKER, "newcomer", NORTH)}},
    {"an officer by a role with two last days",
     {{"newcomer", VERIFY_A_AGENCY}},
     {ENTRY(OFFICER, "r", "role.give",
            "ref person $worker\nfact from 2026-11-21\nfact role officer\nfact until 2026-11-20\nfact until "
            "2026-12-31\n"),
      PERSON(WORKER, "newcomer", NORTH)}},
    {"an officer whose role was taken",
     {{"newcomer", VERIFY_A_AGENCY}},
     {TAKE(ADMIN, "t", "southern-role"), PERSON(SOUTHERN, "newcomer", SOUTH)}},
    {"an officer whose role was taken, and then repeated",
     {{"newcomer", VERIFY_A_AGENCY}},
     {GIVE(OFFICER, "r", "worker", "officer"), TAKE(OFFICER, "t", "r"), COMES("r"), PERSON(WORKER, "newcomer", NORTH)}},
    {"an officer by a role of the same act",
     {{"m", VERIFY_A_AGENCY}},
     {GIVE(ADMIN, "r", "admin", "officer", .how = MORE), ANOTHER_MACHINE(ADMIN)}},
    {"an officer by a role that was not theirs to get",
     {{"r", VERIFY_A_ROLE}, {"newcomer", VERIFY_A_AGENCY}},
     {GIVE(SOUTHERN, "r", "worker", "officer"), PERSON(WORKER, "newcomer", NORTH)}},
};

#define INVITED INVITE(ADMIN, "i", SOUTH, "officer")
#define JOINS(...) PERSON(NODE, "newcomer", SOUTH WITH("i"), __VA_ARGS__)

static const struct story invitations[] = {
    {"an administrator invites, and somebody joins", {{0}}, {INVITED, JOINS(), CERT(NEWCOMER, "newcomer")}},
    {"an officer invites to their own agency",
     {{0}},
     {INVITE_FOR(SOUTHERN, "i", SOUTH, "fact role officer\nfact role practitioner\n", "2026-11-22T12:00:00Z"),
      JOINS()}},
    {"the node invites a keeper", {{0}}, {INVITE(NODE, "i", SOUTH, "keeper"), JOINS()}},
    {"with a machine and the role of the invitation",
     {{0}},
     {INVITED, JOINS(.how = MORE), ENTRY(NODE, "m", "replica.add", "key replica ^spare\n" SOUTH),
      GIVE(NODE, "r", "newcomer", "officer")}},
    {"with another role", {{"r", VERIFY_A_ROLE}}, {INVITED, JOINS(), GIVE(NODE, "r", "newcomer", "keeper")}},
    {"with the role, and once more after it was taken",
     {{"again", VERIFY_A_ROLE}, {"spare", VERIFY_A_AGENCY}},
     {INVITED, JOINS(), CERT(NEWCOMER, "newcomer"), GIVE(NODE, "r", "newcomer", "officer"), TAKE(ADMIN, "t", "r"),
      GIVE(NODE, "again", "newcomer", "officer"), PERSON(NEWCOMER, "spare", SOUTH)}},
    {"the node gives a role to somebody who is there",
     {{"r", VERIFY_A_ROLE}},
     {GIVE(NODE, "r", "worker", "administrator")}},
    {"the node adds a machine", {{"m", VERIFY_A_AGENCY}}, {ANOTHER_MACHINE(NODE)}},
    {"the node adds a machine to another agency than the newcomer's",
     {{"m", VERIFY_A_AGENCY}},
     {INVITED, JOINS(.how = MORE), ENTRY(NODE, "m", "replica.add", "key replica ^spare\n" NORTH)}},
    {"the node adds two",
     {{"n", VERIFY_A_AGENCY}},
     {INVITED, JOINS(.how = MORE), ENTRY(NODE, "m", "replica.add", "key replica ^spare\n" SOUTH, .how = MORE),
      ENTRY(NODE, "n", "replica.add", "key replica ^short-machine\n" SOUTH)}},
    {"in the last second", {{0}}, {INVITED, JOINS(.admitted = "2026-11-22T12:00:00Z")}},
    {"a second later", {{"newcomer", VERIFY_A_AGENCY}}, {INVITED, JOINS(.admitted = "2026-11-22T12:00:01Z")}},
    {"an invitation that is not used is withdrawn by its officer", {{0}}, {INVITED, WITHDRAW(SOUTHERN, "w", "i")}},
    {"the node enrols somebody without an invitation",
     {{"newcomer", VERIFY_A_AGENCY}},
     {PERSON(NODE, "newcomer", SOUTH)}},
    {"the node enrols somebody with what is no invitation",
     {{"newcomer", VERIFY_A_AGENCY}},
     {PERSON(NODE, "newcomer", SOUTH WITH("worker"))}},
    {"the node enrols somebody with two",
     {{"newcomer", VERIFY_A_AGENCY}},
     {INVITED,
      ENTRY(NODE, "newcomer", "person.add", "key sign ^newcomer\n" SOUTH "ref invitation " FIRST_ID "\n" WITH("i"))}},
    {"an invitation is used twice",
     {{"newcomer", VERIFY_A_AGENCY}},
     {INVITED, PERSON(NODE, "spare", SOUTH WITH("i")), JOINS()}},
    {"and once by the beginning", {{"newcomer", VERIFY_A_AGENCY}}, {PERSON(NODE, "newcomer", NORTH WITH("i-worker"))}},
    {"an invitation leads to another agency",
     {{"newcomer", VERIFY_A_AGENCY}},
     {INVITED, PERSON(NODE, "newcomer", NORTH WITH("i"))}},
    {"an invitation was withdrawn", {{"newcomer", VERIFY_A_AGENCY}}, {INVITED, WITHDRAW(ADMIN, "w", "i"), JOINS()}},
    {"an invitation was withdrawn by the node",
     {{"newcomer", VERIFY_A_AGENCY}},
     {INVITED, WITHDRAW(NODE, "w", "i"), JOINS()}},
    {"an officer of another agency withdraws it, which does not count",
     {{"w", VERIFY_A_AGENCY}},
     {INVITED, WITHDRAW(OFFICER, "w", "i"), JOINS()}},
    {"an officer invites to another agency",
     {{"i", VERIFY_A_AGENCY}, {"newcomer", VERIFY_A_AGENCY}},
     {INVITE(OFFICER, "i", SOUTH, "officer"), JOINS()}},
    {"an officer invites a keeper",
     {{"i", VERIFY_A_AGENCY}, {"newcomer", VERIFY_A_AGENCY}},
     {INVITE_FOR(SOUTHERN, "i", SOUTH, "fact role keeper\nfact role officer\n", "2026-11-22T12:00:00Z"), JOINS()}},
    {"an administrator invites a practitioner",
     {{"i", VERIFY_A_AGENCY}, {"newcomer", VERIFY_A_AGENCY}},
     {INVITE(ADMIN, "i", SOUTH, "practitioner"), JOINS()}},
    {"a practitioner invites",
     {{"i", VERIFY_A_AGENCY}, {"newcomer", VERIFY_A_AGENCY}},
     {INVITE(WORKER, "i", NORTH, "officer"), PERSON(NODE, "newcomer", NORTH WITH("i"))}},
    {"an invitation to a role that does not exist", {{"i", VERIFY_A_AGENCY}}, {INVITE(ADMIN, "i", SOUTH, "king")}},
    {"an invitation without an end",
     {{"newcomer", VERIFY_A_AGENCY}},
     {ENTRY(ADMIN, "i", "invite.person", SOUTH "fact role officer\n"), JOINS()}},
    {"whoever invited was revoked before somebody joined",
     {{"newcomer", VERIFY_A_AGENCY}},
     {INVITED, REVOKE(NODE, "x", "person", "admin"), JOINS()}},
    {"their key was", {{"newcomer", VERIFY_A_AGENCY}}, {INVITED, REVOKE(ADMIN, "x", "key", "admin"), JOINS()}},
    {"the agency was", {{"newcomer", VERIFY_A_AGENCY}}, {INVITED, REVOKE(ADMIN, "x", "agency", "south"), JOINS()}},
    {"whoever invited was revoked after somebody joined",
     {{0}},
     {INVITED, JOINS(), REVOKE(NODE, "x", "person", "admin")}},
    {"an officer enrols with an invitation",
     {{"newcomer", VERIFY_A_AGENCY}},
     {INVITED, PERSON(SOUTHERN, "newcomer", SOUTH WITH("i"))}},
    {"which is not used by it",
     {{"spare", VERIFY_A_AGENCY}},
     {INVITED, PERSON(SOUTHERN, "spare", SOUTH WITH("i")), JOINS()}},
};

static const struct story grants[] = {
    {"an officer gives a role in another agency",
     {{"a", VERIFY_A_ROLE}},
     {GIVE(SOUTHERN, "a", "worker", "practitioner")}},
    {"an officer makes a keeper", {{"a", VERIFY_A_ROLE}}, {GIVE(OFFICER, "a", "worker", "keeper")}},
    {"an officer makes an administrator",
     {{"a", VERIFY_A_ROLE}, {"w", VERIFY_A_AGENCY}},
     {GIVE(OFFICER, "a", "officer", "administrator"), ANOTHER_AGENCY(OFFICER)}},
    {"an officer makes an auditor", {{"a", VERIFY_A_ROLE}}, {GIVE(OFFICER, "a", "worker", "auditor")}},
    {"an administrator makes a practitioner", {{"a", VERIFY_A_ROLE}}, {GIVE(ADMIN, "a", "worker", "practitioner")}},
    {"a keeper makes a keeper", {{"a", VERIFY_A_ROLE}}, {GIVE(KEEPER, "a", "worker", "keeper")}},
    {"a practitioner gives a role", {{"a", VERIFY_A_ROLE}}, {GIVE(WORKER, "a", "worker", "practitioner")}},
    {"a role that does not exist", {{"a", VERIFY_A_ROLE}}, {GIVE(ADMIN, "a", "worker", "king")}},
    {"a role for nobody", {{"a", VERIFY_A_ROLE}}, {GIVE(OFFICER, "a", "north", "chair")}},
    {"an officer takes a role in another agency",
     {{"t", VERIFY_A_ROLE}},
     {TAKE(SOUTHERN, "t", "officer-role"), PERSON(OFFICER, "newcomer", NORTH)}},
    {"an officer takes the keeper's role", {{"t", VERIFY_A_ROLE}}, {TAKE(OFFICER, "t", "keeper-role")}},
    {"an administrator takes a practitioner's role", {{"t", VERIFY_A_ROLE}}, {TAKE(ADMIN, "t", "worker-role")}},
    {"a practitioner gives up a role", {{"t", VERIFY_A_ROLE}}, {TAKE(WORKER, "t", "worker-role")}},
    {"an officer takes what is no role", {{"t", VERIFY_A_ROLE}}, {TAKE(OFFICER, "t", "worker")}},
    {"an officer lets an act through",
     {{"r", VERIFY_A_ROLE}, {"a", VERIFY_A_REVOKED}},
     {KEEP_BACK(WORKER, "a"), REVOKE(OFFICER, "x", "key", "worker"), HELD("h", "a"), RELEASE(OFFICER, "r", "h"),
      COMES("a")}},
    {"the node lets an act through",
     {{"r", VERIFY_A_ROLE}, {"a", VERIFY_A_REVOKED}},
     {KEEP_BACK(WORKER, "a"), REVOKE(OFFICER, "x", "key", "worker"), HELD("h", "a"), RELEASE(NODE, "r", "h"),
      COMES("a")}},
    {"an administrator decides against an act, and the keeper lets it through",
     {{"no", VERIFY_A_ROLE}},
     {KEEP_BACK(WORKER, "a"), REVOKE(OFFICER, "x", "key", "worker"), HELD("h", "a"), REJECT(ADMIN, "no", "h"),
      RELEASE(KEEPER, "yes", "h"), COMES("a")}},
    {"somebody who is not keeper any more lets an act through",
     {{"r", VERIFY_A_ROLE}, {"a", VERIFY_A_REVOKED}},
     {KEEP_BACK(WORKER, "a"), REVOKE(OFFICER, "x", "key", "worker"), HELD("h", "a"), TAKE(ADMIN, "t", "keeper-role"),
      RELEASE(KEEPER, "r", "h"), COMES("a")}},
};

static const struct story revoked[] = {
    {"a key that was revoked", {{"a", VERIFY_A_REVOKED}}, {REVOKE(OFFICER, "x", "key", "worker"), WRITE(WORKER, "a")}},
    {"a key that was revoked later", {{0}}, {WRITE(WORKER, "a"), REVOKE(OFFICER, "x", "key", "worker")}},
    {"the first key was revoked, and the further one counts",
     {{"a", VERIFY_A_REVOKED}},
     {SPARE_KEY(OFFICER), CERT(SPARE, "spare"), REVOKE(OFFICER, "x", "key", "worker"), WRITE(SPARE, "b"),
      WRITE(WORKER, "a")}},
    {"the further key was revoked, and the first one counts",
     {{"a", VERIFY_A_REVOKED}},
     {SPARE_KEY(OFFICER), CERT(SPARE, "spare"), REVOKE(OFFICER, "x", "key", "spare"), WRITE(WORKER, "b"),
      WRITE(SPARE, "a")}},
    {"a person who was revoked, with each key",
     {{"a", VERIFY_A_REVOKED}, {"b", VERIFY_A_REVOKED}},
     {SPARE_KEY(OFFICER), CERT(SPARE, "spare"), REVOKE(OFFICER, "x", "person", "worker"), WRITE(SPARE, "a"),
      WRITE(WORKER, "b"), WRITE(KEEPER, "c")}},
    {"a person of an agency that was revoked",
     {{"a", VERIFY_A_REVOKED}},
     {REVOKE(ADMIN, "x", "agency", "south"), WRITE(SOUTHERN, "a"), WRITE(WORKER, "b")}},
    {"a person and a machine of an agency that was revoked",
     {{"a", VERIFY_A_REVOKED}, {"a", VERIFY_A_REVOKED}},
     {REVOKE(ADMIN, "x", "agency", "south"), WRITE(SOUTHERN, "a", .machine = SOUTHERN_MACHINE)}},
    {"a machine of an agency that was revoked",
     {{"a", VERIFY_A_REVOKED}},
     {REVOKE(ADMIN, "x", "agency", "south"), WRITE(WORKER, "a", .machine = SOUTHERN_MACHINE)}},
    {"a machine that was revoked",
     {{"a", VERIFY_A_REVOKED}},
     {REVOKE(OFFICER, "x", "replica", "machine"), WRITE(WORKER, "a"), WRITE(WORKER, "b", .machine = SOUTHERN_MACHINE)}},
    {"a machine that was revoked, without its signature",
     {{"a", VERIFY_A_REVOKED}},
     {KEEP_BACK(WORKER, "a"), REVOKE(OFFICER, "x", "replica", "machine"), COMES("a")}},
    {"a key that was certified for a second entry after the first was revoked",
     {{0}},
     {REVOKE(OFFICER, "x", "key", "worker"),
      ENTRY(OFFICER, "again", "person.key", "key sign ^worker\nref person $worker\n"), CERT(WORKER, "again"),
      WRITE(WORKER, "a")}},
    {"a certificate that had ended",
     {{"a", VERIFY_A_VALIDITY}},
     {WRITE(WORKER, "b", .admitted = "2026-12-30T23:59:59Z"), WRITE(WORKER, "a", .admitted = "2026-12-31T00:00:00Z")}},
    {"a revoked officer gives a role, which does not count",
     {{"r", VERIFY_A_REVOKED}, {"newcomer", VERIFY_A_AGENCY}},
     {REVOKE(ADMIN, "x", "key", "officer"), GIVE(OFFICER, "r", "worker", "officer"),
      PERSON(WORKER, "newcomer", NORTH)}},
    {"a revoked person does what they never might",
     {{"newcomer", VERIFY_A_REVOKED}},
     {REVOKE(OFFICER, "x", "key", "worker"), PERSON(WORKER, "newcomer", NORTH)}},
    {"a person revokes their own key and writes in the same act",
     {{"b", VERIFY_A_REVOKED}},
     {REVOKE(WORKER, "x", "key", "worker", .how = MORE), WRITE(WORKER, "a"), WRITE(WORKER, "b")}},
};

#define ADD_SHORT_MACHINE                                                                                              \
  ENTRY(OFFICER, "short-machine", "replica.add", "key replica ^short-machine\n" NORTH),                                \
      CERT(SHORT_MACHINE, "short-machine")
/* A second entry for the worker's key. */
/* The node enrols with an invitation of its own. */
#define ENROLLED(label, keys, where)                                                                                   \
  INVITE(NODE, "i", where, "practitioner"), ENTRY(NODE, label, "person.add", keys where WITH("i"))
#define DOUBLE(label, where) ENROLLED(label, "key sign ^worker\n", where)

/* Certificates are found under the label "", that of the last one. */
static const struct story certified[] = {
    {"the worker's key is certified for the keeper, and the worker writes on",
     {{"", VERIFY_A_SWAPPED}},
     {CERT(WORKER, "keeper"), WRITE(WORKER, "a")}},
    {"the worker's key is certified for a machine", {{"", VERIFY_A_SWAPPED}}, {CERT(WORKER, "machine")}},
    {"the worker's key is certified for an agency", {{"", VERIFY_A_SWAPPED}}, {CERT(WORKER, "north")}},
    {"a machine's key is certified for the worker", {{"", VERIFY_A_SWAPPED}}, {CERT(MACHINE, "worker")}},
    {"the worker's key is introduced and certified for a second person, who is not the one who writes",
     {{"", VERIFY_A_SWAPPED}, {"m", VERIFY_A_AGENCY}},
     {DOUBLE("double", NORTH), GIVE(OFFICER, "r", "double", "officer"), CERT(WORKER, "double"),
      ANOTHER_MACHINE(WORKER)}},
    {"the worker's key is introduced for a second person in another agency",
     {{"", VERIFY_A_SWAPPED}},
     {DOUBLE("double", SOUTH), CERT(WORKER, "double")}},
    {"the worker's key is introduced as somebody else's further key",
     {{"", VERIFY_A_SWAPPED}},
     {ENTRY(OFFICER, "double", "person.key", "key sign ^worker\nref person $keeper\n"), CERT(WORKER, "double")}},
    {"the worker's key is introduced as a machine's",
     {{"", VERIFY_A_SWAPPED}},
     {ENTRY(OFFICER, "double", "replica.add", "key replica ^worker\n" NORTH), CERT(WORKER, "double")}},
    {"the worker's key is introduced for sealing only, and certified",
     {{"", VERIFY_A_SWAPPED}},
     {ENROLLED("double", "key seal ^worker\nkey sign ^newcomer\n", NORTH), CERT(WORKER, "double")}},
    {"the node's key is introduced and certified for a person",
     {{"", VERIFY_A_SWAPPED}},
     {ENROLLED("double", "key sign ^node\n", NORTH), CERT(NODE, "double")}},
    {"the ledger's key is introduced and certified for a person",
     {{"", VERIFY_A_SWAPPED}},
     {ENROLLED("double", "key sign ^ledger\n", NORTH), CERT(LEDGER, "double")}},
    {"a key that nobody introduced is certified", {{"", VERIFY_A_SUBJECT}}, {CERT(NEWCOMER, "worker")}},
    {"the worker's key is certified anew for the worker", {{0}}, {CERT(WORKER, "worker"), WRITE(WORKER, "a")}},
    {"a machine's certificate is renewed, and the machine goes on after the first has ended",
     {{0}},
     {ADD_SHORT_MACHINE, WRITE(KEEPER, "a", .machine = SHORT_MACHINE),
      ENTRY(SHORT_MACHINE, "short-machine", "cert.issue", NULL, .how = RENEW),
      WRITE(KEEPER, "b", .machine = SHORT_MACHINE, .admitted = "2026-12-31T00:00:00Z")}},
    {"a machine whose certificate had ended",
     {{"b", VERIFY_A_VALIDITY}},
     {ADD_SHORT_MACHINE, WRITE(KEEPER, "a", .machine = SHORT_MACHINE, .admitted = "2026-12-30T23:59:59Z"),
      WRITE(KEEPER, "b", .machine = SHORT_MACHINE, .admitted = "2026-12-31T00:00:00Z")}},
    {"a machine whose certificate had ended, held and let through",
     {{0}},
     {ADD_SHORT_MACHINE, WRITE(KEEPER, "b", .machine = SHORT_MACHINE, .how = WITHHELD),
      HELD("h", "b", .admitted = "2026-12-31T00:00:00Z"), RELEASE(KEEPER, "yes", "h"), COMES("b")}},
    {"what came from a machine whose certificate had ended has no effect",
     {{"r", VERIFY_A_VALIDITY}, {"m", VERIFY_A_AGENCY}},
     {ADD_SHORT_MACHINE,
      GIVE(OFFICER, "r", "keeper", "officer", .machine = SHORT_MACHINE, .admitted = "2026-12-31T00:00:00Z"),
      ANOTHER_MACHINE(KEEPER)}},
};

#define LOST KEEP_BACK(WORKER, "a"), REVOKE(OFFICER, "x", "key", "worker"), HELD("h", "a")

static const struct story held[] = {
    {"held and let through", {{0}}, {LOST, RELEASE(KEEPER, "yes", "h"), COMES("a")}},
    {"held, and not let through", {{"a", VERIFY_A_REVOKED}}, {LOST, COMES("a")}},
    {"held, and rejected", {{"a", VERIFY_A_REVOKED}}, {LOST, REJECT(KEEPER, "no", "h"), COMES("a")}},
    {"rejected, then let through",
     {{"a", VERIFY_A_REVOKED}},
     {LOST, REJECT(KEEPER, "no", "h"), RELEASE(KEEPER, "yes", "h"), COMES("a")}},
    {"let through, then rejected", {{0}}, {LOST, RELEASE(KEEPER, "yes", "h"), REJECT(KEEPER, "no", "h"), COMES("a")}},
    {"let through after it came", {{"a", VERIFY_A_REVOKED}}, {LOST, COMES("a"), RELEASE(KEEPER, "yes", "h")}},
    {"another act was let through",
     {{"b", VERIFY_A_REVOKED}},
     {LOST, RELEASE(KEEPER, "yes", "h"), WRITE(WORKER, "b"), COMES("a")}},
    {"let through without a hold",
     {{"a", VERIFY_A_REVOKED}},
     {KEEP_BACK(WORKER, "a"), REVOKE(OFFICER, "x", "key", "worker"), RELEASE(KEEPER, "yes", "worker"), COMES("a")}},
    {"held by somebody else than the node",
     {{"h", VERIFY_A_NODE}, {"a", VERIFY_A_REVOKED}},
     {KEEP_BACK(WORKER, "a"), REVOKE(OFFICER, "x", "key", "worker"), ENTRY(KEEPER, "h", "act.hold", "a", .how = HOLD),
      RELEASE(KEEPER, "yes", "h"), COMES("a")}},
    {"let through by a keeper who had been revoked",
     {{"yes", VERIFY_A_REVOKED}, {"a", VERIFY_A_REVOKED}},
     {LOST, REVOKE(OFFICER, "y", "person", "keeper"), RELEASE(KEEPER, "yes", "h"), COMES("a")}},
    {"of a machine that was revoked, held with its signature and let through",
     {{0}},
     {KEEP_BACK(WORKER, "a"), REVOKE(OFFICER, "x", "replica", "machine"), HELD("h", "a"),
      RELEASE(KEEPER, "yes", "h", .machine = SOUTHERN_MACHINE), COMES("a")}},
    {"of a machine that was revoked, refused with its signature",
     {{0}},
     {KEEP_BACK(WORKER, "a"), REVOKE(OFFICER, "x", "replica", "machine"),
      ENTRY(NODE, "h", "act.refuse", "a", .how = HOLD)}},
    {"held with a signature of another position",
     {{"h", VERIFY_A_HEAD}},
     {WRITE(WORKER, "a", .how = WITHHELD, .is_damaged = true), HELD("h", "a")}},
    {"of a certificate that had ended, let through",
     {{0}},
     {KEEP_BACK(WORKER, "a"), HELD("h", "a", .admitted = "2027-01-15T09:00:00Z"), RELEASE(KEEPER, "yes", "h"),
      COMES("a")}},
    {"of a certificate that had ended, and not let through",
     {{"a", VERIFY_A_VALIDITY}},
     {KEEP_BACK(WORKER, "a"), HELD("h", "a", .admitted = "2027-01-15T09:00:00Z"), COMES("a")}},
    {"an officer's entry, let through, counts",
     {{0}},
     {GIVE(OFFICER, "r", "worker", "officer", .how = WITHHELD), REVOKE(ADMIN, "x", "key", "officer"), HELD("h", "r"),
      RELEASE(KEEPER, "yes", "h"), COMES("r"), PERSON(WORKER, "newcomer", NORTH)}},
    {"somebody's entry, let through, is still not theirs to write",
     {{"newcomer", VERIFY_A_AGENCY}},
     {PERSON(WORKER, "newcomer", NORTH, .how = WITHHELD), REVOKE(OFFICER, "x", "key", "worker"), HELD("h", "newcomer"),
      RELEASE(KEEPER, "yes", "h"), COMES("newcomer")}},
};

/* ---- judging them ---- */

/* The next finding that is not about conformance, which is for test_verify_conform.c: not all have the roles here. */
static const struct verify_finding *next_finding(const struct verify_result *r, size_t *at) {
  while (*at < r->finding_count && verify_code_subject(r->findings[*at].code) == VERIFY_CONFORMANCE)
    ++*at;
  return *at < r->finding_count ? &r->findings[(*at)++] : NULL;
}

static bool is_expected(const struct story *story, const struct ledger *l, const struct verify_result *r) {
  size_t count = 0, at = 0;
  bool same = r->verdicts[VERIFY_INTEGRITY] == VERIFY_HOLDS;
  for (; count < 4 && story->expected[count].at; count++) {
    const struct expected *e = &story->expected[count];
    uint64_t number = l->labels[find_label(l, e->at, strlen(e->at))].number;
    const struct verify_finding *f = next_finding(r, &at);
    same = same && f && f->code == e->code && f->entry == number;
  }
  return same && next_finding(r, &at) == NULL &&
         r->verdicts[VERIFY_AUTHORSHIP] == (count ? VERIFY_FAILS : VERIFY_HOLDS);
}

static bool tell(const struct story *story) {
  static struct ledger l;
  ledger_init(&l);
  for (size_t i = 0; i < STEPS_MAX && story->steps[i].label; i++)
    take_step(&l, &story->steps[i]);
  struct verify *v = judge(&l);
  const struct verify_result *r = verify_end(v);
  bool same = is_expected(story, &l, r);
  if (!same) {
    print_error("%s: integrity %s, authorship %s\n", story->what, verify_verdict_text(r->verdicts[VERIFY_INTEGRITY]),
                verify_verdict_text(r->verdicts[VERIFY_AUTHORSHIP]));
    for (size_t i = 0; i < r->finding_count; i++)
      print_error("  %s %llu %s\n", verify_code_text(r->findings[i].code), (unsigned long long)r->findings[i].entry,
                  r->findings[i].sentence);
  }
  verify_free(v);
  ledger_release(&l);
  return same;
}

/* ---- what needs two persons ---- */

#define REQUIRE(by, label, kinds, ...) ENTRY(by, label, "two-persons.require", kinds, __VA_ARGS__)
#define FOR_SECOND(label, act, ...) ENTRY(NODE, label, "act.hold", act, .how = HOLD, .rule = "two-persons", __VA_ARGS__)
/* Another administrator. */
#define SECOND_ADMIN GIVE(ADMIN, "southern-admin", "southern", "administrator")
#define KEEPERS "fact kind role.give:keeper\n"
#define AGENCIES "fact kind agency.add\nfact kind two-persons.require\n"
#define GIVE_KEEPER(by, label) GIVE(by, label, "worker", "keeper", .how = WITHHELD)
#define BACK_AGENCY(by, label) ENTRY(by, label, "agency.add", "fact type health\n", .how = WITHHELD)

static const struct story second_persons[] = {
    {"an invitation to what needs two persons, alone",
     {{"i", VERIFY_A_SECOND}, {"newcomer", VERIFY_A_AGENCY}},
     {REQUIRE(ADMIN, "s", KEEPERS), INVITE(ADMIN, "i", SOUTH, "keeper"), JOINS()}},
    {"an invitation to what needs two persons, confirmed",
     {{0}},
     {SECOND_ADMIN, REQUIRE(ADMIN, "s", KEEPERS), INVITE(ADMIN, "i", SOUTH, "keeper", .how = WITHHELD),
      FOR_SECOND("h", "i"), RELEASE(SOUTHERN, "yes", "h"), COMES("i"), JOINS(), GIVE(NODE, "r", "newcomer", "keeper")}},
    {"the node gives what the invitation does not",
     {{"r", VERIFY_A_SECOND}, {"r", VERIFY_A_ROLE}},
     {INVITE(ADMIN, "i", SOUTH, "officer"), REQUIRE(ADMIN, "s", KEEPERS), JOINS(),
      GIVE(NODE, "r", "newcomer", "keeper")}},
    {"confirmed by another administrator",
     {{0}},
     {SECOND_ADMIN, REQUIRE(ADMIN, "s", KEEPERS), GIVE_KEEPER(ADMIN, "r"), FOR_SECOND("h", "r"),
      RELEASE(SOUTHERN, "yes", "h"), COMES("r")}},
    {"not confirmed at all",
     {{"a", VERIFY_A_SECOND}},
     {REQUIRE(ADMIN, "s", AGENCIES), ENTRY(ADMIN, "a", "agency.add", "fact type health\n")}},
    {"the node alone",
     {{"a", VERIFY_A_SECOND}},
     {REQUIRE(ADMIN, "s", AGENCIES), ENTRY(NODE, "a", "agency.add", "fact type health\n")}},
    {"held and not released",
     {{"a", VERIFY_A_SECOND}},
     {REQUIRE(ADMIN, "s", AGENCIES), BACK_AGENCY(ADMIN, "a"), FOR_SECOND("h", "a"), COMES("a")}},
    {"held and rejected",
     {{"a", VERIFY_A_SECOND}},
     {SECOND_ADMIN, REQUIRE(ADMIN, "s", AGENCIES), BACK_AGENCY(ADMIN, "a"), FOR_SECOND("h", "a"),
      REJECT(SOUTHERN, "no", "h"), RELEASE(SOUTHERN, "yes", "h"), COMES("a")}},
    {"confirmed by the author",
     {{"yes", VERIFY_A_ROLE}, {"a", VERIFY_A_SECOND}},
     {REQUIRE(ADMIN, "s", AGENCIES), BACK_AGENCY(ADMIN, "a"), FOR_SECOND("h", "a"), RELEASE(ADMIN, "yes", "h"),
      COMES("a")}},
    {"confirmed by the author with another key",
     {{"yes", VERIFY_A_ROLE}, {"b", VERIFY_A_SECOND}},
     {GIVE(ADMIN, "worker-admin", "worker", "administrator"), SPARE_KEY(WORKER), CERT(SPARE, "spare"),
      REQUIRE(ADMIN, "s", AGENCIES), BACK_AGENCY(WORKER, "b"), FOR_SECOND("h", "b"), RELEASE(SPARE, "yes", "h"),
      COMES("b")}},
    {"confirmed by the author, and the node says that it was somebody else's",
     {{"a", VERIFY_A_SECOND}},
     {REQUIRE(ADMIN, "s", AGENCIES), BACK_AGENCY(ADMIN, "a"), FOR_SECOND("h", "a", .claimed = WORKER),
      RELEASE(ADMIN, "yes", "h"), COMES("a")}},
    {"confirmed by the keeper, who may not write it",
     {{"a", VERIFY_A_SECOND}},
     {REQUIRE(ADMIN, "s", AGENCIES), BACK_AGENCY(ADMIN, "a"), FOR_SECOND("h", "a"), RELEASE(KEEPER, "yes", "h"),
      COMES("a")}},
    {"confirmed by the node",
     {{"yes", VERIFY_A_ROLE}, {"a", VERIFY_A_SECOND}},
     {REQUIRE(ADMIN, "s", AGENCIES), BACK_AGENCY(ADMIN, "a"), FOR_SECOND("h", "a"), RELEASE(NODE, "yes", "h"),
      COMES("a")}},
    {"let through by the keeper as if it had been the author",
     {{"a", VERIFY_A_SECOND}},
     {REQUIRE(ADMIN, "s", AGENCIES), BACK_AGENCY(ADMIN, "a"), HELD("h", "a"), RELEASE(KEEPER, "yes", "h"), COMES("a")}},
    {"a second administrator lets a revoked author through, for whom the keeper decides",
     {{"a", VERIFY_A_REVOKED}},
     {SECOND_ADMIN, REQUIRE(ADMIN, "s", AGENCIES), BACK_AGENCY(ADMIN, "a"), REVOKE(NODE, "v", "person", "admin"),
      FOR_SECOND("h", "a"), RELEASE(SOUTHERN, "yes", "h"), COMES("a")}},
    {"the author is revoked while it waits",
     {{0}},
     {SECOND_ADMIN, REQUIRE(ADMIN, "s", AGENCIES), BACK_AGENCY(ADMIN, "a"), FOR_SECOND("h", "a"),
      REVOKE(NODE, "v", "person", "admin"), RELEASE(SOUTHERN, "yes", "h"), COMES("a")}},
    {"revoked before it arrives: the keeper, and then a second person",
     {{0}},
     {SECOND_ADMIN, REQUIRE(ADMIN, "s", AGENCIES), BACK_AGENCY(ADMIN, "a"), REVOKE(NODE, "v", "person", "admin"),
      HELD("k", "a"), RELEASE(KEEPER, "maybe", "k"), FOR_SECOND("h", "a"), RELEASE(SOUTHERN, "yes", "h"), COMES("a")}},
    {"other roles and other kinds need nobody",
     {{0}},
     {REQUIRE(ADMIN, "s", KEEPERS), GIVE(ADMIN, "r", "worker", "auditor"), ANOTHER_AGENCY(ADMIN)}},
    {"a role is taken as it is given",
     {{"t", VERIFY_A_SECOND}},
     {REQUIRE(ADMIN, "s", "fact kind role.take:keeper\n"), TAKE(OFFICER, "u", "worker-role"),
      TAKE(ADMIN, "t", "keeper-role")}},
    {"from the next act on",
     {{"b", VERIFY_A_SECOND}},
     {REQUIRE(ADMIN, "s", AGENCIES, .how = MORE), ENTRY(ADMIN, "a", "agency.add", "fact type health\n"),
      ENTRY(ADMIN, "b", "agency.add", "fact type health\n")}},
    {"the setting is changed by one",
     {{"t", VERIFY_A_SECOND}, {"a", VERIFY_A_SECOND}},
     {REQUIRE(ADMIN, "s", AGENCIES), REQUIRE(ADMIN, "t", ""), ENTRY(ADMIN, "a", "agency.add", "fact type health\n")}},
    {"the setting is replaced",
     {{0}},
     {REQUIRE(ADMIN, "s", "fact kind agency.add\n"), REQUIRE(ADMIN, "t", ""),
      ENTRY(ADMIN, "a", "agency.add", "fact type health\n")}},
    {"the setting is an administrator's",
     {{"s", VERIFY_A_AGENCY}},
     {REQUIRE(WORKER, "s", AGENCIES), ENTRY(ADMIN, "a", "agency.add", "fact type health\n")}},
};

/* ---- who is kept out of whose case ---- */

#define CHILD(label) ENTRY(OFFICER, label, "child.add", "")
#define ABOUT(by, label, child, ...) ENTRY(by, label, "view.record", "child $" child "\n", __VA_ARGS__)
#define BAR(by, label, child, person, ...)                                                                             \
  ENTRY(by, label, "staff.bar", "child $" child "\nref person $" person "\n", __VA_ARGS__)
#define UNBAR(by, label, child, bar) ENTRY(by, label, "staff.unbar", "child $" child "\nref bar $" bar "\n")

static const struct story barred[] = {
    {"a bar by everyone who may, and its end",
     {{0}},
     {CHILD("ava"), BAR(KEEPER, "b", "ava", "worker"), UNBAR(OFFICER, "u", "ava", "b"),
      BAR(OFFICER, "c", "ava", "worker"), UNBAR(KEEPER, "v", "ava", "c"), ABOUT(WORKER, "a", "ava"),
      BAR(WORKER, "d", "ava", "worker")}},
    {"who is kept out writes",
     {{"a", VERIFY_A_BARRED}},
     {CHILD("ava"), CHILD("ben"), ABOUT(WORKER, "z", "ava"), BAR(KEEPER, "b", "ava", "worker"),
      ABOUT(WORKER, "y", "ben"), ABOUT(OFFICER, "x", "ava"), ABOUT(WORKER, "a", "ava")}},
    {"and with a further key",
     {{"a", VERIFY_A_BARRED}},
     {CHILD("ava"), SPARE_KEY(WORKER), CERT(SPARE, "spare"), BAR(KEEPER, "b", "ava", "worker"),
      ABOUT(SPARE, "a", "ava")}},
    {"by the ledger as it stood before the act",
     {{"a", VERIFY_A_BARRED}},
     {CHILD("ava"), BAR(WORKER, "b", "ava", "worker", .how = MORE), ABOUT(WORKER, "z", "ava"),
      ABOUT(WORKER, "a", "ava")}},
    {"two bars, one of them ended",
     {{"a", VERIFY_A_BARRED}},
     {CHILD("ava"), BAR(KEEPER, "b", "ava", "worker"), BAR(KEEPER, "c", "ava", "worker"),
      UNBAR(KEEPER, "u", "ava", "b"), ABOUT(WORKER, "a", "ava"), UNBAR(KEEPER, "v", "ava", "c"),
      ABOUT(WORKER, "z", "ava")}},
    {"one of two bars, ended twice",
     {{"a", VERIFY_A_BARRED}},
     {CHILD("ava"), BAR(KEEPER, "b", "ava", "worker"), BAR(KEEPER, "c", "ava", "worker"),
      UNBAR(KEEPER, "u", "ava", "b"), UNBAR(KEEPER, "v", "ava", "b"), ABOUT(WORKER, "a", "ava")}},
    {"ended by oneself, who may otherwise end it",
     {{"u", VERIFY_A_BARRED}, {"a", VERIFY_A_BARRED}},
     {CHILD("ava"), BAR(KEEPER, "b", "ava", "officer"), UNBAR(OFFICER, "u", "ava", "b"), ABOUT(OFFICER, "a", "ava")}},
    {"set and ended by oneself in one act",
     {{"u", VERIFY_A_BARRED}, {"a", VERIFY_A_BARRED}},
     {CHILD("ava"), BAR(OFFICER, "b", "ava", "officer", .how = MORE), UNBAR(OFFICER, "u", "ava", "b"),
      ABOUT(OFFICER, "a", "ava")}},
    {"set by somebody who may not",
     {{"b", VERIFY_A_BARRED}},
     {CHILD("ava"), BAR(WORKER, "b", "ava", "officer"), ABOUT(OFFICER, "a", "ava")}},
    {"set by an officer of another agency",
     {{"b", VERIFY_A_BARRED}},
     {CHILD("ava"), BAR(SOUTHERN, "b", "ava", "worker"), ABOUT(WORKER, "a", "ava")}},
    {"set by the node",
     {{"b", VERIFY_A_BARRED}},
     {CHILD("ava"), BAR(NODE, "b", "ava", "worker"), ABOUT(WORKER, "a", "ava")}},
    {"a chair of social work, and of another agency",
     {{"c", VERIFY_A_BARRED}},
     {CHILD("ava"), GIVE(OFFICER, "r", "worker", "chair"), GIVE(SOUTHERN, "s", "southern", "lead-professional"),
      BAR(WORKER, "b", "ava", "officer"), BAR(SOUTHERN, "c", "ava", "officer")}},
    {"ended by somebody who may not",
     {{"u", VERIFY_A_BARRED}, {"a", VERIFY_A_BARRED}},
     {CHILD("ava"), BAR(KEEPER, "b", "ava", "worker"), UNBAR(SOUTHERN, "u", "ava", "b"), ABOUT(WORKER, "a", "ava")}},
};

static void tell_all(const struct story *stories, size_t count) {
  int wrong = 0;
  for (size_t i = 0; i < count; i++)
    wrong += !tell(&stories[i]);
  assert_int_equal(wrong, 0);
}

#define TEST(name, stories)                                                                                            \
  static void name(void **state) {                                                                                     \
    (void)state;                                                                                                       \
    tell_all(stories, sizeof stories / sizeof *stories);                                                               \
  }
TEST(test_what_is_permitted_holds, permitted)
TEST(test_only_officers_speak_for_an_agency, foreign)
TEST(test_the_node_enrols_who_was_invited, invitations)
TEST(test_roles_are_given_by_those_who_may, grants)
TEST(test_the_revoked_do_not_sign, revoked)
TEST(test_what_was_held_counts_if_let_through, held)
TEST(test_certificates_say_whose_a_key_is, certified)
TEST(test_what_needs_two_persons, second_persons)
TEST(test_who_is_kept_out, barred)

static int start(void **state) {
  (void)state;
  for (int i = 1; i < WHO_COUNT; i++)
    keys[i] = key_new();
  return cert_make_authority(keys[AUTHORITY], "test", FROM_S, UNTIL_S, &authority_cert) != OK;
}

static int stop(void **state) {
  (void)state;
  for (int i = 1; i < WHO_COUNT; i++)
    key_free(keys[i]);
  buf_release(&authority_cert);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_what_is_permitted_holds),
      cmocka_unit_test(test_only_officers_speak_for_an_agency),
      cmocka_unit_test(test_the_node_enrols_who_was_invited),
      cmocka_unit_test(test_roles_are_given_by_those_who_may),
      cmocka_unit_test(test_the_revoked_do_not_sign),
      cmocka_unit_test(test_what_was_held_counts_if_let_through),
      cmocka_unit_test(test_certificates_say_whose_a_key_is),
      cmocka_unit_test(test_what_needs_two_persons),
      cmocka_unit_test(test_who_is_kept_out),
  };
  return cmocka_run_group_tests(tests, start, stop);
}
