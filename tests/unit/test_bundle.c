/* Bundles (sync/PROTOCOL.md section 12) in one process: hostile ones, bit by bit and cut by cut; lost, late, twice and
 * out of order; documents; more than one request; a handover on the way. */
#include "sync/bundle_carry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>

#include "core/cert.h"
#include "core/store_parts.h"
#include "sync/bundle_parts.h"
#include "sync/join.h"
#include "sync/recover.h"
#include "tests/lib/files.h"
#include "tests/lib/handover.h"

#define DOCUMENT_SIZE (PARTS_PART_SIZE + 12345)

static struct world w;
static struct world_member *ann, *ben, *pam; /* social work; health, involved with the child; police */
static struct former former;                 /* what the node had before a handover */
static struct hash child, involvement;
static uint64_t size_max = BUNDLE_MAX; /* of the bundles that are written */

static struct hash record_child(struct world_member *m, const char *name) {
  return world_record(&w, m, WORLD_DRAFT("child.add", {"name", name}));
}

static int open_world(void **state) {
  (void)state;
  world_open(&w, 12);
  struct hash social_work = world_agency(&w, "Social Work", "social-work"),
              health = world_agency(&w, "Health", "health"), police = world_agency(&w, "Police", "police");
  ann = world_join(&w, &social_work, "Ann", "practitioner keeper officer");
  ben = world_join(&w, &health, "Ben", "practitioner");
  pam = world_join(&w, &police, "Pam", "practitioner");
  child = record_child(ann, "Isla Reid");
  struct hash_hex c = hash_hex(&child), a = hash_hex(&health);
  involvement = world_record(&w, ann, WORLD_DRAFT("involvement.start", {"child", c.s}, {"agency", a.s}));
  world_sync(&w, ann);
  world_sync(&w, ben);
  world_sync(&w, pam);
  return 0;
}

static int close_world(void **state) {
  (void)state;
  former_release(&former);
  former = (struct former){0};
  world_close(&w);
  return 0;
}

/* ---- there and back, with bundles in memory ---- */

/* A stream that writes into memory, and the buffer that gets it. */
struct stream {
  FILE *file;
  char *at;
  size_t len;
};

static void begin(struct stream *s) {
  s->file = open_memstream(&s->at, &s->len);
  assert_non_null(s->file);
}

static void finish(struct stream *s, struct buf *out) {
  fclose(s->file);
  buf_clear(out);
  buf_add(out, bytes_of(s->at, s->len));
  free(s->at);
}

/* A copy of exactly its size, so that the sanitizer sees one byte too far. */
static FILE *reading(struct bytes b, void **copy_out) {
  *copy_out = mem_alloc(b.len);
  memcpy(*copy_out, b.at, b.len);
  FILE *f = fmemopen(*copy_out, b.len, "rb");
  assert_non_null(f);
  return f;
}

static enum err make(struct world_member *m, struct buf *out, struct bundle_made *made) {
  struct exchange_replica r = {m->store, m->replica_key, w.now_s, 0};
  struct stream to;
  begin(&to);
  enum err e = bundle_request(&r, to.file, size_max, made);
  finish(&to, out);
  return e;
}

static void must_make(struct world_member *m, struct buf *out) {
  struct bundle_made made;
  world_must(make(m, out, &made), "a bundle");
  assert_true(made.is_whole);
}

static enum err authority_key(void *of, const struct hash *id, const struct key **out) {
  const struct key *keys[] = {w.authority, former.authority};
  (void)of;
  for (size_t i = 0; i < 2; i++) {
    struct hash here = keys[i] ? key_id(keys[i]) : (struct hash){{0}};
    if (hash_equal(&here, id)) {
      *out = keys[i];
      return OK;
    }
  }
  return ERR_ABSENT;
}

static enum err answer(struct bytes request, struct buf *out, struct bundle_judged *judged) {
  struct bundle_desk d = {&w.node, w.now_s, size_max, NULL, authority_key};
  struct stream to;
  void *copy;
  begin(&to);
  FILE *from = reading(request, &copy);
  enum err e = bundle_answer(&d, from, to.file, judged);
  finish(&to, out);
  fclose(from);
  free(copy);
  return e;
}

