/* Not every leaf of a lost node's ledger can be had: it goes on under a new name, from what there is; what is nowhere
 * is told by its numbers; machines follow into stores of their own, and what they recorded comes again. */
#include "core/anew.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/directory.h"
#include "core/discard.h"
#include "core/note.h"
#include "core/store_parts.h"
#include "tests/lib/blank.h"
#include "tests/lib/files.h"
#include "tests/lib/lost_node.h"

#define NEW_NAME "nl.example/register/2"
#define SEEDS 3 /* histories at random */

static struct world w;
static struct world_member *ann, *ben, *pam; /* social work; health, involved with the child; police, which is not */
static struct hash child, child_of_pam;

static struct hash note(struct world_member *m, const char *name) {
  return lost_node_note(&w, m, m == pam ? &child_of_pam : &child, name);
}

static int open_world(void **state) {
  (void)state;
  lost_node_open(&w, 29, &child);
  ann = &w.members[LOST_NODE_ANN];
  ben = &w.members[LOST_NODE_BEN];
  pam = &w.members[LOST_NODE_PAM];
  child_of_pam = world_record(&w, pam, WORLD_DRAFT("child.add", {"name", "Known to the police"}));
  lost_node_sync_all(&w);
  return 0;
}

static int close_world(void **state) {
  (void)state;
  world_close(&w);
  return 0;
}

/* ---- the loss ---- */

static void offer(struct world_member *m) {
  world_must(lost_node_recover(&w, m, NULL), "offering");
}

static bool has(struct store *s, const struct hash *id) {
  struct record r = {0};
  bool is = store_find(s, id, &r) == OK && strcmp(r.state, "accepted") == 0;
  record_release(&r);
  return is;
}

/* Social work alone had an entry, and their machine is gone; what came behind it others have. */
struct loss {
  uint64_t backed, size;
  struct hash aunt, uncle, theirs;
};

static void lose_one(struct loss *l) {
  lost_node_back_up(&w);
  l->backed = store_size(w.node.store);
  l->aunt = note(ann, "An Aunt");
  lost_node_sync_all(&w);
  l->theirs = world_record(&w, ann, WORLD_DRAFT("child.add", {"name", "Known to social work alone"}));
  world_sync(&w, ann);
  l->uncle = note(ben, "An Uncle");
  for (int i = 0; i < 2; i++) {
    world_sync(&w, ben);
    world_sync(&w, pam);
  }
  l->size = store_size(w.node.store);
  lost_node_restore(&w);
  offer(ben);
  offer(pam);
}

static void go_on(struct recovery_anew *a) {
  assert_int_equal(recover_finish(&w.node, RECOVERY_WITHOUT_THE_REST), ERR_REFUSED);
  world_must(recover_go_on_anew(&w.node, RECOVERY_WITHOUT_THE_REST, "a machine is gone", w.now_s, a), "going on");
}

static unsigned fresh_count;

/* The machine follows the new ledger into a store of its own. */
static struct store *begin_following(struct world_member *m) {
  struct store *former = m->store, *fresh = NULL;
  char path[80];
  snprintf(path, sizeof path, "%s/fresh-%u.db", w.folder, ++fresh_count);
  world_must(blank_store(path, &fresh), "a fresh store");
  store_read_as(fresh, &(struct scope_recipient){.replica = m->replica});
  world_must(store_begin(fresh), "beginning");
  world_must(anew_begin(former, fresh), "beginning anew");
  world_must(store_commit(fresh), "beginning");
  m->store = fresh;
  world_sync(&w, m);
  return former;
}

static void end_following(struct world_member *m, struct store *former, struct anew_report *report) {
  world_must(store_begin(m->store), "ending");
  world_must(anew_end(former, m->store, report), "the end");
  world_must(store_commit(m->store), "ending");
  store_close(former);
}

static void follow(struct world_member *m, struct anew_report *report) {
  end_following(m, begin_following(m), report);
}

