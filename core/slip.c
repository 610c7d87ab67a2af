#include "core/slip.h"

#include <stdlib.h>
#include <string.h>

#include "core/fold.h"

struct slip *slip_new(void) {
  return mem_alloc(sizeof(struct slip));
}

static void forget_hits(struct slip *s) {
  for (size_t i = 0; i < s->hit_count; i++)
    free((char *)s->hits[i].reason);
  free(s->hits);
  s->hits = NULL;
  s->hit_count = 0;
  s->is_cut = false;
}

void slip_free(struct slip *s) {
  if (s == NULL)
    return;
  forget_hits(s);
  buf_release_secret(&s->room);
  mem_free_secret(s, sizeof *s);
}

/* ---- values ---- */

static struct bytes value_of(const struct slip *s, const struct slip_value *v) {
  return bytes_of(s->room.at + v->at, v->len);
}

static bool has_value(const struct slip *s, enum scan_kind kind, struct bytes value) {
  for (size_t i = 0; i < s->value_count; i++)
    if (s->values[i].kind == kind && bytes_equal(value_of(s, &s->values[i]), value))
      return true;
  return false;
}

static enum err add_value(struct slip *s, const struct hash *item, enum scan_kind kind, struct bytes value) {
  if (value.len > SCAN_VALUE_MAX)
    return err_set(ERR_LIMIT, "%s of %zu bytes; the most that is searched for is %d", scan_kind_word(kind), value.len,
                   SCAN_VALUE_MAX);
  if (!scan_is_searched(value)) {
    s->unsearched_count++;
    return OK;
  }
  if (has_value(s, kind, value))
    return OK;
  if (s->value_count == SCAN_VALUES_MAX)
    return err_set(ERR_LIMIT, "more than %d restricted values in one search", SCAN_VALUES_MAX);
  s->values[s->value_count] = (struct slip_value){*item, kind, s->room.len, value.len};
  buf_add(&s->room, value);
  if (buf_err(&s->room) == OK)
    s->value_count++;
  return buf_err(&s->room);
}

/* A field that may occur more than once is a list; once, it is a text. */
static enum err add_field(struct slip *s, const struct hash *item, enum scan_kind kind, const struct json *field) {
  enum err e = OK;
  if (field && json_get_type(field) == JSON_TEXT)
    return add_value(s, item, kind, json_get_text(field));
  if (field == NULL || json_get_type(field) != JSON_LIST)
    return OK;
  for (size_t i = 0; i < json_count(field) && e == OK; i++)
    if (json_get_type(json_at(field, i)) == JSON_TEXT)
      e = add_value(s, item, kind, json_get_text(json_at(field, i)));
  return e;
}

static enum err add_found(struct slip *s, const struct hash *item, struct bytes text) {
  enum err e = OK;
  size_t count = scan_extract(text, NULL, 0);
  struct scan_found *found = mem_alloc_array(count, sizeof *found);
  scan_extract(text, found, count);
  for (size_t i = 0; i < count && e == OK; i++)
    e = add_value(s, item, found[i].kind, bytes_of(text.at + found[i].start, found[i].end - found[i].start));
  free(found);
  return e;
}

enum err slip_add_item(struct slip *s, const struct hash *item, const struct json *content) {
  size_t values = s->value_count, unsearched = s->unsearched_count;
  const struct json *what = json_get(content, "what");
  enum err e = OK;
  for (enum scan_kind kind = SCAN_ADDRESS; kind <= SCAN_OTHER && e == OK; kind++)
    e = add_field(s, item, kind, json_get(content, scan_kind_word(kind)));
  if (e == OK && what && json_get_type(what) == JSON_TEXT)
    e = add_found(s, item, json_get_text(what));
  if (e != OK) {
    s->value_count = values;
    s->unsearched_count = unsearched;
  }
  return e;
}

/* ---- hits ---- */

static bool is_begin(uint8_t c) {
  return (c & 0xc0) != 0x80;
}