static void must_answer(const struct buf *request, struct buf *out) {
  struct bundle_judged judged;
  world_must(answer(buf_bytes(request), out, &judged), "an answer");
  assert_int_equal(judged.stopped, OK);
  assert_true(judged.is_whole);
}

static enum err take(struct world_member *m, struct bytes b, struct exchange_report *report,
                     struct bundle_taken *taken) {
  struct exchange_replica r = {m->store, m->replica_key, w.now_s, 0};
  void *copy;
  FILE *from = reading(b, &copy);
  *report = (struct exchange_report){0};
  enum err e = bundle_take(&r, from, report, taken);
  fclose(from);
  free(copy);
  return e;
}

static void must_take(struct world_member *m, const struct buf *b, uint64_t taken_wanted) {
  struct exchange_report report;
  struct bundle_taken taken;
  world_must(take(m, buf_bytes(b), &report, &taken), "an answer");
  if (taken.taken != taken_wanted)
    fail_msg("%llu pages were taken and %llu passed over", (unsigned long long)taken.taken,
             (unsigned long long)taken.passed);
}

/* The whole way. */
static void carry(struct world_member *m) {
  struct exchange_report report;
  struct bundle_taken taken;
  struct buf there = {0}, back = {0};
  must_make(m, &there);
  must_answer(&there, &back);
  world_must(take(m, buf_bytes(&back), &report, &taken), "an answer");
  assert_false(report.has_more);
  assert_int_equal(taken.passed, 0);
  buf_release(&there);
  buf_release(&back);
}

/* Has the machine followed its feed to the end, as a sync would find? */
static void assert_in_step(struct world_member *m) {
  struct exchange_report report = {0};
  world_must(world_exchange(&w, m, &report), "a sync");
  assert_int_equal(report.received, 0);
  assert_int_equal(report.accepted, 0);
  assert_int_equal(store_outbox_count(m->store, NULL), 0);
}

static void an_exchange_by_files(void **state) {
  (void)state;
  record_child(ann, "Ben Reid");
  record_child(ben, "Col Gow");
  carry(ann);
  carry(ben);
  assert_in_step(ben);
  carry(ann);
  assert_in_step(ann);
  carry(ann); /* with nothing to say */
  assert_in_step(ann);
}

/* ---- hostile ---- */

/* What a case makes of a bundle is refused, and nothing anywhere is changed by it. */
static void assert_refused(struct bytes request, struct bytes back, const char *what, size_t at) {
  struct buf ignored = {0};
  struct bundle_judged judged;
  struct exchange_report report;
  struct bundle_taken taken;
  enum err e = request.at ? answer(request, &ignored, &judged) : take(ben, back, &report, &taken);
  if (e != ERR_FORM && e != ERR_SIGNATURE && e != ERR_LIMIT && e != ERR_REFUSED && e != ERR_KEY)
    fail_msg("%s at %zu: %s", what, at, e == OK ? "taken" : err_words(e));
  buf_release(&ignored);
}

/* The same of the file's form alone, without a store: opened, verified, and its first page read. */
static void assert_no_bundle(struct bytes b, const struct key *signer, const struct key *own, size_t at) {
  struct bundle_reader r;
  struct buf message = {0};
  void *copy;
  FILE *file = reading(b, &copy);
  enum err e = bundle_open(&r, file);
  if (e == OK)
    e = bundle_verify(&r, signer);
  if (e == OK)
    e = bundle_next(&r, own, &message);
  if (e == OK)
    fail_msg("taken with a change at %zu", at);
  bundle_reader_release(&r);
  buf_release(&message);
  fclose(file);
  free(copy);
}

/* Every bit and every cut in the file's form; some of them the whole way, which takes longer. */
static void refuse_all(const struct buf *b, bool is_request, size_t bit_step, size_t cut_step) {
  struct bytes none = bytes_of(NULL, 0);
  struct buf changed = {0};
  buf_add(&changed, buf_bytes(b));
  for (size_t i = 0; i < 8 * b->len; i++) {
    changed.at[i / 8] ^= (uint8_t)(1 << i % 8);
    if (is_request)
      assert_no_bundle(buf_bytes(&changed), ben->replica_key, w.authority, i);
    if (i % bit_step == 0)
      assert_refused(is_request ? buf_bytes(&changed) : none, buf_bytes(&changed), "a bit", i);
    changed.at[i / 8] ^= (uint8_t)(1 << i % 8);
  }
  for (size_t len = 1; len < b->len; len++) {
    struct bytes cut = bytes_of(b->at, len);
    if (is_request)
      assert_no_bundle(cut, ben->replica_key, w.authority, len);
    if (len % cut_step == 0)
      assert_refused(is_request ? cut : none, cut, "a cut", len);
  }
  buf_u8(&changed, 0);
  assert_refused(is_request ? buf_bytes(&changed) : none, buf_bytes(&changed), "a byte more", b->len);
  buf_release(&changed);
}