/* Both stores change their names: each is in its file then, and nothing of it in the log beside. */
static void files_are_whole(void **state) {
  (void)state;
  struct loss l;
  struct recovery_anew a = {0};
  struct anew_report report;
  char path[80], fresh[80];
  lose_one(&l);
  go_on(&a);
  world_must(lost_node_recover(&w, ben, NULL), "showing");
  struct store *former = begin_following(ben), *moved = NULL, *stores[] = {former, ben->store};
  const char *const files[] = {ben->path, fresh};
  snprintf(fresh, sizeof fresh, "%s/fresh-%u.db", w.folder, fresh_count);
  world_must(store_begin(ben->store), "ending");
  world_must(anew_end(former, ben->store, &report), "the end");
  world_must(store_commit(ben->store), "ending");
  for (size_t i = 0; i < 2; i++) {
    world_must(anew_settle(stores[i]), "settling");
    snprintf(path, sizeof path, "%s/moved-%zu.db", w.folder, i);
    files_copy(files[i], path);
    world_must(store_open(path, 0, &moved), "the file alone");
    assert_int_equal(store_size(moved), store_size(stores[i]));
    assert_int_equal(world_findings(moved), 0);
    store_close(moved);
  }
  store_close(former);
  recovery_anew_release(&a);
}

static void follow_both(struct anew_report *of_ben) {
  struct anew_report ignored;
  struct recover_round r;
  assert_int_equal(world_exchange(&w, ben, NULL), ERR_CHAIN);
  assert_non_null(strstr(err_remedy(), "--new-log"));
  world_must(lost_node_recover(&w, ben, &r), "showing");
  assert_true(r.opened_anew);
  assert_false(recovery_is_on(w.node.store));
  follow(ben, of_ben);
  follow(pam, &ignored);
  world_sync(&w, ben);
  world_sync(&w, pam);
}

/* ---- the root of what was kept ---- */

/* The node's answer to who has followed and asks whether the ledger goes on from this. */
static enum err ask_former(struct world_member *m, const struct anew_proved *p, struct buf *answer) {
  struct exchange_replica r = {m->store, m->replica_key, w.now_s};
  struct buf request = {0};
  world_must(exchange_former_request(&r, p, &request), "a request");
  enum err e = exchange_answer(&w.node, &m->replica, buf_bytes(&request), w.now_s, answer);
  buf_release(&request);
  return e;
}

static enum err check_former(struct world_member *m, const struct anew_proved *p, struct bytes answer) {
  struct exchange_replica r = {m->store, m->replica_key, w.now_s};
  struct hash before = world_digest(m->store);
  enum err e = exchange_former_check(&r, p, answer);
  struct hash after = world_digest(m->store);
  assert_true(hash_equal(&before, &after));
  return e;
}

/* What a machine had verified of the entries that were kept is the root of as many entries of the new ledger; a node
 * that cannot show it says so, and one that lies is found. */
static void expect_same_root(struct world_member *m, struct store *former, uint64_t kept) {
  struct anew_proved p = {0};
  struct buf answer = {0};
  world_must(anew_find_proved(former, m->store, &p), "what was verified");
  assert_true(p.size > 0 && p.size <= kept);
  world_must(ask_former(m, &p, &answer), "asking");
  world_must(check_former(m, &p, buf_bytes(&answer)), "the root");
  p.root.at[0] ^= 1;
  assert_int_equal(check_former(m, &p, buf_bytes(&answer)), ERR_PROOF);
  assert_int_equal(ask_former(m, &p, &answer), ERR_CHAIN);
  p.root.at[0] ^= 1;
  p.size--;
  assert_int_equal(check_former(m, &p, buf_bytes(&answer)), ERR_PROOF);
  anew_proved_release(&p);
  buf_release(&answer);
}

static void shows_the_root(void **state) {
  (void)state;
  struct loss l;
  struct recovery_anew a = {0};
  struct anew_report report;
  lose_one(&l);
  go_on(&a);
  struct store *former = begin_following(ben);
  expect_same_root(ben, former, a.kept);
  end_following(ben, former, &report);
  assert_int_equal(report.contradicted, 0);
  recovery_anew_release(&a);
}

/* ---- what is there, and what is told ---- */

