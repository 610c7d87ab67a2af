/* A node that is behind its replicas, in one process: restored from an old copy, or from nothing; what is offered, by
 * machines that are honest and by one that is not; what stays lost, and comes back; what was erased, and does not. */
#include "sync/recover.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/directory.h"
#include "core/document.h"
#include "core/publication.h"
#include "core/store_parts.h"
#include "tests/lib/blank.h"
#include "tests/lib/files.h"
#include "tests/lib/handover.h"
#include "tests/lib/lost_node.h"

static struct world w;
static struct world_member *ann, *ben, *pam; /* social work; health, involved with the child; police, which is not */
static struct hash child, doomed;            /* doomed: what is erased later */

static struct hash note(struct world_member *m, const char *name) {
  return lost_node_note(&w, m, &child, name);
}

static void erase(const struct hash *id) {
  struct hash_hex e = hash_hex(id);
  world_record(&w, ann,
               WORLD_DRAFT("entry.erase", {"entry", e.s}, {"ground", "unlawful"}, {"reason", "about somebody else"}));
}

/* A document of three parts. */
static void document(struct world_member *m) {
  struct buf file = {0};
  struct hash_hex c = hash_hex(&child);
  uint8_t *at = buf_extend(&file, 2 * PARTS_PART_SIZE + 1000);
  for (size_t i = 0; i < file.len; i++)
    at[i] = (uint8_t)(i * 7 + (i >> 9));
  struct draft drafts[] = {WORLD_DRAFT("document.add", {"child", c.s}, {"title", "A plan"}, {"type", "chronology"}),
                           WORLD_DRAFT("document.file", {"child", c.s}, {"document", "@1"})};
  drafts[1].media = "application/pdf";
  drafts[1].file = buf_bytes(&file);
  struct verdict v;
  world_must(world_write(&w, m, drafts, 2, ACCEPT_WRITE, &v), "a document");
  assert_int_equal(v.code, VERDICT_ACCEPTED);
  buf_release(&file);
}

static int open_world(void **state) {
  (void)state;
  lost_node_open(&w, 23, &child);
  ann = &w.members[LOST_NODE_ANN];
  ben = &w.members[LOST_NODE_BEN];
  pam = &w.members[LOST_NODE_PAM];
  doomed = note(ann, "Somebody Else");
  lost_node_sync_all(&w);
  return 0;
}

static int close_world(void **state) {
  (void)state;
  world_close(&w);
  return 0;
}

/* ---- the node as it was, and as it is ---- */

struct state {
  uint64_t size;
  struct hash root, views, feeds;
};

static struct hash digest_of(const char *statement) {
  struct query q;
  struct buf b = {0};
  query_start_once(&q, w.node.store->db, statement);
  while (query_row(&q))
    for (int i = 0; i < query_column_count(&q); i++)
      buf_string(&b, query_get(&q, i));
  world_must(query_end(&q), statement);
  struct hash h = hash_of(buf_bytes(&b));
  buf_release(&b);
  return h;
}

static struct state state_of_node(void) {
  struct state st = {.size = store_size(w.node.store)};
  world_must(store_tree_root(w.node.store, st.size, &st.root), "the root");
  world_must(store_views_digest(w.node.store, &st.views), "the views");
  st.feeds = digest_of("SELECT agency, place, op, number, digest FROM feed ORDER BY 1, 2");
  return st;
}

static void assert_same(const struct state *a, const struct state *b) {
  assert_int_equal(a->size, b->size);
  assert_true(hash_equal(&a->root, &b->root));
  assert_true(hash_equal(&a->views, &b->views));
  assert_true(hash_equal(&a->feeds, &b->feeds));
}

/* Only the keys are left. */
static void lose(void) {
  struct hash ledger, id = key_id(w.operating);
  world_must(store_meta_hash(ann->store, "ledger", &ledger), "the ledger");
  store_close(w.node.store);
  w.node.store = NULL;
  remove(w.path);
  world_must(blank_store(w.path, &w.node.store), "a blank store");
  store_read_as(w.node.store, &(struct scope_recipient){.replica = id});
  world_must(store_begin(w.node.store), "beginning");
  world_must(store_meta_set(w.node.store, "ledger", hash_bytes(&ledger)), "beginning");
  world_must(recovery_begin(w.node.store), "beginning");
  world_must(store_commit(w.node.store), "beginning");
}

static void offer(struct world_member *m) {
  world_must(lost_node_recover(&w, m, NULL), "offering");
}

static struct recovery_status status(void) {
  struct recovery_status st;
  world_must(recovery_status(w.node.store, &st), "the status");
  return st;
}

static int64_t count_in(struct store *s, const char *statement) {
  struct query q;
  int64_t n = 0;
  query_start_once(&q, s->db, statement);
  if (query_row(&q))
    n = query_get_int(&q, 0);
  world_must(query_end(&q), statement);
  return n;
}

/* ---- from an old copy ---- */

static void copy_catches_up(void **state) {
  (void)state;
  struct recover_round r;
  lost_node_back_up(&w);
  note(ann, "An Aunt");
  note(ben, "An Uncle");
  document(ann);
  erase(&doomed);
  lost_node_sync_all(&w);
  struct state before = state_of_node();
  lost_node_restore(&w);
  assert_true(store_size(w.node.store) < before.size);
  struct hash offline = note(ben, "Written meanwhile");
  assert_int_equal(world_exchange(&w, ben, NULL), ERR_CHAIN); /* 409: the node hears of nothing */
  assert_false(recovery_is_on(w.node.store));
  world_must(lost_node_recover(&w, ben, &r), "offering");
  assert_true(r.is_on);
  assert_true(r.offered > 0);
  assert_int_equal(world_exchange(&w, pam, NULL), ERR_BUSY);
  /* The police's and the social work's own are missing. */
  assert_int_equal(recover_finish(&w.node, RECOVERY_WAIT_FOR_THE_REST), ERR_REFUSED);
  offer(ann);
  offer(pam);
  assert_int_equal(status().missing, 0);
  assert_int_equal(status().machines, 3);
  world_must(recover_finish(&w.node, RECOVERY_WAIT_FOR_THE_REST), "the end");
  struct state after = state_of_node();
  assert_same(&before, &after);
  assert_int_equal(count_in(w.node.store, "SELECT count(*) FROM feed_change"), 0); /* the ledger has told of it */
  assert_false(recovery_has_lost(w.node.store));
  assert_int_equal(world_findings(w.node.store), 0);
  lost_node_sync_all(&w);
  struct record rec = {0};
  world_must(store_find(w.node.store, &offline, &rec), "what was written meanwhile");
  record_release(&rec);
  world_must(store_find(w.node.store, &doomed, &rec), "what was erased");
  assert_true(rec.is_erased);
  assert_false(rec.has_content);
  record_release(&rec);
  assert_int_equal(world_findings(ann->store), 0);
}

/* ---- machines that were not heard ---- */

static void waits_for_the_rest(void **state) {
  (void)state;
  struct recovery_heard heard;
  lost_node_back_up(&w);
  note(ann, "An Aunt");
  lost_node_sync_all(&w);
  note(ben, "An Uncle"); /* accepted, and nobody else has heard of it */
  world_sync(&w, ben);
  struct state before = state_of_node();
  lost_node_restore(&w);
  uint64_t from = store_size(w.node.store);
  offer(ann);
  assert_int_equal(status().missing, 0);
  assert_int_equal(recover_finish(&w.node, RECOVERY_WAIT_FOR_THE_REST), ERR_REFUSED);
  assert_non_null(strstr(err_words(ERR_REFUSED), "heard: 1 of 3 machines"));
  assert_non_null(strstr(err_remedy(), "--without-the-rest"));
  assert_int_equal(store_size(w.node.store), from);
  assert_true(recovery_is_on(w.node.store));
  offer(pam);
  offer(ben);
  world_must(recover_finish(&w.node, RECOVERY_WAIT_FOR_THE_REST), "the end");
  struct state after = state_of_node();
  assert_same(&before, &after);
  world_must(recovery_count_heard(w.node.store, &heard), "who was heard");
  assert_int_equal(heard.heard, 3);
  assert_int_equal(heard.machines, 3);
  lost_node_sync_all(&w);
}

/* The note that was published has other signatures beside the node's than the one that a machine has. */
static void published_notes_win(void **state) {
  (void)state;
  struct buf note_of_node = {0}, published = {0};
  struct checkpoint c;
  struct bytes text;
  struct hash root;
  uint64_t size;
  lose();
  offer(ann);
  world_must(store_checkpoint_newest(ann->store, &size, &root, &note_of_node), "the note");
  world_must(note_text(buf_bytes(&note_of_node), &text), "its text");
  world_must(checkpoint_parse(text, &c), "the checkpoint");
  buf_add(&published, buf_bytes(&note_of_node));
  buf_add_str(&published, "\xe2\x80\x94 another signature\n");
  world_must(store_begin(w.node.store), "beginning");
  world_must(recovery_show_published(w.node.store, &c, buf_bytes(&published)), "the mirror's");
  world_must(recovery_show(w.node.store, &c, buf_bytes(&note_of_node)), "a machine's");
  world_must(store_commit(w.node.store), "ending");
  assert_int_equal(count_in(w.node.store, "SELECT count(*) FROM recover_checkpoint WHERE instr(note, "
                                          "CAST('another signature' AS BLOB))"),
                   1);
  buf_release(&note_of_node);
  buf_release(&published);
}

/* ---- from nothing ---- */

static void nothing_but_replicas(void **state) {
  (void)state;
  note(ann, "An Aunt");
  document(ben);
  lost_node_sync_all(&w);
  erase(&doomed);
  for (int i = 0; i < 3; i++) { /* ben has not heard of it, and offers what was erased */
    world_sync(&w, ann);
    world_sync(&w, pam);
  }
  struct state before = state_of_node();
  lose();
  offer(pam);
  offer(ben);
  assert_true(status().missing > 0);
  offer(ann);
  struct recovery_status st = status();
  assert_int_equal(st.goal, before.size);
  assert_int_equal(st.missing, 0);
  world_must(recover_finish(&w.node, RECOVERY_WAIT_FOR_THE_REST), "the end");
  struct state after = state_of_node();
  assert_int_equal(before.size, after.size);
  assert_true(hash_equal(&before.root, &after.root));
  assert_true(hash_equal(&before.feeds, &after.feeds));
  assert_true(hash_equal(&before.views, &after.views));
  struct record rec = {0};
  world_must(store_find(w.node.store, &doomed, &rec), "what was erased");
  assert_true(rec.is_erased);
  assert_false(rec.has_content);
  record_release(&rec);
}

/* ---- what is lost, and comes back ---- */

/* As a mirror would: every leaf of the ledger, and no content. */
struct leaves {
  struct buf note;
  size_t count;
  struct buf at[256];
};

static void keep_leaves(struct leaves *l) {
  struct hash root;
  uint64_t size;
  *l = (struct leaves){0};
  world_must(store_checkpoint_newest(w.node.store, &size, &root, &l->note), "the checkpoint");
  assert_true(size <= 256);
  for (l->count = 0; l->count < size; l->count++)
    world_must(store_leaf(w.node.store, l->count + 1, &l->at[l->count]), "a leaf");
}