static void every_bit_and_every_cut(void **state) {
  (void)state;
  struct buf there = {0}, back = {0};
  record_child(ben, "Col Gow");
  must_make(ben, &there);
  struct hash before = world_digest(w.node.store);
  refuse_all(&there, true, 31, 17);
  struct hash after = world_digest(w.node.store);
  assert_true(hash_equal(&before, &after));
  must_answer(&there, &back);
  before = world_digest(ben->store);
  refuse_all(&back, false, 31, 17);
  after = world_digest(ben->store);
  assert_true(hash_equal(&before, &after));
  must_take(ben, &back, 1);
  assert_in_step(ben);
  buf_release(&there);
  buf_release(&back);
}

/* A bundle by hand: what a machine or a node that lies could make. */
struct forged_bundle {
  const char *what;
  enum bundle_kind kind;
  struct world_member *says;   /* whose it says it is */
  const struct key *signer;    /* NULL: as it should be */
  const struct key *sealed_to; /* NULL: as it should be */
  const char *message;         /* NULL: the right one */
  bool other_ledger, other_node;
  enum err wanted;
};

/* An honest one's messages, in a bundle of the forger's. */
static void forge(const struct forged_bundle *f, const struct buf *honest, const struct key *opener, struct buf *out) {
  struct bundle_reader from;
  struct bundle_writer to;
  struct stream stream;
  void *copy;
  begin(&stream);
  FILE *file = reading(buf_bytes(honest), &copy);
  bool is_request = f->kind == BUNDLE_REQUEST;
  const struct key *seal = is_request ? w.authority : f->says->replica_key;
  const struct key *sign = is_request ? f->says->replica_key : w.authority;
  world_must(bundle_open(&from, file), "an honest bundle");
  struct bundle_label label = from.label;
  label.kind = f->kind;
  label.machine = f->says->replica;
  if (f->other_ledger)
    label.ledger = f->says->replica;
  if (f->other_node)
    label.node = f->says->replica;
  world_must(bundle_begin(&to, stream.file, &label, f->sealed_to ? f->sealed_to : seal, BUNDLE_MAX), "forging");
  while (!bundle_is_done(&from)) {
    struct buf message = {0};
    world_must(bundle_next(&from, opener, &message), "an honest page");
    world_must(bundle_add(&to, f->message ? bytes_str(f->message) : buf_bytes(&message)), "a forged page");
    buf_release(&message);
  }
  world_must(bundle_end(&to, f->signer ? f->signer : sign), "forging");
  bundle_reader_release(&from);
  bundle_writer_release(&to);
  fclose(file);
  free(copy);
  finish(&stream, out);
}