static void goes_on_from_what_there_is(void **state) {
  (void)state;
  struct loss l;
  struct recovery_anew a = {0};
  struct anew_report of_ann, of_ben;
  struct directory_log log = {0};
  uint64_t number;
  lose_one(&l);
  go_on(&a);
  assert_int_equal(a.size, l.size);
  assert_int_equal(a.kept, l.backed);
  assert_int_equal(a.against_rules, 0);
  assert_true(a.missing > 0 && a.run_count > 0);
  assert_true(a.runs[0].first > l.backed && a.runs[a.run_count - 1].last <= l.size);
  assert_int_equal(a.kept + a.taken_over + a.missing, l.size);
  assert_false(recovery_is_on(w.node.store));
  assert_true(has(w.node.store, &l.aunt));
  assert_true(has(w.node.store, &l.uncle));
  assert_false(has(w.node.store, &l.theirs));
  world_must(directory_log(w.node.store, &log), "the name");
  assert_true(bytes_equal_str(buf_bytes(&log.origin), NEW_NAME));
  world_must(directory_opened_anew(w.node.store, &number), "the entry");
  assert_int_equal(number, a.kept + a.taken_over + 1);
  assert_int_equal(world_findings(w.node.store), 0);
  follow_both(&of_ben);
  assert_int_equal(of_ben.number, number);
  assert_int_equal(of_ben.size, l.size);
  assert_int_equal(of_ben.verified, l.size);
  assert_int_equal(of_ben.carried + of_ben.not_carried, 0);
  assert_true(has(ben->store, &l.uncle));
  assert_int_equal(world_findings(ben->store), 0);
  /* The machine that was gone is found again: what it alone had comes under another number. */
  assert_int_equal(world_exchange(&w, ann, NULL), ERR_CHAIN);
  follow(ann, &of_ann);
  assert_int_equal(of_ann.carried, 1);
  world_sync(&w, ann);
  assert_true(has(w.node.store, &l.theirs));
  assert_true(has(ann->store, &l.theirs));
  lost_node_sync_all(&w);
  assert_int_equal(world_findings(w.node.store), 0);
  assert_int_equal(world_findings(ann->store), 0);
  /* And it goes on. */
  struct hash later = note(ben, "Recorded afterwards");
  lost_node_sync_all(&w);
  assert_true(has(ann->store, &later));
  directory_log_release(&log);
  recovery_anew_release(&a);
}

/* What was recorded meanwhile, and what the node had not answered, is sent from the new store. */
static void outbox_comes_along(void **state) {
  (void)state;
  struct loss l;
  struct recovery_anew a = {0};
  struct anew_report report;
  lose_one(&l);
  go_on(&a);
  struct hash offline = note(ben, "Written meanwhile");
  follow(ben, &report);
  assert_int_equal(report.carried, 1);
  assert_int_equal(store_outbox_count(ben->store, "unsent"), 1);
  world_sync(&w, ben);
  assert_true(has(w.node.store, &offline));
  assert_int_equal(store_outbox_count(ben->store, NULL), 0);
  recovery_anew_release(&a);
}

/* The place of what was refused is taken, also where the act itself was discarded. */
static void discarded_place_stays(void **state) {
  const struct draft d = WORLD_DRAFT("agency.add", {"name", "Of her own"}, {"type", "other"});
  struct loss l;
  struct recovery_anew a = {0};
  struct anew_report report;
  struct verdict v;
  uint64_t named_by;
  (void)state;
  world_must(world_write(&w, pam, &d, 1, ACCEPT_WRITE_ANYWAY, &v), "what is refused");
  world_sync(&w, pam);
  world_must(store_begin(pam->store), "discarding");
  world_must(store_end(pam->store, discard_act(pam->store, v.first, &named_by)), "discarding");
  lose_one(&l);
  go_on(&a);
  follow(pam, &report);
  assert_int_equal(report.carried + report.not_carried, 0);
  assert_int_equal(store_outbox_count(pam->store, NULL), 0);
  struct hash next = note(pam, "Recorded afterwards");
  world_sync(&w, pam);
  assert_true(has(w.node.store, &next));
  assert_int_equal(world_findings(pam->store), 0);
  recovery_anew_release(&a);
}

/* What the machine had sent before it took a new identity is its own all the same. */
static void former_key_counts(void **state) {
  (void)state;
  struct loss l;
  struct recovery_anew a = {0};
  struct anew_report report;
  struct record r = {0};
  const struct hash other = hash_of(bytes_str("another key"));
  lose_one(&l);
  go_on(&a);
  struct store *former = begin_following(ann);
  world_must(store_begin(former), "a new key");
  world_must(store_meta_set(former, "replica-key", hash_bytes(&other)), "a new key");
  world_must(store_commit(former), "a new key");
  end_following(ann, former, &report);
  assert_int_equal(report.carried, 1);
  assert_int_equal(report.not_carried, 0);
  world_must(store_find(ann->store, &l.theirs, &r), "what is missing");
  assert_string_equal(r.state, "unsent");
  record_release(&r);
  recovery_anew_release(&a);
}

