/* Joining (sync/PROTOCOL.md sections 6 and 7): the token, the invitation, and answers that a replica must refuse. */
#include "sync/join.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/cert.h"
#include "core/note.h"
#include "tests/lib/world.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define PRINT "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define SECRET "0f1e2d3c4b5a69788796a5b4c3d2e1f0"

/* ---- the token ---- */

static void test_token(void **state) {
  (void)state;
  static const struct {
    const char *text, *host;
    uint16_t port;
  } cases[] = {
      {"cairn:127.0.0.1:8443:" PRINT ":" SECRET, "127.0.0.1", 8443},
      {"cairn:node.example:1:" PRINT ":" SECRET, "node.example", 1},
      {"cairn:n:65535:" PRINT ":" SECRET, "n", 65535},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct join_token t;
    struct buf again = {0}, secret = {0};
    assert_int_equal(join_token_parse(cases[i].text, &t), OK);
    assert_string_equal(t.host, cases[i].host);
    assert_int_equal(t.port, cases[i].port);
    assert_string_equal(hash_hex(&t.authority).s, PRINT);
    text_hex_encode(&secret, bytes_of(t.secret, sizeof t.secret));
    assert_string_equal(buf_cstr(&secret), SECRET);
    join_token_format(&again, &t);
    assert_string_equal(buf_cstr(&again), cases[i].text);
    buf_release(&again);
    buf_release(&secret);
  }
}

static void test_bad_tokens(void **state) {
  (void)state;
  static const struct {
    const char *what, *text;
  } cases[] = {
      {"nothing", ""},
      {"another word", "cairm:h:1:" PRINT ":" SECRET},
      {"a capital", "Cairn:h:1:" PRINT ":" SECRET},
      {"a space before", " cairn:h:1:" PRINT ":" SECRET},
      {"a space behind", "cairn:h:1:" PRINT ":" SECRET " "},
      {"a line feed behind", "cairn:h:1:" PRINT ":" SECRET "\n"},
      {"no host", "cairn::1:" PRINT ":" SECRET},
      {"a host with a space", "cairn:a b:1:" PRINT ":" SECRET},
      {"a host with a line feed", "cairn:a\nb:1:" PRINT ":" SECRET},
      {"a host with a quote", "cairn:a\"b:1:" PRINT ":" SECRET},
      {"no port", "cairn:h::" PRINT ":" SECRET},
      {"port 0", "cairn:h:0:" PRINT ":" SECRET},
      {"port 65536", "cairn:h:65536:" PRINT ":" SECRET},
      {"a port with a zero before", "cairn:h:0443:" PRINT ":" SECRET},
      {"a port with a sign", "cairn:h:+443:" PRINT ":" SECRET},
      {"a port that wraps", "cairn:h:18446744073709551617:" PRINT ":" SECRET},
      {"a port that is no number", "cairn:h:https:" PRINT ":" SECRET},
      {"no fingerprint", "cairn:h:1::" SECRET},
      {"a fingerprint too short", "cairn:h:1:" SECRET ":" SECRET},
      {"a fingerprint too long", "cairn:h:1:" PRINT "0:" SECRET},
      {"a capital digit", "cairn:h:1:A0112233445566778899aabbccddeeff00112233445566778899aabbccddeeff:" SECRET},
      {"a digit that is none", "cairn:h:1:g0112233445566778899aabbccddeeff00112233445566778899aabbccddeeff:" SECRET},
      {"no secret", "cairn:h:1:" PRINT ":"},
      {"no colon before the secret", "cairn:h:1:" PRINT SECRET},
      {"a secret too short", "cairn:h:1:" PRINT ":0f1e2d3c4b5a69788796a5b4c3d2e1"},
      {"a secret too long", "cairn:h:1:" PRINT ":" SECRET "00"},
      {"a secret with a capital", "cairn:h:1:" PRINT ":0F1e2d3c4b5a69788796a5b4c3d2e1f0"},
      {"one field more", "cairn:h:1:" PRINT ":" SECRET ":x"},
      {"one field less", "cairn:h:" PRINT ":" SECRET},
  };
  struct join_token untouched = {.host = "untouched"}, t = untouched;
  for (size_t i = 0; i < COUNT(cases); i++) {
    if (join_token_parse(cases[i].text, &t) != ERR_USAGE)
      fail_msg("%s", cases[i].what);
    assert_string_not_equal(err_words(ERR_USAGE), "");
    assert_string_not_equal(err_remedy(), "");
    assert_memory_equal(&t, &untouched, sizeof t);
  }
}

