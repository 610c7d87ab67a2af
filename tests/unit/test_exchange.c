/* The exchange between replicas and a node (sync/PROTOCOL.md), bytes in, bytes out: honest histories, whatever a
 * network can do to them, requests that a node must refuse, and answers that a replica must refuse. */
#include "sync/exchange.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/cosign.h"
#include "core/store_parts.h"
#include "tests/lib/files.h"
#include "tests/lib/world.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define DAY_S 86400
#define LEAVES_MAX 256

/* ---- the world of every test: the social work of two councils (Ann, Cat; Ben, Dan), so that all see all but what is
 * `named` ---- */

static struct world w;
static struct world_member *ann, *ben, *cat, *dan;

static int open_world(void **state) {
  (void)state;
  if (world_again(&w))
    return 0;
  world_open(&w, 7);
  struct hash north = world_agency(&w, "Social Work, North", "social-work");
  struct hash south = world_agency(&w, "Social Work, South", "social-work");
  ann = world_join(&w, &north, "Ann", "practitioner chair");
  ben = world_join(&w, &south, "Ben", "practitioner");
  cat = world_join(&w, &north, "Cat", "practitioner chair");
  dan = world_join(&w, &south, "Dan", "practitioner");
  for (size_t i = 0; i < w.count; i++)
    world_sync(&w, &w.members[i]);
  world_keep(&w);
  return 0;
}

static int close_world(void **state) {
  (void)state;
  world_close(&w);
  return 0;
}

/* ---- what stores hold ---- */

static void digest_rows(struct store *s, const char *sql, struct hash *h) {
  struct query q = {.db = s->db};
  query_start_once(&q, s->db, sql);
  while (query_row(&q)) {
    struct buf row = {0};
    buf_add(&row, hash_bytes(h));
    for (int i = 0; i < query_column_count(&q); i++) {
      buf_u8(&row, query_is_null(&q, i));
      buf_string(&row, query_get(&q, i));
    }
    *h = hash_of(buf_bytes(&row));
    buf_release(&row);
  }
  assert_int_equal(query_end(&q), OK);
}

/* All rows of all tables. */
static struct hash whole(struct store *s) {
  struct hash h = {{0}};
  struct buf names = {0};
  struct query q = {.db = s->db};
  query_start_once(&q, s->db, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name");
  while (query_row(&q)) {
    buf_add(&names, query_get(&q, 0));
    buf_u8(&names, '\n');
  }
  assert_int_equal(query_end(&q), OK);
  struct bytes rest = buf_bytes(&names), name;
  while (text_split(&rest, '\n', &name)) {
    char sql[128];
    snprintf(sql, sizeof sql, "SELECT * FROM %.*s ORDER BY 1, 2", (int)name.len, (const char *)name.at);
    digest_rows(s, sql, &h);
  }
  buf_release(&names);
  return h;
}

static enum err add_to_timeline(void *of, const struct record *r) {
  buf_addf(of, "%llu %s %s\n", (unsigned long long)r->number, hash_hex(&r->entry.id).s, r->state);
  return OK;
}

/* The log and its newest checkpoint, which must be equal everywhere. */
static struct hash log_of(struct store *s) {
  static const char *const parts[] = {
      "SELECT * FROM act WHERE first < 4611686018427387904 ORDER BY first",
      "SELECT * FROM entry WHERE number < 4611686018427387904 ORDER BY number",
      "SELECT * FROM content WHERE number < 4611686018427387904 ORDER BY number",
      "SELECT * FROM entry_child WHERE number < 4611686018427387904 ORDER BY child, number",
      "SELECT size, root FROM checkpoint ORDER BY size DESC LIMIT 1",
  };
  struct hash h = {{0}};
  for (size_t i = 0; i < COUNT(parts); i++)
    digest_rows(s, parts[i], &h);
  return h;
}

/* And the timelines as they are read, and the views: equal where nothing is pending. */
static struct hash shared(struct store *s) {
  struct hash h = log_of(s), views;
  struct buf timeline = {0};
  struct store_filter all = {0};
  assert_int_equal(store_outbox_count(s, NULL), 0);
  assert_int_equal(store_each(s, &all, &timeline, add_to_timeline), OK);
  assert_int_equal(store_views_digest(s, &views), OK);
  buf_add(&timeline, hash_bytes(&views));
  buf_add(&timeline, hash_bytes(&h));
  h = hash_of(buf_bytes(&timeline));
  buf_release(&timeline);
  return h;
}

static void assert_hash(struct hash a, struct hash b, const char *what) {
  if (!hash_equal(&a, &b))
    fail_msg("%s", what);
}

/* The views that were kept are those that a rebuild makes. */
static void assert_views(struct store *s, const char *what) {
  struct hash kept, rebuilt;
  assert_int_equal(store_views_digest(s, &kept), OK);
  assert_int_equal(store_begin(s), OK);
  assert_int_equal(store_rebuild(s), OK);
  assert_int_equal(store_commit(s), OK);
  assert_int_equal(store_views_digest(s, &rebuilt), OK);
  assert_hash(kept, rebuilt, what);
}

/* Every entry and every act is here once, and all that was recorded on any of them has been accepted. */
static void assert_all_converged(void) {
  struct hash node = shared(w.node.store);
  for (size_t i = 0; i < w.count; i++) {
    char what[64];
    snprintf(what, sizeof what, "member %zu is not as the node", i);
    assert_int_equal(store_outbox_count(w.members[i].store, NULL), 0);
    assert_hash(shared(w.members[i].store), node, what);
    assert_views(w.members[i].store, what);
  }
  assert_views(w.node.store, "the node's views");
}

static uint64_t count_kind(struct store *s, const char *kind) {
  char sql[128];
  struct query q = {.db = s->db};
  snprintf(sql, sizeof sql, "SELECT count(*) FROM entry WHERE kind = '%s'", kind);
  query_start_once(&q, s->db, sql);
  assert_true(query_row(&q));
  uint64_t count = (uint64_t)query_get_int(&q, 0);
  assert_int_equal(query_end(&q), OK);
  return count;
}

/* ---- recording ---- */

static struct hash record_child(struct world_member *m, const char *name) {
  return world_record(&w, m, WORLD_DRAFT("child.add", {"name", name}));
}

static struct hash record_meeting(struct world_member *m, const struct hash *child) {
  struct hash_hex c = hash_hex(child), chair = hash_hex(&ann->person);
  return world_record(&w, m,
                      WORLD_DRAFT("meeting.convene", {"child", c.s}, {"type", "initial"},
                                  {"on", "2026-12-01T10:00:00Z"}, {"chair", chair.s}));
}

static struct hash record_view(struct world_member *m, const struct hash *child, const struct hash *meeting) {
  struct hash_hex c = hash_hex(child), on = hash_hex(meeting);
  return world_record(&w, m,
                      WORLD_DRAFT("view.record", {"child", c.s}, {"meeting", on.s}, {"risk", "high"}, {"plan", "yes"},
                                  {"register", "unsure"}));
}

static void record_anyway(struct world_member *m, struct draft d) {
  struct verdict v;
  assert_int_equal(world_write(&w, m, &d, 1, ACCEPT_WRITE_ANYWAY, &v), OK);
  assert_int_equal(v.code, VERDICT_ACCEPTED);
}

/* A decision that the node refuses: a plan, and no registration. */
static void record_broken_decision(struct world_member *m, const struct hash *child, const struct hash *meeting) {
  struct hash_hex c = hash_hex(child), on = hash_hex(meeting);
  record_anyway(m, WORLD_DRAFT("decision.record", {"child", c.s}, {"meeting", on.s}, {"risk", "yes"}, {"plan", "yes"},
                               {"reasons", "x"}));
}

/* Another one: a role that is not the author's to give. */
static void record_unpermitted(struct world_member *m) {
  struct hash_hex person = hash_hex(&m->person);
  record_anyway(m, WORLD_DRAFT("role.give", {"person", person.s}, {"role", "officer"}, {"from", "2026-11-21"}));
}

/* ---- halves of an exchange ---- */

static enum err make_request(struct world_member *m, struct buf *request) {
  struct exchange_replica r = {m->store, m->replica_key};
  size_t sent;
  buf_clear(request);
  return exchange_request(&r, request, &sent);
}

static enum err make_answer(struct world_member *m, const struct buf *request, struct buf *answer) {
  buf_clear(answer);
  return exchange_answer(&w.node, &m->replica, buf_bytes(request), w.now_s, answer);
}

static enum err take_bytes(struct world_member *m, struct bytes answer, struct exchange_report *report) {
  struct exchange_replica r = {m->store, m->replica_key};
  struct exchange_report ignored = {0};
  return exchange_take(&r, answer, report ? report : &ignored);
}

static enum err take(struct world_member *m, const struct buf *answer, struct exchange_report *report) {
  return take_bytes(m, buf_bytes(answer), report);
}

static void ask(struct world_member *m, struct buf *request, struct buf *answer) {
  assert_int_equal(make_request(m, request), OK);
  assert_int_equal(make_answer(m, request, answer), OK);
}

/* ---- honest histories ---- */

static uint64_t chance_state;
static uint32_t chance(uint32_t n) {
  chance_state = chance_state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(chance_state >> 33) % n;
}

struct known {
  struct hash child, meeting, meeting_child;
};

static enum err remember(void *of, const struct record *r) {
  struct known *k = of;
  if (bytes_equal_str(r->entry.kind, "child.add"))
    k->child = r->entry.id;
  if (bytes_equal_str(r->entry.kind, "meeting.convene")) {
    k->meeting = r->entry.id;
    k->meeting_child = r->entry.children[0];
  }
  return OK;
}

/* Something that this member can record about the newest child and meeting that they know of. */
static void record_something(struct world_member *m, uint32_t round) {
  struct known k = {0};
  struct store_filter all = {0};
  char name[32];
  assert_int_equal(store_each(m->store, &all, &k, remember), OK);
  snprintf(name, sizeof name, "Child %u", round);
  switch (chance(3)) {
  case 0: record_child(m, name); break;
  case 1:
    if (m == ann || m == cat) {
      record_meeting(m, &k.child);
      break;
    }
    record_child(m, name);
    break;
  case 2: record_view(m, &k.meeting_child, &k.meeting); break;
  }
}

static void test_convergence(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 4; seed++) {
    chance_state = seed;
    struct hash child = record_child(ann, "Ava");
    record_meeting(ann, &child);
    for (size_t i = 0; i < w.count; i++)
      world_sync(&w, &w.members[i]);
    for (uint32_t round = 0; round < 12; round++) {
      struct world_member *m = &w.members[chance((uint32_t)w.count)];
      w.now_s += chance(3600);
      for (uint32_t n = chance(3); n > 0; n--)
        record_something(m, round);
      if (chance(2))
        world_sync(&w, &w.members[chance((uint32_t)w.count)]);
    }
    for (size_t i = 0; i < 2 * w.count; i++)
      world_sync(&w, &w.members[i % w.count]);
    assert_all_converged();
  }
}

/* A sync with nothing new: nothing changes, nothing is delivered, and the same request gets the same bytes. */
static void test_idle(void **state) {
  (void)state;
  struct buf request = {0}, answer = {0}, again = {0};
  struct msg_answer m;
  record_child(ann, "Ava");
  for (int i = 0; i < 2; i++) /* the second one vouches for what the first one brought */
    world_sync(&w, ann);
  struct hash node = whole(w.node.store), replica = whole(ann->store);
  for (int i = 0; i < 3; i++) {
    struct exchange_report report = {0};
    w.now_s += DAY_S;
    ask(ann, &request, &answer);
    assert_int_equal(msg_answer_decode(buf_bytes(&answer), &m), OK);
    assert_int_equal(m.verdict_count + m.event_count + m.has_more, 0);
    msg_answer_release(&m);
    assert_int_equal(take(ann, &answer, &report), OK);
    assert_false(report.has_more);
    assert_int_equal(report.received + report.accepted + report.refused + report.unconfirmed, 0);
    assert_int_equal(report.size, store_size(w.node.store));
    assert_hash(whole(w.node.store), node, "an idle sync changed the node");
    assert_hash(whole(ann->store), replica, "an idle sync changed the replica");
    assert_true(i == 0 || bytes_equal(buf_bytes(&answer), buf_bytes(&again)));
    buf_clear(&again);
    buf_add(&again, buf_bytes(&answer));
  }
  buf_release(&request);
  buf_release(&answer);
  buf_release(&again);
}

/* Bytes are appended to what the caller's buffers hold. */
static void test_bytes_are_appended(void **state) {
  (void)state;
  struct exchange_replica r = {ann->store, ann->replica_key};
  struct buf request = {0}, answer = {0}, both = {0};
  struct msg_request m;
  size_t sent;
  world_seed(1); /* a receipt is signed anew for each request */
  world_sync(&w, ann);
  ask(ann, &request, &answer);
  buf_add_str(&both, "before");
  assert_int_equal(exchange_answer(&w.node, &ann->replica, buf_bytes(&request), w.now_s, &both), OK);
  assert_true(bytes_starts(buf_bytes(&both), "before"));
  assert_true(bytes_equal(bytes_of(both.at + 6, both.len - 6), buf_bytes(&answer)));
  buf_clear(&both);
  buf_add_str(&both, "before");
  world_seed(1);
  assert_int_equal(exchange_request(&r, &both, &sent), OK);
  assert_true(bytes_starts(buf_bytes(&both), "before"));
  assert_int_equal(msg_request_decode(bytes_of(both.at + 6, both.len - 6), &m), OK);
  msg_request_release(&m);
  buf_release(&request);
  buf_release(&answer);
  buf_release(&both);
}

/* ---- what a network does ---- */