static void forged_ones(void **state) {
  (void)state;
  const struct forged_bundle cases[] = {
      {"by another machine", BUNDLE_REQUEST, ben, .signer = pam->replica_key, .wanted = ERR_SIGNATURE},
      {"another machine's messages", BUNDLE_REQUEST, pam, .wanted = ERR_CHAIN},
      {"for another node", BUNDLE_REQUEST, ben, .other_node = true, .wanted = ERR_REFUSED},
      {"of another ledger", BUNDLE_REQUEST, ben, .other_ledger = true, .wanted = ERR_REFUSED},
      {"sealed to somebody else", BUNDLE_REQUEST, ben, .sealed_to = pam->replica_key, .wanted = ERR_PROOF},
      {"nonsense inside", BUNDLE_REQUEST, ben, .message = "nonsense", .wanted = ERR_FORM},
      {"asking for a document", BUNDLE_REQUEST, ben, .message = "cairn part 1\n\3", .wanted = ERR_FORM},
      {"by a machine", BUNDLE_ANSWER, ben, .signer = ben->replica_key, .wanted = ERR_SIGNATURE},
      {"for another machine", BUNDLE_ANSWER, pam, .wanted = ERR_REFUSED},
      {"from another node", BUNDLE_ANSWER, ben, .other_node = true, .wanted = ERR_REFUSED},
      {"of another ledger", BUNDLE_ANSWER, ben, .other_ledger = true, .wanted = ERR_REFUSED},
      {"sealed to somebody else", BUNDLE_ANSWER, ben, .sealed_to = pam->replica_key, .wanted = ERR_PROOF},
      {"nonsense inside", BUNDLE_ANSWER, ben, .message = "nonsense", .wanted = ERR_FORM},
  };
  struct buf there = {0}, back = {0}, forged = {0};
  struct bundle_judged judged;
  struct exchange_report report;
  struct bundle_taken taken;
  record_child(ben, "Col Gow");
  must_make(ben, &there);
  struct hash node = world_digest(w.node.store);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const struct forged_bundle *f = &cases[i];
    bool is_request = f->kind == BUNDLE_REQUEST;
    if (!is_request && back.len == 0)
      must_answer(&there, &back);
    forge(f, is_request ? &there : &back, is_request ? w.authority : ben->replica_key, &forged);
    struct hash bens = world_digest(ben->store);
    enum err e =
        is_request ? answer(buf_bytes(&forged), &there, &judged) : take(ben, buf_bytes(&forged), &report, &taken);
    if (is_request)
      must_make(ben, &there);
    struct hash after = world_digest(is_request ? w.node.store : ben->store);
    if (e != f->wanted || !hash_equal(&after, is_request ? &node : &bens))
      fail_msg("%s: %s", f->what, e == OK ? "taken" : err_words(e));
  }
  must_take(ben, &back, 1);
  buf_release(&there);
  buf_release(&back);
  buf_release(&forged);
}

/* ---- twice, out of order, overtaken ---- */

static void twice_and_out_of_order(void **state) {
  (void)state;
  struct buf one = {0}, two = {0}, one_back = {0}, two_back = {0};
  struct bundle_judged judged;
  record_child(ann, "Ben Reid");
  must_make(ann, &one);
  record_child(ann, "Col Gow");
  must_make(ann, &two);
  must_answer(&two, &two_back);
  uint64_t size = store_size(w.node.store);
  world_must(answer(buf_bytes(&one), &one_back, &judged), "an older one");
  assert_int_equal(judged.had, 1);
  world_must(answer(buf_bytes(&two), &two_back, &judged), "the same again");
  assert_int_equal(judged.had, 2);
  assert_int_equal(store_size(w.node.store), size);
  must_take(ann, &two_back, 1);
  must_take(ann, &one_back, 0);
  must_take(ann, &two_back, 0);
  assert_in_step(ann);
  /* A sync in between overtakes both ways. */
  record_child(ann, "Dot Weir");
  must_make(ann, &one);
  must_answer(&one, &one_back);
  world_sync(&w, ann);
  must_take(ann, &one_back, 0);
  must_answer(&one, &one_back);
  must_take(ann, &one_back, 0);
  assert_in_step(ann);
  buf_release(&one);
  buf_release(&two);
  buf_release(&one_back);
  buf_release(&two_back);
}

/* A machine that was restored is not where its bundle begins. */
static void from_a_place_not_come_to(void **state) {
  (void)state;
  struct buf there = {0}, back = {0};
  struct exchange_report report;
  struct bundle_taken taken;
  char copy[128];
  snprintf(copy, sizeof copy, "%s.copy", ben->path);
  world_reopen(ben); /* all in one file */
  files_copy(ben->path, copy);
  record_child(ann, "Ben Reid");
  world_sync(&w, ann);
  world_sync(&w, ben);
  must_make(ben, &there);
  must_answer(&there, &back);
  store_close(ben->store);
  files_copy(copy, ben->path);
  world_must(store_open(ben->path, 0, &ben->store), "the copy");
  struct hash before = world_digest(ben->store);
  assert_int_equal(take(ben, buf_bytes(&back), &report, &taken), ERR_CHAIN);
  struct hash after = world_digest(ben->store);
  assert_true(hash_equal(&before, &after));
  world_reopen(ben);
  carry(ben);
  assert_in_step(ben);
  remove(copy);
  buf_release(&there);
  buf_release(&back);
}