static void release_leaves(struct leaves *l) {
  buf_release(&l->note);
  for (size_t i = 0; i < l->count; i++)
    buf_release(&l->at[i]);
}

static enum err post(const struct hash *who, struct recover_request *m, struct recover_answer *out,
                     struct buf *answer) {
  struct buf request = {0};
  world_must(store_meta_hash(ann->store, "ledger", &m->ledger), "the ledger");
  recover_request_encode(&request, m);
  enum err e = recover_serve(&w.node, who, buf_bytes(&request), w.now_s, answer);
  if (e == OK)
    world_must(recover_answer_decode(buf_bytes(answer), out), "an answer");
  buf_release(&request);
  return e;
}

static enum err show(const struct hash *who, struct bytes note) {
  struct recover_request m = {.what = RECOVER_SHOW, .note = note};
  struct recover_answer a;
  struct buf answer = {0};
  enum err e = post(who, &m, &a, &answer);
  buf_release(&answer);
  return e;
}

static enum err offer_items(const struct hash *who, struct recovery_item *items, uint32_t count, uint64_t *next) {
  struct recover_request m = {.what = RECOVER_OFFER, .items = items, .count = count};
  struct recover_answer a = {0};
  struct buf answer = {0};
  enum err e = post(who, &m, &a, &answer);
  *next = a.next;
  buf_release(&answer);
  return e;
}

static void offer_leaves(const struct leaves *l, const struct hash *who) {
  struct recovery_item items[256] = {0};
  uint64_t next;
  for (size_t i = 0; i < l->count; i++)
    items[i].leaf = buf_bytes(&l->at[i]);
  world_must(show(who, buf_bytes(&l->note)), "showing");
  world_must(offer_items(who, items, (uint32_t)l->count, &next), "offering leaves");
}

static enum err note_end(void *of, const struct feed_end *end) {
  *(struct feed_end *)of = *end;
  return OK;
}

static void lost_comes_back(void **state) {
  (void)state;
  struct leaves leaves;
  note(ann, "An Aunt");
  document(ann);
  lost_node_sync_all(&w);
  struct state before = state_of_node();
  keep_leaves(&leaves);
  lose();
  offer_leaves(&leaves, &ben->replica);
  offer(pam); /* has the directory, and nothing of the child */
  assert_int_equal(status().missing, 0);
  world_must(recover_finish(&w.node, RECOVERY_WITHOUT_THE_REST), "the end");
  struct state after = state_of_node();
  assert_true(hash_equal(&before.root, &after.root));
  uint64_t lost = status().lost;
  assert_true(lost >= 6);
  assert_true(world_findings(w.node.store) >= lost);
  /* Somebody new hears that it is lost, and gets it when it is there again. */
  struct hash id = ann->agency;
  struct world_member *eve = world_join(&w, &id, "Eve", "practitioner");
  struct exchange_report report = {0};
  world_must(world_exchange(&w, eve, &report), "syncing");
  assert_true(report.wants_lost);
  assert_int_equal(count_in(eve->store, "SELECT count(*) FROM content c JOIN entry e ON e.number = c.number "
                                        "WHERE e.kind LIKE 'document.%'"),
                   0);
  assert_true(count_in(eve->store, "SELECT count(*) FROM forgotten WHERE why = 'lost'") > 0);
  struct exchange_report of_ann = {0};
  world_must(world_exchange(&w, ann, &of_ann), "syncing");
  assert_true(of_ann.wants_lost);
  offer(ann);
  assert_false(recovery_has_lost(w.node.store));
  assert_int_equal(world_findings(w.node.store), 0);
  world_must(store_views_digest(w.node.store, &after.views), "the views");
  world_sync(&w, eve);
  assert_int_equal(count_in(eve->store, "SELECT count(*) FROM forgotten WHERE why = 'lost'"), 0);
  assert_int_equal(count_in(eve->store, "SELECT count(*) FROM content c JOIN entry e ON e.number = c.number "
                                        "WHERE e.kind LIKE 'document.%'"),
                   2);
  assert_int_equal(world_findings(eve->store), 0);
  /* What was lost had decided that his agency was to hold it: the feed that he followed is not there any more. */
  struct recover_round r;
  struct hash offline = note(ben, "Written meanwhile");
  struct feed_end followed, kept = {0};
  world_must(feed_end(ben->store, FEED_OWN, &followed), "what he followed");
  assert_int_equal(world_exchange(&w, ben, NULL), ERR_CHAIN);
  world_must(lost_node_recover(&w, ben, &r), "asking");
  assert_true(r.follows_anew);
  assert_false(r.is_on);
  /* He has signed that he followed it. */
  world_must(feed_each_before(ben->store, &kept, note_end), "what he followed before");
  assert_int_equal(kept.place, followed.place);
  assert_true(hash_equal(&kept.digest, &followed.digest));
  world_sync(&w, ben);
  assert_int_equal(world_findings(ben->store), 0);
  struct record rec = {0};
  world_must(store_find(w.node.store, &offline, &rec), "what was written meanwhile");
  record_release(&rec);
  release_leaves(&leaves);
}

/* An entry of Ben's, which Ann erased; of that the node has the leaf alone. */
static struct hash lose_erasure(void) {
  struct leaves leaves;
  struct hash of_ben = note(ben, "About somebody else");
  lost_node_sync_all(&w);
  lost_node_back_up(&w);
  erase(&of_ben);
  world_sync(&w, ann);
  keep_leaves(&leaves);
  lost_node_restore(&w);
  offer_leaves(&leaves, &pam->replica);
  world_must(recover_finish(&w.node, RECOVERY_WITHOUT_THE_REST), "the end");
  release_leaves(&leaves);
  return of_ben;
}

/* The entry.erase is lost, and only its leaf was in a mirror: what it erased is gone all the same, for its writer, too,
 * who would take it for withheld. When whoever erased it comes, its reason is there again. */
static void lost_erasure(void **state) {
  (void)state;
  struct record rec = {0};
  struct hash of_ben = lose_erasure();
  assert_true(status().lost > 0);
  assert_int_equal(count_in(w.node.store, "SELECT count(*) FROM erasure"), 1);
  world_sync(&w, ben);
  world_must(store_find(ben->store, &of_ben, &rec), "what was erased");
  assert_true(rec.is_erased);
  record_release(&rec);
  assert_int_equal(count_in(ben->store, "SELECT count(*) FROM forgotten f JOIN entry e ON e.number = f.number "
                                        "WHERE f.why = 'lost' AND e.kind = 'entry.erase'"),
                   1);
  struct hash kept, made;
  world_must(store_views_digest(ben->store, &kept), "the views");
  world_must(store_begin(ben->store), "beginning");
  world_must(store_rebuild(ben->store), "the views made again");
  world_must(store_commit(ben->store), "ending");
  world_must(store_views_digest(ben->store, &made), "the views");
  assert_true(hash_equal(&kept, &made));
  offer(ann);
  assert_false(recovery_has_lost(w.node.store));
  assert_int_equal(world_findings(w.node.store), 0);
  world_sync(&w, ben);
  assert_int_equal(count_in(ben->store, "SELECT count(*) FROM forgotten WHERE why = 'lost'"), 0);
  assert_int_equal(world_findings(ben->store), 0);
}

/* It is there again, and was delivered again for that, when a machine hears of all this for the first time: what was
 * erased, and is of its own agency, comes behind what says so. */
static void erasure_comes_first(void **state) {
  (void)state;
  struct record rec = {0};
  struct hash of_ben = lose_erasure();
  offer(ann);
  assert_false(recovery_has_lost(w.node.store));
  world_sync(&w, ben);
  world_must(store_find(ben->store, &of_ben, &rec), "what was erased");
  assert_true(rec.is_erased);
  record_release(&rec);
  assert_int_equal(world_findings(ben->store), 0);
}

/* It was lost once more, and then whoever holds it came in time: whoever had heard that it is lost hears that it is
 * here, though the feed is the same as before. */
static void lost_only_once(void **state) {
  (void)state;
  struct leaves leaves;
  lost_node_sync_all(&w);
  lost_node_back_up(&w);
  note(ben, "An Uncle");
  world_sync(&w, ben);
  keep_leaves(&leaves);
  for (int i = 0; i < 2; i++) {
    lost_node_restore(&w);
    offer_leaves(&leaves, &pam->replica);
    if (i == 1)
      offer(ben);
    world_must(recover_finish(&w.node, RECOVERY_WITHOUT_THE_REST), "the end");
    assert_int_equal(recovery_has_lost(w.node.store), i == 0);
    world_sync(&w, ann);
    assert_true(count_in(ann->store, "SELECT count(*) FROM forgotten WHERE why = 'lost'") > 0);
  }
  world_sync(&w, ann);
  assert_int_equal(count_in(ann->store, "SELECT count(*) FROM forgotten WHERE why = 'lost'"), 0);
  assert_int_equal(world_findings(ann->store), 0);
  release_leaves(&leaves);
}

/* Accepted, and the answer did not come; then the node was lost, and a mirror had the leaves. */
static void take_leaves_only(void) {
  struct leaves leaves;
  struct exchange_replica r = {ben->store, ben->replica_key, w.now_s};
  struct buf request = {0}, answer = {0};
  size_t sent;
  bool lacks = false;
  world_must(world_carry(&w, ben, &lacks), "contents in parts");
  world_must(exchange_request(&r, &request, &sent), "a request");
  world_must(exchange_answer(&w.node, &ben->replica, buf_bytes(&request), w.now_s, &answer), "its answer");
  keep_leaves(&leaves);
  lose();
  offer_leaves(&leaves, &pam->replica);
  offer(ann);
  offer(ben);
  world_must(recover_finish(&w.node, RECOVERY_WITHOUT_THE_REST), "the end");
  buf_release(&request);
  buf_release(&answer);
  release_leaves(&leaves);
}

static void give_back(void) {
  world_sync(&w, ben);
  assert_false(recovery_has_lost(w.node.store));
  assert_int_equal(world_findings(w.node.store), 0);
  assert_int_equal(world_findings(ben->store), 0);
  assert_int_equal(store_outbox_count(ben->store, NULL), 0);
}

static void outbox_gives_back(void **state) {
  (void)state;
  struct hash id = note(ben, "Nobody has seen this");
  take_leaves_only();
  assert_int_equal(status().lost, 1);
  give_back();
  struct record rec = {0};
  world_must(store_find(ben->store, &id, &rec), "the entry");
  assert_string_equal(rec.state, "accepted");
  record_release(&rec);
}

/* The machine sends the parts again, and takes its act whole. */
static void outbox_gives_back_document(void **state) {
  (void)state;
  document(ben);
  take_leaves_only();
  assert_int_equal(status().lost, 2);
  give_back();
  assert_int_equal(count_in(w.node.store, "SELECT count(*) FROM large"), 1);
}

/* Before the parts have come, too. */
static void outbox_gives_back_by_and_by(void **state) {
  (void)state;
  struct exchange_replica r = {ben->store, ben->replica_key, w.now_s};
  struct exchange_report report = {0};
  struct buf request = {0}, answer = {0};
  size_t sent;
  document(ben);
  take_leaves_only();
  world_must(exchange_request(&r, &request, &sent), "a request");
  world_must(exchange_answer(&w.node, &ben->replica, buf_bytes(&request), w.now_s, &answer), "its answer");
  world_must(exchange_take(&r, buf_bytes(&answer), &report), "an act of which a part is lost");
  assert_int_equal(status().lost, 1);
  give_back();
  buf_release(&request);
  buf_release(&answer);
}