/* An answer that comes too late or again is refused or adds nothing, and in any case changes nothing. */
static void take_stale(struct world_member *m, const struct buf *answer, const char *what) {
  struct hash before = whole(m->store);
  take(m, answer, NULL);
  assert_hash(whole(m->store), before, what);
}

static void test_repeats(void **state) {
  (void)state;
  struct buf request = {0}, answer = {0}, second = {0};
  struct msg_answer m;
  record_child(ben, "Ben's");
  world_sync(&w, ben);
  record_child(ann, "Ava");
  ask(ann, &request, &answer);
  struct hash node = whole(w.node.store);
  for (int i = 0; i < 2; i++) { /* the request arrives again */
    assert_int_equal(make_answer(ann, &request, &second), OK);
    assert_hash(whole(w.node.store), node, "a request that came twice changed the node");
    assert_int_equal(msg_answer_decode(buf_bytes(&second), &m), OK);
    assert_int_equal(m.verdicts[0].code, VERDICT_HAD);
    assert_int_equal(m.verdicts[0].first, store_size(w.node.store));
    assert_int_equal(m.verdicts[0].last, store_size(w.node.store));
    msg_answer_release(&m);
  }
  assert_int_equal(take(ann, &answer, NULL), OK);
  take_stale(ann, &answer, "an answer that was taken twice");
  take_stale(ann, &second, "the answer to a request that came twice");
  record_child(ann, "Bob");
  world_sync(&w, ann);
  take_stale(ann, &answer, "an old answer");
  take_stale(ann, &second, "an old second answer");
  for (size_t i = 0; i < w.count; i++)
    world_sync(&w, &w.members[i]);
  assert_all_converged();
  buf_release(&request);
  buf_release(&answer);
  buf_release(&second);
}

/* Two requests under way at once: the newer one arrives first, and only its answer gets through at first. */
static void test_reordered(void **state) {
  (void)state;
  struct buf old_request = {0}, request = {0}, old_answer = {0}, answer = {0};
  record_child(ann, "Ava");
  assert_int_equal(make_request(ann, &old_request), OK);
  record_child(ann, "Bob");
  ask(ann, &request, &answer);
  uint64_t size = store_size(w.node.store);
  assert_int_equal(make_answer(ann, &old_request, &old_answer), OK);
  assert_int_equal(store_size(w.node.store), size);
  assert_int_equal(take(ann, &answer, NULL), OK);
  take_stale(ann, &old_answer, "the answer to the older request");
  for (size_t i = 0; i < w.count; i++)
    world_sync(&w, &w.members[i]);
  assert_all_converged();
  buf_release(&old_request);
  buf_release(&request);
  buf_release(&old_answer);
  buf_release(&answer);
}

/* The older answer first, then the newer one, both for requests made from the same place: whether the second still
 * checks or not, what it brings comes in once. */
static void test_answers_in_order(void **state) {
  (void)state;
  struct buf requests[2] = {{0}}, answers[2] = {{0}};
  record_child(ann, "Ava");
  assert_int_equal(make_request(ann, &requests[0]), OK);
  record_child(ann, "Bob");
  assert_int_equal(make_request(ann, &requests[1]), OK);
  for (int i = 0; i < 2; i++)
    assert_int_equal(make_answer(ann, &requests[i], &answers[i]), OK);
  assert_int_equal(take(ann, &answers[0], NULL), OK);
  assert_int_equal(store_outbox_count(ann->store, "unsent"), 1);
  take(ann, &answers[1], NULL);
  for (size_t i = 0; i < w.count; i++)
    world_sync(&w, &w.members[i]);
  assert_all_converged();
  for (int i = 0; i < 2; i++) {
    buf_release(&requests[i]);
    buf_release(&answers[i]);
  }
}

static void test_lost_answer(void **state) {
  (void)state;
  struct buf request = {0}, answer = {0};
  struct exchange_report report = {0};
  struct msg_answer m;
  struct record r = {0};
  struct hash id = record_child(ann, "Ava");
  ask(ann, &request, &answer);
  uint64_t size = store_size(w.node.store);
  ask(ann, &request, &answer);
  assert_int_equal(msg_answer_decode(buf_bytes(&answer), &m), OK);
  assert_int_equal(m.verdict_count, 1);
  assert_int_equal(m.verdicts[0].code, VERDICT_HAD);
  assert_int_equal(m.verdicts[0].first, size);
  assert_int_equal(m.event_count, 1);
  assert_int_equal(m.events[0].form, MSG_YOURS);
  msg_answer_release(&m);
  assert_int_equal(take(ann, &answer, &report), OK);
  assert_int_equal(report.accepted, 1);
  assert_int_equal(report.received + report.unconfirmed, 0);
  assert_int_equal(store_outbox_count(ann->store, NULL), 0);
  assert_int_equal(store_find(ann->store, &id, &r), OK);
  assert_int_equal(r.number, size);
  assert_string_equal(r.state, "accepted");
  assert_int_equal(store_size(w.node.store), size);
  record_release(&r);
  buf_release(&request);
  buf_release(&answer);
}

/* ---- refused acts ---- */

struct found_row {
  int count;
  char state[16], rule[32], words[512], remedy[512];
};

static void copy_text(char *to, size_t size, struct bytes from) {
  snprintf(to, size, "%.*s", (int)from.len, from.at ? (const char *)from.at : "");
}

static enum err find_row(void *of, const struct outbox_row *row) {
  struct found_row *f = of;
  f->count++;
  memcpy(f->state, row->state, sizeof f->state);
  copy_text(f->rule, sizeof f->rule, row->rule);
  copy_text(f->words, sizeof f->words, row->words);
  copy_text(f->remedy, sizeof f->remedy, row->remedy);
  return OK;
}

static struct found_row outbox(struct world_member *m) {
  struct found_row f = {0};
  assert_int_equal(store_outbox_each(m->store, &f, find_row), OK);
  return f;
}

static const struct rule *find_rule(const char *number) {
  const struct rule *r;
  for (size_t i = 0; (r = rule_at(i)); i++)
    if (strcmp(r->number, number) == 0)
      return r;
  return NULL;
}

/* What the node's entry about a refusal says must be what happened, its head included. */
static void assert_refusal(struct store *s, uint64_t number, const struct msg_act *act, const struct world_member *m) {
  struct record r = {0};
  struct act_text text;
  struct position p;
  struct buf head = {0};
  uint64_t n;
  assert_int_equal(store_find_number(s, number, &r), OK);
  assert_true(bytes_equal_str(r.entry.kind, "act.refuse"));
  assert_int_equal(act_text_of(act->entries, act->count, &text), OK);
  assert_int_equal(hash_parse(entry_fact(&r.entry, "replica"), &p.replica), OK);
  assert_int_equal(hash_parse(entry_fact(&r.entry, "previous"), &p.previous), OK);
  assert_int_equal(hash_parse(entry_fact(&r.entry, "act"), &p.act), OK);
  assert_int_equal(text_number(entry_fact(&r.entry, "number"), &n), OK);
  p.number = n;
  struct position real = {m->replica, act->position, act->previous, act_id(&text)};
  assert_hash(position_id(&p), position_id(&real), "the refusal's position");
  struct bytes fact = entry_fact(&r.entry, "head");
  if (fact.len) {
    assert_int_equal(text_base64_decode(fact, &head), OK);
    assert_int_equal(position_verify(&p, m->replica_key, buf_bytes(&head)), OK);
  }
  buf_release(&head);
  record_release(&r);
}

static void test_refused(void **state) {
  (void)state;
  struct buf request = {0}, answer = {0}, again = {0};
  struct exchange_report report = {0};
  struct msg_answer m;
  struct msg_request sent;
  struct hash child = record_child(ann, "Ava"), meeting = record_meeting(ann, &child);
  record_broken_decision(ann, &child, &meeting);
  record_view(ann, &child, &meeting);
  uint64_t before = store_size(w.node.store);
  ask(ann, &request, &answer);
  assert_int_equal(msg_answer_decode(buf_bytes(&answer), &m), OK);
  static const enum verdict_code expected[] = {VERDICT_ACCEPTED, VERDICT_ACCEPTED, VERDICT_REFUSED, VERDICT_ACCEPTED};
  static const uint64_t offsets[] = {1, 2, 0, 4}; /* 3 is the node's own entry */
  const struct rule *rule = find_rule("R-008");
  for (size_t i = 0; i < COUNT(expected); i++) {
    assert_int_equal(m.verdicts[i].code, expected[i]);
    assert_int_equal(m.verdicts[i].first, offsets[i] ? before + offsets[i] : 0);
    assert_int_equal(m.verdicts[i].last, m.verdicts[i].first);
  }
  assert_string_equal(m.verdicts[2].rule, "R-008");
  assert_string_equal(m.verdicts[2].words, rule->words);
  assert_string_equal(m.verdicts[2].remedy, rule->remedy);
  struct verdict refused = m.verdicts[2];
  msg_answer_release(&m);
  assert_int_equal(take(ann, &answer, &report), OK);
  assert_int_equal(report.refused, 1);
  assert_int_equal(report.accepted, 3);
  struct found_row row = outbox(ann);
  assert_int_equal(row.count, 1);
  assert_string_equal(row.state, "refused");
  assert_string_equal(row.rule, "R-008");
  assert_string_equal(row.words, rule->words);
  assert_string_equal(row.remedy, rule->remedy);
  assert_int_equal(count_kind(ann->store, "act.refuse"), 1);
  assert_int_equal(msg_request_decode(buf_bytes(&request), &sent), OK);
  assert_refusal(ann->store, before + 3, &sent.acts[2], ann);
  msg_request_release(&sent);

  struct hash node = whole(w.node.store);
  assert_int_equal(make_answer(ann, &request, &again), OK);
  assert_int_equal(msg_answer_decode(buf_bytes(&again), &m), OK);
  assert_int_equal(m.verdicts[2].code, VERDICT_REFUSED);
  assert_string_equal(m.verdicts[2].rule, refused.rule);
  assert_string_equal(m.verdicts[2].words, refused.words);
  assert_string_equal(m.verdicts[2].remedy, refused.remedy);
  assert_hash(m.verdicts[2].act, refused.act, "the refused act's id");
  assert_int_equal(m.verdicts[2].first + m.verdicts[2].last, 0);
  msg_answer_release(&m);
  assert_hash(whole(w.node.store), node, "the same request again changed the node");

  record_child(ann, "Bob"); /* what comes after goes on, and the refused one is not sent again */
  assert_int_equal(make_request(ann, &request), OK);
  assert_int_equal(msg_request_decode(buf_bytes(&request), &sent), OK);
  assert_int_equal(sent.act_count, 1);
  msg_request_release(&sent);
  world_sync(&w, ann);
  world_sync(&w, ben);
  world_sync(&w, cat);
  assert_int_equal(count_kind(ben->store, "act.refuse"), 0); /* nobody's business but the author's agency's */
  assert_int_equal(store_size(ben->store), store_size(w.node.store));
  assert_int_equal(count_kind(cat->store, "act.refuse"), 1);
  assert_hash(shared(cat->store), shared(w.node.store), "Cat's replica");
  assert_int_equal(outbox(ann).count, 1);
  assert_views(ann->store, "views beside a refused act");
  buf_release(&request);
  buf_release(&answer);
  buf_release(&again);
}

/* A refused act that is the last of its request: the head goes into the node's entry, and the chain goes on. */
static void test_refused_last(void **state) {
  (void)state;
  struct buf request = {0}, answer = {0};
  struct msg_request sent;
  struct hash child = record_child(ann, "Ava"), meeting = record_meeting(ann, &child);
  record_broken_decision(ann, &child, &meeting);
  ask(ann, &request, &answer);
  assert_int_equal(msg_request_decode(buf_bytes(&request), &sent), OK);
  struct record r = {0};
  assert_int_equal(store_find_number(w.node.store, store_size(w.node.store), &r), OK);
  assert_true(entry_fact(&r.entry, "head").len > 0);
  record_release(&r);
  assert_refusal(w.node.store, store_size(w.node.store), &sent.acts[2], ann);
  msg_request_release(&sent);
  assert_int_equal(take(ann, &answer, NULL), OK);
  record_view(ann, &child, &meeting);
  world_sync(&w, ann);
  assert_int_equal(store_outbox_count(ann->store, "unsent"), 0);
  assert_int_equal(store_outbox_count(ann->store, NULL), 1);
  buf_release(&request);
  buf_release(&answer);
}

static struct world_member *join_health(void) {
  struct hash health = world_agency(&w, "Health", "health");
  struct world_member *eve = world_join(&w, &health, "Eve", "practitioner");
  world_sync(&w, ben);
  return eve;
}

/* An act that refers to a refused act's entry is refused as well; what does not is accepted. */
static void test_refused_reference(void **state) {
  (void)state;
  struct world_member *eve = join_health();
  struct hash meeting, child = record_child(eve, "Ava");
  struct hash_hex c = hash_hex(&child), chair = hash_hex(&ann->person);
  struct draft convene = WORLD_DRAFT("meeting.convene", {"child", c.s}, {"type", "initial"},
                                     {"on", "2026-12-01T10:00:00Z"}, {"chair", chair.s});
  struct verdict v;
  struct exchange_report report = {0};
  assert_int_equal(world_write(&w, eve, &convene, 1, ACCEPT_WRITE_ANYWAY, &v), OK); /* health may not */
  assert_int_equal(author_id_of(eve->store, v.first, &meeting), OK);
  record_view(eve, &child, &meeting);
  record_child(eve, "Bob");
  assert_int_equal(world_exchange(&w, eve, &report), OK);
  assert_int_equal(report.accepted, 2);
  assert_int_equal(report.refused, 2);
  struct found_row row = outbox(eve);
  assert_int_equal(row.count, 2);
  assert_string_equal(row.rule, "reference");
  assert_non_null(strstr(row.words, "meeting"));
  assert_string_not_equal(row.remedy, "");
  assert_int_equal(count_kind(eve->store, "act.refuse"), 2);
  world_sync(&w, ann);
  assert_int_equal(count_kind(ann->store, "meeting.convene") + count_kind(ann->store, "view.record"), 0);
  assert_int_equal(count_kind(ann->store, "act.refuse"), 0);
  assert_int_equal(count_kind(ann->store, "child.add"), 2);
}