/* Every prefix of a token, and a host at and beyond its longest. */
static void test_cut_tokens(void **state) {
  (void)state;
  static const char whole[] = "cairn:127.0.0.1:8443:" PRINT ":" SECRET;
  struct join_token t;
  for (size_t cut = 0; cut + 1 < sizeof whole; cut++) {
    char text[sizeof whole] = {0};
    memcpy(text, whole, cut);
    assert_int_equal(join_token_parse(text, &t), ERR_USAGE);
  }
  for (size_t len = 120; len < 300; len++) {
    char text[600], host[300] = {0};
    memset(host, 'h', len);
    snprintf(text, sizeof text, "cairn:%s:1:" PRINT ":" SECRET, host);
    if (join_token_parse(text, &t) == OK)
      assert_true(strlen(t.host) == len && len < sizeof t.host);
  }
}

/* ---- joining a world ---- */

static const struct join_who ann = {"Ann", "Social Work"};
static struct world w;
static struct hash agency;

/* One who is about to join. */
struct guest {
  struct key *person, *seal, *replica;
  struct join_token token;
  struct buf request, answer;
};

static int open_world(void **state) {
  (void)state;
  world_open(&w, 11);
  agency = world_agency(&w, "Social Work", "social-work");
  return 0;
}

static int close_world(void **state) {
  (void)state;
  world_close(&w);
  return 0;
}

static void make_request(const struct join_token *t, const struct join_who *who, const struct guest *g,
                         struct buf *out) {
  assert_int_equal(join_request(t, who, &(struct join_keys){g->person, g->seal, g->replica}, "laptop", out), OK);
}

static void invite(struct guest *g, const char *roles) {
  struct join_invite i = {
      .agency = agency, .person = "Ann", .post = "social worker", .roles = roles, .until_s = w.now_s + 3600};
  *g = (struct guest){.person = key_new(), .seal = key_new(), .replica = key_new()};
  g->token = (struct join_token){.host = "node", .port = 8443, .authority = hash_of(buf_bytes(&w.authority_cert))};
  assert_int_equal(store_begin(w.node.store), OK);
  assert_int_equal(join_invite(&w.node, &i, w.now_s, g->token.secret), OK);
  assert_int_equal(exchange_node_checkpoint(&w.node), OK);
  assert_int_equal(store_commit(w.node.store), OK);
  make_request(&g->token, &ann, g, &g->request);
}

static enum err ask(struct guest *g) {
  buf_clear(&g->answer);
  return join_answer(&w.node, buf_bytes(&g->request), w.now_s, &g->answer);
}

static void guest_release(struct guest *g) {
  key_free(g->person);
  key_free(g->seal);
  key_free(g->replica);
  buf_release(&g->request);
  buf_release(&g->answer);
}

static struct store *new_store(const char *name) {
  struct store *s = NULL;
  char path[64];
  snprintf(path, sizeof path, "%s/%s", w.folder, name);
  assert_int_equal(store_create(path, &s), OK);
  return s;
}

static enum err take(struct store *s, const struct guest *g, struct bytes answer) {
  assert_int_equal(store_begin(s), OK);
  enum err e = join_take(s, &g->token, &(struct join_keys){g->person, g->seal, g->replica}, answer);
  if (e == OK)
    return store_commit(s);
  store_rollback(s);
  return e;
}

struct node_state {
  uint64_t size;
  struct hash views;
};

static struct node_state node_state(void) {
  struct node_state n = {.size = store_size(w.node.store)};
  assert_int_equal(store_views_digest(w.node.store, &n.views), OK);
  return n;
}

static void assert_node(const struct node_state *before, const char *what) {
  struct node_state now = node_state();
  if (now.size != before->size || !hash_equal(&now.views, &before->views))
    fail_msg("%s: the node changed", what);
}

