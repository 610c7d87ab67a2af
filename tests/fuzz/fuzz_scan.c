/* The search for restricted values: the first byte says which kind, the rest of its line is the value, the rest of all
 * the text. Hits lie within the text, in order; a value that stands in the text is found where it stands. */
#include <assert.h>
#include <stdlib.h>

#include "core/scan.h"
#include "core/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);

static bool is_within_character(struct bytes text, size_t at) {
  return at < text.len && (text.at[at] & 0xc0) == 0x80;
}

/* Is the one value found as it is written, between from and to? */
static bool check_hits(const struct scan_hits *hits, struct bytes text, size_t from, size_t to) {
  bool is_whole = text_is_utf8(text), is_found = false;
  for (size_t i = 0; i < hits->count; i++) {
    const struct scan_hit *h = &hits->at[i];
    assert(h->value == 0 && h->text == 0 && h->start < h->end && h->end <= text.len);
    assert(i == 0 || hits->at[i - 1].end <= h->start);
    assert(!is_whole || (!is_within_character(text, h->start) && !is_within_character(text, h->end)));
    is_found = is_found || (h->how == SCAN_EXACT && h->start < to && h->end > from);
  }
  return is_found;
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len) {
  struct bytes rest = bytes_of(in + 1, len ? len - 1 : 0), line = {0};
  struct scan_found found[4];
  struct scan_hits hits;
  struct buf around = {0};
  if (len == 0 || !text_split(&rest, '\n', &line) || line.len > SCAN_VALUE_MAX)
    return 0;
  struct scan_value value = {in[0] % (SCAN_OTHER + 1), line};
  struct scan_text text = {"", rest};
  if (scan_find(&value, 1, &text, 1, &hits) == OK) {
    check_hits(&hits, rest, 0, 0);
    scan_hits_release(&hits);
  }
  size_t count = scan_extract(rest, found, 4);
  for (size_t i = 0; i < count && i < 4; i++)
    assert(found[i].start < found[i].end && found[i].end <= rest.len && (i == 0 || found[i - 1].end <= found[i].start));
  buf_add(&around, rest);
  buf_add_str(&around, " ");
  buf_add(&around, line);
  buf_add_str(&around, " ");
  buf_add(&around, rest);
  text.text = buf_bytes(&around);
  if (scan_find(&value, 1, &text, 1, &hits) == OK) {
    bool is_found = check_hits(&hits, text.text, rest.len + 1, rest.len + 1 + line.len);
    assert(is_found || hits.is_cut || !scan_is_searched(line));
    scan_hits_release(&hits);
  }
  buf_release(&around);
  return 0;
}