/* ---- documents, more than one request, more than one answer ---- */

static void record_documents(struct world_member *m, size_t count) {
  struct hash_hex c = hash_hex(&child);
  const struct draft_value about[] = {{"child", c.s}, {"title", "Chronology"}, {"type", "chronology"}},
                           of[] = {{"child", c.s}, {"document", "@1"}};
  struct buf file = {0};
  struct verdict v;
  uint8_t *at = buf_extend(&file, DOCUMENT_SIZE);
  uint32_t drawn = 1;
  for (size_t i = 0; i < DOCUMENT_SIZE; i++) /* so that it cannot be compressed */
    at[i] = (uint8_t)((drawn = drawn * 1664525 + 1013904223) >> 24);
  for (size_t i = 0; i < count; i++) {
    struct draft drafts[] = {world_draft("document.add", about, 3), world_draft("document.file", of, 2)};
    drafts[1].file = buf_bytes(&file);
    drafts[1].media = "application/pdf";
    world_must(world_write(&w, m, drafts, 2, ACCEPT_WRITE, &v), "a document");
  }
  buf_release(&file);
}

/* What a request carries at most is four; what an answer carries of documents is one act. */
static void documents_and_several_pages(void **state) {
  (void)state;
  const size_t count = ACT_LARGE_MAX + 1;
  struct buf there = {0}, back = {0};
  struct bundle_judged judged;
  record_documents(ann, count);
  must_make(ann, &there);
  world_must(answer(buf_bytes(&there), &back, &judged), "five documents");
  assert_int_equal(judged.accepted, count);
  must_take(ann, &back, 2);
  assert_in_step(ann);
  must_make(ben, &there);
  must_answer(&there, &back);
  must_take(ben, &back, count);
  assert_int_equal(world_count(ben->store, "content WHERE length(bytes) > 1048576"), count);
  assert_int_equal(world_count(ben->store, "staged") + world_count(w.node.store, "staged"), 0);
  assert_in_step(ben);
  buf_release(&there);
  buf_release(&back);
}

/* What does not fit is in the next one, in both directions; of a document that was cut off nothing is taken. */
static void more_than_fits(void **state) {
  (void)state;
  const size_t count = ACT_LARGE_MAX + 2;
  struct buf there = {0}, back = {0};
  struct bundle_made made;
  struct exchange_report report = {.has_more = true};
  struct bundle_taken taken;
  struct bundle_judged judged;
  size_t bundles = 0;
  record_documents(ann, count);
  size_max = (uint64_t)9 << 20; /* four of them, and a piece of the next */
  world_must(make(ann, &there, &made), "what fits");
  assert_int_equal(made.act_count, ACT_LARGE_MAX);
  assert_false(made.is_whole);
  must_answer(&there, &back);
  must_take(ann, &back, 1);
  carry(ann);
  assert_in_step(ann);
  size_max = (uint64_t)5 << 20;
  for (; report.has_more; bundles++) {
    world_must(make(ben, &there, &made), "a bundle");
    world_must(answer(buf_bytes(&there), &back, &judged), "as much as fits");
    world_must(take(ben, buf_bytes(&back), &report, &taken), "as much as fits");
    assert_true(taken.taken > 0 && judged.is_whole == !report.has_more && bundles < count);
  }
  size_max = BUNDLE_MAX;
  assert_true(bundles > 2);
  assert_int_equal(world_count(ben->store, "content WHERE length(bytes) > 1048576"), count);
  assert_in_step(ben);
  buf_release(&there);
  buf_release(&back);
}

/* A medium that fails one write, and then none. */
struct medium {
  FILE *under;
  int writes;
};

static ssize_t write_but_once(void *of, const char *at, size_t len) {
  struct medium *m = of;
  if (++m->writes == 5) { /* the second step, behind its length */
    errno = ENOSPC;
    return 0;
  }
  return (ssize_t)fwrite(at, 1, len, m->under);
}