/* A used, an expired and an unknown invitation are refused in the same words, with the same remedy. */
static void test_no_invitation(void **state) {
  (void)state;
  struct guest used, other, expired, unknown;
  char words[3][512], remedies[3][512];
  invite(&used, "practitioner");
  assert_int_equal(ask(&used), OK);
  invite(&other, "practitioner"); /* keys of its own, and the secret that was used */
  buf_clear(&other.request);
  make_request(&used.token, &ann, &other, &other.request);
  invite(&expired, "practitioner");
  invite(&unknown, "practitioner");
  unknown.token.secret[0] ^= 1;
  buf_clear(&unknown.request);
  make_request(&unknown.token, &ann, &unknown, &unknown.request);
  struct guest *all[] = {&other, &unknown, &expired};
  for (size_t i = 0; i < COUNT(all); i++) {
    if (all[i] == &expired)
      w.now_s += 3601;
    struct node_state before = node_state();
    if (ask(all[i]) != ERR_ABSENT || all[i]->answer.len)
      fail_msg("case %zu: %s", i, err_words(ERR_ABSENT));
    snprintf(words[i], sizeof words[i], "%s", err_words(ERR_ABSENT));
    snprintf(remedies[i], sizeof remedies[i], "%s", err_remedy());
    assert_node(&before, "a refused request to join");
    assert_string_equal(words[i], words[0]);
    assert_string_equal(remedies[i], remedies[0]);
  }
  assert_int_equal(exchange_status(ERR_ABSENT), 410);
  struct node_state before = node_state();
  struct buf first = {0};
  w.now_s -= 3601;
  assert_int_equal(ask(&used), OK);
  buf_add(&first, buf_bytes(&used.answer));
  w.now_s += 100 * 3600; /* the same request gets the same bytes, however late */
  assert_int_equal(ask(&used), OK);
  assert_true(bytes_equal(buf_bytes(&first), buf_bytes(&used.answer)));
  assert_node(&before, "the same request to join again");
  buf_release(&first);
  guest_release(&used);
  guest_release(&other);
  guest_release(&expired);
  guest_release(&unknown);
}

/* ---- whom it is for ---- */

static enum err ask_whom(const struct guest *g, const struct join_who *who, struct buf *answer) {
  struct buf request = {0};
  join_ask(&g->token, who, &request);
  enum err e = join_answer(&w.node, buf_bytes(&request), w.now_s, answer);
  buf_release(&request);
  return e;
}

static void test_whom_it_is_for(void **state) {
  (void)state;
  static const struct {
    struct join_who who;
    enum err err;
  } cases[] = {
      {{NULL, NULL}, OK},
      {{"Ann", NULL}, OK},
      {{NULL, "Social Work"}, OK},
      {{"Ann", "Social Work"}, OK},
      {{"ann", NULL}, ERR_REFUSED},
      {{"Ann ", NULL}, ERR_REFUSED},
      {{NULL, "Police"}, ERR_REFUSED},
      {{"Eve", "Social Work"}, ERR_REFUSED},
  };
  struct guest g;
  struct buf told = {0};
  invite(&g, "practitioner chair");
  struct node_state before = node_state();
  w.node.told = &told;
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct buf answer = {0}, request = {0}, joined = {0};
    struct msg_invited m;
    buf_clear(&told);
    if (ask_whom(&g, &cases[i].who, &answer) != cases[i].err || (told.len > 0) != (cases[i].err != OK))
      fail_msg("case %zu", i);
    if (cases[i].err == OK) {
      assert_int_equal(msg_invited_decode(buf_bytes(&answer), &m), OK);
      assert_true(bytes_equal_str(m.name, "Ann") && bytes_equal_str(m.post, "social worker"));
      assert_true(bytes_equal_str(m.agency, "Social Work") && bytes_equal_str(m.roles, "chair, practitioner"));
    } else { /* nor may they join so, and the node is told whom not */
      make_request(&g.token, &cases[i].who, &g, &request);
      assert_int_equal(join_answer(&w.node, buf_bytes(&request), w.now_s, &joined), ERR_REFUSED);
      assert_int_equal(exchange_status(ERR_REFUSED), 409);
      assert_null(strstr(buf_cstr(&told), "Ann"));
    }
    buf_release(&answer);
    buf_release(&request);
    buf_release(&joined);
  }
  assert_node(&before, "asking");
  assert_int_equal(ask(&g), OK);
  w.node.told = NULL;
  buf_release(&told);
  guest_release(&g);
}