/* ---- acts and requests made by hand ---- */

#define HAND_ENTRIES_MAX 3

struct hand_act {
  struct buf headers[HAND_ENTRIES_MAX];
  struct act_entry entries[HAND_ENTRIES_MAX];
  uint32_t count;
  struct buf signature;
  struct act_text text;
};

/* An entry with this content, as JSON; the content is borrowed. */
static void hand_entry(struct hand_act *a, const struct key *by, const char *kind, const char *content) {
  struct entry e;
  struct act_entry *out = &a->entries[a->count];
  entry_init(&e);
  e.kind = bytes_str(kind);
  e.by = key_id(by);
  e.at = bytes_str("2026-11-21T09:00:00Z");
  e.audience = AUDIENCE_CASE;
  e.media = bytes_str("application/json");
  out->index = a->count;
  out->content = bytes_str(content);
  key_random(out->salt, sizeof out->salt);
  e.content = entry_commitment(out->salt, out->content);
  assert_int_equal(entry_encode(&e, &a->headers[a->count]), OK);
  out->header = buf_bytes(&a->headers[a->count]);
  a->count++;
}

static void hand_sign(struct hand_act *a, const struct key *by) {
  buf_clear(&a->signature);
  assert_int_equal(act_text_of(a->entries, a->count, &a->text), OK);
  assert_int_equal(act_sign(&a->text, by, &a->signature), OK);
}

static void hand_release(struct hand_act *a) {
  for (uint32_t i = 0; i < HAND_ENTRIES_MAX; i++)
    buf_release(&a->headers[i]);
  buf_release(&a->signature);
}

#define HAND_ACTS_MAX 3

struct hand_request {
  struct hand_act acts[HAND_ACTS_MAX];
  struct msg_act wire[HAND_ACTS_MAX];
  struct msg_request m;
  struct buf head, receipt, vouched;
};

/* Signs for the place that the request names, as this machine. */
static void hand_receipt(struct hand_request *r, const struct world_member *m) {
  const struct feed_receipt receipt = {r->m.ledger, r->m.have};
  buf_clear(&r->receipt);
  assert_int_equal(feed_receipt_sign(&receipt, m->replica_key, &r->receipt), OK);
  r->m.receipt = buf_bytes(&r->receipt);
}

/* Positions its acts behind what the node knows of this replica. */
static void hand_position(struct hand_request *r, const struct world_member *m, uint32_t count) {
  struct position p = {.replica = m->replica};
  assert_int_equal(store_chain(w.node.store, &m->replica, &p.number, &p.previous), OK);
  r->m = (struct msg_request){.act_count = count, .acts = r->wire};
  r->m.key = key_id(w.ledger);
  assert_int_equal(store_meta_hash(m->store, "ledger", &r->m.ledger), OK);
  assert_int_equal(feed_end(m->store, FEED_OWN, &r->m.have), OK);
  hand_receipt(r, m);
  for (uint32_t i = 0; i < count; i++) {
    struct hand_act *a = &r->acts[i];
    p.number++;
    r->wire[i] = (struct msg_act){p.number, p.previous, buf_bytes(&a->signature), a->count, a->entries};
    p.act = act_id(&a->text);
    p.previous = position_id(&p);
  }
}

static void hand_head(struct hand_request *r, const struct hash *replica, const struct key *key) {
  const struct msg_act *last = &r->wire[r->m.act_count - 1];
  struct act_text text;
  assert_int_equal(act_text_of(last->entries, last->count, &text), OK);
  struct position p = {*replica, last->position, last->previous, act_id(&text)};
  buf_clear(&r->head);
  assert_int_equal(position_sign(&p, key, &r->head), OK);
  r->m.head = buf_bytes(&r->head);
}

static void hand_write(const struct msg_request *m, struct buf *out) {
  buf_clear(out);
  msg_request_encode(out, m);
  for (uint32_t i = 0; i < m->act_count; i++)
    msg_act_encode(out, &m->acts[i]);
}

static void hand_request_release(struct hand_request *r) {
  for (size_t i = 0; i < HAND_ACTS_MAX; i++)
    hand_release(&r->acts[i]);
  buf_release(&r->receipt);
  buf_release(&r->head);
  buf_release(&r->vouched);
}

/* Three acts of Ann's: a child each; the second of the kind and with the content that are given. */
static void hand_three(struct hand_request *r, const char *kind, const char *content) {
  for (uint32_t i = 0; i < 3; i++) {
    hand_entry(&r->acts[i], ann->key, i == 1 ? kind : "child.add", i == 1 ? content : "{\"name\":\"Ava\"}");
    hand_sign(&r->acts[i], ann->key);
  }
  hand_position(r, ann, 3);
  hand_head(r, &ann->replica, ann->replica_key);
}

static void test_unknown_kind(void **state) {
  (void)state;
  struct hand_request r = {0};
  struct buf request = {0}, answer = {0};
  struct msg_answer m;
  uint64_t size = store_size(w.node.store), newest, before;
  struct hash position, node = {{0}};
  assert_int_equal(store_chain(w.node.store, &ann->replica, &before, &position), OK);
  hand_three(&r, "novel.kind/2", "{\"anything\":1}");
  hand_write(&r.m, &request);
  for (int i = 0; i < 2; i++) { /* and once more, when it is sent again */
    assert_int_equal(make_answer(ann, &request, &answer), OK);
    assert_int_equal(msg_answer_decode(buf_bytes(&answer), &m), OK);
    assert_int_equal(m.verdicts[0].code, i == 0 ? VERDICT_ACCEPTED : VERDICT_HAD);
    for (int k = 1; k < 3; k++) {
      struct hash id = act_id(&r.acts[k].text);
      assert_int_equal(m.verdicts[k].code, VERDICT_LATER);
      assert_string_equal(m.verdicts[k].rule, "kind");
      assert_non_null(strstr(m.verdicts[k].words, "novel.kind/2"));
      assert_int_equal(m.positions[k], r.wire[k].position);
      assert_hash(m.verdicts[k].act, id, "the act of a verdict");
    }
    msg_answer_release(&m);
    assert_int_equal(store_size(w.node.store), size + 1);
    assert_int_equal(store_chain(w.node.store, &ann->replica, &newest, &position), OK);
    assert_int_equal(newest, before + 1);
    if (i == 1)
      assert_hash(whole(w.node.store), node, "what was put off left a trace");
    node = whole(w.node.store);
  }
  assert_int_equal(count_kind(w.node.store, "act.refuse"), 0);
  hand_request_release(&r);
  buf_release(&request);
  buf_release(&answer);
}

/* Acts that the node puts off are kept and all of them sent again, in order, with what was recorded since. */
static void test_later_is_sent_again(void **state) {
  (void)state;
  struct buf request = {0}, answer = {0};
  struct msg_answer m;
  struct msg_request sent;
  struct exchange_report report = {0};
  ask(ann, &request, &answer);
  record_child(ann, "Ava");
  record_child(ann, "Bob");
  assert_int_equal(make_request(ann, &request), OK);
  assert_int_equal(msg_request_decode(buf_bytes(&request), &sent), OK);
  assert_int_equal(msg_answer_decode(buf_bytes(&answer), &m), OK);
  struct verdict verdicts[2] = {{.code = VERDICT_LATER, .rule = "kind", .words = "not yet"}};
  uint64_t positions[2] = {sent.acts[0].position, sent.acts[1].position};
  verdicts[1] = verdicts[0];
  for (int i = 0; i < 2; i++) {
    struct act_text text;
    assert_int_equal(act_text_of(sent.acts[i].entries, sent.acts[i].count, &text), OK);
    verdicts[i].act = act_id(&text);
  }
  struct msg_answer later = m;
  struct buf later_answer = {0};
  later.verdict_count = 2;
  later.verdicts = verdicts;
  later.positions = positions;
  msg_answer_begin(&later_answer, &later);
  msg_answer_end(&later_answer, &later);
  assert_int_equal(take(ann, &later_answer, &report), OK);
  assert_int_equal(report.later, 2);
  assert_false(report.has_more);
  assert_int_equal(store_outbox_count(ann->store, "later"), 2);
  assert_string_equal(outbox(ann).words, "not yet");
  msg_answer_release(&m);
  msg_request_release(&sent);
  record_child(ann, "Cid");
  assert_int_equal(make_request(ann, &request), OK);
  assert_int_equal(msg_request_decode(buf_bytes(&request), &sent), OK);
  assert_int_equal(sent.act_count, 3);
  for (uint32_t i = 0; i < 3; i++)
    assert_int_equal(sent.acts[i].position, positions[0] + i);
  msg_request_release(&sent);
  for (size_t i = 0; i < w.count; i++)
    world_sync(&w, &w.members[i]);
  assert_all_converged();
  buf_release(&later_answer);
  buf_release(&request);
  buf_release(&answer);
}

/* One act between two good ones is refused for its fields, in words that can be read, and they are accepted. */
static void try_odd_content(const char *what, const char *content) {
  struct hand_request r = {0};
  struct buf request = {0}, answer = {0};
  struct msg_answer m;
  hand_three(&r, "child.add", content);
  hand_write(&r.m, &request);
  if (make_answer(ann, &request, &answer) != OK)
    fail_msg("%s: the whole request was refused: %s", what, err_words(ERR_FORM));
  if (msg_answer_decode(buf_bytes(&answer), &m) != OK)
    fail_msg("%s: the answer cannot be read", what);
  if (m.verdicts[0].code != VERDICT_ACCEPTED || m.verdicts[1].code != VERDICT_REFUSED ||
      m.verdicts[2].code != VERDICT_ACCEPTED || strcmp(m.verdicts[1].rule, "fields") != 0)
    fail_msg("%s: %d %d %d %s", what, m.verdicts[0].code, m.verdicts[1].code, m.verdicts[2].code, m.verdicts[1].rule);
  msg_answer_release(&m);
  hand_request_release(&r);
  buf_release(&request);
  buf_release(&answer);
}

/* An answer must be readable whatever an act says: words are never copied into it as they came. */
static void test_odd_content(void **state) {
  (void)state;
  static const struct {
    const char *what, *content;
  } cases[] = {
      {"a line feed in a key", "{\"name\":\"Ava\",\"a\\nb\":\"x\"}"},
      {"an escape in a key", "{\"name\":\"Ava\",\"\\u001b[2J\":\"x\"}"},
      {"no JSON", "name"},
      {"nothing", ""},
      {"a list", "[]"},
      {"a name that is empty", "{\"name\":\"\"}"},
      {"a name that is null", "{\"name\":null}"},
      {"a name twice", "{\"name\":\"Ava\",\"name\":\"Bob\"}"},
  };
  for (size_t i = 0; i < COUNT(cases); i++)
    try_odd_content(cases[i].what, cases[i].content);
  for (size_t pad = 0; pad < 4; pad++) { /* a key so long that words which quote it are cut, somewhere in a character */
    struct buf content = {0};
    buf_addf(&content, "{\"%.*s", (int)pad, "xxx");
    for (int i = 0; i < 300; i++)
      buf_add_str(&content, "\xe2\x82\xac");
    buf_add_str(&content, "\":1,\"name\":\"Ava\"}");
    try_odd_content("a long key", buf_cstr(&content));
    buf_release(&content);
  }
  world_sync(&w, cat);
  assert_hash(shared(cat->store), shared(w.node.store), "Cat's replica");
}

/* An act that was accepted comes once more, from another replica: it keeps its number, its position is taken, and the
 * acts behind it go on. */
static void test_act_of_another_chain(void **state) {
  (void)state;
  struct hand_request r = {0};
  struct buf request = {0}, answer = {0};
  struct act_record bens = {0};
  record_child(ben, "Ben's");
  world_sync(&w, ben);
  uint64_t size = store_size(w.node.store);
  assert_int_equal(store_find_act(w.node.store, size, &bens), OK);
  hand_three(&r, "child.add", "{\"name\":\"Bob\"}");
  struct hand_act *a = &r.acts[1];
  a->entries[0].header = bens.entries[0].entry.header;
  a->entries[0].content = buf_bytes(&bens.entries[0].content);
  memcpy(a->entries[0].salt, bens.entries[0].salt, ENTRY_SALT_SIZE);
  buf_clear(&a->signature);
  buf_add(&a->signature, buf_bytes(&bens.signature));
  a->text = bens.text;
  hand_position(&r, ann, 3);
  hand_head(&r, &ann->replica, ann->replica_key);
  hand_write(&r.m, &request);
  for (int i = 0; i < 2; i++) {
    struct msg_answer m;
    assert_int_equal(make_answer(ann, &request, &answer), OK);
    assert_int_equal(msg_answer_decode(buf_bytes(&answer), &m), OK);
    assert_int_equal(m.verdicts[0].code, i ? VERDICT_HAD : VERDICT_ACCEPTED);
    assert_int_equal(m.verdicts[1].code, VERDICT_HAD);
    assert_int_equal(m.verdicts[1].first, size);
    assert_int_equal(m.verdicts[2].code, i ? VERDICT_HAD : VERDICT_ACCEPTED);
    assert_int_equal(store_size(w.node.store), size + 3); /* two acts, and the node's entry about the position */
    assert_int_equal(count_kind(w.node.store, "act.refuse"), 1);
    msg_answer_release(&m);
  }
  world_sync(&w, dan); /* the node's entry goes to the author's agency */
  assert_hash(shared(dan->store), shared(w.node.store), "Dan's replica");
  act_record_release(&bens);
  hand_request_release(&r);
  buf_release(&request);
  buf_release(&answer);
}