/* An answer with a hole in it is none, even where the disk has room again for what follows. */
static void a_hole_in_the_answer(void **state) {
  (void)state;
  struct buf there = {0}, back = {0};
  struct bundle_desk d = {&w.node, w.now_s, size_max, NULL, authority_key};
  struct bundle_judged judged;
  struct stream to;
  struct medium medium = {0};
  void *copy;
  record_documents(ann, ACT_LARGE_MAX + 1); /* two requests, so two steps */
  must_make(ann, &there);
  FILE *from = reading(buf_bytes(&there), &copy);
  begin(&to);
  medium.under = to.file;
  FILE *file = fopencookie(&medium, "w", (cookie_io_functions_t){.write = write_but_once});
  assert_non_null(file);
  setvbuf(file, NULL, _IONBF, 0);
  assert_int_equal(bundle_answer(&d, from, file, &judged), ERR_DISK);
  assert_true(medium.writes >= 5);
  fclose(file);
  finish(&to, &back);
  fclose(from);
  free(copy);
  carry(ann);
  assert_in_step(ann);
  buf_release(&there);
  buf_release(&back);
}

/* What stands behind an act that waits is not looked at: its position must not be skipped. */
static void without_its_document_an_act_waits(void **state) {
  (void)state;
  struct buf there = {0}, back = {0}, bare = {0};
  struct bundle_judged judged;
  struct bundle_reader from;
  struct bundle_writer to;
  struct stream stream;
  void *copy;
  begin(&stream);
  record_documents(ann, ACT_LARGE_MAX + 1);
  must_make(ann, &there);
  FILE *file = reading(buf_bytes(&there), &copy);
  world_must(bundle_open(&from, file), "a bundle");
  world_must(bundle_begin(&to, stream.file, &from.label, w.authority, BUNDLE_MAX), "one without documents");
  while (!bundle_is_done(&from)) {
    struct buf message = {0};
    world_must(bundle_next(&from, w.authority, &message), "a page");
    if (bytes_starts(buf_bytes(&message), "cairn sync 1\n"))
      world_must(bundle_add(&to, buf_bytes(&message)), "a page");
    buf_release(&message);
  }
  world_must(bundle_end(&to, ann->replica_key), "one without documents");
  finish(&stream, &bare);
  world_must(answer(buf_bytes(&bare), &back, &judged), "an answer");
  assert_int_equal(judged.later, ACT_LARGE_MAX);
  assert_int_equal(judged.stopped, OK);
  must_take(ann, &back, 1);
  assert_int_equal(store_outbox_count(ann->store, NULL), ACT_LARGE_MAX + 1);
  carry(ann);
  assert_in_step(ann);
  bundle_reader_release(&from);
  bundle_writer_release(&to);
  fclose(file);
  free(copy);
  buf_release(&there);
  buf_release(&back);
  buf_release(&bare);
}

static enum err hold_one(void *of, const struct outbox_row *row) {
  struct act_record a = {0};
  enum err e = store_find_act(of, row->act, &a);
  const struct hash id = e == OK ? act_id(&a.text) : (struct hash){{0}};
  act_record_release(&a);
  return e == OK ? store_outbox_mark(of, &id, "held", "second", "waits", "wait") : e;
}

/* As after a node was rebuilt: what it held for the keeper is in the outbox alone. */
static void hold_all(struct world_member *m) {
  struct buf answer = {0};
  struct recover_round round = {.has_shown = false};
  world_must(store_outbox_each(m->store, m->store, hold_one), "holding");
  recover_answer_encode(&answer, &(struct recover_answer){.is_on = true});
  world_must(recover_take(&round, m->store, buf_bytes(&answer)), "a node that is being rebuilt");
  recover_round_release(&round);
  buf_release(&answer);
}

/* More than goes into one request: none of it is forgotten, by files or by a sync. */
static void what_was_held_is_sent_again(void **state) {
  (void)state;
  struct buf there = {0}, back = {0};
  struct bundle_judged judged;
  record_documents(ann, ACT_LARGE_MAX + 1);
  hold_all(ann);
  must_make(ann, &there);
  world_must(answer(buf_bytes(&there), &back, &judged), "what was held");
  assert_int_equal(judged.accepted, ACT_LARGE_MAX + 1);
  must_take(ann, &back, 2);
  record_documents(ann, ACT_LARGE_MAX + 1);
  hold_all(ann);
  world_sync(&w, ann);
  assert_in_step(ann);
  buf_release(&there);
  buf_release(&back);
}

