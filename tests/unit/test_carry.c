/* Large contents in parts, in one process: cut at every point, in any order, twice, spoilt; who may put and get what;
 * what is thrown away. */
#include "sync/carry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/document.h"
#include "core/store_parts.h"
#include "tests/lib/world.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
/* Three parts, the last one short. */
#define DOCUMENT_SIZE (2 * PARTS_PART_SIZE + 12345)
#define PARTS 3

static struct world w;
static struct world_member *ann, *ben, *pam; /* social work; health, involved with the child; police, which is not */
static struct hash child, involvement;

static struct hash involve(const struct hash *who, const struct hash *agency) {
  struct hash_hex c = hash_hex(who), a = hash_hex(agency);
  return world_record(&w, ann, WORLD_DRAFT("involvement.start", {"child", c.s}, {"agency", a.s}));
}

static void end_involvement(const struct hash *who, const struct hash *of) {
  struct hash_hex c = hash_hex(who), i = hash_hex(of);
  world_record(&w, ann, WORLD_DRAFT("involvement.end", {"child", c.s}, {"involvement", i.s}, {"reason", "over"}));
}

/* Something else in the child's file. */
static struct hash note(const struct hash *who, const char *name) {
  struct hash_hex c = hash_hex(who);
  return world_record(&w, ann,
                      WORLD_DRAFT("family.add", {"child", c.s}, {"relation", "family-member"},
                                  {"responsibilities", "no"}, {"name", name}));
}

static int open_world(void **state) {
  (void)state;
  if (world_again(&w))
    return 0;
  world_open(&w, 11);
  struct hash social_work = world_agency(&w, "Social Work", "social-work"),
              health = world_agency(&w, "Health", "health"), police = world_agency(&w, "Police", "police");
  ann = world_join(&w, &social_work, "Ann", "practitioner keeper officer");
  ben = world_join(&w, &health, "Ben", "practitioner");
  pam = world_join(&w, &police, "Pam", "practitioner");
  child = world_record(&w, ann, WORLD_DRAFT("child.add", {"name", "Isla Reid"}));
  involvement = involve(&child, &health);
  world_sync(&w, ann);
  world_sync(&w, ben);
  world_sync(&w, pam);
  world_keep(&w);
  return 0;
}

static int close_world(void **state) {
  (void)state;
  world_close(&w);
  return 0;
}

/* ---- documents ---- */

#define MARK_EVERY 1000
#define MARK "the document %02x"

/* Bytes that differ from place to place, and from document to document; which one it is stands in them again and
 * again. */
static struct buf make_file(size_t size, uint8_t seed) {
  struct buf file = {0};
  uint8_t *at = buf_extend(&file, size);
  char mark[32];
  int len = snprintf(mark, sizeof mark, MARK, seed);
  for (size_t i = 0; i < size; i++)
    at[i] = (uint8_t)(seed + i + (i >> 8) * 7 + (i >> 16) * 31);
  for (size_t i = 0; i + (size_t)len <= size; i += MARK_EVERY)
    memcpy(at + i, mark, (size_t)len);
  return file;
}

/* Anything of it, in whatever state, in a database's files as they lie on the disk? */
static bool is_in_files(const char *path, uint8_t seed) {
  static const char *const suffixes[] = {"", "-wal", "-shm"};
  char mark[32], name[128];
  bool is = false;
  int len = snprintf(mark, sizeof mark, MARK, seed);
  for (size_t i = 0; i < COUNT(suffixes); i++) {
    struct buf bytes = {0};
    uint8_t part[65536];
    size_t n;
    snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
    FILE *f = fopen(name, "rb");
    while (f && (n = fread(part, 1, sizeof part, f)) > 0)
      buf_add(&bytes, bytes_of(part, n));
    if (f)
      fclose(f);
    is = is || (bytes.len && memmem(bytes.at, bytes.len, mark, (size_t)len));
    buf_release(&bytes);
  }
  return is;
}

/* An act of a document with so many files of their own documents, about one child after the other. */
static void record_about(struct world_member *m, const struct hash *children, size_t child_count, size_t count,
                         size_t size, uint8_t seed) {
  struct draft drafts[2 * (ACT_LARGE_MAX + 1)] = {0};
  struct draft_value about[ACT_LARGE_MAX + 1][3], of[ACT_LARGE_MAX + 1][2];
  char nth[ACT_LARGE_MAX + 1][8];
  struct buf files[ACT_LARGE_MAX + 1];
  struct hash_hex ids[ACT_LARGE_MAX + 1];
  struct verdict v;
  for (size_t i = 0; i < count; i++) {
    ids[i] = hash_hex(&children[i % child_count]);
    snprintf(nth[i], sizeof nth[i], "@%zu", 2 * i + 1);
    about[i][0] = (struct draft_value){"child", ids[i].s};
    about[i][1] = (struct draft_value){"title", "Chronology"};
    about[i][2] = (struct draft_value){"type", "chronology"};
    of[i][0] = (struct draft_value){"child", ids[i].s};
    of[i][1] = (struct draft_value){"document", nth[i]};
    files[i] = make_file(size, (uint8_t)(seed + i));
    drafts[2 * i] = world_draft("document.add", about[i], 3);
    drafts[2 * i + 1] = world_draft("document.file", of[i], 2);
    drafts[2 * i + 1].file = buf_bytes(&files[i]);
    drafts[2 * i + 1].media = "application/pdf";
  }
  world_must(world_write(&w, m, drafts, 2 * count, ACCEPT_WRITE, &v), "a document");
  assert_int_equal(v.code, VERDICT_ACCEPTED);
  for (size_t i = 0; i < count; i++)
    buf_release(&files[i]);
}

static void record_documents(struct world_member *m, size_t count, size_t size, uint8_t seed) {
  record_about(m, &child, 1, count, size, seed);
}

/* The document's file as this store has it; compares it with what it was. */
static bool has_document(struct store *s, size_t size, uint8_t seed) {
  struct query q;
  struct buf file = make_file(size, seed);
  bool found = false;
  query_start_once(&q, s->db,
                   "SELECT c.bytes FROM content c JOIN entry e ON e.number = c.number "
                   "WHERE e.kind = 'document.file'");
  while (query_row(&q))
    found = found || bytes_equal(query_get(&q, 0), buf_bytes(&file));
  world_must(query_end(&q), "looking for a document");
  buf_release(&file);
  return found;
}

/* ---- one step of a round ---- */

enum cut { NO_CUT, LOSE_REQUEST, LOSE_ANSWER };