/* ---- requests that a node refuses as a whole ---- */

static struct buf large;

static void spoil_wrong_head(struct hand_request *r) {
  struct hash other = key_id(ben->replica_key);
  hand_head(r, &other, ann->replica_key);
}
static void spoil_head_of_other(struct hand_request *r) {
  hand_head(r, &ann->replica, ben->replica_key);
}
static void spoil_no_head(struct hand_request *r) {
  r->m.head = bytes_of(NULL, 0);
}
static void spoil_old_head(struct hand_request *r) {
  r->m.act_count = 2;
  hand_head(r, &ann->replica, ann->replica_key);
  r->m.act_count = 3;
}
static void spoil_ledger(struct hand_request *r) {
  r->m.ledger.at[0] ^= 1;
}
static void spoil_place(struct hand_request *r) {
  r->m.have.place++;
  hand_receipt(r, ann);
}
static void spoil_place_far(struct hand_request *r) {
  r->m.have.place = UINT64_MAX;
  hand_receipt(r, ann);
}
static void spoil_place_before(struct hand_request *r) {
  r->m.have.place--;
  hand_receipt(r, ann);
}
static void spoil_digest(struct hand_request *r) {
  r->m.have.digest.at[31] ^= 1;
  hand_receipt(r, ann);
}
static void spoil_no_digest(struct hand_request *r) {
  r->m.have.digest = (struct hash){{0}};
  hand_receipt(r, ann);
}
static void spoil_other_feed(struct hand_request *r) {
  assert_int_equal(feed_end(ben->store, FEED_OWN, &r->m.have), OK);
  hand_receipt(r, ann);
}
static void spoil_no_receipt(struct hand_request *r) {
  r->m.receipt = bytes_of(NULL, 0);
}
static void spoil_receipt_of_nothing(struct hand_request *r) {
  r->m.have = (struct feed_end){0};
}
static void spoil_receipt_of_other(struct hand_request *r) {
  hand_receipt(r, cat);
}
static void spoil_receipt_of_person(struct hand_request *r) {
  struct world_member person = *ann;
  person.replica_key = ann->key;
  hand_receipt(r, &person);
}
static void spoil_receipt_for_place(struct hand_request *r) {
  struct feed_end have = r->m.have;
  assert_int_equal(feed_at(ann->store, FEED_OWN, have.place - 1, &r->m.have), OK);
  hand_receipt(r, ann);
  r->m.have = have;
}
static void spoil_receipt_for_ledger(struct hand_request *r) {
  r->m.ledger.at[0] ^= 1;
  hand_receipt(r, ann);
  r->m.ledger.at[0] ^= 1;
}
static void spoil_receipt_bit(struct hand_request *r) {
  r->receipt.at[r->receipt.len - 1] ^= 1;
}
static void spoil_size(struct hand_request *r) {
  r->m.size = store_size(w.node.store) + 1;
  world_vouch(&w, ann, &r->m, &r->vouched);
}
static void spoil_size_far(struct hand_request *r) {
  r->m.size = UINT64_MAX;
  world_vouch(&w, ann, &r->m, &r->vouched);
}
static void spoil_vouching(struct hand_request *r) {
  r->m.size = store_size(w.node.store);
  world_vouch(&w, ben, &r->m, &r->vouched);
}
static void spoil_vouched_time(struct hand_request *r) {
  r->m.size = store_size(w.node.store);
  world_vouch(&w, ann, &r->m, &r->vouched);
  r->m.cosigned = bytes_str("2026-11-21T09:00:01Z");
}
static void spoil_vouched_root(struct hand_request *r) {
  r->m.size = store_size(w.node.store);
  world_vouch(&w, ann, &r->m, &r->vouched);
  r->m.root.at[0] ^= 1;
}
/* In the middle of what was written in one transaction. */
static void spoil_vouched_size(struct hand_request *r) {
  struct buf note = {0};
  for (r->m.size = 1; store_checkpoint_at(w.node.store, r->m.size, &note) == OK;)
    r->m.size++;
  buf_release(&note);
  world_vouch(&w, ann, &r->m, &r->vouched);
}
static void spoil_signature(struct hand_request *r) {
  r->acts[1].signature.at[20] ^= 1;
}
static void spoil_signer(struct hand_request *r) {
  hand_sign(&r->acts[1], ben->key);
  r->wire[1].signature = buf_bytes(&r->acts[1].signature);
}
static void spoil_content(struct hand_request *r) {
  r->acts[1].entries[0].content = bytes_str("{\"name\":\"Eve\"}");
}
static void spoil_salt(struct hand_request *r) {
  r->acts[1].entries[0].salt[0] ^= 1;
}
static void spoil_header(struct hand_request *r) {
  r->acts[1].entries[0].header = bytes_str("cairn entry 1\n");
}
static void spoil_no_entries(struct hand_request *r) {
  r->wire[1].count = 0;
}
static void spoil_last_no_entries(struct hand_request *r) {
  r->wire[2].count = 0;
}
static void spoil_authors(struct hand_request *r) {
  hand_entry(&r->acts[1], ben->key, "child.add", "{\"name\":\"Bob\"}");
  r->wire[1].count = 2;
}
static void spoil_too_large(struct hand_request *r) {
  struct act_entry *entries = r->acts[1].entries;
  entries[0].content = bytes_of(large.at, ENTRY_LARGE);
  entries[1] = entries[2] = entries[0];
  r->wire[1].count = 3;
}
static void spoil_gap(struct hand_request *r) {
  for (int i = 0; i < 3; i++)
    r->wire[i].position++;
  hand_head(r, &ann->replica, ann->replica_key);
}
static void spoil_inner_gap(struct hand_request *r) {
  r->wire[2].position++;
  hand_head(r, &ann->replica, ann->replica_key);
}
static void spoil_order(struct hand_request *r) {
  struct msg_act first = r->wire[0];
  r->wire[0] = r->wire[1];
  r->wire[1] = first;
}
static void spoil_previous(struct hand_request *r) {
  r->wire[0].previous.at[0] ^= 1;
}
static void spoil_inner_previous(struct hand_request *r) {
  r->wire[2].previous.at[0] ^= 1;
  hand_head(r, &ann->replica, ann->replica_key);
}
static void spoil_number_zero(struct hand_request *r) {
  r->wire[0].position = 0;
}
static void spoil_number_far(struct hand_request *r) {
  r->wire[0].position = UINT64_MAX;
}
static void spoil_second_same(struct hand_request *r) {
  r->wire[1].position = r->wire[0].position;
  r->wire[1].previous = r->wire[0].previous;
}
static void spoil_unknown_author(struct hand_request *r) {
  struct key *k = key_new();
  struct hand_act *a = &r->acts[1];
  hand_release(a);
  *a = (struct hand_act){0};
  hand_entry(a, k, "child.add", "{\"name\":\"Eve\"}");
  hand_sign(a, k);
  key_free(k);
}

static void test_spoilt_requests(void **state) {
  (void)state;
  static const struct {
    const char *what;
    void (*spoil)(struct hand_request *r);
    enum err expected;
    const char *words; /* that the refusal must contain */
  } cases[] = {
      {"a head over another position", spoil_wrong_head, ERR_SIGNATURE, "position"},
      {"a head by another key", spoil_head_of_other, ERR_SIGNATURE, "position"},
      {"a head over the act before", spoil_old_head, ERR_SIGNATURE, "position"},
      {"no head", spoil_no_head, ERR_FORM, "PROTOCOL"},
      {"another ledger", spoil_ledger, ERR_CHAIN, "another ledger"},
      {"a place behind the end", spoil_place, ERR_CHAIN, "told of more"},
      {"a place far behind the end", spoil_place_far, ERR_CHAIN, "told of more"},
      {"the place before with this one's digest", spoil_place_before, ERR_CHAIN, "told of more"},
      {"a bit of the digest", spoil_digest, ERR_CHAIN, "told of more"},
      {"a place without a digest", spoil_no_digest, ERR_FORM, "PROTOCOL"},
      {"a place in another agency's feed", spoil_other_feed, ERR_CHAIN, "told of more"},
      {"a place without a receipt", spoil_no_receipt, ERR_FORM, "PROTOCOL"},
      {"a receipt for nothing", spoil_receipt_of_nothing, ERR_FORM, "PROTOCOL"},
      {"a colleague's receipt", spoil_receipt_of_other, ERR_SIGNATURE, "place in the feed"},
      {"a receipt by the person", spoil_receipt_of_person, ERR_SIGNATURE, "place in the feed"},
      {"a receipt for another place", spoil_receipt_for_place, ERR_SIGNATURE, "place in the feed"},
      {"a receipt for another ledger", spoil_receipt_for_ledger, ERR_SIGNATURE, "place in the feed"},
      {"a bit of the receipt", spoil_receipt_bit, ERR_SIGNATURE, "place in the feed"},
      {"a checkpoint larger than the ledger", spoil_size, ERR_CHAIN, "larger ledger"},
      {"a checkpoint far larger", spoil_size_far, ERR_CHAIN, "larger ledger"},
      {"a checkpoint that somebody else vouches for", spoil_vouching, ERR_SIGNATURE, "checkpoint"},
      {"a checkpoint vouched for at another time", spoil_vouched_time, ERR_SIGNATURE, "checkpoint"},
      {"another history", spoil_vouched_root, ERR_CHAIN, "another history"},
      {"a checkpoint that was never signed", spoil_vouched_size, ERR_CHAIN, "never signed"},
      {"a bit of a signature", spoil_signature, ERR_SIGNATURE, ""},
      {"an act signed by somebody else", spoil_signer, ERR_SIGNATURE, ""},
      {"another content", spoil_content, ERR_FORM, "commits"},
      {"another salt", spoil_salt, ERR_FORM, "commits"},
      {"a header that is none", spoil_header, ERR_FORM, ""},
      {"an act without entries", spoil_no_entries, ERR_FORM, "entries"},
      {"a last act without entries", spoil_last_no_entries, ERR_FORM, "entries"},
      {"an act of two authors", spoil_authors, ERR_FORM, "authors"},
      {"an act that is too large", spoil_too_large, ERR_LIMIT, "2 MiB"},
      {"a gap before the first act", spoil_gap, ERR_CHAIN, "missing"},
      {"a gap between acts", spoil_inner_gap, ERR_CHAIN, "missing"},
      {"acts out of order", spoil_order, ERR_CHAIN, "missing"},
      {"another act before the first", spoil_previous, ERR_CHAIN, "copied or restored"},
      {"another act before the last", spoil_inner_previous, ERR_CHAIN, "copied or restored"},
      {"number zero", spoil_number_zero, ERR_CHAIN, "copied or restored"},
      {"a number far away", spoil_number_far, ERR_CHAIN, "missing"},
      {"two acts with one number", spoil_second_same, ERR_CHAIN, "copied or restored"},
      {"an author without a certificate", spoil_unknown_author, ERR_SIGNATURE, "certificate"},
  };
  buf_extend(&large, ENTRY_LARGE);
  record_unpermitted(ann); /* each agency is told of its own refusal: the two feeds differ at the same place */
  record_unpermitted(ben);
  world_sync(&w, ann);
  world_sync(&w, ben);
  struct hash node = whole(w.node.store);
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct hand_request r = {0};
    struct buf request = {0}, answer = {0};
    hand_three(&r, "child.add", "{\"name\":\"Bob\"}");
    cases[i].spoil(&r);
    if (cases[i].spoil == spoil_unknown_author) {
      hand_position(&r, ann, 3);
      hand_head(&r, &ann->replica, ann->replica_key);
    }
    hand_write(&r.m, &request);
    enum err e = make_answer(ann, &request, &answer);
    if (e != cases[i].expected || strstr(err_words(e), cases[i].words) == NULL)
      fail_msg("%s: %s: %s", cases[i].what, err_text(e), err_words(e));
    if (answer.len)
      fail_msg("%s: refused, and yet an answer", cases[i].what);
    assert_hash(whole(w.node.store), node, cases[i].what);
    hand_request_release(&r);
    buf_release(&request);
    buf_release(&answer);
  }
  buf_release(&large);
}

/* The same request, whole, from one whom the node does not know as a replica. */
static void test_unknown_replicas(void **state) {
  (void)state;
  struct hash stranger = hash_of(bytes_str("stranger")), operating = key_id(w.operating), person = key_id(ann->key);
  const struct {
    const char *what;
    const struct hash *replica;
    enum err expected;
  } cases[] = {
      {"a stranger", &stranger, ERR_KEY},
      {"the node itself", &operating, ERR_KEY},
      {"a person", &person, ERR_KEY},
      {"another replica", &ben->replica, ERR_SIGNATURE},
  };
  struct hash node = whole(w.node.store);
  struct buf request = {0}, answer = {0};
  record_child(ann, "Ava");
  assert_int_equal(make_request(ann, &request), OK);
  for (size_t i = 0; i < COUNT(cases); i++) {
    enum err e = exchange_answer(&w.node, cases[i].replica, buf_bytes(&request), w.now_s, &answer);
    if (e != cases[i].expected || answer.len)
      fail_msg("%s: %s", cases[i].what, err_text(e));
    assert_hash(whole(w.node.store), node, cases[i].what);
  }
  world_sync(&w, ann);
  assert_int_equal(store_outbox_count(ann->store, NULL), 0);
  buf_release(&request);
  buf_release(&answer);
}