/* A stranger's guess is no news for the administrator, a token that was used or has expired is; no secret is told. */
static void test_what_is_told(void **state) {
  (void)state;
  struct guest used, late, unknown;
  struct buf told = {0}, secret = {0}, answer = {0};
  invite(&used, "practitioner");
  invite(&late, "practitioner");
  invite(&unknown, "practitioner");
  assert_int_equal(ask(&used), OK);
  unknown.token.secret[0] ^= 1;
  w.node.told = &told;
  assert_int_equal(ask_whom(&unknown, &(struct join_who){0}, &answer), ERR_ABSENT);
  assert_int_equal(told.len, 0);
  assert_int_equal(ask(&used), OK); /* the same machine once more */
  assert_int_equal(told.len, 0);
  assert_int_equal(ask_whom(&used, &(struct join_who){0}, &answer), ERR_ABSENT);
  assert_non_null(strstr(buf_cstr(&told), "used before"));
  buf_clear(&told);
  w.now_s += 3601;
  assert_int_equal(ask(&late), ERR_ABSENT);
  assert_non_null(strstr(buf_cstr(&told), "expired"));
  text_hex_encode(&secret, bytes_of(late.token.secret, sizeof late.token.secret));
  assert_null(strstr(buf_cstr(&told), buf_cstr(&secret)));
  assert_int_equal(answer.len, 0);
  w.node.told = NULL;
  buf_release(&told);
  buf_release(&secret);
  buf_release(&answer);
  guest_release(&used);
  guest_release(&late);
  guest_release(&unknown);
}

/* The answer is asked for again with some of the keys only. */
static void test_half_the_keys(void **state) {
  (void)state;
  struct guest g, other;
  struct buf request = {0}, answer = {0};
  invite(&g, "practitioner");
  invite(&other, "practitioner");
  assert_int_equal(ask(&g), OK);
  assert_int_equal(ask(&other), OK);
  struct node_state before = node_state();
  const struct guest half[] = {{.person = other.person, .seal = g.seal, .replica = g.replica},
                               {.person = g.person, .seal = other.seal, .replica = g.replica},
                               {.person = g.person, .seal = g.seal, .replica = other.replica}};
  for (size_t i = 0; i < COUNT(half); i++) {
    buf_clear(&request);
    make_request(&g.token, &ann, &half[i], &request);
    assert_int_equal(join_answer(&w.node, buf_bytes(&request), w.now_s, &answer), ERR_ABSENT);
  }
  /* With requests that were made anew for the same keys. */
  buf_clear(&request);
  make_request(&g.token, &ann, &g, &request);
  assert_int_equal(join_answer(&w.node, buf_bytes(&request), w.now_s, &answer), OK);
  assert_true(bytes_equal(buf_bytes(&answer), buf_bytes(&g.answer)));
  assert_node(&before, "the answer once more");
  buf_release(&request);
  buf_release(&answer);
  guest_release(&g);
  guest_release(&other);
}

/* The last second counts, the next one does not. */
static void test_expiry(void **state) {
  (void)state;
  struct guest last, late;
  invite(&last, "practitioner");
  invite(&late, "practitioner");
  w.now_s += 3600;
  assert_int_equal(ask(&last), OK);
  w.now_s++;
  assert_int_equal(ask(&late), ERR_ABSENT);
  guest_release(&last);
  guest_release(&late);
}

/* Requests that a node must refuse without using up the invitation. */
static void test_bad_requests(void **state) {
  (void)state;
  struct guest g, other;
  invite(&g, "practitioner");
  invite(&other, "practitioner");
  struct msg_join good, m;
  assert_int_equal(msg_join_decode(buf_bytes(&g.request), &good), OK);
  struct bytes cut = good.person_request;
  struct buf flipped = {0}, long_name = {0};
  cut.len--;
  buf_add(&flipped, good.replica_request);
  flipped.at[flipped.len - 1] ^= 1; /* in the request's own signature */
  memset(buf_extend(&long_name, 201), 'n', 201);
  const struct {
    const char *what;
    struct bytes person, seal, replica, machine;
  } cases[] = {
      {"a request that is cut", cut, good.seal_request, good.replica_request, good.machine},
      {"no request", bytes_of(NULL, 0), good.seal_request, good.replica_request, good.machine},
      {"no request for the key to seal to", good.person_request, bytes_of(NULL, 0), good.replica_request, good.machine},
      {"a key to seal to whose owner did not sign", good.person_request, buf_bytes(&flipped), good.replica_request,
       good.machine},
      {"one key to sign and to seal to", good.person_request, good.person_request, good.replica_request, good.machine},
      {"one key for the machine and to seal to", good.person_request, good.replica_request, good.replica_request,
       good.machine},
      {"a request that its key did not sign", good.person_request, good.seal_request, buf_bytes(&flipped),
       good.machine},
      {"a certificate in place of a request", buf_bytes(&w.authority_cert), good.seal_request, good.replica_request,
       good.machine},
      {"a machine's name that is too long", good.person_request, good.seal_request, good.replica_request,
       buf_bytes(&long_name)},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct buf request = {0}, answer = {0};
    struct node_state before = node_state();
    m = (struct msg_join){.secret = good.secret,
                          .person_request = cases[i].person,
                          .seal_request = cases[i].seal,
                          .replica_request = cases[i].replica,
                          .machine = cases[i].machine,
                          .name = good.name,
                          .agency = good.agency};
    msg_join_encode(&request, &m);
    enum err e = join_answer(&w.node, buf_bytes(&request), w.now_s, &answer);
    if (e == OK || answer.len || exchange_status(e) >= 500)
      fail_msg("%s: %s: %s", cases[i].what, err_text(e), err_words(e));
    assert_node(&before, cases[i].what);
    buf_release(&request);
    buf_release(&answer);
  }
  assert_int_equal(ask(&g), OK);
  buf_release(&flipped);
  buf_release(&long_name);
  guest_release(&g);
  guest_release(&other);
}