/* One request and its answer; what is lost ends the round. False when the round is done or was cut. */
static bool carry_step(struct world_member *m, struct carry_round *r, enum cut cut) {
  struct buf request = {0}, answer = {0};
  if (carry_is_done(r))
    return false;
  world_must(carry_next(r, m->store, &request), "a request");
  if (cut != LOSE_REQUEST)
    world_must(carry_serve(&w.node, &m->replica, buf_bytes(&request), w.now_s, &answer), "an answer");
  if (cut == NO_CUT)
    world_must(carry_take(r, m->store, buf_bytes(&answer), w.now_s), "taking");
  buf_release(&request);
  buf_release(&answer);
  return cut == NO_CUT;
}

/* Rounds with a cut after so many steps, until one is done; how many requests there were. */
static size_t carry_with_cut(struct world_member *m, size_t at, enum cut cut) {
  struct carry_round r;
  size_t steps = 0;
  world_must(carry_begin(&r, m->store, w.now_s), "a round");
  while (steps < at && carry_step(m, &r, NO_CUT))
    steps++;
  if (!carry_is_done(&r)) {
    carry_step(m, &r, cut);
    steps++;
    world_reopen(m);
    world_must(carry_begin(&r, m->store, w.now_s), "another round");
    while (carry_step(m, &r, NO_CUT))
      steps++;
  }
  assert_true(carry_is_done(&r));
  return steps;
}

/* One request of the exchange and its answer, without anything carried before. */
static enum err exchange_only(struct world_member *m, struct exchange_report *report) {
  struct exchange_replica r = {m->store, m->replica_key, w.now_s};
  struct buf request = {0}, answer = {.max = MSG_ANSWER_MAX};
  size_t sent;
  *report = (struct exchange_report){0};
  enum err e = exchange_request(&r, &request, &sent);
  if (e == OK)
    e = exchange_answer(&w.node, &m->replica, buf_bytes(&request), w.now_s, &answer);
  assert_true(request.len < 100000 && answer.len < 100000); /* no document is in there */
  if (e == OK)
    e = exchange_take(&r, buf_bytes(&answer), report);
  buf_release(&request);
  buf_release(&answer);
  return e;
}

static void assert_nothing_staged(void) {
  assert_int_equal(world_count(w.node.store, "staged"), 0);
  assert_int_equal(world_count(w.node.store, "staged_part"), 0);
  assert_int_equal(world_count(ann->store, "staged"), 0);
  assert_int_equal(world_count(ben->store, "staged"), 0);
}

/* ---- up ---- */

/* offer, three parts: after each of them, and before it, the line breaks once. */
static void every_cut_of_an_upload(void **state) {
  (void)state;
  for (size_t at = 0; at < 1 + PARTS; at++)
    for (enum cut cut = LOSE_REQUEST; cut <= LOSE_ANSWER; cut++) {
      uint8_t seed = (uint8_t)(10 * at + cut);
      struct exchange_report report;
      record_documents(ann, 1, DOCUMENT_SIZE, seed);
      size_t steps = carry_with_cut(ann, at, cut);
      /* Offered again after the cut; a part that had arrived is not sent again. */
      size_t most = 1 + PARTS + (at > 0) + (at == 0 || cut == LOSE_REQUEST);
      if (steps > most)
        fail_msg("cut %d after %zu requests: %zu requests, and %zu are enough", cut, at, steps, most);
      world_must(exchange_only(ann, &report), "an exchange");
      assert_int_equal(report.accepted, 1);
      world_sync(&w, ann);
      assert_int_equal(store_outbox_count(ann->store, NULL), 0);
      assert_true(has_document(w.node.store, DOCUMENT_SIZE, seed));
      assert_nothing_staged();
    }
}

static void without_its_parts_an_act_waits(void **state) {
  (void)state;
  struct exchange_report report;
  uint64_t size = store_size(w.node.store);
  record_documents(ann, 1, DOCUMENT_SIZE, 1);
  struct hash behind = world_record(&w, ann, WORLD_DRAFT("child.add", {"name", "Ben Reid"}));
  struct record r = {0};
  world_must(exchange_only(ann, &report), "an exchange");
  assert_int_equal(report.later, 2); /* what comes behind waits, too: the chain has no gap */
  assert_int_equal(store_outbox_count(ann->store, "later"), 2);
  assert_int_equal(store_size(w.node.store), size);
  /* Half of it is not enough either, and is kept. */
  struct carry_round round;
  world_must(carry_begin(&round, ann->store, w.now_s), "a round");
  for (int i = 0; i < 3; i++)
    assert_true(carry_step(ann, &round, NO_CUT));
  world_must(exchange_only(ann, &report), "an exchange");
  assert_int_equal(report.later, 2);
  assert_int_equal(world_count(w.node.store, "staged_part"), 2);
  world_sync(&w, ann);
  assert_int_equal(store_outbox_count(ann->store, NULL), 0);
  assert_int_equal(store_find(w.node.store, &behind, &r), OK);
  record_release(&r);
  assert_nothing_staged();
}

/* The answer that said so was lost: the document is not sent again. */
static void what_was_accepted_is_not_sent_again(void **state) {
  (void)state;
  struct exchange_replica r = {ann->store, ann->replica_key, w.now_s};
  struct buf request = {0}, answer = {.max = MSG_ANSWER_MAX};
  struct carry_round round;
  size_t sent;
  record_documents(ann, 1, DOCUMENT_SIZE, 2);
  carry_with_cut(ann, SIZE_MAX, NO_CUT);
  world_must(exchange_request(&r, &request, &sent), "a request");
  world_must(exchange_answer(&w.node, &ann->replica, buf_bytes(&request), w.now_s, &answer), "an answer");
  world_must(carry_begin(&round, ann->store, w.now_s), "a round");
  assert_false(carry_is_done(&round));
  assert_true(carry_step(ann, &round, NO_CUT));
  assert_true(carry_is_done(&round));
  /* Nobody else is told that it is there. */
  struct carry_request guess = {
      .verb = CARRY_OFFER, .content = round.works[0].name.content, .size = round.works[0].name.size};
  struct carry_answer said;
  buf_clear(&request);
  buf_clear(&answer);
  carry_request_encode(&request, &guess);
  world_must(carry_serve(&w.node, &ben->replica, buf_bytes(&request), w.now_s, &answer), "an offer");
  world_must(carry_answer_decode(buf_bytes(&answer), &said), "an answer");
  assert_int_equal(said.there, 0);
  /* Not even with its act: the verdict is the one that it got. */
  struct exchange_report report;
  world_must(exchange_only(ann, &report), "an exchange");
  assert_int_equal(report.later, 0);
  world_sync(&w, ann);
  assert_int_equal(store_outbox_count(ann->store, NULL), 0);
  buf_release(&request);
  buf_release(&answer);
}

/* ---- down ---- */