/* Nothing of what was refused above keeps the real acts from being accepted afterwards. */
static void test_gap_loses_nothing(void **state) {
  (void)state;
  struct buf request = {0}, answer = {0};
  struct msg_request m;
  record_child(ann, "Ava");
  record_child(ann, "Bob");
  assert_int_equal(make_request(ann, &request), OK);
  assert_int_equal(msg_request_decode(buf_bytes(&request), &m), OK);
  struct msg_request second = m;
  struct buf without_first = {0};
  second.acts = &m.acts[1];
  second.act_count = 1;
  hand_write(&second, &without_first);
  assert_int_equal(make_answer(ann, &without_first, &answer), ERR_CHAIN);
  assert_int_equal(exchange_status(ERR_CHAIN), 409);
  msg_request_release(&m);
  for (size_t i = 0; i < w.count; i++)
    world_sync(&w, &w.members[i]);
  assert_all_converged();
  buf_release(&without_first);
  buf_release(&request);
  buf_release(&answer);
}

/* ---- a replica that was copied ---- */

static struct world_member copy_of(struct world_member *m) {
  struct world_member copy = *m;
  struct buf path = {0};
  buf_addf(&path, "%s-copy", m->path);
  store_close(m->store);
  m->store = NULL;
  files_copy(m->path, buf_cstr(&path));
  copy.path = bytes_copy_string(buf_bytes(&path));
  world_reopen(m);
  copy.store = NULL;
  world_must(store_open(copy.path, 0, &copy.store), "the copy");
  store_read_as(copy.store, &(struct scope_recipient){.replica = copy.replica});
  buf_release(&path);
  return copy;
}

static void copy_release(struct world_member *copy) {
  store_close(copy->store);
  free(copy->path);
}

static void test_fork(void **state) {
  (void)state;
  struct exchange_report report = {0};
  record_child(ann, "Both have");
  struct world_member copy = copy_of(ann);
  struct hash mine = record_child(ann, "Original's"), theirs = record_child(&copy, "Copy's");
  struct record r = {0};
  world_sync(&w, ann);
  struct hash node = whole(w.node.store), before = whole(copy.store);
  assert_int_equal(world_exchange(&w, &copy, &report), ERR_CHAIN);
  assert_non_null(strstr(err_words(ERR_CHAIN), "copied or restored"));
  assert_hash(whole(w.node.store), node, "a fork changed the node");
  assert_hash(whole(copy.store), before, "a fork changed the copy");
  assert_int_equal(store_outbox_count(copy.store, "unsent"), 2);
  assert_int_equal(store_find(copy.store, &theirs, &r), OK);
  record_release(&r);
  r = (struct record){0};
  assert_int_equal(store_find(ann->store, &mine, &r), OK);
  record_release(&r);
  copy_release(&copy);
}

/* A copy that recorded nothing of its own asks for what the original sent, and has it after the second request. */
static void test_copy_catches_up(void **state) {
  (void)state;
  struct exchange_report report = {0};
  record_child(ann, "Both have");
  struct world_member copy = copy_of(ann);
  record_child(ann, "Original's");
  world_sync(&w, ann);
  assert_int_equal(world_exchange(&w, &copy, &report), ERR_PROOF);
  assert_non_null(strstr(err_remedy(), "sync again"));
  assert_int_equal(store_outbox_count(copy.store, "unsent"), 1);
  world_sync(&w, &copy);
  assert_int_equal(store_outbox_count(copy.store, NULL), 0);
  assert_hash(shared(copy.store), shared(w.node.store), "the copy");
  assert_int_equal(store_meta_number(copy.store, "wants-own"), 0);
  copy_release(&copy);
}

/* ---- time ---- */

static void test_clock_goes_back(void **state) {
  (void)state;
  struct act_record a = {0}, b = {0};
  uint64_t size;
  w.now_s += 10 * DAY_S;
  record_child(ann, "Ava");
  world_sync(&w, ann);
  size = store_size(w.node.store);
  w.now_s -= 5 * DAY_S;
  record_child(ann, "Bob");
  struct hash child = record_child(ann, "Cid"), meeting = record_meeting(ann, &child);
  record_broken_decision(ann, &child, &meeting); /* the node's own entry, too */
  world_sync(&w, ann);
  assert_int_equal(store_size(w.node.store), size + 4);
  assert_int_equal(store_find_act(w.node.store, size, &a), OK);
  for (uint64_t n = size + 1; n <= size + 4; n++) {
    assert_int_equal(store_find_act(w.node.store, n, &b), OK);
    assert_string_equal(b.admitted.s, a.admitted.s);
    act_record_release(&b);
  }
  world_sync(&w, cat);
  assert_hash(shared(cat->store), shared(w.node.store), "Cat's replica");
  act_record_release(&a);
}

/* ---- pages ---- */

#define TEXT_SIZE 4000
#define VIEW_SIZE (TEXT_SIZE + 420) /* header and content of a view with so much text */

/* An act of views on one child, of about so many bytes. */
static enum err record_large(struct world_member *m, const struct hash *child, const struct hash *meeting,
                             size_t size) {
  static char text[TEXT_SIZE + 1];
  struct hash_hex c = hash_hex(child), on = hash_hex(meeting);
  struct draft_value values[] = {{"child", c.s}, {"meeting", on.s}, {"risk", text}, {"plan", "no"}, {"register", "no"}};
  size_t count = size / VIEW_SIZE;
  struct draft *drafts = mem_alloc_array(count, sizeof *drafts);
  struct verdict v;
  memset(text, 'r', TEXT_SIZE);
  for (size_t i = 0; i < count; i++)
    drafts[i] = world_draft("view.record", values, COUNT(values));
  enum err e = world_write(&w, m, drafts, count, ACCEPT_WRITE, &v);
  free(drafts);
  return e;
}

static size_t act_size(struct store *s, uint64_t first) {
  struct act_record a = {0};
  size_t size = 0;
  assert_int_equal(store_find_act(s, first, &a), OK);
  for (size_t i = 0; i < a.count; i++)
    size += a.entries[i].header.len + a.entries[i].content.len;
  act_record_release(&a);
  return size;
}

/* Asks until there is nothing more; counts the rounds and checks each page's size. */
static uint32_t sync_in_pages(struct world_member *m, uint32_t *delivered) {
  struct buf request = {0}, answer = {0};
  struct exchange_report report = {.has_more = true};
  uint32_t rounds = 0;
  for (; report.has_more; rounds++) {
    struct msg_answer a;
    report.has_more = false;
    ask(m, &request, &answer);
    assert_true(request.len <= MSG_PAGE_MAX);
    assert_true(answer.len <= MSG_PAGE_MAX);
    assert_int_equal(msg_answer_decode(buf_bytes(&answer), &a), OK);
    *delivered += a.event_count;
    assert_true(!a.has_more || a.event_count > 0);
    msg_answer_release(&a);
    assert_int_equal(take(m, &answer, &report), OK);
    assert_true(rounds < 10);
  }
  buf_release(&request);
  buf_release(&answer);
  return rounds;
}

static void test_pages(void **state) {
  (void)state;
  struct hash child = record_child(ann, "Ava"), meeting = record_meeting(ann, &child);
  uint32_t delivered = 0;
  world_sync(&w, ann);
  assert_int_equal(record_large(ann, &child, &meeting, ACT_SIZE_MAX + 20000), ERR_LIMIT);
  assert_int_equal(store_outbox_count(ann->store, NULL), 0);
  uint64_t first = store_next_pending(ann->store);
  for (int i = 0; i < 3; i++)
    assert_int_equal(record_large(ann, &child, &meeting, ACT_SIZE_MAX), OK);
  size_t size = act_size(ann->store, first);
  if (size > ACT_SIZE_MAX || size < ACT_SIZE_MAX - 16384)
    fail_msg("the act has %zu bytes, which is not near 2 MiB", size);
  struct exchange_report report = {0};
  assert_int_equal(world_exchange(&w, ann, &report), OK);
  assert_true(report.has_more);
  assert_true(store_outbox_count(ann->store, "unsent") > 0);
  sync_in_pages(ann, &delivered);
  assert_int_equal(store_outbox_count(ann->store, NULL), 0);
  delivered = 0;
  assert_int_equal(sync_in_pages(ben, &delivered), 2);
  assert_int_equal(delivered, 5);
  assert_hash(shared(ann->store), shared(w.node.store), "Ann's replica");
  assert_hash(shared(ben->store), shared(w.node.store), "Ben's replica");
}

/* Whoever joins hears of their own machine on the last page. */
static void test_joining_in_pages(void **state) {
  (void)state;
  struct hash child = record_child(ann, "Ava"), meeting = record_meeting(ann, &child);
  for (int i = 0; i < 2; i++)
    assert_int_equal(record_large(ann, &child, &meeting, ACT_SIZE_MAX), OK);
  world_sync(&w, ann);
  struct world_member *flo = world_join(&w, &ann->agency, "Flo", "practitioner");
  assert_hash(shared(flo->store), shared(w.node.store), "Flo's replica");
  record_child(flo, "Flo's");
  world_sync(&w, flo);
  assert_int_equal(store_outbox_count(flo->store, NULL), 0);
}

/* A page that is nearly full when the entries of others come between the pages. */
static void test_entries_between_pages(void **state) {
  (void)state;
  struct hash child = record_child(ann, "Ava"), meeting = record_meeting(ann, &child);
  struct exchange_report report = {0};
  for (int i = 0; i < 3; i++)
    assert_int_equal(record_large(ann, &child, &meeting, ACT_SIZE_MAX), OK);
  world_sync(&w, ann);
  record_child(ben, "Ben's");
  assert_int_equal(world_exchange(&w, ben, &report), OK);
  assert_true(report.has_more);
  assert_int_equal(report.accepted, 0); /* its delivery stands at the feed's end */
  assert_int_equal(store_outbox_count(ben->store, "sent"), 1);
  record_child(dan, "Dan's");
  world_sync(&w, dan);
  record_child(ben, "Ben's second");
  world_reopen(ben);
  world_sync(&w, ben);
  assert_int_equal(store_outbox_count(ben->store, NULL), 0);
  assert_hash(shared(ben->store), shared(w.node.store), "Ben's replica");
  assert_views(ben->store, "Ben's views");
}

/* ---- a node that lies ---- */

#define ORIGIN "nl.example/register"

/* What a hostile node has: every leaf, so that it can make any tree, and the ledger's key. */
struct forge {
  struct hash leaves[LEAVES_MAX];
  uint64_t size;
};

static void forge_from_node(struct forge *f) {
  f->size = store_size(w.node.store);
  assert_true(f->size < LEAVES_MAX);
  for (uint64_t n = 1; n <= f->size; n++) {
    struct buf leaf = {0};
    assert_int_equal(store_leaf(w.node.store, n, &leaf), OK);
    f->leaves[n - 1] = merkle_leaf(buf_bytes(&leaf));
    buf_release(&leaf);
  }
}

/* Puts a delivery's leaves where it says they are. */
static void forge_leaves(struct forge *f, const struct msg_event *d) {
  for (uint32_t i = 0; i < d->count; i++) {
    struct buf text = {0};
    uint64_t number = d->first + d->entries[i].index;
    struct leaf leaf = {number,  d->admitted,  &d->position, d->entries[i].index,
                        d->size, d->signature, d->head,      d->entries[i].header};
    leaf_format(&text, &leaf);
    f->leaves[number - 1] = merkle_leaf(buf_bytes(&text));
    f->size = number > f->size ? number : f->size;
    buf_release(&text);
  }
}

static enum err hash_of_leaves(void *of, unsigned level, uint64_t index, struct hash *out) {
  const struct forge *f = of;
  *out = merkle_root_of(f->leaves + (index << level), (size_t)1 << level);
  return OK;
}

/* origin stands in the text, name on the signature's line; they are the same but in a lie. */
static void forge_note(const struct forge *f, const char *origin, const char *name, const struct key *ledger,
                       struct buf *note) {
  struct checkpoint c = {.size = f->size, .root = merkle_root_of(f->leaves, f->size)};
  struct buf text = {0};
  snprintf(c.origin, sizeof c.origin, "%s", origin);
  c.time = text_time_format(w.now_s);
  checkpoint_format(&text, &c);
  assert_int_equal(note_sign(buf_bytes(&text), name, ledger, note), OK);
  buf_release(&text);
}

static void write_answer(const struct msg_answer *m, struct buf *out) {
  buf_clear(out);
  msg_answer_begin(out, m);
  for (uint32_t i = 0; i < m->event_count; i++)
    msg_event_encode(out, &m->events[i]);
  msg_answer_end(out, m);
}

static int compare_indices(const void *a, const void *b) {
  const uint64_t *x = a, *y = b;
  return (*x > *y) - (*x < *y);
}

/* Of a delivery in form MSG_YOURS Ann has the entries; there it is one. */
static size_t list_indices(const struct msg_answer *m, uint64_t *out) {
  size_t count = 0;
  for (uint32_t i = 0; i < m->event_count; i++) {
    const struct msg_event *d = &m->events[i];
    if (d->form == MSG_YOURS)
      out[count++] = d->first - 1;
    for (uint32_t k = 0; k < d->count; k++)
      out[count++] = d->first + d->entries[k].index - 1;
  }
  qsort(out, count, sizeof *out, compare_indices);
  return count;
}

/* An answer over the forged tree, its checkpoint signed as it should be, for a replica that knows the tree up to
 * `known`; where it says that the feed stands is for the caller to say. */
static void forge_proved(struct forge *f, uint64_t known, struct msg_answer *m, struct buf *out) {
  struct buf note = {0}, proof = {0};
  uint64_t indices[LEAVES_MAX];
  struct merkle_source source = {f, hash_of_leaves};
  size_t count = list_indices(m, indices);
  assert_int_equal(merkle_prove(&source, known, f->size, indices, count, &proof), OK);
  forge_note(f, ORIGIN, ORIGIN, w.ledger, &note);
  m->checkpoint = buf_bytes(&note);
  m->proof = buf_bytes(&proof);
  write_answer(m, out);
  buf_release(&note);
  buf_release(&proof);
}