/* ---- answers ---- */

struct lie {
  struct msg_joined m;
  struct buf cert; /* what a lie makes */
};

static void issue_for(struct lie *l, const struct key *key, enum cert_use use, const struct hash *subject) {
  assert_int_equal(cert_issue(w.authority, buf_bytes(&w.authority_cert), key, use, subject, NULL, w.now_s - 60,
                              w.now_s + 3600, &l->cert),
                   OK);
}
static void lie_key(struct lie *l, const struct guest *g) {
  struct key *k = key_new();
  (void)g;
  issue_for(l, k, CERT_PERSON, &l->m.person);
  l->m.person_cert = buf_bytes(&l->cert);
  key_free(k);
}
static void lie_replica_key(struct lie *l, const struct guest *g) {
  struct key *k = key_new();
  (void)g;
  issue_for(l, k, CERT_REPLICA, &l->m.replica);
  l->m.replica_cert = buf_bytes(&l->cert);
  key_free(k);
}
static void lie_subject(struct lie *l, const struct guest *g) {
  struct hash other = hash_of(bytes_str("somebody else"));
  issue_for(l, g->person, CERT_PERSON, &other);
  l->m.person_cert = buf_bytes(&l->cert);
}
static void lie_replica_subject(struct lie *l, const struct guest *g) {
  issue_for(l, g->replica, CERT_REPLICA, &l->m.person);
  l->m.replica_cert = buf_bytes(&l->cert);
}
static void lie_person(struct lie *l, const struct guest *g) {
  (void)g;
  l->m.person.at[0] ^= 1;
}
static void lie_replica(struct lie *l, const struct guest *g) {
  (void)g;
  l->m.replica.at[0] ^= 1;
}
static void lie_use(struct lie *l, const struct guest *g) {
  issue_for(l, g->person, CERT_REPLICA, &l->m.person);
  l->m.person_cert = buf_bytes(&l->cert);
}
static void lie_certs_swapped(struct lie *l, const struct guest *g) {
  struct bytes person = l->m.person_cert;
  (void)g;
  l->m.person_cert = l->m.replica_cert;
  l->m.replica_cert = person;
}
static void lie_authority(struct lie *l, const struct guest *g) {
  struct key *k = key_new();
  (void)g;
  assert_int_equal(cert_make_authority(k, "Another", w.now_s - 60, w.now_s + 3600, &l->cert), OK);
  l->m.authority = buf_bytes(&l->cert);
  key_free(k);
}
static void lie_issuer(struct lie *l, const struct guest *g) {
  struct key *k = key_new();
  struct buf authority = {0};
  assert_int_equal(cert_make_authority(k, "North Lanarkshire Council", w.now_s - 60, w.now_s + 3600, &authority), OK);
  assert_int_equal(cert_issue(k, buf_bytes(&authority), g->person, CERT_PERSON, &l->m.person, NULL, w.now_s - 60,
                              w.now_s + 3600, &l->cert),
                   OK);
  l->m.person_cert = buf_bytes(&l->cert);
  buf_release(&authority);
  key_free(k);
}
static void lie_vkey(struct lie *l, const struct guest *g) {
  (void)g;
  l->m.vkey.len--;
}
static void lie_no_vkey(struct lie *l, const struct guest *g) {
  (void)g;
  l->m.vkey.len = 0;
}
static void lie_no_cert(struct lie *l, const struct guest *g) {
  (void)g;
  l->m.person_cert.len = 0;
}
static void lie_no_ledger(struct lie *l, const struct guest *g) {
  (void)g;
  l->m.ledger = (struct hash){{0}};
}