static void every_cut_of_a_download(void **state) {
  (void)state;
  for (size_t at = 0; at < PARTS; at++)
    for (enum cut cut = LOSE_REQUEST; cut <= LOSE_ANSWER; cut++) {
      uint8_t seed = (uint8_t)(100 + 10 * at + cut);
      struct exchange_report report;
      record_documents(ann, 1, DOCUMENT_SIZE, seed);
      world_sync(&w, ann);
      uint64_t before = store_size(ben->store);
      world_must(exchange_only(ben, &report), "an exchange");
      assert_true(report.has_more);
      assert_int_equal(store_size(ben->store), before); /* nothing is taken before it is whole */
      assert_int_equal(carry_with_cut(ben, at, cut), PARTS + 1);
      assert_int_equal(store_size(ben->store), before);
      world_sync(&w, ben);
      assert_true(has_document(ben->store, DOCUMENT_SIZE, seed));
      assert_int_equal(store_size(ben->store), store_size(w.node.store));
      assert_nothing_staged();
    }
}

/* What stands before a document is not held up by it, and what stands behind comes after it. */
static void a_document_is_alone_on_its_page(void **state) {
  (void)state;
  struct exchange_report report;
  struct record r = {0};
  struct hash before = note(&child, "Before");
  record_documents(ann, 2, DOCUMENT_SIZE, 3);
  struct hash behind = note(&child, "Behind");
  world_sync(&w, ann);
  world_must(exchange_only(ben, &report), "the first page");
  assert_int_equal(store_find(ben->store, &before, &r), OK);
  record_release(&r);
  world_must(exchange_only(ben, &report), "the document's page");
  assert_true(report.has_more);
  assert_int_equal(world_count(ben->store, "staged"), 2);
  assert_int_equal(store_find(ben->store, &behind, &r), ERR_ABSENT);
  world_sync(&w, ben);
  assert_int_equal(store_find(ben->store, &behind, &r), OK);
  record_release(&r);
  assert_true(has_document(ben->store, DOCUMENT_SIZE, 3) && has_document(ben->store, DOCUMENT_SIZE, 4));
  world_check_views(ben->store, "views");
}

/* A node that sends other bytes: nothing is taken, and with the right ones it goes on. */
static void spoilt_on_the_way_down(void **state) {
  (void)state;
  struct exchange_report report;
  struct carry_round round;
  uint64_t before = store_size(ben->store);
  record_documents(ann, 1, DOCUMENT_SIZE, 5);
  world_sync(&w, ann);
  world_must(exchange_only(ben, &report), "an exchange");
  world_must(carry_begin(&round, ben->store, w.now_s), "a round");
  for (uint32_t k = 0; k < PARTS; k++) {
    struct buf answer = {0}, part = make_file(parts_length(round.works[0].name.size, k), (uint8_t)k);
    struct carry_answer m = {.part = buf_bytes(&part)};
    carry_answer_encode(&answer, &m);
    assert_int_equal(carry_take(&round, ben->store, buf_bytes(&answer), w.now_s), k + 1 < PARTS ? OK : ERR_PROOF);
    buf_release(&answer);
    buf_release(&part);
  }
  assert_int_equal(world_count(ben->store, "staged_part"), 0);
  world_must(exchange_only(ben, &report), "an exchange");
  assert_int_equal(store_size(ben->store), before);
  world_must(carry_begin(&round, ben->store, w.now_s), "a round");
  /* A part that is too short, or none, is none. */
  struct buf answer = {0};
  carry_answer_encode(&answer, &(struct carry_answer){.part = bytes_str("x")});
  assert_int_equal(carry_take(&round, ben->store, buf_bytes(&answer), w.now_s), ERR_FORM);
  buf_release(&answer);
  world_sync(&w, ben);
  assert_true(has_document(ben->store, DOCUMENT_SIZE, 5));
}

/* The node does not give what it named: it is not asked for again for ever. */
static void refused_on_the_way_down(void **state) {
  (void)state;
  struct exchange_report report;
  struct carry_round round;
  record_documents(ann, 1, DOCUMENT_SIZE, 6);
  world_sync(&w, ann);
  world_must(exchange_only(ben, &report), "an exchange");
  world_must(carry_begin(&round, ben->store, w.now_s), "a round");
  assert_true(carry_step(ben, &round, NO_CUT));
  carry_refused(&round);
  assert_true(carry_is_done(&round) && round.lacks_down);
  world_must(exchange_only(ben, &report), "an exchange");
  assert_true(report.lacks_parts);                             /* the caller says so, and ends */
  assert_int_equal(world_count(ben->store, "staged_part"), 1); /* what came is not thrown away */
  world_sync(&w, ben);
  assert_true(has_document(ben->store, DOCUMENT_SIZE, 6));
}

/* ---- who gets what ---- */

static enum err ask(const struct world_member *m, struct carry_request request, struct carry_answer *out) {
  struct buf bytes = {0};
  static struct buf answer;
  buf_clear(&answer);
  carry_request_encode(&bytes, &request);
  enum err e = carry_serve(&w.node, &m->replica, buf_bytes(&bytes), w.now_s, &answer);
  if (e == OK)
    world_must(carry_answer_decode(buf_bytes(&answer), out), "an answer");
  else
    assert_int_equal(answer.len, 0);
  buf_release(&bytes);
  return e;
}

static struct parts_name name_of_newest(struct store *s) {
  struct query q;
  struct parts_name n = {0};
  query_start_once(&q, s->db,
                   "SELECT l.content, length(c.bytes) FROM large l JOIN content c ON c.number = l.number "
                   "ORDER BY l.number DESC LIMIT 1");
  if (query_row(&q))
    n = (struct parts_name){.content = hash_from(query_get(&q, 0)),
                            .size = (uint32_t)(ENTRY_SALT_SIZE + query_get_int(&q, 1))};
  world_must(query_end(&q), "the newest document");
  return n;
}

/* All that a machine hears when it asks for a part: how it ends, the words, the bytes. */
static void what_is_heard(const struct world_member *m, const struct hash *content, uint32_t size, uint32_t number,
                          struct buf *out) {
  struct carry_request get = {.verb = CARRY_GET, .content = *content, .size = size, .number = number};
  struct buf request = {0}, answer = {0};
  carry_request_encode(&request, &get);
  err_set(OK, "what was said before");
  enum err e = carry_serve(&w.node, &m->replica, buf_bytes(&request), w.now_s, &answer);
  buf_clear(out);
  buf_addf(out, "%d %s|%s|", exchange_status(e), e == OK ? "" : err_words(e), e == OK ? "" : err_remedy());
  buf_add(out, buf_bytes(&answer));
  buf_release(&request);
  buf_release(&answer);
}