/* Nobody is kept from ending a recovery in the ordinary way, and nothing begins anew without need. */
static void only_where_it_is_needed(void **state) {
  (void)state;
  struct recovery_anew a = {0};
  uint64_t number;
  assert_int_equal(recover_go_on_anew(&w.node, RECOVERY_WITHOUT_THE_REST, "why", w.now_s, &a), ERR_REFUSED);
  lost_node_back_up(&w);
  note(ann, "An Aunt");
  lost_node_sync_all(&w);
  lost_node_restore(&w);
  offer(ann);
  offer(ben);
  offer(pam);
  uint64_t size = store_size(w.node.store);
  assert_int_equal(recover_go_on_anew(&w.node, RECOVERY_WITHOUT_THE_REST, "why", w.now_s, &a), ERR_REFUSED);
  assert_int_equal(store_size(w.node.store), size);
  assert_true(recovery_is_on(w.node.store));
  world_must(recover_finish(&w.node, RECOVERY_WAIT_FOR_THE_REST), "the end");
  world_must(directory_opened_anew(w.node.store, &number), "the name");
  assert_int_equal(number, 0);
}

/* No machine follows a ledger of which no entry says that it came after the one it knew. */
static void follows_only_what_followed(void **state) {
  (void)state;
  struct anew_report report;
  struct store *former = ben->store, *fresh = NULL;
  char path[80];
  snprintf(path, sizeof path, "%s/other.db", w.folder);
  world_must(blank_store(path, &fresh), "a fresh store");
  store_read_as(fresh, &(struct scope_recipient){.replica = ben->replica});
  world_must(store_begin(fresh), "beginning");
  world_must(anew_begin(former, fresh), "beginning anew");
  world_must(store_commit(fresh), "beginning");
  ben->store = fresh;
  world_sync(&w, ben);
  world_must(store_begin(fresh), "ending");
  assert_int_equal(anew_end(former, fresh, &report), ERR_PROOF);
  store_rollback(fresh);
  store_close(fresh);
  ben->store = former;
}

/* Nor does one that nobody told to: a checkpoint under another name is of another ledger. */
static void nobody_follows_unasked(void **state) {
  (void)state;
  struct loss l;
  struct recovery_anew a = {0};
  struct store *former = ben->store, *fresh = NULL;
  char path[80];
  lose_one(&l);
  go_on(&a);
  snprintf(path, sizeof path, "%s/unasked.db", w.folder);
  world_must(blank_store(path, &fresh), "a fresh store");
  store_read_as(fresh, &(struct scope_recipient){.replica = ben->replica});
  world_must(store_begin(fresh), "beginning");
  world_must(anew_begin(former, fresh), "beginning anew");
  world_must(store_meta_set_number(fresh, ANEW_FOLLOWS, 0), "as if nobody had asked");
  world_must(store_commit(fresh), "beginning");
  ben->store = fresh;
  assert_int_not_equal(world_exchange(&w, ben, NULL), OK);
  assert_non_null(strstr(err_remedy(), "--new-log"));
  assert_int_equal(store_size(fresh), 0);
  store_close(fresh);
  ben->store = former;
  recovery_anew_release(&a);
}

/* What rests on something that is missing is not taken over: it would speak of what nobody has. Nor is what a machine
 * sent behind something that is missing: its chain would have a gap. */