/* The same, and the feed stands where Ann finds it. */
static void forge_answer(struct forge *f, uint64_t known, struct msg_answer *m, struct buf *out) {
  m->upto = world_upto(ann, m->events, m->event_count);
  forge_proved(f, known, m, out);
}

/* Ben has written an act of two children, and one of one; Ann has an act in her outbox, and is about to hear of all. */
struct scene {
  struct buf request, answer;
  struct msg_answer m;
  struct hash before; /* Ann's store */
  uint64_t known;
};

static void open_scene(struct scene *s) {
  struct draft two[] = {WORLD_DRAFT("child.add", {"name", "Ben's first"}),
                        WORLD_DRAFT("child.add", {"name", "second"})};
  struct verdict v;
  *s = (struct scene){.known = store_size(w.node.store)};
  assert_int_equal(world_write(&w, ben, two, 2, ACCEPT_WRITE, &v), OK);
  record_child(ben, "Ben's third");
  world_sync(&w, ben);
  record_child(ann, "Ava");
  ask(ann, &s->request, &s->answer);
  assert_int_equal(msg_answer_decode(buf_bytes(&s->answer), &s->m), OK);
  assert_int_equal(s->m.event_count, 3);
  s->before = whole(ann->store);
}

static void close_scene(struct scene *s) {
  msg_answer_release(&s->m);
  buf_release(&s->request);
  buf_release(&s->answer);
}

/* A copy that a lie can change: the lists are its own, what they hold is the honest answer's. */
struct liar {
  struct msg_answer m;
  struct msg_event events[4];
  struct act_entry entries[4][HAND_ENTRIES_MAX];
};

static void copy_answer(struct liar *l, const struct msg_answer *m) {
  l->m = *m;
  l->m.events = l->events;
  for (uint32_t i = 0; i < m->event_count; i++) {
    l->events[i] = m->events[i];
    l->events[i].entries = l->entries[i];
    for (uint32_t k = 0; k < m->events[i].count; k++)
      l->entries[i][k] = m->events[i].entries[k];
  }
}

static struct buf scratch;

static struct bytes copy_of_bytes(struct bytes b) {
  buf_clear(&scratch);
  buf_add(&scratch, b);
  return buf_bytes(&scratch);
}

static void lie_withheld_entry(struct msg_answer *m) {
  m->events[0].count = 1;
}
static void lie_withheld_act(struct msg_answer *m) {
  m->events[1] = m->events[2];
  m->event_count = 2;
}
static void lie_contents_swapped(struct msg_answer *m) {
  struct bytes first = m->events[0].entries[0].content;
  m->events[0].entries[0].content = m->events[0].entries[1].content;
  m->events[0].entries[1].content = first;
}
static void lie_entries_swapped(struct msg_answer *m) {
  struct act_entry *e = m->events[0].entries, first = e[0];
  e[0] = e[1];
  e[1] = first;
  e[0].index = 0;
  e[1].index = 1;
}
static void lie_acts_swapped(struct msg_answer *m) {
  struct msg_event first = m->events[0];
  m->events[0] = m->events[1];
  m->events[1] = first;
}
static void lie_act_twice(struct msg_answer *m) {
  m->events[2] = m->events[1];
}
static void lie_salt(struct msg_answer *m) {
  m->events[1].entries[0].salt[15] ^= 1;
}
static void lie_header(struct msg_answer *m) {
  struct bytes copy = copy_of_bytes(m->events[1].entries[0].header);
  scratch.at[scratch.len - 2] ^= 1;
  m->events[1].entries[0].header = copy;
}
static void lie_admitted(struct msg_answer *m) {
  m->events[1].admitted = bytes_str("2026-11-21T09:00:01Z");
}
static void lie_admitted_own(struct msg_answer *m) {
  m->events[2].admitted = bytes_str("2026-11-21T09:00:01Z");
}
static void lie_admitted_no_time(struct msg_answer *m) {
  m->events[1].admitted = bytes_str("yesterday");
}
static void lie_number(struct msg_answer *m) {
  m->events[2].first++;
}
static void lie_number_far(struct msg_answer *m) {
  m->events[2].first = STORE_PENDING - 1;
}
static void lie_position(struct msg_answer *m) {
  m->events[1].position.number++;
}
static void lie_previous(struct msg_answer *m) {
  m->events[1].position.previous.at[0] ^= 1;
}
static void lie_replica(struct msg_answer *m) {
  m->events[1].position.replica = cat->replica;
}
static void lie_no_head(struct msg_answer *m) {
  m->events[1].head = bytes_of(NULL, 0);
}
static void lie_signature(struct msg_answer *m) {
  m->events[1].signature = m->events[0].signature;
}
static void lie_size(struct msg_answer *m) {
  m->events[1].size = 2;
}
static void lie_siblings(struct msg_answer *m) {
  m->events[1].siblings = bytes_of(m->events[1].entries[0].header.at, HASH_SIZE);
}
static void lie_short_proof(struct msg_answer *m) {
  m->proof.len -= HASH_SIZE;
}
static void lie_long_proof(struct msg_answer *m) {
  copy_of_bytes(m->proof);
  buf_extend(&scratch, HASH_SIZE);
  m->proof = buf_bytes(&scratch);
}
static void lie_no_proof(struct msg_answer *m) {
  m->proof.len = 0;
}
static void lie_yours_of_nobody(struct msg_answer *m) {
  m->events[2].position.act.at[0] ^= 1;
}
static void lie_yours_of_ben(struct msg_answer *m) { /* Ann does not have it */
  m->events[1].form = MSG_YOURS;
  m->events[1].position.act = hash_of(bytes_str("Ben's"));
}
static void lie_upto_low(struct msg_answer *m) {
  m->upto.place--;
}
static void lie_upto_high(struct msg_answer *m) {
  m->upto.place++;
}
static void lie_upto_digest(struct msg_answer *m) {
  m->upto.digest.at[0] ^= 1;
}
static void lie_upto_before(struct msg_answer *m) {
  assert_int_equal(feed_end(ann->store, FEED_OWN, &m->upto), OK);
}
static void lie_upto_nothing(struct msg_answer *m) {
  m->upto = (struct feed_end){0};
}
static void lie_upto_with_more(struct msg_answer *m) {
  m->has_more = true;
  m->event_count = 2;
}
static void lie_more_of_nothing(struct msg_answer *m) {
  m->has_more = true;
  m->event_count = 0;
  lie_upto_before(m);
}
static void lie_nothing_at_the_end(struct msg_answer *m) {
  m->event_count = 0;
}
static void lie_checkpoint_key(struct msg_answer *m) {
  struct forge f;
  forge_from_node(&f);
  buf_clear(&scratch);
  forge_note(&f, ORIGIN, ORIGIN, w.operating, &scratch);
  m->checkpoint = buf_bytes(&scratch);
}
static void lie_checkpoint_origin(struct msg_answer *m) {
  struct forge f;
  forge_from_node(&f);
  buf_clear(&scratch);
  forge_note(&f, "nl.example/other", "nl.example/other", w.ledger, &scratch);
  m->checkpoint = buf_bytes(&scratch);
}
static void lie_checkpoint_text(struct msg_answer *m) {
  struct forge f;
  forge_from_node(&f);
  buf_clear(&scratch);
  forge_note(&f, "nl.example/other", ORIGIN, w.ledger, &scratch);
  m->checkpoint = buf_bytes(&scratch);
}
static void lie_checkpoint_root(struct msg_answer *m) {
  struct forge f;
  forge_from_node(&f);
  f.leaves[f.size - 1].at[0] ^= 1;
  buf_clear(&scratch);
  forge_note(&f, ORIGIN, ORIGIN, w.ledger, &scratch);
  m->checkpoint = buf_bytes(&scratch);
}
static void lie_no_checkpoint(struct msg_answer *m) {
  m->checkpoint.len = 0;
}
static void lie_unsigned_checkpoint(struct msg_answer *m) {
  struct bytes text;
  assert_int_equal(note_text(m->checkpoint, &text), OK);
  m->checkpoint = text;
}

static void test_lies(void **state) {
  (void)state;
  static const struct {
    const char *what;
    void (*lie)(struct msg_answer *m);
  } cases[] = {
      {"an entry withheld from an act", lie_withheld_entry},
      {"an act withheld", lie_withheld_act},
      {"contents swapped", lie_contents_swapped},
      {"entries swapped", lie_entries_swapped},
      {"acts swapped", lie_acts_swapped},
      {"an act twice", lie_act_twice},
      {"another salt", lie_salt},
      {"another header", lie_header},
      {"another time of admission", lie_admitted},
      {"another time of admission of ours", lie_admitted_own},
      {"a time of admission that is none", lie_admitted_no_time},
      {"another number", lie_number},
      {"a number far away", lie_number_far},
      {"another position", lie_position},
      {"another previous position", lie_previous},
      {"another replica", lie_replica},
      {"a head withheld", lie_no_head},
      {"another signature", lie_signature},
      {"another size", lie_size},
      {"siblings where there are none", lie_siblings},
      {"a proof too short", lie_short_proof},
      {"a proof too long", lie_long_proof},
      {"no proof", lie_no_proof},
      {"a place before the end", lie_upto_low},
      {"a place behind the end", lie_upto_high},
      {"another digest", lie_upto_digest},
      {"the place from before", lie_upto_before},
      {"no place", lie_upto_nothing},
      {"a place behind the last delivery of a page", lie_upto_with_more},
      {"a page of nothing, and more to come", lie_more_of_nothing},
      {"deliveries withheld, and no proof for it", lie_nothing_at_the_end},
      {"a checkpoint by another key", lie_checkpoint_key},
      {"a checkpoint of another ledger", lie_checkpoint_origin},
      {"a checkpoint whose text names another ledger", lie_checkpoint_text},
      {"a checkpoint with another root", lie_checkpoint_root},
      {"no checkpoint", lie_no_checkpoint},
      {"a checkpoint without a signature", lie_unsigned_checkpoint},
  };
  struct scene s;
  open_scene(&s);
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct liar l;
    struct buf lie = {0};
    copy_answer(&l, &s.m);
    cases[i].lie(&l.m);
    write_answer(&l.m, &lie);
    if (take(ann, &lie, NULL) == OK)
      fail_msg("%s: taken", cases[i].what);
    assert_hash(whole(ann->store), s.before, cases[i].what);
    buf_release(&lie);
  }
  assert_int_equal(take(ann, &s.answer, NULL), OK);
  close_scene(&s);
  buf_release(&scratch);
}

/* An act said to be ours that is not here: refused, and asked for whole the next time, which puts everything right. */
static void test_yours_of_nobody(void **state) {
  (void)state;
  static void (*const lies[])(struct msg_answer * m) = {lie_yours_of_nobody, lie_yours_of_ben};
  struct scene s;
  open_scene(&s);
  struct hash log = log_of(ann->store);
  for (size_t i = 0; i < COUNT(lies); i++) {
    struct liar l;
    struct buf lie = {0};
    copy_answer(&l, &s.m);
    lies[i](&l.m);
    write_answer(&l.m, &lie);
    assert_int_equal(take(ann, &lie, NULL), ERR_PROOF);
    assert_hash(log_of(ann->store), log, "an act that is not ours");
    assert_int_equal(store_meta_number(ann->store, "wants-own"), 1);
    assert_int_equal(store_outbox_count(ann->store, "unsent"), 1);
    buf_release(&lie);
  }
  world_sync(&w, ann);
  assert_int_equal(store_meta_number(ann->store, "wants-own"), 0);
  assert_int_equal(store_outbox_count(ann->store, NULL), 0);
  assert_hash(shared(ann->store), shared(w.node.store), "after the whole act came");
  close_scene(&s);
}

/* An id of 32 bytes, and what is here under it is long: a node that names an act of ours again and again is turned away
 * before any of it is loaded, and with what it takes to load one thousands would not fit into memory. */
static void test_yours_again_and_again(void **state) {
  (void)state;
  struct scene s;
  struct buf lie = {0};
  open_scene(&s);
  struct msg_answer m = s.m;
  m.event_count = MSG_EVENTS_MAX / 2;
  m.events = mem_alloc_array(m.event_count, sizeof *m.events);
  for (uint32_t i = 0; i < m.event_count; i++) {
    m.events[i] = s.m.events[2];
    m.events[i].first += i;
  }
  write_answer(&m, &lie);
  assert_int_equal(take(ann, &lie, NULL), ERR_PROOF);
  assert_non_null(strstr(err_words(ERR_PROOF), "twice"));
  assert_hash(whole(ann->store), s.before, "an act of ours again and again");
  assert_int_equal(take(ann, &s.answer, NULL), OK);
  free(m.events);
  buf_release(&lie);
  close_scene(&s);
}

/* "Accepted" without a delivery is no receipt: the act stays, and is offered again until the proof comes. */
static void test_accepted_without_delivery(void **state) {
  (void)state;
  struct scene s;
  struct buf lie = {0};
  struct exchange_report report = {0};
  struct liar l;
  struct forge f;
  struct msg_request sent;
  open_scene(&s);
  copy_answer(&l, &s.m);
  l.m.event_count = 2;
  forge_from_node(&f);
  f.size--; /* the ledger as it was before Ann's act came */
  forge_answer(&f, s.known, &l.m, &lie);
  assert_int_equal(take(ann, &lie, &report), OK);
  assert_int_equal(report.unconfirmed, 1);
  assert_int_equal(report.accepted, 0);
  assert_int_equal(store_outbox_count(ann->store, "unsent"), 1);
  buf_clear(&s.request);
  assert_int_equal(make_request(ann, &s.request), OK);
  assert_int_equal(msg_request_decode(buf_bytes(&s.request), &sent), OK);
  assert_int_equal(sent.act_count, 1);
  msg_request_release(&sent);
  report = (struct exchange_report){0};
  assert_int_equal(world_exchange(&w, ann, &report), OK);
  assert_int_equal(report.accepted, 1);
  assert_int_equal(store_outbox_count(ann->store, NULL), 0);
  assert_hash(shared(ann->store), shared(w.node.store), "after the receipt");
  buf_release(&lie);
  close_scene(&s);
}