/* The same, to the byte, as for a content that there has never been. */
static void assert_absent(const struct world_member *m, const struct parts_name *n, const char *what) {
  struct hash none = {{7}};
  struct buf absent = {0}, heard = {0};
  for (uint32_t k = 0; k < parts_count(n->size); k++) {
    what_is_heard(m, &none, n->size, k, &absent);
    what_is_heard(m, &n->content, n->size, k, &heard);
    if (!bytes_equal(buf_bytes(&absent), buf_bytes(&heard)))
      fail_msg("%s: part %u: \"%s\" for what there is not, \"%s\" for what there is", what, k, buf_cstr(&absent),
               buf_cstr(&heard));
  }
  assert_true(bytes_starts(buf_bytes(&absent), "410 there is no such part here|"));
  buf_release(&absent);
  buf_release(&heard);
}

static void assert_given(const struct world_member *m, const struct parts_name *n) {
  struct carry_answer out;
  assert_int_equal(ask(m, (struct carry_request){CARRY_GET, n->content, n->size, 0, {0}}, &out), OK);
  assert_int_equal(out.part.len, PARTS_PART_SIZE);
}

static struct hash newest_of(struct store *s, const char *kind) {
  struct query q;
  struct hash id = {{0}};
  query_start_once(&q, s->db, "SELECT id FROM entry WHERE kind = ?1 ORDER BY number DESC LIMIT 1");
  query_text(&q, 1, bytes_str(kind));
  if (query_row(&q))
    id = hash_from(query_get(&q, 0));
  world_must(query_end(&q), kind);
  return id;
}

static void erase_newest_file(struct world_member *m) {
  struct hash file = newest_of(m->store, "document.file");
  struct hash_hex id = hash_hex(&file);
  world_record(&w, m, WORLD_DRAFT("entry.erase", {"entry", id.s}, {"ground", "unlawful"}, {"reason", "not ours"}));
  world_sync(&w, m);
  if (feed_needs_scrub(w.node.store)) /* as the node does between requests */
    world_must(feed_scrub(w.node.store), "the node's file");
}

/* Whatever is not for the asker, the answer is the same, to the byte: for those who were never involved, not any more,
 * or where it was erased. */
static void hidden_and_absent_are_the_same(void **state) {
  (void)state;
  record_documents(ann, 1, DOCUMENT_SIZE, 7);
  struct parts_name n = name_of_newest(ann->store), other = n;
  /* It is put, and not accepted: not even for who put it. */
  carry_with_cut(ann, SIZE_MAX, NO_CUT);
  assert_absent(ann, &n, "put");
  assert_absent(ben, &n, "put by another");
  world_sync(&w, ann);
  assert_given(ann, &n);
  assert_given(ben, &n);
  assert_absent(pam, &n, "never involved");
  /* Under another size, too. */
  other.size += (uint32_t)PARTS_PART_SIZE;
  struct carry_answer m;
  struct carry_request get = {CARRY_GET, other.content, other.size, PARTS, {0}};
  assert_int_equal(ask(ben, get, &m), ERR_ABSENT);
  get.number = PARTS - 1;
  assert_int_equal(ask(ben, get, &m), ERR_ABSENT);
  end_involvement(&child, &involvement);
  world_sync(&w, ann);
  assert_absent(ben, &n, "not involved any more");
  world_sync(&w, ben);
  assert_absent(ben, &n, "not involved any more, and told so");
  involvement = involve(&child, &ben->agency);
  world_sync(&w, ann);
  assert_given(ben, &n);
  erase_newest_file(ann);
  assert_absent(ann, &n, "erased");
  assert_absent(ben, &n, "erased");
  assert_absent(pam, &n, "erased, and never involved");
}

static void who_does_not_count_gets_nothing(void **state) {
  (void)state;
  struct carry_answer m;
  struct verdict v;
  record_documents(ann, 1, DOCUMENT_SIZE, 8);
  world_sync(&w, ann);
  struct parts_name n = name_of_newest(ann->store);
  struct carry_request get = {CARRY_GET, n.content, n.size, 0, {0}};
  struct world_member stranger = {.replica = {{9}}};
  assert_int_equal(ask(&stranger, get, &m), ERR_KEY);
  assert_given(ben, &n);
  struct hash_hex machine = hash_hex(&ben->machine);
  struct draft revoke = WORLD_DRAFT("replica.revoke", {"replica", machine.s}, {"why", "lost"});
  world_must(world_node_write(&w, &revoke, 1, &v), "a revocation");
  assert_int_equal(ask(ben, get, &m), ERR_KEY);
}

/* ---- what is not to be held any more ---- */

static void assert_no_trace(const struct world_member *m, uint8_t seed) {
  assert_int_equal(world_count(m->store, "large"), 0);
  assert_int_equal(world_count(m->store, "staged"), 0);
  assert_int_equal(world_count(m->store, "staged_part"), 0);
  if (is_in_files(m->path, seed))
    fail_msg("document %02x is in %s", seed, m->path);
}

/* Withdrawn when it is here, when parts of it are, when all are and it is not taken yet: nothing stays in the files;
 * and who is involved again fetches it from its first part on. */
static void withdrawn_and_given_again(void **state) {
  (void)state;
  for (uint8_t parts = 0; parts <= PARTS + 1; parts++) {
    struct exchange_report report;
    struct carry_round round;
    uint8_t seed = (uint8_t)(120 + parts);
    struct hash own = world_record(&w, ann, WORLD_DRAFT("child.add", {"name", "Another"})),
                start = involve(&own, &ben->agency);
    bool is_taken = parts > PARTS;
    world_sync(&w, ann);
    world_sync(&w, ben);
    record_about(ann, &own, 1, 1, DOCUMENT_SIZE, seed);
    world_sync(&w, ann);
    world_must(exchange_only(ben, &report), "an exchange");
    world_must(carry_begin(&round, ben->store, w.now_s), "a round");
    for (uint8_t k = 0; k < parts && k < PARTS; k++)
      assert_true(carry_step(ben, &round, NO_CUT));
    if (is_taken)
      world_sync(&w, ben);
    assert_int_equal(world_count(ben->store, "large"), is_taken);
    assert_int_equal(is_in_files(ben->path, seed), parts > 0);
    end_involvement(&own, &start);
    world_sync(&w, ann);
    world_sync(&w, ben);
    assert_no_trace(ben, seed);
    assert_int_equal(world_count(w.node.store, "large"), parts + 1);
    start = involve(&own, &ben->agency);
    world_sync(&w, ann);
    do
      world_must(exchange_only(ben, &report), "an exchange");
    while (!report.lacks_parts);
    assert_int_equal(carry_with_cut(ben, SIZE_MAX, NO_CUT), PARTS);
    world_sync(&w, ben);
    assert_true(has_document(ben->store, DOCUMENT_SIZE, seed));
    end_involvement(&own, &start);
    world_sync(&w, ann);
    world_sync(&w, ben);
    assert_no_trace(ben, seed);
  }
}