/* What stands around the place on its lines, cut between characters. */
static void put_context(struct slip_hit *h, struct bytes text, size_t start, size_t end) {
  size_t from = start, to = end;
  while (from > 0 && start - from < SLIP_CONTEXT_MAX && text.at[from - 1] != '\n')
    from--;
  while (from < start && !is_begin(text.at[from]))
    from++;
  while (to < text.len && to - end < SLIP_CONTEXT_MAX && text.at[to] != '\n')
    to++;
  while (to > end && to < text.len && !is_begin(text.at[to]))
    to--;
  h->before = bytes_of(text.at + from, start - from);
  h->said = bytes_of(text.at + start, end - start);
  h->after = bytes_of(text.at + end, to - end);
}

static void take_hits(struct slip *s, const struct scan_hits *found, const struct scan_text *texts) {
  size_t text = SIZE_MAX, line = 1, at = 0;
  s->hits = mem_alloc_array(found->count, sizeof *s->hits);
  s->hit_count = found->count;
  s->is_cut = found->is_cut;
  for (size_t i = 0; i < found->count; i++) {
    const struct scan_hit *hit = &found->at[i];
    const struct slip_value *v = &s->values[hit->value];
    if (hit->text != text) {
      text = hit->text;
      line = 1;
      at = 0;
    }
    for (; at < hit->start; at++)
      line += texts[text].text.at[at] == '\n';
    s->hits[i] =
        (struct slip_hit){.item = v->item, .kind = v->kind, .how = hit->how, .where = texts[text].where, .line = line};
    put_context(&s->hits[i], texts[text].text, hit->start, hit->end);
  }
}

enum err slip_search(struct slip *s, const struct scan_text *texts, size_t count) {
  struct scan_value *values = mem_alloc_array(s->value_count, sizeof *values);
  struct scan_hits found = {0};
  forget_hits(s);
  for (size_t i = 0; i < s->value_count; i++)
    values[i] = (struct scan_value){s->values[i].kind, value_of(s, &s->values[i])};
  enum err e = scan_find(values, s->value_count, texts, count, &found);
  if (e == OK)
    take_hits(s, &found, texts);
  scan_hits_release(&found);
  free(values);
  return e;
}

/* ---- explanations ---- */

static bool says_the_same(const struct fold *words, struct bytes said) {
  struct fold f;
  bool is_same =
      fold_text(said, &f) == OK && f.count == words->count && memcmp(f.letters, words->letters, f.count) == 0;
  fold_release(&f);
  return is_same;
}

enum err slip_explain(struct slip *s, struct bytes said, struct bytes reason) {
  struct fold words = {0}, letters = {0};
  size_t explained = 0;
  enum err e = fold_text(said, &words);
  if (e == OK && reason.len > SLIP_REASON_MAX)
    e = err_set(ERR_LIMIT, "a reason of %zu bytes; it may have %d", reason.len, SLIP_REASON_MAX);
  if (e == OK)
    e = fold_text(reason, &letters);
  if (e == OK && letters.count == 0)
    e = err_set_remedy(ERR_FORM, "say why these words may stay in the family's copy",
                       "an explanation without a reason");
  for (size_t i = 0; i < s->hit_count && e == OK; i++)
    if (says_the_same(&words, s->hits[i].said)) {
      free((char *)s->hits[i].reason);
      s->hits[i].reason = bytes_copy_string(reason);
      explained++;
    }
  if (e == OK && explained == 0)
    e = err_set_remedy(ERR_ABSENT, "name the words as the search shows them", "\"%.*s\" is not among what was found",
                       (int)(said.len < 100 ? said.len : 100), said.at);
  fold_release(&words);
  fold_release(&letters);
  return e;
}

size_t slip_remaining(const struct slip *s) {
  size_t count = 0;
  for (size_t i = 0; i < s->hit_count; i++)
    count += s->hits[i].reason == NULL;
  return count;
}

bool slip_is_clear(const struct slip *s) {
  return !s->is_cut && slip_remaining(s) == 0;
}
