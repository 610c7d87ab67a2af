/* Heads that agencies hand over (core/FORMAT.md section 5.1), as a machine writes them and as the auditor judges them
 * (audit/FORMAT.md section 4.4): honest ones, changed ones that the machine signed, and ledgers that lack something. */
#include "core/head.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "audit/verify_parts.h"
#include "core/discard.h"
#include "core/note.h"
#include "tests/lib/published.h"

static struct world w;
static struct world_member *keeper, *ben, *ann;
static struct published p;
static struct buf head; /* Ben's, and what a case makes of it */

static void record(struct world_member *m, const char *name) {
  struct draft draft = WORLD_DRAFT("child.add", {"name", name});
  struct verdict v;
  assert_int_equal(world_write(&w, m, &draft, 1, ACCEPT_WRITE_ANYWAY, &v), OK);
}

/* Ben's acts 1 and 2 are accepted, 3 is refused, 4 is accepted, 5 is not sent. */
static int open_world(void **state) {
  (void)state;
  world_open(&w, 41);
  struct hash social = world_agency(&w, "Social Work", "social-work"), health = world_agency(&w, "Health", "health");
  keeper = world_join(&w, &social, "Kirsty Gow", "keeper officer");
  ben = world_join(&w, &social, "Ben Muir", "practitioner");
  ann = world_join(&w, &health, "Ann Reid", "practitioner");
  record(ben, "One");
  record(ben, "Two");
  world_sync(&w, ben);
  struct draft agency = WORLD_DRAFT("agency.add", {"name", "Of my own"}, {"type", "other"});
  struct verdict v;
  assert_int_equal(world_write(&w, ben, &agency, 1, ACCEPT_WRITE_ANYWAY, &v), OK);
  record(ben, "Three");
  world_sync(&w, ben);
  record(ben, "Four");
  return 0;
}

static int close_world(void **state) {
  (void)state;
  world_close(&w);
  return 0;
}

static void write_head(const struct world_member *m, struct buf *out) {
  struct head h;
  buf_clear(out);
  assert_int_equal(head_write(m->store, m->replica_key, w.now_s, out, &h), OK);
}

/* ---- what is done to the head, and to the ledger ---- */

/* The first occurrence, or what stands between it and the end of its line; signed again by this key. */
static void edit(const char *from, const char *to, const struct key *signer) {
  uint8_t *at = memmem(head.at, head.len, from, strlen(from));
  assert_non_null(at);
  size_t line = (size_t)((uint8_t *)memchr(at, '\n', head.len - (size_t)(at - head.at)) - at);
  size_t cut = strchr(to, '\n') ? line + 1 : strlen(from);
  struct buf text = {0}, signature = {0};
  buf_add(&text, bytes_of(head.at, (size_t)(at - head.at)));
  buf_add_str(&text, to[0] == '\n' ? "" : to);
  buf_add(&text, bytes_of(at + cut, head.len - (size_t)(at - head.at) - cut));
  uint8_t *end = memmem(text.at, text.len, "signature ", 10);
  assert_non_null(end);
  text.len = (size_t)(end - text.at);
  assert_int_equal(key_sign(signer, buf_bytes(&text), &signature), OK);
  buf_add_str(&text, "signature ");
  text_base64_encode(&text, buf_bytes(&signature));
  buf_add_str(&text, "\n");
  buf_release(&signature);
  buf_release(&head);
  head = text;
}

static void without_note(void) {
  edit("note ", "\n", ben->replica_key);
}

/* What is not there any more changes the tree, so the head comes without its checkpoint. */
static void drop(size_t leaf) {
  without_note();
  published_drop(&p, leaf);
}