/* Fetched, and the next answer does not name it: it goes from the file, whatever else the answer says. */
static void fetched_for_nothing(void **state) {
  (void)state;
  struct exchange_report report;
  struct buf file = make_file(DOCUMENT_SIZE, 130);
  struct parts_name n = {.content = {{1}}, .size = (uint32_t)file.len};
  uint32_t there;
  world_must(store_begin(ben->store), "a transaction");
  world_must(parts_begin(ben->store, &n, w.now_s, &there), "beginning");
  world_must(parts_put(ben->store, &n, 0, bytes_of(file.at, PARTS_PART_SIZE), w.now_s, &there), "a part");
  world_must(store_commit(ben->store), "a commit");
  world_reopen(ben);
  assert_true(is_in_files(ben->path, 130));
  world_must(exchange_only(ben, &report), "an exchange");
  assert_int_equal(report.withdrawn, 0);
  assert_no_trace(ben, 130);
  buf_release(&file);
}

/* Erased when it is here, and while it is on the way: from every file, the node's and the author's included. Who comes
 * later gets the header. */
static void erased_everywhere(void **state) {
  (void)state;
  for (uint8_t parts = 0; parts <= PARTS + 1; parts++) {
    struct exchange_report report;
    struct carry_round round;
    uint8_t seed = (uint8_t)(140 + parts);
    record_documents(ann, 1, DOCUMENT_SIZE, seed);
    world_sync(&w, ann);
    world_must(exchange_only(ben, &report), "an exchange");
    world_must(carry_begin(&round, ben->store, w.now_s), "a round");
    for (uint8_t k = 0; k < parts && k < PARTS; k++)
      assert_true(carry_step(ben, &round, NO_CUT));
    if (parts > PARTS)
      world_sync(&w, ben);
    assert_true(is_in_files(w.path, seed) && is_in_files(ann->path, seed));
    erase_newest_file(ann);
    world_sync(&w, ben);
    assert_no_trace(ann, seed);
    assert_no_trace(ben, seed);
    assert_int_equal(world_count(w.node.store, "large"), 0);
    assert_false(is_in_files(w.path, seed));
  }
  struct hash file = newest_of(w.node.store, "document.file");
  struct record r = {0};
  involve(&child, &pam->agency);
  world_sync(&w, ann);
  world_sync(&w, pam);
  assert_int_equal(store_find(pam->store, &file, &r), OK);
  assert_true(r.is_erased && !r.has_content);
  record_release(&r);
  struct hash document = newest_of(pam->store, "document.add");
  assert_int_equal(document_find_file(pam->store, &document, &file), ERR_ABSENT);
  assert_string_equal(err_words(ERR_ABSENT), "the file of this document is not here any more");
  struct world_member *const all[] = {ann, ben, pam};
  for (size_t i = 0; i < COUNT(all); i++) {
    world_check_views(all[i]->store, "views");
    assert_int_equal(world_findings(all[i]->store), 0);
  }
}

/* The node has accepted it, the answer was lost, and it was erased: it is not sent again. */
static void erased_before_its_author_heard(void **state) {
  (void)state;
  struct exchange_replica r = {ann->store, ann->replica_key, w.now_s};
  struct buf request = {0}, answer = {.max = MSG_ANSWER_MAX};
  struct carry_round round;
  size_t sent;
  struct world_member *keeper = world_join(&w, &ann->agency, "Kay", "keeper practitioner");
  world_sync(&w, ann);
  record_documents(ann, 1, DOCUMENT_SIZE, 160);
  carry_with_cut(ann, SIZE_MAX, NO_CUT);
  world_must(exchange_request(&r, &request, &sent), "a request");
  world_must(exchange_answer(&w.node, &ann->replica, buf_bytes(&request), w.now_s, &answer), "an answer");
  world_sync(&w, keeper);
  erase_newest_file(keeper);
  assert_false(is_in_files(w.path, 160));
  world_must(carry_begin(&round, ann->store, w.now_s), "a round");
  assert_true(carry_step(ann, &round, NO_CUT));
  assert_true(carry_is_done(&round)); /* the node says that it has all */
  assert_int_equal(world_count(w.node.store, "staged"), 0);
  world_sync(&w, ann);
  assert_int_equal(store_outbox_count(ann->store, NULL), 0);
  assert_no_trace(ann, 160);
  assert_false(is_in_files(w.path, 160));
  buf_release(&request);
  buf_release(&answer);
}

/* ---- pages ---- */

/* A page as the node would send it now: how many events of each form, and how many of its entries are in parts. */
struct page {
  size_t events, forms[MSG_ERASED + 1], in_parts;
};

static struct page look_at_page(struct world_member *m) {
  struct exchange_replica r = {m->store, m->replica_key, w.now_s};
  struct buf request = {0}, answer = {.max = MSG_ANSWER_MAX};
  struct msg_answer decoded;
  struct page p = {0};
  size_t sent;
  world_must(exchange_request(&r, &request, &sent), "a request");
  world_must(exchange_answer(&w.node, &m->replica, buf_bytes(&request), w.now_s, &answer), "an answer");
  world_must(msg_answer_decode(buf_bytes(&answer), &decoded), "the answer");
  p.events = decoded.event_count;
  for (uint32_t i = 0; i < decoded.event_count; i++) {
    p.forms[decoded.events[i].form]++;
    for (uint32_t k = 0; k < decoded.events[i].count; k++)
      p.in_parts += decoded.events[i].entries[k].parts_size > 0;
  }
  msg_answer_release(&decoded);
  buf_release(&request);
  buf_release(&answer);
  return p;
}

/* Takes pages until there is nothing more; each that has contents in parts has one event. Counts what they told. */
static struct page take_pages(struct world_member *m) {
  struct page all = {0};
  struct exchange_report report = {.has_more = true};
  while (report.has_more) {
    struct page p = look_at_page(m);
    if (p.in_parts > 0 && p.events != 1)
      fail_msg("contents in parts, and %zu events on the page", p.events);
    report = (struct exchange_report){0};
    world_must(world_exchange(&w, m, &report), "an exchange");
    if (report.lacks_parts)
      continue;
    all.events += p.events;
    all.in_parts += p.in_parts;
    for (size_t i = 0; i < COUNT(p.forms); i++)
      all.forms[i] += p.forms[i];
  }
  return all;
}

/* Of one act this agency gets one document, and later the other; what is passed over, withdrawn and erased stands
 * around them. */