static void test_lies(void **state) {
  (void)state;
  static const struct {
    const char *what;
    void (*lie)(struct lie *l, const struct guest *g);
  } cases[] = {
      {"a certificate for another key", lie_key},
      {"a certificate for another machine's key", lie_replica_key},
      {"a certificate with another subject", lie_subject},
      {"a machine's certificate with another subject", lie_replica_subject},
      {"another person", lie_person},
      {"another machine", lie_replica},
      {"a certificate for another use", lie_use},
      {"the certificates swapped", lie_certs_swapped},
      {"another authority", lie_authority},
      {"an issuer of the same name", lie_issuer},
      {"a verifier key that is cut", lie_vkey},
      {"no verifier key", lie_no_vkey},
      {"no certificate", lie_no_cert},
      {"no ledger", lie_no_ledger},
  };
  struct guest g;
  struct buf nothing = {0};
  struct store *s = new_store("guest.db");
  invite(&g, "practitioner");
  assert_int_equal(ask(&g), OK);
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct lie l = {0};
    struct buf answer = {0};
    assert_int_equal(msg_joined_decode(buf_bytes(&g.answer), &l.m), OK);
    cases[i].lie(&l, &g);
    msg_joined_encode(&answer, &l.m);
    if (take(s, &g, buf_bytes(&answer)) == OK)
      fail_msg("%s: taken", cases[i].what);
    if (store_meta(s, "ledger", &nothing) != ERR_ABSENT || store_meta(s, "person-cert", &nothing) != ERR_ABSENT)
      fail_msg("%s: something was stored", cases[i].what);
    buf_release(&l.cert);
    buf_release(&answer);
  }
  g.token.authority.at[0] ^= 1; /* the token of another node */
  assert_int_equal(take(s, &g, buf_bytes(&g.answer)), ERR_KEY);
  g.token.authority.at[0] ^= 1;
  assert_int_equal(take(s, &g, buf_bytes(&g.answer)), OK);
  store_close(s);
  buf_release(&nothing);
  guest_release(&g);
}

/* An answer with a bit changed anywhere is refused, but for what the first sync alone can tell: the ledger's id, and
 * the name that its checkpoints must have. */
static void test_flips(void **state) {
  (void)state;
  struct guest g;
  struct msg_joined m;
  struct store *s = new_store("guest.db");
  invite(&g, "practitioner");
  assert_int_equal(ask(&g), OK);
  assert_int_equal(msg_joined_decode(buf_bytes(&g.answer), &m), OK);
  size_t ledger = sizeof "cairn joined 1\n" - 1, name = (size_t)(m.vkey.at - g.answer.at);
  size_t name_len = (size_t)((const uint8_t *)memchr(m.vkey.at, '+', m.vkey.len) - m.vkey.at);
  for (size_t i = 0; i < g.answer.len; i++) {
    bool is_pinned_later = (i >= ledger && i < ledger + HASH_SIZE) || (i >= name && i < name + name_len);
    g.answer.at[i] ^= (uint8_t)(1 << i % 8);
    enum err e = take(s, &g, buf_bytes(&g.answer));
    g.answer.at[i] ^= (uint8_t)(1 << i % 8);
    if (e == OK && !is_pinned_later)
      fail_msg("byte %zu was taken", i);
  }
  store_close(s);
  guest_release(&g);
}

/* What joining cannot tell, the first sync does: nothing of the ledger is stored. */
static void test_pinned_later(void **state) {
  (void)state;
  for (int field = 0; field < 2; field++) {
    struct guest g;
    struct msg_joined m;
    struct buf vkey = {0}, answer = {0};
    char name[32];
    snprintf(name, sizeof name, "guest-%d.db", field);
    struct store *s = new_store(name);
    invite(&g, "practitioner");
    assert_int_equal(ask(&g), OK);
    assert_int_equal(msg_joined_decode(buf_bytes(&g.answer), &m), OK);
    if (field == 0)
      m.ledger.at[0] ^= 1;
    note_vkey_format(&vkey, "nl.example/other", w.ledger);
    if (field == 1)
      m.vkey = buf_bytes(&vkey);
    msg_joined_encode(&answer, &m);
    assert_int_equal(take(s, &g, buf_bytes(&answer)), OK);
    struct world_member member = {.replica = key_id(g.replica), .replica_key = g.replica, .store = s};
    if (world_exchange(&w, &member, NULL) == OK)
      fail_msg("field %d", field);
    assert_int_equal(store_size(s), 0);
    store_close(s);
    buf_release(&vkey);
    buf_release(&answer);
    guest_release(&g);
  }
}

