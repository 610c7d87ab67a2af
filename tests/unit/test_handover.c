/* The node's keys and authority change (core/FORMAT.md section 8, log.keys): replicas that were away follow, forged
 * handovers are refused whole, and the node's door takes none but its own. */
#include "tests/lib/handover.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/cert.h"
#include "core/note.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static struct world w;
static struct hash agency;
static struct world_member *ann, *ben;

static int open_world(void **state) {
  (void)state;
  if (world_again(&w))
    return 0;
  world_open(&w, 23);
  agency = world_agency(&w, "Social Work", "social-work");
  ann = world_join(&w, &agency, "Ann", "practitioner chair");
  ben = world_join(&w, &agency, "Ben", "practitioner chair");
  world_sync(&w, ann);
  world_keep(&w);
  return 0;
}

static int close_world(void **state) {
  (void)state;
  world_close(&w);
  return 0;
}

static struct hash record_child(struct world_member *m, const char *name) {
  return world_record(&w, m, WORLD_DRAFT("child.add", {"name", name}));
}

/* The verifier key and the authority that a replica goes by are the node's. */
static void assert_follows(struct world_member *m) {
  struct buf vkey = {0}, authority = {0}, wanted = {0};
  note_vkey_format(&wanted, "nl.example/register", w.ledger);
  assert_int_equal(store_meta(m->store, "vkey", &vkey), OK);
  assert_int_equal(store_meta(m->store, "authority", &authority), OK);
  assert_string_equal(buf_cstr(&vkey), buf_cstr(&wanted));
  assert_true(bytes_equal(buf_bytes(&authority), buf_bytes(&w.authority_cert)));
  buf_release(&vkey);
  buf_release(&authority);
  buf_release(&wanted);
}

static void assert_same_views(struct world_member *m) {
  struct hash node, here, again;
  assert_int_equal(store_views_digest(w.node.store, &node), OK);
  assert_int_equal(store_views_digest(m->store, &here), OK);
  assert_true(hash_equal(&node, &here));
  assert_int_equal(store_begin(m->store), OK);
  assert_int_equal(store_rebuild(m->store), OK);
  assert_int_equal(store_commit(m->store), OK);
  assert_int_equal(store_views_digest(m->store, &again), OK);
  assert_true(hash_equal(&again, &here));
}

static struct exchange_report sync_in_pages(struct world_member *m, unsigned *pages_out) {
  struct exchange_report report = {.has_more = true};
  for (*pages_out = 0; report.has_more; ++*pages_out) {
    report.has_more = false;
    world_must(world_exchange(&w, m, &report), "a page");
  }
  return report;
}

/* ---- following ---- */

static void test_offline_through_rotations(void **state) {
  (void)state;
  struct former before[4];
  unsigned pages;
  struct hash first = key_id(w.ledger), authority = hash_of(buf_bytes(&w.authority_cert));
  record_child(ann, "Ava");
  handover_turn(&w, TURN_LEDGER, &before[0]);
  record_child(ben, "Bob");
  world_sync(&w, ben);
  handover_turn(&w, TURN_OPERATING, &before[1]);
  uint64_t second = handover_turn(&w, TURN_LEDGER | TURN_AUTHORITY, &before[2]);
  world_agency(&w, "Health", "health");
  uint64_t third = handover_turn(&w, TURN_AUTHORITY, &before[3]);
  struct exchange_report report = sync_in_pages(ann, &pages);
  assert_int_equal(pages, 3);
  assert_int_equal(report.accepted, 1);
  assert_int_equal(store_outbox_count(ann->store, NULL), 0);
  assert_int_equal(report.ledger_key.number, second);
  assert_int_equal(report.authority.number, third);
  struct hash now = key_id(w.ledger), authority_now = hash_of(buf_bytes(&w.authority_cert));
  assert_true(hash_equal(&report.ledger_key.before, &first) && hash_equal(&report.ledger_key.now, &now));
  assert_true(hash_equal(&report.authority.before, &authority) && hash_equal(&report.authority.now, &authority_now));
  assert_follows(ann);
  record_child(ann, "Cat");
  world_sync(&w, ann);
  world_sync(&w, ben);
  report = sync_in_pages(ben, &pages);
  assert_int_equal(report.ledger_key.number, 0);
  assert_int_equal(pages, 1);
  assert_follows(ben);
  assert_same_views(ann);
  assert_same_views(ben);
  for (size_t i = 0; i < COUNT(before); i++)
    former_release(&before[i]);
}