static void a_part_of_an_act_is_alone_on_its_page(void **state) {
  (void)state;
  struct hash other = world_record(&w, ann, WORLD_DRAFT("child.add", {"name", "Orla Reid"})),
              third = world_record(&w, ann, WORLD_DRAFT("child.add", {"name", "Third"}));
  struct hash of_third = involve(&third, &ben->agency);
  note(&third, "to be withdrawn");
  world_sync(&w, ann);
  world_sync(&w, ben);
  note(&third, "to be passed over");
  record_about(ann, (struct hash[]){child, other}, 2, 2, DOCUMENT_SIZE, 170);
  end_involvement(&third, &of_third);
  record_documents(ann, 1, DOCUMENT_SIZE, 172);
  world_sync(&w, ann);
  record_documents(ann, 1, DOCUMENT_SIZE, 173);
  world_sync(&w, ann);
  erase_newest_file(ann);
  struct page told = take_pages(ben);
  assert_int_equal(told.in_parts, 2);
  assert_true(told.forms[MSG_PASSED] > 0 && told.forms[MSG_WITHDRAWN] > 0 && told.forms[MSG_ERASED] > 0);
  assert_true(has_document(ben->store, DOCUMENT_SIZE, 170) && has_document(ben->store, DOCUMENT_SIZE, 172));
  assert_false(is_in_files(ben->path, 171) || is_in_files(ben->path, 173));
  note(&child, "before the rest");
  involve(&other, &ben->agency);
  note(&child, "behind the rest");
  world_sync(&w, ann);
  told = take_pages(ben);
  assert_int_equal(told.in_parts, 1);
  assert_true(has_document(ben->store, DOCUMENT_SIZE, 171));
  assert_nothing_staged();
  assert_int_equal(world_findings(ben->store), 0);
}

/* The list by which the node finds contents is looked at, too. */
static void the_list_of_large_contents_is_verified(void **state) {
  (void)state;
  static const char *const harms[] = {"DELETE FROM large", "UPDATE large SET content = zeroblob(32)",
                                      "INSERT INTO large(number, content) SELECT number + 1, content FROM large"};
  record_documents(ann, 1, DOCUMENT_SIZE, 190);
  note(&child, "behind it");
  world_sync(&w, ann);
  for (size_t i = 0; i < COUNT(harms); i++) {
    assert_int_equal(world_findings(ann->store), 0);
    world_must(db_exec(ann->store->db, "CREATE TABLE kept AS SELECT * FROM large"), "keeping");
    world_must(db_exec(ann->store->db, harms[i]), harms[i]);
    if (world_findings(ann->store) != 1)
      fail_msg("%s", harms[i]);
    world_must(db_exec(ann->store->db, "DELETE FROM large; INSERT INTO large SELECT * FROM kept; DROP TABLE kept"),
               "mending");
  }
}

/* What a machine has sent is here: no page of its own, no parts. If it is not here any more, it comes as that of
 * others; and what is here already is not fetched again. */
static void ones_own_document(void **state) {
  (void)state;
  record_documents(ann, 1, DOCUMENT_SIZE, 180);
  struct hash behind = note(&child, "behind it");
  struct record r = {0};
  carry_with_cut(ann, SIZE_MAX, NO_CUT);
  struct page p = look_at_page(ann);
  assert_int_equal(p.forms[MSG_YOURS], 2);
  assert_int_equal(p.in_parts, 0);
  world_sync(&w, ann);
  assert_nothing_staged();
  assert_int_equal(store_find(ann->store, &behind, &r), OK);
  assert_true(r.number < STORE_PENDING);
  record_release(&r);
  world_must(store_begin(ann->store), "a transaction");
  world_must(feed_restart(ann->store), "a restart");
  world_must(store_meta_set_number(ann->store, "wants-own", 1), "a wish");
  world_must(store_commit(ann->store), "a commit");
  struct exchange_report report = {.has_more = true};
  for (int pages = 0; report.has_more; pages++) {
    assert_true(pages < 10);
    world_must(exchange_only(ann, &report), "an exchange"); /* nothing is carried */
  }
  assert_true(has_document(ann->store, DOCUMENT_SIZE, 180));
  assert_int_equal(world_count(ann->store, "large"), 1);
  assert_nothing_staged();
}

/* ---- parts as they come ---- */

static struct parts_name whole_of(struct buf *out, uint8_t seed) {
  struct buf file = make_file(DOCUMENT_SIZE, seed);
  uint8_t salt[ENTRY_SALT_SIZE];
  memset(salt, seed, sizeof salt);
  buf_clear(out);
  buf_add(out, bytes_of(salt, sizeof salt));
  buf_add(out, buf_bytes(&file));
  struct parts_name n = {ann->replica, entry_commitment(salt, buf_bytes(&file)), (uint32_t)out->len};
  buf_release(&file);
  return n;
}

static struct bytes part_of(const struct buf *whole, uint32_t k) {
  return bytes_of(whole->at + k * PARTS_PART_SIZE, parts_length((uint32_t)whole->len, k));
}

static struct carry_request put_of(const struct parts_name *n, const struct buf *whole, uint32_t k) {
  return (struct carry_request){
      .verb = CARRY_PUT, .content = n->content, .size = n->size, .number = k, .part = part_of(whole, k)};
}

static void any_order_and_twice(void **state) {
  (void)state;
  static const uint32_t orders[][5] = {{2, 1, 0, 9, 9}, {1, 1, 0, 2, 9}, {0, 2, 2, 0, 1}, {2, 0, 1, 1, 9}};
  struct carry_answer m;
  struct buf whole = {0};
  for (size_t i = 0; i < COUNT(orders); i++) {
    struct parts_name n = whole_of(&whole, (uint8_t)(20 + i));
    uint32_t there = 0;
    assert_int_equal(ask(ann, (struct carry_request){CARRY_OFFER, n.content, n.size, 0, {0}}, &m), OK);
    assert_int_equal(m.there, 0);
    for (size_t k = 0; k < 5 && orders[i][k] < PARTS; k++) {
      assert_int_equal(ask(ann, put_of(&n, &whole, orders[i][k]), &m), OK);
      there |= 1u << orders[i][k];
      assert_int_equal(m.there, there);
    }
    struct buf loaded = {0};
    assert_int_equal(parts_load(w.node.store, &n, &loaded), OK);
    assert_true(bytes_equal(buf_bytes(&loaded), buf_bytes(&whole)));
    buf_release(&loaded);
  }
  buf_release(&whole);
}