/* What a machine is told that has followed its feed, and has noted this as lost. */
static bool is_sent_back(struct world_member *m, uint64_t noted) {
  struct exchange_replica r = {m->store, m->replica_key, w.now_s};
  struct buf request = {0}, again = {0}, answer = {0}, number = {0};
  struct msg_request asked = {0};
  struct msg_answer told = {0};
  size_t sent;
  world_must(exchange_request(&r, &request, &sent), "a request");
  world_must(msg_request_decode(buf_bytes(&request), &asked), "a request");
  buf_u64(&number, noted);
  asked.flags |= MSG_NOTES_LOST;
  asked.noted = buf_bytes(&number);
  msg_request_encode(&again, &asked);
  world_must(exchange_answer(&w.node, &m->replica, buf_bytes(&again), w.now_s, &answer), "its answer");
  world_must(msg_answer_decode(buf_bytes(&answer), &told), "its answer");
  bool is = told.follow_anew;
  msg_request_release(&asked);
  msg_answer_release(&told);
  buf_release(&request);
  buf_release(&again);
  buf_release(&answer);
  buf_release(&number);
  return is;
}

static void give_content(uint64_t number, const struct record *of, const struct leaves *leaves) {
  struct recovery_item item = {.leaf = buf_bytes(&leaves->at[number - 1]), .has_content = true};
  struct hash ignored;
  item.content = buf_bytes(&of->content);
  memcpy(item.salt, of->salt, sizeof item.salt);
  world_must(store_begin(w.node.store), "beginning");
  world_must(recovery_offer(w.node.store, &pam->replica, &item, &number, &ignored), "a content");
  world_must(store_commit(w.node.store), "ending");
}

/* A machine that has lost its own act, too, is told that all of it is lost until all of it is here: what is here
 * already does not send it to the beginning of its feed at every sync. Anybody else is to fetch it from there. */
static void own_act_in_part(void **state) {
  (void)state;
  struct leaves leaves;
  struct record records[2] = {{0}, {0}};
  struct verdict v;
  struct hash_hex c = hash_hex(&child);
  const struct draft drafts[] = {WORLD_DRAFT("family.add", {"child", c.s}, {"relation", "family-member"},
                                             {"responsibilities", "no"}, {"name", "An Aunt"}),
                                 WORLD_DRAFT("family.add", {"child", c.s}, {"relation", "family-member"},
                                             {"responsibilities", "no"}, {"name", "An Uncle"})};
  lost_node_sync_all(&w);
  lost_node_back_up(&w);
  world_must(world_write(&w, ben, drafts, 2, ACCEPT_WRITE, &v), "an act of two entries");
  lost_node_sync_all(&w);
  const uint64_t first = store_size(w.node.store) - 1;
  for (uint64_t i = 0; i < 2; i++)
    world_must(store_find_number(w.node.store, first + i, &records[i]), "an entry");
  keep_leaves(&leaves);
  lost_node_restore(&w);
  offer_leaves(&leaves, &pam->replica);
  world_must(recover_finish(&w.node, RECOVERY_WITHOUT_THE_REST), "the end");
  give_content(first, &records[0], &leaves);
  world_sync(&w, ann);
  world_sync(&w, ben);
  assert_int_equal(status().lost, 1);
  assert_false(is_sent_back(ben, first));
  assert_true(is_sent_back(ann, first));
  give_content(first + 1, &records[1], &leaves);
  world_sync(&w, ben);
  assert_true(is_sent_back(ben, first));
  for (size_t i = 0; i < 2; i++)
    record_release(&records[i]);
  release_leaves(&leaves);
}

static enum err note_hold(void *of, const struct hold_row *row) {
  *(struct hash *)of = row->id;
  return OK;
}

/* What waits for the keeper is not in the ledger: it comes again from the outbox of whoever sent it. */
static void held_comes_again(void **state) {
  (void)state;
  struct hash hold = {{0}};
  struct record rec = {0};
  struct hash_hex who = hash_hex(&ben->person);
  struct hash id = note(ben, "Of somebody who left");
  world_record(&w, ann, WORLD_DRAFT("person.revoke", {"person", who.s}, {"why", "left"}));
  lost_node_sync_all(&w);
  world_must(directory_each_hold(ann->store, &hold, note_hold), "what is held");
  lose();
  offer(pam);
  offer(ben);
  offer(ann);
  assert_int_equal(status().missing, 0);
  world_must(recover_finish(&w.node, RECOVERY_WITHOUT_THE_REST), "the end");
  lost_node_sync_all(&w);
  struct hash_hex hex = hash_hex(&hold);
  assert_int_equal(store_find(ann->store, &hold, &rec), OK);
  struct draft release = WORLD_DRAFT("held.release", {"hold", hex.s}, {"reason", "because"});
  release.to = rec.entry.to;
  release.to_count = rec.entry.to_count;
  world_record(&w, ann, release);
  record_release(&rec);
  lost_node_sync_all(&w);
  world_must(store_find(ben->store, &id, &rec), "what was held");
  assert_string_equal(rec.state, "accepted");
  record_release(&rec);
}

/* Until it has come, nobody can let it through; whoever tries is told so, and what they record besides goes on. To
 * decide against it, it need not be there. */
static void held_is_lost(void **state) {
  (void)state;
  struct hash hold = {{0}};
  struct record rec = {0};
  note(ben, "Of somebody who left");
  struct hash_hex who = hash_hex(&ben->person);
  world_record(&w, ann, WORLD_DRAFT("person.revoke", {"person", who.s}, {"why", "left"}));
  lost_node_sync_all(&w);
  world_must(directory_each_hold(ann->store, &hold, note_hold), "what is held");
  lose();
  offer(pam);
  offer(ann);
  world_must(recover_finish(&w.node, RECOVERY_WITHOUT_THE_REST), "the end");
  world_sync(&w, ann);
  struct hash_hex hex = hash_hex(&hold);
  world_must(store_find(ann->store, &hold, &rec), "the hold");
  static const char *const decisions[] = {"held.release", "held.reject"};
  for (size_t i = 0; i < 2; i++) {
    struct draft decide = WORLD_DRAFT(decisions[i], {"hold", hex.s}, {"reason", "because"});
    decide.to = rec.entry.to;
    decide.to_count = rec.entry.to_count;
    struct verdict v;
    world_must(world_write(&w, ann, &decide, 1, ACCEPT_WRITE_ANYWAY, &v), "a decision");
    struct hash beside = note(ann, "Recorded besides");
    world_sync(&w, ann);
    assert_int_equal(count_in(ann->store, "SELECT count(*) FROM outbox WHERE state = 'refused'"), 1);
    assert_int_equal(count_in(ann->store, "SELECT count(*) FROM outbox"), 1);
    struct record there = {0};
    world_must(store_find(w.node.store, &beside, &there), "what was recorded besides");
    record_release(&there);
  }
  record_release(&rec);
  world_sync(&w, ben);
  assert_int_equal(count_in(ben->store, "SELECT count(*) FROM outbox WHERE state = 'refused'"), 1);
}

/* ---- who is not honest ---- */

/* The leaf with another time of admission: of the form, and not in the tree. */
static void forge(struct buf *leaf) {
  uint8_t *at = memmem(leaf->at, leaf->len, "admitted 2026", 13);
  assert_non_null(at);
  at[sizeof "admitted 2026-11-21T09:00:0" - 1] ^= 1;
}

static void forged_leaf(void **state) {
  (void)state;
  struct leaves leaves, forged;
  uint64_t next;
  lost_node_back_up(&w);
  note(ann, "An Aunt");
  note(ben, "An Uncle");
  lost_node_sync_all(&w);
  struct state before = state_of_node();
  keep_leaves(&leaves);
  keep_leaves(&forged);
  lost_node_restore(&w);
  uint64_t from = store_size(w.node.store);
  world_must(show(&pam->replica, buf_bytes(&leaves.note)), "showing");
  for (uint64_t i = from; i < forged.count; i++) {
    struct recovery_item item = {0};
    forge(&forged.at[i]);
    item.leaf = buf_bytes(&forged.at[i]);
    world_must(offer_items(&pam->replica, &item, 1, &next), "a forged leaf is staged like any other");
  }
  assert_int_equal(status().missing, 0);
  assert_int_equal(recover_finish(&w.node, RECOVERY_WAIT_FOR_THE_REST), ERR_REFUSED);
  assert_int_equal(store_size(w.node.store), from);
  assert_true(recovery_is_on(w.node.store));
  /* Another dishonest one, to have the majority. */
  struct hash second = hash_of(bytes_str("another machine"));
  for (uint64_t i = from; i < forged.count; i++) {
    struct recovery_item item = {.leaf = buf_bytes(&forged.at[i])};
    world_must(offer_items(&second, &item, 1, &next), "and again");
  }
  offer(ann);
  world_must(recover_finish(&w.node, RECOVERY_WITHOUT_THE_REST), "the end");
  struct state after = state_of_node();
  assert_same(&before, &after);
  release_leaves(&leaves);
  release_leaves(&forged);
}

/* ---- what fits no entry, and what fits another number ---- */

/* The same leaf under another number: of the form, and not in the tree. */
static void renumber(const struct buf *leaf, uint64_t number, struct buf *out) {
  static const char line[] = "cairn leaf 1\nnumber ";
  const uint8_t *end = memchr(leaf->at + sizeof line - 1, '\n', leaf->len - sizeof line);
  assert_non_null(end);
  buf_addf(out, "%s%u", line, (unsigned)number);
  buf_add(out, bytes_of(end, leaf->len - (size_t)(end - leaf->at)));
}

static uint64_t number_of_file(void) {
  return (uint64_t)count_in(w.node.store, "SELECT number FROM entry WHERE kind = 'document.file'");
}

/* Parts that are what their sender says, and not what the entry's header says. */
static void put_garbage(const struct hash *who, const struct hash *entry, enum err expected) {
  struct buf whole = {0};
  memset(buf_extend(&whole, PARTS_SIZE_MIN), 'z', PARTS_SIZE_MIN);
  struct hash said = entry_commitment(whole.at, bytes_of(whole.at + ENTRY_SALT_SIZE, whole.len - ENTRY_SALT_SIZE));
  for (uint32_t k = 0; k < parts_count(PARTS_SIZE_MIN); k++) {
    struct bytes part = bytes_of(whole.at + k * PARTS_PART_SIZE, parts_length(PARTS_SIZE_MIN, k));
    struct recover_request m = {.what = RECOVER_PART, .part = {*entry, said, PARTS_SIZE_MIN, k, part}};
    struct recover_answer a;
    struct buf answer = {0};
    enum err e = post(who, &m, &a, &answer);
    assert_int_equal(e, k + 1 < parts_count(PARTS_SIZE_MIN) ? OK : expected);
    buf_release(&answer);
  }
  buf_release(&whole);
}