/* Nor does it stop the chain of a key that the machine has since. */
static void what_was_held_follows_a_new_key(void **state) {
  (void)state;
  struct exchange_replica r = {pam->store, ann->replica_key, w.now_s, 0};
  struct msg_request m = {0};
  struct buf request = {0};
  size_t sent;
  record_child(pam, "Col Gow");
  world_sync(&w, pam);
  record_child(pam, "Dot Weir");
  hold_all(pam);
  world_must(exchange_request(&r, &request, &sent), "a request");
  world_must(msg_request_decode(buf_bytes(&request), &m), "its form");
  assert_int_equal(m.act_count, 1);
  assert_int_equal(m.acts[0].position, 1);
  assert_true(hash_is_zero(&m.acts[0].previous));
  msg_request_release(&m);
  buf_release(&request);
}

/* An answer that lay about for long brings nothing back of what was taken away since. */
static void nothing_comes_back(void **state) {
  (void)state;
  struct buf there = {0}, back = {0};
  struct hash_hex c = hash_hex(&child), i = hash_hex(&involvement);
  record_documents(ann, 1);
  world_sync(&w, ann);
  must_make(ben, &there);
  must_answer(&there, &back);
  world_sync(&w, ben);
  world_record(&w, ann, WORLD_DRAFT("involvement.end", {"child", c.s}, {"involvement", i.s}, {"reason", "over"}));
  world_sync(&w, ann);
  world_sync(&w, ben);
  struct hash before = world_digest(ben->store);
  must_take(ben, &back, 0);
  struct hash after = world_digest(ben->store);
  assert_true(hash_equal(&before, &after));
  assert_int_equal(world_count(ben->store, "staged_part"), 0);
  buf_release(&there);
  buf_release(&back);
}

/* ---- keys that change on the way ---- */

static void handovers_on_the_way(void **state) {
  (void)state;
  struct buf there = {0}, back = {0};
  record_child(ben, "Col Gow");
  must_make(ben, &there);
  handover_turn(&w, TURN_LEDGER | TURN_AUTHORITY, &former);
  record_child(ann, "Ben Reid");
  world_sync(&w, ann);
  must_answer(&there, &back); /* sealed to the authority of before, and answered by it */
  must_take(ben, &back, 2);   /* up to the handover, and from there on */
  assert_in_step(ben);
  buf_release(&there);
  buf_release(&back);
}

static void one_that_lost_its_rights(void **state) {
  (void)state;
  struct buf there = {0}, back = {0};
  struct bundle_judged judged;
  record_documents(ben, ACT_LARGE_MAX + 1); /* two requests */
  must_make(ben, &there);
  struct hash_hex machine = hash_hex(&ben->machine);
  struct draft draft = WORLD_DRAFT("replica.revoke", {"replica", machine.s}, {"why", "lost"});
  struct verdict v;
  world_must(world_node_write(&w, &draft, 1, &v), "revoking");
  assert_int_equal(answer(buf_bytes(&there), &back, &judged), ERR_KEY);
  assert_int_equal(world_count(w.node.store, "held"), ACT_LARGE_MAX + 1);
  buf_release(&there);
  buf_release(&back);
}

/* ---- a new key ---- */

static enum err ask_for_key(struct world_member *m, const struct key *key, const uint8_t *secret, struct buf *out) {
  struct exchange_replica r = {m->store, m->replica_key, w.now_s, 0};
  const struct join_keys keys = {.person = m->key, .replica = key};
  struct buf request = {0};
  struct bundle_made made;
  struct join_token t;
  struct stream to;
  world_must(join_token_of(m->store, &t), "a token");
  if (secret)
    memcpy(t.secret, secret, sizeof t.secret);
  world_must(join_request(&t, &(struct join_who){0}, &keys, "laptop", &request), "a request");
  begin(&to);
  enum err e = bundle_renew_request(&r, buf_bytes(&request), to.file, &made);
  finish(&to, out);
  buf_release(&request);
  return e;
}

static enum err open_answer(struct world_member *m, struct bytes b, struct buf *out) {
  struct exchange_replica r = {m->store, m->replica_key, w.now_s, 0};
  void *copy;
  FILE *from = reading(b, &copy);
  buf_clear(out);
  enum err e = bundle_renew_answer(&r, from, out);
  fclose(from);
  free(copy);
  return e;
}