/* What the ledger says of the joiner must be what they were told, or the first sync is refused whole. */
struct seen {
  struct guest *g;
  struct store *s;
  struct msg_joined *m;
  struct buf *cert;
};
static void see_all(struct seen *x) {
  (void)x;
}
static void see_another_person(struct seen *x) {
  x->m->person = w.members[0].person;
  assert_int_equal(cert_issue(w.authority, buf_bytes(&w.authority_cert), x->g->person, CERT_PERSON, &x->m->person, NULL,
                              w.now_s - 60, w.now_s + 3600, x->cert),
                   OK);
  x->m->person_cert = buf_bytes(x->cert);
}
static void see_another_machine(struct seen *x) {
  x->m->replica = w.members[0].machine;
  assert_int_equal(cert_issue(w.authority, buf_bytes(&w.authority_cert), x->g->replica, CERT_REPLICA, &x->m->replica,
                              NULL, w.now_s - 60, w.now_s + 3600, x->cert),
                   OK);
  x->m->replica_cert = buf_bytes(x->cert);
}
static void see_nobody(struct seen *x) {
  x->m->person = hash_of(bytes_str("nobody"));
  assert_int_equal(cert_issue(w.authority, buf_bytes(&w.authority_cert), x->g->person, CERT_PERSON, &x->m->person, NULL,
                              w.now_s - 60, w.now_s + 3600, x->cert),
                   OK);
  x->m->person_cert = buf_bytes(x->cert);
}
static void see_another_invitation(struct seen *x) {
  x->g->token.secret[0] ^= 1;
}
static void see_an_officer(struct seen *x) {
  memset(x->g->token.secret, 0, sizeof x->g->token.secret);
}

static void test_first_sync(void **state) {
  (void)state;
  static const struct {
    const char *what;
    void (*see)(struct seen *x);
    struct join_who who;
    const char *words;
  } cases[] = {
      {"all is as it was told", see_all, {"Ann", "Social Work"}, NULL},
      {"nothing was told", see_all, {NULL, NULL}, NULL},
      {"another person's entry", see_another_person, {"Ann", "Social Work"}, "another key than yours"},
      {"another machine's entry", see_another_machine, {"Ann", "Social Work"}, "another key than its own"},
      {"no entry at all", see_nobody, {"Ann", "Social Work"}, "is not in it"},
      {"another invitation", see_another_invitation, {"Ann", "Social Work"}, "another invitation"},
      {"enrolled by the node, not an officer", see_an_officer, {"Ann", "Social Work"}, "not enrolled by an officer"},
      {"another name", see_all, {"Eve", "Social Work"}, "another name"},
      {"another agency", see_all, {"Ann", "Police"}, "another agency"},
  };
  world_join(&w, &agency, "Ben", "practitioner");
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct guest g;
    struct msg_joined m;
    struct buf answer = {0}, cert = {0};
    char name[32];
    snprintf(name, sizeof name, "first-%zu.db", i);
    struct store *s = new_store(name);
    invite(&g, "practitioner");
    assert_int_equal(ask(&g), OK);
    assert_int_equal(msg_joined_decode(buf_bytes(&g.answer), &m), OK);
    cases[i].see(&(struct seen){&g, s, &m, &cert});
    msg_joined_encode(&answer, &m);
    assert_int_equal(take(s, &g, buf_bytes(&answer)), OK);
    assert_int_equal(join_expect(s, &cases[i].who), OK);
    struct world_member member = {.replica = key_id(g.replica), .replica_key = g.replica, .store = s};
    store_read_as(s, &(struct scope_recipient){member.replica});
    enum err e = world_exchange(&w, &member, NULL);
    if (e != (cases[i].words ? ERR_KEY : OK) || (cases[i].words && strstr(err_words(e), cases[i].words) == NULL))
      fail_msg("%s: %s: %s", cases[i].what, err_text(e), err_words(e));
    if ((store_size(s) == 0) != (cases[i].words != NULL))
      fail_msg("%s: %zu entries", cases[i].what, (size_t)store_size(s));
    if (cases[i].words == NULL) /* once */
      assert_int_equal(store_meta_number(s, "unchecked"), 0);
    store_close(s);
    buf_release(&answer);
    buf_release(&cert);
    guest_release(&g);
  }
}

/* ---- afterwards ---- */