static void garbage_for_a_document(void **state) {
  (void)state;
  struct leaves leaves;
  struct leaf_read l;
  struct buf moved = {0};
  uint64_t next;
  lost_node_back_up(&w);
  note(ann, "An Aunt");
  document(ann);
  lost_node_sync_all(&w);
  struct state before = state_of_node();
  keep_leaves(&leaves);
  uint64_t file = number_of_file();
  lost_node_restore(&w);
  world_must(show(&ben->replica, buf_bytes(&leaves.note)), "showing");
  renumber(&leaves.at[file - 1], store_size(w.node.store) + 1, &moved);
  struct recovery_item items[] = {{.leaf = buf_bytes(&moved)},
                                  {.leaf = buf_bytes(&leaves.at[file - 1]), .parts_size = PARTS_SIZE_MIN}};
  world_must(offer_items(&ben->replica, items, 2, &next), "the document's leaf, under two numbers");
  world_must(leaf_parse(buf_bytes(&leaves.at[file - 1]), &l), "the leaf");
  struct hash id = hash_of(l.leaf.header);
  leaf_read_release(&l);
  put_garbage(&ben->replica, &id, ERR_FORM);
  assert_int_equal(count_in(w.node.store, "SELECT count(*) FROM recover_content"), 0);
  offer(ann);
  world_must(recover_finish(&w.node, RECOVERY_WITHOUT_THE_REST), "the end");
  struct state after = state_of_node();
  assert_same(&before, &after);
  assert_false(recovery_has_lost(w.node.store));
  buf_release(&moved);
  release_leaves(&leaves);
}

/* Whoever has had their say of a number has no room for more contents there. */
static void one_say(void **state) {
  (void)state;
  struct leaves leaves;
  struct record rec = {0};
  uint64_t next;
  lost_node_back_up(&w);
  struct hash aunt = note(ann, "An Aunt");
  note(ann, "An Uncle");
  lost_node_sync_all(&w);
  keep_leaves(&leaves);
  world_must(recovery_find_held(ann->store, &aunt, &rec), "the aunt");
  lost_node_restore(&w);
  world_must(show(&pam->replica, buf_bytes(&leaves.note)), "showing");
  struct recovery_item item = {.leaf = buf_bytes(&leaves.at[rec.number])};
  world_must(offer_items(&pam->replica, &item, 1, &next), "a leaf");
  struct buf moved = {0};
  renumber(&leaves.at[rec.number - 1], rec.number + 1, &moved);
  item = (struct recovery_item){.leaf = buf_bytes(&moved), .has_content = true, .content = buf_bytes(&rec.content)};
  memcpy(item.salt, rec.salt, sizeof item.salt);
  world_must(offer_items(&pam->replica, &item, 1, &next), "another one for the same number");
  assert_int_equal(count_in(w.node.store, "SELECT count(*) FROM recover_leaf"), 1);
  assert_int_equal(count_in(w.node.store, "SELECT count(*) FROM recover_content"), 0);
  buf_release(&moved);
  record_release(&rec);
  release_leaves(&leaves);
}

/* More machines than are tried one by one, each with a leaf of its own, and one that contradicts them all: it is
 * tried, whatever its key is. */
static void one_against_many(void **state) {
  (void)state;
  struct leaves leaves, forged;
  struct hash last;
  uint64_t next;
  lost_node_back_up(&w);
  for (int i = 0; i < 70; i++)
    note(ann, "An Aunt");
  lost_node_sync_all(&w);
  struct state before = state_of_node();
  keep_leaves(&leaves);
  keep_leaves(&forged);
  lost_node_restore(&w);
  memset(&last, 0xff, sizeof last);
  uint64_t from = store_size(w.node.store);
  world_must(show(&ann->replica, buf_bytes(&leaves.note)), "showing");
  assert_true(leaves.count >= from + 70);
  for (uint64_t i = from; i < leaves.count; i++) {
    struct recovery_item item = {.leaf = buf_bytes(&leaves.at[i])};
    struct hash source = {{(uint8_t)(i - from), 1}};
    world_must(offer_items(&source, &item, 1, &next), "a leaf");
    forge(&forged.at[i]);
    item.leaf = buf_bytes(&forged.at[i]);
    world_must(offer_items(&last, &item, 1, &next), "a forged one");
  }
  world_must(recover_finish(&w.node, RECOVERY_WITHOUT_THE_REST), "the end");
  struct hash root;
  world_must(store_tree_root(w.node.store, before.size, &root), "the root");
  assert_true(hash_equal(&root, &before.root));
  release_leaves(&leaves);
  release_leaves(&forged);
}

/* The newest note is for everybody to copy; leaves that somebody changed beside it are done without. */
static void forged_mirror(void **state) {
  (void)state;
  const struct hash mirror = {{0}};
  struct leaves leaves, forged;
  lost_node_back_up(&w);
  note(ann, "An Aunt");
  lost_node_sync_all(&w);
  struct state before = state_of_node();
  keep_leaves(&leaves);
  keep_leaves(&forged);
  lost_node_restore(&w);
  world_must(show(&ann->replica, buf_bytes(&leaves.note)), "showing");
  for (uint64_t i = store_size(w.node.store); i < forged.count; i++) {
    forge(&forged.at[i]);
    struct recovery_item item = {.leaf = buf_bytes(&forged.at[i])};
    struct recover_request m = {.what = RECOVER_OFFER, .items = &item, .count = 1};
    struct buf request = {0}, answer = {0};
    world_must(store_meta_hash(ann->store, "ledger", &m.ledger), "the ledger");
    recover_request_encode(&request, &m);
    world_must(recover_serve_file(&w.node, &mirror, buf_bytes(&request), w.now_s, &answer), "a forged leaf");
    buf_release(&request);
    buf_release(&answer);
  }
  assert_int_equal(recover_finish(&w.node, RECOVERY_WITHOUT_THE_REST), ERR_REFUSED);
  offer(ann);
  offer(ben);
  offer(pam);
  world_must(recover_finish(&w.node, RECOVERY_WITHOUT_THE_REST), "the end");
  struct state after = state_of_node();
  assert_same(&before, &after);
  release_leaves(&leaves);
  release_leaves(&forged);
}

static void as_administrator(enum err (*what)(struct store *s, const struct hash *source, struct bytes reason),
                             const struct hash *source, const char *reason) {
  world_must(store_begin(w.node.store), "beginning");
  world_must(what(w.node.store, source, bytes_str(reason)), reason);
  world_must(store_commit(w.node.store), "ending");
}

/* The leaves of two honest machines, each of which has the half of them, against two who forge all. */
static void offer_halves(const struct leaves *leaves, struct leaves *forged, const struct hash *forgers) {
  uint64_t next, from = store_size(w.node.store);
  for (uint64_t i = from; i < leaves->count; i++) {
    struct recovery_item honest = {.leaf = buf_bytes(&leaves->at[i])};
    world_must(offer_items(i % 2 ? &ann->replica : &ben->replica, &honest, 1, &next), "a leaf");
    forge(&forged->at[i]);
    struct recovery_item item = {.leaf = buf_bytes(&forged->at[i])};
    for (int k = 0; k < 2; k++)
      world_must(offer_items(&forgers[k], &item, 1, &next), "a forged one");
  }
}

struct sources {
  size_t count, contradicted;
};

static enum err count_source(void *of, const struct recovery_source *x) {
  struct sources *c = of;
  c->count++;
  c->contradicted += x->contradicted > 0;
  return OK;
}

/* Two who forge the same have the majority everywhere, and neither believing one machine nor doing without one helps:
 * the administrator does without both, and that is told. */
static void without_colluders(void **state) {
  (void)state;
  struct leaves leaves, forged;
  struct sources c = {0};
  struct hash found, forgers[2] = {pam->replica, hash_of(bytes_str("another machine"))};
  uint64_t next;
  lost_node_back_up(&w);
  for (int i = 0; i < 6; i++)
    note(ann, "An Aunt");
  lost_node_sync_all(&w);
  struct state before = state_of_node();
  keep_leaves(&leaves);
  keep_leaves(&forged);
  lost_node_restore(&w);
  world_must(show(&ann->replica, buf_bytes(&leaves.note)), "showing");
  offer_halves(&leaves, &forged, forgers);
  world_must(show(&ben->replica, buf_bytes(&leaves.note)), "showing");
  assert_int_equal(recover_finish(&w.node, RECOVERY_WITHOUT_THE_REST), ERR_REFUSED);
  assert_non_null(strstr(err_remedy(), "--without"));
  world_must(recovery_each_source(w.node.store, &c, count_source), "who has offered");
  assert_int_equal(c.count, 4);
  assert_int_equal(c.contradicted, 4);
  struct hash_hex second = hash_hex(&forgers[1]);
  world_must(recovery_find_source(w.node.store, bytes_of(second.s, 8), &found), "by its digits");
  assert_true(hash_equal(&found, &forgers[1]));
  assert_int_equal(recovery_find_source(w.node.store, bytes_of(second.s, 7), &found), ERR_ABSENT);
  as_administrator(recovery_do_without, &found, "nobody knows it");
  as_administrator(recovery_do_without, &pam->replica, "contradicts two");
  assert_true(recovery_is_without(w.node.store, &pam->replica));
  struct recovery_item item = {.leaf = buf_bytes(&forged.at[forged.count - 1])};
  assert_int_equal(offer_items(&pam->replica, &item, 1, &next), ERR_KEY);
  /* Whoever does not count is not waited for either. */
  world_must(recover_finish(&w.node, RECOVERY_WAIT_FOR_THE_REST), "the end");
  struct state after = state_of_node();
  assert_true(hash_equal(&before.root, &after.root));
  assert_true(recovery_is_without(w.node.store, &pam->replica));
  world_sync(&w, pam);
  release_leaves(&leaves);
  release_leaves(&forged);
}

/* ---- how much is kept of one machine ---- */

static void set_room(uint64_t bytes) {
  world_must(store_begin(w.node.store), "beginning");
  world_must(recovery_set_room(w.node.store, bytes), "room");
  world_must(store_commit(w.node.store), "ending");
}

/* A content that has no room does not stand in the way, and comes back afterwards; a leaf that has none is refused. */
static void little_room(void **state) {
  (void)state;
  struct leaves leaves;
  struct recover_round r;
  lost_node_back_up(&w);
  document(ann);
  lost_node_sync_all(&w);
  struct state before = state_of_node();
  keep_leaves(&leaves);
  lost_node_restore(&w);
  world_must(show(&ann->replica, buf_bytes(&leaves.note)), "showing");
  set_room(100);
  assert_int_equal(lost_node_recover(&w, ann, &r), ERR_BUSY);
  assert_non_null(strstr(err_remedy(), "--room"));
  assert_int_equal(count_in(w.node.store, "SELECT count(*) FROM recover_leaf"), 0);
  set_room(200000); /* for all but the document */
  offer(ann);
  assert_int_equal(count_in(w.node.store, "SELECT count(*) FROM recover_content WHERE length(bytes) > 1000000"), 0);
  assert_true(count_in(w.node.store, "SELECT count(*) FROM recover_content") > 0);
  assert_true(status().unkept > 0);
  assert_int_equal(status().missing, 0);
  /* The room of another machine is its own. */
  offer(ben);
  offer(pam);
  world_must(recover_finish(&w.node, RECOVERY_WAIT_FOR_THE_REST), "the end");
  assert_int_equal(status().lost, 1);
  offer(ann);
  struct state after = state_of_node();
  assert_false(recovery_has_lost(w.node.store));
  assert_true(hash_equal(&before.views, &after.views));
  assert_int_equal(world_findings(w.node.store), 0);
  release_leaves(&leaves);
}