static void wrong_bytes(void **state) {
  (void)state;
  struct carry_answer m;
  struct buf whole = {0};
  struct parts_name n = whole_of(&whole, 30);
  struct carry_request offer = {CARRY_OFFER, n.content, n.size, 0, {0}};
  /* Nothing was offered. */
  assert_int_equal(ask(ann, put_of(&n, &whole, 0), &m), ERR_ABSENT);
  for (uint32_t k = 0; k < PARTS; k++) {
    assert_int_equal(ask(ann, offer, &m), OK);
    whole.at[k * PARTS_PART_SIZE + 20] ^= 1;
    for (uint32_t i = 0; i < PARTS; i++)
      assert_int_equal(ask(ann, put_of(&n, &whole, i), &m), OK);
    assert_int_equal(m.there, 0); /* all were thrown away */
    assert_int_equal(world_count(w.node.store, "staged_part"), 0);
    whole.at[k * PARTS_PART_SIZE + 20] ^= 1;
  }
  /* What somebody else puts under the same name is another matter. */
  assert_int_equal(ask(ben, offer, &m), OK);
  for (uint32_t i = 0; i < PARTS; i++) {
    assert_int_equal(ask(ann, put_of(&n, &whole, i), &m), OK);
    assert_int_equal(m.there, (2u << i) - 1);
  }
  assert_int_equal(ask(ben, offer, &m), OK);
  assert_int_equal(m.there, 0);
  /* Another size begins anew. */
  offer.size++;
  assert_int_equal(ask(ann, offer, &m), OK);
  assert_int_equal(m.there, 0);
  assert_int_equal(ask(ann, put_of(&n, &whole, 0), &m), ERR_ABSENT);
  buf_release(&whole);
}

static void limits(void **state) {
  (void)state;
  uint32_t there;
  struct store *s = w.node.store;
  struct buf part = make_file(PARTS_PART_SIZE, 1);
  struct parts_name n = {.owner = ann->replica, .size = PARTS_SIZE_MIN};
  world_must(store_begin(s), "a transaction");
  assert_int_equal(parts_begin(s, &(struct parts_name){.size = PARTS_SIZE_MIN - 1}, 0, &there), ERR_LIMIT);
  assert_int_equal(parts_begin(s, &(struct parts_name){.size = PARTS_SIZE_MAX + 1}, 0, &there), ERR_LIMIT);
  /* Of one owner four; the one that waited longest goes. */
  for (uint8_t i = 1; i <= PARTS_OF_OWNER_MAX; i++) {
    n.content.at[0] = i;
    assert_int_equal(parts_begin(s, &n, 1000 + i, &there), OK);
  }
  n.content.at[0] = 1;
  assert_int_equal(parts_put(s, &n, 0, buf_bytes(&part), 2000, &there), OK);
  n.content.at[0] = PARTS_OF_OWNER_MAX + 1;
  assert_int_equal(parts_begin(s, &n, 2000, &there), OK);
  assert_int_equal(world_count(s, "staged"), PARTS_OF_OWNER_MAX);
  n.content.at[0] = 2;
  assert_int_equal(parts_put(s, &n, 0, buf_bytes(&part), 2000, &there), ERR_ABSENT);
  n.content.at[0] = 1;
  assert_int_equal(parts_begin(s, &n, 2000, &there), OK);
  assert_int_equal(there, 1);
  /* Of all together. */
  for (int i = PARTS_OF_OWNER_MAX; i < PARTS_TOTAL_MAX; i++) {
    memcpy(n.owner.at, &i, sizeof i);
    assert_int_equal(parts_begin(s, &n, 3000, &there), OK);
  }
  n.owner.at[31] ^= 1;
  assert_int_equal(parts_begin(s, &n, 3000, &there), ERR_BUSY);
  /* Who has some already may go on. */
  n.owner.at[31] ^= 1;
  assert_int_equal(parts_begin(s, &n, 3000, &there), OK);
  world_must(store_commit(s), "a commit");
  /* And what is left lying for a week goes. */
  assert_int_equal(parts_expire(s, 2000 + PARTS_KEEP_S), OK);
  assert_int_equal(world_count(s, "staged"), PARTS_TOTAL_MAX - 2);
  assert_int_equal(parts_expire(s, 3001 + PARTS_KEEP_S), OK);
  assert_int_equal(world_count(s, "staged"), 0);
  assert_int_equal(world_count(s, "staged_part"), 0);
  buf_release(&part);
}

/* An officer enrols as many machines as they like: those of one agency, together, leave room for the others. */
static void one_agency_alone(void **state) {
  (void)state;
  uint32_t there;
  struct store *s = w.node.store;
  struct query q;
  struct parts_name n = {.size = PARTS_SIZE_MIN};
  world_must(store_begin(s), "a transaction");
  n.owner = ben->replica;
  assert_int_equal(parts_begin(s, &n, 0, &there), OK);
  for (int i = 1; i <= PARTS_TOTAL_MAX; i++) {
    memcpy(n.owner.at, &i, sizeof i);
    query_start_once(&q, s->db,
                     "INSERT INTO certificate SELECT ?2, number, subject, agency, ?2, use, from_s, until_s, "
                     "cert FROM certificate WHERE key = ?1");
    query_blob(&q, 1, hash_bytes(&ann->replica));
    query_blob(&q, 2, hash_bytes(&n.owner));
    world_must(query_run(&q), "a machine more");
    world_must(parts_begin(s, &n, i, &there), "a document of it");
  }
  assert_int_equal(world_count(s, "staged"), PARTS_OF_AGENCY_MAX + 1);
  n.owner = ben->replica;
  n.content.at[0] = 1;
  assert_int_equal(parts_begin(s, &n, 0, &there), OK);
  assert_int_equal(world_count(s, "staged"), PARTS_OF_AGENCY_MAX + 2);
  store_rollback(s);
}

/* ---- several ---- */

/* More than fits into one round: each request has only acts whose documents were carried. */
static void many_documents(void **state) {
  (void)state;
  for (uint8_t i = 0; i < 3; i++)
    record_documents(ann, 2, PARTS_PART_SIZE + 100, (uint8_t)(40 + 2 * i));
  record_documents(ann, ACT_LARGE_MAX, PARTS_PART_SIZE + 100, 50);
  struct exchange_report report = {.has_more = true};
  for (int rounds = 0; report.has_more; rounds++) {
    report = (struct exchange_report){0};
    world_must(world_exchange(&w, ann, &report), "an exchange");
    assert_int_equal(report.later, 0);
    assert_true(rounds < 20);
  }
  assert_int_equal(store_outbox_count(ann->store, NULL), 0);
  world_sync(&w, ben);
  for (uint8_t i = 0; i < 6; i++)
    assert_true(has_document(ben->store, PARTS_PART_SIZE + 100, (uint8_t)(40 + i)));
  assert_true(has_document(ben->store, PARTS_PART_SIZE + 100, 50 + ACT_LARGE_MAX - 1));
  assert_nothing_staged();
}