/* A place behind an act of ours that was said to be accepted and was not delivered: once the node is honest again, the
 * receipt comes after all. */
static void test_withheld_receipt(void **state) {
  (void)state;
  struct scene s;
  struct buf lie = {0};
  struct exchange_report report = {0};
  struct liar l;
  struct forge f;
  open_scene(&s);
  copy_answer(&l, &s.m);
  l.m.event_count = 2;
  forge_from_node(&f);
  forge_answer(&f, s.known, &l.m, &lie);
  assert_int_equal(take(ann, &lie, &report), OK);
  assert_int_equal(report.unconfirmed, 1);
  assert_int_equal(store_outbox_count(ann->store, "unsent"), 1);
  record_child(ben, "afterwards"); /* so that the forged note is not the newest checkpoint */
  world_sync(&w, ben);
  world_sync(&w, ann);
  world_sync(&w, ann);
  assert_int_equal(store_outbox_count(ann->store, NULL), 0);
  assert_hash(shared(ann->store), shared(w.node.store), "after the receipt");
  buf_release(&lie);
  close_scene(&s);
}

/* ---- every byte of an answer ---- */

static int64_t changes(struct store *s) {
  struct query q = {.db = s->db};
  query_start_once(&q, s->db, "SELECT total_changes()");
  assert_true(query_row(&q));
  int64_t n = query_get_int(&q, 0);
  assert_int_equal(query_end(&q), OK);
  return n;
}

static void restore(struct world_member *m, const char *from) {
  char log[128];
  store_close(m->store);
  m->store = NULL;
  snprintf(log, sizeof log, "%s-wal", m->path);
  remove(log);
  files_copy(from, m->path);
  world_reopen(m);
}

/* The lines of the checkpoint in which replicas vouch for it; they are its last ones. */
static void find_vouched(const struct buf *answer, size_t *from, size_t *to) {
  struct msg_answer m;
  struct buf bare = {0};
  assert_int_equal(msg_answer_decode(buf_bytes(answer), &m), OK);
  assert_int_equal(cosignature_strip(m.checkpoint, &bare), OK);
  assert_true(bare.len < m.checkpoint.len && bytes_equal(bytes_of(m.checkpoint.at, bare.len), buf_bytes(&bare)));
  *from = (size_t)(m.checkpoint.at - answer->at) + bare.len;
  *to = (size_t)(m.checkpoint.at - answer->at) + m.checkpoint.len;
  assert_true(*to <= answer->len);
  msg_answer_release(&m);
  buf_release(&bare);
}

/* One act accepted, one refused, one of Ben's; each byte with one bit changed, and one in three of the lines that vouch
 * (nearly all of those are taken, and test_cosign.c has each byte of one). It is refused and nothing has changed,
 * or an honest sync afterwards makes it as if nothing had been. */
static void test_flipped_answers(void **state) {
  (void)state;
  struct buf request = {0}, answer = {0};
  struct world_member saved;
  size_t taken = 0, vouched_from, vouched_to;
  record_child(ben, "Ben's");
  world_sync(&w, ben);
  record_child(ann, "Ava");
  record_unpermitted(ann);
  ask(ann, &request, &answer);
  saved = copy_of(ann);
  struct hash before = whole(ann->store), log = log_of(ann->store);
  find_vouched(&answer, &vouched_from, &vouched_to);
  for (size_t i = 0; i < answer.len; i += i >= vouched_from && i < vouched_to ? 3 : 1) {
    char what[32];
    int64_t changed = changes(ann->store);
    snprintf(what, sizeof what, "byte %zu", i);
    answer.at[i] ^= (uint8_t)(1 << i % 8);
    enum err e = take(ann, &answer, NULL);
    answer.at[i] ^= (uint8_t)(1 << i % 8);
    if (e != OK && store_meta_number(ann->store, "wants-own")) { /* the id of an act of ours: asked for whole */
      assert_hash(log_of(ann->store), log, what);
      restore(ann, saved.path);
      continue;
    }
    if (e != OK) {
      if (changes(ann->store) != changed)
        assert_hash(whole(ann->store), before, what);
      continue;
    }
    if (taken++ % 4 == 0) { /* words of a verdict, or what somebody vouches for: one in four is followed to the end */
      world_sync(&w, ann);
      assert_hash(log_of(ann->store), log_of(w.node.store), what);
      if (store_outbox_count(ann->store, NULL) != 1 ||
          store_outbox_count(ann->store, "refused") + store_outbox_count(ann->store, "held") != 1)
        fail_msg("%s: the outbox", what);
    }
    restore(ann, saved.path);
  }
  /* What others vouch for is compared only where this replica has a checkpoint of the same size. */
  if (taken == 0 || taken > 450 + (vouched_to - vouched_from) / 3)
    fail_msg("%zu of %zu changed answers were taken", taken, answer.len);
  assert_int_equal(take(ann, &answer, NULL), OK);
  assert_hash(log_of(ann->store), log_of(w.node.store), "the honest answer");
  copy_release(&saved);
  buf_release(&request);
  buf_release(&answer);
}

/* ---- a node that holds the ledger's key and lies with it ---- */

/* An answer with nothing but what is given. */
static struct msg_answer nothing_but(struct msg_event *deliveries, uint32_t count) {
  return (struct msg_answer){.events = deliveries, .event_count = count};
}

static void assert_refused(struct world_member *m, const struct buf *answer, const char *words, const char *what) {
  struct hash before = whole(m->store);
  enum err e = take(m, answer, NULL);
  if (e == OK || strstr(err_words(e), words) == NULL)
    fail_msg("%s: %s", what, err_words(e));
  assert_hash(whole(m->store), before, what);
}

static void test_rolled_back(void **state) {
  (void)state;
  struct forge f;
  struct buf answer = {0};
  struct msg_answer m = nothing_but(NULL, 0);
  world_sync(&w, ann);
  forge_from_node(&f);
  f.size--;
  forge_answer(&f, f.size, &m, &answer);
  assert_refused(ann, &answer, "smaller", "a smaller ledger");
  forge_from_node(&f);
  f.leaves[f.size - 1].at[0] ^= 1;
  forge_answer(&f, f.size, &m, &answer);
  assert_refused(ann, &answer, "two different histories", "another ledger of the same size");
  forge_from_node(&f);
  f.leaves[3].at[0] ^= 1;
  f.leaves[f.size++] = f.leaves[0];
  forge_answer(&f, f.size - 1, &m, &answer);
  assert_refused(ann, &answer, "does not continue", "another past");
  forge_from_node(&f);
  forge_answer(&f, f.size, &m, &answer);
  assert_int_equal(take(ann, &answer, NULL), OK); /* the forge itself is honest if nothing is changed */
  buf_release(&answer);
}

/* A delivery of an act made by hand, as the ledger's next. */
static struct msg_event hand_delivery(struct hand_act *a, const struct forge *f, const struct hash *replica) {
  return (struct msg_event){.form = MSG_FULL,
                            .first = f->size + 1,
                            .admitted = bytes_str("2026-11-21T09:00:00Z"),
                            .position = {*replica, 1, {{0}}, act_id(&a->text)},
                            .signature = buf_bytes(&a->signature),
                            .size = a->count,
                            .count = a->count,
                            .entries = a->entries};
}

/* ---- what the node says of its feed, with a proof that is right for what it delivers: only the digest gives the lie
 * away ---- */

static struct hash sibling;

static void feed_withheld_act(struct msg_answer *m) {
  lie_withheld_act(m);
}
static void feed_withheld_entry(struct msg_answer *m) { /* as if Ann's agency might see one of the two only */
  sibling = merkle_leaf(m->events[0].entries[1].header);
  m->events[0].siblings = hash_bytes(&sibling);
  m->events[0].count = 1;
}
static void feed_order(struct msg_answer *m) {
  lie_acts_swapped(m);
}
static void feed_nothing(struct msg_answer *m) {
  m->event_count = 0;
}
static void feed_one_more(struct msg_answer *m, enum msg_form form, uint64_t number) {
  m->events[m->event_count++] = (struct msg_event){.form = form, .first = number};
}
static void feed_withdrawn(struct msg_answer *m) {
  feed_one_more(m, MSG_WITHDRAWN, 1);
}
static void feed_withdrawn_now(struct msg_answer *m) {
  feed_one_more(m, MSG_WITHDRAWN, m->events[1].first);
}
static void feed_erased(struct msg_answer *m) {
  feed_one_more(m, MSG_ERASED, 1);
}
static void feed_erased_own(struct msg_answer *m) {
  feed_one_more(m, MSG_ERASED, m->events[2].first);
}
static void feed_erased_nothing(struct msg_answer *m) {
  feed_one_more(m, MSG_ERASED, STORE_PENDING - 1);
}
static void feed_passed(struct msg_answer *m) {
  feed_one_more(m, MSG_PASSED, m->events[1].first);
}
static void feed_passed_for_act(struct msg_answer *m) { /* the digest is as it should be */
  m->events[1] = (struct msg_event){.form = MSG_PASSED, .first = m->events[1].first};
}
static void feed_withdrawn_for_act(struct msg_answer *m) {
  m->events[1] = (struct msg_event){.form = MSG_WITHDRAWN, .first = m->events[1].first};
}
static void feed_erased_for_act(struct msg_answer *m) {
  m->events[1] = (struct msg_event){.form = MSG_ERASED, .first = m->events[1].first};
}

static void test_lies_about_the_feed(void **state) {
  (void)state;
  static const struct {
    const char *what;
    void (*lie)(struct msg_answer *m);
  } cases[] = {
      {"an act withheld", feed_withheld_act},
      {"an entry of an act withheld", feed_withheld_entry},
      {"everything withheld", feed_nothing},
      {"acts in another order", feed_order},
      {"an entry of before withdrawn", feed_withdrawn},
      {"an entry of this answer withdrawn", feed_withdrawn_now},
      {"an entry of before erased", feed_erased},
      {"an entry of Ann's own erased", feed_erased_own},
      {"an entry that nobody has, erased", feed_erased_nothing},
      {"a delivery passed over, once more", feed_passed},
      {"an act passed over that is to be held", feed_passed_for_act},
      {"an act withdrawn that was never delivered", feed_withdrawn_for_act},
      {"an act erased that was never delivered", feed_erased_for_act},
  };
  struct scene s;
  struct forge f;
  open_scene(&s);
  forge_from_node(&f);
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct liar l;
    struct buf answer = {0};
    copy_answer(&l, &s.m);
    cases[i].lie(&l.m);
    forge_proved(&f, s.known, &l.m, &answer);
    enum err e = take(ann, &answer, NULL);
    if (e != ERR_PROOF || strstr(err_words(e), "feed") == NULL)
      fail_msg("%s: %s: %s", cases[i].what, err_text(e), err_words(e));
    assert_hash(whole(ann->store), s.before, cases[i].what);
    buf_release(&answer);
  }
  assert_int_equal(take(ann, &s.answer, NULL), OK);
  close_scene(&s);
}

/* Takes an act signed by this key as the ledger's next. */
static enum err take_forged(const struct key *by, const struct key *signer, const char *kind) {
  struct hand_act a = {0};
  struct forge f;
  struct buf answer = {0};
  struct hash replica = hash_of(bytes_str("any"));
  hand_entry(&a, by, kind, "{\"name\":\"Eve\"}");
  hand_sign(&a, signer);
  forge_from_node(&f);
  uint64_t known = f.size;
  struct msg_event d = hand_delivery(&a, &f, &replica);
  struct msg_answer m = nothing_but(&d, 1);
  forge_leaves(&f, &d);
  forge_answer(&f, known, &m, &answer);
  enum err e = take(ann, &answer, NULL);
  hand_release(&a);
  buf_release(&answer);
  return e;
}

static void test_forged_authors(void **state) {
  (void)state;
  struct key *stranger = key_new();
  world_sync(&w, ann);
  struct hash before = whole(ann->store);
  const struct {
    const char *what;
    const struct key *by, *signer;
    const char *kind;
    enum err expected;
  } cases[] = {
      {"a key without a certificate", stranger, stranger, "child.add", ERR_KEY},
      {"a person's name and another key", ben->key, stranger, "child.add", ERR_SIGNATURE},
      {"a person's name and the node's key", ben->key, w.operating, "child.add", ERR_SIGNATURE},
      {"a person's name and the ledger's key", ben->key, w.ledger, "child.add", ERR_SIGNATURE},
      {"a machine's key", ben->replica_key, ben->replica_key, "child.add", ERR_KEY},
      {"the ledger's key", w.ledger, w.ledger, "child.add", ERR_KEY},
      {"the authority's key", w.authority, w.authority, "child.add", ERR_KEY},
      {"an unknown kind by a stranger", stranger, stranger, "novel.kind", ERR_KEY},
      {"a second opening", stranger, stranger, "log.open", ERR_FORM},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    enum err e = take_forged(cases[i].by, cases[i].signer, cases[i].kind);
    if (e != cases[i].expected)
      fail_msg("%s: %s: %s", cases[i].what, err_text(e), err_words(e));
    assert_hash(whole(ann->store), before, cases[i].what);
  }
  key_free(stranger);
}