/* ---- what a mirror had published ---- */

static void stage_commit(uint64_t number, uint64_t size, const char *object) {
  world_must(store_begin(w.node.store), "beginning");
  world_must(recovery_commit(w.node.store, number, size, bytes_str(object)), "a commit");
  world_must(store_commit(w.node.store), "ending");
}

/* Behind a gap, and behind one that is another here, nothing could ever be published again. */
static void commits_follow_each_other(void **state) {
  (void)state;
  struct buf kept = {0};
  uint64_t sizes[4] = {0}, size;
  lost_node_back_up(&w);
  note(ann, "An Aunt");
  lost_node_sync_all(&w);
  struct query q;
  query_start_once(&q, w.node.store->db, "SELECT size FROM checkpoint ORDER BY size");
  for (int i = 0; i < 4 && query_row(&q); i++)
    sizes[i] = (uint64_t)query_get_int(&q, 0);
  world_must(query_end(&q), "sizes");
  assert_true(sizes[3] > 0);
  lost_node_restore(&w);
  world_must(store_begin(w.node.store), "beginning");
  world_must(publication_keep(w.node.store, 1, sizes[1], bytes_str("one, as it was published")), "a commit");
  world_must(store_commit(w.node.store), "ending");
  offer(ann);
  stage_commit(0, sizes[0], "zero");
  stage_commit(1, sizes[1], "one, and another one");
  stage_commit(2, sizes[2], "two");
  world_must(recover_finish(&w.node, RECOVERY_WITHOUT_THE_REST), "the end");
  world_must(publication_find(w.node.store, 0, &size, &kept), "the first");
  assert_true(bytes_equal_str(buf_bytes(&kept), "zero"));
  buf_clear(&kept);
  world_must(publication_find(w.node.store, 1, &size, &kept), "the second");
  assert_true(bytes_equal_str(buf_bytes(&kept), "one, as it was published"));
  assert_int_equal(publication_find(w.node.store, 2, &size, &kept), ERR_ABSENT);
  buf_release(&kept);
}

/* A mirror that lacks one has none of those behind it. */
static void commits_have_no_gap(void **state) {
  (void)state;
  struct buf kept = {0};
  uint64_t size;
  lost_node_back_up(&w);
  note(ann, "An Aunt");
  lost_node_sync_all(&w);
  int64_t first = count_in(w.node.store, "SELECT min(size) FROM checkpoint"),
          newest = count_in(w.node.store, "SELECT max(size) FROM checkpoint");
  lost_node_restore(&w);
  offer(ann);
  stage_commit(0, (uint64_t)first, "zero");
  stage_commit(2, (uint64_t)newest, "two");
  world_must(recover_finish(&w.node, RECOVERY_WITHOUT_THE_REST), "the end");
  world_must(publication_find(w.node.store, 0, &size, &kept), "the first");
  for (uint64_t n = 1; n <= 2; n++)
    assert_int_equal(publication_find(w.node.store, n, &size, &kept), ERR_ABSENT);
  buf_release(&kept);
}

/* All entries are in the copy, and what was published of them only afterwards is not. */
static void commits_alone(void **state) {
  (void)state;
  struct buf kept = {0};
  uint64_t size = 0;
  lost_node_sync_all(&w);
  const struct state before = state_of_node();
  lost_node_back_up(&w);
  for (int is_loss_accepted = 0; is_loss_accepted < 2; is_loss_accepted++) {
    lost_node_restore(&w);
    world_must(store_begin(w.node.store), "beginning");
    world_must(recovery_begin(w.node.store), "beginning");
    world_must(store_commit(w.node.store), "beginning");
    offer(ann);
    stage_commit(0, before.size, "zero");
    if (is_loss_accepted) {
      world_must(store_begin(w.node.store), "beginning");
      world_must(store_end(w.node.store, recovery_give_up(w.node.store)), "the end");
    } else {
      world_must(recover_finish(&w.node, RECOVERY_WITHOUT_THE_REST), "the end");
    }
    buf_clear(&kept);
    world_must(publication_find(w.node.store, 0, &size, &kept), "the commit");
    assert_true(size == before.size && bytes_equal_str(buf_bytes(&kept), "zero"));
  }
  buf_release(&kept);
}

/* Who was revoked offers nothing, also while the node is being rebuilt; what they have may be brought in a file. */
static void revoked_machine(void **state) {
  (void)state;
  struct hash entry;
  struct machine machine;
  world_must(directory_machine(ann->store, &pam->replica, &machine), "the machine");
  entry = machine.entry;
  struct hash_hex hex = hash_hex(&entry);
  world_record(&w, ann, WORLD_DRAFT("replica.revoke", {"replica", hex.s}, {"why", "lost"}));
  world_sync(&w, ann);
  lost_node_back_up(&w);
  note(ann, "An Aunt");
  world_sync(&w, ann);
  lost_node_restore(&w);
  assert_int_equal(lost_node_recover(&w, pam, NULL), ERR_KEY);
  assert_int_equal(lost_node_recover(&w, ann, NULL), OK);
  assert_int_equal(lost_node_recover(&w, pam, NULL), ERR_KEY);
  const struct hash file = hash_of(bytes_str("a file"));
  world_must(lost_node_recover_by(&w, pam, &file, recover_serve_file, NULL), "a file");
  world_must(recover_finish(&w.node, RECOVERY_WITHOUT_THE_REST), "the end");
}

/* Of what came since the copy the node has the leaves alone. */
static void lose_contents(void) {
  struct leaves leaves;
  keep_leaves(&leaves);
  lost_node_restore(&w);
  offer_leaves(&leaves, &ben->replica);
  world_must(recover_finish(&w.node, RECOVERY_WITHOUT_THE_REST), "the end");
  release_leaves(&leaves);
}

/* Why a machine was revoked was lost with the node, and that it was stands in the leaf. */
static void lost_revocation(void **state) {
  (void)state;
  struct leaves leaves;
  struct machine machine;
  world_must(directory_machine(ann->store, &pam->replica, &machine), "the machine");
  struct hash_hex hex = hash_hex(&machine.entry);
  lost_node_sync_all(&w);
  lost_node_back_up(&w);
  struct hash revocation = world_record(
      &w, ann, WORLD_DRAFT("replica.revoke", {"replica", hex.s}, {"why", "lost"}, {"reason", "left on a bus"}));
  world_sync(&w, ann);
  keep_leaves(&leaves);
  lost_node_restore(&w);
  offer_leaves(&leaves, &ben->replica);
  world_must(recover_finish(&w.node, RECOVERY_WITHOUT_THE_REST), "the end");
  assert_int_equal(status().lost, 1);
  assert_int_equal(world_exchange(&w, pam, NULL), ERR_KEY);
  world_sync(&w, ben);
  world_must(directory_machine(ben->store, &pam->replica, &machine), "the machine");
  assert_true(machine.is_revoked);
  offer(ann);
  world_sync(&w, ben);
  struct record r = {0};
  world_must(store_find(ben->store, &revocation, &r), "why it was revoked");
  assert_true(r.has_content);
  assert_int_equal(world_findings(ben->store), 0);
  record_release(&r);
  release_leaves(&leaves);
}

/* Why there was an agency, and why not for long, was lost: whoever hears that it was revoked hears that it was there.
 */
static void lost_agency(void **state) {
  (void)state;
  lost_node_sync_all(&w);
  lost_node_back_up(&w);
  struct hash agency = world_record(&w, ann, WORLD_DRAFT("agency.add", {"name", "Housing"}, {"type", "housing"}));
  struct hash_hex hex = hash_hex(&agency);
  world_record(&w, ann, WORLD_DRAFT("agency.revoke", {"agency", hex.s}, {"why", "other"}));
  world_sync(&w, ann);
  lose_contents();
  assert_int_equal(status().lost, 2);
  world_sync(&w, ben);
  static const char revoked[] = "SELECT count(*) FROM revocation v JOIN agency a ON a.object = v.target "
                                "WHERE a.name = 'the name was lost with the node'";
  assert_int_equal(count_in(ben->store, revoked), 1);
  offer(ann);
  assert_false(recovery_has_lost(w.node.store));
  world_sync(&w, ben);
  assert_int_equal(count_in(ben->store, "SELECT count(*) FROM agency WHERE name = 'Housing'"), 1);
  assert_int_equal(world_findings(ben->store), 0);
}

/* The entry that made her keeper was lost, and what she writes as that counts: also for whoever joins later. */
static void lost_keeper(void **state) {
  (void)state;
  struct hash_hex person = hash_hex(&pam->person), health = hash_hex(&ben->agency);
  struct text_time now = text_time_format(w.now_s);
  char today[11];
  snprintf(today, sizeof today, "%.10s", now.s);
  lost_node_sync_all(&w);
  lost_node_back_up(&w);
  struct hash given =
      world_record(&w, ann, WORLD_DRAFT("role.give", {"person", person.s}, {"role", "keeper"}, {"from", today}));
  world_sync(&w, ann);
  world_sync(&w, pam);
  lose_contents();
  world_record(&w, pam, WORLD_DRAFT("register.entitle", {"agency", health.s}, {"may", "no"}, {"reason", "for a test"}));
  world_sync(&w, pam);
  assert_int_equal(store_outbox_count(pam->store, NULL), 0);
  struct world_member *eve = world_join(&w, &ann->agency, "Eve", "practitioner");
  assert_int_equal(count_in(eve->store, "SELECT count(*) FROM entitlement WHERE may = 'no'"), 1);
  /* What is for the keeper goes to her, too. */
  struct hash kit = world_record(&w, ann, WORLD_DRAFT("child.add", {"name", "Kit Rowe"}));
  struct hash_hex other = hash_hex(&kit);
  world_sync(&w, ann);
  world_record(&w, ann, WORLD_DRAFT("involvement.start", {"child", other.s}, {"agency", health.s}));
  world_sync(&w, ann);
  world_sync(&w, pam);
  static const char grown[] = "SELECT count(*) FROM content c JOIN entry e ON e.number = c.number "
                              "WHERE e.kind = 'scope.grow'";
  assert_true(count_in(pam->store, grown) > 0);
  struct record r = {0};
  world_must(store_find(eve->store, &given, &r), "what made her keeper");
  assert_false(r.has_content);
  record_release(&r);
  offer(pam);
  assert_false(recovery_has_lost(w.node.store));
  world_sync(&w, eve);
  assert_int_equal(world_findings(eve->store), 0);
}

static void give_role(struct world_member *m, const char *role) {
  struct hash_hex person = hash_hex(&m->person);
  struct text_time now = text_time_format(w.now_s);
  char today[11];
  snprintf(today, sizeof today, "%.10s", now.s);
  world_record(&w, ann, WORLD_DRAFT("role.give", {"person", person.s}, {"role", role}, {"from", today}));
}

