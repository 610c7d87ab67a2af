/* The messages of sync/PROTOCOL.md as they were fixed in tests/formats: this version reads each, and finds in it what
 * was put there. With the words `make FOLDER` it writes them instead, the same bytes each time (tests/formats/make.sh).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/note.h"
#include "sync/recover.h"
#include "tests/lib/world.h"

#define FOLDER "tests/formats"
#define DOCUMENT_SIZE (PARTS_PART_SIZE + 100)
#define MESSAGE_MAX ((size_t)1 << 20)

/* ---- making them ---- */

static struct world w;
static const char *folder;

static void save(const char *name, struct bytes message) {
  char path[256];
  snprintf(path, sizeof path, "%s/%s.msg", folder, name);
  FILE *f = fopen(path, "wb");
  if (f == NULL || fwrite(message.at, 1, message.len, f) != message.len || fclose(f) != 0)
    world_must(ERR_IO, path);
}

static void save_join(const struct hash *agency) {
  struct join_invite invite = {*agency, "Dot Weir", "Health visitor", "practitioner", w.now_s + 3600};
  struct join_token token = {.host = "127.0.0.1", .port = 8443, .authority = hash_of(buf_bytes(&w.authority_cert))};
  struct join_keys keys = {key_new(), key_new(), key_new()};
  struct join_who who = {"Dot Weir", "Health"};
  struct buf messages[4] = {{0}};
  world_must(store_begin(w.node.store), "an invitation");
  world_must(join_invite(&w.node, &invite, w.now_s, token.secret), "an invitation");
  world_must(exchange_node_checkpoint(&w.node), "an invitation");
  world_must(store_commit(w.node.store), "an invitation");
  join_ask(&token, &who, &messages[0]);
  world_must(join_answer(&w.node, buf_bytes(&messages[0]), w.now_s, &messages[1]), "whom it is for");
  world_must(join_request(&token, &who, &keys, "a laptop", &messages[2]), "a request to join");
  world_must(join_answer(&w.node, buf_bytes(&messages[2]), w.now_s, &messages[3]), "joining");
  const char *const names[] = {"invitation", "invited", "join", "joined"};
  for (size_t i = 0; i < 4; i++) {
    save(names[i], buf_bytes(&messages[i]));
    buf_release(&messages[i]);
  }
  key_free((struct key *)keys.person);
  key_free((struct key *)keys.seal);
  key_free((struct key *)keys.replica);
}

/* An act with a document that travels in parts, and one of a name. */
static void record(struct world_member *m, const struct hash *child) {
  struct hash_hex c = hash_hex(child);
  const struct draft_value about[] = {{"child", c.s}, {"title", "Chronology"}, {"type", "chronology"}},
                           of[] = {{"child", c.s}, {"document", "@1"}};
  struct draft drafts[] = {world_draft("document.add", about, 3), world_draft("document.file", of, 2)};
  struct buf file = {0};
  struct verdict v;
  memset(buf_extend(&file, DOCUMENT_SIZE), 7, DOCUMENT_SIZE);
  drafts[1].file = buf_bytes(&file);
  drafts[1].media = "application/pdf";
  world_must(world_write(&w, m, drafts, 2, ACCEPT_WRITE, &v), "a document");
  buf_release(&file);
}

static void save_parts(struct world_member *m) {
  struct carry_round round;
  struct buf request = {0}, answer = {0};
  world_must(carry_begin(&round, m->store, w.now_s), "a round");
  world_must(carry_next(&round, m->store, &request), "an offer");
  world_must(carry_serve(&w.node, &m->replica, buf_bytes(&request), w.now_s, &answer), "its answer");
  save("part", buf_bytes(&request));
  save("parts", buf_bytes(&answer));
  buf_release(&request);
  buf_release(&answer);
}

static void save_sync(struct world_member *m) {
  struct exchange_replica r = {m->store, m->replica_key, w.now_s, 0};
  struct buf request = {0}, answer = {.max = MSG_ANSWER_MAX};
  bool lacks;
  size_t sent;
  world_must(world_carry(&w, m, &lacks), "carrying");
  world_must(exchange_request(&r, &request, &sent), "a request");
  world_must(exchange_answer(&w.node, &m->replica, buf_bytes(&request), w.now_s, &answer), "an answer");
  save("sync", buf_bytes(&request));
  save("answer", buf_bytes(&answer));
  buf_release(&request);
  buf_release(&answer);
}

/* What a machine says to a node that has lost everything, and hears. */
static void save_recovery(struct world_member *m) {
  struct recover_round round = {0};
  struct buf shown = {0}, heard = {0}, offered = {0};
  world_must(recover_next(&round, m->store, &shown), "showing");
  recover_answer_encode(&heard, &(struct recover_answer){.is_on = true, .next = 1});
  world_must(recover_take(&round, m->store, buf_bytes(&heard)), "the node's word");
  world_must(recover_next(&round, m->store, &offered), "offering");
  save("show", buf_bytes(&shown));
  save("recovering", buf_bytes(&heard));
  save("offer", buf_bytes(&offered));
  buf_release(&shown);
  buf_release(&heard);
  buf_release(&offered);
  recover_round_release(&round);
}