/* Exactly 1 MiB is not large, one byte more is; 8 MiB are the most. */
static void around_the_limits(void **state) {
  (void)state;
  static const size_t sizes[] = {ENTRY_LARGE, ENTRY_LARGE + 1, 2 * PARTS_PART_SIZE - ENTRY_SALT_SIZE,
                                 2 * PARTS_PART_SIZE - ENTRY_SALT_SIZE + 1, ENTRY_CONTENT_MAX};
  for (size_t i = 0; i < COUNT(sizes); i++) {
    record_documents(ann, 1, sizes[i], (uint8_t)(60 + i));
    assert_int_equal(world_count(ann->store, "large"), (int64_t)i);
    world_sync(&w, ann);
    assert_int_equal(world_count(ann->store, "large"), (int64_t)i);
    world_sync(&w, ben);
    assert_true(has_document(ben->store, sizes[i], (uint8_t)(60 + i)));
    assert_nothing_staged();
  }
}

/* The machine was revoked while the document was on its way: it is held for the keeper, whole, and let through. */
static void a_held_document(void **state) {
  (void)state;
  struct exchange_report report;
  record_documents(ben, 1, DOCUMENT_SIZE, 70);
  struct hash_hex machine = hash_hex(&ben->machine);
  struct draft revoke = WORLD_DRAFT("replica.revoke", {"replica", machine.s}, {"why", "lost"});
  struct verdict v;
  world_must(world_node_write(&w, &revoke, 1, &v), "a revocation");
  carry_with_cut(ben, SIZE_MAX, NO_CUT);
  assert_int_equal(exchange_only(ben, &report), ERR_KEY);
  assert_int_equal(world_count(w.node.store, "held"), 1);
  assert_int_equal(world_count(w.node.store, "staged"), 0);
  world_sync(&w, ann);
  struct query q;
  struct hash hold = {{0}};
  query_start_once(&q, ann->store->db, "SELECT id FROM entry WHERE kind = 'act.hold'");
  if (query_row(&q))
    hold = hash_from(query_get(&q, 0));
  world_must(query_end(&q), "the hold");
  struct hash_hex id = hash_hex(&hold);
  struct record held = {0};
  struct draft release = WORLD_DRAFT("held.release", {"hold", id.s}, {"reason", "it was theirs"});
  world_must(store_find(ann->store, &hold, &held), "the hold");
  release.to = held.entry.to;
  release.to_count = held.entry.to_count;
  world_record(&w, ann, release);
  record_release(&held);
  world_sync(&w, ann);
  assert_true(has_document(w.node.store, DOCUMENT_SIZE, 70));
  assert_true(has_document(ann->store, DOCUMENT_SIZE, 70));
}

/* ---- the messages ---- */

static void check_form(const char *what, struct carry_request m, enum err expected) {
  struct buf b = {0};
  struct carry_request again;
  carry_request_encode(&b, &m);
  if (carry_request_decode(buf_bytes(&b), &again) != expected)
    fail_msg("%s", what);
  for (size_t n = 0; n < b.len && b.len < 1000; n++) {
    uint8_t *copy = malloc(n + 1);
    memcpy(copy, b.at, n);
    if (carry_request_decode(bytes_of(copy, n), &again) != ERR_FORM)
      fail_msg("%s, cut at %zu", what, n);
    free(copy);
  }
  buf_u8(&b, 0);
  assert_int_equal(carry_request_decode(buf_bytes(&b), &again), ERR_FORM);
  buf_release(&b);
}

static void messages(void **state) {
  (void)state;
  struct buf part = make_file(PARTS_PART_SIZE, 1);
  struct bytes full = buf_bytes(&part), rest = bytes_of(part.at, 17), one = bytes_of(part.at, 1);
  const uint32_t least = PARTS_SIZE_MIN, most = PARTS_SIZE_MAX;
  const struct {
    const char *what;
    struct carry_request m;
    enum err expected;
  } cases[] = {
      {"an offer", {CARRY_OFFER, {{1}}, least, 0, {0}}, OK},
      {"an offer of the largest", {CARRY_OFFER, {{1}}, most, 0, {0}}, OK},
      {"too small", {CARRY_OFFER, {{1}}, least - 1, 0, {0}}, ERR_FORM},
      {"too large", {CARRY_OFFER, {{1}}, most + 1, 0, {0}}, ERR_FORM},
      {"far too large", {CARRY_OFFER, {{1}}, UINT32_MAX, 0, {0}}, ERR_FORM},
      {"an offer with a number", {CARRY_OFFER, {{1}}, least, 1, {0}}, ERR_FORM},
      {"an offer with a part", {CARRY_OFFER, {{1}}, least, 0, one}, ERR_FORM},
      {"a part", {CARRY_PUT, {{1}}, least, 0, full}, OK},
      {"the last part", {CARRY_PUT, {{1}}, least, 1, rest}, OK},
      {"the last part, too long", {CARRY_PUT, {{1}}, least, 1, full}, ERR_FORM},
      {"a part, too short", {CARRY_PUT, {{1}}, least, 0, rest}, ERR_FORM},
      {"a part behind the last", {CARRY_PUT, {{1}}, least, 2, rest}, ERR_FORM},
      {"a part far behind the last", {CARRY_PUT, {{1}}, most, UINT32_MAX, rest}, ERR_FORM},
      {"a wish", {CARRY_GET, {{1}}, most, 8, {0}}, OK},
      {"a wish behind the last", {CARRY_GET, {{1}}, most, 9, {0}}, ERR_FORM},
      {"no verb", {(enum carry_verb)0, {{1}}, least, 0, {0}}, ERR_FORM},
      {"another verb", {(enum carry_verb)4, {{1}}, least, 0, {0}}, ERR_FORM},
  };
  for (size_t i = 0; i < COUNT(cases); i++)
    check_form(cases[i].what, cases[i].m, cases[i].expected);
  buf_release(&part);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_world, close_world)
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(messages),
      TEST(every_cut_of_an_upload),
      TEST(without_its_parts_an_act_waits),
      TEST(what_was_accepted_is_not_sent_again),
      TEST(every_cut_of_a_download),
      TEST(a_document_is_alone_on_its_page),
      TEST(spoilt_on_the_way_down),
      TEST(refused_on_the_way_down),
      TEST(hidden_and_absent_are_the_same),
      TEST(who_does_not_count_gets_nothing),
      TEST(withdrawn_and_given_again),
      TEST(fetched_for_nothing),
      TEST(erased_everywhere),
      TEST(erased_before_its_author_heard),
      TEST(a_part_of_an_act_is_alone_on_its_page),
      TEST(ones_own_document),
      TEST(the_list_of_large_contents_is_verified),
      TEST(any_order_and_twice),
      TEST(wrong_bytes),
      TEST(limits),
      TEST(one_agency_alone),
      TEST(many_documents),
      TEST(around_the_limits),
      TEST(a_held_document),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