/* About 75 kB. */
static void record_large(struct world_member *m) {
  char purpose[2001];
  struct draft drafts[30];
  struct draft_value values[COUNT(drafts)][5];
  struct hash id = record_child(m, "Large");
  struct hash_hex child = hash_hex(&id), person = hash_hex(&m->person);
  struct verdict v;
  memset(purpose, 'x', sizeof purpose - 1);
  purpose[sizeof purpose - 1] = '\0';
  for (size_t i = 0; i < COUNT(drafts); i++) {
    values[i][0] = (struct draft_value){"type", "initial"};
    values[i][1] = (struct draft_value){"on", "2026-12-01T10:00:00Z"};
    values[i][2] = (struct draft_value){"chair", person.s};
    values[i][3] = (struct draft_value){"child", child.s};
    values[i][4] = (struct draft_value){"purpose", purpose};
    drafts[i] = world_draft("meeting.convene", values[i], 5);
  }
  world_must(world_write(&w, m, drafts, COUNT(drafts), ACCEPT_WRITE, &v), "a large act");
}

/* The pages end where they are full, and where the ledger's key was handed over. */
static void test_pages(void **state) {
  (void)state;
  struct former before[2];
  unsigned pages;
  for (int i = 0; i < 80; i++)
    record_large(ben);
  world_sync(&w, ben);
  handover_turn(&w, TURN_LEDGER, &before[0]);
  for (int i = 0; i < 80; i++)
    record_large(ben);
  world_sync(&w, ben);
  handover_turn(&w, TURN_LEDGER | TURN_OPERATING | TURN_AUTHORITY, &before[1]);
  sync_in_pages(ann, &pages);
  if (pages < 4)
    fail_msg("only %u pages: this is not what the test is for", pages);
  assert_follows(ann);
  assert_same_views(ann);
  former_release(&before[0]);
  former_release(&before[1]);
}

/* Whoever joins later goes by the key in force from the start, and older handovers in the feed change nothing; whoever
 * joined before one, and has not synced since, follows. */
/* Where nothing behind the handover is for an agency, its machine still comes to the newest checkpoint at once. */
static void test_nothing_behind(void **state) {
  struct former before;
  struct hash health = world_agency(&w, "Health", "health"), root;
  struct world_member *cara = world_join(&w, &health, "Cara", "practitioner");
  struct buf note = {0};
  uint64_t size = 0;
  unsigned pages;
  (void)state;
  world_sync(&w, cara);
  handover_turn(&w, TURN_LEDGER, &before);
  record_child(ann, "Bo");
  world_sync(&w, ann);
  sync_in_pages(cara, &pages);
  assert_int_equal(pages, 2);
  assert_int_equal(store_checkpoint_newest(cara->store, &size, &root, &note), OK);
  assert_int_equal(size, store_size(w.node.store));
  assert_follows(cara);
  buf_release(&note);
  former_release(&before);
}

static void test_newcomers(void **state) {
  (void)state;
  struct former before[3];
  struct world_member *late;
  handover_turn(&w, TURN_LEDGER | TURN_AUTHORITY, &before[0]);
  handover_turn(&w, TURN_LEDGER | TURN_OPERATING, &before[1]);
  late = world_join(&w, &agency, "Cat", "practitioner");
  assert_follows(late);
  assert_same_views(late);
  record_child(late, "Dee");
  world_sync(&w, late);
  handover_turn(&w, TURN_LEDGER | TURN_AUTHORITY, &before[2]);
  world_sync(&w, late);
  assert_follows(late);
  world_sync(&w, ann);
  world_sync(&w, ben);
  assert_same_views(ann);
  assert_same_views(late);
  for (size_t i = 0; i < COUNT(before); i++)
    former_release(&before[i]);
}

/* All of the feed once more, for one that has followed: what keys of before signed is still theirs, and no key comes
 * back.
 */