/* The machine has not heard that the authority was changed, either; its old key is revoked by then. */
static void a_new_key(void **state) {
  (void)state;
  struct buf there = {0}, back = {0}, other = {0}, joined = {0};
  struct bundle_judged judged;
  struct exchange_report report;
  struct bundle_taken taken;
  struct key *key = key_new();
  struct world_member *una = world_join(&w, &ann->agency, "Una", "practitioner");
  world_sync(&w, una);
  world_sync(&w, ann);
  const uint8_t secret[MSG_SECRET_SIZE] = {1};
  uint64_t moved = 0;
  world_must(ask_for_key(una, key, NULL, &there), "asking");
  assert_int_equal(answer(buf_bytes(&there), &back, &judged), ERR_ABSENT); /* not enrolled */
  assert_int_equal(ask_for_key(una, key, secret, &other), OK);
  assert_int_equal(answer(buf_bytes(&other), &back, &judged), ERR_FORM); /* nobody joins by a bundle */
  handover_turn(&w, TURN_AUTHORITY, &former);
  struct hash_hex a = hash_hex(&una->agency), old = hash_hex(&una->machine);
  struct buf spki = {0};
  struct verdict v;
  text_base64_encode(&spki, key_spki(key));
  struct draft drafts[] = {
      WORLD_DRAFT("replica.add", {"agency", a.s}, {"replica", buf_cstr(&spki)}, {"name", "laptop"}),
      WORLD_DRAFT("replica.revoke", {"replica", old.s}, {"why", "replaced"})};
  world_must(world_write(&w, ann, drafts, 2, ACCEPT_WRITE, &v), "enrolling");
  assert_int_equal(v.code, VERDICT_ACCEPTED);
  world_sync(&w, ann);
  world_must(answer(buf_bytes(&there), &back, &judged), "an answer");
  assert_true(judged.is_renewal);
  /* For nobody else, and for nothing else. */
  assert_int_equal(open_answer(pam, buf_bytes(&back), &joined), ERR_REFUSED);
  assert_int_equal(take(una, buf_bytes(&back), &report, &taken), ERR_REFUSED);
  for (size_t i = 0; i < back.len; i += 7) {
    back.at[i] ^= 1;
    assert_int_not_equal(open_answer(una, buf_bytes(&back), &joined), OK);
    back.at[i] ^= 1;
  }
  world_must(open_answer(una, buf_bytes(&back), &joined), "the answer");
  const struct hash unsent = record_child(una, "Unsent");
  world_must(store_begin(una->store), "taking it");
  world_must(join_take_renewed(una->store, una->key, key, buf_bytes(&joined), &moved), "taking it");
  world_must(store_commit(una->store), "taking it");
  assert_int_equal(moved, 1);
  key_free(una->replica_key);
  una->replica_key = key;
  una->replica = key_id(key);
  store_read_as(una->store, &(struct scope_recipient){.replica = una->replica});
  carry(una);
  struct record r = {0};
  world_must(store_find(una->store, &unsent, &r), "the record");
  assert_string_equal(r.state, "accepted");
  record_release(&r);
  buf_release(&spki);
  buf_release(&there);
  buf_release(&back);
  buf_release(&other);
  buf_release(&joined);
}

#define IN_A_WORLD(f) cmocka_unit_test_setup_teardown(f, open_world, close_world)

int main(void) {
  const struct CMUnitTest tests[] = {
      IN_A_WORLD(an_exchange_by_files),
      IN_A_WORLD(every_bit_and_every_cut),
      IN_A_WORLD(forged_ones),
      IN_A_WORLD(twice_and_out_of_order),
      IN_A_WORLD(from_a_place_not_come_to),
      IN_A_WORLD(documents_and_several_pages),
      IN_A_WORLD(more_than_fits),
      IN_A_WORLD(a_hole_in_the_answer),
      IN_A_WORLD(without_its_document_an_act_waits),
      IN_A_WORLD(what_was_held_is_sent_again),
      IN_A_WORLD(what_was_held_follows_a_new_key),
      IN_A_WORLD(nothing_comes_back),
      IN_A_WORLD(handovers_on_the_way),
      IN_A_WORLD(one_that_lost_its_rights),
      IN_A_WORLD(a_new_key),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