static int make(const char *to) {
  folder = to;
  world_open(&w, 8);
  struct hash social_work = world_agency(&w, "Social Work", "social-work"),
              health = world_agency(&w, "Health", "health");
  struct world_member *ann = world_join(&w, &social_work, "Ann", "practitioner officer"),
                      *ben = world_join(&w, &social_work, "Ben", "practitioner");
  save_join(&health);
  struct hash child = world_record(&w, ann, WORLD_DRAFT("child.add", {"name", "Ava Lennox"}, {"born", "2017-05-02"}));
  world_sync(&w, ann);
  world_sync(&w, ben);
  record(ann, &child);
  world_record(&w, ann, WORLD_DRAFT("child.add", {"name", "Ben Muir"}));
  struct hash_hex c = hash_hex(&child);
  world_record(&w, ben,
               WORLD_DRAFT("family.add", {"child", c.s}, {"relation", "mother"}, {"responsibilities", "yes"},
                           {"name", "Jean Lennox"}));
  world_sync(&w, ben);
  save_parts(ann);
  save_sync(ann);
  save_recovery(ben);
  world_close(&w);
  return 0;
}

/* ---- reading them ---- */

static struct buf message; /* the one that is looked at */

static void open_message(const char *name) {
  char path[256];
  uint8_t chunk[4096];
  size_t n;
  snprintf(path, sizeof path, FOLDER "/%s.msg", name);
  FILE *f = fopen(path, "rb");
  if (f == NULL)
    fail_msg("%s is not there; it is never taken away", path);
  buf_init(&message, MESSAGE_MAX);
  while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
    buf_add(&message, bytes_of(chunk, n));
  fclose(f);
}

/* The decoder must have read it; and what was read, written again, is the same. */
static void assert_same(struct buf *again) {
  assert_true(bytes_equal(buf_bytes(again), buf_bytes(&message)));
  buf_release(again);
  buf_release(&message);
}

static void assert_text(struct bytes b, const char *wanted) {
  if (!bytes_equal_str(b, wanted))
    fail_msg("\"%.*s\" instead of \"%s\"", (int)b.len, (const char *)b.at, wanted);
}

static bool says(const struct act_entry *e, const char *kind, const char *word) {
  struct entry header;
  return entry_decode(e->header, &header) == OK && bytes_equal_str(header.kind, kind) &&
         (word == NULL || memmem(e->content.at, e->content.len, word, strlen(word)));
}

static void an_invitation(void **state) {
  (void)state;
  struct msg_ask m;
  struct buf again = {0};
  open_message("invitation");
  assert_int_equal(msg_ask_decode(buf_bytes(&message), &m), OK);
  assert_int_equal(m.secret.len, MSG_SECRET_SIZE);
  assert_text(m.name, "Dot Weir");
  assert_text(m.agency, "Health");
  msg_ask_encode(&again, &m);
  assert_same(&again);
}

static void what_it_is_for(void **state) {
  (void)state;
  struct msg_invited m;
  struct buf again = {0};
  open_message("invited");
  assert_int_equal(msg_invited_decode(buf_bytes(&message), &m), OK);
  assert_text(m.name, "Dot Weir");
  assert_text(m.post, "Health visitor");
  assert_text(m.agency, "Health");
  assert_text(m.roles, "practitioner");
  msg_invited_encode(&again, &m);
  assert_same(&again);
}

static void joining(void **state) {
  (void)state;
  struct msg_join m;
  struct buf again = {0};
  open_message("join");
  assert_int_equal(msg_join_decode(buf_bytes(&message), &m), OK);
  const struct bytes requests[] = {m.person_request, m.seal_request, m.replica_request};
  for (size_t i = 0; i < 3; i++) {
    struct key *key = NULL;
    assert_int_equal(cert_check_request(requests[i], &key), OK);
    key_free(key);
  }
  assert_text(m.machine, "a laptop");
  assert_text(m.name, "Dot Weir");
  msg_join_encode(&again, &m);
  assert_same(&again);
}

static void joined(void **state) {
  (void)state;
  struct msg_joined m;
  struct cert_facts person, machine;
  struct note_vkey vkey;
  struct buf again = {0};
  open_message("joined");
  assert_int_equal(msg_joined_decode(buf_bytes(&message), &m), OK);
  assert_int_equal(note_vkey_parse(m.vkey, &vkey), OK);
  assert_int_equal(cert_check_authority(m.authority), OK);
  assert_int_equal(cert_check(m.authority, m.person_cert, CERT_PERSON, &person), OK);
  assert_int_equal(cert_check(m.authority, m.replica_cert, CERT_REPLICA, &machine), OK);
  assert_true(hash_equal(&person.subject, &m.person) && hash_equal(&machine.subject, &m.replica));
  msg_joined_encode(&again, &m);
  assert_same(&again);
}