static void test_delivered_again(void **state) {
  (void)state;
  struct former before[2];
  unsigned pages;
  handover_turn(&w, TURN_LEDGER | TURN_OPERATING | TURN_AUTHORITY, &before[0]);
  world_agency(&w, "Health", "health");
  handover_turn(&w, TURN_LEDGER | TURN_OPERATING | TURN_AUTHORITY, &before[1]);
  world_sync(&w, ann);
  assert_int_equal(store_begin(ann->store), OK);
  assert_int_equal(store_meta_set_number(ann->store, "have", 0), OK);
  assert_int_equal(store_commit(ann->store), OK);
  struct exchange_report report = sync_in_pages(ann, &pages);
  assert_int_equal(pages, 1);
  assert_int_equal(report.ledger_key.number, 0);
  assert_int_equal(report.authority.number, 0);
  assert_follows(ann);
  assert_same_views(ann);
  former_release(&before[0]);
  former_release(&before[1]);
}

/* The first checkpoint that covers a handover bears both keys' lines, the next one only the new key's. */
static void test_two_signatures(void **state) {
  (void)state;
  struct former before;
  struct note_vkey old_key, new_key;
  struct buf text = {0}, note = {0};
  struct bytes body;
  struct hash root;
  uint64_t size, number = handover_turn(&w, TURN_LEDGER, &before);
  note_vkey_format(&text, "nl.example/register", before.ledger);
  assert_int_equal(note_vkey_parse(buf_bytes(&text), &old_key), OK);
  buf_clear(&text);
  note_vkey_format(&text, "nl.example/register", w.ledger);
  assert_int_equal(note_vkey_parse(buf_bytes(&text), &new_key), OK);
  assert_int_equal(store_checkpoint_at(w.node.store, number, &note), OK);
  assert_int_equal(note_open(buf_bytes(&note), &old_key, &body), OK);
  assert_int_equal(note_open(buf_bytes(&note), &new_key, &body), OK);
  world_agency(&w, "Health", "health");
  buf_clear(&note);
  assert_int_equal(store_checkpoint_newest(w.node.store, &size, &root, &note), OK);
  assert_int_equal(note_open(buf_bytes(&note), &old_key, &body), ERR_SIGNATURE);
  assert_int_equal(note_open(buf_bytes(&note), &new_key, &body), OK);
  assert_int_equal(store_checkpoint_at(w.node.store, size + 1, &note), ERR_ABSENT);
  buf_release(&text);
  buf_release(&note);
  former_release(&before);
}

/* ---- what a replica refuses ---- */

static enum err take(struct world_member *m, struct bytes answer) {
  struct exchange_replica r = {m->store, m->replica_key};
  struct exchange_report report = {0};
  return exchange_take(&r, answer, &report);
}

