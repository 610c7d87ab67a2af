/* How long the search for 500 restricted values takes in a mebibyte of text: of words as people write them, and of
 * texts that are made to take long. Ends with 1 if the first took longer than a second, or another one than three. */
#include <stdio.h>
#include <stdlib.h>

#include "core/scan.h"
#include "tests/bench/bench.h"

#define VALUES 500
#define TEXT ((size_t)1 << 20)
#define LIMIT_MS 1000.0
#define MADE_LIMIT_MS 3000.0
#define COUNT(list) (sizeof(list) / sizeof *(list))

static const struct {
  enum scan_kind kind;
  const char *before, *after;
} forms[] = {
    {SCAN_ADDRESS, "Flat 2/1, ", " Maryhill Road, Glasgow G20 7TH"},
    {SCAN_NAME, "James Reid", " Reid"},
    {SCAN_TELEPHONE, "0141 496 ", ""},
    {SCAN_SCHOOL, "Saint Mary ", " Primary School"},
    {SCAN_OTHER, "1111111111 ", ""},
};

static const struct {
  const char *name, *unit, *again;
} shapes[] = {
    {"scan", "ms, 1 MiB of words as people write them, for 500 values", NULL},
    {"scan_surname", "ms, the same of a surname that many bear", "Reid "},
    {"scan_sounds_alike", "ms, the same of words that sound like it", "raid "},
    {"scan_digits", "ms, the same of digits", "1"},
    {"scan_postcodes", "ms, the same of nearly postcodes", "g20 7t "},
    {"scan_street", "ms, the same of a misspelt street", "14 maryhil rd "},
    {"scan_letters", "ms, the same of single letters", "a "},
};

static double now_ms(void) {
  return bench_now_s() * 1e3;
}

static void write_text(struct buf *text, const char *again) {
  buf_clear(text);
  for (size_t i = 0; text->len < TEXT; i++)
    if (again)
      buf_add_str(text, again);
    else
      buf_addf(text, "on that day wa%zux went to the %zu shops with Anna, and ", i * 2654435761U % 20011, i % 100);
}

int main(void) {
  static struct scan_value values[VALUES];
  static char room[VALUES][80];
  struct buf text = {0};
  bool is_slow = false;
  for (size_t i = 0; i < VALUES; i++) {
    snprintf(room[i], sizeof room[i], "%s%zu%s", forms[i % COUNT(forms)].before, i + 1000,
             forms[i % COUNT(forms)].after);
    values[i] = (struct scan_value){forms[i % COUNT(forms)].kind, bytes_str(room[i])};
  }
  for (size_t i = 0; i < COUNT(shapes); i++) {
    struct scan_hits hits;
    write_text(&text, shapes[i].again);
    struct scan_text one = {"", buf_bytes(&text)};
    double from = now_ms();
    if (scan_find(values, VALUES, &one, 1, &hits) != OK)
      return 3;
    double took = now_ms() - from;
    is_slow = is_slow || took > (shapes[i].again ? MADE_LIMIT_MS : LIMIT_MS);
    bench_print(shapes[i].name, took, shapes[i].unit);
    scan_hits_release(&hits);
  }
  buf_release(&text);
  return is_slow;
}