static void rests_on_what_is_missing(void **state) {
  (void)state;
  struct recovery_anew a = {0};
  struct hash_hex health = hash_hex(&ben->agency), c;
  lost_node_back_up(&w);
  child = world_record(&w, ann, WORLD_DRAFT("child.add", {"name", "Not known to others"}));
  world_sync(&w, ann);
  c = hash_hex(&child);
  world_record(&w, ann, WORLD_DRAFT("involvement.start", {"child", c.s}, {"agency", health.s}));
  world_sync(&w, ann);
  world_sync(&w, ben);
  struct hash of_ben = note(ben, "An Aunt");
  world_sync(&w, ben);
  struct hash behind = world_record(&w, ann, WORLD_DRAFT("child.add", {"name", "Has nothing to do with it"}));
  world_sync(&w, ann);
  uint64_t behind_number;
  struct buf leaf = {0}, newest = {0}, of_behind = {0};
  struct record rec = {0};
  struct hash root, wanted;
  uint64_t size, number, first;
  world_must(store_find(w.node.store, &child, &rec), "the child");
  first = rec.number;
  record_release(&rec);
  world_must(store_find(w.node.store, &of_ben, &rec), "what rests on it");
  number = rec.number;
  record_release(&rec);
  world_must(store_find(w.node.store, &behind, &rec), "what came behind it");
  behind_number = rec.number;
  record_release(&rec);
  world_must(store_leaf(w.node.store, behind_number, &of_behind), "a leaf");
  world_must(store_leaf(w.node.store, number, &leaf), "a leaf");
  world_must(store_checkpoint_newest(w.node.store, &size, &root, &newest), "a note");
  lost_node_restore(&w);
  struct checkpoint shown;
  world_must(store_begin(w.node.store), "beginning");
  world_must(recover_hear(&w.node, &pam->replica, buf_bytes(&newest), &shown), "showing");
  struct recovery_item item = {.leaf = buf_bytes(&leaf)};
  world_must(recovery_offer(w.node.store, &pam->replica, &item, &number, &wanted), "a leaf");
  item.leaf = buf_bytes(&of_behind);
  world_must(recovery_offer(w.node.store, &pam->replica, &item, &behind_number, &wanted), "a leaf");
  world_must(store_commit(w.node.store), "ending");
  go_on(&a);
  assert_int_equal(a.taken_over, 0);
  assert_int_equal(a.run_count, 1);
  assert_true(a.runs[0].first <= first && a.runs[0].last >= number);
  assert_false(has(w.node.store, &of_ben));
  assert_false(has(w.node.store, &behind));
  buf_release(&of_behind);
  buf_release(&leaf);
  buf_release(&newest);
  recovery_anew_release(&a);
}

/* A machine that was not waited for shows a larger checkpoint when the node has gone on: what the node has numbered
 * since stays, and the machine's own comes behind it. */
static void withheld_checkpoint(void **state) {
  (void)state;
  struct recovery_anew a = {0};
  struct anew_report report;
  lost_node_back_up(&w);
  for (int i = 0; i < 4; i++)
    note(pam, "Accepted, and nobody else knows");
  struct hash theirs = note(pam, "The last of them");
  world_sync(&w, pam);
  lost_node_restore(&w);
  offer(ann);
  world_must(store_begin(w.node.store), "beginning");
  world_must(recovery_begin(w.node.store), "as it was restored");
  world_must(store_commit(w.node.store), "ending");
  offer(ann);
  world_must(recover_finish(&w.node, RECOVERY_WITHOUT_THE_REST), "without the police");
  struct hash ours = note(ann, "Takes the same number");
  world_sync(&w, ann);
  uint64_t size = store_size(w.node.store);
  offer(pam);
  assert_true(recovery_is_on(w.node.store));
  assert_int_equal(world_exchange(&w, ann, NULL), ERR_BUSY);
  assert_int_equal(recover_finish(&w.node, RECOVERY_WITHOUT_THE_REST), ERR_REFUSED);
  world_must(recover_go_on_anew(&w.node, RECOVERY_WITHOUT_THE_REST, "two histories", w.now_s, &a), "going on");
  assert_int_equal(a.kept, size);
  assert_true(has(w.node.store, &ours));
  follow(pam, &report);
  assert_int_equal(report.contradicted, 1);
  world_sync(&w, pam);
  assert_true(has(w.node.store, &theirs));
  follow(ann, &report);
  assert_int_equal(report.contradicted, 0);
  world_sync(&w, ann);
  assert_true(has(ann->store, &ours));
  assert_int_equal(world_findings(w.node.store), 0);
  recovery_anew_release(&a);
}

/* ---- what is offered and was never admitted ---- */

/* Social work alone has the next entry; the node and that machine are gone. Whatever is offered under its number is
 * contradicted by nobody. */
static uint64_t lose_next(void) {
  lost_node_back_up(&w);
  uint64_t number = store_size(w.node.store) + 1;
  world_record(&w, ann, WORLD_DRAFT("child.add", {"name", "Known to social work alone"}));
  world_sync(&w, ann);
  world_sync(&w, ben);
  lost_node_restore(&w);
  offer(ben);
  return number;
}

