/* The text forms: what a reader accepts is written again as the same bytes, and the narrower forms are within the wider
 * ones. */
#include <assert.h>

#include "core/hash.h"
#include "core/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);

static void check_decoders(struct bytes b) {
  struct buf plain = {0}, again = {0};
  struct hash h;
  uint64_t number;
  int64_t unix_s;
  if (text_base64_decode(b, &plain) == OK) {
    text_base64_encode(&again, buf_bytes(&plain));
    assert(bytes_equal(buf_bytes(&again), b));
  }
  buf_clear(&again);
  if (hash_parse(b, &h) == OK)
    hash_format(&again, &h);
  else if (text_number(b, &number) == OK)
    buf_addf(&again, "%llu", (unsigned long long)number);
  else if (text_time_parse(b, &unix_s) == OK)
    buf_add_str(&again, text_time_format(unix_s).s);
  assert(again.len == 0 || bytes_equal(buf_bytes(&again), b));
  buf_release(&plain);
  buf_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len) {
  struct bytes b = bytes_of(in, len), line;
  struct reader r = reader_of(b);
  assert(!text_is_name(b) || text_is_token(b));
  assert(!text_is_kind(b) || text_is_token(b));
  assert(!text_is_date(b) || text_is_token(b));
  assert(!text_is_time(b) || text_is_date(bytes_of(b.at, TEXT_DATE_SIZE)));
  assert(!text_is_token(b) || text_is_plain(b));
  assert(!text_is_plain(b) || text_is_plain_lines(b));
  assert(!text_is_plain_lines(b) || text_is_utf8(b));
  check_decoders(b);
  while (r.rest.len > 0) {
    line = text_line(&r);
    assert(r.err != OK || (line.len > 0 && line.at[line.len] == '\n'));
  }
  return 0;
}
