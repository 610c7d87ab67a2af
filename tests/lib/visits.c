#include "tests/lib/visits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "audit/verify_parts.h"

/* Where a leaf ends, and whether its act ends with it. */
struct cut {
  uint64_t size;
  size_t offset;
  bool is_end;
};

static bool next_cut(struct bytes leaves, struct cut *c) {
  unsigned long long index, size;
  char start[256];
  if (c->offset == leaves.len)
    return false;
  const uint8_t *at = leaves.at + c->offset;
  const uint8_t *end = memmem(at, leaves.len - c->offset, "\n\n", 2);
  assert_non_null(end);
  snprintf(start, sizeof start, "%.*s", (int)(end - at), (const char *)at);
  const char *act = strstr(start, "\nact ");
  assert_true(act && sscanf(act + 5, "%*s %llu %llu", &index, &size) == 2);
  c->offset += (size_t)(end + 2 - at);
  c->size++;
  c->is_end = index + 1 == size;
  return true;
}

static struct verify_facts facts_of(const struct visits *vs, const struct visit *last) {
  struct verify_facts f = *vs->facts;
  f.seen_vkey = last->vkey;
  f.seen_note = last->note.at;
  f.seen_note_len = last->note.len;
  f.state = (struct verify_source){last->state.at, last->state.len, NULL};
  return f;
}

static bool has_checkpoint(const struct visits *vs, const struct cut *c, struct buf *note) {
  buf_clear(note);
  return vs->checkpoint(vs->of, c->size, note);
}

/* No two visits find the same on the stack: what comes out of it unwritten differs. */
__attribute__((noinline)) static void soil_stack(void) {
  static unsigned char next;
  volatile unsigned char soil[1 << 16];
  next++;
  for (size_t i = 0; i < sizeof soil; i++)
    soil[i] = next;
}

static const struct verify_result *feed(struct verify *v, const struct visits *vs, size_t from, const struct cut *to,
                                        const struct buf *note) {
  assert_non_null(v);
  soil_stack();
  v->is_trusting = vs->first > 0 && from == 0; /* the signatures of the beginning are no matter of this test */
  verify_leaves(v, vs->leaves.at + from, to->offset - from);
  v->is_trusting = false;
  verify_checkpoint(v, note->at, note->len);
  return verify_end(v);
}

static struct verify *go_on(const struct visits *vs, const struct visit *last) {
  const char *why = "";
  struct verify_place place;
  struct verify_facts f = facts_of(vs, last);
  if (f.state.size == 0)
    return verify_new(&f, &why);
  struct verify *v = verify_resume(&f, &place, &why);
  if (v == NULL)
    fail_msg("%s", why);
  assert_int_equal(place.number, 7);
  assert_string_equal(place.commit, "commit");
  return v;
}

static bool add_piece(void *of, const void *at, size_t len) {
  buf_add(of, bytes_of(at, len));
  return buf_err(of) == OK;
}

/* True if something was left behind. */
static bool leave(struct verify *v, const struct verify_result *r, const struct buf *note, struct visit *out) {
  static const struct verify_place place = {"commit", 7};
  if (!verify_is_worth_keeping(v))
    return false;
  visit_release(out);
  out->vkey = mem_copy_string(r->vkey);
  buf_add(&out->note, buf_bytes(note));
  assert_true(verify_save(v, &place, &(struct verify_sink){&out->state, add_piece}));
  return true;
}

void visits_expect_same(const struct verify_result *a, const struct verify_result *b) {
  for (size_t i = 0; i < a->finding_count && i < b->finding_count; i++) {
    assert_memory_equal(a->findings[i].sentence, b->findings[i].sentence, sizeof a->findings[i].sentence);
    assert_int_equal(a->findings[i].code, b->findings[i].code);
    assert_int_equal(a->findings[i].entry, b->findings[i].entry);
  }
  assert_int_equal(a->finding_count, b->finding_count);
  assert_int_equal(a->findings_beyond, b->findings_beyond);
  assert_memory_equal(a->verdicts, b->verdicts, sizeof a->verdicts);
  assert_int_equal(a->entry_count, b->entry_count);
  assert_int_equal(a->size, b->size);
  assert_string_equal(a->origin, b->origin);
  assert_string_equal(a->vkey, b->vkey);
  assert_string_equal(a->fingerprint, b->fingerprint);
  assert_string_equal(a->root, b->root);
  assert_string_equal(a->time, b->time);
  assert_string_equal(a->short_form, b->short_form);
  assert_int_equal(a->witness_count, b->witness_count);
  for (size_t i = 0; i < a->witness_count; i++) {
    assert_string_equal(a->witnesses[i].machine, b->witnesses[i].machine);
    assert_string_equal(a->witnesses[i].agency, b->witnesses[i].agency);
    assert_int_equal(a->witnesses[i].size, b->witnesses[i].size);
    assert_string_equal(a->witnesses[i].time, b->witnesses[i].time);
  }
}

static void compare_with_all(const struct visits *vs, const struct visit *last, const struct cut *to,
                             const struct buf *note, const struct verify_result *r) {
  const char *why = "";
  struct verify_facts f = facts_of(vs, last);
  struct verify *v = verify_new(&f, &why);
  visits_expect_same(feed(v, vs, 0, to, note), r);
  verify_free(v);
}

/* Nothing has been published since. */
static void compare_with_the_same(const struct visits *vs, const struct visit *last, const struct verify_result *r) {
  struct verify *v = go_on(vs, last);
  visits_expect_same(verify_end(v), r);
  verify_free(v);
}

/* whole: NULL to compare after each. */
static void come_again_and_again(const struct visits *vs, const struct verify_result *whole) {
  struct visit last = {0};
  struct buf note = {0};
  struct cut cut = {0};
  size_t from = 0;
  while (next_cut(vs->leaves, &cut)) {
    bool is_last = cut.offset == vs->leaves.len;
    bool is_enough = vs->is_once && from > 0;
    if (((!cut.is_end || cut.size < vs->first || is_enough) && !is_last) || !has_checkpoint(vs, &cut, &note))
      continue;
    struct verify *v = go_on(vs, &last);
    const struct verify_result *r = feed(v, vs, from, &cut, &note);
    if (whole == NULL)
      compare_with_all(vs, &last, &cut, &note, r);
    else if (is_last)
      visits_expect_same(whole, r);
    bool is_left = leave(v, r, &note, &last);
    if (is_left && whole == NULL)
      compare_with_the_same(vs, &last, r);
    if (is_left)
      from = cut.offset;
    verify_free(v);
  }
  buf_release(&note);
  visit_release(&last);
}

void visits_compare(const struct visits *vs, const struct verify_result *whole) {
  come_again_and_again(vs, whole);
}

void visits_compare_each(const struct visits *vs) {
  come_again_and_again(vs, NULL);
}

void visits_make(const struct visits *vs, uint64_t count, struct visit *out) {
  struct buf note = {0};
  struct cut cut = {0};
  while (next_cut(vs->leaves, &cut) && (cut.size < count || !cut.is_end || !has_checkpoint(vs, &cut, &note))) {
  }
  struct verify *v = go_on(vs, out);
  const struct verify_result *r = feed(v, vs, 0, &cut, &note);
  assert_true(leave(v, r, &note, out));
  verify_free(v);
  buf_release(&note);
}

void visit_release(struct visit *v) {
  free(v->vkey);
  buf_release(&v->note);
  buf_release(&v->state);
  *v = (struct visit){0};
}