/* at: where in a chain it says that it stands; NULL: where it was written. */
static void forge_at(struct world_member *m, struct draft draft, uint64_t number, const char *admitted,
                     const struct position *at) {
  struct verdict v;
  struct act_record a = {0};
  struct buf leaf = {0};
  struct hash wanted;
  world_must(world_write(&w, m, &draft, 1, ACCEPT_WRITE_ANYWAY, &v), "what is not theirs to write");
  world_must(store_find_act(m->store, v.first, &a), "the act");
  struct act_entry e = record_act_entry(&a.entries[0]);
  struct leaf l = {.number = number,
                   .admitted = bytes_str(admitted),
                   .position = at ? at : &a.position,
                   .size = 1,
                   .signature = buf_bytes(&a.signature),
                   .header = e.header};
  leaf_format(&leaf, &l);
  struct recovery_item item = {.leaf = buf_bytes(&leaf), .has_content = true, .content = e.content};
  memcpy(item.salt, e.salt, sizeof item.salt);
  world_must(store_begin(w.node.store), "offering");
  world_must(recovery_offer(w.node.store, &m->replica, &item, &number, &wanted), "a forged leaf");
  world_must(store_commit(w.node.store), "offering");
  buf_release(&leaf);
  act_record_release(&a);
}

static void forge(struct world_member *m, struct draft draft, uint64_t number, const char *admitted) {
  forge_at(m, draft, number, admitted, NULL);
}

static bool has_content(struct store *s, const struct hash *id) {
  struct record r = {0};
  bool has = store_find(s, id, &r) == OK && r.has_content;
  record_release(&r);
  return has;
}

/* Nobody but the keeper erases: also not by saying that it was done. */
static void forged_power(void **state) {
  (void)state;
  struct recovery_anew a = {0};
  struct hash aunt = note(ann, "An Aunt");
  lost_node_sync_all(&w);
  struct hash_hex c = hash_hex(&child), t = hash_hex(&aunt);
  uint64_t number = lose_next();
  struct text_time now = text_time_format(w.now_s);
  forge(ben, WORLD_DRAFT("entry.erase", {"child", c.s}, {"entry", t.s}, {"ground", "unlawful"}, {"reason", "none"}),
        number, now.s);
  go_on(&a);
  assert_int_equal(a.erase_again, 0);
  assert_true(has_content(w.node.store, &aunt));
  recovery_anew_release(&a);
}

/* A time that has not come would be the node's from then on, and end all certificates. */
static void forged_time(void **state) {
  (void)state;
  struct recovery_anew a = {0};
  struct anew_report report;
  struct hash_hex c = hash_hex(&child);
  uint64_t number = lose_next();
  forge(ben,
        WORLD_DRAFT("family.add", {"child", c.s}, {"relation", "family-member"}, {"responsibilities", "no"},
                    {"name", "An Aunt"}),
        number, "2999-12-31T00:00:00Z");
  go_on(&a);
  assert_int_equal(a.taken_over, 1);
  follow(ben, &report);
  struct hash later = note(ben, "Recorded afterwards");
  world_sync(&w, ben);
  assert_true(has(w.node.store, &later));
  recovery_anew_release(&a);
}

/* What a rule speaks against is taken over, for it may be because of what is missing; and told. */
static void rules_are_asked(void **state) {
  (void)state;
  struct recovery_anew a = {0};
  struct hash aunt = note(ann, "An Aunt");
  lost_node_sync_all(&w);
  struct hash_hex c = hash_hex(&child), t = hash_hex(&aunt);
  uint64_t number = lose_next();
  struct text_time now = text_time_format(w.now_s);
  forge(ben, WORLD_DRAFT("entry.void", {"child", c.s}, {"entry", t.s}, {"reason", "not mine to void"}), number, now.s);
  go_on(&a);
  assert_int_equal(a.taken_over, 1);
  assert_int_equal(a.against_rules, 1);
  assert_int_equal(a.against_count, 1);
  assert_int_equal(a.against[0].number, a.kept + 1);
  assert_string_equal(a.against[0].rule, "K-010");
  recovery_anew_release(&a);
}

/* Somebody of another agency says that what they signed stands in a machine's chain. */
static void forged_place(void **state) {
  (void)state;
  struct recovery_anew a = {0};
  struct anew_report report;
  struct hash_hex c = hash_hex(&child);
  struct position place = {.replica = pam->replica};
  uint64_t number = lose_next();
  struct text_time now = text_time_format(w.now_s);
  world_must(store_chain(w.node.store, &place.replica, &place.number, &place.previous), "the police's chain");
  place.number++;
  forge_at(ben,
           WORLD_DRAFT("family.add", {"child", c.s}, {"relation", "family-member"}, {"responsibilities", "no"},
                       {"name", "An Aunt"}),
           number, now.s, &place);
  go_on(&a);
  assert_int_equal(a.taken_over, 0);
  follow(pam, &report);
  struct hash later = note(pam, "Recorded afterwards");
  world_sync(&w, pam);
  assert_true(has(w.node.store, &later));
  recovery_anew_release(&a);
}