static void an_offer(void **state) {
  (void)state;
  struct carry_request m;
  struct buf again = {0};
  open_message("part");
  assert_int_equal(carry_request_decode(buf_bytes(&message), &m), OK);
  assert_int_equal(m.verb, CARRY_OFFER);
  assert_int_equal(m.size, ENTRY_SALT_SIZE + DOCUMENT_SIZE);
  carry_request_encode(&again, &m);
  assert_same(&again);
}

static void its_answer(void **state) {
  (void)state;
  struct carry_answer m;
  struct buf again = {0};
  open_message("parts");
  assert_int_equal(carry_answer_decode(buf_bytes(&message), &m), OK);
  assert_int_equal(m.there, 0);
  carry_answer_encode(&again, &m);
  assert_same(&again);
}

static void a_request(void **state) {
  (void)state;
  struct msg_request m;
  struct buf again = {0};
  open_message("sync");
  assert_int_equal(msg_request_decode(buf_bytes(&message), &m), OK);
  assert_int_equal(m.act_count, 2);
  assert_true(m.have.place > 0 && m.size > 0 && m.receipt.len && m.cosignature.len && m.head.len);
  assert_int_equal(m.acts[0].count, 2);
  assert_true(says(&m.acts[0].entries[0], "document.add", "Chronology"));
  assert_int_equal(m.acts[0].entries[1].parts_size, ENTRY_SALT_SIZE + DOCUMENT_SIZE);
  assert_true(says(&m.acts[1].entries[0], "child.add", "Ben Muir"));
  msg_request_encode(&again, &m);
  for (uint32_t i = 0; i < m.act_count; i++)
    msg_act_encode(&again, &m.acts[i]);
  msg_request_release(&m);
  assert_same(&again);
}

static void an_answer(void **state) {
  (void)state;
  struct msg_answer m;
  struct checkpoint checkpoint;
  struct bytes text;
  struct buf again = {0};
  open_message("answer");
  assert_int_equal(msg_answer_decode(buf_bytes(&message), &m), OK);
  assert_int_equal(m.verdict_count, 2);
  assert_int_equal(m.verdicts[0].code, VERDICT_ACCEPTED);
  assert_int_equal(m.verdicts[1].code, VERDICT_ACCEPTED);
  assert_int_equal(m.event_count, 3);
  assert_int_equal(m.events[0].form, MSG_FULL);
  assert_true(says(&m.events[0].entries[0], "family.add", "Jean Lennox"));
  assert_int_equal(m.events[1].form, MSG_YOURS);
  assert_int_equal(m.events[2].form, MSG_YOURS);
  assert_int_equal(note_text(m.checkpoint, &text), OK);
  assert_int_equal(checkpoint_parse(text, &checkpoint), OK);
  assert_int_equal(checkpoint.size, m.verdicts[1].last);
  msg_answer_begin(&again, &m);
  for (uint32_t i = 0; i < m.event_count; i++)
    msg_event_encode(&again, &m.events[i]);
  msg_answer_end(&again, &m);
  msg_answer_release(&m);
  assert_same(&again);
}

static void a_checkpoint_shown(void **state) {
  (void)state;
  struct recover_request m;
  struct checkpoint checkpoint;
  struct bytes text;
  struct buf again = {0};
  open_message("show");
  assert_int_equal(recover_request_decode(buf_bytes(&message), &m), OK);
  assert_int_equal(m.what, RECOVER_SHOW);
  assert_int_equal(note_text(m.note, &text), OK);
  assert_int_equal(checkpoint_parse(text, &checkpoint), OK);
  assert_true(checkpoint.size > 0 && m.have.place > 0);
  recover_request_encode(&again, &m);
  recover_request_release(&m);
  assert_same(&again);
}

static void being_rebuilt(void **state) {
  (void)state;
  struct recover_answer m;
  struct buf again = {0};
  open_message("recovering");
  assert_int_equal(recover_answer_decode(buf_bytes(&message), &m), OK);
  assert_true(m.is_on && !m.follow_anew);
  assert_int_equal(m.next, 1);
  recover_answer_encode(&again, &m);
  assert_same(&again);
}

static void what_is_held(void **state) {
  (void)state;
  struct recover_request m;
  struct buf again = {0};
  bool has_family = false;
  open_message("offer");
  assert_int_equal(recover_request_decode(buf_bytes(&message), &m), OK);
  assert_int_equal(m.what, RECOVER_OFFER);
  for (uint32_t i = 0; i < m.count; i++)
    has_family |= m.items[i].has_content && memmem(m.items[i].content.at, m.items[i].content.len, "Jean Lennox", 11);
  assert_true(has_family);
  recover_request_encode(&again, &m);
  recover_request_release(&m);
  assert_same(&again);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_invitation), cmocka_unit_test(what_it_is_for), cmocka_unit_test(joining),
      cmocka_unit_test(joined),        cmocka_unit_test(an_offer),       cmocka_unit_test(its_answer),
      cmocka_unit_test(a_request),     cmocka_unit_test(an_answer),      cmocka_unit_test(a_checkpoint_shown),
      cmocka_unit_test(being_rebuilt), cmocka_unit_test(what_is_held),
  };
  if (argc == 3 && strcmp(argv[1], "make") == 0)
    return make(argv[2]);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