static void nothing(void) {
}
static void the_tail_is_gone(void) {
  drop(published_find(&p, &ben->replica, 4));
}
static void an_act_is_gone(void) {
  drop(published_find(&p, &ben->replica, 2));
}
static void the_refusal_is_gone(void) {
  drop(published_find_kind(&p, "act.refuse"));
}
static void another_act_at_its_number(void) {
  struct hash previous = published_position(&p, published_find(&p, &ben->replica, 2));
  without_note();
  published_place(&p, published_find(&p, &ben->replica, 4), &ben->replica, 4, &previous, NULL);
}
static void held_it_says(void) {
  edit("refused ", "held ", ben->replica_key);
}
static void accepted_elsewhere(void) {
  char line[32];
  struct buf leaf = {0};
  snprintf(line, sizeof line, "accepted %zu", published_find(&p, &ben->replica, 4) + 1);
  edit(line, "accepted 2", ben->replica_key);
  buf_release(&leaf);
}
static void accepted_somewhere(void) {
  char line[32];
  snprintf(line, sizeof line, "accepted %zu", published_find(&p, &ben->replica, 4) + 1);
  edit(line, "accepted -", ben->replica_key);
}
static void signed_by_another(void) {
  edit("cairn head 1", "cairn head 1", ann->replica_key);
}
static void of_a_person(void) {
  char from[80], to[80];
  struct hash id = key_id(ben->key);
  snprintf(from, sizeof from, "replica %s", hash_hex(&ben->replica).s);
  snprintf(to, sizeof to, "replica %s", hash_hex(&id).s);
  edit(from, to, ben->key);
}
static void of_another_ledger(void) {
  edit("origin nl.example/register", "origin nl.example/elsewhere", ben->replica_key);
}

/* With a checkpoint of this size that this key has signed. */
static void vouch(uint64_t size, uint8_t change, const struct key *signer) {
  struct checkpoint c = {.origin = "nl.example/register", .size = size, .time = {"2026-11-21T09:00:00Z"}};
  struct buf text = {0}, note = {0}, line = {0};
  if (size <= p.count)
    world_must(store_tree_root(w.node.store, size, &c.root), "a root");
  c.root.at[3] ^= change;
  checkpoint_format(&text, &c);
  world_must(note_sign(buf_bytes(&text), c.origin, signer, &note), "a note");
  buf_add_str(&line, "note ");
  text_base64_encode(&line, buf_bytes(&note));
  buf_add_str(&line, "\n");
  edit("note ", buf_cstr(&line), ben->replica_key);
  buf_release(&line);
  buf_release(&note);
  buf_release(&text);
}

static void a_note_by_another_key(void) {
  vouch(p.count, 0, w.operating);
}
static void another_history(void) {
  vouch(p.count - 2, 1, w.ledger);
}
static void a_larger_ledger(void) {
  vouch(p.count + 5, 0, w.ledger);
}
static void what_cannot_be_read(void) {
  published_edit(&p, published_find(&p, &ben->replica, 4), "cairn leaf 1", "cairn leaf 2");
  without_note();
}

static const struct {
  const char *what;
  void (*change)(void);
  const char *expected; /* codes */
  const char *says;     /* part of a sentence */
} cases[] = {
    {"nothing", nothing, "", ""},
    {"accepted, and not delivered yet", accepted_somewhere, "", ""},
    {"its newest act is gone", the_tail_is_gone, "M-TAIL M-RECEIPT", "number 4 "},
    {"an act is gone", an_act_is_gone, "M-GAP M-RECEIPT M-RECEIPT", "it is not there"},
    {"the refusal is gone, and what follows stands elsewhere", the_refusal_is_gone, "M-GAP M-REFUSAL M-RECEIPT",
     "was refused, and no entry says so"},
    {"another act has its number", another_act_at_its_number, "M-PREVIOUS M-FORK", "had signed for another act"},
    {"held, and no entry says so", held_it_says, "M-REFUSAL", "is held"},
    {"accepted elsewhere", accepted_elsewhere, "M-RECEIPT", "it stands at"},
    {"not signed by the machine", signed_by_another, "M-HEAD", "not signed"},
    {"of a person's key", of_a_person, "M-HEAD", "no machine"},
    {"of another ledger", of_another_ledger, "M-HEAD", "another ledger"},
    {"its checkpoint is not the ledger's", a_note_by_another_key, "M-HEAD", "ledger's key has not signed"},
    {"another history", another_history, "N-FORK", "has verified"},
    {"more than there is", a_larger_ledger, "N-ROLLBACK", "has verified"},
    {"what cannot be read is not missed", what_cannot_be_read, "I-LEAF", ""},
};