/* What this program does not know yet, it stores and shows as unknown. */
static void test_unknown_kind_delivered(void **state) {
  (void)state;
  struct record r = {0};
  struct hash views, again;
  world_sync(&w, ann);
  assert_int_equal(store_views_digest(ann->store, &views), OK);
  assert_int_equal(take_forged(ben->key, ben->key, "novel.kind/2"), OK);
  assert_int_equal(store_find_number(ann->store, store_size(ann->store), &r), OK);
  assert_true(bytes_equal_str(r.entry.kind, "novel.kind/2"));
  assert_string_equal(r.state, "accepted");
  assert_int_equal(store_views_digest(ann->store, &again), OK);
  assert_hash(views, again, "an unknown kind entered the views");
  record_release(&r);
}

/* An act that Ann has, once more under a new number. */
static void test_two_numbers(void **state) {
  (void)state;
  struct act_record a = {0};
  struct forge f;
  struct buf answer = {0};
  record_child(ben, "Ben's");
  world_sync(&w, ben);
  world_sync(&w, ann);
  forge_from_node(&f);
  uint64_t known = f.size;
  assert_int_equal(store_find_act(w.node.store, known, &a), OK);
  struct act_entry e = {.header = a.entries[0].entry.header, .content = buf_bytes(&a.entries[0].content)};
  memcpy(e.salt, a.entries[0].salt, sizeof e.salt);
  struct msg_event d = {.form = MSG_FULL,
                        .first = known + 1,
                        .admitted = bytes_str(a.admitted.s),
                        .position = a.position,
                        .signature = buf_bytes(&a.signature),
                        .size = 1,
                        .count = 1,
                        .entries = &e};
  struct msg_answer m = nothing_but(&d, 1);
  forge_leaves(&f, &d);
  forge_answer(&f, known, &m, &answer);
  assert_refused(ann, &answer, "two numbers", "an act with two numbers");
  act_record_release(&a);
  buf_release(&answer);
}

/* ---- an act of which the recipient may see only a part ---- */

/* Eve's agency is involved with some of three children; Ben writes an act that has an entry about each. */
struct trio {
  struct hash children[3], involvements[3];
  struct act_record act; /* as the node has it */
};

static void involve(struct trio *t, const struct world_member *eve, unsigned bits) {
  for (size_t i = 0; i < 3; i++) {
    struct hash_hex child = hash_hex(&t->children[i]), agency = hash_hex(&eve->agency);
    if (bits >> i & 1)
      t->involvements[i] =
          world_record(&w, ben, WORLD_DRAFT("involvement.start", {"child", child.s}, {"agency", agency.s}));
  }
  world_sync(&w, ben);
}

static void end_involvements(struct trio *t, unsigned bits) {
  for (size_t i = 0; i < 3; i++) {
    struct hash_hex child = hash_hex(&t->children[i]), start = hash_hex(&t->involvements[i]);
    if (bits >> i & 1)
      world_record(
          &w, ben,
          WORLD_DRAFT("involvement.end", {"child", child.s}, {"involvement", start.s}, {"reason", "it is over"}));
  }
  world_sync(&w, ben);
}

static void write_trio(struct trio *t, struct world_member *eve, unsigned bits) {
  struct hash_hex c[3];
  struct draft drafts[3];
  struct draft_value values[3][4];
  struct verdict v;
  *t = (struct trio){0};
  for (size_t i = 0; i < 3; i++) {
    t->children[i] = record_child(ben, "Ava");
    c[i] = hash_hex(&t->children[i]);
    values[i][0] = (struct draft_value){"child", c[i].s};
    values[i][1] = (struct draft_value){"name", "Mary"};
    values[i][2] = (struct draft_value){"relation", "mother"};
    values[i][3] = (struct draft_value){"responsibilities", "yes"};
    drafts[i] = world_draft("family.add", values[i], 4);
  }
  involve(t, eve, bits);
  world_sync(&w, eve);
  assert_int_equal(world_write(&w, ben, drafts, 3, ACCEPT_WRITE, &v), OK);
  world_sync(&w, ben);
  assert_int_equal(store_find_act(w.node.store, store_size(w.node.store) - 2, &t->act), OK);
  assert_int_equal(t->act.count, 3);
}

/* What was delivered is here and nothing else; the act still has its id and its signature checks. Its place in its
 * author's chain is known with its first entry only. */
static void assert_part(struct world_member *m, const struct trio *t, unsigned held, unsigned readable) {
  struct act_record here = {0};
  uint64_t first, count = 0;
  for (uint32_t i = 0; i < 3; i++) {
    struct record r = {0};
    count += held >> i & 1;
    if (store_find(m->store, &t->act.entries[i].entry.id, &r) != (readable >> i & 1 ? OK : ERR_ABSENT))
      fail_msg("entry %u, of %u held and %u to be read", i, held, readable);
    record_release(&r);
  }
  assert_int_equal(store_find_act_id(m->store, &t->act.position.act, &first), held ? OK : ERR_ABSENT);
  if (!held)
    return;
  assert_int_equal(first, t->act.first);
  assert_int_equal(store_find_act(m->store, first, &here), OK);
  assert_int_equal(here.count, count);
  assert_int_equal(here.text.size, 3);
  assert_hash(act_id(&here.text), t->act.position.act, "the act's id");
  assert_int_equal(act_verify(&here.text, ben->key, buf_bytes(&here.signature)), OK);
  assert_int_equal(here.position.number, held & 1 ? t->act.position.number : 0);
  assert_int_equal(here.head.len, held & 1 ? t->act.head.len : 0);
  act_record_release(&here);
  assert_views(m->store, "views of a part");
}

static struct msg_event *find_trio(struct msg_answer *m, const struct trio *t) {
  for (uint32_t i = 0; i < m->event_count; i++)
    if (m->events[i].form == MSG_FULL && m->events[i].first == t->act.first)
      return &m->events[i];
  fail_msg("the act was not delivered");
  return NULL;
}

static void lie_sibling(struct msg_event *d, const struct trio *t) {
  (void)t;
  d->siblings = copy_of_bytes(d->siblings);
  scratch.at[5] ^= 1;
}
static void lie_sibling_withheld(struct msg_event *d, const struct trio *t) {
  (void)t;
  d->siblings.len -= HASH_SIZE;
}
static void lie_sibling_added(struct msg_event *d, const struct trio *t) {
  (void)t;
  copy_of_bytes(d->siblings);
  buf_extend(&scratch, HASH_SIZE);
  d->siblings = buf_bytes(&scratch);
}
static void lie_index(struct msg_event *d, const struct trio *t) {
  (void)t;
  d->entries[d->count - 1].index = d->entries[d->count - 1].index == 2 ? 1 : 2;
}
/* A node that would have a part stand at a place in its author's chain that the part does not prove, or at none. */
static void lie_place(struct msg_event *d, const struct trio *t) {
  d->position = d->position.number ? (struct position){0} : t->act.position;
}

static void assert_lies_about_part(struct world_member *m, struct bytes answer, const struct trio *t) {
  static void (*const lies[])(struct msg_event * d, const struct trio *t) = {lie_sibling, lie_sibling_withheld,
                                                                             lie_sibling_added, lie_index, lie_place};
  struct hash before = whole(m->store);
  for (size_t i = 0; i < COUNT(lies); i++) {
    struct buf lie = {0};
    struct msg_answer a;
    assert_int_equal(msg_answer_decode(answer, &a), OK);
    struct msg_event *d = find_trio(&a, t);
    if (d->siblings.len > 0) {
      lies[i](d, t);
      write_answer(&a, &lie);
      if (take(m, &lie, NULL) == OK)
        fail_msg("lie %zu about entries %u of an act: taken", i, d->count);
      assert_hash(whole(m->store), before, "a lie about a part");
    }
    msg_answer_release(&a);
    buf_release(&lie);
  }
}

static void test_parts(void **state) {
  (void)state;
  struct world_member *eve = join_health();
  for (unsigned bits = 1; bits < 8; bits++) {
    struct trio t;
    struct buf request = {0}, answer = {0};
    struct exchange_report report = {0};
    write_trio(&t, eve, bits);
    ask(eve, &request, &answer);
    assert_lies_about_part(eve, buf_bytes(&answer), &t);
    assert_int_equal(take(eve, &answer, &report), OK);
    assert_int_equal(report.received, (bits & 1) + (bits >> 1 & 1) + (bits >> 2));
    assert_part(eve, &t, bits, bits);
    record_child(eve, "Eve's own");
    world_sync(&w, eve); /* the exchange goes on */
    assert_int_equal(store_size(eve->store), store_size(w.node.store));
    assert_int_equal(store_outbox_count(eve->store, NULL), 0);
    involve(&t, eve, ~bits); /* and brings the rest, in whatever order */
    world_sync(&w, eve);
    assert_part(eve, &t, 7, 7);
    act_record_release(&t.act);
    buf_release(&request);
    buf_release(&answer);
  }
  buf_release(&scratch);
}

/* What is withdrawn cannot be read any more; its header stays, so that the act can still be checked; and it comes back
 * when the agency is involved again. */
static void test_withdrawn(void **state) {
  (void)state;
  struct world_member *eve = join_health();
  for (unsigned bits = 1; bits < 8; bits++) {
    struct trio t;
    struct exchange_report report = {0};
    write_trio(&t, eve, 7);
    world_sync(&w, eve);
    end_involvements(&t, bits);
    assert_int_equal(world_exchange(&w, eve, &report), OK);
    assert_true(report.withdrawn > 0);
    assert_part(eve, &t, 7, 7 & ~bits);
    involve(&t, eve, bits);
    world_sync(&w, eve);
    assert_part(eve, &t, 7, 7);
    act_record_release(&t.act);
  }
}

/* What was delivered and withdrawn since the replica last asked never comes; and whoever follows the feed again from
 * its beginning has the same in the end. */
static void test_passed_over(void **state) {
  (void)state;
  struct world_member *eve = join_health();
  struct trio t;
  write_trio(&t, eve, 0);
  involve(&t, eve, 7);
  end_involvements(&t, 7);
  world_sync(&w, eve);
  assert_part(eve, &t, 0, 0);
  involve(&t, eve, 6);
  world_sync(&w, eve);
  assert_part(eve, &t, 6, 6);
  end_involvements(&t, 4);
  world_sync(&w, eve);
  assert_part(eve, &t, 6, 2);
  struct hash before = shared(eve->store);
  assert_int_equal(store_begin(eve->store), OK);
  assert_int_equal(feed_restart(eve->store), OK);
  assert_int_equal(store_commit(eve->store), OK);
  world_sync(&w, eve);
  assert_hash(shared(eve->store), before, "after following the feed again");
  assert_part(eve, &t, 6, 2);
  act_record_release(&t.act);
}

/* ---- the status of every error ---- */

static void test_status(void **state) {
  (void)state;
  static const struct {
    enum err e;
    int status;
  } cases[] = {
      {OK, 200},
      {ERR_USAGE, 400},
      {ERR_FORM, 400},
      {ERR_LIMIT, 400},
      {ERR_SIGNATURE, 400},
      {ERR_KEY, 401},
      {ERR_PASSPHRASE, 400},
      {ERR_REFUSED, 409},
      {ERR_UNKNOWN_KIND, 400},
      {ERR_ABSENT, 410},
      {ERR_AMBIGUOUS, 400},
      {ERR_HAD, 409},
      {ERR_CONFLICT, 409},
      {ERR_CHAIN, 409},
      {ERR_PROOF, 400},
      {ERR_BUSY, 503},
      {ERR_NOT_OURS, 500},
      {ERR_NEWER, 500},
      {ERR_DISK, 503},
      {ERR_NETWORK, 500},
      {ERR_IO, 500},
  };
  static const enum err all[] = {
#define X(code, words, exit_status) code,
      ERR_TABLE(X)
#undef X
  };
  assert_int_equal(COUNT(cases), COUNT(all));
  for (size_t i = 0; i < COUNT(all); i++) {
    if (cases[i].e != all[i] || exchange_status(all[i]) != cases[i].status)
      fail_msg("%s: %d", err_text(all[i]), exchange_status(all[i]));
  }
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_world, close_world)
  const struct CMUnitTest tests[] = {
      TEST(test_convergence),
      TEST(test_idle),
      TEST(test_bytes_are_appended),
      TEST(test_repeats),
      TEST(test_reordered),
      TEST(test_answers_in_order),
      TEST(test_lost_answer),
      TEST(test_refused),
      TEST(test_refused_last),
      TEST(test_refused_reference),
      TEST(test_unknown_kind),
      TEST(test_later_is_sent_again),
      TEST(test_odd_content),
      TEST(test_act_of_another_chain),
      TEST(test_spoilt_requests),
      TEST(test_unknown_replicas),
      TEST(test_gap_loses_nothing),
      TEST(test_fork),
      TEST(test_copy_catches_up),
      TEST(test_clock_goes_back),
      TEST(test_pages),
      TEST(test_joining_in_pages),
      TEST(test_entries_between_pages),
      TEST(test_lies),
      TEST(test_yours_of_nobody),
      TEST(test_accepted_without_delivery),
      TEST(test_yours_again_and_again),
      TEST(test_withheld_receipt),
      TEST(test_lies_about_the_feed),
      TEST(test_flipped_answers),
      TEST(test_rolled_back),
      TEST(test_forged_authors),
      TEST(test_unknown_kind_delivered),
      TEST(test_two_numbers),
      TEST(test_parts),
      TEST(test_withdrawn),
      TEST(test_passed_over),
      cmocka_unit_test(test_status),
  };
  return cmocka_run_group_tests_name("exchange", tests, NULL, NULL);
}