static enum err add_role(void *of, const struct record *r) {
  struct bytes role = entry_fact(&r->entry, "role");
  buf_addf(of, "%.*s ", (int)role.len, (const char *)role.at);
  return OK;
}

#define EIGHT_ROLES                                                                                                    \
  "practitioner chair minute-taker:2025-03-01 lead-professional officer designated-lead keeper business-support"

static void test_roles(void **state) {
  (void)state;
  static const char *const cases[] = {
      "practitioner",
      "practitioner chair",
      EIGHT_ROLES,
      (EIGHT_ROLES " administrator auditor"),
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct guest g;
    struct buf given = {0};
    struct author a;
    struct store_filter roles = {.kind = "role.give"};
    uint64_t before = store_size(w.node.store);
    invite(&g, cases[i]);
    assert_int_equal(ask(&g), OK);
    struct hash id = key_id(g.person);
    assert_int_equal(directory_author(w.node.store, &id, w.now_s, &a), OK);
    size_t count = 1, held = 0;
    for (const char *c = cases[i]; *c; c++)
      count += *c == ' ';
    for (unsigned r = 0; r < ROLE_COUNT; r++)
      held += a.roles >> r & 1;
    if (held != count)
      fail_msg("\"%s\": %zu of %zu roles", cases[i], held, count);
    assert_int_equal(store_each(w.node.store, &roles, &given, add_role), OK);
    assert_int_equal(store_size(w.node.store), before + 5 + count);
    buf_release(&given);
    guest_release(&g);
  }
}

static void test_too_many_roles(void **state) {
  (void)state;
  uint8_t secret[MSG_SECRET_SIZE];
  struct join_invite i = {.agency = agency,
                          .person = "Ann",
                          .roles = "chair chair chair chair chair chair chair chair chair chair chair chair",
                          .until_s = w.now_s};
  assert_int_equal(store_begin(w.node.store), OK);
  assert_int_equal(join_invite(&w.node, &i, w.now_s, secret), ERR_LIMIT);
  store_rollback(w.node.store);
}

/* What the store knows about itself after joining; one sync; and the person can write, which everyone receives. */
static void test_write_after_one_sync(void **state) {
  (void)state;
  struct guest g;
  struct verdict v;
  struct exchange_report report = {0};
  struct hash h;
  invite(&g, "practitioner");
  assert_int_equal(ask(&g), OK);
  struct world_member m = {.key = g.person, .replica_key = g.replica, .store = new_store("guest.db")};
  m.replica = key_id(g.replica);
  store_read_as(m.store, &(struct scope_recipient){.replica = m.replica});
  assert_int_equal(take(m.store, &g, buf_bytes(&g.answer)), OK);
  assert_int_equal(store_meta_hash(m.store, "replica-key", &h), OK);
  assert_true(hash_equal(&h, &m.replica));
  assert_int_equal(store_meta_number(m.store, "port"), 8443);
  struct draft child = WORLD_DRAFT("child.add", {"name", "Ava"});
  assert_int_equal(world_write(&w, &m, &child, 1, ACCEPT_WRITE, &v), ERR_KEY); /* nothing is known yet */
  assert_int_equal(world_exchange(&w, &m, &report), OK);
  assert_false(report.has_more);
  assert_int_equal(report.received, store_size(w.node.store));
  assert_int_equal(world_write(&w, &m, &child, 1, ACCEPT_WRITE, &v), OK);
  assert_int_equal(v.code, VERDICT_ACCEPTED);
  report = (struct exchange_report){0};
  assert_int_equal(world_exchange(&w, &m, &report), OK);
  assert_int_equal(report.accepted, 1);
  struct world_member *other = world_join(&w, &agency, "Ben", "practitioner");
  assert_int_equal(store_size(other->store), store_size(w.node.store));
  store_close(m.store);
  guest_release(&g);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_world, close_world)
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_token),
      cmocka_unit_test(test_bad_tokens),
      cmocka_unit_test(test_cut_tokens),
      TEST(test_no_invitation),
      TEST(test_expiry),
      TEST(test_whom_it_is_for),
      TEST(test_what_is_told),
      TEST(test_half_the_keys),
      TEST(test_bad_requests),
      TEST(test_lies),
      TEST(test_flips),
      TEST(test_pinned_later),
      TEST(test_first_sync),
      TEST(test_roles),
      TEST(test_too_many_roles),
      TEST(test_write_after_one_sync),
  };
  return cmocka_run_group_tests_name("join", tests, NULL, NULL);
}