static bool is_found(size_t i) {
  char said[256] = "";
  size_t len = 0;
  bool is_said = false;
  published_read(&p, w.node.store);
  write_head(ben, &head);
  cases[i].change();
  struct verify_text text = vtext_of(head.at, head.len);
  struct verify *v = published_judge_with(&p, w.ledger, &(struct verify_facts){.heads = &text, .head_count = 1});
  const struct verify_result *r = verify_end(v);
  for (size_t f = 0; f < r->finding_count; f++) {
    len += (size_t)snprintf(said + len, sizeof said - len, "%s%s", f ? " " : "", verify_code_text(r->findings[f].code));
    is_said = is_said || strstr(r->findings[f].sentence, cases[i].says);
  }
  bool has_conflict = strncmp(cases[i].expected, "N-", 2) == 0;
  bool good = strcmp(said, cases[i].expected) == 0 && (is_said || r->finding_count == 0) &&
              (r->conflict_count == 1) == has_conflict;
  if (!good) {
    print_error("%s: \"%s\", %zu conflicts\n", cases[i].what, said, r->conflict_count);
    for (size_t f = 0; f < r->finding_count; f++)
      print_error("  %s\n", r->findings[f].sentence);
  }
  verify_free(v);
  published_release(&p);
  buf_release(&head);
  return good;
}

static void test_heads(void **state) {
  int missed = 0;
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    missed += !is_found(i);
  assert_int_equal(missed, 0);
}

/* ---- the form ---- */

static bool is_form(struct bytes text) {
  struct vhead h;
  void *copy = mem_alloc(text.len);
  if (text.len)
    memcpy(copy, text.at, text.len);
  bool good = vhead_read(vtext_of(copy, text.len), &h);
  if (good)
    vhead_release(&h);
  free(copy);
  return good;
}

/* Cut anywhere it is none; with a bit changed it is none, or not what the machine signed. */
static void test_form(void **state) {
  struct vcurve *curve = vcurve_new();
  struct vkey key;
  (void)state;
  write_head(ben, &head);
  struct bytes spki = key_spki(ben->replica_key);
  assert_true(vkey_read(spki.at, spki.len, &key));
  assert_true(is_form(buf_bytes(&head)));
  for (size_t n = 0; n < head.len; n++)
    assert_false(is_form(bytes_of(head.at, n)));
  for (size_t bit = 0; bit < 8 * head.len; bit += 101) {
    struct vhead h;
    head.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
    if (vhead_read(vtext_of(head.at, head.len), &h)) {
      assert_false(vhead_is_signed(curve, &h, &key));
      vhead_release(&h);
    }
    head.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
  }
  vcurve_free(curve);
  buf_release(&head);
}

static void test_forms(void **state) {
  static const struct {
    const char *from, *to;
  } forms[] = {
      {"cairn head 1", "cairn head 2"}, {"told 2 ", "told 1 "}, {"told 4 ", "told 5 "},      {"told 1 ", "told 0 "},
      {"refused", "turned away"},       {"accepted", "lost"},   {"number 4", "number 04"},   {"number 4", "number 0"},
      {"number 4", "number 1"},         {"note ", "note A"},    {"previous ", "preceding "},
  };
  (void)state;
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
    write_head(ben, &head);
    edit(forms[i].from, forms[i].to, ben->replica_key);
    if (is_form(buf_bytes(&head)))
      fail_msg("%s", forms[i].to);
    buf_release(&head);
  }
}

/* A machine that was told of nothing yet. */
static void test_nothing_sent(void **state) {
  struct head h;
  (void)state;
  assert_int_equal(head_write(ann->store, ann->replica_key, w.now_s, &head, &h), OK);
  assert_int_equal(h.number, 0);
  assert_int_equal(h.told, 0);
  assert_true(h.size > 0 && is_form(buf_bytes(&head)));
  buf_release(&head);
}