static void decide(struct world_member *m, const char *kind) {
  struct hash hold = {{0}};
  struct record rec = {0};
  struct verdict v;
  world_must(directory_each_hold(m->store, &hold, note_hold), "what is held");
  world_must(store_find(m->store, &hold, &rec), "the hold");
  struct hash_hex hex = hash_hex(&hold);
  struct draft d = WORLD_DRAFT(kind, {"hold", hex.s}, {"reason", "because"});
  d.to = rec.entry.to;
  d.to_count = rec.entry.to_count;
  world_must(world_write(&w, m, &d, 1, ACCEPT_WRITE_ANYWAY, &v), kind);
  record_release(&rec);
}

/* Ann makes Ben keeper, which needs two persons; the other one confirms it. */
static void make_keeper_with(struct world_member *second) {
  give_role(ben, "keeper");
  world_sync(&w, ann);
  world_sync(&w, second);
  decide(second, "held.release");
}

/* Why a second person let it through was lost, and what was held; that one did is known. */
static void lost_confirmation(void **state) {
  (void)state;
  give_role(pam, "administrator");
  world_record(&w, ann, WORLD_DRAFT("two-persons.require", {"kind", "role.give:keeper"}, {"reason", "for a test"}));
  lost_node_sync_all(&w);
  lost_node_back_up(&w);
  make_keeper_with(pam);
  world_sync(&w, pam);
  lose_contents();
  assert_true(status().lost >= 3);
  world_sync(&w, ben);
  assert_int_equal(count_in(ben->store, "SELECT count(*) FROM role WHERE role = 'keeper'"), 2);
  offer(ann);
  offer(pam);
  assert_int_equal(world_findings(w.node.store), 0);
  world_sync(&w, ben);
  assert_int_equal(world_findings(ben->store), 0);
}

/* What is held for a second person was lost: it is still for whom it was for, and for no keeper. */
static void lost_hold(void **state) {
  (void)state;
  give_role(pam, "administrator");
  give_role(ben, "keeper");
  world_record(&w, ann, WORLD_DRAFT("two-persons.require", {"kind", "role.give:keeper"}, {"reason", "for a test"}));
  lost_node_sync_all(&w);
  lost_node_back_up(&w);
  give_role(pam, "keeper");
  for (size_t i = 0; i < 3; i++)
    world_sync(&w, &w.members[i]);
  lose_contents();
  decide(ben, "held.reject");
  decide(pam, "held.reject");
  world_sync(&w, ben);
  assert_int_equal(count_in(ben->store, "SELECT count(*) FROM outbox WHERE rule = 'permission'"), 1);
  world_sync(&w, pam);
  assert_int_equal(store_outbox_count(pam->store, NULL), 0);
}

/* A node that took a practitioner for an administrator: that what was held is lost does not make it right. */
static void forged_confirmation(void **state) {
  (void)state;
  struct leaves leaves;
  char forge[256];
  struct world_member *eve = world_join(&w, &ann->agency, "Eve", "practitioner");
  give_role(pam, "administrator");
  world_record(&w, ann, WORLD_DRAFT("two-persons.require", {"kind", "role.give:keeper"}, {"reason", "for a test"}));
  lost_node_sync_all(&w);
  lost_node_back_up(&w);
  snprintf(forge, sizeof forge,
           "INSERT INTO role(object, number, person, role, from_date) "
           "VALUES(zeroblob(32), 1, x'%s', 'administrator', '2026-01-01')",
           hash_hex(&eve->person).s);
  world_must(db_exec(w.node.store->db, forge), "a role that nobody gave");
  world_reopen_node(&w);
  make_keeper_with(eve);
  assert_int_equal(world_exchange(&w, eve, NULL), ERR_KEY);
  keep_leaves(&leaves);
  lost_node_restore(&w);
  offer_leaves(&leaves, &ben->replica);
  assert_int_equal(recover_finish(&w.node, RECOVERY_WITHOUT_THE_REST), ERR_KEY);
  assert_non_null(strstr(err_words(ERR_KEY), "no second one confirmed it"));
  release_leaves(&leaves);
}

/* Nobody records what is not sealed to an agency's role key because why there is one was lost. */
static void lost_role_key(void **state) {
  (void)state;
  struct key *role_key = key_new();
  struct buf text = {0};
  struct hash_hex agency = hash_hex(&ann->agency), c = hash_hex(&child);
  text_base64_encode(&text, key_spki(role_key));
  struct world_member *cora = world_join(&w, &ann->agency, "Cora", "practitioner");
  lost_node_sync_all(&w);
  lost_node_back_up(&w);
  world_record(&w, ann, WORLD_DRAFT("agency.key", {"agency", agency.s}, {"seal", buf_cstr(&text)}));
  world_sync(&w, ann);
  lose_contents();
  assert_int_equal(status().lost, 1);
  struct hash to = key_id(cora->seal_key);
  struct draft d = WORLD_DRAFT("restricted.add", {"child", c.s}, {"category", "at-risk"}, {"basis", "x"},
                               {"what", "She has not heard of the key"});
  d.to = &to;
  d.to_count = 1;
  world_record(&w, cora, d);
  world_sync(&w, cora);
  assert_int_equal(count_in(cora->store, "SELECT count(*) FROM outbox WHERE rule = 'K-061'"), 1);
  key_free(role_key);
  buf_release(&text);
}

/* What says who somebody is, and whose their machine, was lost with the node; the leaves say enough of it. Of an
 * invitation and of whom it let in only one has a name meanwhile. */
static void lost_machine(void **state) {
  (void)state;
  struct recovery_item item;
  uint64_t next;
  lost_node_back_up(&w);
  struct world_member *eve = world_join(&w, &ann->agency, "Eve", "practitioner");
  struct record r = {0};
  struct leaves leaves;
  keep_leaves(&leaves);
  world_must(store_find(eve->store, &eve->person, &r), "her entry");
  struct act_entry entry = record_act_entry(&r);
  item = (struct recovery_item){
      .leaf = buf_bytes(&leaves.at[r.number - 1]), .has_content = true, .content = entry.content};
  memcpy(item.salt, entry.salt, sizeof item.salt);
  lost_node_restore(&w);
  offer_leaves(&leaves, &ben->replica);
  world_must(offer_items(&pam->replica, &item, 1, &next), "who she is");
  world_must(recover_finish(&w.node, RECOVERY_WITHOUT_THE_REST), "the end");
  assert_int_equal(count_in(w.node.store, "SELECT count(*) FROM person p JOIN invitation i ON i.object = p.invitation "
                                          "WHERE p.name = 'Eve' AND i.name <> 'Eve'"),
                   1);
  note(eve, "Nobody has seen this");
  world_sync(&w, eve);
  assert_int_equal(store_outbox_count(eve->store, NULL), 0);
  world_sync(&w, ben);
  struct machine machine;
  world_must(directory_machine(ben->store, &eve->replica, &machine), "the machine");
  offer(eve);
  assert_false(recovery_has_lost(w.node.store));
  assert_int_equal(world_findings(w.node.store), 0);
  world_sync(&w, ben);
  assert_int_equal(world_findings(ben->store), 0);
  record_release(&r);
  release_leaves(&leaves);
}

/* And so of the key that she signs with now. */
static void lost_author(void **state) {
  (void)state;
  struct key *sign = key_new(), *seal = key_new(), *before = ann->key;
  struct buf sign_text = {0}, seal_text = {0};
  struct hash_hex person = hash_hex(&ann->person);
  text_base64_encode(&sign_text, key_spki(sign));
  text_base64_encode(&seal_text, key_spki(seal));
  lost_node_back_up(&w);
  world_record(
      &w, ann,
      WORLD_DRAFT("person.key", {"person", person.s}, {"sign", buf_cstr(&sign_text)}, {"seal", buf_cstr(&seal_text)}));
  world_sync(&w, ann);
  lose_contents();
  ann->key = sign;
  note(ann, "Nobody has seen this");
  world_sync(&w, ann);
  assert_int_equal(store_outbox_count(ann->store, NULL), 0);
  offer(ann);
  assert_false(recovery_has_lost(w.node.store));
  assert_int_equal(world_findings(w.node.store), 0);
  ann->key = before;
  key_free(sign);
  key_free(seal);
  buf_release(&sign_text);
  buf_release(&seal_text);
}

/* Whom an invitation is for was lost: nobody joins with it before that is back. */
static void lost_invitation(void **state) {
  (void)state;
  const struct join_invite i = {ann->agency, "Eve", NULL, "practitioner", w.now_s + 3600};
  const struct world_member eve = {.key = key_new(), .seal_key = key_new(), .replica_key = key_new()};
  struct join_token token = {.host = "127.0.0.1", .port = 8443, .authority = hash_of(buf_bytes(&w.authority_cert))};
  struct buf request = {0}, answer = {0};
  lost_node_back_up(&w);
  world_must(store_begin(w.node.store), "inviting");
  world_must(join_invite(&w.node, &i, w.now_s, token.secret), "inviting");
  world_must(exchange_node_checkpoint(&w.node), "inviting");
  world_must(store_commit(w.node.store), "inviting");
  world_sync(&w, ann);
  lose_contents();
  world_must(join_request(&token, &(struct join_who){"Eve", NULL},
                          &(struct join_keys){eve.key, eve.seal_key, eve.replica_key}, "laptop", &request),
             "a request to join");
  assert_int_equal(join_answer(&w.node, buf_bytes(&request), w.now_s, &answer), ERR_BUSY);
  offer(ann);
  world_must(join_answer(&w.node, buf_bytes(&request), w.now_s, &answer), "joining");
  key_free(eve.key);
  key_free(eve.seal_key);
  key_free(eve.replica_key);
  buf_release(&request);
  buf_release(&answer);
}

/* She has joined, and her name was lost before she could look at it. */
static void lost_joiner(void **state) {
  (void)state;
  struct join_token token;
  struct buf answer = {0};
  lost_node_back_up(&w);
  struct world_member *eve = world_let_in(&w, &ann->agency, "Eve", "practitioner", &token, &answer);
  world_sync(&w, ann);
  lose_contents();
  world_must(blank_store(eve->path, &eve->store), "a replica's store");
  store_read_as(eve->store, &(struct scope_recipient){.replica = eve->replica});
  world_must(world_settle(eve, &token, buf_bytes(&answer)), "joining");
  world_must(store_begin(eve->store), "beginning");
  world_must(join_expect(eve->store, &(struct join_who){"Eve", NULL}), "her name");
  world_must(store_commit(eve->store), "ending");
  for (int i = 0; i < 2; i++) {
    world_sync(&w, eve);
    assert_int_equal(store_meta_number(eve->store, "unchecked"), i == 0);
    offer(ann);
  }
  buf_release(&answer);
}