static void test_forged(void **state) {
  (void)state;
  struct former before;
  struct key *fresh = key_new(), *other = key_new();
  struct hash other_id = key_id(other);
  struct buf another = {0};
  handover_turn(&w, TURN_LEDGER | TURN_OPERATING | TURN_AUTHORITY, &before);
  world_sync(&w, ann);
  struct buf person_cert = {0};
  struct hash ann_key = key_id(ann->key);
  assert_int_equal(directory_certificate(ann->store, &ann_key, &person_cert), OK);
  assert_int_equal(cert_make_authority(other, "Another", w.now_s, w.now_s + 86400, &another), OK);
  const struct {
    const char *what;
    struct forged_handover f;
    const struct key *signer; /* of the checkpoint; NULL: the ledger's key in force */
    enum err expected;
  } cases[] = {
      {"not endorsed", {.ledger = fresh}, NULL, ERR_SIGNATURE},
      {"endorsed by the new key itself", {.ledger = fresh, .endorser = fresh}, NULL, ERR_SIGNATURE},
      {"endorsed by the operating key", {.ledger = fresh, .endorser = w.operating}, NULL, ERR_SIGNATURE},
      {"endorsed by the ledger's key of before", {.ledger = fresh, .endorser = before.ledger}, NULL, ERR_SIGNATURE},
      {"another key is endorsed", {.ledger = fresh, .endorser = w.ledger, .endorsed = &other_id}, NULL, ERR_SIGNATURE},
      {"endorsed without need", {.operating = fresh, .endorser = w.ledger}, NULL, ERR_SIGNATURE},
      {"by the operating key of before",
       {.by = before.operating, .signer = before.operating, .operating = fresh},
       NULL,
       ERR_KEY},
      {"by the ledger's key",
       {.by = w.ledger, .signer = w.ledger, .ledger = fresh, .endorser = w.ledger},
       NULL,
       ERR_KEY},
      {"by a person", {.by = ben->key, .signer = ben->key, .operating = fresh}, NULL, ERR_KEY},
      {"signed by another", {.signer = other, .operating = fresh}, NULL, ERR_SIGNATURE},
      {"not alone in its act", {.operating = fresh, .has_companion = true}, NULL, ERR_FORM},
      {"it names nothing", {.content = "{}"}, NULL, ERR_FORM},
      {"with a content of another form", {.operating = fresh, .content = "{\"x\":1}"}, NULL, ERR_FORM},
      {"with a person's certificate as authority's", {.authority = buf_bytes(&person_cert)}, NULL, ERR_FORM},
      {"whole, under a checkpoint by the new key alone", {.ledger = fresh, .endorser = w.ledger}, fresh, ERR_SIGNATURE},
      {"whole, under a checkpoint by the key of before",
       {.ledger = fresh, .endorser = w.ledger},
       before.ledger,
       ERR_SIGNATURE},
      {"as it should be, all of it",
       {.ledger = fresh, .endorser = w.ledger, .operating = other, .authority = buf_bytes(&another)},
       NULL,
       OK},
  };
  struct hash stays = world_digest(ann->store);
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct forged forged = {0};
    handover_forge(&w, &cases[i].f, cases[i].signer ? cases[i].signer : w.ledger, NULL, &forged);
    enum err e = take(ann, buf_bytes(&forged.answer));
    if (e != cases[i].expected)
      fail_msg("%s: %s: %s", cases[i].what, err_text(e), err_words(e));
    struct hash now = world_digest(ann->store);
    if (hash_equal(&now, &stays) != (e != OK))
      fail_msg("%s: the replica is not as it should be", cases[i].what);
    forged_release(&forged);
  }
  key_free(fresh);
  key_free(other);
  buf_release(&another);
  buf_release(&person_cert);
  former_release(&before);
}

/* ---- what the node refuses ---- */

static enum err hand_over(const struct exchange_node *n, struct exchange_handover h, struct verdict *v) {
  enum err e = store_begin(n->store);
  if (e == OK)
    e = exchange_node_hand_over(n, &h, w.now_s, v);
  store_rollback(n->store);
  return e;
}

/* for a key of the node's. */
static void test_key_is_new(void **state) {
  (void)state;
  struct former before;
  struct verdict v;
  struct key *fresh = key_new();
  handover_turn(&w, TURN_LEDGER | TURN_OPERATING | TURN_AUTHORITY, &before);
  const struct {
    const char *what;
    struct exchange_handover h;
  } cases[] = {
      {"the ledger's key again", {.ledger = w.ledger}},
      {"the ledger's key of before", {.ledger = before.ledger}},
      {"the operating key of before", {.operating = before.operating}},
      {"the operating key as the ledger's", {.ledger = w.operating}},
      {"a person's key", {.operating = ann->key}},
      {"a machine's key", {.ledger = ann->replica_key}},
      {"one key for two things", {.ledger = fresh, .operating = fresh}},
      {"the authority again", {.authority = buf_bytes(&w.authority_cert)}},
      {"the authority of before", {.authority = buf_bytes(&before.authority_cert)}},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    enum err e = hand_over(&w.node, cases[i].h, &v);
    if (e != ERR_REFUSED || strstr(err_words(e), "A-007") == NULL)
      fail_msg("%s: %s: %s", cases[i].what, err_text(e), err_words(e));
  }
  assert_int_equal(hand_over(&w.node, (struct exchange_handover){.ledger = fresh}, &v), OK);
  struct buf key = {0}, seal = {0};
  struct hash_hex id = hash_hex(&agency);
  text_base64_encode(&key, key_spki(w.ledger));
  text_base64_encode(&seal, key_spki(fresh));
  struct draft d = WORLD_DRAFT("person.add", {"agency", id.s}, {"sign", buf_cstr(&key)}, {"seal", buf_cstr(&seal)},
                               {"name", "Nobody"});
  assert_int_equal(world_node_write(&w, &d, 1, &v), ERR_REFUSED);
  assert_non_null(strstr(err_words(ERR_REFUSED), "A-003"));
  buf_release(&key);
  buf_release(&seal);
  key_free(fresh);
  former_release(&before);
}

