#include "audit/verify_parts.h"

#include <string.h>

/* What a later commit did to a file of leaves that an earlier one had published, by the entries that it touched: from
 * the first byte that differs to the last. */

static size_t common_start(struct verify_text a, struct verify_text b) {
  size_t n = 0;
  while (n < a.len && n < b.len && a.at[n] == b.at[n])
    n++;
  return n;
}

/* Not reaching into what the start has. */
static size_t common_end(struct verify_text a, struct verify_text b, size_t start) {
  size_t n = 0;
  while (n < a.len - start && n < b.len - start && a.at[a.len - 1 - n] == b.at[b.len - 1 - n])
    n++;
  return n;
}

/* The number of the entry whose leaf this byte belongs to; 0 if it cannot be told. */
static uint64_t number_at(struct verify_text file, size_t at) {
  size_t start = at;
  uint64_t number = 0;
  while (start > 0 && (start < 2 || file.at[start - 1] != '\n' || file.at[start - 2] != '\n'))
    start--;
  struct vlines l = {vtext_of(file.at + start, file.len - start), false};
  return vtext_is(vlines_next(&l), "cairn leaf 1") && vtext_number(vlines_field(&l, "number"), &number) && !l.failed
             ? number
             : 0;
}

static void find_changed(struct verify *v, const struct verify_change *c, uint64_t first, uint64_t last) {
  const char *what = c->after_len ? "changes" : "removes";
  unsigned long long commit = c->commit, earlier = c->earlier;
  if (first == 0 || last == 0)
    vfind(v, VERIFY_P_TREE, 0, "commit %llu %s leaves that commit %llu had published", commit, what, earlier);
  else if (first == last)
    vfind(v, VERIFY_P_TREE, first, "commit %llu %s entry %llu, which commit %llu had published", commit, what,
          (unsigned long long)first, earlier);
  else
    vfind(v, VERIFY_P_TREE, first, "commit %llu %s entries %llu to %llu, which commit %llu had published", commit, what,
          (unsigned long long)first, (unsigned long long)last, earlier);
}

void verify_changed(struct verify *v, const struct verify_change *c) {
  const struct verify_text before = vtext_of(c->before, c->before_len), after = vtext_of(c->after, c->after_len);
  const size_t start = common_start(before, after);
  if (before.len == 0) {
    find_changed(v, c, 0, 0);
  } else if (start == before.len) {
    const uint64_t last = number_at(before, before.len - 1);
    vfind(v, VERIFY_P_TREE, last, "commit %llu adds something behind entry %llu, to what commit %llu had published",
          (unsigned long long)c->commit, (unsigned long long)last, (unsigned long long)c->earlier);
  } else {
    const size_t end = before.len - common_end(before, after, start);
    find_changed(v, c, number_at(before, start), number_at(before, end > start ? end - 1 : start));
  }
}