/* The keeper's machine is gone with an act that nobody else has; what it erased afterwards all have forgotten, and the
 * node's copy is older. */
static void erased_stays_erased(void **state) {
  (void)state;
  struct recovery_anew a = {0};
  struct anew_report report;
  struct hash aunt = note(ann, "An Aunt");
  lost_node_sync_all(&w);
  struct hash_hex c = hash_hex(&child), t = hash_hex(&aunt);
  lost_node_back_up(&w);
  world_record(&w, ann, WORLD_DRAFT("child.add", {"name", "Known to social work alone"}));
  struct hash erased = world_record(
      &w, ann, WORLD_DRAFT("entry.erase", {"child", c.s}, {"entry", t.s}, {"ground", "unlawful"}, {"reason", "none"}));
  lost_node_sync_all(&w);
  assert_false(has_content(w.node.store, &aunt));
  lost_node_restore(&w);
  assert_true(has_content(w.node.store, &aunt));
  offer(ben);
  offer(pam);
  go_on(&a);
  assert_false(has(w.node.store, &erased));
  assert_false(has_content(w.node.store, &aunt));
  assert_int_equal(a.erase_again, 1);
  assert_int_equal(world_findings(w.node.store), 1); /* it is told as lost */
  follow(ben, &report);
  assert_false(has_content(ben->store, &aunt));
  follow(ann, &report);
  assert_int_equal(report.carried, 2);
  world_sync(&w, ann);
  world_sync(&w, ben);
  assert_true(has(w.node.store, &erased));
  assert_false(has_content(ben->store, &aunt));
  assert_int_equal(world_findings(w.node.store), 0);
  recovery_anew_release(&a);
}

/* ---- at random ---- */

/* What each has recorded, one entry to an act: whatever is lost and found, each is in the ledger, with whoever
 * recorded it, or counted as what stays in the former store. */
struct recorded {
  struct world_member *by;
  struct hash id;
};
static struct recorded recorded[200];
static size_t recorded_count;
static uint64_t chance;
static unsigned anew_count; /* so often a log was opened anew */

static unsigned below(unsigned n) {
  chance = chance * 6364136223846793005u + 1442695040888963407u;
  return (unsigned)(chance >> 33) % n;
}

static struct world_member *anybody(void) {
  struct world_member *const all[] = {ann, ben, pam};
  return all[below(3)];
}

static void remember(struct world_member *m, const struct hash *id) {
  assert_true(recorded_count < sizeof recorded / sizeof *recorded);
  recorded[recorded_count++] = (struct recorded){m, *id};
}

/* The keeper erases; of anybody else it is refused, and stays with them. */
static void erase_something(struct world_member *m) {
  struct verdict v;
  struct hash id;
  struct hash_hex c = hash_hex(&child), t;
  size_t i = recorded_count ? below((unsigned)recorded_count) : 0;
  if (recorded_count == 0 || m == pam || recorded[i].by != ben || !has(m->store, &recorded[i].id))
    return;
  t = hash_hex(&recorded[i].id);
  const struct draft d =
      WORLD_DRAFT("entry.erase", {"child", c.s}, {"entry", t.s}, {"ground", "request"}, {"reason", "at random"});
  if (world_write(&w, m, &d, 1, ACCEPT_WRITE_ANYWAY, &v) != OK || v.code != VERDICT_ACCEPTED)
    return;
  world_must(author_id_of(m->store, v.first, &id), "its id");
  remember(m, &id);
}

static void step(void) {
  struct world_member *m = anybody();
  struct hash id;
  switch (below(6)) {
  case 0:
  case 1: id = note(m, "At random"); break;
  case 2: id = world_record(&w, m, WORLD_DRAFT("child.add", {"name", "At random"})); break;
  case 3: erase_something(m); return;
  default: world_sync(&w, m); return;
  }
  remember(m, &id);
}

/* It alone has an entry, and the others know that there are as many. */
static void have_alone(struct world_member *m) {
  struct hash id = world_record(&w, m, WORLD_DRAFT("child.add", {"name", "Known to one alone"}));
  remember(m, &id);
  world_sync(&w, m);
  world_sync(&w, m == ben ? pam : ben);
}