/* Half of an act is lost, and its machine has none of it any more: it gets the other half. */
static void lost_in_part(void **state) {
  (void)state;
  struct leaves leaves;
  struct record r = {0};
  struct verdict v;
  struct hash half;
  char copy[80];
  uint64_t next;
  snprintf(copy, sizeof copy, "%s/ben-copy.db", w.folder);
  lost_node_sync_all(&w);
  lost_node_back_up(&w);
  world_reopen(ben); /* all in one file */
  files_copy(ben->path, copy);
  struct hash_hex c = hash_hex(&child);
  const struct draft_value values[] = {
      {"child", c.s}, {"relation", "family-member"}, {"responsibilities", "no"}, {"name", "An Uncle"}};
  const struct draft drafts[] = {world_draft("family.add", values, 4), world_draft("family.add", values, 4)};
  world_must(world_write(&w, ben, drafts, 2, ACCEPT_WRITE, &v), "an act of two entries");
  world_must(author_id_of(ben->store, v.first, &half), "its first one");
  world_sync(&w, ben);
  keep_leaves(&leaves);
  world_must(store_find(ben->store, &half, &r), "its first one");
  struct recovery_item item = {
      .leaf = buf_bytes(&leaves.at[r.number - 1]), .has_content = true, .content = buf_bytes(&r.content)};
  memcpy(item.salt, r.salt, sizeof item.salt);
  store_close(ben->store);
  ben->store = NULL;
  files_copy(copy, ben->path);
  world_reopen(ben);
  lost_node_restore(&w);
  offer_leaves(&leaves, &pam->replica);
  world_must(offer_items(&ann->replica, &item, 1, &next), "one of them");
  world_must(recover_finish(&w.node, RECOVERY_WITHOUT_THE_REST), "the end");
  assert_int_equal(status().lost, 1);
  for (int i = 0; i < 3; i++)
    world_sync(&w, ben);
  assert_int_equal(count_in(ben->store, "SELECT count(*) FROM family WHERE name = 'An Uncle'"), 1);
  assert_int_equal(count_in(ben->store, "SELECT count(*) FROM forgotten WHERE why = 'lost'"), 1);
  record_release(&r);
  release_leaves(&leaves);
}

/* A mirror alone, whose leaves have no words: whoever comes is known, and gives them back. */
static void leaves_alone(void **state) {
  (void)state;
  struct leaves leaves;
  struct state before = state_of_node();
  keep_leaves(&leaves);
  lose();
  offer_leaves(&leaves, &(struct hash){{0}});
  world_must(recover_finish(&w.node, RECOVERY_WITHOUT_THE_REST), "the end");
  assert_int_equal(status().lost, before.size);
  note(ann, "Nobody has seen this");
  world_sync(&w, ann);
  assert_int_equal(store_outbox_count(ann->store, NULL), 0);
  for (size_t i = 0; i < 3; i++)
    offer(&w.members[i]);
  assert_false(recovery_has_lost(w.node.store));
  assert_int_equal(world_findings(w.node.store), 0);
  struct world_member *eve = world_join(&w, &ben->agency, "Eve", "practitioner");
  world_sync(&w, eve);
  assert_int_equal(world_findings(eve->store), 0);
  release_leaves(&leaves);
}

/* Why the node has new keys was lost and is here again: whoever has not heard of them is led on where they were named
 * first. */
static void lost_handover(void **state) {
  (void)state;
  struct former former;
  struct leaves leaves;
  struct buf both = {0};
  lost_node_sync_all(&w);
  lost_node_back_up(&w);
  uint64_t handover = handover_turn(&w, TURN_LEDGER, &former);
  note(ann, "Under the new key");
  world_sync(&w, ann);
  keep_leaves(&leaves);
  lost_node_restore(&w);
  world_must(store_begin(w.node.store), "beginning");
  world_must(recovery_begin(w.node.store), "beginning");
  world_must(store_commit(w.node.store), "beginning");
  offer_leaves(&leaves, &pam->replica);
  world_must(store_checkpoint_at(ann->store, handover, &both), "the checkpoint of both keys");
  world_must(show(&ann->replica, buf_bytes(&both)), "showing it");
  world_must(recover_finish(&w.node, RECOVERY_WITHOUT_THE_REST), "the end");
  assert_true(status().lost > 0);
  offer(ann);
  assert_false(recovery_has_lost(w.node.store));
  lost_node_sync_all(&w);
  assert_int_equal(world_findings(ben->store), 0);
  former_release(&former);
  buf_release(&both);
  release_leaves(&leaves);
}

/* A file brings back what was lost also when the node serves again. */
static void file_gives_back(void **state) {
  (void)state;
  const struct hash file = hash_of(bytes_str("a file"));
  struct leaves leaves;
  keep_leaves(&leaves);
  lose();
  offer_leaves(&leaves, &ben->replica);
  offer(pam);
  world_must(recover_finish(&w.node, RECOVERY_WITHOUT_THE_REST), "the end");
  assert_true(recovery_has_lost(w.node.store));
  world_must(lost_node_recover_by(&w, ann, &file, recover_serve_file, NULL), "a file");
  assert_false(recovery_has_lost(w.node.store));
  assert_int_equal(lost_node_recover_by(&w, ann, &file, recover_serve, NULL), ERR_KEY);
  release_leaves(&leaves);
}

/* A machine that stands at the beginning of its feed is not sent there again. */
static void anew_once(void **state) {
  (void)state;
  const struct recover_answer anew = {.follow_anew = true};
  struct buf answer = {0};
  recover_answer_encode(&answer, &anew);
  for (int i = 0; i < 2; i++) {
    struct recover_round r = {0};
    struct buf request = {0};
    world_must(recover_next(&r, ben->store, &request), "showing");
    assert_int_equal(recover_take(&r, ben->store, buf_bytes(&answer)), i == 0 ? OK : ERR_FORM);
    buf_release(&request);
    recover_round_release(&r);
  }
  world_sync(&w, ben);
  assert_int_equal(world_findings(ben->store), 0);
  buf_release(&answer);
}

/* The node's keys were changed twice after the copy. One machine has heard of neither, one of the first, one of both;
 * what the first two have verified is signed by keys that the node does not have any more, and they are led on all the
 * same. */
static void keys_changed_since(void **state) {
  (void)state;
  struct former first, second;
  struct recover_round round;
  lost_node_back_up(&w);
  note(ann, "Under the first key");
  world_sync(&w, ann);
  world_sync(&w, pam);
  handover_turn(&w, TURN_LEDGER, &first);
  note(ann, "Under the second key");
  world_sync(&w, ann);
  world_sync(&w, ben);
  handover_turn(&w, TURN_LEDGER | TURN_OPERATING | TURN_AUTHORITY, &second);
  note(ann, "Under the third key");
  world_sync(&w, ann);
  struct state before = state_of_node();
  lost_node_restore(&w);
  world_must(store_begin(w.node.store), "beginning");
  world_must(recovery_begin(w.node.store), "beginning");
  world_must(store_commit(w.node.store), "beginning");
  offer(pam);
  assert_int_equal(status().machines, 1);
  /* No goal: the node's own key has signed none yet. */
  assert_int_equal(status().goal, store_size(w.node.store));
  world_must(lost_node_recover(&w, ben, &round), "offering");
  offer(ann);
  offer(ben);
  assert_int_equal(status().machines, 3);
  assert_int_equal(status().goal, before.size);
  world_must(recover_finish(&w.node, RECOVERY_WAIT_FOR_THE_REST), "the end");
  store_read_as(w.node.store, &(struct scope_recipient){.replica = key_id(w.operating)});
  struct state now = state_of_node();
  assert_true(now.size == before.size && hash_equal(&now.root, &before.root));
  lost_node_sync_all(&w);
  assert_int_equal(world_findings(w.node.store), 0);
  former_release(&first);
  former_release(&second);
}

static void put_back(struct key **in_force, struct key **before) {
  if (*before == NULL)
    return;
  key_free(*in_force);
  *in_force = *before;
  *before = NULL;
}

static void put_keys_back(struct former *f) {
  put_back(&w.ledger, &f->ledger);
  put_back(&w.operating, &f->operating);
  if (f->authority) {
    buf_release(&w.authority_cert);
    w.authority_cert = f->authority_cert;
    f->authority_cert = (struct buf){0};
  }
  put_back(&w.authority, &f->authority);
  w.node.ledger = w.ledger;
  w.node.operating = w.operating;
  w.node.authority = w.authority;
}

/* A key was changed, and nobody has heard of it: the administrator is told that it is the newer file which does not
 * fit, and goes on with the one before. */
static void keys_nobody_heard_of(void **state) {
  static const struct {
    unsigned part;
    const char *words;
  } parts[] = {{TURN_LEDGER, "\"ledger.key\" is a key that the ledger does not name"},
               {TURN_OPERATING, "\"operating.key\" is a key that the ledger does not name"},
               {TURN_AUTHORITY, "\"authority.key\" is a key that the ledger does not name"}};
  (void)state;
  lost_node_sync_all(&w);
  lost_node_back_up(&w);
  note(ann, "Behind the copy");
  lost_node_sync_all(&w);
  const uint64_t size = store_size(w.node.store);
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    struct former before;
    handover_turn(&w, parts[i].part, &before);
    lost_node_restore(&w);
    world_must(store_begin(w.node.store), "beginning");
    world_must(recovery_begin(w.node.store), "beginning");
    world_must(store_commit(w.node.store), "beginning");
    offer(ann);
    offer(ben);
    offer(pam);
    assert_int_equal(recover_finish(&w.node, RECOVERY_WAIT_FOR_THE_REST), ERR_REFUSED);
    assert_non_null(strstr(err_words(ERR_REFUSED), parts[i].words));
    assert_non_null(strstr(err_remedy(), "the key before"));
    put_keys_back(&before);
    if (parts[i].part == TURN_LEDGER) { /* what was shown by the key before was no goal */
      assert_int_equal(recover_finish(&w.node, RECOVERY_WITHOUT_THE_REST), ERR_REFUSED);
      assert_non_null(strstr(err_remedy(), "let it sync again"));
      world_must(store_begin(w.node.store), "beginning");
      assert_int_equal(store_end(w.node.store, recovery_give_up(w.node.store)), ERR_REFUSED);
      world_must(store_begin(w.node.store), "beginning");
      for (size_t m = 0; m < w.count; m++)
        world_must(recovery_do_without(w.node.store, &w.members[m].replica, bytes_str("a test")), "without it");
      assert_int_equal(recovery_check_reached(w.node.store), OK);
      store_rollback(w.node.store);
      offer(ann);
      offer(ben);
      offer(pam);
    }
    world_must(recover_finish(&w.node, RECOVERY_WAIT_FOR_THE_REST), "the end");
    assert_int_equal(store_size(w.node.store), size);
  }
  store_read_as(w.node.store, &(struct scope_recipient){.replica = key_id(w.operating)});
  note(ann, "An Aunt");
  lost_node_sync_all(&w);
  assert_int_equal(world_findings(w.node.store), 0);
}