/* ---- quorum ---- */

static uint64_t count_agencies(uint64_t quorum, const struct verify_text *heads, size_t count, bool *found_out) {
  struct verify *v =
      published_judge_with(&p, w.ledger, &(struct verify_facts){.heads = heads, .head_count = count, .quorum = quorum});
  const struct verify_result *r = verify_end(v);
  uint64_t size = r->quorum_size;
  *found_out = r->finding_count > 0;
  assert_true(r->finding_count <= 1);
  assert_true(!*found_out || r->findings[0].code == VERIFY_N_QUORUM);
  assert_int_equal(r->verdicts[VERIFY_ANCHORING], *found_out ? VERIFY_UNKNOWN : VERIFY_HOLDS);
  verify_free(v);
  return size;
}

/* Agencies count, each once, however many of its machines vouch and how often. */
static void test_quorum(void **state) {
  struct buf bens = {0}, keepers = {0}, anns = {0};
  bool is_found;
  (void)state;
  for (size_t i = 0; i < 2; i++) {
    world_sync(&w, keeper);
    world_sync(&w, ann);
    world_sync(&w, ben);
  }
  world_sync(&w, keeper);
  world_sync(&w, ann);
  published_read(&p, w.node.store);
  write_head(ben, &bens);
  write_head(keeper, &keepers);
  write_head(ann, &anns);
  struct verify_text heads[] = {vtext_of(bens.at, bens.len), vtext_of(bens.at, bens.len),
                                vtext_of(keepers.at, keepers.len), vtext_of(anns.at, anns.len)};
  assert_int_equal(count_agencies(1, heads, 1, &is_found), p.count);
  assert_false(is_found);
  assert_int_equal(count_agencies(2, heads, 2, &is_found), 0);
  assert_true(is_found);
  assert_int_equal(count_agencies(2, heads, 3, &is_found), 0);
  assert_true(is_found);
  assert_int_equal(count_agencies(2, heads, 4, &is_found), p.count);
  assert_false(is_found);
  assert_int_equal(count_agencies(3, heads, 4, &is_found), 0);
  assert_true(is_found);
  assert_int_equal(count_agencies(1, NULL, 0, &is_found), 0);
  assert_true(is_found);
  published_release(&p);
  buf_release(&bens);
  buf_release(&keepers);
  buf_release(&anns);
}

/* ---- what was discarded ---- */

static enum err find_refused(void *of, const struct outbox_row *row) {
  if (strcmp(row->state, "refused") == 0)
    *(uint64_t *)of = row->act;
  return OK;
}

static size_t before_signature(const struct buf *text) {
  const uint8_t *at = memmem(text->at, text->len, "signature ", 10);
  assert_non_null(at);
  return (size_t)(at - text->at);
}

/* The machine was told all the same: it says so, and by the newest of its acts, too. */
static void test_discarded(void **state) {
  uint64_t first = 0, named_by;
  struct buf before = {0};
  (void)state;
  write_head(ben, &before);
  assert_non_null(memmem(before.at, before.len, " refused permission\n", 20));
  assert_int_equal(store_outbox_each(ben->store, &first, find_refused), OK);
  assert_int_equal(store_begin(ben->store), OK);
  assert_int_equal(discard_act(ben->store, first, &named_by), OK);
  assert_int_equal(store_commit(ben->store), OK);
  write_head(ben, &head);
  assert_int_equal(before_signature(&head), before_signature(&before));
  assert_memory_equal(head.at, before.at, before_signature(&head));
  buf_release(&before);
  buf_release(&head);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_heads),        cmocka_unit_test(test_form),   cmocka_unit_test(test_forms),
      cmocka_unit_test(test_nothing_sent), cmocka_unit_test(test_quorum), cmocka_unit_test(test_discarded),
  };
  return cmocka_run_group_tests_name("head", tests, open_world, close_world);
}