/* The keys of before do nothing any more at the node. */
static void test_former_keys(void **state) {
  (void)state;
  struct former before;
  struct verdict v;
  struct key *fresh = key_new();
  struct buf cert = {0}, base64 = {0};
  struct hash_hex person = hash_hex(&ann->person);
  handover_turn(&w, TURN_LEDGER | TURN_OPERATING | TURN_AUTHORITY, &before);
  struct exchange_node old = w.node;
  old.operating = before.operating;
  assert_int_equal(hand_over(&old, (struct exchange_handover){.operating = fresh}, &v), ERR_KEY);
  old = w.node;
  old.ledger = before.ledger;
  assert_int_equal(hand_over(&old, (struct exchange_handover){.ledger = fresh}, &v), ERR_SIGNATURE);
  assert_int_equal(cert_issue(before.authority, buf_bytes(&before.authority_cert), ann->key, CERT_PERSON, &ann->person,
                              NULL, w.now_s, w.now_s + 86400, &cert),
                   OK);
  text_base64_encode(&base64, buf_bytes(&cert));
  struct draft d = WORLD_DRAFT("cert.issue", {"subject", person.s}, {"cert", buf_cstr(&base64)});
  assert_int_equal(world_node_write(&w, &d, 1, &v), ERR_SIGNATURE);
  buf_clear(&cert);
  buf_clear(&base64);
  assert_int_equal(cert_issue(w.authority, buf_bytes(&w.authority_cert), ann->key, CERT_PERSON, &ann->person, NULL,
                              w.now_s, w.now_s + 86400, &cert),
                   OK);
  text_base64_encode(&base64, buf_bytes(&cert));
  d = WORLD_DRAFT("cert.issue", {"subject", person.s}, {"cert", buf_cstr(&base64)});
  assert_int_equal(world_node_write(&w, &d, 1, &v), OK);
  buf_release(&cert);
  buf_release(&base64);
  key_free(fresh);
  former_release(&before);
}

/* A log.keys that somebody records on a replica counts for nothing there, and the node refuses it. */
static void test_by_a_member(void **state) {
  (void)state;
  struct key *fresh = key_new();
  struct buf key = {0};
  struct verdict v;
  struct directory_log before = {0}, after = {0};
  struct exchange_report report = {0};
  text_base64_encode(&key, key_spki(fresh));
  struct draft d = WORLD_DRAFT("log.keys", {"operating", buf_cstr(&key)});
  assert_int_equal(directory_log(ann->store, &before), OK);
  assert_int_equal(world_write(&w, ann, &d, 1, ACCEPT_WRITE, &v), OK);
  assert_int_equal(v.code, VERDICT_REFUSED);
  assert_string_equal(v.rule, "permission");
  assert_int_equal(world_write(&w, ann, &d, 1, ACCEPT_WRITE_ANYWAY, &v), ERR_KEY);
  assert_int_equal(directory_log(ann->store, &after), OK);
  assert_true(hash_equal(&before.operating_id, &after.operating_id));
  record_child(ann, "Ava");
  assert_int_equal(world_exchange(&w, ann, &report), OK);
  assert_int_equal(report.accepted, 1);
  directory_log_release(&before);
  directory_log_release(&after);
  buf_release(&key);
  key_free(fresh);
}