/* Whoever comes late has its checkpoint heard before the node numbers anything more. */
static void rebuild_somehow(unsigned gone) {
  struct world_member *const all[] = {ann, ben, pam};
  for (int pass = 0; pass < 2; pass++) {
    for (unsigned i = 0; i < 3; i++)
      if (pass == 1 || i != gone)
        lost_node_recover(&w, all[i], NULL);
    struct recovery_anew a = {0};
    if (recovery_is_on(w.node.store) && recover_finish(&w.node, RECOVERY_WITHOUT_THE_REST) != OK) {
      world_must(recover_go_on_anew(&w.node, RECOVERY_WITHOUT_THE_REST, "at random", w.now_s, &a), "going on");
      anew_count++;
    }
    recovery_anew_release(&a);
  }
}

static uint64_t come_along(struct world_member *m) {
  struct anew_report report = {0};
  enum err e = world_exchange(&w, m, NULL);
  if (e == ERR_CHAIN)
    follow(m, &report);
  else
    world_must(e, "going on as before");
  return report.not_carried;
}

static void check_nothing_vanished(struct world_member *m, uint64_t not_carried) {
  uint64_t size = 0, nowhere = 0;
  struct hash root, of_node;
  struct buf checkpoint = {0};
  struct record r = {0};
  for (size_t i = 0; i < recorded_count; i++) {
    bool is_here = recorded[i].by != m || store_find(m->store, &recorded[i].id, &r) == OK;
    nowhere += !is_here && !has(w.node.store, &recorded[i].id);
    record_release(&r);
  }
  assert_true(nowhere <= not_carried);
  world_must(store_checkpoint_newest(m->store, &size, &root, &checkpoint), "a checkpoint");
  world_must(store_tree_root(w.node.store, size, &of_node), "its root");
  assert_true(hash_equal(&root, &of_node));
  assert_int_equal(size, store_size(w.node.store));
  world_check_views(m->store, "a machine that followed");
  buf_release(&checkpoint);
}

static void one_history(uint64_t seed) {
  struct world_member *all[3] = {ann, ben, pam};
  uint64_t not_carried[3] = {0};
  chance = seed;
  recorded_count = 0;
  for (int losses = 0; losses < 2; losses++) {
    for (unsigned i = 5 + below(10); i > 0; i--)
      step();
    unsigned gone = below(4);
    lost_node_back_up(&w);
    for (unsigned i = 8 + below(12); i > 0; i--)
      step();
    if (gone < 3)
      have_alone(all[gone]);
    for (unsigned i = below(10); i > 0; i--)
      step();
    lost_node_restore(&w);
    rebuild_somehow(gone);
    for (int i = 0; i < 3; i++)
      not_carried[i] += come_along(all[i]);
    for (int i = 0; i < 3; i++)
      lost_node_sync_all(&w);
    world_check_views(w.node.store, "the node");
    for (int i = 0; i < 3; i++)
      check_nothing_vanished(all[i], not_carried[i]);
  }
}

static void at_random(void **state) {
  for (uint64_t seed = 1; seed <= SEEDS; seed++) {
    open_world(state);
    print_message("history %u\n", (unsigned)seed);
    one_history(seed);
    close_world(state);
  }
  assert_true(anew_count > 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(goes_on_from_what_there_is, open_world, close_world),
      cmocka_unit_test_setup_teardown(files_are_whole, open_world, close_world),
      cmocka_unit_test_setup_teardown(outbox_comes_along, open_world, close_world),
      cmocka_unit_test_setup_teardown(discarded_place_stays, open_world, close_world),
      cmocka_unit_test_setup_teardown(former_key_counts, open_world, close_world),
      cmocka_unit_test_setup_teardown(only_where_it_is_needed, open_world, close_world),
      cmocka_unit_test_setup_teardown(follows_only_what_followed, open_world, close_world),
      cmocka_unit_test_setup_teardown(nobody_follows_unasked, open_world, close_world),
      cmocka_unit_test_setup_teardown(rests_on_what_is_missing, open_world, close_world),
      cmocka_unit_test_setup_teardown(withheld_checkpoint, open_world, close_world),
      cmocka_unit_test_setup_teardown(forged_power, open_world, close_world),
      cmocka_unit_test_setup_teardown(forged_time, open_world, close_world),
      cmocka_unit_test_setup_teardown(rules_are_asked, open_world, close_world),
      cmocka_unit_test_setup_teardown(forged_place, open_world, close_world),
      cmocka_unit_test_setup_teardown(shows_the_root, open_world, close_world),
      cmocka_unit_test_setup_teardown(erased_stays_erased, open_world, close_world),
      cmocka_unit_test(at_random),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