static void refused_offers(void **state) {
  (void)state;
  struct leaves leaves;
  struct buf bad = {0};
  uint64_t next = 0, number;
  struct hash nobody = hash_of(bytes_str("nobody")), ignored;
  note(ann, "An Aunt");
  lost_node_sync_all(&w);
  struct state before = state_of_node();
  keep_leaves(&leaves);
  /* A node that is whole listens to those who take part, and believes nobody who shows less. */
  assert_int_equal(show(&nobody, buf_bytes(&leaves.note)), ERR_KEY);
  world_must(show(&ann->replica, buf_bytes(&leaves.note)), "showing what the node has");
  assert_false(recovery_is_on(w.node.store));
  lose();
  const struct hash *who = &ann->replica;
  /* Another key, another ledger. */
  struct bytes text;
  struct key *other = key_new();
  world_must(note_text(buf_bytes(&leaves.note), &text), "the note");
  world_must(note_sign(text, "nl.example/register", other, &bad), "another signature");
  world_must(show(who, buf_bytes(&bad)), "showing what nobody knows the key of");
  assert_int_equal(status().machines, 0);
  assert_int_equal(status().goal, 0);
  key_free(other);
  world_must(show(who, buf_bytes(&leaves.note)), "showing");
  struct recovery_item item = {.leaf = buf_bytes(&leaves.at[0])};
  struct recover_request of_other = {.what = RECOVER_OFFER, .ledger = nobody, .count = 1, .items = &item};
  struct buf request = {0}, answer = {0};
  recover_request_encode(&request, &of_other);
  assert_int_equal(recover_serve(&w.node, who, buf_bytes(&request), w.now_s, &answer), ERR_CHAIN);
  /* A leaf that is none; a content that is another one; the wrong order: nothing of the request is kept. */
  struct recovery_item pair[2] = {{.leaf = buf_bytes(&leaves.at[1])}, {.leaf = bytes_str("cairn leaf 1\nnumber 3\n")}};
  assert_int_equal(offer_items(who, pair, 2, &next), ERR_FORM);
  pair[1] = (struct recovery_item){.leaf = buf_bytes(&leaves.at[2]), .has_content = true, .content = bytes_str("{}")};
  assert_int_equal(offer_items(who, pair, 2, &next), ERR_FORM);
  pair[1] = (struct recovery_item){.leaf = buf_bytes(&leaves.at[0])};
  assert_int_equal(offer_items(who, pair, 2, &next), ERR_FORM);
  assert_int_equal(count_in(w.node.store, "SELECT count(*) FROM recover_leaf"), 0);
  /* Behind the goal: passed over. */
  buf_clear(&bad);
  buf_addf(&bad, "%.*s", (int)leaves.at[1].len, (const char *)leaves.at[1].at);
  uint8_t *at = memmem(bad.at, bad.len, "number 2\n", 9);
  assert_non_null(at);
  at[7] = '9';
  struct buf far = {0};
  buf_add(&far, bytes_of(bad.at, (size_t)(at - bad.at) + 8));
  buf_add_str(&far, "99");
  buf_add(&far, bytes_of(at + 8, bad.len - (size_t)(at - bad.at) - 8));
  item.leaf = buf_bytes(&far);
  world_must(store_begin(w.node.store), "beginning");
  world_must(recovery_offer(w.node.store, who, &item, &number, &ignored), "far away");
  world_must(store_commit(w.node.store), "ending");
  assert_int_equal(number, 999);
  assert_int_equal(count_in(w.node.store, "SELECT count(*) FROM recover_leaf"), 0);
  offer_leaves(&leaves, who);
  offer_leaves(&leaves, who); /* nothing is kept twice */
  assert_int_equal(count_in(w.node.store, "SELECT count(*) FROM recover_leaf"), before.size);
  assert_int_equal(count_in(w.node.store, "SELECT count(*) FROM recover_said"), before.size);
  world_must(store_begin(w.node.store), "beginning");
  assert_int_equal(recovery_give_up(w.node.store), ERR_REFUSED);
  store_rollback(w.node.store);
  buf_release(&far);
  buf_release(&bad);
  buf_release(&request);
  buf_release(&answer);
  release_leaves(&leaves);
}

/* ---- the messages ---- */

static void try_bits(struct bytes whole, enum err (*decode)(struct bytes b)) {
  for (size_t len = 0; len < whole.len; len++) {
    uint8_t *copy = mem_alloc(len + 1); /* room for an empty one */
    memcpy(copy, whole.at, len);
    assert_int_equal(decode(bytes_of(copy, len)), ERR_FORM);
    free(copy);
  }
  for (size_t bit = 0; bit < 8 * whole.len; bit++) {
    uint8_t *copy = mem_alloc(whole.len);
    memcpy(copy, whole.at, whole.len);
    copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
    decode(bytes_of(copy, whole.len)); /* what is read is written as it was */
    free(copy);
  }
}

static enum err decode_request(struct bytes b) {
  struct recover_request m = {0};
  struct buf again = {0};
  enum err e = recover_request_decode(b, &m);
  if (e == OK) {
    recover_request_encode(&again, &m);
    assert_true(bytes_equal(b, buf_bytes(&again)));
  }
  recover_request_release(&m);
  buf_release(&again);
  return e;
}

static enum err decode_answer(struct bytes b) {
  struct recover_answer m;
  struct buf again = {0};
  enum err e = recover_answer_decode(b, &m);
  if (e == OK) {
    recover_answer_encode(&again, &m);
    assert_true(bytes_equal(b, buf_bytes(&again)));
  }
  buf_release(&again);
  return e;
}

static void try_request(const struct recover_request *m, enum err expected) {
  struct buf b = {0};
  recover_request_encode(&b, m);
  assert_int_equal(decode_request(buf_bytes(&b)), expected);
  if (expected == OK && b.len < 1000)
    try_bits(buf_bytes(&b), decode_request);
  buf_release(&b);
}

static void messages(void **state) {
  (void)state;
  struct buf part = {0}, long_leaf = {0}, b = {0};
  struct hash h = hash_of(bytes_str("x"));
  struct recover_request show_ = {.what = RECOVER_SHOW, .ledger = h, .have = {7, h}, .note = bytes_str("a note\n")};
  try_request(&show_, OK);
  show_.have.place = 0;
  try_request(&show_, ERR_FORM);
  struct recovery_item items[] = {
      {.leaf = bytes_str("a leaf")},
      {.leaf = bytes_str("another"), .has_content = true, .salt = {1}, .content = bytes_str("{}")},
      {.leaf = bytes_str("a large one"), .parts_size = PARTS_SIZE_MIN}};
  struct recover_request offers = {.what = RECOVER_OFFER, .ledger = h, .count = 3, .items = items};
  try_request(&offers, OK);
  items[2].parts_size = PARTS_SIZE_MIN - 1;
  try_request(&offers, ERR_FORM);
  items[2].parts_size = PARTS_SIZE_MAX + 1;
  try_request(&offers, ERR_FORM);
  items[2].parts_size = 0;
  memset(buf_extend(&long_leaf, ENTRY_HEADER_MAX + 1025), 'x', ENTRY_HEADER_MAX + 1025);
  items[2].leaf = bytes_of(long_leaf.at, ENTRY_HEADER_MAX + 1024);
  try_request(&offers, OK);
  items[2].leaf = buf_bytes(&long_leaf);
  try_request(&offers, ERR_FORM);
  offers.count = 0;
  try_request(&offers, ERR_FORM);
  memset(buf_extend(&part, PARTS_PART_SIZE), 'y', PARTS_PART_SIZE);
  struct recover_request parts = {
      .what = RECOVER_PART,
      .ledger = h,
      .part = {h, h, PARTS_SIZE_MIN, 1, bytes_of(part.at, PARTS_SIZE_MIN - PARTS_PART_SIZE)}};
  try_request(&parts, OK);
  parts.part.number = 2;
  try_request(&parts, ERR_FORM);
  parts.part = (struct recovery_part){h, h, PARTS_SIZE_MIN, 0, buf_bytes(&part)};
  try_request(&parts, OK);
  parts.part.part.len--;
  try_request(&parts, ERR_FORM);
  struct recover_answer a = {.is_on = true, .next = 12, .wanted_count = 1, .wanted = hash_bytes(&h)};
  recover_answer_encode(&b, &a);
  assert_int_equal(decode_answer(buf_bytes(&b)), OK);
  try_bits(buf_bytes(&b), decode_answer);
  buf_release(&b);
  buf_release(&part);
  buf_release(&long_leaf);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(messages),
      cmocka_unit_test_setup_teardown(copy_catches_up, open_world, close_world),
      cmocka_unit_test_setup_teardown(waits_for_the_rest, open_world, close_world),
      cmocka_unit_test_setup_teardown(published_notes_win, open_world, close_world),
      cmocka_unit_test_setup_teardown(nothing_but_replicas, open_world, close_world),
      cmocka_unit_test_setup_teardown(lost_comes_back, open_world, close_world),
      cmocka_unit_test_setup_teardown(lost_erasure, open_world, close_world),
      cmocka_unit_test_setup_teardown(erasure_comes_first, open_world, close_world),
      cmocka_unit_test_setup_teardown(lost_only_once, open_world, close_world),
      cmocka_unit_test_setup_teardown(outbox_gives_back, open_world, close_world),
      cmocka_unit_test_setup_teardown(outbox_gives_back_document, open_world, close_world),
      cmocka_unit_test_setup_teardown(outbox_gives_back_by_and_by, open_world, close_world),
      cmocka_unit_test_setup_teardown(own_act_in_part, open_world, close_world),
      cmocka_unit_test_setup_teardown(held_comes_again, open_world, close_world),
      cmocka_unit_test_setup_teardown(held_is_lost, open_world, close_world),
      cmocka_unit_test_setup_teardown(forged_leaf, open_world, close_world),
      cmocka_unit_test_setup_teardown(garbage_for_a_document, open_world, close_world),
      cmocka_unit_test_setup_teardown(one_say, open_world, close_world),
      cmocka_unit_test_setup_teardown(one_against_many, open_world, close_world),
      cmocka_unit_test_setup_teardown(forged_mirror, open_world, close_world),
      cmocka_unit_test_setup_teardown(without_colluders, open_world, close_world),
      cmocka_unit_test_setup_teardown(little_room, open_world, close_world),
      cmocka_unit_test_setup_teardown(commits_follow_each_other, open_world, close_world),
      cmocka_unit_test_setup_teardown(commits_have_no_gap, open_world, close_world),
      cmocka_unit_test_setup_teardown(commits_alone, open_world, close_world),
      cmocka_unit_test_setup_teardown(revoked_machine, open_world, close_world),
      cmocka_unit_test_setup_teardown(lost_revocation, open_world, close_world),
      cmocka_unit_test_setup_teardown(lost_agency, open_world, close_world),
      cmocka_unit_test_setup_teardown(lost_keeper, open_world, close_world),
      cmocka_unit_test_setup_teardown(lost_confirmation, open_world, close_world),
      cmocka_unit_test_setup_teardown(lost_hold, open_world, close_world),
      cmocka_unit_test_setup_teardown(forged_confirmation, open_world, close_world),
      cmocka_unit_test_setup_teardown(lost_role_key, open_world, close_world),
      cmocka_unit_test_setup_teardown(lost_machine, open_world, close_world),
      cmocka_unit_test_setup_teardown(lost_author, open_world, close_world),
      cmocka_unit_test_setup_teardown(lost_invitation, open_world, close_world),
      cmocka_unit_test_setup_teardown(lost_joiner, open_world, close_world),
      cmocka_unit_test_setup_teardown(lost_in_part, open_world, close_world),
      cmocka_unit_test_setup_teardown(leaves_alone, open_world, close_world),
      cmocka_unit_test_setup_teardown(lost_handover, open_world, close_world),
      cmocka_unit_test_setup_teardown(file_gives_back, open_world, close_world),
      cmocka_unit_test_setup_teardown(anew_once, open_world, close_world),
      cmocka_unit_test_setup_teardown(refused_offers, open_world, close_world),
      cmocka_unit_test_setup_teardown(keys_changed_since, open_world, close_world),
      cmocka_unit_test_setup_teardown(keys_nobody_heard_of, open_world, close_world),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