/* Requests that name a key: never the ledger's, one whose handover was passed, one in force. */
static void test_named_keys(void **state) {
  (void)state;
  struct former before;
  world_sync(&w, ann);
  struct hash former = key_id(w.ledger), never = key_id(w.operating);
  handover_turn(&w, TURN_LEDGER, &before);
  struct hash in_force = key_id(w.ledger);
  uint64_t size = store_size(w.node.store), feed;
  struct feed_end end;
  assert_int_equal(feed_of_agency(w.node.store, &agency, &feed), OK);
  assert_int_equal(feed_end(w.node.store, feed, &end), OK);
  const struct {
    const char *what;
    const struct hash *key;
    uint64_t place, size;
    enum err expected;
  } cases[] = {
      {"in force", &in_force, 0, 0, OK},
      {"in force, all seen", &in_force, end.place, size, OK},
      {"of before", &former, end.place - 1, size - 1, OK},
      {"of before, nothing seen", &former, 0, 0, OK},
      {"of before, its checkpoint seen", &former, end.place - 1, size, OK},
      {"of before, and the handover was passed", &former, end.place, size, ERR_CHAIN},
      {"never", &never, 0, 0, ERR_CHAIN},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct buf request = {0}, answer = {0}, receipt = {0}, vouched = {0};
    struct msg_request m = {.size = cases[i].size, .key = *cases[i].key};
    struct msg_answer a = {0};
    assert_int_equal(store_meta_hash(ann->store, "ledger", &m.ledger), OK);
    assert_int_equal(feed_at(w.node.store, feed, cases[i].place, &m.have), OK);
    assert_int_equal(feed_receipt_sign(&(struct feed_receipt){m.ledger, m.have}, ann->replica_key, &receipt), OK);
    if (m.have.place > 0)
      m.receipt = buf_bytes(&receipt);
    if (m.size)
      world_vouch(&w, ann, &m, &vouched);
    msg_request_encode(&request, &m);
    enum err e = exchange_answer(&w.node, &ann->replica, buf_bytes(&request), w.now_s, &answer);
    buf_release(&vouched);
    if (e != cases[i].expected)
      fail_msg("%s: %s: %s", cases[i].what, err_text(e), err_words(e));
    if (e == OK && (msg_answer_decode(buf_bytes(&answer), &a) != OK || a.upto.place != end.place ||
                    !hash_equal(&a.upto.digest, &end.digest) || a.has_more))
      fail_msg("%s: the answer ends at %llu", cases[i].what, (unsigned long long)a.upto.place);
    msg_answer_release(&a);
    buf_release(&receipt);
    buf_release(&request);
    buf_release(&answer);
  }
  former_release(&before);
}

/* A machine that was enrolled under the authority of before joins under the one in force. */
static void test_enrolled_before(void **state) {
  (void)state;
  struct former before;
  struct store *s = NULL;
  struct join_token token = {.host = "127.0.0.1", .port = 8443};
  struct buf request = {0}, answer = {0}, issuer = {0}, cert = {0};
  char path[64];
  handover_turn(&w, TURN_AUTHORITY, &before);
  token.authority = hash_of(buf_bytes(&w.authority_cert));
  uint64_t size = store_size(w.node.store);
  const struct join_keys keys = {.person = ann->key, .seal = ann->seal_key, .replica = ann->replica_key};
  for (int times = 0; times < 2; times++) {
    buf_clear(&request);
    buf_clear(&answer);
    assert_int_equal(join_request(&token, &(struct join_who){0}, &keys, "laptop", &request), OK);
    assert_int_equal(join_answer(&w.node, buf_bytes(&request), w.now_s, &answer), OK);
    assert_int_equal(store_size(w.node.store), size + 2); /* certified anew once */
  }
  snprintf(path, sizeof path, "%s/again.db", w.folder);
  assert_int_equal(store_create(path, &s), OK);
  assert_int_equal(store_begin(s), OK);
  assert_int_equal(join_take(s, &token, &keys, buf_bytes(&answer)), OK);
  assert_int_equal(store_meta(s, "person-cert", &cert), OK);
  assert_int_equal(directory_issuer(w.node.store, buf_bytes(&cert), &issuer), OK);
  assert_true(bytes_equal(buf_bytes(&issuer), buf_bytes(&w.authority_cert)));
  store_close(s);
  buf_release(&request);
  buf_release(&answer);
  buf_release(&issuer);
  buf_release(&cert);
  former_release(&before);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_world, close_world)
  const struct CMUnitTest tests[] = {
      TEST(test_offline_through_rotations),
      TEST(test_pages),
      TEST(test_nothing_behind),
      TEST(test_newcomers),
      TEST(test_delivered_again),
      TEST(test_two_signatures),
      TEST(test_forged),
      TEST(test_key_is_new),
      TEST(test_former_keys),
      TEST(test_by_a_member),
      TEST(test_named_keys),
      TEST(test_enrolled_before),
  };
  return cmocka_run_group_tests_name("handover", tests, NULL, NULL);
}
